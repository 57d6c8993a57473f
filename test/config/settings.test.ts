// Wrong settings, one by one: each bot.yaml is refused before anything runs, naming file, line and column, what is wrong with
// the value without repeating it, and the fix. And what is only likely wrong is said at the start.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Config, loadConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { sessionSecretsOf } from '../../src/config/secret.ts';
import { BadInput } from '../../src/core/base/error.ts';
import { weightOf } from '../../src/core/base/key-form.ts';
import { instant } from '../../src/core/base/time.ts';
import { command, run } from '../support/command.ts';
import { ENV } from '../support/harness.ts';
import { issue } from '../support/issue.ts';
import { isListOf, isMap, readJson } from '../support/json.ts';
import { portOf } from '../support/listening.ts';

const NOW = instant(Date.parse('2026-11-29T12:00:00Z'));
const SECRET = '0f3c9a7be1d84625b7a0c1e2d3f4958677a8b9c0d1e2f3a4';
const OTHER = '91b2c3d4e5f60718293a4b5c6d7e8f9001a2b3c4d5e6f708';

const BOT = `listen: 127.0.0.1:3000
publicUrl: https://bot.example.com
trustProxy: 1
store: sqlite:data/bot.db
rules: rules
secret: ${SECRET}
accounts:
  tea:
    appId: wx8888888888888888
    appSecret: 0123456789abcdef0123456789abcdef
    token: simToken01
    encodingAesKey: RewardBotSimulatorKey0123456789abcdefghijkA
    merchant: shop
    api: https://api.weixin.qq.com
merchants:
  shop:
    mchId: "1900000109"
    apiV2Key: 0123456789abcdef0123456789ABCDEF
    certificate: apiclient_cert.pem
    privateKey: apiclient_key.pem
    api: https://api.mch.weixin.qq.com
    clientIp: 203.0.113.7
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-settings-'));
  mkdirSync(join(folder, 'rules'));
  const { certPem, keyPem } = issue();
  writeFileSync(join(folder, 'apiclient_cert.pem'), certPem);
  writeFileSync(join(folder, 'apiclient_key.pem'), keyPem);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(yaml: string | Buffer = BOT, env: Environment = {}): Config {
  writeFileSync(join(folder, 'bot.yaml'), yaml);
  return loadConfig(join(folder, 'bot.yaml'), env, NOW);
}

/** What is said, by place. */
function refusal(yaml: string | Buffer, env?: Environment): string[] {
  try {
    load(yaml, env);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    const { findings, message } = error;
    expect(message).not.toContain(SECRET);
    return findings.map(({ file, line, column, message: words }) => {
      expect(file).toBe(join(folder, 'bot.yaml'));
      return `${line}:${column}: ${words}`;
    });
  }
  return ['it was taken'];
}

/** The line that begins with this key, with another value. */
const set = (key: string, value: string) => (): string => {
  expect(BOT).toMatch(new RegExp(`^ *${key}: `, 'm'));
  return BOT.replace(new RegExp(`^( *${key}: ).*$`, 'm'), (_, head: string) => head + value);
};
const add = (text: string) => (): string => BOT + text;

test('the settings of this file are right', () => {
  expect(load()).toMatchObject({ hints: [], publicUrl: 'https://bot.example.com' });
});

describe('a wrong setting is refused with its place and its fix:', () => {
  test.each<[string, () => string, RegExp, Environment?]>([
    // ── Addresses ──
    [
      'publicUrl with a query',
      set('publicUrl', 'https://bot.example.com/?a=b'),
      /^2:12: publicUrl: .*question mark; write https:\/\/bot\.example\.com$/,
    ],
    [
      'publicUrl with a fragment',
      set('publicUrl', '"https://bot.example.com/#top"'),
      /^2:12: .*"#" in it; write https:\/\/bot\.example\.com$/,
    ],
    [
      'publicUrl with name and password',
      set('publicUrl', 'https://ann:pw@bot.example.com'),
      /^2:12: .*name and password in an address are not sent; write https:\/\/bot\.example\.com$/,
    ],
    ['publicUrl without a scheme', set('publicUrl', 'bot.example.com'), /^2:12: .*with http:\/\/ or https:\/\/$/],
    [
      'publicUrl with a full-width colon',
      set('publicUrl', 'https：//bot.example.com'),
      /^2:12: .*full-width sign; write :$/,
    ],
    ['publicUrl with one slash', set('publicUrl', 'https:/bot.example.com'), /^2:12: /],
    ['publicUrl with a port that is none', set('publicUrl', 'https://bot.example.com:99999'), /^2:12: .*port/],
    [
      'publicUrl under a path of ours',
      set('publicUrl', 'https://bot.example.com/h5'),
      /^2:12: .*begins with \/h5, as the bot's own do/,
    ],
    ['publicUrl with two slashes inside', set('publicUrl', 'https://bot.example.com//a'), /^2:12: .*"\/\/"/],
    ['publicUrl with a blank', set('publicUrl', '"https://bot.example.com /a"'), /^2:12: .*no blanks/],
    [
      'the account’s api with a path of WeChat’s',
      set('api', 'https://api.weixin.qq.com/cgi-bin'),
      /^14:10: .*added by the bot; write https:\/\/api\.weixin\.qq\.com$/,
    ],
    [
      'an api with a query',
      set('api', 'https://relay.example/wx?to=1'),
      /^14:10: api: .*write https:\/\/relay\.example\/wx$/,
    ],
    [
      'an open with a password',
      () =>
        BOT.replace(
          '    api: https://api.weixin',
          '    open: https://a:b@open.weixin.qq.com\n    api: https://api.weixin',
        ),
      /^14:11: open: /,
    ],
    ['listen with a port that is none', set('listen', '127.0.0.1:70000'), /^1:9: listen: 70000 is no port/],
    ['listen without a port', set('listen', '127.0.0.1'), /^1:9: expected an address such as 127\.0\.0\.1:3000/],
    // ── WeChat's own forms ──
    [
      'a token with a blank at its end',
      set('token', '"simToken01 "'),
      /^11:12: expected the token of 服务器配置: 3 to 32 letters and digits; this has a blank at its end$/,
    ],
    ['a token with quotes as part of it', set('token', `"'simToken01'"`), /^11:12: .*this has quotes as part of it$/],
    ['a token of two characters', set('token', 'ab'), /^11:12: .*this has 2 characters$/],
    ['a token with a hyphen', set('token', 'sim-Token'), /^11:12: .*signs that are neither letters nor digits$/],
    ['a token in full-width letters', set('token', 'ｓｉｍToken'), /^11:12: .*full-width letters/],
    ['a token with something unseen', set('token', 'sim\u200BToken'), /^11:12: .*cannot be seen/],
    [
      'an AppSecret with a blank inside',
      set('appSecret', '"0123456789abcdef 123456789abcdef"'),
      /^10:16: expected the AppSecret: 32 letters and digits .*; this has a blank inside$/,
    ],
    [
      'an AppSecret of 31 characters',
      set('appSecret', '0123456789abcdef0123456789abcde'),
      /^10:16: .*; this has 31 characters$/,
    ],
    [
      'an AppID of the wrong length',
      set('appId', 'wx888888888888888'),
      /^9:12: expected an AppID: wx and 16 letters and digits, all small, found "wx888888888888888"; this has 17 characters$/,
    ],
    ['a name for the AppID', set('appId', 'gh_0a1b2c3d4e5f'), /^9:12: expected an AppID/],
    [
      'an AES key of 42 characters',
      set('encodingAesKey', 'RewardBotSimulatorKey0123456789abcdefghijk'),
      /^12:21: expected the EncodingAESKey of 服务器配置: 43 letters and digits; this has 42 characters$/,
    ],
    [
      'an AES key with the = that base64 ends with',
      set('encodingAesKey', 'RewardBotSimulatorKey0123456789abcdefghijkA='),
      /^12:21: .*44 characters/,
    ],
    [
      'an APIv2 key of 31 characters',
      set('apiV2Key', '0123456789abcdef0123456789ABCDE'),
      /^18:15: expected the APIv2 key: 32 .*this has 31 characters$/,
    ],
    [
      'an APIv2 key with a blank at its end',
      set('apiV2Key', '"0123456789abcdef0123456789ABCDE "'),
      /^18:15: .*this has a blank at its end$/,
    ],
    [
      'an APIv2 key with a line break at its end',
      set('apiV2Key', '"0123456789abcdef0123456789ABCDE\\n"'),
      /^18:15: .*this has a line break at its end$/,
    ],
    [
      'an APIv3 key of 33 characters',
      add('    apiV3Key: 0123456789abcdef0123456789ABCDEF0\n'),
      /^23:15: expected the APIv3 key: .*this has 33 characters$/,
    ],
    [
      'a serial number with colons',
      add('    serialNo: 51:57:F0:9E:FD:C0:96:DE\n'),
      /^23:15: expected the serial number .*neither letters nor digits/,
    ],
    [
      'a merchant number with a zero in front',
      set('mchId', '0190000010'),
      /^17:12: expected a merchant number \(商户号\): 8 to 10 digits, found "0190000010"/,
    ],
    ['a merchant number of seven digits', set('mchId', '1900000'), /^17:12: .*this has 7 characters$/],
    ['a merchant number with an O', set('mchId', '19O0000109'), /^17:12: .*found "19O0000109"/],
    ['a clientIp that is none', set('clientIp', '203.0.113.256'), /^22:15: expected an IPv4 address/],
    [
      'a mode in capitals',
      () => BOT.replace('    merchant: shop', '    mode: Safe\n    merchant: shop'),
      /^13:11: unknown word "Safe" for a mode; did you mean "safe"\?/,
    ],
    // ── The environment ──
    [
      'a variable that is not set',
      set('token', '${WECHAT_TOKEN}'),
      /^11:12: the environment has no WECHAT_TOKEN; set it/,
    ],
    [
      'a variable that is empty',
      set('token', '${WECHAT_TOKEN}'),
      /^11:12: the environment has WECHAT_TOKEN, but it is empty/,
      { WECHAT_TOKEN: '' },
    ],
    [
      'a variable of blanks',
      set('token', '${WECHAT_TOKEN}'),
      /^11:12: the environment has WECHAT_TOKEN, but it is empty/,
      { WECHAT_TOKEN: '  ' },
    ],
    [
      'a variable with a line break at its end',
      set('token', '${WECHAT_TOKEN}'),
      /^11:12: WECHAT_TOKEN in the environment ends with a line break; set it without/,
      { WECHAT_TOKEN: 'simToken01\n' },
    ],
    [
      'a variable with blanks around it',
      set('token', '${WECHAT_TOKEN}'),
      /^11:12: WECHAT_TOKEN in the environment has blanks around it/,
      { WECHAT_TOKEN: ' simToken01' },
    ],
    [
      'a variable whose quotes stayed',
      set('token', '${WECHAT_TOKEN}'),
      /^11:12: WECHAT_TOKEN in the environment has " around it as part of the value/,
      { WECHAT_TOKEN: '"simToken01"' },
    ],
    [
      'a variable without braces',
      set('token', '$WECHAT_TOKEN'),
      /^11:12: "\$WECHAT_TOKEN" reads nothing; the environment is read with \$\{WECHAT_TOKEN\}/,
      { WECHAT_TOKEN: 'simToken01' },
    ],
    [
      'a variable with a default',
      set('token', '"${WECHAT_TOKEN:-simToken01}"'),
      /^11:12: .*reads nothing; the environment is read with \$\{WECHAT_TOKEN\}/,
    ],
    [
      'a secret that is a variable’s name only',
      set('secret', '$HONGBAO_SECRET_OF_OUR_PRODUCTION_MACHINE'),
      /^6:9: .*reads nothing/,
    ],
    // ── Secrets ──
    [
      'a secret of one letter',
      set('secret', 'a'),
      /^6:9: this secret has 1 character, at least 32 are needed: .*openssl rand -hex 32\. .*acceptWeakSecret/,
    ],
    ['a secret of 31 characters', set('secret', SECRET.slice(0, 31)), /^6:9: this secret has 31 characters/],
    [
      'a secret that is a word again and again',
      set('secret', 'changeme'.repeat(5)),
      /^6:9: this secret is made of known words, or of one thing again and again: .*openssl rand -hex 32/,
    ],
    ['a secret of digits in order', set('secret', '0123456789'.repeat(4)), /^6:9: this secret is made of/],
    [
      'a secret as samples have it',
      set('secret', 'please-change-this-secret-to-something'),
      /^6:9: this secret is made of/,
    ],
    [
      'a sessionSecret that is weak',
      add('sessionSecret: secretsecretsecretsecretsecretsecret\n'),
      /^23:16: this secret is made of known words.*openssl rand -hex 32/,
    ],
    [
      'one weak sessionSecret in a list',
      add(`sessionSecret: [${OTHER}, short]\n`),
      /^23:\d+: this secret has 5 characters/,
    ],
    [
      'a sessionSecret that keys the draws',
      add(`sessionSecret: ${SECRET}\n`),
      /^23:16: sessionSecret is the same as secret/,
    ],
    [
      'a dashboard’s password of 8 characters',
      add('admin: { password: Abcd12!x }\n'),
      /^23:20: the password has 8 characters; at least 12 are needed/,
    ],
    [
      'a dashboard’s password that everybody tries',
      add('admin: { password: password1234 }\n'),
      /^23:20: the password is made of known words/,
    ],
    [
      'acceptWeakSecret beside a good one',
      add('acceptWeakSecret: 2026-12-31\n'),
      /^23:19: acceptWeakSecret is for a secret that is too weak; leave it out/,
    ],
    // ── The file ──
    ['a key twice', add(`secret: ${OTHER}\n`), /^23:1: the key "secret" is there already, in line 6/],
    ['an unknown key', set('trustProxy', '1\ntrustproxy: 1'), /^4:1: unknown key "trustproxy"/],
    [
      'a colon in full width',
      () => BOT.replace('rules: rules', 'rules：rules'),
      /^5:\d+: .*the colon is full-width: write "rules: "|^6:\d+: .*full-width/,
    ],
    // ── One against the other ──
    [
      'two accounts with one AppID',
      () =>
        BOT.replace(
          'merchants:',
          '  milk: { appId: wx8888888888888888, appSecret: 0123456789abcdef0123456789abcdef, token: tok2, mode: plain }\nmerchants:',
        ),
      /^15:18: accounts "tea" and "milk" have the same appId/,
    ],
    [
      'one merchant number with two keys',
      add(
        '  mall: { mchId: 1900000109, apiV2Key: ABCDEF0123456789abcdef0123456789, certificate: apiclient_cert.pem, privateKey: apiclient_key.pem }\n',
      ),
      /^23:40: merchants "shop" and "mall" have the same mchId, and another apiV2Key/,
    ],
    ['acceptLoss on SQLite', add('acceptLoss: 1s\n'), /^23:13: acceptLoss is for a store on Redis/],
    [
      'the demo’s word beside the real WeChat',
      add('demo: true\n'),
      /^23:7: demo: true is for a simulator on this machine, and not every `api` here is one/,
    ],
    [
      'rules that are not there',
      set('rules', 'ruels'),
      /^5:8: rules: there is no .*ruels; paths count from the folder/,
    ],
    [
      'a secret that is the AppSecret too',
      () =>
        BOT.replace(SECRET, '9f2c81d07b3e4a56c8d1e0f2a3b4c5d6').replace(
          '0123456789abcdef0123456789abcdef',
          '9f2c81d07b3e4a56c8d1e0f2a3b4c5d6',
        ),
      /^6:9: this secret is a key of an account or a merchant as well, which others know/,
    ],
    // ── The store ──
    ['a store of another kind', set('store', 'mysql://h/d'), /^4:8: expected a store: sqlite:FILE/],
    ['a Redis with a port that is none', set('store', 'redis://:pw@h:99999/0'), /^4:8: store: a host is HOST:PORT/],
    [
      'a Redis with an option that is none',
      set('store', 'redis://h/0?persistance=assured'),
      /^4:8: store: unknown option \?persistance/,
    ],
    ['several Redis that are no cluster', set('store', 'redis://a:1,b:2'), /^4:8: store: several hosts are a cluster/],
    // ── Files ──
    [
      'a certificate that is not there',
      set('certificate', 'gone.pem'),
      /^19:18: .*gone\.pem cannot be read: there is no such file/,
    ],
    [
      'a certificate that is a folder',
      () => {
        mkdirSync(join(folder, 'dir.pem'), { recursive: true });
        return set('certificate', 'dir.pem')();
      },
      /^19:18: .*dir\.pem is not a file/,
    ],
    ['a certificate that never ends', set('certificate', '/dev/zero'), /^19:18: .*zero is not a file but a device/],
  ])('%s', (_, yaml, reason, env) => {
    const said = refusal(yaml(), env);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(reason);
  });

  test('a value that comes from the environment is never shown', () => {
    const env = { TOKEN: 'my token 123', KEY: 'key key key', APP: 'tea-secret-1' };
    const yaml = set('token', '${TOKEN}')().replace('0123456789abcdef0123456789abcdef', '${KEY}');
    const said = refusal(yaml, env).join('\n');
    expect(said).toMatch(/11:12: .*blank inside/);
    for (const value of Object.values(env)) expect(said).not.toContain(value);
  });

  test('a tab is named, and what follows from it', () => {
    expect(refusal(BOT.replace('  tea:', '\ttea:')).join('\n')).toMatch(/^8:1: a tab indents this line: type spaces/m);
  });

  test('all at once, in the order of the file', () => {
    const yaml = set('token', 'x')()
      .replace('https://bot.example.com', 'bot.example.com')
      .replace(SECRET, 'a')
      .replace('1900000109', '19');
    expect(refusal(yaml).map(each => each.split(':')[0])).toEqual(['2', '11', '17']);
    expect(
      refusal(BOT.replace(SECRET, 'a').replace('apiclient_key.pem', 'gone.pem')).map(each => each.split(':')[0]),
    ).toEqual(['6', '20']);
  });

  test.each<[string, string | Buffer, RegExp]>([
    ['UTF-16', Buffer.from(`\uFEFF${BOT}`, 'utf16le'), /bot\.yaml is UTF-16, not UTF-8; save it as UTF-8/],
    [
      'GBK',
      Buffer.concat([Buffer.from('# '), Buffer.from([0xba, 0xec, 0xb0, 0xfc]), Buffer.from(`\n${BOT}`)]),
      /bot\.yaml is GBK, not UTF-8/,
    ],
  ])('a bot.yaml in %s is named', (_, bytes, reason) => {
    expect(() => load(bytes)).toThrow(reason);
  });

  test('a byte order mark before it is read over', () => {
    expect(load(`\uFEFF${BOT}`).secret).toBe(SECRET);
  });

  test.each(['/dev/zero', tmpdir()])('a bot.yaml that is %s is named, and nothing waits for it', path => {
    expect(() => loadConfig(path, {}, NOW)).toThrow(/is not a file/);
  });
});

describe('secrets', () => {
  const weak = (more: string): string[] => refusal(BOT.replace(SECRET, 'tea-2025') + more);

  test('one that is too weak may stay to the end of a campaign that is said, with a session secret beside it', () => {
    expect(weak(`acceptWeakSecret: 2026-12-31\nsessionSecret: ${OTHER}\n`)).toEqual(['it was taken']);
    expect(weak('acceptWeakSecret: 2026-12-31\n')[0]).toMatch(/^23:19: acceptWeakSecret needs a sessionSecret/);
    expect(weak(`acceptWeakSecret: 2026-11-28\nsessionSecret: ${OTHER}\n`)[0]).toMatch(
      /^23:19: a weak secret was accepted until 2026-11-28; make one with: openssl rand -hex 32, for secret$/,
    );
    const config = load(`${BOT.replace(SECRET, 'tea-2025')}acceptWeakSecret: 2026-11-29\nsessionSecret: ${OTHER}\n`);
    expect(config.secret).toBe('tea-2025'); // its draws stay as they are
    expect(config.hints).toMatchObject([{ line: 6, message: expect.stringContaining('weak') }]);
  });

  test('sessions have a key of their own, which follows from `secret` where none is said', () => {
    const derived = sessionSecretsOf(load());
    expect(derived).toHaveLength(1);
    expect(derived[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(derived[0]).not.toContain(SECRET);
    expect(sessionSecretsOf(load(BOT.replace(SECRET, OTHER)))).not.toEqual(derived);
    expect(sessionSecretsOf(load(`${BOT}sessionSecret: ${OTHER}\n`))).toEqual([OTHER]);
    const list = `${BOT}sessionSecret:\n  - ${OTHER}\n  - ${OTHER.replace('9', '8')}\n`;
    expect(sessionSecretsOf(load(list))).toEqual([OTHER, OTHER.replace('9', '8')]);
  });

  test('what openssl rand makes is never called weak', () => {
    for (let n = 0; n < 2000; n++) {
      const bytes = crypto.getRandomValues(new Uint8Array(32));
      expect(weightOf(Buffer.from(bytes).toString('hex'))).toBeGreaterThan(30);
      expect(weightOf(Buffer.from(bytes).toString('base64'))).toBeGreaterThan(24);
    }
    for (const phrase of ['correct horse battery staple and tea', 'a secret for tests that is long enough'])
      expect(weightOf(phrase)).toBeGreaterThan(16);
    expect(weightOf('茶叶蛋煮三分钟好吃吗谁知道')).toBeGreaterThan(8);
  });
});

describe('what is likely wrong is said at the start, and stops nobody:', () => {
  test.each<[string, () => string, RegExp]>([
    [
      'plain mode where everybody can come',
      () => BOT.replace('    merchant: shop', '    mode: plain\n    merchant: shop'),
      /^13:11: account "tea" takes pushes in plain mode: they are not encrypted.*mode: safe/,
    ],
    ['publicUrl without TLS', set('publicUrl', 'http://bot.example.com'), /^2:12: publicUrl is plain http/],
    [
      'https without a word of proxies',
      () => BOT.replace('trustProxy: 1\n', ''),
      /^2:12: publicUrl is https, so a proxy stands in front: say `trustProxy: 1`/,
    ],
    ['no publicUrl', () => BOT.replace(/^publicUrl.*\n/m, ''), /^1:1: there is no publicUrl/],
    [
      'a port that WeChat does not call',
      set('publicUrl', 'https://bot.example.com:8443'),
      /^2:12: publicUrl has the port 8443/,
    ],
    ['an api without TLS', set('api', 'http://relay.example/wx'), /^14:10: accounts\.tea\.api is plain http/],
    [
      'a clientIp inside a network',
      set('clientIp', '192.168.1.7'),
      /^22:15: clientIp 192\.168\.1\.7 is an address inside a network/,
    ],
    [
      'two accounts with one token',
      () =>
        BOT.replace(
          'merchants:',
          '  milk: { appId: wx8888888888888889, appSecret: 0123456789abcdef0123456789abcdef, token: simToken01, encodingAesKey: RewardBotSimulatorKey0123456789abcdefghijkE }\nmerchants:',
        ),
      /^15:\d+: accounts "tea" and "milk" have the same token/,
    ],
    [
      'one merchant number twice',
      add(
        '  mall: { mchId: 1900000109, apiV2Key: 0123456789abcdef0123456789ABCDEF, certificate: apiclient_cert.pem, privateKey: apiclient_key.pem }\n',
      ),
      /^23:18: merchants "shop" and "mall" have the same mchId: each keeps rate and limits for itself/,
    ],
  ])('%s', (_, yaml, reason) => {
    const said = load(yaml()).hints!.map(({ line, column, message }) => `${line}:${column}: ${message}`);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(reason);
  });

  test('on this machine alone nothing of it is said', () => {
    const yaml = BOT.replace('https://bot.example.com', 'http://localhost:3000')
      .replace('trustProxy: 1\n', '')
      .replace('    merchant: shop', '    mode: plain\n    merchant: shop')
      .replace(/api: https:\/\/api\S+/g, 'api: http://127.0.0.1:3001')
      .replace('203.0.113.7', '127.0.0.1');
    expect(load(yaml).hints).toEqual([]);
  });
});

describe('a start', () => {
  const start = async (yaml: string, env = ENV): Promise<string> => {
    writeFileSync(join(folder, 'start.yaml'), yaml);
    mkdirSync(join(folder, 'rules'), { recursive: true });
    writeFileSync(join(folder, 'rules/a.yaml'), RULE);
    const { result } = command(folder, 'start', '--config', 'start.yaml');
    const { code, err, out } = await result;
    expect([code, env]).toEqual([2, env]);
    return err + out;
  };
  const RULE = `campaign: test
