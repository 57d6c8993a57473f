// What a claim counted and what its payout holds, as far as a claim alone tells: for the audit (核账). The builders of
// `decide/limits.ts` name the counters, for a campaign that has every limit there is.

import type { Counter } from '../base/counter.ts';
import { type Event, eventKey } from '../base/event.ts';
import { fen } from '../base/money.ts';
import { isOneOf } from '../base/record.ts';
import { DAY, type Day, dayOf, type Instant, later, MINUTE } from '../base/time.ts';
import type { Claim } from '../decide/decision.ts';
import { capDayOf, capsOf, type MerchantCaps, prizeLimits, ruleClaimsCounter, userLimits } from '../decide/limits.ts';
import { PROGRESS } from '../decide/said.ts';
import { isBesideKey } from '../match/claim-key.ts';
import type { Limit } from '../mechanics/mechanic.ts';
import { SEND_RULE } from '../payout/bulk.ts';
import type { Campaign, Prize } from '../rules/campaign.ts';
import { blankCampaign } from '../rules/campaign-query.ts';
import { RECOVERED } from './claim-of-number.ts';
import { FOLLOWER, isOfRate } from './counter-name.ts';

const MOST = Number.MAX_SAFE_INTEGER;

/** A day of a campaign begins at 00:00, or later: then a claim may belong to the day before. Minutes. */
const otherDays: readonly number[] = [0, DAY / MINUTE];

/** The days a claim may belong to. */
function daysOf(at: Instant): Day[] {
  return otherDays.map(minutes => dayOf(later(at, -minutes * MINUTE)));
}

/** All else is counted anyway. */
function withEveryRate(id: string, dayStartsAt: number): Campaign {
  const blank = blankCampaign(id);
  return {
    ...blank,
    period: { ...blank.period, dayStartsAt },
    budget: { total: fen(MOST), alertAt: [], pace: { perHour: MOST, carryOver: false } },
    perMinute: MOST,
  };
}

/** Stands for the event behind a claim, as far as its counters' names need it. */
function eventOf({ account, user, at, scene }: Claim): Event {
  const envelope = { key: eventKey(''), account, user, sentAt: at };
  return scene === undefined ? { ...envelope, kind: 'other', type: 'audit' } : { ...envelope, kind: 'scan', scene };
}

function prizeCalled(name: string, isWin: boolean): Prize {
  return isWin ? { name, weight: 1, kind: 'coupon', coupons: [] } : { name, weight: 1, kind: 'nothing' };
}

/** `isCoupon`: its prize is a list of texts, of which each claim takes one. `hasRates`: there is, or was, some limit of a minute or an hour. */
type About = { readonly dayStartsAt: number; readonly isCoupon: boolean; readonly hasRates: boolean };

/** `stays`: counted for ever. `returns`: with its money. `rate`: in its minute or hour, if there was such a limit. */
export type Counting = Pick<Counter, 'name' | 'add'> & { readonly how: 'stays' | 'returns' | 'rate' };

/** Whether it takes part in a person's limits: what is sent by hand does not, nor what nobody can tell any more, nor a second prize. */
export function isPersonal({ rule, key }: Pick<Claim, 'rule' | 'key'>): boolean {
  return rule !== SEND_RULE && rule !== RECOVERED && !isBesideKey(key);
}

/** What claims that are alike count, each of their follower (`FOLLOWER`). Of millions nearly all are like another one. */
type Form = Counting & { readonly isMoney: boolean };
type Memo = Map<string, readonly Form[]>;
const FORMS_MAX = 10_000;
const lasting: Memo = new Map();
const rates: Memo = new Map();

/** It is asked for anew with each payout of a claim. */
let latest: { readonly claim: Claim; readonly about: About; readonly counted: readonly Counting[] } | undefined;

/** What a claim counts, but for what its merchant allows. */
export function claimsCounted(claim: Claim, about: About): readonly Counting[] {
  if (latest?.claim === claim && isSame(latest.about, about, claim)) return latest.counted;
  const counted = countedBy(claim, about);
  latest = { claim, about, counted };
  return counted;
}

/** One that knows its day does not ask when days begin. */
function isSame(one: About, other: About, { day }: Claim): boolean {
  const { dayStartsAt, isCoupon, hasRates } = other;
  return (
    one.isCoupon === isCoupon && one.hasRates === hasRates && (day !== undefined || one.dayStartsAt === dayStartsAt)
  );
}

function countedBy(claim: Claim, about: About): Counting[] {
  const { campaign, rule, prize, amount, at, day, scene, round } = claim;
  const starts = day === undefined ? about.dayStartsAt : day === dayOf(at) ? 0 : DAY / MINUTE;
  const place = `${campaign}\0${rule}\0${prize}\0${amount > 0}\0${isPersonal(claim)}`;
  const through = `${scene === undefined}${scene}\0${round === undefined}${round}`;
  const when = `${through}\0${about.isCoupon}\0${dayOf(later(at, -starts * MINUTE))}`;
  const key = `${place}\0${when}`;
  const forms = lasting.get(key) ?? remember(lasting, key, formsOf(claim, starts, about.isCoupon, false));
  const counted = forms.map(form => countingOf(form, claim));
  if (!about.hasRates) return counted;
  const minute = `${place}\0${Math.floor(at / MINUTE)}`;
  for (const form of rates.get(minute) ?? remember(rates, minute, formsOf(claim, starts, about.isCoupon, true)))
    counted.push(countingOf(form, claim));
  return counted;
}

