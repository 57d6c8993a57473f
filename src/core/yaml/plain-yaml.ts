// Most files are written in a small part of YAML: maps and lists by their indentation, braces and brackets within one line, texts
// that are plain or simply quoted, comments. That part is read here in one go, into the same nodes as `yaml` makes, in a part of
// its time. Whatever is not surely of that part is declined, and `yaml` reads the whole file: what is wrong is said by it alone.

import { type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';

/** The root of the file; `undefined`: declined. */
export function readPlainYaml(source: string): Node | undefined {
  if (UNUSUAL.test(source)) return undefined;
  const lines = linesOf(source);
  if (lines.length === 0 || lines[0]!.column !== 0) return undefined;
  try {
    const scan = new Scan(source, lines);
    const root = scan.block(lines[0]!.at, 0);
    return scan.isAtEnd() ? root : undefined;
  } catch (error) {
    if (error === DECLINED) return undefined;
    throw error;
  }
}

/** Other ends of lines, tabs, controls, directives and the borders of documents. */
const UNUSUAL = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028\u2029\uFEFF]|^(?:%|---|\.\.\.)/m;
/** What a plain text may not begin with. `-`, `?` and `:` may, before some signs: that is rare. */
const INDICATORS = new Set('-?:,[]{}#&*!|>\'"%@`');
/** YAML bounds what may be a key. */
const KEY_MAX = 1000;
const DECLINED = Symbol('declined');

function decline(): never {
  throw DECLINED;
}

/**
 * A line that holds something: where that begins, in which column, and where the line ends. `comment`: the column of the deepest
 * comment below it.
 */
type Line = { readonly at: number; readonly column: number; readonly end: number; comment: number };

function linesOf(source: string): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < source.length; ) {
    const newline = source.indexOf('\n', start);
    const end = newline < 0 ? source.length : newline;
    let at = start;
    while (at < end && source[at] === ' ') at++;
    const last = lines.at(-1);
    if (at < end && source[at] !== '#') lines.push({ at, column: at - start, end, comment: 0 });
    else if (at < end && last) last.comment = Math.max(last.comment, at - start);
    start = end + 1;
  }
  return lines;
}

/** Within a line; and where that goes on. */
type Inline<T extends Node = Node> = { readonly node: T; readonly end: number };

class Scan {
  private readonly source: string;
  private readonly lines: readonly Line[];
  /** The line that is read. */
  private n = 0;

  constructor(source: string, lines: readonly Line[]) {
    this.source = source;
    this.lines = lines;
  }

  isAtEnd(): boolean {
    return this.n === this.lines.length;
  }

  /** A map or a list that begins in this line. */
  block(at: number, column: number): Node {
    return this.isDash(at) ? this.list(at, column) : this.map(at, column);
  }

  private map(first: number, column: number): YAMLMap {
    const map = new YAMLMap();
    for (let at = first; ; at = this.lines[this.n]!.at) {
      const colon = this.colonAfter(at);
      if (colon === undefined || colon - at > KEY_MAX) decline();
      const { node: key, end } = this.scalar(at, false);
      if (this.skip(end) !== colon) decline();
      map.items.push(new Pair(key, this.valueAfter(colon + 1, column)));
      if (!this.goesOn(column)) break;
    }
    return this.ranged(map, first);
  }

  /** In the same line, or as a block in those below it. */
  private valueAfter(from: number, column: number): Node {
    const { end } = this.lines[this.n]!;
    const at = this.skip(from);
    if (this.source[at] === '|') return this.literal(at, column);
    if (at < end && this.source[at] !== '#') return this.restOfLine(at, column);
    this.n++;
    const below = this.lines[this.n];
    if (!below) decline();
    if (below.column > column || (below.column === column && this.isDash(below.at)))
      return this.block(below.at, below.column);
    return decline();
  }

  private list(first: number, column: number): YAMLSeq {
    const list = new YAMLSeq();
    for (let at = first; ; at = this.lines[this.n]!.at) {
      if (!this.isDash(at)) decline();
      const inner = this.skip(at + 1);
      if (inner >= this.lines[this.n]!.end || this.source[inner] === '#') decline();
      const isBlock = this.isDash(inner) || this.colonAfter(inner) !== undefined;
      list.items.push(isBlock ? this.block(inner, column + inner - at) : this.restOfLine(inner, column));
      // A list may stand in the column of its key, which goes on then.
      const next = this.lines[this.n];
      if (next?.column === column && !this.isDash(next.at)) break;
      if (!this.goesOn(column)) break;
    }
    return this.ranged(list, first);
  }

  /** Whether the next line belongs to a block of this column. */
  private goesOn(column: number): boolean {
    const next = this.lines[this.n];
    if (!next || next.column < column) return false;
    return next.column === column || decline();
  }

  /** It ends with the line; a text that goes on below it is not of our part. */
  private restOfLine(at: number, column: number): Node {
    const { end: lineEnd, comment } = this.lines[this.n]!;
    if (comment > column) decline(); // to `yaml` it belongs to what stands above it
    const { node, end } = this.inline(at, false);
    const rest = this.skip(end);
    if (rest < lineEnd && !(this.source[rest] === '#' && rest > end)) decline();
    this.n++;
    const below = this.lines[this.n];
    if (below && below.column > column) decline();
    node.range![2] = Math.min(lineEnd + 1, this.source.length);
    return node;
  }

