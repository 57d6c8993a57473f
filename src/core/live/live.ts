// Going live: rule files compared with what was live last and with what is claimed already. What would pay somebody again
// is refused until the file says what is meant (`was:`, `new: true`); what only costs something is said. Nothing is said
// where nobody has claimed.

import { type Instant, instant } from '../base/time.ts';
import { sentences, t, type Wording } from '../base/words/words.ts';
import type { Campaign } from '../rules/campaign.ts';
import { calledOf, namesOf } from '../rules/renamed.ts';
import type { Path } from '../yaml/path-position.ts';
import { changesOf } from './changes.ts';
import { namesIn, wasText } from './names.ts';
import {
  type LiveCampaign,
  type LiveMark,
  type LivePrize,
  type LiveRecord,
  type LiveRule,
  overlap,
  snapshotOf,
} from './record.ts';

export type Counted = { readonly followers: number; readonly claims: number };
/** Claims of a campaign, or of one thing in it, by the names inside. */
export type ClaimsOf = { readonly campaign: string } & (
  | { readonly rule?: string }
  | { readonly prize: string }
  | { readonly round: string }
);

/** What the store says. Asked only where a change makes a difference. */
export type Evidence = {
  claims(of: ClaimsOf): Counted;
  counter(name: string): number;
};

/** Something to say of a campaign, and where. `refused`: it does not go live with it. */
export type LiveFinding = {
  readonly campaign: Campaign;
  readonly path: Path;
  readonly message: Wording;
  readonly refused: boolean;
};
export type SayLive = (path: Path, message: Wording, refused?: 'refused') => void;

export type LiveSide = { readonly campaign: Campaign; readonly live: LiveCampaign };
export type Comparing = {
  readonly evidence: Evidence;
  readonly now: Instant;
  readonly say: SayLive;
};

/** `isPart`: these are not all the files there are, so that nothing is gone only because it is not among them. */
type LiveAround = {
  readonly evidence: Evidence;
  readonly now: Instant;
  readonly isPart?: boolean;
  /** Published before a campaign began, by its id inside. */
  readonly commitmentOf?: (campaign: string) => string;
};

export function sidesOf(campaigns: readonly Campaign[], commitmentOf?: (id: string) => string): LiveSide[] {
  return campaigns.flatMap(campaign => {
    const live = snapshotOf(campaign, commitmentOf?.(campaign.id));
    return live ? [{ campaign, live }] : [];
  });
}

export function compareLive(
  record: LiveRecord,
  campaigns: readonly Campaign[],
  { evidence, now, isPart = false, commitmentOf }: LiveAround,
): LiveFinding[] {
  const sides = sidesOf(campaigns, commitmentOf);
  const former = [...record.campaigns, ...record.gone];
  const findings: LiveFinding[] = [];
  for (const side of sides) {
    const { campaign, live } = side;
    const say: SayLive = (path, message, refused) =>
      void findings.push({ campaign, path, message, refused: refused !== undefined });
    const at: Comparing = { evidence, now, say };
    const lately = record.campaigns.find(({ id }) => id === live.id);
    const before = lately ?? former.find(({ id }) => id === live.id);
    if (before) {
      namesIn(before, side, at);
      changesOf(before, side, at);
    }
    if (!lately && !isPart) appeared(side, former, sides, record, at);
    moved(side, before, former, sides, at);
  }
  return findings;
}

// ── Campaigns ────────────────────────────────────────────────────────────────────────────────────────────────

function accountOf({ account }: LiveCampaign): string {
  return account ?? '';
}