name: 测试
period: { from: 2020-01-01, to: 2099-12-31 }
rules:
  - { id: help, on: { text: 帮助 }, reply: 好 }
`;

  test('on a port that is taken, an address of another machine, a store that cannot be: at the line of bot.yaml', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const port = portOf(server);
    expect(await start(set('listen', `127.0.0.1:${port}`)())).toContain(`start.yaml:1:9: port ${port} is taken`);
    server.close();
    expect(await start(set('listen', '203.0.113.7:3999')())).toMatch(
      /start\.yaml:1:9: listen: 203\.0\.113\.7 is no address of this machine/,
    );
    expect(await start(set('store', 'sqlite:start.yaml/bot.db')())).toMatch(/start\.yaml:4:8: cannot open the store/);
    expect(await start(set('store', 'sqlite:rules')())).toMatch(/start\.yaml:4:8: cannot open the store/);
  }, 180_000);

  test('with an expired certificate is refused, and so is check; other commands still work', async () => {
    const { certPem, keyPem } = issue({ until: new Date('2024-01-01T00:00:00Z') });
    writeFileSync(join(folder, 'old_cert.pem'), certPem);
    writeFileSync(join(folder, 'apiclient_key.pem'), keyPem);
    const yaml = set('certificate', 'old_cert.pem')();
    expect(await start(yaml)).toMatch(/start\.yaml:19:18: old_cert\.pem has expired \(2024-01-01 08:00:00\)/);
    const check = await run(folder, 'check', '--config', 'start.yaml');
    expect([check.code, check.err]).toEqual([2, expect.stringContaining('old_cert.pem has expired')]);
    const list = await run(folder, 'merchant', 'list', '--config', 'start.yaml');
    expect([list.code, list.out]).toEqual([0, expect.stringMatching(/certificate until 2024-01-01 \(expired!\)/)]);
    const { out } = await run(folder, 'merchant', 'list', '--json', '--config', 'start.yaml');
    expect(readJson(out, isListOf(isMap))[0]!.certificates).toMatchObject([
      { key: 'certificate', file: 'old_cert.pem', until: Date.parse('2024-01-01T00:00:00Z') },
    ]);
  }, 180_000);
});
