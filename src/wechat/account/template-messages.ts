// Notices outside the chat: template messages (模板消息) and subscription notices (订阅通知), with what their refusals mean.
import { createHash } from 'node:crypto';
import { Fault } from '../../core/base/error.ts';
import type { OpenId } from '../../core/base/event.ts';
import {
  fillNotice,
  type Notice,
  type NoticeName,
  type Notices,
  type NoticeValues,
} from '../../core/messages/notice.ts';
import { apiErrorOf } from '../../core/messages/platform-codes.ts';
import type { Answer, Api } from './api.ts';

type NoticeResult =
  /** On its way; for a template message a push tells how it ends (TEMPLATESENDJOBFINISH). */
  | { readonly kind: 'sent' }
  /** This follower cannot be reached so: does not follow, refuses it, has not agreed. Not for this time to be tried again. */
  | { readonly kind: 'refused'; readonly code: string; readonly text: string }
  /** The account has no such notice, or it was found wrong before. */
  | { readonly kind: 'none' };

type FilledNotice = {
  readonly user: OpenId;
  readonly template: string;
  readonly data: ReadonlyMap<string, string>;
  readonly url?: string;
  readonly miniprogram?: { readonly appId: string; readonly path: string };
};

/** Sent before under this id: the follower has it. */
const SENT_BEFORE = '45065';
/** The id is refused beyond 64 characters. */
const ID_LENGTH = 32;

/**
 * A template message (发送模板消息), to a follower. Within ten minutes the same `id` is one message, so that a call whose
 * end nobody saw may be repeated. Throws `Fault` for everything that is not about the follower.
 */
export async function sendTemplate(api: Api, notice: FilledNotice, id: string): Promise<NoticeResult> {
  const { url } = notice;
  const key = id.length <= ID_LENGTH ? id : createHash('sha256').update(id).digest('hex').slice(0, ID_LENGTH);
  return outcomeOf(
    api.post('/cgi-bin/message/template/send', {
      ...bodyOf(notice),
      ...(url !== undefined && { url }),
      client_msg_id: key,
    }),
  );
}

/** A subscription notice (发送订阅通知): one for each time the follower agreed. A repetition is another one. */
async function sendSubscribe(api: Api, notice: FilledNotice): Promise<NoticeResult> {
  const { url } = notice;
  return outcomeOf(
    api.post('/cgi-bin/message/subscribe/bizsend', { ...bodyOf(notice), ...(url !== undefined && { page: url }) }),
  );
}

function bodyOf({ user, template, data, miniprogram }: FilledNotice): object {
  return {
    touser: user,
    template_id: template,
    data: Object.fromEntries([...data].map(([field, value]) => [field, { value }])),
    ...(miniprogram && { miniprogram: { appid: miniprogram.appId, pagepath: miniprogram.path } }),
  };
}

async function outcomeOf(call: Promise<Answer>): Promise<NoticeResult> {
  try {
    await call;
    return { kind: 'sent' };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === SENT_BEFORE) return { kind: 'sent' };
    const { kind, text } = apiErrorOf(error.code);
    if (kind !== 'user') throw error;
    return { kind: 'refused', code: error.code, text };
  }
}

export type Notifier = {
  has(name: NoticeName): boolean;
  /**
   * `id`: of what is told, for ever the same. Throws `Fault`; a notice whose template or permission is wrong throws once,
   * which somebody must look at, and is off until the bot starts anew with another bot.yaml.
   */
  send(name: NoticeName, user: OpenId, values: NoticeValues, id: string): Promise<NoticeResult>;
};

/** No value of one follower makes these right: bot.yaml or the account's permissions must change. */
const WRONG_FOR_ALL = new Set(['40037', '40246', '41030', '48001', '48004', '48008']);

export function createNotifier(account: { readonly name: string; readonly notices?: Notices }, api: Api): Notifier {
  const notices = new Map(account.notices);
  return {
    has: name => notices.has(name),
    async send(name, user, values, id) {
      const notice = notices.get(name);
      if (!notice) return { kind: 'none' };
      try {
        return await sendFilled(api, notice, user, values, `${name}:${id}`);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (WRONG_FOR_ALL.has(error.code)) notices.delete(name);
        const words = `account "${account.name}", notice "${name}": ${apiErrorOf(error.code).text}`;
        throw new Fault(error.who, error.retry, error.code, `${words} (${error.message})`, { cause: error });
      }
    },
  };
}

function sendFilled(api: Api, notice: Notice, user: OpenId, values: NoticeValues, id: string): Promise<NoticeResult> {
  const { kind, template, url, miniprogram } = notice;
  const filled: FilledNotice = {
    user,
    template,
    data: fillNotice(notice, values),
    ...(url !== undefined && { url }),
    ...(miniprogram && { miniprogram }),
  };
  return kind === 'template' ? sendTemplate(api, filled, id) : sendSubscribe(api, filled);
}
