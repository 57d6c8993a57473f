// Notices of payments and refunds, word by word: what WeChat Pay signed is believed, everything else is an empty 4xx. Signs
// and seals are made with code nobody here wrote.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BadInput } from '../../src/core/base/error.ts';
import { eventKey, openId } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { type Instant, instant, later } from '../../src/core/base/time.ts';
import {
  orderVerdict,
  type PaidNotice,
  paidEvent,
  type RefundNotice,
  refundedEvent,
  type SeenOrder,
  UNKNOWN_PAYER,
} from '../../src/core/payout/payment.ts';
import { sparing } from '../../src/lib/log-throttle.ts';
import type { Log } from '../../src/ports.ts';
import { DEFAULT_API_V3_KEY } from '../../src/simulator/shared/options.ts';
import { createPayNoticeReader, type OpenedNotice, type PayNoticeReader } from '../../src/wechat/pay/payment-notice.ts';
import { trustOf } from '../../src/wechat/pay/v3-signature.ts';
import { parseXml } from '../../src/wechat/xml.ts';
import { ACCOUNT, MERCHANT, PEM_LINES, startWorld, type World } from '../support/harness.ts';
import { Aes, type Fields, Formatter, Hash, Rsa, Transformer } from '../support/wechatpay-plugin.ts';

const KEY = MERCHANT.apiV2Key;
const KEY_V3 = '0123456789abcdef0123456789ABCDEF';
const KEY_ID = 'PUB_KEY_ID_0119000001092026021000000000000001';
const rsa = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const KEYS = rsa();
const NOW = instant(Date.parse('2026-02-10T10:00:30+08:00'));
const PAID_AT = instant(Date.parse('2026-02-10T10:00:00+08:00'));
const OPENID = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';

const V2 = { mchId: MERCHANT.mchId, apiV2Key: KEY };
const V3 = {
  mchId: MERCHANT.mchId,
  v3: { apiV3Key: KEY_V3, trust: trustOf([{ id: KEY_ID, pem: Buffer.from(KEYS.publicKey) }]) },
};
const readers = {
  v2: createPayNoticeReader(V2),
  v3: createPayNoticeReader(V3),
  both: createPayNoticeReader({ ...V2, ...V3 }),
};

// ── What WeChat Pay would send ───────────────────────────────────────────────────────────────────────────────

const PAID_FIELDS = {
  appid: ACCOUNT.appId,
  mch_id: MERCHANT.mchId,
  nonce_str: '5d2b6c2a8db53831f7eda20af46e531c',
  return_code: 'SUCCESS',
  result_code: 'SUCCESS',
  openid: OPENID,
  is_subscribe: 'Y',
  trade_type: 'JSAPI',
  bank_type: 'CFT',
  total_fee: '6800',
  cash_fee: '6800',
  fee_type: 'CNY',
  transaction_id: '4200002001202602101234567890',
  out_trade_no: 'POS20260210-0001',
  time_end: '20260210100000',
};
const COUPONS: Fields = {
  settlement_total_fee: '6300',
  cash_fee: '5000',
  coupon_fee: '1800',
  coupon_count: '2',
  coupon_id_0: '10000',
  coupon_fee_0: '1300',
  coupon_type_0: 'CASH',
  coupon_id_1: '10001',
  coupon_fee_1: '500',
  coupon_type_1: 'NO_CASH',
};
const PAID: PaidNotice = {
  kind: 'paid',
  appId: ACCOUNT.appId,
  user: openId(OPENID),
  transaction: '4200002001202602101234567890',
  order: 'POS20260210-0001',
  amount: fen(6800),
  total: fen(6800),
  at: PAID_AT,
};

/** Signed by their code over all that is sent; `undefined` leaves a field out. */
function xmlOf(parts: Readonly<Record<string, string | undefined>> = {}, type = 'MD5', key = KEY): string {
  const fields = Object.fromEntries(
    Object.entries({ ...PAID_FIELDS, ...parts }).filter((each): each is [string, string] => each[1] !== undefined),
  );
  return Transformer.toXml({ ...fields, sign: Hash.sign(type, fields, key) });
}

