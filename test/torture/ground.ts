// Where the store of a seed lies: on one machine in a SQLite file, or on a Redis that goes away now and then (see
// `redis.ts`). What differs for the torture is said here; workers see a `Store` and nothing else.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../src/ports.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { type Doom, openDoomed, type StoreBug } from './driver.ts';
import { breathe, type Dice, type VirtualTime } from './time.ts';

/** What a ground may know of the world upon it. */
export type Scene = {
  readonly seed: number;
  readonly dice: Dice;
  readonly time: VirtualTime;
  readonly isTroubled: boolean;
  tell(line: string): void;
  /** For so long nobody must be expected to answer in time. */
  hurt(ms: number): void;
};

export type Ground = {
  /** For one life of a worker. Rejects while the store is away: then that process ends, and is started again. */
  open(worker: number, doom: Doom, bug?: StoreBug): Promise<Store>;
  /** For whoever looks on. Nothing goes wrong with it, but it is not to be asked while the store is away. */
  readonly watcher: Store;
  readonly isAway: boolean;
  /** The store's own troubles: at times it goes away. */
  trouble(): void;
  /** It is there again, and stays. */
  heal(): Promise<void>;
  /** Waits for calls in the real world; `true` if there were any. Virtual time stands still meanwhile. */
  settled(): Promise<boolean>;
  close(): Promise<void>;
};

/** Makes a ground for each seed. */
export type Grounds = {
  /** Its processes share a clock, and leases go by it. */
  readonly isOneMachine: boolean;
  ground(scene: Scene): Promise<Ground>;
  end(): Promise<void>;
};

/** In memory where the machine has a place for that: processes are killed here, but no power fails. */
export function newFolder(): string {
  const memory = '/dev/shm';
  const folder = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'torture-'));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

const folders = new Set<string>();
process.once('exit', () => folders.forEach(removeFolder)); // also of a torture that was broken off

export const SQLITE_GROUNDS: Grounds = {
  isOneMachine: true,
  ground: async () => {
    const folder = newFolder();
    const file = join(folder, 'bot.db');
    const watcher = await openSqlite(file);
    return {
      open: (_, doom, bug) => openDoomed(file, doom, bug),
      watcher,
      isAway: false,
      trouble: () => undefined,
      heal: async () => {},
      settled: async () => false,
      close: async () => {
        await watcher.close();
        await breathe();
        removeFolder(folder);
      },
    };
  },
  end: async () => {},
};
