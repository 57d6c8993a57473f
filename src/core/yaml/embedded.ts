// Texts in a language of their own, inside a rule file: conditions and patterns. What is wrong with one is said at the
// letter where it is wrong, also behind quotes and over several lines.

import { isScalar, Scalar } from 'yaml';
import type { Place } from '../base/error.ts';
import type { Pattern } from '../base/pattern.ts';
import { compilePattern } from '../base/pattern.ts';
import { t, type Wording } from '../base/words/words.ts';

import { isNothing, type Reader, refuse, type Shape } from './reader.ts';

export type Passage = {
  readonly text: string;
  /** Where in the file its letter number `offset` stands. */
  readonly placeOf: (offset: number) => Place;
};

export function passage(what: Wording): Shape<Passage> {
  return {
    what,
    read(node, reader) {
      if (!isScalar(node) || isNothing(node)) return refuse(node, reader, what);
      const text = reader.text(node);
      if (text === undefined) return undefined;
      if (text.trim() === '') {
        reader.say(node, t`expected ${what}, found an empty text`);
        return undefined;
      }
      return { text, placeOf: offset => reader.place(sourceOffset(node, text, offset, reader)) };
    },
    schema: () => ({ type: ['string', 'number', 'boolean'] }),
  };
}

/**
 * Quotes, indents and folded lines change nothing but spaces, and add a backslash at most: so the letters of the text
 * are met in the source in their order.
 */
function sourceOffset(node: Scalar, text: string, offset: number, { source }: Reader): number {
  const [start, end] = node.range!;
  const isBlock = node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED;
  const isQuoted = node.type === Scalar.QUOTE_DOUBLE || node.type === Scalar.QUOTE_SINGLE;
  let at = isBlock ? source.indexOf('\n', start) + 1 : isQuoted ? start + 1 : start;
  let last = at;
  for (let n = 0; n <= Math.min(offset, text.length - 1); n++) {
    const letter = text[n]!;
    const next = /\s/.test(letter) ? at : source.indexOf(letter, at);
    if (next < 0 || next >= end) continue;
    last = next;
    at = next + 1;
  }
  return offset >= text.length ? last + 1 : last;
}

/** A pattern in RE2 syntax. */
export function pattern(what: Wording): Shape<Pattern> {
  const written = passage(what);
  return {
    what,
    read(node, reader) {
      const found = written.read(node, reader);
      if (!found) return undefined;
      const made = compilePattern(found.text);
      if ('pattern' in made) return made.pattern;
      reader.say(made.at === undefined ? node : found.placeOf(made.at), made.message);
      return undefined;
    },
    schema: () => ({ type: ['string', 'number'] }),
  };
}
