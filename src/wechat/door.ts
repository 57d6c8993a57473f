// Step 1 of the way: the webhook's cryptography. Verifies, decrypts and parses a push, and seals the passive reply.
// The mode comes from bot.yaml, never from the request (消息推送: 安全模式, 兼容模式, 明文模式).
import { BadInput } from '../core/error.ts';
import type { Instant } from '../core/time.ts';
import type { Answer, Door, Opened, Query } from '../ports.ts';
import { aesKeyOf, decrypt, encrypt, sameText, signatureOf } from './crypt.ts';
import { eventOf } from './push.ts';
import { replyFields } from './reply-xml.ts';
import { buildXml, parseXml, textOf } from './xml.ts';

export type DoorConfig = {
  readonly name: string;
  readonly appId: string;
  readonly token: string;
  readonly encodingAesKey: string | undefined;
  readonly mode: 'safe' | 'compatible' | 'plain';
};

/** How far a push's `timestamp` may be from our clock. WeChat publishes no window; this is our choice. */
export const FRESHNESS_MS = 300_000;
/** How many signatures are remembered: far more than arrive within the window on one core's share. */
const SIGNATURES_MAX = 100_000;

export function createDoor(config: DoorConfig): Door {
  const { token, appId, mode } = config;
  const key = mode === 'plain' ? undefined : aesKeyOf(config.encodingAesKey ?? '');
  const seen = new Signatures();

  /** Checks a signature over the token, the query's timestamp and nonce, and `more`. */
  function verify(
    query: Query,
    name: 'signature' | 'msg_signature',
    now: Instant,
    more: readonly string[] = [],
  ): string {
    const { timestamp = '', nonce = '' } = query;
    const given = (query[name] ?? '').toLowerCase();
    if (!sameText(signatureOf(token, timestamp, nonce, ...more), given)) throw new BadInput(`${name} is wrong`);
    if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp) * 1000) > FRESHNESS_MS) {
      throw new BadInput(`timestamp ${timestamp.slice(0, 20)} is not within ${FRESHNESS_MS / 1000} s of ours`);
    }
    return given;
  }

  return {
    greet(query, now) {
      const { echostr = '' } = query;
      if (!echostr) throw new BadInput('echostr is missing');
      if (query.msg_signature !== undefined && key) {
        verify(query, 'msg_signature', now, [echostr]); // enterprise accounts encrypt it
        return decrypt(key, appId, echostr);
      }
      const signature = verify(query, 'signature', now);
      seen.remember(signature, `echo ${echostr}`, now); // its URL must not carry a push
      return echostr;
    },

    open(query, body, now): Opened {
      // Verified before anything of a stranger is parsed, which costs far more than a hash.
      const sealed = key && sealedPart(body);
      const signature = sealed ? verify(query, 'msg_signature', now, [sealed]) : verify(query, 'signature', now);
      const outer = parseXml(body);
      if (key && textOf(outer, 'Encrypt') !== sealed) throw new BadInput('what is signed is not what is there');
      // Even in compatible mode only what was encrypted counts: no signature covers the clear fields beside it.
      const fields = key && sealed ? parseXml(decrypt(key, appId, sealed)) : outer;
      const event = eventOf(config.name, fields);
      seen.remember(signature, event.key, now);
      return { event, self: textOf(fields, 'ToUserName') ?? '', nonce: query.nonce ?? '' };
    },

    close({ event, self, nonce }: Opened, { reply, at }: Answer, now: Instant): string {
      const fields = replyFields(reply, event.user, self, at);
      if (!fields) return 'success';
      const clear = buildXml(fields);
      if (!key || mode !== 'safe') return clear;
      const timestamp = String(Math.floor(now / 1000));
      const sealed = encrypt(key, appId, clear);
      const signature = signatureOf(token, timestamp, nonce, sealed);
      return buildXml({ Encrypt: sealed, MsgSignature: signature, TimeStamp: Number(timestamp), Nonce: nonce });
    },
  };
}

/** What `msg_signature` covers, found without a parser; a push in clear, or nonsense, has none. */
function sealedPart(body: string): string {
  const found = /<Encrypt>\s*(?:<!\[CDATA\[)?([A-Za-z0-9+/=]+)/.exec(body);
  if (!found) throw new BadInput('a push in clear, although this account is not in plain mode');
  return found[1]!;
}

/**
 * One signature belongs to one event. In plain mode it does not cover the body, so whoever sees one valid URL could
 * send any body with it; a redelivery, which is legal, has the same event. Kept for the freshness window only.
 */
class Signatures {
  private readonly events = new Map<string, { readonly key: string; readonly at: Instant }>();

  remember(signature: string, key: string, now: Instant): void {
    const known = this.events.get(signature);
    if (known && known.key !== key) throw new BadInput('this signature was used for another push');
    if (known) return;
    this.events.set(signature, { key, at: now });
    for (const [old, { at }] of this.events) {
      if (this.events.size <= SIGNATURES_MAX && Math.abs(now - at) <= 2 * FRESHNESS_MS) break;
      this.events.delete(old);
    }
  }
}
