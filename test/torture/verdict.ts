// What must be true at the end of every seed, whatever happened: the promises of the project, one check each. What was
// counted, and what people may expect, have files of their own.

import { Audit, showAuditFinding } from '../../src/core/audit/audit.ts';
import { openId } from '../../src/core/base/event.ts';
import { keysOf } from '../../src/core/base/record.ts';
import { awardsOf } from '../../src/core/decide/decision.ts';
import { isInsteadOf } from '../../src/core/match/claim-key.ts';
import type { Facts } from '../../src/core/match/facts.ts';
import { isFinal, type Payout } from '../../src/core/payout/payout.ts';
import { isCancel } from '../../src/core/rules/campaign.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import type { JournalLine, Store } from '../../src/ports.ts';
import { couponNow } from '../../src/simulator/world/coupon.ts';
import { parseXml } from '../../src/wechat/xml.ts';
import { MCH_ID } from './config.ts';
import { UNKNOWN_REASON } from './trouble.ts';
import { countedRight } from './verdict-count.ts';
import { answersAreEqual, isWon, peopleAreServed } from './verdict-people.ts';
import type { Departure } from './watch.ts';
import type { Torture } from './world.ts';

/** The end of a seed, as the verdict reads it. */
export type Ending = {
  readonly torture: Torture;
  readonly store: Store;
  readonly payouts: readonly Payout[];
  /** Oldest first. */
  readonly journal: readonly JournalLine[];
};

export async function violations(torture: Torture, store: Store): Promise<string[]> {
  const payouts = await store.payouts({ limit: 10_000 });
  const journal = (await store.journal({ limit: 10_000 })).toReversed();
  const ending = { torture, store, payouts, journal };
  return [
    ...everyDebtEnded(torture, payouts),
    ...everyNumberHasOneBody(torture),
    ...noNewNumberWithoutFailure(torture, payouts),
    ...torture.watch.found,
    ...spacing(torture),
    ...[true, undefined].flatMap(isVoucher => [
      ...rate(
        torture,
        'calls',
        torture.watch.sends.filter(each => each.isVoucher === isVoucher),
      ),
      ...rate(
        torture,
        'questions',
        torture.watch.asks.filter(each => each.isVoucher === isVoucher),
      ),
    ]),
    ...answersAreEqual(torture),
    ...(await everyPromiseIsKept(torture, store)),
    ...(await countedRight(ending)),
    ...(await peopleAreServed(ending)),
    ...(await theBooksBalance(torture, store, payouts)),
    ...(await historyIsWhole(store, payouts)),
    ...(await theAuditBalances(ending)),
  ];
}

export const orderOf = (torture: Torture, billNo: string) => torture.orderOf(billNo);

const ENDS: ReadonlyMap<string, string> = new Map([
  ['received', 'RECEIVED'],
  ['refunded', 'REFUND'],
]);

/** Each claim: at most one packet with the follower, and every number in a final state. */
function everyDebtEnded(torture: Torture, payouts: readonly Payout[]): string[] {
  const found: string[] = [];
  for (const payout of payouts) {
    if (!isFinal(payout.state))
      found.push(`${payout.billNo} never came to rest: ${payout.state}, ${payout.problem ?? 'no reason'}`);
    const order = orderOf(torture, payout.billNo);
    const expected = ENDS.get(payout.state);
    if (expected && order?.status !== expected)
      found.push(`${payout.billNo} is ${payout.state} here and ${order?.status ?? 'unknown'} there`);
    // What came back before we ever heard that it was with the follower has failed for us: a transfer, or a voucher, which
    // WeChat Pay does not list any more.
    const mayGoUnheard = torture.channel === 'transfer' || payout.request.channel === 'voucher';
    const isBack = mayGoUnheard && order?.status === 'REFUND';
    // An order that was refused waits for its number to be sent again, which nobody does once it was taken back.
    const isRefused = isCancel(payout.stopped) && order?.status === 'SENDING' && order.reason !== undefined;
    if (payout.state === 'failed' && order && order.status !== 'FAILED' && !isBack && !isRefused)
      found.push(`${payout.billNo} failed here and is ${order.status} there`);
  }
  for (const [claimKey, numbers] of groupBy(payouts)) {
    const paid = numbers.filter(payout => orderOf(torture, payout.billNo)?.status === 'RECEIVED');
    if (paid.length > 1) found.push(`claim ${claimKey} was received ${paid.length} times`);
  }
  // Where another prize is given instead, nothing of the refused one is with the follower.
  for (const { billNo, claimKey } of payouts) {
    const first = payouts.filter(each => isInsteadOf(claimKey, each.claimKey));
    const kept = first.find(each => ['RECEIVED', 'SENT'].includes(orderOf(torture, each.billNo)?.status ?? ''));
    if (kept) found.push(`${billNo} was given instead of ${kept.billNo}, which is with the follower`);
  }
  const ours = new Set<string>(payouts.map(payout => payout.billNo));
  for (const order of torture.wechat.state().packets)
    if (!ours.has(order.billNo)) found.push(`WeChat has an order ${order.billNo} that no payout knows`);
  for (const { number } of torture.wechat.coupons.all())
    if (!ours.has(number)) found.push(`WeChat has a coupon of ${number} that no payout knows`);
  return found;
}

