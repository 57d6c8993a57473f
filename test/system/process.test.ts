// The bot as people start it: a process of its own, which can be killed, misconfigured and asked from the side.
import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import forge from 'node-forge';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ended } from '../support/ended.ts';
import {
  ACCOUNT,
  botYaml,
  ENV,
  MERCHANT,
  PEM_LINES,
  RULES,
  textIn,
  until,
  writeCertificates,
} from '../support/harness.ts';
import { issue } from '../support/issue.ts';
import { has, isListOf, isMap, isText, read, readJson } from '../support/json.ts';
import { freePort } from '../support/ports.ts';

const CLI = resolve(import.meta.dirname, '../../dist/cli.js');
let folder: string;
let simulator: Simulator | undefined;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-process-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await simulator?.close();
  simulator = undefined;
  rmSync(folder, { recursive: true, force: true });
});

type Result = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs a command to its end. */
async function run(args: readonly string[], env: Record<string, string> = ENV): Promise<Result> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env: { PATH: process.env.PATH!, ...env } });
  children.push(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', part => (out += part));
  child.stderr.on('data', part => (err += part));
  const code = await ended(child);
  return { code, out, err };
}

/** A p12 file as WeChat Pay hands it out: certificate and key, the merchant number as its password. */
function pkcs12Of(certPem: string, keyPem: string, password: string): Buffer {
  const certificate = forge.pki.certificateFromPem(certPem);
  const der = forge.util.createBuffer(new X509Certificate(certPem).raw.toString('binary'));
  // The library would write the certificate anew, and differently; ours must stay as it is to the byte.
  const rewrite = forge.pki.certificateToAsn1;
  forge.pki.certificateToAsn1 = () =>
    forge.asn1.fromDer(der.copy(), { strict: true, decodeBitStrings: false } as never);
  const p12 = forge.pkcs12.toPkcs12Asn1(forge.pki.privateKeyFromPem(keyPem), certificate, password, {
    algorithm: '3des',
  });
  forge.pki.certificateToAsn1 = rewrite;
  return Buffer.from(forge.asn1.toDer(p12).getBytes(), 'binary');
}

/** Starts the bot and waits until it is ready. */
async function startBot(
  port: number,
  args: readonly string[] = ['start', '--config', 'bot.yaml'],
  env: Record<string, string> = ENV,
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH!, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  await until(
    () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        answer => answer.ok,
        () => false,
      ),
    15_000,
  );
  return child;
}

/** With a name of one's own choice, which `fetch` does not allow. */
async function statusAt(port: number, path: string, host: string): Promise<number> {
  const asked = request({ port, path, host: '127.0.0.1', headers: { host } }).end();
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    asked.once('response', resolve).once('error', reject),
  );
  answer.resume();
  return answer.statusCode ?? 0;
}

/** A simulator here, and a folder with everything a bot needs to work with it. */
async function prepare({
  certificate = PEM_LINES,
  rules = RULES,
  yaml = (text: string) => text,
} = {}): Promise<number> {
  const port = await freePort();
  const webhook = `http://127.0.0.1:${port}/wechat/tea`;
  simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(Date.now),
    accounts: [{ ...ACCOUNT, webhook }],
    merchants: [MERCHANT],
  });
  writeCertificates(simulator, folder);
  writeFileSync(join(folder, 'rules.yaml'), rules);
  writeFileSync(
    join(folder, 'bot.yaml'),
    yaml(botYaml(simulator, { port, certificate, merchantLines: '    askEvery: 1s' })),
  );
  return port;
}

