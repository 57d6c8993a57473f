// What the flow gives a decision beside the rules and the facts, for commands that decide without writing.

import type { Config } from '../../config/config.ts';
import { BadInput } from '../../core/base/error.ts';
import { suggest } from '../../core/base/suggest.ts';
import type { Surroundings } from '../../core/decide/decide.ts';
import { seedsFrom } from '../../core/decide/draw.ts';

/** By account. A seed is worked out once for each campaign. */
export function surroundingsOf(config: Config): (account: string) => Surroundings {
  const seedOf = seedsFrom(config.secret);
  const pageOf = (account: string, campaign: string): string => `${config.publicUrl}/h5/${account}/${campaign}`;
  const known = new Map<string, Surroundings>();
  return name => {
    const before = known.get(name);
    if (before) return before;
    const merchant = config.merchants.get(config.accounts.get(name)?.merchant ?? '');
    const caps = merchant && { merchant: merchant.name, ...merchant.limits };
    const around = { merchant: caps, seedOf, pageOf, ...(config.blocked && { blocked: config.blocked }) };
    known.set(name, around);
    return around;
  };
}

/** The one that is named, or the only one there is. */
export function accountNamed(config: Config, name: string | undefined): string {
  const names = [...config.accounts.keys()];
  if (name === undefined && names.length === 1) return names[0]!;
  if (name === undefined) throw new BadInput(`name the account with --account: ${names.join(', ')}`);
  if (!names.includes(name)) throw new BadInput(`--account ${name}: there is no such account${suggest(name, names)}`);
  return name;
}
