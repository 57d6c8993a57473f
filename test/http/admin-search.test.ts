// Whoever is looked for on the dashboard, as people type on phones, from screens and out of spreadsheets.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { caseNumberOf } from '../../src/core/base/case-number.ts';
import type { Event } from '../../src/core/base/event.ts';
import { beijingText, instant, later, MINUTE } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { aCommit } from '../storage/store.contract.ts';
import { type AdminWorld, type Person, startAdmin } from '../support/admin-world.ts';
import { exactly } from '../support/exactly.ts';
import { has, isNumber, read } from '../support/json.ts';

let admin: AdminWorld;
let wang: Person;
let writer: string;
let payout: Payout;
let event: Event;
/** Beijing's day and time of the event. */
let [day, time] = ['', ''];

beforeAll(async () => {
  admin = await startAdmin();
  wang = await admin.signIn('wang');
  const commit = aCommit({ user: `o${'Search'.padEnd(20, '0')}0000001` });
  await admin.world.store.commit(commit);
  [payout, event] = [commit.payout, commit.event];
  writer = admin.world.person(true);
  await admin.world.simulator.control.act(writer, { kind: 'text', text: 'Hello 红包！' });
  const { now } = read((await admin.get('api/today', wang)).body, has({ now: isNumber }));
  [day, time] = exactly(2, beijingText(instant(now)).slice(0, '2026-02-10 08:00'.length).split(' '));
});
afterAll(() => admin.close());

const wide = (text: string): string => text.replace(/[!-~]/g, sign => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));
const search = async (text: string) => (await admin.get(`api/search?q=${encodeURIComponent(text)}`, wang)).body;

describe('a number is found', () => {
  const ways: Readonly<Record<string, (number: string) => string>> = {
    'in full width': wide,
    'in groups of four': number => number.replace(/(.{4})/g, '$1 '),
    'behind its name': number => `商户单号：${number}`,
    'with what is not seen': number => `\u200f${number}\u200b\ufeff`,
    'out of a cell': number => `\t${number}\r\n`,
  };
  test.each(Object.entries(ways))('%s', async (_, write) => {
    expect(await search(write(payout.billNo))).toMatchObject({ kind: 'follower', billNo: payout.billNo });
  });

  test('and so is a code that stood in a reply, behind its name and in small letters', async () => {
    const code = caseNumberOf(event);
    for (const text of [code, `查询码：${code.toLowerCase()}`, wide(code.replace('-', ' '))])
      expect([text, await search(text)]).toEqual([
        text,
        { kind: 'follower', user: payout.user, by: 'event', line: expect.any(Number) },
      ]);
  });

  test('and so is an openid', async () => {
    for (const text of [wide(payout.user), ` ${payout.user}\u200b`])
      expect(await search(text)).toMatchObject({ kind: 'follower', user: payout.user });
  });
});

describe('a time and a word find who wrote it', () => {
  const ways: Readonly<Record<string, () => string>> = {
    'in other letters': () => `${time} hELLO`,
    'without a space': () => `${time}红包`,
    'in full width': () => `${wide(time)}　红包`,
    'to the second': () => `${time}:07 红包`,
    'with spaces in the word': () => `${time}  红 包`,
    'with a day in slashes': () => `${day.replaceAll('-', '/')} ${time} 红包`,
    'with a day as a machine writes it': () => `${day}T${time} 红包`,
    'with a day in Chinese': () => `${Number(day.slice(5, 7))}月${Number(day.slice(8))}日 ${time} 红包`,
    'of today': () => `今天 ${time} 红包`,
    'with one digit for the hour': () => `${time.replace(/^0/, '')} 红包`,
  };
  test.each(Object.entries(ways))('%s', async (_, write) => {
    expect(await search(write())).toEqual({ kind: 'follower', user: writer, by: 'event', line: expect.any(Number) });
  });

  test('and not on another day, at no time, on a day that there is not', async () => {
    const before = beijingText(later(instant(Date.now()), -24 * 60 * MINUTE)).slice(0, 10);
    for (const text of [
      `昨天 ${time} 红包`,
      `${before} ${time} 红包`,
      '25:99 红包',
      '2026-02-31 10:00 红包',
      '2月30日 10:00 红包',
    ])
      expect([text, await search(text)]).toEqual([text, { kind: 'none' }]);
  });
});
