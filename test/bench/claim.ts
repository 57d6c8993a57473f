// What is written down: claims of red packets on a SQLite file, synchronous FULL. After every round the store's rows are counted
// against the answers, and once more after the bot was killed in the middle.

import assert from 'node:assert/strict';
import { isBusy, ratio, say, startOthers } from './compare.ts';
import { load } from './load.ts';
import type { BenchOptions } from './options.ts';
import { ANSWERS, type BenchBot, type Books, fileBytes, SAID, startBot } from './production-bot.ts';
import { followOf, type Message, type Mode, newFollowers, requestOf, textOf } from './pushes.ts';
import { promised, row } from './report.ts';
import { byTurns, type Measured, measure, mediansOf, type Side } from './rounds.ts';

const MORE_CONNECTIONS = 64;
const LEAST: Readonly<Record<Mode, number>> = { plain: 0.9, safe: 1.1 };
const FOLLOW_MIN = 0.7;
const REDELIVERED_MIN = 2;
const HALF_LOAD_P99_MAX = 30;
const WRITTEN_KB_MAX = 20;
const FILE_KB_MAX = 2;
const WRITTEN_CLAIMS = { quick: 3000, whole: 20_000 };
const KILLS = { quick: 2, whole: 10 };

export async function claimSection(options: BenchOptions): Promise<boolean> {
  const plain = await claimIn('plain', options);
  return (await claimIn('safe', options)) && plain;
}

async function claimIn(mode: Mode, options: BenchOptions): Promise<boolean> {
  const bot = await startBot({ mode });
  const { claim, more, follow, refused, again, told } = sidesOf(bot, mode);
  const others = await startOthers(mode, claim.requests, [
    ['bare node:http with the crypto, one INSERT', 'floor', { kind: 'insert', file: `${bot.folder}/bare.db` }],
  ]);
  try {
    const all = await byTurns([claim, more, refused, again, follow, ...others.sides], options);
    say(mode, all);
    const [{ peer }, insert] = [others, others.sides.at(-1)];
    const verdicts = [
      ratio(`${mode}: claim`, LEAST[mode], all, [claim, peer]),
      ratio(`${mode}: claim, ${MORE_CONNECTIONS} connections`, LEAST[mode], all, [more, peer]),
      ratio(`${mode}: follow with a claim`, FOLLOW_MIN, all, [follow, peer]),
      ratio(`${mode}: redelivered claim`, REDELIVERED_MIN, all, [again, peer]),
      ratio(`${mode}: refused claim`, undefined, all, [refused, peer]),
      ratio(`${mode}: claim`, undefined, all, [claim, insert]),
    ];
    for (const { process } of others.sides) process.rest();
    verdicts.push(await halfLoad(mode, claim, all, peer));
    verdicts.push(await written(bot, mode, claim, options));
    const memory = bot.process.memory().now;
    row(`${mode}: memory of the bot (RSS)`, `${Math.round(memory / 1e6)} MB`, { figure: memory });
    agree(await bot.snapshot(), told);
    row(`${mode}: claims told and rows in the store`, `${told.size}, the same`);
    verdicts.push(await killed(bot, mode, told, options));
    return verdicts.every(Boolean);
  } finally {
    await others.stop();
    await bot.stop();
  }
}

/** Whom the bot told that something was won, and how often: by follower and rule. */
type Told = Map<string, number>;

function sidesOf(bot: BenchBot, mode: Mode) {
  const told: Told = new Map();
  let [asked, claimed]: [readonly Message[], readonly Message[]] = [[], []];
  const right = (words: string): string => (mode === 'safe' ? '<Encrypt>' : words);
  const side = (name: string, expected: string, make: (count: number) => readonly Message[]): Side => ({
    ...{ name, process: bot.process, port: bot.port, expected: right(expected) },
    requests(count) {
      asked = make(count);
      return asked.map(each => requestOf(each, mode));
    },
  });
  const claims = (count: number): Message[] => newFollowers(count).map(user => textOf(user, SAID.claim));
  const note = (rule: string) => (answered: Uint8Array) => {
    asked.forEach(({ user }, n) => {
      if (answered[n]) told.set(`${user} ${rule}`, (told.get(`${user} ${rule}`) ?? 0) + 1);
    });
    if (rule === 'claim') claimed = asked;
  };
  const claim: Side = { ...side('claim', ANSWERS.won, claims), after: note('claim') };
  return {
    told,
    claim,
    more: { ...claim, name: `claim, ${MORE_CONNECTIONS} connections`, connections: MORE_CONNECTIONS },
    follow: {
      ...side('follow with a claim', ANSWERS.won, count => newFollowers(count).map(followOf)),
      after: note('welcome'),
    },
    refused: side('refused claim', ANSWERS.already, count =>
      claimed.slice(0, count).map(({ user }) => textOf(user, SAID.claim)),
    ),
    again: side('redelivered claim', ANSWERS.won, count => claimed.slice(0, count)),
  };
}

