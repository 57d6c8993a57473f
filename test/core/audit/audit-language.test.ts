// The audit of campaigns that use everything the language has: their counters balance, and what is changed in those that
// claims tell is found. Played through the real flow, on SQLite, with payouts that end in every way.

import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type * as AuditHalf from '../../../src/commands/ledger/audit-half.ts';
import { syntheticDayOf } from '../../../src/core/analysis/synthetic-day.ts';
import { Audit, type AuditReport, showAuditFinding } from '../../../src/core/audit/audit.ts';
import { followerIn, nameKind } from '../../../src/core/audit/counter-name.ts';
import { SHELVES, shelfOf, shelfOfClaim } from '../../../src/core/audit/shelf.ts';
import { type Counter, UNBOUNDED } from '../../../src/core/base/counter.ts';
import type { Event } from '../../../src/core/base/event.ts';
import { eventKey, openId } from '../../../src/core/base/event.ts';
import { fen } from '../../../src/core/base/money.ts';
import { chanceOf } from '../../../src/core/base/random.ts';
import { dayOf, HOUR, type Instant, later, MINUTE, parseBeijing, SECOND } from '../../../src/core/base/time.ts';
import type { Decision } from '../../../src/core/decide/decision.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { inviteScene } from '../../../src/core/match/follower.ts';
import { DEFAULT_POLICY } from '../../../src/core/payout/pace.ts';
import type { Observation, Payout } from '../../../src/core/payout/payout.ts';
import { beginSend, observe } from '../../../src/core/payout/transitions.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { halfAudit } from '../../../src/engine/audit/half.ts';
import { auditStore } from '../../../src/engine/audit-store.ts';
import { createFlow } from '../../../src/engine/flow.ts';
import { checkRuleFiles } from '../../../src/engine/rulebook.ts';
import type { RuleFile } from '../../../src/engine/rulebook-files.ts';
import { SILENT } from '../../../src/lib/log.ts';
import type { Snapshot, Store } from '../../../src/ports.ts';
import { readPieces } from '../../../src/storage/copy.ts';
import { openRedis } from '../../../src/storage/redis/store.ts';
import { inPages } from '../../../src/storage/shared/pages.ts';
import { openSqlite } from '../../../src/storage/sqlite/store.ts';
import { readSnapshot } from '../../storage/store.contract.ts';
import { configOf } from '../../support/config.ts';
import { hasRedis, startRedis } from '../../support/redis-server.ts';

// ── The campaigns ────────────────────────────────────────────────────────────────────────────────────────────

const HEAD = (id: string, more = ''): string => `
campaign: ${id}
name: ${id}
period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00, dayStartsAt: "04:00" }
packet: { sendName: 阿茶茶饮, scene: PRODUCT_2 }
${more}`;

