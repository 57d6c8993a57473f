// The way of one event, on one screen. Read this first.
//
//   match → answered before? else the facts → decide → one commit → answer
//
// Nothing outside is called on this way: the packet is planned here and sent by `engine/settle.ts`.

import { setTimeout as ownSleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { Fault } from '../core/base/error.ts';
import { EVENT_FACTS, type Event } from '../core/base/event.ts';
import type { Instant } from '../core/base/time.ts';
import { countersOf, type DecisionEnvironment, decide, factsQueryFor, foretell } from '../core/decide/decide.ts';
import { awardsOf, type Decision, type Open } from '../core/decide/decision.ts';
import { seedsFrom } from '../core/decide/draw.ts';
import type { Book, Match } from '../core/decide/match.ts';
import { UnreadFacts } from '../core/decide/unread-facts.ts';
import { parcelsIn } from '../core/goods/parcel.ts';
import { isAboutGoods } from '../core/goods/talk.ts';
import type { FactsQuery, Follower } from '../core/match/facts.ts';
import { causeIn, followerAfter, newsForInviter, speaksOfFollowing } from '../core/match/follower.ts';
import { countersAlways } from '../core/mechanics/refund.ts';
import { asksForMine, MINE_READ, mineReply } from '../core/messages/my-packets.ts';
import { withPending } from '../core/messages/pending.ts';
import type { Payout } from '../core/payout/payout.ts';
import { type Award, claimOf, planAward } from '../core/payout/plan.ts';
import { paymentCounters } from '../core/payout/take-back.ts';
import type { Campaign, Cancel } from '../core/rules/campaign.ts';
import type { Reply } from '../core/rules/reply.ts';
import { type Sealer, sealerOf } from '../lib/seal.ts';
import type { Answer, Clock, Commit, Committed, Given, Log, Store } from '../ports.ts';
import { createLines } from './at-once/lines.ts';
import { type Certainty, DOUBT } from './at-once/sure.ts';
import { aboutGoods, goodsAskedAgain, goodsWon, hearOfGoods, withoutDetails } from './goods/goods.ts';
import { takeBack, type UndoPorts, undo } from './undo.ts';

export type FlowPorts = {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  readonly config: Config;
  /** The campaigns that are live now. */
  readonly book: () => Book;
  /** Told after a commit that planned a payout. */
  readonly planned: (payout: Payout) => void;
  /** Told what to say to a follower whose event has no passive reply: a payment, a friend's deed. */
  readonly tell?: (event: Event, reply: Reply, decision: Decision) => void;
  /** Told of a prize that was taken back. */
  readonly undone?: (payout: Payout, cause: Cancel) => void;
  /** What need not be looked up. Absent: everything is. */
  readonly certainty?: Certainty;
  /** Seals what is personal. Absent: by the key of the configuration. */
  readonly sealer?: Sealer | undefined;
  /** Resolves after so many ms. Absent: by the machine's own timer. */
  readonly sleep?: (ms: number) => Promise<unknown>;
};

export type Flow = {
  /** Answers one event, once: a redelivery gets the first answer, also while that is still in the making. */
  handle(event: Event): Promise<Answer>;
  /** The same for who can use an answer at once, where there is one. */
  answer(event: Event): Answer | Promise<Answer>;
  /** What an event that has not happened would come to, as far as anybody may know. Nothing is written. */
  foretell(event: Event): Promise<Decision | Open>;
  /** Resolves when every journal line that was put off is written, or lost. */
  written(): Promise<void>;
};

/** How often a lost race for the last prize is decided anew before the push is left to be redelivered. */
const RACES_MAX = 60;

export function createFlow(given: FlowPorts): Flow {
  const { personalKey } = given.config;
  const sealer = given.sealer ?? (personalKey && sealerOf(personalKey));
  const ports: Ports = { ...given, sealer, seedOf: seedsFrom(given.config.secret), marked: given.planned };
  const inWork = new Map<string, Promise<Answer>>();
  const inTurn = queues();
  const { certainty = DOUBT, sleep = ownSleep } = given;
  const lines = createLines({ ...ports, sleep }, certainty.doubt);
  const flow: Flow = {
    answer(event) {
      const key = `${event.account}/${event.key}`;
      const running = inWork.get(key) ?? lines.answerOf(key);
      if (running !== undefined) return running;
      // By hand and without money: nothing that somebody did tells of more than itself.
      const { isByHand, costsMoney } = EVENT_FACTS[event.kind];
      const prepared = isByHand && !costsMoney && certainty.isFree(event) ? prepare(ports, event) : undefined;
      const commit = prepared && decideUnread(event, prepared);
      if (commit && !mustBeDurable(commit)) {
        lines.putOff(key, commit);
        return commit.answer;
      }
      const answer = answerOnce(ports, event, prepared, flow.handle, inTurn).finally(() => inWork.delete(key));
      inWork.set(key, answer);
      return answer;
    },
    handle: async event => flow.answer(event),
    foretell: async event => {
      const { now, environment, matches, wanted } = prepare(ports, event);
      return foretell(matches, event, await ports.store.facts(wanted), now, environment);
    },
    written: lines.written,
  };
  return flow;
}

/** With the campaigns' seeds, worked out once. */
type Ports = FlowPorts & UndoPorts & Pick<DecisionEnvironment, 'seedOf'>;

type Decided = Commit & { readonly friendBefore: Follower | undefined };
type Looked =
  | { readonly kind: 'decided'; readonly commit: Decided }
  /** A copy of the event was faster, maybe in another process. */
  | Extract<Committed, { kind: 'answered' }>;
/** `committed`: nothing, where the answer need not wait for it. */
type Tried =
  | Exclude<Looked, { kind: 'decided' }>
  | (Extract<Looked, { kind: 'decided' }> & { committed: Committed | undefined });

/** Work on one thing, one after the other. */
type InTurn = <T>(name: string, work: () => Promise<T>) => Promise<T>;

const nothing = (): void => undefined;

/** Those who reached for the same counter at once stand in line for it: then only other processes are in their way. */
function queues(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const done = (last.get(name) ?? Promise.resolve()).then(work);
    const settled = done.then(nothing, nothing); // a failure is told to whoever waits for `done`
    last.set(name, settled);
    void settled.then(() => last.get(name) === settled && last.delete(name));
    return done;
  };
}

