// The platform's error codes with their texts, and the request id (rid) that ends every one of them.
import { randomBytes } from 'node:crypto';

const TEXTS = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40016: 'invalid button size',
  40017: 'invalid button type',
  40018: 'invalid button name size',
  40019: 'invalid button key size',
  40020: 'invalid button url size',
  40022: 'invalid sub button level',
  40023: 'invalid sub button size',
  40024: 'invalid sub button type',
  40025: 'invalid sub button name size',
  40026: 'invalid sub button key size',
  40027: 'invalid sub button url size',
  40029: 'invalid code',
  40032: 'invalid openid list size',
  40033: 'invalid charset. please check your request, if include \\uxxxx will create fail!',
  40037: 'invalid template_id',
  40053: 'invalid action info',
  40066: 'invalid url',
  40097: 'invalid args',
  40125: 'invalid appsecret',
  40163: 'code been used',
  40164: 'invalid ip',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41008: 'missing code',
  41030: 'invalid page',
  42001: 'access_token expired',
  42003: 'code expired',
  43001: 'require GET method',
  43002: 'require POST method',
  43004: 'require subscribe',
  43019: 'require remove blacklist',
  43101: 'user refuse to accept the msg',
  44002: 'empty post data',
  44004: 'empty content',
  45002: 'content size out of limit',
  45008: 'article size out of limit',
  45009: 'reach max api daily quota limit',
  45015: 'response out of time limit or subscription is canceled',
  45047: 'out of response count limit',
  45064: 'no permission to use weapp in menu',
  45065: 'clientmsgid exist',
  45067: 'clientmsgid size out of limit',
  46003: 'menu no exist',
  47001: 'data format error',
  47003: 'argument invalid!',
  48001: 'api unauthorized',
  48002: 'user block receive message',
  48006: 'forbid to clear quota because of reaching the limit',
} as const;

export type ErrorCode = keyof typeof TEXTS;
export type ErrorReply = { readonly errcode: ErrorCode; readonly errmsg: string };

/** `note`: what exactly, for the developer who reads it. */
export function platformError(code: ErrorCode, note?: string): ErrorReply {
  const id = randomBytes(12).toString('hex');
  const rid = `${id.slice(0, 8)}-${id.slice(8, 16)}-${id.slice(16)}`;
  return { errcode: code, errmsg: `${TEXTS[code]}${note === undefined ? '' : ` (${note})`} rid: ${rid}` };
}

export const OK = { errcode: 0, errmsg: 'ok' } as const;
