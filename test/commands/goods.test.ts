// `hongbao goods`, beside a running bot: what is listed is sent once; what was paid back is not sent, whenever the refund comes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { DEFAULT_API_V3_KEY } from '../../src/simulator/shared/options.ts';
import { readCsv, run } from '../support/command.ts';
import { MERCHANT, PEM_LINES, startWorld, until, type World } from '../support/harness.ts';

const RULES = `
campaign: cups
name: 买满送杯
period: { from: 2020-01-01, to: 2099-12-31 24:00 }
shipping: { consent: 只用来寄杯子。, keep: 90d }
prizes:
  杯子: { goods: 保温杯, stock: 9 }
rules:
  - { id: cup, on: { paid: { over: ¥100.00 } }, once: perEvent, give: 杯子, replies: { won: 中了！ } }
`;
const ADDRESS = '王小明 13812345678 上海市徐汇区万航渡路1号';

let world: World;
let lists = 0;
afterEach(() => world.close());

const command = (...args: string[]) => run(world.folder, 'goods', ...args, '--config', 'bot.yaml', '--lang', 'en');
/** Whose goods stand in the next list. */
async function listed(...more: string[]): Promise<string[]> {
  const out = `list-${++lists}.csv`;
  expect(await command('export', 'cups', '--out', out, ...more)).toMatchObject({ code: 0 });
  const [head, ...rows] = readCsv(readFileSync(join(world.folder, out), 'utf8').replace(/^\uFEFF/, ''));
  return rows.map(row => row[head!.indexOf('openid')]!);
}

test('is listed once, again with --all and after its address was changed, and never once its order was paid back', async () => {
  const personal = 'personalKey: 7d0c3e54d1a9481c8b7f3b1d9e2f6a557d0c3e54d1a9481c\n';
  const said: string[] = [];
  const note = (_: object, message: string): void => void said.push(message);
  world = await startWorld({
    rules: RULES,
    lines: personal,
    log: { debug: note, info: note, warn: note, error: note },
    certificate: ({ simulator }) => {
      const { serialNumber, publicKeyId } = simulator.certificates(MERCHANT.mchId);
      const keys = `publicKeyId: ${publicKeyId}\n    publicKey: pub_key.pem`;
      return `${PEM_LINES}\n    apiV3Key: ${DEFAULT_API_V3_KEY}\n    serialNo: ${serialNumber}\n    ${keys}`;
    },
  });
  const { simulator, store } = world;
  simulator.setPayNotify(MERCHANT.mchId, `${world.url}/notify/pay/shop`);
  const says = async (who: string, ...words: string[]): Promise<void> => {
    for (const text of words) await simulator.control.act(who, { kind: 'text', text });
  };
  const wins = async () => {
    const who = world.person(true);
    const { orderNo } = simulator.control.pay(who, { amount: 12_000 });
    await until(async () => (await store.document('parcels', `tea/${who}`)) !== undefined);
    return { who, orderNo };
  };
  const refunds = async ({ who, orderNo }: { who: string; orderNo: string }): Promise<void> => {
    simulator.control.refund(MERCHANT.mchId, orderNo);
    await until(async () => (await store.document('parcels', `tea/${who}`))!.text.includes('takenBackAt'));
  };
  const [ann, bob, cid] = [await wins(), await wins(), await wins()];
  for (const { who } of [ann, bob, cid]) await says(who, '同意', ADDRESS);
  await refunds(bob);
  expect((await listed()).sort()).toEqual([ann.who, cid.who].sort());
  expect(await listed()).toEqual([]);
  expect((await listed('--all')).sort()).toEqual([ann.who, cid.who].sort());
  await says(cid.who, '修改地址', '同意', ADDRESS.replace('1号', '2号'));
  expect(said.filter(message => message.includes('handed on before'))).toEqual([]);
  // On its way under an old address, and on its way as it is: a person hears of both, and neither is listed any more.
  await refunds(cid);
  await refunds(ann);
  expect(said.filter(message => message.includes('handed on before'))).toHaveLength(2);
  for (const { who } of [ann, cid]) await says(who, '修改地址');
  expect(await listed()).toEqual([]);
  expect(await listed('--all')).toEqual([]);
  expect((await command('list')).out).toMatch(/cups +杯子 +3 +0 +0 +1 +2/);
}, 120_000);
