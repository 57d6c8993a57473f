// Customer-service messages (客服消息): what may be sent, to whom, how often, and how it looks on the phone.

import { isList, type Json, partOf, textAt } from '../shared/json.ts';
import type { MessageCount, PlatformFault } from '../shared/protocol.ts';
import { spend } from '../world/message-windows.ts';
import type { NewLine, World } from '../world/world.ts';
import { TEXT_BYTES_MAX } from './envelope.ts';
import { type ErrorCode, type ErrorReply, OK, platformError } from './errors.ts';

const FAULTS: readonly (readonly [PlatformFault['kind'], ErrorCode])[] = [
  ['messageClosed', 45015],
  ['messageUsedUp', 45047],
  ['messageUnauthorized', 48001],
  ['messageOff', 48002],
  ['messageBlocked', 43019],
];

/** Where customer-service messages are sent, and counted. */
export class MessageDesk {
  readonly #world: World;
  readonly #refused = new Map<string, number>();
  #sent = 0;

  constructor(world: World) {
    this.#world = world;
  }

  send(account: string, body: Json): typeof OK | ErrorReply {
    const answer = this.#faulty() ?? sendCustom(this.#world, account, body);
    if (answer.errcode === 0) this.#sent += 1;
    else this.#refused.set(String(answer.errcode), (this.#refused.get(String(answer.errcode)) ?? 0) + 1);
    return answer;
  }

  count(): MessageCount {
    return { sent: this.#sent, refused: Object.fromEntries(this.#refused) };
  }

  #faulty(): ErrorReply | undefined {
    const hit = FAULTS.find(([kind]) => this.#world.faults.takePlatform(kind));
    return hit && platformError(hit[1]);
  }
}

function sendCustom(world: World, account: string, body: Json): typeof OK | ErrorReply {
  const openid = textAt(body, 'touser');
  const person = world.findPerson(openid);
  if (person?.account !== account) return platformError(40003);
  const line = lineOf(body);
  if (world.console.notesOf(account, openid).isBlocked) return platformError(43019);
  if (typeof line !== 'number' && !mediaOf(body).every(id => world.knowsMedia(account, id)))
    return platformError(40007);
  if (typeof line === 'number') return platformError(line);
  if (!person.following) return platformError(45015);
  const left = spend(world.grantsOf(openid), world.now());
  if (left === 'closed') return platformError(45015);
  if (left === 'used up') return platformError(45047);
  world.setGrants(openid, left);
  world.say(openid, line);
  return OK;
}

/** What it names of uploaded files. */
function mediaOf(body: Json): string[] {
  const content = partOf(body[textAt(body, 'msgtype')]);
  return ['media_id', 'thumb_media_id'].map(key => textAt(content, key)).filter(id => id !== '');
}

/** What the follower will see, or the code of what is wrong with it. */
function lineOf(body: Json): NewLine | ErrorCode {
  const type = textAt(body, 'msgtype');
  const content = partOf(body[type]);
  const from = 'account';
  switch (type) {
    case 'text': {
      const text = textAt(content, 'content');
      if (text === '') return 44004;
      return Buffer.byteLength(text) > TEXT_BYTES_MAX ? 45002 : { from, kind: 'text', text };
    }
    case 'image':
    case 'voice':
    case 'video': {
      const mediaId = textAt(content, 'media_id');
      if (mediaId === '') return 40007;
      if (type === 'image') return { from, kind: 'image', mediaId };
      return type === 'voice'
        ? { from, kind: 'voice', text: mediaId }
        : { from, kind: 'text', text: `[视频] ${mediaId}` };
    }
    case 'news':
      return newsOf(content.articles);
    case 'msgmenu':
      return menuOf(content);
    case 'music':
    case 'miniprogrampage':
      return { from, kind: 'text', text: `[${type}] ${textAt(content, 'title')}` };
    default:
      return 40008;
  }
}

function newsOf(articles: unknown): NewLine | ErrorCode {
  if (!isList(articles) || articles.length === 0) return 44004;
  if (articles.length > 1) return 45008;
  const article = partOf(articles[0]);
  return {
    from: 'account',
    kind: 'news',
    title: textAt(article, 'title'),
    description: textAt(article, 'description'),
    picUrl: textAt(article, 'picurl'),
    url: textAt(article, 'url'),
  };
}

/** Shown as text; a tap comes back as a text message with `bizmsgmenuid` (the act `raw`). */
function menuOf(content: Json): NewLine | ErrorCode {
  const list = isList(content.list) ? content.list : [];
  const lines = [
    textAt(content, 'head_content'),
    ...list.map(item => `· ${textAt(partOf(item), 'content')}`),
    textAt(content, 'tail_content'),
  ];
  const text = lines.filter(line => line !== '').join('\n');
  if (list.length === 0 || text === '') return 44004;
  return Buffer.byteLength(text) > TEXT_BYTES_MAX ? 45002 : { from: 'account', kind: 'text', text };
}
