// Answers that say nothing about a payout, in words: what came instead, what is likely wrong, and what to do.

import { isKnown } from './classify.ts';
import type { Observation } from './payout.ts';

/** What came back where WeChat Pay's word was expected. */
type Unclear = {
  readonly kind: 'unreached' | 'silence' | 'refused';
  readonly code: string;
  readonly text: string;
};

/** Said by WeChat Pay itself, and still no answer: its own trouble. */
const OWN_TROUBLE = new Set(['SYSTEMERROR', 'SYSTEM_ERROR', '268458547']);

/** bot.yaml lacks what this payout would be paid and asked after with: its channel, or its merchant number. */
export const NOBODY_PAYS = { channel: 'NO_CHANNEL', merchant: 'OTHER_MERCHANT' } as const;
const NOBODY: ReadonlySet<string> = new Set(Object.values(NOBODY_PAYS));

/** Nothing was called, nor can be while bot.yaml is as it is. */
export function isNobodyThere(seen: Observation): boolean {
  return seen.kind === 'unreached' && NOBODY.has(seen.code);
}

/**
 * `undefined`: a clear answer, whatever it says. What bot.yaml lacks a way for is no answer at all, and a key it lacks has an alarm
 * of its own (`platform-keys.ts`): WeChat Pay did answer.
 */
export function unclearOf(seen: Observation): Unclear | undefined {
  switch (seen.kind) {
    case 'unreached':
      return isNobodyThere(seen) ? undefined : seen;
    case 'silence':
      return seen.code === 'UNKNOWN_KEY' ? undefined : seen;
    case 'refused':
      return OWN_TROUBLE.has(seen.code) || !isKnown(seen.code) || isBare(seen) ? seen : undefined;
    default:
      return undefined;
  }
}

/** A failure of the connection that carries no code; the one about the sign is known by its text. */
function isBare({ code, text }: { readonly code: string; readonly text: string }): boolean {
  return code === '' && !text.includes('签名');
}

/** Whether it may pass in a moment, as a gateway that is restarted does: then more followers make a run. */
export function mayPass({ kind, code }: Unclear): boolean {
  if (kind === 'refused') return OWN_TROUBLE.has(code) || code === '';
  return kind === 'silence' && !/^(HTTP [34]|UNREADABLE$|BAD_SIGNATURE$)/.test(code);
}

const CERTIFICATE =
  'WeChat Pay does not take the merchant certificate: it has expired, was revoked or replaced, or is of another merchant number; download it anew on the merchant platform (API安全), put it in bot.yaml, and restart';

/** First that fits wins: over kind, code and text. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^\w+ HTTP 4\d\d .*(certificate|证书|\bSSL\b)/i, CERTIFICATE],
  [/^\w+ HTTP 49[5-7]\b/, CERTIFICATE],
  [/^\w+ ERR_SSL_\w*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/, CERTIFICATE],
  [
    /^unreached .*(PEM|PKCS|ERR_OSSL|ASN1|not enough data|mac verify|header too long|wrong tag|bad decrypt|key values mismatch)/i,
    'nothing left this machine: the certificate or key file in bot.yaml is empty or broken; download it anew on the merchant platform (API安全), and restart',
  ],
  [
    /^\w+ (ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO_|ERR_TLS)/,
    'whoever answers at `api:` is not WeChat Pay, or is not trusted: a proxy that opens TLS, a wrong `api:` or `ca:`, or the clock of this machine',
  ],
  [/^\w+ (ENOTFOUND|EAI_)/, 'the name in `api:` cannot be found: the DNS of this machine, or `api:` in bot.yaml'],
  [/^unreached/, 'this machine cannot reach WeChat Pay: its network, a firewall, or `api:` in bot.yaml'],
  [/^\w+ HTTP 3/, 'a login page of the network, a proxy, or a wrong `api:` stands before WeChat Pay'],
  [/^\w+ HTTP (401|407)/, 'a proxy before WeChat Pay wants a login'],
  [/^\w+ HTTP 403/, 'a firewall refuses the calls, or the address of this machine is not allowed'],
  [/^\w+ HTTP (404|405)/, 'there is no such door: `api:` in bot.yaml, or a proxy'],
  [/^\w+ HTTP 4/, 'a front server refuses the calls before WeChat Pay sees them: the certificate, a proxy, or `api:`'],
  [/^\w+ HTTP 5/, 'WeChat Pay is in trouble, or a proxy before it; if it goes on, ask WeChat Pay'],
  [
    /^\w+ BAD_SIGNATURE/,
    'the answers are signed by no key that bot.yaml knows: WeChat Pay has changed its key, a proxy answers, or the clock of this machine is wrong',
  ],
  [
    /^silence (UNREADABLE|OTHER_|STATUS|STATE)/,
    'something that is not WeChat Pay answers: a proxy, a login page of the network, or a wrong `api:`',
  ],
  [
    /^silence/,
    'the connection ends before an answer: the network, a proxy, or a certificate that WeChat Pay does not take',
  ],
  [/^refused (SYSTEM|2684|$)/, 'WeChat Pay is in trouble; if it goes on, ask WeChat Pay'],
];
const ADVICE_ELSE = 'a code that is in no table of ours: look it up in the merchant platform, or ask WeChat Pay';

/** `HTTP 400 400 Bad Request: what is likely wrong, and what to do`. */
export function unclearWords({ kind, code, text }: Unclear): string {
  const said = `${code} ${text}`.trim();
  const advice = ADVICE.find(([fits]) => fits.test(`${kind} ${said}`))?.[1] ?? ADVICE_ELSE;
  return `${said || 'a refusal without a code'}: ${advice}`;
}
