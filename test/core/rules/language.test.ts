// The language of the rule files: what every key comes to, that the schema for editors says the same, and every word that
// is said where the parts do not fit together.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Document, LineCounter, parse } from 'yaml';
import { showFinding } from '../../../src/core/base/error.ts';
import { fen } from '../../../src/core/base/money.ts';
import { parseBeijing } from '../../../src/core/base/time.ts';
import type { Campaign, Prize, Rule } from '../../../src/core/rules/campaign.ts';
import { dataFilesOf, loadCampaign, loadCampaigns } from '../../../src/core/rules/file/load.ts';
import { ruleFile, ruleSchema } from '../../../src/core/rules/language/file.ts';
import type { DataFiles } from '../../../src/core/rules/tables/files.ts';
import { Reader } from '../../../src/core/yaml/reader.ts';
import { isMap, read } from '../../support/json.ts';
import { complaintsOf, type Schema } from '../../support/json-schema.ts';
import { BAD_FILES } from '../../support/rule-findings.ts';

const FIXTURES = new URL('../../fixtures/rules/', import.meta.url);
const EVERYTHING = readFileSync(new URL('everything.yaml', FIXTURES), 'utf8');
const RENAMED = readFileSync(new URL('renamed.yaml', FIXTURES), 'utf8');
const beside: DataFiles = name => {
  try {
    return readFileSync(new URL(name, FIXTURES), 'utf8');
  } catch {
    return undefined;
  }
};

function load(text: string, data: DataFiles = beside): Campaign {
  const loaded = loadCampaign('rules/a.yaml', text, undefined, data);
  if ('findings' in loaded) throw new Error(loaded.findings.map(showFinding).join('\n'));
  return loaded.campaign;
}

/** `line:column message`; findings in other files with their name. */
function says(text: string, data: DataFiles): string[] {
  const loaded = loadCampaign('a.yaml', text, undefined, data);
  return 'findings' in loaded
    ? loaded.findings.map(each => showFinding(each).replace(/^a\.yaml:(\d+:\d+): /, '$1 '))
    : [];
}

const at = (time: string) => parseBeijing(time)!;

test("a file with names that have changed has the first ones inside, and says today's", () => {
  const { id, called, names, prizes, wallets, rounds, rules } = load(RENAMED);
  expect({ id, called, names }).toEqual({ id: 'spring', called: 'spring-3', names: ['spring-2', 'spring-3'] });
  expect([...prizes.keys()]).toEqual(['rain', 'small', 'bogo']);
  expect(wallets).toEqual(new Map([['机会', { name: '机会', called: '次数', names: ['次数'] }]]));
  expect(rounds).toMatchObject([
    { name: '第一场', called: '晚场' },
    { name: '夜场', isNew: true },
  ]);
  expect(rules).toMatchObject([
    { id: 'rain', called: 'rain-2', give: ['rain'] },
    { id: 'draw', odds: 'rise' },
    { id: 'sign', isNew: true, earn: new Map([['机会', 1]]) },
  ]);
});

