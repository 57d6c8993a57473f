// The verdict counts by itself: days, months, people, stores, merchants, pieces, wallets, rounds and codes, from the journal
// and the payouts, by what the rule file means. Nothing of `core/decide/limits.ts` is used here, on purpose; the names of counters
// are data of the store, the same for ever.

import type { Event } from '../../src/core/base/event.ts';
import { beijingText, instant, MINUTE, SECOND } from '../../src/core/base/time.ts';
import { type Award, awardsOf } from '../../src/core/decide/decision.ts';

import type { Payout } from '../../src/core/payout/payout.ts';
import type { Campaign, Wallet } from '../../src/core/rules/campaign.ts';
import type { JournalLine, Store } from '../../src/ports.ts';
import { ACCOUNT, MERCHANTS, SHOP } from './config.ts';
import type { Ending } from './verdict.ts';

/** Something that is given, with everything it counts on. */
type Given = {
  readonly line: JournalLine;
  readonly award: Award;
  readonly backAt: number | undefined;
  readonly firstBackAt: number | undefined;
  /** It had come back, and an operator offered it again: from when, and until when it was out once more. */
  readonly again: readonly { readonly at: number; readonly backAt: number | undefined }[];
  /** The days on which its packet left, or may have; of one that never did, the day for which it was planned. */
  readonly leaves: readonly string[];
};

/** One counter: what it is about, how much this claim adds, and whether the money's return gives it back. */
type Count = {
  readonly name: string;
  readonly add: number;
  readonly returns: boolean;
  readonly max?: number | undefined;
};

const LATER_MS = 30 * SECOND;

export async function countedRight(ending: Ending): Promise<string[]> {
  const { torture, store } = ending;
  const given = await givenIn(ending);
  const { campaign: most, campaigns } = torture.versions[torture.isEdited ? 1 : 0];
  return [
    ...withinBounds(given, campaigns, torture.jumps.length > 0),
    ...(await countersAgree(given, campaigns, store)),
    ...allOrNothing(ending),
    ...roundsAreKept(given, most),
    ...walletsAreKept(ending, most),
    ...codesAreUsedOnce(given),
  ];
}

/** Everything that was promised, oldest first. */
async function givenIn({ journal, payouts, store }: Ending): Promise<Given[]> {
  const numbers = new Map<string, Payout[]>();
  for (const payout of payouts) numbers.set(payout.claimKey, [...(numbers.get(payout.claimKey) ?? []), payout]);
  const given: Given[] = [];
  for (const [line, award] of journal.flatMap(each => awardsOf(each.decision).map(one => [each, one] as const))) {
    const sorted = (numbers.get(award.claimKey) ?? []).sort((a, b) => b.attempt - a.attempt);
    const last = sorted[0];
    const spans = spansOf(sorted.toReversed());
    const leaves = (await daysLeft(store, sorted)) ?? [calendarDay(award.payAt ?? line.at)];
    const backAt = last && backOf(last);
    given.push({ line, award, leaves, backAt, firstBackAt: spans[0]?.backAt, again: spans.slice(1) });
  }
  return given;
}

function backOf({ state, endedAt }: Payout): number | undefined {
  return state === 'failed' || state === 'refunded' ? endedAt : undefined;
}

/** When the money of a claim was out, by its numbers: one that follows its predecessor at once goes on with it. */
function spansOf(numbers: readonly Payout[]): { at: number; backAt: number | undefined }[] {
  const spans: { at: number; backAt: number | undefined }[] = [];
  for (const payout of numbers) {
    const before = spans.at(-1);
    const goesOn = before && (before.backAt === undefined || payout.createdAt <= before.backAt);
    if (goesOn) before.backAt = backOf(payout);
    else spans.push({ at: payout.createdAt, backAt: backOf(payout) });
  }
  return spans;
}

/** Of the latest number that was ever called. */
async function daysLeft(store: Store, numbers: readonly Payout[]): Promise<string[] | undefined> {
  for (const { billNo } of numbers) {
    const calls = (await store.history(billNo)).filter(({ what }) => what === 'sending');
    if (calls.length > 0) return [...new Set(calls.map(({ at }) => calendarDay(at)))];
  }
  return undefined;
}

// ── What one claim counts on ─────────────────────────────────────────────────────────────────────────────────

function calendarDay(at: number): string {
  return beijingText(instant(at)).slice(0, 10);
}

