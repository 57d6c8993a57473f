// `npm run fuzz -- [--pushes N] [--seed S]`: pushes of WeChat's and of strangers, in both formats and three modes, each from
// its seed, into a whole bot with a real store. WeChat's are never refused, whatever followers write; what they write changes
// neither who sent it nor what it is; strangers get 4xx, and leave nothing behind. The two readers of XML are
// held against each other as well. The figures are printed.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createBot } from '../../src/app/bot.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { Event } from '../../src/core/base/event.ts';
import { instant } from '../../src/core/base/time.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Store } from '../../src/ports.ts';
import { openStore } from '../../src/storage/open.ts';
import { ACCOUNT, ENV } from '../support/harness.ts';
import {
  event,
  type Fields,
  INJECTIONS,
  MODES,
  message,
  type Posted,
  pushOf,
  type Sealing,
  sealedBytes,
  type Way,
  written,
} from '../support/pushes.ts';
import { type Dice, diceOf } from './dice.ts';
import { flatFuzz } from './fuzz-flat.ts';

/** One account for each mode. */
const APP_IDS = { safe: 'wx1111111111111111', compatible: 'wx2222222222222222', plain: 'wx3333333333333333' } as const;
/** Whoever is sent in this name was forged. */
const FORGER = 'oForger0000000000000000000001';

// ── What followers write ─────────────────────────────────────────────────────────────────────────────────────

const PIECES = [
  ...[
    ']]>',
    '<![CDATA[',
    ']]]]><![CDATA[>',
    '</xml>',
    '<xml>',
    '<!--',
    '-->',
    '<?x ?>',
    '<!DOCTYPE a>',
    '&amp;',
    '&#0;',
    '&lt;',
  ],
  ...[
    '</Content>',
    '<Content>',
    '<Content><![CDATA[',
    ']]></Content>',
    ']]></ScanResult></ScanCodeInfo>',
    ']]></Label>',
  ],
  ...[
    `<FromUserName>${FORGER}</FromUserName>`,
    `<FromUserName><![CDATA[${FORGER}]]></FromUserName>`,
    '<MsgId>1</MsgId>',
  ],
  ...[
    '<MsgType><![CDATA[event]]></MsgType>',
    '<Event><![CDATA[subscribe]]></Event>',
    '<Encrypt>QUJD</Encrypt>',
    '"Encrypt":"QUJD"',
  ],
  ...[
    '"',
    '\\',
    '\\"',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    `","FromUserName":"${FORGER}`,
    '","MsgId":1,"x":"',
    '"}{"',
    '__proto__',
  ],
  ...[
    '\u0000',
    '\u0001',
    '\u0010',
    '\u001D',
    '\u007F',
    '\u0085',
    '\u2028',
    '\u202E',
    '\uFEFF',
    '\uFFFE',
    '\uD83E\uDDE7',
    '🧧',
    '\n',
    '\r',
    '\t',
    ' ',
  ],
  ...[
    '红包',
    '恭喜发财',
    'a',
    '0',
    '抽奖',
    '【收到不支持的消息类型，暂无法显示】',
    'https://q.example.com/c/TEA2SPR7NGYG',
    'CODE_128,',
  ],
];

function textFrom(dice: Dice, leaf: string): string {
  if (dice.chance(0.25))
    return dice
      .pick(Object.values(INJECTIONS))(leaf)
      .replaceAll(/oSomebodyElse\d+1/g, FORGER);
  if (dice.chance(0.01)) return dice.pick(PIECES).repeat(100);
  return Array.from({ length: dice.below(8) }, () => dice.pick(PIECES)).join('');
}