const REFUND_FIELDS: Fields = {
  out_refund_no: 'R-1',
  out_trade_no: 'POS20260210-0001',
  refund_account: 'REFUND_SOURCE_RECHARGE_FUNDS',
  refund_fee: '2000',
  refund_id: '50300602202026021000000000001',
  refund_recv_accout: '用户零钱',
  refund_request_source: 'API',
  refund_status: 'SUCCESS',
  settlement_refund_fee: '1900',
  settlement_total_fee: '6800',
  success_time: '2026-02-10 10:00:00',
  total_fee: '6800',
  transaction_id: '4200002001202602101234567890',
};
function refundXmlOf(parts: Fields = {}, { key = KEY, outer = {} }: { key?: string; outer?: Fields } = {}): string {
  const inner = Transformer.toXml({ ...REFUND_FIELDS, ...parts })
    .replace(/^<xml>/, '<root>')
    .replace(/xml>$/, 'root>');
  const sealed = Aes.AesEcb.encrypt(inner, Hash.md5(key));
  const { appid, mch_id, nonce_str } = PAID_FIELDS;
  return Transformer.toXml({ return_code: 'SUCCESS', appid, mch_id, nonce_str, req_info: sealed, ...outer });
}

type Sealing = {
  readonly event?: string;
  readonly type?: string;
  readonly key?: string;
  readonly apiV3Key?: string;
  readonly serial?: string;
  readonly at?: number;
  readonly signature?: string;
};
type Delivery = { readonly headers: Record<string, string>; readonly body: string };

function seal(content: object, parts: Sealing = {}): Delivery {
  const { event = 'TRANSACTION.SUCCESS', type = 'transaction', at = NOW } = parts;
  const nonce = randomBytes(6).toString('hex');
  const ciphertext = Aes.AesGcm.encrypt(JSON.stringify(content), parts.apiV3Key ?? KEY_V3, nonce, type);
  const resource = { original_type: type, algorithm: 'AEAD_AES_256_GCM', ciphertext, associated_data: type, nonce };
  const body = JSON.stringify({
    id: 'EV-2018022511223320873',
    create_time: '2026-02-10T10:00:00+08:00',
    resource_type: 'encrypt-resource',
    event_type: event,
    summary: '支付成功',
    resource,
  });
  const time = String(Math.floor(at / 1000));
  const headers = {
    'wechatpay-serial': parts.serial ?? KEY_ID,
    'wechatpay-timestamp': time,
    'wechatpay-nonce': nonce,
    'wechatpay-signature':
      parts.signature ?? Rsa.sign(Formatter.response(time, nonce, body), parts.key ?? KEYS.privateKey),
  };
  return { headers, body };
}

const transaction = (parts: object = {}): object => ({
  mchid: MERCHANT.mchId,
  appid: ACCOUNT.appId,
  out_trade_no: PAID.order,
  transaction_id: PAID.transaction,
  trade_type: 'JSAPI',
  trade_state: 'SUCCESS',
  trade_state_desc: '支付成功',
  bank_type: 'CMC',
  success_time: '2026-02-10T10:00:00+08:00',
  payer: { openid: OPENID },
  amount: { total: 6800, payer_total: 6800, currency: 'CNY', payer_currency: 'CNY' },
  ...parts,
});
const refund = (parts: object = {}): object => ({
  mchid: MERCHANT.mchId,
  out_trade_no: PAID.order,
  transaction_id: PAID.transaction,
  out_refund_no: 'R-1',
  refund_id: '50300602202026021000000000001',
  refund_status: 'SUCCESS',
  success_time: '2026-02-10T10:00:00+08:00',
  user_received_account: '招商银行信用卡0403',
  amount: { total: 6800, refund: 2000, payer_total: 6800, payer_refund: 1900 },
  ...parts,
});
const REFUND = { event: 'REFUND.SUCCESS', type: 'refund' };
const REFUNDED: RefundNotice = {
  kind: 'refunded',
  transaction: PAID.transaction,
  refund: '50300602202026021000000000001',
  amount: fen(1900),
  at: PAID_AT,
};

const read = (body: string, reader: PayNoticeReader = readers.v2): OpenedNotice => reader({}, body, NOW);
const open = ({ headers, body }: Delivery, at: Instant = NOW, reader = readers.v3): OpenedNotice =>
  reader(headers, body, at);

// ── API v2 ───────────────────────────────────────────────────────────────────────────────────────────────────

