// Everything impure, as types. `main.ts` builds one of each and hands them on; nothing else is ambient.
import type { Claim, Counter, Decision, Facts, Follower, Wanted } from './core/decide.ts';
import type { Event, EventKey, OpenId } from './core/event.ts';
import type { Fen } from './core/money.ts';
import type { BillNo, Observation, Payout, PayoutState, Step } from './core/payout.ts';
import type { Reply } from './core/reply.ts';
import type { Instant } from './core/time.ts';

export type Clock = () => Instant;

/** JSON lines; knows which fields are secret. `error` is for what a person must look at. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

// ── The door ─────────────────────────────────────────────────────────────────────────────────────────────

export type Query = Readonly<Record<string, string | undefined>>;

/** A push that was verified, decrypted and understood. */
export type Opened = {
  readonly event: Event;
  /** Our original id (`gh_…`): the sender of the reply. */
  readonly self: string;
  readonly nonce: string;
};

/** The webhook of one account (公众号): `wechat/door.ts`. Everything wrong is thrown as `BadInput`. */
export type Door = {
  /** The handshake (接入验证): the text to echo. */
  greet(query: Query, now: Instant): string;
  open(query: Query, body: string, now: Instant): Opened;
  /** The body of the HTTP answer: XML, or `success` where there is nothing to say. */
  close(opened: Opened, answer: Answer, now: Instant): string;
};

// ── The store ────────────────────────────────────────────────────────────────────────────────────────────

/** What the follower was told, and when. A redelivery gets the same one. */
export type Answer = { readonly reply: Reply; readonly at: Instant };

/** One event and everything that comes of it: written together, or not at all. */
export type Commit = {
  readonly event: Event;
  /** Our time, by which rules decide. */
  readonly seenAt: Instant;
  readonly answer: Answer;
  readonly decision: Decision;
  /** The follower as this event leaves them, if it changes them, and how often they had followed when it was decided. */
  readonly follower?: Follower;
  readonly followsSeen?: number;
  /** A claim comes with its counters, and with a planned payout if it is worth money. */
  readonly claim?: Claim;
  readonly counters: readonly Counter[];
  readonly payout?: Payout;
};

export type Committed =
  | { readonly kind: 'done' }
  /** This very event was answered before: here is the answer. Nothing was written. */
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** The claim exists already. Nothing was written. */
  | { readonly kind: 'claimed' }
  /** This counter would have passed its maximum, or `follower`: somebody else changed them. Nothing was written. */
  | { readonly kind: 'lost'; readonly counter: string };

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

/** A snapshot, read in pieces: what comes later is not in it. */
export type Books = {
  claims(): AsyncIterable<Claim>;
  payouts(): AsyncIterable<Payout>;
  history(billNo: BillNo): Promise<HistoryLine[]>;
  counters(): AsyncIterable<{ readonly name: string; readonly value: number }>;
  buckets(): AsyncIterable<Buckets & { readonly campaign: string }>;
  close(): Promise<void>;
};

export type PayoutFilter = {
  readonly state?: PayoutState;
  readonly campaign?: string;
  readonly user?: OpenId;
  readonly merchant?: string;
  readonly limit: number;
  /** Only payouts after this one, in the order of `list` (newest first). */
  readonly after?: BillNo;
};

/** One contract, several stores. Every write is atomic and durable when its promise resolves. */
export type Store = {
  answered(account: string, key: EventKey): Promise<Answer | undefined>;
  facts(wanted: Wanted): Promise<Facts>;
  commit(commit: Commit): Promise<Committed>;

  payout(billNo: BillNo): Promise<Payout | undefined>;
  payouts(filter: PayoutFilter): Promise<Payout[]>;
  history(billNo: BillNo): Promise<HistoryLine[]>;
  /** Unfinished payouts of a merchant whose `nextAt` has come, oldest first. `only`: those that pay, or those that ask. */
  due(merchant: string, now: Instant, limit: number, only?: 'send' | 'query'): Promise<Payout[]>;
  /**
   * Takes a payout one step on: state, history line, buckets and returned counters in one commit.
   * `stale`: somebody else changed it since it was read; nothing was written.
   */
  advance(step: Step): Promise<'moved' | 'stale'>;

  buckets(campaign: string): Promise<Buckets>;
  halt(merchant: string): Promise<Halt | undefined>;
  /** `by` the bot: a halt of the operator stays as it is, whatever the bot has read before. */
  setHalt(merchant: string, halt: Halt | undefined, by?: 'bot'): Promise<void>;

  /** Everything that is owed and was paid, as of one moment: for the audit. */
  books(): Promise<Books>;

  /** Newest first. */
  journal(filter: { readonly user?: OpenId; readonly key?: EventKey; readonly limit: number }): Promise<JournalLine[]>;
  /** Forgets answers given before this instant: nobody redelivers them any more. */
  forget(before: Instant): Promise<number>;
  close(): Promise<void>;
};

// ── The platform ─────────────────────────────────────────────────────────────────────────────────────────

/** Pays for one merchant (商户). Neither call throws for anything the platform or the network does. */
export type Payer = {
  send(payout: Payout): Promise<Observation>;
  query(payout: Payout): Promise<Observation>;
  /** Takes back what the follower has not confirmed (商家转账 only); a red packet cannot be taken back. */
  cancel?(payout: Payout): Promise<Observation>;
  close(): Promise<void>;
};

/** Speaks for one account outside the passive reply (客服消息). Throws `Fault`. */
export type Messenger = {
  say(user: OpenId, text: string): Promise<void>;
};
