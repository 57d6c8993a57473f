// The most one follower can take: reached where it is simple, and never exceeded, whatever rules there are and whatever one
// follower does, by the very code that decides.
import { describe, expect, test } from 'vitest';
import { Ledger } from '../../../src/core/analysis/memory-ledger.ts';
import { type Event, eventKey, type Happening, openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { type Chance, chanceOf, pick } from '../../../src/core/base/random.ts';
import { type Day, HOUR, type Instant, later, MINUTE, SECOND } from '../../../src/core/base/time.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { mostOfOne } from '../../../src/core/exposure/one-follower.ts';
import { dayIn } from '../../../src/core/match/claim-key.ts';
import type { CodeFact } from '../../../src/core/match/facts.ts';
import { inviteScene } from '../../../src/core/match/follower.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { loadCampaigns } from '../../../src/core/rules/file/load.ts';
import { CODE_LENGTH, CODE_LETTERS, checksumOf } from '../../../src/core/rules/printed-code.ts';

const QUIZ = 'question,A,B,answer\n茶是什么？,树叶,石头,A\n';

const LISTS: Readonly<Record<string, string>> = {
  'tea.csv': QUIZ,
  'few.csv': '券码\nA1\nA2\n',
  'people.csv':
    'openid,等级,生日\noGold00000000000000000000001,金卡,1990-03-02\noPlain0000000000000000000001,银卡,1990-07-09\n',
};

function campaignOf(text: string): Campaign | undefined {
  const data = (file: string): string => LISTS[file] ?? '';
  const { campaigns, findings } = loadCampaigns([{ file: 'one.yaml', text, data }]);
  return findings.length === 0 ? campaigns[0] : undefined;
}

function written(more: string): string {
  const isTimed = more.startsWith('period:');
  return `campaign: one
name: 一人
${isTimed ? '' : 'period: { from: 2026-03-01, to: 2026-03-05 }'}
packet: { sendName: 阿茶 }
budget: { total: ¥9000.00 }
${more}`;
}

function most(more: string) {
  const campaign = campaignOf(written(more));
  if (!campaign) throw new Error(`no such file:\n${written(more)}`);
  const { day, ever, own, endless } = mostOfOne(campaign);
  return { day, ever, isBounded: own.ever !== undefined, isEndless: endless !== undefined };
}

// ── What it comes to ─────────────────────────────────────────────────────────────────────────────────────────

describe('the most one follower takes', () => {
  const PRIZE = 'prizes: { a: { redpacket: ¥2.00 } }\n';
  const WALLET = 'wallets: { 币: {} }\n';
  const DAILY = '  - { id: earn, on: { text: 签到 }, once: perDay, earn: { 币: 1 } }\n';
  const rows: readonly (readonly [what: string, more: string, day: number, ever: number])[] = [
    ['once in a life', `${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, give: a }`, 200, 200],
    ['once a day for five days', `${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, once: perDay, give: a }`, 200, 1000],
    [
      'from two rules on one word by the clock, each once a day',
      `${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, when: now.hour < 12, once: perDay, give: a }\n  - { id: b, on: { text: 红包 }, once: perDay, give: a }`,
      400,
      2000,
    ],
    [
      'that the limits of the campaign leave',
      `limits: { perUser: { total: 3, perDay: 2 } }\n${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, once: perEvent, give: a }`,
      400,
      600,
    ],
    [
      'that an amount a day leaves',
      `limits: { perUser: { amountPerDay: ¥5.00 } }\n${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, once: perEvent, give: a }`,
      500,
      2500,
    ],
    [
      'for points earned day by day, all of which may be spent on the last',
      `${WALLET}${PRIZE}rules:\n${DAILY}  - { id: buy, on: { text: 兑换 }, once: perEvent, spend: { 币: 2 }, give: a }`,
      500,
      500,
    ],
    [
      'for chances that are free each day',
      `wallets: { 币: { freePerDay: 3 } }\n${PRIZE}rules:\n  - { id: buy, on: { text: 抽 }, once: perEvent, spend: { 币: 1 }, give: a }`,
      600,
      3000,
    ],
    [
      'at the third and the fifth time',
      `prizes: { a: { redpacket: ¥2.00 }, b: { redpacket: ¥3.00 } }\nrules:\n  - { id: a, on: { text: 红包 }, once: perEvent, give: { 3: a, 5: b } }`,
      500,
      500,
    ],
    [
      'of a prize that each has once, and of one that all have twice',
      `prizes: { a: { redpacket: ¥2.00, perUser: 1 }, b: { redpacket: ¥3.00, stock: 2 } }\nrules:\n  - { id: a, on: { text: 红包 }, once: perDay, odds: rise, give: [a, b] }`,
      300,
      800,
    ],
    [
      'of a run of days that is begun anew',
      `${PRIZE}rules:\n  - { id: a, on: { text: 签到 }, once: perDay, streak: { cycle: 7 }, give: { 2: a } }`,
      200,
      400, // of five days one is left out to begin anew
    ],
    [
      'of a run of days, of which one whole one counts: the other days are there once',
      `period: { from: 2026-03-01, to: 2026-03-21 }\nprizes: { a: { redpacket: ¥2.00 }, b: { redpacket: ¥9.00 } }\nrules:\n  - { id: a, on: { text: 签到 }, once: perDay, streak: { cycle: 4, cycles: 1 }, give: { 2: a, 4: b } }`,
      900,
      2300,
    ],
    [
      'once a week, and once a month: of the calendar',
      `period: { from: 2026-03-02, to: 2026-03-15 }\n${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, once: perWeek, give: a }\n  - { id: b, on: { text: 礼 }, once: perMonth, give: a }`,
      400,
      600,
    ],
    [
      'on Fridays',
      `period: { from: 2026-03-02, to: 2026-03-15 }\n${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, when: now.weekday == "fri", once: perDay, give: a }`,
      200,
      400,
    ],
    [
      'of one level, on one birthday',
      `profiles: people.csv\n${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, when: 'profile["等级"] == "金卡"', give: a }\n  - { id: b, on: { text: 红包 }, when: 'profile["等级"] == "银卡"', give: a }\n  - { id: c, on: { text: 生日 }, when: 'same_date(profile["生日"], now.day)', once: perDay, give: a }`,
      400,
      400,
    ],
    [
      'of what comes together, for as long as there is all of it',
      `prizes: { a: { redpacket: ¥2.00 }, c: { coupon: few.csv, reply: "{{coupon}}" } }\nrules:\n  - { id: a, on: { text: 红包 }, once: perDay, give: { all: [a, c] } }`,
      200,
      400,
    ],
    [
      'between two pauses in the two hours it is open',
      `period: { from: 2026-03-01, to: 2026-03-05, hours: ["10:00-12:00"] }\nlimits: { perUser: { gap: 30m } }\n${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, once: perEvent, give: a }`,
      800,
      4000,
    ],
    [
      'of a share of a round and what comes with it, in each of two rounds',
      `rounds: [{ name: a, at: 2026-03-01 10:00, lasts: 1h, packets: 4, total: ¥4.00 }, { name: b, at: 2026-03-02 10:00, lasts: 1h, packets: 4, total: ¥4.00 }]\nprizes: { a: { redpacket: { split: ¥1.00..¥2.00 } }, b: { redpacket: ¥5.00 } }\nrules:\n  - { id: a, on: { text: 红包 }, once: perRound, give: { all: [a, b] } }`,
      700,
      1400,
    ],
    [
      'of a draw at the end, beside what limits them',
      `limits: { perUser: { total: 1, amountPerDay: ¥2.00 } }\ndraws: { d: { at: 2026-03-06, winners: { big: 1 } } }\nprizes: { a: { redpacket: ¥2.00 }, big: { redpacket: ¥50.00 } }\nrules:\n  - { id: a, on: { text: 红包 }, give: a, enter: d }\n  - { id: won, on: { drawn: d }, give: big }`,
      5200,
      5200,
    ],
    [
      'of a printed code, which never has what is kept for a draw',
      `draws: { d: { at: 2026-03-06, winners: { big: 1 } } }\nprizes: { a: { redpacket: ¥2.00 }, big: { redpacket: ¥50.00 } }\nrules:\n  - { id: cap, on: { code: spring }, once: perDay, give: assigned }\n  - { id: a, on: { text: 红包 }, give: a, enter: d }\n  - { id: won, on: { drawn: d }, give: big }`,
      5400,
      6200,
    ],
    [
      'between two pauses of ten hours',
      `limits: { perUser: { gap: 10h } }\n${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, once: perEvent, give: a }`,
      600,
      2400,
    ],
  ];
  test.each(rows)('%s', (_, more, day, ever) => {
    expect(most(more)).toEqual({ day, ever, isBounded: true, isEndless: false });
  });

  const endless: readonly (readonly [what: string, more: string, isEndless: boolean])[] = [
    ['every message', `${PRIZE}rules:\n  - { id: a, on: { text: 红包 }, once: perEvent, give: a }`, true],
    ['every follow', `${PRIZE}rules:\n  - { id: a, on: subscribe, once: perEvent, give: a }`, true],
    [
      'a first follow is one',
      `${PRIZE}rules:\n  - { id: a, on: { subscribe: { first: true } }, once: perEvent, give: a }`,
      false,
    ],
    [
      'spent what every message earns',
      `${WALLET}${PRIZE}rules:\n  - { id: earn, on: { text: 赚 }, once: perEvent, earn: { 币: 1 } }\n  - { id: buy, on: { text: 换 }, once: perEvent, spend: { 币: 5 }, give: a }`,
      true,
    ],
    [
      'spent what gives back as much as it takes',
      `wallets: { 币: { freePerDay: 1 } }\n${PRIZE}rules:\n  - { id: buy, on: { text: 换 }, once: perEvent, spend: { 币: 1 }, earn: { 币: 1 }, give: a }`,
      true,
    ],
    [
      'two wallets that feed each other',
      `wallets: { 币: { freePerDay: 1 }, 豆: {} }\n${PRIZE}rules:\n  - { id: x, on: { text: 换豆 }, once: perEvent, spend: { 币: 1 }, earn: { 豆: 2 } }\n  - { id: y, on: { text: 换币 }, once: perEvent, spend: { 豆: 1 }, earn: { 币: 1 } }\n  - { id: buy, on: { text: 换 }, once: perEvent, spend: { 豆: 1 }, give: a }`,
      true,
    ],
    [
      'two wallets that lose on the way',
      `wallets: { 币: { freePerDay: 1 }, 豆: {} }\n${PRIZE}rules:\n  - { id: x, on: { text: 换豆 }, once: perEvent, spend: { 币: 2 }, earn: { 豆: 1 } }\n  - { id: y, on: { text: 换币 }, once: perEvent, spend: { 豆: 1 }, earn: { 币: 1 } }\n  - { id: buy, on: { text: 换 }, once: perEvent, spend: { 豆: 1 }, give: a }`,
      false,
    ],
    ['payments of a fen', `${PRIZE}rules:\n  - { id: a, on: paid, once: perEvent, give: a }`, true],
    [
      'payments of more than they bring',
      `${PRIZE}rules:\n  - { id: a, on: { paid: { over: ¥20.00 } }, once: perEvent, give: a }`,
      false,
    ],
    [
      'steps that pay more than was spent',
      `prizes: { a: { redpacket: { steps: { ¥5.00: ¥1.00, ¥10.00: ¥12.00 } } } }\nrules:\n  - { id: a, on: { paid: { over: ¥5.00 } }, once: perEvent, give: a }`,
      true,
    ],
    [
      'a draw that is worth less than its payment, however dear its first prize',
      `prizes: { a: { redpacket: ¥88.00, weight: 1 }, n: { nothing: true, weight: 99 } }\nrules:\n  - { id: a, on: { paid: { over: ¥20.00 } }, once: perEvent, give: [a, n] }`,
      false,
    ],
    [
      'chances that payments of a fen bring',
      `${WALLET}${PRIZE}rules:\n  - { id: earn, on: paid, once: perEvent, earn: { 币: 1 } }\n  - { id: buy, on: { text: 换 }, once: perEvent, spend: { 币: 1 }, give: a }`,
      true,
    ],
    [
      'friends who pay a fen',
      `${PRIZE}rules:\n  - { id: i, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "{{invite}}" }\n  - { id: a, on: { friend: paid }, once: perEvent, give: a }`,
      true,
    ],
    [
      'friends who pay more than they bring',
      `${PRIZE}rules:\n  - { id: i, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "{{invite}}" }\n  - { id: a, on: { friend: { paid: { over: ¥15.00 } } }, once: perEvent, give: a }`,
      false,
    ],
    [
      'printed codes come to an end',
      `${PRIZE}rules:\n  - { id: a, on: { code: cap }, once: perEvent, give: a }`,
      false,
    ],
  ];
  test.each(endless)('without end: %s', (_, more, isEndless) => {
    expect(most(more).isEndless).toBe(isEndless);
  });
});

// ── Whatever there is ────────────────────────────────────────────────────────────────────────────────────────

function maybe(chance: Chance, share: number, text: string): string {
  return chance() < share ? text : '';
}

/** A rule file made up: of everything that bounds a follower, or feeds them. */
function madeUp(chance: Chance): string {
  const count = (max: number): number => 1 + Math.floor(chance() * max);
  const limits = [
    maybe(chance, 0.2, `total: ${count(12)}`),
    maybe(chance, 0.2, `perDay: ${count(4)}`),
    maybe(chance, 0.1, `wins: ${count(4)}`),
    maybe(chance, 0.1, `amountPerDay: ¥${count(20)}.00`),
    maybe(chance, 0.1, `gap: ${count(6)}h`),
    maybe(chance, 0.1, `perMonth: ${count(9)}`),
  ].filter(Boolean);
  const prize = (name: string): string => {
    const worth = pick([`¥${count(9)}.00`, `¥1.00..¥${1 + count(8)}.00`], chance);
    const more = [
      maybe(chance, 0.2, `perUser: ${count(3)}`),
      maybe(chance, 0.2, `stock: ${count(6)}`),
      maybe(chance, 0.2, `perDay: ${count(3)}`),
    ].filter(Boolean);
    return `  ${name}: { redpacket: ${[worth, ...more].join(', ')} }`;
  };
  const once = (): string =>
    `once: ${pick(['ever', 'perDay', 'perWeek', 'perMonth', 'perRound', 'perEvent', 'perEvent'], chance)}`;
  const give = (): string =>
    pick(
      [
        'give: a',
        'give: b',
        'give: { all: [a, b] }',
        'give: [a, b]',
        'give: [a, b, no]',
        `give: { ${count(3)}: a, ${3 + count(3)}: [a, b] }`,
      ],
      chance,
    );
  const gain = (): string =>
    [give(), maybe(chance, 0.3, `earn: { 币: ${count(2)} }`), maybe(chance, 0.4, `spend: { 币: ${count(3)} }`)]
      .filter(Boolean)
      .join(', ');
  const when = (): string =>
    maybe(
      chance,
      0.3,
      `, when: '${pick(['now.weekday in ["sun", "tue"]', 'now.day != "2026-03-02"', 'profile["等级"] == "金卡"', '!(profile["等级"] == "金卡") && now.weekday != "mon"', 'same_date(profile["生日"], now.day) || now.hour < 3', 'wallet["币"] > 1 || now.day == "2026-03-03"'], chance)}'`,
    );
  const on = (word: string): string =>
    pick(
      [
        `{ text: ${word} }`,
        `{ text: ${word}, click: ${word} }`,
        'subscribe',
        '{ subscribe: { first: true } }',
        `{ paid: { over: ¥${count(20)}.00 } }`,
        'paid',
        '{ scan: [s1, s2] }',
        'visit',
        '{ code: cap }',
        '{ friend: paid }',
        '{ friend: { paid: { over: ¥10.00 } } }',
      ],
      chance,
    );
  const rules = [
    `  - { id: earn, on: ${on('赚')}, ${once()}, earn: { 币: ${count(3)} } }`,
    ...Array.from({ length: count(4) }, (_, n) => {
      const odds = ', odds: rise';
      const rule = `  - { id: r${n}, on: ${on(`词${n}`)}, ${once()}, ${gain()}`;
      return `${rule}${rule.includes('[a, b') ? odds : ''}${maybe(chance, 0.2, ', delay: 2h, cancelIf: unsubscribed')}${when()} }`;
    }),
    ...(chance() < 0.4
      ? [
          `  - { id: sign, on: { text: 签到 }, once: perDay, streak: { cycle: ${1 + count(4)}${maybe(chance, 0.5, `, cycles: ${count(2)}`)} }, give: { ${count(2)}: a }, earn: { 币: 1 } }`,
          `  - { id: up, on: { text: 补签 }, once: perEvent, makeUp: sign, give: b }`,
        ]
      : []),
    maybe(
      chance,
      0.3,
      '  - { id: quiz, on: { text: 答题 }, once: perEvent, give: a, quiz: { bank: tea.csv, questions: 1, pass: 1, time: 90s, triesPerDay: 2 } }',
    ),
    '  - { id: i, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "{{invite}}" }',
  ].filter(Boolean);
  return `campaign: one
name: 一人
period: { from: 2026-03-01 ${pick(['00:00', '20:00'], chance)}, to: 2026-03-0${3 + count(4)}${maybe(chance, 0.3, ', dayStartsAt: "04:00"')}${maybe(chance, 0.2, ', hours: ["08:00-22:00"]')} }
packet: { sendName: 阿茶 }
budget: { total: ¥${count(9)}00.00${maybe(chance, 0.2, `, perDay: ¥${20 + count(60)}.00`)}${maybe(chance, 0.1, `, packetsPerDay: ${count(9)}`)} }
${limits.length > 0 ? `limits: { perUser: { ${limits.join(', ')} } }\n` : ''}wallets: { 币: { ${[maybe(chance, 0.4, `freePerDay: ${count(2)}`), maybe(chance, 0.4, `earnPerDay: ${count(3)}`), maybe(chance, 0.3, `spendPerDay: ${2 + count(3)}`)].filter(Boolean).join(', ')} } }
rounds:
  - { name: 一, at: 2026-03-01 21:00, lasts: 3h, packets: 5, total: ¥20.00 }
  - { name: 二, at: 2026-03-02 23:00, lasts: 3h, packets: 5, total: ¥20.00 }
profiles: people.csv
prizes:
${prize('a')}
${prize('b')}
  no: { nothing: true }
  rain: { redpacket: { split: ¥1.00..¥9.00 } }
rules:
${rules.join('\n')}
  - { id: rain, on: { text: 雨 }, ${once()}, give: rain }
`;
}

const ME = openId('oGold00000000000000000000001');

/** Everything somebody could think of, as often as they like. */
function deed(campaign: Campaign, n: number, chance: Chance, codes: readonly string[], paid: string[]): Happening {
  const bill = (amount: number): Happening => {
    const order = `o${n}`;
    paid.push(order);
    return { kind: 'paid', merchant: 'm', transaction: order, order, amount: fen(amount), total: fen(amount) };
  };
  const word = pick(['赚', '词0', '词1', '词2', '词3', '签到', '补签', '答题', 'A', '雨'], chance);
  const kind = Math.floor(chance() * 14);
  if (kind < 6) return { kind: 'text', text: word };
  if (kind === 6) return { kind: 'click', button: word };
  if (kind === 7) return chance() < 0.5 ? { kind: 'unsubscribe' } : { kind: 'subscribe', via: 'direct' };
  if (kind === 8) return { kind: 'scan', scene: pick(['s1', 's2'], chance) };
  if (kind === 9) return { kind: 'visit', campaign: campaign.id };
  if (kind === 10) return bill(pick([1, 500, 1000, 2500], chance));
  if (kind === 11 && paid.length > 0) {
    const order = pick(paid, chance);
    return { kind: 'refunded', merchant: 'm', transaction: order, refund: `${n}`, amount: fen(1) };
  }
  return { kind: 'text', text: pick(codes, chance) };
}

type Taken = { ever: number; readonly byDay: Map<Day, number>; hasUndone: boolean };

/** What one follower has at the end, who does all day what there is to do. */
function play(campaign: Campaign, chance: Chance): Taken {
  const body = (n: number): string => CODE_LETTERS[n]!.repeat(CODE_LENGTH - 2);
  const codes = Array.from({ length: 8 }, (_, n) => body(n) + checksumOf(body(n)));
  const facts = new Map<string, CodeFact>(codes.map(code => [code, { batch: 'cap', prize: 'a', active: true }]));
  const ledger = new Ledger(facts);
  const book = bookOf([campaign], ['']);
  const taken: Taken = { ever: 0, byDay: new Map(), hasUndone: false };
  const paid: string[] = [];
  const act = (user: Event['user'], n: number, happening: Happening, now: Instant): void => {
    const event: Event = { key: eventKey(`e${n}`), account: '', user, sentAt: now, ...happening };
    const pinned = pick(['a', 'b', undefined], chance);
    const around = { merchant: undefined, seedOf: () => 'seed', ...(pinned !== undefined && { pinned }) };
    const { decision, inviter, told, undone } = ledger.play(book, event, around);
    for (const [who, made] of [
      [user, decision],
      [told, inviter],
    ] as const) {
      if (who !== ME || made?.kind !== 'awarded') continue;
      const day = dayIn(campaign, now);
      taken.ever += made.amount;
      taken.byDay.set(day, (taken.byDay.get(day) ?? 0) + made.amount);
    }
    for (const { amount } of undone) taken.ever -= amount;
    taken.hasUndone ||= undone.length > 0;
  };
  let n = 0;
  for (let now = later(campaign.period.from, -HOUR); now < campaign.period.to; now = later(now, 10 * MINUTE)) {
    if (chance() < 0.05) {
      const friend = openId(`oFriend${n}`);
      act(friend, n++, { kind: 'subscribe', via: 'qr', scene: inviteScene(ME, campaign.id) }, now);
      const amount = fen(pick([1, 1500], chance));
      const bill = { merchant: 'm', transaction: `f${n}`, order: `f${n}`, amount, total: amount };
      act(friend, n++, { kind: 'paid', ...bill }, later(now, SECOND));
    }
    for (let more = 0; more < 3; more++)
      act(ME, n++, deed(campaign, n, chance, codes, paid), later(now, (more + 2) * SECOND));
  }
  return taken;
}

test('nobody is ever above it, whatever the rules are and whatever they do', () => {
  const files = 80;
  let [played, taken, bounded] = [0, 0, 0];
  for (let n = 0; n < files; n++) {
    const chance = chanceOf(`one follower ${n}`);
    const text = madeUp(chance);
    const campaign = campaignOf(text);
    if (!campaign) continue;
    played++;
    const { day, ever, own } = mostOfOne(campaign);
    if (own.ever !== undefined) bounded++;
    const got = play(campaign, chance);
    taken += got.ever;
    expect(got.ever, `${n}: in all\n${text}`).toBeLessThanOrEqual(ever);
    if (!got.hasUndone)
      for (const [when, sum] of got.byDay) expect(sum, `${n}: on ${when}\n${text}`).toBeLessThanOrEqual(day);
  }
  expect({ isPlayed: played > files / 2, isBounded: bounded > 10, isTaken: taken > 10_000 }).toEqual({
    isPlayed: true,
    isBounded: true,
    isTaken: true,
  });
}, 120_000);
