// The desk that hands out bills (申请资金账单, 下载账单; API v2: 下载资金账单) and tells a balance (查询账户实时余额), without the network.
// What a download returns is a file and signed by nobody: its SHA-1 stands in the answer that names it.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { paySignOf, sameText } from '../../wechat/crypto.ts';
import { buildXml, parseXml, textOf } from '../../wechat/xml.ts';
import type { PayFault } from '../shared/protocol.ts';
import { fundFlowCsv } from '../world/fund-flow.ts';
import { isTradeBill, tradeBillCsv } from '../world/trade-bill.ts';
import type { World } from '../world/world.ts';
import type { TransferAnswer } from './transfer-faults.ts';
import type { TransferCall } from './transfer-request.ts';

/** A file as it goes over the wire; `spoil`: what the network does to it. */
export type BillFile = {
  readonly status: number;
  readonly bytes: Buffer;
  readonly type: string;
  readonly digest?: string;
  readonly spoil?: 'cut' | 'truncated';
};

const APPLY = '/v3/bill/fundflowbill';
const APPLY_TRADES = '/v3/bill/tradebill';
const DOWNLOAD = '/v3/billdownload/file';
const BALANCE = '/v3/merchant/fund/balance/';
export const DOWNLOAD_V2 = '/pay/downloadfundflow';
export const DOWNLOAD_TRADES = '/pay/downloadbill';

const ACCOUNTS = ['BASIC', 'OPERATION', 'FEES'] as const;
const isAccount = (text: string): boolean => ACCOUNTS.some(each => each === text);

const DAY_MS = 86_400_000;
/** A day's bill is there from 09:00 of the next day on, for three months. */
const BUILT_AFTER_MS = DAY_MS + 9 * 3_600_000;
const KEPT_MS = 92 * DAY_MS;
const URL_LIVES_MS = 300_000;
const TOKENS_MAX = 1000;

type Token = { readonly mchId: string; readonly file: Buffer; readonly until: number };
type Wanted = { readonly mchId: string; readonly day: string; readonly account: string };
type No = { readonly status: number; readonly code: string; readonly message: string };

/** What can go wrong with a bill, and with its download; receipts take theirs among these. */
const FAULTS = {
  bill: ['code', 'errorNothingStored', 'lostReply'],
  billDownload: ['lostReply', 'truncated'],
} as const;
export const { bill: BILL_KINDS, billDownload: DOWNLOAD_KINDS } = FAULTS;

