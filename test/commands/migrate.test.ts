// Moving house: everything of one store arrives in another as it was, whatever interrupts it, and nothing is said to have
// arrived that has not.

import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { copyAndVerify } from '../../src/commands/ledger/migrate.ts';
import { Audit } from '../../src/core/audit/audit.ts';
import { Digest } from '../../src/core/base/digest.ts';
import { BadInput, Fault } from '../../src/core/base/error.ts';
import { eventKey, type Happening, type OpenId, openId } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { DAY, HOUR, type Instant, later, MINUTE, parseBeijing } from '../../src/core/base/time.ts';
import type { Wording } from '../../src/core/base/words/words.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import type { Authorization } from '../../src/core/payout/authorization.ts';
import { commitOf, intentOf } from '../../src/core/payout/bulk.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';
import { type Observation, PAYOUT_STATES, type Payout, type Step } from '../../src/core/payout/payout.ts';
import { beginSend, observe } from '../../src/core/payout/transitions.ts';
import { loadCampaigns } from '../../src/core/rules/file/load.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { createFlow } from '../../src/engine/flow.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Piece, SnapshotKind, SnapshotRows, Store } from '../../src/ports.ts';
import { openStore } from '../../src/storage/open.ts';
import { openDatabase } from '../../src/storage/sqlite/schema.ts';
import { aCommit, anAnswer, listOf } from '../storage/store.contract.ts';
import { openIds, run } from '../support/command.ts';
import { configOf, TEA, TILL } from '../support/config.ts';
import { isMap, read, readJson } from '../support/json.ts';
import { DURABLE, hasRedis, type RedisServer, startRedis } from '../support/redis-server.ts';

// ── A shop whose store has been through everything ───────────────────────────────────────────────────────

/** As programs read them. */
const english = (said: readonly Wording[]): string[] => said.map(String);

const RULES = `
campaign: shop
name: 店里
period: { from: 2026-01-01, to: 2026-12-31 }
budget: { total: ¥5000.00, perDay: ¥500.00, packets: 900, packetsPerDay: 90 }
limits: { perUser: { total: 9, perDay: 5, amountPerDay: ¥50.00, gap: 10m } }
unclaimed: reoffer
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试, scene: PRODUCT_2 }
prizes:
  one: { redpacket: ¥1.50, stock: 50, perUser: 6 }
  three: { redpacket: ¥3.00, shares: 3 }
  thanks: { nothing: true }
rules:
  - { id: one, on: { text: 红包 }, once: perEvent, give: one }
  - { id: three, on: { text: 裂变 }, once: perEvent, give: three }
  - { id: thanks, on: { text: 谢谢 }, once: perEvent, give: thanks }
  - { id: hello, on: subscribe, reply: 欢迎 🧧 }
`;
const BULK = `
campaign: bulk
name: 群发
period: { from: 2026-01-01, to: 2026-12-31 }
budget: { total: ¥1000000.00 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes:
  one: { redpacket: ¥1.00 }
rules:
  - { id: one, on: { text: 红包 }, once: ever, give: one }
`;
const { campaigns: CAMPAIGNS } = loadCampaigns([{ file: 'shop.yaml', text: RULES }]);
const NOON = parseBeijing('2026-02-10 12:00')!;

const ann = openId('oAnn0000000000000000000000_A');
const bob = openId('oBob0000000000000000000000-B');
const ACCEPTED: Observation = { kind: 'accepted', listId: '1' };
const SILENCE: Observation = { kind: 'silence', code: 'ECONNRESET', text: '' };
const REFUSED: Observation = { kind: 'refused', code: 'NO_AUTH', text: '帐号已被微信拦截' };
type Status = Extract<Observation, { kind: 'order' }>;
const status = (word: Status['state'], refunded?: number): Status => ({
  ...{ kind: 'order', state: word },
  ...(refunded !== undefined && { refunded }),
});

class Shop {
  now: Instant = NOON;
  readonly store: Store;
  private serial = 0;

  constructor(store: Store) {
    this.store = store;
  }

  /** Something happens to them, and an hour goes by. */
  async sees(user: OpenId, happening: Happening): Promise<void> {
    const book = bookOf(CAMPAIGNS, ['tea']);
    const { store } = this;
    const flow = createFlow({
      clock: () => this.now,
      store,
      log: SILENT,
      config: configOf(),
      book: () => book,
      planned: () => {},
    });
    const key = eventKey(`m:${++this.serial}`);
    await flow.handle({ key, account: 'tea', user, sentAt: this.now, ...happening });
    this.now = later(this.now, HOUR);
  }

