// What is proposed in place of a time as people say it: the same time, or nothing.
import { expect, test } from 'vitest';
import { acrossMidnight, meantClock, meantHours, meantTime } from '../../../src/core/yaml/meant.ts';

test.each([
  ['晚上12点', '24:00'],
  ['晚12点', '24:00'],
  ['凌晨12点', '00:00'],
  ['零点', '00:00'],
  ['凌晨1点半', '01:30'],
  ['半夜1点', '01:00'],
  ['早8点', '08:00'],
  ['中午12点', '12:00'],
  ['中午1点', '13:00'],
  ['下午3点', '15:00'],
  ['晚上20点', '20:00'],
  ['8pm', '20:00'],
  ['12am', '00:00'],
  ['12:30 pm', '12:30'],
  ['0900', '09:00'],
])('%s is %s', (said, clock) => {
  expect(meantClock(said)).toBe(clock);
});

test.each(['晚上12点半', '晚上3点', '早上3点', '下午9点', '半夜12点', '凌晨9点', '25点', '24:01', '8', '下午3pm'])(
  'nothing is proposed for %s, which may be one time or another',
  said => {
    expect(meantClock(said)).toBeUndefined();
  },
);

test('a day ends at 24:00 of it, and begins at 00:00', () => {
  expect(meantTime('2027年6月20日晚上12点')).toBe('2027-06-20 24:00');
  expect(meantTime('2027-06-20 凌晨12点')).toBe('2027-06-20 00:00');
});

test.each([
  ['上午8点-晚上12点', '"08:00-24:00"'],
  ['晚上8点-10点', '"20:00-22:00"'],
  ['晚上8点-12点', '"20:00-24:00"'],
  ['下午2点-5点半', '"14:00-17:30"'],
  ['下午2:00-5:00', '"14:00-17:00"'],
  ['中午11点-2点', '"11:00-14:00"'],
  ['早8点-晚10点', '"08:00-22:00"'],
  ['早8-晚10', '"08:00-22:00"'],
  ['8pm-10pm', '"20:00-22:00"'],
  ['9-21', '"09:00-21:00"'],
  ['晚上8点-凌晨2点', '["20:00-24:00", "00:00-02:00"]'],
  ['8:00-12:00、14:00-22:00', '["08:00-12:00", "14:00-22:00"]'],
])('the hours %s are %s', (said, hours) => {
  expect(meantHours(said)).toBe(hours);
});

test.each(['晚上11点-12点半', '上午9点-6点', '晚上8点', '9点-9点'])('nothing is proposed for the hours %s', said => {
  expect(meantHours(said)).toBeUndefined();
});

test('hours across midnight are two, with their own numbers, and up to midnight one', () => {
  expect(acrossMidnight(18 * 60, 2 * 60)).toEqual(['"18:00-24:00"', '"00:00-02:00"']);
  expect(acrossMidnight(8 * 60, 0)).toEqual(['"08:00-24:00"']);
});
