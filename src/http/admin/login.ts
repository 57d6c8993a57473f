// Who may come in: name, password and, where there is one, a second factor. Whoever guesses waits longer and longer, by their
// address and by the name they try; but nobody can shut an owner out: a try is put off, not refused, and a browser in which
// somebody has signed in before does not wait for what others do.

import type { AdminConfig, Operator } from '../../config/admin.ts';
import { type Instant, MINUTE, SECOND } from '../../core/base/time.ts';
import { hashOf, isHash, isPassword } from '../../lib/password.ts';
import { createMemory } from '../../lib/rate-limiter.ts';
import { createSecondFactor, type SecondFactor } from '../../lib/totp.ts';
import type { Clock } from '../../ports.ts';

/** Mistakes are forgotten after so long without one. */
const FORGOTTEN_MS = 15 * MINUTE;
/** So many mistakes are anybody's. */
const FREE = { address: 4, name: 9, device: 4 } as const;
const DELAY_MAX_MS = 16 * SECOND;
const REMEMBERED_MAX = 10_000;
/** Tries that wait for their turn: more of one address are refused at once. A browser we know has a room of its own. */
const WAITING_PER_ADDRESS = 3;
const WAITING_MAX = 40;

export type LoginTry = {
  readonly name: string;
  readonly password: string;
  readonly digits: string;
  readonly address: string;
  /** A mark of a browser in which this name has signed in before. */
  readonly device?: string;
};

export type Login = {
  /** `busy`: too many wait already. */
  try(attempt: LoginTry): Promise<Operator | 'wrong' | 'busy'>;
};

type LoginPorts = {
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly operators: AdminConfig['operators'];
  /** Whose it is. Absent: by the hashes of the operators. */
  readonly judge?: (attempt: LoginTry) => Promise<Operator | undefined>;
};

/** What a try is counted under, and how many mistakes of it are free; the first is where it waits. */
type Keys = [[key: string, free: number], ...[key: string, free: number][]];
type Mistakes = { count: number; at: Instant };

export function createLogin({ clock, sleep, operators, judge = createJudge(operators, clock) }: LoginPorts): Login {
  const mistakes = createMemory<Mistakes>(REMEMBERED_MAX);
  const waiting = new Map<string, number>();
  let strangers = 0;
  let turn: Promise<unknown> = Promise.resolve();

  const countOf = (key: string): number => {
    const found = mistakes.get(key);
    return found && Math.abs(clock() - found.at) < FORGOTTEN_MS ? found.count : 0;
  };
  const keysOf = ({ name, address, device }: LoginTry): Keys => {
    const own = device === undefined ? undefined : `device ${device}`;
    if (own !== undefined && countOf(own) <= FREE.device) return [[own, FREE.device]];
    return [
      [`address ${address}`, FREE.address],
      [`name ${name.toLowerCase()}`, FREE.name],
    ];
  };
  /** One at a time: a hash takes a core and 32 MB. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };

  return {
    async try(attempt) {
      const keys = keysOf(attempt);
      const [[room]] = keys;
      const isStrange = !room.startsWith('device ');
      const before = waiting.get(room) ?? 0;
      if (before >= WAITING_PER_ADDRESS || (isStrange && strangers >= WAITING_MAX)) return 'busy';
      waiting.set(room, before + 1);
      if (isStrange) strangers++;
      try {
        const wait = Math.max(...keys.map(([key, free]) => delayAfter(countOf(key) - free)));
        if (wait > 0) await sleep(wait);
        const found = await inTurn(() => judge(attempt));
        for (const [key] of keys)
          if (!found) mistakes.set(key, { count: countOf(key) + 1, at: clock() });
          else if (!key.startsWith('name ')) mistakes.set(key, { count: 0, at: clock() });
        return found ?? 'wrong';
      } finally {
        if (isStrange) strangers--;
        const left = waiting.get(room)! - 1;
        if (left > 0) waiting.set(room, left);
        else waiting.delete(room);
      }
    },
  };
}

export function delayAfter(mistakes: number): number {
  return mistakes <= 0 ? 0 : Math.min(SECOND * 2 ** (mistakes - 1), DELAY_MAX_MS);
}

/** Takes as long for a name that nobody has. */
function createJudge(operators: readonly Operator[], clock: Clock) {
  const hashes = new Map<string, Promise<string>>();
  const factors = new Map<string, SecondFactor>();
  for (const { name, totp } of operators) if (totp !== undefined) factors.set(name, createSecondFactor(totp));
  const hashFor = (operator: Operator | undefined): Promise<string> => {
    const key = operator?.name ?? '';
    const known = hashes.get(key);
    if (known !== undefined) return known;
    const password = operator?.password ?? String(clock());
    const made = isHash(password) ? Promise.resolve(password) : hashOf(password);
    hashes.set(key, made);
    return made;
  };
  return async ({ name, password, digits }: LoginTry): Promise<Operator | undefined> => {
    const plain = name.trim().toLowerCase();
    const operator = operators.find(each => each.name.toLowerCase() === plain);
    const isRight = await isPassword(password, await hashFor(operator));
    if (!operator || !isRight) return undefined;
    const factor = factors.get(operator.name);
    return !factor || factor.take(digits.normalize('NFKC').replace(/\s/g, ''), clock()) ? operator : undefined;
  };
}
