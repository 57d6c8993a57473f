// What WeChat pushes, through the webhook: read whatever a follower wrote, in both formats and all modes, and answered in
// the same way.
import { setTimeout as sleep } from 'node:timers/promises';
import { getSignature, decrypt as theirDecrypt } from '@wecom/crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openId } from '../../src/core/base/event.ts';
import { endOfDay, HOUR, instant } from '../../src/core/base/time.ts';
import type { Log } from '../../src/ports.ts';
import { readPushJson } from '../../src/wechat/account/push-json.ts';
import { readPushXml } from '../../src/wechat/account/push-xml.ts';
import { createWebhook } from '../../src/wechat/account/webhook.ts';
import { parseXml } from '../../src/wechat/xml.ts';
import { ACCOUNT, startWorld, type World } from '../support/harness.ts';
import { isMap, readJson } from '../support/json.ts';
import {
  envelope,
  event,
  type Fields,
  FORMATS,
  INJECTIONS,
  jsonOf,
  MODES,
  type Mode,
  message,
  ONE,
  OTHER,
  type Posted,
  pushOf,
  says,
  scans,
  sealedBytes,
  type Way,
  wechat,
  xmlOf,
} from '../support/pushes.ts';

type Line = { readonly level: string; readonly text: string; readonly fields: Record<string, unknown> };

function listening(): { readonly log: Log; readonly lines: Line[] } {
  const lines: Line[] = [];
  const note = (level: string) => (fields: object, text: string) =>
    void lines.push({ level, text, fields: { ...fields } });
  return { log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }, lines };
}

const heard: Record<Mode, Line[]> = { safe: [], compatible: [], plain: [] };
let worlds: Readonly<Record<Mode, World>>;

beforeAll(async () => {
  // From noon in Beijing on: the hours that these tests let pass hold no midnight, after which a follower may claim again.
  wechat.aheadMs += endOfDay(instant(wechat.now())) + 12 * HOUR - wechat.now();
  const start = async (mode: Mode): Promise<World> => {
    const { log, lines } = listening();
    heard[mode] = lines;
    const world = await startWorld({ mode, log });
    world.simulator.control.moveClock({ advanceMs: wechat.aheadMs });
    return world;
  };
  worlds = { safe: await start('safe'), compatible: await start('compatible'), plain: await start('plain') };
}, 60_000);
afterAll(async () => {
  for (const world of Object.values(worlds)) await world.close();
});

/** Nobody types as fast as a test: there is time between two pushes, and lines of the log are counted by the minute. */
function pass(ms: number): void {
  wechat.aheadMs += ms;
  for (const world of Object.values(worlds)) world.simulator.control.moveClock({ advanceMs: ms });
}
beforeEach(() => pass(61_000));

type Answered = { readonly status: number; readonly body: string; readonly type: string };

