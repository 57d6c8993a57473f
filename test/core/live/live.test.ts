// Going live compares: what would pay somebody again is refused until the file says what is meant, what only costs
// something is a 'live-change'; on both stores, over restarts, and never without a claim.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { showFinding } from '../../../src/core/base/error.ts';
import { type Event, eventKey, openId } from '../../../src/core/base/event.ts';
import { type Instant, parseBeijing } from '../../../src/core/base/time.ts';
import { countersOf, decide, factsQueryFor } from '../../../src/core/decide/decide.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { recordAfter, recordFrom } from '../../../src/core/live/record.ts';
import { claimOf } from '../../../src/core/payout/plan.ts';
import { loadCampaigns, type RuleText } from '../../../src/core/rules/file/load.ts';
import type { DataFiles } from '../../../src/core/rules/tables/files.ts';
import { liveBookFor } from '../../../src/engine/live.ts';
import type { Store } from '../../../src/ports.ts';
import { openRedis } from '../../../src/storage/redis/store.ts';
import { openSqlite } from '../../../src/storage/sqlite/store.ts';
import { configOf } from '../../support/config.ts';
import { DURABLE, hasRedis, type RedisServer, startRedis } from '../../support/redis-server.ts';

const SPRING = `campaign: spring
name: 春天
period: { from: 2026-02-10, to: 2026-02-24 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮 }
wallets:
  机会: {}
prizes:
  small: { redpacket: ¥1.00, stock: 5 }
  big: { redpacket: ¥2.00, stock: 5 }
  券: { coupon: a.csv }
rules:
  - { id: join, on: { text: 参加 }, once: ever, give: small }
  - { id: day, on: { text: 每天 }, once: perDay, give: big }
  - { id: code, on: { text: 券 }, once: perEvent, give: 券, replies: { won: "{{coupon}}" } }
  - { id: sign, on: { text: 签到 }, once: perDay, earn: { 机会: 1 } }
`;
const RAIN = `campaign: rain
name: 红包雨
period: { from: 2026-02-10, to: 2026-02-24 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2026-02-11 09:00, lasts: 5h, packets: 4, total: ¥6.00 }
prizes:
  雨: { redpacket: { split: ¥1.00..¥2.00 } }
rules:
  - { id: rain, on: { text: 红包雨 }, once: perRound, give: 雨 }
`;
const CODES = ['A1', 'A2', 'A3', 'A4'];

let clock: Instant = parseBeijing('2026-02-11 10:00')!;
let list = CODES;
const data: DataFiles = () => list.join('\n');

function filesOf(...texts: readonly string[]): RuleText[] {
  return texts.map((text, n) => ({ file: `${'abc'[n]}.yaml`, text, data }));
}

function goingOf(files: readonly RuleText[]) {
  const { campaigns, findings } = loadCampaigns(files);
  if (findings.length > 0) throw new Error(findings.map(showFinding).join('\n'));
  return {
    campaigns,
    texts: new Map(files.map(({ file, text }) => [file, text])),
    print: JSON.stringify([files, list]),
  };
}

/** A process that begins to work on the store. */
function processOn(store: Store) {
  const config = configOf({ secret: 'a secret' });
  const live = liveBookFor(config, { store, clock: () => clock, holder: `p${++keys}`, sleep: async () => {} });
  return async (...texts: readonly string[]) => {
    const { findings, warnings } = await live.enter(goingOf(filesOf(...texts)));
    return { refused: findings.map(showFinding), said: warnings.map(showFinding), ids: warnings.map(({ id }) => id) };
  };
}

let keys = 0;
/** What the flow does, as far as claims and counters go. */
async function claim(store: Store, text: string, user: string, ...texts: readonly string[]): Promise<string> {
  const event: Event = {
    ...{ key: eventKey(`k${++keys}`), account: 'tea', user: openId(user), sentAt: clock },
    ...{ kind: 'text', text },
  };
  const around = { merchant: undefined, seedOf: (id: string) => `seed of ${id}` };
  const matches = bookOf(goingOf(filesOf(...texts)).campaigns, ['tea']).match(event, clock);
  const facts = await store.facts(factsQueryFor(matches, event, clock, around));
  const decision = decide(matches, event, facts, clock, around);
  const answer = { reply: decision.reply, at: clock };
  const made = decision.kind === 'awarded' && { claim: claimOf(event, decision, clock) };
  const committed = await store.commit({
    ...{ event, seenAt: clock, answer, decision, counters: countersOf(decision) },
    ...(made || {}),
  });
  if (committed.kind !== 'done') return committed.kind;
  return decision.kind === 'refused' ? decision.refusal : decision.kind;
}

