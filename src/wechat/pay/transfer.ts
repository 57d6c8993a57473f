// WeChat Pay's transfers (商家转账, API v3 transfer-bills): the follower confirms, then the money is theirs. Creation,
// query, cancellation, and the notification (商家转账回调通知) of a bill that reached its end. Never retries by itself, and
// never throws for what the platform or the network does: an answer is an Observation.
import assert from 'node:assert/strict';
import { type OpenId, openId } from '../../core/base/event.ts';
import type { Instant } from '../../core/base/time.ts';
import type { ToldAuthorization, Way } from '../../core/payout/authorization.ts';
import type { Order } from '../../core/payout/channels/channel.ts';
import { BILL_STATES, type BillState, type TransferRequest } from '../../core/payout/channels/transfer.ts';
import { asBillNo, type BillNo, type Observation, type Payout } from '../../core/payout/payout.ts';
import type { Clock, Payer } from '../../ports.ts';
import { type Json, jsonOf, numberOf, partOf, textAt } from '../json.ts';
import { createTransport, type Headers, type Reply, type Transport } from '../transport.ts';
import { amountOf, isOpenId, type Look, type Owned, sightingOf } from './payout-lookup.ts';
import type { Keys } from './platform-keys.ts';
import { strayOf } from './stray-answer.ts';
import {
  AUTHORIZATION_EVENTS,
  AuthorizationDesk,
  type Authorizations,
  readAuthorization,
} from './transfer-authorization.ts';
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

type TransferConfig = {
  readonly api: string;
  readonly mchId: string;
  /** Serial number of the merchant's certificate, hex. */
  readonly serialNo: string;
  /** PEM. */
  readonly privateKey: Buffer;
  readonly ca: Buffer | undefined;
};

const BILLS = '/v3/fund-app/mch-transfer/transfer-bills';
const PRE_TRANSFER = `${BILLS}/pre-transfer-with-authorization`;
const AUTHORIZED_TRANSFER = `${BILLS}/transfer`;
/** The calls that pay. */
const CREATIONS: ReadonlySet<string> = new Set([BILLS, PRE_TRANSFER, AUTHORIZED_TRANSFER]);
const FINISHED = 'MCHTRANSFER.BILL.FINISHED';
const ENDS: ReadonlySet<unknown> = new Set<BillState>(['SUCCESS', 'FAIL', 'CANCELLED']);

/** `authorizations`: where those of 免确认收款授权 are kept. Without them nothing is sent for which one may be asked. */
export function createTransferPayer(
  config: TransferConfig,
  clock: Clock,
  keys: Keys,
  authorizations?: Authorizations,
): Payer {
  const { api, ca } = config;
  return transferPayerOver(config, clock, createTransport({ api, ca }), keys, authorizations);
}

/** The protocol over any transport. */
export function transferPayerOver(
  config: TransferConfig,
  clock: Clock,
  transport: Transport,
  keys: Keys,
  authorizations?: Authorizations,
): Payer {
  const call = v3Call(config, clock, transport, keys);
  const desk = authorizations && new AuthorizationDesk(call, authorizations, clock);

  async function about(payout: Payout, method: 'GET' | 'POST', path: string, body?: string): Promise<Observation> {
    const answer = await call(method, path, body);
    if ('seen' in answer) return answer.seen;
    return answer.status < 200 || answer.status > 299
      ? readFailure(answer, CREATIONS.has(path))
      : readBill(answer.text, payout);
  }
  const create = (payout: Payout, way: Way): Promise<Observation> => {
    const { path, fields } = CREATION[way.by](payout, requestIn(payout), way as never);
    return about(payout, 'POST', path, JSON.stringify(fields));
  };

  return {
    prepare: async payout => (requestIn(payout).authorize ? desk?.prepare(payout) : undefined),
    async send(payout) {
      if (!requestIn(payout).authorize) return create(payout, { by: 'confirm' });
      assert(desk, 'nobody keeps the authorizations');
      const way = await desk.wayFor(payout);
      if ('kind' in way) return way;
      const seen = await create(payout, way);
      return seen.kind === 'refused' && way.by !== 'confirm' ? desk.afterRefusal(payout, way, seen) : seen;
    },
    async query(payout) {
      const seen = await about(payout, 'GET', `${BILLS}/out-bill-no/${payout.billNo}`);
      // Confirmed, and authorized on the same sheet; or it is learnt before the next prize.
      if (seen.kind === 'order' && seen.state === 'SUCCESS' && requestIn(payout).authorize)
        await desk?.learn(payout).catch(() => undefined);
      return seen;
    },
    /** A refusal (it was confirmed meanwhile) is about this call alone: whoever gets one queries the bill's state. */
    cancel: payout => about(payout, 'POST', `${BILLS}/out-bill-no/${payout.billNo}/cancel`, '{}'),
    ...(desk && { endAuthorization: known => desk.end(known) }),
    close: () => transport.close(),
  };
}