async function post(mode: Mode, { query, body }: Posted, contentType = 'text/xml'): Promise<Answered> {
  pass(1000);
  const answer = await fetch(`${worlds[mode].url}/wechat/tea?${new URLSearchParams(query)}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { 'content-type': contentType },
  });
  return { status: answer.status, body: await answer.text(), type: answer.headers.get('content-type') ?? '' };
}

/** What the journal has of the newest event. */
/** What claims nothing is written down after its answer. */
async function newest(mode: Mode, since: number) {
  await sleep(30);
  const lines = await worlds[mode].store.journal({ limit: 5 });
  return lines.filter(({ id }) => id > since).map(line => line.event);
}
async function last(mode: Mode): Promise<number> {
  await sleep(30);
  return (await worlds[mode].store.journal({ limit: 1 }))[0]?.id ?? 0;
}

/** The answer as WeChat reads it: unsealed where it must be, and in which format. */
function readAnswer({ mode, format }: Way, { body }: Answered): string {
  if (mode !== 'safe') return body;
  const at = (name: string): string =>
    format === 'json'
      ? String(readJson(body, isMap)[name])
      : new RegExp(`<${name}>(?:<!\\[CDATA\\[)?(.*?)(?:\\]\\]>)?</${name}>`).exec(body)![1]!;
  expect(at('MsgSignature')).toBe(getSignature(ACCOUNT.token, at('TimeStamp'), at('Nonce'), at('Encrypt')));
  const { message: clear, id } = theirDecrypt(ACCOUNT.encodingAesKey, at('Encrypt'));
  expect(id).toBe(ACCOUNT.appId);
  return clear;
}

const ways: Way[] = MODES.flatMap(mode => FORMATS.map(format => ({ mode, format })));
const called = ({ mode, format, raw }: Way): string => `${format} in ${mode} mode${raw ? ', `]]>` not escaped' : ''}`;

describe.each(ways.map(way => [called(way), way] as const))('%s', (_, way) => {
  const { mode, format } = way;

  test('a text is answered in the same format, whatever the Content-Type says', async () => {
    for (const type of ['text/xml', 'application/json', 'application/octet-stream']) {
      const answer = await post(mode, pushOf(way, says('帮助')), type);
      expect(answer.status).toBe(200);
      expect(answer.type).toContain(format === 'json' ? 'application/json' : 'text/xml');
      const clear = readAnswer(way, answer);
      if (format === 'xml') expect(clear).toContain('<Content><![CDATA[回复「红包」试试]]></Content>');
      else
        expect(JSON.parse(clear)).toEqual({
          ToUserName: ONE,
          FromUserName: ACCOUNT.originalId,
          CreateTime: expect.any(Number),
          MsgType: 'text',
          Content: '回复「红包」试试',
        });
    }
  });

  test('pictures, articles and the hand over to a person are answered in the same format', async () => {
    const picture = readAnswer(way, await post(mode, pushOf(way, says('图片'))));
    const card = readAnswer(way, await post(mode, pushOf(way, event('CLICK', { EventKey: 'CARD' }))));
    const agent = readAnswer(way, await post(mode, pushOf(way, says('人工'))));
    if (format === 'xml') {
      expect(picture).toContain('<Image><MediaId><![CDATA[MEDIA1]]></MediaId></Image>');
      expect(card).toContain('<Articles><item><Title><![CDATA[活动]]></Title>');
      expect(agent).toContain('transfer_customer_service');
    } else {
      expect(JSON.parse(picture)).toMatchObject({ MsgType: 'image', Image: { MediaId: 'MEDIA1' } });
      const article = {
        Title: '活动',
        Description: '说明',
        PicUrl: 'https://example.com/a.png',
        Url: 'https://example.com/',
      };
      expect(JSON.parse(card)).toMatchObject({ MsgType: 'news', ArticleCount: 1, Articles: [article] });
      expect(JSON.parse(agent)).toMatchObject({ MsgType: 'transfer_customer_service' });
    }
  });

  test('what nobody waits for is answered `success`', async () => {
    expect(await post(mode, pushOf(way, says('今天天气不错')))).toMatchObject({ status: 200, body: 'success' });
  });

  test.each(Object.entries(INJECTIONS))('a follower who writes %s stays who they are', async (_name, write) => {
    for (const raw of format === 'xml' ? [true, false] : [false]) {
      const since = await last(mode);
      const text = write('Content');
      const fields = says(text);
      const answer = await post(mode, pushOf({ ...way, raw }, fields));
      expect(answer.status).toBe(200);
      const key = `m:${ONE}:${fields.MsgId}`;
      expect(await newest(mode, since)).toMatchObject([{ user: ONE, kind: 'text', key, text }]);
    }
  });

  test('a push that nobody can read is answered `success`, and the log has few lines of it and no words of followers', async () => {
    const [since, lines] = [await last(mode), heard[mode]];
    lines.length = 0;
    const broken = [
      ...['', 'nonsense', '<xml></xml>', '{}', '[]', '<xml><a>', '{"a":', '<!DOCTYPE a><xml></xml>', '<xml>text</xml>'],
      `<xml><MsgType>text</MsgType><MsgType>event</MsgType><Content>机密的话</Content></xml>`,
      `{"FromUserName":"${ONE}","FromUserName":"${OTHER}","Content":"机密的话"}`,
      jsonOf({ ...says('机密的话'), FromUserName: '../../etc' }),
      xmlOf({ ...says('机密的话'), CreateTime: 'soon' }),
      xmlOf({ ...says('机密的话'), CreateTime: '99999999999' }),
      `{"__proto__":{"MsgType":"text"},"FromUserName":"${ONE}"}`,
      `{"a":${'{"a":'.repeat(10)}1${'}'.repeat(10)},"FromUserName":"${ONE}"}`,
      `<xml>${'<a>'.repeat(20)}${'</a>'.repeat(20)}</xml>`,
    ];
    for (const clear of broken)
      expect([clear, await post(mode, envelope(way, clear, { ToUserName: ACCOUNT.originalId }))]).toMatchObject([
        clear,
        { status: 200, body: 'success' },
      ]);
    expect(await newest(mode, since)).toEqual([]);
    const warned = lines.filter(({ level }) => level === 'warn');
    expect(warned.length).toBeGreaterThan(0);
    expect(warned.length).toBeLessThanOrEqual(3);
    expect(JSON.stringify(lines)).not.toMatch(/机密|simToken|RewardBot/);
  });

  test('a time in milliseconds, as relays write it, is read as one', async () => {
    const since = await last(mode);
    const fields = says('毫秒');
    const seconds = Number(fields.CreateTime);
    expect((await post(mode, pushOf(way, { ...fields, CreateTime: String(seconds * 1000 + 7) }))).status).toBe(200);
    expect(await newest(mode, since)).toMatchObject([{ kind: 'text', text: '毫秒', sentAt: seconds * 1000 }]);
  });

  test('bytes that are no UTF-8 are read as U+FFFD, and the log says so', async () => {
    heard[mode].length = 0;
    const since = await last(mode);
    const clear = Buffer.from(format === 'json' ? jsonOf(says('坏@了')) : xmlOf(says('坏@了')));
    clear[clear.indexOf('@')] = 0xff;
    const push = mode === 'plain' ? { ...pushOf(way, says('')), body: clear } : sealedBytes(way, clear);
    expect((await post(mode, push)).status).toBe(200);
    expect(await newest(mode, since)).toMatchObject([{ kind: 'text', text: '坏\uFFFD了', user: ONE }]);
    expect(heard[mode].filter(({ level }) => level === 'warn').map(({ fields }) => fields.reason)).toEqual([
      'some bytes are no UTF-8, and were read as U+FFFD',
    ]);
  });

  test('control characters in a text are read', async () => {
    const since = await last(mode);
    const text = 'a\u0010b\u001Dc\u202Ed';
    expect((await post(mode, pushOf(way, says(text)))).status).toBe(200);
    expect(await newest(mode, since)).toMatchObject([{ kind: 'text', text }]);
  });

  test('a number beyond 2^53 is kept, and the same push in the other format is the same event', async () => {
    const fields = says('红包', `73011223344556677${ways.indexOf(way)}8`);
    const first = await post(mode, pushOf(way, fields));
    const since = await last(mode);
    const other: Way = { ...way, format: format === 'xml' ? 'json' : 'xml' };
    const again = await post(mode, pushOf(other, fields));
    expect(await newest(mode, since)).toEqual([]);
    const words = /1\.50|今天|领/.exec(readAnswer(way, first))?.[0];
    expect(words).toBeDefined();
    expect(readAnswer(other, again)).toContain(words);
    const journal = await worlds[mode].store.journal({ user: openId(ONE), limit: 5 });
    expect(journal[0]!.event.key).toBe(`m:${ONE}:${fields.MsgId}`);
  });
});

// ── What is odd ──────────────────────────────────────────────────────────────────────────────────────────────

/** Fields of every kind in which a follower writes, alone. */
const WRITTEN: Readonly<Record<string, readonly [string, (text: string) => Fields]>> = {
  'a text': ['Content', says],
  'the words of a voice message': [
    'Recognition',
    text => message('voice', { MediaId: 'M', Format: 'amr', Recognition: text }),
  ],
  'the name of a place': [
    'Label',
    text => message('location', { Location_X: '1', Location_Y: '2', Scale: '3', Label: text }),
  ],
  'what was scanned': ['ScanResult', text => scans(text)],
};
/** Several in one. */
const LINK = (text: string): Fields => message('link', { Title: text, Description: text, Url: text });
const PLACE = (text: string): Fields =>
  event('location_select', {
    EventKey: 'P',
    SendLocationInfo: { Location_X: '1', Location_Y: '2', Label: text, Poiname: text },
  });
const CHOICE = (text: string): Fields => ({ ...says(text), bizmsgmenuid: text });

describe('whatever is not escaped', () => {
  const way: Way = { mode: 'safe', format: 'xml', raw: true };

  describe.each(Object.entries(WRITTEN))('in %s', (_, [leaf, fieldsOf]) => {
    test.each(Object.entries(INJECTIONS))('%s changes neither who sent it nor what it is', async (_name, write) => {
      const since = await last('safe');
      const harmless = fieldsOf('harmless');
      expect((await post('safe', pushOf(way, harmless))).status).toBe(200);
      const [expected] = await newest('safe', since);
      const forged = fieldsOf(write(leaf));
      const before = await last('safe');
      await post('safe', pushOf(way, forged));
      const seen = await newest('safe', before);
      // Two scans of one button in one second are one event.
      if (leaf === 'ScanResult' && seen.length === 0) return;
      expect(seen).toHaveLength(1);
      expect([seen[0]!.user, seen[0]!.kind]).toEqual([ONE, expected!.kind]);
      if (leaf !== 'ScanResult') expect(seen[0]!.key).toBe(`m:${ONE}:${forged.MsgId}`);
    });
  });

  test.each([
    ['link', LINK, ['Title', 'Description', 'Url']],
    ['place', PLACE, ['Label', 'Poiname']],
    ['text', CHOICE, ['Content', 'bizmsgmenuid']],
  ] as const)(
    'in several texts of one push: it is a %s of the same person, or nothing',
    async (kind, fieldsOf, leaves) => {
      for (const leaf of leaves)
        for (const write of Object.values(INJECTIONS)) {
          const since = await last('safe');
          const fields = fieldsOf(write(leaf));
          expect((await post('safe', pushOf(way, fields))).status).toBe(200);
          for (const seen of await newest('safe', since)) {
            expect([seen.user, seen.kind]).toEqual([ONE, kind]);
            if (kind !== 'place') expect(seen.key).toBe(`m:${ONE}:${fields.MsgId}`);
          }
        }
    },
  );

  test('two texts that work together over what stands between them forge nothing', () => {
    const over = { ...says('x]]></Content><!--'), bizmsgmenuid: '--><MsgId>1</MsgId><bizmsgmenuid><![CDATA[y' };
    const around = {
      ...says('x]]></Content><W><Content><![CDATA['),
      bizmsgmenuid: 'x]]></bizmsgmenuid></W><MsgId>1</MsgId><bizmsgmenuid><![CDATA[y',
    };
    const ends = { ...says('x]]>'), bizmsgmenuid: ']]></Content><MsgId>1</MsgId><bizmsgmenuid><![CDATA[y' };
    for (const fields of [over, around, ends]) expect(() => readPushXml(xmlOf(fields, true))).toThrow();
  });
});

test('a text that only looks like a ciphertext is not taken for it, wherever it stands', async () => {
  for (const format of FORMATS) {
    const text = '<Encrypt>QUJD</Encrypt> "Encrypt":"QUJD" <Encrypt><![CDATA[AAAA';
    for (const [count, raw] of [
      [1, false],
      [1, true],
      [40, false],
    ] as const) {
      const since = await last('compatible');
      const push = pushOf({ mode: 'compatible', format, raw }, says(text.repeat(count)));
      expect((await post('compatible', push)).status).toBe(200);
      expect(await newest('compatible', since)).toMatchObject([{ kind: 'text', user: ONE, text: text.repeat(count) }]);
    }
  }
});

describe('another mode than the console’s', () => {
  test('what comes sealed is answered sealed', async () => {
    for (const format of FORMATS) {
      const answer = await post('compatible', pushOf({ mode: 'safe', format }, says('帮助')));
      expect(readAnswer({ mode: 'safe', format }, answer)).toContain('回复「红包」试试');
    }
  });

  test('a sealed push where bot.yaml says plain is answered `success`, and the log names both modes and the fix', async () => {
    for (const format of FORMATS) {
      heard.plain.length = 0;
      const since = await last('plain');
      const answer = await post('plain', pushOf({ mode: 'safe', format }, says('红包')));
      expect(answer).toMatchObject({ status: 200, body: 'success' });
      expect(await newest('plain', since)).toEqual([]);
      const [line] = heard.plain.filter(({ level }) => level === 'warn');
      if (format === 'xml')
        expect(line!.fields.reason).toBe(
          "bot.yaml says mode: plain (明文模式), and the console's 消息加解密方式 is 安全模式; write `mode: safe` with the console's EncodingAESKey as encodingAesKey, or choose 明文模式 there",
        );
    }
  });

  test('one of compatible mode where bot.yaml says plain is read, and the log names both modes', async () => {
    const since = await last('plain');
    expect((await post('plain', pushOf({ mode: 'compatible', format: 'xml' }, says('帮助')))).body).toContain('红包');
    expect(await newest('plain', since)).toHaveLength(1);
  });

  test('a push in the clear where bot.yaml says safe stays refused; the log names both modes only where its signature is right', async () => {
    for (const mode of ['safe', 'compatible'] as const) {
      heard[mode].length = 0;
      const since = await last(mode);
      const push = pushOf({ mode: 'plain', format: 'xml' }, says('红包'));
      expect(await post(mode, push)).toMatchObject({ status: 401, body: '' });
      expect(await post(mode, { ...push, query: { ...push.query, signature: 'a'.repeat(40) } })).toMatchObject({
        status: 401,
        body: '',
      });
      expect(await newest(mode, since)).toEqual([]);
      const named = heard[mode].filter(({ fields }) => String(fields.reason).includes('消息加解密方式'));
      expect(named).toHaveLength(1);
      expect(named[0]!.fields.reason).toContain(`mode: ${mode}`);
    }
  });

  test('a wrong EncodingAESKey is named in the log', async () => {
    heard.safe.length = 0;
    const key = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
    expect(await post('safe', pushOf({ mode: 'safe', format: 'xml' }, says('红包'), { key }))).toMatchObject({
      status: 401,
      body: '',
    });
    expect(JSON.stringify(heard.safe)).toContain('cannot be read with this key and AppID');
  });
});

test('the vector of a sealed push in JSON, by whoever made it, is read', () => {
  const door = createWebhook({
    name: 'tea',
    appId: 'wx0000000000000001',
    token: 'simtoken',
    encodingAesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
    mode: 'safe',
  });
  const Encrypt =
    'Q3stYC6hdFzMh9T8HCvyDD8LgqtK8TLXWzGQhtTQyv3D2ql4VLJb1pGWEyaRjesH/kcgxsjELrpcuTgEaQrVDWeS6HMtanmOOfESSL6BoFnuQgLHn0z/loUSCZespRbOBHSlkKuFRtRL3o5ySim5tOnM+AfQjqCFjslDwm8s4od2mB+BokoqAbzi1La/XZ/Aw5Si4rr06GQYeUljR2au6YpwndOLdDDUmCG7lOp6LNmWbF00JSNDvF1TP8c6QLR+iJM4zQsJyyahg6Qbp443KW3wrWgKnmLeeizwV0ntwf0=';
  const query = {
    timestamp: '1767225660',
    nonce: '123456',
    signature: '8f699ca153e99ee245f36b31b320e3241facfbb0',
    msg_signature: 'cc0b1c830feb643d9a5030c0a53364108ac2da92',
  };
  const now = instant(1_767_225_660_000);
  // `\/` and `\u003d` are what some writers of JSON make of `/` and `=`.
  for (const text of [Encrypt, Encrypt.replaceAll('/', '\\/').replaceAll('=', '\\u003d')]) {
    const opened = door.open(query, Buffer.from(`{"ToUserName":"gh_0a1b2c3d4e5f","Encrypt":"${text}"}`), now);
    if ('unread' in opened) throw new Error(opened.unread);
    expect(opened).toMatchObject({
      self: 'gh_0a1b2c3d4e5f',
      format: 'json',
      event: {
        key: 'm:oSimUser0000000000000000001A:23637352235060880',
        user: 'oSimUser0000000000000000001A',
        sentAt: 1_767_225_660_000,
        kind: 'text',
        text: '领取',
      },
    });
    const answer = door.close(opened, { reply: { kind: 'text', text: '好' }, at: now }, now);
    expect(Object.keys(readJson(answer, isMap))).toEqual(['Encrypt', 'MsgSignature', 'TimeStamp', 'Nonce']);
  }
});

describe('fields of a push', () => {
  test('of XML are those the careful parser reads', () => {
    const documents = [
      xmlOf(says('a]]>b & <c> ]]')),
      xmlOf(says('')),
      xmlOf(scans('https://q.example.com/c/1?a=b&c=d')),
      '<?xml version="1.0"?>\n<xml>\n <A>1 &lt; 2</A>\n <B><![CDATA[ x ]]></B><C/></xml>\n',
      '<xml><SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum><![CDATA[a]]></PicMd5Sum></item><item><PicMd5Sum><![CDATA[b]]></PicMd5Sum></item></PicList></SendPicsInfo></xml>',
    ];
    for (const text of documents) expect([text, readPushXml(text).fields]).toEqual([text, parseXml(text)]);
  });

  test('of JSON are those of XML: numbers as they are written, a list of one is that one', () => {
    expect(
      readPushJson(
        '\uFEFF {"MsgId":7301122334455667788,"ErrorCode":"0","Location_X":23.1,"Is":true,"None":null,"List":[{"TemplateId":"T"}],"Two":[1,"2"],"S":"\\u4f60\\n\\/\\ud800"} ',
      ),
    ).toEqual({
      ...{ MsgId: '7301122334455667788', ErrorCode: '0', Location_X: '23.1', Is: 'true' },
      List: { TemplateId: 'T' },
      Two: ['1', '2'],
      S: '你\n/\uFFFD',
    });
  });

  test('of JSON that can be read in two ways are none', () => {
    const depth = (n: number): string => `${'{"a":'.repeat(n)}1${'}'.repeat(n)}`;
    for (const text of [
      ...[
        '{"a":1,"a":1}',
        '{"__proto__":{}}',
        '{"a":1}{"b":2}',
        '{"a":1',
        '{"a":"',
        '{"a" 1}',
        '{a:1}',
        '{"a":01}',
        '{"a":1,}',
        '[]',
      ],
      ...['{"a":{"b":1,"b":2}}', '{"a":"\\u12"}', depth(9), `{"a":${'['.repeat(9)}${']'.repeat(9)}}`],
    ])
      expect(() => readPushJson(text), text).toThrow();
    expect(readPushJson(depth(8))).toBeDefined();
    expect(Reflect.get({}, 'b')).toBeUndefined();
  });

  test('of 64 KiB of anything are read in no time that grows faster than it', () => {
    const size = 64 * 1024;
    for (const piece of [
      '<',
      '<a>',
      '<![CDATA[',
      ']]>',
      '<Content><![CDATA[',
      ']]></Content>',
      '"',
      '\\x',
      '{"a":',
      '[',
      '<Encrypt>A',
      '"Encrypt":"A',
      ' ',
    ]) {
      const text = piece.repeat(Math.floor(size / piece.length));
      for (const whole of [`<xml>${text}</xml>`, `{"a":"${text}"}`, text]) {
        try {
          readPushXml(whole);
          readPushJson(whole);
        } catch {}
      }
    }
  });
});
