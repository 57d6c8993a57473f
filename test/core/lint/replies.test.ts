// Warnings about what followers read: holes, lengths, texts that are never said or never arrive.
import { describe, expect, test } from 'vitest';
import { ALONE } from '../../../src/core/lint/context.ts';
import { OUTCOMES } from '../../../src/core/rules/campaign.ts';
import { type Edit, saidOf, settled } from '../../support/lint.ts';

const WON = '      won: 口令正确！{{amount}} 元红包已发出。';
const and = (line: string): Edit => [WON, `${WON}\n      ${line}`];
const rule = (words: string): Edit => ['once: perEvent', `once: perEvent\n    ${words}`];
const CODES = 'code\nA1\nA2\n';

type Row = readonly [what: string, edits: readonly Edit[], said: readonly string[]];

describe('a placeholder', () => {
  test.each<Row>([
    [
      'of money, in a refusal',
      [and('soldOut: "{{amount}} 元的发完了"')],
      ['18:17 placeholder-empty {{amount}} is always empty in `soldOut` of "password"; leave it out'],
    ],
    ['of the campaign, in a refusal', [and('soldOut: "{{campaign}} {{from}} {{to}} {{hours}}"')], []],
    [
      'of a store, without stores',
      [['reply: 每天', 'reply: 在{{store}}每天']],
      ['20:13 placeholder-empty {{store}} is always empty in a reply of "terms"; leave it out'],
    ],
    [
      'of what is left, without rounds',
      [[WON, `${WON}还剩 {{left}} 个`]],
      ['17:38 placeholder-empty {{left}} is always empty in `won` of "password"; leave it out'],
    ],
    [
      'of a balance, without wallets',
      [[WON, `${WON}{{balance}}`]],
      ['17:35 placeholder-empty {{balance}} is always empty in `won` of "password"; leave it out'],
    ],
    [
      'of the prize, when it only counts',
      [['[small, big, thanks]', '{ 3: [small, big, thanks] }'], and('progress: "{{prize}} {{count}} {{next}}"')],
      ['18:18 placeholder-empty {{prize}} is always empty in `progress` of "password"; leave it out'],
    ],
    [
      'of tries, with guesses',
      [rule('guess: { looksLike: "[一-龥]{4}", tries: 5 }'), and('wrong: "还有 {{tries}} 次"'), ['活动规则', '规则']],
      [],
    ],
    ['of money, for a problem', [and('problem: "{{amount}} {{campaign}}"')], []],
    [
      'of a time, for a problem',
      [and('problem: "{{to}}"')],
      ['18:17 placeholder-empty {{to}} is always empty in `problem` of "password"; leave it out'],
    ],
  ])('%s', (_, edits, said) => {
    expect(saidOf(edits)).toEqual(said);
  });

  test('of money, where a coupon may be won', () => {
    const coupon: Edit = ['thanks: { nothing: true', 'thanks: { coupon: codes.csv'];
    const said = (text: string) =>
      saidOf([coupon, rule('odds: rise'), [WON, `      won: "${text}"`]], ALONE, () => CODES);
    expect(said('{{prize}} {{amount}} {{coupon}}')).toEqual([
      '18:23 placeholder-empty {{amount}} is 0.00 when "thanks", a coupon, is won; write {{prize}}',
    ]);
    expect(said('抽中「{{prize}}」！{{coupon}}')).toEqual([]);
  });

  test('in the title of an article', () => {
    expect(saidOf([and('soldOut: { news: { title: "{{amount}}", url: "https://a.com/" } }')])).toEqual([
      '18:34 placeholder-empty {{amount}} is always empty in `soldOut` of "password"; leave it out',
    ]);
  });
});

describe('a text', () => {
  const long = (count: number): Edit[] => [
    ['name: 新春口令', `name: ${'新'.repeat(60)}`],
    ['packet: { ', 'packet: { actName: 新春, remark: 新春, '],
    ['reply: 每天一次，', `reply: 每天一次，{{campaign}}${'长'.repeat(count)}`],
  ];

  test('that is too long when it is filled in', () => {
    expect(saidOf(long(606))).toEqual([
      '20:12 reply-too-long filled in, this text can have 2051 bytes; WeChat takes at most 2048 (a Chinese character has 3)',
    ]);
    expect(saidOf(long(605))).toEqual([]);
  });
});

