// Payouts that nobody settles as bot.yaml is now: named at the start.

import type { Config } from '../config/config.ts';
import { INSTALLATION_NOTE, readInstallation } from '../core/live/installation.ts';
import type { PayoutState } from '../core/payout/payout.ts';
import type { Log, Store } from '../ports.ts';

/** As many payouts of each state are looked at when the bot starts. */
const STRANDED_MAX = 1000;

/**
 * Payouts whose merchant has gone from bot.yaml, or has another number there, wait for ever: somebody should know. Looked for
 * under every name there ever was, so that no crowd of others hides them.
 */
export async function nameStranded(store: Store, config: Config, log: Log): Promise<void> {
  const known = readInstallation(await store.note(INSTALLATION_NOTE));
  const names = new Set([...Object.keys(known?.mchIds ?? {}), ...config.merchants.keys()]);
  for (const state of ['planned', 'sending', 'unknown', 'held', 'sent'] as const) {
    const pages = [undefined, ...names].map(merchant =>
      store.payouts({ state, limit: STRANDED_MAX, ...(merchant !== undefined && { merchant }) }),
    );
    const whose = (await Promise.all(pages)).flat().map(({ merchant, request }) => `${request.mchId} ${merchant}`);
    for (const each of new Set(whose)) nameOne(each, state, config, log);
  }
}

function nameOne(whose: string, state: PayoutState, { merchants }: Config, log: Log): void {
  const [mchId, merchant] = [whose.slice(0, whose.indexOf(' ')), whose.slice(whose.indexOf(' ') + 1)];
  const now = merchants.get(merchant)?.mchId;
  if (now === undefined)
    log.error(
      { merchant, state },
      `payouts wait for merchant "${merchant}", which bot.yaml no longer has; add it again`,
    );
  else if (![...merchants.values()].some(each => each.mchId === mchId))
    log.error(
      { merchant, state, mchId },
      `payouts wait for merchant number ${mchId}, and "${merchant}" is ${now} in bot.yaml now: add ${mchId} with its keys again, under any name`,
    );
}
