// What fingers do that do not think in YAML: signs of Word and of phone keyboards, a space too few, a comment as elsewhere. Each slip
// knows how its line was meant; whether it was, is seen by reading the file so (`mend.ts`).

import { t, type Words } from '../base/words/words.ts';

/** `line`: as it was meant; `undefined` in its place: it is not there at all. */
export type Slip = {
  readonly column: number;
  readonly message: Words;
  readonly line: string;
  /** It is told only if nothing is wrong with the line then: most lines can be read in several ways. */
  readonly isGuess?: true;
  /** A block is moved line by line: of lines that follow each other the first is told. */
  readonly isLayout?: true;
};
/**
 * The lines around, without those that say nothing. `holder`: the one above, of the same depth; `entry`: the nearest above
 * that is an entry of a list.
 */
export type Around = {
  readonly before: string;
  readonly after: string;
  readonly parent: string;
  readonly holder: string;
  readonly entry: string;
};
type Finder = (line: string, around: Around) => Slip | undefined;

/** A slip found by an expression: `put` writes what it found in the right way, `say` gets that and what stood there. */
function rule(
  expression: RegExp,
  put: (...groups: string[]) => string,
  say: (right: string, wrong: string, ...groups: string[]) => Words,
): Finder {
  const everywhere = new RegExp(expression.source, `${expression.flags.replace('g', '')}g`);
  return line => {
    for (const match of line.matchAll(everywhere)) {
      const [wrong = '', ...groups] = match.map(group => group ?? '');
      const right = put(wrong, ...groups);
      if (right === wrong) continue; // the next one may be wrong
      const lead = /^[\s\u3000]*/.exec(wrong)![0].length;
      const column = match.index + (lead < wrong.length ? lead : 0) + 1;
      const message = say(right.trim(), wrong.trim(), ...groups);
      return { column, message, line: line.slice(0, match.index) + right + line.slice(match.index + wrong.length) };
    }
    return undefined;
  };
}

const guess =
  (find: Finder): Finder =>
  (line, around) => {
    const slip = find(line, around);
    return slip && { ...slip, isGuess: true };
  };

