// The ten kinds of flood. Each half comes from where WeChat itself comes from (as behind a proxy that nobody named), so that
// its address cannot be shut, and half from strangers.
import { randomBytes } from 'node:crypto';
import { keysOf } from '../../src/core/base/record.ts';
import { openidOf, type PushAccount, sealedPush } from './push.ts';
import { type Front, hammer, hold, http, strangerAt } from './wire.ts';

export type FloodPorts = Front & { readonly keyId: string; readonly account: PushAccount };

const PAGE = '/h5/tea/test';
const seconds = (): string => String(Math.floor(Date.now() / 1000));
const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** `count` connections that ask as fast as they are answered. */
function hammers(front: FloodPorts, count: number, requests: readonly (() => Buffer)[], restMs = 0): void {
  for (let n = 0; n < count; n++) {
    let turn = n;
    hammer(front, strangerAt(n % 2 === 0 ? 0 : 1 + (n % 8)), () => requests[turn++ % requests.length]!(), restMs);
  }
}

const forgedPush = (body: string): Buffer =>
  http(
    `POST /wechat/tea?signature=${hex(20)}&timestamp=${seconds()}&nonce=${hex(5)}&encrypt_type=aes&msg_signature=${hex(20)}`,
    ['Content-Type: text/xml'],
    body,
  );
const v3Headers = (keyId: string): string[] => [
  'Content-Type: application/json',
  `Wechatpay-Serial: ${keyId}`,
  `Wechatpay-Timestamp: ${seconds()}`,
  `Wechatpay-Nonce: ${hex(16)}`,
  `Wechatpay-Signature: ${randomBytes(256).toString('base64')}`,
];
const DISTINCT_TAGS = `<xml>${Array.from({ length: 4000 }, (_, n) => `<t${n}></t${n}>`).join('')}</xml>`;
const NESTED_TAGS = `<xml>${'<a>'.repeat(6700)}${'</a>'.repeat(6700)}</xml>`;
const fits = (text: string): string => `${text.slice(0, 8000).replace(/<[^>]*$/, '')}</xml>`;
/** Where a pattern could go back and forth. */
const BLANKS = `<xml><Encrypt>${' '.repeat(60_000)}</Encrypt></xml>`;
const SEALED = `<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[${'QUJD'.repeat(200)}]]></Encrypt></xml>`;
const NOTICE_V2 = `<xml>${Array.from({ length: 30 }, (_, n) => `<coupon_id_${n}><![CDATA[${n}]]></coupon_id_${n}>`).join('')}<return_code>SUCCESS</return_code><sign>${'A'.repeat(32)}</sign></xml>`;
const REFUND_V2 = `<xml><return_code>SUCCESS</return_code><req_info>${'QUJD'.repeat(1500)}</req_info></xml>`;
const NOTICE_V3 = JSON.stringify({
  id: 'x',
  event_type: 'TRANSACTION.SUCCESS',
  resource: { algorithm: 'AEAD_AES_256_GCM', ciphertext: 'QUJD'.repeat(400), nonce: '123456789012' },
});

/** People do not push as fast as they are answered: thirty connections of WeChat's, some hundreds of pushes a second. */
const CROWD_RESTS_MS = 50;

/** So many connections, each a millisecond after the other. */
function dial(count: number, open: (n: number) => void): void {
  for (let n = 0; n < count; n++) setTimeout(open, n, n);
}