let redis: RedisServer | undefined;
beforeAll(async () => {
  if (hasRedis) redis = await startRedis(...DURABLE);
});
afterAll(() => redis?.dispose());

const STORES = { SQLite: () => openSqlite(':memory:'), Redis: () => openRedis(redis!.url, { tag: `t${++keys}` }) };
const open: Store[] = [];
afterEach(async () => {
  clock = parseBeijing('2026-02-11 10:00')!;
  list = CODES;
  for (const store of open.splice(0)) await store.close();
});
async function opened(which: keyof typeof STORES): Promise<Store> {
  const store = await STORES[which]();
  open.push(store);
  return store;
}

describe.each(hasRedis ? (['SQLite', 'Redis'] as const) : (['SQLite'] as const))('on %s', which => {
  test('a rule under another name is refused once somebody has claimed it, and pays nobody again once it says was', async () => {
    const store = await opened(which);
    const enter = processOn(store);
    const join2 = SPRING.replace('id: join', 'id: join2');
    expect((await enter(SPRING)).refused).toEqual([]);
    expect((await enter(join2)).refused, 'nobody has claimed').toEqual([]);
    expect((await enter(SPRING)).refused).toEqual([]);
    for (const user of ['ann', 'bob']) expect(await claim(store, '参加', user, SPRING)).toBe('awarded');
    const refused =
      'a.yaml:13:11: rule "join" is gone and "join2" is new, and 2 followers have claimed "join": they could claim again. Say was: join if it is the same rule under another name, or new: true if everybody may claim it';
    expect((await enter(join2)).refused).toEqual([refused]);
    expect((await processOn(store)(join2)).refused, 'after a restart').toEqual([refused]);
    const was = join2.replace('id: join2', 'id: join2, was: join');
    expect(await enter(was)).toEqual({ refused: [], said: [], ids: [] });
    expect(await claim(store, '参加', 'ann', was)).toBe('already');
    // Again, and the former name once more; and without `was` it would be the name of before.
    const again = was.replace('id: join2, was: join', 'id: join3, was: [join, join2]');
    expect((await enter(was.replace(', was: join', ''))).refused).toEqual([
      'a.yaml:13:11: rule "join2" would go on as "join2", but what was live as "join2" counts as "join" (2); write was: join, the oldest first',
    ]);
    expect((await enter(again)).refused).toEqual([]);
    expect(await claim(store, '参加', 'bob', again)).toBe('already');
    expect(await claim(store, '参加', 'eve', again)).toBe('awarded');
    expect((await processOn(store)(SPRING)).refused, 'the first file is put back').toEqual([]);
    expect(await claim(store, '参加', 'eve', SPRING)).toBe('already');
  });

  test('neither can it hide behind a rule that keeps the name, nor behind one that was there and paid nobody', async () => {
    const store = await opened(which);
    const enter = processOn(store);
    const with2 = `${SPRING}  - { id: help, on: { text: 帮助 }, reply: 好 }\n`;
    await enter(with2);
    await claim(store, '参加', 'ann', with2);
    const name = (from: string, to: string) => with2.replace(from, to);
    const given = 'id: join, on: { text: 参加 }, once: ever, give: small';
    const others: [string, RegExp][] = [
      [
        name(
          given,
          'id: join, on: { text: 别的 }, once: ever, give: small }\n  - { id: two, on: { text: 参加 }, once: ever, give: small',
        ),
        /what started "join" starts "two" now/,
      ],
      [
        name(
          given,
          'id: join, on: { text: 别的 }, reply: 好 }\n  - { id: two, on: { text: 参加 }, once: ever, give: small',
        ),
        /rule "join" is gone and "two" is new/,
      ],
      [
        name(`  - { ${given} }\n`, '').replace(
          '{ id: help, on: { text: 帮助 }, reply: 好 }',
          '{ id: help, on: { text: 参加 }, once: ever, give: small }',
        ),
        /rule "join" is gone and "help" is new/,
      ],
    ];
    for (const [text, refused] of others)
      expect((await enter(text)).refused, text).toEqual([expect.stringMatching(refused)]);
    expect(
      (await enter(name(given, `${given} }\n  - { id: two, on: { text: 又一个 }, once: ever, give: small`))).refused,
    ).toEqual([]);
  });

  test('prize, wallet and round are held to their names as well, and go on counting under a new one', async () => {
    const store = await opened(which);
    const enter = processOn(store);
    await enter(SPRING, RAIN);
    for (const [text, user] of [
      ['参加', 'ann'],
      ['签到', 'ann'],
      ['红包雨', 'ann'],
      ['红包雨', 'bob'],
    ] as const)
      expect([text, await claim(store, text, user, SPRING, RAIN)]).toEqual([text, 'awarded']);
    const tiny = SPRING.replace('small:', 'tiny:').replace('give: small', 'give: tiny');
    expect((await enter(tiny, RAIN)).refused).toEqual([
      'a.yaml:9:9: prize "small" is gone and "tiny" is new, and 1 of "small" were given: its stock and its other limits would begin at nothing. Say was: small if it is the same prize under another name, or new: true if it is another prize',
    ]);
    const times = SPRING.replaceAll('机会', '次数');
    expect((await enter(times, RAIN)).refused).toEqual([
      'a.yaml:7:7: wallet "机会" is gone and "次数" is new, and 1 follower has claimed in the campaign: what is in "机会" would be lost, and what is free today given again. Say was: 机会 if it is the same wallet under another name, or new: true if it is another wallet',
    ]);
    const late = RAIN.replace('name: 第一场,', 'name: 晚场,');
    expect((await enter(SPRING, late)).refused).toEqual([
      'b.yaml:7:13: round "第一场" is gone and "晚场" is new, and 2 packets of "第一场" were taken: its whole total would be given again. Say was: 第一场 if it is the same round under another name, or new: true if it is another round',
    ]);
    const all = [
      tiny
        .replace('tiny: {', 'tiny: { was: small,')
        .replaceAll('机会', '次数')
        .replace('次数: {}', '次数: { was: 机会 }'),
      late.replace('name: 晚场,', 'name: 晚场, was: 第一场,'),
    ];
    expect((await enter(...all)).refused).toEqual([]);
    expect(await claim(store, '红包雨', 'ann', ...all)).toBe('already');
    expect(await claim(store, '红包雨', 'eve', ...all)).toBe('awarded');
  });

  test('a campaign that is gone while its time is not over, and another one: also in two steps', async () => {
    const store = await opened(which);
    const enter = processOn(store);
    await enter(SPRING, RAIN);
    await claim(store, '参加', 'ann', SPRING);
    const summer = SPRING.replace('campaign: spring', 'campaign: summer');
    const refused =
      'a.yaml:1:11: the campaign "spring" is gone and "summer" is new, and 1 follower has claimed in "spring": they could claim everything again. Say was: spring if it is the same campaign under another id, or new: true if everybody may claim in it';
    expect((await enter(summer, RAIN)).refused).toEqual([refused]);
    expect((await enter(RAIN)).refused).toEqual([]);
    expect((await enter(summer, RAIN)).refused).toEqual([refused]);
    const was = summer.replace('campaign: summer', 'campaign: summer\nwas: spring');
    expect((await enter(was, RAIN)).refused).toEqual([]);
    expect(await claim(store, '参加', 'ann', was)).toBe('already');
    expect(
      (await processOn(store)(SPRING.replace('campaign: spring', 'campaign: other\nnew: true'), RAIN)).refused,
    ).toEqual([]);
    // The next season begins when this one is over.
    const autumn = SPRING.replace('campaign: spring', 'campaign: autumn').replace(
      '02-10, to: 2026-02-24',
      '03-10, to: 2026-03-24',
    );
    expect((await enter(autumn)).refused).toEqual([]);
  });

  test('a store of before has no record: what it holds was live, unless these very files were', async () => {
    const store = await opened(which);
    await claim(store, '参加', 'ann', SPRING);
    const join2 = SPRING.replace('id: join', 'id: join2');
    const { refused } = await processOn(store)(join2);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(/rule "join" is gone and "join2" is new, and 1 follower has claimed/);
    const lease = await store.lease('rules:0.1.0', 'old', 1000, clock);
    await store.release(lease!, clock, goingOf(filesOf(join2)).print);
    expect((await processOn(store)(join2)).refused).toEqual([]);
    expect((await processOn(store)(join2)).refused).toEqual([]);
  });

  test('two processes with other files: whoever comes later is compared with whoever came before', async () => {
    const store = await opened(which);
    const [one, two] = [processOn(store), processOn(store)];
    await one(SPRING);
    await two(SPRING);
    await claim(store, '参加', 'ann', SPRING);
    const was = SPRING.replace('id: join', 'id: join2, was: join');
    expect((await two(was)).refused).toEqual([]);
    expect((await one(SPRING.replace('name: 春天', 'name: 春日'))).refused).toEqual([]);
    expect((await one(SPRING.replace('id: join', 'id: join9'))).refused).toHaveLength(1);
    const record = recordFrom(await store.note('rules:live'))!;
    expect(recordAfter(record, record.campaigns)).toEqual(record);
  });
});

