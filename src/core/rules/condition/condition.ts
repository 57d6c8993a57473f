// Conditions (`when:`) in CEL: names and types are checked when the file is loaded, so that a slip of the pen is an error
// at its place and not a rule that never holds. What is left to go wrong at run time does not hold.

import { type ASTNode, Environment, EvaluationError, ParseError, type ParseResult } from '@marcbachmann/cel-js';
import { parseYuan } from '../../base/money.ts';
import { suggest } from '../../base/suggest.ts';
import { normalise } from '../../base/text.ts';
import { t, type Wording } from '../../base/words/words.ts';

import type { Condition, ConditionValues } from '../campaign.ts';
import {
  type ConditionTrouble,
  type Fields,
  FUNCTIONS,
  fieldOf,
  kindTrouble,
  literalTrouble,
  parseTrouble,
  typeTrouble,
} from './errors.ts';
import { type Happens, neverTrouble } from './never.ts';
import { mayHold } from './partly.ts';

/** A condition is one thought. Lists in it are short, and it nests little. */
const LIMITS = { maxAstNodes: 200, maxDepth: 20, maxListElements: 100, maxMapEntries: 10, maxCallArguments: 8 };

type Trouble = ConditionTrouble | undefined;

/** Those that go through a list. */
const REPEATING = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** What there is to ask for; `text` is as it was normalised, amounts are whole fen. */
const FIELDS = {
  event: { kind: 'string', text: 'string', scene: 'string', amount: 'int' },
  user: { follows: 'int', followedDays: 'int', tags: 'list<string>' },
  now: { hour: 'int', minute: 'int', weekday: 'string', day: 'string' },
} as const satisfies {
  [K in Exclude<keyof ConditionValues, 'wallet' | 'profile'>]: Record<keyof ConditionValues[K], string>;
};

type Known = {
  /** Columns of what is known of followers. */
  readonly profile?: ReadonlyMap<string, 'int' | 'string'> | undefined;
  /** What the rule is ever asked about. */
  readonly happens?: Happens | undefined;
};

/**
 * `wallets`, `segments`: the names the campaign has; another one is an error (unknown segments pass where they are not
 * given). `start` and `end` are offsets in the source.
 */
export function compileCondition(
  source: string,
  wallets: readonly string[],
  segments?: readonly string[],
  { profile = new Map(), happens }: Known = {},
): { readonly condition: Condition } | ConditionTrouble {
  const wallet = Object.fromEntries(wallets.map(name => [name, 'int']));
  const fields = { ...FIELDS, wallet, profile: Object.fromEntries(profile) };
  const env = environment(fields);
  let program: ParseResult;
  try {
    program = env.parse(source);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return parseTrouble(error, source);
  }
  const { ast } = program;
  const trouble = firstTrouble(ast, segments);
  if (trouble) return trouble;
  const checked = program.check();
  if (checked.error) return typeTrouble(checked.error, source, fields);
  if (checked.type !== 'bool') return kindTrouble(String(checked.type), ast);
  const never = neverTrouble(ast, happens);
  if (never) return never;
  const isAboutFollowing = asks(ast, FOLLOWING);
  return {
    condition: {
      source,
      ...(isAboutFollowing && { isAboutFollowing }),
      holds: (around, tell) => holds(program, around, tell),
      mayHold: known => mayHold(ast, known, TEXT_FUNCTIONS),
    },
  };
}

function environment(fields: Fields): Environment {
  const env = new Environment({ limits: LIMITS })
    .registerFunction('contains_any(string, list<string>): bool', containsAny)
    .registerFunction('same_date(string, string): bool', sameDate)
    .registerFunction('same_month(string, string): bool', sameMonth)
    .registerFunction('money(string): int', (text: string) => BigInt(parseYuan(text) ?? 0));
  for (const [name, schema] of Object.entries(fields)) env.registerVariable({ name, schema: { ...schema } });
  return env;
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text);
}

/** Month and day, of whatever year; who was born on 29 February has their birthday on the 28th where there is none. */
function sameDate(one: string, other: string): boolean {
  if (!isDay(one) || !isDay(other)) return false;
  const [mine, theirs] = [one.slice(5), other.slice(5)];
  const year = Number(other.slice(0, 4));
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return mine === theirs || (mine === '02-29' && theirs === '02-28' && !isLeap);
}

function sameMonth(one: string, other: string): boolean {
  return isDay(one) && one.slice(5, 7) === other.slice(5, 7);
}

