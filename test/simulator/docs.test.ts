// docs/simulator.md as a stranger uses it: every example that can be copied is run as it stands, every call and every path is named,
// and the page at `/` shows it; docs/simulator.zh-CN.md has the same.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { SIMULATOR_DEFAULTS } from '../../src/commands/simulator-defaults.ts';
import { type Simulator, startSimulator, type Wishes } from '../../src/commands/simulator-entry.ts';
import { PLATFORM_PATHS } from '../../src/simulator/account/api.ts';
import { CONSOLE_ROUTES } from '../../src/simulator/console/routes.ts';
import { CONTROL_CALLS } from '../../src/simulator/control/routes.ts';
import { PAY_PATHS_V2 } from '../../src/simulator/pay/server.ts';
import { ORDER_PATHS_V2 } from '../../src/simulator/shop/orders-v2.ts';
import { WEB_PATHS } from '../../src/simulator/web/routes.ts';
import { portOf } from '../support/listening.ts';

const docOf = (name: string): string => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
const [DOCS, CHINESE] = [docOf('simulator.md'), docOf('simulator.zh-CN.md')];
const examplesIn = (text: string): string[] =>
  [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(match => match[1]!.trim().split('\n'));
const EXAMPLES = examplesIn(DOCS);
/** Everything that is written as code, the blocks as well. */
const codeIn = (text: string): string[] => [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map(([code]) => code).sort();

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
async function start(wishes: Wishes = {}): Promise<Simulator> {
  const simulator = await startSimulator(wishes);
  open.push(() => simulator.close());
  return simulator;
}

test('every example is taken as it stands', async () => {
  const bot = createServer((req, res) => {
    req.resume();
    res.end(new URL(req.url!, 'http://x').searchParams.get('echostr') ?? 'success');
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => bot.once('listening', resolve));
  open.push(() => bot.close());
  const its = `127.0.0.1:${portOf(bot)}`;
  const simulator = await start({ webhook: `http://${its}/wechat`, payNotify: `http://${its}/notify` });
  expect(EXAMPLES.length).toBeGreaterThan(20);
  for (const line of EXAMPLES) {
    const command = line
      .replaceAll('127.0.0.1:3001', new URL(simulator.url).host)
      .replaceAll('127.0.0.1:3000', its)
      .replace(/^curl -s/, 'curl -s -w "%{stderr}%{http_code}"');
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command]);
    expect([line, stderr, stdout.slice(0, 300)]).toEqual([line, '200', expect.any(String)]);
  }
  expect(simulator.control.state().people).toEqual([]);
});

test('every call of the control API and every path of the platform and of WeChat Pay is named', () => {
  const named = new Set([...DOCS.matchAll(/`([^`\n]+)`/g)].map(match => match[1]!));
  const paths = [...PLATFORM_PATHS, ...Object.keys(CONSOLE_ROUTES), ...WEB_PATHS, ...PAY_PATHS_V2, ...ORDER_PATHS_V2];
  expect([...CONTROL_CALLS, ...paths].filter(each => !named.has(each))).toEqual([]);
});

test('the page at / shows it, and leads to the chat page', async () => {
  const { url } = await start();
  const answer = await fetch(`${url}/`);
  const html = await answer.text();
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  for (const each of [
    '<h1 id="the-simulator-of-wechat">',
    '<table>',
    '<pre><code>curl -s',
    '<h2 id="faults">',
    'HTTPS_PROXY',
  ])
    expect(html).toContain(each);
  expect(html).not.toContain('```');
  expect(html).toContain('<pre><code>npx hongbao simulator --webhook');
  expect(html.match(/<pre>/g)!.length).toBe(DOCS.match(/^```/gm)!.length / 2);
  expect(html).toContain(`<a href="${url}/simulator">`);
});

test('in Chinese it has the same examples, options, calls and paths, and the same sections', () => {
  expect(codeIn(CHINESE)).toEqual(codeIn(DOCS));
  const shape = (text: string): string[] => [...text.matchAll(/^#+(?= )|^\|/gm)].map(([sign]) => sign);
  expect(shape(CHINESE)).toEqual(shape(DOCS));
});

test('what is copied from the page has the values of the simulator that serves it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-docs-'));
  open.push(() => rmSync(folder, { recursive: true, force: true }));
  const { url, payUrl } = await start({
    ...{ folder, memory: true },
    merchants: [{ mchId: '1500000001', apiV2Key: 'k'.repeat(32), balance: 100, appIds: ['wx7777777777777777'] }],
    accounts: [
      {
        ...{ name: 'cake', title: 'Cake', appId: 'wx7777777777777777', appSecret: 'cakeSecret', token: 'cakeToken' },
        ...{ encodingAesKey: 'A'.repeat(43), originalId: 'gh_0a1b2c3d4e5f', mode: 'safe', webhook: '' },
      },
    ],
  });
  for (const lang of ['en', 'zh']) {
    const html = await (await fetch(`${url}/?lang=${lang}`)).text();
    const { appId, appSecret, token, aesKey, mchId, apiKey, folder: usual } = SIMULATOR_DEFAULTS;
    for (const each of [appId, appSecret, token, aesKey, mchId, apiKey]) expect(html).not.toContain(each);
    for (const each of ['wx7777777777777777', 'cakeSecret', 'cakeToken', 'A'.repeat(43), 'k'.repeat(32)])
      expect(html).toContain(each);
    expect(html).toContain(`readFileSync(\`${folder}/1500000001/\${name}\`)`);
    // Where it is an option's default, it is said as such.
    expect(html.replace(`<code>${usual}</code></td>`, '')).not.toContain(usual);
    expect(html).toContain(
      `<pre><code>WECHAT_SIMULATOR=${payUrl} NODE_EXTRA_CA_CERTS=&#34;${folder}/1500000001/ca.pem&#34; `,
    );
    const hosts = /node --require &#34;([^&]*)&#34; bot\.js/.exec(html)![1]!;
    expect(readFileSync(hosts, 'utf8')).toContain('WECHAT_SIMULATOR');
    expect(html).toContain('<ol start="2">');
  }
});

test('the page is Chinese for who reads Chinese, and each language leads to the other', async () => {
  const { url, payUrl } = await start();
  const read = async (path: string, language?: string): Promise<string> =>
    (await fetch(`${url}${path}`, { headers: language === undefined ? {} : { 'accept-language': language } })).text();
  const chinese = await read('/', 'zh-CN,zh;q=0.9,en;q=0.8');
  for (const each of ['<html lang="zh-CN">', '<h1 id="微信模拟器">', 'href="/?lang=en"', payUrl])
    expect(chinese).toContain(each);
  expect([await read('/?lang=zh'), await read('/?lang=zh', 'en')]).toEqual([chinese, chinese]);
  const english = await read('/', 'en-US,en;q=0.9,zh;q=0.8');
  expect(english).toContain('href="/?lang=zh"');
  expect([await read('/'), await read('/?lang=en', 'zh-CN'), await read('/?lang=fr')]).toEqual(Array(3).fill(english));
  // What is copied works as it stands: it has the ports of this very simulator.
  expect([...`${chinese}${english}`.matchAll(/(?:127\.0\.0\.1:|proxyPort=)300[12]/g)]).toEqual([]);
  expect(chinese).not.toMatch(/\p{Script=Han}\s\p{Script=Han}/u);
});
