// The fund flow (资金账单) of one merchant, as WeChat Pay hands it out for one Beijing day: by API v3 (申请资金账单, 下载账单), or by API
// v2 (下载资金账单) where there are no settings for v3. Never retries by itself, never throws for what the platform or the network does.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { messageOf } from '../../core/base/error.ts';
import type { Day } from '../../core/base/time.ts';
import type { Clock } from '../../ports.ts';
import { nonce, paySignOf } from '../crypto.ts';
import { jsonOf, textAt } from '../json.ts';
import { createTransport, type Endpoint, type FileTransport, type Lost, type Stream } from '../transport.ts';
import { buildXml, parseXml, textOf } from '../xml.ts';
import type { Keys } from './platform-keys.ts';
import { v3Call, v3Headers } from './v3-call.ts';
import { signerOf } from './v3-signature.ts';

/** 基本账户, and 运营账户: red packets and transfers are paid from the latter, where a merchant has it. */
export const ACCOUNTS = ['BASIC', 'OPERATION'] as const;
export type FundAccount = (typeof ACCOUNTS)[number];

export type Fetched =
  /** It was written into the file. */
  | { readonly kind: 'bill' }
  /** Nothing moved in that account on that day. */
  | { readonly kind: 'empty' }
  /** The merchant has no such account. */
  | { readonly kind: 'closed' }
  /** It is built from 09:00 of the next day on. */
  | { readonly kind: 'creating' }
  | { readonly kind: 'failed'; readonly reason: string };

type FundDesk = {
  /** `file`: what it is written into, as plain CSV; `0600`. */
  fetch(day: Day, account: FundAccount, file: string): Promise<Fetched>;
  close(): Promise<void>;
};

export type FundConfig = Endpoint & {
  readonly mchId: string;
  /** API v3. */
  readonly v3?: {
    readonly signer: { readonly serialNo: string; readonly privateKey: Buffer };
    readonly keys: Keys;
  };
  /** API v2: also needs the client certificate, and an AppID that is bound to the merchant. */
  readonly v2?: { readonly apiV2Key: string; readonly appId: string };
};

export function createFundDesk(config: FundConfig, clock: Clock): FundDesk {
  const transport = createTransport(config);
  const { mchId, v3, v2 } = config;
  const fetch: FundDesk['fetch'] = v3
    ? fetcherV3({ config, transport, clock, keys: v3.keys, signing: { mchId, ...v3.signer } })
    : v2
      ? fetcherV2({ mchId, transport, ...v2 })
      : async () => failed('bot.yaml has no keys to ask with');
  return { fetch, close: () => transport.close() };
}

const failed = (reason: string): Fetched => ({ kind: 'failed', reason: reason.slice(0, 200) });

function lost({ seen }: Lost): Fetched {
  return failed(
    `no answer: ${[('code' in seen && seen.code) || seen.kind, ('text' in seen && seen.text) || ''].join(' ').trim()}`,
  );
}

// ── API v3 ───────────────────────────────────────────────────────────────────────────────────────────────────

type DeskV3 = {
  readonly config: FundConfig;
  readonly transport: FileTransport;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly signing: Parameters<typeof signerOf>[0];
};

const APPLY = '/v3/bill/fundflowbill';
/** It is a file of WeChat Pay's wherever it lies; another host is told nothing. */
const HOSTS = /(^|\.)mch\.weixin\.qq\.com$/;

function fetcherV3(desk: DeskV3): FundDesk['fetch'] {
  const call = v3Call(desk.signing, desk.clock, desk.transport, desk.keys);
  return async (day, account, file) => {
    const path = `${APPLY}?bill_date=${day}&account_type=${account}&tar_type=GZIP`;
    const answer = await call('GET', path);
    if ('seen' in answer) return lost(answer);
    const json = jsonOf(answer.text) ?? {};
    if (answer.status !== 200)
      return refusalOf(textAt(json, 'code') ?? `HTTP ${answer.status}`, textAt(json, 'message') ?? '', account);
    const [url, hash] = [textAt(json, 'download_url') ?? '', textAt(json, 'hash_value') ?? ''];
    const place = placeOf(url, desk.config.api);
    if (place === undefined) return failed(`download_url is at a host that is not WeChat Pay's: ${url.slice(0, 80)}`);
    return download(desk, place, hash, file);
  };
}

/** Path and query, exactly as given. */
export function placeOf(url: string, api: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { host, hostname } = new URL(url);
  if (host !== new URL(api).host && !HOSTS.test(hostname)) return undefined;
  return url.slice(url.indexOf('/', url.indexOf('//') + 2));
}

