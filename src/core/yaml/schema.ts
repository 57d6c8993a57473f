// Shapes: small readers for parts of a YAML file that fit together into a whole one. Each turns a node into a value,
// says everything that is wrong with it and where, and knows its own JSON Schema: one source for the validator, the
// editor and the types. Rule files and bot.yaml are both read with them.

import { isMap, isNode, isPair, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from 'yaml';
import type { Finding, Place } from '../base/error.ts';
import { nearest, suggest } from '../base/suggest.ts';
import { joined, t, type Wording } from '../base/words/words.ts';
import type { Passage } from './embedded.ts';
import { type Reading, withoutConsequences } from './mend.ts';
import {
  isNothing,
  isPlain,
  type JsonSchema,
  nothingAt,
  parse,
  type Reader,
  refuse,
  type Say,
  type Shape,
  type Transform,
  textOf,
} from './reader.ts';

export { type Passage, passage, pattern } from './embedded.ts';
export type {
  JsonSchema,
  Say,
  Shape,
  Transform,
} from './reader.ts';
export * from './scalars.ts';

export type ShapeOf<S> = S extends Shape<infer T> ? T : never;

/** A value and where it stands, for checks that look at several places at once. */
export type Located<T> = { readonly value: T; readonly at: Place };

/** What a check sees: any part may be missing, because it could not be read. A passage is whole, or not there. */
export type Draft<T> = T extends string | number | boolean | null | Passage
  ? T
  : T extends Located<infer V>
    ? { readonly value: Draft<V>; readonly at: Place }
    : T extends readonly (infer V)[]
      ? readonly Draft<V>[]
      : T extends ReadonlyMap<infer K, infer V>
        ? ReadonlyMap<K, Draft<V> | undefined>
        : { readonly [K in keyof T]?: Draft<T[K]> | undefined };

export type ReadOptions<T> = {
  /** Applied to every scalar before it is judged. */
  readonly transform?: Transform;
  /** Checks that no single shape can make. Runs beside other findings, so that all come at once. */
  readonly check?: (draft: Draft<T>, say: (at: Place, message: Wording) => void) => void;
};

/**
 * The whole way from a file's text to its value, or to everything that is wrong with it. Never throws for bad input.
 * `secrets`: what stood where a shape says that it is secret.
 */
export function readYaml<T>(
  file: string,
  text: string,
  shape: Shape<T>,
  options: ReadOptions<T> = {},
): { readonly value: T; readonly secrets: readonly string[] } | { readonly findings: Finding[] } {
  const first = readOnce(file, text, shape, options);
  if (first.value !== undefined && first.findings.length === 0) return { value: first.value, secrets: first.secrets };
  const again = (mended: string): Reading => readOnce(file, mended, shape, options);
  return { findings: inOrder(withoutConsequences(file, text, first, again)) };
}

function readOnce<T>(
  file: string,
  text: string,
  shape: Shape<T>,
  options: ReadOptions<T>,
): Reading & { readonly value: T | undefined; readonly secrets: readonly string[] } {
  const { reader, root, brokenAt } = parse(file, text, options.transform);
  const value = root && shape.read(root, reader);
  if (value !== undefined) options.check?.(value as Draft<T>, (at, message) => reader.say(at, message));
  return { value, secrets: reader.secrets, findings: inOrder(reader.findings), brokenAt };
}

/** By place; the same complaint about the same place only once. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const distinct = new Map(findings.map(each => [`${each.line}:${each.column}:${each.message}`, each]));
  return [...distinct.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

// ── Objects ──────────────────────────────────────────────────────────────────────────────────────────────────

export type Field<T, Required extends boolean = boolean> = {
  readonly shape: Shape<T>;
  readonly isRequired: Required;
  readonly about: string;
};
export type Fields = { readonly [key: string]: Field<unknown> };
type Keys<F extends Fields, Required extends boolean> = {
  [K in keyof F]: F[K]['isRequired'] extends Required ? K : never;
}[keyof F];
/** The value an object of these fields has. */
export type ObjectOf<F extends Fields> = { readonly [K in Keys<F, true>]: ShapeOf<F[K]['shape']> } & {
  readonly [K in Keys<F, false>]?: ShapeOf<F[K]['shape']>;
};

/** `about`: one line for people, shown by editors. */
export function required<T>(shape: Shape<T>, about = ''): Field<T, true> {
  return { shape, isRequired: true, about };
}

export function optional<T>(shape: Shape<T>, about = ''): Field<T, false> {
  return { shape, isRequired: false, about };
}

export type ObjectOptions = {
  /** Exactly one of these keys must be there. */
  readonly oneOf?: readonly string[];
  /** At least one key must be there. */
  readonly notEmpty?: boolean;
  /** For whom writes a value in its place. */
  readonly example?: string;
};

/** Two kinds of maps: those that have this key, and others. */
export function byKey<T>(key: string, having: Shape<T>, other: Shape<T>): Shape<T> {
  return {
    what: other.what,
    read(node, reader) {
      const hasKey = isMap(node) && entriesOf(node).some(each => textOf(each.key) === key);
      return (hasKey ? having : other).read(node, reader);
    },
    schema: () => ({ anyOf: [having.schema(), other.schema()] }),
  };
}

/** A map with known keys. `what` with its article: `a rule`. */
export function object<const F extends Fields>(
  what: Wording,
  fields: F,
  options: ObjectOptions = {},
): Shape<ObjectOf<F>> {
  return {
    what,
    read(node, reader) {
      if (!isMap(node)) return refuse(node, reader, t`${what} (a map of keys)`, options.example);
      mendCommas(node, fields, reader);
      return readFields(node, reader, what, fields, options) as ObjectOf<F>;
    },
    schema: () => objectSchema(fields, options),
  };
}

function readFields(map: YAMLMap, reader: Reader, what: Wording, fields: Fields, options: ObjectOptions): object {
  const value: Record<string, unknown> = {};
  const entries = entriesOf(map);
  const written = new Set(entries.map(({ key }) => textOf(key)));
  const missing = Object.keys(fields).filter(key => !written.has(key));
  const unknown: Scalar[] = [];
  for (const { key, node } of entries) {
    const name = textOf(key);
    if (Object.hasOwn(fields, name)) {
      // A key that is there counts as there, also if its value could not be read.
      value[name] = fields[name]!.shape.read(node, reader);
      continue;
    }
    // A misspelt key is one mistake, not two: it is read as what it probably stands for, which is not missed as well.
    const meant = nearest(name, missing) ?? keyMeant(name, missing);
    if (isBare(map, key)) reader.say(key, commaWords(name));
    else if (meant === undefined) unknown.push(key);
    else reader.say(key, t`unknown key "${name}"; did you mean "${meant}"?`);
    if (meant === undefined || Object.hasOwn(value, meant)) continue;
    value[meant] = fields[meant]!.shape.read(node, reader);
  }
  const missed = missing.filter(key => fields[key]!.isRequired && !Object.hasOwn(value, key));
  for (const key of unknown) reader.say(key, unknownWords(textOf(key), missed, missing, written));
  // What an unknown key may stand for is said there.
  if (unknown.length === 0) for (const key of missed) reader.say(map, t`missing key "${key}" in ${what}`);
  const hasOther = unknown.length > 0 || entries.some(({ key }) => isBare(map, key));
  sayChoice(map, reader, what, Object.keys(value), Object.keys(fields), options, hasOther);
  return value;
}

function unknownWords(
  name: string,
  missed: readonly string[],
  missing: readonly string[],
  written: ReadonlySet<string>,
): Wording {
  if (missed.length > 0) return t`unknown key "${name}"; still missing here: ${missed.join(', ')}`;
  const same = [...written].find(each => each !== name && each.toLowerCase() === name.toLowerCase());
  return same === undefined
    ? t`unknown key "${name}"${suggest(name, missing)}`
    : t`unknown key "${name}"; "${same}" is there already`;
}

/** Other words for keys, as they come to mind. */
const OTHER_WORDS: Readonly<Record<string, readonly string[]>> = {
  name: ['title', '标题', '名称', '名字', '活动名称'],
  from: ['start', 'begin', 'begins', 'startTime', '开始', '开始时间'],
  to: ['end', 'ends', 'until', 'endTime', 'finish', '结束', '结束时间'],
  id: ['name', 'rule', '编号', '名称'],
  campaign: ['id'],
  redpacket: ['hongbao', 'amount', 'money', 'price', 'cash', '红包', '金额', '现金'],
  weight: ['probability', 'chance', 'rate', 'percent', '概率', '权重', '几率', '中奖率'],
  stock: ['count', 'number', 'quantity', 'num', '数量', '库存', '个数', '总数'],
  text: ['keyword', 'keywords', 'word', 'message', '关键词', '口令', '文字', '说'],
  subscribe: ['follow', '关注'],
  paid: ['pay', 'payment', '付款', '支付', '消费'],
  contains: ['include', 'includes', '包含', '含有'],
  over: ['min', 'least', 'atLeast', '满'],
  give: ['prize', 'prizes', 'award', 'reward', '奖品', '发放', '奖励'],
  once: ['frequency', 'times', '次数', '频率'],
  when: ['if', 'condition', '条件'],
  total: ['totle', 'sum', 'all', '总额', '总共', '总数'],
  perDay: ['daily', 'day', '每天', '每日'],
  perUser: ['perPerson', 'user', 'each', '每人'],
  sendName: ['sender', 'from', '发送者', '商家'],
  won: ['success', 'ok', '中奖'],
  nothing: ['lose', 'none', '未中奖', '没中'],
  freePerDay: ['free', '每天送'],
  on: ['true', 'trigger', '触发'],
  expect: ['expected', '期望'],
};

function keyMeant(name: string, missing: readonly string[]): string | undefined {
  return missing.find(key => OTHER_WORDS[key]?.some(word => word.toLowerCase() === name.toLowerCase()));
}

function sayChoice(
  map: YAMLMap,
  reader: Reader,
  what: Wording,
  there: string[],
  keys: string[],
  options: ObjectOptions,
  /** What is there, and was complained of, may be what was meant. */
  hasOther: boolean,
): void {
  if (hasOther && there.every(key => !(options.oneOf ?? keys).includes(key))) return;
  if (options.notEmpty && there.length === 0) reader.say(map, t`${what} needs at least one of: ${keys.join(', ')}`);
  if (!options.oneOf) return;
  const chosen = there.filter(key => options.oneOf!.includes(key));
  if (chosen.length === 0) reader.say(map, t`${what} needs one of: ${options.oneOf.join(', ')}`);
  if (chosen.length > 1) reader.say(map, t`${what} has ${joined(chosen, t` and `)}; it can have only one of them`);
}

function objectSchema(fields: Fields, { oneOf, notEmpty }: ObjectOptions): JsonSchema {
  const entries = Object.entries(fields);
  const describe = ({ shape, about }: Field<unknown>) =>
    about ? { description: about, ...shape.schema() } : shape.schema();
  const needed = entries.filter(([, field]) => field.isRequired).map(([key]) => key);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([key, field]) => [key, describe(field)])),
    ...(needed.length > 0 ? { required: needed } : {}),
    ...(oneOf ? { oneOf: oneOf.map(key => ({ required: [key] })) } : {}),
    ...(notEmpty ? { minProperties: 1 } : {}),
    additionalProperties: false,
  };
}

