// What a program or a server answered in JSON, read as far as a test goes on with it: whatever has another form fails there
// and is shown.
type Is<T> = (value: unknown) => value is T;

export const isText: Is<string> = value => typeof value === 'string';
export const isNumber: Is<number> = value => typeof value === 'number';
export const isTruth: Is<boolean> = value => typeof value === 'boolean';
export const isMap: Is<Record<string, unknown>> = (value): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function isMapOf<T>(is: Is<T>): Is<Record<string, T>> {
  return (value): value is Record<string, T> => isMap(value) && Object.values(value).every(is);
}

export function isListOf<T>(is: Is<T>): Is<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(is);
}

/** A map that has these fields; what else it has nobody asks. */
export function has<T extends object>(fields: { readonly [Name in keyof T]: Is<T[Name]> }): Is<T> {
  return (value): value is T => {
    if (!isMap(value)) return false;
    for (const name in fields) if (!fields[name](value[name])) return false;
    return true;
  };
}

export function read<T>(value: unknown, is: Is<T>): T {
  if (!is(value)) throw new Error(`of another form: ${JSON.stringify(value)}`);
  return value;
}

export function readJson<T>(text: string, is: Is<T>): T {
  return read(JSON.parse(text), is);
}
