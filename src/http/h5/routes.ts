// The page of a campaign (H5): who has no session is sent to WeChat first; who has one sees the page, draws, and reads what
// became of their prizes. The openid is the session's, never a parameter's. A draw is the event `visit`, one for each tap.

import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import type { AccountConfig } from '../../config/account.ts';
import { pathOf } from '../../core/base/address.ts';
import { BadInput, messageOf } from '../../core/base/error.ts';
import { type Event, eventKey, type OpenId } from '../../core/base/event.ts';
import { isRecord } from '../../core/base/record.ts';
import type { Instant } from '../../core/base/time.ts';
import { commitmentOf, seedOf } from '../../core/decide/draw.ts';
import type { Book } from '../../core/decide/match.ts';
import { inviteScene } from '../../core/match/follower.ts';
import { askNowStep } from '../../core/payout/ask-now.ts';
import { asBillNo, type Payout } from '../../core/payout/payout.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { idsOf } from '../../core/rules/campaign-query.ts';
import { asWritten, calledOf } from '../../core/rules/renamed.ts';
import type { Flow } from '../../engine/flow.ts';
import { sparing } from '../../lib/log-throttle.ts';
import type { Store } from '../../ports.ts';
import { readBody, TooLarge } from '../body.ts';
import type { Lookup } from '../follower-lookup.ts';
import { type Lang, langOf } from '../language.ts';
import { createSessions, type Session } from '../session.ts';
import { noteHtml, pageHtml } from './html/page.ts';
import { ownHtml } from './html/prizes.ts';
import { nextOf } from './html/stage.ts';
import { wordsOf } from './html/texts.ts';
import type { Assets, Confirm } from './html/view.ts';
import { invitedOf } from './invited.ts';
import type { Note } from './note.ts';
import { createOAuth, type OAuth, type OAuthPorts } from './oauth.ts';
import { foreseen } from './outlook.ts';
import { ownOf, resultOf, toConfirm } from './prizes.ts';

const BODY_BYTES_MAX = 2048;

export type InviteCode = { readonly expires: Instant; readonly picture: Buffer };

export type H5Ports = Pick<
  OAuthPorts,
  'accounts' | 'publicUrl' | 'sessionSecrets' | 'clock' | 'log' | 'authorize' | 'visitor'
> & {
  /** Keys the draws. */
  readonly secret: string;
  readonly flow: Flow;
  readonly store: Store;
  readonly book: () => Book;
  readonly assets: Assets;
  /** Who may show the page in a frame: nobody, but for the demo's chat page. */
  readonly frames: readonly string[];
  /** What `wx.config` needs on this address. Throws `Fault`. */
  readonly jsConfig: (account: AccountConfig, url: string) => Promise<object>;
  /** Whether this account's prizes are confirmed on the page: WeChat's script is loaded with it then. */
  readonly confirms: (account: AccountConfig) => boolean;
  /** A code with this scene that lasts so long, ms. Throws `Fault`. */
  readonly inviteCode: (account: AccountConfig, scene: string, lasts: number) => Promise<InviteCode>;
  /** Whether enough is known of a visitor, or of who wants a personal code; `false`: not now. Absent: nobody is asked. */
  readonly lookup?: Lookup;
  /** A payout is due now. */
  readonly nudge: () => void;
  /** Ends what lets a merchant pay somebody without a tap (免确认收款授权). `false`: not now. */
  readonly endAuthorization: (merchant: string, user: OpenId) => Promise<boolean>;
};

/** Each answers one route; `account` and `campaign` are as they stand in the address. */
export type H5 = {
  callback(ctx: Context, account: string): Promise<void>;
  page(ctx: Context, account: string, campaign: string): Promise<void>;
  mine(ctx: Context, account: string, campaign: string): Promise<void>;
  invite(ctx: Context, account: string, campaign: string): Promise<void>;
  draw(ctx: Context, account: string, campaign: string): Promise<void>;
  confirmed(ctx: Context, account: string, campaign: string): Promise<void>;
  endAuthorization(ctx: Context, account: string, campaign: string): Promise<void>;
};

/** Somebody we know on a page that there is. */
type Visit = { readonly account: AccountConfig; readonly campaign: Campaign; readonly session: Session };