describe('a change that only costs something is said, with its numbers', () => {
  async function change(from: string, to: string, ...claims: readonly (readonly [string, string])[]) {
    const store = await opened('SQLite');
    const enter = processOn(store);
    await enter(from);
    for (const [text, user] of claims) await claim(store, text, user, from);
    const found = await enter(to);
    expect(found.ids.every(id => id === 'live-change')).toBe(true);
    return { ...found, said: found.said.map(each => each.replace(/:\d+: /, ': ')) };
  }
  const JOINED = [
    ['参加', 'ann'],
    ['参加', 'bob'],
  ] as const;

  test('a lowered or new limit, another amount, another occasion, another day', async () => {
    const changes: [string, string, string][] = [
      [
        'total: ¥100.00',
        'total: ¥2.00',
        'a.yaml:4: budget.total: ¥100.00 → ¥2.00, and ¥2.00 of ¥2.00 are used already, so that nothing more is given',
      ],
      [
        '¥1.00, stock: 5',
        '¥1.00, stock: 2',
        'a.yaml:9: "small": stock 5 → 2, and 2 of 2 are used already, so that nothing more is given',
      ],
      ['¥1.00, stock: 5', '¥1.20, stock: 5', 'a.yaml:9: "small" is ¥1.20 instead of ¥1.00 from now on'],
      [
        'once: ever',
        'once: perDay',
        'a.yaml:13: "join" is once: perDay instead of ever, and 2 followers have claimed it: each of them may claim it again',
      ],
      [
        'packet:',
        'limits: { perUser: { wins: 1 } }\npacket:',
        'a.yaml:5: limits.perUser.wins: 1 is new: what was before counts as well',
      ],
      [
        'to: 2026-02-24',
        'to: 2026-02-24, dayStartsAt: "04:00"',
        'a.yaml:3: a day begins at 04:00 instead of 00:00: who claimed in the hours between may claim once more today, and what is counted a day begins anew',
      ],
    ];
    for (const [from, to, said] of changes) {
      expect(await change(SPRING, SPRING.replace(from, to), ...JOINED), to).toMatchObject({
        refused: [],
        said: [said],
      });
      expect(await change(SPRING, SPRING.replace(from, to)), to).toMatchObject({ refused: [], said: [] });
    }
  });

  test('who has a ticket has it for what was published: winners of a draw stay, and another time is said', async () => {
    const contest = `campaign: contest
name: 开奖
period: { from: 2026-02-10, to: 2026-02-24 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮 }
prizes: { 大奖: { redpacket: ¥8.00 } }
draws: { 终场: { at: 2026-02-20 20:00, winners: { 大奖: 3 } } }
rules:
  - { id: enter, on: { text: 报名 }, enter: 终场, replies: { progress: "抽奖号 {{ticket}}" } }
  - { id: drawn, on: { drawn: 终场 }, give: 大奖 }
`;
    const changed = {
      fewer: contest.replace('大奖: 3', '大奖: 1'),
      later: contest.replace('2026-02-20 20:00', '2026-02-21 20:00'),
    };
    const store = await opened('SQLite');
    await processOn(store)(contest);
    expect((await processOn(store)(changed.fewer)).refused).toEqual([]);
    await processOn(store)(contest);
    expect(await claim(store, '报名', 'ann', contest)).toBe('awarded');
    expect((await processOn(store)(changed.fewer)).refused).toEqual([
      expect.stringMatching(/^a\.yaml:7:\d+: "终场" draws 大奖 1 instead of 大奖 3: tickets were given for that/),
    ]);
    const later = await processOn(store)(changed.later);
    expect(later).toMatchObject({ refused: [], said: [expect.stringContaining('is drawn at 2026-02-21 20:00')] });
  });

  test('but the given lines of a list, the amounts of a round that is begun and the end that was published stay', async () => {
    const coupons = async (changed: readonly string[]): Promise<string[]> => {
      list = CODES;
      const store = await opened('SQLite');
      const enter = processOn(store);
      await enter(SPRING);
      for (const user of ['ann', 'bob']) await claim(store, '券', user, SPRING);
      list = [...changed];
      return (await processOn(store)(SPRING)).refused;
    };
    expect(await coupons([...CODES, 'A5'])).toEqual([]);
    expect(await coupons(['A1', 'A2', 'B3'])).toEqual([]);
    for (const changed of [['A2', 'A1', 'A3', 'A4'], ['A3', 'A4'], ['A1'], ['A0', ...CODES]])
      expect(await coupons(changed), changed.join()).toEqual([
        expect.stringMatching(
          /^a\.yaml:11:16: 2 lines of the list of "券" are given, and up to there nothing may be changed/,
        ),
      ]);
    list = CODES;
    for (const [from, to] of [
      ['total: ¥6.00', 'total: ¥7.00'],
      ['packets: 4', 'packets: 5'],
      ['..¥2.00', '..¥3.00'],
    ] as const) {
      expect((await change(RAIN, RAIN.replace(from, to), ['红包雨', 'ann'])).refused, to).toEqual([
        expect.stringMatching(
          /^a\.yaml:7:\d+: "第一场": .* and 1 of its packets are taken: the amounts were laid out beforehand/,
        ),
      ]);
      expect((await change(RAIN, RAIN.replace(from, to))).refused, to).toEqual([]);
    }
    const store = await opened('SQLite');
    await processOn(store)(RAIN);
    clock = parseBeijing('2026-02-26')!;
    expect((await processOn(store)(RAIN.replace('to: 2026-02-24', 'to: 2026-03-24'))).refused).toEqual([
      'a.yaml:3:33: the campaign was over at 2026-02-25 00:00, and since then its seed may be public: every draw to come could be foretold. Leave the period as it was, and give what follows a new id with new: true',
    ]);
  });

  test('new: true is for what is new, not for the next change of its name', async () => {
    const store = await opened('SQLite');
    const enter = processOn(store);
    await enter(SPRING);
    await claim(store, '参加', 'ann', SPRING);
    const fresh = SPRING.replace('id: join', 'id: join2, new: true');
    expect((await enter(fresh)).refused).toEqual([]);
    expect(await claim(store, '参加', 'ann', fresh)).toBe('awarded');
    expect((await processOn(store)(fresh)).said).toEqual([
      'a.yaml:13:11: "join2" is live: take `new: true` out, or it would hide a change of its name',
    ]);
    expect((await enter(SPRING.replace('id: join', 'id: join3, new: true'))).refused[0]).toMatch(
      /`new: true` stands there since "join2" went live, and says nothing of this: say was: join2; or take "join2" out first/,
    );
  });
});
