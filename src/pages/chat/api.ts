// The two things the chat page talks to: the simulator's control API, and the bot's own view of a follower.

import type { Payout } from '../../core/payout/payout.ts';
import type { HistoryLine, JournalLine } from '../../ports.ts';
import type {
  Account,
  ClockChange,
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
  /** Where the server tells: prizes whose amount is drawn cannot be pinned in a copied test. */
  readonly prizes?: readonly { readonly name: string; readonly min: number; readonly max: number }[];
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

export const api = {
  state: () => request<State>('GET', `${CONTROL}/state`),
  newPerson: (person: NewPerson) => request<Person>('POST', `${CONTROL}/people`, person),
  person: (openid: string) => request<Person>('GET', `${CONTROL}/people/${part(openid)}`),
  act: (openid: string, act: Act) => request<Push>('POST', `${CONTROL}/people/${part(openid)}/act?wait=no`, act),
  pushes: (openid: string) => request<Push[]>('GET', `${CONTROL}/pushes?person=${part(openid)}&limit=50`),
  open: (packet: Packet) =>
    request<Packet>('POST', `${CONTROL}/packets/${part(packet.mchId)}/${part(packet.billNo)}/open`, {
      openid: packet.openid,
    }),
  clock: (change: ClockChange) => request<{ now: number; offsetMs: number }>('POST', `${CONTROL}/clock`, change),
  pay: (openid: string, what: PayInShop) => request<ShopOrder>('POST', `${CONTROL}/people/${part(openid)}/pay`, what),
  refund: ({ mchId, orderNo }: ShopOrder) =>
    request<ShopOrder>('POST', `${CONTROL}/orders/${part(mchId)}/${part(orderNo)}/refund`, {}),
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
  campaigns: () => orAbsent(request<{ campaigns: CampaignLine[] }>('GET', '/simulator/bot/campaigns')),
};
