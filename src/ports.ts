// Everything impure, as types. `main.ts` builds one of each and hands them on; nothing else is ambient.

import type { Counter } from './core/base/counter.ts';
import type { Event, EventKey, OpenId } from './core/base/event.ts';
import type { Fen } from './core/base/money.ts';
import type { Instant } from './core/base/time.ts';
import type { Claim, Decision } from './core/decide/decision.ts';
import type { Facts, FactsQuery, Follower } from './core/match/facts.ts';

import type { Authorization, HeldAuthorization } from './core/payout/authorization.ts';
import type { BillNo, Observation, Payout, PayoutState, Step } from './core/payout/payout.ts';
import type { Reply } from './core/rules/reply.ts';

/** What time it is: ms since 1970, as `Instant` has it. */
export type Clock = () => Instant;

/** JSON lines; knows which fields are secret. `error` is for what a person must look at. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

// ── The door ─────────────────────────────────────────────────────────────────────────────────────────────

/** The parameters of an address, each at most once. */
export type Query = Readonly<Record<string, string | undefined>>;

/** In which format WeChat pushes (数据格式), and wants its answers. */
export type PushFormat = 'xml' | 'json';

/** A push that was verified, decrypted and understood. */
export type Opened = {
  readonly event: Event;
  /** Our original id (`gh_…`): the sender of the reply. */
  readonly self: string;
  readonly nonce: string;
  readonly format: PushFormat;
  /** Whether the answer must be sealed: compatible mode (兼容模式) takes it in the clear as well. */
  readonly isSealed: boolean;
  /** What was odd about it, for our log. */
  readonly remark?: string;
};

/**
 * A push with a right signature that says nothing we could act on: for our log. WeChat is told `success`, since it would
 * only deliver the same again. `isRefused`: it came in the clear where that is no proof, which may be anybody's.
 */
export type Unread = {
  readonly unread: string;
  readonly isRefused?: true;
  /** What of the set-up it shows: another mode than the console's, another key. */
  readonly shows?: 'mode' | 'sealed';
};

/** The webhook of one account (公众号): `wechat/account/webhook.ts`. Whatever a stranger may have sent is thrown as `BadInput`. */
export type Webhook = {
  /** Whether WeChat made this address just now, as far as that can be told without the body. Never throws. */
  isSigned(query: Query, now: Instant): boolean;
  /** The handshake (接入验证): the text to echo. */
  greet(query: Query, now: Instant): string;
  /** `isSigned`: what `isSigned` said of this query just now, if it was asked. */
  open(query: Query, body: Uint8Array, now: Instant, isSigned?: boolean): Opened | Unread;
  /** The body of the HTTP answer: in the push's format, or `success` where there is nothing to say. */
  close(opened: Opened, answer: Answer, now: Instant): string;
};

// ── The store ────────────────────────────────────────────────────────────────────────────────────────────

/** What the follower was told, and when. A redelivery gets the same one. */
export type Answer = { readonly reply: Reply; readonly at: Instant };

/** What is given: a claim comes with its counters, and with a planned payout if it is worth money. */
export type Given = { readonly claim: Claim; readonly payout?: Payout };

/** One event and everything that comes of it: written together, or not at all. */
export type Commit = {
  readonly event: Event;
  /** Our time, by which rules decide. */
  readonly seenAt: Instant;
  readonly answer: Answer;
  readonly decision: Decision;
  /** The follower as this event leaves them, if it changes them. */
  readonly follower?: Follower;
  /** How often they had followed when it was decided, and when they had last left (0: never): if it is so no more, it is lost. */
  readonly followsSeen?: number;
  readonly leftSeen?: number;
  readonly claim?: Claim;
  readonly counters: readonly Counter[];
  readonly payout?: Payout;
  /** What is given beside that claim, never without it. */
  readonly beside?: readonly Given[];
  /** Each in place of version `seen`, 0 where there was none. */
  readonly documents?: readonly (Omit<DocumentRow, 'version'> & { readonly seen: number })[];
  /** The answer tells what the follower was owed in words, as this version of their mailbox had it: it is owed no more. */
  readonly told?: Pick<Mailbox, 'version'>;
};

