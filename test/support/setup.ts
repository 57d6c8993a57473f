// Before all tests: what they need beyond npm. As root on Debian it is installed; elsewhere one line says what to do.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is, or where Debian would put it. */
function inPath(name: string): string {
  const places = (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, name));
  return places.find(existsSync) ?? `/usr/bin/${name}`;
}

/** Debian's packages, and the program by which one sees that they are there. */
const NEEDED = [
  {
    program: '/usr/bin/chromium',
    packages: ['chromium', 'fonts-noto-cjk', 'fonts-noto-color-emoji'],
    for: 'the tests in a browser',
  },
  { program: inPath('promtool'), packages: ['prometheus'], for: "the tests of Prometheus's rules" },
  { program: inPath('redis-server'), packages: ['redis-server'], for: 'the tests on a real Redis' },
];

export default function setup(): void {
  const missing = NEEDED.filter(({ program }) => !existsSync(program));
  if (missing.length === 0) return;
  const packages = missing.flatMap(need => need.packages);
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (mayInstall) {
    console.log(`installing ${packages.join(' ')} …`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env, stdio: 'ignore' });
  }
  for (const { program, packages: names, for: purpose } of missing) {
    if (!existsSync(program)) console.log(`${purpose} are skipped: apt-get install -y ${names.join(' ')}`);
  }
}
