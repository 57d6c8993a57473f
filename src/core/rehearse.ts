// Runs the tests in a rule file (`tests:`): made-up followers, a clock of its own, and a ledger in memory that keeps
// the promises of the store. No packet is paid and nothing is remembered. Pure.
import assert from 'node:assert/strict';
import {
  type Decision,
  decide,
  type Facts,
  type Follower,
  type Surroundings,
  type Wanted,
  wantedFor,
} from './decide.ts';
import { seedOf } from './draw.ts';
import { type Finding, showFinding } from './error.ts';
import type { Event, EventKey, Happening, OpenId } from './event.ts';
import { type Book, bookOf } from './match.ts';
import { addFen, type Fen, fen, NO_MONEY, showFen } from './money.ts';
import type { Reply } from './reply.ts';
import type { Campaign, RuleTest, RuleTestEvent, TestAction } from './rule.ts';

/** What one expectation of a test came to. `event` counts from 1; absent for the test as a whole. */
export type TestFailure = {
  readonly line: number;
  readonly column: number;
  readonly event?: number;
  readonly expected: string;
  readonly got: string;
};

export type TestResult = {
  readonly test: string;
  readonly line: number;
  readonly column: number;
  readonly ok: boolean;
  readonly failures: readonly TestFailure[];
};

const ACCOUNT = 'test';

/** Every test of the file, each with a ledger of its own. */
export function rehearse(campaign: Campaign): TestResult[] {
  const account = campaign.account ?? ACCOUNT;
  const book = bookOf([campaign], [account]);
  return campaign.tests.map(test => runTest(campaign, book, account, test));
}

/** The failures as findings about the file: `rules/a.yaml:41:9: 一天一次: event 2: expected refused already, got …`. */
export function failuresOf(campaign: Campaign, results: readonly TestResult[]): Finding[] {
  return results.flatMap(({ test, failures }) =>
    failures.map(({ line, column, event, expected, got }) => {
      const which = event === undefined ? '' : `event ${event}: `;
      return {
        file: campaign.file,
        line,
        column,
        message: `${test}: ${which}expected ${expected}, got ${got}`,
      };
    }),
  );
}

/** One failure in one line, with its place. */
export function showFailures(campaign: Campaign, results: readonly TestResult[]): string[] {
  return failuresOf(campaign, results).map(showFinding);
}

function runTest(campaign: Campaign, book: Book, account: string, test: RuleTest): TestResult {
  const ledger = new Ledger();
  const around: Surroundings = {
    merchant: undefined,
    seedOf: id => seedOf('test', id),
    ...(test.draw !== undefined && { pinned: test.draw }),
  };
  const failures: TestFailure[] = [];
  for (const [index, written] of test.events.entries()) {
    const event = eventOf(written, account, campaign.id, index);
    const decision = play(book, ledger, event, around);
    for (const [expected, got] of compare(written.expect, decision)) {
      failures.push({ line: written.line, column: written.column, event: index + 1, expected, got });
    }
  }
  const left = (campaign.budget?.total ?? NO_MONEY) - ledger.awarded;
  if (test.budgetLeft !== undefined && test.budgetLeft !== left) {
    const expected = `budgetLeft ${showFen(test.budgetLeft)}`;
    failures.push({ line: test.line, column: test.column, expected, got: showFen(fen(left)) });
  }
  return { test: test.name, line: test.line, column: test.column, ok: failures.length === 0, failures };
}

/** The way of one event (`flow.ts`), without a world around it. */
function play(book: Book, ledger: Ledger, event: Event, around: Surroundings): Decision {
  const now = event.sentAt;
  const matches = book.match(event);
  const facts = ledger.facts(wantedFor(matches, event, now, around));
  const decision = decide(matches, event, facts, now, around);
  ledger.commit(event, decision);
  return decision;
}

// ── The ledger ───────────────────────────────────────────────────────────────────────────────────────────────

/** What the store would hold: followers, claims, counters. */
class Ledger {
  awarded: Fen = NO_MONEY;
  private readonly followers = new Map<OpenId, Follower>();
  private readonly claims = new Set<string>();
  private readonly counters = new Map<string, number>();

  facts(wanted: Wanted): Facts {
    return {
      follower: this.followers.get(wanted.user),
      claims: new Set(wanted.claims.filter(key => this.claims.has(key))),
      counters: new Map(wanted.counters.map(name => [name, this.counters.get(name) ?? 0])),
      halted: false,
    };
  }

