// `hongbao erase`: what is personal of a follower is deleted. Claims and payouts stay: they are books, and name an openid only.

import { BadInput } from '../../core/base/error.ts';
import { instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { eraseParcels } from '../../engine/goods/keep.ts';
import { writeDown } from '../shared/acts.ts';
import { confirm } from '../shared/confirm.ts';
import { type Common, EXIT, print, printJson, withStore } from '../shared/context.ts';
import { openIdOf } from '../shared/whom.ts';

export type EraseOptions = Common & { readonly yes?: boolean };

export function erase(written: string, options: EraseOptions): Promise<number> {
  return withStore(options, async (store, config) => {
    const user = await openIdOf(store, written);
    if (!options.yes) {
      const isSure = await confirm(t`Delete name, phone and address of ${user} for ever?`);
      if (isSure === undefined) throw new BadInput(t`nobody can be asked here; say --yes`);
      if (!isSure) return EXIT.findings;
    }
    await writeDown(store, 'erase', user);
    const accounts: string[] = [];
    for (const account of config.accounts.keys())
      if (await eraseParcels(store, account, user, instant(Date.now()))) accounts.push(account);
    if (options.json) printJson({ openid: user, erased: accounts });
    else if (accounts.length === 0) print(t`nothing personal was known of ${user}`);
    else
      print(
        t`name, phone and address of ${user} are deleted (${accounts.join(', ')}); what was not sent waits for a new address`,
      );
    return EXIT.fine;
  });
}
