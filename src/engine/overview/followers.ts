// One follower: why they got it or not, in words. And whoever is looked for: by openid, by a number of ours or of WeChat's, or by
// a time and a word.

import { setImmediate } from 'node:timers/promises';
import { happeningOf } from '../../core/analysis/explain.ts';
import { readCaseNumber } from '../../core/base/case-number.ts';
import { BadInput } from '../../core/base/error.ts';
import { type Event, eventKey, type OpenId, openId } from '../../core/base/event.ts';
import { isOpenId, isShortOpenId } from '../../core/base/openid.ts';
import { normalise, searched } from '../../core/base/text.ts';
import { DAY, dayOf, type Instant, later, MINUTE, parseBeijing } from '../../core/base/time.ts';
import { inLang, type Lang, t } from '../../core/base/words/words.ts';
import { checkText, limitName } from '../../core/decide/check-words.ts';
import { awardsOf } from '../../core/decide/decision.ts';
import { userLimits } from '../../core/decide/limits.ts';
import { decisionCalled } from '../../core/decide/renamed-decision.ts';
import { asBillNo, type Payout } from '../../core/payout/payout.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { JournalLine } from '../../ports.ts';
import { foretold } from '../operate/foretell.ts';
import { rowOf } from './payouts.ts';
import type { OverviewPorts } from './ports.ts';
import { codeFound } from './printed-codes.ts';
import { lineAt } from './recent.ts';
import type { FollowerView, Found, WhyView } from './view.ts';
import { eventWords, replyWords, verdictWords } from './words.ts';

const EVENTS_SHOWN = 50;
const PAYOUTS_SHOWN = 50;
const BOUNDED_MAX = 1_000_000;
/** So many lines before a time, and after it, are looked at. */
const AROUND_LINES = 400;
/** At once: some milliseconds. */
const PAGE = 100;
const NAMED_MAX = 20;
/** Around the time that was written. */
const AROUND_MS = 10 * MINUTE;

export async function search(ports: OverviewPorts, written: string, lang: Lang): Promise<Found> {
  const text = asTyped(written);
  if (text === '') return { kind: 'none' };
  if (isOpenId(text)) return { kind: 'follower', user: text, by: 'openid' };
  if (isShortOpenId(text)) return foundIn(await ports.recent.byEnds(text), lang);
  const timed = timeAndWord(text, ports.clock());
  if (timed) return aroundTime(ports, lang, timed);
  const payout = await payoutCalled(ports, text);
  if (payout) return { kind: 'follower', user: payout.user, by: 'payout', billNo: payout.billNo };
  // The code that stood in a reply (查询码) is worked out from the event: what happened lately is known by it.
  const caseNo = readCaseNumber(withoutName(text));
  if (caseNo !== undefined) return foundIn(await ports.recent.byCase(caseNo), lang);
  return (await codeFound(ports, withoutName(text))) ?? { kind: 'none' };
}

/** Off a screen, a spreadsheet or a Chinese keyboard: in full width, with what is not seen, and with dots for an ellipsis. */
function asTyped(written: string): string {
  const plain = written.replace(/\p{Cf}/gu, '').normalize('NFKC');
  return plain.replace(/\s+/g, ' ').trim().replace('...', '…');
}

/** `商户单号：…`, `查询码 …` */
const withoutName = (text: string): string => text.replace(/^\p{Script=Han}+ ?:? ?/u, '');

/** By our number, or by WeChat's; also in groups. */
async function payoutCalled({ store }: OverviewPorts, text: string): Promise<Payout | undefined> {
  const number = withoutName(text).replaceAll(' ', '');
  if (!/^[\w-]{6,64}$/.test(number)) return undefined;
  return (await store.payout(asBillNo(number))) ?? (await store.payoutListed(number));
}

type Timed = { readonly at: Instant; readonly word: string };

