// The one kind of document that has to be read before it can be verified: a notice of WeChat Pay's API v2 carries its own
// sign among its fields. It is flat, so one look from its start to its end is enough, and nothing a stranger writes costs
// more than its length.
import { BadInput } from '../../core/base/error.ts';
import { ENTITIES_OF_XML } from '../xml.ts';

/** A notice with dozens of coupons is below half of it. */
export const FLAT_BYTES_MAX = 8 * 1024;
const FIELDS_MAX = 200;

const START = /^\uFEFF?\s*(?:<\?xml[^>]{0,200}\?>\s*)?<(xml|root)>/;
const OPEN = /\s*<([A-Za-z_][\w.-]{0,63})\s*(\/?)>/y;
/** A piece of a field: CDATA up to its end, or text up to the next tag. */
const PIECE = /<!\[CDATA\[([\s\S]*?)\]\]>|([^<]+)/y;

/** The fields of `<xml>` or `<root>`. Throws `BadInput` for whatever is deeper, longer, or says a thing twice. */
export function readFlatXml(text: string): Readonly<Record<string, string>> {
  const bad = (why: string): BadInput => new BadInput(`not a WeChat document of API v2: ${why}`);
  if (text.length > FLAT_BYTES_MAX || Buffer.byteLength(text) > FLAT_BYTES_MAX)
    throw bad(`over ${FLAT_BYTES_MAX} bytes`);
  const start = START.exec(text);
  const bare = text.trimEnd();
  const end = `</${start?.[1]}>`;
  if (!start || !bare.endsWith(end)) throw bad('expected one <xml> element');
  const fields = new Map<string, string>();
  let at = start[0].length;
  const next = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(bare);
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (let open = next(OPEN); open; open = next(OPEN)) {
    const name = open[1]!;
    if (fields.has(name)) throw bad('a field stands twice');
    if (fields.size >= FIELDS_MAX) throw bad(`over ${FIELDS_MAX} fields`);
    let plain = '';
    let quoted: string | undefined;
    if (open[2] === '') {
      for (let piece = next(PIECE); piece; piece = next(PIECE)) {
        if (piece[1] === undefined) plain += piece[2]!;
        else quoted = (quoted ?? '') + piece[1];
      }
      const close = `</${name}>`;
      if (!bare.startsWith(close, at)) throw bad('it is not flat');
      at += close.length;
    }
    fields.set(name, quoted ?? textIn(plain));
  }
  if (bare.slice(at).trimStart() !== end) throw bad('it is not flat');
  return Object.fromEntries(fields);
}

function textIn(plain: string): string {
  return plain.trim().replace(/&(?:lt|gt|quot|apos|amp);/g, entity => ENTITIES_OF_XML[entity]!);
}