/** What became of a commit: all of it is written, or nothing. */
export type Committed =
  | { readonly kind: 'done' }
  /** This very event was answered before: here is the answer. Nothing was written. */
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** The claim exists already. Nothing was written. */
  | { readonly kind: 'claimed' }
  /** This counter would have passed its maximum, or `follower`, `mailbox`, `document`: somebody else changed it. Nothing was written. */
  | { readonly kind: 'lost'; readonly counter: string };

/** How an event begins: with the answer it had before, or with what is known now. Both are of one moment. */
export type Begun = Extract<Committed, { kind: 'answered' }> | { readonly kind: 'new'; readonly facts: Facts };

/** This counter would have passed its maximum. */
export type Lost = { readonly lost: string };

/** One line of a payout's history: appended with every change, never edited. */
export type HistoryLine = {
  readonly billNo: BillNo;
  /** Equals the payout's version after the change; counts from 1. */
  readonly version: number;
  readonly at: Instant;
  readonly from: PayoutState | 'new';
  readonly to: PayoutState;
  /** What was seen or done, in a word: `planned`, `sending`, `accepted`, `unknown` … */
  readonly what: string;
  /** The platform's code and text, or the operator's reason. */
  readonly detail?: string;
};

/** One event with its decision, as `explain`, `backtest` and the dashboard read it. */
export type JournalLine = {
  readonly id: number;
  readonly at: Instant;
  readonly event: Event;
  readonly decision: Decision;
  readonly reply: Reply;
};

/** A campaign's money, in fen. free = budget − reserved − sent − received; refunded is what has come back so far. */
export type Buckets = { readonly reserved: Fen; readonly sent: Fen; readonly received: Fen; readonly refunded: Fen };

/** Why nothing is sent for a merchant, and since when. */
export type Halt = {
  readonly code: string;
  readonly reason: string;
  readonly since: Instant;
  readonly by: 'bot' | 'operator';
  /** When one payout is let through to see whether the cause is gone; absent: only a person resumes. */
  readonly probeAt?: Instant;
};

/** A printed code (一物一码), as it is registered: boxes are activated, not codes. */
export type PrintedCode = {
  readonly code: string;
  readonly batch: string;
  readonly box: number;
  readonly prize: string;
};

/** A printed code as a store holds it. Its `hash` stands for it (`storage/shared/code-hash.ts`): no store can name a code. */
export type HeldCode = Omit<PrintedCode, 'code'> & { readonly hash: string };

/** So many codes, of them active; in so many boxes. */
export type CodeBatch = {
  readonly batch: string;
  readonly codes: number;
  readonly active: number;
  readonly boxes: number;
};

/** What we said to a follower outside the passive reply, and what we still owe them in words. */
export type Mailbox = {
  /** Grows by one with every change; 0: there is none yet. */
  readonly version: number;
  /** When customer-service messages went out, for WeChat's quota. At most 50. */
  readonly sent: readonly Instant[];
  /** What could not be said, oldest first. At most 50. */
  readonly pending: readonly { readonly id: string; readonly text: string; readonly at: Instant }[];
};
/** One follower, as one account sees them. */
export type Person = Pick<Follower, 'account' | 'user'>;

/**
 * What changes as one and is asked for by its name. `parcels` (account/openid): the goods a follower has won, and where they
 * are to go, sealed (`core/goods/parcel.ts`). `draw` (campaign/draw): what was drawn at the end (`core/draw/`). `waits`: something
 * that was asked is not answered yet.
 */
export type DocumentRow = {
  readonly kind: 'parcels' | 'draw' | 'left';
  readonly name: string;
  /** Grows by one with every change. */
  readonly version: number;
  readonly text: string;
  readonly waits?: true;
};

