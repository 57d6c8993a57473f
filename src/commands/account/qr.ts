// `hongbao qr create`: QR codes with parameters (带参数二维码), a picture each, and a list of them by which the same
// command makes no code twice.

import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BadInput, type Finding, messageOf } from '../../core/base/error.ts';
import { beijingText, parseDuration, SECOND } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import {
  MADE_HEAD,
  type MadeCode,
  madeLine,
  PERMANENT_MAX,
  pictureName,
  readMade,
  readScenes,
  type SceneKind,
  sceneProblem,
  TEMPORARY_MAX,
} from '../../core/ops/qr-list.ts';
import { tableText } from '../../core/yaml/encoding.ts';
import { readPlain } from '../../lib/plain-file.ts';
import { qrPicture, SIZE_MAX, SIZE_MIN } from '../../lib/qr-png.ts';
import { type TableOptions, tableFileText } from '../../lib/table-file.ts';
import { createQrCode, showQrCode } from '../../wechat/account/qr-codes.ts';
import { EXIT, print, printJson, printNote, table } from '../shared/context.ts';
import { l } from '../shared/language.ts';
import { type Progress, progress } from '../shared/progress.ts';
import { type AccountOptions, clock, type Platform, patiently, withPlatform } from './platform.ts';

export type CreateOptions = AccountOptions &
  TableOptions & {
    readonly scene?: readonly string[];
    readonly scenes?: string;
    readonly numbers?: boolean;
    readonly temporary?: string;
    readonly permanent?: boolean;
    readonly out?: string;
    readonly size: string;
    readonly again?: boolean;
  };

const LIST = 'qrcodes.csv';
/** Some hundred thousand scenes. */
const LIST_BYTES_MAX = 32_000_000;
/** Calls at once: a thousand codes take a minute, and the platform's limit by the minute is far. */
const AT_ONCE = 4;
/** More lines say nothing to anybody; the list has them all. */
const SHOWN_MAX = 20;

/** Everything that can be known without the platform, checked before the first call. */
type Job = {
  readonly folder: string;
  readonly list: string;
  readonly kind: SceneKind;
  /** Absent: permanent. */
  readonly lasts?: number;
  readonly size: number;
  readonly known: Map<string, MadeCode>;
  readonly wanted: readonly string[];
  readonly toMake: readonly { readonly scene: string; readonly file: string }[];
};

export async function create(options: CreateOptions): Promise<number> {
  return withPlatform(options, async platform => {
    const job = await jobOf(options, platform.account.name);
    await mkdir(job.folder, { recursive: true }).catch((error: unknown) => {
      throw new BadInput(t`${job.folder} cannot be made: ${messageOf(error)}`);
    });
    await writeList(job); // as it is read: a line that was cut off is gone, and the next one begins a line
    await drawMissing(job);
    if (job.toMake.length > 0) await makeAll(platform, job);
    return report(job, options, platform);
  });
}

async function jobOf(options: CreateOptions, account: string): Promise<Job> {
  const lasts = lastsOf(options);
  const kind = { numbers: options.numbers ?? false, permanent: lasts === undefined };
  const size = /^\d{1,5}$/.test(options.size) ? Number(options.size) : 0;
  if (size < SIZE_MIN || size > SIZE_MAX)
    throw new BadInput(t`--size ${options.size}: expected pixels from ${SIZE_MIN} to ${SIZE_MAX}`);
  const wanted = await scenesOf(options, kind);
  const folder = options.out ?? join('qr', account);
  const list = join(folder, LIST);
  const { codes: known, findings } = readMade(list, existsSync(list) ? await madeBefore(list) : '');
  if (findings.length > 0) throw new BadInput(t`${list} is not fit to go on with:`, findings);
  const toMake = planOf(wanted, known, kind, folder, options.again ?? false);
  return { folder, list, kind, size, known, wanted, toMake, ...(lasts !== undefined && { lasts }) };
}

/** Our own list, which a spreadsheet may have saved again. */
async function madeBefore(list: string): Promise<string> {
  const bytes = await readPlain(list, LIST_BYTES_MAX);
  if (!Buffer.isBuffer(bytes)) throw new BadInput(t`${list} ${bytes.problem}`);
  const text = tableText(bytes.subarray(0, bytes.lastIndexOf('\n') + 1)); // a last line may be cut off anywhere
  if (typeof text === 'string') return text;
  throw new BadInput(t`${list} ${text.problem}`);
}

/** Permanent ones are never given back: only who says so gets them. */
function lastsOf({ temporary, permanent }: CreateOptions): number | undefined {
  if (permanent && temporary !== undefined) throw new BadInput(t`--temporary and --permanent: say one of them`);
  if (permanent) return undefined;
  if (temporary === undefined) return TEMPORARY_MAX;
  const lasts = parseDuration(temporary);
  if (lasts === undefined || lasts < SECOND || lasts > TEMPORARY_MAX)
    throw new BadInput(t`--temporary ${temporary}: expected a duration such as 7d, at most 30d (or --permanent)`);
  return lasts;
}

async function scenesOf(options: CreateOptions, kind: SceneKind): Promise<string[]> {
  const { scene = [], scenes } = options;
  const findings: Finding[] = [];
  const wanted = new Set<string>();
  for (const each of scene) {
    const problem = sceneProblem(each, kind);
    if (problem !== undefined) throw new BadInput(t`--scene "${each}": ${problem}`);
    wanted.add(each);
  }
  if (scenes !== undefined) {
    const read = readScenes(scenes, await tableFileText(scenes, options, '--scenes'), kind);
    findings.push(...read.findings);
    for (const each of read.scenes) wanted.add(each);
  }
  if (findings.length > 0) throw new BadInput(t`no code was made:`, findings);
  if (wanted.size === 0)
    throw new BadInput(t`name a scene with --scene store-001, or a file of them with --scenes FILE`);
  return [...wanted];
}

