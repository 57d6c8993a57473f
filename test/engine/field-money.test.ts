// What was found in the field of what becomes of money after its first step: numbers that wait for weeks, offers that lapse, rules
// with a third name, campaigns that are paused, operators who let a gate open.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { limitsOf, offerPayout, settlePayout, type VerdictPorts } from '../../src/commands/payouts/verdict.ts';
import type { Config } from '../../src/config/config.ts';
import { eventKey, openId } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { DAY, HOUR, type Instant, instant, later, MINUTE, parseBeijing, SECOND } from '../../src/core/base/time.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import { parcelsIn, parcelsText } from '../../src/core/goods/parcel.ts';
import { commitOf, intentOf } from '../../src/core/payout/bulk.ts';
import { exchangeFor } from '../../src/core/payout/instead.ts';
import { retryStep } from '../../src/core/payout/operator-steps.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';
import type { Observation, Payout, Step } from '../../src/core/payout/payout.ts';
import { beginSend, observe } from '../../src/core/payout/transitions.ts';
import { loadCampaign } from '../../src/core/rules/file/load.ts';
import { holdDraws, resultIn } from '../../src/engine/draws/hold.ts';
import { createFlow } from '../../src/engine/flow.ts';
import { pauseCampaign, resumeCampaign } from '../../src/engine/operate/campaigns.ts';
import { actRoutes } from '../../src/http/admin/acts.ts';
import { SILENT } from '../../src/lib/log.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { command, openIds } from '../support/command.ts';
import { ACCEPTED, campaignsOf, LIMITS, MCH, rulesOf, Shop, status, openId as who } from '../support/counted-shop.ts';
import { RULES, startWorld } from '../support/harness.ts';

const PLAIN = 'budget: { total: ¥5000.00 }';
const APP = 'wx8888888888888888';
const newShop = async (rules = rulesOf()): Promise<Shop> => new Shop(await openSqlite(':memory:'), rules);
const never: Observation = { kind: 'notFound' };
const told = (seen: Observation) => ({
  payer: { send: async () => seen, query: async () => seen, close: async () => {} },
  policy: DEFAULT_POLICY,
});

describe('a number of which every call was refused', () => {
  test('has no age: after weeks it is sent, asked after, and may be retried by hand', async () => {
    const shop = await newShop();
    shop.now = parseBeijing('2026-03-01 10:00')!;
    const merchant = { name: 'till', mchId: MCH, channel: 'transfer', transferScene: '1000', limits: LIMITS } as const;
    const batch = {
      name: 'x',
      campaign: shop.campaigns[0]!,
      account: { name: 'tea', appId: APP },
      merchant,
      seed: 's',
    };
    const commit = commitOf(batch, intentOf(batch, who('Ann'), { amount: fen(150) }, shop.now), shop.now);
    expect(await shop.store.commit(commit)).toEqual({ kind: 'done' });
    let { payout } = commit;
    const step = async (next: Step): Promise<void> => {
      expect(await shop.store.advance(next)).toBe('moved');
      payout = next.payout as typeof payout;
    };
    const full: Observation = { kind: 'refused', code: 'INVALID_REQUEST', text: '超出用户单月收款限额' };
    await step(beginSend(payout, shop.now));
    await step(observe(payout, full, false, shop.now, DEFAULT_POLICY).step);
    shop.now = payout.nextAt!;
    expect(shop.now - commit.payout.createdAt).toBeGreaterThan(30 * DAY);
    expect(retryStep(payout, 'x', shop.now)).not.toHaveProperty('refused');
    await step(beginSend(payout, shop.now));
    const made: Observation = { kind: 'order', state: 'WAIT_USER_CONFIRM', packageInfo: 'p', listId: '1' };
    await step(observe(payout, made, false, shop.now, DEFAULT_POLICY).step);
    expect(await shop.store.due('till', later(shop.now, 2 * DAY), 10)).toHaveLength(1);
    expect(await shop.audit()).toEqual([]);
  });

  test('but one whose last call nobody saw the end of is as old as its first', async () => {
    const shop = await newShop(rulesOf(PLAIN));
    await shop.says('Ann');
    const seen: Observation = { kind: 'silence', code: 'TIMEOUT', text: '' };
    const first = beginSend(await shop.payout('Ann'), shop.now).payout;
    const open = observe(first, seen, false, shop.now, DEFAULT_POLICY).step.payout;
    expect(beginSend(open, later(shop.now, DAY)).payout.firstSentAt).toBe(shop.now);
  });
});

