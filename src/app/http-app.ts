// Koa: the order of the middleware and the routes, nothing else.
import Router from '@koa/router';
import Koa, { type Context, type Middleware } from 'koa';
import { behind, pathOf } from '../core/base/address.ts';
import { messageOf } from '../core/base/error.ts';
import { voucherPayer } from '../core/decide/limits.ts';
import { isNear } from '../http/client-address.ts';
import { createEdge, type EdgePorts } from '../http/edge.ts';
import type { H5 } from '../http/h5/routes.ts';
import { type MetricsPorts, metricsGet } from '../http/metrics.ts';
import { type PayNoticePorts, payNoticePost } from '../http/payment-notice.ts';
import { type NotifyPorts, notifyPost } from '../http/transfer-notice.ts';
import { type WebhookPorts, webhookRoute } from '../http/webhook.ts';
import { sparing } from '../lib/log-throttle.ts';

type AppPorts = WebhookPorts &
  NotifyPorts &
  PayNoticePorts & {
    readonly site: EdgePorts['site'];
    /** Why the bot is not ready, or `undefined` when it is. */
    readonly unready: () => Promise<string | undefined>;
    /** The campaigns' pages. */
    readonly h5: H5;
    /** Absent: there is no `/metrics`. */
    readonly metrics?: MetricsPorts;
    /** Further routes: the demo's chat page. */
    readonly extend?: (router: Router) => void;
    /** The dashboard, where it has no port of its own. */
    readonly admin?: Middleware;
  };

export function createApp(ports: AppPorts): Koa {
  const app = new Koa();
  const router = new Router();
  const [notify, paid] = [notifyPost(ports), payNoticePost(ports)];
  const spare = sparing(ports.clock);

  app.silent = true; // errors meet below, in our own log
  app.on('error', (error: unknown, ctx?: Context) => {
    // Whoever hangs up, or sends what is no HTTP after all, is no failure of ours.
    if (ctx && error === ctx.req.socket.errored) return;
    spare(leftOut =>
      ports.log.error({ err: error, path: ctx?.path, leftOut }, `a request failed: ${messageOf(error)}`),
    );
  });
  app.use(withoutPrefix(pathOf(ports.site.publicUrl)));
  app.use(createEdge({ ...ports, ...(ports.extend && { methods: ['PUT'] }) }));
  app.use(webhookRoute(ports));
  if (ports.admin) app.use(ports.admin);

  router.post('/notify/transfer/:merchant', ctx => notify(ctx, ctx.params.merchant!));
  router.post('/notify/voucher/:merchant', ctx => notify(ctx, voucherPayer(ctx.params.merchant!)));
  router.post('/notify/pay/:merchant', ctx => paid(ctx, ctx.params.merchant!));
  pageRoutes(router, ports.h5);
  router.get('/healthz', ctx => {
    ctx.body = 'ok';
  });
  router.get('/readyz', async ctx => {
    const reason = await ports.unready();
    ctx.status = reason === undefined ? 200 : 503;
    // Where the store lies is for those beside us.
    ctx.body = reason === undefined ? 'ready' : isNear(ctx.req) ? reason : 'not ready';
  });
  if (ports.metrics) router.get('/metrics', metricsGet(ports.metrics));
  ports.extend?.(router);
  app.use(router.routes());
  app.use(router.allowedMethods());
  return app;
}

/** A proxy leaves the path of publicUrl on, or takes it off; from here on nobody sees it. */
function withoutPrefix(prefix: string): Middleware {
  return (ctx, next) => {
    ctx.url = behind(prefix, ctx.url);
    return next();
  };
}

function pageRoutes(router: Router, h5: H5): void {
  router.get('/oauth/:account/callback', ctx => h5.callback(ctx, ctx.params.account!));
  const of = ({ params }: Context): [account: string, campaign: string] => [params.account!, params.campaign!];
  router.get('/h5/:account/:campaign', ctx => h5.page(ctx, ...of(ctx)));
  router.get('/h5/:account/:campaign/mine', ctx => h5.mine(ctx, ...of(ctx)));
  router.get('/h5/:account/:campaign/invite.png', ctx => h5.invite(ctx, ...of(ctx)));
  router.post('/h5/:account/:campaign/draw', ctx => h5.draw(ctx, ...of(ctx)));
  router.post('/h5/:account/:campaign/confirmed', ctx => h5.confirmed(ctx, ...of(ctx)));
  router.post('/h5/:account/:campaign/end-authorization', ctx => h5.endAuthorization(ctx, ...of(ctx)));
}
