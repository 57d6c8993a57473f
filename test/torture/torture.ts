// `npm run torture -- --seeds N [--from S] | --seed S [--store sqlite|redis] [--with THINGS] [--bug NAME] | --bugs`: thousands of small worlds
// in which everything goes wrong, each from its seed; or, for each bug there is, as many as it takes to find it. A failing seed prints its number and its story, and does the same
// again; on Redis as far as real sockets do, see `redis.ts`.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { has, isMap, isNumber, isTruth, read } from '../support/json.ts';
import { hasRedis } from '../support/redis-server.ts';
import { BUGS, type Bug, wishesOf } from './bugs.ts';
import { type Grounds, SQLITE_GROUNDS } from './ground.ts';
import { redisGrounds } from './redis.ts';
import { type Result, runSeed, WORKERS } from './run.ts';
import { WISHES, type Wish } from './world.ts';

const HELP = `npm run torture -- [options]
  --seeds N       so many worlds (200)
  --from S        beginning with this one (1)
  --seed S        this one alone, with its story
  --store NAME    sqlite (default), or redis: a real server for each process of the torture, which is stopped, killed
                  and started again, and whose answers are lost. SQLite tells the same story of the same seed, always.
                  Redis does so as far as real sockets allow (of sixty seeds, fifty-one): virtual time stands still
                  during real calls, and these leave one after the other; but a server that was stopped serves those
                  who waited in its own order. So a failing seed may need some tries to fail again.
  --with THINGS   each world has them, whatever its seed says: vouchers (代金券), authorized (transfers, whose
                  followers may authorize their merchant); both with a comma between
  --bugs          each bug in turn, in the first worlds until one finds it
  --bug NAME      with a bug that must be found: ${BUGS.join(', ')}`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    store: { type: 'string', default: 'sqlite' },
    with: { type: 'string' },
    bug: { type: 'string' },
    bugs: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    child: { type: 'boolean', default: false },
  },
});
const isBug = (text: string): text is Bug => BUGS.some(each => each === text);
const bug = values.bug !== undefined && isBug(values.bug) ? values.bug : undefined;
if (values.bug !== bug && !values.bugs) throw new Error(`--bug ${values.bug}: expected one of ${BUGS.join(', ')}`);
const { store } = values;
if (store !== 'sqlite' && store !== 'redis') throw new Error(`--store ${store}: expected sqlite or redis`);
const isWish = (text: string): text is Wish => WISHES.some(each => each === text);
const asked = values.with?.split(',') ?? [];
const wishes = asked.filter(isWish);
if (wishes.length < asked.length) throw new Error(`--with ${values.with}: expected some of ${WISHES.join(',')}`);
/** Each child has what was chosen, and what a bug needs to be found. */
function chosen(planted?: Bug, needs: readonly Wish[] = []): string[] {
  const all = [...new Set([...wishes, ...needs])].join(',');
  return ['--store', store!, ...(all === '' ? [] : ['--with', all]), ...(planted ? ['--bug', planted] : [])];
}

const grounds = async (): Promise<Grounds> => (store === 'redis' ? redisGrounds(WORKERS) : SQLITE_GROUNDS);

function show({ seed, violations, story }: Result): void {
  console.log(`\n${violations.length > 0 ? '✗' : '✓'} seed ${seed}:`);
  for (const violation of violations) console.log(`    ${violation}`);
  console.log('  its story:');
  for (const line of story) console.log(`    ${line}`);
  console.log(`  again: npm run torture -- --seed ${seed} ${chosen(bug).join(' ')}`);
}

type Counts = Pick<Result, 'payouts' | 'vouchers' | 'untapped' | 'calls'>;
type Told = Counts & { readonly failed: boolean };
const isTold = has<Told>({
  failed: isTruth,
  payouts: isNumber,
  vouchers: isNumber,
  untapped: isNumber,
  calls: isNumber,
});
const NONE: Counts = { payouts: 0, vouchers: 0, untapped: 0, calls: 0 };
type Host = {
  readonly next: () => number | undefined;
  readonly ended: (seed: number, told: Told) => void;
  readonly say: (text: string) => void;
};
const DEAD: Told = { failed: true, ...NONE };

