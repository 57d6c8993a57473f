// What is typed (关键词、口令): whole texts, parts of one, patterns, passwords of the day. What is scanned is compared alike.

import type { Event } from '../base/event.ts';
import { pick } from '../base/random.ts';
import { distance, nearest } from '../base/suggest.ts';
import { normalise, searched } from '../base/text.ts';
import { t, type Wording } from '../base/words/words.ts';
import { dayIn } from '../match/claim-key.ts';
import type { Rule, TextTrigger } from '../rules/campaign.ts';
import { type Describing, quoted } from '../rules/public-text.ts';
import {
  byKind,
  convert,
  csvFile,
  day,
  located,
  object,
  oneOrMany,
  optional,
  orBare,
  pairs,
  pattern,
  type Shape,
  text as textShape,
  wrapped,
} from '../yaml/schema.ts';
import { type Around, type DailyWords, type Piece, RARE, triggerKind, type WrittenTrigger } from './trigger.ts';

export const keyword = textShape({
  what: t`a keyword`,
  oneLine: true,
  check: (word, say) => {
    if (word.trim() !== '' && normalise(word) === '') say(t`the keyword is empty once spaces are taken away`);
  },
});

const passwordsByDay = pairs(t`passwords by day such as { 2026-03-01: 阿茶上新 }`, day(), oneOrMany(located(keyword)));
const daily = byKind<DailyWords>(t`a CSV file such as passwords.csv or { 2026-03-01: 阿茶上新 }`, {
  scalar: wrapped(located(csvFile()), file => ({ list: file })),
  map: wrapped(passwordsByDay, days => ({ days })),
});

type Words = Extract<WrittenTrigger, { readonly kind: 'text' }>;
const exactWords: Shape<Words> = convert(oneOrMany(keyword), words => ({ kind: 'text', match: 'exact', words }));
const textKinds = object(
  'text',
  {
    contains: optional(oneOrMany(keyword), '消息里含有其中任何一个'),
    matches: optional(
      oneOrMany(pattern(t`a pattern`)),
      '整句符合这个模式（RE2 语法，比较的是去掉空格、半角、小写后的文字）',
    ),
    daily: optional(daily, '每日口令：CSV 文件（date,password），或 { 日期: 口令 }'),
  },
  { oneOf: ['contains', 'matches', 'daily'] },
);
const wordsOf = byKind<Words>(t`a keyword, a list of keywords or { contains: … }`, {
  scalar: exactWords,
  list: exactWords,
  map: convert(textKinds, ({ contains, matches, daily: words }): Words | undefined => {
    if (contains) return { kind: 'text', match: 'contains', words: contains };
    if (matches) return { kind: 'text', match: 'pattern', patterns: matches };
    return words && { kind: 'text', match: 'daily', ...words };
  }),
});

export const text = triggerKind('text', {
  bare: { kind: 'text', match: 'any' },
  field: optional(orBare(null, wordsOf), '发来文字：列表 = 完全相同（不计全半角、大小写、空格）'),
  written: (words: Words) => words,
  fits: (trigger, event, around) => event.kind === 'text' && fitsText(trigger, event.text, around),
  events: [],
  describe: (trigger, around, rule) => saidText(around, rule, trigger),
  pieces: (trigger, event) => textPieces(trigger, said => event({ kind: 'text', text: said })),
  example(trigger, { day: today }) {
    if (trigger.match === 'any') return () => ({ kind: 'text', text: '你好' });
    if (trigger.match === 'pattern') return undefined;
    const words = trigger.match === 'daily' ? (trigger.byDay.get(today) ?? []) : trigger.words;
    return words.length === 0 ? undefined : chance => ({ kind: 'text', text: pick(words, chance) });
  },
  miss: (trigger, event, around) => (event.kind === 'text' ? missOfText(trigger, event.text, around) : undefined),
});

export function fitsText(trigger: TextTrigger, written: string, { campaign, now }: Around): boolean {
  if (trigger.match === 'any') return true;
  const said = normalise(written);
  if (trigger.match === 'pattern') return trigger.patterns.some(each => each.fits(said));
  if (trigger.match === 'contains') {
    const place = searched(written);
    return trigger.words.some(word => normalise(word) !== '' && place.includes(normalise(word)));
  }
  const words = trigger.match === 'exact' ? trigger.words : (trigger.byDay.get(dayIn(campaign, now)) ?? []);
  return said !== '' && words.some(word => normalise(word) === said);
}