/** Every limit and every play that does not need rounds. */
const PLAYS = `${HEAD('plays')}
budget: { total: ¥9000.00, perDay: ¥900.00, packets: 5000, packetsPerDay: 900, pace: { perHour: 60, carryOver: true } }
limits:
  perUser: { total: 40, perDay: 9, perMonth: 30, wins: 20, amountPerDay: ¥60.00, gap: 1s }
  perScene: { perDay: 20, amountPerDay: ¥30.00, perUser: 3 }
  perMinute: 30
unclaimed: reoffer
stores: stores.csv
wallets: { 机会: { freePerDay: 1, earnPerDay: 4, spendPerDay: 5 }, 积分: {} }
prizes:
  small: { redpacket: ¥1.00, weight: 50, perDay: 60, perUser: 12 }
  range: { redpacket: ¥1.20..¥2.80, weight: 20, stock: 60 }
  big: { redpacket: ¥8.80, weight: 5, stock: 9, unlockAfter: 1 }
  group: { redpacket: ¥3.00, shares: 3, weight: 10 }
  bogo: { coupon: codes.csv, weight: 10 }
  back: { redpacket: { steps: { ¥20.00: ¥1.00, ¥60.00: ¥5.00 } } }
  thanks: { nothing: true, fallback: true, weight: 5 }
rules:
  - { id: draw, on: { text: 抽奖 }, once: perEvent, give: [small, range, big, group, bogo, thanks], spend: { 机会: 1 }, replies: { won: "{{coupon}}" } }
  - { id: arrive, on: { scan: store-* }, once: perDay, give: small, earn: { 积分: 2 } }
  - { id: checkin, on: { text: 签到 }, once: perDay, streak: { cycle: 3 }, give: { 2: small, 3: bogo }, earn: { 积分: 5, 机会: 1 }, replies: { won: "{{coupon}}" } }
  - { id: makeup, on: { text: 补签 }, once: perDay, makeUp: checkin, spend: { 积分: 2 } }
  - { id: guess, on: { text: 芝麻 }, once: perWeek, give: small, guess: { looksLike: "芝.", tries: 3, per: 1h } }
  - { id: quiz, on: { text: 答题 }, once: perDay, give: small, quiz: { bank: tea.csv, questions: 1, pass: 1, time: 1h, triesPerDay: 5 } }
  - { id: bottle, on: { code: spring }, once: perEvent, give: assigned, guess: { tries: 3 }, replies: { won: "{{coupon}}" } }
  - { id: shop, on: { paid: { over: ¥20.00 } }, once: perEvent, give: back, delay: 24h, cancelIf: [refunded, unsubscribed] }
  - { id: invite, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "你的专属码 {{invite}}" }
  - { id: friend, on: { friend: followed }, once: perEvent, give: { 2: small } }
  - { id: page, on: visit, once: perMonth, give: range }
`;
/** Two rounds, whose packets come to exactly their totals; and a pace by the hour. */
const RAIN = HEAD(
  'rain',
  `budget: { total: ¥9000.00, pace: { perHour: 90, carryOver: false } }
limits: { perUser: { perRound: 1 } }
rounds:
  - { name: 第一场, at: 2027-02-06 01:00, lasts: 30m, packets: 40, total: ¥88.00 }
  - { name: 第二场, at: 2027-02-06 20:00, lasts: 30m, packets: 60, total: ¥120.00 }
prizes:
  rain: { redpacket: { split: ¥1.00..¥9.00 } }
rules:
  - { id: rain, on: { text: 红包雨 }, once: perRound, give: rain }
`,
);
/** Decides and counts, and pays nothing. */
const SHADOW = PLAYS.replace('campaign: plays', 'campaign: dark\nmode: shadow');

const DATA = new Map([
  ['stores.csv', 'scene,name,hours\nstore-001,城东店,\nstore-002,城西店,10:00-22:00\n'],
  ['codes.csv', Array.from({ length: 40 }, (_, n) => `BOGO-${n}`).join('\n')],
  ['tea.csv', 'question,A,B,C,D,answer\n龙井产于,杭州,祁门,云南,福建,A\n'],
]);
const DARK = new Map(
  [...DATA].map(([name, text]) => [name.replace('codes', 'dark'), text.replaceAll('BOGO', 'DARK')] as const),
);

function campaignsOf(): Campaign[] {
  const files: RuleFile[] = [
    { file: 'plays.yaml', text: PLAYS, data: DATA },
    { file: 'rain.yaml', text: RAIN },
    { file: 'dark.yaml', text: SHADOW.replace('codes.csv', 'dark.csv'), data: DARK },
  ];
  const { campaigns, findings } = checkRuleFiles(files);
  expect(findings).toEqual([]);
  return campaigns;
}

// ── The play ─────────────────────────────────────────────────────────────────────────────────────────────────

const DAYS = ['2027-02-05', '2027-02-06', '2027-02-07'].map(day => dayOf(parseBeijing(day)!));

