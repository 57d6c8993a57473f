// What must fit together in `was:` and `new:`: a name stands for one thing for ever.

import type { Place } from '../../base/error.ts';
import { t, type Wording } from '../../base/words/words.ts';
import type { Draft, Located } from '../../yaml/schema.ts';
import type { Say } from '../schema/written.ts';
import type { Checking } from './common.ts';

/** As it is written. `at`: where its own name stands, if that has a place. */
type Written = {
  readonly name: string;
  readonly line?: number;
  readonly was?: readonly Draft<Located<string>>[] | undefined;
  readonly new?: { readonly at: Place } | undefined;
};

export function checkNames({ file, say }: Checking): void {
  const { campaign, was, new: isNew } = file;
  if (campaign) checkOne(t`campaign`, [{ name: campaign.value, was, new: isNew }], say);
  const rules = (file.rules ?? []).flatMap(({ value: { id, ...rule } }) =>
    id ? [{ ...rule, name: id.value, line: id.at.line }] : [],
  );
  checkOne(t`rule`, rules, say);
  const rounds = (file.rounds ?? []).flatMap(({ value: { name, ...round } }) =>
    name ? [{ ...round, name: name.value, line: name.at.line }] : [],
  );
  checkOne(t`round`, rounds, say);
  checkOne(t`prize`, named(file.prizes), say);
  checkOne(t`wallet`, named(file.wallets), say);
}

function named(all: ReadonlyMap<string, Omit<Written, 'name'> | null | undefined> | undefined): Written[] {
  return [...(all ?? [])].map(([name, each]) => ({ ...each, name }));
}

function checkOne(what: Wording, all: readonly Written[], say: Say): void {
  const taken = new Map<string, string>();
  for (const { name, was = [], new: isNew } of all) {
    if (isNew && was.length > 0)
      say(
        isNew.at,
        t`\`was\` says that the ${what} is another one renamed, \`new\` that it is none; write one of them`,
      );
    for (const { value, at } of was) {
      const there = all.find(each => each.name === value);
      const owner = taken.get(value);
      if (value === name) say(at, t`"${value}" is its own name; \`was\` says what the ${what} was called before`);
      else if (there)
        say(
          at,
          t`\`was: ${value}\`: the ${what} "${value}" is still there${there.line === undefined ? '' : t`, in line ${there.line}`}; leave \`was\` out, or take that one out`,
        );
      else if (owner === name) say(at, t`"${value}" stands in \`was\` twice`);
      else if (owner !== undefined)
        say(at, t`"${owner}" was "${value}" already; a ${what} goes on as one other, so only one of them can say it`);
      taken.set(value, owner ?? name);
    }
  }
}
