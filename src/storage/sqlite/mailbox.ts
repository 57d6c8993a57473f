// Mailboxes in the SQLite file.

import { type JsonText, saidBy } from '../../core/base/json-text.ts';
import type { Facts } from '../../core/match/facts.ts';
import type { Mailbox, Person, Store } from '../../ports.ts';
import { checkMailbox, checkPerson, pendingOf } from '../shared/mailbox.ts';
import type { Access } from './group-commit.ts';
import type { Database, Statement } from './schema.ts';
import type { SureOfFile } from './sure.ts';

/** Sent and owed as JSON; NULL: nothing is owed. */
export type MailboxRow = {
  readonly version: number;
  readonly sent: JsonText<Mailbox['sent']>;
  readonly owed: Owed | null;
};
export type OwedRow = { readonly version: number; readonly owed: Owed };
type Owed = JsonText<Mailbox['pending']>;

/** By account and follower: what is owed, if anything is. */
export const OWED = 'SELECT version, owed FROM mailbox WHERE account = ? AND user = ? AND owed IS NOT NULL';
/** By account, follower and version: it is owed no more. Changes nothing if the version is another one. */
export const TOLD =
  'UPDATE mailbox SET owed = NULL, version = version + 1 WHERE account = ? AND user = ? AND version = ?';

export function pendingFactOf(row: OwedRow | undefined): Pick<Facts, 'pending'> {
  return row ? { pending: pendingOf(row.version, saidBy(row.owed)) } : {};
}

export function mailboxOf({ version, sent, owed }: MailboxRow): Mailbox {
  return {
    version,
    sent: saidBy(sent),
    pending: owed === null ? [] : saidBy(owed),
  };
}

/** As the columns hold it. */
export function pendingText({ pending: owed }: Pick<Mailbox, 'pending'>): string | null {
  return owed.length === 0 ? null : JSON.stringify(owed);
}

type Mailboxes = Pick<Store, 'mailbox' | 'putMailbox' | 'mailboxesOwing'>;

export function mailboxesIn(db: Database, { mayBeOwed }: SureOfFile, { read, write }: Access): Mailboxes {
  const prepare = <Row>(text: string): Statement<Row> => db.prepare<Row>(text);
  const find = prepare<MailboxRow>('SELECT version, sent, owed FROM mailbox WHERE account = ? AND user = ?');
  const add = prepare(`INSERT INTO mailbox (account, user, version, sent, owed) VALUES (?, ?, 1, ?, ?)
    ON CONFLICT (account, user) DO NOTHING`);
  const change = prepare(`UPDATE mailbox SET version = version + 1, sent = ?, owed = ?
    WHERE account = ? AND user = ? AND version = ?`);
  const owing = prepare<Person>(`SELECT account, user FROM mailbox WHERE owed IS NOT NULL AND (account, user) > (?, ?)
    ORDER BY account, user LIMIT ?`);
  return {
    mailbox: async (account, user) => {
      checkPerson(account, user);
      const row = await read(() => find.get(account, user));
      return row && mailboxOf(row);
    },
    putMailbox: async (account, user, mailbox, seen) => {
      checkPerson(account, user);
      checkMailbox(mailbox, seen);
      if (mailbox.pending.length > 0) mayBeOwed(`${account}/${user}`);
      const [sent, owed] = [JSON.stringify(mailbox.sent), pendingText(mailbox)];
      const put = () => (seen === 0 ? add.run(account, user, sent, owed) : change.run(sent, owed, account, user, seen));
      return (await write(put)).changes > 0;
    },
    mailboxesOwing: (limit, after) =>
      read(() =>
        owing.all(after?.account ?? '', after?.user ?? '', limit).map(({ account, user }) => ({ account, user })),
      ),
  };
}
