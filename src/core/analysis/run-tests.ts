// Runs the tests in a rule file (`tests:`): made-up followers, a clock of its own, and a ledger in memory. No packet is
// paid and nothing is remembered.

import { type Finding, findingAt, showFinding } from '../base/error.ts';
import { type Event, eventKey, type Happening, openId } from '../base/event.ts';
import { fen, NO_MONEY, showFen } from '../base/money.ts';
import { t, type Wording } from '../base/words/words.ts';
import type { DecisionEnvironment } from '../decide/decide.ts';
import { awardsOf, type Decision } from '../decide/decision.ts';
import { seedOf } from '../decide/draw.ts';
import { type Book, bookOf } from '../decide/match.ts';
import { decisionCalled } from '../decide/renamed-decision.ts';
import { inviteScene } from '../match/follower.ts';
import type { Campaign } from '../rules/campaign.ts';
import { aboutCalled, prizeNamed } from '../rules/renamed.ts';
import type { Reply } from '../rules/reply.ts';
import type { RuleTest, RuleTestEvent, RuleTestExpect, TestAction } from '../rules/test.ts';
import { type Assumed, Ledger, type Played } from './memory-ledger.ts';

/** What one expectation of a test came to. `event` counts from 1; absent for the test as a whole. */
export type TestFailure = {
  readonly line: number;
  readonly column: number;
  readonly event?: number;
  /** In the words of the file. */
  readonly expected: string;
  readonly got: Wording;
};

export type TestResult = {
  readonly test: string;
  readonly line: number;
  readonly column: number;
  readonly ok: boolean;
  readonly failures: readonly TestFailure[];
};

const ACCOUNT = 'test';

/** Every test of the file, each with a ledger of its own. `saw`: told of whatever happens in them. */
export function rehearse(campaign: Campaign, saw?: (played: Played) => void): TestResult[] {
  const account = campaign.account ?? ACCOUNT;
  // Whatever mode it is in, its tests are about the day it is live.
  const book = bookOf([{ ...campaign, mode: 'live' }], [account]);
  return campaign.tests.map(test => runTest({ campaign, book, account, saw }, test));
}

/** The failures as findings about the file: `rules/a.yaml:41:9: 一天一次: event 2: expected refused already, got …`. */
export function failuresOf(campaign: Campaign, results: readonly TestResult[]): Finding[] {
  return results.flatMap(({ test, failures }) =>
    failures.map(({ line, column, event, expected, got }) => {
      const which = event === undefined ? '' : t`event ${event}: `;
      return findingAt(campaign.file, { line, column }, t`${test}: ${which}expected ${expected}, got ${got}`);
    }),
  );
}

/** One failure in one line, with its place. */
export function showFailures(campaign: Campaign, results: readonly TestResult[]): string[] {
  return failuresOf(campaign, results).map(showFinding);
}

type Rehearsing = {
  readonly campaign: Campaign;
  readonly book: Book;
  readonly account: string;
  readonly saw: ((played: Played) => void) | undefined;
};

