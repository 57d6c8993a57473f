// Prizes (奖品) in a rule file, as shapes.

import { type Fen, fen } from '../../base/money.ts';
import { t, type Wording } from '../../base/words/words.ts';
import {
  byKind,
  clockRange,
  convert,
  count,
  csvFile,
  dateTime,
  located,
  mapOf,
  money,
  moneyRange,
  name,
  object,
  oneOrMany,
  optional,
  pairs,
  required,
  type ShapeOf,
  text,
  weight,
  wrapped,
  yes,
} from '../../yaml/schema.ts';
import type { Prize } from '../campaign.ts';
import { renaming } from './names.ts';
import { reply } from './reply.ts';

/** Words that mean something else where a prize's name stands. */
const RESERVED: Readonly<Record<string, Wording>> = {
  progress: t`what a claim is called that only counts`,
  assigned: t`the prize a code was printed with`,
};

const prizeName = convert(name(t`a prize`), (word, say) => {
  if (Object.hasOwn(RESERVED, word)) say(t`"${word}" is ${RESERVED[word]}; give the prize another name`);
  return word;
});

const someMoney = money({ min: fen(1) });

const byWhatWasPaid = pairs(t`steps such as { ¥50.00: ¥2.00, ¥100.00: ¥5.00 }`, money(), located(someMoney));

type Range = ShapeOf<ReturnType<typeof moneyRange>>;
/** One of the three is there. */
type Worth = { readonly range?: Range; readonly split?: Range; readonly steps?: ShapeOf<typeof byWhatWasPaid> };

const worthKinds = object(
  t`a red packet`,
  {
    steps: optional(byWhatWasPaid, '按消费金额分档：消费满多少，返多少'),
    split: optional(moneyRange(), '红包雨：把一场的总额恰好分完，每个在这个区间里'),
  },
  { oneOf: ['steps', 'split'] },
);

const redpacket = byKind<Worth>(t`an amount such as ¥1.00 or ¥1.20..¥2.80, { steps: … } or { split: … }`, {
  scalar: wrapped(moneyRange(), range => ({ range })),
  map: worthKinds,
});

const voucher = object(t`a voucher`, {
  stock: required(text({ what: t`the number of its stock (批次号)`, pattern: /^\d{1,20}$/ })),
  value: required(located(someMoney), '一张最多让商家花多少：计入预算'),
  over: optional(someMoney, '满多少可用，写给粉丝看'),
  creator: optional(text({ what: t`a merchant number`, pattern: /^\d{8,10}$/ }), '创建批次的商户号，默认自己'),
});

const thing = { what: t`what it is, such as 保温杯`, oneLine: true, bytes: 128 } as const;
type WrittenGoods = { readonly what: string; readonly value?: Fen };
const goods = byKind<WrittenGoods>(t`what it is, such as 保温杯, or { what: 保温杯, value: ¥99.00 }`, {
  scalar: wrapped(text(thing), what => ({ what })),
  map: object(t`goods`, {
    what: required(text(thing), '是什么'),
    value: optional(someMoney, '值多少：写进活动规则，不计入预算'),
  }),
});

const window = object(
  t`a window`,
  {
    from: optional(located(dateTime()), '开始（含），北京时间'),
    to: optional(located(dateTime({ endsDay: true })), '结束（不含）'),
    hours: optional(located(oneOrMany(clockRange())), '每天的时段'),
  },
  { notEmpty: true },
);

const purse = pairs(t`wallets such as { 敬业福: 1 }`, name(t`a wallet`), count());

/** What it is: exactly one of them is there. */
const kinds = {
  redpacket: optional(located(redpacket), '红包金额：¥1.00、区间 ¥1.20..¥2.80、分档 steps 或红包雨 split'),
  voucher: optional(voucher, '微信支付代金券：{ stock: "批次号", value: ¥5.00 }'),
  coupon: optional(located(csvFile()), '券码：CSV 文件，第一列，一行一个，每个只发一次'),
  text: optional(text({ what: t`a link or a code`, oneLine: true, bytes: 512 }), '大家一样的链接或兑换码'),
  goods: optional(located(goods), '实物：保温杯，或 { what: 保温杯, value: ¥99.00 }；要写 shipping'),
  earn: optional(located(purse), '往钱包里加：{ 敬业福: 1 }，集卡、送积分、送机会'),
  nothing: optional(yes(), '没有中奖'),
} satisfies Record<Prize['kind'], unknown>;

const prize = object(
  t`a prize`,
  {
    ...kinds,
    column: optional(located(text({ what: t`the name of a column`, oneLine: true })), '券码在哪一列：第一行里的名字'),
    weight: optional(located(weight()), '权重，默认 1'),
    stock: optional(located(count()), '整个活动一共几个'),
    perDay: optional(located(count()), '每天最多几个'),
    perUser: optional(located(count()), '每人最多几个'),
    unlockAfter: optional(located(count()), '在本活动里抽过几次以后才能中'),
    window: optional(window, '只在这段时间里能中'),
    fallback: optional(located(yes()), '抽中的奖品没有了，就给这个；不能值钱'),
    fallbackTo: optional(located(name(t`a prize`)), '微信支付不能把它发给本人时改发哪个奖品：不比它贵'),
    reply: optional(reply, '给了这个奖品时的回复，代替规则的 won、nothing'),
    ...renaming(prizeName),
    shares: optional(located(count({ min: 3, max: 20 })), '裂变红包分几份（微信已停止新申请，不建议使用）'),
  },
  { oneOf: Object.keys(kinds) },
);

export const prizes = mapOf('prizes', prizeName, prize);
