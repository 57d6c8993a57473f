// The doctor looks at the store: whether it can be opened, whose it is, who can read it. Nothing is written: a file of an earlier
// format is left as it is, and a store that there is not yet is not made.
import { existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { BadInput, Fault, messageOf } from '../../core/base/error.ts';
import { beijingText, type Instant } from '../../core/base/time.ts';
import {
  installationOf,
  isSameInstallation,
  readInstallation,
  showInstallation,
} from '../../core/live/installation.ts';
import { type Diagnosis, found } from '../../core/ops/diagnosis.ts';
import type { Store } from '../../ports.ts';
import { refuseUnfinished } from '../../storage/copy.ts';
import { sqliteFileOf } from '../../storage/open.ts';
import { isOfEarlierFormat } from '../../storage/sqlite/peek.ts';
import { newestAhead, openStoreOf } from '../store.ts';

/** Less than this, and a busy day fills it. */
const FREE_MIN = 200 * 1024 * 1024;

export async function lookAtStore(config: Config, now: Instant): Promise<{ store?: Store; diagnoses: Diagnosis[] }> {
  const file = sqliteFileOf(config.store);
  const diagnoses: Diagnosis[] = file === undefined ? [] : await lookAtDisk(file);
  try {
    if (file !== undefined && (!existsSync(file) || (await isOfEarlierFormat(file)))) return { diagnoses };
    const warn = (said: string): void => {
      diagnoses.push(found('store', undefined, { said }, { sure: 'likely', grave: 'warning' }));
    };
    const store = await openStoreOf(config, warn);
    try {
      await refuseUnfinished(store);
      diagnoses.push(...lookAtOwner(config, await store.note('installation'), now));
      const until = await newestAhead(store, now);
      if (until !== undefined)
        diagnoses.push(found('store-ahead', undefined, { until: beijingText(until) }, { grave: 'warning' }));
      return { store, diagnoses };
    } catch (error) {
      await store.close();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof BadInput) && !(error instanceof Fault)) {
      diagnoses.push(found('store', undefined, { said: messageOf(error) }, { sure: 'likely' }));
      return { diagnoses };
    }
    diagnoses.push(found('store', undefined, { said: error.words }));
    return { diagnoses };
  }
}

function lookAtOwner(config: Config, note: string | undefined, now: Instant): Diagnosis[] {
  const owner = readInstallation(note);
  if (!owner || isSameInstallation(owner, installationOf(config, now))) return [];
  return [found('store-foreign', undefined, { said: showInstallation(owner) })];
}

async function lookAtDisk(file: string): Promise<Diagnosis[]> {
  const folder = nearestFolder(file);
  const diagnoses: Diagnosis[] = [];
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode !== undefined && process.platform !== 'win32' && (mode & 0o077) !== 0)
    diagnoses.push(found('store-open', undefined, { file, mode: (mode & 0o777).toString(8) }, { grave: 'warning' }));
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < FREE_MIN) {
    const free = `${Math.floor((bavail * bsize) / 1024 / 1024)} MB`;
    diagnoses.push(found('store-full', undefined, { folder, free }));
  }
  return diagnoses;
}

function nearestFolder(file: string): string {
  const folder = dirname(file);
  return existsSync(folder) || folder === dirname(folder) ? folder : nearestFolder(folder);
}