async function answerOnce(
  ports: Ports,
  event: Event,
  prepared: Prepared | undefined,
  handle: Flow['handle'],
  inTurn: InTurn,
): Promise<Answer> {
  const { store, log } = ports;
  const cause = causeIn(event);
  if (cause) await undo(ports, event, cause); // also for a redelivery: the first one may have died before it
  let lostTo: string | undefined;
  for (let race = 0; race < RACES_MAX; race++) {
    const attempt = async (): Promise<Tried> => {
      const looked = await lookAt(ports, event, (race === 0 && prepared) || prepare(ports, event));
      if (looked.kind === 'answered') return looked;
      const { commit } = looked;
      // A payment is written first: its refund must find it, and with it what the inviter had for it.
      if (race === 0 && event.kind !== 'paid') await tellInviter(ports, event, commit.friendBefore, handle);
      return { ...looked, committed: mustBeDurable(commit) ? await store.commit(commit) : undefined };
    };
    const tried = await (lostTo === undefined ? attempt() : inTurn(lostTo, attempt));
    if (tried.kind === 'answered') return heardBefore(ports, event, tried.answer, handle);
    const { commit, committed } = tried;
    if (!committed) {
      // It claims nothing, and what it was decided by knew of no copy of it: the journal line may follow after the answer.
      store
        .commit(commit)
        .catch((error: unknown) => log.error({ err: error, key: event.key }, 'a journal line was lost'));
      return commit.answer;
    }
    switch (committed.kind) {
      case 'done':
        if (cause) await undo(ports, event, cause); // what was won in the same moment
        for (const { payout } of givenIn(commit)) if (payout) ports.planned(payout);
        if (event.kind === 'friend' || event.kind === 'paid') ports.tell?.(event, commit.answer.reply, commit.decision);
        if (event.kind === 'paid') await tellInviter(ports, event, commit.friendBefore, handle);
        return commit.answer;
      case 'answered':
        return heardBefore(ports, event, committed.answer, handle);
      case 'claimed': // somebody was faster: with fresh facts the decision says so
        break;
      case 'lost':
        lostTo = committed.counter;
        break;
      default:
        committed satisfies never;
    }
  }
  throw new Fault('store', 'safe', 'RACE', `event ${event.key} lost ${RACES_MAX} races in a row`);
}

