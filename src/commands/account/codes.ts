// `hongbao codes`: printed codes (一物一码) are made into a CSV for the printer, registered from it, and set active box by
// box when they leave the warehouse.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { defaultConfigFile } from '../../config/config.ts';
import { BadInput, Fault, type Finding, findingAt, messageOf } from '../../core/base/error.ts';
import { t } from '../../core/base/words/words.ts';
import {
  boxesFrom,
  boxesText,
  CODES_HEAD,
  CODES_MAX,
  type CodeLine,
  codeLineFrom,
  isBatch,
  lineOf,
  linesOf,
  type Share,
  shareFrom,
  stretchesFrom,
} from '../../core/ops/code-batch.ts';
import { cellsOf } from '../../core/yaml/csv.ts';
import { type TableOptions, tableFile } from '../../lib/table-file.ts';
import type { Store } from '../../ports.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, table, withStore } from '../shared/context.ts';
import { l } from '../shared/language.ts';
import { progress } from '../shared/progress.ts';

export type GenerateOptions = Common & {
  readonly batch: string;
  readonly prize: readonly string[];
  readonly boxSize: string;
  readonly out: string;
};
export type ImportOptions = Common & TableOptions & { readonly activate?: boolean };
export type ActivateOptions = Common & { readonly boxes?: string; readonly all?: boolean; readonly off?: boolean };

/** Codes of one call of the store. */
const CHUNK = 1000;
const WRITE_BYTES = 1 << 20;
/** A list that is wrong from top to bottom says it this often. */
const WRONG_MAX = 20;

/** Writes the CSV for the printer. Nothing is registered: that is `import`, once the printer has it. */
export async function generate(options: GenerateOptions): Promise<number> {
  const { batch, out } = options;
  if (!isBatch(batch)) throw new BadInput(t`--batch ${batch}: a name of a-z 0-9 -, at most 40 letters`);
  const boxSize = Number(options.boxSize);
  if (!/^\d{1,7}$/.test(options.boxSize) || boxSize < 1)
    throw new BadInput(t`--box-size ${options.boxSize}: how many codes lie in one box`);
  const shares = sharesOf(options.prize);
  const count = shares.reduce((sum, share) => sum + share.count, 0);
  if (count > CODES_MAX)
    throw new BadInput(t`--prize: ${count} codes are too many for one batch; at most ${CODES_MAX}`);
  if (existsSync(out))
    throw new BadInput(t`--out ${out} is there already; it may have been printed, so name another file`);
  // They can be made where no bot is; beside one it is written down.
  if (existsSync(options.config ?? defaultConfigFile()))
    await withStore(options, store => writeDown(store, 'codes generate', batch, [`--out ${out}`, ...options.prize]));
  const line = progress('codes');
  const file = createWriteStream(out, { mode: 0o600, flags: 'wx' });
  let [text, done] = [`\uFEFF${CODES_HEAD}`, 0]; // spreadsheets take a file without it for GBK
  const flush = async (): Promise<void> => {
    if (!file.write(text)) await once(file, 'drain');
    text = '';
    line.show(done, count);
  };
  for (const each of linesOf(batch, shares, boxSize, randomBytes)) {
    text += lineOf(each);
    done++;
    if (text.length > WRITE_BYTES) await flush();
  }
  await flush();
  file.end();
  await once(file, 'finish');
  line.end();
  const boxes = Math.ceil(count / boxSize);
  if (options.json) printJson({ batch, codes: count, boxes, shares, file: out });
  else
    print(
      t`${count} codes of batch ${batch} in ${boxes} boxes: ${out}\nwhoever has this file can use every code in it: keep it as you keep cash`,
    );
  return EXIT.fine;
}

function sharesOf(texts: readonly string[]): Share[] {
  const shares = texts.map(text => {
    const share = shareFrom(text);
    if (!share) throw new BadInput(t`--prize ${text}: expected NAME=COUNT, such as small=90000`);
    return share;
  });
  const twice = shares.find(({ prize }, n) => shares.findIndex(each => each.prize === prize) !== n);
  if (twice) throw new BadInput(t`--prize ${twice.prize} is given twice; add the counts up`);
  return shares;
}

