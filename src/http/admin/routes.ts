// What the dashboard's pages ask: one line a question, with the least role that may ask it. Acts stand in `acts.ts`.

import { PassThrough, Readable } from 'node:stream';
import type { Context } from 'koa';
import { BadInput } from '../../core/base/error.ts';
import { type OpenId, openId } from '../../core/base/event.ts';
import { isOpenId, shortOpenIds } from '../../core/base/openid.ts';
import { beijingText, parseBeijing } from '../../core/base/time.ts';
import { CSV_HEAD, csvLine } from '../../core/ops/payout-csv.ts';
import { asBillNo } from '../../core/payout/payout.ts';
import { campaignDetail, campaignRows } from '../../engine/overview/campaigns.ts';
import { followerView, search, whyNot } from '../../engine/overview/followers.ts';
import { merchantViews } from '../../engine/overview/merchants.ts';
import { filterCounts, type PayoutQuery, payoutDetail, payoutList, payoutsOf } from '../../engine/overview/payouts.ts';
import type { OverviewPorts } from '../../engine/overview/ports.ts';
import { createDisk, ruleFileDetail, ruleFileViews } from '../../engine/overview/rules.ts';
import { todayView } from '../../engine/overview/today.ts';
import { type ActView, FILTERS, type FilterName, type SessionView } from '../../engine/overview/view.ts';
import { createMemory } from '../../lib/rate-limiter.ts';
import { one } from '../language.ts';
import { type ActPorts, actRoutes } from './acts.ts';
import { type Asker, Denied, type Route } from './door.ts';
import { createPulse } from './live.ts';

const ACTS_SHOWN = 50;
const LOOKS_MAX = 2000;
const CSV_ROWS_AT_ONCE = 500;

type AdminRoutes = { readonly routes: ReadonlyMap<string, Route>; stop(): void };

export function adminRoutes(ports: ActPorts): AdminRoutes {
  const { overview, writeDown } = ports;
  const disk = createDisk(overview);
  const pulse = createPulse(() => look(overview));
  const looked = createMemory<true>(LOOKS_MAX);
  /** Whom somebody looks at is written down, once a session. */
  const noteLook = async ({ session }: Asker, user: OpenId): Promise<void> => {
    const key = `${session.id} ${user}`;
    if (looked.get(key)) return;
    looked.set(key, true);
    await writeDown(session.name, 'follower', user);
  };
  const reads: Readonly<Record<string, Route['run']>> = {
    today: async () => {
      await overview.tally.pass();
      return todayView(overview, await disk());
    },
    merchants: async () => ({ merchants: await merchantViews(overview) }),
    payouts: ctx => payoutList(overview, queryOf(ctx)),
    payout: async (ctx, { lang }) => there(await payoutDetail(overview, needed(ctx, 'id'), lang)),
    'payouts.csv': (ctx, who) => sendCsv(ctx, who, ports),
    search: async (ctx, { lang }) => search(overview, needed(ctx, 'q').slice(0, 200), lang),
    follower: async (ctx, who) => {
      const user = await userIn(ctx, overview);
      await noteLook(who, user);
      return followerView(overview, user, who.lang);
    },
    whynot: async (ctx, { session, lang }) => {
      const [user, written] = [await userIn(ctx, overview), needed(ctx, 'event').slice(0, 500)];
      const said = one(ctx, 'at');
      const at = said === undefined || said === '' ? undefined : parseBeijing(said.replace('T', ' '));
      if (said && at === undefined) throw new BadInput(`"${said}" is no time`);
      await writeDown(session.name, 'explain', user, [written, said].filter(Boolean).join(' '));
      return { answers: await whyNot(overview, { user, written, at }, lang) };
    },
    campaigns: async () => {
      await overview.tally.pass();
      return { campaigns: await campaignRows(overview, await disk()) };
    },
    campaign: async (ctx, { lang }) => there(await campaignDetail(overview, await disk(), needed(ctx, 'id'), lang)),
    rules: async () => ({ files: ruleFileViews(await disk(), overview) }),
    rule: async ctx => there(ruleFileDetail(await disk(), overview, needed(ctx, 'file'))),
    acts: async ctx => listActs(ctx, overview),
    live: async (ctx, { session, sessions }) => {
      const isValid = (): boolean => sessions.list(overview.clock()).includes(session);
      pulse.open(ctx, isValid);
      return undefined;
    },
  };
  const routes = new Map<string, Route>(Object.entries(reads).map(([name, run]) => [name, { role: 'viewer', run }]));
  routes.set('sessions', { role: 'owner', run: async (_, who) => ({ sessions: sessionsOf(who, overview) }) });
  for (const [name, route] of actRoutes(ports)) routes.set(name, route);
  return { routes, stop: pulse.stop };
}

