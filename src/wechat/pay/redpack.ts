// WeChat Pay's red packets (现金红包, API v2): sendredpack and gethbinfo over TLS with the merchant's certificate.
// Never retries by itself and never throws for what the platform or the network does: the answer is an Observation.
import assert from 'node:assert/strict';
import { messageOf } from '../../core/base/error.ts';
import { REDPACK_STATES, type RedpackState } from '../../core/payout/channels/redpack.ts';
import type { Observation, Payout } from '../../core/payout/payout.ts';
import type { Payer } from '../../ports.ts';
import { nonce, paySignOf } from '../crypto.ts';
import { numberOf } from '../json.ts';
import { createTransport, type Endpoint } from '../transport.ts';
import { buildXml, childrenOf, parseXml, textOf, type XmlFields, type XmlValue } from '../xml.ts';
import { amountOf, isOpenId, type Look, type Owned, sightingOf } from './payout-lookup.ts';
import { type Stray, strayOf } from './stray-answer.ts';

type PayConfig = Required<Endpoint> & { readonly mchId: string; readonly apiV2Key: string };

/** One POST to WeChat Pay: what came back, or what its failure amounts to. Never rejects. */
export type Post = (path: string, body: string) => Promise<Stray | { readonly seen: Observation }>;

export function createPayer(config: PayConfig): Payer {
  const transport = createTransport(config);
  const headers = { 'content-type': 'text/xml; charset=utf-8' };
  const post: Post = (path, body) => transport.call({ method: 'POST', path, headers, body });
  return { ...payerOver(config.apiV2Key, post), close: () => transport.close() };
}

/** The protocol over any transport. */
export function payerOver(apiV2Key: string, post: Post): Payer {
  /** Signs, posts and reads; `undefined` fields are left out, since an unexpected one can spoil the sign. */
  async function call(
    path: string,
    fields: Readonly<Record<string, string | undefined>>,
  ): Promise<{ fields: XmlFields } | { seen: Observation }> {
    const sent: Record<string, string> = { nonce_str: nonce() };
    for (const [name, value] of Object.entries(fields)) if (value) sent[name] = value;
    const answer = await post(`/mmpaymkttransfers/${path}`, buildXml({ ...sent, sign: paySignOf(sent, apiV2Key) }));
    if ('seen' in answer) return answer;
    const { status, text } = answer;
    if (status < 200 || status > 299) return { seen: strayOf(answer) };
    try {
      const fields = parseXml(text);
      const isOurs = textOf(fields, 'return_code') !== undefined;
      return isOurs ? { fields } : { seen: strayOf(answer, 'XML without a return_code') };
    } catch (error) {
      return { seen: strayOf(answer, messageOf(error)) };
    }
  }

  return {
    async send(payout) {
      const answer = await call(
        payout.request.channel === 'group' ? 'sendgroupredpack' : 'sendredpack',
        sendFields(payout),
      );
      return 'seen' in answer ? answer.seen : readSend(answer.fields, payout);
    },
    async query(payout) {
      const answer = await call('gethbinfo', queryFields(payout));
      return 'seen' in answer ? answer.seen : readQuery(answer.fields, payout);
    },
    close: () => Promise.resolve(),
  };
}

/** All of it was stored with the payout, so a retry sends the same. */
function sendFields({ billNo, user, amount, request: stored }: Payout): Record<string, string | undefined> {
  const isGroup = stored.channel === 'group';
  assert(isGroup || stored.channel === 'redpack', `a ${stored.channel} is not sent as a red packet`);
  return {
    mch_billno: billNo,
    mch_id: stored.mchId,
    wxappid: stored.appId,
    send_name: stored.sendName,
    re_openid: user,
    total_amount: String(amount),
    total_num: isGroup ? String(stored.totalNum) : '1',
    amt_type: isGroup ? 'ALL_RAND' : undefined,
    wishing: stored.wishing,
    client_ip: isGroup ? undefined : stored.clientIp,
    act_name: stored.actName,
    remark: stored.remark,
    scene_id: stored.sceneId,
    risk_info: stored.riskInfo,
    sub_mch_id: stored.subMchId,
    msgappid: stored.msgAppId,
    consume_mch_id: stored.consumeMchId,
  };
}

function queryFields({ billNo, request: stored }: Payout): Record<string, string> {
  return { mch_billno: billNo, mch_id: stored.mchId, appid: stored.appId, bill_type: 'MCHT' };
}

/** Success is return_code and result_code together; `err_code` stands there on success too. */
function isSuccess(answer: XmlFields): boolean {
  return textOf(answer, 'return_code') === 'SUCCESS' && textOf(answer, 'result_code') === 'SUCCESS';
}

