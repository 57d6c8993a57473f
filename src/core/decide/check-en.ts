// Checks (判定依据) in English.
import { showFen } from '../base/money.ts';
import { beijingText, clockText, DAY, HOUR, hoursText, MINUTE, type Weekday } from '../base/time.ts';
import type { FollowChecks } from '../match/follower.ts';
import type { Once, Period } from '../rules/campaign.ts';
import type { RunTrouble } from '../rules/condition/condition.ts';
import type { CheckLanguage, CheckWords, LimitWords } from './check-words.ts';

const LIMITS = {
  claims: 'claims so far',
  claimsToday: 'claims today',
  claimsThisMonth: 'claims this month',
  claimsThisRound: 'claims in this round',
  claimsAtScene: 'claims at "{}"',
  claimsThisMinute: 'claims this minute, by all',
  wins: 'prizes won so far',
  winsOfPrize: '"{}" won by this follower',
  prize: '"{}" given',
  prizeToday: '"{}" given today',
  coupons: 'coupons of "{}" given',
  tries: 'wrong tries',
  packets: 'packets given',
  packetsToday: 'packets given today',
  packetsUpToThisHour: 'packets given up to this hour',
  packetsThisHour: 'packets given this hour',
  packetsAtScene: 'packets given today at "{}"',
  packetsOfRound: 'packets of "{}" given',
  amountToday: ['money for this follower today', 'left for this follower today'],
  budget: ['budget used', 'budget left'],
  budgetToday: ['budget used today', 'budget left today'],
  amountAtScene: ['used today at "{}"', 'left today at "{}"'],
  amountOfRound: ['money of "{}" given', 'left of "{}"'],
  merchantAmountToday: ['sent by the merchant today', 'left at the merchant today'],
  merchantAmountOfUser: ['money for this follower today (merchant)', 'left for this follower today (merchant)'],
  merchantPacketsOfUser: 'packets for this follower today (merchant)',
} satisfies LimitWords;

const ONCE: Readonly<Record<Once, string>> = {
  ever: 'claimed before',
  perDay: 'claimed today',
  perWeek: 'claimed this week',
  perMonth: 'claimed this month',
  perRound: 'claimed in this round',
  perEvent: 'claimed for this very event',
};

const TROUBLES: Readonly<Record<string, string>> = {
  division_by_zero: 'division by zero',
  modulo_by_zero: 'division by zero',
  no_such_key: 'there is no such entry',
  index_out_of_bounds: 'the list is not that long',
  numeric_overflow: 'the number is too large',
} satisfies Record<RunTrouble, string>;

function notFollowing({ why, isForetold }: FollowChecks['follows']): string {
  if (why === 'never') return 'does not follow';
  if (why === 'left') return 'has unfollowed';
  return isForetold
    ? 'never seen following: WeChat is asked when it happens'
    : 'not known to follow: never seen, nor told';
}

const quoted = (names: readonly string[]): string => names.map(name => `"${name}"`).join(' or ');
const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
const weekday = (day: Weekday): string => `${day[0]!.toUpperCase()}${day.slice(1)}`;
const open = (hours: Period['hours']): string =>
  hours.length === 0 ? 'all day' : hoursText(hours).replaceAll('、', ', ');

/** `10 minutes`, `1.5 days`: in the largest unit of which there is at least one. */
function length(ms: number): string {
  const [unit, name] = ms >= DAY ? [DAY, 'day'] : ms >= HOUR ? [HOUR, 'hour'] : [MINUTE, 'minute'];
  return plural(Math.floor((ms * 10) / unit) / 10, name);
}

