// Authorizations to be paid without a tap (免确认收款授权), in Redis: one hash.
import type { HeldAuthorization } from '../../core/payout/authorization.ts';
import type { Store } from '../../ports.ts';
import { authorizationFrom, authorizationText, checkAuthorization } from '../shared/authorization.ts';
import { type Connection, scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { newToken, whole } from './rows.ts';
import { ONCE, PRELUDE } from './write-scripts.ts';

const GET = scriptOf<string | null>(`${PRELUDE}
return redis.call('HGET', P .. '${KEY.authorization}', arg())
`);

/** 1, or 0 if it has another version by now. */
const PUT = scriptOf(`${PRELUDE}${ONCE}
local whose, seen = arg(), arg()
local before = redis.call('HGET', P .. '${KEY.authorization}', whose)
if (before and string.match(before, '^%d+') or '0') ~= seen then return '0' end
redis.call('HSET', P .. '${KEY.authorization}', whose, arg())
return say('1')
`);

/** Where to go on, then fields and values. */
const SCAN = scriptOf<[string, ...string[]]>(`${PRELUDE}
local found = redis.call('HSCAN', P .. '${KEY.authorization}', arg(), 'COUNT', '200')
return { found[1], unpack(found[2]) }
`);

type Authorizations = Pick<Store, 'authorization' | 'putAuthorization' | 'authorizations'>;

export function authorizationsOn(run: Connection['run']): Authorizations {
  return {
    authorization: async (merchant, user) => {
      const found = await run(GET, `${merchant}/${user}`);
      return found === null ? undefined : authorizationIn(found);
    },
    putAuthorization: async (authorization, seen) => {
      checkAuthorization(authorization, seen);
      const [whose, text] = authorizationArgs({ ...authorization, version: seen + 1 });
      return (await run(PUT, newToken(), whose, whole(seen), text)) === '1';
    },
    /** A hash has no order of its own: all of it is looked through, which a person asks for now and then. */
    authorizations: async (limit, after) => {
      const found = new Map<string, HeldAuthorization>();
      for (let cursor = '0'; ; ) {
        const [next, ...rows] = await run(SCAN, cursor);
        for (let n = 0; n < rows.length; n += 2) found.set(rows[n]!, authorizationIn(rows[n + 1]!));
        if (next === '0') break;
        cursor = next;
      }
      const isBehind = (each: HeldAuthorization): boolean => after === undefined || isBefore(after, each);
      const inOrder = [...found.values()].filter(isBehind).sort((one, other) => (isBefore(one, other) ? -1 : 1));
      return inOrder.slice(0, limit);
    },
  };
}

type Whose = Pick<HeldAuthorization, 'merchant' | 'user'>;
function isBefore(one: Whose, other: Whose): boolean {
  return one.merchant === other.merchant ? one.user < other.user : one.merchant < other.merchant;
}

export function authorizationArgs(authorization: HeldAuthorization): [whose: string, text: string] {
  const { merchant, user, version } = authorization;
  return [`${merchant}/${user}`, `${whole(version)} ${authorizationText(authorization)}`];
}

export function authorizationIn(text: string): HeldAuthorization {
  const space = text.indexOf(' ');
  return authorizationFrom(Number(text.slice(0, space)), text.slice(space + 1));
}
