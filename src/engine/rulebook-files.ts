// The rule files on the disk, with the lists they name. Whoever may write into the folder of the rules is not believed to
// own what they link to: a file is itself there, plain, and no longer than a rule file can be, or it is a finding.

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BadInput, messageOf } from '../core/base/error.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import { dataFilesOf } from '../core/rules/file/load.ts';
import type { DataProblem } from '../core/rules/tables/files.ts';
import { tableText } from '../core/yaml/encoding.ts';
import { FILE_LIMIT } from '../core/yaml/reader.ts';
import { readPlain, readTextInside } from '../lib/plain-file.ts';

/**
 * `data`: the files it names, by the name that is written there, also those that are missing. `problem`: why it could not be
 * read, for the end of "the file …"; then it has no text.
 */
export type RuleFile = {
  readonly file: string;
  readonly text: string;
  readonly data?: DataOf;
  readonly problem?: Wording;
};
type DataOf = ReadonlyMap<string, string | DataProblem | undefined>;

/** A character has four bytes at most. */
const RULE_BYTES_MAX = 4 * FILE_LIMIT;
/** A list of a third of a million openids; more is an accident. */
const DATA_BYTES_MAX = 10_000_000;

/** Lies in a folder of rules while several files of it are being put in place: until it is gone, they do not belong together. */
export const HALF_WRITTEN = '.half-written';

export function isHalfWritten(folder: string): Promise<boolean> {
  return stat(join(folder, HALF_WRITTEN)).then(
    () => true,
    () => false,
  );
}

/** Notepad and WeChat add `.txt`, which Windows hides; Linux tells capitals apart. */
const MISNAMED = /\.ya?ml\.(?:txt|doc|md)$|\.ya?ml$/iu;

/**
 * Files of a folder that are meant as rules and are none by their name. For whoever looks at the files: a bot that runs leaves
 * them aside, as it always did.
 */
export async function misnamedIn(paths: readonly string[]): Promise<RuleFile[]> {
  const found = await Promise.all(
    paths.map(async path => {
      const names = await readdir(path).catch((): string[] => []);
      return names
        .filter(name => MISNAMED.test(name) && !isRuleName(name) && !name.startsWith('.'))
        .map(name => join(path, name));
    }),
  );
  return found.flat().map(path => {
    const name = basename(path).replace(MISNAMED, '.yaml');
    const file = relative(process.cwd(), path) || path;
    return { file, text: '', problem: t`is not read: a rule file ends in .yaml; rename it to ${name}` };
  });
}

function isRuleName(name: string): boolean {
  return /\.ya?ml$/.test(name) && !basename(name).startsWith('.');
}

/** The rule files named by `paths`: files as they are, folders by their `*.yaml` and `*.yml`, in the order of names. */
export async function readRuleFiles(paths: readonly string[]): Promise<RuleFile[]> {
  const files: string[] = [];
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined);
    if (!info) throw new BadInput(t`${path}: no such file or folder; name a rule file or a folder of them`);
    if (!info.isDirectory()) files.push(path);
    else {
      const names = (await readdir(path)).filter(isRuleName).sort();
      files.push(...names.map(name => join(path, name)));
    }
  }
  return Promise.all(files.map(readRuleFile));
}

async function readRuleFile(path: string): Promise<RuleFile> {
  const read = await readTextInside(path, RULE_BYTES_MAX);
  const file = relative(process.cwd(), path) || path;
  if (typeof read !== 'string') return { file, text: '', problem: read.problem };
  return ruleFileOf(path, read);
}

/** This text, as if it stood there: with the lists beside it. */
export async function ruleFileOf(path: string, read: string): Promise<RuleFile> {
  const file = relative(process.cwd(), path) || path;
  const names = namesIn(file, read);
  const data = await Promise.all(names.map(async name => [name, await readData(dirname(path), name)] as const));
  return { file, text: read, data: new Map(data) };
}

/** To see which lists a file names it is read whole: not again while it stays the same. */
const namesKnown = new Map<string, { readonly text: string; readonly names: readonly string[] }>();

function namesIn(file: string, text: string): readonly string[] {
  const known = namesKnown.get(file);
  if (known?.text === text) return known.names;
  const names = dataFilesOf(file, text);
  namesKnown.set(file, { text, names });
  return names;
}

/** A file beside a rule file; `undefined` if there is none. */
async function readData(folder: string, name: string): Promise<string | DataProblem | undefined> {
  const read = await readPlain(join(folder, name), DATA_BYTES_MAX, folder);
  if (Buffer.isBuffer(read)) return textOfTable(read);
  return read.isMissing ? undefined : { problem: read.problem };
}

/** As `send` and `audit` read theirs: out of gzip as well, and other letters than UTF-8 by their names. */
function textOfTable(bytes: Buffer): string | DataProblem {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return tableText(bytes);
  try {
    return tableText(gunzipSync(bytes, { maxOutputLength: DATA_BYTES_MAX }));
  } catch (error) {
    return { problem: t`cannot be read: ${messageOf(error)}` };
  }
}
