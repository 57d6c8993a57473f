// The commands about rule files that were written: their tests, their public rules, and draws that anybody can verify.

import type { Command } from 'commander';
import type { Common } from '../shared/context.ts';
import { l } from '../shared/language.ts';
import { exitWith, runUntilSignal } from '../shared/run.ts';
import type { PauseOptions } from './campaigns.ts';
import type { DescribeCommand } from './describe.ts';
import type { TestOptions } from './test.ts';
import type { VerifyOptions } from './verify.ts';
import type { RevertOptions, VersionOptions } from './versions.ts';

const CONFIG = () => ['--config <file>', l`the configuration (default: bot.yaml here, else the demo's)`] as const;
const JSON_FLAG = () => ['--json', l`print JSON instead of a table`] as const;

function addCampaigns(campaigns: Command): void {
  const load = () => import('./campaigns.ts');
  campaigns
    .command('list')
    .description(l`each campaign, its mode, and whether it is paused`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((options: Common) => exitWith(async () => (await load()).list(options)));
  campaigns
    .command('pause <campaign>')
    .description(l`it gives nothing more, also after a restart; all others go on, and what was won is paid`)
    .option('--say <text>', l`what everybody reads meanwhile, in place of what each rule says`)
    .option(...CONFIG())
    .action((id: string, options: PauseOptions) => exitWith(async () => (await load()).pause(id, options)));
  campaigns
    .command('resume <campaign>')
    .description(l`it goes on where it was`)
    .option(...CONFIG())
    .action((id: string, options: Common) => exitWith(async () => (await load()).resume(id, options)));
}

function addVersions(rules: Command): void {
  const load = () => import('./versions.ts');
  rules
    .command('list')
    .description(l`every version that went live: when, by whom and why`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((options: VersionOptions) => exitWith(async () => (await load()).list(options)));
  rules
    .command('diff [from] [to]')
    .description(l`what changed, in words: of a version, between two, or of the files now (no number)`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((from: string | undefined, to: string | undefined, options: VersionOptions) =>
      exitWith(async () => (await load()).diff(from, to, options)),
    );
  rules
    .command('revert <version>')
    .description(l`write the files as they were in a version; a running bot takes them`)
    .option('--comment <text>', l`why, for the list of versions`)
    .option('--yes', l`without asking`)
    .option(...CONFIG())
    .action((version: string, options: RevertOptions) => exitWith(async () => (await load()).revert(version, options)));
}

/** The commands about rule files. */
export function addRules(root: Command): void {
  addCampaigns(root.command('campaigns').description(l`one campaign paused by hand, and let go on`));
  addVersions(root.command('rules').description(l`the versions of the rules that went live`));
  root
    .command('test [paths...]')
    .description(l`run the tests in rule files, and say what they do not reach`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option('--coverage', l`name every rule, prize, outcome and text that no test reaches`)
    .option('--min <percent>', l`fail where the tests reach less`)
    .option('--watch', l`again after each change, until Ctrl-C`)
    .action((paths: string[], { watch, ...options }: TestOptions & { watch?: boolean }) =>
      watch
        ? runUntilSignal(async () => (await import('./test-watch.ts')).watchTests(paths, options))
        : exitWith(async () => (await import('./test.ts')).test(paths, options)),
    );
  root
    .command('describe [paths...]')
    .description(l`the public rules of each campaign (活动规则), as its rule file has them`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option('--words', l`also tell the words that are typed; passwords of days and guesses stay secret`)
    .action((paths: string[], options: DescribeCommand) =>
      exitWith(async () => (await import('./describe.ts')).describeFiles(paths, options)),
    );
  root
    .command('verify-draw')
    .description(l`work out a draw again from the seed that was published, with the commands to repeat each step`)
    .requiredOption('--campaign <id>', l`whose draw it was`)
    .requiredOption('--seed <hex>', l`the seed that was published`)
    .option('--claim <key>', l`the key of the claim: CAMPAIGN/RULE/OPENID/OCCASION`)
    .option('--openid <openid>', l`… or what it is made of: who`)
    .option('--rule <id>', l`… by which rule`)
    .option(
      '--occasion <text>',
      l`… and when: ever, 2026-02-10, week-2026-02-09, 2026-02, round-NAME or the key of the event`,
    )
    .option('--rules <file>', l`the rule file, for prize and amount`)
    .option('--gone <prize...>', l`prizes that were gone at that time`)
    .option('--round <name>', l`the amounts of a round, laid out again`)
    .option('--commitment <hex>', l`the commitment that was published before`)
    .option('--config <file>', l`take the rule file from there`)
    .option(...JSON_FLAG())
    .action((options: VerifyOptions) => exitWith(async () => (await import('./verify.ts')).verify(options)));
  root
    .command('reveal <campaign>')
    .description(l`the seed of a campaign that is over, for everybody to verify its draws`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((campaign: string, options: Common) =>
      exitWith(async () => (await import('./verify.ts')).reveal(campaign, options)),
    );
}
