// Several accounts and merchants in one bot.yaml: each follower is answered by their account and paid by its merchant,
// two accounts share one merchant, and each merchant is gated alone.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bot, createBot } from '../../src/app/bot.ts';
import { loadConfig } from '../../src/config/config.ts';
import { instant } from '../../src/core/base/time.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Store } from '../../src/ports.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { openStore } from '../../src/storage/open.ts';
import { run } from '../support/command.ts';
import { ACCOUNT, ENV, textIn, until } from '../support/harness.ts';
import { isListOf, isMap, readJson } from '../support/json.ts';
import { portOf } from '../support/listening.ts';

/** Tea and milk are paid by the shop, juice by the mall. */
const ACCOUNTS = [
  { name: 'tea', merchant: 'shop', digit: '1' },
  { name: 'milk', merchant: 'shop', digit: '2' },
  { name: 'juice', merchant: 'mall', digit: '3' },
].map(({ digit, ...account }) => ({
  ...account,
  appId: `wx888888888888888${digit}`,
  originalId: `gh_00000000000${digit}`,
  token: `token${digit}`,
  encodingAesKey: `RewardBotSimulatorKey0123456789abcdefghijk${'AEI'[Number(digit) - 1]}`,
}));
const MERCHANTS = [
  { name: 'shop', mchId: '1900000109', apiV2Key: '0123456789abcdef0123456789ABCDEF' },
  { name: 'mall', mchId: '1900000110', apiV2Key: 'ABCDEF0123456789abcdef0123456789' },
];
type Merchant = 'shop' | 'mall';

const rulesOf = (account: string): string => `
campaign: ${account}-2026
name: ${account}
account: ${account}
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00 }
packet: { sendName: ${account}, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes: { gift: { redpacket: ¥1.00 } }
rules:
  - { id: welcome, on: subscribe, once: ever, give: gift, replies: { won: "${account}: {{amount}}", halted: "${account}: 稍后再来", soldOut: "${account}: 没有了" } }
`;

let folder: string;
let simulator: Simulator;
let bot: Bot;
let store: Store;
let server: Server;

function yaml(shopLines: string): string {
  const accounts = ACCOUNTS.map(
    ({ name, appId, token, encodingAesKey, merchant }) =>
      `  ${name}: { appId: ${appId}, appSecret: ${ACCOUNT.appSecret}, token: ${token}, encodingAesKey: ${encodingAesKey}, merchant: ${merchant}, api: "${simulator.url}", open: "${simulator.url}" }`,
  );
  const merchants = MERCHANTS.map(
    ({ name, mchId, apiV2Key }) => `  ${name}:
    mchId: "${mchId}"
    apiV2Key: ${apiV2Key}
    certificate: ${name}-cert.pem
    privateKey: ${name}-key.pem
    ca: ca.pem
    api: ${simulator.payUrl}
    clientIp: 127.0.0.1
    askEvery: 1s
${name === 'shop' ? shopLines : ''}`,
  );
  return `store: sqlite:bot.db\nrules: rules\nsecret: \${TEST_SECRET}\naccounts:\n${accounts.join('\n')}\nmerchants:\n${merchants.join('\n')}\n`;
}

