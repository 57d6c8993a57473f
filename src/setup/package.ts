// What came with the package: which version it is, and the sample rules.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export function versionOf(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Where nothing is configured: the rules beside the user's data, or the samples. */
export function rulesHere(): string {
  const own = resolve('rules');
  return existsSync(own) ? own : fileURLToPath(new URL('../../rules', import.meta.url));
}
