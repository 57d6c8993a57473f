// Certificates (证书) whose end is near: said thirty days before, and each day from then on.
import { beijingText, DAY, type Instant } from './time.ts';

/** A certificate that bot.yaml names, with its end. */
export type Dated = {
  readonly merchant: string;
  /** The key in bot.yaml that names it. */
  readonly key: 'certificate' | 'pfx' | 'platformKeys' | 'ca';
  readonly file: string;
  readonly serial: string;
  readonly until: Instant;
};

type Ending = Dated & { readonly daysLeft: number; readonly words: string };

export const WARN_DAYS = 30;

/** Whole days; 0 on the last one, less after the end. */
export function daysLeft({ until }: Pick<Dated, 'until'>, now: Instant): number {
  return Math.floor((until - now) / DAY);
}

/** The nearest end first. */
export function endingSoon(all: readonly Dated[], now: Instant): Ending[] {
  return all
    .map(each => ({ ...each, daysLeft: daysLeft(each, now), words: wordsFor(each, now) }))
    .filter(each => each.daysLeft < WARN_DAYS)
    .sort((a, b) => a.until - b.until);
}

const RENEW: Readonly<Record<Dated['key'], string>> = {
  certificate: 'get a new one at 商户平台 → 账户中心 → API安全, put it there with its key, and start again',
  pfx: 'get a new one at 商户平台 → 账户中心 → API安全, put it there, and start again',
  platformKeys: 'newer ones are fetched by themselves; take this line out',
  ca: 'ask whoever issued it for the next one',
};

function wordsFor(each: Dated, now: Instant): string {
  const left = daysLeft(each, now);
  const when = left < 0 ? 'has expired' : left === 0 ? 'expires within a day' : `expires in ${left} days`;
  const { merchant, key, file, until } = each;
  return `merchant "${merchant}": ${key} ${file} ${when} (${beijingText(until)}); ${RENEW[key]}`;
}
