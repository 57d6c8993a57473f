// The most of a sum under limits that are sums as well (linear programming): maximise c·x where every limit is a·x ≤ b, all
// x ≥ 0 and all b ≥ 0. To do nothing is always possible, so there is always an answer; or there is no most at all.

/** One limit: so much of each amount, by its number, comes to `most` together. */
export type Bounded = { readonly of: ReadonlyMap<number, number>; readonly most: number };

export type Most =
  | { readonly kind: 'finite'; readonly sum: number }
  /** Without end: whoever takes these together, again and again, never comes to a limit. */
  | { readonly kind: 'endless'; readonly ray: ReadonlyMap<number, number> };

/** What is smaller is a rounding. */
const TINY = 1e-9;

export function mostOf(worth: readonly number[], limits: readonly Bounded[]): Most {
  const [count, rows] = [worth.length, limits.length];
  const width = count + rows + 1;
  // Each row: the amounts, the slack of every limit, what is left of it.
  const table = limits.map(({ of, most }, row) => {
    const line = new Float64Array(width);
    for (const [each, factor] of of) line[each] = factor;
    line[count + row] = 1;
    line[width - 1] = most;
    return line;
  });
  const gain = new Float64Array(width);
  for (let each = 0; each < count; each++) gain[each] = worth[each]!;
  const basis = limits.map((_, row) => count + row);
  for (;;) {
    // The first that gains, and of equal rows the first: it never goes round in circles (Bland).
    const enters = gain.subarray(0, width - 1).findIndex(each => each > TINY);
    if (enters < 0) return { kind: 'finite', sum: -gain[width - 1]! };
    const leaves = tightest(table, basis, enters);
    if (leaves < 0) return { kind: 'endless', ray: rayOf(table, basis, enters, count) };
    pivot(table, gain, leaves, enters);
    basis[leaves] = enters;
  }
}

/** The limit that is felt first when this amount grows; -1: none ever is. */
function tightest(table: readonly Float64Array[], basis: readonly number[], enters: number): number {
  let [best, at] = [Infinity, -1];
  table.forEach((line, row) => {
    const factor = line[enters]!;
    if (factor <= TINY) return;
    const room = line[line.length - 1]! / factor;
    if (room > best + TINY || (room > best - TINY && at >= 0 && basis[row]! > basis[at]!)) return;
    [best, at] = [room, row];
  });
  return at;
}

function pivot(table: readonly Float64Array[], gain: Float64Array, leaves: number, enters: number): void {
  const line = table[leaves]!;
  const factor = line[enters]!;
  for (let n = 0; n < line.length; n++) line[n]! /= factor;
  for (const other of [...table, gain]) {
    const times = other[enters]!;
    if (other === line || times === 0) continue;
    for (let n = 0; n < line.length; n++) other[n]! -= times * line[n]!;
  }
}

function rayOf(
  table: readonly Float64Array[],
  basis: readonly number[],
  enters: number,
  count: number,
): Map<number, number> {
  const ray = new Map<number, number>(enters < count ? [[enters, 1]] : []);
  table.forEach((line, row) => {
    if (basis[row]! < count && line[enters]! < -TINY) ray.set(basis[row]!, -line[enters]!);
  });
  return ray;
}
