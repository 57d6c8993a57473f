// Several stores over the same data, as several processes have them: on SQLite and on Redis, by the clock of the test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../src/ports.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { hasRedis, openedOn, type RedisServer, startRedis } from './redis-server.ts';

export type Beside = {
  /** One more process's store. */
  open(): Promise<Store>;
  dispose(): Promise<void>;
};

async function onSqlite(): Promise<Beside> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-beside-'));
  const stores: Store[] = [];
  return {
    async open() {
      const store = await openSqlite(join(folder, 'bot.db'));
      stores.push(store);
      return store;
    },
    async dispose() {
      for (const store of stores) await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Nothing of this must survive its server, so it is spared the settings that keep it. */
async function onRedis(): Promise<Beside> {
  const server: RedisServer = await startRedis();
  const opened = await openedOn(server.url, { time: 'caller', assured: true });
  return {
    open: () => opened.beside(),
    async dispose() {
      await opened.dispose();
      await server.dispose();
    },
  };
}

/** What `describe.each` runs over. */
export const KINDS: readonly (readonly [name: string, open: () => Promise<Beside>])[] = [
  ['SQLite', onSqlite],
  ...(hasRedis ? ([['Redis', onRedis]] as const) : []),
];
