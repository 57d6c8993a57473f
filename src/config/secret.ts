// The keys in bot.yaml, in WeChat's own forms, and the secrets of one's own: what keys the draws, the sessions of the page, the
// dashboard. One that can be guessed is refused: the hash of each seed, and each address of the page, let anybody try.

import { hkdfSync } from 'node:crypto';
import type { Place } from '../core/base/error.ts';
import { troubleOf, weightOf } from '../core/base/key-form.ts';
import { type Day, dayOf, type Instant } from '../core/base/time.ts';
import { inLang, t, type Wording } from '../core/base/words/words.ts';
import * as shape from '../core/yaml/schema.ts';
import { isHash } from '../lib/password.ts';

type Form = {
  /** With its article, and what its form is. */
  readonly what: Wording;
  readonly pattern: RegExp;
  readonly lengths: readonly [least: number, most: number];
  /** Anybody may see it. */
  readonly isPublic?: boolean;
};

const SHORTEST_KEY = 24;

/** What WeChat hands out, or takes: a value that is secret is never shown, its trouble is. */
function key({ what, pattern, lengths, isPublic = false }: Form): shape.Shape<string> {
  return shape.text({
    what,
    secret: !isPublic,
    check(value, say) {
      if (value.trim() === '' || pattern.test(value)) return;
      const trouble = troubleOf(value, lengths);
      // What is far too long may be a key that stands at the wrong place.
      const isShown = isPublic && value.length < SHORTEST_KEY;
      const found = isShown ? t`, found ${JSON.stringify(value)}` : '';
      say(t`expected ${what}${found}${inLang(trouble, 'en') === '' ? '' : t`; this has ${trouble}`}`);
    },
  });
}

