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
  'core/base': ['', /^(re2js|node:(crypto|assert\/strict))$/],
  'core/yaml': ['core/base', /^yaml$/],
  'core/rules': [
    'core/base core/yaml core/triggers core/mechanics',
    /^(@marcbachmann\/cel-js|node:(crypto|assert\/strict))$/,
  ],
  'core/match': ['core/base core/rules'],
  'core/triggers': ['core/base core/yaml core/rules core/match'],
  'core/mechanics': ['core/base core/yaml core/rules core/match core/triggers', /^node:crypto$/],
  'core/decide': ['core/base core/rules core/match core/triggers core/mechanics', /^node:(crypto|assert\/strict)$/],
  'core/payout': [
    'core/base core/rules core/match core/triggers core/mechanics core/decide',
    /^node:(crypto|assert\/strict)$/,
  ],
  'core/payout/channels': ['core/base core/rules'],
  'core/draw': ['core/base core/rules', /^node:crypto$/],
  'core/goods': ['core/base core/rules'],
  'core/messages': ['core/base core/rules core/match core/payout', /^node:(crypto|assert\/strict)$/],
  'core/audit': [
    'core/base core/yaml core/rules core/match core/triggers core/mechanics core/decide core/payout',
    /^node:(crypto|assert\/strict)$/,
  ],
  'core/lint': [
    'core/base core/yaml core/rules core/match core/triggers core/mechanics core/decide core/exposure',
    /^node:assert\/strict$/,
  ],
  'core/live': ['core/base core/yaml core/rules core/match core/triggers', /^node:(crypto|assert\/strict)$/],
  'core/analysis': [
    'core/base core/yaml core/rules core/match core/triggers core/mechanics core/decide core/payout',
    /^node:(crypto|assert\/strict)$/,
  ],
  'core/exposure': ['core/base core/rules core/match core/mechanics'],
  'core/public-rules': ['core/base core/rules core/triggers core/mechanics core/exposure'],
  'core/ops': [
    'core/base core/yaml core/rules core/match core/triggers core/decide core/payout',
    /^(yaml|node:(crypto|assert\/strict))$/,
  ],
  'ports.ts': ['core'],
  lib: ['core/base core/yaml ports.ts', /^(otpauth|pino|qrcode-generator|tsx\/esm\/api|node:.*)$/],
  config: ['core lib', /^node:(crypto|fs|path|tls)$/],
  wechat: ['core', /^(fast-xml-parser|undici|node:.*)$/],
  'wechat/account': [
    'core ports.ts wechat/xml.ts wechat/crypto.ts wechat/json.ts wechat/transport.ts',
    /^(undici|node:.*)$/,
  ],
  'wechat/pay': [
    'core ports.ts wechat/xml.ts wechat/crypto.ts wechat/json.ts wechat/transport.ts',
    /^(undici|node:.*)$/,
  ],
  storage: ['core ports.ts lib', /^node:/],
  'storage/shared': ['core ports.ts', /^node:/],
  'storage/sqlite': ['core ports.ts storage/shared', /^(@photostructure\/sqlite|node:.*)$/],
  'storage/redis': ['core ports.ts lib storage/shared', /^(ioredis|node:.*)$/],
  engine: ['core ports.ts config lib', /^(node-cron|prom-client|node:.*)$/],
  setup: ['core ports.ts config lib storage wechat', /^(nodemailer|node:.*)$/],
  http: ['core ports.ts config lib engine', /^(koa|node:.*)$/],
  'http/h5/html': ['core'],
  simulator: ['core/base wechat/xml.ts wechat/crypto.ts', /^(qrcode-generator|undici|node:.*)$/],
  'simulator/shared': ['core/base', /^(undici|node:.*)$/],
  'simulator/world': ['core/base simulator/shared', /^node:/],
  'simulator/account': [
    'core/base wechat/xml.ts wechat/crypto.ts simulator/shared simulator/world',
    /^(qrcode-generator|undici|node:.*)$/,
  ],
  'simulator/pay': ['core/base wechat/xml.ts wechat/crypto.ts simulator/shared simulator/world', /^(undici|node:.*)$/],
  pages: ['core ports.ts simulator/shared http/h5/html engine/overview/view.ts', /^(preact|uplot)/],
  app: ['core ports.ts config lib wechat storage engine setup http simulator', /./],
  commands: ['core ports.ts config lib wechat storage engine setup http simulator', /./],
  'main.ts': ['core ports.ts config lib wechat storage engine setup http simulator app', /./],
  'program.ts': ['core ports.ts config lib wechat storage engine setup http simulator commands main.ts', /./],
  'cli.ts': ['commands program.ts'],
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

const FUNCTION_LINES_MAX = 70;
const FOLDER_FILES_MAX = 20;
const CLASS_LINES_MAX = 250;
/** Classes that are longer already. These numbers only go down. */
const LONG_CLASSES: Readonly<Record<string, number>> = { World: 345, RuleEvaluation: 300, Pages: 252 };
/** The schema kit is one thing to those who write schemas; everything else is imported from where it is. */
const KIT = 'core/yaml/schema.ts';

type Source = { readonly name: string; readonly text: string };

function sourcesOf(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.tsx?$/.test(name))
    .map(name => ({ name: name.replaceAll('\\', '/'), text: readFileSync(join(folder, name), 'utf8') }));
}

