// Who a number was paid to: read from the answers to the queries (查询红包记录, 查询转账单) of an order whose payout was lost. What became of the order is the query's business as ever; this is only for finding out whose it is.
import type { Sighting } from '../../core/audit/sighting.ts';
import type { OpenId } from '../../core/base/event.ts';
import { type Fen, fen } from '../../core/base/money.ts';
import { classify } from '../../core/payout/classify.ts';
import type { Observation, Payout } from '../../core/payout/payout.ts';
import { numberOf } from '../json.ts';

export type Look = {
  /** `draft`: a payout with this number; of its follower and its amount nothing needs to be true. */
  ask(draft: Payout): Promise<Sighting>;
  close(): Promise<void>;
};

export type Owned = Omit<Extract<Sighting, { kind: 'order' }>, 'kind'>;

/** An answer that differs from the draft was verified like any other before it was compared. */
export function sightingOf(seen: Observation, { request }: Payout, read: () => Owned): Sighting {
  if (classify(seen, true, request) === 'notFound') return { kind: 'none' };
  const isOther = seen.kind === 'silence' && (seen.code === 'OTHER_AMOUNT' || seen.code === 'OTHER_PAYEE');
  if (seen.kind === 'order' || isOther) return { kind: 'order', ...read() };
  return { kind: 'unasked', why: 'code' in seen ? `${seen.code} ${seen.text}`.trim() : seen.kind };
}

const OPENID = /^[\w-]{1,64}$/;

export function isOpenId(value: unknown): value is OpenId {
  return typeof value === 'string' && OPENID.test(value);
}

export function amountOf(value: unknown): Fen | undefined {
  const amount = numberOf(value);
  return amount !== undefined && Number.isSafeInteger(amount) && amount > 0 ? fen(amount) : undefined;
}
