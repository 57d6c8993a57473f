// Shapes of single values: text, names, money, numbers, times. Each reads what was written, not what YAML makes of it:
// ¥1.00 is never a float, a keyword 123 is a text.

import { isScalar, type Scalar } from 'yaml';
import type { OpenId } from '../base/event.ts';
import { type Fen, fen, parseYuan, showFen } from '../base/money.ts';
import { isOpenId, whyNoOpenId } from '../base/openid.ts';
import { suggest } from '../base/suggest.ts';
import { type Day, dayOf, endOfDay, type Instant, parseBeijing, parseClock, parseDuration } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import {
  acrossMidnight,
  meantClock,
  meantCount,
  meantDuration,
  meantHours,
  meantMoney,
  meantPercent,
  meantRange,
  meantTime,
  meantWeight,
} from './meant.ts';
import { found, isNothing, isPlain, type JsonSchema, refuse, type Say, type Shape } from './reader.ts';

/** A single value. `parse` gets the text that was written; it says what is wrong, or gives the value. */
export function scalar<T>(
  what: Wording,
  schema: JsonSchema,
  parse: (text: string, say: Say, node: Scalar) => T | undefined,
): Shape<T> {
  return {
    what,
    read(node, reader) {
      if (!isScalar(node) || isNothing(node)) return refuse(node, reader, what);
      const written = reader.text(node);
      return written === undefined ? undefined : parse(written, message => reader.say(node, message), node);
    },
    schema: () => schema,
  };
}

/** `; write 3` */
function instead(right: string | undefined): Wording {
  return right === undefined ? '' : t`; write ${right}`;
}

// ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────

export type TextOptions = {
  /** For messages: `a reply`. */
  readonly what?: Wording;
  /** At most so many bytes of UTF-8. WeChat counts bytes; a Chinese character has three. */
  readonly bytes?: number;
  readonly oneLine?: boolean;
  readonly pattern?: RegExp;
  /** Never shown in a message, nor in the log. */
  readonly secret?: boolean;
  /** Further complaints. */
  readonly check?: (text: string, say: Say) => void;
};

/** Any text that is not empty. A bare number is taken as it was written; `true` is probably a mistake. */
export function text(options: TextOptions = {}): Shape<string> {
  const { what = t`a text`, bytes = 65_536, pattern } = options;
  const schema: JsonSchema = {
    type: ['string', 'number'],
    ...(bytes < 65_536 ? { maxLength: bytes } : {}),
    ...(pattern ? { pattern: pattern.source } : {}),
  };
  const shape = scalar(what, schema, (written, say, node) => {
    if (isPlain(node) && /^(true|false)$/i.test(written)) {
      say(t`expected ${what}, found ${written}; if that is the text, put it in quotes`);
      return undefined;
    }
    const size = Buffer.byteLength(written);
    if (written.trim() === '') say(t`expected ${what}, found an empty text`);
    else if (size > bytes) say(t`${what} has ${size} bytes; at most ${bytes} are allowed (a Chinese character has 3)`);
    else if (options.oneLine && /\p{Cc}/u.test(written)) say(t`expected ${what} on one line`);
    else if (pattern && !pattern.test(written))
      say(t`expected ${what}${options.secret ? '' : t`, found ${found(node)}`}`);
    options.check?.(written, say);
    return written;
  });
  return options.secret ? keptSecret(shape) : shape;
}

/** The reader is told what is secret. */
function keptSecret(shape: Shape<string>): Shape<string> {
  return {
    ...shape,
    read(node, reader) {
      const value = shape.read(node, reader);
      if (value !== undefined) reader.secrets.push(value);
      return value;
    },
  };
}

/** An id: small letters, digits and hyphens. */
export function slug(what: Wording): Shape<string> {
  return scalar(what, { type: ['string', 'number'], pattern: '^[a-z0-9-]{1,64}$' }, (written, say, node) => {
    if (/^[a-z0-9-]{1,64}$/.test(written)) return written;
    const nearest = written
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[\s_.]+/g, '-')
      .replace(/[^a-z0-9-]/g, '')
      .replace(/^-+|-+$/g, '')
      .slice(0, 64);
    const hint = /[a-z0-9]/.test(nearest) ? t`; write ${nearest}` : '';
    say(t`expected ${what} of a-z, 0-9 and "-", at most 64, found ${found(node)}${hint}`);
    return undefined;
  });
}