/** One thing somebody did or asked by hand, written down before it is done. */
export type Act = {
  /** Counts up. */
  readonly id: number;
  readonly at: Instant;
  /** The system's user of a command, the operator of the dashboard. */
  readonly by: string;
  /** The command: `payouts cancel`. */
  readonly what: string;
  /** Whom or what it is about: a number, a merchant, an openid. */
  readonly about: string;
  /** How, and why. */
  readonly detail?: string;
};
/** What people did (操作记录). Nothing in it is edited or forgotten. */
export type OperatorLog = {
  append(act: Omit<Act, 'id'>): Promise<void>;
  /** Newest first; only those after this one. */
  list(filter: { readonly limit: number; readonly after?: number }): Promise<Act[]>;
};

/** Every kind of row that moves to another store, as it is read there and written here. */
export type SnapshotRows = {
  readonly claims: Claim;
  /** With the whole life so far. */
  readonly payouts: { readonly payout: Payout; readonly history: readonly HistoryLine[] };
  readonly counters: { readonly name: string; readonly value: number };
  readonly buckets: Buckets & { readonly campaign: string };
  readonly followers: Follower;
  readonly answers: { readonly account: string; readonly key: EventKey; readonly answer: Answer };
  readonly halts: { readonly merchant: string; readonly halt: Halt };
  readonly journal: JournalLine;
  readonly codes: HeldCode;
  /** `undecided`: it is not active, and nobody has said so. */
  readonly boxes: {
    readonly batch: string;
    readonly box: number;
    readonly codes: number;
    readonly active: boolean;
    readonly undecided?: true;
  };
  readonly mailboxes: Person & { readonly mailbox: Mailbox };
  readonly authorizations: HeldAuthorization;
  readonly documents: DocumentRow;
  readonly acts: Act;
};
/** What a store holds, kind by kind. */
export type SnapshotKind = keyof SnapshotRows;

/** Rows one at a time, or, for who reads very many, a page at a time. */
export type Rows<Row> = AsyncIterable<Row> & { pages(): AsyncIterable<readonly Row[]> };

/** What is one follower's. */
export type SnapshotPart = {
  /** `''`: of nobody, or of whom a name of the store's does not say; there may be many such parts. */
  readonly user: string;
  readonly claims: readonly Claim[];
  readonly payouts: readonly SnapshotRows['payouts'][];
  readonly counters: readonly SnapshotRows['counters'][];
};

/** Openids from this one on, up to but without another. */
export type FollowerRange = { readonly from?: string; readonly until?: string };

/** `told`: which payouts were read, for `leftOver`. */
type PartReading = { pages(): AsyncIterable<readonly SnapshotPart[]>; readonly told: Uint8Array<ArrayBuffer> };

/** To be read in this order: what is nobody's, then all followers, at last what fits to none of them. */
export type Parts = {
  /** How many payouts there are in all. */
  readonly payouts: number;
  /** About half of all there is lies before this follower; `undefined`: there are none. */
  middle(): string | undefined;
  nobodys(): PartReading;
  followers(range?: FollowerRange): PartReading;
  leftOver(told: readonly Uint8Array[]): AsyncIterable<readonly SnapshotPart[]>;
};

/** Who is looked for, and whether `owners` named them. */
export type Looked = { readonly user: string; readonly hasCounters: boolean };

/** As `Parts`, but for claims, which lie in another order: whoever has any is looked for by name. */
export type Theirs = {
  /** The older half of all claims, or the newer one. */
  claims(half: 0 | 1): Rows<Claim>;
  /** How many payouts there are in all. */
  payouts(): Promise<number>;
  /** Who has counters of their own. */
  owners(): Rows<string>;
  /** Counters of nobody. */
  nobodys(): Rows<SnapshotRows['counters']>;
  /** For `of`, which marks there what payouts it has read. */
  marks(): Uint8Array<ArrayBuffer>;
  /** Payouts and counters of each of these, in this order. */
  of(users: readonly Looked[], marks: Uint8Array): Promise<readonly Pick<SnapshotPart, 'payouts' | 'counters'>[]>;
  /** What is marked nowhere, in full. */
  leftOver(marks: readonly Uint8Array[]): Rows<SnapshotRows['payouts']>;
};