type OwnPart = { readonly mine: string; readonly isMoving: boolean; readonly transfers: Confirm['transfers'] };

export function createH5(ports: H5Ports): H5 {
  return new Pages(ports);
}

class Pages implements H5 {
  private readonly ports: H5Ports;
  private readonly sessions: ReturnType<typeof createSessions>;
  private readonly oauth: OAuth;
  private readonly origin: string;
  /** What strangers can cause, and what followers can while something is away. */
  private readonly spareRefused: ReturnType<typeof sparing>;
  private readonly spareFailed: ReturnType<typeof sparing>;
  /** The path of publicUrl. */
  private readonly prefix: string;

  constructor(ports: H5Ports) {
    this.ports = ports;
    [this.spareRefused, this.spareFailed] = [sparing(ports.clock), sparing(ports.clock)];
    this.origin = new URL(ports.publicUrl).origin;
    this.prefix = pathOf(ports.publicUrl);
    this.sessions = createSessions(ports.sessionSecrets, this.origin.startsWith('https:'));
    this.oauth = createOAuth({
      ...ports,
      sessions: this.sessions,
      campaign: (account, id) => this.campaign(account, id),
      note: (ctx, lang, note, again) => this.note(ctx, lang, note, again),
    });
  }

  callback(ctx: Context, account: string): Promise<void> {
    return this.oauth.callback(ctx, account);
  }

  async page(ctx: Context, name: string, id: string): Promise<void> {
    const account = this.ports.accounts.get(name);
    const lang = langOf(ctx);
    if (!account || !this.campaign(name, id)) return this.note(ctx, lang, 'nowhere');
    const session = this.session(ctx, name);
    if (!session) return this.oauth.leave(ctx, account, id, lang);
    const campaign = this.campaign(name, id, session.user);
    if (!campaign) return this.note(ctx, lang, 'nowhere');
    const { own, payouts } = await ownOf(this.ports.store, campaign, session.user, account.merchant);
    const nonce = randomBytes(16).toString('base64');
    const confirm = await this.confirmOf(ctx, account, payouts);
    const [now, seed] = [this.ports.clock(), seedOf(this.ports.secret, campaign.id)];
    const visit = { account, campaign, session };
    const [outlook, invite] = await Promise.all([
      foreseen(this.ports, visit),
      inviteOf(campaign) === undefined ? undefined : invitedOf(this.ports.store, campaign, name, session.user),
    ]);
    const { cover } = campaign.page ?? {};
    const script = confirm && new URL(confirm.script).origin;
    setHeaders(ctx, this.ports.frames, nonce, script, originOf(cover));
    ctx.body = pageHtml(
      {
        lang,
        campaign: asWritten(campaign),
        path: `${this.prefix}/h5/${name}/${id}`,
        now,
        nonce,
        own,
        ...(invite && { invite }),
        commitment: commitmentOf(seed),
        ...(outlook && { outlook, tap: this.sessions.newTap(session, campaign.id) }),
        ...(now >= campaign.period.to && { seed }),
        ...(confirm && { confirm }),
      },
      this.ports.assets,
    );
  }

  async mine(ctx: Context, account: string, id: string): Promise<void> {
    const visit = this.visit(ctx, account, id);
    if (!visit) return;
    ctx.body = await this.ownPart(visit, langOf(ctx));
  }

  async invite(ctx: Context, name: string, id: string): Promise<void> {
    const visit = this.visit(ctx, name, id);
    const lasts = visit && inviteOf(visit.campaign);
    if (!visit || lasts === undefined) return;
    if (!(await this.isKnown(lookup => lookup.beforeInvite(name, visit.session.user, id)))) return notNow(ctx);
    try {
      const { picture } = await this.ports.inviteCode(
        visit.account,
        inviteScene(visit.session.user, visit.campaign.id),
        lasts,
      );
      ctx.type = 'image/png';
      ctx.set('cache-control', 'private, max-age=600');
      ctx.body = picture;
    } catch (error) {
      this.spareFailed(leftOut =>
        this.ports.log.warn({ account: name, campaign: id, leftOut, err: error }, 'a personal code could not be made'),
      );
      notNow(ctx);
    }
  }

