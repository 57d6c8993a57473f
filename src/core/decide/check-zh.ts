// Checks (判定依据) in Chinese.
import { showFen } from '../base/money.ts';
import { beijingText, clockText, hoursText, lengthText, WEEKDAY_NAMES, type Weekday } from '../base/time.ts';
import type { FollowChecks } from '../match/follower.ts';
import type { Once } from '../rules/campaign.ts';
import type { RunTrouble } from '../rules/condition/condition.ts';
import type { CheckLanguage, CheckWords, LimitWords } from './check-words.ts';

const LIMITS = {
  claims: '累计已参与',
  claimsToday: '今日已参与',
  claimsThisMonth: '本月已参与',
  claimsThisRound: '本场已参与',
  claimsAtScene: '在「{}」已参与',
  claimsThisMinute: '本分钟已参与（全部）',
  wins: '累计已中奖',
  winsOfPrize: '本人已中「{}」',
  prize: '「{}」已发',
  prizeToday: '今日「{}」已发',
  coupons: '「{}」券码已发',
  tries: '试错',
  packets: '红包已发',
  packetsToday: '今日红包已发',
  packetsUpToThisHour: '到本小时为止已发',
  packetsThisHour: '本小时已发',
  packetsAtScene: '「{}」今日已发',
  packetsOfRound: '「{}」已发',
  amountToday: ['本人今日已领金额', '本人今日还可领'],
  budget: ['预算已用', '预算剩'],
  budgetToday: ['今日预算已用', '今日预算剩'],
  amountAtScene: ['「{}」今日已用', '「{}」今日剩'],
  amountOfRound: ['「{}」已发金额', '「{}」剩'],
  merchantAmountToday: ['商户今日已发', '商户今日还可发'],
  merchantAmountOfUser: ['本人今日金额（商户）', '本人今日还可领（商户）'],
  merchantPacketsOfUser: '本人今日红包数（商户）',
} satisfies LimitWords;

/** What a second claim of the same occasion is told by. */
const ONCE: Readonly<Record<Once, string>> = {
  ever: '已领过',
  perDay: '今日已领',
  perWeek: '本周已领',
  perMonth: '本月已领',
  perRound: '本场已领',
  perEvent: '这一件已领',
};

const TROUBLES: Readonly<Record<string, string>> = {
  division_by_zero: '除数为零',
  modulo_by_zero: '除数为零',
  no_such_key: '没有这一项',
  index_out_of_bounds: '列表没有这么长',
  numeric_overflow: '数太大',
} satisfies Record<RunTrouble, string>;

function notFollowing({ why, isForetold }: FollowChecks['follows']): string {
  if (why === 'unknown')
    return isForetold ? '没有见过此人关注：真来时先问微信' : '不知道是否关注：没有见过，也没有问到';
  return why === 'never' ? '没有关注' : '已取消关注';
}

const quoted = (names: readonly string[]): string => names.map(name => `「${name}」`).join('或');
const weekday = (day: Weekday): string => WEEKDAY_NAMES[day];

