// `npm run torture -- --seeds N [--from S] | --seed S [--bug NAME]`: thousands of small worlds in which everything goes
// wrong, each from its seed. A failing seed prints its number and its story, and does the same again.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Result, runSeed } from './torture-run.ts';
import { type Bug, BUGS } from './torture-world.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '200' }, from: { type: 'string', default: '1' }, seed: { type: 'string' }, bug: { type: 'string' }, part: { type: 'string' } },
});
const bug = values.bug as Bug | undefined;
if (bug !== undefined && !BUGS.includes(bug)) throw new Error(`--bug ${bug}: expected one of ${BUGS.join(', ')}`);

function show({ seed, violations, story }: Result): void {
  console.log(`\n✗ seed ${seed}:`);
  for (const violation of violations) console.log(`    ${violation}`);
  console.log('  its story:');
  for (const line of story) console.log(`    ${line}`);
  console.log(`  again: npm run torture -- --seed ${seed}${bug ? ` --bug ${bug}` : ''}`);
}

/** Seeds `part`, `part + of` … of the range; counts go to the parent. */
async function runPart(from: number, count: number, part: number, of: number): Promise<void> {
  let ran = 0;
  for (let seed = from + part; seed < from + count; seed += of) {
    const result = await runSeed(seed, bug);
    if (result.violations.length > 0) show(result);
    // The SQLite driver lets go of a closed file only when it is collected; thousands would be too many open ones.
    if (++ran % 20 === 0) globalThis.gc?.();
    process.send?.({ failed: result.violations.length > 0, payouts: result.payouts, calls: result.calls });
  }
}

async function main(): Promise<number> {
  if (values.seed !== undefined) {
    const result = await runSeed(Number(values.seed), bug);
    show(result);
    return result.violations.length === 0 ? 0 : 1;
  }
  const [from, count] = [Number(values.from), Number(values.seeds)];
  const parts = Math.min(availableParallelism(), count);
  if (values.part !== undefined) {
    await runPart(from, count, Number(values.part), parts);
    return 0;
  }
  const started = performance.now();
  const total = { seeds: 0, failed: 0, payouts: 0, calls: 0 };
  const children = Array.from({ length: parts }, (_, part) => fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--part', String(part)], { execArgv: [...process.execArgv, '--expose-gc'] }));
  const codes = await Promise.all(
    children.map(child => {
      child.on('message', (one: { failed: boolean; payouts: number; calls: number }) => {
        total.seeds++;
        total.failed += Number(one.failed);
        total.payouts += one.payouts;
        total.calls += one.calls;
        if (process.stderr.isTTY) process.stderr.write(`\r${total.seeds}/${count} seeds, ${total.failed} failed `);
      });
      return new Promise<number | null>(resolve => child.on('exit', resolve));
    }),
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`\n${total.seeds} seeds in ${seconds} s: ${total.payouts} payouts, ${total.calls} calls of sendredpack`);
  console.log(`${total.seeds - total.failed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.seeds === count && codes.every(code => code === 0) ? 0 : 1;
}

process.exitCode = await main();
