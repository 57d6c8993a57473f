// `hongbao explain`: why an event came to what it came to, or what one would come to now: of a draw that is still to come
// the odds alone. Nothing is written but that it was asked.

import type { Config } from '../../config/config.ts';
import {
  type Explanation,
  explain,
  explanationJson,
  happeningOf,
  type Live,
  showExplanation,
} from '../../core/analysis/explain.ts';
import { decisionText, eventText } from '../../core/analysis/naming.ts';
import { caseNumberOf, readCaseNumber } from '../../core/base/case-number.ts';
import { BadInput } from '../../core/base/error.ts';
import { type Event, eventKey, type OpenId } from '../../core/base/event.ts';
import { beijingText, type Instant, instant, parseBeijing } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { awardsOf } from '../../core/decide/decision.ts';
import { decisionCalled } from '../../core/decide/renamed-decision.ts';
import type { Payout } from '../../core/payout/payout.ts';
import type { Campaign } from '../../core/rules/campaign.ts';

import { foretold } from '../../engine/operate/foretell.ts';
import type { JournalLine, Store } from '../../ports.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, table, withStore } from '../shared/context.ts';
import { eventsOf } from '../shared/journal.ts';
import { l, language, worded } from '../shared/language.ts';
import { accountNamed } from '../shared/surroundings.ts';
import { openIdOf } from '../shared/whom.ts';
import { liveOf } from './foretell.ts';

export type ExplainOptions = Common & {
  readonly event?: string;
  readonly at?: string;
  readonly journal?: string;
  readonly key?: string;
  readonly account?: string;
};

/** As many of a follower's latest events are named, and as many of their payouts looked through. */
const LATEST = 10;
const PAYOUTS_MAX = 1000;
/** As many of their events are looked through for the last claim. */
const LINES_MAX = 1000;

export function explainCommand(written: string | undefined, options: ExplainOptions): Promise<number> {
  mustMakeSense(written, options);
  return withStore(options, async (store, config) => {
    const caseNo = written === undefined ? undefined : readCaseNumber(written);
    if (caseNo !== undefined) return explainCase(store, config, caseNo, options);
    const openid = written === undefined ? undefined : await openIdOf(store, written);
    const { event: would, at: when } = options;
    const which = options.journal ?? options.key;
    await writeDown(store, 'explain', openid ?? which!, [would, when, openid !== undefined && which]);
    const live = await liveOf(config);
    if (options.event !== undefined) {
      const now = options.at === undefined ? instant(Date.now()) : timeOf(options.at);
      const explanations = await foretold(store, config, live, eventFor(openid!, options, config, now), now);
      return tell(options, explanations, await payoutsOf(store, explanations[0]));
    }
    const [line, latest] = await lineOf(store, openid, options);
    const { id: journal, at, event, decision, reply } = line;
    const explanation = explain({ journal, at, event, decision, reply }, live);
    const code = tell(options, [explanation], await payoutsOf(store, explanation), latest, live.campaigns);
    if (latest.length > 0 && !options.json) await tellLastClaim(store, explanation, live);
    return code;
  });
}

/** Whoever asks after a follower wants to know of what they won: where the latest event is none of it, of the last one that is. */
async function tellLastClaim(store: Store, { event: { user }, decision }: Explanation, live: Live): Promise<void> {
  if (isClaim(decision)) return;
  const lines = await store.journal({ user, limit: LINES_MAX });
  const last = lines.find(line => isClaim(line.decision));
  if (!last) return;
  const { id: journal, ...line } = last;
  const claim = explain({ journal, ...line }, live);
  print(`\n${l`the last claim:`}\n${showExplanation(claim, await payoutsOf(store, claim), language())}`);
}

function isClaim(decision: Explanation['decision']): boolean {
  return decision.kind !== 'open' && awardsOf(decision).length > 0;
}

/** By the code that stood in a reply (查询码): the whole journal is looked through. */
async function explainCase(store: Store, config: Config, caseNo: string, options: ExplainOptions): Promise<number> {
  await writeDown(store, 'explain', caseNo);
  for await (const { id: journal, ...line } of eventsOf(store)) {
    if (caseNumberOf(line.event) !== caseNo) continue;
    const explanation = explain({ journal, ...line }, await liveOf(config));
    return tell(options, [explanation], await payoutsOf(store, explanation));
  }
  throw new BadInput(t`${caseNo}: no event has this code`);
}

