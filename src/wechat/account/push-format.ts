// The outside of a push: bytes in one of two formats (数据格式 XML or JSON), told by the first of them whatever the
// Content-Type says; which of its texts may be the sealed one; and an answer in the same format.
import { isUtf8 } from 'node:buffer';
import type { PushFormat } from '../../ports.ts';
import { buildXml, legal, type XmlOut } from '../xml.ts';
import { readPushJson } from './push-json.ts';
import { type Reading, readPushXml } from './push-xml.ts';

export type Wire = {
  readonly format: PushFormat;
  readonly text: string;
  /** Some bytes are no UTF-8: `U+FFFD` stands for them. */
  readonly isDamaged: boolean;
};

export function wireOf(bytes: Uint8Array): Wire {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return { format: /^\uFEFF?\s*\{/.test(text) ? 'json' : 'xml', text, isDamaged: !isUtf8(bytes) };
}

/** Throws `BadInput` where it cannot be said what was pushed. */
export function readPush({ format, text }: Wire): Reading {
  return format === 'json' ? { fields: readPushJson(text) } : readPushXml(text);
}

/** Strangers are looked at by them too: what they find costs its length, and what they do not find as well. */
const SEALED: Readonly<Record<PushFormat, RegExp>> = {
  xml: /<Encrypt>\s*(?:<!\[CDATA\[\s*)?([A-Za-z0-9+/=]+)/g,
  json: /"Encrypt"\s*:\s*"((?:[A-Za-z0-9+/=]|\\\/|\\u00[\da-fA-F]{2})+)"/g,
};
const SEALED_EACH_SIDE = 8;

/**
 * What may be the ciphertext, found without a parser, the likeliest first. A follower can write such a thing as well: which
 * of them it is the signature says, which covers one only. WeChat's own has followers' texts on one side at most.
 */
export function sealedParts({ format, text }: Wire): readonly string[] {
  const found = [...text.matchAll(SEALED[format])].map(([, part]) => (format === 'json' ? unescaped(part!) : part!));
  return [...new Set([...found.slice(-SEALED_EACH_SIDE).reverse(), ...found.slice(0, SEALED_EACH_SIDE)])];
}

function unescaped(part: string): string {
  return part
    .replaceAll('\\/', '/')
    .replace(/\\u([\da-fA-F]{4})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** Whether it is one of compatible mode: what is sealed stands beside it in the clear. */
export function hasClearFields({ format, text }: Wire): boolean {
  return text.includes(format === 'json' ? '"MsgType"' : '<MsgType>');
}

/** The fields of an answer (`replyFields`), or of its seal, as they go out. */
export function writeAnswer(format: PushFormat, fields: XmlOut): string {
  return format === 'json' ? JSON.stringify(jsonOf(fields)) : buildXml(fields);
}

/** Lists are lists in JSON; in XML they are an element `item` in another. */
function jsonOf(value: XmlOut | XmlOut[string]): unknown {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return legal(value);
  if (Array.isArray(value)) return value.map(jsonOf);
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]![0] === 'item') return [entries[0]![1]].flat().map(jsonOf);
  return Object.fromEntries(entries.map(([name, child]) => [name, jsonOf(child)]));
}
