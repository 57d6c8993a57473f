// The outside of a push, and how WeChat reads a webhook's answer: signatures, the three modes, the shape of a passive
// reply (被动回复). Pure but for the random parts of the encryption.

import { messageOf } from '../../core/base/error.ts';
import { isRecord } from '../../core/base/record.ts';
import { aesKeyOf, decrypt, encrypt, sameText, signatureOf } from '../../wechat/crypto.ts';
import { childrenOf, parseXml, textOf, type XmlFields, type XmlValue } from '../../wechat/xml.ts';
import { isList, type Json, partOf } from '../shared/json.ts';
import type { AccountOptions } from '../shared/options.ts';
import type { Pushing } from '../shared/protocol-push.ts';

import type { NewLine } from '../world/world.ts';

/** Fields in the order in which they are written. */
export type Fields = Readonly<Record<string, string>>;

/** These stand bare on the wire, everything else in CDATA. `MsgId` is a 64-bit number: text for us, digits there. */
const BARE =
  /^(?:CreateTime|MsgId|MsgID|PopupScene|ErrorCode|MsgDataId|Idx|Location_X|Location_Y|Scale|Latitude|Longitude|Precision|MenuId|TimeStamp)$/;

export function writeXml(fields: Fields, cdata: Pushing['cdata'] = 'split'): string {
  return `<xml>${elements(Object.entries(fields), cdata).join('\n')}</xml>`;
}

/** The same fields in JSON (数据格式 JSON): what stands bare in XML is a number here. */
export function writeJson(fields: Fields): string {
  return members(Object.entries(fields));
}

/** A push as its account is to be told. */
export function writePush({ format, cdata }: AccountOptions, fields: Fields): string {
  return format === 'json' ? writeJson(fields) : writeXml(fields, cdata);
}

type Entries = readonly (readonly [string, string])[];

/** `A.B` stands inside A, together with whatever else does. */
function grouped(entries: Entries): [string, Entries][] {
  const inside = new Map<string, (readonly [string, string])[]>();
  for (const [path, value] of entries) {
    const dot = path.indexOf('.');
    const name = dot < 0 ? path : path.slice(0, dot);
    inside.set(name, [...(inside.get(name) ?? []), [dot < 0 ? '' : path.slice(dot + 1), value]]);
  }
  return [...inside];
}

function elements(entries: Entries, cdata: Pushing['cdata']): string[] {
  return grouped(entries).map(([name, parts]) => {
    const [first] = parts;
    const inside = first![0] === '' ? content(name, first![1], cdata) : elements(parts, cdata).join('');
    return `<${name}>${inside}</${name}>`;
  });
}

