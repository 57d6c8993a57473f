// What is wrong with a condition (`when:`), in words: what was expected, and the nearest right name.

import type { ASTNode, ParseError } from '@marcbachmann/cel-js';
import { EVENT_FACTS } from '../../base/event.ts';
import { isOneOf } from '../../base/record.ts';
import { suggest } from '../../base/suggest.ts';
import { normalise } from '../../base/text.ts';
import { WEEKDAYS } from '../../base/time.ts';
import { joined, t, type Wording, type Words } from '../../base/words/words.ts';

/** `start` and `end` are offsets in the source. */
export type ConditionTrouble = { readonly message: Wording; readonly start: number; readonly end: number };

/** The fields of each variable, by their type. */
export type Fields = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The functions there are, as they are written. */
export const FUNCTIONS: Readonly<Record<string, Wording>> = {
  contains_any: 'contains_any(event.text, ["a", "b"])',
  money: 'money("¥50.00")',
  same_date: 'same_date(profile["birthday"], now.day)',
  same_month: 'same_month(profile["birthday"], now.day)',
  size: 'size(event.text) or size(user.tags)',
  contains: 'event.text.contains("a")',
  startsWith: 'event.text.startsWith("a")',
  endsWith: 'event.text.endsWith("a")',
  exists: 'user.tags.exists(tag, tag.startsWith("a"))',
  exists_one: 'user.tags.exists_one(tag, tag.startsWith("a"))',
  all: 'user.tags.all(tag, tag != "a")',
  filter: 'user.tags.filter(tag, tag.startsWith("a"))',
  map: 'user.tags.map(tag, size(tag))',
};

// ── It cannot be read ────────────────────────────────────────────────────────────────────────────────────────

const INSTEAD: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!' };
const ORDER: Readonly<Record<string, string>> = {
  '≥': '>=',
  '≤': '<=',
  '≠': '!=',
  '=>': '>=',
  '=<': '<=',
};
const CURLY = /[“”„‟‘’‚‛「」『』]/u;
const TOKENS: Readonly<Record<string, Wording>> = {
  RPAREN: '")"',
  LPAREN: '"("',
  RBRACKET: '"]"',
  LBRACKET: '"["',
  RBRACE: '"}"',
  COLON: '":"',
  IDENTIFIER: t`a name`,
  EOF: t`the end`,
};

export function parseTrouble(error: ParseError, source: string): ConditionTrouble {
  const { start, end } = error.range ?? { start: 0, end: source.length };
  const word = /^[\p{L}\p{N}_]+/u.exec(source.slice(start))?.[0] ?? '';
  return { message: parseMessage(error, source, start), start, end: Math.max(end, start + word.length) };
}

function parseMessage(error: ParseError, source: string, start: number): Wording {
  if (source.trim() === '') return t`the condition is empty`;
  const rest = source.slice(start);
  const word = /^(and|or|not)\b/iu.exec(rest)?.[1] ?? /\b(not)\s+$/iu.exec(source.slice(0, start))?.[1];
  if (word) return t`"${word}" is written ${INSTEAD[word.toLowerCase()]} here`;
  if (CURLY.test(rest[0] ?? '') || (error.code === 'unterminated_string' && CURLY.test(rest))) {
    return t`write a text in straight quotes: "${/^["']?[^\p{L}\p{N}]*([\p{L}\p{N}]+)/u.exec(rest)?.[1] ?? 'text'}"`;
  }
  if (error.code === 'unterminated_string') return t`a quote is not closed`;
  if (error.code === 'limit_exceeded') return t`the condition is too long or nests too deeply; split the rule instead`;
  const sign = rest[0];
  const order = ORDER[rest.slice(0, 2)] ?? ORDER[sign ?? ''];
  if (order !== undefined) return t`"${ORDER[rest.slice(0, 2)] ? rest.slice(0, 2) : sign!}" is written ${order} here`;
  if (sign !== undefined && /[；;。，、]/u.test(sign)) return t`take out "${sign}"`;
  if (sign === '=') return t`equal is written ==`;
  if (sign === '\u00A5' || sign === '\uFFE5') return t`an amount is written money("¥50.00") here`;
  if (sign === '&' || sign === '|') return t`"${sign}" is written ${sign}${sign} here`;
  const method = /^(contains|startsWith|endsWith|in)\b/u.exec(rest)?.[1];
  if (method) return t`${method} is written as a call here: event.text.${method}("…")`;
  if (sign !== undefined && sign.normalize('NFKC') !== sign) return t`write "${sign.normalize('NFKC')}" for "${sign}"`;
  const name = /^\p{L}[\p{L}\p{N}_]*/u.exec(rest)?.[0];
  const owner = /(\w+)\s*\.\s*$/u.exec(source.slice(0, start))?.[1];
  if (name && owner) return t`write ${owner}["${name}"]: after a dot there are only plain letters`;
  if (name && error.code === 'unexpected_character')
    return t`"${name}" is no name here; a text is written in quotes: "${name}"`;
  const expected = /^Expected (\w+), got (\w+)/u.exec(error.summary);
  if (expected) return t`expected ${tokenOf(expected[1]!)}, found ${tokenOf(expected[2]!)}`;
  if (error.code === 'unexpected_token') return t`something is missing before ${sign ? `"${sign}"` : t`the end`}`;
  return foreign(error.summary);
}

