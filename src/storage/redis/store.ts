// The store for more than one process: Redis or Valkey, one server or a cluster. Every method is one Lua script, and
// what a script does it does alone. Keys: `keys.ts`; scripts: `write-scripts.ts`, `read-scripts.ts` and
// `leases.ts`; what happens when the connection breaks: `connection.ts`.

import assert from 'node:assert/strict';
import { BadInput, Fault, messageOf } from '../../core/base/error.ts';
import type { EventKey } from '../../core/base/event.ts';
import { fen } from '../../core/base/money.ts';
import { recordOf } from '../../core/base/record.ts';
import type { Instant } from '../../core/base/time.ts';
import type { Facts, FactsQuery, Follower } from '../../core/match/facts.ts';

import { isSameHalt } from '../../core/payout/merchant-halt.ts';
import { PAYOUT_STATES, type Payout, type Step } from '../../core/payout/payout.ts';
import { parseRedisUrl, type RedisAddress } from '../../lib/redis-address.ts';
import type {
  Answer,
  Begun,
  Buckets,
  Halt,
  JournalLine,
  Lease,
  Lost,
  PayoutCounts,
  PayoutFilter,
  Store,
} from '../../ports.ts';
import { codeHash } from '../shared/code-hash.ts';
import { pendingOf } from '../shared/mailbox.ts';
import { actsOn } from './acts.ts';
import { authorizationsOn } from './authorizations.ts';
import { codeFactOf, codeKey, codesOn } from './codes.ts';
import { commitsOn } from './commits.ts';
import { counterKeys, counterPlace, counterRows, counterSaid } from './counter-place.ts';
import { documentFrom, documentsOn } from './documents.ts';
import { lookOf, originOf, refuseForgetful, refuseNewerFormat, refuseReplication } from './durability.ts';
import { loadPiece } from './import.ts';
import { journalFrom } from './journal-line.ts';
import { type LeaseTime, leaseArgs, leasesOn } from './leases.ts';
import { type Connection, connect, type Named, naming, type Script } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { mailboxesOn, owedIn } from './mailbox.ts';
import * as READ from './read-scripts.ts';
import {
  answerBehind,
  behind,
  counterArgs,
  eventField,
  historyOf,
  isDue,
  keysOfPayout,
  lineOf,
  newToken,
  nowOf,
  onceArgs,
  payoutsFrom,
  planArgs,
  whole,
} from './rows.ts';
import { joinRedisSnapshot, openRedisSnapshot } from './snapshot.ts';
import * as WRITE from './write-scripts.ts';

/** Answers forgotten by one script, and rows of a list looked at by one: the others wait meanwhile. */
const FORGET_CHUNK = 1000;
const PAGE = 200;

type Run = Connection['run'];

/** What an address may say after its `?`, said otherwise. */
export type RedisOptions = Partial<Pick<RedisAddress, 'tag' | 'acceptLoss' | 'assured' | 'replicas'>> & {
  /** For what a person should know, though it goes on. */
  readonly warn?: (text: string) => void;
  /** `caller`: leases go by the `now` they are told instead of the server's clock. For tests on virtual time only. */
  readonly time?: LeaseTime;
};

/** `redis://`, `rediss://`, `redis+cluster://` or `redis+sentinel://`; see `redis-address.ts` for what else an address says. */
export async function openRedis(url: string, options: RedisOptions = {}): Promise<Store> {
  const { time = 'server', warn = () => {}, ...said } = options;
  const address = { ...parseRedisUrl(url), ...said };
  const connection = await connect(address, { isTold: isAnswer, warn });
  try {
    await refuseForgetful(connection, address, warn);
    await refuseReplication(connection, address, warn);
    await refuseNewerFormat(connection, warn);
    connection.guard(lookOf(address, await originOf(connection), warn));
  } catch (error) {
    await connection.close();
    if (error instanceof BadInput) throw error;
    throw new BadInput(`store: this Redis cannot be used: ${messageOf(error)}`);
  }
  return storeOn(connection, time);
}

/**
 * A redelivery is told what another process may have written, and not yet seen safe: it must be as safe as a write of
 * our own before it leaves the house.
 */
function isAnswer(script: Script, reply: unknown): boolean {
  return (script === READ.ANSWERED || script === READ.BEGIN) && typeof reply === 'string';
}

