// What people read in their browser in place of a page when too much came from their address: short, since it is made for
// whoever asks too often.

import { createHash } from 'node:crypto';
import type { Lang } from './language.ts';

const STYLE =
  'body{margin:0;padding:20vh 24px 0;background:#f7f7f7;color:#191919;font:17px/1.6 system-ui,sans-serif;text-align:center}h1{font-size:20px;font-weight:500}p{color:#5c5c5c}a{display:inline-block;padding:10px 24px;border-radius:8px;background:#c8102e;color:#fff;text-decoration:none}';

/** Nothing but that style is loaded, and nothing runs. */
export const BUSY_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const WORDS: Readonly<Record<Lang, { html: string; title: string; text: (seconds: string) => string; again: string }>> =
  {
    zh: {
      html: 'zh-CN',
      title: '人有点多',
      text: seconds => `请等 ${seconds} 秒再打开，活动还在，机会不会少。`,
      again: '再打开',
    },
    en: {
      html: 'en',
      title: 'Many are here at once',
      text: seconds => `Please open it again in ${seconds} seconds. Nothing is lost.`,
      again: 'Open again',
    },
  };

export function busyHtml(lang: Lang, seconds: string): string {
  const { html, title, text, again } = WORDS[lang];
  return `<!doctype html>
<html lang="${html}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${STYLE}</style></head>
<body><h1>${title}</h1><p>${text(seconds)}</p><p><a href="">${again}</a></p></body></html>`;
}
