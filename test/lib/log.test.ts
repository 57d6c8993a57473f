// The log of the program as it is run: JSON lines and nothing else, whoever writes; followers by the two ends of their openids;
// no secret anywhere.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isShortOpenId, shortOpenId, shortOpenIds } from '../../src/core/base/openid.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { DEFAULT_API_V3_KEY } from '../../src/simulator/shared/options.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { run } from '../support/command.ts';
import { exactly } from '../support/exactly.ts';
import { ACCOUNT, botYaml, ENV, MERCHANT, PEM_LINES, RULES, until, writeCertificates } from '../support/harness.ts';
import { isMap, readJson } from '../support/json.ts';
import { freePort } from '../support/ports.ts';
import { DURABLE, hasRedis, startRedis } from '../support/redis-server.ts';

const CLI = resolve(import.meta.dirname, '../../dist/cli.js');
const ADMIN = 'a-password-of-the-admin-0123456789abcdef';
const V3_KEY = DEFAULT_API_V3_KEY;

type Bot = { readonly child: ChildProcess; readonly url: string; out(): string; lines(): Record<string, unknown>[] };

let folder: string;
let simulator: Simulator;
let bots: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-log-'));
  bots = [];
});
afterEach(async () => {
  for (const child of bots) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What a library, Node or a mistake of ours would print, on demand: loaded into the program from outside. */
const STRAYS = `
const say = {
  SIGUSR2() {
    console.log('\\u001b[36m[A LIBRARY]\\u001b[39m two\\nlines');
    console.error(new Error('a library is unhappy'));
    process.emitWarning('it is old', 'DeprecationWarning', 'DEP9999');
    new Buffer(1);
  },
  SIGHUP() {
    Promise.reject(new Error('nobody expected this of ' + process.env.STRAY));
  },
};
for (const [signal, speak] of Object.entries(say)) process.on(signal, speak);
`;

type Parts = {
  readonly yaml?: (text: string) => string;
  readonly env?: Record<string, string>;
  /** Where its log goes; absent: to us. */
  readonly stdout?: number;
};

async function startBot({ yaml = text => text, env = {}, stdout }: Parts = {}): Promise<Bot> {
  const port = await freePort();
  simulator = await startSimulator({
    port: 0,
    payPort: 0,
    clock: movableClock(Date.now),
    accounts: [{ ...ACCOUNT, webhook: `http://127.0.0.1:${port}/wechat/tea` }],
    merchants: [MERCHANT],
  });
  writeCertificates(simulator, folder);
  writeFileSync(join(folder, 'rules.yaml'), RULES);
  writeFileSync(join(folder, 'strays.mjs'), STRAYS);
  writeFileSync(join(folder, 'bot.yaml'), yaml(botYaml(simulator, { port, certificate: PEM_LINES })));
  const args = ['--import', `file://${join(folder, 'strays.mjs')}`, CLI, 'start', '--config', 'bot.yaml'];
  const child = spawn(process.execPath, args, {
    ...{ cwd: folder, env: { PATH: process.env.PATH!, ...ENV, ...env } },
    stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
  });
  bots.push(child);
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (out += part.toString()));
  const url = `http://127.0.0.1:${port}`;
  const isUp = (): Promise<boolean> =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(() => (stdout === undefined ? out.includes('"ready"') : isUp()), 60_000);
  const lines = () => out.trimEnd().split('\n');
  return { child, url, out: () => out, lines: () => lines().map(line => readJson(line, isMap)) };
}

async function end({ child }: Bot, signal: NodeJS.Signals): Promise<number | null> {
  const closed = once(child, 'close');
  child.kill(signal);
  return (await closed)[0];
}

/** A push nobody signed. */
const knock = (url: string, body = '<xml>') =>
  fetch(`${url}/wechat/tea?timestamp=1&nonce=n&signature=${'0'.repeat(40)}`, { method: 'POST', body }).then(
    answer => answer.status,
  );

describe('a program in production writes JSON lines only', () => {
  test('whatever happens: a bad push, a store lost, moments missed, libraries and Node that speak, SIGTERM', async () => {
    const bot = await startBot();
    await simulator.control.act(simulator.control.addPerson({}).openid, { kind: 'follow' });
    expect(await knock(bot.url)).toBe(401);
    bot.child.kill('SIGUSR2');
    await until(() => bot.out().includes('a library is unhappy') && bot.out().includes('DEP9999'));
    // The timetable is not asked for seconds.
    bot.child.kill('SIGSTOP');
    await sleep(3000);
    bot.child.kill('SIGCONT');
    await until(() => bot.out().includes('timetable: '));
    renameSync(join(folder, 'bot.db'), join(folder, 'gone.db'));
    const ann = simulator.control.addPerson({ following: true }).openid;
    await simulator.control.act(ann, { kind: 'text', text: '红包' });
    await until(() => bot.out().includes('"level":"error"'));
    expect(await end(bot, 'SIGTERM')).toBe(0);
    const messages = bot.lines().map(({ msg }) => msg);
    expect(messages).toContain('[A LIBRARY] two\nlines');
    expect(messages).toContain('it is old');
    expect(messages.filter(message => /Buffer\(\) is deprecated/.test(String(message)))).toHaveLength(1);
    expect(messages).toContain('a push was refused');
    for (const line of bot.lines()) expect(line).toMatchObject({ level: expect.any(String), time: expect.any(String) });
  }, 200_000);

  test('and the last words of one that ends by a mistake are a line as well', async () => {
    const bot = await startBot({ env: { STRAY: `oABCdefghijklmnopqrstuvwxyz1 and ${MERCHANT.apiV2Key}` } });
    expect(await end(bot, 'SIGHUP')).toBe(1);
    expect(bot.lines().at(-1)).toMatchObject({
      level: 'error',
      msg: 'ended by a mistake of ours: nobody expected this of oABC…xyz1 and [secret]',
      err: { type: 'Error', stack: expect.stringContaining('strays.mjs') },
      origin: 'unhandledRejection',
    });
  }, 200_000);

  test.runIf(hasRedis)(
    'and a Redis that goes away and comes back, whose password stays unsaid',
    async () => {
      const redis = await startRedis(...DURABLE);
      try {
        const store = `redis://:the-password-of-redis@127.0.0.1:${redis.port}/0`;
        const bot = await startBot({ yaml: text => text.replace('sqlite:bot.db', store) });
        await redis.kill();
        const ann = simulator.control.addPerson({}).openid;
        await simulator.control.act(ann, { kind: 'follow' });
        await until(() => bot.out().includes('"level":"error"'), 60_000);
        await redis.start();
        bot.child.kill('SIGUSR2');
        await until(() => bot.out().includes('a library is unhappy'));
        expect(await end(bot, 'SIGTERM')).toBe(0);
        expect(bot.lines().length).toBeGreaterThan(3);
        expect(bot.out()).not.toContain('the-password-of-redis');
        expect(bot.out()).not.toContain(ann);
      } finally {
        await redis.dispose();
      }
    },
    200_000,
  );
});

describe('in the log stands', () => {
  /** A day with everything that is logged with a person in it, and everything that fails. */
  async function day(bot: Bot): Promise<string[]> {
    const { control } = simulator;
    const people = [false, false, false, true].map(following => control.addPerson({ following }).openid);
    const [ann, bob, cat, dan] = exactly(4, people);
    await control.act(ann, { kind: 'follow' });
    await until(() => control.merchant(MERCHANT.mchId).sentCount === 1);
    control.setFaults({ pay: [{ kind: 'noAuthIp' }], platform: [] });
    await control.act(bob, { kind: 'follow' });
    await control.act(cat, { kind: 'follow' });
    // Somebody who hammers, strangers, and pushes that cannot be read.
    await Promise.all(Array.from({ length: 60 }, (_, n) => control.act(dan, { kind: 'text', text: `${n}` })));
    for (const secret of [ACCOUNT.token, ACCOUNT.appSecret, ADMIN]) {
      await knock(bot.url, `<xml><FromUserName>${dan}</FromUserName><Content>${secret}</Content></xml>`);
      await fetch(`${bot.url}/oauth/tea/callback?code=${secret}&state=${dan}`);
      await fetch(`${bot.url}/h5/tea/${dan}/draw?secret=${secret}`, { method: 'POST' });
      await fetch(`${bot.url}/notify/transfer/shop`, { method: 'POST', body: JSON.stringify({ openid: dan, secret }) });
    }
    renameSync(join(folder, 'bot.db'), join(folder, 'gone.db'));
    await control.act(ann, { kind: 'text', text: '红包' });
    await sleep(1500);
    return people;
  }

  const yaml = (text: string): string =>
    `${text.replace('    channel: redpack', `    channel: redpack\n    apiV3Key: ${V3_KEY}`)}admin: { password: ${ADMIN} }\n`;
  const env = { LOG_LEVEL: 'debug' };

  test('no secret of bot.yaml, and no openid in full, whatever is done', async () => {
    const bot = await startBot({ yaml, env: { ...env, STRAY: `${ADMIN} ${V3_KEY} oABCdefghijklmnopqrstuvwxyz1` } });
    const people = await day(bot);
    expect(await end(bot, 'SIGHUP')).toBe(1);
    const out = bot.out();
    expect(bot.lines().length).toBeGreaterThan(10);
    const { keyPem } = simulator.certificates(MERCHANT.mchId);
    const secrets = [ACCOUNT.appSecret, ACCOUNT.token, ACCOUNT.encodingAesKey, MERCHANT.apiV2Key, V3_KEY, ADMIN];
    for (const secret of [...secrets, ...Object.values(ENV), ...keyPem.split('\n').slice(1, -2)])
      expect([secret, out.includes(secret)]).toEqual([secret, false]);
    expect(out).not.toMatch(/access_token=(?!\[secret\])/);
    for (const openid of people) expect([openid, out.includes(openid)]).toEqual([openid, false]);
    expect(people.filter(openid => out.includes(shortOpenId(openid))).length).toBeGreaterThan(0);
  }, 200_000);

  test('every openid in full where bot.yaml says so, and only what is as grave as it says', async () => {
    const full = (text: string): string => `${yaml(text)}log: { openids: full, level: warn }\n`;
    // `ready` is not grave: here it is asked for.
    const bot = await startBot({ yaml: text => full(text).replace('warn', 'info') });
    const people = await day(bot);
    await end(bot, 'SIGTERM');
    expect(people.filter(openid => bot.out().includes(openid)).length).toBeGreaterThan(0);
    expect(bot.out()).not.toMatch(/o[\w-]{3}…[\w-]{4}/);
    const port = await freePort();
    writeFileSync(join(folder, 'bot.yaml'), full(botYaml(simulator, { port, certificate: PEM_LINES })));
    const child = spawn(process.execPath, [CLI, 'start', '--config', 'bot.yaml'], {
      cwd: folder,
      env: { PATH: process.env.PATH!, ...ENV },
    });
    bots.push(child);
    let out = '';
    child.stdout.on('data', (part: Buffer) => (out += part.toString()));
    await until(
      () =>
        fetch(`http://127.0.0.1:${port}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      60_000,
    );
    expect(out).not.toMatch(/"level":"(info|debug)"/);
  }, 200_000);

  test('enough of an openid that `explain` and `payouts list` find the person by it', async () => {
    const bot = await startBot();
    const ann = simulator.control.addPerson({}).openid;
    await simulator.control.act(ann, { kind: 'follow' });
    await simulator.control.act(simulator.control.addPerson({}).openid, { kind: 'follow' });
    await until(() => simulator.control.merchant(MERCHANT.mchId).sentCount === 2);
    await end(bot, 'SIGTERM');
    const short = shortOpenId(ann);
    const explained = await run(folder, 'explain', short, '--config', 'bot.yaml', '--json');
    expect([explained.code, JSON.parse(explained.out)]).toMatchObject([0, { event: { user: ann } }]);
    const ascii = short.replace('…', '...');
    const listed = await run(folder, 'payouts', 'list', '--user', ascii, '--config', 'bot.yaml', '--json');
    expect(JSON.parse(listed.out)).toMatchObject([{ user: ann }]);
    const nobody = await run(folder, 'explain', 'oXXX…0000', '--config', 'bot.yaml');
    expect([nobody.code, nobody.err]).toEqual([2, expect.stringContaining('nobody with such an openid')]);
  }, 200_000);
});

test.skipIf(!existsSync('/dev/full'))(
  'a bot whose log has no room answers pushes and pays all the same, and ends when it is told to',
  async () => {
    const full = openSync('/dev/full', 'w');
    const bot = await startBot({ env: { LOG_LEVEL: 'debug' }, stdout: full });
    closeSync(full);
    for (let n = 0; n < 5; n++) expect(await knock(bot.url)).not.toBe(0);
    await simulator.control.act(simulator.control.addPerson({}).openid, { kind: 'follow' });
    await until(() => simulator.control.merchant(MERCHANT.mchId).sentCount === 1);
    expect((await fetch(`${bot.url}/healthz`, { signal: AbortSignal.timeout(5000) })).status).toBe(200);
    expect(await end(bot, 'SIGTERM')).toBe(0);
  },
  100_000,
);

describe('a wrong `log:` in bot.yaml', () => {
  test.each([
    ['log: { openids: ful }', /bot\.yaml:\d+:17: unknown word "ful" for how openids are logged; did you mean "full"\?/],
    ['log: { levl: info }', /bot\.yaml:\d+:8: unknown key "levl"; did you mean "level"\?/],
  ])('%s is refused with its place', async (line, message) => {
    simulator = await startSimulator({
      port: 0,
      payPort: 0,
      clock: movableClock(Date.now),
      accounts: [ACCOUNT],
      merchants: [MERCHANT],
    });
    writeCertificates(simulator, folder);
    writeFileSync(join(folder, 'rules.yaml'), RULES);
    writeFileSync(join(folder, 'bot.yaml'), `${botYaml(simulator, { certificate: PEM_LINES })}${line}\n`);
    expect(await run(folder, 'start', '--config', 'bot.yaml')).toMatchObject({
      code: 2,
      err: expect.stringMatching(message),
    });
  });
});

describe('an openid', () => {
  const openid = fc.stringMatching(/^o[\w-]{27}$/);
  test('is shortened wherever it stands: in keys, addresses, sentences', () => {
    fc.assert(
      fc.property(openid, fc.constantFrom(':', '/', ' ', '"', '%3A', '.', '\n', '>', '=', '，'), (id, mark) => {
        const text = shortOpenIds(`v${mark}${id}${mark}tap`);
        expect(text).toBe(`v${mark}${shortOpenId(id)}${mark}tap`);
        expect(isShortOpenId(shortOpenId(id))).toBe(true);
      }),
    );
  });

  test('is nothing that is longer, shorter or begins otherwise', () => {
    const names = [
      'o'.repeat(27),
      'o'.repeat(29),
      'wx8888888888888888',
      '1900000109202611291234567890',
      'a'.repeat(28),
    ];
    for (const name of names) expect(shortOpenIds(name)).toBe(name);
  });
});