  async wins(user: OpenId, text: string): Promise<Payout> {
    await this.sees(user, { kind: 'text', text });
    return (await this.store.payouts({ limit: 1 }))[0]!;
  }

  /** WeChat Pay is called and answers so, and then is asked. */
  async pays(payout: Payout, ...seen: Observation[]): Promise<Payout> {
    let current = payout;
    const advance = async (step: Step): Promise<void> => {
      expect(await this.store.advance(step)).toBe('moved');
      current = step.payout;
    };
    await advance(beginSend(current, this.now));
    for (const [index, each] of seen.entries()) {
      this.now = later(this.now, MINUTE);
      await advance(observe(current, each, index > 0, this.now, DEFAULT_POLICY).step);
    }
    return current;
  }

  async sends(user: OpenId, amount: number): Promise<void> {
    const batch = { name: 'thanks', campaign: CAMPAIGNS[0]!, account: TEA, merchant: TILL, seed: 'x' };
    const commit = commitOf(batch, intentOf(batch, user, { amount: fen(amount) }, this.now), this.now);
    expect(await this.store.commit(commit)).toEqual({ kind: 'done' });
  }
}

/** Payouts in every state and every way there, followers who come and go, halts, answers of which some are forgotten. */
async function fill(store: Store): Promise<Shop> {
  const shop = new Shop(store);
  await shop.sees(ann, { kind: 'subscribe', via: 'qr', scene: 'door' });
  await shop.pays(await shop.wins(ann, '红包'), ACCEPTED, status('RECEIVED'));
  await shop.pays(await shop.wins(ann, '裂变'), ACCEPTED, status('REFUND', 100)); // in part
  await shop.pays(await shop.wins(bob, '红包'), ACCEPTED, status('REFUND')); // offered again: a successor
  await shop.pays(await shop.wins(bob, '红包'), SILENCE, status('FAILED')); // a new number
  await shop.sees(ann, { kind: 'text', text: '谢谢' });
  for (let n = 0; n < 20; n++) await shop.sees(bob, { kind: 'text', text: '在吗' }); // more lines than payouts
  await store.forget(later(NOON, 2 * HOUR));
  shop.now = later(shop.now, DAY);
  await shop.sees(bob, { kind: 'subscribe', via: 'direct' });
  await shop.sees(bob, { kind: 'unsubscribe' });
  await shop.pays(await shop.wins(ann, '红包'), ACCEPTED);
  await shop.pays(await shop.wins(bob, '红包'), SILENCE);
  await shop.pays(await shop.wins(bob, '裂变'), ACCEPTED, status('REFUND'));
  await shop.pays(await shop.wins(bob, '裂变'), REFUSED);
  shop.now = later(shop.now, DAY);
  await shop.pays(await shop.wins(ann, '红包')); // nobody saw the end of the call
  await shop.sends(ann, 500);
  await shop.sends(bob, 700); // due at the same instant
  await store.setHalt('till', {
    code: 'NOTENOUGH',
    reason: '余额不足',
    since: NOON,
    by: 'bot',
    probeAt: later(NOON, HOUR),
  });
  await store.setHalt('kiosk', { code: 'OPERATOR', reason: '盘点', since: NOON, by: 'operator' });
  const codes = Array.from({ length: 30 }, (_, n) => ({ code: `C${n}`, batch: '春', box: n % 3, prize: 'one' }));
  await store.addCodes([...codes, { code: 'X', batch: 'summer', box: 7, prize: 'three' }]);
  await store.activateCodes('春', [[1, 2]], true);
  await store.putMailbox('tea', ann, { sent: [NOON], pending: [{ id: 'a', text: '红包没有发出', at: NOON }] }, 0);
  await store.putAuthorization(AUTHORIZED, 0);
  await store.putAuthorization({ ...AUTHORIZED, user: bob, state: 'CLOSED', reason: 'USER_CLOSE' }, 0);
  await store.putMailbox('tea', bob, { sent: [], pending: [{ id: 'b', text: '退回', at: NOON }] }, 0);
  await store.commit({ ...anAnswer({ user: bob, at: shop.now, key: 'm:told' }), told: { version: 1 } });
  return shop;
}

