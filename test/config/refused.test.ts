// More wrong settings, of kinds that each are right by themselves: keys of one merchant at another, addresses of one server for
// another, numbers that let nothing be paid, people who share a password, robots of another kind. Each is one message, at its
// place, with its fix, in both languages; and what opens something is never repeated.

import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Config, loadConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { BadInput, told } from '../../src/core/base/error.ts';
import { instant } from '../../src/core/base/time.ts';
import { exactly } from '../support/exactly.ts';
import { caPem, issue, keyNo } from '../support/issue.ts';

const NOW = instant(Date.parse('2026-11-29T12:00:00Z'));
const SECRET = '0f3c9a7be1d84625b7a0c1e2d3f4958677a8b9c0d1e2f3a4';
const PASSWORD = 'Xk93jf02lsP0qq';
const PASSWORD_2 = 'Yw81hd63mcQ5rr';
const KEY_ID = 'PUB_KEY_ID_0119000001092026';
const own = issue();

const BOT = `listen: 127.0.0.1:3000
publicUrl: https://bot.example.com
trustProxy: 1
store: sqlite:data/bot.db
secret: ${SECRET}
accounts:
  tea:
    appId: wx8888888888888888
    appSecret: 0123456789abcdef0123456789abcdef
    token: simToken01
    encodingAesKey: RewardBotSimulatorKey0123456789abcdefghijkA
    merchant: shop
    api: https://api.weixin.qq.com
    open: https://open.weixin.qq.com
merchants:
  shop:
    mchId: "1900000109"
    apiV2Key: 0123456789abcdef0123456789ABCDEF
    certificate: apiclient_cert.pem
    privateKey: apiclient_key.pem
    api: https://api.mch.weixin.qq.com
    clientIp: 203.0.113.7
    channel: transfer
    apiV3Key: 0123456789abcdef0123456789abcdeX
    serialNo: ${own.serial}
    platformKeys:
      - { id: ${KEY_ID}, publicKey: pub_key.pem }
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-refused-'));
  mkdirSync(join(folder, 'rules'));
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const other = issue({ cn: '1900000110', key: keyNo(2) });
  const pub = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  put('apiclient_cert.pem', own.certPem);
  put('apiclient_key.pem', own.keyPem);
  put('other_cert.pem', other.certPem);
  put('other_key.pem', other.keyPem);
  put('pub_key.pem', pub.export({ type: 'spki', format: 'pem' }).toString());
  put('ca.pem', caPem());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(yaml: string, env: Environment = {}): Config {
  writeFileSync(join(folder, 'bot.yaml'), yaml);
  return loadConfig(join(folder, 'bot.yaml'), env, NOW);
}

/** What is said, by place, in both languages. */
function refusal(yaml: string, env?: Environment): { en: string; zh: string }[] {
  try {
    load(yaml, env);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return error.findings.map(finding => {
      const { line, column, message } = finding;
      return { en: `${line}:${column}: ${message}`, zh: told(finding, 'zh').message };
    });
  }
  return [];
}

const set = (key: string, value: string) => (): string =>
  BOT.replace(new RegExp(`^( *${key}: ).*$`, 'm'), (_, head: string) => head + value);
/** Behind all; the first line has number 28. */
const add = (text: string) => (): string => BOT + text;
const swap = (from: string, to: string) => (): string => {
  expect(BOT).toContain(from);
  return BOT.replace(from, () => to);
};
const ROBOT = (line: string): (() => string) => add(`alarms: { webhooks: [${line}] }\n`);
const MAIL = (smtp: string): (() => string) =>
  add(`alarms: { email: { smtp: "${smtp}", from: bot@example.com, to: ops@example.com } }\n`);
const PEOPLE = (...lines: string[]): (() => string) =>
  add(`admin:\n  operators:\n${lines.map(line => `    - { ${line} }\n`).join('')}`);

test('the settings of this file are right', () => {
  expect(refusal(BOT)).toEqual([]);
  expect(load(BOT)).toMatchObject({ hints: [] });
});

describe('is refused at its place, with its fix, in both languages:', () => {
  test.each<[string, () => string, RegExp]>([
    // ── Keys and certificates ──
    [
      'a platform certificate that is another merchant’s',
      swap(`id: ${KEY_ID}, publicKey: pub_key.pem`, 'certificate: other_cert.pem'),
      /^27:24: other_cert\.pem is the certificate of the merchant 1900000110; expected WeChat Pay's public key/,
    ],
    [
      'a platform certificate that is its issuer’s',
      swap(`id: ${KEY_ID}, publicKey: pub_key.pem`, 'certificate: ca.pem'),
      /^27:24: ca\.pem is the certificate of an issuer \(CA\); expected WeChat Pay's public key/,
    ],
    [
      'a platform key that is private',
      swap('publicKey: pub_key.pem', 'publicKey: other_key.pem'),
      /^27:55: other_key\.pem is a private key; expected WeChat Pay's public key/,
    ],
    [
      'one platform key under two ids',
      add('      - { id: PUB_KEY_ID_0119000001092027, publicKey: pub_key.pem }\n'),
      /^28:9: pub_key\.pem is the key of PUB_KEY_ID_0119000001092026 as well: one of the two is another file/,
    ],
    [
      'a public key where the private one belongs',
      set('privateKey', 'pub_key.pem'),
      /^20:17: pub_key\.pem is a public key; expected the merchant's private key \(apiclient_key\.pem\)/,
    ],
    [
      'the key of another merchant',
      set('privateKey', 'other_key.pem'),
      /^20:17: other_key\.pem is the private key of another certificate than apiclient_cert\.pem/,
    ],
    [
      'the merchant’s own certificate as ca',
      add('    ca: apiclient_cert.pem\n'),
      /^28:9: apiclient_cert\.pem is the merchant's own certificate, which belongs under `certificate`/,
    ],
    [
      'a path from home',
      set('certificate', '"~/apiclient_cert.pem"'),
      /^19:18: "~" means nothing here; write the whole path/,
    ],
    [
      'a path as an address',
      set('certificate', 'file:///etc/apiclient_cert.pem'),
      /^19:18: a file is named by its path, without ":\/\/"/,
    ],
    ['a scene by its name', add('    transferScene: 现金营销\n'), /^28:20: expected a transfer scene such as 1000/],
    [
      'a perception on two lines',
      add('    perception: "a\\nb"\n'),
      /^28:17: expected what the follower reads \(user_recv_perception\) on one line/,
    ],
    [
      'a perception that is too long',
      add(`    perception: ${'长'.repeat(86)}\n`),
      /^28:17: .* has 258 bytes; at most 256/,
    ],
    // ── Numbers of a merchant ──
    [
      'a max below what is the least where none is said',
      add('    limits: { max: ¥0.50 }\n'),
      /^28:20: merchant "shop": one payout is at least ¥1\.00 and at most ¥0\.50.* write limits\.min and limits\.max/,
    ],
    [
      'a min above what is the most where none is said',
      add('    limits: { min: ¥300.00 }\n'),
      /^28:20: merchant "shop": one payout is at least ¥300\.00 and at most ¥200\.00/,
    ],
    [
      'a min above its max',
      add('    limits: { max: ¥2.00, min: ¥3.00 }\n'),
      /^28:32: merchant "shop": limits\.min is above limits\.max/,
    ],
    [
      'a day of a follower with less than one payout',
      add('    limits: { amountPerUserPerDay: ¥0.99 }\n'),
      /^28:36: .*limits\.amountPerUserPerDay ¥0\.99 is less than one payout, ¥1\.00/,
    ],
    [
      'a day of the merchant with less than one payout',
      add('    limits: { min: ¥5.00, amountPerDay: ¥4.99 }\n'),
      /^28:41: .*limits\.amountPerDay ¥4\.99 is less than one payout, ¥5\.00/,
    ],
    [
      'questions after WeChat Pay has forgotten',
      add('    askAfter: [1h, 40d]\n'),
      /^28:15: WeChat Pay answers for 30 days/,
    ],
    ['questions too seldom', add('    askEvery: 30d\n'), /^28:15: WeChat Pay answers for 30 days .* within 29d/],
    ['the merchant as the one it serves', add('    subMchId: "1900000109"\n'), /^28:15: subMchId is mchId itself/],
    ['a consumeMchId of no provider', add('    consumeMchId: "1900000110"\n'), /^28:19: consumeMchId is for a service/],
    [
      'a msgAppId of no provider',
      add('    msgAppId: wx8888888888888887\n'),
      /^28:15: msgAppId is for a service provider/,
    ],
    // ── Addresses ──
    [
      'WeChat Pay’s server as that of the account',
      set('api', 'https://api.mch.weixin.qq.com'),
      /^13:10: api: api\.mch\.weixin\.qq\.com is a server of WeChat's for something else; leave it out/,
    ],
    [
      'the account’s server as WeChat Pay’s',
      swap('https://api.mch.', 'https://api.'),
      /^21:10: api: api\.weixin\.qq\.com is/,
    ],
    ['the console as a server', set('api', 'https://mp.weixin.qq.com'), /^13:10: api: mp\.weixin\.qq\.com is a server/],
    ['open at another server', set('open', 'https://api.weixin.qq.com'), /^14:11: open: api\.weixin\.qq\.com is/],
    ['publicUrl at WeChat', set('publicUrl', 'https://api.weixin.qq.com'), /^2:12: publicUrl: api\.weixin\.qq\.com is/],
    // ── The store ──
    [
      'a file written as an address',
      set('store', 'sqlite://data/bot.db'),
      /^4:8: store: .*; write sqlite:data\/bot\.db$/,
    ],
    ['a store in memory', set('store', '"sqlite::memory:"'), /^4:8: store: what is kept in memory is lost/],
    [
      'a file with options',
      set('store', 'sqlite:data/bot.db?mode=rw'),
      /^4:8: store: a file has no options; write sqlite:data\/bot\.db$/,
    ],
    [
      'a blank before the file',
      set('store', '"sqlite: data/bot.db"'),
      /^4:8: store: there is a blank around.*sqlite:data/,
    ],
    ['a folder as the file', set('store', 'sqlite:data/'), /^4:8: store: this is a folder.*sqlite:data\/bot\.db$/],
    // ── Who looks at it ──
    [
      'metrics that are read with the secret',
      add(`metrics: { token: ${SECRET} }\n`),
      /^28:19: metrics\.token is another key/,
    ],
    [
      'a token for metrics that everybody tries',
      add('metrics: { token: aaaaaaaaaaaaaaaaaaaa }\n'),
      /^28:19: this token is made/,
    ],
    [
      'a dashboard where followers come',
      add(`admin: { listen: 127.0.0.1:3000, password: ${PASSWORD} }\n`),
      /^28:18: admin\.listen is where followers come/,
    ],
    [
      'a dashboard on the same port for everybody',
      add(`admin: { listen: 0.0.0.0:3000, password: ${PASSWORD} }\n`),
      /^28:18: admin\.listen is where followers come/,
    ],
    [
      'a dashboard behind plain http',
      add(`admin: { url: http://admin.example.com, password: ${PASSWORD} }\n`),
      /^28:15: admin\.url is plain http/,
    ],
    [
      'a dashboard that opens with the secret',
      add(`admin: { password: ${SECRET} }\n`),
      /^28:8: the password is another key/,
    ],
    [
      'two people with one password',
      PEOPLE(`name: ann, role: owner, password: ${PASSWORD}`, `name: bob, role: operator, password: ${PASSWORD}`),
      /^31:15: ann and bob have the same password/,
    ],
    [
      'two people with one authenticator',
      PEOPLE(
        `name: ann, role: owner, password: ${PASSWORD}, totp: JBSWY3DPEHPK3PXP`,
        `name: bob, role: operator, password: ${PASSWORD_2}, totp: JBSWY3DPEHPK3PXP`,
      ),
      /^31:15: ann and bob have the same totp/,
    ],
    // ── Alarms ──
    ['alarms that call nobody', add('alarms: { language: zh }\n'), /^28:9: alarms: nobody would be called/],
    [
      'alarms each minute',
      add('alarms: { repeat: 1m, webhooks: [{ kind: json, url: "https://a.example/x" }] }\n'),
      /^28:19: alarms are said again after 5m at the earliest/,
    ],
    [
      'a robot at no port',
      ROBOT('{ kind: json, url: "https://a.example:99999/x" }'),
      /^28:41: .*the port \(1 to 65535\)/,
    ],
    ['a robot at no host', ROBOT('{ kind: json, url: "https://[::1/x" }'), /^28:41: expected the address of the robot/],
    [
      'a robot of 飞书 as one of 企业微信',
      ROBOT('{ kind: wecom, url: "https://open.feishu.cn/open-apis/bot/v2/hook/abc" }'),
      /^28:42: this is the address of a robot of feishu; say `kind: feishu`/,
    ],
    [
      'a robot of 企业微信 as one of 飞书',
      ROBOT('{ kind: feishu, url: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc" }'),
      /^28:43: this is the address of a robot of wecom; say `kind: wecom`/,
    ],
    [
      'a robot of 企业微信 without its key',
      ROBOT('{ kind: wecom, url: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send" }'),
      /^28:42: a robot of 企业微信 has its key in its address/,
    ],
    [
      'a robot of 企业微信 with a secret',
      ROBOT('{ kind: wecom, url: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc", secret: topSecretPw }'),
      /^28:110: a robot of 企业微信 has no secret/,
    ],
    ['a mail server with a slip', MAIL('smpt://u:topSecretPw@smtp.example.com:465'), /^28:26: expected smtps:\/\/user/],
    ['a mail server at no port', MAIL('smtps://u:topSecretPw@smtp.example.com:99999'), /^28:26: expected smtps:\/\//],
    ['a mail server without a name', MAIL('smtps://:465'), /^28:26: expected smtps:\/\//],
    ['a mail password with #', MAIL('smtps://u:p#topSecretPw@smtp.example.com:465'), /^28:26: .* are written %40/],
    ['a mail name with @', MAIL('smtps://u@b.example:topSecretPw@smtp.example.com:465'), /^28:26: .* are written %40/],
    ['words of the log that there are not', add('log: { openids: none }\n'), /^28:17: unknown word "none"/],
  ])('%s', (_, yaml, reason) => {
    const said = refusal(yaml());
    expect(said.map(({ en }) => en)).toEqual([expect.stringMatching(reason)]);
    const [{ en, zh }] = exactly(1, said);
    for (const opens of [SECRET, PASSWORD, 'topSecretPw']) expect(en + zh).not.toContain(opens);
    // Not a sentence of English in it.
    expect(zh).toMatch(/[\u4E00-\u9FFF]/);
    expect(zh.replaceAll(/openssl.*$/g, '')).not.toMatch(/[A-Za-z]+ [a-z]+ [a-z]+ [a-z]+/);
  });

  test('a key in the place of its file, in the file or from the environment, which is never repeated', () => {
    const lines = own.keyPem.trim().split('\n');
    const body = lines.slice(1, -1).join('');
    const block = `|\n${lines.map(line => `      ${line}`).join('\n')}`;
    const said = [
      refusal(set('privateKey', block)()),
      refusal(set('privateKey', body)()),
      ...[own.keyPem, body, lines.join('\\n')].map(KEY => refusal(set('privateKey', '${KEY}')(), { KEY: KEY.trim() })),
    ];
    for (const findings of said) {
      expect(findings.map(({ en }) => en)).toEqual([
        expect.stringMatching(/^20:17: here stands what belongs into a file/),
      ]);
      for (const { en, zh } of findings) expect(en + zh).not.toMatch(/MII[A-Za-z0-9+/]{8}|BEGIN/);
    }
  });

  test('a key in the place of a number, which is not repeated either', () => {
    const key = '0123456789abcdef0123456789ABCDEF';
    for (const place of ['mchId', 'appId'])
      expect(refusal(set(place, key)())).toEqual([
        { en: expect.not.stringContaining(key), zh: expect.not.stringContaining(key) },
      ]);
  });

  test('but for what is likely wrong, which is said', () => {
    const hints = (yaml: string): string[] => load(yaml).hints!.map(({ line, message }) => `${line}: ${message}`);
    expect(hints(add('    quietHours: ["12:00-24:00", "00:00-12:00"]\n')())).toEqual([
      expect.stringMatching(/^28: the quietHours of merchant "shop" leave no minute of the day/),
    ]);
    expect(hints(add('    quietHours: ["12:01-24:00", "00:00-12:00"]\n')())).toEqual([]);
    for (const [url, words] of [
      ['https://192.168.1.3', 'nobody outside of this network can reach'],
      ['https://bot', 'nobody outside of this network can reach'],
      ['https://203.0.113.9', 'only a number'],
    ] as const)
      expect(hints(set('publicUrl', url)())).toEqual([expect.stringContaining(words)]);
  });

  test('and what is right, and looks like it, is taken', () => {
    for (const yaml of [
      add('    limits: { min: ¥0.30, max: ¥0.50, amountPerUserPerDay: ¥0.50 }\n'),
      add('    askAfter: [1h, 29d]\n'),
      add('    subMchId: "1900000110"\n    consumeMchId: "1900000110"\n'),
      set('api', 'https://api2.weixin.qq.com'),
      set('api', 'https://relay.example.com/wx'),
      swap('https://api.mch.', 'https://api2.mch.'),
      set('store', 'sqlite:///var/lib/bot.db'),
      add(`admin: { listen: 127.0.0.1:3080, url: http://127.0.0.1:3080, password: ${PASSWORD} }\n`),
      ROBOT('{ kind: json, url: "https://qa.example/hook?key=1", secret: topSecretPw }'),
      MAIL('smtps://ops%40example.com:p%23w@smtp.example.com:465'),
      MAIL('smtp://127.0.0.1:25'),
    ])
      expect(refusal(yaml())).toEqual([]);
  });

  test('what opens something is cut out of the log', () => {
    const { log } = load(
      add(
        'alarms: { webhooks: [{ kind: json, url: "https://a.example/hook-123", secret: hook-secret }], ' +
          'email: { smtp: "smtps://ops:topSecretPw@smtp.example.com:465", from: a@b.example, to: c@d.example } }\n' +
          'metrics: { token: prometheus-reads-here }\n',
      )(),
    );
    expect(log.secrets).toEqual(
      expect.arrayContaining([
        'smtps://ops:topSecretPw@smtp.example.com:465',
        'https://a.example/hook-123',
        'hook-secret',
        'prometheus-reads-here',
      ]),
    );
  });
});