const CHECKS = {
  tester: ({ ok }) => (ok ? 'is on the list of testers' : 'is not on the list of testers'),
  onlyFirstFollow: ({ follows }) => `follow no. ${follows}, only the first one counts`,
  period: ({ from, to }) => `campaign from ${beijingText(from)} to ${beijingText(to)}`,
  begun: ({ ok, at }) => `campaign ${ok ? 'began' : 'begins only'} ${beijingText(at)}`,
  drawOpen: ({ ok, at }) => `draw ${ok ? 'held only' : 'held'} ${beijingText(at)}`,
  notOver: ({ ok, at }) => `campaign ${ok ? 'ends only' : 'ended'} ${beijingText(at)}`,
  hours: ({ minute, hours }) => `${clockText(minute)}, open ${open(hours)}`,
  weekdays: ({ day, days }) => `${weekday(day)}, only on ${days.map(weekday).join(', ')}`,
  follows: notFollowing,
  followedFor: ({ length: followed, needed }) => `has followed for ${length(followed)}, needs ${length(needed)}`,
  neverLeft: ({ ok, follows }) => (ok ? 'has never unfollowed' : `follow no. ${follows}, has unfollowed before`),
  once: ({ once, used }) => `${ONCE[once]} ${used}/1`,
  gap: ({ length: since, needed }) =>
    since === undefined
      ? 'no claim before'
      : `last claim ${Math.floor(since / 1000)} s ago, at least ${needed / 1000} s needed`,
  guaranteed: ({ n, within }) => `draw ${n} since the last prize, draw ${within} wins at the latest`,
  blocked: () => 'in the list of those who get nothing (blocked: in bot.yaml)',
  notPaused: ({ ok, byHand }) =>
    ok
      ? 'the campaign is not paused'
      : `the campaign is paused (${byHand ? 'hongbao campaigns pause' : 'mode: paused'})`,
  notHalted: ({ ok }) => (ok ? 'the merchant pays' : 'payouts of the merchant are halted'),
  condition: ({ source, why, isForetold, trouble }) => {
    const said = why
      ? notFollowing({ why, ...(isForetold && { isForetold }) })
      : trouble && (TROUBLES[trouble] ?? trouble);
    return `condition ${source}${said === undefined ? '' : `: ${said}`}`;
  },
  tags: ({ ok, names }) => `${ok ? '' : 'not '}in segment ${quoted(names)}`,
  excludedTags: ({ ok, names }) => `${ok ? 'not ' : ''}in segment ${quoted(names)}`,
  store: ({ scene, store }) => (store === undefined ? `scene "${scene}" is no store of the list` : `store "${store}"`),
  storeHours: ({ hours }) => `store open ${open(hours)}`,
  orderKept: ({ ok }) => (ok ? 'the order was not refunded' : 'the order was refunded'),
  round({ ok, round, opens }) {
    if (round === undefined) return 'all rounds are over';
    return `round "${round}" ${ok ? 'is on' : `opens ${beijingText(opens!)}`}`;
  },
  balance({ wallet, balance, needed, gone }) {
    const why = gone === undefined ? '' : ` (${gone} taken back by refunds)`;
    return `"${wallet}": ${balance} left${why}, ${needed} needed`;
  },
  walletSpentToday: ({ wallet, used, max, needed }) => `"${wallet}" spent today ${used}/${max}, ${needed} needed`,
  walletEarnedToday: ({ wallet, used, max, add }) => `"${wallet}" earned today ${used}/${max}, now ${add} more`,
  notCheckedIn: ({ ok, ago }) =>
    ago === undefined ? 'no check-in before' : ok ? `last check-in ${plural(ago, 'day')} ago` : 'has checked in today',
  streakDay: ({ n }) => `day ${n} of the streak`,
  cycles: ({ used, max }) => `cycles finished ${used}/${max}`,
  missedOne({ missed }) {
    if (missed === undefined) return 'no check-in before: nothing to make up for';
    if (missed < 0) return 'has checked in today: yesterday can no longer be made up for';
    if (missed === 0) return 'checked in yesterday: nothing to make up for';
    return `${plural(missed, 'day')} missed, only 1 can be made up for`;
  },
  goesOn: ({ n }) => `yesterday was day ${n}, the last of its cycle: to make up for it leads nowhere`,
  notMadeUp: ({ ok }) => (ok ? 'nothing made up for in this cycle yet' : 'made up for once in this cycle already'),
  time: ({ n }) => `time no. ${n}`,
  stepNotGivenYet: ({ n }) => `the prize of time no. ${n} was given before it was moved there`,
  password: () => 'the password is wrong',
  batch: ({ batch }) => `code of batch ${batch}`,
  codeChecksum: ({ ok }) => `the checksum of the code is ${ok ? 'right' : 'wrong'}`,
  codeKnown: ({ ok }) => `the code ${ok ? 'exists' : 'does not exist'}`,
  codeActive: ({ ok }) => `the code is ${ok ? '' : 'not '}active`,
  codeUnused: ({ usedAt }) =>
    usedAt === undefined ? 'the code is unused' : `the code was used ${beijingText(usedAt)}`,
  quizOpen: ({ step }) =>
    step === 0 ? 'questions are drawn when it happens' : `question ${step}: right or wrong is known when it happens`,
  quizTries: ({ used, max }) => `quizzes today ${used}/${max}`,
  answer: ({ ok, step, isLate }) => (isLate ? 'too late' : `question ${step} answered ${ok ? 'right' : 'wrong'}`),
  givenNow: ({ prize }) => `"${prize}" is not given now`,
  unlocked: ({ prize, used, max }) => `"${prize}" can be won after ${max} draws, so far ${used}`,
  spentEnough: ({ prize, needed }) => `"${prize}" needs an order of ${showFen(needed)}`,
  slotsLeft: () => 'all packets of this round are gone',
  drawn: ({ prize, weight, of }) => `drew "${prize}", odds ${((weight / of) * 100).toFixed(2)}%`,
  stillThere: ({ prize, instead }) => `"${prize}" is gone, "${instead}" instead`,
  deliverable: ({ prize, instead }) => `WeChat Pay refuses them "${prize}", "${instead}" instead`,
  undoneDraw: () => 'order refunded: one draw less',
  undoneTime: () => 'order refunded: one time less',
  undoneEarned: ({ wallet, amount }) => `order refunded: ${amount} of "${wallet}" taken back`,
  undoneStreak: () => 'order refunded: the streak is void',
  sentByHand: ({ batch }) => `sent by hand, batch ${batch}`,
  repaired: ({ billNo }) => `ledger repaired, number ${billNo}`,
  prose: ({ text }) => text,
} satisfies CheckWords;

export const en: CheckLanguage = { limits: LIMITS, checks: CHECKS };
