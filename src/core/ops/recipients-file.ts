// The file of `hongbao send`: one openid a line, or CSV with `openid,amount`. Everything that is wrong with it is said
// at once, with its place; a file with one wrong line pays nobody.

import { type Finding, findingAt } from '../base/error.ts';
import { type OpenId, openId } from '../base/event.ts';
import { type Fen, fen, parseYuan, showFen, yuanText } from '../base/money.ts';
import { nearest, suggest } from '../base/suggest.ts';
import { t, type Wording } from '../base/words/words.ts';
import { type Cell, cellsOf, type Written } from '../yaml/csv.ts';

/** One follower to be paid. `amount` is there if the file has that column. */
export type OpenIdLine = {
  readonly line: number;
  readonly column: number;
  readonly user: OpenId;
  readonly amount?: Fen;
};

/** What the merchant may pay at once. */
type AmountRange = { readonly merchant: string; readonly min: Fen; readonly max: Fen };

/** Every openid WeChat hands out. A cut-off one would be refused as OPENID_ERROR and halt the merchant for all. */
const OPENID = /^o[\w-]{27}$/;
const COLUMNS = ['openid', 'amount'] as const;
type Column = (typeof COLUMNS)[number];

type Say = (line: number, column: number, message: Wording) => void;

/** Findings that are told; the others are counted. */
const FINDINGS_MAX = 100;

/** Takes the file row by row, so that millions need no more memory than a few: of each openid a few bytes are kept. */
export class OpenIdReader {
  lines = 0;
  hasAmounts = false;
  /** The first of them; `wrong` counts all. */
  readonly findings: Finding[] = [];
  wrong = 0;
  private readonly file: string;
  private readonly range: AmountRange;
  private readonly seen = new SeenOnce();
  private columns: readonly (Column | undefined)[] | undefined;
  private rows = 0;
  private isUnreadable = false;
  private headerLine: number | undefined;

  constructor(file: string, range: AmountRange) {
    this.file = file;
    this.range = range;
  }

  /** `undefined`: nobody is named in this row, or not rightly. */
  read(row: Written): OpenIdLine | undefined {
    const cells = cellsOf(row, ({ line, column }, message) => this.say(line, column, message));
    if (cells.length === 0 || this.isUnreadable) return undefined;
    this.rows++;
    if (!this.columns) {
      const header = isHeader(cells) ? readHeader(cells, this.say) : undefined;
      this.columns = header ?? (cells.length > 1 ? COLUMNS : ['openid']);
      this.hasAmounts = this.columns.includes('amount');
      this.isUnreadable = !this.columns.includes('openid');
      if (header) {
        this.rows = 0;
        this.headerLine = row.line;
        return undefined;
      }
    }
    return this.person(row.line, cells, this.columns);
  }

  /** The whole file was read. */
  end(): void {
    if (this.rows > 0 || this.isUnreadable) return;
    if (this.headerLine !== undefined) this.say(this.headerLine, 1, t`the file names nobody below its header`);
    else if (this.wrong === 0) this.say(1, 1, t`the file names nobody; expected one openid a line, or openid,amount`);
  }

  private readonly say: Say = (line, column, message) => {
    this.wrong++;
    if (this.findings.length < FINDINGS_MAX) this.findings.push(findingAt(this.file, { line, column }, message));
  };

  private person(
    line: number,
    cells: readonly Cell[],
    columns: readonly (Column | undefined)[],
  ): OpenIdLine | undefined {
    const { say, range } = this;
    const [openidAt, amountAt] = [columns.indexOf('openid'), columns.indexOf('amount')];
    const last = cells.at(-1)!;
    const openid = cells[openidAt] ?? { text: '', line, column: 1 };
    const user = readOpenId(openid, this.seen, say);
    const end = { text: '', line: last.line, column: last.column + last.text.length };
    const amount = amountAt < 0 ? undefined : readAmount(cells[amountAt] ?? end, range, say);
    for (const extra of cells.slice(columns.length)) {
      if (extra.text !== '')
        say(
          extra.line,
          extra.column,
          t`"${short(extra.text)}" stands in no column; expected ${columns.length > 1 ? 'openid,amount' : t`one openid a line, or openid,amount in every line`}`,
        );
    }
    if (user === undefined) return undefined;
    this.lines++;
    return { line, column: openid.column, user, ...(amount !== undefined && { amount }) };
  }
}

/**
 * Which openids came before, and in which line: two numbers of 32 bits each, in one table. Of three million openids
 * two different ones are taken for one with a chance of one in four million.
 */
class SeenOnce {
  private size = 0;
  private table = new Uint32Array(3 * 1024);

  /** The line in which this openid stood before; otherwise it stands in `line` from now on. */
  before(openid: string, line: number): number | undefined {
    if (this.size * 3 * 2 > this.table.length) this.grow();
    const found = this.place(this.table, fnv(openid), mixed(openid), line);
    if (found === undefined) this.size++;
    return found;
  }