type Entry = { readonly key: Scalar; readonly node: Node };

/** Pairs whose key is a word, each key once; the others were complained of when the file was parsed. */
function entriesOf(map: YAMLMap): Entry[] {
  const entries = new Map<string, Entry>();
  for (const pair of map.items) {
    if (!isPair(pair) || !isScalar(pair.key)) continue;
    const { key, value } = pair;
    if (entries.has(textOf(key))) continue;
    entries.set(textOf(key), {
      key,
      node: isNode(value) && !(isScalar(value) && textOf(value) === '' && isPlain(value)) ? value : nothingAt(key),
    });
  }
  return [...entries.values()];
}

/** `{ a: 1, bare }` */
function isBare(map: YAMLMap, key: Scalar): boolean {
  return map.items.some(pair => pair.key === key && pair.value === null) && map.flow === true;
}

function commaWords(name: string): Wording {
  return t`"${name}" has no value; a comma inside { } ends a text: put a text that has one in quotes`;
}

/**
 * In `{ reply: 已发出,点开领取 }` YAML takes 点开领取 for a key without a value. Nobody means that: no key of ours
 * stands without a value by a name we do not know, so a comma with no space around it stays in the text.
 */
function mendCommas(map: YAMLMap, fields: Fields, reader: Reader): void {
  if (!map.flow) return;
  for (let i = 1; i < map.items.length; i++) {
    const before = map.items[i - 1]!.value;
    const { key, value } = map.items[i]!;
    if (value !== null || !isPlain(key) || !isPlain(before) || Object.hasOwn(fields, textOf(key))) continue;
    const isGlued = reader.source.slice(before.range![1], key.range![0]) === ',';
    if (!isGlued) continue;
    before.value = `${before.value},${key.value}`;
    before.range = [before.range![0], key.range![1], key.range![2]];
    map.items.splice(i--, 1);
  }
}

