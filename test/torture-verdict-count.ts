// The verdict counts by itself: days, months, people, stores, merchants, pieces, wallets, rounds and codes, from the journal
// and the payouts, by what the rule file means. Nothing of `core/limit.ts` is used here, on purpose; the names of counters
// are data of the store, the same for ever.
import type { Award } from '../src/core/decide.ts';
import type { Event } from '../src/core/event.ts';
import type { Payout } from '../src/core/payout.ts';
import type { Campaign, Prize } from '../src/core/rule.ts';
import { beijingText, instant, MINUTE, SECOND } from '../src/core/time.ts';
import type { JournalLine, Store } from '../src/ports.ts';
import { ACCOUNT, MERCHANTS, SHOP } from './torture-config.ts';
import { CAMPAIGN } from './torture-rules.ts';
import type { Ending } from './torture-verdict.ts';

/** Something that is given, with everything it counts on. */
type Given = { readonly line: JournalLine; readonly award: Award; readonly backAt: number | undefined };

/** One counter: what it is about, how much this claim adds, and whether the money's return gives it back. */
type Count = { readonly name: string; readonly add: number; readonly returns: boolean; readonly max?: number | undefined };

const LATER_MS = 30 * SECOND;

export async function countedRight(ending: Ending): Promise<string[]> {
  const { torture, store } = ending;
  const given = givenIn(ending);
  const [first, last] = torture.versions.map(({ campaign }) => campaign) as [Campaign, Campaign];
  const most = torture.isEdited ? last : first;
  return [
    ...withinBounds(given, most, torture.jumps.length > 0),
    ...(await countersAgree(given, { first, most }, store)),
    ...roundsAreKept(given, most),
    ...walletsAreKept(ending, given, most),
    ...codesAreUsedOnce(given),
  ];
}

/** Everything that was promised, oldest first. */
function givenIn({ journal, payouts }: Ending): Given[] {
  const last = new Map<string, Payout>();
  for (const payout of payouts) {
    const known = last.get(payout.claimKey);
    if (!known || known.attempt < payout.attempt) last.set(payout.claimKey, payout);
  }
  return journal.flatMap(line => {
    const award = line.decision;
    if (award.kind !== 'awarded') return [];
    const payout = last.get(award.claimKey);
    const isBack = payout?.state === 'failed' || payout?.state === 'refunded';
    return [{ line, award, backAt: isBack ? payout.endedAt! : undefined }];
  });
}

// ── What one claim counts on ─────────────────────────────────────────────────────────────────────────────────

/** `2026-02-10 23:58:00` on the campaign's own clock, whose day may begin late. */
function ownTime({ period }: Campaign, at: number): string {
  return beijingText(instant(at - period.dayStartsAt * MINUTE));
}

function storeIn(event: Event): string | undefined {
  return event.kind === 'scan' || event.kind === 'subscribe' ? event.scene : undefined;
}

function countsOf({ line, award }: Given, campaign: Campaign): Count[] {
  const { at, event } = line;
  const { amount, prize: name } = award;
  const day = ownTime(campaign, at).slice(0, 10);
  const base = `campaign/${CAMPAIGN}`;
  const counts: Count[] = [];
  const add = (rest: string, max?: number, by = 1, returns = false): void => {
    counts.push({ name: `${base}/${rest}`, add: by, returns, max });
  };
  const mine = `user/${event.user}`;
  const { perUser, perScene, rounds } = campaign;
  const scene = storeIn(event);
  if (award.rule !== 'send') {
    add(`${mine}/claims`, perUser.total);
    add(`${mine}/claims/day/${day}`, perUser.perDay);
    add(`${mine}/claims/month/${day.slice(0, 7)}`, perUser.perMonth);
    const round = rounds.find(({ from, to }) => at >= from && at < to);
    if (round) add(`${mine}/claims/round/${round.name}`, perUser.perRound);
    if (scene !== undefined) add(`${mine}/claims/scene/${scene}`, perScene.perUser);
  }
  if (name === 'progress') return counts;
  const prize = campaign.prizes.get(name) as Prize | undefined;
  const stock = { max: prize?.stock, perDay: prize?.perDay };
  if (prize?.kind !== 'nothing') add(`${mine}/wins`, perUser.wins);
  add(`prize/${name}/${mine}`, prize?.perUser);
  add(`prize/${name}`, stock.max);
  add(`prize/${name}/day/${day}`, stock.perDay);
  return amount === 0 ? counts : [...counts, ...moneyOf({ day, scene, at, amount }, event, campaign)];
}

type Money = { readonly day: string; readonly scene: string | undefined; readonly at: number; readonly amount: number };

function moneyOf({ day, scene, at, amount }: Money, { user }: Event, { perUser, perScene, budget }: Campaign): Count[] {
  const { limits } = MERCHANTS.redpack;
  const base = `campaign/${CAMPAIGN}`;
  const person = `merchant/${SHOP}/user/${ACCOUNT}/${user}`;
  const today = beijingText(instant(at)).slice(0, 10);
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
    { name: `${person}/amount/day/${today}`, add: amount, returns: false, max: limits.amountPerUserPerDay },
    { name: `${person}/packets/day/${today}`, add: 1, returns: false, max: limits.perUserPerDay },
    { name: `${base}/amount`, max: budget?.total, ...fen },
    { name: `${base}/amount/day/${day}`, max: budget?.perDay, ...fen },
    { name: `merchant/${SHOP}/amount/day/${today}`, max: limits.amountPerDay, ...fen },
    { name: `${base}/packets`, max: budget?.packets, ...one },
    { name: `${base}/packets/day/${day}`, max: budget?.packetsPerDay, ...one },
    ...stores,
  ];
}

