// What a rule can come to: one table for what every rule has, and what each of its mechanics says of itself. It is asked in
// two ways. Warnings rather call too much possible; whoever counts what tests have reached asks for nothing that a test
// could not come to: a merchant's limits and halts, what becomes of a packet later, and what another outcome always says
// first.
import { keysOf } from '../base/record.ts';
import { WEEKDAYS } from '../base/time.ts';
import { mechanicsOf } from '../mechanics/index.ts';
import type { ComesTo, Spoken } from '../mechanics/mechanic.ts';
import {
  type Campaign,
  DETAILS,
  type Detail,
  type Once,
  OUTCOMES,
  type Prize,
  REFUSALS,
  type Refusal,
  type Rule,
  type Said,
} from '../rules/campaign.ts';
import {
  canRunOut,
  cashGiven,
  hasTrigger,
  isCash,
  isTold,
  isWorth,
  makesClaims,
  prizesGiven,
} from '../rules/campaign-query.ts';
import type { Placeholder } from '../rules/reply.ts';

const AT_SCENES = ['scan', 'subscribe'] as const;
const ALL_DETAILS = keysOf(DETAILS);

/** Outcomes with a text that this rule can come to; where it is not certain, it counts as possible. */
export function outcomesOf(rule: Rule, campaign: Campaign): ReadonlySet<Said> {
  if (!makesClaims(rule)) return new Set();
  const prizes = prizesGiven(campaign, rule);
  const can = ways(rule, campaign, false);
  const details = ALL_DETAILS.filter(can);
  const isWon = prizes.some(prize => isWorth(prize) && !(isCash(prize) && rule.delay !== undefined));
  const isNothing = prizes.some(prize => !isWorth(prize));
  const plain = OUTCOMES.filter(each => (each === 'won' ? isWon : each === 'nothing' ? isNothing : can(each)));
  // A finer one is said with the plainer one's text where it has none of its own.
  const needed = details.filter(detail => !rule.replies[detail]).map(detail => DETAILS[detail]);
  return new Set<Said>([...plain, ...details, ...needed]);
}

/** Outcomes beside the prizes themselves that a test of the file can come to, in the order of their precedence. */
export function outcomesInTests(rule: Rule, campaign: Campaign): (Refusal | Detail)[] {
  return makesClaims(rule) ? [...REFUSALS, ...ALL_DETAILS].filter(ways(rule, campaign, true)) : [];
}

type Kind = keyof ComesTo;

function ways(rule: Rule, campaign: Campaign, inTests: boolean): (outcome: Kind) => boolean {
  const own = inTests ? reachable(rule, campaign) : possible(rule, campaign);
  const all = [own, ...mechanicsOf(rule, campaign).map(each => each.comesTo?.(rule, campaign, inTests) ?? {})];
  return outcome => {
    const said = all.map(each => each[outcome]);
    return said.includes(true) && !said.includes('never');
  };
}

/** What comes of any rule; the rest is said by its mechanics. Whoever adds an outcome says here what it is, if anything. */
type Own = Readonly<Record<Kind, boolean>>;

const OF_MECHANICS = {
  ...{ noChance: false, locked: false, between: false, used: false, invalid: false, inactive: false },
  ...{ pending: false, cancelled: false, wrong: false, timeout: false, ask: false },
} as const satisfies Partial<Own>;

function onlyCounts({ give, assigned }: Rule): boolean {
  return give.length === 0 && !assigned;
}

// ── Whatever is possible ─────────────────────────────────────────────────────────────────────────────────────

function possible(rule: Rule, campaign: Campaign): Own {
  const { period, perUser, perScene, perMinute, budget } = campaign;
  const prizes = prizesGiven(campaign, rule);
  const cash = cashGiven(campaign, rule);
  const hasCash = cash.length > 0;
  const isAtScenes = hasTrigger(rule, AT_SCENES);
  const isPrizeBounded = prizes.some(
    ({ perUser: most, unlockAfter, kind }) => most !== undefined || unlockAfter !== undefined || kind === 'coupon',
  );
  return {
    ...OF_MECHANICS,
    problem: hasCash,
    halted: hasCash,
    paused: true,
    notStarted: true,
    ended: true,
    closed: period.hours.length > 0 || period.weekdays.length > 0,
    notEligible: Object.keys(rule.who).length > 0 || cash.some(({ steps }) => steps),
    already: rule.once !== 'perEvent',
    limited:
      hasCash || Object.keys(perUser).length > 0 || isPrizeBounded || (perScene.perUser !== undefined && isAtScenes),
    soldOut: prizes.some(canRunOut) || perMinute !== undefined,
    tooSoon: perUser.gap !== undefined,
    later: perMinute !== undefined || (budget?.pace !== undefined && hasCash),
    sceneSoldOut: hasSceneBudget(campaign) && hasCash && isAtScenes,
    reminder: rule.replies.reminder !== undefined && hasCash,
    progress: onlyCounts(rule),
  };
}

function hasSceneBudget({ perScene }: Campaign): boolean {
  return (perScene.perDay ?? perScene.amountPerDay) !== undefined;
}

// ── What a test can come to ──────────────────────────────────────────────────────────────────────────────────

