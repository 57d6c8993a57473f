// How the page writes instants, money and XML. Days are days in Beijing, as everywhere in the project.
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEIJING_OFFSET = 8 * HOUR;

const beijing = (at: number): string => new Date(at + BEIJING_OFFSET).toISOString();

/** `10:05` */
export const clockText = (at: number): string => beijing(at).slice(11, 16);
/** `10:05:23` */
export const secondsText = (at: number): string => beijing(at).slice(11, 19);
/** `2026-02-10` */
export const dayText = (at: number): string => beijing(at).slice(0, 10);
/** `2026-02-10 10:05:23` */
export const fullText = (at: number): string => beijing(at).slice(0, 19).replace('T', ' ');
/** Whole days since 1970 in Beijing. */
const dayNumber = (at: number): number => Math.floor((at + BEIJING_OFFSET) / DAY);
/** 0 is Sunday. */
export const weekday = (at: number): number => (dayNumber(at) + 4) % 7;
/** Minutes since Beijing's midnight. */
export const minuteOfDay = (at: number): number => Math.floor((at + BEIJING_OFFSET) / 60_000) % (24 * 60);
/** How long until Beijing's next midnight. */
export const untilMidnight = (at: number): number => (dayNumber(at) + 1) * DAY - BEIJING_OFFSET - at;

/** `2026-02-10T10:05`, as a date field has it. */
export const beijingInput = (at: number): string => beijing(at).slice(0, 16);
/** What a date field says; `undefined`: nothing whole. */
export function fromBeijingInput(text: string): number | undefined {
  const at = Date.parse(`${text.slice(0, 16)}:00+08:00`);
  return Number.isFinite(at) ? at : undefined;
}

type DateWords = {
  readonly yesterday: string;
  readonly weekdays: readonly string[];
  readonly monthDay: (month: number, day: number) => string;
};

/** The grey time between messages, as WeChat writes it. */
export function chatTime(at: number, now: number, words: DateWords): string {
  const ago = dayNumber(now) - dayNumber(at);
  const time = clockText(at);
  if (ago === 0) return time;
  if (ago === 1) return `${words.yesterday} ${time}`;
  if (ago > 1 && ago < 7) return `${words.weekdays[weekday(at)]} ${time}`;
  const [year, month = 0, day = 0] = dayText(at).split('-').map(Number);
  const date = words.monthDay(month, day);
  return dayText(now).slice(0, 4) === String(year) ? `${date} ${time}` : `${year} ${date} ${time}`;
}

/** 100 → `1.00` */
export const yuan = (fen: number): string => (fen / 100).toFixed(2);
/** 1234500 → `¥12,345.00` */
export const money = (fen: number): string => `¥${yuan(fen).replace(/\B(?=(\d{3})+(?!\d))/g, ',')}`;

/** 12 → `12 ms`, 5003 → `5.0 s` */
export const duration = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** 93_600_000 → `+1d 2h`; `unit` writes one part. */
export function offsetText(ms: number, unit: (n: number, of: 'd' | 'h' | 'm') => string): string {
  const total = Math.round(Math.abs(ms) / 60_000);
  const [days, hours, minutes] = [Math.floor(total / 1440), Math.floor(total / 60) % 24, total % 60];
  const parts = [days && unit(days, 'd'), hours && unit(hours, 'h'), minutes && !days && unit(minutes, 'm')];
  return `${ms < 0 ? '−' : '+'}${parts.filter(Boolean).join(' ') || unit(0, 'm')}`;
}

/** One element or text of pretty-printed XML. */
type XmlPart = { readonly kind: 'tag' | 'cdata' | 'text' | 'space'; readonly text: string };

const TOKEN = /<!\[CDATA\[[\s\S]*?\]\]>|<[^>]+>|[^<]+/g;

/** Splits a document into parts, one element per line, two blanks per level. */
export function xmlParts(xml: string): XmlPart[] {
  const parts: XmlPart[] = [];
  let depth = 0;
  let opened = false; // the last tag opened an element that has no child yet
  const space = (): void => {
    if (parts.length > 0) parts.push({ kind: 'space', text: `\n${'  '.repeat(depth)}` });
  };
  for (const token of xml.match(TOKEN) ?? []) {
    if (token.startsWith('<![CDATA[')) parts.push({ kind: 'cdata', text: token });
    else if (token.startsWith('</')) {
      depth = Math.max(0, depth - 1);
      if (!opened) space();
      parts.push({ kind: 'tag', text: token });
      opened = false;
    } else if (token.startsWith('<')) {
      space();
      parts.push({ kind: 'tag', text: token });
      opened = !token.endsWith('/>') && !token.startsWith('<?');
      if (opened) depth++;
    } else if (token.trim()) parts.push({ kind: 'text', text: token.trim() });
  }
  return parts;
}

/** The text of the first element of that name, without CDATA. */
export function xmlText(xml: string, name: string): string | undefined {
  const match = new RegExp(`<${name}>(?:<!\\[CDATA\\[([\\s\\S]*?)\\]\\]>|([^<]*))</${name}>`).exec(xml);
  return match ? (match[1] ?? match[2] ?? '') : undefined;
}

/** A small stable number from a text: colours of avatars and pictures. */
export function hashOf(text: string): number {
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619) >>> 0;
  return hash;
}