/** No signature covers it: its hash stands in an answer that has one. */
async function download(desk: DeskV3, place: string, hash: string, file: string): Promise<Fetched> {
  const headers = v3Headers(signerOf(desk.signing), desk.keys, { method: 'GET', path: place }, desk.clock());
  const answer = await desk.transport.stream({ method: 'GET', path: place, headers });
  if ('seen' in answer) return lost(answer);
  if (answer.status !== 200) {
    answer.body.destroy();
    return failed(`the download was refused: HTTP ${answer.status}`);
  }
  return written(answer.body, hash, file);
}

/** Gzip or not, whatever was asked for; hashed as it lies in the file. */
async function written(body: AsyncIterable<Buffer>, hash: string, file: string): Promise<Fetched> {
  const sha1 = createHash('sha1');
  const hashed = async function* (plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const part of plain) {
      sha1.update(part);
      yield part;
    }
  };
  const out = createWriteStream(file, { mode: 0o600 });
  try {
    const [first, all] = await begun(body);
    if (first[0] === 0x1f && first[1] === 0x8b) await pipeline(all, createGunzip(), hashed, out);
    else await pipeline(all, hashed, out);
  } catch (error) {
    return failed(`the download broke off: ${messageOf(error)}`);
  }
  const found = sha1.digest('hex');
  return found === hash.toLowerCase()
    ? { kind: 'bill' }
    : failed(`the file is not what was announced: SHA-1 ${hash.slice(0, 40)}, found ${found}`);
}

/** Its first bytes, and all of it. */
async function begun(body: AsyncIterable<Buffer>): Promise<[Buffer, AsyncIterable<Buffer>]> {
  const parts = body[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    head = Buffer.concat([head, next.value]);
    if (head.length > 1) break;
  }
  const all = async function* (): AsyncGenerator<Buffer> {
    yield head;
    for (let next = await parts.next(); !next.done; next = await parts.next()) yield next.value;
  };
  return [head, all()];
}

/** Codes of v3, and of v2 behind them. An account that was never opened is an `INVALID_REQUEST` of that account. */
function refusalOf(code: string, text: string, account: FundAccount): Fetched {
  if (code === 'NO_STATEMENT_EXIST' || code === 'NO_BILL_EXIST' || text === 'No Bill Exist') return { kind: 'empty' };
  if (code === 'STATEMENT_CREATING' || code === 'BILL_CREATING') return { kind: 'creating' };
  const isOfAccount = code === 'INVALID_REQUEST' || code === 'NO_AUTH' || code === 'PARAM_ERROR';
  if (account !== 'BASIC' && isOfAccount) return { kind: 'closed' };
  return failed(`${code} ${text}`.trim());
}

// ── API v2 ───────────────────────────────────────────────────────────────────────────────────────────────────

type DeskV2 = {
  readonly mchId: string;
  readonly transport: FileTransport;
  readonly apiV2Key: string;
  readonly appId: string;
};

const V2_ACCOUNTS: Readonly<Record<FundAccount, string>> = { BASIC: 'Basic', OPERATION: 'Operation' };

/** It takes no other kind of signature than HMAC-SHA256. */
function fetcherV2({ mchId, transport, apiV2Key, appId }: DeskV2): FundDesk['fetch'] {
  return async (day, account, file) => {
    const fields = {
      ...{ appid: appId, mch_id: mchId, nonce_str: nonce(), sign_type: 'HMAC-SHA256' },
      ...{ bill_date: day.replaceAll('-', ''), account_type: V2_ACCOUNTS[account] },
    };
    const answer = await transport.stream({
      method: 'POST',
      path: '/pay/downloadfundflow',
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: buildXml({ ...fields, sign: paySignOf(fields, apiV2Key, 'HMAC-SHA256') }),
    });
    if ('seen' in answer) return lost(answer);
    return readV2(answer, account, file);
  };
}

const REFUSAL_BYTES_MAX = 64 * 1024;

async function readV2({ status, headers, body }: Stream, account: FundAccount, file: string): Promise<Fetched> {
  if (status !== 200) {
    body.destroy();
    return failed(`HTTP ${status}`);
  }
  try {
    const [first, all] = await begun(body);
    if (first.subarray(0, 1).toString() !== '<') {
      const digest = /^SHA=([0-9a-f]{40})$/i.exec(String(headers.digest ?? ''))?.[1];
      return digest === undefined ? failed('the answer has no header Digest') : await written(all, digest, file);
    }
    let text = '';
    for await (const part of all) if (text.length < REFUSAL_BYTES_MAX) text += part.toString();
    const fields = parseXml(text);
    return refusalOf(textOf(fields, 'err_code') ?? '', textOf(fields, 'return_msg') ?? '', account);
  } catch (error) {
    return failed(`the answer cannot be read: ${messageOf(error)}`);
  }
}
