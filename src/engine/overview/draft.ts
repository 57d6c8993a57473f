// A draft of a rule file, or a version to go back to, before it is there: everything that is wrong with it, what it changes in
// words, and what it may cost. It is judged beside the events, as what goes live is; nothing is written.

import { setImmediate } from 'node:timers/promises';
import type { Lang } from '../../core/base/words/words.ts';
import { mostOfOne } from '../../core/exposure/one-follower.ts';
import { spendOf } from '../../core/lint/spend.ts';
import { type LiveCampaign, snapshotOf } from '../../core/live/record.ts';
import { mayCostMore, stakeOf } from '../../core/live/version-words.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { aroundOf, checkRuleFiles, goingFrom } from '../rulebook.ts';
import { judge } from '../rulebook-check.ts';
import type { RuleFile } from '../rulebook-files.ts';
import type { LiveBook } from '../rulebook-live.ts';
import { liveOfVersion, versionsIn, versionText } from '../versions/rule-versions.ts';
import type { OverviewPorts } from './ports.ts';
import { findingView, nameOf } from './rules.ts';
import type { DraftVerdict } from './view.ts';

export type DraftPorts = { readonly overview: OverviewPorts; readonly live: LiveBook };

/** `files`: all of them as they would be. `about`: the file whose money is told. */
export async function draftVerdict(
  { overview: { config, store }, live }: DraftPorts,
  files: readonly RuleFile[],
  lang: Lang,
  about?: string,
): Promise<DraftVerdict> {
  const verdict = await judge(files, aroundOf(config));
  const mild = verdict.warnings.filter(({ severity }) => severity !== 'error');
  const shown = (grave: boolean) => (each: Parameters<typeof findingView>[0]) => ({
    ...findingView(each, grave, lang),
    file: nameOf(each.file),
  });
  const findings = [...verdict.findings.map(shown(true)), ...mild.map(shown(false))];
  if (verdict.findings.length > 0) return { isFit: false, findings, changes: [], more: 0, stake: 0 };
  await setImmediate();
  const { campaigns } = checkRuleFiles(files, config);
  const beside = await live.judge(goingFrom(campaigns, files));
  findings.push(...beside.findings.map(shown(true)), ...beside.warnings.map(shown(false)));
  const after = campaigns.flatMap(campaign => snapshotOf(campaign) ?? []);
  const before = await liveNow(store);
  const say = (zh: string, en: string): string => (lang === 'zh' ? zh : en);
  const own = campaigns.find(({ file }) => nameOf(file) === about);
  return {
    isFit: beside.findings.length === 0,
    findings,
    changes: versionText({ before, live: after }, say),
    more: mayCostMore(before, after),
    stake: stakeOf(before, after),
    ...(own && { tests: own.tests.length, ...moneyOf(own) }),
  };
}

async function liveNow(store: OverviewPorts['store']): Promise<readonly LiveCampaign[]> {
  const [latest] = (await versionsIn(store)).slice(-1);
  return latest ? liveOfVersion(store, latest) : [];
}

/** At most in all and a day, for a claim, and for one follower. */
function moneyOf(campaign: Campaign): Pick<DraftVerdict, 'money'> {
  const spend = spendOf(campaign);
  if (!spend) return {};
  const one = mostOfOne(campaign);
  const { perDay } = campaign.budget ?? {};
  return {
    money: {
      most: spend.most.sum,
      ...(perDay !== undefined && { perDay }),
      claim: spend.mostOfClaim,
      ...(spend.mean !== undefined && { mean: Math.round(spend.mean) }),
      ...(spend.claims !== undefined && { claims: spend.claims }),
      ...{ oneDay: one.day, oneEver: one.ever },
    },
  };
}
