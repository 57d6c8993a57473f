// The whole taxonomy of what can go wrong, on one screen.
//
//   a "no" of the business          a value (`Refusal`), never thrown
//   a mistake of somebody else      `BadInput`: where, what, and the fix
//   a failure of the world          `Fault`: and whether it may be tried again
//   a mistake of ours               a failed `assert`

import { inLang, type Lang, type Wording, type Words } from './words/words.ts';

/** Where something stands in a file. Both count from 1. */
export type Place = { readonly line: number; readonly column: number };

/** One complaint about a file: `line` and `column` count from 1. */
export type Finding = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, what was expected, and the nearest right word; in English. */
  readonly message: string;
  /** The same in Chinese; absent: it is the same. */
  readonly zh?: string;
};

export function findingAt(file: string, { line, column }: Place, said: Wording): Finding {
  const { en, zh } = typeof said === 'string' ? { en: said, zh: said } : said;
  return { file, line, column, message: en, ...(zh !== en && { zh }) };
}

/** As one language has it. */
export function told<T extends Finding>({ zh, ...finding }: T, lang: Lang): Omit<T, 'zh'> {
  return { ...finding, message: lang === 'zh' ? (zh ?? finding.message) : finding.message };
}

/** `rules/a.yaml:3:5: unknown key "wieght"; did you mean "weight"?` */
export function showFinding(finding: Finding): string {
  return showFindingIn('en', finding);
}

export function showFindingIn(lang: Lang, finding: Finding): string {
  return `${finding.file}:${finding.line}:${finding.column}: ${told(finding, lang).message}`;
}

/** Somebody gave us something wrong. The message names the place and the fix. */
export class BadInput extends Error {
  readonly findings: readonly Finding[];
  /** The message, in both languages; with the findings. */
  readonly words: Words;

  constructor(said: Wording, findings: readonly Finding[] = []) {
    const all = (lang: Lang): string =>
      [inLang(said, lang), ...findings.map(each => showFindingIn(lang, each))].join('\n');
    const words = { en: all('en'), zh: all('zh') };
    super(words.en);
    this.name = 'BadInput';
    this.findings = findings;
    this.words = words;
  }
}

/**
 * The world failed us. `retry` says what may be done about it:
 * `safe` it never arrived · `query-first` it may have arrived · `never` the platform said no.
 */
export class Fault extends Error {
  readonly who: 'wechat' | 'wechat-pay' | 'store';
  readonly retry: 'safe' | 'query-first' | 'never';
  /** The platform's own code (`errcode`, `err_code`) or the transport's; never shown to followers. */
  readonly code: string;
  /** The message, in both languages. */
  readonly words: Words;

  constructor(who: Fault['who'], retry: Fault['retry'], code: string, said: Wording, options?: { cause?: unknown }) {
    super(inLang(said, 'en'), options);
    this.words = { en: inLang(said, 'en'), zh: inLang(said, 'zh') };
    this.name = 'Fault';
    this.who = who;
    this.retry = retry;
    this.code = code;
  }
}

/** The code of a failure of the system (`ENOENT`), of Node's or of TLS; `undefined`: what was thrown has none. */
export function codeOf(error: unknown): string | undefined {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error;
  return isCoded && typeof error.code === 'string' ? error.code : undefined;
}

/** The text of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same for people, in both languages where we said it ourselves. */
export function wordsOf(error: unknown): Wording {
  return error instanceof BadInput || error instanceof Fault ? error.words : messageOf(error);
}
