// What `hongbao doctor` can find (体检): every fault of a set-up by its id, and what each finding carries. How it is put in words
// stands in `diagnosis-words.ts`.

import type { Finding } from '../base/error.ts';
import { inBoth, type Wording } from '../base/words/words.ts';

/** `sure`: it was proven just now, or WeChat said so. `likely`: what was seen has hardly another cause. */
type Certainty = 'sure' | 'likely';

export const DIAGNOSES = [
  // bot.yaml and what lies beside it
  'config',
  'file-missing',
  'file-wrong',
  'cert-owner',
  'cert-expired',
  'key-mismatch',
  'p12',
  'serial-mismatch',
  'cert-ends',
  'hint',
  'rules',
  // the store
  'store',
  'store-foreign',
  'store-open',
  'store-full',
  'store-ahead',
  'clock',
  // the Official Account platform
  'platform-away',
  'appid',
  'secret',
  'secret-frozen',
  'ip',
  'quota',
  'rights',
  'platform-refuses',
  // the way from WeChat to us
  'url-away',
  'url-tls',
  'url-other',
  'url-refused',
  'url-notify',
  'url-pages',
  'never-heard',
  'token-differs',
  'aes-differs',
  'mode-differs',
  'push-clock',
  'oauth-domain',
  'menu-key',
  // WeChat Pay
  'pay-away',
  'pay-certificate',
  'v2-key',
  'v3-signer',
  'v3-key',
  'platform-key',
  'product',
  'pay-ip',
  'binding',
  'scene',
  'balance',
  'balance-low',
  'halted',
  'halted-by-hand',
] as const;
export type DiagnosisId = (typeof DIAGNOSES)[number];

export type Diagnosis = {
  readonly id: DiagnosisId;
  readonly sure: Certainty;
  /** `broken`: something does not work. `warning`: it does, and yet somebody should look. */
  readonly grave: 'broken' | 'warning';
  /** The account or merchant, by its name in bot.yaml; absent: the whole. */
  readonly about?: string;
  /** What the words are filled with. */
  readonly facts: Readonly<Record<string, Wording>>;
};

/** What is wrong with a file, in both languages. */
export function wrongIn({ message, zh = message }: Finding): Wording {
  return inBoth(message, zh);
}

/** Found of one account or merchant. */
export function found(
  id: DiagnosisId,
  about: string | undefined,
  facts: Diagnosis['facts'] = {},
  how: Partial<Pick<Diagnosis, 'sure' | 'grave'>> = {},
): Diagnosis {
  return { id, sure: 'sure', grave: 'broken', ...how, ...(about !== undefined && { about }), facts };
}

/** What a finding of bot.yaml is about, by what it says: the words of `config/` are the only place where that stands. */
const OF_CONFIG: readonly (readonly [words: RegExp, id: DiagnosisId])[] = [
  [/is the private key of another certificate/, 'key-mismatch'],
  [/PKCS#12|p12|its password must be the merchant number/, 'p12'],
  [/^serialNo \S+ is that of another certificate/, 'serial-mismatch'],
  [/has expired|is not valid before/, 'cert-expired'],
  [/certificate of the merchant|is WeChat Pay's own certificate|certificate of an issuer/, 'cert-owner'],
  [/does not exist|no such file|there is no file|cannot be read|is empty; put the file/, 'file-missing'],
  [/cannot be used|is a (certificate|private key|public key);|holds no/, 'file-wrong'],
];

export function ofConfig(message: string): DiagnosisId {
  return OF_CONFIG.find(([words]) => words.test(message))?.[1] ?? 'config';
}

/** What a refusal of WeChat Pay says of the set-up; `undefined`: nothing that we know. */
export function ofRefusal(code: string, text: string): DiagnosisId | undefined {
  const said = `${code} ${text}`;
  if (/NOT_?ENOUGH|余额不足|资金不足/.test(said)) return 'balance';
  if (/IP地址|IP address/i.test(said)) return 'pay-ip';
  if (/产品权限|NOAUTH\b|API_METHOD_CLOSED|PRODUCT_AUTH/.test(said)) return 'product';
  if (/场景/.test(said)) return 'scene';
  if (/不匹配|绑定|ILLEGAL_APPID|APPID_MCHID/.test(said)) return 'binding';
  if (/CA_ERROR|证书/.test(said)) return 'pay-certificate';
  return undefined;
}
