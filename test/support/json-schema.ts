// As much of JSON Schema (draft 7) as our own schemas use, judged as an editor would: for tests that the schema and the
// loader say the same.
import { isListOf, isMap, isText, read } from './json.ts';

export type Schema = { readonly [key: string]: unknown };

const KNOWN = new Set([
  ...[
    '$schema',
    'title',
    'description',
    'definitions',
    '$ref',
    'type',
    'enum',
    'const',
    'anyOf',
    'oneOf',
    'properties',
  ],
  ...['required', 'additionalProperties', 'propertyNames', 'minProperties', 'items', 'minItems', 'minimum', 'maximum'],
  ...['maxLength', 'pattern'],
]);

/** Every complaint, with the path to what it is about. */
export function complaintsOf(root: Schema): (value: unknown) => string[] {
  const judge = (schema: Schema, value: unknown, path: string): string[] => {
    const strange = Object.keys(schema).find(key => !KNOWN.has(key));
    if (strange !== undefined) throw new Error(`this test does not know the keyword ${strange}`);
    if (typeof schema.$ref === 'string') return judge(definition(schema.$ref), value, path);
    return [
      ...judgeKind(schema, value, path),
      ...judgeChoices(schema, value, path),
      ...judgeText(schema, value, path),
      ...judgeMap(schema, value, path),
      ...(Array.isArray(value) ? judgeList(schema, value, path) : []),
    ];
  };
  const definition = (ref: string): Schema =>
    read(read(root.definitions, isMap)[ref.replace('#/definitions/', '')], isMap);
  const fits = (schema: Schema, value: unknown): boolean => judge(schema, value, '').length === 0;

  function judgeChoices({ anyOf, oneOf }: Schema, value: unknown, path: string): string[] {
    if (anyOf && !read(anyOf, isListOf(isMap)).some(each => fits(each, value))) return [`${path} fits none`];
    if (!oneOf) return [];
    const count = read(oneOf, isListOf(isMap)).filter(each => fits(each, value)).length;
    return count === 1 ? [] : [`${path} fits ${count} of those it could be`];
  }

  function judgeMap(schema: Schema, value: unknown, path: string): string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    const { properties = {}, required = [], minProperties = 0, additionalProperties, propertyNames } = schema;
    const known = read(properties, isMap);
    const missing = read(required, isListOf(isText))
      .filter(key => !Object.hasOwn(value, key))
      .map(key => `${path}.${key} missing`);
    const few = Object.keys(value).length < Number(minProperties) ? [`${path} has too few`] : [];
    const parts = Object.entries(value).flatMap(([key, part]) => {
      const own = Object.hasOwn(known, key) ? known[key] : additionalProperties;
      if (own === false) return [`${path}.${key} unknown`];
      const name = isMap(propertyNames) ? judge(propertyNames, key, `${path}.${key}`) : [];
      return [...name, ...(isMap(own) ? judge(own, part, `${path}.${key}`) : [])];
    });
    return [...missing, ...few, ...parts];
  }

  function judgeList({ items, minItems = 0 }: Schema, value: readonly unknown[], path: string): string[] {
    const few = value.length < Number(minItems) ? [`${path} is too short`] : [];
    return [...few, ...(isMap(items) ? value.flatMap((each, n) => judge(items, each, `${path}[${n}]`)) : [])];
  }

  return value => judge(root, value, '');
}

function kindOf(value: unknown): string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  return typeof value === 'number' && Number.isInteger(value) ? ['number', 'integer'] : [typeof value];
}

function judgeKind({ type, enum: words, const: only }: Schema, value: unknown, path: string): string[] {
  const kinds = [type ?? kindOf(value)].flat();
  if (!kindOf(value).some(kind => kinds.includes(kind))) return [`${path} is no ${kinds.join(' or ')}`];
  if (Array.isArray(words) && !words.includes(value)) return [`${path} is none of the words`];
  return only !== undefined && only !== value ? [`${path} is not ${only}`] : [];
}

function judgeText({ pattern, maxLength, minimum, maximum }: Schema, value: unknown, path: string): string[] {
  if (typeof value === 'number') {
    const isIn = value >= Number(minimum ?? value) && value <= Number(maximum ?? value);
    return isIn ? [] : [`${path} is out of range`];
  }
  if (typeof value !== 'string') return [];
  if (pattern && !new RegExp(String(pattern), 'u').test(value)) return [`${path} does not look right`];
  return maxLength !== undefined && value.length > Number(maxLength) ? [`${path} is too long`] : [];
}
