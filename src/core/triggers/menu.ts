// The account's own menu (自定义菜单): its buttons, its links, and its scanner (扫码推事件).

import type { Event } from '../base/event.ts';
import { pick } from '../base/random.ts';
import { t } from '../base/words/words.ts';
import type { ScannedText } from '../rules/campaign.ts';
import { scannedText } from '../rules/printed-code.ts';
import { byKind, convert, object, oneOrMany, optional, orBare, pattern, type Shape } from '../yaml/schema.ts';
import { fitsText, keyword, missOfText, textPieces } from './text.ts';
import {
  exampleName,
  fitsAny,
  type Makes,
  missOfName,
  namedPiece,
  type Piece,
  prefix,
  RARE,
  triggerKind,
} from './trigger.ts';

const menuKeys = oneOrMany(prefix(t`a menu key`));

export const click = triggerKind('click', {
  bare: { kind: 'click', buttons: ['*'] },
  field: optional(orBare(null, menuKeys), '点菜单按钮（KEY）'),
  written: (buttons: readonly string[]) => ({ kind: 'click', buttons }),
  fits: (trigger, event) => event.kind === 'click' && fitsAny(trigger.buttons, event.button),
  events: ['click'],
  names: trigger => trigger.buttons,
  describe: (_, { say }) => say('点击公众号菜单', `tap the menu`),
  pieces: (trigger, event) =>
    trigger.buttons.map(key => namedPiece(t`the button`, key, button => [event({ kind: 'click', button })])),
  example: trigger => chance => ({ kind: 'click', button: exampleName(pick(trigger.buttons, chance), chance) }),
  miss: (trigger, event) => (event.kind === 'click' ? missOfName(t`button`, event.button, trigger.buttons) : undefined),
});

export const view = triggerKind('view', {
  bare: { kind: 'view' },
  field: optional(orBare(null, oneOrMany(prefix(t`an address`))), '点菜单链接'),
  written: (urls: readonly string[]) => ({ kind: 'view', urls }),
  fits: (trigger, event) => event.kind === 'view' && fitsAny(trigger.urls, event.url),
  events: ['view'],
  names: trigger => trigger.urls,
  describe: (_, { say }) => say('从公众号菜单打开链接', `open a link of the menu`),
  pieces(trigger, event) {
    if (!trigger.urls) return [{ label: t`every link of the menu`, probes: [event({ kind: 'view', url: RARE[0] })] }];
    return trigger.urls.map(each => namedPiece(t`the link`, each, url => [event({ kind: 'view', url })]));
  },
  example: trigger => chance => ({
    kind: 'view',
    url: exampleName(pick(trigger.urls ?? ['https://example.com/'], chance), chance),
  }),
  miss: (trigger, event) => (event.kind === 'view' ? missOfName(t`link`, event.url, trigger.urls) : undefined),
});

// ── The scanner ──────────────────────────────────────────────────────────────────────────────────────────────

const exactlyRead: Shape<ScannedText> = convert(oneOrMany(keyword), words => ({ kind: 'text', match: 'exact', words }));
const readKinds = object(
  'text',
  {
    contains: optional(oneOrMany(keyword), '扫到的内容里含有其中任何一个'),
    matches: optional(oneOrMany(pattern(t`a pattern`)), '扫到的内容整个符合这个模式（RE2 语法）'),
  },
  { oneOf: ['contains', 'matches'] },
);
const readText = byKind<ScannedText>(t`a text, a list of texts or { contains: … }`, {
  scalar: exactlyRead,
  list: exactlyRead,
  map: convert(readKinds, ({ contains, matches }): ScannedText | undefined => {
    if (contains) return { kind: 'text', match: 'contains', words: contains };
    return matches && { kind: 'text', match: 'pattern', patterns: matches };
  }),
});
const whenScanned = object(
  'scancode',
  { key: optional(menuKeys, '菜单按钮的 KEY'), text: optional(readText, '扫到的内容') },
  { notEmpty: true },
);
type Scancode = { readonly key?: readonly string[]; readonly text?: ScannedText };
const scancodeOf = byKind<Scancode>(t`a menu key, a list of keys or { key: …, text: … }`, {
  scalar: convert(menuKeys, key => ({ key })),
  list: convert(menuKeys, key => ({ key })),
  map: whenScanned,
});

export const scancode = triggerKind('scancode', {
  bare: { kind: 'scancode', buttons: ['*'] },
  field: optional(orBare(null, scancodeOf), '菜单里的扫一扫：按钮的 KEY，或 { key: …, text: … }'),
  written: ({ key, text }: Scancode) => ({ kind: 'scancode', buttons: key ?? ['*'], ...(text && { text }) }),
  fits: ({ buttons, text }, event, around) =>
    event.kind === 'scancode' &&
    fitsAny(buttons, event.button) &&
    (text === undefined || fitsText(text, scannedText(event), around)),
  events: ['scancode'],
  names: trigger => trigger.buttons,
  describe: (_, { say }) => say('用公众号菜单里的扫一扫扫码', `scan a code with the menu's scanner`),
  pieces: (trigger, event) => trigger.buttons.flatMap(key => scanPieces(key, trigger.text, event)),
  example({ buttons, text }) {
    if (text?.match === 'pattern') return undefined;
    const words = text?.words ?? ['https://example.com/'];
    return chance => ({
      ...{ kind: 'scancode', button: exampleName(pick(buttons, chance), chance), waiting: true },
      result: pick(words, chance),
    });
  },
  miss(trigger, event, around) {
    if (event.kind !== 'scancode') return undefined;
    const button = missOfName(t`button`, event.button, trigger.buttons);
    if (button !== undefined || !trigger.text) return button;
    return missOfText(trigger.text, scannedText(event), around);
  },
});

/** What one button's scanner may read. Words of texts are other rules'. */
function scanPieces(key: string, text: ScannedText | undefined, event: Makes): Piece[] {
  const scans = (results: readonly string[]) => (button: string) =>
    results.map((result): Event => event({ kind: 'scancode', button, result, waiting: true }));
  if (!text) return [namedPiece(t`the scanner of the button`, key, scans([RARE[0]]))];
  return textPieces(text, result => event({ kind: 'text', text: result })).map(({ label, word, probes }) => {
    const read = probes.flatMap(probe => (probe.kind === 'text' ? probe.text : []));
    return {
      label: t`${label} scanned with the button "${key}"`,
      ...(word !== undefined && { word }),
      probes: namedPiece('', key, scans(read)).probes,
    };
  });
}
