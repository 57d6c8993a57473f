// Reads the YAML that people write: parses it once, finds what no file of ours may hold, and turns every place into a
// line and a column. What the values mean is said by the shapes in `schema.ts`.

import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
  visit,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type Finding, findingAt, type Place } from '../base/error.ts';
import { joined, t, type Wording } from '../base/words/words.ts';
import { readPlainYaml } from './plain-yaml.ts';

/** Gets every text before it is judged, such as `${NAME}`, and gives what it stands for; `undefined`: it has said why not. */
export type Transform = (text: string, say: Say) => string | undefined;

/** A rule file is a page; a megabyte is an accident. */
export const FILE_LIMIT = 1_000_000;
const DEPTH_LIMIT = 100;

/** What the shapes read from, and where they say what is wrong. */
export class Reader {
  readonly findings: Finding[] = [];
  /** What was read where a secret stands. */
  readonly secrets: string[] = [];
  readonly file: string;
  /** The file's text, in which the ranges of the nodes count. */
  readonly source: string;
  private readonly lines: LineCounter;
  private readonly transform: Transform | undefined;

  constructor(file: string, source: string, lines: LineCounter, transform?: Transform) {
    this.file = file;
    this.source = source;
    this.lines = lines;
    this.transform = transform;
  }

  place(at: Node | number): Place {
    const offset = typeof at === 'number' ? at : (at.range?.[0] ?? 0);
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  say(at: Node | Place | number, said: Wording): void {
    const place = typeof at === 'object' && 'line' in at ? at : this.place(at);
    this.findings.push(findingAt(this.file, place, said));
  }

  /** What the scalar stands for; `undefined`: nobody knows, and it was said. */
  text(node: Scalar): string | undefined {
    const written = textOf(node);
    return this.transform ? this.transform(written, message => this.say(node, message)) : written;
  }
}

export type JsonSchema = { readonly [key: string]: unknown };

/**
 * Reads a node into a value. `undefined`: it could not, and the reader has a finding that says why. Parts that could
 * not be read are missing in the whole, so a value is complete if, and only if, there are no findings.
 */
export type Shape<T> = {
  /** In words, for "expected …, found …": `a rule`. */
  readonly what: Wording;
  read(node: Node, reader: Reader): T | undefined;
  schema(): JsonSchema;
};

/** Says something about the node that is being read. */
export type Say = (message: Wording) => void;

/** Says "expected …, found …", unless the node was refused already for what it is. */
export function refuse(node: Node, reader: Reader, what: Wording, example?: string): undefined {
  const hint = example === undefined ? '' : t`; write ${example}`;
  if (!isAlias(node)) reader.say(node, t`expected ${what}, found ${found(node)}${hint}`);
  return undefined;
}

/** The document's root, or nothing where the file cannot be understood; the reader knows why. */
type Parsed = {
  readonly reader: Reader;
  readonly root?: Node;
  /** The first line that is no YAML: what stands behind it was not understood. */
  readonly brokenAt?: number;
};

export function parse(file: string, text: string, transform?: Transform): Parsed {
  const source = shelter(text.replace(/^\uFEFF/, ''));
  const lines = new LineCounter();
  const reader = new Reader(file, source, lines, transform);
  if (source.length > FILE_LIMIT) {
    reader.say(0, t`the file has ${source.length} characters; at most ${FILE_LIMIT} are read`);
    return { reader };
  }
  if (isTooDeep(source)) {
    reader.say(0, t`the file is nested too deeply; at most ${DEPTH_LIMIT} levels are read`);
    return { reader };
  }
  const root = readPlainYaml(source);
  if (!root) return parseWhole(reader, lines);
  countLines(source, lines);
  sayOddities(reader, root);
  return { reader, root };
}

function countLines(source: string, lines: LineCounter): void {
  lines.addNewLine(0);
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
}

/** All of YAML, and whatever is wrong with it. */
function parseWhole(reader: Reader, lines: LineCounter): Parsed {
  // `failsafe`: every scalar stays the text that was written. ¥1.00, 08 and 1_000 are ours to judge, not YAML's.
  const options = { lineCounter: lines, schema: 'failsafe', uniqueKeys: false, prettyErrors: false } as const;
  const document = parseDocument(reader.source, options);
  const brokenAt = sayErrors(reader, document.errors);
  if (brokenAt !== undefined) return { reader, brokenAt };
  if (document.contents === null || isNothing(document.contents)) {
    if (reader.findings.length === 0) reader.say(0, t`the file is empty`);
    return { reader };
  }
  sayOddities(reader, document.contents);
  return { reader, root: document.contents };
}

/**
 * `yaml` calls itself once a level, and an exhausted stack can end the process instead of throwing. So the depth is
 * bounded before: by brackets that are open at once, and by how far a line is indented (`- - -` indents as well).
 */
function isTooDeep(source: string): boolean {
  let open = 0;
  for (const [bracket] of source.matchAll(/[[{\]}]/g)) {
    open = Math.max(0, open + (bracket === '[' || bracket === '{' ? 1 : -1));
    if (open > DEPTH_LIMIT) return true;
  }
  return source.split('\n').some(line => /^(?:[-?:]?[ \t])*/.exec(line.trimEnd())![0].length > 2 * DEPTH_LIMIT);
}

// ── Braces that are ours ─────────────────────────────────────────────────────────────────────────────────────

const OPEN = '\uE000';
const CLOSE = '\uE001';

/**
 * `{{amount}}` and `${NAME}` are written without quotes wherever a text may stand, also where YAML would take their
 * braces for a map. While YAML reads the file, other characters stand in for them, one for one: places stay.
 */
function shelter(text: string): string {
  return text.replace(/\$\{\w+\}|\{\{[^{}\n,:"']*\}\}/g, found => found.replaceAll('{', OPEN).replaceAll('}', CLOSE));
}

function unshelter(text: string): string {
  if (!text.includes(OPEN) && !text.includes(CLOSE)) return text; // nearly always, and every text comes here
  return text.replaceAll(OPEN, '{').replaceAll(CLOSE, '}');
}

/** The scalar as it was written, without quotes. The line break that ends a block (`|`) is layout, not text. */
export function textOf(node: Scalar): string {
  const text = unshelter(String(node.value ?? ''));
  return node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED ? text.replace(/\n+$/, '') : text;
}

/** `key:` with nothing behind it, `~` or `null`. */
export function isNothing(node: Node): boolean {
  return isPlain(node) && /^(|~|null|Null|NULL)$/.test(textOf(node));
}

export function isPlain(node: unknown): node is Scalar {
  return isScalar(node) && (node.type === Scalar.PLAIN || node.type === undefined);
}

/** A value that was not written stands where its key does. */
export function nothingAt(key: Node): Scalar {
  const node = new Scalar('');
  node.type = Scalar.PLAIN;
  if (key.range) node.range = key.range;
  return node;
}

/** What stands there, for the end of "expected …, found …". As written: a secret that was filled in is not shown. */
export function found(node: Node): Wording {
  if (isMap(node)) return t`a map of keys`;
  if (isSeq(node)) return t`a list`;
  if (!isScalar(node) || isNothing(node)) return t`nothing`;
  const text = textOf(node);
  return t`"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;
}

// ── What YAML itself complains of ────────────────────────────────────────────────────────────────────────────

/** After these the rest of the tree is what was meant; after any other it would be guesswork. */
const HARMLESS = new Set<string>(['MULTIPLE_DOCS', 'BAD_SCALAR_START', 'TAB_AS_INDENT', 'BAD_DQ_ESCAPE']);

/** A line: from there on the tree is of no use. One complaint a line, and none behind that one: the others follow from it. */
function sayErrors(reader: Reader, errors: readonly YAMLError[]): number | undefined {
  const lines = new Set<number>();
  for (const error of errors) {
    const place = reader.place(error.pos[0]);
    const isBroken = !HARMLESS.has(error.code);
    if (lines.has(place.line)) {
      if (isBroken) return place.line;
      continue;
    }
    lines.add(place.line);
    reader.say(place, joined([wordsFor(error), hintFor(lineAround(reader.source, error.pos[0]))]));
    if (isBroken) return place.line;
  }
  return undefined;
}

function wordsFor(error: YAMLError): Wording {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return t`a tab indents this line; YAML wants spaces`;
    case 'MULTIPLE_DOCS':
      return t`a second document begins here; one file holds one`;
    case 'BLOCK_AS_IMPLICIT_KEY':
      return t`two keys on one line: begin a new line for the second; a text with ": " in it needs quotes`;
    default:
      return t`not YAML: ${unshelter(error.message.charAt(0).toLowerCase() + error.message.slice(1))}`;
  }
}

function lineAround(source: string, offset: number): string {
  const end = source.indexOf('\n', offset);
  return source.slice(source.lastIndexOf('\n', offset - 1) + 1, end < 0 ? undefined : end);
}

function hintFor(line: string): Wording {
  const key = /^\s*(?:- )?([\w-]+)\s*\uFF1A/.exec(line)?.[1];
  if (key !== undefined) return t`; the colon is full-width: write "${key}: "`;
  return /:\s*[@`%]/.test(line) ? t`; put the text in quotes` : '';
}

/** What YAML allows and we do not: aliases, anchors, tags, a key that is none, the same key twice. */
function sayOddities(reader: Reader, root: Node): void {
  visit(root, {
    Alias: (_, node) => reader.say(node, t`aliases (*${node.source}) are not allowed here; write the value again`),
    Scalar: (_, node) => sayOddNode(reader, node),
    Seq: (_, node) => sayOddNode(reader, node),
    Map: (_, node) => {
      sayOddNode(reader, node);
      sayKeys(reader, node);
    },
  });
}

function sayOddNode(reader: Reader, node: Scalar | YAMLMap | YAMLSeq): void {
  if (node.anchor !== undefined) reader.say(node, t`anchors (&${node.anchor}) are not allowed here`);
  if (node.tag !== undefined) reader.say(node, t`tags (${node.tag}) are not allowed here`);
}

function sayKeys(reader: Reader, map: YAMLMap): void {
  const seen = new Map<string, Place>();
  for (const pair of map.items) {
    if (!isPair(pair) || !isNode(pair.key)) continue;
    const { key } = pair;
    if (!isScalar(key)) {
      if (!isAlias(key)) reader.say(key, t`expected a key, found ${found(key)}`);
      continue;
    }
    const first = seen.get(textOf(key));
    if (first) reader.say(key, t`the key "${textOf(key)}" is there already, in line ${first.line}`);
    else seen.set(textOf(key), reader.place(key));
  }
}
