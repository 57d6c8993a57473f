// The goods (实物) a follower of an account has won, and where each is to go: one document for each follower, in which all that is
// personal is sealed. It is kept apart from everything else: neither journal nor log nor claim has any of it.
import { DAY, type Instant, later } from '../base/time.ts';
import type { Campaign } from '../rules/campaign.ts';
import type { Draft } from './details.ts';

/** `open`: nobody has said where to. `given`: `sealed` says it. `declined`: its winner wants nothing sent. */
type ParcelState = 'open' | 'given' | 'declined';

export type Parcel = {
  /** The claim that won it: each once. */
  readonly claim: string;
  readonly campaign: string;
  readonly prize: string;
  readonly what: string;
  readonly wonAt: Instant;
  readonly state: ParcelState;
  /** Of `given`: name, phone and address; when they were given, and when they are deleted. */
  readonly sealed?: string;
  readonly givenAt?: Instant;
  readonly deleteAt?: Instant;
  /** When its winner agreed to the campaign's text. */
  readonly agreedAt?: Instant;
  /** When it was handed on for shipping, as it is now; and whether it had been before, as it was then. */
  readonly exportedAt?: Instant;
  readonly isChanged?: true;
  /** What was known is deleted: by time, by an operator, or by the winner. */
  readonly erasedAt?: Instant;
  /** The payment it was won by was refunded. Not sent any more, unless it was handed on before. */
  readonly takenBackAt?: Instant;
};

/** What the follower was asked last, and has not answered yet. */
type Talk = {
  readonly campaign: string;
  readonly step: 'consent' | 'details';
  readonly since: Instant;
  /** When they agreed to the campaign's text. */
  readonly agreedAt?: Instant;
  /** What is known so far, sealed. */
  readonly draft?: string;
};

export type Parcels = { readonly parcels: readonly Parcel[]; readonly talk?: Talk };

const NO_PARCELS: Parcels = { parcels: [] };

/** Clock and dice are arguments; so is the key. */
export type Seals = {
  seal(draft: Draft): string;
  /** `undefined`: none of the keys opens it. */
  open(sealed: string): Draft | undefined;
};

/** A question that was not answered for so long was not heard. */
const TALK_MS = 7 * DAY;

export function parcelsIn(text: string | undefined): Parcels {
  return text === undefined ? NO_PARCELS : (JSON.parse(text) as Parcels);
}

export function parcelsText(parcels: Parcels): string {
  return JSON.stringify(parcels);
}

/** What is asked just now. */
export function talkIn({ talk }: Parcels, now: Instant): Talk | undefined {
  return talk && now - talk.since < TALK_MS ? talk : undefined;
}

/** One more was won, and its winner is asked: for the same campaign what was begun goes on. */
export function withParcel(before: Parcels, won: Omit<Parcel, 'state'>, now: Instant): Parcels {
  const talk = talkIn(before, now);
  const isBegun = talk?.campaign === won.campaign;
  return {
    parcels: [...before.parcels, { ...won, state: 'open' }],
    talk: isBegun ? talk : { campaign: won.campaign, step: 'consent', since: now },
  };
}

/** When what is given now must be gone. */
export function deletedAt({ period }: Pick<Campaign, 'period'>, keep: number, now: Instant): Instant {
  return later(period.to > now ? period.to : now, keep);
}

/** Without what is personal in it. One that was handed on stays as it is: it is on its way. */
export function erased(parcels: Parcels, now: Instant, which: (parcel: Parcel) => boolean = () => true): Parcels {
  return {
    parcels: parcels.parcels.map(parcel => {
      if (parcel.sealed === undefined || !which(parcel)) return parcel;
      const { sealed: _, deleteAt: __, givenAt: ___, ...rest } = parcel;
      return { ...rest, state: parcel.exportedAt === undefined ? 'open' : 'given', erasedAt: now };
    }),
  };
}

/** What time has deleted; the same object where there is nothing. */
export function expired(parcels: Parcels, now: Instant): Parcels {
  const isOver = ({ deleteAt }: Parcel): boolean => deleteAt !== undefined && deleteAt <= now;
  const isTalkOver = parcels.talk !== undefined && talkIn(parcels, now) === undefined;
  if (!isTalkOver && !parcels.parcels.some(isOver)) return parcels;
  const { talk } = parcels;
  return { ...erased(parcels, now, isOver), ...(talk && !isTalkOver && { talk }) };
}

/**
 * What these claims had won, whose payment was refunded; the same object where there is nothing. A conversation about it goes on
 * until its next word is heard (`talk.ts`): what is typed meanwhile is still no word for the journal.
 */
export function refunded(before: Parcels, claims: ReadonlySet<string>, now: Instant): Parcels {
  const isMeant = (parcel: Parcel): boolean => claims.has(parcel.claim) && isWanted(parcel);
  if (!before.parcels.some(isMeant)) return before;
  const parcels = before.parcels.map((parcel): Parcel => {
    if (!isMeant(parcel)) return parcel;
    if (parcel.exportedAt !== undefined) return { ...parcel, takenBackAt: now };
    const { sealed: _, deleteAt: __, givenAt: ___, ...rest } = parcel;
    return { ...rest, state: 'declined', takenBackAt: now };
  });
  return { ...before, parcels };
}

/** Its payment was not refunded. */
export function isWanted({ takenBackAt }: Parcel): boolean {
  return takenBackAt === undefined;
}

/** It is with whoever ships, or was, under an address that was changed since. */
export function wasHandedOn({ exportedAt, isChanged }: Parcel): boolean {
  return exportedAt !== undefined || isChanged === true;
}

/** Whether anything personal is in it. */
export function isPersonal({ parcels, talk }: Parcels): boolean {
  return talk?.draft !== undefined || parcels.some(({ sealed }) => sealed !== undefined);
}
