// Tests (测试) in a rule file: made-up followers, what they do, and what must come of it. As shapes, and as what they are
// turned into.

import { type Fen, fen } from '../../base/money.ts';
import { t, type Wording } from '../../base/words/words.ts';
import { yesOrNothing } from '../../triggers/trigger.ts';
import {
  byKind,
  choice,
  count,
  dateTime,
  flag,
  type Located,
  list,
  located,
  money,
  name,
  object,
  oneOrMany,
  optional,
  orBare,
  orNull,
  pairs,
  required,
  type Shape,
  type ShapeOf,
  text,
  wrapped,
} from '../../yaml/schema.ts';
import { REFUSALS, REFUSED_DETAILS } from '../campaign.ts';
import type { RuleTest, RuleTestEvent, RuleTestExpect, TestAction, TestCode } from '../test.ts';

export const ACTIONS = [
  ...['subscribe', 'unsubscribe', 'scan', 'text', 'click', 'view', 'visit', 'paid', 'refunded'],
  ...['image', 'voice', 'location', 'scancode', 'drawn'],
] as const;

/** Tests are run whenever a file changes. */
const PEOPLE_MAX = 5000;

const oneLine = (what: Wording): Shape<string> => text({ what, oneLine: true });

type Subscribed = { readonly scene?: string; readonly invitedBy?: Located<string> };
const subscribed = byKind<Subscribed>(t`true, a scene or { scene: … }`, {
  scalar: wrapped(oneLine(t`a scene`), scene => ({ scene })),
  map: object(
    'subscribe',
    {
      scene: optional(oneLine(t`a scene`), '扫这个场景值的码来的'),
      invitedBy: optional(located(name(t`a user`)), '扫这个人的专属码来的'),
    },
    { notEmpty: true },
  ),
});

type Scanned = { readonly key?: string; readonly text?: string };
const scanned = byKind<Scanned>(t`a menu key, or { key: SCAN, text: … }`, {
  scalar: wrapped(oneLine(t`a menu key`), key => ({ key })),
  map: object(
    'scancode',
    {
      key: optional(oneLine(t`a menu key`), '按钮的 KEY'),
      text: optional(oneLine(t`what was scanned`), '扫到的内容'),
    },
    { notEmpty: true },
  ),
});

const cash = money({ min: fen(1) });
type Paid = { readonly amount: Fen; readonly order?: Located<string>; readonly attach?: string };
const paid = byKind<Paid>(t`an amount such as ¥60.00 or { amount: ¥60.00, order: A1 }`, {
  scalar: wrapped(cash, amount => ({ amount })),
  map: object('paid', {
    amount: required(cash, '实付金额'),
    order: optional(located(oneLine(t`an order`)), '订单号，退款时用'),
    attach: optional(oneLine(t`what the order carries`), '附加数据'),
  }),
});

const drawn = object('drawn', {
  draw: required(name(t`a draw`), '哪一场开奖'),
  prize: required(name(t`a prize`), '抽中哪个奖品'),
});

const outcome = {
  rule: optional(located(name(t`a rule id`)), '由哪条规则回答'),
  prize: optional(located(name(t`a prize`)), '得到哪个奖品；progress：只计数'),
  pays: optional(money(), '红包金额'),
  refused: optional(choice(t`a refusal`, [...REFUSALS, ...REFUSED_DETAILS]), '拒绝的原因'),
  reply: optional(orNull(text({ what: t`a reply` })), '回复的全文；~ 表示不回复'),
};

const expected = object('expect', {
  ...outcome,
  cancels: optional(money(), '收回多少还没发的红包'),
  inviter: optional(object('inviter', outcome), '邀请这个人的人得到什么'),
});

const event = object(
  t`an event`,
  {
    at: required(located(dateTime()), '北京时间'),
    user: required(name(t`a user`), '随便起的名字；同名就是同一个人'),
    people: optional(count({ min: 2, max: PEOPLE_MAX }), '这么多人各做一次：user-1、user-2……'),
    subscribe: optional(orBare(null, subscribed), '关注；{ scene: … } 表示扫码关注'),
    unsubscribe: optional(yesOrNothing()),
    scan: optional(oneLine(t`a scene`), '已关注者扫码'),
    text: optional(text({ what: t`a text` })),
    click: optional(oneLine(t`a menu key`)),
    view: optional(oneLine(t`an address`)),
    visit: optional(yesOrNothing(), '打开活动页参加'),
    paid: optional(paid, '付款：¥60.00 或 { amount, order, attach }'),
    refunded: optional(located(oneLine(t`an order`)), '这个订单退款了'),
    drawn: optional(located(drawn), '开奖抽中了：{ draw: 大奖, prize: 一等奖 }'),
    image: optional(yesOrNothing()),
    voice: optional(yesOrNothing()),
    location: optional(yesOrNothing()),
    scancode: optional(scanned, '用菜单的扫一扫：按钮的 KEY，或 { key: …, text: 扫到的内容 }'),
    expect: optional(expected, '只比较写出来的'),
  },
  { oneOf: ACTIONS },
);

