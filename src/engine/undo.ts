// What an event takes back of earlier ones: a refund, what its payment had earned; an unfollow, what was promised to those
// who stay. Chances and counts go in the event's own commit. Payouts are followed through every state until none is left
// that could still be sent; told twice, it finds nothing more to do.

import { Fault } from '../core/base/error.ts';
import type { Event, OpenId } from '../core/base/event.ts';
import { awardsOf } from '../core/decide/decision.ts';
import { isWanted, refunded, wasHandedOn } from '../core/goods/parcel.ts';
import { insteadKeyOf } from '../core/match/claim-key.ts';
import type { Facts } from '../core/match/facts.ts';
import { channelOf } from '../core/payout/channels/index.ts';
import { isFinal, type Payout } from '../core/payout/payout.ts';
import {
  type Earning,
  earningKeys,
  earningsOf,
  type TakenBack,
  takeBackWants,
  takenBack,
} from '../core/payout/take-back.ts';
import { isUndone, undoStep } from '../core/payout/undone.ts';
import type { Cancel } from '../core/rules/campaign.ts';
import type { Clock, Log, Store } from '../ports.ts';
import { change } from './goods/keep.ts';

export type UndoPorts = {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  /** Told of a payout that has to be asked after now. */
  readonly marked: (payout: Payout) => void;
  /** Told of a prize that was taken back. */
  readonly undone?: ((payout: Payout, cause: Cancel) => void) | undefined;
};

/** Of one follower, as many payouts are read at a time. */
const PAGE = 200;
/** Decisions under one key: one, or a few where it came again after it was forgotten. */
const LINES_MAX = 20;
/** How often all is looked through again because a payout moved on under our hands. */
const RACES_MAX = 20;

// ── Chances and counts ───────────────────────────────────────────────────────────────────────────────────────

/** What this event takes back beside payouts, for its own commit. `facts`: with what is counted of its payment. */
export async function takeBack(ports: UndoPorts, event: Event, facts: Facts): Promise<TakenBack> {
  if (event.kind !== 'refunded') return { counters: [], trace: [] };
  const earnings = await earningsBy(ports, event);
  const { account, user } = event;
  const wanted = { account, user, merchant: undefined, claims: [], counters: takeBackWants(earnings) };
  const { counters } = wanted.counters.length === 0 ? facts : await ports.store.facts(wanted);
  return takenBack(earnings, event, name => counters.get(name) ?? facts.counters.get(name) ?? 0);
}

/** What was given for the payment that is refunded. */
async function earningsBy({ store }: UndoPorts, event: Event): Promise<readonly Earning[]> {
  if (event.kind !== 'refunded') return [];
  const lines = await Promise.all(earningKeys(event).map(key => store.journal({ key, limit: LINES_MAX })));
  return earningsOf(lines.flat(), event);
}

// ── Payouts ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Ends what was never called, and marks the rest: what may be with WeChat Pay is asked after, and not sent again. */
export async function undo(ports: UndoPorts, event: Event, cause: Cancel): Promise<void> {
  const earnings = await earningsBy(ports, event);
  for (const earning of earnings) await undoGoods(ports, earning);
  for (const owner of await ownersOf(ports, event, earnings)) {
    // What moved on under our hands may have a successor by now.
    for (let race = 0; !(await undoAll(ports, owner, event, cause)); race++)
      if (race === RACES_MAX) throw new Fault('store', 'safe', 'RACE', `payouts of ${owner} move on and on`);
  }
}

/** Things that a refunded payment had won are not sent. One that was handed on before is for a person. */
async function undoGoods({ store, clock, log }: UndoPorts, { event, decision }: Earning): Promise<void> {
  // One may have been given in the place of a prize that WeChat Pay had refused.
  const claims = new Set(awardsOf(decision).flatMap(({ claimKey }) => [claimKey, insteadKeyOf(claimKey)]));
  let gone: readonly string[] = [];
  await change(store, `${event.account}/${event.user}`, before => {
    const meant = before.parcels.filter(parcel => claims.has(parcel.claim) && isWanted(parcel));
    gone = meant.filter(wasHandedOn).map(({ claim }) => claim);
    return refunded(before, claims, clock());
  });
  for (const claim of gone)
    log.error({ claim }, 'goods were handed on before their payment was refunded: stop them, or ask for them back');
}

/** Whoever did it; and whoever was rewarded because they had invited them. */
async function ownersOf(ports: UndoPorts, event: Event, earnings: readonly Earning[]): Promise<ReadonlySet<OpenId>> {
  const owners = new Set([event.user]);
  if (event.kind !== 'refunded') return owners;
  for (const { event: rewarded } of earnings) owners.add(rewarded.user);
  const { account, user } = event;
  const { follower } = await ports.store.facts({ account, user, merchant: undefined, claims: [], counters: [] });
  if (follower?.invitedBy) owners.add(follower.invitedBy.user);
  return owners;
}

/** `false`: one was changed by somebody else meanwhile. */
async function undoAll(ports: UndoPorts, user: OpenId, event: Event, cause: Cancel): Promise<boolean> {
  const { store, clock } = ports;
  let isDone = true;
  for (let page = await store.payouts({ user, limit: PAGE }); page.length > 0; ) {
    for (const payout of page.filter(each => each.account === event.account && isUndone(each, event))) {
      const step = undoStep(payout, cause, clock());
      if (!step) continue;
      if ((await store.advance(step)) === 'moved') tellOf(ports, payout, step.payout, cause);
      else isDone = false;
    }
    page = page.length < PAGE ? [] : await store.payouts({ user, limit: PAGE, after: page.at(-1)!.billNo });
  }
  return isDone;
}

function tellOf({ log, marked, undone }: UndoPorts, before: Payout, after: Payout, cause: Cancel): void {
  const fields = { billNo: before.billNo, state: before.state, cause, transaction: before.undoneBy?.transaction };
  if (isFinal(after.state)) {
    log.info(fields, 'a prize was taken back before it was sent');
    undone?.(before, cause);
    return;
  }
  marked(after);
  const { aPayout, canTakeBack } = channelOf(before.request);
  if (before.state === 'sent' && !canTakeBack)
    log.info(fields, `${aPayout} had left before it could be taken back; it stays, and is not offered again`);
  else log.info(fields, 'a payout was undone on its way; it is asked after, and not sent again');
}