/** `core/base/money.ts` for a file of ours, the package's or module's name for the rest. */
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

/** A file at the top is a room of its own. */
function folderOf(name: string): string {
  const folder = dirname(name);
  return folder === '.' ? name : folder;
}

/** Every way that leads back to where it began. */
function circlesIn(uses: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (folder: string, way: readonly string[]): void => {
    if (way.includes(folder)) circles.push([...way.slice(way.indexOf(folder)), folder].join(' → '));
    if (done.has(folder) || way.includes(folder)) return;
    for (const next of uses.get(folder) ?? []) walk(next, [...way, folder]);
    done.add(folder);
  };
  for (const folder of uses.keys()) walk(folder, []);
  return circles;
}

const EXPORT = /^export (?:async )?(?:abstract )?(?:function\*?|const|let|class|type) (\w+)/gm;

/** What a file imports by name: `core/base/money.ts fen`; `*` stands for all of a file. */
function importedNames(source: Source): string[] {
  const { name, text } = source;
  const from = (target: string): string => relative(SRC, resolve(SRC, dirname(name), target)).replaceAll('\\', '/');
  const named = text.matchAll(/import\s+(?:type\s+)?(\* as \w+|\{[^}]*\})\s+from\s+'(\.[^']+)'/g);
  const whole = text.matchAll(/import\('(\.[^']+)'\)/g);
  return [
    ...[...named].flatMap(([, names, target]) =>
      names!.startsWith('*')
        ? [`${from(target!)} *`]
        : names!
            .replace(/[{}]/g, '')
            .split(',')
            .map(
              each =>
                `${from(target!)} ${each
                  .trim()
                  .replace(/^type /, '')
                  .split(' as ')[0]!
                  .trim()}`,
            ),
    ),
    ...[...whole].map(([, target]) => `${from(target!)} *`),
  ];
}

/** Where else the schema kit's parts are imported from. */
function kitOf(name: string): string[] {
  return folderOf(name) === folderOf(KIT) ? [KIT] : [];
}

/** Where a test lies, seen from the source. */
function inTests({ name, text }: Source): Source {
  return { name: `../test/${name}`, text };
}

function classesIn({ text }: Source): { readonly name: string; readonly lines: number }[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const name = /^(?:export )?(?:abstract )?class (\w+)/.exec(line)?.[1];
    const end = lines.findIndex((later, at) => at > index && later === '}');
    return name === undefined ? [] : [{ name, lines: end - index + 1 }];
  });
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
    expect(importers).toEqual(['program.ts']);
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

  test('no two folders import from each other, however many lie between them', () => {
    const uses = new Map<string, Set<string>>();
    for (const source of sources)
      for (const target of importsOf(source).filter(each => /\.tsx?$/.test(each))) {
        const [from, to] = [folderOf(source.name), folderOf(target)];
        if (from !== to) uses.set(from, (uses.get(from) ?? new Set()).add(to));
      }
    expect(circlesIn(uses)).toEqual([]);
    expect(
      circlesIn(
        new Map([
          ['a', new Set(['b'])],
          ['b', new Set(['c'])],
          ['c', new Set(['a'])],
        ]),
      ),
    ).not.toEqual([]);
  });

  test(`no folder has more than ${FOLDER_FILES_MAX} files`, () => {
    const sizes = new Map<string, number>();
    for (const { name } of sources) sizes.set(dirname(name), (sizes.get(dirname(name)) ?? 0) + 1);
    expect([...sizes].filter(([, files]) => files > FOLDER_FILES_MAX)).toEqual([]);
  });

  test('every file that a comment names is there', () => {
    const places = [...sources.map(({ name }) => `/src/${name}`), ...tests.map(({ name }) => `/test/${name}`)];
    const named = (text: string): string[] =>
      [...text.matchAll(/`((?:[\w-]+\/)*[\w.-]+\.tsx?)`/g)].map(match => match[1]!);
    const isGone = (file: string): boolean => !places.some(place => place.endsWith(`/${file}`));
    const gone = [...sources, ...tests].flatMap(({ name, text }) =>
      named(text)
        .filter(isGone)
        .map(file => `${name}: ${file}`),
    );
    expect(gone).toEqual([]);
    expect(isGone('no-such-file.ts')).toBe(true);
  });

  test('what is exported is imported somewhere, from where it is', () => {
    const used = new Set([...sources, ...tests.map(inTests)].flatMap(importedNames));
    const dead = sources.flatMap(({ name, text }) =>
      [...text.matchAll(EXPORT)]
        .map(match => match[1]!)
        .filter(each => ![name, ...kitOf(name)].some(place => used.has(`${place} ${each}`) || used.has(`${place} *`)))
        .map(each => `${name}: ${each}`),
    );
    const passedOn = sources
      .filter(({ name, text }) => /^export .* from '/m.test(text) && name !== KIT)
      .map(({ name }) => name);
    expect({ dead, passedOn }).toEqual({ dead: [], passedOn: [] });
  });

  test(`no class grows beyond ${CLASS_LINES_MAX} lines, and those that have only shrink`, () => {
    const long = sources
      .flatMap(classesIn)
      .filter(({ name, lines }) => lines > (LONG_CLASSES[name] ?? CLASS_LINES_MAX));
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
