// The rule files on disk → the book that is live. A file goes live only if it has no findings and its own tests pass;
// a running bot keeps the last good book when an edit is wrong.
import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { Config } from './config.ts';
import { BadInput, type Finding, messageOf, showFinding } from './core/error.ts';
import { ALONE, lintWith, type Warning } from './core/lint.ts';
import { type Book, bookOf } from './core/match.ts';
import { rehearse } from './core/rehearse.ts';
import type { Campaign } from './core/rule.ts';
import { type DataProblem, dataFilesOf, loadCampaigns } from './core/rule-file.ts';
import { agreeWithMerchants } from './core/rule-money.ts';
import type { Instant } from './core/time.ts';
import type { Log } from './ports.ts';

/** `data`: the files it names, by the name that is written there, also those that are missing. */
export type RuleFile = { readonly file: string; readonly text: string; readonly data?: DataOf };
type DataOf = ReadonlyMap<string, string | DataProblem | undefined>;

/** A list of a third of a million openids; more is an accident. */
const DATA_LIMIT = 10_000_000;

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
  return Promise.all(files.map(readRuleFile));
}

async function readRuleFile(path: string): Promise<RuleFile> {
  const text = await readFile(path, 'utf8');
  const file = relative(process.cwd(), path) || path;
  const names = dataFilesOf(file, text);
  const data = await Promise.all(names.map(async name => [name, await readData(dirname(path), name)] as const));
  return { file, text, data: new Map(data) };
}

/** A file beside a rule file; `undefined` if there is none. A link may not lead out of the folder either. */
async function readData(folder: string, name: string): Promise<string | DataProblem | undefined> {
  try {
    const path = await realpath(join(folder, name));
    if (!path.startsWith((await realpath(folder)) + sep)) return { problem: 'leads out of the folder of the rules' };
    const info = await stat(path);
    if (!info.isFile()) return { problem: 'is not a file' };
    if (info.size > DATA_LIMIT) return { problem: `has ${info.size} bytes; at most ${DATA_LIMIT} are read` };
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    return { problem: `cannot be read: ${messageOf(error)}` };
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** What is wrong with these files, and the campaigns of those that are fine. `config` absent: accounts are not checked. */
export function checkRuleFiles(
  files: readonly RuleFile[],
  config?: Config,
): { campaigns: Campaign[]; findings: Finding[] } {
  const known = config && { accounts: [...config.accounts.keys()] };
  const texts = files.map(({ file, text, data }) => ({ file, text, data: (name: string) => data?.get(name) }));
  const { campaigns, findings } = loadCampaigns(texts, known);
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

/** What is likely a mistake, or against somebody's rules, in files that are fine. `now` absent: none of them is over. */
export function lintRuleFiles(
  files: readonly RuleFile[],
  campaigns: readonly Campaign[],
  config?: Config,
  now?: Instant,
): ReturnType<typeof lintWith> {
  const texts = new Map(files.map(({ file, text }) => [file, text]));
  const inputs = campaigns.map(campaign => ({ campaign, text: texts.get(campaign.file)! }));
  return lintWith(inputs, { ...(config ?? ALONE), ...(now !== undefined && { now }) });
}

type Loaded = { readonly book: Book; readonly warnings: readonly Warning[] };

/** Throws `BadInput` with every finding if these are not fit to go live. */
function bookFrom(files: readonly RuleFile[], config: Config): Loaded {
  const { campaigns, findings } = checkRuleFiles(files, config);
  const { warnings } = lintRuleFiles(files, campaigns, config);
  const errors = warnings.filter(({ severity }) => severity === 'error');
  const all = [...findings, ...testCampaigns(campaigns), ...errors];
  if (all.length > 0)
    throw new BadInput(`the rules in ${relative(process.cwd(), config.rules) || '.'} are not fit to go live:`, all);
  return { book: bookOf(campaigns, [...config.accounts.keys()]), warnings };
}

/** The same for the same files, lists included. */
function printOf(files: readonly RuleFile[]): string {
  const print = createHash('sha256');
  for (const { file, text, data } of files) print.update(JSON.stringify([file, text, ...(data ?? [])]));
  return print.digest('hex');
}

/** Throws `BadInput` with every finding if the rules are not fit to go live. */
export async function openRulebook(config: Config, log: Log): Promise<Rulebook> {
  const files = await readRuleFiles([config.rules]);
  const first = bookFrom(files, config);
  let { book } = first;
  warn(first, log);
  let live = printOf(files);
  let refused: string | undefined;
  let lists = listsOf(files);
  let stamp = ''; // looked at once more: what changed while it was read is seen at the first tick
  return {
    current: () => book,
    async refresh() {
      const now = await stampOf(config.rules, lists);
      if (now === stamp) return;
      const changed = await readRuleFiles([config.rules]);
      const print = printOf(changed);
      try {
        if (print !== live && print !== refused) {
          const loaded = bookFrom(changed, config);
          book = loaded.book;
          live = print;
          refused = undefined;
          warn(loaded, log);
          log.info({ campaigns: book.campaigns.map(campaign => campaign.id) }, 'the changed rules are live');
        }
      } catch (error) {
        if (!(error instanceof BadInput)) throw error; // looked at again at the next tick
        refused = print;
        log.error(
          { findings: error.findings },
          `the changed rules are NOT live, the former ones stay: ${error.message}`,
        );
      }
      // Where other lists are named now, the next stamp is another one: they are looked at once more.
      stamp = now;
      lists = listsOf(changed);
    },
  };
}

function warn({ warnings }: Loaded, log: Log): void {
  for (const warning of warnings) log.warn({ id: warning.id, basis: warning.basis }, showFinding(warning));
}

/** Where the files lie that rule files name, missing ones too: they may come. */
function listsOf(files: readonly RuleFile[]): string[] {
  const paths = files.flatMap(({ file, data }) => [...(data?.keys() ?? [])].map(name => join(dirname(file), name)));
  return [...new Set(paths)].sort();
}

/** Names, sizes and times of the rule files and of these lists: cheap enough to ask every second. */
async function stampOf(folder: string, lists: readonly string[]): Promise<string> {
  const info = await stat(folder);
  const names = info.isDirectory()
    ? (await readdir(folder))
        .filter(name => /\.ya?ml$/.test(name))
        .sort()
        .map(name => join(folder, name))
    : [folder];
  const all = [...names, ...lists];
  const stats = await Promise.all(all.map(async name => ({ name, info: await stat(name).catch(() => undefined) })));
  return stats.map(each => `${each.name}:${each.info?.size}:${each.info?.mtimeMs}`).join('\n');
}
