// How a command of `hongbao` runs and ends: its exit code, and what Ctrl-C does.

import { messageOf } from '../../core/base/error.ts';
import { EXIT } from './context.ts';

export async function exitWith(work: () => Promise<number>): Promise<void> {
  process.exitCode = await work();
}

/** Keeps running until SIGINT or SIGTERM, then stops in order; a second signal ends it at once. */
export async function runUntilSignal(begin: () => Promise<() => Promise<void>>): Promise<void> {
  const stop = await begin();
  let isStopping = false;
  const onSignal = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    stop().then(
      () => process.exit(EXIT.fine),
      (error: unknown) => {
        console.error(messageOf(error)); // a line of the log, where there is one
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
