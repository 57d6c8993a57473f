// Several bots on one Redis keep the promises together: what one of them does, dies of or is told twice, is right for all.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Packet } from '../../src/simulator/shared/protocol.ts';
import type { Push } from '../../src/simulator/shared/protocol-push.ts';
import { exactly } from '../support/exactly.ts';
import { MERCHANT, textIn, until } from '../support/harness.ts';
import { has, isListOf, isMap, isNumber, readJson } from '../support/json.ts';
import {
  type BotProcess,
  copyProgram,
  type Many,
  type SlowWay,
  startMany,
  startSlowWay,
} from '../support/many-world.ts';
import { DURABLE, hasRedis, type RedisServer, startRedis } from '../support/redis-server.ts';

const PACKETS = 200;
const CAMPAIGN = `
period: { from: 2020-01-01, to: 2099-12-31 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes: { gift: { redpacket: ¥1.00..¥1.99 } }
`;
/** Everybody who follows may win, as long as there are packets; the amount is each one's own. */
const RACE = `campaign: race
name: 抢红包
budget: { total: ¥1000.00, packets: ${PACKETS} }
${CAMPAIGN}
rules:
  - { id: welcome, on: subscribe, once: ever, give: gift, replies: { won: "得 {{amount}} 元", already: 领过了, soldOut: 没有了 } }
`;
const DAILY = `campaign: daily
name: 每日红包
budget: { total: ¥1000.00 }
${CAMPAIGN}
rules:
  - { id: daily, on: { text: 红包 }, once: perDay, give: gift, replies: { won: "得 {{amount}} 元", already: 领过了 } }
`;