/** A name people read: anything on one line but `/`, `{` and `}`, which mean something in the names we build from it. */
export function name(what: Wording): Shape<string> {
  const pattern = /^(?=.{1,64}$)[^\s/{}](?:[^/{}\p{Cc}]*[^\s/{}])?$/u;
  return scalar(what, { type: ['string', 'number'] }, (written, say, node) => {
    if (pattern.test(written)) return written;
    say(t`expected ${what} of at most 64 characters without "/", "{" and "}", found ${found(node)}`);
    return undefined;
  });
}

/** One of a few words. */
export function choice<const W extends string>(
  what: Wording,
  words: readonly W[],
  /** What people write for them, each an expression of the whole word. */
  meant: Partial<Record<W, RegExp>> = {},
): Shape<W> {
  return scalar(what, { enum: words }, (written, say, node) => {
    const word = words.find(each => each === written);
    const other = words.find(each => meant[each]?.test(written.normalize('NFKC')));
    if (word === undefined)
      say(t`unknown word ${found(node)} for ${what}${other === undefined ? suggest(written, words) : instead(other)}`);
    return word;
  });
}

function meantFlag(written: string): 'true' | 'false' | undefined {
  if (/^(?:yes|y|true|on|1|是|对|要|开|开启|√)$/iu.test(written)) return 'true';
  return /^(?:no|n|false|off|0|否|不|不要|关|关闭|×)$/iu.test(written) ? 'false' : undefined;
}

/** `true` or `false`. */
export function flag(): Shape<boolean> {
  return scalar(t`true or false`, { type: 'boolean' }, (written, say, node) => {
    if (written === 'true' || written === 'false') return written === 'true';
    say(t`expected true or false, found ${found(node)}${instead(meantFlag(written))}`);
    return undefined;
  });
}

/** `true`, where the key itself says it all. */
export function yes(): Shape<true> {
  return scalar('true', { const: true }, (written, say, node) => {
    if (written === 'true') return true;
    const isMeant = meantFlag(written) === 'true';
    say(
      isMeant
        ? t`expected true, found ${found(node)}; write true`
        : t`expected true, found ${found(node)}; leave the key out if you do not want it`,
    );
    return undefined;
  });
}

/** An address with `http:` or `https:`. */
export function url(what = t`an address such as https://example.com/`): Shape<string> {
  return text({ what, pattern: /^https?:\/\/[^\s/]+/, oneLine: true, bytes: 2048 });
}

/** A follower, as WeChat calls them. */
export function openId(): Shape<OpenId> {
  return scalar(t`an openid`, { type: 'string', pattern: '^o[\\w-]{27}$' }, (written, say, node) => {
    if (isOpenId(written)) return written;
    say(t`${found(node)} is no openid: ${whyNoOpenId(written)}`);
    return undefined;
  });
}

/** A list beside the rule file. It stays in the folder of the rules: no `..`, no other root. */
export function csvFile(): Shape<string> {
  const what = t`the name of a CSV file such as staff.csv`;
  const schema = { type: 'string', pattern: '^[^/\\\\:.\\s][^\\\\:]*\\.[cC][sS][vV]$' };
  return scalar(what, schema, (written, say, node) => {
    const parts = written.split('/');
    const isInside = !/[\\:\p{Cc}]/u.test(written) && parts.every(part => part.trim() !== '' && !part.startsWith('.'));
    if (!/\.csv$/i.test(written)) {
      const isTable = /\.(xlsx?|numbers|et)$/i.test(written);
      say(t`expected ${what}, found ${found(node)}${isTable ? t`; save the table as "CSV UTF-8"` : ''}`);
    } else if (isInside && written.length <= 200) return written;
    else say(t`expected ${what}, beside this file or in a folder below it, found ${found(node)}`);
    return undefined;
  });
}

// ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────

const COUNT_LIMIT = 1_000_000_000;

