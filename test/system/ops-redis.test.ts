// What ops people have of a bot, where its store is Redis: metrics, alarms that are taken on, yesterday's report, the doctor, and the
// dashboard's sums. The same is tested at length on SQLite.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ackAlarms, listAlarms } from '../../src/commands/alarms.ts';
import { doctor } from '../../src/commands/doctor.ts';
import { createMetrics } from '../../src/engine/ops/metrics.ts';
import { ENV, startWorld, until, type World } from '../support/harness.ts';
import { portOf } from '../support/listening.ts';
import { inProcess } from '../support/platform-world.ts';
import { DURABLE, hasRedis, type RedisServer, startRedis } from '../support/redis-server.ts';

const said: string[] = [];
let robots: Server;
let redis: RedisServer;
let world: World;

beforeAll(async () => {
  if (!hasRedis) return;
  vi.stubEnv('TEST_SECRET', ENV.TEST_SECRET);
  robots = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      said.push(Buffer.concat(parts).toString());
      res.end('{}');
    });
  });
  robots.listen(0, '127.0.0.1');
  await once(robots, 'listening');
  const url = `http://127.0.0.1:${portOf(robots)}/json`;
  redis = await startRedis(...DURABLE);
  world = await startWorld({
    metrics: createMetrics({ runtime: false }),
    balance: 150,
    lines: `alarms:\n  report: "00:00"\n  webhooks: [{ kind: json, url: "${url}" }]\n`,
    yaml: text => text.replace(/^store: .*$/m, `store: ${redis.url}`),
  });
});
afterAll(async () => {
  await world?.close();
  await redis?.dispose();
  robots?.close();
  vi.unstubAllEnvs();
});

const config = (): string => join(world.folder, 'bot.yaml');

describe.skipIf(!hasRedis)('on Redis', () => {
  test('/metrics counts events, payouts, halts and money', async () => {
    const { control } = world.simulator;
    for (let n = 0; n < 2; n++) await control.act(world.person(true), { kind: 'text', text: '红包' });
    await world.bot.settle.pass();
    await world.bot.flow.written();
    const text = await (await fetch(`${world.url}/metrics`)).text();
    expect(text).toMatch(/^hongbao_decisions_total\{.*decision="awarded".*\} 2$/m);
    expect(text).toMatch(/^hongbao_payouts_total\{.*state="sent".*\} 1$/m);
    expect(text).toMatch(/^hongbao_merchant_halted\{.*code="NOTENOUGH".*\} 1$/m);
    expect(text).toMatch(/^hongbao_bucket_fen\{.*bucket="sent".*\} 150$/m);
    expect(text).toMatch(/^hongbao_store_seconds_count\{.*\} [1-9]/m);
  });

  test('an alarm is said once, listed, taken on by a command beside the bot, and said to be over', async () => {
    await world.bot.calling!.minute();
    await world.bot.calling!.minute();
    const alarms = (): string[] => said.filter(each => each.includes('halted:shop'));
    expect(alarms()).toHaveLength(1);
    expect((await inProcess(() => listAlarms({ config: config() }))).out).toContain('halted:shop');
    expect(await inProcess(() => ackAlarms('halted:shop', { config: config() }))).toMatchObject({ code: 0 });
    await world.store.setHalt('shop', undefined);
    world.simulator.control.setBalance('1900000109', 100_000);
    await world.bot.settle.pass();
    await world.bot.calling!.minute();
    expect(alarms()).toHaveLength(2);
  });

  test('yesterday is told the next morning', async () => {
    world.simulator.control.moveClock({ advanceMs: 24 * 3_600_000 });
    await world.bot.calling!.minute();
    said.length = 0;
    expect(await world.bot.calling!.report()).toBe(true);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('3.00');
  });

  test('the doctor finds nothing wrong with a healthy one, and says what is wrong with its settings', async () => {
    await until(async () => (await world.store.note('door:tea')) !== undefined);
    const file = join(world.folder, 'doctor.yaml');
    writeFileSync(file, readFileSync(config(), 'utf8').replace(/^publicUrl: .*$/m, `publicUrl: ${world.url}`));
    const examined = async (): Promise<{ id: string; about?: string }[]> =>
      JSON.parse((await inProcess(() => doctor({ config: file, json: true }))).out);
    expect((await examined()).filter(({ id }) => /^store/.test(id))).toEqual([]);
    await redis.client().config('SET', 'appendfsync', 'no');
    expect((await examined()).map(({ id }) => id)).toContain('store');
    await redis.client().config('SET', 'appendfsync', 'always');
  });
});
