// What starts a rule: `on:` and its many spellings. Pure.
import { normalise } from './match.ts';
import type { Trigger } from './rule.ts';
import {
  byKind,
  convert,
  flag,
  list,
  named,
  object,
  oneOrMany,
  optional,
  orBare,
  required,
  type Shape,
  suggest,
  text,
  yes,
} from './shape.ts';

/** Triggers of the design that come with later versions. */
export const LATER = ['visit', 'paid', 'code'];

const BARE: Readonly<Record<string, Trigger>> = {
  subscribe: { kind: 'subscribe', first: false },
  unsubscribe: { kind: 'unsubscribe' },
  scan: { kind: 'scan' },
  text: { kind: 'text', match: 'any' },
  click: { kind: 'click', buttons: ['*'] },
  view: { kind: 'view' },
  image: { kind: 'image' },
  voice: { kind: 'voice' },
  location: { kind: 'location' },
};

const bareTrigger = convert(text({ what: 'a trigger' }), (word, say): readonly Trigger[] | undefined => {
  const trigger = Object.hasOwn(BARE, word) ? BARE[word] : undefined;
  if (trigger) return [trigger];
  if (LATER.includes(word)) say(`the trigger "${word}" is not supported yet in this version`);
  else say(`unknown trigger "${word}"${suggest(word, Object.keys(BARE))}`);
  return undefined;
});

const bareTriggerWord: Shape<readonly Trigger[]> = {
  ...bareTrigger,
  schema: () => ({ enum: Object.keys(BARE) }),
};

const keyword = text({
  what: 'a keyword',
  oneLine: true,
  check: (word, say) => {
    if (word.trim() !== '' && normalise(word) === '') say('the keyword is empty once spaces are taken away');
  },
});

/** A value that may end in `*`, which then stands for anything that follows. */
function pattern(what: string): Shape<string> {
  return text({
    what,
    oneLine: true,
    check: (value, say) => {
      if (value.slice(0, -1).includes('*')) say(`"*" may stand only at the end: "${value}"`);
    },
  });
}

const scenes = oneOrMany(pattern('a scene'));
const withScenes = object('scan', { scene: required(scenes, '二维码场景值，末尾 * 表示前缀') });
const contains = object(
  'text',
  { contains: required(oneOrMany(keyword), '消息里含有其中任何一个') },
  { later: ['matches'] },
);
const whenSubscribing = object('subscribe', {
  scene: optional(scenes, '扫这些带参数二维码来的'),
  first: optional(flag(), '只算第一次关注'),
});

type Words = { readonly match: 'exact' | 'contains'; readonly words: readonly string[] };
const exactWords: Shape<Words> = convert(oneOrMany(keyword), words => ({ match: 'exact', words }));
const wordsOf: Shape<Words> = byKind('a keyword, a list of keywords or { contains: … }', {
  scalar: exactWords,
  list: exactWords,
  map: convert(contains, ({ contains: words }): Words => ({ match: 'contains', words })),
});
const scenesOf = byKind('a scene or a list of scenes', {
  scalar: scenes,
  list: scenes,
  map: convert(withScenes, ({ scene }) => scene),
});

const triggerKeys = object(
  'a trigger',
  {
    subscribe: optional(orBare(null, whenSubscribing), '关注'),
    unsubscribe: optional(yesOrNothing(), '取消关注'),
    scan: optional(orBare(null, scenesOf), '扫带参数二维码（已关注，或扫码关注）'),
    text: optional(orBare(null, wordsOf), '发来文字：列表 = 完全相同（不计全半角、大小写、空格）'),
    click: optional(orBare(null, oneOrMany(pattern('a menu key'))), '点菜单按钮（KEY）'),
    view: optional(orBare(null, oneOrMany(pattern('an address'))), '点菜单链接'),
    image: optional(yesOrNothing(), '发来图片'),
    voice: optional(yesOrNothing(), '发来语音'),
    location: optional(yesOrNothing(), '发来位置'),
  },
  { later: LATER, notEmpty: true },
);

/** A key that is there, or not: `image`, `image: true`. */
export function yesOrNothing(): Shape<true> {
  return orBare(true, yes());
}

/** Each key of the map is one trigger, in the order of this list. */
const triggersOfMap = convert(triggerKeys, (on): readonly Trigger[] => {
  const triggers: Trigger[] = [];
  const add = <T>(value: T | null | undefined, kind: string, turn: (value: T) => Trigger): void => {
    if (value !== undefined) triggers.push(value === null ? BARE[kind]! : turn(value));
  };
  add(on.subscribe, 'subscribe', ({ scene, first }) => ({
    kind: 'subscribe',
    first: first ?? false,
    ...(scene && { scenes: scene }),
  }));
  add(on.scan, 'scan', values => ({ kind: 'scan', scenes: values }));
  add(on.text, 'text', words => ({ kind: 'text', ...words }));
  add(on.click, 'click', buttons => ({ kind: 'click', buttons }));
  add(on.view, 'view', urls => ({ kind: 'view', urls }));
  for (const kind of ['unsubscribe', 'image', 'voice', 'location'] as const) if (on[kind]) triggers.push(BARE[kind]!);
  return triggers;
});

/** One trigger, or several as keys of one map: any of them. */
export const oneTrigger = byKind('a trigger such as subscribe or { text: 红包 }', {
  scalar: bareTriggerWord,
  map: triggersOfMap,
});
const aTrigger = named('trigger', oneTrigger);
/** The value of `on:`. */
export const triggers: Shape<readonly Trigger[]> = byKind(oneTrigger.what, {
  scalar: bareTriggerWord,
  map: aTrigger,
  list: convert(list(aTrigger, 'a list of triggers'), lists => lists.flat()),
});
