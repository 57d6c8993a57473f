// `hongbao rules list | diff | revert`: what was live when, by whom and why; what changed, in words; and back to a version.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../../config/config.ts';
import { BadInput } from '../../core/base/error.ts';
import { beijingText, instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import type { LiveCampaign } from '../../core/live/record.ts';
import { snapshotOf } from '../../core/live/record.ts';
import type { Say } from '../../core/rules/public-text.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import { putRules, rulesOnDisk, withVersion } from '../../engine/versions/put-rules.ts';
import { liveOfVersion, type RuleVersion, versionsIn, versionText } from '../../engine/versions/rule-versions.ts';
import { whoAmI, writeDown } from '../shared/acts.ts';
import { confirm } from '../shared/confirm.ts';
import { type Common, EXIT, print, printJson, printNote, table, withStore } from '../shared/context.ts';
import { language } from '../shared/language.ts';

export type VersionOptions = Common;
export type RevertOptions = VersionOptions & { readonly comment?: string; readonly yes?: boolean };

function sayIn(): Say {
  return (zh, en) => (language() === 'zh' ? zh : en);
}

export function list(options: VersionOptions): Promise<number> {
  const say = sayIn();
  return withStore(options, async store => {
    const versions = await versionsIn(store);
    if (options.json) printJson(versions.map(each => ({ ...each, at: beijingText(each.at) })));
    else if (versions.length === 0) print(say('还没有规则上线过', 'no rules have been live yet'));
    else {
      const rows = versions.map(each => rowOf(each, each === versions.at(-1), say));
      const head = [
        say('版本', 'version'),
        say('上线', 'since'),
        say('谁', 'by'),
        say('文件', 'files'),
        say('说明', 'why'),
      ];
      print(table(head, rows));
    }
    return EXIT.fine;
  });
}

function rowOf({ number, at, by, comment = '', files }: RuleVersion, isLive: boolean, say: Say): string[] {
  const live = isLive ? say(' 在线', ' live') : '';
  return [`${number}${live}`, beijingText(at), by, String(files.length), comment];
}

export function diff(from: string | undefined, to: string | undefined, options: VersionOptions): Promise<number> {
  const say = sayIn();
  return withStore(options, async (store, config) => {
    const versions = await versionsIn(store);
    // Without a number: what is on the disk against what is live; with one: that against the version before it.
    const after = to ?? from;
    const isDisk = after === undefined || after === 'disk';
    const newer = isDisk ? undefined : versionOf(versions, after);
    const older =
      from !== undefined && to !== undefined
        ? versionOf(versions, from)
        : newer
          ? versions.find(({ number }) => number === newer.number - 1)
          : versions.at(-1);
    const live = newer ? await liveOfVersion(store, newer) : await onDisk(config);
    const before = older ? await liveOfVersion(store, older) : [];
    const lines = versionText({ before, live }, say);
    const name = (version: RuleVersion | undefined, none: string): string =>
      version ? say(`版本 ${version.number}`, `version ${version.number}`) : none;
    const head = `${name(older, '–')} → ${name(newer, say('现在的文件', 'the files now'))}`;
    if (options.json) printJson({ from: older?.number, to: newer?.number, changes: lines });
    else print([head, ...lines.map(line => `  ${line}`)].join('\n'));
    return EXIT.fine;
  });
}

async function onDisk(config: Config): Promise<LiveCampaign[]> {
  const { campaigns, findings } = checkRuleFiles(await readRuleFiles([config.rules]), config);
  if (findings.length > 0) throw new BadInput(t`the files are not fit to go live:`, findings);
  return campaigns.flatMap(campaign => snapshotOf(campaign) ?? []);
}

function versionOf(versions: readonly RuleVersion[], written: string): RuleVersion {
  const found = versions.find(({ number }) => String(number) === written);
  if (found) return found;
  const [first, last] = [versions[0]?.number, versions.at(-1)?.number];
  throw new BadInput(
    t`there is no version ${written}; ${first === undefined ? t`none was live yet` : t`there are ${first} to ${last} (hongbao rules list)`}`,
  );
}

/** The files are written as they were; the bot sees them, judges them as any other change, and goes live. */
export function revert(written: string, options: RevertOptions): Promise<number> {
  const say = sayIn();
  return withStore(options, async (store, config) => {
    const version = versionOf(await versionsIn(store), written);
    const now = await rulesOnDisk(config.rules);
    const { files, gone } = await withVersion(store, config.rules, now.files, version);
    const { campaigns, findings } = checkRuleFiles(files, config);
    if (findings.length > 0) throw new BadInput(t`version ${written} is not fit to go live any more:`, findings);
    const live = campaigns.flatMap(campaign => snapshotOf(campaign) ?? []);
    const before = checkRuleFiles(now.files, config).campaigns.flatMap(campaign => snapshotOf(campaign) ?? []);
    for (const line of versionText({ before, live }, say)) print(line);
    for (const { file } of gone) print(say(`${file} 会改名为 ${file}.off`, `${file} becomes ${file}.off`));
    if (!options.yes && !(await confirm(say(`回到版本 ${written}？`, `back to version ${written}?`)))) {
      printNote(say('没有改动；不问就改用 --yes', 'nothing was changed; --yes does it without asking'));
      return EXIT.findings;
    }
    const comment = options.comment ?? say(`回到版本 ${written}`, `back to version ${written}`);
    await writeDown(store, 'rules revert', written, [comment]);
    const holder = `command:${process.pid}`;
    const ports = { config, store, clock: () => instant(Date.now()), holder, sleep: (ms: number) => sleep(ms) };
    const { seen } = now;
    if ((await putRules(ports, { files, gone, seen, by: whoAmI(), comment })) !== 'put')
      throw new BadInput(t`somebody is changing the files of the rules just now: nothing was changed; look again`);
    print(
      say(
        '文件已经写好；正在跑的机器人两秒内换上',
        'the files are written; a running bot takes them within two seconds',
      ),
    );
    return EXIT.fine;
  });
}
