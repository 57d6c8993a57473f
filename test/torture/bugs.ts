// Bugs on purpose, to see that the verdict finds them. Each is planted between a worker and its ports; what the verdict
// watches sits outside of them, and sees what the worker is told. Those about counting: `bugs-count.ts`.
import { eventKey } from '../../src/core/base/event.ts';
import { instant } from '../../src/core/base/time.ts';
import { asBillNo, type Payout } from '../../src/core/payout/payout.ts';
import type { Flow } from '../../src/engine/flow.ts';
import type { Answer, Commit, Payer, Store } from '../../src/ports.ts';
import type { Call, Lost, Transport } from '../../src/wechat/transport.ts';
import { COUNT_BUGS, type CountBug, countingWrong } from './bugs-count.ts';
import type { StoreBug } from './driver.ts';
import type { Torture, Wish } from './world.ts';

const OTHER_BUGS = [
  'sent-before-call', // the answer is taken for granted before the call was made
  'new-number-after-silence', // a try whose answer was lost is repeated under another number
  'counters-beside-commit', // budgets move in a write of their own
  'claim-not-unique', // a redelivery makes a claim of its own
  'answer-before-commit', // the follower is told before anything is written
  'refund-forgotten', // money that comes back is not given back to the budget
  'no-fence', // who has lost the turn goes on with what it was about to begin
  'lease-for-all', // whoever asks for the turn gets it
  'lease-by-name', // a lease is held by its holder's name, not by its fence
  'tells-before-commit', // the group commit tells its writers before its COMMIT
  'undo-keeps-its-work', // what a write undoes stays in the transaction
  'own-halt-ignored', // the bot keeps to the operator's halts only
  'paid-not-durable', // a payment is "heard" before it is written
  'failure-remembered', // an event that failed once fails for ever
  'our-clock-orders', // pushes are put in order by our clock instead of WeChat's
  'number-by-clock', // a transfer is held for failed because it is old
  'second-key-ignored', // what WeChat Pay signs with its other key is thrown away
  'cancel-replanned', // what the operator takes back is offered again
  'unknown-reason-owed', // a transfer that failed for a reason nobody knows is made again
  'voucher-under-new-number', // a voucher whose answer was lost is sent again under another number
  'authorization-unasked', // an authorization of which WeChat Pay does not tell is never asked after
  'refund-leaves-held', // a refund takes back only what was never tried
] as const;
type OtherBug = (typeof OTHER_BUGS)[number];

export const BUGS = [...OTHER_BUGS, ...COUNT_BUGS];
export type Bug = OtherBug | CountBug;

/** What a world must have for a bug to show soon. */
export const wishesOf = (bug: Bug | undefined): readonly Wish[] =>
  bug === 'voucher-under-new-number' ? ['vouchers'] : bug === 'authorization-unasked' ? ['authorized'] : [];

/** A process, as a bug sees it. */
export type Host = { readonly name: string; now(): number };

export function storeBugOf(bug: Bug | undefined): StoreBug | undefined {
  return bug === 'tells-before-commit' || bug === 'undo-keeps-its-work' ? bug : undefined;
}

export function buggyFlow(flow: Flow, { bug }: Torture, host: Host): Flow {
  switch (bug) {
    case 'failure-remembered': {
      const all = new Map<string, Promise<Answer>>();
      return withHandle(flow, event => {
        const answer = all.get(event.key) ?? flow.handle(event);
        all.set(event.key, answer);
        return answer;
      });
    }
    case 'our-clock-orders':
      return withHandle(flow, event => flow.handle({ ...event, sentAt: instant(host.now()) }));
    default:
      return flow;
  }
}

const withHandle = (flow: Flow, handle: Flow['handle']): Flow => ({ ...flow, handle, answer: handle });

export function withBug(store: Store, torture: Torture, host: Host): Store {
  const { bug } = torture;
  return {
    ...store,
    ...countingWrong(store, torture, host),
    ...(bug && wrongStore(store, torture, host, bug as OtherBug)),
  };
}

