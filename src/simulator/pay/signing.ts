// With which key WeChat Pay signs for a merchant (API v3): its public key, a platform certificate, or either by turns, as in
// the week of a change. Which of them signs the n-th answer or notice is drawn from a seed. In memory only, as faults are.
import { createHash } from 'node:crypto';
import type { MerchantOptions } from '../shared/options.ts';
import type { Signing, SigningState } from '../shared/protocol.ts';
import { Refused } from '../shared/refusal.ts';
import { rfc3339 } from '../world/bill.ts';
import type { World } from '../world/world.ts';
import type { Certificates, PayKey, PlatformCertificate } from './keys/certificates.ts';
import { FaultyTransfers, type TransferAnswer } from './transfer-faults.ts';
import { failure } from './transfer-request.ts';
import { sealResource, V3Signer, v3Nonce } from './v3-signature.ts';

const KINDS = ['publicKey', 'certificate', 'nextCertificate'] as const;
type Kind = (typeof KINDS)[number];

/** As every new merchant has it. */
const DEFAULT: Signing = { publicKey: 1 };
const NONE = failure(
  404,
  'RESOURCE_NOT_EXISTS',
  '无可用的平台证书,请在商户平台-API安全申请使用微信支付公钥。可查看指引https://pay.weixin.qq.com/docs/merchant/products/platform-certificate/wxp-pub-key-guide.html',
);

type State = {
  readonly signing: Signing;
  /** Since it was set: the n-th draw from its seed. */
  readonly drawn: number;
  readonly signed: Readonly<Partial<Record<Kind, number>>>;
  readonly certificateCalls: number;
};

export class SigningDesk {
  readonly #world: World;
  readonly #certificates: Certificates;
  readonly #faults: FaultyTransfers;
  readonly #states = new Map<string, State>();
  readonly #platform = new Map<Exclude<Kind, 'publicKey'>, PlatformCertificate>();
  readonly #hands = new Map<string, V3Signer>();

  static async open(
    world: World,
    certificates: Certificates,
    merchants: readonly MerchantOptions[],
  ): Promise<SigningDesk> {
    const desk = new SigningDesk(world, certificates);
    for (const { mchId, signing } of merchants) if (signing) await desk.set(mchId, signing);
    return desk;
  }

  private constructor(world: World, certificates: Certificates) {
    this.#world = world;
    this.#certificates = certificates;
    this.#faults = new FaultyTransfers(world);
  }

  control(): {
    signing(mchId: string): SigningState;
    setSigning(mchId: string, signing: Signing): Promise<SigningState>;
  } {
    return {
      signing: mchId => this.show(mchId),
      setSigning: (mchId, signing) => this.set(mchId, signing),
    };
  }

