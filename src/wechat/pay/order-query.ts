// Asks WeChat Pay after an order (查询订单), by API v2 or v3. Never retries by itself and never throws for what the platform
// or the network does: what cannot be believed is silence.
import { BadInput, messageOf } from '../../core/base/error.ts';
import type { PaidNotice, SeenOrder } from '../../core/payout/payment.ts';
import type { Clock } from '../../ports.ts';
import { nonce, paySignOf } from '../crypto.ts';
import { type Json, jsonOf, numberOf, partOf, textAt } from '../json.ts';
import { createTransport, type Endpoint, type Transport } from '../transport.ts';
import { buildXml, parseXml, textOf, type XmlFields } from '../xml.ts';
import { type PayNoticeConfig, verifySign } from './payment-notice.ts';
import type { Keys } from './platform-keys.ts';
import { v3Headers } from './v3-call.ts';
import { signerOf, verifySignature } from './v3-signature.ts';

type OrderConfig = Pick<PayNoticeConfig, 'mchId' | 'apiV2Key'> &
  Pick<Endpoint, 'api' | 'ca'> & {
    /** Who signs the answers of API v3. */
    readonly keys?: Keys;
    /** Signs questions of API v3; without it they are put by API v2. */
    readonly signer?: { readonly serialNo: string; readonly privateKey: Buffer };
  };

type OrderDesk = { ask(notice: PaidNotice): Promise<SeenOrder>; close(): Promise<void> };
type Ask = OrderDesk['ask'];

export function createOrderDesk(config: OrderConfig, clock: Clock): OrderDesk {
  const transport = createTransport({ api: config.api, ca: config.ca });
  const ask = askerV3(config, clock, transport) ?? askerV2(config, transport);
  return { ask, close: () => transport.close() };
}

const silence = (code: string, text: string): SeenOrder => ({ kind: 'silence', code, text: text.slice(0, 120) });

/** What is read of an answer, or why it is not believed. */
function read(text: string, reader: (text: string) => SeenOrder): SeenOrder {
  try {
    return reader(text);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return silence('UNREADABLE', messageOf(error));
  }
}

function askerV2({ mchId, apiV2Key }: OrderConfig, transport: Transport): Ask {
  if (apiV2Key === undefined) return async () => silence('NO_KEYS', 'bot.yaml has no keys to ask after an order with');
  return async notice => {
    const { appId, order, service } = notice;
    const whose = { appid: service?.appId ?? appId, mch_id: mchId, ...(service && { sub_mch_id: service.subMchId }) };
    const asked = { ...whose, out_trade_no: order, nonce_str: nonce() };
    const answer = await transport.call({
      method: 'POST',
      path: '/pay/orderquery',
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: buildXml({ ...asked, sign: paySignOf(asked, apiV2Key) }),
    });
    if ('seen' in answer) return lostAs(answer.seen);
    if (answer.status !== 200) return silence(`HTTP ${answer.status}`, answer.text);
    return read(answer.text, text => readV2(parseXml(text), mchId, notice, apiV2Key));
  };
}

function readV2(fields: XmlFields, mchId: string, { order, service, user }: PaidNotice, apiV2Key: string): SeenOrder {
  const text = (name: string): string => textOf(fields, name) ?? '';
  if (text('return_code') !== 'SUCCESS') return silence('REFUSED', text('return_msg'));
  verifySign(fields, apiV2Key);
  if (text('result_code') !== 'SUCCESS') return silence(text('err_code').slice(0, 64), text('err_code_des'));
  const isOther = text('mch_id') !== mchId || text('out_trade_no') !== order;
  if (isOther || (service && text('sub_mch_id') !== service.subMchId))
    return silence('OTHER_ORDER', 'another order there');
  const total = text('total_fee');
  return {
    kind: 'order',
    state: text('trade_state').slice(0, 32),
    transaction: text('transaction_id'),
    ...(/^\d{1,12}$/.test(total) && { total: Number(total) }),
    user: service && text('sub_openid') === user ? user : text('openid'),
  };
}

function askerV3({ mchId, keys, signer }: OrderConfig, clock: Clock, transport: Transport): Ask | undefined {
  if (!keys || !signer) return undefined;
  const hand = signerOf({ mchId, ...signer });
  return async notice => {
    const { order, service } = notice;
    const number = `out-trade-no/${encodeURIComponent(order)}`;
    const path = service
      ? `/v3/pay/partner/transactions/${number}?sp_mchid=${mchId}&sub_mchid=${service.subMchId}`
      : `/v3/pay/transactions/${number}?mchid=${mchId}`;
    const headers = v3Headers(hand, keys, { method: 'GET', path }, clock());
    const answer = await transport.call({ method: 'GET', path, headers });
    if ('seen' in answer) return lostAs(answer.seen);
    if (answer.status !== 200) return silence(`HTTP ${answer.status}`, answer.text);
    try {
      await keys.verified(() => verifySignature(keys, answer.headers, answer.text, clock()));
    } catch (error) {
      return silence('UNREADABLE', messageOf(error));
    }
    return readV3(jsonOf(answer.text) ?? {}, mchId, notice);
  };
}

function readV3(json: Json, mchId: string, { order, service, user }: PaidNotice): SeenOrder {
  const isOurs = service ? json.sp_mchid === mchId && json.sub_mchid === service.subMchId : json.mchid === mchId;
  if (!isOurs || json.out_trade_no !== order) return silence('OTHER_ORDER', 'another order there');
  const payer = partOf(json, 'payer');
  const payers = service ? [payer.sp_openid, payer.sub_openid] : [payer.openid];
  const seen = payers.find(each => each === user) ?? payers.find(each => typeof each === 'string');
  const transaction = textAt(json, 'transaction_id');
  const total = numberOf(partOf(json, 'amount').total);
  return {
    kind: 'order',
    state: (textAt(json, 'trade_state') ?? '').slice(0, 32),
    ...(transaction !== undefined && { transaction }),
    ...(total !== undefined && { total }),
    ...(typeof seen === 'string' && { user: seen }),
  };
}

function lostAs(seen: { readonly kind: string; readonly code?: string; readonly text?: string }): SeenOrder {
  return silence(seen.code ?? seen.kind, seen.text ?? '');
}
