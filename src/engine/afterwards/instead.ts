// Gives the other prize (`fallbackTo`) to whom WeChat Pay has refused the one they won. First the refusal is on disk, then this is
// committed as an event of its own, with a key that is the same for ever. Whoever dies in between is followed by the sweep.

import { DAY, HOUR, later } from '../../core/base/time.ts';
import type { Decision } from '../../core/decide/decision.ts';
import { seedsFrom } from '../../core/decide/draw.ts';
import { parcelsIn } from '../../core/goods/parcel.ts';
import {
  type Exchange,
  exchangeFor,
  insteadAward,
  insteadEvent,
  insteadWants,
  isRefused,
  type Substitute,
} from '../../core/payout/instead.ts';
import { stopStep } from '../../core/payout/operator-steps.ts';
import { nextNumber, type Payout } from '../../core/payout/payout.ts';
import { type Award, claimOf, planAward } from '../../core/payout/plan.ts';
import type { Answer, Commit, Store } from '../../ports.ts';
import type { FlowPorts } from '../flow.ts';
import { goodsWon } from '../goods/goods.ts';
import { wasTold } from './told.ts';

type InsteadPorts = Pick<FlowPorts, 'clock' | 'store' | 'log' | 'config' | 'book' | 'planned'> & {
  /** Resolves once it is told, or owed. */
  readonly tell: (...what: Parameters<NonNullable<FlowPorts['tell']>>) => Promise<void>;
  /** The follower should hear that nothing will come. */
  readonly onProblem: (payout: Payout) => void;
};

export type Instead = {
  /** Whether its follower has another prize, should WeChat Pay refuse them this one. */
  isReplaceable(payout: Payout): boolean;
  /** Begins to give it; `false`: there is none. */
  refused(payout: Payout): boolean;
  /** All that were refused lately and have nothing instead yet. */
  sweep(): Promise<void>;
};

/** So long after a refusal it is still given: a prize that is named later is not for those of long ago. */
const WITHIN_MS = 3 * DAY;
/** Somebody is at it meanwhile, or was when they died. */
const TOLD_WITHIN_MS = HOUR;
const PAGE = 200;
const RACES_MAX = 20;

export function createInstead(ports: InsteadPorts): Instead {
  const { clock, store, log, book, config, onProblem } = ports;
  const seedOf = seedsFrom(config.secret);
  const exchangeOf = (payout: Payout) => exchangeFor(payout, book().campaigns);
  const give = (payout: Payout, exchange: Exchange) => giveOne(ports, payout, exchange, seedOf(payout.campaign));
  return {
    isReplaceable: payout => exchangeOf(payout) !== undefined,
    refused(payout) {
      const exchange = isRefused(payout) ? exchangeOf(payout) : undefined;
      if (!exchange) return false;
      give(payout, exchange)
        .then(isGiven => isGiven || onProblem(payout))
        .catch((error: unknown) =>
          log.error(
            { billNo: payout.billNo, err: error },
            'the prize instead was not given yet; it is tried each hour',
          ),
        );
      return true;
    },
    async sweep() {
      const since = later(clock(), -WITHIN_MS);
      for (const { id, prizes } of book().campaigns) {
        if (![...prizes.values()].some(({ fallbackTo }) => fallbackTo !== undefined)) continue;
        for await (const payout of failedOf(store, id)) {
          const exchange = isRefused(payout) && (payout.endedAt ?? 0) >= since ? exchangeOf(payout) : undefined;
          if (exchange) await give(payout, exchange);
        }
      }
    },
  };
}

async function* failedOf(store: Pick<Store, 'payouts'>, campaign: string): AsyncGenerator<Payout> {
  for (let page = await store.payouts({ state: 'failed', campaign, limit: PAGE }); page.length > 0; ) {
    yield* page;
    page = await store.payouts({ state: 'failed', campaign, limit: PAGE, after: page.at(-1)!.billNo });
  }
}

