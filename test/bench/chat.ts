// What is only answered: keywords, texts that no rule waits for, and the same push once more; beside co-wechat and node-easywechat,
// which say what they hear and keep nothing, and beside the floors.

import { ratio, say, startOthers } from './compare.ts';
import type { BenchOptions } from './options.ts';
import { ANSWERS, type BenchBot, SAID, startBot, WORDS } from './production-bot.ts';
import { type Message, type Mode, newFollowers, requestOf, textOf } from './pushes.ts';
import { row } from './report.ts';
import { byTurns, type Side } from './rounds.ts';

/** Each says something about once in some seconds; nobody is held for one who hammers. */
const FOLLOWERS = 50_000;

const LEAST: Readonly<Record<Mode, { words: number; different: number }>> = {
  plain: { words: 2, different: 1.5 },
  safe: { words: 2, different: 1.5 },
};
const REDELIVERED_MIN = 2;
const OF_FLOOR_MIN = 0.5;

export async function chatSection(options: BenchOptions): Promise<boolean> {
  const plain = await chatIn('plain', options);
  return (await chatIn('safe', options)) && plain;
}

async function chatIn(mode: Mode, options: BenchOptions): Promise<boolean> {
  const bot = await startBot({ mode });
  const { requests, ...sides } = sidesOf(bot, mode);
  const others = await startOthers(mode, requests, [
    ['bare node:http', 'floor', { kind: 'bare' }],
    ['bare node:http with the crypto', 'floor', { kind: 'crypto' }],
  ]);
  try {
    const { word, words, different, none, again } = sides;
    const all = await byTurns([word, words, different, none, again, ...others.sides], options);
    say(mode, all);
    const { peer } = others;
    const crypto = others.sides.at(-1);
    const memory = bot.process.memory().now;
    const verdicts = [
      ratio(`${mode}: keyword, 1 000 words`, LEAST[mode].words, all, [words, peer]),
      ratio(`${mode}: keyword, every text different`, LEAST[mode].different, all, [different, peer]),
      ratio(`${mode}: redelivery`, REDELIVERED_MIN, all, [again, peer]),
      ratio(`${mode}: keyword, 1 000 words`, OF_FLOOR_MIN, all, [words, crypto]),
      ratio(`${mode}: keyword, one word`, undefined, all, [word, peer]),
      ratio(`${mode}: no match`, undefined, all, [none, peer]),
    ];
    row(`${mode}: memory of the bot (RSS)`, `${Math.round(memory / 1e6)} MB`, { figure: memory });
    return verdicts.every(Boolean);
  } finally {
    await others.stop();
    await bot.stop();
  }
}

function sidesOf(bot: BenchBot, mode: Mode) {
  const followers = newFollowers(FOLLOWERS);
  let turn = 0;
  const messages = (count: number, text: (n: number) => string): Message[] =>
    Array.from({ length: count }, () => {
      turn++;
      return textOf(followers[turn % FOLLOWERS]!, text(turn));
    });
  const sealed = (each: Message): Buffer => requestOf(each, mode);
  const asking =
    (text: (n: number) => string): Side['requests'] =>
    count =>
      messages(count, text).map(sealed);
  const right = (words: string): string => (mode === 'safe' ? '<Encrypt>' : words);
  let lately: Message[] = [];
  const side = (name: string, expected: string, requests: Side['requests']): Side => ({
    ...{ name, process: bot.process, port: bot.port, expected, requests },
  });
  const wordsOf = (count: number): Buffer[] => {
    lately = messages(count, n => SAID.word(n % WORDS));
    return lately.map(sealed);
  };
  return {
    requests: asking(n => SAID.word(n % WORDS)),
    word: side(
      'keyword, one word',
      right(ANSWERS.help),
      asking(() => SAID.help),
    ),
    words: side('keyword, 1 000 words', right(ANSWERS.word), wordsOf),
    different: side(
      'keyword, every text different',
      right(ANSWERS.contains),
      asking(n => `还有${SAID.contains}吗 ${n}`),
    ),
    none: side(
      'no match',
      'success',
      asking(n => `${SAID.none} ${n}`),
    ),
    again: side('redelivery', right(ANSWERS.word), count => lately.slice(0, count).map(sealed)),
  };
}
