// What must fit together in a prize (奖品): what it is worth, how many there are, when it can be won.

import type { Place } from '../../base/error.ts';
import { type Fen, fen, showFen } from '../../base/money.ts';
import { beijingText, type Instant } from '../../base/time.ts';
import { t } from '../../base/words/words.ts';
import type { Written } from '../language/file.ts';
import { SCENES } from '../schema/file.ts';
import { costsMoney, isWritten, listsOf, type Say, sayUnknown, type WrittenPrize } from '../schema/written.ts';
import type { Checking } from './common.ts';

/** WeChat pays between these without being told a scene, and between those with one (reference 2.4). */
const USUAL = { min: fen(100), max: fen(20_000) };
/** One group packet (裂变红包). */
const GROUP_MAX = fen(100_000);
const POSSIBLE = { min: fen(30), max: fen(499_900) };

export function checkPrizes(check: Checking): void {
  let fallback: string | undefined;
  for (const [name, prize] of check.file.prizes ?? []) {
    if (!prize) continue;
    checkPrize(name, prize, check);
    if (!prize.fallback) continue;
    const { at } = prize.fallback;
    if (costsMoney(prize))
      check.say(at, t`"${name}" is worth money; what is given when nothing is left must cost nothing`);
    else if (fallback === undefined) fallback = name;
    else check.say(at, t`"${fallback}" is the fallback already; there is one in a campaign`);
  }
  checkInstead(check);
  checkCoupons(check);
}

function checkPrize(name: string, prize: WrittenPrize, { file, say }: Checking): void {
  const { weight, shares, stock } = prize;
  const isShared = (file.rules ?? []).some(({ value: rule }) =>
    listsOf(rule).some(list => list.length > 1 && list.some(each => each.value === name)),
  );
  if (weight?.value === 0 && isShared)
    say(weight.at, t`a weight of 0 is never drawn; take "${name}" out of \`give\` instead`);
  for (const key of ['perDay', 'perUser'] as const) {
    const bound = prize[key];
    if (bound && stock && bound.value > stock.value)
      say(bound.at, t`${key} ${bound.value} is more than stock ${stock.value}`);
  }
  checkSteps(prize, say);
  checkWindow(prize, file, say);
  const amounts = amountsOf(prize);
  for (const amount of amounts) checkAgainstBudget(name, amount, file, say);
  if (shares?.value !== undefined) checkShares(shares.value, shares.at, prize, say);
  else if (!prize.voucher) for (const amount of amounts) checkAmount(amount, file, say);
  checkVoucher(prize, say);
  for (const { key } of prize.earn?.value ?? [])
    if (key) sayUnknown(t`wallet`, key, [...(file.wallets?.keys() ?? [])], say, t`add it to \`wallets\``);
  const isOneOfAll = (file.rules ?? []).some(
    ({ value: { give } }) => give?.value.all && give.value.names?.some(each => each.value === name),
  );
  if (prize.earn && isOneOfAll) say(prize.earn.at, t`with give: { all: … } write \`earn\` in the rule instead`);
}

/** Its stock gives each at most so much (单张面额). */
const VOUCHER_MAX = fen(50_000);

function checkVoucher({ voucher }: WrittenPrize, say: Say): void {
  const { value } = voucher ?? {};
  if (value && value.value > VOUCHER_MAX)
    say(
      value.at,
      t`${showFen(value.value)} is more than WeChat Pay ever takes off by one voucher, ${showFen(VOUCHER_MAX)}`,
    );
}

// ── What it is worth ─────────────────────────────────────────────────────────────────────────────────────────

type Amount = { readonly at: Place; readonly min: Fen; readonly max: Fen };

/** Every amount it can come to, where it is written. */
export function amountsOf({ redpacket, voucher }: WrittenPrize): Amount[] {
  if (voucher?.value) return [{ at: voucher.value.at, min: voucher.value.value, max: voucher.value.value }];
  if (!redpacket) return [];
  const { range, split, steps } = redpacket.value;
  const { min, max } = range ?? split ?? {};
  if (min !== undefined && max !== undefined) return [{ at: redpacket.at, min, max }];
  return (steps ?? []).flatMap(({ value }) => (value ? [{ at: value.at, min: value.value, max: value.value }] : []));
}

function checkAgainstBudget(name: string, { at, min, max }: Amount, { budget }: Written, say: Say): void {
  const { total, perDay } = budget ?? {};
  if (max > POSSIBLE.max) return;
  if (total && max > total.value)
    say(at, t`prize "${name}" is worth ${showFen(max)}, more than budget.total ${showFen(total.value)}`);
  else if (perDay && min > perDay.value) {
    say(
      at,
      t`prize "${name}" is worth ${showFen(min)}, more than budget.perDay ${showFen(perDay.value)}: nobody could win it`,
    );
  }
}

function checkAmount({ at, min, max }: Amount, { packet }: Written, say: Say): void {
  if (max > POSSIBLE.max) {
    say(at, t`${showFen(max)} is more than WeChat ever pays in one red packet, ${showFen(POSSIBLE.max)}`);
  } else if (min < POSSIBLE.min) {
    say(
      at,
      t`${showFen(min)} is less than WeChat ever pays in one red packet, ${showFen(POSSIBLE.min)}; without a scene it is ${showFen(USUAL.min)}`,
    );
  } else if ((min < USUAL.min || max > USUAL.max) && !isWritten(packet?.value, 'scene')) {
    const which = min < USUAL.min ? t`below ${showFen(USUAL.min)}` : t`above ${showFen(USUAL.max)}`;
    say(
      at,
      t`WeChat pays an amount ${which} only with a scene: add packet.scene, one of ${Object.keys(SCENES).join(', ')}`,
    );
  }
}

