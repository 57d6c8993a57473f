// Wires the campaign's page (H5) to the platform: who visits, the JS-SDK's signature, personal codes, and the built files.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AccountConfig } from '../config/account.ts';
import type { Config } from '../config/config.ts';
import { sessionSecretsOf } from '../config/secret.ts';
import { codeOf } from '../core/base/error.ts';
import { type Instant, later, MINUTE } from '../core/base/time.ts';
import type { Assets } from '../http/h5/html/view.ts';
import type { H5Ports, InviteCode } from '../http/h5/routes.ts';
import { qrPicture } from '../lib/qr-png.ts';
import type { Clock, Store } from '../ports.ts';
import { type Api, type ApiPorts, createApi } from '../wechat/account/api.ts';
import { createJsSigner } from '../wechat/account/jssdk.ts';
import { authorizeUrl, visitorOf } from '../wechat/account/oauth.ts';
import { createQrCode } from '../wechat/account/qr-codes.ts';

/** Beside the compiled code; and from the sources (in tests) the folder of the last build. */
const FOLDERS = ['../pages/', '../../dist/pages/'].map(path => new URL(path, import.meta.url));
const QR_PIXELS = 360;
/** So many personal codes are remembered; what is forgotten is made anew. */
const CODES_MAX = 2000;
/** A code is not handed out in its last minutes. */
const CODE_EARLY_MS = 10 * MINUTE;

type Parts = {
  readonly config: Config;
  readonly clock: Clock;
  readonly sleep: ApiPorts['sleep'];
  readonly store: Store;
};

/** The part of the page's ports that speaks to WeChat. */
export function platformPorts({
  config,
  ...ports
}: Parts): Pick<
  H5Ports,
  | 'accounts'
  | 'publicUrl'
  | 'secret'
  | 'sessionSecrets'
  | 'authorize'
  | 'visitor'
  | 'jsConfig'
  | 'inviteCode'
  | 'confirms'
  | 'assets'
> {
  const { accounts, publicUrl, secret } = config;
  const api = perAccount(account => createApi(account, ports));
  const signer = perAccount(account => createJsSigner(account.appId, api(account), ports));
  return {
    accounts,
    publicUrl,
    secret,
    sessionSecrets: sessionSecretsOf(config),
    assets: readAssets(),
    confirms: ({ merchant = '' }) => config.merchants.get(merchant)?.channel === 'transfer',
    authorize: authorizeUrl,
    visitor: visitorOf,
    jsConfig: (account, url) => signer(account)(url),
    inviteCode: createInviteCodes(api, ports.clock),
  };
}

function perAccount<T>(make: (account: AccountConfig) => T): (account: AccountConfig) => T {
  const made = new Map<string, T>();
  return account => {
    const known = made.get(account.name) ?? make(account);
    made.set(account.name, known);
    return known;
  };
}

/** One code a follower and campaign, as long as it lasts; two who ask at once wait for the same one. */
function createInviteCodes(api: (account: AccountConfig) => Api, clock: Clock): H5Ports['inviteCode'] {
  const codes = new Map<string, { readonly until: Instant; readonly code: Promise<InviteCode> }>();
  return (account, scene, lasts) => {
    const key = `${account.name} ${scene}`;
    const known = codes.get(key);
    if (known && clock() < known.until) return known.code;
    const code = createQrCode(api(account), clock, { scene, numbers: false, lasts }).then(({ url, expires }) => ({
      expires: expires ?? later(clock(), lasts),
      picture: qrPicture(url, QR_PIXELS),
    }));
    codes.delete(key);
    codes.set(key, { until: later(clock(), Math.max(lasts - CODE_EARLY_MS, lasts / 2)), code });
    code.catch(() => codes.delete(key));
    if (codes.size > CODES_MAX) codes.delete(codes.keys().next().value!);
    return code;
  };
}

function readAssets(): Assets {
  return { css: readPage('h5.css'), script: readPage('h5.js') };
}

/** Without a build the page has no looks and no script, and says so; the bot works. */
function readPage(name: string): string {
  for (const folder of FOLDERS) {
    try {
      return readFileSync(fileURLToPath(new URL(name, folder)), 'utf8').trim();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return '';
}
