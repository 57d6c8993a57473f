// What a payout channel (付款渠道) is: all in which one way to pay differs from another, as one object. Nothing else asks which
// channel a payout takes; it asks that channel.

import type { Instant } from '../../base/time.ts';
import type { Wording } from '../../base/words/words.ts';
import type { Packet, Prize } from '../../rules/campaign.ts';

/** What an answer means for the payout and for its merchant. */
export const RESPONSES = [
  'accepted', // the packet is on its way
  'again', // same number, soon
  'slow', // same number, and slower from now on
  'ask', // the outcome is open: gethbinfo decides
  'askLater', // still being processed: gethbinfo after 20 minutes
  'morning', // same number after 08:00
  'tomorrow', // this follower has had enough today: same number after midnight
  'nextMonth', // … and this month: same number in the next one
  'refusedUser', // WeChat refuses this follower
  'unable', // … what this payout is, for good: said twice, and of every call of its number, it will never be
  'stock', // what it is taken from is spent or shut: the same number in a while, whatever comes from elsewhere goes on
  'halt', // the merchant cannot pay now: stop, same number later
  'config', // our settings are wrong: stop, same number once mended
  'configOne', // … and this payout will not come right by waiting: stop, and park it for a person
  'one', // this payout cannot be paid as it is, others can: park it for a person
  'bug', // our mistake: park this one for a person
  'expired', // its number is too old to be sent again: ask, and never send it again
  'isSending',
  'isSent',
  'isReceived',
  'isRefunding',
  'isRefunded',
  'isFailed', // gethbinfo's status
  'isProcessing', // a transfer bill under way
  'noPackage', // a transfer bill to be confirmed, and what opens its page is lost
  'isFailedUser', // it failed because of the follower: another number would not help
  'isFailedDay', // … because they have had enough today: another number tomorrow
  'isFailedMonth', // … this month: another number in the next one
  'isFailedMerchant', // … because of the merchant
  'isFailedOne', // … because of what this payout is: park it for a person
  'isFailedBug', // … because of a mistake of ours: the same
  'isFailedUnknown', // … and for a reason we do not know: the same
  'isBillFailed', // a transfer bill that failed, and no reason is given: if it was with the follower, they did not confirm
  'isNeverConfirmable', // a transfer bill that was closed before the follower could confirm it
  'isTakenBack', // a transfer bill that the merchant took back
  'isNeverMade', // no such order, and each of its calls was refused: nothing was paid
  'notFound', // gethbinfo knows no such order, which proves nothing
  'noAnswer', // gethbinfo itself failed: ask again
] as const;
export type ResponseClass = (typeof RESPONSES)[number];

/** What an observation means: its class, and how a halt of the merchant that comes of it is called and put in words. */
export type Meaning = { readonly response: ResponseClass; readonly haltAs?: string; readonly words?: string };

/** One of WeChat Pay's codes and, where the code alone does not tell, a text. The first row that fits wins. */
export type CodeRow = Meaning & {
  readonly code: string;
  readonly text?: string;
  /** Refused before an order was made: nothing was paid by that call, and nothing will be. */
  readonly noOrder?: true;
  /** It may be about one packet's words and settings as well as the merchant's. */
  readonly ofRequest?: true;
  /** What it is taken from is spent: said again, it will hardly come back. */
  readonly isSpent?: true;
};

export function rowOf(rows: readonly CodeRow[], code: string, text: string): CodeRow | undefined {
  return rows.find(row => row.code === code && (row.text === undefined || text.includes(row.text)));
}

/** All rows of one code, which have more than that in common. */
export function rowsOf(
  common: Pick<CodeRow, 'code' | 'noOrder' | 'ofRequest'>,
  rows: readonly Omit<CodeRow, 'code'>[],
): readonly CodeRow[] {
  return rows.map(row => ({ ...common, ...row }));
}

/** Where an order stands at WeChat Pay. */
export type Phase =
  | 'underWay'
  | 'revocable' // … and it can still be taken back
  | 'waiting' // the follower has it, and it can be taken back from them
  | 'out' // the follower has it
  | 'received'
  | 'goingBack'
  | 'back' // nobody took it
  | 'takingBack' // the merchant takes it back
  | 'takenBack'
  | 'unpaid';

/** What WeChat Pay says of an order: in the answer to a question, to a creation, or by itself. */
export type Order<State extends string = string> = {
  readonly kind: 'order';
  /** In the platform's own spelling. */
  readonly state: State;
  /** Why it failed, or is not on its way. */
  readonly reason?: string;
  readonly listId?: string;
  /** What came back of it, fen. */
  readonly refunded?: number;
  readonly packageInfo?: string;
  /** It stays so until then, unless WeChat Pay says otherwise by itself. */
  readonly until?: Instant;
};

/** As much of a payout as changes what is said of it. */
export type Known = {
  readonly state: string;
  readonly packageInfo?: string;
  readonly expired?: boolean;
  readonly stopped?: unknown;
};

/** What is to be paid, whatever way it is paid. */
export type FactsQuery = {
  readonly mchId: string;
  readonly appId: string;
  /** The words on it; a voucher has none. */
  readonly packet: Packet;
  /** A group packet's. */
  readonly shares: number | undefined;
  /** A voucher's. */
  readonly voucher?: { readonly stockId: string; readonly creator?: string };
  /** When the follower acted. */
  readonly eventAt: Instant;
};

export type Channel<
  Name extends string = string,
  Settings = unknown,
  Request = unknown,
  State extends string = string,
> = {
  /** As bot.yaml has it. A channel may have more than one kind of request. */
  readonly name: Name;
  /** The kind of prize for which it is. */
  readonly pays: Prize['kind'];
  /** One payout of it, in logs and to operators: `a red packet`. */
  readonly aPayout: Wording;
  /** What it takes as a number of ours. */
  readonly billNo: RegExp;
  /** It can pay a group packet (裂变红包). */
  readonly paysGroups: boolean;
  /** It shows the whole packet, so that what WeChat Pay asks of its words and its scene counts. */
  readonly showsPacket: boolean;
  /** The follower confirms it on a page, which `package_info` opens; otherwise they open it in the chat. */
  readonly isConfirmed: boolean;
  /** What goes to one follower goes one after another: of two calls at a time WeChat Pay may refuse one wrongly. */
  readonly oneByOne: boolean;
  /** What the follower has not taken yet can be taken back from them. */
  readonly canTakeBack: boolean;
  /** How long it lies with the follower before WeChat Pay takes it back, ms. Absent: as long as its stock says, and it can be asked after as long. */
  readonly openMs?: number;
  /** Every field of the request; a retry sends these. */
  requestOf(wanted: FactsQuery, settings: Settings): Request;
  /** What a payout is taken from, where that can be spent or shut by itself. */
  stockOf?(request: Request): string;
  /** Those of its texts that WeChat Pay may mask or refuse. */
  wordsIn(request: Request): readonly (string | undefined)[];
  /** What the codes mean of the call that pays, and of a question. */
  readonly codes: { readonly send: readonly CodeRow[]; readonly query: readonly CodeRow[] };
  /** Says in a refusal that the order is there all the same. */
  readonly existing?: string;
  readonly phases: Readonly<Record<State, Phase>>;
  /** In this state an order that was refused waits for its number to be sent again. */
  readonly stuck?: State;
  /** `asked`: it answers a question; otherwise the call that pays. */
  meaningOf(order: Order<State>, asked: boolean, known: Known | undefined): Meaning;
};
