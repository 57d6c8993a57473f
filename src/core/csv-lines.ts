// Reads CSV as spreadsheets write it (RFC 4180), by lines: a cell in quotes may hold commas and doubled quotes, but no
// line break. And writes cells that a spreadsheet neither runs nor splits. Pure.
import type { Finding } from './error.ts';

export type CsvCell = { readonly text: string; readonly column: number };
/** `line` and `column` count from 1. */
export type CsvRow = { readonly line: number; readonly cells: readonly CsvCell[] };

/** Rows that say something, cells trimmed; empty cells at the end of a row are left out. */
export function readCsv(file: string, text: string): { readonly rows: CsvRow[]; readonly findings: Finding[] } {
  const content = text.replace(/^\uFEFF/, '');
  if (/[\0\uFFFD]/.test(content)) {
    const message = 'the file is not UTF-8; save it as "CSV UTF-8" or as plain text in UTF-8';
    return { rows: [], findings: [{ file, line: 1, column: 1, message }] };
  }
  const rows: CsvRow[] = [];
  const findings: Finding[] = [];
  content.split(/\r\n|\n|\r/).forEach((line, index) => {
    const cells = cellsOf(line);
    if (!Array.isArray(cells)) {
      const message = 'a quotation mark without its other half; write the cell without quotes, or "…"';
      findings.push({ file, line: index + 1, column: cells.column, message });
      return;
    }
    while (cells.at(-1)?.text === '') cells.pop();
    if (cells.length > 0) rows.push({ line: index + 1, cells });
  });
  return { rows, findings };
}

/** Or the column from which on the line cannot be read. */
function cellsOf(line: string): CsvCell[] | { readonly column: number } {
  const cells: CsvCell[] = [];
  const pattern = /[ \t]*(?:"((?:[^"]|"")*)"[ \t]*|([^",]*))(,|$)/y;
  for (;;) {
    const at = pattern.lastIndex;
    const match = pattern.exec(line);
    if (!match) return { column: at + 1 };
    const start = at + match[0].length - match[0].trimStart().length;
    cells.push({ text: match[1]?.replaceAll('""', '"') ?? match[2]!.trim(), column: start + 1 });
    if (match[3] === '') return cells;
  }
}

/** One line. A cell that a spreadsheet would take for a formula gets an apostrophe: `plainCell` takes it away. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(cell => quoted(/^'*[=+\-@]/.test(cell) ? `'${cell}` : cell)).join(',')}\r\n`;
}

/** What was written with `csvLine`. */
export function plainCell(cell: string): string {
  return /^'+[=+\-@]/.test(cell) ? cell.slice(1) : cell;
}

function quoted(cell: string): string {
  return /[",\r\n\t]|^ | $/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
