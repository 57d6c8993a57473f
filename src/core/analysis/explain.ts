// Why an event came to what it came to: every rule that was asked, what was looked at with its number, those that were
// nearly asked, who answered and with which words. The same for what was and for what would be.

import { BadInput } from '../base/error.ts';
import { type Event, type Happening, openId } from '../base/event.ts';
import { type Fen, fen, parseYuan, showFen } from '../base/money.ts';
import { suggest } from '../base/suggest.ts';
import { visible } from '../base/text.ts';
import { beijingText, type Instant } from '../base/time.ts';
import { inLang, type Lang, t, type Wording } from '../base/words/words.ts';
import type { Check } from '../decide/check.ts';
import { checkText, worded } from '../decide/check-words.ts';
import { awardsOf, type Decision, type Open } from '../decide/decision.ts';
import type { Match } from '../decide/match.ts';
import { prospectText } from '../decide/prospect.ts';
import { decisionCalled } from '../decide/renamed-decision.ts';
import type { Payout } from '../payout/payout.ts';
import type { Campaign } from '../rules/campaign.ts';
import { aboutCalled } from '../rules/renamed.ts';
import type { Reply } from '../rules/reply.ts';

import { decisionText, eventText, refusalText, replyText, STATE_WORDS, shadowText } from './naming.ts';
import { type Near, nearMisses } from './near-miss.ts';

/**
 * What a rule had to do with it: it answers, only counts for itself, let the next one be asked, was not asked at all; or
 * what it gave another time is taken back.
 */
type Part = 'answers' | 'shadow' | 'passes' | 'notAsked' | 'takenBack';

type ExplainedRule = {
  readonly campaign: string;
  readonly rule: string;
  readonly part: Part;
  readonly checks: readonly Check[];
  /** Its file is another one by now. */
  readonly isChanged?: boolean;
  /** What a shadow would have done. */
  readonly would?: Wording;
};

export type Explanation = {
  readonly event: Event;
  /** Our time, by which it was decided. */
  readonly at: Instant;
  /** Its number in the journal; absent: it did not happen. */
  readonly journal?: number;
  readonly rules: readonly ExplainedRule[];
  readonly near: readonly Near[];
  /** Of what has not happened, and would draw: the odds alone. */
  readonly decision: Decision | Open;
  /** The same with the names of today, for people. */
  readonly called: Decision | Open;
  readonly reply: Reply;
};

/** The rules that are live, as far as they can be read: for what nearly fitted, and whether a file was changed. */
export type Live = { readonly campaigns: readonly Campaign[]; readonly accounts: readonly string[] };

type Explained = Pick<Explanation, 'event' | 'at' | 'decision' | 'reply'> & {
  readonly journal?: number;
  /** Whom the live rules would ask; absent for what was. */
  readonly matches?: readonly Match[];
};

export function explain({ matches = [], ...seen }: Explained, live?: Live): Explanation {
  const { event, at, decision } = seen;
  const hashes = new Map(live?.campaigns.map(({ id, hash }) => [id, hash]));
  const asked = decision.trace.map(({ campaign, rule, hash, checks, isTakenBack }): ExplainedRule => {
    const isChanged = live !== undefined && hashes.get(writtenName(campaign)) !== hash;
    const shadow = decision.shadows?.find(each => each.campaign === campaign && each.rule === rule);
    const isDecider = cameTo(decision).some(part => part.campaign === campaign && part.rule === rule);
    const asks = isDecider ? 'answers' : shadow ? 'shadow' : 'passes';
    const part = isTakenBack ? 'takenBack' : asks;
    const would = shadow && { would: shadowText(shadow) };
    return { campaign, rule, part, checks, ...(isChanged && { isChanged }), ...would };
  });
  const isAsked = (campaign: string, rule: string): boolean =>
    asked.some(each => each.campaign === campaign && each.rule === rule);
  const others = matches
    .filter(match => !isAsked(match.campaign.id, match.rule.id))
    .map(
      ({ campaign, rule }): ExplainedRule => ({ campaign: campaign.id, rule: rule.id, part: 'notAsked', checks: [] }),
    );
  const campaigns = live?.campaigns ?? [];
  const rules = [...asked, ...others].map(each => aboutCalled(each, campaigns));
  const near = live ? nearMisses(campaigns, event, at, live.accounts) : [];
  const isNamed = ({ campaign, rule }: Near): boolean =>
    rules.some(each => each.campaign === campaign && each.rule === rule);
  return { ...seen, called: decisionCalled(decision, campaigns), rules, near: near.filter(each => !isNamed(each)) };
}

type Came = Exclude<Decision, { readonly kind: 'ignored' }> | Open;

/** Each thing it came to: several where campaigns answer alongside. */
function cameTo(decision: Decision | Open): Came[] {
  if (decision.kind === 'ignored') return [];
  const { beside = [], trace, reply } = decision;
  return [decision, ...beside.map((part): Came => ({ ...part, trace, reply }))];
}

