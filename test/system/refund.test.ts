// What a payment earned goes with its refund, on both stores: chances, counted orders, days of a streak, the inviter's as
// well; told before, after, twice, in parts or at the same moment; whoever dies in between.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explain, showExplanation } from '../../src/core/analysis/explain.ts';
import { Ledger as RuleLedger } from '../../src/core/analysis/memory-ledger.ts';
import type { OpenId } from '../../src/core/base/event.ts';
import { DAY } from '../../src/core/base/time.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import { paymentKey, UNKNOWN_PAYER } from '../../src/core/payout/payment.ts';
import { describe as publicRules } from '../../src/core/public-rules/describe.ts';
import type { Campaign, Trigger } from '../../src/core/rules/campaign.ts';
import type { Store } from '../../src/ports.ts';
import { type Beside, KINDS } from '../support/beside.ts';
import { campaignOf, nothing, outcome, packet, ruleOf, word } from '../support/campaigns.ts';
import { inWords } from '../support/checks.ts';
import { ANN, BOB, Shop } from '../support/refund-world.ts';

const PAID: Trigger = { kind: 'paid' };
const FRIEND: Trigger = { kind: 'friend', did: 'paid' };

/** 抽奖 spends one 机会; an order earns two, a friend's order three. */
const lottery = (): Campaign =>
  campaignOf({
    wallets: { 机会: {} },
    prizes: [nothing('thanks')],
    rules: [
      ruleOf({ id: 'draw', on: word('抽奖'), give: ['thanks'], spend: { 机会: 1 } }),
      ruleOf({ id: 'order', on: PAID, earn: { 机会: 2 } }),
      ruleOf({ id: 'friend', on: FRIEND, earn: { 机会: 3 } }),
    ],
  });

