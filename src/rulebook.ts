// The rule files on disk → the book that is live. A file goes live only if it has no findings and its own tests pass;
// a running bot keeps the last good book when an edit is wrong.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { Config } from './config.ts';
import { BadInput, type Finding, showFinding } from './core/error.ts';
import { type Book, bookOf } from './core/match.ts';
import { rehearse } from './core/rehearse.ts';
import type { Campaign } from './core/rule.ts';
import { loadCampaigns } from './core/rule-file.ts';
import { agreeWithMerchants } from './core/rule-money.ts';
import type { Log } from './ports.ts';

export type RuleFile = { readonly file: string; readonly text: string };

export type Rulebook = {
  current(): Book;
  /** Looks whether a file changed; a change that is wrong is logged and changes nothing. */
  refresh(): Promise<void>;
};

/** The rule files named by `paths`: files as they are, folders by their `*.yaml` and `*.yml`, in the order of names. */
export async function readRuleFiles(paths: readonly string[]): Promise<RuleFile[]> {
  const files: string[] = [];
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined);
    if (!info) throw new BadInput(`${path}: no such file or folder; name a rule file or a folder of them`);
    if (!info.isDirectory()) files.push(path);
    else {
      const names = (await readdir(path))
        .filter(name => /\.ya?ml$/.test(name) && !basename(name).startsWith('.'))
        .sort();
      files.push(...names.map(name => join(path, name)));
    }
  }
  return Promise.all(
    files.map(async file => ({ file: relative(process.cwd(), file) || file, text: await readFile(file, 'utf8') })),
  );
}

/** What is wrong with these files, and the campaigns of those that are fine. `config` absent: accounts are not checked. */
export function checkRuleFiles(
  files: readonly RuleFile[],
  config?: Config,
): { campaigns: Campaign[]; findings: Finding[] } {
  const known = config && { accounts: [...config.accounts.keys()] };
  const { campaigns, findings } = loadCampaigns(files, known);
  if (!config) return { campaigns, findings };
  const money = campaigns.flatMap(campaign => agreeWithMerchants(campaign, config));
  return { campaigns, findings: [...findings, ...money] };
}

/** Runs the tests in the files; a failure is a finding as well. */
export function testCampaigns(campaigns: readonly Campaign[]): Finding[] {
  return campaigns.flatMap(campaign =>
    rehearse(campaign).flatMap(result =>
      result.failures.map(failure => ({
        file: campaign.file,
        line: failure.line,
        column: failure.column,
        message: `test "${result.test}": expected ${failure.expected}, got ${failure.got}`,
      })),
    ),
  );
}

async function load(config: Config): Promise<{ book: Book; print: string }> {
  const files = await readRuleFiles([config.rules]);
  const { campaigns, findings } = checkRuleFiles(files, config);
  const all = [...findings, ...testCampaigns(campaigns)];
  if (all.length > 0)
    throw new BadInput(`the rules in ${relative(process.cwd(), config.rules) || '.'} are not fit to go live:`, all);
  return { book: bookOf(campaigns, [...config.accounts.keys()]), print: printOf(files) };
}

function printOf(files: readonly RuleFile[]): string {
  return JSON.stringify(files.map(({ file, text }) => [file, text]));
}

/** Throws `BadInput` with every finding if the rules are not fit to go live. */
export async function openRulebook(config: Config, log: Log): Promise<Rulebook> {
  let { book, print: live } = await load(config);
  warn(book, log);
  let refused: string | undefined;
  let stamp = await stampOf(config.rules);
  return {
    current: () => book,
    async refresh() {
      const now = await stampOf(config.rules);
      if (now === stamp) return;
      const print = printOf(await readRuleFiles([config.rules]));
      if (print === live || print === refused) {
        stamp = now;
        return;
      }
      try {
        ({ book, print: live } = await load(config));
        warn(book, log);
        stamp = now;
        log.info({ campaigns: book.campaigns.map(campaign => campaign.id) }, 'the changed rules are live');
      } catch (error) {
        if (!(error instanceof BadInput)) throw error; // the disk, perhaps: looked at again at the next tick
        refused = print;
        stamp = now;
        log.error(
          { findings: error.findings },
          `the changed rules are NOT live, the former ones stay: ${error.message}`,
        );
      }
    },
  };
}

function warn(book: Book, log: Log): void {
  for (const campaign of book.campaigns)
    for (const warning of campaign.warnings) log.warn({ campaign: campaign.id }, showFinding(warning));
}

/** Names, sizes and times of the files: cheap enough to ask every second. */
async function stampOf(folder: string): Promise<string> {
  const info = await stat(folder);
  const names = info.isDirectory()
    ? (await readdir(folder))
        .filter(name => /\.ya?ml$/.test(name))
        .sort()
        .map(name => join(folder, name))
    : [folder];
  const stats = await Promise.all(names.map(async name => ({ name, info: await stat(name).catch(() => undefined) })));
  return stats.map(each => `${each.name}:${each.info?.size}:${each.info?.mtimeMs}`).join('\n');
}