const AUTHORIZED: Authorization = {
  ...{ merchant: 'till', user: ann, account: 'tea', number: 'a1', state: 'TAKING_EFFECT', id: '17' },
  ...{ mchId: '1900000109', appId: 'wx1', sceneId: '1000', askedAt: NOON, at: NOON, under: [] },
};

/** Everything a store tells about itself; what has no order, by its name. */
async function everything(store: Store) {
  const snapshot = await store.snapshot();
  const byName = <T extends object>(rows: readonly T[]): T[] =>
    rows.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  try {
    const [claims, counters] = [byName(await listOf(snapshot.claims())), byName(await listOf(snapshot.counters()))];
    const payouts = await listOf(snapshot.payouts());
    const journal = await listOf(snapshot.journal());
    const far = later(NOON, 365 * DAY);
    const filters = [
      {},
      ...PAYOUT_STATES.map(state => ({ state })),
      ...[{ campaign: 'shop' }, { user: ann }, { user: bob }, { merchant: 'till' }, { merchant: 'kiosk' }],
      ...[{ after: payouts[5]!.billNo }, { user: bob, state: 'held' as const }],
    ];
    const wanted = { account: 'tea', merchant: 'till', claims: claims.map(({ key }) => key) };
    const names = counters.map(({ name }) => name);
    return {
      ...{ claims, counters, payouts, journal },
      histories: await Promise.all(payouts.map(({ billNo }) => snapshot.history(billNo))),
      buckets: byName(await listOf(snapshot.buckets())),
      followers: byName(await listOf(snapshot.followers())),
      answers: byName(await listOf(snapshot.answers())),
      halts: byName(await listOf(snapshot.halts())),
      codes: byName(await listOf(snapshot.codes())),
      boxes: byName(await listOf(snapshot.boxes())),
      mailboxes: byName(await listOf(snapshot.mailboxes())),
      authorizations: byName(await listOf(snapshot.authorizations())),
      authorized: [await store.authorizations(9), await store.authorization('till', ann)],
      each: await Promise.all(payouts.map(({ billNo }) => Promise.all([store.payout(billNo), store.history(billNo)]))),
      lists: await Promise.all(filters.map(filter => store.payouts({ ...filter, limit: 100 }))),
      due: await Promise.all(([undefined, 'send', 'query'] as const).map(only => store.due('till', far, 100, only))),
      dueFirst: await store.due('till', far, 3),
      facts: await Promise.all([ann, bob].map(user => store.facts({ ...wanted, user, counters: names, code: 'C4' }))),
      batches: await store.codeBatches(),
      listed: await store.codes('春', undefined, 99),
      mailbox: await Promise.all([ann, bob].map(user => store.mailbox('tea', user))),
      owing: await store.mailboxesOwing(99),
      answered: await Promise.all(journal.map(({ event }) => store.answered('tea', event.key))),
      bucket: await store.buckets('shop'),
      halted: [await store.halt('till'), await store.halt('kiosk'), await store.halt('nobody')],
      journals: [
        await store.journal({ limit: 100 }),
        ...(await Promise.all([ann, bob].map(user => store.journal({ user, limit: 100 })))),
        ...(await Promise.all(journal.map(({ event }) => store.journal({ key: event.key, limit: 9 })))),
      ],
    };
  } finally {
    await snapshot.close();
  }
}

/** By what a row is called in its table. */
function nameOf(row: object): string {
  const { key, name, campaign, account, user, merchant, hash, batch, box } = read(row, isMap);
  return [key, name, campaign, account, user, merchant, hash, batch, box].join(' ');
}

const auditsOf = async (...stores: Store[]): Promise<number[]> =>
  Promise.all(stores.map(async store => (await auditStore(store, new Audit(CAMPAIGNS))).total));

// ── Stores ───────────────────────────────────────────────────────────────────────────────────────────────

let redis: RedisServer | undefined;
let folder: string;
let serial = 0;
const open = new Set<Store>();

beforeAll(async () => {
  if (hasRedis) redis = await startRedis(...DURABLE);
});
afterAll(() => redis?.dispose());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-migrate-'));
});
afterEach(async () => {
  for (const store of open) await store.close();
  open.clear();
  rmSync(folder, { recursive: true });
});