/**
 * A snapshot, read in pieces: what comes later is not in it. Leases and their notes (tokens, gates, jobs done) are no
 * part of it: they are no money, and belong to the processes at work on this store.
 */
export type Snapshot = {
  claims(): Rows<Claim>;
  /** Oldest first. */
  payouts(): AsyncIterable<Payout>;
  history(billNo: BillNo): Promise<HistoryLine[]>;
  /** The same as both, for who wants all of it: a page of payouts comes with all their histories. */
  lives(): Rows<SnapshotRows['payouts']>;
  counters(): Rows<SnapshotRows['counters']>;
  /**
   * The three together, follower by follower, where a store keeps them so. Within a part `stand` stands for its follower: in
   * keys and users of claims, names of counters and what payouts hold. Absent, or `undefined`: they are better read apart.
   */
  parts?(stand: string): Parts | undefined;
  /** Where payouts and counters are found by whose they are: `stand` stands for them in names of counters. */
  theirs?(stand: string): Theirs;
  buckets(): AsyncIterable<SnapshotRows['buckets']>;
  /** These three change in place: Redis shows them as they are when they are read, SQLite as of the snapshot. */
  followers(): AsyncIterable<Follower>;
  answers(): AsyncIterable<SnapshotRows['answers']>;
  halts(): AsyncIterable<SnapshotRows['halts']>;
  /** Oldest first. */
  journal(): AsyncIterable<JournalLine>;
  /** As with followers: these five are as of the snapshot in SQLite only. */
  codes(): AsyncIterable<HeldCode>;
  boxes(): AsyncIterable<SnapshotRows['boxes']>;
  mailboxes(): AsyncIterable<SnapshotRows['mailboxes']>;
  authorizations(): AsyncIterable<HeldAuthorization>;
  documents(): AsyncIterable<DocumentRow>;
  /** Oldest first. */
  acts(): AsyncIterable<Act>;
  close(): Promise<void>;
};

/** Some rows of one kind, on their way from the books of another store. */
export type Piece = PieceOf<SnapshotKind>;
export type PieceOf<Kinds extends SnapshotKind> = {
  [Kind in Kinds]: { readonly kind: Kind; readonly rows: readonly SnapshotRows[Kind][] };
}[Kinds];

/** What one process at a time may do (`send:shop`, `job:audit`, `token:tea`), as the one who has it knows it. */
export type Lease = {
  readonly name: string;
  readonly holder: string;
  /** Grows with every change of holder: who was asleep while another one took over is told by it. */
  readonly fence: number;
  /** What the last one left behind with `release`. */
  readonly note?: string;
};

/** Which payouts, how many at most, newest first. */
export type PayoutFilter = {
  readonly state?: PayoutState;
  readonly campaign?: string;
  readonly user?: OpenId;
  readonly merchant?: string;
  readonly limit: number;
  /** Only payouts after this one, in the order of `list` (newest first). */
  readonly after?: BillNo;
};

/** How many payouts there are, by indexes alone. */
export type PayoutCounts = {
  readonly states: Readonly<Record<PayoutState, number>>;
  /** Of each merchant that was named: those that wait to be sent, and to be asked after, be it later. */
  readonly waiting: ReadonlyMap<string, { readonly send: number; readonly query: number }>;
};

/** What a store knows without reading its rows. */
export type Sure = {
  /** Another number than before: somebody beside this process has written to the store since, or may have. */
  writesOfOthers(): number;
  /** Whether this follower is owed something in words, or was asked something, or may be; after `writesOfOthers`, and as long as it stays the same. */
  mayOwe(account: string, user: OpenId): boolean;
};

