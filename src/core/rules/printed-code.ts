// A printed code (一物一码): how it looks. Letters and digits that nobody takes for one another, the last two a checksum
// over the others, so that a slip of the pen is no wrong guess.

import type { Event } from '../base/event.ts';
import { sceneOf } from '../base/event.ts';

/** Without 0 O 1 I: 32 of them, 5 bits each. */
export const CODE_LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
export const CODE_LENGTH = 12;
/** What a scene begins with that carries a code. */
const CODE_SCENE = 'c-';

const CODE = new RegExp(`^[${CODE_LETTERS}]{${CODE_LENGTH}}$`);

/** The code an event carries, in capitals; `undefined` where there is none, or it was mistyped. */
export function codeIn(event: Event): string | undefined {
  const scene = sceneOf(event);
  if (scene?.startsWith(CODE_SCENE)) return codeFrom(scene.slice(CODE_SCENE.length));
  if (event.kind === 'scancode') return codeScanned(scannedText(event));
  return event.kind === 'text' ? codeFrom(event.text) : undefined;
}

/** Whether the event was meant as a code, right or mistyped. */
export function isAboutCode(event: Event): boolean {
  if (codeIn(event) !== undefined) return true;
  const text = event.kind === 'text' ? event.text : event.kind === 'scancode' ? scannedText(event) : '';
  return looksLikeCode(text);
}

/** As some clients write the kind of a barcode before it: `EAN_13,6901234567892`. */
const BARCODE_KIND = /^(?:[A-Z]+(?:_[A-Z0-9]+)+|ITF|CODABAR|AZTEC|MAXICODE),/;

/** What the scanner read, without the kind of barcode. */
export function scannedText({ result }: Extract<Event, { readonly kind: 'scancode' }>): string {
  return result.trim().replace(BARCODE_KIND, '');
}

/** Printed as it is, or at the end of an address: of its path, or as a value of its query. */
function codeScanned(text: string): string | undefined {
  const [, path, query, hash] = /^[a-z][a-z\d+.-]*:\/\/([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/is.exec(text) ?? [];
  if (path === undefined) return codeFrom(text);
  const values = (query ?? '').split('&').map(pair => pair.slice(pair.indexOf('=') + 1));
  const ends = [path, hash ?? ''].map(each => /([^/=]*)\/*$/.exec(each)![1]!);
  return [...values, ...ends].map(codeFrom).find(code => code !== undefined);
}

/** Right or mistyped. */
export function looksLikeCode(text: string): boolean {
  return CODE.test(tidied(text));
}

export function codeFrom(text: string): string | undefined {
  const code = tidied(text);
  return CODE.test(code) && checksumOf(code.slice(0, -2)) === code.slice(-2) ? code : undefined;
}

function tidied(text: string): string {
  return text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s-]+/gu, '');
}

/** Two letters that change with any one letter, and with two that changed places. */
export function checksumOf(body: string): string {
  let sum = 0;
  for (const letter of body) sum = (sum * 33 + CODE_LETTERS.indexOf(letter) + 1) % 1021;
  return CODE_LETTERS[sum >> 5]! + CODE_LETTERS[sum & 31]!;
}
