// What the Official Account platform's error codes (全局返回码) mean, and who can do something about it.

/**
 * `again` the same call may be repeated · `wait` a quota has to come back · `user` this follower cannot be reached ·
 * `config` the operator must act · `bug` the call itself is wrong.
 */
type ApiErrorKind = 'again' | 'wait' | 'user' | 'config' | 'bug';
type ApiError = { readonly kind: ApiErrorKind; readonly text: string };

const row = (kind: ApiErrorKind, text: string): ApiError => ({ kind, text });

const ERRORS: Readonly<Record<string, ApiError>> = {
  NETWORK: row('again', 'the platform could not be reached'),
  UNREADABLE: row('again', 'the platform answered what nobody can read'),
  TOKEN: row('again', 'no access_token could be had'),
  '-1': row('again', 'the platform is busy'),
  '-1000': row('again', 'the platform is busy'),
  40001: row('config', 'the AppSecret is wrong, or somebody else keeps fetching access_tokens with it'),
  40003: row('user', 'the openid is not one of this account'),
  40007: row('config', 'there is no such media_id; upload it again'),
  40013: row('config', 'the AppID is wrong'),
  40016: row('bug', 'wrong number of menu buttons'),
  40017: row('bug', 'wrong type of menu button'),
  40018: row('bug', 'the name of a menu button is too long, or empty'),
  40019: row('bug', 'the key of a menu button is too long, or missing'),
  40020: row('bug', 'the address of a menu button is too long, or missing'),
  40023: row('bug', 'wrong number of sub-buttons'),
  40024: row('bug', 'wrong type of sub-button'),
  40025: row('bug', 'the name of a sub-button is too long, or empty'),
  40026: row('bug', 'the key of a sub-button is too long, or missing'),
  40027: row('bug', 'the address of a sub-button is too long, or missing'),
  40037: row('config', 'there is no template of this id; copy it from the console (模板消息, 订阅通知)'),
  40053: row('config', "the scene is not allowed, or the account's 100 000 permanent codes are used up"),
  40125: row('config', 'the AppSecret is wrong; copy it anew from the console'),
  40164: row('config', "this machine's IP is not in the account's whitelist (IP白名单); add it in the console"),
  40243: row('config', 'the AppSecret is frozen; unfreeze it in the console'),
  40246: row('config', 'the template was added without its keyword list; add it again'),
  41030: row('config', 'the page of the mini program is wrong'),
  43004: row('user', 'does not follow the account'),
  43019: row('user', 'is on the blacklist'),
  43101: row('user', 'does not take this notice: refused it, or has not agreed to one more'),
  45009: row('wait', "today's quota of this API is used up; it comes back at midnight, or with clear_quota"),
  45011: row('again', 'too many calls within a minute'),
  45015: row('user', 'did nothing for too long to be written to, or does not follow any more'),
  45047: row('user', 'has got as many messages as the platform allows for now'),
  45064: row('config', 'the menu opens a mini program that is not linked with the account'),
  45066: row('again', 'the same message was tried again too soon'),
  45067: row('bug', 'the client_msg_id is too long'),
  46003: row('config', 'there is no menu'),
  46004: row('user', 'does not exist'),
  47001: row('bug', 'the request cannot be read'),
  47003: row('config', 'a field does not fit its type in the template'),
  48001: row(
    'config',
    'this account may not call this API: it needs another type of account, or verification (微信认证)',
  ),
  48002: row('user', 'has switched off messages of the account'),
  48004: row('config', 'the platform has banned this API for the account (违规); look into the console'),
  48008: row('config', 'this account may not send this type of message'),
  50002: row('user', 'is restricted by the platform'),
  50005: row('user', 'does not follow the account'),
  65316: row('config', 'the menu links to more than three domains'),
  70000: row('user', 'is protected as a minor'),
};

/** A code nobody knows is for the operator: nothing else can be said about it. */
export function apiErrorOf(code: string): ApiError {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code]! : row('config', 'the platform gives a code we do not know');
}
