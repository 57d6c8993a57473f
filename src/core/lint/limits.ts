// Warnings about limits that can never be felt, because another one is always felt before. Whoever writes two numbers
// means both; if one of them does nothing, one of them is probably a slip.

import { fen, showFen } from '../base/money.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../base/time.ts';
import { joined, t, type Wording } from '../base/words/words.ts';
import { daysOf } from '../exposure/open-days.ts';
import type { Campaign, Once } from '../rules/campaign.ts';
import { hasTrigger, isCash, isDraw, isWorth, leastOf, makesClaims, payingRules } from '../rules/campaign-query.ts';
import type { Path } from '../yaml/path-position.ts';
import type { Linting } from './context.ts';
import { type Bound, cashOf, lowest, moneyOfDay, packetsInAll, packetsOfDay } from './spend.ts';

/** Small differences are roundings, not mistakes. */
const NEARLY = 0.99;

export function lintLimits(at: Linting): void {
  lintPerUser(at);
  lintGap(at);
  lintPrizes(at);
  lintScenes(at);
  lintBudget(at);
  lintWallets(at);
  lintOnce(at);
}

type Limit = { readonly name: string; readonly value: number | undefined; readonly path: Path };
/** What bounds it, and the words for that. */
type Other = { readonly value: number | undefined; readonly words: Wording };

/** One finding a limit: by the lowest of the others. */
function shadow({ say }: Linting, { name, value, path }: Limit, others: readonly Other[]): void {
  if (value === undefined) return;
  const lower = others.filter((other): other is Other & { value: number } => (other.value ?? Infinity) < value);
  const [lowestOne] = lower.sort((a, b) => a.value - b.value);
  if (lowestOne) say('limit-shadowed', path, t`${name} ${value} is never reached: ${lowestOne.words}`);
}

// ── One follower ─────────────────────────────────────────────────────────────────────────────────────────────

/** How many claims `once` allows one follower within a day, a month, a round, and in all. */
const OCCASIONS: Record<Once, { readonly day: number; readonly ever: (at: Campaign) => number }> = {
  ever: { day: 1, ever: () => 1 },
  perDay: { day: 1, ever: at => daysOf(at).days },
  perWeek: { day: 1, ever: at => Math.ceil((at.period.to - at.period.from) / (7 * DAY)) + 1 },
  perMonth: { day: 1, ever: at => Math.ceil((at.period.to - at.period.from) / (28 * DAY)) + 1 },
  perRound: { day: Infinity, ever: at => at.rounds.length },
  perEvent: { day: Infinity, ever: () => Infinity },
};

function occasions(campaign: Campaign): { readonly day: Other; readonly ever: Other; readonly round: Other } {
  const rules = campaign.rules.filter(makesClaims);
  const sum = (count: (once: Once) => number): number => rules.reduce((all, { once }) => all + count(once), 0);
  const words = joined(
    rules.map(({ id, once }) => t`"${id}" is once: ${once}`),
    ', ',
  );
  return {
    day: { value: sum(once => OCCASIONS[once].day), words },
    ever: { value: sum(once => OCCASIONS[once].ever(campaign)), words },
    round: { value: sum(once => (once === 'perEvent' ? Infinity : 1)), words },
  };
}

/** The most claims one follower can make at all; `Infinity` where nothing bounds them. */
export function claimsEver(campaign: Campaign): number {
  const { total = Infinity, perDay = Infinity } = campaign.perUser;
  return Math.min(total, perDay * daysOf(campaign).days, occasions(campaign).ever.value!);
}

function lintPerUser(at: Linting): void {
  const { campaign } = at;
  const { total, perDay, perMonth, perRound, wins } = campaign.perUser;
  const { days } = daysOf(campaign);
  const { day, ever, round } = occasions(campaign);
  const limit = (name: keyof Campaign['perUser'], value: number | undefined): Limit => ({
    name,
    value,
    path: ['limits', 'perUser', name],
  });
  const is = (name: string, value: number | undefined): Other => ({ value, words: t`perUser.${name} is ${value}` });
  const perDays: Other = {
    value: perDay === undefined ? undefined : perDay * days,
    words: t`perUser.perDay ${perDay} on ${days} days is ${(perDay ?? 0) * days}`,
  };
  shadow(at, limit('total', total), [perDays, ever]);
  shadow(at, limit('perMonth', perMonth), [is('total', total), perDays, ever]);
  shadow(at, limit('perDay', perDay), [is('perMonth', perMonth), is('total', total), day, ever]);
  if (campaign.rounds.length > 0)
    shadow(at, limit('perRound', perRound), [is('perDay', perDay), is('total', total), round]);
  shadow(at, limit('wins', wins), [is('total', total), perDays, ever]);
}

