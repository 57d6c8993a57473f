// What a rule file may say, as values: the campaign (活动), its prizes (奖品) and rules (规则).

import type { Fen } from '../base/money.ts';
import type { Pattern } from '../base/pattern.ts';
import { isOneOf, keysOf } from '../base/record.ts';
import type { Day, Instant, Weekday } from '../base/time.ts';
import type { Guess, Quiz, Streak } from './plays.ts';
import type { Named } from './renamed.ts';
import type { RuleTest } from './test.ts';

/** Why a claim is refused, in the order of precedence: the first that applies wins. */
export const REFUSALS = [
  'notStarted',
  'ended',
  'closed',
  'notEligible',
  'already',
  'limited',
  'soldOut',
  'halted',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Finer outcomes, each a case of a plainer one, whose text is said where the finer one has none. */
export const DETAILS = {
  // limited
  noChance: 'limited', // the wallet is empty
  tooSoon: 'limited', // `gap`
  locked: 'limited', // too many wrong tries
  later: 'soldOut', // this hour's share is gone, the next one's is not
  sceneSoldOut: 'soldOut', // this store's share is gone
  between: 'closed', // between two rounds
  // codes
  used: 'already',
  invalid: 'notEligible',
  inactive: 'notEligible',
  // halted
  paused: 'halted', // this campaign alone
  // won, but paid later
  pending: 'won',
  // nothing, so far
  progress: 'nothing', // it counts towards a prize
  wrong: 'nothing', // a wrong password or answer
  timeout: 'nothing', // the answer came too late
  ask: 'nothing', // the question of a quiz
  cancelled: 'problem', // told when a delayed prize is taken back
  reminder: 'problem', // told before an unopened packet goes back, only in words of the rule's own
} as const satisfies Record<string, 'won' | 'nothing' | 'problem' | Refusal>;
export type Detail = keyof typeof DETAILS;

/** The finer refusals. */
export const REFUSED_DETAILS = keysOf(DETAILS).filter(each => isOneOf(REFUSALS, DETAILS[each]));

/** Every outcome that has a text. `problem` is said later, when a packet could not be delivered. */
export const OUTCOMES = ['won', 'nothing', 'problem', ...REFUSALS] as const;
export type Outcome = (typeof OUTCOMES)[number];
/** What `replies` may have a text for. */
export type Said = Outcome | Detail;

/** When something is open, within the campaign's period. */
export type Window = {
  readonly from?: Instant;
  readonly to?: Instant;
  /** Minutes of the day, `[from, to)`; empty: all day. */
  readonly hours: readonly (readonly [number, number])[];
};

export type Prize = Named & {
  /** The first one it had: it is counted under it. */
  readonly name: string;
  readonly weight: number;
  /** How many there are in the whole campaign, on one day, and how many one follower can win. */
  readonly stock?: number;
  readonly perDay?: number;
  readonly perUser?: number;
  /** Can be won only by who has drawn so often before, in this campaign. */
  readonly unlockAfter?: number;
  /** When it can be won. */
  readonly window?: Window;
  /** Said when it is given, in place of what the rule says. */
  readonly reply?: ReplyTemplate;
  /** Given instead of a drawn prize that is gone. Without one the others share its odds. */
  readonly fallback?: boolean;
  /** Given instead to whom WeChat Pay refuses this one: another prize of the campaign, no dearer. */
  readonly fallbackTo?: string;
} & (
    | RedPacket
    | Voucher
    /** A text of ours: the next line of a list (券码). */
    | { readonly kind: 'coupon'; readonly coupons: readonly string[] }
    /** Put into wallets: cards (集卡), points, chances. */
    | { readonly kind: 'earn'; readonly adds: ReadonlyMap<string, number> }
    /** The same text for everybody: a link, or one code for all. */
    | { readonly kind: 'text'; readonly text: string }
    | Goods
    | { readonly kind: 'nothing' }
  );

/** A thing that is sent by post (实物): whoever wins it is asked where to, see `Shipping`. */
type Goods = {
  readonly kind: 'goods';
  readonly what: string;
  /** What it is worth, for the public rules and the law's limit; nothing is paid. */
  readonly value?: Fen;
};

/** Fixed when min = max. `shares`: a group packet (裂变红包), handed on by its first receiver. */
type RedPacket = {
  readonly kind: 'redpacket';
  readonly min: Fen;
  readonly max: Fen;
  readonly shares?: number;
  /** By what was paid: the last step that is not above it. Ascending. */
  readonly steps?: readonly { readonly from: Fen; readonly amount: Fen }[];
  /** Its share of a round's total (红包雨): all of a round come to exactly that. */
  readonly split?: boolean;
};

/**
 * A voucher (代金券) of a stock at WeChat Pay (批次). Both amounts are what one may cost the shop, whether the stock's money lies
 * ready (预充值) or is given off at the till (免充值).
 */
type Voucher = {
  readonly kind: 'voucher';
  readonly min: Fen;
  readonly max: Fen;
  readonly stockId: string;
  /** The merchant number that made the stock (stock_creator_mchid); absent: ours. */
  readonly creator?: string;
  /** From how much on it is taken off, for who reads of it. */
  readonly over?: Fen;
  /** What only a red packet can be. */
  readonly shares?: never;
  readonly steps?: never;
  readonly split?: never;
};

export type TextTrigger =
  | { readonly kind: 'text'; readonly match: 'exact'; readonly words: readonly string[] }
  | { readonly kind: 'text'; readonly match: 'contains'; readonly words: readonly string[] }
  | { readonly kind: 'text'; readonly match: 'pattern'; readonly patterns: readonly Pattern[] }
  /** A password for each day (每日口令). */
  | { readonly kind: 'text'; readonly match: 'daily'; readonly byDay: ReadonlyMap<Day, readonly string[]> }
  | { readonly kind: 'text'; readonly match: 'any' };

/** What was scanned is compared as a text is. */
export type ScannedText = Extract<TextTrigger, { readonly match: 'exact' | 'contains' | 'pattern' }>;

export type Trigger =
  | TextTrigger
  /** `first`: only the first follow of this follower's life. `scenes`: see `scan`. */
  | { readonly kind: 'subscribe'; readonly first: boolean; readonly scenes?: readonly string[] }
  | { readonly kind: 'unsubscribe' }
  /** A scan of a code with a parameter, by a follower or by somebody who follows through it. `store-*` is a prefix. */
  | { readonly kind: 'scan'; readonly scenes?: readonly string[] }
  | { readonly kind: 'click'; readonly buttons: readonly string[] }
  | { readonly kind: 'view'; readonly urls?: readonly string[] }
  /** The scanner of a menu's button (扫码推事件). `text`: what it must have read; absent: anything. */
  | { readonly kind: 'scancode'; readonly buttons: readonly string[]; readonly text?: ScannedText }
  /** The campaign's own page (H5). */
  | { readonly kind: 'visit' }
  /** Money was paid to the merchant. `over`: at least so much in cash. `attach`: what the order carries; `pos-*` is a prefix. */
  | { readonly kind: 'paid'; readonly over?: Fen; readonly attach?: readonly string[] }
  /** A printed code (一物一码) of this batch, typed or scanned. */
  | { readonly kind: 'code'; readonly batch: string }
  /** Somebody whom this follower invited did something. */
  | { readonly kind: 'friend'; readonly did: 'followed' }
  /** `over`: the first payment must be of so much. */
  | { readonly kind: 'friend'; readonly did: 'paid'; readonly over?: Fen }
  /** They were drawn at the end (开奖). */
  | { readonly kind: 'drawn'; readonly draw: string }
  | { readonly kind: 'image' | 'voice' | 'location' };

/** What makes a second claim the same claim. */
export const ONCE = ['ever', 'perDay', 'perWeek', 'perMonth', 'perRound', 'perEvent'] as const;
export type Once = (typeof ONCE)[number];

type Who = {
  /** Milliseconds since the latest follow. */
  readonly followedFor?: number;
  /** Only openids that never unfollowed. */
  readonly firstFollow?: boolean;
  /** In at least one of these segments, and in none of those. */
  readonly tags?: readonly string[];
  readonly excludeTags?: readonly string[];
};

/** `when:` of a rule: a type-checked expression (CEL). What cannot be worked out does not hold, and `trouble` hears why. */
export type Condition = {
  readonly source: string;
  /** Whether it asks since when or how often somebody follows. */
  readonly isAboutFollowing?: boolean;
  /** `tell`: what goes wrong on the way: a `RunTrouble`, or what the engine says. */
  holds(around: ConditionValues, tell?: (trouble: string) => void): boolean;
  /** Whether it can hold then, for that person; what is not said may be anything. */
  mayHold(known: {
    readonly weekday?: string;
    readonly day?: string;
    readonly hour?: number;
    readonly profile?: ReadonlyMap<string, string | number>;
    readonly tags?: readonly string[];
  }): boolean;
};
/** What a condition may speak of. */
export type ConditionValues = {
  readonly event: { readonly kind: string; readonly text: string; readonly scene: string; readonly amount: Fen };
  readonly user: { readonly follows: number; readonly followedDays: number; readonly tags: readonly string[] };
  readonly now: { readonly hour: number; readonly minute: number; readonly weekday: string; readonly day: string };
  readonly wallet: ReadonlyMap<string, number>;
  /** By the columns of `profiles`; of whom it does not know, nothing and 0. */
  readonly profile: ReadonlyMap<string, string | number>;
};

/** Whole numbers where a column has nothing else, else texts; a day is written `2026-05-12`. */
export type Profiles = {
  readonly columns: ReadonlyMap<string, 'int' | 'string'>;
  readonly rows: ReadonlyMap<string, readonly (string | number)[]>;
};

/** Chances (机会), points (积分) or another thing that rules give and take. */
export type Wallet = Named & {
  readonly name: string;
  /** Everybody has so many each day; what is not spent is gone at its end. */
  readonly freePerDay?: number;
  readonly earnPerDay?: number;
  readonly spendPerDay?: number;
};

/** One round of a red-packet rain (红包雨): so many packets that come to exactly `total`. */
export type Round = Named & {
  readonly name: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly packets: number;
  readonly total: Fen;
};

/** What undoes a prize that is not paid yet. */
export const CANCELS = ['refunded', 'unsubscribed'] as const;
export type Cancel = (typeof CANCELS)[number];

export function isCancel(word: string | undefined): word is Cancel {
  return CANCELS.some(each => each === word);
}

/** A text with `{{placeholders}}`, or a reply of another kind. */
export type ReplyTemplate =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly mediaId: string }
  | {
      readonly kind: 'news';
      readonly title: string;
      readonly description: string;
      readonly picUrl: string;
      readonly url: string;
    }
  | { readonly kind: 'transfer'; readonly agent?: string };