type Kind = 'SQLite' | 'Redis';

function newAddress(kind: Kind): string {
  const name = `${process.pid}-${++serial}`;
  return kind === 'SQLite' ? `sqlite:${join(folder, `${name}.db`)}` : `${redis!.url}?tag=move-${name}`;
}

async function opened(address: string): Promise<Store> {
  const store = await openStore(address);
  open.add(store);
  return store;
}

const fresh = (kind: Kind): Promise<Store> => opened(newAddress(kind));
const copy = (source: Store, target: Store) => copyAndVerify(source, target, CAMPAIGNS);

/** A store of which every `load` first goes through this. */
function meddled(store: Store, meddle: (piece: Piece, count: number) => Promise<Piece | undefined>): Store {
  let count = 0;
  return {
    ...store,
    load: async piece => {
      const changed = await meddle(piece, ++count);
      if (changed) await store.load(changed);
    },
  };
}

/** Its process dies after so many pieces, or in the middle of one that nobody heard the end of. */
const dyingAfter = (store: Store, pieces: number, isHeard: boolean): Store =>
  meddled(store, async (piece, count) => {
    if (count <= pieces) return piece;
    if (!isHeard) await store.load(piece);
    throw new Fault('store', 'safe', 'test', 'the cable was pulled');
  });

