// Other people's clients and bots against the simulator, by their own documented calls: all of them for `npm run peers`, the
// short form for `npm test`.
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SIMULATOR_DEFAULTS } from '../../../src/commands/simulator-defaults.ts';
import { startSimulator } from '../../../src/commands/simulator-entry.ts';
import { keysOf } from '../../../src/core/base/record.ts';
import { DEFAULT_API_V3_KEY } from '../../../src/simulator/shared/options.ts';
import { has, isMap, isText, isTruth, readJson } from '../../support/json.ts';
import { AWAY, NPM, plainEnv } from '../../support/registry.ts';

/** As they were when this was written: what a newer one does is its own affair. */
const VERSIONS = {
  'wechatpay-axios-plugin': '0.9.6',
  'wechatpay-node-v3': '2.2.1',
  'co-wechat-api': '3.11.0',
  'node-easywechat': '3.6.2',
  /** What node-easywechat loads of it, later ones have not. */
  'node-socialite': '1.4.1',
  'co-wechat': '2.4.0',
  wechat: '2.1.0',
  koa: '3.3.0',
  express: '5.3.0',
} as const;
export type Package = keyof typeof VERSIONS;
export const ALL_PACKAGES = keysOf(VERSIONS);

/** What came of one call. */
export type Line = { readonly name: string; readonly what: string; readonly ok: boolean; readonly saw: string };

const run = promisify(execFile);
/** `hongbao-bot/simulator/hosts`, by which a client with fixed hosts is started, as docs/simulator.md says. */
const HOSTS = join(import.meta.dirname, '../../../src/launch/hosts.cjs');
/** A registry that takes longer is as good as away. */
const INSTALL_MAX_MS = 90_000;

/** `false`: the registry cannot be reached. */
export async function installed(folder: string, packages: readonly Package[]): Promise<boolean> {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) writeFileSync(file, '{"name":"peers","private":true}\n');
  const wanted = packages.map(name => `${name}@${VERSIONS[name]}`);
  try {
    await run('npm', ['install', '--ignore-scripts', ...NPM, ...wanted], {
      ...{ cwd: folder, env: plainEnv(), timeout: INSTALL_MAX_MS },
    });
    return true;
  } catch (error) {
    if (isMap(error) && (error.killed || AWAY.test(String(error.stderr)))) return false;
    throw error;
  }
}

/** Clients that are started with `HTTPS_PROXY` alone, where no name of a host is known: does each find the simulator? */
export async function behindProxy(
  folder: string,
  names: readonly string[],
): Promise<Readonly<Record<string, boolean>>> {
  const simulator = await startSimulator();
  try {
    const certificate = simulator.certificates(SIMULATOR_DEFAULTS.mchId);
    writeFileSync(join(folder, 'ca.pem'), certificate.caPem);
    const env = plainEnv({
      ...{ NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), HTTPS_PROXY: simulator.url, NO_PROXY: '', no_proxy: '' },
      SIMULATOR_GIVEN: JSON.stringify({ names, ...SIMULATOR_DEFAULTS, certificate }),
    });
    const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'proxy.cjs')], { cwd: folder, env });
    return JSON.parse(stdout) as Record<string, boolean>;
  } finally {
    await simulator.close();
  }
}

/** Each of these, from what is installed in this folder, else from this checkout's own packages. */
export async function drive(folder: string, names: readonly string[]): Promise<readonly Line[]> {
  const simulator = await startSimulator();
  try {
    const { appId, appSecret, token, aesKey, mchId, apiKey: apiV2Key } = SIMULATOR_DEFAULTS;
    const { url, payUrl } = simulator;
    const certificate = simulator.certificates(mchId);
    const keys = { appId, appSecret, token, aesKey, mchId, apiV2Key, apiV3Key: DEFAULT_API_V3_KEY, certificate };
    writeFileSync(join(folder, 'ca.pem'), certificate.caPem);
    const env = plainEnv({
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
      SIMULATOR_GIVEN: JSON.stringify({ names, url, payUrl, ...keys }),
      WECHAT_SIMULATOR: payUrl,
    });
    const driver = join(import.meta.dirname, 'drive.cjs');
    const { stdout } = await run(process.execPath, ['--require', HOSTS, driver], { cwd: folder, env }).catch(
      (error: { readonly stdout: string }) => error,
    );
    return stdout
      .split('\n')
      .filter(line => line.startsWith('{"name"'))
      .map(line => readJson(line, has({ name: isText, what: isText, ok: isTruth, saw: isText })));
  } finally {
    await simulator.close();
  }
}
