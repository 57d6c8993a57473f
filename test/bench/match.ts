// What an event costs among 10 000 rules against among 10: `npm run bench -- match`.

import type { Event } from '../../src/core/base/event.ts';
import { decide, factsQueryFor } from '../../src/core/decide/decide.ts';
import { type Book, bookOf } from '../../src/core/decide/match.ts';
import type { Trigger } from '../../src/core/rules/campaign.ts';
import { campaignOf, eventOf, nothing, ruleOf, says } from '../support/campaigns.ts';
import { promised, row } from './report.ts';

/** Microseconds of CPU an event: looked up, wanted and decided on. */
export type MatchBench = { readonly small: number; readonly large: number; readonly ratio: number };

type Kind = 'exact' | 'contains' | 'mixed';

const RULES_PER_CAMPAIGN = 10;
const AROUND = { merchant: undefined, seedOf: () => 'seed' };

function triggerFor(n: number, kind: Kind): Trigger {
  const match = kind === 'mixed' ? (n % 2 === 0 ? 'exact' : 'contains') : kind;
  return { kind: 'text', match, words: [`口令${n}`, `第${n}号红包`] };
}

/** In many files: no rule has the words of another. */
export function bookWith(rules: number, kind: Kind): Book {
  const campaigns = Array.from({ length: rules / RULES_PER_CAMPAIGN }, (_, file) =>
    campaignOf({
      id: `c${file}`,
      prizes: [nothing('a')],
      rules: Array.from({ length: RULES_PER_CAMPAIGN }, (_, line) => {
        const n = file * RULES_PER_CAMPAIGN + line;
        return ruleOf({ id: `r${n}`, on: triggerFor(n, kind), give: ['a'], once: 'perDay' });
      }),
    }),
  );
  return bookOf(campaigns, ['tea']);
}

/** Half of them hit a rule, each another one as far as there are; half hit none. */
export function eventsFor(rules: number): Event[] {
  return Array.from({ length: 2000 }, (_, n) => {
    const rule = (n * 7919) % rules;
    return eventOf(says('2026-02-10 10:00', n % 2 === 0 ? `第${rule}号红包` : '请问今天还有活动吗', `user-${n}`));
  });
}

export function once(book: Book, event: Event): void {
  const matches = book.match(event, event.sentAt);
  factsQueryFor(matches, event, event.sentAt, AROUND);
  const facts = { follower: undefined, claims: new Set<string>(), counters: new Map<string, number>(), halted: false };
  decide(matches, event, facts, event.sentAt, AROUND);
}

/** Of this process alone: what else the machine does is not its cost. */
function round(book: Book, events: readonly Event[]): number {
  const start = process.cpuUsage();
  for (const event of events) once(book, event);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / events.length;
}

/** By turns, so that both have the same weather; the best of each. */
export function matchBench(kind: Kind = 'mixed', large = 10_000, small = 10): MatchBench {
  const side = (rules: number) => ({
    book: bookWith(rules, kind),
    events: eventsFor(rules),
    best: Infinity,
  });
  const [few, many] = [side(small), side(large)];
  for (let turn = 0; turn < 25; turn++)
    for (const each of [few, many]) each.best = Math.min(each.best, round(each.book, each.events));
  return { small: few.best, large: many.best, ratio: many.best / few.best };
}

const RATIO_MAX = 1.5;

/** Section `match` of `npm run bench`. */
export async function matchSection(): Promise<boolean> {
  const kept = (['exact', 'contains', 'mixed'] as const).map(kind => {
    const { small, large, ratio } = matchBench(kind);
    const cost = `10 rules ${small.toFixed(2)} µs, 10 000 rules ${large.toFixed(2)} µs an event`;
    row(kind, cost);
    return promised(`${kind}: 10 000 rules against 10`, ratio, { most: RATIO_MAX, unit: ' ×' });
  });
  return kept.every(Boolean);
}
