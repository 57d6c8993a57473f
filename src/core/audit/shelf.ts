// How claims, payouts and counters lie on shelves (架) until the audit comes to their followers: as short as can be, since
// there are millions of them. Texts that come again and again are written once, and stand there as a number. Pure.

import type { OpenId } from '../base/event.ts';
import type { Fen } from '../base/money.ts';
import type { Instant } from '../base/time.ts';
import type { Claim } from '../decide/decision.ts';
import type { Paid } from './payout.ts';

/** Followers stand on so many shelves, and one shelf is a part: of a million claims memory holds four thousand. */
export const SHELVES = 256;

/** The shelf a claim stands on, with its payouts: by the openid in its key. */
export function shelfOfClaim(key: string): number {
  return shelfOf(key.split('/')[2] ?? '');
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
/** Stands for the follower; a text that has it itself is not shortened. */
const MARK = '\0';

type Name = readonly [before: string, behind?: string];

export type ShelvedClaim = readonly [key: string, user: OpenId, amount: Fen, at: Instant, place: Phrase];
/** `holds`: name and add in turn. */
export type ShelvedPayout = readonly [
  ...[billNo: Paid['billNo'], claimKey: string, user: OpenId, amount: Fen, attempt: number, createdAt: Instant],
  ...[isSettled: boolean, refunded: Fen, place: Phrase, holds: readonly Phrase[]],
];
type PayoutPlace = readonly [
  ...[campaign: string, rule: string, account: string, merchant: string, state: Paid['state'], mchId: string],
];
/** Of one follower: name and value in turn. */
export type ShelvedCounters = readonly [user: string, ...counters: Phrase[]];

export class Packing {
  private readonly numbers = new Map<string, number>();
  private readonly texts: string[] = [];
  private readonly places = new Map<Phrase, object>();
  private readonly names: Name[] = [];

  claim({ key, user, amount, at, campaign, rule, account, prize, day, scene, round }: Claim): ShelvedClaim {
    const place = { campaign, rule, account, prize, day, scene, round };
    return [key, user, amount, at, this.phrase(JSON.stringify(place))];
  }

  claimOf([key, user, amount, at, place]: ShelvedClaim): Claim {
    return { key, user, amount, at, ...(this.placeOf(place) as Omit<Claim, 'key' | 'user' | 'amount' | 'at'>) };
  }

  payout(paid: Paid): ShelvedPayout {
    const { billNo, claimKey, user, amount, attempt, createdAt, isSettled, refunded, holds } = paid;
    const { campaign, rule, account, merchant, state, mchId } = paid;
    const place = this.phrase(JSON.stringify([campaign, rule, account, merchant, state, mchId]));
    const held: Phrase[] = [];
    for (const { name, add } of holds) held.push(this.name(name, user), add);
    return [billNo, claimKey, user, amount, attempt, createdAt, isSettled, refunded, place, held];
  }

  payoutOf(row: ShelvedPayout): Paid {
    const [billNo, claimKey, user, amount, attempt, createdAt, isSettled, refunded, place, held] = row;
    const [campaign, rule, account, merchant, state, mchId] = this.placeOf(place) as PayoutPlace;
    const holds: { name: string; add: number }[] = [];
    for (let n = 0; n < held.length; n += 2)
      holds.push({ name: this.nameOf(held[n]!, user), add: held[n + 1] as number });
    // One object in one go: to put two together takes longer than all the rest.
    return {
      billNo,
      claimKey,
      user,
      amount,
      attempt,
      createdAt,
      isSettled,
      refunded,
      campaign,
      rule,
      account,
      merchant,
      state,
      mchId,
      holds,
    };
  }

  /** A counter's name, without its follower. */
  name(name: string, user: string): Phrase {
    if (name.includes(MARK)) return name;
    const at = user === '' ? -1 : name.indexOf(user);
    if (at < 0) return this.phrase(name);
    const phrase = this.phrase(name.slice(0, at) + MARK + name.slice(at + user.length));
    return typeof phrase === 'number' ? phrase : name;
  }

  nameOf(phrase: Phrase, user: string): string {
    if (typeof phrase === 'string') return phrase;
    const [before, behind] = this.names[phrase]!;
    return behind === undefined ? before : before + user + behind;
  }

  private phrase(text: string): Phrase {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    if (this.texts.length === PHRASES_MAX) return text;
    this.numbers.set(text, this.texts.length);
    this.names.push(splitAt(text));
    return this.texts.push(text) - 1;
  }

  private placeOf(phrase: Phrase): object {
    const known = this.places.get(phrase);
    if (known) return known;
    const place = JSON.parse(typeof phrase === 'number' ? this.texts[phrase]! : phrase) as object;
    if (typeof phrase === 'number') this.places.set(phrase, place);
    return place;
  }
}

function splitAt(text: string): Name {
  const [before, behind] = text.split(MARK);
  return behind === undefined ? [before!] : [before!, behind];
}
