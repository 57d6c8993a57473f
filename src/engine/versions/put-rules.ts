// Putting rule files in the place of those that lie there: a draft of somebody's, or a version of before. Each file is replaced
// whole or not at all; who put them there, and why, is announced before; and nothing is put over what somebody else has changed
// since it was looked at.

import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, lstat, open, realpath, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { BadInput } from '../../core/base/error.ts';
import { SECOND } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import type { Store } from '../../ports.ts';
import { HALF_WRITTEN, type RuleFile, readRuleFiles, ruleFileOf } from '../rulebook-files.ts';
import { announce, filesOf, printOf, type RuleVersion, textOfVersion, type VersionPorts } from './rule-versions.ts';

/** `seen` stands for all of them: another one, and somebody has changed something. */
type OnDisk = { readonly files: readonly RuleFile[]; readonly seen: string };
/** The text that is to be the file `name`. `base`: the print of what it was made from; `''`: a new file. */
export type Draft = { readonly name: string; readonly text: string; readonly base: string };
/** All files as they will be, and those among today's that will be none any more. */
export type Going = { readonly files: readonly RuleFile[]; readonly gone: readonly RuleFile[] };

const LEASE = 'rules:put';
const LEASE_MS = 20 * SECOND;
/** No path, nothing hidden, and a rule file by its end: whatever else it is called is in nobody's way. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} ._()（）-]{0,79}\.ya?ml$/u;

export function isRuleFileName(name: string): boolean {
  return NAME.test(name);
}

export async function rulesOnDisk(rules: string): Promise<OnDisk> {
  const files = await readRuleFiles([rules]);
  return { files, seen: seenOf(files) };
}

function seenOf(files: readonly RuleFile[]): string {
  const all = files.map(({ file, text, problem }) => [basename(file), problem === undefined ? printOf(text) : '']);
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 32);
}

/** The print of a file as it lies there; `''`: there is none of this name. */
export function printOnDisk({ files }: OnDisk, name: string): string {
  const found = files.find(({ file }) => basename(file) === name);
  return found ? printOf(found.text) : '';
}

/** As they would be with this draft among them. */
export async function withDraft(rules: string, { files }: OnDisk, { name, text }: Draft): Promise<Going> {
  const former = files.find(({ file }) => basename(file) === name);
  const folder = (await stat(rules)).isDirectory() ? rules : undefined;
  if (!former && folder === undefined)
    throw new BadInput(t`bot.yaml names one rule file, beside which no other is read`);
  if (former?.problem !== undefined) throw new BadInput(t`the file ${former.problem}`);
  const ends = former?.text.includes('\r\n') ? text.replace(/\r?\n/g, '\r\n') : text;
  const file = await ruleFileOf(former?.file ?? join(folder!, name), ends);
  const others = files.filter(each => each !== former);
  return { files: inOrder([...others, file]), gone: [] };
}

/** As they were in that version, with the lists that lie beside them today: these are only added to. */
export async function withVersion(
  store: Pick<Store, 'note'>,
  rules: string,
  now: readonly RuleFile[],
  version: RuleVersion,
): Promise<Going> {
  const then = await Promise.all(
    version.files.map(async ({ name, print: key }) => {
      const text = await textOfVersion(store, key);
      if (text === undefined) throw new BadInput(t`the text of ${name} is not kept any more`);
      const same = now.find(({ file }) => basename(file) === name);
      const data = new Map(now.flatMap(each => [...(each.data ?? [])]));
      return { file: same?.file ?? join(rules, name), text, data };
    }),
  );
  const gone = now.filter(({ file }) => then.every(each => basename(each.file) !== basename(file)));
  return { files: then, gone };
}

