// The shape of the code itself: who may import whom, how long things are, and words that mean something is unfinished.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/**
 * Who may import from whom: a room, the rooms it may use beside itself and what lies in it, and the packages it may use. A room
 * that is named stands for the rooms in it as well; the longest name that fits a file is its room. `pages` is a world of its own.
 */
const ROOMS: Readonly<Record<string, readonly [rooms: string, packages?: RegExp]>> = {
  'core/base': ['core/rules', /^(re2js|node:(crypto|assert\/strict))$/],
  'core/yaml': ['core/base core/rules', /^yaml$/],
  'core/rules': ['core/base core/yaml core/decide', /^(yaml|@marcbachmann\/cel-js|node:(crypto|assert\/strict))$/],
  'core/decide': ['core/base core/rules core/payout core/analysis', /^node:(crypto|assert\/strict)$/],
  'core/payout': ['core/base core/rules core/decide', /^node:(crypto|assert\/strict)$/],
  'core/messages': ['core/base core/rules core/decide core/payout', /^node:(crypto|assert\/strict)$/],
  'core/audit': ['core/base core/yaml core/rules core/decide core/payout', /^node:(crypto|assert\/strict)$/],
  'core/lint': ['core/base core/yaml core/rules core/decide core/payout', /^node:assert\/strict$/],
  'core/live': ['core/base core/yaml core/rules core/decide core/lint', /^node:(crypto|assert\/strict)$/],
  'core/analysis': [
    'core/base core/yaml core/rules core/decide core/payout core/lint',
    /^node:(crypto|assert\/strict)$/,
  ],
  'core/public-rules': ['core/base core/rules core/decide core/payout core/lint'],
  'core/ops': ['core/base core/yaml core/rules core/decide core/payout', /^(yaml|node:(crypto|assert\/strict))$/],
  'ports.ts': ['core'],
  lib: ['core/base core/yaml ports.ts', /^(pino|qrcode-generator|node:.*)$/],
  config: ['core lib storage/redis/address.ts', /^node:(crypto|fs|path|tls)$/],
  wechat: ['core ports.ts', /^(fast-xml-parser|undici|node:.*)$/],
  'wechat/account': [
    'core ports.ts wechat/xml.ts wechat/crypto.ts wechat/json.ts wechat/transport.ts',
    /^(undici|node:.*)$/,
  ],
  'wechat/pay': [
    'core ports.ts wechat/xml.ts wechat/crypto.ts wechat/json.ts wechat/transport.ts',
    /^(undici|node:.*)$/,
  ],
  storage: ['core ports.ts', /^node:/],
  'storage/shared': ['core ports.ts storage/sqlite', /^node:/],
  'storage/sqlite': ['core ports.ts storage/shared', /^(@photostructure\/sqlite|node:.*)$/],
  'storage/redis': ['core ports.ts storage/shared', /^(ioredis|node:.*)$/],
  engine: ['core ports.ts config lib', /^(node-cron|tsx\/esm\/api|node:.*)$/],
  setup: ['core ports.ts config storage wechat', /^node:/],
  http: ['core ports.ts config lib engine', /^(koa|node:.*)$/],
  'http/h5/html': ['core'],
  simulator: ['core/base wechat/xml.ts wechat/crypto.ts', /^(qrcode-generator|undici|node:.*)$/],
  pages: ['core ports.ts simulator/shared http/h5/html', /^preact/],
  app: ['core ports.ts config lib wechat storage engine setup http simulator commands/simulator.ts', /./],
  commands: ['core ports.ts config lib wechat storage engine setup http simulator app', /./],
  'main.ts': ['core ports.ts config lib wechat storage engine setup http simulator app', /./],
  'cli.ts': ['core ports.ts config lib wechat storage engine setup http simulator commands main.ts', /./],
};

