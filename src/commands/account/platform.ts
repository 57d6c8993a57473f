// What the commands that call the Official Account platform share: whose account, its API, and what a refusal means.

import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountConfig } from '../../config/account.ts';
import type { Config } from '../../config/config.ts';
import { BadInput, Fault } from '../../core/base/error.ts';
import { suggest } from '../../core/base/suggest.ts';
import { type Instant, instant, MINUTE, SECOND } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { apiErrorOf } from '../../core/messages/platform-codes.ts';
import type { Store } from '../../ports.ts';
import { type Api, createApi } from '../../wechat/account/api.ts';
import { type Common, EXIT, printNote, withStore } from '../shared/context.ts';
import { l } from '../shared/language.ts';

export type AccountOptions = Common & { readonly account?: string };
export type Platform = {
  readonly config: Config;
  readonly account: AccountConfig;
  readonly api: Api;
  readonly store: Store;
};

export const clock = (): Instant => instant(Date.now());

/** The access token is the running bot's: it lies in the store. What the platform refuses is said in words. */
export async function withPlatform(
  options: AccountOptions,
  work: (platform: Platform) => Promise<number>,
): Promise<number> {
  return withStore(options, async (store, config) => {
    const account = accountOf(config, options.account);
    const api = createApi(account, { clock, sleep: ms => sleep(ms), store });
    try {
      return await work({ config, account, api, store });
    } catch (error) {
      if (!(error instanceof Fault) || error.who !== 'wechat') throw error;
      printNote(`${refusalOf(error, account)}`);
      return EXIT.findings;
    }
  });
}

function accountOf(config: Config, name: string | undefined): AccountConfig {
  const names = [...config.accounts.keys()];
  if (name === undefined && names.length > 1)
    throw new BadInput(t`name the account with --account: ${names.join(', ')}`);
  const account = config.accounts.get(name ?? names[0]!);
  if (!account) throw new BadInput(t`--account: there is no account "${name}"${suggest(name!, names)}`);
  return account;
}

/** The meaning first, then what the platform said, with the request id (rid) its support asks for. */
function refusalOf(fault: Fault, account: AccountConfig): string {
  return `account "${account.name}": ${apiErrorOf(fault.code).text}\n  (${fault.message})`;
}

const TRIES_MAX = 5;

/** Tries again what may be tried again, a little later each time; a limit by the minute is waited for. */
export async function patiently<T>(work: () => Promise<T>, note: (text: string) => void): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof Fault && apiErrorOf(error.code).kind === 'again';
      if (!isPassing || tries >= TRIES_MAX) throw error;
      const wait = error.code === '45011' ? MINUTE : 2 ** (tries - 1) * SECOND;
      note(l`${apiErrorOf(error.code).text} (${error.code}); trying again in ${wait / SECOND} s`);
      await sleep(wait);
    }
  }
}