/** `2026-02-10 23:58:00` on the campaign's own clock, whose day may begin late. */
function ownTime({ period }: Campaign, at: number): string {
  return beijingText(instant(at - period.dayStartsAt * MINUTE));
}

function storeIn(event: Event): string | undefined {
  return event.kind === 'scan' || event.kind === 'subscribe' ? event.scene : undefined;
}

function countsOf({ line, award, leaves }: Given, campaigns: readonly Campaign[]): Count[] {
  const campaign = campaigns.find(({ id }) => id === award.campaign)!;
  const { at, event } = line;
  const { amount, prize: name } = award;
  const day = ownTime(campaign, at).slice(0, 10);
  const base = `campaign/${campaign.id}`;
  const counts: Count[] = [];
  const add = (rest: string, max?: number, by = 1, returns = false): void => {
    counts.push({ name: `${base}/${rest}`, add: by, returns, max });
  };
  const mine = `user/${event.user}`;
  const { perUser, perScene, rounds } = campaign;
  const scene = storeIn(event);
  // What is given together with a claim takes part with it.
  if (award.rule !== 'send' && !award.claimKey.endsWith('}')) {
    add(`${mine}/claims`, perUser.total);
    add(`${mine}/claims/day/${day}`, perUser.perDay);
    add(`${mine}/claims/month/${day.slice(0, 7)}`, perUser.perMonth);
    const round = rounds.find(({ from, to }) => at >= from && at < to);
    if (round) add(`${mine}/claims/round/${round.name}`, perUser.perRound);
    if (scene !== undefined) add(`${mine}/claims/scene/${scene}`, perScene.perUser);
  }
  if (name === 'progress') return counts;
  const prize = campaign.prizes.get(name);
  // Pieces come back with the money.
  const piece = (rest: string, max?: number): void => add(rest, max, 1, amount > 0);
  if (prize?.kind !== 'nothing' && prize?.kind !== 'earn') piece(`${mine}/wins`, perUser.wins);
  piece(`prize/${name}/${mine}`, prize?.perUser);
  piece(`prize/${name}`, prize?.stock);
  piece(`prize/${name}/day/${day}`, prize?.perDay);
  if (amount === 0) return counts;
  return [
    ...counts,
    ...moneyOf({ day, scene, amount }, event, campaign),
    ...leaves.flatMap(left => capsOf(prize?.kind === 'voucher' ? `${SHOP}.voucher` : SHOP, left, event, amount)),
  ];
}

type Money = { readonly day: string; readonly scene: string | undefined; readonly amount: number };

function moneyOf({ day, scene, amount }: Money, { user }: Event, { id, perUser, perScene, budget }: Campaign): Count[] {
  const base = `campaign/${id}`;
  const fen = { add: amount, returns: true };
  const one = { add: 1, returns: true };
  const stores: Count[] =
    scene === undefined
      ? []
      : [
          { name: `${base}/scene/${scene}/amount/day/${day}`, max: perScene.amountPerDay, ...fen },
          { name: `${base}/scene/${scene}/packets/day/${day}`, max: perScene.perDay, ...one },
        ];
  return [
    { name: `${base}/user/${user}/amount/day/${day}`, add: amount, returns: false, max: perUser.amountPerDay },
    { name: `${base}/amount`, max: budget?.total, ...fen },
    { name: `${base}/amount/day/${day}`, max: budget?.perDay, ...fen },
    { name: `${base}/packets`, max: budget?.packets, ...one },
    { name: `${base}/packets/day/${day}`, max: budget?.packetsPerDay, ...one },
    ...stores,
  ];
}

/** What the merchant allows, on each day on which it left. */
function capsOf(merchant: string, day: string, { user }: Event, amount: number): Count[] {
  const person = `merchant/${merchant}/user/${ACCOUNT}/${user}`;
  return [
    { name: `${person}/amount/day/${day}`, add: amount, returns: true },
    { name: `${person}/packets/day/${day}`, add: 1, returns: true },
    { name: `merchant/${merchant}/amount/day/${day}`, add: amount, returns: true },
  ];
}

// ── Bounds and counters ──────────────────────────────────────────────────────────────────────────────────────

type Moment = { readonly each: Given; readonly at: number; readonly back: number; readonly isAgain: boolean };