/** A pause may be longer than the day is. */
function lintGap(at: Linting): void {
  const { perDay, gap } = at.campaign.perUser;
  if (perDay === undefined || gap === undefined) return;
  const { span } = daysOf(at.campaign);
  const possible = Math.floor(Math.max(0, span * MINUTE - SECOND) / gap) + 1;
  shadow(at, { name: 'perDay', value: perDay, path: ['limits', 'perUser', 'perDay'] }, [
    { value: possible, words: t`a gap of ${gapText(gap)} leaves time for ${possible} a day` },
  ]);
}

function gapText(gap: number): string {
  for (const [unit, letter] of [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'm'],
  ] as const)
    if (gap % unit === 0) return `${gap / unit}${letter}`;
  return `${gap / SECOND}s`;
}

/** Who forgets `once` has one friend and one printed code of each follower count, and no more. */
function lintOnce({ campaign, say }: Linting): void {
  campaign.rules.forEach((rule, n) => {
    if (rule.once !== 'ever' || !makesClaims(rule)) return;
    const trigger = rule.on.find(({ kind }) => kind === 'friend' || kind === 'code');
    if (!trigger) return;
    const what = trigger.kind === 'friend' ? 'friend' : 'code';
    say(
      'once-too-seldom',
      ['rules', n, 'once'],
      t`"${rule.id}" is once: ever, so that one ${what} counts for each follower, and no other ${what} after it; write once: perEvent`,
    );
  });
}

// ── Prizes ───────────────────────────────────────────────────────────────────────────────────────────────────

function lintPrizes(at: Linting): void {
  const { prizes, perUser, budget } = at.campaign;
  const { days } = daysOf(at.campaign);
  for (const prize of prizes.values()) {
    const limit = (name: 'stock' | 'perDay' | 'perUser'): Limit => ({
      name,
      value: prize[name],
      path: ['prizes', prize.name, name],
    });
    const mine = isWorth(prize) ? perUser.wins : undefined;
    shadow(at, limit('perUser'), [
      { value: perUser.total, words: t`limits.perUser.total is ${perUser.total}` },
      { value: mine, words: t`limits.perUser.wins is ${mine}` },
    ]);
    if (prize.perDay !== undefined)
      shadow(at, limit('stock'), [
        { value: prize.perDay * days, words: t`perDay ${prize.perDay} on ${days} days is ${prize.perDay * days}` },
      ]);
    if (!isCash(prize)) continue;
    shadow(at, limit('stock'), [{ value: budget?.packets, words: t`budget.packets is ${budget?.packets}` }]);
    shadow(at, limit('perDay'), [
      { value: budget?.packetsPerDay, words: t`budget.packetsPerDay is ${budget?.packetsPerDay}` },
    ]);
  }
}

// ── Stores ───────────────────────────────────────────────────────────────────────────────────────────────────

function lintScenes(at: Linting): void {
  const { campaign, say } = at;
  const { perScene, perUser, budget } = campaign;
  if (Object.keys(perScene).length === 0) return;
  const hasScenes = campaign.rules.some(rule => makesClaims(rule) && hasTrigger(rule, ['scan', 'subscribe']));
  if (!hasScenes) {
    const path = ['limits', 'perScene'];
    say(
      'limit-without-effect',
      path,
      t`perScene is about scanned codes, and no rule that gives something has on: scan`,
    );
    return;
  }
  const limit = (name: 'perDay' | 'perUser'): Limit => ({
    name: `perScene.${name}`,
    value: perScene[name],
    path: ['limits', 'perScene', name],
  });
  shadow(at, limit('perUser'), [{ value: perUser.total, words: t`perUser.total is ${perUser.total}` }]);
  shadow(at, limit('perDay'), [
    { value: budget?.packetsPerDay, words: t`budget.packetsPerDay is ${budget?.packetsPerDay}` },
  ]);
  const { amountPerDay, perDay } = perScene;
  const cash = cashOf(campaign);
  if (amountPerDay === undefined || cash.length === 0) return;
  const packets = Math.floor(amountPerDay / leastOf(cash));
  const words = t`amountPerDay ${showFen(amountPerDay)} is enough for ${packets} packets at a scene`;
  shadow(at, { ...limit('perDay'), value: perDay }, [{ value: packets, words }]);
  if (budget?.perDay !== undefined && amountPerDay > budget.perDay)
    say(
      'limit-shadowed',
      ['limits', 'perScene', 'amountPerDay'],
      t`perScene.amountPerDay ${showFen(amountPerDay)} is never reached: budget.perDay is ${showFen(budget.perDay)}`,
    );
}