/** One push of each kind there is, and which of its fields followers write. */
const KINDS: Readonly<Record<string, (write: (leaf: string) => string) => Fields>> = {
  text: write => message('text', { Content: write('Content') }),
  choice: write => ({ ...message('text', { Content: write('Content') }), bizmsgmenuid: write('bizmsgmenuid') }),
  voice: write => message('voice', { MediaId: 'M', Format: 'amr', Recognition: write('Recognition') }),
  location: write =>
    message('location', { Location_X: '31.2', Location_Y: '121.4', Scale: '20', Label: write('Label') }),
  link: write => message('link', { Title: write('Title'), Description: write('Description'), Url: write('Url') }),
  image: () => message('image', { PicUrl: 'http://mmbiz.qpic.cn/a/0', MediaId: 'M' }),
  video: () => message('video', { MediaId: 'M', ThumbMediaId: 'T' }),
  subscribe: () => event('subscribe', { EventKey: 'qrscene_store-1', Ticket: 'T' }),
  scan: () => event('SCAN', { EventKey: 'store-1', Ticket: 'T' }),
  click: () => event('CLICK', { EventKey: 'KEY' }),
  view: write =>
    event('VIEW', { EventKey: `https://example.com/?${encodeURIComponent(write('EventKey'))}`, MenuId: '1' }),
  scancode: write =>
    event('scancode_waitmsg', {
      EventKey: 'SCAN',
      ScanCodeInfo: { ScanType: 'qrcode', ScanResult: write('ScanResult') },
    }),
  place: write =>
    event('location_select', {
      EventKey: 'P',
      SendLocationInfo: { Location_X: '1', Location_Y: '2', Label: write('Label'), Poiname: write('Poiname') },
    }),
  notice: () => ({ ...event('TEMPLATESENDJOBFINISH', { Status: 'success' }), MsgID: '200163836' }),
  other: write => ({ ...message('hologram', { Title: write('Title') }) }),
  news: write => event('news_of_tomorrow', { Poiname: write('Poiname') }),
};
/** Where several texts stand in one push, or one that nobody knows, it may be that nothing can be read. */
const MAY_BE_UNREAD = new Set(['choice', 'link', 'place', 'other', 'news']);
/** As which kind of event each must be heard. */
const HEARD: Readonly<Record<string, readonly Event['kind'][]>> = {
  text: ['text', 'unsupported'],
  choice: ['text', 'unsupported'],
  news: ['other'],
};

// ── Pushes ───────────────────────────────────────────────────────────────────────────────────────────────────

type Case = {
  readonly way: Way;
  readonly posted: Posted;
  readonly by: 'wechat' | 'stranger';
  readonly what: string;
  /** Absent: nothing need come of it. */
  readonly expected?: {
    readonly user: string;
    readonly kinds: readonly string[];
    readonly mayBeUnread: boolean;
  };
};

const wayFrom = (dice: Dice): Way => ({
  mode: dice.pick(MODES),
  format: dice.chance(0.5) ? 'xml' : 'json',
  raw: dice.chance(0.6),
});

let fans = 0;
/** Everybody comes once: who hammers is not answered. */
const fan = (): string => `oFan${String(++fans).padStart(24, '0')}`;

/** Whole and right, whatever the followers wrote. */
function genuine(dice: Dice, now: number): Case {
  const way = wayFrom(dice);
  const what = dice.pick(Object.keys(KINDS));
  const user = fan();
  const fields = { ...KINDS[what]!(leaf => textFrom(dice, leaf)), FromUserName: user };
  const expected = { user, kinds: HEARD[what] ?? [what], mayBeUnread: MAY_BE_UNREAD.has(what) };
  return { way, by: 'wechat', what, expected, posted: pushOf(way, fields, { at: now, appId: APP_IDS[way.mode] }) };
}

/** What WeChat signed, and something damaged on the way to the signature: nobody can say what it says. */
function damaged(dice: Dice, now: number): Case {
  const way = wayFrom(dice);
  const { posted: whole } = genuine(dice, now);
  const fields = {
    ...KINDS.text!(leaf => textFrom(dice, leaf)),
    FromUserName: fan(),
  };
  const clear = Buffer.from(dice.chance(0.2) ? whole.body : written(way, fields));
  for (let n = dice.below(4); n >= 0 && clear.length > 0; n--) clear[dice.below(clear.length)] = dice.below(256);
  const cut = dice.chance(0.3) ? clear.subarray(0, dice.below(clear.length + 1)) : clear;
  const posted =
    way.mode === 'plain'
      ? { ...pushOf(way, fields, { at: now }), body: cut }
      : sealedBytes(way, cut, now, APP_IDS[way.mode]);
  return { way, by: 'wechat', what: 'damaged', posted };
}