// ── Lists, maps and alternatives ─────────────────────────────────────────────────────────────────────────────

/** A list with at least `min` elements. */
export function list<T>(element: Shape<T>, what: Wording, min = 1): Shape<readonly T[]> {
  return {
    what,
    read(node, reader) {
      if (!isSeq(node)) return refuse(node, reader, what);
      if (node.items.length < min) reader.say(node, t`expected ${what}, found an empty list`);
      const values: T[] = [];
      for (const item of node.items.filter(isNode)) {
        const value = element.read(item, reader);
        if (value !== undefined) values.push(value);
      }
      return values;
    },
    schema: () => ({ type: 'array', items: element.schema(), ...(min > 0 ? { minItems: min } : {}) }),
  };
}

/** `x` is short for `[x]`. */
export function oneOrMany<T>(element: Shape<T>): Shape<readonly T[]> {
  const many = list(element, t`${element.what} or a list of them`);
  return {
    what: many.what,
    read(node, reader) {
      if (isSeq(node)) return many.read(node, reader);
      const value = element.read(node, reader);
      return value === undefined ? undefined : [value];
    },
    schema: () => ({ anyOf: [element.schema(), many.schema()] }),
  };
}

/** A map whose keys are names that the writer chooses. */
export function mapOf<K extends string, T>(what: Wording, name: Shape<K>, element: Shape<T>): Shape<ReadonlyMap<K, T>> {
  return {
    what,
    read(node, reader) {
      if (!isMap(node)) return refuse(node, reader, t`${what} (a map of names)`);
      const values = new Map<K, T>();
      for (const entry of entriesOf(node)) {
        const key = name.read(entry.key, reader);
        const value = element.read(entry.node, reader);
        // A name that is there counts as there, also if what it names could not be read.
        if (key !== undefined) values.set(key, value as T);
      }
      return values;
    },
    schema: () => ({ type: 'object', propertyNames: name.schema(), additionalProperties: element.schema() }),
  };
}

