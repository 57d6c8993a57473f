// The doctor asks the Official Account platform what changes nothing, and looks for us from outside, through publicUrl, as WeChat
// and a phone would.

import { createHash, randomBytes } from 'node:crypto';
import type { AccountConfig } from '../../config/account.ts';
import type { Config } from '../../config/config.ts';
import { isLoopback, under } from '../../core/base/address.ts';
import { codeOf, Fault, messageOf } from '../../core/base/error.ts';
import type { Instant } from '../../core/base/time.ts';
import { apiErrorOf } from '../../core/messages/platform-codes.ts';
import { type Diagnosis, found, wrongIn } from '../../core/ops/diagnosis.ts';
import { doorNoteName, readDoorNote, troubleIn } from '../../core/ops/door-note.ts';
import { keysWithoutRule } from '../../core/ops/menu.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Store } from '../../ports.ts';
import { type Answer, call } from '../../wechat/account/api.ts';
import { menuKeys } from '../../wechat/account/menu.ts';
import { numberOf, partOf } from '../../wechat/json.ts';

const PATIENCE_MS = 8000;

// ── What the platform says ───────────────────────────────────────────────────────────────────────────────────

/** `campaigns` absent: the rules cannot be read, and nothing is said of the menu. */
export async function lookAtPlatform(
  account: AccountConfig,
  campaigns: readonly Campaign[] | undefined,
): Promise<Diagnosis[]> {
  const { name, api, appId, appSecret: secret } = account;
  try {
    const body = { grant_type: 'client_credential', appid: appId, secret };
    const { access_token: token } = await call(under(api, '/cgi-bin/stable_token'), body);
    const ask = (path: string, sent?: object): Promise<Answer> => {
      const url = under(api, path);
      url.searchParams.set('access_token', String(token));
      return call(url, sent);
    };
    return [...(await lookAtMenu(account, ask, campaigns)), ...(await lookAtRights(account, ask))];
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return [ofFault(name, api, error)];
  }
}

type Ask = (path: string, body?: object) => Promise<Answer>;

function ofFault(account: string, api: string, { code, message }: Fault): Diagnosis {
  const facts = { code, said: message, host: new URL(api).host };
  switch (code) {
    case '40013':
      return found('appid', account, facts);
    case '40125':
    case '40001':
      return found('secret', account, facts, { sure: code === '40125' ? 'sure' : 'likely' });
    case '40243':
      return found('secret-frozen', account, facts);
    case '40164':
      return found('ip', account, { ...facts, ip: addressIn(message) });
    case '45009':
      return found('quota', account, { ...facts, said: message.split(':')[0]! });
    case '48001':
      return found('rights', account, facts);
    case 'NETWORK':
    case 'UNREADABLE':
    case '-1':
    case '-1000':
      return found('platform-away', account, facts);
    default:
      return found('platform-refuses', account, { ...facts, said: `${apiErrorOf(code).text} (${message})` });
  }
}

/** `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist`; of a machine that only has IPv6, that. */
function addressIn(message: string): string {
  const v4 = /\d{1,3}(\.\d{1,3}){3}/.exec(message)?.[0];
  return v4 ?? /(?<=invalid ip )[\da-f:]+/i.exec(message)?.[0] ?? '?';
}

async function lookAtMenu(
  { name }: AccountConfig,
  ask: Ask,
  campaigns: readonly Campaign[] = [],
): Promise<Diagnosis[]> {
  if (campaigns.length === 0) return [];
  const keys = menuKeys(await ask('/cgi-bin/get_current_selfmenu_info'));
  const own = campaigns.filter(campaign => (campaign.account ?? name) === name);
  return keysWithoutRule('menu', keys, own).map(each =>
    found('menu-key', name, { said: wrongIn(each) }, { grave: 'warning' }),
  );
}

/** The calls a bot lives by, each with how many are left today. */
const NEEDED = ['/cgi-bin/message/custom/send', '/cgi-bin/user/info'] as const;
const USED_UP = 0.9;
/** Of whom there is nothing to read: whether the account may ask at all is the answer. */
const NOBODY = '/cgi-bin/user/info?openid=doctor';

async function lookAtRights({ name, api }: AccountConfig, ask: Ask): Promise<Diagnosis[]> {
  const diagnoses: Diagnosis[] = [];
  try {
    await ask(NOBODY);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === '48001' || error.code === '45009') diagnoses.push(ofFault(name, api, error));
  }
  for (const path of NEEDED) {
    try {
      const quota = partOf(await ask('/cgi-bin/openapi/quota/get', { cgi_path: path }), 'quota');
      const [most = 0, used = 0] = [quota.daily_limit, quota.used].map(numberOf);
      if (most > 0 && used >= most * USED_UP)
        diagnoses.push(found('quota', name, { said: `${path}: ${used} / ${most}` }, { grave: 'warning' }));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // Some accounts have no such question (76021 and the like): then it says nothing.
      if (['45009', '48001'].includes(error.code))
        diagnoses.push({ ...ofFault(name, api, error), facts: { said: path } });
    }
  }
  return diagnoses.filter(({ id }, n) => diagnoses.findIndex(each => each.id === id) === n);
}

// ── What the door heard ──────────────────────────────────────────────────────────────────────────────────────

const OF_DOOR = {
  sealed: 'aes-differs',
  mode: 'mode-differs',
  clock: 'push-clock',
  signature: 'token-differs',
} as const;

