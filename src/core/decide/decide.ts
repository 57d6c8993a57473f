// Decides who wins what: (rules, event, facts, now) → decision and trace. Reads nothing, draws nothing, writes nothing;
// the same arguments give the same decision for ever.

import assert from 'node:assert/strict';
import { type Counter, isBounded } from '../base/counter.ts';
import type { Event } from '../base/event.ts';
import type { Instant } from '../base/time.ts';
import { claimKeyOf, claimKeysOf, dayIn } from '../match/claim-key.ts';
import type { Facts, FactsQuery } from '../match/facts.ts';
import { mechanicsOf } from '../mechanics/index.ts';
import type { RuleContext } from '../mechanics/mechanic.ts';
import type { Campaign } from '../rules/campaign.ts';
import { addressOf, makesClaims, pauseOf } from '../rules/campaign-query.ts';
import { drawnFrom } from '../rules/drawn.ts';
import { codeIn } from '../rules/printed-code.ts';
import { NO_REPLY } from '../rules/reply.ts';
import { besides, withAwards } from './beside.ts';
import { awardsOf, type Decision, type Open, partsOf, type Shadow, type Trace } from './decision.ts';
import { RuleEvaluation } from './evaluate-rule.ts';
import { lastClaimCounter, type MerchantCaps, userLimits } from './limits.ts';
import type { Match } from './match.ts';
import { offerCounters } from './prize-offer.ts';

/** What a decision needs beside the rules and the facts. */
export type DecisionEnvironment = {
  readonly merchant: MerchantCaps | undefined;
  /** The campaign's secret seed; see `draw.ts`. */
  seedOf(campaign: string): string;
  /** The seed of one draw, where it is not that of its campaign: what was never drawn is not drawn by looking back. */
  drawSeedOf?(campaign: string, claimKey: string): string;
  /** The campaign's own page (H5), by the id in its file: what an invitation hands out. */
  pageOf?(account: string, campaign: string): string;
  /** Who gets nothing, of whatever campaign. */
  readonly blocked?: ReadonlySet<string>;
  /** Pins the draw to this prize, for tests. */
  readonly pinned?: string;
  /** It has not happened: see `foretell`. */
  readonly isForetold?: boolean;
};

/** Everything the decision on these matches can depend on. */
export function factsQueryFor(
  matches: readonly Match[],
  event: Event,
  now: Instant,
  environment: DecisionEnvironment,
): FactsQuery {
  const claims = new Set<string>();
  const counters = new Set<string>();
  const pauses = new Set<string>();
  for (const match of matches) {
    const at = lookedAt(match, event, now, environment);
    const { campaign, rule } = at;
    for (const mechanic of mechanicsOf(rule, campaign))
      for (const name of mechanic.wants?.(at) ?? []) counters.add(name);
    if (!makesClaims(rule)) continue;
    if (campaign.mode === 'shadow') counters.add(shadowClaim(claimKeyOf(campaign, rule, event, now)));
    else for (const claimKey of claimKeysOf(campaign, rule, event, now)) claims.add(claimKey);
    for (const limit of userLimits(campaign, event, now)) if (isBounded(limit)) counters.add(limit.name);
    if (campaign.perUser.gap !== undefined) counters.add(lastClaimCounter(campaign.id, event.user));
    for (const name of offerCounters(at, capsFor(campaign, environment))) counters.add(name);
    pauses.add(pauseOf(campaign.id));
  }
  const code = codeIn(event);
  const asksForCode = matches.some(({ rule }) => rule.on.some(({ kind }) => kind === 'code'));
  return {
    account: event.account,
    user: event.user,
    merchant: environment.merchant?.merchant,
    claims: [...claims],
    counters: [...counters],
    ...(pauses.size > 0 && { pauses: [...pauses] }),
    ...(code !== undefined && asksForCode && { code }),
  };
}

/** The first campaign that is running decides, and those beside it; if none is, the first one says why not. */
export function decide(
  matches: readonly Match[],
  event: Event,
  facts: Facts,
  now: Instant,
  environment: DecisionEnvironment,
): Decision {
  const decision = look(matches, event, facts, now, environment);
  assert(decision.kind !== 'open', 'what happens is drawn');
  return decision;
}

/**
 * What an event that has not happened would come to, as far as anybody may know: where it draws, only the odds. The seeds
 * are not even asked for.
 */
export function foretell(
  matches: readonly Match[],
  event: Event,
  facts: Facts,
  now: Instant,
  environment: DecisionEnvironment,
): Decision | Open {
  return look(matches, event, facts, now, { ...environment, isForetold: true });
}