describe.each<Kind>(hasRedis ? ['SQLite', 'Redis'] : ['SQLite'])('a copy through %s', kind => {
  let source: Store;
  let shop: Shop;
  beforeEach(async () => {
    source = await fresh('SQLite');
    shop = await fill(source);
  });

  test('and back is everything there was, to the order of every list', async () => {
    const before = await everything(source);
    expect(new Set(before.payouts.map(({ state }) => state))).toEqual(new Set(PAYOUT_STATES));
    expect(before.answered.filter(each => each === undefined)).toHaveLength(2);
    const [middle, last] = [await fresh(kind), await fresh('SQLite')];
    for (const [from, to] of [
      [source, middle],
      [middle, last],
    ] as const) {
      const { isWhole, differences, held } = await copy(from, to);
      expect([isWhole, differences]).toEqual([true, []]);
      expect(held.target.historyLines).toBe(before.histories.flat().length);
      expect(await everything(to)).toStrictEqual(before);
    }
    expect(await everything(source)).toStrictEqual(before);
    expect(await auditsOf(source, middle, last)).toEqual([0, 0, 0]);
  });

  test('goes on where the source stopped: nobody is answered or paid twice, and what is new comes last', async () => {
    const target = await fresh(kind);
    await copy(source, target);
    const { payouts, journal } = await everything(source);
    const { event, decision } = journal.at(-1)!;
    const answer = await source.answered('tea', event.key);
    const again = { ...anAnswer({ key: 'm:another', user: bob }), event, decision };
    expect(await target.commit(again)).toEqual({ kind: 'answered', answer });
    const awards = journal.flatMap(line => (line.decision.kind === 'awarded' ? [line.decision.claimKey] : []));
    expect(awards).toHaveLength(12);
    for (const [n, key] of awards.entries()) {
      const { claim } = aCommit();
      const commit = { ...anAnswer({ key: `m:again-${n}` }), claim: { ...claim, key } };
      expect(await target.commit(commit)).toEqual({ kind: 'claimed' });
    }

    const moved = new Shop(target);
    moved.now = later(shop.now, DAY);
    await target.setHalt('till', undefined);
    const [unknown] = await target.payouts({ state: 'unknown', limit: 1 });
    const step = observe(unknown!, status('RECEIVED'), true, moved.now, DEFAULT_POLICY).step;
    expect(await target.advance(step)).toBe('moved');
    await moved.sends(openId('oCarl000000000000000000000_C'), 900);
    const lists = await target.payouts({ limit: 100 });
    expect(lists.map(({ billNo }) => billNo)).toEqual([
      lists[0]!.billNo,
      ...payouts.map(each => each.billNo).reverse(),
    ]);
    expect((await target.journal({ limit: 100 })).slice(1)).toEqual(journal.toReversed());
    expect(await auditsOf(target)).toEqual([0]);
  });

  test('that was interrupted anywhere can be begun again, and ends the same', async () => {
    const before = await everything(source);
    for (const isHeard of [true, false]) {
      for (let pieces = 0; pieces < 11; pieces++) {
        const target = await fresh(kind);
        await expect(copy(source, dyingAfter(target, pieces, isHeard))).rejects.toBeInstanceOf(Fault);
        const { isWhole, differences } = await copy(source, target);
        expect([pieces, isWhole, differences]).toEqual([pieces, true, []]);
        expect(await everything(target)).toStrictEqual(before);
      }
    }
  }, 240_000);

  test('that was interrupted ends the same also if the source went on before it was begun again', async () => {
    const targets = [await fresh(kind), await fresh(kind)];
    for (const [n, target] of targets.entries())
      await expect(copy(source, dyingAfter(target, [3, 7][n]!, false))).rejects.toBeInstanceOf(Fault);
    await shop.pays(await shop.wins(ann, '红包'), ACCEPTED);
    const [sending] = await source.payouts({ state: 'sending', limit: 1 });
    await source.advance(observe(sending!, status('SENT'), true, shop.now, DEFAULT_POLICY).step);
    await source.setHalt('kiosk', undefined);
    await source.forget(later(NOON, DAY));
    const now = await everything(source);
    for (const target of targets) {
      expect((await copy(source, target)).differences).toEqual([]);
      expect(await everything(target)).toStrictEqual(now);
    }
  });

  test('that was interrupted and put to work all the same takes no payout back to where its source is', async () => {
    const target = await fresh(kind);
    await expect(copy(source, dyingAfter(target, 4, true))).rejects.toBeInstanceOf(Fault);
    const wrong = new Shop(target);
    wrong.now = later(shop.now, DAY);
    const paid = await wrong.pays((await target.payouts({ state: 'planned', limit: 1 }))[0]!, ACCEPTED);
    const stopped = { name: 'Fault', retry: 'never', message: expect.stringContaining('has gone on here') };
    await expect(copy(source, target)).rejects.toMatchObject(stopped);
    expect(await target.payout(paid.billNo)).toStrictEqual(paid);
    expect(await target.history(paid.billNo)).toHaveLength(paid.version);
  });

  test('of many pieces that was interrupted within a kind ends the same', async () => {
    const many = await bulk(await fresh('SQLite'), 450);
    for (const pieces of [2, 5, 17]) {
      const target = await fresh(kind);
      await expect(copy(many, dyingAfter(target, pieces, false))).rejects.toBeInstanceOf(Fault);
      const { isWhole, differences, held } = await copy(many, target);
      expect([isWhole, differences, held.target.historyLines]).toEqual([true, [], 450]);
      expect(await target.payouts({ limit: 999 })).toStrictEqual(await many.payouts({ limit: 999 }));
      expect(await target.journal({ limit: 999 })).toStrictEqual(await many.journal({ limit: 999 }));
      expect(await target.due('till', NOON, 999)).toStrictEqual(await many.due('till', NOON, 999));
    }
  });

  test('takes along what was live, so that a name corrected on the day of the move is seen', async () => {
    const lease = await source.lease('rules:live', 'bot', 1000, NOON);
    await source.release(lease!, NOON, 'what was live');
    const target = await fresh(kind);
    expect((await copy(source, target)).isWhole).toBe(true);
    expect(await target.note('rules:live')).toBe('what was live');
  });

  test('may be told each piece twice', async () => {
    const target = await fresh(kind);
    const stuttering = meddled(target, async piece => {
      await target.load(piece);
      return piece;
    });
    expect((await copy(source, stuttering)).isWhole).toBe(true);
    expect(await everything(target)).toStrictEqual(await everything(source));
  });

  test('does not count if anything in the source changed meanwhile, and says what; begun again it does', async () => {
    const middle = await fresh(kind);
    await copy(source, middle);
    const busy = new Shop(middle);
    busy.now = later(shop.now, DAY);
    const changes: [RegExp, () => Promise<unknown>][] = [
      [/claims: 13 instead of 12/, () => busy.sends(openId('oCarl000000000000000000000_C'), 900)],
      [
        /payouts: 15, but not the same/,
        async () => busy.pays((await middle.payouts({ state: 'planned', limit: 1 }))[0]!, ACCEPTED),
      ],
      [
        /followers: 3 instead of 2/,
        () => busy.sees(openId('oDora000000000000000000000_D'), { kind: 'subscribe', via: 'direct' }),
      ],
      [/halts: 1 instead of 2/, () => middle.setHalt('kiosk', undefined)],
      [/halts: 1, but not the same/, () => middle.setHalt('till', { code: 'X', reason: '停', since: NOON, by: 'bot' })],
      [/codes: 32 instead of 31/, () => middle.addCodes([{ code: 'new', batch: 'summer', box: 7, prize: 'three' }])],
      [/boxes: 4, but not the same/, () => middle.activateCodes('summer', 'all', true)],
      [/mailboxes: 2, but not the same/, () => middle.putMailbox('tea', bob, { sent: [NOON], pending: [] }, 2)],
      [/answers: 0 instead of/, () => middle.forget(later(NOON, 99 * DAY))],
    ];
    for (const [what, change] of changes) {
      const target = await fresh('SQLite');
      const slow = meddled(target, async (piece, count) => {
        if (count === 11) await change();
        return piece;
      });
      const { isWhole, differences } = await copy(middle, slow);
      expect([isWhole, differences.join('\n')]).toEqual([false, expect.stringMatching(what)]);
      expect(english(differences).every(each => each.startsWith('the source changed meanwhile: '))).toBe(true);
      await expect(copy(target, await fresh('SQLite'))).rejects.toThrow(/--from: this store is an unfinished copy/);
      expect((await copy(middle, target)).differences).toEqual([]);
    }
  });

  const spoilt: [SnapshotKind, (piece: Piece) => Piece | undefined][] = [
    ['counters', piece => (piece.kind === 'counters' ? { ...piece, rows: piece.rows.slice(1) } : piece)],
    ['answers', () => undefined],
    ['payouts', piece => (piece.kind === 'payouts' ? { ...piece, rows: piece.rows.toReversed() } : piece)],
    ['payouts', piece => spoil(piece, 'payouts', row => ({ ...row, history: row.history.slice(0, -1) }))],
    ['payouts', piece => spoil(piece, 'payouts', row => ({ ...row, payout: { ...row.payout, tries: 9 } }))],
    ['buckets', piece => spoil(piece, 'buckets', row => ({ ...row, sent: fen(row.sent + 1) }))],
    ['claims', piece => spoil(piece, 'claims', row => ({ ...row, at: later(row.at, 1) }))],
    ['journal', piece => spoil(piece, 'journal', row => ({ ...row, at: later(row.at, 1) }))],
    ['followers', piece => spoil(piece, 'followers', row => ({ ...row, follows: row.follows + 1 }))],
    ['codes', piece => spoil(piece, 'codes', row => ({ ...row, prize: 'three' }))],
    ['boxes', piece => spoil(piece, 'boxes', row => ({ ...row, active: !row.active }))],
    ['authorizations', piece => spoil(piece, 'authorizations', row => ({ ...row, number: 'other' }))],
    ['mailboxes', piece => spoil(piece, 'mailboxes', row => ({ ...row, mailbox: { ...row.mailbox, pending: [] } }))],
  ];
  test.each(spoilt)('in which %s went astray is told from its source', async (which, change) => {
    const target = await fresh(kind);
    const leaky = meddled(target, async piece => (piece.kind === which ? change(piece) : piece));
    const { isWhole, differences } = await copy(source, leaky);
    expect(isWhole).toBe(false);
    expect(english(differences)[0]).toMatch(new RegExp(`^the copy differs: ${which}: `));
    expect((await copy(source, await fresh(kind))).isWhole).toBe(true);
  });

  test('is refused into a store that has anything of its own, be it a halt or the copy of another', async () => {
    const refused = async (target: Store, why: RegExp): Promise<void> => {
      const before = await target.journal({ limit: 99 });
      await expect(copy(source, target)).rejects.toThrow(why);
      await expect(copy(source, target)).rejects.toBeInstanceOf(BadInput);
      expect(await target.journal({ limit: 99 })).toEqual(before);
    };
    const used = await fresh(kind);
    await used.commit(aCommit());
    await refused(used, /--to: this store is not empty \(it has claims\); name an empty one/);
    const halted = await fresh(kind);
    await halted.setHalt('till', { code: 'X', reason: '停', since: NOON, by: 'operator' });
    await refused(halted, /it has halts/);
    const printed = await fresh(kind);
    await printed.addCodes([{ code: 'C1', batch: 'x', box: 0, prize: 'one' }]);
    await refused(printed, /it has codes/);
    const finished = await fresh(kind);
    await copy(source, finished);
    await refused(finished, /holds a finished copy/);
    const others = await fresh(kind);
    await expect(copy(await bulk(await fresh('SQLite'), 3), dyingAfter(others, 2, true))).rejects.toBeInstanceOf(Fault);
    await refused(others, /unfinished copy of another store/);
  });

  test('of an empty store is refused', async () => {
    await expect(copy(await fresh(kind), await fresh('SQLite'))).rejects.toThrow(/--from: this store is empty/);
  });

  test('is read from one moment: what comes later is in no journal, and in SQLite in no other row', async () => {
    const middle = await fresh(kind);
    await copy(source, middle);
    const { journal, followers, answers, halts } = await everything(middle);
    const snapshot = await middle.snapshot();
    const busy = new Shop(middle);
    busy.now = later(shop.now, DAY);
    await busy.sees(openId('oDora000000000000000000000_D'), { kind: 'subscribe', via: 'direct' });
    await middle.setHalt('kiosk', undefined);
    expect(await listOf(snapshot.journal())).toStrictEqual(journal);
    const counts = [
      await listOf(snapshot.followers()),
      await listOf(snapshot.answers()),
      await listOf(snapshot.halts()),
    ];
    const later3 = kind === 'SQLite' ? [0, 0, 0] : [1, 1, -1];
    expect(counts.map(({ length }) => length)).toEqual(
      [followers, answers, halts].map(({ length }, n) => length + later3[n]!),
    );
    await snapshot.close();
  });
});