// ── Bounds and counters ──────────────────────────────────────────────────────────────────────────────────────

/** In the order in which it was promised, nothing ever passed its bound, what had come back by then taken off. */
function withinBounds(given: readonly Given[], campaign: Campaign, isClockUnsure: boolean): string[] {
  const found: string[] = [];
  const soFar = new Map<string, { add: number; backAt: number }[]>();
  for (const each of given) {
    for (const { name, add, returns, max } of countsOf(each, campaign)) {
      if (max === undefined) continue;
      const list = soFar.get(name) ?? [];
      soFar.set(name, list);
      list.push({ add, backAt: returns ? (each.backAt ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY });
      const now = each.line.at;
      // Where a clock was set, nobody can tell what came back first.
      const isOut = ({ backAt }: { backAt: number }): boolean =>
        isClockUnsure ? backAt === Number.POSITIVE_INFINITY : backAt + LATER_MS > now;
      const out = list.filter(isOut).reduce((sum, entry) => sum + entry.add, 0);
      const surely = isClockUnsure ? out : list.filter(({ backAt }) => backAt > now + LATER_MS).reduce((sum, entry) => sum + entry.add, 0);
      if (surely > max) found.push(`${name}: ${surely} were out with ${each.award.claimKey}, allowed are ${max}`);
    }
  }
  return [...new Map(found.map(text => [text.split(':')[0], text])).values()];
}

/** Whatever the store counts is what we count; and what the rule file has limited from the beginning is counted. */
async function countersAgree(
  given: readonly Given[],
  { first, most }: { readonly first: Campaign; readonly most: Campaign },
  store: Store,
): Promise<string[]> {
  const expected = new Map<string, number>();
  const needed = new Set<string>();
  for (const each of given) {
    for (const { name, add, returns } of countsOf(each, most))
      expected.set(name, (expected.get(name) ?? 0) + (returns && each.backAt !== undefined ? 0 : add));
    for (const { name, max } of countsOf(each, first)) if (max !== undefined) needed.add(name);
  }
  const stored = await countersIn(store);
  const found: string[] = [];
  for (const [name, value] of expected) {
    const there = stored.get(name);
    if (there === undefined ? needed.has(name) && value > 0 : there !== value)
      found.push(`counter ${name} stands at ${there ?? 'nothing'}, we count ${value}`);
  }
  for (const [name, value] of stored)
    if (isOurs(name) && !expected.has(name) && value !== 0) found.push(`counter ${name} stands at ${value}, we count nothing`);
  return found;
}

/** Names of those that `countsOf` knows. */
function isOurs(name: string): boolean {
  if (/\/(wallet|round\/[^/]+\/(row|packets|amount)|last$|pace|draws|guess|quiz|streak|minute)/.test(name)) return false;
  return /^(campaign|merchant)\//.test(name) && !/\/(coupons|last)$/.test(name);
}

async function countersIn(store: Store): Promise<Map<string, number>> {
  const books = await store.books();
  const counters = new Map<string, number>();
  try {
    for await (const { name, value } of books.counters()) counters.set(name, value);
  } finally {
    await books.close();
  }
  return counters;
}

// ── Rounds, wallets, codes ───────────────────────────────────────────────────────────────────────────────────

/** In each round no more packets than it has, which come to its total once they are all gone. */
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
  const drop = prizes.get('drop');
  for (const { award } of given)
    if (award.prize === 'drop' && drop?.kind === 'redpacket' && (award.amount < drop.min || award.amount > drop.max))
      found.push(`${award.claimKey}: a packet of ${award.amount} fen`);
  return found;
}

/** Nobody spends more chances than they had: so many free ones a day, and two for each payment, up to four a day. */
function walletsAreKept({ torture }: Ending, given: readonly Given[], campaign: Campaign): string[] {
  const wallet = campaign.wallets.get('机会');
  if (!wallet) return [];
  const found: string[] = [];
  for (const user of torture.people) {
    let left = 0;
    const days = new Map<string, { free: number; earned: number; spent: number }>();
    for (const { line, award } of given) {
      if (line.event.user !== user) continue;
      const day = ownTime(campaign, line.at).slice(0, 10);
      const today = days.get(day) ?? { free: wallet.freePerDay!, earned: 0, spent: 0 };
      days.set(day, today);
      if (award.rule === 'chance') {
        const earned = Math.min(2, wallet.earnPerDay! - today.earned);
        today.earned += earned;
        left += earned;
      }
      if (award.rule !== 'spin') continue;
      today.spent++;
      if (today.free > 0) today.free--;
      else left--;
      if (left < 0) found.push(`${user}: ${award.claimKey} spent a chance they did not have`);
      if (today.spent > wallet.spendPerDay!) found.push(`${user}: ${today.spent} chances were spent on one day`);
    }
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
