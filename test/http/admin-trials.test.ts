// A draft tried in the browser: on what happened lately, and on a made-up day. Nothing is written, nobody is paid, and who may only
// look may not.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { RuleFileDetail, TrialView } from '../../src/engine/overview/view.ts';
import { type AdminWorld, type Person, startAdmin } from '../support/admin-world.ts';
import { ENV, RULES } from '../support/harness.ts';

let admin: AdminWorld;
let li: Person;
const DEARER = RULES.replace('gift: { redpacket: ¥1.00 }', 'gift: { redpacket: ¥1.70 }');

beforeAll(async () => {
  vi.stubEnv('TEST_SECRET', ENV.TEST_SECRET); // the thread reads bot.yaml by itself
  admin = await startAdmin({ campaigns: { 'test.yaml': RULES } });
  li = await admin.signIn('li');
}, 60_000);
afterAll(async () => {
  await admin.close();
  vi.unstubAllEnvs();
});

async function tryOut(what: 'backtest' | 'simulate', text: string, more: object = {}, lang: 'zh' | 'en' = 'zh') {
  const { base } = (await admin.get('api/rule?file=test.yaml', li)).body as unknown as RuleFileDetail;
  return admin.act(what, { file: 'test.yaml', text, base, ...more }, li, lang);
}
const linesOf = (body: unknown): string[] =>
  (body as TrialView).parts.map(part =>
    typeof part === 'string' ? part : [part.head, ...part.rows].map(row => row.join('|')).join('\n'),
  );

test('a backtest says what the draft would have come to with those of the last days, in both languages', {
  timeout: 120_000,
}, async () => {
  for (let n = 0; n < 3; n++) await admin.world.simulator.control.act(admin.world.person(), { kind: 'follow' });
  const booked = async () =>
    (await admin.world.store.payouts({ limit: 100 })).map(({ billNo, amount }) => [billNo, amount]);
  const before = await booked();
  const zh = linesOf((await tryOut('backtest', DEARER)).body);
  expect(zh[0]).toContain('¥2.10');
  expect(zh.join('\n')).toContain('test/gift|3|¥3.00|3|¥5.10|+¥2.10');
  const en = linesOf((await tryOut('backtest', DEARER, { days: 31 }, 'en')).body);
  expect(en[0]).toBe('Under the new rules: as many prizes, ¥2.10 more');
  expect(await booked()).toEqual(before);
  expect((await admin.world.store.acts.list({ limit: 1 }))[0]).toMatchObject({ by: 'li', what: 'backtest' });
});

test('a simulation plays a made-up day and ten thousand draws', { timeout: 120_000 }, async () => {
  const said = linesOf((await tryOut('simulate', RULES, { users: 50 })).body);
  expect(said[0]).toMatch(/^test .*50/);
  expect(said.some(part => part.includes('10000'))).toBe(true);
});

test('is refused to a viewer, and where it has mistakes or asks for too much', { timeout: 120_000 }, async () => {
  const zhao = await admin.signIn('zhao');
  expect((await admin.act('backtest', { file: 'test.yaml', text: RULES, base: '' }, zhao)).status).toBe(403);
  for (const days of [0, 32, 1.5, 'x']) expect((await tryOut('backtest', RULES, { days })).status).toBe(400);
  expect((await tryOut('simulate', RULES, { users: 10_001 })).status).toBe(400);
  const broken = await tryOut('simulate', RULES.replace('period', 'peroid'));
  expect([broken.status, String(broken.body.text)]).toEqual([400, expect.stringContaining('peroid')]);
});

test('one at a time', { timeout: 120_000 }, async () => {
  const all = await Promise.all([1, 2].map(() => tryOut('simulate', RULES, { users: 20 })));
  expect(all.map(({ status }) => status).sort()).toEqual([200, 429]);
});
