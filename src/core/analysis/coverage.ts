// What the tests of a rule file reach, and what they do not: rules, prizes, refusals and finer outcomes, texts.

import { isKeyOf } from '../base/record.ts';
import { type Decision, partsOf } from '../decide/decision.ts';
import { outcomesInTests } from '../decide/outcomes.ts';
import { PROGRESS } from '../decide/said.ts';
import { type Campaign, DETAILS, type Rule, type Said } from '../rules/campaign.ts';
import { isCash, isWorth, makesClaims, prizesGiven } from '../rules/campaign-query.ts';
import { asWritten } from '../rules/renamed.ts';
import { type Path, Places } from '../yaml/path-position.ts';
import type { Played } from './memory-ledger.ts';
import { rehearse, type TestResult } from './run-tests.ts';

/** One thing that can come of the file. `rule`: whose it is; prizes belong to all. */
export type Reachable = {
  readonly kind: 'rule' | 'prize' | 'outcome' | 'reply';
  readonly name: string;
  readonly rule?: string;
  readonly line: number;
  readonly column: number;
};

export type Coverage = {
  readonly file: string;
  readonly total: number;
  readonly reached: number;
  /** In the order of their places. */
  readonly missing: readonly Reachable[];
};

/** Runs the tests of a file and notes what they come to. `text`: the file's own, for the places. */
export function cover(inside: Campaign, text: string): { readonly results: TestResult[]; readonly coverage: Coverage } {
  const campaign = asWritten(inside);
  const seen = new Set<string>();
  const rules = new Map(campaign.rules.map(rule => [rule.id, rule]));
  const see = (decision: ReturnType<typeof partsOf>[number]): void => {
    const rule = rules.get(decision.rule)!;
    seen.add(keyOf('rule', rule.id));
    if (decision.kind === 'awarded') seen.add(keyOf('prize', decision.prize));
    const said = saidIn(decision, campaign);
    if (said !== 'reply') seen.add(keyOf('outcome', said, rule.id));
    seen.add(keyOf('reply', textUsed(said, rule), rule.id));
  };
  const results = rehearse(inside, ({ decision, inviter, undone }: Played) => {
    for (const part of [decision, inviter].flatMap(each => (each ? partsOf(each) : []))) see(part);
    for (const { rule } of undone) seen.add(keyOf('outcome', 'cancelled', rule));
  });
  const all = reachable(campaign, text);
  const missing = all.filter(({ kind, name, rule }) => !seen.has(keyOf(kind, name, rule)));
  missing.sort((a, b) => a.line - b.line || a.column - b.column);
  const { file } = campaign;
  return { results, coverage: { file, total: all.length, reached: all.length - missing.length, missing } };
}

function keyOf(kind: Reachable['kind'], name: string, rule = ''): string {
  return `${kind}\n${name}\n${rule}`;
}

/** Of several files together, per cent; of nothing all is reached. */
export function percentOf(coverages: readonly Coverage[]): number {
  const sum = (of: (coverage: Coverage) => number): number => coverages.reduce((all, each) => all + of(each), 0);
  const total = sum(each => each.total);
  return total === 0 ? 100 : (sum(each => each.reached) / total) * 100;
}

// ── What was said ────────────────────────────────────────────────────────────────────────────────────────────

/** Which text an answer was. `reply`: that of a rule that only answers. */
function saidIn(decision: Exclude<Decision, { kind: 'ignored' }>, { prizes }: Campaign): Said | 'reply' {
  switch (decision.kind) {
    case 'refused':
      return decision.detail ?? decision.refusal;
    case 'answered':
      return decision.detail ?? 'reply';
    case 'awarded':
      if (decision.prize === PROGRESS) return PROGRESS;
      if (decision.payAt !== undefined) return 'pending';
      return prizes.get(decision.prize)?.kind === 'nothing' ? 'nothing' : 'won';
    default:
      return decision satisfies never;
  }
}

/** The file's own text that is said, where it is not one of ours: a finer outcome may use that of the plainer one. */
function textUsed(said: Said | 'reply', { replies }: Rule): string {
  if (said === 'reply' || replies[said] || !isKeyOf(DETAILS, said)) return said;
  return DETAILS[said];
}

// ── What can come of it ──────────────────────────────────────────────────────────────────────────────────────

function reachable(campaign: Campaign, text: string): Reachable[] {
  const places = new Places(text);
  const place = (path: Path) => places.at(path);
  const given = new Set(
    campaign.rules.filter(makesClaims).flatMap(rule => prizesGiven(campaign, rule).map(({ name }) => name)),
  );
  const prizes = [...given].map((name): Reachable => ({ kind: 'prize', name, ...place(['prizes', name]) }));
  const rules = campaign.rules.flatMap((rule, n): Reachable[] => {
    const { id } = rule;
    const outcomes = outcomesInTests(rule, campaign);
    const written = (said: string): boolean => Object.hasOwn(rule.replies, said);
    return [
      { kind: 'rule', name: id, ...place(['rules', n, 'id']) },
      ...outcomes.map(
        (name): Reachable => ({ kind: 'outcome', name, rule: id, ...place(['rules', n, 'replies', name]) }),
      ),
      ...textsInTests(rule, campaign, outcomes)
        .filter(written)
        .map((name): Reachable => ({ kind: 'reply', name, rule: id, ...place(['rules', n, 'replies', name]) })),
    ];
  });
  return [...prizes, ...rules];
}

/** Texts of a rule that its outcomes are said with. What is told later, by itself, no test can hear. */
function textsInTests(rule: Rule, campaign: Campaign, outcomes: readonly Said[]): string[] {
  const prizes = prizesGiven(campaign, rule);
  const isNow = prizes.some(prize => isWorth(prize) && !(isCash(prize) && rule.delay !== undefined));
  const said: Said[] = outcomes.filter(each => each !== 'cancelled');
  if (isNow) said.push('won');
  if (prizes.some(prize => !isWorth(prize))) said.push('nothing');
  return [...new Set(said.map(each => textUsed(each, rule)))];
}