export type Rule = RulePlays &
  Named & {
    /** The first one it had: it is claimed under it. */
    readonly id: string;
    /** Any one of these starts the rule. */
    readonly on: readonly Trigger[];
    readonly who: Who;
    readonly once: Once;
    /** Names of prizes; empty for a rule that gives nothing. One: certain; several: drawn by weight. */
    readonly give: readonly string[];
    /** What the n-th time gives (of a streak: its n-th day); any other time only counts. `give` names all of them. */
    readonly giveAt?: ReadonlyMap<number, readonly string[]>;
    /** All of `give` at once, or nothing. */
    readonly all?: true;
    /** The prize was assigned to the code when it was printed. */
    readonly assigned?: boolean;
    /** `rise`: a prize that drops out of a draw leaves its odds to the others, also to dearer ones. Said on purpose. */
    readonly odds?: 'rise';
    /** What a rule that gives nothing says. */
    readonly reply?: ReplyTemplate;
    readonly replies: Partial<Record<Said, ReplyTemplate>>;
    /** Where the rule stands in its file, for traces: counts from 1. */
    readonly line: number;
  };

/** What a rule plays (玩法): each key belongs to one mechanic, which reads it, checks it and builds it. */
export type RulePlays = {
  /** Where it does not hold, the next rule is asked. */
  readonly when?: Condition;
  /** What it adds to and takes from the follower's wallets. */
  readonly earn: ReadonlyMap<string, number>;
  readonly spend: ReadonlyMap<string, number>;
  readonly streak?: Streak;
  /** Makes up for the one day missed in the streak of this rule (补签). */
  readonly makeUp?: string;
  readonly guess?: Guess;
  /** The n-th draw without a prize gives one of these. */
  readonly guaranteed?: { readonly within: number; readonly give: readonly string[] };
  readonly quiz?: Quiz;
  /** Gives a ticket for this draw at the end. */
  readonly enter?: string;
  /** Hands the follower a code of their own: who follows through it was invited by them. Valid so long, ms. */
  readonly invite?: { readonly validFor: number };
  /** The round is open to this rule so much later, ms: others have the first go. */
  readonly opensAfter?: number;
  /** Paid so much later, ms, unless one of these happens before. */
  readonly delay?: number;
  readonly cancelIf: readonly Cancel[];
};

