// Every warning there is: its id, how grave it is unless somebody says otherwise, and the rule it rests on. An id is for
// ever: bot.yaml and rule files switch warnings by it.

import type { Finding } from '../base/error.ts';
import type { Fen } from '../base/money.ts';
import { t, type Wording } from '../base/words/words.ts';

/** `error`: the file does not go live. */
export const SEVERITIES = ['error', 'warning', 'off'] as const;
export type Severity = (typeof SEVERITIES)[number];

type Kind = { readonly severity: Severity; readonly basis: Wording };

function warned(basis: Wording): Kind {
  return { severity: 'warning', basis };
}
function forbidden(basis: Wording): Kind {
  return { severity: 'error', basis };
}
/** True, and seldom a mistake: for who asks for it. */
function asked(basis: Wording): Kind {
  return { severity: 'off', basis };
}

const SUMS = t`the budget, limits and prizes of this file`;
const LIMITS = t`the limits of this file`;
const ORDER = t`rules are asked from top to bottom, files in the order of their names; the first decides`;
const TEXTS = t`the replies of this file`;
const FOLLOW = t`rules of the Official Accounts platform, 3.3 (as of 2026-06-20): inducing to follow (诱导关注)`;
const SHARE = t`rules of WeChat for outside links, 2.1.2 (2019-10-28): inducing to share (诱导分享)`;
const DRAWS = t`Anti-Unfair Competition Law (2025-10-15), Provisions on Promotions (2020-12-01): sales with prizes`;
const SENDING = t`WeChat Pay, sendredpack`;
const SPEAKING = t`customer service messages: 5 within 48 hours of a message, 3 within a minute of following, scanning or tapping the menu`;

