// `payouts offer` and `settle`: an operator's word where the bot has given up and where WeChat Pay no longer answers. Each on
// red packets and on transfers, beside whoever else changes the same claim; and as processes beside a bot.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { offerPayout, settlePayout, type VerdictPorts } from '../../src/commands/payouts/verdict.ts';
import { Audit } from '../../src/core/audit/audit.ts';
import { openId } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { DAY, type Instant, later, MINUTE, parseBeijing } from '../../src/core/base/time.ts';
import type { MerchantCaps } from '../../src/core/decide/limits.ts';
import { refundedCounter } from '../../src/core/mechanics/refund.ts';
import { commitOf, intentOf } from '../../src/core/payout/bulk.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';
import { nextNumber, type Observation, type Payout } from '../../src/core/payout/payout.ts';
import type { PayerSettings } from '../../src/core/payout/plan.ts';
import { beginSend, observe } from '../../src/core/payout/transitions.ts';
import { loadCampaigns } from '../../src/core/rules/file/load.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { doubt } from '../../src/engine/doubt.ts';
import { cancelPayout } from '../../src/engine/operate/payouts.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Payer, Store } from '../../src/ports.ts';
import { openStore } from '../../src/storage/open.ts';
import { run } from '../support/command.ts';
import { MERCHANT, RULES, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';
import { saying } from '../support/saying.ts';

const NOW = parseBeijing('2026-11-21 12:00')!;
const CAMPAIGN = loadCampaigns([{ file: 'rules.yaml', text: RULES }]).campaigns[0]!;
const REDPACK: PayerSettings = {
  name: 'shop',
  mchId: MERCHANT.mchId,
  channel: 'redpack',
  clientIp: '127.0.0.1',
  riskInfo: false,
};
const TRANSFER: PayerSettings = { name: 'shop', mchId: MERCHANT.mchId, channel: 'transfer', transferScene: '1000' };
const LIMITS = { perUserPerDay: 10, amountPerUserPerDay: fen(1e5), amountPerDay: fen(1e8) };

let store: Store;
let asked: string[];
beforeEach(async () => {
  store = await openStore('sqlite::memory:');
  asked = [];
});
afterEach(() => store.close());

/** A payout of ¥1.00, planned as `hongbao send` plans it, and sent once unless `isPlanned`. */
async function plan(user: string, settings = REDPACK, isPlanned = false, transaction?: string): Promise<Payout> {
  const batch = {
    name: 'send',
    campaign: CAMPAIGN,
    account: { name: 'tea', appId: 'wx8888888888888888' },
    merchant: { ...settings, limits: LIMITS },
    seed: 'seed',
  };
  const made = commitOf(batch, intentOf(batch, openId(user), { amount: fen(100) }, NOW), NOW);
  const undoneBy = transaction === undefined ? {} : { undoneBy: { causes: ['refunded'] as const, transaction } };
  const commit = { ...made, payout: { ...made.payout, ...undoneBy } };
  expect(await store.commit(commit)).toEqual({ kind: 'done' });
  if (isPlanned) return commit.payout;
  const step = beginSend(commit.payout, NOW);
  expect(await store.advance(step)).toBe('moved');
  return step.payout;
}

/** Seen by the bot, one after the other. */
async function see(payout: Payout, ...seen: readonly Observation[]): Promise<Payout> {
  let now = payout;
  for (const [index, each] of seen.entries()) {
    const { step } = observe(now, each, index > 0, NOW, DEFAULT_POLICY);
    expect(await store.advance(step)).toBe('moved');
    now = step.payout;
  }
  return now;
}

/** Five numbers, all of which failed: the claim is given up. */
async function givenUp(user: string, settings = REDPACK): Promise<Payout> {
  let payout = await see(await plan(user, settings), FAILED(settings));
  for (let next = await store.payout(nextNumber(payout)); next; next = await store.payout(nextNumber(payout))) {
    const step = beginSend(next, NOW);
    expect(await store.advance(step)).toBe('moved');
    payout = await see(step.payout, FAILED(settings));
  }
  expect(payout).toMatchObject({ state: 'failed', attempt: 5 });
  return payout;
}
const status = (value: Extract<Observation, { kind: 'order' }>['state']): Observation => ({
  kind: 'order',
  state: value,
});
const bill = (state: Extract<Observation, { kind: 'order' }>['state'], reason?: string): Observation => ({
  kind: 'order',
  state,
  ...(reason !== undefined && { reason }),
});
const FAILED = ({ channel }: PayerSettings): Observation => (channel === 'transfer' ? bill('FAIL') : status('FAILED'));
const SILENCE: Observation = { kind: 'silence', code: 'HTTP 502', text: '' };

function ports(
  answer: Observation | ((payout: Payout) => Observation),
  {
    at = NOW,
    room = 1000_00,
    during,
    caps,
  }: { at?: Instant; room?: number; during?: () => Promise<unknown>; caps?: MerchantCaps } = {},
): VerdictPorts {
  const say = async (payout: Payout): Promise<Observation> => {
    asked.push(payout.billNo);
    await during?.();
    return typeof answer === 'function' ? answer(payout) : answer;
  };
  const payer: Payer = { send: say, query: say, close: async () => {} };
  const budget = {
    name: 'campaign/test/amount',
    label: '预算已用',
    add: 0,
    max: room,
    refuses: 'soldOut',
    returns: true,
    money: true,
  } as const;
  return {
    store,
    now: () => at,
    payer: () => ({ payer, policy: DEFAULT_POLICY }),
    limits: () => Promise.resolve([budget]),
    caps: () => caps,
  };
}
const numbers = async (user: string): Promise<Payout[]> =>
  (await store.payouts({ user: openId(user), limit: 20 })).toReversed();
const states = async (user: string): Promise<string[]> => (await numbers(user)).map(({ state }) => state);
async function taken(): Promise<number> {
  const facts = {
    account: 'tea',
    user: openId('x'),
    merchant: 'shop',
    claims: [],
    counters: ['campaign/test/amount'],
  };
  return (await store.facts(facts)).counters.get('campaign/test/amount') ?? 0;
}
async function balances(): Promise<void> {
  expect((await auditStore(store, new Audit([CAMPAIGN]))).findings).toEqual([]);
}

describe('an offer', () => {
  test.each([
    ['red packets', REDPACK],
    ['transfers', TRANSFER],
  ])(
    'gives a given-up claim one more number of %s, with its money, asked for by any of its numbers',
    async (_, settings) => {
      await givenUp('oAnn', settings);
      expect([await taken(), (await store.buckets('test')).reserved]).toEqual([0, 0]);
      const [first] = await numbers('oAnn');
      const offered = await offerPayout(ports(FAILED(settings)), first!.billNo, '微信支付已恢复');
      const last = (await numbers('oAnn')).at(-1)!;
      expect(offered).toEqual({ done: saying(last.billNo), number: last.billNo });
      expect(last).toMatchObject({ state: 'planned', attempt: 6, tries: 0, nextDo: 'send', nextAt: NOW, version: 1 });
      expect(last.request).toEqual(first!.request);
      expect(asked).toHaveLength(5); // each number was asked after
      expect([await taken(), (await store.buckets('test')).reserved]).toEqual([100, 100]);
      expect((await store.history((await numbers('oAnn'))[4]!.billNo)).at(-1)).toMatchObject({
        what: 'offered',
        detail: '微信支付已恢复',
        from: 'failed',
        to: 'failed',
      });
      await balances();
      // It lives now: nobody can offer it once more, and cancelling any number ends it.
      expect(await offerPayout(ports(FAILED(settings)), first!.billNo, 'x')).toEqual({
        refused: saying('not given up'),
      });
      expect(await cancelPayout(ports(FAILED(settings)), first!.billNo, 'x')).toMatchObject({ successor: last.billNo });
      expect([await taken(), (await store.buckets('test')).reserved]).toEqual([0, 0]);
      await balances();
    },
  );

  test('to somebody WeChat refused before knows nothing of that any more', async () => {
    const refused = await see(await plan('oAnn', TRANSFER), bill('FAIL', 'REAL_NAME_CHECK_FAIL'));
    expect(refused).toMatchObject({ state: 'failed', userRefused: true });
    expect(await offerPayout(ports(bill('FAIL', 'REAL_NAME_CHECK_FAIL')), refused.billNo, '已实名')).toHaveProperty(
      'number',
    );
    expect((await numbers('oAnn')).at(-1)).not.toHaveProperty('userRefused');
    await balances();
  });

  test('is refused where the budget has gone to others, and nothing is written', async () => {
    const payout = await givenUp('oAnn');
    await plan('oBob');
    expect(await offerPayout(ports(status('FAILED'), { room: 199 }), payout.billNo, 'x')).toEqual({
      refused: saying('campaign/test/amount'),
    });
    expect([(await numbers('oAnn')).length, await taken()]).toEqual([5, 100]);
    expect(await offerPayout(ports(status('FAILED'), { room: 200 }), payout.billNo, 'x')).toHaveProperty('number');
    await balances();
  });

  test('is refused where its merchant has paid as much today as it may; tomorrow there is room again', async () => {
    const payout = await givenUp('oAnn');
    await plan('oBob');
    const caps = { merchant: 'shop', ...LIMITS, amountPerDay: fen(100) };
    expect(await offerPayout(ports(status('FAILED'), { caps }), payout.billNo, 'x')).toEqual({
      refused: saying('offer it again tomorrow'),
    });
    expect((await numbers('oAnn')).length).toBe(5);
    const tomorrow = ports(status('FAILED'), { caps, at: later(NOW, DAY) });
    expect(await offerPayout(tomorrow, payout.billNo, 'x')).toHaveProperty('number');
    await balances();
  });

  test.each([
    ['is received', status('RECEIVED'), 'RECEIVED'],
    ['waits to be opened', status('SENT'), 'SENT'],
    ['cannot be asked after', SILENCE, 'could not be asked'],
    ['is still being sent', status('SENDING'), 'SENDING'],
  ])('is refused if WeChat Pay says of one of its numbers that it %s', async (_, seen, words) => {
    const payout = await givenUp('oAnn');
    const third = (await numbers('oAnn'))[2]!;
    const answer = ({ billNo }: Payout): Observation => (billNo === third.billNo ? seen : status('FAILED'));
    expect(await offerPayout(ports(answer), payout.billNo, 'x')).toEqual({ refused: saying(words) });
    expect(await numbers('oAnn')).toHaveLength(5);
  });

  test('does not ask what WeChat Pay answers for no more', async () => {
    const payout = await givenUp('oAnn');
    expect(await offerPayout(ports(SILENCE, { at: later(NOW, 31 * DAY) }), payout.billNo, '补发')).toHaveProperty(
      'number',
    );
    expect(asked).toEqual([]);
    await balances();
  });

  test('of what is on its way, was opened, or is held for another reason is refused with the reason', async () => {
    const received = await see(await plan('oAnn'), { kind: 'accepted' }, status('RECEIVED'));
    const planned = await plan('oBob', REDPACK, true);
    const held = await see(await plan('oCat'), { kind: 'refused', code: 'NOTENOUGH', text: '' });
    for (const [{ billNo }, words] of [
      [received, 'received'],
      [planned, 'planned'],
      [held, 'held'],
    ] as const)
      expect(await offerPayout(ports(status('FAILED')), billNo, 'x')).toEqual({
        refused: saying(words),
      });
    expect(asked).toEqual([]);
  });

  test('by two operators at once is one offer', async () => {
    const payout = await givenUp('oAnn');
    const both = await Promise.all([1, 2].map(() => offerPayout(ports(status('FAILED')), payout.billNo, 'x')));
    expect(both.filter(answer => 'number' in answer)).toHaveLength(1);
    expect([(await numbers('oAnn')).length, await taken()]).toEqual([6, 100]);
    await balances();
  });

  test('loses to WeChat Pay’s word that comes while it asks', async () => {
    const payout = await givenUp('oAnn', TRANSFER);
    const clock = () => NOW;
    const during = async () => {
      const current = (await store.payout(payout.billNo))!;
      await doubt({ store, clock, log: SILENT }, current, bill('SUCCESS'));
    };
    let answer: Observation = bill('FAIL');
    const answered = offerPayout(
      ports(() => answer, {
        during: async () => {
          await during();
          answer = bill('SUCCESS');
        },
      }),
      payout.billNo,
      'x',
    );
    expect(await answered).toEqual({ refused: saying('SUCCESS') });
    expect(await numbers('oAnn')).toHaveLength(5);
  });

  test('of a packet whose campaign let it lapse, or that was called off, is the operator’s to make', async () => {
    const lapsed = await see(await plan('oAnn'), { kind: 'accepted' }, status('REFUND'));
    expect(lapsed.state).toBe('refunded');
    expect(await offerPayout(ports(status('REFUND')), lapsed.billNo, '客诉补发')).toHaveProperty('number');
    const planned = await plan('oBob', REDPACK, true);
    expect(await cancelPayout(ports(SILENCE), planned.billNo, '名单有误')).toHaveProperty('cancelled');
    expect(await offerPayout(ports(SILENCE), planned.billNo, '名单无误')).toHaveProperty('number');
    expect([await states('oAnn'), await states('oBob')]).toEqual([
      ['refunded', 'planned'],
      ['failed', 'planned'],
    ]);
    expect(await store.buckets('test')).toMatchObject({ reserved: 200, refunded: 100 });
    await balances();
  });
});

describe('a verdict', () => {
  const OLD = later(NOW, 31 * DAY);

  test.each([
    ['received', 'unknown', { reserved: 0, sent: 0, received: 100 }, 100],
    ['unpaid', 'unknown', { reserved: 0, sent: 0, received: 0, refunded: 0 }, 0],
    ['received', 'sent', { reserved: 0, sent: 0, received: 100 }, 100],
    ['unpaid', 'sent', { reserved: 0, sent: 0, received: 0, refunded: 100 }, 0],
  ] as const)(
    '“%s” of what is %s and too old to be asked after moves its money',
    async (verdict, state, money, used) => {
      const seen: Observation = state === 'sent' ? { kind: 'accepted' } : { kind: 'silence', code: 'x', text: '' };
      const payout = await see(await plan('oAnn'), seen);
      expect(payout.state).toBe(state);
      expect(
        await settlePayout(ports({ kind: 'notFound' }, { at: OLD }), payout.billNo, verdict, '商户平台已核对'),
      ).toEqual({
        done: saying(`settled as ${verdict}`),
      });
      const end = { received: 'received', unpaid: state === 'sent' ? 'refunded' : 'failed' }[verdict];
      expect(await store.payout(payout.billNo)).toMatchObject({ state: end, endedAt: OLD });
      expect((await store.payout(payout.billNo))!.nextAt).toBeUndefined();
      expect(await store.buckets('test')).toMatchObject(money);
      expect(await taken()).toBe(used);
      expect((await store.history(payout.billNo)).at(-1)).toMatchObject({
        what: 'settled',
        from: state,
        to: end,
        detail: `as ${verdict}: 商户平台已核对`,
      });
      await balances();
      expect(await settlePayout(ports({ kind: 'notFound' }, { at: OLD }), payout.billNo, verdict, 'x')).toEqual({
        refused: saying('final'),
      });
    },
  );

  test.each([
    ['answers', status('SENT'), 'says SENT'],
    ['answers the same', status('FAILED'), 'says FAILED'],
    ['knows nothing', { kind: 'notFound' } as const, 'still answers'],
    ['is away', SILENCE, 'could not be asked'],
  ])('is refused while WeChat Pay can be asked: it %s', async (_, seen, words) => {
    const payout = await see(await plan('oAnn'), { kind: 'silence', code: 'x', text: '' });
    expect(await settlePayout(ports(seen, { at: later(NOW, 29 * DAY) }), payout.billNo, 'unpaid', 'x')).toEqual({
      refused: saying(words),
    });
    expect(await store.payout(payout.billNo)).toEqual(payout);
  });

  test('is refused against WeChat Pay’s word, however old the number is', async () => {
    const payout = await see(await plan('oAnn'), { kind: 'accepted' });
    for (const [seen, verdict] of [
      [status('RECEIVED'), 'unpaid'],
      [status('REFUND'), 'received'],
      [status('SENT'), 'received'],
    ] as const)
      expect(await settlePayout(ports(seen, { at: OLD }), payout.billNo, verdict, 'x')).toHaveProperty('refused');
    expect(await settlePayout(ports(status('RECEIVED'), { at: OLD }), payout.billNo, 'received', 'x')).toHaveProperty(
      'done',
    );
    await balances();
  });

  test('of what was never sent, or is being sent, is refused', async () => {
    const planned = await plan('oAnn', REDPACK, true);
    expect(await settlePayout(ports(SILENCE, { at: OLD }), planned.billNo, 'unpaid', 'x')).toEqual({
      refused: saying('payouts cancel'),
    });
    const sending = await plan('oBob');
    expect(await settlePayout(ports(SILENCE), sending.billNo, 'unpaid', 'x')).toEqual({
      refused: saying('under way'),
    });
  });

  test('without the merchant in bot.yaml counts for what is too old', async () => {
    const payout = await see(await plan('oAnn'), { kind: 'accepted' });
    const gone = {
      ...ports(SILENCE, { at: OLD }),
      payer: () => {
        throw new Error('bot.yaml has no merchant');
      },
    };
    await expect(settlePayout(gone, payout.billNo, 'received', 'x')).rejects.toThrow('no merchant');
  });

  test('loses to a bot that hears the end at this very moment', async () => {
    const payout = await see(await plan('oAnn'), { kind: 'accepted' });
    let isHeard = false;
    const during = async () => {
      if (!isHeard) await see((await store.payout(payout.billNo))!, { kind: 'order', state: 'RECEIVED' });
      isHeard = true;
    };
    expect(await settlePayout(ports({ kind: 'notFound' }, { at: OLD, during }), payout.billNo, 'unpaid', 'x')).toEqual({
      refused: saying('final'),
    });
    expect(await store.buckets('test')).toMatchObject({ sent: 0, received: 100 });
    await balances();
  });
});

describe('RECEIVED for a red packet that has failed here', () => {
  test('holds the successor, whatever state it is in, and is written down once', async () => {
    const clock = () => NOW;
    const alarms: string[] = [];
    const log = { ...SILENT, error: (_: object, message: string) => void alarms.push(message) };
    for (const [n, make] of [
      async (next: Payout) => next,
      async (next: Payout) => {
        const step = beginSend(next, NOW);
        await store.advance(step);
        return step.payout;
      },
      async (next: Payout) => {
        const step = beginSend(next, NOW);
        await store.advance(step);
        return see(step.payout, { kind: 'refused', code: 'NOTENOUGH', text: '' });
      },
    ].entries()) {
      const user = `oAnn${n}`;
      const first = await see(await plan(user), status('FAILED'));
      const second = await make((await store.payout(nextNumber(first)))!);
      for (const seen of [status('RECEIVED'), status('RECEIVED')])
        expect(await doubt({ store, clock, log }, (await store.payout(first.billNo))!, seen)).toBe(true);
      const held = (await store.payout(second.billNo))!;
      expect(held).toMatchObject({ stopped: 'doubted', version: second.version + 1 });
      expect([held.state, held.nextDo, held.nextAt]).toEqual(
        [
          ['held', 'send', undefined],
          ['sending', 'query', second.nextAt],
          ['held', 'query', NOW],
        ][n],
      );
      // Nothing it may hear makes it be sent, or followed.
      for (const seen of [
        { kind: 'notFound' } as const,
        { kind: 'refused', code: 'NOTENOUGH', text: '' } as const,
        status('SENDING'),
        status('FAILED'),
      ]) {
        if (held.tries === 0) continue;
        const { step } = observe(held, seen, true, later(NOW, MINUTE), DEFAULT_POLICY);
        expect([step.payout.nextDo, step.successor]).toEqual(['query', undefined]);
      }
      expect((await store.history(first.billNo)).filter(({ what }) => what === 'doubted')).toHaveLength(1);
    }
    expect(alarms).toEqual(Array(6).fill('payout: RECEIVED at WeChat Pay, although it is failed here'));
    await balances();
  });

  test('the successor’s own successor is found as well, and FAILED is no contradiction', async () => {
    const payout = await givenUp('oAnn');
    await offerPayout(ports(status('FAILED')), payout.billNo, 'x');
    const [first] = await numbers('oAnn');
    const on = { store, clock: () => NOW, log: SILENT };
    expect(await doubt(on, first!, status('FAILED'))).toBe(false);
    expect(await doubt(on, first!, status('SENT'))).toBe(true);
    expect((await numbers('oAnn')).at(-1)).toMatchObject({ attempt: 6, state: 'held', stopped: 'doubted' });
  });
});

// ── As processes, beside a bot ───────────────────────────────────────────────────────────────────────────────

describe('beside a running bot', () => {
  let world: World;
  afterEach(() => world.close());
  const begin = async (options: WorldOptions = {}): Promise<void> => {
    world = await startWorld({ jobs: true, rules: RULES.replace('¥1000.00', '¥2.00'), ...options });
  };
  const hongbao = (...args: string[]) => run(world.folder, ...args, '--config', 'bot.yaml');
  const sendTo = (person: string, ...more: string[]) => {
    writeFileSync(join(world.folder, 'people.txt'), person);
    return hongbao('send', '--campaign', 'test', '--openids', 'people.txt', '--amount', '1.50', ...more);
  };
  const only = async (user: string): Promise<Payout> =>
    (await world.store.payouts({ user: openId(user), limit: 1 }))[0]!;

  test('an offer takes the money from the budget again, is paid, and says what it did', async () => {
    await begin();
    const [ann, bob] = [world.person(true), world.person(true)];
    expect((await hongbao('merchant', 'halt', 'shop', '--reason', '核对')).code).toBe(0);
    await sendTo(ann, '--no-wait');
    const { billNo } = await only(ann);
    expect((await hongbao('payouts', 'cancel', billNo, '--reason', '名单有误')).code).toBe(0);
    await sendTo(bob, '--no-wait'); // takes all there is
    const full = await hongbao('payouts', 'offer', billNo, '--reason', '名单无误', '--json');
    expect([full.code, JSON.parse(full.out)]).toEqual([1, { billNo, refused: saying('campaign/test/amount') }]);
    expect((await hongbao('payouts', 'cancel', (await only(bob)).billNo, '--reason', '让给别人')).code).toBe(0);
    const offered = await hongbao('payouts', 'offer', billNo, '--reason', '名单无误', '--json');
    expect([offered.code, JSON.parse(offered.out)]).toMatchObject([0, { billNo, number: (await only(ann)).billNo }]);
    expect((await hongbao('merchant', 'resume', 'shop')).code).toBe(0);
    await until(async () => (await only(ann)).state === 'sent');
    expect(world.simulator.control.merchant(MERCHANT.mchId)).toMatchObject({ sentCount: 1, sentAmount: 150 });
    const again = await hongbao('payouts', 'offer', billNo, '--reason', 'x');
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('is not offered')]);
    expect((await hongbao('audit')).code).toBe(0);
  }, 120_000);

  test('a verdict is refused while WeChat Pay answers; what is mistyped is exit code 2', async () => {
    await begin();
    const ann = world.person(true);
    await sendTo(ann);
    const { billNo } = await only(ann);
    const refused = await hongbao('payouts', 'settle', billNo, '--as', 'unpaid', '--reason', 'x', '--json');
    expect([refused.code, JSON.parse(refused.out)]).toEqual([1, { billNo, refused: saying('SENT') }]);
    for (const args of [
      ['settle', billNo, '--as', 'lost', '--reason', 'x'],
      ['settle', billNo, '--as', 'received'],
      ['settle', billNo, '--reason', 'x'],
      ['settle', 'NOBODY', '--as', 'received', '--reason', 'x'],
      ['offer', billNo],
      ['offer', billNo, '--reason', ' '],
      ['offer', 'NOBODY', '--reason', 'x'],
    ])
      expect([args, (await hongbao('payouts', ...args)).code]).toEqual([args, 2]);
    const help = (await hongbao('payouts', '--help')).out;
    expect([help.includes('offer'), help.includes('settle')]).toEqual([true, true]);
  }, 120_000);
});

