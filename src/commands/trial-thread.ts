// The thread behind the dashboard's trials of a draft (`app/trials.ts`): one of them, with a connection of its own, and it ends.

import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { loadConfig } from '../config/config.ts';
import { BadInput } from '../core/base/error.ts';
import { type Trial, tried } from '../engine/trials/trials.ts';
import { openStoreOf } from '../setup/store.ts';

/** Whoever waits for an answer goes first. */
const LOWER = 10;
const LOWEST = 19;

if (process.platform === 'linux') setPriority(Math.min(LOWEST, getPriority() + LOWER));
const { file, trial } = workerData as { readonly file: string; readonly trial: Trial };
try {
  const config = loadConfig(file, process.env);
  const store = await openStoreOf(config);
  const said = await tried(trial, config, store).finally(() => store.close());
  parentPort!.postMessage({ said }); // a thread that has spoken is ended, and its store is closed by then
} catch (error) {
  if (!(error instanceof BadInput)) throw error;
  parentPort!.postMessage({ wrong: error.words });
}
