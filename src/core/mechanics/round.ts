// Rounds (红包雨场次): so many packets that come to exactly the round's total. The amounts are laid out beforehand, from
// the campaign's seed, in a few rows of slots; a claim takes the next slot of its row. Several rows, so that those who
// come in the same moment seldom reach for the same slot.

import { createHmac } from 'node:crypto';
import { type Fen, fen } from '../base/money.ts';
import { beijingText, DAY, HOUR, type Instant, later, MINUTE, SECOND } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import { roundAt } from '../match/claim-key.ts';
import type { Campaign, Prize, Round, Rule } from '../rules/campaign.ts';
import { cashGiven } from '../rules/campaign-query.ts';
import { lengthText } from '../rules/public-text.ts';
import { prizeCalled } from '../rules/renamed.ts';
import { isWritten } from '../rules/schema/written.ts';
import { duration, located, optional } from '../yaml/schema.ts';
import type { Spoken } from './mechanic.ts';

import { type EvaluationContext, type Limit, mechanic, type RuleContext } from './mechanic.ts';

/** `opens`: when the round begins that comes next; without a round they are all over. */
export type RoundChecks = { round: { round?: string; opens?: Instant } };

/**
 * Rows of slots, a power of two; fewer where a row would be very short. Of those who decide in the same moment one in
 * each row wins its slot, the others decide anew: with 64 rows, 500 at once need some 15 goes.
 */
const ROWS_MAX = 64;
const ROW_MIN = 8;

type Split = { readonly min: Fen; readonly max: Fen };
type Layout = readonly (readonly Fen[])[];
const layouts = new WeakMap<Round, Map<string, Layout>>();

/** The amounts of a round, row by row. Whoever has the seed can lay them out again. */
export function layoutOf(round: Round, { min, max }: Split, seed: string): Layout {
  const known = layouts.get(round) ?? new Map<string, Layout>();
  layouts.set(round, known);
  const key = `${seed}/${min}/${max}`;
  const before = known.get(key);
  if (before) return before;
  const amounts = splitExactly(round, { min, max }, createHmac('sha256', seed).update(`round ${round.name}`).digest());
  const count = rowsOf(round);
  const rows = Array.from({ length: count }, (_, row) => amounts.filter((_, n) => n % count === row));
  known.set(key, rows);
  return rows;
}

function rowsOf({ packets }: Round): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, Math.min(ROWS_MAX, packets / ROW_MIN))));
}

/** Whole fen, each within bounds, that come to exactly the total; in an order that tells nothing. */
export function splitExactly({ packets, total }: Round, { min, max }: Split, key: Buffer): Fen[] {
  const chance = chanceFrom(key);
  const amounts: Fen[] = [];
  let rest: number = total;
  for (let left = packets; left > 0; left--) {
    const lowest = Math.max(min, rest - (left - 1) * max);
    const highest = Math.min(max, rest - (left - 1) * min);
    // Up to twice the mean of what is left, so that the first are not the lucky ones.
    const likely = Math.max(lowest, Math.min(highest, Math.floor((2 * rest) / left) - min));
    const amount = lowest + Math.floor(chance() * (likely - lowest + 1));
    amounts.push(fen(amount));
    rest -= amount;
  }
  for (let n = amounts.length - 1; n > 0; n--) {
    const other = Math.floor(chance() * (n + 1));
    [amounts[n], amounts[other]] = [amounts[other]!, amounts[n]!];
  }
  return amounts;
}

/** Numbers in [0, 1) from a key, always the same ones. */
function chanceFrom(key: Buffer): () => number {
  let block = Buffer.alloc(0);
  let at = 0;
  let count = 0;
  return () => {
    if (at + 6 > block.length) {
      block = createHmac('sha256', key).update(String(count++)).digest();
      at = 0;
    }
    const value = block.readUIntBE(at, 6) / 2 ** 48;
    at += 6;
    return value;
  };
}

function baseOf({ campaign }: Pick<RuleContext, 'campaign'>, round: Round): string {
  return `campaign/${campaign.id}/round/${round.name}`;
}

function rowCounter(at: Pick<RuleContext, 'campaign'>, round: Round, row: number): string {
  return `${baseOf(at, round)}/row/${row}`;
}

export function slotCounters(at: RuleContext): string[] {
  const round = roundAt(at.campaign, at.now);
  if (!round) return [];
  const rows = Array.from({ length: rowsOf(round) }, (_, row) => rowCounter(at, round, row));
  return [...rows, ...wholeLimits(at, round, fen(0)).map(({ name }) => name)];
}

const WHOLE = { refuses: 'soldOut', returns: false } as const;

/** What the slots come to anyway, while the file stays as it is; it may be edited in the middle of a round. */
function wholeLimits(at: Pick<RuleContext, 'campaign'>, round: Round, amount: Fen): [packets: Limit, amount: Limit] {
  const [base, name, { packets, total }] = [baseOf(at, round), prizeCalled(round), round];
  return [
    { name: `${base}/packets`, add: 1, max: packets, limit: 'packetsOfRound', of: name, money: false, ...WHOLE },
    {
      name: `${base}/amount`,
      add: amount,
      max: total,
      limit: 'amountOfRound',
      of: name,
      money: true,
      ...WHOLE,
    },
  ];
}