/** Each claim that was told is there, once, with one payout; and there is no other. */
function agree({ claims, payouts }: Books, told: Told, maybe: ReadonlySet<string> = new Set()): void {
  const count = (all: readonly { readonly user: string; readonly rule: string }[]): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const { user, rule } of all) counts.set(`${user} ${rule}`, (counts.get(`${user} ${rule}`) ?? 0) + 1);
    return counts;
  };
  const [claimed, planned] = [count(claims), count(payouts)];
  for (const [who, times] of told) {
    assert.equal(times, 1, `${who} was told ${times} times`);
    assert.equal(claimed.get(who), 1, `${who} was told of a claim that is not there, or there twice`);
    assert.equal(planned.get(who), 1, `${who} has a claim with no payout, or with two`);
  }
  for (const [who, times] of claimed) {
    assert.equal(times, 1, `${who} has ${times} claims`);
    assert.ok(told.has(who) || maybe.has(who), `${who} has a claim and was not told`);
  }
}

/** At half of what it can, nobody waits long. */
async function halfLoad(
  mode: Mode,
  claim: Side,
  all: ReadonlyMap<Side, readonly Measured[]>,
  peer: Side | undefined,
): Promise<boolean> {
  const perSecond = mediansOf(all.get(claim)!).perSecond / 2;
  const { p50, p99, max } = await measure(claim, Math.round(perSecond * 5), { perSecond });
  row(`${mode}: claim at half load, p50 and max`, `${p50.toFixed(1)}, ${max.toFixed(1)} ms`);
  return promised(`${mode}: claim at half load, p99`, p99, {
    ...{ most: HALF_LOAD_P99_MAX, unit: ' ms', digits: 1 },
    ...(peer && isBusy(all.get(peer)!) && { unsure: "and the peer's own rounds lie too far apart" }),
  });
}

/** What the disk is made to write, and what the file grows by. */
async function written(bot: BenchBot, mode: Mode, claim: Side, { isQuick }: BenchOptions): Promise<boolean> {
  const count = WRITTEN_CLAIMS[isQuick ? 'quick' : 'whole'];
  await bot.restart('SIGTERM');
  const { process } = bot;
  const [before, fileBefore] = [process.written(), fileBytes(bot.folder)];
  await measure({ ...claim, process }, count);
  const kilobytes = (bytes: number): number => bytes / count / 1000;
  const disk = kilobytes(process.written() - before);
  await bot.restart('SIGTERM');
  const file = kilobytes(fileBytes(bot.folder) - fileBefore);
  const options = { unit: ' kB', digits: 1 };
  const isLittle = promised(`${mode}: written a claim`, disk, { most: WRITTEN_KB_MAX, ...options });
  return promised(`${mode}: file a claim`, file, { most: FILE_KB_MAX, ...options }) && isLittle;
}

/** kill -9 in the middle, start again, deliver everything again: whoever was told has it, and nobody has it twice. */
async function killed(bot: BenchBot, mode: Mode, told: Told, { isQuick }: BenchOptions): Promise<boolean> {
  const kills = KILLS[isQuick ? 'quick' : 'whole'];
  let [acknowledged, unsure] = [0, 0];
  for (let kill = 0; kill < kills; kill++) {
    const messages = newFollowers(3000).map(user => textOf(user, SAID.claim));
    const requests = messages.map(each => requestOf(each, mode));
    const at = 300 + kill * 200;
    const expected = mode === 'safe' ? '<Encrypt>' : ANSWERS.won;
    const onAnswer = (count: number): void => void (count === at && bot.process.child.kill('SIGKILL'));
    const order = { port: bot.port, requests, connections: 32, expected };
    const { answered } = await load({ ...order, onAnswer });
    messages.forEach(({ user }, n) => {
      if (answered[n]) told.set(`${user} claim`, 1);
    });
    acknowledged += answered.reduce((sum, each) => sum + each, 0);
    await bot.restart();
    const snapshot = await bot.snapshot();
    agree(snapshot, told, new Set(messages.map(({ user }) => `${user} claim`)));
    unsure += snapshot.claims.length - told.size;
    const second = await load({ ...order, requests: messages.map(each => requestOf(each, mode)) });
    assert.equal(second.wrong, 0, second.example);
    for (const { user } of messages) told.set(`${user} claim`, 1);
    agree(await bot.snapshot(), told);
  }
  const words = `${acknowledged} acknowledged, all there; ${unsure} more were written; none twice`;
  row(`${mode}: killed ${kills} times under load`, words, { promise: 'none lost, none twice', verdict: 'kept' });
  return true;
}
