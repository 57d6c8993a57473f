// How much of everything is measured, as the command line asks for it.

export type BenchOptions = {
  readonly isQuick: boolean;
  readonly rounds: number;
  /** So long a round of one side takes, about. */
  readonly seconds: number;
  /** The first round of each side, which does not count, and the least of every other. */
  readonly requests: number;
};

export function optionsFor(isQuick: boolean): BenchOptions {
  return isQuick
    ? { isQuick, rounds: 3, seconds: 0.5, requests: 400 }
    : { isQuick, rounds: 5, seconds: 2, requests: 2000 };
}
