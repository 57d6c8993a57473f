// The samples of docs/operations.md, taken out of the page and run: nginx in front of a bot, and what systemd would start.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { ACCOUNT, botYaml, ENV, MERCHANT, PEM_LINES, RULES, until, writeCertificates } from '../support/harness.ts';
import { freePort } from '../support/ports.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

/** The block of the page that begins with the name of its file. */
function sample(language: string, file: string): string {
  const found = new RegExp(`\`\`\`${language}\\n# ${file.replaceAll('.', '\\.')}\\n([\\s\\S]*?)\`\`\``).exec(PAGE)?.[1];
  if (found === undefined) throw new Error(`docs/operations.md has no ${file}`);
  return found;
}

const inPath = (name: string): string | undefined =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].map(folder => join(folder, name)).find(existsSync);

/** nginx of this machine, or Debian's, unpacked into a folder of ours: nothing is installed. */
function nginxIn(folder: string): string | undefined {
  const own = inPath('nginx');
  if (own !== undefined) return own;
  const root = join(folder, 'debian');
  mkdirSync(root);
  spawnSync('apt-get', ['download', '-qq', 'nginx'], { cwd: root, timeout: 60_000 });
  const [deb] = readdirSync(root).filter(name => name.endsWith('.deb'));
  if (deb !== undefined) spawnSync('dpkg', ['-x', deb, '.'], { cwd: root });
  const program = join(root, 'usr/sbin/nginx');
  return spawnSync(program, ['-v']).status === 0 ? program : undefined;
}

let folder: string;
let simulator: Simulator;
let nginx: string | undefined;
const children: ChildProcess[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-operations-'));
  nginx = nginxIn(folder);
  if (nginx === undefined) console.log('the test behind nginx is skipped: apt-get install -y nginx');
  simulator = await startSimulator({
    port: 0,
    payPort: 0,
    folder: join(folder, 'simulator'),
    clock: movableClock(Date.now),
    accounts: [ACCOUNT],
    merchants: [MERCHANT],
  });
}, 120_000);
afterEach(async () => {
  for (const child of children.splice(0)) await end(child, 'SIGKILL');
});
afterAll(async () => {
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });
});

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exit = once(child, 'exit');
  child.kill(signal);
  return (await exit)[0];
}

function started(command: string, args: readonly string[], cwd: string, env: Record<string, string>) {
  const child = spawn(command, args, { cwd, env: { PATH: process.env.PATH!, ...env } });
  children.push(child);
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (out += part.toString()));
  return { child, out: () => out };
}

/** A folder as the page describes it, with bot.yaml, rules and certificates. */
function etc(name: string, port: number): string {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  writeCertificates(simulator, place);
  writeFileSync(join(place, 'rules.yaml'), RULES);
  const yaml = botYaml(simulator, { port, certificate: PEM_LINES });
  writeFileSync(
    join(place, 'bot.yaml'),
    `${yaml.replace(/^publicUrl:.*$/m, 'publicUrl: https://bot.example.com')}trustProxy: 1\n`,
  );
  return place;
}

// ── nginx ────────────────────────────────────────────────────────────────────────────────────────────────────

type Answer = { readonly status: number; readonly text: string; readonly headers: NodeJS.Dict<string | string[]> };

/** Over TLS, as a visitor of bot.example.com. */
function ask(
  port: number,
  path: string,
  { body, headers = {} }: { body?: string; headers?: Record<string, string> } = {},
) {
  return new Promise<Answer>((done, fail) => {
    const method = body === undefined ? 'GET' : 'POST';
    const all = { host: 'bot.example.com', ...headers };
    // The certificate is the simulator's, which names 127.0.0.1.
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: all,
      ca: simulator.certificates(MERCHANT.mchId).caPem,
    };
    const asked = request({ ...options, servername: 'localhost' }, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', part => (text += part));
      answer.on('end', () => done({ status: answer.statusCode!, text, headers: answer.headers }));
    });
    asked.on('error', fail).end(body);
  });
}

