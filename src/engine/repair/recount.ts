// Counts anew (重新计数): claims of before, which counted only against limits that were set, are brought up once, before a
// bot answers its first event; and `audit --repair` brings back counters that differ. Read from a snapshot; what is
// missing is added in small pieces, each only while nobody has begun another count. So it may die anywhere, and begin anew.

import { followerIn } from '../../core/audit/counter-name.ts';
import { CounterAudit, type CounterFault } from '../../core/audit/counters.ts';
import { COUNTED, changesFor, fenceOf, isOfRecount, RUNS } from '../../core/audit/recount.ts';
import { SHELVES, shelfOf, shelfOfClaim } from '../../core/audit/shelf.ts';
import type { Counter } from '../../core/base/counter.ts';
import { Fault } from '../../core/base/error.ts';
import { openId } from '../../core/base/event.ts';
import type { Instant } from '../../core/base/time.ts';
import type { Claim } from '../../core/decide/decision.ts';

import type { Payout } from '../../core/payout/payout.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Clock, Lease, Log, Snapshot, Store } from '../../ports.ts';
import type { Timer } from '../lease.ts';

type RecountPorts = {
  readonly store: Store;
  /** Those that are live: by them a day of a claim of before is known. */
  readonly campaigns: readonly Campaign[];
  readonly clock: Clock;
};

/** Claims looked at in one part: with their counters they are what memory holds at a time. */
const PART_CLAIMS = 250_000;
/** Counters added together: the store serves nobody else meanwhile. */
const CHUNK = 4000;
const LEASE = 'recount';
const LEASE_MS = 30_000;
const POLL_MS = 200;
const PAGE = 500;
const OVERTAKEN = 'RECOUNT';

/** Done once per store. Waits while another process is at it. */
export async function bringUp(
  ports: RecountPorts & { readonly holder: string; readonly timer: Timer; readonly log: Log },
): Promise<void> {
  const { store, clock, timer, holder, log } = ports;
  while ((await readCounter(store, COUNTED)) === 0) {
    const lease = await store.lease(LEASE, `${holder}/recount`, LEASE_MS, clock());
    if (!lease) {
      await timer.sleep(POLL_MS);
      continue;
    }
    const began = timer.ticks();
    const claims = await underLease(ports, lease, () => countOnce(ports));
    if (claims === 'overtaken') await timer.sleep(POLL_MS);
    else if (claims > 0)
      log.info({ claims, ms: Math.round(timer.ticks() - began) }, 'what was claimed before is counted for every limit');
  }
}

/** A count that has lost its lease is fenced by the next one. */
async function underLease<T>({ store, clock }: RecountPorts, lease: Lease, work: () => Promise<T>): Promise<T> {
  const renew = () => store.lease(lease.name, lease.holder, LEASE_MS, clock());
  const renewing = setInterval(() => void renew().catch(() => undefined), LEASE_MS / 4);
  try {
    return await work();
  } finally {
    clearInterval(renewing);
    await store.release(lease, clock());
  }
}

/** How many claims there were. */
async function countOnce(ports: RecountPorts): Promise<number | 'overtaken'> {
  const { store, clock } = ports;
  const run = await begin(store);
  try {
    const back = await returned(store);
    const claims = await eachFault(ports, { back, now: clock() }, async faults => {
      // What merchants allow was always counted; nothing is taken away here.
      const own = faults.filter(({ name }) => name.startsWith('campaign/'));
      await add(store, run, changesFor(own, false));
    });
    await store.count([fenceOf(run), { name: COUNTED, add: 1, max: 1 }]);
    return claims;
  } catch (error) {
    if (error instanceof Fault && error.code === OVERTAKEN) return 'overtaken';
    throw error;
  }
}

/** What was changed, or would be. `lowers`: also counters that say too much. */
export async function recount(
  ports: RecountPorts,
  { isDry, lowers }: { readonly isDry: boolean; readonly lowers: boolean },
): Promise<readonly CounterFault[]> {
  const { store } = ports;
  const count = async (tell: (changes: readonly Counter[]) => Promise<void>): Promise<CounterFault[]> => {
    const changed: CounterFault[] = [];
    await eachFault(ports, undefined, async faults => {
      const fit = faults.filter(fault => changesFor([fault], lowers).length > 0);
      changed.push(...fit);
      await tell(changesFor(fit, lowers));
    });
    return changed;
  };
  // Looked at first: where nothing differs, nothing is written.
  const seen = await count(async () => {});
  if (isDry || seen.length === 0) return seen;
  const run = await begin(store);
  return count(changes => add(store, run, changes));
}

