// What a merchant can pay from, and how long that lasts: as WeChat Pay tells it, or else by what its last fund flow said was left and
// what its payouts have taken since.

import { openId } from '../../core/base/event.ts';
import { type Fen, fen } from '../../core/base/money.ts';
import { DAY, dayOf, type Instant, later } from '../../core/base/time.ts';
import { merchantDayCounter } from '../../core/decide/limits.ts';
import { type ChannelName, channelOf } from '../../core/payout/channels/index.ts';
import type { Store } from '../../ports.ts';
import { leftOf } from '../audit/left.ts';

/** All in fen. */
export type Money = {
  /** Absent: WeChat Pay does not tell this merchant. */
  readonly balance?: Fen;
  /** In its place, where a fund flow was fetched lately: top-ups since, and what came back, are not in it. */
  readonly estimate?: Fen;
  /** Left, or is to leave, on that day. */
  readonly today: number;
  readonly yesterday: number;
  /** Whole days that it lasts, at yesterday's pace or today's, whichever is higher. */
  readonly lastsDays?: number;
};

/** From an older fund flow nothing is estimated. */
const DAYS_MAX = 7;

export async function moneyOf(
  store: Pick<Store, 'facts' | 'document'>,
  merchant: { readonly name: string; readonly mchId: string; readonly channel: ChannelName },
  now: Instant,
  balance: Fen | undefined,
): Promise<Money> {
  const { name, mchId } = merchant;
  const days = Array.from({ length: DAYS_MAX + 1 }, (_, n) => dayOf(later(now, -n * DAY)));
  const names = days.map(day => merchantDayCounter(name, day));
  const asked = { account: '', user: openId('-'), merchant: undefined, claims: [], counters: names };
  const { counters } = await store.facts(asked);
  const taken = names.map(each => counters.get(each) ?? 0);
  // Vouchers are taken from a stock, and not from the account.
  const isAsked = balance === undefined && channelOf(merchant).pays !== 'voucher';
  const last = isAsked ? await leftOf(store, mchId) : undefined;
  const since = last ? days.indexOf(last.day) : -1;
  const spent = taken.slice(0, Math.max(0, since)).reduce((sum, each) => sum + each, 0);
  const estimate = last && since >= 0 ? fen(Math.max(0, last.left - spent)) : undefined;
  const [today, yesterday] = [taken[0]!, taken[1]!];
  const [from, pace] = [balance ?? estimate, Math.max(today, yesterday)];
  return {
    ...(balance !== undefined && { balance }),
    ...(estimate !== undefined && { estimate }),
    ...{ today, yesterday },
    ...(from !== undefined && pace > 0 && { lastsDays: Math.floor(from / pace) }),
  };
}
