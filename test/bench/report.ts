// What a run has to say: line by line as it is measured, and all of it as JSON, as a table in Markdown, and next to the run before.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isMap } from '../support/json.ts';

type Verdict = 'kept' | 'broken' | 'none';

export type Row = {
  readonly section: string;
  readonly what: string;
  /** In words, with its unit. */
  readonly value: string;
  /** For comparing with another run. */
  readonly figure?: number;
  readonly promise?: string;
  readonly verdict?: Verdict;
};

export type Report = {
  readonly at: string;
  readonly machine: string;
  readonly command: string;
  readonly rows: readonly Row[];
};

const rows: Row[] = [];
let section = '';

export function beginSection(name: string): void {
  section = name;
  console.log(`\n── ${name} ──`);
}

/** Says what was measured. */
export function row(what: string, value: string, more: Pick<Row, 'figure' | 'promise' | 'verdict'> = {}): void {
  const { promise, verdict } = more;
  const kept = verdict && { kept: '✓', broken: '✗', none: '– no verdict' }[verdict];
  const tail = promise === undefined ? '' : ` (${promise}) ${kept}`;
  console.log(`${what.padEnd(60)} ${value}${tail}`);
  rows.push({ section, what, value, ...more });
}

export const rowsSoFar = (): readonly Row[] => rows;

export type Bound = { readonly least?: number; readonly most?: number };

/** A promise, and whether it is kept. `unsure`: why nobody can tell. */
export function promised(
  what: string,
  figure: number,
  bound: Bound & { unit?: string; digits?: number; unsure?: string },
): boolean {
  const { least, most, unit = '', digits = 2, unsure } = bound;
  const isKept = figure >= (least ?? Number.NEGATIVE_INFINITY) && figure <= (most ?? Number.POSITIVE_INFINITY);
  const promise = least !== undefined ? `at least ${least}${unit}` : `at most ${most}${unit}`;
  const verdict = unsure !== undefined ? 'none' : isKept ? 'kept' : 'broken';
  const value = `${figure.toFixed(digits)}${unit}${unsure === undefined ? '' : `, ${unsure}`}`;
  row(what, value, { figure, promise, verdict });
  return verdict !== 'broken';
}

// ── On paper ─────────────────────────────────────────────────────────────────────────────────────────────

export function writeReport(file: string, report: Report): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, undefined, 1)}\n`);
}

export function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch (error) {
    if (isMap(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const [FROM, TO] = ['<!-- bench: -->', '<!-- :bench -->'];

/** Into the place that a document has for it, or as a file of its own. */
export function writeMarkdown(file: string, report: Report): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [from, to] = [text.indexOf(FROM), text.indexOf(TO)];
  const whole =
    from < 0 || to < from
      ? markdownOf(report)
      : `${text.slice(0, from + FROM.length)}\n${markdownOf(report)}${text.slice(to)}`;
  writeFileSync(file, whole);
}

const WORDS: Readonly<Record<Verdict, string>> = { kept: '✓', broken: '✗', none: 'no verdict' };

function markdownOf({ at, machine, command, rows }: Report): string {
  const sections = [...new Set(rows.map(each => each.section))];
  const lines = sections.flatMap(name => [
    `\n**${name}**\n`,
    '| what | measured | promised | |',
    '|---|---|---|---|',
    ...rows
      .filter(each => each.section === name)
      .map(
        ({ what, value, promise = '', verdict }) =>
          `| ${what} | ${value} | ${promise} | ${verdict ? WORDS[verdict] : ''} |`,
      ),
  ]);
  return `\`${command}\` · ${at} · ${machine}\n${lines.join('\n')}\n`;
}

/** By so much a figure has to move to be named: less is weather. */
const MOVED = 0.1;

/** What has moved since another run. */
export function movedSince(before: Report, now: readonly Row[]): string[] {
  const known = new Map(before.rows.map(each => [`${each.section} ${each.what}`, each.figure]));
  return now.flatMap(({ section: at, what, figure }) => {
    const was = known.get(`${at} ${what}`);
    if (figure === undefined || was === undefined || Math.abs(figure / was - 1) < MOVED) return [];
    return [`${at}: ${what}: ${was.toPrecision(3)} → ${figure.toPrecision(3)}`];
  });
}