/** Each begins its connections and returns; they end by themselves at `until`. */
export const FLOODS = {
  'invalid signatures': front =>
    hammers(front, 100, [
      () => forgedPush(SEALED),
      () => http(`GET /wechat/tea?signature=${hex(20)}&timestamp=${seconds()}&nonce=1&echostr=1`),
    ]),
  'big bodies': front => {
    const big = 'x'.repeat(64_000);
    hammers(front, 40, [
      () => forgedPush(`<xml><Encrypt>${'QUJD'.repeat(15_900)}</Encrypt></xml>`),
      () => http('POST /notify/pay/shop', v3Headers(front.keyId), big),
      () => http('POST /notify/transfer/shop', v3Headers(front.keyId), big),
      () => http('POST /nowhere', [], big.repeat(3)),
    ]);
  },
  'distinct and nested tags': front =>
    hammers(front, 60, [
      ...[DISTINCT_TAGS, NESTED_TAGS, fits(DISTINCT_TAGS), fits(NESTED_TAGS)].map(
        body => () => http('POST /notify/pay/shop', ['Content-Type: text/xml'], body),
      ),
      ...[DISTINCT_TAGS, NESTED_TAGS, BLANKS].map(body => () => forgedPush(body)),
    ]),
  'notices v2, v3, transfer': front =>
    hammers(front, 100, [
      () => http('POST /notify/pay/shop', [], NOTICE_V2),
      () => http('POST /notify/pay/shop', [], REFUND_V2),
      () => http('POST /notify/pay/shop', v3Headers(front.keyId), NOTICE_V3),
      () => http('POST /notify/pay/shop', v3Headers('0123456789ABCDEF'), NOTICE_V3),
      () => http('POST /notify/transfer/shop', v3Headers(front.keyId), NOTICE_V3),
    ]),
  'the page (H5)': front =>
    hammers(front, 100, [
      () => http(`GET ${PAGE}`, ['Accept: text/html']),
      () => http(`GET /h5/tea/none${hex(4)}`, ['Accept: text/html']),
      () =>
        http(`GET /oauth/tea/callback?campaign=test&code=${hex(16)}&state=${hex(44)}0`, [
          `Cookie: oauth=${hex(24)}.${hex(16)}`,
        ]),
      () =>
        http(
          `POST ${PAGE}/draw`,
          ['Content-Type: application/json', `Cookie: visitor-tea=o${hex(13)}x.9999999999.${hex(24)}`],
          '{"tap":"x"}',
        ),
    ]),
  pipelining: front => {
    const bytes = Buffer.from('GET /nope HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000));
    dial(300, n =>
      hold(front, strangerAt(n % 2 === 0 ? 0 : 1 + (n % 8)), bytes, 'GET /nope HTTP/1.1\r\nHost: x\r\n\r\n', 400),
    );
  },
  'slow readers': front => {
    const page = http('GET /h5/tea/none', ['Accept: text/html']);
    const bytes = Buffer.concat(Array(16).fill(page));
    dial(1000, n => hold(front, strangerAt(1 + (n % 100)), bytes, '\r\n', 3000));
  },
  'slow writers': front => {
    const begins = [
      Buffer.from('GET /healthz HTTP/1.1\r\nHost: x\r\n'),
      Buffer.concat([
        Buffer.from('POST /wechat/tea?signature=x HTTP/1.1\r\nHost: x\r\nContent-Length: 65000\r\n\r\n'),
        Buffer.alloc(64_000, 'x'),
      ]),
      Buffer.from(
        `POST /notify/pay/shop HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(4000)}`,
      ),
      Buffer.from(''),
    ];
    dial(1000, n =>
      hold(front, strangerAt(1 + (n % 100)), begins[n % begins.length]!, n % 4 === 0 ? 'X-A: b\r\n' : 'x', 2000),
    );
  },
  '99 headers and more': front => {
    const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `X-${n}: a`);
    hammers(
      front,
      100,
      [97, 99, 150, 1500].map(
        count => () => http('POST /wechat/tea?signature=x', [...many(count), 'X-Forwarded-For: 203.0.113.1'], 'x'),
      ),
    );
  },
  'a genuine crowd': front => {
    let count = 0;
    hammers(
      front,
      30,
      [
        () => {
          const { path, body } = sealedPush(front.account, openidOf('Crowd', count++), '帮助');
          return http(`POST ${path}`, ['Content-Type: text/xml'], body);
        },
      ],
      CROWD_RESTS_MS,
    );
  },
} satisfies Record<string, (front: FloodPorts) => void>;

export type FloodName = keyof typeof FLOODS;
export const FLOOD_NAMES = keysOf(FLOODS);