describe('an offer for a payment that was refunded', () => {
  const refund = () => store.count([{ name: refundedCounter('t1'), add: 1, max: 9 }]);

  test.each([
    ['before', true],
    ['while WeChat Pay was asked', false],
  ])('%s makes no new number', async (_, isBefore) => {
    // WeChat refused the follower: over for good, so that the refund had nothing left to mark.
    const payout = await see(await plan('oAnn', TRANSFER, false, 't1'), bill('FAIL', 'REAL_NAME_CHECK_FAIL'));
    expect(payout.state).toBe('failed');
    if (isBefore) await refund();
    const during = isBefore ? {} : { during: refund };
    expect(await offerPayout(ports(bill('FAIL', 'REAL_NAME_CHECK_FAIL'), during), payout.billNo, '已实名')).toEqual({
      refused: saying('the payment it rewards was refunded, so it is owed no more'),
    });
    expect(await store.payout(nextNumber(payout))).toBeUndefined();
    expect(await store.buckets('test')).toMatchObject({ reserved: 0, sent: 0 });
  });

  test('that was not refunded makes one', async () => {
    const payout = await see(await plan('oAnn', TRANSFER, false, 't1'), bill('FAIL', 'REAL_NAME_CHECK_FAIL'));
    expect(await offerPayout(ports(bill('FAIL', 'REAL_NAME_CHECK_FAIL')), payout.billNo, '已实名')).toHaveProperty(
      'number',
    );
  });
});
