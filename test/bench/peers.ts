// Those whom we are compared with, installed only for it, and the floors: what the machine itself takes.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ACCOUNT } from '../support/harness.ts';
import { type Process, startProcess } from './machine.ts';
import { BENCH_FOLDER } from './production-bot.ts';
import type { Mode } from './pushes.ts';

/** Outside of the sources, so that nobody takes the peers for part of them. */
const FOLDER = join(BENCH_FOLDER, 'peers');
const INSTALL_MS = 180_000;

let isThere: boolean | undefined;

/** Whether the peers are installed; they are, where the registry can be reached. */
export function havePeers(): boolean {
  cpSync(join(import.meta.dirname, 'peers'), FOLDER, { recursive: true });
  isThere ??= existsSync(join(FOLDER, 'node_modules/co-wechat')) || installed();
  return isThere;
}

function installed(): boolean {
  console.log(`the peers are installed into ${FOLDER} …`);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--silent'];
  const { status } = spawnSync('npm', ['install', ...flags], { cwd: FOLDER, stdio: 'inherit', timeout: INSTALL_MS });
  if (status !== 0) console.log('skipped: the peers could not be installed, so nothing is compared with them');
  return status === 0;
}

export const requirePeer = createRequire(join(FOLDER, 'package.json'));

export type PeerName = 'co-wechat' | 'easywechat' | 'floor';
export type Peer = { readonly process: Process; readonly port: number };

export async function startPeer(
  name: PeerName,
  mode: Mode,
  more: Readonly<Record<string, string>> = {},
): Promise<Peer> {
  const { token, appId: appid, encodingAesKey: encodingAESKey } = ACCOUNT;
  const config = JSON.stringify({ token, appid, encodingAESKey, mode, ...more });
  const process = startProcess([join(FOLDER, `${name}.mjs`), config]);
  const ended = once(process.child, 'exit').then(() => undefined);
  const said = await Promise.race([once(process.child.stdout!, 'data'), ended]);
  const port = Number(String(said?.[0]).trim());
  if (!(port > 0)) throw new Error(`${name} did not start: ${process.tail()}`);
  return { process, port };
}
