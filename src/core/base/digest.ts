// Whether two stores hold the same rows: how many there are, and a sum over what each one says (SHA-256). Rows that have
// no order may come in any; and what one row says does not depend on the order of its fields.

import { createHash } from 'node:crypto';
import { isRecord } from './record.ts';

export class Digest {
  private readonly isOrdered: boolean;
  private rows = 0;
  private total = 0n;

  /** `isOrdered`: the same rows in another order are not the same. */
  constructor(isOrdered: boolean) {
    this.isOrdered = isOrdered;
  }

  add(row: object): void {
    this.rows++;
    const place = this.isOrdered ? `${this.rows} ` : '';
    const digest = createHash('sha256')
      .update(place + sayingOf(row))
      .digest();
    this.total = BigInt.asUintN(64, this.total + digest.readBigUInt64BE());
  }

  get count(): number {
    return this.rows;
  }

  isSame(other: Digest): boolean {
    return this.rows === other.rows && this.total === other.total;
  }
}

/** NUL and half a surrogate pair, as JSON writes them: no column of SQLite can hold them, it holds U+FFFD instead. */
const NOT_IN_SQLITE = /\\u(?:0000|d[89a-f][\da-f]{2})/g;

/** JSON with the fields of every object in the order of their names. */
export function sayingOf(row: object): string {
  return jsonOf(row).replace(NOT_IN_SQLITE, '\uFFFD');
}

/** By hand, because every row of two stores passes here: a replacer that sorts takes twice as long. */
function jsonOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonOf).join()}]`;
  if (!isRecord(value)) return JSON.stringify(value ?? null);
  let text = '';
  for (const name of Object.keys(value).sort()) {
    if (value[name] !== undefined) text += `${text && ','}${JSON.stringify(name)}:${jsonOf(value[name])}`;
  }
  return `{${text}}`;
}
