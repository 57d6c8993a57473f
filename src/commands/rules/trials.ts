// Trials: one push, one event or a whole crowd goes the whole way, and nothing is written.

import type { Command } from 'commander';
import type { Common } from '../shared/context.ts';
import { l } from '../shared/language.ts';
import { exitWith } from '../shared/run.ts';
import type { BacktestOptions } from './backtest.ts';
import type { ExplainOptions } from './explain.ts';
import type { SimulateOptions } from './simulate.ts';

const CONFIG = () => ['--config <file>', l`the configuration (default: bot.yaml here, else the demo's)`] as const;
const ENCODING = () => ['--encoding <name>', l`of the file: utf-8 (default), gbk, gb18030, utf-16`] as const;
const JSON_FLAG = () => ['--json', l`print JSON instead of a table`] as const;

export function addTrials(root: Command): void {
  root
    .command('explain [openid]')
    .description(l`why an event came to what it came to, or what one would come to now; nothing is written`)
    .option(
      '--event <event>',
      l`one that did not happen: text:抽奖, scan:store-001, subscribe, click:KEY, scancode:KEY:TEXT, paid:60.00 …`,
    )
    .option('--at <time>', l`… at this time, such as "2026-02-10 10:00" (default: now)`)
    .option('--journal <number>', l`one that happened, by its number in the journal`)
    .option('--key <key>', l`… or by its key`)
    .option('--account <name>', l`whose follower it is, where there are several accounts`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((openid: string | undefined, options: ExplainOptions) =>
      exitWith(async () => (await import('./explain.ts')).explainCommand(openid, options)),
    );
  root
    .command('simulate <paths...>')
    .description(l`draw thousands of times: what it costs, what is gone when; or play a made-up day`)
    .option('--draws <count>', l`of each rule`, '10000')
    .option('--day [day]', l`also a day of each campaign (default: the first one it is open on)`)
    .option('--users <count>', l`who come on that day`, '1000')
    .option('--per-user <count>', l`what each of them does on the average`, '3')
    .option('--seed <text>', l`the same seed gives the same`, '1')
    .option(...JSON_FLAG())
    .action((paths: string[], options: SimulateOptions) =>
      exitWith(async () => (await import('./simulate.ts')).simulate(paths, options)),
    );
  root
    .command('backtest <changed...>')
    .description(l`play the journal with changed rules: who would win or lose, how much more or less it would cost`)
    .option('--against <paths...>', l`rule files to compare with (default: the live ones)`)
    .option('--from <time>', l`a day or a time; what was before only tells who followed`)
    .option('--to <time>', l`… this day included`)
    .option('--limit <count>', l`as many events at most`)
    .option('--openids', l`name followers as they are`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((paths: string[], options: BacktestOptions) =>
      exitWith(async () => (await import('./backtest.ts')).backtest(paths, options)),
    );
  addReceive(root);
}

function addReceive(root: Command): void {
  root
    .command('receive <file>')
    .description(
      l`lead one recorded push (XML or JSON, sealed or not) through the whole way; nothing is written, nobody paid`,
    )
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .option('--account <name>', l`the account it came to, where there are several`)
    .option(...ENCODING())
    .action((file: string, options: Common & { account?: string; encoding?: string }) =>
      exitWith(async () => (await import('./receive.ts')).receive(file, options)),
    );
}