/** As it was promised, and where it was offered once more. */
function inOrder(given: readonly Given[]): Moment[] {
  const moments = given.flatMap(each => [
    { each, at: each.line.at, back: each.firstBackAt ?? Number.POSITIVE_INFINITY, isAgain: false },
    ...each.again.map(({ at, backAt }) => ({ each, at, back: backAt ?? Number.POSITIVE_INFINITY, isAgain: true })),
  ]);
  return given.some(({ again }) => again.length > 0) ? moments.toSorted((a, b) => a.at - b.at) : moments;
}

/** In the order in which it was promised, nothing ever passed its bound, what had come back by then taken off. */
function withinBounds(given: readonly Given[], campaigns: readonly Campaign[], isClockUnsure: boolean): string[] {
  const found: string[] = [];
  const soFar = new Map<string, { add: number; backAt: number }[]>();
  for (const { each, at: now, back, isAgain } of inOrder(given)) {
    for (const { name, add, returns, max } of countsOf(each, campaigns)) {
      if (max === undefined || (isAgain && !returns)) continue;
      const list = soFar.get(name) ?? [];
      soFar.set(name, list);
      list.push({ add, backAt: returns ? back : Number.POSITIVE_INFINITY });
      // Where a clock was set, nobody can tell what came back first.
      const isOut = ({ backAt }: { backAt: number }): boolean =>
        isClockUnsure ? backAt === Number.POSITIVE_INFINITY : backAt > now + LATER_MS;
      const surely = list.filter(isOut).reduce((sum, entry) => sum + entry.add, 0);
      if (surely > max) found.push(`${name}: ${surely} were out with ${each.award.claimKey}, allowed are ${max}`);
    }
  }
  return [...new Map(found.map(text => [text.split(':')[0], text])).values()];
}

/** Whatever the store counts is what we count, and the other way round; and no merchant's day holds too much. */
async function countersAgree(given: readonly Given[], campaigns: readonly Campaign[], store: Store): Promise<string[]> {
  const expected = new Map<string, number>();
  for (const each of given) {
    for (const { name, add, returns } of countsOf(each, campaigns))
      expected.set(name, (expected.get(name) ?? 0) + (returns && each.backAt !== undefined ? 0 : add));
  }
  const stored = await countersIn(store);
  const found: string[] = [];
  for (const [name, value] of expected) {
    const there = stored.get(name) ?? 0;
    if (there !== value) found.push(`counter ${name} stands at ${there}, we count ${value}`);
    const max = capFor(name);
    if (max !== undefined && there > max) found.push(`counter ${name} stands at ${there}, allowed are ${max}`);
  }
  for (const [name, value] of stored)
    if (isOurs(name) && !expected.has(name) && value !== 0)
      found.push(`counter ${name} stands at ${value}, we count nothing`);
  return found;
}

function capFor(name: string): number | undefined {
  if (!name.startsWith(`merchant/${SHOP}/`)) return undefined;
  const { perUserPerDay, amountPerUserPerDay, amountPerDay } = MERCHANTS.redpack.limits;
  if (name.includes('/packets/')) return perUserPerDay;
  return name.includes('/user/') ? amountPerUserPerDay : amountPerDay;
}

/** Names of those that `countsOf` knows. */
function isOurs(name: string): boolean {
  if (/\/(wallet|round\/[^/]+\/(row|packets|amount)|last$|pace|draws|guess|quiz|streak|minute|rule\/)/.test(name))
    return false;
  return /^(campaign|merchant)\//.test(name) && !/\/(coupons|last)$/.test(name);
}

async function countersIn(store: Store): Promise<Map<string, number>> {
  const snapshot = await store.snapshot();
  const counters = new Map<string, number>();
  try {
    for await (const { name, value } of snapshot.counters()) counters.set(name, value);
  } finally {
    await snapshot.close();
  }
  return counters;
}

/** Of what comes together each has a claim of its own, whose money is promised; or nobody has any of it. */
function allOrNothing({ torture, journal, payouts }: Ending): string[] {
  const paid = new Set(payouts.map(({ claimKey }) => claimKey));
  const rules = torture.versions[0].campaigns.flatMap(campaign => campaign.rules.map(rule => ({ campaign, rule })));
  return rules.flatMap(({ campaign, rule }) => {
    if (!rule.all) return [];
    return journal.flatMap(({ event, decision }) => {
      const awards = awardsOf(decision).filter(each => each.campaign === campaign.id && each.rule === rule.id);
      if (awards.length === 0) return [];
      const names = awards.map(({ prize }) => prize);
      if (names.join() !== rule.give.join()) return [`${event.key}: of ${rule.give.join()} ${names.join()} was given`];
      const unpaid = awards.filter(({ amount, claimKey }) => amount > 0 && !paid.has(claimKey));
      return unpaid.map(({ claimKey }) => `${claimKey} was promised, and has no payout`);
    });
  });
}

