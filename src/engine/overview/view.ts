// What the dashboard's pages are told: plain data, which the server makes and the browser shows.
import type { PayoutState } from '../../core/payout/payout.ts';

/** Sums are fen, times ms. */
export type HaltView = {
  readonly code: string;
  readonly reason: string;
  readonly since: number;
  readonly by: 'bot' | 'operator';
  readonly probeAt?: number;
};

export type MerchantView = {
  readonly name: string;
  readonly mchId: string;
  readonly channel: string;
  readonly halt?: HaltView;
  readonly perSecond: number;
  /** Payouts that wait to be sent, and to be asked after. */
  readonly waiting: { readonly send: number; readonly query: number };
  /** Promised by the campaigns this merchant pays for, and not with anybody yet. */
  readonly reserved: number;
  readonly today: number;
  readonly yesterday: number;
  /** Absent: WeChat Pay does not say. */
  readonly balance?: number;
  /** Then, by the last fund flow and what has left since. */
  readonly estimate?: number;
  readonly lastsDays?: number;
  readonly certificates: readonly { readonly key: string; readonly until: number; readonly daysLeft: number }[];
  /** What WeChat Pay answered with to those that wait, by code: of the newest ones. */
  readonly problems: readonly { readonly text: string; readonly count: number }[];
};

export const FILTERS = ['todo', 'queued', 'sent', 'unknown', 'held', 'received', 'refunded', 'failed', 'all'] as const;
export type FilterName = (typeof FILTERS)[number];

export type PayoutRow = {
  readonly billNo: string;
  readonly state: PayoutState;
  readonly version: number;
  readonly amount: number;
  readonly campaign: string;
  readonly campaignName: string;
  readonly merchant: string;
  readonly user: string;
  readonly createdAt: number;
  readonly sentAt?: number;
  readonly endedAt?: number;
  readonly nextDo: 'send' | 'query';
  readonly nextAt?: number;
  readonly problem?: string;
  readonly stopped?: string;
  /** Nothing more happens to it until a person decides. */
  readonly isParked: boolean;
};

export type PayoutList = {
  readonly rows: readonly PayoutRow[];
  /** The number after which the next page begins. */
  readonly next?: string;
  readonly counts: Readonly<Record<FilterName, number>>;
  /** Merchants that send nothing now. */
  readonly halted: readonly string[];
  /** As many were looked at; there may be more. */
  readonly isCut?: boolean;
};

type HistoryView = {
  readonly version: number;
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly what: string;
  readonly detail?: string;
};

type CheckView = { readonly ok: boolean; readonly text: string };

export type PayoutDetail = {
  readonly row: PayoutRow;
  readonly history: readonly HistoryView[];
  readonly request: readonly (readonly [name: string, value: string])[];
  readonly rule: string;
  readonly claimKey: string;
  readonly attempt: number;
  readonly tries: number;
  readonly listId?: string;
  readonly refunded?: number;
  /** The event that won it, and what was looked at. */
  readonly decision?: { readonly at: number; readonly event: string; readonly checks: readonly CheckView[] };
  readonly halt?: HaltView;
  /** Which acts make sense now. */
  readonly can: { readonly retry: boolean; readonly cancel: boolean; readonly ask: boolean };
  readonly others: readonly { readonly billNo: string; readonly state: PayoutState; readonly attempt: number }[];
};

export type ActView = {
  readonly id: number;
  readonly at: number;
  readonly by: string;
  readonly what: string;
  readonly about: string;
  readonly detail?: string;
};

export type Todo =
  | { readonly kind: 'halted'; readonly merchant: string; readonly halt: HaltView; readonly waiting: number }
  | { readonly kind: 'parked'; readonly count: number }
  | { readonly kind: 'unknown'; readonly count: number }
  | { readonly kind: 'budget'; readonly campaign: string; readonly name: string; readonly percent: number }
  | { readonly kind: 'balance'; readonly merchant: string; readonly balance: number; readonly pace: number }
  | { readonly kind: 'rules'; readonly file: string; readonly message: string; readonly count: number }
  | { readonly kind: 'certificate'; readonly merchant: string; readonly key: string; readonly daysLeft: number };

