// A thread of our own: from the built program as it is, and from the sources (tests) with what reads them.
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** `module`: the address of a file beside the caller's, without its ending. `caller`: its `import.meta.url`. */
export function startThread(module: string, caller: string, options: WorkerOptions): Worker {
  const isBuilt = caller.endsWith('.js');
  const file = new URL(`${module}.${isBuilt ? 'js' : 'ts'}`, caller);
  const fromSource = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(file.href)})))`;
  const thread = isBuilt ? new Worker(file, options) : new Worker(fromSource, { eval: true, ...options });
  if (options.stderr) thread.stderr.on('data', (said: Buffer) => console.warn(said.toString())); // as all that others print: see `lib/log.ts`
  return thread;
}