function requestIn({ request }: Payout): TransferRequest {
  assert(request.channel === 'transfer', 'a red packet is not sent as a transfer');
  return request;
}

type Fields = Readonly<Record<string, unknown>>;
type Creation<By> = (
  payout: Payout,
  request: TransferRequest,
  way: Extract<Way, { by: By }>,
) => { readonly path: string; readonly fields: Fields };

/** What each way of sending says. All of it was stored before the first call, so a retry sends the same. */
const CREATION: { readonly [By in Way['by']]: Creation<By> } = {
  confirm: (payout, request) => ({ path: BILLS, fields: sheetFields(payout, request) }),
  ask: (payout, request, { number, notifyUrl }) => ({
    path: PRE_TRANSFER,
    fields: {
      ...sheetFields(payout, request),
      authorization_info: {
        user_display_name: `u***${payout.user.slice(-4)}`,
        out_authorization_no: number,
        authorization_notify_url: notifyUrl,
      },
    },
  }),
  authorized: (payout, request, { authorization: { id, number } }) => ({
    path: AUTHORIZED_TRANSFER,
    fields: {
      ...fieldsOf(payout, request),
      ...(id === undefined ? { out_authorization_no: number } : { authorization_id: id }),
    },
  }),
};

/** Of what is confirmed on a sheet: by whom, and how it looks. */
function sheetFields(payout: Payout, request: TransferRequest): Fields {
  return {
    ...fieldsOf(payout, request, payout.user),
    ...(request.style !== undefined && { user_recv_style: { type: request.style } }),
  };
}

function fieldsOf({ billNo, amount }: Payout, request: TransferRequest, openid?: OpenId): Fields {
  return {
    appid: request.appId,
    out_bill_no: billNo,
    transfer_scene_id: request.sceneId,
    ...(openid !== undefined && { openid }),
    transfer_amount: amount,
    transfer_remark: request.remark,
    ...(request.notifyUrl !== undefined && { notify_url: request.notifyUrl }),
    ...(request.perception !== undefined && { user_recv_perception: request.perception }),
    transfer_scene_report_infos: request.reports.map(each => ({ info_type: each.type, info_content: each.content })),
  };
}

const silence = (code: string, text: string): Observation => ({ kind: 'silence', code, text });

/** An answer that is no 2xx is about the request, not about the bill, and needs no signature. */
function readFailure(reply: Reply, isCreation: boolean): Observation {
  const { status, text } = reply;
  const json = jsonOf(text);
  const code = json && textAt(json, 'code');
  const message = ((json && textAt(json, 'message')) ?? '').slice(0, 200);
  if (status === 429) return { kind: 'refused', code: 'FREQUENCY_LIMIT_EXCEED', text: message };
  // Other codes are about the address: a relay's own, or a path that there is not.
  if (status === 404 && code === 'NOT_FOUND' && !isCreation) return { kind: 'notFound' };
  const isTold = code !== undefined && ((status >= 400 && status < 500) || code === 'SYSTEM_ERROR');
  if (isTold) return { kind: 'refused', code: code.slice(0, 64), text: message };
  return strayOf(reply);
}

/** Creation, query and cancellation answer alike; each leaves out some of the fields. */
function readBill(text: string, payout: Payout): Observation {
  const json = jsonOf(text);
  if (!json) return strayOf({ status: 200, text }, 'the answer is no JSON object');
  if (json.out_bill_no !== payout.billNo) return silence('OTHER_ORDER', 'the answer is about another number');
  const { transfer_amount: amount, openid } = json;
  if (amount !== undefined && numberOf(amount) !== payout.amount) {
    return silence('OTHER_AMOUNT', `${String(amount).slice(0, 20)} fen there, ${payout.amount} here`);
  }
  if (openid !== undefined && openid !== payout.user) return silence('OTHER_PAYEE', 'another follower there');
  return billOf(json) ?? silence('STATE', `unknown state ${String(json.state).slice(0, 32)}`);
}

function billOf(json: Json): Order<BillState> | undefined {
  const { state } = json;
  if (!isState(state)) return undefined;
  const reason = textAt(json, 'fail_reason');
  const listId = textAt(json, 'transfer_bill_no');
  const packageInfo = textAt(json, 'package_info');
  return {
    kind: 'order',
    state,
    ...(reason !== undefined && { reason }),
    ...(listId !== undefined && { listId }),
    ...(packageInfo !== undefined && { packageInfo }),
  };
}

