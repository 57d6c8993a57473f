// A primary is lost with what it had acknowledged alone: with `?replicas=1` nobody was promised any of it.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Push } from '../../src/simulator/shared/protocol-push.ts';

import { MERCHANT, until } from '../support/harness.ts';
import { copyProgram, type Many, startMany } from '../support/many-world.ts';
import { hasRedis, type RedisCluster, type RedisServer, startCluster } from '../support/redis-server.ts';

const PACKETS = 120;
const RULES = `
campaign: race
name: 抢红包
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00, packets: ${PACKETS} }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes: { gift: { redpacket: ¥1.00..¥1.99 } }
rules:
  - { id: welcome, on: subscribe, once: ever, give: gift, replies: { won: "得 {{amount}} 元", already: 领过了, soldOut: 没有了 } }
`;

/** As many calls are under way at once (`engine/settle.ts`). */
const CALLS_OPEN_MAX = 16;
/** A call whose end nobody saw is asked after when its lease of 30 s is over, at the latest. */
const SETTLED_WITHIN_MS = 60_000;

describe.skipIf(!hasRedis)('a cluster whose primary dies', () => {
  let program: ReturnType<typeof copyProgram>;
  let cluster: RedisCluster;
  let many: Many;
  beforeAll(() => {
    program = copyProgram();
  });
  afterEach(async () => {
    await many.close();
    await cluster.dispose();
  });
  afterAll(() => program.dispose());

  const roleOf = async (node: RedisServer): Promise<string> => (await node.client().info('replication')).trim();
  const follow = (openid: string): Promise<Push> => many.simulator.control.act(openid, { kind: 'follow' });
  const sentCount = (): number => many.simulator.control.merchant(MERCHANT.mchId).sentCount;

  test('after its replica had lost touch: nothing is paid twice, nothing that was promised is lost', async () => {
    cluster = await startCluster(3, 1, '{hongbao}:seq');
    const roles = await Promise.all(cluster.nodes.slice(0, 3).map(roleOf));
    const primary = cluster.nodes[roles.findIndex(role => role.includes('connected_slaves:1'))]!;
    const replica = cluster.nodes[3]!;
    const store = `${cluster.url}?replicas=1`;
    many = await startMany({ cli: program.cli, store, rules: { 'race.yaml': RULES }, pushGapMs: 5000 });
    const bots = await Promise.all([many.start(), many.start()]);
    many.balancer.use(...bots.map(bot => bot.port));

    const people = many.people(200);
    const pushes: Promise<Push>[] = [];
    const crowd = async (count: number, ms: number): Promise<void> => {
      for (let n = 0; n < count; n++) {
        pushes.push(follow(people[pushes.length]!));
        await sleep(ms / count);
      }
    };
    await crowd(60, 1500);
    // From here on the primary writes for itself alone.
    await replica.client().config('SET', 'masterauth', 'nobody asked for it');
    await primary.client().call('CLIENT', 'KILL', 'TYPE', 'replica');
    const before = sentCount();
    await crowd(60, 1500);
    expect(sentCount()).toBeLessThanOrEqual(before + CALLS_OPEN_MAX); // at most what had left already
    await primary.kill();
    await until(async () => (await roleOf(replica)).includes('role:master'), 15_000);
    await primary.start(); // as a replica now: without one nothing would count
    await crowd(80, 1500);
    const ended = await Promise.all(pushes);

    await until(() => sentCount() === PACKETS, SETTLED_WITHIN_MS);
    const packets = many.simulator.control.state().packets;
    const paid = new Map(packets.map(({ openid, amount }) => [openid, `得 ${(amount / 100).toFixed(2)} 元`]));
    expect(paid.size).toBe(packets.length);
    const told = ended.map(push => [push.person, many.said(push)] as const).filter(([, text]) => text.startsWith('得'));
    for (const [openid, text] of told) expect(paid.get(openid)).toBe(text);
    expect(told.length).toBeGreaterThan(PACKETS / 2);
    many.write('funds.csv', many.simulator.control.fundFlow(MERCHANT.mchId));
    const audit = await until(async () => {
      const result = await many.hongbao('audit', '--json', '--funds', 'funds.csv');
      return result.out.includes('"reserved": 0') && result; // the last answers are written down
    }, SETTLED_WITHIN_MS);
    expect([audit.code, audit.err]).toEqual([0, '']);
    expect(JSON.parse(audit.out)).toMatchObject({
      total: 0,
      campaigns: [{ sent: many.simulator.control.merchant(MERCHANT.mchId).sentAmount }],
    });
    expect(sentCount()).toBe(PACKETS);
  }, 240_000);
});
