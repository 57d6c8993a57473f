// The desk of bills (资金账单), asked by somebody else's SDK with its own documented calls: what it verifies is right.
import { createHash } from 'node:crypto';
import https from 'node:https';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Formatter, Wechatpay } from 'wechatpay-axios-plugin';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ACCOUNT, MERCHANT } from '../support/harness.ts';
import { has, isListOf, isMap, read } from '../support/json.ts';

type Told = { readonly hash_value: string; readonly download_url: string };

const { mchId: MCH_ID, apiV2Key } = MERCHANT;
const DAY_MS = 86_400_000;

let simulator: Simulator;
let agent: https.Agent;
let sdk: Wechatpay;
let day: string;

/** Two days ago the merchant paid in ¥12.34; today it is asked about. */
beforeEach(async () => {
  const merchant = { ...MERCHANT, balanceApi: true };
  const clock = movableClock(Date.now);
  simulator = await startSimulator({ port: 0, payPort: 0, clock, accounts: [ACCOUNT], merchants: [merchant] });
  day = new Date(Date.now() - 2 * DAY_MS + 8 * 3_600_000).toISOString().slice(0, 10);
  simulator.control.moveClock({ advanceMs: -2 * DAY_MS });
  simulator.control.setBalance(MCH_ID, simulator.control.merchant(MCH_ID).balance + 1234);
  simulator.control.moveClock({ reset: true });
  const { caPem: ca, certPem: cert, keyPem, serialNumber, publicKeyId, publicKeyPem } = simulator.certificates(MCH_ID);
  agent = new https.Agent({ ca });
  sdk = new Wechatpay({
    ...{ mchid: MCH_ID, serial: serialNumber, privateKey: keyPem, certs: { [publicKeyId]: publicKeyPem } },
    ...{ secret: apiV2Key, merchant: { cert, key: keyPem, ca }, httpsAgent: agent, proxy: false },
    baseURL: `${simulator.payUrl}/`,
  });
});
afterEach(async () => {
  agent.destroy();
  await simulator.close();
});

const sha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('hex');

test.each([undefined, 'GZIP'])(
  'by API v3 (tar_type %s): its answer is verified, its file is unsigned and has the SHA-1 that was told',
  async zip => {
    const params = { bill_date: day, ...(zip && { tar_type: zip }) };
    const { data } = await sdk.chain('v3/bill/fundflowbill').get<Told>({ params });
    const token = new URL(data.download_url).searchParams.get('token');
    const got = await sdk.chain('v3/billdownload/file').get<Buffer>({ params: { token }, responseType: 'arraybuffer' });
    const plain = zip ? gunzipSync(got.data) : Buffer.from(got.data);
    expect(sha1(plain)).toBe(data.hash_value);
    const { rows } = read(Formatter.castCsvBill(plain), has({ rows: isListOf(isMap) }));
    expect(rows.map(row => [row.业务名称, row['收支金额（元）']])).toEqual([['充值', '12.34']]);
  },
);

test('a file lies there for five minutes', async () => {
  simulator.control.moveClock({ advanceMs: -200_000 }); // the client's own clock stands, and may be off by five minutes
  const { data } = await sdk.chain('v3/bill/fundflowbill').get<Told>({ params: { bill_date: day } });
  const token = new URL(data.download_url).searchParams.get('token');
  simulator.control.moveClock({ advanceMs: 290_000 });
  const file = () => sdk.chain('v3/billdownload/file').get({ params: { token }, responseType: 'arraybuffer' });
  expect((await file()).status).toBe(200);
  simulator.control.moveClock({ advanceMs: 10_000 });
  await expect(file()).rejects.toMatchObject({ response: { status: 400 } });
});

test.each([
  ['a day without any movement', -5, {}, 400, 'NO_STATEMENT_EXIST'],
  ['today', 0, {}, 400, 'INVALID_REQUEST'],
  ['more than three months ago', -100, {}, 400, 'INVALID_REQUEST'],
  ['an account that the merchant does not have', -2, { account_type: 'OPERATION' }, 400, 'INVALID_REQUEST'],
  ['what is no account', -2, { account_type: 'OTHER' }, 400, 'PARAM_ERROR'],
])('is refused for %s', async (_, days, more, status, code) => {
  const bill_date = new Date(Date.now() + days * DAY_MS + 8 * 3_600_000).toISOString().slice(0, 10);
  const asked = sdk.chain('v3/bill/fundflowbill').get({ params: { bill_date, ...more } });
  await expect(asked).rejects.toMatchObject({ response: { status, data: { code } } });
});

test('the balance is told to whom it may be told', async () => {
  const { balance } = simulator.control.merchant(MCH_ID);
  const { data } = await sdk.chain('v3/merchant/fund/balance/BASIC').get<unknown>();
  expect(data).toEqual({ available_amount: balance, pending_amount: 0 });
});
