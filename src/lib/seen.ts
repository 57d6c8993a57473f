// Which of very many texts have been seen: eight bytes of each one's hash, and nothing else.
import { createHash } from 'node:crypto';

const FIRST_SLOTS = 1024;

export class Seen {
  private slots = new BigUint64Array(FIRST_SLOTS);
  private count = 0;

  /** Whether it is new. Of a thousand million texts two are taken for one with a chance of some per cent. */
  add(text: string): boolean {
    const hash = createHash('sha256').update(text).digest().readBigUInt64LE(0) || 1n;
    if (!put(this.slots, hash)) return false;
    this.count++;
    if (this.count * 2 > this.slots.length) this.grow();
    return true;
  }

  private grow(): void {
    const more = new BigUint64Array(this.slots.length * 2);
    for (const hash of this.slots) if (hash !== 0n) put(more, hash);
    this.slots = more;
  }
}

/** `false`: it is there. Zero is an empty place. */
function put(slots: BigUint64Array, hash: bigint): boolean {
  let at = Number(hash % BigInt(slots.length));
  while (slots[at] !== 0n) {
    if (slots[at] === hash) return false;
    at = (at + 1) % slots.length;
  }
  slots[at] = hash;
  return true;
}
