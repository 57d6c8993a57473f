// Addresses of winners are kept no longer than was promised: what time has deleted, each night; what an operator erases, at once.

import type { OpenId } from '../../core/base/event.ts';
import type { Instant } from '../../core/base/time.ts';
import { erased, expired, isPersonal, type Parcels, parcelsIn, parcelsText } from '../../core/goods/parcel.ts';
import type { DocumentRow, Store } from '../../ports.ts';

type Documents = Pick<Store, 'document' | 'putDocument' | 'documents'>;

const PAGE = 200;

/** Everybody's, a page at a time. */
export async function* allParcels(store: Pick<Store, 'documents'>): AsyncGenerator<DocumentRow> {
  for (let after: string | undefined; ; ) {
    const page = await store.documents('parcels', PAGE, after);
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.name;
  }
}

/** How many followers had something that was too old. */
export async function deleteOld(store: Documents, now: Instant): Promise<number> {
  let count = 0;
  for await (const { name } of allParcels(store)) if (await change(store, name, each => expired(each, now))) count++;
  return count;
}

/** Whether there was anything personal. */
export async function eraseParcels(store: Documents, account: string, user: OpenId, now: Instant): Promise<boolean> {
  return change(store, `${account}/${user}`, each => (isPersonal(each) ? erased(each, now) : each));
}

/** Again, where the follower was faster. Whether anything was written. */
export async function change(store: Documents, name: string, make: (parcels: Parcels) => Parcels): Promise<boolean> {
  for (;;) {
    const row = await store.document('parcels', name);
    if (!row) return false;
    const before = parcelsIn(row.text);
    const after = make(before);
    if (after === before) return false;
    const document = { kind: 'parcels', name, text: parcelsText(after) } as const;
    if (await store.putDocument({ ...document, ...(after.talk && { waits: true }) }, row.version)) return true;
  }
}
