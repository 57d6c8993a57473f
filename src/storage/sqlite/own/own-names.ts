// What lies beside a follower in the table `own`: under their openid, with a letter before the name that says what it is. So
// everything that one event reads and writes of them is on one page of the file.
//
// `c` a claim, `e` an event that was heard, `n` some of their counters, `u` an event of theirs whose key names somebody else
// or nobody. Where a name has no openid, its owner is nobody ('').

import { type EventKey, eventKey, openId } from '../../../core/base/event.ts';
import { type JsonText, jsonText, saidBy } from '../../../core/base/json-text.ts';
import type { Claim } from '../../../core/decide/decision.ts';
import type { Answer } from '../../../ports.ts';

/** Owner and name: where a row is. */
export type Place = readonly [owner: string, name: string];

const EVENT = /^([a-z]+:)(o[\w-]{27})(?=:|$)/;

/** The letter after a kind's own: what lies between them is of this kind. */
export const AFTER = { c: 'd', e: 'f', n: 'o', u: 'v' } as const;

/** The account comes last: by the key alone an event is found as well. */
export function eventPlace(account: string, key: string): Place {
  const [owner, name] = eventsWithKey(key);
  return [owner, name + account];
}

/** What the names of events with this key begin with, and perhaps of some others. */
export function eventsWithKey(key: string): Place {
  const [head, kind, owner] = EVENT.exec(key) ?? [];
  if (head === undefined) return ['', `e${key} `];
  return [owner!, `e${kind}${key.slice(head.length)} `];
}

/** Back from where it is. */
export function eventOf([owner, name]: Place): { readonly account: string; readonly key: EventKey } {
  const end = name.lastIndexOf(' ');
  const rest = name.slice(1, end);
  const head = rest.indexOf(':') + 1;
  return {
    account: name.slice(end + 1),
    key: eventKey(owner === '' ? rest : rest.slice(0, head) + owner + rest.slice(head)),
  };
}

/** campaign / rule / openid / occasion */
const CLAIM = /^([^/]+\/[^/]+\/)(o[\w-]{27})(?=\/|$)/;

export function claimPlace(key: string): Place {
  const found = CLAIM.exec(key);
  if (!found) return ['', `c${key}`];
  const [head, about = '', owner = ''] = found;
  return [owner, `c${about}${key.slice(head.length)}`];
}

function claimKeyOf([owner, name]: Place): string {
  const head = name.indexOf('/', name.indexOf('/') + 1) + 1;
  return owner === '' ? name.slice(1) : name.slice(1, head) + owner + name.slice(head);
}

// ── Claims ───────────────────────────────────────────────────────────────────────────────────────────────────

/** What the key of a claim says already. */
type Told = Pick<Claim, 'campaign' | 'rule' | 'user'>;
/** `payouts`: the rows of what pays it. `other`: where the key says something else. */
type ClaimColumns = readonly [
  prize: string,
  amount: Claim['amount'],
  at: Claim['at'],
  account: string,
  payouts: readonly number[],
  day: string | null,
  scene?: string | null,
  round?: string | null,
  other?: Told,
];

/** As the column holds it. */
export type ClaimText = JsonText<ClaimColumns>;

export function claimText(claim: Claim, payouts: readonly number[]): ClaimText {
  const { key, prize, amount, at, account, day = null, scene = null, round = null, campaign, rule, user } = claim;
  const columns = [prize, amount, at, account, payouts, day] as const;
  if (key.startsWith(`${campaign}/${rule}/${user}`)) {
    if (scene === null && round === null) return jsonText<ClaimColumns>(columns);
    return jsonText<ClaimColumns>([...columns, scene, round]);
  }
  return jsonText<ClaimColumns>([...columns, scene, round, { campaign, rule, user }]);
}

export function claimFrom(place: Place, text: ClaimText): Claim {
  const key = claimKeyOf(place);
  const [prize, amount, at, account, , day, scene, round, other] = saidBy(text);
  const told = other ?? toldBy(key, place[0]);
  return {
    key,
    ...told,
    account,
    prize,
    amount,
    at,
    ...(day !== null && { day }),
    ...(scene !== undefined && scene !== null && { scene }),
    ...(round !== undefined && round !== null && { round }),
  };
}

function toldBy(key: string, owner: string): Told {
  const [campaign = '', rule = '', user = ''] = key.split('/', 3);
  return { campaign, rule, user: openId(owner === '' ? user : owner) };
}

export function payoutsOf(text: ClaimText): readonly number[] {
  return saidBy(text)[4];
}

/** The same claim, paid by one more. */
export function withPayout(text: ClaimText, payout: number): ClaimText {
  const [prize, amount, at, account, before, ...rest] = saidBy(text);
  const payouts = [...before.filter(id => id !== payout), payout];
  return jsonText<ClaimColumns>([prize, amount, at, account, payouts, ...rest]);
}

// ── Events ───────────────────────────────────────────────────────────────────────────────────────────────────

/** An event's journal line, which has its answer; below zero: the answer is forgotten. A text where it is not as simple. */
export type EventColumn = number | JsonText<Heard>;

/** `lines`: oldest first. `answer`: until it is forgotten; `reply` where it is not that of the latest line. */
export type Heard = {
  readonly lines: readonly number[];
  readonly answer?: { readonly at?: Answer['at']; readonly reply?: Answer['reply'] };
};

export function heardIn(column: EventColumn): Heard {
  if (typeof column === 'string') return saidBy(column);
  return column < 0 ? { lines: [-column] } : { lines: [column], answer: {} };
}

export function eventColumn(heard: Heard): EventColumn {
  const [line, ...more] = heard.lines;
  if (line === undefined || more.length > 0) return jsonText(heard);
  if (!heard.answer) return -line;
  return heard.answer.at === undefined && heard.answer.reply === undefined ? line : jsonText(heard);
}

/** Where an event lies beside its follower, whose key names somebody else or nobody. */
export function strayName(line: number): string {
  return `u${line}`;
}
