// What the dashboard's pages are made from.
import type { Config } from '../../config/config.ts';
import type { Fen } from '../../core/base/money.ts';
import type { Book } from '../../core/decide/match.ts';
import type { Clock, Store } from '../../ports.ts';
import type { Recent } from './recent.ts';
import type { Tally } from './tally.ts';

export type OverviewPorts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly config: Config;
  /** The rules that are live. */
  readonly book: () => Book;
  readonly tally: Tally;
  readonly recent: Recent;
  /** What a merchant can pay from now; `undefined`: WeChat Pay does not say. */
  readonly balance: (merchant: string) => Promise<Fen | undefined>;
};