/** 裂变红包: one sum for the whole group, ¥1.00 a share on the average, at most ¥1000.00. */
function checkShares(shares: number, at: Place, prize: WrittenPrize, say: Say): void {
  const { range, split, steps } = prize.redpacket?.value ?? {};
  const { min, max } = range ?? {};
  if (split || steps || min !== max)
    say(at, t`a group packet has one amount for the whole group; write redpacket: ¥10.00, not a range`);
  if (!isWritten(prize, 'redpacket')) say(at, t`only a red packet has shares; leave the key out`);
  if (min === undefined || max === undefined) return;
  if (min < shares * USUAL.min)
    say(at, t`${shares} shares need at least ${showFen(fen(shares * USUAL.min))}: ¥1.00 each on the average`);
  if (max > GROUP_MAX) say(at, t`a group packet has at most ${showFen(GROUP_MAX)}`);
}

function checkSteps({ redpacket }: WrittenPrize, say: Say): void {
  let before: Fen | undefined;
  for (const { key } of redpacket?.value.steps ?? []) {
    if (!key) continue;
    if (before !== undefined && key.value <= before)
      say(key.at, t`steps go from the smallest to the largest: ${showFen(key.value)} stands behind ${showFen(before)}`);
    before = key.value;
  }
}

// ── When it can be won ───────────────────────────────────────────────────────────────────────────────────────

function checkWindow({ window }: WrittenPrize, { period }: Written, say: Say): void {
  const { from, to, hours } = window ?? {};
  const text = (at: Instant): string => beijingText(at).slice(0, 16);
  if (from && to && from.value >= to.value)
    say(to.at, t`the window ends (${text(to.value)}) before it begins (${text(from.value)})`);
  for (const edge of [from, to]) {
    if (!edge || !period?.from || !period.to) continue;
    if (edge.value < period.from.value || edge.value > period.to.value) {
      const range = `${text(period.from.value)} – ${text(period.to.value)}`;
      say(edge.at, t`${text(edge.value)} is outside the period, ${range}`);
    }
  }
  if (!hours || !period?.hours?.length) return;
  const isEver = hours.value.some(([a = 0, b = 0]) => period.hours!.some(([c = 0, d = 0]) => a < d && c < b));
  if (!isEver) say(hours.at, t`the campaign is closed in these hours: nobody could win it`);
}

// ── What is given instead (`fallbackTo`) ─────────────────────────────────────────────────────────────────────

/** Kinds that can be given outside of any rule. */
const INSTEAD = ['redpacket', 'voucher', 'coupon', 'text', 'goods'] as const;

function checkInstead({ file, say }: Checking): void {
  const prizes = file.prizes ?? new Map<string, WrittenPrize>();
  const drawn = [...(file.draws?.values() ?? [])].flatMap(each => each?.winners?.map(({ key }) => key?.value) ?? []);
  for (const [name, prize] of prizes) {
    if (!prize?.fallbackTo) continue;
    const { value: other, at } = prize.fallbackTo;
    sayUnknown(t`prize`, prize.fallbackTo, [...prizes.keys()], say);
    const instead = prizes.get(other);
    if (!costsMoney(prize))
      say(at, t`WeChat Pay refuses nobody "${name}": only red packets and vouchers have \`fallbackTo\``);
    if (!instead) continue;
    const { split, steps } = instead.redpacket?.value ?? {};
    if (!INSTEAD.some(kind => isWritten(instead, kind)))
      say(at, t`"${other}" is no consolation: \`fallbackTo\` names a red packet, a voucher, a coupon, a text or goods`);
    else if (split || steps || instead.shares)
      say(at, t`"${other}" has no amount outside of its rule; \`fallbackTo\` names one of a plain amount`);
    else if (drawn.includes(other)) say(at, t`"${other}" is kept for a draw, which gives all of it`);
    else if (leadsTo(name, other, prizes)) say(at, t`"${name}" falls back to itself in the end, by "${other}"`);
    else if (mostOf(instead) > mostOf(prize))
      say(
        at,
        t`"${other}" is worth ${showFen(mostOf(instead))}, more than "${name}", ${showFen(mostOf(prize))}; what is given instead is no dearer`,
      );
  }
}

/** Whether the way of `fallbackTo` from there comes back to this one. */
function leadsTo(name: string, from: string, prizes: ReadonlyMap<string, WrittenPrize | null | undefined>): boolean {
  const seen = new Set<string>();
  for (let at: string | undefined = from; at !== undefined && !seen.has(at); at = prizes.get(at)?.fallbackTo?.value) {
    if (at === name) return true;
    seen.add(at);
  }
  return false;
}

function mostOf(prize: WrittenPrize): Fen {
  return fen(Math.max(0, ...amountsOf(prize).map(({ max }) => max)));
}

// ── Coupons (券码) ────────────────────────────────────────────────────────────────────────────────────────────

function checkCoupons({ file, data, say }: Checking): void {
  const owners = new Map<string, string>();
  for (const [name, prize] of file.prizes ?? []) {
    if (prize?.column && !isWritten(prize, 'coupon'))
      say(prize.column.at, t`\`column\` says which column of a list of coupons is meant; write it beside \`coupon\``);
    if (!prize?.coupon) continue;
    const list = data.coupons(prize.coupon, say, prize.column?.value);
    if (list && prize.stock && prize.stock.value > list.length)
      say(
        prize.stock.at,
        t`stock ${prize.stock.value} is more than the ${list.length} coupons in ${prize.coupon.value}`,
      );
    const owner = owners.get(prize.coupon.value);
    if (owner === undefined) owners.set(prize.coupon.value, name);
    else
      say(
        prize.coupon.at,
        t`${prize.coupon.value} is the list of "${owner}" already: each coupon would be given twice`,
      );
  }
}
