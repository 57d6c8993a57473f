// What a request says once, and the language it asks for.
import type { Context } from 'koa';

export type Lang = 'zh' | 'en';

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
