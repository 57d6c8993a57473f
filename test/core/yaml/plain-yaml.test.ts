// Two readers of one language: what the quick one takes, `yaml` reads as the same tree with the same places and no complaint.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import { readPlainYaml } from '../../../src/core/yaml/plain-yaml.ts';
import { RULES } from '../../support/harness.ts';

const ROOT = join(import.meta.dirname, '../../..');
const FILES = ['rules', 'test/fixtures/rules'].flatMap(folder =>
  readdirSync(join(ROOT, folder))
    .filter(name => name.endsWith('.yaml'))
    .map(name => ({ name, text: readFileSync(join(ROOT, folder, name), 'utf8') })),
);

/** As rule files are read: `{{amount}}` is no map. */
const sheltered = (text: string): string =>
  text.replace(/\{\{[^{}\n,:"']*\}\}/g, found => found.replaceAll('{', '\uE000').replaceAll('}', '\uE001'));

/** Of a block only the beginning: to `yaml` comments below it belong to it as well. */
function treeOf(node: unknown): unknown {
  if (isScalar(node)) return [node.type, node.value, ...node.range!];
  const place = (of: { flow?: boolean; range?: Node['range'] }) => (of.flow === true ? of.range : of.range?.[0]);
  if (isSeq(node)) return ['list', place(node), node.items.map(treeOf)];
  if (!isMap(node)) return node;
  return ['map', place(node), node.items.map(({ key, value }) => [treeOf(key), value && treeOf(value)])];
}

/** Whether it was taken. */
function agree(source: string): boolean {
  const quick = readPlainYaml(source);
  if (!quick) return false;
  const whole = parseDocument(source, { schema: 'failsafe', uniqueKeys: false, prettyErrors: false });
  expect([...whole.errors, ...whole.warnings]).toEqual([]);
  expect(treeOf(quick)).toEqual(treeOf(whole.contents));
  return true;
}

const SIGNS = [' ', '  ', '\n', '\n  ', '\n- ', '\n\n', '\n #', '- ', '-', ': ', ':', '#', ' #', '{', '}', '[', ']'];
const MORE = [',', ', ', '"', "'", '\\', '|', '|\n', '|-\n', '>', '?', '&a', '*a', '!', '~', '%', '@', '---', '...'];

describe('the quick reader of YAML', () => {
  test('reads files as `yaml` does, or declines them', () => {
    const taken = FILES.filter(({ text }) => agree(sheltered(text))).map(({ name }) => name);
    expect(taken).toEqual(expect.arrayContaining(['cashback.yaml', 'invite.yaml', 'rain.yaml', 'welcome.yaml']));
    expect(agree(sheltered(RULES))).toBe(true);
  });

  test('reads texts that somebody has spoilt as `yaml` does, or declines them', () => {
    let taken = 0;
    const texts = [RULES, ...FILES.map(({ text }) => text)].map(sheltered);
    const spoilt = fc
      .tuple(
        fc.constantFrom(...texts),
        fc.nat(),
        fc.integer({ min: 1, max: 25 }),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom('', ...SIGNS, ...MORE), fc.nat({ max: 2 })), { maxLength: 3 }),
      )
      .map(([text, from, count, edits]) => {
        const lines = text.split('\n');
        const part = lines.slice(from % lines.length).slice(0, count);
        const indent = /^ */.exec(part[0]!)![0].length;
        const flush = part.map(line => (line.slice(0, indent).trim() === '' ? line.slice(indent) : line)).join('\n');
        return edits.reduce((now, [at, sign, cut]) => {
          const place = at % (now.length + 1);
          return now.slice(0, place) + sign + now.slice(place + cut);
        }, flush);
      });
    fc.assert(
      fc.property(spoilt, text => {
        if (agree(text)) taken++;
      }),
      { numRuns: Number(process.env.YAML_RUNS ?? 1000) },
    );
    expect(taken).toBeGreaterThan(100);
  }, 120_000);

  test.each([
    ['an empty value', 'a:\nb: 1\n'],
    ['an alias', 'a: &x 1\nb: *x\n'],
    ['a text over two lines', 'a: one\n  two\n'],
    ['braces over two lines', 'a: { b: 1,\n  c: 2 }\n'],
    ['an escape', 'a: "\\n"\n'],
    ['a tab', 'a:\t1\n'],
    ['a second document', 'a: 1\n---\nb: 2\n'],
    ['two keys on one line', 'a: b: c\n'],
  ])('declines %s', (_, text) => {
    expect(readPlainYaml(text)).toBeUndefined();
  });
});
