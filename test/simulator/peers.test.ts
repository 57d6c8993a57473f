// The short form of `npm run peers`: other people's clients and bots against the simulator, each by its own documented calls. Some
// are packages of this checkout; the others come from the registry, and one line says where it cannot be reached.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drive, installed, type Line } from './peers/run.ts';

let folder: string;
let isThere: boolean;
let lines: readonly Line[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-peers-'));
  isThere = await installed(folder, ['co-wechat-api', 'co-wechat']);
  if (!isThere) console.log('co-wechat-api and co-wechat are left out: the registry cannot be reached');
  const ours = ['wechatpay-axios-plugin', '@wecom/crypto'];
  lines = await drive(folder, isThere ? [...ours, 'co-wechat-api', 'co-wechat'] : ours);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const of = (peer: string): readonly Line[] => lines.filter(({ name }) => name === peer);
/** What was tried, and that all of it came out as that library documents it. */
function expectAll(peer: string, calls: number): void {
  expect(of(peer).filter(({ ok }) => !ok)).toEqual([]);
  expect(of(peer)).toHaveLength(calls);
}

test('wechatpay-axios-plugin sends packets, places orders, reads that one was paid and refunds it, in v2 and v3', () => {
  expectAll('wechatpay-axios-plugin', 6);
});

test('a bot on Koa and @wecom/crypto answers the handshake and a follower, sealed', () => {
  expectAll('@wecom/crypto', 3);
});

test('co-wechat-api, whose hosts are fixed, asks for followers, menus, tags and QR codes, and sends messages', ctx => {
  if (!isThere) ctx.skip();
  expectAll('co-wechat-api', 7);
});

test('a bot of co-wechat answers the handshake and a follower, sealed', ctx => {
  if (!isThere) ctx.skip();
  expectAll('co-wechat', 3);
});

test('nothing else went wrong on the way', () => {
  expect(lines.filter(({ ok }) => !ok)).toEqual([]);
});
