// Mailboxes in Redis, in two halves: version and what was sent, and what is owed, which most have nothing of.
import { openId } from '../../core/base/event.ts';
import type { Mailbox, Person, Store } from '../../ports.ts';
import { checkMailbox, checkPerson } from '../shared/mailbox.ts';
import { type Connection, scriptOf } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { onceArgs, whole } from './rows.ts';
import { MAILBOX, ONCE, PRELUDE } from './write-scripts.ts';

const GET = scriptOf<[string | null, string | null]>(`${PRELUDE}
local person = arg()
return { redis.call('HGET', P .. '${KEY.mailbox}', person), redis.call('HGET', P .. '${KEY.mailboxOwed}', person) }
`);

/** 1, or 0 if it has another version by now. */
const PUT = scriptOf(`${PRELUDE}${ONCE}${MAILBOX}
local person, seen = arg(), arg()
local before = redis.call('HGET', P .. '${KEY.mailbox}', person)
if (before and string.match(before, '^%d+') or '0') ~= seen then return '0' end
setMailbox(person, arg(), arg())
return say('1')
`);

const OWING = scriptOf<string[]>(`${PRELUDE}
return redis.call('ZRANGEBYLEX', P .. '${KEY.mailboxOwing}', arg(), '+', 'LIMIT', '0', arg())
`);

type Mailboxes = Pick<Store, 'mailbox' | 'putMailbox' | 'mailboxesOwing'>;

export function mailboxesOn(run: Connection['run']): Mailboxes {
  return {
    mailbox: async (account, user) => {
      checkPerson(account, user);
      const [sent, pending] = await run(GET, `${account}/${user}`);
      return sent === null ? undefined : mailboxFrom(sent, pending ?? '');
    },
    putMailbox: async (account, user, mailbox, seen) => {
      checkPerson(account, user);
      checkMailbox(mailbox, seen);
      const args = mailboxArgs({ ...mailbox, version: seen + 1 });
      return (await run(PUT, ...onceArgs(), `${account}/${user}`, whole(seen), ...args)) === '1';
    },
    mailboxesOwing: async (limit, after) => {
      const first = after === undefined ? '-' : `(${after.account}/${after.user}`;
      return (await run(OWING, first, whole(limit))).map(personOf);
    },
  };
}

/** Each half begins with the version. */
export function mailboxArgs({ version, sent, pending }: Mailbox): [sent: string, pending: string] {
  const half = (rows: readonly unknown[]): string => `${whole(version)} ${JSON.stringify(rows)}`;
  return [half(sent), pending.length === 0 ? '' : half(pending)];
}

export function mailboxFrom(sent: string, pending: string): Mailbox {
  const [version, times] = halfOf(sent);
  return {
    version,
    sent: JSON.parse(times) as Mailbox['sent'],
    pending: pending === '' ? [] : owedIn(pending)[1],
  };
}

export function owedIn(pending: string): [version: number, texts: Mailbox['pending']] {
  const [version, texts] = halfOf(pending);
  return [version, JSON.parse(texts) as Mailbox['pending']];
}

function halfOf(text: string): [version: number, rows: string] {
  const space = text.indexOf(' ');
  return [Number(text.slice(0, space)), text.slice(space + 1)];
}

export function personOf(text: string): Person {
  const slash = text.indexOf('/');
  return { account: text.slice(0, slash), user: openId(text.slice(slash + 1)) };
}
