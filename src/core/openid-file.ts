// The file of `hongbao send`: one openid a line, or CSV with `openid,amount`. Everything that is wrong with it is said
// at once, with its place; a file with one wrong line pays nobody. Pure.
import type { Finding } from './error.ts';
import type { OpenId } from './event.ts';
import { type Fen, fen, parseYuan, showFen, yuanText } from './money.ts';
import { nearest, suggest } from './reader.ts';

/** One follower to be paid. `amount` is there if the file has that column. */
export type OpenIdLine = {
  readonly line: number;
  readonly column: number;
  readonly user: OpenId;
  readonly amount?: Fen;
};

export type OpenIdFile = {
  readonly lines: readonly OpenIdLine[];
  readonly hasAmounts: boolean;
  readonly findings: readonly Finding[];
};

/** What the merchant may pay at once. */
export type AmountRange = { readonly merchant: string; readonly min: Fen; readonly max: Fen };

/** Every openid WeChat hands out. A cut-off one would be refused as OPENID_ERROR and halt the merchant for all. */
const OPENID = /^o[\w-]{27}$/;
const COLUMNS = ['openid', 'amount'] as const;
type Column = (typeof COLUMNS)[number];

type Cell = { readonly text: string; readonly column: number };
type Say = (line: number, column: number, message: string) => void;

export function readOpenIds(file: string, text: string, range: AmountRange): OpenIdFile {
  const findings: Finding[] = [];
  const say: Say = (line, column, message) => findings.push({ file, line, column, message });
  const content = text.replace(/^\uFEFF/, '');
  if (/[\0\uFFFD]/.test(content)) {
    say(1, 1, 'the file is not UTF-8; save it as "CSV UTF-8" or as plain text in UTF-8');
    return { lines: [], hasAmounts: false, findings };
  }
  const rows = rowsOf(content, say);
  const first = rows[0];
  if (!first) {
    say(1, 1, 'the file names nobody; expected one openid a line, or openid,amount');
    return { lines: [], hasAmounts: false, findings };
  }
  const header = isHeader(first.cells) ? readHeader(first, say) : undefined;
  const columns: readonly (Column | undefined)[] = header ?? (first.cells.length > 1 ? COLUMNS : ['openid']);
  const hasAmounts = columns.includes('amount');
  if (header && !header.includes('openid')) return { lines: [], hasAmounts, findings };
  const people = header ? rows.slice(1) : rows;
  if (people.length === 0) say(first.line, 1, 'the file names nobody below its header');
  return { lines: readPeople(people, columns, range, say), hasAmounts, findings };
}

function readPeople(
  rows: readonly Row[],
  columns: readonly (Column | undefined)[],
  range: AmountRange,
  say: Say,
): OpenIdLine[] {
  const firstLines = new Map<string, number>();
  const lines: OpenIdLine[] = [];
  const [openidAt, amountAt] = [columns.indexOf('openid'), columns.indexOf('amount')];
  for (const { line, cells } of rows) {
    const openid = cells[openidAt] ?? { text: '', column: 1 };
    const user = readOpenId(openid, line, firstLines, say);
    const end = cells.at(-1)!.column + cells.at(-1)!.text.length;
    const amount =
      amountAt < 0 ? undefined : readAmount(cells[amountAt] ?? { text: '', column: end }, line, range, say);
    for (const extra of cells.slice(columns.length)) {
      if (extra.text !== '')
        say(
          line,
          extra.column,
          `"${short(extra.text)}" stands in no column; expected ${columns.length > 1 ? 'openid,amount' : 'one openid a line, or openid,amount in every line'}`,
        );
    }
    if (user !== undefined) lines.push({ line, column: openid.column, user, ...(amount !== undefined && { amount }) });
  }
  return lines;
}

function readOpenId(
  { text, column }: Cell,
  line: number,
  firstLines: Map<string, number>,
  say: Say,
): OpenId | undefined {
  if (!OPENID.test(text)) {
    say(line, column, text === '' ? 'no openid in this line' : `"${short(text)}" is no openid: ${whyNot(text)}`);
    return undefined;
  }
  const first = firstLines.get(text);
  if (first !== undefined) {
    say(line, column, `${text} stands in line ${first} already; leave it once`);
    return undefined;
  }
  firstLines.set(text, line);
  return text as OpenId;
}

function whyNot(text: string): string {
  if (/^wx[0-9a-f]{16}$/.test(text)) return 'it is an AppID';
  const strange = /[^\w-]/.exec(text);
  if (strange) return `"${strange[0]}" is none of A-Z a-z 0-9 _ -`;
  if (text.length !== 28) return `it has ${text.length} characters, expected 28`;
  return 'expected it to begin with o';
}

