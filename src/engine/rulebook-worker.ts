// The thread behind `engine/rulebook-check.ts`: one verdict, and it ends.

import { parentPort, workerData } from 'node:worker_threads';
import { type RuleAround, verdictOn } from './rulebook.ts';
import type { RuleFile } from './rulebook-files.ts';

const { files, around } = workerData as { files: readonly RuleFile[]; around: RuleAround };
parentPort!.postMessage(verdictOn(files, around));