/** A map whose keys are values themselves, in the order of the file: `{ ¥50.00: ¥2.00 }`. */
export function pairs<K, V>(
  what: Wording,
  name: Shape<K>,
  element: Shape<V>,
): Shape<readonly { readonly key: Located<K>; readonly value: V }[]> {
  const key = located(name);
  return {
    what,
    read(node, reader) {
      if (!isMap(node)) return refuse(node, reader, what);
      if (node.items.length === 0) reader.say(node, t`expected ${what}, found an empty map`);
      return entriesOf(node).flatMap(entry => {
        const read = key.read(entry.key, reader);
        const value = element.read(entry.node, reader);
        return read === undefined ? [] : [{ key: read, value: value as V }];
      });
    },
    schema: () => ({
      type: 'object',
      propertyNames: keySchema(name.schema()),
      additionalProperties: element.schema(),
      minProperties: 1,
    }),
  };
}

/** A key is a text to JSON, whatever it means. */
function keySchema(schema: JsonSchema): JsonSchema {
  return schema.type === 'integer' ? { pattern: '^\\d+$' } : { ...schema, type: 'string' };
}

/** A different shape for each kind of node: `on: subscribe` and `on: { text: 红包 }`. */
export function byKind<T>(
  what: Wording,
  kinds: { readonly scalar?: Shape<T>; readonly map?: Shape<T>; readonly list?: Shape<T> },
): Shape<T> {
  return {
    what,
    read(node, reader) {
      const shape = isMap(node) ? kinds.map : isSeq(node) ? kinds.list : isNothing(node) ? undefined : kinds.scalar;
      return shape ? shape.read(node, reader) : refuse(node, reader, what);
    },
    schema: () => ({
      anyOf: [kinds.scalar, kinds.map, kinds.list].flatMap(shape => (shape ? [shape.schema()] : [])),
    }),
  };
}

