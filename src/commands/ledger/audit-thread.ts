// The thread behind `audit-half.ts`: it looks at the followers it is told of, and ends.
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { Audit } from '../../core/audit/audit.ts';
import { FOLLOWER } from '../../core/audit/counter-name.ts';
import { auditFollowers, type HalfAsked } from '../../engine/audit-store.ts';
import { openStore } from '../../storage/open.ts';
import type { FromThread, ToThread } from './audit-half.ts';

const port = parentPort!;
const next = async (): Promise<ToThread> => ((await once(port, 'message')) as [ToThread])[0];
/** From then on it waits for what it is told next. */
const say = (what: FromThread): Promise<ToThread> => {
  const told = next();
  port.postMessage(what);
  return told;
};

await next(); // to prepare
const store = await openStore(workerData as string);
await (await store.books()).close(); // the next ones open in no time: until they have nobody writes
await say('ready');
const books = await store.books();
const { live, survey, range } = (await say('ready')) as HalfAsked;
const audit = new Audit(live);
audit.see(survey);
const { aside, told } = await auditFollowers(books.parts!(FOLLOWER)!, audit, range, () => {});
await books.close();
await store.close();
port.postMessage({ half: audit.half(), aside, told } satisfies FromThread);
