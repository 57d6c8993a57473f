// Authorizations to be paid without a tap (免确认收款授权), in the SQLite file: one row for each follower and merchant.

import type { HeldAuthorization } from '../../core/payout/authorization.ts';
import type { Store } from '../../ports.ts';
import { authorizationFrom, authorizationText, checkAuthorization } from '../shared/authorization.ts';
import type { Access } from './group-commit.ts';
import type { Database, Statement } from './schema.ts';

export type AuthorizationRow = {
  readonly merchant: string;
  readonly user: string;
  readonly version: number;
  readonly what: string;
};

/** The columns of a `SELECT` that gives an `AuthorizationRow`. */
export const AUTHORIZATION = 'merchant, user, version, what';

export function authorizationOf({ version, what }: AuthorizationRow): HeldAuthorization {
  return authorizationFrom(version, what);
}

type Authorizations = Pick<Store, 'authorization' | 'putAuthorization' | 'authorizations'>;

export function authorizationsIn(db: Database, { read, write }: Access): Authorizations {
  const prepare = (text: string): Statement<AuthorizationRow> => db.prepare<AuthorizationRow>(text);
  const find = prepare(`SELECT ${AUTHORIZATION} FROM authorization WHERE merchant = ? AND user = ?`);
  const add = prepare(`INSERT INTO authorization (merchant, user, version, what) VALUES (?, ?, 1, ?)
    ON CONFLICT (merchant, user) DO NOTHING`);
  const change = prepare(`UPDATE authorization SET version = version + 1, what = ?
    WHERE merchant = ? AND user = ? AND version = ?`);
  const list = prepare(`SELECT ${AUTHORIZATION} FROM authorization WHERE (merchant, user) > (?, ?)
    ORDER BY merchant, user LIMIT ?`);
  return {
    authorization: async (merchant, user) => {
      const row = await read(() => find.get(merchant, user));
      return row && authorizationOf(row);
    },
    putAuthorization: async (authorization, seen) => {
      checkAuthorization(authorization, seen);
      const { merchant, user } = authorization;
      const what = authorizationText(authorization);
      return (
        (await write(() => (seen === 0 ? add.run(merchant, user, what) : change.run(what, merchant, user, seen))))
          .changes > 0
      );
    },
    authorizations: (limit, after) =>
      read(() => list.all(after?.merchant ?? '', after?.user ?? '', limit).map(authorizationOf)),
  };
}
