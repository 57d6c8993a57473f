// A draw at the end (开奖): drawn once, from whoever held a ticket in time, told and paid once, whatever dies on the way; and anybody can
// work it out again from what is published.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { limitsOf } from '../../src/commands/payouts/verdict.ts';
import { rehearse, showFailures } from '../../src/core/analysis/run-tests.ts';
import { type Event, eventKey, openId } from '../../src/core/base/event.ts';
import { DAY, type Instant, later, MINUTE, parseBeijing } from '../../src/core/base/time.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import { DrawBox, rankOf, verifyList } from '../../src/core/draw/final-draw.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { beginSend, observe } from '../../src/core/payout/transitions.ts';
import { describe as publicRules } from '../../src/core/public-rules/describe.ts';
import { loadCampaign } from '../../src/core/rules/file/load.ts';
import { ticketOf } from '../../src/core/rules/ticket.ts';
import { entriesOf, holdDraws, resultIn } from '../../src/engine/draws/hold.ts';
import { createFlow, type Flow } from '../../src/engine/flow.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Store } from '../../src/ports.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { configOf, TEA } from '../support/config.ts';
import { DURABLE, hasRedis, openedOn, type RedisServer, startRedis } from '../support/redis-server.ts';

const FILE = `campaign: quiz
name: 知识竞赛
period: { from: 2026-02-10 08:00, to: 2026-02-20 }
budget: { total: ¥20.00, perDay: ¥10.00 }
limits: { perUser: { total: 1 } }
packet: { sendName: 阿茶 }
draws:
  大奖: { at: 2026-02-21 20:00, winners: { 一等奖: 1, 二等奖: 3 } }
prizes:
  一等奖: { redpacket: ¥8.00 }
  二等奖: { redpacket: ¥2.00 }
  小奖: { redpacket: ¥1.00 }
rules:
  - id: enter
    on: { text: 报名 }
    enter: 大奖
    replies: { progress: "抽奖号 {{ticket}}，{{drawAt}} 开奖。" }
  - { id: small, on: { text: 小奖 }, once: perEvent, give: 小奖 }
  - id: drawn
    on: { drawn: 大奖 }
    give: [一等奖, 二等奖]
    replies: { won: "抽中「{{prize}}」，{{amount}} 元。" }
tests:
  - name: 报名，开奖
    events:
      - { at: 2026-02-10 10:00, user: ann, text: 报名, expect: { prize: progress } }
      - { at: 2026-02-10 10:01, user: ann, text: 报名, expect: { refused: already } }
      - { at: 2026-02-21 20:00, user: ann, drawn: { draw: 大奖, prize: 一等奖 }, expect: { prize: 一等奖, pays: ¥8.00, reply: 抽中「一等奖」，8.00 元。 } }
      - { at: 2026-02-21 20:00, user: bob, text: 报名, expect: { refused: ended } }
    budgetLeft: ¥12.00
`;

function load(text = FILE) {
  const loaded = loadCampaign('quiz.yaml', text);
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings, null, 1));
  return loaded.campaign;
}
const campaign = load();
const draw = campaign.draws!.get('大奖')!;
const BOOK = bookOf([campaign], ['tea']);
const config = configOf();
/** With another account, which is gone from `config`. */
const both = configOf({ accounts: [TEA, { ...TEA, name: 'milk', appId: 'wx9999999999999999' }] });
const MILK = bookOf([{ ...campaign, account: 'milk' }], ['tea', 'milk']);
const SEED = 'ab'.repeat(32);
const BEGIN = parseBeijing('2026-02-10 10:00')!;
const who = (n: number) => openId(`o${String(n).padStart(27, '0')}`);

type Opening = { readonly store: Store; dispose(): Promise<void> };