describe('a reply', () => {
  test.each<Row>([
    [
      'for hours there are none of',
      [and('closed: 关门啦')],
      [
        '18:15 reply-never-said `closed` cannot come of "password"; it needs hours or weekdays in `period`, stores or rounds',
      ],
    ],
    [
      'for hours there are',
      [and('closed: 关门啦'), ['to: 2026-03-10 24:00 }', 'to: 2026-03-10 24:00, hours: "08:00-22:00" }']],
      [],
    ],
    [
      'for a second time, where each is a first',
      [and('already: 领过啦')],
      ['18:16 reply-never-said `already` cannot come of "password"; with once: perEvent every event is a new claim'],
    ],
    ['for a second time on one day', [and('already: 领过啦'), ['once: perEvent', 'once: perDay']], []],
    [
      'for a pause there is none of',
      [and('tooSoon: 慢一点')],
      ['18:16 reply-never-said `tooSoon` cannot come of "password"; it needs limits.perUser.gap'],
    ],
    ['for a pause there is', [and('tooSoon: 慢一点'), ['total: 5, perDay: 1', 'total: 5, perDay: 1, gap: 3s']], []],
    [
      'for the chosen, where nobody is',
      [and('notEligible: 不行')],
      ['18:20 reply-never-said `notEligible` cannot come of "password"; it needs `who`, or a list of stores'],
    ],
    ['for the chosen', [and('notEligible: 不行'), rule('who: { followedFor: 1d }')], []],
    [
      'for who draws nothing, where all win',
      [
        and('nothing: 没中'),
        ['[small, big, thanks]', '[small, big]'],
        ['  thanks: { nothing: true, weight: 15 }\n', ''],
      ],
      ['17:16 reply-never-said `nothing` cannot come of "password"; it needs a prize with nothing: true'],
    ],
    [
      'for used codes, where there are none',
      [and('used: 用过')],
      ['18:13 reply-never-said `used` cannot come of "password"; it needs on: { code: … }'],
    ],
    [
      'for winners who are told to wait',
      [rule('delay: 2d'), and('pending: 明天到账')],
      [
        '18:12 reply-never-said `won` cannot come of "password"; it needs a red packet that is paid at once, or a coupon; a delayed one says `pending`',
      ],
    ],
    ['for winners, said to those who wait', [rule('delay: 2d')], []],
    [
      'for everything that can always be',
      [
        and(
          OUTCOMES.filter(each => !['won', 'closed', 'already', 'notEligible'].includes(each))
            .map(each => `${each}: 好`)
            .join('\n      '),
        ),
      ],
      [],
    ],
  ])('%s', (_, edits, said) => {
    expect(saidOf(edits)).toEqual(said);
  });

  test('that is missing is said to who asks', () => {
    const asked = settled({ severity: { 'reply-by-default': 'warning' } });
    expect(saidOf([], asked)).toEqual([
      '12:9 reply-by-default "password" has no text of its own for nothing, problem, notStarted, ended, limited, soldOut, halted, paused: the default one is said',
    ]);
    const all = ['nothing', 'problem', 'notStarted', 'ended', 'limited', 'soldOut', 'halted'].map(
      each => `${each}: 好`,
    );
    expect(saidOf([and(all.join('\n      '))], asked)).toEqual([]);
  });

  test('that has nobody to answer is no mistake: the packet arrives, and 我的红包 tells of it', () => {
    expect(saidOf([['on: { text: 恭喜发财 }', 'on: { paid: { over: ¥20.00 } }']])).toEqual([]);
  });

  test('that comes days later may not arrive', () => {
    const later = (delay: string): Edit[] => [
      rule(`delay: ${delay}\n    cancelIf: unsubscribed`),
      and('cancelled: 取消啦'),
    ];
    expect(saidOf(later('3d'))).toEqual([
      "20:18 reply-may-not-arrive `cancelled` is said up to 3 days after the claim, and WeChat lets it through only within 48 hours of the follower's last message",
    ]);
    expect(saidOf(later('2d'))).toEqual([]);
  });
});
