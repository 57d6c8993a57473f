// What an account (公众号) keeps beside its followers and its menu: templates, tags, conditional menus, uploaded media, remarks and
// the blacklist. Pure; what is changed is written to the world's journal.
import type { Template } from '../shared/options.ts';
import type { MenuButton } from '../shared/protocol-menu.ts';

type Tag = { readonly id: number; readonly name: string };
type ConditionalMenu = {
  readonly menuid: string;
  readonly button: readonly MenuButton[];
  readonly matchrule: Readonly<Record<string, string>>;
};
/** A file somebody uploaded (素材). */
export type Media = {
  readonly id: string;
  readonly kind: 'image' | 'voice' | 'video' | 'thumb';
  readonly at: number;
  /** 永久素材; others die after three days. */
  readonly permanent: boolean;
  readonly name: string;
  readonly type: string;
  readonly base64: string;
};
/** What the account has noted about a person. */
type PersonNotes = { readonly tags: readonly number[]; readonly remark: string; readonly isBlocked: boolean };

type Parts = {
  readonly templates: readonly Template[];
  readonly tags: readonly Tag[];
  /** Newest first: so they are tried. */
  readonly menus: readonly ConditionalMenu[];
};
export type ConsoleEntry = { readonly account: string } & (
  | { readonly parts: Partial<Parts> }
  | { readonly media: Media; readonly isGone?: true }
  | { readonly openid: string; readonly notes: PersonNotes }
);

/** May a reply or a message of this account name this `media_id`: uploaded, or sent by a person? */
export function mediaTest(
  { anyMedia = true }: { readonly anyMedia?: boolean },
  world: { readonly console: ConsoleBook; now(): number },
): (account: string, id: string) => boolean {
  return (account, id) => anyMedia || OF_PEOPLE.test(id) || world.console.media(account, id, world.now()) !== undefined;
}

const NO_NOTES: PersonNotes = { tags: [], remark: '', isBlocked: false };
/** `media_id` of what people send. */
const OF_PEOPLE = /^sim[\w-]{32}$/;
const MEDIA_MS = 3 * 86_400_000;
/** The first three are the system's own. */
const FIRST_TAG = 100;

export class ConsoleBook {
  readonly #write: (entry: ConsoleEntry) => void;
  readonly #parts = new Map<string, Parts>();
  readonly #media = new Map<string, Media>();
  readonly #notes = new Map<string, PersonNotes>();
  #count = 0;

  constructor(write: (entry: ConsoleEntry) => void) {
    this.#write = write;
  }

  apply(entry: ConsoleEntry): void {
    const { account } = entry;
    if ('parts' in entry) this.#parts.set(account, { ...this.of(account), ...entry.parts });
    else if ('notes' in entry) this.#notes.set(`${account} ${entry.openid}`, entry.notes);
    else if (entry.isGone) this.#media.delete(`${account} ${entry.media.id}`);
    else {
      this.#count += 1;
      this.#media.set(`${account} ${entry.media.id}`, entry.media);
    }
  }

  of(account: string): Parts {
    return this.#parts.get(account) ?? { templates: [], tags: [], menus: [] };
  }

  set(account: string, parts: Partial<Parts>): void {
    this.#write({ account, parts });
  }

  notesOf(account: string, openid: string): PersonNotes {
    return this.#notes.get(`${account} ${openid}`) ?? NO_NOTES;
  }

  note(account: string, openid: string, notes: Partial<PersonNotes>): void {
    this.#write({ account, openid, notes: { ...this.notesOf(account, openid), ...notes } });
  }

  nextTag(account: string): number {
    return Math.max(FIRST_TAG, ...this.of(account).tags.map(({ id }) => id + 1));
  }

  /** How many files were ever uploaded. */
  uploads(): number {
    return this.#count;
  }

  addMedia(account: string, media: Media): void {
    this.#write({ account, media });
  }

  dropMedia(account: string, media: Media): void {
    this.#write({ account, media, isGone: true });
  }

  media(account: string, id: string, now: number): Media | undefined {
    const found = this.#media.get(`${account} ${id}`);
    return found && (found.permanent || now - found.at < MEDIA_MS) ? found : undefined;
  }

  permanentMedia(account: string): Media[] {
    return [...this.#media]
      .filter(([key, { permanent }]) => permanent && key.startsWith(`${account} `))
      .map(([, each]) => each);
  }
}
