// `hongbao test`: what an editor of rule files runs before anybody else sees them.

import { existsSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { type Config, defaultConfigFile, loadConfig } from '../../config/config.ts';
import { type Coverage, cover, percentOf } from '../../core/analysis/coverage.ts';
import { failuresOf, type TestFailure, type TestResult } from '../../core/analysis/run-tests.ts';
import { BadInput, type Finding, showFindingIn, told } from '../../core/base/error.ts';
import type { Instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { RuleTest } from '../../core/rules/test.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { misnamedIn, type RuleFile, readRuleFiles } from '../../engine/rulebook-files.ts';
import { rulesHere } from '../../setup/package.ts';
import { type Common, EXIT, print, printJson } from '../shared/context.ts';
import { l, language } from '../shared/language.ts';
import { showCoverage, showFailure } from './test-report.ts';

/** `unseen`: what nobody could look at, and why. */
export type Gathered = { readonly files: RuleFile[]; readonly config: Config | undefined; readonly unseen?: string };

/** The files named, or the configured ones; what lies in the configured folder must fit accounts and merchants as well. */
export async function gather(paths: readonly string[], options: Common, now?: Instant): Promise<Gathered> {
  const around = configAround(paths, options, now);
  const looked = paths.length > 0 ? paths : [around.config?.rules ?? rulesHere()];
  return { ...around, files: [...(await readRuleFiles(looked)), ...(await misnamedIn(looked))] };
}

/** Whoever names a configuration, or no file, is told what is wrong with it; for others it is only there to be looked at. */
function configAround(paths: readonly string[], options: Common, now?: Instant): Omit<Gathered, 'files'> {
  const file = options.config ?? defaultConfigFile();
  if (options.config !== undefined) {
    const config = loadConfig(file, process.env, now);
    return { config, ...part(paths, config) };
  }
  if (!existsSync(file))
    return { config: undefined, unseen: l`${WHOLE}: there is no ${file}; name one with --config FILE` };
  if (paths.length === 0) return { config: loadConfig(file, process.env, now) };
  try {
    const config = loadConfig(file, process.env);
    if (paths.every(path => isWithin(path, config.rules))) return { config, ...part(paths, config) };
    return {
      config: undefined,
      unseen: l`${WHOLE}: not all of it lies in the folder of rules of ${file}; say --config ${file} to judge it by that`,
    };
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return {
      config: undefined,
      unseen: l`${WHOLE}: ${file} is not fit to start with (hongbao check --config ${file})`,
    };
  }
}

const WHOLE = t`whether accounts exist, what merchants may pay (limits, channel), and \`lint:\``;

function part(paths: readonly string[], { rules }: Config): Pick<Gathered, 'unseen'> {
  return paths.length === 0 || paths.some(path => resolve(path) === rules)
    ? {}
    : { unseen: l`the other files of the folder: the same campaign or coupons twice` };
}

function isWithin(path: string, rules: string): boolean {
  return resolve(path) === rules || resolve(path).startsWith(rules + sep);
}

/** `coverage`: each file's, and what is missing. `min`: per cent of all files together. */
export type TestOptions = Common & { readonly coverage?: boolean; readonly min?: string };

type Row = {
  readonly campaign: Campaign;
  readonly written: RuleTest;
  readonly result: TestResult;
};

export async function test(paths: readonly string[], options: TestOptions): Promise<number> {
  const least = leastOf(options);
  const { files, config } = await gather(paths, options);
  const { campaigns, findings } = checkRuleFiles(files, config);
  const texts = new Map(files.map(({ file, text }) => [file, text]));
  const covered = campaigns.map(campaign => ({ campaign, ...cover(campaign, texts.get(campaign.file)!) }));
  const coverages = covered.map(({ coverage }) => coverage);
  const rows = covered.flatMap(({ campaign, results }) =>
    results.map((result, n): Row => ({ campaign, result, written: campaign.tests[n]! })),
  );
  if (options.json) printJson(asJson(rows, findings, coverages));
  else show(rows, findings, coverages, options);
  const isPassed = rows.every(({ result }) => result.ok) && findings.length === 0;
  return isPassed && !isBelow(coverages, least) ? EXIT.fine : EXIT.findings;
}

function leastOf({ min }: TestOptions): number | undefined {
  if (min === undefined) return undefined;
  const least = Number(min.replace(/%$/, ''));
  if (min.trim() === '' || !(least >= 0 && least <= 100))
    throw new BadInput(t`--min ${min}: expected 0 to 100, per cent`);
  return least;
}

function isBelow(coverages: readonly Coverage[], least: number | undefined): boolean {
  return least !== undefined && (coverages.length === 0 || percentOf(coverages) < least);
}

function asJson(rows: readonly Row[], findings: readonly Finding[], coverages: readonly Coverage[]): object {
  const failed = rows.filter(({ result }) => !result.ok);
  return {
    passed: rows.length - failed.length,
    failed: failed.length,
    tests: rows.map(({ campaign, result }) => ({
      file: campaign.file,
      test: result.test,
      ok: result.ok,
      failures: failuresOf(campaign, [result]),
    })),
    findings: findings.map(each => told(each, language())),
    coverage: { percent: Math.floor(percentOf(coverages) * 10) / 10, files: coverages },
  };
}

// ── For people ───────────────────────────────────────────────────────────────────────────────────────────────

function show(
  rows: readonly Row[],
  findings: readonly Finding[],
  coverages: readonly Coverage[],
  options: TestOptions,
): void {
  for (const finding of findings) print(showFindingIn(language(), finding));
  for (const { campaign, result, written } of rows) {
    print(`${result.ok ? '✓' : '✗'} ${campaign.file}: ${result.test}`);
    for (const failures of byEvent(result.failures)) print(showFailure(campaign.file, written, failures));
  }
  if (options.coverage) for (const line of coverages.flatMap(showCoverage)) print(line);
  const failed = rows.filter(({ result }) => !result.ok).length;
  const more = findings.length > 0 ? l`, ${findings.length} findings` : '';
  print(l`${rows.length - failed} passed, ${failed} failed${more}`);
  print(summary(coverages, options));
}

/** One event may differ in several things. */
function byEvent(failures: readonly TestFailure[]): TestFailure[][] {
  const events = new Map<number | undefined, TestFailure[]>();
  for (const failure of failures) events.set(failure.event, [...(events.get(failure.event) ?? []), failure]);
  return [...events.values()];
}

function summary(coverages: readonly Coverage[], options: TestOptions): string {
  const total = coverages.reduce((sum, each) => sum + each.total, 0);
  if (total === 0) return l`coverage: no file could be read, so that nothing was reached`;
  const reached = coverages.reduce((sum, each) => sum + each.reached, 0);
  const least = leastOf(options);
  // Rounded down: what is not everything is not 100 %.
  const percent = `${Math.floor(percentOf(coverages) * 10) / 10} %`;
  const below = isBelow(coverages, least) ? l`; less than --min ${least}` : '';
  const hint = reached < total && !options.coverage ? l`; --coverage names the rest` : '';
  return l`coverage ${percent}: the tests reach ${reached} of ${total} rules, prizes, outcomes and texts${below}${hint}`;
}
