// Sides that are measured by turns, so that all have the same machine: a round each to warm up, then as many as count.

import { type Load, load, percentile } from './load.ts';
import type { Process } from './machine.ts';
import type { BenchOptions } from './options.ts';

export type Measured = {
  readonly perSecond: number;
  /** Microseconds of processor time a request. */
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
};

export type Side = {
  readonly name: string;
  readonly process: Process;
  readonly port: number;
  readonly connections?: number;
  readonly expected: string;
  /** As many requests as that, new ones. */
  readonly requests: (count: number) => readonly Buffer[];
  /** What was asked, and which of it was answered; before the next side has its turn. */
  readonly after?: (answered: Uint8Array) => void | Promise<void>;
};

const CONNECTIONS = 32;

/** Each side's rounds, in the order in which they were. Those that are not asked stand still. */
export async function byTurns(
  sides: readonly Side[],
  { rounds, seconds, requests }: BenchOptions,
): Promise<ReadonlyMap<Side, Measured[]>> {
  const measured = new Map(sides.map((side): [Side, Measured[]] => [side, []]));
  const counts = new Map<Side, number>();
  const processes = new Set(sides.map(side => side.process));
  for (const process of processes) process.rest();
  for (let round = 0; round <= rounds; round++) {
    for (const side of sides) {
      side.process.wake();
      const one = await measure(side, counts.get(side) ?? requests);
      counts.set(side, Math.max(requests, Math.round(one.perSecond * seconds)));
      if (round > 0) measured.get(side)!.push(one);
      side.process.rest();
    }
  }
  for (const process of processes) process.wake();
  return measured;
}

/** Fails where an answer is wrong: what is fast for not doing its work is not measured. */
export async function measure(side: Side, count: number, paced: Pick<Load, 'perSecond'> = {}): Promise<Measured> {
  const { process, port, expected, connections = CONNECTIONS } = side;
  const requests = side.requests(count);
  const before = process.cpu();
  const { seconds, took, answered, wrong, example } = await load({ port, requests, connections, expected, ...paced });
  const cpu = process.cpu() - before;
  if (wrong > 0 || took.length < requests.length)
    throw new Error(
      `${side.name}: of ${requests.length} requests ${wrong} had a wrong answer, ${requests.length - took.length} none:\n${example ?? process.tail()}`,
    );
  await side.after?.(answered);
  return {
    perSecond: requests.length / seconds,
    cpu: cpu / requests.length,
    p50: percentile(took, 0.5),
    p99: percentile(took, 0.99),
    max: percentile(took, 1),
  };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

export function mediansOf(all: readonly Measured[]): Measured {
  const of = (name: keyof Measured): number => median(all.map(each => each[name]));
  return { perSecond: of('perSecond'), cpu: of('cpu'), p50: of('p50'), p99: of('p99'), max: of('max') };
}

/** How far the rounds of one side lie apart, in part of their median. */
export function spreadOf(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}
