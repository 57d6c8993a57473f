// One follower: why they got it or not, in words. And whoever is looked for: by openid, by a number of ours or of WeChat's, or by
// a time and a word.

import { happeningOf } from '../../core/analysis/explain.ts';
import { caseNumberOf, readCaseNumber } from '../../core/base/case-number.ts';
import { BadInput } from '../../core/base/error.ts';
import { type Event, eventKey, type OpenId, openId } from '../../core/base/event.ts';
import { isOpenId, isShortOpenId, shortOpenId } from '../../core/base/openid.ts';
import { dayOf, type Instant, MINUTE, parseBeijing } from '../../core/base/time.ts';
import { inLang, type Lang } from '../../core/base/words/words.ts';
import { checkText, limitName } from '../../core/decide/check-words.ts';
import { awardsOf } from '../../core/decide/decision.ts';
import { userLimits } from '../../core/decide/limits.ts';
import { decisionCalled } from '../../core/decide/renamed-decision.ts';
import { asBillNo, type Payout } from '../../core/payout/payout.ts';
import type { JournalLine } from '../../ports.ts';
import { foretold } from '../operate/foretell.ts';
import { rowOf } from './payouts.ts';
import type { OverviewPorts } from './ports.ts';
import type { FollowerView, Found, WhyView } from './view.ts';
import { eventWords, replyWords, verdictWords } from './words.ts';

const EVENTS_SHOWN = 50;
const PAYOUTS_SHOWN = 50;
const BOUNDED_MAX = 1_000_000;
/** So far back the journal, or the payouts, are looked through for what no index knows. */
const LOOKED_MAX = 20_000;
const PAGE = 500;
const NAMED_MAX = 20;
/** Around the time that was written. */
const AROUND_MS = 10 * MINUTE;

export async function search(ports: OverviewPorts, written: string, lang: Lang): Promise<Found> {
  const text = written.trim().replace('...', '…');
  if (text === '') return { kind: 'none' };
  if (isOpenId(text)) return { kind: 'follower', user: text, by: 'openid' };
  if (isShortOpenId(text)) return several(ports, lang, ({ event }) => shortOpenId(event.user) === text);
  const timed = timeAndWord(text, ports.clock());
  if (timed) return aroundTime(ports, lang, timed);
  const payout = await payoutCalled(ports, text);
  if (payout) return { kind: 'follower', user: payout.user, by: 'payout', billNo: payout.billNo };
  // The code that stood in a reply (查询码) is worked out from the event: what happened lately is looked through.
  const caseNo = readCaseNumber(text);
  return caseNo === undefined
    ? { kind: 'none' }
    : several(ports, lang, ({ event }) => caseNumberOf(event) === caseNo, undefined, 1);
}

/** By our number, or by WeChat's. */
async function payoutCalled({ store }: OverviewPorts, text: string): Promise<Payout | undefined> {
  if (!/^[\w-]{6,64}$/.test(text)) return undefined;
  return (await store.payout(asBillNo(text))) ?? (await store.payoutListed(text));
}

type Timed = { readonly at: Instant; readonly word: string };

/** `10:41 红包`, `2026-02-10 10:41 红包` */
function timeAndWord(text: string, now: Instant): Timed | undefined {
  const found = /^(?:(\d{4}-\d{2}-\d{2}) )?(\d{2}:\d{2})\s+(.+)$/.exec(text);
  if (!found) return undefined;
  const at = parseBeijing(`${found[1] ?? dayOf(now)} ${found[2]}`);
  return at === undefined ? undefined : { at, word: found[3]! };
}

function aroundTime(ports: OverviewPorts, lang: Lang, { at, word }: Timed): Promise<Found> {
  const isWord = ({ event }: JournalLine): boolean => event.kind === 'text' && event.text.includes(word);
  return several(ports, lang, line => Math.abs(line.at - at) <= AROUND_MS && isWord(line), at);
}

/** Whoever did something like it, the latest first. `since`: nothing before it is meant. `most`: so many are enough. */
async function several(
  { store }: OverviewPorts,
  lang: Lang,
  isMeant: (line: JournalLine) => boolean,
  since?: Instant,
  most = NAMED_MAX,
): Promise<Found> {
  const users = new Map<OpenId, { readonly user: string; readonly at: number; readonly what: string }>();
  const newest = await store.journal({ limit: 1 });
  let top = newest[0]?.id ?? 0;
  // Backwards through the numbers, whose lines the store gives forwards.
  for (let looked = 0; top > 0 && looked < LOOKED_MAX && users.size < most; looked += PAGE) {
    const lines = (await store.journalAfter(Math.max(0, top - PAGE), PAGE)).filter(({ id }) => id <= top).reverse();
    for (const line of lines)
      if (isMeant(line) && !users.has(line.event.user))
        users.set(line.event.user, { user: line.event.user, at: line.at, what: eventWords(line.event, lang) });
    if (since !== undefined && lines.length > 0 && lines.at(-1)!.at < since - AROUND_MS) break;
    top -= PAGE;
  }
  const all = [...users.values()];
  if (all.length === 0) return { kind: 'none' };
  if (all.length === 1) return { kind: 'follower', user: all[0]!.user, by: 'event' };
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

/** What an event would come to now or then, by the rules that are live: the odds, never the draw. Nothing is written. */
export async function whyNot(
  ports: OverviewPorts,
  { user, written, at }: { readonly user: string; readonly written: string; readonly at: Instant | undefined },
  lang: Lang,
): Promise<WhyView[]> {
  const { store, config, book, clock } = ports;
  if (!isOpenId(user)) throw new BadInput('expected an openid');
  const [line] = await store.journal({ user, limit: 1 });
  const account = line?.event.account ?? [...config.accounts.keys()][0]!;
  const now = at ?? clock();
  const envelope = { key: eventKey(`m:explain-${now}`), account, user: openId(user), sentAt: now };
  const event = { ...envelope, ...happeningOf(written) } as Event;
  const live = { campaigns: book().campaigns, accounts: [...config.accounts.keys()] };
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
