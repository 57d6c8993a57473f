// What the demo adds to the bot's own port: the chat page, the simulator's control under the same origin, and what the
// bot thinks of each follower.

import type Router from '@koa/router';
import type { Context } from 'koa';
import { BadInput } from '../core/base/error.ts';
import { openId } from '../core/base/event.ts';
import { NO_MONEY } from '../core/base/money.ts';
import { decisionCalled } from '../core/decide/renamed-decision.ts';
import type { Campaign } from '../core/rules/campaign.ts';
import { isCash } from '../core/rules/campaign-query.ts';
import { asWritten } from '../core/rules/renamed.ts';
import type { Rulebook } from '../engine/rulebook.ts';
import { sessionCookie } from '../http/session.ts';
import type { Buckets, JournalLine, Store } from '../ports.ts';
import { pageFile } from '../simulator/control/chat-page.ts';
import { refuseForeign } from '../simulator/control/control.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { PERSON_COOKIE } from '../simulator/web/browser.ts';

const LINES_MAX = 100;

export function demoRoutes(simulator: Simulator, store: Store, rulebook: () => Rulebook) {
  return (router: Router): void => {
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
      ctx.body = {
        campaigns: await Promise.all(
          campaigns.map(async campaign => overviewOf(asWritten(campaign), await store.buckets(campaign.id))),
        ),
      };
    });
    router.all('/simulator/control/{*rest}', async ctx => {
      if (isOtherPerson(ctx)) ctx.append('set-cookie', `${sessionCookie('tea', false)}=; Path=/; Max-Age=0`);
      ctx.respond = false;
      await simulator.handle(ctx.req, ctx.res, ctx.url.slice('/simulator'.length));
    });
  };
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

/** What a person at the chat page may want to try, and where the money is. */
function overviewOf(campaign: Campaign, buckets: Buckets) {
  const triggers = campaign.rules.flatMap(rule => rule.on);
  const budget = campaign.budget?.total ?? NO_MONEY;
  const { reserved, sent, received } = buckets;
  return {
    id: campaign.id,
    name: campaign.name,
    // One way of saying it is enough of a hint.
    keywords: triggers.flatMap(trigger =>
      trigger.kind === 'text' && trigger.match === 'exact' ? trigger.words.slice(0, 1) : [],
    ),
    scenes: triggers.flatMap(trigger =>
      trigger.kind === 'scan' || trigger.kind === 'subscribe' ? (trigger.scenes ?? []) : [],
    ),
    prizes: [...campaign.prizes.values()].map(prize => ({
      name: prize.name,
      min: isCash(prize) ? prize.min : 0,
      max: isCash(prize) ? prize.max : 0,
    })),
    buckets: { budget, free: Math.max(0, budget - reserved - sent - received), ...buckets },
  };
}
