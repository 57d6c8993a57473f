// QR codes with parameters (带参数二维码): creation with its limits, and the picture.
import { createHash } from 'node:crypto';
import { isWhole, partOf } from '../shared/json.ts';
import type { QrCode } from '../shared/protocol.ts';
import type { World } from '../world/world.ts';

const PERMANENT_MAX = 100_000;
const EXPIRE_SECONDS_MAX = 2_592_000;
const EXPIRE_SECONDS = 60;

/** As `/cgi-bin/qrcode/create` answers, or its complaint (40053). */
type Created = { readonly ticket: string; readonly expire_seconds?: number; readonly url: string };

export function createCode(world: World, account: string, body: unknown): Created | string {
  const asked = readRequest(body);
  if (typeof asked === 'string') return asked;
  const { qrcodes, options } = world.account(account);
  // The same permanent scene keeps its code; a temporary one is new each time.
  const known = asked.permanent
    ? [...qrcodes.values()].find(code => code.permanent && code.scene === asked.scene)
    : undefined;
  const permanent = [...qrcodes.values()].filter(code => code.permanent).length;
  if (asked.permanent && !known && permanent >= PERMANENT_MAX) return 'permanent qrcodes are used up';
  const seed = `${options.appId}\n${asked.scene}\n${asked.permanent ? '' : `${world.now()}\n${qrcodes.size}`}`;
  const code: QrCode = {
    scene: asked.scene,
    ticket: known?.ticket ?? ticketOf(seed),
    url: known?.url ?? `http://weixin.qq.com/q/02${digest(seed).slice(0, 20)}`,
    ...(asked.permanent ? {} : { expiresAt: world.now() + asked.seconds * 1000 }),
  };
  if (!known) world.addQrCode(account, code, asked.permanent);
  return { ticket: code.ticket, ...(asked.permanent ? {} : { expire_seconds: asked.seconds }), url: code.url };
}

type Asked = { readonly scene: string; readonly permanent: boolean; readonly seconds: number };

function readRequest(body: unknown): Asked | string {
  const { action_name: name, expire_seconds: given, action_info: info } = partOf(body);
  const { scene_id: id, scene_str: text } = partOf(partOf(info).scene);
  const seconds = given ?? EXPIRE_SECONDS;
  const permanent = name === 'QR_LIMIT_SCENE' || name === 'QR_LIMIT_STR_SCENE';
  const isNumber = name === 'QR_SCENE' || name === 'QR_LIMIT_SCENE';
  if (!permanent && !isNumber && name !== 'QR_STR_SCENE') return 'invalid action_name';
  if (isNumber) {
    const max = permanent ? 100_000 : 0xffffffff;
    if (!isWhole(id, 1, max)) return `scene_id: expected 1 to ${max}`;
  } else if (typeof text !== 'string' || text.length < 1 || text.length > 64)
    return 'scene_str: expected 1 to 64 characters';
  if (!permanent && !isWhole(seconds, 1, EXPIRE_SECONDS_MAX))
    return `expire_seconds: expected 1 to ${EXPIRE_SECONDS_MAX}`;
  return { scene: String(isNumber ? id : text), permanent, seconds: Number(seconds) };
}

/**
 * The code with this scene that can be scanned now. A scene nobody made a code for is let through with a ticket of
 * its own, so that a scene can be tried without calling the API first.
 */
export function findCode(world: World, account: string, scene: string): { readonly ticket: string } | 'expired' {
  const codes = [...world.account(account).qrcodes.values()].filter(code => code.scene === scene);
  if (codes.length === 0) return { ticket: ticketOf(`${account}\n${scene}`) };
  return codes.findLast(code => code.expiresAt === undefined || code.expiresAt > world.now()) ?? 'expired';
}

const digest = (text: string): string => createHash('sha512').update(text).digest('base64url');
const ticketOf = (seed: string): string => `gQ${digest(`ticket\n${seed}`).slice(0, 84)}==`;

/** A GIF that phones can scan; `undefined` for a ticket nobody was given. */
export async function picture(world: World, ticket: string): Promise<Buffer | undefined> {
  const account = world.accountBy(({ name }) => world.account(name).qrcodes.has(ticket));
  if (!account) return undefined;
  const { default: qrcode } = await import('qrcode-generator');
  const code = qrcode(0, 'M');
  code.addData(world.account(account.name).qrcodes.get(ticket)!.url);
  code.make();
  return Buffer.from(code.createDataURL(8, 32).replace(/^[^,]*,/, ''), 'base64');
}
