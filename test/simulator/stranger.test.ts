// A stranger's path, by the clock: from the line that starts the simulator to the first result, with what its page says and with
// nothing else. Packages come from the registry; where it cannot be reached, one line says so.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, type TestContext, test } from 'vitest';
import { until } from '../support/harness.ts';
import { behindProxy } from './peers/run.ts';
import { type Recipe, Stranger } from './peers/stranger.ts';

/** As long as a slow machine takes to fail. */
const PATIENCE_MS = 300_000;
let folder: string;
let stranger: Stranger;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-stranger-'));
  stranger = await Stranger.begin(folder);
}, 60_000);
afterEach(async () => {
  await stranger.leave();
  rmSync(folder, { recursive: true, force: true });
});

async function installed(name: string, ctx: TestContext): Promise<Recipe> {
  const recipe = stranger.recipe(name);
  if (await stranger.install(recipe)) return recipe;
  console.log(`a stranger's ${name} is left out: the registry cannot be reached`);
  return ctx.skip();
}

test(
  'a bot of co-wechat answers a follower in less than two minutes',
  async ctx => {
    stranger.run(await installed('co-wechat', ctx));
    await stranger.listening();
    expect(JSON.parse(await stranger.copy('/verify'))).toMatchObject({ ok: true });
    await stranger.copy('"openid":"oReader_0001"');
    await stranger.copy('oReader_0001/act');
    const { chat } = JSON.parse(await stranger.copy('/people/oReader_0001')) as { chat: { text?: string }[] };
    expect(chat.at(-1)).toMatchObject({ text: 'you said hello' });
    expect(stranger.seconds).toBeLessThan(120);
  },
  PATIENCE_MS,
);

test(
  'wechatpay-axios-plugin sends a red packet, asks after it and reads a notice in less than five minutes',
  async ctx => {
    const shop = stranger.run(await installed('wechatpay-axios-plugin', ctx));
    await until(() => shop.out().includes('notice'), 120_000);
    expect(shop.out().trim().split('\n')).toEqual(['packet SUCCESS', 'query SENT', 'notice true SUCCESS']);
    expect(stranger.seconds).toBeLessThan(300);
  },
  PATIENCE_MS,
);

test(
  'node-easywechat knows by OAuth who is there, in less than five minutes',
  async ctx => {
    const recipe = await installed('node-easywechat', ctx);
    expect(recipe.preload).toBe(true);
    stranger.run(recipe);
    await stranger.listening();
    await stranger.copy('"openid":"oReader_0001"');
    expect(await stranger.browse('/people/oReader_0001/open')).toBe('hello Ann');
    expect(stranger.seconds).toBeLessThan(300);
  },
  PATIENCE_MS,
);

test(
  'wechatpay-node-v3 and co-wechat-api, whose hosts are fixed, come to the simulator by the preload, and not by HTTPS_PROXY',
  async ctx => {
    const [pay, api] = [await installed('wechatpay-node-v3', ctx), await installed('co-wechat-api', ctx)];
    const shop = stranger.run(pay);
    await until(() => shop.out().includes('ORDER_NOT_EXIST'), 60_000);
    const bot = stranger.run(api, 'banner');
    await until(() => bot.out().trim() === '0', 60_000);
    for (const name of ['node-easywechat', 'wechatpay-axios-plugin']) await installed(name, ctx);
    const reads = ['node-easywechat', 'wechatpay-axios-plugin'];
    const fixed = ['wechatpay-node-v3', 'co-wechat-api', 'fetch'];
    expect(await behindProxy(folder, [...reads, ...fixed])).toEqual({
      ...Object.fromEntries(reads.map(name => [name, true])),
      ...Object.fromEntries(fixed.map(name => [name, false])),
    });
  },
  PATIENCE_MS,
);
