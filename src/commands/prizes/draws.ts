// `hongbao draws`: what is to be drawn at the end (开奖), what was drawn, and the list by which anybody works it out again.

import { isSeed } from '../../core/analysis/verify-draw.ts';
import { BadInput } from '../../core/base/error.ts';
import { shortOpenId } from '../../core/base/openid.ts';
import { beijingText } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { commitmentOf, seedOf } from '../../core/decide/draw.ts';
import { type Listed, rankOf, seedNameOf, verifyList } from '../../core/draw/final-draw.ts';
import { csvHead, csvRow } from '../../core/ops/payout-csv.ts';
import type { Campaign, FinalDraw } from '../../core/rules/campaign.ts';
import { calledOf, named, prizeCalled } from '../../core/rules/renamed.ts';
import { ticketOf } from '../../core/rules/ticket.ts';
import { cellsOf } from '../../core/yaml/csv.ts';
import { entriesOf, resultIn } from '../../engine/draws/hold.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import { tableFile } from '../../lib/table-file.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, printNote, table, withStore } from '../shared/context.ts';
import { type CsvPage, writeCsv } from '../shared/csv-out.ts';
import { l } from '../shared/language.ts';

export type DrawsOptions = Common & { readonly out?: string; readonly seed?: string; readonly commitment?: string };

async function campaignsIn(rules: string): Promise<readonly Campaign[]> {
  return checkRuleFiles(await readRuleFiles([rules])).campaigns;
}

export function list(options: DrawsOptions): Promise<number> {
  return withStore(options, async (store, { rules, secret }) => {
    const rows: Record<string, string>[] = [];
    for (const campaign of await campaignsIn(rules))
      for (const { name, at } of campaign.draws?.values() ?? []) {
        const result = await resultIn(store, campaign.id, name);
        const seed = seedOf(secret, seedNameOf(campaign.id, name));
        rows.push({
          ...{ campaign: calledOf(campaign), draw: name, at: beijingText(at), commitment: commitmentOf(seed) },
          ...(result && {
            tickets: String(result.tickets),
            winners: String(result.winners.length),
            digest: result.digest,
            seed,
          }),
        });
      }
    const columns = ['campaign', 'draw', 'at', 'tickets', 'winners', 'commitment', 'seed', 'digest'];
    if (options.json) printJson(rows);
    else if (rows.length === 0) print(t`no campaign has a draw at the end`);
    else
      print(
        table(
          columns,
          rows.map(row => columns.map(column => row[column] ?? '')),
        ),
      );
    return EXIT.fine;
  });
}

const HEAD = ['名次', '抽奖号', '奖品', '抽奖人'];

export function tickets(typed: string, name: string, options: DrawsOptions): Promise<number> {
  return withStore(options, async (store, { rules, secret }) => {
    const campaign = named(await campaignsIn(rules), typed);
    const draw = campaign?.draws?.get(name);
    if (!campaign || !draw)
      throw new BadInput(t`no campaign "${typed}" with a draw "${name}"; \`hongbao draws list\` names them`);
    const result = await resultIn(store, campaign.id, name);
    if (!result)
      throw new BadInput(
        t`"${name}" was not held yet: its list would tell who wins. It is held at ${beijingText(draw.at)}`,
      );
    await writeDown(store, 'draws tickets', campaign.id, [name, options.out !== undefined && `--out ${options.out}`]);
    const won = new Map(result.winners.map(({ ticket, prize }) => [ticket, prize]));
    const seed = seedOf(secret, seedNameOf(campaign.id, name));
    const rows = await listed({ seed, won, campaign, draw }, entriesOf(store, campaign, draw));
    const { digest, wrong } = verifyList(seed, rows);
    const count = await writeCsv(options.out, l`tickets`, pages(rows));
    if (options.out !== undefined) printNote(t`${count} tickets in ${options.out}`);
    printNote(t`seed ${seed}\ndigest ${digest}`);
    if (digest !== result.digest)
      wrong.unshift(l`the tickets are not those of the draw, whose digest is ${result.digest}`);
    for (const each of wrong) printNote(each);
    return wrong.length === 0 ? EXIT.fine : EXIT.findings;
  });
}

type Held = {
  readonly seed: string;
  readonly won: ReadonlyMap<string, string>;
  readonly campaign: Campaign;
  readonly draw: FinalDraw;
};

async function listed({ seed, won, campaign }: Held, entries: ReturnType<typeof entriesOf>): Promise<Listed[]> {
  const rows: (Listed & { readonly rank: string })[] = [];
  for await (const { claim, user } of entries) {
    const ticket = ticketOf(claim);
    const prize = won.get(ticket);
    const called = prize === undefined ? '' : prizeCalled(campaign.prizes.get(prize) ?? { name: prize });
    rows.push({ ticket, who: shortOpenId(user), prize: called, rank: rankOf(seed, ticket) });
  }
  return rows.sort((a, b) => (a.rank < b.rank ? -1 : 1));
}

async function* pages(rows: readonly Listed[]): AsyncGenerator<CsvPage> {
  yield { text: csvHead(HEAD), count: 0 };
  for (const [n, { ticket, prize, who }] of rows.entries())
    yield { text: csvRow([String(n + 1), { digits: ticket }, prize, who]), count: 1 };
}

export async function verify(file: string, { seed = '', commitment, json }: DrawsOptions): Promise<number> {
  if (!isSeed(seed))
    throw new BadInput(t`--seed: expected 64 hexadecimal digits, as \`hongbao draws list\` tells them after the draw`);
  const rows: Listed[] = [];
  const complaints: string[] = [];
  for await (const { rows: page } of tableFile(file, {}))
    for (const row of page) {
      const cells = cellsOf(row, ({ line }, message) => complaints.push(l`line ${line}: ${message}`));
      const [, ticket = '', prize = '', who = ''] = cells.map(({ text }) => text.trim());
      if (/^[0-9A-F]{16}$/.test(ticket)) rows.push({ ticket, prize, who });
    }
  const { digest, wrong } = verifyList(seed, rows);
  wrong.push(...complaints);
  if (commitment !== undefined && commitmentOf(seed) !== commitment.toLowerCase())
    wrong.unshift(l`the seed is not the one whose hash was published before the draw`);
  if (rows.length === 0) wrong.unshift(l`${file} has no tickets`);
  if (json) printJson({ tickets: rows.length, digest, commitment: commitmentOf(seed), wrong });
  else
    print(
      [
        l`${rows.length} tickets, digest ${digest}`,
        ...(wrong.length === 0 ? [l`the list is what the seed says`] : wrong),
      ].join('\n'),
    );
  return wrong.length === 0 ? EXIT.fine : EXIT.findings;
}
