// The bot that is besieged: the built program as people start it, in a process of its own, with a simulated WeChat behind it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { DEFAULT_API_V3_KEY } from '../../src/simulator/shared/options.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { ACCOUNT, botYaml, ENV, MERCHANT, PEM_LINES, RULES, until, writeCertificates } from '../support/harness.ts';
import { freePort } from '../support/ports.ts';

const CLI = resolve(import.meta.dirname, '../../dist/cli.js');
/** The campaign has a page, on which floods may knock as well. */
const PAGE_RULE = '  - { id: page, on: { visit: true }, once: ever, give: gift }\n';

export type SiegeBot = {
  readonly port: number;
  readonly keyId: string;
  /** Resident memory of its process, bytes. */
  memory(): number;
  /** Processor time it has used, ms. */
  processor(): number;
  /** Bytes of its log, and the lines of level error. */
  logged(): { readonly bytes: number; readonly errors: readonly string[] };
  /** Sockets that its process holds. */
  sockets(): number;
  stop(): Promise<void>;
};

export async function startSiegeBot(): Promise<SiegeBot> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-siege-'));
  const port = await freePort();
  const simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(Date.now),
    accounts: [{ ...ACCOUNT, webhook: `http://127.0.0.1:${port}/wechat/tea` }],
    merchants: [MERCHANT],
  });
  writeCertificates(simulator, folder);
  const { serialNumber, publicKeyId } = simulator.certificates(MERCHANT.mchId);
  const certificate = `${PEM_LINES}\n    apiV3Key: ${DEFAULT_API_V3_KEY}\n    serialNo: ${serialNumber}\n    publicKeyId: ${publicKeyId}\n    publicKey: pub_key.pem`;
  writeFileSync(join(folder, 'rules.yaml'), RULES + PAGE_RULE);
  writeFileSync(join(folder, 'bot.yaml'), botYaml(simulator, { port, channel: 'transfer', certificate }));
  const child = spawn(process.execPath, [CLI, 'start', '--config', 'bot.yaml'], {
    cwd: folder,
    env: { PATH: process.env.PATH!, ...ENV },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = listenTo(child);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(() => isReady(port, child), 20_000);
  } catch (error) {
    await stop();
    throw new Error(`the bot did not start: ${log.tail()}`, { cause: error });
  }
  const proc = (file: string): string => readFileSync(`/proc/${child.pid}/${file}`, 'utf8');
  return {
    port,
    keyId: publicKeyId,
    memory: () => Number(/VmRSS:\s+(\d+)/.exec(proc('status'))![1]) * 1024,
    processor: () => {
      const fields = proc('stat')
        .replace(/^.*\) /, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    logged: log.so,
    // Its inodes stand in the table of all sockets; the state 01 is a connection that stands.
    sockets: () =>
      proc('net/tcp')
        .split('\n')
        .filter(
          line =>
            /^\s*\d+: \w+:(\w{4}) \w+:\w{4} 01/.exec(line)?.[1] === port.toString(16).toUpperCase().padStart(4, '0'),
        ).length,
    stop,
  };
}

function listenTo(child: ChildProcess) {
  let [bytes, tail] = [0, ''];
  const errors: string[] = [];
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (part: Buffer) => {
      bytes += part.length;
      tail = (tail + String(part)).slice(-4000);
      for (const line of String(part).split('\n'))
        if (/"level":"error"|^\s+at /.test(line)) errors.push(line.slice(0, 300));
    });
  return { so: () => ({ bytes, errors }), tail: () => tail };
}

async function isReady(port: number, child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    answer => answer.ok,
    () => false,
  );
}
