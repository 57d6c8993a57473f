// A store belongs to one installation: another one, and the demo, are refused by name before anything is done.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { DAY, instant, later } from '../../src/core/base/time.ts';
import { inLang } from '../../src/core/base/words/words.ts';
import {
  INSTALLATION_NOTE,
  installationOf,
  isSameInstallation,
  readInstallation,
} from '../../src/core/live/installation.ts';
import type { Store } from '../../src/ports.ts';
import { belongToUs } from '../../src/setup/installation.ts';
import { openStore } from '../../src/storage/open.ts';
import { openDatabase } from '../../src/storage/sqlite/schema.ts';
import { aCommit } from '../storage/store.contract.ts';
import { configOf, TEA, TILL } from '../support/config.ts';
import { ended } from '../support/ended.ts';
import { ENV, startWorld, until, type World } from '../support/harness.ts';
import { DURABLE, hasRedis, startRedis } from '../support/redis-server.ts';

const CLI = resolve(import.meta.dirname, '../../dist/cli.js');
const NOW = instant(Date.UTC(2026, 10, 29, 2));

let folder: string;
let children: ChildProcess[];
let world: World | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-installation-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await world?.close();
  world = undefined;
  rmSync(folder, { recursive: true, force: true });
});

type Names = Readonly<Record<string, string>>;
const ownerOf = (appIds: Names, mchIds: Names, secret = 's1', demo = false): Config =>
  configOf({
    demo,
    secret,
    accounts: Object.entries(appIds).map(([name, appId]) => ({ ...TEA, name, appId })),
    merchants: Object.entries(mchIds).map(([name, mchId]) => ({ ...TILL, name, mchId })),
  });
const SHOP = ownerOf({ tea: 'wx1' }, { shop: '190' });

describe('an installation', () => {
  const same: readonly (readonly [string, Config])[] = [
    ['with an account and a merchant more', ownerOf({ tea: 'wx1', milk: 'wx2' }, { shop: '190', next: '191' })],
    ['with other names for the same', ownerOf({ cha: 'wx1' }, { laden: '190' })],
    ['with its secret renewed', ownerOf({ tea: 'wx1' }, { shop: '190' }, 's2')],
    ['with another merchant number', ownerOf({ tea: 'wx1' }, { shop: '199' })],
    ['with another AppID', ownerOf({ tea: 'wx9' }, { shop: '190' })],
  ];
  test.each(same)('is the same %s', (_, other) => {
    expect(isSameInstallation(installationOf(SHOP, NOW), installationOf(other, NOW))).toBe(true);
  });

  const others: readonly (readonly [string, Config])[] = [
    ['the demo of the very same names and secret', { ...SHOP, demo: true }],
    ['another shop', ownerOf({ tea: 'wx9' }, { shop: '199' }, 's2')],
    ['another shop under the same secret', ownerOf({ tea: 'wx9' }, { shop: '199' })],
    ['another account of the same merchant, with another secret', ownerOf({ tea: 'wx9' }, { shop: '190' }, 's2')],
  ];
  test.each(others)('is not %s', (_, other) => {
    expect(isSameInstallation(installationOf(SHOP, NOW), installationOf(other, NOW))).toBe(false);
  });

  test('is not known by its secret to whoever reads the store', () => {
    expect(JSON.stringify(installationOf(ownerOf({}, {}, 'hunter2'), NOW))).not.toContain('hunter2');
    expect(readInstallation('{')).toBeUndefined();
    expect(readInstallation('{"kind":"new"}')).toBeUndefined();
  });
});

const stores: readonly (readonly [string, boolean, () => Promise<{ store: Store; end(): Promise<void> }>])[] = [
  [
    'SQLite',
    true,
    async () => {
      const store = await openStore(`sqlite:${join(folder, 'bot.db')}`);
      return { store, end: () => store.close() };
    },
  ],
  [
    'Redis',
    hasRedis,
    async () => {
      const redis = await startRedis(...DURABLE);
      const store = await openStore(redis.url);
      return {
        store,
        async end() {
          await store.close();
          await redis.dispose();
        },
      };
    },
  ],
];

