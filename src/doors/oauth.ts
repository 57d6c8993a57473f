// The way to a session (网页授权): the page sends the browser to WeChat, WeChat sends it back with a code, and the code is
// worth an openid. The state is signed, bound to the browser that began, and good once; whoever comes with anything else
// reads a kind page and learns nothing. From here a browser is only ever sent to a page of ours.
import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { AccountConfig } from '../config.ts';
import { messageOf } from '../core/error.ts';
import type { OpenId } from '../core/event.ts';
import type { Campaign } from '../core/rule.ts';
import { type Instant, MINUTE, SECOND } from '../core/time.ts';
import type { Clock, Log } from '../ports.ts';
import { type Lang, langOf, type Note, one } from './h5-common.ts';
import type { Sessions } from './session.ts';
import { createSigner, type Signer } from './signed.ts';

const STATE_MS = 10 * MINUTE;
/** So many pages may be on their way to WeChat in one browser. */
const TABS_MAX = 4;

export type Visitor =
  | { readonly kind: 'user'; readonly user: OpenId }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'again' };

export type OAuthPorts = {
  readonly accounts: ReadonlyMap<string, AccountConfig>;
  readonly publicUrl: string;
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly sessions: Sessions;
  /** The campaign whose page this is, where it has one. */
  readonly campaign: (account: string, id: string) => Campaign | undefined;
  readonly authorize: (account: AccountConfig, back: string, state: string) => string;
  /** What WeChat's code is worth. Throws `Fault`. */
  readonly visitor: (account: AccountConfig, code: string) => Promise<Visitor>;
  /** Answers with a page that says one thing. */
  readonly note: (ctx: Context, lang: Lang, note: Note, again?: string) => void;
};

export type OAuth = {
  /** Sends the browser to WeChat, to come back to this campaign's page. */
  leave(ctx: Context, account: AccountConfig, campaign: string, lang: Lang, isSecond?: boolean): void;
  /** GET /oauth/:account/callback. */
  callback(ctx: Context, account: string): Promise<void>;
};

export function createOAuth(ports: OAuthPorts): OAuth {
  const isSecure = ports.publicUrl.startsWith('https:');
  const tabs = tabsCookie(createSigner(ports.secret, 'tabs'), isSecure);
  const states = createStates(createSigner(ports.secret, 'state'));
  const { accounts, clock, log, sessions, note } = ports;

  const leave: OAuth['leave'] = (ctx, account, campaign, lang, isSecond = false) => {
    const { state, chance } = states.make(account.name, campaign, clock(), isSecond);
    tabs.write(ctx, [...tabs.read(ctx), chance].slice(-TABS_MAX));
    const query = `campaign=${encodeURIComponent(campaign)}&lang=${lang}`;
    const back = `${ports.publicUrl}/oauth/${account.name}/callback?${query}`;
    redirect(ctx, ports.authorize(account, back, state));
  };

  const callback: OAuth['callback'] = async (ctx, name) => {
    const account = accounts.get(name);
    const id = one(ctx, 'campaign') ?? '';
    const lang = langOf(ctx);
    if (!account || !ports.campaign(name, id)) return note(ctx, lang, 'nowhere');
    const page = `/h5/${name}/${id}?lang=${lang}`;
    const refuse = (reason: string): void => {
      log.info({ account: name, campaign: id, reason }, 'a way back from WeChat was refused');
      note(ctx, lang, 'stale', page);
    };
    const [code, state] = [one(ctx, 'code') ?? '', states.read(name, id, one(ctx, 'state') ?? '', clock())];
    if (typeof state === 'string') return refuse(state);
    const open = tabs.read(ctx);
    if (!open.includes(state.chance)) return refuse('the state belongs to another browser, or was used');
    tabs.write(
      ctx,
      open.filter(each => each !== state.chance),
    );
    if (!/^[\w-]{1,512}$/.test(code)) return refuse('there is no code');
    let visitor: Visitor;
    try {
      visitor = await ports.visitor(account, code);
    } catch (error) {
      log.error({ account: name, err: error }, `a code could not be exchanged: ${messageOf(error)}`);
      return note(ctx, lang, 'later', page);
    }
    if (visitor.kind === 'snapshot') return note(ctx, lang, 'snapshot');
    if (visitor.kind === 'again')
      return state.isSecond ? refuse('the code is spent') : leave(ctx, account, id, lang, true);
    ctx.append('set-cookie', sessions.open(name, visitor.user, clock()));
    redirect(ctx, page);
  };
  return { leave, callback };
}

function redirect(ctx: Context, target: string): void {
  ctx.status = 302;
  ctx.set('location', target);
  ctx.set('cache-control', 'no-store');
  ctx.body = '';
}

type State = { readonly chance: string; readonly isSecond: boolean };

/** 32 digits of chance, 8 of the end of its life in seconds, 1: it is the second try, and the mark. All of it hex. */
function createStates(signer: Signer) {
  const aboutOf = (account: string, campaign: string, text: string): string => `${account} ${campaign} ${text}`;
  return {
    make(account: string, campaign: string, now: Instant, isSecond: boolean): { state: string; chance: string } {
      const chance = randomBytes(16).toString('hex');
      const until = Math.floor((now + STATE_MS) / SECOND)
        .toString(16)
        .padStart(8, '0');
      const text = `${chance}${until}${isSecond ? 1 : 0}`;
      return { state: `${text}${signer.mark(aboutOf(account, campaign, text))}`, chance };
    },
    /** A text says why it is none. */
    read(account: string, campaign: string, state: string, now: Instant): State | string {
      const match = /^(([0-9a-f]{32})([0-9a-f]{8})([01]))([0-9a-f]{48})$/.exec(state);
      if (!match) return 'the state is none';
      const [, text, chance, until, second, mark] = match as unknown as readonly string[];
      if (!signer.isMark(aboutOf(account, campaign, text!), mark!)) return 'the state is forged';
      if (now >= Number.parseInt(until!, 16) * SECOND) return 'the state is too old';
      return { chance: chance!, isSecond: second === '1' };
    },
  };
}

/** Which states this browser waits for, in a cookie that neither another host nor a script can write or read. */
function tabsCookie(signer: Signer, isSecure: boolean) {
  const name = isSecure ? '__Host-oauth' : 'oauth';
  return {
    read(ctx: Context): string[] {
      const [mark = '', ...chances] = (ctx.cookies.get(name) ?? '').split('.');
      return signer.isMark(chances.join('.'), mark) ? chances : [];
    },
    write(ctx: Context, chances: readonly string[]): void {
      const text = chances.join('.');
      const value = chances.length === 0 ? '' : `${signer.mark(text)}.${text}`;
      const age = chances.length === 0 ? 0 : STATE_MS / SECOND;
      const secure = isSecure ? '; Secure' : '';
      ctx.append('set-cookie', `${name}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${secure}`);
    },
  };
}
