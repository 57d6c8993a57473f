// One rule (规则) of a rule file, as shapes: who gets what, when, and by which play (玩法). Pure.

import {
  byKind,
  choice,
  count,
  csvFile,
  duration,
  flag,
  type Located,
  located,
  name,
  object,
  oneOrMany,
  optional,
  pairs,
  passage,
  pattern,
  required,
  type ShapeOf,
  wrapped,
} from '../../yaml/schema.ts';
import { CANCELS, ONCE } from '../campaign.ts';
import { renaming } from './names.ts';
import { replies, reply } from './reply.ts';
import { triggers } from './trigger.ts';

const prizeNames = oneOrMany(located(name('a prize')));
const prizesByTime = pairs('prizes by time such as { 3: small, 7: [small, big] }', count({ max: 1000 }), prizeNames);

/** One of the three is there. */
type Give = {
  readonly names?: readonly Located<string>[];
  readonly assigned?: true;
  readonly byTime?: ShapeOf<typeof prizesByTime>;
};
const give = byKind<Give>('a prize, a list of prizes or { 3: a prize }', {
  scalar: wrapped(located(name('a prize')), only =>
    only.value === 'assigned' ? { assigned: true } : { names: [only] },
  ),
  list: wrapped(prizeNames, names => ({ names })),
  map: wrapped(prizesByTime, byTime => ({ byTime })),
});

const segments = oneOrMany(located(name('a segment')));
const who = object('who', {
  followedFor: optional(duration(), '至少关注多久'),
  firstFollow: optional(flag(), '从未取消过关注'),
  tags: optional(segments, '至少在其中一个人群里'),
  excludeTags: optional(segments, '不在其中任何一个人群里'),
});

const purse = pairs('wallets such as { 机会: 1 }', name('a wallet'), count());

const streak = object('streak', {
  cycle: required(count({ min: 2, max: 366 }), '几天一轮'),
  cycles: optional(count(), '每人最多几轮'),
});

const guess = object('guess', {
  looksLike: optional(pattern('a pattern'), '像口令的文字才算猜（RE2 语法）；一物一码不用写'),
  tries: required(count({ max: 1000 }), '最多猜错几次'),
  per: optional(duration(), '每多久重新计数；不写：每天'),
});

const quiz = object('quiz', {
  bank: required(located(csvFile()), '题库 CSV：question,A,B,C,D,answer'),
  questions: required(located(count({ max: 50 })), '每次几题'),
  pass: required(located(count({ max: 50 })), '答对几题算过'),
  time: required(duration(), '每题多少时间'),
  triesPerDay: required(count({ max: 50 }), '每人每天几次'),
});

export const rule = object('a rule', {
  id: required(located(name('an id')), '规则名，文件内唯一'),
  ...renaming(name('an id')),
  on: required(located(triggers), '什么事件触发；第一条匹配的规则生效'),
  when: optional(passage('a condition such as user.followedDays >= 7'), '条件（CEL）；不成立就问下一条规则'),
  who: optional(located(who), '谁可以领'),
  once: optional(
    located(choice('once', ONCE)),
    '多久算同一次：ever（默认）、perDay、perWeek、perMonth、perRound、perEvent',
  ),
  give: optional(located(give), '给什么：一个必得，几个按权重抽；assigned：印码时定下的；{ 3: 奖品 }：第几次给什么'),
  odds: optional(
    located(choice('odds', ['rise'])),
    'rise：奖品发完、本人到了上限时，别的奖品（包括更贵的）概率变大；不写就要有 fallback',
  ),
  earn: optional(located(purse), '往钱包里加多少'),
  spend: optional(located(purse), '从钱包里扣多少；不够就不能参加'),
  streak: optional(located(streak), '连续签到；和 once: perDay 一起用'),
  makeUp: optional(located(name('a rule id')), '补签：补哪条签到规则昨天漏掉的一天'),
  guess: optional(located(guess), '限制猜口令、猜码'),
  quiz: optional(located(quiz), '答题'),
  invite: optional(
    located(object('invite', { validFor: required(duration(), '专属码多久有效，最多 30d') })),
    '给一个专属码，回复里写 {{invite}}',
  ),
  opensAfter: optional(located(duration()), '每场开始后多久才对这条规则开放'),
  delay: optional(located(duration()), '过多久再发红包'),
  cancelIf: optional(
    located(oneOrMany(choice('cancelIf', CANCELS))),
    '发之前出了这种事就不发了；付款的规则，退款总会收回，写不写都一样',
  ),
  reply: optional(located(reply), '不给奖品时的回复'),
  replies: optional(located(replies()), '每种结果的回复；没写的用默认文案'),
});