/** A draw at the end (开奖): so many of each prize, the first named first, at this time. */
export type FinalDraw = {
  readonly name: string;
  readonly at: Instant;
  readonly winners: ReadonlyMap<string, number>;
};

export type Period = {
  /** `from` is inside, `to` is not. */
  readonly from: Instant;
  readonly to: Instant;
  /** Minutes of the day, `[from, to)`; empty: all day. */
  readonly hours: readonly (readonly [number, number])[];
  /** Empty: every day. */
  readonly weekdays: readonly Weekday[];
  /** Minutes after midnight at which a day of this campaign begins; 0 unless it says otherwise. */
  readonly dayStartsAt: number;
};

export type Budget = {
  readonly total: Fen;
  readonly perDay?: Fen;
  readonly packets?: number;
  readonly packetsPerDay?: number;
  /** Packets an hour; `carryOver`: what was not given is added to the next hours of the day. */
  readonly pace?: { readonly perHour: number; readonly carryOver: boolean };
  /** Per cent of `total`, ascending. */
  readonly alertAt: readonly number[];
};

type UserLimits = {
  readonly total?: number;
  readonly perDay?: number;
  readonly perMonth?: number;
  readonly perRound?: number;
  /** Claims that won something. */
  readonly wins?: number;
  readonly amountPerDay?: Fen;
  /** Milliseconds between two claims of one follower. */
  readonly gap?: number;
};

