// Tags (标签), remarks and the blacklist: what an account notes about its followers.
import type { Call } from '../account/api.ts';
import { type ErrorReply, OK, platformError } from '../account/errors.ts';
import { isList, type Json, partOf } from '../shared/json.ts';
import type { StoredPerson } from '../world/journal.ts';
import type { World } from '../world/world.ts';

const TAGS_MAX = 100;
const TAGS_OF_ONE_MAX = 20;
const NAME_MAX = 30;
const TAGGED_AT_ONCE = 50;
const BLOCKED_AT_ONCE = 20;
const PAGE = 10_000;
/** The system's own, which nobody changes. */
const SYSTEM = [{ id: 2, name: '星标组' }] as const;

function wrongName(world: World, account: string, { id, name }: Json): ErrorReply | undefined {
  if (typeof name !== 'string' || name === '') return platformError(45157);
  if ([...name].length > NAME_MAX) return platformError(45158);
  const { tags } = world.console.of(account);
  return [...SYSTEM, ...tags].some(tag => tag.name === name && tag.id !== id) ? platformError(45157) : undefined;
}

export function createTag(world: World, { account, body }: Call): object {
  const { name } = partOf(body.tag);
  const wrong = wrongName(world, account, { name });
  if (wrong) return wrong;
  const { tags } = world.console.of(account);
  if (tags.length >= TAGS_MAX) return platformError(45056);
  const tag = { id: world.console.nextTag(account), name: String(name) };
  world.console.set(account, { tags: [...tags, tag] });
  return { tag };
}

export function listTags(world: World, { account }: Call): object {
  const all = [...SYSTEM, ...world.console.of(account).tags];
  return { tags: all.map(tag => ({ ...tag, count: membersOf(world, account, tag.id).length })) };
}

export function updateTag(world: World, { account, body }: Call): object {
  const given = partOf(body.tag);
  const found = knownTag(world, account, given.id);
  if (typeof found !== 'number') return found;
  const wrong = wrongName(world, account, given);
  if (wrong) return wrong;
  const { tags } = world.console.of(account);
  world.console.set(account, {
    tags: tags.map(tag => (tag.id === found ? { id: found, name: String(given.name) } : tag)),
  });
  return OK;
}

export function deleteTag(world: World, { account, body }: Call): object {
  const found = knownTag(world, account, partOf(body.tag).id);
  if (typeof found !== 'number') return found;
  for (const openid of membersOf(world, account, found)) setTag(world, account, openid, found, false);
  world.console.set(account, { tags: world.console.of(account).tags.filter(({ id }) => id !== found) });
  return OK;
}

/** One that may be changed. */
function knownTag(world: World, account: string, id: unknown): number | ErrorReply {
  if (id === 0 || id === 1 || id === 2) return platformError(45058);
  const found = world.console.of(account).tags.find(tag => tag.id === id);
  return found ? found.id : platformError(45159);
}

function membersOf(world: World, account: string, tag: number): string[] {
  return Array.from(world.followersOf(account), ({ openid }) => openid).filter(openid =>
    world.console.notesOf(account, openid).tags.includes(tag),
  );
}

function setTag(world: World, account: string, openid: string, tag: number, isOn: boolean): void {
  const others = world.console.notesOf(account, openid).tags.filter(each => each !== tag);
  world.console.note(account, openid, { tags: isOn ? [...others, tag] : others });
}

/** Everybody in the list, or the code that says who is not. */
function everybody(world: World, account: string, list: unknown, max: number): StoredPerson[] | ErrorReply {
  if (!isList(list) || list.length === 0 || list.length > max) return platformError(40032);
  const people: StoredPerson[] = [];
  for (const openid of list) {
    const person = typeof openid === 'string' ? world.findPerson(openid) : undefined;
    if (!person) return platformError(40003);
    if (person.account !== account) return platformError(49003);
    people.push(person);
  }
  return people;
}

const tagging =
  (isOn: boolean) =>
  (world: World, { account, body }: Call): object => {
    const tag = [...SYSTEM, ...world.console.of(account).tags].find(each => each.id === body.tagid);
    if (!tag) return platformError(45159);
    const { id } = tag;
    const people = everybody(world, account, body.openid_list, TAGGED_AT_ONCE);
    if (!Array.isArray(people)) return people;
    if (isOn && people.some(({ following }) => !following)) return platformError(40003);
    const isFull = ({ openid }: StoredPerson): boolean =>
      world.console.notesOf(account, openid).tags.filter(each => each !== id).length >= TAGS_OF_ONE_MAX;
    if (isOn && people.some(isFull)) return platformError(45059);
    for (const { openid } of people) setTag(world, account, openid, id, isOn);
    return OK;
  };
export const tagPeople = tagging(true);
export const untagPeople = tagging(false);

export function tagsOfPerson(world: World, { account, body }: Call): object {
  const person = typeof body.openid === 'string' ? world.findPerson(body.openid) : undefined;
  if (!person) return platformError(40003);
  if (person.account !== account) return platformError(49003);
  return { tagid_list: world.console.notesOf(account, person.openid).tags };
}

export function peopleOfTag(world: World, { account, body }: Call): object {
  const { tagid, next_openid: after } = body;
  return pageOf(membersOf(world, account, Number(tagid)), typeof after === 'string' ? after : '', {});
}

function pageOf(all: readonly string[], after: string, head: object): object {
  const page = all.slice(after === '' ? 0 : all.indexOf(after) + 1).slice(0, PAGE);
  const data = page.length === 0 ? {} : { data: { openid: page } };
  return { ...head, count: page.length, ...data, next_openid: page.at(-1) ?? '' };
}

export function setRemark(world: World, { account, body }: Call): object {
  const { openid, remark } = body;
  const person = typeof openid === 'string' ? world.findPerson(openid) : undefined;
  if (person?.account !== account) return platformError(40003);
  if (typeof remark !== 'string' || [...remark].length >= NAME_MAX) return platformError(47001);
  world.console.note(account, person.openid, { remark });
  return OK;
}

const blocking =
  (isBlocked: boolean) =>
  (world: World, { account, body }: Call): object => {
    const people = everybody(world, account, body.openid_list, BLOCKED_AT_ONCE);
    if (!Array.isArray(people)) return people;
    for (const { openid } of people) world.console.note(account, openid, { isBlocked });
    return OK;
  };
export const block = blocking(true);
export const unblock = blocking(false);

export function listBlocked(world: World, { account, body }: Call): object {
  const all = Array.from(world.followersOf(account), ({ openid }) => openid).filter(
    openid => world.console.notesOf(account, openid).isBlocked,
  );
  const after = typeof body.begin_openid === 'string' ? body.begin_openid : '';
  return pageOf(all, after, { total: all.length });
}