/** One world after the other, as the parent names them. */
async function serve(): Promise<void> {
  const ground = await grounds();
  let told: Told | undefined;
  for (let seed = await nextSeed(told); seed !== undefined; seed = await nextSeed(told)) {
    const result = await runSeed(seed, bug, ground, wishes);
    const failed = result.violations.length > 0;
    if (failed) show(result);
    const { payouts, vouchers, untapped, calls } = result;
    told = { failed, payouts, vouchers, untapped, calls };
  }
  await ground.end();
}

/** Tells the parent how the last one went, and hears which is next, if any. */
function nextSeed(told: Told | undefined): Promise<number | undefined> {
  return new Promise(resolve => {
    process.once('message', message => {
      const { seed } = read(message, isMap);
      resolve(isNumber(seed) ? seed : undefined);
    });
    process.send!({ told });
  });
}

/**
 * The worlds that `next` names, in a process of their own. It lives as long as there are any:
 * a third of what twenty worlds cost is code that is loaded and is not fast yet. A world that ends its process has failed.
 */
async function worlds(bug: Bug | undefined, { next, ended, say }: Host): Promise<void> {
  const args = ['--child', ...chosen(bug, wishesOf(bug))];
  let seed = next();
  while (seed !== undefined) {
    const child = fork(fileURLToPath(import.meta.url), args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    child.stdout!.setEncoding('utf8').on('data', say);
    child.on('message', message => {
      const { told } = read(message, isMap);
      if (isTold(told)) {
        ended(seed!, told);
        seed = next();
      }
      child.send({ seed });
    });
    const code = await new Promise(resolve => child.on('close', resolve));
    if (seed === undefined) break;
    say(`\n✗ seed ${seed}:\n    its process ended: ${code}\n`);
    ended(seed, DEAD);
    seed = next();
  }
}

/** The first world that finds each bug; `undefined`: none of so many. */
async function huntAll(seeds: number): Promise<number> {
  const left = values.bug === undefined ? [...BUGS] : values.bug.split(',').filter(isBug);
  let missed = 0;
  const hunter = async (): Promise<void> => {
    for (let sought = left.shift(); sought !== undefined; sought = left.shift()) {
      let [tried, said] = [0, ''];
      let caught: number | undefined;
      await worlds(sought, {
        next: () => (caught === undefined && tried < seeds ? ++tried : undefined),
        ended: (seed, { failed }) => {
          if (failed) caught = seed;
        },
        say: text => {
          said += text;
        },
      });
      const how = /✗ seed \d+:\n {4}(.*)/.exec(said)?.[1] ?? '';
      if (caught === undefined) missed++;
      console.log(
        `${caught === undefined ? '✗' : '✓'} ${sought.padEnd(28)} ${caught === undefined ? `not in ${seeds} seeds` : `seed ${caught}: ${how}`}`,
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
    const result = await runSeed(Number(values.seed), bug, ground, wishes);
    await ground.end();
    show(result);
    return result.violations.length === 0 ? 0 : 1;
  }
  if (values.child) {
    await serve();
    return 0;
  }
  const [from, count] = [Number(values.from), Number(values.seeds)];
  if (values.bugs) return huntAll(count);
  const started = performance.now();
  const total = { seeds: 0, failed: 0, ...NONE };
  let seed = from;
  const host: Host = {
    next: () => (seed < from + count ? seed++ : undefined),
    ended: (_seed, told) => {
      total.seeds++;
      total.failed += Number(told.failed);
      for (const name of ['payouts', 'vouchers', 'untapped', 'calls'] as const) total[name] += told[name];
      if (process.stderr.isTTY) process.stderr.write(`\r${total.seeds}/${count} seeds, ${total.failed} failed `);
    },
    say: text => process.stdout.write(text),
  };
  // One more than there are processors: a world waits for its disk now and then.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, () => worlds(bug, host)));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `\n${total.seeds} seeds in ${seconds} s: ${total.payouts} payouts (${total.vouchers} vouchers, ${total.untapped} without a tap), ${total.calls} calls that pay`,
  );
  console.log(`${total.seeds - total.failed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.seeds === count ? 0 : 1;
}

// Whoever ends us ends our Redis as well: see `redisGrounds`.
const end = (): void => process.exit(130);
for (const sign of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(sign, end);
process.exitCode = await main();
process.off('disconnect', end); // while somebody listens for it, a child does not end by itself
