// `hongbao goods`: what was won and is to be sent, and its list for whoever sends it. The list is on the disk before anything is
// marked as handed on: who is interrupted gets the same rows again, and knows them by their number.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { BadInput } from '../../core/base/error.ts';
import { openId } from '../../core/base/event.ts';
import { beijingText, type Instant, instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { isWhole } from '../../core/goods/details.ts';
import { isWanted, type Parcel, parcelsIn } from '../../core/goods/parcel.ts';
import { csvHead, csvRow } from '../../core/ops/payout-csv.ts';
import { sealsOf } from '../../engine/goods/goods.ts';
import { allParcels, change } from '../../engine/goods/keep.ts';
import { sealerOf } from '../../lib/seal.ts';
import type { Store } from '../../ports.ts';
import { writeDown } from '../shared/acts.ts';
import { idInside } from '../shared/campaign-name.ts';
import { type Common, EXIT, print, printJson, printNote, table, withStore } from '../shared/context.ts';
import { type CsvPage, writeCsv } from '../shared/csv-out.ts';
import { l } from '../shared/language.ts';

export type GoodsOptions = Common & { readonly out?: string; readonly all?: boolean };

/** One of a follower. */
type Found = { readonly account: string; readonly user: string; readonly parcel: Parcel };

const STATES = ['won', 'open', 'given', 'exported', 'declined'] as const;
type Row = { readonly campaign: string; readonly prize: string } & Record<(typeof STATES)[number], number>;

export function list(campaign: string | undefined, options: GoodsOptions): Promise<number> {
  return withStore(options, async (store, config) => {
    const id = campaign === undefined ? undefined : await idInside(config, campaign);
    const rows = new Map<string, Row>();
    for await (const { parcel } of found(store, id)) {
      const { campaign: of, prize, state, exportedAt } = parcel;
      const row = rows.get(`${of}\0${prize}`) ?? {
        campaign: of,
        prize,
        won: 0,
        open: 0,
        given: 0,
        exported: 0,
        declined: 0,
      };
      const now = exportedAt !== undefined ? 'exported' : state;
      rows.set(`${of}\0${prize}`, { ...row, won: row.won + 1, [now]: row[now] + 1 });
    }
    const all = [...rows.values()];
    if (options.json) printJson(all);
    else if (all.length === 0) print(t`no goods were won yet`);
    else
      print(
        table(
          [l`campaign`, l`prize`, l`won`, l`no address yet`, l`to be sent`, l`handed on`, l`not wanted`],
          all.map(row => [row.campaign, row.prize, ...STATES.map(state => String(row[state]))]),
        ),
      );
    return EXIT.fine;
  });
}

const HEAD = ['编号', '活动', '奖品', '实物', '姓名', '电话', '地址', '填写时间', '地址改过', 'openid'];

export function exportGoods(campaign: string, options: GoodsOptions): Promise<number> {
  return withStore(options, async (store, { personalKey, ...config }) => {
    if (!personalKey)
      throw new BadInput(
        t`bot.yaml has no personalKey, by which addresses are sealed; add the one they were sealed with`,
      );
    const id = await idInside({ personalKey, ...config }, campaign);
    const out = options.out!;
    if (existsSync(out)) throw new BadInput(t`${out} is there already; name another file, or move it away`);
    const now = instant(Date.now());
    await writeDown(store, 'goods export', id, [`--out ${out}`, options.all && '--all']);
    const given = new Map<string, Parcel[]>();
    const broken: string[] = [];
    const rows = async function* (): AsyncGenerator<CsvPage> {
      yield { text: csvHead(HEAD), count: 0 };
      for await (const { account, user, parcel } of found(store, id)) {
        if (parcel.sealed === undefined || !isWanted(parcel) || (parcel.exportedAt !== undefined && !options.all))
          continue;
        const details = sealsOf(sealerOf(personalKey), { account, user: openId(user) }).open(parcel.sealed);
        const name = `${account}/${user}`;
        if (!details || !isWhole(details)) {
          broken.push(name);
          continue;
        }
        given.set(name, [...(given.get(name) ?? []), parcel]);
        yield { text: rowOf({ user, parcel }, details), count: 1 };
      }
    };
    const count = await writeCsv(out, l`goods exported`, rows());
    const refunded: string[] = [];
    for (const [name, listed] of given)
      await change(store, name, each => {
        const gone = each.parcels.filter(one => !isWanted(one) && listed.some(({ claim }) => claim === one.claim));
        refunded.push(...gone.map(({ claim }) => numberOf(claim)));
        return exported(each, listed, now);
      });
    printNote(t`${count} goods in ${out}; they stand as handed on`);
    for (const number of new Set(refunded))
      printNote(t`${number}: its payment was refunded meanwhile; take it out of the list`);
    for (const name of broken)
      printNote(t`${name}: none of the keys in personalKey opens the address; add the one it was sealed with`);
    return broken.length === 0 ? EXIT.fine : EXIT.findings;
  });
}

/** Those that are as they were in the list: one that was changed meanwhile is in the next. */
function exported(parcels: ReturnType<typeof parcelsIn>, listed: readonly Parcel[], now: Instant) {
  return {
    ...parcels,
    parcels: parcels.parcels.map(parcel =>
      parcel.sealed !== undefined && listed.some(({ sealed }) => sealed === parcel.sealed)
        ? { ...parcel, exportedAt: now }
        : parcel,
    ),
  };
}

function rowOf(
  { user, parcel }: Pick<Found, 'user' | 'parcel'>,
  details: { name: string; phone: string; address: string },
): string {
  const { claim, campaign, prize, what, givenAt, isChanged } = parcel;
  const { name, phone, address } = details;
  const at = givenAt === undefined ? '' : beijingText(givenAt);
  return csvRow([
    numberOf(claim),
    campaign,
    prize,
    what,
    name,
    { digits: phone },
    address,
    at,
    isChanged ? '是' : '',
    user,
  ]);
}

const NUMBER_LENGTH = 10;

/** The same in every list: who sends it knows what was sent before. */
function numberOf(claim: string): string {
  return `G${createHash('sha256').update(claim).digest('hex').slice(0, NUMBER_LENGTH).toUpperCase()}`;
}

async function* found(store: Store, campaign: string | undefined): AsyncGenerator<Found> {
  for await (const { name, text } of allParcels(store)) {
    const slash = name.indexOf('/');
    for (const parcel of parcelsIn(text).parcels)
      if (campaign === undefined || parcel.campaign === campaign)
        yield { account: name.slice(0, slash), user: name.slice(slash + 1), parcel };
  }
}
