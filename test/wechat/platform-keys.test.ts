// With which keys WeChat Pay signs (平台证书, 微信支付公钥), through a whole bot and a WeChat that signs by either: the week of a
// change, a rotation, a key nobody told us of, and what bot.yaml may say of keys.

import { createHash, generateKeyPairSync } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bot, createBot } from '../../src/app/bot.ts';
import { type Config, loadConfig } from '../../src/config/config.ts';
import { Audit } from '../../src/core/audit/audit.ts';
import { BadInput } from '../../src/core/base/error.ts';
import { openId } from '../../src/core/base/event.ts';
import { type Instant, instant } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import type { Log } from '../../src/ports.ts';
import { keysOf } from '../../src/setup/platform-keys.ts';
import { callbackBody } from '../../src/simulator/pay/v3-signature.ts';
import { DEFAULT_API_V3_KEY } from '../../src/simulator/shared/options.ts';
import type { Signing, SigningKey } from '../../src/simulator/shared/protocol.ts';

import {
  ENV,
  MERCHANT,
  PEM_LINES,
  RULES,
  startWorld,
  until,
  type World,
  type WorldOptions,
} from '../support/harness.ts';

const MCH_ID = MERCHANT.mchId;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** ¥1.00 on the first follow, ¥2.00 back for ¥50.00 spent. */
const WITH_SHOP = `${RULES}  - { id: shop, on: { paid: { over: ¥50.00 } }, once: perEvent, give: back }\n`.replace(
  'prizes:\n',
  'prizes:\n  back: { redpacket: ¥2.00 }\n',
);

type Line = { readonly level: string; readonly fields: Readonly<Record<string, unknown>>; readonly message: string };
let lines: Line[] = [];
const note =
  (level: string) =>
  (fields: object, message: string): void =>
    void lines.push({ level, fields: { ...fields }, message });
const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
const alarms = (word: string | RegExp): Line[] =>
  lines.filter(({ level, message }) => level === 'error' && message.search(word) >= 0);

let world: World;
let others: Bot[] = [];
const open = async (options: WorldOptions): Promise<World> => {
  lines = [];
  world = await startWorld({ channel: 'transfer', rules: WITH_SHOP, log, ...options });
  world.simulator.setPayNotify(MCH_ID, `${world.url}/notify/pay/shop`);
  return world;
};
const close = async (): Promise<void> => {
  for (const bot of others.splice(0)) await bot.stop();
  others = [];
  await world.close();
};
const control = (): World['simulator']['control'] => world.simulator.control;
const now = (): Instant => instant(control().state().now);
const sign = (signing: Signing) => control().setSigning(MCH_ID, signing);
const keyOf = (kind: SigningKey['kind']): SigningKey => {
  const key = control()
    .signing(MCH_ID)
    .keys.find(each => each.kind === kind);
  if (!key) throw new Error(`no ${kind}`);
  return key;
};
const asked = (): number => control().signing(MCH_ID).certificateCalls;
const payoutsOf = (openid: string): Promise<Payout[]> => world.store.payouts({ user: openId(openid), limit: 10 });
const fault = (...pay: Parameters<ReturnType<typeof control>['setFaults']>[0]['pay']): void =>
  void control().setFaults({ pay, platform: [] });

/** Lets a bot work, and time pass, until it is true. */
function passUntil<T>(check: () => Promise<T | undefined | false>, bot: Bot = world.bot, advanceMs = 2000): Promise<T> {
  return until(async () => {
    await bot.settle.pass();
    const found = await check();
    if (!found) control().moveClock({ advanceMs });
    return found;
  }, 20_000);
}

/** A bot of the same store, started anew with another bot.yaml; the former one sends no more. */
async function restart(change: (yaml: string) => string): Promise<Bot> {
  await world.bot.settle.stop();
  const file = join(world.folder, `bot-${others.length}.yaml`);
  writeFileSync(file, change(readFileSync(join(world.folder, 'bot.yaml'), 'utf8')));
  const bot = await createBot({
    holder: `again ${others.length}`,
    config: loadConfig(file, ENV),
    clock: now,
    timer: { ticks: () => performance.now(), sleep: ms => sleep(ms) },
    log,
    store: world.store,
  });
  others.push(bot);
  return bot;
}