export class BillDesk {
  readonly #world: World;
  readonly #tokens = new Map<string, Token>();
  #made = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** `host`: where the file will lie. `undefined`: it is asked for neither a bill nor a balance. */
  answerV3(call: TransferCall, mchId: string, host: string): TransferAnswer | undefined {
    const [path = '', search] = call.path.split('?');
    if (call.method !== 'GET') return undefined;
    if (path.startsWith(BALANCE)) return this.#balance(path.slice(BALANCE.length), mchId);
    const query = new URLSearchParams(search);
    if (path === APPLY_TRADES) return this.#trades(query, mchId, host);
    if (path !== APPLY) return undefined;
    const [day = '', account = 'BASIC', zip] = ['bill_date', 'account_type', 'tar_type'].map(
      name => query.get(name) ?? undefined,
    );
    const wanted = { mchId, day, account };
    const no = this.#refusalOf(wanted) ?? (zip === undefined || zip === 'GZIP' ? undefined : PARAM);
    if (no) return refused(no);
    const plain = Buffer.from(fundFlowCsv(this.#world, mchId, wanted.day, wanted.account));
    return this.#offer(plain, zip !== undefined, { mchId, day: wanted.day, host });
  }

  /** 申请交易账单 */
  #trades(query: URLSearchParams, mchId: string, host: string): TransferAnswer {
    const [day = '', kind = 'ALL', zip] = ['bill_date', 'bill_type', 'tar_type'].map(
      name => query.get(name) ?? undefined,
    );
    const no =
      this.#refusalOfDay(day) ?? (isTradeBill(kind) && (zip === undefined || zip === 'GZIP') ? undefined : PARAM);
    if (no) return refused(no);
    const text = isTradeBill(kind) ? tradeBillCsv(this.#world, mchId, day, kind) : undefined;
    return text === undefined
      ? refused(NO_STATEMENT)
      : this.#offer(Buffer.from(text), zip !== undefined, { mchId, day, host });
  }

  /** Says where the file lies, and what it must hash to. */
  #offer(
    plain: Buffer,
    isZipped: boolean,
    { mchId, day, host }: { readonly mchId: string; readonly day: string; readonly host: string },
  ): TransferAnswer {
    const token = createHash('sha256')
      .update(`${mchId}/${day}/${++this.#made}`)
      .digest('hex')
      .slice(0, 32);
    this.#remember(token, { mchId, file: isZipped ? gzipSync(plain) : plain, until: this.#world.now() + URL_LIVES_MS });
    const body = {
      hash_type: 'SHA1',
      hash_value: sha1(plain),
      download_url: `https://${host}${DOWNLOAD}?token=${token}`,
    };
    const isCut = this.#fault('bill', 'lostReply') !== undefined;
    return { status: 200, body, ...(isCut && { spoil: { kind: 'cut' as const } }) };
  }

  /** `undefined`: it is no download. */
  fileOf({ method, path }: TransferCall, mchId: string): BillFile | undefined {
    const [place, search] = path.split('?');
    if (method !== 'GET' || place !== DOWNLOAD) return undefined;
    const token = this.#tokens.get(new URLSearchParams(search).get('token') ?? '');
    if (!token || token.until <= this.#world.now())
      return notAFile({ status: 400, code: 'INVALID_REQUEST', message: '下载链接已失效' });
    if (token.mchId !== mchId) return notAFile({ status: 403, code: 'NO_AUTH', message: '无权下载该账单' });
    return { status: 200, bytes: token.file, type: 'application/octet-stream', ...this.#spoilt() };
  }

  /** API v2, for whom the client certificate names. */
  fileOfV2(body: string, certified: string | undefined): BillFile {
    let xml: ReturnType<typeof parseXml>;
    try {
      xml = parseXml(body);
    } catch {
      return failedV2('XML格式错误');
    }
    const fields: Record<string, string> = {};
    for (const [name] of Object.entries(xml)) if (textOf(xml, name)) fields[name] = textOf(xml, name)!;
    const {
      mch_id: mchId = '',
      sign = '',
      sign_type: type,
      bill_date: date = '',
      account_type: kind = '',
      tar_type: zip,
    } = fields;
    const merchant = this.#world.findMerchant(mchId);
    if (!merchant || certified !== mchId) return failedV2('证书与商户号不一致');
    if (type !== 'HMAC-SHA256') return failedV2('签名类型只支持HMAC-SHA256');
    if (!sameText(paySignOf(fields, merchant.options.apiV2Key, type), sign)) return failedV2('签名错误');
    if (!merchant.options.appIds.includes(fields.appid ?? '')) return failedV2('appid和mch_id不匹配');
    const day = date.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
    const no = this.#refusalOf({ mchId, day, account: kind.toUpperCase() });
    if (no) return failedV2(no.message, CODES_V2[no.code] ?? no.code);
    const plain = Buffer.from(fundFlowCsv(this.#world, mchId, day, kind.toUpperCase()));
    const file = zip === 'GZIP' ? gzipSync(plain) : plain;
    return { status: 200, bytes: file, type: 'text/plain; charset=utf-8', digest: sha1(file), ...this.#spoilt() };
  }

  #refusalOf({ mchId, day, account }: Wanted): No | undefined {
    if (!isAccount(account)) return PARAM;
    const no = this.#refusalOfDay(day);
    if (no) return no;
    if (account !== 'BASIC' && !(account === 'OPERATION' && this.#world.merchant(mchId).options.operationAccount))
      return { status: 400, code: 'INVALID_REQUEST', message: '账户未开通' };
    const isEmpty = fundFlowCsv(this.#world, mchId, day, account).split('\r\n').length <= EMPTY_LINES;
    return isEmpty ? NO_STATEMENT : undefined;
  }

  #refusalOfDay(day: string): No | undefined {
    if (this.#fault('bill', 'errorNothingStored'))
      return { status: 500, code: 'SYSTEM_ERROR', message: '系统异常,请稍后重试' };
    const wished = this.#fault('bill', 'code');
    if (wished) return { status: 400, code: wished.code ?? 'SYSTEM_ERROR', message: wished.text ?? '模拟的错误' };
    switch (billAge(day, this.#world.now())) {
      case 'no day':
        return PARAM;
      case 'out of range':
        return { status: 400, code: 'INVALID_REQUEST', message: '账单日期不合法' };
      case 'not built':
        return { status: 400, code: 'STATEMENT_CREATING', message: '账单生成中' };
      default:
        return undefined;
    }
  }

  /** Only service providers and platforms may ask. */
  #balance(account: string, mchId: string): TransferAnswer {
    const { options, books } = this.#world.merchant(mchId);
    if (!isAccount(account)) return refused(PARAM);
    if (!options.balanceApi) return refused({ status: 403, code: 'NO_AUTH', message: '商户无此接口权限' });
    const holds = options.operationAccount ? 'OPERATION' : 'BASIC';
    if (account === 'OPERATION' && holds !== 'OPERATION')
      return refused({ status: 400, code: 'INVALID_REQUEST', message: '账户未开通' });
    return { status: 200, body: { available_amount: account === holds ? books.balance : 0, pending_amount: 0 } };
  }

  #remember(token: string, what: Token): void {
    if (this.#tokens.size >= TOKENS_MAX) this.#tokens.delete(this.#tokens.keys().next().value!);
    this.#tokens.set(token, what);
  }

  #spoilt(): Pick<BillFile, 'spoil'> {
    if (this.#fault('billDownload', 'lostReply')) return { spoil: 'cut' };
    return this.#fault('billDownload', 'truncated') ? { spoil: 'truncated' } : {};
  }

  #fault<At extends keyof typeof FAULTS>(at: At, kind: (typeof FAULTS)[At][number]): PayFault | undefined {
    return this.#world.faults.takePay(at, '', each => each.kind === kind);
  }
}

/** Whether the bill of a day lies there. */
export function billAge(day: string, now: number): 'no day' | 'out of range' | 'not built' | 'there' {
  const from = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00+08:00`) : Number.NaN;
  if (Number.isNaN(from)) return 'no day';
  const age = now - from;
  if (age < DAY_MS || age > KEPT_MS) return 'out of range';
  return age < BUILT_AFTER_MS ? 'not built' : 'there';
}

/** Header, header of the sums, the sums, and what follows the last line's end. */
const EMPTY_LINES = 4;
const NO_STATEMENT: No = { status: 400, code: 'NO_STATEMENT_EXIST', message: '账单不存在' };
const PARAM: No = { status: 400, code: 'PARAM_ERROR', message: '参数错误' };
const CODES_V2: Readonly<Record<string, string>> = {
  NO_STATEMENT_EXIST: 'NO_BILL_EXIST',
  STATEMENT_CREATING: 'BILL_CREATING',
  INVALID_REQUEST: 'PARAM_ERROR',
  SYSTEM_ERROR: 'SYSTEMERROR',
};

const sha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('hex');

function refused({ status, code, message }: No): TransferAnswer {
  return { status, body: { code, message } };
}

function notAFile({ status, code, message }: No): BillFile {
  return { status, bytes: Buffer.from(JSON.stringify({ code, message })), type: 'application/json; charset=utf-8' };
}

function failedV2(message: string, code?: string): BillFile {
  const fields = {
    return_code: 'FAIL',
    return_msg: message,
    ...(code !== undefined && { result_code: 'FAIL', err_code: code }),
  };
  return { status: 200, bytes: Buffer.from(buildXml(fields)), type: 'text/xml; charset=utf-8' };
}