/** A key that may stand without a value, or with `true`: both give `bare`. */
export function orBare<T, B>(bare: B, shape: Shape<T>): Shape<T | B> {
  return {
    what: shape.what,
    read: (node, reader) =>
      isNothing(node) || (isPlain(node) && textOf(node) === 'true') ? bare : shape.read(node, reader),
    schema: () => ({ anyOf: [{ enum: [true, null] }, shape.schema()] }),
  };
}

/** `~`, `null` or nothing at all gives null. */
export function orNull<T>(shape: Shape<T>): Shape<T | null> {
  return {
    what: shape.what,
    read: (node, reader) => (isNothing(node) ? null : shape.read(node, reader)),
    schema: () => ({ anyOf: [{ type: 'null' }, shape.schema()] }),
  };
}

// ── Around a shape ───────────────────────────────────────────────────────────────────────────────────────────

/** Keeps where the value stands. */
export function located<T>(shape: Shape<T>): Shape<Located<T>> {
  return {
    what: shape.what,
    read(node, reader) {
      const value = shape.read(node, reader);
      return value === undefined ? undefined : { value, at: reader.place(node) };
    },
    schema: () => shape.schema(),
  };
}

/** A shape whose schema stands once, under `definitions`, and is referred to. */
export function named<T>(id: string, shape: Shape<T>): Shape<T> {
  return { ...shape, schema: () => ({ $ref: `#/definitions/${id}` }) };
}

/** Turns a value that was read without a complaint into another one, or says what is wrong with it. */
export function convert<T, U>(shape: Shape<T>, turn: (value: T, say: Say) => U | undefined): Shape<U> {
  return {
    what: shape.what,
    read(node, reader) {
      const before = reader.findings.length;
      const value = shape.read(node, reader);
      if (value === undefined || reader.findings.length > before) return undefined;
      return turn(value, message => reader.say(node, message));
    },
    schema: () => shape.schema(),
  };
}

/** Puts what was read, whole or not, into another form. */
export function wrapped<T, U>(shape: Shape<T>, turn: (value: T) => U): Shape<U> {
  return {
    what: shape.what,
    read(node, reader) {
      const value = shape.read(node, reader);
      return value === undefined ? undefined : turn(value);
    },
    schema: () => shape.schema(),
  };
}
