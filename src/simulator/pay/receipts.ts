// The desk that makes receipts (电子回单) of transfers that arrived: applied for, made in two seconds, downloaded for ten minutes.
import { createHash, randomBytes } from 'node:crypto';
import { beijingText, instant } from '../../core/base/time.ts';
import { jsonIn } from '../shared/json.ts';
import { isTransfer, rfc3339, type Transfer } from '../world/bill.ts';
import type { World } from '../world/world.ts';
import type { BillFile } from './bills.ts';
import { type TransferAnswer, told } from './transfer-faults.ts';
import { failure, type TransferCall } from './transfer-request.ts';

const PATH = '/v3/fund-app/mch-transfer/elecsign/out-bill-no';
const DOWNLOAD = '/v3/fund-app/mch-transfer/elecsign/file';
const MADE_AFTER_MS = 2000;
const URL_LIVES_MS = 600_000;

export class ReceiptDesk {
  readonly #world: World;
  /** Merchant and number → when it was applied for. In memory only, as faults are. */
  readonly #asked = new Map<string, number>();
  readonly #urls = new Map<string, { readonly mchId: string; readonly file: Buffer; readonly until: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** `host`: where the file will lie. `undefined`: it is about something else. */
  answer({ method, path, body }: TransferCall, mchId: string, host: string): TransferAnswer | undefined {
    const [place = ''] = path.split('?');
    if (!place.startsWith(PATH)) return undefined;
    const fault = this.#world.faults.takePay('bill', '', each => each.kind === 'code');
    if (fault) return told(failure(fault.status ?? 400, fault.code ?? 'SYSTEM_ERROR', fault.text ?? '模拟的错误'));
    if (method === 'POST' && place === PATH) return this.#apply(mchId, body);
    const number = method === 'GET' && place.startsWith(`${PATH}/`) ? place.slice(PATH.length + 1) : undefined;
    return number === undefined ? told(failure(404, 'NOT_FOUND', '接口不存在')) : this.#tell(mchId, number, host);
  }

  fileOf({ method, path }: TransferCall, mchId: string): BillFile | undefined {
    const [place, search] = path.split('?');
    if (method !== 'GET' || place !== DOWNLOAD) return undefined;
    const found = this.#urls.get(new URLSearchParams(search).get('token') ?? '');
    const isLive = found !== undefined && found.until > this.#world.now() && found.mchId === mchId;
    if (!isLive)
      return {
        status: 400,
        bytes: Buffer.from('{"code":"INVALID_REQUEST","message":"下载链接已失效"}'),
        type: 'application/json',
      };
    const cut = this.#world.faults.takePay('billDownload', '', each => each.kind === 'truncated');
    return { status: 200, bytes: found.file, type: 'application/pdf', ...(cut && { spoil: 'truncated' as const }) };
  }

  #apply(mchId: string, body: string): TransferAnswer {
    const { out_bill_no: number } = jsonIn(body) ?? {};
    if (typeof number !== 'string') return told(failure(400, 'PARAM_ERROR', '参数错误'));
    const bill = this.#billOf(mchId, number);
    if (!bill) return told(failure(404, 'NOT_FOUND', '记录不存在'));
    if (bill.bill.state !== 'SUCCESS') return told(failure(400, 'INVALID_REQUEST', '转账单未成功,不能申请电子回单'));
    const key = `${mchId}/${number}`;
    if (!this.#asked.has(key)) this.#asked.set(key, this.#world.now());
    return { status: 200, body: { state: 'GENERATING', create_time: rfc3339(this.#asked.get(key)!) } };
  }

  #tell(mchId: string, number: string, host: string): TransferAnswer {
    const [asked, bill] = [this.#asked.get(`${mchId}/${number}`), this.#billOf(mchId, number)];
    if (asked === undefined || !bill) return told(failure(404, 'NOT_FOUND', '电子回单不存在,请先申请'));
    const times = { create_time: rfc3339(asked), update_time: rfc3339(this.#world.now()) };
    if (this.#world.now() - asked < MADE_AFTER_MS) return { status: 200, body: { state: 'GENERATING', ...times } };
    const file = receiptOf(bill);
    const token = randomBytes(16).toString('hex');
    this.#urls.set(token, { mchId, file, until: this.#world.now() + URL_LIVES_MS });
    const hash = createHash('sha256').update(file).digest('hex');
    const place = { hash_type: 'SHA256', hash_value: hash, download_url: `https://${host}${DOWNLOAD}?token=${token}` };
    return { status: 200, body: { state: 'FINISHED', ...times, ...place } };
  }

  #billOf(mchId: string, number: string): Transfer | undefined {
    const order = this.#world.order(mchId, number, 'transfer');
    return order && isTransfer(order) ? order : undefined;
  }
}

/** As much of a PDF as says that it is one, and what it would show. */
function receiptOf({ billNo, listId, amount, openid, receivedAt = 0 }: Transfer): Buffer {
  const when = beijingText(instant(receivedAt));
  const lines = [
    `out_bill_no ${billNo}`,
    `transfer_bill_no ${listId}`,
    `amount ${amount}`,
    `openid ${openid}`,
    `time ${when}`,
  ];
  return Buffer.from(`%PDF-1.4\n% ${lines.join('\n% ')}\n%%EOF\n`);
}
