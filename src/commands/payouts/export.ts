// `hongbao payouts export`: all payouts, or some, as a CSV file for a spreadsheet. Page by page: a million need no memory.

import { BadInput } from '../../core/base/error.ts';
import { type Day, dayOf, parseBeijing } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { CSV_HEAD, csvLine } from '../../core/ops/payout-csv.ts';
import type { BillNo, Payout } from '../../core/payout/payout.ts';
import type { PayoutFilter, Store } from '../../ports.ts';
import { writeDown } from '../shared/acts.ts';
import { idInside } from '../shared/campaign-name.ts';
import { type Common, EXIT, printNote, withStore } from '../shared/context.ts';
import { type CsvPage, writeCsv } from '../shared/csv-out.ts';
import { l } from '../shared/language.ts';
import { stateOf } from './list.ts';

export type ExportOptions = Common & {
  readonly campaign?: string;
  readonly state?: string;
  readonly merchant?: string;
  readonly from?: string;
  readonly to?: string;
  readonly out?: string;
};

const PAGE = 1000;

export function exportPayouts(options: ExportOptions): Promise<number> {
  const { campaign, state, merchant } = options;
  const filter = {
    ...(state !== undefined && { state: stateOf(state) }),
    ...(merchant !== undefined && { merchant }),
  };
  const [from, to] = [dayOption('--from', options.from), dayOption('--to', options.to)];
  if (from !== undefined && to !== undefined && from > to) throw new BadInput(t`--from ${from} is after --to ${to}`);
  const isWanted = ({ createdAt }: Payout): boolean => {
    const day = dayOf(createdAt);
    return (from === undefined || day >= from) && (to === undefined || day <= to);
  };
  return withStore(options, async (store, config) => {
    const how = [campaign, state, merchant, from, to].map(each => each ?? '');
    await writeDown(store, 'payouts export', options.out ?? '', how);
    const wanted = { ...filter, ...(campaign !== undefined && { campaign: await idInside(config, campaign) }) };
    const count = await writeCsv(options.out, l`payouts exported`, pages(store, wanted, isWanted));
    if (options.out !== undefined) printNote(t`${count} payouts in ${options.out}`);
    return EXIT.fine;
  });
}

/** A Beijing day; both ends are inside. */
function dayOption(name: string, text: string | undefined): Day | undefined {
  if (text === undefined) return undefined;
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseBeijing(text) : undefined;
  if (at === undefined) throw new BadInput(t`${name} ${text}: expected a day such as 2026-02-10`);
  return dayOf(at);
}

/** Newest first. What comes while we read is not in it; what changes meanwhile is, before or after its change. */
async function* pages(
  store: Store,
  filter: Omit<PayoutFilter, 'limit'>,
  isWanted: (payout: Payout) => boolean,
): AsyncGenerator<CsvPage> {
  yield { text: CSV_HEAD, count: 0 };
  for (let after: BillNo | undefined; ; ) {
    const page = await store.payouts({ ...filter, limit: PAGE, ...(after !== undefined && { after }) });
    const wanted = page.filter(isWanted);
    yield { text: wanted.map(csvLine).join(''), count: wanted.length };
    if (page.length < PAGE) return;
    after = page.at(-1)!.billNo;
  }
}