/** Whoever wrote it down may have died before the inviter of a friend who paid was told. */
async function heardBefore(ports: Ports, event: Event, answer: Answer, handle: Flow['handle']): Promise<Answer> {
  if (event.kind !== 'paid') return answer;
  const { account, user } = event;
  const { follower } = await ports.store.facts({ account, user, merchant: undefined, claims: [], counters: [] });
  await tellInviter(ports, event, follower, handle);
  return answer;
}

/** What a friend did is an event of the inviter's own, with its own key. */
async function tellInviter(
  ports: Ports,
  event: Event,
  friendBefore: Follower | undefined,
  handle: Flow['handle'],
): Promise<void> {
  const news = newsForInviter(friendBefore, event);
  if (news && ports.book().match(news, ports.clock()).length > 0) await handle(news);
}

/** Which rules an event concerns, and what they will want to know. */
type Prepared = {
  readonly now: Instant;
  readonly environment: DecisionEnvironment;
  readonly matches: readonly Match[];
  readonly wanted: FactsQuery;
};

function prepare(ports: Ports, event: Event): Prepared {
  const now = ports.clock();
  // Gone from bot.yaml since, where a refund or a draw comes after it: what was won before is still taken back.
  const account = ports.config.accounts.get(event.account);
  const merchant = account?.merchant === undefined ? undefined : ports.config.merchants.get(account.merchant);
  const environment: DecisionEnvironment = {
    merchant: merchant && { merchant: merchant.name, ...merchant.limits },
    seedOf: ports.seedOf,
    ...(ports.config.blocked && { blocked: ports.config.blocked }),
    pageOf: (to, campaign) => `${ports.config.publicUrl}/h5/${to}/${campaign}`,
  };
  const matches = ports.book().match(event, now);
  return { now, environment, matches, wanted: factsQueryFor(matches, event, now, environment) };
}

/** The decision where the rules ask for no fact at all, of an event that nobody has answered. */
function decideUnread(event: Event, { now, environment, matches, wanted }: Prepared): Commit | undefined {
  if (wanted.claims.length + wanted.counters.length > 0 || wanted.code !== undefined) return undefined;
  if (event.kind === 'text' && isAboutGoods(event.text)) return undefined;
  const facts = new UnreadFacts();
  const decision = decide(matches, event, facts, now, environment);
  if (facts.isAsked || decision.kind === 'awarded' || (decision.kind === 'ignored' && asksForMine(event)))
    return undefined;
  return { event, seenAt: now, answer: { reply: decision.reply, at: now }, decision, counters: countersOf(decision) };
}

