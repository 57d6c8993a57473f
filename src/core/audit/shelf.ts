// How claims, payouts and counters lie on shelves (架) until the audit comes to their followers: as short as can be, since
// there are millions of them. Texts that come again and again are written once, and stand there as a number.

import type { Fen } from '../base/money.ts';
import type { Instant } from '../base/time.ts';
import type { Claim } from '../decide/decision.ts';
import { FOLLOWER, placeOfFollower } from './counter-name.ts';
import type { Paid } from './payout.ts';

/** Followers stand on so many shelves, and one shelf is a part: of a million claims memory holds four thousand. */
export const SHELVES = 256;

/** The shelf a claim stands on, with its payouts: by the openid in its key. */
export function shelfOfClaim(key: string): number {
  return shelfOf(followerOfClaim(key));
}

/** The shelf of a follower; that of nobody is the first (FNV-1a). */
export function shelfOf(user: string | undefined): number {
  if (user === undefined) return 0;
  let hash = 0x811c9dc5;
  for (let at = 0; at < user.length; at++) hash = Math.imul(hash ^ user.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % SHELVES;
}

/** The number of a text that was seen before; or the text itself, once there are too many. */
type Phrase = number | string;
const PHRASES_MAX = 20_000;

/** A row begins with its follower. */
export type ShelvedClaim = readonly [user: string, key: string, amount: Fen, at: Instant, place: Phrase];
/** `holds`: name and add in turn. */
export type ShelvedPayout = readonly [
  ...[user: string, billNo: Paid['billNo'], claimKey: string, amount: Fen, attempt: number, createdAt: Instant],
  ...[isSettled: boolean, refunded: Fen, place: Phrase, holds: readonly Phrase[]],
];
/** Name and value in turn. */
export type ShelvedCounters = readonly [user: string, ...counters: Phrase[]];

type ClaimPlace = Omit<Claim, 'key' | 'amount' | 'at'>;
type PayoutPlace = Pick<Paid, 'user' | 'campaign' | 'rule' | 'account' | 'merchant' | 'state' | 'mchId'>;
/** Of either: whoever asks knows whose it is. */
type Place = ClaimPlace & PayoutPlace;

/** Rows as they lie on a shelf, and the way back: to rows in which `FOLLOWER` stands for whose they are. */
export class Packing {
  private readonly numbers = new Map<string, number>();
  private readonly texts: string[];
  private readonly places = new Map<Phrase, Place>();

  /** `texts`: those of another, whose rows are to be read; nothing is packed with them. */
  constructor(texts: readonly string[] = []) {
    this.texts = texts as string[];
  }

  claim({ key, amount, at, user, campaign, rule, account, prize, day, scene, round }: Claim): ShelvedClaim {
    const own = followerOfClaim(key);
    const place = {
      user: user === own && own !== '' ? FOLLOWER : user,
      campaign,
      rule,
      account,
      prize,
      day,
      scene,
      round,
    };
    return [own, keyWithout(key, own), amount, at, this.phrase(JSON.stringify(place))];
  }

  claimOf([, key, amount, at, place]: ShelvedClaim): Claim {
    return { key, amount, at, ...this.placeOf(place) };
  }

  payout(paid: Paid): ShelvedPayout {
    const { billNo, claimKey, amount, attempt, createdAt, isSettled, refunded, holds } = paid;
    const { user, campaign, rule, account, merchant, state, mchId } = paid;
    const own = followerOfClaim(claimKey);
    const place = {
      user: user === own && own !== '' ? FOLLOWER : user,
      campaign,
      rule,
      account,
      merchant,
      state,
      mchId,
    };
    const held: Phrase[] = [];
    for (const { name, add } of holds) held.push(this.name(name, own), add);
    const at = this.phrase(JSON.stringify(place));
    return [own, billNo, keyWithout(claimKey, own), amount, attempt, createdAt, isSettled, refunded, at, held];
  }

  payoutOf([, billNo, claimKey, amount, attempt, createdAt, isSettled, refunded, place, held]: ShelvedPayout): Paid {
    const holds: { name: string; add: number }[] = [];
    for (let n = 0; n < held.length; n += 2) holds.push({ name: this.textOf(held[n]!), add: Number(held[n + 1]) });
    const { user, campaign, rule, account, merchant, state, mchId } = this.placeOf(place);
    // One object in one go: to put two together takes longer than all the rest.
    // biome-ignore format: one line reads like the two above
    return { billNo, claimKey, amount, attempt, createdAt, isSettled, refunded, holds, user, campaign, rule, account, merchant, state, mchId };
  }

  /** A counter's name, without its follower. */
  name(name: string, user: string): Phrase {
    const at = user === '' ? -1 : placeOfFollower(name);
    const isOwn = at >= 0 && name.startsWith(user, at) && isEnd(name, at + user.length);
    return this.phrase(isOwn ? name.slice(0, at) + FOLLOWER + name.slice(at + user.length) : name);
  }

  /** Every name and every place that has a number. */
  get known(): readonly string[] {
    return this.texts;
  }

  textOf(phrase: Phrase): string {
    return typeof phrase === 'string' ? phrase : this.texts[phrase]!;
  }

  private phrase(text: string): Phrase {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    if (this.texts.length === PHRASES_MAX) return text;
    this.numbers.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }

  private placeOf(phrase: Phrase): Place {
    const known = this.places.get(phrase);
    if (known) return known;
    const place = JSON.parse(this.textOf(phrase)) as Place;
    if (typeof phrase === 'number') this.places.set(phrase, place);
    return place;
  }
}

/** What stands behind the second stroke, up to the third. */
export function followerOfClaim(key: string): string {
  const [from, end] = placeInClaim(key);
  return key.slice(from, end);
}

export function keyWithout(key: string, user: string): string {
  if (user === '') return key;
  const [from, end] = placeInClaim(key);
  return key.slice(0, from) + FOLLOWER + key.slice(end);
}

/** Where its follower begins and ends; without one, at its end. */
function placeInClaim(key: string): readonly [from: number, end: number] {
  const second = key.indexOf('/', key.indexOf('/') + 1);
  if (second < 0) return [key.length, key.length];
  const third = key.indexOf('/', second + 1);
  return [second + 1, third < 0 ? key.length : third];
}

function isEnd(name: string, at: number): boolean {
  return at === name.length || name[at] === '/';
}
