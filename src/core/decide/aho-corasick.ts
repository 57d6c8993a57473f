// Many words looked for in one text at once (Aho–Corasick): each character of the text is read once, however many words
// there are. Over UTF-16 units; a word of whole characters is found only where whole characters stand.

/** So many units there are: node and unit make one key. */
const UNITS = 65_536;

export class AhoCorasick {
  /** `node * UNITS + unit` → the node that is one unit longer. Node 0 is the beginning. */
  private readonly edges = new Map<number, number>();
  /** The word that ends at a node, by its place in the list; -1: none. */
  private readonly words: number[] = [-1];
  /** The longest other beginning of a word that the node's text ends with. */
  private readonly shorter: number[] = [0];
  /** The nearest of these at which a word ends; 0: none. */
  private readonly ends: number[] = [0];

  /** An empty word is never found. Of two equal ones the last is. */
  constructor(words: readonly string[]) {
    const depths: number[][] = [];
    words.forEach((word, index) => {
      if (word !== '') this.words[this.spell(word, depths)] = index;
    });
    for (const keys of depths) for (const key of keys) this.link(key);
  }

  /** Which words are in the text, each once, in no order. */
  found(text: string): number[] {
    const found: number[] = [];
    if (this.words.length === 1) return found;
    const seen = new Set<number>();
    let node = 0;
    for (let at = 0; at < text.length; at++) {
      node = this.step(node, text.charCodeAt(at));
      let end = this.words[node]! >= 0 ? node : this.ends[node]!;
      // Behind one that was seen there is nothing new.
      for (; end !== 0 && !seen.has(end); end = this.ends[end]!) {
        seen.add(end);
        found.push(this.words[end]!);
      }
    }
    return found;
  }

  /** The node of a word; new edges are noted by their depth. */
  private spell(word: string, depths: number[][]): number {
    let node = 0;
    for (let at = 0; at < word.length; at++) {
      const key = node * UNITS + word.charCodeAt(at);
      const known = this.edges.get(key);
      if (known === undefined) {
        const added = this.words.push(-1) - 1;
        this.shorter.push(0);
        this.ends.push(0);
        this.edges.set(key, added);
        const sameDepth = depths[at];
        if (sameDepth) sameDepth.push(key);
        else depths[at] = [key];
        node = added;
      } else node = known;
    }
    return node;
  }

  /** After all shorter ones: what to fall back to when the word goes on differently. */
  private link(key: number): void {
    const parent = Math.floor(key / UNITS);
    const node = this.edges.get(key)!;
    const shorter = parent === 0 ? 0 : this.step(this.shorter[parent]!, key % UNITS);
    this.shorter[node] = shorter;
    this.ends[node] = this.words[shorter]! >= 0 ? shorter : this.ends[shorter]!;
  }

  private step(from: number, unit: number): number {
    let node = from;
    for (;;) {
      const next = this.edges.get(node * UNITS + unit);
      if (next !== undefined) return next;
      if (node === 0) return 0;
      node = this.shorter[node]!;
    }
  }
}