describe.each(stores)('a store on %s', (_, isHere, opened) => {
  const as = (owner: Config): Config => ({ ...owner, store: `sqlite:${folder}/bot.db` });

  test.skipIf(!isHere)('belongs to whoever opened it first, and remembers each merchant number', async () => {
    const { store, end } = await opened();
    await belongToUs(store, as(SHOP), 'a', NOW);
    await belongToUs(store, as(SHOP), 'b', later(NOW, 1));
    const other = ownerOf({ tea: 'wx9' }, { shop: '199' }, 's2');
    await expect(belongToUs(store, as(other), 'c', NOW)).rejects.toThrow(
      /bot\.db belongs to another installation \(wx1, 190\), and bot\.yaml is wx9, 199 with another secret: name another store under `store:`/,
    );
    await expect(belongToUs(store, as({ ...SHOP, demo: true }), 'c', NOW)).rejects.toThrow(/and bot\.yaml is the demo/);
    await belongToUs(store, as(ownerOf({ tea: 'wx1' }, { shop: '199' })), 'd', later(NOW, DAY));
    expect(readInstallation(await store.note(INSTALLATION_NOTE))?.mchIds.shop).toEqual([
      { mchId: '190', since: NOW },
      { mchId: '199', since: later(NOW, DAY) },
    ]);
    await end();
  });

  test.skipIf(!isHere)(
    'keeps the names under which everything stands: another name for an account or a merchant is refused',
    { timeout: 60_000 },
    async () => {
      const { store, end } = await opened();
      const two = ownerOf({ tea: 'wx1', milk: 'wx2' }, { shop: '190' });
      await belongToUs(store, as(ownerOf({ first: 'wx1', milk: 'wx2' }, { first: '190' })), 'a', NOW);
      await belongToUs(store, as(two), 'a', NOW); // nobody has come yet
      await store.commit(aCommit());
      const starts = (owner: Config) => belongToUs(store, as(owner), 'b', NOW);
      await expect(starts(ownerOf({ cup: 'wx1', milk: 'wx2' }, { shop: '190' }))).rejects.toThrow(
        'account "tea" (wx1) is called "cup" now',
      );
      await expect(starts(ownerOf({ tea: 'wx2', milk: 'wx1' }, { shop: '190' }))).rejects.toThrow(
        'account "tea" (wx1) is called "milk" now',
      );
      await expect(starts(ownerOf({ tea: 'wx1', milk: 'wx2' }, { till: '190' }))).rejects.toThrow(
        'merchant "shop" (190) is called "till" now',
      );
      // Who keeps both names, or moves on to another AppID or number, has not renamed.
      await starts(ownerOf({ tea: 'wx1', milk: 'wx2' }, { shop: '190', till: '190' }));
      await starts(ownerOf({ tea: 'wx1', milk: 'wx2' }, { till: '190' }));
      const moved = await starts(ownerOf({ tea: 'wx1', milk: 'wx3' }, { till: '191' }));
      expect(moved.map(each => inLang(each, 'en'))).toEqual([
        expect.stringContaining('account "milk" is wx3 now and was wx2'),
      ]);
      expect(await starts(ownerOf({ tea: 'wx1', milk: 'wx3' }, { till: '191' }))).toEqual([]);
      await starts(ownerOf({ tea: 'wx1' }, { till: '191', old: '190' }));
      await end();
    },
  );

  test.skipIf(!isHere)('of before, which does not say whose it is, is known by its payouts', async () => {
    const { store, end } = await opened();
    const commit = aCommit();
    await store.commit(commit);
    const { appId, mchId } = commit.payout.request;
    await expect(belongToUs(store, as(SHOP), 'a', NOW)).rejects.toThrow(`another installation (${appId}, ${mchId})`);
    await belongToUs(store, as(ownerOf({ any: appId }, {}, 'mine')), 'a', NOW);
    await expect(belongToUs(store, as(SHOP), 'a', NOW)).rejects.toThrow('another installation');
    await end();
  });
});

