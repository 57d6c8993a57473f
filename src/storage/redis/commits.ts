// Commits on their way to Redis: those of one turn of the event loop go out as one script, so that they come to one fsync
// and one round trip. Each has its own verdict, and its own token: a group that is told twice is told the same.
import assert from 'node:assert/strict';
import { Fault } from '../../core/base/error.ts';
import { saidBy } from '../../core/base/json-text.ts';
import type { Commit, Committed } from '../../ports.ts';
import { checkTold } from '../shared/mailbox.ts';
import { counterKeys, counterSaid } from './counter-place.ts';
import { documentArgs } from './documents.ts';
import { journalText } from './journal-line.ts';
import { type Connection, type Named, naming } from './link/connection.ts';
import { KEY } from './link/keys.ts';
import { counterArgs, eventField, followerArgs, keysOfPayout, newToken, planArgs, whole } from './rows.ts';
import { COMMIT, type Verdict } from './write-scripts.ts';

type Run = Connection['run'];
type Waiting = {
  readonly args: readonly string[];
  readonly keys: Named;
  readonly tell: (verdict: Verdict) => void;
  readonly fail: (error: unknown) => void;
};

/** More would hold up everybody else: a commit takes Redis some tens of microseconds. */
const GROUP_MAX = 64;

type Commits = {
  commit(commit: Commit): Promise<Committed>;
  /** Sends those that wait: whatever is asked after them sees them. */
  leave(): void;
};

export function commitsOn(run: Run): Commits {
  let waiting: Waiting[] = [];
  const leave = (): void => {
    const all = waiting;
    waiting = [];
    for (let n = 0; n < all.length; n += GROUP_MAX) void send(run, all.slice(n, n + GROUP_MAX));
  };
  const commit: Commits['commit'] = async commit => {
    const args = commitArgs(commit);
    const keys = keysOf(commit);
    const verdict = new Promise<Verdict>((tell, fail) => {
      if (waiting.push({ args, keys, tell, fail }) === 1) setImmediate(leave);
    });
    return committedOf(await verdict);
  };
  return { commit, leave };
}

/** Never throws: everybody is told. */
async function send(run: Run, group: readonly Waiting[]): Promise<void> {
  try {
    const verdicts = await run(COMMIT, ...argsOf(group));
    for (const [n, { tell }] of group.entries()) tell(verdicts[n]!);
  } catch (error) {
    // One of them cannot be written, whichever: alone the others can. What was written before it knows its own token.
    if (group.length > 1 && error instanceof Fault && error.retry === 'never') {
      for (const each of group) await send(run, [each]);
    } else for (const { fail } of group) fail(error);
  }
}

function argsOf(group: readonly Pick<Waiting, 'args' | 'keys'>[]): (string | Named)[] {
  return group.flatMap(({ args, keys }) => [whole(args.length), ...args, keys]);
}

function keysOf({ event, payout, counters, beside = [] }: Commit): Named {
  const mine = KEY.journalUser + event.user;
  const payouts = [payout, ...beside.map(each => each.payout)].flatMap(each => each ?? []);
  return naming(mine, ...counterKeys(counters).keys, ...payouts.flatMap(each => keysOfPayout(each).keys));
}

/** One alone. Also for the bench, which sends the same to a bare client. */
export async function writeCommit(run: Run, commit: Commit): Promise<Committed> {
  const [verdict] = await run(COMMIT, ...argsOf([{ args: commitArgs(commit), keys: keysOf(commit) }]));
  return committedOf(verdict!);
}

function commitArgs(commit: Commit): string[] {
  const { event, seenAt, answer, decision, follower, claim, counters, payout, told } = commit;
  const { followsSeen, leftSeen, beside = [] } = commit;
  checkTold(told);
  assert(claim || !(payout ?? beside.length), `what is given comes with a claim: ${event.key}`);
  for (const each of [{ claim, payout }, ...beside])
    assert(!each.payout || each.payout.claimKey === each.claim?.key, `not its claim's payout: ${each.payout?.billNo}`);
  const token = newToken();
  return [
    ...[token, eventField(event.account, event.key), JSON.stringify(answer), whole(answer.at)],
    ...(claim ? [claim.key, JSON.stringify(claim)] : ['', '']),
    ...(follower ? followerArgs(follower) : ['', '']),
    ...[seen(followsSeen), `${event.account}/${event.user}`, seen(leftSeen), told ? whole(told.version) : ''],
    ...documentArgs(commit.documents ?? []),
    ...counterArgs(counters),
    ...[event.user, event.key, journalText({ at: seenAt, event, decision, reply: answer.reply })],
    ...planArgs(payout, token),
    whole(beside.length),
    ...beside.flatMap(each => [each.claim.key, JSON.stringify(each.claim), ...planArgs(each.payout, token)]),
  ];
}

/** What was not looked at may have changed. */
function seen(value: number | undefined): string {
  return value === undefined ? '' : whole(value);
}

function committedOf([kind, detail]: Verdict): Committed {
  switch (kind) {
    case 'answered':
      return { kind, answer: saidBy(detail) };
    case 'lost':
      return { kind, counter: counterSaid(detail) };
    case 'broken':
      throw new Fault('store', 'never', 'redis-broken', `the store failed: BROKEN ${detail}`);
    default:
      return { kind };
  }
}