/** As they are read from the folder. */
function inOrder(files: readonly RuleFile[]): RuleFile[] {
  const nameOf = ({ file }: RuleFile): string => basename(file);
  return [...files].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

type Put = Going & {
  /** What lay there when it was looked at. */
  readonly seen: string;
  readonly by: string;
  readonly comment: string;
};

/** `changed`: somebody has changed a file since, `busy`: somebody puts files there just now; in both cases nothing was written. */
export async function putRules(
  ports: VersionPorts & { readonly config: Pick<Config, 'rules'> },
  { files, gone, seen, by, comment }: Put,
): Promise<'put' | 'changed' | 'busy'> {
  const { store, clock, holder, config } = ports;
  const lease = await store.lease(LEASE, `${holder}/${randomBytes(6).toString('hex')}`, LEASE_MS, clock());
  if (!lease) return 'busy';
  try {
    const now = await rulesOnDisk(config.rules);
    if (now.seen !== seen) return 'changed';
    const known = new Map(now.files.map(({ file, text }) => [file, text]));
    const added = files.filter(({ file }) => !known.has(file));
    const changed = files.filter(({ file, text }) => known.has(file) && known.get(file) !== text);
    for (const { file } of [...added, ...changed, ...gone]) await mustBePlain(file);
    await announce(ports, { by, comment, files: filesOf(files) });
    await together(config.rules, [
      ...(added.length > 0 ? [() => addAll(added)] : []),
      ...changed.map(each => () => write(each, rename)),
      ...gone.map(
        ({ file }) =>
          () =>
            rename(file, freeName(`${file}.off`)),
      ),
    ]);
    return 'put';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'EEXIST') return 'changed';
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(code)) throw error;
    throw new BadInput(
      t`the files of the rules cannot be written (${code}): mind the rights and the room of their folder`,
    );
  } finally {
    await store.release(lease, clock());
  }
}

/**
 * A bot that looks while several files are put in place waits until the mark is gone. Whoever is killed in between leaves it
 * there, and no bot takes what does not belong together.
 */
async function together(rules: string, steps: readonly (() => Promise<void>)[]): Promise<void> {
  const isFolder = (await stat(rules)).isDirectory();
  const mark = isFolder && steps.length > 1 ? join(rules, HALF_WRITTEN) : undefined;
  let done = 0;
  try {
    if (mark !== undefined) await writeFile(mark, '');
    for (const step of steps) {
      await step();
      done++;
    }
  } finally {
    if (mark !== undefined && (done === 0 || done === steps.length)) await rm(mark, { force: true });
  }
}

/** What lies there under this name is a file of this folder, or nothing. */
async function mustBePlain(file: string): Promise<void> {
  const info = await lstat(file).catch(() => undefined);
  if (info && !info.isFile())
    throw new BadInput(t`${basename(file)} is a link or no file: who may write there puts a file in its place first`);
}

type NewFile = Pick<RuleFile, 'file' | 'text'>;

/** All of them or none: a new file never takes the place of one that came meanwhile. */
async function addAll(files: readonly NewFile[]): Promise<void> {
  const added: string[] = [];
  try {
    for (const each of files) {
      await write(each, link);
      added.push(each.file);
    }
  } catch (error) {
    for (const file of added) await unlink(file).catch(() => undefined);
    throw error;
  }
}

/** Whole, or not at all, and on the disk. `named`: how the text gets its name. */
async function write({ file, text }: NewFile, named: (from: string, to: string) => Promise<void>): Promise<void> {
  const info = await stat(file).catch(() => undefined);
  const beside = join(dirname(file), `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const written = await open(beside, 'wx', info ? info.mode & 0o777 : 0o644);
    try {
      await written.writeFile(text);
      await written.sync();
    } finally {
      await written.close();
    }
    await named(beside, file);
  } finally {
    await unlink(beside).catch(() => undefined); // it has its new name, or there is none
  }
  const folder = await open(await realpath(dirname(file)), 'r').catch(() => undefined); // Windows opens no folders
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

function freeName(name: string): string {
  for (let n = 0; ; n++) {
    const free = n === 0 ? name : `${name}${n}`;
    if (!existsSync(free)) return free;
  }
}
