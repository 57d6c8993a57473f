// The doctor beside a running bot: in a thread of its own, with connections of its own, so that no event waits for it.
import { BadInput } from '../core/base/error.ts';
import { type Instant, MINUTE } from '../core/base/time.ts';
import type { Diagnosis } from '../core/ops/diagnosis.ts';
import { startThread } from '../lib/thread.ts';

/** Every single question of it ends earlier. */
const WITHIN_MS = 3 * MINUTE;

/** Of the bot.yaml in `file`, by the bot's clock. */
export function examineBeside(file: string, now: Instant): Promise<readonly Diagnosis[]> {
  const options = { workerData: { file, now }, stdout: true, stderr: true };
  const thread = startThread('../commands/doctor-thread', import.meta.url, options);
  thread.stdout.resume(); // what it finds is its message
  // A stop does not wait for it.
  thread.unref();
  return new Promise<readonly Diagnosis[]>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new BadInput(`the examination did not end within ${WITHIN_MS / MINUTE} minutes`));
    }, WITHIN_MS);
    timer.unref();
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', () => {
      clearTimeout(timer);
      reject(new Error('the examination ended without a word'));
    });
  }).finally(() => thread.terminate());
}