// ── Rounds, wallets, codes ───────────────────────────────────────────────────────────────────────────────────

/** In each round no more packets than it has, each to one person, which come to its total once they are all gone. */
function roundsAreKept(given: readonly Given[], { rounds, prizes }: Campaign): string[] {
  const found: string[] = [];
  for (const { name, from, to, packets, total } of rounds) {
    const drops = given.filter(({ line, award }) => award.prize === 'drop' && line.at >= from && line.at < to);
    const sum = drops.reduce((all, { award }) => all + award.amount, 0);
    if (drops.length > packets) found.push(`${name}: ${drops.length} of ${packets} packets were given`);
    if (drops.length === packets && sum !== total) found.push(`${name}: all its packets come to ${sum}, not ${total}`);
    if (sum > total) found.push(`${name}: ${sum} of ${total} fen were given`);
    const people = drops.map(({ line }) => line.event.user);
    if (new Set(people).size < people.length) found.push(`${name}: somebody had two of its packets`);
  }
  const takers = new Map<string, string>();
  for (const { award } of given)
    for (const { name, max } of award.counters.filter(each => /\/round\/[^/]+\/row\//.test(each.name))) {
      const former = takers.get(`${name} ${max}`);
      if (former !== undefined)
        found.push(`${award.claimKey} has packet ${max} of ${name}, which ${former} has as well`);
      takers.set(`${name} ${max}`, award.claimKey);
    }
  const drop = prizes.get('drop');
  for (const { award } of given)
    if (award.prize === 'drop' && drop?.kind === 'redpacket' && (award.amount < drop.min || award.amount > drop.max))
      found.push(`${award.claimKey}: a packet of ${award.amount} fen`);
  return found;
}

/**
 * Nobody spends more chances than they had: so many free ones a day, and two for each payment, up to four a day. A refund
 * takes back what its payment gave; what was spent of it by then is made up for by what is earned next.
 */
function walletsAreKept({ torture, journal }: Ending, campaign: Campaign): string[] {
  const wallet = campaign.wallets.get('机会');
  return wallet ? torture.people.flatMap(user => walletIsKept(user, journal, campaign, wallet)) : [];
}

function walletIsKept(user: string, journal: readonly JournalLine[], campaign: Campaign, wallet: Wallet): string[] {
  const found: string[] = [];
  const days = new Map<string, { free: number; earned: number; spent: number }>();
  const earnedBy = new Map<string, number>();
  let left = 0;
  for (const { at, event, decision } of journal) {
    if (event.kind === 'refunded') {
      left -= earnedBy.get(event.transaction) ?? 0;
      earnedBy.delete(event.transaction);
    }
    if (event.user !== user || decision.kind !== 'awarded') continue;
    const day = ownTime(campaign, at).slice(0, 10);
    const today = days.get(day) ?? { free: wallet.freePerDay!, earned: 0, spent: 0 };
    days.set(day, today);
    if (decision.rule === 'chance' && event.kind === 'paid') {
      const earned = Math.min(2, wallet.earnPerDay! - today.earned);
      today.earned += earned;
      left += earned;
      earnedBy.set(event.transaction, earned);
    }
    if (decision.rule !== 'spin') continue;
    today.spent++;
    if (today.free === 0 && left <= 0) found.push(`${user}: ${decision.claimKey} spent a chance they did not have`);
    if (today.free > 0) today.free--;
    else left--;
    if (today.spent > wallet.spendPerDay!) found.push(`${user}: ${today.spent} chances were spent on one day`);
  }
  return found;
}

function codesAreUsedOnce(given: readonly Given[]): string[] {
  const used = new Map<string, string>();
  return given.flatMap(({ line: { event }, award }) => {
    if (award.rule !== 'cap' || event.kind !== 'text') return [];
    const before = used.get(event.text);
    used.set(event.text, award.claimKey);
    return before === undefined ? [] : [`the code ${event.text} gave ${before}, and then ${award.claimKey}`];
  });
}
