#!/usr/bin/env node
// The operator's commands: their names, options and exit codes. What they do stands in `commands/`.
import { Command, CommanderError } from 'commander';
import type { Common } from './commands/common.ts';
import { EXIT } from './commands/common.ts';
import type { ListOptions } from './commands/payouts.ts';
import type { SimulatorOptions } from './commands/simulator.ts';
import { BadInput, messageOf } from './core/error.ts';

const CONFIG = ['--config <file>', "the configuration (default: bot.yaml here, else the demo's)"] as const;
const JSON_FLAG = ['--json', 'print JSON instead of a table'] as const;

function program(): Command {
  const root = new Command('hongbao').description('Red packets for a WeChat Official Account').exitOverride().showHelpAfterError();
  root
    .command('start')
    .description('start the bot; with nothing configured, the demo with its own WeChat')
    .option(...CONFIG)
    .action((options: Common) => runUntilSignal(async () => (await (await import('./main.ts')).start(options.config)).stop));
  root
    .command('check [paths...]')
    .description('find what is wrong with rule files')
    .option(...CONFIG)
    .option(...JSON_FLAG)
    .action((paths: string[], options: Common) => exitWith(async () => (await import('./commands/rules.ts')).check(paths, options)));
  root
    .command('test [paths...]')
    .description('run the tests in rule files')
    .option(...CONFIG)
    .option(...JSON_FLAG)
    .action((paths: string[], options: Common) => exitWith(async () => (await import('./commands/rules.ts')).test(paths, options)));
  root
    .command('receive <file>')
    .description('lead one recorded push (XML) through the whole way; nothing is written, nobody paid')
    .option(...CONFIG)
    .option(...JSON_FLAG)
    .option('--account <name>', 'the account it came to, where there are several')
    .action((file: string, options: Common) => exitWith(async () => (await import('./commands/receive.ts')).receive(file, options)));
  addPayouts(root.command('payouts').description('what was promised to whom, and where it stands'));
  addSimulator(root.command('simulator').description('a WeChat of your own, for any bot and any SDK'));
  return root;
}

function addPayouts(payouts: Command): void {
  payouts
    .command('list')
    .description('newest first')
    .option(...CONFIG)
    .option(...JSON_FLAG)
    .option('--state <state>', 'planned, sending, unknown, held, sent, received, refunded or failed')
    .option('--campaign <id>')
    .option('--user <openid>')
    .option('--merchant <name>')
    .option('--limit <count>', 'how many at most', '50')
    .action((options: ListOptions) => exitWith(async () => (await import('./commands/payouts.ts')).list(options)));
  payouts
    .command('show <number>')
    .description('one payout with its history')
    .option(...CONFIG)
    .option(...JSON_FLAG)
    .action((billNo: string, options: Common) => exitWith(async () => (await import('./commands/payouts.ts')).show(billNo, options)));
}

function addSimulator(simulator: Command): void {
  simulator
    .option('--port <port>', 'platform, control and chat page', '3001')
    .option('--pay-port <port>', 'WeChat Pay, TLS', '3002')
    .option('--folder <folder>', 'where certificates and state are kept', 'data/simulator-alone')
    .option('--webhook <url>', 'where pushes go', 'http://127.0.0.1:3000/wechat/tea')
    .option('--app-id <appid>')
    .option('--app-secret <secret>')
    .option('--token <token>')
    .option('--aes-key <key>', '43 letters and digits')
    .option('--mode <mode>', 'safe, compatible or plain')
    .option('--mch-id <number>')
    .option('--api-key <key>', 'APIv2 key')
    .action((options: Partial<SimulatorOptions>) =>
      runUntilSignal(async () => {
        const command = await import('./commands/simulator.ts');
        return command.simulator({ ...command.SIMULATOR_DEFAULTS, ...options });
      }),
    );
}

async function exitWith(work: () => Promise<number>): Promise<void> {
  process.exitCode = await work();
}

/** Keeps running until SIGINT or SIGTERM, then stops in order; a second signal ends it at once. */
async function runUntilSignal(begin: () => Promise<() => Promise<void>>): Promise<void> {
  const stop = await begin();
  let isStopping = false;
  const onSignal = (): void => {
    if (isStopping) process.exit(1);
    isStopping = true;
    stop().then(
      () => process.exit(EXIT.fine),
      (error: unknown) => {
        process.stderr.write(`${messageOf(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.badInput;
  else if (error instanceof BadInput) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT.badInput;
  } else {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  }
}
