// Plans a payout: its number and every field of its request, before anything is called.

import type { Counter } from '../base/counter.ts';
import type { Envelope, OpenId } from '../base/event.ts';
import type { Fen } from '../base/money.ts';
import type { Instant } from '../base/time.ts';
import type { Claim, Decision } from '../decide/decision.ts';

import { ruleClaimsCounter, voucherPayer } from '../decide/limits.ts';
import type { Campaign, Packet, Prize } from '../rules/campaign.ts';
import { type ChannelSettings, channelOf, type PayRequest } from './channels/index.ts';
import { billNoOf, numberDay, type Payout } from './payout.ts';

/** As much of a merchant in bot.yaml as a request needs. */
export type PayerSettings = Payer & {
  /** By which it sends vouchers, whichever way it pays cash. */
  readonly vouchers?: Payer;
};
type Payer = { readonly name: string; readonly mchId: string } & ChannelSettings;

/** What is owed to whom. */
type Debt = {
  readonly campaign: Campaign;
  readonly rule: string;
  readonly claimKey: string;
  readonly amount: Fen;
  readonly holds: readonly Pick<Counter, 'name' | 'add'>[];
  /** Absent: nobody knows any more which it was. */
  readonly prize?: Prize | undefined;
  readonly account: { readonly name: string; readonly appId: string };
  readonly user: OpenId;
  /** When the follower acted. */
  readonly eventAt: Instant;
  /** The day in the number, where it is known to be another than the claim's. */
  readonly numberDay?: Instant | undefined;
  /** Not to be sent before; and what takes it back until then. */
  readonly payAt?: Instant | undefined;
  readonly undoneBy?: Payout['undoneBy'] | undefined;
};

/** A decision that gives something. */
export type Award = Extract<Decision, { kind: 'awarded' }>;

export function claimOf({ account, user }: Pick<Envelope, 'account' | 'user'>, award: Award, now: Instant): Claim {
  const { claimKey: key, campaign, rule, prize, amount } = award;
  return { key, campaign, rule, prize, amount, account, user, at: now, ...placeOf(award, user) };
}

/** Decided since everything that can be limited is counted. */
export function isCountedWhole({ campaign, rule, counters }: Pick<Award, 'campaign' | 'rule' | 'counters'>): boolean {
  const name = ruleClaimsCounter(campaign, rule);
  return counters.some(counter => counter.name === name);
}

/** Where it was counted, by its counters. One that was decided before everything was counted has no such place. */
function placeOf({ campaign, rule, counters }: Award, user: OpenId): Pick<Claim, 'day' | 'scene' | 'round'> {
  if (!isCountedWhole({ campaign, rule, counters })) return {};
  const behind = (prefix: string): string | undefined =>
    counters.find(({ name }) => name.startsWith(prefix))?.name.slice(prefix.length);
  const claims = `campaign/${campaign}/user/${user}/claims`;
  const day = behind(`${claims}/day/`) ?? counters.map(({ name }) => PRIZE_DAY.exec(name)?.[1]).find(Boolean);
  const amounts = new RegExp(`^campaign/${campaign}/scene/(.+)/amount/day/`);
  const paidAt = counters.map(({ name }) => amounts.exec(name)?.[1]).find(Boolean);
  const [scene, round] = [behind(`${claims}/scene/`) ?? paidAt, behind(`${claims}/round/`)];
  return {
    ...(day !== undefined && { day }),
    ...(scene !== undefined && { scene }),
    ...(round !== undefined && { round }),
  };
}

/** What is sent by hand is no claim of a person's limits, but of its prize's. */
const PRIZE_DAY = /^campaign\/[^/]+\/prize\/.+\/day\/(\d{4}-\d\d-\d\d)$/;

/** The payout of an award: for the flow, and for a repair that reads event and award in the journal. The number is the same. */
export function planAward(
  campaign: Campaign,
  {
    user,
    sentAt: eventAt,
    transaction,
    numberDay: day,
  }: Pick<Envelope, 'user' | 'sentAt'> & { readonly transaction?: string; readonly numberDay?: Instant },
  { rule, claimKey, prize: name, amount, holds, payAt, cancelIf }: Award,
  { account, merchant }: { readonly account: Debt['account']; readonly merchant: PayerSettings },
  now: Instant,
): Payout {
  const prize = campaign.prizes.get(name);
  const undoneBy = cancelIf && { causes: cancelIf, ...(transaction !== undefined && { transaction }) };
  const debt = {
    campaign,
    rule,
    claimKey,
    amount,
    holds,
    prize,
    account,
    user,
    eventAt,
    payAt,
    undoneBy,
    numberDay: day,
  };
  return planPayout(debt, merchant, now);
}

export function planPayout(debt: Debt, settings: PayerSettings, now: Instant): Payout {
  const merchant = payerOf(debt, settings);
  const { campaign, rule, claimKey, amount, holds, account, user, eventAt, payAt, undoneBy } = debt;
  return {
    billNo: billNoOf(merchant.mchId, debt.numberDay ?? numberDay(claimKey, eventAt), claimKey, 1),
    claimKey,
    attempt: 1,
    campaign: campaign.id,
    rule,
    account: account.name,
    merchant: merchant.name,
    user,
    amount,
    request: requestOf(debt, merchant),
    holds,
    state: 'planned',
    version: 1,
    tries: 0,
    strikes: 0,
    nextDo: 'send',
    nextAt: payAt ?? now,
    createdAt: now,
    eventAt,
    ...(undoneBy && { undoneBy }),
    ...(campaign.unclaimed === 'reoffer' && { reoffer: true }),
  };
}

/** A payout takes the way of its prize: cash is never paid where a voucher was won. */
function payerOf({ campaign, prize, holds }: Debt, merchant: PayerSettings): Payer {
  const own = `merchant/${voucherPayer(merchant.name)}/`;
  if (!prize && holds.some(({ name }) => name.startsWith(own)))
    throw new Error(`campaign ${campaign.id} gave a voucher, and its rule file no longer says of which stock`);
  if (prize?.kind !== 'voucher') return merchant;
  const { vouchers } = merchant;
  if (!vouchers) throw new Error(`campaign ${campaign.id} gives vouchers, and merchant ${merchant.name} sends none`);
  return vouchers;
}

const NO_WORDS: Packet = { sendName: '', actName: '', wishing: '', remark: '' };

function requestOf({ campaign, account, prize, eventAt }: Debt, merchant: Payer): PayRequest {
  const voucher = prize?.kind === 'voucher' ? prize : undefined;
  const packet = voucher ? NO_WORDS : campaign.packet;
  if (!packet) throw new Error(`campaign ${campaign.id} pays, but says nothing of the packet`);
  const shares = prize?.kind === 'redpacket' ? prize.shares : undefined;
  const wanted = { mchId: merchant.mchId, appId: account.appId, packet, shares, eventAt, ...(voucher && { voucher }) };
  return channelOf(merchant).requestOf(wanted, merchant);
}
