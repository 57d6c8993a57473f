// Where in a rule file something stands, found again by its path: for what is said about a campaign after it was read.
// A path that ends early, or goes on too far, gives the nearest place there is.

import { isMap, isNode, isScalar, isSeq, type Node, Pair, Scalar, visit } from 'yaml';
import type { Place } from '../base/error.ts';
import { isPlain, parse, type Reader, textOf } from './reader.ts';

/** `['rules', 0, 'replies', 'won']`: keys, and numbers in lists, from 0. */
export type Path = readonly (string | number)[];

/** One place of one file; for many of them make one `Places`. */
export function placeIn(text: string, path: Path, word?: string): Place {
  return new Places(text).at(path, word);
}

/** A plain value, or none, with a comment in its line that has no space behind its sign. `comment`: with the spaces before it. */
export type CloseComment = {
  readonly place: Place;
  readonly key: string | undefined;
  readonly value: string;
  readonly comment: string;
};

const CLOSE_COMMENT = /[ \t]+#(?! ?lint-off:)[^\s#][^\n]*/y;

type Found = { readonly key: Node | undefined; readonly value: Node | undefined };

export class Places {
  private readonly written: string;
  /** Read when the first place is asked for: most files have nothing to be said about. */
  private read: { readonly reader: Reader; readonly root?: Node } | undefined;
  private scalars: (readonly [from: number, to: number])[] | undefined;

  constructor(text: string) {
    this.written = text;
  }

  private get file(): { readonly reader: Reader; readonly root?: Node } {
    this.read ??= parse('', this.written);
    return this.read;
  }

  /** As long as what was parsed, and the braces as they were written. */
  private get text(): string {
    return this.written.replace(/^\uFEFF/, '');
  }

  /** Where the value at this path begins, or its key where it has a block of its own; with `word`: where that stands in it. */
  at(path: Path, word?: string): Place {
    const found = this.find(path);
    const offset = offsetOf(found);
    const within = word === undefined ? undefined : this.offsetWithin(found, word);
    return this.file.reader.place(within ?? offset ?? 0);
  }

  /** Whether a place in the file's text lies in a value, where a `#` is no comment. */
  isInValue(offset: number): boolean {
    this.scalars ??= this.rangesOfScalars();
    return this.scalars.some(([from, to]) => offset >= from && offset < to);
  }

  closeComments(): CloseComment[] {
    const { root, reader } = this.file;
    const { text } = this;
    const found: CloseComment[] = [];
    const look = (key: string | undefined, from: number, end: number): void => {
      CLOSE_COMMENT.lastIndex = end;
      const comment = CLOSE_COMMENT.exec(text)?.[0];
      if (comment !== undefined)
        found.push({ place: reader.place(from), key, value: text.slice(from, end), comment: comment.trimEnd() });
    };
    if (root)
      visit(root, {
        Pair: (_, { key, value }) => {
          if (!isScalar(key) || !key.range || (isScalar(value) && !isEmpty(value)) || (value && !isScalar(value)))
            return;
          const colon = text.indexOf(':', key.range[1]) + 1;
          look(textOf(key), colon, colon);
        },
        Scalar: (role, node) => {
          if (role !== 'key' && node.range && isPlain(node) && !isEmpty(node))
            look(undefined, node.range[0], node.range[1]);
        },
      });
    return found;
  }

  private find(path: Path): Found {
    let found: Found = { key: undefined, value: this.file.root };
    for (const step of path) {
      const next = stepInto(found.value, step);
      if (!next) return found;
      found = next;
    }
    return found;
  }

  private offsetWithin({ key, value }: Found, word: string): number | undefined {
    if (value && !isScalar(value)) {
      const whole = this.scalarThatIs(value, word);
      if (whole) return whole.range![0];
    }
    const [start, , end] = value?.range ?? key?.range ?? [];
    if (start === undefined) return undefined;
    // A comma in braces may have ended the value too early for YAML: the rest of its line belongs to it.
    const lineEnd = this.text.indexOf('\n', end);
    const at = this.text.indexOf(word, start);
    return at >= 0 && at < Math.max(end!, lineEnd < 0 ? this.text.length : lineEnd) ? at : undefined;
  }

  private scalarThatIs(within: Node, word: string): Scalar | undefined {
    let whole: Scalar | undefined;
    visit(within, {
      Scalar(_, node) {
        if (textOf(node) !== word || !node.range) return undefined;
        whole = node;
        return visit.BREAK;
      },
    });
    return whole;
  }

  private rangesOfScalars(): (readonly [number, number])[] {
    const ranges: (readonly [number, number])[] = [];
    const { root } = this.file;
    if (root)
      visit(root, {
        Scalar(_, node) {
          if (node.range) ranges.push([node.range[0], node.range[1]]);
        },
      });
    return ranges;
  }
}

function stepInto(node: Node | undefined, step: string | number): Found | undefined {
  if (isSeq(node) && typeof step === 'number') {
    const value = node.items[step];
    return isNode(value) ? { key: undefined, value } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(each => each instanceof Pair && isScalar(each.key) && textOf(each.key) === String(step));
  if (!pair) return undefined;
  const { key, value } = pair;
  return { key: isNode(key) ? key : undefined, value: isNode(value) && !isEmpty(value) ? value : undefined };
}

function isEmpty(value: Node): boolean {
  return isScalar(value) && value.type === Scalar.PLAIN && textOf(value) === '';
}

/** A map or list that begins on a line of its own is known by its key. */
function offsetOf({ key, value }: Found): number | undefined {
  const isBlock = (isMap(value) || isSeq(value)) && value.flow !== true;
  return (key && (isBlock || !value) ? key : (value ?? key))?.range?.[0];
}