function drawing(name: string, open: () => Promise<Opening>): void {
  describe(`a draw at the end, on ${name}`, () => {
    let opened: Opening;
    let store: Store;
    let now: Instant;
    let told: string[];
    let n = 0;
    const clock = (): Instant => now;
    const flowOn = (on: Store, its = config, book = BOOK): Flow =>
      createFlow({ clock, store: on, log: SILENT, config: its, book: () => book, planned: () => {} });
    const say = async (user: number, text: string): Promise<string> => {
      const happened = {
        kind: 'text',
        text,
        key: eventKey(`m:${++n}`),
        account: 'tea',
        user: who(user),
        sentAt: now,
      } as const;
      const { reply } = await flowOn(store).handle(happened);
      return reply.kind === 'text' ? reply.text : reply.kind;
    };
    const hold = (on: Store = store, holder = 'one', its = config, book = BOOK) =>
      holdDraws({
        ...{ clock, log: SILENT, store: on, holder, book: () => book, flow: flowOn(on, its, book), seedOf: () => SEED },
        tell: async (event: Event, reply) => void told.push(`${event.user} ${reply.kind === 'text' ? reply.text : ''}`),
      });
    const payouts = () => store.payouts({ campaign: 'quiz', limit: 99 });
    beforeEach(async () => {
      now = BEGIN;
      told = [];
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    test('has a ticket of everybody, whichever of its three names the rule had when they came', async () => {
      const plain = FILE.slice(0, FILE.indexOf('tests:'));
      const second = load(plain.replace('id: enter', 'id: enter2'));
      const third = load(plain.replace('id: enter', 'id: enter3\n    was: [enter, enter2]'));
      for (let user = 1; user <= 10; user++) {
        const event = { kind: 'text', text: '报名', key: eventKey(`n:${user}`), account: 'tea', sentAt: now } as const;
        await flowOn(store, config, bookOf([second], ['tea'])).handle({ ...event, user: who(user) });
      }
      now = later(draw.at, MINUTE);
      await hold(store, 'one', config, bookOf([third], ['tea']));
      expect((await resultIn(store, 'quiz', '大奖'))!.tickets).toBe(10);
    });

    test('keeps its money from what an operator offers, and not from those who were drawn', async () => {
      for (let user = 1; user <= 6; user++) expect(await say(user, '小奖')).not.toContain('发完');
      const limitOf = async (payout: Payout): Promise<number> => {
        const limits = await limitsOf([campaign], config, store, payout, now);
        return limits.findLast(({ name }) => name === 'campaign/quiz/amount')!.max;
      };
      const small = (await payouts())[0]!;
      expect(await limitOf(small)).toBe(600);
      for (let user = 11; user <= 20; user++) await say(user, '报名');
      now = later(draw.at, MINUTE);
      await hold();
      const drawn = (await payouts()).find(({ amount }) => amount === 800)!;
      expect(await limitOf(small)).toBe(2000);
      // Given up, it returns what it took; whoever was drawn may still have it, and others may not.
      const failed = { kind: 'order', state: 'FAILED' } as const;
      for (let payout = drawn; payout.state === 'planned'; ) {
        const begun = beginSend(payout, now);
        expect(await store.advance(begun)).toBe('moved');
        const over = observe(begun.payout, failed, false, now, DEFAULT_POLICY).step;
        expect(await store.advance(over)).toBe('moved');
        payout = over.successor ?? over.payout;
      }
      expect(await limitOf(drawn)).toBe(2000);
      expect(await limitOf(small)).toBe(1200);
    });

    test('gives every prize once, to different people, tells them once, and is what anybody works out', async () => {
      for (let user = 1; user <= 20; user++)
        expect(await say(user, '报名')).toMatch(/^抽奖号 [0-9A-F]{16}，2026-02-21 20:00 开奖。$/);
      await hold();
      expect(await resultIn(store, 'quiz', '大奖')).toBeUndefined();
      now = later(draw.at, MINUTE);
      await Promise.all([hold(), hold(store, 'two')]);
      await hold();
      const result = (await resultIn(store, 'quiz', '大奖'))!;
      expect(result.tickets).toBe(20);
      expect(result.winners.map(({ prize }) => prize)).toEqual(['一等奖', '二等奖', '二等奖', '二等奖']);
      expect(new Set(result.winners.map(({ user }) => user)).size).toBe(4);
      const tickets = Array.from({ length: 20 }, (_, i) => ticketOf(`quiz/enter/${who(i + 1)}/ever`));
      const order = tickets.sort((a, b) => (rankOf(SEED, a) < rankOf(SEED, b) ? -1 : 1));
      expect(result.winners.map(({ ticket }) => ticket)).toEqual(order.slice(0, 4));
      expect((await payouts()).map(({ amount }) => amount).sort()).toEqual([200, 200, 200, 800]);
      expect(told.sort()).toEqual(
        result.winners
          .map(({ user, prize }) => `${user} 抽中「${prize}」，${prize === '一等奖' ? '8' : '2'}.00 元。`)
          .sort(),
      );
      now = later(now, DAY);
      await hold();
      expect([told.length, (await payouts()).length]).toEqual([4, 4]);
      expect(await say(21, '报名')).toContain('结束');
    });

    test('keeps its money from the first day on: whoever wins before takes what is beside it', async () => {
      const said: string[] = [];
      for (let user = 1; user <= 8; user++) said.push(await say(user, '小奖'));
      expect((await payouts()).length).toBe(6);
      for (let user = 11; user <= 20; user++) await say(user, '报名');
      now = later(draw.at, MINUTE);
      await hold();
      expect((await payouts()).reduce((sum, { amount }) => sum + amount, 0)).toBe(2000);
    });

    test('goes on where somebody died, at every write: nobody is paid twice, and nobody is told twice or never', async () => {
      for (let user = 1; user <= 12; user++) await say(user, '报名');
      now = later(draw.at, MINUTE);
      for (let writes = 1; writes < 40; writes++) {
        let left = writes;
        const dying = new Proxy(store, {
          get(its, key: keyof Store) {
            const method = its[key];
            if (typeof method !== 'function') return method;
            return (...args: unknown[]) => {
              if (['commit', 'putDocument', 'count'].includes(key) && left-- <= 0) throw new Error('killed');
              return Reflect.apply(method, its, args);
            };
          },
        });
        now = later(now, 6 * MINUTE);
        await hold(dying, `h${writes}`).catch((error: Error) => expect(error.message).toBe('killed'));
      }
      expect((await payouts()).map(({ amount }) => amount).sort()).toEqual([200, 200, 200, 800]);
      expect(new Set(told).size).toBe(4);
    });

    test('of which some entered by an account that is gone from bot.yaml keeps no other winner waiting; once it is back, they get theirs', async () => {
      for (let user = 1; user <= 12; user++) await say(user, '报名');
      const flow = flowOn(store, both, MILK);
      for (let user = 21; user <= 32; user++) {
        const happened = { kind: 'text', text: '报名', key: eventKey(`m:${++n}`), sentAt: now } as const;
        await flow.handle({ ...happened, account: 'milk', user: who(user) });
      }
      now = later(draw.at, MINUTE);
      await hold();
      const isOfMilk = ({ account }: { account: string }) => account === 'milk';
      const { winners } = (await resultIn(store, 'quiz', '大奖'))!;
      expect([winners.filter(isOfMilk).length > 0, winners.some(each => !isOfMilk(each))]).toEqual([true, true]);
      const owed = (of: readonly { user: string }[]) => of.map(({ user }) => user).sort();
      expect(owed(await payouts())).toEqual(owed(winners.filter(each => !isOfMilk(each))));
      now = later(now, DAY);
      await hold(store, 'one', both, MILK);
      expect(owed(await payouts())).toEqual(owed(winners));
    });

    test('does not have an entry that was decided in time and is written too late', async () => {
      await say(1, '报名');
      let isHeld = false;
      now = later(BEGIN, MINUTE);
      const slow = new Proxy(store, {
        get(its, key: keyof Store) {
          if (key !== 'commit') return its[key];
          return async (commit: Parameters<Store['commit']>[0]) => {
            if (!isHeld) {
              isHeld = true;
              now = later(draw.at, MINUTE);
              await hold();
            }
            return its.commit(commit);
          };
        },
      });
      const late = {
        kind: 'text',
        text: '报名',
        key: eventKey('m:late'),
        account: 'tea',
        user: who(2),
        sentAt: now,
      } as const;
      const { reply } = await flowOn(slow).handle(late);
      expect(reply).toMatchObject({ kind: 'text', text: expect.stringContaining('结束') });
      const found = [];
      for await (const { user } of entriesOf(store, campaign, draw)) found.push(user);
      expect(found).toEqual([who(1)]);
      expect((await resultIn(store, 'quiz', '大奖'))!.tickets).toBe(1);
    });
  });
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-final-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
drawing('SQLite', async () => {
  const store = await openSqlite(join(folder, `${++files}.db`));
  return { store, dispose: () => store.close() };
});
describe.skipIf(!hasRedis)('one Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(...DURABLE);
  });
  afterAll(() => server.dispose());
  drawing('Redis', () => openedOn(server.url, { time: 'caller' }));
});

