// The two things the chat page talks to: the simulator's control API, and the bot's own view of a follower.

import type { Payout } from '../../core/payout/payout.ts';
import type { HistoryLine, JournalLine } from '../../ports.ts';
import type {
  Account,
  Authorization,
  ClockChange,
  CloseReason,
  Coupon,
  Faults,
  NewPerson,
  Packet,
  PayInShop,
  Person,
  ShopOrder,
  State,
} from '../../simulator/shared/protocol.ts';
import type { Act, Push, Pushing } from '../../simulator/shared/protocol-push.ts';

/** One event as the bot saw it, with the payout it led to. */
export type BotLine = JournalLine & {
  readonly payout?: Payout;
  readonly history?: readonly HistoryLine[];
};

/** One way of taking part, as somebody at the phone would. */
export type Way =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'scan'; readonly scene: string }
  | { readonly kind: 'follow' | 'visit' }
  | { readonly kind: 'pay'; readonly amount: number; readonly attach?: string }
  | { readonly kind: 'code'; readonly batch: string }
  | { readonly kind: 'friends'; readonly count: number };

/** How a campaign is won. */
export type Play = {
  readonly way: Way;
  /** On so many days in a row. */
  readonly days?: number;
  /** A round is open to everybody so much later, ms. */
  readonly opensAfter?: number;
  /** Of a quiz: each question with the right answer. */
  readonly answers?: readonly (readonly [question: string, answer: string])[];
};

/** Money in fen. */
export type CampaignLine = {
  readonly id: string;
  readonly name: string;
  readonly keywords: readonly string[];
  readonly scenes: readonly string[];
  readonly buckets: {
    readonly budget: number;
    readonly free: number;
    readonly reserved: number;
    readonly sent: number;
    readonly received: number;
    readonly refunded: number;
  };
  /** Prizes whose amount is drawn cannot be pinned in a copied test. */
  readonly prizes: readonly { readonly name: string; readonly min: number; readonly max: number }[];
  /** When it runs; `hours`: minutes of the day, empty: all day. */
  readonly period: {
    readonly from: number;
    readonly to: number;
    readonly hours: readonly (readonly [number, number])[];
  };
  /** The first stores of its list. */
  readonly stores: readonly { readonly scene: string; readonly name: string }[];
  /** Which payments it waits for: from how much on, and what the order carries. */
  readonly paid: readonly { readonly over: number; readonly attach: readonly string[] }[];
  /** The rounds that are to come, or are on. */
  readonly rounds: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  /** Absent: there is nothing to win in it. */
  readonly play?: Play;
  /** Printed codes it takes. */
  readonly batches: readonly string[];
  /** Its own page (H5). */
  readonly page?: string;
  /** Where a day has a bound: that, and what of it is gone. */
  readonly today?: { readonly perDay: number; readonly used: number };
};

/** Why the bot sends nothing. */
export type HaltLine = {
  readonly code: string;
  readonly reason: string;
  readonly since: number;
  readonly probeAt?: number;
};

export const STREAM_URL = '/simulator/control/stream';

/** An answer other than 2xx; `message` is for people. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, headers: { accept: 'application/json' } };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { accept: 'application/json', 'content-type': 'application/json' };
  }
  const response = await fetch(path, init);
  const text = await response.text();
  if (!response.ok) throw new ApiError(response.status, errorIn(text) ?? `HTTP ${response.status}`);
  return JSON.parse(text) as T;
}

function errorIn(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { error?: unknown };
    return typeof body.error === 'string' ? body.error : undefined;
  } catch {
    return undefined;
  }
}

const CONTROL = '/simulator/control';
const part = encodeURIComponent;

const authorizationAt = ({ mchId, number }: Authorization): string =>
  `${CONTROL}/authorizations/${part(mchId)}/${part(number)}`;

export const api = {
  state: () => request<State>('GET', `${CONTROL}/state`),
  newPerson: (person: NewPerson) => request<Person>('POST', `${CONTROL}/people`, person),
  person: (openid: string) => request<Person>('GET', `${CONTROL}/people/${part(openid)}`),
  act: (openid: string, act: Act) => request<Push>('POST', `${CONTROL}/people/${part(openid)}/act?wait=no`, act),
  /** Waits until WeChat was answered. */
  actAndWait: (openid: string, act: Act) => request<Push>('POST', `${CONTROL}/people/${part(openid)}/act`, act),
  pushes: (openid: string) => request<Push[]>('GET', `${CONTROL}/pushes?person=${part(openid)}&limit=50`),
  open: (packet: Packet) =>
    request<Packet>('POST', `${CONTROL}/packets/${part(packet.mchId)}/${part(packet.billNo)}/open`, {
      openid: packet.openid,
    }),
  clock: (change: ClockChange) => request<{ now: number; offsetMs: number }>('POST', `${CONTROL}/clock`, change),
  pay: (openid: string, what: PayInShop) => request<ShopOrder>('POST', `${CONTROL}/people/${part(openid)}/pay`, what),
  refund: ({ mchId, orderNo }: ShopOrder) =>
    request<ShopOrder>('POST', `${CONTROL}/orders/${part(mchId)}/${part(orderNo)}/refund`, {}),
  coupons: () => request<Coupon[]>('GET', `${CONTROL}/coupons`),
  endCoupon: (id: string, how: 'use' | 'expire' | 'recover') =>
    request<Coupon>('POST', `${CONTROL}/coupons/${part(id)}/${how}`, {}),
  authorizations: () => request<Authorization[]>('GET', `${CONTROL}/authorizations`),
  confirmAuthorization: (which: Authorization) =>
    request<Authorization>('POST', `${authorizationAt(which)}/confirm`, {}),
  closeAuthorization: (which: Authorization, reason: CloseReason) =>
    request<Authorization>('POST', `${authorizationAt(which)}/close`, { reason }),
  pushing: (account: string, pushing: Partial<Pushing>) =>
    request<Account>('PUT', `${CONTROL}/accounts/${part(account)}`, pushing),
  faults: (faults: Faults) => request<Faults>('PUT', `${CONTROL}/faults`, faults),
};

/** `undefined`: the simulator runs without our bot. */
async function orAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

export const bot = {
  timeline: (account: string, openid: string) =>
    orAbsent(
      request<{ lines: BotLine[] }>(
        'GET',
        `/simulator/bot/timeline?account=${part(account)}&user=${part(openid)}&limit=50`,
      ),
    ),
  campaigns: () => orAbsent(request<{ campaigns: CampaignLine[]; halt?: HaltLine }>('GET', '/simulator/bot/campaigns')),
  resume: () => request<object>('POST', '/simulator/bot/resume', {}),
  codes: (batch: string) => request<{ codes: string[] }>('POST', `/simulator/bot/codes/${part(batch)}`, {}),
};