/** Registers the codes of a CSV. Told twice, the second time finds them there. */
export function importCodes(file: string, options: ImportOptions): Promise<number> {
  return withStore(options, async store => {
    await writeDown(store, 'codes import', file, [options.activate && '--activate']);
    const line = progress('codes');
    const batches = new Map<string, Set<number>>();
    let [read, added] = [0, 0];
    const total = (
      await stat(file).catch(error => Promise.reject(new BadInput(t`${file} cannot be read: ${messageOf(error)}`)))
    ).size;
    try {
      for await (const chunk of chunksOf(file, options)) {
        added += await register(store, file, chunk.lines);
        read += chunk.lines.length;
        for (const { batch, box } of chunk.lines) batches.set(batch, (batches.get(batch) ?? new Set()).add(box));
        line.show(chunk.bytes, total, `${read} codes`);
      }
    } finally {
      line.end();
    }
    let activated = 0;
    // Those of this file alone, and none that somebody has set off.
    if (options.activate)
      for (const [batch, boxes] of batches)
        activated += await store.activateCodes(batch, stretchesFrom(boxes), true, 'undecided');
    const left = options.activate ? await leftOff(store, batches) : [];
    const said = { file, codes: read, new: added, batches: [...batches.keys()] };
    if (options.json) printJson({ ...said, ...(options.activate && { activated, left }) });
    else {
      print(
        t`${read} codes, ${added} of them new; ${options.activate ? t`${activated} were set active` : t`not active yet: \`hongbao codes activate BATCH --boxes 1-10\``}`,
      );
      sayLeft(left);
    }
    return EXIT.fine;
  });
}

type Chunk = { readonly lines: readonly CodeLine[]; readonly bytes: number };

/** Row by row, so that millions need no more memory than a few. Every wrong line up to the first chunk's end is told. */
async function* chunksOf(file: string, options: TableOptions): AsyncGenerator<Chunk> {
  const wrong: Finding[] = [];
  let [lines, end]: [CodeLine[], number] = [[], 0];
  for await (const { rows, bytes } of tableFile(file, options)) {
    end = bytes;
    for (const row of rows) {
      const cells = cellsOf(row, (at, message) => wrong.push(findingAt(file, at, message)));
      if (cells.length === 0 || (row.line === 1 && cells[0]!.text === 'code')) continue;
      const read = codeLineFrom(cells);
      if ('code' in read) lines.push(read);
      else wrong.push(findingAt(file, read, read.message));
      if (wrong.length === WRONG_MAX) break;
      if (lines.length < CHUNK || wrong.length > 0) continue;
      yield { lines, bytes };
      lines = [];
    }
    if (wrong.length === WRONG_MAX) break;
  }
  if (wrong.length > 0)
    throw new BadInput(
      t`${file} is no list of codes; lines before ${wrong[0]!.line} may be registered, which does no harm:`,
      wrong,
    );
  if (lines.length > 0) yield { lines, bytes: end };
}

async function register(store: Store, file: string, lines: readonly CodeLine[]): Promise<number> {
  try {
    return await store.addCodes(lines);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'code-taken') throw error;
    throw new BadInput(
      t`${file}: ${error.words}, counted from ${lines[0]!.code}; a code is registered once, with one prize and one box`,
    );
  }
}

export function activate(batch: string, options: ActivateOptions): Promise<number> {
  const { boxes: written, all = false, off = false } = options;
  if ((written === undefined) === !all) throw new BadInput(t`say which boxes: --boxes 1-10,15, or --all`);
  const boxes = all ? 'all' : boxesFrom(written!);
  if (!boxes) throw new BadInput(t`--boxes ${written}: expected numbers and stretches, such as 1-10,15`);
  return withStore(options, async store => {
    const found = (await store.codeBatches()).find(each => each.batch === batch);
    if (!found) throw new BadInput(t`there is no batch "${batch}"; \`hongbao codes list\` names them`);
    await writeDown(store, 'codes activate', batch, [all ? '--all' : `--boxes ${written}`, off && '--off']);
    // What was set off, such as a box that was lost, is switched on by its number only.
    const changed = await store.activateCodes(batch, boxes, !off, all && !off ? 'undecided' : undefined);
    const left = all && !off ? await leftOff(store, new Map([[batch, undefined]])) : [];
    if (options.json) printJson({ batch, changed, active: !off, ...(all && !off && { left }) });
    else {
      print(t`${changed} codes of batch ${batch} are ${off ? t`no longer active` : t`active`} now`);
      sayLeft(left);
    }
    return EXIT.fine;
  });
}

/** Boxes that are off because somebody said so, as they are written after --boxes. */
type Left = { readonly batch: string; readonly boxes: string };

/** Of these batches, and of these boxes of theirs where some are named. */
async function leftOff(store: Store, wanted: ReadonlyMap<string, ReadonlySet<number> | undefined>): Promise<Left[]> {
  const off = new Map<string, number[]>();
  const snapshot = await store.snapshot();
  try {
    for await (const { batch, box, active, undecided } of snapshot.boxes())
      if (wanted.has(batch) && wanted.get(batch)?.has(box) !== false && !active && !undecided) {
        const boxes = off.get(batch) ?? [];
        off.set(batch, boxes);
        boxes.push(box);
      }
  } finally {
    await snapshot.close();
  }
  return [...off].map(([batch, boxes]) => ({ batch, boxes: boxesText(stretchesFrom(boxes)) }));
}

function sayLeft(left: readonly Left[]): void {
  for (const { batch, boxes } of left)
    print(
      t`left off, as they were set off before: boxes ${boxes} of ${batch}; \`hongbao codes activate ${batch} --boxes ${boxes}\` switches them on`,
    );
}

export function list(options: Common): Promise<number> {
  return withStore(options, async store => {
    const batches = await store.codeBatches();
    if (options.json) printJson(batches);
    else
      print(
        table(
          [l`batch`, l`codes`, l`active`, l`boxes`],
          batches.map(({ batch, codes, active, boxes }) => [batch, codes, active, boxes].map(String)),
        ),
      );
    return EXIT.fine;
  });
}