  /** Issues what is missing. Keys stay what they are, whoever signs. */
  async set(mchId: string, signing: Signing): Promise<SigningState> {
    this.#world.merchant(mchId);
    for (const kind of ['certificate', 'nextCertificate'] as const)
      if (signing[kind] !== undefined && !this.#platform.has(kind))
        this.#platform.set(kind, await this.#certificates.issuePlatform(kind));
    this.#states.set(mchId, { ...this.#stateOf(mchId), signing, drawn: 0 });
    return this.show(mchId);
  }

  show(mchId: string): SigningState {
    this.#world.merchant(mchId);
    const { signing, certificateCalls, signed } = this.#stateOf(mchId);
    const keys = KINDS.filter(kind => signing[kind] !== undefined).map(kind => {
      const { id, pem } = this.#keyOf(kind);
      return { kind, id, pem, signed: signed[kind] ?? 0 };
    });
    return { signing, keys, certificateCalls };
  }

  /** The headers of an answer or a callback. `mchId` absent: nobody knows whose call it was. */
  headers(mchId: string | undefined, body: string, now: number): Record<string, string> {
    return this.#handOf(mchId === undefined ? 'publicKey' : this.#draw(mchId)).headers(body, now);
  }

  /** A sensitive field, encrypted for whichever of our keys is named. */
  readName(encrypted: string, serial: string | undefined): string | undefined {
    const kind = KINDS.find(
      each => (each === 'publicKey' || this.#platform.has(each)) && this.#keyOf(each).id === serial,
    );
    return kind && this.#handOf(kind).readName(encrypted, serial);
  }

  /** GET /v3/certificates: everything that has a certificate, signing or not; to others it is a 404. */
  answer(call: { readonly method: string; readonly path: string }, mchId: string): TransferAnswer | undefined {
    const [path = ''] = call.path.split('?');
    if (call.method !== 'GET' || path !== '/v3/certificates') return undefined;
    const state = this.#stateOf(mchId);
    this.#states.set(mchId, { ...state, certificateCalls: state.certificateCalls + 1 });
    const before = this.#faults.before('certificates', mchId, '');
    if (before) return 'spoil' in before ? { status: 502, body: {}, spoil: before.spoil } : answerOf(before);
    const kinds = (['certificate', 'nextCertificate'] as const).filter(kind => state.signing[kind] !== undefined);
    if (kinds.length === 0) return answerOf(NONE);
    const { apiV3Key } = this.#world.merchant(mchId);
    const data = kinds.map(kind => entryOf(this.#platform.get(kind)!, apiV3Key));
    const spoil = this.#faults.after('certificates', '');
    return { status: 200, body: { data }, ...(spoil ? { spoil } : {}) };
  }

  #draw(mchId: string): Kind {
    const state = this.#stateOf(mchId);
    const { signing } = state;
    const shares = KINDS.map(kind => signing[kind] ?? 0);
    const whole = shares.reduce((sum, share) => sum + share, 0);
    const digest = createHash('sha256')
      .update(`${signing.seed ?? mchId}/${state.drawn}`)
      .digest();
    const at = (digest.readUInt32BE(0) / 2 ** 32) * whole;
    const below = (index: number): number => shares.slice(0, index + 1).reduce((sum, share) => sum + share, 0);
    const kind = KINDS.find((_, index) => at < below(index)) ?? 'publicKey';
    const signed = { ...state.signed, [kind]: (state.signed[kind] ?? 0) + 1 };
    this.#states.set(mchId, { ...state, drawn: state.drawn + 1, signed });
    return kind;
  }

  #stateOf(mchId: string): State {
    return this.#states.get(mchId) ?? { signing: DEFAULT, drawn: 0, signed: {}, certificateCalls: 0 };
  }

  #keyOf(kind: Kind): PayKey & { readonly pem: string } {
    const { payKey } = this.#certificates;
    if (kind === 'publicKey') return { ...payKey, pem: payKey.publicKeyPem };
    const certificate = this.#platform.get(kind);
    if (!certificate) throw new Refused(409, `no ${kind} was issued`);
    return { ...certificate, pem: certificate.certPem };
  }

  #handOf(kind: Kind): V3Signer {
    const hand = this.#hands.get(kind) ?? new V3Signer(this.#keyOf(kind));
    this.#hands.set(kind, hand);
    return hand;
  }
}

const answerOf = ({ status, code, message }: ReturnType<typeof failure>): TransferAnswer => ({
  status,
  body: { code, message },
});

/** Sealed with the merchant's own APIv3 key. */
function entryOf({ id, certPem, effectiveAt, expiresAt }: PlatformCertificate, apiV3Key: string): object {
  const nonce = v3Nonce(12);
  return {
    serial_no: id,
    effective_time: rfc3339(effectiveAt),
    expire_time: rfc3339(expiresAt),
    encrypt_certificate: {
      algorithm: 'AEAD_AES_256_GCM',
      nonce,
      associated_data: 'certificate',
      ciphertext: sealResource(apiV3Key, nonce, 'certificate', certPem),
    },
  };
}
