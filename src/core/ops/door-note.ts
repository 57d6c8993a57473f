// What a door heard of WeChat, as far as it tells how the set-up is: a few words for each door, in the store.
import type { Instant } from '../base/time.ts';

/** `genuine`: signed, and read. The others: why it was not. */
export type Heard = 'genuine' | 'signature' | 'sealed' | 'mode' | 'clock';
export type DoorNote = Partial<Readonly<Record<Heard, { readonly at: Instant; readonly said: string }>>>;

/** The lease whose note it is; a door is an account, or `pay/MERCHANT`. */
export const doorNoteName = (door: string): string => `door:${door}`;

export function readDoorNote(text: string | undefined): DoorNote {
  try {
    return text === undefined || text === '' ? {} : (JSON.parse(text) as DoorNote);
  } catch {
    return {}; // of a version to come
  }
}

/** Strangers send what is signed wrong as well: it says something only where nothing genuine was heard for so long. */
const STRANGERS_MS = 30 * 60_000;

/** What is wrong at a door now: the latest trouble, if nothing genuine came after it. */
export function troubleIn(
  note: DoorNote,
): { readonly what: Exclude<Heard, 'genuine'>; readonly said: string } | undefined {
  const heard = note.genuine?.at ?? Number.NEGATIVE_INFINITY;
  const kinds = ['sealed', 'mode', 'clock', 'signature'] as const;
  const latest = kinds
    .flatMap(what => (note[what] ? [{ what, ...note[what] }] : []))
    .filter(({ what, at }) => (what === 'signature' || what === 'clock' ? at - heard > STRANGERS_MS : at > heard))
    .sort((a, b) => b.at - a.at)[0];
  return latest && { what: latest.what, said: latest.said };
}
