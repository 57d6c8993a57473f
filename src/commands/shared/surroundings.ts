// The account a command means.

import type { Config } from '../../config/config.ts';
import { BadInput } from '../../core/base/error.ts';
import { suggest } from '../../core/base/suggest.ts';
import { t } from '../../core/base/words/words.ts';

/** The one that is named, or the only one there is. */
export function accountNamed(config: Config, name: string | undefined): string {
  const names = [...config.accounts.keys()];
  if (name === undefined && names.length === 1) return names[0]!;
  if (name === undefined) throw new BadInput(t`name the account with --account: ${names.join(', ')}`);
  if (!names.includes(name)) throw new BadInput(t`--account ${name}: there is no such account${suggest(name, names)}`);
  return name;
}
