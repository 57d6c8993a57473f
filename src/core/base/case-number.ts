// A short code (查询码) by which a complaint finds its event: it is worked out from the event's key, and tells nothing.
import { createHash } from 'node:crypto';
import type { Event } from './event.ts';

/** Without letters and digits that are taken for each other. */
const LETTERS = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 8;

/** `7K2M-X9PQ` */
export function caseNumberOf({ account, key }: Pick<Event, 'account' | 'key'>): string {
  const digest = createHash('sha256').update(`case number of ${account}/${key}`).digest();
  const letters = Array.from({ length: LENGTH }, (_, n) => LETTERS[digest[n]! % LETTERS.length]).join('');
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;
}

/** As it may be typed off a screen; `undefined`: it is none. */
export function readCaseNumber(text: string): string | undefined {
  const plain = text.normalize('NFKC').toUpperCase().replace(/[\s-]/g, '');
  if (plain.length !== LENGTH || ![...plain].every(letter => LETTERS.includes(letter))) return undefined;
  return `${plain.slice(0, LENGTH / 2)}-${plain.slice(LENGTH / 2)}`;
}
