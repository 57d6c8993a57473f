// One flood beside ten followers a second: how they are answered, what it costs in memory and log, and whether that is as
// promised.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ACCOUNT } from '../support/harness.ts';
import type { SiegeBot } from './bot.ts';
import type { FloodOrder, FloodReport } from './flooder.ts';
import type { FloodName } from './floods.ts';
import { openidOf, sealedPush } from './push.ts';

const PER_SECOND = 10;
/** WeChat's patience. */
const FOLLOWER_WAITS_MS = 5000;
const FLOODER = fileURLToPath(new URL('./flooder.ts', import.meta.url));

/** The promise of the README. */
export const PROMISED = { slowerMs: 100, memoryBytes: 60e6, logBytesPerMinute: 100e3 };

export type Answered = {
  readonly count: number;
  readonly answered: number;
  /** Why the others were not. */
  readonly without: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
};

export type FloodResult = Answered & {
  readonly name: FloodName;
  readonly seconds: number;
  readonly memoryBytes: number;
  /** Of its processor time, in part of one core. */
  readonly busy: number;
  readonly logBytesPerMinute: number;
  readonly errors: readonly string[];
  readonly flood: FloodReport;
};

let followers = 0;

/** Ten followers a second, each a connection and a push of their own, as WeChat makes them. */
export async function follow(port: number, ms: number, waitsMs = FOLLOWER_WAITS_MS): Promise<Answered> {
  const asks: Promise<number | string>[] = [];
  const began = performance.now();
  for (let n = 0; performance.now() - began < ms; n++) {
    asks.push(ask(port, n % 2 === 0 ? '帮助' : '随便说说', waitsMs));
    await sleep(Math.max(0, began + ((n + 1) * 1000) / PER_SECOND - performance.now()));
  }
  const ends = await Promise.all(asks);
  const took = ends.filter(each => typeof each === 'number').sort((a, b) => a - b);
  const without: Record<string, number> = {};
  for (const why of ends) if (typeof why === 'string') without[why] = (without[why] ?? 0) + 1;
  const at = (part: number): number => took[Math.ceil(took.length * part) - 1] ?? Number.NaN;
  return { count: asks.length, answered: took.length, without, p50: at(0.5), p99: at(0.99) };
}

/** How long it took, ms; or why there was no right answer. */
function ask(port: number, text: string, timeout: number): Promise<number | string> {
  const { path, body } = sealedPush(ACCOUNT, openidOf('Follower', followers++), text);
  const began = performance.now();
  return new Promise(resolve => {
    const headers = { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(body) };
    const asked = request({ port, host: '127.0.0.1', path, method: 'POST', headers, agent: false, timeout }, answer => {
      let said = '';
      answer.on('data', part => (said += String(part)));
      answer.on('end', () => {
        const isRight =
          answer.statusCode === 200 && (text === '帮助' ? said.includes('<Encrypt>') : said === 'success');
        resolve(isRight ? performance.now() - began : `status ${answer.statusCode}`);
      });
      answer.on('error', (error: Error) => resolve(error.message));
    });
    asked.on('timeout', () => asked.destroy(new Error('too late')));
    asked.on('error', error => resolve(error.message));
    asked.end(body);
  });
}

export async function besiege(bot: SiegeBot, name: FloodName, ms: number, waitsMs?: number): Promise<FloodResult> {
  const flooder = fork(FLOODER, { execArgv: ['--import', 'tsx'] });
  try {
    const [memory, log, processor] = [bot.memory(), bot.logged(), bot.processor()];
    let most = memory;
    const looks = setInterval(() => {
      most = Math.max(most, bot.memory());
    }, 100);
    const [answered, flood] = await Promise.all([
      follow(bot.port, ms, waitsMs),
      flooded(flooder, { name, port: bot.port, keyId: bot.keyId, account: ACCOUNT, ms }),
    ]);
    clearInterval(looks);
    const after = bot.logged();
    return {
      name,
      ...answered,
      seconds: ms / 1000,
      memoryBytes: most - memory,
      busy: (bot.processor() - processor) / ms,
      // The few lines that a minute has come at its beginning, so this is more than a minute brings.
      logBytesPerMinute: ((after.bytes - log.bytes) * 60_000) / ms,
      errors: after.errors.slice(log.errors.length),
      flood,
    };
  } finally {
    if (flooder.exitCode === null) flooder.kill('SIGKILL');
  }
}

async function flooded(flooder: ChildProcess, order: FloodOrder): Promise<FloodReport> {
  flooder.send(order);
  const [report] = (await once(flooder, 'message')) as [FloodReport];
  return report;
}

/** What of the promise is broken, in words. */
export function brokenBy(result: FloodResult, quiet: Answered): string[] {
  const broken: string[] = [];
  const { answered, count, without, p99, memoryBytes, logBytesPerMinute, errors } = result;
  if (answered < count)
    broken.push(`${count - answered} of ${count} followers had no answer: ${Object.keys(without).join(', ')}`);
  if (!(p99 - quiet.p99 < PROMISED.slowerMs)) broken.push(`p99 ${Math.round(p99 - quiet.p99)} ms above the quiet one`);
  if (memoryBytes >= PROMISED.memoryBytes) broken.push(`memory grew by ${Math.round(memoryBytes / 1e6)} MB`);
  if (logBytesPerMinute >= PROMISED.logBytesPerMinute)
    broken.push(`the log grew by ${Math.round(logBytesPerMinute / 1000)} kB a minute`);
  if (errors.length > 0) broken.push(`an error in the log: ${errors[0]}`);
  return broken;
}