/** A shadow counts under a name of its own; its file has the plain one. */
function writtenName(campaign: string): string {
  return campaign.replace(/~shadow$/, '');
}

// ── In words ─────────────────────────────────────────────────────────────────────────────────────────────────

/** On the screen. `payouts`: those of the prize that was won, or had been won before. */
export function showExplanation(explanation: Explanation, payouts: readonly Payout[] = [], lang: Lang = 'zh'): string {
  const { event, at, journal, rules, near, called: decision, reply } = explanation;
  const what = journal === undefined ? t`supposed; nothing was written` : t`journal ${journal}`;
  const seen = visible(inLang(eventText(event), lang));
  const rows: Row[] = [
    [t`event`, t`${seen}  ${beijingText(at)}  ${event.account}/${event.user}  (${what})`],
    ...(rules.length === 0 ? [NO_RULE] : rules.flatMap(rule => ruleRows(rule, decision, lang))),
    ...near.map(({ campaign, rule, text }): Row => {
      return [t`no match`, `${campaign}/${rule}  ${visible(inLang(text, lang))}`];
    }),
    ...(decision.kind === 'ignored' ? [decisionRow(decision)] : cameTo(decision).flatMap(partRows)),
    ...replyRows(decision, inLang(replyText(reply), lang)),
    ...payoutRows(explanation, payouts),
  ];
  return rows.map(([head, text]) => padded(inLang(head, lang), lang) + inLang(text, lang)).join('\n');
}

type Row = readonly [head: Wording, text: Wording];
const NO_RULE: Row = [t`rule`, t`no rule has to do with it`];
const WIDTH = { zh: 8, en: 10 } as const;

/** A Chinese character is two wide. */
function padded(head: string, lang: Lang): string {
  const width = [...head].reduce((sum, sign) => sum + (sign > '\u2e7f' ? 2 : 1), 0);
  return head + ' '.repeat(Math.max(1, WIDTH[lang] - width));
}

function ruleRows(
  { campaign, rule, part, checks, isChanged, would = '' }: ExplainedRule,
  decision: Decision | Open,
  lang: Lang,
): Row[] {
  const by = decision.kind === 'ignored' ? '' : `${decision.campaign}/${decision.rule}`;
  const words: Readonly<Record<Part, Wording>> = {
    answers: t`it answers`,
    shadow: t`a shadow, only written down: ${would}`,
    passes: t`lets the next one be asked`,
    notAsked: t`not asked: ${by} answered before`,
    takenBack: t`a refund: what it gave is taken back`,
  };
  const changed = isChanged ? t`  (its file was changed since)` : '';
  return [
    [t`rule`, t`${campaign}/${rule}  ${words[part]}${changed}`],
    ...checks.map((check): Row => ['', `  ${check.ok ? '✓' : '✗'} ${checkText(check, lang)}`]),
  ];
}

function replyRows(decision: Decision | Open, reply: string): Row[] {
  if (decision.kind === 'open') return [[t`reply`, t`(by what is drawn)`]];
  return reply.split('\n').map((line, n): Row => [n === 0 ? t`reply` : '', line]);
}

function partRows(part: Came): Row[] {
  const prospects = part.kind === 'open' ? part.prospects : [];
  return [decisionRow(part), ...prospects.map((each): Row => [t`perhaps`, prospectText(each)])];
}

function decisionRow(decision: Decision | Open): Row {
  const text = decisionText(decision);
  return [t`decision`, decision.kind === 'ignored' ? text : t`${text}  (${decision.campaign}/${decision.rule})`];
}

function payoutRows({ journal, decision }: Explanation, payouts: readonly Payout[]): Row[] {
  if (decision.kind === 'refused') return payouts.map((payout): Row => [t`before`, payoutText(payout)]);
  if (decision.kind === 'open' && decision.prospects.some(({ max }) => max > 0))
    return [[t`payout`, t`one is planned if a red packet is drawn`]];
  const awards = decision.kind === 'open' ? [] : awardsOf(decision).filter(({ amount }) => amount > 0);
  if (awards.length === 0) return [];
  if (payouts.length > 0) return payouts.map((payout): Row => [t`payout`, payoutText(payout)]);
  if (journal === undefined)
    return awards.map(({ amount }): Row => [t`payout`, t`one of ${showFen(amount)} would be planned`]);
  return [[t`payout`, t`none is found; run hongbao audit`]];
}

function payoutText({ billNo, state, amount, problem, nextAt, endedAt }: Payout): Wording {
  const when = endedAt ?? nextAt;
  const time =
    when === undefined ? '' : endedAt === undefined ? t`  next ${beijingText(when)}` : `  ${beijingText(when)}`;
  return t`${billNo}  ${showFen(amount)}  ${STATE_WORDS[state]}${time}${problem === undefined ? '' : `  ${problem}`}`;
}

