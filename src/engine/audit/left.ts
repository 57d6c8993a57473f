// What was left in a merchant's account at the end of a day, as its fund flow (资金账单) said: where WeChat Pay does not tell a balance,
// an estimate begins there.

import type { FundFlow } from '../../core/audit/fund-flow.ts';
import { type Fen, fen } from '../../core/base/money.ts';
import { type Day, dayOf, parseBeijing } from '../../core/base/time.ts';
import type { Store } from '../../ports.ts';

type Documents = Pick<Store, 'document' | 'putDocument'>;
/** At the end of `day`. */
type Left = { readonly day: Day; readonly left: Fen };

/** Only the latest day counts. Whoever is overtaken meanwhile has lost an estimate, and nothing else. */
export async function noteLeft(store: Documents, funds: FundFlow, day: Day): Promise<void> {
  for (const [mchId, left] of funds.left) {
    const known = await store.document('left', mchId);
    if (known && (leftIn(known.text)?.day ?? '') >= day) continue;
    await store.putDocument({ kind: 'left', name: mchId, text: `${day} ${left}` }, known?.version ?? 0);
  }
}

export async function leftOf(store: Pick<Store, 'document'>, mchId: string): Promise<Left | undefined> {
  const known = await store.document('left', mchId);
  return known && leftIn(known.text);
}

function leftIn(text: string): Left | undefined {
  const [day = '', left] = text.split(' ');
  const at = parseBeijing(day);
  return at === undefined || !/^\d+$/.test(left ?? '') ? undefined : { day: dayOf(at), left: fen(Number(left)) };
}