/** Reads what the rules need to know and decides: everything that is to be written, not yet written. */
async function lookAt(ports: Ports, event: Event, { now, environment, matches, wanted }: Prepared): Promise<Looked> {
  const counters = [...wanted.counters, ...paymentCounters(event)];
  const begun = await ports.store.begin(event.key, { ...wanted, counters });
  if (begun.kind === 'answered') return begun;
  const { facts } = begun;
  const parcels = parcelsIn(facts.parcels?.text);
  const heard = hearOfGoods(ports, event, { now, matches, parcels });
  if (heard) return { kind: 'decided', commit: aboutGoods(event, now, facts, heard) };
  const gone = await takeBack(ports, event, facts);
  const decided = decide(matches, event, facts, now, environment);
  const decision: Decision =
    gone.trace.length === 0 ? decided : { ...decided, trace: [...decided.trace, ...gone.trace] };
  const follower = followerAfter(facts.follower, event);
  // Whoever leaves while it is decided gets nothing that asks for a follower.
  const isByFollowing = decision.kind === 'awarded' && matches.some(({ rule }) => speaksOfFollowing(rule));
  const isMine = decision.kind === 'ignored' && asksForMine(event);
  const own = isMine ? await mine(ports, event) : goodsAskedAgain(event, decision, parcels, now);
  const { reply, told } = withPending(event, own, facts.pending);
  const base = {
    event: withoutDetails(event, parcels, now),
    seenAt: now,
    answer: { reply, at: now },
    decision,
    ...(told && { told }),
    counters: [...countersOf(decision), ...countersAlways(event), ...gone.counters],
    ...(follower && { follower }),
    ...((follower || isByFollowing) && {
      followsSeen: facts.follower?.follows ?? 0,
      leftSeen: facts.follower?.leftAt ?? 0,
    }),
    friendBefore: facts.follower,
  };
  const awards = awardsOf(decision).map(award => {
    return { award, campaign: matches.find(match => match.campaign.id === award.campaign)!.campaign };
  });
  const [first, ...beside] = awards.map(({ award, campaign }): Given => {
    const payout = award.amount > 0 ? plan(ports.config, campaign, event, award, now) : undefined;
    return { claim: claimOf(event, award, now), ...(payout && { payout }) };
  });
  const documents = goodsWon(awards, { event, parcels, now, seen: facts.parcels?.version ?? 0 });
  return {
    kind: 'decided',
    commit: { ...base, ...first, ...(beside.length > 0 && { beside }), ...(documents && { documents }) },
  };
}

function givenIn({ claim, payout, beside = [] }: Commit): readonly Given[] {
  return claim ? [{ claim, ...(payout && { payout }) }, ...beside] : [];
}

/** 「我的红包」, which no rule has answered. */
async function mine({ store, book, config }: FlowPorts, { account, user }: Event): Promise<Reply> {
  const payouts = await store.payouts({ user, limit: MINE_READ });
  const { campaigns } = book();
  const merchant = config.accounts.get(account)?.merchant;
  const authorization = merchant === undefined ? undefined : await store.authorization(merchant, user);
  return mineReply(
    payouts.filter(each => each.account === account),
    {
      nameOf: id => campaigns.find(campaign => campaign.id === id)?.name,
      pageOf: ({ campaign }) => `${config.publicUrl}/h5/${account}/${campaign}`,
      isAuthorized: authorization?.state === 'TAKING_EFFECT',
    },
  );
}

/** The number and every field of the request are chosen here and stored with the claim, before any call. */
function plan(config: Config, campaign: Campaign, event: Event, award: Award, now: Instant): Payout {
  const account = config.accounts.get(event.account);
  if (!account) throw new Error(`bot.yaml has no account ${event.account} any more, to which ${campaign.id} would pay`);
  const merchant = config.merchants.get(account.merchant ?? '');
  if (!merchant) throw new Error(`campaign ${campaign.id} pays, but account ${account.name} has no merchant`);
  return planAward(campaign, event, award, { account, merchant }, now);
}

/** Whatever gives, counts or tells something, changes what we know of a follower, or is about money, is on disk before the answer leaves. */
function mustBeDurable({ event, claim, follower, counters, told, documents }: Commit): boolean {
  if (EVENT_FACTS[event.kind].costsMoney) return true;
  const changes = [claim, follower, told, documents];
  return changes.some(each => each !== undefined) || counters.length > 0;
}
