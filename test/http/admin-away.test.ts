// The dashboard while the store or a reader goes away: what is shown is whole or says that it is not, the bot goes on, and it comes
// back by itself.
import { get as ask, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../../src/core/base/error.ts';
import type { Claim } from '../../src/core/decide/decision.ts';
import type { Store } from '../../src/ports.ts';
import { aCommit } from '../storage/store.contract.ts';
import { type AdminWorld, passwordOf, startAdmin } from '../support/admin-world.ts';
import { until } from '../support/harness.ts';

let admin: AdminWorld;
/** Whether a call fails now, the so-manieth of its name. */
let isAway: (call: string, times: number) => boolean = () => false;
const times = new Map<string, number>();
let [opened, closed] = [0, 0];
/** Whether the books have no last page. */
let isEndless = false;
async function* endless(): AsyncGenerator<Claim[]> {
  const { claim } = aCommit();
  for (;;) yield Array.from({ length: 500 }, () => ({ ...claim, campaign: 'test', prize: 'gift' }));
}

/** A store that can be taken away, call by call. */
function wrap(store: Store): Store {
  const failing =
    <Parts extends readonly unknown[], Result>(name: string, call: (...parts: Parts) => Promise<Result>) =>
    (...parts: Parts): Promise<Result> => {
      times.set(name, (times.get(name) ?? 0) + 1);
      return isAway(name, times.get(name)!)
        ? Promise.reject(new Fault('store', 'safe', 'unreachable', 'the store is away'))
        : call(...parts);
    };
  const wrapped = new Proxy(store, {
    get(its, name: keyof Store) {
      const call = its[name];
      return typeof call === 'function' ? failing(name, (...parts) => Reflect.apply(call, its, parts)) : call;
    },
  });
  const { acts } = store;
  return {
    ...wrapped,
    acts: { ...acts, append: failing('append', acts.append), list: failing('list', acts.list) },
    async snapshot() {
      const snapshot = await wrapped.snapshot();
      opened++;
      const close = async (): Promise<void> => {
        closed++;
        await snapshot.close();
      };
      return { ...snapshot, close, ...(isEndless && { claims: () => ({ ...snapshot.claims(), pages: endless }) }) };
    },
  };
}

beforeAll(async () => {
  admin = await startAdmin({ wrap });
  for (let n = 0; n < 120; n++)
    await admin.world.store.commit(aCommit({ user: `o${'Away'.padEnd(20, '0')}${String(n).padStart(7, '0')}` }));
});
afterEach(() => {
  isAway = () => false;
  isEndless = false;
});
afterAll(() => admin.close());

/** The head of an answer; its body comes as it is read. */
const begin = (path: string, cookie: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    ask(`${admin.url}/admin/api/${path}`, { headers: { cookie } }, resolve).on('error', reject);
  });

describe('a list as a file', () => {
  test('whose store goes away in the middle ends torn, not as if it were whole; the bot goes on', async () => {
    const li = await admin.signIn('li');
    times.clear();
    isAway = (call, so) => call === 'payouts' && so > 1;
    await expect(admin.get('api/payouts.csv?filter=all', li)).rejects.toThrow();
    isAway = () => false;
    const whole = await admin.get('api/payouts.csv?filter=all', li);
    expect([whole.status, whole.text.trim().split('\r\n').length]).toEqual([200, 121]);
  });

  test('that somebody leaves before its end holds no books open', async () => {
    const li = await admin.signIn('li');
    const before = opened;
    isEndless = true;
    const answer = await begin('winners.csv?campaign=test&list=public', li.cookie);
    answer.once('data', () => answer.destroy());
    await until(() => opened > before && closed === opened);
  });
});

test('who signs in while the store is away is told so by the form, and is let in once it is back', async () => {
  const form = { name: 'mei', password: passwordOf('mei') };
  isAway = () => true;
  const answer = await admin.tryLogin(form);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([503, 'text/html; charset=utf-8']);
  expect(answer.headers.getSetCookie()).toEqual([]);
  expect(await answer.text()).toMatch(/role="alert">存储暂时连不上/);
  isAway = () => false;
  expect((await admin.tryLogin(form)).status).toBe(303);
});