/** One contract, several stores. Every write is atomic and durable when its promise resolves. */
export type Store = {
  answered(account: string, key: EventKey): Promise<Answer | undefined>;
  facts(wanted: FactsQuery): Promise<Facts>;
  /** `answered` for this event of the account in `wanted`, else `facts`: in one trip, and as of one moment. */
  begin(key: EventKey, wanted: FactsQuery): Promise<Begun>;
  commit(commit: Commit): Promise<Committed>;
  /** Absent: nobody can tell what others write, and everything must be looked up. */
  readonly sure?: Sure;

  payout(billNo: BillNo): Promise<Payout | undefined>;
  payouts(filter: PayoutFilter): Promise<Payout[]>;
  /** The one WeChat Pay knows by this number (微信单号); on Redis only what got it since the store keeps them. */
  payoutListed(listId: string): Promise<Payout | undefined>;
  /** As of a moment ago: no row is read, however many there are. */
  counts(merchants: readonly string[]): Promise<PayoutCounts>;
  history(billNo: BillNo): Promise<HistoryLine[]>;
  /** Unfinished payouts of a merchant whose `nextAt` has come, oldest first. `only`: those that pay, or those that ask. */
  due(merchant: string, now: Instant, limit: number, only?: 'send' | 'query'): Promise<Payout[]>;
  /**
   * Takes a payout one step on: state, history line, buckets and returned counters in one commit.
   * `stale`: somebody else changed it since it was read, or the lease `under` which it is done has a new holder.
   * `lost`: one of the step's own counters would have passed its maximum. In both cases nothing was written.
   */
  advance(step: Step, under?: Lease): Promise<'moved' | 'stale' | Lost>;
  /** Adds to these counters, all or none, without an event. */
  count(counters: readonly Counter[]): Promise<'counted' | Lost>;

  buckets(campaign: string): Promise<Buckets>;
  halt(merchant: string): Promise<Halt | undefined>;
  /** `by` the bot: a halt of the operator stays as it is, whatever the bot has read before. */
  setHalt(merchant: string, halt: Halt | undefined, by?: 'bot'): Promise<void>;
  /** Lifts this halt, whenever its next probe is. `false`: another one stands there by now, and stays. */
  resume(merchant: string, seen: Halt): Promise<boolean>;

  /**
   * Registers printed codes, at most 1000, all or none: how many of them are new. One that is there already as it is told
   * is skipped, as something else it is a `Fault` that names its position. `facts` finds them; whether one was used says
   * its counter.
   */
  addCodes(codes: readonly PrintedCode[]): Promise<number>;
  /**
   * Activates the codes of these boxes (first and last of each stretch), or takes that back: how many codes changed. In
   * chunks: what was interrupted is told again. A box that comes later is not active; a code that comes into one that is,
   * is too. `undecided`: only boxes about which nobody was ever told anything here; one that was set off stays off.
   */
  activateCodes(
    batch: string,
    boxes: readonly (readonly [number, number])[] | 'all',
    active: boolean,
    which?: 'undecided',
  ): Promise<number>;
  /** In the order of their names. */
  codeBatches(): Promise<CodeBatch[]>;
  /** In the order of their hashes, from behind `after` on. Reads over the codes of other batches: for audits and exports. */
  codes(batch: string, after: string | undefined, limit: number): Promise<(HeldCode & { readonly active: boolean })[]>;

  mailbox(account: string, user: OpenId): Promise<Mailbox | undefined>;
  /** In place of version `seen`, 0 where there was none. `false`: somebody else changed it, and nothing was written. */
  putMailbox(account: string, user: OpenId, mailbox: Omit<Mailbox, 'version'>, seen: number): Promise<boolean>;
  /** Who is owed something in words, in an order that stays, from behind `after` on. */
  mailboxesOwing(limit: number, after?: Person): Promise<Person[]>;

  /** The latest one a follower was asked for by a merchant (免确认收款授权). */
  authorization(merchant: string, user: OpenId): Promise<HeldAuthorization | undefined>;
  /** In place of version `seen`, 0 where there was none. `false`: somebody else changed it, and nothing was written. */
  putAuthorization(authorization: Authorization, seen: number): Promise<boolean>;
  /** In the order of merchants and followers, from behind `after` on. */
  authorizations(limit: number, after?: Pick<Authorization, 'merchant' | 'user'>): Promise<HeldAuthorization[]>;

  document(kind: DocumentRow['kind'], name: string): Promise<DocumentRow | undefined>;
  /** In place of version `seen`, 0 where there was none. `false`: somebody else changed it, and nothing was written. */
  putDocument(document: Omit<DocumentRow, 'version'>, seen: number): Promise<boolean>;
  /** Of one kind, in the order of their names, from behind `after` on. */
  documents(kind: DocumentRow['kind'], limit: number, after?: string): Promise<DocumentRow[]>;

  readonly acts: OperatorLog;

  /** Everything that is owed and was paid, as of one moment: for the audit, and for a move to another store. */
  /** `moment`: that of books which are open (`booksTogether`); closing these leaves those as they are. */
  snapshot(moment?: string): Promise<Snapshot>;
  /**
   * Books, and those that `open` opens meanwhile over another connection, with the name it is told (`books`), are of one and
   * the same moment. Absent where a store cannot.
   */
  snapshotTogether?(open: (moment: string) => Promise<void>): Promise<Snapshot>;
  /**
   * Writes what another store's books hold, as it is: all of the piece or nothing, and a piece told again changes
   * nothing. Claims come before their payouts; payouts and journal in the order of the books, which stays the order of
   * the lists. For a store that nobody else works on yet: nothing is checked against a limit, but a payout that has gone
   * on here is not taken back (`Fault`).
   */
  load(piece: Piece): Promise<void>;

  /** Oldest first, only lines behind this one. */
  journalAfter(id: number, limit: number): Promise<JournalLine[]>;
  /** Newest first. */
  journal(filter: { readonly user?: OpenId; readonly key?: EventKey; readonly limit: number }): Promise<JournalLine[]>;
  /**
   * Takes a lease for `ms`, or renews it; `undefined` while somebody else has it. A name is always asked for with the
   * same `ms`. Redis goes by its own clock, so that machines need not agree on theirs; SQLite by `now`, where one that
   * was written well after `now` comes from a clock that was set back, and has ended.
   */
  lease(name: string, holder: string, ms: number, now: Instant): Promise<Lease | undefined>;
  /** Gives it back; a `note` is kept for whoever comes next. `false`: it has a new holder, and nothing was written. */
  release(lease: Lease, now: Instant, note?: string): Promise<boolean>;
  /** What the last holder left with `release`. */
  note(name: string): Promise<string | undefined>;

  /** Forgets answers given before this instant: nobody redelivers them any more. */
  forget(before: Instant): Promise<number>;
  close(): Promise<void>;
};