describe('a file with every key', () => {
  const campaign = load(EVERYTHING);
  const rule = (id: string): Rule => campaign.rules.find(each => each.id === id)!;
  const prize = (name: string): Prize => campaign.prizes.get(name)!;

  test('says when it is, in which mode and for whom', () => {
    expect(campaign.mode).toBe('rehearse');
    expect(campaign.testers).toEqual(new Set(['oTester000000000000000000001']));
    expect(campaign.period.dayStartsAt).toBe(240);
    expect(campaign.segments).toEqual(
      new Map([
        ['员工', new Set(['oStaff0000000000000000000001', 'oStaff0000000000000000000002'])],
        ['会员', new Set(['oMember000000000000000000001', 'oMember000000000000000000002'])],
      ]),
    );
    expect(campaign.stores).toEqual(
      new Map([
        ['store-001', { name: '城东店', hours: [[600, 1320]] }],
        [
          'store-002',
          {
            name: '城西店（二楼）',
            hours: [
              [600, 840],
              [1020, 1320],
            ],
          },
        ],
        ['store-003', { name: '火车站店', hours: [] }],
      ]),
    );
  });

  test('says every limit', () => {
    expect(campaign.budget?.pace).toEqual({ perHour: 400, carryOver: true });
    expect(campaign.perUser).toEqual({
      total: 60,
      perDay: 10,
      perMonth: 40,
      perRound: 2,
      wins: 20,
      amountPerDay: 20_000,
      gap: 3000,
    });
    expect(campaign.perScene).toEqual({ perDay: 50, amountPerDay: 6000, perUser: 2 });
    expect(campaign.perMinute).toBe(600);
    expect(campaign.wallets).toEqual(
      new Map([
        ['机会', { name: '机会', freePerDay: 1, earnPerDay: 4, spendPerDay: 5 }],
        ['积分', { name: '积分' }],
      ]),
    );
    expect(campaign.rounds).toEqual([
      { name: '第一场', from: at('2027-02-05 20:00'), to: at('2027-02-05 20:05'), packets: 1000, total: 288_800 },
      { name: '第二场', from: at('2027-02-05 21:00'), to: at('2027-02-05 21:05'), packets: 1000, total: 288_800 },
    ]);
  });

  test('has prizes of every kind', () => {
    const kind = 'redpacket';
    expect(prize('small')).toEqual({ name: 'small', weight: 70, perDay: 100, kind, min: 100, max: 100 });
    expect(prize('range')).toEqual({ name: 'range', weight: 1, stock: 300, perUser: 2, kind, min: 120, max: 280 });
    expect(prize('big')).toMatchObject({
      unlockAfter: 3,
      window: { from: at('2027-02-05 08:00'), to: at('2027-02-07 00:00'), hours: [[1080, 1320]] },
    });
    expect(prize('back')).toMatchObject({
      min: 200,
      max: 500,
      steps: [
        { from: 5000, amount: 200 },
        { from: 10_000, amount: 500 },
      ],
    });
    expect(prize('rain')).toMatchObject({ kind, min: 100, max: 6600, split: true });
    expect(prize('group')).toMatchObject({ kind, min: 1000, max: 1000, shares: 5 });
    expect(prize('bogo')).toMatchObject({ kind: 'coupon', coupons: ['BOGO-0001', 'BOGO-0002', 'BOGO-0003'] });
    expect(prize('thanks')).toEqual({ name: 'thanks', weight: 1, kind: 'nothing', fallback: true });
  });

  test('has rules with every play', () => {
    expect(rule('draw')).toMatchObject({
      who: { followedFor: 86_400_000, firstFollow: true, tags: ['会员'], excludeTags: ['员工'] },
      spend: new Map([['机会', 1]]),
      when: { source: 'user.followedDays >= 1 &&\n  event.kind != "image"' },
    });
    expect(Object.keys(rule('draw').replies)).toHaveLength(28);
    expect(rule('draw').guaranteed).toEqual({ within: 5, give: ['small'] });
    expect(rule('both')).toMatchObject({ all: true, give: ['small', 'bogo'] });
    expect(rule('rain')).toMatchObject({ once: 'perRound', give: ['rain'], opensAfter: 30_000 });
    expect(rule('checkin')).toMatchObject({
      streak: { cycle: 7, cycles: 4 },
      give: ['small', 'range', 'thanks'],
      giveAt: new Map([
        [3, ['small']],
        [7, ['range', 'thanks']],
      ]),
      earn: new Map([
        ['积分', 5],
        ['机会', 1],
      ]),
    });
    expect(rule('makeup')).toMatchObject({ makeUp: 'checkin', give: [], spend: new Map([['积分', 20]]) });
    expect(rule('password').guess).toMatchObject({ looksLike: { source: '[一-龥]{4}' }, tries: 5, per: 3_600_000 });
    expect(rule('quiz').quiz).toMatchObject({ questions: 2, pass: 2, time: 20_000, triesPerDay: 2 });
    expect(rule('quiz').quiz?.bank.map(({ choices, right }) => choices[right])).toEqual(['杭州', '祁门', '云南']);
    expect(rule('bottle')).toMatchObject({ assigned: true, give: [] });
    expect(rule('shop')).toMatchObject({ delay: 86_400_000, cancelIf: ['refunded', 'unsubscribed'] });
    expect(rule('invite')).toMatchObject({ invite: { validFor: 604_800_000 }, give: [] });
    expect(rule('friendly')).toMatchObject({ give: [], earn: new Map([['机会', 1]]) });
  });

  test('has conditions and patterns that work', () => {
    const around = {
      event: { kind: 'text', text: '抽奖', scene: '', amount: fen(0) },
      user: { follows: 1, followedDays: 1, tags: [] },
      now: { hour: 8, minute: 0, weekday: 'mon', day: '2027-02-05' },
      wallet: new Map(),
      profile: new Map([
        ['等级', '金卡'],
        ['生日', '1990-02-05'],
      ]),
    };
    expect(rule('both').when!.holds(around)).toBe(true);
    expect(rule('both').when!.holds({ ...around, now: { ...around.now, day: '2027-02-06' } })).toBe(false);
    expect(rule('draw').when!.holds(around)).toBe(true);
    expect(rule('draw').when!.holds({ ...around, user: { ...around.user, followedDays: 0 } })).toBe(false);
    const [trigger] = rule('password').on;
    expect(trigger).toMatchObject({ kind: 'text', match: 'pattern', patterns: [{ source: '[一-龥]{4}' }] });
    expect(rule('password').guess?.looksLike?.fits('恭喜发财')).toBe(true);
    expect(rule('password').guess?.looksLike?.fits('恭喜')).toBe(false);
  });

  test('has every trigger', () => {
    expect(rule('daily').on).toEqual([
      {
        kind: 'text',
        match: 'daily',
        byDay: new Map([
          ['2027-02-05', ['阿茶上新']],
          ['2027-02-06', ['好茶', '茶好']],
        ]),
      },
    ]);
    expect(rule('dated').on).toEqual([
      {
        kind: 'text',
        match: 'daily',
        byDay: new Map([
          ['2027-02-05', ['阿茶上新']],
          ['2027-02-06', ['茶', '好茶']],
        ]),
      },
    ]);
    expect(rule('bottle').on).toEqual([{ kind: 'code', batch: 'spring' }]);
    expect(rule('shop').on).toEqual([{ kind: 'paid', over: 5000, attach: ['pos-*', 'mini'] }]);
    expect(rule('friend').on).toEqual([{ kind: 'friend', did: 'paid' }]);
    expect(rule('page').on).toEqual([{ kind: 'visit' }]);
    expect(load(EVERYTHING.replace('on: visit', 'on: paid')).rules.find(({ id }) => id === 'page')?.on).toEqual([
      { kind: 'paid' },
    ]);
  });

  test('has a test with every action', () => {
    const [only] = campaign.tests;
    expect(only!.codes).toEqual(new Map([['7K2MX9PQR4RK', { batch: 'spring', prize: 'small', active: false }]]));
    expect(only!.events.map(({ action }) => action)).toEqual([
      { kind: 'subscribe', scene: 'store-001' },
      { kind: 'text', text: '7K2MX9PQR4RK' },
      { kind: 'subscribe', invitedBy: 'ann' },
      { kind: 'paid', amount: 6000, order: 'A1', attach: 'pos-1' },
      { kind: 'refunded', order: 'A1' },
      { kind: 'paid', amount: 6000 },
      { kind: 'visit' },
      { kind: 'unsubscribe' },
      { kind: 'scan', scene: 'store-001' },
      { kind: 'click', button: 'DRAW' },
      { kind: 'scancode', button: 'SCAN', result: 'https://q.example.com/a' },
      { kind: 'view', url: 'https://example.com/a' },
      { kind: 'image' },
      { kind: 'voice' },
      { kind: 'location' },
      { kind: 'drawn', draw: '大奖', prize: 'mugs' },
    ]);
    expect(only!.events[3]!.expect.inviter).toEqual({ rule: 'friend', prize: 'progress', pays: 0, reply: '记下啦！' });
    expect(only!.events[4]!.expect).toEqual({ cancels: 200, reply: null });
  });

  test('names the files that lie beside it', () => {
    const names = ['codes.csv', 'lists/members.csv', 'lists/staff.csv', 'passwords.csv', 'stores.csv', 'tea.csv'];
    expect(dataFilesOf('a.yaml', EVERYTHING).sort()).toEqual(names);
  });

  test('is another campaign as soon as one of these files is', () => {
    const other = load(EVERYTHING, name => (name === 'codes.csv' ? '券码\nBOGO-0004\n' : beside(name)));
    expect(other.hash).not.toBe(campaign.hash);
    expect(load(EVERYTHING).hash).toBe(campaign.hash);
  });
});

