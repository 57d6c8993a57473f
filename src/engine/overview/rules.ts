// The rule files as they lie on the disk: what is wrong with each, whether its own tests pass, and whether it is what is live.

import { createHash } from 'node:crypto';
import { rehearse } from '../../core/analysis/run-tests.ts';
import { BadInput, type Finding, told } from '../../core/base/error.ts';
import { SECOND } from '../../core/base/time.ts';
import { inLang, type Lang, t } from '../../core/base/words/words.ts';
import type { Warning } from '../../core/lint/catalogue.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { checkRuleFiles, lintRuleFiles } from '../rulebook.ts';
import { type RuleFile, readRuleFiles } from '../rulebook-files.ts';
import { liveOfVersion, printOf, versionsIn, versionText } from '../versions/rule-versions.ts';
import type { OverviewPorts } from './ports.ts';
import type { FindingView, RuleFileDetail, RuleFileView, RuleVersionView } from './view.ts';

export type Disk = {
  readonly files: readonly RuleFile[];
  readonly campaigns: readonly Campaign[];
  readonly findings: readonly (Finding & Partial<Pick<Warning, 'advice' | 'basis'>> & { readonly grave: boolean })[];
};

/** To read and to judge all files costs a while: what was just read is not read again. */
const FRESH_MS = 5 * SECOND;
const VERSIONS_SHOWN = 20;

/** `forget`: somebody has put files there. */
type ReadDisk = (() => Promise<Disk>) & { forget(): void };

export function createDisk({ config, clock }: Pick<OverviewPorts, 'config' | 'clock'>): ReadDisk {
  let known: { readonly at: number; readonly disk: Promise<Disk> } | undefined;
  let judged: { readonly print: string; readonly disk: Disk } | undefined;
  const read = async (): Promise<Disk> => {
    const files = await readRuleFiles([config.rules]).catch((error: unknown) => {
      if (!(error instanceof BadInput)) throw error;
      const problem = t`or the folder is not there; the bot goes on with the rules that it has read`;
      return [{ file: config.rules, text: '', problem }];
    });
    // Judging takes a while, and the followers wait meanwhile: only what has changed is judged.
    const print = printOfAll(files);
    if (judged?.print === print) return judged.disk;
    const { campaigns, findings } = checkRuleFiles(files, config);
    const { warnings } = lintRuleFiles(files, campaigns, config);
    const all = [
      ...findings.map(each => ({ ...each, grave: true })),
      ...warnings.map(({ severity, ...each }) => ({ ...each, grave: severity === 'error' })),
    ];
    judged = { print, disk: { files, campaigns, findings: all } };
    return judged.disk;
  };
  const look = (): Promise<Disk> => {
    const now = clock();
    if (known && Math.abs(now - known.at) < FRESH_MS) return known.disk;
    const disk = read();
    known = { at: now, disk };
    disk.catch(() => {
      known = undefined;
    });
    return disk;
  };
  const forget = (): void => {
    known = undefined;
  };
  return Object.assign(look, { forget });
}

function printOfAll(files: readonly RuleFile[]): string {
  const print = createHash('sha256');
  for (const { file, text, data, problem } of files)
    print.update(JSON.stringify([file, text, problem, [...(data ?? [])]]));
  return print.digest('hex');
}

export function ruleFileViews(
  { files, campaigns, findings }: Disk,
  { book }: Pick<OverviewPorts, 'book'>,
  lang: Lang,
): RuleFileView[] {
  const live = new Map(book().campaigns.map(each => [each.id.replace(/~shadow$/, ''), each.hash]));
  return files.map(({ file }) => {
    const campaign = campaigns.find(each => each.file === file);
    const own = findings.filter(each => each.file === file);
    return {
      file: nameOf(file),
      ...(campaign && { campaign: campaign.id, name: campaign.name, mode: campaign.mode }),
      isLive: campaign !== undefined && live.get(campaign.id) === campaign.hash,
      findings: own.map(each => findingView(each, each.grave, lang)),
    };
  });
}

export function findingView(
  finding: Finding & Partial<Pick<Warning, 'advice' | 'basis'>>,
  grave: boolean,
  lang: Lang,
): FindingView {
  const { line, column, message, advice, basis } = told(finding, lang);
  return {
    ...{ line, column, message, grave },
    ...(advice !== undefined && { advice: inLang(advice, lang) }),
    ...(basis !== undefined && { basis: inLang(basis, lang) }),
  };
}

export function ruleFileDetail(
  disk: Disk,
  ports: Pick<OverviewPorts, 'book'>,
  name: string,
  lang: Lang,
): RuleFileDetail | undefined {
  const file = disk.files.find(each => nameOf(each.file) === name);
  const view = ruleFileViews(disk, ports, lang).find(each => each.file === name);
  if (!file || !view) return undefined;
  const campaign = disk.campaigns.find(each => each.file === file.file);
  const results = (campaign ? rehearse(campaign) : []).map(({ test, ok, failures }) => ({
    name: test,
    isFine: ok,
    failures: failures.map(({ line, expected, got }) => `${line}: ${expected} ≠ ${inLang(got, lang)}`),
  }));
  const passed = results.filter(({ isFine }) => isFine).length;
  const base = file.problem === undefined ? { base: printOf(file.text) } : {};
  return { ...view, ...base, text: file.text, results, tests: { passed, failed: results.length - passed } };
}

/** The latest ones, each against the one before it. */
export async function ruleVersionViews({ store }: OverviewPorts, lang: Lang): Promise<RuleVersionView[]> {
  const all = await versionsIn(store);
  const shown = all.slice(-VERSIONS_SHOWN);
  const [first] = shown;
  const older = first && all[all.indexOf(first) - 1];
  let before = older ? await liveOfVersion(store, older) : [];
  const views: RuleVersionView[] = [];
  for (const version of shown) {
    const live = await liveOfVersion(store, version);
    const { number, at, by, comment, files } = version;
    views.push({
      ...{ number, at, by, files: files.length, isLive: version === all.at(-1) },
      ...(comment !== undefined && { comment }),
      changes: versionText({ before, live }, (zh, en) => (lang === 'zh' ? zh : en)),
    });
    before = live;
  }
  return views.reverse();
}

/** Without the folders: nothing of this machine is told. */
export function nameOf(file: string): string {
  return file.replace(/^.*[/\\]/, '');
}