describe('a notice of API v2', () => {
  test.each(['MD5', 'HMAC-SHA256'])('is believed with its sign by %s, whether or not it says sign_type', type => {
    expect(read(xmlOf({ sign_type: type }, type)).notice).toEqual(PAID);
    expect(read(xmlOf({}, type)).notice).toEqual(PAID);
  });

  test('tells the cash that was really paid: coupons are signed, and not counted', () => {
    for (const type of ['MD5', 'HMAC-SHA256'])
      expect(read(xmlOf({ ...COUPONS, sign_type: type }, type)).notice).toEqual({ ...PAID, amount: 5000 });
  });

  test.each(['pos-7', ' 前后有空格 ', 'a=1&b=2&key=x', '<b>&amp;</b>', ']]', '支付测试😀', '{"store":"001"}'])(
    'carries the attach %j as it was sent',
    attach => {
      // As WeChat Pay writes it: every text in CDATA, on lines of their own.
      const fields = { ...PAID_FIELDS, attach };
      const signed = { ...fields, sign: Hash.sign('MD5', fields, KEY) };
      const lines = Object.entries(signed).map(([name, text]) => `  <${name}><![CDATA[${text}]]></${name}>\n`);
      expect(read(`<xml>\n${lines.join('')}</xml>\n`).notice).toEqual({ ...PAID, attach });
    },
  );

  test('is verified over fields nobody knows yet, and over none that are empty', () => {
    expect(read(xmlOf({ promotion_detail: '{"x":1}', zzz: '1', A_first: '0' })).notice).toEqual(PAID);
    const empty = xmlOf().replace('</xml>', '<device_info><![CDATA[]]></device_info><attach></attach></xml>');
    expect(read(empty).notice).toEqual(PAID);
  });

  test('is answered with SUCCESS in XML, or asked for again with FAIL', () => {
    const { heard, again } = read(xmlOf());
    expect([heard.status, parseXml(heard.body!)]).toEqual([200, { return_code: 'SUCCESS', return_msg: 'OK' }]);
    expect([again.status, parseXml(again.body!)]).toMatchObject([503, { return_code: 'FAIL' }]);
  });

  test.each<[string, string, string]>([
    ['another key', xmlOf({}, 'MD5', 'ffffffffffffffffffffffffffffffff'), 'sign is wrong'],
    ['a changed amount', xmlOf().replaceAll('6800', '9800'), 'sign is wrong'],
    ['a changed coupon', xmlOf(COUPONS).replace('>500<', '>1<').replace('[500]', '[1]'), 'sign is wrong'],
    ['a changed attach', xmlOf({ attach: 'a' }).replace(/<attach>.*<\/attach>/, '<attach>b</attach>'), 'sign is wrong'],
    ['a field more', xmlOf().replace('</xml>', '<vip>1</vip></xml>'), 'sign is wrong'],
    ['a field less', xmlOf().replace(/<bank_type>.*<\/bank_type>/, ''), 'sign is wrong'],
    ['no sign', xmlOf().replace(/<sign>.*<\/sign>/, ''), 'sign is wrong'],
    ['an empty sign', xmlOf().replace(/<sign>.*<\/sign>/, '<sign></sign>'), 'sign is wrong'],
    ['a sign in small letters', xmlOf().replace(/(?<=<sign>).*(?=<\/sign>)/, s => s.toLowerCase()), 'sign is wrong'],
    ['a field twice', xmlOf().replace('</xml>', '<cash_fee>1</cash_fee></xml>'), 'stands twice'],
    ['a field with fields', xmlOf().replace('</xml>', '<a><b>1</b></a></xml>'), 'flat'],
    ['another sign_type', xmlOf({ sign_type: 'RSA' }), 'sign_type'],
    ['a sign_type that is not its sign', xmlOf({ sign_type: 'HMAC-SHA256' }), 'sign is wrong'],
    ['a failed communication', '<xml><return_code>FAIL</return_code></xml>', 'return_code'],
    ['a DTD', `<!DOCTYPE xml [<!ENTITY a "b">]>${xmlOf()}`, 'WeChat document'],
    ['JSON', '{}', 'WeChat document'],
    ['nothing', '', 'WeChat document'],
  ])('with %s is refused', (_, body, reason) => {
    expect(() => read(body)).toThrow(BadInput);
    expect(() => read(body)).toThrow(reason);
  });

  test.each<[string, string, string]>([
    ['another merchant', xmlOf({ mch_id: '1900000110' }), 'another merchant'],
    ['no openid', xmlOf({ openid: undefined }), 'openid'],
    ['neither cash_fee nor total_fee', xmlOf({ cash_fee: undefined, total_fee: undefined }), 'total_fee'],
    ['coupons above the order', xmlOf({ cash_fee: undefined, coupon_fee: '6801' }), 'coupons'],
    ['an amount below nothing', xmlOf({ cash_fee: '-1' }), 'cash_fee'],
    ['an amount that is none', xmlOf({ cash_fee: '1e3' }), 'cash_fee'],
    ['a time that is none', xmlOf({ time_end: '20260231100000' }), 'time_end'],
    ['a transaction that is none', xmlOf({ transaction_id: 'a b' }), 'transaction_id'],
  ])('with %s and a right sign is heard and not understood, never refused', (_, body, reason) => {
    const { notice, heard } = read(body);
    expect(notice).toMatchObject({ kind: 'unread', why: expect.stringContaining(reason) });
    expect(heard.status).toBe(200);
  });

  test('without cash_fee, the order less its coupons was paid in cash', () => {
    expect(read(xmlOf({ cash_fee: undefined })).notice).toEqual(PAID);
    expect(read(xmlOf({ ...COUPONS, cash_fee: undefined })).notice).toEqual({ ...PAID, amount: 5000 });
  });

  test('of a payment that failed, or in another currency, changes nothing', () => {
    expect(read(xmlOf({ result_code: 'FAIL', err_code: 'SYSTEMERROR' })).notice).toMatchObject({ kind: 'other' });
    expect(read(xmlOf({ cash_fee_type: 'HKD' })).notice).toEqual({ kind: 'other', what: 'a payment in HKD' });
  });

  test('of a refund is opened with the MD5 of the key', () => {
    expect(read(refundXmlOf()).notice).toEqual({ ...REFUNDED, appId: ACCOUNT.appId });
    for (const refund_status of ['CHANGE', 'REFUNDCLOSE'])
      expect(read(refundXmlOf({ refund_status })).notice).toMatchObject({ kind: 'other' });
  });

  test.each<[string, string]>([
    ['sealed with another key', refundXmlOf({}, { key: 'ffffffffffffffffffffffffffffffff' })],
    ['sealed with nothing', refundXmlOf({}, { outer: { req_info: 'AAAA' } })],
    ['of random bytes', refundXmlOf({}, { outer: { req_info: randomBytes(512).toString('base64') } })],
  ])('of a refund %s is refused', (_, body) => {
    expect(() => read(body)).toThrow(BadInput);
  });

  test.each<[string, string]>([
    ['for another merchant', refundXmlOf({}, { outer: { mch_id: '1900000110' } })],
    ['without its id', refundXmlOf({ refund_id: '' })],
  ])('of a refund %s is heard and not understood', (_, body) => {
    expect(read(body).notice).toMatchObject({ kind: 'unread' });
  });
});