  async draw(ctx: Context, account: string, id: string): Promise<void> {
    const visit = this.visit(ctx, account, id);
    const said = visit && (await this.posted(ctx, visit));
    if (!visit || !said) return;
    const { flow, store, clock, log } = this.ports;
    const { campaign, session } = visit;
    const key = eventKey(`v:${session.user}:${said.tap}`);
    const event: Event = { key, account, user: session.user, sentAt: clock(), kind: 'visit', campaign: campaign.id };
    try {
      if (!(await this.isKnown(lookup => lookup.before(event)))) {
        refuse(ctx, 503, 'later'); // the same tap once more: nothing was decided
        return;
      }
      const answer = await flow.handle(event);
      const [line] = await store.journal({ user: session.user, key, limit: 1 });
      const lang = langOf(ctx);
      ctx.body = {
        ...resultOf(answer, line, campaign, lang),
        tap: this.sessions.newTap(session, campaign.id),
        ...nextOf(await foreseen(this.ports, visit), wordsOf(lang), clock()),
        ...(await this.ownPart(visit, lang)),
      };
    } catch (error) {
      this.spareFailed(leftOut =>
        log.error(
          { account, key, leftOut, err: error },
          `a draw on the page failed; the next tap repeats it: ${messageOf(error)}`,
        ),
      );
      refuse(ctx, 503, 'later');
    }
  }

  /** The follower says that they have confirmed a transfer: WeChat Pay is asked at once. */
  async confirmed(ctx: Context, account: string, id: string): Promise<void> {
    const visit = this.visit(ctx, account, id);
    const said = visit && (await this.posted(ctx, visit));
    if (!visit || !said) return;
    const { store, clock, nudge } = this.ports;
    const payout = await store.payout(asBillNo(String(said.body.billNo ?? '')));
    const isOwn =
      payout?.user === visit.session.user && payout.account === account && payout.campaign === visit.campaign.id;
    const step = isOwn && payout ? askNowStep(payout, await store.history(payout.billNo), clock()) : undefined;
    if (step && (await store.advance(step)) === 'moved') nudge();
    ctx.body = await this.ownPart(visit, langOf(ctx));
  }

  /** The follower wants to confirm each prize again. */
  async endAuthorization(ctx: Context, account: string, id: string): Promise<void> {
    const visit = this.visit(ctx, account, id);
    if (!visit || !(await this.posted(ctx, visit))) return;
    const isOver = await this.ports.endAuthorization(visit.account.merchant ?? '', visit.session.user);
    if (isOver) ctx.body = await this.ownPart(visit, langOf(ctx));
    else refuse(ctx, 503, 'later');
  }

  private async isKnown(look: (lookup: Lookup) => Promise<boolean>): Promise<boolean> {
    const { lookup } = this.ports;
    return lookup === undefined || look(lookup);
  }

  // ── Who, and which page ────────────────────────────────────────────────────────────────────────────────────

  /** `user`: a campaign in rehearsal is there for its testers only. Without one, for whoever may turn out to be one. */
  private campaign(account: string, id: string, user?: OpenId): Campaign | undefined {
    const { book, accounts } = this.ports;
    const { campaigns } = book();
    // The address of a page is printed: one with a former id leads there too.
    const campaign = campaigns.find(each => calledOf(each) === id) ?? campaigns.find(each => idsOf(each).includes(id));
    if (!campaign || (campaign.account ?? accounts.keys().next().value) !== account) return undefined;
    if (campaign.mode === 'rehearse') return user === undefined || campaign.testers.has(user) ? campaign : undefined;
    return campaign.mode === 'live' || campaign.mode === 'paused' ? campaign : undefined;
  }

  private session(ctx: Context, account: string): Session | undefined {
    return this.sessions.read(account, ctx.get('cookie'), this.ports.clock());
  }

  /** For what the page's script asks: 404 where there is no such page, 401 where nobody is known. */
  private visit(ctx: Context, name: string, id: string): Visit | undefined {
    const account = this.ports.accounts.get(name);
    ctx.set('cache-control', 'no-store');
    const session = account && this.session(ctx, name);
    const campaign = this.campaign(name, id, session?.user);
    if (!account || !campaign) return refuse(ctx, 404, 'nowhere');
    return session ? { account, campaign, session } : refuse(ctx, 401, 'session');
  }