describe.each(KINDS)('a refund, on %s', (_, openBeside) => {
  let beside: Beside;
  let shop: Shop;
  beforeEach(async () => {
    beside = await openBeside();
  });
  afterEach(() => beside.dispose());
  const open = async (campaign: Campaign): Promise<Shop> => {
    shop = await Shop.open([campaign], beside);
    return shop;
  };
  const draws = (user = ANN) => shop.times(user, '抽奖');

  describe('of an order that earned chances', () => {
    test('takes them back', async () => {
      await open(lottery());
      await shop.pay(ANN, 't1');
      await shop.refund('t1');
      expect(await draws()).toBe(0);
      expect(await shop.audit()).toEqual([]);
    });

    test('takes back those of its own order only', async () => {
      await open(lottery());
      for (const order of ['t1', 't2']) await shop.pay(ANN, order);
      await shop.refund('t1');
      expect(await draws()).toBe(2);
    });

    test('whose account is gone from bot.yaml since is heard, counts, and takes them back', async () => {
      await open(lottery());
      await shop.pay(ANN, 't1');
      const later = shop.process(shop.store, []);
      await shop.refund('t1', 'r1', later);
      expect(await draws()).toBe(0);
      await shop.pay(ANN, 't2');
      expect(await draws()).toBe(2);
      expect(await shop.audit()).toEqual([]);
    });

    test('that is told before the payment leaves nothing to be earned', async () => {
      await open(lottery());
      await shop.refund('t1');
      await shop.pay(ANN, 't1');
      const [line] = await shop.store.journal({ key: paymentKey('t1'), limit: 1 });
      expect(outcome(line!.decision)).toBe('notEligible');
      expect(await draws()).toBe(0);
      await shop.pay(ANN, 't2');
      expect(await draws()).toBe(2);
    });

    test('told twice, and in three parts, takes them back once', async () => {
      await open(lottery());
      await shop.pay(ANN, 't1');
      await shop.pay(ANN, 't2');
      for (const part of ['r1', 'r1', 'r2', 'r3', 'r2']) await shop.refund('t1', part);
      expect(await draws()).toBe(2);
    });

    test('told again after its answers are forgotten takes nothing more', async () => {
      await open(lottery());
      for (const order of ['t1', 't2']) await shop.pay(ANN, order);
      await shop.refund('t1');
      shop.passes(3 * DAY);
      await shop.store.forget(shop.now);
      await shop.refund('t1');
      expect(await draws()).toBe(2);
    });

    test('after they were spent makes the next ones pay for them, and never goes below nothing', async () => {
      await open(lottery());
      for (let round = 1; round <= 5; round++) {
        await shop.pay(ANN, `t${round}`);
        expect(await draws()).toBe(round === 1 ? 2 : 0);
        await shop.refund(`t${round}`);
        expect(await draws()).toBe(0);
      }
      await shop.pay(ANN, 'kept-1'); // makes up for the two that were spent
      expect(await draws()).toBe(0);
      await shop.pay(ANN, 'kept-2');
      expect(await draws()).toBe(2);
      expect(await shop.audit()).toEqual([]);
    });

    test('leaves the free ones of the day', async () => {
      const campaign = lottery();
      await open({ ...campaign, wallets: new Map([['机会', { name: '机会', freePerDay: 1 }]]) });
      await shop.pay(ANN, 't1');
      expect(await draws()).toBe(3);
      await shop.refund('t1');
      shop.passes(DAY);
      expect(await draws()).toBe(1);
    });

    test('takes back only what was earned under the day’s bound', async () => {
      const campaign = lottery();
      await open({ ...campaign, wallets: new Map([['机会', { name: '机会', earnPerDay: 3 }]]) });
      for (const order of ['t1', 't2', 't3']) await shop.pay(ANN, order); // 2, 1, 0
      await shop.refund('t3');
      await shop.refund('t2');
      expect(await draws()).toBe(2);
    });

    test('finds them under the names they had, though the file was changed since', async () => {
      await open(lottery());
      await shop.pay(ANN, 't1');
      const rules = lottery().rules.map(rule =>
        rule.id === 'order' ? { ...rule, id: 'bill', earn: new Map() } : rule,
      );
      shop.campaigns[0] = { ...lottery(), rules };
      shop.flow = shop.process(shop.store);
      await shop.refund('t1');
      expect(await draws()).toBe(0);
    });

    test('takes those of a shadow back as well', async () => {
      await open({ ...lottery(), mode: 'shadow' });
      await shop.pay(ANN, 't1');
      await shop.refund('t1');
      await shop.says(ANN, '抽奖');
      const [line] = await shop.store.journal({ user: ANN, limit: 1 });
      expect(line!.decision.shadows).toMatchObject([{ outcome: 'limited' }]);
    });
  });

  describe('of a friend’s order', () => {
    test('takes back what the inviter had for it', async () => {
      await open(lottery());
      await shop.invited(BOB, ANN);
      await shop.pay(BOB, 't1');
      expect(await shop.store.journal({ user: ANN, limit: 9 })).toHaveLength(1);
      await shop.refund('t1');
      expect(await draws(ANN)).toBe(0);
      expect(await draws(BOB)).toBe(0);
    });

    test('that itself earned nothing', async () => {
      const campaign = lottery();
      await open({ ...campaign, rules: campaign.rules.filter(({ id }) => id !== 'order') });
      await shop.invited(BOB, ANN);
      await shop.pay(BOB, 't1');
      expect(await draws(ANN)).toBe(3);
      await shop.refund('t1');
      await shop.pay(ANN, 't2');
      expect(await draws(ANN)).toBe(0);
    });

    test.each([
      ['it earns nothing itself', false],
      ['it earns something itself', true],
    ])(
      'that was told while the payment was in the making, and %s: the inviter has nothing of it',
      async (_name, earns) => {
        const campaign = lottery();
        await open({ ...campaign, rules: campaign.rules.filter(({ id }) => earns || id !== 'order') });
        await shop.invited(BOB, ANN);
        // Nobody knows yet whose payment it is.
        const met = shop.meeting('paid', () => shop.refund('t1'));
        await shop.pay(BOB, 't1', shop.process(met.store));
        expect(met.hasMet()).toBe(true);
        expect(await draws(ANN)).toBe(0);
        expect(await draws(BOB)).toBe(0);
      },
    );

    test.each([1, 2].flatMap(n => [false, true].map(isDone => [n, isDone] as const)))(
      'told after a process died at write %i of the payment, written: %s',
      async (n, isDone) => {
        await open(lottery());
        await shop.invited(BOB, ANN);
        const dying = shop.dying(n, isDone);
        void shop.pay(BOB, 't1', shop.process(dying.store));
        await expect.poll(dying.calls).toBe(n);
        await expect.poll(async () => (await shop.store.journal({ limit: 9 })).length).toBe(isDone ? n + 1 : n);
        await shop.refund('t1');
        await shop.pay(BOB, 't1'); // WeChat Pay tells it again, as it was not heard
        expect([await draws(ANN), await draws(BOB)]).toEqual([0, 0]);
      },
    );
  });

  test.each([
    ['a draw', 'text'],
    ['the refund', 'refunded'],
  ] as const)(
    'that meets a draw, while %s waits to be written: the chance is spent or gone, not both',
    async (_name, kind) => {
      await open(lottery());
      await shop.pay(ANN, 't1');
      const draw = () => shop.flow.handle(shop.event(ANN, { kind: 'text', text: '抽奖' }));
      const met = shop.meeting(kind, () => (kind === 'text' ? shop.refund('t1') : draw()));
      const flow = shop.process(met.store);
      if (kind === 'text') await flow.handle(shop.event(ANN, { kind: 'text', text: '抽奖' }, 'm:draw'));
      else await shop.refund('t1', 'r1', flow);
      expect(met.hasMet()).toBe(true);
      const won = kind === 'text' ? 0 : 1;
      const spent = (await shop.store.journal({ user: ANN, limit: 9 })).filter(
        ({ event, decision }) => event.kind === 'text' && decision.kind === 'awarded',
      );
      expect(spent).toHaveLength(won);
      await shop.pay(ANN, 't2');
      expect(await draws()).toBe(2 - won);
    },
  );

  test('that meets its own payment, while the refund waits to be written, sees what it earned, the inviter’s as well', async () => {
    await open(lottery());
    await shop.invited(BOB, ANN);
    const met = shop.meeting('refunded', () => shop.pay(BOB, 't1'));
    await shop.process(met.store).handle(shop.refunded(BOB, 't1'));
    expect(met.hasMet()).toBe(true);
    expect([await draws(ANN), await draws(BOB)]).toEqual([0, 0]);
  });

  describe('of a counted order', () => {
    const counted = (): Campaign =>
      campaignOf({
        prizes: [packet('gift'), nothing('none')],
        rules: [ruleOf({ id: 'third', on: PAID, giveAt: { 3: 'gift' } })],
      });
    const gives = async (order: string): Promise<string> => {
      await shop.pay(ANN, order);
      return outcome((await shop.store.journal({ key: paymentKey(order), limit: 1 }))[0]!.decision);
    };

    test('makes it count for nothing', async () => {
      await open(counted());
      for (const order of ['t1', 't2']) expect(await gives(order)).toBe('progress');
      await shop.refund('t1');
      expect([await gives('t3'), await gives('t4')]).toEqual(['progress', 'gift']);
    });

    test('cannot give the same prize a second time', async () => {
      await open(counted());
      const first = [await gives('t1'), await gives('t2'), await gives('t3')];
      expect(first).toEqual(['progress', 'progress', 'gift']);
      for (const order of ['t1', 't2', 't3']) await shop.refund(order);
      expect((await shop.payouts()).map(({ state }) => state)).toEqual(['failed']);
      const again = [await gives('t4'), await gives('t5'), await gives('t6'), await gives('t7')];
      expect(again).not.toContain('gift');
    });

    test('told while the third is decided makes it the second', async () => {
      await open(counted());
      for (const order of ['t1', 't2']) await gives(order);
      const met = shop.meeting('paid', () => shop.refund('t1'));
      await shop.pay(ANN, 't3', shop.process(met.store));
      expect(await shop.payouts()).toEqual([]);
      expect(await gives('t4')).toBe('gift');
    });
  });

  describe('of a day of a streak', () => {
    const daily = (): Campaign =>
      campaignOf({
        prizes: [packet('gift'), nothing('none')],
        rules: [ruleOf({ id: 'days', on: PAID, once: 'perDay', streak: { cycle: 3 }, giveAt: { 3: 'gift' } })],
      });
    /** One order a day; what each came to. */
    const days = async (...orders: string[]): Promise<string[]> => {
      const all: string[] = [];
      for (const order of orders) {
        await shop.pay(ANN, order);
        all.push(outcome((await shop.store.journal({ key: paymentKey(order), limit: 1 }))[0]!.decision));
        shop.passes(DAY);
      }
      return all;
    };

    test('breaks it: the next day begins anew', async () => {
      await open(daily());
      await days('t1', 't2');
      await shop.refund('t1');
      expect(await days('t3', 't4', 't5')).toEqual(['progress', 'progress', 'gift']);
    });

    test('of a cycle that is over leaves the present one', async () => {
      await open(daily());
      await days('t1', 't2', 't3', 't4', 't5');
      await shop.refund('t2');
      expect(await days('t6')).toEqual(['gift']);
    });

    test('that gave a prize has to be earned with three new days', async () => {
      await open(daily());
      await days('t1', 't2', 't3');
      await shop.refund('t3');
      await shop.refund('t2');
      expect(await days('t4', 't5', 't6')).toEqual(['progress', 'progress', 'gift']);
      expect((await shop.payouts()).map(({ state }) => state)).toEqual(['planned', 'failed']);
    });
  });

  test('of an order that drew brings no locked prize nearer', async () => {
    const rule = ruleOf({ id: 'draw', on: PAID, give: ['big', 'none'] });
    await open(
      campaignOf({ prizes: [packet('big', { unlockAfter: 2, weight: 1000 }), nothing('none')], rules: [rule] }),
    );
    for (const order of ['t1', 't2']) await shop.pay(ANN, order);
    await shop.refund('t1');
    await shop.pay(ANN, 't3');
    expect(await shop.payouts()).toEqual([]);
    await shop.pay(ANN, 't4');
    expect(await shop.payouts()).toHaveLength(1);
  });

  test('takes back a prize that waits, though its rule says nothing of it', async () => {
    await open(campaignOf({ prizes: [packet('back')], rules: [ruleOf({ on: PAID, give: ['back'] })] }));
    await shop.pay(ANN, 't1');
    await shop.refund('t1');
    expect((await shop.payouts()).map(({ state }) => state)).toEqual(['failed']);
    expect(shop.undone.map(([, cause]) => cause)).toEqual(['refunded']);
    expect(await shop.audit()).toEqual([]);
  });

  describe('finds its payment, which is on disk before it is heard', () => {
    const only = (id: string): Campaign => {
      const campaign = lottery();
      return { ...campaign, rules: campaign.rules.filter(rule => rule.id === id) };
    };
    test.each([
      ['no rule rewards it', 'draw', 0],
      ['only the inviter is rewarded', 'friend', 3],
    ])('where %s', async (_name, rule, earned) => {
      await open(
        rule === 'draw' ? only('draw') : { ...lottery(), rules: lottery().rules.filter(({ id }) => id !== 'order') },
      );
      await shop.invited(BOB, ANN);
      let isAway = true;
      const failing: Store = {
        ...shop.store,
        commit: commit => (isAway ? Promise.reject(new Error('the disk is full')) : shop.store.commit(commit)),
      };
      const flow = shop.process(failing);
      await expect(shop.pay(BOB, 't1', flow)).rejects.toThrow('the disk is full');
      isAway = false;
      await shop.pay(BOB, 't1', flow);
      expect(await shop.store.journal({ key: paymentKey('t1'), limit: 9 })).toHaveLength(1);
      expect(await shop.store.journal({ user: ANN, limit: 9 })).toHaveLength(earned === 0 ? 0 : 1);
      await shop.refund('t1');
      expect(await shop.store.journal({ user: BOB, limit: 1 })).toMatchObject([{ event: { kind: 'refunded' } }]);
      if (earned > 0) expect(await draws(ANN)).toBe(0);
    });

    test('is not heard by a process that dies before it is written', async () => {
      await open(only('draw'));
      const dying = shop.dying(1, false);
      const heard = shop.pay(BOB, 't1', shop.process(dying.store)).then(() => 'heard');
      await expect.poll(dying.calls).toBe(1);
      const silence = new Promise(resolve => setTimeout(resolve, 50, 'silence'));
      expect(await Promise.race([heard, silence])).toBe('silence');
    });
  });

  test('of many orders among draws, all at once in two processes: nobody has more than was kept', async () => {
    await open(lottery());
    const other = shop.process(await beside.open());
    const work: Promise<unknown>[] = [];
    for (let n = 0; n < 12; n++) {
      const flow = n % 2 === 0 ? shop.flow : other;
      work.push(shop.pay(ANN, `t${n}`, flow));
      if (n % 3 !== 0) work.push(shop.refund(`t${n}`, `r${n}`, other), shop.refund(`t${n}`, `r${n}`, shop.flow));
      work.push(other.handle(shop.event(ANN, { kind: 'text', text: '抽奖' })));
    }
    await Promise.all(work);
    for (let n = 0; n < 12; n++) if (n % 3 !== 0) await shop.refund(`t${n}`, `r${n}`);
    await draws();
    const lines = await shop.store.journal({ user: ANN, limit: 1000 });
    const spent = lines.filter(({ decision }) => decision.kind === 'awarded' && decision.rule === 'draw').length;
    // Four were kept. What was spent of the others before they were refunded is owed.
    await shop.pay(ANN, 'more');
    const left = Math.max(0, 2 * 5 - spent);
    expect(await draws()).toBe(left);
    expect(await shop.audit()).toEqual([]);
  });
});

