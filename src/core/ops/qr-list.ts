// QR codes with parameters (带参数二维码): which scenes there can be, the list of those that were made (a CSV file), and
// the names of their pictures.

import { createHash } from 'node:crypto';
import { type Finding, findingAt } from '../base/error.ts';
import { suggest } from '../base/suggest.ts';
import { beijingText, DAY, type Instant, parseBeijing } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import { cellAt, readCsv, type SayAt } from '../yaml/csv.ts';

/** Of one account; there is no way to take one back. */
export const PERMANENT_MAX = 100_000;
/** How long a temporary one lasts at most. */
export const TEMPORARY_MAX = 30 * DAY;
const SCENE_LENGTH_MAX = 64;
const NUMBER_MAX = 0xffffffff;

/** `numbers`: scenes are `scene_id`, as older systems have them. */
export type SceneKind = { readonly numbers: boolean; readonly permanent: boolean };

/** A code as the list knows it. `expires` absent: it is permanent. */
export type MadeCode = {
  readonly scene: string;
  /** What the picture says. */
  readonly url: string;
  readonly ticket: string;
  readonly expires?: Instant;
  /** The picture's name, in the folder of the list. */
  readonly file: string;
};

/** What is wrong with a scene; `undefined`: nothing. */
export function sceneProblem(scene: string, { numbers, permanent }: SceneKind): Wording | undefined {
  if (numbers) {
    const max = permanent ? PERMANENT_MAX : NUMBER_MAX;
    const value = /^[1-9]\d{0,9}$/.test(scene) ? Number(scene) : 0;
    return value >= 1 && value <= max ? undefined : t`expected a whole number from 1 to ${max}`;
  }
  if (scene === '') return t`the scene is empty`;
  if (scene.length > SCENE_LENGTH_MAX) return t`the scene has ${scene.length} characters; at most 64 are allowed`;
  if (/\p{Cc}/u.test(scene) || scene.trim() !== scene) return t`a scene has no line breaks and no spaces around it`;
  return undefined;
}

// ── The scenes somebody wants ────────────────────────────────────────────────────────────────────────────────

/** A scene a line, or a table whose first line names a column `scene`; other columns are the writer's own. */
export function readScenes(
  file: string,
  text: string,
  kind: SceneKind,
): { readonly scenes: string[]; readonly findings: Finding[] } {
  const findings: Finding[] = [];
  const say: SayAt = (at, message) => void findings.push(findingAt(file, at, message));
  const rows = readCsv(text, say);
  const head = rows[0]?.cells.map(cell => cell.text.toLowerCase()) ?? [];
  const isTable = head.includes('scene');
  const column = isTable ? head.indexOf('scene') : 0;
  if (!isTable && rows.some(row => row.cells.length > 1)) {
    const names = rows[0]!.cells.map(cell => cell.text);
    say(rows[0]!, t`several columns, and none is named "scene" in the first line${suggest('scene', names)}`);
    return { scenes: [], findings };
  }
  const lines = new Map<string, number>();
  for (const row of isTable ? rows.slice(1) : rows) {
    const cell = cellAt(row, column);
    const problem = sceneProblem(cell.text, kind);
    const first = lines.get(cell.text);
    if (problem !== undefined) say(cell, t`"${short(cell.text)}": ${problem}`);
    else if (first !== undefined) say(cell, t`"${cell.text}" stands in line ${first} already`);
    else lines.set(cell.text, cell.line);
  }
  if (lines.size === 0 && findings.length === 0)
    say({ line: 1, column: 1 }, t`the file names no scene; expected one a line`);
  return { scenes: [...lines.keys()], findings };
}

function short(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}

// ── The list of what was made ────────────────────────────────────────────────────────────────────────────────

const COLUMNS = ['scene', 'url', 'ticket', 'expires', 'file'] as const;

/** With a byte order mark, without which Excel takes UTF-8 for GBK. */
export const MADE_HEAD = `\uFEFF${csvLine(COLUMNS)}`;

export function madeLine({ scene, url, ticket, expires, file }: MadeCode): string {
  return csvLine([scene, url, ticket, expires === undefined ? '' : beijingText(expires), file]);
}

/** A cell that a spreadsheet would take for a formula gets an apostrophe: `plainCell` takes it away. */
function csvLine(cells: readonly string[]): string {
  return `${cells.map(cell => quoted(/^'*[=+\-@]/.test(cell) ? `'${cell}` : cell)).join(',')}\r\n`;
}

function plainCell(cell: string): string {
  return /^'+[=+\-@]/.test(cell) ? cell.slice(1) : cell;
}

function quoted(cell: string): string {
  return /[",\r\n\t]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** By scene; of two lines about one scene the later counts. A last line that was cut off in the writing does not. */
export function readMade(
  file: string,
  text: string,
): { readonly codes: Map<string, MadeCode>; readonly findings: Finding[] } {
  const codes = new Map<string, MadeCode>();
  const findings: Finding[] = [];
  const say: SayAt = (at, message) => void findings.push(findingAt(file, at, message));
  const rows = readCsv(text.slice(0, text.lastIndexOf('\n') + 1), say);
  const head = rows[0]?.cells.map(cell => cell.text).join();
  if (head !== undefined && head !== COLUMNS.join()) {
    say(rows[0]!, t`this is no list of QR codes (${COLUMNS.join()}); move it away, or name another folder with --out`);
    return { codes, findings };
  }
  for (const { cells, ...at } of rows.slice(1)) {
    const [scene = '', url = '', ticket = '', written = '', name = ''] = cells.map(cell => plainCell(cell.text));
    const expires = written === '' ? undefined : timeOf(written);
    const isWhole = scene !== '' && /^https?:\/\/\S+$/.test(url) && ticket !== '' && /^[^/\\]+\.png$/.test(name);
    if (!isWhole || (written !== '' && expires === undefined)) {
      say(at, t`cannot be read as ${COLUMNS.join()}; take the line away, and the code is made again`);
    } else codes.set(scene, { scene, url, ticket, ...(expires !== undefined && { expires }), file: name });
  }
  return { codes, findings };
}

/** Spreadsheets write `2026/2/9 8:00` for what was `2026-02-09 08:00:00`. */
function timeOf(text: string): Instant | undefined {
  const match = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/.exec(text);
  if (!match) return undefined;
  const [year, ...rest] = match.slice(1).map(part => (part ?? '0').padStart(2, '0'));
  const [month, day, hour, minute, second] = rest;
  return parseBeijing(`${year}-${month}-${day} ${hour}:${minute}:${second}`);
}

/**
 * A name for the picture of a scene that any file system takes, unlike all in `taken` (in small letters), to which it is
 * added. What had to be changed gets a piece of a hash, so that two scenes never share a picture.
 */
export function pictureName(scene: string, taken: Set<string>): string {
  const safe = scene.replace(/[^\p{L}\p{N}._-]/gu, '_').replace(/^\.+/, '_');
  const isWindows = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(safe);
  const isShort = Buffer.byteLength(safe) <= 200;
  const plain = `${safe}.png`;
  const isFree = safe === scene && !isWindows && isShort && !taken.has(plain.toLowerCase());
  const hash = createHash('sha256').update(scene).digest('hex').slice(0, 8);
  const name = isFree ? plain : `${isShort ? safe : safe.slice(0, 40)}-${hash}.png`;
  taken.add(name.toLowerCase());
  return name;
}
