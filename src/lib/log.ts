// JSON lines, from which every secret is cut out, and in which followers are named by the two ends of their openids. What
// libraries and Node itself would print in their own way becomes a line of the same kind.

import { format } from 'node:util';
import { type Logger, type LoggerOptions, pino } from 'pino';
import { codeOf } from '../core/base/error.ts';
import { shortOpenIds } from '../core/base/openid.ts';
import { entriesOf } from '../core/base/record.ts';
import type { Log } from '../ports.ts';
import { standardOutput } from './standard-output.ts';

/** Fields that hold a secret whatever its value. */
const SECRETS = [
  'apiV2Key',
  'apiV3Key',
  'appSecret',
  'token',
  'encodingAesKey',
  'secret',
  'sessionSecret',
  'password',
  'privateKey',
  'access_token',
  'authorization',
];
const CUT = '[secret]';
/** Shorter ones are no secrets, and would be found in words. */
const SECRET_MIN = 6;
/** In an address: what opens something, or was made with a key. Of a key file: all of it. */
const TELLING = /([?&](?:access_token|secret|code|ticket|key)=)[^&\s"'<>]+/g;
const KEY_FILE = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

type LogOptions = {
  /** One of `LEVELS`. */
  readonly level: string;
  readonly openids?: 'short' | 'full';
  readonly secrets?: readonly string[];
};

/** The gravest last; `silent` says nothing. */
export const LEVELS: readonly string[] = [...Object.keys(pino.levels.values), 'silent'];

/** Lines go to standard output. */
export function createLog({ level, openids = 'short', secrets = [] }: LogOptions): Log {
  const tidied = tidier(openids, secrets);
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: label => ({ level: label }) },
    redact: { paths: SECRETS.flatMap(name => [name, `*.${name}`]), censor: CUT },
    hooks: { streamWrite: line => tidyLine(line, tidied) },
  };
  const log = pino(options, standardOutput(lostLine));
  return log satisfies Logger;
}

function lostLine(lost: number, code: string): string {
  const rest = JSON.stringify({ lost, code, msg: 'lines of the log were lost: they could not be written' });
  return `{"level":"error"${pino.stdTimeFunctions.isoTime()},${rest.slice(1)}\n`;
}

/** What is left of a text that may be logged. */
function tidier(openids: 'short' | 'full', secrets: readonly string[]): (text: string) => string {
  const known = [...new Set(secrets)].filter(secret => secret.length >= SECRET_MIN);
  // The longest first: one may be a part of another.
  const words = known
    .sort((a, b) => b.length - a.length)
    .map(secret => secret.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  const pattern = words.length > 0 ? new RegExp(words.join('|'), 'g') : undefined;
  return text => {
    const kept = text.replace(KEY_FILE, CUT).replace(TELLING, `$1${CUT}`);
    const clean = pattern ? kept.replace(pattern, CUT) : kept;
    return openids === 'full' ? clean : shortOpenIds(clean);
  };
}

/** Each text of the line by itself, names of fields too: it stays JSON whatever is cut out. */
function tidyLine(line: string, tidied: (text: string) => string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"/g, written => {
    const text = String(JSON.parse(written));
    const tidy = tidied(text);
    return tidy === text ? written : JSON.stringify(tidy);
  });
}

export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

// ── What others would print ──────────────────────────────────────────────────────────────────────────────────

/**
 * From now on nothing but lines of `log` is written by this process: `console`, warnings of Node, and the last words of a
 * process that ends by a mistake of ours.
 */
export function onlyLines(log: Log): void {
  const levels = { debug: 'debug', log: 'info', info: 'info', warn: 'warn', error: 'warn', trace: 'debug' } as const;
  for (const [name, level] of entriesOf(levels))
    console[name] = (...words: unknown[]) => log[level]({ by: 'console' }, plain(format(...words)));
  // Node's own listener prints them; whoever listens to `deprecation` is told in place of standard error.
  process.removeAllListeners('warning');
  process.on('warning', warning => {
    const { name, message } = warning;
    const code = codeOf(warning);
    log.warn({ by: 'node', kind: name, ...(code !== undefined && { code }) }, message);
  });
  process.on('deprecation', (warning: Error) => log.warn({ by: 'node', kind: warning.name }, warning.message));
  // What is printed beside the log, where nobody reads or the disk is full.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.on('uncaughtException', (error, origin) => {
    log.error({ err: error, origin }, `ended by a mistake of ours: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  });
}

/** Without colours. */
function plain(text: string): string {
  return text.replace(/\u001b\[[\d;]*m/g, '').trim();
}
