// What every store promises about printed codes (一物一码) and about mailboxes, in sentences. Beside `store.contract.ts`,
// and for the same stores.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../src/core/base/error.ts';
import { type OpenId, openId } from '../../src/core/base/event.ts';
import { later, SECOND } from '../../src/core/base/time.ts';
import type { Facts } from '../../src/core/match/facts.ts';

import type { Mailbox, Piece, PrintedCode, SnapshotKind, Store } from '../../src/ports.ts';
import { codeHash } from '../../src/storage/shared/code-hash.ts';
import { failureOf } from '../support/failure.ts';
import { aCommit, anAnswer, buckets, counterOf, listOf, NOW, type Opened } from './store.contract.ts';

const ANN = openId(`oAnn${'0'.repeat(24)}`);
const BOB = openId(`oBob${'0'.repeat(24)}`);
const TAKEN = { name: 'Fault', who: 'store', retry: 'never', code: 'code-taken' };

export function codesContract(name: string, open: () => Promise<Opened>): void {
  describe(`codes and mailboxes, ${name}`, () => {
    let opened: Opened;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());
    const its: Its = () => ({ store, opened });
    describe('printed codes', () => {
      registering(its);
      activating(its);
      listing(its);
    });
    describe('a mailbox', () => {
      mailboxes(its);
      telling(its);
    });
    moving(its);
  });
}

type Its = () => { readonly store: Store; readonly opened: Opened };

// ── Builders ─────────────────────────────────────────────────────────────────────────────────────────────

function aCode(n: number, parts: Partial<PrintedCode> = {}): PrintedCode {
  return { code: `CODE${String(n).padStart(8, '0')}`, batch: 'spring', box: 1, prize: 'small', ...parts };
}

/** So many, `perBox` of them in each box, from box 1 on. */
function codesOf(count: number, perBox: number, batch = 'spring'): PrintedCode[] {
  return Array.from({ length: count }, (_, n) =>
    aCode(n, { code: `${batch}-${n}`, batch, box: 1 + Math.floor(n / perBox) }),
  );
}

async function added(store: Store, codes: readonly PrintedCode[]): Promise<void> {
  for (let n = 0; n < codes.length; n += 1000) await store.addCodes(codes.slice(n, n + 1000));
}

function factsOf(
  store: Store,
  parts: { readonly code?: string; readonly account?: string; readonly user?: OpenId },
): Promise<Facts> {
  return store.facts({ account: 'tea', user: ANN, merchant: 'shop', claims: ['a'], counters: ['b'], ...parts });
}

const factOf = async (store: Store, code: string): Promise<Facts['code']> => (await factsOf(store, { code })).code;

async function activeOf(store: Store, codes: readonly PrintedCode[]): Promise<string[]> {
  const facts = await Promise.all(codes.map(({ code }) => factOf(store, code)));
  return codes.filter((_, n) => facts[n]?.active).map(({ code }) => code);
}

const OWED = [
  { id: 'p1', text: '红包没有发出"1"\n🧧', at: NOW },
  { id: 'p2', text: `${String.fromCharCode(0)}退回`, at: later(NOW, 1) },
];
const SENT = [NOW, later(NOW, SECOND)];
const EMPTY = { sent: [], pending: [] };

async function put(store: Store, user: OpenId, mailbox: Omit<Mailbox, 'version'>, seen = 0): Promise<void> {
  expect(await store.putMailbox('tea', user, mailbox, seen)).toBe(true);
}

// ── Codes ────────────────────────────────────────────────────────────────────────────────────────────────

