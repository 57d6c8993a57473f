// `hongbao check`: everything that is wrong with rule files, and everything that is allowed and yet likely a mistake,
// each with its place, the rule it rests on, and what may be written instead.

import { type Finding, showFindingIn, told } from '../../core/base/error.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { mostOfOne } from '../../core/exposure/one-follower.ts';
import type { Silenced, Warning } from '../../core/lint/catalogue.ts';
import { spendOf } from '../../core/lint/spend.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { calledOf } from '../../core/rules/renamed.ts';
import { checkRuleFiles, goingFrom, lintRuleFiles } from '../../engine/rulebook.ts';
import type { RuleFile } from '../../engine/rulebook-files.ts';
import { stocksOf } from '../../setup/stocks.ts';
import { besideLive } from '../shared/beside-live.ts';
import { type Common, EXIT, print, printJson, printNote, widthOf } from '../shared/context.ts';
import { l, language, worded } from '../shared/language.ts';
import { gather } from './test.ts';

/** `strict`: warnings count as errors. `frame`: each line is shown with its place marked, also where nobody looks. */
export type CheckOptions = Common & { readonly strict?: boolean; readonly frame?: boolean };

export async function check(paths: readonly string[], options: CheckOptions): Promise<number> {
  const now = instant(Date.now());
  const { files, config, unseen } = await gather(paths, options, now);
  const { campaigns, findings: wrong } = checkRuleFiles(files, config);
  const stocks = config && (await stocksOf(config, campaigns, () => now));
  const around = config && stocks && { ...config, stocks: stocks.told };
  const { warnings: likely, silenced } = lintRuleFiles(files, campaigns, around, now);
  // A file that cannot be read would look as if its campaign were gone.
  const isPart = paths.length > 0 || wrong.length > 0;
  const beside = await besideLive(config, { ...goingFrom(campaigns, files), isPart });
  const findings = [...wrong, ...beside.findings];
  const warnings = [...likely, ...beside.warnings];
  const errors = findings.length + warnings.filter(({ severity }) => severity === 'error').length;
  const { notCompared } = beside;
  const live = { compared: notCompared === undefined, ...(notCompared !== undefined && { why: notCompared }) };
  if (options.json)
    printJson({
      ...asJson(files, campaigns, findings, warnings, silenced),
      live,
      ...(unseen !== undefined && { unseen }),
    });
  else {
    const isFramed = options.frame ?? process.stdout.isTTY === true;
    const lines = linesOf(files);
    for (const each of inOrder([...findings, ...warnings])) show(each, isFramed ? lines.get(each.file) : undefined);
    for (const campaign of campaigns.filter(each => spendOf(each))) {
      if (isFramed) showSpend(campaign);
      showOne(campaign);
    }
    print(summary(files.length, errors, warnings.length + findings.length - errors, silenced));
    if (unseen !== undefined) printNote(l`not looked at: ${unseen}`);
    if (stocks && stocks.unasked.length > 0)
      printNote(l`stocks of which WeChat Pay did not tell: ${stocks.unasked.join(', ')}`);
    if (notCompared !== undefined) printNote(l`not compared with what is live: ${notCompared}`);
  }
  return errors > 0 || (options.strict && warnings.length > 0) ? EXIT.findings : EXIT.fine;
}

function asJson(
  files: readonly RuleFile[],
  campaigns: readonly Campaign[],
  findings: readonly Finding[],
  warnings: readonly Warning[],
  silenced: readonly Silenced[],
): object {
  return {
    files: files.length,
    campaigns: campaigns.map(calledOf),
    findings: findings.map(each => told(each, language())),
    warnings: warnings.map(inWords),
    silenced,
    spend: campaigns.map(campaign => ({
      campaign: calledOf(campaign),
      ...spendInWords(campaign),
      one: oneAsJson(campaign),
    })),
  };
}

function inWords({ basis, advice, ...warning }: Warning): object {
  const rest = { ...told(warning, language()), basis: worded(basis) };
  return { ...rest, ...(advice !== undefined && { advice: worded(advice) }) };
}

function spendInWords(campaign: Campaign): object | undefined {
  const spend = spendOf(campaign);
  return spend && { ...spend, most: { sum: spend.most.sum, why: worded(spend.most.why) } };
}

