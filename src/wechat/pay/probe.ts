// Questions that change nothing at WeChat Pay, put only to learn whether it takes our number, our keys and our address: it is
// asked after an order that there is not. Never throws for what the platform or the network does.
import { randomBytes } from 'node:crypto';
import { messageOf } from '../../core/base/error.ts';
import { openId } from '../../core/base/event.ts';
import { fen } from '../../core/base/money.ts';
import { instant } from '../../core/base/time.ts';
import type { RedpackRequest } from '../../core/payout/channels/redpack.ts';
import { asBillNo, type BillNo, type Payout } from '../../core/payout/payout.ts';
import type { Clock } from '../../ports.ts';
import { jsonOf, textAt } from '../json.ts';
import { createTransport, type Endpoint } from '../transport.ts';
import { fetchCertificates } from './platform-certificates.ts';
import type { Keys } from './platform-keys.ts';
import { createPayer } from './redpack.ts';
import { requestHeaders, signerOf, verifySignature } from './v3-signature.ts';

/** What came of a question: nothing to complain of, or what is said against it. */
export type Probed =
  | { readonly kind: 'fine' }
  | { readonly kind: 'refused'; readonly code: string; readonly text: string }
  /** The answer is signed with a key that we do not have, or not with it. */
  | { readonly kind: 'unknownKey'; readonly serial: string }
  /** No answer that could be WeChat Pay's. */
  | { readonly kind: 'away'; readonly said: string };

/** A number that nobody uses. */
const nobody = (): BillNo => asBillNo(`DOCTOR${randomBytes(8).toString('hex')}`);

// ── API v2 ───────────────────────────────────────────────────────────────────────────────────────────────────

type V2Config = Parameters<typeof createPayer>[0];

/** gethbinfo: certificate, key, merchant number and AppID at once. */
export async function probeV2(config: V2Config, appId: string): Promise<Probed> {
  const payer = createPayer(config);
  try {
    const seen = await payer.query(unmade(config.mchId, appId));
    if (seen.kind === 'refused') return seen;
    if (seen.kind === 'silence' || seen.kind === 'unreached')
      return { kind: 'away', said: `${seen.code} ${seen.text}`.trim() };
    return { kind: 'fine' };
  } finally {
    await payer.close();
  }
}

/** As much of a payout as its question names. */
function unmade(mchId: string, appId: string): Payout {
  const words = { sendName: '', actName: '', wishing: '', remark: '' };
  const request: RedpackRequest = { channel: 'redpack', mchId, appId, clientIp: '127.0.0.1', ...words };
  const billNo = nobody();
  return {
    ...{ billNo, claimKey: '', attempt: 1, campaign: '', rule: '', account: '', merchant: '' },
    ...{ user: openId('-'), amount: fen(100), request, holds: [], state: 'planned', version: 1 },
    ...{ tries: 0, strikes: 0, nextDo: 'query', createdAt: instant(0) },
  };
}

// ── API v3 ───────────────────────────────────────────────────────────────────────────────────────────────────

type V3Config = Pick<Endpoint, 'api' | 'ca'> & {
  readonly mchId: string;
  readonly serialNo: string;
  readonly privateKey: Buffer;
  readonly apiV3Key: string;
};

const bill = (): string => `/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/${nobody()}`;

/** 查询转账单, and the platform certificates: signer, product, and the keys of both sides. `pays`: transfers are meant to work. */
export async function probeV3(config: V3Config, keys: Keys, clock: Clock, pays: boolean): Promise<Probed> {
  const transport = createTransport({ api: config.api, ca: config.ca });
  try {
    const signer = signerOf(config);
    const handout = await fetchCertificates(
      { signer, apiV3Key: config.apiV3Key, transport },
      keys,
      keys.preferred(),
      clock(),
    );
    if (handout.kind === 'failed' && /apiV3Key/.test(handout.reason))
      return { kind: 'refused', code: 'APIV3_KEY', text: handout.reason };
    const path = pays ? bill() : '/v3/certificates';
    const headers = requestHeaders(signer, { method: 'GET', path }, clock());
    const answer = await transport.call({ method: 'GET', path, headers });
    if ('seen' in answer) return { kind: 'away', said: saidOf(answer.seen) };
    const json = jsonOf(answer.text);
    const code = json && textAt(json, 'code');
    const isNone = answer.status === 404 && code !== undefined;
    if (answer.status !== 200 && !isNone) {
      if (code === undefined) return { kind: 'away', said: `HTTP ${answer.status}` };
      return { kind: 'refused', code, text: (json && textAt(json, 'message')) ?? '' };
    }
    return await verified(keys, answer.headers, answer.text, clock);
  } finally {
    await transport.close();
  }
}

async function verified(
  keys: Keys,
  headers: Parameters<typeof verifySignature>[1],
  text: string,
  clock: Clock,
): Promise<Probed> {
  try {
    await keys.verified(() => verifySignature(keys, headers, text, clock()));
    return { kind: 'fine' };
  } catch (error) {
    const serial = headers['wechatpay-serial'];
    if (typeof serial !== 'string') return { kind: 'away', said: messageOf(error) };
    return { kind: 'unknownKey', serial };
  }
}

function saidOf(seen: { readonly kind: string; readonly code?: string; readonly text?: string }): string {
  return [seen.code ?? seen.kind, seen.text ?? ''].join(' ').trim();
}
