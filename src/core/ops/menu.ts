// The account's own menu (自定义菜单): what it is made of, how it reads, how two of them differ, and which of its keys no
// rule waits for.

import { type Finding, findingAt } from '../base/error.ts';
import { visible, visibleJson } from '../base/text.ts';
import { t, type Wording } from '../base/words/words.ts';
import type { Campaign } from '../rules/campaign.ts';
import { fitsPattern } from '../triggers/trigger.ts';
import type { Located } from '../yaml/schema.ts';

/** Buttons that send a key. The words are WeChat's own, as its documents have them. */
export const KEYED = [
  'click',
  'scancode_push',
  'scancode_waitmsg',
  'pic_sysphoto',
  'pic_photo_or_album',
  'pic_weixin',
  'location_select',
] as const;
/** Buttons that show something of the account's library. */
export const LIBRARY = ['media_id', 'article_id', 'view_limited', 'article_view_limited'] as const;

export type Action =
  | { readonly kind: (typeof KEYED)[number] | (typeof LIBRARY)[number] | 'view'; readonly value: string }
  | { readonly kind: 'miniprogram'; readonly appId: string; readonly path: string; readonly url: string }
  /** Made by hand in the console: a text, a picture … which no API can make. */
  | { readonly kind: 'console'; readonly type: string; readonly value: string };

export type Item = { readonly name: string; readonly action: Action };
export type Button = Item | { readonly name: string; readonly items: readonly Item[] };
export type Menu = readonly Button[];

// ── How it reads ─────────────────────────────────────────────────────────────────────────────────────────────

function words(action: Action): string {
  switch (action.kind) {
    case 'miniprogram':
      return `miniprogram ${action.appId} ${action.path} (${action.url})`;
    case 'console':
      return `${action.type} ${JSON.stringify(action.value)} (made in the console)`;
    default:
      return `${action.kind} ${action.value}`;
  }
}

/** A button a line; sub-buttons are indented. */
function listing(menu: Menu): string[] {
  return menu.flatMap(button =>
    'items' in button
      ? [button.name, ...button.items.map(item => `  ${item.name}: ${words(item.action)}`)]
      : [`${button.name}: ${words(button.action)}`],
  );
}

/** `undefined`: they are the same. `-` stands before what goes, `+` before what comes. */
export function menuDiff(before: Menu, after: Menu): string[] | undefined {
  const [a, b] = [listing(before), listing(after)];
  if (JSON.stringify(a) === JSON.stringify(b)) return undefined;
  // longest[i][j]: the most lines that a from i on and b from j on have in common, in this order.
  const longest = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i]![j] = a[i] === b[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
  const lines: string[] = [];
  for (let [i, j] = [0, 0]; i < a.length || j < b.length; ) {
    if (i < a.length && a[i] === b[j]) {
      lines.push(`  ${a[i++]}`);
      j++;
    } else if (j >= b.length || (i < a.length && longest[i + 1]![j]! >= longest[i]![j + 1]!)) lines.push(`- ${a[i++]}`);
    else lines.push(`+ ${b[j++]}`);
  }
  return lines;
}

/** As a file that `menu push` takes. What no API can make stands in it as a comment. */
export function menuYaml(menu: Menu): string {
  const lines = ['menu:'];
  for (const button of menu) {
    if (!('items' in button)) lines.push(...itemLines(button, '  '));
    else {
      lines.push(`  - name: ${scalar(button.name)}`, '    items:');
      for (const item of button.items) lines.push(...itemLines(item, '      '));
    }
  }
  return `${lines.join('\n')}\n`;
}

function itemLines({ name, action }: Item, indent: string): string[] {
  const head = `${indent}- name: ${scalar(name)}`;
  const key = (word: string, value: string): string => `${indent}  ${word}: ${scalar(value)}`;
  switch (action.kind) {
    case 'miniprogram': {
      const { appId, path, url } = action;
      const fields = `appId: ${scalar(appId)}, path: ${scalar(path)}, url: ${scalar(url)}`;
      return [head, `${indent}  miniprogram: { ${fields} }`];
    }
    case 'console':
      return [
        `${indent}# made in the console, and no API can make it: ${visible(`${JSON.stringify(name)}: ${words(action)}`)}`,
      ];
    default:
      return [head, key(action.kind, action.value)];
  }
}