// ── API v3 ───────────────────────────────────────────────────────────────────────────────────────────────────

describe('a notice of API v3', () => {
  test('is believed with the signature of the public key, up to 300 s from now', () => {
    const delivery = seal(transaction({ attach: 'pos-1' }));
    for (const at of [NOW, later(NOW, 300_000), later(NOW, -300_000)])
      expect(open(delivery, at).notice).toEqual({ ...PAID, attach: 'pos-1' });
    for (const at of [later(NOW, 301_000), later(NOW, -301_000)]) expect(() => open(delivery, at)).toThrow('300 s');
  });

  test('tells the cash that was really paid', () => {
    const amount = { total: 6800, payer_total: 5000, currency: 'CNY', payer_currency: 'CNY' };
    const promotion = [{ coupon_id: '10000', amount: 1800, type: 'CASH' }];
    expect(open(seal(transaction({ amount, promotion_detail: promotion }))).notice).toEqual({ ...PAID, amount: 5000 });
  });

  test('of a refund tells what the payer got back; closed and abnormal ones change nothing', () => {
    expect(open(seal(refund(), REFUND)).notice).toEqual(REFUNDED);
    for (const state of ['CLOSED', 'ABNORMAL'])
      expect(
        open(seal(refund({ refund_status: state }), { ...REFUND, event: `REFUND.${state}` })).notice,
      ).toMatchObject({ kind: 'other' });
  });

  test('is answered with 204, or asked for again with a FAIL', () => {
    const { heard, again } = open(seal(transaction()));
    expect(heard).toEqual({ status: 204 });
    expect([again.status, JSON.parse(again.body!)]).toEqual([503, { code: 'FAIL', message: 'try again' }]);
  });

  test.each<[string, () => Delivery]>([
    ['of another key', () => seal(transaction(), { key: rsa().privateKey })],
    ['under another serial', () => seal(transaction(), { serial: 'PUB_KEY_ID_OTHER' })],
    ['of a probe', () => seal(transaction(), { signature: `WECHATPAY/SIGNTEST/${'A'.repeat(320)}` })],
    ['of nobody', () => seal(transaction(), { signature: '' })],
  ])('with the signature %s is refused', (_, delivery) => {
    expect(() => open(delivery())).toThrow(BadInput);
  });

  test.each<[string, () => Delivery]>([
    ['nothing sealed', () => seal(transaction(), { type: '' })],
    ['another merchant', () => seal(transaction({ mchid: '1900000110' }))],
    ['a transfer in it', () => seal(transaction(), { event: 'MCHTRANSFER.BILL.FINISHED', type: 'mch_payment' })],
    ['a payment named as a refund', () => seal(transaction(), { event: 'REFUND.SUCCESS' })],
    ['a refund named as a payment', () => seal(refund(), { type: 'refund' })],
    ['no payer', () => seal(transaction({ payer: {} }))],
    ['no amount', () => seal(transaction({ amount: {} }))],
    ['coupons of a worth nobody knows', () => seal(transaction({ amount: { total: 1 }, promotion_detail: [{}] }))],
    ['a complaint in it', () => seal({}, { event: 'COMPLAINT.CREATE', type: 'complaint' })],
    ['half a fen', () => seal(transaction({ amount: { total: 1, payer_total: 0.5 } }))],
    ['no time', () => seal(transaction({ success_time: 'yesterday' }))],
    ['a list in it', () => seal([])],
  ])('with %s and a right signature is heard and not understood, never refused', (_, delivery) => {
    const { notice, heard } = open(delivery());
    expect(notice).toMatchObject({ kind: 'unread', why: expect.any(String) });
    expect(heard).toEqual({ status: 204 });
  });

  test('with a body changed afterwards is refused', () => {
    expect(() => open({ ...seal(transaction()), body: seal(transaction()).body })).toThrow(BadInput);
  });

  test('sealed with another APIv3 key is to be told again: once bot.yaml is mended it can be read', () => {
    const delivery = seal(transaction(), { apiV3Key: 'fedcba9876543210fedcba9876543210' });
    expect(open(delivery).notice).toMatchObject({ kind: 'unopened' });
  });

  test('without payer_total, the order less its coupons was paid in cash', () => {
    expect(open(seal(transaction({ amount: { total: 6800, currency: 'CNY' } }))).notice).toEqual(PAID);
    const promotion_detail = [{ amount: 1000 }, { amount: 800 }];
    expect(open(seal(transaction({ amount: { total: 6800 }, promotion_detail }))).notice).toMatchObject({
      amount: 5000,
    });
  });

  test('of a payment that is not made, or in another currency, changes nothing', () => {
    expect(open(seal(transaction({ trade_state: 'CLOSED' }))).notice).toMatchObject({ kind: 'other' });
    const amount = { total: 6800, payer_total: 900, currency: 'CNY', payer_currency: 'USD' };
    expect(open(seal(transaction({ amount }))).notice).toEqual({ kind: 'other', what: 'a payment in USD' });
  });
});

