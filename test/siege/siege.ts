// `npm run siege [-- --seconds N] [--only NAME] [--json]`: each kind of flood for some seconds, beside ten followers a second.
// The bot is the built program; floods come from processes of their own over real sockets. Exit code 1: a promise is broken.
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startSiegeBot } from './bot.ts';
import { FLOOD_NAMES, type FloodName } from './floods.ts';
import { besiege, brokenBy, type FloodResult, follow, PROMISED } from './run.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const ms = Number(values.seconds) * 1000;
const names = values.only === undefined ? FLOOD_NAMES : FLOOD_NAMES.filter(name => name.includes(values.only!));
if (!(ms >= 1000) || names.length === 0)
  throw new Error(`--seconds: 1 or more; --only: a part of ${FLOOD_NAMES.join(', ')}`);

const bot = await startSiegeBot();
let isBroken = false;
try {
  // A crowd first: what is compiled and how much memory the machine takes for its work is that of a bot that has worked.
  await besiege(bot, 'a genuine crowd', 3000);
  await settled();
  const quiet = await follow(bot.port, ms);
  const results: (FloodResult & { broken: string[] })[] = [];
  say(
    `quiet: ${quiet.answered} of ${quiet.count} followers answered, p50 ${quiet.p50.toFixed(1)} ms, p99 ${quiet.p99.toFixed(1)} ms`,
  );
  say(row('flood', 'answered', 'p50 ms', 'p99 ms', 'memory MB', 'log kB/min', 'bot busy', 'answers/s', 'closed'));
  for (const name of names) {
    const result = await besiege(bot, name, ms);
    const broken = brokenBy(result, quiet);
    results.push({ ...result, broken });
    say(rowOf(name, result));
    for (const each of broken) say(`  ✗ ${each}`);
    isBroken ||= broken.length > 0;
    await settled();
  }
  if (values.json)
    console.log(
      JSON.stringify(
        { quiet, promised: PROMISED, cores: availableParallelism(), load: loadavg()[0], results },
        undefined,
        2,
      ),
    );
  say(note());
  say(isBroken ? '✗ a promise is broken' : '✓ every follower was answered, and every promise is kept');
} finally {
  await bot.stop();
}
process.exitCode = isBroken ? 1 : 0;

function say(text: string): void {
  if (!values.json) console.log(text);
}

function row(name: string, ...cells: readonly string[]): string {
  return name.padEnd(26) + cells.map(cell => cell.padStart(11)).join('');
}

function rowOf(
  name: FloodName,
  { answered, count, p50, p99, memoryBytes, busy, logBytesPerMinute, flood, seconds }: FloodResult,
): string {
  const asked = Object.values(flood.statuses).reduce((sum, each) => sum + each, 0);
  return row(
    name,
    ...[
      `${answered}/${count}`,
      p50.toFixed(1),
      p99.toFixed(1),
      (memoryBytes / 1e6).toFixed(1),
      (logBytesPerMinute / 1000).toFixed(1),
    ],
    ...[`${Math.round(busy * 100)} %`, String(Math.round(asked / seconds)), String(flood.closed)],
  );
}

/** Until what the flood left behind is gone, so that the next one begins as this one did. */
async function settled(): Promise<void> {
  const end = Date.now() + 15_000;
  while (bot.sockets() > 0 && Date.now() < end) await follow(bot.port, 500);
}

function note(): string {
  const cores = availableParallelism();
  return `${cores} cores, load ${loadavg()[0]!.toFixed(1)} at the end. Floods, followers, the simulator and the bot share them, the floods at a lower priority: what strangers spend elsewhere is spent here, so the times are an upper bound.`;
}
