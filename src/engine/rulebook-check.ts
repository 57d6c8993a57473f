// Has changed rule files judged in a thread of their own: reading, lint and tests of many rules take seconds, in which a
// bot has events to answer. The thread gives back only its verdict. What was found fit is remembered with what was said of it, and
// not judged again at the next start.

import { createHash } from 'node:crypto';
import { BadInput } from '../core/base/error.ts';
import { t } from '../core/base/words/words.ts';
import type { Warning } from '../core/lint/catalogue.ts';
import { startThread } from '../lib/thread.ts';
import type { RuleAround, Verdict } from './rulebook.ts';
import type { RuleFile } from './rulebook-files.ts';

/** Nothing that may go live takes so long. */
const JUDGE_MS = 120_000;

export function judge(files: readonly RuleFile[], around: RuleAround): Promise<Verdict> {
  const thread = startThread('./rulebook-worker', import.meta.url, { workerData: { files, around }, stderr: true });
  // A stop does not wait for it.
  thread.unref();
  return new Promise<Verdict>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new BadInput(t`the rules were not read and tested within ${JUDGE_MS / 1000} s`));
    }, JUDGE_MS);
    timer.unref();
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', () => {
      clearTimeout(timer);
      reject(new Error('the thread that judges rules ended without a verdict'));
    });
  }).finally(() => thread.terminate());
}

// ── What was judged before ───────────────────────────────────────────────────────────────────────────────────

/** A text that outlives the process. */
export type Memory = {
  recall(): Promise<string | undefined>;
  remember(text: string): Promise<void>;
};

/** Beyond this it is less work to judge once more than to keep and to read what was said. */
const KEPT_MAX = 256 * 1024;

type Judged = { readonly of: string; readonly warnings: readonly Warning[] };

/** Stands for these files beside this bot.yaml: whatever is judged depends on nothing else but the program. */
export function judgedName(print: string, around: RuleAround): string {
  const text = JSON.stringify(around, (_, value: unknown) =>
    value instanceof Map || value instanceof Set ? [...value] : value,
  );
  return createHash('sha256').update(print).update(text).digest('hex');
}

/** What these files were warned of when they were found fit; `undefined`: they were not, or nobody knows. */
export async function warningsKnown(memory: Memory | undefined, name: string): Promise<readonly Warning[] | undefined> {
  const text = await memory?.recall();
  if (!text) return undefined;
  const judged = JSON.parse(text) as Judged;
  return judged.of === name ? judged.warnings : undefined;
}

export async function rememberJudged(
  memory: Memory | undefined,
  name: string,
  warnings: readonly Warning[],
): Promise<void> {
  const text = JSON.stringify({ of: name, warnings } satisfies Judged);
  if (text.length <= KEPT_MAX) await memory?.remember(text);
}
