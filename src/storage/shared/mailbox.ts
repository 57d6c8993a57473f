// What both stores go by when they hold mailboxes: how much fits into one, and whose it may be.

import assert from 'node:assert/strict';
import type { Facts } from '../../core/match/facts.ts';

import type { Commit, Mailbox } from '../../ports.ts';

/** More than WeChat's quota ever looks back at. */
const SENT_MAX = 50;
/** More than anybody would read at once. */
const PENDING_MAX = 50;

export function checkPerson(account: string, user: string): void {
  // SQLite's driver cuts a text at its first NUL; a slash ends the account's name in Redis.
  assert(/^[^\0/]+$/.test(account) && /^[^\0]+$/.test(user), 'a mailbox is of an account and a follower');
}

export function checkMailbox({ sent, pending }: Omit<Mailbox, 'version'>, seen: number): void {
  assert(Number.isSafeInteger(seen) && seen >= 0, `a mailbox has a version: ${seen}`);
  assert(
    sent.length <= SENT_MAX && pending.length <= PENDING_MAX,
    `a mailbox is full: ${sent.length} sent, ${pending.length} owed`,
  );
}

/** Where nothing is owed there is nothing to tell; a mailbox that is not there least of all. */
export function checkTold(told: Commit['told']): void {
  assert(
    !told || (Number.isSafeInteger(told.version) && told.version > 0),
    `a mailbox has a version: ${told?.version}`,
  );
}

export function pendingOf(version: number, texts: Mailbox['pending']): NonNullable<Facts['pending']> {
  return { version, texts: texts.map(({ id, text }) => ({ id, text })) };
}
