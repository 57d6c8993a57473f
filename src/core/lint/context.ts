// What every check of a campaign is given, and what they all ask of one.

import { type Fen, fen } from '../base/money.ts';
import type { Instant } from '../base/time.ts';
import type { Wording } from '../base/words/words.ts';
import type { Campaign } from '../rules/campaign.ts';
import type { Voucher } from '../rules/campaign-query.ts';
import type { Path } from '../yaml/path-position.ts';
import type { LintId, LintSettings } from './catalogue.ts';

/** A campaign that was read without a finding, and the text it was read from. */
export type LintInput = { readonly campaign: Campaign; readonly text: string };

/** What a merchant pays at most, and how fast. */
export type Caps = {
  readonly perSecond: number;
  readonly perUserPerDay: number;
  readonly amountPerUserPerDay: Fen;
  readonly amountPerDay: Fen;
};

/** As much of bot.yaml as the checks need. Files that are looked at by themselves have none of it. */
export type LintAround = {
  readonly accounts: ReadonlyMap<string, { readonly merchant?: string | undefined }>;
  readonly merchants: ReadonlyMap<
    string,
    { readonly name: string; readonly showsPacket: boolean; readonly limits: Caps }
  >;
  readonly lint: LintSettings;
  /** What WeChat Pay says of the stocks of vouchers, by `stockKey`. Absent: it was not asked. */
  readonly stocks?: ReadonlyMap<string, ToldStock | 'unknown'>;
  /** Absent: nothing is said about a campaign being over. */
  readonly now?: Instant;
};

/** A stock of vouchers (代金券批次) as WeChat Pay has it; what it does not say is absent. */
export type ToldStock = {
  readonly status: string;
  readonly begins?: Instant;
  readonly ends?: Instant;
  readonly amount?: Fen;
  readonly minimum?: Fen;
  readonly left?: number;
  readonly perUser?: number;
  readonly perDay?: Fen;
  /** Another merchant has made it. */
  readonly isForeign?: true;
};

/** The same number may be another merchant's stock. */
export function stockKey(account: string, { stockId, creator = '' }: Voucher): string {
  return `${account}/${creator}/${stockId}`;
}

/** WeChat Pay's own, where a merchant has no others (reference: sendredpack). */
export const WECHAT_CAPS: Caps = {
  perSecond: 30,
  perUserPerDay: 10,
  amountPerUserPerDay: fen(1_000_00),
  amountPerDay: fen(1_000_000_00),
};

/** The law's own cap on the highest prize of a draw. */
export const TOP_PRIZE = fen(50_000_00);

/** Around files that are looked at by themselves. */
export const ALONE: LintAround = {
  accounts: new Map(),
  merchants: new Map(),
  lint: { severity: {}, topPrize: TOP_PRIZE },
};

/** `word`: the part of the text at `path` that is meant. */
type Saying = { readonly advice?: Wording; readonly word?: string };

export type Linting = {
  readonly campaign: Campaign;
  /** Every campaign that is looked at, in the order in which they are asked. */
  readonly all: readonly Campaign[];
  /** The account a campaign belongs to. */
  accountOf(campaign: Campaign): string;
  readonly caps: Caps;
  /** Whose caps: `merchant "shop"`. */
  readonly payer: Wording;
  /** Followers see the whole packet, so that WeChat Pay's rules for its words and its scene count. */
  readonly showsPacket: boolean;
  readonly topPrize: Fen;
  readonly stocks: LintAround['stocks'];
  readonly now: Instant | undefined;
  say(id: LintId, path: Path, message: Wording, more?: Saying): void;
};
