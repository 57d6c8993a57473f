// What takes long, beside a running bot: in a thread of its own, with connections of its own, so that no event waits for it.
import { BadInput } from '../core/base/error.ts';
import type { Wording } from '../core/base/words/words.ts';
import { startThread } from '../lib/thread.ts';

/** The one thing the thread of `commands/…` says. `late`: it did not within this time. */
export function saidBeside<T>(module: string, workerData: object, withinMs: number, late: Wording): Promise<T> {
  const thread = startThread(`../commands/${module}`, import.meta.url, { workerData, stdout: true, stderr: true });
  thread.stdout.resume(); // what it finds is its message
  // A stop does not wait for it.
  thread.unref();
  return new Promise<T>((resolve, reject) => {
    // It is left to end by itself: one that is ended in the middle of the store's own code takes the whole program with it.
    const timer = setTimeout(() => reject(new BadInput(late)), withinMs);
    timer.unref();
    thread.once('message', said => {
      resolve(said as T);
      void thread.terminate();
    });
    thread.once('error', reject);
    thread.once('exit', () => {
      clearTimeout(timer);
      reject(new Error(`${module} ended without a word`));
    });
  });
}