describe.skipIf(!hasRedis)('several bots on one Redis', () => {
  let redis: RedisServer;
  let program: ReturnType<typeof copyProgram>;
  let many: Many;
  let way: SlowWay | undefined;
  let tags = 0;
  let tag: string;
  beforeAll(async () => {
    redis = await startRedis(...DURABLE);
    program = copyProgram();
  });
  afterAll(async () => {
    await redis.dispose();
    program.dispose();
  });
  afterEach(async () => {
    await many.close();
    await way?.close();
    way = undefined;
  });

  const open = async (count: number, { url = redis.url, pushGapMs = 1000 } = {}): Promise<BotProcess[]> => {
    tag = `many-${++tags}`;
    const rules = { 'race.yaml': RACE, 'daily.yaml': DAILY };
    many = await startMany({ cli: program.cli, store: `${url}?tag=${tag}`, rules, pushGapMs });
    const bots = await Promise.all(Array.from({ length: count }, () => many.start()));
    many.balancer.use(...bots.map(bot => bot.port));
    return bots;
  };
  const packets = (): readonly Packet[] => many.simulator.control.state().packets;
  const sentCount = (): number => many.simulator.control.merchant(MERCHANT.mchId).sentCount;
  /** Which of the bots has the merchant's turn; its name holds its process's number. */
  const sender = async (bots: readonly BotProcess[]): Promise<BotProcess> =>
    until(async () => {
      const holder = await redis.client().hget(`{${tag}}:lease:settle:shop`, 'holder');
      return bots.find(bot => holder?.includes(`:${bot.pid}:`));
    });
  const listed = async (state: string): Promise<unknown[]> =>
    readJson(
      (await many.hongbao('payouts', 'list', '--state', state, '--json', '--limit', '999')).out,
      isListOf(isMap),
    );
  const follow = (openid: string): Promise<Push> => many.simulator.control.act(openid, { kind: 'follow' });
  const askDaily = (openid: string): Promise<Push> =>
    many.simulator.control.act(openid, { kind: 'text', text: '红包' });
  /** The books balance with themselves and with the merchant's account, and all that was paid stands in them. */
  const mustBalance = async (): Promise<void> => {
    many.write('funds.csv', many.simulator.control.fundFlow(MERCHANT.mchId));
    const { code, out, err } = await many.hongbao('audit', '--json', '--funds', 'funds.csv');
    expect([code, err]).toEqual([0, '']);
    const isReport = has({ campaigns: isListOf(has({ sent: isNumber })), findings: isListOf(isMap) });
    const { campaigns, findings } = readJson(out, isReport);
    expect(findings).toEqual([]);
    const { sentAmount } = many.simulator.control.merchant(MERCHANT.mchId);
    expect(campaigns.reduce((sum, { sent }) => sum + sent, 0)).toBe(sentAmount);
  };
  /**
   * Never more than the merchant may, and none too soon after its last try. What left evenly arrives closer on a busy
   * machine: so a fifth more is let pass within one second, and a fifteenth over three.
   */
  const mustKeepPace = (): void => {
    const times = packets()
      .map(({ createdAt }) => createdAt)
      .sort((a, b) => a - b);
    const mostIn = (ms: number): number =>
      Math.max(...times.map((from, n) => times.slice(n).filter(at => at < from + ms).length));
    expect(mostIn(1000)).toBeLessThanOrEqual(36);
    expect(mostIn(3000)).toBeLessThanOrEqual(96);
    expect(many.simulator.spacing(MERCHANT.mchId).tooSoon).toBe(0);
  };

  test('five hundred followers, one bot killed in the midst of it: who won is paid once, and exactly what there was is sold', async () => {
    const [one, two] = exactly(2, await open(2));
    many.balancer.loseEvery(10);
    many.simulator.control.setFaults({
      pay: [
        { kind: 'slow', delayMs: 150, times: 150 },
        { kind: 'lostReply', times: 5 },
      ],
      platform: [{ kind: 'duplicatePush', copies: 2, times: 100 }],
    });
    const people = many.people(500);
    const pushes: Promise<Push>[] = [];
    let killedAt = 0;
    let survivor = two;
    for (const [n, openid] of people.entries()) {
      pushes.push(follow(openid));
      if (n % 25 === 24) await sleep(120);
      if (n !== 274) continue;
      const dying = await sender([one, two]);
      survivor = dying === one ? two : one;
      killedAt = Date.now();
      await dying.end('SIGKILL');
    }
    const ended = await Promise.all(pushes);

    await until(() => sentCount() === PACKETS, 40_000);
    await until(async () => (await listed('sent')).length === PACKETS, 10_000);
    const paid = new Map(packets().map(({ openid, amount }) => [openid, `得 ${(amount / 100).toFixed(2)} 元`]));
    expect([packets().length, paid.size]).toEqual([PACKETS, PACKETS]);
    let unanswered = 0; // three times without an answer: a very busy machine
    for (const { person, tries } of ended) {
      const told = new Set(tries.flatMap(({ clear }) => (clear === undefined ? [] : textIn(clear))));
      if (told.size === 0) unanswered++;
      else expect([...told]).toEqual([paid.get(person) ?? '没有了']);
    }
    expect(unanswered).toBeLessThan(ended.length / 20);
    mustKeepPace();
    await mustBalance();
    const next = Math.min(
      ...packets()
        .map(({ createdAt }) => createdAt)
        .filter(at => at > killedAt + 500),
    );
    expect(next - killedAt).toBeLessThan(6000);

    // A third one joins, and in the end does everything alone.
    const third = await many.start();
    many.balancer.loseEvery(0);
    many.balancer.use(survivor.port, third.port);
    const asking = people.slice(0, 120);
    for (const push of await Promise.all(asking.map(askDaily))) expect(many.said(push)).toMatch(/^得 1\.\d\d 元$/);
    expect(many.balancer.answered.get(third.port)!.length).toBeGreaterThan(30);
    await until(() => sentCount() === PACKETS + 120);
    mustKeepPace();
    expect((await survivor.end('SIGTERM')).code).toBe(0);
    many.balancer.use(third.port);
    for (const push of await Promise.all(asking.slice(0, 20).map(askDaily))) expect(many.said(push)).toBe('领过了');
    expect(many.said(await askDaily(people[200]!))).toMatch(/^得 /);
    await until(() => sentCount() === PACKETS + 121);
    await mustBalance();
  }, 120_000);

  test('a redelivery that lands on another bot while the first is still at work gets the same answer', async () => {
    way = await startSlowWay(redis.port, 25);
    const bots = await open(2, { url: way.url });
    many.simulator.control.setFaults({ pay: [], platform: [{ kind: 'duplicatePush', copies: 2 }] });
    const people = many.people(10);
    const pushes = await Promise.all(people.map(follow));
    for (const bot of bots) expect(many.balancer.answered.get(bot.port)).toEqual(Array(people.length).fill(200));
    for (const { tries } of pushes) {
      const [first, second] = tries.map(({ clear, ms }) => ({ text: textIn(clear!), ms }));
      expect(first!.text).toMatch(/^得 1\.\d\d 元$/);
      expect(second!.text).toBe(first!.text);
      // Neither came after the other one had ended.
      expect(Math.min(first!.ms, second!.ms)).toBeGreaterThan(100);
    }
    await until(() => sentCount() === people.length);
    expect(new Set(packets().map(({ openid }) => openid))).toEqual(new Set(people));
  }, 60_000);

  test('one that is told to end does so within five seconds, and the others go on at once', async () => {
    const bots = await open(2);
    const pushes = many.people(80).map(follow);
    await until(() => sentCount() >= 20);
    many.faults({ kind: 'slow', times: 3 });
    const begun = sentCount();
    await until(() => sentCount() >= begun + 4); // three of them wait for an answer
    const ending = await sender(bots);
    const { code, ms } = await ending.end('SIGTERM');
    const endedAt = Date.now();
    const free = await redis.client().hget(`{${tag}}:lease:settle:shop`, 'holder');
    expect(free).not.toContain(`:${ending.pid}:`);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(5000);
    const before = sentCount();
    await until(() => sentCount() > before);
    expect(Date.now() - endedAt).toBeLessThan(2000); // a lease that was left behind lasts four seconds
    for (const push of await Promise.all(pushes)) expect(many.said(push)).toMatch(/^得 1\.\d\d 元$/);
    await until(async () => (await listed('sent')).length === 80, 20_000);
    expect(sentCount()).toBe(80);
    mustKeepPace();
    await mustBalance();
  }, 60_000);

  test('without Redis nothing is promised and nothing is lost; with Redis all goes on by itself', async () => {
    const [bot] = exactly(1, await open(1, { pushGapMs: 5000 }));
    const [ann, bob, cid] = exactly(3, many.people(3));
    await follow(ann);
    await until(() => sentCount() === 1);
    await redis.kill();
    const ready = await bot.get('/readyz');
    expect([ready.status, ready.text]).toEqual([503, expect.stringMatching(/^the store cannot be reached: \S/)]);
    expect(ready.ms).toBeLessThan(2000);
    expect(await bot.get('/healthz')).toMatchObject({ status: 200, text: 'ok' });

    const missed = follow(bob);
    await until(() => many.balancer.answered.get(bot.port)!.length === 2, 6000);
    expect(many.balancer.answered.get(bot.port)!.at(-1)).toBe(503);
    await sleep(2000);
    await redis.start();
    const push = await missed;
    expect(push.tries.map(({ status }) => status)).toEqual([503, 200]);
    expect(push.tries[0]!.answer).toBe('');
    expect(many.said(push)).toMatch(/^得 1\.\d\d 元$/);
    expect(await bot.get('/readyz')).toMatchObject({ status: 200 });
    expect(many.said(await follow(cid))).toMatch(/^得 /);
    await until(() => sentCount() === 3);
    await sleep(1500);
    expect(sentCount()).toBe(3);
    const settling = bot.log.filter(({ msg }) => msg.startsWith('settling'));
    expect(settling.map(({ level }) => level)).toEqual(['error', 'warn']);
    await mustBalance();

    await redis.kill();
    const { code, ms } = await bot.end('SIGTERM');
    expect(code).toBe(0);
    expect(ms).toBeLessThan(5000);
    await redis.start();
  }, 60_000);
});
