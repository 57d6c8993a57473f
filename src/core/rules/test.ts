// Tests (测试) of a rule file, as values: what made-up followers do, and what must come of it.
import type { Fen } from '../base/money.ts';
import type { Instant } from '../base/time.ts';
import type { Detail, Refusal } from './campaign.ts';

/** One test of a rule file: followers, a clock, and what must come of it. */
export type RuleTest = {
  readonly name: string;
  /** Pins the draw to this prize for the whole test. */
  readonly draw?: string;
  /** Printed codes there are: `7K2M…` → its batch, prize, and whether its box is activated. */
  readonly codes: ReadonlyMap<string, TestCode>;
  /** Who does not follow, unless they do so in the test; all others always have. Absent: there is nobody. */
  readonly neverFollowed?: ReadonlySet<string>;
  readonly events: readonly RuleTestEvent[];
  readonly budgetLeft?: Fen;
  readonly line: number;
  readonly column: number;
};

export type TestCode = { readonly batch: string; readonly prize: string; readonly active: boolean };

/** What the follower does, in the rule file's own words. */
export type TestAction =
  /** `invitedBy`: through the personal code of this user. */
  | { readonly kind: 'subscribe'; readonly scene?: string; readonly invitedBy?: string }
  | { readonly kind: 'unsubscribe' }
  | { readonly kind: 'scan'; readonly scene: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'click'; readonly button: string }
  | { readonly kind: 'view'; readonly url: string }
  | { readonly kind: 'scancode'; readonly button: string; readonly result: string }
  | { readonly kind: 'visit' }
  /** `order`: by which a refund finds it. */
  | { readonly kind: 'paid'; readonly amount: Fen; readonly order?: string; readonly attach?: string }
  | { readonly kind: 'refunded'; readonly order: string }
  /** Was drawn for this prize; who is, a test does not say. */
  | { readonly kind: 'drawn'; readonly draw: string; readonly prize: string }
  | { readonly kind: 'image' | 'voice' | 'location' };

export type RuleTestExpect = {
  readonly rule?: string;
  readonly prize?: string;
  readonly pays?: Fen;
  /** A finer one only where that was said. */
  readonly refused?: Refusal | Detail;
  /** The exact text; `null`: no reply at all. */
  readonly reply?: string | null;
};

export type RuleTestEvent = {
  readonly at: Instant;
  readonly user: string;
  /** So many followers, `user-1` and so on, each do it once: what is limited runs out. */
  readonly people?: number;
  readonly action: TestAction;
  readonly expect: RuleTestExpect & {
    /** What this event takes back of a delayed prize. */
    readonly cancels?: Fen;
    /** What it comes to for whoever invited this user. */
    readonly inviter?: RuleTestExpect;
  };
  readonly line: number;
  readonly column: number;
};
