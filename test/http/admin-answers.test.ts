// What the dashboard says first is so: no "all is well" beside something that is not, who was faster by name, what exactly a second
// person agrees to, and a line in the log for whoever was refused.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { generate } from '../../src/commands/account/codes.ts';
import { backup } from '../../src/commands/ledger/backup.ts';
import { exportPayouts } from '../../src/commands/payouts/export.ts';
import { NO_MONEY } from '../../src/core/base/money.ts';
import { instant, MINUTE } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { foreseen } from '../../src/engine/overview/pace.ts';
import type { CampaignTally } from '../../src/engine/overview/tally.ts';
import type {
  CampaignDetail,
  Found,
  PayoutList,
  PendingView,
  RuleFileDetail,
  TodayView,
} from '../../src/engine/overview/view.ts';
import { aCommit } from '../storage/store.contract.ts';
import { type AdminWorld, type Person, passwordOf, startAdmin, type Told } from '../support/admin-world.ts';
import { at as beijing, yuan } from '../support/campaigns.ts';
import { ENV, RULES } from '../support/harness.ts';
import { inProcess } from '../support/platform-world.ts';

let admin: AdminWorld;
let people = 0;
const who: Record<string, Person> = {};

/** Goods beside money, and a word against what the platform asks for. */
const MIXED = RULES.replace('campaign: test', 'campaign: mixed\nname: 有奖')
  .replace(/text: [^,}\]]+/, 'text: 混合')
  .replace(/reply: .*/, 'reply: 转发到朋友圈就能领红包');

const PAGED = `campaign: paged
name: 有页面
period: { from: 2020-01-01, to: 2099-12-31 }
rules:
  - { id: page, on: visit, reply: 欢迎 }
`;

beforeAll(async () => {
  admin = await startAdmin({
    campaigns: { 'test.yaml': RULES, 'paged.yaml': PAGED },
    admin: '  secondPersonFrom: ¥3.00\n',
  });
  for (const name of ['wang', 'li', 'sun', 'zhao']) who[name] = await admin.signIn(name);
});
afterAll(() => admin.close());

async function planned(): Promise<Payout> {
  const commit = aCommit({ user: `o${'Told'.padEnd(20, '0')}${String(++people).padStart(7, '0')}` });
  await admin.world.store.commit(commit);
  return commit.payout;
}
const get = async <T>(path: string, name = 'li'): Promise<T> =>
  (await admin.get(`api/${path}`, who[name]!)).body as unknown as T;
const move = (what: string, payouts: readonly Payout[], name = 'li'): Promise<Told> =>
  admin.act(
    what,
    {
      numbers: payouts.map(({ billNo }) => billNo),
      versions: payouts.map(({ version }) => version),
      sum: payouts.reduce((sum, { amount }) => sum + amount, 0),
      reason: '核对后处理',
    },
    who[name]!,
  );

describe('all is well', () => {
  test('is not said while people are called for an alarm, whoever has taken it on', async () => {
    const { store } = admin.world;
    const now = instant(Date.now());
    const words = { zh: '推送读不了', en: 'pushes cannot be read' };
    const alarm = { key: 'door:main', grave: 'page', words, since: now, seenAt: now };
    const minor = { ...alarm, key: 'budget:test', grave: 'ticket' };
    expect((await get<TodayView>('today')).alarms).toBe(0);
    const lease = await store.lease('alarms', 'test', MINUTE, now);
    await store.release(
      lease!,
      now,
      JSON.stringify([{ ...alarm, taken: { by: 'li', at: now } }, minor, { ...minor, key: 'budget:more' }]),
    );
    expect((await get<TodayView>('today')).alarms).toBe(1);
    const again = await store.lease('alarms', 'test', MINUTE, now);
    await store.release(again!, now, JSON.stringify([]));
  });

  test('is not said of payouts while their merchant is halted', async () => {
    expect((await get<PayoutList>('payouts')).halted).toEqual([]);
    expect((await admin.act('halt', { merchant: 'shop', reason: '余额要核对' }, who.li!)).status).toBe(200);
    expect((await get<PayoutList>('payouts')).halted).toEqual(['shop']);
    await admin.world.store.setHalt('shop', undefined);
  });
});

