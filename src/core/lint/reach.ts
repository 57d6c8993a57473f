// Warnings about rules that are never asked, and words that another rule takes: the files are asked in the order of
// their names, the rules from top to bottom, and the first one that is running decides.

import { beijingText, instant } from '../base/time.ts';
import { joined, t, type Wording } from '../base/words/words.ts';
import { bookOf, type Match } from '../decide/match.ts';
import type { Campaign, Rule } from '../rules/campaign.ts';
import type { Piece } from '../triggers/trigger.ts';
import type { Linting } from './context.ts';
import { answers, piecesOf } from './probes.ts';

/** One rule of a campaign. */
type Standing = { readonly campaign: Campaign; readonly rule: Rule };
/** `day`: only on that one. */
type Found = Standing & { readonly day?: string };

/** Every rule, by what it is asked about. Made once for all campaigns. */
export type Reach = {
  /** Those that have all of a piece, in the order in which they are asked. */
  takers(piece: Piece, account: string): Found[];
  isBefore(rule: Rule, other: Rule): boolean;
};

export function reachOf(all: readonly Campaign[], accountOf: (campaign: Campaign) => string): Reach {
  const orders = new Map(all.flatMap(({ rules }) => rules).map((rule, order) => [rule, order]));
  const orderOf = (rule: Rule): number => orders.get(rule)!;
  const index = indexOf(all, accountOf);
  const daily = listed(all, accountOf, isPassword, ({ text }) => text);
  const patterns = listed(all, accountOf, isPattern, ({ pattern }) => pattern);
  return {
    isBefore: (rule, other) => orderOf(rule) < orderOf(other),
    takers(piece, account) {
      const found = [
        ...index(piece),
        ...(daily.get(`${account} ${piece.text}`) ?? []),
        ...(patterns.get(`${account} ${piece.pattern}`) ?? []),
      ];
      return found
        .filter(({ day }) => day === undefined || piece.day === undefined || day === piece.day)
        .sort((a, b) => orderOf(a.rule) - orderOf(b.rule));
    },
  };
}

/** The real index is asked: what it finds for every probe is what takes the whole piece. */
function indexOf(all: readonly Campaign[], accountOf: (campaign: Campaign) => string): (piece: Piece) => Found[] {
  const originals = new Map<Rule, Standing>();
  const campaigns = all.map((campaign): Campaign => {
    const rules = campaign.rules.map(rule => {
      // Passwords of the day are looked up by their word: the index knows only today's.
      const copy = { ...rule, on: rule.on.filter(trigger => !isPassword(trigger)) };
      originals.set(copy, { campaign, rule });
      return copy;
    });
    return { ...campaign, rules, mode: 'live', account: accountOf(campaign) };
  });
  const book = bookOf(campaigns, [...new Set(campaigns.map(({ account }) => account!))]);
  return piece => {
    const [first = [], ...others] = piece.probes.map(probe =>
      book.match(probe, probe.sentAt).filter(({ rule, campaign }) => answers(rule, campaign, piece, probe)),
    );
    const isIn = (matches: readonly Match[], { rule }: Match): boolean => matches.some(each => each.rule === rule);
    return first.filter(match => others.every(matches => isIn(matches, match))).map(({ rule }) => originals.get(rule)!);
  };
}

type OneTrigger = Rule['on'][number];

function isPassword(trigger: OneTrigger): boolean {
  return trigger.kind === 'text' && trigger.match === 'daily';
}

function isPattern(trigger: OneTrigger): boolean {
  return trigger.kind === 'text' && trigger.match === 'pattern';
}

/** Rules with triggers of one kind, by the account and what `keyOf` says of their pieces. */
function listed(
  all: readonly Campaign[],
  accountOf: (campaign: Campaign) => string,
  isKind: (trigger: OneTrigger) => boolean,
  keyOf: (piece: Piece) => string | undefined,
): Map<string, Found[]> {
  const found = new Map<string, Found[]>();
  for (const campaign of all)
    for (const rule of campaign.rules) {
      const account = accountOf(campaign);
      for (const piece of piecesOf({ ...rule, on: rule.on.filter(isKind) }, campaign, account)) {
        const key = `${account} ${keyOf(piece)}`;
        const list = found.get(key) ?? [];
        found.set(key, list);
        list.push({ campaign, rule, ...(piece.day && { day: piece.day }) });
      }
    }
  return found;
}