  /** Nobody races here, so a claim that exists or a counter that overflows is a mistake of `decide`. */
  commit(event: Event, decision: Decision): void {
    this.follow(event);
    if (decision.kind !== 'awarded') return;
    assert(!this.claims.has(decision.claimKey), `claimed twice: ${decision.claimKey}`);
    this.claims.add(decision.claimKey);
    for (const { name, add, max } of decision.counters) {
      const sum = (this.counters.get(name) ?? 0) + add;
      assert(sum <= max, `the counter ${name} would be ${sum}, above ${max}`);
      this.counters.set(name, sum);
    }
    this.awarded = addFen(this.awarded, decision.amount);
  }

  private follow({ kind, account, user, sentAt }: Event): void {
    const before = this.followers.get(user);
    if (kind === 'subscribe') {
      const follows = (before?.follows ?? 0) + 1;
      this.followers.set(user, { account, user, following: true, follows, followedAt: sentAt });
    } else if (kind === 'unsubscribe') {
      // Somebody who leaves had followed, before we were there to see it.
      this.followers.set(user, { ...(before ?? { account, user, follows: 1 }), following: false });
    }
  }
}

/** The test's words as the event they stand for. */
function eventOf({ at, user, action }: RuleTestEvent, account: string, campaign: string, index: number): Event {
  const key = `test-${index + 1}` as EventKey;
  return { key, account, user: user as OpenId, sentAt: at, ...happeningOf(action, campaign) };
}

function happeningOf(action: TestAction, campaign: string): Happening {
  switch (action.kind) {
    case 'subscribe':
      return { ...action, via: action.scene === undefined ? 'direct' : 'qr' };
    case 'image':
      return { kind: 'image', mediaId: 'test', url: 'https://example.com/test.jpg' };
    case 'voice':
      return { kind: 'voice', mediaId: 'test' };
    case 'location':
      return { kind: 'location', latitude: 0, longitude: 0, label: '' };
    case 'visit':
      return { kind: 'visit', campaign };
    case 'paid': {
      const { amount, attach, order = '1' } = action;
      const bill = { merchant: 'test', transaction: order, order, amount, total: amount };
      return { kind: 'paid', ...bill, ...(attach !== undefined && { attach }) };
    }
    case 'refunded':
      return { kind: 'refunded', merchant: 'test', transaction: action.order, refund: '1', amount: NO_MONEY };
    default:
      return action;
  }
}

// ── Expected and got ─────────────────────────────────────────────────────────────────────────────────────────

/** Pairs of what was expected and what came instead, for what is written and differs. */
function compare(expect: RuleTestEvent['expect'], decision: Decision): [string, string][] {
  const differences: [string, string][] = [];
  const differs = (expected: string): void => {
    differences.push([expected, outcomeOf(decision)]);
  };
  const rule = decision.kind === 'ignored' ? undefined : decision.rule;
  if (expect.rule !== undefined && expect.rule !== rule) {
    differences.push([`rule ${expect.rule}`, rule === undefined ? 'no rule' : `rule ${rule}`]);
  }
  if (expect.refused !== undefined && !(decision.kind === 'refused' && decision.refusal === expect.refused)) {
    differs(`refused ${expect.refused}`);
  }
  if (expect.prize !== undefined && !(decision.kind === 'awarded' && decision.prize === expect.prize)) {
    differs(`prize ${expect.prize}`);
  }
  const pays = decision.kind === 'awarded' ? decision.amount : NO_MONEY;
  if (expect.pays !== undefined && expect.pays !== pays) differs(`pays ${showFen(expect.pays)}`);
  if (expect.reply !== undefined && expect.reply !== textOf(decision.reply)) {
    differences.push([`reply ${showReply(expect.reply)}`, showReply(textOf(decision.reply))]);
  }
  return differences;
}

function outcomeOf(decision: Decision): string {
  switch (decision.kind) {
    case 'awarded':
      return `prize ${decision.prize} (${showFen(decision.amount)})`;
    case 'refused':
      return `refused ${decision.refusal}`;
    case 'answered':
      return `an answer of rule ${decision.rule}`;
    case 'ignored':
      return 'no rule';
    default:
      return decision satisfies never;
  }
}

/** What `expect.reply` is compared with: the text, or for other kinds of reply what stands for them. */
function textOf(reply: Reply): string | null {
  switch (reply.kind) {
    case 'none':
      return null;
    case 'text':
      return reply.text;
    case 'image':
      return `[image ${reply.mediaId}]`;
    case 'news':
      return `[news ${reply.title}]`;
    case 'transfer':
      return reply.agent === undefined ? '[transfer]' : `[transfer ${reply.agent}]`;
    default:
      return reply satisfies never;
  }
}

function showReply(text: string | null): string {
  return text === null ? 'none' : JSON.stringify(text);
}
