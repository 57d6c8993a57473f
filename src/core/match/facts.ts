// What a decision is made from: the follower, the claims and counters there are, the printed code.
import type { OpenId } from '../base/event.ts';
import type { Instant } from '../base/time.ts';

/**
 * What we know of a follower. `follows` counts how often they followed since we watch; 0: never, or before that. Instants
 * are WeChat's, of the latest follow and the latest unfollow we were told of, in whatever order.
 */
export type Follower = {
  readonly account: string;
  readonly user: OpenId;
  readonly following: boolean;
  readonly follows: number;
  readonly followedAt?: Instant;
  readonly leftAt?: Instant;
  /** Whose personal code brought them when they followed for the first time, in which campaign. Never changes. */
  readonly invitedBy?: { readonly user: OpenId; readonly campaign: string };
};

/** What `decide` will want to know: the store reads it in one go. */
export type FactsQuery = {
  readonly account: string;
  readonly user: OpenId;
  readonly merchant: string | undefined;
  readonly claims: readonly string[];
  readonly counters: readonly string[];
  /** Names under which campaigns are paused (`pauseOf`). */
  readonly pauses?: readonly string[];
  /** A printed code that was typed or scanned, in capitals. */
  readonly code?: string;
};

/** A printed code (一物一码) as it was registered. */
export type CodeFact = { readonly batch: string; readonly prize: string; readonly active: boolean };

export type Facts = {
  readonly follower: Follower | undefined;
  /** Those of the wanted claims that exist. */
  readonly claims: ReadonlySet<string>;
  /** A counter that is missing is 0. */
  readonly counters: ReadonlyMap<string, number>;
  /** The merchant's gate is shut: nothing new is promised. */
  readonly halted: boolean;
  /** Those of the wanted pauses there are, and what is said meanwhile; `''`: what each rule says. */
  readonly paused?: ReadonlyMap<string, string>;
  /** The wanted code; absent: there is none such. */
  readonly code?: CodeFact;
  /** The goods they have won and what was asked about them (`core/goods/parcel.ts`), with its version; absent: none. */
  readonly parcels?: { readonly version: number; readonly text: string };
  /** What this follower is owed in words, and which state of their mailbox says so; absent: nothing. */
  readonly pending?: {
    readonly version: number;
    readonly texts: readonly { readonly id: string; readonly text: string }[];
  };
};
