// Many bots as people run them: processes of their own on one Redis, behind one load balancer, with a simulated WeChat
// on both sides.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import type { PayFault } from '../../src/simulator/shared/protocol.ts';
import type { Push } from '../../src/simulator/shared/protocol-push.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ended } from './ended.ts';
import { ACCOUNT, botYaml, ENV, MERCHANT, PEM_LINES, textIn, until, writeCertificates } from './harness.ts';
import { portOf } from './listening.ts';
import { freePort } from './ports.ts';

const ROOT = resolve(import.meta.dirname, '../..');

// ── The program ──────────────────────────────────────────────────────────────────────────────────────────

/** What was built, put aside: a build that runs meanwhile takes `dist` away for a moment. */
export function copyProgram(): { readonly cli: string; dispose(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-program-'));
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return { cli: join(folder, 'dist/cli.js'), dispose: () => rmSync(folder, { recursive: true, force: true }) };
}

// ── The load balancer ────────────────────────────────────────────────────────────────────────────────────

export type Balancer = {
  readonly url: string;
  /** One bot after the other; one that refused a connection gets none for a while. It repeats nothing. */
  use(...ports: readonly number[]): void;
  /** How many requests each port answered, and with which status. */
  readonly answered: ReadonlyMap<number, readonly number[]>;
  /** Every so manieth answer is lost on its way back, that to one push only once; 0: none. */
  loseEvery(n: number): void;
  lost(): number;
  close(): Promise<void>;
};

const SPARED_MS = 10_000;

export async function startBalancer(): Promise<Balancer> {
  const answered = new Map<number, number[]>();
  const downUntil = new Map<number, number>();
  const agent = new Agent({ keepAlive: true });
  let ports: readonly number[] = [];
  let turn = 0;
  let [lossEvery, answers] = [0, 0];
  const lost = new Set<string>();
  const pick = (): number | undefined => {
    const up = ports.filter(port => (downUntil.get(port) ?? 0) < performance.now());
    return up[turn++ % Math.max(1, up.length)];
  };
  const forward = (port: number, req: IncomingMessage, res: ServerResponse): void => {
    const { method, url: path, headers } = req;
    const onward = request({ host: '127.0.0.1', port, method, path, headers, agent }, reply => {
      answered.set(port, [...(answered.get(port) ?? []), reply.statusCode!]);
      if (lossEvery > 0 && !lost.has(path!) && ++answers % lossEvery === 0) {
        lost.add(path!);
        reply.resume();
        return void res.destroy();
      }
      res.writeHead(reply.statusCode!, reply.headers);
      reply.pipe(res);
      reply.on('error', () => res.destroy());
    });
    onward.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') downUntil.set(port, performance.now() + SPARED_MS);
      res.destroy();
    });
    req.pipe(onward);
  };
  const server = createServer((req, res) => {
    const port = pick();
    if (port === undefined) res.writeHead(502).end();
    else forward(port, req, res);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    use(...given) {
      ports = given;
      downUntil.clear();
    },
    answered,
    loseEvery(n) {
      lossEvery = n;
    },
    lost: () => lost.size,
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise(closed => server.close(closed));
    },
  };
}

// ── A slow way to Redis ──────────────────────────────────────────────────────────────────────────────────

export type SlowWay = { readonly url: string; close(): Promise<void> };

/** Everything takes so long on its way to the server and back: what happens at once overlaps for certain. */
export async function startSlowWay(port: number, ms: number): Promise<SlowWay> {
  const sockets = new Set<Socket>();
  const server = createTcpServer(near => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', bytes => setTimeout(() => to.write(bytes), ms));
      from.on('close', () => to.destroy());
      from.on('error', () => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${portOf(server)}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise(closed => server.close(closed));
    },
  };
}

// ── The bots ─────────────────────────────────────────────────────────────────────────────────────────────

export type LogLine = { readonly level: string; readonly msg: string; readonly time: string };

