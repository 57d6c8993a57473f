// The thread behind the dashboard's page of the doctor (`app/doctor.ts`): one examination of a bot.yaml, and it ends.

import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { instant } from '../core/base/time.ts';
import { examine } from '../setup/doctor/doctor.ts';
import { rulesOf } from './doctor.ts';

/** Whoever waits for an answer goes first. */
const LOWER = 10;
const LOWEST = 19;
/** A thread begins more quickly. */
const MOVED_MS = 60_000;

if (process.platform === 'linux') setPriority(Math.min(LOWEST, getPriority() + LOWER));
/** `now`: the bot's clock as this thread was begun; that of a demo may be moved, a real one is the machine's. */
const { file, now } = workerData as { readonly file: string; readonly now: number };
const ahead = Math.abs(now - Date.now()) < MOVED_MS ? 0 : now - Date.now();
const found = await examine(file, { env: process.env, clock: () => instant(Date.now() + ahead), rules: rulesOf });
parentPort!.postMessage(found);
