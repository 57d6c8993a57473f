// The thread behind `engine/rulebook-check.ts`: one verdict, and it ends.

import { getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { type RuleAround, verdictOn } from './rulebook.ts';
import type { RuleFile } from './rulebook-files.ts';

/** Whoever waits for an answer goes first; a tenth of a core that is taken wholly is still enough to judge in time. */
const LOWER = 10;
const LOWEST = 19;

// On Linux a thread has a priority of its own. Elsewhere this would be the whole program's.
if (process.platform === 'linux') setPriority(Math.min(LOWEST, getPriority() + LOWER));
const { files, around } = workerData as { files: readonly RuleFile[]; around: RuleAround };
parentPort!.postMessage(verdictOn(files, around));