export const LINTS = {
  // Money
  'budget-left-over': warned(SUMS),
  'budget-ends-early': asked(SUMS),
  'no-day-budget': warned(SUMS),
  'budget-first-hours': warned(SUMS),
  'packets-beyond-budget': warned(SUMS),
  'stock-above-budget': warned(t`${DRAWS}; the number of prizes that was published must be given`),
  'unlimited-per-user': forbidden(SUMS),
  'one-takes-most': warned(SUMS),
  'paid-below-prize': warned(SUMS),
  'goods-without-stock': warned(SUMS),
  'weights-odd': warned(SUMS),
  'alert-missing': warned(SUMS),
  'pace-too-slow': warned(SUMS),
  'payout-queue': warned(t`${SENDING}: 30 a second unless more is granted`),
  'merchant-day-cap': warned(t`${SENDING}: a merchant's total a day, ¥1000000.00 unless more is granted`),
  'user-day-cap': warned(t`${SENDING}: 10 packets and ¥1000.00 a day for one follower`),
  'prize-unwinnable': warned(SUMS),
  'prize-unlikely': warned(SUMS),
  'follows-again': warned(t`to follow again after leaving is one more follow`),
  'refund-at-once': warned(
    t`an order can be refunded, a red packet that has left cannot; pay, take, refund can go on without end`,
  ),
  'refund-too-late': asked(t`an order can be refunded, a red packet that has left cannot`),
  'group-packet': warned(t`WeChat Pay, group packets: no longer kept up since 2024-06-05`),
  'scene-not-needed': warned(t`${SENDING}: an account of 商家红包 refuses scene_id`),
  'act-name-long': warned(t`${SENDING}: an act_name of more than 10 characters is refused (as measured)`),
  'fallback-unbounded': warned(
    t`what WeChat Pay refuses returns to the budget; what is given instead is counted by itself`,
  ),
  'voucher-stock': warned(t`the stock of the vouchers (代金券批次), as WeChat Pay has it now`),
  'voucher-foreign': warned(t`vouchers of another merchant’s stock (跨商户发券), which need a special permission`),
  // Limits
  'limit-shadowed': warned(LIMITS),
  'limit-without-effect': warned(LIMITS),
  'wallet-unused': warned(LIMITS),
  'once-too-seldom': warned(t`once is ever by default: once for each, for ever`),
  // Reach
  'rule-unreachable': warned(ORDER),
  'keyword-conflict': warned(ORDER),
  'rule-never': warned(t`the period of this file`),
  'night-weekdays': warned(t`the period of this file`),
  'follow-not-proven': warned(
    t`the page, payments and friends do not tell whether somebody follows; WeChat has to be asked`,
  ),
  'same-event': warned(ORDER),
  'built-in-word': warned(t`texts that the bot answers by itself: 我的红包, 我的奖品, 查红包`),
  'keyword-marks': warned(t`a keyword is the whole message; its marks are part of it`),
  'once-per-rule': warned(t`once counts for each rule by itself`),
  'last-minute': warned(t`the end is not part of a time; a day ends at 24:00`),
  'never-open': forbidden(t`the period of this file`),
  'period-long': warned(t`the period of this file`),
  'draw-time': warned(t`the period of this file`),
  'keyword-broad': warned(ORDER),
  'text-cut-off': warned(t`YAML: a # behind a space begins a comment`),
  'profile-strangers': warned(t`of whom a list does not know, a number is 0 and a text empty`),
  'gift-for-leaving': warned(FOLLOW),
  'invite-for-nothing': warned(TEXTS),
  'not-live': warned(t`a file with mode: draft does not go live`),
  'period-over': warned(t`the period of this file`),
  'no-tests': warned(t`a file that gives money has tests before it goes live`),
  // Beside what is live
  'live-change': warned(t`a live campaign was changed: what was claimed and counted stays`),
  // Texts
  'reply-too-long': warned(t`passive replies of WeChat: a text has at most 2048 bytes`),
  'reply-never-said': warned(TEXTS),
  'reply-by-default': asked(TEXTS),
  'reply-may-not-arrive': warned(SPEAKING),
  'placeholder-empty': warned(TEXTS),
  'placeholder-brackets': warned(TEXTS),
  // What WeChat and the law forbid
  'induce-follow': warned(FOLLOW),
  'follow-gift-announced': warned(FOLLOW),
  'induce-share': warned(SHARE),
  'pays-for-followers': warned(t`${FOLLOW}; ${SHARE}`),
  'red-packet-not-cash': warned(t`notice of WeChat on red packets (2016): what is not cash is not called one`),
  'lottery-words': warned(
    t`rules of the Official Accounts platform (as of 2026-06-20): gambling and lotteries; regulations on lotteries (2009-07-01)`,
  ),
  'sure-win-false': warned(t`Anti-Unfair Competition Law (2025-10-15): false advertising`),
  'no-public-rules': warned(
    t`${DRAWS}: what is told must be clear; rules of the Official Accounts platform (as of 2026-06-20)`,
  ),
  'no-odds': warned(t`${DRAWS}: the number of prizes or the odds are to be published`),
  'top-prize': warned(
    t`Anti-Unfair Competition Law (2025-10-15): the highest prize of a draw is worth ¥50000.00 at most`,
  ),
  'final-say': warned(
    t`Measures on Penalties for Infringing Consumers' Rights (2015-03-15), article 12; Provisions on Promotions (2020-12-01): no reservation of the final say`,
  ),
  'terms-differ': warned(
    t`Anti-Unfair Competition Law (2025-10-15); Provisions on Promotions (2020-12-01): prizes are as they were announced`,
  ),
  'winners-shown': warned(
    t`Provisions on Promotions (2020-12-01): of draws on the spot, prizes above ¥500.00 are published as they are won`,
  ),
  'tax-on-winnings': asked(
    t`MOF and STA notice 74 of 2019, article 3 (2019-01-01); STA letter 409 of 2015: 20 % on incidental income, withheld by whoever gives it`,
  ),
  'personal-data': warned(
    t`Personal Information Protection Law (2021-11-01), articles 14 and 17: purpose and period are told and agreed to before anything is taken; rules of the Official Accounts platform 4.16`,
  ),
  // About the comments that switch warnings off
  'lint-off-unknown': warned(t`# lint-off: id why`),
  'lint-off-no-reason': warned(t`# lint-off: id why`),
  'lint-off-unused': warned(t`# lint-off: id why`),
  'lint-off-refused': warned(t`what lint in bot.yaml makes an error cannot be switched off in a file`),
} as const satisfies Record<string, Kind>;

export type LintId = keyof typeof LINTS;

export function isLintId(word: string): word is LintId {
  return Object.hasOwn(LINTS, word);
}

/** A finding about what is allowed, and yet likely a mistake, dangerous, or against somebody's rules. */
export type Warning = Finding & {
  readonly id: LintId;
  readonly severity: Exclude<Severity, 'off'>;
  /** The rule it rests on. */
  readonly basis: Wording;
  /** What may be written instead. */
  readonly advice?: Wording;
};

/** A warning that a comment in its file switched off. */
export type Silenced = {
  readonly file: string;
  readonly line: number;
  readonly id: LintId;
  readonly reason: string;
  /** How many there would be. */
  readonly count: number;
};

/** `lint:` in bot.yaml. */
export type LintSettings = {
  readonly severity: Partial<Record<LintId, Severity>>;
  /** What the highest prize of a draw may be worth at most. */
  readonly topPrize: Fen;
};