/** What machines read: without the counters, which are the store's business. */
export function explanationJson(explanation: Explanation, payouts: readonly Payout[] = []): object {
  const { called: decision, near, reply, rules, event, at, journal } = explanation;
  const [own = { kind: 'ignored' }, ...beside] = cameTo(decision).map(partJson);
  return {
    event,
    at,
    ...(journal !== undefined && { journal }),
    rules: rules.map(({ would, ...rule }) => ({
      ...{ ...rule, checks: rule.checks.map(worded) },
      ...(would !== undefined && { would: inLang(would, 'zh') }),
    })),
    near: near.map(each => ({ ...each, text: inLang(each.text, 'zh') })),
    decision: { ...own, ...(beside.length > 0 && { beside }) },
    reply,
    payouts: payouts.map(({ billNo, state, amount, problem }) => ({ billNo, state, amount, problem })),
  };
}

function partJson(part: Came): object {
  const { kind, campaign, rule } = part;
  const open = kind === 'open' ? { prospects: part.prospects } : {};
  const won = kind === 'awarded' ? { prize: part.prize, amount: part.amount, claim: part.claimKey } : {};
  const no =
    kind === 'refused'
      ? { refusal: part.refusal, detail: part.detail, text: inLang(refusalText(part.refusal, part.detail), 'zh') }
      : {};
  return { kind, campaign, rule, ...won, ...no, ...open };
}

// ── `--event` ────────────────────────────────────────────────────────────────────────────────────────────────

const KINDS = [
  ...['text', 'subscribe', 'unsubscribe', 'scan', 'click', 'view', 'scancode', 'visit', 'paid', 'friend'],
  ...['image', 'voice', 'location'],
];

/** `text:抽奖`, `scan:store-001`, `subscribe[:scene]`, `click:KEY`, `scancode:KEY:TEXT`, `visit:CAMPAIGN`, `paid:60.00[:ATTACH]` … */
export function happeningOf(written: string): Happening {
  const colon = written.indexOf(':');
  const kind = colon < 0 ? written : written.slice(0, colon);
  const rest = colon < 0 ? '' : written.slice(colon + 1);
  const need = (example: string): string => {
    if (rest === '') throw new BadInput(t`--event ${written}: expected ${example}`);
    return rest;
  };
  switch (kind) {
    case 'text':
      return { kind, text: need('text:抽奖') };
    case 'subscribe':
      return rest === '' ? { kind, via: 'direct' } : { kind, via: 'qr', scene: rest };
    case 'scan':
      return { kind, scene: need('scan:store-001') };
    case 'click':
      return { kind, button: need('click:KEY') };
    case 'view':
      return { kind, url: need('view:https://…') };
    case 'scancode': {
      const [button = '', ...result] = need('scancode:KEY:TEXT').split(':');
      return { kind, button, result: result.join(':'), waiting: true };
    }
    case 'visit':
      return { kind, campaign: need('visit:CAMPAIGN') };
    case 'paid':
      return paidOf(need('paid:60.00'), written);
    case 'friend':
      return friendOf(need('friend:followed:CAMPAIGN'), written);
    case 'image':
      return { kind, mediaId: 'explain', url: 'https://example.com/' };
    case 'voice':
      return { kind, mediaId: 'explain' };
    case 'location':
      return { kind, latitude: 0, longitude: 0, label: rest };
    case 'unsubscribe':
      return { kind };
    default:
      throw new BadInput(t`--event ${written}: there is no event "${kind}"${suggest(kind, KINDS)}`);
  }
}

function paidOf(rest: string, written: string): Happening {
  const [sum = '', ...attach] = rest.split(':');
  const amount = amountOf(sum);
  if (amount === undefined || amount === fen(0))
    throw new BadInput(t`--event ${written}: expected an amount such as paid:60.00`);
  const order = { merchant: 'explain', transaction: 'explain', order: 'explain', amount, total: amount };
  return { kind: 'paid', ...order, ...(attach.length > 0 && { attach: attach.join(':') }) };
}

/** `60.00`, `60` or `¥60.00`. */
function amountOf(sum: string): Fen | undefined {
  const plain = sum.replace(/^[\u00A5\uFFE5]/, '');
  return parseYuan(`¥${/^\d+$/.test(plain) ? `${plain}.00` : plain}`);
}

function friendOf(rest: string, written: string): Happening {
  const [did, campaign, sum] = rest.split(':');
  const amount = sum === undefined ? undefined : amountOf(sum);
  const isWrong = sum !== undefined && (did !== 'paid' || amount === undefined);
  if ((did !== 'followed' && did !== 'paid') || campaign === undefined || campaign === '' || isWrong)
    throw new BadInput(
      t`--event ${written}: expected friend:followed:CAMPAIGN, friend:paid:CAMPAIGN or friend:paid:CAMPAIGN:60.00`,
    );
  return { kind: 'friend', friend: openId('explain'), did, campaign, ...(amount !== undefined && { amount }) };
}
