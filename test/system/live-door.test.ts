// Going live through the doors a merchant has: a file saved under a running bot, a restart, `hongbao check`, `hongbao send`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Bot, createBot } from '../../src/app/bot.ts';
import { list } from '../../src/commands/payouts/list.ts';
import { send } from '../../src/commands/payouts/send.ts';
import { check } from '../../src/commands/rules/check.ts';
import { openId } from '../../src/core/base/event.ts';
import { instant } from '../../src/core/base/time.ts';
import { SILENT } from '../../src/lib/log.ts';
import { ENV, RULES, startWorld, until, type World } from '../support/harness.ts';

let world: World;
afterEach(async () => {
  vi.restoreAllMocks();
  await world.close();
});

const write = (text: string): void => writeFileSync(join(world.folder, 'rules.yaml'), text);
const said = async (user: string, text: string): Promise<string> =>
  world.said(await world.simulator.control.act(user, { kind: 'text', text }));
const paid = async (user: string): Promise<number> =>
  (await world.store.payouts({ user: openId(user), limit: 100 })).length;

/** Until the bot has looked at what was written last. */
async function reloaded(text: string): Promise<void> {
  write(text);
  const end = performance.now() + 4000; // a refused change is looked at as well
  await until(async () => {
    await world.bot.rulebook.refresh();
    return performance.now() > end || world.bot.rulebook.current().campaigns.some(({ hash }) => hash !== before);
  }, 10_000);
  before = world.bot.rulebook.current().campaigns[0]!.hash;
}
let before = '';

function another(): Promise<Bot> {
  return createBot({
    ...{ holder: 'another', config: world.config, store: world.store, log: SILENT },
    clock: () => instant(Date.now()),
    timer: { ticks: () => performance.now(), sleep: ms => sleep(ms) },
  });
}

/** What a command says on the standard output, and its exit code. */
async function told(run: () => Promise<number>): Promise<[number, string]> {
  Object.assign(process.env, ENV);
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation(part => {
    text += String(part);
    return true;
  });
  try {
    return [await run(), text];
  } finally {
    spy.mockRestore();
  }
}

const LAST2 = RULES.replace('id: last', 'id: last2');
const WAS = RULES.replace('id: last', 'id: last2, was: last');

describe('a rule whose name is corrected in a live campaign', () => {
  test('pays nobody twice: the bot keeps the former rules, a start is refused, check says why, until the file says which', async () => {
    world = await startWorld({ rules: RULES });
    before = world.bot.rulebook.current().campaigns[0]!.hash;
    const ann = world.person(true);
    expect(await said(ann, '最后')).toContain('2.00');
    await reloaded(LAST2);
    const config = join(world.folder, 'bot.yaml');
    expect(world.bot.rulebook.current().campaigns[0]!.rules.map(({ id }) => id)).toContain('last');
    await said(ann, '最后');
    expect(await paid(ann)).toBe(1);
    const refused =
      /rules\.yaml:\d+:\d+: rule "last" is gone and "last2" is new, and 1 follower has claimed "last": they could claim again\. Say was: last/;
    await expect(another()).rejects.toThrow(refused);
    const [code, text] = await told(() => check([], { config }));
    expect([code, text]).toEqual([1, expect.stringMatching(refused)]);
    await expect(
      send({ config, openids: config, campaign: 'test', amount: '¥1.00', wait: false }),
      'nor by hand',
    ).rejects.toThrow(refused);

    await reloaded(WAS);
    expect(world.bot.rulebook.current().campaigns[0]!.rules.map(({ called }) => called)).toContain('last2');
    expect(await said(ann, '最后')).not.toContain('2.00');
    const bob = world.person(true);
    expect(await said(bob, '最后')).toContain('2.00');
    const again = await another();
    await again.stop();
    expect(await told(() => check([], { config, json: true }))).toMatchObject([
      0,
      expect.stringMatching(/"live": \{\s*"compared": true\s*\}/),
    ]);
    expect([await paid(ann), await paid(bob)]).toEqual([1, 1]);
  }, 60_000);

  test('a campaign under another id keeps its money, its page and its claims', async () => {
    world = await startWorld({ rules: RULES });
    before = world.bot.rulebook.current().campaigns[0]!.hash;
    const ann = world.person(true);
    await said(ann, '最后');
    const taken = async (): Promise<number> => {
      const { reserved, sent, received } = await world.store.buckets('test');
      return reserved + sent + received;
    };
    const used = await taken();
    await reloaded(RULES.replace('campaign: test', 'campaign: test2'));
    await said(ann, '最后');
    expect(await paid(ann)).toBe(1);
    await reloaded(RULES.replace('campaign: test', 'campaign: test2\nwas: test'));
    expect(world.bot.rulebook.current().campaigns).toMatchObject([{ id: 'test', called: 'test2' }]);
    await said(ann, '最后');
    expect(await paid(ann)).toBe(1);
    await said(ann, '红包');
    expect(await paid(ann)).toBe(2);
    expect(await taken()).toBe(used + 150);
    const config = join(world.folder, 'bot.yaml');
    for (const campaign of ['test', 'test2']) {
      const [, listed] = await told(() => list({ config, campaign, limit: '10', json: true }));
      expect(JSON.parse(listed), campaign).toHaveLength(2);
    }
    for (const id of ['test', 'test2'])
      expect((await fetch(`${world.url}/h5/tea/${id}`, { redirect: 'manual' })).status, id).not.toBe(404);
    expect((await fetch(`${world.url}/h5/tea/test3`, { redirect: 'manual' })).status).toBe(404);
  }, 60_000);
});
