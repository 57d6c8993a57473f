// Uploaded files (素材): temporary ones, which die after three days, and permanent ones. A form is read by Node itself.
import { createHash } from 'node:crypto';
import { type Call, PlainFile } from '../account/api.ts';
import { type ErrorReply, OK, platformError } from '../account/errors.ts';
import type { Media } from '../world/console.ts';
import type { World } from '../world/world.ts';

type Kind = Media['kind'];
const KINDS: Readonly<Record<Kind, { readonly bytes: number; readonly names: RegExp }>> = {
  image: { bytes: 10 * 1024 * 1024, names: /\.(png|jpe?g|gif|bmp)$/i },
  voice: { bytes: 2 * 1024 * 1024, names: /\.(amr|mp3|wma|wav)$/i },
  video: { bytes: 10 * 1024 * 1024, names: /\.mp4$/i },
  thumb: { bytes: 64 * 1024, names: /\.jpe?g$/i },
};
const isKind = (name: string): name is Kind => Object.hasOwn(KINDS, name);
const IN_ARTICLES_MAX = 1024 * 1024;
const PAGE_MAX = 20;

type Upload = { readonly name: string; readonly type: string; readonly bytes: Buffer };

/** The one file of the form, by whatever name its part has. */
async function fileOf({ raw }: Call): Promise<Upload | ErrorReply> {
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(raw.bytes), { headers: { 'content-type': raw.type } }).formData();
  } catch {
    return platformError(41005);
  }
  for (const value of form.values()) {
    if (typeof value === 'string') continue;
    const bytes = Buffer.from(await value.arrayBuffer());
    return bytes.length === 0 ? platformError(41005) : { name: value.name, type: value.type, bytes };
  }
  return platformError(41005);
}

async function keep(world: World, call: Call, permanent: boolean): Promise<Media | ErrorReply> {
  const kind = call.query.get('type') ?? '';
  if (!isKind(kind)) return platformError(40004);
  const limits = KINDS[kind];
  const file = await fileOf(call);
  if ('errcode' in file) return file;
  if (!limits.names.test(file.name)) return platformError(40005, `${kind}: ${file.name}`);
  if (file.bytes.length > limits.bytes) return platformError(45001);
  const { account } = call;
  const seed = `${account}/${world.console.uploads()}/${permanent}`;
  const media: Media = {
    id: createHash('sha512')
      .update(seed)
      .digest('base64url')
      .slice(0, permanent ? 43 : 64),
    ...{ kind, permanent, at: world.now(), name: file.name, type: file.type || 'application/octet-stream' },
    base64: file.bytes.toString('base64'),
  };
  world.console.addMedia(account, media);
  return media;
}

/** `/cgi-bin/media/upload` */
export async function upload(world: World, call: Call): Promise<object> {
  const kept = await keep(world, call, false);
  if ('errcode' in kept) return kept;
  const { kind, id, at } = kept;
  const name = kind === 'thumb' ? 'thumb_media_id' : 'media_id';
  return { type: kind, [name]: id, created_at: Math.floor(at / 1000), item: [] };
}

/** `/cgi-bin/material/add_material` */
export async function addMaterial(world: World, call: Call): Promise<object> {
  const kept = await keep(world, call, true);
  if ('errcode' in kept) return kept;
  return {
    media_id: kept.id,
    ...(kept.kind === 'image' || kept.kind === 'thumb' ? { url: urlOf(kept.id) } : {}),
    item: [],
  };
}

const urlOf = (id: string): string => `http://mmbiz.qpic.cn/mmbiz_jpg/${id.slice(0, 24)}/0?wx_fmt=jpeg`;

/** `/cgi-bin/media/uploadimg`: for articles; it can only be looked at. */
export async function uploadImage(_world: World, call: Call): Promise<object> {
  const file = await fileOf(call);
  if ('errcode' in file) return file;
  if (!/\.(png|jpe?g)$/i.test(file.name)) return platformError(40005);
  if (file.bytes.length > IN_ARTICLES_MAX) return platformError(40006);
  return { ...OK, url: urlOf(createHash('sha256').update(file.bytes).digest('hex')) };
}

function shown({ kind, name, type, base64 }: Media): object {
  if (kind === 'video')
    return { video_url: `http://vweixin.tc.qq.com/${name}`, title: name, down_url: `http://vweixin.tc.qq.com/${name}` };
  return new PlainFile(Buffer.from(base64, 'base64'), type);
}

/** `/cgi-bin/media/get` */
export function getMedia(world: World, { account, query }: Call): object {
  const media = world.console.media(account, query.get('media_id') ?? '', world.now());
  return media && !media.permanent ? shown(media) : platformError(40007);
}

const permanentOf = (world: World, { account, body }: Call): Media | undefined => {
  const media = world.console.media(account, String(body.media_id ?? ''), world.now());
  return media?.permanent ? media : undefined;
};

/** `/cgi-bin/material/get_material` */
export function getMaterial(world: World, call: Call): object {
  const media = permanentOf(world, call);
  return media ? shown(media) : platformError(40007);
}

/** `/cgi-bin/material/del_material` */
export function deleteMaterial(world: World, call: Call): object {
  const media = permanentOf(world, call);
  if (!media) return platformError(40007);
  world.console.dropMedia(call.account, media);
  return OK;
}

/** `/cgi-bin/material/get_materialcount` */
export function countMaterials(world: World, { account }: Call): object {
  const all = world.console.permanentMedia(account);
  const count = (...kinds: Kind[]): number => all.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    voice_count: count('voice'),
    video_count: count('video'),
    image_count: count('image', 'thumb'),
    news_count: 0,
  };
}

/** `/cgi-bin/material/batchget_material`: newest first. */
export function listMaterials(world: World, { account, body }: Call): object {
  const { type, offset, count } = body;
  if (type === 'news') return { total_count: 0, item_count: 0, item: [] };
  if (typeof type !== 'string' || !isKind(type)) return platformError(40004);
  const all = world.console
    .permanentMedia(account)
    .filter(({ kind }) => kind === type || (type === 'image' && kind === 'thumb'))
    .reverse();
  const page = all.slice(Number(offset) || 0, (Number(offset) || 0) + (Number(count) || PAGE_MAX));
  const item = page.map(({ id, name, at }) => ({
    media_id: id,
    name,
    update_time: Math.floor(at / 1000),
    url: urlOf(id),
  }));
  return { total_count: all.length, item_count: item.length, item };
}
