// Campaigns as brands have published them, written by somebody with the rules page alone: each passes its own tests, and these
// reach all that can come of it.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cover } from '../../src/core/analysis/coverage.ts';
import { showFailures } from '../../src/core/analysis/run-tests.ts';
import { instant } from '../../src/core/base/time.ts';
import { describe as publicRules } from '../../src/core/public-rules/describe.ts';
import { loadCampaign, loadCampaigns } from '../../src/core/rules/file/load.ts';
import type { DataFiles } from '../../src/core/rules/tables/files.ts';
import { checkRuleFiles, lintRuleFiles } from '../../src/engine/rulebook.ts';
import { readRuleFiles } from '../../src/engine/rulebook-files.ts';

const FOLDER = new URL('../fixtures/campaigns/', import.meta.url);
const data: DataFiles = name => readFileSync(new URL(name, FOLDER), 'utf8');
const files = readdirSync(FOLDER)
  .filter(name => name.endsWith('.yaml'))
  .map(file => ({ file, text: readFileSync(new URL(file, FOLDER), 'utf8'), data }));

describe('published campaigns', () => {
  test('stand beside each other without a finding', () => {
    expect(loadCampaigns(files).findings).toEqual([]);
  });

  test('get no warning from `hongbao check` before they begin: nothing untrue is said, and nothing is let pass', async () => {
    const read = await readRuleFiles([FOLDER.pathname]);
    const { campaigns, findings } = checkRuleFiles(read);
    const { warnings } = lintRuleFiles(read, campaigns, undefined, instant(Date.parse('2027-01-01T00:00:00+08:00')));
    expect([...findings, ...warnings]).toEqual([]);
  });

  test.each(files)('$file passes its own tests, which reach all that can come of it', ({ file, text }) => {
    const loaded = loadCampaign(file, text, undefined, data);
    if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings, null, 2));
    const { results, coverage } = cover(loaded.campaign, text);
    expect(showFailures(loaded.campaign, results)).toEqual([]);
    expect(coverage.missing).toEqual([]);
    for (const lang of ['zh', 'en'] as const)
      expect(publicRules(loaded.campaign, { lang }).join('\n')).not.toContain('undefined');
  });
});
