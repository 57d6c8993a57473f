// The simulator signs for a merchant with the keys it is told to, in the share it is told to, and hands out certificates only
// where there are any: over its control API, as a test of anybody's bot would use it.

import { createDecipheriv, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { simulator as command } from '../../src/commands/simulator.ts';
import { SIMULATOR_DEFAULTS } from '../../src/commands/simulator-defaults.ts';
import { BadInput } from '../../src/core/base/error.ts';
import { instant } from '../../src/core/base/time.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { DEFAULT_API_V3_KEY } from '../../src/simulator/shared/options.ts';
import type { Signing } from '../../src/simulator/shared/protocol.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { authorizationOf, signerOf } from '../../src/wechat/pay/v3-signature.ts';
import { createTransport, type Reply, type Transport } from '../../src/wechat/transport.ts';
import { ACCOUNT, MERCHANT } from '../support/harness.ts';
import { has, isListOf, isMap, isNumber, isText, read, readJson } from '../support/json.ts';

const MCH_ID = MERCHANT.mchId;
let simulator: Simulator;
let transport: Transport;
afterEach(async () => {
  await transport.close();
  await simulator.close();
});

async function open(signing?: Signing): Promise<void> {
  simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(Date.now),
    accounts: [ACCOUNT],
    merchants: [{ ...MERCHANT, ...(signing && { signing }) }],
  });
  const { caPem } = simulator.certificates(MCH_ID);
  transport = createTransport({ api: simulator.payUrl, ca: Buffer.from(caPem) });
}
async function control(method: 'GET' | 'PUT', body?: unknown, mchId = MCH_ID) {
  const headers = { 'content-type': 'application/json' };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const answer = await fetch(`${simulator.url}/control/merchants/${mchId}/signing`, init);
  return { status: answer.status, json: read(await answer.json(), isMap) };
}
async function get(path: string): Promise<Reply> {
  const { keyPem, serialNumber } = simulator.certificates(MCH_ID);
  const signer = signerOf({ mchId: MCH_ID, serialNo: serialNumber, privateKey: Buffer.from(keyPem) });
  const authorization = authorizationOf(signer, { method: 'GET', path, body: '' }, instant(Date.now()));
  const headers = { authorization, accept: 'application/json', 'user-agent': 'test' };
  const answer = await transport.call({ method: 'GET', path, headers });
  if ('seen' in answer) throw new Error(JSON.stringify(answer.seen));
  return answer;
}
const isKey = has({ kind: isText, id: isText, pem: isText, signed: isNumber });
const keysIn = (state: unknown) => read(state, has({ keys: isListOf(isKey) })).keys;
const serialOf = async (): Promise<unknown> => (await get('/v3/nothing')).headers['wechatpay-serial'];

test('a merchant has a public key only, and no certificates, until it is told otherwise', async () => {
  await open();
  expect((await control('GET')).json).toMatchObject({
    signing: { publicKey: 1 },
    keys: [{ kind: 'publicKey', id: expect.stringMatching(/^PUB_KEY_ID_/) }],
    certificateCalls: 0,
  });
  const answer = await get('/v3/certificates');
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([404, { code: 'RESOURCE_NOT_EXISTS' }]);
  expect((await control('GET')).json.certificateCalls).toBe(1);
});

test('what signs is drawn from the seed, in the parts that were said, and the same again', async () => {
  await open();
  const { status, json } = await control('PUT', { publicKey: 3, certificate: 1, nextCertificate: 0, seed: 'a' });
  expect([status, keysIn(json).map(({ kind }) => kind)]).toEqual([
    200,
    ['publicKey', 'certificate', 'nextCertificate'],
  ]);
  const draw = async (): Promise<unknown[]> => {
    const serials: unknown[] = [];
    for (let n = 0; n < 24; n++) serials.push(await serialOf());
    return serials;
  };
  const first = await draw();
  const [publicKey, certificate, next] = keysIn(json).map(({ id }) => first.filter(each => each === id).length);
  expect([publicKey! + certificate!, next]).toEqual([24, 0]);
  expect(publicKey).toBeGreaterThan(certificate!);
  expect(certificate).toBeGreaterThan(0);
  await control('PUT', { publicKey: 3, certificate: 1, nextCertificate: 0, seed: 'a' });
  expect(await draw()).toEqual(first);
  expect(keysIn((await control('GET')).json).map(({ signed }) => signed)).toEqual([
    publicKey! * 2,
    certificate! * 2,
    0,
  ]);
});

test('certificates are handed out sealed with the APIv3 key, and the answer is signed with one of them', async () => {
  await open({ certificate: 1, nextCertificate: 0 });
  const { headers, text } = await get('/v3/certificates');
  const isSealed = has({ nonce: isText, ciphertext: isText, associated_data: isText });
  const isEntry = has({ serial_no: isText, encrypt_certificate: isSealed });
  const { data } = readJson(text, has({ data: isListOf(isEntry) }));
  const handed = data.map(({ serial_no, encrypt_certificate: { nonce, ciphertext, associated_data } }) => {
    const bytes = Buffer.from(ciphertext, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(DEFAULT_API_V3_KEY), Buffer.from(nonce));
    decipher.setAAD(Buffer.from(associated_data)).setAuthTag(bytes.subarray(-16));
    const pem = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString();
    expect(new X509Certificate(pem).serialNumber).toBe(serial_no);
    return { id: serial_no, pem };
  });
  const keys = keysIn((await control('GET')).json);
  expect(handed).toEqual(keys.map(({ id, pem }) => ({ id, pem })));
  const one = handed.find(({ id }) => id === headers['wechatpay-serial'])!;
  const signed = `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${text}\n`;
  const signature = Buffer.from(String(headers['wechatpay-signature']), 'base64');
  expect(verify('sha256', Buffer.from(signed), createPublicKey(one.pem), signature)).toBe(true);
});

test('a wrong share is refused with what was expected, and changes nothing', async () => {
  await open();
  for (const wrong of [{}, { publicKey: 0 }, { publicKey: -1 }, { publicKey: 'all' }, { privateKey: 1 }, [], null])
    expect([wrong, (await control('PUT', wrong)).status]).toEqual([wrong, 400]);
  expect((await control('PUT', { publicKey: 1 }, '1234')).status).toBe(404);
  expect((await control('GET')).json.signing).toEqual({ publicKey: 1 });
  for (const signing of ['', 'all', 'publicKey', 'publicKey=0', 'publicKey=1,cert=2'])
    await expect(command({ ...SIMULATOR_DEFAULTS, port: '0', payPort: '0', signing })).rejects.toThrow(BadInput);
});
