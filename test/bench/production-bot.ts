// The bot as merchants run it: `hongbao start` on a bot.yaml, in a process of its own, on a store of its own, with a simulated
// WeChat behind it to which it pays.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadConfig } from '../../src/config/config.ts';
import type { Claim } from '../../src/core/decide/decision.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { openStore } from '../../src/storage/open.ts';
import { ACCOUNT, botYaml, ENV, MERCHANT, PEM_LINES, writeCertificates } from '../support/harness.ts';
import { freePort } from '../support/ports.ts';
import { type Process, startProcess } from './machine.ts';
import type { Mode } from './pushes.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** On the same disk as the sources: where temporary files are kept may be memory, in which nothing is slow. */
export const BENCH_FOLDER = join(ROOT, '.bench');
const RUNS = join(BENCH_FOLDER, 'runs');
const COMMAND = join(ROOT, 'src/launch/hongbao.js');
const READY_MS = 60_000;
/** Payouts are planned and wait: sending them takes its own time, which is not the claim's. */
const SENT_LATER = '    quietHours: "00:00-24:00"';

/** The program that is measured is the one that is built from these sources. */
export function built(): void {
  const isOver = (pid: string): boolean => !existsSync(`/proc/${pid}`);
  // Of a bench that was broken off; another may be at work.
  if (existsSync(RUNS))
    for (const pid of readdirSync(RUNS).filter(isOver)) rmSync(join(RUNS, pid), { recursive: true });
  if (spawnSync('npm', ['run', '-s', 'build'], { cwd: ROOT, stdio: 'inherit' }).status !== 0)
    throw new Error('the sources do not build');
}

/** Keywords whose number tells which; one that stands in longer texts; two that give a red packet; and a follow that does. */
export const SAID = {
  help: '帮助',
  word: (n: number): string => `口令${n}`,
  contains: '红包',
  claim: '领红包',
  none: '随便说说',
};
export const WORDS = 1000;
export const ANSWERS = {
  help: '回复「红包」试试',
  word: '口令正确',
  contains: '还有活动',
  won: '已发出',
  already: '领过',
};

const HEAD = `
campaign: bench
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥90000000.00, perDay: ¥90000000.00, packets: 90000000, packetsPerDay: 90000000 }
limits: { perUser: { total: 30, perDay: 10, amountPerDay: ¥20.00 } }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes:
  gift: { redpacket: ¥1.00, stock: 90000000 }
  daily: { redpacket: ¥1.50, stock: 90000000 }
rules:
  - { id: welcome, on: subscribe, once: ever, give: gift, replies: { won: "欢迎!{{amount}} 元红包已发出", already: 您已经领过啦 } }
  - { id: claim, on: { text: 领红包 }, once: perDay, give: daily, replies: { won: "{{amount}} 元红包已发出", already: 今天领过啦 } }
  - { id: help, on: { text: 帮助 }, reply: 回复「红包」试试 }
`;

/** The campaign of the bench: ten rules of a hundred words each. */
export function benchRules(): string {
  const lines = Array.from({ length: 10 }, (_, rule) => {
    const words = Array.from({ length: WORDS / 10 }, (_, n) => SAID.word(rule * 100 + n));
    return `  - { id: words-${rule}, on: { text: [${words.join(', ')}] }, reply: 口令正确,祝好运! }\n`;
  });
  return `${HEAD}${lines.join('')}  - { id: more, on: { text: { contains: 红包 } }, reply: 还有活动,明天再来! }\n`;
}

export type Books = { readonly claims: readonly Claim[]; readonly payouts: readonly Payout[] };

export type BenchBot = {
  readonly process: Process;
  readonly port: number;
  readonly folder: string;
  /** ms from the command to the first answer that it is ready. */
  readonly readyAfter: number;
  /** What stands in its store, read as any other program would. */
  snapshot(): Promise<Books>;
  /** As after a crash or a stop: another process on the same store. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  stop(): Promise<void>;
};

export type BotOptions = {
  readonly mode: Mode;
  /** Texts by the names of their files; absent: the bench's own campaign. */
  readonly rules?: Readonly<Record<string, string>>;
  /** Another store than a SQLite file. */
  readonly store?: string;
};

export async function startBot({ mode, rules = { 'bench.yaml': benchRules() }, store }: BotOptions): Promise<BenchBot> {
  const own = join(RUNS, String(process.pid));
  mkdirSync(own, { recursive: true });
  const folder = mkdtempSync(join(own, 'bot-'));
  const simulator = await startSimulator({
    ...{ port: 0, payPort: 0, clock: movableClock(Date.now) },
    accounts: [{ ...ACCOUNT, mode }],
    merchants: [{ ...MERCHANT, balance: 1e11 }],
  });
  writeCertificates(simulator, folder);
  mkdirSync(join(folder, 'rules'));
  for (const [name, text] of Object.entries(rules)) writeFileSync(join(folder, 'rules', name), text);
  const port = await freePort();
  const parts = { port, mode, rules: 'rules', certificate: PEM_LINES, merchantLines: SENT_LATER };
  const yaml = botYaml(simulator, parts);
  writeFileSync(join(folder, 'bot.yaml'), store === undefined ? yaml : yaml.replace(/^store: .*$/m, `store: ${store}`));
  try {
    return await run(folder, port, simulator);
  } catch (error) {
    await leave(folder, simulator);
    throw error;
  }
}

async function leave(folder: string, simulator: Simulator): Promise<void> {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
}

async function run(folder: string, port: number, simulator: Simulator): Promise<BenchBot> {
  const start = async () => {
    const began = performance.now();
    const env = { PATH: globalThis.process.env.PATH, ...ENV };
    const process = startProcess([COMMAND, 'start', '--config', 'bot.yaml'], { cwd: folder, env });
    await ready(port, process);
    return { process, readyAfter: performance.now() - began };
  };
  let now = await start();
  return {
    ...{ port, folder },
    get process() {
      return now.process;
    },
    get readyAfter() {
      return now.readyAfter;
    },
    snapshot: () => booksIn(folder),
    async restart(signal = 'SIGKILL') {
      await now.process.end(signal);
      now = await start();
    },
    async stop() {
      await now.process.end('SIGTERM');
      await leave(folder, simulator);
    },
  };
}

async function ready(port: number, { child, tail }: Process): Promise<void> {
  const end = performance.now() + READY_MS;
  for (;;) {
    if (child.exitCode !== null || performance.now() > end) throw new Error(`the bot did not start: ${tail()}`);
    const isReady = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      answer => answer.ok,
      () => false,
    );
    if (isReady) return;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}

async function booksIn(folder: string): Promise<Books> {
  const { store } = loadConfig(join(folder, 'bot.yaml'), ENV);
  const opened = await openStore(store);
  const snapshot = await opened.snapshot();
  const all: { claims: Claim[]; payouts: Payout[] } = { claims: [], payouts: [] };
  for await (const claim of snapshot.claims()) all.claims.push(claim);
  for await (const payout of snapshot.payouts()) all.payouts.push(payout);
  await snapshot.close();
  await opened.close();
  return all;
}

/** What the store's file takes; once the bot has stopped, everything is in it. */
export function fileBytes(folder: string): number {
  return statSync(join(folder, 'bot.db')).size;
}