function groupBy(payouts: readonly Payout[]): Map<string, Payout[]> {
  const groups = new Map<string, Payout[]>();
  for (const payout of payouts) groups.set(payout.claimKey, [...(groups.get(payout.claimKey) ?? []), payout]);
  return groups;
}

/** One of each way: to be confirmed, with an authorization, under one. WeChat Pay takes the first, whichever it is. */
function everyNumberHasOneBody({ watch }: Torture): string[] {
  const bodies = new Map<string, string>();
  const found: string[] = [];
  for (const { billNo, body } of watch.sends) {
    const { nonce_str: _, sign: __, ...fields } = body.startsWith('<') ? parseXml(body) : JSON.parse(body);
    const text = JSON.stringify(fields);
    const way = `${billNo} ${'authorization_info' in fields} ${String(fields.authorization_id)}`;
    if ((bodies.get(way) ?? text) !== text) found.push(`${billNo} was sent with two bodies`);
    bodies.set(way, text);
  }
  return found;
}

function noNewNumberWithoutFailure(torture: Torture, payouts: readonly Payout[]): string[] {
  return payouts.flatMap(payout => {
    if (payout.attempt === 1) return [];
    const before = payouts.find(each => each.claimKey === payout.claimKey && each.attempt === payout.attempt - 1);
    const status = before && orderOf(torture, before.billNo)?.status;
    const isOver = status === 'FAILED' || status === 'REFUND';
    const reason = before && orderOf(torture, before.billNo)?.reason;
    const isWanted = torture.operator.offeredAgain.has(payout.claimKey);
    if (reason === UNKNOWN_REASON && !isWanted)
      return [`${payout.billNo} was made after ${reason}, which nobody knows`];
    // What never reached WeChat Pay was not paid either; that only a person can know.
    return isOver || (isWanted && status === undefined)
      ? []
      : [`${payout.billNo} is number ${payout.attempt} of its claim, while the one before is ${status ?? 'unknown'}`];
  });
}

/** A second between two tries of one number, whoever makes them. */
function spacing({ watch, wasSet }: Torture): string[] {
  const found: string[] = [];
  const last = new Map<string, Departure>();
  for (const departure of watch.sends) {
    const { billNo, at } = departure;
    const before = last.get(billNo);
    // A process knows its own tries by a clock that cannot be set; the other's only by the wall clock.
    const isExcused = before && before.who !== departure.who && wasSet(before.at, at);
    if (before && at - before.at < 1000 && !isExcused)
      found.push(`${billNo} was tried twice within ${at - before.at} ms: ${before.who}, ${departure.who}`);
    last.set(billNo, departure);
  }
  return found;
}

/**
 * In no second do more calls leave than the merchant may make, all workers taken together; and one, as a call may leave
 * late by as much as its slot is long.
 */
function rate({ perSecond, wasSet }: Torture, what: string, calls: readonly Departure[]): string[] {
  const found: string[] = [];
  calls.forEach((last, index) => {
    const within = calls.slice(Math.max(0, index - 100), index + 1).filter(({ at }) => last.at - at < 1000);
    const isExcused = within.some(({ who }) => who !== last.who) && wasSet(last.at - 1000, last.at);
    if (within.length <= perSecond + 1 || isExcused) return;
    const which = within.map(({ who, at }) => `${who} ${Math.round(at - last.at)}`);
    found.push(`${within.length} ${what} left within one second, allowed are ${perSecond}: ${which.join(', ')}`);
  });
  return found;
}