function readAmount(
  { text, column }: Cell,
  line: number,
  { merchant, min, max }: AmountRange,
  say: Say,
): Fen | undefined {
  const amount = parseAmount(text);
  if (amount === undefined) say(line, column, amountWords(text));
  else if (amount < min || amount > max) {
    say(
      line,
      column,
      `${showFen(amount)} is not what merchant "${merchant}" pays at once: ${showFen(min)}..${showFen(max)}`,
    );
  }
  return amount;
}

/** `¥1.00` or `1.00`: two decimals, so that nobody takes fen for yuan. */
export function parseAmount(text: string): Fen | undefined {
  return parseYuan(/^\d/.test(text) ? `¥${text}` : text);
}

/** What is wrong with an amount, and the right spelling where it is plain what was meant. */
export function amountWords(text: string): string {
  if (text === '') return 'no amount in this line; expected one such as 1.00';
  const digits = /^([\u00A5\uFFE5])?\s*(\d[\d,]{0,14})(?:\.(\d+))?\s*[\u5143\u5757]?$/.exec(text);
  const whole = Number(digits?.[2]?.replaceAll(',', ''));
  if (!digits || !(whole < 1e11)) return `"${short(text)}" is no amount; expected one such as 1.00`;
  const decimals = digits[3] ?? '';
  if (decimals.length > 2) return `"${text}": an amount has two decimals`;
  const yuan = `${whole}.${decimals.padEnd(2, '0')}`;
  // 100 may be a hundred yuan, or one yuan in fen: nobody but the author knows.
  const orFen = decimals === '' && digits[1] === undefined ? `, or ${yuanText(fen(whole))} if it was fen` : '';
  return `"${text}": an amount has two decimals: write ${yuan}${orFen}`;
}

// ── Rows and cells ───────────────────────────────────────────────────────────────────────────────────────────

type Row = { readonly line: number; readonly cells: readonly Cell[] };

/** Lines that say something; a spreadsheet's empty rows are left out. */
function rowsOf(content: string, say: Say): Row[] {
  const rows: Row[] = [];
  content.split(/\r\n|\n|\r/).forEach((text, index) => {
    const cells = cellsOf(text, index + 1, say);
    while (cells.length > 0 && cells.at(-1)!.text === '') cells.pop();
    if (cells.length > 0) rows.push({ line: index + 1, cells });
  });
  return rows;
}

/** The cells of one line of CSV, trimmed; `"…"` may hold commas and doubled quotes. */
function cellsOf(text: string, line: number, say: Say): Cell[] {
  if (!text.includes('"')) return plainCells(text);
  const cells: Cell[] = [];
  const cell = /\s*(?:"((?:[^"]|"")*)"|([^,]*?))\s*(?:,|$)/y;
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (!match || (match[2]?.includes('"') ?? false)) {
      say(line, at + 1, 'a quotation mark without its other half; write the cell without quotes, or "…"');
      return [];
    }
    const start = at + match[0].length - match[0].trimStart().length;
    cells.push({ text: (match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim(), column: start + 1 });
  }
  return cells;
}

function plainCells(text: string): Cell[] {
  const cells: Cell[] = [];
  let at = 0;
  for (const part of text.split(',')) {
    cells.push({ text: part.trim(), column: at + part.length - part.trimStart().length + 1 });
    at += part.length + 1;
  }
  return cells;
}

/** A first line that names columns, rightly or nearly; not one that is only wrong in itself. */
function isHeader(cells: readonly Cell[]): boolean {
  return cells.some(cell => nearest(cell.text, COLUMNS) !== undefined);
}

/** Which column stands where. */
function readHeader({ line, cells }: Row, say: Say): (Column | undefined)[] {
  const columns = cells.map(({ text, column }, index) => {
    const name = COLUMNS.find(each => each === text.toLowerCase());
    if (name === undefined) say(line, column, `unknown column "${short(text)}"${suggest(text, COLUMNS)}`);
    else if (cells.findIndex(cell => cell.text.toLowerCase() === name) !== index)
      say(line, column, `column "${name}" stands here twice`);
    return name;
  });
  // A misspelt header is one mistake; the lines below it are read as it was meant.
  if (!columns.includes('openid')) {
    const meant = cells.findIndex(cell => nearest(cell.text, ['openid']) !== undefined);
    if (meant >= 0) columns[meant] = 'openid';
    else say(line, 1, 'no column "openid"');
  }
  return columns;
}

function short(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
