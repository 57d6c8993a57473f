// Files by which somebody could lose a shop's money, or be misunderstood: each says what is dangerous about it, and by what it
// must be caught. What is not dangerous, the samples and the campaigns, is not complained of.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkRuleFiles, lintRuleFiles } from '../../../src/engine/rulebook.ts';
import { readRuleFiles } from '../../../src/engine/rulebook-files.ts';

const FIXTURES = new URL('../../fixtures/', import.meta.url).pathname;
const DANGEROUS = join(FIXTURES, 'dangerous');
const CASES = readdirSync(DANGEROUS).filter(
  name => name.endsWith('.yaml') || statSync(join(DANGEROUS, name)).isDirectory(),
);

/** Everything that is said of these files: ids of warnings, and the words of errors. */
async function said(path: string): Promise<string[]> {
  const files = await readRuleFiles([path]);
  const { campaigns, findings } = checkRuleFiles(files);
  const { warnings } = lintRuleFiles(files, campaigns);
  return [...findings.map(({ message }) => message), ...warnings.map(({ id, severity }) => `${id} ${severity}`)];
}

function caughtBy(path: string): string {
  const file = path.endsWith('.yaml') ? path : join(path, readdirSync(path).find(name => name.endsWith('.yaml'))!);
  return /^# caught-by: (.+)$/m.exec(readFileSync(file, 'utf8'))![1]!;
}

describe('a dangerous file is caught', () => {
  test('of which there are more than a hundred', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(100);
  });

  test.each(CASES)('%s', async name => {
    const path = join(DANGEROUS, name);
    const all = await said(path);
    const wanted = caughtBy(path);
    expect(
      all.some(each => each.includes(wanted)),
      `${wanted} is not among: ${all.join(' | ')}`,
    ).toBe(true);
  });

  test('and what has no end is an error', async () => {
    expect(await said(join(DANGEROUS, 'every-message.yaml'))).toContain('unlimited-per-user error');
  });
});

describe('nothing untrue is said of', () => {
  const campaigns = join(FIXTURES, 'campaigns');
  test.each([new URL('../../../rules', import.meta.url).pathname, ...(existsSync(campaigns) ? [campaigns] : [])])(
    '%s',
    async folder => {
      const all = await said(folder);
      expect(all.filter(each => !each.startsWith('period-over'))).toEqual([]);
    },
  );
});