function wrongStore(store: Store, torture: Torture, host: Host, bug: OtherBug): Partial<Store> {
  const { dice, leases } = torture;
  switch (bug) {
    case 'counters-beside-commit':
      return { commit: commit => countedBeside(store, commit) };
    case 'claim-not-unique':
      return {
        begin: async (_, wanted) => ({ kind: 'new', facts: await store.facts(wanted) }),
        commit: commit => store.commit(madeUnlike(commit, String(dice.next()))),
      };
    case 'answer-before-commit':
      return {
        // It died before the write it had promised.
        commit: async commit => (dice.chance(0.1) ? { kind: 'done' } : store.commit(commit)),
      };
    case 'paid-not-durable':
      return {
        commit: async commit => {
          const isMoney = commit.event.kind === 'paid' || commit.event.kind === 'refunded';
          return isMoney && dice.chance(0.1) ? { kind: 'done' } : store.commit(commit);
        },
      };
    case 'refund-forgotten':
      return {
        advance: (step, under) =>
          store.advance(step.move === 'sent→refunded' ? { ...step, move: 'none' } : step, under),
      };
    case 'no-fence':
      return { advance: step => store.advance(step) };
    case 'lease-for-all':
      return {
        lease: async (name, holder, ms, now) => {
          const other = leases.get(name);
          const mine = await store.lease(name, holder, ms, now);
          if (!mine && other) await store.release(other, now);
          const lease = mine ?? (await store.lease(name, holder, ms, now));
          if (lease) leases.set(name, lease);
          return lease;
        },
      };
    case 'lease-by-name':
      return {
        lease: async (name, holder, ms, now) => {
          const lease = await store.lease(name, holder, ms, now);
          if (lease) leases.set(name, lease);
          return lease;
        },
        advance: (step, under) => {
          const newest = under && leases.get(under.name);
          return store.advance(step, newest?.holder === under?.holder ? newest : under);
        },
      };
    case 'own-halt-ignored':
      return {
        halt: async merchant => {
          const halt = await store.halt(merchant);
          return halt?.by === 'bot' ? undefined : halt;
        },
      };
    case 'cancel-replanned': {
      if (!host.name.startsWith('worker')) return {};
      const unmarked = (payout: Payout): Payout => {
        const { stopped, ...rest } = payout;
        return stopped === 'calledOff' ? rest : payout;
      };
      return {
        due: async (...asked) => (await store.due(...asked)).map(unmarked),
        payouts: async filter => (await store.payouts(filter)).map(unmarked),
        advance: (step, under) => store.advance({ ...step, payout: unmarked(step.payout) }, under),
      };
    }
    case 'refund-leaves-held':
      return {
        payouts: async filter => {
          const payouts = await store.payouts(filter);
          return filter.user === undefined
            ? payouts
            : payouts.filter(({ undoneBy, tries }) => !undoneBy || tries === 0);
        },
      };
    default:
      return {};
  }
}

async function countedBeside(store: Store, commit: Commit): ReturnType<Store['commit']> {
  const done = await store.commit({ ...commit, counters: [] });
  if (done.kind !== 'done' || commit.counters.length === 0) return done;
  const { claim: _, payout: __, follower: ___, ...rest } = commit;
  await store.commit({ ...rest, event: { ...commit.event, key: eventKey(`${commit.event.key}#counters`) } });
  return done;
}

function madeUnlike(commit: Commit, salt: string): Commit {
  if (!commit.claim || !commit.payout) return commit;
  const claimKey = `${commit.claim.key}#${salt}`;
  const billNo = asBillNo(`${commit.payout.billNo.slice(0, 18)}${salt.slice(2, 12).padEnd(10, '0')}`);
  return {
    ...commit,
    event: { ...commit.event, key: eventKey(`${commit.event.key}#${salt}`) },
    claim: { ...commit.claim, key: claimKey },
    payout: { ...commit.payout, claimKey, billNo },
  };
}

/** … and its call. */
export function buggyTransport(transport: Transport, { bug }: Torture): Transport {
  if (bug !== 'authorization-unasked') return transport;
  const unasked: Lost = { seen: { kind: 'silence', code: 'UNASKED', text: '' } };
  const isQuestion = ({ method, path }: Call): boolean => method === 'GET' && path.includes('/out-authorization-no/');
  return { ...transport, call: async call => (isQuestion(call) ? unasked : transport.call(call)) };
}

const OLD_MS = 5 * 3_600_000;

export function buggyPayer(payer: Payer, { bug, dice }: Torture, host: Host): Payer {
  const { send, query } = payer;
  switch (bug) {
    case 'sent-before-call':
      return {
        ...payer,
        // Noted first; the call that was to follow never came.
        send: async payout => (dice.chance(0.9) ? send(payout) : { kind: 'accepted' }),
        query,
      };
    case 'voucher-under-new-number':
    case 'new-number-after-silence':
      return {
        ...payer,
        send: payout =>
          send(
            payout.tries > 1 && (bug === 'new-number-after-silence' || payout.request.channel === 'voucher')
              ? {
                  ...payout,
                  billNo: asBillNo(`${payout.billNo.slice(0, -2)}${String(payout.tries).padStart(2, '0')}`),
                }
              : payout,
          ),
        query,
      };
    case 'number-by-clock':
      return {
        ...payer,
        send,
        query: async payout =>
          payout.sentAt !== undefined && host.now() - payout.sentAt > OLD_MS && payout.request.channel === 'transfer'
            ? { kind: 'order', state: 'FAIL', reason: 'OVERDUE_CLOSE' }
            : query(payout),
      };
    case 'unknown-reason-owed': {
      const made = async (seen: ReturnType<Payer['send']>): ReturnType<Payer['send']> => {
        const it = await seen;
        return it.kind === 'order' && it.reason === 'NOBODY_KNOWS_THIS'
          ? { ...it, reason: 'PAYER_ACCOUNT_ABNORMAL' }
          : it;
      };
      return { ...payer, send: payout => made(send(payout)), query: payout => made(query(payout)) };
    }
    default:
      return payer;
  }
}
