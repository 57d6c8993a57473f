// The catalogue of texts: every text that is said in English has its Chinese, and nothing stands there that nobody says.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseLang } from '../../../src/core/base/words/language.ts';
import { inLang, joined, NOUNS, sentences, t, templateOf } from '../../../src/core/base/words/words.ts';
import { ZH } from '../../../src/core/base/words/zh/index.ts';

const SRC = resolve(import.meta.dirname, '../../../src');
const CATALOGUE = 'core/base/words/';

type Used = { readonly file: string; readonly template: string };

/** Every template behind the tags `t` and `l`, also inside other ones. */
function templatesIn(file: string, source: string): Used[] {
  const found: Used[] = [];
  /** From behind the opening mark to behind the closing one. */
  const template = (from: number, isTagged: boolean): number => {
    const parts = [''];
    let at = from;
    for (; source[at] !== '`'; at++) {
      if (source[at] === '\\') parts.push(parts.pop()! + cooked(source[++at]!));
      else if (source.startsWith('${', at)) {
        at = code(at + 2);
        parts.push('');
      } else parts.push(parts.pop()! + source[at]);
    }
    if (isTagged) found.push({ file, template: templateOf(parts) });
    return at;
  };
  /** Up to the brace that closes what `${` opened. */
  const code = (from: number): number => {
    for (let at = from, open = 0; at < source.length; at++) {
      const sign = source[at]!;
      if (sign === '`') at = template(at + 1, isTag(source, at));
      else if (sign === "'" || sign === '"') at = quoted(source, at);
      else if (sign === '/' && /[(,=:!&|?{]\s*$/.test(source.slice(Math.max(0, at - 9), at))) at = pattern(source, at);
      else if (sign === '{') open++;
      else if (sign === '}' && open-- === 0) return at;
    }
    return source.length;
  };
  for (const { index } of source.matchAll(/(?<![\w.$\\])[tl]`/g)) {
    const line = source.slice(source.lastIndexOf('\n', index) + 1, index);
    const isInside = found.length > 0 && index < end;
    if (!/^\s*(\/\/|\*|\/\*)/.test(line) && !isInside) end = template(index + 2, true);
  }
  return found;
}
let end = 0;

const cooked = (sign: string): string => (sign === 'n' ? '\n' : sign);

function isTag(source: string, at: number): boolean {
  return /(?<![\w.$\\])[tl]$/.test(source.slice(Math.max(0, at - 2), at));
}

function quoted(source: string, from: number): number {
  let at = from + 1;
  for (; source[at] !== source[from]; at++) if (source[at] === '\\') at++;
  return at;
}

/** To the end of a regular expression, in which quotes mean nothing. */
function pattern(source: string, from: number): number {
  let isClass = false;
  for (let at = from + 1; ; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '[') isClass = true;
    else if (source[at] === ']') isClass = false;
    else if (source[at] === '/' && !isClass) return at;
  }
}

const used = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .map(name => name.replaceAll('\\', '/'))
  .filter(name => name.endsWith('.ts') && !name.startsWith(CATALOGUE) && !/^(simulator|pages)\//.test(name))
  .flatMap(file => {
    end = 0;
    return templatesIn(file, readFileSync(join(SRC, file), 'utf8'));
  });

describe('the catalogue of texts', () => {
  test('has the Chinese of every text that is said', () => {
    const missing = used.filter(({ template }) => !Object.hasOwn(ZH, template));
    expect(missing).toEqual([]);
    expect(used.length).toBeGreaterThan(400);
  });

  test('has nothing that nobody says', () => {
    const said = new Set(used.map(({ template }) => template));
    expect(Object.keys(ZH).filter(template => !said.has(template))).toEqual([]);
  });

  test('names no part in Chinese that the English has not', () => {
    const partsOf = (text: string): string[] => [...text.matchAll(/\{\d+\}/g)].map(([part]) => part);
    const wrong = Object.entries(ZH).filter(([en, zh]) => partsOf(zh).some(part => !partsOf(en).includes(part)));
    expect(wrong).toEqual([]);
  });

  test('quotes in English as English does', () => {
    expect(Object.keys(ZH).filter(en => /[「」『』]/.test(en))).toEqual([]);
  });

  test('leaves out in Chinese no part but the ends of plurals', () => {
    const wrong = Object.entries(ZH).filter(([, zh]) => zh.trim() === '');
    expect(wrong).toEqual([]);
  });

  test('would find a text inside another one, and one over two lines', () => {
    const source = "say(t`a ${x ? t`b ${'}'}` : ''} c`);\nsay(\n  t`\\`d\\` {{e}}`,\n);\n// t`not me`";
    expect(templatesIn('x.ts', source).map(({ template }) => template)).toEqual(['b {1}', 'a {1} c', '`d` {{e}}']);
  });

  test('no file of two areas says the same in another way', () => {
    const files = readdirSync(join(SRC, CATALOGUE, 'zh')).filter(name => name !== 'index.ts');
    const keys = files.flatMap(name =>
      [...readFileSync(join(SRC, CATALOGUE, 'zh', name), 'utf8').matchAll(/^ {2}(?:'(.*?)'|"(.*?)"|(\w+)):/gm)].map(
        ([, single, double, bare]) => single ?? double ?? bare!,
      ),
    );
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  });
});

describe('a text', () => {
  test('has both languages, and so have the texts in it', () => {
    const inner = t`a list`;
    const words = t`expected ${inner}, found ${'x'}`;
    expect(words.en).toBe('expected a list, found x');
    expect(words.zh).toBe('这里应写一个列表，现在是x');
    expect([inLang(words, 'zh'), inLang('x', 'zh')]).toEqual([words.zh, 'x']);
    expect(joined(['a', 'b'], t` or `)).toMatchObject({ en: 'a or b', zh: 'a 或 b' });
    expect(sentences(t`a list`, 'b')).toMatchObject({ en: 'a list b', zh: '一个列表b' });
  });

  test('what comes from a file is never taken for a part of it', () => {
    expect(t`unknown key "${'{2}'}"${'{1}'}`.en).toBe('unknown key "{2}"{1}');
  });
});

describe('a text that counts', () => {
  test('says one thing in the singular, and leaves another number as it is', () => {
    const said = (findings: number, files: number): string => inLang(t`${findings} findings in ${files} files`, 'en');
    expect(said(1, 3)).toBe('1 finding in 3 files');
    expect(said(2, 1)).toBe('2 findings in 1 file');
    expect(said(11, 21)).toBe('11 findings in 21 files');
    expect(inLang(t`${1} findings in ${1} files`, 'zh')).toBe('1 个文件里有 1 处错误');
    expect(inLang(t`the scene has ${1} characters; at most 64 are allowed`, 'en')).toContain('has 1 character;');
  });

  test('counts what is known to be counted: another word behind a number is a verb', () => {
    const verbs =
      'is has was as less ms goods gives stands pays needs ends answers says reports replies proves lives lies';
    const others = `${verbs} leaves goes counts comes belongs`.split(' ');
    const words = Object.keys(ZH).flatMap(text =>
      [...text.matchAll(/\{\d\} (?:new )?([a-z]+s)\b/g)].map(([, word]) => word!),
    );
    expect([...new Set(words)].filter(word => !NOUNS.includes(word) && !others.includes(word))).toEqual([]);
  });
});

describe('the language', () => {
  test('is the one that was asked for, else that of bot.yaml, else that of the locale', () => {
    expect(chooseLang('en', 'zh', { LANG: 'zh_CN.UTF-8' })).toBe('en');
    expect(chooseLang(undefined, 'zh', { LANG: 'en_US.UTF-8' })).toBe('zh');
    expect(chooseLang(undefined, undefined, { LANG: 'zh_CN.UTF-8' })).toBe('zh');
    expect(chooseLang(undefined, undefined, { LC_ALL: 'en_US.UTF-8', LANG: 'zh_CN.UTF-8' })).toBe('en');
    expect(chooseLang(undefined, undefined, { LC_ALL: '', LANG: 'zh_TW' })).toBe('zh');
    expect(chooseLang(undefined, undefined, {})).toBe('en');
    expect(chooseLang(undefined, 'fr', { LANG: 'C.UTF-8' })).toBe('en');
  });
});
