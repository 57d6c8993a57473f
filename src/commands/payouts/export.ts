// `hongbao payouts export`: all payouts, or some, as a CSV file for a spreadsheet. Page by page: a million need no memory.
import { open, rename, rm } from 'node:fs/promises';
import { BadInput, messageOf } from '../../core/base/error.ts';
import { type Day, dayOf, parseBeijing } from '../../core/base/time.ts';
import { CSV_HEAD, csvLine } from '../../core/ops/payout-csv.ts';
import type { BillNo, Payout } from '../../core/payout/payout.ts';
import type { PayoutFilter, Store } from '../../ports.ts';
import { idInside } from '../shared/campaign-name.ts';
import { type Common, EXIT, printNote, withStore } from '../shared/context.ts';
import { progress } from '../shared/progress.ts';
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
  if (from !== undefined && to !== undefined && from > to) throw new BadInput(`--from ${from} is after --to ${to}`);
  const isWanted = ({ createdAt }: Payout): boolean => {
    const day = dayOf(createdAt);
    return (from === undefined || day >= from) && (to === undefined || day <= to);
  };
  return withStore(options, async (store, config) => {
    const wanted = { ...filter, ...(campaign !== undefined && { campaign: await idInside(config, campaign) }) };
    const count =
      options.out === undefined
        ? await toStandardOutput(pages(store, wanted, isWanted))
        : await toFile(options.out, pages(store, wanted, isWanted));
    if (options.out !== undefined) printNote(`${count} payouts in ${options.out}`);
    return EXIT.fine;
  });
}

/** A Beijing day; both ends are inside. */
function dayOption(name: string, text: string | undefined): Day | undefined {
  if (text === undefined) return undefined;
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseBeijing(text) : undefined;
  if (at === undefined) throw new BadInput(`${name} ${text}: expected a day such as 2026-02-10`);
  return dayOf(at);
}

type Page = { readonly text: string; readonly count: number };

/** Newest first. What comes while we read is not in it; what changes meanwhile is, before or after its change. */
async function* pages(
  store: Store,
  filter: Omit<PayoutFilter, 'limit'>,
  isWanted: (payout: Payout) => boolean,
): AsyncGenerator<Page> {
  yield { text: CSV_HEAD, count: 0 };
  for (let after: BillNo | undefined; ; ) {
    const page = await store.payouts({ ...filter, limit: PAGE, ...(after !== undefined && { after }) });
    const wanted = page.filter(isWanted);
    yield { text: wanted.map(csvLine).join(''), count: wanted.length };
    if (page.length < PAGE) return;
    after = page.at(-1)!.billNo;
  }
}

async function toStandardOutput(source: AsyncGenerator<Page>): Promise<number> {
  let total = 0;
  process.stdout.on('error', () => undefined); // told to the callback below as well
  for await (const { text, count } of source) {
    total += count;
    const error = await new Promise<Error | null | undefined>(resolve => process.stdout.write(text, resolve));
    if (!error) continue;
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return total; // `| head` has seen enough
    throw error;
  }
  return total;
}

/** Under its name only once it is whole; readable by its owner only, since it says who got how much. */
async function toFile(file: string, source: AsyncGenerator<Page>): Promise<number> {
  const unfinished = `${file}.${process.pid}.part`;
  const handle = await open(unfinished, 'w', 0o600).catch((error: unknown) => {
    throw new BadInput(`${file} cannot be written: ${messageOf(error)}`);
  });
  const bar = progress('payouts exported');
  let total = 0;
  try {
    for await (const { text, count } of source) {
      total += count;
      await handle.write(text);
      if (process.stderr.isTTY) bar.show(total, total);
    }
    await handle.close();
    await rename(unfinished, file).catch((error: unknown) => {
      throw new BadInput(`${file} cannot be written: ${messageOf(error)}`);
    });
  } catch (error) {
    await handle.close();
    await rm(unfinished, { force: true });
    throw error;
  } finally {
    bar.end();
  }
  return total;
}
