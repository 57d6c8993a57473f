// The language of the rule files, key by key, as shapes. What a value means by itself is judged here; how values fit
// together is judged in `check/file.ts`.

import type { OpenId } from '../../base/event.ts';
import { type Fen, fen } from '../../base/money.ts';
import { keysOf } from '../../base/record.ts';
import { WEEKDAYS } from '../../base/time.ts';
import { t } from '../../base/words/words.ts';
import {
  byKind,
  choice,
  clock,
  clockRange,
  count,
  csvFile,
  dateTime,
  duration,
  flag,
  type Located,
  list,
  located,
  mapOf,
  money,
  name,
  type ObjectOf,
  object,
  oneOrMany,
  openId,
  optional,
  orNull,
  pairs,
  percent,
  required,
  type Shape,
  slug,
  text,
  wrapped,
  yes,
} from '../../yaml/schema.ts';
import { MODES } from '../campaign.ts';
import { renaming } from './names.ts';
import { prizes } from './prize.ts';

/** What WeChat Pay wants to be told when an amount leaves the usual range (场景). */
export const SCENES = {
  PRODUCT_1: '商品促销',
  PRODUCT_2: '抽奖',
  PRODUCT_3: '虚拟物品兑奖',
  PRODUCT_4: '企业内部福利',
  PRODUCT_5: '渠道分润',
  PRODUCT_6: '保险回馈',
  PRODUCT_7: '彩票派奖',
  PRODUCT_8: '税务刮奖',
} as const;

/** Lengths of the words on a packet, in bytes of UTF-8 (reference: sendredpack). */
export const PACKET_BYTES = { sendName: 32, actName: 32, wishing: 128, remark: 256 } as const;

const MINIMUM: Fen = fen(1);
const someMoney = located(money({ min: MINIMUM }));

const WEEKDAYS_MEANT = {
  mon: /^(?:monday|1|(?:周|星期|礼拜)一)$/iu,
  tue: /^(?:tuesday|2|(?:周|星期|礼拜)二)$/iu,
  wed: /^(?:wednesday|3|(?:周|星期|礼拜)三)$/iu,
  thu: /^(?:thursday|4|(?:周|星期|礼拜)四)$/iu,
  fri: /^(?:friday|5|(?:周|星期|礼拜)五)$/iu,
  sat: /^(?:saturday|6|(?:周|星期|礼拜)六)$/iu,
  sun: /^(?:sunday|0|7|(?:周|星期|礼拜)[日天])$/iu,
} as const;
const MODES_MEANT = {
  live: /^(?:on|online|true|active|production|上线|正式|开启)$/iu,
  draft: /^(?:草稿|下线|未上线)$/u,
  rehearse: /^(?:test|testing|测试|彩排|试运行)$/iu,
  paused: /^(?:off|pause|stop|stopped|暂停|停止|关闭)$/iu,
} as const;

const period = object(
  'period',
  {
    from: required(located(dateTime()), '开始（含），北京时间'),
    to: required(located(dateTime({ endsDay: true })), '结束（不含）；只写日期表示到当天 24:00'),
    hours: optional(oneOrMany(clockRange()), '每天的时段'),
    weekdays: optional(oneOrMany(choice(t`a weekday`, WEEKDAYS, WEEKDAYS_MEANT)), '星期几'),
    dayStartsAt: optional(clock(), '一天从几点算起，默认 "00:00"'),
  },
  { example: 'period: { from: 2026-02-10, to: 2026-02-24 }' },
);

const budget = object(
  'budget',
  {
    total: required(someMoney, '总预算'),
    perDay: optional(someMoney, '每天最多'),
    packets: optional(located(count()), '红包总数'),
    packetsPerDay: optional(located(count()), '每天红包数'),
    alertAt: optional(oneOrMany(percent()), '用到几成时提醒'),
    pace: optional(
      object(
        'pace',
        {
          perHour: required(count(), '每小时几个红包'),
          carryOver: optional(flag(), '没发完的顺延到当天后面的小时，默认 false'),
        },
        { example: 'pace: { perHour: 40 }' },
      ),
      '放量节奏',
    ),
  },
  { example: 'budget: { total: ¥100.00 }' },
);

const limits = object(
  'limits',
  {
    perUser: optional(
      object(
        'perUser',
        {
          total: optional(count(), '每人总共参与次数'),
          perDay: optional(count(), '每人每天参与次数'),
          perMonth: optional(count(), '每人每月参与次数'),
          perRound: optional(located(count()), '每人每场参与次数'),
          wins: optional(count(), '每人总共中奖次数'),
          amountPerDay: optional(money({ min: MINIMUM }), '每人每天金额'),
          gap: optional(duration(), '两次之间至少隔多久'),
        },
        { example: 'perUser: { total: 1 }' },
      ),
      '每人',
    ),
    perScene: optional(
      object('perScene', {
        perDay: optional(count(), '每个场景（门店）每天红包数'),
        amountPerDay: optional(money({ min: MINIMUM }), '每个场景每天金额'),
        perUser: optional(count(), '每人在一个场景参与次数'),
      }),
      '每个场景（门店）',
    ),
    perMinute: optional(count(), '所有人每分钟参与次数'),
  },
  { notEmpty: true },
);

/** Many openids: in a file, or here. */
type People = { readonly list: Located<string> } | { readonly openIds: readonly Located<OpenId>[] };
const people = byKind<People>(t`a CSV file such as staff.csv or a list of openids`, {
  scalar: wrapped(located(csvFile()), file => ({ list: file })),
  list: wrapped(list(located(openId()), t`a list of openids`), openIds => ({ openIds })),
});

