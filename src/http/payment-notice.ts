// What WeChat Pay tells us by itself of money that followers paid (支付通知) or got back (退款通知). It is believed only when it
// is verified, and acknowledged only once it is written down. A stranger gets an empty 4xx and learns nothing.
import type { Context } from 'koa';
import { BadInput, messageOf } from '../core/base/error.ts';
import type { Event } from '../core/base/event.ts';
import { DAY, HOUR, type Instant } from '../core/base/time.ts';
import {
  orderVerdict,
  type PaidNotice,
  type PayNotice,
  paidEvent,
  paymentKey,
  type RefundNotice,
  refundedEvent,
  type SeenOrder,
  UNKNOWN_PAYER,
} from '../core/payout/payment.ts';
import type { Flow } from '../engine/flow.ts';
import { sparing } from '../lib/log-throttle.ts';
import type { Clock, Log, Store } from '../ports.ts';
import { readBody, TooLarge } from './body.ts';
import type { Lookup } from './follower-lookup.ts';
import { markGenuine } from './genuine.ts';
import { ANSWER_WITHIN_MS } from './webhook.ts';

/** A notice is below 4 KiB. One of API v2 has to be read before it can be verified. */
const BODY_BYTES_MAX = { v2: 8 * 1024, v3: 32 * 1024 };
/**
 * WeChat Pay repeats itself for 24 hours. A payment that is older when it is told would outlive what we remember of its
 * answer (two days), and be a new one.
 */
const TOLD_WITHIN_MS = 2 * DAY - HOUR;
/** Then WeChat Pay is about to give up: what is still not known of the payer by then speaks against them. */
const LOOKED_UP_WITHIN_MS = 20 * HOUR;

type HttpAnswer = { readonly status: number; readonly type?: string; readonly body?: string };

type Opened = { readonly notice: PayNotice; readonly heard: HttpAnswer; readonly again: HttpAnswer };

export type PayNoticeMerchant = {
  /** Verifies and reads; rejects with `BadInput` for whatever WeChat Pay did not say. */
  readonly open: (headers: Context['headers'], body: string, now: Instant) => Promise<Opened>;
  /** Asks after the order before its payment is believed (bot.yaml: `orderQuery`). */
  readonly ask?: (notice: PaidNotice) => Promise<SeenOrder>;
  /** The accounts that pay through this merchant. */
  readonly accounts: readonly string[];
};

/** Of what WeChat Pay signed, and sealed with another key than ours. It comes again for a day. */
export const WRONG_KEY =
  'a notice of WeChat Pay cannot be opened: apiV3Key in bot.yaml is not the one set at 商户平台 → 账户中心 → API安全; mended within a day, nothing is lost';

export type PayNoticePorts = {
  readonly payments: ReadonlyMap<string, PayNoticeMerchant>;
  /** The name of the account with this AppID. */
  readonly accountOf: (appId: string) => string | undefined;
  readonly flow: Flow;
  /** Whether enough is known of the payer; `false`: not now. Absent: nobody is asked. */
  readonly lookup?: Pick<Lookup, 'before'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
};

/** POST /notify/pay/:merchant. */
export function payNoticePost(ports: PayNoticePorts) {
  const { payments, clock, log } = ports;
  const spare = sparing(clock);
  return async (ctx: Context, name: string): Promise<void> => {
    const merchant = payments.get(name);
    let opened: Opened;
    try {
      const body = await readBody(ctx.req, BODY_BYTES_MAX[ctx.get('wechatpay-signature') === '' ? 'v2' : 'v3']);
      opened = await openAt(payments, name, each => each.open(ctx.headers, body, clock()));
      markGenuine(ctx);
    } catch (error) {
      if (error instanceof TooLarge) ctx.set('connection', 'close');
      ctx.status = error instanceof TooLarge ? 413 : 401;
      ctx.body = '';
      spare(leftOut => refused(log, { merchant: name, leftOut }, error));
      return;
    }
    const isHeard = await heardInTime(ports, name, merchant!, opened.notice);
    const { status, type, body } = isHeard ? opened.heard : opened.again;
    ctx.status = status;
    ctx.body = body ?? null;
    if (type !== undefined) ctx.type = type;
  };
}

/** Where there is no such merchant another one looks, in vain: neither the answer nor its time tells a stranger the names. */
export async function openAt<M, T>(
  merchants: ReadonlyMap<string, M>,
  name: string,
  open: (merchant: M) => Promise<T>,
): Promise<T> {
  const merchant = merchants.get(name) ?? merchants.values().next().value;
  const opened = merchant && (await open(merchant));
  if (opened === undefined || !merchants.has(name)) throw new BadInput('a notice to a merchant that there is not');
  return opened;
}