/** `false`: there is nothing for them, now. */
async function giveOne(ports: InsteadPorts, payout: Payout, exchange: Exchange, seed: string): Promise<boolean> {
  const { clock, store, log, config, planned, tell } = ports;
  const { billNo, account: name, user } = payout;
  const event = insteadEvent(payout);
  const account = config.accounts.get(name);
  const merchant = config.merchants.get(account?.merchant ?? '');
  if (!account || !merchant || config.blocked?.has(user)) return false;
  const caps = { merchant: merchant.name, ...merchant.limits };
  for (let race = 0; race < RACES_MAX; race++) {
    if (await store.payout(nextNumber(payout))) return true; // a person has offered it once more
    if (!(await isStillRefused(store, payout))) return true; // paid after all, says WeChat Pay; or a person called it off
    const one: Substitute = { payout, exchange, now: clock(), seed, caps };
    const whose = { account: name, user, merchant: merchant.name };
    const begun = await store.begin(event.key, { ...whose, ...insteadWants(one) });
    if (begun.kind === 'answered') return tellAgain(ports, payout, begun.answer);
    const award = insteadAward(one, begun.facts);
    if (typeof award === 'string') {
      log.info({ billNo, why: award }, 'nothing is given instead');
      return begun.facts.claims.size > 0;
    }
    const paid = plannedFor(one, award, { account, merchant });
    const written = await store.commit(commitOf(one, award, begun.facts, paid));
    if (written.kind === 'done') {
      if (paid && !(await isStillRefused(store, payout))) {
        await stop(ports, payout, paid);
        return true;
      }
      log.info({ billNo, prize: award.prize, instead: paid?.billNo }, 'another prize is given instead');
      if (paid) planned(paid);
      await tell(event, award.reply, award);
      return true;
    }
  }
  throw new Error(`what is given instead of ${billNo} lost ${RACES_MAX} races in a row`);
}

async function isStillRefused(store: Pick<Store, 'payout'>, { billNo }: Payout): Promise<boolean> {
  const payout = await store.payout(billNo);
  return payout !== undefined && isRefused(payout);
}

/** Something was said of the refused one while this was written: a person decides which of them it is. */
async function stop({ clock, store, log }: InsteadPorts, refused: Payout, paid: Payout): Promise<void> {
  const step = stopStep(paid, `${refused.billNo} is not what it was when this was given in its place`, clock());
  const moved = step && (await store.advance(step));
  const fields = { billNo: refused.billNo, instead: paid.billNo, moved };
  log.error(fields, 'what was given instead is held: it may be paid twice');
}

type Payers = Parameters<typeof planAward>[3];

function plannedFor({ payout, exchange, now }: Substitute, award: Award, payers: Payers): Payout | undefined {
  if (award.amount === 0) return undefined;
  const transaction = payout.undoneBy?.transaction;
  const by = { ...insteadEvent(payout), ...(transaction !== undefined && { transaction }) };
  return planAward(exchange.campaign, by, award, payers, now);
}

function commitOf(
  { payout, exchange: { campaign }, now }: Substitute,
  award: Award,
  { follower, parcels }: Parameters<typeof insteadAward>[1],
  paid: Payout | undefined,
): Commit {
  const event = insteadEvent(payout);
  const seen = { event, parcels: parcelsIn(parcels?.text), now, seen: parcels?.version ?? 0 };
  const documents = goodsWon([{ campaign, award }], seen);
  return {
    event,
    seenAt: now,
    answer: { reply: award.reply, at: now },
    decision: award,
    claim: claimOf(event, award, now),
    counters: award.counters,
    ...(paid && { payout: paid }),
    ...(documents && { documents }),
    ...(payout.undoneBy?.causes.includes('unsubscribed') && {
      followsSeen: follower?.follows ?? 0,
      leftSeen: follower?.leftAt ?? 0,
    }),
  };
}

/** Whoever gave it may have died before they told it. */
async function tellAgain({ store, clock, tell }: InsteadPorts, payout: Payout, answer: Answer): Promise<true> {
  const event = insteadEvent(payout);
  if (later(answer.at, TOLD_WITHIN_MS) > clock() || (await wasTold(store, event, answer))) return true;
  const [line] = await store.journal({ user: payout.user, key: event.key, limit: 1 });
  const decision: Decision | undefined = line?.decision;
  if (decision) await tell(event, answer.reply, decision);
  return true;
}