describe('who was refused', () => {
  const refusals = (): readonly unknown[] => admin.said.filter(({ message }) => message.includes('refused somebody'));

  test('for having no session, or one that was planted, stands in the log of the bot', async () => {
    expect((await admin.get('api/today')).status).toBe(401);
    expect(refusals().at(-1)).toMatchObject({ why: 'no session', path: '/admin/api/today' });
    const planted = { cookie: `operator=${'x'.repeat(43)}`, csrf: '' };
    expect((await admin.get('today', planted)).text).not.toContain('csrf');
    expect(refusals().at(-1)).toMatchObject({ why: 'no such session', path: '/admin/today' });
  });

  test('by a page itself is written down as what the door refuses', async () => {
    const before = refusals().length;
    expect((await admin.get('api/winners.csv?campaign=test&list=whole', who.zhao!)).status).toBe(403);
    expect(refusals().length).toBe(before + 1);
    expect((await admin.world.store.acts.list({ limit: 1 }))[0]).toMatchObject({
      ...{ by: 'zhao', what: 'refused', about: 'api/winners.csv', detail: 'viewer may not' },
    });
  });
});

describe('two people', () => {
  test('at one thing: the second is told by name who was faster', async () => {
    const [payout] = [await planned()];
    expect((await move('retry', [payout], 'sun')).status).toBe(200);
    const late = await move('cancel', [payout], 'li');
    expect([late.status, late.body.error, late.body.text]).toEqual([409, 'changed', 'sun']);
    // Nobody is named who only looked, or where nobody but oneself did anything.
    const other = await planned();
    await admin.get(`api/payout?id=${other.billNo}`, who.sun!);
    const wrong = { numbers: [other.billNo], versions: [other.version + 1], sum: other.amount, reason: '看看' };
    expect((await admin.act('cancel', wrong, who.li!)).body).toMatchObject({ error: 'changed', text: '' });
  });

  test('at much money: the second sees each payout, its sum, why, and by whom', async () => {
    const payouts = [await planned(), await planned(), await planned()];
    expect((await move('cancel', payouts)).body.waits).toBeDefined();
    const { pending } = await get<{ pending: readonly PendingView[] }>('pending', 'sun');
    expect(pending.at(-1)).toMatchObject({ by: 'li', what: 'payouts cancel', sum: 300, reason: '核对后处理' });
    expect(pending.at(-1)!.shows).toEqual(
      payouts.map(({ billNo, user }) => `${billNo} · ¥1.00 · spring · ${user} · planned`),
    );
  });
});

test('what a rule file should say instead, and on what that rests, is told beside what is wrong', async () => {
  const { findings } = await (async () => {
    const { base } = await get<RuleFileDetail>('rule?file=test.yaml');
    const told = await admin.act('draft', { file: 'mixed.yaml', text: MIXED, base: '' }, who.wang!);
    expect(base).toBeDefined();
    return told.body as unknown as RuleFileDetail;
  })();
  const shared = findings.find(({ advice }) => advice !== undefined);
  expect([findings, shared?.basis]).toEqual([expect.any(Array), expect.stringMatching(/\p{Script=Han}/u)]);
});

