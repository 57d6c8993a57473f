// A simulated WeChat with one account and a bot.yaml for it, for commands and calls that need no bot.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { vi } from 'vitest';
import { BadInput, messageOf } from '../../src/core/base/error.ts';
import { instant } from '../../src/core/base/time.ts';
import type { Store } from '../../src/ports.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import type { AccountOptions } from '../../src/simulator/shared/options.ts';
import type { PlatformFault } from '../../src/simulator/shared/protocol.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { openStore } from '../../src/storage/open.ts';
import { type Api, createApi } from '../../src/wechat/account/api.ts';
import type { Result } from './command.ts';
import { ACCOUNT, ENV } from './harness.ts';
import { portOf } from './listening.ts';

export type PlatformWorld = {
  readonly folder: string;
  readonly config: string;
  readonly simulator: Simulator;
  readonly api: Api;
  fault(...platform: PlatformFault[]): void;
  /** Bodies of the pushes, in the clear, as they came. */
  readonly pushed: string[];
  close(): Promise<void>;
};

export type PlatformOptions = {
  readonly account?: Partial<AccountOptions>;
  /** Lines below `accounts: tea:`. */
  readonly lines?: string;
  /** File → text. */
  readonly rules?: Readonly<Record<string, string>>;
};

export async function startPlatform({
  account = {},
  lines = '',
  rules = {},
}: PlatformOptions = {}): Promise<PlatformWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-'));
  const pushed: string[] = [];
  const hook = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      pushed.push(Buffer.concat(parts).toString());
      res.end('success');
    });
  });
  await new Promise<void>(resolve => hook.listen(0, '127.0.0.1', resolve));
  const clock = movableClock(Date.now);
  const simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock,
    accounts: [{ ...ACCOUNT, mode: 'plain', webhook: `http://127.0.0.1:${portOf(hook)}/`, ...account }],
    merchants: [],
  });
  const config = join(folder, 'bot.yaml');
  writeFileSync(config, botYaml(simulator, lines));
  for (const [file, text] of Object.entries(rules)) writeFileSync(join(folder, file), text);
  const store: Store = await openStore(`sqlite:${join(folder, 'test.db')}`);
  const { appId, appSecret } = ACCOUNT;
  return {
    folder,
    config,
    simulator,
    pushed,
    api: createApi(
      { api: simulator.url, appId, appSecret },
      { clock: () => instant(clock.now()), sleep: ms => sleep(ms), store },
    ),
    fault: (...platform) => void simulator.control.setFaults({ pay: [], platform }),
    async close() {
      await simulator.close();
      await new Promise(resolve => {
        hook.close(resolve);
        hook.closeAllConnections();
      });
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function botYaml(simulator: Simulator, lines: string): string {
  return `store: sqlite:bot.db
rules: rules.yaml
secret: ${ENV.TEST_SECRET}
accounts:
  tea:
    appId: ${ACCOUNT.appId}
    appSecret: ${ACCOUNT.appSecret}
    token: ${ACCOUNT.token}
    mode: plain
    api: ${simulator.url}
${lines}
`;
}

/** Runs a command in this process, with what it prints; ends as `cli.ts` would end it. */
export async function inProcess(work: () => Promise<number>): Promise<Result> {
  let [out, err] = ['', ''];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(part => {
    out += String(part);
    return true;
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(part => {
    err += String(part);
    return true;
  });
  try {
    const code = await work();
    return { code, out, err };
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return { code: 2, out, err: `${err}${messageOf(error)}\n` };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}
