// menu.yaml → the menu (自定义菜单), or everything that is wrong with it. Lengths are bytes, as WeChat counts.

import type { Finding } from '../base/error.ts';
import { t, type Wording } from '../base/words/words.ts';
import { type Draft, list, located, object, optional, readYaml, required, type ShapeOf, text } from '../yaml/schema.ts';
import { type Action, type Button, type Item, KEYED, type Key, LIBRARY, type Menu } from './menu.ts';

const BUTTONS_MAX = 3;
const ITEMS_MAX = 5;

const key = () =>
  optional(located(text({ what: t`a key`, bytes: 128, oneLine: true })), 'what the button sends; a rule waits for it');
const media = () => optional(text({ what: t`an id`, oneLine: true }));
const address = text({
  what: t`an address such as https://example.com/`,
  bytes: 1024,
  oneLine: true,
  pattern: /^https?:\/\/[^\s/]+/,
});
const ACTIONS = {
  click: key(),
  scancode_push: key(),
  scancode_waitmsg: key(),
  pic_sysphoto: key(),
  pic_photo_or_album: key(),
  pic_weixin: key(),
  location_select: key(),
  view: optional(address, 'opens a page'),
  miniprogram: optional(
    object(t`a mini program`, {
      appId: required(text({ what: t`an AppID`, oneLine: true, pattern: /^[A-Za-z0-9_-]{4,32}$/ })),
      path: required(text({ what: t`a page of the mini program`, oneLine: true })),
      url: required(address, 'where old versions of WeChat go instead'),
    }),
  ),
  media_id: media(),
  article_id: media(),
  view_limited: media(),
  article_view_limited: media(),
};
const KINDS = Object.keys(ACTIONS);

const nameOf = (bytes: number) => required(text({ what: t`the name of a button`, bytes, oneLine: true }));
const item = object(t`a sub-button`, { name: nameOf(60), ...ACTIONS }, { oneOf: KINDS });
const button = object(
  t`a button`,
  {
    name: nameOf(16),
    ...ACTIONS,
    items: optional(list(located(item), t`a list of sub-buttons`), `up to ${ITEMS_MAX} sub-buttons`),
  },
  { oneOf: [...KINDS, 'items'] },
);
const menuFile = object('menu.yaml', {
  menu: required(list(located(button), t`a list of buttons`), `up to ${BUTTONS_MAX} buttons`),
});
type MenuFile = ShapeOf<typeof menuFile>;
type WrittenItem = ShapeOf<typeof item>;

export type ReadMenu = { readonly menu: Menu; readonly keys: readonly Key[] };

export function readMenu(file: string, source: string): ReadMenu | { readonly findings: Finding[] } {
  const read = readYaml(file, source, menuFile, { check: checkCounts });
  if ('findings' in read) return read;
  const buttons = read.value.menu.map(({ value }) => value);
  const items = buttons.flatMap(each => [each, ...(each.items ?? []).map(({ value }) => value)]);
  const keys = items.flatMap(written =>
    KEYED.flatMap((kind): Key[] => {
      const place = written[kind];
      return place ? [{ ...place, kind }] : [];
    }),
  );
  return { menu: buttons.map(buttonOf), keys };
}

function checkCounts(
  { menu = [] }: Draft<MenuFile>,
  say: (at: { line: number; column: number }, message: Wording) => void,
): void {
  const over = menu[BUTTONS_MAX];
  if (over) say(over.at, t`a menu has at most ${BUTTONS_MAX} buttons; put some below another one, as \`items\``);
  for (const { value } of menu) {
    const items = value?.items;
    if (items?.[ITEMS_MAX]) say(items[ITEMS_MAX].at, t`a button has at most ${ITEMS_MAX} sub-buttons`);
  }
}

function buttonOf(written: MenuFile['menu'][number]['value']): Button {
  const { name, items } = written;
  return items ? { name, items: items.map(({ value }): Item => itemOf(value)) } : itemOf(written);
}

function itemOf(written: WrittenItem): Item {
  return { name: written.name, action: actionOf(written) };
}

function actionOf(written: WrittenItem): Action {
  for (const kind of KEYED) if (written[kind]) return { kind, value: written[kind].value };
  for (const kind of LIBRARY) if (written[kind] !== undefined) return { kind, value: written[kind] };
  if (written.view !== undefined) return { kind: 'view', value: written.view };
  return { kind: 'miniprogram', ...written.miniprogram! };
}
