// The way to a session (网页授权): the page sends the browser to WeChat, WeChat sends it back with a code, and the code is
// worth an openid. The state is signed, bound to the browser that began, and good for one way; whoever comes with anything
// else reads a kind page and learns nothing. WeChat comes the same way twice now and then, and people go back to it: both
// land where they landed before. From here a browser is only ever sent to a page of ours.

import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { AccountConfig } from '../../config/account.ts';
import { pathOf } from '../../core/base/address.ts';
import { messageOf } from '../../core/base/error.ts';
import type { OpenId } from '../../core/base/event.ts';
import { type Instant, MINUTE, SECOND } from '../../core/base/time.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { sparing } from '../../lib/log-throttle.ts';
import { createMemory } from '../../lib/rate-limiter.ts';
import { createSigner, type Signer } from '../../lib/signer.ts';
import type { Clock, Log } from '../../ports.ts';
import { type Lang, langOf, one } from '../language.ts';
import type { Sessions } from '../session.ts';
import type { Note } from './note.ts';

const STATE_MS = 10 * MINUTE;
/** So many pages may be on their way to WeChat in one browser. */
const TABS_MAX = 4;
/** So long the same code is the same way back; WeChat's second request follows within seconds. */
const SAME_WAY_MS = MINUTE;
/** So many codes one state may bring. */
const CODES_PER_STATE_MAX = 4;
const STATES_MAX = 10_000;

type Visitor =
  | { readonly kind: 'user'; readonly user: OpenId }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'again' };

export type OAuthPorts = {
  readonly accounts: ReadonlyMap<string, AccountConfig>;
  readonly publicUrl: string;
  /** Sign what the browser carries; see `createSigner`. */
  readonly sessionSecrets: readonly string[];
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
  leave(ctx: Context, account: AccountConfig, campaign: string, lang: Lang): void;
  /** GET /oauth/:account/callback. */
  callback(ctx: Context, account: string): Promise<void>;
};

export function createOAuth(ports: OAuthPorts): OAuth {
  const isSecure = ports.publicUrl.startsWith('https:');
  const prefix = pathOf(ports.publicUrl);
  const tabs = tabsCookie(createSigner(ports.sessionSecrets, 'tabs'), isSecure);
  const states = createStates(createSigner(ports.sessionSecrets, 'state'));
  const { accounts, clock, log, sessions, note } = ports;
  const wayOf = createWays(clock);
  const [spareRefused, spareFailed] = [sparing(clock), sparing(clock)];

  const send = (ctx: Context, account: AccountConfig, to: Target, { state, chance }: Made, open: string[]): void => {
    tabs.write(ctx, [...open, chance].slice(-TABS_MAX));
    const query = `campaign=${encodeURIComponent(to.campaign)}&lang=${to.lang}`;
    redirect(ctx, ports.authorize(account, `${ports.publicUrl}/oauth/${account.name}/callback?${query}`, state));
  };
  const leave: OAuth['leave'] = (ctx, account, campaign, lang) =>
    send(ctx, account, { campaign, lang }, states.make(account.name, campaign, clock(), false), tabs.read(ctx));

  const callback: OAuth['callback'] = async (ctx, name) => {
    const account = accounts.get(name);
    const id = one(ctx, 'campaign') ?? '';
    const lang = langOf(ctx);
    if (!account || !ports.campaign(name, id)) return note(ctx, lang, 'nowhere');
    const page = `${prefix}/h5/${name}/${id}?lang=${lang}`;
    // Whoever is known is where they want to be, whatever their link says: they went back, or loaded it again.
    if (sessions.read(name, ctx.get('cookie'), clock())) return redirect(ctx, page);
    const refuse = (reason: string): void => {
      spareRefused(leftOut =>
        log.info({ account: name, campaign: id, leftOut, reason }, 'a way back from WeChat was refused'),
      );
      note(ctx, lang, 'stale', page);
    };
    const [code, state] = [one(ctx, 'code') ?? '', states.read(name, id, one(ctx, 'state') ?? '', clock())];
    if (typeof state === 'string') return refuse(state);
    const open = tabs.read(ctx);
    if (!open.includes(state.chance)) return refuse('the state belongs to another browser, or was used');
    if (!/^[\w-]{1,512}$/.test(code)) return refuse('there is no code');
    const way = wayOf(state.chance, code, () => ports.visitor(account, code));
    if (!way) return refuse('the state came with too many codes');
    let visitor: Visitor;
    try {
      visitor = await way.visitor;
    } catch (error) {
      spareFailed(leftOut =>
        log.error({ account: name, leftOut, err: error }, `a code could not be exchanged: ${messageOf(error)}`),
      );
      return note(ctx, lang, 'later', page);
    }
    if (visitor.kind === 'snapshot') return note(ctx, lang, 'snapshot');
    const others = open.filter(each => each !== state.chance);
    if (visitor.kind === 'again') {
      if (state.isSecond) return refuse('the code is spent');
      // Whoever comes twice is sent the same way twice.
      way.second ??= states.make(name, id, clock(), true);
      return send(ctx, account, { campaign: id, lang }, way.second, others);
    }
    tabs.write(ctx, others);
    ctx.append('set-cookie', sessions.open(name, visitor.user, clock()));
    redirect(ctx, page);
  };
  return { leave, callback };
}

type Target = { readonly campaign: string; readonly lang: Lang };

/** One way back: what its code is worth, and where it leads if that is nothing. */
type Way = { readonly code: string; readonly at: Instant; readonly visitor: Promise<Visitor>; second?: Made };

/** The same way twice, at once or after another, is exchanged once. In this process's memory: elsewhere the code is spent. */
function createWays(clock: Clock) {
  const ways = createMemory<readonly Way[]>(STATES_MAX);
  const of = (chance: string): readonly Way[] => ways.get(chance) ?? [];
  return (chance: string, code: string, exchange: () => Promise<Visitor>): Way | undefined => {
    const now = clock();
    const known = of(chance).find(way => way.code === code && Math.abs(now - way.at) < SAME_WAY_MS);
    if (known) return known;
    if (of(chance).length >= CODES_PER_STATE_MAX) return undefined;
    const way: Way = { code, at: now, visitor: exchange() };
    ways.set(chance, [...of(chance), way]);
    // What WeChat did not answer may be asked again.
    way.visitor.catch(() =>
      ways.set(
        chance,
        of(chance).filter(each => each !== way),
      ),
    );
    return way;
  };
}

function redirect(ctx: Context, target: string): void {
  ctx.status = 302;
  ctx.set('location', target);
  ctx.set('cache-control', 'no-store');
  ctx.body = '';
}

type State = { readonly chance: string; readonly isSecond: boolean };
type Made = { readonly state: string; readonly chance: string };

/** 32 digits of chance, 8 of the end of its life in seconds, 1: it is the second try, and the mark. All of it hex. */
function createStates(signer: Signer) {
  const aboutOf = (account: string, campaign: string, text: string): string => `${account} ${campaign} ${text}`;
  return {
    make(account: string, campaign: string, now: Instant, isSecond: boolean): Made {
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
      const [, text, chance, until, second, mark] = match;
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