async function begin({ shopLines = '', shopBalance = 100_000_00 } = {}): Promise<void> {
  const clock = movableClock(Date.now);
  simulator = await startSimulator({
    port: 0,
    payPort: 0,
    pushGapMs: 100,
    clock,
    accounts: ACCOUNTS.map(({ merchant: _, ...account }) => ({ ...ACCOUNT, title: account.name, ...account })),
    merchants: MERCHANTS.map(({ name, mchId, apiV2Key }) => ({
      mchId,
      apiV2Key,
      balance: name === 'shop' ? shopBalance : 100_000_00,
      appIds: ACCOUNTS.filter(account => account.merchant === name).map(account => account.appId),
    })),
  });
  mkdirSync(join(folder, 'rules'));
  for (const { name } of ACCOUNTS) writeFileSync(join(folder, 'rules', `${name}.yaml`), rulesOf(name));
  for (const { name, mchId } of MERCHANTS) {
    const { caPem, certPem, keyPem } = simulator.certificates(mchId);
    writeFileSync(join(folder, 'ca.pem'), caPem);
    writeFileSync(join(folder, `${name}-cert.pem`), certPem);
    writeFileSync(join(folder, `${name}-key.pem`), keyPem);
  }
  writeFileSync(join(folder, 'bot.yaml'), yaml(shopLines));
  const config = loadConfig(join(folder, 'bot.yaml'), ENV);
  store = await openStore(config.store);
  bot = await createBot({
    holder: 'test',
    config,
    clock: () => instant(clock.now()),
    timer: { ticks: () => performance.now(), sleep: ms => sleep(ms) },
    log: SILENT,
    store,
  });
  server = createServer(bot.app.callback());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  for (const { name } of ACCOUNTS) simulator.setWebhook(name, `http://127.0.0.1:${portOf(server)}/wechat/${name}`);
  bot.start();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-several-'));
});
afterEach(async () => {
  await new Promise(resolve => {
    server.close(resolve);
    server.closeAllConnections();
  });
  await bot.stop();
  await simulator.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A new person follows an account; what the account says. */
async function follow(account: string): Promise<string> {
  const { openid } = simulator.control.addPerson({ account });
  const push = await simulator.control.act(openid, { kind: 'follow' });
  return textIn(push.tries.at(-1)!.clear!);
}
const paid = (name: Merchant): number =>
  simulator.control.merchant(MERCHANTS.find(each => each.name === name)!.mchId).sentCount;
const hongbao = (...args: string[]) => run(folder, ...args, '--config', 'bot.yaml');

describe('several accounts and merchants', () => {
  test('each follower is answered by their own account and paid by its merchant', async () => {
    await begin();
    expect(await Promise.all(ACCOUNTS.map(({ name }) => follow(name)))).toEqual([
      'tea: 1.00',
      'milk: 1.00',
      'juice: 1.00',
    ]);
    await until(() => paid('shop') === 2 && paid('mall') === 1);
    const packets = simulator.control.state().packets;
    for (const { name, merchant } of ACCOUNTS) {
      const [payout] = await store.payouts({ campaign: `${name}-2026`, limit: 5 });
      expect(payout).toMatchObject({
        account: name,
        merchant,
        request: { appId: ACCOUNTS.find(each => each.name === name)!.appId },
      });
      expect(packets.find(packet => packet.billNo === payout!.billNo)).toMatchObject({
        openid: payout!.user,
        status: 'SENT',
      });
      expect(payout!.billNo.startsWith(MERCHANTS.find(each => each.name === merchant)!.mchId)).toBe(true);
    }
  }, 30_000);

  test('a push for one account is refused at the door of another', async () => {
    await begin();
    simulator.setWebhook('tea', `http://127.0.0.1:${portOf(server)}/wechat/juice`);
    const { openid } = simulator.control.addPerson({ account: 'tea' });
    const push = await simulator.control.act(openid, { kind: 'follow' });
    expect(push.tries.at(-1)!.status).toBeGreaterThanOrEqual(400);
    expect(await store.payouts({ limit: 5 })).toEqual([]);
  }, 30_000);

  test('a halted merchant promises and sends nothing, for both of its accounts; the other pays', async () => {
    await begin();
    writeFileSync(
      join(folder, 'tea.txt'),
      Array.from({ length: 3 }, () => simulator.control.addPerson({ account: 'tea', following: true }).openid).join(
        '\n',
      ),
    );
    await hongbao('merchant', 'halt', 'shop', '--reason', '对账');
    const planned = await hongbao(
      'send',
      '--campaign',
      'tea-2026',
      '--openids',
      'tea.txt',
      '--amount',
      '1.00',
      '--no-wait',
    );
    expect([planned.code, planned.err]).toEqual([0, expect.stringContaining('merchant "shop" is halted (对账)')]);
    expect(await Promise.all(ACCOUNTS.map(({ name }) => follow(name)))).toEqual([
      'tea: 稍后再来',
      'milk: 稍后再来',
      'juice: 1.00',
    ]);
    await until(() => paid('mall') === 1);
    await sleep(2000);
    expect(paid('shop')).toBe(0);
    const listed = readJson((await hongbao('merchant', 'list', '--json')).out, isListOf(isMap));
    expect(listed).toMatchObject([
      { name: 'shop', halt: { by: 'operator', reason: '对账' }, waiting: { planned: 3 } },
      { name: 'mall', waiting: { planned: 0, sending: 0, unknown: 0, held: 0 } },
    ]);
    expect(listed[1]).not.toHaveProperty('halt');
    await hongbao('merchant', 'resume', 'shop');
    await until(() => paid('shop') === 3);
    expect(await follow('milk')).toBe('milk: 1.00');
  }, 30_000);

  test('an empty purse halts its own merchant, and nobody else', async () => {
    await begin({ shopBalance: 0 });
    expect(await follow('tea')).toBe('tea: 1.00');
    await until(async () => store.halt('shop'));
    expect(await follow('milk')).toBe('milk: 稍后再来');
    expect(await follow('juice')).toBe('juice: 1.00');
    await until(() => paid('mall') === 1);
    expect([await store.halt('mall'), paid('shop')]).toEqual([undefined, 0]);
  }, 30_000);

  test('two accounts share what their merchant allows in a day', async () => {
    await begin({ shopLines: '    limits: { amountPerDay: ¥3.00 }' });
    const said = [];
    for (const account of ['tea', 'milk', 'tea', 'milk', 'juice']) said.push(await follow(account));
    expect(said).toEqual(['tea: 1.00', 'milk: 1.00', 'tea: 1.00', 'milk: 没有了', 'juice: 1.00']);
    await until(() => paid('shop') === 3 && paid('mall') === 1);
  }, 30_000);

  test('what is sent by hand goes to the campaign’s own account, through its merchant', async () => {
    await begin();
    const people = Array.from(
      { length: 3 },
      () => simulator.control.addPerson({ account: 'milk', following: true }).openid,
    );
    writeFileSync(join(folder, 'milk.txt'), people.join('\n'));
    const args = ['send', '--campaign', 'milk-2026', '--openids', 'milk.txt', '--prize', 'gift'];
    expect(await hongbao(...args, '--account', 'tea')).toMatchObject({
      code: 2,
      err: expect.stringContaining('belongs to account "milk"'),
    });
    expect(await hongbao(...args)).toMatchObject({ code: 0 });
    expect([paid('shop'), paid('mall')]).toEqual([3, 0]);
    expect(await hongbao('payouts', 'export', '--merchant', 'mall')).toMatchObject({
      code: 0,
      out: expect.not.stringContaining('milk'),
    });
  }, 30_000);
});