/** What is typed may be a password: the words are told only where the operator asks for it, and never what is guessed. */
function saidText({ say, words }: Describing, rule: Rule, trigger: TextTrigger): string {
  if (rule.quiz) return say('在对话中开始答题', `begin the quiz in the chat`);
  if (trigger.match === 'any') return say('在对话中发送任意文字', `send any text`);
  if (trigger.match === 'daily') return say('在对话中回复当天的口令', `send the day's password`);
  if (rule.guess || trigger.match === 'pattern') return say('在对话中回复正确的口令', `send the right password`);
  const told = words ? trigger.words.map(word => quoted(word, say)).join(say('或', ` or `)) : '';
  if (trigger.match === 'contains')
    return say(
      `发送包含${told || '活动口令'}的文字`,
      `send a text with ${told || `the password of the campaign`} in it`,
    );
  return say(
    `在对话中回复${told || '活动公布的关键词或口令'}`,
    `send ${told || `the word or password of the campaign`}`,
  );
}

export function textPieces(trigger: TextTrigger, says: (text: string) => Event): Piece[] {
  switch (trigger.match) {
    case 'exact':
      return trigger.words.map(word => exactPiece(word, says));
    case 'daily':
      return [...trigger.byDay].flatMap(([date, words]) =>
        words.map(word => ({ ...exactPiece(word, says), day: date })),
      );
    case 'contains':
      return trigger.words.map(word => ({
        label: t`texts with "${word}"`,
        word,
        probes: RARE.map(rare => says(rare + word + rare)),
      }));
    case 'pattern':
      // What a pattern fits cannot be listed: only a rule for every text, or one with the same pattern, has all of it.
      return trigger.patterns.map(({ source }) => ({
        label: t`texts like "${source}"`,
        word: source,
        pattern: source,
        probes: RARE.map(says),
      }));
    default:
      return [{ label: t`every text`, probes: RARE.map(says) }];
  }
}

function exactPiece(word: string, says: (text: string) => Event): Piece {
  return { label: `"${word}"`, word, text: normalise(word), probes: [says(word)] };
}

// ── Nearly ───────────────────────────────────────────────────────────────────────────────────────────────────

export function missOfText(trigger: TextTrigger, written: string, { campaign, now }: Around): Wording | undefined {
  const said = normalise(written);
  if (said === '') return undefined;
  switch (trigger.match) {
    case 'exact':
      return nearWord(said, trigger.words) ?? wordInside(said, trigger.words);
    case 'contains':
      return nearPart(said, trigger.words);
    case 'daily': {
      const today = dayIn(campaign, now);
      const other = [...trigger.byDay].find(([, words]) => words.some(word => normalise(word) === said));
      if (other) return t`"${written}" is the password of ${other[0]}, and today is ${today}`;
      return nearWord(said, trigger.byDay.get(today) ?? []);
    }
    default:
      return undefined;
  }
}

function nearWord(said: string, words: readonly string[]): Wording | undefined {
  const near = nearest(said, words.map(normalise));
  const word = near === undefined ? undefined : words.find(each => normalise(each) === near);
  return word === undefined ? undefined : t`nearly: the password is "${word}"`;
}

/** A whole word was wanted, and it came with others around it. */
function wordInside(said: string, words: readonly string[]): Wording | undefined {
  const word = words.find(each => normalise(each).length > 1 && said.includes(normalise(each)));
  return word === undefined ? undefined : t`the password "${word}" is in it, and must be all of it`;
}

/** A part of the text that is one letter off. Words of two letters would be found in everything. */
function nearPart(said: string, words: readonly string[]): Wording | undefined {
  const word = words.find(each => {
    const wanted = normalise(each);
    if (wanted.length < 3) return nearest(said, [wanted]) !== undefined;
    for (let at = 0; at + wanted.length <= Math.max(said.length, wanted.length); at++)
      if (distance(said.slice(at, at + wanted.length), wanted) === 1) return true;
    return false;
  });
  return word === undefined ? undefined : t`nearly: it must have "${word}" in it`;
}