function registering(its: Its): void {
  test('are found by what was typed, inactive at first, and no others', async () => {
    const { store } = its();
    const before = await factsOf(store, { code: 'CODE1' });
    expect(before).toStrictEqual({ follower: undefined, claims: new Set(), counters: new Map(), halted: false });
    expect(await store.addCodes([aCode(1), aCode(2, { batch: '春节 2026', box: 0, prize: '大奖' })])).toBe(2);
    expect(await factsOf(store, { code: aCode(1).code })).toStrictEqual({
      ...before,
      code: { batch: 'spring', prize: 'small', active: false },
    });
    expect(await factOf(store, aCode(2).code)).toStrictEqual({ batch: '春节 2026', prize: '大奖', active: false });
    expect(await factOf(store, aCode(3).code)).toBeUndefined();
    expect(await factOf(store, aCode(1).code.toLowerCase())).toBeUndefined();
    expect(await factsOf(store, {})).toStrictEqual(before);
  });

  test('come with everything else in one look', async () => {
    const { store } = its();
    await store.addCodes([aCode(1)]);
    await put(store, ANN, { sent: SENT, pending: OWED });
    const commit = aCommit({ user: ANN });
    await store.commit(commit);
    await store.setHalt('shop', { code: 'X', reason: '停', since: NOW, by: 'bot' });
    const name = commit.counters[0]!.name;
    const about = { account: 'tea', user: ANN, merchant: 'shop', code: aCode(1).code };
    expect(await store.facts({ ...about, claims: ['x', commit.claim.key], counters: ['x', name] })).toStrictEqual({
      follower: undefined,
      claims: new Set([commit.claim.key]),
      counters: new Map([[name, 100]]),
      halted: true,
      code: { batch: 'spring', prize: 'small', active: false },
      pending: { version: 1, texts: OWED.map(({ id, text }) => ({ id, text })) },
    });
  });

  test('told again are skipped, and only the new ones count', async () => {
    const { store } = its();
    const codes = codesOf(30, 10);
    expect(await store.addCodes(codes.slice(0, 20))).toBe(20);
    expect(await store.addCodes(codes)).toBe(10);
    expect(await store.addCodes(codes)).toBe(0);
    expect(await store.addCodes([])).toBe(0);
    expect(await store.addCodes([aCode(99), aCode(99)])).toBe(1);
    expect(await store.codeBatches()).toStrictEqual([{ batch: 'spring', codes: 31, active: 0, boxes: 3 }]);
  });

  test.each<[string, Partial<PrintedCode>]>([
    ['batch', { batch: 'other' }],
    ['box', { box: 2 }],
    ['prize', { prize: 'big' }],
  ])('of another %s than before are refused by their position, with all of the call', async (_, parts) => {
    const { store } = its();
    await store.addCodes([aCode(1)]);
    const before = await store.codeBatches();
    const call = [aCode(2), aCode(1), aCode(3), aCode(1, parts)];
    const fault = await failureOf(store.addCodes(call), Fault);
    expect(fault).toMatchObject({ ...TAKEN, message: expect.stringMatching(/^code 4 /) });
    expect(fault.message).not.toContain(aCode(1).code);
    expect(fault.message).not.toContain(codeHash(aCode(1).code));
    await expect(store.addCodes([aCode(5), aCode(5, parts)])).rejects.toMatchObject({
      ...TAKEN,
      message: expect.stringMatching(/^code 2 /),
    });
    expect(await store.codeBatches()).toStrictEqual(before);
    expect(await factOf(store, aCode(2).code)).toBeUndefined();
    expect(await factOf(store, aCode(5).code)).toBeUndefined();
    expect(await store.addCodes([aCode(2)])).toBe(1);
  });

  test('of fifty calls at once are each new once', async () => {
    const { store, opened } = its();
    const stores = [store, await opened.beside()];
    const codes = codesOf(40, 7);
    const counts = await Promise.all(Array.from({ length: 50 }, (_, n) => stores[n % 2]!.addCodes(codes)));
    expect(counts.reduce((sum, each) => sum + each)).toBe(40);
    expect(await store.codeBatches()).toStrictEqual([{ batch: 'spring', codes: 40, active: 0, boxes: 6 }]);
  });

  test('are in no store, only their hashes', async () => {
    const { store } = its();
    await store.addCodes([aCode(1)]);
    const [held] = await store.codes('spring', undefined, 9);
    expect(held).toStrictEqual({
      hash: codeHash(aCode(1).code),
      batch: 'spring',
      box: 1,
      prize: 'small',
      active: false,
    });
    expect(held!.hash).toBe('d23cjoxOLddDiqALBkUlUac');
  });

  test.each<[string, readonly PrintedCode[]]>([
    ['1001 of them', codesOf(1001, 100)],
    ['one that is empty', [aCode(1, { code: '' })]],
    ['no batch', [aCode(1, { batch: '' })]],
    ['a batch with a separator', [aCode(1, { batch: 'a\x1fb' })]],
    ['no prize', [aCode(1, { prize: '' })]],
    ['a prize with a NUL', [aCode(1, { prize: 'a\0b' })]],
    ['a box below zero', [aCode(1, { box: -1 })]],
    ['half a box', [aCode(1, { box: 0.5 })]],
  ])('with %s are a mistake of ours, and nothing is written', async (_, codes) => {
    const { store } = its();
    await expect(store.addCodes([...codes])).rejects.toMatchObject({ name: 'AssertionError' });
    expect(await store.codeBatches()).toEqual([]);
  });
}

