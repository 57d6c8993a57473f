// Menus for some followers only (个性化菜单): by tag and by phone. The newest that fits is shown, else the default one.
import type { Call } from '../account/api.ts';
import { OK, platformError } from '../account/errors.ts';
import { checkMenu, listed } from '../account/menu.ts';
import { partOf } from '../shared/json.ts';
import type { World } from '../world/world.ts';

const KNOWN_RULES: ReadonlySet<string> = new Set(['tag_id', 'client_platform_type']);
const GONE_RULES: ReadonlySet<string> = new Set(['sex', 'country', 'province', 'city', 'language', 'group_id']);
const MENUS_MAX = 100;
const FIRST_ID = 401_000_001;

export function addConditional(world: World, { account, body }: Call): object {
  if (world.account(account).menu.button.length === 0) return platformError(65303);
  const menu = checkMenu(body, id => world.knowsMedia(account, id));
  if (typeof menu === 'number') return platformError(menu);
  const given = Object.entries(partOf(body.matchrule)).filter(([, value]) => value !== '' && value !== undefined);
  const gone = given.find(([key]) => GONE_RULES.has(key));
  if (gone) return platformError(65320, gone[0]);
  const known = given.filter(([key]) => KNOWN_RULES.has(key));
  if (known.length === 0) return platformError(65304);
  const { menus } = world.console.of(account);
  if (menus.length >= MENUS_MAX) return platformError(65305);
  const menuid = String(Math.max(FIRST_ID, ...menus.map(each => Number(each.menuid) + 1)));
  const matchrule = Object.fromEntries(known.map(([key, value]) => [key, String(value)]));
  world.console.set(account, { menus: [{ menuid, button: menu.button, matchrule }, ...menus] });
  return { menuid };
}

export function deleteConditional(world: World, { account, body }: Call): object {
  const { menus } = world.console.of(account);
  const left = menus.filter(({ menuid }) => menuid !== String(body.menuid));
  if (left.length === menus.length) return platformError(65301);
  world.console.set(account, { menus: left });
  return OK;
}

/** As the person's phone shows it. Every phone here is neither an iPhone nor an Android: `3`. */
export function tryMatch(world: World, { account, body }: Call): object {
  const person = typeof body.user_id === 'string' ? world.findPerson(body.user_id) : undefined;
  if (person?.account !== account) return platformError(65302);
  const { menu } = world.account(account);
  if (menu.button.length === 0) return platformError(46003);
  const { tags } = world.console.notesOf(account, person.openid);
  const fits = ({ matchrule }: { readonly matchrule: Readonly<Record<string, string>> }): boolean =>
    (matchrule.tag_id === undefined || tags.includes(Number(matchrule.tag_id))) &&
    (matchrule.client_platform_type === undefined || matchrule.client_platform_type === '3');
  const found = world.console.of(account).menus.find(fits);
  return { button: listed((found ?? menu).button) };
}