/** Three days of a made-up crowd, by the campaigns' own triggers; and friends, refunds and partings with it. */
async function playDays(store: Store, campaigns: readonly Campaign[]): Promise<Decision[]> {
  let now = parseBeijing('2027-02-05 04:00')!;
  const decisions: Decision[] = [];
  const book = bookOf(campaigns, ['tea']);
  const flow = createFlow({
    clock: () => now,
    store,
    log: SILENT,
    config: configOf(),
    book: () => book,
    planned: () => {},
  });
  const events: Event[] = [];
  for (const [n, day] of DAYS.entries())
    for (const campaign of campaigns.filter(({ mode }) => mode === 'live')) {
      const chance = chanceOf(`${campaign.id} ${day}`);
      const crowd = syntheticDayOf({ campaign, account: 'tea', day, users: 45, perUser: 5, chance })!;
      const codes = [...crowd.codes].map(([code, { batch, prize }]) => ({ code, batch, prize, box: 1 }));
      if (codes.length > 0) await store.addCodes(codes);
      await store.activateCodes('spring', 'all', true);
      const renamed = [...crowd.before, ...crowd.events].map(event => ({
        ...event,
        key: eventKey(`m:${n}:${campaign.id}:${event.key}`),
      }));
      events.push(...renamed);
    }
  events.push(...byHand());
  events.sort((a, b) => a.sentAt - b.sentAt);
  for (const event of events) {
    now = event.sentAt;
    await flow.handle(event);
  }
  for (const { decision } of await store.journal({ limit: 100_000 })) decisions.push(decision);
  return decisions;
}

/** What a crowd does not do by itself: a quiz to its end, a wrong password, friends by a personal code. */
function byHand(): Event[] {
  const noon = parseBeijing('2027-02-06 12:00')!;
  const quiz = Array.from({ length: 12 }, (_, n) => n).flatMap((n): Event[] => {
    const about = { account: 'tea', user: openId(`quiz-${n}`), kind: 'text' as const };
    return ['答题', n % 4 === 0 ? 'B' : 'A', '芝士'].map((text, step) => ({
      ...about,
      key: eventKey(`q:${n}:${step}`),
      sentAt: later(noon, n * MINUTE + step * SECOND * 10),
      text,
    }));
  });
  const friends = Array.from({ length: 9 }, (_, n): Event => {
    const scene = inviteScene(openId(`quiz-${n % 3}`), 'plays');
    const about = { account: 'tea', user: openId(`friend-${n}`), key: eventKey(`f:${n}`) };
    return { ...about, sentAt: later(noon, HOUR + n * MINUTE), kind: 'subscribe', via: 'qr', scene };
  });
  return [...quiz, ...friends];
}

const STATUS = (status: 'RECEIVED' | 'REFUND' | 'FAILED', refunded?: number): Observation => ({
  kind: 'order',
  state: status,
  ...(refunded !== undefined && { refunded }),
});
const ACCEPTED: Observation = { kind: 'accepted', listId: '1' };
const ENDS: readonly (readonly Observation[])[] = [
  [ACCEPTED, STATUS('RECEIVED')],
  [ACCEPTED, STATUS('REFUND')],
  [ACCEPTED],
  [{ kind: 'silence', code: 'ECONNRESET', text: '' }, STATUS('FAILED')],
  [{ kind: 'refused', code: 'NO_AUTH', text: '帐号已被微信拦截' }],
  [],
];

/** Each payout that is due goes another way. A group packet comes back in part. */
async function payAll(store: Store): Promise<void> {
  const end = parseBeijing('2027-02-08 12:00')!;
  const planned = await store.payouts({ state: 'planned', limit: 100_000 });
  for (const [n, payout] of planned.entries()) {
    const isGroup = payout.request.channel === 'group';
    await goes(store, payout, isGroup ? [ACCEPTED, STATUS('REFUND', 100)] : ENDS[n % ENDS.length]!, end);
  }
}

