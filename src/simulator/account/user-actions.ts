// What people do, and the push that WeChat makes of it. People who do not follow can only follow.

import { randomBytes, randomInt } from 'node:crypto';
import { BadInput } from '../../core/base/error.ts';
import type { Act, Push } from '../shared/protocol-push.ts';

import { Refused } from '../shared/refusal.ts';
import type { StoredPerson } from '../world/journal.ts';
import { agreed, type GrantKind, granted, onlyNotices } from '../world/message-windows.ts';
import type { NewLine, World } from '../world/world.ts';
import type { Fields } from './envelope.ts';
import type { Pusher } from './push.ts';
import { findCode } from './qr-codes.ts';

/** The effect of one act, before any of it happens. */
type Effect = {
  /** Below the fields every push has. */
  readonly fields: Fields;
  readonly line?: NewLine;
  readonly grant?: GrantKind;
  readonly person?: StoredPerson;
};

type Doing = { readonly push: Push; readonly done: Promise<Push> };

type Actor = (openid: string, act: Act) => Doing;

export function actor(world: World, pusher: Pusher): Actor {
  const nextMsgId = msgIds(world);
  return (openid, act) => {
    const person = world.person(openid);
    const { options, webhook } = world.account(person.account);
    if (webhook === '') throw new Refused(409, `account "${person.account}" has no webhook yet`);
    const effect = effectOf(world, person, act);
    if (effect.person) world.changePerson(effect.person);
    if (act.kind === 'unfollow') world.setGrants(openid, onlyNotices(world.grantsOf(openid)));
    if (act.kind === 'consent' && act.accept) world.setGrants(openid, agreed(world.grantsOf(openid), act.template));
    if (effect.grant) world.setGrants(openid, granted(world.grantsOf(openid), effect.grant, world.now()));
    const isMessage = effect.fields.MsgType !== 'event';
    const sending = pusher.send(person.account, openid, {
      ToUserName: options.originalId,
      FromUserName: openid,
      CreateTime: String(Math.floor(world.now() / 1000)),
      ...effect.fields,
      ...(isMessage && effect.fields.MsgId === undefined ? { MsgId: nextMsgId() } : {}),
    });
    if (effect.line) world.say(openid, { ...effect.line, push: sending.push.id });
    return sending;
  };
}

function effectOf(world: World, person: StoredPerson, act: Act): Effect {
  if (act.kind === 'follow') return follow(world, person, act.scene);
  if (act.kind === 'scan') return scan(world, person, act.scene);
  if (act.kind === 'raw') return raw(act.fields);
  if (act.kind === 'consent') return consent(act.template, act.accept);
  if (!person.following) throw new Refused(409, `${person.nickname} does not follow the account`);
  const from = 'user';
  switch (act.kind) {
    case 'unfollow':
      return { ...event('unsubscribe', ''), person: left(person), line: notice('你已取消关注') };
    case 'text':
      return {
        fields: { MsgType: 'text', Content: act.text },
        line: { from, kind: 'text', text: act.text },
        grant: 'message',
      };
    case 'click':
      return { ...event('CLICK', act.key), grant: 'menu' };
    case 'scancode': {
      const { key, result, type = 'qrcode', waiting = true } = act;
      const scanned = { 'ScanCodeInfo.ScanType': type, 'ScanCodeInfo.ScanResult': result };
      return {
        fields: { ...event(waiting ? 'scancode_waitmsg' : 'scancode_push', key).fields, ...scanned },
        grant: 'menu',
      };
    }
    case 'view':
      return { fields: { ...event('VIEW', act.url).fields, MenuId: '432890123456789012' } };
    case 'image': {
      const mediaId = mediaIdOf();
      const fields = { MsgType: 'image', PicUrl: `http://mmbiz.qpic.cn/mmbiz_jpg/${mediaId}/0`, MediaId: mediaId };
      return { fields, line: { from, kind: 'image', mediaId }, grant: 'message' };
    }
    case 'voice': {
      const words = act.words === undefined ? {} : { Recognition: act.words };
      const fields = { MsgType: 'voice', MediaId: mediaIdOf(), Format: 'amr', ...words };
      return { fields, line: { from, kind: 'voice', text: act.words ?? '' }, grant: 'message' };
    }
    case 'location': {
      const { latitude, longitude, label } = act;
      const place = { Location_X: latitude.toFixed(6), Location_Y: longitude.toFixed(6), Scale: '20', Label: label };
      return {
        fields: { MsgType: 'location', ...place },
        line: { from, kind: 'location', text: label },
        grant: 'message',
      };
    }
  }
}

