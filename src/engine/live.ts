// What went live last, for whoever is about to work on a store with rule files: the bot, and commands beside it.
import type { Config } from '../config/config.ts';
import type { Clock, Store } from '../ports.ts';
import { type LiveBook, liveBook } from './rulebook-live.ts';

/** Under these names programs without a record kept the print of the files they had live. */
const FORMER_VERSIONS = ['0.1.0'];

type Parts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly holder: string;
  readonly sleep: (ms: number) => Promise<void>;
  readonly version?: string | undefined;
};

export function liveBookFor(config: Config, { version, ...parts }: Parts): LiveBook {
  const versions = new Set([...FORMER_VERSIONS, ...(version === undefined ? [] : [version])]);
  return liveBook({
    ...parts,
    secret: config.secret,
    formerPrints: [...versions].map(each => `rules:${each}`),
    severity: config.lint.severity['live-change'],
  });
}