const signed = (): string => {
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), randomBytes(4).toString('hex')];
  const signature = createHash('sha1').update([ACCOUNT.token, timestamp, nonce].sort().join('')).digest('hex');
  return new URLSearchParams({ signature, timestamp, nonce }).toString();
};

describe('behind nginx as docs/operations.md has it', () => {
  let [port, tls, clear]: number[] = [];
  let log: string;

  async function behindNginx(): Promise<{ bot: ReturnType<typeof started> }> {
    [port, tls, clear] = await Promise.all([freePort(), freePort(), freePort()]);
    const place = etc('behind', port!);
    const conf = join(folder, 'nginx');
    mkdirSync(join(conf, 'tmp'), { recursive: true });
    mkdirSync(join(conf, 'www'), { recursive: true });
    writeFileSync(join(conf, 'www/MP_verify_abc123.txt'), 'abc123');
    log = join(conf, 'hongbao.log');
    const site = sample('nginx', '/etc/nginx/conf.d/hongbao.conf')
      .replace('server 127.0.0.1:3000', `server 127.0.0.1:${port}`)
      .replace('listen 80;', `listen 127.0.0.1:${clear};`)
      .replace('listen 443', `listen 127.0.0.1:${tls}`)
      .replace('/etc/nginx/tls/bot.example.com.pem', join(folder, 'simulator/server.pem'))
      .replace('/etc/nginx/tls/bot.example.com.key', join(folder, 'simulator/server-key.pem'))
      .replace('/var/log/nginx/hongbao.log', log)
      .replace('/var/www/wechat', join(conf, 'www'));
    expect(site).not.toMatch(/\/etc\/|\/var\//);
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      each => `${each}_temp_path ${conf}/tmp/${each};`,
    );
    const user = process.getuid?.() === 0 ? 'user root; ' : '';
    const main = `${user}daemon off; pid ${conf}/pid; error_log ${conf}/error.log; events {}\nhttp {\naccess_log off;\n${temp.join('\n')}\n${site}}\n`;
    writeFileSync(join(conf, 'nginx.conf'), main);
    const args = ['-p', conf, '-c', join(conf, 'nginx.conf'), '-e', join(conf, 'error.log')];
    const tried = spawnSync(nginx!, [...args, '-t'], { encoding: 'utf8' });
    expect([tried.status, tried.stderr]).toEqual([0, expect.not.stringMatching(/warn|emerg/)]);
    const bot = started(
      process.execPath,
      [join(ROOT, 'src/launch/hongbao.js'), 'start', '--config', 'bot.yaml'],
      place,
      ENV,
    );
    await until(() => bot.out().includes('"ready"'), 60_000);
    started(nginx!, args, conf, {});
    await until(() =>
      ask(tls!, '/wechat/tea').then(
        () => true,
        () => false,
      ),
    );
    return { bot };
  }

  test('pushes and pages come through, strangers are counted by the address that nobody can write, and bounds hold', async ctx => {
    if (nginx === undefined) return ctx.skip();
    const { bot } = await behindNginx();
    expect(await ask(tls!, `/wechat/tea?${signed()}&echostr=hello`)).toMatchObject({ status: 200, text: 'hello' });
    const page = await ask(tls!, '/h5/tea/nowhere');
    expect([page.status, page.headers['strict-transport-security']]).toEqual([404, 'max-age=31536000']);
    for (const path of ['/', '/healthz', '/readyz', '/simulator', '/admin'])
      expect((await ask(tls!, path)).status).toBe(404);
    expect(await ask(tls!, '/MP_verify_abc123.txt')).toMatchObject({ status: 200, text: 'abc123' });
    const moved = await fetch(`http://127.0.0.1:${clear}/h5/tea/a?b=c`, { redirect: 'manual' });
    expect([moved.status, moved.headers.get('location')]).toEqual([301, 'https://127.0.0.1/h5/tea/a?b=c']);
    expect((await ask(tls!, '/wechat/tea', { body: 'x'.repeat(300_000) })).status).toBe(413);
    // Whatever they say of themselves.
    for (let n = 0; n < 90; n++)
      await ask(tls!, `/wechat/tea?${n}`, {
        body: '<xml>',
        headers: { 'X-Forwarded-For': `203.0.113.${n}`, Forwarded: `for=198.51.100.${n}` },
      });
    const cut = await until(() => /"address":"([^"]+)".*refused too often/.exec(bot.out())?.[1]);
    expect(cut).toBe('127.0.0.1');
    expect(bot.out()).not.toMatch(/203\.0\.113|198\.51\.100/);
    expect(await ask(tls!, `/wechat/tea?${signed()}&echostr=again`)).toMatchObject({ status: 200, text: 'again' });
    const lines = readFileSync(log, 'utf8');
    expect(lines).toContain('GET /wechat/tea 200');
    expect(lines).not.toMatch(/signature|echostr|\?/);
  }, 150_000);

  test('the bot may be started anew: no visitor is told of it once it is ready', async ctx => {
    if (nginx === undefined) return ctx.skip();
    const { bot } = await behindNginx();
    const say = (word: string) => ask(tls!, `/wechat/tea?${signed()}&echostr=${word}`);
    await Promise.all(Array.from({ length: 8 }, (_, n) => say(`${n}`))); // connections that nginx keeps
    expect(await end(bot.child, 'SIGTERM')).toBe(0);
    const place = join(folder, 'behind');
    const next = started(
      process.execPath,
      [join(ROOT, 'src/launch/hongbao.js'), 'start', '--config', 'bot.yaml'],
      place,
      ENV,
    );
    await until(() => next.out().includes('"ready"'), 60_000);
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => say(`${n}`)));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  }, 150_000);
});

