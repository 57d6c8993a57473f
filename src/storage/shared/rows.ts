// How things lie in their rows: which columns a payout has, which of them a step writes anew, and the way there and back.

import { type JsonText, saidBy } from '../../core/base/json-text.ts';
import { keysOf } from '../../core/base/record.ts';
import type { Instant } from '../../core/base/time.ts';
import type { Follower } from '../../core/match/facts.ts';

import type { BillNo, Payout } from '../../core/payout/payout.ts';
import type { HistoryLine } from '../../ports.ts';

/** What a column holds. */
export type Value = string | number | null;

/** What a step writes anew, and what stays as it was planned. A field that is not here does not compile. */
const CHANGES: Record<keyof Payout, boolean> = {
  billNo: false,
  claimKey: false,
  attempt: false,
  campaign: false,
  rule: false,
  account: false,
  merchant: false,
  user: false,
  amount: false,
  request: false,
  createdAt: false,
  eventAt: false,
  holds: true,
  state: true,
  version: true,
  tries: true,
  strikes: true,
  nextDo: true,
  nextAt: true,
  problem: true,
  userRefused: true,
  stopped: true,
  refusals: true,
  expired: true,
  firstSentAt: true,
  listId: true,
  packageInfo: true,
  reoffer: false,
  undoneBy: false,
  refunded: true,
  sentAt: true,
  endedAt: true,
};
export const FIELDS = keysOf(CHANGES);
export const CHANGING = FIELDS.filter(field => CHANGES[field]);
export type PayoutRow = { readonly [K in keyof Payout]: Value };

/** The columns of a `SELECT` that gives a `PayoutRow`. */
export const PAYOUT = FIELDS.map(field => `${column(field)} AS ${field}`).join(', ');

export function payoutOf(row: PayoutRow): Payout;
export function payoutOf(row: PayoutRow | undefined): Payout | undefined;
export function payoutOf(row: PayoutRow | undefined): Payout | undefined {
  return row && payoutWith(present(row));
}

/** Of the columns that say something. They are turned into what they mean where they stand. */
export function payoutWith(columns: Record<string, unknown>): Payout {
  const payout = columns;
  for (const field of ['request', 'holds', 'undoneBy'])
    if (typeof payout[field] === 'string') payout[field] = JSON.parse(payout[field]);
  for (const flag of ['userRefused', 'expired', 'reoffer'])
    if (payout[flag] !== undefined) payout[flag] = payout[flag] === 1;
  return payout as Payout;
}

/** NULL is how a column says that a field is absent. */
export function present<Row extends object | undefined>(row: Row): Row {
  return row && named<Row>(Object.keys(row), Object.values(row));
}

/** The same from the names of columns and what stands in them. */
export function named<Row>(fields: readonly string[], values: readonly Value[]): Row {
  const row: Record<string, unknown> = {};
  for (let n = 0; n < fields.length; n++) if (values[n] !== null) row[fields[n]!] = values[n];
  return row as Row;
}

/** A line of a history as JSON. `token`: of the call that wrote it, where one did that may be told twice. */
export type StoredLine = [
  token: string | null,
  version: number,
  at: Instant,
  from: HistoryLine['from'],
  to: HistoryLine['to'],
  what: HistoryLine['what'],
  detail: string | null,
];

export function lineFrom(billNo: BillNo, [, version, at, from, to, what, detail]: StoredLine): HistoryLine {
  const line = { billNo, version, at, from, to, what };
  return detail === null ? line : { ...line, detail };
}

/** As a column holds it: structure as JSON, nothing as NULL. */
export function stored(field: Payout[keyof Payout] | Follower['invitedBy'] | undefined): Value {
  if (typeof field === 'string') return field.replaceAll('\0', '\uFFFD');
  if (typeof field === 'boolean') return Number(field);
  return typeof field === 'object' ? JSON.stringify(field) : (field ?? null);
}

/** `billNo` → `bill_no` */
export function column(field: keyof Payout): string {
  return field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}

// ── The rest ─────────────────────────────────────────────────────────────────────────────────────────────

export type FollowerRow = {
  readonly following: number;
  readonly follows: number;
  readonly followedAt: Instant | null;
  readonly leftAt: Instant | null;
  readonly invitedBy: JsonText<NonNullable<Follower['invitedBy']>> | null;
};

/** The columns of a `SELECT` that gives a `FollowerRow`. */
export const FOLLOWER = 'following, follows, followed_at AS followedAt, left_at AS leftAt, invited_by AS invitedBy';
export function followerOf(
  { account, user }: Pick<Follower, 'account' | 'user'>,
  { following, follows, followedAt, leftAt, invitedBy }: FollowerRow,
): Follower {
  return {
    account,
    user,
    following: following === 1,
    follows,
    ...(followedAt !== null && { followedAt }),
    ...(leftAt !== null && { leftAt }),
    ...(invitedBy !== null && { invitedBy: saidBy(invitedBy) }),
  };
}

/** In the order of the columns account, user, following, follows, followed_at, left_at, invited_by. */
export function followerValues({ account, user, ...row }: Follower): Value[] {
  const { following, follows, followedAt, leftAt, invitedBy } = row;
  return [account, user, Number(following), follows, followedAt ?? null, leftAt ?? null, stored(invitedBy)];
}

type FollowerSeen = { readonly followsSeen?: number; readonly leftSeen?: number };

export function looksAtFollower({ followsSeen, leftSeen }: FollowerSeen): boolean {
  return followsSeen !== undefined || leftSeen !== undefined;
}

/** Whether nobody came or went since the follower was read. */
export function isAsSeen(row: FollowerRow | undefined, { followsSeen, leftSeen }: FollowerSeen): boolean {
  const [follows, leftAt] = [row?.follows ?? 0, row?.leftAt ?? 0];
  return follows === (followsSeen ?? follows) && leftAt === (leftSeen ?? leftAt);
}
