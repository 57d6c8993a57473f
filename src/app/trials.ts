// A draft tried beside a running bot.
import type { TrialWords } from '../core/analysis/trial-words.ts';
import { BadInput } from '../core/base/error.ts';
import { MINUTE } from '../core/base/time.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import type { Trial } from '../engine/trials/trials.ts';
import { saidBeside } from './beside.ts';

const WITHIN_MS = 3 * MINUTE;

type Said = { readonly said: TrialWords } | { readonly wrong: Wording };

/** With the configuration in `file`. */
export async function tryBeside(file: string, trial: Trial): Promise<TrialWords> {
  const late = t`it did not end within ${WITHIN_MS / MINUTE} minutes`;
  const answer = await saidBeside<Said>('trial-thread', { file, trial }, WITHIN_MS, late);
  if ('wrong' in answer) throw new BadInput(answer.wrong);
  return answer.said;
}