describe('in a rule file', () => {
  test('what a winner is told and paid is tested, and the public rules say when, how many, and how it is verified', () => {
    expect(showFailures(campaign, rehearse(campaign))).toEqual([]);
    const lines = publicRules(campaign, { commitment: 'c0', drawCommitment: () => 'd1' }).join('\n');
    expect(lines).toContain('「大奖」2026-02-21 20:00 开奖，依次抽出「一等奖」1 个、「二等奖」3 个；每人最多中一个');
    expect(lines).toContain('「大奖」种子的承诺值（SHA-256）：d1');
  });

  test.each([
    ['a draw that nobody knows', ['enter: 大奖', 'enter: 小奖'], /unknown draw "小奖"/],
    [
      'other prizes than the draw has',
      ['give: [一等奖, 二等奖]', 'give: 一等奖'],
      /the draw "大奖" gives 一等奖, 二等奖; write give: \[一等奖, 二等奖\]/,
    ],
    ['a prize that nobody knows', ['一等奖: 1, 二等奖: 3', '一等奖: 1, 三等奖: 3'], /unknown prize "三等奖"/],
    ['prizes that others can win', ['give: 小奖', 'give: 二等奖'], /"二等奖" is kept for the draw "大奖"/],
    [
      'prizes of no fixed worth',
      ['redpacket: ¥2.00', 'redpacket: ¥1.00..¥2.00'],
      /"二等奖" is drawn at the end: it needs one amount/,
    ],
    [
      'more money than there is',
      ['total: ¥20.00', 'total: ¥13.00'],
      /the draws come to ¥14.00, more than budget.total ¥13.00/,
    ],
    [
      'nobody who is told',
      ['    on: { drawn: 大奖 }', '    on: { text: 开奖 }'],
      /no rule says what becomes of who is drawn: add on: \{ drawn: 大奖 \}/,
    ],
    ['a time before the campaign', ['2026-02-21 20:00', '2026-02-09 20:00'], /the draw is before the campaign begins/],
  ])('%s is refused', (_, [from, to], said) => {
    const text = FILE.slice(0, FILE.indexOf('tests:')).replace(from!, to!);
    const loaded = loadCampaign('quiz.yaml', text);
    expect('findings' in loaded ? loaded.findings.map(({ message }) => message) : []).toContainEqual(
      expect.stringMatching(said),
    );
  });
});

