// A production machine: the packed package in an empty folder, and a checkout without the compiler. Real npm, both times.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { exactly } from '../support/exactly.ts';
import { ACCOUNT, botYaml, ENV, MERCHANT, PEM_LINES, RULES, until, writeCertificates } from '../support/harness.ts';
import { has, isListOf, isNumber, isText, read, readJson } from '../support/json.ts';
import { freePort } from '../support/ports.ts';
import { AWAY, NPM, plainEnv } from '../support/registry.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** What a production machine may have at most: the order's word. Today there are fewer. */
const PACKAGES_MAX = 97;
/** None of these may reach it. */
const COMPILERS = ['typescript', 'esbuild', 'tsx', 'vitest', 'preact', '@types/node', '@biomejs/biome'];

type Result = { readonly code: number; readonly out: string; readonly err: string };

async function run(
  cwd: string,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Result> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...args], { cwd, env: plainEnv(env) });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = read(error, has({ code: isNumber, stdout: isText, stderr: isText }));
    return { code, out: stdout, err: stderr };
  }
}

/** Every package below a folder, wherever npm has put it. */
function packagesIn(folder: string): string[] {
  const modules = join(folder, 'node_modules');
  if (!existsSync(modules)) return [];
  return readdirSync(modules, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
    .flatMap(({ name }) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map(each => `${name}/${each}`) : [name],
    )
    .flatMap(name => [name, ...packagesIn(join(modules, name))]);
}

let folder: string;
let away: string | undefined;
/** An empty folder into which the packed package was installed, and a checkout without development packages. */
let installed: string;
let checkout: string;
let packed: readonly string[];
let ci: Result;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-install-'));
  [installed, checkout] = [join(folder, 'installed'), join(folder, 'checkout')];
  for (const each of [installed, checkout]) mkdirSync(each);
  // What `npm test` has built is packed as it is: the other tests are using it.
  const pack = await run(ROOT, 'npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]);
  const isPacked = has({ filename: isText, files: isListOf(has({ path: isText })) });
  const [{ filename, files }] = exactly(1, readJson(pack.out, isListOf(isPacked)));
  packed = files.map(({ path }) => path);
  const install = await run(installed, 'npm', ['install', ...NPM, join(folder, filename)]);
  const isOurs = (path: string): boolean => !/^(node_modules|dist|data|\.git)$/.test(path.slice(ROOT.length + 1));
  cpSync(ROOT, checkout, { recursive: true, filter: isOurs });
  ci = await run(checkout, 'npm', ['ci', '--omit=dev', ...NPM]);
  away = [install, ci].find(({ code, err }) => code !== 0 && AWAY.test(err))?.err;
  if (away !== undefined) console.log('the tests of an installation are skipped: the registry cannot be reached');
  else expect(install).toMatchObject({ code: 0 });
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed package', () => {
  test('holds what runs and what is read, and neither tests nor sources', () => {
    const needed = [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'README.zh-CN.md',
      'src/launch/hongbao.js',
      'src/launch/hosts.cjs',
      'src/launch/hosts.d.cts',
      'dist/cli.js',
      'dist/commands/simulator-entry.d.ts',
      'dist/engine/rulebook-worker.js',
      'dist/pages/chat.html',
      'dist/pages/chat.js',
      'dist/pages/h5.js',
      'docs/operations.md',
      'docs/simulator.md',
      'docs/simulator.zh-CN.md',
      'package.json',
      'rules/README.md',
      'rules/schema.json',
      'rules/welcome.yaml',
      'rules/lists/stores.csv',
    ];
    expect(needed.filter(path => !packed.includes(path))).toEqual([]);
    const kinds =
      /^(src\/launch\/(hongbao\.js|hosts\.(cjs|d\.cts))|dist\/.+\.(js|css|html|svg|d\.ts)|docs\/.+\.(md|png)|docs\/monitoring\/.+\.(yml|json)|rules\/.+\.(yaml|csv|json|md)|[^/]+)$/;
    expect(packed.filter(path => !kinds.test(path))).toEqual([]);
    expect(packed.filter(path => !path.includes('/'))).toHaveLength(5);
  });

  test(`brings ${PACKAGES_MAX} packages or fewer, none of which compiles`, ctx => {
    if (away) ctx.skip();
    const packages = packagesIn(installed);
    expect(packages).toContain('hongbao-bot');
    expect(packages).toContain('@photostructure/sqlite');
    expect(packages.length).toBeLessThanOrEqual(PACKAGES_MAX);
    expect(COMPILERS.filter(name => packages.includes(name))).toEqual([]);
  });

  test('says its version and its commands, and checks the sample rules, from anywhere', async ctx => {
    if (away) ctx.skip();
    const npx = (...args: string[]) => run(installed, 'npx', ['--no-install', 'hongbao', ...args]);
    expect(await npx('--version')).toEqual({ code: 0, out: '0.2.0\n', err: '' });
    expect(await npx('--help')).toMatchObject({ code: 0, out: expect.stringMatching(/^Usage: hongbao .*simulator/s) });
    expect(await npx('check')).toMatchObject({ code: 0, out: expect.stringMatching(/14 files, no findings/) });
    mkdirSync(join(installed, 'own'));
    writeFileSync(join(installed, 'own/right.yaml'), RULES);
    expect(await npx('check', 'own')).toMatchObject({ code: 0, out: expect.stringMatching(/^1 file, no findings/m) });
    writeFileSync(
      join(installed, 'own/wrong.yaml'),
      RULES.replace('campaign: test', 'campaign: other').replace('redpacket', 'redpaket'),
    );
    const [wrong, chinese] = [await npx('check', 'own'), await npx('check', 'own', '--lang', 'zh')];
    expect(wrong).toMatchObject({ code: 1, out: expect.stringMatching(/own\/wrong\.yaml:8:11: .*redpacket/) });
    expect(chinese).toMatchObject({
      code: 1,
      out: expect.stringMatching(/own\/wrong\.yaml:8:11: \P{ASCII}.*redpacket/u),
    });
  }, 60_000);

  test('gives its simulator to anybody’s tests, with types that are looked at', async ctx => {
    if (away) ctx.skip();
    const app = (wish: string): string =>
      [
        "import { startSimulator, type Simulator } from 'hongbao-bot/simulator';",
        'const wechat: Simulator = await startSimulator();',
        `const { openid } = wechat.control.addPerson(${wish});`,
        "console.log(openid.length, wechat.control.person(openid).following, wechat.certificates('1900000109').caPem.length > 100);",
        'await wechat.close();',
      ].join('\n');
    writeFileSync(join(installed, 'app.mts'), app('{ following: true }'));
    writeFileSync(join(installed, 'wrong.mts'), app('{ follows: true }'));
    const tsc = (file: string): Promise<Result> => {
      const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node'];
      const how = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', ...types, file];
      return run(installed, join(ROOT, 'node_modules/.bin/tsc'), how);
    };
    expect(await tsc('app.mts')).toEqual({ code: 0, out: '', err: '' });
    expect((await tsc('wrong.mts')).out).toMatch(/wrong\.mts.*'follows' does not exist in type/s);
    writeFileSync(
      join(installed, 'app.mjs'),
      app('{ following: true }').replace(', type Simulator', '').replace(': Simulator', ''),
    );
    expect(await run(installed, process.execPath, ['app.mjs'])).toEqual({ code: 0, out: '28 true true\n', err: '' });
    // From CommonJS as well; and nothing else of the package is anybody's to import.
    writeFileSync(
      join(installed, 'app.cts'),
      `import wechat = require('hongbao-bot/simulator');\nvoid wechat.startSimulator;\n`,
    );
    expect(await tsc('app.cts')).toEqual({ code: 0, out: '', err: '' });
    const required = `console.log(typeof require('hongbao-bot/simulator').startSimulator)`;
    expect(await run(installed, process.execPath, ['-e', required])).toMatchObject({ code: 0, out: 'function\n' });
    const inside = `import('hongbao-bot/dist/app/bot.js').catch(error => console.log(error.code))`;
    expect((await run(installed, process.execPath, ['-e', inside])).out).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  }, 120_000);

  test('leads a client with fixed hosts to the simulator, and nobody to WeChat, by a preload', async ctx => {
    if (away) ctx.skip();
    const simulator = await startSimulator({
      ...{ port: 0, payPort: 0, clock: movableClock(Date.now), accounts: [ACCOUNT], merchants: [MERCHANT] },
    });
    writeFileSync(join(installed, 'ca.pem'), simulator.certificates(MERCHANT.mchId).caPem);
    const ask = (url: string) =>
      `fetch('${url}').then(({ status }) => status, ({ cause }) => cause.message).then(each => { console.log(each); process.exit(); });`;
    const [right, plain] = ['https', 'http'].map(scheme => ask(`${scheme}://api.weixin.qq.com/cgi-bin/getcallbackip`));
    const hosts = (env: Record<string, string>, code: string): Promise<Result> =>
      run(installed, process.execPath, ['--require', 'hongbao-bot/simulator/hosts', '-e', code], {
        ...{ NODE_EXTRA_CA_CERTS: join(installed, 'ca.pem'), ...env },
      });
    try {
      // A proxy that the house has is not asked.
      const env = { WECHAT_SIMULATOR: simulator.payUrl, HTTPS_PROXY: 'http://127.0.0.1:9' };
      expect(await hosts(env, right!)).toEqual({ code: 0, out: '200\n', err: '' });
      expect((await hosts(env, plain!)).out).toMatch(/^api\.weixin\.qq\.com:80: .*by https only/);
      const local = `require('node:http').get('${simulator.url}/control/state', ({ statusCode }) => { console.log(statusCode, process.env.NO_PROXY); process.exit(); });`;
      expect((await hosts({ ...env, NO_PROXY: 'here' }, local)).out).toContain(
        '200 here,weixin.qq.com,.weixin.qq.com,wechatpay.cn,.wechatpay.cn',
      );
      for (const WECHAT_SIMULATOR of ['', simulator.url, '127.0.0.1:3002'])
        expect(await hosts({ WECHAT_SIMULATOR }, right!)).toMatchObject({
          ...{ code: 1, out: '', err: expect.stringMatching(/WECHAT_SIMULATOR is .*; expected where/) },
        });
    } finally {
      await simulator.close();
    }
    const typed = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--noUncheckedSideEffectImports',
    ];
    writeFileSync(join(installed, 'preload.mts'), "import 'hongbao-bot/simulator/hosts';\n");
    expect(await run(installed, join(ROOT, 'node_modules/.bin/tsc'), [...typed, 'preload.mts'])).toMatchObject({
      code: 0,
      out: '',
    });
  }, 60_000);

  test('starts the simulator alone: its page shows how, and a port that is taken is said in words', async ctx => {
    if (away) ctx.skip();
    const [port, payPort] = [await freePort(), await freePort()];
    const ports = [
      '--port',
      String(port),
      '--pay-port',
      String(payPort),
      '--memory',
      '--webhook',
      'http://127.0.0.1:9/',
    ];
    const simulator = start(['simulator', ...ports], {});
    const url = `http://127.0.0.1:${port}`;
    let ended: unknown;
    try {
      await until(
        () =>
          fetch(`${url}/`).then(
            ({ ok }) => ok,
            () => false,
          ),
        30_000,
      );
      expect(await (await fetch(`${url}/`)).text()).toContain('The simulator of WeChat');
      expect(await (await fetch(`${url}/?lang=zh`)).text()).toContain('<h1 id="微信模拟器">');
      const again = await run(installed, 'npx', [
        '--no-install',
        'hongbao',
        'simulator',
        ...ports,
        '--folder',
        'other',
      ]);
      expect(again).toMatchObject({ code: 2, err: expect.stringContaining(`port ${port} is taken`) });
      for (const wrong of [
        ['--token', '!'],
        ['--mch-id', 'x'],
        ['--webhook', 'here'],
        ['--aes-key', 'short'],
      ])
        expect((await run(installed, 'npx', ['--no-install', 'hongbao', 'simulator', ...wrong])).err).toContain(
          wrong[0],
        );
    } finally {
      ended = await simulator.stop();
    }
    expect(ended).toBeDefined();
  }, 60_000);

  test('starts the demo by npx with nothing configured: a follower is paid on the chat page, and Ctrl-C ends it in order', async ctx => {
    if (away) ctx.skip();
    const port = await freePort();
    const demo = start(['start'], { PORT: String(port) }, 'npx');
    const url = `http://127.0.0.1:${port}/simulator`;
    const lock = join(installed, 'data/simulator/simulator.lock');
    try {
      await until(() => demo.out().includes(`Chat page 聊天页   ${url}`), 60_000);
      expect(demo.out()).toContain('rules in node_modules/hongbao-bot/rules/');
      const page = await (await fetch(url)).text();
      expect(page).toMatch(/<script/);
      const post = async (path: string, body: object): Promise<unknown> => {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${url}/control${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
        return answer.json();
      };
      const { openid } = read(await post('/people', {}), has({ openid: isText }));
      await post(`/people/${openid}/act`, { kind: 'follow' });
      const hasPackets = has({ packets: isListOf(has({ status: isText })) });
      await until(async () => {
        const { packets } = read(await (await fetch(`${url}/control/state`)).json(), hasPackets);
        return packets.some(({ status }) => status === 'SENT');
      }, 60_000);
      expect(existsSync(lock)).toBe(true);
    } finally {
      await demo.stop();
    }
    // npx waits for it; who ends in another way leaves the lock behind.
    expect(existsSync(lock)).toBe(false);
    await expect(fetch(url)).rejects.toThrow();
  }, 150_000);

  test('works in production, and its simulator alone', async ctx => {
    if (away) ctx.skip();
    const port = await freePort();
    const webhook = `http://127.0.0.1:${port}/wechat/tea`;
    const account = { ...ACCOUNT, webhook };
    const simulator = await startSimulator({
      port: 0,
      payPort: 0,
      clock: movableClock(Date.now),
      accounts: [account],
      merchants: [MERCHANT],
    });
    writeCertificates(simulator, installed);
    writeFileSync(join(installed, 'rules.yaml'), RULES);
    writeFileSync(join(installed, 'production.yaml'), botYaml(simulator, { port, certificate: PEM_LINES }));
    const bot = start(['start', '--config', 'production.yaml'], ENV);
    const alone = start(['simulator', '--port', '0', '--pay-port', '0'], {});
    let ended: unknown;
    try {
      await until(() => bot.out().includes('"ready"') && alone.out().includes('http://127.0.0.1:'), 60_000);
      await simulator.control.act(simulator.control.addPerson({}).openid, { kind: 'follow' });
      await until(() => simulator.control.merchant(MERCHANT.mchId).sentCount === 1, 60_000);
    } finally {
      ended = await Promise.all([bot.stop(), alone.stop()]);
      await simulator.close();
    }
    expect(ended).toEqual([0, 0]);
  }, 150_000);

  test('works without its SQLite where Node has one, and says so where it has none', async ctx => {
    if (away) ctx.skip();
    rmSync(join(installed, 'node_modules/@photostructure'), { recursive: true });
    const { code, out, err } = await run(installed, 'npx', [
      '--no-install',
      'hongbao',
      'audit',
      '--config',
      'data/bot.yaml',
    ]);
    if (Number(process.versions.node.split('.')[0]) >= 22)
      expect([code, err, out]).toEqual([0, '', expect.stringContaining('everything balances')]);
    else
      expect([code, err]).toEqual([2, expect.stringMatching(/SQLite cannot be loaded .* or use Node 22 or newer\n$/)]);
  }, 60_000);

  /** By npx it is ended as a terminal does it: Ctrl-C is heard by npx and by what it runs. */
  function start(
    args: readonly string[],
    env: Record<string, string>,
    by: 'bin' | 'npx' = 'bin',
  ): { out(): string; stop(): Promise<unknown> } {
    const [command, first] =
      by === 'npx' ? ['npx', ['--no-install', 'hongbao']] : [join(installed, 'node_modules/.bin/hongbao'), []];
    const child = spawn(command, [...first, ...args], { cwd: installed, env: plainEnv(env), detached: by === 'npx' });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (out += part.toString()));
    const exit = once(child, 'exit');
    return {
      out: () => out,
      stop: async () => {
        if (by === 'npx') process.kill(-child.pid!, 'SIGINT');
        else child.kill('SIGTERM');
        return (await exit)[0];
      },
    };
  }
});

