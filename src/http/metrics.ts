// `GET /metrics`, for Prometheus: with the token of bot.yaml, or from this very machine. To anybody else there is no such page.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Metrics, MetricsOf } from '../engine/ops/metrics.ts';
import { isNear } from './client-address.ts';

export type MetricsPorts = {
  readonly metrics: Metrics;
  readonly of: () => MetricsOf;
  /** In bot.yaml; absent: only from this machine. */
  readonly token: string | undefined;
};

export function metricsGet({ metrics, of, token }: MetricsPorts) {
  return async (ctx: Context): Promise<void> => {
    if (!mayRead(ctx, token)) {
      ctx.status = 404;
      ctx.body = '';
      return;
    }
    const { type, text } = await metrics.page(of());
    ctx.set('content-type', type);
    ctx.set('cache-control', 'no-store');
    ctx.body = text;
  };
}

function mayRead({ req }: Context, token: string | undefined): boolean {
  const { authorization = '' } = req.headers;
  if (token !== undefined) return isSame(authorization, `Bearer ${token}`);
  return isNear(req) && /^(::ffff:)?127\.|^::1$/.test(req.socket.remoteAddress ?? '');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}