describe('`unclaimed: reoffer`', () => {
  test('is not used up by a number that failed at WeChat Pay', async () => {
    const shop = await newShop(`${rulesOf(PLAIN)}unclaimed: reoffer\n`);
    await shop.says('Ann');
    const second = await shop.pays(await shop.payout('Ann'), status('FAILED'));
    shop.now = later(shop.now, HOUR);
    const third = await shop.pays(second, ACCEPTED, status('REFUND'));
    expect([third.attempt, third.state]).toEqual([3, 'planned']);
    shop.now = later(shop.now, 2 * DAY);
    const over = await shop.pays(third, ACCEPTED, status('REFUND'));
    expect([over.attempt, over.state]).toEqual([3, 'refunded']);
    expect(await shop.audit()).toEqual([]);
  });

  test('is nothing for a voucher, which was theirs for its own time', async () => {
    const shop = await newShop(`${rulesOf(PLAIN)}unclaimed: reoffer\n`);
    await shop.says('Ann');
    const request = { channel: 'voucher', mchId: MCH, appId: APP, stockId: '1', creator: MCH } as const;
    const payout: Payout = { ...(await shop.payout('Ann')), request };
    const begun = beginSend(payout, shop.now).payout;
    const sent = observe(begun, { kind: 'accepted', listId: '9' }, false, shop.now, DEFAULT_POLICY).step.payout;
    const expired: Observation = { kind: 'order', state: 'EXPIRED' };
    const over = observe(sent, expired, true, later(shop.now, 40 * DAY), DEFAULT_POLICY).step;
    expect(over.payout.state).toBe('refunded');
    expect(over.successor).toBeUndefined();
  });
});

test('of a group packet that was opened in part an operator cannot say that all of it was received', async () => {
  const shop = await newShop(rulesOf(PLAIN).replace('redpacket: ¥1.50', 'redpacket: ¥3.00, shares: 3'));
  await shop.says('Ann');
  const ended = await shop.pays(await shop.payout('Ann'), ACCEPTED, status('REFUND', 100));
  const before = await shop.store.buckets('shop');
  shop.now = later(shop.now, 31 * DAY);
  const rest = { limits: async () => [], caps: () => undefined };
  const ports: VerdictPorts = {
    ...({ store: shop.store, now: () => shop.now, payer: () => told(never), ...rest } as unknown as VerdictPorts),
  };
  expect(await settlePayout(ports, ended.billNo, 'received', 'x')).toHaveProperty('refused');
  expect(await shop.store.buckets('shop')).toEqual(before);
  expect(await shop.audit()).toEqual([]);
});