describe('a checkout without development packages', () => {
  test('installs, says what is missing, and brings no compiler either', ctx => {
    if (away) ctx.skip();
    expect([ci.code, ci.err]).toEqual([0, expect.not.stringContaining('npm error')]);
    expect(ci.out).toMatch(/^hongbao: nothing is built here: `npm ci` builds .*$/m);
    const packages = packagesIn(checkout);
    expect(packages.length).toBeLessThanOrEqual(PACKAGES_MAX);
    expect(COMPILERS.filter(name => packages.includes(name))).toEqual([]);
  });

  test('says in one line what to run, whichever way it is started', async ctx => {
    if (away) ctx.skip();
    const line =
      'hongbao: nothing is built here yet: run `npm ci` (without --omit=dev: the compiler is among what that leaves out)\n';
    expect(await run(checkout, 'npm', ['start', '--silent'])).toEqual({ code: 2, out: '', err: line });
    expect(await run(checkout, 'npx', ['--no-install', 'hongbao', 'check'])).toMatchObject({ code: 2, err: line });
  }, 60_000);

  test('keeps what was built before, and says when the sources are newer', async ctx => {
    if (away) ctx.skip();
    cpSync(join(ROOT, 'dist'), join(checkout, 'dist'), { recursive: true, preserveTimestamps: true });
    const prepare = () => run(checkout, process.execPath, ['src/launch/prepare.js']);
    writeFileSync(join(checkout, 'src/lib/log.ts'), '// changed\n');
    expect((await prepare()).out).toBe(
      'hongbao: the sources are newer than what is built in dist/, which stays as it is: `npm ci` builds anew\n',
    );
    cpSync(join(ROOT, 'dist'), join(checkout, 'dist'), { recursive: true });
    expect(await prepare()).toEqual({ code: 0, out: '', err: '' });
    expect(await run(checkout, 'npx', ['--no-install', 'hongbao', '--version'])).toMatchObject({
      code: 0,
      out: '0.2.0\n',
    });
  }, 60_000);
});
