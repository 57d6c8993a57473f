// Step 1 of the way: the webhook's cryptography. Verifies, decrypts and reads a push, and seals the passive reply.
// The mode comes from bot.yaml, never from the request (消息推送: 安全模式, 兼容模式, 明文模式). What has the right signature is
// WeChat's: it is never refused for what stands in it.
import { hash } from 'node:crypto';
import { BadInput } from '../../core/base/error.ts';
import type { Instant } from '../../core/base/time.ts';
import type { Answer, Opened, Query, Unread, Webhook } from '../../ports.ts';
import { aesKeyOf, decrypt, decryptBytes, encrypt, sameHash, signatureOf } from '../crypto.ts';
import { textOf } from '../xml.ts';
import { eventOf } from './push-event.ts';
import { hasClearFields, readPush, sealedParts, type Wire, wireOf, writeAnswer } from './push-format.ts';
import { createReplays } from './replay.ts';
import { replyFields } from './reply-xml.ts';

export type DoorConfig = {
  readonly name: string;
  readonly appId: string;
  readonly token: string;
  readonly encodingAesKey: string | undefined;
  readonly mode: 'safe' | 'compatible' | 'plain';
};

/** How far a push's `timestamp` may be from our clock. WeChat publishes no window; this is our choice. */
const FRESHNESS_MS = 300_000;

type Signed = { readonly signature: string; readonly wire: Wire };
type SignatureName = 'signature' | 'msg_signature';

export function createWebhook(config: DoorConfig): Webhook {
  const { token, appId, mode } = config;
  const key = mode === 'plain' ? undefined : aesKeyOf(config.encodingAesKey ?? '');
  // Where a push is encrypted its signature covers it.
  const seen = key ? undefined : createReplays(FRESHNESS_MS);
  const { isSigned, verify } = createVerifier(token);

  /** What is signed and what it says; the ciphertext is the one that `msg_signature` covers, wherever it stands. */
  function unsealed(query: Query, outer: Wire, now: Instant, isKnown: boolean): Signed | Unread {
    if (!key)
      return {
        signature: isKnown ? signatureIn(query, 'signature', now) : verify(query, 'signature', now),
        wire: outer,
      };
    const part = sealedParts(outer).find(each => isSigned(query, 'msg_signature', [each]));
    if (part === undefined) {
      const isClear = query.msg_signature === undefined;
      if (isClear && isSigned(query, 'signature'))
        return { unread: otherMode(mode, 'plain'), isRefused: true, shows: 'mode' };
      throw new BadInput(
        isClear ? `a push in clear, although this account is in ${mode} mode` : 'msg_signature is wrong',
      );
    }
    const signature = signatureIn(query, 'msg_signature', now);
    try {
      // Even in compatible mode only what was encrypted counts: no signature covers the clear fields beside it.
      return { signature, wire: wireOf(decryptBytes(key, appId, part)) };
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      return { unread: `${error.message}: compare both with the console`, isRefused: true, shows: 'sealed' };
    }
  }

  return {
    isSigned: (query, now) => isSigned(query, 'signature') && isFresh(query, now),

    greet(query, now) {
      const { echostr = '' } = query;
      if (!echostr) throw new BadInput('echostr is missing');
      if (query.msg_signature !== undefined && key) {
        verify(query, 'msg_signature', now, [echostr]); // enterprise accounts encrypt it
        return decrypt(key, appId, echostr);
      }
      const signature = verify(query, 'signature', now);
      seen?.remember(signature, `echo ${echostr}`, signedAt(query), now); // its URL must not carry a push
      return echostr;
    },

    open(query, body, now, isKnown = false): Opened | Unread {
      // Verified before anything of a stranger is parsed, which costs far more than a hash.
      const outer = wireOf(body);
      const signed = unsealed(query, outer, now, isKnown);
      if ('unread' in signed) return signed;
      const read = readEvent(config, signed.wire);
      const what = 'event' in read ? read.event.key : digestOf(signed.wire.text);
      seen?.remember(signed.signature, what, signedAt(query), now);
      if ('unread' in read) return read;
      const isSealed = key !== undefined && !(mode === 'compatible' && hasClearFields(outer));
      return { ...read, nonce: query.nonce ?? '', format: outer.format, isSealed };
    },

    close({ event, self, nonce, format, isSealed }: Opened, { reply, at }: Answer, now: Instant): string {
      const fields = replyFields(reply, event.user, self, at);
      if (!fields || self === '') return 'success';
      const clear = writeAnswer(format, fields);
      if (!key || !isSealed) return clear;
      return sealAnswer(config, key, clear, { nonce, format }, now);
    },
  };
}