/** By file, line and column: an error and a warning about one line stand together. */
function inOrder<T extends Finding>(all: readonly T[]): T[] {
  const byName = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1);
  return [...all].sort((a, b) => byName(a.file, b.file) || a.line - b.line || a.column - b.column);
}

const SEVERITY = { error: t`error`, warning: t`warning` } as const;

// ── For people ───────────────────────────────────────────────────────────────────────────────────────────────

function show(finding: Finding | Warning, lines: readonly string[] | undefined): void {
  const { file, message } = told(finding, language());
  if (!('id' in finding)) print(showFindingIn(language(), finding));
  else {
    const { severity, id, basis } = finding;
    const words = l`${SEVERITY[severity]}: ${message} [${id}: ${basis}]`;
    print(`${file}:${finding.line}:${finding.column}: ${words}`);
  }
  const line = lines?.[finding.line - 1];
  if (line !== undefined) print(frameOf(line, finding.line, finding.column));
  if ('id' in finding && finding.advice !== undefined) print(l`    could be: ${finding.advice}`);
}

/** What a terminal shows of one line. */
const FRAME_WIDTH = 100;

/** The line, and a caret under the column; of a long line the part around it. */
export function frameOf(line: string, number: number, column: number): string {
  const tidy = line.replaceAll('\t', ' ');
  const isLong = widthOf(tidy) > FRAME_WIDTH;
  const from = isLong ? Math.max(0, column - 1 - FRAME_WIDTH / 2) : 0;
  const part = isLong ? tidy.slice(from, from + FRAME_WIDTH) : tidy;
  const before = part.slice(0, Math.max(0, column - 1 - from));
  const gutter = `    ${number} | `;
  const edge = from > 0 ? '…' : '';
  const indent = ' '.repeat(gutter.length + edge.length + widthOf(before));
  return `${gutter}${edge}${part.trimEnd()}\n${indent}^`;
}

/** Of the rule files, and of the lists beside them. */
function linesOf(files: readonly RuleFile[]): Map<string, readonly string[]> {
  const lines = new Map<string, readonly string[]>();
  for (const { file, text, data } of files) {
    lines.set(file, split(text));
    const folder = /^.*[\\/]/s.exec(file)?.[0] ?? '';
    for (const [name, list] of data ?? []) if (typeof list === 'string') lines.set(folder + name, split(list));
  }
  return lines;
}

function split(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
}

/** The most one follower can take. */
function oneAsJson(campaign: Campaign): object {
  const { day, ever, own, per } = mostOfOne(campaign);
  return { day, ever, isBounded: own.ever !== undefined, per };
}

function showOne(campaign: Campaign): void {
  const { day, ever, own, per, endless } = mostOfOne(campaign);
  const most = l`${showFen(day)} in a day, ${showFen(ever)} in all`;
  const whole = l`${showFen(own.day ?? day)} in a day, and up to the budget (${showFen(ever)}) in all`;
  const why = endless
    ? l` WITHOUT END`
    : l` with ${(per.length > 0 ? per.map(each => PER[each]) : [LUCK]).map(worded).join(', ')}`;
  print(l`${calledOf(campaign)}: one follower takes at most ${own.ever === undefined ? whole + why : most}`);
}

const LUCK = t`the best of luck in every draw`;
const PER = { paid: t`each payment`, friend: t`each friend`, code: t`each printed code` } as const;

/** What it can cost, in one line. */
function showSpend(campaign: Campaign): void {
  const spend = spendOf(campaign);
  if (!spend) return;
  const { most, mostOfClaim, mean, claims } = spend;
  const average =
    mean === undefined
      ? ''
      : l`, ${showFen(fen(Math.round(mean)))} on the average; ${showFen(campaign.budget!.total)} is enough for some ${claims} claims`;
  print(
    l`${calledOf(campaign)}: at most ${showFen(fen(most.sum))} (${most.why}); a claim wins at most ${showFen(mostOfClaim)}${average}`,
  );
}

function summary(files: number, errors: number, warnings: number, silenced: readonly Silenced[]): string {
  const off = silenced.reduce((sum, { count }) => sum + count, 0);
  const parts = [
    errors === 0 ? l`${files} files, no findings` : l`${errors} findings in ${files} files`,
    ...(warnings > 0 ? [l`${warnings} warnings`] : []),
    ...(off > 0 ? [l`${off} switched off`] : []),
  ];
  return parts.join(', ');
}
