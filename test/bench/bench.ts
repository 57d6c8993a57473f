// `npm run bench [-- SECTION…]`: figures, each measured against a peer in the same run. Exit code 1: one of them is
// below what is promised.
import { auditSection } from './audit.ts';
import { matchSection } from './match.ts';
import { redisSection, sizeSection, sqliteSection } from './store.ts';

/** Says what it measured; `false`: it is not enough. */
export type Section = () => Promise<boolean>;

const SECTIONS: Readonly<Record<string, Section>> = {
  match: matchSection,
  redis: redisSection,
  sqlite: sqliteSection,
  size: sizeSection,
  audit: auditSection,
};

const names = process.argv.slice(2);
const unknown = names.filter(name => !Object.hasOwn(SECTIONS, name));
if (unknown.length > 0) {
  console.error(`unknown section ${unknown.join(', ')}; there are ${Object.keys(SECTIONS).join(', ')}`);
  process.exit(2);
}
for (const name of names.length > 0 ? names : Object.keys(SECTIONS)) {
  console.log(`\n── ${name} ──`);
  if (!(await SECTIONS[name]!())) process.exitCode = 1;
}
