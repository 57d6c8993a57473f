// What a payment earned beside red packets, taken back when its refund is told: chances, points, counted times, days of a
// streak, the payer's and those of whoever invited them. What was earned stands in the journal, with the decisions; so
// nothing of it depends on today's rules. It is done in the refund's own commit, and once.

import type { Counter } from '../base/counter.ts';
import type { Event, EventKey } from '../base/event.ts';
import { countersOf } from '../decide/decide.ts';
import { type Decision, partsOf, type Trace } from '../decide/decision.ts';
import { takesBackDraws } from '../decide/prize-offer.ts';
import { friendKey } from '../match/follower.ts';
import { MECHANICS } from '../mechanics/index.ts';
import type { TakesBack, Undoing } from '../mechanics/mechanic.ts';
import { rewardedCounter, rewardedIn, takenBackCounter } from '../mechanics/refund.ts';
import { paymentKey } from './payment.ts';

type Value = (counter: string) => number;
type Refund = Extract<Event, { readonly kind: 'refunded' }>;
/** As much of a journal line as is looked at. */
export type Earning = { readonly event: Event; readonly decision: Decision };

/** What is counted of the payment that a refund is about, for `takenBack`; nothing for any other event. */
export function paymentCounters(event: Event): readonly string[] {
  return event.kind === 'refunded' ? [rewardedCounter(event.transaction), takenBackCounter(event.transaction)] : [];
}

/** The keys under which the decisions on this payment stand in the journal: the payer's own, and their inviter's. */
export function earningKeys({ transaction, user }: Refund): readonly EventKey[] {
  return [paymentKey(transaction), friendKey(user, 'paid')];
}

/** Those of the lines under these keys that are about this payment. A refund that named nobody has none. */
export function earningsOf(lines: readonly Earning[], { account, transaction }: Refund): readonly Earning[] {
  return lines.filter(({ event }) => event.account === account && rewardedIn(event) === transaction);
}

/** The counters that `takenBack` reads. */
export function takeBackWants(earnings: readonly Earning[]): readonly string[] {
  const wanted = earnings.flatMap(({ decision }) => countersOf(decision)).flatMap(each => undoingOf(each)?.wants ?? []);
  return [...new Set(wanted)];
}

export type TakenBack = {
  readonly counters: readonly Counter[];
  /** Which rules had given it, and what is gone. */
  readonly trace: Trace;
};

/** Of several refunds of one payment the first one takes all of it back, however small the part it gave back. */
export function takenBack(earnings: readonly Earning[], { transaction }: Refund, value: Value): TakenBack {
  const rewarded = rewardedCounter(transaction);
  // Whoever rewards it in this very moment is seen: it is lost and decided anew.
  const guard = { name: rewarded, add: 0, max: value(rewarded) };
  if (value(takenBackCounter(transaction)) > 0) return { counters: [guard], trace: [] };
  const counters: Counter[] = [];
  const trace: Trace[number][] = [];
  for (const { decision } of earnings) {
    for (const { counted, ...rule } of givenBy(decision)) {
      const undone = counted.flatMap(each => undoingOf(each)?.undo(value) ?? []);
      if (undone.length === 0) continue;
      counters.push(...undone.flatMap(each => each.counters));
      trace.push({ ...rule, checks: undone.map(({ check }) => check), isTakenBack: true });
    }
  }
  const once = counters.length > 0 ? [{ name: takenBackCounter(transaction), add: 1, max: 1 }] : [];
  return { counters: [guard, ...once, ...counters], trace };
}

type By = Omit<Trace[number], 'checks'> & { readonly counted: readonly Counter[] };

/** What each rule had counted, its own and the shadows'. */
function givenBy(decision: Decision): By[] {
  return [...partsOf(decision), ...(decision.shadows ?? [])].map(({ campaign, rule, counters: counted = [] }) => {
    const hash = decision.trace.find(line => line.campaign === campaign && line.rule === rule)?.hash ?? '';
    return { campaign, rule, hash, counted };
  });
}

const BACK: readonly TakesBack[] = [
  ...MECHANICS.flatMap(({ takesBack }) => (takesBack === 'nothing' ? [] : [takesBack])),
  takesBackDraws,
];

/** What a refund undoes of what a claim has counted; `undefined`: it stays. */
function undoingOf(counted: Counter): Undoing | undefined {
  for (const takesBack of BACK) {
    const undoing = takesBack(counted);
    if (undoing) return undoing;
  }
  return undefined;
}
