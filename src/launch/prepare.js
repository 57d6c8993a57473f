// After `npm ci` in a checkout, and before `npm pack`: builds, where the compiler was installed. `npm ci --omit=dev`
// leaves it out, and must succeed all the same: then what was built before stays, and one line says what is missing.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const at = path => join(ROOT, path);
const builtAt = existsSync(at('dist/cli.js')) ? statSync(at('dist/cli.js')).mtimeMs : undefined;

if (['typescript', 'esbuild', 'preact'].every(name => existsSync(at(`node_modules/${name}/package.json`))))
  execFileSync('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
else if (builtAt === undefined)
  say('nothing is built here: `npm ci` builds (afterwards `npm prune --omit=dev` takes the compiler away again)');
else if (readdirSync(at('src'), { recursive: true }).some(name => statSync(at(`src/${name}`)).mtimeMs > builtAt))
  say('the sources are newer than what is built in dist/, which stays as it is: `npm ci` builds anew');

function say(what) {
  console.log(`hongbao: ${what}`);
}
