// The shape of a menu (自定义菜单), checked as `/cgi-bin/menu/create` does.

import { isRecord } from '../../core/base/record.ts';
import { isList, type Json, partOf } from '../shared/json.ts';
import type { Menu } from '../shared/protocol-menu.ts';
import type { ErrorCode } from './errors.ts';

const WITH_KEY = new Set([
  'click',
  'scancode_push',
  'scancode_waitmsg',
  'pic_sysphoto',
  'pic_photo_or_album',
  'pic_weixin',
  'location_select',
]);
const WITH_MEDIA = new Set(['media_id', 'view_limited', 'article_id', 'article_view_limited']);

type Knows = (mediaId: string) => boolean;

/** The menu, or the code of its first error. */
export function checkMenu(body: unknown, knows: Knows): Menu | ErrorCode {
  const { button: buttons } = partOf(body);
  if (!isList(buttons) || buttons.length < 1 || buttons.length > 3) return 40016;
  for (const button of buttons) {
    const code = checkButton(button, TOP, knows);
    if (code !== undefined) return code;
  }
  return { button: buttons as Menu['button'] };
}

/** As `/cgi-bin/menu/get` tells it: every button has a list below it. */
export function listed(buttons: Menu['button']): Menu['button'] {
  return buttons.map(button => ({ ...button, sub_button: listed(button.sub_button ?? []) }));
}

/** As `/cgi-bin/get_current_selfmenu_info` tells it, which calls a list of sub-buttons otherwise. */
export function selfMenu(menu: Menu): object {
  const button = menu.button.map(({ sub_button: subs, ...rest }) =>
    subs && subs.length > 0 ? { ...rest, sub_button: { list: subs } } : rest,
  );
  return button.length === 0 ? { is_menu_open: 0 } : { is_menu_open: 1, selfmenu_info: { button } };
}

/** What each level allows, and the codes of its errors. */
const TOP = { nameMax: 16, shape: 40016, name: 40018, type: 40017, key: 40019, url: 40020, below: 40023 } as const;
const SUB = { nameMax: 60, shape: 40023, name: 40025, type: 40024, key: 40026, url: 40027, below: 40022 } as const;

function checkButton(button: unknown, level: typeof TOP | typeof SUB, knows: Knows): ErrorCode | undefined {
  if (!isRecord(button)) return level.shape;
  const { name, type, sub_button: subs } = button;
  if (!isText(name, level.nameMax)) return level.name;
  if (!isList(subs) || subs.length === 0) return checkAction(type, button, level, knows);
  if (level === SUB || subs.length > 5) return level.below;
  for (const sub of subs) {
    const code = checkButton(sub, SUB, knows);
    if (code !== undefined) return code;
  }
  return undefined;
}

function checkAction(
  type: unknown,
  { key, url, appid, pagepath, media_id: media, article_id: article }: Json,
  level: typeof TOP | typeof SUB,
  knows: Knows,
): ErrorCode | undefined {
  if (typeof type !== 'string') return level.type;
  if (WITH_KEY.has(type)) return isText(key, 128) ? undefined : level.key;
  if (type === 'view' || type === 'miniprogram') {
    if (!isText(url, 1024)) return level.url;
    return type === 'view' || (isText(appid, 64) && isText(pagepath, 1024)) ? undefined : 45064;
  }
  if (!WITH_MEDIA.has(type)) return level.type;
  if (typeof media === 'string' && media !== '') return isText(media, 1024) && knows(media) ? undefined : 40007;
  return isText(article, 1024) ? undefined : 40007;
}

function isText(value: unknown, bytesMax: number): boolean {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= bytesMax;
}