/** In quotes wherever YAML might read it otherwise; what JSON writes, YAML reads as well. */
function scalar(text: string): string {
  const isPlain = /^[\p{L}\p{N}_/](?:[\p{L}\p{N}_./:?=&%+~-]*[\p{L}\p{N}_./?=&%+~-])?$/u.test(text);
  return isPlain && !/^(true|false|null)$/i.test(text) ? text : visibleJson(JSON.stringify(text));
}

// ── Menus and rules ──────────────────────────────────────────────────────────────────────────────────────────

/** A key that a button sends, and where it stands in the file of the menu. */
export type Key = Located<string> & { readonly kind: Keyed };
type Keyed = (typeof KEYED)[number];

/** What a rule says to wait for the key of such a button; `undefined`: no rule can. */
const TRIGGERS: Readonly<Record<Keyed, 'click' | 'scancode' | undefined>> = {
  click: 'click',
  scancode_push: 'scancode',
  scancode_waitmsg: 'scancode',
  pic_sysphoto: undefined,
  pic_photo_or_album: undefined,
  pic_weixin: undefined,
  location_select: undefined,
};

/** Keys no rule waits for: whoever taps the button is answered by nobody. */
export function keysWithoutRule(file: string, keys: readonly Key[], campaigns: readonly Campaign[]): Finding[] {
  const waiting = campaigns.flatMap(waitingIn);
  const isWaitedFor = ({ kind, value }: Key): boolean =>
    waiting.some(({ by, pattern }) => by === TRIGGERS[kind] && fitsPattern(pattern, value));
  return keys
    .filter(key => !isWaitedFor(key))
    .map(key => findingAt(file, key.at, t`${withoutRule(key)}; whoever taps it reads nothing`));
}

function withoutRule({ kind, value }: Key): Wording {
  const trigger = TRIGGERS[kind];
  if (trigger) return t`no rule has \`${trigger}: ${value}\``;
  const after = kind === 'location_select' ? 'location' : 'image';
  return t`no rule can wait for \`${kind}: ${value}\`, only for what is sent after it (on: ${after})`;
}

/** Rules that wait for a key which no button sends. */
export function rulesWithoutKey(keys: readonly Key[], campaigns: readonly Campaign[]): Finding[] {
  const isSent = ({ by, pattern }: Waiting): boolean =>
    keys.some(({ kind, value }) => by === TRIGGERS[kind] && fitsPattern(pattern, value));
  return campaigns.flatMap(campaign =>
    waitingIn(campaign)
      .filter(each => each.rule !== undefined && each.pattern !== '*' && !isSent(each))
      .map(({ rule, line = 1, by, pattern }) =>
        findingAt(
          campaign.file,
          { line, column: 1 },
          t`rule "${rule}" waits for \`${by}: ${pattern}\`, which no button of the menu sends`,
        ),
      ),
  );
}

type Waiting = {
  readonly by: 'click' | 'scancode';
  readonly pattern: string;
  /** Absent: it waits for something else, which any button may bring. */
  readonly rule?: string;
  readonly line?: number;
};

function waitingIn({ rules }: Campaign): Waiting[] {
  return rules.flatMap(({ id, line, on }) =>
    on.flatMap((trigger): Waiting[] => {
      // A printed code is found in whatever a scanner reads.
      if (trigger.kind === 'code') return [{ by: 'scancode', pattern: '*' }];
      if (trigger.kind !== 'click' && trigger.kind !== 'scancode') return [];
      return trigger.buttons.map(pattern => ({ by: trigger.kind, pattern, rule: id, line }));
    }),
  );
}