describe('the public rules and the explanation', () => {
  test('say what a refund takes back', () => {
    const campaign = {
      ...lottery(),
      rules: [...lottery().rules, ruleOf({ id: 'n', on: PAID, giveAt: { 3: 'thanks' } })],
    };
    const lines = publicRules(campaign);
    expect(lines).toContain('订单退款（含部分退款）的，由它得到的收回；已经用掉的，从以后得到的里扣。');
    expect(lines).toContain('退款的订单不计次数。');
    expect(publicRules({ ...campaign, rules: campaign.rules.filter(({ id }) => id === 'draw') }).join()).not.toContain(
      '退款',
    );
  });

  test('name the rule whose gift is gone, and later why there is none', async () => {
    const beside = await KINDS[0]![1]();
    const shop = await Shop.open([lottery()], beside);
    await shop.pay(ANN, 't1');
    await shop.refund('t1');
    const [line] = await shop.store.journal({ user: ANN, limit: 1 });
    const { event, at, decision, reply } = line!;
    const text = showExplanation(
      explain({ event, at, decision, reply }, { campaigns: [lottery()], accounts: ['tea'] }),
    );
    expect(text).toContain('tea/order  退款，收回它给过的');
    expect(text).toContain('✓ 订单退款，收回「机会」2 个');
    const later = await shop.says(ANN, '抽奖');
    expect(inWords(later.trace[0]!)).toContainEqual({ ok: false, text: '「机会」剩 0（因退款收回过 2），需 1' });
    await beside.dispose();
  });
});

