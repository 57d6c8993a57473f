// A `Reply` → the fields of a passive reply (被动回复用户消息).

import type { Instant } from '../../core/base/time.ts';
import type { Reply } from '../../core/rules/reply.ts';
import type { XmlOut } from '../xml.ts';

/** WeChat refuses longer texts; the figure is what the field knows, not an official one. */
const TEXT_BYTES_MAX = 2048;

/** `undefined` where there is nothing to say. An empty text would show the follower a failure notice. */
export function replyFields(reply: Reply, user: string, self: string, at: Instant): XmlOut | undefined {
  const head = { ToUserName: user, FromUserName: self, CreateTime: Math.floor(at / 1000) };
  switch (reply.kind) {
    case 'none':
      return undefined;
    case 'text':
      return reply.text.trim() === '' ? undefined : { ...head, MsgType: 'text', Content: cut(reply.text) };
    case 'image':
      return { ...head, MsgType: 'image', Image: { MediaId: reply.mediaId } };
    case 'news': {
      const item = { Title: reply.title, Description: reply.description, PicUrl: reply.picUrl, Url: reply.url };
      return { ...head, MsgType: 'news', ArticleCount: 1, Articles: { item } };
    }
    case 'transfer': {
      const agent = reply.agent === undefined ? {} : { TransInfo: { KfAccount: reply.agent } };
      return { ...head, MsgType: 'transfer_customer_service', ...agent };
    }
    default:
      return reply satisfies never;
  }
}

/** Whole characters, at most 2048 bytes of UTF-8. */
function cut(text: string): string {
  if (Buffer.byteLength(text) <= TEXT_BYTES_MAX) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > TEXT_BYTES_MAX - 3) break;
    end += character.length;
  }
  return `${text.slice(0, end)}…`;
}