test('who is put on `blocked:` is not paid what they had won before; taken off again they are, once', async () => {
  const night = '    quietHours: ["00:00-12:00", "12:00-24:00"]\n';
  const port = await prepare({ yaml: text => text.replace('    askEvery: 1s\n', `    askEvery: 1s\n${night}`) });
  const mine = async (openid: string) => {
    const { out } = await run(['payouts', 'list', '--user', openid, '--json', '--config', 'bot.yaml']);
    return readJson(out, isListOf(has({ billNo: isText, state: isText })))[0]!;
  };
  const sent = (): number => simulator!.control.merchant(MERCHANT.mchId).sentCount;
  const restart = async (bot: ChildProcess, change: (text: string) => string): Promise<ChildProcess> => {
    bot.kill('SIGTERM');
    await once(bot, 'exit');
    const file = join(folder, 'bot.yaml');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    return startBot(port);
  };
  let bot = await startBot(port);
  const [ann, bob] = [simulator!.control.addPerson({}).openid, simulator!.control.addPerson({}).openid];
  for (const openid of [ann, bob]) await simulator!.control.act(openid, { kind: 'follow' });
  expect(await mine(ann)).toMatchObject({ state: 'planned' });
  bot = await restart(bot, text => `${text.replace(night, '')}blocked: [${ann}]\n`);
  await until(async () => (await mine(ann)).state === 'held' && sent() === 1, 20_000);
  expect(await mine(bob)).toMatchObject({ state: 'sent' });
  const held = await mine(ann);
  expect(held).toMatchObject({ problem: expect.stringContaining('blocked: in bot.yaml') });
  bot = await restart(bot, text => text.replace(/^blocked: .*\n/m, ''));
  expect(await run(['payouts', 'retry', held.billNo, '--config', 'bot.yaml'])).toMatchObject({ code: 0 });
  await until(() => sent() === 2, 20_000);
  expect(await run(['audit', '--config', 'bot.yaml'])).toMatchObject({ code: 0 });
}, 100_000);

describe('killed with -9', () => {
  test('right after the answer, it pays after the restart, once', async () => {
    const port = await prepare();
    for (let round = 0; round < 3; round++) {
      const bot = await startBot(port);
      const ann = simulator!.control.addPerson({});
      const push = await simulator!.control.act(ann.openid, { kind: 'follow' });
      bot.kill('SIGKILL');
      await once(bot, 'exit');
      expect(textIn(push.tries.at(-1)!.clear!)).toBe('欢迎!1.00 元红包已发出');
    }
    const bot = await startBot(port);
    await until(() => simulator!.control.merchant(MERCHANT.mchId).sentCount === 3, 45_000);
    bot.kill('SIGTERM');
    expect((await once(bot, 'exit'))[0]).toBe(0);
    const { out } = await run(['payouts', 'list', '--json', '--config', 'bot.yaml']);
    expect(JSON.parse(out).map((payout: { state: string }) => payout.state)).toEqual(['sent', 'sent', 'sent']);
    expect(simulator!.control.merchant(MERCHANT.mchId)).toMatchObject({ sentCount: 3, sentAmount: 300 });
  }, 90_000);

  test('while the store is busy, what was answered is there and what was not is answered by the redelivery', async () => {
    const port = await prepare();
    const people = Array.from({ length: 30 }, () => simulator!.control.addPerson({}).openid);
    const first = await startBot(port);
    const pushes = people.map(openid => simulator!.control.act(openid, { kind: 'follow' }));
    await new Promise(done => setTimeout(done, 15));
    first.kill('SIGKILL');
    await once(first, 'exit');
    await startBot(port);
    for (const push of await Promise.all(pushes))
      expect(textIn(push.tries.at(-1)!.clear ?? '')).toBe('欢迎!1.00 元红包已发出');
    await until(() => simulator!.control.merchant(MERCHANT.mchId).sentCount === 30, 60_000);
  }, 120_000);
});

