// Whose a number of an order is, as far as WeChat Pay tells.
import type { OpenId } from '../base/event.ts';
import type { Fen } from '../base/money.ts';

/** What WeChat Pay says of a number. */
export type Sighting =
  | {
      readonly kind: 'order';
      /** A red packet names its followers only once they have opened it; a group packet, all of them. */
      readonly users: readonly OpenId[];
      readonly amount: Fen | undefined;
      /** It may still be opened, or come back. */
      readonly isOpen: boolean;
      /** Texts by which its campaign may be known. */
      readonly words: readonly (string | undefined)[];
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'unasked'; readonly why: string };
