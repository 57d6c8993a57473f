// The rule files on disk → the book that is live. A file goes live only if it has no findings and its own tests pass;
// a running bot keeps the last good book when an edit is wrong. Changes are judged beside the events (`engine/rulebook-check.ts`),
// and only once nobody is writing any more: half a file may look like a whole one.

import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/config.ts';
import { rehearse } from '../core/analysis/run-tests.ts';
import { BadInput, type Finding, findingAt, showFindingIn } from '../core/base/error.ts';
import type { Instant } from '../core/base/time.ts';
import { inLang, joined, type Lang, t, type Words } from '../core/base/words/words.ts';
import { type Book, bookOf } from '../core/decide/match.ts';
import type { Warning } from '../core/lint/catalogue.ts';
import { ALONE, type LintAround } from '../core/lint/context.ts';
import { lintWith, mayBeRefused } from '../core/lint/lint.ts';
import type { Campaign } from '../core/rules/campaign.ts';
import type { Known } from '../core/rules/check/common.ts';
import { agreeWithMerchants, beyondCeiling, type Payers } from '../core/rules/check/merchant-limits.ts';
import { loadCampaign, loadCampaigns, type RuleText } from '../core/rules/file/load.ts';
import { calledOf } from '../core/rules/renamed.ts';
import type { Log } from '../ports.ts';
import { judge, judgedName, type Memory, rememberJudged, warningsKnown } from './rulebook-check.ts';
import { HALF_WRITTEN, isHalfWritten, type RuleFile, readRuleFiles } from './rulebook-files.ts';
import type { Going, LiveBook } from './rulebook-live.ts';

/** As much of bot.yaml as rule files must agree with: nothing secret, so that it may be given to a thread. */
export type RuleAround = LintAround & Payers;

/** So long nothing may have changed before changed files are read … */
const SETTLE_MS = 100;
/** … or so long, if the last line has no end: then it may still be in the writing. */
const CUT_MS = 1000;
/** So often is a folder looked at that somebody is in the middle of writing; then nobody is any more. */
const HALVES_MAX = 20;

export type Rulebook = {
  current(): Book;
  /** Looks whether a file changed; a change that is wrong is logged and changes nothing. */
  refresh(): Promise<void>;
};

/** What is wrong with these files, and the campaigns of those that are fine. `config` absent: accounts are not checked. */
export function checkRuleFiles(
  files: readonly RuleFile[],
  config?: Payers,
): { campaigns: Campaign[]; findings: Finding[] } {
  const unread = files.flatMap(({ file, problem }) =>
    problem === undefined ? [] : [findingAt(file, { line: 1, column: 1 }, t`the file ${problem}`)],
  );
  const texts = files.filter(({ problem }) => problem === undefined).map(textOf);
  const { campaigns, findings } = loadCampaigns(texts, knownTo(config));
  const money = campaigns.flatMap(campaign => {
    const { text = '' } = texts.find(each => each.file === campaign.file) ?? {};
    return config ? [...agreeWithMerchants(campaign, config), ...beyondCeiling(campaign, text, config)] : [];
  });
  return { campaigns, findings: [...unread, ...findings, ...money] };
}

function textOf({ file, text, data }: RuleFile): RuleText {
  return { file, text, data: name => data?.get(name) };
}

function knownTo(config: Payers | undefined): Known | undefined {
  return config && { accounts: [...config.accounts.keys()] };
}

/** Runs the tests in the files; a failure is a finding as well. */
function testCampaigns(campaigns: readonly Campaign[]): Finding[] {
  return campaigns.flatMap(campaign =>
    rehearse(campaign).flatMap(result =>
      result.failures.map(failure =>
        findingAt(campaign.file, failure, t`test "${result.test}": expected ${failure.expected}, got ${failure.got}`),
      ),
    ),
  );
}

/** What is likely a mistake, or against somebody's rules, in files that are fine. `now` absent: none of them is over. */
export function lintRuleFiles(
  files: readonly RuleFile[],
  campaigns: readonly Campaign[],
  config?: LintAround,
  now?: Instant,
): ReturnType<typeof lintWith> {
  const texts = new Map(files.map(({ file, text }) => [file, text]));
  const inputs = campaigns.map(campaign => ({ campaign, text: texts.get(campaign.file)! }));
  return lintWith(inputs, { ...(config ?? ALONE), ...(now !== undefined && { now }) });
}