const code = object(t`a code`, {
  batch: required(located(name(t`a batch`)), '批次'),
  prize: required(located(name(t`a prize`)), '印码时定下的奖品'),
  active: optional(flag(), '是否已启用，默认 true'),
});

export const test = object(t`a test`, {
  name: required(text({ what: t`a name`, oneLine: true }), '这个测试说明什么'),
  draw: optional(located(name(t`a prize`)), '指定抽中的奖品'),
  codes: optional(
    pairs(t`codes such as { 7K2MX9PQR4AB: { batch: spring, prize: a } }`, oneLine(t`a code`), code),
    '测试里有的一物一码',
  ),
  neverFollowed: optional(oneOrMany(located(name(t`a user`))), '这些人没有关注；没写的人当作早就关注了'),
  events: required(list(located(event), t`a list of events`), '按时间先后'),
  budgetLeft: optional(money(), '最后预算还剩多少'),
});

// ── What was read, as a test ─────────────────────────────────────────────────────────────────────────────────

type ReadTest = ShapeOf<typeof test>;
type ReadEvent = ReadTest['events'][number]['value'];
type ReadOutcome = NonNullable<NonNullable<ReadEvent['expect']>['inviter']>;

export function buildTest({ value: written, at }: Located<ReadTest>): RuleTest {
  const { draw, codes, neverFollowed, budgetLeft } = written;
  return {
    name: written.name,
    ...(draw && { draw: draw.value }),
    codes: new Map((codes ?? []).map(({ key, value }) => [key.value, codeOf(value)])),
    ...(neverFollowed && { neverFollowed: new Set(neverFollowed.map(({ value }) => value)) }),
    events: written.events.map(({ value: each, at: place }) => ({
      at: each.at.value,
      user: each.user,
      ...(each.people !== undefined && { people: each.people }),
      action: actionOf(each),
      expect: expectOf(each.expect),
      ...place,
    })),
    ...(budgetLeft !== undefined && { budgetLeft }),
    ...at,
  };
}

function codeOf({ batch, prize, active }: ShapeOf<typeof code>): TestCode {
  return { batch: batch.value, prize: prize.value, active: active ?? true };
}

/** Which button was tapped, where a test does not say: for rules that ask for what was scanned alone. */
const ANY_KEY = 'SCAN';

/** What the follower does, out of the one action key that is there: the shape demands exactly one. */
function actionOf(written: ReadEvent): TestAction {
  const { subscribe, scan, text: words, click, view, scancode, paid: bill, refunded } = written;
  if (subscribe !== undefined) {
    const { scene, invitedBy } = subscribe ?? {};
    return {
      kind: 'subscribe',
      ...(scene !== undefined && { scene }),
      ...(invitedBy && { invitedBy: invitedBy.value }),
    };
  }
  if (scan !== undefined) return { kind: 'scan', scene: scan };
  if (words !== undefined) return { kind: 'text', text: words };
  if (click !== undefined) return { kind: 'click', button: click };
  if (view !== undefined) return { kind: 'view', url: view };
  if (scancode) return { kind: 'scancode', button: scancode.key ?? ANY_KEY, result: scancode.text ?? '' };
  if (bill) {
    const { order, ...others } = bill;
    return { kind: 'paid', ...others, ...(order && { order: order.value }) };
  }
  if (refunded) return { kind: 'refunded', order: refunded.value };
  if (written.drawn) return { kind: 'drawn', ...written.drawn.value };
  const bare = (['unsubscribe', 'visit', 'image', 'voice', 'location'] as const).find(kind => written[kind]);
  return { kind: bare! };
}

function expectOf({ inviter, cancels, ...own }: NonNullable<ReadEvent['expect']> = {}): RuleTestEvent['expect'] {
  return {
    ...outcomeOf(own),
    ...(cancels !== undefined && { cancels }),
    ...(inviter && { inviter: outcomeOf(inviter) }),
  };
}

function outcomeOf({ rule, prize, ...others }: ReadOutcome): RuleTestExpect {
  return { ...others, ...(rule && { rule: rule.value }), ...(prize && { prize: prize.value }) };
}