function reachable(rule: Rule, campaign: Campaign): Own {
  const { period, perUser, perMinute, budget } = campaign;
  const hasCash = cashGiven(campaign, rule).length > 0;
  const isCaughtBy = isCaught(rule, campaign);
  // Passwords of days exist on their days only; whatever else is asked for is there at any time.
  const isAnyTime = !rule.on.every(trigger => trigger.kind === 'text' && trigger.match === 'daily');
  return {
    ...OF_MECHANICS,
    problem: false,
    halted: false,
    paused: false,
    reminder: false,
    notStarted: isAnyTime,
    ended: isAnyTime,
    closed: period.hours.length > 0 || (period.weekdays.length > 0 && period.weekdays.length < WEEKDAYS.length),
    notEligible: Object.keys(rule.who).length > 0,
    already: rule.once !== 'perEvent' && canBeRepeated(rule),
    limited: isLimited(rule, campaign),
    soldOut: !isCaughtBy && prizesGiven(campaign, rule).some(canRunOut),
    tooSoon: perUser.gap !== undefined && !isOnceOnly(rule, campaign),
    later: perMinute !== undefined || (budget?.pace !== undefined && hasCash && !isCaughtBy),
    sceneSoldOut: hasSceneBudget(campaign) && hasCash && hasTrigger(rule, AT_SCENES) && !isCaughtBy,
    progress: onlyCounts(rule),
  };
}

/** How often one follower comes past `once`, in all, a day, a month, a round. */
const TIMES: Readonly<Record<Once, readonly [ever: number, day: number, month: number, round: number]>> = {
  ever: [1, 1, 1, 1],
  perDay: [Infinity, 1, 31, 1],
  perWeek: [Infinity, 1, 5, 1],
  perMonth: [Infinity, 1, 1, 1],
  perRound: [Infinity, Infinity, Infinity, 1],
  perEvent: [Infinity, Infinity, Infinity, Infinity],
};

/** Other rules of the campaign count against the same limits. */
function isAlone(rule: Rule, { rules }: Campaign): boolean {
  return rules.every(other => other === rule || !makesClaims(other));
}

function isOnceOnly(rule: Rule, campaign: Campaign): boolean {
  return isAlone(rule, campaign) && (rule.once === 'ever' || !canBeRepeated(rule));
}

/** First follows come once whatever `once` says. */
function canBeRepeated({ on }: Rule): boolean {
  return !on.every(trigger => trigger.kind === 'subscribe' && trigger.first);
}

function isLimited(rule: Rule, campaign: Campaign): boolean {
  const { perUser, perScene } = campaign;
  const [ever, day, month, round] = isAlone(rule, campaign) ? TIMES[rule.once] : TIMES.perEvent;
  const most = canBeRepeated(rule) || !isAlone(rule, campaign) ? ever : 1;
  const isMet = (limit: number | undefined, times: number): boolean =>
    limit !== undefined && limit < Math.min(times, most);
  if (isMet(perUser.total, ever) || isMet(perUser.perDay, day) || isMet(perUser.perMonth, month)) return true;
  if (isMet(perUser.perRound, round)) return true;
  if (hasTrigger(rule, AT_SCENES) && isMet(perScene.perUser, ever)) return true;
  return most > 1 && isLimitedByPrizes(rule, campaign);
}

/** Every prize of worth is had as often as may be, and nothing takes its place. */
function isLimitedByPrizes(rule: Rule, campaign: Campaign): boolean {
  const { wins, amountPerDay } = campaign.perUser;
  const prizes = prizesGiven(campaign, rule);
  const worth = prizes.filter(isWorth);
  if (worth.length === 0 || prizes.some(({ fallback }) => fallback)) return false;
  const isLocked = (prize: Prize): boolean => prize.unlockAfter !== undefined && prizes.length === 1;
  const ends = (prize: Prize): boolean =>
    prize.perUser !== undefined || wins !== undefined || (isCash(prize) && amountPerDay !== undefined);
  return worth.every(prize => ends(prize) || isLocked(prize));
}

/** What takes the place of everything that is gone, and is never gone itself. */
function isCaught(rule: Rule, campaign: Campaign): boolean {
  return prizesGiven(campaign, rule).some(
    ({ kind, fallback, stock, perDay, perUser, window, unlockAfter }) =>
      fallback && kind === 'nothing' && [stock, perDay, perUser, window, unlockAfter].every(each => each === undefined),
  );
}

// ── Placeholders ─────────────────────────────────────────────────────────────────────────────────────────────

const AWARDS: readonly Spoken[] = ['won', 'nothing', 'pending', 'progress'];
/** Told later, when only the payout is known. */
const LATER: readonly Spoken[] = ['problem', 'cancelled', 'reminder'];

/** What has a value when this is said. */
export function valuesIn(said: Spoken, rule: Rule, campaign: Campaign): ReadonlySet<Placeholder> {
  if (LATER.includes(said)) return new Set(['amount', 'campaign']);
  const isAward = AWARDS.includes(said) && said !== 'progress';
  const hasCoupon = said === 'won' && prizesGiven(campaign, rule).some(isTold);
  return new Set<Placeholder>([
    ...(['campaign', 'from', 'to', 'hours', 'caseNo'] as const),
    ...(isAward ? (['amount', 'prize'] as const) : []),
    ...(hasCoupon ? (['coupon'] as const) : []),
    ...(hasTrigger(rule, ['paid']) ? (['order'] as const) : []),
    ...mechanicsOf(rule, campaign).flatMap(each => each.placeholders?.(said, rule, campaign) ?? []),
  ]);
}
