// The keys with which WeChat Pay may sign for one merchant, by their ids: those in bot.yaml, and the platform certificates
// (平台证书) it hands out, fetched and renewed. In the days of a change answers and notices are signed by either of two. A key
// nobody knows is believed by nobody: its id, and what to do about it, is an alarm.
import type { KeyObject } from 'node:crypto';
import { BadInput } from '../../core/base/error.ts';
import { HOUR, type Instant, MINUTE } from '../../core/base/time.ts';
import type { Clock, Log } from '../../ports.ts';
import { jsonOf, partOf } from '../json.ts';
import { createTransport, type Endpoint } from '../transport.ts';
import { type CertificateDesk, fetchCertificates, type PlatformCertificate } from './platform-certificates.ts';
import {
  apiV3KeyOf,
  decryptResource,
  isPublicKeyId,
  keyIdOf,
  type PlatformKey,
  sealedOf,
  signerOf,
  type Trust,
  trustOf,
  UnknownKey,
} from './v3-signature.ts';

export type Keys = Trust & {
  /** With which key answers should be signed: a public key (微信支付公钥) if there is one, else the newest certificate. */
  preferred(): string | undefined;
  /**
   * Runs `read`; where that meets a certificate nobody knows, WeChat Pay is asked for those there are, and it runs again.
   * Throws what `read` throws. An answer can wait for it; whoever brings a notice (`body`) comes again. For a stranger, who
   * can name any key, nobody is asked or alarmed: what is sealed with the APIv3 key comes from WeChat Pay.
   */
  verified<T>(read: () => T, body?: string): Promise<T>;
  /** Fetches the certificates when it is time to. Never throws. */
  tend(): Promise<void>;
  close(): Promise<void>;
};

type KeyPorts = {
  /** In bot.yaml. */
  readonly merchant: string;
  readonly apiV3Key: string;
  readonly keys: readonly PlatformKey[];
  /** Absent: nobody can sign the question for certificates. */
  readonly desk?: Omit<CertificateDesk, 'apiV3Key'>;
  readonly clock: Clock;
  readonly log: Log;
};

/** WeChat Pay says: at least every 12 h. */
const RENEW_MS = 10 * HOUR;
/** So often an unknown certificate makes us ask; after failures more and more rarely. */
const ASK_AGAIN_MS = MINUTE;
const ASK_AGAIN_MAX_MS = 10 * MINUTE;
/** Who has no certificates will hardly get any: it is a thing of merchants from before 2024. */
const NONE_FOR_MS = 12 * HOUR;
const RETRY_MAX_MS = HOUR;
/** Whoever brings a notice waits 5 s in all. */
const NOTICE_WAITS_MS = 3000;
/** Nothing longer is looked into for a stranger; another notice will tell of the same key. */
const SEALED_MAX = 8 * 1024;
/** The same id is said once in this time. */
const SAY_AGAIN_MS = HOUR;

export function createKeys(ports: KeyPorts): Keys {
  return new KeyRing(ports);
}

/** Of one merchant, as bot.yaml has it. `fetcher` signs the question for certificates. */
export type KeyConfig = Pick<Endpoint, 'api' | 'ca'> & {
  readonly name: string;
  readonly mchId: string;
  readonly apiV3Key: string;
  readonly platformKeys: readonly PlatformKey[];
  readonly fetcher?: { readonly serialNo: string; readonly privateKey: Buffer };
};

const NOBODY: Log = { debug() {}, info() {}, warn() {}, error() {} };

export function openKeys(config: KeyConfig, clock: Clock, log: Log = NOBODY): Keys {
  const { name, mchId, apiV3Key, platformKeys, api, ca, fetcher } = config;
  const ports = { merchant: name, apiV3Key, keys: platformKeys, clock, log };
  if (!fetcher) return createKeys(ports);
  const signer = signerOf({ mchId, ...fetcher });
  return createKeys({ ...ports, desk: { signer, transport: createTransport({ api, ca }) } });
}

class KeyRing implements Keys {
  private readonly ports: KeyPorts;
  private readonly written: Trust;
  private readonly usesCertificates: boolean;
  private fetched = new Map<string, PlatformCertificate>();
  private fetching: Promise<void> | undefined;
  private askedAt: Instant | undefined;
  private hasNone = false;
  private failures = 0;
  private reason: string | undefined;
  /** Ids that were said to be unknown, and when. */
  private readonly said = new Map<string, Instant>();

  constructor(ports: KeyPorts) {
    this.ports = ports;
    this.written = trustOf(ports.keys);
    this.usesCertificates = ports.keys.every(({ id }) => isPublicKeyId(id)) ? ports.keys.length === 0 : true;
  }

  find(id: string): KeyObject | undefined {
    const certificate = this.fetched.get(keyIdOf(id));
    const isGood = certificate !== undefined && certificate.expiresAt > this.ports.clock();
    return this.written.find(id) ?? (isGood ? certificate.key : undefined);
  }

  preferred(): string | undefined {
    const { keys, clock } = this.ports;
    const publicKey = keys.find(({ id }) => isPublicKeyId(id));
    if (publicKey) return publicKey.id;
    const now = clock();
    const [newest] = [...this.fetched.values()]
      .filter(({ effectiveAt, expiresAt }) => effectiveAt <= now && now < expiresAt)
      .sort((a, b) => b.effectiveAt - a.effectiveAt);
    return newest?.id ?? keys[0]?.id;
  }

