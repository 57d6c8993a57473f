// How things lie in Redis: as JSON, in halves that change and that do not, and the way there and back.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { followerIn, placeOfFollower } from '../../core/audit/counter-name.ts';
import type { Counter } from '../../core/base/counter.ts';
import type { EventKey } from '../../core/base/event.ts';
import type { Follower } from '../../core/match/facts.ts';
import type { BillNo, Payout } from '../../core/payout/payout.ts';
import type { Answer, HistoryLine } from '../../ports.ts';
import { CHANGING, lineFrom, type StoredLine } from '../shared/rows.ts';
import { counterPlace } from './counter-place.ts';
import { type Named, naming } from './link/connection.ts';
import { KEY } from './link/keys.ts';

const isChanging: ReadonlySet<string> = new Set(CHANGING);

function half(payout: Payout | LaidPayout, changing: boolean): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(payout).filter(([field]) => isChanging.has(field) === changing)),
  );
}

/** What a step writes anew. What it holds is most of that, and written short. */
export function nowOf(payout: Payout): string {
  const held = shortHolds(payout);
  return half(held === undefined ? payout : { ...payout, holds: held }, true);
}

/** What stays as it was planned. */
export function fixedOf(payout: Payout): string {
  return half(payout, false);
}

/** Both halves as one text: to put two objects together takes four times as long as to read them. */
export function payoutFrom(fixed: string, now: string): Payout {
  return withHolds(JSON.parse(`${fixed.slice(0, -1)},${now.slice(1)}`) as LaidPayout);
}

type Holds = Payout['holds'];
/** As it lies there: what it holds is one text, if it could be written short. */
export type LaidPayout = Omit<Payout, 'holds'> & { readonly holds: Holds | string };
export type Whose = Pick<Payout, 'campaign' | 'merchant' | 'user'>;

/** `long`: what reads a short text; the same for very many payouts. */
export function withHolds(payout: LaidPayout, long = longHolds): Payout {
  const { holds } = payout;
  return Object.assign(payout, { holds: typeof holds === 'string' ? long(holds, payout) : holds });
}

/** Stands for the follower. */
const THEM = '~';
/** Stand for the beginning of a name: of its own campaign, of its merchant, of neither. */
const OF_CAMPAIGN = '.';
const OF_MERCHANT = '!';
const WHOLE = '=';

/** A line each: how much, a space, and the name without what the payout says anyway. `undefined`: a name has our marks in it. */
function shortHolds({ holds, campaign, merchant, user }: Payout): string | undefined {
  if (holds.length === 0 || holds.some(({ name }) => /[~\n]/.test(name))) return undefined;
  const [ours, theirs] = [`campaign/${campaign}/`, `merchant/${merchant}/`];
  return holds
    .map(({ name, add }) => {
      const at = user !== '' && followerIn(name) === user ? placeOfFollower(name) : -1;
      const named = at < 0 ? name : name.slice(0, at) + THEM + name.slice(at + user.length);
      if (named.startsWith(ours)) return `${add} ${OF_CAMPAIGN}${named.slice(ours.length)}`;
      if (named.startsWith(theirs)) return `${add} ${OF_MERCHANT}${named.slice(theirs.length)}`;
      return `${add} ${WHOLE}${named}`;
    })
    .join('\n');
}

export function longHolds(short: string, { campaign, merchant, user }: Whose): Holds {
  return short.split('\n').map(line => {
    const at = line.indexOf(' ');
    const [mark, rest] = [line[at + 1], line.slice(at + 2).replace(THEM, () => user)];
    const before = mark === OF_CAMPAIGN ? `campaign/${campaign}/` : mark === OF_MERCHANT ? `merchant/${merchant}/` : '';
    return { name: before + rest, add: Number(line.slice(0, at)) };
  });
}

/** Rows of `fixed` and `now`, one after the other. */
export function payoutsFrom(rows: readonly string[]): Payout[] {
  const payouts: Payout[] = [];
  for (let n = 0; n + 1 < rows.length; n += 2) payouts.push(payoutFrom(rows[n]!, rows[n + 1]!));
  return payouts;
}

