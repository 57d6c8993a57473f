// JSON as WeChat and WeChat Pay send it, looked at part by part.

import { isRecord } from '../core/base/record.ts';

export type Json = Readonly<Record<string, unknown>>;

/** `undefined`: no JSON object. */
export function jsonOf(text: string): Json | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

export function textAt(json: Json, name: string): string | undefined {
  const value = json[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A number, also one that a relay made a text of. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !/^\s*-?\d{1,15}(?:\.0+)?\s*$/.test(value)) return undefined;
  return Number(value);
}

/** An object inside; an empty one where there is none. */
export function partOf(json: Json, name: string): Json {
  const value = json[name];
  return isRecord(value) ? value : {};
}

/** The objects of a list; what is no object is an empty one. `undefined`: no list. */
export function listAt(json: Json, name: string): Json[] | undefined {
  const value = json[name];
  return Array.isArray(value) ? value.map(each => (isRecord(each) ? each : {})) : undefined;
}
