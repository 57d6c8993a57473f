// The shape of the code itself: who may import whom, how long things are, and words that mean something is unfinished.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/** First part that fits wins. A file may import from its own place and from those named; `pages` is a world of its own. */
const MAY_IMPORT: readonly { readonly files: RegExp; readonly from: RegExp }[] = [
  { files: /^core\//, from: /^(core\/|yaml$|@marcbachmann\/cel-js$|re2js$|node:crypto$|node:assert\/strict$)/ },
  { files: /^ports\.ts$/, from: /^core\// },
  {
    files: /^config(-[\w-]+)?\.ts$/,
    from: /^(core\/|config-[\w-]+\.ts$|plain-file\.ts$|storage\/redis-url\.ts$|node:(crypto|fs|path|tls)$)/,
  },
  { files: /^wechat\//, from: /^(core\/|ports\.ts$|wechat\/|fast-xml-parser$|undici$|node:)/ },
  { files: /^storage\//, from: /^(core\/|ports\.ts$|storage\/|@photostructure\/sqlite$|ioredis$|node:)/ },
  {
    files: /^simulator\//,
    from: /^(core\/|simulator\/|wechat\/(xml|crypt)\.ts$|qrcode-generator$|undici$|node:)/,
  },
  { files: /^pages\//, from: /^(pages\/|preact|simulator\/protocol\.ts$|ports\.ts$|core\/)/ },
  { files: /^flow\.ts$/, from: /^(core\/|ports\.ts$|config\.ts$|undo\.ts$)/ },
  { files: /^undo\.ts$/, from: /^(core\/|ports\.ts$)/ },
  { files: /^turn\.ts$/, from: /^ports\.ts$/ },
  { files: /^(doubt|ask-back)\.ts$/, from: /^(core\/|ports\.ts$)/ },
  {
    files: /^(settle|conclude|lane|probes|gate-memory)\.ts$/,
    from: /^(core\/|ports\.ts$|(ask-back|conclude|doubt|turn|lane|probes|gate-memory)\.ts$)/,
  },
  { files: /^doors\//, from: /^(core\/|ports\.ts$|config\.ts$|doubt\.ts$|doors\/|pages\/h5\/|flow\.ts$|koa$|node:)/ },
  { files: /^edge(-[\w-]+)?\.ts$/, from: /^(core\/|ports\.ts$|doors\/|edge-[\w-]+\.ts$|koa$|node:)/ },
  { files: /^app\.ts$/, from: /^(core\/|ports\.ts$|doors\/|edge(-[\w-]+)?\.ts$|koa$|@koa\/router$)/ },
  { files: /^plain-file\.ts$/, from: /^(core\/|node:)/ },
  { files: /^spool\.ts$/, from: /^node:/ },
  { files: /^audit-store\.ts$/, from: /^(core\/|ports\.ts$|spool\.ts$)/ },
  {
    files: /^jobs\.ts$/,
    from: /^(core\/|ports\.ts$|audit-store\.ts$|settle\.ts$|messages\.ts$|rulebook\.ts$|node-cron$)/,
  },
  { files: /^recount\.ts$/, from: /^(core\/|ports\.ts$|turn\.ts$)/ },
  { files: /^messages\.ts$/, from: /^(core\/|ports\.ts$)/ },
  {
    files: /^rulebook(-\w+)?\.ts$/,
    from: /^(core\/|ports\.ts$|config\.ts$|plain-file\.ts$|rulebook(-\w+)?\.ts$|tsx\/esm\/api$|node:)/,
  },
  { files: /^log\.ts$/, from: /^(core\/|ports\.ts$|pino$|node:util$)/ },
  { files: /^(bot(-\w+)?|main|cli(-\w+)?|demo|demo-routes)\.ts$|^commands\//, from: /./ },
];

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
    except: /^(main|commands\/(receive|simulator))\.ts$|^pages\/|^commands\//,
  },
  { word: /Math\.random/, instead: 'take chance as an argument, or node:crypto', except: /^pages\// },
  { word: /process\.env/, instead: 'the environment is read in main.ts', except: /^(main|commands\/\w+)\.ts$/ },
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
      const rule = MAY_IMPORT.find(each => each.files.test(source.name));
      if (!rule) return [`${source.name} has no place in the table`];
      return importsOf(source)
        .filter(target => !target.endsWith('.css') && !rule.from.test(target))
        .map(target => `${source.name} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('the check of imports would notice a core file that reads the disk', () => {
    const source = {
      name: 'core/x.ts',
      text: "import { readFileSync } from 'node:fs';\nimport type {\n  A,\n  B,\n} from '../storage/sqlite.ts';\n",
    };
    expect(importsOf(source)).toEqual(['node:fs', 'storage/sqlite.ts']);
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
