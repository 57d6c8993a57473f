// One rule (规则) of a rule file, as shapes: what starts it, who gets what, how often, and what is said. What it plays (玩法)
// beside is written where each mechanic is.

import { t } from '../../base/words/words.ts';
import { triggers } from '../../triggers/index.ts';
import {
  byKey,
  byKind,
  choice,
  count,
  duration,
  flag,
  type Located,
  located,
  name,
  object,
  oneOrMany,
  optional,
  pairs,
  required,
  type ShapeOf,
  wrapped,
} from '../../yaml/schema.ts';
import { ONCE } from '../campaign.ts';
import { renaming } from './names.ts';
import { replies, reply } from './reply.ts';

const prizeNames = oneOrMany(located(name(t`a prize`)));
const prizesByTime = pairs(t`prizes by time such as { 3: small, 7: [small, big] }`, count({ max: 1000 }), prizeNames);

const allOf = object('give', { all: required(prizeNames, '几样一起给：有一样没有了，就一样也不给') });

/** One of the three is there. */
type Give = {
  readonly names?: readonly Located<string>[];
  readonly assigned?: true;
  /** All of `names`, and none where one of them is gone. */
  readonly all?: true;
  readonly byTime?: ShapeOf<typeof prizesByTime>;
};
const give = byKind<Give>(t`a prize, a list of prizes or { 3: a prize }`, {
  scalar: wrapped(located(name(t`a prize`)), only =>
    only.value === 'assigned' ? { assigned: true } : { names: [only] },
  ),
  list: wrapped(prizeNames, names => ({ names })),
  map: byKey<Give>(
    'all',
    wrapped(allOf, ({ all }) => ({ names: all, all: true })),
    wrapped(prizesByTime, byTime => ({ byTime })),
  ),
});

const segments = oneOrMany(located(name(t`a segment`)));
const who = object('who', {
  followedFor: optional(duration(), '至少关注多久'),
  firstFollow: optional(flag(), '从未取消过关注'),
  tags: optional(segments, '至少在其中一个人群里'),
  excludeTags: optional(segments, '不在其中任何一个人群里'),
});

/** How it is said in other words. */
const ONCE_MEANT = {
  ever: /^(?:once|one|forever|1|一次|每人(?:限|只)?[一1]次|终身|永久)$/iu,
  perDay: /^(?:daily|day|every ?day|每[天日](?:[一1]次)?|一天一次|每人每天.*)$/iu,
  perWeek: /^(?:weekly|week|每周.*|每星期.*|一周一次)$/iu,
  perMonth: /^(?:monthly|month|每月.*|一个月一次)$/iu,
  perRound: /^(?:round|每场.*|一场一次)$/iu,
  perEvent: /^(?:always|every|each|unlimited|不限(?:次数)?|无限|每次)$/iu,
} as const;

export const ruleFields = {
  id: required(located(name(t`an id`)), '规则名，文件内唯一'),
  ...renaming(name(t`an id`)),
  on: required(located(triggers), '什么事件触发；第一条匹配的规则生效'),
  who: optional(located(who), '谁可以领'),
  once: optional(
    located(choice('once', ONCE, ONCE_MEANT)),
    '多久算同一次：ever（默认）、perDay、perWeek、perMonth、perRound、perEvent',
  ),
  give: optional(
    located(give),
    '给什么：一个必得，几个按权重抽；{ all: [a, b] }：一起给；assigned：印码时定下的；{ 3: 奖品 }：第几次给什么',
  ),
  odds: optional(
    located(choice('odds', ['rise'])),
    'rise：奖品发完、本人到了上限时，别的奖品（包括更贵的）概率变大；不写就要有 fallback',
  ),
  reply: optional(located(reply), '不给奖品时的回复'),
  replies: optional(located(replies()), '每种结果的回复；没写的用默认文案'),
} as const;
