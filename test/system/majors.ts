// `npm run majors`: the README's two commands, `npm ci` and `npm test`, on every major of Node that package.json promises, each
// in a copy of its own. `-- 22 26`: on these alone. `-- --quick`: some files of the tests, here, on the newest.
import { spawn } from 'node:child_process';
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';

const ROOT = resolve(import.meta.dirname, '../..');
/** The least that `engines` allows, and every major since that is in use. They come from npm, as its own package `node`. */
const MAJORS = ['20.19', '22', '24', '26'];
/** What a new Node has broken before, or could: terminals, streams, processes, SQLite, ciphers, HTTP. */
const QUICK = [
  'commands/menu',
  'commands/table-file',
  'storage/sqlite',
  'wechat/crypto',
  'http/attack',
  'http/edge',
  'core/rules/condition',
].map(name => `test/${name}.test.ts`);
const QUICK_MS = 300_000;
const TAIL_LINES = 40;

type Run = { readonly code: number; readonly seconds: number; readonly log: string };
type Row = { readonly node: string; readonly ci: string; readonly test: string; readonly ok: boolean };

const args = process.argv.slice(2);
const isQuick = args.includes('--quick');
const named = args.filter(arg => !arg.startsWith('--'));
const folder = mkdtempSync(join(tmpdir(), 'hongbao-majors-'));
process.on('SIGINT', () => process.exit(130));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** `path`: where its `node` is. Everything it prints goes into one file. */
function run(command: string, words: readonly string[], cwd: string, path?: string, ms?: number): Promise<Run> {
  const log = join(folder, `log-${Math.round(performance.now() * 1000)}`);
  const out = createWriteStream(log);
  // What the npm that runs this says of this folder is not for the copies.
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?!config_(registry|cache|userconfig)$)/i.test(name),
  );
  const env = { ...Object.fromEntries(kept), PATH: [path, process.env.PATH].filter(Boolean).join(delimiter) };
  const began = performance.now();
  return new Promise((done, fail) => {
    const child = spawn(command, words, { cwd, env, ...(ms !== undefined && { timeout: ms }) });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => out.write(part));
    child.on('error', fail);
    child.on('close', code => {
      out.end(() => done({ code: code ?? 1, seconds: Math.round((performance.now() - began) / 1000), log }));
    });
  });
}

/** The folder of its program; `undefined`: npm does not have it, or cannot be reached. */
async function fetched(major: string): Promise<string | undefined> {
  const place = join(folder, `node-${major}`);
  mkdirSync(place);
  const { code } = await run('npm', ['install', '--prefix', place, '--no-audit', '--no-fund', `node@${major}`], place);
  return code === 0 ? join(place, 'node_modules/node/bin') : undefined;
}

const versionIn = (bin: string): Promise<string> =>
  run(join(bin, 'node'), ['-v'], folder).then(({ log }) => readFileSync(log, 'utf8').trim());

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function tail({ log }: Run): string {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}

/** `12 passed, 0 failed`, as the tests' own reporter says it in the end. */
const countsIn = ({ log }: Run): string => /^\d+ passed, .*$/m.exec(readFileSync(log, 'utf8'))?.[0] ?? 'did not end';

/** Files of the tests with what is built and installed here. */
async function quick(major: string): Promise<boolean> {
  const bin = await fetched(major);
  if (bin === undefined) {
    say(`Node ${major} cannot be had from the registry: its tests are skipped`);
    return true;
  }
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const words = [vitest, 'run', '--config', 'test/vitest.config.ts', ...QUICK];
  const tests = await run(join(bin, 'node'), words, ROOT, bin, QUICK_MS);
  say(`Node ${await versionIn(bin)}: ${countsIn(tests)} (${QUICK.length} files, ${tests.seconds} s)`);
  if (tests.code !== 0) say(tail(tests));
  return tests.code === 0;
}

/** A fresh folder, and what the README says. */
async function whole(major: string): Promise<Row> {
  const bin = await fetched(major);
  if (bin === undefined) return { node: major, ci: 'not to be had', test: '', ok: false };
  const node = await versionIn(bin);
  const copy = join(folder, `copy-${major}`);
  const isOurs = (path: string): boolean => !/^(node_modules|dist|data|\.git)$/.test(path.slice(ROOT.length + 1));
  cpSync(ROOT, copy, { recursive: true, filter: isOurs });
  say(`Node ${node}: npm ci && npm test …`);
  const ci = await run('npm', ['ci'], copy, bin);
  if (ci.code !== 0) say(tail(ci));
  const tests = ci.code === 0 ? await run('npm', ['test'], copy, bin) : undefined;
  if (tests && tests.code !== 0) say(tail(tests));
  rmSync(copy, { recursive: true, force: true });
  const inTime = ({ code, seconds }: Run): string => `${code === 0 ? 'fine' : `exit code ${code}`}, ${seconds} s`;
  return {
    node,
    ci: inTime(ci),
    test: tests ? `${countsIn(tests)}, ${inTime(tests)}` : '',
    ok: tests?.code === 0,
  };
}

if (isQuick) process.exitCode = (await quick(named[0] ?? MAJORS.at(-1)!)) ? 0 : 1;
else {
  const rows: Row[] = [];
  for (const major of named.length > 0 ? named : MAJORS) rows.push(await whole(major));
  say(`\n${'Node'.padEnd(12)}${'npm ci'.padEnd(20)}npm test`);
  for (const { node, ci, test } of rows) say(`${node.padEnd(12)}${ci.padEnd(20)}${test}`);
  process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1;
}