const LIES: Readonly<Record<string, (dice: Dice, honest: Posted, forged: (sealing?: Sealing) => Posted) => Posted>> = {
  'no signature': (_, __, forged) => ({ ...forged(), query: {} }),
  'a signature of another token': (_, __, forged) => forged({ token: 'anotherToken1' }),
  'a wrong signature': (dice, _, forged) => {
    const { query, body } = forged();
    const wrong = (text = ''): string => text.replace(/^./, digit => (digit === '0' ? '1' : '0'));
    const { signature, msg_signature: sealed, ...rest } = query;
    const both = { ...rest, signature: wrong(signature), ...(sealed && { msg_signature: wrong(sealed) }) };
    return { body, query: dice.chance(0.5) ? both : { ...both, encrypt_type: 'raw' } };
  },
  'an old one': (dice, _, forged) => forged({ at: Date.now() - 301_000 - dice.below(1e9) }),
  'one of tomorrow': (dice, _, forged) => forged({ at: Date.now() + 400_000 + dice.below(1e9) }),
  // Whoever has seen one push knows its address, and all that stands in it.
  'the address of an honest push': (_, { query }, forged) => ({ query, body: forged().body }),
  'the address of an honest push, and noise': (dice, { query }) => ({ query, body: noiseFrom(dice) }),
  // In plain mode nothing covers what stands in it: with its number it is that push again, and is answered as before.
  'an honest push that is changed': (dice, { query, body }) => {
    const changed = Buffer.from(body);
    const at = changed.lastIndexOf('Encrypt') + 30;
    for (let n = 0; n < 3; n++) changed[at + dice.below(40)] = 65 + dice.below(26);
    return { query, body: Buffer.compare(changed, Buffer.from(body)) === 0 ? noiseFrom(dice) : changed };
  },
  noise: (dice, _, forged) => ({
    query: dice.chance(0.5) ? {} : { ...forged({ token: 'x' }).query },
    body: noiseFrom(dice),
  }),
};

function noiseFrom(dice: Dice): Buffer {
  if (dice.chance(0.5)) return Buffer.from(Array.from({ length: dice.below(60) }, () => dice.pick(PIECES)).join(''));
  return Buffer.from(Array.from({ length: dice.below(400) }, () => dice.below(256)));
}

function lie(dice: Dice, honest: Case, now: number): Case {
  const { way } = honest;
  const lies = Object.keys(LIES).filter(each => way.mode !== 'plain' || each !== 'an honest push that is changed');
  const what = dice.pick(lies);
  const forged = (sealing: Sealing = {}): Posted =>
    pushOf(
      way,
      { ...message('text', { Content: '红包' }), FromUserName: FORGER },
      { at: now, appId: APP_IDS[way.mode], ...sealing },
    );
  return { way, by: 'stranger', what, posted: LIES[what]!(dice, honest.posted, forged) };
}

// ── The bot ──────────────────────────────────────────────────────────────────────────────────────────────────

const RULES = (mode: string): string => `campaign: fuzz-${mode}
name: 红包
account: ${mode}
period: { from: 2020-01-01, to: 2099-12-31 }
rules:
  - { id: word, on: { text: { contains: [红包, 恭喜] } }, reply: "好]]>的" }
  - { id: card, on: [scancode, image], reply: { news: { title: 活动, description: 说明, picUrl: "https://example.com/a.png", url: "https://example.com/" } } }
`;

export type Figures = {
  pushes: number;
  genuine: number;
  read: number;
  strangers: number;
  /** All of these must be none. */
  readonly forged: string[];
  readonly refused: string[];
  readonly unread: string[];
  readonly told: string[];
};

export type Fuzz = {
  readonly figures: Figures;
  /** One push of WeChat's or of a stranger's, by its seed; what is wrong goes into the figures. */
  one(seed: number): Promise<void>;
  close(): Promise<void>;
};