  private place(table: Uint32Array, a: number, b: number, line: number): number | undefined {
    const slots = table.length / 3;
    for (let slot = a % slots; ; slot = (slot + 1) % slots) {
      const at = slot * 3;
      const known = table[at + 2]!;
      if (known !== 0 && table[at] === a && table[at + 1] === b) return known;
      if (known !== 0) continue;
      table[at] = a;
      table[at + 1] = b;
      table[at + 2] = line;
      return undefined;
    }
  }

  private grow(): void {
    const before = this.table;
    const table = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += 3) {
      if (before[at + 2] !== 0) this.place(table, before[at]!, before[at + 1]!, before[at + 2]!);
    }
    this.table = table;
  }
}

function fnv(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}

function mixed(text: string): number {
  let value = 0x9747b28c;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x5bd1e995);
    value ^= value >>> 15;
  }
  return value >>> 0;
}

function readOpenId({ text, line, column }: Cell, seen: SeenOnce, say: Say): OpenId | undefined {
  if (!OPENID.test(text)) {
    say(line, column, text === '' ? t`no openid in this line` : t`"${short(text)}" is no openid: ${whyNot(text)}`);
    return undefined;
  }
  const first = seen.before(text, line);
  if (first === undefined) return openId(text);
  say(line, column, t`${text} stands in line ${first} already; leave it once`);
  return undefined;
}

function whyNot(text: string): Wording {
  if (/^wx[0-9a-f]{16}$/.test(text)) return t`it is an AppID`;
  const strange = /[^\w-]/.exec(text);
  if (strange) return t`"${strange[0]}" is none of A-Z a-z 0-9 _ -`;
  if (text.length !== 28) return t`it has ${text.length} characters, expected 28`;
  return t`expected it to begin with o`;
}

function readAmount({ text, line, column }: Cell, { merchant, min, max }: AmountRange, say: Say): Fen | undefined {
  const amount = parseAmount(text);
  if (amount === undefined) say(line, column, amountWords(text));
  else if (amount < min || amount > max) {
    say(
      line,
      column,
      t`${showFen(amount)} is not what merchant "${merchant}" pays at once: ${showFen(min)}..${showFen(max)}`,
    );
  }
  return amount;
}

/** `¥1.00` or `1.00`: two decimals, so that nobody takes fen for yuan. */
export function parseAmount(text: string): Fen | undefined {
  return parseYuan(/^\d/.test(text) ? `¥${text}` : text);
}

/** What is wrong with an amount, and the right spelling where it is plain what was meant. */
export function amountWords(text: string): Wording {
  if (text === '') return t`no amount in this line; expected one such as 1.00`;
  const digits = /^([\u00A5\uFFE5])?\s*(\d[\d,]{0,14})(?:\.(\d+))?\s*[\u5143\u5757]?$/.exec(text);
  const whole = Number(digits?.[2]?.replaceAll(',', ''));
  if (!digits || !(whole < 1e11)) return t`"${short(text)}" is no amount; expected one such as 1.00`;
  const decimals = digits[3] ?? '';
  if (decimals.length > 2) return t`"${text}": an amount has two decimals`;
  const yuan = `${whole}.${decimals.padEnd(2, '0')}`;
  // 100 may be a hundred yuan, or one yuan in fen: nobody but the author knows.
  const orFen = decimals === '' && digits[1] === undefined ? t`, or ${yuanText(fen(whole))} if it was fen` : '';
  return t`"${text}": an amount has two decimals: write ${yuan}${orFen}`;
}

// ── The header ───────────────────────────────────────────────────────────────────────────────────────────────

/** A first line that names columns, rightly or nearly; not one that is only wrong in itself. */
function isHeader(cells: readonly Cell[]): boolean {
  return cells.some(cell => nearest(cell.text, COLUMNS) !== undefined);
}

/** What lists of people have beside, and nobody is paid by. */
const BESIDE = /^(姓名|名字|昵称|备注|门店|手机号?码?|电话|name|nickname|remark|note|phone|store)$/i;

/** Which column stands where. */
function readHeader(cells: readonly Cell[], say: Say): (Column | undefined)[] {
  const columns = cells.map(({ text, line, column }, index) => {
    const name = COLUMNS.find(each => each === text.toLowerCase());
    if (name === undefined && BESIDE.test(text)) return undefined;
    if (name === undefined) say(line, column, t`unknown column "${short(text)}"${suggest(text, COLUMNS)}`);
    else if (cells.findIndex(cell => cell.text.toLowerCase() === name) !== index)
      say(line, column, t`column "${name}" stands here twice`);
    return name;
  });
  // A misspelt header is one mistake; the lines below it are read as it was meant.
  if (!columns.includes('openid')) {
    const meant = cells.findIndex(cell => nearest(cell.text, ['openid']) !== undefined);
    if (meant >= 0) columns[meant] = 'openid';
    else say(cells[0]!.line, 1, t`no column "openid"`);
  }
  return columns;
}

function short(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
