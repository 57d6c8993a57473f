// WeChat Pay's vouchers (代金券, API v3 marketing/favor): sends one coupon of a stock, and asks what became of it. Never retries
// by itself, and never throws for what the platform or the network does: an answer is an Observation.
import assert from 'node:assert/strict';
import { type Instant, instant } from '../../core/base/time.ts';
import type { Order } from '../../core/payout/channels/channel.ts';
import { COUPON_STATES, type CouponState, type VoucherRequest } from '../../core/payout/channels/voucher.ts';
import type { Observation, Payout } from '../../core/payout/payout.ts';
import type { Clock, Payer } from '../../ports.ts';
import { type Json, jsonOf, listAt, numberOf, partOf, textAt } from '../json.ts';
import { createTransport, type Headers, type Reply, type Transport } from '../transport.ts';
import type { Look } from './payout-lookup.ts';
import type { Keys } from './platform-keys.ts';
import { strayOf } from './stray-answer.ts';
import { v3Call } from './v3-call.ts';
import {
  apiV3KeyOf,
  decryptResource,
  isSealed,
  sealedOf,
  type Trust,
  verifySignature,
  WrongSeal,
} from './v3-signature.ts';

type VoucherConfig = {
  readonly api: string;
  readonly mchId: string;
  /** Serial number of the merchant's certificate, hex. */
  readonly serialNo: string;
  /** PEM. */
  readonly privateKey: Buffer;
  readonly ca: Buffer | undefined;
};

const FAVOR = '/v3/marketing/favor';
const LISTED_AT_ONCE = 20;
/** One follower has no more of one stock than this. */
const LISTED_MAX = 200;

/** A coupon leaves no line in a fund-flow bill, so nobody asks whose its number is. */
export const NO_LOOK: Look = { ask: async () => ({ kind: 'none' }), close: async () => undefined };

export function createVoucherPayer(config: VoucherConfig, clock: Clock, keys: Keys): Payer {
  const { api, ca } = config;
  return voucherPayerOver(config, clock, createTransport({ api, ca }), keys);
}

/** The protocol over any transport. */
export function voucherPayerOver(config: VoucherConfig, clock: Clock, transport: Transport, keys: Keys): Payer {
  const ask = callerOf(config, clock, transport, keys);

  /** By its coupon, once it is known; before that by the list of what this follower has of us. */
  async function query(payout: Payout): Promise<Observation> {
    const { user, listId } = payout;
    const { appId, ...stored } = requestOf(payout);
    const coupons = `${FAVOR}/users/${user}/coupons`;
    if (listId !== undefined) {
      const told = await ask('GET', `${coupons}/${listId}?appid=${appId}`);
      return 'seen' in told ? told.seen : couponOf(told.json, payout);
    }
    for (let offset = 0; offset < LISTED_MAX; offset += LISTED_AT_ONCE) {
      const page = new URLSearchParams({
        ...{ appid: appId, sender_mchid: stored.mchId, stock_id: stored.stockId },
        ...{ offset: String(offset), limit: String(LISTED_AT_ONCE) },
      });
      const told = await ask('GET', `${coupons}?${page}`);
      // A list that is refused says nothing of the coupon: the call that sends, repeated, does.
      if ('seen' in told) return told.seen.kind === 'refused' ? { kind: 'notFound' } : told.seen;
      const data = listAt(told.json, 'data') ?? [];
      const ours = data.find(each => each.out_request_no === payout.billNo);
      if (ours) return couponOf(ours, payout);
      if (data.length < LISTED_AT_ONCE) break;
    }
    return { kind: 'notFound' };
  }

  return {
    async send(payout) {
      const told = await ask('POST', `${FAVOR}/users/${payout.user}/coupons`, JSON.stringify(sendFields(payout)));
      if ('seen' in told) return told.seen;
      const listId = textAt(told.json, 'coupon_id');
      return listId === undefined ? silence('UNREADABLE', 'an answer without coupon_id') : { kind: 'accepted', listId };
    },
    query,
    close: () => transport.close(),
  };
}

function requestOf({ request }: Payout): VoucherRequest {
  assert(request.channel === 'voucher', `a ${request.channel} is not sent as a voucher`);
  return request;
}

/** All of it was stored with the payout, so a retry sends the same. */
function sendFields(payout: Payout): Readonly<Record<string, unknown>> {
  const { stockId, appId, creator } = requestOf(payout);
  return { stock_id: stockId, out_request_no: payout.billNo, appid: appId, stock_creator_mchid: creator };
}