export async function startFuzz(): Promise<Fuzz> {
  const folder = mkdtempSync(join(tmpdir(), 'hongbao-fuzz-'));
  const accounts = MODES.map(
    mode =>
      `  ${mode}: { appId: ${APP_IDS[mode]}, appSecret: ${ACCOUNT.appSecret}, token: ${ACCOUNT.token}, encodingAesKey: ${ACCOUNT.encodingAesKey}, mode: ${mode} }`,
  );
  writeFileSync(
    join(folder, 'bot.yaml'),
    `listen: 127.0.0.1:1\npublicUrl: http://127.0.0.1:1\nstore: sqlite:bot.db\nrules: rules\nsecret: ${ENV.TEST_SECRET}\naccounts:\n${accounts.join('\n')}\nmerchants: {}\n`,
  );
  mkdirSync(join(folder, 'rules'));
  for (const mode of MODES) writeFileSync(join(folder, 'rules', `${mode}.yaml`), RULES(mode));
  const config = loadConfig(join(folder, 'bot.yaml'), {});
  const heard = new Map<string, Event>();
  const figures: Figures = {
    pushes: 0,
    genuine: 0,
    read: 0,
    strangers: 0,
    forged: [],
    refused: [],
    unread: [],
    told: [],
  };
  const opened = await openStore(config.store);
  const store: Store = {
    ...opened,
    commit: commit => {
      const { event } = commit;
      heard.set(event.user, event);
      if (event.user === FORGER) figures.forged.push(event.key);
      return opened.commit(commit);
    },
  };
  const bot = await createBot({
    ...{ holder: 'fuzz', config, store, log: SILENT },
    clock: () => instant(Date.now()),
    timer: { ticks: () => performance.now(), sleep: ms => sleep(ms) },
  });
  const answer = bot.app.callback();
  return {
    figures,
    one: seed =>
      judge(seed, figures, heard, async (way, posted, address) => {
        const said = await ask(answer, way, posted, address);
        await bot.flow.written();
        return said;
      }),
    async close() {
      await bot.stop();
      await opened.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Asking = (way: Way, posted: Posted, address: string) => Promise<{ status: number; body: string }>;

async function judge(seed: number, figures: Figures, heard: Map<string, Event>, push: Asking): Promise<void> {
  const dice = diceOf(seed);
  const now = Date.now();
  const isDamaged = dice.chance(0.2);
  const honest = isDamaged ? damaged(dice, now) : genuine(dice, now);
  const { status, body } = await push(honest.way, honest.posted, '140.207.54.1');
  const name = `seed ${seed}: ${honest.what} in ${honest.way.format}, ${honest.way.mode}${honest.way.raw ? ', raw' : ''}`;
  figures.pushes++;
  figures.genuine++;
  if (status !== 200 || body === '') figures.refused.push(`${name}: ${status}`);
  if (honest.expected) {
    const { user, kinds, mayBeUnread } = honest.expected;
    const event = heard.get(user);
    if (event) figures.read++;
    if (!event && !mayBeUnread) figures.unread.push(name);
    if (event && (!kinds.includes(event.kind) || event.account !== honest.way.mode))
      figures.forged.push(`${name}: heard as ${event.kind}`);
    heard.delete(user);
  }
  const said = lie(dice, honest, now);
  const told = await push(said.way, said.posted, `203.0.${dice.below(256)}.${dice.below(256)}`);
  figures.pushes++;
  figures.strangers++;
  if (told.status < 400 || told.status >= 500 || told.body !== '')
    figures.told.push(
      `seed ${seed}: ${said.what}, ${said.way.format}, ${said.way.mode}: ${told.status} ${told.body.slice(0, 40)}`,
    );
}

type Answering = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** Through the app as a server would call it, without a socket. */
async function ask(answer: Answering, { mode }: Way, { query, body }: Posted, address: string) {
  await turn(); // as a request comes: never within the turn of another
  const bytes = Buffer.from(body);
  const req = new IncomingMessage({ remoteAddress: address, readable: true, destroy() {} } as unknown as Socket);
  req.method = 'POST';
  req.url = `/wechat/${mode}?${new URLSearchParams(query)}`;
  req.headers = { host: '127.0.0.1', 'content-length': String(bytes.length), 'content-type': 'text/xml' };
  req.push(bytes);
  req.push(null);
  req.complete = true;
  const res = new ServerResponse(req);
  let said = '';
  res.end = (part: unknown) => {
    if (typeof part === 'string' || Buffer.isBuffer(part)) said = part.toString();
    res.emit('finish');
    return res;
  };
  await answer(req, res);
  return { status: res.statusCode, body: said };
}

// ── The command ──────────────────────────────────────────────────────────────────────────────────────────────

const AT_ONCE = 48;
const SHOWN = 10;

async function main(): Promise<void> {
  const options = { pushes: { type: 'string', default: '500000' }, seed: { type: 'string', default: '1' } } as const;
  const { values } = parseArgs({ options });
  const [pushes, first] = [Number(values.pushes), Number(values.seed)];
  const fuzz = await startFuzz();
  const begun = performance.now();
  let next = first;
  const last = first + Math.ceil(pushes / 2);
  const work = async (): Promise<void> => {
    while (next < last) await fuzz.one(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const seconds = (performance.now() - begun) / 1000;
  const { figures } = fuzz;
  await fuzz.close();
  console.log(`${figures.pushes} pushes in ${seconds.toFixed(0)} s, seeds ${first} to ${last - 1}`);
  console.log(
    `WeChat's   ${figures.genuine}: ${figures.refused.length} refused; ${figures.read} read, ${figures.unread.length} that should have been`,
  );
  console.log(`strangers' ${figures.strangers}: ${figures.told.length} told anything but an empty 4xx`);
  console.log(`forged     ${figures.forged.length}`);
  const flat = flatFuzz(pushes, first);
  console.log(
    `readers    ${flat.read + flat.declined} documents: ${flat.read} read by the one for flat documents, ${flat.differ.length} in another way than by the careful one`,
  );
  const wrong = [...flat.differ, ...figures.forged, ...figures.refused, ...figures.unread, ...figures.told];
  for (const line of wrong.slice(0, SHOWN)) console.log(`  ✗ ${line}`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