describe('a bot whose store is taken away under it', () => {
  test('promises nothing any more, and says that it is not ready', async () => {
    world = await startWorld();
    const ann = world.person();
    const ready = async () => (await fetch(`${world!.url}/readyz`)).status;
    expect(await ready()).toBe(200);
    renameSync(join(world.folder, 'bot.db'), join(world.folder, 'gone.db'));
    const push = await world.simulator.control.act(ann, { kind: 'follow' });
    expect(push.tries.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(await ready()).toBe(503);
    expect(await (await fetch(`${world.url}/healthz`)).text()).toBe('ok');
  });
});

/** Runs a command to its end, or until it says something that ends in `until`. */
async function run(args: readonly string[], env: Record<string, string> = ENV) {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: folder, env: { PATH: process.env.PATH!, ...env } });
  children.push(child);
  let [out, err] = ['', ''];
  child.stdout.on('data', part => (out += part));
  child.stderr.on('data', part => (err += part));
  const code = await ended(child);
  return { code, out, err };
}

/** With the log beside it, where there is one. */
function move(from: string, to: string): void {
  for (const end of ['', '-wal', '-shm']) if (existsSync(from + end)) renameSync(from + end, to + end);
}

describe('from the command line', () => {
  test('in a folder with a production store, a start without a configuration starts nothing and says why', async () => {
    world = await startWorld();
    const { code } = await run(['payouts', 'list', '--config', join(world.folder, 'bot.yaml')]);
    expect(code).toBe(0); // it is a production store from now on
    await world.store.close();
    mkdirSync(join(folder, 'data'));
    const { appId } = [...world.config.accounts.values()][0]!;
    for (const place of ['bot.db', 'data/bot.db', 'data/old.sqlite']) {
      move(join(world.folder, 'bot.db'), join(folder, place));
      const { code, out, err } = await run(['start'], { PORT: '0' });
      expect(code).toBe(2);
      expect(out).toBe('');
      expect(err).toContain(`${place} is the store of a real installation (${appId}`);
      expect(err).toContain('hongbao start --config FILE');
      expect(existsSync(join(folder, 'data/bot.yaml'))).toBe(false);
      move(join(folder, place), join(world.folder, 'bot.db'));
    }
  });

  test('a store of version 0.1, which says nothing of itself, is taken for a real one', async () => {
    const db = await openDatabase(join(folder, 'bot.db'));
    db.close();
    const { code, err } = await run(['start'], { PORT: '0' });
    expect(code).toBe(2);
    expect(err).toMatch(
      /bot\.db is the store of a real installation, .* left from a demo of version 0\.1, remove bot\.db/,
    );
  });

  test('the demo has a file of its own, in which no real installation works', async () => {
    const child = spawn(process.execPath, [CLI, 'start'], { cwd: folder, env: { PATH: process.env.PATH!, PORT: '0' } });
    children.push(child);
    await once(child.stdout, 'data');
    await until(() => existsSync(join(folder, 'data/demo.db')));
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(readdirSync(join(folder, 'data'))).not.toContain('bot.db');
    expect((await run(['payouts', 'list'])).code).toBe(0); // the demo's own configuration
    world = await startWorld();
    const yaml = join(world.folder, 'other.yaml');
    const text = (await import('node:fs')).readFileSync(join(world.folder, 'bot.yaml'), 'utf8');
    writeFileSync(yaml, text.replace('sqlite:bot.db', `sqlite:${join(folder, 'data/demo.db')}`));
    for (const command of [['payouts', 'list'], ['start'], ['audit']]) {
      const { code, err } = await run([...command, '--config', yaml]);
      expect([command, code]).toEqual([command, 2]);
      expect(err).toMatch(/demo\.db belongs to another installation \(the demo\), and \S+other\.yaml is wx/);
    }
    // Beside its own store it starts again.
    const again = spawn(process.execPath, [CLI, 'start'], { cwd: folder, env: { PATH: process.env.PATH!, PORT: '0' } });
    children.push(again);
    await once(again.stdout, 'data');
  }, 60_000);
});