test.each([
  ['till', 'its files are live'],
  ['till.voucher', 'its files are live'],
  ['till', 'the file of its campaign is gone'],
])('to let all go that waits for %s needs a second person, where %s', async (merchant, files) => {
  const shop = await newShop();
  for (let n = 0; n < 20; n++) await shop.says(`P${n}`);
  const since = shop.now;
  await shop.store.setHalt(merchant, { code: 'OPERATOR', reason: 'x', since, by: 'operator' });
  const campaigns = files.endsWith('gone') ? [] : shop.campaigns;
  const accounts = new Map([['tea', { name: 'tea', merchant: 'till' }]]);
  const config = { accounts, merchants: new Map(['till', 'till.voucher'].map(name => [name, {}] as const)) };
  const overview = { store: shop.store, clock: () => shop.now, book: () => bookOf(campaigns, ['tea']), config };
  const operators = ['ann', 'bob'].map(name => ({ name, role: 'operator' }));
  const admin = { secondPersonFrom: fen(1000), operators };
  const ports = { overview, admin, nudge: () => {}, writeDown: async () => {}, rules: {} };
  const routes = actRoutes(ports as unknown as Parameters<typeof actRoutes>[0], () => {});
  const session = { id: 'abcdefghijkl', name: 'ann', role: 'operator', confirmedAt: later(shop.now, -MINUTE) };
  const body = { merchant, since, reason: 'go on', token: 'abcdefghijklmnopqrstuvwx' };
  const { run } = routes.get('resume')!;
  type Args = Parameters<typeof run>;
  const answer = await run(
    new URLSearchParams() as unknown as Args[0],
    { lang: 'en', session } as unknown as Args[1],
    body,
  );
  expect(answer).toHaveProperty('waits');
  expect(await shop.store.halt(merchant)).toBeDefined();
});

test('sending from a file stops where its campaign is paused, and the same command goes on later', async () => {
  const rules = RULES.replace('budget: { total: ¥1000.00 }', 'budget: { total: ¥900000.00 }');
  const world = await startWorld({ rules });
  try {
    const LINES = 3000;
    writeFileSync(join(world.folder, 'people.txt'), openIds(LINES).join('\n'));
    const options = ['--campaign', 'test', '--openids', 'people.txt', '--amount', '¥1.00', '--no-wait', '--lang', 'en'];
    const send = () => command(world.folder, 'send', '--config', 'bot.yaml', ...options).result;
    const count = async (): Promise<number> => (await world.store.counts([])).states.planned;
    const sending = send();
    while ((await count()) < 200) await sleep(5);
    await pauseCampaign(world.store, 'test', '', instant(Date.now()));
    const { out, err } = await sending;
    const planned = await count();
    expect(planned).toBeLessThan(LINES);
    expect(out + err).toMatch(/stopped after \d+ of 3000 lines: the campaign was paused meanwhile/);
    await resumeCampaign(world.store, 'test');
    await send();
    expect(await count()).toBe(LINES);
  } finally {
    await world.close();
  }
}, 120_000);

// ── Draws at the end, and goods ──────────────────────────────────────────────────────────────────────────────

const QUIZ = `campaign: quiz
name: 知识竞赛
period: { from: 2026-02-10 08:00, to: 2026-03-20 }
budget: { total: ¥20.00 }
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
    once: ever
    enter: 大奖
    replies: { progress: "抽奖号 {{ticket}}，{{drawAt}} 开奖。" }
  - { id: small, on: { text: 小奖 }, once: perEvent, give: 小奖 }
  - id: drawn
    on: { drawn: 大奖 }
    give: [一等奖, 二等奖]
    replies: { won: "抽中「{{prize}}」，{{amount}} 元。" }
`;

function loaded(text: string) {
  const found = loadCampaign('quiz.yaml', text);
  if ('findings' in found) throw new Error(JSON.stringify(found.findings));
  return found.campaign;
}

async function small(text: string, more: object = {}) {
  const store = await openSqlite(':memory:');
  const merchant = {
    name: 'till',
    mchId: MCH,
    channel: 'redpack',
    clientIp: '127.0.0.1',
    riskInfo: false,
    limits: LIMITS,
  };
  const config = {
    ...{ secret: 'a secret for tests', publicUrl: 'https://bot.example.com', ...more },
    accounts: new Map([['tea', { name: 'tea', appId: APP, merchant: 'till' }]]),
    merchants: new Map([['till', merchant]]),
  } as unknown as Config;
  let events = 0;
  const errors: string[] = [];
  const log = { ...SILENT, error: (_: object, message: string) => void errors.push(message) };
  const world = {
    errors,
    ...{ store, config, campaign: loaded(text), now: parseBeijing('2026-02-10 10:00')! as Instant },
    book: () => bookOf([world.campaign], ['tea']),
    flow: () => createFlow({ clock: () => world.now, store, log, config, book: world.book, planned: () => {} }),
    async says(user: string, words: string): Promise<string> {
      world.now = later(world.now, SECOND);
      const envelope = { key: eventKey(`m:${++events}`), account: 'tea', user: who(user), sentAt: world.now };
      const { reply } = await world.flow().handle({ ...envelope, kind: 'text', text: words });
      return reply.kind === 'text' ? reply.text : reply.kind;
    },
    async draws(): Promise<void> {
      world.now = later(world.campaign.draws!.get('大奖')!.at, MINUTE);
      const rest = { log: SILENT, store, holder: 'one', seedOf: () => 'ab'.repeat(32), tell: async () => undefined };
      await holdDraws({ ...rest, clock: () => world.now, book: world.book, flow: world.flow() });
    },
    payouts: () => store.payouts({ campaign: 'quiz', limit: 99 }),
  };
  return world;
}