describe('a rule', () => {
  const HEAD = 'campaign: a\nname: a\nperiod: { from: 2027-02-01, to: 2027-02-28 }\n';

  test('may only earn, with a reply for what it counts', () => {
    const text = `${HEAD}wallets: { 机会: {} }\nrules: [{ id: a, on: text, earn: { 机会: 1 }, replies: { progress: 好 } }]\n`;
    expect(load(text).rules[0]).toMatchObject({ give: [], earn: new Map([['机会', 1]]) });
  });

  test('takes codes without saying how they look', () => {
    const text = `${HEAD}prizes: { a: { nothing: true } }\nrules: [{ id: a, on: { code: x }, give: a, guess: { tries: 5 } }]\n`;
    expect(load(text).rules[0]!.guess).toEqual({ tries: 5 });
  });

  test('may go to every edge exactly', () => {
    const text = `campaign: a-campaign-whose-id-has-33-signsx
name: a
period: { from: 2027-02-05 20:00, to: 2027-02-05 21:00, hours: "20:00-21:00", weekdays: [fri] }
budget: { total: ¥1000.00, perDay: ¥1000.00, packets: 200, packetsPerDay: 200, pace: { perHour: 1 } }
packet: { sendName: 阿茶茶饮 }
wallets: { 机会: { freePerDay: 2, spendPerDay: 2 } }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 30m, packets: 100, total: ¥100.00 }
  - { name: 第二场, at: 2027-02-05 20:30, lasts: 30m, packets: 100, total: ¥900.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥9.00 }, stock: 2, perDay: 2, perUser: 2, window: { from: 2027-02-05 20:00, to: 2027-02-05 21:00, hours: ["20:59-22:00"] } }
  b: { coupon: x.csv, stock: 2 }
rules:
  - { id: a, on: text, once: perRound, give: a, opensAfter: 1799s, spend: { 机会: 2 } }
  - { id: b, on: text, once: perDay, give: { 2: b }, streak: { cycle: 2 }, replies: { won: "{{coupon}}" } }
  - { id: c, on: text, makeUp: b, give: { 2: b }, replies: { won: "{{coupon}}" } }
  - { id: d, on: text, invite: { validFor: 30d }, reply: "{{ invite }}" }
  - { id: e, on: { text: 茶 }, give: b, quiz: { bank: y.csv, questions: 2, pass: 2, time: 1s, triesPerDay: 1 }, replies: { won: "{{coupon}}" } }
`;
    const campaign = load(text, name => (name === 'x.csv' ? 'A\nB\n' : 'question,A,B,answer\n1?,a,b,A\n2?,a,b,B\n'));
    expect(campaign.budget?.pace).toEqual({ perHour: 1, carryOver: false });
  });

  test('has tests whose codes are active unless they say otherwise', () => {
    const text = `${HEAD}prizes: { a: { nothing: true } }
rules: [{ id: a, on: { code: x }, give: assigned }]
tests: [{ name: t, codes: { 7K2MX9PQR4RK: { batch: x, prize: a } }, events: [{ at: 2027-02-01, user: a, scan: x }] }]
`;
    expect(load(text).tests[0]!.codes.get('7K2MX9PQR4RK')).toEqual({ batch: 'x', prize: 'a', active: true });
  });
});

