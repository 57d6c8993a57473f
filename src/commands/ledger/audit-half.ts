// The second thread of an audit (核账): followers are nobody else's business, so half of them can be looked at elsewhere.
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { Fault } from '../../core/base/error.ts';
import { t } from '../../core/base/words/words.ts';
import type { AuditThread, HalfAsked, HalfFound, OwnersFound, ShelvesAsked } from '../../engine/audit/half.ts';
import { startThread } from '../../lib/thread.ts';
import type { StoreOptions } from '../../storage/open.ts';

/** What it reads is looked at once and gone: room for more of it costs memory and gives no time. */
const YOUNG_MB = 20;

/** `address` and `options`: of the store that the thread opens as well. */
export function auditThread(address: string, { acceptLoss, replicas }: StoreOptions = {}): () => AuditThread {
  const opened: ThreadStore = [address, { ...(acceptLoss && { acceptLoss }), ...(replicas && { replicas }) }];
  return () =>
    spokenWith(
      startThread('./audit-thread', import.meta.url, {
        workerData: opened,
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      }),
    );
}

export type ThreadStore = readonly [address: string, options: StoreOptions];
/** What it is told, in this order; it answers each. */
export type ToThread =
  | { readonly what: 'prepare' }
  | { readonly what: 'open'; readonly moment: string }
  | ({ readonly what: 'audit' } & HalfAsked)
  | { readonly what: 'owners' }
  | ({ readonly what: 'audit shelves' } & ShelvesAsked);
type Answers = {
  readonly prepare: 'ready';
  readonly open: 'ready';
  readonly audit: HalfFound;
  readonly owners: OwnersFound;
  readonly 'audit shelves': HalfFound;
};
export type FromThread = Answers[keyof Answers];

function spokenWith(worker: Worker): AuditThread {
  const ask = async <What extends keyof Answers>(told: ToThread & { readonly what: What }): Promise<Answers[What]> => {
    const over = new AbortController();
    const { signal } = over;
    try {
      const said = Promise.race([
        once(worker, 'message', { signal }).then(([answer]) => answer as Answers[What]),
        once(worker, 'exit', { signal }).then(() => {
          throw new Fault('store', 'safe', 'thread-ended', t`the second thread of the audit ended before it was done`);
        }),
      ]);
      worker.postMessage(told);
      return await said;
    } finally {
      over.abort();
    }
  };
  return {
    prepare: async () => void (await ask({ what: 'prepare' })),
    open: async moment => void (await ask({ what: 'open', moment })),
    audit: asked => ask({ what: 'audit', ...asked }),
    owners: () => ask({ what: 'owners' }),
    auditShelves: asked => ask({ what: 'audit shelves', ...asked }),
    end: async () => void (await worker.terminate()),
  };
}
