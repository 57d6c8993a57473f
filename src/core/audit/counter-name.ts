// The names of counters, as the audit (核账) finds them in a store: whose they are, what they count, which limit is behind
// them. Those of a campaign in shadow mode (`ID~shadow`) are nobody's money.

import { openId } from '../base/event.ts';

const DAY = String.raw`\/day\/\d{4}-\d\d-\d\d`;
const SHARED = new RegExp(
  `^(?:campaign\\/[^/~]+\\/(?:(?:amount|packets)(?:${DAY})?|scene\\/.+\\/(?:amount|packets)${DAY}|prize\\/.+|rule\\/[^/]+\\/claims|claims\\/minute\\/[\\d :-]+|pace${DAY}\\/hour\\/\\d\\d)|merchant\\/[^/]+\\/amount${DAY})$`,
);
const OWN = new RegExp(
  `^(?:campaign\\/[^/~]+\\/(?:user\\/[^/]+\\/(?:claims(?:${DAY}|\\/month\\/[\\d-]+|\\/(?:scene|round)\\/.+)?|amount${DAY}|last|wins)|prize\\/.+\\/user\\/[^/]+)|merchant\\/[^/]+\\/user\\/[^/]+\\/[^/]+\\/(?:packets|amount)${DAY})$`,
);
const ROUND = /^campaign\/[^/~]+\/round\/.+\/(?:packets|row\/\d+)$/;
const WALLET = /^campaign\/[^/~]+\/user\/[^/]+\/wallet\/.+\/(?:earned|spent|taken-back)$/;

type Kind = 'own' | 'shared' | 'round' | 'wallet' | undefined;
const kinds = new Map<string, Kind>();
const KINDS_MAX = 10_000;

/** `own`: of one follower; `shared`: of all. Absent: it cannot be recomputed from claims and payouts. */
export function nameKind(name: string): Kind {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const kind = kindOf(name);
  if (kinds.size === KINDS_MAX) kinds.clear();
  kinds.set(name, kind);
  return kind;
}

function kindOf(name: string): Kind {
  if (OWN.test(name)) return 'own';
  if (SHARED.test(name)) return 'shared';
  if (ROUND.test(name)) return 'round';
  return WALLET.test(name) ? 'wallet' : undefined;
}

/**
 * Stands for the follower where those of one are looked at: so names are the same few for all of them. No XML can hold it,
 * and no rule file's name, so no counter's name has it.
 */
export const FOLLOWER = openId('\0');

const USER = '/user/';

/** Where the follower begins in a counter's name, if it is an `own` one; below zero: nowhere. */
export function placeOfFollower(name: string): number {
  const at = name.indexOf(USER);
  if (at < 0) return at;
  return name.startsWith('merchant/') ? name.indexOf('/', at + USER.length) + 1 : at + USER.length;
}

/** The follower in a counter's name, which is that of any `own` one; `undefined`: there is none. */
export function followerIn(name: string): string | undefined {
  const from = placeOfFollower(name);
  if (from < 0) return undefined;
  const end = name.indexOf('/', from);
  return end < 0 ? name.slice(from) : name.slice(from, end);
}

/** What a counter counts. */
export function unitOf(name: string): 'fen' | 'ms' | 'count' {
  if (name.includes('/prize/') || name.includes('/wallet/')) return 'count';
  if (name.endsWith('/last')) return 'ms';
  return /\/amount(?:\/day\/[\d-]+)?$/.test(name) ? 'fen' : 'count';
}

/** Of a minute, or of an hour: counted only while there is such a limit, and soon over. */
export function isOfRate(name: string): boolean {
  return /\/claims\/minute\/[\d :-]+$|\/pace\/day\/[\d-]+\/hour\/\d\d$/.test(name);
}

/** Its name depends on when a day of the campaign begins, which the rule file may change. */
export function isOfDay(name: string): boolean {
  return name.startsWith('campaign/') && /\/(?:day|month)\//.test(name);
}

/** The limit behind a bucket of a minute or an hour. */
export function rateBehind(name: string): string {
  return name.replace(/\/minute\/[\d :-]+$/, '/minute').replace(/\/day\/[\d-]+\/hour\/\d\d$/, '/hour');
}

/** Each claim of a list takes its next text: there is such a list. */
export function isOfCoupons(name: string): boolean {
  return /^campaign\/[^/~]+\/prize\/.+\/coupons$/.test(name);
}