/** Limits of one scene (场景值: a store's code). */
type SceneLimits = {
  readonly perDay?: number;
  readonly amountPerDay?: Fen;
  /** Claims of one follower at one scene. */
  readonly perUser?: number;
};

/** A store (门店) behind a scene: how it is called, and when it is open. */
export type Store = { readonly name: string; readonly hours: readonly (readonly [number, number])[] };

/**
 * `draft`: not live. `rehearse`: only for the testers. `shadow`: decides and records, says and pays nothing. `paused`: is there,
 * and gives nothing.
 */
export const MODES = ['live', 'draft', 'rehearse', 'shadow', 'paused'] as const;
type Mode = (typeof MODES)[number];

/** The words on the packet. Lengths are bytes of UTF-8 (reference: 发放红包接口). */
export type Packet = {
  readonly sendName: string;
  readonly actName: string;
  readonly wishing: string;
  readonly remark: string;
  readonly scene?: string;
};

/** What winners of goods are asked for (收件信息): nothing before they agree to this text, and nothing longer than so many ms. */
export type Shipping = { readonly consent: string; readonly keep: number };

/**
 * `color`: `#d9412b`. Absent: the page's own colour, the campaign's name, no introduction. `cover`: a picture above the title;
 * `organiser` and `contact` stand in the foot.
 */
type PageLook = {
  readonly color?: string;
  readonly title?: string;
  readonly intro?: string;
  readonly cover?: string;
  readonly organiser?: string;
  readonly contact?: string;
};

export type Campaign = Named & {
  /** The first one it had: everything in the store is under it. */
  readonly id: string;
  readonly name: string;
  /** Absent while bot.yaml has one account: then that one. */
  readonly account?: string;
  readonly period: Period;
  /** Absent in a campaign that only answers. */
  readonly budget?: Budget;
  readonly perUser: UserLimits;
  readonly perScene: SceneLimits;
  /** Claims of all followers together. */
  readonly perMinute?: number;
  readonly mode: Mode;
  /** It answers beside whatever else answers, and takes no event away from anybody. */
  readonly alongside?: boolean;
  /** For whom a campaign in `rehearse` exists. */
  readonly testers: ReadonlySet<string>;
  /** Openids by the name of their segment (人群). */
  readonly segments: ReadonlyMap<string, ReadonlySet<string>>;
  /** What a list tells of followers, by openid and column (会员资料). */
  readonly profiles?: Profiles;
  /** By scene; where there is such a list, other scenes are not eligible. */
  readonly stores?: ReadonlyMap<string, Store>;
  readonly wallets: ReadonlyMap<string, Wallet>;
  readonly rounds: readonly Round[];
  readonly draws?: ReadonlyMap<string, FinalDraw>;
  readonly packet?: Packet;
  /** Of a campaign that gives goods. */
  readonly shipping?: Shipping;
  /** How the campaign's own page (H5) looks. */
  readonly page?: PageLook;
  /** What becomes of a packet nobody opened: its money returns to the budget, or it is offered once more. */
  readonly unclaimed: 'return' | 'reoffer';
  readonly prizes: ReadonlyMap<string, Prize>;
  readonly rules: readonly Rule[];
  readonly tests: readonly RuleTest[];
  readonly file: string;
  /** SHA-256 of the file's text and of the lists it names, hex: stands in every decision. */
  readonly hash: string;
};