function activating(its: Its): void {
  test('are activated by stretches of boxes, and the change counts codes', async () => {
    const { store } = its();
    const codes = codesOf(60, 10);
    await store.addCodes(codes);
    const activate = (...boxes: [number, number][]) => store.activateCodes('spring', boxes, true);
    const inBoxes = (...boxes: number[]) => codes.filter(({ box }) => boxes.includes(box)).map(({ code }) => code);
    expect(await activate([2, 3])).toBe(20);
    expect(await activeOf(store, codes)).toEqual(inBoxes(2, 3));
    expect(await activate([3, 4], [6, 6], [4, 4])).toBe(20);
    expect(await activeOf(store, codes)).toEqual(inBoxes(2, 3, 4, 6));
    expect(await store.codeBatches()).toStrictEqual([{ batch: 'spring', codes: 60, active: 40, boxes: 6 }]);
    expect(await activate([2, 4])).toBe(0);
    expect(await activate()).toBe(0);
    expect(await activate([7, 1000])).toBe(0);
    expect(await store.activateCodes('spring', [[1, 3]], false)).toBe(20);
    expect(await activeOf(store, codes)).toEqual(inBoxes(4, 6));
    expect(await store.activateCodes('spring', 'all', true)).toBe(40);
    expect(await store.activateCodes('spring', 'all', false)).toBe(60);
    expect(await store.codeBatches()).toStrictEqual([{ batch: 'spring', codes: 60, active: 0, boxes: 6 }]);
  });

  test('are activated where nobody has decided yet, if that is asked: what was set off stays off until it is named', async () => {
    const { store } = its();
    await store.addCodes(codesOf(60, 10)); // boxes 1 to 6
    const boxes = async (): Promise<string[]> => {
      const snapshot = await store.snapshot();
      const found: string[] = [];
      for await (const { box, active, undecided } of snapshot.boxes())
        found.push(`${box} ${active ? 'on' : undecided ? 'open' : 'off'}`);
      await snapshot.close();
      return found;
    };
    expect(await boxes()).toEqual(['1 open', '2 open', '3 open', '4 open', '5 open', '6 open']);
    await store.activateCodes('spring', [[1, 2]], true);
    await store.activateCodes('spring', [[2, 3]], false); // one that was active, and one that never was
    expect(await store.activateCodes('spring', [[1, 4]], true, 'undecided')).toBe(10);
    expect(await boxes()).toEqual(['1 on', '2 off', '3 off', '4 on', '5 open', '6 open']);
    expect(await store.addCodes([aCode(99, { box: 3 }), aCode(98, { box: 7 })])).toBe(2);
    expect(await store.activateCodes('spring', 'all', true, 'undecided')).toBe(21);
    expect(await boxes()).toEqual(['1 on', '2 off', '3 off', '4 on', '5 on', '6 on', '7 on']);
    expect(await store.activateCodes('spring', 'all', true, 'undecided')).toBe(0);
    expect(await store.activateCodes('spring', [[3, 3]], true)).toBe(11);
    expect(await boxes()).toEqual(['1 on', '2 off', '3 on', '4 on', '5 on', '6 on', '7 on']);
  });

  test('of one batch are not those of another', async () => {
    const { store } = its();
    const [spring, summer] = [codesOf(10, 5), codesOf(10, 5, 'summer')];
    await store.addCodes([...spring, ...summer]);
    expect(await store.activateCodes('summer', 'all', true)).toBe(10);
    expect(await store.activateCodes('nobody', 'all', true)).toBe(0);
    expect(await activeOf(store, [...spring, ...summer])).toEqual(summer.map(({ code }) => code));
    expect(await store.codeBatches()).toStrictEqual([
      { batch: 'spring', codes: 10, active: 0, boxes: 2 },
      { batch: 'summer', codes: 10, active: 10, boxes: 2 },
    ]);
  });

  test('that come later are active where their box is, and not in a new one', async () => {
    const { store } = its();
    await store.addCodes([aCode(1), aCode(2, { box: 2 })]);
    await store.activateCodes(
      'spring',
      [
        [1, 1],
        [5, 5],
      ],
      true,
    );
    expect(await store.addCodes([aCode(3), aCode(4, { box: 2 }), aCode(5, { box: 5 })])).toBe(3);
    expect(
      await activeOf(
        store,
        [1, 2, 3, 4, 5].map(n => aCode(n)),
      ),
    ).toEqual([aCode(1).code, aCode(3).code]);
    expect(await store.codeBatches()).toStrictEqual([{ batch: 'spring', codes: 5, active: 2, boxes: 3 }]);
  });

  test('in thousands of boxes are activated in one call, while events go on', async () => {
    const { store } = its();
    await added(store, codesOf(2500, 1));
    const [changed, done] = await Promise.all([
      store.activateCodes('spring', [[1, 2400]], true),
      store.commit(anAnswer()),
    ]);
    expect([changed, done]).toEqual([2400, { kind: 'done' }]);
    expect(await store.activateCodes('spring', 'all', true)).toBe(100);
    expect(await store.activateCodes('spring', [[1, 1000]], false)).toBe(1000);
    expect(await store.activateCodes('spring', [[1, 2500]], false)).toBe(1500);
  });

  test('in boxes of any number, up to the last there may be', async () => {
    const { store } = its();
    const last = Number.MAX_SAFE_INTEGER;
    await store.addCodes([aCode(1, { box: last }), aCode(2, { box: 0 }), aCode(3, { box: last - 1 })]);
    expect(await store.activateCodes('spring', [[last, last]], true)).toBe(1);
    expect(await factOf(store, aCode(1).code)).toMatchObject({ active: true });
    expect(await store.activateCodes('spring', 'all', true)).toBe(2);
    const boxes = (await store.codes('spring', undefined, 9)).map(({ box }) => box);
    expect(boxes.toSorted((a, b) => a - b)).toEqual([0, last - 1, last]);
  });

  test.each<[number, number]>([
    [2, 1],
    [-1, 3],
    [0.5, 1],
    [0, Number.NaN],
  ])('from box %d to box %d are a mistake of ours', async (first, last) => {
    const { store } = its();
    await store.addCodes([aCode(1)]);
    await expect(
      store.activateCodes(
        'spring',
        [
          [1, 1],
          [first, last],
        ],
        true,
      ),
    ).rejects.toThrow(/a stretch of boxes/);
    expect(await activeOf(store, [aCode(1)])).toEqual([]);
  });
}