function storeOn(connection: Connection, time: LeaseTime): Store {
  const atWork = new Set<Promise<unknown>>();
  let isOpen = true;

  const { commit, leave } = commitsOn(connection.run);
  /** `close` waits for it. Of several scripts the later ones may come after it: they are refused as a whole call would be. */
  const whileOpen = async <T>(call: () => Promise<T>): Promise<T> => {
    if (!isOpen) throw new Fault('store', 'safe', 'closed', 'the store is closed');
    const work = call();
    atWork.add(work);
    try {
      return await work;
    } finally {
      atWork.delete(work);
    }
  };
  const run: Run = (script, ...args) =>
    whileOpen(() => {
      leave();
      return connection.run(script, ...args);
    });

  return {
    answered: (account, key) => readAnswer(run, account, key),
    facts: wanted => readFacts(run, wanted),
    begin: (key, wanted) => begin(run, key, wanted),
    commit: each => whileOpen(() => commit(each)),

    payout: async billNo => payoutsFrom(present(await run(READ.PAYOUT, billNo, naming(KEY.payout + billNo))))[0],
    payouts: filter => listPayouts(run, filter),
    due: async (merchant, now, limit, only) => {
      const kinds = only === undefined ? ['send', 'query'] : [only];
      const keys = naming(...kinds.map(kind => `${KEY.due}${merchant}:${kind}`));
      return payoutsFrom(await run(READ.DUE, merchant, whole(now), whole(limit), ...kinds, keys));
    },
    advance: (step, under) => writeStep(run, step, under),
    count: async counters =>
      lostIn(await run(WRITE.ADD_COUNTERS, ...onceArgs(), ...counterArgs(counters), counterKeys(counters))),

    buckets: async campaign => bucketsOf(await run(READ.BUCKETS, campaign, naming(KEY.bucket + campaign))),
    ...haltsOn(run),
    ...looksOn(run),
    ...codesOn(run),
    ...{ ...mailboxesOn(run), ...authorizationsOn(run), ...documentsOn(run), acts: actsOn(run) },
    ...leasesOn(run, newToken, time),

    ...snapshotOn(run, () => isOpen),
    load: piece => loadPiece(run, piece),
    journal: filter => listJournal(run, filter),
    forget: before => forget(run, before),
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      await Promise.allSettled(atWork);
      await connection.close();
    },
  };
}

// ── One event ────────────────────────────────────────────────────────────────────────────────────────────

async function readAnswer(run: Run, account: string, key: EventKey): Promise<Answer | undefined> {
  const found = await run(READ.ANSWERED, eventField(account, key));
  return found === null ? undefined : answerBehind(found);
}

async function begin(run: Run, key: EventKey, wanted: FactsQuery): Promise<Begun> {
  const found = await run(READ.BEGIN, eventField(wanted.account, key), ...factsArgs(wanted));
  if (typeof found === 'string') return { kind: 'answered', answer: answerBehind(found) };
  return { kind: 'new', facts: factsFrom(wanted, found) };
}

async function readFacts(run: Run, wanted: FactsQuery): Promise<Facts> {
  return factsFrom(wanted, await run(READ.FACTS, ...factsArgs(wanted)));
}

function factsArgs(wanted: FactsQuery): (string | Named)[] {
  const { account, user, merchant, claims, counters, pauses = [], code } = wanted;
  const hash = code === undefined ? '' : codeHash(code);
  const gates = [merchant ?? '', hash, whole(pauses.length), ...pauses];
  const { args } = counterRows(counters);
  const keys = [codeKey(hash), counterKeys(counters.map(name => ({ name })))];
  return [`${account}/${user}`, ...gates, whole(claims.length), ...claims, ...args, ...keys];
}

function versionedIn(stored: string): NonNullable<Facts['parcels']> {
  const { version, text } = documentFrom('parcels/', stored);
  return { version, text };
}