async function goes(store: Store, payout: Payout, seen: readonly Observation[], at: Instant): Promise<void> {
  if (seen.length === 0) return;
  let now = payout;
  const begun = beginSend(now, at);
  expect(await store.advance(begun)).toBe('moved');
  now = begun.payout;
  for (const [index, each] of seen.entries()) {
    const { step } = observe(now, each, index > 0, later(at, (index + 1) * MINUTE), DEFAULT_POLICY);
    expect(await store.advance(step)).toBe('moved');
    now = step.payout;
  }
}

const BUILT_HALF = resolve(import.meta.dirname, '../../../dist/commands/ledger/audit-half.js');

type Rows = Awaited<ReturnType<typeof readSnapshot>>;
let campaigns: Campaign[];
let store: Store;
let good: Rows;
let decisions: Decision[];
let counted: Map<string, readonly Counter[]>;

beforeAll(async () => {
  campaigns = campaignsOf();
  store = await openSqlite(':memory:');
  decisions = await playDays(store, campaigns);
  await payAll(store);
  const snapshot = await store.snapshot();
  good = await readSnapshot(snapshot);
  await snapshot.close();
  counted = new Map(
    decisions.flatMap(each => (each.kind === 'awarded' ? [[each.claimKey, each.counters] as const] : [])),
  );
  return () => store.close();
});

function auditRows(rows: Rows, live: readonly Campaign[] = campaigns, parts = 1): AuditReport {
  const audit = new Audit(live);
  for (const { name } of rows.counters) audit.survey(name);
  for (let part = 0; part < parts; part++) {
    for (const claim of rows.claims) if (shelfOfClaim(claim.key) % parts === part) audit.claim(claim);
    for (const [index, payout] of rows.payouts.entries())
      if (shelfOfClaim(payout.claimKey) % parts === part) audit.paid(audit.payout(payout, rows.histories[index]!));
    for (const { name, value } of rows.counters)
      if (shelfOf(followerIn(name)) % parts === part) audit.counter(name, value);
    audit.endOfPart();
  }
  for (const bucket of rows.buckets) audit.bucket(bucket);
  audit.endOfSnapshot();
  for (const claim of rows.claims) if (audit.isInDoubt(claim)) audit.decided(claim, counted.get(claim.key));
  return audit.report();
}

const shown = ({ findings }: AuditReport): string[] => findings.map(showAuditFinding);

describe('books of campaigns that use everything', () => {
  test('were filled with all of it', () => {
    const won = new Set(decisions.flatMap(each => (each.kind === 'awarded' ? [`${each.campaign}/${each.rule}`] : [])));
    const rules = ['draw', 'arrive', 'checkin', 'guess', 'quiz', 'bottle', 'shop', 'friend', 'page'];
    expect([...won].sort()).toEqual(expect.arrayContaining([...rules.map(id => `plays/${id}`), 'rain/rain']));
    expect(new Set(good.payouts.map(({ state }) => state))).toEqual(
      new Set(['planned', 'sent', 'received', 'refunded', 'failed', 'held']),
    );
    expect(good.payouts.some(({ undoneBy, state, tries }) => undoneBy && state === 'failed' && tries === 0)).toBe(true);
    const isEarly = ({ at }: { at: Instant }): boolean => (at + 8 * HOUR) % (24 * HOUR) < 4 * HOUR;
    expect(good.claims.some(isEarly)).toBe(true);
    expect(decisions.some(({ shadows }) => shadows?.some(({ outcome }) => outcome === 'awarded'))).toBe(true);
    const names = good.counters.map(({ name }) => name);
    for (const part of [
      ...[
        '/month/',
        '/wins',
        '/minute/',
        '/packets/day/',
        '/hour/',
        '/scene/store-001/amount/day/',
        '/coupons',
        '/draws',
      ],
      ...['/row/', '/wallet/积分/spent', '/wallet/机会/free/day/', '/streak/', '/wrong/', 'code/', 'refunded/'],
      ...['/claims/scene/', '/claims/round/', 'campaign/dark~shadow/', 'shadow/dark~shadow/', '/prize/small/day/'],
    ])
      expect([part, names.some(name => name.includes(part))]).toEqual([part, true]);
  });

  test('balance, through the job as well', async () => {
    expect(shown(auditRows(good))).toEqual([]);
    const report = await auditStore(store, new Audit(campaigns));
    expect(shown(report)).toEqual([]);
    expect(report.compared).toMatchObject({ claims: good.claims.length, payouts: good.payouts.length });
  });

  test('balance where the rule files are gone, so that nobody knows when a day began', () => {
    expect(shown(auditRows(good, []))).toEqual([]);
  });

  test('balance in parts', () => {
    for (const parts of [2, 5]) expect([parts, shown(auditRows(good, campaigns, parts))]).toEqual([parts, []]);
  });

  test('leave out what claims cannot tell, and count it', () => {
    const { compared } = auditRows(good);
    const strange = good.counters.filter(({ name }) => nameKind(name) === undefined);
    expect(compared.countersLeftOut).toBe(strange.length);
    expect(compared.counters).toBe(good.counters.length - strange.length);
    const left =
      /^(shadow\/|code\/|refunded\/|rewarded\/|campaign\/\w+~shadow\/)|\/(draws|taken-back|rule\/[^/]+\/(?!claims$).+|round\/.+\/amount|wallet\/.+\/day\/.+)$/;
    expect(strange.filter(({ name }) => !left.test(name))).toEqual([]);
  });
});

