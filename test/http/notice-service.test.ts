// Notices that a service provider (服务商) gets of payments to the merchants it serves, and all others that WeChat Pay signed but
// that are not for us: through the doors. Whoever signed right is never taken for a forger.

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createBot } from '../../src/app/bot.ts';
import { loadConfig } from '../../src/config/config.ts';
import { eventKey } from '../../src/core/base/event.ts';
import { instant } from '../../src/core/base/time.ts';
import { paymentKey } from '../../src/core/payout/payment.ts';
import { realTimer } from '../../src/main.ts';
import type { Log } from '../../src/ports.ts';
import { DEFAULT_API_V3_KEY } from '../../src/simulator/shared/options.ts';
import { ACCOUNT, ENV, MERCHANT, PEM_LINES, RULES, startWorld, type World } from '../support/harness.ts';
import { portOf } from '../support/listening.ts';
import { Aes, type Fields, Formatter, Hash, Rsa, Transformer } from '../support/wechatpay-plugin.ts';

const PROVIDER_APP = 'wx7777777777777777';
const SERVED = '1900000777';
const KEY_ID = 'PUB_KEY_ID_0119000001092026021000000000000009';
const KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

type Line = { readonly level: string; readonly fields: Readonly<Record<string, unknown>>; readonly message: string };
let lines: Line[] = [];
const note =
  (level: string) =>
  (fields: object, message: string): void =>
    void lines.push({ level, fields: { ...fields }, message });
const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };

let world: World;
let orders: Server;
/** What WeChat Pay answers to questions about orders, and which were put. */
let orderAnswer: (path: string, body: string) => { headers?: Record<string, string>; body: string };
let questions: string[] = [];
/** One bot is a service provider's, one serves nobody, one asks after each order. */
const doors: Record<'serving' | 'alone' | 'asking' | 'askingV2', string> = {
  serving: '',
  alone: '',
  asking: '',
  askingV2: '',
};
const closes: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  world = await startWorld({
    log,
    rules: `${RULES}  - { id: shop, on: { paid: { over: ¥5.00 } }, once: perEvent, give: gift }\n`,
    certificate: ({ folder }) => {
      writeFileSync(join(folder, 'mine.pem'), KEYS.publicKey);
      return `${PEM_LINES}\n    apiV3Key: ${DEFAULT_API_V3_KEY}\n    platformKeys: [{ id: ${KEY_ID}, publicKey: mine.pem }]`;
    },
  });
  orders = createServer(async (req, res) => {
    questions.push(`${req.method} ${req.url}`);
    const { headers = {}, body } = orderAnswer(req.url ?? '', await text(req));
    res.writeHead(200, headers).end(body);
  });
  const { serialNumber } = world.simulator.certificates(MERCHANT.mchId);
  const api = await listening(orders);
  await start('alone', yaml => yaml);
  await start('serving', yaml => `${yaml.trimEnd()}\n    subMchId: "${SERVED}"\n`);
  const asking = (yaml: string): string =>
    `${yaml.trimEnd().replace(/ {4}api: https:.*/, `    api: ${api}`)}\n    subMchId: "${SERVED}"\n    orderQuery: true\n`;
  await start('asking', yaml => `${asking(yaml)}    serialNo: "${serialNumber}"\n`);
  await start('askingV2', asking);
});
afterAll(async () => {
  for (const close of closes) await close();
  await new Promise(resolve => {
    orders.close(resolve);
    orders.closeAllConnections();
  });
  await world.close();
});
afterEach(() => {
  lines = [];
  questions = [];
});

