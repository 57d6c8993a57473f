// What both doors of the page share: its language, parameters that stand there once, and the notes that end a way.
import type { Context } from 'koa';

export type Lang = 'zh' | 'en';

/**
 * `nowhere`: no such page. `stale`: the link is of no use any more. `snapshot`: WeChat shows a snapshot (快照页).
 * `later`: WeChat does not answer.
 */
export type Note = 'nowhere' | 'stale' | 'snapshot' | 'later';

/** A parameter that stands there exactly once. */
export function one(ctx: Context, name: string): string | undefined {
  const value = ctx.query[name];
  return typeof value === 'string' ? value : undefined;
}

/** Chinese, unless the link or the browser says otherwise. */
export function langOf(ctx: Context): Lang {
  const asked = one(ctx, 'lang');
  if (asked === 'en' || asked === 'zh') return asked;
  const first = ctx.get('accept-language').split(',')[0] ?? '';
  return /^en\b/i.test(first.trim()) ? 'en' : 'zh';
}