function remember(memo: Memo, key: string, forms: readonly Form[]): readonly Form[] {
  if (memo.size >= FORMS_MAX) memo.clear();
  memo.set(key, forms);
  return forms;
}

function countingOf(form: Form, { user, amount }: Claim): Counting {
  const { name, how, isMoney } = form;
  if (user === FOLLOWER && !isMoney) return form;
  return { name: user === FOLLOWER ? name : name.replace(FOLLOWER, () => user), add: isMoney ? amount : 1, how };
}

/** Those of a minute or an hour, or the others. */
function formsOf(claim: Claim, dayStartsAt: number, isCoupon: boolean, isRate: boolean): Form[] {
  const { campaign: id, rule, prize, amount, at, round } = claim;
  const event = eventOf({ ...claim, user: FOLLOWER });
  const campaign = withEveryRate(id, dayStartsAt);
  const own = isPersonal(claim) ? userLimits(campaign, event, at) : [];
  const called = prizeCalled(prize, isCoupon || amount > 0);
  const limits = [
    ...own,
    ...(prize === PROGRESS ? [] : prizeLimits(campaign, called, amount, { event, caps: undefined, now: at })),
  ];
  const forms = limits.map(({ name, money, returns }): Form => {
    const how = isOfRate(name) ? 'rate' : returns ? 'returns' : 'stays';
    return { name, add: 1, isMoney: money, how };
  });
  const more = (name: string): void => void forms.push({ name, add: 1, isMoney: false, how: 'stays' });
  more(ruleClaimsCounter(id, rule));
  if (isCoupon) more(`campaign/${id}/prize/${prize}/coupons`);
  if (round !== undefined && isPersonal(claim)) more(`campaign/${id}/user/${FOLLOWER}/claims/round/${round}`);
  return forms.filter(({ how }) => (how === 'rate') === isRate);
}

/** What its payout holds beside its merchant's caps; `undefined`: a claim of before does not say. */
export function holdsOf(claim: Claim): readonly Counting[] | undefined {
  if (claim.day === undefined) return undefined;
  const counted = claimsCounted(claim, { dayStartsAt: 0, isCoupon: false, hasRates: false });
  return counted.filter(({ how }) => how === 'returns');
}

/** A claim of before counted against what its merchant allows the follower on its day, and nothing gives that back. */
export function merchantCountersOf(claim: Claim, merchant: string): Limit[] {
  const caps: MerchantCaps = { merchant, perUserPerDay: MOST, amountPerUserPerDay: fen(MOST), amountPerDay: fen(MOST) };
  return capsOf(claim, caps, claim.at).filter(({ name }) => name.includes('/user/'));
}

// ── What a payout holds ──────────────────────────────────────────────────────────────────────────────────────

type Held = Pick<Claim, 'campaign' | 'prize' | 'account' | 'user' | 'amount' | 'at'>;

/** Every payout holds its budget; and of its merchant's caps at least one day. */
export function alwaysHeld({ campaign }: Pick<Held, 'campaign'>): string {
  return `campaign/${campaign}/amount`;
}

/** What a payout of this claim holds of this counter until its money returns; `undefined`: it has no business there. */
export function holdOf(name: string, claim: Held, merchant: string): number | undefined {
  const { campaign, prize, account, user, amount, at } = claim;
  if (name === alwaysHeld(claim)) return amount;
  const cap = capHold(name, { account, user, amount }, merchant);
  if (cap !== undefined) return cap;
  const base = `campaign/${campaign}/`;
  if (!name.startsWith(base)) return undefined;
  const rest = name.slice(base.length);
  const pieces = ['packets', `user/${user}/wins`, `prize/${prize}`, `prize/${prize}/user/${user}`];
  if (pieces.includes(rest)) return 1;
  // The file's own day may begin late; and which store it was, a claim of before does not say.
  const [, what, day] = /^(scene\/.+\/amount|amount|.+)\/day\/([\d-]+)$/.exec(rest) ?? [];
  if (what === undefined || !isOneOf(daysOf(at), day)) return undefined;
  if (what === 'amount' || /^scene\/.+\/amount$/.test(what)) return amount;
  return what === 'packets' || what === `prize/${prize}` || /^scene\/.+\/packets$/.test(what) ? 1 : undefined;
}

/** As `capDayOf` says; of very many names there are few. */
const capDays = new Map<string, { readonly merchant: string; readonly day: string | undefined }>();
const CAP_DAYS_MAX = 10_000;

export function capDayIn(name: string, merchant: string): string | undefined {
  const known = capDays.get(name);
  if (known?.merchant === merchant) return known.day;
  const day = capDayOf(name, merchant);
  if (capDays.size >= CAP_DAYS_MAX) capDays.clear();
  capDays.set(name, { merchant, day });
  return day;
}

/** On whichever day it leaves. */
function capHold(name: string, { account, user, amount }: Pick<Held, 'account' | 'user' | 'amount'>, merchant: string) {
  const day = capDayIn(name, merchant);
  const what = day && name.slice(`merchant/${merchant}/`.length, -`/day/${day}`.length);
  if (what === 'amount' || what === `user/${account}/${user}/amount`) return amount;
  return what === `user/${account}/${user}/packets` ? 1 : undefined;
}
