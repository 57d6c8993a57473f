// WeChat Pay's door for API v3: JSON, signed by the merchant on the way in and by WeChat Pay on the way out. A client
// certificate is neither needed nor looked at.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { delayed, readBody, send } from '../shared/http.ts';
import type { BillDesk, BillFile } from './bills.ts';
import type { ShopDesk } from './order-query.ts';
import type { ReceiptDesk } from './receipts.ts';
import { HTML_502 } from './redpack-reply.ts';
import type { SigningDesk } from './signing.ts';
import type { TransferDesk } from './transfer.ts';
import { SYSTEM_ERROR, type TransferAnswer } from './transfer-faults.ts';
import type { TransferCall } from './transfer-request.ts';
import type { V3Verifier } from './v3-signature.ts';

/** `undefined`: the call is about something else. */
type Part = { answer(call: TransferCall, mchId: string): TransferAnswer | undefined };

export type V3Door = {
  readonly desk: TransferDesk;
  readonly shop: ShopDesk;
  /** Orders that are placed, and refunds. */
  readonly orders: Part;
  /** The same of API v2; `undefined`: the call is about something else. */
  readonly ordersV2: { answer(path: string, body: string, certified: string | undefined): BillFile | undefined };
  readonly bills: BillDesk;
  readonly vouchers: Part;
  readonly receipts: ReceiptDesk;
  readonly verifier: V3Verifier;
  readonly signing: SigningDesk;
  readonly now: () => number;
};

/** … for whom it answers. */
type Answering = V3Door & { readonly mchId?: string };

const JSON_TYPE = 'application/json; charset=utf-8';

export async function serveV3(door: V3Door, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { accept, authorization = '', 'user-agent': agent } = req.headers;
  if (!accept || !agent) return refuse(door, res, 400, 'PARAM_ERROR', 'Http头缺少Accept或User-Agent');
  let body: string;
  try {
    body = await readBody(req);
  } catch {
    return refuse(door, res, 400, 'PARAM_ERROR', '请求体不是合法的JSON');
  }
  const call = { method: req.method ?? '', path: req.url ?? '', body };
  const verified = door.verifier.verify({ ...call, authorization }, door.now());
  if ('wrong' in verified) return refuse(door, res, 401, 'SIGN_ERROR', verified.wrong);
  const serial = req.headers['wechatpay-serial'];
  const named = typeof serial === 'string' ? { ...call, serial } : call;
  const { mchId } = verified;
  const file = door.bills.fileOf(call, mchId) ?? door.receipts.fileOf(call, mchId);
  if (file) return sendFile(res, file);
  const answer =
    door.signing.answer(call, mchId) ??
    door.orders.answer(named, mchId) ??
    door.shop.answerV3(named, mchId) ??
    door.bills.answerV3(call, mchId, req.headers.host ?? '') ??
    door.receipts.answer(call, mchId, req.headers.host ?? '') ??
    door.vouchers.answer(call, mchId) ??
    door.desk.answer(named, mchId);
  if (answer.over) res.once('close', answer.over);
  await deliver({ ...door, mchId }, res, answer);
}

/** Nobody signs a file. */
export function sendFile(res: ServerResponse, { status, bytes, type, digest, spoil }: BillFile): void {
  if (spoil === 'cut') {
    res.socket?.destroy();
    return;
  }
  if (digest !== undefined) res.setHeader('digest', `SHA=${digest}`);
  send(res, status, type, spoil === 'truncated' ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes);
}

function refuse(door: V3Door, res: ServerResponse, status: number, code: string, message: string): void {
  reply(door, res, { status, body: { code, message } });
}

/** Refusals are signed too; nobody has to verify those. */
function reply(door: Answering, res: ServerResponse, { status, body }: TransferAnswer, cutAt = 1): void {
  // 204 says all there is to say.
  const text = status === 204 ? '' : JSON.stringify(body);
  for (const [name, value] of Object.entries(door.signing.headers(door.mchId, text, door.now())))
    res.setHeader(name, value);
  const bytes = Buffer.from(text);
  send(res, status, JSON_TYPE, bytes.subarray(0, Math.floor(bytes.length * cutAt)));
}

async function deliver(door: Answering, res: ServerResponse, answer: TransferAnswer): Promise<void> {
  const { spoil } = answer;
  switch (spoil?.kind) {
    case 'cut':
      res.socket?.destroy();
      return;
    case 'html502':
      return send(res, 502, 'text/html', HTML_502);
    case 'truncated':
      return reply(door, res, answer, 0.5);
    case 'strange':
      return reply(door, res, { ...answer, body: strangeBody(answer.body) });
    case 'systemError': {
      // A refusal is told as it is: nothing was done that an error could hide.
      const { status, code, message } = SYSTEM_ERROR;
      return reply(door, res, answer.status === 200 ? { status, body: { code, message } } : answer);
    }
    case 'slow':
      if (await delayed(res, spoil.delayMs)) reply(door, res, answer);
      return;
    default:
      return reply(door, res, answer);
  }
}

/** With elements nobody has seen, and turned round: clients must not mind. */
function strangeBody(body: TransferAnswer['body']): TransferAnswer['body'] {
  const mixed = { trace_id: 'sim-4f1d', ...body, promotion: { kind: 'none', levels: [1] } };
  return Object.fromEntries(Object.entries(mixed).reverse());
}
