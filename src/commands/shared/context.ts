// What the operator's commands share: the configuration, the store, tables and exit codes.
import { randomBytes } from 'node:crypto';
import { type Config, defaultConfigFile, loadConfig } from '../../config/config.ts';
import { visible, visibleJson, visibleLines } from '../../core/base/text.ts';
import { instant } from '../../core/base/time.ts';
import type { Wording } from '../../core/base/words/words.ts';
import type { Store } from '../../ports.ts';
import { belongToUs } from '../../setup/installation.ts';
import { openStoreOf } from '../../setup/store.ts';
import { refuseUnfinished } from '../../storage/copy.ts';
import { worded } from './language.ts';

/** 0 fine · 1 findings, or refused · 2 bad input. */
export const EXIT = { fine: 0, findings: 1, badInput: 2 } as const;

export type Common = { readonly config?: string; readonly json?: boolean };

export function configOf(options: Common): Config {
  return loadConfig(options.config ?? defaultConfigFile(), process.env);
}

/** Runs `work` on the configured store, beside a running bot if there is one. */
export async function withStore<T>(options: Common, work: (store: Store, config: Config) => Promise<T>): Promise<T> {
  const config = configOf(options);
  const store = await openStoreOf(config);
  try {
    await refuseUnfinished(store);
    const holder = `command:${process.pid}:${randomBytes(6).toString('hex')}`;
    for (const moved of await belongToUs(store, config, holder, instant(Date.now()))) printNote(moved);
    return await work(store, config);
  } finally {
    await store.close();
  }
}

/** The one way to standard output: whatever stands in the text, it moves no cursor and forges no row. */
export function print(said: Wording): void {
  process.stdout.write(`${visibleLines(worded(said))}\n`);
}

/** The same for what is no result: notes, refusals, progress by lines. */
export function printNote(said: Wording): void {
  process.stderr.write(`${visibleLines(worded(said))}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${visibleJson(JSON.stringify(value, null, 2))}\n`);
}

/** Columns as wide as their widest cell; a Chinese character is two wide. */
export function table(head: readonly Wording[], rows: readonly (readonly string[])[]): string {
  const lines = [head.map(worded), ...rows].map(line => line.map(visible));
  const widths = head.map((_, column) =>
    lines.reduce((widest, line) => Math.max(widest, widthOf(line[column] ?? '')), 0),
  );
  const show = (line: readonly string[]): string =>
    line
      .map((cell, column) => cell + ' '.repeat(widths[column]! - widthOf(cell)))
      .join('  ')
      .trimEnd();
  return lines.map(show).join('\n');
}

/** Columns of a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text)
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
      character,
    )
      ? 2
      : 1;
  return width;
}