describe('a configuration of one’s own', () => {
  test('with a p12 file in place of the PEM pair pays as well', async () => {
    const port = await prepare({ certificate: '    pfx: apiclient_cert.p12' });
    const { certPem, keyPem } = simulator!.certificates(MERCHANT.mchId);
    writeFileSync(join(folder, 'apiclient_cert.p12'), pkcs12Of(certPem, keyPem, MERCHANT.mchId));
    await startBot(port);
    const ann = simulator!.control.addPerson({});
    await simulator!.control.act(ann.openid, { kind: 'follow' });
    await until(() => simulator!.control.merchant(MERCHANT.mchId).sentCount === 1);
  }, 30_000);

  test('with one merchant certificate for another merchant number is refused', async () => {
    await prepare({ yaml: text => text.replace(`mchId: "${MERCHANT.mchId}"`, 'mchId: "1900000110"') });
    const { code, err } = await run(['start', '--config', 'bot.yaml']);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/bot\.yaml:21:18: apiclient_cert\.pem is the certificate of the merchant 1900000109/),
    ]);
  }, 30_000);

  test('with a certificate that WeChat Pay never issued is halted, not hammered', async () => {
    const port = await prepare();
    const { certPem, keyPem } = issue({ cn: MERCHANT.mchId });
    writeFileSync(join(folder, 'apiclient_cert.pem'), certPem);
    writeFileSync(join(folder, 'apiclient_key.pem'), keyPem);
    await startBot(port);
    const ann = simulator!.control.addPerson({});
    await simulator!.control.act(ann.openid, { kind: 'follow' });
    const { out } = await until(async () => {
      const result = await run(['payouts', 'list', '--json', '--state', 'held', '--config', 'bot.yaml']);
      return result.out.includes('held') && result;
    });
    expect(JSON.parse(out)[0].problem).toMatch(/CA_ERROR/);
  }, 30_000);
});

