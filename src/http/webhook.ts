// The webhook (服务器地址) of each account: GET is the handshake, POST a push. A stranger learns nothing here: every
// refusal is an empty 4xx, and the reason stands in our log only. What WeChat has signed is never refused for its content.
import type { Context, Middleware } from 'koa';
import { BadInput, messageOf } from '../core/base/error.ts';
import { SECOND } from '../core/base/time.ts';
import type { Flow } from '../engine/flow.ts';
import type { HeardAt } from '../engine/ops/door-notes.ts';
import { sparing } from '../lib/log-throttle.ts';
import { createTrouble } from '../lib/outage-log.ts';
import type { Answer, Clock, Log, Opened, PushFormat, Unread, Webhook } from '../ports.ts';
import { say } from './answer.ts';
import { readBytes, TooLarge } from './body.ts';
import { createThrottle } from './follower-throttle.ts';
import { markGenuine } from './genuine.ts';
import { splitQuery } from './query.ts';

/** WeChat hangs up after 5 s and delivers again. */
export const ANSWER_WITHIN_MS = 4000;
/**
 * A compatible-mode push is about three times its text; 64 KiB is far above any of them. WeChat signs the address of each,
 * so that of whoever does not less is read.
 */
const BODY_BYTES_MAX = { signed: 64 * 1024, stranger: 8 * 1024 };
const ODD_PER_MINUTE = 3;
/** Longer than what WeChat writes behind the question mark. */
const SIGNED_QUERY_MAX = 2000;
const DONE = Promise.resolve();

export type WebhookPorts = {
  readonly webhooks: ReadonlyMap<string, Webhook>;
  /** The webhook of an account that there is not: it looks as hard as the others, and refuses everything. */
  readonly nobody: Webhook;
  /** `isSignedPush`, of these webhooks. */
  readonly isSigned: (url: string) => boolean;
  readonly flow: Flow;
  readonly clock: Clock;
  readonly log: Log;
  /** What an account's pushes show of its set-up. */
  readonly heard?: HeardAt;
};

/**
 * Whether WeChat made the address (path and query) of a request; what else is in it nobody has seen. Who takes the request's
 * turn asks, then the edge, then the door: the last answer is kept for them.
 */
export function isSignedPush({ webhooks, clock }: Pick<WebhookPorts, 'webhooks' | 'clock'>): (url: string) => boolean {
  let last = { url: '', at: Number.NEGATIVE_INFINITY, isSigned: false };
  return url => {
    const at = clock();
    if (url === last.url && Math.abs(at - last.at) < SECOND) return last.isSigned;
    const search = searchIn(url);
    const account = search.length > SIGNED_QUERY_MAX ? undefined : accountIn(pathIn(url));
    const webhook = account === undefined ? undefined : webhooks.get(account);
    last = { url, at, isSigned: webhook?.isSigned(splitQuery(search), at) === true };
    return last.isSigned;
  };
}

const pathIn = (url: string): string => {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
};
const searchIn = (url: string): string => {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
};

/** Whose webhook lies at this path. */
function accountIn(path: string): string | undefined {
  return /^\/wechat\/([^/]+)\/?$/i.exec(path)?.[1];
}

/** The route of the webhooks: recognised by its path alone, before the routes that people use are gone through. */
export function webhookRoute(ports: WebhookPorts): Middleware {
  const [get, post] = [webhookGet(ports), webhookPost(ports)];
  return (ctx, next) => {
    const account = accountIn(pathIn(ctx.url));
    if (account === undefined) return next();
    if (ctx.method === 'POST') return post(ctx, account);
    if (!['GET', 'HEAD'].includes(ctx.method)) return next();
    get(ctx, account);
    return DONE;
  };
}

function webhookGet({ webhooks, nobody, clock, log }: WebhookPorts) {
  const refuse = refuserOf(clock, log);
  return (ctx: Context, account: string): void => {
    try {
      ctx.body = (webhooks.get(account) ?? nobody).greet(splitQuery(searchIn(ctx.url)), clock());
      markGenuine(ctx);
      ctx.type = PLAIN;
    } catch (error) {
      refuse(ctx, account, error);
    }
  };
}

function webhookPost(ports: WebhookPorts) {
  const { webhooks, nobody, clock, log, heard } = ports;
  const [refuse, answerInTime, isToBeHandled] = [refuserOf(clock, log), answererOf(ports), createThrottle(clock)];
  const [spare, tellOdd] = [sparing(clock, 1), oddTellerOf(clock, log)];
  return async (ctx: Context, account: string): Promise<void> => {
    const webhook = webhooks.get(account) ?? nobody;
    let opened: Opened | Unread;
    try {
      const isSigned = ports.isSigned(ctx.url);
      const body = await readBytes(ctx.req, BODY_BYTES_MAX[isSigned ? 'signed' : 'stranger']);
      opened = webhook.open(splitQuery(searchIn(ctx.url)), body, clock(), isSigned);
    } catch (error) {
      refuse(ctx, account, error);
      if (error instanceof BadInput && webhooks.has(account)) heard?.(account, ...shownBy(error));
      return;
    }
    tellOdd(account, opened);
    heard?.(account, ...('unread' in opened ? shownByUnread(opened) : GENUINE));
    if (!('unread' in opened && opened.isRefused)) markGenuine(ctx);
    if ('unread' in opened) {
      ctx.status = opened.isRefused ? 401 : 200;
      ctx.body = opened.isRefused ? '' : SUCCESS;
      ctx.type = PLAIN;
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
    const text = closed(webhook, opened, answer, ports);
    say(ctx, text === SUCCESS ? PLAIN : TYPES[opened.format], text);
  };
}

const GENUINE = ['genuine', ''] as const;

function shownByUnread({ shows, unread }: Unread): readonly ['genuine' | 'mode' | 'sealed', string] {
  return shows ? [shows, unread] : GENUINE;
}

function shownBy({ message }: BadInput): readonly ['clock' | 'signature', string] {
  return [message.startsWith('timestamp') ? 'clock' : 'signature', message];
}

const SUCCESS = 'success';
const PLAIN = 'text/plain; charset=utf-8';
const TYPES: Readonly<Record<PushFormat, string>> = {
  xml: 'text/xml; charset=utf-8',
  json: 'application/json; charset=utf-8',
};

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
    try {
      const answering = flow.answer(event);
      if (!(answering instanceof Promise)) return answering;
      const late = new Promise<undefined>(resolve => {
        timer = setTimeout(resolve, ANSWER_WITHIN_MS, undefined);
      });
      const answer = await Promise.race([answering, late]);
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