async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${portOf(server)}`;
}

async function start(name: keyof typeof doors, change: (yaml: string) => string): Promise<void> {
  const file = join(world.folder, `${name}.yaml`);
  writeFileSync(file, change(readFileSync(join(world.folder, 'bot.yaml'), 'utf8').replace(/^lint:.*\n/m, '')));
  const config = loadConfig(file, ENV);
  const bot = await createBot({
    holder: name,
    config,
    clock: () => instant(Date.now()),
    timer: realTimer,
    log,
    store: world.store,
  });
  const server = createServer(bot.app.callback());
  doors[name] = await listening(server);
  closes.push(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    await bot.stop();
  });
}

let count = 0;
const fresh = (): string => `4200000000${String(++count).padStart(10, '0')}`;
const openid = (): string => `o${createHash('sha1').update(String(++count)).digest('hex').slice(0, 27)}`;

function sealed(content: object, { event = 'TRANSACTION.SUCCESS', type = 'transaction' } = {}) {
  const nonce = randomBytes(6).toString('hex');
  const ciphertext = Aes.AesGcm.encrypt(JSON.stringify(content), DEFAULT_API_V3_KEY, nonce, type);
  const resource = { original_type: type, algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data: type, nonce };
  return signed(JSON.stringify({ id: 'EV-1', resource_type: 'encrypt-resource', event_type: event, resource }));
}
function signed(body: string) {
  const [time, nonce] = [String(Math.floor(Date.now() / 1000)), randomBytes(6).toString('hex')];
  const headers = {
    'wechatpay-serial': KEY_ID,
    'wechatpay-timestamp': time,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': Rsa.sign(Formatter.response(time, nonce, body), KEYS.privateKey),
  };
  return { headers, body };
}
async function post(
  { headers, body }: { headers?: Record<string, string>; body: string },
  door: keyof typeof doors = 'serving',
  path = '/notify/pay/shop',
) {
  const answer = await fetch(doors[door] + path, { method: 'POST', headers: headers ?? {}, body });
  return { status: answer.status, body: await answer.text() };
}
const v3 = (parts: object = {}) => ({
  sp_appid: ACCOUNT.appId,
  sp_mchid: MERCHANT.mchId,
  sub_mchid: SERVED,
  out_trade_no: 'O1',
  transaction_id: fresh(),
  trade_type: 'JSAPI',
  trade_state: 'SUCCESS',
  bank_type: 'OTHERS',
  success_time: new Date().toISOString(),
  payer: { sp_openid: openid() },
  amount: { total: 1000, payer_total: 1000, currency: 'CNY', payer_currency: 'CNY' },
  ...parts,
});
const v2 = (parts: Readonly<Record<string, string | undefined>> = {}): Record<string, string> => {
  const fields: Record<string, string | undefined> = {
    appid: PROVIDER_APP,
    mch_id: MERCHANT.mchId,
    sub_appid: ACCOUNT.appId,
    sub_mch_id: SERVED,
    nonce_str: 'n',
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    openid: openid(),
    sub_openid: openid(),
    is_subscribe: 'N',
    sub_is_subscribe: 'Y',
    trade_type: 'JSAPI',
    total_fee: '1000',
    cash_fee: '1000',
    fee_type: 'CNY',
    transaction_id: fresh(),
    out_trade_no: 'O2',
    time_end: new Date(Date.now() + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14),
    ...parts,
  };
  return Object.fromEntries(Object.entries(fields).filter((each): each is [string, string] => each[1] !== undefined));
};
const xml = (fields: Fields): { body: string } => ({
  body: Transformer.toXml({ ...fields, sign: Hash.sign('MD5', fields, MERCHANT.apiV2Key) }),
});
/** The event a transaction became, if any. */
const eventOf = async (transaction: unknown) =>
  (await world.store.journal({ key: paymentKey(String(transaction)), limit: 2 }))[0]?.event;
const rewarded = (user: unknown, amount = 1000) => ({ kind: 'paid', account: 'tea', merchant: 'shop', user, amount });

describe('a notice to a service provider', () => {
  test('by API v3 rewards the payer under the AppID that is an account of ours, its own or the served one’s', async () => {
    const own = v3();
    expect(await post(sealed(own))).toEqual({ status: 204, body: '' });
    expect(await eventOf(own.transaction_id)).toMatchObject(rewarded(own.payer.sp_openid));
    const both = { sp_openid: openid(), sub_openid: openid() };
    const served = v3({ sp_appid: PROVIDER_APP, sub_appid: ACCOUNT.appId, payer: both });
    expect((await post(sealed(served))).status).toBe(204);
    expect(await eventOf(served.transaction_id)).toMatchObject(rewarded(both.sub_openid));
    expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  test('by API v2 likewise', async () => {
    const served = v2();
    expect((await post(xml(served))).body).toContain('SUCCESS');
    expect(await eventOf(served.transaction_id)).toMatchObject(rewarded(served.sub_openid));
    const own = v2({ appid: ACCOUNT.appId, sub_appid: undefined, sub_openid: undefined });
    expect((await post(xml(own))).status).toBe(200);
    expect(await eventOf(own.transaction_id)).toMatchObject(rewarded(own.openid));
  });

  test('without payer_total or cash_fee tells the cash by the order and its coupons', async () => {
    const plain = v3({ amount: { total: 1000, currency: 'CNY' } });
    await post(sealed(plain));
    expect(await eventOf(plain.transaction_id)).toMatchObject(rewarded(plain.payer.sp_openid));
    const coupons = v2({ cash_fee: undefined, coupon_fee: '300' });
    await post(xml(coupons));
    expect(await eventOf(coupons.transaction_id)).toMatchObject(rewarded(coupons.sub_openid, 700));
  });

  test('of a refund takes the reward’s payment back, by both APIs', async () => {
    const [one, two] = [v3(), v2()];
    await post(sealed(one));
    await post(xml(two));
    const amount = { total: 1000, refund: 1000, payer_total: 1000, payer_refund: 1000 };
    const content = {
      sp_mchid: MERCHANT.mchId,
      sub_mchid: SERVED,
      out_trade_no: 'O1',
      transaction_id: one.transaction_id,
      out_refund_no: 'R1',
      refund_id: `5030${fresh()}`,
      refund_status: 'SUCCESS',
      success_time: new Date().toISOString(),
      user_received_account: '支付用户零钱',
      amount,
    };
    expect((await post(sealed(content, { event: 'REFUND.SUCCESS', type: 'refund' }))).status).toBe(204);
    const inner = {
      transaction_id: two.transaction_id!,
      refund_id: `5030${fresh()}`,
      refund_status: 'SUCCESS',
      refund_fee: '1000',
      total_fee: '1000',
      success_time: '2026-02-10 10:00:00',
    };
    const root = Transformer.toXml(inner)
      .replace(/^<xml>/, '<root>')
      .replace(/xml>$/, 'root>');
    const outer = {
      return_code: 'SUCCESS',
      appid: PROVIDER_APP,
      mch_id: MERCHANT.mchId,
      sub_appid: ACCOUNT.appId,
      sub_mch_id: SERVED,
      nonce_str: 'n',
      req_info: Aes.AesEcb.encrypt(root, Hash.md5(MERCHANT.apiV2Key)),
    };
    expect((await post({ body: Transformer.toXml(outer) })).status).toBe(200);
    for (const [key, user] of [
      [`r:${content.refund_id}`, one.payer.sp_openid],
      [`r:${inner.refund_id}`, two.sub_openid],
    ] as const)
      expect(await world.store.journal({ key: eventKey(key), limit: 1 })).toMatchObject([
        { event: { kind: 'refunded', user } },
      ]);
  });

  test('to a merchant without subMchId is heard, gives nothing, and is said with the line to add', async () => {
    const content = v3();
    expect((await post(sealed(content), 'alone')).status).toBe(204);
    expect(await eventOf(content.transaction_id)).toBeUndefined();
    expect(lines).toMatchObject([{ level: 'warn', fields: { reason: expect.stringContaining('subMchId') } }]);
  });

  test('of another merchant served, or another provider, is heard and gives nothing', async () => {
    const byV3 = [v3({ sub_mchid: '1900000778' }), v3({ sp_mchid: '1900000110' })];
    const byV2 = [v2({ sub_mch_id: '1900000778' }), v2({ mch_id: '1900000110' })];
    for (const each of byV3) expect((await post(sealed(each))).status).toBe(204);
    for (const each of byV2) expect((await post(xml(each))).status).toBe(200);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn', 'warn']);
    for (const { transaction_id } of [...byV3, ...byV2]) expect(await eventOf(transaction_id)).toBeUndefined();
  });

  test('whose order is asked after first is asked as the provider, and believed when the order is the same', async () => {
    const payer = { sub_openid: openid() };
    const content = v3({ sp_appid: PROVIDER_APP, sub_appid: ACCOUNT.appId, payer });
    const order = { ...content, out_trade_no: 'O1' };
    orderAnswer = () => signed(JSON.stringify(order));
    expect((await post(sealed(content), 'asking')).status).toBe(204);
    expect(questions).toEqual([
      `GET /v3/pay/partner/transactions/out-trade-no/O1?sp_mchid=${MERCHANT.mchId}&sub_mchid=${SERVED}`,
    ]);
    expect(await eventOf(content.transaction_id)).toMatchObject(rewarded(payer.sub_openid));
    const other = v3();
    orderAnswer = () => signed(JSON.stringify({ ...other, sub_mchid: '1900000778' }));
    expect((await post(sealed(other), 'asking')).status).toBe(503);
    expect(await eventOf(other.transaction_id)).toBeUndefined();
  });

  test('… by API v2 too', async () => {
    const content = v2();
    let asked: Fields = {};
    orderAnswer = (_, body) => {
      asked = Transformer.toObject(body);
      return xml({ ...content, trade_state: 'SUCCESS' });
    };
    expect((await post(xml(content), 'askingV2')).status).toBe(200);
    expect(asked).toMatchObject({
      appid: PROVIDER_APP,
      mch_id: MERCHANT.mchId,
      sub_mch_id: SERVED,
      out_trade_no: 'O2',
    });
    expect(await eventOf(content.transaction_id)).toMatchObject(rewarded(content.sub_openid));
  });
});

describe('a notice with a right signature', () => {
  test('that no rule of ours could mean is heard: complaints, other products, fields that are missing', async () => {
    const strange = [
      sealed({ complaint_id: '1' }, { event: 'COMPLAINT.CREATE', type: 'complaint' }),
      sealed(v3(), { event: 'MCHTRANSFER.BILL.FINISHED', type: 'mch_payment' }),
      sealed(v3({ payer: {} })),
      sealed(v3({ amount: undefined })),
      signed('[]'),
      signed('{'),
    ];
    for (const each of strange) expect(await post(each)).toEqual({ status: 204, body: '' });
    expect(lines.map(({ level }) => level)).toEqual(Array(strange.length).fill('warn'));
    expect(lines.every(({ fields }) => typeof fields.reason === 'string')).toBe(true);
  });

  test('and another APIv3 key is asked for again, with an alarm: once bot.yaml is mended it will be read', async () => {
    const nonce = randomBytes(6).toString('hex');
    const ciphertext = Aes.AesGcm.encrypt(JSON.stringify(v3()), 'x'.repeat(32), nonce, 'transaction');
    const resource = {
      original_type: 'transaction',
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext,
      associated_data: 'transaction',
      nonce,
    };
    expect((await post(signed(JSON.stringify({ event_type: 'TRANSACTION.SUCCESS', resource })))).status).toBe(503);
    expect(lines).toMatchObject([{ level: 'error', message: expect.stringContaining('apiV3Key') }]);
  });

  test('altered by a byte is refused, and nobody is told why', async () => {
    const { headers, body } = sealed(v3());
    expect(await post({ headers, body: `${body} ` })).toEqual({ status: 401, body: '' });
  });
});
