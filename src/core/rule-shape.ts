// The language of the rule files, key by key, as shapes. What a value means by itself is judged here; how values fit
// together is judged in `rule-file.ts`. Pure.
import { type Fen, fen } from './money.ts';
import { PLACEHOLDERS, placeholdersOf } from './reply.ts';
import { ONCE, OUTCOMES, REFUSALS, type ReplyTemplate, type TestAction } from './rule.ts';
import { LATER, oneTrigger, triggers, yesOrNothing } from './rule-trigger.ts';
import {
  byKind,
  choice,
  clockRange,
  convert,
  count,
  dateTime,
  duration,
  flag,
  type JsonSchema,
  list,
  located,
  mapOf,
  money,
  moneyRange,
  name,
  named,
  object,
  oneOrMany,
  optional,
  orBare,
  orNull,
  percent,
  required,
  type Say,
  type Shape,
  type ShapeOf,
  slug,
  suggest,
  text,
  url,
  weight,
  yes,
} from './shape.ts';
import { WEEKDAYS } from './time.ts';

/** WeChat: the content of a text reply. */
const REPLY_BYTES = 2048;

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
export type Scene = keyof typeof SCENES;

/** Lengths of the words on a packet, in bytes of UTF-8 (reference: sendredpack). */
export const PACKET_BYTES = { sendName: 32, actName: 32, wishing: 128, remark: 256 } as const;

// ── Replies (回复) ────────────────────────────────────────────────────────────────────────────────────────────

/** A text with `{{placeholders}}`, all of them known. */
function template(what: string, bytes: number): Shape<string> {
  return text({ what, bytes, check: sayPlaceholders });
}

function sayPlaceholders(written: string, say: Say): void {
  for (const word of placeholdersOf(written)) {
    const isKnown = (PLACEHOLDERS as readonly string[]).includes(word);
    if (!isKnown) say(`unknown placeholder {{${word}}}${suggest(word, PLACEHOLDERS)}`);
  }
  const rest = written.replace(/\{\{[^{}]*\}\}/g, '');
  if (/\{\{|\}\}/.test(rest)) say('a placeholder is written {{amount}}, with two braces on both sides');
}

const news = object('news', {
  title: required(template('a title', 192), '标题'),
  description: optional(template('a description', 1024), '描述'),
  picUrl: optional(url(), '图片地址'),
  url: required(url(), '点开的地址'),
});

const replyKinds = object(
  'a reply',
  {
    text: optional(template('a reply', REPLY_BYTES), '文字'),
    image: optional(text({ what: 'a media id', oneLine: true }), '永久素材的 media_id'),
    news: optional(news, '图文'),
    transfer: optional(orBare(true, text({ what: 'an account of customer service', oneLine: true })), '转人工客服'),
  },
  { oneOf: ['text', 'image', 'news', 'transfer'] },
);

const replyText = template('a reply', REPLY_BYTES);
const plainReply: Shape<ReplyTemplate> = {
  ...replyText,
  read(node, reader) {
    const written = replyText.read(node, reader);
    return written === undefined ? undefined : { kind: 'text', text: written };
  },
};

const anyReply: Shape<ReplyTemplate> = byKind('a text or one of { text, image, news, transfer }', {
  scalar: plainReply,
  map: convert(replyKinds, (kinds): ReplyTemplate | undefined => {
    if (kinds.text !== undefined) return { kind: 'text', text: kinds.text };
    if (kinds.image !== undefined) return { kind: 'image', mediaId: kinds.image };
    if (kinds.news !== undefined) return { kind: 'news', description: '', picUrl: '', ...kinds.news };
    return { kind: 'transfer', ...(typeof kinds.transfer === 'string' && { agent: kinds.transfer }) };
  }),
});

const reply = named('reply', anyReply);

// ── Tests (测试) ──────────────────────────────────────────────────────────────────────────────────────────────

const ACTIONS = ['subscribe', 'unsubscribe', 'scan', 'text', 'click', 'view', 'image', 'voice', 'location'] as const;

const subscribed = byKind('true or { scene: … }', {
  scalar: text({ what: 'a scene', oneLine: true }),
  map: convert(object('subscribe', { scene: optional(text({ what: 'a scene' })) }), ({ scene }) => scene ?? ''),
});

const testEvent = object(
  'an event',
  {
    at: required(located(dateTime()), '北京时间'),
    user: required(name('a user'), '随便起的名字；同名就是同一个人'),
    subscribe: optional(orBare('', subscribed), '关注；{ scene: … } 表示扫码关注'),
    unsubscribe: optional(yesOrNothing()),
    scan: optional(text({ what: 'a scene', oneLine: true }), '已关注者扫码'),
    text: optional(text({ what: 'a text' })),
    click: optional(text({ what: 'a menu key', oneLine: true })),
    view: optional(text({ what: 'an address', oneLine: true })),
    image: optional(yesOrNothing()),
    voice: optional(yesOrNothing()),
    location: optional(yesOrNothing()),
    expect: optional(
      object('expect', {
        rule: optional(located(name('a rule id')), '由哪条规则回答'),
        prize: optional(located(name('a prize')), '得到哪个奖品'),
        pays: optional(money(), '红包金额'),
        refused: optional(choice('a refusal', REFUSALS), '拒绝的原因'),
        reply: optional(orNull(text({ what: 'a reply' })), '回复的全文；~ 表示不回复'),
      }),
      '只比较写出来的',
    ),
  },
  { oneOf: ACTIONS, later: LATER },
);

