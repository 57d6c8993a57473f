// `hongbao doctor`: faults of a set-up, planted one by one in a bot and a whole simulated WeChat, and each named; and a healthy
// set-up, of which nothing is said.
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { doctor } from '../../src/commands/doctor.ts';
import { speak } from '../../src/commands/shared/language.ts';
import { HOUR, instant, later } from '../../src/core/base/time.ts';
import type { Lang } from '../../src/core/base/words/words.ts';
import { DIAGNOSES, type Diagnosis } from '../../src/core/ops/diagnosis.ts';
import { wordsOf } from '../../src/core/ops/diagnosis-words.ts';
import { belongToUs } from '../../src/setup/installation.ts';
import { anAnswer } from '../storage/store.contract.ts';
import { ENV, MERCHANT, RULES, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';
import { issue, keyNo, packed, pkcs8 } from '../support/issue.ts';
import { portOf } from '../support/listening.ts';
import { inProcess } from '../support/platform-world.ts';
import { freePort } from '../support/ports.ts';

const servers: Server[] = [];
const worlds: World[] = [];
let packets: World;
let transfers: World;

beforeAll(async () => {
  vi.stubEnv('TEST_SECRET', ENV.TEST_SECRET);
  packets = await healthy();
  transfers = await healthy({ channel: 'transfer' });
});
afterAll(async () => {
  for (const world of worlds) await world.close();
  for (const server of servers) server.closeAllConnections();
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  vi.unstubAllEnvs();
});

/** A world in which somebody has written to the account. */
async function healthy(options: WorldOptions = {}): Promise<World> {
  const world = await startWorld(options);
  worlds.push(world);
  await world.simulator.control.act(world.person(true), { kind: 'text', text: '帮助' });
  await until(async () => (await world.store.note('door:tea')) !== undefined);
  return world;
}

/** A bot.yaml beside the world's own, with the address at which the bot really listens, and what `plant` does to it. */
function fileOf(world: World, plant: (text: string) => string = text => text): string {
  const text = readFileSync(join(world.folder, 'bot.yaml'), 'utf8').replace(
    /^publicUrl: .*$/m,
    `publicUrl: ${world.url}`,
  );
  const planted = plant(text);
  const file = join(world.folder, 'planted.yaml');
  writeFileSync(file, planted);
  return file;
}

type Told = Diagnosis & { readonly what: string; readonly fix: string };

async function examined(file: string, lang: Lang = 'zh'): Promise<{ code: number; told: Told[] }> {
  speak(lang);
  const { code, out, err } = await inProcess(() => doctor({ config: file, json: true }));
  expect(err).toBe('');
  return { code: code!, told: JSON.parse(out) as Told[] };
}

const line = (key: string, value: string) => (text: string) => {
  expect(text).toMatch(new RegExp(`^ *${key}: `, 'm'));
  return text.replace(new RegExp(`^( *)${key}: .*$`, 'm'), `$1${key}: ${value}`);
};
const put = (world: World, name: string, content: string | Buffer): void =>
  writeFileSync(join(world.folder, name), content);

async function serving(handle: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return `http://127.0.0.1:${portOf(server)}`;
}

/** Passes everything on to the world's bot but what lies below `but`. */
const proxy = (world: World, but: string): Promise<string> =>
  serving((req, res) => {
    if (req.url!.startsWith(but)) return res.writeHead(404).end('nginx');
    const on = request(`${world.url}${req.url}`, { method: req.method, headers: req.headers }, answer => {
      res.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(res);
    });
    req.pipe(on);
    return res;
  });

/** A claim is made, and its packet tried. */
async function pay(world: World): Promise<void> {
  await world.simulator.control.act(world.person(true), { kind: 'text', text: '红包' });
  await world.bot.settle.pass();
}

/** What is refused comes again, for which nobody waits. */
async function said(world: World): Promise<void> {
  await world.simulator.control.act(world.person(true), { kind: 'text', text: '帮助' }, { wait: false });
}

type Fault = {
  readonly fault: string;
  readonly id: Diagnosis['id'];
  /** The bot.yaml that is examined. */
  readonly plant: () => string | Promise<string>;
  /** Stands in the words. */
  readonly says?: RegExp;
  readonly mend?: () => void;
};

const worldFault = async (options: WorldOptions, after?: (world: World) => Promise<void>): Promise<string> => {
  const world = await startWorld(options);
  worlds.push(world);
  await (after ?? said)(world);
  await until(async () => after !== undefined || (await world.store.note('door:tea')) !== undefined);
  return fileOf(world, text => text.replace(/^publicUrl: .*$/m, `publicUrl: ${world.url}`));
};

const other = '0'.repeat(32);

const FAULTS: readonly Fault[] = [
  // bot.yaml and its files
  {
    fault: 'a key of bot.yaml is misspelt',
    id: 'config',
    says: /planted\.yaml:\d+/,
    plant: () => fileOf(packets, text => `${text}publcUrl: x\n`),
  },
  {
    fault: 'a certificate file is not there',
    id: 'file-missing',
    says: /gone\.pem/,
    plant: () => fileOf(packets, line('certificate', 'gone.pem')),
  },
  {
    fault: 'the certificate has expired',
    id: 'cert-expired',
    plant: () => {
      const old = issue({ until: new Date('2024-01-01T00:00:00Z') });
      put(packets, 'old_cert.pem', old.certPem);
      put(packets, 'old_key.pem', old.keyPem);
      return fileOf(packets, text => line('privateKey', 'old_key.pem')(line('certificate', 'old_cert.pem')(text)));
    },
  },
  {
    fault: 'the certificate is another merchant’s',
    id: 'cert-owner',
    says: /1900000999/,
    plant: () => {
      const theirs = issue({ cn: '1900000999' });
      put(packets, 'their_cert.pem', theirs.certPem);
      put(packets, 'their_key.pem', theirs.keyPem);
      return fileOf(packets, text => line('privateKey', 'their_key.pem')(line('certificate', 'their_cert.pem')(text)));
    },
  },
  {
    fault: 'the private key is of another certificate',
    id: 'key-mismatch',
    plant: () => {
      put(packets, 'stray_key.pem', pkcs8(keyNo(7)));
      return fileOf(packets, line('privateKey', 'stray_key.pem'));
    },
  },
  {
    fault: 'the p12 file has another password',
    id: 'p12',
    plant: () => {
      put(packets, 'apiclient_cert.p12', packed(issue().certPem, issue().keyPem, 'other'));
      return fileOf(packets, text =>
        text.replace(/^ *certificate: .*\n *privateKey: .*$/m, '    pfx: apiclient_cert.p12'),
      );
    },
  },
  {
    fault: 'the serial number is of another certificate',
    id: 'serial-mismatch',
    plant: () => fileOf(transfers, line('serialNo', '1'.repeat(40))),
  },
  {
    fault: 'the certificate ends in ten days',
    id: 'cert-ends',
    plant: () => {
      const ending = issue({ until: new Date(Date.now() + 10 * 86_400_000) });
      put(packets, 'ending_cert.pem', ending.certPem);
      put(packets, 'ending_key.pem', ending.keyPem);
      // WeChat Pay has not issued it: that is another finding.
      return fileOf(packets, text =>
        line('privateKey', 'ending_key.pem')(line('certificate', 'ending_cert.pem')(text)),
      );
    },
  },
  {
    fault: 'a rule file cannot be read',
    id: 'rules',
    plant: () => {
      put(packets, 'broken.yaml', RULES.replace('once: ever', 'onec: ever'));
      return fileOf(packets, line('rules', 'broken.yaml'));
    },
  },
  // the store
  {
    fault: 'the store belongs to another installation',
    id: 'store-foreign',
    plant: async () => {
      const world = await healthy();
      const foreign = { ...world.config, secret: 'another', accounts: new Map(), merchants: new Map() };
      await belongToUs(world.store, foreign, 'test', instant(Date.now()));
      return fileOf(world);
    },
  },
  {
    fault: 'the store can be read by everybody',
    id: 'store-open',
    plant: () => {
      chmodSync(join(packets.folder, 'bot.db'), 0o644);
      return fileOf(packets);
    },
    mend: () => chmodSync(join(packets.folder, 'bot.db'), 0o600),
  },
  {
    fault: 'the clock was an hour fast once',
    id: 'store-ahead',
    says: /retry/,
    plant: async () => {
      const world = await healthy();
      await world.store.commit(anAnswer({ at: later(instant(Date.now()), HOUR) }));
      return fileOf(world);
    },
  },
  {
    fault: 'the store is no database',
    id: 'store',
    plant: () => {
      put(packets, 'text.db', 'hello '.repeat(100));
      chmodSync(join(packets.folder, 'text.db'), 0o600);
      return fileOf(packets, line('store', 'sqlite:text.db'));
    },
  },
  {
    fault: 'the clock is ten minutes off',
    id: 'clock',
    says: /(599|60\d) 秒/,
    plant: () => {
      packets.simulator.control.moveClock({ advanceMs: 600_000 });
      return fileOf(packets);
    },
    mend: () => void packets.simulator.control.moveClock({ reset: true }),
  },
  // the platform
  {
    fault: 'the platform cannot be reached',
    id: 'platform-away',
    plant: async () => fileOf(packets, line('api', `http://127.0.0.1:${await freePort()}`)),
  },
  { fault: 'the AppID is wrong', id: 'appid', plant: () => fileOf(packets, line('appId', 'wx9999999999999999')) },
  { fault: 'the AppSecret is wrong', id: 'secret', plant: () => fileOf(packets, line('appSecret', other)) },
  {
    fault: 'this machine is not in the IP list',
    id: 'ip',
    says: /127\.0\.0\.1/,
    plant: () => worldFault({ account: { ipWhitelist: ['203.0.113.9'] } }),
  },
  { fault: 'the account is not verified', id: 'rights', plant: () => worldFault({ account: { verified: false } }) },
  {
    fault: 'the quota of the day is used up',
    id: 'quota',
    plant: () => {
      packets.simulator.control.setFaults({ pay: [], platform: [{ kind: 'quota' }] });
      return fileOf(packets);
    },
    mend: () => void packets.simulator.control.setFaults({ pay: [], platform: [] }),
  },
  // the way from WeChat to us
  {
    fault: 'nobody listens at publicUrl',
    id: 'url-away',
    plant: async () => fileOf(packets, line('publicUrl', `http://127.0.0.1:${await freePort()}`)),
  },
  {
    fault: 'something else answers at publicUrl',
    id: 'url-other',
    plant: async () => fileOf(packets, line('publicUrl', await serving((_, res) => res.end('<html>welcome</html>')))),
  },
  {
    fault: 'the running bot has another token',
    id: 'url-refused',
    plant: () => fileOf(packets, line('token', 'anotherToken99')),
  },
  {
    fault: 'the proxy does not pass notices on',
    id: 'url-notify',
    plant: async () => fileOf(transfers, line('publicUrl', await proxy(transfers, '/notify/'))),
  },
  {
    fault: 'the proxy does not pass pages on',
    id: 'url-pages',
    plant: async () => fileOf(packets, line('publicUrl', await proxy(packets, '/h5/'))),
  },
  {
    fault: 'no push has ever come',
    id: 'never-heard',
    says: /\/wechat\/tea/,
    plant: () => worldFault({}, async () => {}),
  },
  {
    fault: 'the console has another token',
    id: 'token-differs',
    plant: () => worldFault({ account: { token: 'consoleToken1' } }),
  },
  {
    fault: 'the console has another EncodingAESKey',
    id: 'aes-differs',
    plant: () => worldFault({ account: { encodingAesKey: 'AnotherBotSimulatorKey123456789abcdefghijkA' } }),
  },
  {
    fault: 'the console pushes in another mode',
    id: 'mode-differs',
    says: /明文模式/,
    plant: () => worldFault({ mode: 'plain', yaml: line('mode', 'safe') }),
  },
  {
    fault: 'the web domain is another host',
    id: 'oauth-domain',
    says: /127\.0\.0\.1/,
    plant: () => worldFault({ account: { webDomains: ['shop.example.com'] } }),
  },
  {
    fault: 'a menu button has a key that no rule waits for',
    id: 'menu-key',
    says: /NOBODY/,
    plant: () => worldFault({ account: { menu: { button: [{ type: 'click', name: '签到', key: 'NOBODY' }] } } }),
  },
  // WeChat Pay
  {
    fault: 'WeChat Pay cannot be reached',
    id: 'pay-away',
    plant: async () => {
      const port = await freePort();
      return fileOf(packets, text => text.replace(packets.simulator.payUrl, `https://127.0.0.1:${port}`));
    },
  },
  {
    fault: 'the certificate is not one that WeChat Pay issued',
    id: 'pay-certificate',
    plant: () => {
      const forged = issue();
      put(packets, 'forged_cert.pem', forged.certPem);
      put(packets, 'forged_key.pem', forged.keyPem);
      return fileOf(packets, text =>
        line('privateKey', 'forged_key.pem')(line('certificate', 'forged_cert.pem')(text)),
      );
    },
  },
  { fault: 'the APIv2 key is wrong', id: 'v2-key', plant: () => fileOf(packets, line('apiV2Key', other)) },
  {
    fault: 'the signer of API v3 is unknown',
    id: 'v3-signer',
    plant: () => {
      put(transfers, 'stray_key.pem', pkcs8(keyNo(7)));
      return fileOf(transfers, text => line('privateKey', 'stray_key.pem')(text.replace(/^ *certificate: .*\n/m, '')));
    },
  },
  {
    fault: 'the APIv3 key is wrong',
    id: 'v3-key',
    plant: async () => {
      await transfers.simulator.control.setSigning(MERCHANT.mchId, { certificate: 1 });
      return fileOf(transfers, line('apiV3Key', other));
    },
    mend: () => void transfers.simulator.control.setSigning(MERCHANT.mchId, { publicKey: 1 }),
  },
  {
    fault: 'WeChat Pay signs with another public key',
    id: 'platform-key',
    says: /PUB_KEY_ID/,
    plant: () => fileOf(transfers, line('publicKeyId', 'PUB_KEY_ID_0119000001092026021000000000000009')),
  },
  {
    fault: 'red packets are not opened for the merchant',
    id: 'product',
    says: /现金红包/,
    plant: () => {
      packets.simulator.control.setFaults({ pay: [{ kind: 'noAuthProduct', at: 'gethbinfo' }], platform: [] });
      return fileOf(packets);
    },
    mend: () => void packets.simulator.control.setFaults({ pay: [], platform: [] }),
  },
  {
    fault: 'transfers are not opened for the merchant',
    id: 'product',
    says: /商家转账/,
    plant: () => {
      transfers.simulator.control.setFaults({ pay: [{ kind: 'noAuthProduct', at: 'transferQuery' }], platform: [] });
      return fileOf(transfers);
    },
    mend: () => void transfers.simulator.control.setFaults({ pay: [], platform: [] }),
  },
  {
    fault: 'merchant and AppID are not linked',
    id: 'binding',
    says: /wx8888888888888888/,
    plant: () => worldFault({ merchant: { appIds: ['wx7777777777777777'] } }),
  },
  { fault: 'the balance is empty', id: 'balance', says: /resume shop/, plant: () => worldFault({ balance: 0 }, pay) },
  {
    fault: 'the balance lasts no day',
    id: 'balance-low',
    plant: () => worldFault({ channel: 'transfer', balance: 1, merchant: { balanceApi: true } }),
  },
  {
    fault: 'the scene is not opened',
    id: 'scene',
    plant: () =>
      worldFault(
        {
          rules: RULES.replace('remark: 测试 }', 'remark: 测试, scene: PRODUCT_1 }'),
          merchant: { limits: { scenes: false } },
        },
        pay,
      ),
  },
  {
    fault: 'the merchant does not let this IP pay',
    id: 'pay-ip',
    plant: () =>
      worldFault({}, async world => {
        world.simulator.control.setFaults({ pay: [{ kind: 'noAuthIp' }], platform: [] });
        await pay(world);
      }),
  },
  {
    fault: 'somebody halted the merchant',
    id: 'halted-by-hand',
    says: /盘点/,
    plant: () =>
      worldFault({}, async world => {
        await said(world);
        await world.store.setHalt('shop', {
          code: 'OPERATOR',
          reason: '盘点',
          since: instant(Date.now()),
          by: 'operator',
        });
      }),
  },
];

describe('doctor', () => {
  test('of a healthy set-up it says nothing, and ends with 0', async () => {
    for (const world of [packets, transfers]) expect(await examined(fileOf(world))).toEqual({ code: 0, told: [] });
    speak('zh');
    const { out } = await inProcess(() => doctor({ config: fileOf(packets) }));
    expect(out).toContain('一切正常');
  });

  test.each(FAULTS.map(each => [each.fault, each] as const))('%s: it is named, in both languages', async (_, each) => {
    const file = await each.plant();
    try {
      const { code, told } = await examined(file);
      const named = told.find(({ id }) => id === each.id);
      expect(named, JSON.stringify(told)).toBeDefined();
      // Nothing else is broken: where the planted fault breaks something, it is the one that is named first.
      const broken = told.filter(({ grave }) => grave === 'broken').map(({ id }) => id);
      if (each.id !== 'cert-ends') expect([...new Set(broken)]).toEqual(named!.grave === 'broken' ? [each.id] : []);
      expect(code).toBe(broken.length > 0 ? 1 : 0);
      expect(`${named!.what} ${named!.fix}`).toMatch(/[\u4e00-\u9fff]/);
      if (each.says) expect(`${named!.what} ${named!.fix}`).toMatch(each.says);
      const english = wordsOf(named!, 'en');
      for (const words of [named!.what, named!.fix, english.what, english.fix]) expect(words).not.toMatch(/\{\w+\}/);
    } finally {
      each.mend?.();
    }
  });

  test('what is wrong with bot.yaml and with the rules is said in the language of who asks', async () => {
    const rules = RULES.replace('budget:', 'bugdet:');
    put(packets, 'wrong-rules.yaml', rules);
    for (const plant of [line('channel', 'redpacket'), line('rules', 'wrong-rules.yaml'), line('rules', 'nowhere')]) {
      const file = fileOf(packets, plant);
      for (const lang of ['zh', 'en'] as const) {
        const [first] = (await examined(file, lang)).told;
        const said = String(first!.facts.said).replace(/"[^"]*"|「[^」]*」/g, '');
        expect([said, /[\u4e00-\u9fff]/.test(said)]).toEqual([said, lang === 'zh']);
        expect(first!.what).toContain(first!.facts.said);
      }
    }
  });

  test('several accounts are examined at once: a network that answers nobody does not add up to no answer', async () => {
    const asked: (() => void)[] = [];
    const api = await serving((req, res) => {
      if (!req.url!.startsWith('/cgi-bin/stable_token')) return res.writeHead(404).end();
      asked.push(() => res.end(JSON.stringify({ errcode: 40013, errmsg: 'invalid appid' })));
      if (asked.length === 3) for (const answer of asked) answer();
      return res;
    });
    const file = fileOf(packets, text => {
      const own = /^ {2}tea:\n(?: {4}.*\n)+/m.exec(text)![0].replace(/api: .*/, `api: ${api}`);
      const others = [1, 2].map(n =>
        own.replace('tea:', `tea${n}:`).replace(/appId: .*/, `appId: wx888888888888888${n}`),
      );
      return text.replace(/^ {2}tea:\n(?: {4}.*\n)+/m, [own, ...others].join(''));
    });
    const { told } = await examined(file);
    expect(told.filter(({ id }) => id === 'appid').map(({ about }) => about)).toEqual(['tea', 'tea1', 'tea2']);
    expect(told.map(({ id }) => id)).not.toContain('platform-away');
  });

  test('of a machine that only has IPv6, that address is the one to paste into the IP list', async () => {
    const errmsg = 'invalid ip 240e:1:2::7 ipv6 240e:1:2::7, not in whitelist rid: 1';
    const api = await serving((req, res) => {
      if (req.url!.startsWith('/cgi-bin/stable_token')) return res.end(JSON.stringify({ errcode: 40164, errmsg }));
      return res.writeHead(404).end();
    });
    const { told } = await examined(fileOf(packets, line('    api', api)));
    expect(told.find(({ id }) => id === 'ip')!.facts.ip).toBe('240e:1:2::7');
  });

  test('more than twenty of its findings are planted here', () => {
    const planted = new Set(FAULTS.map(({ id }) => id));
    expect(planted.size).toBeGreaterThan(35);
    for (const id of planted) expect(DIAGNOSES).toContain(id);
  });

  test('it changes nothing: neither a file nor a payout, a menu or an order', async () => {
    const before = { state: packets.simulator.control.state(), size: statSync(join(packets.folder, 'bot.db')).size };
    const snapshot = await rowsOf(packets);
    await examined(fileOf(packets));
    expect(await rowsOf(packets)).toEqual(snapshot);
    expect(packets.simulator.control.state().merchants).toEqual(before.state.merchants);
    expect(packets.simulator.control.state().accounts).toEqual(before.state.accounts);
    const earlier = join(packets.folder, 'earlier.db');
    const db = new DatabaseSync(earlier);
    db.exec(readFileSync(join(import.meta.dirname, '../fixtures/store/format-10.sql'), 'utf8'));
    db.close();
    chmodSync(earlier, 0o600);
    const kept = readFileSync(earlier);
    await examined(fileOf(packets, line('store', 'sqlite:earlier.db')));
    expect(readFileSync(earlier).equals(kept)).toBe(true);
  });
});

async function rowsOf(world: World): Promise<unknown> {
  const snapshot = await world.store.snapshot();
  try {
    const rows: unknown[] = [];
    for await (const each of snapshot.claims()) rows.push(each);
    for await (const each of snapshot.payouts()) rows.push(each);
    for await (const each of snapshot.journal()) rows.push(each);
    return rows;
  } finally {
    await snapshot.close();
  }
}
