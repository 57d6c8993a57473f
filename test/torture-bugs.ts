// Bugs on purpose, to see that the verdict finds them. Each is planted between a worker and its ports; what the verdict
// watches sits outside of them, and sees what the worker is told.
import type { EventKey } from '../src/core/event.ts';
import type { Flow } from '../src/flow.ts';
import type { Lease, Payer, Store } from '../src/ports.ts';
import type { StoreBug } from './torture-driver.ts';
import type { Dice } from './torture-time.ts';

export const BUGS = [
  'sent-before-call', // the answer is taken for granted before the call was made
  'new-number-after-silence', // a try whose answer was lost is repeated under another number
  'counters-beside-commit', // budgets move in a write of their own
  'claim-not-unique', // a redelivery makes a claim of its own
  'answer-before-commit', // the follower is told before anything is written
  'refund-forgotten', // money that comes back is not given back to the budget
  'no-fence', // who has lost the turn goes on with what it was about to begin
  'lease-for-all', // whoever asks for the turn gets it
] as const;
export type Bug = (typeof BUGS)[number];

export type Planted = {
  readonly bug: Bug | undefined;
  readonly dice: Dice;
  /** The leases there are, for the bug that hands out what somebody has. */
  readonly leases: Map<string, Lease>;
};

/** A process, as a bug sees it. */
export type Host = { readonly name: string; now(): number };

export function storeBugOf(bug: Bug | undefined): StoreBug | undefined {
  return undefined;
}

export function buggyFlow(flow: Flow, { bug }: Planted, host: Host): Flow {
  return flow;
}

export function withBug(store: Store, { bug, dice, leases }: Planted, host: Host): Store {
  switch (bug) {
    case 'counters-beside-commit':
      return {
        ...store,
        commit: async commit => {
          const done = await store.commit({ ...commit, counters: [] });
          if (done.kind !== 'done' || commit.counters.length === 0) return done;
          const { claim: _, payout: __, follower: ___, ...rest } = commit;
          await store.commit({ ...rest, event: { ...commit.event, key: `${commit.event.key}#counters` as EventKey } });
          return done;
        },
      };
    case 'claim-not-unique':
      return {
        ...store,
        answered: async () => undefined,
        commit: commit => {
          if (!commit.claim || !commit.payout) return store.commit(commit);
          const salt = String(dice.next());
          const claimKey = `${commit.claim.key}#${salt}`;
          const billNo =
            `${commit.payout.billNo.slice(0, 18)}${salt.slice(2, 12).padEnd(10, '0')}` as typeof commit.payout.billNo;
          return store.commit({
            ...commit,
            event: { ...commit.event, key: `${commit.event.key}#${salt}` as EventKey },
            claim: { ...commit.claim, key: claimKey },
            payout: { ...commit.payout, claimKey, billNo },
          });
        },
      };
    case 'answer-before-commit':
      return {
        ...store,
        commit: async commit => {
          if (dice.chance(0.1)) return { kind: 'done' }; // it died before the write it had promised
          return store.commit(commit);
        },
      };
    case 'refund-forgotten':
      return {
        ...store,
        advance: (step, under) =>
          store.advance(step.move === 'sent→refunded' ? { ...step, move: 'none' } : step, under),
      };
    case 'no-fence':
      return { ...store, advance: step => store.advance(step) };
    case 'lease-for-all':
      return {
        ...store,
        lease: async (name, holder, ms, now) => {
          const other = leases.get(name);
          const mine = await store.lease(name, holder, ms, now);
          if (!mine && other) await store.release(other, now);
          const lease = mine ?? (await store.lease(name, holder, ms, now));
          if (lease) leases.set(name, lease);
          return lease;
        },
      };
    default:
      return store;
  }
}

export function buggyPayer(payer: Payer, { bug, dice }: Planted, host: Host): Payer {
  switch (bug) {
    case 'sent-before-call':
      return {
        ...payer,
        send: async payout => {
          if (dice.chance(0.9)) return payer.send(payout);
          return { kind: 'accepted' }; // noted first; the call that was to follow never came
        },
        query: payout => payer.query(payout),
      };
    case 'new-number-after-silence':
      return {
        ...payer,
        send: payout =>
          payer.send(
            payout.tries > 1
              ? {
                  ...payout,
                  billNo:
                    `${payout.billNo.slice(0, -2)}${String(payout.tries).padStart(2, '0')}` as typeof payout.billNo,
                }
              : payout,
          ),
        query: payout => payer.query(payout),
      };
    default:
      return payer;
  }
}