// ── Adding ───────────────────────────────────────────────────────────────────────────────────────────────────

async function readCounter(store: Store, counter: string): Promise<number> {
  const wanted = { account: '', user: openId(''), merchant: undefined, claims: [], counters: [counter] };
  return (await store.facts(wanted)).counters.get(counter) ?? 0;
}

/** Which count this is. What any former one adds from now on is lost. */
async function begin(store: Store): Promise<number> {
  for (;;) {
    const run = (await readCounter(store, RUNS)) + 1;
    if ((await store.count([{ name: RUNS, add: 1, max: run }])) === 'counted') return run;
  }
}

async function add(store: Store, run: number, changes: readonly Counter[]): Promise<void> {
  for (let at = 0; at < changes.length; at += CHUNK) {
    const counted = await store.count([fenceOf(run), ...changes.slice(at, at + CHUNK)]);
    if (counted !== 'counted')
      throw new Fault('store', 'safe', OVERTAKEN, 'another process has begun to count anew; this one stops');
  }
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Claims of before are to be counted as those of now; of their payouts only what came back matters. */
type Old = { readonly back: readonly Payout[]; readonly now: Instant };

/**
 * Leads a snapshot through the audit of counters, some followers at a time; how many claims there were. Without `old`,
 * claims of before are where they are, and every payout says what it holds.
 */
async function eachFault(
  { store, campaigns }: RecountPorts,
  old: Old | undefined,
  tell: (faults: readonly CounterFault[]) => Promise<void>,
): Promise<number> {
  const snapshot = await store.snapshot();
  try {
    const audit = new CounterAudit(campaigns);
    if (old) audit.countOld(old.now);
    else for await (const { name } of snapshot.counters()) audit.survey(name);
    const claims = await countClaims(snapshot);
    if (claims === 0) return claims;
    const parts = Math.min(SHELVES, Math.ceil(claims / PART_CLAIMS));
    for (let part = 0; part < parts; part++) await tell(await partFaults(snapshot, audit, { part, parts, old }));
    await tell(audit.endOfShared([]));
    return claims;
  } finally {
    await snapshot.close();
  }
}

async function countClaims(snapshot: Snapshot): Promise<number> {
  let claims = 0;
  for await (const _ of snapshot.claims()) claims++;
  return claims;
}

/** What came back, and is not followed by another number. */
async function returned(store: Store): Promise<Payout[]> {
  const back: Payout[] = [];
  for (const state of ['refunded', 'failed'] as const) {
    for (let page = await store.payouts({ state, limit: PAGE }); page.length > 0; ) {
      for (const payout of page) if (payout.holds.length > 0) back.push(payout);
      page = await store.payouts({ state, limit: PAGE, after: page.at(-1)!.billNo });
    }
  }
  return back;
}

type Part = { readonly part: number; readonly parts: number; readonly old: Old | undefined };

async function partFaults(
  snapshot: Snapshot,
  audit: CounterAudit,
  { part, parts, old }: Part,
): Promise<CounterFault[]> {
  const claims = new Map<string, Claim>();
  const wanted = old && new Set(old.back.map(({ claimKey }) => claimKey));
  for await (const claim of snapshot.claims()) {
    if (shelfOfClaim(claim.key) % parts !== part) continue;
    audit.claim(claim);
    if (!wanted || wanted.has(claim.key)) claims.set(claim.key, claim);
  }
  const take = (payout: Payout): void => {
    const claim = claims.get(payout.claimKey);
    if (!claim) return;
    audit.payout(payout, claim);
    if (payout.attempt === 1) audit.firstPayout(claim, payout);
  };
  if (old) for (const payout of old.back) take(payout);
  else for await (const payout of snapshot.payouts()) take(payout);
  for await (const { name, value } of snapshot.counters()) {
    const isLookedAt = !old || name.startsWith('campaign/');
    if (isLookedAt && !isOfRecount(name) && shelfOf(followerIn(name)) % parts === part) audit.counter(name, value);
  }
  return audit.endOfPart();
}