/** The next slot of this claim's row, or of the first row after it that has one. `undefined`: the round is sold out. */
export function slotFor(
  at: EvaluationContext,
  prize: Prize & Split,
): { readonly amount: Fen; readonly limits: readonly Limit[] } | undefined {
  const round = roundAt(at.campaign, at.now);
  if (!round) return undefined;
  const seed = at.drawSeed ?? at.seed;
  const rows = layoutOf(round, prize, seed);
  const digest = createHmac('sha256', seed).update(`${at.userKey} ${at.event.key}`).digest();
  // Odd, so that it comes to every row: there are as many as a power of two. Everybody has a way of their own, or all
  // would crowd into the row beside a full one.
  const stride = digest.readUInt16BE(4) | 1;
  for (let step = 0; step < rows.length; step++) {
    const row = (digest.readUInt32BE() + step * stride) % rows.length;
    const name = rowCounter(at, round, row);
    const taken = at.value(name);
    const amount = rows[row]![taken];
    if (amount === undefined) continue;
    // Bounded by what was read: whoever else reached for this slot finds it taken, and decides anew.
    const about = { limit: 'packetsOfRound', of: prizeCalled(round), money: false, isGuard: true } as const;
    const slot: Limit = { name, add: 1, max: taken + 1, ...about, ...WHOLE };
    return { amount, limits: [slot, ...wholeLimits(at, round, amount)] };
  }
  return undefined;
}

/** Said when no round is on. */
const OUTSIDE_ROUNDS: readonly Spoken[] = ['notStarted', 'ended', 'closed', 'between'];

/** As it was written, or nearly. */
function durationText(ms: number): string {
  const units = { d: DAY, h: HOUR, m: MINUTE, s: SECOND };
  const [unit, size] = Object.entries(units).find(([, each]) => ms % each === 0)!;
  return `${ms / size}${unit}`;
}

/** A rule that gives no money (a reservation, 预约) is not bound to the rounds. */
export function isBound({ give }: Rule, { prizes }: Campaign): boolean {
  return give.some(name => prizes.get(name)?.kind === 'redpacket');
}

export const rounds = mechanic({
  fields: { opensAfter: optional(located(duration()), '每场开始后多久才对这条规则开放') },
  check({ once, opensAfter }, { file, say }) {
    if (!isWritten(file, 'rounds')) {
      if (once?.value === 'perRound') say(once.at, t`once: perRound is about rounds, and the campaign has none`);
      if (opensAfter) say(opensAfter.at, t`\`opensAfter\` is about rounds, and the campaign has none`);
      return;
    }
    for (const { value: round } of file.rounds ?? []) {
      const { lasts, name } = round;
      if (!opensAfter || !lasts || opensAfter.value < lasts.value) continue;
      const which = name ? `"${name.value}"` : t`a round`;
      say(opensAfter.at, t`${which} is over after ${durationText(lasts.value)}, before the rule opens`);
    }
  },
  build: ({ opensAfter }) => (opensAfter ? { opensAfter: opensAfter.value } : {}),
  describe(rule, { campaign, say }) {
    const { opensAfter } = rule;
    return [
      ...(isBound(rule, campaign) ? [say('仅在各场次内', `only during the rounds`)] : []),
      ...(opensAfter === undefined
        ? []
        : [
            say(`每场开始 ${lengthText(opensAfter, say)}后开放`, `from ${lengthText(opensAfter, say)} into each round`),
          ]),
    ];
  },
  comesTo: (rule, campaign, inTests) => ({
    between: campaign.rounds.length > 1 && (inTests ? isBound(rule, campaign) : cashGiven(campaign, rule).length > 0),
  }),
  placeholders: said => [
    ...(OUTSIDE_ROUNDS.includes(said) ? [] : (['round', 'left'] as const)),
    ...(said === 'ended' ? [] : (['nextRound'] as const)),
  ],
  isIn: (rule, campaign) => campaign.rounds.length > 0 && (rule.give.length > 0 || rule.earn.size > 0),
  wants: at => slotCounters(at),
  refuses(at) {
    const { campaign, rule, now } = at;
    const opensAfter = rule.opensAfter ?? 0;
    if (!isBound(rule, campaign)) return undefined;
    const round = roundAt(campaign, now, opensAfter);
    const next = nextRound(at);
    const coming = next && { round: prizeCalled(next.round), opens: next.opens };
    const ok = round !== undefined;
    if (at.see({ ok, check: 'round', ...(ok ? { round: prizeCalled(round) } : coming) })) return undefined;
    if (!next) return { refusal: 'ended' };
    if (next.round !== campaign.rounds[0]) return { refusal: 'closed', detail: 'between' };
    return { refusal: 'notStarted', values: { from: beijingText(next.opens).slice(0, 16) } };
  },
  values(at) {
    const { campaign, now } = at;
    const round = roundAt(campaign, now);
    const next = nextRound(at);
    const left = round && round.packets - at.value(wholeLimits(at, round, fen(0))[0].name);
    return {
      ...(round && { round: prizeCalled(round), left: String(Math.max(0, left!)) }),
      ...(next && { nextRound: `${prizeCalled(next.round)} ${beijingText(next.opens).slice(5, 16)}` }),
    };
  },
  takesBack: 'nothing',
});

/** The first round that is not open yet to this rule. */
function nextRound({
  campaign,
  rule,
  now,
}: RuleContext): { readonly round: Round; readonly opens: Instant } | undefined {
  const coming = campaign.rounds.map(round => ({ round, opens: later(round.from, rule.opensAfter ?? 0) }));
  return coming.find(({ opens }) => now < opens);
}
