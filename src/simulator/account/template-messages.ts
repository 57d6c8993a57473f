// Template messages (模板消息) and subscription notices (订阅通知): what is refused, what the phone shows, and the event
// that tells how it ended.

import { type Json, partOf, textAt } from '../shared/json.ts';
import type { Template } from '../shared/options.ts';
import { own } from '../shared/own.ts';
import type { NewLine, World } from '../world/world.ts';
import type { Fields } from './envelope.ts';
import { type ErrorReply, OK, platformError } from './errors.ts';

/** What the platform pushes after its answer. */
export type Tell = (openid: string, fields: Fields) => void;

/** What each type of field takes; others take anything that is not empty. */
const FIELD_TYPES: Readonly<Record<string, RegExp>> = {
  thing: /^.{1,20}$/su,
  const: /^.{1,20}$/su,
  character_string: /^[\x20-\x7e]{1,32}$/,
  letter: /^[A-Za-z]{1,32}$/,
  number: /^(?=.{1,32}$)-?\d+(\.\d+)?$/,
  symbol: /^.{1,5}$/su,
  phrase: /^.{1,5}$/su,
  amount: /^[¥￥$€]?\d{1,10}(\.\d+)?元?$/,
  phone_number: /^[\d+() -]{1,17}$/,
  car_number: /^.{1,8}$/su,
};
/** The same `client_msg_id` for the same person is one message for so long. */
const REPEAT_MS = 600_000;
const CLIENT_ID_MAX = 64;

export class NoticeDesk {
  readonly #world: World;
  /** Person and `client_msg_id` → when. */
  readonly #sent = new Map<string, number>();
  #count = 0n;

  constructor(world: World) {
    this.#world = world;
  }

  /** `/cgi-bin/message/template/send`: to followers only. */
  sendTemplate(account: string, body: Json, tell: Tell): object {
    const read = this.#read(account, body, 'template');
    if ('errcode' in read) return read;
    const { openid, template, values } = read;
    if (!this.#world.findPerson(openid)!.following) return platformError(43004);
    if (this.#world.faults.takePlatform('noticeRefused')) return platformError(43101);
    const repeated = this.#repeated(openid, body.client_msg_id);
    if (repeated) return repeated;
    const msgid = this.#nextId();
    const status = this.#status();
    if (status === 'success') this.#world.say(openid, lineOf(template, values, textAt(body, 'url')));
    tell(openid, { MsgType: 'event', Event: 'TEMPLATESENDJOBFINISH', MsgID: msgid, Status: status });
    return { ...OK, msgid };
  }

  /** `/cgi-bin/message/subscribe/bizsend`: one for each time the person agreed; its answer names no message. */
  sendSubscription(account: string, body: Json, tell: Tell): object {
    const read = this.#read(account, body, 'subscription');
    if ('errcode' in read) return read;
    const { openid, template, values } = read;
    const grants = this.#world.grantsOf(openid);
    const left = own(grants.notices ?? {}, template.id) ?? 0;
    if (left < 1 || this.#world.faults.takePlatform('noticeRefused')) return platformError(43101);
    const mini = partOf(body.miniprogram);
    if (body.miniprogram && (textAt(mini, 'appid') === '' || textAt(mini, 'pagepath') === ''))
      return platformError(41030);
    this.#world.setGrants(openid, { ...grants, notices: { ...grants.notices, [template.id]: left - 1 } });
    const isSent = this.#status() === 'success';
    if (isSent) this.#world.say(openid, lineOf(template, values, textAt(body, 'page')));
    const list = 'SubscribeMsgSentEvent.List';
    tell(openid, {
      MsgType: 'event',
      Event: 'subscribe_msg_sent_event',
      [`${list}.TemplateId`]: template.id,
      [`${list}.MsgID`]: this.#nextId(),
      [`${list}.ErrorCode`]: isSent ? '0' : '20012',
      [`${list}.ErrorStatus`]: isSent ? 'success' : 'failed',
    });
    return OK;
  }

  #read(account: string, body: Json, kind: Template['kind']): Read | ErrorReply {
    const openid = textAt(body, 'touser');
    if (this.#world.findPerson(openid)?.account !== account) return platformError(40003);
    const templates = templatesOf(this.#world, account);
    const template = templates.find(each => each.id === body.template_id && each.kind === kind);
    if (!template) return platformError(40037);
    const data = partOf(body.data);
    const values: [string, string][] = [];
    for (const field of template.fields) {
      const value = textAt(partOf(data[field]), 'value');
      const type = own(FIELD_TYPES, field.replace(/\d+$/, ''));
      if (value.trim() === '' || type?.test(value) === false) return platformError(47003, `data.${field}.value`);
      values.push([field, value]);
    }
    return { openid, template, values };
  }

  #repeated(openid: string, id: unknown): ErrorReply | undefined {
    if (typeof id !== 'string' || id === '') return undefined;
    if (id.length > CLIENT_ID_MAX) return platformError(45067);
    const key = `${openid} ${id}`;
    const now = this.#world.now();
    const before = this.#sent.get(key);
    if (before !== undefined && now - before < REPEAT_MS) return platformError(45065);
    this.#sent.set(key, now);
    return undefined;
  }

  #status(): string {
    if (this.#world.faults.takePlatform('noticeBlocked')) return 'failed:user block';
    return this.#world.faults.takePlatform('noticeFailed') ? 'failed: system failed' : 'success';
  }

  /** 64 bits, above 2^53. */
  #nextId(): string {
    return String((BigInt(Math.trunc(this.#world.now())) << 20n) + ++this.#count);
  }
}

/** Those it was started with, and those that were added since. */
export function templatesOf(world: World, account: string): readonly Template[] {
  return [...(world.account(account).options.templates ?? []), ...world.console.of(account).templates];
}

type Read = {
  readonly openid: string;
  readonly template: Template;
  readonly values: readonly (readonly [string, string])[];
};

function lineOf(template: Template, values: Read['values'], url: string): NewLine {
  const lines = values.map(([field, value]) => `${field}：${value}`).join('\n');
  return url === ''
    ? { from: 'account', kind: 'text', text: `【${template.title}】\n${lines}` }
    : { from: 'account', kind: 'news', title: template.title, description: lines, picUrl: '', url };
}
