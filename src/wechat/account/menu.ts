// The account's own menu (自定义菜单) at the platform: read whatever made it, and replaced.
import { isRecord } from '../../core/base/record.ts';
import { type Action, type Button, type Item, KEYED, type Key, LIBRARY, type Menu } from '../../core/ops/menu.ts';
import { type Json, numberOf, partOf } from '../json.ts';
import type { Answer, Api } from './api.ts';

/**
 * As followers see it now (查询自定义菜单信息), also what was made by hand in the console; empty: there is none, or it is
 * switched off. Throws `Fault`.
 */
export async function liveMenu(api: Api): Promise<Menu> {
  return menuOf(await api.get('/cgi-bin/get_current_selfmenu_info'));
}

/** The keys its buttons send, as they stand in the answer of 查询自定义菜单信息. */
export function menuKeys(answer: Answer): Key[] {
  const items = menuOf(answer).flatMap((button): readonly Item[] => ('items' in button ? button.items : [button]));
  return items.flatMap(({ action }) => {
    const kind = KEYED.find(each => each === action.kind);
    return kind && 'value' in action ? [{ kind, value: action.value, at: { line: 1, column: 1 } }] : [];
  });
}

/** In place of whatever there was (创建菜单). Phones see it when they open the chat anew, or after five minutes. */
export async function pushMenu(api: Api, menu: Menu): Promise<void> {
  await api.post('/cgi-bin/menu/create', { button: menu.map(wireButton) });
}

function menuOf(answer: Answer): Menu {
  if (numberOf(answer.is_menu_open) === 0) return [];
  return wiresIn(partOf(answer, 'selfmenu_info').button).map(buttonOf);
}

function wiresIn(list: unknown): Json[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function buttonOf(wire: Json): Button {
  // A list inside `list` here; in the answer of `menu/get`, and in what is sent, the list itself.
  const below = wire.sub_button;
  const items = wiresIn(Array.isArray(below) ? below : partOf(wire, 'sub_button').list);
  return items.length > 0 ? { name: text(wire, 'name'), items: items.map(itemOf) } : itemOf(wire);
}

function itemOf(wire: Json): Item {
  return { name: text(wire, 'name'), action: actionOf(wire) };
}

function actionOf(wire: Json): Action {
  const type = text(wire, 'type');
  const keyed = KEYED.find(each => each === type);
  if (keyed) return { kind: keyed, value: text(wire, 'key', 'value') };
  const library = LIBRARY.find(each => each === type);
  if (library) return { kind: library, value: text(wire, 'media_id', 'article_id', 'value') };
  if (type === 'view') return { kind: 'view', value: text(wire, 'url', 'value') };
  if (type === 'miniprogram')
    return { kind: type, appId: text(wire, 'appid'), path: text(wire, 'pagepath'), url: text(wire, 'url') };
  const [article] = wiresIn(partOf(wire, 'news_info').list);
  return { kind: 'console', type: type || 'empty', value: (article && text(article, 'title')) || text(wire, 'value') };
}

/** The first of these that says something. */
function text(wire: Json, ...names: readonly string[]): string {
  for (const name of names) {
    const value = wire[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return '';
}

function wireButton(button: Button): Json {
  return 'items' in button ? { name: button.name, sub_button: button.items.map(wireItem) } : wireItem(button);
}

function wireItem({ name, action }: Item): Json {
  switch (action.kind) {
    case 'view':
      return { type: 'view', name, url: action.value };
    case 'miniprogram':
      return { type: 'miniprogram', name, appid: action.appId, pagepath: action.path, url: action.url };
    case 'media_id':
    case 'view_limited':
      return { type: action.kind, name, media_id: action.value };
    case 'article_id':
    case 'article_view_limited':
      return { type: action.kind, name, article_id: action.value };
    case 'console':
      throw new Error(`"${name}" was made in the console, and no API can make it`);
    default:
      return { type: action.kind, name, key: action.value };
  }
}
