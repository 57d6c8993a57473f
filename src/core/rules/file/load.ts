// A rule file's text → its campaign (活动), or everything that is wrong with it. The shapes in `language/file.ts` read the
// keys, `check/file.ts` judges what no key can know alone, `build.ts` makes the campaign.

import { createHash } from 'node:crypto';
import { type Finding, findingAt } from '../../base/error.ts';
import { t, type Wording } from '../../base/words/words.ts';
import { type Located, type Passage, readYaml } from '../../yaml/schema.ts';
import type { Campaign, Condition } from '../campaign.ts';
import { earnedIn, type Known } from '../check/common.ts';
import { checkFile } from '../check/file.ts';
import { type RuleFile, ruleFile } from '../language/file.ts';
import { calledOf, namesOf } from '../renamed.ts';

import { type DataFiles, RuleData } from '../tables/files.ts';
import { buildCampaign } from './build.ts';

/** A rule file, and the lists that lie beside it. */
export type RuleText = { readonly file: string; readonly text: string; readonly data?: DataFiles };

/** One file. `known` absent: whether its account exists is not asked. `data`: the files it names. */
export function loadCampaign(
  file: string,
  text: string,
  known?: Known,
  data?: DataFiles,
): { readonly campaign: Campaign } | { readonly findings: Finding[] } {
  const read = readFile({ file, text, ...(data && { data }) }, known);
  return 'findings' in read ? read : { campaign: read.campaign };
}

type Loaded = { readonly campaign: Campaign; readonly written: RuleFile };

function readFile({ file, text, data: files }: RuleText, known?: Known): Loaded | { readonly findings: Finding[] } {
  const data = new RuleData(file, files);
  const conditions = new Map<Passage, Condition>();
  const read = readYaml(file, text, ruleFile, {
    check: (draft, say) => checkFile({ file: draft, data, conditions, earned: earnedIn(draft), known, say }),
  });
  const findings = ['findings' in read ? read.findings : [], data.findings()].flat();
  if ('findings' in read || findings.length > 0) return { findings };
  const hash = createHash('sha256').update(text);
  for (const used of data.used()) hash.update(JSON.stringify(used));
  const about = { file, hash: hash.digest('hex') };
  return { campaign: buildCampaign(read.value, { data, conditions }, about), written: read.value };
}

/** The names of the files that a rule file names. */
export function dataFilesOf(file: string, text: string): string[] {
  const names = new Set<string>();
  const data: DataFiles = name => {
    names.add(name);
    return undefined;
  };
  if (/\.csv/i.test(text)) readFile({ file, text, data });
  return [...names];
}

/** Several files together. Two that claim one id are both refused: nobody can tell which one was meant to be live. */
export function loadCampaigns(
  files: readonly RuleText[],
  known?: Known,
): { readonly campaigns: Campaign[]; readonly findings: Finding[] } {
  const loaded: Loaded[] = [];
  const findings: Finding[] = [];
  for (const file of files) {
    const read = readFile(file, known);
    if ('findings' in read) findings.push(...read.findings);
    else loaded.push(read);
  }
  const say = (file: string, { at }: Located<string>, message: Wording): void => {
    findings.push(findingAt(file, at, message));
  };
  const named = new Map<string, Loaded[]>();
  for (const one of loaded)
    for (const name of new Set(namesOf(one.campaign))) named.set(name, [...(named.get(name) ?? []), one]);
  const hasCoupons = loaded.filter(one => couponsOf(one).length > 0).length > 1;
  const isAlone = (one: Loaded): boolean => {
    const { campaign } = one;
    const isNamedAlone = namesOf(campaign).every(name => named.get(name)!.length === 1);
    if (isNamedAlone && !hasCoupons) return true; // nearly always, and there may be thousands of files
    const others = loaded.filter(other => other !== one);
    const twin = others.find(other => isTwin(campaign, other.campaign))?.campaign;
    if (twin) say(campaign.file, ...twinWords(one, twin));
    const sharers = sharedCoupons(one, others);
    for (const [entry, other] of sharers)
      say(campaign.file, entry, t`${other} gives the coupons of ${entry.value} as well: each would be given twice`);
    return twin === undefined && sharers.length === 0;
  };
  const campaigns = loaded.filter(isAlone).map(({ campaign }) => campaign);
  return { campaigns, findings: distinct(findings) };
}

/** A name stands for one campaign for ever, also one that it had before. */
function isTwin(one: Campaign, other: Campaign): boolean {
  return namesOf(one).some(name => namesOf(other).includes(name));
}

function twinWords({ written }: Loaded, twin: Campaign): [Located<string>, Wording] {
  const { value: own } = written.campaign;
  const id = calledOf(twin);
  const was = written.was?.find(({ value }) => namesOf(twin).includes(value));
  if (id === own || !was)
    return [written.campaign, t`the campaign "${own}" is in ${twin.file} as well; give one of them another id`];
  if (was.value === id)
    return [
      was,
      t`\`was: ${id}\`: the campaign "${id}" is still there, in ${twin.file}; leave \`was\` out, or take that file out`,
    ];
  return [
    was,
    t`"${id}" in ${twin.file} was "${was.value}" as well; a campaign goes on as one other, so only one of them can say it`,
  ];
}

function couponsOf({ written }: Loaded): Located<string>[] {
  return [...(written.prizes ?? [])].flatMap(([, { coupon }]) => coupon ?? []);
}

/** Lists of coupons that are in another file too: each campaign counts for itself how far it is. */
function sharedCoupons(one: Loaded, others: readonly Loaded[]): [Located<string>, string][] {
  const pathOf = ({ campaign }: Loaded, { value }: Located<string>): string => campaign.file.replace(/[^\\/]*$/, value);
  return couponsOf(one).flatMap(entry => {
    const path = pathOf(one, entry);
    const other = others.find(each => couponsOf(each).some(list => pathOf(each, list) === path));
    return other ? [[entry, other.campaign.file]] : [];
  });
}

/** Two campaigns may name one list, whose faults are then said once. */
function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map(each => [JSON.stringify(each), each])).values()];
}