const CHECKS = {
  tester: ({ ok }) => `${ok ? '' : '不'}在彩排名单里`,
  onlyFirstFollow: ({ follows }) => `第 ${follows} 次关注，只给第 1 次`,
  period: ({ from, to }) => `活动期 ${beijingText(from)} – ${beijingText(to)}`,
  begun: ({ ok, at }) => (ok ? `活动已于 ${beijingText(at)} 开始` : `活动 ${beijingText(at)} 才开始`),
  drawOpen: ({ ok, at }) => (ok ? `${beijingText(at)} 才开奖` : `已于 ${beijingText(at)} 开奖`),
  notOver: ({ ok, at }) => (ok ? `活动 ${beijingText(at)} 才结束` : `活动已于 ${beijingText(at)} 结束`),
  hours: ({ minute, hours }) => `${clockText(minute)}，时段 ${hoursText(hours)}`,
  weekdays: ({ day, days }) => `${weekday(day)}，限 ${days.map(weekday).join('、')}`,
  follows: notFollowing,
  followedFor: ({ length, needed }) => `已关注 ${lengthText(length)}，需 ${lengthText(needed)}`,
  neverLeft: ({ ok, follows }) => (ok ? '从未取消过关注' : `第 ${follows} 次关注，取消过`),
  once: ({ once, used }) => `${ONCE[once]} ${used}/1`,
  gap: ({ length, needed }) =>
    length === undefined ? '还没有参与过' : `距上次参与 ${Math.floor(length / 1000)} 秒，需 ${needed / 1000} 秒`,
  guaranteed: ({ n, within }) => `连续第 ${n} 次抽，最迟第 ${within} 次必中`,
  blocked: () => '在黑名单里（bot.yaml 的 blocked）',
  notPaused: ({ ok, byHand }) =>
    ok ? '活动没有暂停' : `活动已暂停（${byHand ? 'hongbao campaigns pause' : 'mode: paused'}）`,
  notHalted: ({ ok }) => `商户发放${ok ? '没有' : '已'}暂停`,
  condition: ({ source, why, isForetold, trouble }) => {
    const said = why
      ? notFollowing({ why, ...(isForetold && { isForetold }) })
      : trouble && (TROUBLES[trouble] ?? trouble);
    return `条件 ${source}${said === undefined ? '' : `：${said}`}`;
  },
  tags: ({ names }) => `人群${quoted(names)}`,
  excludedTags: ({ names }) => `不在人群${quoted(names)}`,
  store: ({ scene, store }) => (store === undefined ? `场景「${scene}」不在门店名单里` : `门店「${store}」`),
  storeHours: ({ hours }) => `门店时间 ${hoursText(hours)}`,
  orderKept: ({ ok }) => (ok ? '订单没有退款' : '订单已退款'),
  round: ({ ok, round, opens }) =>
    round === undefined ? '各场都已结束' : `「${round}」${ok ? '进行中' : `${beijingText(opens!)} 开始`}`,
  balance: ({ wallet, balance, needed, gone }) =>
    `「${wallet}」剩 ${balance}${gone === undefined ? '' : `（因退款收回过 ${gone}）`}，需 ${needed}`,
  walletSpentToday: ({ wallet, used, max, needed }) => `「${wallet}」今日已用 ${used}/${max}，需 ${needed}`,
  walletEarnedToday: ({ wallet, used, max, add }) => `「${wallet}」今日已得 ${used}/${max}，这次得 ${add}`,
  notCheckedIn: ({ ok, ago }) => (ago === undefined ? '还没有签到过' : ok ? `上次签到在 ${ago} 天前` : '今天已签到'),
  streakDay: ({ n }) => `连续第 ${n} 天`,
  cycles: ({ used, max }) => `已完成 ${used}/${max} 轮`,
  missedOne({ missed }) {
    if (missed === undefined) return '还没有签到过，没有可补的';
    if (missed < 0) return '今天已签到，昨天的不能再补';
    return missed === 0 ? '昨天已签到，没有可补的' : `漏签 ${missed} 天，只能补 1 天`;
  },
  goesOn: ({ n }) => `昨天是本轮第 ${n} 天，补上也不会接着算`,
  notMadeUp: ({ ok }) => (ok ? '本轮还没有补签过' : '本轮已补签过 1/1 次'),
  time: ({ n }) => `第 ${n} 次`,
  stepNotGivenYet: ({ n }) => `第 ${n} 次的奖品改期前已给过`,
  password: () => '口令不对',
  batch: ({ batch }) => `批次 ${batch}`,
  codeChecksum: () => '校验位正确',
  codeKnown: () => '码存在',
  codeActive: () => '码已启用',
  codeUnused: ({ usedAt }) => (usedAt === undefined ? '码未使用' : `码已在 ${beijingText(usedAt)} 使用`),
  quizOpen: ({ step }) => (step === 0 ? '题目到时才抽' : `第 ${step} 题，答对与否到时才知道`),
  quizTries: ({ used, max }) => `今日已答 ${used}/${max} 次`,
  answer: ({ ok, step, isLate }) => (isLate ? '超时' : `第 ${step} 题${ok ? '答对' : '答错'}`),
  givenNow: ({ prize }) => `「${prize}」现在不发`,
  unlocked: ({ prize, used, max }) => `「${prize}」抽过 ${used}/${max} 次后才能中`,
  spentEnough: ({ prize, needed }) => `「${prize}」消费未达到 ${showFen(needed)}`,
  slotsLeft: () => '本场红包已抢完',
  drawn: ({ prize, weight, of }) => `抽中「${prize}」，概率 ${((weight / of) * 100).toFixed(2)}%`,
  stillThere: ({ prize, instead }) => `「${prize}」已没有，改为「${instead}」`,
  deliverable: ({ prize, instead }) => `微信支付不能把「${prize}」发给本人，改发「${instead}」`,
  undoneDraw: () => '订单退款，少算一次抽奖',
  undoneTime: () => '订单退款，少算一次',
  undoneEarned: ({ wallet, amount }) => `订单退款，收回「${wallet}」${amount} 个`,
  undoneStreak: () => '订单退款，连续的天数作废',
  sentByHand: ({ batch }) => `手动发放，批次 ${batch}`,
  repaired: ({ billNo }) => `账本修复，单号 ${billNo}`,
  prose: ({ text }) => text,
} satisfies CheckWords;

export const zh: CheckLanguage = { limits: LIMITS, checks: CHECKS };