/** What the library says of itself, in English; in Chinese only that it cannot be read. */
function foreign(summary: string): Words {
  return { en: summary, zh: t`the condition cannot be read here`.zh };
}

function tokenOf(name: string): Wording {
  return TOKENS[name] ?? name.toLowerCase();
}

// ── It can be read, but means nothing ────────────────────────────────────────────────────────────────────────

type Checked = Pick<ParseError, 'code' | 'summary' | 'node' | 'range'>;

export function typeTrouble(error: Checked, source: string, names: Fields): ConditionTrouble {
  const { start, end } = error.range ?? { start: 0, end: source.length };
  const at = (message: Wording): ConditionTrouble => ({ message, start, end });
  switch (error.code) {
    case 'unknown_variable':
      return at(unknownName(source.slice(start, end), names));
    case 'no_such_key':
      return keyTrouble(error, names) ?? at(foreign(error.summary));
    case 'no_matching_overload':
      return at(callMessage(error.summary));
    case 'no_such_overload': {
      const what = error.summary.replace(/^no such overload: /u, '').replaceAll(/\$(\w+)/gu, '$1');
      return at(t`these do not go together: ${what}`);
    }
    default:
      return at(foreign(error.summary));
  }
}

function unknownName(name: string, names: Fields): Wording {
  const paths = Object.entries(names).flatMap(([owner, fields]) =>
    Object.keys(fields).map(field => `${owner}.${field}`),
  );
  const same = paths.filter(path => path.endsWith(`.${name}`));
  const meant = name in EVENT_FACTS || isOneOf(WEEKDAYS, name) ? t`; a text is written "${name}"` : '';
  if (same.length > 0 || meant !== '') {
    return t`unknown name "${name}"${meant}${same.length > 0 ? t`; did you mean ${joined(same, t` or `)}?` : ''}`;
  }
  return t`unknown name "${name}"${suggest(name, Object.keys(names))}`;
}

/** `event.knid`, `wallet["x"]`. */
function keyTrouble(error: Checked, names: Fields): ConditionTrouble | undefined {
  const node = error.node as ASTNode | undefined;
  if (node?.op !== '.' && node?.op !== '[]') return undefined;
  const [of, key] = node.args;
  const written = typeof key === 'string' ? key : key.op === 'value' ? String(key.args) : undefined;
  if (of.op !== 'id' || written === undefined) return undefined;
  const place = typeof key === 'string' ? { start: node.pos, end: node.end } : { start: key.start, end: key.end };
  const fields = Object.keys(names[of.args] ?? {});
  const none = of.args === 'wallet' && fields.length === 0 ? t`; the campaign has no wallets` : '';
  const what = of.args === 'wallet' ? t`unknown wallet "${written}"` : t`${of.args} has no "${written}"`;
  return { message: t`${what}${none || suggest(written, fields)}`, ...place };
}

