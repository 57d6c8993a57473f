// Who took part and who won what, as a list with filters and as the same file; and why somebody would not get it, by a draft, for
// what is typed, paid, or done by a friend.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TakenList, WhyView } from '../../src/engine/overview/view.ts';
import { type AdminWorld, type Person, startAdmin } from '../support/admin-world.ts';
import { RULES, until } from '../support/harness.ts';

const GOODS = RULES.replace('  last: {', '  cup: { text: 凭此话换一只杯子, stock: 100 }\n  last: {').replace(
  '  - { id: help,',
  '  - { id: cup, on: { text: 杯子 }, once: ever, give: cup }\n  - { id: help,',
);
/** Under another word, and for who pays. */
const DRAFT = RULES.replace('text: 红包 }', 'text: 新春 }').replace(
  '  - { id: help,',
  '  - { id: paid, on: { paid: { over: ¥30.00 } }, once: perEvent, give: daily }\n  - { id: help,',
);
const PEOPLE = 60;

let admin: AdminWorld;
let [li, zhao]: Person[] = [];
const names: string[] = [];

beforeAll(async () => {
  admin = await startAdmin({ campaigns: { 'test.yaml': GOODS } });
  [li, zhao] = [await admin.signIn('li'), await admin.signIn('zhao')];
  const { control } = admin.world.simulator;
  for (let n = 0; n < PEOPLE; n++) {
    const name = admin.world.person(true);
    names.push(name);
    await control.act(name, { kind: 'text', text: '红包' });
  }
  await control.act(names[0]!, { kind: 'text', text: '杯子' });
  await control.act(names[1]!, { kind: 'text', text: '红包' }); // had it already
  await control.act(names[2]!, { kind: 'text', text: '你好' }); // took part in nothing
}, 120_000);
afterAll(() => admin.close());

const list = async (query: string, who = li!): Promise<TakenList> =>
  (await admin.get(`api/taken?campaign=test&${query}`, who)).body as unknown as TakenList;
async function all(query: string): Promise<TakenList['rows']> {
  const rows: TakenList['rows'][number][] = [];
  for (let before = ''; ; ) {
    const page = await list(`${query}${before}`);
    rows.push(...page.rows);
    if (page.next === undefined) return rows;
    before = `&before=${page.next}`;
  }
}
const csv = async (query: string): Promise<string[]> =>
  (await admin.get(`api/winners.csv?campaign=test&${query}`, li!)).text.trim().split('\r\n').slice(1);

describe('the list', { timeout: 60_000 }, () => {
  test('has each winner once, newest first, page by page, and each time somebody took part', async () => {
    const won = await all('list=won');
    expect([won.length, new Set(won.map(({ line, prize }) => `${line} ${prize}`)).size]).toEqual([61, 61]);
    expect(won.map(({ line }) => line)).toEqual(won.map(({ line }) => line).sort((a, b) => b - a));
    expect(won[0]).toMatchObject({ user: names[0], prize: 'cup', amount: 0 });
    const took = await all('list=all');
    expect([took.length, took[0]!.user, took[0]!.prize]).toEqual([62, names[1], undefined]);
  });

  test('is filtered by prize, by what became of it, and by day; the file has the same', async () => {
    expect(await all('prize=cup')).toMatchObject([{ user: names[0] }]);
    expect(await csv('list=whole&prize=cup')).toEqual([expect.stringContaining(names[0]!)]);
    await until(async () => (await all('state=coming')).length === 0, 30_000); // all are with their winners
    const states = (await all('prize=daily')).map(({ state }) => state!);
    for (const state of new Set(states)) {
      expect((await all(`state=${state}`)).length).toBe(states.filter(each => each === state).length);
      expect((await csv(`list=public&state=${state}`)).length).toBe(states.filter(each => each === state).length);
    }
    const { at } = (await list('')).rows[0]!;
    const [today, before] = [at, at - 86_400_000].map(each =>
      new Date(each + 8 * 3_600_000).toISOString().slice(0, 10),
    );
    expect((await all(`day=${today}`)).length).toBe(61);
    expect([await all(`day=${before}`), await csv(`list=whole&day=${before}`)]).toEqual([[], []]);
    expect((await csv(`list=participants&day=${today}`)).length).toBe(PEOPLE);
    for (const wrong of ['state=nothing', 'day=2026-13-01', 'day=today'])
      expect((await admin.get(`api/taken?campaign=test&${wrong}`, li!)).status).toBe(400);
  });

  test('of a campaign nobody took part in is empty, with the days that are counted and with those that are not', async () => {
    for (let n = 0; n < 2; n++) {
      const other = (await admin.get('api/taken?campaign=nobody', li!)).body as unknown as TakenList;
      expect(other.rows).toEqual([]);
      expect((await list('list=won')).rows.length).toBe(50);
      await admin.get('api/today', li!); // counts what happened
    }
  });

  test('names nobody to who sees openids only by their ends', async () => {
    const { rows } = await list('list=won', zhao);
    for (const { user } of rows) expect(user).toMatch(/^o...….{4}$/);
  });
});

describe('why not, by a draft', { timeout: 60_000 }, () => {
  const why = async (body: object) =>
    ((await admin.act('whydraft', { user: names[3], ...body }, li!)).body as { answers: readonly WhyView[] }).answers;

  test('tells what would happen by it, and not by what is live', async () => {
    const live = (await admin.get(`api/whynot?user=${names[3]}&event=text:新春`, li!)).body as { answers: WhyView[] };
    expect(live.answers[0]!.rules).toEqual([]);
    const [answer] = await why({ file: 'test.yaml', text: DRAFT, base: '', event: 'text:新春' });
    expect(answer!.rules[0]).toMatchObject({ campaign: 'test', rule: 'daily', part: 'answers' });
  });

  test('and for a payment; a file as it lies there needs no text; what is wrong is said', async () => {
    const [paid] = await why({ file: 'test.yaml', text: DRAFT, base: '', event: 'paid:60.00' });
    expect(paid!.rules.some(({ rule }) => rule === 'paid')).toBe(true);
    const [friend] = await why({ file: 'test.yaml', event: 'friend:followed:test' });
    expect(friend!.rules).toEqual([]);
    const broken = await admin.act('whydraft', { user: names[3], file: 'test.yaml', text: 'x', event: 'text:a' }, li!);
    expect(broken.status).toBe(400);
    expect((await admin.act('whydraft', { user: names[3], file: 'no.yaml', event: 'text:a' }, li!)).status).toBe(404);
    expect((await admin.act('whydraft', { user: names[3], file: 'test.yaml', event: 'text:a' }, zhao!)).status).toBe(
      403,
    );
  });
});
