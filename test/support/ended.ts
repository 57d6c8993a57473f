// The end of a process that a test began.
import type { ChildProcess } from 'node:child_process';

/** The exit code of a process, once all that it said was read; `null`: a signal ended it. */
export function ended(child: ChildProcess): Promise<number | null> {
  return new Promise(resolve => child.once('close', resolve));
}
