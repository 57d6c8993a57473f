// Which of the peers find the simulator by `HTTPS_PROXY` alone: one line of JSON. No host has an address here, so that whoever does
// not ask the proxy finds nothing, and nobody finds the real WeChat.
const dns = require('node:dns');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const lookup = dns.lookup;
dns.lookup = (host, ...more) =>
  /^[\d.]+$/.test(host)
    ? lookup(host, ...more)
    : more.at(-1)(Object.assign(new Error(`nobody knows ${host}`), { code: 'ENOTFOUND' }));

const there = createRequire(join(process.cwd(), 'package.json'));
const { names, appId, appSecret, mchId, apiKey, certificate } = JSON.parse(process.env.SIMULATOR_GIVEN);

const CLIENTS = {
  'wechatpay-axios-plugin': async () => {
    const { Wechatpay } = there('wechatpay-axios-plugin');
    const wxpay = new Wechatpay({
      ...{ mchid: mchId, serial: certificate.serialNumber, secret: apiKey, privateKey: certificate.keyPem },
      certs: { [certificate.publicKeyId]: certificate.publicKeyPem },
    });
    const what = { transaction_id: '1', params: { mchid: mchId } };
    const { response } = await wxpay.v3.pay.transactions.id['{transaction_id}'].get(what).catch(error => error);
    return response?.status === 404;
  },
  'node-easywechat': async () => {
    const { OfficialAccount } = there('node-easywechat');
    const file_cache = { path: join(process.cwd(), `cache-${process.pid}`) };
    const client = new OfficialAccount({ app_id: appId, secret: appSecret, file_cache }).getClient();
    return (await client.get('/cgi-bin/user/get')).toObject().total === 0;
  },
  'wechatpay-node-v3': async () => {
    const WxPay = there('wechatpay-node-v3');
    const [publicKey, privateKey] = [certificate.certPem, certificate.keyPem].map(each => Buffer.from(each));
    return (
      (await new WxPay({ appid: appId, mchid: mchId, publicKey, privateKey }).query({ out_trade_no: 'NONE' }))
        .status === 404
    );
  },
  'co-wechat-api': async () => {
    const API = there('co-wechat-api');
    return (await new API(appId, appSecret).getFollowers()).total === 0;
  },
  fetch: async () => (await fetch('https://api.weixin.qq.com/cgi-bin/getcallbackip')).ok,
};

(async () => {
  const found = {};
  for (const name of names) found[name] = await CLIENTS[name]().catch(() => false);
  process.stdout.write(JSON.stringify(found), () => process.exit());
})().catch(() => process.exit(1));