const STRANGE = '\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000\uFEFF';
const WIDE = /[\uFF01-\uFF5E\uFFE5]/g;
/** Half-width, and the one sign of money. */
const narrow = (text: string): string => text.replace(WIDE, sign => sign.normalize('NFKC')).replaceAll('\u00A5', '¥');
const quote = (text: string): string => (text.includes("'") ? JSON.stringify(text) : `'${text}'`);
/** Without the quotes around all of it, or without those around its parts. */
const unquoted = (text: string): string =>
  /^(["']).+\1$/s.test(text) ? text.slice(1, -1) : text.replaceAll(/["']/g, '');
const KEY = '[A-Za-z][\\w-]*';
const GLUED = new RegExp(`,\\s*(${KEY}):(?=[^\\s/])`, 'g');
/** What people name, and what they pay, stands before a colon as well. */
const NAME = `(?:\\p{Script=Han}[\\p{L}\\p{N}]*|¥?\\d+(?:\\.\\d\\d)?)`;
const GLUED_NAME = new RegExp(`,\\s*(${KEY}|${NAME}):(?=[^\\s/])`, 'gu');

/** Chinese names of keys, as they come to mind. */
const KEYS: Readonly<Record<string, string>> = {
  活动: 'campaign',
  活动编号: 'campaign',
  编号: 'campaign',
  名称: 'name',
  活动名称: 'name',
  名字: 'name',
  公众号: 'account',
  时间: 'period',
  活动时间: 'period',
  开始: 'from',
  开始时间: 'from',
  结束: 'to',
  结束时间: 'to',
  时段: 'hours',
  预算: 'budget',
  总额: 'total',
  每天: 'perDay',
  每日: 'perDay',
  限制: 'limits',
  限额: 'limits',
  每人: 'perUser',
  红包: 'redpacket',
  奖品: 'prizes',
  权重: 'weight',
  数量: 'stock',
  库存: 'stock',
  规则: 'rules',
  触发: 'on',
  关键词: 'text',
  关注: 'subscribe',
  条件: 'when',
  次数: 'once',
  发放: 'give',
  奖励: 'give',
  回复: 'reply',
  中奖: 'won',
  测试: 'tests',
};

/** A space of another kind, where YAML wants a plain one. `wide`: how many a full-width one stands for. */
const spaces =
  (wide: string): Finder =>
  line => {
    const match = new RegExp(`^[ \\t${STRANGE}]*[${STRANGE}]|[:,{[-] *[${STRANGE}]+`).exec(line);
    if (!match) return undefined;
    const at = match[0].search(new RegExp(`[${STRANGE}]`));
    const sign = match[0][at]!;
    const name = sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    const plain = (text: string): string =>
      text
        .replaceAll('\u3000', wide)
        .replaceAll(/[\u200B\uFEFF]/g, '')
        .replace(new RegExp(`[${STRANGE}]`, 'g'), ' ');
    const message =
      sign === '\u3000'
        ? t`a full-width space stands here: type plain ones`
        : t`a space as Word and web pages have it stands here (U+${name}): delete it and type a plain one`;
    const fixed = line.slice(0, match.index) + plain(match[0]) + line.slice(match.index + match[0].length);
    return { column: match.index + at + 1, message, line: fixed };
  };

const FINDERS: readonly Finder[] = [
  spaces('  '),
  spaces(' '),
  rule(
    /^[ ]*\t[ \t]*/,
    () => '  ',
    () => t`a tab indents this line: type spaces`,
  ),
  // Comments, and lines that should look nice.
  rule(
    /^(\s*)(?:\/\/+|\/\*+|<!--|＃|；|;|--(?=\s*[^-\s]))\s*(.*?)\s*(?:\*+\/|-->)?$/,
    (_, indent, text) => `${indent}# ${text}`,
    right => t`a comment begins with #: write "${right}"`,
  ),
  rule(
    /\s+\/\/+\s*(.*)$/,
    (_, text) => ` # ${text}`,
    right => t`a comment begins with #: write "${right}"`,
  ),
  rule(
    /^\s*(?:`{3,}.*|={3,}|-{3,}|\*{3,}|…+|_{3,})\s*$/,
    () => '#',
    (_, wrong) => t`this line means nothing here: take out "${wrong}"`,
  ),
  // Colons
  rule(
    new RegExp(`^(\\s*(?:- )?)["“”']?(${KEY})["“”']?\\s*：\\s*`),
    (_, lead, key) => `${lead}${key}: `,
    right => t`the colon is full-width: write "${right} "`,
  ),
  rule(
    new RegExp(`([{,，｛]\\s*)(${KEY})\\s*：\\s*`),
    (_, lead, key) => `${lead}${key}: `,
    (_right, _wrong, _lead, key) => t`the colon is full-width: write "${key!}: "`,
  ),
  rule(
    new RegExp(`^(\\s*(?:- )?)(${KEY}):(?!//)(\\S.*)$`),
    (_, lead, key, value) => `${lead}${key}: ${value}`,
    right => t`a space is missing behind the colon: write "${right}"`,
  ),
  rule(
    new RegExp(`^(\\s*(?:- )?)(${KEY})\\s+[:：](?=\\S)`),
    (_, lead, key) => `${lead}${key}: `,
    right => t`the space stands behind the colon: write "${right} "`,
  ),
  rule(
    new RegExp(`(?<=[{,]\\s*)(${KEY}):(?!//)([^\\s,{}][^,{}]*)(.*)$`),
    (_, key, value, rest) => `${key}: ${value}${rest!.replace(GLUED, ', $1: ')}`,
    (_right, _wrong, key, value) => t`a space is missing behind the colon: write "${key!}: ${value!.trim()}"`,
  ),
  rule(
    new RegExp(`(?<=\\{.*),${KEY}:(?=[^\\s/]).*$`),
    wrong => wrong.replace(GLUED, ', $1: '),
    right => t`a space is missing behind the comma and the colon: write "${right}"`,
  ),
  rule(
    new RegExp(`^(\\s*(?:- )?)[“”‘’](${KEY})[“”‘’]\\s*[:：]\\s*`),
    (_, lead, key) => `${lead}${key}: `,
    right => t`a key has no quotes: write "${right} "`,
  ),
  rule(
    new RegExp(`^(\\s*(?:- )?)(${KEY})\\s*=\\s*(.+)$`),
    (_, lead, key, value) => `${lead}${key}: ${value}`,
    right => t`behind a key stands a colon: write "${right}"`,
  ),
  rule(
    new RegExp(`^(\\s*(?:- )?)(${KEY})(?:\\s+([^:：]+))?$`),
    (_, lead, key, value) => `${lead}${key}:${value ? ` ${value}` : ''}`,
    right => t`behind a key stands a colon: write "${right}"`,
  ),
  rule(
    /^(\s*(?:- )?)(\p{Script=Han}+)\s*[:：]\s*/u,
    (wrong, lead, key) => (KEYS[key!] ? `${lead}${KEYS[key!]}: ` : wrong),
    (right, wrong) => t`keys are English words: write "${right}" for "${wrong}"`,
  ),
  rule(
    /([{,，]\s*)(\p{Script=Han}+)\s*[:：]\s*/u,
    (wrong, lead, key) => (KEYS[key!] ? `${lead}${KEYS[key!]}: ` : wrong),
    (_right, _wrong, _lead, key) => t`keys are English words: write "${`${KEYS[key!]}:`}" for "${`${key!}:`}"`,
  ),
  // Lists
  rule(
    new RegExp(`^(\\s*)-(${KEY}:.*)$`),
    (_, indent, rest) => `${indent}- ${rest}`,
    right => t`a space is missing behind the dash: write "${right}"`,
  ),
  rule(
    new RegExp(
      `^(\\s*)(?:[–—―－−•·●*+>]|\\d+[.、)）]|[①-⑳]|[（(]\\d+[)）]|[一二三四五六七八九十]+[、.])\\s*(${KEY}:.*)$`,
    ),
    (_, indent, rest) => `${indent}- ${rest}`,
    right => t`an entry of a list begins with a plain dash and a space: write "${right}"`,
  ),
  rule(
    new RegExp(`^(\\s*)-(?: {2,}|\\s+-\\s+)(${KEY}: .*)$`),
    (_, indent, rest) => `${indent}- ${rest}`,
    right => t`behind the dash stands one space: write "${right}"`,
  ),
  (line, { parent }) => {
    const match = new RegExp(`^(\\s{2,})(${KEY}):`).exec(line);
    if (!match || !/^\s*(rules|tests|events|rounds|menu|items):$/.test(parent)) return undefined;
    const fixed = `${line.slice(0, match[1]!.length - 2)}- ${line.slice(match[1]!.length)}`;
    const message = t`an entry of a list begins with a dash: write "- ${match[2]!}: …"`;
    return { column: match[1]!.length + 1, message, line: fixed };
  },
  (line, { parent }) => {
    const match = new RegExp(`^(\\s{2,})(${KEY}):`).exec(line);
    if (!match || !/^\s*(rules|tests|events|rounds|menu|items):$/.test(parent)) return undefined;
    const message = t`an entry of a list begins with a dash: write "- ${match[2]!}: …"`;
    return { column: match[1]!.length + 1, message, line: `${match[1]}- ${line.trimStart()}` };
  },
  // What stands below its key, and not deeper.
  (line, { holder }) => {
    const key = /^\s*([^\s:#-][^:]*):$/.exec(holder)?.[1];
    if (key === undefined || !/^\s*[^\s:#-][^:]*:(\s|$)/.test(line)) return undefined;
    const depth = indentOf(line) + 2;
    const message = t`this line belongs to "${`${key}:`}" above: put ${depth} spaces before it`;
    return { column: indentOf(line) + 1, message, line: `  ${line}`, isLayout: true };
  },
  // Brackets, commas and quotes of another width
  rule(
    /[｛［](.*?)[｝］\]}]|(?<=:\s)【(.*)】/,
    (wrong, inside, thick) => (wrong.startsWith('｛') ? `{ ${inside!.trim()} }` : `[${inside || thick}]`),
    right => t`the brackets are full-width: write ${right}`,
  ),
  rule(
    new RegExp(`[，、；]\\s*(${KEY}|${NAME})\\s*：\\s*`, 'u'),
    (_, key) => `, ${key}: `,
    (_right, _wrong, key) => t`the comma and the colon are full-width: write "${`, ${key!}: `}"`,
  ),
  rule(
    new RegExp(`[，、；]\\s*(?=(?:${KEY}|${NAME})\\s*[:：])`, 'u'),
    () => ', ',
    () => t`the comma is full-width: write ","`,
  ),
  guess(
    rule(
      new RegExp(`^(\\s*(?:- )?)(${NAME})\\s*：\\s*`, 'u'),
      (_, lead, key) => `${lead}${key}: `,
      right => t`the colon is full-width: write "${right} "`,
    ),
  ),
  guess(
    rule(
      new RegExp(`([{,]\\s*)(${NAME})\\s*：\\s*`, 'u'),
      (_, lead, key) => `${lead}${key}: `,
      (_right, _wrong, _lead, key) => t`the colon is full-width: write "${key!}: "`,
    ),
  ),
  guess(
    rule(
      new RegExp(`(?<=[{,]\\s*)(${NAME}):(?!//)([^\\s,{}][^,{}]*)(.*)$`, 'u'),
      (_, key, value, rest) => `${key}: ${value}${rest!.replace(GLUED_NAME, ', $1: ')}`,
      (_right, _wrong, key, value) => t`a space is missing behind the colon: write "${key!}: ${value!.trim()}"`,
    ),
  ),
  rule(
    /(?<=: )\{\s*([^:{},]+(?:,\s*[^:{},]+)+)\s*\}$/,
    (_, inside) => `[${inside!.trim()}]`,
    right => t`a list stands in [ ]: write ${right}`,
  ),
  rule(
    new RegExp(`(?<=^\\s*(?:- )?${KEY}: )([^[{"'\\s][^[\\]]*)\\]$`),
    (_, inside) => `[${inside!}]`,
    right => t`a bracket is not opened: write ${right}`,
  ),
  rule(
    /\[[^\]]*[，、][^\]]*\]/,
    wrong => wrong.replace(/\s*[，、]\s*/g, ', '),
    right => t`the comma is full-width: write ${right}`,
  ),
  rule(
    new RegExp(`(?<=^\\s*(?:- )?${KEY}: )([\\w-]+(?:\\s*[,，、]\\s*[\\w-]+)+)$`),
    wrong => `[${wrong.replace(/\s*[,，、]\s*/g, ', ')}]`,
    right => t`several stand in brackets: write ${right}`,
  ),
  rule(
    /(?<=: |- |, |\[|\{ )[“”„‘’「『]([^“”‘’「」『』]*)[“”’」』]/,
    (_, inside) => (/^[\w-]+$/.test(inside!) ? inside! : `"${inside}"`),
    right => t`the quotes are those of a text: write ${right}`,
  ),
  rule(
    /(?<=: |\[|- )("[^"]*|'[^']*|"[^"]*[“”]|'[^']*[‘’])$/,
    wrong => wrong.replace(/[“”‘’]$/, '') + wrong[0],
    right => t`a quote is not closed: write ${right}`,
  ),
  // Numbers and times
  rule(
    /(?<=[\s,{[:]|^)[¥￥]?[\d０-９]*[０-９￥][\d０-９．.:：]*/,
    wrong => narrow(wrong).replace(/^(?=\d+\.\d\d$)/, '¥'),
    right => t`these signs are full-width: write ${right}`,
  ),
  rule(
    /\d{1,2}：\d{2}(?:\s*-\s*\d{1,2}：\d{2})?/,
    wrong => narrow(wrong).replace(/(?<!\d)\d:/g, '0$&'),
    right => t`these signs are full-width: write ${right}`,
  ),
  rule(
    /(\d{4})\s*[-–—−‒./年\\]\s*(\d{1,2})\s*[-–—−‒./月\\]\s*(\d{1,2})(?:\s*日)?(?!\d)/,
    (_, year, month, day) => `${year}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}`,
    right => t`a day is written ${right}`,
  ),
  rule(
    /(?<=\s|"|^)(?:\d:\d{2}(?:-\d{1,2}:\d{2})?|\d{2}:\d{2}-\d:\d{2})(?!\d)/,
    wrong => wrong.replace(/(?<!\d)\d:/g, '0$&'),
    right => t`hours have two digits: write ${right}`,
  ),
  rule(
    /(\d{2}:\d{2})\s*[~–—−～至到]\s*(\d{2}:\d{2})/,
    (_, from, to) => `${from}-${to}`,
    right => t`between the hours stands a plain dash: write ${right}`,
  ),
  rule(
    /[¥￥]?\d+[。．,]\d{2}(?![\d.])/,
    wrong =>
      `¥${narrow(wrong)
        .replace(/^[¥￥]/, '')
        .replace(/[。,]/, '.')}`,
    right => t`the decimals stand behind a point: write ${right}`,
  ),
  rule(
    /(?<=[\s{,:])[$Y](\d+\.\d{2})/,
    (_, amount) => `¥${amount}`,
    right => t`an amount begins with ¥: write ${right}`,
  ),
  // Two things on one line
  rule(
    new RegExp(`^(\\s*(?:- )?)(${KEY}): (${KEY}|${NAME}): ([^{}]+)$`, 'u'),
    (_, lead, key, inner, value) => `${lead}${key}: { ${inner}: ${value!.trim()} }`,
    right => t`two keys stand on one line: write ${right}`,
  ),
  guess(
    rule(
      new RegExp(`(?<=[{,]\\s*)(${KEY}): (${KEY}): ([^{},]+?)(?=\\s*[,}])`),
      (_, key, inner, value) => `${key}: { ${inner}: ${value} }`,
      right => t`two keys stand on one line: write ${right}`,
    ),
  ),
  rule(
    new RegExp(`(?<=\\{.*[^\\s{,])\\s+(${KEY}: )`),
    (_, key) => `, ${key}`,
    right => t`a comma is missing: write "${right}"`,
  ),
  rule(
    /\{\{\s*([a-zA-Z]+)\s*\}(?!\})|(?<!\{)\{\s*([a-zA-Z]+)\s*\}\}/,
    (_, one, other) => `{{${one || other}}}`,
    right => t`a placeholder is written ${right}`,
  ),
  rule(
    /(?<![{$])\{([a-zA-Z]+)\}(?!\})/,
    (_, word) => `{{${word}}}`,
    right => t`a placeholder is written ${right}`,
  ),
  rule(
    new RegExp(
      `(?<=[{,]\\s*)(${KEY}: )((?!['"{[])[^,{}]*?(?:[[{"']|: )(?:(?!,\\s*${KEY}: )[^{}])*?)(?=\\s*(?:,\\s*${KEY}: |\\}\\s*$))`,
    ),
    (_, key, value) => `${key}${quote(value!)}`,
    right => t`inside { } this text needs quotes: write ${right}`,
  ),
  rule(
    new RegExp(
      `(?<=[{,]\\s*)(${KEY}: )((?:"[^"]*"|'[^']*')[^\\s,{}][^,{}]*?|(?:"[^"]*"|'[^']*')\\s+[^\\s,{}][^,{}]*?)(?=\\s*[,}])`,
    ),
    (_, key, value) => `${key}${quote(value!.replaceAll(/["']/g, ''))}`,
    right => t`inside { } this text needs quotes: write ${right}`,
  ),
  guess(
    rule(
      /(?<=^\s*(?:- )?when: )"[^"]*"\s+[^\s#].*$/,
      value => quote(value),
      right => t`this text needs quotes: write ${right}`,
    ),
  ),
  guess(
    rule(
      new RegExp(`(?<=^\\s*(?:- )?${KEY}: )(?!['"{[|>])\\S.*(?:: | #).*$`),
      value => JSON.stringify(value),
      right => t`this text needs quotes: write ${right}`,
    ),
  ),
  guess(
    rule(
      new RegExp(`(?<=^\\s*(?:- )?${KEY}: )(?:[@\`%>|#-].*|[*&!][^\\x00-\\x7F].*|(?:"[^"]*"|'[^']*')\\s*[^\\s#].*)$`),
      value => quote(unquoted(value)),
      right => t`this text needs quotes: write ${right}`,
    ),
  ),
  rule(
    new RegExp(`(?<=[{,]\\s*)(${KEY})\\s+(?=[¥\\d])`),
    (_, key) => `${key}: `,
    right => t`behind a key stands a colon: write "${right}"`,
  ),
  rule(
    /(?<=: )[(（](.*)[)）]$/,
    (_, inside) => `{ ${inside!.trim()} }`,
    right => t`the brackets here are those of keys: write ${right}`,
  ),
  rule(
    new RegExp(`(?<=[:[] )(["'])([^"',{}]*)(?=, ${KEY}: )`),
    (_, sign, inside) => `${sign}${inside}${sign}`,
    right => t`a quote is not closed: write ${right}`,
  ),
  rule(
    /(?<=: |\[)("[^"]*?|'[^']*?)[“”‘’]?(\s*[}\]])$/,
    (_, text, end) => text! + text![0]! + end!,
    right => t`a quote is not closed: write ${right}`,
  ),
  guess(
    rule(
      new RegExp(`(?<=^\\s*[^\\s:#-][^:]*: )- (${KEY}: [^{}]+)$`),
      (_, inside) => `{ ${inside!.trim()} }`,
      right => t`this is no entry of a list: write "${right}"`,
    ),
  ),
  guess(
    rule(
      new RegExp(`^(\\s*)- (${KEY}: .*)$`),
      (_, indent, rest) => indent! + rest!,
      right => t`this is no entry of a list: write "${right}"`,
    ),
  ),
  rule(
    /(?<=[}\]])\s*[。，,;；.、！!]+\s*$/,
    () => '',
    (_, wrong) => t`take out "${wrong}"`,
  ),
  // A bracket too few, or too many
  rule(
    /\[[^[\]]*?(?=\s*\}$)/,
    wrong => `${wrong}]`,
    right => t`a bracket is not closed: write ${right}`,
  ),
  line => {
    const open = openIn(line);
    if (open === undefined) return undefined;
    const { column, closing } = open;
    const sign = line[column - 1]!;
    return {
      column,
      message: t`"${sign}" is not closed: write "${closing}" at the end of the line`,
      line: `${line} ${closing}`,
    };
  },
  rule(
    /[\]}]\s*$/,
    () => '',
    right => t`one closing bracket is too many: take it out${right}`,
  ),
];

