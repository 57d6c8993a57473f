// How often an event asks the store before it is answered: each time is a way over the network, and a wait for a disk.
import { describe, expect, test } from 'vitest';
import { type Event, eventKey, type Happening } from '../../src/core/base/event.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import { createFlow } from '../../src/engine/flow.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Store } from '../../src/ports.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { configOf } from '../support/config.ts';
import { campaignsOf, NOON, openId, rulesOf } from '../support/counted-shop.ts';
import { isMap, read } from '../support/json.ts';

/** Answers the event, and says which of the store's methods were called meanwhile. A chat's commit never ends. */
async function callsFor(store: Store, happening: Happening, key: string): Promise<string[]> {
  const calls: string[] = [];
  const counted = new Proxy(store, {
    get: (its, name: keyof Store) => {
      const method = its[name];
      if (typeof method !== 'function') return method;
      return (...args: unknown[]) => {
        calls.push(name);
        if (name === 'commit' && read(args[0], isMap).claim === undefined) return new Promise(() => {});
        return Reflect.apply(method, its, args);
      };
    },
  });
  const flow = createFlow({
    clock: () => NOON,
    store: counted,
    log: SILENT,
    config: configOf(),
    book: () => bookOf(campaignsOf(rulesOf()), ['tea']),
    planned: () => {},
  });
  const event: Event = { key: eventKey(key), account: 'tea', user: openId('ann'), sentAt: NOON, ...happening };
  await flow.handle(event);
  return calls;
}

describe('the store is asked', () => {
  test('twice for a claim, once for a redelivery, once before a chat is answered', async () => {
    const store = await openSqlite(':memory:');
    expect(await callsFor(store, { kind: 'text', text: '红包' }, 'm:1')).toEqual(['begin', 'commit']);
    expect(await callsFor(store, { kind: 'text', text: '红包' }, 'm:1')).toEqual(['begin']);
    expect(await callsFor(store, { kind: 'text', text: '你好' }, 'm:2')).toEqual(['begin', 'commit']);
    await store.close();
  });
});