describe('a rule that has had three names', () => {
  test('enters everybody into its draw, whichever name they came under', async () => {
    const world = await small(QUIZ.replace('id: enter', 'id: enter2'));
    for (let n = 0; n < 10; n++) expect(await world.says(`P${n}`, '报名')).toContain('抽奖号');
    world.campaign = loaded(QUIZ.replace('id: enter', 'id: enter3\n    was: [enter, enter2]'));
    await world.draws();
    expect((await resultIn(world.store, 'quiz', '大奖'))!.tickets).toBe(10);
  });

  test('gives something else to whom WeChat Pay refuses, whichever name they won under', () => {
    const file = (id: string): string =>
      rulesOf(PLAIN, ', fallbackTo: two', `{ ${id}, on: { text: 红包 }, once: ever, give: one }`).replace(
        'prizes:',
        'prizes:\n  two: { redpacket: ¥1.00 }',
      );
    const user = openId(who('Ann'));
    const holds = [{ name: `campaign/shop/prize/one/user/${user}`, add: 1 }];
    const payout = { campaign: 'shop', rule: 'word2', user, holds } as unknown as Payout;
    const instead = (id: string) => exchangeFor(payout, campaignsOf(file(id)))?.instead.name;
    expect([instead('id: word2'), instead('id: word3, was: [word, word2]')]).toEqual(['two', 'two']);
  });
});

test('an operator’s offer does not take what is kept for a draw', async () => {
  const world = await small(QUIZ);
  await world.says('Ann', '小奖');
  let [payout] = (await world.payouts()) as [Payout];
  const step = async (next: Step): Promise<void> => {
    expect(await world.store.advance(next)).toBe('moved');
    payout = next.successor ?? next.payout;
  };
  while (payout.state === 'planned') {
    await step(beginSend(payout, world.now));
    await step(observe(payout, status('FAILED'), false, world.now, DEFAULT_POLICY).step);
  }
  for (let n = 0; n < 6; n++) expect(await world.says(`P${n}`, '小奖')).not.toContain('发完');
  const limits = (of: Payout, at: Instant) => limitsOf([world.campaign], world.config, world.store, of, at);
  const rest = { payer: () => told(status('FAILED')), limits, caps: () => undefined };
  const ports = { store: world.store, now: () => world.now, ...rest } as unknown as VerdictPorts;
  expect(await offerPayout(ports, payout.billNo, 'x')).toHaveProperty('refused');
  for (let n = 10; n < 20; n++) await world.says(`P${n}`, '报名');
  await world.draws();
  const drawn = (await world.payouts()).filter(({ amount }) => amount > 100);
  expect(drawn.reduce((sum, { amount }) => sum + amount, 0)).toBe(1400);
});

