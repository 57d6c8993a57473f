// What is not wrong in bot.yaml, and yet likely a mistake, or dangerous: said at each start, with its place. It stops nobody.

import { isLoopback } from '../core/base/address.ts';
import type { Place } from '../core/base/error.ts';
import type { Day } from '../core/base/time.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import type * as shape from '../core/yaml/schema.ts';
import type { Account } from './account.ts';
import type { Merchant } from './merchant.ts';

/** As much of bot.yaml as is looked at. */
type Written = {
  readonly publicUrl?: shape.Located<string>;
  readonly trustProxy?: number;
  readonly secret: shape.Located<string>;
  readonly acceptWeakSecret?: shape.Located<Day>;
  readonly accounts: ReadonlyMap<string, shape.Located<Account>>;
  readonly merchants?: ReadonlyMap<string, shape.Located<Merchant>>;
};
type Say = (at: Place, message: Wording) => void;

const TOP = { line: 1, column: 1 };

export function hintsOn(bot: Written, say: Say): void {
  const isPublic = !bot.publicUrl || !isLoopback(bot.publicUrl.value);
  sayPublic(bot, say);
  sayTwins(bot, say);
  if (bot.acceptWeakSecret)
    say(
      bot.secret.at,
      t`secret is weak, and accepted until ${bot.acceptWeakSecret.value}: whoever guesses it knows the next winner`,
    );
  for (const [name, { value }] of bot.accounts) {
    if (value.mode?.value === 'plain' && isPublic)
      say(
        value.mode.at,
        t`account "${name}" takes pushes in plain mode: they are not encrypted, and whoever sees the address of one can send another body with it for five minutes; choose 安全模式 in 服务器配置 and say \`mode: safe\``,
      );
    for (const key of ['api', 'open'] as const) sayClear(`accounts.${name}.${key}`, value[key], say);
  }
  for (const [name, { value }] of bot.merchants ?? []) {
    sayClear(`merchants.${name}.api`, value.api, say);
    const { clientIp, quietHours } = value;
    if (quietHours && isWholeDay(quietHours.value))
      say(
        quietHours.at,
        t`the quietHours of merchant "${name}" leave no minute of the day: nothing is ever sent; \`hongbao merchant halt ${name}\` stops it for a while`,
      );
    const isReal = !value.api || !isLoopback(value.api.value);
    if (clientIp && isReal && isInside(clientIp.value))
      say(
        clientIp.at,
        t`clientIp ${clientIp.value} is an address inside a network: WeChat Pay wants the public one of this machine`,
      );
  }
}

/** How followers reach us. */
function sayPublic({ publicUrl, trustProxy }: Written, say: Say): void {
  if (!publicUrl)
    say(TOP, t`there is no publicUrl: pages and notices are announced at an address that nobody outside can reach`);
  if (!publicUrl || isLoopback(publicUrl.value)) return;
  const { port, hostname } = new URL(publicUrl.value);
  if (isInside(hostname) || !/[.:]/.test(hostname))
    say(publicUrl.at, t`publicUrl is ${hostname}, which nobody outside of this network can reach`);
  else if (/^[\d.]+$|^\[/.test(hostname))
    say(
      publicUrl.at,
      t`publicUrl has no name, only a number: WeChat takes a domain (网页授权域名), with an ICP filing`,
    );
  if (port !== '') say(publicUrl.at, t`publicUrl has the port ${port}: WeChat calls 80 and 443 only`);
  if (publicUrl.value.startsWith('http:'))
    say(
      publicUrl.at,
      t`publicUrl is plain http: what followers send can be read and changed on its way, sessions can be taken, and WeChat Pay sends no notices there; put TLS in front and say https://`,
    );
  else if (trustProxy === undefined)
    say(
      publicUrl.at,
      t`publicUrl is https, so a proxy stands in front: say \`trustProxy: 1\` (or how many), or all visitors are one to the limits; \`trustProxy: 0\` says that this is meant`,
    );
}

/** A pair that WeChat tells apart, or does not, otherwise than we do. */
function sayTwins({ accounts, merchants }: Written, say: Say): void {
  const tokens = new Map<string, string>();
  for (const [name, { value }] of accounts) {
    const twin = tokens.get(value.token.value);
    if (twin === undefined) tokens.set(value.token.value, name);
    else
      say(
        value.token.at,
        t`accounts "${twin}" and "${name}" have the same token: what WeChat signs for one is believed of the other; give each its own`,
      );
  }
  const numbers = new Map<string, string>();
  for (const [name, { value }] of merchants ?? []) {
    const twin = numbers.get(value.mchId.value);
    if (twin === undefined) numbers.set(value.mchId.value, name);
    else
      say(
        value.mchId.at,
        t`merchants "${twin}" and "${name}" have the same mchId: each keeps rate and limits for itself, WeChat Pay counts them together`,
      );
  }
}

/** Keys on their way in clear. */
function sayClear(key: string, entry: shape.Located<string> | undefined, say: Say): void {
  if (entry?.value.startsWith('http:') && !isLoopback(entry.value))
    say(entry.at, t`${key} is plain http: keys and money go there in clear; say https://, or have it on this machine`);
}

function isWholeDay(ranges: readonly (readonly [number, number])[]): boolean {
  const sorted = [...ranges].sort(([a], [b]) => a - b);
  return sorted.reduce((end, [from, to]) => (from <= end ? Math.max(end, to) : end), 0) >= 24 * 60;
}

function isInside(ip: string): boolean {
  return /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(ip);
}
