// A push's fields → an `Event`. Every kind of message and event the platform knows has its place; a new one becomes
// `other` and is answered `success`. Wire names end here (接收普通消息, 接收事件推送).
import { createHash } from 'node:crypto';
import { BadInput } from '../../core/base/error.ts';
import { type Event, type EventKey, eventKey, type Happening, openId } from '../../core/base/event.ts';
import { fromSeconds } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { childrenOf, textOf, type XmlFields } from '../xml.ts';

const OPENID = /^[\w-]{1,64}$/;
/** A number; in cloud-function mode `hex_seconds`. */
const MSG_ID = /^[\w-]{1,64}$/;
/** Seconds, or milliseconds. */
const SECONDS = /^(?:\d{1,10}|\d{13})$/;
const KEY_LENGTH_MAX = 160;
/** No store need carry them in a key. */
const CONTROLS = /[\u0000-\u001F\u007F]/g;
/** No code that a phone can read is longer. */
const SCANNED_MAX = 512;
/** Stickers and the like arrive as one of these sentences; no keyword may match them. */
const UNSUPPORTED = new Set([
  '【收到不支持的消息类型，暂无法显示】',
  '【收到不支援的訊息類型，無法顯示】',
  '[Unsupported Message]',
]);

export function eventOf(account: string, fields: XmlFields): Event {
  const user = textOf(fields, 'FromUserName') ?? '';
  const seconds = textOf(fields, 'CreateTime') ?? '';
  const type = textOf(fields, 'MsgType')?.toLowerCase();
  if (!OPENID.test(user)) throw new BadInput(t`FromUserName: expected an openid`);
  if (!SECONDS.test(seconds)) throw new BadInput(t`CreateTime: expected seconds`);
  if (!type) throw new BadInput(t`MsgType is missing`);
  const happening = type === 'event' ? happeningOf(fields) : messageOf(type, fields);
  const envelope = {
    key: keyOf(type, user, seconds, fields),
    account,
    user: openId(user),
    // A relay may have made milliseconds of them.
    sentAt: fromSeconds(seconds.length > 10 ? Math.floor(Number(seconds) / 1000) : Number(seconds)),
  };
  return { ...envelope, ...happening };
}

/** Messages are known by MsgId, jobs by MsgID, other events by who, when and what (消息排重). */
function keyOf(type: string, user: string, seconds: string, fields: XmlFields): EventKey {
  const text = (name: string): string => textOf(fields, name) ?? '';
  const msgId = [text('MsgId'), text('MsgID')].find(id => MSG_ID.test(id));
  let key: string;
  if (type !== 'event') key = `m:${user}:${msgId ?? `${seconds}:${digestOf(JSON.stringify(fields))}`}`;
  else if (msgId) key = `j:${user}:${text('Event').toLowerCase()}:${msgId}`;
  else
    key = ['e', user, seconds, text('Event').toLowerCase(), text('EventKey'), text('Ticket')]
      .join(':')
      .replace(/:+$/, '');
  const isPlain = key.length <= KEY_LENGTH_MAX && key.search(CONTROLS) < 0;
  return eventKey(isPlain ? key : `${key.slice(0, 100).replace(CONTROLS, '_')}#${digestOf(key)}`);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function messageOf(type: string, fields: XmlFields): Happening {
  const text = (name: string): string => textOf(fields, name) ?? '';
  switch (type) {
    case 'text': {
      const content = text('Content');
      if (UNSUPPORTED.has(content.trim())) return { kind: 'unsupported' };
      const choice = textOf(fields, 'bizmsgmenuid');
      return { kind: 'text', text: content, ...(choice !== undefined && { choice }) };
    }
    case 'image':
      return { kind: 'image', mediaId: text('MediaId'), url: text('PicUrl') };
    case 'voice': {
      const words = textOf(fields, 'Recognition');
      return { kind: 'voice', mediaId: text('MediaId'), ...(words && { words }) };
    }
    case 'video':
    case 'shortvideo':
      return { kind: 'video', mediaId: text('MediaId'), short: type === 'shortvideo' };
    case 'location':
      return { kind: 'location', ...coordinates(fields, 'Location_X', 'Location_Y'), label: text('Label') };
    case 'link':
      return { kind: 'link', title: text('Title'), url: text('Url') };
    default:
      return { kind: 'other', type };
  }
}

function happeningOf(fields: XmlFields): Happening {
  const text = (name: string): string => textOf(fields, name) ?? '';
  const type = text('Event');
  const button = text('EventKey');
  switch (type.toLowerCase()) {
    case 'subscribe':
      return subscribeOf(button);
    case 'unsubscribe':
      return { kind: 'unsubscribe' };
    case 'scan':
      return { kind: 'scan', scene: button };
    case 'location':
      return { kind: 'position', ...coordinates(fields, 'Latitude', 'Longitude') };
    case 'click':
      return { kind: 'click', button };
    case 'view':
    case 'view_miniprogram':
      return { kind: 'view', url: button };
    case 'scancode_push':
    case 'scancode_waitmsg': {
      const result = (textOf(childrenOf(fields, 'ScanCodeInfo'), 'ScanResult') ?? '').slice(0, SCANNED_MAX);
      return { kind: 'scancode', button, result, waiting: type.toLowerCase() === 'scancode_waitmsg' };
    }
    case 'pic_sysphoto':
    case 'pic_photo_or_album':
    case 'pic_weixin':
      return { kind: 'photos', button, count: Number(textOf(childrenOf(fields, 'SendPicsInfo'), 'Count') ?? 0) || 0 };
    case 'location_select': {
      const place = childrenOf(fields, 'SendLocationInfo');
      return {
        kind: 'place',
        button,
        ...coordinates(place, 'Location_X', 'Location_Y'),
        label: textOf(place, 'Label') ?? '',
      };
    }
    default:
      return noticeOf(type, fields);
  }
}

function subscribeOf(eventKey: string): Happening {
  if (eventKey.startsWith('qrscene_'))
    return { kind: 'subscribe', via: 'qr', scene: eventKey.slice('qrscene_'.length) };
  if (eventKey.startsWith('last_trade_no_')) return { kind: 'subscribe', via: 'payment' };
  if (/^scan(barcode|image)\|/.test(eventKey)) return { kind: 'subscribe', via: 'goods' };
  return { kind: 'subscribe', via: 'direct' };
}

/** Events that tell us something and expect nothing (模板消息结果, 群发结果, 订阅通知, 授权变更, 客服会话, 卡券 …). */
const NOTICES =
  /^(templatesendjobfinish|masssendjobfinish|publishjobfinish|subscribe_msg_\w+|user_info_modified|user_authorization_\w+|kf_\w+|user_\w+_card|user_enter_session_from_card|user_pay_from_pay_cell|update_member_card|submit_membercard_user_info|card_\w+|giftcard_\w+|merchant_order|qualification_verify_\w+|naming_verify_\w+|annual_renew|verify_expired)$/i;

function noticeOf(type: string, fields: XmlFields): Happening {
  if (!NOTICES.test(type)) return { kind: 'other', type: type || 'event' };
  const status = textOf(fields, 'Status');
  return { kind: 'notice', type, ...(status !== undefined && { status }) };
}

function coordinates(fields: XmlFields, latitude: string, longitude: string): { latitude: number; longitude: number } {
  const number = (name: string): number => {
    const value = Number(textOf(fields, name) ?? 0);
    return Number.isFinite(value) ? value : 0;
  };
  return { latitude: number(latitude), longitude: number(longitude) };
}
