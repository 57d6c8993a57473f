// Replies (回复) in a rule file, as shapes: a text with placeholders, or one of the other kinds WeChat knows.

import { isOneOf, keysOf, recordOf } from '../../base/record.ts';
import { suggest } from '../../base/suggest.ts';
import { t, type Wording } from '../../base/words/words.ts';
import {
  byKind,
  convert,
  named,
  object,
  optional,
  orBare,
  required,
  type Say,
  type Shape,
  text,
  url,
} from '../../yaml/schema.ts';
import { DETAILS, OUTCOMES, type ReplyTemplate, type Said } from '../campaign.ts';
import { PLACEHOLDERS, placeholdersOf } from '../reply.ts';

/** WeChat: the content of a text reply. */
const REPLY_BYTES = 2048;

/** A text with `{{placeholders}}`, all of them known. */
function template(what: Wording, bytes: number): Shape<string> {
  return text({ what, bytes, check: sayPlaceholders });
}

/** As other tools write a placeholder: `${amount}`, `%amount%`, `[amount]`. */
const STRANGE = new RegExp(
  ['\\$\\{?(NAME)\\b\\}?', '%(NAME)%', '[\\[【<](NAME)[\\]】>]', '#(NAME)#']
    .map(form => form.replace('NAME', PLACEHOLDERS.join('|')))
    .join('|'),
);

function sayPlaceholders(written: string, say: Say): void {
  for (const word of placeholdersOf(written)) {
    if (!isOneOf(PLACEHOLDERS, word)) say(t`unknown placeholder {{${word}}}${suggest(word, PLACEHOLDERS)}`);
  }
  const rest = written.replace(/\{\{[^{}]*\}\}/g, '');
  const isWide = /[｛｝]{2}|\{｛|｛\{/.test(written);
  const strange = STRANGE.exec(rest)
    ?.slice(1)
    .find(word => word !== undefined);
  if (!isWide && strange !== undefined) say(t`a placeholder is written ${`{{${strange}}}`}`);
  if (isWide || /\{\{|\}\}/.test(rest)) say(t`a placeholder is written {{amount}}, with two braces on both sides`);
}

const news = object('news', {
  title: required(template(t`a title`, 192), '标题'),
  description: optional(template(t`a description`, 1024), '描述'),
  picUrl: optional(url(), '图片地址'),
  url: required(url(), '点开的地址'),
});

const replyKinds = object(
  t`a reply`,
  {
    text: optional(template(t`a reply`, REPLY_BYTES), '文字'),
    image: optional(text({ what: t`a media id`, oneLine: true }), '永久素材的 media_id'),
    news: optional(news, '图文'),
    transfer: optional(orBare(true, text({ what: t`an account of customer service`, oneLine: true })), '转人工客服'),
  },
  { oneOf: ['text', 'image', 'news', 'transfer'] },
);

const replyText = template(t`a reply`, REPLY_BYTES);
const plainReply: Shape<ReplyTemplate> = {
  ...replyText,
  read(node, reader) {
    const written = replyText.read(node, reader);
    return written === undefined ? undefined : { kind: 'text', text: written };
  },
};

export const anyReply: Shape<ReplyTemplate> = byKind(t`a text or one of { text, image, news, transfer }`, {
  scalar: plainReply,
  map: convert(replyKinds, (kinds): ReplyTemplate | undefined => {
    if (kinds.text !== undefined) return { kind: 'text', text: kinds.text };
    if (kinds.image !== undefined) return { kind: 'image', mediaId: kinds.image };
    if (kinds.news !== undefined) return { kind: 'news', description: '', picUrl: '', ...kinds.news };
    return { kind: 'transfer', ...(typeof kinds.transfer === 'string' && { agent: kinds.transfer }) };
  }),
});

export const reply = named('reply', anyReply);

const SAID: readonly Said[] = [...OUTCOMES, ...keysOf(DETAILS)];

/** A text for each outcome and each finer one. */
export function replies() {
  return object(
    'replies',
    recordOf(SAID, () => optional(reply)),
    { example: 'replies: { won: … }' },
  );
}
