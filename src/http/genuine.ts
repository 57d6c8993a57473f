// WeChat's own word about where a request came from: a door that verified a signature says so, and the edge remembers the
// address it came from.
import type { Context } from 'koa';

export function markGenuine(ctx: Context): void {
  (ctx.state as Mark).isGenuine = true;
}

export function isGenuine(ctx: Context): boolean {
  return (ctx.state as Mark).isGenuine === true;
}

type Mark = { isGenuine?: boolean };