const silence = (code: string, text: string): Observation => ({ kind: 'silence', code, text });

/** What WeChat Pay has signed, or what there is to see instead. */
type Told = { readonly json: Json } | { readonly seen: Observation };

function callerOf(config: VoucherConfig, clock: Clock, transport: Transport, keys: Keys) {
  const call = v3Call(config, clock, transport, keys);
  return async (...asked: Parameters<typeof call>): Promise<Told> => {
    const answer = await call(...asked);
    if ('seen' in answer) return answer;
    if (answer.status < 200 || answer.status > 299) return { seen: readFailure(answer) };
    const json = jsonOf(answer.text);
    return json ? { json } : { seen: strayOf(answer, 'the answer is no JSON object') };
  };
}

/** An answer that is no 2xx is about the request, and needs no signature. */
function readFailure(reply: Reply): Observation {
  const { status, text } = reply;
  const json = jsonOf(text);
  const code = json && textAt(json, 'code');
  const message = ((json && textAt(json, 'message')) ?? '').slice(0, 200);
  if (status === 429) return { kind: 'refused', code: 'FREQUENCY_LIMIT_EXCEED', text: message };
  const isTold = code !== undefined && ((status >= 400 && status < 500) || code === 'SYSTEM_ERROR');
  return isTold ? { kind: 'refused', code: code.slice(0, 64), text: message } : strayOf(reply);
}

/** The coupon as WeChat Pay has it, where it is the one that was sent under this number. */
function couponOf(json: Json, payout: Payout): Observation {
  const { stockId } = requestOf(payout);
  const [listId, number] = [textAt(json, 'coupon_id'), textAt(json, 'out_request_no')];
  const isOther = number !== undefined && number !== payout.billNo;
  if (isOther || json.stock_id !== stockId || (payout.listId !== undefined && listId !== payout.listId))
    return silence('OTHER_ORDER', 'the answer is about another coupon');
  return orderOf(json) ?? silence('STATE', `unknown status ${String(json.status).slice(0, 32)}`);
}

function orderOf(json: Json): Order<CouponState> | undefined {
  const { status } = json;
  if (!isState(status)) return undefined;
  const [listId, until] = [textAt(json, 'coupon_id'), timeIn(json.available_end_time)];
  return {
    kind: 'order',
    state: status,
    ...(listId !== undefined && { listId }),
    ...(until !== undefined && { until }),
  };
}

function isState(state: unknown): state is CouponState {
  return typeof state === 'string' && Object.hasOwn(COUPON_STATES, state);
}

// ── What WeChat Pay tells by itself ──────────────────────────────────────────────────────────────────────────

const USED = 'COUPON.USE';

/** A coupon of the merchant was used, whoever sent it. It names neither its follower nor our number. */
type UseNotice = { readonly listId: string; readonly seen: Observation };
/** WeChat Pay said it, but it is not for us, or we cannot tell what it means; or it is sealed with another APIv3 key. */
type NoUse = { readonly unread: string } | { readonly unopened: string };

/** Throws `BadInput` for whatever WeChat Pay did not say within the last 300 s. */
export function createUseReader(config: { apiV3Key: string }, trust: Trust) {
  const key = apiV3KeyOf(config.apiV3Key);
  return (headers: Headers, body: string, now: Instant): UseNotice | NoUse => {
    verifySignature(trust, headers, body, now);
    const outer = jsonOf(body) ?? {};
    const event = textAt(outer, 'event_type') ?? '';
    if (event !== USED) return { unread: `event_type ${event.slice(0, 64)}, which is no ${USED}` };
    const sealed = sealedOf(partOf(outer, 'resource'));
    if (!isSealed(sealed)) return { unread: 'a notification with nothing sealed in it' };
    try {
      return useIn(jsonOf(decryptResource(key, sealed)) ?? {});
    } catch (error) {
      if (error instanceof WrongSeal) return { unopened: error.message };
      throw error;
    }
  };
}

function useIn(coupon: Json): UseNotice | NoUse {
  const listId = textAt(coupon, 'coupon_id');
  const seen = coupon.status === 'USED' ? orderOf(coupon) : undefined;
  if (listId === undefined) return { unread: 'it lacks coupon_id' };
  return seen ? { listId, seen } : { unread: `status ${String(coupon.status).slice(0, 32)}, which is no use` };
}

/** RFC 3339. */
function timeIn(value: unknown): Instant | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return numberOf(ms) === undefined ? undefined : instant(ms);
}
