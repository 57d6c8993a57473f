// Where a counter lies in Redis. A follower's lie together in a row of their own, each under its name without the follower;
// all others, which everybody changes, lie in one row.
import { followerIn, placeOfFollower } from '../../core/audit/counter-name.ts';
import { type Named, naming } from './link/connection.ts';
import { KEY } from './link/keys.ts';

/** No `owner`: it is everybody's, and `field` is its whole name. */
type CounterPlace = readonly [owner: string, field: string];

export function counterPlace(name: string): CounterPlace {
  const owner = followerIn(name);
  if (!owner) return ['', name];
  const at = placeOfFollower(name);
  const field = name.slice(0, at) + name.slice(at + owner.length);
  // Nothing may be lost: a name that would not come back as it was stays as it is.
  return placeOfFollower(field) === at ? [owner, field] : ['', name];
}

/** The way back. */
export function counterNamed(owner: string, field: string): string {
  if (owner === '') return field;
  const at = placeOfFollower(field);
  return field.slice(0, at) + owner + field.slice(at);
}

/** As a script says which one is full: its owner, and behind a NUL the rest. */
export function counterSaid(said: string): string {
  const at = said.indexOf('\0');
  return at < 0 ? said : counterNamed(said.slice(0, at), said.slice(at + 1));
}

/** The rows in which these lie; that of everybody is in every script's text. */
export function counterKeys(counters: readonly { readonly name: string }[]): Named {
  const owners = new Set(counters.map(({ name }) => counterPlace(name)[0]));
  owners.delete('');
  return naming(...Array.from(owners, owner => KEY.own + owner));
}

/** Row by row: whose, how many, and their fields. `names`: in the order in which their values come. */
export function counterRows(counters: readonly string[]): { readonly args: string[]; readonly names: string[] } {
  const rows = new Map<string, { fields: string[]; names: string[] }>();
  for (const name of counters) {
    const [owner, field] = counterPlace(name);
    const row = rows.get(owner) ?? { fields: [], names: [] };
    rows.set(owner, row);
    row.fields.push(field);
    row.names.push(name);
  }
  return {
    args: [...rows].flatMap(([owner, { fields }]) => [owner, String(fields.length), ...fields]),
    names: [...rows.values()].flatMap(({ names }) => names),
  };
}