/** What keeps these files from going live, and what is only to be said of them. */
export type Verdict = { readonly findings: readonly Finding[]; readonly warnings: readonly Warning[] };

/** Takes a while: every file is read, looked through and tested. */
export function verdictOn(files: readonly RuleFile[], around: RuleAround): Verdict {
  const { campaigns, findings } = checkRuleFiles(files, around);
  const { warnings } = lintRuleFiles(files, campaigns, around);
  const errors = warnings.filter(({ severity }) => severity === 'error');
  return { findings: [...findings, ...testCampaigns(campaigns), ...errors], warnings };
}

/** Read, tested, and looked through only where that may find an error: nothing answers before this. */
function madeAtStart(
  files: readonly RuleFile[],
  around: RuleAround,
  config: Config,
  { isTested, isJudged }: { readonly isTested: boolean; readonly isJudged: boolean },
): Made {
  const { campaigns, findings } = checkRuleFiles(files, around);
  const isLookedThrough = !isJudged && mayBeRefused(campaigns, config.lint);
  const { warnings } = isLookedThrough ? lintRuleFiles(files, campaigns, around) : { warnings: [] };
  const errors = warnings.filter(({ severity }) => severity === 'error');
  const all = [...findings, ...(isTested ? [] : testCampaigns(campaigns)), ...errors];
  if (all.length > 0) mustBeFit({ findings: all, warnings }, files, config);
  const byFile = new Map(campaigns.map(campaign => [campaign.file, campaign]));
  return new Map(files.map(file => [file.file, { print: printOf([file]), campaign: byFile.get(file.file)! }]));
}

export function aroundOf({ accounts, merchants, lint, personalKey }: Config): RuleAround {
  return {
    ...(personalKey && { personalKey: true }),
    accounts: new Map([...accounts].map(([name, { merchant }]) => [name, { merchant }])),
    merchants: new Map(
      [...merchants].map(([key, { name, channel, paysGroups, showsPacket, limits, vouchers, ceiling }]) => [
        key,
        {
          ...{ name, channel, paysGroups, showsPacket, limits: { ...limits } },
          ...(vouchers && { vouchers: {} }),
          ...(ceiling && { ceiling }),
        },
      ]),
    ),
    lint,
  };
}

function mustBeFit({ findings }: Verdict, files: readonly RuleFile[], { rules }: Config): void {
  const where = relative(process.cwd(), rules) || '.';
  if (files.length === 0) throw new BadInput(t`no rule file is left in ${where}`);
  if (findings.length > 0) throw new BadInput(t`the rules in ${where} are not fit to go live:`, findings);
}

/** Campaigns by their files, with what they were read from: those that stay the same are not read again. */
type Made = ReadonlyMap<string, { readonly print: string; readonly campaign: Campaign }>;

/** Files that were found fit. One at a time, with room for events in between. */
async function makeCampaigns(files: readonly RuleFile[], around: RuleAround, before: Made): Promise<Made> {
  const made = new Map<string, { readonly print: string; readonly campaign: Campaign }>();
  for (const file of files) {
    const print = printOf([file]);
    const known = before.get(file.file);
    if (known?.print === print) made.set(file.file, known);
    else {
      await setImmediate();
      const { text, data } = textOf(file);
      const loaded = loadCampaign(file.file, text, knownTo(around), data);
      if ('findings' in loaded) throw new Error(`${file.file} was found fit, and then was not`);
      made.set(file.file, { print, campaign: loaded.campaign });
    }
  }
  return made;
}

function bookFrom(made: Made, { accounts }: Config): Book {
  return bookOf(
    [...made.values()].map(({ campaign }) => campaign),
    [...accounts.keys()],
  );
}

function goingOf(made: Made, files: readonly RuleFile[]): Going {
  return goingFrom(
    [...made.values()].map(({ campaign }) => campaign),
    files,
  );
}

/** These campaigns, read from these files, as they are compared with what is live. */
export function goingFrom(campaigns: readonly Campaign[], files: readonly RuleFile[]): Going {
  return { campaigns, texts: new Map(files.map(({ file, text }) => [file, text])), print: printOf(files) };
}

/** The same for the same files, lists included. */
function printOf(files: readonly RuleFile[]): string {
  const print = createHash('sha256');
  for (const { file, text, data, problem } of files)
    print.update(JSON.stringify([file, text, ...(problem === undefined ? (data ?? []) : [problem])]));
  return print.digest('hex');
}