test('a merchant is told in the ways for which bot.yaml has keys: one, or both', () => {
  expect(read(xmlOf(), readers.both).notice).toEqual(PAID);
  expect(open(seal(transaction()), NOW, readers.both).notice).toEqual(PAID);
  expect(() => read(xmlOf(), readers.v3)).toThrow('no keys');
  expect(() => open(seal(transaction()), NOW, readers.v2)).toThrow('no keys');
});

test('no error repeats what it was given', () => {
  const secret = 'gh_5e_CR-eT';
  for (const attempt of [
    () => read(xmlOf({ attach: secret, openid: secret })),
    () => read(xmlOf({ sign_type: secret })),
    () => open(seal(transaction({ transaction_id: `${secret} ` }))),
  ]) {
    try {
      attempt();
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain(secret);
    }
  }
});

test('whatever is changed in a notice, it is refused as somebody’s mistake, and nothing else is thrown', () => {
  let state = 20260210;
  const chance = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const documents = [xmlOf(COUPONS), refundXmlOf(), seal(transaction()).body];
  const { headers } = seal(transaction());
  for (let n = 0; n < 1500; n++) {
    const bytes = Buffer.from(documents[n % 3]!);
    for (let k = 0; k <= chance(3); k++) bytes[chance(bytes.length)]! ^= 1 << chance(8);
    const body = bytes.subarray(0, chance(4) === 0 ? chance(bytes.length) : bytes.length).toString('latin1');
    try {
      // A nonce that is not signed (refunds), or a byte between two of a code, may be another one.
      const { notice } = readers.both(n % 3 === 2 ? headers : {}, body, NOW);
      expect(n % 3).toBe(1);
      expect(notice).toMatchObject({ kind: expect.stringMatching(/^(refunded|other|unread)$/) });
    } catch (error) {
      expect(error).toBeInstanceOf(BadInput);
    }
  }
});