const TEXT_FUNCTIONS = { same_date: sameDate, same_month: sameMonth };

/** The words are normalised as the text was; an empty one is no word. */
function containsAny(text: string, words: readonly string[]): boolean {
  return words.some(word => word !== '' && text.includes(normalise(word)));
}

/** Whole numbers are BigInt to the engine. */
function contextOf({ event, user, now, wallet, profile }: ConditionValues): Record<string, unknown> {
  return {
    event: { ...event, amount: BigInt(event.amount) },
    user: { follows: BigInt(user.follows), followedDays: BigInt(user.followedDays), tags: [...user.tags] },
    now: { ...now, hour: BigInt(now.hour), minute: BigInt(now.minute) },
    wallet: new Map([...wallet].map(([name, value]) => [name, BigInt(value)])),
    profile: new Map([...profile].map(([name, value]) => [name, typeof value === 'number' ? BigInt(value) : value])),
  };
}

function holds(program: ParseResult, around: ConditionValues, tell?: (trouble: string) => void): boolean {
  try {
    return program(contextOf(around)) === true;
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    tell?.(RUN_TROUBLES.find(code => code === error.code) ?? error.summary);
    return false;
  }
}

/** What can go wrong as a condition is worked out, by the engine's own codes. */
const RUN_TROUBLES = [
  'division_by_zero',
  'modulo_by_zero',
  'no_such_key',
  'index_out_of_bounds',
  'numeric_overflow',
] as const;
export type RunTrouble = (typeof RUN_TROUBLES)[number];

/** What the type check lets pass and would be wrong all the same. */
function firstTrouble(node: ASTNode, segments: readonly string[] | undefined, isRepeated = false): Trouble {
  const own = callTrouble(node, isRepeated) ?? literalTrouble(node, segments);
  if (own) return own;
  const repeats = isRepeated || (node.op === 'rcall' && REPEATING.has(node.args[0]));
  for (const child of nodesIn(node.args)) {
    const trouble = firstTrouble(child, segments, repeats);
    if (trouble) return trouble;
  }
  return undefined;
}

/** Only functions whose cost is that of reading their arguments; and no repetition inside another. */
function callTrouble(node: ASTNode, isRepeated: boolean): Trouble {
  if (node.op !== 'call' && node.op !== 'rcall') return undefined;
  const [name] = node.args;
  const no = (message: Wording): ConditionTrouble => ({ message, start: node.start, end: node.end });
  if (name === 'matches') {
    return no(t`matches() has no bound on its cost; use contains_any(text, [words]), or on: { text: { matches: … } }`);
  }
  if (name === 'contains' && node.op === 'rcall' && fieldOf(node.args[1]) === 'user.tags') {
    return no(t`a list is asked with in: "会员" in user.tags`);
  }
  if (name === 'has') return no(t`nothing is ever missing here; ask for what it is: event.scene != ""`);
  if (name === 'not') return no(t`"not" is written ! here`);
  if (!Object.hasOwn(FUNCTIONS, name)) return no(t`unknown function "${name}"${suggest(name, Object.keys(FUNCTIONS))}`);
  if (isRepeated && REPEATING.has(name)) return no(t`${name}() cannot stand inside another repetition`);
  if (name === 'money' && node.op === 'call') {
    const amount = node.args[1][0];
    const isMoney = amount?.op === 'value' && typeof amount.args === 'string' && parseYuan(amount.args) !== undefined;
    if (!isMoney) return no(t`money() takes an amount as it is written elsewhere: money("¥50.00")`);
  }
  return undefined;
}

const FOLLOWING: readonly string[] = ['user.follows', 'user.followedDays'];

/** Whether it speaks of one of these fields anywhere; of `user` as a whole it may. */
function asks(node: ASTNode, fields: readonly string[]): boolean {
  const field = fieldOf(node);
  if (field !== undefined) return fields.includes(field);
  const isWhole = node.op === 'id' && fields.some(each => each.startsWith(`${node.args}.`));
  return isWhole || nodesIn(node.args).some(child => asks(child, fields));
}

function nodesIn(part: unknown): ASTNode[] {
  if (Array.isArray(part)) return part.flatMap(nodesIn);
  return isNode(part) ? [part] : [];
}

function isNode(part: unknown): part is ASTNode {
  return typeof part === 'object' && part !== null && 'op' in part && 'args' in part;
}