/** What is to be made; what must not be made is `BadInput`. */
function planOf(
  wanted: readonly string[],
  known: ReadonlyMap<string, MadeCode>,
  kind: SceneKind,
  folder: string,
  again: boolean,
): Job['toMake'] {
  const shorter = wanted.filter(scene => kind.permanent && known.get(scene)?.expires !== undefined);
  if (!again && shorter.length > 0)
    throw new BadInput(t`${named(shorter)}: made as temporary before; --again makes permanent ones in their place`);
  const taken = new Set([...known.values()].map(code => code.file.toLowerCase()));
  const toMake = wanted
    .filter(scene => again || !known.has(scene))
    .map(scene => ({ scene, file: known.get(scene)?.file ?? pictureName(scene, taken) }));
  const isPermanent = (code: MadeCode | undefined): boolean => code !== undefined && code.expires === undefined;
  const permanent = [...known.values()].filter(isPermanent).length;
  const fresh = kind.permanent ? toMake.filter(({ scene }) => !isPermanent(known.get(scene))).length : 0;
  if (permanent + fresh > PERMANENT_MAX)
    throw new BadInput(
      t`${fresh} permanent codes beside ${permanent} made before: an account has ${PERMANENT_MAX} in its life; use --temporary`,
    );
  const strange = toMake.filter(({ scene, file }) => !known.has(scene) && existsSync(join(folder, file)));
  if (strange.length > 0)
    throw new BadInput(
      t`${named(strange.map(({ file }) => join(folder, file)))}: there already, and not in ${LIST}; name another folder with --out`,
    );
  return toMake;
}

function named(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : l`${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

/** The line first, then the picture: a picture that is missing can be drawn from its line, a line not from its picture. */
async function makeAll({ api }: Platform, job: Job): Promise<void> {
  const { list, kind, lasts, known, toMake } = job;
  const file = await open(list, 'a');
  const bar = progress(l`QR codes`);
  const waiting = [...toMake];
  let made = 0;
  let failure: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next && !failure; next = waiting.shift()) {
      const { scene } = next;
      const wish = { scene, numbers: kind.numbers, ...(lasts !== undefined && { lasts }) };
      const code = { scene, file: next.file, ...(await patiently(() => createQrCode(api, clock, wish), bar.note)) };
      await keep(file, job, code);
      known.set(scene, code);
      bar.show(++made, toMake.length, scene);
    }
  };
  const working = Array.from({ length: AT_ONCE }, () =>
    work().catch((error: unknown) => {
      failure ??= { error };
    }),
  );
  await Promise.all(working);
  await file.close();
  finish(bar, made, toMake.length, failure);
  await writeList(job);
}

async function keep(file: FileHandle, job: Job, code: MadeCode): Promise<void> {
  await file.write(madeLine(code));
  await draw(job, code);
}

function finish(bar: Progress, made: number, total: number, failure: { readonly error: unknown } | undefined): void {
  bar.end();
  if (!failure) return;
  printNote(t`${made} of ${total} codes were made; the same command makes the others`);
  throw failure.error;
}

async function drawMissing(job: Job): Promise<void> {
  const remade = new Set(job.toMake.map(({ scene }) => scene));
  for (const scene of job.wanted) {
    const code = job.known.get(scene);
    if (code && !remade.has(scene) && !existsSync(join(job.folder, code.file))) await draw(job, code);
  }
}

/** Under its name only once it is whole. */
async function draw({ folder, size }: Job, { url, file }: MadeCode): Promise<void> {
  await replace(join(folder, file), qrPicture(url, size));
}

async function writeList({ list, known }: Job): Promise<void> {
  await replace(list, `${MADE_HEAD}${[...known.values()].map(madeLine).join('')}`);
}

async function replace(file: string, content: string | Buffer): Promise<void> {
  const unfinished = `${file}.${process.pid}.part`;
  try {
    await writeFile(unfinished, content);
    await rename(unfinished, file);
  } catch (error) {
    throw new BadInput(t`${file} cannot be written: ${messageOf(error)}`);
  }
}

function report(job: Job, options: CreateOptions, { account }: Platform): number {
  const { wanted, known, toMake, list } = job;
  const codes = wanted.map(scene => known.get(scene)!);
  const now = clock();
  const isOver = ({ expires }: MadeCode): boolean => expires !== undefined && expires <= now;
  const over = codes.filter(isOver).map(({ scene }) => scene);
  if (options.json) printJson(codes.map(code => ({ ...code, picture: showQrCode(account.api, code.ticket) })));
  else {
    const until = (code: MadeCode): string =>
      code.expires === undefined ? 'permanent' : `${isOver(code) ? 'expired' : 'until'} ${beijingText(code.expires)}`;
    if (codes.length <= SHOWN_MAX)
      print(
        table(
          [l`scene`, l`lasts`, l`picture`],
          codes.map(code => [code.scene, until(code), join(job.folder, code.file)]),
        ),
      );
    print(t`${toMake.length} codes made, ${wanted.length - toMake.length} were there already; all are in ${list}`);
  }
  if (over.length === 0) return EXIT.fine;
  printNote(t`expired: ${named(over)}; --again makes them anew`);
  return EXIT.findings;
}
