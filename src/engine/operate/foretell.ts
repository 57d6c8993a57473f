// What an event that has not happened would come to, for whoever asks: of a draw the odds, never the outcome. And what the flow
// gives a decision beside the rules and the facts, for those who decide without writing.

import type { Config } from '../../config/config.ts';
import { type Explanation, explain, type Live } from '../../core/analysis/explain.ts';
import type { Event } from '../../core/base/event.ts';
import type { Instant } from '../../core/base/time.ts';
import { type DecisionEnvironment, factsQueryFor, foretell } from '../../core/decide/decide.ts';
import { seedsFrom } from '../../core/decide/draw.ts';
import { bookOf } from '../../core/decide/match.ts';
import { newsForInviter } from '../../core/match/follower.ts';
import type { Store } from '../../ports.ts';

/** By account. A seed is worked out once for each campaign. */
export function environmentOf(config: Config): (account: string) => DecisionEnvironment {
  const seedOf = seedsFrom(config.secret);
  const pageOf = (account: string, campaign: string): string => `${config.publicUrl}/h5/${account}/${campaign}`;
  const known = new Map<string, DecisionEnvironment>();
  return name => {
    const before = known.get(name);
    if (before) return before;
    const merchant = config.merchants.get(config.accounts.get(name)?.merchant ?? '');
    const caps = merchant && { merchant: merchant.name, ...merchant.limits };
    const environment = { merchant: caps, seedOf, pageOf, ...(config.blocked && { blocked: config.blocked }) };
    known.set(name, environment);
    return environment;
  };
}

/** The event itself, and what whoever invited this follower would hear of it. */
export async function foretold(
  store: Store,
  config: Config,
  live: Live,
  event: Event,
  now: Instant,
): Promise<readonly [own: Explanation] | readonly [own: Explanation, inviter: Explanation]> {
  const { account, user } = event;
  const book = bookOf(live.campaigns, live.accounts);
  const environment = { ...environmentOf(config)(account), isForetold: true };
  const look = async (each: Event): Promise<Explanation> => {
    const matches = book.match(each, now);
    const decision = foretell(
      matches,
      each,
      await store.facts(factsQueryFor(matches, each, now, environment)),
      now,
      environment,
    );
    return explain({ event: each, at: now, decision, reply: decision.reply, matches }, live);
  };
  const { follower } = await store.facts({ account, user, merchant: undefined, claims: [], counters: [] });
  const news = newsForInviter(follower, event);
  const own = await look(event);
  return news && book.match(news, now).length > 0 ? [own, await look(news)] : [own];
}
