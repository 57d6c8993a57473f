// What a condition comes to where only the day and the person are known: all else may be anything. It is asked for the days on
// which a rule can fire at all, so that "it may" is said wherever it is not sure.

import type { ASTNode } from '@marcbachmann/cel-js';

/** What is known of a moment; of a person only where somebody is meant. */
type Known = {
  readonly weekday?: string;
  readonly day?: string;
  readonly hour?: number;
  readonly profile?: ReadonlyMap<string, string | number>;
  readonly tags?: readonly string[];
};

/** Absent: not known. */
type Value = boolean | string | number | readonly Value[] | undefined;

/** Functions of texts alone. */
type TextFunctions = Readonly<Record<string, (one: string, other: string) => boolean>>;

/** `false`: it cannot hold then. */
export function mayHold(ast: ASTNode, known: Known, functions: TextFunctions): boolean {
  return valueIn(ast, known, functions) !== false;
}

function valueIn(node: ASTNode, known: Known, functions: TextFunctions): Value {
  const of = (part: ASTNode): Value => valueIn(part, known, functions);
  switch (node.op) {
    case 'value':
      return literal(node.args);
    case '.':
      return fieldIn(node.args[0], node.args[1], known);
    case '[]':
      return fieldIn(node.args[0], of(node.args[1]), known);
    case 'list':
      return node.args.map(of);
    case '&&':
      return both(of(node.args[0]), of(node.args[1]));
    case '||':
      return not(both(not(of(node.args[0])), not(of(node.args[1]))));
    case '!_':
      return not(of(node.args));
    case 'in':
      return among(of(node.args[0]), of(node.args[1]));
    case 'call': {
      const [name, args] = node.args;
      const [one, other] = args.map(of);
      const isKnown = typeof one === 'string' && typeof other === 'string' && Object.hasOwn(functions, name);
      return isKnown ? functions[name]!(one, other) : undefined;
    }
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compared(node.op, of(node.args[0]), of(node.args[1]));
    default:
      return undefined;
  }
}

function literal(value: unknown): Value {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined;
}

function fieldIn(owner: ASTNode, name: Value, { weekday, day, hour, profile, tags }: Known): Value {
  if (owner.op !== 'id' || typeof name !== 'string') return undefined;
  const path = `${owner.args}.${name}`;
  if (path === 'now.weekday') return weekday;
  if (path === 'now.day') return day;
  if (path === 'now.hour') return hour;
  if (path === 'user.tags') return tags;
  return owner.args === 'profile' ? profile?.get(name) : undefined;
}

function both(one: Value, other: Value): Value {
  if (one === false || other === false) return false;
  return one === true && other === true ? true : undefined;
}

function not(value: Value): Value {
  return typeof value === 'boolean' ? !value : undefined;
}

function among(value: Value, list: Value): Value {
  if (typeof list !== 'object' || value === undefined) return undefined;
  if (list.includes(value)) return true;
  return list.includes(undefined) ? undefined : false;
}

type Comparing = '==' | '!=' | '<' | '<=' | '>' | '>=';

function compared(op: Comparing, one: Value, other: Value): Value {
  if (one === undefined || other === undefined || typeof one !== typeof other || typeof one === 'object')
    return undefined;
  if (op === '==') return one === other;
  if (op === '!=') return one !== other;
  const order = one < other! ? -1 : one > other! ? 1 : 0;
  return { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[op];
}
