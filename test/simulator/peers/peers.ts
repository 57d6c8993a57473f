// `npm run peers`: other people's clients and bots against the simulator, by their own documented calls. They are installed into a
// folder of their own, which goes away again; where the registry cannot be reached, one line says so.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_PACKAGES, drive, installed } from './run.ts';

const PEERS = [
  ...['wechatpay-axios-plugin', 'wechatpay-node-v3', 'co-wechat-api', 'node-easywechat'],
  ...['co-wechat', 'wechat', '@wecom/crypto'],
];

const folder = process.env.PEERS_FOLDER ?? mkdtempSync(join(tmpdir(), 'hongbao-peers-'));
try {
  if (await installed(folder, ALL_PACKAGES)) await tell();
  else console.log('the peers are left out: the registry cannot be reached');
} finally {
  if (process.env.PEERS_FOLDER === undefined) rmSync(folder, { recursive: true, force: true });
}

async function tell(): Promise<void> {
  const lines = await drive(folder, PEERS);
  for (const { name, what, ok, saw } of lines)
    console.log(`${ok ? '✓' : '✗'} ${name}: ${what}${ok ? '' : ` — ${saw}`}`);
  const failed = lines.filter(({ ok }) => !ok).length;
  console.log(`${lines.length - failed} of ${lines.length} as documented`);
  process.exitCode = failed === 0 && lines.length > 20 ? 0 : 1;
}
