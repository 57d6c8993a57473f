// How long an audit takes beside a bot that is at work: 400 000 claims on either store, each paid and received.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Audit } from '../../src/core/audit/audit.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import type { Store } from '../../src/ports.ts';
import { openRedis } from '../../src/storage/redis/store.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { anEvent } from '../storage/store.contract.ts';
import { DURABLE, hasRedis, startRedis } from '../support/redis-server.ts';
import { campaignIn, fill, flowOn, row, TIME } from './store.ts';

const CLAIMS = Number(process.env.BENCH_CLAIMS ?? 400_000);
const SECONDS_MAX = 30;
/** Claims a second that the bot makes meanwhile. */
const BESIDE = 100;

/** `false`: it took longer than is promised. */
export async function auditSection(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-bench-'));
  const config = await campaignIn(folder);
  const measure = async (what: string, store: Store): Promise<boolean> => {
    await fill(store, config, CLAIMS);
    const flow = await flowOn(store, config, () => undefined);
    const pending: Promise<void>[] = [];
    let slowest = 0;
    const claim = async (): Promise<void> => {
      const began = performance.now();
      await flow.handle(anEvent({ sentAt: TIME }));
      slowest = Math.max(slowest, performance.now() - began);
    };
    const beside = setInterval(() => pending.push(claim()), 1000 / BESIDE);
    const rss = process.memoryUsage().rss;
    let most = rss;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 100);
    const began = performance.now();
    const { total, compared } = await auditStore(store, new Audit([]));
    const seconds = (performance.now() - began) / 1000;
    clearInterval(beside);
    clearInterval(watch);
    await Promise.all(pending);
    const isFine = total === 0 && seconds < SECONDS_MAX;
    row(
      `${what}: ${compared.claims} claims, ${compared.counters} counters, ${total} differences`,
      `${seconds.toFixed(1)} s ${isFine ? '✓' : '✗'}`,
    );
    row('… memory it added at most, in the bot’s own process', `${Math.round((most - rss) / 1024 / 1024)} MB`);
    row(`… slowest of ${pending.length} claims made meanwhile`, `${Math.round(slowest)} ms`);
    return isFine;
  };
  const sqlite = await openSqlite(join(folder, 'bot.db'));
  let isFine = await measure('SQLite', sqlite);
  await sqlite.close();
  if (hasRedis) {
    const server = await startRedis(...DURABLE);
    const store = await openRedis(server.url);
    isFine = (await measure('Redis', store)) && isFine;
    await store.close();
    await server.dispose();
  }
  rmSync(folder, { recursive: true, force: true });
  return isFine;
}