function sealAnswer(
  { token, appId }: DoorConfig,
  key: Buffer,
  clear: string,
  { nonce, format }: Pick<Opened, 'nonce' | 'format'>,
  now: Instant,
): string {
  const timestamp = String(Math.floor(now / 1000));
  const sealed = encrypt(key, appId, clear);
  const signature = signatureOf(token, timestamp, nonce, sealed);
  return writeAnswer(format, { Encrypt: sealed, MsgSignature: signature, TimeStamp: Number(timestamp), Nonce: nonce });
}

/** Of the query, ms. */
function signedAt({ timestamp }: Query): number {
  return Number(timestamp) * 1000;
}

function isFresh(query: Query, now: Instant): boolean {
  return /^\d{1,12}$/.test(query.timestamp ?? '') && Math.abs(now - signedAt(query)) <= FRESHNESS_MS;
}

function createVerifier(token: string) {
  /** Whether the signature of that name is one over the token, the query's timestamp and nonce, and `more`. */
  function isSigned(query: Query, name: SignatureName, more: readonly string[] = []): boolean {
    const { timestamp = '', nonce = '' } = query;
    return sameHash(signatureOf(token, timestamp, nonce, ...more), (query[name] ?? '').toLowerCase());
  }

  /** The signature, if it is right and of these minutes. */
  function verify(query: Query, name: SignatureName, now: Instant, more: readonly string[] = []): string {
    if (!isSigned(query, name, more)) throw new BadInput(`${name} is wrong`);
    return signatureIn(query, name, now);
  }
  return { isSigned, verify };
}

/** The signature, which is right, if it is of these minutes. */
function signatureIn(query: Query, name: SignatureName, now: Instant): string {
  const { timestamp = '' } = query;
  if (!isFresh(query, now))
    throw new BadInput(`timestamp ${timestamp.slice(0, 20)} is not within ${FRESHNESS_MS / 1000} s of ours`);
  return (query[name] ?? '').toLowerCase();
}

/** The event in a push that is WeChat's own, with what was odd about it; or why there is none. */
function readEvent({ name, mode }: DoorConfig, wire: Wire): Pick<Opened, 'event' | 'self' | 'remark'> | Unread {
  try {
    const { fields, torn } = readPush(wire);
    const isSealed = mode === 'plain' && textOf(fields, 'Encrypt') !== undefined;
    if (isSealed && textOf(fields, 'MsgType') === undefined) return { unread: otherMode(mode, 'safe'), shows: 'mode' };
    const remarks = [
      isSealed && otherMode(mode, 'compatible'),
      torn !== undefined && `the text in <${torn}> holds "]]>", and was read up to its last end`,
      !textOf(fields, 'ToUserName') && 'ToUserName is missing, so that nothing can be answered',
      wire.isDamaged && 'some bytes are no UTF-8, and were read as U+FFFD',
    ].filter(remark => remark !== false);
    const remark = remarks.length === 0 ? {} : { remark: remarks.join('; ') };
    return { event: eventOf(name, fields), self: textOf(fields, 'ToUserName') ?? '', ...remark };
  } catch (error) {
    if (error instanceof BadInput) return { unread: error.message };
    throw error;
  }
}

const MODES = { plain: '明文模式', compatible: '兼容模式', safe: '安全模式' } as const;

function otherMode(ours: DoorConfig['mode'], theirs: DoorConfig['mode']): string {
  const fix =
    ours === 'plain'
      ? `write \`mode: ${theirs}\` with the console's EncodingAESKey as encodingAesKey, or choose ${MODES.plain} there`
      : `choose ${MODES[ours]} there, or write \`mode: plain\` (whoever has seen one address of a push can then forge others)`;
  return `bot.yaml says mode: ${ours} (${MODES[ours]}), and the console's 消息加解密方式 is ${MODES[theirs]}; ${fix}`;
}

function digestOf(text: string): string {
  return `unread ${hash('sha256', text)}`;
}
