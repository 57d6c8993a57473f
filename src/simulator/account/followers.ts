// What the platform tells about followers: `/cgi-bin/user/*`. Names and pictures have not been told since 2021.
import { isList, partOf } from '../shared/json.ts';
import type { StoredPerson } from '../world/journal.ts';
import type { World } from '../world/world.ts';
import { type ErrorReply, platformError } from './errors.ts';

const PAGE = 10_000;
const BATCH_MAX = 100;

export function followerInfo(world: World, account: string, openid: string): object {
  const person = world.findPerson(openid);
  return person?.account === account ? infoOf(world, person) : platformError(40003);
}

function infoOf(world: World, person: StoredPerson): object {
  const { openid, account, following, followedAt, scene } = person;
  if (!following) return { subscribe: 0, openid };
  const { remark, tags } = world.console.notesOf(account, openid);
  const isNumber = scene !== undefined && /^\d{1,10}$/.test(scene);
  return {
    subscribe: 1,
    openid,
    subscribe_time: Math.floor((followedAt ?? 0) / 1000),
    remark,
    groupid: tags[0] ?? 0,
    tagid_list: tags,
    subscribe_scene: scene === undefined ? 'ADD_SCENE_SEARCH' : 'ADD_SCENE_QR_CODE',
    qr_scene: isNumber ? Number(scene) : 0,
    qr_scene_str: isNumber ? '' : (scene ?? ''),
  };
}

export function followerInfos(world: World, account: string, body: unknown): object {
  const { user_list: list } = partOf(body);
  if (!isList(list) || list.length === 0 || list.length > BATCH_MAX) return platformError(40032);
  const infos: object[] = [];
  for (const item of list) {
    const { openid } = partOf(item);
    const person = typeof openid === 'string' ? world.findPerson(openid) : undefined;
    if (person?.account !== account) return platformError(40003);
    infos.push(infoOf(world, person));
  }
  return { user_info_list: infos };
}

/** 10 000 at a time. A page that ends exactly with the last follower still names it; the next one is empty. */
export function followerPage(world: World, account: string, after: string): object | ErrorReply {
  const all = Array.from(world.followersOf(account), ({ openid }) => openid);
  const start = after === '' ? 0 : all.indexOf(after) + 1;
  if (after !== '' && start === 0) return platformError(40003);
  const page = all.slice(start, start + PAGE);
  const head = { total: all.length, count: page.length };
  return page.length === 0
    ? { ...head, next_openid: '' }
    : { ...head, data: { openid: page }, next_openid: page.at(-1)! };
}
