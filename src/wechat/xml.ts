// WeChat's XML, both ways: one flat (or shallow) document under <xml>. DTDs, entities and number coercion are refused.

import { XMLParser } from 'fast-xml-parser';
import { BadInput } from '../core/base/error.ts';
import { isRecord } from '../core/base/record.ts';

/** Every leaf is a string: `MsgId` and `send_listid` do not fit a JavaScript number. */
export type XmlValue = string | XmlFields | XmlValue[];
export type XmlFields = { readonly [name: string]: XmlValue };

/** The largest document that is parsed, in bytes; hostile input of this size costs ≤ 35 ms. */
export const XML_BYTES_MAX = 64 * 1024;

const ENVELOPE = /^\uFEFF?\s*(?:<\?xml[^>]{0,200}\?>\s*)?<xml>/;
const CDATA = /<!\[CDATA\[[\s\S]*?\]\]>/g;
export const ENTITIES_OF_XML: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: true,
  processEntities: false,
  htmlEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: 8,
  cdataPropName: '#cdata',
});

/** Text of a WeChat document → its fields. Throws `BadInput` for anything else, a DOCTYPE anywhere included. */
export function parseXml(text: string): XmlFields {
  if (Buffer.byteLength(text) > XML_BYTES_MAX) throw new BadInput(`XML over ${XML_BYTES_MAX} bytes`);
  if (!ENVELOPE.test(text) || !text.trimEnd().endsWith('</xml>'))
    throw new BadInput('not a WeChat document: expected one <xml> element');
  // A follower may write "<!DOCTYPE" in a message, so only what stands outside CDATA counts.
  if (/<!(?!--)/.test(text.replace(CDATA, ''))) throw new BadInput('a DTD is not allowed');
  let root: unknown;
  try {
    root = parser.parse(text, true).xml;
  } catch (error) {
    throw new BadInput(`malformed XML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (root === '') return {};
  const fields = isRecord(root) ? tidy(root) : undefined;
  if (typeof fields !== 'object' || Array.isArray(fields))
    throw new BadInput('not a WeChat document: <xml> has no fields');
  for (const [name, value] of Object.entries(fields)) {
    if (Array.isArray(value)) throw new BadInput(`<${name}> stands twice`);
  }
  return fields;
}

/** Joins CDATA with its text, resolves the five entities of XML in plain text only, and drops empty wrappers. */
function tidy(node: unknown): XmlValue {
  if (typeof node === 'string') return node.replace(/&(?:lt|gt|quot|apos|amp);/g, entity => ENTITIES_OF_XML[entity]!);
  if (Array.isArray(node)) return node.map(tidy);
  const { '#cdata': cdata, '#text': plain, ...rest } = node as Record<string, unknown>;
  if (cdata !== undefined) return Array.isArray(cdata) ? cdata.join('') : String(cdata);
  if (plain !== undefined && Object.keys(rest).length === 0) return tidy(plain);
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, tidy(value)]));
}

/** The text of a field, or `undefined` if it is absent or has children. */
export function textOf(fields: XmlFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : undefined;
}

/** The fields below `name`; none if there are none. */
export function childrenOf(fields: XmlFields, name: string): XmlFields {
  const value = fields[name];
  return typeof value === 'object' && !Array.isArray(value) ? value : {};
}

const ILLEGAL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

/** Without the characters that XML 1.0 cannot carry. */
export function legal(text: string): string {
  return text.replace(ILLEGAL, '');
}

export type XmlOut = { readonly [name: string]: string | number | XmlOut | XmlOut[] };

/** Fields → `<xml>…</xml>`. Texts go into CDATA, numbers stand bare; `]]>` in a text is split. */
export function buildXml(fields: XmlOut): string {
  return `<xml>${childrenOut(fields)}</xml>`;
}

function childrenOut(fields: XmlOut): string {
  let out = '';
  for (const [name, value] of Object.entries(fields)) out += elementOut(name, value);
  return out;
}

function elementOut(name: string, value: XmlOut[string]): string {
  if (typeof value === 'string') return `<${name}><![CDATA[${legal(value).replaceAll(']]>', SPLIT_END)}]]></${name}>`;
  if (typeof value === 'number') return `<${name}>${value}</${name}>`;
  if (Array.isArray(value)) return value.map(each => elementOut(name, each)).join('');
  return `<${name}>${childrenOut(value)}</${name}>`;
}

const SPLIT_END = ']]]]><![CDATA[>';
