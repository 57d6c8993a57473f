// `npm run torture -- --seeds N [--from S] | --seed S [--store sqlite|redis] [--bug NAME] | --bugs`: thousands of small worlds
// in which everything goes wrong, each from its seed; or, for each bug there is, as many as it takes to find it. A failing seed prints its number and its story, and does the same
// again; on Redis as far as real sockets do, see `redis.ts`.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasRedis } from '../support/redis-server.ts';
import { BUGS, type Bug } from './bugs.ts';
import { type Grounds, SQLITE_GROUNDS } from './ground.ts';
import { redisGrounds } from './redis.ts';
import { type Result, runSeed, WORKERS } from './run.ts';

const HELP = `npm run torture -- [options]
  --seeds N       so many worlds (200)
  --from S        beginning with this one (1)
  --seed S        this one alone, with its story
  --store NAME    sqlite (default), or redis: a real server for each process of the torture, which is stopped, killed
                  and started again, and whose answers are lost. SQLite tells the same story of the same seed, always.
                  Redis does so as far as real sockets allow (of sixty seeds, fifty-one): virtual time stands still
                  during real calls, and these leave one after the other; but a server that was stopped serves those
                  who waited in its own order. So a failing seed may need some tries to fail again.
  --bugs          each bug in turn, in the first worlds until one finds it
  --bug NAME      with a bug that must be found: ${BUGS.join(', ')}`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    store: { type: 'string', default: 'sqlite' },
    bug: { type: 'string' },
    bugs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    child: { type: 'boolean', default: false },
  },
});
const bug = values.bug as Bug | undefined;
if (bug !== undefined && !values.bugs && !BUGS.includes(bug))
  throw new Error(`--bug ${bug}: expected one of ${BUGS.join(', ')}`);
const { store } = values;
if (store !== 'sqlite' && store !== 'redis') throw new Error(`--store ${store}: expected sqlite or redis`);
const CHOSEN = ['--store', store, ...(bug ? ['--bug', bug] : [])];

const grounds = async (): Promise<Grounds> => (store === 'redis' ? redisGrounds(WORKERS) : SQLITE_GROUNDS);

function show({ seed, violations, story }: Result): void {
  console.log(`\n${violations.length > 0 ? '✗' : '✓'} seed ${seed}:`);
  for (const violation of violations) console.log(`    ${violation}`);
  console.log('  its story:');
  for (const line of story) console.log(`    ${line}`);
  console.log(`  again: npm run torture -- --seed ${seed} ${CHOSEN.join(' ')}`);
}

/** The seeds of one child; what it counts goes to the parent. */
async function runRange(from: number, count: number): Promise<void> {
  const ground = await grounds();
  for (let seed = from; seed < from + count; seed++) {
    const result = await runSeed(seed, bug, ground);
    if (result.violations.length > 0) show(result);
    process.send?.({ seed, failed: result.violations.length > 0, payouts: result.payouts, calls: result.calls });
  }
  await ground.end();
}

/** A child of its own for every range: the SQLite driver keeps closed files open until it is collected. */
function forkRange(from: number, count: number, onSeed: (one: Seed) => void): Promise<number | null> {
  const args = ['--from', String(from), '--seeds', String(count), '--child', ...CHOSEN];
  const child = fork(fileURLToPath(import.meta.url), args);
  child.on('message', onSeed as (message: unknown) => void);
  return new Promise(resolve => child.on('close', resolve));
}

type Seed = { readonly seed: number; readonly failed: boolean; readonly payouts: number; readonly calls: number };
/** Small enough that no processor waits for the last one. */
const RANGE = 20;

/** The first world that finds each bug; `undefined`: none of so many. */
async function huntAll(seeds: number): Promise<number> {
  const left =
    values.bug === undefined
      ? [...BUGS]
      : values.bug.split(',').filter((each): each is Bug => BUGS.includes(each as Bug));
  let missed = 0;
  const hunter = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const args = ['--bug', next, '--seeds', String(seeds), '--child', '--store', store as string];
      const child = fork(fileURLToPath(import.meta.url), args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
      let text = '';
      child.stdout!.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      let caught: number | undefined;
      child.on('message', message => {
        const { seed, failed } = message as Seed;
        if (!failed || caught !== undefined) return;
        caught = seed;
        child.kill();
      });
      await new Promise(resolve => child.on('close', resolve));
      const how = /✗ seed \d+:\n {4}(.*)/.exec(text)?.[1] ?? '';
      if (caught === undefined) missed++;
      console.log(
        `${caught === undefined ? '✗' : '✓'} ${next.padEnd(28)} ${caught === undefined ? `not in ${seeds} seeds` : `seed ${caught}: ${how}`}`,
      );
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, hunter));
  return missed === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (store === 'redis' && !hasRedis) throw new Error('--store redis: there is no redis-server here; install it first');
  if (values.seed !== undefined) {
    const ground = await grounds();
    const result = await runSeed(Number(values.seed), bug, ground);
    await ground.end();
    show(result);
    return result.violations.length === 0 ? 0 : 1;
  }
  const [from, count] = [Number(values.from), Number(values.seeds)];
  if (values.child) {
    await runRange(from, count);
    return 0;
  }
  if (values.bugs) return huntAll(count);
  const started = performance.now();
  const total = { seeds: 0, failed: 0, payouts: 0, calls: 0 };
  const onSeed = ({ failed, payouts, calls }: Seed): void => {
    total.seeds++;
    total.failed += Number(failed);
    total.payouts += payouts;
    total.calls += calls;
    if (process.stderr.isTTY) process.stderr.write(`\r${total.seeds}/${count} seeds, ${total.failed} failed `);
  };
  let next = from;
  const slot = async (): Promise<void> => {
    while (next < from + count) {
      const first = next;
      next += RANGE;
      await forkRange(first, Math.min(RANGE, from + count - first), onSeed);
    }
  };
  // One more than there are processors: a world waits for its disk now and then.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, slot));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`\n${total.seeds} seeds in ${seconds} s: ${total.payouts} payouts, ${total.calls} calls of sendredpack`);
  console.log(`${total.seeds - total.failed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.seeds === count ? 0 : 1;
}

// Whoever ends us ends our Redis as well: see `redisGrounds`.
const end = (): void => process.exit(130);
for (const sign of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(sign, end);
process.exitCode = await main();
process.off('disconnect', end); // while somebody listens for it, a child does not end by itself
