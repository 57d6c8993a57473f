// What starts a rule: `on:` and its many spellings. Pure.

import { fen } from '../../base/money.ts';
import { suggest } from '../../base/suggest.ts';
import { normalise } from '../../base/text.ts';
import {
  byKind,
  choice,
  convert,
  csvFile,
  day,
  flag,
  type Located,
  list,
  located,
  money,
  name,
  named,
  object,
  oneOrMany,
  optional,
  orBare,
  pairs,
  pattern,
  required,
  type Shape,
  type ShapeOf,
  text,
  wrapped,
  yes,
} from '../../yaml/schema.ts';
import type { Trigger } from '../campaign.ts';

/** As it is written: the passwords of each day may lie in another file. */
export type WrittenTrigger = Exclude<Trigger, { readonly match: 'daily' }> | WrittenDaily;
type WrittenDaily = { readonly kind: 'text'; readonly match: 'daily' } & DailyWords;
type DailyWords = { readonly list: Located<string> } | { readonly days: ShapeOf<typeof passwordsByDay> };

const BARE: Readonly<Record<string, WrittenTrigger>> = {
  subscribe: { kind: 'subscribe', first: false },
  unsubscribe: { kind: 'unsubscribe' },
  scan: { kind: 'scan' },
  text: { kind: 'text', match: 'any' },
  click: { kind: 'click', buttons: ['*'] },
  view: { kind: 'view' },
  scancode: { kind: 'scancode', buttons: ['*'] },
  visit: { kind: 'visit' },
  paid: { kind: 'paid' },
  image: { kind: 'image' },
  voice: { kind: 'voice' },
  location: { kind: 'location' },
};
/** These say nothing without a value. */
const WANTING: Readonly<Record<string, string>> = {
  code: 'its batch: { code: spring }',
  friend: 'what the friend did: { friend: followed } or { friend: paid }',
};

const bareTrigger = convert(text({ what: 'a trigger' }), (word, say): readonly WrittenTrigger[] | undefined => {
  const trigger = Object.hasOwn(BARE, word) ? BARE[word] : undefined;
  if (trigger) return [trigger];
  if (Object.hasOwn(WANTING, word)) say(`the trigger "${word}" needs ${WANTING[word]}`);
  else say(`unknown trigger "${word}"${suggest(word, Object.keys(BARE))}`);
  return undefined;
});

const bareTriggerWord: Shape<readonly WrittenTrigger[]> = {
  ...bareTrigger,
  schema: () => ({ enum: Object.keys(BARE) }),
};

// ── Texts ────────────────────────────────────────────────────────────────────────────────────────────────────

const keyword = text({
  what: 'a keyword',
  oneLine: true,
  check: (word, say) => {
    if (word.trim() !== '' && normalise(word) === '') say('the keyword is empty once spaces are taken away');
  },
});

const passwordsByDay = pairs('passwords by day such as { 2026-03-01: 阿茶上新 }', day(), oneOrMany(located(keyword)));
const daily = byKind<DailyWords>('a CSV file such as passwords.csv or { 2026-03-01: 阿茶上新 }', {
  scalar: wrapped(located(csvFile()), file => ({ list: file })),
  map: wrapped(passwordsByDay, days => ({ days })),
});

type Words = Extract<WrittenTrigger, { readonly kind: 'text' }>;
const exactWords: Shape<Words> = convert(oneOrMany(keyword), words => ({ kind: 'text', match: 'exact', words }));
const textKinds = object(
  'text',
  {
    contains: optional(oneOrMany(keyword), '消息里含有其中任何一个'),
    matches: optional(
      oneOrMany(pattern('a pattern')),
      '整句符合这个模式（RE2 语法，比较的是去掉空格、半角、小写后的文字）',
    ),
    daily: optional(daily, '每日口令：CSV 文件（date,password），或 { 日期: 口令 }'),
  },
  { oneOf: ['contains', 'matches', 'daily'] },
);
const wordsOf = byKind<Words>('a keyword, a list of keywords or { contains: … }', {
  scalar: exactWords,
  list: exactWords,
  map: convert(textKinds, ({ contains, matches, daily: words }): Words | undefined => {
    if (contains) return { kind: 'text', match: 'contains', words: contains };
    if (matches) return { kind: 'text', match: 'pattern', patterns: matches };
    return words && { kind: 'text', match: 'daily', ...words };
  }),
});

/** What was scanned: as a text, but for what changes by the day. */
type ReadText = Exclude<Words, { readonly match: 'any' | 'daily' }>;
const exactlyRead: Shape<ReadText> = convert(oneOrMany(keyword), words => ({ kind: 'text', match: 'exact', words }));
const readKinds = object(
  'text',
  {
    contains: optional(oneOrMany(keyword), '扫到的内容里含有其中任何一个'),
    matches: optional(oneOrMany(pattern('a pattern')), '扫到的内容整个符合这个模式（RE2 语法）'),
  },
  { oneOf: ['contains', 'matches'] },
);
const readText = byKind<ReadText>('a text, a list of texts or { contains: … }', {
  scalar: exactlyRead,
  list: exactlyRead,
  map: convert(readKinds, ({ contains, matches }): ReadText | undefined => {
    if (contains) return { kind: 'text', match: 'contains', words: contains };
    return matches && { kind: 'text', match: 'pattern', patterns: matches };
  }),
});

