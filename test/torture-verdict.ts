// What must be true at the end of every seed, whatever happened: the promises of the project, one check each.

import type { Facts } from '../src/core/decide.ts';
import { isFinal, type Payout } from '../src/core/payout.ts';
import type { Answer, Store } from '../src/ports.ts';
import { parseXml } from '../src/wechat/xml.ts';
import { MCH_ID, STOCK } from './torture-config.ts';
import type { Departure } from './torture-watch.ts';
import type { Torture } from './torture-world.ts';

export async function violations(torture: Torture, store: Store, payouts: readonly Payout[]): Promise<string[]> {
  return [
    ...everyDebtEnded(torture, payouts),
    ...everyNumberHasOneBody(torture),
    ...noNewNumberWithoutFailure(torture, payouts),
    ...torture.watch.found,
    ...spacing(torture),
    ...rate(torture, 'calls', torture.watch.sends),
    ...rate(torture, 'questions', torture.watch.asks),
    ...answersAreEqual(torture),
    ...(await everyPromiseIsKept(torture, store)),
    ...(await noBoundIsPassed(torture, store, payouts)),
    ...(await theBooksBalance(torture, store, payouts)),
    ...(await historyIsWhole(store, payouts)),
  ];
}

const orderOf = ({ wechat }: Torture, billNo: string) => wechat.order(MCH_ID, billNo);

/** Each claim: at most one packet with the follower, and every number in a final state. */
function everyDebtEnded(torture: Torture, payouts: readonly Payout[]): string[] {
  const found: string[] = [];
  for (const payout of payouts) {
    if (!isFinal(payout.state))
      found.push(`${payout.billNo} never came to rest: ${payout.state}, ${payout.problem ?? 'no reason'}`);
    const order = orderOf(torture, payout.billNo);
    const expected = { received: 'RECEIVED', refunded: 'REFUND' }[payout.state as string];
    if (expected && order?.status !== expected)
      found.push(`${payout.billNo} is ${payout.state} here and ${order?.status ?? 'unknown'} there`);
    if (payout.state === 'failed' && order && order.status !== 'FAILED')
      found.push(`${payout.billNo} failed here and is ${order.status} there`);
  }
  for (const [claimKey, numbers] of groupBy(payouts)) {
    const paid = numbers.filter(payout => orderOf(torture, payout.billNo)?.status === 'RECEIVED');
    if (paid.length > 1) found.push(`claim ${claimKey} was received ${paid.length} times`);
  }
  const ours = new Set(payouts.map(payout => payout.billNo as string));
  for (const order of torture.wechat.state().packets)
    if (!ours.has(order.billNo)) found.push(`WeChat has an order ${order.billNo} that no payout knows`);
  return found;
}

function groupBy(payouts: readonly Payout[]): Map<string, Payout[]> {
  const groups = new Map<string, Payout[]>();
  for (const payout of payouts) groups.set(payout.claimKey, [...(groups.get(payout.claimKey) ?? []), payout]);
  return groups;
}

function everyNumberHasOneBody({ watch }: Torture): string[] {
  const bodies = new Map<string, string>();
  const found: string[] = [];
  for (const { billNo, body } of watch.sends) {
    const { nonce_str: _, sign: __, ...fields } = parseXml(body);
    const text = JSON.stringify(fields);
    if ((bodies.get(billNo) ?? text) !== text) found.push(`${billNo} was sent with two bodies`);
    bodies.set(billNo, text);
  }
  return found;
}