test('the ledger of rule tests comes to the same as the flow, whatever is told in whatever order', async () => {
  const does = fc.oneof(
    fc.record({ kind: fc.constant('pay' as const), order: fc.nat(5), user: fc.constantFrom(ANN, BOB) }),
    fc.record({ kind: fc.constant('refund' as const), order: fc.nat(5) }),
    fc.record({ kind: fc.constant('draw' as const), user: fc.constantFrom(ANN, BOB) }),
  );
  const balance = { kind: 'text', text: '还有 {{balance}}' } as const;
  const replies = { nothing: balance, progress: balance, limited: balance, notEligible: balance };
  const campaign = (): Campaign => ({ ...lottery(), rules: lottery().rules.map(rule => ({ ...rule, replies })) });
  await fc.assert(
    fc.asyncProperty(fc.array(does, { maxLength: 25 }), async steps => {
      const beside = await KINDS[0]![1]();
      const shop = await Shop.open([campaign()], beside);
      const ledger = new RuleLedger();
      const book = bookOf([campaign()], ['tea']);
      const around = { merchant: undefined, seedOf: () => 'seed' };
      const follow = shop.event(BOB, { kind: 'subscribe', via: 'qr', scene: `i.${ANN}.tea` });
      await shop.flow.handle(follow);
      ledger.play(book, follow, around);
      const payers = new Map<number, OpenId>();
      for (const step of steps) {
        shop.passes(60_000);
        if (step.kind === 'draw') {
          const event = shop.event(step.user, { kind: 'text', text: '抽奖' });
          const { reply } = await shop.flow.handle(event);
          expect(ledger.play(book, event, around).decision.reply).toEqual(reply);
        } else if (step.kind === 'refund') {
          await shop.refund(`t${step.order}`);
          ledger.play(book, shop.refunded(payers.get(step.order) ?? UNKNOWN_PAYER, `t${step.order}`), around);
        } else if (!payers.has(step.order)) {
          payers.set(step.order, step.user);
          const event = shop.paid(step.user, `t${step.order}`);
          const { reply } = await shop.flow.handle(event);
          expect(ledger.play(book, event, around).decision.reply).toEqual(reply);
        }
      }
      expect(await shop.audit()).toEqual([]);
      await beside.dispose();
    }),
    { numRuns: 40 },
  );
}, 60_000);