// ── All others ───────────────────────────────────────────────────────────────────────────────────────────────

/** A value that may end in `*`, which then stands for anything that follows. */
function prefix(what: string): Shape<string> {
  return text({
    what,
    oneLine: true,
    check: (value, say) => {
      if (value.slice(0, -1).includes('*')) say(`"*" may stand only at the end: "${value}"`);
    },
  });
}

const scenes = oneOrMany(prefix('a scene'));
const withScenes = object('scan', { scene: required(scenes, '二维码场景值，末尾 * 表示前缀') });
const whenSubscribing = object('subscribe', {
  scene: optional(scenes, '扫这些带参数二维码来的'),
  first: optional(flag(), '只算第一次关注'),
});
const scenesOf = byKind('a scene or a list of scenes', {
  scalar: scenes,
  list: scenes,
  map: convert(withScenes, ({ scene }) => scene),
});
const menuKeys = oneOrMany(prefix('a menu key'));
const whenScanned = object(
  'scancode',
  { key: optional(menuKeys, '菜单按钮的 KEY'), text: optional(readText, '扫到的内容') },
  { notEmpty: true },
);
type Scancode = { readonly key?: readonly string[]; readonly text?: ReadText };
const scancodeOf = byKind<Scancode>('a menu key, a list of keys or { key: …, text: … }', {
  scalar: convert(menuKeys, key => ({ key })),
  list: convert(menuKeys, key => ({ key })),
  map: whenScanned,
});
const whenPaid = object('paid', {
  over: optional(money({ min: fen(1) }), '实付至少多少'),
  attach: optional(oneOrMany(prefix('what the order carries')), '附加数据，末尾 * 表示前缀'),
});

const triggerKeys = object(
  'a trigger',
  {
    subscribe: optional(orBare(null, whenSubscribing), '关注'),
    unsubscribe: optional(yesOrNothing(), '取消关注'),
    scan: optional(orBare(null, scenesOf), '扫带参数二维码（已关注，或扫码关注）'),
    text: optional(orBare(null, wordsOf), '发来文字：列表 = 完全相同（不计全半角、大小写、空格）'),
    click: optional(orBare(null, oneOrMany(prefix('a menu key'))), '点菜单按钮（KEY）'),
    view: optional(orBare(null, oneOrMany(prefix('an address'))), '点菜单链接'),
    visit: optional(yesOrNothing(), '打开活动页（H5）参加'),
    paid: optional(orBare(null, whenPaid), '付款：{ over: ¥50.00, attach: "pos-*" }'),
    code: optional(name('a batch'), '一物一码：这个批次的码'),
    friend: optional(choice('what the friend did', ['followed', 'paid']), '邀请来的朋友关注了、付款了'),
    image: optional(yesOrNothing(), '发来图片'),
    voice: optional(yesOrNothing(), '发来语音'),
    location: optional(yesOrNothing(), '发来位置'),
    scancode: optional(orBare(null, scancodeOf), '菜单里的扫一扫：按钮的 KEY，或 { key: …, text: … }'),
  },
  { notEmpty: true },
);

/** A key that is there, or not: `image`, `image: true`. */
export function yesOrNothing(): Shape<true> {
  return orBare(true, yes());
}

/** Each key of the map is one trigger, in the order of this list. */
const triggersOfMap = convert(triggerKeys, (on): readonly WrittenTrigger[] => {
  const triggers: WrittenTrigger[] = [];
  const add = <T>(value: T | null | undefined, kind: string, turn: (value: T) => WrittenTrigger): void => {
    if (value !== undefined) triggers.push(value === null ? BARE[kind]! : turn(value));
  };
  add(on.subscribe, 'subscribe', ({ scene, first }) => ({
    kind: 'subscribe',
    first: first ?? false,
    ...(scene && { scenes: scene }),
  }));
  add(on.scan, 'scan', values => ({ kind: 'scan', scenes: values }));
  add(on.text, 'text', words => words);
  add(on.click, 'click', buttons => ({ kind: 'click', buttons }));
  add(on.view, 'view', urls => ({ kind: 'view', urls }));
  add(on.scancode, 'scancode', ({ key, text: read }) => ({
    kind: 'scancode',
    buttons: key ?? ['*'],
    ...(read && { text: read }),
  }));
  add(on.paid, 'paid', bill => ({ kind: 'paid', ...bill }));
  add(on.code, 'code', batch => ({ kind: 'code', batch }));
  add(on.friend, 'friend', did => ({ kind: 'friend', did }));
  for (const kind of ['visit', 'unsubscribe', 'image', 'voice', 'location'] as const)
    if (on[kind]) triggers.push(BARE[kind]!);
  return triggers;
});

/** One trigger, or several as keys of one map: any of them. */
export const oneTrigger = byKind('a trigger such as subscribe or { text: 红包 }', {
  scalar: bareTriggerWord,
  map: triggersOfMap,
});
const aTrigger = named('trigger', oneTrigger);
/** The value of `on:`. */
export const triggers: Shape<readonly WrittenTrigger[]> = byKind(oneTrigger.what, {
  scalar: bareTriggerWord,
  map: aTrigger,
  list: convert(list(aTrigger, 'a list of triggers'), lists => lists.flat()),
});