function noNewNumberWithoutFailure(torture: Torture, payouts: readonly Payout[]): string[] {
  return payouts.flatMap(payout => {
    if (payout.attempt === 1) return [];
    const before = payouts.find(each => each.claimKey === payout.claimKey && each.attempt === payout.attempt - 1);
    const status = before && orderOf(torture, before.billNo)?.status;
    const isOver = status === 'FAILED' || status === 'REFUND';
    return isOver
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

/** Whoever was told of a packet is told the same again. */
function answersAreEqual({ deliveries }: Torture): string[] {
  return deliveries.flatMap(({ event, copies }) => {
    const heard = copies.filter(({ answer }) => answer);
    const won = heard.find(({ answer }) => isWon(answer));
    if (!won) return [];
    // What claims nothing is answered before it is written, and is decided again after a crash: copies under way at the
    // same time may be told that the merchant is halted, say, and that they won. But where an event can win only once,
    // whatever the day, that it has won already can come of nothing but its own win.
    const isOnce = event.kind !== 'text' || event.text !== '红包';
    const same = heard.filter(
      ({ from, answer }) => isWon(answer) || from > won.to || (isOnce && textIn(answer).includes('已经领过')),
    );
    const texts = new Set(same.map(({ answer }) => JSON.stringify({ at: answer!.at, reply: answer!.reply })));
    return texts.size > 1 ? [`${event.key} was answered in ${texts.size} ways: ${[...texts].join(' / ')}`] : [];
  });
}

function textIn(answer: Answer | undefined): string {
  return answer?.reply.kind === 'text' ? answer.reply.text : '';
}

function isWon(answer: Answer | undefined): boolean {
  return textIn(answer).includes('红包已发出');
}

/** Whoever was told that they won has a claim. */
async function everyPromiseIsKept({ deliveries }: Torture, store: Store): Promise<string[]> {
  const found: string[] = [];
  for (const { event, copies } of deliveries) {
    if (!copies.some(({ answer }) => isWon(answer))) continue;
    const lines = await store.journal({ key: event.key, limit: 1 });
    const decision = lines[0]?.decision;
    if (decision?.kind !== 'awarded') {
      found.push(`${event.key}: the follower was told of a packet, and nothing is written`);
      continue;
    }
    const facts: Facts = await store.facts({
      account: 'tea',
      user: event.user,
      merchant: 'shop',
      claims: [decision.claimKey],
      counters: [],
    });
    if (!facts.claims.has(decision.claimKey)) found.push(`${event.key}: told of a packet without a claim`);
  }
  return found;
}

async function noBoundIsPassed(
  { people, campaign }: Torture,
  store: Store,
  payouts: readonly Payout[],
): Promise<string[]> {
  const found: string[] = [];
  const { total, packets } = campaign.campaign.budget!;
  // What was ever out at once: the reservation of a claim stays until it is received or free again.
  const taken = payouts.filter(payout => payout.state === 'received').reduce((sum, payout) => sum + payout.amount, 0);
  if (taken > total) found.push(`${taken} fen were paid from a budget of ${total}`);
  const counters = ['campaign/torture/amount', 'campaign/torture/packets', 'campaign/torture/prize/rare'];
  const { counters: values } = await store.facts({
    account: 'tea',
    user: people[0]!,
    merchant: 'shop',
    claims: [],
    counters,
  });
  const bounds = [total, packets!, STOCK];
  counters.forEach((name, index) => {
    if ((values.get(name) ?? 0) > bounds[index]!)
      found.push(`${name} is ${values.get(name)}, its bound ${bounds[index]}`);
  });
  const journal = await store.journal({ limit: 10_000 });
  const rare = journal.filter(line => line.decision.kind === 'awarded' && line.decision.prize === 'rare').length;
  if (rare > STOCK) found.push(`${rare} of ${STOCK} rare prizes were given`);
  return found;
}

/** Buckets = payouts = WeChat's books = the counter, to the fen. */
async function theBooksBalance({ wechat }: Torture, store: Store, payouts: readonly Payout[]): Promise<string[]> {
  const sum = (...states: readonly string[]): number =>
    payouts.filter(payout => states.includes(payout.state)).reduce((total, payout) => total + payout.amount, 0);
  const expected = {
    reserved: sum('planned', 'sending', 'unknown', 'held'),
    sent: sum('sent'),
    received: sum('received'),
    refunded: sum('refunded'),
  };
  const buckets = await store.buckets('torture');
  const found = Object.entries(expected).flatMap(([name, value]) => {
    const bucket = buckets[name as keyof typeof buckets];
    return bucket === value ? [] : [`bucket ${name} holds ${bucket} fen, its payouts ${value}`];
  });
  const { receivedAmount, refundedAmount } = wechat.merchant(MCH_ID).books;
  if (receivedAmount !== expected.received)
    found.push(`WeChat paid ${receivedAmount} fen, our books say ${expected.received}`);
  if (refundedAmount !== expected.refunded)
    found.push(`WeChat refunded ${refundedAmount} fen, our books say ${expected.refunded}`);
  const { counters } = await store.facts({
    account: 'tea',
    user: '' as never,
    merchant: undefined,
    claims: [],
    counters: ['campaign/torture/amount'],
  });
  const counter = counters.get('campaign/torture/amount') ?? 0;
  const out = expected.reserved + expected.sent + expected.received;
  if (counter !== out) found.push(`the budget's counter stands at ${counter}, ${out} fen are out`);
  return found;
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