/** Banned in the source, with what to do instead. */
const BANNED: readonly {
  readonly word: RegExp;
  readonly instead: string;
  readonly except?: RegExp;
  readonly code?: boolean;
}[] = [
  { word: /\b(TODO|FIXME|XXX)\b/, instead: 'finish it, or open an issue' },
  {
    word: /Date\.now\(\)|new Date\(\)|Date\.now\b/,
    instead: 'take the clock as an argument',
    except: /^main\.ts$|^pages\/|^commands\//,
  },
  { word: /Math\.random/, instead: 'take chance as an argument, or node:crypto', except: /^pages\// },
  { word: /process\.env/, instead: 'the environment is read in main.ts', except: /^main\.ts$|^commands\// },
  { word: /\bas any\b|: any\b|@ts-(ignore|nocheck|expect-error)/, instead: 'say what it is', code: true },
  { word: /catch *(\([a-z_]+\))? *\{ *\}/, instead: 'handle it, or rethrow it with its cause' },
];

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

type Source = { readonly name: string; readonly text: string };

function sourcesOf(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.tsx?$/.test(name))
    .map(name => ({ name: name.replaceAll('\\', '/'), text: readFileSync(join(folder, name), 'utf8') }));
}

/** `core/money.ts` for a file of ours, the package's or module's name for the rest. */
function importsOf({ name, text }: Source): string[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)[^'"\n;]*(?:\{[^}]*\}[^'"\n;]*)?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s*['"]([^'"]+)['"]/g,
  );
  return [...found].map(match => {
    const target = match[1] ?? match[2] ?? match[3]!;
    return target.startsWith('.') ? relative(SRC, resolve(SRC, dirname(name), target)).replaceAll('\\', '/') : target;
  });
}

const isIn = (name: string, place: string) => name === place || name.startsWith(`${place}/`);

/** The longest name of the table that fits. */
function roomOf(name: string): string | undefined {
  return Object.keys(ROOMS)
    .filter(room => isIn(name, room))
    .sort((one, other) => other.length - one.length)[0];
}

function mayImport(room: string, target: string): boolean {
  const [rooms, packages] = ROOMS[room]!;
  if (!/\.tsx?$/.test(target)) return packages?.test(target) ?? false;
  return isIn(target, room) || rooms.split(' ').some(each => isIn(target, each));
}

/** Functions and methods by their braces: a line that opens one at the indentation at which it later closes. */
function longFunctions({ name, text }: Source): string[] {
  const lines = text.split('\n');
  const opener =
    /^(\s*)(?:export )?(?:default )?(?:(?:async )?function\b|(?:private |public |static |override |async |get |set )*[\w#]+\([^)]*\)(?:: [^{=]+)? \{$|(?:const|let) \w+ = (?:async )?\([^)]*\)[^=]*=> \{$)/;
  const long: string[] = [];
  lines.forEach((line, index) => {
    const match = opener.exec(line);
    if (!match || /^\s*(if|for|while|switch|return|else)\b/.test(line)) return;
    const end = lines.findIndex(
      (later, at) =>
        at > index &&
        (later === `${match[1]}}` || later.startsWith(`${match[1]}};`) || later.startsWith(`${match[1]}},`)),
    );
    if (end > 0 && end - index + 1 > FUNCTION_LINES_MAX) long.push(`${name}:${index + 1} has ${end - index + 1} lines`);
  });
  return long;
}

const sources = sourcesOf(SRC);
const tests = sourcesOf(join(ROOT, 'test'));

describe('the house', () => {
  test('every file imports only from where it may', () => {
    const wrong = sources.flatMap(source => {
      const room = roomOf(source.name);
      if (room === undefined) return [`${source.name} has no place in the table`];
      return importsOf(source)
        .filter(target => !target.endsWith('.css') && !mayImport(room, target))
        .map(target => `${source.name} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('the check of imports would notice a core file that reads the disk', () => {
    const source = {
      name: 'core/base/x.ts',
      text: "import { readFileSync } from 'node:fs';\nimport type {\n  A,\n  B,\n} from '../../storage/sqlite/store.ts';\n",
    };
    expect(importsOf(source).map(target => [target, mayImport('core/base', target)])).toEqual([
      ['node:fs', false],
      ['storage/sqlite/store.ts', false],
    ]);
  });

  test('main is imported only by the command line', () => {
    const importers = sources.filter(source => importsOf(source).includes('main.ts')).map(source => source.name);
    expect(importers).toEqual(['cli.ts']);
  });

  test('no word says that something is unfinished, unclean or out of place', () => {
    const wrong = sources.flatMap(({ name, text }) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          BANNED.filter(
            ban =>
              ban.word.test(ban.code ? line.replace(/\/\/.*|^\s*(\/\*)?\*.*/, '').replace(/\/\*.*?\*\//, '') : line) &&
              !ban.except?.test(name),
          ).map(ban => `${name}:${index + 1}: ${ban.instead}: ${line.trim()}`),
        ),
    );
    expect(wrong).toEqual([]);
  });

  test('core knows no promise', () => {
    const wrong = sources.filter(
      ({ name, text }) =>
        name.startsWith('core/') &&
        /\basync\b|\bawait\b|\bPromise\b/.test(text.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')),
    );
    expect(wrong.map(source => source.name)).toEqual([]);
  });

  test('every file begins with a sentence that says what it is', () => {
    const wrong = [...sources, ...tests].filter(({ text }) => !/^(#!.*\n)?(\/\/|\/\*\*) ?\S/.test(text));
    expect(wrong.map(source => source.name)).toEqual([]);
  });

  test(`no file of the source is longer than ${FILE_LINES_MAX} lines`, () => {
    const long = sources
      .filter(({ text }) => text.split('\n').length - 1 > FILE_LINES_MAX)
      .map(({ name, text }) => `${name}: ${text.split('\n').length - 1}`);
    expect(long).toEqual([]);
  });

  test(`no function is longer than ${FUNCTION_LINES_MAX} lines`, () => {
    expect(sources.flatMap(longFunctions)).toEqual([]);
  });

  test('every dependency has its line of reason', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    const decisions = readFileSync(join(ROOT, 'docs/decisions.md'), 'utf8');
    const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(
      name => !decisions.includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });
});