describe.each(Object.entries(BAD_FILES))('%s', (_, files) => {
  test.each(files)('$name: all that is wrong is said, and nothing else', ({ text, data, says: expected }) => {
    expect(says(text, name => data[name])).toEqual(expected);
  });
});

describe('two campaigns that give the coupons of one list', () => {
  const text = (id: string, list: string) => `campaign: ${id}
name: a
period: { from: 2027-02-01, to: 2027-02-28 }
prizes: { a: { coupon: ${list} } }
rules: [{ id: a, on: text, give: a, replies: { won: "{{coupon}}" } }]
`;
  const data: DataFiles = () => 'A1\nA2\n';

  test('are both refused: each coupon would be given twice', () => {
    const { campaigns, findings } = loadCampaigns([
      { file: 'rules/a.yaml', text: text('a', 'codes.csv'), data },
      { file: 'rules/b.yaml', text: text('b', 'codes.csv'), data },
      { file: 'rules/c.yaml', text: text('c', 'other.csv'), data },
    ]);
    expect(campaigns.map(({ id }) => id)).toEqual(['c']);
    expect(findings.map(showFinding)).toEqual([
      'rules/a.yaml:4:24: rules/b.yaml gives the coupons of codes.csv as well: each would be given twice',
      'rules/b.yaml:4:24: rules/a.yaml gives the coupons of codes.csv as well: each would be given twice',
    ]);
  });

  test('may use lists of one name in different folders', () => {
    const files = ['north', 'south'].map(id => ({ file: `${id}/a.yaml`, text: text(id, 'codes.csv'), data }));
    expect(loadCampaigns(files).findings).toEqual([]);
  });
});

