// What WeChat Pay tells us by itself (回调通知): a transfer (商家转账) that reached its end. It is believed only with WeChat
// Pay's signature, and acknowledged only once it is written down. A stranger gets an empty 401 and learns nothing.
import type { Context } from 'koa';
import { BadInput, messageOf } from '../core/error.ts';
import type { OpenId } from '../core/event.ts';
import { type BillNo, isFinal, type Observation, type Payout } from '../core/payout.ts';
import { observe, type PayoutPolicy, type Verdict } from '../core/payout-table.ts';
import type { Instant } from '../core/time.ts';
import { doubt } from '../doubt.ts';
import type { Clock, Log, Store } from '../ports.ts';
import { readBody, TooLarge } from './body.ts';

/** A notification is below 2 KiB. */
const BODY_BYTES_MAX = 64 * 1024;
/** How often it is applied anew because somebody else changed the payout in between. */
const RACES_MAX = 5;

type TransferNotice = {
  readonly billNo: BillNo;
  readonly user: OpenId;
  /** Fen. */
  readonly amount: number;
  readonly seen: Observation;
};

export type NotifyMerchant = {
  readonly policy: PayoutPolicy;
  /** Verifies and decrypts. Throws `BadInput` for whatever WeChat Pay did not say to this merchant just now. */
  readonly open: (headers: Context['headers'], body: string, now: Instant) => TransferNotice;
};

export type NotifyPorts = {
  /** Those that pay by transfer. */
  readonly transfers: ReadonlyMap<string, NotifyMerchant>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Writes a verdict down, and what follows from it: the one settle uses. */
  readonly conclude: (merchant: string, verdict: Verdict) => Promise<'moved' | 'stale'>;
};

/** POST /notify/transfer/:merchant. WeChat Pay takes 200 and 204 as heard, and tries again for a day otherwise. */
export function notifyPost(ports: NotifyPorts) {
  const { transfers, clock, log } = ports;
  return async (ctx: Context, name: string): Promise<void> => {
    const merchant = transfers.get(name);
    if (!merchant) return;
    let notice: TransferNotice;
    try {
      const body = await readBody(ctx.req, BODY_BYTES_MAX);
      notice = merchant.open(ctx.headers, body, clock());
    } catch (error) {
      refuse(ctx, log, name, error);
      return;
    }
    const status = await apply(ports, name, merchant.policy, notice).catch((error: unknown) => {
      const fields = { merchant: name, billNo: notice.billNo, err: error };
      log.error(fields, 'a transfer’s end could not be written down; WeChat Pay will tell it again');
      return 503 as const;
    });
    ctx.status = status;
    ctx.body = status === 204 ? null : { code: 'FAIL', message: status === 404 ? 'no such bill' : 'try again' };
  };
}

/** 204: written down, or known already. 404: no payout of ours. 503: not now. */
async function apply(
  { store, clock, log, conclude }: NotifyPorts,
  merchant: string,
  policy: PayoutPolicy,
  notice: TransferNotice,
): Promise<204 | 404 | 503> {
  for (let race = 0; race < RACES_MAX; race++) {
    const payout = await store.payout(notice.billNo);
    if (!payout || !concerns(notice, payout, merchant)) {
      const { billNo, amount } = notice;
      log.error({ merchant, billNo, amount }, 'WeChat Pay tells of a transfer that is none of our payouts');
      return 404;
    }
    if (isFinal(payout.state)) {
      await doubt({ store, clock, log }, payout, notice.seen);
      return 204;
    }
    if ((await conclude(merchant, observe(payout, notice.seen, true, clock(), policy))) === 'moved') return 204;
  }
  return 503;
}

function concerns({ amount, user }: TransferNotice, payout: Payout, merchant: string): boolean {
  const isOurs = payout.merchant === merchant && payout.request.channel === 'transfer';
  return isOurs && payout.amount === amount && payout.user === user;
}

function refuse(ctx: Context, log: Log, merchant: string, error: unknown): void {
  if (!(error instanceof BadInput)) log.warn({ merchant, err: error }, 'a notification could not be read');
  else log.info({ merchant, reason: messageOf(error) }, 'a notification was refused');
  if (error instanceof TooLarge) ctx.set('connection', 'close');
  ctx.status = error instanceof TooLarge ? 413 : 401;
  ctx.body = '';
}
