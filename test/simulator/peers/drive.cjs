// Runs in the folder into which the peers were installed: each that is named is driven by its own documented calls, and says in one
// line of JSON what came of each. What is not installed there is one of this checkout's own packages. Knows of the simulator its addresses and keys, as a merchant knows those of WeChat, and its control API.
const { createHash } = require('node:crypto');
const { createServer } = require('node:http');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const there = createRequire(join(process.cwd(), 'package.json'));
function need(name) {
  try {
    return there(name);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return require(name);
  }
}
const given = JSON.parse(process.env.SIMULATOR_GIVEN);
const { names, url, payUrl, appId, appSecret, token, aesKey, mchId, apiV2Key, apiV3Key, certificate } = given;

const say = (name, what, ok, saw) =>
  process.stdout.write(`${JSON.stringify({ name, what, ok, saw: String(saw).slice(0, 200) })}\n`);
async function step(name, what, work) {
  try {
    const saw = await work();
    say(name, what, saw !== false, JSON.stringify(saw) ?? 'done');
  } catch (error) {
    const data = error?.response?.data;
    say(name, what, false, data ? JSON.stringify(data) : (error?.stack ?? error));
  }
}
function expect(is, wanted) {
  if (is !== wanted) throw new Error(`expected ${wanted}, got ${is}`);
  return is;
}
async function control(method, path, body) {
  const answer = await fetch(`${url}/control${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(json)}`);
  return json;
}
/** A server of a bot's or of a merchant's own. */
async function listening(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () =>
      new Promise(resolve => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
async function bodyOf(req) {
  let text = '';
  for await (const part of req) text += part;
  return text;
}

async function axiosPlugin(openid) {
  const name = 'wechatpay-axios-plugin';
  const { Wechatpay, Formatter, Rsa, Aes } = need(name);
  const httpsAgent = new (require('node:https').Agent)({ ca: certificate.caPem });
  const wxpay = new Wechatpay({
    mchid: mchId,
    serial: certificate.serialNumber,
    privateKey: certificate.keyPem,
    certs: { [certificate.publicKeyId]: certificate.publicKeyPem },
    secret: apiV2Key,
    merchant: { cert: certificate.certPem, key: certificate.keyPem, ca: certificate.caPem },
    httpsAgent,
    baseURL: `${payUrl}/`,
    proxy: false,
  });
  const packet = {
    nonce_str: Formatter.nonce(),
    mch_billno: 'PEERPACKET1',
    mch_id: mchId,
    wxappid: appId,
    send_name: 'tea',
    re_openid: openid,
    total_amount: 100,
    total_num: 1,
    wishing: 'w',
    client_ip: '127.0.0.1',
    act_name: 'a',
    remark: 'r',
  };
  await step(name, 'a red packet is sent', async () =>
    expect((await wxpay.v2.mmpaymkttransfers.sendredpack.post(packet, { security: true })).data.result_code, 'SUCCESS'),
  );
  await step(name, 'and asked after', async () =>
    expect(
      (
        await wxpay.v2.mmpaymkttransfers.gethbinfo.post(
          { nonce_str: Formatter.nonce(), mch_billno: 'PEERPACKET1', mch_id: mchId, appid: appId, bill_type: 'MCHT' },
          { security: true },
        )
      ).data.status,
      'SENT',
    ),
  );
  await step(name, 'a group packet is sent, its signed answer verified', async () => {
    const { client_ip, ...rest } = packet;
    return expect(
      (
        await wxpay.v2.mmpaymkttransfers.sendgroupredpack.post(
          { ...rest, mch_billno: 'PEERGROUP1', total_amount: 300, total_num: 3, amt_type: 'ALL_RAND' },
          { security: true },
        )
      ).data.result_code,
      'SUCCESS',
    );
  });
  const heard = [];
  const shop = await listening(async (req, res) => {
    heard.push({ headers: req.headers, body: await bodyOf(req) });
    res.end();
  });
  await step(name, 'an order is placed (v3), paid, told and decrypted', async () => {
    const order = {
      mchid: mchId,
      appid: appId,
      out_trade_no: 'PEERORDER1',
      description: 'tea',
      notify_url: `${shop.url}/paid`,
      amount: { total: 6800 },
      payer: { openid },
    };
    const { data } = await wxpay.v3.pay.transactions.jsapi.post(order);
    if (!data.prepay_id) throw new Error(JSON.stringify(data));
    await control('POST', `/people/${openid}/pay`, { orderNo: 'PEERORDER1' });
    for (let n = 0; heard.length === 0 && n < 100; n++) await new Promise(resolve => setTimeout(resolve, 50));
    const [{ headers, body }] = heard;
    const signed = Formatter.response(headers['wechatpay-timestamp'], headers['wechatpay-nonce'], body);
    expect(Rsa.verify(signed, headers['wechatpay-signature'], Rsa.from(certificate.publicKeyPem, 'public')), true);
    const { resource } = JSON.parse(body);
    return expect(
      JSON.parse(Aes.AesGcm.decrypt(resource.ciphertext, apiV3Key, resource.nonce, resource.associated_data))
        .trade_state,
      'SUCCESS',
    );
  });
  await step(name, 'a refund (v3), once', async () =>
    expect(
      (
        await wxpay.v3.refund.domestic.refunds.post({
          out_trade_no: 'PEERORDER1',
          out_refund_no: 'PEERBACK1',
          amount: { refund: 800, total: 6800, currency: 'CNY' },
        })
      ).data.status,
      'PROCESSING',
    ),
  );
  await step(name, 'an order (v2), signed both ways', async () =>
    expect(
      (
        await wxpay.v2.pay.unifiedorder.post({
          appid: appId,
          mch_id: mchId,
          nonce_str: Formatter.nonce(),
          body: 'tea',
          out_trade_no: 'PEERORDER2',
          total_fee: '100',
          spbill_create_ip: '127.0.0.1',
          notify_url: `${shop.url}/paid`,
          trade_type: 'JSAPI',
          openid,
        })
      ).data.result_code,
      'SUCCESS',
    ),
  );
  httpsAgent.destroy();
  await shop.close();
}

async function nodeV3(openid) {
  const name = 'wechatpay-node-v3';
  const WxPay = need(name);
  const pay = new WxPay({
    appid: appId,
    mchid: mchId,
    publicKey: Buffer.from(certificate.certPem),
    privateKey: Buffer.from(certificate.keyPem),
    key: apiV3Key,
  });
  await step(name, 'an order by its fixed host', async () =>
    expect(
      (
        await pay.transactions_jsapi({
          description: 'tea',
          out_trade_no: 'PEERV3ORDER1',
          notify_url: 'http://127.0.0.1:9/',
          amount: { total: 100 },
          payer: { openid },
        })
      ).status,
      200,
    ),
  );
  await step(name, 'is asked after', async () =>
    expect((await pay.query({ out_trade_no: 'PEERV3ORDER1' })).data?.trade_state, 'NOTPAY'),
  );
  await control('PUT', `/merchants/${mchId}/signing`, { publicKey: 1, certificate: 1 });
  await step(name, 'fetches the platform certificates and decrypts them', async () =>
    expect((await pay.get_certificates(apiV3Key)).length, 1),
  );
  await step(name, 'closes the order', async () => expect((await pay.close('PEERV3ORDER1')).status, 204));
}

async function coWechatApi(openid) {
  const name = 'co-wechat-api';
  const API = need(name);
  const api = new API(appId, appSecret);
  await step(name, 'a follower, by its fixed host', async () => expect((await api.getUser(openid)).subscribe, 1));
  await step(name, 'a menu', async () =>
    expect((await api.createMenu({ button: [{ type: 'click', name: 'a', key: 'K' }] })).errcode, 0),
  );
  await step(name, 'reads it back', async () => expect((await api.getMenu()).menu.button.length, 1));
  await step(name, 'a message', async () => expect((await api.sendText(openid, 'hello')).errcode, 0));
  await step(name, 'a tag', async () => typeof (await api.createTags('vip')).tag?.id === 'number');
  await step(name, 'a QR code', async () => typeof (await api.createTmpQRCode(123, 60)).ticket === 'string');
  await step(name, 'a template message', async () =>
    expect((await api.sendTemplate(openid, 'TEMPLATE-1', '', '', { thing1: { value: 'tea' } })).errcode, 0),
  );
}

async function easyWechat(openid) {
  const name = 'node-easywechat';
  const { OfficialAccount } = need(name);
  const app = new OfficialAccount({
    app_id: appId,
    secret: appSecret,
    token,
    aes_key: aesKey,
    file_cache: { path: join(process.cwd(), `cache-${process.pid}`) },
    oauth: { scope: 'snsapi_userinfo' },
  });
  await step(name, 'a token and a call', async () =>
    expect((await app.getClient().get('/cgi-bin/user/info', { params: { openid } })).toObject().subscribe, 1),
  );
  await step(name, 'OAuth with a profile', async () => {
    const oauth = app.getOAuth();
    const link = new URL(oauth.redirect('http://127.0.0.1/back'));
    const answer = await fetch(`${url}${link.pathname}${link.search}`, {
      redirect: 'manual',
      headers: { cookie: `wechat_person=${openid}` },
    });
    const code = new URL(answer.headers.get('location')).searchParams.get('code');
    const user = await oauth.userFromCode(code);
    return expect(user.getNickname(), 'Ann');
  });
}

/** What a bot says to "hello", whoever has written it. */
async function bot(name, handler) {
  const server = await listening(handler);
  await step(name, 'answers the handshake', async () => {
    await control('PUT', '/accounts/tea', { webhook: server.url });
    return expect((await control('POST', '/accounts/tea/verify', {})).ok, true);
  });
  const { openid } = await control('POST', '/people', { following: true });
  await step(name, 'answers a follower, encrypted', async () =>
    expect((await control('POST', `/people/${openid}/act`, { kind: 'text', text: 'hello' })).outcome, 'reply'),
  );
  await step(name, 'is read', async () =>
    expect((await control('GET', `/people/${openid}`)).chat.at(-1).text, 'you said hello'),
  );
  await server.close();
}

async function coWechatBot() {
  const Koa = need('koa');
  const coWechat = need('co-wechat');
  const app = new Koa();
  app.use(
    coWechat({ appid: appId, token, encodingAESKey: aesKey }).middleware(
      async message => `you said ${message.Content}`,
    ),
  );
  await bot('co-wechat', app.callback());
}

async function wechatBot() {
  const express = need('express');
  const wechat = need('wechat');
  const web = express();
  web.use(
    '/',
    wechat({ appid: appId, token, encodingAESKey: aesKey }, (req, res) => res.reply(`you said ${req.weixin.Content}`)),
  );
  await bot('wechat', web);
}

/** By hand, as WeChat's documents have it: Tencent's library for what is signed and sealed. */
async function cryptoBot() {
  const Koa = need('koa');
  const { getSignature, decrypt, encrypt } = need('@wecom/crypto');
  const within = (xml, name) => new RegExp(`<${name}><!\\[CDATA\\[(.*?)\\]\\]></${name}>`, 's').exec(xml)?.[1];
  const app = new Koa();
  app.use(async ctx => {
    const { timestamp, nonce, signature, msg_signature, echostr } = ctx.query;
    if (ctx.method === 'GET') {
      const own = createHash('sha1').update([token, timestamp, nonce].sort().join('')).digest('hex');
      ctx.body = own === signature ? echostr : '';
      return;
    }
    const sealed = within(await bodyOf(ctx.req), 'Encrypt');
    if (getSignature(token, timestamp, nonce, sealed) !== msg_signature) ctx.throw(401);
    const { message, id } = decrypt(aesKey, sealed);
    const [to, from, text] = ['FromUserName', 'ToUserName', 'Content'].map(name => within(message, name));
    const reply = `<xml><ToUserName><![CDATA[${to}]]></ToUserName><FromUserName><![CDATA[${from}]]></FromUserName><CreateTime>${timestamp}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[you said ${text}]]></Content></xml>`;
    const answer = encrypt(aesKey, reply, id);
    ctx.type = 'xml';
    ctx.body = `<xml><Encrypt><![CDATA[${answer}]]></Encrypt><MsgSignature><![CDATA[${getSignature(token, timestamp, nonce, answer)}]]></MsgSignature><TimeStamp>${timestamp}</TimeStamp><Nonce><![CDATA[${nonce}]]></Nonce></xml>`;
  });
  await bot('@wecom/crypto', app.callback());
}

const PEERS = {
  'wechatpay-axios-plugin': axiosPlugin,
  'wechatpay-node-v3': nodeV3,
  'co-wechat-api': coWechatApi,
  'node-easywechat': easyWechat,
  'co-wechat': coWechatBot,
  wechat: wechatBot,
  '@wecom/crypto': cryptoBot,
};

(async () => {
  const { openid } = await control('POST', '/people', { nickname: 'Ann', following: true });
  await control('PUT', '/accounts/tea/templates', [{ id: 'TEMPLATE-1', fields: ['thing1'] }]);
  for (const name of names) await PEERS[name](openid);
})()
  .catch(error => {
    say('drive', 'the whole', false, error.stack);
    process.exitCode = 1;
  })
  .finally(() => setTimeout(() => process.exit(), 100));
