// What stands behind the question mark of an address → its parameters. WeChat's have no escapes, and are only cut.
import type { Query } from '../ports.ts';

/** What stands there twice says nothing: it could be read in two ways. */
export function splitQuery(search: string): Query {
  const query: Record<string, string | undefined> = {};
  if (/[%+]/.test(search)) {
    for (const [name, value] of new URLSearchParams(search)) add(query, name, value);
    return query;
  }
  for (let at = 0; at < search.length; ) {
    const found = search.indexOf('&', at);
    const end = found < 0 ? search.length : found;
    const sign = search.indexOf('=', at);
    const nameEnd = sign < 0 || sign > end ? end : sign;
    if (end > at) add(query, search.slice(at, nameEnd), search.slice(Math.min(nameEnd + 1, end), end));
    at = end + 1;
  }
  return query;
}

function add(query: Record<string, string | undefined>, name: string, value: string): void {
  query[name] = Object.hasOwn(query, name) ? undefined : value;
}
