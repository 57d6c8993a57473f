// Ten thousand rules against ten: until the bot is ready, while it looks at them for the first time, and once it has.

import type { BenchOptions } from './options.ts';
import { ANSWERS, type BenchBot, startBot } from './production-bot.ts';
import { newFollowers, requestOf, textOf } from './pushes.ts';
import { promised, row } from './report.ts';
import { type Measured, measure, median, mediansOf, type Side } from './rounds.ts';

const MANY = { rules: 10_000, files: 100 };
const FEW = { rules: 10, files: 1 };
const READY_MAX_S = 1;
const MEMORY_MAX_MB = 250;
const SLOWER_MAX = 1.2;
/** So long the first seconds are. */
const AT_ONCE_S = 10;
/** Less of a core than this, and the machine had other things to do. */
const OURS_MIN = 0.7;

type Started = {
  readonly first: Ready;
  readonly again: Ready;
  readonly atOnce: Measured;
  readonly settled: Measured;
};
type Ready = { readonly seconds: number; readonly cpuSeconds: number; readonly megabytes: number };

export async function startSection(options: BenchOptions): Promise<boolean> {
  const [few, many]: [Started[], Started[]] = [[], []];
  for (let round = 0; round < options.rounds; round++) {
    few.push(await startedWith(FEW, options));
    many.push(await startedWith(MANY, options));
  }
  for (const [what, all] of [
    ['10 rules', few],
    ['10 000 rules', many],
  ] as const)
    for (const part of ['atOnce', 'settled'] as const) {
      const { perSecond, cpu, p50, p99, max } = mediansOf(all.map(each => each[part]));
      const times = [p50, p99, max].map(ms => ms.toFixed(1)).join(' / ');
      const when = part === 'atOnce' ? `in the first ${AT_ONCE_S} s` : 'settled';
      row(`${what}, ${when}`, `${Math.round(perSecond)} /s, ${cpu.toFixed(1)} µs CPU, ${times} ms (p50/p99/max)`, {
        figure: cpu,
      });
    }
  const slower = (part: 'atOnce' | 'settled'): number =>
    median(many.map((each, n) => few[n]![part].perSecond / each[part].perSecond));
  const readies = [
    readyIn(
      '10 rules, first start',
      few.map(({ first }) => first),
      undefined,
    ),
    readyIn(
      '10 000 rules, first start',
      many.map(({ first }) => first),
      undefined,
    ),
    readyIn(
      '10 000 rules, judged before',
      many.map(({ again }) => again),
      READY_MAX_S,
    ),
  ];
  return [
    ...readies,
    promised('10 000 rules against 10, in the first seconds', slower('atOnce'), { most: SLOWER_MAX, unit: ' ×' }),
    promised('10 000 rules against 10, settled', slower('settled'), { most: SLOWER_MAX, unit: ' ×' }),
    promised(
      '10 000 rules, memory at the peak',
      Math.max(...many.flatMap(({ first, again }) => [first.megabytes, again.megabytes])),
      { most: MEMORY_MAX_MB, unit: ' MB', digits: 0 },
    ),
  ].every(Boolean);
}

function readyIn(what: string, all: readonly Ready[], most: number | undefined): boolean {
  const [seconds, cpu] = [median(all.map(each => each.seconds)), median(all.map(each => each.cpuSeconds))];
  row(`${what}: processor time until ready`, `${cpu.toFixed(2)} s`, { figure: cpu });
  if (most === undefined) {
    row(`${what}: ready after`, `${seconds.toFixed(2)} s`, { figure: seconds });
    return true;
  }
  const isBusy = cpu < OURS_MIN * seconds;
  return promised(`${what}: ready after`, seconds, {
    ...{ most, unit: ' s' },
    ...(isBusy && { unsure: 'and the machine had other things to do' }),
  });
}

async function startedWith(size: typeof MANY, { seconds, requests }: BenchOptions): Promise<Started> {
  const bot = await startBot({ mode: 'plain', rules: filesOf(size) });
  try {
    let [ready, cpuSeconds] = [bot.readyAfter, bot.process.cpu() / 1e6];
    const side = sideOf(bot, size.rules);
    const warm = await measure(side, requests);
    const atOnce = await measure(side, Math.round(warm.perSecond * Math.min(AT_ONCE_S, seconds * 5)));
    const first = { seconds: ready / 1000, cpuSeconds, megabytes: bot.process.memory().most / 1e6 };
    await bot.restart('SIGTERM');
    [ready, cpuSeconds] = [bot.readyAfter, bot.process.cpu() / 1e6];
    await measure(sideOf(bot, size.rules), requests);
    const settled = await measure(sideOf(bot, size.rules), Math.round(warm.perSecond * seconds));
    const again = { seconds: ready / 1000, cpuSeconds, megabytes: bot.process.memory().most / 1e6 };
    return { first, again, atOnce, settled };
  } finally {
    await bot.stop();
  }
}

function sideOf(bot: BenchBot, rules: number): Side {
  let turn = 0;
  const { process, port } = bot;
  return {
    ...{ name: `${rules} rules`, process, port, expected: ANSWERS.word },
    requests: count =>
      newFollowers(count).map(user => requestOf(textOf(user, `口令${2 * ((turn++ * 7919) % (rules / 2))}`), 'plain')),
  };
}

/** Every other rule gives a red packet; the others answer. No two wait for the same word. */
function filesOf({ rules, files }: typeof MANY): Record<string, string> {
  const each = rules / files;
  return Object.fromEntries(
    Array.from({ length: files }, (_, file) => {
      const lines = Array.from({ length: each }, (_, line) => {
        const n = file * each + line;
        const does = n % 2 === 0 ? `reply: ${ANSWERS.word} ${n}` : 'once: perDay, give: gift';
        return `  - { id: r${n}, on: { text: 口令${n} }, ${does} }`;
      });
      return [`c${file}.yaml`, `${headOf(file)}${lines.join('\n')}\n`];
    }),
  );
}

const headOf = (file: number): string => `campaign: bench-${file}
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes:
  gift: { redpacket: ¥1.00 }
rules:
`;
