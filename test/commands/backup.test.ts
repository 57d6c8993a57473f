// `hongbao backup FILE`: a copy while bots write, proven; and the restore that docs/operations.md describes.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { audit } from '../../src/commands/ledger/audit.ts';
import { backup } from '../../src/commands/ledger/backup.ts';
import { openStore } from '../../src/storage/open.ts';
import { ENV, startWorld, type World } from '../support/harness.ts';
import { inProcess } from '../support/platform-world.ts';

let world: World;
let folder: string;
let config: string;
beforeAll(async () => {
  vi.stubEnv('TEST_SECRET', ENV.TEST_SECRET);
  folder = mkdtempSync(join(tmpdir(), 'hongbao-backup-'));
  world = await startWorld();
  config = join(world.folder, 'bot.yaml');
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
  vi.unstubAllEnvs();
});

const claim = async (): Promise<void> => {
  await world.simulator.control.act(world.person(true), { kind: 'text', text: '红包' });
};

async function claimsIn(file: string): Promise<number> {
  const store = await openStore(`sqlite:${file}`);
  const snapshot = await store.snapshot();
  let claims = 0;
  for await (const _ of snapshot.claims()) claims++;
  await snapshot.close();
  await store.close();
  return claims;
}

describe('backup', () => {
  test('is whole, private and proven while claims are made, and holds those of before', async () => {
    for (let n = 0; n < 5; n++) await claim();
    const file = join(folder, 'one.db');
    let isOver = false;
    const writing = (async () => {
      let more = 0;
      for (; !isOver; more++) await claim();
      return more;
    })();
    const { code, out } = await inProcess(() => backup(file, { config }));
    isOver = true;
    const more = await writing;
    expect(out).toMatch(/one\.db: \d+\.\d MB, each page is whole, and its books were audited/);
    expect(code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['one.db']);
    const claims = await claimsIn(file);
    expect(claims).toBeGreaterThanOrEqual(5);
    expect(claims).toBeLessThanOrEqual(5 + more);
  });

  test('never writes over a file, and leaves none behind where it cannot be made', async () => {
    const file = join(folder, 'mine.db');
    writeFileSync(file, 'mine');
    expect(await inProcess(() => backup(file, { config }))).toMatchObject({
      code: 2,
      err: expect.stringContaining('is there already'),
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const nowhere = join(folder, 'gone', 'x.db');
    expect(await inProcess(() => backup(nowhere, { config }))).toMatchObject({
      code: 2,
      err: expect.stringContaining('make it first'),
    });
    expect(existsSync(`${nowhere}.part`)).toBe(false);
  });

  test('tells of itself as JSON, and may leave the audit out', async () => {
    const { code, out } = await inProcess(() => backup(join(folder, 'two.db'), { config, json: true, audit: false }));
    expect([code, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ integrity: 'ok', bytes: expect.any(Number) }),
    ]);
    expect(JSON.parse(out)).not.toHaveProperty('audit');
  });

  test('put in place of a lost store it opens, balances, and holds every claim of its moment', async () => {
    await world.bot.settle.pass();
    const file = join(folder, 'restore.db');
    expect((await inProcess(() => backup(file, { config }))).code).toBe(0);
    // As on another machine: bot.yaml, certificates and rules from where they are kept, and the backup.
    const other = mkdtempSync(join(tmpdir(), 'hongbao-restored-'));
    try {
      for (const name of readdirSync(world.folder))
        if (!name.startsWith('bot.db')) copyFileSync(join(world.folder, name), join(other, name));
      copyFileSync(file, join(other, 'bot.db'));
      chmodSync(join(other, 'bot.db'), 0o600);
      const { code, out } = await inProcess(() => audit({ config: join(other, 'bot.yaml') }));
      expect([code, out]).toEqual([0, expect.stringContaining('everything balances')]);
      expect(await claimsIn(join(other, 'bot.db'))).toBe(await claimsIn(file));
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });
});