/** What the store remembers for the next start. */
type Memories = {
  /** The print of the files that last passed their own tests under this version: they need not run again. */
  readonly fitness?: Memory | undefined;
  /** Which files were judged last, beside which bot.yaml, and what was to be said of them. */
  readonly judged?: Memory | undefined;
  /** Every version that went live; what it changed comes back in words. */
  readonly keep?: KeepVersion | undefined;
};

/** `undefined`: it is the version that was live before. */
type KeepVersion = (files: readonly RuleFile[], campaigns: readonly Campaign[]) => Promise<KeptVersion | undefined>;
type KeptVersion = { readonly number: number; readonly changes: readonly string[] };

/** Throws `BadInput` with every finding if the rules are not fit to go live. */
export async function openRulebook(
  config: Config,
  log: Log,
  { fitness, judged, keep, live: liveBook }: Memories & { readonly live?: LiveBook | undefined } = {},
): Promise<Rulebook> {
  const around = aroundOf(config);
  const saying = sayingIn(log, config.lang);
  await mustBeWhole(config.rules);
  let files: readonly RuleFile[] = await readRuleFiles([config.rules]);
  let live = printOf(files);
  const isTested = (await fitness?.recall()) === live;
  const known = await warningsKnown(judged, judgedName(live, around));
  let made = madeAtStart(files, around, config, { isTested, isJudged: known !== undefined });
  warn(await enter(made, files, { config, liveBook }), saying);
  if (!isTested) await fitness?.remember(live);
  let [book, isWarned] = [bookFrom(made, config), false];
  await tellVersion(keep, files, book, saying);
  let refused: string | undefined;
  let stamp: string | undefined; // looked at once more: what changed while it was read is seen at the first tick

  const goLive = async (changed: readonly RuleFile[], print: string): Promise<void> => {
    const verdict = await judge(changed, around);
    mustBeFit(verdict, changed, config);
    const next = await makeCampaigns(changed, around, made);
    const beside = await enter(next, changed, { config, liveBook });
    made = next;
    book = bookFrom(made, config);
    [live, refused] = [print, undefined];
    for (const each of [verdict, beside]) warn(each, saying);
    log.info({ campaigns: book.campaigns.map(calledOf) }, saying.words(t`the changed rules are live`));
    await tellVersion(keep, changed, book, saying);
    // Last: they are live also where the store is away just now.
    await fitness?.remember(print);
    await rememberJudged(judged, judgedName(print, around), verdict.warnings);
  };
  /** What is not wrong does not hold up the start: it is said a little later. */
  const warnOnce = (): void => {
    if (isWarned) return;
    isWarned = true;
    const failed = (error: unknown): void =>
      log.info({ err: error }, saying.words(t`the rules were not looked through for likely mistakes`));
    lookThrough(files, around, { judged, known }).then(verdict => warn(verdict, saying), failed);
  };
  const isInTheMiddle = halvesOf(config.rules, saying);
  const look = async (): Promise<void> => {
    warnOnce();
    if (await isInTheMiddle()) return;
    const now = await stampOf(config.rules, listsOf(files));
    if (now === stamp) return;
    const changed = await readSettled(config.rules, files, now);
    if (!changed) return; // somebody is writing: looked at again at the next tick
    const print = printOf(changed);
    try {
      if (print !== live && print !== refused) await goLive(changed, print);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error; // looked at again at the next tick
      refused = print;
      const words = t`the changed rules are NOT live, the former ones stay: ${error.words}`;
      log.error({ findings: error.findings }, saying.words(words));
    }
    // Where other lists are named now, the next stamp is another one: they are looked at once more.
    stamp = now;
    files = changed;
  };
  return { current: () => book, refresh: oneAtATime(look) };
}

/** Whoever asks while it runs gets the run that there is. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** Where and in which language those who run the bot are told. */
type Saying = { readonly log: Log; readonly lang: Lang; words(said: Words): string };

function sayingIn(log: Log, lang: Lang = 'en'): Saying {
  return { log, lang, words: said => inLang(said, lang) };
}

/** Whether somebody is in the middle of putting files in place; said once where they never come to an end. */
function halvesOf(folder: string, { log, words }: Saying): () => Promise<boolean> {
  let times = 0;
  return async () => {
    const isHalf = await isHalfWritten(folder);
    times = isHalf ? times + 1 : 0;
    if (times === HALVES_MAX) log.error({}, words(halfWords(folder)));
    return isHalf;
  };
}

