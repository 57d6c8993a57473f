// Whose number it is (账本修复): a number is a hash of its claim, so that whoever makes the numbers of all claims that may
// have been finds the one behind it. Where nobody can tell, the money gets a claim of its own.

import { type Event, eventKey, type OpenId, openId } from '../base/event.ts';
import { calendarDay, DAY, type Day, dayOf, HOUR, type Instant, instant, later, parseBeijing } from '../base/time.ts';
import type { Claim } from '../decide/decision.ts';
import { claimKeysOf, roundKeyOf } from '../match/claim-key.ts';
import { type Batch, SEND_RULE } from '../payout/bulk.ts';
import type { PayoutPolicy } from '../payout/pace.ts';
import { asBillNo, type BillNo, billNoOf } from '../payout/payout.ts';

/** A campaign with the account and the merchant that pay for it, as bot.yaml has them today. */
export type Payable = Omit<Batch, 'name' | 'merchant'> & {
  readonly merchant: Batch['merchant'] & { readonly policy: PayoutPolicy };
};

// ── Money of which nobody knows whose it is, or why ──────────────────────────────────────────────────────

/** Stands for the campaign, the rule and the prize that nobody can tell any more. */
export const RECOVERED = 'recovered';
/** Stands for the follower nobody can tell. */
export const NOBODY = openId('unknown');

/** The claim that such a payment gets. The follower stands where they stand in every claim's key. */
export function recoveredKey({ billNo, user }: { readonly billNo: string; readonly user: string }): string {
  return `${RECOVERED}/${billNo}/${user}`;
}

/** A rule's claims have four parts. */
export function isRecovered({ key, user }: Pick<Claim, 'key' | 'user'>): boolean {
  const [head, , owner, ...more] = key.split('/');
  return head === RECOVERED && owner === user && more.length === 0;
}

// ── Whose number is it? ──────────────────────────────────────────────────────────────────────────────────

/** A number that the store does not know. `day`: the one in it; once it was that on which the follower acted. */
export type LostNumber = { readonly billNo: BillNo; readonly mchId: string; readonly day: Day };

/**
 * WeChat Pay recommends merchant, day and ten digits, and other programs of the merchant may do so. One of ours in a
 * hundred million has no letter.
 */
export function isOthersNumber(number: string): boolean {
  return /^\d{10}$/.test(number.slice(-10));
}

/** `undefined`: no number of ours under this merchant number. */
export function readNumber(number: string, mchId: string): LostNumber | undefined {
  if (isOthersNumber(number)) return undefined;
  const match = /^(20\d\d)(\d\d)(\d\d)[0-9A-Za-z]{10}$/.exec(number.slice(mchId.length));
  if (!number.startsWith(mchId) || !match) return undefined;
  const day = calendarDay(match.slice(1).join('-'));
  return parseBeijing(day) === undefined ? undefined : { billNo: asBillNo(number), mchId, day };
}

/** Numbers by what follows from the claim alone: their last ten characters. */
export class LostNumbers {
  private readonly byEnd = new Map<string, LostNumber>();
  readonly days = new Set<Day>();

  constructor(numbers: Iterable<LostNumber>) {
    for (const number of numbers) {
      this.byEnd.set(`${number.mchId}/${number.billNo.slice(-10)}`, number);
      this.days.add(number.day);
    }
  }

  get size(): number {
    return this.byEnd.size;
  }

  find(mchId: string, claimKey: string, attempt: number): LostNumber | undefined {
    return this.byEnd.get(`${mchId}/${billNoOf(mchId, instant(0), claimKey, attempt).slice(-10)}`);
  }
}

/** The claim behind a number. */
export type Identity = {
  readonly number: LostNumber;
  readonly payable: Payable;
  readonly user: OpenId;
  readonly rule: string;
  readonly claimKey: string;
  readonly attempt: number;
  /** The claim's day: by our clock, where the number's may be by WeChat's. */
  readonly on: Day;
  /** Whether it is this claim that is made at such a moment. */
  fits(at: Instant): boolean;
};

/**
 * All claims of this follower that stand behind one of the numbers. A claim once per event has the event's key in its
 * own, which nobody can guess. `batches`: the names `hongbao send` was used with.
 */
export function claimsBehind(
  numbers: LostNumbers,
  user: OpenId,
  payables: readonly Payable[],
  batches: Iterable<string>,
): Identity[] {
  const found: Identity[] = [];
  for (const payable of payables) {
    const { campaign, merchant } = payable;
    const look = (rule: string, keyOn: (day: Day) => string): void => {
      for (const claimKey of new Set([...numbers.days].flatMap(around).map(keyOn))) {
        for (let attempt = 1; attempt <= merchant.policy.attemptsMax; attempt++) {
          const number = numbers.find(merchant.mchId, claimKey, attempt);
          const on = number && around(number.day).find(day => keyOn(day) === claimKey);
          const fits = (at: Instant): boolean => keyOn(dayOf(at)) === claimKey;
          if (number && on !== undefined) found.push({ number, payable, user, rule, claimKey, attempt, on, fits });
        }
      }
    };
    for (const rule of campaign.rules) {
      const pays = rule.give.some(name => campaign.prizes.get(name)?.kind === 'redpacket');
      if (!pays || rule.once === 'perEvent') continue;
      if (rule.once === 'perRound') {
        for (const { name } of campaign.rounds) look(rule.id, () => roundKeyOf(campaign, rule, user, name));
        continue;
      }
      // Under each name that campaign and rule have had.
      const keysOn = (day: Day) => claimKeysOf(campaign, rule, eventOf(payable, user, '', noonOf(day)), noonOf(day));
      const names = keysOn([...numbers.days][0] ?? dayOf(instant(0))).length;
      for (let n = 0; n < names; n++) look(rule.id, day => keysOn(day)[n]!);
    }
    for (const batch of batches) look(SEND_RULE, () => `${campaign.id}/${SEND_RULE}/${user}/${batch}`);
  }
  return found;
}

/** Our clock may stand on the day before or after WeChat's. */
function around(day: Day): Day[] {
  const noon = noonOf(day);
  return [day, dayOf(later(noon, DAY)), dayOf(later(noon, -DAY))];
}

export function noonOf(day: Day): Instant {
  return later(parseBeijing(day)!, 12 * HOUR);
}

/** No push can have this key: those begin with m:, e: or j:. */
export function eventOf({ account }: Payable, user: OpenId, billNo: string, sentAt: Instant): Event {
  return { key: eventKey(`repair:${billNo}`), account: account.name, user, sentAt, kind: 'other', type: 'repair' };
}

/** The campaign whose packets alone bear these words. */
export function campaignBearing(
  words: readonly (string | undefined)[],
  payables: readonly Payable[],
): Payable | undefined {
  for (const word of words) {
    if (!word) continue;
    const bearing = payables.filter(({ campaign: { packet } }) => packet?.remark === word || packet?.actName === word);
    if (bearing.length === 1) return bearing[0];
  }
  return undefined;
}
