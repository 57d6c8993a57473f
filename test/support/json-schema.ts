// As much of JSON Schema (draft 7) as our own schemas use, judged as an editor would: for tests that the schema and the
// loader say the same.
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
    (root.definitions as Record<string, Schema>)[ref.replace('#/definitions/', '')]!;
  const fits = (schema: Schema, value: unknown): boolean => judge(schema, value, '').length === 0;

  function judgeChoices({ anyOf, oneOf }: Schema, value: unknown, path: string): string[] {
    if (anyOf && !(anyOf as Schema[]).some(each => fits(each, value))) return [`${path} fits none`];
    if (!oneOf) return [];
    const count = (oneOf as Schema[]).filter(each => fits(each, value)).length;
    return count === 1 ? [] : [`${path} fits ${count} of those it could be`];
  }

  function judgeMap(schema: Schema, value: unknown, path: string): string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    const { properties = {}, required = [], minProperties = 0, additionalProperties, propertyNames } = schema;
    const known = properties as Record<string, Schema>;
    const missing = (required as string[])
      .filter(key => !Object.hasOwn(value, key))
      .map(key => `${path}.${key} missing`);
    const few = Object.keys(value).length < (minProperties as number) ? [`${path} has too few`] : [];
    const parts = Object.entries(value).flatMap(([key, part]) => {
      const own = Object.hasOwn(known, key) ? known[key]! : additionalProperties;
      if (own === false) return [`${path}.${key} unknown`];
      const name = propertyNames ? judge(propertyNames as Schema, key, `${path}.${key}`) : [];
      return [...name, ...(own ? judge(own as Schema, part, `${path}.${key}`) : [])];
    });
    return [...missing, ...few, ...parts];
  }

  function judgeList({ items, minItems = 0 }: Schema, value: readonly unknown[], path: string): string[] {
    const few = value.length < (minItems as number) ? [`${path} is too short`] : [];
    return [...few, ...(items ? value.flatMap((each, n) => judge(items as Schema, each, `${path}[${n}]`)) : [])];
  }

  return value => judge(root, value, '');
}

function kindOf(value: unknown): string[] {
  if (value === null) return ['null'];
  if (Array.isArray(value)) return ['array'];
  return typeof value === 'number' && Number.isInteger(value) ? ['number', 'integer'] : [typeof value];
}

function judgeKind({ type, enum: words, const: only }: Schema, value: unknown, path: string): string[] {
  const kinds = [type ?? kindOf(value)].flat() as string[];
  if (!kindOf(value).some(kind => kinds.includes(kind))) return [`${path} is no ${kinds.join(' or ')}`];
  if (words && !(words as unknown[]).includes(value)) return [`${path} is none of the words`];
  return only !== undefined && only !== value ? [`${path} is not ${only}`] : [];
}

function judgeText({ pattern, maxLength, minimum, maximum }: Schema, value: unknown, path: string): string[] {
  if (typeof value === 'number') {
    const isIn = value >= ((minimum as number) ?? value) && value <= ((maximum as number) ?? value);
    return isIn ? [] : [`${path} is out of range`];
  }
  if (typeof value !== 'string') return [];
  if (pattern && !new RegExp(pattern as string, 'u').test(value)) return [`${path} does not look right`];
  return maxLength !== undefined && value.length > (maxLength as number) ? [`${path} is too long`] : [];
}
