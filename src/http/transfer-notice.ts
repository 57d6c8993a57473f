// What WeChat Pay tells us by itself (回调通知): a transfer (商家转账) that reached its end, an authorization (免确认收款授权) that was
// given or has ended, a voucher (代金券) that was used. It is believed only with WeChat Pay's signature, and acknowledged only once
// it is written down. A stranger gets an empty 401 and learns nothing.

import type { Context } from 'koa';
import { BadInput, messageOf } from '../core/base/error.ts';
import type { OpenId } from '../core/base/event.ts';
import type { Instant } from '../core/base/time.ts';
import { afterTold, type ToldAuthorization } from '../core/payout/authorization.ts';
import { type ChannelName, channelOf } from '../core/payout/channels/index.ts';
import type { PayoutPolicy } from '../core/payout/pace.ts';
import { type BillNo, isFinal, type Observation, type Payout } from '../core/payout/payout.ts';
import { observe, type Verdict } from '../core/payout/transitions.ts';
import { doubt } from '../engine/doubt.ts';
import type { HeardAt } from '../engine/ops/door-notes.ts';
import { sparing } from '../lib/log-throttle.ts';
import type { Clock, Log, Store } from '../ports.ts';
import { readBody, TooLarge } from './body.ts';
import { markGenuine } from './genuine.ts';
import { openAt, WRONG_KEY } from './payment-notice.ts';

/** A notification is below 2 KiB. */
const BODY_BYTES_MAX = 16 * 1024;
/** How often it is applied anew because somebody else changed the payout in between. */
const RACES_MAX = 5;

type TransferNotice = {
  readonly billNo: BillNo;
  readonly user: OpenId;
  /** Fen. */
  readonly amount: number;
  readonly seen: Observation;
};

/** Of any coupon of the merchant, whoever sent it: by WeChat Pay's number, for it names neither ours nor the follower. */
type UseNotice = { readonly listId: string; readonly seen: Observation };
type AuthorizationNotice = { readonly authorization: ToldAuthorization; readonly user: OpenId };

/** `unread`: it is not for us, or nobody can tell what it means. `unopened`: sealed with another APIv3 key than ours. */
type Opened =
  | TransferNotice
  | UseNotice
  | AuthorizationNotice
  | { readonly unread: string }
  | { readonly unopened: string };

export type NotifyMerchant = {
  /** Only payouts of it are told of here. */
  readonly channel: ChannelName;
  readonly policy: PayoutPolicy;
  /** Verifies and decrypts. Rejects with `BadInput` for whatever WeChat Pay did not say just now. */
  readonly open: (headers: Context['headers'], body: string, now: Instant) => Promise<Opened>;
};

export type NotifyPorts = {
  /** Those that pay by transfer. */
  readonly transfers: ReadonlyMap<string, NotifyMerchant>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** What a merchant's notices show of its set-up. */
  readonly heard?: HeardAt;
  /** Writes a verdict down, and what follows from it: the one settle uses. */
  readonly record: (merchant: string, verdict: Verdict, seen: Observation) => Promise<'moved' | 'stale'>;
};

/** POST /notify/transfer/:merchant. WeChat Pay takes 200 and 204 as heard, and tries again for a day otherwise. */
export function notifyPost(ports: NotifyPorts) {
  const { transfers, clock, log } = ports;
  const spare = sparing(clock);
  return async (ctx: Context, name: string): Promise<void> => {
    const merchant = transfers.get(name);
    let notice: Opened;
    try {
      const body = await readBody(ctx.req, BODY_BYTES_MAX);
      notice = await openAt(transfers, name, each => each.open(ctx.headers, body, clock()));
      markGenuine(ctx);
    } catch (error) {
      refuse(ctx, error);
      spare(leftOut => sayRefused(log, { merchant: name, leftOut }, error));
      return;
    }
    if ('unread' in notice) {
      // Heard, so that it is not told again for a day.
      log.warn({ merchant: name, reason: notice.unread }, `a notification that changes nothing: ${notice.unread}`);
      return say(ctx, 204);
    }
    if ('unopened' in notice) {
      log.error({ merchant: name, reason: notice.unopened }, WRONG_KEY);
      ports.heard?.(`pay/${name}`, 'sealed', notice.unopened);
      return say(ctx, 503);
    }
    ports.heard?.(`pay/${name}`, 'genuine');
    const status = await heard(ports, name, merchant!, notice).catch((error: unknown) => {
      const fields = { merchant: name, ...aboutOf(notice), err: error };
      log.error(fields, 'what a notification says could not be written down; WeChat Pay will tell it again');
      return 503 as const;
    });
    say(ctx, status);
  };
}

