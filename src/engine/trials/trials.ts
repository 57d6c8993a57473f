// A draft tried on what happened lately, and on a made-up day (回测、模拟): for the dashboard, in a thread of its own. Nothing is
// written.

import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Config } from '../../config/config.ts';
import { Backtest } from '../../core/analysis/backtest.ts';
import { backtestWords } from '../../core/analysis/backtest-words.ts';
import { simulateDay } from '../../core/analysis/simulate-day.ts';
import { simulateDraws } from '../../core/analysis/simulate-draws.ts';
import { dayWords, drawsWords } from '../../core/analysis/simulation-words.ts';
import { isTable, type TrialWords } from '../../core/analysis/trial-words.ts';
import { BadInput } from '../../core/base/error.ts';
import { chanceOf } from '../../core/base/random.ts';
import { DAY, type Instant, later, MINUTE } from '../../core/base/time.ts';
import { inLang, type Lang, t } from '../../core/base/words/words.ts';
import { bookOf } from '../../core/decide/match.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Store } from '../../ports.ts';
import { environmentOf } from '../operate/foretell.ts';
import { lineAt } from '../overview/recent.ts';
import type { TrialView } from '../overview/view.ts';
import { checkRuleFiles } from '../rulebook.ts';
import type { RuleFile } from '../rulebook-files.ts';

/** What is asked: `files` are all of them with the draft among them, `disk` as they lie there; `about` is the draft's file. */
export type Trial = {
  readonly what: 'backtest' | 'simulate';
  readonly about: string;
  readonly files: readonly RuleFile[];
  readonly disk: readonly RuleFile[];
  readonly days: number;
  readonly users: number;
  readonly now: Instant;
};

/** Played; a journal may have millions of lines. */
const EVENTS_MAX = 50_000;
/** Of the lines before, only who followed is noted. */
const BEFORE_LINES = 20_000;
/** What was played by then is told: the words say up to when. */
const PLAYED_MS = 2 * MINUTE;
const PAGE = 500;
const DRAWS = 10_000;
const PER_USER = 3;

export async function tried(trial: Trial, config: Config, store: Pick<Store, 'journal' | 'journalAfter'>) {
  return trial.what === 'backtest' ? backtest(trial, config, store) : simulate(trial, config);
}

export function trialView(said: TrialWords, lang: Lang): TrialView {
  return {
    parts: said.map(each =>
      isTable(each)
        ? {
            head: each.head.map(cell => inLang(cell, lang)),
            rows: each.rows.map(row => row.map(cell => inLang(cell, lang))),
          }
        : inLang(each, lang),
    ),
  };
}

/** Whatever mode the draft is in: the question is what it would do when it is live. */
function campaignsOf(files: readonly RuleFile[], config: Config, about?: string): Campaign[] {
  const { campaigns, findings } = checkRuleFiles(files, config);
  if (findings.length > 0) throw new BadInput(t`the rules cannot be simulated:`, findings);
  return campaigns.map(each => (each.file === about ? { ...each, mode: 'live' } : each));
}

async function backtest(
  { about, files, disk, days, now }: Trial,
  config: Config,
  store: Pick<Store, 'journal' | 'journalAfter'>,
): Promise<TrialWords> {
  const accounts = [...config.accounts.keys()];
  const sides = {
    now: bookOf(campaignsOf(disk, config), accounts),
    changed: bookOf(campaignsOf(files, config, about), accounts),
  };
  const from = later(now, -days * DAY);
  const test = new Backtest(sides, environmentOf(config), from);
  const began = performance.now();
  const isOver = (): boolean => test.count >= EVENTS_MAX || performance.now() - began > PLAYED_MS;
  for (let after = Math.max(0, (await lineAt(store, from)) - 1 - BEFORE_LINES); !isOver(); ) {
    const page = await store.journalAfter(after, PAGE);
    if (page.length === 0) break;
    for (const line of page) if (!isOver()) test.play(line);
    after = page.at(-1)!.id;
  }
  return backtestWords(test.report());
}

function simulate({ about, files, users }: Trial, config: Config): TrialWords {
  const campaign = campaignsOf(files, config, about).find(({ file }) => file === about);
  if (!campaign) return [t`no rule gives anything`];
  const chance = (what: string) => chanceOf(createHash('sha256').update(`1/${campaign.id}/${what}`).digest('hex'));
  const draws = simulateDraws(campaign, DRAWS, chance('draws')).flatMap(drawsWords);
  const day = dayWords(simulateDay(campaign, { users, perUser: PER_USER, day: undefined, chance: chance('day') }));
  return [...day, ...draws];
}