/** What a new payout adds to a script's arguments; nothing planned is one empty argument. */
export function planArgs(payout: Payout | undefined, token: string): string[] {
  if (!payout) return [''];
  const { billNo, campaign, merchant, user, amount, state, nextDo, version, createdAt } = payout;
  assert(version === 1, `a payout begins with version 1: ${billNo}`);
  assert(Number.isSafeInteger(amount) && amount > 0, `a payout is worth money: ${billNo}`);
  const first = { billNo, version, at: createdAt, from: 'new', to: state, what: state } as const;
  const due = isDue(payout) ? whole(payout.nextAt!) : '';
  const looked = [campaign, merchant, user, whole(amount), state, nextDo, due];
  return [billNo, ...looked, fixedOf(payout), nowOf(payout), lineOf(first, token)];
}

/** Where it is kept, and in which lists and queues it may stand. */
export function keysOfPayout(payout: Payout, ...states: readonly string[]): Named {
  const { billNo, campaign, merchant, user, state } = payout;
  const lists = ['all', `campaign:${campaign}`, `user:${user}`, `merchant:${merchant}`];
  for (const each of [state, ...states]) lists.push(`state:${each}`);
  return naming(
    ...[KEY.payout + billNo, KEY.history + billNo, KEY.bucket + campaign],
    ...lists.map(list => KEY.list + list),
    ...['send', 'query'].map(what => `${KEY.due}${merchant}:${what}`),
  );
}

/** How counters stand in a script's arguments. */
export function counterArgs(counters: readonly Counter[]): string[] {
  const each = ({ name, add, max, atLeast }: Counter): string[] => {
    return [...counterPlace(name), whole(add), whole(max), atLeast === undefined ? '' : whole(atLeast)];
  };
  return [whole(counters.length), ...counters.flatMap(each)];
}

/** Whether anything is to be done for it, be it later. */
export function isDue({ state, nextAt }: Payout): boolean {
  return nextAt !== undefined && state !== 'received' && state !== 'refunded' && state !== 'failed';
}

/** A line with the token of the call that wrote it: no other call writes the same text. */
export function lineOf({ version, at, from, to, what, detail }: HistoryLine, token: string): string {
  return JSON.stringify([token, version, at, from, to, what, detail ?? null]);
}

export function historyOf(billNo: BillNo, lines: readonly string[]): HistoryLine[] {
  return lines.map(text => lineFrom(billNo, storedLine(text)));
}

export function storedLine(text: string): StoredLine {
  return JSON.parse(text) as StoredLine;
}

const TOKEN_BYTES = 12;
/** So many characters stand before an answer. */
export const TOKEN_LENGTH = 16;

/** Names one call of a write; see `connection.ts`. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** A new token, for a script that keeps what it says under it. */
export function onceArgs(): [string, Named] {
  const token = newToken();
  return [token, naming(KEY.said + token)];
}

/** An event belongs to an account; the same key in two accounts is two events. */
export function eventField(account: string, key: EventKey): string {
  assert(!account.includes('/'), `an account's name has no slash: ${account}`);
  return `${account}/${key}`;
}

/** Where a follower lies, and the row: first what scripts look at. */
export function followerArgs(follower: Follower): string[] {
  const { account, user, follows, leftAt } = follower;
  const left = leftAt === undefined ? '' : `/${whole(leftAt)}`;
  return [`${account}/${user}`, `${whole(follows)}${left} ${JSON.stringify(follower)}`];
}

/** An answer, behind the token of the call that wrote it. */
export function answerBehind(found: string): Answer {
  return JSON.parse(found.slice(TOKEN_LENGTH)) as Answer;
}

/** What stands behind the first word, which is for scripts. */
export function behind<T>(text: string): T {
  return JSON.parse(text.slice(text.indexOf(' ') + 1)) as T;
}

/** A whole number as Redis counts it. One that a double cannot hold exactly is a mistake of ours. */
export function whole(value: number): string {
  assert(Number.isSafeInteger(value), `not a whole number below 2^53: ${value}`);
  return String(value);
}
