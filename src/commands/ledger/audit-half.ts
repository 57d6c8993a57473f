// The second thread of an audit (核账): followers are nobody else's business, so half of them can be looked at elsewhere.
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { Fault } from '../../core/base/error.ts';
import { t } from '../../core/base/words/words.ts';
import type { AuditThread, HalfAsked, HalfFound } from '../../engine/audit-store.ts';
import { startThread } from '../../lib/thread.ts';

/** `address`: of the store that the thread opens as well. */
export function auditThread(address: string): () => AuditThread {
  return () => spokenWith(startThread('./audit-thread', import.meta.url, { workerData: address }));
}

/** What it is told, in this order; it answers each. */
export type ToThread = 'prepare' | 'open' | HalfAsked;
export type FromThread = 'ready' | HalfFound;

function spokenWith(worker: Worker): AuditThread {
  const answer = async (): Promise<FromThread> => {
    const over = new AbortController();
    const { signal } = over;
    try {
      return await Promise.race([
        once(worker, 'message', { signal }).then(([said]) => said as FromThread),
        once(worker, 'exit', { signal }).then(() => {
          throw new Fault('store', 'safe', 'thread-ended', t`the second thread of the audit ended before it was done`);
        }),
      ]);
    } finally {
      over.abort();
    }
  };
  const ask = (what: ToThread): Promise<FromThread> => {
    const said = answer();
    worker.postMessage(what);
    return said;
  };
  return {
    prepare: async () => void (await ask('prepare')),
    open: async () => void (await ask('open')),
    audit: async asked => (await ask(asked)) as HalfFound,
    end: async () => void (await worker.terminate()),
  };
}
