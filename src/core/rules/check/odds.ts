// Odds that rise unsaid: a prize that drops out of a draw leaves its odds to the others, and where it is a small one, or
// none at all, a follower who has had it draws a dear one next. The file has to say which is meant.

import { fen, showFen } from '../../base/money.ts';
import { t, type Wording } from '../../base/words/words.ts';
import type { Written, WrittenRule } from '../language/file.ts';
import type { WrittenPrize } from '../schema/written.ts';
import { listsOf } from '../schema/written.ts';

import type { Checking } from './common.ts';
import { amountsOf } from './prize.ts';

type Drawn = {
  readonly name: string;
  readonly prize: WrittenPrize;
  readonly weight: number;
  /** The most it can be, and what it is on the average, fen. What a coupon is worth nobody knows: more than nothing. */
  readonly most: number;
  readonly mean: number;
};

export function checkOdds(rule: WrittenRule, { file, say }: Checking): void {
  const fallback = fallbackIn(file);
  const isKept = fallback !== undefined && fallback.runsOut === undefined;
  if (rule.odds) {
    if (isKept)
      say(rule.odds.at, t`"${fallback.name}" is the fallback, by which odds stay as they are; leave \`odds\` out`);
    return;
  }
  if (isKept) return;
  for (const names of listsOf(rule)) {
    const drawn = names.flatMap(({ value, at }) => {
      const prize = file.prizes?.get(value);
      return prize ? [{ ...drawnAs(value, prize), at }] : [];
    });
    const risen = drawn.length === names.length ? riseIn(drawn, rule) : undefined;
    if (!risen) continue;
    const { prize, gone, why, before, after } = risen;
    const worth = prize.most < 1 ? '' : ` (${showFen(fen(prize.most))})`;
    const also = fallback ? t`; the fallback "${fallback.name}" can run out itself (${fallback.runsOut})` : '';
    say(
      prize.at,
      t`"${gone}" drops out of this draw (${why}), and then "${prize.name}"${worth} is drawn with ${percent(after)} instead of ${percent(before)}${also}. Write fallback: true in a prize without limits that is given in place of what is gone: the odds stay as they are; or odds: rise in the rule if this is meant`,
    );
  }
}

/** `runsOut`: why it may not be there when it is needed. */
function fallbackIn({ prizes }: Written): { readonly name: string; readonly runsOut: Wording | undefined } | undefined {
  const [found] = [...(prizes ?? [])].filter(([, prize]) => prize?.fallback);
  if (!found) return undefined;
  const [name, prize] = found;
  return { name, runsOut: whyGone(prize!, undefined, undefined) };
}

function drawnAs(name: string, prize: WrittenPrize): Drawn {
  const amounts = amountsOf(prize);
  const blank = prize.coupon ? 0.5 : 0;
  const most = Math.max(blank, ...amounts.map(({ max }) => max));
  const mean =
    amounts.length === 0 ? blank : amounts.reduce((sum, { min, max }) => sum + (min + max) / 2, 0) / amounts.length;
  return { name, prize, weight: prize.weight?.value ?? 1, most, mean };
}

type Risen<D> = {
  readonly prize: D;
  readonly gone: string;
  readonly why: Wording;
  readonly before: number;
  readonly after: number;
};

/** Of the dearest prize whose odds can rise because cheaper ones drop out: by how much. */
function riseIn<D extends Drawn>(drawn: readonly D[], rule: WrittenRule): Risen<D> | undefined {
  const total = drawn.reduce((sum, { weight }) => sum + weight, 0);
  for (const prize of [...drawn].sort((a, b) => b.most - a.most)) {
    if (prize.most === 0 || prize.weight === 0) continue;
    const cheaper = drawn.filter(each => each !== prize && (each.most < prize.most || each.mean < prize.mean));
    const gone = cheaper.flatMap(each => {
      const why = each.weight > 0 ? whyGone(each.prize, prize.prize, rule) : undefined;
      return why === undefined ? [] : [{ each, why }];
    });
    const [first] = gone;
    if (!first) continue;
    const left = total - gone.reduce((sum, { each }) => sum + each.weight, 0);
    return { prize, gone: first.each.name, why: first.why, before: prize.weight / total, after: prize.weight / left };
  }
  return undefined;
}

/** Why a prize may not be there while the other one is; `undefined`: it always is. */
function whyGone(
  prize: WrittenPrize,
  other: WrittenPrize | undefined,
  rule: WrittenRule | undefined,
): Wording | undefined {
  for (const key of ['perUser', 'stock', 'perDay'] as const) {
    const bound = prize[key];
    if (bound) return `${key} ${bound.value}`;
  }
  if (prize.coupon) return t`its list ${prize.coupon.value} ends`;
  const { unlockAfter, window, redpacket } = prize;
  if (unlockAfter && unlockAfter.value > (other?.unlockAfter?.value ?? 0)) return t`unlockAfter ${unlockAfter.value}`;
  if (window && timesOf(window) !== timesOf(other?.window)) return t`its window`;
  const { split, steps } = redpacket?.value ?? {};
  if (split && !other?.redpacket?.value.split) return t`its round ends`;
  const from = steps?.[0]?.key?.value;
  if (from === undefined) return undefined;
  const triggers = rule?.on?.value ?? [];
  const isPaid = triggers.every(trigger => trigger.kind === 'paid' && (trigger.over ?? 0) >= from);
  return isPaid && rule ? undefined : t`its steps begin at ${showFen(from)}`;
}

function timesOf(window: WrittenPrize['window']): string {
  return JSON.stringify([window?.from?.value, window?.to?.value, window?.hours?.value]);
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}
