// `npm run bench [-- SECTION…] [--quick] [--json FILE] [--markdown FILE] [--against FILE]`: figures, each measured beside a peer in
// the same run. Exit code 1: one of them is below what is promised. The last run is kept in `.bench/last.json`, and what has moved
// since is said.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { adminSection } from './admin.ts';
import { auditSection } from './audit.ts';
import { chatSection } from './chat.ts';
import { claimSection } from './claim.ts';
import { decideSection } from './decide.ts';
import { machine, pinThis } from './machine.ts';
import { matchSection } from './match.ts';
import { type BenchOptions, optionsFor } from './options.ts';
import { BENCH_FOLDER, built } from './production-bot.ts';
import { beginSection, movedSince, type Report, readReport, rowsSoFar, writeMarkdown, writeReport } from './report.ts';
import { startSection } from './start.ts';
import { redisSection, sizeSection, sqliteSection } from './store.ts';

/** Says what it measured; `false`: it is not enough. */
type Section = (options: BenchOptions) => Promise<boolean>;

const SECTIONS: Readonly<Record<string, Section>> = {
  chat: chatSection,
  claim: claimSection,
  start: startSection,
  decide: decideSection,
  match: matchSection,
  redis: redisSection,
  sqlite: sqliteSection,
  size: sizeSection,
  audit: auditSection,
  admin: adminSection,
};
/** Those that take a quarter of an hour: only where they are asked for. */
const LONG = ['admin'];
/** Those that run the built program. */
const WHOLE = ['chat', 'claim', 'start', 'audit'];
/** Those in which one process asks and another answers; all others have the machine as a user has it. */
const PINNED = ['chat', 'claim', 'admin'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    markdown: { type: 'string' },
    against: { type: 'string' },
  },
});
const unknown = positionals.filter(name => !Object.hasOwn(SECTIONS, name));
if (unknown.length > 0) {
  console.error(`unknown section ${unknown.join(', ')}; there are ${Object.keys(SECTIONS).join(', ')}`);
  process.exit(2);
}
const names = positionals.length > 0 ? positionals : Object.keys(SECTIONS).filter(name => !LONG.includes(name));
if (names.some(name => WHOLE.includes(name))) built();
for (const name of names) {
  beginSection(name);
  pinThis(PINNED.includes(name));
  if (!(await SECTIONS[name]!(optionsFor(values.quick)))) process.exitCode = 1;
}

const LAST = join(BENCH_FOLDER, 'last.json');
const report: Report = {
  at: new Date().toISOString().slice(0, 10),
  machine: machine(),
  command: ['npm run bench --', ...positionals, ...(values.quick ? ['--quick'] : [])].join(' '),
  rows: rowsSoFar(),
};
const before = readReport(values.against ?? LAST);
if (values.against !== undefined && !before) throw new Error(`${values.against}: no such file`);
if (before) {
  beginSection(`moved since ${before.at}`);
  const moved = movedSince(before, report.rows);
  console.log(moved.length > 0 ? moved.join('\n') : 'nothing by more than a tenth');
}
const others = readReport(LAST)?.rows.filter(({ section }) => !names.includes(section)) ?? [];
writeReport(LAST, { ...report, rows: [...others, ...report.rows] });
if (values.json !== undefined) writeReport(values.json, report);
if (values.markdown !== undefined) writeMarkdown(values.markdown, report);