function look(
  matches: readonly Match[],
  event: Event,
  facts: Facts,
  now: Instant,
  environment: DecisionEnvironment,
): Decision | Open {
  const trace: Trace[number][] = [];
  const shadows: Shadow[] = [];
  const seen = new Set<Campaign>();
  const decided: (Decision | Open)[] = [];
  let isTaken = false;
  let notRunning: Decision | Open | undefined;
  for (const match of matches) {
    const { campaign } = match;
    const isShadow = campaign.mode === 'shadow';
    if (seen.has(campaign) || (isTaken && !isShadow && !campaign.alongside)) continue; // within a file the first match wins
    const at = lookedAt(match, event, now, environment);
    const caps = capsFor(campaign, environment);
    const evaluation = new RuleEvaluation(at, {
      facts: isShadow
        ? shadowed(at, facts)
        : withAwards(event.kind === 'drawn' ? { ...facts, halted: false } : facts, decided),
      caps,
      pinned: environment.pinned,
    });
    if (evaluation.applies()) {
      seen.add(campaign);
      const decision: Decision | Open = { ...evaluation.decide(), trace: [] };
      if (isShadow) shadows.push(...shadowOf(decision));
      else if (isRunning(decision)) {
        decided.push(decision);
        isTaken ||= !campaign.alongside;
      } else notRunning ??= decision;
    }
    trace.push(evaluation.line());
  }
  const decision = besides(decided) ?? notRunning ?? { kind: 'ignored' as const, reply: NO_REPLY };
  return { ...decision, trace, ...(shadows.length > 0 && { shadows }) };
}

function isRunning(decision: Decision | Open): boolean {
  return !(decision.kind === 'refused' && (decision.refusal === 'notStarted' || decision.refusal === 'ended'));
}

function lookedAt(
  { campaign: live, rule: own }: Match,
  event: Event,
  now: Instant,
  environment: DecisionEnvironment,
): RuleContext {
  const campaign = event.kind === 'drawn' ? drawnFrom(live) : live;
  const rule = campaign === live ? own : campaign.rules.find(({ id }) => id === own.id)!;
  return {
    campaign,
    rule,
    event,
    now,
    day: dayIn(campaign, now),
    seed: environment.isForetold ? '' : environment.seedOf(campaign.id),
    isForetold: environment.isForetold,
    drawSeedOf: environment.drawSeedOf,
    userKey: `campaign/${campaign.id}/user/${event.user}`,
    isBlocked: environment.blocked?.has(event.user),
    page: environment.pageOf?.(event.account, addressOf(campaign)),
  };
}

// ── Shadows ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A shadow uses up nothing of the merchant's. Its own counters are real: they bear the name of a campaign of its own. */
function capsFor({ mode }: Campaign, { merchant }: DecisionEnvironment): MerchantCaps | undefined {
  return mode === 'shadow' ? undefined : merchant;
}

function shadowClaim(claimKey: string): string {
  return `shadow/${claimKey}`;
}

function shadowed({ campaign, rule, event, now }: RuleContext, facts: Facts): Facts {
  const key = claimKeyOf(campaign, rule, event, now);
  return { ...facts, claims: new Set((facts.counters.get(shadowClaim(key)) ?? 0) > 0 ? [key] : []) };
}

function shadowOf(decision: Decision | Open): Shadow[] {
  switch (decision.kind) {
    case 'ignored':
      return [];
    case 'open':
      return [{ campaign: decision.campaign, rule: decision.rule, outcome: 'awarded' }];
    case 'awarded':
      return awardsOf(decision).map(({ campaign, rule, prize, amount, claimKey, counters }) => {
        const once = { name: shadowClaim(claimKey), add: 1, max: 1 };
        return { campaign, rule, outcome: 'awarded', prize, amount, counters: [once, ...counters] };
      });
    default: {
      const { campaign, rule, counters } = decision;
      const outcome = decision.kind === 'refused' ? decision.refusal : 'answered';
      return [{ campaign, rule, outcome, ...(counters && { counters }) }];
    }
  }
}

/** Everything that is counted with a decision: its own and its shadows'. */
export function countersOf(decision: Decision): readonly Counter[] {
  const own = partsOf(decision).flatMap(({ counters }) => [...(counters ?? [])]);
  return [...own, ...(decision.shadows ?? []).flatMap(({ counters }) => counters ?? [])];
}