// ── What becomes of it ───────────────────────────────────────────────────────────────────────────────────────

test('a payment is one event for ever, and a refund of it another, for whoever paid', () => {
  const paid = paidEvent('shop', 'tea', { ...PAID, attach: 'pos-1' });
  expect(paid).toEqual({
    key: `p:${PAID.transaction}`,
    account: 'tea',
    user: OPENID,
    sentAt: PAID_AT,
    kind: 'paid',
    merchant: 'shop',
    transaction: PAID.transaction,
    order: PAID.order,
    amount: 6800,
    total: 6800,
    attach: 'pos-1',
  });
  const known = refundedEvent('shop', paid, REFUNDED);
  const unknown = refundedEvent('shop', { account: 'tea', user: UNKNOWN_PAYER }, REFUNDED);
  expect(known).toMatchObject({ key: `r:${REFUNDED.refund}`, user: OPENID, transaction: PAID.transaction });
  expect(unknown.key).not.toBe(known.key);
});

test.each<[Partial<Extract<SeenOrder, { kind: 'order' }>>, string]>([
  [{}, 'paid'],
  [{ state: 'REFUND' }, 'over'],
  [{ state: 'CLOSED' }, 'over'],
  [{ state: 'REVOKED' }, 'over'],
  [{ state: 'NOTPAY' }, 'unclear'],
  [{ state: 'USERPAYING' }, 'unclear'],
  [{ state: 'PAYERROR' }, 'unclear'],
  [{ total: 6799 }, 'different'],
  [{ transaction: 'other' }, 'different'],
  [{ user: 'oSomebodyElse' }, 'different'],
])('an order that is %j is %s', (parts, verdict) => {
  const paid = { kind: 'order', state: 'SUCCESS', transaction: PAID.transaction, total: 6800, user: OPENID } as const;
  expect(orderVerdict(PAID, { ...paid, ...parts })).toBe(verdict);
});

test('an order of which nothing is said is unclear', () => {
  expect(orderVerdict(PAID, { kind: 'silence', code: 'ETIMEDOUT', text: '' })).toBe('unclear');
});

test('a line that strangers can cause is written ten times a minute, and then says how many were left out', () => {
  let now = NOW;
  const lines: number[] = [];
  const spare = sparing(() => now);
  for (let n = 0; n < 1000; n++) spare(leftOut => lines.push(leftOut));
  expect(lines).toEqual(Array.from({ length: 10 }, () => 0));
  now = later(now, 60_000);
  spare(leftOut => lines.push(leftOut));
  expect(lines.at(-1)).toBe(990);
  now = later(now, -3_600_000);
  for (let n = 0; n < 20; n++) spare(leftOut => lines.push(leftOut));
  expect(lines).toHaveLength(21);
});

// ── The door ─────────────────────────────────────────────────────────────────────────────────────────────────