function mustMakeSense(openid: string | undefined, { event, at, journal, key }: ExplainOptions): void {
  const ways = [event, journal, key].filter(way => way !== undefined).length;
  if (ways > 1) throw new BadInput(t`give one of --event, --journal and --key`);
  if (openid === undefined && journal === undefined && key === undefined)
    throw new BadInput(t`name an openid, or an event of the past with --journal or --key`);
  if (openid === undefined && event !== undefined) throw new BadInput(t`--event: name the openid it would be of`);
  if (at !== undefined && event === undefined) throw new BadInput(t`--at: only with --event`);
  if (journal !== undefined && !/^\d{1,15}$/.test(journal))
    throw new BadInput(t`--journal ${journal}: expected a whole number`);
}

// ── What would be ────────────────────────────────────────────────────────────────────────────────────────────

function eventFor(user: OpenId, options: ExplainOptions, config: Config, now: Instant): Event {
  const account = accountNamed(config, options.account);
  return { key: eventKey(`explain:${now}`), account, user, sentAt: now, ...happeningOf(options.event!) };
}

function timeOf(text: string): Instant {
  const at = parseBeijing(text);
  if (at === undefined) throw new BadInput(t`--at ${text}: expected a time such as "2026-02-10 10:00"`);
  return at;
}

// ── What was ─────────────────────────────────────────────────────────────────────────────────────────────────

/** The line that is asked for, and where only a follower was named the latest ones of theirs. */
async function lineOf(
  store: Store,
  user: OpenId | undefined,
  { journal, key }: ExplainOptions,
): Promise<[line: JournalLine, latest: readonly JournalLine[]]> {
  if (journal !== undefined) {
    for await (const line of eventsOf(store)) if (line.id === Number(journal)) return [line, []];
    throw new BadInput(t`--journal ${journal}: there is no such event`);
  }
  const filter = { ...(user !== undefined && { user }), ...(key !== undefined && { key: eventKey(key) }) };
  const lines = await store.journal({ ...filter, limit: LATEST });
  const [line] = lines;
  if (line) return [line, key === undefined ? lines : []];
  if (key !== undefined) throw new BadInput(t`--key ${key}: there is no such event`);
  throw new BadInput(t`${user} has done nothing yet; ask what would be with --event text:抽奖`);
}

/** Those of the claim that was made, or of the one that was made before. Several where a first number failed; newest first. */
async function payoutsOf(store: Store, { event, decision }: Explanation): Promise<Payout[]> {
  const isTaken = decision.kind === 'refused' && decision.refusal === 'already';
  const awards = decision.kind === 'open' ? [] : awardsOf(decision).filter(({ amount }) => amount > 0);
  if (awards.length > 0) {
    const claims = new Set(awards.map(({ claimKey }) => claimKey));
    const mine = await store.payouts({ user: event.user, limit: PAYOUTS_MAX });
    return mine.filter(({ claimKey }) => claims.has(claimKey));
  }
  if (!isTaken) return [];
  const { campaign, rule } = decision;
  const payouts = await store.payouts({ user: event.user, campaign, limit: PAYOUTS_MAX });
  const last = payouts.find(payout => payout.rule === rule);
  return payouts.filter(payout => payout.claimKey === last?.claimKey);
}

function tell(
  { json }: Common,
  explanations: readonly Explanation[],
  payouts: readonly Payout[] = [],
  latest: readonly JournalLine[] = [],
  campaigns: readonly Campaign[] = [],
): number {
  if (json) {
    const [own, inviter] = explanations.map((each, n) => explanationJson(each, n === 0 ? payouts : []));
    printJson(inviter ? { ...own, inviter } : own);
    return EXIT.fine;
  }
  if (latest.length > 1) {
    const rows = latest.map(({ id, at, event, decision }) => [
      String(id),
      beijingText(at),
      worded(eventText(event)),
      worded(decisionText(decisionCalled(decision, campaigns))),
    ]);
    print(`${table([l`journal`, l`when`, l`event`, l`decision`], rows)}\n`);
  }
  print(explanations.map((each, n) => showExplanation(each, n === 0 ? payouts : [], language())).join('\n\n'));
  return EXIT.fine;
}