describe('what is wrong at the start is named with its place and its fix', () => {
  const cases: [string, (yaml: string) => string, RegExp[]][] = [
    [
      'a variable that is not set',
      yaml => yaml.replace('TEST_SECRET', 'NOT_SET_ANYWHERE'),
      [/bot\.yaml:5:9: .*NOT_SET_ANYWHERE/],
    ],
    [
      'a misspelt key',
      yaml => yaml.replace('appSecret', 'appSecrte'),
      [/bot\.yaml:9:5: unknown key "appSecrte"; did you mean "appSecret"\?/],
    ],
    [
      'an unknown merchant',
      yaml => yaml.replace('merchant: shop', 'merchant: shpo'),
      [/bot\.yaml:13:15: there is no merchant "shpo"; did you mean "shop"\?/],
    ],
    [
      'a certificate that is not there',
      yaml => yaml.replace('apiclient_cert.pem', 'nowhere.pem'),
      [/bot\.yaml:21:18: .*nowhere\.pem cannot be read/],
    ],
    [
      'a key that does not belong to the certificate',
      yaml => yaml.replace('privateKey: apiclient_key.pem', 'privateKey: ca.pem'),
      [/bot\.yaml:22:17: ca\.pem is a certificate; expected the merchant's private key/],
    ],
    [
      'a mode nobody knows',
      yaml => yaml.replace('mode: safe', 'mode: save'),
      [/bot\.yaml:12:11: unknown word "save" for a mode; did you mean "safe"\?/],
    ],
    [
      'an AES key of the wrong length',
      yaml => yaml.replace(/encodingAesKey: .*/, 'encodingAesKey: short'),
      [/bot\.yaml:11:21: expected the EncodingAESKey/],
    ],
    [
      'no AES key in safe mode',
      yaml => yaml.replace(/ {4}encodingAesKey: .*\n/, ''),
      [/account "tea" has no encodingAesKey, which safe mode needs/],
    ],
    [
      'several mistakes at once',
      yaml => yaml.replace('appId', 'appID').replace('mode: safe', 'mode: x').replace('mchId', 'mchid'),
      [/:8:5:/, /:12:11:/, /:19:5:/],
    ],
  ];
  test.each(cases)('%s', async (_, yaml, expected) => {
    const port = await prepare({ yaml });
    const { code, err } = await run(['start', '--config', 'bot.yaml']);
    for (const pattern of expected) expect(err).toMatch(pattern);
    expect(code).toBe(2);
    expect(err).not.toContain(' at '); // no stack
    expect(port).toBeGreaterThan(0);
  });

  test('a rule file with a fault', async () => {
    await prepare({ rules: RULES.replace('redpacket: ¥1.50', 'redpaket: 1.5') });
    const { code, err } = await run(['start', '--config', 'bot.yaml']);
    expect([code, err]).toEqual([2, expect.stringMatching(/rules\.yaml:9:12: .*redpaket.*did you mean "redpacket"/)]);
  });

  test('a rule file whose own test fails', async () => {
    await prepare({
      rules: `${RULES}tests:\n  - name: 一\n    events:\n      - { at: 2026-02-10 10:00, user: ann, text: 红包, expect: { pays: ¥9.00 } }\n`,
    });
    const { code, err } = await run(['start', '--config', 'bot.yaml']);
    expect(code).toBe(2);
    expect(err).toMatch(/rules\.yaml:2\d:\d+: .*¥9\.00/);
  });

  test('a rule file by which one follower can take without end', async () => {
    const endless = RULES.replace('once: perDay', 'once: perEvent');
    const line = 1 + endless.slice(0, endless.indexOf('perEvent')).split('\n').length - 1;
    await prepare({ rules: endless });
    const start = (lang: string) => run(['start', '--config', 'bot.yaml', '--lang', lang]);
    const [en, zh] = [await start('en'), await start('zh')];
    expect([en.code, zh.code, en.out, zh.out]).toEqual([2, 2, '', '']);
    expect(en.err).toContain('the rules in rules.yaml are not fit to go live:');
    expect(en.err).toMatch(
      new RegExp(`^rules\\.yaml:${line}:\\d+: .*one alone can take the whole budget; add limits`, 'm'),
    );
    expect(zh.err).toContain('rules.yaml 里的规则不能上线：');
    expect(zh.err).toMatch(new RegExp(`^rules\\.yaml:${line}:\\d+: .*一个人就能拿走全部预算.*limits: `, 'm'));
    // What is meant so, is said in the file, as for a reload.
    const meant = endless.replace('period:', '# lint-off: unlimited-per-user 内部测试\nperiod:');
    writeFileSync(join(folder, 'rules.yaml'), meant);
    const port = await freePort();
    writeFileSync(
      join(folder, 'bot.yaml'),
      readFileSync(join(folder, 'bot.yaml'), 'utf8').replace(/127\.0\.0\.1:\d+$/m, `127.0.0.1:${port}`),
    );
    await startBot(port);
  }, 60_000);

  test('a prize the merchant may not pay', async () => {
    await prepare({ yaml: text => `${text}    limits: { max: ¥1.20 }\n` });
    const { code, err } = await run(['start', '--config', 'bot.yaml']);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('prize "daily" is ¥1.50..¥1.50, merchant "shop" pays ¥1.00..¥1.20'),
    ]);
  });

  test('a configuration that is not there, an unknown option and an unknown command', async () => {
    expect(await run(['start', '--config', 'nowhere.yaml'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('nowhere.yaml cannot be read'),
    });
    expect(await run(['start', '--confgi', 'x'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean --config'),
    });
    expect(await run(['chekc'])).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean check') });
  });
});

describe('the operator’s commands', () => {
  test('check and test say what is right, and where something is wrong', async () => {
    mkdirSync(join(folder, 'rules'));
    writeFileSync(
      join(folder, 'rules/good.yaml'),
      `${RULES}tests:\n  - name: 欢迎\n    events:\n      - { at: 2026-02-10 10:00, user: ann, subscribe: true, expect: { prize: gift, pays: ¥1.00 } }\n    budgetLeft: ¥999.00\n`,
    );
    expect(await run(['check', 'rules'])).toMatchObject({ code: 0 });
    expect(await run(['test', 'rules'])).toMatchObject({ code: 0, out: expect.stringContaining('1 passed, 0 failed') });
    writeFileSync(
      join(folder, 'rules/bad.yaml'),
      RULES.replace('weight', 'x').replace('give: daily', 'give: dialy').replace('campaign: test', 'campaign: bad'),
    );
    const wrong = await run(['check', 'rules']);
    expect(wrong).toMatchObject({
      code: 1,
      out: expect.stringMatching(/rules\/bad\.yaml:13:\d+: .*dialy.*did you mean "daily"/),
    });
    expect(JSON.parse((await run(['check', 'rules', '--json'])).out).findings).toHaveLength(1);
    expect(await run(['check', 'nowhere'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('nowhere: no such file or folder'),
    });
  }, 30_000);

  test('receive leads a recorded push through the whole way and pays nobody', async () => {
    await prepare();
    const push = `<xml><ToUserName>gh_0a1b2c3d4e5f</ToUserName><FromUserName>oAnn</FromUserName><CreateTime>1767225600</CreateTime><MsgType>event</MsgType><Event>subscribe</Event></xml>`;
    writeFileSync(join(folder, 'push.xml'), push);
    for (let i = 0; i < 2; i++) {
      const { code, out } = await run(['receive', 'push.xml', '--config', 'bot.yaml', '--json']);
      expect([code, JSON.parse(out)]).toMatchObject([
        0,
        { decision: { kind: 'awarded', prize: 'gift', amount: 100 }, reply: { text: '欢迎!1.00 元红包已发出' } },
      ]);
    }
    expect(JSON.parse((await run(['payouts', 'list', '--json', '--config', 'bot.yaml'])).out)).toEqual([]);
    expect(await run(['receive', 'bot.yaml', '--config', 'bot.yaml'])).toMatchObject({ code: 2 });
  }, 30_000);
});

describe('the demo', () => {
  test('starts with nothing configured, pays, and remembers after a restart', async () => {
    const port = await freePort();
    mkdirSync(join(folder, 'rules'));
    writeFileSync(
      join(folder, 'rules/welcome.yaml'),
      readFileSync(resolve(import.meta.dirname, '../../rules/welcome.yaml')),
    );
    const control = `http://127.0.0.1:${port}/simulator/control`;
    const post = async (path: string, body: object) => {
      const answer = await fetch(`${control}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return read(await answer.json(), isMap);
    };
    const env = { PORT: String(port) };
    const first = await startBot(port, ['start'], env);
    const { openid } = await post('/people', {});
    await post(`/people/${openid}/act`, { kind: 'follow' });
    const isPacket = has({ status: isText, billNo: isText });
    const packets = async () =>
      read(await (await fetch(`${control}/state`)).json(), has({ packets: isListOf(isPacket) })).packets;
    const packet = await until(async () => (await packets()).find(each => each.status === 'SENT'));
    first.kill('SIGTERM');
    await once(first, 'exit');
    await startBot(port, ['start'], env);
    expect(await post(`/packets/1900000109/${packet.billNo}/open`, { openid })).toMatchObject({ status: 'RECEIVED' });
    const listed = await until(async () => {
      const { out } = await run(['payouts', 'list', '--json'], {});
      return out.includes('"received"') && out;
    });
    expect(JSON.parse(listed)).toHaveLength(1);
    // A page somewhere whose name leads to this machine (DNS rebinding) reads nothing of people.
    for (const path of ['/bot/timeline', '/bot/campaigns', '/control/state', '/control/pushes'])
      for (const [host, status] of [
        [`127.0.0.1:${port}`, 200],
        [`evil.example:${port}`, 400],
      ] as const)
        expect([path, host, await statusAt(port, `/simulator${path}`, host)]).toEqual([path, host, status]);
  }, 60_000);

  test('pushes JSON where it is told so, and is answered; beside a configuration that cannot be said', async () => {
    const port = await freePort();
    mkdirSync(join(folder, 'rules'));
    writeFileSync(join(folder, 'rules/a.yaml'), RULES);
    await startBot(port, ['start', '--format', 'json', '--cdata', 'raw'], { PORT: String(port) });
    const control = `http://127.0.0.1:${port}/simulator/control`;
    const post = async (path: string, body: object) => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      return read(await (await fetch(`${control}${path}`, init)).json(), isMap);
    };
    const { openid } = await post('/people', { following: true });
    const push = await post(`/people/${openid}/act`, { kind: 'text', text: '帮助' });
    expect(push).toMatchObject({ outcome: 'reply', json: expect.stringContaining('"Content":"帮助"') });
    // What the control API takes on its own port it takes on the demo's.
    const put = (path: string, body: object) =>
      fetch(`${control}${path}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await put('/faults', { platform: [{ kind: 'busy', times: 1 }] })).status).toBe(200);
    expect(await (await put('/accounts/tea', { format: 'xml' })).json()).toMatchObject({ pushing: { cdata: 'raw' } });
    expect(await run(['start', '--format', 'yaml'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('--format yaml: format: expected xml or json'),
    });
    await prepare();
    const both = await run(['start', '--config', 'bot.yaml', '--format', 'json']);
    expect([both.code, both.err]).toEqual([2, expect.stringContaining("are for the demo's WeChat")]);
  }, 60_000);
});
