// The webhook (服务器地址) of each account: GET is the handshake, POST a push. A stranger learns nothing here: every
// refusal is an empty 4xx, and the reason stands in our log only.
import type { Context } from 'koa';
import { BadInput, messageOf } from '../core/error.ts';
import type { Flow } from '../flow.ts';
import type { Answer, Clock, Door, Log, Opened, Query } from '../ports.ts';
import { readBody, TooLarge } from './body.ts';

/** WeChat hangs up after 5 s and delivers again. */
export const ANSWER_WITHIN_MS = 4000;
/** A compatible-mode push is about three times its text; 64 KiB is far above any of them. */
const BODY_BYTES_MAX = 64 * 1024;

export type WebhookPorts = {
  readonly doors: ReadonlyMap<string, Door>;
  readonly flow: Flow;
  readonly clock: Clock;
  readonly log: Log;
};

export function webhookGet({ doors, clock, log }: WebhookPorts) {
  return (ctx: Context, account: string): void => {
    const door = doors.get(account);
    if (!door) return;
    try {
      ctx.body = door.greet(queryOf(ctx), clock());
      ctx.type = 'text/plain; charset=utf-8';
    } catch (error) {
      refuse(ctx, log, account, error);
    }
  };
}

export function webhookPost(ports: WebhookPorts) {
  const { doors, clock, log } = ports;
  return async (ctx: Context, account: string): Promise<void> => {
    const door = doors.get(account);
    if (!door) return;
    let opened: Opened;
    try {
      const body = await readBody(ctx.req, BODY_BYTES_MAX);
      opened = door.open(queryOf(ctx), body, clock());
    } catch (error) {
      refuse(ctx, log, account, error);
      return;
    }
    const answer = await answerInTime(ports, opened);
    if (!answer) {
      // Silence asks WeChat to deliver again; `success` would end the matter with nothing written.
      ctx.status = 503;
      ctx.set('retry-after', '1');
      ctx.body = '';
      return;
    }
    ctx.status = 200;
    ctx.body = door.close(opened, answer, clock());
    ctx.type = ctx.body === 'success' ? 'text/plain; charset=utf-8' : 'text/xml; charset=utf-8';
  };
}

/** The answer, once it is written down; `undefined` if that takes too long or fails. */
async function answerInTime({ flow, log }: WebhookPorts, { event }: Opened): Promise<Answer | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(resolve, ANSWER_WITHIN_MS, undefined);
  });
  try {
    const answer = await Promise.race([flow.handle(event), late]);
    if (!answer) log.warn({ account: event.account, key: event.key }, 'no answer in time; WeChat will deliver again');
    return answer;
  } catch (error) {
    log.error(
      { account: event.account, key: event.key, err: error },
      'an event could not be handled; WeChat will deliver again',
    );
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function refuse(ctx: Context, log: Log, account: string, error: unknown): void {
  if (!(error instanceof BadInput)) log.warn({ account, err: error }, 'a push could not be read');
  else log.info({ account, reason: messageOf(error) }, 'a push was refused');
  if (error instanceof TooLarge) ctx.set('connection', 'close');
  ctx.status = error instanceof TooLarge ? 413 : 401;
  ctx.body = '';
}

function queryOf(ctx: Context): Query {
  const query: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(ctx.query)) query[name] = Array.isArray(value) ? undefined : value;
  return query;
}
