// wechatpay-axios-plugin against the simulator's API v3, by the calls that its own documentation has: it verifies every answer.

import { createHash } from 'node:crypto';
import { Agent } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Wechatpay } from 'wechatpay-axios-plugin';
import { dayOf, instant } from '../../src/core/base/time.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ACCOUNT, MERCHANT } from '../support/harness.ts';

type Fields = Record<string, string>;

const { mchId: MCH_ID, apiV2Key } = MERCHANT;
const DAY = 86_400_000;

let simulator: Simulator;
let agent: Agent;
let wxpay: Wechatpay;
beforeEach(async () => {
  const clock = movableClock(Date.now);
  simulator = await startSimulator({ port: 0, payPort: 0, clock, accounts: [ACCOUNT], merchants: [MERCHANT] });
  const { caPem: ca, certPem: cert, keyPem: key, ...own } = simulator.certificates(MCH_ID);
  agent = new Agent({ ca });
  wxpay = new Wechatpay({
    ...{ mchid: MCH_ID, serial: own.serialNumber, privateKey: key, secret: apiV2Key, merchant: { cert, key, ca } },
    ...{
      certs: { [own.publicKeyId]: own.publicKeyPem },
      baseURL: `${simulator.payUrl}/`,
      httpsAgent: agent,
      proxy: false,
    },
  });
});
afterEach(async () => {
  agent.destroy();
  await simulator.close();
});

test('it asks a follower for an authorization, asks after it, and ends it', async () => {
  const { openid } = simulator.control.addPerson({ following: true });
  const authorization = wxpay.chain('v3/fund-app/mch-transfer/user-confirm-authorization');
  const number = 'SDKAUTHORIZATION1';
  const { data: asked } = await authorization.post<Fields>({
    ...{ appid: ACCOUNT.appId, openid, transfer_scene_id: '1000', user_display_name: '阿茶的朋友' },
    ...{ out_authorization_no: number, authorization_notify_url: 'https://shop.example.com/told' },
  });
  expect(asked).toMatchObject({ out_authorization_no: number, state: 'WAIT_USER_CONFIRM' });
  expect(asked.package_info).toEqual(expect.any(String));
  const one = authorization.chain('out-authorization-no/{out_authorization_no}');
  const { data: known } = await one.get<unknown>({ out_authorization_no: number });
  expect(known).toMatchObject({ state: 'WAIT_USER_CONFIRM', openid });
  const { data: closed } = await one.chain('close').post<unknown>({}, { out_authorization_no: number });
  expect(closed).toMatchObject({ state: 'CLOSED' });
  expect(simulator.control.authorizations()).toMatchObject([{ number, state: 'CLOSED' }]);
});

test('it sends a voucher, once for one number', async () => {
  const { openid } = simulator.control.addPerson({ following: true });
  const now = simulator.control.state().now;
  simulator.control.setStock({
    ...{ stockId: '1234567', creator: MCH_ID, name: '满20减5', status: 'running', amount: 500, minimum: 2000 },
    ...{ maxCoupons: 10, beginAt: now - DAY, endAt: now + DAY },
  });
  const body = {
    ...{ stock_id: '1234567', stock_creator_mchid: MCH_ID },
    ...{ out_request_no: `${MCH_ID}20260210sdk`, appid: ACCOUNT.appId },
  };
  const coupons = wxpay.chain('v3/marketing/favor/users/{openid}/coupons');
  const send = () => coupons.post<unknown>(body, { openid });
  const [first, second] = [await send(), await send()];
  expect(first.data).toEqual({ coupon_id: simulator.control.coupons()[0]!.couponId });
  expect(second.data).toEqual(first.data);
});

test('it asks for the fund flow of a day, and downloads what was announced', async () => {
  const { openid } = simulator.control.addPerson({ following: true });
  simulator.control.moveClock({ advanceMs: -2 * DAY });
  const day = dayOf(instant(simulator.control.state().now));
  const packet = {
    ...{ mch_billno: 'SDKFUNDS1', mch_id: MCH_ID, wxappid: ACCOUNT.appId, send_name: 'tea', re_openid: openid },
    ...{ total_amount: '168', total_num: '1', wishing: 'w', client_ip: '127.0.0.1', act_name: 'a', remark: 'r' },
  };
  await wxpay.chain('v2/mmpaymkttransfers/sendredpack').post(packet, { security: true });
  simulator.control.moveClock({ reset: true });
  const params = { bill_date: day, account_type: 'BASIC', tar_type: 'GZIP' };
  const { data } = await wxpay.chain('v3/bill/fundflowbill').get<Fields>({ params });
  expect(data.hash_type).toBe('SHA1');
  const token = new URL(data.download_url!).searchParams.get('token');
  // No signature covers the file: its documentation has the check left out so, and the hash looked at instead.
  const file = await wxpay.chain('v3/billdownload/file').get<Buffer>({
    ...{
      params: { token, tartype: 'gzip' },
      responseType: 'arraybuffer',
      transformResponse: [(bytes: Buffer) => bytes],
    },
  });
  const text = file.data[0] === 0x1f ? gunzipSync(file.data) : file.data;
  expect(createHash('sha1').update(text).digest('hex')).toBe(data.hash_value);
  expect(text.toString()).toMatch(/SDKFUNDS1[\s\S]*1\.68/);
});
