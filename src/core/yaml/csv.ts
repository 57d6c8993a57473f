// Reads a table as spreadsheets save it (CSV, RFC 4180): quoted cells may hold commas, quotes and line breaks. Every cell
// knows its place.

/** `text` without the spaces around it. */
import type { Place } from '../base/error.ts';
import { t, type Wording } from '../base/words/words.ts';
export type Cell = Place & { readonly text: string };
export type Row = Place & { readonly cells: readonly Cell[] };
export type SayAt = (at: Place, message: Wording) => void;

/** Rows that say something; a spreadsheet's empty rows are left out. */
export function readCsv(written: string, say: SayAt): Row[] {
  const text = written.replace(/^\uFEFF/, '');
  if (/[\0\uFFFD]/.test(text)) {
    say({ line: 1, column: 1 }, t`the file is not UTF-8; save the table as "CSV UTF-8"`);
    return [];
  }
  return new Table(text, say).rows();
}

/** A row as it was written; its quoted cells may go over several lines. `line`: its first, from 1. */
export type Written = { readonly text: string; readonly line: number };

/** A quotation mark without its other half must not swallow the rest of a file. */
const ROW_LINES_MAX = 100;
const ROW_LENGTH_MAX = 64 * 1024;

/** Makes rows of lines as they come, for files that are too long to be held. */
export class Rows {
  private line = 0;
  private open: { readonly line: number; readonly lines: string[]; length: number } | undefined;

  /** `undefined`: the row goes on in the next line. */
  push(line: string): Written | undefined {
    this.line++;
    const text = this.line === 1 ? line.replace(/^\uFEFF/, '') : line;
    const row = this.open ?? { line: this.line, lines: [], length: 0 };
    row.lines.push(text);
    row.length += text.length;
    const whole = row.lines.join('\n');
    const isOver = row.lines.length >= ROW_LINES_MAX || row.length >= ROW_LENGTH_MAX;
    this.open = isOver || !goesOn(whole) ? undefined : row;
    return this.open ? undefined : { text: whole, line: row.line };
  }

  /** What the last line left open. */
  end(): Written | undefined {
    const { open } = this;
    this.open = undefined;
    return open && { text: open.lines.join('\n'), line: open.line };
  }
}

/** Ends inside quotes. WeChat's own bills have no quotes: each of their values has a backtick before it. */
function goesOn(text: string): boolean {
  if (!text.includes('"') || text.startsWith('`')) return false;
  for (let at = 0; ; ) {
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (text[at] === '"') {
      do {
        const end = text.indexOf('"', at + 1);
        if (end < 0) return true;
        at = end + 1;
      } while (text[at] === '"');
    }
    const comma = text.indexOf(',', at);
    if (comma < 0) return false;
    at = comma + 1;
  }
}

/** The cells of a row, without empty ones at its end. */
export function cellsOf({ text, line }: Written, say: SayAt): readonly Cell[] {
  return new Table(text, say, line).rows()[0]?.cells ?? [];
}

const PLAIN = /[^,\r\n]*/y;

class Table {
  private readonly text: string;
  private readonly say: SayAt;
  private at = 0;
  private line: number;
  private lineStart = 0;

  constructor(text: string, say: SayAt, line = 1) {
    this.text = text;
    this.say = say;
    this.line = line;
  }

  rows(): Row[] {
    const rows: Row[] = [];
    while (this.at < this.text.length) {
      const start = this.place(this.at);
      const cells = this.row();
      while (cells.length > 0 && cells.at(-1)!.text === '') cells.pop();
      if (cells.length > 0) rows.push({ ...start, cells });
    }
    return rows;
  }

  private row(): Cell[] {
    const cells: Cell[] = [];
    for (;;) {
      cells.push(this.cell());
      const end = this.text[this.at];
      if (end === ',') {
        this.at++;
        continue;
      }
      if (end === '\r' && this.text[this.at + 1] === '\n') this.at++;
      if (end !== undefined) this.nextLine();
      return cells;
    }
  }

  private nextLine(): void {
    this.at++;
    this.line++;
    this.lineStart = this.at;
  }

  private place(at: number): Place {
    return { line: this.line, column: at - this.lineStart + 1 };
  }

  /** Up to the comma or the line's end behind it. */
  private cell(): Cell {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at++;
    return this.text[this.at] === '"' ? this.quoted() : this.plain();
  }

  private plain(): Cell {
    const place = this.place(this.at);
    PLAIN.lastIndex = this.at;
    const { 0: text } = PLAIN.exec(this.text)!;
    this.at += text.length;
    return { ...place, text: text.trim() };
  }

  private quoted(): Cell {
    const place = this.place(this.at);
    const parts: string[] = [];
    for (;;) {
      const start = this.at + 1;
      const end = this.text.indexOf('"', start);
      if (end < 0) {
        this.say(place, t`a quotation mark without its other half; write the cell without quotes, or "…"`);
        this.at = this.text.length;
        return { ...place, text: '' };
      }
      parts.push(this.text.slice(start, end));
      this.countLines(start, end);
      this.at = end + 1;
      if (this.text[this.at] !== '"') break;
      parts.push('"');
    }
    const rest = this.plain();
    if (rest.text !== '')
      this.say(rest, t`"${rest.text}" stands behind the quotes of its cell; write "" for a quote in it`);
    return { ...place, text: parts.join('').trim() };
  }

  /** A cell may go over several lines. */
  private countLines(from: number, to: number): void {
    for (const { index, 0: end } of this.text.slice(from, to).matchAll(/\r\n|\n|\r/g)) {
      this.line++;
      this.lineStart = from + index + end.length;
    }
  }
}

/** The cell of a column; an empty one at the row's end where the row is shorter. */
export function cellAt(row: Row, column: number): Cell {
  const last = row.cells.at(-1)!;
  return row.cells[column] ?? { text: '', line: last.line, column: last.column + last.text.length };
}
