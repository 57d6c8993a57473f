// JSON lines with every secret field cut out.
import { pino } from 'pino';
import type { Log } from './ports.ts';

const SECRETS = [
  'apiV2Key',
  'apiV3Key',
  'appSecret',
  'token',
  'encodingAesKey',
  'secret',
  'password',
  'privateKey',
  'access_token',
  'authorization',
];

/** `level`: `debug`, `info`, `warn`, `error` or `silent`. Lines go to standard output. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: label => ({ level: label }) },
    redact: { paths: SECRETS.flatMap(name => [name, `*.${name}`]), censor: '[secret]' },
  });
}

export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
