// Why an event came to what it came to: every rule that was asked, what was looked at with its number, those that were
// nearly asked, who answered and with which words. The same for what was and for what would be.

import { BadInput } from '../base/error.ts';
import { type Event, type Happening, openId } from '../base/event.ts';
import { type Fen, fen, parseYuan, showFen } from '../base/money.ts';
import { suggest } from '../base/suggest.ts';
import { visible } from '../base/text.ts';
import { beijingText, type Instant } from '../base/time.ts';
import { t } from '../base/words/words.ts';
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

import { decisionText, eventText, refusalText, replyText, STATE_WORDS, shadowText } from './chinese.ts';
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
  readonly would?: string;
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

/** On the screen, in Chinese. `payouts`: those of the prize that was won, or had been won before. */
export function showExplanation(explanation: Explanation, payouts: readonly Payout[] = []): string {
  const { event, at, journal, rules, near, called: decision, reply } = explanation;
  const what = journal === undefined ? '假设,什么都没有写入' : `流水 ${journal}`;
  return [
    row('事件', `${visible(eventText(event))}  ${beijingText(at)}  ${event.account}/${event.user}  (${what})`),
    ...(rules.length === 0 ? [row('规则', '没有规则与它有关')] : rules.flatMap(rule => ruleLines(rule, decision))),
    ...near.map(({ campaign, rule, text }) => row('不匹配', `${campaign}/${rule}  ${visible(text)}`)),
    ...(decision.kind === 'ignored' ? [row('判定', decisionLine(decision))] : cameTo(decision).flatMap(partLines)),
    row('答复', decision.kind === 'open' ? '(看抽中什么)' : replyText(reply).replaceAll('\n', `\n${row('', '')}`)),
    ...payoutLines(explanation, payouts),
  ].join('\n');
}

const WIDTH = 8;

/** A Chinese character is two wide. */
function row(head: string, text: string): string {
  return head + ' '.repeat(WIDTH - 2 * head.length) + text;
}

function ruleLines(
  { campaign, rule, part, checks, isChanged, would }: ExplainedRule,
  decision: Decision | Open,
): string[] {
  const by = decision.kind === 'ignored' ? '' : `${decision.campaign}/${decision.rule} `;
  const words: Readonly<Record<Part, string>> = {
    answers: '由它应答',
    shadow: `影子,只记不发:${would}`,
    passes: '让给下一条',
    notAsked: `没有轮到:${by}先应答`,
    takenBack: '退款，收回它给过的',
  };
  const changed = isChanged ? '  (规则文件后来改过)' : '';
  return [
    row('规则', `${campaign}/${rule}  ${words[part]}${changed}`),
    ...checks.map(check => row('', `  ${check.ok ? '✓' : '✗'} ${checkText(check)}`)),
  ];
}

function partLines(part: Came): string[] {
  const prospects = part.kind === 'open' ? part.prospects : [];
  return [row('判定', decisionLine(part)), ...prospects.map(each => row('可能', prospectText(each)))];
}

function decisionLine(decision: Decision | Open): string {
  if (decision.kind === 'ignored') return decisionText(decision);
  return `${decisionText(decision)}  (${decision.campaign}/${decision.rule})`;
}

function payoutLines({ journal, decision }: Explanation, payouts: readonly Payout[]): string[] {
  if (decision.kind === 'refused') return payouts.map(payout => row('此前', payoutText(payout)));
  if (decision.kind === 'open' && decision.prospects.some(({ max }) => max > 0))
    return [row('付款', '抽中红包会登记一笔')];
  const awards = decision.kind === 'open' ? [] : awardsOf(decision).filter(({ amount }) => amount > 0);
  if (awards.length === 0) return [];
  if (payouts.length > 0) return payouts.map(payout => row('付款', payoutText(payout)));
  if (journal === undefined) return awards.map(({ amount }) => row('付款', `会登记一笔 ${showFen(amount)}`));
  return [row('付款', '没有找到登记的付款,请运行 hongbao audit')];
}

function payoutText({ billNo, state, amount, problem, nextAt, endedAt }: Payout): string {
  const when = endedAt ?? nextAt;
  const time = when === undefined ? '' : `  ${endedAt === undefined ? '下次动作 ' : ''}${beijingText(when)}`;
  return `${billNo}  ${showFen(amount)}  ${STATE_WORDS[state]}${time}${problem === undefined ? '' : `  ${problem}`}`;
}

/** What machines read: without the counters, which are the store's business. */
export function explanationJson(explanation: Explanation, payouts: readonly Payout[] = []): object {
  const { called: decision, near, reply, rules, event, at, journal } = explanation;
  const [own = { kind: 'ignored' }, ...beside] = cameTo(decision).map(partJson);
  return {
    event,
    at,
    ...(journal !== undefined && { journal }),
    rules: rules.map(rule => ({ ...rule, checks: rule.checks.map(worded) })),
    near,
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
      ? { refusal: part.refusal, detail: part.detail, text: refusalText(part.refusal, part.detail) }
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
    if (rest === '') throw new BadInput(`--event ${written}: expected ${example}`);
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
