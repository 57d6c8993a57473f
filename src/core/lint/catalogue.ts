// Every warning there is: its id, how grave it is unless somebody says otherwise, and the rule it rests on. An id is for
// ever: bot.yaml and rule files switch warnings by it.
import type { Finding } from '../base/error.ts';
import type { Fen } from '../base/money.ts';

/** `error`: the file does not go live. */
export const SEVERITIES = ['error', 'warning', 'off'] as const;
export type Severity = (typeof SEVERITIES)[number];

type Kind = { readonly severity: Severity; readonly basis: string };

function warned(basis: string): Kind {
  return { severity: 'warning', basis };
}
function forbidden(basis: string): Kind {
  return { severity: 'error', basis };
}
/** True, and seldom a mistake: for who asks for it. */
function asked(basis: string): Kind {
  return { severity: 'off', basis };
}

const SUMS = '本文件的预算、限额和奖品';
const LIMITS = '本文件的限额';
const ORDER = '规则从上往下问，文件按名字的顺序问，第一个说了算';
const TEXTS = '本文件的回复';
const FOLLOW = '微信公众平台运营规范：诱导关注';
const SHARE = '微信外部链接内容管理规范 2.1.2：诱导分享';
const DRAWS = '反不正当竞争法、规范促销行为暂行规定：有奖销售';
const SENDING = '微信支付 发放红包接口';
const SPEAKING = '微信客服消息：用户发消息后 48 小时内 5 条，关注、扫码、点菜单后 1 分钟内 3 条';

export const LINTS = {
  // Money
  'budget-left-over': warned(SUMS),
  'budget-ends-early': asked(SUMS),
  'no-day-budget': warned(SUMS),
  'budget-first-hours': warned(SUMS),
  'packets-beyond-budget': warned(SUMS),
  'stock-above-budget': warned(`${DRAWS}，公布的奖品数量要能兑现`),
  'unlimited-per-user': forbidden(SUMS),
  'alert-missing': warned(SUMS),
  'pace-too-slow': warned(SUMS),
  'payout-queue': warned(`${SENDING}：默认每秒 30 个`),
  'merchant-day-cap': warned(`${SENDING}：商户每天的总额，默认 ¥1000000.00`),
  'user-day-cap': warned(`${SENDING}：同一用户每天 10 个、¥1000.00`),
  'prize-unwinnable': warned(SUMS),
  'prize-unlikely': warned(SUMS),
  'follows-again': warned('取消关注再关注，是又一次关注'),
  'refund-at-once': warned('订单可以退款，发出的红包追不回来；付款、领红包、退款可以没完没了'),
  'refund-too-late': asked('订单可以退款，发出的红包追不回来'),
  'group-packet': warned('微信支付 裂变红包：2024-06-05 起不再维护'),
  'scene-not-needed': warned(`${SENDING}：商家红包账号传 scene_id 会失败`),
  'act-name-long': warned(`${SENDING}：act_name 超过 10 个字会被拒绝（实测）`),
  // Limits
  'limit-shadowed': warned(LIMITS),
  'limit-without-effect': warned(LIMITS),
  'wallet-unused': warned(LIMITS),
  'once-too-seldom': warned('once 默认 ever：每人一辈子一次'),
  // Reach
  'rule-unreachable': warned(ORDER),
  'keyword-conflict': warned(ORDER),
  'follow-not-proven': warned('活动页、付款、好友的事不说明本人是否关注；要问微信（获取用户基本信息）'),
  'same-event': warned(ORDER),
  'built-in-word': warned('机器人自己回答的文字：我的红包、我的奖品、查红包'),
  'keyword-marks': warned('关键词完全相同才算；标点是词的一部分'),
  'once-per-rule': warned('once 按规则各数各的'),
  'last-minute': warned('结束的那一刻不含在内；一天的结束写 24:00'),
  'not-live': warned('mode: draft 的文件不上线'),
  'period-over': warned('本文件的活动时间'),
  'no-tests': warned('发钱的文件上线前要有测试'),
  // Beside what is live
  'live-change': warned('上线的活动改了：已经领过、数过的都算数'),
  // Texts
  'reply-too-long': warned('微信被动回复：文字最多 2048 字节'),
  'reply-never-said': warned(TEXTS),
  'reply-by-default': asked(TEXTS),
  'reply-may-not-arrive': warned(SPEAKING),
  'placeholder-empty': warned(TEXTS),
  // What WeChat and the law forbid
  'induce-follow': warned(FOLLOW),
  'follow-gift-announced': warned(FOLLOW),
  'induce-share': warned(SHARE),
  'pays-for-followers': warned(`${FOLLOW}；${SHARE}`),
  'red-packet-not-cash': warned('微信公众平台关于红包的公告（2016）：不是现金的不叫红包'),
  'lottery-words': warned('微信公众平台运营规范：赌博、彩票类内容；刑法、彩票管理条例'),
  'sure-win-false': warned('反不正当竞争法：虚假宣传'),
  'no-public-rules': warned(`${DRAWS}信息要明确；微信公众平台运营规范`),
  'no-odds': warned(`${DRAWS}要公布奖品数量或者中奖概率`),
  'top-prize': warned('反不正当竞争法：抽奖式有奖销售，最高奖不超过 ¥50000.00'),
  'final-say': warned(
    '侵害消费者权益行为处罚办法（2015-03-15）第十二条；规范促销行为暂行规定（2020-12-01）：不得以最终解释权排除消费者权利',
  ),
  'terms-differ': warned('反不正当竞争法、规范促销行为暂行规定（2020-12-01）：公布的奖品要与实际一致'),
  'winners-shown': warned('规范促销行为暂行规定（2020-12-01）：现场即时开奖，超过 ¥500.00 的要随时公布中奖情况'),
  'tax-on-winnings': asked(
    '财政部 税务总局公告 2019 年第 74 号第三条（2019-01-01 起）、税总函〔2015〕409 号：偶然所得 20 %，由发放的企业代扣代缴',
  ),
  'personal-data': warned(
    '个人信息保护法（2021-11-01）第十四、十七条：收集前要告知目的、保存多久，并取得同意；微信公众平台运营规范 4.16',
  ),
  // About the comments that switch warnings off
  'lint-off-unknown': warned('# lint-off: 编号 原因'),
  'lint-off-no-reason': warned('# lint-off: 编号 原因'),
  'lint-off-unused': warned('# lint-off: 编号 原因'),
  'lint-off-refused': warned('bot.yaml 的 lint 设成 error 的，文件里不能关'),
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
  readonly basis: string;
  /** What may be written instead. */
  readonly advice?: string;
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
