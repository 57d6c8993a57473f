// Writes what a repair has found out: one commit for each claim, and what it came to as one line for the operator.

import { claimRepairOf, type Lost, passedBy, payoutOf, repairOf } from '../../core/audit/repair.ts';
import type { Counter } from '../../core/base/counter.ts';
import { Fault } from '../../core/base/error.ts';
import { eventKey, type OpenId } from '../../core/base/event.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { t, type Wording } from '../../core/base/words/words.ts';
import type { Claim } from '../../core/decide/decision.ts';

import type { BillNo, Payout, PayoutState } from '../../core/payout/payout.ts';
import type { Award } from '../../core/payout/plan.ts';
import type { Commit } from '../../ports.ts';
import { payablesOf, type RepairPorts } from './ports.ts';

/**
 * `restored`: claim and payout are back · `claim`: the claim, for its payout was there · `caughtUp`: the payout was there,
 * and behind · `unknown`: the money is accounted for, who has it or why is not known · `left`: not repaired.
 */
export type RepairLine = {
  readonly billNo: string;
  readonly what: 'restored' | 'claim' | 'caughtUp' | 'unknown' | 'left';
  readonly campaign?: string;
  readonly claimKey?: string;
  readonly user?: OpenId;
  readonly amount?: number;
  readonly state?: PayoutState;
  readonly notes: readonly Wording[];
};

/** How often a commit is made anew because another one came in between. */
const RACES_MAX = 20;

type Written = { readonly payout: Payout; readonly notes: readonly Wording[] };

/** `undefined`: somebody else wrote this claim or this number meanwhile. `isUnsent`: it is owed, and due to be sent. */
export async function writeLost(ports: RepairPorts, lost: Lost, isUnsent = false): Promise<Written | undefined> {
  const { store, clock } = ports;
  const { payable, user, award } = lost;
  const counters = award.counters.map(({ name }) => name);
  let written: Written | undefined;
  const isDone = await commitOnce(ports, payoutOf(lost, clock()).billNo, async () => {
    const wanted = { account: payable.account.name, user, merchant: undefined, claims: [], counters };
    const counts = (await store.facts(wanted)).counters;
    const repair = repairOf(lost, clock());
    const payout: Payout = isUnsent ? { ...repair.payout, nextDo: 'send' } : repair.payout;
    written = { payout, notes: passedBy(repair, counts).map(counter => passedWords(counter, counts)) };
    return { ...repair, payout };
  });
  return isDone ? written : undefined;
}

/** The claim of a payout that has lost its own; `undefined`: it is there by now. */
export async function writeClaim(ports: RepairPorts, payout: Payout, award?: Award): Promise<Claim | undefined> {
  const payable = payablesOf(ports.config, ports.campaigns).find(({ campaign }) => campaign.id === payout.campaign);
  const make = (): Omit<Commit, 'payout'> & { claim: Claim } =>
    claimRepairOf(payout, { award, payable }, ports.clock());
  return (await commitOnce(ports, undefined, async () => make())) ? make().claim : undefined;
}

async function commitOnce(
  { store }: RepairPorts,
  billNo: BillNo | undefined,
  make: () => Promise<Commit>,
): Promise<boolean> {
  let tail = '';
  for (let race = 1; race <= RACES_MAX; race++) {
    const commit = await make();
    const { event } = commit;
    const key = eventKey(`${event.key}${tail}`);
    try {
      const committed = await store.commit({ ...commit, event: { ...event, key } });
      if (committed.kind === 'done') return true;
      if (committed.kind === 'claimed') return false;
      // A repair of the same number whose claim was lost once more: only the claim says whether it is there.
      if (committed.kind === 'answered') tail = `:${race}`;
    } catch (error) {
      // The number is taken: the bot has written it under another claim, or the same one.
      if (!(error instanceof Fault) || billNo === undefined || !(await store.payout(billNo))) throw error;
      return false;
    }
  }
  throw new Fault('store', 'safe', 'RACE', `a repair lost ${RACES_MAX} races in a row; run it again`);
}

function passedWords({ name, add, max }: Counter, counts: ReadonlyMap<string, number>): Wording {
  const show = (value: number): string => (/\/amount(?:\/|$)/.test(name) ? showFen(fen(value)) : String(value));
  return t`counter ${name} stands at ${show((counts.get(name) ?? 0) + add)}, and its maximum is ${show(max)}`;
}

/** A claim cannot be written twice, and without it no payout can. */
export const NOT_REPAIRABLE = t`its claim is there and its payout is not, which no commit leaves behind: this store was damaged. Nobody is paid for this claim again. Take a newer backup; or look the number up in 商户平台, and if it was not paid, pay it by hand with \`hongbao send\``;

export function lineOf(
  what: RepairLine['what'],
  { billNo, campaign, claimKey, user, amount, state }: Payout,
  notes: readonly (Wording | undefined)[] = [],
): RepairLine {
  const said = notes.filter(note => note !== undefined);
  return { billNo, what, campaign, claimKey, user, amount, state, notes: said };
}