/** A whole number. */
export function count({
  min = 1,
  max = COUNT_LIMIT,
}: {
  readonly min?: number;
  readonly max?: number;
} = {}): Shape<number> {
  const what = t`a whole number from ${min}${max < COUNT_LIMIT ? t` to ${max}` : ''}`;
  return scalar(what, { type: 'integer', minimum: min, maximum: max }, (written, say, node) => {
    const value = /^\d{1,10}$/.test(written) ? Number(written) : Number.NaN;
    if (value >= min && value <= max) return value;
    const meant = Number.isNaN(value) ? meantCount(written) : undefined;
    const isFit = meant !== undefined && Number(meant) >= min && Number(meant) <= max;
    say(t`expected ${what}, found ${found(node)}${instead(isFit ? meant : undefined)}`);
    return undefined;
  });
}

/** A number that may have decimals, 0 or more. */
export function weight(): Shape<number> {
  const what = t`a number such as 70 or 0.5`;
  return scalar(what, { type: 'number', minimum: 0, maximum: COUNT_LIMIT }, (written, say, node) => {
    const value = /^\d{1,10}(\.\d{1,6})?$/.test(written) ? Number(written) : Number.NaN;
    if (value <= COUNT_LIMIT) return value;
    say(t`expected ${what}, found ${found(node)}${instead(meantWeight(written))}`);
    return undefined;
  });
}

/** `80%` → 80. */
export function percent(): Shape<number> {
  return scalar(t`a percentage such as 80%`, { type: 'string', pattern: '^\\d{1,3}%$' }, (written, say, node) => {
    const value = Number(/^(\d{1,3})%$/.exec(written)?.[1] ?? Number.NaN);
    if (value >= 1 && value <= 100) return value;
    const hint = /^\d+%$/.test(written) ? undefined : meantPercent(written);
    say(t`expected a percentage from 1% to 100%, found ${found(node)}${instead(hint)}`);
    return undefined;
  });
}

// ── Money ────────────────────────────────────────────────────────────────────────────────────────────────────

const YUAN = '[\u00A5\uFFE5](0|[1-9]\\d{0,10})\\.\\d{2}';

function parseMoney(written: string, say: Say): Fen | undefined {
  const amount = parseYuan(written.replace('\uFFE5', '\u00A5')); // phones type the full-width sign
  if (amount === undefined) say(moneyWords(written));
  return amount;
}

/** The right spelling, where it is plain what was meant. */
function moneyWords(written: string): Wording {
  const digits = /^(?:[\u00A5\uFFE5]|RMB|CNY)?\s*(\d[\d,]{0,14})(?:\.(\d+))?\s*(?:\u5143|\u5757)?$/i.exec(
    written.trim(),
  );
  if (!digits) {
    const isNegative = /^[\u00A5\uFFE5]?\s*-/.test(written);
    const meant = isNegative ? undefined : meantMoney(written);
    if (meant !== undefined) return t`an amount has the sign and two decimals: write ${meant}`;
    return isNegative
      ? t`an amount cannot be negative: "${written}"`
      : t`expected an amount such as ¥1.00, found "${written}"`;
  }
  const [, yuan, decimals = ''] = digits;
  if (decimals.length > 2) return t`an amount has two decimals, found "${written}"`;
  const whole = Number(yuan!.replaceAll(',', ''));
  if (whole >= 1e11) return t`the amount "${written}" is too large`;
  return t`an amount has the sign and two decimals: write ¥${whole}.${decimals.padEnd(2, '0')}`;
}

/** `¥1.00`, quoted or not. */
export function money({ min = 0 }: { readonly min?: number } = {}): Shape<Fen> {
  return scalar(t`an amount such as ¥1.00`, { type: 'string', pattern: `^${YUAN}$` }, (written, say) => {
    const amount = parseMoney(written, say);
    if (amount === undefined || amount >= min) return amount;
    say(t`expected at least ${showFen(fen(min))}, found ${showFen(amount)}`);
    return undefined;
  });
}

