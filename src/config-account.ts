// An account (公众号) in bot.yaml: what it is written as, and what it becomes.
import { NOTICES } from './config-notices.ts';
import type { Notices } from './core/notice.ts';
import * as shape from './core/shape.ts';

const { text, optional, required, object, located } = shape;
const secretText = (what: string) => text({ what, secret: true, oneLine: true });

export type AccountConfig = {
  readonly name: string;
  readonly appId: string;
  readonly appSecret: string;
  readonly token: string;
  readonly encodingAesKey: string | undefined;
  readonly mode: 'safe' | 'compatible' | 'plain';
  readonly merchant: string | undefined;
  readonly api: string;
  readonly open: string;
  /** WeChat's own script for pages (JS-SDK): loaded only where a transfer is to be confirmed. */
  readonly jssdk: string;
  /** How followers are told what no message may tell them. */
  readonly notices?: Notices;
};

export const ACCOUNT = object('an account', {
  appId: required(text({ what: 'an AppID', oneLine: true, pattern: /^[A-Za-z0-9_-]{4,32}$/ })),
  appSecret: required(secretText('an AppSecret')),
  token: required(secretText('the token of 服务器配置')),
  encodingAesKey: optional(
    text({ what: 'the EncodingAESKey: 43 letters and digits', secret: true, pattern: /^[A-Za-z0-9+/]{43}$/ }),
  ),
  mode: optional(shape.choice('a mode', ['safe', 'compatible', 'plain'])),
  merchant: optional(located(text({ what: 'the name of a merchant' }))),
  api: optional(shape.url()),
  open: optional(shape.url()),
  jssdk: optional(
    text({
      what: 'the address of the JS-SDK, https://…/….js',
      oneLine: true,
      pattern: /^https?:\/\/[\w.:[\]-]+\/[\w./-]+$/,
    }),
  ),
  notices: optional(NOTICES),
});

type Account = shape.ShapeOf<typeof ACCOUNT>;

export function accountOf(name: string, account: Account): AccountConfig {
  return {
    name,
    appId: account.appId,
    appSecret: account.appSecret,
    token: account.token,
    encodingAesKey: account.encodingAesKey,
    mode: account.mode ?? 'safe',
    merchant: account.merchant?.value,
    api: account.api ?? 'https://api.weixin.qq.com',
    open: account.open ?? 'https://open.weixin.qq.com',
    jssdk: account.jssdk ?? 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js',
    ...(account.notices && { notices: account.notices }),
  };
}
