// How a payout lies in its row: which columns it has, which of them a step writes anew, and the way there and back.
import type { Payout } from '../core/payout.ts';
import type { Value } from './schema.ts';

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
  holds: true,
  state: true,
  version: true,
  tries: true,
  strikes: true,
  nextDo: true,
  nextAt: true,
  problem: true,
  userRefused: true,
  firstSentAt: true,
  listId: true,
  packageInfo: true,
  reoffer: false,
  undoneBy: false,
  refunded: true,
  sentAt: true,
  endedAt: true,
};
export const FIELDS = Object.keys(CHANGES) as (keyof Payout)[];
export const CHANGING = FIELDS.filter(field => CHANGES[field]);
export type PayoutRow = { readonly [K in keyof Payout]: Value };

/** The columns of a `SELECT` that gives a `PayoutRow`. */
export const PAYOUT = FIELDS.map(field => `${column(field)} AS ${field}`).join(', ');

export function payoutOf(row: PayoutRow): Payout;
export function payoutOf(row: PayoutRow | undefined): Payout | undefined;
export function payoutOf(row: PayoutRow | undefined): Payout | undefined {
  if (!row) return undefined;
  const { request, holds, userRefused, reoffer, undoneBy } = row;
  const payout: Record<string, unknown> = present(row);
  payout.request = JSON.parse(request as string);
  payout.holds = JSON.parse(holds as string);
  if (undoneBy !== null) payout.undoneBy = JSON.parse(undoneBy as string);
  if (userRefused !== null) payout.userRefused = userRefused === 1;
  if (reoffer !== null) payout.reoffer = reoffer === 1;
  return payout as Payout;
}

/** NULL is how a column says that a field is absent. */
export function present<Row extends object | undefined>(row: Row): Row {
  if (!row) return row;
  const fields: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(row)) if (value !== null) fields[field] = value;
  return fields as Row;
}

/** As a column holds it: structure as JSON, nothing as NULL. */
export function stored(field: Payout[keyof Payout] | undefined): Value {
  if (typeof field === 'string') return field.replaceAll('\0', '\uFFFD');
  if (typeof field === 'boolean') return Number(field);
  return typeof field === 'object' ? JSON.stringify(field) : (field ?? null);
}

/** `billNo` → `bill_no` */
export function column(field: keyof Payout): string {
  return field.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}