/** `¥1.00` or `¥1.20..¥2.80`. */
export function moneyRange(): Shape<{ readonly min: Fen; readonly max: Fen }> {
  const what = t`an amount such as ¥1.00 or ¥1.20..¥2.80`;
  return scalar(what, { type: 'string', pattern: `^${YUAN}(\\s*\\.\\.\\s*${YUAN})?$` }, (written, say) => {
    const parts = written.split(/\.{2,}/).map(part => part.trim());
    const isWrong = !parts.every(part => parseYuan(part.replace('\uFFE5', '\u00A5')) !== undefined);
    const meant = isWrong ? meantRange(written) : undefined;
    if (meant !== undefined) {
      say(t`a range has two dots, and each amount the sign and two decimals: write ${meant}`);
      return undefined;
    }
    if (parts.length === 1 && /\d\s*[-~\u2013\u2014\u2026\uFF5E]+\s*[\u00A5\uFFE5]?\s*\d/.test(written)) {
      say(t`a range is written with two dots: ¥1.20..¥2.80, found "${written}"`);
      return undefined;
    }
    if (parts.length > 2) {
      say(t`expected ${what}, found "${written}"`);
      return undefined;
    }
    const [min, max = min] = parts.map(part => parseMoney(part, say));
    if (min === undefined || max === undefined) return undefined;
    if (min > max) say(t`the range goes from the smaller to the larger amount: write ${showFen(max)}..${showFen(min)}`);
    return { min, max };
  });
}

// ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** `10m`, `1d` → milliseconds. */
export function duration(): Shape<number> {
  const schema = { type: 'string', pattern: '^\\d{1,6}[smhd]$' };
  return scalar(t`a duration such as 10m, 2h or 1d`, schema, (written, say, node) => {
    const value = parseDuration(written);
    if (value !== undefined && value > 0) return value;
    const hint = /^\d+$/.test(written) ? t`; say in what: s, m, h or d` : instead(meantDuration(written));
    say(t`expected a duration such as 90s, 10m, 2h or 1d, found ${found(node)}${hint}`);
    return undefined;
  });
}

/** `2026-02-10 08:00` in Beijing. Without a clock it is the beginning of that day, or its end where `endsDay`. */
export function dateTime({ endsDay = false }: { readonly endsDay?: boolean } = {}): Shape<Instant> {
  const what = t`a time such as 2026-02-10 08:00`;
  const schema = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}([ T]\\d{2}:\\d{2}(:\\d{2})?)?$' };
  return scalar(what, schema, (written, say, node) => {
    const at = parseBeijing(written);
    if (at === undefined) say(t`expected ${what} (Beijing), found ${found(node)}${instead(meantTime(written))}`);
    if (at === undefined || !endsDay || /\d:\d/.test(written)) return at;
    return endOfDay(at);
  });
}

/** `08:00-24:00` → minutes of the day, `[from, to)`. */
export function clockRange(): Shape<readonly [number, number]> {
  const what = t`hours such as "08:00-24:00"`;
  return scalar(what, { type: 'string', pattern: '^\\d{2}:\\d{2}-\\d{2}:\\d{2}$' }, (written, say, node) => {
    const [from, to, ...rest] = written.split(/[-\u2013\u2014]/).map(parseClock);
    if (from === undefined || to === undefined || rest.length > 0) {
      say(t`expected ${what}, found ${found(node)}${instead(meantHours(written))}`);
      return undefined;
    }
    if (from > to)
      say(t`the hours end before they begin; across midnight write ${acrossMidnight(from, to).join(', ')}`);
    if (from === to) say(t`the hours end when they begin; for the whole day write "00:00-24:00"`);
    return [from, to];
  });
}

/** `04:00` → minutes after midnight. */
export function clock(): Shape<number> {
  const what = t`a time of day such as "04:00"`;
  return scalar(what, { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' }, (written, say, node) => {
    const minutes = parseClock(written);
    if (minutes !== undefined && minutes < 1440) return minutes;
    const clock = meantClock(/^\d{1,2}$/.test(written) ? `${written}:00` : written);
    const meant = clock === '24:00' ? undefined : clock;
    say(t`expected ${what}, found ${found(node)}${instead(meant === undefined ? undefined : `"${meant}"`)}`);
    return undefined;
  });
}

/** `2026-03-01`. */
export function day(): Shape<Day> {
  const what = t`a day such as 2026-03-01`;
  return scalar(what, { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' }, (written, say, node) => {
    const value = parseDay(written);
    if (value === undefined) say(t`expected ${what}, found ${found(node)}${instead(meantTime(written)?.slice(0, 10))}`);
    return value;
  });
}

export function parseDay(text: string): Day | undefined {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseBeijing(text) : undefined;
  return at === undefined ? undefined : dayOf(at);
}