function refused(log: Log, fields: object, error: unknown): void {
  if (error instanceof BadInput) log.info({ ...fields, reason: messageOf(error) }, 'a payment notice was refused');
  else log.warn({ ...fields, err: error }, 'a payment notice could not be read');
}

/** `false`: it must be told again. What takes too long goes on, and its repeat finds it done. */
async function heardInTime(
  ports: PayNoticePorts,
  name: string,
  merchant: PayNoticeMerchant,
  notice: PayNotice,
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>(resolve => {
    timer = setTimeout(resolve, ANSWER_WITHIN_MS, false);
  });
  try {
    return await Promise.race([hear(ports, name, merchant, notice), late]);
  } catch (error) {
    const transaction = 'transaction' in notice ? notice.transaction : undefined;
    const fields = { merchant: name, notice: notice.kind, transaction, err: error };
    ports.log.error(fields, 'a payment notice could not be written down; WeChat Pay will tell it again');
    return false;
  } finally {
    clearTimeout(timer);
  }
}

async function hear(
  ports: PayNoticePorts,
  name: string,
  merchant: PayNoticeMerchant,
  notice: PayNotice,
): Promise<boolean> {
  switch (notice.kind) {
    case 'paid':
      return hearPaid(ports, name, merchant, notice);
    case 'refunded':
      return hearRefund(ports, name, merchant, notice);
    case 'other':
      ports.log.info({ merchant: name, what: notice.what }, 'a payment notice that changes nothing');
      return true;
    case 'unread':
      ports.log.warn({ merchant: name, reason: notice.why }, `a payment notice that gives nothing: ${notice.why}`);
      return true;
    case 'unopened':
      ports.log.error({ merchant: name, reason: notice.why }, WRONG_KEY);
      return false;
  }
}

async function hearPaid(
  ports: PayNoticePorts,
  name: string,
  { ask }: PayNoticeMerchant,
  notice: PaidNotice,
): Promise<boolean> {
  const { accountOf, flow, store, clock, log } = ports;
  const { appId, transaction, order } = notice;
  const account = accountOf(appId);
  const fields = { merchant: name, appId, transaction, order };
  if (account === undefined) {
    log.warn(fields, 'a payment under an AppID that is no account of ours; it gives nothing');
    return true;
  }
  if (clock() - notice.at > TOLD_WITHIN_MS) {
    log.warn(fields, 'a payment that was told too late; it gives nothing');
    return true;
  }
  const event = paidEvent(name, account, notice);
  if (ask && !(await store.answered(account, event.key))) {
    const seen = await ask(notice);
    const verdict = orderVerdict(notice, seen);
    if (verdict === 'over') log.info({ ...fields, seen }, 'a payment that is undone already; it gives nothing');
    if (verdict === 'over') return true;
    if (verdict === 'different') log.error({ ...fields, seen }, 'the order is not what the payment notice says');
    if (verdict === 'unclear') log.warn({ ...fields, seen }, 'the order could not be asked after, or is not paid');
    if (verdict !== 'paid') return false;
  }
  if (!(await isPayerKnown(ports, event, fields))) return false;
  await flow.handle(event);
  return true;
}

/** A payment is told for a day: until then the payer may become known. */
async function isPayerKnown({ lookup, clock, log }: PayNoticePorts, event: Event, fields: object): Promise<boolean> {
  if (lookup === undefined || (await lookup.before(event))) return true;
  if (clock() - event.sentAt < LOOKED_UP_WITHIN_MS) return false;
  log.error(
    fields,
    'WeChat could not be asked for a day whether the payer follows; they are taken for one who does not',
  );
  return true;
}

/** A refund names no payer: they are found by the payment. */
async function hearRefund(
  { accountOf, flow, store, log }: PayNoticePorts,
  name: string,
  { accounts }: PayNoticeMerchant,
  notice: RefundNotice,
): Promise<boolean> {
  const payment = await paymentOf(store, notice.transaction);
  if (payment) {
    await flow.handle(refundedEvent(name, payment, notice));
    return true;
  }
  const account = (notice.appId === undefined ? undefined : accountOf(notice.appId)) ?? accounts[0];
  if (account === undefined) {
    log.info({ merchant: name, transaction: notice.transaction }, 'a refund of which no account of ours is concerned');
    return true;
  }
  // Nobody was given anything yet. It is counted by its transaction, so that the payment, told later, gives nothing.
  await flow.handle(refundedEvent(name, { account, user: UNKNOWN_PAYER }, notice));
  const meanwhile = await paymentOf(store, notice.transaction);
  if (meanwhile) await flow.handle(refundedEvent(name, meanwhile, notice));
  return true;
}

async function paymentOf(store: Store, transaction: string): Promise<Event | undefined> {
  const [line] = await store.journal({ key: paymentKey(transaction), limit: 1 });
  return line?.event;
}