/** The first row of a piece, changed. */
function spoil<Kind extends SnapshotKind>(
  piece: Piece,
  kind: Kind,
  change: (row: SnapshotRows[Kind]) => SnapshotRows[Kind],
): Piece {
  const [first, ...rest] = piece.rows as readonly SnapshotRows[Kind][];
  return { kind, rows: [change(first!), ...rest] } as Piece;
}

/** So many packets to be sent, and their answers. */
async function bulk(store: Store, count: number): Promise<Store> {
  const { campaigns } = loadCampaigns([{ file: 'bulk.yaml', text: BULK }]);
  const merchant = { ...TILL, limits: { ...TILL.limits, amountPerDay: fen(1e12) } };
  const batch = { name: 'bulk', campaign: campaigns[0]!, account: TEA, merchant, seed: 'x' };
  for (let from = 0; from < count; from += 500) {
    const users = openIds(Math.min(500, count - from), `B${from}x`).map(openId);
    await Promise.all(
      users.map(user => store.commit(commitOf(batch, intentOf(batch, user, { amount: fen(100) }, NOON), NOON))),
    );
  }
  return store;
}

// ── A ledger that is wrong ───────────────────────────────────────────────────────────────────────────────────

test('a store without a file is copied, too', async () => {
  const [source, target] = [await opened('sqlite::memory:'), await fresh('SQLite')];
  await fill(source);
  expect((await copy(source, target)).differences).toEqual([]);
  expect(await everything(target)).toStrictEqual(await everything(source));
});

