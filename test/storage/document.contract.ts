// What every store promises about documents, in sentences. Beside `store.contract.ts`, and for the same stores.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openId } from '../../src/core/base/event.ts';
import type { DocumentRow, Store } from '../../src/ports.ts';
import { AMOUNT, aCommit, anAnswer, listOf, type Opened } from './store.contract.ts';

const ANN = openId(`oAnn${'0'.repeat(24)}`);
const OF_ANN = { kind: 'parcels', name: `tea/${ANN}` } as const;

export function documentsContract(name: string, open: () => Promise<Opened>): void {
  describe(`a document, ${name}`, () => {
    let opened: Opened;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.dispose());

    test('is not there until it is put, and then reads back as it was put, under its kind and name alone', async () => {
      expect(await store.document('parcels', OF_ANN.name)).toBeUndefined();
      expect(await store.putDocument({ ...OF_ANN, text: '{"杯":1}\n 2', waits: true }, 0)).toBe(true);
      expect(await store.document('parcels', OF_ANN.name)).toStrictEqual({
        ...OF_ANN,
        ...{ version: 1, text: '{"杯":1}\n 2', waits: true },
      });
      expect(await store.document('draw', OF_ANN.name)).toBeUndefined();
      expect(await store.putDocument({ ...OF_ANN, text: '' }, 1)).toBe(true);
      const again = await opened.reopen();
      expect(await again.document('parcels', OF_ANN.name)).toStrictEqual({ ...OF_ANN, version: 2, text: '' });
    });

    test('is put by one of many who saw the same version', async () => {
      for (const seen of [0, 1]) {
        const puts = Array.from({ length: 20 }, (_, n) => store.putDocument({ ...OF_ANN, text: `${n}` }, seen));
        expect((await Promise.all(puts)).filter(Boolean)).toHaveLength(1);
      }
      expect(await store.putDocument({ ...OF_ANN, text: 'late' }, 7)).toBe(false);
      expect((await store.document('parcels', OF_ANN.name))!.version).toBe(2);
    });

    test('is written with an event or not at all: who saw another version is told that it is lost', async () => {
      const commit = {
        ...aCommit({ user: ANN }),
        documents: [{ ...OF_ANN, text: 'cup', seen: 0, waits: true as const }],
      };
      expect(await store.commit(commit)).toEqual({ kind: 'done' });
      expect(await store.commit(commit)).toEqual({ kind: 'answered', answer: commit.answer });
      expect(await store.document('parcels', OF_ANN.name)).toMatchObject({ version: 1, text: 'cup' });
      const late = { ...aCommit({ user: ANN }), documents: [{ ...OF_ANN, text: 'two cups', seen: 0 }] };
      expect(await store.commit(late)).toEqual({ kind: 'lost', counter: 'document' });
      expect(await store.payout(late.payout.billNo)).toBeUndefined();
      const facts = { account: 'tea', user: ANN, merchant: undefined, claims: [late.claim.key], counters: [AMOUNT] };
      expect(await store.facts(facts)).toMatchObject({ parcels: { version: 1, text: 'cup' } });
      expect((await store.facts(facts)).claims.size).toBe(0);
      const full = {
        ...late,
        counters: [{ name: AMOUNT, add: 1, max: 0 }],
        documents: [{ ...late.documents[0]!, seen: 1 }],
      };
      expect(await store.commit(full)).toEqual({ kind: 'lost', counter: AMOUNT });
      expect(await store.document('parcels', OF_ANN.name)).toMatchObject({ version: 1, text: 'cup' });
    });

    test('that waits is sure to be asked for, also by who is sure of others', async () => {
      if (!store.sure) return;
      store.sure.writesOfOthers();
      expect(store.sure.mayOwe('tea', ANN)).toBe(false);
      await store.commit({ ...anAnswer({ user: ANN }), documents: [{ ...OF_ANN, text: 'cup', seen: 0, waits: true }] });
      expect(store.sure.mayOwe('tea', ANN)).toBe(true);
      const beside = await opened.beside();
      beside.sure!.writesOfOthers();
      expect(beside.sure!.mayOwe('tea', ANN)).toBe(true);
    });

    test('stands in a list of its kind in the order of the names, page by page', async () => {
      const all = Array.from(
        { length: 500 },
        (_, n) => ({ kind: 'parcels', name: `tea/${String(n).padStart(3, '0')}` }) as const,
      );
      for (const each of all.toReversed()) await store.putDocument({ ...each, text: 'x' }, 0);
      await store.putDocument({ kind: 'draw', name: 'spring/大奖', text: 'y' }, 0);
      const found: DocumentRow[] = [...(await store.documents('parcels', 150))];
      for (let page = found; page.length > 0; found.push(...page))
        page = await store.documents('parcels', 150, found.at(-1)!.name);
      expect(found).toStrictEqual(all.map(each => ({ ...each, version: 1, text: 'x' })));
      expect(await store.documents('draw', 9)).toHaveLength(1);
      expect(await store.documents('parcels', 0)).toEqual([]);
    });

    test('stands in the books, and is loaded from there as it is, once however often', async () => {
      await store.putDocument({ ...OF_ANN, text: 'cup', waits: true }, 0);
      await store.putDocument({ ...OF_ANN, text: 'cups', waits: true }, 1);
      await store.putDocument({ kind: 'draw', name: 'spring/大奖', text: '{}' }, 0);
      const snapshot = await store.snapshot();
      const rows = await listOf(snapshot.documents());
      await snapshot.close();
      expect(rows).toStrictEqual([
        { kind: 'draw', name: 'spring/大奖', version: 1, text: '{}' },
        { ...OF_ANN, version: 2, text: 'cups', waits: true },
      ]);
      const other = await open();
      for (let times = 0; times < 2; times++) await other.store.load({ kind: 'documents', rows });
      expect(await other.store.documents('parcels', 9)).toStrictEqual(await store.documents('parcels', 9));
      expect(await other.store.putDocument({ ...OF_ANN, text: 'z' }, 2)).toBe(true);
      await other.dispose();
    });
  });
}
