// The thread behind `audit-half.ts`: it does what it is told, over a connection of its own.
import { parentPort, workerData } from 'node:worker_threads';
import { halfAudit } from '../../engine/audit/half.ts';
import type { Store } from '../../ports.ts';
import { openStore } from '../../storage/open.ts';
import type { FromThread, ThreadStore, ToThread } from './audit-half.ts';

let store: Store;
const half = halfAudit(moment => store.snapshot(moment));

async function answerTo(told: ToThread): Promise<FromThread> {
  switch (told.what) {
    case 'prepare':
      store = await openStore(...(workerData as ThreadStore));
      await (await store.snapshot()).close(); // the next ones open in no time: until they have perhaps nobody writes
      return 'ready';
    case 'open':
      await half.open(told.moment);
      return 'ready';
    case 'audit':
      return half.audit(told);
    case 'owners':
      return half.owners();
    case 'audit shelves':
      return half.auditShelves(told);
    default:
      return told satisfies never;
  }
}

parentPort!.on('message', (told: ToThread) => void answerTo(told).then(answer => parentPort!.postMessage(answer)));
