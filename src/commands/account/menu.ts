// `hongbao menu push | show`: the account's own menu (自定义菜单), from a file, with what changes shown first.

import type { Config } from '../../config/config.ts';
import { BadInput, type Finding, showFinding } from '../../core/base/error.ts';
import { t } from '../../core/base/words/words.ts';
import { type Key, keysWithoutRule, type Menu, menuDiff, menuYaml, rulesWithoutKey } from '../../core/ops/menu.ts';
import { type ReadMenu, readMenu } from '../../core/ops/menu-file.ts';
import { FILE_LIMIT } from '../../core/yaml/reader.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import { readText } from '../../lib/plain-file.ts';
import { liveMenu, pushMenu } from '../../wechat/account/menu.ts';
import { writeDown } from '../shared/acts.ts';
import { confirm } from '../shared/confirm.ts';
import { EXIT, print, printJson } from '../shared/context.ts';
import { type AccountOptions, clock, withPlatform } from './platform.ts';

export type PushOptions = AccountOptions & { readonly dryRun?: boolean; readonly yes?: boolean };

export async function push(file: string, options: PushOptions): Promise<number> {
  const { menu, keys } = await menuIn(file);
  return withPlatform(options, async ({ config, account, api, store }) => {
    const diff = menuDiff(await liveMenu(api), menu);
    for (const warning of await warningsOf(file, keys, config, account.name))
      print(`${showFinding(warning)} (warning)`);
    if (!diff) {
      print(t`account "${account.name}" has this menu already; nothing to do`);
      return EXIT.fine;
    }
    print(`account "${account.name}": - goes, + comes`);
    for (const line of diff) print(`  ${line}`);
    if (options.dryRun) {
      print(t`nothing was changed (--dry-run)`);
      return EXIT.fine;
    }
    const isWanted = options.yes || (await confirm(t`push this menu to account "${account.name}"?`));
    if (isWanted === undefined)
      throw new BadInput(t`nobody can be asked here, and nothing was changed; push with --yes`);
    if (!isWanted) {
      print(t`nothing was changed`);
      return EXIT.findings;
    }
    await writeDown(store, 'menu push', account.name, [file]);
    await pushMenu(api, menu);
    print(t`pushed; a phone shows it when it opens the chat anew, after five minutes at the latest`);
    return EXIT.fine;
  });
}

export async function show(options: AccountOptions): Promise<number> {
  return withPlatform(options, async ({ account, api }) => {
    const menu = await liveMenu(api);
    if (options.json) printJson(menu);
    else if (menu.length === 0) print(t`# account "${account.name}" has no menu`);
    else process.stdout.write(menuYaml(menu));
    return EXIT.fine;
  });
}

async function menuIn(file: string): Promise<ReadMenu & { readonly menu: Menu }> {
  const source = await readText(file, 4 * FILE_LIMIT);
  if (typeof source !== 'string') throw new BadInput(t`${file} ${source.problem}`);
  const read = readMenu(file, source);
  if ('findings' in read) throw new BadInput(t`${file} is not fit to be pushed:`, read.findings);
  return read;
}

/** Keys and rules that do not find each other. A campaign that is over needs no button. */
async function warningsOf(file: string, keys: readonly Key[], config: Config, account: string): Promise<Finding[]> {
  const { campaigns, findings } = checkRuleFiles(await readRuleFiles([config.rules]), config);
  const own = campaigns.filter(campaign => (campaign.account ?? account) === account);
  const now = clock();
  const current = own.filter(campaign => campaign.period.to > now);
  // A file that cannot be read may hold the rule: better no word about keys than a wrong one.
  if (findings.length > 0) print(t`the rule files have findings (\`hongbao check\`); keys were not looked for in them`);
  const stray = findings.length === 0 ? keysWithoutRule(file, keys, own) : [];
  return [...stray, ...rulesWithoutKey(keys, current)];
}
