// What is said to people, in both languages at once. A text is written in English where it is said, with the tag `t`; its
// Chinese stands in the catalogue beside this file. Which of the two is shown is decided where it is shown.
import { ZH } from './zh/index.ts';

export const LANGS = ['zh', 'en'] as const;
export type Lang = (typeof LANGS)[number];

export type Words = { readonly en: string; readonly zh: string };

/** What is put into a plain text by mistake is at least read. */
class Both implements Words {
  readonly en: string;
  readonly zh: string;

  constructor(en: string, zh: string) {
    this.en = en;
    this.zh = zh;
  }

  toString(): string {
    return this.en;
  }

  /** Programs read English. */
  toJSON(): string {
    return this.en;
  }
}

/** A plain string is the same in both: a name, a number, a text of somebody's file. */
export type Wording = Words | string;

/**
 * t`unknown key "${name}"` is looked up as `unknown key "{1}"`. The Chinese may take its parts in another order, or leave one
 * out, such as the s of a plural.
 */
export function t(texts: TemplateStringsArray, ...values: readonly (Wording | number | undefined)[]): Words {
  const template = templateOf(texts);
  const both = values.map(value => (typeof value === 'object' ? value : String(value)));
  return new Both(filled(template, both, 'en'), filled(ZH[template] ?? template, both, 'zh'));
}

/** By which the catalogue has it. */
export function templateOf(texts: readonly string[]): string {
  return texts.reduce((all, text, n) => `${all}{${n}}${text}`);
}

function filled(template: string, values: readonly Wording[], lang: Lang): string {
  const text = lang === 'en' && values.includes('1') ? inSingular(template, values) : template;
  return text.replace(/\{(\d+)\}/g, (whole, number: string) => {
    const value = values[Number(number) - 1];
    return value === undefined ? whole : inLang(value, lang);
  });
}

/** What is counted, as the texts say it. */
export const NOUNS: readonly string[] = (
  'bits boxes bytes buttons campaigns cells characters claims codes counters coupons days differences draws events files findings ' +
  'followers hours levels lines minutes others packets payouts people pixels prizes rows rules shares spaces steps stores ' +
  'tickets times warnings winners'
).split(' ');
const COUNTED = new RegExp(`\\{(\\d+)\\} (new )?(${NOUNS.join('|')})\\b( are\\b| have\\b)?`, 'g');
const ONE: Readonly<Record<string, string>> = { boxes: 'box', people: 'person', ' are': ' is', ' have': ' has' };

/** Of one, English says `1 file`. */
function inSingular(template: string, values: readonly Wording[]): string {
  return template.replace(COUNTED, (whole, number: string, before = '', noun: string, verb = '') =>
    values[Number(number) - 1] === '1'
      ? `{${number}} ${before}${ONE[noun] ?? noun.slice(0, -1)}${ONE[verb] ?? ''}`
      : whole,
  );
}

export function inLang(said: Wording, lang: Lang): string {
  return typeof said === 'string' ? said : said[lang];
}

/** What has its Chinese elsewhere than in the catalogue. */
export function inBoth(en: string, zh: string): Words {
  return new Both(en, zh);
}

/** Two sentences, one behind the other. */
export function sentences(first: Wording, second: Wording): Words {
  return new Both(`${inLang(first, 'en')} ${inLang(second, 'en')}`, `${inLang(first, 'zh')}${inLang(second, 'zh')}`);
}

/** One behind the other, as they are. */
export function joined(parts: readonly Wording[], between: Wording = ''): Words {
  const join = (lang: Lang): string => parts.map(part => inLang(part, lang)).join(inLang(between, lang));
  return new Both(join('en'), join('zh'));
}
