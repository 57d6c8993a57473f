// What an event that has not happened would come to, for commands that ask: of a draw the odds, never the outcome.

import type { Config } from '../../config/config.ts';
import { type Explanation, explain, type Live } from '../../core/analysis/explain.ts';
import type { Event } from '../../core/base/event.ts';
import type { Instant } from '../../core/base/time.ts';
import { factsQueryFor, foretell } from '../../core/decide/decide.ts';
import { bookOf } from '../../core/decide/match.ts';
import { newsForInviter } from '../../core/match/follower.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import type { Store } from '../../ports.ts';
import { printNote } from '../shared/context.ts';
import { surroundingsOf } from '../shared/surroundings.ts';

/** Mistakes in the rules are `hongbao check`'s business: the files that are fine explain as far as they go. */
export async function liveOf(config: Config): Promise<Live> {
  const { campaigns, findings } = checkRuleFiles(await readRuleFiles([config.rules]), config);
  if (findings.length > 0)
    printNote(`the rule files have ${findings.length} findings (\`hongbao check\`): some are left out`);
  return { campaigns, accounts: [...config.accounts.keys()] };
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
  const around = { ...surroundingsOf(config)(account), isForetold: true };
  const look = async (each: Event): Promise<Explanation> => {
    const matches = book.match(each, now);
    const decision = foretell(matches, each, await store.facts(factsQueryFor(matches, each, now, around)), now, around);
    return explain({ event: each, at: now, decision, reply: decision.reply, matches }, live);
  };
  const { follower } = await store.facts({ account, user, merchant: undefined, claims: [], counters: [] });
  const news = newsForInviter(follower, event);
  const own = await look(event);
  return news && book.match(news, now).length > 0 ? [own, await look(news)] : [own];
}
