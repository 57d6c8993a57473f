// `hongbao backtest`: what changed rules would have come to, had they been live while the journal was written.

import { performance } from 'node:perf_hooks';
import type { Config } from '../../config/config.ts';
import { Backtest } from '../../core/analysis/backtest.ts';
import { backtestWords, summaryOf } from '../../core/analysis/backtest-words.ts';
import { BadInput } from '../../core/base/error.ts';
import { endOfDay, type Instant, parseBeijing } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { bookOf } from '../../core/decide/match.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { environmentOf } from '../../engine/operate/foretell.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import type { Store } from '../../ports.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, withStore } from '../shared/context.ts';
import { eventsOf } from '../shared/journal.ts';
import { l } from '../shared/language.ts';
import { trialText } from '../shared/trial.ts';

export type BacktestOptions = Common & {
  /** Rule files, or `live`. */
  readonly against?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
  /** Names followers as they are. */
  readonly openids?: boolean;
};

/** What is done sooner needs no line that says how far it is. */
const QUIET_MS = 2000;
const REDRAW_MS = 200;

export function backtest(paths: readonly string[], options: BacktestOptions): Promise<number> {
  const from = options.from === undefined ? undefined : timeOf('--from', options.from);
  const to = options.to === undefined ? undefined : endOf(options.to);
  const limit = limitOf(options.limit);
  return withStore(options, async (store, config) => {
    await writeDown(store, 'backtest', paths.join(' '), [options.openids && '--openids']);
    const sides = await sidesOf(paths, options.against ?? ['live'], config);
    const test = new Backtest(sides, environmentOf(config), from);
    await play(test, store, to, limit);
    const report = test.report(options.openids ? user => user : undefined);
    if (options.json) printJson({ summary: summaryOf(report), ...report });
    else print(trialText(backtestWords(report)));
    return EXIT.fine;
  });
}

async function play(test: Backtest, store: Store, to: Instant | undefined, limit: number): Promise<void> {
  const began = performance.now();
  let drawnAt = began;
  for await (const line of eventsOf(store, { to })) {
    test.play(line);
    if (test.count >= limit) break;
    const now = performance.now();
    if (!process.stderr.isTTY || now - began < QUIET_MS || now - drawnAt < REDRAW_MS) continue;
    drawnAt = now;
    process.stderr.write(`\r${l`backtest: ${test.count} events`}`);
  }
  if (drawnAt > began) process.stderr.write('\r\u001b[K');
}

// ── What is asked ────────────────────────────────────────────────────────────────────────────────────────────

/** The rules as they are, and the same with the changed files in the place of those of the same campaigns. */
async function sidesOf(paths: readonly string[], against: readonly string[], config: Config) {
  const accounts = [...config.accounts.keys()];
  const live = await campaignsIn(
    against.flatMap(path => (path === 'live' ? config.rules : path)),
    config,
  );
  // Whatever mode a changed file is in: the question is what it would do when it is live.
  const changed = (await campaignsIn(paths, config)).map((each): Campaign => ({ ...each, mode: 'live' }));
  const replaced = live.map(each => changed.find(({ id }) => id === each.id) ?? each);
  const added = changed.filter(({ id }) => live.every(each => each.id !== id));
  return { now: bookOf(live, accounts), changed: bookOf([...replaced, ...added], accounts) };
}

async function campaignsIn(paths: readonly string[], config: Config): Promise<Campaign[]> {
  const { campaigns, findings } = checkRuleFiles(await readRuleFiles(paths), config);
  if (findings.length > 0) throw new BadInput(t`the rules in ${paths.join(', ')} cannot be played:`, findings);
  return campaigns;
}

function timeOf(option: string, text: string): Instant {
  const at = parseBeijing(text);
  if (at === undefined) throw new BadInput(t`${option} ${text}: expected a day such as 2026-02-10, or a time on it`);
  return at;
}

/** A day is meant with all of it. */
function endOf(text: string): Instant {
  const at = timeOf('--to', text);
  return /\d:\d/.test(text) ? at : endOfDay(at);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new BadInput(t`--limit ${text}: expected a whole number`);
  return Number(text);
}
