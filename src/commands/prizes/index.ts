// The commands about who has won what: goods that are to be sent, and what is known of their winners.

import type { Command } from 'commander';
import { l } from '../shared/language.ts';
import { exitWith } from '../shared/run.ts';
import type { DrawsOptions } from './draws.ts';
import type { EraseOptions } from './erase.ts';
import type { GoodsOptions } from './goods.ts';
import type { WinnersOptions } from './winners.ts';

const CONFIG = () => ['--config <file>', l`the configuration (default: bot.yaml here, else the demo's)`] as const;
const JSON_FLAG = () => ['--json', l`print JSON instead of a table`] as const;

/** What was won beside money, and who won: `goods`, `draws`, `winners`. */
export function addPrizes(root: Command): void {
  const goods = root.command('goods').description(l`things that were won and are to be sent (实物)`);
  goods
    .command('list [campaign]')
    .description(l`how many were won, and of how many it is known where they go`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((campaign: string | undefined, options: GoodsOptions) =>
      exitWith(async () => (await import('./goods.ts')).list(campaign, options)),
    );
  goods
    .command('export <campaign>')
    .description(l`names, phones and addresses as CSV, of what was not handed on yet; it is written down who asked`)
    .requiredOption('--out <file>', l`the CSV, readable by its owner only; delete it once everything is sent`)
    .option('--all', l`also what was handed on before`)
    .option(...CONFIG())
    .action((campaign: string, options: GoodsOptions) =>
      exitWith(async () => (await import('./goods.ts')).exportGoods(campaign, options)),
    );
  addDraws(
    root.command('draws').description(l`draws at the end (开奖): when, what was drawn, and the list to publish`),
  );
  root
    .command('winners <campaign>')
    .description(l`who has won what (中奖名单), as CSV to publish: openids are masked, codes are left out`)
    .option('--whole', l`openids, codes and what became of each prize, for yourself; it is written down who asked`)
    .option('--participants', l`who has taken part, each once, won or not`)
    .option('--out <file>', l`default: standard output`)
    .option(...CONFIG())
    .action((campaign: string, options: WinnersOptions) =>
      exitWith(async () => (await import('./winners.ts')).winners(campaign, options)),
    );
  root
    .command('erase <openid>')
    .description(l`delete the name, phone and address of a follower; what they won and were paid stays in the books`)
    .option('--yes', l`do not ask`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((openid: string, options: EraseOptions) =>
      exitWith(async () => (await import('./erase.ts')).erase(openid, options)),
    );
}

function addDraws(draws: Command): void {
  const load = () => import('./draws.ts');
  draws
    .command('list')
    .description(l`each draw, its commitment, and once it was held its seed, its tickets and their digest`)
    .option(...CONFIG())
    .option(...JSON_FLAG())
    .action((options: DrawsOptions) => exitWith(async () => (await load()).list(options)));
  draws
    .command('tickets <campaign> <draw>')
    .description(l`after the draw: all tickets in their order, with what was won, as CSV to publish`)
    .option('--out <file>', l`default: standard output`)
    .option(...CONFIG())
    .action((campaign: string, draw: string, options: DrawsOptions) =>
      exitWith(async () => (await load()).tickets(campaign, draw, options)),
    );
  draws
    .command('verify <file>')
    .description(l`anybody: work a published list out again from the seed; no configuration is needed`)
    .requiredOption('--seed <hex>', l`the seed that was published`)
    .option('--commitment <hex>', l`what was published before the draw`)
    .option(...JSON_FLAG())
    .action((file: string, options: DrawsOptions) => exitWith(async () => (await load()).verify(file, options)));
}
