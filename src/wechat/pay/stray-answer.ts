// An answer that is none of WeChat Pay's: a front server's page, a proxy's login, half a document. What it says is kept
// in a few words, for whoever has to find out who stands in between.
import type { Observation } from '../../core/payout/payout.ts';
import type { Headers } from '../transport.ts';

const WORDS_MAX = 120;

export type Stray = { readonly status: number; readonly text: string; readonly headers?: Headers };

/** `why`: what is wrong with it as the document that was expected. */
export function strayOf({ status, text, headers }: Stray, why = ''): Observation {
  if (status >= 200 && status <= 299) return silence('UNREADABLE', shapeOf(text, why));
  const target = headers?.location;
  const to = typeof target === 'string' ? `→ ${target} ` : '';
  return silence(`HTTP ${status}`, `${to}${pageWords(text)}`);
}

function silence(code: string, text: string): Observation {
  return { kind: 'silence', code, text: text.trim().slice(0, WORDS_MAX) };
}

function shapeOf(text: string, why: string): string {
  const bare = text.trim();
  if (bare === '') return 'an empty body';
  if (/^(<!doctype html|<html)/i.test(bare)) return `an HTML page: ${pageWords(bare)}`;
  if (/^[{[]/.test(bare)) return `JSON: ${pageWords(bare)}`;
  if (bare.startsWith('<')) return why || `XML: ${pageWords(bare)}`;
  return why || pageWords(bare);
}

/** The title of a page, or its text without tags; control characters and line breaks are one space. */
function pageWords(text: string): string {
  const start = text.slice(0, 4096);
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(start)?.[1]?.trim();
  const words = title || start.replace(/<[^>]*>?/g, ' ');
  return words
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, WORDS_MAX);
}