test('a source that does not balance is copied as it is, and named', async () => {
  const address = newAddress('SQLite');
  const source = await opened(address);
  await fill(source);
  const db = await openDatabase(address.slice('sqlite:'.length));
  db.exec(`UPDATE bucket SET received = received + 1`);
  db.close();
  const target = await fresh('SQLite');
  const { isWhole, differences } = await copy(source, target);
  expect([isWhole, english(differences)]).toEqual([
    true,
    ['the ledger does not balance, in the source neither: 1 difference'],
  ]);
  expect(await auditsOf(target)).toEqual([1]);
});

// ── The command ──────────────────────────────────────────────────────────────────────────────────────────────

describe('hongbao migrate', () => {
  const migrate = (...args: string[]) => run(folder, 'migrate', ...args);
  let from: string;
  beforeEach(async () => {
    from = newAddress('SQLite');
    const source = await opened(from);
    await fill(source);
  });

  test('needs no configuration, and shows both sides', async () => {
    const to = newAddress(hasRedis ? 'Redis' : 'SQLite');
    const { code, out, err } = await migrate('--from', from, '--to', to);
    expect([code, err]).toEqual([
      0,
      'the bots on both stores must be stopped: what they write meanwhile is not copied\n',
    ]);
    expect(out).toMatch(/^ +source +target\nclaims +12 +12\npayouts +14 +14\n/);
    expect(out).toMatch(/\nreceived +¥3\.50 +¥3\.50\n/);
    expect(out).toMatch(/\naudit +balances +balances\n\nthe copy is the same as its source, row by row: set `store:`/);

    const again = await migrate('--from', from, '--to', to);
    expect([again.code, again.out]).toEqual([2, '']);
    expect(again.err).toMatch(/^--to: this store holds a finished copy/m);
    const back = await migrate('--from', to, '--to', newAddress('SQLite'), '--json');
    const report = readJson(back.out, isMap);
    expect(report).toMatchObject({
      isWhole: true,
      differences: [],
      source: { rows: { claims: 12, historyLines: expect.any(Number) } },
    });
    expect(report.target).toEqual(report.source);
  });

  test('says what is wrong with an address before anything is made', async () => {
    const file = from.slice('sqlite:'.length);
    symlinkSync(file, join(folder, 'link.db'));
    const cases: [string, string, RegExp][] = [
      ['sqlite:typo.db', 'sqlite:new.db', /^--from: there is no file typo\.db/],
      [from, 'sqlite::memory:', /^--to: it would be gone/],
      [from, `sqlite:${join(folder, 'link.db')}`, /^--to: this is the same store/],
      ['redis://a:1/0', 'redis://u:p@A:1', /^--to: this is the same store/],
      [from, 'redis://127.0.0.1:1', /^--to: Redis cannot be reached/],
      [from, 'mysql:x', /^--to: not an address we know/],
    ];
    const results = await Promise.all(cases.map(([a, b]) => migrate('--from', a, '--to', b)));
    for (const [n, [, , why]] of cases.entries()) {
      expect([results[n]!.code, results[n]!.out]).toEqual([2, '']);
      expect(results[n]!.err).toMatch(why);
    }
    expect(existsSync(join(folder, 'typo.db')) || existsSync(join(folder, 'new.db'))).toBe(false);
  });

  test('takes a configuration for its budgets, and goes on without a broken one that nobody named', async () => {
    writeFileSync(join(folder, 'bot.yaml'), 'accounts: 7\n');
    const named = await migrate('--from', from, '--to', newAddress('SQLite'), '--config', 'bot.yaml');
    expect([named.code, named.out]).toEqual([2, '']);
    const { code, err } = await migrate('--from', from, '--to', newAddress('SQLite'));
    expect([code, err]).toEqual([0, expect.stringContaining('audited without budgets')]);
  });
});

