// What a claim counted and what its payout holds, as far as a claim alone tells: for the audit (核账). The builders of
// `limit.ts` name the counters, for a campaign that has every limit there is. Pure.
import { SEND_RULE } from './batch.ts';
import { blankCampaign } from './blank.ts';
import type { Claim } from './decide.ts';
import type { Event, EventKey } from './event.ts';
import { type Counter, type Limit, type MerchantCaps, prizeLimits, userLimits } from './limit.ts';
import { PROGRESS } from './looking.ts';
import { fen } from './money.ts';
import type { Campaign, Prize } from './rule.ts';
import { DAY, type Day, dayOf, type Instant, later, MINUTE } from './time.ts';

const MOST = Number.MAX_SAFE_INTEGER;

/** A day of a campaign begins at 00:00, or later: then a claim may belong to the day before. Minutes. */
export const otherDays: readonly number[] = [0, DAY / MINUTE];

/** The days a claim may belong to. */
export function daysOf(at: Instant): Day[] {
  return otherDays.map(minutes => dayOf(later(at, -minutes * MINUTE)));
}

const known = new Map<string, Campaign>();
const KNOWN_MAX = 1000;

/** A campaign with every limit there is. Each claim asks for one of the same few. */
function limitless(id: string, dayStartsAt: number, carryOver: boolean): Campaign {
  const key = `${id}/${dayStartsAt}/${carryOver}`;
  const campaign = known.get(key) ?? withEveryLimit(id, dayStartsAt, carryOver);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, campaign);
  return campaign;
}

function withEveryLimit(id: string, dayStartsAt: number, carryOver: boolean): Campaign {
  const blank = blankCampaign(id);
  const pace = { perHour: 1, carryOver };
  return {
    ...blank,
    period: { ...blank.period, dayStartsAt },
    budget: { total: fen(MOST), perDay: fen(MOST), packets: MOST, packetsPerDay: MOST, alertAt: [], pace },
    perUser: { total: MOST, perDay: MOST, perMonth: MOST, wins: MOST, amountPerDay: fen(MOST), gap: 0 },
    perMinute: MOST,
  };
}

/** Stands for the event behind a claim, as far as its counters' names need it. */
function eventOf({ account, user, at }: Claim): Event {
  return { key: '' as EventKey, account, user, sentAt: at, kind: 'other', type: 'audit' };
}

function prizeCalled(name: string, isWin: boolean): Prize {
  const limits = { stock: MOST, perDay: MOST, perUser: MOST };
  return isWin
    ? { name, weight: 1, kind: 'coupon', coupons: [], ...limits }
    : { name, weight: 1, kind: 'nothing', ...limits };
}

export type About = { readonly dayStartsAt: number; readonly isCoupon: boolean };

/** What counts claims where the rule file says so; never given back. A claim sent by hand takes no part in `perUser`. */
export function claimsCounted(claim: Claim, { dayStartsAt, isCoupon }: About): Pick<Counter, 'name' | 'add'>[] {
  const { campaign: id, prize, amount, at } = claim;
  const event = eventOf(claim);
  const [carrying, hourly] = [limitless(id, dayStartsAt, true), limitless(id, dayStartsAt, false)];
  const own = claim.rule === SEND_RULE ? [] : userLimits(carrying, event, at);
  if (prize === PROGRESS) return own;
  const called = prizeCalled(prize, isCoupon || amount > 0);
  const limits = [carrying, hourly].flatMap(campaign =>
    prizeLimits(campaign, called, amount, { event, caps: undefined, now: at }).filter(({ returns }) => !returns),
  );
  const coupons = isCoupon ? [{ name: `campaign/${id}/prize/${prize}/coupons`, add: 1 }] : [];
  return [...own, ...new Map(limits.map(limit => [limit.name, limit])).values(), ...coupons];
}

/** What a merchant allows one follower a day; never given back. Counted once per claim, with its first number. */
export function merchantCountersOf(claim: Claim, merchant: string): Limit[] {
  const caps: MerchantCaps = { merchant, perUserPerDay: MOST, amountPerUserPerDay: fen(MOST), amountPerDay: fen(MOST) };
  const { campaign, prize, amount, at } = claim;
  const who = { event: eventOf(claim), caps, now: at };
  const limits = prizeLimits(limitless(campaign, 0, true), prizeCalled(prize, true), amount, who);
  return limits.filter(({ name, returns }) => name.startsWith('merchant/') && !returns);
}

// ── What a payout holds ──────────────────────────────────────────────────────────────────────────────────────

type Held = Pick<Claim, 'campaign' | 'amount' | 'at'>;

/** Every configuration has these limits: they cannot be missing. */
export function alwaysHeld({ campaign, at }: Held, merchant: string): string[] {
  return [`campaign/${campaign}/amount`, `merchant/${merchant}/amount/day/${dayOf(at)}`];
}

/** What a payout of this claim holds of this counter until its money returns; `undefined`: it has no business there. */
export function holdOf(name: string, claim: Held, merchant: string): number | undefined {
  if (alwaysHeld(claim, merchant).includes(name)) return claim.amount;
  const base = `campaign/${claim.campaign}/`;
  if (!name.startsWith(base)) return undefined;
  const rest = name.slice(base.length);
  if (rest === 'packets') return 1;
  // The file's own day may begin late; and which store it was, the claim does not say.
  const [, what, day] = /^(?:scene\/.+\/)?(amount|packets)\/day\/([\d-]+)$/.exec(rest) ?? [];
  if (what === undefined || !daysOf(claim.at).includes(day as Day)) return undefined;
  return what === 'amount' ? claim.amount : 1;
}

export function holdsMoney(name: string): boolean {
  return /\/amount(?:\/day\/[\d-]+)?$/.test(name);
}
