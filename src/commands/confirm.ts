// A question to whoever sits at the terminal. Where nobody does, there is no answer.
import { createInterface } from 'node:readline/promises';

type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };
type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** `undefined`: nobody can be asked. Only `y` and `yes` (是) mean yes. */
export async function confirm(
  question: string,
  input: Input = process.stdin,
  output: Output = process.stdout,
): Promise<boolean | undefined> {
  if (!input.isTTY || !output.isTTY) return undefined;
  const lines = createInterface({ input, output });
  try {
    // Ctrl-D, and Ctrl-C, end the input without an answer.
    const closed = new Promise<string>(resolve => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
    return /^(y|yes|是)$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
