// Runs `hongbao …` as a process of its own, as an operator does beside a running bot.
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { ended } from './ended.ts';
import { ENV } from './harness.ts';

const CLI = resolve(import.meta.dirname, '../../dist/cli.js');

export type Result = { readonly code: number | null; readonly out: string; readonly err: string };
export type Command = { readonly child: ChildProcess; readonly result: Promise<Result>; err(): string };

/** Starts a command in a folder; `result` comes when it has ended. */
export function command(cwd: string, ...args: string[]): Command {
  const child = spawn(process.execPath, [CLI, ...args], { cwd, env: { PATH: process.env.PATH!, ...ENV } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (err += part.toString()));
  const result = ended(child).then(code => ({ code, out, err }));
  return { child, result, err: () => err };
}

/** Runs a command to its end. */
export function run(cwd: string, ...args: string[]): Promise<Result> {
  return command(cwd, ...args).result;
}

/** Openids that look like WeChat's, as many as wanted, the same for the same prefix. */
export function openIds(count: number, prefix = 'A'): string[] {
  return Array.from({ length: count }, (_, index) => `o${prefix}${String(index).padStart(27 - prefix.length, '0')}`);
}

/** As a spreadsheet reads it (RFC 4180): rows of cells. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    if (match[0] === '' && row.length === 0) break;
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