// ── Budget ───────────────────────────────────────────────────────────────────────────────────────────────────

function lintBudget(at: Linting): void {
  const { campaign, say } = at;
  const { budget } = campaign;
  const cash = cashOf(campaign);
  if (!budget || cash.length === 0) return;
  const { total, perDay, packets, packetsPerDay } = budget;
  const least = leastOf(cash);
  const afford = (sum: number | undefined, whose: Wording): Bound[] =>
    sum === undefined
      ? []
      : [{ sum: Math.floor(sum / least), why: t`${whose} is enough for ${Math.floor(sum / least)}` }];
  const limit = (name: string, value: number | undefined): Limit => ({ name, value, path: ['budget', name] });
  const others = (bounds: readonly Bound[]): Other[] => bounds.map(({ sum, why }) => ({ value: sum, words: why }));
  // The pace has a warning of its own.
  const ofDay = packetsOfDay(campaign).filter(({ isPace }) => !isPace);
  shadow(at, limit('packetsPerDay', packetsPerDay), others([...ofDay, ...afford(perDay, 'perDay')]));
  const inAll = packetsInAll(campaign).filter(({ isPace }) => !isPace);
  shadow(at, limit('packets', packets), others([...inAll, ...afford(total, 'total')]));
  const day = lowest(moneyOfDay(campaign).filter(({ isPace }) => !isPace));
  if (perDay !== undefined && day && day.sum < perDay * NEARLY)
    say(
      'limit-shadowed',
      ['budget', 'perDay'],
      t`perDay ${showFen(perDay)} is never reached: ${day.why}, ${showFen(fen(day.sum))} at most`,
    );
}

// ── Wallets ──────────────────────────────────────────────────────────────────────────────────────────────────

function lintWallets(at: Linting): void {
  const { campaign, say } = at;
  for (const { name, freePerDay, earnPerDay, spendPerDay } of campaign.wallets.values()) {
    const path = ['wallets', name];
    const isSpent = campaign.rules.some(({ spend, when }) => spend.has(name) || when?.source.includes(name));
    if (!isSpent)
      say('wallet-unused', path, t`nobody can do anything with "${name}": no rule has spend: { ${name}: 1 }`);
    const earning = campaign.rules.filter(({ earn }) => earn.has(name));
    if (earnPerDay !== undefined && earning.length === 0)
      say('limit-without-effect', [...path, 'earnPerDay'], t`no rule has earn: { ${name}: 1 }, so nothing is earned`);
    for (const rule of earning)
      if (earnPerDay !== undefined && rule.earn.get(name)! > earnPerDay)
        say(
          'limit-shadowed',
          ['rules', campaign.rules.indexOf(rule), 'earn', name],
          t`${rule.earn.get(name)} are more than earnPerDay ${earnPerDay}: the rest is lost`,
        );
    shadow(at, { name: 'freePerDay', value: freePerDay, path: [...path, 'freePerDay'] }, [
      { value: isSpent ? spendPerDay : undefined, words: t`spendPerDay is ${spendPerDay}` },
    ]);
  }
  const draws = payingRules(campaign).some(isDraw) || campaign.rules.some(isDraw);
  const locked = [...campaign.prizes.values()].filter(({ unlockAfter }) => unlockAfter !== undefined);
  if (!draws)
    for (const prize of locked)
      say(
        'limit-without-effect',
        ['prizes', prize.name, 'unlockAfter'],
        t`unlockAfter counts draws, and no rule draws among several prizes: "${prize.name}" can never be won`,
      );
}
