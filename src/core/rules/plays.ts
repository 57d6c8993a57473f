// What the plays (玩法) of a rule say: a streak of days, wrong tries, a quiz.

/** A streak of days (连续签到). */
import type { Pattern } from '../base/pattern.ts';
export type Streak = {
  /** After so many days a new cycle begins. */
  readonly cycle: number;
  /** How many whole cycles one follower may finish. */
  readonly cycles?: number;
};

/** Wrong tries at a password or a code. */
export type Guess = {
  /** A text that fits is a try; one that is not right is a wrong one. A printed code needs none: it is known by its form. */
  readonly looksLike?: Pattern;
  readonly tries: number;
  /** So many within each stretch of so long, ms; absent: a day. */
  readonly per?: number;
};

export type Question = {
  readonly text: string;
  /** Answers by their letter: A, B … */
  readonly choices: readonly string[];
  /** The index of the right one. */
  readonly right: number;
};
export type Quiz = {
  readonly bank: readonly Question[];
  readonly questions: number;
  /** How many must be right. */
  readonly pass: number;
  /** For one answer, ms. */
  readonly time: number;
  readonly triesPerDay: number;
};