/** A campaign that was not there before, beside one that is gone though its time is not over. */
function appeared(
  { live }: LiveSide,
  former: readonly LiveCampaign[],
  sides: readonly LiveSide[],
  record: LiveRecord,
  { evidence, say }: Comparing,
): void {
  if (!live.rules.some(({ gives }) => gives)) return;
  const isGone = ({ id }: LiveCampaign): boolean => sides.every(side => side.live.id !== id);
  const missing = former.filter(
    each =>
      isGone(each) &&
      accountOf(each) === accountOf(live) &&
      overlap(each, live) &&
      evidence.claims({ campaign: each.id }).followers > 0,
  );
  const own = missing.find(each => namesOf(each).some(name => namesOf(live).includes(name)));
  if (own) {
    const was = wasText(own, live);
    say(
      ['was'],
      t`"${calledOf(live)}" goes on as "${live.id}", but what was live as "${calledOf(own)}" has its claims under "${own.id}"; ${was ?? t`leave \`was\` out`}`,
      'refused',
    );
    return;
  }
  const stale = live.isNew ? missing.find(each => each.isNew && record.campaigns.includes(each)) : undefined;
  if (live.isNew && !stale) return;
  const like = stale ?? missing.find(each => isLike(each, live)) ?? missing[0];
  if (!like) return;
  const { followers } = evidence.claims({ campaign: like.id });
  const [is, was] = [calledOf(live), calledOf(like)];
  const gone = t`the campaign "${was}" is gone and "${is}" is new, and ${people(followers)} claimed in "${was}": they could claim everything again.`;
  if (stale) say(['new'], sentences(gone, staleWords(was, like)), 'refused');
  else
    say(
      ['campaign'],
      t`${gone} Say ${wasText(like, live)} if it is the same campaign under another id, or new: true if everybody may claim in it`,
      'refused',
    );
}

function isLike(one: LiveCampaign, other: LiveCampaign): boolean {
  return one.rules.some(rule => other.rules.some(each => isLikeRule(rule, each)));
}

function isLikeRule(one: LiveCampaign['rules'][number], other: LiveCampaign['rules'][number]): boolean {
  return calledOf(one) === calledOf(other) || one.on.some(piece => other.on.includes(piece));
}

/** Of a flag that stands in the file since before: it was said of the former name. */
export function staleWords(was: string, like: LiveMark): Wording {
  return t`\`new: true\` stands there since "${was}" went live, and says nothing of this: say ${wasText(like) ?? t`was: ${was}`}; or take "${was}" out first, and put the new one in when that is live`;
}

export function people(count: number): Wording {
  return count === 1 ? t`1 follower has` : t`${count} followers have`;
}

// ── Rules that moved to another campaign ─────────────────────────────────────────────────────────────────────

/** Claims cannot move along: each campaign has its own. */
function moved(
  { campaign, live }: LiveSide,
  before: LiveCampaign | undefined,
  former: readonly LiveCampaign[],
  sides: readonly LiveSide[],
  { evidence, say }: Comparing,
): void {
  if (!before && live.isNew) return;
  const known = new Set([...(before?.rules ?? []), ...(before?.gone?.rules ?? [])].map(({ id }) => id));
  for (const [n, rule] of live.rules.entries()) {
    if (known.has(rule.id) || !rule.gives || rule.isNew) continue;
    for (const other of former) {
      const there = sides.find(side => side.live.id === other.id)?.live;
      if (!there || other.id === live.id || accountOf(other) !== accountOf(live) || !overlap(other, live)) continue;
      const lost = [...other.rules, ...(other.gone?.rules ?? [])].find(
        each =>
          isLikeRule(each, rule) &&
          there.rules.every(({ id }) => id !== each.id) &&
          evidence.claims({ campaign: other.id, rule: each.id }).followers > 0,
      );
      if (!lost) continue;
      const { followers } = evidence.claims({ campaign: other.id, rule: lost.id });
      say(
        ['rules', n, 'id'],
        t`rule "${calledOf(lost)}" is gone from "${calledOf(other)}" and "${calledOf(rule)}" is new in "${calledOf(campaign)}", and ${people(followers)} claimed "${calledOf(lost)}": they could claim again. Claims stay with their campaign: put it back there, or say new: true if everybody may claim it`,
        'refused',
      );
      break;
    }
  }
}

// ── Without a record ─────────────────────────────────────────────────────────────────────────────────────────

/** What the claims of a store tell of a campaign that was live before records were kept. */
export type ClaimedCampaign = {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly rules: readonly string[];
  readonly prizes: readonly string[];
};

/**
 * Stands for the record where there is none: whatever has claims was live, and what of these files has none may be new.
 * Campaigns whose files are gone count as running from their first claim to their last.
 */
export function recordOfClaims(claimed: readonly ClaimedCampaign[], campaigns: readonly Campaign[]): LiveRecord {
  const sides = sidesOf(campaigns);
  const rebuilt = claimed.map(({ id, from, to, rules, prizes }): LiveCampaign => {
    const live = sides.find(side => side.live.id === id)?.live;
    const once = (id: string): LiveRule => ({ id, once: 'ever', gives: true, on: [], batches: [], odds: '' });
    const cash = (id: string): LivePrize => ({ id, kind: 'redpacket', worth: '', limits: {} });
    const kept = <T extends LiveMark>(ids: readonly string[], blank: (id: string) => T, all: readonly T[] = []): T[] =>
      ids.map(name => all.find(each => each.id === name) ?? blank(name));
    const span = { from: instant(from), to: instant(to + 1) };
    const blank = { ...span, dayStartsAt: 0, draws: false, limits: {}, rounds: [], wallets: [] };
    const silent = live?.rules.filter(rule => !rule.gives && !rules.includes(rule.id)) ?? [];
    return {
      ...(live ?? { id, ...blank }),
      rules: [...kept(rules, once, live?.rules), ...silent],
      prizes: kept(prizes, cash, live?.prizes),
    };
  });
  return { format: 1, campaigns: rebuilt, gone: [] };
}
