// JSON that somebody sent, looked at part by part: nothing of it is believed before it is asked what it is.
import { BadInput } from '../../core/base/error.ts';
import { isRecord } from '../../core/base/record.ts';
import { readJson } from './http.ts';

export type Json = Readonly<Record<string, unknown>>;

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

/** `undefined`: the body is no JSON object. */
export function jsonIn(body: string): Json | undefined {
  try {
    const value = readJson(body);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof BadInput) return undefined;
    throw error;
  }
}

/** An object inside; an empty one where there is none. */
export function partOf(value: unknown): Json {
  return isRecord(value) ? value : {};
}

/** Empty where there is no text. */
export function textAt(json: Json, key: string): string {
  const value = json[key];
  return typeof value === 'string' ? value : '';
}
