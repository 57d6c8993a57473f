// The receipt (电子回单) of a transfer that arrived: applied for, asked after, downloaded. No signature covers the file: its hash stands
// in an answer that has one. Never throws for what the platform or the network does, and nothing here moves money.
import { createHash, getHashes } from 'node:crypto';
import { messageOf } from '../../core/base/error.ts';
import type { BillNo } from '../../core/payout/payout.ts';
import type { Clock } from '../../ports.ts';
import { jsonOf, textAt } from '../json.ts';
import { createTransport, type Endpoint, type Lost, type Reply } from '../transport.ts';
import { placeOf } from './fund-flow.ts';
import type { Keys } from './platform-keys.ts';
import { v3Call, v3Headers } from './v3-call.ts';
import { signerOf } from './v3-signature.ts';

type Receipt =
  | { readonly kind: 'receipt'; readonly bytes: Buffer; readonly hashType: string; readonly hash: string }
  /** WeChat Pay is making it. */
  | { readonly kind: 'making' }
  | { readonly kind: 'failed'; readonly reason: string };

export type ReceiptDesk = {
  /** Applies for it unless that was done before. */
  fetch(billNo: BillNo): Promise<Receipt>;
  close(): Promise<void>;
};

type ReceiptConfig = Pick<Endpoint, 'api' | 'ca'> & {
  readonly mchId: string;
  readonly serialNo: string;
  readonly privateKey: Buffer;
};

const PATH = '/v3/fund-app/mch-transfer/elecsign/out-bill-no';
/** A page or two; more is no receipt. */
const BYTES_MAX = 20_000_000;
const HASHES: Readonly<Record<string, string>> = { SHA256: 'sha256', SM3: 'sm3' };

const failed = (reason: string): Receipt => ({ kind: 'failed', reason: reason.slice(0, 200) });

export function createReceiptDesk(config: ReceiptConfig, clock: Clock, keys: Keys): ReceiptDesk {
  const transport = createTransport({ api: config.api, ca: config.ca });
  const call = v3Call(config, clock, transport, keys);
  const signer = signerOf(config);

  async function download(url: string, hashType: string, hash: string): Promise<Receipt> {
    const place = placeOf(url, config.api);
    if (place === undefined) return failed(`download_url is at a host that is not WeChat Pay's: ${url.slice(0, 80)}`);
    const algorithm = HASHES[hashType];
    if (algorithm === undefined || !getHashes().includes(algorithm))
      return failed(`it is announced with a hash that cannot be checked here: ${hashType.slice(0, 20)}`);
    const headers = { ...v3Headers(signer, keys, { method: 'GET', path: place }, clock()), accept: '*/*' };
    const answer = await transport.stream({ method: 'GET', path: place, headers });
    if ('seen' in answer) return lost(answer);
    if (answer.status !== 200) {
      answer.body.destroy();
      return failed(`the download was refused: HTTP ${answer.status}`);
    }
    const bytes = await whole(answer.body);
    if (typeof bytes === 'string') return failed(bytes);
    const found = createHash(algorithm).update(bytes).digest('hex');
    if (found !== hash.toLowerCase())
      return failed(`the file is not what was announced: ${hashType} ${hash.slice(0, 64)}, found ${found}`);
    return { kind: 'receipt', bytes, hashType, hash: found };
  }

  return {
    async fetch(billNo) {
      let answer = await call('GET', `${PATH}/${billNo}`);
      if (isUnknown(answer)) {
        answer = await call('POST', PATH, JSON.stringify({ out_bill_no: billNo }));
      }
      if ('seen' in answer) return lost(answer);
      const json = jsonOf(answer.text) ?? {};
      const [state, code] = [textAt(json, 'state'), textAt(json, 'code')];
      if (answer.status !== 200)
        return failed(`${code ?? `HTTP ${answer.status}`} ${textAt(json, 'message') ?? ''}`.trim());
      if (state === 'GENERATING') return { kind: 'making' };
      if (state !== 'FINISHED') return failed(`${state ?? 'no state'} ${textAt(json, 'fail_reason') ?? ''}`.trim());
      const [url, type, hash] = ['download_url', 'hash_type', 'hash_value'].map(name => textAt(json, name) ?? '');
      return download(url!, type!, hash!);
    },
    close: () => transport.close(),
  };
}

/** Nobody has applied for it yet. */
function isUnknown(answer: Reply | Lost): boolean {
  if ('seen' in answer || answer.status < 400) return false;
  const code = textAt(jsonOf(answer.text) ?? {}, 'code');
  return answer.status === 404 && code !== undefined;
}

function lost({ seen }: Lost): Receipt {
  const words = [('code' in seen && seen.code) || seen.kind, ('text' in seen && seen.text) || ''];
  return failed(`no answer: ${words.join(' ').trim()}`);
}

/** All of it, or why not. */
async function whole(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<Buffer | string> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of body) {
      length += part.length;
      if (length > BYTES_MAX) {
        body.destroy();
        return 'the file is longer than a receipt can be';
      }
      parts.push(part);
    }
  } catch (error) {
    return `the download broke off: ${messageOf(error)}`;
  }
  return Buffer.concat(parts);
}