/** What the follower does, out of the one action key that is there. */
export function actionOf(
  event: { readonly [K in (typeof ACTIONS)[number]]?: string | true | undefined },
): TestAction | undefined {
  const kind = ACTIONS.find(action => event[action] !== undefined);
  const value = String(event[kind ?? 'text'] ?? '');
  switch (kind) {
    case 'subscribe':
      return value === '' ? { kind } : { kind, scene: value };
    case 'scan':
      return { kind, scene: value };
    case 'text':
      return { kind, text: value };
    case 'click':
      return { kind, button: value };
    case 'view':
      return { kind, url: value };
    default:
      return kind && { kind };
  }
}

const test = object('a test', {
  name: required(text({ what: 'a name', oneLine: true }), '这个测试说明什么'),
  draw: optional(located(name('a prize')), '指定抽中的奖品'),
  events: required(list(located(testEvent), 'a list of events'), '按时间先后'),
  budgetLeft: optional(money(), '最后预算还剩多少'),
});

// ── The file (活动) ───────────────────────────────────────────────────────────────────────────────────────────

const MINIMUM: Fen = fen(1);
const someMoney = located(money({ min: MINIMUM }));

const prize = object(
  'a prize',
  {
    redpacket: optional(located(moneyRange()), '红包金额：¥1.00，或区间 ¥1.20..¥2.80'),
    nothing: optional(yes(), '没有中奖'),
    weight: optional(located(weight()), '权重，默认 1'),
    stock: optional(count(), '整个活动一共几个'),
    perUser: optional(count(), '每人最多几个'),
    shares: optional(located(count({ min: 3, max: 20 })), '裂变红包分几份（微信已停止新申请，不建议使用）'),
  },
  { oneOf: ['redpacket', 'nothing'] },
);

const rule = object(
  'a rule',
  {
    id: required(located(name('an id')), '规则名，文件内唯一'),
    on: required(triggers, '什么事件触发；第一条匹配的规则生效'),
    who: optional(
      located(
        object('who', {
          followedFor: optional(duration(), '至少关注多久'),
          firstFollow: optional(flag(), '从未取消过关注'),
        }),
      ),
      '谁可以领',
    ),
    once: optional(located(choice('once', ONCE)), '多久算同一次：ever（默认）、perDay、perWeek、perMonth、perEvent'),
    give: optional(located(oneOrMany(located(name('a prize')))), '给什么：一个必得，几个按权重抽'),
    reply: optional(located(reply), '不给奖品时的回复'),
    replies: optional(located(repliesShape()), '每种结果的回复；没写的用默认文案'),
  },
  { later: ['when'] },
);

function repliesShape() {
  type Field = ReturnType<typeof optional<ReplyTemplate>>;
  const fields = Object.fromEntries(OUTCOMES.map(outcome => [outcome, optional(reply)]));
  return object('replies', fields as Record<(typeof OUTCOMES)[number], Field>);
}

/** A whole rule file. */
export const ruleFile = object('a campaign', {
  campaign: required(located(slug('an id')), '活动编号，全局唯一：a-z 0-9 -'),
  name: required(located(text({ what: 'a name', oneLine: true, bytes: 256 })), '活动名称'),
  account: optional(located(name('an account')), '公众号在 bot.yaml 里的名字；只有一个时可省略'),
  period: required(
    object('period', {
      from: required(located(dateTime()), '开始（含），北京时间'),
      to: required(located(dateTime({ endsDay: true })), '结束（不含）；只写日期表示到当天 24:00'),
      hours: optional(oneOrMany(clockRange()), '每天的时段'),
      weekdays: optional(oneOrMany(choice('a weekday', WEEKDAYS)), '星期几'),
    }),
    '活动时间',
  ),
  budget: optional(
    object('budget', {
      total: required(someMoney, '总预算'),
      perDay: optional(someMoney, '每天最多'),
      packets: optional(located(count()), '红包总数'),
      packetsPerDay: optional(located(count()), '每天红包数'),
      alertAt: optional(oneOrMany(percent()), '用到几成时提醒'),
    }),
    '预算；发红包必须有',
  ),
  limits: optional(
    object('limits', {
      perUser: required(
        object('perUser', {
          total: optional(count(), '每人总共参与次数'),
          perDay: optional(count(), '每人每天参与次数'),
          amountPerDay: optional(money({ min: MINIMUM }), '每人每天金额'),
          gap: optional(duration(), '两次之间至少隔多久'),
        }),
        '每人',
      ),
    }),
    '限制',
  ),
  packet: optional(
    located(
      object('packet', {
        sendName: optional(packetText('sendName'), '红包上的发送者'),
        actName: optional(packetText('actName'), '活动名，默认同 name'),
        wishing: optional(packetText('wishing'), '祝福语，默认 恭喜发财'),
        remark: optional(packetText('remark'), '备注，默认同 name'),
        scene: optional(choice('a scene', Object.keys(SCENES) as Scene[]), '小于 ¥1.00 或大于 ¥200.00 时必填'),
      }),
    ),
    '红包上的字；发红包必须有',
  ),
  unclaimed: optional(
    choice('unclaimed', ['return', 'reoffer']),
    '24 小时没领的红包：return 回到预算（默认），reoffer 再发给本人一次',
  ),
  prizes: optional(mapOf('prizes', name('a prize'), prize), '奖品'),
  rules: required(list(located(rule), 'a list of rules'), '规则，从上往下第一条匹配的生效'),
  tests: optional(list(located(test), 'a list of tests', 0), '测试；不通过的文件不会上线'),
});

function packetText(field: keyof typeof PACKET_BYTES): Shape<string> {
  return text({ what: field, bytes: PACKET_BYTES[field], oneLine: true });
}

export type RuleFile = ShapeOf<typeof ruleFile>;

/** The JSON Schema of a rule file, for editors: `rules/schema.json`. */
export function ruleSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'hongbao-bot 活动规则',
    ...ruleFile.schema(),
    definitions: { trigger: oneTrigger.schema(), reply: anyReply.schema() },
  };
}
