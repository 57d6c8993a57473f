// `/metrics`: what it counts of a whole bot on a simulated WeChat, who may read it, and that the alert rules and the dashboard
// beside it speak of what there is.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../../src/engine/ops/metrics.ts';
import { startWorld, until, type World } from '../support/harness.ts';
import { has, isListOf, isMapOf, isText, read, readJson } from '../support/json.ts';

const MONITORING = join(import.meta.dirname, '../../docs/monitoring');
const PROMTOOL = process.env.PROMTOOL ?? '/usr/bin/promtool';

let world: World;
beforeAll(async () => {
  world = await startWorld({ metrics: createMetrics({ runtime: true }), balance: 150 });
});
afterAll(() => world.close());

async function page(headers: Record<string, string> = {}, at = world): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${at.url}/metrics`, { headers });
  return { status: answer.status, text: await answer.text() };
}

/** The value of a series; labels in any order. */
function value(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const line = text.split('\n').find(each => {
    const [, of, inside = ''] = /^(\w+)(?:\{(.*)\})? /.exec(each) ?? [];
    return (
      of === `hongbao_${name}` && Object.entries(labels).every(([key, wanted]) => inside.includes(`${key}="${wanted}"`))
    );
  });
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}

describe('/metrics', () => {
  test('counts events, decisions, refusals, payouts, halts, money and the store', async () => {
    const { control } = world.simulator;
    const person = world.person(true);
    for (const text of ['红包', '红包', '帮助']) await control.act(person, { kind: 'text', text });
    await control.act(world.person(true), { kind: 'text', text: '红包' });
    await world.bot.settle.pass();
    await world.bot.flow.written();
    const { status, text } = await page();
    expect(status).toBe(200);
    expect(value(text, 'events_total', { account: 'tea', kind: 'text' })).toBe(4);
    expect(value(text, 'decisions_total', { campaign: 'test', decision: 'awarded' })).toBe(2);
    expect(value(text, 'refusals_total', { campaign: 'test', refusal: 'already' })).toBe(1);
    expect(value(text, 'awarded_fen_total', { campaign: 'test' })).toBe(300);
    expect(value(text, 'pushes_total', { door: 'tea', what: 'genuine' })).toBe(4);
    expect(value(text, 'answer_seconds_count', { account: 'tea' })).toBe(4);
    expect(value(text, 'payouts_total', { merchant: 'shop', state: 'sent' })).toBe(1);
    // The second packet is more than the balance.
    expect(value(text, 'halts_total', { merchant: 'shop', code: 'NOTENOUGH' })).toBe(1);
    expect(value(text, 'merchant_halted', { merchant: 'shop', code: 'NOTENOUGH', by: 'bot' })).toBe(1);
    expect(value(text, 'budget_fen', { campaign: 'test' })).toBe(1_000_00);
    expect(value(text, 'bucket_fen', { campaign: 'test', bucket: 'sent' })).toBe(150);
    expect(value(text, 'bucket_fen', { campaign: 'test', bucket: 'reserved' })).toBe(150);
    expect(value(text, 'stock', { campaign: 'test', prize: 'last' })).toBe(7);
    expect(value(text, 'stock_given', { campaign: 'test', prize: 'last' })).toBe(0);
    expect(value(text, 'store_seconds_count', { call: 'commit' })).toBeGreaterThan(2);
    expect(value(text, 'store_up')).toBe(1);
    expect(value(text, 'log_lines_total', { level: 'error' })).toBe(1);
    expect(text).toMatch(/hongbao_nodejs_eventloop_lag_p99_seconds \d/);
  });

  test('a copy of a push is counted as one', async () => {
    const before = value((await page()).text, 'redeliveries_total', { account: 'tea' }) ?? 0;
    const { control } = world.simulator;
    control.setFaults({ pay: [], platform: [{ kind: 'duplicatePush', times: 1 }] });
    await control.act(world.person(true), { kind: 'text', text: '红包' });
    control.setFaults({ pay: [], platform: [] });
    await until(async () => (value((await page()).text, 'redeliveries_total', { account: 'tea' }) ?? 0) > before);
  });

  test('nobody from outside reads it without the token, nor whoever comes through a proxy', async () => {
    expect(await page({ 'x-forwarded-for': '127.0.0.1' })).toEqual({ status: 404, text: '' });
    const guarded = await startWorld({ metrics: createMetrics(), lines: 'metrics: { token: prometheus-reads-here }' });
    try {
      expect((await page({}, guarded)).status).toBe(404);
      expect((await page({ authorization: 'Bearer prometheus-reads-her' }, guarded)).status).toBe(404);
      const given = { authorization: 'Bearer prometheus-reads-here', 'x-forwarded-for': '203.0.113.9' };
      expect((await page(given, guarded)).status).toBe(200);
    } finally {
      await guarded.close();
    }
  });

  test('where nothing is counted there is no such page', async () => {
    const plain = await startWorld();
    try {
      expect((await page({}, plain)).status).toBe(404);
    } finally {
      await plain.close();
    }
  });
});

describe('the files for Prometheus and Grafana', () => {
  /** As a scrape shows them, and what Prometheus makes itself. */
  const names = async (): Promise<Set<string>> => {
    const { text } = await page();
    return new Set(['up', ...[...text.matchAll(/^# TYPE (\w+)/gm)].map(match => match[1]!)]);
  };
  const spokenOf = (expr: string): string[] =>
    [...expr.matchAll(/\b(hongbao_\w+|up)\b(?=\{|\[|\)| |$|,)/g)].map(match =>
      match[1]!.replace(/_bucket$(?<!stock_bucket)/, ''),
    );

  test('every alert speaks of a metric that there is, and says what to do', async () => {
    const known = await names();
    const isRule = has({ alert: isText, expr: isText, annotations: isMapOf(isText) });
    const isRules = has({ groups: isListOf(has({ rules: isListOf(isRule) })) });
    const { groups } = read(parse(readFileSync(join(MONITORING, 'alerts.yml'), 'utf8')), isRules);
    const rules = groups.flatMap(group => group.rules);
    expect(rules.length).toBeGreaterThan(8);
    for (const { alert, expr, annotations } of rules) {
      expect(
        spokenOf(expr).filter(name => !known.has(name)),
        alert,
      ).toEqual([]);
      expect(annotations.summary, alert).toMatch(/[\u4e00-\u9fff]/);
      expect(annotations.action, alert).toBeTruthy();
    }
  });

  test('every panel of the dashboard speaks of a metric that there is', async () => {
    const known = await names();
    const isPanel = has({ title: isText, targets: isListOf(has({ expr: isText })) });
    const dashboard = readFileSync(join(MONITORING, 'grafana.json'), 'utf8');
    const { panels } = readJson(dashboard, has({ panels: isListOf(isPanel) }));
    expect(panels.length).toBeGreaterThan(12);
    for (const { title, targets } of panels)
      for (const { expr } of targets)
        expect(
          spokenOf(expr).filter(name => !known.has(name)),
          title,
        ).toEqual([]);
  });

  test.skipIf(!existsSync(PROMTOOL))('promtool finds the rules right, and they fire when they should', () => {
    for (const args of [
      ['check', 'rules', 'alerts.yml'],
      ['test', 'rules', 'alerts.test.yml'],
    ])
      execFileSync(PROMTOOL, args, { cwd: MONITORING, stdio: 'pipe' });
  });
});