/** A day as people write it, or none, a time to the minute or the second, and a word behind a space or a Chinese sign. */
const TIMED =
  /^(?:(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?[ T]?|(今天|昨天|前天) ?)?(\d{1,2}):(\d{2})(?::\d{2})?(?: |(?=\p{Script=Han}))(.+)$/u;
const DAYS_AGO: Readonly<Record<string, number>> = { 昨天: 1, 前天: 2 };

/** `10:41 红包`, `2026-02-10 10:41 红包`, `2月10日 9:05 红包`, `昨天 10:41 红包` */
function timeAndWord(text: string, now: Instant): Timed | undefined {
  const found = TIMED.exec(text);
  if (!found) return undefined;
  const [, year, month, date, ago = '', hour, minute, word] = found;
  const two = (digits: string): string => digits.padStart(2, '0');
  const today = dayOf(later(now, -DAY * (DAYS_AGO[ago] ?? 0)));
  const day = month === undefined ? today : `${year ?? today.slice(0, 4)}-${two(month)}-${two(date!)}`;
  const at = parseBeijing(`${day} ${two(hour!)}:${minute}`);
  if (at === undefined) return undefined;
  // In January `12月31日` is the year before.
  const isAhead = month !== undefined && year === undefined && at > later(now, DAY);
  const meant = isAhead ? parseBeijing(`${Number(today.slice(0, 4)) - 1}${day.slice(4)} ${two(hour!)}:${minute}`) : at;
  return meant === undefined ? undefined : { at: meant, word: word! };
}

/** The lines that are nearest to it. */
async function aroundTime({ store }: OverviewPorts, lang: Lang, { at, word }: Timed): Promise<Found> {
  const meant = later(at, MINUTE / 2);
  const centre = await lineAt(store, meant);
  const first = Math.max(1, centre - AROUND_LINES);
  const lines: JournalLine[] = [];
  for (let after = first - 1; after < centre + AROUND_LINES; ) {
    const page = await store.journalAfter(after, PAGE);
    if (page.length === 0) break;
    lines.push(...page);
    after = page.at(-1)!.id;
    await setImmediate();
  }
  // As a keyword is compared: width, case, spaces and emoji do not matter.
  const wanted = normalise(word);
  const isMeant = ({ at: when, event }: JournalLine): boolean =>
    Math.abs(when - at) <= AROUND_MS && event.kind === 'text' && searched(event.text).includes(wanted);
  return foundIn(lines.filter(isMeant).reverse(), lang);
}

/** Whoever they are of, the latest first. */
function foundIn(lines: readonly JournalLine[], lang: Lang): Found {
  const users = new Map<
    OpenId,
    { readonly user: string; readonly line: number; readonly at: number; readonly what: string }
  >();
  for (const { id, event, at } of lines)
    if (!users.has(event.user) && users.size < NAMED_MAX)
      users.set(event.user, { user: event.user, line: id, at, what: eventWords(event, lang) });
  const all = [...users.values()];
  if (all.length === 0) return { kind: 'none' };
  if (all.length === 1) return { kind: 'follower', user: all[0]!.user, by: 'event', line: all[0]!.line };
  return { kind: 'several', users: all };
}

// ── Their page ───────────────────────────────────────────────────────────────────────────────────────────────

export async function followerView(ports: OverviewPorts, user: OpenId, lang: Lang): Promise<FollowerView> {
  const { store, book, config } = ports;
  const [lines, payouts] = await Promise.all([
    store.journal({ user, limit: EVENTS_SHOWN }),
    store.payouts({ user, limit: PAYOUTS_SHOWN }),
  ]);
  const account = lines[0]?.event.account ?? payouts[0]?.account ?? [...config.accounts.keys()][0]!;
  const { follower } = await store.facts({ account, user, merchant: undefined, claims: [], counters: [] });
  const byClaim = new Map([...payouts].reverse().map(each => [each.claimKey, each]));
  const { campaigns } = book();
  return {
    ...{ user, account, follows: follower?.follows ?? 0 },
    ...(follower && { following: follower.following }),
    ...(follower?.followedAt !== undefined && { followedAt: follower.followedAt }),
    ...(follower?.leftAt !== undefined && { leftAt: follower.leftAt }),
    events: lines.map(({ id, at, event, decision, reply }) => {
      const called = decisionCalled(decision, campaigns);
      const payout = awardsOf(decision).flatMap(({ claimKey }) => byClaim.get(claimKey) ?? [])[0];
      const asked = decision.trace.flatMap(each => each.checks);
      return {
        ...{ id, at, event: eventWords(event, lang), verdict: verdictWords(called, lang), kind: decision.kind },
        ...(called.kind !== 'ignored' && { campaign: called.campaign }),
        checks: asked.map(check => ({ ok: check.ok, text: checkText(check, lang) })),
        reply: replyWords(reply, lang),
        ...(payout && { payout: rowOf(payout, ports) }),
      };
    }),
    payouts: payouts.map(each => rowOf(each, ports)),
    limits: await limitsOf(ports, account, user, lang),
  };
}

/** What bounds this follower, and how much of it is used. */
async function limitsOf(
  { store, book, clock }: OverviewPorts,
  account: string,
  user: OpenId,
  lang: Lang,
): Promise<FollowerView['limits']> {
  const now = clock();
  const event: Event = { key: eventKey(''), account, user, sentAt: now, kind: 'other', type: 'overview' };
  const limits = book()
    .campaigns.filter(({ period }) => period.from <= now && now < period.to)
    .flatMap(campaign =>
      userLimits(campaign, event, now)
        .filter(({ max }) => max < BOUNDED_MAX)
        .map(limit => ({ campaign: campaign.name, limit })),
    );
  const counters = limits.map(({ limit }) => limit.name);
  const facts = await store.facts({ account, user, merchant: undefined, claims: [], counters });
  return limits.map(({ campaign, limit }) => ({
    campaign,
    text: limitName(limit)[lang],
    used: facts.counters.get(limit.name) ?? 0,
    max: limit.max,
  }));
}

// ── Why not ──────────────────────────────────────────────────────────────────────────────────────────────────

type Wondered = {
  readonly user: string;
  readonly written: string;
  readonly at: Instant | undefined;
  /** A draft's, in the place of those that are live. */
  readonly campaigns?: readonly Campaign[] | undefined;
};

/** What an event would come to now or then, by the rules that are live, or by a draft of them: the odds, never the draw. Nothing is written. */
export async function whyNot(
  ports: OverviewPorts,
  { user, written, at, campaigns }: Wondered,
  lang: Lang,
): Promise<WhyView[]> {
  const { store, config, book, clock } = ports;
  if (!isOpenId(user)) throw new BadInput(t`expected an openid`);
  const [line] = await store.journal({ user, limit: 1 });
  const account = line?.event.account ?? [...config.accounts.keys()][0]!;
  const now = at ?? clock();
  const envelope = { key: eventKey(`m:explain-${now}`), account, user: openId(user), sentAt: now };
  const event: Event = { ...envelope, ...happeningOf(written) };
  const live = { campaigns: campaigns ?? book().campaigns, accounts: [...config.accounts.keys()] };
  const explained = await foretold(store, config, live, event, now);
  return explained.map(each => ({
    at: each.at,
    event: eventWords(each.event, lang),
    verdict: verdictWords(each.called, lang),
    rules: each.rules.map(({ campaign, rule, part, checks }) => ({
      ...{ campaign, rule, part },
      checks: checks.map(check => ({ ok: check.ok, text: checkText(check, lang) })),
    })),
    near: each.near.map(({ campaign, rule, text }) => ({ campaign, rule, text: inLang(text, lang) })),
    prospects:
      each.decision.kind === 'open'
        ? each.decision.prospects.map(({ prize, odds, min, max }) => ({
            prize,
            min,
            max,
            ...(odds !== undefined && { odds }),
          }))
        : [],
    ...(each.decision.kind !== 'open' && { reply: replyWords(each.reply, lang) }),
  }));
}