describe('the door', () => {
  let world: World;
  const lines: { level: string; fields: object; message: string }[] = [];
  const note =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push({ level, fields, message });
  const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };

  beforeAll(async () => {
    // A platform certificate here: the id is its serial number.
    world = await startWorld({
      log,
      signing: { certificate: 1 },
      certificate: ({ simulator }) => {
        const [key] = simulator.control.signing(MERCHANT.mchId).keys;
        return `${PEM_LINES}\n    apiV3Key: ${DEFAULT_API_V3_KEY}\n    publicKeyId: ${key!.id}\n    publicKey: certificate.pem`;
      },
    });
  });
  afterAll(() => world.close());

  async function post(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, to = 'shop') {
    const answer = await fetch(`${world.url}/notify/pay/${to}`, { method: 'POST', headers, body });
    return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
  }
  const stamp = (): string => new Date(Date.now() + 8 * 3_600_000).toISOString().replace(/\D/g, '').slice(0, 14);
  const traces = async () =>
    JSON.stringify([await world.store.journal({ limit: 1000 }), await world.store.payouts({ limit: 9 })]);

  test('takes notices of both kinds, and a platform certificate in place of the public key', async () => {
    const xml = await post(xmlOf({ time_end: stamp(), transaction_id: 'T1' }));
    expect(xml).toMatchObject({ status: 200, type: 'text/xml; charset=utf-8' });
    expect(parseXml(xml.body)).toEqual({ return_code: 'SUCCESS', return_msg: 'OK' });
    const openid = world.person(true);
    world.simulator.setPayNotify(MERCHANT.mchId, `${world.url}/notify/pay/shop`);
    const order = world.simulator.control.pay(openid, { amount: 6800, api: 'v3' });
    await world.simulator.noticesIdle();
    expect(world.simulator.control.payNotices()).toMatchObject([{ outcome: 'delivered', tries: [{ status: 204 }] }]);
    for (const [transaction, user] of [
      ['T1', OPENID],
      [order.transactionId, openid],
    ])
      expect(await world.store.journal({ key: eventKey(`p:${transaction}`), limit: 2 })).toMatchObject([
        { event: { kind: 'paid', account: 'tea', merchant: 'shop', user, amount: 6800 } },
      ]);
  });

  test('of an AppID that is no account of ours, or of long ago: acknowledged, logged, and nothing more', async () => {
    const before = await traces();
    expect((await post(xmlOf({ appid: 'wxffffffffffffffff', time_end: stamp() }))).status).toBe(200);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', fields: { appId: 'wxffffffffffffffff' } });
    expect((await post(xmlOf({ transaction_id: 'OLD' }))).status).toBe(200);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', fields: { transaction: 'OLD' } });
    expect(await traces()).toBe(before);
  });

  test('refuses what is forged, too large, for nobody or by another method, and changes nothing', async () => {
    const before = await traces();
    expect(await post(xmlOf({}, 'MD5', 'f'.repeat(32)))).toMatchObject({ status: 401, body: '' });
    expect((await post('x'.repeat(70_000))).status).toBe(413);
    expect((await post(xmlOf(), {}, 'nobody')).status).toBe(401);
    expect((await fetch(`${world.url}/notify/pay/shop`)).status).toBe(405);
    expect(await traces()).toBe(before);
  });

  test('answers random bytes and headers with 4xx, never 2xx nor 5xx, in a few lines of its log', async () => {
    const before = await traces();
    const logged = lines.length;
    const good = xmlOf({ time_end: stamp(), transaction_id: 'FUZZ' });
    for (let n = 0; n < 300; n++) {
      const bytes = n % 2 === 0 ? randomBytes(n * 7) : Buffer.from(good);
      if (n % 2 === 1) bytes[20 + ((n * 37) % (bytes.length - 30))]! ^= 1 << (n % 8);
      const headers = {
        ...(n % 3 === 0 && { 'wechatpay-signature': randomBytes(16).toString('base64') }),
        ...(n % 5 === 0 && { 'wechatpay-timestamp': String(Math.floor(Date.now() / 1000)) }),
        ...(n % 7 === 0 && { 'wechatpay-serial': 'A'.repeat(n) }),
        ...(n % 4 === 0 && { 'content-type': 'application/json' }),
      };
      const { status, body } = await post(new Uint8Array(bytes), headers);
      expect([n < 50 ? status : Math.min(status, 401), body]).toEqual([401, '']); // 429 once it is too often
    }
    expect(await traces()).toBe(before);
    expect(lines.length - logged).toBeLessThanOrEqual(10);
  });
});
