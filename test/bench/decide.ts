// A decision among 1 000 rules against json-rules-engine, which asks every rule: processor time, in this process.

import type { Event } from '../../src/core/base/event.ts';
import { bookWith, eventsFor, once } from './match.ts';
import type { BenchOptions } from './options.ts';
import { havePeers, requirePeer } from './peers.ts';
import { promised, row } from './report.ts';
import { median } from './rounds.ts';

const RULES = 1000;
const TIMES_MIN = 100;
const THEIRS_A_ROUND = 100;

/** As much of it as is used here. */
type Engine = {
  addRule(rule: object): void;
  run(facts: object): Promise<{ readonly events: readonly object[] }>;
};

export async function decideSection({ rounds }: BenchOptions): Promise<boolean> {
  if (!havePeers()) return true;
  const { Engine } = requirePeer('json-rules-engine') as { Engine: new () => Engine };
  const engine = new Engine();
  for (let n = 0; n < RULES; n++) {
    const any = [`口令${n}`, `第${n}号红包`].map(value => ({ fact: 'text', operator: 'equal', value }));
    engine.addRule({ conditions: { any }, event: { type: `r${n}` } });
  }
  const [book, events] = [bookWith(RULES, 'exact'), eventsFor(RULES)];
  const ours = (): Promise<number> =>
    cpuOf(events.length, async () => {
      for (const event of events) once(book, event);
    });
  const theirs = (): Promise<number> =>
    cpuOf(THEIRS_A_ROUND, async () => {
      for (const event of events.slice(0, THEIRS_A_ROUND)) await engine.run({ text: textIn(event) });
    });
  const all: [number, number][] = [];
  for (let round = 0; round <= rounds; round++) all.push([await ours(), await theirs()]);
  const counted = all.slice(1);
  row('a decision among 1 000 rules', `${median(counted.map(([one]) => one)).toFixed(2)} µs CPU`);
  row('json-rules-engine, the same', `${median(counted.map(([, other]) => other)).toFixed(0)} µs CPU`);
  const times = median(counted.map(([one, other]) => other / one));
  return promised('decisions × json-rules-engine', times, { least: TIMES_MIN, unit: ' ×', digits: 0 });
}

function textIn(event: Event): string {
  return 'text' in event ? String(event.text) : '';
}

async function cpuOf(count: number, work: () => Promise<void>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / count;
}