/** They are live whether it can be written down or not. */
async function tellVersion(
  keep: KeepVersion | undefined,
  files: readonly RuleFile[],
  { campaigns }: Book,
  { log, lang }: Saying,
): Promise<void> {
  try {
    const kept = await keep?.(files, campaigns);
    if (kept)
      log.info(
        { version: kept.number, changes: kept.changes },
        inLang(t`now live: version ${kept.number} of the rules: ${joined(kept.changes, t`; `)}`, lang),
      );
  } catch (error) {
    log.warn({ err: error }, inLang(t`the rules are live, and could not be kept as a version`, lang));
  }
}

type Looking = { readonly judged: Memory | undefined; readonly known: Verdict['warnings'] | undefined };

/** What is to be said of files that are live; where it is known, nobody has to look. */
async function lookThrough(
  files: readonly RuleFile[],
  around: RuleAround,
  { judged, known }: Looking,
): Promise<Verdict> {
  if (known) return { findings: [], warnings: known };
  const verdict = await judge(files, around);
  if (verdict.findings.length === 0) await rememberJudged(judged, judgedName(printOf(files), around), verdict.warnings);
  return verdict;
}

type Entering = { readonly config: Config; readonly liveBook: LiveBook | undefined };

/** Compared with what is live, and written down as live, before the first event is decided by them. */
async function enter(made: Made, files: readonly RuleFile[], { config, liveBook }: Entering): Promise<Verdict> {
  const verdict = (await liveBook?.enter(goingOf(made, files))) ?? { findings: [], warnings: [] };
  mustBeFit(verdict, files, config);
  return verdict;
}

function halfWords(folder: string): Words {
  const where = relative(process.cwd(), folder) || '.';
  return t`the rules in ${where} are half written: run \`hongbao rules revert\` again, or see to it that they are what you want, and remove ${join(where, HALF_WRITTEN)}`;
}

/** Who starts while somebody puts files in place waits for them. */
async function mustBeWhole(folder: string): Promise<void> {
  for (let n = 0; await isHalfWritten(folder); n++) {
    if (n === HALVES_MAX) throw new BadInput(halfWords(folder));
    await sleep(SETTLE_MS);
  }
}

/** The files, once nothing has changed for a while; `undefined`: something does. */
async function readSettled(
  folder: string,
  before: readonly RuleFile[],
  stamp: string,
): Promise<RuleFile[] | undefined> {
  // In this order: where nobody is writing any more, whatever was put in place meanwhile shows in the stamp.
  const isStill = async (): Promise<boolean> =>
    !(await isHalfWritten(folder)) && (await stampOf(folder, listsOf(before))) === stamp;
  await sleep(SETTLE_MS);
  if (!(await isStill())) return undefined;
  const files = await readRuleFiles([folder]);
  const known = new Set(before.flatMap(textsIn));
  if (files.flatMap(textsIn).some(text => !known.has(text) && !text.endsWith('\n'))) await sleep(CUT_MS);
  return (await isStill()) ? files : undefined;
}

function textsIn({ text, data }: RuleFile): string[] {
  return [text, ...(data?.values() ?? [])].filter(each => typeof each === 'string');
}

function warn({ warnings }: Verdict, { log, lang }: Saying): void {
  for (const warning of warnings)
    log.warn({ id: warning.id, basis: inLang(warning.basis, lang) }, showFindingIn(lang, warning));
}

/** Where the files lie that rule files name, missing ones too: they may come. */
function listsOf(files: readonly RuleFile[]): string[] {
  const paths = files.flatMap(({ file, data }) => [...(data?.keys() ?? [])].map(name => join(dirname(file), name)));
  return [...new Set(paths)].sort();
}

/** Names, sizes and times of the rule files and of these lists: cheap enough to ask every second. */
async function stampOf(folder: string, lists: readonly string[]): Promise<string> {
  const info = await stat(folder);
  const names = info.isDirectory()
    ? (await readdir(folder))
        .filter(name => /\.ya?ml$/.test(name))
        .sort()
        .map(name => join(folder, name))
    : [folder];
  const all = [...names, ...lists];
  const stats = await Promise.all(all.map(async name => ({ name, info: await stat(name).catch(() => undefined) })));
  return stats.map(each => `${each.name}:${each.info?.size}:${each.info?.mtimeMs}`).join('\n');
}