/** Whoever was told that they won has a claim. */
async function everyPromiseIsKept({ pushes: { deliveries } }: Torture, store: Store): Promise<string[]> {
  const found: string[] = [];
  for (const { event, copies } of deliveries) {
    if (!copies.some(({ answer }) => isWon(answer))) continue;
    const lines = await store.journal({ key: event.key, limit: 1 });
    const decision = lines[0]?.decision;
    if (decision?.kind !== 'awarded') {
      found.push(`${event.key}: the follower was told of a packet, and nothing is written`);
      continue;
    }
    // What comes together is there together.
    const claims = awardsOf(decision).map(({ claimKey }) => claimKey);
    const facts: Facts = await store.facts({
      account: 'tea',
      user: event.user,
      merchant: 'shop',
      claims,
      counters: [],
    });
    if (!claims.every(claim => facts.claims.has(claim))) found.push(`${event.key}: told of a packet without a claim`);
  }
  return found;
}

/** Buckets = payouts = WeChat's books = the counter, to the fen. */
async function theBooksBalance(torture: Torture, store: Store, payouts: readonly Payout[]): Promise<string[]> {
  const { wechat } = torture;
  const expected = bucketsOf(payouts);
  const found: string[] = [];
  for (const { id } of torture.versions[0].campaigns) found.push(...(await itsBooksBalance(id, store, payouts)));
  // Vouchers stand beside the merchant's books, as what they are worth.
  const coupons = wechat.coupons.all().map(each => couponNow(each, wechat.now()));
  const worth = (...ends: readonly string[]): number =>
    coupons.filter(each => ends.includes(each.status)).reduce((total, each) => total + each.amount, 0);
  const receivedAmount = wechat.merchant(MCH_ID).books.receivedAmount + worth('USED');
  const refundedAmount = wechat.merchant(MCH_ID).books.refundedAmount + worth('EXPIRED', 'RECOVER');
  if (receivedAmount !== expected.received)
    found.push(`WeChat paid ${receivedAmount} fen, our books say ${expected.received}`);
  // What came back before we heard that it was there has failed for us: it never left `reserved`.
  const unheard = payouts
    .filter(({ billNo, state }) => state === 'failed' && orderOf(torture, billNo)?.refundedAt !== undefined)
    .reduce((total, payout) => total + payout.amount, 0);
  if (refundedAmount !== expected.refunded + unheard)
    found.push(`WeChat refunded ${refundedAmount} fen, our books say ${expected.refunded} and ${unheard}`);
  return found;
}

/** Those of one campaign. */
async function itsBooksBalance(campaign: string, store: Store, payouts: readonly Payout[]): Promise<string[]> {
  const expected = bucketsOf(payouts.filter(payout => payout.campaign === campaign));
  const buckets = await store.buckets(campaign);
  const found = keysOf(expected).flatMap(name => {
    const [bucket, value] = [buckets[name], expected[name]];
    return bucket === value ? [] : [`bucket ${name} of ${campaign} holds ${bucket} fen, its payouts ${value}`];
  });
  const { counters } = await store.facts({
    account: 'tea',
    user: openId(''),
    merchant: undefined,
    claims: [],
    counters: [`campaign/${campaign}/amount`],
  });
  const counter = counters.get(`campaign/${campaign}/amount`) ?? 0;
  const out = expected.reserved + expected.sent + expected.received;
  if (counter !== out) found.push(`the budget's counter of ${campaign} stands at ${counter}, ${out} fen are out`);
  return found;
}

function bucketsOf(payouts: readonly Payout[]) {
  const sum = (...states: readonly string[]): number =>
    payouts.filter(payout => states.includes(payout.state)).reduce((total, payout) => total + payout.amount, 0);
  return {
    reserved: sum('planned', 'sending', 'unknown', 'held'),
    sent: sum('sent'),
    received: sum('received'),
    refunded: sum('refunded'),
  };
}

async function historyIsWhole(store: Store, payouts: readonly Payout[]): Promise<string[]> {
  const found: string[] = [];
  for (const payout of payouts) {
    const lines = await store.history(payout.billNo);
    let state = 'new';
    lines.forEach((line, index) => {
      if (line.version !== index + 1) found.push(`${payout.billNo}: history lacks version ${index + 1}`);
      if (line.from !== state) found.push(`${payout.billNo}: history goes from ${line.from} where it was ${state}`);
      state = line.to;
    });
    if (state !== payout.state || lines.length !== payout.version)
      found.push(`${payout.billNo}: history ends in ${state}, version ${lines.length}`);
  }
  return found;
}

async function theAuditBalances({ torture, store }: Ending): Promise<string[]> {
  const { campaigns } = torture.versions[torture.isEdited ? 1 : 0];
  const { findings } = await auditStore(store, new Audit(campaigns));
  return findings.map(finding => `the audit: ${showAuditFinding(finding)}`);
}
