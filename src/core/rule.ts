// What a rule file may say, as values: the campaign (活动), its prizes (奖品) and rules (规则). Pure.
import type { Finding } from './error.ts';
import type { Fen } from './money.ts';
import type { Instant, Weekday } from './time.ts';

/** Why a claim is refused, in the order of precedence: the first that applies wins. */
export const REFUSALS = [
  'notStarted',
  'ended',
  'closed',
  'notEligible',
  'already',
  'limited',
  'soldOut',
  'halted',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Every outcome that has a text. `problem` is said later, when a packet could not be delivered. */
export const OUTCOMES = ['won', 'nothing', 'problem', ...REFUSALS] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type Prize = {
  readonly name: string;
  readonly weight: number;
  /** How many there are in the whole campaign, and how many one follower can win. */
  readonly stock?: number;
  readonly perUser?: number;
} /** Fixed when min = max. `shares`: a group packet (裂变红包), handed on by its first receiver. */ & (
  | { readonly kind: 'redpacket'; readonly min: Fen; readonly max: Fen; readonly shares?: number }
  | { readonly kind: 'nothing' }
);

export type TextTrigger =
  | { readonly kind: 'text'; readonly match: 'exact'; readonly words: readonly string[] }
  | { readonly kind: 'text'; readonly match: 'contains'; readonly words: readonly string[] }
  | { readonly kind: 'text'; readonly match: 'any' };

export type Trigger =
  | TextTrigger
  /** `first`: only the first follow of this follower's life. `scenes`: see `scan`. */
  | { readonly kind: 'subscribe'; readonly first: boolean; readonly scenes?: readonly string[] }
  | { readonly kind: 'unsubscribe' }
  /** A scan of a code with a parameter, by a follower or by somebody who follows through it. `store-*` is a prefix. */
  | { readonly kind: 'scan'; readonly scenes?: readonly string[] }
  | { readonly kind: 'click'; readonly buttons: readonly string[] }
  | { readonly kind: 'view'; readonly urls?: readonly string[] }
  | { readonly kind: 'image' | 'voice' | 'location' };

/** What makes a second claim the same claim. */
export const ONCE = ['ever', 'perDay', 'perWeek', 'perMonth', 'perEvent'] as const;
export type Once = (typeof ONCE)[number];

export type Who = {
  /** Milliseconds since the latest follow. */
  readonly followedFor?: number;
  /** Only openids that never unfollowed. */
  readonly firstFollow?: boolean;
};

/** A text with `{{placeholders}}`, or a reply of another kind. */
export type ReplyTemplate =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly mediaId: string }
  | {
      readonly kind: 'news';
      readonly title: string;
      readonly description: string;
      readonly picUrl: string;
      readonly url: string;
    }
  | { readonly kind: 'transfer'; readonly agent?: string };

export type Rule = {
  readonly id: string;
  /** Any one of these starts the rule. */
  readonly on: readonly Trigger[];
  readonly who: Who;
  readonly once: Once;
  /** Names of prizes; empty for a rule that gives nothing. One: certain; several: drawn by weight. */
  readonly give: readonly string[];
  /** What a rule that gives nothing says. */
  readonly reply?: ReplyTemplate;
  readonly replies: Partial<Record<Outcome, ReplyTemplate>>;
  /** Where the rule stands in its file, for traces: counts from 1. */
  readonly line: number;
};

export type Period = {
  /** `from` is inside, `to` is not. */
  readonly from: Instant;
  readonly to: Instant;
  /** Minutes of the day, `[from, to)`; empty: all day. */
  readonly hours: readonly (readonly [number, number])[];
  /** Empty: every day. */
  readonly weekdays: readonly Weekday[];
};

export type Budget = {
  readonly total: Fen;
  readonly perDay?: Fen;
  readonly packets?: number;
  readonly packetsPerDay?: number;
  /** Per cent of `total`, ascending. */
  readonly alertAt: readonly number[];
};

export type UserLimits = {
  readonly total?: number;
  readonly perDay?: number;
  readonly amountPerDay?: Fen;
  /** Milliseconds between two claims of one follower. */
  readonly gap?: number;
};

/** The words on the packet. Lengths are bytes of UTF-8 (reference: 发放红包接口). */
export type Packet = {
  readonly sendName: string;
  readonly actName: string;
  readonly wishing: string;
  readonly remark: string;
  readonly scene?: string;
};

export type Campaign = {
  readonly id: string;
  readonly name: string;
  /** Absent while bot.yaml has one account: then that one. */
  readonly account?: string;
  readonly period: Period;
  /** Absent in a campaign that only answers. */
  readonly budget?: Budget;
  readonly perUser: UserLimits;
  readonly packet?: Packet;
  /** What becomes of a packet nobody opened: its money returns to the budget, or it is offered once more. */
  readonly unclaimed: 'return' | 'reoffer';
  readonly prizes: ReadonlyMap<string, Prize>;
  readonly rules: readonly Rule[];
  readonly tests: readonly RuleTest[];
  /** What is not wrong and should be known: said at load, and by `check`. */
  readonly warnings: readonly Finding[];
  readonly file: string;
  /** SHA-256 of the file's text, hex: stands in every decision. */
  readonly hash: string;
};

/** One test of a rule file: followers, a clock, and what must come of it. */
export type RuleTest = {
  readonly name: string;
  /** Pins the draw to this prize for the whole test. */
  readonly draw?: string;
  readonly events: readonly RuleTestEvent[];
  readonly budgetLeft?: Fen;
  readonly line: number;
  readonly column: number;
};

/** What the follower does, in the rule file's own words. */
export type TestAction =
  | { readonly kind: 'subscribe'; readonly scene?: string }
  | { readonly kind: 'unsubscribe' }
  | { readonly kind: 'scan'; readonly scene: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'click'; readonly button: string }
  | { readonly kind: 'view'; readonly url: string }
  | { readonly kind: 'image' | 'voice' | 'location' };

export type RuleTestEvent = {
  readonly at: Instant;
  readonly user: string;
  readonly action: TestAction;
  readonly expect: {
    readonly rule?: string;
    readonly prize?: string;
    readonly pays?: Fen;
    readonly refused?: Refusal;
    /** The exact text; `null`: no reply at all. */
    readonly reply?: string | null;
  };
  readonly line: number;
  readonly column: number;
};