export async function lookAtDoor({ name }: AccountConfig, publicUrl: string, store: Store): Promise<Diagnosis[]> {
  const note = readDoorNote(await store.note(doorNoteName(name)));
  const trouble = troubleIn(note);
  if (trouble) {
    const sure = trouble.what === 'sealed' || trouble.what === 'mode' ? 'sure' : 'likely';
    return [found(OF_DOOR[trouble.what], name, { said: trouble.said }, { sure })];
  }
  if (note.genuine) return [];
  return [found('never-heard', name, { url: `${publicUrl}/wechat/${name}` }, { sure: 'likely', grave: 'warning' })];
}

// ── From outside ─────────────────────────────────────────────────────────────────────────────────────────────

type Seen = { readonly status: number; readonly text: string } | { readonly trouble: string; readonly isTls: boolean };

async function visit(url: string, headers: Record<string, string> = {}): Promise<Seen> {
  try {
    const answer = await fetch(url, { redirect: 'manual', headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    return { status: answer.status, text: (await answer.text()).slice(0, 20_000) };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const code = codeOf(cause) ?? '';
    const trouble = cause === undefined ? messageOf(error) : `${code} ${messageOf(cause)}`.trim();
    return { trouble, isTls: /CERT|SSL|TLS|SIGNED|ALTNAME/i.test(code) };
  }
}

/** The handshake (接入验证), as WeChat does it when the address is saved: signed with our token, and to be echoed. */
export async function lookFromOutside(
  { publicUrl, merchants }: Config,
  account: AccountConfig,
  now: Instant,
): Promise<Diagnosis[]> {
  const { name, token } = account;
  const [timestamp, nonce, echo] = [String(Math.floor(now / 1000)), hex(), hex()];
  const signature = createHash('sha1').update([token, timestamp, nonce].sort().join('')).digest('hex');
  const url = `${publicUrl}/wechat/${name}`;
  const seen = await visit(`${url}?${new URLSearchParams({ signature, timestamp, nonce, echostr: echo })}`);
  if ('trouble' in seen) return [found(seen.isTls ? 'url-tls' : 'url-away', name, { url, said: seen.trouble })];
  if (seen.status === 401) return [found('url-refused', name, { url, said: '401' })];
  if (seen.status !== 200 || seen.text !== echo)
    return [found('url-other', name, { url, said: `HTTP ${seen.status}` })];
  const diagnoses: Diagnosis[] = [];
  const notified = merchants.get(account.merchant ?? '');
  if (notified && notified.channel !== 'redpack') {
    const door = `${publicUrl}/notify/transfer/${notified.name}`;
    const answer = await visit(door);
    // Our own door wants a POST, and says so.
    if (!('status' in answer) || answer.status !== 405)
      diagnoses.push(found('url-notify', notified.name, { url: door, said: saidOf(answer) }));
  }
  const page = `${publicUrl}/h5/${name}/doctor/draw`;
  const answer = await visit(page);
  if (!('status' in answer) || answer.status !== 405)
    diagnoses.push(found('url-pages', name, { url: page, said: saidOf(answer) }, { grave: 'warning' }));
  return diagnoses;
}

const saidOf = (seen: Seen): string => ('status' in seen ? `HTTP ${seen.status}` : seen.trouble);
const hex = (): string => randomBytes(8).toString('hex');

/** A phone's own words: the page of another browser says nothing of domains. */
const PHONE =
  'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.49';

/** 网页授权域名, as a phone that opens a campaign's page would learn of it. */
export async function lookAtDomain({ name, open, appId }: AccountConfig, publicUrl: string): Promise<Diagnosis[]> {
  if (isLoopback(publicUrl) && !isLoopback(open)) return [];
  const back = `${publicUrl}/oauth/${name}/callback`;
  const query = [
    `appid=${appId}`,
    `redirect_uri=${encodeURIComponent(back)}`,
    'response_type=code',
    'scope=snsapi_base',
    'state=doctor',
  ];
  const seen = await visit(`${open}/connect/oauth2/authorize?${query.join('&')}`, { 'user-agent': PHONE });
  const said = 'text' in seen ? /redirect_uri[^<]{0,60}|10003/.exec(seen.text)?.[0] : undefined;
  return said === undefined ? [] : [found('oauth-domain', name, { host: new URL(publicUrl).host, said })];
}

// ── The clock ────────────────────────────────────────────────────────────────────────────────────────────────

/** The door bears five minutes. */
const DRIFT_MAX_MS = 60_000;

/** Beside the time that the platform writes on its answers. */
export async function lookAtClock({ api }: AccountConfig, clock: () => Instant): Promise<Diagnosis[]> {
  try {
    const sent = clock();
    const answer = await fetch(under(api, '/cgi-bin/getcallbackip'), { signal: AbortSignal.timeout(PATIENCE_MS) });
    await answer.body?.cancel();
    const theirs = Date.parse(answer.headers.get('date') ?? '');
    if (Number.isNaN(theirs)) return [];
    const drift = Math.min(Math.abs(theirs - sent), Math.abs(theirs - clock()));
    return drift < DRIFT_MAX_MS ? [] : [found('clock', undefined, { seconds: String(Math.round(drift / 1000)) })];
  } catch {
    return []; // who cannot be reached is told of elsewhere
  }
}