// ── The platform ─────────────────────────────────────────────────────────────────────────────────────────

/** Pays for one merchant (商户). Neither call throws for anything the platform or the network does. */
export type Payer = {
  /**
   * What must be looked up and written down before a payout is sent; `send` follows with the very same one, so that the call then
   * leaves at once. An observation: nothing can be sent.
   */
  prepare?(payout: Payout): Promise<Observation | undefined>;
  send(payout: Payout): Promise<Observation>;
  query(payout: Payout): Promise<Observation>;
  /** Takes back what the follower has not confirmed (商家转账 only); a red packet cannot be taken back. */
  cancel?(payout: Payout): Promise<Observation>;
  /** What the merchant can pay from now, fen; absent or `undefined`: WeChat Pay does not say. */
  balance?(): Promise<Fen | undefined>;
  /** Ends an authorization (免确认收款授权, 商家转账 only) at WeChat Pay, and writes down what became of it; `open`: why it is not over. */
  endAuthorization?(known: HeldAuthorization): Promise<{ readonly closed: Authorization } | { readonly open: string }>;
  close(): Promise<void>;
};

/** What the platform says of somebody who was looked up. `since`: their latest follow. */
export type Told = { readonly following: boolean; readonly since?: Instant };

/** Speaks for one account outside the passive reply (客服消息). Throws `Fault`. */
export type Messenger = {
  say(user: OpenId, text: string): Promise<void>;
};
