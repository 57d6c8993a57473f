// The last days' bills: what differed, and what a person says of it.

import type { Day } from '../../core/base/time.ts';
import { billsOf, settleBill } from '../../engine/bills/bills.ts';
import type { BillView } from '../../engine/overview/view.ts';
import { type ActPorts, reasonIn } from './acts.ts';
import { Denied, type Route } from './door.ts';

/** As many days are shown. */
const DAYS = 14;

export function billRoutes({ overview, writeDown }: ActPorts): readonly (readonly [string, Route])[] {
  const { store, clock } = overview;
  const shown = async (): Promise<{ readonly bills: readonly BillView[] }> => ({
    bills: await billsOf(store, clock(), DAYS),
  });
  const settle: Route['run'] = async (_, { session }, body) => {
    const [day, reason] = [String(body.day ?? ''), reasonIn(body)];
    const bill = (await billsOf(store, clock(), DAYS)).find(each => each.day === day);
    if (!bill) throw new Denied(404, 'nowhere');
    if (bill.total === 0 || bill.settled) throw new Denied(409, 'changed', bill.settled?.by ?? '');
    await writeDown(session.name, 'bills settle', day, reason);
    const isSettled = await settleBill(store, day as Day, { by: session.name, at: clock(), reason });
    if (!isSettled) throw new Denied(409, 'changed');
    return {};
  };
  return [
    ['bills', { role: 'viewer', run: shown }],
    ['settle-bill', { role: 'operator', method: 'POST', run: settle }],
  ];
}
