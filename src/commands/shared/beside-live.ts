// Rule files next to what is live, for commands: as a start of the bot would judge them, and nothing is written.

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import { BadInput, Fault, messageOf } from '../../core/base/error.ts';
import { instant } from '../../core/base/time.ts';
import { t, type Wording } from '../../core/base/words/words.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { liveBookFor } from '../../engine/live.ts';
import { bringUp } from '../../engine/repair/recount.ts';
import { goingFrom, type Verdict } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import type { Going, LiveBook } from '../../engine/rulebook-live.ts';
import { SILENT } from '../../lib/log.ts';
import type { Store } from '../../ports.ts';
import { openStore, sqliteFileOf } from '../../storage/open.ts';

/** `notCompared`: why nothing can be said. */
type Beside = Verdict & { readonly notCompared?: Wording };

const nothing = (notCompared: Wording): Beside => ({ findings: [], warnings: [], notCompared });

export async function besideLive(config: Config | undefined, going: Going): Promise<Beside> {
  if (!config) return nothing(t`no bot.yaml says which store; name it with --config`);
  const file = sqliteFileOf(config.store);
  if (file !== undefined && !existsSync(file)) return nothing(t`there is no store yet (${file})`);
  try {
    const store = await openStore(config.store, config);
    try {
      return await liveBookOf(config, store).judge(going);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof BadInput || error instanceof Fault) return nothing(messageOf(error));
    throw error;
  }
}

function liveBookOf(config: Config, store: Store): LiveBook {
  const holder = `${hostname()}:${process.pid}`;
  return liveBookFor(config, { store, holder, clock: () => instant(Date.now()), sleep });
}

/** For a command that is about to claim by these rules: they must be fit to be live beside what was. */
export async function mustFitLive(config: Config, store: Store, campaigns: readonly Campaign[]): Promise<void> {
  const files = await readRuleFiles([config.rules]);
  const { findings } = await liveBookOf(config, store).judge(goingFrom(campaigns, files));
  if (findings.length > 0) throw new BadInput(t`the rules are not fit to go live:`, findings);
}

/** What was claimed before counts for limits that are new, as for a bot that starts. */
export function countBefore(store: Store, campaigns: readonly Campaign[]): Promise<void> {
  const timer = { ticks: () => performance.now(), sleep: (ms: number) => sleep(ms) };
  return bringUp({
    store,
    campaigns,
    clock: () => instant(Date.now()),
    timer,
    holder: `send:${process.pid}`,
    log: SILENT,
  });
}