function listing(its: Its): void {
  test('are listed in the order of their hashes, page by page, by batch', async () => {
    const { store, opened } = its();
    await added(store, codesOf(700, 10));
    await added(store, codesOf(40, 10, 'summer'));
    await store.activateCodes('spring', [[1, 20]], true);
    const expected = codesOf(700, 10)
      .map(({ code, ...rest }) => ({ hash: codeHash(code), ...rest, active: rest.box <= 20 }))
      .sort((a, b) => (a.hash < b.hash ? -1 : 1));
    for (const size of [1000, 700, 150, 97]) {
      const seen: Awaited<ReturnType<Store['codes']>> = [];
      for (;;) {
        const page = await store.codes('spring', seen.at(-1)?.hash, size);
        expect(page.length).toBe(Math.min(size, 700 - seen.length));
        if (page.length === 0) break;
        seen.push(...page);
      }
      expect(seen).toStrictEqual(expected);
    }
    expect(await store.codes('summer', undefined, 100)).toHaveLength(40);
    expect(await store.codes('nobody', undefined, 100)).toEqual([]);
    expect(await store.codes('spring', undefined, 0)).toEqual([]);
    await expect(store.codes('spring', 'spring-1', 9)).rejects.toThrow(/one of their hashes/);
    expect(await (await opened.reopen()).codes('spring', undefined, 1000)).toStrictEqual(expected);
  });

  test('that are among many of another batch are found all the same', async () => {
    const { store } = its();
    await added(store, codesOf(12_000, 100));
    await added(store, codesOf(5, 1, 'few'));
    expect(await store.codes('few', undefined, 4)).toHaveLength(4);
    expect(await store.codes('few', undefined, 100)).toHaveLength(5);
    const hashes = (await store.codes('spring', undefined, 99_999)).map(({ hash }) => hash);
    expect([hashes.length, new Set(hashes).size]).toEqual([12_000, 12_000]);
    expect(hashes).toEqual(hashes.toSorted());
    expect(await store.codeBatches()).toStrictEqual([
      { batch: 'few', codes: 5, active: 0, boxes: 5 },
      { batch: 'spring', codes: 12_000, active: 0, boxes: 120 },
    ]);
  });
}