function content(name: string, value: string, cdata: Pushing['cdata']): string {
  if (isNumber(name, value)) return value;
  return `<![CDATA[${cdata === 'raw' ? value : value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}

/** Written by hand: `MsgId` has more digits than a number of JavaScript. */
function members(entries: Entries): string {
  const list = grouped(entries).map(([name, parts]) => {
    const [first] = parts;
    const value = first![0] === '' ? first![1] : undefined;
    if (value === undefined) return `${JSON.stringify(name)}:${members(parts)}`;
    const isBare = isNumber(name, value) && !/^-?0\d/.test(value);
    return `${JSON.stringify(name)}:${isBare ? value : JSON.stringify(value)}`;
  });
  return `{${list.join(',')}}`;
}

function isNumber(name: string, value: string): boolean {
  return BARE.test(name) && /^-?\d+(?:\.\d+)?$/.test(value);
}

export type Envelope = { readonly query: URLSearchParams; readonly body: string };

/** One delivery: what is signed depends on the account's mode. */
export function seal(
  account: AccountOptions,
  openid: string,
  fields: Fields,
  timestamp: string,
  nonce: string,
): Envelope {
  const query = new URLSearchParams({
    signature: signatureOf(account.token, timestamp, nonce),
    timestamp,
    nonce,
    openid,
  });
  const clear = writePush(account, fields);
  if (account.mode === 'plain') return { query, body: clear };
  const cipher = encrypt(aesKeyOf(account.encodingAesKey), account.appId, clear);
  query.set('encrypt_type', 'aes');
  query.set('msg_signature', signatureOf(account.token, timestamp, nonce, cipher));
  const outside = account.mode === 'safe' ? { ToUserName: fields.ToUserName ?? '' } : fields;
  return { query, body: writePush(account, { ...outside, Encrypt: cipher }) };
}

/** What an answer with status 200 means to the follower. */
export type Answer = { readonly clear?: string } & (
  | { readonly kind: 'success' }
  | { readonly kind: 'reply'; readonly lines: readonly NewLine[] }
  | { readonly kind: 'bad'; readonly error: string }
);

export function readAnswer(
  account: AccountOptions,
  openid: string,
  answer: string,
  knowsMedia: (id: string) => boolean = () => true,
): Answer {
  if (answer === '' || answer === 'success') return { kind: 'success' };
  let clear: string | undefined;
  try {
    const outside = fieldsOf(account, answer);
    clear = openAnswer(account, outside);
    const reply = clear === undefined ? outside : fieldsOf(account, clear);
    const lines = linesOf(account, openid, reply);
    const unknown = mediaIn(reply).find(id => !knowsMedia(id));
    if (unknown !== undefined) throw new Error(`MediaId: nobody uploaded "${unknown}", or it has expired`);
    return { kind: 'reply', lines, ...(clear === undefined ? {} : { clear }) };
  } catch (error) {
    return { kind: 'bad', error: messageOf(error), ...(clear === undefined ? {} : { clear }) };
  }
}

/** An answer must come in the format of the push. Lists of JSON are read as XML has them: `item` in an element. */
function fieldsOf({ format = 'xml' }: AccountOptions, text: string): XmlFields {
  const told = text.trimStart().startsWith('{') ? 'json' : 'xml';
  if (told !== format)
    throw new Error(`数据格式 is ${format.toUpperCase()}: the reply must be ${format.toUpperCase()} as well`);
  return told === 'json' ? asFields(partOf(JSON.parse(text))) : parseXml(text);
}

function asXml(value: unknown): XmlValue {
  if (isList(value)) return { item: value.map(asXml) };
  return isRecord(value) ? asFields(value) : String(value);
}

function asFields(json: Json): XmlFields {
  return Object.fromEntries(Object.entries(json).map(([name, each]) => [name, asXml(each)]));
}

/** The reply inside `Encrypt`; `undefined` if it came in the clear, which safe mode does not accept. */
function openAnswer(account: AccountOptions, outside: XmlFields): string | undefined {
  const cipher = textOf(outside, 'Encrypt');
  if (cipher === undefined) {
    if (account.mode === 'safe') throw new Error('safe mode: the reply must be encrypted');
    return undefined;
  }
  if (account.mode === 'plain') throw new Error('plain mode: the reply must not be encrypted');
  const timestamp = textOf(outside, 'TimeStamp') ?? '';
  const nonce = textOf(outside, 'Nonce') ?? '';
  if (!/^\d{1,13}$/.test(timestamp)) throw new Error('TimeStamp: expected seconds');
  if (nonce === '') throw new Error('Nonce is missing');
  const expected = signatureOf(account.token, timestamp, nonce, cipher);
  if (!sameText(expected, textOf(outside, 'MsgSignature') ?? '')) throw new Error('MsgSignature does not match');
  return decrypt(aesKeyOf(account.encodingAesKey), account.appId, cipher);
}

function linesOf(account: AccountOptions, openid: string, reply: XmlFields): NewLine[] {
  const expect = (name: string, value: string): void => {
    if (textOf(reply, name) !== value)
      throw new Error(`${name}: expected ${value}, got ${textOf(reply, name) ?? 'nothing'}`);
  };
  expect('ToUserName', openid);
  expect('FromUserName', account.originalId);
  if (!/^\d{1,13}$/.test(textOf(reply, 'CreateTime') ?? '')) throw new Error('CreateTime: expected seconds');
  const from = 'account';
  switch (textOf(reply, 'MsgType')) {
    case 'text':
      return [{ from, kind: 'text', text: need(reply, 'Content') }];
    case 'image':
      return [{ from, kind: 'image', mediaId: need(childrenOf(reply, 'Image'), 'MediaId') }];
    case 'voice':
      return [{ from, kind: 'voice', text: need(childrenOf(reply, 'Voice'), 'MediaId') }];
    case 'video':
      return [{ from, kind: 'text', text: `[视频] ${need(childrenOf(reply, 'Video'), 'MediaId')}` }];
    case 'music':
      return [{ from, kind: 'text', text: `[音乐] ${musicOf(childrenOf(reply, 'Music'))}` }];
    case 'news':
      return newsOf(reply);
    case 'transfer_customer_service':
      return [];
    default:
      throw new Error(`MsgType: "${textOf(reply, 'MsgType') ?? ''}" is no kind of reply`);
  }
}

/** Everything in it may be left out; what stands there and is empty is a failure. */
function musicOf(music: XmlFields): string {
  const names = ['Title', 'Description', 'MusicUrl', 'HQMusicUrl', 'ThumbMediaId'];
  for (const name of names) if (name in music) need(music, name);
  return textOf(music, 'Title') ?? textOf(music, 'MusicUrl') ?? textOf(music, 'ThumbMediaId') ?? '';
}

/** What a reply names of uploaded files. */
function mediaIn(reply: XmlFields): string[] {
  return ['Image', 'Voice', 'Video', 'Music'].flatMap(part => {
    const inside = childrenOf(reply, part);
    return ['MediaId', 'ThumbMediaId'].flatMap(name => textOf(inside, name) ?? []);
  });
}

/** Since 2018 one article is shown; what is above is dropped. */
function newsOf(reply: XmlFields): NewLine[] {
  if (!/^[1-8]$/.test(textOf(reply, 'ArticleCount') ?? '')) throw new Error('ArticleCount: expected 1 … 8');
  const item = childrenOf(reply, 'Articles').item;
  const first = Array.isArray(item) ? item[0] : item;
  if (typeof first !== 'object' || isList(first)) throw new Error('Articles: no item');
  const text = (name: string): string => textOf(first, name) ?? '';
  return [
    {
      from: 'account',
      kind: 'news',
      title: need(first, 'Title'),
      description: text('Description'),
      picUrl: text('PicUrl'),
      url: text('Url'),
    },
  ];
}

/** What a text may hold: 2048 bytes is what the platform is known to take. */
export const TEXT_BYTES_MAX = 2048;

function need(fields: XmlFields, name: string): string {
  const value = textOf(fields, name) ?? '';
  if (value === '') throw new Error(`${name} is missing or empty`);
  if (Buffer.byteLength(value) > TEXT_BYTES_MAX) throw new Error(`${name}: over ${TEXT_BYTES_MAX} bytes`);
  return value;
}
