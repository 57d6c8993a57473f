// A push in XML → its fields. One pass over what WeChat writes: elements in one another, texts in CDATA or bare, nothing
// else. By a public report WeChat does not escape `]]>`, so what a follower wrote may end its CDATA early and look like
// elements of WeChat's. Such a text is read up to the last end of its element, and only if nothing in the document says
// otherwise; who sent it, and what kind it is, stands before it. The signature was right before anything is read here.
import { BadInput } from '../../core/base/error.ts';
import { t } from '../../core/base/words/words.ts';
import type { XmlFields, XmlValue } from '../xml.ts';
import { flatFields } from './push-flat.ts';

/** `torn`: a follower's text ended early in the CDATA, and was read to the end all the same. */
export type Reading = { readonly fields: XmlFields; readonly torn?: string };

/** Elements whose text a follower writes, at whatever depth. */
const BY_FOLLOWERS: readonly string[] = [
  ...['Content', 'Recognition', 'Label', 'Poiname', 'Title', 'Description', 'Url', 'ScanResult', 'bizmsgmenuid'],
];
/** Who sent it, and what it is. */
const IDENTITY = ['ToUserName', 'FromUserName', 'CreateTime', 'MsgType', 'Event'];
const DEPTH_MAX = 8;
const [CDATA, CDATA_END] = ['<![CDATA[', ']]>'];

/** Throws `BadInput` where it cannot be said what was pushed. */
export function readPushXml(text: string): Reading {
  const fields = flatFields(text);
  return fields ? { fields } : readCarefully(text);
}

/** The same without the shorter way. */
export function readCarefully(text: string): Reading {
  let trouble: unknown;
  try {
    return { fields: new Scan(text).document() };
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    trouble = error;
  }
  const torn = mended(text);
  if (!torn) throw trouble;
  return { fields: torn.fields, torn: torn.name };
}

/**
 * The earliest element of a follower, read up to its last end. In what follows only WeChat has written: were there another
 * element of a follower, the last end could be theirs.
 */
function mended(text: string): { readonly name: string; readonly fields: XmlFields } | undefined {
  const places = BY_FOLLOWERS.map(name => ({ name, at: text.indexOf(`<${name}>${CDATA}`) }));
  const [first] = places.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
  if (!first) return undefined;
  const { name, at } = first;
  const start = at + `<${name}>${CDATA}`.length;
  const end = text.lastIndexOf(`${CDATA_END}</${name}>`);
  if (end < start) return undefined;
  const written = text.slice(start, end).replaceAll(CDATA_END, `]]${CDATA_END}${CDATA}>`);
  const scan = new Scan(text.slice(0, start) + written + text.slice(end));
  const fields = scan.document();
  const isBefore = IDENTITY.every(each => !(each in fields) || text.indexOf(`<${each}>`) < at);
  return isBefore && scan.byFollowers === 1 ? { name, fields } : undefined;
}

/**
 * The document as WeChat writes it, and nothing else that XML could be: no comment, no attribute, no DTD. No element of a
 * follower ends twice: whoever leaves theirs, by whatever way, leaves WeChat's own end over.
 */
class Scan {
  /** How many elements of followers there are. */
  byFollowers = 0;
  private at = 0;
  private readonly text: string;
  private readonly ended = new Set<string>();

  constructor(text: string) {
    this.text = text;
  }

  document(): XmlFields {
    this.pass(/\uFEFF?\s*(?:<\?xml[^>]{0,200}\?>\s*)?/y);
    if (this.pass(/<xml>/y) === '') throw new BadInput(t`not a push: expected one <xml> element`);
    const value = this.valueOf('xml', 0);
    this.pass(/\s*/y);
    if (this.at < this.text.length) throw new BadInput(t`something stands after </xml>`);
    if (value === '') return {};
    if (typeof value === 'string' || Array.isArray(value)) throw new BadInput(t`<xml> has no fields`);
    return value;
  }

  /** From after `<name>` to after `</name>`. Blanks around elements and CDATA say nothing. */
  private valueOf(name: string, depth: number): XmlValue {
    const parts: string[] = [];
    const inside = new Map<string, XmlValue>();
    let bare = '';
    for (;;) {
      bare += this.pass(/[^<]*/y);
      if (this.passWord('</')) break;
      if (this.passWord(CDATA)) parts.push(this.toCdataEnd(name));
      else this.child(name, depth, inside);
    }
    if (!this.passWord(`${name}>`)) throw new BadInput(t`<${name}> does not end where it should`);
    this.noteEnd(name);
    const isMixed = (bare.trim() !== '' ? 1 : 0) + (parts.length > 0 ? 1 : 0) + (inside.size > 0 ? 1 : 0) > 1;
    if (isMixed || bare.includes(CDATA_END)) throw new BadInput(t`<${name}> holds more than one text`);
    if (inside.size > 0) return Object.fromEntries(inside);
    return parts.length > 0 ? parts.join('') : plain(bare.trim());
  }

  private toCdataEnd(name: string): string {
    const end = this.text.indexOf(CDATA_END, this.at);
    if (end < 0) throw new BadInput(t`the CDATA in <${name}> does not end`);
    const part = this.text.slice(this.at, end);
    this.at = end + CDATA_END.length;
    return part;
  }

  private child(parent: string, depth: number, inside: Map<string, XmlValue>): void {
    if (depth === DEPTH_MAX) throw new BadInput(t`elements are nested more than ${DEPTH_MAX} deep`);
    const tag = this.pass(/<[A-Za-z_][\w.-]{0,63}\s?\/?>/y);
    const name = /[\w.-]+/.exec(tag)?.[0];
    if (name === undefined) throw new BadInput(t`<${parent}> holds something that is no element of a push`);
    const value = tag.endsWith('/>') ? '' : this.valueOf(name, depth + 1);
    const before = inside.get(name);
    if (before !== undefined && depth === 0) throw new BadInput(t`<${name}> stands twice`);
    inside.set(name, before === undefined ? value : [before, value].flat());
  }

  private noteEnd(name: string): void {
    if (!BY_FOLLOWERS.includes(name)) return;
    if (this.ended.has(name)) throw new BadInput(t`<${name}> stands twice`);
    this.ended.add(name);
    this.byFollowers++;
  }

  private pass(sticky: RegExp): string {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  private passWord(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

function plain(text: string): string {
  return text.replace(/&(?:lt|gt|quot|apos|amp);/g, entity => ENTITIES[entity]!);
}