  /** A POST of our own page: its origin, its type, and the token of one tap that was made for this session. */
  private async posted(
    ctx: Context,
    { session, campaign }: Visit,
  ): Promise<{ tap: string; body: Readonly<Record<string, unknown>> } | undefined> {
    const isJson = /^application\/json(;|$)/i.test(ctx.get('content-type'));
    if (ctx.get('origin') !== this.origin || !isJson) return this.refusePost(ctx, 'it does not come from the page');
    try {
      const body: unknown = JSON.parse(await readBody(ctx.req, BODY_BYTES_MAX));
      const fields: Readonly<Record<string, unknown>> = isRecord(body) ? body : {};
      const tap = typeof fields.tap === 'string' ? this.sessions.tapIn(session, campaign.id, fields.tap) : undefined;
      return tap === undefined ? this.refusePost(ctx, 'its token is none of this session') : { tap, body: fields };
    } catch (error) {
      if (error instanceof TooLarge) {
        ctx.set('connection', 'close');
        return refuse(ctx, 413, 'stale');
      }
      if (error instanceof BadInput || error instanceof SyntaxError) return refuse(ctx, 400, 'stale');
      throw error;
    }
  }

  private refusePost(ctx: Context, reason: string): undefined {
    this.spareRefused(leftOut =>
      this.ports.log.info({ path: ctx.path.slice(0, 100), leftOut, reason }, 'a tap on the page was refused'),
    );
    return refuse(ctx, 403, 'stale');
  }

  // ── What is shown ──────────────────────────────────────────────────────────────────────────────────────────

  private async ownPart(visit: Visit, lang: Lang): Promise<OwnPart> {
    const { campaign, session, account } = visit;
    const { own, payouts } = await ownOf(this.ports.store, campaign, session.user, account.merchant);
    const isMoving = own.prizes.some(({ state }) => state === 'coming');
    return { mine: ownHtml(own, { lang }).text, isMoving, transfers: toConfirm(payouts) };
  }

  /** WeChat's own script is loaded only where it may be needed: for transfers, which are confirmed on the page. */
  private async confirmOf(
    ctx: Context,
    account: AccountConfig,
    payouts: readonly Payout[],
  ): Promise<Confirm | undefined> {
    const transfers = toConfirm(payouts);
    // What is won on this very page is confirmed with the same signature: one tap, and no page anew.
    if (transfers.length === 0 && !this.ports.confirms(account)) return undefined;
    try {
      const config = await this.ports.jsConfig(account, `${this.ports.publicUrl}${ctx.url}`);
      return { script: account.jssdk, config, transfers };
    } catch (error) {
      this.spareFailed(leftOut =>
        this.ports.log.warn(
          { account: account.name, leftOut, err: error },
          'a page could not be signed for the JS-SDK',
        ),
      );
      return undefined;
    }
  }

  private note(ctx: Context, lang: Lang, note: Note, again?: string): void {
    const nonce = randomBytes(16).toString('base64');
    setHeaders(ctx, this.ports.frames, nonce);
    ctx.status = { nowhere: 404, stale: 403, snapshot: 200, later: 503 }[note];
    ctx.body = noteHtml({ lang, note, nonce, ...(again !== undefined && { again }) }, this.ports.assets);
  }
}

/** What the page may load and ask, and who may show it in a frame. */
function setHeaders(ctx: Context, frames: readonly string[], nonce: string, jssdk = '', pictures = ''): void {
  ctx.type = 'text/html; charset=utf-8';
  ctx.set('cache-control', 'no-store');
  ctx.set(
    'content-security-policy',
    `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src 'self' data: ${pictures}; connect-src 'self' ${jssdk}; base-uri 'none'; form-action 'none'; frame-ancestors ${frames.join(' ') || "'none'"}`,
  );
  if (frames.length > 0) ctx.remove('x-frame-options');
}

function inviteOf({ rules }: Campaign): number | undefined {
  return rules.find(rule => rule.invite)?.invite?.validFor;
}

/** What the page may load a picture from. */
function originOf(address = ''): string {
  return URL.canParse(address) ? new URL(address).origin : '';
}

/** A picture that there is not. */
function notNow(ctx: Context): void {
  ctx.status = 503;
  ctx.body = '';
}

function refuse(ctx: Context, status: number, kind: string): undefined {
  ctx.status = status;
  ctx.body = { kind };
  return undefined;
}
