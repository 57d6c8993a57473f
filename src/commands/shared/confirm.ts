// A question to whoever sits at the terminal. Where nobody does, there is no answer.
import { createInterface } from 'node:readline';
import { visible } from '../../core/base/text.ts';
import type { Wording } from '../../core/base/words/words.ts';
import { worded } from './language.ts';

type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };
type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/**
 * `undefined`: nobody can be asked. Only `y` and `yes` (是) mean yes. The question is written by us, whole and before
 * anything listens; the terminal itself edits the line. So it is seen on every Node.
 */
export async function confirm(
  question: Wording,
  input: Input = process.stdin,
  output: Output = process.stdout,
): Promise<boolean | undefined> {
  if (!input.isTTY || !output.isTTY) return undefined;
  output.write(`${visible(worded(question))} [y/N] `);
  const lines = createInterface({ input, terminal: false });
  const answer = await new Promise<string | undefined>(resolve => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(undefined)); // Ctrl-D
  });
  lines.close();
  if (answer === undefined) output.write('\n');
  return /^(y|yes|是)$/i.test(answer?.trim() ?? '');
}
