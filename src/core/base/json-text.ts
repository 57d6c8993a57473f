// JSON that we have written ourselves, as a type that says what it says: a column or a field of a row is declared to hold a
// `JsonText` of it, and whoever reads it knows what comes out. Our own store is trusted with that.

declare const says: unique symbol;

/** A text that says a `T`. */
export type JsonText<T> = string & { readonly [says]: T };

export function jsonText<T>(value: T): JsonText<T> {
  return JSON.stringify(value) as JsonText<T>;
}

export function saidBy<T>(text: JsonText<T>): T {
  return JSON.parse(text) as T;
}
