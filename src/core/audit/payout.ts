// What must be true of one payout and its history, and of one claim and all its payouts: a part of the audit (核账).

import type { Counter } from '../base/counter.ts';
import { type Fen, fen } from '../base/money.ts';
import { DAY, dayOf, type Instant, instant, parseBeijing } from '../base/time.ts';
import type { Claim } from '../decide/decision.ts';

import { merchantDayCounter } from '../decide/limits.ts';
import { billNoOf, isFinal, type Payout, type PayoutState } from '../payout/payout.ts';
import { alwaysHeld, capDayIn, holdOf, holdsOf } from './claim.ts';
import { isRecovered, recoveredKey } from './claim-of-number.ts';
import { unitOf } from './counter-name.ts';

/** One thing that does not agree. */
export type AuditFinding = {
  /** Which record: `bucket spring`, `counter campaign/spring/amount`, `payout 1900…`, `claim spring/…`, `funds.csv:7`. */
  readonly where: string;
  /** Which of its values. */
  readonly what: string;
  readonly expected: number | string;
  readonly found: number | string;
  /** `fen`: money. `ms`: an instant. `count`: pieces of anything. `text`: words. */
  readonly unit: 'fen' | 'ms' | 'count' | 'text';
};

/** As much of a history line as the audit needs; `HistoryLine` of ports.ts is one. */
export type Change = {
  readonly version: number;
  readonly at: Instant;
  readonly from: PayoutState | 'new';
  readonly to: PayoutState;
  readonly what: string;
};

type Fields =
  | ('billNo' | 'claimKey' | 'attempt' | 'campaign' | 'rule' | 'account' | 'merchant' | 'user')
  | ('amount' | 'holds' | 'state' | 'createdAt');

/** As much of a payout as is compared with its claim and its counters. */
export type Paid = Pick<Payout, Fields> & {
  readonly mchId: string;
  /** What came back of it, in fen. */
  readonly refunded: Fen;
  /** An operator said what became of it, perhaps after it had counted as unpaid and had a successor. */
  readonly isSettled: boolean;
};

export function paidOf(payout: Payout, history: readonly Change[]): Paid {
  const { billNo, claimKey, attempt, campaign, rule, account, merchant, user } = payout;
  const { amount, holds, state, createdAt, request } = payout;
  const { mchId } = request;
  const refunded = fen(refundedOf(payout));
  const isSettled = history.some(({ what }) => what === 'settled');
  return {
    billNo,
    claimKey,
    attempt,
    campaign,
    rule,
    account,
    merchant,
    user,
    amount,
    holds,
    state,
    createdAt,
    mchId,
    refunded,
    isSettled,
  };
}

/** gethbinfo answers for orders of the last 30 days only: then a payout is parked, with an alarm. */
const HORIZON_MS = 30 * DAY;

/** What came back of it, in fen. */
export function refundedOf({ state, refunded, amount }: Pick<Payout, 'state' | 'refunded' | 'amount'>): number {
  return state === 'refunded' ? (refunded ?? amount) : 0;
}

/** Nothing of it was or will be paid, so that the claim may have another. */
function isVoid(payout: Pick<Payout, 'state' | 'refunded' | 'amount'>): boolean {
  return payout.state === 'failed' || (payout.state === 'refunded' && refundedOf(payout) >= payout.amount);
}

/** What is wrong with a payout by itself. */
export function auditPayout(payout: Payout, history: readonly Change[]): AuditFinding[] {
  const where = `payout ${payout.billNo}`;
  const findings: AuditFinding[] = [];
  const number = payout.claimKey === recoveredKey(payout) ? payout.billNo : expectedNumber(payout);
  if (number !== payout.billNo)
    findings.push({ where, what: 'number', expected: number, found: payout.billNo, unit: 'text' });
  const broken = brokenHistory(payout, history);
  if (broken) findings.push({ where, ...broken, unit: 'text' });
  if (isLost(payout, history))
    findings.push({
      where,
      what: 'next look',
      expected: 'a time, or an alarm',
      found: `none, in state ${payout.state}`,
      unit: 'text',
    });
  if (refundedOf(payout) > payout.amount)
    findings.push({ where, what: 'refunded', expected: payout.amount, found: refundedOf(payout), unit: 'fen' });
  return findings;
}

/** The event's day stands in the number and nowhere else; the rest of it follows from claim and attempt. */
function expectedNumber({ request, billNo, claimKey, attempt }: Payout): string {
  return billNoOf(request.mchId, startOf(dayIn(billNo, request.mchId)), claimKey, attempt);
}