// ── The schema ───────────────────────────────────────────────────────────────────────────────────────────────

type Path = readonly (string | number)[];

/** Every map in a tree, with the way to it. */
function mapsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([key, part]) =>
    mapsIn(part, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return Array.isArray(value) ? inside : [path, ...inside];
}

/** Every key in every map of a tree, with the way to that map; the same key with the same kind of value once. */
function keysOf(tree: unknown): [Path, string][] {
  const keys = new Map<string, [Path, string]>();
  for (const path of mapsIn(tree)) {
    for (const [key, value] of Object.entries(mapAt(tree, path))) {
      const where = path.map(part => (typeof part === 'number' ? '*' : part));
      const id = JSON.stringify([...where, key, value === null ? null : Array.isArray(value) ? [] : typeof value]);
      if (!keys.has(id)) keys.set(id, [path, key]);
    }
  }
  return [...keys.values()];
}

function mapAt(tree: unknown, path: Path): Record<string, unknown> {
  return read(
    path.reduce<unknown>((part, key) => Reflect.get(Object(part), key), tree),
    isMap,
  );
}

/** A copy of the tree in which the map at `path` was changed; of rules, tests and events only the one on the way there. */
function changed(tree: unknown, path: Path, change: (map: Record<string, unknown>) => void): unknown {
  const copy = read(structuredClone(tree), isMap);
  change(mapAt(copy, path));
  const only = (map: Record<string, unknown>, key: string, n: number): void => {
    const list = map[key];
    if (Array.isArray(list) && list.length > 1) map[key] = [list[Number(path[n])] ?? list.at(-1)];
  };
  only(copy, 'rules', 1);
  for (const each of Array.isArray(copy.tests) ? copy.tests : []) if (isMap(each)) only(each, 'events', 3);
  return copy;
}

