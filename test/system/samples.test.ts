// What comes with the package: the fourteen campaigns in rules/, live together, and the page that explains their language.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cover } from '../../src/core/analysis/coverage.ts';
import { rehearse, showFailures } from '../../src/core/analysis/run-tests.ts';
import { eventKey, type Happening, openId } from '../../src/core/base/event.ts';
import { parseBeijing } from '../../src/core/base/time.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import { ALONE } from '../../src/core/lint/context.ts';
import { lintWith } from '../../src/core/lint/lint.ts';
import { CANCELS, DETAILS, MODES, ONCE, OUTCOMES } from '../../src/core/rules/campaign.ts';
import { loadCampaign, loadCampaigns } from '../../src/core/rules/file/load.ts';
import { ruleSchema } from '../../src/core/rules/language/file.ts';
import { PLACEHOLDERS } from '../../src/core/rules/reply.ts';

import { ACTIONS } from '../../src/core/rules/schema/test.ts';
import type { DataFiles } from '../../src/core/rules/tables/files.ts';
import { checkRuleFiles } from '../../src/engine/rulebook.ts';
import { readRuleFiles } from '../../src/engine/rulebook-files.ts';
import { isMap, read } from '../support/json.ts';

const RULES = new URL('../../rules/', import.meta.url);
const README = readFileSync(new URL('README.md', RULES), 'utf8');
const names = readdirSync(RULES).filter(name => name.endsWith('.yaml'));
const beside: DataFiles = name => readFileSync(new URL(name, RULES), 'utf8');
const files = names.map(file => ({ file, text: readFileSync(new URL(file, RULES), 'utf8'), data: beside }));

describe('the fourteen campaigns', () => {
  const { campaigns, findings } = loadCampaigns(files, { accounts: ['tea'] });

  test('are all there and load together without a finding', () => {
    expect(findings).toEqual([]);
    expect(campaigns.map(({ id }) => id)).toEqual([
      ...[
        'cashback',
        'checkin',
        'codes',
        'collect',
        'contest',
        'invite',
        'lottery',
        'password',
        'points',
        'quiz',
        'rain',
      ],
      ...['store', 'welcome', 'wheel'],
    ]);
  });

  test('are read the same from the disk, lists and all', async () => {
    const read = checkRuleFiles(await readRuleFiles([RULES.pathname]));
    expect(read.campaigns.map(({ hash }) => hash)).toEqual(campaigns.map(({ hash }) => hash));
  });

  test('give no warning, and nothing is switched off', () => {
    const inputs = campaigns.map((campaign, n) => ({ campaign, text: files[n]!.text }));
    const { warnings, silenced } = lintWith(inputs, ALONE);
    expect(warnings).toEqual([]);
    expect(silenced).toEqual([]);
  });

  test.each(files)('$file passes its own tests, which reach all that can come of it', ({ file, text, data }) => {
    const loaded = loadCampaign(file, text, undefined, data);
    if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
    const { results, coverage } = cover(loaded.campaign, text);
    expect(showFailures(loaded.campaign, results)).toEqual([]);
    expect(coverage.missing).toEqual([]);
  });

  test('answer every button of the demo’s menu, and every word of their own list', () => {
    const book = bookOf(campaigns, ['tea']);
    const keys = [...readFileSync(new URL('../../src/app/demo.ts', import.meta.url), 'utf8').matchAll(/key: '(\w+)'/g)];
    const told = /reply: \|\n\s+正在进行的活动[\s\S]*?\n\n/.exec(
      files.find(({ file }) => file === 'welcome.yaml')!.text,
    );
    const words = [...told![0].matchAll(/「(.+?)」/g)].map(match => match[1]!).filter(word => word !== '我的红包');
    const now = parseBeijing('2026-11-26 12:00')!;
    const base = { key: eventKey('e'), account: 'tea', user: openId('ann'), sentAt: now };
    const answers = (happening: Happening): boolean => book.match({ ...base, ...happening }, now).length > 0;
    expect(keys.length).toBeGreaterThan(3);
    expect(words.length).toBeGreaterThan(12);
    expect(answers({ kind: 'scancode', button: 'SCAN', result: 'x', waiting: true })).toBe(true);
    expect(keys.filter(([, button]) => !answers({ kind: 'click', button: button! }))).toEqual([]);
    expect(words.filter(text => !answers({ kind: 'text', text }))).toEqual([]);
  });
});

describe('the README of the rules', () => {
  const samples = [...README.matchAll(/```yaml\n([\s\S]*?)```/g)].map(match => match[1]!);
  const whole = samples
    .filter(sample => /^campaign:/m.test(sample))
    .map(sample => [/^campaign: (\S+)/m.exec(sample)![1]!, sample] as const);

  test('has samples, each a whole file or a menu', () => {
    expect(whole.length).toBeGreaterThan(3);
    expect(samples.length).toBe(whole.length + 1);
  });

  test.each(whole)('sample %s is one that goes live: it loads, passes its tests, and gives no warning', (id, text) => {
    const loaded = loadCampaign(`${id}.yaml`, text, undefined, beside);
    if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings, null, 2));
    expect(loaded.campaign.tests.length).toBeGreaterThan(0);
    expect(showFailures(loaded.campaign, rehearse(loaded.campaign))).toEqual([]);
    expect(lintWith([{ campaign: loaded.campaign, text }], ALONE).warnings).toEqual([]);
  });

  test('names every key there is, every trigger, outcome, placeholder and mode', () => {
    const keys = new Set<string>();
    const collect = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [word, value] of Object.entries(schema)) {
        if (word === 'properties') for (const key of Object.keys(read(value, isMap))) keys.add(key);
        collect(value);
      }
    };
    collect(ruleSchema());
    const words = [...keys, ...ONCE, ...MODES, ...CANCELS, ...OUTCOMES, ...Object.keys(DETAILS), ...ACTIONS];
    const missing = words.filter(word => !new RegExp(`\\b${word}\\b`).test(README));
    expect([...new Set(missing)]).toEqual([]);
    expect(PLACEHOLDERS.filter(name => !README.includes(`{{${name}}}`))).toEqual([]);
  });
});
