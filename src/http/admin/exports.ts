// What the dashboard gives as a file: payouts as they are filtered, and a campaign's winners and participants. Page by page: a
// million rows need no memory. Who sees no openids gets none here either.

import { PassThrough, pipeline, Readable } from 'node:stream';
import type { Context } from 'koa';
import { BadInput } from '../../core/base/error.ts';
import { openId } from '../../core/base/event.ts';
import { shortOpenIds } from '../../core/base/openid.ts';
import { isOneOf } from '../../core/base/record.ts';
import { beijingText, dayOf, type Instant, parseBeijing } from '../../core/base/time.ts';
import { CSV_HEAD, csvLine } from '../../core/ops/payout-csv.ts';
import {
  isWinnerState,
  participantRow,
  participantsHead,
  type Winner,
  winnerRow,
  winnersHead,
} from '../../core/ops/winner-list.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { prizeCalled } from '../../core/rules/renamed.ts';
import type { TakenQuery } from '../../engine/lists/taken.ts';
import { participantsOf, winnersOf } from '../../engine/lists/winners.ts';
import { type PayoutQuery, payoutsOf } from '../../engine/overview/payouts.ts';
import { FILTERS } from '../../engine/overview/view.ts';
import { one } from '../language.ts';
import type { ActPorts } from './acts.ts';
import { type Asker, Denied } from './door.ts';

const ROWS_AT_ONCE = 500;
const LISTS = ['public', 'whole', 'participants'] as const;

export function needed(ctx: Context, name: string): string {
  const value = one(ctx, name);
  if (value === undefined || value === '') throw new BadInput(`${name} is missing`);
  return value;
}

export function queryOf(ctx: Context): PayoutQuery {
  for (const [name, value] of Object.entries(ctx.query))
    if (Array.isArray(value)) throw new BadInput(`${name} stands there twice`);
  const [campaign, merchant, after, user] = ['campaign', 'merchant', 'after', 'user'].map(
    name => one(ctx, name) || undefined,
  );
  const filter = one(ctx, 'filter') ?? 'all';
  if (!isOneOf(FILTERS, filter)) throw new BadInput(`there is no filter ${filter}`);
  return {
    filter,
    ...(campaign !== undefined && { campaign }),
    ...(merchant !== undefined && { merchant }),
    ...(after !== undefined && { after }),
    ...(user !== undefined && { user: openId(user) }),
  };
}

/** Only what the filter says. */
export async function payoutsCsv(
  ctx: Context,
  { session }: Asker,
  { overview, writeDown }: ActPorts,
): Promise<undefined> {
  const query: PayoutQuery = { ...queryOf(ctx), isWhole: true };
  const { store, clock } = overview;
  const about = [query.campaign, query.merchant].filter(Boolean).join(' ');
  await writeDown(session.name, 'payouts export', query.filter, about);
  const lines = async function* (): AsyncGenerator<string> {
    for await (const payout of payoutsOf(store, query)) if (payout !== 'cut') yield csvLine(payout);
  };
  const shown = (text: string): string => (session.role === 'viewer' ? shortOpenIds(text) : text);
  sendCsv(ctx, `payouts-${query.filter}`, clock(), paged(CSV_HEAD, lines(), shown));
  return undefined;
}

/** `list=public`: to be published; `whole` has openids and codes, and `participants` is everybody: they are for who may act. */
export async function winnersCsv(
  ctx: Context,
  { session }: Asker,
  { overview, writeDown }: ActPorts,
): Promise<undefined> {
  const id = needed(ctx, 'campaign');
  const list = LISTS.find(each => each === needed(ctx, 'list'));
  if (!list) throw new BadInput(`list: expected one of ${LISTS.join(', ')}`);
  const campaign = overview.book().campaigns.find(each => each.id === id);
  if (!campaign) throw new Denied(404, 'nowhere');
  const filter = takenFilter(ctx);
  const isWhole = list !== 'public';
  if (isWhole && session.role === 'viewer') throw new Denied(403, 'role');
  await writeDown(session.name, 'winners', id, [list, ...Object.values(filter)].join(' '));
  const { store, clock } = overview;
  const lines = async function* (): AsyncGenerator<string> {
    if (list === 'participants')
      for await (const each of participantsOf(store, id, filter.day)) yield participantRow(each, true);
    // What became of a prize is looked up only where somebody asks for it.
    else
      for await (const each of winnersOf(store, id, campaign, isWhole || filter.state !== undefined))
        if (isMeant(each, filter, campaign)) yield winnerRow(each, isWhole);
  };
  const head = list === 'participants' ? participantsHead(true) : winnersHead(isWhole);
  const name = id.replace(/[^\w.-]/g, '_');
  sendCsv(
    ctx,
    `${list === 'participants' ? list : 'winners'}-${name}`,
    clock(),
    paged(head, lines(), text => text),
  );
  return undefined;
}

type TakenFilter = Pick<TakenQuery, 'prize' | 'state' | 'day'>;

/** Which of the winners, or of those who took part, are meant. */
export function takenFilter(ctx: Context): TakenFilter {
  const [prize, state, day] = ['prize', 'state', 'day'].map(name => one(ctx, name) || undefined);
  if (state !== undefined && !isWinnerState(state)) throw new BadInput(`there is no state ${state}`);
  const at = day === undefined ? undefined : /^\d{4}-\d{2}-\d{2}$/.test(day) ? parseBeijing(day) : undefined;
  if (day !== undefined && at === undefined) throw new BadInput(`${day} is no day`);
  return {
    ...(prize !== undefined && { prize }),
    ...(state !== undefined && { state }),
    ...(at !== undefined && { day: dayOf(at) }),
  };
}

function isMeant(winner: Winner, { prize, state, day }: TakenFilter, { prizes }: Pick<Campaign, 'prizes'>): boolean {
  const called = prize === undefined ? undefined : prizeCalled(prizes.get(prize) ?? { name: prize });
  return (
    (called === undefined || winner.prize === called) &&
    (state === undefined || winner.state === state) &&
    (day === undefined || dayOf(winner.at) === day)
  );
}

async function* paged(
  head: string,
  lines: AsyncIterable<string>,
  shown: (text: string) => string,
): AsyncGenerator<string> {
  let [text, rows] = [head, 0];
  for await (const line of lines) {
    text += line;
    if (++rows % ROWS_AT_ONCE > 0) continue;
    yield shown(text);
    text = '';
  }
  yield shown(text);
}

function sendCsv(ctx: Context, name: string, now: Instant, text: AsyncIterable<string>): void {
  const day = beijingText(now).slice(0, 16).replace(/[^\d]/g, '');
  ctx.type = 'text/csv; charset=utf-8';
  ctx.set('content-disposition', `attachment; filename="${name}-${day}.csv"`);
  const body = new PassThrough();
  // Who goes away in the middle lets go of the books; and where the store does, the file ends torn, not as if it were whole.
  pipeline(Readable.from(text), body, error => {
    if (error) ctx.res.destroy();
  });
  ctx.body = body;
}