// ── What is said ─────────────────────────────────────────────────────────────────────────────────────────────

type Taken = { readonly piece: Piece; readonly by: Found; readonly isWhole: boolean };

export function lintReach(at: Linting, reach: Reach): void {
  const { campaign, now, say } = at;
  if (now !== undefined && now >= campaign.period.to)
    say(
      'period-over',
      ['period', 'to'],
      t`the campaign was over at ${beijingText(campaign.period.to).slice(0, 16)}; move the file out of the rules, or give it another period`,
    );
  const gives = campaign.rules.some(({ give, assigned }) => give.length > 0 || assigned);
  if (gives && campaign.tests.length === 0)
    say(
      'no-tests',
      ['campaign'],
      t`the campaign gives something and has no tests; add tests: with what must come of it`,
    );
  campaign.rules.forEach((rule, n) => {
    lintRule(at, reach, rule, n);
  });
}

function lintRule(at: Linting, reach: Reach, rule: Rule, n: number): void {
  const { campaign, say } = at;
  const account = at.accountOf(campaign);
  const pieces = piecesOf(rule, campaign, account);
  const taken = pieces.flatMap(piece => takenOf(piece, rule, campaign, reach, account));
  if (taken.length === 0) return;
  const isAll = rule.on.length > 0 && taken.length === pieces.length && taken.every(({ isWhole }) => isWhole);
  if (isAll && !hasMore(rule)) {
    const by = joined([...new Set(taken.map(each => whoIs(each.by, campaign)))], ', ');
    say(
      'rule-unreachable',
      ['rules', n, 'on'],
      t`the rule "${rule.id}" is never asked: ${by} answers all of it before`,
    );
    return;
  }
  for (const { piece, by } of taken) {
    const day = piece.day ?? by.day;
    const when = day === undefined ? '' : t` of ${day}`;
    const word = piece.word === undefined ? {} : { word: piece.word };
    const overlap = by.campaign === campaign ? '' : overlapText(campaign, by.campaign);
    say(
      'keyword-conflict',
      ['rules', n, 'on'],
      t`${piece.label}${when} never comes to "${rule.id}"${overlap}: ${whoIs(by, campaign)} answers it before`,
      word,
    );
  }
}

/** Triggers that have no pieces are always its own. */
function hasMore(rule: Rule): boolean {
  return rule.on.some(({ kind }) => kind === 'visit' || kind === 'friend');
}

/** Who takes it: one in the same file, or one in an earlier file that answers everybody, while that is running. */
function takenOf(piece: Piece, rule: Rule, campaign: Campaign, reach: Reach, account: string): Taken[] {
  for (const by of reach.takers(piece, account)) {
    const { period, mode } = by.campaign;
    if (!reach.isBefore(by.rule, rule)) return [];
    // Where its condition does not hold, the next rule is asked.
    if (by.rule.when && by.rule.when.source !== rule.when?.source) continue;
    const isSame = by.campaign === campaign;
    if (!isSame && (mode !== 'live' || by.campaign.alongside || campaign.alongside)) continue;
    if (period.to <= campaign.period.from || period.from >= campaign.period.to) continue;
    const isAlways = period.from <= campaign.period.from && period.to >= campaign.period.to;
    return [{ piece, by, isWhole: isAlways && (by.day === undefined || piece.day !== undefined) }];
  }
  return [];
}

function whoIs({ campaign, rule }: Standing, of: Campaign): Wording {
  return campaign === of ? t`"${rule.id}" in line ${rule.line}` : `"${rule.id}" (${campaign.file}:${rule.line})`;
}

function overlapText({ period }: Campaign, { period: other }: Campaign): Wording {
  if (other.from <= period.from && other.to >= period.to) return '';
  const text = (at: number): string => beijingText(instant(at)).slice(0, 16);
  return t` from ${text(Math.max(period.from, other.from))} to ${text(Math.min(period.to, other.to))}`;
}
