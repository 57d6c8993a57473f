// One campaign is paused, by its file or by hand: it gives nothing, says so, and every other one goes on. What was said by hand
// stands in the store, for every process and after every restart.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { createBot } from '../../src/app/bot.ts';
import { eventKey, openId } from '../../src/core/base/event.ts';
import { instant } from '../../src/core/base/time.ts';
import { SILENT } from '../../src/lib/log.ts';
import { run } from '../support/command.ts';
import { RULES, startWorld, type World } from '../support/harness.ts';

const OTHER = `campaign: other
name: 另一个
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮 }
prizes: { gift: { redpacket: ¥1.00 } }
rules:
  - { id: word, on: { text: 另一个 }, once: perEvent, give: gift, replies: { won: 中了 } }
`;
const PAUSED = RULES.replace('campaign: test', 'campaign: test\nmode: paused').replace(
  'once: perDay, give: daily }',
  'once: perDay, give: daily, replies: { paused: 明天再来 } }',
);

let world: World;
afterEach(() => world.close());

const begin = async (test: string): Promise<void> => {
  world = await startWorld({ campaigns: { 'other.yaml': OTHER, 'test.yaml': test } });
};
const said = async (user: string, text: string): Promise<string> =>
  world.said(await world.simulator.control.act(user, { kind: 'text', text }));
const payouts = async (user: string): Promise<number> =>
  (await world.store.payouts({ user: openId(user), limit: 9 })).length;

describe('a campaign that is paused', () => {
  test('by its file gives nothing and says so in its own words, answers what it only answers, and stops no other one', async () => {
    await begin(PAUSED);
    const ann = world.person(true);
    expect(await said(ann, '红包')).toBe('明天再来');
    expect(await said(ann, '最后')).toContain('暂停');
    expect(await said(ann, '帮助')).toBe('回复「红包」试试');
    expect(await payouts(ann)).toBe(0);
    expect(await said(ann, '另一个')).toBe('中了');
    expect(await payouts(ann)).toBe(1);
    const listed = await run(world.folder, 'campaigns', 'list');
    expect(listed.out).toMatch(/^test +测试活动 +paused .* file$/m);
    const resumed = await run(world.folder, 'campaigns', 'resume', 'test');
    expect([resumed.code, resumed.out]).toEqual([1, expect.stringContaining('mode: paused')]);
    const sent = join(world.folder, 'people.csv');
    writeFileSync(sent, `${ann}\n`);
    const args = ['send', '--campaign', 'test', '--openids', 'people.csv', '--prize', 'gift', '--no-wait'];
    expect(await run(world.folder, ...args)).toMatchObject({ code: 2, err: expect.stringContaining('is paused') });
  });

  test('by hand is paused for every process, from the next event on and after a restart, until it is let go on', async () => {
    await begin(RULES);
    const ann = world.person(true);
    const bob = world.person(true);
    expect(await said(ann, '红包')).not.toContain('歇');
    const paused = await run(world.folder, 'campaigns', 'pause', 'test', '--say', '{{campaign}}歇一歇');
    expect([paused.code, paused.err]).toEqual([0, '']);
    expect(await said(bob, '红包')).toBe('测试活动歇一歇');
    expect(await said(bob, '另一个')).toBe('中了');
    const again = await createBot({
      ...{ holder: 'another', config: world.config, store: world.store, log: SILENT },
      clock: () => instant(Date.now()),
      timer: { ticks: () => performance.now(), sleep: ms => sleep(ms) },
    });
    const event = { key: eventKey('m:9'), account: 'tea', user: openId(bob), sentAt: instant(Date.now()) };
    const answer = await again.flow.handle({ ...event, kind: 'text', text: '红包' });
    await again.stop();
    expect(answer.reply).toEqual({ kind: 'text', text: '测试活动歇一歇' });
    const why = await run(world.folder, 'explain', bob, '--lang', 'zh');
    expect(why.out).toContain('活动已暂停（hongbao campaigns pause）');
    const list = await run(world.folder, 'campaigns', 'list', '--json');
    expect(JSON.parse(list.out)).toMatchObject([
      { campaign: 'other', mode: 'live' },
      { campaign: 'test', mode: 'live', pausedBy: 'hand', says: '{{campaign}}歇一歇' },
    ]);
    expect(await payouts(bob)).toBe(1);
    expect((await run(world.folder, 'campaigns', 'resume', 'test')).code).toBe(0);
    expect(await said(bob, '红包')).toContain('1.50');
    const acts = await run(world.folder, 'acts');
    expect(acts.out).toMatch(/campaigns resume .*campaigns pause/s);
    const unknown = await run(world.folder, 'campaigns', 'pause', 'tset');
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('did you mean "test"?')]);
  });
});