// ── Mailboxes ────────────────────────────────────────────────────────────────────────────────────────────

function mailboxes(its: Its): void {
  test('is not there until it is put, and then reads back as it was put', async () => {
    const { store, opened } = its();
    expect(await store.mailbox('tea', ANN)).toBeUndefined();
    await put(store, ANN, { sent: SENT, pending: OWED });
    expect(await store.mailbox('tea', ANN)).toStrictEqual({ version: 1, sent: SENT, pending: OWED });
    expect(await store.mailbox('tea', BOB)).toBeUndefined();
    expect(await store.mailbox('cake', ANN)).toBeUndefined();
    await put(store, ANN, EMPTY, 1);
    expect(await (await opened.reopen()).mailbox('tea', ANN)).toStrictEqual({ version: 2, ...EMPTY });
  });

  test('with any text reads back as it was', async () => {
    const { store } = its();
    let seen = 0;
    const pending = fc.record({
      id: fc.string({ unit: 'binary' }),
      text: fc.string({ unit: 'binary' }),
      at: fc.constant(NOW),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(pending, { minLength: 1, maxLength: 5 }), async rows => {
        await put(store, ANN, { sent: [], pending: rows }, seen++);
        expect((await store.mailbox('tea', ANN))?.pending).toEqual(rows);
        expect((await factsOf(store, {})).pending?.texts).toEqual(rows.map(({ id, text }) => ({ id, text })));
      }),
      { numRuns: 30 },
    );
  });

  test('is put in place of what was seen, and of nothing else', async () => {
    const { store } = its();
    await put(store, ANN, { sent: SENT, pending: [] });
    for (const seen of [0, 2])
      expect(await store.putMailbox('tea', ANN, { sent: [], pending: OWED }, seen)).toBe(false);
    expect(await store.putMailbox('tea', BOB, EMPTY, 1)).toBe(false);
    expect(await store.mailbox('tea', ANN)).toStrictEqual({ version: 1, sent: SENT, pending: [] });
    expect(await store.mailbox('tea', BOB)).toBeUndefined();
    expect((await factsOf(store, {})).pending).toBeUndefined();
  });

  test('that fifty want to put is put by one, each time', async () => {
    const { store, opened } = its();
    const stores = [store, await opened.beside()];
    for (const seen of [0, 1, 2]) {
      const mine = (n: number) => ({ sent: [later(NOW, n)], pending: [] });
      const all = await Promise.all(
        Array.from({ length: 50 }, (_, n) => stores[n % 2]!.putMailbox('tea', ANN, mine(n), seen)),
      );
      expect(all.filter(isPut => isPut)).toHaveLength(1);
      expect(await store.mailbox('tea', ANN)).toStrictEqual({ version: seen + 1, ...mine(all.indexOf(true)) });
    }
  });

  test('is among those that owe something while it does', async () => {
    const { store } = its();
    const users = Array.from({ length: 9 }, (_, n) => openId(`oUser${n}${'0'.repeat(22)}`));
    for (const user of users) await put(store, user, { sent: [], pending: OWED });
    await store.putMailbox('cake', ANN, { sent: [], pending: OWED }, 0);
    await put(store, BOB, { sent: SENT, pending: [] });
    await put(store, users[4]!, { sent: SENT, pending: [] }, 1);
    const expected = [
      { account: 'cake', user: ANN },
      ...users.filter((_, n) => n !== 4).map(user => ({ account: 'tea', user })),
    ];
    expect(await store.mailboxesOwing(100)).toStrictEqual(expected);
    expect(await store.mailboxesOwing(0)).toEqual([]);
    const seen = await store.mailboxesOwing(4);
    await put(store, seen[3]!.user, EMPTY, 1); // told meanwhile: the next page begins behind it all the same
    for (;;) {
      const page = await store.mailboxesOwing(4, seen.at(-1));
      if (page.length === 0) break;
      seen.push(...page);
    }
    expect(seen).toStrictEqual(expected);
  });

  test.each<[string, string, string, Omit<Mailbox, 'version'>, number]>([
    ['51 things owed', 'tea', ANN, { sent: [], pending: Array(51).fill(OWED[0]) }, 0],
    ['51 messages sent', 'tea', ANN, { sent: Array(51).fill(NOW), pending: [] }, 0],
    ['a version below zero', 'tea', ANN, EMPTY, -1],
    ['half a version', 'tea', ANN, EMPTY, 0.5],
    ['no account', '', ANN, EMPTY, 0],
    ['an account with a slash', 'te/a', ANN, EMPTY, 0],
    ['no follower', 'tea', '', EMPTY, 0],
    ['a follower with a NUL', 'tea', `${ANN}\0x`, EMPTY, 0],
  ])('with %s is a mistake of ours', async (_, account, user, mailbox, seen) => {
    const { store } = its();
    await expect(store.putMailbox(account, openId(user), mailbox, seen)).rejects.toThrow(/a mailbox/);
    expect(await store.mailbox('tea', ANN)).toBeUndefined();
  });

  test('holds fifty of each', async () => {
    const { store } = its();
    const full = {
      sent: Array(50).fill(NOW),
      pending: Array.from({ length: 50 }, (_, n) => ({ ...OWED[0]!, id: `${n}` })),
    };
    await put(store, ANN, full);
    expect(await store.mailbox('tea', ANN)).toStrictEqual({ version: 1, ...full });
  });
}

