// Which store: `store:` of bot.yaml → the store itself.
import { BadInput } from '../core/error.ts';
import type { Store } from '../ports.ts';
import { openSqlite } from './sqlite.ts';

/** `sqlite:data/bot.db`, `redis://…`, `rediss://…`, `redis+cluster://…`. The address of a Redis may hold a password, so no message repeats an address. */
export async function openStore(url: string): Promise<Store> {
  const [scheme, rest] = splitScheme(url);
  switch (scheme) {
    case 'sqlite': {
      // `sqlite:///var/bot.db`, as other tools write it, is meant as well.
      const file = rest.replace(/^\/\//, '');
      if (file === '') throw new BadInput('store: sqlite: needs a file, for example sqlite:data/bot.db');
      return openSqlite(file);
    }
    case 'redis':
    case 'rediss':
    case 'redis+cluster':
      // Loaded when it is wanted: its client would cost every start on SQLite some milliseconds.
      return (await import('./redis.ts')).openRedis(url);
    default:
      throw new BadInput(
        'store: not an address we know; expected sqlite:FILE (for example sqlite:data/bot.db), redis://HOST:PORT/DB, ' +
          'rediss:// or redis+cluster://A:PORT,B:PORT',
      );
  }
}

function splitScheme(url: string): [scheme: string, rest: string] {
  const colon = url.indexOf(':');
  return colon < 0 ? ['', url] : [url.slice(0, colon).toLowerCase(), url.slice(colon + 1)];
}
