// Standard output, a line at a time. A disk that is full, or a reader that does not read, loses lines and nothing else: whoever
// waits for room waits for ever, and the bot with them.

import { writeSync } from 'node:fs';
import { codeOf } from '../core/base/error.ts';

/** A pipe whose reader is slow is waited for so long, all in all. */
const TRIES = 20;
const PAUSE_MS = 5;
const NEVER = new Int32Array(new SharedArrayBuffer(4));

type Write = (bytes: Uint8Array) => number;

/** `said`: the line about those that were lost, once there is room again. */
export function standardOutput(
  said: (lost: number, code: string) => string,
  write: Write = bytes => writeSync(1, bytes),
): { write(line: string): void } {
  let [lost, code, isBroken] = [0, '', false];
  /** Whether all of it was written. */
  const put = (text: string, triesMax: number): boolean => {
    let rest: Uint8Array = Buffer.from(isBroken ? `\n${text}` : text);
    for (let tries = 0; rest.length > 0; ) {
      try {
        rest = rest.subarray(write(rest));
        isBroken = rest.length > 0;
      } catch (error) {
        code = codeOf(error) ?? 'UNKNOWN';
        if (code !== 'EAGAIN' || ++tries > triesMax) return false;
        Atomics.wait(NEVER, 0, 0, PAUSE_MS);
      }
    }
    return true;
  };
  return {
    write(line) {
      if (lost > 0 && put(said(lost, code), 0)) lost = 0; // nobody waits twice for the same reader
      if (lost > 0 || !put(line, TRIES)) lost++;
    },
  };
}
