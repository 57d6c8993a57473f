// In which letters (编码) a file was saved, told from its first bytes: spreadsheets in China save GBK, and some UTF-16.

import { t, type Wording } from '../base/words/words.ts';

export const ENCODINGS = ['utf-8', 'gbk', 'gb18030', 'utf-16'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** `undefined`: no such. `UTF8`, `utf_16le` and the like are meant as well. */
export function encodingFrom(text: string): Encoding | undefined {
  const name = text
    .toLowerCase()
    .replace(/[\s_-]/g, '')
    .replace(/^utf16[lb]e$/, 'utf16')
    .replace(/^gb2312$/, 'gbk');
  return ENCODINGS.find(each => each.replace('-', '') === name);
}

/** `workbook`: what a spreadsheet saves for itself (.xlsx, .xls); `unknown`: no text that we know. */
type Found = Encoding | 'workbook' | 'unknown';

/** What the bytes of a file's beginning are. A character cut off at the end does not matter. */
export function sniff(bytes: Uint8Array): Found {
  const [first, second] = bytes;
  if (WORKBOOKS.some(mark => mark.every((byte, n) => bytes[n] === byte))) return 'workbook';
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return 'utf-16';
  if (hasNuls(bytes)) return zerosAt(bytes, 0) || zerosAt(bytes, 1) ? 'utf-16' : 'unknown';
  if (decodes(bytes, 'utf-8')) return 'utf-8';
  return decodes(bytes, 'gb18030') ? 'gbk' : 'unknown';
}

/** A zip and a compound file. */
const WORKBOOKS: readonly (readonly number[])[] = [
  [0x50, 0x4b, 0x03, 0x04],
  [0xd0, 0xcf, 0x11, 0xe0],
];

const hasNuls = (bytes: Uint8Array): boolean => bytes.includes(0);

/** Digits and commas in UTF-16 have a zero in every second place. */
function zerosAt(bytes: Uint8Array, from: 0 | 1): boolean {
  let zeros = 0;
  for (let at = from; at < bytes.length; at += 2) if (bytes[at] === 0) zeros++;
  return zeros > bytes.length / 8;
}

function decodes(bytes: Uint8Array, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

export type Decoder = InstanceType<typeof TextDecoder>;

/** Decodes a file piece by piece; see `decoded`. */
export function decoderOf(encoding: Encoding, first: Uint8Array): Decoder {
  const isBigEndian = (first[0] === 0xfe && first[1] === 0xff) || (first[0] === 0 && first[1] !== 0);
  const label = encoding === 'utf-16' ? (isBigEndian ? 'utf-16be' : 'utf-16le') : encoding;
  return new TextDecoder(label, { fatal: true });
}

/** The next piece, or the end; `undefined` where the bytes are none of this encoding. */
export function decoded(decoder: Decoder, bytes: Uint8Array | undefined): string | undefined {
  // No character of GBK has this byte, and Node passes over it.
  if (decoder.encoding.startsWith('gb') && bytes?.includes(0xff)) return undefined;
  try {
    return decoder.decode(bytes, { stream: bytes !== undefined });
  } catch {
    return undefined;
  }
}

/** What to do about a file that is not UTF-8; `option`: whether the command can be told. */
export function encodingWords(found: Found, option: boolean): Wording {
  return t`the file ${encodingProblem(found, option)}`;
}

/** The same, for the end of a sentence that begins with the file's name. */
function encodingProblem(found: Found, option: boolean): Wording {
  const save = t`save the table as "CSV UTF-8"`;
  if (found === 'workbook') return t`is a workbook (Excel, WPS), and no table of text; ${save}`;
  if (found === 'unknown' || found === 'utf-8') return t`is not UTF-8; ${save}`;
  const name = found === 'utf-16' ? 'UTF-16' : t`GBK, as spreadsheets in China save it`;
  return t`is ${name}; ${option ? t`add --encoding ${found}, or ` : ''}${save}`;
}

/** A short table, all of it; or what is wrong with its letters, for the end of a sentence that begins with its name. */
export function tableText(bytes: Uint8Array): string | { readonly problem: Wording } {
  const found = sniff(bytes);
  if (found !== 'utf-8') return { problem: encodingProblem(found, false) };
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { problem: encodingProblem('unknown', false) }; // cut off in the middle of a character
  }
}

/** For people; `undefined`: it has no name. */
export function encodingName(found: Found): string | undefined {
  if (found === 'unknown' || found === 'utf-8') return undefined;
  return found === 'workbook' ? 'Excel' : found === 'utf-16' ? 'UTF-16' : 'GBK';
}