function callMessage(summary: string): Wording {
  const call = /'(?:(?<of>[^'(]+)\.)?(?<name>\w+)\((?<args>.*)\)'/u.exec(summary)?.groups;
  const form = call && FUNCTIONS[call.name!];
  if (!call || form === undefined) return summary;
  const of = call.of === undefined ? '' : t` of ${call.of.replace('$', '')}`;
  return t`${call.name}(${call.args})${of} is not possible; it is written ${form}`;
}

export function kindTrouble(type: string, { start, end }: ASTNode): ConditionTrouble {
  const found = type.startsWith('$') ? t`a group of values` : t`a value of kind ${type}`;
  return { message: t`a condition is true or false, this is ${found}; compare it with something`, start, end };
}

// ── It means something, but nothing that could be ────────────────────────────────────────────────────────────

/** A fraction, or a text that the field next to it never is. */
export function literalTrouble(node: ASTNode, segments: readonly string[] | undefined): ConditionTrouble | undefined {
  if (node.op === 'value' && typeof node.args === 'number') {
    const message = t`there are only whole numbers here; an amount is written money("¥50.00")`;
    return { message, start: node.start, end: node.end };
  }
  for (const [field, literals] of comparisonsIn(node)) {
    for (const literal of literals) {
      if (literal.op !== 'value' || typeof literal.args !== 'string') continue;
      const message = neverIs(field, literal.args, segments);
      if (message) return { message, start: literal.start, end: literal.end };
    }
  }
  return undefined;
}

/** Which fields are compared with what: `event.kind == "text"`, `now.weekday in ["sat"]`, `event.text.contains("a")`. */
function comparisonsIn(node: ASTNode): [field: string, literals: readonly ASTNode[]][] {
  if (isComparing(node)) {
    const [left, right] = node.args;
    return [...named(left, [right]), ...named(right, [left])];
  }
  if (node.op === 'in') {
    const [left, right] = node.args;
    return right.op === 'list' ? named(left, right.args) : named(right, [left]);
  }
  if (node.op !== 'rcall') return [];
  const [method, of, args] = node.args;
  return ['contains', 'startsWith', 'endsWith'].includes(method) && fieldOf(of) === 'event.text' ? named(of, args) : [];
}

function named(node: ASTNode, literals: readonly ASTNode[]): [string, readonly ASTNode[]][] {
  const field = fieldOf(node);
  return field === undefined ? [] : [[field, literals]];
}

type Comparing = Extract<ASTNode, { op: '==' | '!=' | '<' | '<=' | '>' | '>=' }>;

export function isComparing(node: ASTNode): node is Comparing {
  return ['==', '!=', '<', '<=', '>', '>='].includes(node.op);
}

/** `event.text`. */
export function fieldOf(node: ASTNode): string | undefined {
  return node.op === '.' && node.args[0].op === 'id' ? `${node.args[0].args}.${node.args[1]}` : undefined;
}

function neverIs(field: string, literal: string, segments: readonly string[] | undefined): Wording | undefined {
  if (field === 'event.kind' && !Object.hasOwn(EVENT_FACTS, literal)) {
    return t`event.kind is never "${literal}"${suggest(literal, Object.keys(EVENT_FACTS))}`;
  }
  if (field === 'now.weekday' && !isOneOf(WEEKDAYS, literal)) {
    return t`now.weekday is never "${literal}"${suggest(literal, WEEKDAYS)}`;
  }
  if (field === 'now.day' && !/^\d{4}-\d{2}-\d{2}$/u.test(literal)) {
    return t`now.day is never "${literal}"; a day is written "2026-02-10"`;
  }
  if (field === 'user.tags' && segments && !segments.includes(literal)) {
    const none = segments.length === 0 ? t`; the campaign has no segments` : suggest(literal, segments);
    return t`unknown segment "${literal}"${none}`;
  }
  if (field === 'event.text' && normalise(literal) !== literal) {
    return t`event.text is never "${literal}": it is seen as "${normalise(literal)}"; write it so`;
  }
  return undefined;
}