function event(name: string, key: string): { readonly fields: Fields } {
  return { fields: { MsgType: 'event', Event: name, EventKey: key } };
}

const notice = (text: string): NewLine => ({ from: 'system', kind: 'notice', text });

function left(person: StoredPerson): StoredPerson {
  const { followedAt: _followedAt, scene: _scene, ...rest } = person;
  return { ...rest, following: false };
}

function follow(world: World, person: StoredPerson, scene: string | undefined): Effect {
  if (person.following) throw new Refused(409, `${person.nickname} follows already`);
  const code = scene === undefined ? undefined : findCode(world, person.account, scene);
  // An expired code still opens the account's page, but has forgotten its scene.
  const known = scene !== undefined && code !== 'expired' ? scene : undefined;
  const ticket = code !== undefined && code !== 'expired' ? { Ticket: code.ticket } : {};
  const fields = { ...event('subscribe', known === undefined ? '' : `qrscene_${known}`).fields, ...ticket };
  const { title } = world.account(person.account).options;
  const { scene: _scene, ...rest } = person;
  return {
    fields,
    person: { ...rest, following: true, followedAt: world.now(), ...(known === undefined ? {} : { scene: known }) },
    line: notice(`你已关注${title}`),
    grant: 'follow',
  };
}

/** By a follower: SCAN. By anybody else: a follow that brings the scene along. */
function scan(world: World, person: StoredPerson, scene: string): Effect {
  if (!person.following) return follow(world, person, scene);
  const code = findCode(world, person.account, scene);
  if (code === 'expired') throw new Refused(409, `the QR code of scene "${scene}" has expired`);
  return { fields: { ...event('SCAN', scene).fields, Ticket: code.ticket }, grant: 'scan' };
}

/** Sent as it is. A text shows on the phone; one from a menu message (`bizmsgmenuid`) counts as a tap on the menu. */
function raw(fields: Fields): Effect {
  if (fields.MsgType === undefined) throw new BadInput('fields: MsgType is missing');
  if (fields.MsgType !== 'text') return { fields };
  const grant = fields.bizmsgmenuid === undefined ? 'message' : 'menu';
  return { fields, line: { from: 'user', kind: 'text', text: fields.Content ?? '' }, grant };
}

/** The pop-up of a page: whoever sees it need not follow. */
function consent(template: string, accept: boolean): Effect {
  const list = 'SubscribeMsgPopupEvent.List';
  return {
    fields: {
      MsgType: 'event',
      Event: 'subscribe_msg_popup_event',
      [`${list}.TemplateId`]: template,
      [`${list}.SubscribeStatusString`]: accept ? 'accept' : 'reject',
      [`${list}.PopupScene`]: '1',
    },
  };
}

const mediaIdOf = (): string => `sim${randomBytes(24).toString('base64url')}`;

/** 64-bit numbers above 2^53, each greater than the one before, also across restarts. */
function msgIds(world: World): () => string {
  let last = 0n;
  return () => {
    const fresh = (BigInt(Math.trunc(world.now())) << 20n) + BigInt(randomInt(1 << 20));
    last = fresh > last ? fresh : last + 1n;
    return String(last);
  };
}
