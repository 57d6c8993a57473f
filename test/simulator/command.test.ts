// `hongbao simulator` itself: what it records it can do again, what it was told wrongly it says by the option's name, and a port that
// is taken is no stack.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { simulator } from '../../src/commands/simulator.ts';
import { SIMULATOR_DEFAULTS, type SimulatorOptions } from '../../src/commands/simulator-defaults.ts';
import { portOf } from '../support/listening.ts';

let folder: string;
let printed: string;
const open: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-command-'));
  printed = '';
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation(text => {
      printed += String(text);
      return true;
    });
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<SimulatorOptions>): Promise<string> {
  const own = { port: '0', payPort: '0', folder, memory: true, webhook: '' };
  open.push(await simulator({ ...SIMULATOR_DEFAULTS, ...own, ...options }));
  return /How to use it {2}(http:\S+)\//.exec(printed)![1]!;
}
const post = (url: string, body: object) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

test('what was recorded is done again by another one', async () => {
  const record = join(folder, 'calls.jsonl');
  const url = await start({ record });
  await post(`${url}/control/people`, { openid: 'oRecorded_1', nickname: 'Ann', following: true });
  await post(`${url}/control/clock`, { advanceMs: 3_600_000 });
  await open.pop()!();
  expect(readFileSync(record, 'utf8').trim().split('\n')).toHaveLength(2);
  printed = '';
  const other = await start({ replay: record });
  const state = await (await fetch(`${other}/control/state`)).json();
  expect(state).toMatchObject({ people: [{ openid: 'oRecorded_1', nickname: 'Ann' }], offsetMs: 3_600_000 });
  expect(printed).toContain('POST /control/people 200');
  writeFileSync(record, '{"at":1}\n');
  await expect(start({ replay: record })).rejects.toThrow(/calls\.jsonl:1: not a line that --record wrote/);
});

test('a record or a folder that cannot be used is named, and nothing is started', async () => {
  await expect(start({ replay: join(folder, 'none') })).rejects.toThrow(/^--replay .*none cannot be read: ENOENT/);
  await expect(start({ replay: folder })).rejects.toThrow(/cannot be read: EISDIR/);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await expect(start({ folder: join(file, 'x'), memory: false })).rejects.toThrow(
    /^--folder .* cannot be used: ENOTDIR/,
  );
  expect(printed).toBe('');
});

test('the handshake is sent at the start, and what came of it is said; so is a push that nobody took', async () => {
  const bot = createServer((req, res) => {
    req.resume();
    const echo = new URL(req.url!, 'http://x').searchParams.get('echostr');
    res.writeHead(echo === null ? 500 : 200).end(echo ?? '');
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => bot.once('listening', resolve));
  open.push(() => bot.close());
  const url = await start({ webhook: `http://127.0.0.1:${portOf(bot)}/` });
  expect(printed).toContain('answered as it should');
  await post(`${url}/control/people`, { openid: 'oNobody_01', following: true });
  await post(`${url}/control/people/oNobody_01/act?wait=no`, { kind: 'text', text: 'x' });
  await vi.waitFor(() => expect(printed).toMatch(/not delivered: text to http:\S+: status 500/));
});

test('what is wrong is named as it was given', async () => {
  const wrong: readonly (readonly [Partial<SimulatorOptions>, RegExp])[] = [
    [{ webhook: 'here' }, /--webhook here/],
    [{ payNotify: 'there' }, /--pay-notify there/],
    [{ appId: 'x' }, /--app-id: expected wx/],
    [{ token: '!' }, /--token: expected 3 to 32/],
    [{ aesKey: 'short' }, /--aes-key: expected 43/],
    [{ mode: 'fast' }, /--mode: expected safe/],
    [{ mchId: 'x' }, /--mch-id x/],
    [{ apiKey: 'x' }, /--api-key: expected 32/],
    [{ port: 'x' }, /x is no port/],
    [{ templates: join(folder, 'none.json') }, /--templates .*none\.json/],
  ];
  for (const [options, text] of wrong) await expect(start(options)).rejects.toThrow(text);
  const url = await start({});
  const port = new URL(url).port;
  await expect(start({ port })).rejects.toThrow(`port ${port} is taken by another program; choose another with --port`);
});
