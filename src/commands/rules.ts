// `hongbao test`: what an editor of rule files runs before anybody else sees them.
import { existsSync } from 'node:fs';
import { rulesHere } from '../bot-package.ts';
import { type Config, defaultConfigFile, loadConfig } from '../config.ts';
import { type Coverage, cover, percentOf } from '../core/coverage.ts';
import { BadInput, type Finding, showFinding } from '../core/error.ts';
import { failuresOf, type TestFailure, type TestResult } from '../core/rehearse.ts';
import type { Campaign, RuleTest } from '../core/rule.ts';
import { checkRuleFiles, type RuleFile, readRuleFiles } from '../rulebook.ts';
import { type Common, EXIT, print, printJson } from './common.ts';
import { showCoverage, showFailure } from './rules-show.ts';

/** The files named, by themselves; or the configured ones, which must fit the accounts and merchants as well. */
export async function gather(
  paths: readonly string[],
  options: Common,
): Promise<{ files: RuleFile[]; config: Config | undefined }> {
  const file = options.config ?? defaultConfigFile();
  const isWanted = options.config !== undefined || (paths.length === 0 && existsSync(file));
  const config = isWanted ? loadConfig(file, process.env) : undefined;
  return { files: await readRuleFiles(paths.length > 0 ? paths : [config?.rules ?? rulesHere()]), config };
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
    throw new BadInput(`--min ${min}: expected 0 to 100, per cent`);
  return least;
}

function isBelow(coverages: readonly Coverage[], least: number | undefined): boolean {
  return least !== undefined && percentOf(coverages) < least;
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
    findings,
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
  for (const finding of findings) print(showFinding(finding));
  for (const { campaign, result, written } of rows) {
    print(`${result.ok ? '✓' : '✗'} ${campaign.file}: ${result.test}`);
    for (const failures of byEvent(result.failures)) print(showFailure(campaign.file, written, failures));
  }
  if (options.coverage) for (const line of coverages.flatMap(showCoverage)) print(line);
  const failed = rows.filter(({ result }) => !result.ok).length;
  const more = findings.length > 0 ? `, ${findings.length} findings` : '';
  print(`${rows.length - failed} passed, ${failed} failed${more}`);
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
  const reached = coverages.reduce((sum, each) => sum + each.reached, 0);
  const least = leastOf(options);
  // Rounded down: what is not everything is not 100 %.
  const percent = `${Math.floor(percentOf(coverages) * 10) / 10} %`;
  const below = isBelow(coverages, least) ? `; less than --min ${least}` : '';
  const hint = reached < total && !options.coverage ? '; --coverage names the rest' : '';
  return `coverage ${percent}: the tests reach ${reached} of ${total} rules, prizes, outcomes and texts${below}${hint}`;
}