test('an address for a second thing won leaves alone what was handed on long ago', async () => {
  const world = await small(
    `campaign: cups
name: 抽杯子
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00 }
shipping: { consent: 杯子的话。, keep: 90d }
prizes:
  杯子: { goods: 保温杯 }
rules:
  - { id: cup, on: { text: cups }, once: perEvent, give: 杯子, replies: { won: 中了！ } }
`,
    { personalKey: ['7d0c3e54d1a9481c8b7f3b1d9e2f6a55'] },
  );
  const { store } = world;
  const row = async () => (await store.document('parcels', `tea/${who('Ann')}`))!;
  const wins = async (): Promise<void> => {
    for (const words of ['cups', '同意', '王小明 13812345678 上海市徐汇区万航渡路1号']) await world.says('Ann', words);
  };
  await wins();
  const { name, text, version } = await row();
  const handed = parcelsIn(text);
  const parcels = handed.parcels.map(parcel => ({ ...parcel, exportedAt: world.now }));
  const written = { kind: 'parcels', name, text: parcelsText({ ...handed, parcels }) } as const;
  expect(await store.putDocument(written, version)).toBe(true);
  world.now = later(world.now, 5 * DAY);
  await wins();
  const after = parcelsIn((await row()).text).parcels;
  expect(after.map(parcel => parcel.exportedAt !== undefined)).toEqual([true, false]);
  expect(after.map(parcel => parcel.isChanged)).toEqual([undefined, undefined]);
});

describe('a thing that was won by a payment', () => {
  const PAID = `campaign: cups
name: 买满送杯
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00 }
shipping: { consent: 杯子的话。, keep: 90d }
prizes:
  杯子: { goods: 保温杯 }
rules:
  - { id: cup, on: { paid: { over: ¥100.00 } }, once: perEvent, give: 杯子, replies: { won: 中了！ } }
`;
  const KEY = { personalKey: ['7d0c3e54d1a9481c8b7f3b1d9e2f6a55'] };
  const ADDRESS = '王小明 13812345678 上海市徐汇区万航渡路1号';
  const buying = async () => {
    const world = await small(PAID, KEY);
    const happens = (key: string, rest: object) =>
      world
        .flow()
        .handle({ key: eventKey(key), account: 'tea', user: who('Ann'), sentAt: world.now, ...rest } as Parameters<
          ReturnType<typeof world.flow>['handle']
        >[0]);
    const parcels = async () => parcelsIn((await world.store.document('parcels', `tea/${who('Ann')}`))?.text).parcels;
    await happens('p:42', { kind: 'paid', transaction: '42', amount: fen(12_000) });
    const refund = () => happens('r:r1', { kind: 'refunded', transaction: '42', refund: 'r1', amount: fen(12_000) });
    return { world, parcels, refund };
  };

  test('is not sent after its refund, whenever the address was given', async () => {
    for (const isAddressFirst of [true, false]) {
      const { world, parcels, refund } = await buying();
      expect(await parcels()).toMatchObject([{ state: 'open' }]);
      if (isAddressFirst) for (const words of ['同意', ADDRESS]) await world.says('Ann', words);
      await refund();
      await refund(); // told twice
      if (!isAddressFirst)
        for (const words of ['同意', ADDRESS, '修改地址', '同意', ADDRESS]) await world.says('Ann', words);
      const [parcel, ...more] = await parcels();
      expect(more).toEqual([]);
      expect(parcel).toMatchObject({ state: 'declined', takenBackAt: expect.any(Number) });
      expect(parcel).not.toHaveProperty('sealed');
    }
  });

  test('that was handed on before its refund stays as it is, and a person hears of it', async () => {
    const { world, parcels, refund } = await buying();
    for (const words of ['同意', ADDRESS]) await world.says('Ann', words);
    const row = (await world.store.document('parcels', `tea/${who('Ann')}`))!;
    const before = parcelsIn(row.text);
    const text = parcelsText({ ...before, parcels: before.parcels.map(each => ({ ...each, exportedAt: world.now })) });
    expect(await world.store.putDocument({ kind: 'parcels', name: row.name, text }, row.version)).toBe(true);
    await refund();
    expect(await parcels()).toMatchObject([
      { state: 'given', sealed: expect.any(String), takenBackAt: expect.any(Number) },
    ]);
    expect(world.errors).toEqual([expect.stringContaining('handed on before their payment was refunded')]);
  });
});