type Heard = TransferNotice | UseNotice | AuthorizationNotice;

function heard(ports: NotifyPorts, name: string, merchant: NotifyMerchant, notice: Heard): Promise<204 | 404 | 503> {
  return 'authorization' in notice ? applyAuthorization(ports, name, notice) : apply(ports, name, merchant, notice);
}

/** What it is about, for the log. */
function aboutOf(notice: Heard): object {
  if ('authorization' in notice) return { number: notice.authorization.number };
  return 'listId' in notice ? { listId: notice.listId } : { billNo: notice.billNo };
}

function say(ctx: Context, status: 204 | 404 | 503): void {
  ctx.status = status;
  ctx.body = status === 204 ? null : { code: 'FAIL', message: status === 404 ? 'no such bill' : 'try again' };
}

/** 204: written down, or known already. 404: no payout of ours. 503: not now. */
async function apply(
  { store, clock, log, record }: NotifyPorts,
  merchant: string,
  { channel, policy }: NotifyMerchant,
  notice: TransferNotice | UseNotice,
): Promise<204 | 404 | 503> {
  for (let race = 0; race < RACES_MAX; race++) {
    if ('listId' in notice) {
      const used = await withOrder(store, merchant, notice.listId);
      // Heard before, or another system has sent it: the merchant is told of all of them.
      if (!used) return 204;
      const verdict = observe(used, notice.seen, true, clock(), policy);
      if ((await record(merchant, verdict, notice.seen)) === 'moved') return 204;
      continue;
    }
    const payout = await store.payout(notice.billNo);
    if (!payout || !isOf(payout, merchant, channel, notice)) {
      const { billNo, amount } = notice;
      log.error({ merchant, billNo, amount }, 'WeChat Pay tells of a transfer that is none of our payouts');
      return 404;
    }
    if (isFinal(payout.state)) {
      await doubt({ store, clock, log }, payout, notice.seen);
      return 204;
    }
    const verdict = observe(payout, notice.seen, true, clock(), policy);
    if ((await record(merchant, verdict, notice.seen)) === 'moved') return 204;
  }
  return 503;
}

const PAGE = 500;

/** The payout that lies with its follower under this number of WeChat Pay's. */
async function withOrder(store: Store, merchant: string, listId: string): Promise<Payout | undefined> {
  let after: BillNo | undefined;
  for (;;) {
    const filter = { merchant, state: 'sent', limit: PAGE, ...(after !== undefined && { after }) } as const;
    const page = await store.payouts(filter);
    const found = page.find(payout => payout.listId === listId);
    if (found || page.length < PAGE) return found;
    after = page.at(-1)!.billNo;
  }
}

/** 204: written down, known already, or overtaken by a later one. 404: nobody was asked for it. */
async function applyAuthorization(
  { store, clock, log }: NotifyPorts,
  merchant: string,
  { authorization: told, user }: AuthorizationNotice,
): Promise<204 | 404 | 503> {
  for (let race = 0; race < RACES_MAX; race++) {
    const known = await store.authorization(merchant, user);
    if (!known) {
      log.error({ merchant, number: told.number }, 'WeChat Pay tells of an authorization that nobody was asked for');
      return 404;
    }
    const next = afterTold(known, told, clock());
    if (!next || (await store.putAuthorization(next, known.version))) return 204;
  }
  return 503;
}

function isOf(payout: Payout, merchant: string, channel: ChannelName, { amount, user }: TransferNotice): boolean {
  const isOurs = payout.merchant === merchant && channelOf(payout.request).name === channel;
  return isOurs && payout.amount === amount && payout.user === user;
}

function refuse(ctx: Context, error: unknown): void {
  if (error instanceof TooLarge) ctx.set('connection', 'close');
  ctx.status = error instanceof TooLarge ? 413 : 401;
  ctx.body = '';
}

function sayRefused(log: Log, fields: object, error: unknown): void {
  if (!(error instanceof BadInput)) log.warn({ ...fields, err: error }, 'a notification could not be read');
  else log.info({ ...fields, reason: messageOf(error) }, 'a notification was refused');
}