const follow = async (): Promise<string> => {
  const openid = world.person();
  await control().act(openid, { kind: 'follow' });
  return openid;
};
const isSent = async (openid: string, count = 1) => {
  const payouts = await payoutsOf(openid);
  return payouts.length === count && payouts.every(({ state }) => state === 'sent' || state === 'received') && payouts;
};
const confirm = async (openid: string): Promise<void> => {
  for (const { billNo, state } of await payoutsOf(openid))
    if (state === 'sent') control().openPacket(MCH_ID, billNo, openid);
  await world.simulator.noticesIdle();
};
/** Every notice of payments and of transfers was heard the first time. */
const everyNoticeHeard = (): void => {
  for (const { outcome, tries } of [...control().notices(), ...control().payNotices()])
    expect([outcome, tries.map(({ status }) => status)]).toEqual(['delivered', [204]]);
};
const CERTIFICATE_LINES = '    platformKeys: [{ certificate: certificate.pem }]';
const bothLines = ({ simulator }: { simulator: World['simulator'] }): string =>
  `    platformKeys:
      - { id: ${simulator.certificates(MCH_ID).publicKeyId}, publicKey: pub_key.pem }
      - { certificate: certificate.pem }`;

describe('a merchant', () => {
  afterEach(close);

  test('who goes over from certificate to public key in a week, signed for by either at random: no notice refused, no halt, every prize paid once', async () => {
    await open({ keys: bothLines, signing: { publicKey: 0, certificate: 1 } });
    const people: string[] = [];
    for (const [day, share] of [1, 10, 25, 50, 75, 90, 100].entries()) {
      await sign({ publicKey: share, certificate: 100 - share, seed: `day ${day}` });
      const today = await Promise.all(Array.from({ length: 4 }, follow));
      people.push(...today);
      for (const openid of today.slice(0, 2)) control().pay(openid, { amount: 68_00, api: 'v3' });
      await world.simulator.noticesIdle();
      for (const [index, openid] of today.entries()) await passUntil(() => isSent(openid, index < 2 ? 2 : 1));
      for (const openid of today) await confirm(openid);
      control().moveClock({ advanceMs: DAY });
    }
    everyNoticeHeard();
    expect(keyOf('publicKey').signed).toBeGreaterThan(20);
    expect(keyOf('certificate').signed).toBeGreaterThan(20);
    expect(lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    for (const [index, openid] of people.entries())
      expect(await payoutsOf(openid)).toMatchObject(
        Array.from({ length: index % 4 < 2 ? 2 : 1 }, () => ({ state: 'received', attempt: 1 })),
      );
    const paid = (7 * 4 * 1 + 7 * 2 * 2) * 100;
    expect(await world.store.buckets('test')).toEqual({ reserved: 0, sent: 0, received: paid, refunded: 0 });
    expect(control().merchant(MCH_ID)).toMatchObject({ receivedAmount: paid, refundedAmount: 0 });
    expect((await auditStore(world.store, new Audit(world.bot.rulebook.current().campaigns))).findings).toEqual([]);
  }, 90_000);

  test('of whom bot.yaml knows the public key alone, while the platform certificate signs: it is fetched, once, and believed', async () => {
    await open({ signing: { publicKey: 1, certificate: 3, seed: 'half' } });
    const people = await Promise.all(Array.from({ length: 5 }, follow));
    for (const openid of people) await passUntil(() => isSent(openid));
    for (const openid of people) await confirm(openid);
    everyNoticeHeard();
    expect(keyOf('certificate').signed).toBeGreaterThan(5);
    expect(asked()).toBe(1);
    expect(alarms(/./)).toEqual([]);
  });

  test('whose certificate is rotated: the next one is fetched when it first signs, and all go on', async () => {
    await open({ keys: () => CERTIFICATE_LINES, signing: { certificate: 1 } });
    const ann = await follow();
    await passUntil(() => isSent(ann));
    expect(asked()).toBe(0);
    await sign({ certificate: 1, nextCertificate: 1, seed: 'both' });
    const people = await Promise.all(Array.from({ length: 4 }, follow));
    for (const openid of people) await passUntil(() => isSent(openid));
    await sign({ certificate: 0, nextCertificate: 1 });
    for (const openid of [ann, ...people]) await confirm(openid);
    everyNoticeHeard();
    expect(asked()).toBe(1);
    expect(alarms(/./)).toEqual([]);
  });

  test('without any key in bot.yaml begins with the certificates WeChat Pay hands out', async () => {
    await open({ keys: () => '    platformKeys: []', signing: { certificate: 1 } });
    const ann = await follow();
    await passUntil(() => isSent(ann));
    await confirm(ann);
    everyNoticeHeard();
  });

  test('with red packets hears notices by either key, of a certificate that is only fetched as well', async () => {
    await open({
      channel: 'redpack',
      signing: { publicKey: 1, certificate: 1, seed: 'redpack' },
      merchantLines: `    apiV3Key: ${DEFAULT_API_V3_KEY}\n    askEvery: 1s`,
      certificate: ({ simulator }) =>
        `${PEM_LINES}\n    platformKeys: { id: ${simulator.certificates(MCH_ID).publicKeyId}, publicKey: pub_key.pem }`.replace(
          /\{.*\}/,
          each => `[${each}]`,
        ),
    });
    const openid = world.person(true);
    for (let n = 0; n < 8; n++) control().pay(openid, { amount: 60_00, api: 'v3' });
    await world.simulator.noticesIdle();
    everyNoticeHeard();
    expect(keyOf('certificate').signed).toBeGreaterThan(0);
    expect(await payoutsOf(openid)).toHaveLength(8);
    expect(asked()).toBe(1);
  });

  test('with the public key only is told so by a 404, and is not asked for again, whoever names what', async () => {
    await open({});
    const sealed = (key: string): string =>
      callbackBody({ id: '1', createTime: '2026-02-10T10:00:00+08:00', resource: {} }, key);
    const knock = (serial: string, body = sealed(DEFAULT_API_V3_KEY)): Promise<Response> =>
      fetch(`${world.url}/notify/transfer/shop`, {
        method: 'POST',
        headers: {
          'wechatpay-serial': serial,
          'wechatpay-timestamp': String(Math.floor(now() / 1000)),
          'wechatpay-nonce': 'n',
          'wechatpay-signature': 'A'.repeat(344),
        },
        body,
      });
    // Strangers can name what they like: nobody is asked, and nobody alarmed.
    for (const body of ['{}', sealed('x'.repeat(32))]) expect((await knock('A'.repeat(40), body)).status).toBe(401);
    expect([asked(), alarms(/./)]).toEqual([0, []]);
    for (let n = 0; n < 20; n++) {
      const serial = createHash('sha1').update(String(n)).digest('hex');
      expect((await knock(serial)).status).toBe(401);
      control().moveClock({ advanceMs: 10 * MINUTE });
    }
    expect(asked()).toBe(1);
    expect(alarms('key that bot.yaml does not have')[0]!.message).toContain(
      'no platform certificates for this merchant',
    );
    expect((await knock('PUB_KEY_ID_WHO')).status).toBe(401);
    const said = lines.length;
    for (let n = 0; n < 5; n++) await knock('PUB_KEY_ID_WHO');
    expect(lines.slice(said).filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('a key nobody told us of', () => {
  afterEach(close);

  test('is an alarm that names it and the line to add; the prize stays owed, and is confirmed once the line is there', async () => {
    await open({ keys: () => CERTIFICATE_LINES, signing: { publicKey: 1, certificate: 0 } });
    const { id } = keyOf('publicKey');
    const people = await Promise.all(Array.from({ length: 3 }, follow));
    for (let n = 0; n < 30; n++) {
      await world.bot.settle.pass();
      control().moveClock({ advanceMs: 20 * MINUTE });
    }
    const [alarm, ...more] = alarms(id);
    expect(alarm).toMatchObject({ fields: { serial: id, fix: `- { id: ${id}, publicKey: pub_key.pem }` } });
    expect(alarm!.message).toContain('merchants.shop.platformKeys');
    expect(more.length).toBeLessThanOrEqual(10); // ten hours
    for (const openid of people) {
      const [payout, ...rest] = await payoutsOf(openid);
      expect(rest).toEqual([]);
      // Taken for neither paid nor lost: repeated under its number until somebody is believed.
      expect(payout).toMatchObject({ attempt: 1, nextDo: 'send', problem: expect.stringContaining('UNKNOWN_KEY') });
      expect(['unknown', 'sending']).toContain(payout!.state);
      expect(payout!.packageInfo).toBeUndefined();
      expect(control().packet(MCH_ID, payout!.billNo)).toMatchObject({ billState: 'WAIT_USER_CONFIRM' });
    }
    lines = [];
    const bot = await restart(yaml =>
      yaml.replace('platformKeys: [', `platformKeys: [{ id: ${id}, publicKey: pub_key.pem }, `),
    );
    for (const openid of people) await passUntil(() => isSent(openid), bot, MINUTE);
    for (const openid of people) {
      const [payout] = await payoutsOf(openid);
      expect(payout!.packageInfo).toBe(control().packet(MCH_ID, payout!.billNo)!.packageInfo);
      control().openPacket(MCH_ID, payout!.billNo, openid);
    }
    for (const openid of people)
      await passUntil(async () => (await payoutsOf(openid))[0]!.state === 'received', bot, 10 * MINUTE);
    expect(await world.store.halt('shop')).toBeUndefined();
    expect(alarms('halted')).toEqual([]);
    expect(control().merchant(MCH_ID)).toMatchObject({ sentCount: 3, receivedAmount: 300 });
  });

  test('that is a certificate, while those cannot be had, is found as soon as they can', async () => {
    await open({ signing: { publicKey: 0, certificate: 1 } });
    fault({ kind: 'html502', at: 'certificates' });
    const ann = await follow();
    for (let n = 0; n < 5; n++) {
      await world.bot.settle.pass();
      control().moveClock({ advanceMs: MINUTE });
    }
    const { id } = keyOf('certificate');
    expect(alarms(id)[0]!.message).toMatch(/could not be fetched: HTTP 502.*certificate: wechatpay_/);
    expect(asked()).toBeLessThanOrEqual(5);
    fault();
    const [payout] = await passUntil(() => isSent(ann), world.bot, MINUTE);
    expect(payout).toMatchObject({ attempt: 1, packageInfo: expect.any(String) });
  });

  test('keeps whoever brings a notice waiting for no more than its time; told again, it is heard', async () => {
    await open({ signing: { publicKey: 1, certificate: 0 } });
    const ann = await follow();
    const [payout] = await passUntil(() => isSent(ann));
    await sign({ publicKey: 0, certificate: 1 });
    fault({ kind: 'slow', at: 'certificates', delayMs: 3600, times: 1 });
    control().openPacket(MCH_ID, payout!.billNo, ann);
    await world.simulator.noticesIdle();
    const [notice] = control().notices();
    expect(notice).toMatchObject({ outcome: 'delivered', tries: [{ status: 401 }, { status: 204 }] });
    expect(asked()).toBe(1);
    expect((await payoutsOf(ann))[0]!.state).toBe('received');
  }, 20_000);

  test('is not believed from an answer that is sealed with another APIv3 key; that is said', async () => {
    await open({
      keys: () => '    platformKeys: []',
      signing: { certificate: 1 },
    });
    const bot = await restart(yaml => yaml.replace(DEFAULT_API_V3_KEY, 'x'.repeat(32)));
    const ann = await follow();
    for (let n = 0; n < 3; n++) {
      await bot.settle.pass();
      control().moveClock({ advanceMs: MINUTE });
    }
    expect((await payoutsOf(ann))[0]).toMatchObject({ state: 'unknown' });
    expect(alarms(keyOf('certificate').id)[0]!.message).toContain('cannot be opened with the apiV3Key in bot.yaml');
  });
});

test('the certificates are fetched at the start, which waits for nothing, and renewed after ten hours', async () => {
  await open({ keys: () => CERTIFICATE_LINES, signing: { certificate: 1 } });
  try {
    const fetched = (): Line[] =>
      lines.filter(({ message }) => message.includes('certificates of WeChat Pay were fetched'));
    fault({ kind: 'slow', at: 'certificates', delayMs: 3000, times: 1 });
    world.bot.start();
    await follow();
    expect(fetched()).toEqual([]); // answered while WeChat Pay was still silent
    await until(() => fetched().length === 1);
    expect(asked()).toBe(1);
    const keys = keysOf(world.config.merchants.get('shop')!, now, log)!;
    await keys.tend();
    for (const [hours, calls] of [
      [9, 2],
      [2, 3],
      [1, 3],
    ] as const) {
      control().moveClock({ advanceMs: hours * HOUR });
      await keys.tend();
      expect(asked()).toBe(calls);
    }
    fault({ kind: 'errorNothingStored', at: 'certificates' });
    control().moveClock({ advanceMs: 10 * HOUR });
    for (let n = 0; n < 15; n++) {
      await keys.tend();
      control().moveClock({ advanceMs: MINUTE });
    }
    expect(asked()).toBe(3 + 4); // at once, after one minute, two more, four more
    await keys.close();
  } finally {
    await close();
  }
});

describe('in bot.yaml', () => {
  let config: (lines: string, channel?: string) => Config;
  let ids: { readonly publicKey: string; readonly certificate: string };
  beforeAll(async () => {
    await open({ signing: { publicKey: 1, certificate: 1, nextCertificate: 1 } });
    ids = { publicKey: keyOf('publicKey').id, certificate: keyOf('certificate').id };
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = (key: typeof other.publicKey) => key.export({ type: 'spki', format: 'pem' });
    writeFileSync(join(world.folder, 'other.pem'), pem(other.publicKey));
    writeFileSync(join(world.folder, 'curve.pem'), pem(curve.publicKey));
    writeFileSync(join(world.folder, 'empty.pem'), '');
    copyFileSync(join(world.folder, 'pub_key.pem'), join(world.folder, 'same.pem'));
    const yaml = readFileSync(join(world.folder, 'bot.yaml'), 'utf8');
    config = (lines, channel = 'transfer') => {
      const file = join(world.folder, 'try.yaml');
      const text = yaml
        .replace(/ {4}publicKeyId: .*\n {4}publicKey: .*\n/, lines === '' ? '' : `${lines}\n`)
        .replace('channel: transfer', `channel: ${channel}`);
      writeFileSync(file, text);
      return loadConfig(file, ENV);
    };
  });
  afterAll(close);
  const keysIn = (lines: string): unknown => {
    const merchant = config(lines).merchants.get('shop')!;
    return merchant.channel === 'transfer' && merchant.payNotice?.v3?.platformKeys.map(({ id }) => id);
  };

  test('keys are a list of any length, and the pair is short for one', () => {
    const { publicKey, certificate } = ids;
    const pair = `    publicKeyId: ${publicKey}\n    publicKey: pub_key.pem`;
    expect(keysIn(pair)).toEqual([publicKey]);
    expect(keysIn(`    platformKeys:\n      - { certificate: certificate.pem }\n${pair}`)).toEqual([
      certificate,
      publicKey,
    ]);
    expect(keysIn(`    platformKeys: [{ id: ${publicKey}, publicKey: same.pem }]\n${pair}`)).toEqual([publicKey]);
    expect(keysIn(`    platformKeys: [{ id: ${certificate.toLowerCase()}, publicKey: certificate.pem }]`)).toEqual([
      certificate,
    ]);
    expect(keysIn(`    publicKeyId: ${certificate}\n    publicKey: certificate.pem`)).toEqual([certificate]);
    expect(
      keysIn('    platformKeys: [{ certificate: certificate.pem }, { certificate: nextCertificate.pem }]'),
    ).toHaveLength(2);
    expect(keysIn('    platformKeys: []')).toEqual([]);
  });

  test.each<[string, () => string, RegExp]>([
    ['no key at all', () => '', /:\d+:\d+: merchant "shop" has no platformKeys/],
    [
      'one id with two keys',
      () =>
        `    platformKeys: [{ id: ${ids.publicKey}, publicKey: other.pem }, { id: ${ids.publicKey}, publicKey: pub_key.pem }]`,
      /:\d+:\d+: the key PUB_KEY_ID_\d+ stands twice, with different keys/,
    ],
    [
      'the pair and the list at odds',
      () =>
        `    platformKeys: [{ id: ${ids.publicKey}, publicKey: other.pem }]\n    publicKeyId: ${ids.publicKey}\n    publicKey: pub_key.pem`,
      /stands twice, with different keys/,
    ],
    ['half a pair', () => `    publicKeyId: ${ids.publicKey}`, /belong together; add publicKey$/m],
    [
      'a private key',
      () => `    platformKeys: [{ id: ${ids.publicKey}, publicKey: apiclient_key.pem }]`,
      /:\d+:\d+: apiclient_key.pem is a private key; expected WeChat Pay's public key \(pub_key.pem/,
    ],
    [
      "the merchant's own certificate as a certificate",
      () => '    platformKeys: [{ certificate: apiclient_cert.pem }]',
      /apiclient_cert.pem is the merchant's own certificate/,
    ],
    [
      "the merchant's own certificate as a public key",
      () => `    publicKeyId: ${ids.publicKey}\n    publicKey: apiclient_cert.pem`,
      /apiclient_cert.pem is the merchant's own certificate/,
    ],
    [
      'a certificate under the id of the public key',
      () => `    platformKeys: [{ id: ${ids.publicKey}, publicKey: certificate.pem }]`,
      /certificate.pem is the certificate [0-9A-F]+; say `- \{ certificate: certificate.pem \}`; the public key PUB_KEY_ID_\d+ is another file/,
    ],
    [
      'a certificate under another serial number',
      () => '    platformKeys: [{ id: 5157F09EFDC096DE15EBE81A47057A7232F1B8E1, certificate: certificate.pem }]',
      /certificate.pem is the certificate [0-9A-F]+; say/,
    ],
    [
      'a public key as a certificate',
      () => `    platformKeys: [{ id: ${ids.publicKey}, certificate: pub_key.pem }]`,
      /pub_key.pem is a public key, no certificate; say `- \{ id: PUB_KEY_ID_\d+, publicKey: … \}`/,
    ],
    [
      'a public key without its id',
      () => '    platformKeys: [{ publicKey: pub_key.pem }]',
      /has no id here; add the one/,
    ],
    [
      'an id that is none',
      () => '    platformKeys: [{ id: my-key, publicKey: pub_key.pem }]',
      /PUB_KEY_ID_…, or the serial number/,
    ],
    [
      'a file that is not there',
      () => `    platformKeys: [{ id: ${ids.publicKey}, publicKey: gone.pem }]`,
      /gone.pem cannot be read/,
    ],
    [
      'an empty file',
      () => `    platformKeys: [{ id: ${ids.publicKey}, publicKey: empty.pem }]`,
      /empty\.pem is empty; put the file there anew/,
    ],
    [
      'a key of another kind',
      () => `    platformKeys: [{ id: ${ids.publicKey}, publicKey: curve.pem }]`,
      /curve.pem holds no RSA key/,
    ],
    ['a word that is none', () => '    platformKeys: [{ cert: certificate.pem }]', /unknown key "cert"/],
    ['neither', () => `    platformKeys: [{ id: ${ids.publicKey} }]`, /needs one of: publicKey, certificate/],
  ])('%s is refused at the start, with place and fix', (_, lines, reason) => {
    let message = '';
    try {
      config(lines());
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      message = error.message;
    }
    expect(message).toMatch(reason);
    expect(message).toMatch(/try\.yaml:\d+:\d+: /);
  });
});
