// `hongbao test --watch`: runs the tests again whenever a rule file, or a list beside one, changes. What the system tells
// of changes comes at once; where it tells nothing (network drives, containers) they are looked for twice a second.

import { type FSWatcher, watch as watchFolder } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BadInput, messageOf } from '../../core/base/error.ts';
import { t } from '../../core/base/words/words.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';

import { print } from '../shared/context.ts';
import { gather, type TestOptions, test } from './test.ts';

const LOOK_MS = 500;
/** An editor writes a file in several steps. */
const SETTLE_MS = 60;

/** Runs once, then after each change, until it is told to stop. */
export async function watchTests(paths: readonly string[], options: TestOptions): Promise<() => Promise<void>> {
  const { config } = await gather(paths, options);
  const wanted = paths.length > 0 ? paths : [config?.rules ?? 'rules'];
  let stamp: string | undefined;
  let wake = (): void => {};
  let isStopped = false;
  const watchers = new Map<string, FSWatcher>();
  const loop = (async () => {
    while (!isStopped) {
      const now = await stampOf(wanted);
      if (now.text !== stamp) {
        await pause(SETTLE_MS);
        stamp = (await stampOf(wanted)).text;
        await runOnce(paths, options);
      }
      listen(watchers, now.folders, () => wake());
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, LOOK_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  })();
  return async () => {
    isStopped = true;
    wake();
    for (const watcher of watchers.values()) watcher.close();
    await loop;
  };
}

async function runOnce(paths: readonly string[], options: TestOptions): Promise<void> {
  try {
    await test(paths, options);
  } catch (error) {
    if (!isOutside(error)) throw error;
    print(messageOf(error)); // a file that is gone may come back
  }
  print(t`… waiting for changes; Ctrl-C ends it\n`);
}

/** Bad input, or something the disk says: no mistake of ours. */
function isOutside(error: unknown): boolean {
  return error instanceof BadInput || (error instanceof Error && 'code' in error);
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** One watcher a folder. Where there can be none, looking has to do. */
function listen(watchers: Map<string, FSWatcher>, folders: ReadonlySet<string>, wake: () => void): void {
  for (const folder of folders) {
    if (watchers.has(folder)) continue;
    try {
      const watcher = watchFolder(folder, wake);
      watcher.on('error', () => {
        watcher.close();
        watchers.delete(folder);
      });
      watchers.set(folder, watcher);
    } catch (error) {
      if (!isOutside(error)) throw error;
    }
  }
}

/** Names, sizes and times of the rule files and of the lists they name; and the folders they lie in. */
async function stampOf(paths: readonly string[]): Promise<{ readonly text: string; readonly folders: Set<string> }> {
  const files = await readRuleFiles(paths).catch((error: unknown) => {
    if (isOutside(error)) return [];
    throw error;
  });
  const names = files.flatMap(({ file, data }) => [
    file,
    ...[...(data?.keys() ?? [])].map(name => join(dirname(file), name)),
  ]);
  const stats = await Promise.all(names.map(async name => ({ name, info: await stat(name).catch(() => undefined) })));
  const text = stats.map(({ name, info }) => `${name}:${info?.size}:${info?.mtimeMs}`).join('\n');
  return { text, folders: new Set(names.map(name => dirname(name))) };
}
