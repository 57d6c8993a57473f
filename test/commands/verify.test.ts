// Draws that anybody can verify: worked out here by hand, with nothing of ours, and by the command.

import { execFileSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { reveal, type VerifyOptions, verify } from '../../src/commands/rules/verify.ts';
import { ENV, RULES, startWorld, type World } from '../support/harness.ts';
import { has, isListOf, isNumber, readJson } from '../support/json.ts';

const SEED = createHash('sha256').update('a seed').digest('hex');
const FILE = `campaign: spring
name: 新春
period: { from: 2026-02-01, to: 2026-02-28 }
budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2026-02-05 20:00, lasts: 5m, packets: 90, total: ¥288.00 }
prizes:
  small: { redpacket: ¥1.00, weight: 70 }
  range: { redpacket: ¥1.20..¥2.80, weight: 25 }
  big: { redpacket: ¥8.00, weight: 5 }
  thanks: { nothing: true, weight: 400 }
  rain: { redpacket: { split: ¥1.00..¥66.00 } }
rules:
  - { id: draw, on: { text: 抽奖 }, once: perEvent, give: [small, range, big, thanks] }
  - { id: sure, on: { text: 区间 }, once: perDay, give: range }
  - { id: third, on: { text: 三次 }, once: perEvent, give: { 3: small, 7: [big, thanks] } }
  - { id: rain, on: { text: 雨 }, once: perRound, give: rain }
`;

const folders: string[] = [];
let world: World | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  await world?.close();
  world = undefined;
});

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'verify-'));
  folders.push(folder);
  const file = join(folder, 'a.yaml');
  writeFileSync(file, text);
  return file;
}

async function printed(work: () => Promise<number>): Promise<{ exit: number; out: string }> {
  const parts: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(part => {
    parts.push(String(part));
    return true;
  });
  try {
    return { exit: await work(), out: parts.join('') };
  } finally {
    write.mockRestore();
  }
}

const verified = (options: Partial<VerifyOptions>) =>
  printed(() => verify({ campaign: 'spring', seed: SEED, ...options }));

/** By hand, in whole numbers: two of 48 bits from the HMAC under the seed's own letters. */
function byHand(claim: string): [bigint, bigint] {
  const hex = createHmac('sha256', Buffer.from(SEED, 'utf8')).update(Buffer.from(claim, 'utf8')).digest('hex');
  return [BigInt(`0x${hex.slice(0, 12)}`), BigInt(`0x${hex.slice(12, 24)}`)];
}
const SPAN = 1n << 48n;

describe('a draw', () => {
  test('is the same by hand: prize by weight, amount within its range', async () => {
    const rules = fileOf(FILE);
    const seen = new Set<string>();
    for (let n = 0; n < 40; n++) {
      const claim = `spring/draw/oAnn/m:${n}`;
      const [first, second] = byHand(claim);
      const point = first * 500n;
      const prize =
        point < 70n * SPAN ? 'small' : point < 95n * SPAN ? 'range' : point < 100n * SPAN ? 'big' : 'thanks';
      const amount = { small: 100, big: 800, thanks: undefined, range: 120 + Number((second * 161n) / SPAN) }[prize];
      const { out, exit } = await verified({ claim, rules, json: true });
      expect([claim, exit, JSON.parse(out).drawn]).toEqual([
        claim,
        0,
        [{ prize, ...(amount !== undefined && { amount }) }],
      ]);
      seen.add(prize);
    }
    expect([...seen].sort()).toEqual(['range', 'small', 'thanks']);
  });

  test('prints each step so that openssl gives the same', async () => {
    const { out } = await verified({ claim: "spring/draw/oAnn/o'clock", rules: fileOf(FILE) });
    const commands = [...out.matchAll(/^ {4}\$ (printf.*)\n {4}(\w+)$/gm)];
    expect(commands).toHaveLength(2);
    for (const [, line, result] of commands)
      expect(execFileSync('sh', ['-c', line!], { encoding: 'utf8' })).toMatch(new RegExp(`${result}\\s*$`));
    expect(out).toContain(createHash('sha256').update(SEED).digest('hex'));
  });

  test('of a single prize is certain, only its amount is drawn; its key may be told in parts', async () => {
    const rules = fileOf(FILE);
    const whole = await verified({ claim: 'spring/sure/oAnn/2026-02-10', rules });
    expect(await verified({ openid: 'oAnn', rule: 'sure', occasion: '2026-02-10', rules })).toEqual(whole);
    const fen = 120 + Number((byHand('spring/sure/oAnn/2026-02-10')[1] * 161n) / SPAN);
    expect(whole.out).toContain(`→ "range" ¥${(fen / 100).toFixed(2)}\n`);
  });

  test('without what was gone is drawn among the others', async () => {
    const rules = fileOf(FILE);
    const claim = 'spring/draw/oAnn/m:1';
    const { out } = await verified({ claim, rules, gone: ['thanks', 'small'], json: true });
    const point = byHand(claim)[0] * 30n;
    expect(JSON.parse(out).drawn[0].prize).toBe(point < 25n * SPAN ? 'range' : 'big');
    await expect(verified({ claim, rules, gone: ['large'] })).rejects.toThrow('no prize "large"');
  });

  test('of a rule that counts is worked out for each of its times', async () => {
    const { out } = await verified({ claim: 'spring/third/oAnn/m:1', rules: fileOf(FILE), json: true });
    expect(JSON.parse(out).drawn.map(({ when }: { when: string }) => when)).toEqual(['time 3', 'time 7']);
  });

  test('needs no rule file for its luck', async () => {
    const { out, exit } = await verified({ claim: 'spring/draw/oAnn/m:1' });
    expect(exit).toBe(0);
    expect(out).toContain(`0x${byHand('spring/draw/oAnn/m:1')[0].toString(16).padStart(12, '0')} / 2^48`);
  });

  test('whose seed does not fit the commitment is refused', async () => {
    const claim = 'spring/draw/oAnn/m:1';
    const commitment = createHash('sha256').update(SEED).digest('hex');
    expect(await verified({ claim, commitment })).toMatchObject({ exit: 0 });
    const wrong = await verified({
      claim,
      commitment: commitment.replace(/^./, letter => (letter === '0' ? '1' : '0')),
    });
    expect(wrong.exit).toBe(1);
    expect(wrong.out).toContain('does NOT fit');
  });

  test.each([
    [{ seed: 'abc', claim: 'spring/draw/a/b' }, '64 hex digits'],
    [{ claim: 'spring/draw' }, 'is no key of a claim'],
    [{ claim: 'other/draw/a/b' }, '--claim is of "other", not of "spring"'],
    [{ openid: 'a' }, 'go together'],
    [{}, 'say which'],
    [{ round: '第一场' }, 'needs the rule file'],
  ])('%j is bad input', async (options, message) => {
    await expect(verified(options)).rejects.toThrow(message);
  });
});