/** The bracket that nothing closes. */
function openIn(line: string): { readonly column: number; readonly closing: string } | undefined {
  const open: { column: number; closing: string }[] = [];
  for (const [at, sign] of [...line.replace(/"[^"]*"|'[^']*'/g, text => ' '.repeat(text.length))].entries()) {
    if (sign === '{' || sign === '[') open.push({ column: at + 1, closing: sign === '{' ? '}' : ']' });
    else if (sign === '}' || sign === ']') open.pop();
  }
  return open.length === 0
    ? undefined
    : {
        ...open[0]!,
        closing: open
          .reverse()
          .map(({ closing }) => closing)
          .join(' '),
      };
}

/** A longer one is no slip, and slow to be looked through. */
const LINE_MAX = 500;

/** What a line may have been meant as, the likeliest first. `isBroken`: the file is no YAML, so that it may stand in the wrong place. */
export function slipsIn(line: string, around: Around, isBroken: boolean): Slip[] {
  if (line.length > LINE_MAX || /^\s*(#|$)/.test(line)) return [];
  const slips = FINDERS.flatMap(find => find(line, around) ?? []);
  return isBroken ? [...slips, ...layoutOf(line, around)] : slips;
}

const indentOf = (line: string): number => /^ */.exec(line)![0].length;

/** As deep as the line above it or below it; or a part of a text that began above. */
function layoutOf(line: string, { before, after, parent, entry }: Around): Slip[] {
  const own = indentOf(line);
  const ofList = /^\s*- /.test(line) && entry !== '' ? [indentOf(entry)] : [];
  const depths = [...ofList, indentOf(after), indentOf(before), indentOf(before) + 2].filter(
    (depth, n, all) => depth !== own && all.indexOf(depth) === n,
  );
  const moved = depths.map(depth => ({
    column: own + 1,
    message: t`this line is indented by ${own}, its neighbours by ${depth}: put ${depth} spaces before it`,
    line: ' '.repeat(depth) + line.trimStart(),
    isGuess: true as const,
    isLayout: true as const,
  }));
  const isText = !/^\s*(- .*[:：]|[A-Za-z][\w-]*[:：])/.test(line);
  if (!isText) return moved;
  const isBlock = /[|>][+-]?$/.test(parent);
  const depth = isBlock ? Math.max(indentOf(before), indentOf(parent) + 2) : own;
  const message = isBlock
    ? t`this line belongs to the text above: indent it as deep`
    : t`this line is no "key: value": a note begins with #, a text of several lines with "|"`;
  return [{ column: own + 1, message, line: isBlock ? ' '.repeat(depth) + line.trimStart() : '#' }, ...moved];
}