/** What the pages that are open are told of: cheap, and the same for all. */
async function look({ store, config, tally }: OverviewPorts): Promise<object> {
  await tally.pass();
  const names = [...config.merchants.keys()];
  const halts = await Promise.all(names.map(name => store.halt(name)));
  const [counts, newest] = await Promise.all([filterCounts({ store, config }), store.acts.list({ limit: 1 })]);
  const halted = names.filter((_, n) => halts[n] !== undefined);
  return { counts, halted, act: newest[0]?.id ?? 0, events: (await tally.countedTo()) ?? 0 };
}

function there<T>(found: T | undefined): T {
  if (found === undefined) throw new Denied(404, 'nowhere');
  return found;
}

function needed(ctx: Context, name: string): string {
  const value = one(ctx, name);
  if (value === undefined || value === '') throw new BadInput(`${name} is missing`);
  return value;
}

/** Named as they are, or, for who sees openids only by their ends, by a number of a payout of theirs. */
async function userIn(ctx: Context, { store }: OverviewPorts): Promise<OpenId> {
  const bill = one(ctx, 'bill');
  if (bill !== undefined) {
    const payout = await store.payout(asBillNo(bill));
    return there(payout).user;
  }
  const user = needed(ctx, 'user');
  if (!isOpenId(user)) throw new BadInput('expected an openid');
  return openId(user);
}

function queryOf(ctx: Context): PayoutQuery {
  const [campaign, merchant, after, user] = ['campaign', 'merchant', 'after', 'user'].map(
    name => one(ctx, name) || undefined,
  );
  const filter = one(ctx, 'filter') ?? 'all';
  if (!FILTERS.includes(filter as FilterName)) throw new BadInput(`there is no filter ${filter}`);
  return {
    filter: filter as FilterName,
    ...(campaign !== undefined && { campaign }),
    ...(merchant !== undefined && { merchant }),
    ...(after !== undefined && { after }),
    ...(user !== undefined && { user: openId(user) }),
  };
}

async function listActs(ctx: Context, { store }: OverviewPorts): Promise<object> {
  const after = Number(one(ctx, 'after'));
  const acts = await store.acts.list({ limit: ACTS_SHOWN, ...(after > 0 && { after }) });
  const rows: ActView[] = acts.map(({ id, at, by, what, about, detail }) => ({
    ...{ id, at, by, what, about },
    ...(detail !== undefined && { detail }),
  }));
  return { acts: rows, ...(acts.length === ACTS_SHOWN && { next: acts.at(-1)!.id }) };
}

function sessionsOf({ session: own, sessions }: Asker, { clock }: OverviewPorts): SessionView[] {
  return sessions.list(clock()).map(each => ({
    ...{ id: each.id, name: each.name, role: each.role, address: each.address, agent: each.agent },
    ...{ since: each.since, seenAt: each.seenAt, isOwn: each === own },
  }));
}

/** Only what the filter says, page by page: a million rows need no memory. Who sees no openids gets none. */
async function sendCsv(ctx: Context, { session }: Asker, { overview, writeDown }: ActPorts): Promise<undefined> {
  const query = queryOf(ctx);
  const { store, clock } = overview;
  await writeDown(
    session.name,
    'payouts export',
    query.filter,
    [query.campaign, query.merchant].filter(Boolean).join(' '),
  );
  const shown = (text: string): string => (session.role === 'viewer' ? shortOpenIds(text) : text);
  const lines = async function* (): AsyncGenerator<string> {
    let [text, rows] = [CSV_HEAD, 0];
    for await (const payout of payoutsOf(store, query)) {
      if (payout === 'cut') continue;
      text += csvLine(payout);
      if (++rows % CSV_ROWS_AT_ONCE > 0) continue;
      yield shown(text);
      text = '';
    }
    yield shown(text);
  };
  const day = beijingText(clock()).slice(0, 16).replace(/[^\d]/g, '');
  ctx.type = 'text/csv; charset=utf-8';
  ctx.set('content-disposition', `attachment; filename="payouts-${query.filter}-${day}.csv"`);
  ctx.body = Readable.from(lines()).pipe(new PassThrough());
  return undefined;
}
