// Conditions that can never hold where they stand: they ask for what no event of the rule's triggers has, or for an hour that
// no day has. Only what is joined by && is looked at: one part that never holds is enough.

import type { ASTNode } from '@marcbachmann/cel-js';
import { parseYuan } from '../../base/money.ts';
import { t, type Wording } from '../../base/words/words.ts';
import { type ConditionTrouble, fieldOf, isComparing } from './errors.ts';

/** What the events of a rule can be. `least`: the smallest payment. */
export type Happens = { readonly kinds: readonly string[]; readonly least: number };

/** Which kinds of events have something to say there; of all others it is empty, or nothing. */
const HAS: Readonly<Record<string, readonly string[]>> = {
  'event.amount': ['paid', 'friend'],
  'event.text': ['text', 'scancode'],
  'event.scene': ['scan', 'subscribe'],
};

/** Whole numbers, both ends included. */
type Range = { readonly from: number; readonly to: number };

const ALWAYS: Readonly<Record<string, Range>> = {
  'now.hour': { from: 0, to: 23 },
  'now.minute': { from: 0, to: 59 },
  'user.follows': { from: 0, to: Infinity },
  'user.followedDays': { from: 0, to: Infinity },
};

export function neverTrouble(ast: ASTNode, happens: Happens | undefined): ConditionTrouble | undefined {
  const parts = conjuncts(ast);
  const ranges = new Map<string, Range>(Object.entries(ALWAYS));
  if (happens) ranges.set('event.amount', { from: happens.least, to: Infinity });
  for (const part of parts) {
    const own = happens && (missingField(part, happens) ?? otherKind(part, happens));
    if (own) return own;
    const bound = boundIn(part);
    if (!bound) continue;
    const before = ranges.get(bound.field);
    if (!before) continue;
    const now = { from: Math.max(before.from, bound.range.from), to: Math.min(before.to, bound.range.to) };
    if (now.from > now.to) return emptyRange(part, bound.field);
    ranges.set(bound.field, now);
  }
  return undefined;
}

function conjuncts(node: ASTNode): ASTNode[] {
  return node.op === '&&' ? node.args.flatMap(conjuncts) : [node];
}

function trouble({ start, end }: ASTNode, message: Wording): ConditionTrouble {
  return { message, start, end };
}

/** A field that none of its events has, compared with something. */
function missingField(node: ASTNode, { kinds }: Happens): ConditionTrouble | undefined {
  const field = Object.keys(HAS).find(each => comparesOnly(node, each));
  if (field === undefined || HAS[field]!.some(kind => kinds.includes(kind))) return undefined;
  const what = field === 'event.amount' ? '0' : 'empty';
  const waits = kinds.join(', ');
  return trouble(
    node,
    t`${field} is always ${what} here: the rule waits for ${waits}, which ${kinds.length > 1 ? t`have` : t`has`} none; take it out, or wait for ${HAS[field]!.join(' or ')}`,
  );
}

/** It is about this field, and not about there being none. */
function comparesOnly(node: ASTNode, field: string): boolean {
  if (node.op === 'call' || node.op === 'rcall') return mentions(node, field);
  if (!isComparing(node) || node.op === '!=') return false;
  const [one, other] = node.args;
  const isIt = fieldOf(one) === field || fieldOf(other) === field;
  const value = fieldOf(one) === field ? other : one;
  const isNothing = value.op === 'value' && (value.args === '' || value.args === 0n);
  return isIt && !(isNothing && ['==', '<=', '>='].includes(node.op));
}

function mentions(node: ASTNode, field: string): boolean {
  if (fieldOf(node) === field) return true;
  const inside = (part: unknown): boolean =>
    Array.isArray(part) ? part.some(inside) : isNode(part) && mentions(part, field);
  return inside(node.args);
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'op' in part;
}

/** `event.kind == "scan"` of a rule that waits for texts. */
function otherKind(node: ASTNode, { kinds }: Happens): ConditionTrouble | undefined {
  if (node.op !== '==') return undefined;
  const [one, other] = node.args;
  const literal = fieldOf(one) === 'event.kind' ? other : fieldOf(other) === 'event.kind' ? one : undefined;
  if (literal?.op !== 'value' || typeof literal.args !== 'string' || kinds.includes(literal.args)) return undefined;
  return trouble(
    node,
    t`event.kind is never "${literal.args}" here: the rule waits for ${kinds.join(', ')}; take it out, or add that trigger to on`,
  );
}

// ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────

type Bound = { readonly field: string; readonly range: Range };

const TURNED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==' };

function boundIn(node: ASTNode): Bound | undefined {
  if (!isComparing(node) || node.op === '!=') return undefined;
  const [one, other] = node.args;
  const isTurned = fieldOf(one) === undefined;
  const field = fieldOf(isTurned ? other : one);
  const value = numberIn(isTurned ? one : other);
  if (field === undefined || value === undefined) return undefined;
  const range = rangeOf(isTurned ? TURNED[node.op]! : node.op, value);
  return { field, range };
}

function rangeOf(op: string, value: number): Range {
  switch (op) {
    case '<':
      return { from: -Infinity, to: value - 1 };
    case '<=':
      return { from: -Infinity, to: value };
    case '>':
      return { from: value + 1, to: Infinity };
    case '>=':
      return { from: value, to: Infinity };
    default:
      return { from: value, to: value };
  }
}

function numberIn(node: ASTNode): number | undefined {
  if (node.op === 'value' && typeof node.args === 'bigint') return Number(node.args);
  if (node.op !== 'call' || node.args[0] !== 'money') return undefined;
  const [amount] = node.args[1];
  return amount?.op === 'value' && typeof amount.args === 'string' ? parseYuan(amount.args) : undefined;
}

function emptyRange(node: ASTNode, field: string): ConditionTrouble {
  const more: Wording =
    field === 'now.hour'
      ? t`no hour of a day is both; across midnight write ||: now.hour >= 22 || now.hour < 6`
      : field === 'event.amount'
        ? t`no payment that the rule waits for is that small, or both`
        : t`${field} is never that, or never both`;
  return trouble(node, t`this never holds: ${more}`);
}