export type CampaignRow = {
  readonly id: string;
  readonly name: string;
  readonly mode: 'live' | 'paused' | 'draft' | 'rehearse' | 'shadow';
  /** By hand, since then. */
  readonly pausedSince?: number;
  readonly phase: 'running' | 'coming' | 'over';
  readonly from: number;
  readonly to: number;
  readonly budget?: number;
  readonly buckets: {
    readonly reserved: number;
    readonly sent: number;
    readonly received: number;
    readonly refunded: number;
  };
  /** So much of what is promised, sent and received is vouchers; absent: none. */
  readonly vouchers?: number;
  readonly perDay?: number;
  readonly today: { readonly heard: number; readonly won: number; readonly amount: number; readonly refused: number };
  /** When the money is gone at the pace of the last hours; absent: not foreseeable. */
  readonly goneAt?: number;
  /** Won on each of the last seven days, today last. */
  readonly week: readonly number[];
};

export type TodayView = {
  readonly now: number;
  /** So far events are counted; they are a moment behind. */
  readonly countedTo?: number;
  readonly todos: readonly Todo[];
  /** Alarms for which people are called and that are not over, taken on or not. */
  readonly alarms: number;
  readonly won: number;
  readonly amount: number;
  /** All prizes, of money or not; `won` are those of money. */
  readonly prizes: number;
  readonly wonBefore: number;
  readonly amountBefore: number;
  /** Fen an hour, from midnight on. */
  readonly hours: readonly number[];
  readonly hoursBefore: readonly number[];
  readonly heard: number;
  readonly refused: number;
  readonly campaigns: readonly CampaignRow[];
};

export type CampaignDetail = {
  readonly row: CampaignRow;
  readonly total: { readonly heard: number; readonly won: number; readonly amount: number; readonly refused: number };
  readonly prizes: readonly {
    /** As the file calls it. */
    readonly id: string;
    readonly name: string;
    readonly worth: string;
    readonly given: number;
    readonly stock?: number;
    /** Of 1; absent: nothing is drawn. */
    readonly odds?: number;
    readonly seen?: number;
    /** Whether what was seen is what chance may do with such odds. */
    readonly isOdd?: boolean;
  }[];
  readonly refusals: readonly { readonly key: string; readonly text: string; readonly count: number }[];
  /** Won in each hour of each of the last seven days, the oldest first. */
  readonly days: readonly { readonly day: string; readonly hours: readonly number[] }[];
  readonly page?: string;
  /** The code of the page, to be printed or scanned off the screen: a `data:` address. */
  readonly qr?: string;
  readonly file: string;
};

/** One time somebody took part. `line`: of the journal; `state`: what became of what was won. */
export type TakenRow = {
  readonly line: number;
  readonly at: number;
  readonly user: string;
  readonly verdict: string;
  readonly prize?: string;
  readonly amount?: number;
  readonly state?: string;
};
/** `next`: the line before which the next page begins; `isCut`: as much was looked through, and there may be more. */
export type TakenList = { readonly rows: readonly TakenRow[]; readonly next?: number; readonly isCut?: boolean };

/** A printed code whose user is not known. `used`: the journal of that time does not say by whom. `usedAt`: ms. */
export type CodeFound = {
  readonly kind: 'code';
  readonly is: 'mistyped' | 'unknown' | 'inactive' | 'unused' | 'used';
  readonly batch?: string;
  readonly prize?: string;
  readonly usedAt?: number;
};

export type Found =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'follower';
      readonly user: string;
      readonly by: string;
      readonly billNo?: string;
      readonly line?: number;
    }
  | CodeFound
  | {
      readonly kind: 'several';
      /** `line`: of the journal, by which who sees openids only by their ends opens one of them. */
      readonly users: readonly {
        readonly user: string;
        readonly line: number;
        readonly at: number;
        readonly what: string;
      }[];
    };

export type FollowerView = {
  readonly user: string;
  readonly account: string;
  readonly following?: boolean;
  readonly followedAt?: number;
  readonly leftAt?: number;
  readonly follows: number;
  readonly events: readonly {
    readonly id: number;
    readonly at: number;
    readonly event: string;
    readonly verdict: string;
    readonly kind: 'awarded' | 'refused' | 'answered' | 'ignored';
    readonly campaign?: string;
    readonly checks: readonly CheckView[];
    readonly reply: string;
    readonly payout?: PayoutRow;
  }[];
  readonly payouts: readonly PayoutRow[];
  readonly limits: readonly {
    readonly campaign: string;
    readonly text: string;
    readonly used: number;
    readonly max: number;
  }[];
};

