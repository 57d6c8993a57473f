// Looks on while a running bot pays what `send` planned: planned → sent, held, failed. Only reads.

import { setTimeout as sleep } from 'node:timers/promises';
import type { MerchantConfig } from '../../config/merchant.ts';
import type { OpenId } from '../../core/base/event.ts';
import { isKeyOf } from '../../core/base/record.ts';
import { beijingText, type Instant } from '../../core/base/time.ts';
import { isQuiet } from '../../core/payout/merchant-halt.ts';
import type { BillNo, Payout } from '../../core/payout/payout.ts';
import type { Store } from '../../ports.ts';
import { l } from '../shared/language.ts';
import { type Progress, progress } from '../shared/progress.ts';

/** One packet we wait for. `billNo` is unknown for those an earlier run planned, until they are looked at. */
export type Watched = { readonly user: OpenId; readonly claimKey: string; billNo?: BillNo };

/** How many ended where, as far as waiting goes: a packet that is `sent` may still be opened or returned. */
export type Outcome = { sent: number; received: number; refunded: number; held: number; failed: number };

const LOOK_EVERY_MS = 500;
/** How many are looked at in one go: the oldest, whose turn it is, and as many of the others in turn. */
const WINDOW = 500;
const HINT_AFTER_MS = 10_000;
/** A follower's payouts that are searched for the one of this batch. */
const SEARCHED_MAX = 1000;

export async function watch(
  store: Store,
  merchant: MerchantConfig,
  people: readonly Watched[],
  now: () => Instant,
): Promise<Outcome> {
  const outcome: Outcome = { sent: 0, received: 0, refunded: 0, held: 0, failed: 0 };
  const bar = progress('paid');
  let pending = [...people];
  let turn = 0;
  let seen = '';
  let movedAt = performance.now();
  let isHinted = false;
  while (pending.length > 0) {
    turn = turn + WINDOW < pending.length ? turn + WINDOW : WINDOW;
    const front = pending.slice(0, WINDOW);
    const ended = new Set<Watched>();
    let versions = 0;
    for (const [index, person] of [...front, ...pending.slice(turn, turn + WINDOW)].entries()) {
      const payout = await latest(store, person);
      if (index < front.length) versions += payout?.version ?? 0;
      const state = payout?.state;
      if (state !== undefined && !isKeyOf(outcome, state)) continue;
      ended.add(person);
      if (state !== undefined) outcome[state]++;
    }
    pending = pending.filter(person => !ended.has(person));
    const done = people.length - pending.length;
    bar.show(
      done,
      people.length,
      `planned ${pending.length} → sent ${outcome.sent + outcome.received + outcome.refunded}, held ${outcome.held}, failed ${outcome.failed}`,
    );
    if (pending.length === 0) break;
    // The queue's head tells of a bot that is busy with others.
    const [head] = await store.due(merchant.name, now(), 1);
    const sight = `${done}/${versions}/${head?.billNo}/${head?.version}`;
    if (sight !== seen) [seen, movedAt, isHinted] = [sight, performance.now(), false];
    if (!isHinted && performance.now() - movedAt >= HINT_AFTER_MS) {
      isHinted = true;
      await hint(store, merchant, now(), bar);
    }
    // Most of these had ended long ago: there is no need to wait for the next ones.
    if (ended.size < front.length / 2) await sleep(LOOK_EVERY_MS);
  }
  bar.end();
  return outcome;
}

/** A claim's newest number: after FAILED it may have got another one. */
async function latest(store: Store, person: Watched): Promise<Payout | undefined> {
  const known = person.billNo === undefined ? undefined : await store.payout(person.billNo);
  if (known && known.state !== 'failed' && known.state !== 'refunded') return known;
  const campaign = person.claimKey.slice(0, person.claimKey.indexOf('/'));
  const all = await store.payouts({ user: person.user, campaign, limit: SEARCHED_MAX });
  const [newest] = all.filter(payout => payout.claimKey === person.claimKey).sort((a, b) => b.attempt - a.attempt);
  if (newest) person.billNo = newest.billNo;
  return newest;
}

async function hint(store: Store, merchant: MerchantConfig, at: Instant, bar: Progress): Promise<void> {
  const halt = await store.halt(merchant.name);
  if (halt)
    bar.note(
      l`nothing moves: merchant "${merchant.name}" is halted since ${beijingText(halt.since)} (${halt.reason}); \`hongbao merchant resume ${merchant.name}\` lets it go on`,
    );
  else if (isQuiet(merchant.quietHours, at))
    bar.note(l`nothing moves: these are quiet hours of merchant "${merchant.name}"`);
  else
    bar.note(
      l`nothing moved for 10 s: no bot seems to run on this store; start it with \`hongbao start\`. Ctrl-C ends the waiting, and nothing is lost`,
    );
}
