// The public rules of every campaign that comes with the package, read against its file as far as a program can: no amount that
// is not written there, every condition named, odds that come to a whole, nobody who could have more than there is.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describe } from '../../../src/core/public-rules/describe.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { makesClaims } from '../../../src/core/rules/campaign-query.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';

const FOLDERS = ['../../../rules/', '../../fixtures/campaigns/'].map(path => new URL(path, import.meta.url));
const files = FOLDERS.flatMap(folder =>
  readdirSync(folder)
    .filter(name => name.endsWith('.yaml'))
    .map(name => ({ name, folder, text: readFileSync(new URL(name, folder), 'utf8') })),
);

function load(name: string, text: string, folder: URL): Campaign {
  const loaded = loadCampaign(name, text, undefined, list => readFileSync(new URL(list, folder), 'utf8'));
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
  return loaded.campaign;
}

function amountsIn(text: string): number[] {
  return [...text.matchAll(/¥([\d.]+\d)/g)].map(match => Number(match[1]));
}

/** The words, buttons, scenes it waits for, as they are written: of everything else its kind. */
function waitsFor({ on }: Campaign['rules'][number]): string[] {
  return on.flatMap(trigger => {
    if (trigger.kind === 'text' && trigger.match === 'exact') return trigger.words.map(word => `text ${word}`);
    if (trigger.kind === 'click') return trigger.buttons.map(button => `click ${button}`);
    return [trigger.kind];
  });
}

test.each(files)('$name: what is published contradicts nothing in the file', ({ name, text, folder }) => {
  const campaign = load(name, text, folder);
  const lines = describe(campaign);
  const published = lines.filter(line => !line.includes('一个人')).join('\n');
  const written = new Set(amountsIn(text));
  expect(amountsIn(published).filter(amount => !written.has(amount))).toEqual([]);

  const claims = campaign.rules.filter(makesClaims);
  claims.forEach((rule, n) => {
    const line = lines.find(each => each.startsWith(`${n + 1}. `))!;
    const before = campaign.rules.slice(0, campaign.rules.indexOf(rule)).filter(({ when }) => when);
    const own = waitsFor(rule);
    const isAfter = before.some(each => waitsFor(each).some(word => own.includes(word)));
    expect([rule.id, line.includes('附加条件')]).toEqual([rule.id, rule.when !== undefined || isAfter]);
    expect([rule.id, line.includes('每人限一次')]).toEqual([rule.id, rule.once === 'ever']);
    for (const prize of rule.give)
      expect([prize, lines.some(each => each.startsWith(`「${prize}」：`))]).toEqual([prize, true]);
  });

  for (const line of lines.filter(each => each.includes('概率：'))) {
    const odds = [...line.matchAll(/([\d.]+)%/g)].map(match => Number(match[1]));
    expect(Math.abs(odds.reduce((sum, each) => sum + each, 0) - 100)).toBeLessThan(0.05 * odds.length);
  }
  const budget = (campaign.budget?.total ?? 0) / 100;
  const most = amountsIn(lines.filter(each => each.includes('一个人')).join('\n'));
  expect(most.every(amount => amount <= budget)).toBe(true);
});