export type WhyView = {
  readonly at: number;
  readonly event: string;
  readonly verdict: string;
  readonly rules: readonly {
    readonly campaign: string;
    readonly rule: string;
    readonly part: string;
    readonly checks: readonly CheckView[];
  }[];
  readonly near: readonly { readonly campaign: string; readonly rule: string; readonly text: string }[];
  readonly prospects: readonly {
    readonly prize: string;
    readonly odds?: number;
    readonly min: number;
    readonly max: number;
  }[];
  readonly reply?: string;
};

/** Something about a rule file; `advice`: what may be written instead; `basis`: the rule it rests on. */
export type FindingView = {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly grave: boolean;
  readonly advice?: string;
  readonly basis?: string;
};

export type RuleFileView = {
  readonly file: string;
  readonly campaign?: string;
  readonly name?: string;
  readonly mode?: string;
  /** Whether what is on the disk is what is live. */
  readonly isLive: boolean;
  readonly findings: readonly FindingView[];
  readonly tests?: { readonly passed: number; readonly failed: number };
};

export type RuleFileDetail = RuleFileView & {
  readonly text: string;
  /** Stands for this text where a draft is made of it; absent: it could not be read. */
  readonly base?: string;
  readonly results: readonly {
    readonly name: string;
    readonly isFine: boolean;
    readonly failures: readonly string[];
  }[];
};

/** What would go live: all that is wrong with it, what it changes in words, what it may cost. Sums are fen. */
export type DraftVerdict = {
  readonly isFit: boolean;
  readonly findings: readonly (FindingView & { readonly file: string })[];
  readonly changes: readonly string[];
  /** By how much more the budgets go, and what the campaigns that change can give in all. */
  readonly more: number;
  readonly stake: number;
  readonly tests?: number;
  readonly money?: {
    readonly most: number;
    readonly perDay?: number;
    readonly claim: number;
    readonly mean?: number;
    readonly claims?: number;
    readonly oneDay: number;
    readonly oneEver: number;
  };
};

/** `seen` stands for all files as they lie there; a draft is put there only where they still do. */
export type DraftView = DraftVerdict & {
  readonly seen: string;
  readonly isSame: boolean;
  /** Somebody has changed the file since the draft was begun: as it is now. */
  readonly conflict?: { readonly text: string; readonly base: string };
};

/** What a trial of a draft came to: lines of text, and tables. */
export type TrialView = {
  readonly parts: readonly (
    | string
    | { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  )[];
};

export type RevertView = DraftVerdict & { readonly seen: string; readonly gone: readonly string[] };

/** What went live when, and what it changed, in words; the latest first. */
export type RuleVersionView = {
  readonly number: number;
  readonly at: number;
  readonly by: string;
  readonly comment?: string;
  readonly files: number;
  readonly isLive: boolean;
  readonly changes: readonly string[];
};

/** A day that was compared with the merchants' accounts, and what a person says of its differences. */
export type BillView = {
  readonly day: string;
  readonly at: number;
  readonly total: number;
  readonly differences: readonly string[];
  readonly settled?: { readonly by: string; readonly at: number; readonly reason: string };
};

/** Something that stands wrong, and who has taken it on. */
export type AlarmView = {
  readonly key: string;
  readonly isGrave: boolean;
  readonly text: string;
  readonly since: number;
  readonly taken?: { readonly by: string; readonly at: number };
};

/** What the last examination found; `at` absent: there was none. */
export type DoctorView = {
  readonly isRunning: boolean;
  readonly at?: number;
  readonly by?: string;
  readonly findings?: readonly {
    readonly id: string;
    readonly isBroken: boolean;
    readonly sure: string;
    readonly about?: string;
    readonly what: string;
    readonly fix: string;
  }[];
};

export type SessionView = {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly address: string;
  readonly agent: string;
  readonly since: number;
  readonly seenAt: number;
  readonly isOwn: boolean;
};

/** An act that waits for a second person. */
export type PendingView = {
  readonly id: string;
  readonly by: string;
  readonly at: number;
  readonly what: string;
  readonly about: string;
  readonly sum: number;
  readonly reason: string;
  /** What exactly: each payout, the reason of a halt, what changes in the rules and their file. */
  readonly shows: readonly string[];
  readonly isOwn: boolean;
};
