// What the page shows, as values: made by the door, drawn by `page.ts`.
import type { Fen } from '../../../core/base/money.ts';
import type { Instant } from '../../../core/base/time.ts';
import type { Stage } from '../../../core/payout/view.ts';
import type { Campaign, Detail, Refusal } from '../../../core/rules/campaign.ts';

export type Lang = 'zh' | 'en';

/** What became of a prize. `said`: a coupon, whose text is all there is. */
export type PrizeState = Exclude<Stage, 'stuck'> | 'said';

export type OwnPrize = {
  readonly name: string;
  readonly at: Instant;
  readonly state: PrizeState;
  readonly amount?: Fen;
  /** When it is sent, or until when it can be taken. */
  readonly when?: Instant;
  readonly text?: string;
  /** Names the transfer to be confirmed. */
  readonly billNo?: string;
};

export type Own = {
  /** Newest first. */
  readonly prizes: readonly OwnPrize[];
  /** What the draws were made with, newest first. */
  readonly draws: readonly { readonly claimKey: string; readonly prize: string }[];
  /** New ones arrive without a tap (免确认收款授权), until the visitor ends that. */
  readonly isAuthorized: boolean;
};

/** What WeChat's own script needs to have a transfer confirmed. */
export type Confirm = {
  readonly script: string;
  readonly config: object;
  readonly transfers: readonly { billNo: string; mchId: string; appId: string; package: string }[];
};

/**
 * What a tap would come to, as it is told before it: `open`, with the chances there are, where they are counted; else why not.
 * `opensAt`: when it is worth coming again; `text`: what the rule says to it.
 */
export type Outlook =
  | { readonly kind: 'open'; readonly chances?: number }
  | { readonly kind: 'shut'; readonly why: Refusal | Detail; readonly text: string; readonly opensAt?: Instant };

export type PageView = {
  readonly lang: Lang;
  readonly campaign: Campaign;
  /** `/h5/tea/lottery` */
  readonly path: string;
  readonly now: Instant;
  readonly nonce: string;
  /** Absent: nothing is drawn on this page. */
  readonly tap?: string;
  readonly outlook?: Outlook;
  readonly own: Own;
  /** SHA-256 of the seed; the seed itself once the campaign is over. */
  readonly commitment: string;
  readonly seed?: string;
  readonly confirm?: Confirm;
  /** There is a personal code to show: how many friends have come, and how many the next prize asks for. */
  readonly invite?: { readonly count: number; readonly goal?: number };
};

/** A page that says one thing. */
export type NoteView = {
  readonly lang: Lang;
  readonly note: 'nowhere' | 'stale' | 'snapshot' | 'later';
  readonly nonce: string;
  /** A page of ours to begin anew at. */
  readonly again?: string;
};

/** What one tap came to. */
export type Result = {
  readonly kind: 'won' | 'coupon' | 'nothing' | 'said';
  readonly title: string;
  /** `88.00` */
  readonly amount?: string;
  readonly text: string;
};

/** The page's style and script, as `npm run build` leaves them. */
export type Assets = { readonly css: string; readonly script: string };