describe('a published list', () => {
  const rows = Array.from({ length: 50 }, (_, n) => ticketOf(`claim ${n}`))
    .sort((a, b) => (rankOf(SEED, a) < rankOf(SEED, b) ? -1 : 1))
    .map((ticket, n) => ({ ticket, who: `o${n}`, prize: n < 3 ? '一等奖' : '' }));

  test('is what the seed says', () => {
    expect(verifyList(SEED, rows).wrong).toEqual([]);
  });

  test('is not with another seed, another order, a winner who was passed over, or one who wins twice', () => {
    expect(verifyList('cd'.repeat(32), rows).wrong.length).toBeGreaterThan(10);
    expect(verifyList(SEED, [rows[1]!, rows[0]!, ...rows.slice(2)]).wrong).toHaveLength(1);
    expect(
      verifyList(
        SEED,
        rows.map((row, n) => (n === 1 ? { ...row, prize: '' } : row)),
      ).wrong,
    ).toHaveLength(1);
    expect(
      verifyList(
        SEED,
        rows.map((row, n) => (n === 2 ? { ...row, who: 'o0' } : row)),
      ).wrong,
    ).toHaveLength(1);
  });

  test('of two hundred thousand tickets keeps only those that can win', () => {
    const box = new DrawBox(SEED, draw);
    for (let n = 0; n < 20_000; n++) box.add({ claim: `c${n}`, account: 'tea', user: who(n % 5000) });
    const { winners, tickets } = box.result(BEGIN);
    const best = Array.from({ length: 20_000 }, (_, n) => ({
      rank: rankOf(SEED, ticketOf(`c${n}`)),
      user: who(n % 5000),
    }));
    best.sort((a, b) => (a.rank < b.rank ? -1 : 1));
    const first = [...new Set(best.map(({ user }) => user))].slice(0, 4);
    expect([tickets, winners.map(({ user }) => user)]).toEqual([20_000, first]);
  });
});