const KEY32 = { pattern: /^[A-Za-z0-9]{32}$/, lengths: [32, 32] } as const;
export const APP_SECRET = key({ what: t`the AppSecret: 32 letters and digits (开发 → 基本配置)`, ...KEY32 });
export const API_V2_KEY = key({
  what: t`the APIv2 key: 32 letters and digits (商户平台 → 账户中心 → API安全)`,
  ...KEY32,
});
// 商户平台 takes letters and digits; what it took before we never saw.
export const API_V3_KEY = key({
  what: t`the APIv3 key: 32 letters and digits (商户平台 → 账户中心 → API安全)`,
  pattern: /^[!#-&(-_a-~]{32}$/,
  lengths: [32, 32],
});
export const TOKEN = key({
  what: t`the token of 服务器配置: 3 to 32 letters and digits`,
  pattern: /^[A-Za-z0-9]{3,32}$/,
  lengths: [3, 32],
});
export const AES_KEY = key({
  what: t`the EncodingAESKey of 服务器配置: 43 letters and digits`,
  pattern: /^[A-Za-z0-9]{43}$/,
  lengths: [43, 43],
});
export const SERIAL_NO = key({
  what: t`the serial number of the merchant's certificate, hex: openssl x509 -in apiclient_cert.pem -noout -serial`,
  pattern: /^0*[0-9A-Fa-f]{8,40}$/,
  lengths: [8, 40],
});

export const MCH_ID = key({
  what: t`a merchant number (商户号): 8 to 10 digits`,
  pattern: /^[1-9]\d{7,9}$/,
  lengths: [8, 10],
  isPublic: true,
});
export const APP_ID = key({
  what: t`an AppID: wx and 16 letters and digits, all small`,
  pattern: /^wx[0-9a-z]{16}$/,
  lengths: [18, 18],
  isPublic: true,
});

// ── Secrets of one's own ─────────────────────────────────────────────────────────────────────────────────────

const SECRET_LENGTH = 32;
const SECRET_WEIGHT = 16;
const PASSWORD_LENGTH = 12;
const PASSWORD_WEIGHT = 6;
const MAKE = t`make one with: openssl rand -hex 32`;

/** Why a secret can be guessed; `undefined`: it cannot. `known`: what others have been told. */
function weaknessOf(secret: string, known: ReadonlySet<string> = new Set()): Wording | undefined {
  if (known.has(secret)) return t`is a key of an account or a merchant as well, which others know`;
  const length = [...secret].length;
  if (length < SECRET_LENGTH) return t`has ${length} characters, at least ${SECRET_LENGTH} are needed`;
  return weightOf(secret) < SECRET_WEIGHT ? t`is made of known words, or of one thing again and again` : undefined;
}

const oneLine = (what: Wording): shape.Shape<string> => shape.text({ what, secret: true, oneLine: true });

/** Judged where it is known whether it may stay for a while. */
export const SECRET = oneLine(t`a secret of your own`);

const strong = (danger: Wording): shape.Shape<readonly string[]> =>
  shape.oneOrMany(
    shape.convert(oneLine(t`a secret of your own`), (secret, say) => {
      const weakness = weaknessOf(secret);
      if (weakness !== undefined) say(t`this secret ${weakness}: ${danger}; ${MAKE}`);
      return secret;
    }),
  );

export const SESSION_SECRET = strong(t`whoever guesses it is any follower on the page`);
export const PERSONAL_KEY = strong(t`whoever guesses it reads the addresses in a copy of the store`);

/** Why a password can be guessed; `undefined`: it cannot. A person has to type it: shorter, but no word that is tried first. */
export function whyWeak(password: string): Wording | undefined {
  const length = [...password].length;
  if (length < PASSWORD_LENGTH) return t`the password has ${length} characters; at least ${PASSWORD_LENGTH} are needed`;
  if (weightOf(password) >= PASSWORD_WEIGHT) return undefined;
  return t`the password is made of known words, or of one thing again and again; take another one`;
}

/** Itself, or what stands for it. */
export const PASSWORD = shape.convert(
  oneLine(t`a password, or what \`hongbao admin password\` makes of one`),
  (text, say) => {
    const why = isHash(text) ? undefined : whyWeak(text);
    if (text.startsWith('scrypt:') && !isHash(text))
      say(t`this is no whole hash; make one with: hongbao admin password`);
    else if (why !== undefined) say(why);
    return text;
  },
);

type Secrets = {
  readonly secret: shape.Located<string>;
  readonly sessionSecret?: shape.Located<readonly string[]> | undefined;
  readonly personalKey?: shape.Located<readonly string[]> | undefined;
  readonly acceptWeakSecret?: shape.Located<Day> | undefined;
};
type Say = (at: Place, message: Wording) => void;

/**
 * A secret that is too weak may stay to the end of the campaigns it keys: another one would draw anew, against the hashes that
 * were published. Then sessions need one of their own.
 */
export function checkSecrets(
  { secret, sessionSecret, personalKey, acceptWeakSecret }: Secrets,
  known: ReadonlySet<string>,
  now: Instant | undefined,
  say: Say,
): void {
  const weakness = weaknessOf(secret.value, known);
  if (sessionSecret?.value.some(each => known.has(each)))
    say(sessionSecret.at, t`sessionSecret is a key of an account or a merchant as well, which others know; ${MAKE}`);
  if (sessionSecret?.value.includes(secret.value))
    say(sessionSecret.at, t`sessionSecret is the same as secret, which keys the draws; ${MAKE}`);
  const others = [secret.value, ...(sessionSecret?.value ?? [])];
  if (personalKey?.value.some(each => known.has(each) || others.includes(each)))
    say(
      personalKey.at,
      t`personalKey is another key of this file as well; what is sealed by it needs its own; ${MAKE}`,
    );
  if (weakness === undefined) {
    if (acceptWeakSecret) say(acceptWeakSecret.at, t`acceptWeakSecret is for a secret that is too weak; leave it out`);
    return;
  }
  if (!acceptWeakSecret) {
    say(
      secret.at,
      t`this secret ${weakness}: it keys the draws, and whoever guesses it knows the next winner; ${MAKE}. Another secret draws anew, against the hashes that running campaigns have published: where one is running, say \`acceptWeakSecret: 2026-12-31\` with the day of its end, and give sessionSecret, until you change it`,
    );
    return;
  }
  if (!sessionSecret)
    say(
      acceptWeakSecret.at,
      t`acceptWeakSecret needs a sessionSecret, so that nobody guesses sessions as well; ${MAKE}`,
    );
  if (now !== undefined && dayOf(now) > acceptWeakSecret.value)
    say(acceptWeakSecret.at, t`a weak secret was accepted until ${acceptWeakSecret.value}; ${MAKE}, for secret`);
}

const DERIVED_BYTES = 32;

/** What signs sessions, states and taps: the first; the others are still believed. Without any it follows from `secret`. */
export function sessionSecretsOf({
  secret,
  sessionSecret,
}: {
  readonly secret: string;
  readonly sessionSecret?: readonly string[];
}): readonly string[] {
  if (sessionSecret) return sessionSecret;
  return [Buffer.from(hkdfSync('sha256', secret, '', 'hongbao-bot sessions', DERIVED_BYTES)).toString('hex')];
}
