// `npm run peers`: other people's clients and bots against the simulator, by their own documented calls. They are installed into a
// folder of their own, which goes away again; where the registry cannot be reached, one line says so.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SIMULATOR_DEFAULTS } from '../../../src/commands/simulator-defaults.ts';
import { startSimulator } from '../../../src/commands/simulator-entry.ts';
import { DEFAULT_API_V3_KEY } from '../../../src/simulator/shared/options.ts';

/** As they were when this was written: what a newer one does is its own affair. */
const PEERS = [
  ...['wechatpay-axios-plugin@0.9.6', 'wechatpay-node-v3@2.2.1', 'co-wechat-api@3.11.0', 'node-easywechat@3.6.2'],
  // What node-easywechat loads of it, later ones have not.
  'node-socialite@1.4.1',
  ...['co-wechat@2.4.0', 'wechat@2.1.0', 'koa@3.3.0', 'express@5.3.0'],
];
const AWAY = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTCACHED|network/;

type Line = { readonly name: string; readonly what: string; readonly ok: boolean; readonly saw: string };

const run = promisify(execFile);
const folder = process.env.PEERS_FOLDER ?? mkdtempSync(join(tmpdir(), 'hongbao-peers-'));
try {
  writeFileSync(join(folder, 'package.json'), '{"name":"peers","private":true}\n');
  await run('npm', ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', ...PEERS], {
    cwd: folder,
  });
  process.exitCode = await drive();
} catch (error) {
  const { stderr = '' } = error as { stderr?: string };
  if (!AWAY.test(stderr)) throw error;
  console.log('the peers are left out: the registry cannot be reached');
} finally {
  if (process.env.PEERS_FOLDER === undefined) rmSync(folder, { recursive: true, force: true });
}

async function drive(): Promise<number> {
  const simulator = await startSimulator();
  try {
    const { appId, appSecret, token, aesKey, mchId, apiKey: apiV2Key } = SIMULATOR_DEFAULTS;
    const { url, payUrl } = simulator;
    const certificate = simulator.certificates(mchId);
    const given = {
      url,
      payUrl,
      appId,
      appSecret,
      token,
      aesKey,
      mchId,
      apiV2Key,
      apiV3Key: DEFAULT_API_V3_KEY,
      certificate,
    };
    writeFileSync(join(folder, 'ca.pem'), certificate.caPem);
    for (const name of ['drive.cjs', 'hosts.cjs']) copyFileSync(join(import.meta.dirname, name), join(folder, name));
    const env = {
      ...process.env,
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
      SIMULATOR_GIVEN: JSON.stringify(given),
      SIMULATOR_TLS_PORT: new URL(payUrl).port,
    };
    const args = ['--require', './hosts.cjs', 'drive.cjs'];
    const { stdout } = await run(process.execPath, args, { cwd: folder, env }).catch(
      (error: { readonly stdout: string }) => error,
    );
    const lines = stdout
      .split('\n')
      .filter(line => line.startsWith('{"name"'))
      .map(line => JSON.parse(line) as Line);
    for (const { name, what, ok, saw } of lines)
      console.log(`${ok ? '✓' : '✗'} ${name}: ${what}${ok ? '' : ` — ${saw}`}`);
    const failed = lines.filter(({ ok }) => !ok).length;
    console.log(`${lines.length - failed} of ${lines.length} as documented`);
    return failed === 0 && lines.length > 20 ? 0 : 1;
  } finally {
    await simulator.close();
  }
}