  async verified<T>(read: () => T, body?: string): Promise<T> {
    const from = body === undefined ? 'answer' : 'notice';
    try {
      return read();
    } catch (error) {
      const isGenuine = error instanceof UnknownKey && (body === undefined || this.opens(body));
      if (!isGenuine) throw error;
      await this.seek(error.id, from);
      if (this.find(error.id)) return read();
      this.sayUnknown(error.id, from);
      throw error;
    }
  }

  async tend(): Promise<void> {
    const { clock } = this.ports;
    if (this.hasNone || !(this.usesCertificates || this.fetched.size > 0)) return;
    const wait = this.failures === 0 ? RENEW_MS : this.pause(RETRY_MAX_MS);
    if (this.askedAt === undefined || Math.abs(clock() - this.askedAt) >= wait) await this.ask();
  }

  /** After a question, the longer the more have failed. */
  private pause(max: number): number {
    return Math.min(ASK_AGAIN_MS * 2 ** Math.max(0, this.failures - 1), max);
  }

  async close(): Promise<void> {
    await this.ports.desk?.transport.close();
    await this.fetching;
  }

  /** Whether a notice is sealed with the APIv3 key, which is known to nobody but WeChat Pay and us. */
  private opens(body: string): boolean {
    if (body.length > SEALED_MAX) return false;
    try {
      const resource = partOf(jsonOf(body) ?? {}, 'resource');
      return decryptResource(apiV3KeyOf(this.ports.apiV3Key), sealedOf(resource)) !== '';
    } catch (error) {
      if (error instanceof BadInput) return false;
      throw error;
    }
  }

  /** A certificate nobody knows may be the next one. */
  private async seek(id: string, from: 'answer' | 'notice'): Promise<void> {
    if (isPublicKeyId(id)) return;
    const pause = this.hasNone ? NONE_FOR_MS : this.pause(ASK_AGAIN_MAX_MS);
    const isSoon = this.askedAt !== undefined && Math.abs(this.ports.clock() - this.askedAt) < pause;
    if (!this.fetching && isSoon) return;
    const asked = this.ask();
    if (from === 'answer') return asked;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, NOTICE_WAITS_MS);
    });
    await Promise.race([asked, late]);
    clearTimeout(timer);
  }

  /** One question at a time. */
  private ask(): Promise<void> {
    const { desk } = this.ports;
    if (!desk) return Promise.resolve();
    this.fetching ??= this.fetch(desk).finally(() => {
      this.fetching = undefined;
    });
    return this.fetching;
  }

  private async fetch(desk: NonNullable<KeyPorts['desk']>): Promise<void> {
    const { merchant, clock, log } = this.ports;
    this.askedAt = clock();
    const handout = await fetchCertificates(
      { ...desk, apiV3Key: this.ports.apiV3Key },
      this,
      this.preferred(),
      this.askedAt,
    );
    this.failures = handout.kind === 'failed' ? this.failures + 1 : 0;
    this.hasNone = handout.kind === 'none';
    this.reason = undefined;
    switch (handout.kind) {
      case 'none':
        this.reason = 'WeChat Pay has no platform certificates for this merchant';
        return log.info({ merchant }, `${this.reason}: it signs with the public key`);
      case 'failed':
        this.reason = `they could not be fetched: ${handout.reason}`;
        return log.warn({ merchant, reason: handout.reason }, 'the platform certificates could not be fetched');
      case 'certificates': {
        const fresh = handout.certificates.filter(({ id }) => !this.fetched.has(id)).map(({ id }) => id);
        for (const each of handout.certificates) this.fetched.set(each.id, each);
        for (const { id, expiresAt } of [...this.fetched.values()]) if (expiresAt <= clock()) this.fetched.delete(id);
        if (fresh.length > 0)
          log.info({ merchant, serials: fresh }, 'platform certificates of WeChat Pay were fetched');
      }
    }
  }

  private sayUnknown(id: string, from: 'answer' | 'notice'): void {
    const { merchant, clock, log } = this.ports;
    const now = clock();
    for (const [each, at] of this.said) if (Math.abs(now - at) >= SAY_AGAIN_MS) this.said.delete(each);
    if (this.said.has(id)) return;
    this.said.set(id, now);
    const why = isPublicKeyId(id) || this.reason === undefined ? '' : ` (${this.reason})`;
    const fields = { merchant, serial: id, from, fix: lineFor(id) };
    const what = from === 'answer' ? 'an answer' : 'a notice';
    log.error(
      fields,
      `${what} of WeChat Pay is signed with a key that bot.yaml does not have: ${id}${why}; ${fixFor(merchant, id)}`,
    );
  }
}

/** What to add to bot.yaml. */
function lineFor(id: string): string {
  return isPublicKeyId(id) ? `- { id: ${id}, publicKey: pub_key.pem }` : `- { certificate: wechatpay_${id}.pem }`;
}

function fixFor(merchant: string, id: string): string {
  const where = isPublicKeyId(id)
    ? 'download it at 商户平台 → 账户中心 → API安全 → 微信支付公钥'
    : 'it is a platform certificate (平台证书), as GET /v3/certificates hands it out';
  return `add under merchants.${merchant}.platformKeys: \`${lineFor(id)}\` (${where}) and start again`;
}