function factsFrom({ merchant, claims, counters, pauses = [] }: FactsQuery, row: READ.FactsRow): Facts {
  const [follower, halted, owed, code, active, gates, parcels, ...rest] = row;
  const paused = pauses.flatMap((name, n) => {
    const pause = gates[n];
    return pause == null ? [] : [[name, behind<Halt>(pause).reason] as const];
  });
  const values = rest.slice(claims.length);
  const { names } = counterRows(counters);
  const known = names.map((name, n) => [name, values[n]] as const).filter(([, value]) => value !== null);
  return {
    follower: follower === null ? undefined : behind<Follower>(follower),
    claims: new Set(claims.filter((_, n) => rest[n] === 1)),
    counters: new Map(known.map(([name, value]) => [name, Number(value)])),
    halted: merchant !== undefined && halted === 1,
    ...(paused.length > 0 && { paused: new Map(paused) }),
    ...codeFactOf(code, active),
    ...(owed !== null && { pending: pendingOf(...owedIn(owed)) }),
    ...(parcels !== null && { parcels: versionedIn(parcels) }),
  };
}

// ── One payout ───────────────────────────────────────────────────────────────────────────────────────────

async function writeStep(run: Run, step: Step, under: Lease | undefined): Promise<'moved' | 'stale' | Lost> {
  const { payout, from, at, what, detail, move, successor, counters = [] } = step;
  const { billNo, version, state, nextDo, nextAt, refunded, holds, listId = '' } = payout;
  assert(!successor || successor.claimKey === payout.claimKey, `a successor pays the same claim: ${successor?.billNo}`);
  const token = newToken();
  const line = { billNo, version, at, from, to: state, what, ...(detail !== undefined && { detail }) };
  const args = [
    ...[billNo, whole(version - 1), whole(version), from, lineOf(line, token), nowOf(payout)],
    ...[state, nextDo, isDue(payout) ? whole(nextAt!) : '', move],
    ...[refunded === undefined ? '' : whole(refunded), listId],
    ...[whole(holds.length), ...holds.flatMap(({ name, add }) => [...counterPlace(name), whole(add)])],
    ...counterArgs(counters),
    ...planArgs(successor, token),
    ...leaseArgs(under),
    ...[
      keysOfPayout(payout, from),
      counterKeys([...holds, ...counters]),
      ...(successor ? [keysOfPayout(successor)] : []),
    ],
  ];
  return lostIn(await run(WRITE.ADVANCE, ...args));
}

const LOST = 'lost ';

/** A script that writes counters names the one that is full. */
function lostIn<Answer extends string>(said: Answer): Answer | Lost {
  return said.startsWith(LOST) ? { lost: counterSaid(said.slice(LOST.length)) } : said;
}

function bucketsOf(found: readonly (string | null)[]): Buckets {
  const [reserved, sent, received, refunded] = found.map(value => fen(Number(value ?? 0)));
  return { reserved: reserved!, sent: sent!, received: received!, refunded: refunded! };
}

// ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * From the index that finds fewest: a follower has few payouts, a campaign many, a merchant all; and most end as
 * received. Page by page, so that a filter that fits little does not hold Redis up: each page is of its own moment.
 */
async function listPayouts(run: Run, filter: PayoutFilter): Promise<Payout[]> {
  const { state, campaign, user, merchant, limit, after } = filter;
  let top = '+inf';
  if (after !== undefined) {
    const seq = await run(READ.SEQ, after, naming(KEY.payout + after));
    if (seq === null) return [];
    top = `(${seq}`;
  }
  const index = indexFor(filter);
  const filters = [state ?? '', campaign ?? '', user ?? '', merchant ?? ''];
  const found: Payout[] = [];
  while (found.length < limit) {
    const count = Math.min(PAGE, isOneIndex(filter) ? limit - found.length : PAGE);
    const [last, ...rows] = await run(READ.LIST, index, top, whole(count), ...filters, naming(KEY.list + index));
    found.push(...payoutsFrom(rows));
    if (last === '') break;
    top = `(${last}`;
  }
  return found.slice(0, limit);
}

/** What is looked at beside the work. */
function looksOn(run: Run): Pick<Store, 'history' | 'payoutListed' | 'counts' | 'journalAfter'> {
  return {
    history: async billNo => historyOf(billNo, await run(READ.HISTORY, billNo, naming(KEY.history + billNo))),
    payoutListed: async listId => payoutsFrom(present(await run(READ.LISTED, listId)))[0],
    counts: merchants => countPayouts(run, merchants),
    journalAfter: async (id, limit) =>
      limit === 0 ? [] : journalFrom(await run(READ.JOURNAL_AFTER, `(${whole(id)}-0`, whole(limit))),
  };
}

