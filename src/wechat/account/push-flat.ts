// A push in XML as WeChat writes nearly all of them: elements in a row below <xml>, each with one CDATA or one plain word,
// nothing within them. Whatever is written in another way is left to the careful reader (`push-xml.ts`), with whom this one
// agrees on all that it reads.
import type { XmlFields } from '../xml.ts';

const [BEGIN, END, CDATA, CDATA_END] = ['<xml>', '</xml>', '<![CDATA[', ']]>'];
const NAME_MAX = 64;

/** `undefined`: it is not so plain. */
export function flatFields(text: string): XmlFields | undefined {
  if (!text.startsWith(BEGIN)) return undefined;
  const fields: Record<string, string> = {};
  let at = afterBlanks(text, BEGIN.length);
  while (!text.startsWith(END, at)) {
    const nameEnd = text.indexOf('>', at);
    const name = text.slice(at + 1, nameEnd);
    if (text[at] !== '<' || nameEnd < 0 || !isName(name) || fields[name] !== undefined) return undefined;
    let [start, end] = [nameEnd + 1, 0];
    if (text.startsWith(CDATA, start)) {
      start += CDATA.length;
      end = text.indexOf(CDATA_END, start);
      at = end + CDATA_END.length;
    } else {
      end = wordEnd(text, start);
      at = end;
    }
    if (end < 0 || !isEndOf(text, name, at)) return undefined;
    fields[name] = text.slice(start, end);
    at = afterBlanks(text, at + name.length + '</>'.length);
  }
  return afterBlanks(text, at + END.length) === text.length && at > BEGIN.length ? fields : undefined;
}

/** Letters, digits and lines; no name that all objects have begins with a capital, and few of WeChat's do not. */
function isName(name: string): boolean {
  if (name.length === 0 || name.length > NAME_MAX) return false;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
    if (!isLetter && (at === 0 || !(isDigit(code) || code === 95))) return false;
  }
  return true;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Whether `</name>` stands there. */
function isEndOf(text: string, name: string, at: number): boolean {
  return text.startsWith('</', at) && text.startsWith(name, at + 2) && text[at + 2 + name.length] === '>';
}

/** Where a word of letters, digits, points and lines ends; -1: there is none. */
function wordEnd(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isLetter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
    if (!isLetter && !isDigit(code) && code !== 95 && code !== 45 && code !== 46) break;
  }
  return at === start ? -1 : at;
}

function afterBlanks(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 10 && code !== 13 && code !== 32 && code !== 9) break;
  }
  return at;
}
