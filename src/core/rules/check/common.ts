// What every check of a rule file is given.
import type { Written } from '../language/file.ts';
import type { RuleChecking } from '../schema/written.ts';

/** What is known around the rule files. */
export type Known = {
  /** The accounts in bot.yaml. */
  readonly accounts: readonly string[];
};

export type Checking = RuleChecking & { readonly file: Written; readonly known: Known | undefined };

/** The wallets into which some rule or prize puts something. */
export function earnedIn({ rules, prizes }: Written): ReadonlySet<string> {
  const all = [
    ...(rules ?? []).map(({ value: { earn } }) => earn),
    ...[...(prizes?.values() ?? [])].map(each => each?.earn),
  ];
  return new Set(all.flatMap(earn => (earn?.value ?? []).flatMap(({ key }) => key?.value ?? [])));
}