function runTest({ campaign, book, account, saw }: Rehearsing, test: RuleTest): TestResult {
  const ledger = new Ledger(test.codes, assumedIn(test));
  const environment: DecisionEnvironment = {
    merchant: undefined,
    seedOf: id => seedOf('test', id),
    pageOf: (_, id) => `https://example.com/h5/${id}`,
    ...(test.draw !== undefined && { pinned: prizeNamed(campaign, test.draw)?.name ?? test.draw }),
  };
  const failures: TestFailure[] = [];
  for (const [index, written] of test.events.entries()) {
    let isTold = false; // of many people the first one tells enough
    for (const event of eventsOf(written, account, campaign.id, index)) {
      const played = playedCalled(ledger.play(book, event, environment), campaign);
      saw?.(played);
      const differences: readonly Difference[] = isTold ? [] : compare(written.expect, played);
      isTold ||= differences.length > 0;
      for (const [expected, got] of differences)
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

/** Everybody has always followed, but for those of whom the test says otherwise; `guest` are `guest-1` and so on too. */
function assumedIn({ neverFollowed }: RuleTest): Assumed {
  const isNever = (user: string): boolean =>
    neverFollowed !== undefined && (neverFollowed.has(user) || neverFollowed.has(user.replace(/-\d+$/, '')));
  return (account, user) => ({ account, user, following: !isNever(user), follows: 0 });
}

/** Draws go by the names inside, as they do when it is live; a test speaks of those in its file. */
function playedCalled(played: Played, campaign: Campaign): Played {
  const called = (decision: Decision): Decision => decisionCalled(decision, [campaign]);
  const { decision, inviter, undone } = played;
  return {
    ...played,
    decision: called(decision),
    ...(inviter && { inviter: called(inviter) }),
    undone: undone.map(each => aboutCalled(each, [campaign])),
  };
}

/** The test's words as the events they stand for: one, or one for each of many people. */
function* eventsOf(written: RuleTestEvent, account: string, campaign: string, index: number): Generator<Event> {
  const { people, user } = written;
  if (people === undefined) yield eventOf(written, account, campaign, `${index + 1}`);
  else
    for (let n = 1; n <= people; n++)
      yield eventOf({ ...written, user: `${user}-${n}` }, account, campaign, `${index + 1}-${n}`);
}

function eventOf({ at, user, action }: RuleTestEvent, account: string, campaign: string, which: string): Event {
  const key = eventKey(`test-${which}`);
  return { key, account, user: openId(user), sentAt: at, ...happeningOf(action, campaign) };
}

function happeningOf(action: TestAction, campaign: string): Happening {
  switch (action.kind) {
    case 'subscribe': {
      const { kind, invitedBy } = action;
      const scene = invitedBy === undefined ? action.scene : inviteScene(openId(invitedBy), campaign);
      return { kind, via: scene === undefined ? 'direct' : 'qr', ...(scene !== undefined && { scene }) };
    }
    case 'scancode':
      return { ...action, waiting: true };
    case 'image':
      return { kind: 'image', mediaId: 'test', url: 'https://example.com/test.jpg' };
    case 'voice':
      return { kind: 'voice', mediaId: 'test' };
    case 'location':
      return { kind: 'location', latitude: 0, longitude: 0, label: '' };
    case 'drawn':
      return { ...action, campaign };
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

type Difference = [expected: string, got: Wording];

/** Pairs of what was expected and what came instead, for what is written and differs. */
function compare(expect: RuleTestEvent['expect'], { decision, inviter, cancelled }: Played): Difference[] {
  const differences = compareOne(expect, decision);
  if (expect.cancels !== undefined && expect.cancels !== cancelled)
    differences.push([`cancels ${showFen(expect.cancels)}`, showFen(cancelled)]);
  if (expect.inviter) {
    const own = compareOne(expect.inviter, inviter ?? NO_NEWS);
    differences.push(...own.map(([expected, got]): Difference => [`inviter: ${expected}`, got]));
  }
  return differences;
}

/** What an inviter hears of a friend whom nobody invited. */
const NO_NEWS: Decision = { kind: 'ignored', reply: { kind: 'none' }, trace: [] };

function compareOne(expect: RuleTestExpect, decision: Decision): Difference[] {
  const differences: Difference[] = [];
  const differs = (expected: string): void => {
    differences.push([expected, outcomeOf(decision)]);
  };
  const rule = decision.kind === 'ignored' ? undefined : decision.rule;
  if (expect.rule !== undefined && expect.rule !== rule) {
    differences.push([`rule ${expect.rule}`, rule === undefined ? t`no rule` : `rule ${rule}`]);
  }
  if (expect.refused !== undefined && !isRefusedSo(decision, expect.refused)) {
    differs(`refused ${expect.refused}`);
  }
  if (expect.prize !== undefined && !awardsOf(decision).some(({ prize }) => prize === expect.prize)) {
    differs(`prize ${expect.prize}`);
  }
  const pays = fen(awardsOf(decision).reduce((sum, { amount }) => sum + amount, 0));
  if (expect.pays !== undefined && expect.pays !== pays) differs(`pays ${showFen(expect.pays)}`);
  if (expect.reply !== undefined && expect.reply !== textOf(decision.reply)) {
    differences.push([`reply ${showReply(expect.reply)}`, showReply(textOf(decision.reply))]);
  }
  return differences;
}

function isRefusedSo(decision: Decision, as: NonNullable<RuleTestExpect['refused']>): boolean {
  return decision.kind === 'refused' && (decision.refusal === as || decision.detail === as);
}

function outcomeOf(decision: Decision): Wording {
  switch (decision.kind) {
    case 'awarded':
      return awardsOf(decision)
        .map(({ prize, amount }) => `prize ${prize} (${showFen(amount)})`)
        .join(', ');
    case 'refused':
      return `refused ${decision.refusal}${decision.detail === undefined ? '' : ` (${decision.detail})`}`;
    case 'answered':
      return t`an answer of rule ${decision.rule}`;
    case 'ignored':
      return t`no rule`;
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
