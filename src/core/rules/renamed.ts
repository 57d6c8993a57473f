// Names that change while a campaign is live. What has a name keeps the first one inside, in its claims, its counters and
// the journal, so that nothing in a store is ever rewritten; people see the one it has today.
import type { Campaign, Prize, Rule } from './campaign.ts';

/** Of what has a name: how the file calls it, where that is another one than inside. */
export type Named = {
  /** The name in the file today. Absent: the one inside. */
  readonly called?: string;
  /** Its other names from the second one on, today's included: under one of them it may have been claimed as well. */
  readonly names?: readonly string[];
  /** The file says that it is no other one under a new name. */
  readonly isNew?: true;
};

/** A name as it is written, with what `was:` and `new:` say beside it. `was`: the oldest first. */
export function namedBy(
  written: string,
  was: readonly string[] = [],
  isNew?: boolean,
): { readonly id: string; readonly named: Named } {
  const [first = written, ...others] = was;
  const renamed = was.length > 0 ? { called: written, names: [...others, written] } : {};
  return { id: first, named: { ...renamed, ...(isNew && { isNew: true }) } };
}

export function calledOf({ id, called }: Named & { readonly id: string }): string {
  return called ?? id;
}

export function prizeCalled({ name, called }: Named & { readonly name: string }): string {
  return called ?? name;
}

/** Every name it ever had, the first one first. */
export function namesOf({ id, names = [] }: Named & { readonly id: string }): readonly string[] {
  return [id, ...names];
}

/** The one that bears this name, or bore it once; a file gives no name to two. So also who a claim is of, whenever it was made. */
export function named<T extends Named & { readonly id: string }>(all: readonly T[], name: string): T | undefined {
  return all.find(each => calledOf(each) === name) ?? all.find(each => namesOf(each).includes(name));
}

/** The name inside of a prize by any name it has or had, such as one that stands on printed codes. */
export function prizeNamed({ prizes }: Campaign, name: string): Prize | undefined {
  return prizes.get(name) ?? [...prizes.values()].find(({ names }) => names?.includes(name));
}

// ── As people see it ─────────────────────────────────────────────────────────────────────────────────────────

const seen = new WeakMap<Campaign, Campaign>();

/**
 * The campaign with the names of its file in the place of those inside: for whatever speaks of the file and touches no
 * store (descriptions, warnings, simulations).
 */
export function asWritten(campaign: Campaign): Campaign {
  const before = seen.get(campaign) ?? withNames(campaign);
  seen.set(campaign, before);
  return before;
}

function withNames(campaign: Campaign): Campaign {
  const { prizes, wallets, rounds, rules } = campaign;
  const all = [campaign, ...prizes.values(), ...wallets.values(), ...rounds, ...rules];
  if (all.every(({ called }) => called === undefined)) return campaign;
  const plain = <T extends Named>({ called: _, names: __, ...rest }: T): Omit<T, 'called' | 'names'> => rest;
  const prizeOf = (name: string): string => prizeCalled(prizes.get(name) ?? { name });
  const walletOf = (name: string): string => prizeCalled(wallets.get(name) ?? { name });
  const ruleOf = (id: string): string => calledOf(rules.find(each => each.id === id) ?? { id });
  const purse = (amounts: Rule['earn']): Rule['earn'] => new Map([...amounts].map(([name, n]) => [walletOf(name), n]));
  return {
    ...plain(campaign),
    id: calledOf(campaign),
    prizes: new Map(
      [...prizes.values()].map(prize => {
        const adds = prize.kind === 'earn' ? { adds: purse(prize.adds) } : {};
        const to = prize.fallbackTo === undefined ? {} : { fallbackTo: prizeOf(prize.fallbackTo) };
        return [prizeCalled(prize), { ...plain(prize), ...adds, ...to, name: prizeCalled(prize) } as Prize];
      }),
    ),
    wallets: new Map(
      [...wallets.values()].map(each => [prizeCalled(each), { ...plain(each), name: prizeCalled(each) }]),
    ),
    rounds: rounds.map(each => ({ ...plain(each), name: prizeCalled(each) })),
    rules: rules.map(rule => ({
      ...plain(rule),
      id: calledOf(rule),
      give: rule.give.map(prizeOf),
      ...(rule.giveAt && { giveAt: new Map([...rule.giveAt].map(([n, names]) => [n, names.map(prizeOf)])) }),
      ...(rule.guaranteed && { guaranteed: { ...rule.guaranteed, give: rule.guaranteed.give.map(prizeOf) } }),
      earn: purse(rule.earn),
      spend: purse(rule.spend),
      ...(rule.makeUp !== undefined && { makeUp: ruleOf(rule.makeUp) }),
    })),
  };
}

type About = { readonly campaign: string; readonly rule: string; readonly prize?: string };

/** With the names of today, for people. Those that no campaign knows stay as they are. */
export function aboutCalled<T extends About>(one: T, campaigns: readonly Campaign[]): T {
  const campaign = campaigns.find(({ id }) => id === one.campaign);
  if (!campaign || asWritten(campaign) === campaign) return one;
  const rule = campaign.rules.find(({ id }) => id === one.rule);
  const called = { campaign: calledOf(campaign), ...(rule && { rule: calledOf(rule) }) };
  return { ...one, ...called, ...(one.prize !== undefined && { prize: prizeIn(campaign, one.prize) }) };
}

export function prizeIn({ prizes }: Campaign, name: string): string {
  return prizeCalled(prizes.get(name) ?? { name });
}
