// A push in JSON (数据格式 JSON) → the same fields as of one in XML. Numbers stay the digits they were written with:
// `MsgId` does not fit a JavaScript number. What could be read in two ways is refused.
import { BadInput } from '../../core/base/error.ts';
import { t } from '../../core/base/words/words.ts';
import type { XmlFields, XmlValue } from '../xml.ts';

const DEPTH_MAX = 8;
const NAMES_MAX = 1000;
/** What is on every object, and no field of anybody's. */
const REFUSED = new Set(['__proto__', 'constructor', 'prototype']);

export function readPushJson(text: string): XmlFields {
  return new Scan(text).document();
}

class Scan {
  private at = 0;
  private names = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  document(): XmlFields {
    this.pass(/\uFEFF?\s*/y);
    if (this.text[this.at] !== '{') throw new BadInput(t`not a push: expected one JSON object`);
    const fields = this.object(1);
    this.blanks();
    if (this.at < this.text.length) throw new BadInput(t`something stands after the JSON object`);
    return fields;
  }

  private object(depth: number): XmlFields {
    if (depth > DEPTH_MAX) throw new BadInput(t`JSON is nested more than ${DEPTH_MAX} deep`);
    const fields = new Map<string, XmlValue | undefined>();
    this.at++;
    if (this.passMark('}')) return {};
    do {
      this.blanks();
      const name = this.string();
      if (REFUSED.has(name) || ++this.names > NAMES_MAX)
        throw new BadInput(t`a JSON object with a name that is no field`);
      if (fields.has(name)) throw new BadInput(t`"${name.slice(0, 64)}" stands twice`);
      if (!this.passMark(':')) throw new BadInput(t`malformed JSON: expected a colon`);
      fields.set(name, this.value(depth));
    } while (this.passMark(','));
    if (!this.passMark('}')) throw new BadInput(t`malformed JSON: an object does not end`);
    return Object.fromEntries([...fields].filter((field): field is [string, XmlValue] => field[1] !== undefined));
  }

  /** A list of one is that one, as XML has it. */
  private list(depth: number): XmlValue {
    if (depth > DEPTH_MAX) throw new BadInput(t`JSON is nested more than ${DEPTH_MAX} deep`);
    const values: XmlValue[] = [];
    this.at++;
    if (this.passMark(']')) return values;
    do values.push(this.value(depth) ?? '');
    while (this.passMark(','));
    if (!this.passMark(']')) throw new BadInput(t`malformed JSON: a list does not end`);
    return values.length === 1 ? values[0]! : values;
  }

  /** `undefined`: null. */
  private value(depth: number): XmlValue | undefined {
    this.blanks();
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth + 1);
      case '[':
        return this.list(depth + 1);
      case '"':
        return this.string();
      default: {
        const word = this.pass(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y);
        if (word === '') throw new BadInput(t`malformed JSON: expected a value`);
        return word === 'null' ? undefined : word;
      }
    }
  }

  /** Control characters may stand bare: WeChat passes on whatever a phone sends. */
  private string(): string {
    const written = this.pass(/"[^"\\]*(?:\\.[^"\\]*)*"/sy);
    if (written === '') throw new BadInput(t`malformed JSON: expected a text in quotes`);
    const text = written.slice(1, -1).replace(/\\(u[\da-fA-F]{4}|.)/gs, (_, mark: string) => escaped(mark));
    // Half a character is none; in bytes it would be the same mark.
    return text.replace(/\p{Surrogate}/gu, '\uFFFD');
  }

  private blanks(): void {
    this.pass(/\s*/y);
  }

  private passMark(mark: string): boolean {
    this.blanks();
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private pass(sticky: RegExp): string {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function escaped(mark: string): string {
  if (mark.length > 1) return String.fromCharCode(Number.parseInt(mark.slice(1), 16));
  if (mark === 'u') throw new BadInput(t`malformed JSON: \\u without four digits`);
  return ESCAPES[mark] ?? mark;
}
