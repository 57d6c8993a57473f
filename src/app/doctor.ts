// The doctor beside a running bot.
import { type Instant, MINUTE } from '../core/base/time.ts';
import type { Diagnosis } from '../core/ops/diagnosis.ts';
import { saidBeside } from './beside.ts';

/** Every single question of it ends earlier. */
const WITHIN_MS = 3 * MINUTE;

/** Of the bot.yaml in `file`, by the bot's clock. */
export function examineBeside(file: string, now: Instant): Promise<readonly Diagnosis[]> {
  const late = `the examination did not end within ${WITHIN_MS / MINUTE} minutes`;
  return saidBeside('doctor-thread', { file, now }, WITHIN_MS, late);
}