/** Of very many payouts there are few days. */
const starts = new Map<string, Instant>();
const STARTS_MAX = 1000;

/** `20260210`; of what is no day the first of all. */
function startOf(day: string): Instant {
  const known = starts.get(day);
  if (known !== undefined) return known;
  const at = parseBeijing(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`) ?? instant(0);
  if (starts.size === STARTS_MAX) starts.clear();
  starts.set(day, at);
  return at;
}

/** `20260210` */
function dayIn(billNo: string, mchId: string): string {
  return billNo.slice(mchId.length, mchId.length + 8);
}

type Broken = { readonly what: string; readonly expected: string; readonly found: string };

/** What a person, or WeChat Pay against us, may write behind an end. */
const BEHIND_AN_END: ReadonlySet<string> = new Set(['offered', 'settled', 'doubted', 'called off']);

/** The first place at which the history does not lead to where the payout is. */
function brokenHistory({ version, state }: Payout, history: readonly Change[]): Broken | undefined {
  let before: PayoutState | 'new' = 'new';
  for (const [index, line] of history.entries()) {
    const what = `history line ${index + 1}`;
    if (line.version !== index + 1) return { what, expected: `version ${index + 1}`, found: `version ${line.version}` };
    if (line.from !== before) return { what, expected: `from ${before}`, found: `from ${line.from}` };
    if (before !== 'new' && isFinal(before) && !BEHIND_AN_END.has(line.what))
      return { what, expected: `none after ${before}`, found: `to ${line.to}` };
    before = line.to;
  }
  const what = 'end of the history';
  if (history.length !== version) return { what, expected: `version ${version}`, found: `version ${history.length}` };
  return before === state ? undefined : { what, expected: state, found: before };
}

/** Unfinished, never looked at again, and nobody was told. Who waits for a person is `held`, or was parked with an alarm. */
function isLost({ state, nextAt, createdAt }: Payout, history: readonly Change[]): boolean {
  if (nextAt !== undefined || isFinal(state) || state === 'held') return false;
  const last = history.at(-1);
  const isParked =
    last !== undefined && (last.at - createdAt > HORIZON_MS || (state === 'sent' && PARKED.test(last.what)));
  return !isParked;
}

/** What was seen of one that is with the follower, and was left to a person with an alarm. */
const PARKED = /^(?:asked )?isFailed(?:One|Bug|Unknown)?$/;

/** A payout that does not pay what its claim says. */
export function auditAgainstClaim(payout: Paid, claim: Claim): AuditFinding[] {
  const findings: AuditFinding[] = [];
  const where = `payout ${payout.billNo}`;
  const isSame = payout.amount === claim.amount;
  if (!isSame) {
    findings.push({
      where,
      what: `amount (claim ${claim.key})`,
      expected: claim.amount,
      found: payout.amount,
      unit: 'fen',
    });
  }
  for (const what of ['campaign', 'rule', 'account', 'user'] as const) {
    if (payout[what] !== claim[what])
      findings.push({ where, what, expected: claim[what], found: payout[what], unit: 'text' });
  }
  const isHolding = payout.state === 'received' || !isFinal(payout.state);
  return isSame && isHolding ? [...findings, ...auditHolds(payout, claim)] : findings;
}

/** While its money is not back, it holds what the claim counted against. */
function auditHolds(payout: Paid, claim: Claim): AuditFinding[] {
  const due = holdsOf(claim);
  return due && isHeld(payout, claim, due) ? [] : auditEachHold(payout, claim, due);
}

/** The usual case, told at a glance: it holds what is due, in the order in which all claims count, and its merchant's caps. */
function isHeld({ holds, merchant }: Paid, claim: Claim, due: readonly Pick<Counter, 'name' | 'add'>[]): boolean {
  let [at, caps] = [0, 0];
  for (const { name, add } of holds) {
    const next = due[at];
    if (next?.name === name && next.add === add) at++;
    else if (capDayIn(name, merchant) !== undefined && holdOf(name, claim, merchant) === add) caps++;
    else return false;
  }
  return at === due.length && caps > 0;
}

function auditEachHold(
  payout: Paid,
  claim: Claim,
  counting: readonly Pick<Counter, 'name' | 'add'>[] | undefined,
): AuditFinding[] {
  const where = `payout ${payout.billNo}`;
  const held = new Map(payout.holds.map(hold => [hold.name, hold.add]));
  const counted = counting && new Map(counting.map(({ name, add }) => [name, add]));
  const due = (name: string): number => {
    const isCap = capDayIn(name, payout.merchant) !== undefined;
    return (counted && !isCap ? counted.get(name) : holdOf(name, claim, payout.merchant)) ?? 0;
  };
  const isCapped = payout.holds.some(({ name }) => capDayIn(name, payout.merchant) !== undefined);
  const names = new Set([
    ...held.keys(),
    ...(counted?.keys() ?? [alwaysHeld(claim)]),
    ...(isCapped ? [] : [capNameOf(payout)]),
  ]);
  return [...names]
    .filter(name => held.get(name) !== due(name))
    .map(name => ({
      where,
      what: `hold on ${name}`,
      expected: due(name),
      found: held.get(name) ?? 0,
      unit: unitOf(name),
    }));
}

/** It holds its merchant's day, whichever that is; this one, if it was not delayed. */
function capNameOf({ merchant, createdAt }: Paid): string {
  return merchantDayCounter(merchant, dayOf(createdAt));
}

/** As much of a payout as stays in memory until all of its claim's were seen. `day`: the one in its number. */
export type Attempt = {
  readonly billNo: string;
  readonly day: string;
  readonly attempt: number;
  readonly isVoid: boolean;
  readonly isSettled: boolean;
};

export function attemptOf(paid: Paid): Attempt {
  const { billNo, attempt, mchId, isSettled } = paid;
  return { billNo, day: dayIn(billNo, mchId), attempt, isVoid: isVoid(paid), isSettled };
}

/** What is wrong with a claim and all its payouts together. */
export function auditClaim(claim: Claim, payouts: readonly Attempt[]): AuditFinding[] {
  const where = `claim ${claim.key}`;
  const findings: AuditFinding[] = [];
  const count = (what: string, expected: number, found: number): void => {
    if (expected !== found) findings.push({ where, what, expected, found, unit: 'count' });
  };
  const key = `${claim.campaign}/${claim.rule}/${claim.user}/`;
  if (!claim.key.startsWith(key) && !isRecovered(claim))
    findings.push({ where, what: 'key', expected: `${key}…`, found: claim.key, unit: 'text' });
  if (claim.amount > 0 && payouts.length === 0) count('payouts', 1, 0);
  const alive = payouts.filter(payout => !payout.isVoid).length;
  if (alive > 1) count('payouts that are not failed or refunded', 1, alive);
  const numbers = new Set(payouts.map(payout => payout.billNo));
  for (const billNo of numbers)
    count(`payouts ${billNo}`, 1, payouts.filter(payout => payout.billNo === billNo).length);
  return [
    ...findings,
    ...auditChain(
      where,
      payouts.toSorted((a, b) => a.attempt - b.attempt),
    ),
  ];
}

/** Its numbers, one after the other: none is missing, each follows one that is void, and all carry the same day. */
function auditChain(where: string, sorted: readonly Attempt[]): AuditFinding[] {
  const findings: AuditFinding[] = [];
  for (const [index, { billNo, attempt, day, isVoid: isAfterVoid }] of sorted.entries()) {
    if (attempt !== index + 1) {
      const what = `attempt of payout ${billNo}`;
      return [...findings, { where, what, expected: index + 1, found: attempt, unit: 'count' }];
    }
    const before = sorted[index - 1];
    if (!before) continue;
    const what = `payout ${before.billNo}, before ${billNo}`;
    if (!before.isVoid && !(before.isSettled && isAfterVoid))
      findings.push({ where, what, expected: 'failed or refunded', found: 'neither', unit: 'text' });
    if (before.day !== day)
      findings.push({ where, what: `day in the number ${billNo}`, expected: before.day, found: day, unit: 'text' });
  }
  return findings;
}

/** Sums over a campaign's payouts, in fen. */
export type Sums = { reserved: number; sent: number; received: number; refunded: number };

/** Which bucket a payout's money is in. */
export function addToSums(sums: Sums, payout: Pick<Payout, 'state' | 'amount' | 'refunded'>): void {
  const { state, amount } = payout;
  switch (state) {
    case 'planned':
    case 'sending':
    case 'unknown':
    case 'held':
      sums.reserved += amount;
      break;
    case 'sent':
    case 'received':
      sums[state] += amount;
      break;
    case 'refunded':
      sums.refunded += refundedOf(payout);
      sums.received += amount - refundedOf(payout);
      break;
    case 'failed':
      break;
    default:
      state satisfies never;
  }
}

/** The amount of a campaign that is taken. */
export function takenOf({ reserved, sent, received }: Sums): number {
  return reserved + sent + received;
}
