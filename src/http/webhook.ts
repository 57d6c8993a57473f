// The webhook (服务器地址) of each account: GET is the handshake, POST a push. A stranger learns nothing here: every
// refusal is an empty 4xx, and the reason stands in our log only. What WeChat has signed is never refused for its content.
import type { Context } from 'koa';
import { BadInput, messageOf } from '../core/base/error.ts';
import type { Flow } from '../engine/flow.ts';
import { sparing } from '../lib/log-throttle.ts';
import { createTrouble } from '../lib/outage-log.ts';
import type { Answer, Clock, Log, Opened, PushFormat, Query, Unread, Webhook } from '../ports.ts';
import { readBytes, TooLarge } from './body.ts';
import { createThrottle } from './follower-throttle.ts';
import { markGenuine } from './genuine.ts';

/** WeChat hangs up after 5 s and delivers again. */
export const ANSWER_WITHIN_MS = 4000;
/**
 * A compatible-mode push is about three times its text; 64 KiB is far above any of them. WeChat signs the address of each,
 * so that of whoever does not less is read.
 */
const BODY_BYTES_MAX = { signed: 64 * 1024, stranger: 8 * 1024 };
const ODD_PER_MINUTE = 3;

export type WebhookPorts = {
  readonly webhooks: ReadonlyMap<string, Webhook>;
  /** The webhook of an account that there is not: it looks as hard as the others, and refuses everything. */
  readonly nobody: Webhook;
  readonly flow: Flow;
  readonly clock: Clock;
  readonly log: Log;
};

/** Whether WeChat made the address (path and query) of a request; what else is in it nobody has seen. */
export function isSignedPush({ webhooks, clock }: Pick<WebhookPorts, 'webhooks' | 'clock'>): (url: string) => boolean {
  return url => {
    const [, account, search] = /^\/wechat\/([\w-]+)\/?\?(.{1,2000})$/i.exec(url) ?? [];
    const webhook = account === undefined ? undefined : webhooks.get(account);
    return webhook?.isSigned(Object.fromEntries(new URLSearchParams(search)), clock()) === true;
  };
}

export function webhookGet({ webhooks, nobody, clock, log }: WebhookPorts) {
  const refuse = refuserOf(clock, log);
  return (ctx: Context, account: string): void => {
    try {
      ctx.body = (webhooks.get(account) ?? nobody).greet(queryOf(ctx), clock());
      markGenuine(ctx);
      ctx.type = 'text/plain; charset=utf-8';
    } catch (error) {
      refuse(ctx, account, error);
    }
  };
}

export function webhookPost(ports: WebhookPorts) {
  const { webhooks, nobody, clock, log } = ports;
  const [refuse, answerInTime, isToBeHandled] = [refuserOf(clock, log), answererOf(ports), createThrottle(clock)];
  const [spare, tellOdd] = [sparing(clock, 1), oddTellerOf(clock, log)];
  return async (ctx: Context, account: string): Promise<void> => {
    const webhook = webhooks.get(account) ?? nobody;
    let opened: Opened | Unread;
    try {
      const query = queryOf(ctx);
      const limit = BODY_BYTES_MAX[webhook.isSigned(query, clock()) ? 'signed' : 'stranger'];
      opened = webhook.open(query, await readBytes(ctx.req, limit), clock());
    } catch (error) {
      refuse(ctx, account, error);
      return;
    }
    tellOdd(account, opened);
    if (!('unread' in opened && opened.isRefused)) markGenuine(ctx);
    if ('unread' in opened) {
      ctx.status = opened.isRefused ? 401 : 200;
      ctx.body = opened.isRefused ? '' : SUCCESS;
      ctx.type = 'text/plain; charset=utf-8';
      return;
    }
    const { user } = opened.event;
    const isHandled = isToBeHandled(opened.event);
    if (!isHandled) spare(leftOut => log.info({ account, user, leftOut }, 'a follower who hammers is not answered'));
    const answer = isHandled ? await answerInTime(opened) : { reply: { kind: 'none' as const }, at: clock() };
    if (!answer) {
      // Silence asks WeChat to deliver again; `success` would end the matter with nothing written.
      ctx.status = 503;
      ctx.set('retry-after', '1');
      ctx.body = '';
      return;
    }
    ctx.status = 200;
    ctx.body = closed(webhook, opened, answer, ports);
    ctx.type = `${ctx.body === SUCCESS ? 'text/plain' : TYPES[opened.format]}; charset=utf-8`;
  };
}

const SUCCESS = 'success';
const TYPES: Readonly<Record<PushFormat, string>> = { xml: 'text/xml', json: 'application/json' };

/** It is written down by now: whatever becomes of the words, the event is not to come again. */
function closed(webhook: Webhook, opened: Opened, answer: Answer, { clock, log }: WebhookPorts): string {
  try {
    return webhook.close(opened, answer, clock());
  } catch (error) {
    const { account, key } = opened.event;
    log.error({ account, key, err: error }, 'a reply could not be built; the follower reads nothing');
    return SUCCESS;
  }
}

/** What of WeChat's own pushes could not be read, or only in part; each account has its lines, and few of them. */
function oddTellerOf(clock: Clock, log: Log): (account: string, opened: Opened | Unread) => void {
  const spares = new Map<string, ReturnType<typeof sparing>>();
  return (account, opened) => {
    const reason = 'unread' in opened ? opened.unread : opened.remark;
    if (reason === undefined) return;
    const spare = spares.get(account) ?? sparing(clock, ODD_PER_MINUTE);
    spares.set(account, spare);
    const text = 'unread' in opened ? 'a push with a right signature is not read' : 'a push was odd, and is read';
    spare(leftOut => log.warn({ account, leftOut, reason }, text));
  };
}

/** The answer, once it is written down; `undefined` if that takes too long or fails. */
function answererOf({ flow, clock, log }: WebhookPorts): (opened: Opened) => Promise<Answer | undefined> {
  const [slowness, outage] = [createTrouble(clock), createTrouble(clock)];
  const goesOn = (times: number): void => log.warn({ times }, 'events are answered again');
  return async ({ event: { account, key }, event }) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>(resolve => {
      timer = setTimeout(resolve, ANSWER_WITHIN_MS, undefined);
    });
    try {
      const answer = await Promise.race([flow.handle(event), late]);
      if (answer) for (const trouble of [slowness, outage]) trouble.over(goesOn);
      else slowness.met(times => log.warn({ account, key, times }, 'no answer in time; WeChat will deliver again'));
      return answer;
    } catch (error) {
      const text = 'an event could not be handled; WeChat will deliver again';
      outage.met(times => log.error({ account, key, times, err: error }, text));
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  };
}

function refuserOf(clock: Clock, log: Log): (ctx: Context, account: string, error: unknown) => void {
  const spare = sparing(clock);
  return (ctx, account, error) => {
    spare(leftOut => {
      if (!(error instanceof BadInput)) log.warn({ account, leftOut, err: error }, 'a push could not be read');
      else log.info({ account, leftOut, reason: messageOf(error) }, 'a push was refused');
    });
    if (error instanceof TooLarge) ctx.set('connection', 'close');
    ctx.status = error instanceof TooLarge ? 413 : 401;
    ctx.body = '';
  };
}

function queryOf(ctx: Context): Query {
  const query: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(ctx.query)) query[name] = Array.isArray(value) ? undefined : value;
  return query;
}