test('the layout of a round is laid out again: the same by hand, exactly its packets and its total', async () => {
  const { out, exit } = await verified({ round: '第一场', rules: fileOf(FILE), json: true });
  expect(exit).toBe(0);
  const { rows } = readJson(out, has({ round: has({ rows: isListOf(isListOf(isNumber)) }) })).round;
  expect(rows.flat().reduce((sum, amount) => sum + amount, 0)).toBe(28_800);
  // By hand: numbers from the round's key; up to twice the mean of what is left; then shuffled from behind; then dealt out.
  const key = createHmac('sha256', SEED).update('round 第一场').digest();
  const numbers: number[] = [];
  for (let block = 0; numbers.length < 200; block++) {
    const digest = createHmac('sha256', key).update(String(block)).digest();
    for (let at = 0; at + 6 <= 32; at += 6) numbers.push(digest.readUIntBE(at, 6) / 2 ** 48);
  }
  const amounts: number[] = [];
  let rest = 28_800;
  for (let left = 90; left > 0; left--) {
    const least = Math.max(100, rest - (left - 1) * 6600);
    const most = Math.min(6600, rest - (left - 1) * 100);
    const likely = Math.max(least, Math.min(most, Math.floor((2 * rest) / left) - 100));
    amounts.push(least + Math.floor(numbers.shift()! * (likely - least + 1)));
    rest -= amounts.at(-1)!;
  }
  for (let n = 89; n > 0; n--) {
    const other = Math.floor(numbers.shift()! * (n + 1));
    [amounts[n], amounts[other]] = [amounts[other]!, amounts[n]!];
  }
  // 90 packets: eight rows, the largest power of two with at least eight in each.
  expect(rows).toEqual(Array.from({ length: 8 }, (_, row) => amounts.filter((_, n) => n % 8 === row)));
  const plain = await verified({ round: '第一场', rules: fileOf(FILE) });
  expect(plain.out).toContain('90 in 8 rows, ¥288.00 in all: exactly the round');
  expect(plain.out).toContain('all are within');
  await expect(verified({ round: '第二场', rules: fileOf(FILE) })).rejects.toThrow('it has "第一场"');
});

describe('the seed', () => {
  const seedByHand = createHmac('sha256', ENV.TEST_SECRET).update('draw seed of test').digest('hex');
  const revealed = async (rules: string) => {
    world = await startWorld({ rules });
    const before = process.env.TEST_SECRET;
    process.env.TEST_SECRET = ENV.TEST_SECRET;
    try {
      return await printed(() => reveal('test', { config: join(world!.folder, 'bot.yaml') }));
    } finally {
      if (before === undefined) delete process.env.TEST_SECRET;
      else process.env.TEST_SECRET = before;
    }
  };

  test('is refused before the end, with the end; the commitment is told', async () => {
    const { exit, out } = await revealed(RULES);
    expect(exit).toBe(1);
    expect(out).toMatch(/^refused: "test" ends at 2100-01-01 00:00:00/);
    expect(out).not.toContain(seedByHand);
    expect(out).toContain(createHash('sha256').update(seedByHand).digest('hex'));
  });

  test('is told after it, and verifies what the bot has drawn', async () => {
    const rules = RULES.replace('to: 2099-12-31', 'to: 2020-12-31');
    const { exit, out } = await revealed(rules);
    expect(exit).toBe(0);
    expect(out).toBe(
      `campaign   test\ncommitment ${createHash('sha256').update(seedByHand).digest('hex')}\nseed       ${seedByHand}\n`,
    );
    expect(readFileSync(join(world!.folder, 'rules.yaml'), 'utf8')).toBe(rules);
  });
});