function telling(its: Its): void {
  test('is emptied by the commit that tells what was in it', async () => {
    const { store, opened } = its();
    await put(store, ANN, { sent: SENT, pending: OWED });
    await store.putMailbox('cake', ANN, { sent: [], pending: OWED }, 0);
    expect((await factsOf(store, {})).pending).toStrictEqual({
      version: 1,
      texts: OWED.map(({ id, text }) => ({ id, text })),
    });
    const commit = { ...anAnswer({ user: ANN }), told: { version: 1 } };
    expect(await store.commit(commit)).toEqual({ kind: 'done' });
    expect(await store.mailbox('tea', ANN)).toStrictEqual({ version: 2, sent: SENT, pending: [] });
    expect((await factsOf(store, {})).pending).toBeUndefined();
    expect(await store.mailboxesOwing(9)).toEqual([{ account: 'cake', user: ANN }]);
    expect(await store.commit(commit)).toEqual({ kind: 'answered', answer: commit.answer });
    expect(await (await opened.reopen()).mailbox('tea', ANN)).toMatchObject({ version: 2 });
  });

  test('that somebody else changed makes the commit lost, and nothing of it is written', async () => {
    const { store } = its();
    await put(store, ANN, { sent: [], pending: OWED.slice(0, 1) });
    await put(store, ANN, { sent: [], pending: OWED }, 1);
    const commit = aCommit({ user: ANN });
    for (const version of [1, 3]) {
      expect(await store.commit({ ...commit, told: { version } })).toEqual({ kind: 'lost', counter: 'mailbox' });
      expect(await store.answered('tea', commit.event.key)).toBeUndefined();
      expect(await store.buckets('spring')).toEqual(buckets({}));
      expect(await counterOf(store, commit.counters[0]!.name)).toBe(0);
      expect(await store.journal({ limit: 9 })).toEqual([]);
      expect(await store.mailbox('tea', ANN)).toStrictEqual({ version: 2, sent: [], pending: OWED });
    }
    expect(await store.commit({ ...commit, told: { version: 2 } })).toEqual({ kind: 'done' });
    expect(await store.mailbox('tea', ANN)).toMatchObject({ version: 3, pending: [] });
  });

  test('that is not there makes the commit lost; one that tells of version 0 is a mistake', async () => {
    const { store } = its();
    const commit = anAnswer({ user: ANN });
    expect(await store.commit({ ...commit, told: { version: 1 } })).toEqual({ kind: 'lost', counter: 'mailbox' });
    await expect(store.commit({ ...commit, told: { version: 0 } })).rejects.toThrow(/a mailbox has a version/);
    expect(await store.journal({ limit: 9 })).toEqual([]);
  });

  test('stays as it is where the commit is lost for another reason', async () => {
    const { store } = its();
    await put(store, ANN, { sent: SENT, pending: OWED });
    const full = aCommit({ user: ANN, counters: [{ name: 'stock', add: 1, max: 0 }] });
    expect(await store.commit({ ...full, told: { version: 1 } })).toEqual({ kind: 'lost', counter: 'stock' });
    const first = aCommit({ user: ANN, occasion: 'ever' });
    await store.commit(first);
    const again = aCommit({ user: ANN, occasion: 'ever' });
    expect(await store.commit({ ...again, told: { version: 1 } })).toEqual({ kind: 'claimed' });
    const same = aCommit({ user: ANN, key: first.event.key });
    expect(await store.commit({ ...same, told: { version: 1 } })).toMatchObject({ kind: 'answered' });
    expect(await store.mailbox('tea', ANN)).toStrictEqual({ version: 1, sent: SENT, pending: OWED });
    expect(await store.mailboxesOwing(9)).toHaveLength(1);
  });

  test('is told by one of twenty events that come at once', async () => {
    const { store } = its();
    await put(store, ANN, { sent: [], pending: OWED });
    const all = Array.from({ length: 20 }, () => ({ ...anAnswer({ user: ANN }), told: { version: 1 } }));
    const kinds = (await Promise.all(all.map(commit => store.commit(commit)))).map(({ kind }) => kind);
    expect([kinds.filter(kind => kind === 'done').length, kinds.filter(kind => kind === 'lost').length]).toEqual([
      1, 19,
    ]);
  });
}

