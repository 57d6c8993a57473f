// Somebody else's SDK against the simulator: wechatpay-axios-plugin with its own signs and its own TLS.

import https from 'node:https';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Wechatpay } from 'wechatpay-axios-plugin';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';

const MCH = '1900000109';
const APP = 'wx8888888888888888';
const KEY = '0123456789abcdef0123456789ABCDEF';

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(() => 1_770_000_000_000),
    accounts: [
      {
        name: 'tea',
        title: '阿茶',
        appId: APP,
        appSecret: 's',
        token: 't',
        originalId: 'gh_0a1b2c3d4e5f',
        mode: 'plain',
        webhook: '',
        encodingAesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
      },
    ],
    merchants: [{ mchId: MCH, apiV2Key: KEY, balance: 100_000, appIds: [APP] }],
  });
});
afterEach(() => simulator.close());

/** The combined client wants v3 settings as well; none of them is used here. */
function client(mchId = MCH): Wechatpay {
  const { caPem: ca, certPem: cert, keyPem: key, serialNumber } = simulator.certificates(mchId);
  return new Wechatpay({
    mchid: mchId,
    serial: serialNumber,
    privateKey: key,
    certs: { none: cert },
    secret: KEY,
    // Handed to `new https.Agent(merchant)` as it is, so our CA may stand there too.
    merchant: { cert, key, ca },
    baseURL: `${simulator.payUrl}/`,
    proxy: false,
  });
}

const redpack = (openid: string) => ({
  mch_billno: `${MCH}20260210sdk0000001`,
  mch_id: MCH,
  wxappid: APP,
  send_name: '鹅企支付',
  re_openid: openid,
  total_amount: '1000',
  total_num: '1',
  wishing: 'HAPPY & <生日>',
  client_ip: '192.168.0.1',
  act_name: '回馈活动',
  remark: '会员回馈活动',
  scene_id: 'PRODUCT_4',
});

test('wechatpay-axios-plugin sends a red packet and asks after it, with its own sign and client certificate', async () => {
  const { openid } = simulator.control.addPerson();
  const send = client().chain('v2/mmpaymkttransfers/sendredpack');
  const sent = await send.post<Record<string, string>>(redpack(openid), { security: true });
  expect(sent.data).toMatchObject({
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    re_openid: openid,
    total_amount: '1000',
  });
  expect(simulator.control.packet(MCH, `${MCH}20260210sdk0000001`)).toMatchObject({
    status: 'SENT',
    wishing: 'HAPPY & <生日>',
  });
  simulator.control.openPacket(MCH, `${MCH}20260210sdk0000001`, openid);
  const query = { mch_billno: `${MCH}20260210sdk0000001`, mch_id: MCH, appid: APP, bill_type: 'MCHT' };
  const asked = await client().chain('v2/mmpaymkttransfers/gethbinfo').post<unknown>(query, { security: true });
  expect(asked.data).toMatchObject({
    status: 'RECEIVED',
    detail_id: sent.data.send_listid,
    hblist: { hbinfo: { openid, amount: '1000' } },
  });
});

test('without security: true it sends no certificate, and reads CA_ERROR as a business error', async () => {
  const { openid } = simulator.control.addPerson();
  const httpsAgent = new https.Agent({ ca: simulator.certificates(MCH).caPem });
  const failure = await client()
    .chain('v2/mmpaymkttransfers/sendredpack')
    .post(redpack(openid), { httpsAgent })
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ response: { data: { result_code: 'FAIL', err_code: 'CA_ERROR' } } });
  httpsAgent.destroy();
});