function refusalOf(answer: XmlFields): Observation {
  const text = textOf(answer, 'err_code_des') || textOf(answer, 'return_msg') || '';
  const code = textOf(answer, 'err_code') ?? '';
  // An error on the level of the connection carries its code, if any, in the message alone.
  const isInMessage = code === '' && /^[A-Z_]{4,32}$/.test(text);
  return { kind: 'refused', code: isInMessage ? text : code, text };
}

/** An answer about another order is no answer to ours. */
function concerns(answer: XmlFields, payout: Payout): boolean {
  const billNo = textOf(answer, 'mch_billno');
  return billNo === undefined || billNo === payout.billNo;
}

/** What is said of another packet than ours is believed by nobody: it is asked after. */
function otherAmount(answer: XmlFields, payout: Payout): Observation | undefined {
  const amount = textOf(answer, 'total_amount');
  if (amount === undefined || numberOf(amount) === payout.amount) return undefined;
  return { kind: 'silence', code: 'OTHER_AMOUNT', text: `${amount.slice(0, 20)} fen there, ${payout.amount} here` };
}

function otherPayee(answer: XmlFields, payout: Payout): Observation | undefined {
  const openid = textOf(answer, 're_openid');
  if (openid === undefined || openid === payout.user) return undefined;
  return { kind: 'silence', code: 'OTHER_PAYEE', text: 'another follower there' };
}

function readSend(answer: XmlFields, payout: Payout): Observation {
  if (!concerns(answer, payout))
    return { kind: 'silence', code: 'OTHER_ORDER', text: 'the answer is about another number' };
  if (!isSuccess(answer)) return refusalOf(answer);
  const other = otherAmount(answer, payout) ?? otherPayee(answer, payout);
  if (other) return other;
  const listId = textOf(answer, 'send_listid');
  return { kind: 'accepted', ...(listId && { listId }) };
}

function readQuery(answer: XmlFields, payout: Payout): Observation {
  if (!concerns(answer, payout))
    return { kind: 'silence', code: 'OTHER_ORDER', text: 'the answer is about another number' };
  if (!isSuccess(answer)) {
    const refusal = refusalOf(answer);
    return refusal.kind === 'refused' && refusal.code === 'NOT_FOUND' ? { kind: 'notFound' } : refusal;
  }
  const state = textOf(answer, 'status');
  if (!isState(state)) return { kind: 'silence', code: 'STATUS', text: `unknown status ${String(state).slice(0, 32)}` };
  const other = otherAmount(answer, payout);
  if (other) return other;
  const reason = textOf(answer, 'reason');
  const listId = textOf(answer, 'detail_id');
  const refunded = Number(textOf(answer, 'refund_amount'));
  const back = state === 'REFUND' && Number.isSafeInteger(refunded) && refunded > 0 ? { refunded } : {};
  return { kind: 'order', state, ...(reason && { reason }), ...(listId && { listId }), ...back };
}

function isState(state: string | undefined): state is RedpackState {
  return state !== undefined && Object.hasOwn(REDPACK_STATES, state);
}

// ── Whose a number is ────────────────────────────────────────────────────────────────────────────────────────

export function createRedpackLook(config: PayConfig): Look {
  const transport = createTransport(config);
  const headers = { 'content-type': 'text/xml; charset=utf-8' };
  return {
    async ask(draft) {
      let text = '';
      const payer = payerOver(config.apiV2Key, async (path, body) => {
        const answer = await transport.call({ method: 'POST', path, headers, body });
        if (!('seen' in answer)) text = answer.text;
        return answer;
      });
      return sightingOf(await payer.query(draft), draft, () => readRedpack(parseXml(text)));
    },
    close: () => transport.close(),
  };
}

function readRedpack(fields: XmlFields): Owned {
  const status = textOf(fields, 'status');
  const { hbinfo } = childrenOf(fields, 'hblist');
  const takers: readonly (XmlValue | undefined)[] = Array.isArray(hbinfo) ? hbinfo : [hbinfo];
  const openids = takers.map(taker => (isFields(taker) ? textOf(taker, 'openid') : undefined));
  return {
    users: openids.filter(isOpenId),
    amount: amountOf(Number(textOf(fields, 'total_amount'))),
    isOpen: status === 'SENDING' || status === 'SENT' || status === 'RFUND_ING',
    words: [textOf(fields, 'remark'), textOf(fields, 'act_name')],
  };
}

function isFields(value: XmlValue | undefined): value is XmlFields {
  return typeof value === 'object' && !Array.isArray(value);
}
