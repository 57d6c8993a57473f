// What the demo adds to the bot's own port: the chat page, the simulator's control under the same origin, and what the
// bot thinks of each follower.

import { randomBytes } from 'node:crypto';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { BadInput } from '../core/base/error.ts';
import { openId } from '../core/base/event.ts';
import { decisionCalled } from '../core/decide/renamed-decision.ts';
import { linesOf } from '../core/ops/code-batch.ts';
import type { Rulebook } from '../engine/rulebook.ts';
import { sessionCookie } from '../http/session.ts';
import type { Clock, JournalLine, Store } from '../ports.ts';
import { pageFile } from '../simulator/control/chat-page.ts';
import { refuseForeign } from '../simulator/control/control.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { PERSON_COOKIE } from '../simulator/web/browser.ts';
import { overviewOf } from './demo-overview.ts';

const LINES_MAX = 100;
/** As the demo's bot.yaml calls them. */
const [ACCOUNT, MERCHANT] = ['tea', 'shop'];
/** So many printed codes one gets to try. */
const CODES_MADE = 3;

type DemoPorts = {
  readonly simulator: Simulator;
  readonly store: Store;
  readonly rulebook: () => Rulebook;
  readonly clock: Clock;
};

export function demoRoutes({ simulator, store, rulebook, clock }: DemoPorts) {
  return (router: Router): void => {
    botRoutes(router, { simulator, store, rulebook, clock });
    router.get(['/', '/simulator', '/simulator/assets/:name'], async ctx => {
      if (ctx.path === '/') return ctx.redirect('/simulator');
      // The page lives where its links lead: one host, one set of cookies.
      if (ctx.hostname === 'localhost')
        return ctx.redirect(`http://${ctx.host.replace('localhost', '127.0.0.1')}${ctx.url}`);
      const file = await pageFile(ctx.params.name ?? 'chat.html');
      if (!file) return;
      ctx.set(file.headers);
      ctx.body = file.body;
    });
    router.all('/simulator/control/{*rest}', async ctx => {
      if (isOtherPerson(ctx)) ctx.append('set-cookie', `${sessionCookie(ACCOUNT, false)}=; Path=/; Max-Age=0`);
      ctx.respond = false;
      await simulator.handle(ctx.req, ctx.res, ctx.url.slice('/simulator'.length));
    });
  };
}

/** What the bot knows, for the page beside the phone. */
function botRoutes(router: Router, { store, rulebook, clock }: DemoPorts): void {
  const writeDown = (what: string, about: string): Promise<void> =>
    store.acts.append({ at: clock(), by: 'chat page', what, about });
  router.get('/simulator/bot/timeline', own, async ctx => {
    const { user, limit } = ctx.query;
    const count = Math.min(Math.max(Number(limit) || 20, 1), LINES_MAX);
    const journal = await store.journal({ user: openId(String(user ?? '')), limit: count });
    const lines = await Promise.all(journal.map(line => withPayout(store, line)));
    const { campaigns } = rulebook().current();
    ctx.body = { lines: lines.map(line => ({ ...line, decision: decisionCalled(line.decision, campaigns) })) };
  });
  router.get('/simulator/bot/campaigns', own, async ctx => {
    const { campaigns } = rulebook().current();
    const around = { store, now: clock(), account: ACCOUNT };
    const [halt, ...offers] = await Promise.all([
      store.halt(MERCHANT),
      ...campaigns.map(campaign => overviewOf(campaign, around)),
    ]);
    ctx.body = { campaigns: offers, ...(halt && { halt }) };
  });
  router.post('/simulator/bot/resume', own, async ctx => {
    await writeDown('merchant resume', MERCHANT);
    await store.setHalt(MERCHANT, undefined);
    ctx.body = {};
  });
  router.post('/simulator/bot/codes/:batch', own, async ctx => {
    const batch = ctx.params.batch ?? '';
    const campaign = rulebook()
      .current()
      .campaigns.find(({ rules }) =>
        rules.some(({ on }) => on.some(each => each.kind === 'code' && each.batch === batch)),
      );
    const prize = campaign && [...campaign.prizes.keys()][0];
    if (!prize) return;
    // A box of its own each time: codes of a box that is there already would be its.
    const box = 1_000_000 + (Math.floor(clock() / 1000) % 1_000_000);
    const codes = [...linesOf(batch, [{ prize, count: CODES_MADE }], CODES_MADE, randomBytes)];
    await writeDown('codes import', batch);
    await store.addCodes(codes.map(each => ({ ...each, box })));
    await store.activateCodes(batch, [[box, box]], true, 'undecided');
    ctx.body = { codes: codes.map(({ code }) => code) };
  });
}

/** What the bot knows of people is for its own page, by a name of this machine, as the control API is. */
async function own(ctx: Context, next: () => Promise<unknown>): Promise<unknown> {
  try {
    refuseForeign(ctx.req, []);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    ctx.status = 400;
    ctx.body = { error: error.message };
    return undefined;
  }
  return next();
}

/** The phone goes to somebody else, whose browser knows nothing of the former one's session. */
function isOtherPerson({ path, cookies }: Context): boolean {
  const opened = /^\/simulator\/control\/people\/([\w-]+)\/open$/.exec(path)?.[1];
  return opened !== undefined && opened !== cookies.get(PERSON_COOKIE);
}

async function withPayout(store: Store, line: JournalLine) {
  const { decision, event } = line;
  if (decision.kind !== 'awarded' || decision.amount === 0) return line;
  const payouts = await store.payouts({ user: event.user, campaign: decision.campaign, limit: 100 });
  const payout = payouts.find(each => each.claimKey === decision.claimKey); // newest first: the latest attempt
  return payout ? { ...line, payout, history: await store.history(payout.billNo) } : line;
}
