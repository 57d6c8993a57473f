// Chance for simulations: numbers in [0, 1) that a seed repeats. Nobody is paid by them; draws have `draw.ts`.
import { createHash } from 'node:crypto';

export type Chance = () => number;

/** sfc32: quick, and good enough for made-up crowds. */
export function chanceOf(seed: string): Chance {
  const digest = createHash('sha256').update(seed).digest();
  let [a, b, c, d] = [digest.readInt32LE(0), digest.readInt32LE(4), digest.readInt32LE(8), digest.readInt32LE(12)];
  return () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

export function pick<T>(list: readonly T[], chance: Chance): T {
  return list[Math.floor(chance() * list.length)]!;
}

/** How often something happens that happens `mean` times on the average. */
export function poisson(mean: number, chance: Chance): number {
  const least = Math.exp(-mean);
  let count = 0;
  for (let product = chance(); product > least; product *= chance()) count++;
  return count;
}

/** What people spend: many a little, a few a lot. */
export function logNormal(median: number, spread: number, chance: Chance): number {
  const normal = Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
  return median * Math.exp(spread * normal);
}

/** One of a list by weight, at a point in [0, 1). With one in it it is certain. */
export function byWeight<T extends { readonly weight: number }>(list: readonly T[], point: number): T | undefined {
  let left = point * list.reduce((sum, { weight }) => sum + weight, 0);
  for (const each of list) {
    left -= each.weight;
    if (left < 0) return each;
  }
  return list.at(-1);
}