  /** A text of whole lines, behind `|` or `|-`: as deep as its first line, and up to what stands less deep. */
  private literal(start: number, column: number): Scalar {
    const { source } = this;
    const header = this.lines[this.n]!.end;
    const isStripped = source[start + 1] === '-';
    if (header !== start + (isStripped ? 2 : 1)) decline();
    const indent = this.skip(header + 1) - header - 1;
    const texts: string[] = [];
    let [at, end] = [header + 1, header + 1];
    while (at < source.length) {
      const newline = source.indexOf('\n', at);
      if (newline < 0) decline();
      const text = this.skip(at);
      if (text < newline && text - at < indent) break;
      if (text === newline && text !== at) decline();
      texts.push(source.slice(at + indent, newline));
      at = newline + 1;
      if (text < newline) end = at;
    }
    while (texts.at(-1) === '') texts.pop();
    if (indent <= column || texts.length === 0 || texts[0] === '') decline();
    while (this.n < this.lines.length && this.lines[this.n]!.at < at) this.n++;
    return scalarOf(texts.join('\n') + (isStripped ? '' : '\n'), Scalar.BLOCK_LITERAL, start, end);
  }

  private inline(at: number, isFlow: boolean): Inline {
    const sign = this.source[at];
    if (sign === '{') return this.braces(at);
    return sign === '[' ? this.brackets(at) : this.scalar(at, isFlow);
  }

  private braces(start: number): Inline {
    const map = new YAMLMap();
    map.flow = true;
    let at = this.skip(start + 1);
    while (this.source[at] !== '}') {
      const { node: key, end } = this.scalar(at, true);
      const colon = this.skip(end);
      if (this.source[colon] !== ':' || this.source[colon + 1] !== ' ' || colon - at > KEY_MAX) decline();
      const value = this.inline(this.skip(colon + 1), true);
      map.items.push(new Pair(key, value.node));
      at = this.afterComma(value, '}');
    }
    map.range = [start, at + 1, at + 1];
    return { node: map, end: at + 1 };
  }

  private brackets(start: number): Inline {
    const list = new YAMLSeq();
    list.flow = true;
    let at = this.skip(start + 1);
    while (this.source[at] !== ']') {
      const value = this.inline(at, true);
      list.items.push(value.node);
      at = this.afterComma(value, ']');
    }
    list.range = [start, at + 1, at + 1];
    return { node: list, end: at + 1 };
  }

  /** Where the next entry begins, or the end. A comma that touches what follows may be part of an amount: not ours to say. */
  private afterComma({ node, end }: Inline, close: string): number {
    const at = this.skip(end);
    node.range![2] = at;
    if (this.source[at] === close) return at;
    if (this.source[at] !== ',' || this.source[at + 1] !== ' ') decline();
    const next = this.skip(at + 1);
    return this.source[next] === close || this.source[next] === ',' ? decline() : next;
  }

  private scalar(at: number, isFlow: boolean): Inline<Scalar> {
    const { source } = this;
    const sign = source[at];
    if (sign === '"' || sign === "'") return this.quoted(at, sign);
    const { end: lineEnd } = this.lines[this.n]!;
    if (at >= lineEnd || INDICATORS.has(sign!)) decline();
    let [to, end] = [at, at];
    for (; to < lineEnd; to++) {
      const each = source[to]!;
      if (each === ':' && (to + 1 >= lineEnd || source[to + 1] === ' ')) break;
      if (each === '#' && source[to - 1] === ' ') break;
      if (isFlow && FLOW.has(each)) {
        if (source[to - 1] === ':') decline();
        break;
      }
      if (each !== ' ') end = to + 1;
    }
    return { node: scalarOf(source.slice(at, end), Scalar.PLAIN, at, end), end };
  }

  private quoted(at: number, quote: '"' | "'"): Inline<Scalar> {
    const close = this.source.indexOf(quote, at + 1);
    if (close < 0 || close >= this.lines[this.n]!.end) decline();
    const text = this.source.slice(at + 1, close);
    const end = close + 1;
    // An escape, or a quote that is written twice.
    if ((quote === '"' && text.includes('\\')) || this.source[end] === quote) decline();
    return { node: scalarOf(text, quote === '"' ? Scalar.QUOTE_DOUBLE : Scalar.QUOTE_SINGLE, at, end), end };
  }

  /** Where the colon of a key is that begins here. */
  private colonAfter(at: number): number | undefined {
    const { source } = this;
    const { end: lineEnd } = this.lines[this.n]!;
    const sign = source[at];
    if (sign === '{' || sign === '[') return undefined;
    const { end } = this.scalar(at, false);
    const colon = this.skip(end);
    if (source[colon] !== ':' || colon >= lineEnd) return undefined;
    return colon + 1 === lineEnd || source[colon + 1] === ' ' ? colon : decline();
  }

  private isDash(at: number): boolean {
    return this.source[at] === '-' && this.source[at + 1] === ' ';
  }

  private skip(from: number): number {
    let at = from;
    while (this.source[at] === ' ') at++;
    return at;
  }

  /** To the end of its last line. `yaml` adds comments below that, which are in the block's column. */
  private ranged<T extends YAMLMap | YAMLSeq>(block: T, start: number): T {
    const last = block.items.at(-1);
    const node = last instanceof Pair ? last.value : last;
    const end = node.range![2];
    block.range = [start, end, end];
    return block;
  }
}

const FLOW = new Set(',[]{}');

function scalarOf(text: string, type: Scalar.Type, from: number, end: number): Scalar {
  const scalar = new Scalar(text);
  scalar.type = type;
  scalar.range = [from, end, end];
  return scalar;
}