// ── The tally ────────────────────────────────────────────────────────────────────────────────────────────────

describe('a tally', () => {
  const tallyOf = (rows: readonly object[], isOrdered = false): Digest => {
    const tally = new Digest(isOrdered);
    for (const row of rows) tally.add(row);
    return tally;
  };
  const rows = [{ a: 1, b: { c: [1, 2] } }, { a: 2 }, { a: 2 }];

  test('does not mind the order of fields, nor of rows unless it matters', () => {
    const other = [{ a: 2 }, { b: { c: [1, 2] }, a: 1 }, { a: 2 }];
    expect(tallyOf(rows).isSame(tallyOf(other))).toBe(true);
    expect(tallyOf(rows, true).isSame(tallyOf(other, true))).toBe(false);
    expect(tallyOf(rows, true).isSame(tallyOf([{ b: { c: [1, 2] }, a: 1 }, ...rows.slice(1)], true))).toBe(true);
  });

  test('knows one row from another, two from one, and a list from its reverse', () => {
    for (const other of [
      rows.slice(1),
      [...rows, rows[0]!],
      [rows[0]!, rows[0]!, rows[1]!],
      [{ a: 1, b: { c: [2, 1] } }, ...rows.slice(1)],
      [{ a: '1', b: { c: [1, 2] } }, ...rows.slice(1)],
    ])
      expect(tallyOf(rows).isSame(tallyOf(other))).toBe(false);
  });

  test('takes what no column of SQLite can hold for what stands there instead', () => {
    expect(tallyOf([{ a: 'x\0y\ud800' }]).isSame(tallyOf([{ a: 'x\ufffdy\ufffd' }]))).toBe(true);
    expect(tallyOf([{ a: '🧧' }]).isSame(tallyOf([{ a: '\ufffd' }]))).toBe(false);
  });
});
