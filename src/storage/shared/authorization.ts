// What both stores hold of an authorization (免确认收款授权): a text beside its version.

import assert from 'node:assert/strict';
import type { Authorization, HeldAuthorization } from '../../core/payout/authorization.ts';

export function checkAuthorization({ merchant, user }: Authorization, seen: number): void {
  assert(Number.isSafeInteger(seen) && seen >= 0, `an authorization has a version: ${seen}`);
  // SQLite's driver cuts a text at its first NUL; a slash ends the merchant's name in Redis.
  assert(/^[^\0/]+$/.test(merchant) && /^[^\0]+$/.test(user), 'an authorization is of a merchant and a follower');
}

export function authorizationText(authorization: Authorization & Partial<HeldAuthorization>): string {
  const { version: _, ...rest } = authorization;
  return JSON.stringify(rest);
}

export function authorizationFrom(version: number, text: string): HeldAuthorization {
  return { ...(JSON.parse(text) as Authorization), version };
}