/** Every key a schema has a place for, by the way to it. */
function keysIn(schema: unknown, root: Schema, path: string, found: Set<string>): void {
  if (!isMap(schema)) return;
  for (const part of [schema.anyOf, schema.items, schema.additionalProperties].flat()) keysIn(part, root, path, found);
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.replace('#/definitions/', '');
    keysIn(mapAt(root, ['definitions', name]), root, name, found);
  }
  for (const [key, part] of Object.entries(schema.properties ?? {})) {
    if (found.has(`${path}.${key}`)) continue;
    found.add(`${path}.${key}`);
    keysIn(part, root, `${path}.${key}`, found);
  }
}

describe('the schema for editors', () => {
  const schema = ruleSchema();
  const complaints = complaintsOf(schema);
  const tree: unknown = parse(EVERYTHING);

  /** What the shapes say of a tree by itself, before it is asked how its parts fit together. */
  function shapesSay(value: unknown): string[] {
    const reader = new Reader('a.yaml', '', new LineCounter());
    ruleFile.read(new Document().createNode(value), reader);
    return reader.findings.map(({ message }) => message);
  }

  /** Both refuse it, or both take it. */
  function expectAgreement(value: unknown, path: Path): boolean {
    const [ofSchema, ofShapes] = [complaints(value), shapesSay(value)];
    expect(ofSchema.length > 0, `${path.join('.')}: ${[...ofSchema, ...ofShapes].join(' | ')}`).toBe(
      ofShapes.length > 0,
    );
    return ofShapes.length > 0;
  }

  test('has nothing to say against what the loader takes', () => {
    const folder = new URL('../../../rules/', import.meta.url);
    const samples = readdirSync(folder).filter(name => name.endsWith('.yaml'));
    expect(samples.length).toBeGreaterThanOrEqual(4);
    for (const name of samples)
      expect(complaints(parse(readFileSync(new URL(name, folder), 'utf8'))), name).toEqual([]);
    expect(complaints(tree)).toEqual([]);
    expect(shapesSay(tree)).toEqual([]);
  });

  test('has no key that is not in the file with every key', () => {
    const keys = new Set<string>();
    keysIn(schema, schema, '', keys);
    const missing = [...keys].filter(path => !new RegExp(`\\b${path.split('.').at(-1)}\\b`).test(EVERYTHING + RENAMED));
    expect(keys.size).toBeGreaterThan(150);
    expect(missing).toEqual([]);
  });

  test('and the loader refuse a key too many, in any map', () => {
    const refused = mapsIn(tree).filter(path =>
      expectAgreement(
        changed(tree, path, map => Object.assign(map, { zzz: { zzz: 1 } })),
        path,
      ),
    );
    expect(refused).toHaveLength(mapsIn(tree).length);
  });

  test('and the loader miss the same keys', () => {
    const missed = keysOf(tree).filter(([path, key]) =>
      expectAgreement(
        changed(tree, path, map => delete map[key]),
        [...path, key],
      ),
    );
    expect(missed.length).toBeGreaterThan(50);
    expect(missed.length).toBeLessThan(keysOf(tree).length / 2);
  });

  test.each([
    ['a list of lists', [[{}]]],
    ['a map', { zzz: 1 }],
    ['nothing', null],
    ['a word', 'zzz'],
  ])('and the loader refuse %s at the same keys', (_, value) => {
    const refused = keysOf(tree).filter(([path, key]) =>
      expectAgreement(
        changed(tree, path, map => Object.assign(map, { [key]: value })),
        [...path, key],
      ),
    );
    expect(refused.length).toBeGreaterThan(50);
  });
});
