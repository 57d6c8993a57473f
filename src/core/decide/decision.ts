// What a decision is made from and what it comes to: facts, claims, decisions.

import type { Counter } from '../base/counter.ts';
import type { OpenId } from '../base/event.ts';
import type { Fen } from '../base/money.ts';
import type { Instant } from '../base/time.ts';
import type { Cancel, Detail, Refusal } from '../rules/campaign.ts';
import type { Reply } from '../rules/reply.ts';
import type { Check } from './check.ts';
import type { Prospect } from './prospect.ts';

/** A prize given to somebody, once. The key is campaign / rule / openid / occasion, unique for ever. */
export type Claim = {
  readonly key: string;
  readonly campaign: string;
  readonly rule: string;
  readonly account: string;
  readonly user: OpenId;
  readonly prize: string;
  readonly amount: Fen;
  readonly at: Instant;
  /**
   * Where it was counted: the campaign's own day, the scene and the round. Without a day it comes from a time in which
   * only limits that were set were counted.
   */
  readonly day?: string;
  readonly scene?: string;
  readonly round?: string;
};

export type Trace = readonly {
  readonly campaign: string;
  readonly rule: string;
  readonly hash: string;
  readonly checks: readonly Check[];
  /** Not asked about this event: what it gave another time is taken back. */
  readonly isTakenBack?: true;
}[];

type About = { readonly campaign: string; readonly rule: string };

export type Award = About & {
  readonly kind: 'awarded';
  readonly prize: string;
  readonly amount: Fen;
  readonly claimKey: string;
  readonly counters: readonly Counter[];
  /** What the counters get back if the money does. */
  readonly holds: readonly Pick<Counter, 'name' | 'add'>[];
  /** The text that was given: a line of the prize's list (券码). */
  readonly coupon?: string;
  /** Paid not before this instant, and not at all if one of these comes first. */
  readonly payAt?: Instant;
  readonly cancelIf?: readonly Cancel[];
};

/** `counters`: what it counts beside a claim, such as a wrong try; written with the answer, or not at all. */
type Counting = { readonly counters?: readonly Counter[] };

/** What one campaign came to. */
export type Part =
  | (About & Counting & { readonly kind: 'answered'; readonly detail?: Detail })
  | (About & Counting & { readonly kind: 'refused'; readonly refusal: Refusal; readonly detail?: Detail })
  | Award;

type Told = {
  readonly trace: Trace;
  readonly reply: Reply;
  /** What campaigns in `shadow` mode would have done. Only counted: nobody is told, nothing is paid. */
  readonly shadows?: readonly Shadow[];
};

/** `beside`: what campaigns came to that answer beside others (`alongside`). The first part is what gave the most. */
export type Decision = Told & { readonly beside?: readonly Part[] } & ({ readonly kind: 'ignored' } | Part);

export type OpenPart = About & { readonly kind: 'open'; readonly prospects: readonly Prospect[] };

/** Of an event that has not happened: it would draw, and the draw is not made. */
export type Open = Told & { readonly beside?: readonly (Part | OpenPart)[] } & OpenPart;

/** Each of the things it came to, as if it had come to nothing else. */
export function partsOf(decision: Decision): readonly Exclude<Decision, { readonly kind: 'ignored' }>[] {
  if (decision.kind === 'ignored') return [];
  const { beside = [], trace, reply } = decision;
  return [decision, ...beside.map(part => ({ ...part, trace, reply }))];
}

/** Everything that was given. */
export function awardsOf(decision: Decision): readonly Extract<Decision, { readonly kind: 'awarded' }>[] {
  return partsOf(decision).filter(part => part.kind === 'awarded');
}

/** The claim is a counter of its own here, so that it is as unique as a real one. */
export type Shadow = About &
  Counting & {
    readonly outcome: 'answered' | 'awarded' | Refusal;
    readonly prize?: string;
    readonly amount?: Fen;
  };
