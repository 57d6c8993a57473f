// The platform's own published examples, and those of other people's SDKs: our cryptography must agree with all of them.
import { readFileSync } from 'node:fs';
import { getSignature, decrypt as theirDecrypt, encrypt as theirEncrypt } from '@wecom/crypto';
import { describe, expect, test } from 'vitest';
import { aesKeyOf, decrypt, encrypt, paySignOf, payTextOf, sameText, signatureOf } from '../../src/wechat/crypto.ts';

type Vector = {
  readonly name: string;
  readonly token?: string;
  readonly aesKey: string;
  readonly appId: string;
  readonly timestamp?: string;
  readonly nonce?: string;
  readonly msgSignature?: string;
  readonly random?: string;
  readonly encrypted: string;
  readonly message?: string;
  readonly contains?: readonly string[];
};
const vectors = JSON.parse(
  readFileSync(new URL('../fixtures/wechat/crypt-vectors.json', import.meta.url), 'utf8'),
) as readonly Vector[];

describe('published vectors', () => {
  test.each(vectors.filter(vector => vector.token && vector.timestamp))('$name: msg_signature', vector => {
    expect(signatureOf(vector.token!, vector.timestamp!, vector.nonce!, vector.encrypted)).toBe(vector.msgSignature);
  });

  test.each(vectors)('$name: decryption', vector => {
    const clear = decrypt(aesKeyOf(vector.aesKey), vector.appId, vector.encrypted);
    if (vector.message !== undefined) expect(clear).toBe(vector.message);
    for (const part of vector.contains ?? []) expect(clear).toContain(part);
  });

  test.each(vectors.filter(vector => vector.random && vector.message !== undefined))(
    '$name: encryption, to the byte',
    vector => {
      expect(encrypt(aesKeyOf(vector.aesKey), vector.appId, vector.message!, Buffer.from(vector.random!))).toBe(
        vector.encrypted,
      );
    },
  );

  test('the handshake and the plain-mode signatures of the documentation', () => {
    expect(signatureOf('AAAAA', '1714036504', '1514711492')).toBe('f464b24fc39322e44b38aa78f5edd27bd1441696');
    expect(signatureOf('AAAAA', '1714037059', '486452656')).toBe('899cf89e464efb63f54ddac96b0a0a235f53aa78');
    expect(signatureOf('test', '1410685589', 'test')).toBe('f21891de399b4e33a1a93c9a7b8a8fffb5a443ff');
  });

  test('the sign of WeChat Pay, MD5 and HMAC-SHA256', () => {
    const fields = {
      appid: 'wxd930ea5d5a258f4f',
      mch_id: '10000100',
      device_info: '1000',
      body: 'test',
      nonce_str: 'ibuaiVcKdpRxkhJA',
      sign: 'x',
      empty: '',
    };
    const key = '192006250b4c09247ec02edce69f6a2d';
    expect(payTextOf(fields, key)).toBe(
      `appid=wxd930ea5d5a258f4f&body=test&device_info=1000&mch_id=10000100&nonce_str=ibuaiVcKdpRxkhJA&key=${key}`,
    );
    expect(paySignOf(fields, key)).toBe('9A0A8659F005D6984697E2CA0A9CF3B7');
    expect(paySignOf(fields, key, 'HMAC-SHA256')).toBe(
      '6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6',
    );
  });

  test('the sign of sendredpack and of gethbinfo', () => {
    const key = '0123456789abcdef0123456789ABCDEF';
    const common = {
      nonce_str: '50780e0cca98c8c8e814883e5caa672e',
      mch_billno: '0010010404201411170000046545',
      mch_id: '10000098',
    };
    const send = {
      ...common,
      wxappid: 'wx8888888888888888',
      send_name: '天虹百货',
      re_openid: 'oxTWIuGaIt6gTKsQRLau2M0yL16E',
      total_amount: '1000',
      total_num: '1',
      wishing: '恭喜发财',
      client_ip: '127.0.0.1',
      act_name: '新年红包',
      remark: '新年红包',
      scene_id: 'PRODUCT_2',
      risk_info: '',
    };
    expect(paySignOf(send, key)).toBe('CD0DA203F01A0D897D833D5C1995C38D');
    expect(paySignOf({ ...common, appid: 'wx8888888888888888', bill_type: 'MCHT' }, key)).toBe(
      '9849F274D2358C7939E26D37D93B9862',
    );
  });
});

describe('against @wecom/crypto, which nobody here wrote', () => {
  const aesKey = 'RewardBotSimulatorKey0123456789abcdefghijkA';
  test.each(['', 'x', '我是中文abcd123', 'x'.repeat(26), '红'.repeat(5000)])(
    'what one side encrypts, the other reads: %#',
    message => {
      expect(theirDecrypt(aesKey, encrypt(aesKeyOf(aesKey), 'wx0123456789abcdef', message))).toMatchObject({
        message,
        id: 'wx0123456789abcdef',
      });
      if (message)
        expect(
          decrypt(aesKeyOf(aesKey), 'wx0123456789abcdef', theirEncrypt(aesKey, message, 'wx0123456789abcdef')),
        ).toBe(message);
    },
  );

  test('the signatures agree', () => {
    expect(signatureOf('token', '1', '2', 'x')).toBe(getSignature('token', '1', '2', 'x'));
  });
});

describe('what is wrong is refused, always with the same words', () => {
  const key = aesKeyOf('RewardBotSimulatorKey0123456789abcdefghijkA');
  const good = Buffer.from(encrypt(key, 'wx0123456789abcdef', 'hello'), 'base64');
  const tampered = (change: (bytes: Buffer) => Buffer): string => change(Buffer.from(good)).toString('base64');
  const flip =
    (at: number) =>
    (bytes: Buffer): Buffer => {
      bytes[at]! ^= 1;
      return bytes;
    };

  test.each([
    ['nothing', ''],
    ['no whole block', 'AAAA'],
    ['a wrong last block', tampered(flip(good.length - 1))],
    ['a wrong length', tampered(flip(2))],
    ['half of it', tampered(bytes => bytes.subarray(0, 16))],
    ['another AppID', encrypt(key, 'wxffffffffffffffff', 'hello')],
    ['another key', encrypt(aesKeyOf('abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'), 'wx0123456789abcdef', 'hello')],
  ])('%s', (_, encrypted) => {
    expect(() => decrypt(key, 'wx0123456789abcdef', encrypted)).toThrow('cannot be read with this key and AppID');
  });

  test('texts of different length are not the same text', () => {
    expect([sameText('abc', 'abc'), sameText('abc', 'abd'), sameText('abc', 'abcd'), sameText('', '')]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});