const wallet = object(t`a wallet`, {
  freePerDay: optional(count(), '每人每天白送几个，当天有效'),
  earnPerDay: optional(count(), '每人每天最多得几个'),
  spendPerDay: optional(count(), '每人每天最多花几个'),
  ...renaming(name(t`a wallet`)),
});

const round = object(t`a round`, {
  name: required(located(name(t`a name`)), '场次名'),
  at: required(located(dateTime()), '开始，北京时间'),
  lasts: required(located(duration()), '持续多久'),
  packets: required(located(count({ max: 100_000 })), '红包个数'),
  total: required(someMoney, '总额，恰好分完'),
  ...renaming(name(t`a name`)),
});

function packetText(field: keyof typeof PACKET_BYTES): Shape<string> {
  return text({ what: field, bytes: PACKET_BYTES[field], oneLine: true });
}
const packet = object(
  'packet',
  {
    sendName: optional(packetText('sendName'), '红包上的发送者'),
    actName: optional(packetText('actName'), '活动名，默认同 name'),
    wishing: optional(packetText('wishing'), '祝福语，默认 恭喜发财'),
    remark: optional(packetText('remark'), '备注，默认同 name'),
    scene: optional(choice(t`a scene`, keysOf(SCENES)), '小于 ¥1.00 或大于 ¥200.00 时必填'),
  },
  { example: 'packet: { sendName: … }' },
);

const page = object(
  'page',
  {
    color: optional(text({ what: t`a colour such as "#d9412b"`, pattern: /^#[0-9a-fA-F]{6}$/ }), '主色，如 "#d9412b"'),
    title: optional(text({ what: t`a title`, oneLine: true, bytes: 90 }), '标题，默认同 name'),
    intro: optional(text({ what: t`an introduction`, bytes: 600 }), '标题下的一句话'),
    cover: optional(
      text({ what: t`the https address of a picture`, pattern: /^https:\/\/[^\s"'<>]{1,500}$/ }),
      '标题上方的图片，https 地址',
    ),
    organiser: optional(text({ what: t`an organiser`, oneLine: true, bytes: 120 }), '页脚的主办方'),
    contact: optional(text({ what: t`a contact`, oneLine: true, bytes: 120 }), '页脚的咨询方式，如客服电话'),
  },
  { notEmpty: true },
);

/** Each is told one by one. */
const DRAWN_MAX = 5000;
const draw = object(t`a draw`, {
  at: required(located(dateTime()), '什么时候开奖，北京时间'),
  winners: required(
    pairs(
      t`how many of each prize such as { 一等奖: 1, 二等奖: 10 }`,
      name(t`a prize`),
      located(count({ max: DRAWN_MAX })),
    ),
    '奖品 → 几个，先写的先抽',
  ),
});

/** Room for the question around it. */
const CONSENT_BYTES = 900;
const shipping = object(t`shipping`, {
  consent: required(
    text({ what: t`what winners agree to`, bytes: CONSENT_BYTES }),
    '收集收件信息前给中奖人看的话：谁收集、收集什么、做什么用、什么时候删除',
  ),
  keep: required(duration(), '收件信息保留多久，如 90d；到期自动删除'),
});

/** A rule file but for its rules and tests. */
export const fileFields = {
  campaign: required(located(slug(t`an id`)), '活动编号，全局唯一：a-z 0-9 -'),
  ...renaming(slug(t`an id`)),
  name: required(located(text({ what: t`a name`, oneLine: true, bytes: 256 })), '活动名称'),
  account: optional(located(name(t`an account`)), '公众号在 bot.yaml 里的名字；只有一个时可省略'),
  mode: optional(
    located(choice('mode', MODES, MODES_MEANT)),
    'live 上线（默认）、draft 草稿、rehearse 彩排（只对 testers）、shadow 影子（只判定和记录，不回复不发钱）、paused 暂停（照常回答，什么也不给）',
  ),
  alongside: optional(
    yes(),
    'true：和别的活动并行：同一件事两个活动都回答，各领各的，回复合在一起；不写就是先匹配的那个活动回答',
  ),
  testers: optional(located(people), '彩排名单：openid 列表或 CSV'),
  period: required(period, '活动时间'),
  budget: optional(budget, '预算；发红包必须有'),
  limits: optional(limits, '限制'),
  segments: optional(mapOf('segments', name(t`a segment`), people), '人群：名字 → CSV（第一列 openid）或 openid 列表'),
  profiles: optional(located(csvFile()), '会员资料 CSV：第一列 openid，别的列（等级、积分、生日……）在 when 里用'),
  stores: optional(located(csvFile()), '门店 CSV：scene,name,hours；别的场景不能参加'),
  wallets: optional(mapOf('wallets', name(t`a wallet`), orNull(wallet)), '钱包：机会、积分……'),
  rounds: optional(list(located(round), t`a list of rounds`), '红包雨场次，按时间先后'),
  draws: optional(mapOf('draws', name(t`a draw`), draw), '开奖：到时间从有抽奖号的人里抽'),
  packet: optional(located(packet), '红包上的字；发红包必须有'),
  shipping: optional(located(shipping), '实物奖品的收件信息：{ consent, keep }；发实物必须有'),
  page: optional(page, '活动页（H5）的样子'),
  unclaimed: optional(
    choice('unclaimed', ['return', 'reoffer']),
    '24 小时没领的红包：return 回到预算（默认），reoffer 再发给本人一次',
  ),
  prizes: optional(prizes, '奖品'),
} as const;

export type ReadFile = ObjectOf<typeof fileFields>;
export type ReadPrize = NonNullable<ReadFile['prizes']> extends ReadonlyMap<string, infer P> ? P : never;
export type ReadPeople = People;
