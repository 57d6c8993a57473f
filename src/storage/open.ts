// Which store: `store:` of bot.yaml → the store itself.

import { BadInput } from '../core/base/error.ts';
import { t } from '../core/base/words/words.ts';
import type { Store } from '../ports.ts';
import { openSqlite } from './sqlite/store.ts';

/** What bot.yaml says beside the address. It concerns Redis only. */
export type StoreOptions = {
  /** An fsync every second is enough. */
  readonly acceptLoss?: boolean;
  /** As many replicas must have what was written before it counts. */
  readonly replicas?: number;
  /** For what a person should know, though it goes on. */
  readonly warn?: (text: string) => void;
};

/** `sqlite:data/bot.db`, `redis://…`, `rediss://…`, `redis+cluster://…`, `redis+sentinel://…`. The address of a Redis may hold a password, so no message repeats an address. */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const [scheme, rest] = splitScheme(url);
  switch (scheme) {
    case 'sqlite': {
      const file = fileIn(rest);
      if (file === '') throw new BadInput('store: sqlite: needs a file, for example sqlite:data/bot.db');
      return openSqlite(file);
    }
    case 'redis':
    case 'rediss':
    case 'redis+cluster':
    case 'redis+sentinel':
      // Loaded when it is wanted: its client would cost every start on SQLite some milliseconds.
      return (await import('./redis/store.ts')).openRedis(url, saidOf(options));
    default:
      throw new BadInput(
        t`store: not an address we know; expected sqlite:FILE (for example sqlite:data/bot.db), redis://HOST:PORT/DB, rediss://, redis+cluster://A:PORT,B:PORT or redis+sentinel://A:PORT,B:PORT/NAME`,
      );
  }
}

/** What bot.yaml does not ask for, the address may. */
function saidOf({ acceptLoss, replicas, warn }: StoreOptions): StoreOptions {
  return { ...(acceptLoss && { acceptLoss }), ...(replicas && { replicas }), ...(warn && { warn }) };
}

/** The file of a `sqlite:` address; `undefined` for any other. */
export function sqliteFileOf(url: string): string | undefined {
  const [scheme, rest] = splitScheme(url);
  return scheme === 'sqlite' ? fileIn(rest) : undefined;
}

/** `sqlite:///var/bot.db`, as other tools write it, is meant as well. */
function fileIn(rest: string): string {
  return rest.replace(/^\/\//, '');
}

function splitScheme(url: string): [scheme: string, rest: string] {
  const colon = url.indexOf(':');
  return colon < 0 ? ['', url] : [url.slice(0, colon).toLowerCase(), url.slice(colon + 1)];
}