// ── Books ────────────────────────────────────────────────────────────────────────────────────────────────

function moving(its: Its): void {
  const kinds = ['codes', 'boxes', 'mailboxes'] as const satisfies readonly SnapshotKind[];
  test('the books hold every code, box and mailbox, and another store takes them as they are', async () => {
    const { store, opened } = its();
    const codes = codesOf(450, 4);
    await added(store, codes);
    await added(store, [aCode(1, { batch: '夏', box: 0, prize: '大奖' })]);
    await store.activateCodes('spring', [[3, 50]], true);
    for (let n = 0; n < 250; n++) {
      const user = openId(`oMail${String(n).padStart(23, '0')}`);
      await put(store, user, { sent: SENT, pending: n % 3 === 0 ? OWED : [] });
    }
    await put(store, ANN, { sent: [], pending: OWED });
    await put(store, ANN, EMPTY, 1);
    const snapshot = await store.snapshot();
    const rows = {
      codes: await listOf(snapshot.codes()),
      boxes: await listOf(snapshot.boxes()),
      mailboxes: await listOf(snapshot.mailboxes()),
    };
    await snapshot.close();
    expect(rows.codes.map(({ hash }) => hash)).toEqual([...codes, aCode(1)].map(({ code }) => codeHash(code)).sort());
    expect(rows.codes.find(({ batch }) => batch === '夏')).toStrictEqual({
      hash: codeHash(aCode(1).code),
      batch: '夏',
      box: 0,
      prize: '大奖',
    });
    expect(rows.boxes).toHaveLength(114);
    expect(rows.boxes.at(-1)).toStrictEqual({ batch: '夏', box: 0, codes: 1, active: false, undecided: true });
    expect(rows.boxes[2]).toStrictEqual({ batch: 'spring', box: 3, codes: 4, active: true });
    expect(rows.mailboxes).toHaveLength(251);
    expect(rows.mailboxes.find(({ user }) => user === ANN)?.mailbox).toStrictEqual({ version: 2, ...EMPTY });

    const shown = async (from: Store) => [
      await from.codeBatches(),
      await from.codes('spring', undefined, 999),
      await from.mailboxesOwing(999),
      await factsOf(from, { code: codes[9]!.code, user: rows.mailboxes[0]!.user }),
      await Promise.all(rows.mailboxes.map(({ account, user }) => from.mailbox(account, user))),
    ];
    const before = await shown(store);
    const pieces: Piece[] = [
      { kind: 'codes', rows: rows.codes },
      { kind: 'boxes', rows: rows.boxes },
      { kind: 'mailboxes', rows: rows.mailboxes },
    ];
    // Told once more: everything is there already, and stays; what is stale is written over.
    for (const piece of pieces) await store.load(piece);
    expect(await shown(store)).toStrictEqual(before);
    await store.activateCodes('spring', 'all', false);
    await put(store, ANN, { sent: [], pending: OWED }, 2);
    for (const piece of pieces) await store.load(piece);
    expect(await shown(store)).toStrictEqual(before);
    expect(await shown(await opened.reopen())).toStrictEqual(before);
  });

  test('the books of a store without any have none', async () => {
    const { store } = its();
    const snapshot = await store.snapshot();
    for (const kind of kinds) expect(await listOf<unknown>(snapshot[kind]())).toEqual([]);
    await snapshot.close();
    await expect(listOf(snapshot.codes())).rejects.toBeInstanceOf(Fault);
    for (const kind of kinds) await store.load({ kind, rows: [] });
    expect(await store.codeBatches()).toEqual([]);
  });
}