async function countPayouts(run: Run, merchants: readonly string[]): Promise<PayoutCounts> {
  const states = PAYOUT_STATES;
  const found = await run(READ.COUNTS, whole(states.length), ...states, ...merchants);
  const waiting = found.slice(states.length);
  return {
    states: recordOf(states, state => found[states.indexOf(state)]!),
    waiting: new Map(merchants.map((name, n) => [name, { send: waiting[2 * n]!, query: waiting[2 * n + 1]! }])),
  };
}

function indexFor({ state, campaign, user, merchant }: PayoutFilter): string {
  if (user !== undefined) return `user:${user}`;
  if (state !== undefined && state !== 'received') return `state:${state}`;
  if (campaign !== undefined) return `campaign:${campaign}`;
  if (state !== undefined) return `state:${state}`;
  return merchant === undefined ? 'all' : `merchant:${merchant}`;
}

/** Whether every row of the index fits. */
function isOneIndex({ state, campaign, user, merchant }: PayoutFilter): boolean {
  return [state, campaign, user, merchant].filter(each => each !== undefined).length <= 1;
}

async function listJournal(run: Run, filter: Parameters<Store['journal']>[0]): Promise<JournalLine[]> {
  const { user, key, limit } = filter;
  if (key !== undefined) {
    const lines = journalFrom(await run(READ.JOURNAL_OF_KEY, key));
    return lines.filter(({ event }) => user === undefined || event.user === user).slice(0, limit);
  }
  const found: JournalLine[] = [];
  const mine = naming(KEY.journalUser + (user ?? ''));
  for (let top = user === undefined ? '+' : ''; found.length < limit; ) {
    const count = Math.min(PAGE, limit - found.length);
    if (user === undefined) {
      const lines = journalFrom(await run(READ.JOURNAL, top, whole(count)));
      found.push(...lines);
      if (lines.length < count) break;
      top = `(${lines.at(-1)!.id}-0`;
    } else {
      const [left, ...rows] = await run(READ.JOURNAL_OF_USER, user, top, whole(count), mine);
      found.push(...journalFrom(rows));
      if (left === '0') break;
      top = left;
    }
  }
  return found;
}

async function forget(run: Run, before: Instant): Promise<number> {
  for (let total = 0; ; ) {
    const count = await run(WRITE.FORGET, whole(before), whole(FORGET_CHUNK));
    total += count;
    if (count < FORGET_CHUNK) return total;
  }
}

// ── Texts ────────────────────────────────────────────────────────────────────────────────────────────────

/** An HMGET of a key that is not there is a row of nothing. */
function present(row: readonly (string | null)[]): string[] {
  return row.filter(each => each !== null);
}

function snapshotOn(run: Run, isOpen: () => boolean): Pick<Store, 'snapshot' | 'snapshotTogether'> {
  const refuseIfClosed = (): void => {
    if (!isOpen()) throw new Fault('store', 'safe', 'closed', 'the store is closed');
  };
  return {
    snapshot: async moment => {
      refuseIfClosed();
      return moment === undefined ? openRedisSnapshot({ run }, isOpen) : joinRedisSnapshot({ run }, moment);
    },
    snapshotTogether: async open => {
      refuseIfClosed();
      return openRedisSnapshot({ run }, isOpen, open);
    },
  };
}

function haltsOn(run: Run): Pick<Store, 'halt' | 'setHalt' | 'resume'> {
  return {
    halt: async merchant => {
      const halt = await run(READ.HALT, merchant);
      return halt === null ? undefined : behind<Halt>(halt);
    },
    setHalt: async (merchant, halt, by) => {
      await run(WRITE.SET_HALT, merchant, halt ? `${halt.by} ${JSON.stringify(halt)}` : '', by ?? '');
    },
    resume: async (merchant, seen) => {
      for (;;) {
        const text = await run(READ.HALT, merchant);
        if (text === null) return true;
        if (!isSameHalt(behind<Halt>(text), seen)) return false;
        if ((await run(WRITE.RESUME, merchant, text)) === 'resumed') return true;
      }
    },
  };
}