// ── systemd ──────────────────────────────────────────────────────────────────────────────────────────────────

describe('as systemd starts it', () => {
  const unit = sample('ini', '/etc/systemd/system/hongbao.service');
  const said = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)![1]!;

  test.runIf(inPath('systemd-analyze'))('systemd finds nothing wrong with the unit', () => {
    const file = join(folder, 'hongbao.service');
    writeFileSync(file, unit.replaceAll('/usr/bin/node', process.execPath));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
    const ours = stderr.split('\n').filter(line => line.includes('hongbao'));
    expect([status, ours]).toEqual([0, []]);
  });

  test('the command runs with what its file of secrets says, ends when it is told to, and is not tried again when bot.yaml is wrong', async () => {
    const port = await freePort();
    const place = etc('etc', port);
    const opt = join(folder, 'opt/node_modules');
    mkdirSync(opt, { recursive: true });
    symlinkSync(ROOT, join(opt, 'hongbao-bot'));
    writeFileSync(
      join(place, 'secrets.env'),
      Object.entries(ENV)
        .map(([name, value]) => `${name}="${value}"\n`)
        .join(''),
    );
    const here = (text: string): string =>
      text.replaceAll('/opt/hongbao/node_modules', opt).replaceAll('/etc/hongbao', place);
    const secrets = readFileSync(here(said('EnvironmentFile')), 'utf8');
    const env = Object.fromEntries([...secrets.matchAll(/^(\w+)="(.*)"$/gm)].map(([, name, value]) => [name!, value!]));
    const [, ...args] = here(said('ExecStart')).split(' ');
    const bot = started(process.execPath, args, here(said('WorkingDirectory')), env);
    await until(() => bot.out().includes('"ready"'), 60_000);
    // The command beside it, as the page has it.
    const beside = /sudo -u hongbao sh -c '([^']+)'/
      .exec(PAGE)![1]!
      .replace(/\/opt\/\S+hongbao /, `${process.execPath} ${ROOT}/src/launch/hongbao.js `);
    expect(execFileSync('sh', ['-c', here(beside)]).toString()).toMatch(/^merchant .*\nshop /);
    expect(await end(bot.child, 'SIGTERM')).toBe(0);
    writeFileSync(join(place, 'bot.yaml'), 'listen: nowhere\n');
    const wrong = started(process.execPath, args, place, env);
    const [code] = await once(wrong.child, 'exit');
    expect(String(code)).toBe(said('RestartPreventExitStatus'));
  }, 150_000);
});
