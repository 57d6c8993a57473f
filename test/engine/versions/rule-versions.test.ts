// Versions of the rules: each that went live is kept, with when, by whom and why; what changed is said in words; the files of
// one can be had again; and all of them move along.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { instant } from '../../../src/core/base/time.ts';
import { loadCampaigns } from '../../../src/core/rules/file/load.ts';
import {
  announce,
  filesOf,
  keepVersion,
  notesOfVersions,
  textOfVersion,
  versionsIn,
  versionText,
} from '../../../src/engine/versions/rule-versions.ts';
import { openSqlite } from '../../../src/storage/sqlite/store.ts';
import { CLEAN, type Edit, edited } from '../../support/lint.ts';

let folder: string;
let store: Awaited<ReturnType<typeof openSqlite>>;
let now = 1_900_000_000_000;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'versions-'));
  store = await openSqlite(join(folder, 'bot.db'));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const ports = () => ({ store, clock: () => instant(now++), holder: 'test', sleep: () => Promise.resolve() });

async function keep(...edits: readonly Edit[]) {
  const files = [{ file: join(folder, 'spring.yaml'), text: edited(CLEAN, edits) }];
  const { campaigns, findings } = loadCampaigns(files);
  expect(findings).toEqual([]);
  return keepVersion(ports(), files, campaigns, 'ann');
}

const inChinese = (zh: string): string => zh;
const inEnglish = (_: string, en: string): string => en;
const RAISED: Edit = ['big: { redpacket: ¥8.80', 'big: { redpacket: ¥88.00'];
const MORE: Edit = ['total: ¥1000.00', 'total: ¥2000.00'];

describe('a version of the rules', () => {
  test('is kept when it goes live, once, with when and by whom', async () => {
    expect((await keep()).isNew).toBe(true);
    expect((await keep()).isNew).toBe(false);
    await keep(RAISED);
    const versions = await versionsIn(store);
    expect(versions.map(({ number, by }) => [number, by])).toEqual([
      [1, 'ann'],
      [2, 'ann'],
    ]);
    expect(await textOfVersion(store, versions[0]!.files[0]!.print)).toBe(CLEAN);
  });

  test('says in words what it changed and how much more it may cost, in either language', async () => {
    await keep();
    const kept = await keep(RAISED, MORE, ['to: 2026-03-10 24:00', 'to: 2026-03-20 24:00']);
    expect(versionText(kept, inChinese)).toEqual([
      'spring：结束 2026-03-10 24:00 → 2026-03-20 24:00',
      'spring：总预算 ¥1000.00 → ¥2000.00',
      'spring：奖品「big」 单个红包 ¥8.80 → ¥88.00',
      '最多可能多花 ¥1000.00',
    ]);
    expect(versionText(kept, inEnglish)).toEqual([
      'spring: ends 2026-03-10 24:00 → 2026-03-20 24:00',
      'spring: budget in all ¥1000.00 → ¥2000.00',
      'spring: prize "big" each red packet ¥8.80 → ¥88.00',
      'it may cost up to ¥1000.00 more',
    ]);
  });

  test('of which only texts changed says so', async () => {
    await keep();
    expect(versionText(await keep(['口令正确！', '口令对了！']), inChinese)).toEqual([
      '只改了文字或测试',
      '总预算没有增加',
    ]);
  });

  test('that was announced has its author and reason', async () => {
    await keep();
    const files = filesOf([{ file: 'spring.yaml', text: edited(CLEAN, [MORE]) }]);
    await announce(ports(), { by: 'bob', comment: '加预算', files });
    await keep(MORE);
    expect((await versionsIn(store)).at(-1)).toMatchObject({ number: 2, by: 'bob', comment: '加预算' });
    await keep();
    expect((await versionsIn(store)).at(-1)).toMatchObject({ number: 3, by: 'ann' });
  });

  test('moves along with all others, the list last', async () => {
    await keep();
    await keep(RAISED);
    const other = await openSqlite(join(folder, 'other.db'));
    try {
      const notes = await notesOfVersions(store);
      expect(notes.at(-1)?.[0]).toBe('rules:versions');
      for (const [name, note] of notes) {
        const lease = await other.lease(name, 'move', 1000, instant(now));
        await other.release(lease!, instant(now), note);
      }
      const versions = await versionsIn(other);
      expect(versions).toEqual(await versionsIn(store));
      for (const { files, live } of versions)
        for (const print of [live, ...files.map(each => each.print)])
          expect(await textOfVersion(other, print)).toBe(await textOfVersion(store, print));
    } finally {
      await other.close();
    }
  });
});