describe('one change is found', () => {
  const find = (part: RegExp): string => good.counters.find(({ name, value }) => part.test(name) && value > 0)!.name;
  const kinds: [string, RegExp][] = [
    ['a follower’s claims of a month', /^campaign\/plays\/user\/[^/]+\/claims\/month\//],
    ['a follower’s claims of a day that begins at 04:00', /^campaign\/plays\/user\/[^/]+\/claims\/day\//],
    ['a follower’s wins', /^campaign\/plays\/user\/[^/]+\/wins$/],
    ['the claims of a minute', /^campaign\/plays\/claims\/minute\//],
    ['a prize of the day', /^campaign\/plays\/prize\/small\/day\//],
    ['coupons', /^campaign\/plays\/prize\/bogo\/coupons$/],
    ['the packets of a day', /^campaign\/plays\/packets\/day\//],
    ['the claims of a rule', /^campaign\/plays\/rule\/draw\/claims$/],
    ['a follower’s claims at a store', /^campaign\/plays\/user\/[^/]+\/claims\/scene\/store-001$/],
    ['a follower’s claims in a round', /^campaign\/rain\/user\/[^/]+\/claims\/round\//],
    ['the pace of an hour', /^campaign\/rain\/pace\/day\/[\d-]+\/hour\//],
    ['the money of a store', /^campaign\/plays\/scene\/store-001\/amount\/day\//],
    ['the day’s budget', /^campaign\/plays\/amount\/day\//],
    ['the packets of a round', /^campaign\/rain\/round\/第一场\/packets$/],
  ];
  test.each(kinds)('one more in the counter of %s', (_, part) => {
    const name = find(part);
    const counters = good.counters.map(each => (each.name === name ? { name, value: each.value + 1 } : each));
    for (const live of [campaigns, []])
      expect(auditRows({ ...good, counters }, live).findings).toMatchObject([{ where: `counter ${name}` }]);
  });
  test.each(kinds)('one less in the counter of %s', (_, part) => {
    const name = find(part);
    const counters = good.counters.map(each => (each.name === name ? { name, value: each.value - 1 } : each));
    expect(auditRows({ ...good, counters }).findings).toMatchObject([{ where: `counter ${name}` }]);
  });

  test('more spent of a wallet than was ever earned', () => {
    const name = find(/^campaign\/plays\/.+\/wallet\/积分\/spent$/);
    const counters = good.counters.map(each => (each.name === name ? { name, value: 10_000 } : each));
    expect(auditRows({ ...good, counters }).findings).toMatchObject([{ where: `counter ${name}`, found: 10_000 }]);
  });

  test('a payout that holds another store’s money, or none of the day', () => {
    const index = good.payouts.findIndex(
      ({ holds, state }) => state === 'sent' && holds.some(({ name }) => /scene.+amount/.test(name)),
    );
    const payout = good.payouts[index]!;
    const holds = payout.holds.map(hold =>
      /scene.+amount/.test(hold.name) ? { ...hold, name: hold.name.replace(/store-00\d/, 'store-009') } : hold,
    );
    const rows = { ...good, payouts: good.payouts.with(index, { ...payout, holds }) };
    expect(auditRows(rows).total).toBeGreaterThan(0);
    const late = payout.holds.map(hold => ({
      ...hold,
      name: hold.name.replace(/(scene.+)[\d-]{10}$/, '$12027-02-20'),
    }));
    const wrong = auditRows({ ...good, payouts: good.payouts.with(index, { ...payout, holds: late }) });
    expect(shown(wrong).join('\n')).toMatch(`payout ${payout.billNo}: hold on campaign/plays/scene/`);
  });
});

// ── The job, which shelves rows without their followers ──────────────────────────────────────────────────────

type Change = readonly [what: string, change: (rows: Rows, pick: <Item>(items: readonly Item[]) => number) => Rows];

const claimed = (what: string, as: (claim: Rows['claims'][number], other: string) => object): Change => [
  `a claim: ${what}`,
  (rows, pick) => {
    const at = pick(rows.claims);
    const other = rows.claims[pick(rows.claims)]!.user;
    return { ...rows, claims: rows.claims.with(at, { ...rows.claims[at]!, ...as(rows.claims[at]!, other) }) };
  },
];
const paid = (what: string, as: (payout: Payout, other: Payout) => object): Change => [
  `a payout: ${what}`,
  (rows, pick) => {
    const at = pick(rows.payouts);
    const other = rows.payouts[pick(rows.payouts)]!;
    return { ...rows, payouts: rows.payouts.with(at, { ...rows.payouts[at]!, ...as(rows.payouts[at]!, other) }) };
  },
];
const counter = (what: string, as: (counter: Rows['counters'][number], other: string) => object): Change => [
  `a counter: ${what}`,
  (rows, pick) => {
    const at = pick(rows.counters);
    const other = rows.claims[pick(rows.claims)]!.user;
    return { ...rows, counters: rows.counters.with(at, { ...rows.counters[at]!, ...as(rows.counters[at]!, other) }) };
  },
];
const swapped = (name: string, other: string): string => name.replace(/(\/user\/(?:tea\/)?)[^/]+/, `$1${other}`);

const CHANGES: readonly Change[] = [
  ['a claim: gone', (rows, pick) => ({ ...rows, claims: rows.claims.toSpliced(pick(rows.claims), 1) })],
  claimed('of another one', (_, user) => ({ user })),
  claimed('under another one’s key', ({ key }, user) => ({ key: key.split('/').with(2, user).join('/') })),
  claimed('worth more', ({ amount }) => ({ amount: fen(amount + 1) })),
  claimed('of another prize', () => ({ prize: 'other' })),
  claimed('of before', () => ({ day: undefined })),
  claimed('in another store', () => ({ scene: 'store-009' })),
  claimed('of nobody', () => ({ user: '' })),
  paid('of another one', (_, { user }) => ({ user })),
  paid('for another claim', (_, { claimKey }) => ({ claimKey })),
  paid('worth more', ({ amount }) => ({ amount: fen(amount + 1) })),
  paid('failed', () => ({ state: 'failed' })),
  paid('refunded in part', ({ amount }) => ({ state: 'refunded', refunded: fen(amount - 1) })),
  paid('a later number', () => ({ attempt: 2 })),
  paid('of another merchant', () => ({ merchant: 'other' })),
  paid('holds less', ({ holds }) => ({ holds: holds.slice(1) })),
  paid('holds in another order', ({ holds }) => ({ holds: holds.toReversed() })),
  paid('holds one twice', ({ holds }) => ({ holds: [...holds, ...holds.slice(0, 1)] })),
  paid('holds what is another one’s', ({ holds }, { user }) => ({
    holds: holds.map(({ name, add }) => ({ name: swapped(name, user), add })),
  })),
  counter('one more', ({ value }) => ({ value: value + 1 })),
  counter('one less', ({ value }) => ({ value: value - 1 })),
  counter('of another one', ({ name }, other) => ({ name: swapped(name, other) })),
  counter('of a stranger', ({ name }) => ({ name: swapped(name, 'oStranger') })),
  counter('nobody’s', ({ name }) => ({ name: `${name}/x` })),
];

describe('the job', () => {
  test.each(CHANGES)('names what is wrong as the audit does, row by row: %s', async (_, change) => {
    const chance = chanceOf('the job');
    for (let time = 0; time < 3; time++) {
      const rows = change(good, items => Math.floor(chance() * items.length));
      const snapshot = await store.snapshot();
      const lives = rows.payouts.map((payout, at) => ({ payout, history: rows.histories[at]! }));
      const changed: Snapshot = {
        ...snapshot,
        parts: () => undefined,
        claims: () => inPages(() => each([rows.claims])),
        lives: () => inPages(() => each([lives])),
        counters: () => inPages(() => each([rows.counters])),
        close: async () => {},
      };
      const report = await auditStore({ ...store, snapshot: async () => changed }, new Audit(campaigns));
      const halved = await auditStore(inHalves(changed), new Audit(campaigns), {
        thread: () => ({ ...halfAudit(async () => changed), prepare: async () => {}, end: async () => {} }),
        many: 0,
      });
      expect({ ...halved, findings: shown(halved).sort() }).toEqual({ ...report, findings: shown(report).sort() });
      // One follower a part, as nearly as shelves can.
      const direct = auditRows(rows, campaigns, SHELVES);
      expect(shown(report).sort()).toEqual(shown(direct).sort());
      expect(report).toMatchObject({ total: direct.total, compared: direct.compared, campaigns: direct.campaigns });
      await snapshot.close();
    }
  });
});

const inHalves = (snapshot: Snapshot): Store => ({
  ...store,
  snapshotTogether: async open => {
    await open('');
    return snapshot;
  },
});

describe.skipIf(!hasRedis)('on Redis', () => {
  test('two threads find what one finds: nothing, and what is changed by hand', async () => {
    const server = await startRedis('--appendonly', 'yes', '--appendfsync', 'everysec');
    const redis = await openRedis(server.url, { acceptLoss: true });
    const snapshot = await store.snapshot();
    await readPieces(
      snapshot,
      () => {},
      piece => redis.load(piece),
    );
    await snapshot.close();
    const audited = async (): Promise<string[]> => {
      const { auditThread } = (await import(BUILT_HALF)) as typeof AuditHalf;
      const one = await auditStore(redis, new Audit(campaigns));
      const two = await auditStore(redis, new Audit(campaigns), {
        thread: auditThread(server.url, { acceptLoss: true }),
        many: 0,
      });
      expect({ ...two, findings: shown(two).sort() }).toEqual({ ...one, findings: shown(one).sort() });
      return shown(two);
    };
    expect(await audited()).toEqual([]);
    const own = good.counters
      .filter(({ name }) => followerIn(name) !== undefined && name.startsWith('campaign/plays/prize/'))
      .slice(0, 9);
    expect(await redis.count(own.map(({ name }) => ({ name, add: 1, max: UNBOUNDED })))).toBe('counted');
    await redis.count([{ name: 'campaign/plays/amount', add: 1, max: UNBOUNDED }]);
    expect((await audited()).length).toBe(own.length + 1);
    await redis.close();
    await server.dispose();
  }, 60_000);
});

async function* each<Row>(rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows;
}
