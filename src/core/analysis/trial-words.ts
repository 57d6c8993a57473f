// What trials of rules come to, in words and tables: for a terminal, and for a page.
import type { Wording } from '../base/words/words.ts';

export type Table = {
  readonly head: readonly Wording[];
  readonly rows: readonly (readonly Wording[])[];
  /** A space before it. */
  readonly isApart?: boolean;
};
/** Line by line, with tables between them. */
export type TrialWords = readonly (Wording | Table)[];

export function isTable(said: Wording | Table): said is Table {
  return typeof said === 'object' && 'rows' in said;
}