function isState(state: unknown): state is BillState {
  return typeof state === 'string' && Object.hasOwn(BILL_STATES, state);
}

/** What a notification says of a bill that reached its end: WeChat Pay's word, not yet compared with our payout. */
type TransferNotice = {
  readonly billNo: BillNo;
  readonly user: OpenId;
  /** Fen. */
  readonly amount: number;
  readonly seen: Observation;
};
/** … and of an authorization (免确认收款授权) that was given, or has ended. */
type AuthorizationNotice = { readonly authorization: ToldAuthorization; readonly user: OpenId };
/** WeChat Pay said it, but it is not for us, or we cannot tell what it means. */
type UnreadNotice = { readonly unread: string };
/** … and it is sealed with another APIv3 key than bot.yaml has: once that is mended, it can be told again. */
type UnopenedNotice = { readonly unopened: string };

/** Throws `BadInput` for whatever WeChat Pay did not say within the last 300 s. */
type NoticeReader = (
  headers: Headers,
  body: string,
  now: Instant,
) => TransferNotice | AuthorizationNotice | UnreadNotice | UnopenedNotice;

/** `apiV3Key`: 32 letters and digits. */
export function createNoticeReader(config: { mchId: string; apiV3Key: string }, trust: Trust): NoticeReader {
  const key = apiV3KeyOf(config.apiV3Key);
  return (headers, body, now) => {
    verifySignature(trust, headers, body, now);
    const outer = jsonOf(body) ?? {};
    const event = textAt(outer, 'event_type') ?? '';
    const isOfAuthorization = AUTHORIZATION_EVENTS.has(event);
    if (event !== FINISHED && !isOfAuthorization)
      return { unread: `event_type ${event.slice(0, 64)}, which is no ${FINISHED}` };
    const sealed = sealedOf(partOf(outer, 'resource'));
    if (!isSealed(sealed)) return { unread: 'a notification with nothing sealed in it' };
    try {
      const json = jsonOf(decryptResource(key, sealed));
      return isOfAuthorization ? readAuthorizationNotice(json, config.mchId) : readNotice(json, config.mchId);
    } catch (error) {
      if (error instanceof WrongSeal) return { unopened: error.message };
      throw error;
    }
  };
}

function readNotice(bill: Json | undefined, mchId: string): TransferNotice | UnreadNotice {
  if (!bill) return { unread: 'it holds no JSON object' };
  if (bill.mch_id !== mchId) return { unread: 'it is for another merchant number (mch_id)' };
  const [billNo, user, amount] = [textAt(bill, 'out_bill_no'), textAt(bill, 'openid'), numberOf(bill.transfer_amount)];
  const seen = ENDS.has(bill.state) ? billOf(bill) : undefined;
  if (!seen) return { unread: `state ${String(bill.state).slice(0, 32)}, which is no end` };
  if (billNo === undefined || user === undefined || amount === undefined)
    return { unread: 'it lacks out_bill_no, openid or transfer_amount' };
  return { billNo: asBillNo(billNo), user: openId(user), amount, seen };
}

function readAuthorizationNotice(json: Json | undefined, mchId: string): AuthorizationNotice | UnreadNotice {
  if (!json) return { unread: 'it holds no JSON object' };
  if (json.mchid !== mchId) return { unread: 'it is for another merchant number (mchid)' };
  const [authorization, user] = [readAuthorization(json), textAt(json, 'openid')];
  if (authorization && user !== undefined) return { authorization, user: openId(user) };
  return { unread: 'it lacks out_authorization_no, state or openid' };
}

// ── Whose a number is ────────────────────────────────────────────────────────────────────────────────────────

export function createTransferLook(config: TransferConfig, clock: Clock, keys: Keys): Look {
  const { api, ca } = config;
  const transport = createTransport({ api, ca });
  return {
    async ask(draft) {
      let text = '';
      const call: typeof transport.call = async request => {
        const answer = await transport.call(request);
        if (!('seen' in answer)) text = answer.text;
        return answer;
      };
      const payer = transferPayerOver(config, clock, { ...transport, call }, keys);
      return sightingOf(await payer.query(draft), draft, () => readTransfer(jsonOf(text) ?? {}));
    },
    close: () => transport.close(),
  };
}

function readTransfer({ state, openid, transfer_amount: amount, transfer_remark: remark }: Json): Owned {
  return {
    users: [openid].filter(isOpenId),
    amount: amountOf(amount),
    isOpen: state !== 'SUCCESS' && state !== 'FAIL' && state !== 'CANCELLED',
    words: [typeof remark === 'string' ? remark : undefined],
  };
}
