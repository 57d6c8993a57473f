// An account (公众号) in bot.yaml: what it is written as, and what it becomes.

import { t } from '../core/base/words/words.ts';
import type { Notices } from '../core/messages/notice.ts';
import * as shape from '../core/yaml/schema.ts';
import { address } from './address.ts';
import { NOTICES } from './notices.ts';
import { AES_KEY, APP_ID, APP_SECRET, TOKEN } from './secret.ts';

const { text, optional, required, object, located } = shape;

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

export const ACCOUNT = object(t`an account`, {
  appId: required(located(APP_ID)),
  appSecret: required(APP_SECRET),
  token: required(located(TOKEN)),
  encodingAesKey: optional(AES_KEY),
  mode: optional(located(shape.choice(t`a mode`, ['safe', 'compatible', 'plain']))),
  merchant: optional(located(text({ what: t`the name of a merchant` }))),
  api: optional(located(address('api', /^(?:[\w-]+\.)?api2?\.weixin\.qq\.com$/))),
  open: optional(located(address('open', /^open\.weixin\.qq\.com$/))),
  jssdk: optional(
    text({
      what: t`the address of the JS-SDK, https://…/….js`,
      oneLine: true,
      pattern: /^https?:\/\/[\w.:[\]-]+\/[\w./-]+$/,
    }),
  ),
  notices: optional(NOTICES),
});

export type Account = shape.ShapeOf<typeof ACCOUNT>;

export function accountOf(name: string, account: Account): AccountConfig {
  return {
    name,
    appId: account.appId.value,
    appSecret: account.appSecret,
    token: account.token.value,
    encodingAesKey: account.encodingAesKey,
    mode: account.mode?.value ?? 'safe',
    merchant: account.merchant?.value,
    api: account.api?.value ?? 'https://api.weixin.qq.com',
    open: account.open?.value ?? 'https://open.weixin.qq.com',
    jssdk: account.jssdk ?? 'https://res.wx.qq.com/open/js/jweixin-1.6.0.js',
    ...(account.notices && { notices: account.notices }),
  };
}
