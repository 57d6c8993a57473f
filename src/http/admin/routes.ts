// What the dashboard's pages ask: one line a question, with the least role that may ask it. Acts stand in `acts.ts`.

import type { Context } from 'koa';
import type { OpenId } from '../../core/base/event.ts';
import { takenList } from '../../engine/lists/taken.ts';
import { alarmViews } from '../../engine/overview/alarms.ts';
import { campaignDetail, campaignRows } from '../../engine/overview/campaigns.ts';
import { followerView, search } from '../../engine/overview/followers.ts';
import { merchantViews } from '../../engine/overview/merchants.ts';
import { filterCounts, payoutDetail, payoutList } from '../../engine/overview/payouts.ts';
import type { OverviewPorts } from '../../engine/overview/ports.ts';
import { createDisk, ruleFileDetail, ruleFileViews, ruleVersionViews } from '../../engine/overview/rules.ts';
import { todayView } from '../../engine/overview/today.ts';
import type { ActView, SessionView } from '../../engine/overview/view.ts';
import { createMemory } from '../../lib/rate-limiter.ts';
import { one } from '../language.ts';
import { type ActPorts, actRoutes } from './acts.ts';
import { billRoutes } from './bills-desk.ts';
import type { Asker, Route } from './door.ts';
import { needed, payoutsCsv, queryOf, takenFilter, winnersCsv } from './exports.ts';
import { createPulse } from './live.ts';
import { RulesDesk } from './rules-desk.ts';
import { answersTo, there, userIn, whyDraft } from './why-desk.ts';

const ACTS_SHOWN = 50;
const LOOKS_MAX = 2000;

type AdminRoutes = { readonly routes: ReadonlyMap<string, Route>; stop(): void };

export function adminRoutes(ports: ActPorts): AdminRoutes {
  const { overview, writeDown } = ports;
  const disk = createDisk(overview);
  const desk = new RulesDesk(ports, disk.forget);
  const changes = rulesTurns(overview);
  const pulse = createPulse(async () => ({ ...(await look(overview)), rules: changes() }));
  const looked = createMemory<true>(LOOKS_MAX);
  /** Whom somebody looks at is written down, once a session. */
  const noteLook = async ({ session }: Asker, user: OpenId): Promise<void> => {
    const key = `${session.id} ${user}`;
    if (looked.get(key)) return;
    looked.set(key, true);
    await writeDown(session.name, 'follower', user);
  };
  const reads: Readonly<Record<string, Route['run']>> = {
    today: async (_, { lang }) => {
      await overview.tally.pass();
      return todayView(overview, await disk(), lang);
    },
    merchants: async () => ({ merchants: await merchantViews(overview) }),
    payouts: ctx => payoutList(overview, queryOf(ctx)),
    payout: async (ctx, { lang }) => there(await payoutDetail(overview, needed(ctx, 'id'), lang)),
    'payouts.csv': (ctx, who) => payoutsCsv(ctx, who, ports),
    'winners.csv': (ctx, who) => winnersCsv(ctx, who, ports),
    search: async (ctx, { lang }) => search(overview, needed(ctx, 'q').slice(0, 200), lang),
    follower: async (ctx, who) => {
      const user = await userIn(name => one(ctx, name), overview);
      await noteLook(who, user);
      return followerView(overview, user, who.lang);
    },
    whynot: (ctx, who) => answersTo(ports, who, name => one(ctx, name)),
    campaigns: async () => {
      await overview.tally.pass();
      return { campaigns: await campaignRows(overview, await disk()) };
    },
    campaign: async (ctx, { lang }) => there(await campaignDetail(overview, await disk(), needed(ctx, 'id'), lang)),
    taken: async (ctx, { lang }) => {
      const id = needed(ctx, 'campaign');
      const campaign = overview.book().campaigns.find(each => each.id === id);
      const before = Number(one(ctx, 'before'));
      const isWon = one(ctx, 'list') !== 'all';
      const query = { campaign: id, isWon, ...takenFilter(ctx), ...(before > 0 && { before }) };
      return takenList(overview, query, campaign, lang);
    },
    rules: async (_, { lang }) => ({ files: ruleFileViews(await disk(), overview, lang) }),
    versions: async (_, { lang }) => ({ versions: await ruleVersionViews(overview, lang) }),
    rule: async (ctx, { lang }) => there(ruleFileDetail(await disk(), overview, needed(ctx, 'file'), lang)),
    alarms: async (_, { lang }) => ({ alarms: await alarmViews(overview, lang) }),
    acts: async ctx => listActs(ctx, overview),
    live: async (ctx, { session, sessions }) => {
      const isValid = (): boolean => sessions.list(overview.clock()).includes(session);
      pulse.open(ctx, session.id, isValid);
      return undefined;
    },
  };
  const routes = new Map<string, Route>(Object.entries(reads).map(([name, run]) => [name, { role: 'viewer', run }]));
  for (const [name, route] of billRoutes(ports)) routes.set(name, route);
  routes.set('whydraft', whyDraft(ports, desk));
  routes.set('sessions', { role: 'owner', run: async (_, who) => ({ sessions: sessionsOf(who, overview) }) });
  for (const [name, route] of actRoutes(ports, desk)) routes.set(name, route);
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

/** Grows when other rules go live. */
function rulesTurns({ book }: OverviewPorts): () => number {
  let [last, turns] = [book(), 0];
  return () => {
    if (book() !== last) [last, turns] = [book(), turns + 1];
    return turns;
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