test('who sees openids only by their ends opens whom they found, one or several', async () => {
  const { world } = admin;
  const names = [world.person(true), world.person(true)];
  for (const name of names) await world.simulator.control.act(name, { kind: 'text', text: '有谁写过这一句' });
  const lines = (await world.store.journal({ limit: 2 })).map(({ at }) => at);
  const time = new Date(lines[0]! + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
  const found = await get<Extract<Found, { kind: 'several' }>>(
    `search?q=${encodeURIComponent(`${time} 有谁写过`)}`,
    'zhao',
  );
  expect(found.kind).toBe('several');
  for (const { user, line } of found.users) {
    expect(user).toMatch(/^o...….{4}$/);
    const view = await get<{ user: string; events: readonly unknown[] }>(`follower?line=${line}`, 'zhao');
    expect([view.user, view.events.length]).toEqual([user, expect.any(Number)]);
  }
  expect((await admin.get('api/follower?line=999999', who.zhao!)).status).toBe(404);
});

test('a campaign with a page has its address, and its code as a picture', async () => {
  const detail = await get<CampaignDetail>('campaign?id=paged');
  expect([detail.page, detail.qr]).toEqual([
    expect.stringMatching(/\/h5\/.+\/paged$/),
    expect.stringMatching(/^data:image\/png;base64,iVBOR/),
  ]);
  expect(await get<CampaignDetail>('campaign?id=test')).not.toHaveProperty('qr');
});

test('every answer says what time it is to the bot', async () => {
  const answer = await fetch(`${admin.url}/admin/api/alarms`, { headers: { cookie: who.li!.cookie } });
  expect(Math.abs(Number(answer.headers.get('x-now')) - Date.now())).toBeLessThan(MINUTE);
});

describe('when a budget is gone', () => {
  const tally = (amount: number, won: number): CampaignTally => ({
    ...{ heard: won, won, amount, refusals: {}, prizes: {} },
    hours: Array.from({ length: 24 }, (_, hour) => (hour <= 9 ? won / 10 : 0)),
  });
  const none = { reserved: NO_MONEY, sent: NO_MONEY, received: NO_MONEY, refunded: NO_MONEY };

  test('is foreseen at the pace of the last hours, and no day gives more than its own budget', () => {
    // ¥10 an hour since midnight, at 10 o'clock minus a moment; ¥900 are left.
    const now = beijing('2026-02-10 09:59:59');
    const buckets = { ...none, received: yuan('¥100.00') };
    const today = tally(10_000, 100);
    const free = foreseen({ total: yuan('¥1000.00') }, buckets, today, now)!;
    expect(Math.round((free - now) / 3_600_000)).toBe(90);
    // ¥120 a day: ¥20 more today, then ¥120 a day, for ¥880: seven whole days and 4 of 12 hours of the eighth.
    const capped = foreseen({ total: yuan('¥1000.00'), perDay: yuan('¥120.00') }, buckets, today, now)!;
    expect(Math.round((capped - beijing('2026-02-11 00:00')) / 3_600_000)).toBe(7 * 24 + 4);
    expect(foreseen({ total: yuan('¥100.00') }, buckets, today, now)).toBeUndefined();
  });
});

test('who guesses at the door, behind one address, is put off and refused, and stands in the log; a known browser comes in', {
  timeout: 60_000,
}, async () => {
  const known = { cookie: who.li!.cookie };
  const guess = (): Promise<Response> => admin.tryLogin({ name: 'li', password: 'not-this-one' });
  for (let n = 0; n < 4; n++) expect((await guess()).status).toBe(401);
  const crowd = Promise.all(Array.from({ length: 8 }, guess));
  const mine = await admin.tryLogin({ name: 'li', password: passwordOf('li') }, known);
  expect(mine.status).toBe(303);
  const answers = (await crowd).map(({ status }) => status);
  expect([...new Set(answers)].sort()).toEqual([401, 429]);
  for (const why of ['login wrong', 'login busy'])
    expect(admin.said).toContainEqual(expect.objectContaining({ why, path: '/admin/login' }));
});

test('what is taken or put somewhere by a command stands in the log as well', { timeout: 60_000 }, async () => {
  vi.stubEnv('TEST_SECRET', ENV.TEST_SECRET);
  const { folder, store } = admin.world;
  const config = join(folder, 'bot.yaml');
  const run = async (work: () => Promise<number>): Promise<void> => expect((await inProcess(work)).code).toBe(0);
  await run(() => exportPayouts({ config, out: join(folder, 'payouts.csv') }));
  await run(() => backup(join(folder, 'copy.db'), { config, audit: false }));
  const codes = { batch: 'spring', prize: ['small=3'], boxSize: '50', out: join(folder, 'codes.csv') };
  await run(() => generate({ config, ...codes }));
  const acts = (await store.acts.list({ limit: 10 })).map(({ what, about }) => [what, about]);
  expect(acts.slice(0, 3)).toEqual([
    ['codes generate', 'spring'],
    ['backup', join(folder, 'copy.db')],
    ['payouts export', join(folder, 'payouts.csv')],
  ]);
  vi.unstubAllEnvs();
});