export type BotProcess = {
  readonly port: number;
  readonly pid: number;
  readonly log: readonly LogLine[];
  /** Status and body, and how long they took. */
  get(path: string): Promise<{ status: number; text: string; ms: number }>;
  /** Sends the signal and waits for the end: exit code, and how long it took. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<{ code: number | null; ms: number }>;
};

export type Result = { readonly code: number | null; readonly out: string; readonly err: string };

export type Many = {
  readonly simulator: Simulator;
  readonly balancer: Balancer;
  /** Starts one more bot and waits until it is ready. */
  start(): Promise<BotProcess>;
  /** Writes a file where commands find it. */
  write(name: string, text: string): void;
  /** Runs a command to its end. */
  hongbao(...args: string[]): Promise<Result>;
  /** So many new people. */
  people(count: number): string[];
  /** What the follower was told in the end. */
  said(push: Push): string;
  faults(...pay: PayFault[]): void;
  close(): Promise<void>;
};

export type ManyOptions = {
  readonly cli: string;
  /** `store:` of every bot.yaml. */
  readonly store: string;
  /** Rule files by name. */
  readonly rules: Readonly<Record<string, string>>;
  /** From the beginning of one delivery to the next one. */
  readonly pushGapMs?: number;
};

export async function startMany({ cli, store, rules, pushGapMs = 1000 }: ManyOptions): Promise<Many> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-many-'));
  const balancer = await startBalancer();
  const webhook = `${balancer.url}/wechat/tea`;
  const simulator = await startSimulator({
    port: 0,
    payPort: 0,
    pushGapMs,
    clock: movableClock(Date.now),
    accounts: [{ ...ACCOUNT, webhook }],
    // Whoever calls too often is not refused here: the test looks at the times itself.
    merchants: [{ ...MERCHANT, limits: { perSecond: 1000 } }],
  });
  writeCertificates(simulator, folder);
  mkdirSync(join(folder, 'rules'));
  for (const [name, text] of Object.entries(rules)) writeFileSync(join(folder, 'rules', name), text);
  const children: ChildProcess[] = [];
  const env = { PATH: process.env.PATH!, ...ENV };

  const configure = (port: number): string => {
    const yaml = botYaml(simulator, { port, certificate: PEM_LINES, merchantLines: '    askEvery: 1s' });
    writeFileSync(
      join(folder, `bot-${port}.yaml`),
      yaml.replace(/^store: .*$/m, `store: "${store}"`).replace(/^rules: .*$/m, 'rules: rules'),
    );
    return `bot-${port}.yaml`;
  };
  const spawned = (args: readonly string[]): ChildProcess => {
    const child = spawn(process.execPath, [cli, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    return child;
  };
  return {
    simulator,
    balancer,
    async start() {
      const port = await freePort();
      const bot = botOf(spawned(['start', '--config', configure(port)]), port);
      await until(async () => (await bot.get('/readyz')).status === 200, 15_000);
      return bot;
    },
    write: (name, text) => writeFileSync(join(folder, name), text),
    async hongbao(...args) {
      const child = spawned([...args, '--config', configure(0)]);
      let [out, err] = ['', ''];
      child.stdout!.on('data', (part: Buffer) => (out += part.toString()));
      child.stderr!.on('data', (part: Buffer) => (err += part.toString()));
      const code = await ended(child);
      return { code, out, err };
    },
    people: count => Array.from({ length: count }, () => simulator.control.addPerson({}).openid),
    said: push => textIn(push.tries.findLast(({ clear }) => clear !== undefined)?.clear ?? ''),
    faults: (...pay) => void simulator.control.setFaults({ pay, platform: [] }),
    async close() {
      for (const child of children) await killed(child, 'SIGKILL');
      await balancer.close();
      await simulator.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function botOf(child: ChildProcess, port: number): BotProcess {
  const log: LogLine[] = [];
  let rest = '';
  child.stdout!.on('data', (part: Buffer) => {
    const lines = (rest + part.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith('{')) log.push(JSON.parse(line) as LogLine);
  });
  child.stderr!.on('data', (part: Buffer) => log.push({ level: 'error', msg: part.toString(), time: '' }));
  return {
    port,
    pid: child.pid!,
    log,
    async get(path) {
      const began = performance.now();
      try {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`);
        return { status: answer.status, text: await answer.text(), ms: performance.now() - began };
      } catch {
        return { status: 0, text: '', ms: performance.now() - began }; // not there
      }
    },
    async end(signal) {
      const began = performance.now();
      return { code: await killed(child, signal), ms: performance.now() - began };
    },
  };
}

async function killed(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
  return child.exitCode;
}
