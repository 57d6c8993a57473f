// A draw at the end (开奖): who holds a ticket is drawn at a time. Pure: the same seed, tickets and prizes give the same winners on any
// machine. The hash of the seed is published with the rules, the list of tickets and the seed once it was held: anybody can work it out again.
import { createHash, createHmac } from 'node:crypto';
import type { OpenId } from '../base/event.ts';
import type { Instant } from '../base/time.ts';
import type { FinalDraw } from '../rules/campaign.ts';
import { ticketOf } from '../rules/ticket.ts';

/** A claim that takes part. */
type Entry = { readonly claim: string; readonly account: string; readonly user: OpenId };
export type Drawn = {
  readonly ticket: string;
  readonly account: string;
  readonly user: OpenId;
  readonly prize: string;
};

/** What is written down before anybody is told: from then on it never changes. */
export type DrawResult = {
  readonly at: Instant;
  readonly tickets: number;
  /** SHA-256 over all tickets in their order, one a line. */
  readonly digest: string;
  readonly winners: readonly Drawn[];
};

/** Under which the seed of a draw is worked out: of its own, since the campaign may go on drawing after it was revealed. */
export function seedNameOf(campaign: string, draw: string): string {
  return `${campaign}/${draw}`;
}

/** What puts the tickets in their order: the smallest comes first. */
export function rankOf(seed: string, ticket: string): string {
  return createHmac('sha256', seed).update(ticket).digest('hex');
}

/** Keeps the best and forgets the rest, so that millions of entries need no memory but for their tickets' sum. */
export class DrawBox {
  private readonly seed: string;
  private readonly draw: FinalDraw;
  private readonly places: number;
  /** Of each follower the best ticket: nobody is drawn twice. */
  private best = new Map<string, Drawn & { readonly rank: string }>();
  private tickets: string[] = [];

  constructor(seed: string, draw: FinalDraw) {
    this.seed = seed;
    this.draw = draw;
    this.places = [...draw.winners.values()].reduce((sum, count) => sum + count, 0);
  }

  add({ claim, account, user }: Entry): void {
    const ticket = ticketOf(claim);
    this.tickets.push(ticket);
    const rank = rankOf(this.seed, ticket);
    const who = `${account}/${user}`;
    const before = this.best.get(who);
    if (before && before.rank <= rank) return;
    this.best.set(who, { ticket, account, user, prize: '', rank });
    if (this.best.size > 4 * this.places + 1000)
      this.best = new Map(this.inOrder().map(each => [`${each.account}/${each.user}`, each]));
  }

  private inOrder() {
    return [...this.best.values()].sort((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, this.places);
  }

  result(at: Instant): DrawResult {
    const prizes = [...this.draw.winners].flatMap(([prize, count]) => Array.from({ length: count }, () => prize));
    const winners = this.inOrder().map(({ rank: _, ...each }, n) => ({ ...each, prize: prizes[n]! }));
    return { at, tickets: this.tickets.length, digest: digestOf(this.tickets), winners };
  }
}

function digestOf(tickets: readonly string[]): string {
  const hash = createHash('sha256');
  for (const ticket of [...tickets].sort()) hash.update(`${ticket}\n`);
  return hash.digest('hex');
}

// ── The list that is published ───────────────────────────────────────────────────────────────────────────────

/** One ticket, in the order of the draw. `who`: the ends of an openid, by which it shows that nobody was drawn twice. */
export type Listed = { readonly ticket: string; readonly who: string; readonly prize: string };

/** What is wrong with a list, in its rows (from 1); nothing: it is what the seed says. */
export function verifyList(
  seed: string,
  rows: readonly Listed[],
): { readonly digest: string; readonly wrong: string[] } {
  const wrong: string[] = [];
  const won = new Set<string>();
  let isOver = false;
  let before = '';
  for (const [n, { ticket, who, prize }] of rows.entries()) {
    const rank = rankOf(seed, ticket);
    if (rank <= before) wrong.push(`row ${n + 1}: ticket ${ticket} stands behind one that comes after it`);
    before = rank;
    const isSecond = won.has(who);
    if (prize === '') isOver ||= !isSecond;
    else if (isSecond) wrong.push(`row ${n + 1}: ${who} wins a second time`);
    else if (isOver) wrong.push(`row ${n + 1}: ${ticket} wins, and one before it does not`);
    if (prize !== '') won.add(who);
  }
  return { digest: digestOf(rows.map(({ ticket }) => ticket)), wrong };
}
