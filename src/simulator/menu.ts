// The shape of a menu (自定义菜单), checked as `/cgi-bin/menu/create` does. Pure.
import type { ErrorCode } from './platform-errors.ts';
import type { Menu } from './protocol.ts';

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

/** The menu, or the code of its first error. */
export function checkMenu(body: unknown): Menu | ErrorCode {
  const buttons = (body as { button?: unknown } | null)?.button;
  if (!Array.isArray(buttons) || buttons.length < 1 || buttons.length > 3) return 40016;
  for (const button of buttons as unknown[]) {
    const code = checkButton(button, 16, true);
    if (code !== undefined) return code;
  }
  return { button: buttons as Menu['button'] };
}

function checkButton(button: unknown, nameMax: number, isTop: boolean): ErrorCode | undefined {
  if (typeof button !== 'object' || button === null) return 40016;
  const { name, type, key, url, sub_button: subs } = button as Record<string, unknown>;
  if (!isText(name, nameMax)) return 40018;
  if (Array.isArray(subs) && subs.length > 0) {
    if (!isTop || subs.length > 5) return 40023;
    for (const sub of subs as unknown[]) {
      const code = checkButton(sub, 60, false);
      if (code !== undefined) return code;
    }
    return undefined;
  }
  if (typeof type !== 'string') return 40017;
  if (WITH_KEY.has(type)) return isText(key, 128) ? undefined : 40019;
  if (type === 'view' || type === 'miniprogram') return isText(url, 1024) ? undefined : 40020;
  return WITH_MEDIA.has(type) ? undefined : 40017;
}

function isText(value: unknown, bytesMax: number): boolean {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= bytesMax;
}
