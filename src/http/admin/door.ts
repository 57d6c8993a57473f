// The dashboard's door: what every request under /admin meets before anything else. Who has no session sees a form that says
// nothing; whoever acts says a word that only our page knows; each act is allowed by role, here and not in the browser.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { type AdminConfig, ROLES, type Role } from '../../config/admin.ts';
import { isLoopback } from '../../core/base/address.ts';
import { BadInput, Fault, messageOf } from '../../core/base/error.ts';
import { shortOpenIds } from '../../core/base/openid.ts';
import { isRecord } from '../../core/base/record.ts';
import { DAY, SECOND } from '../../core/base/time.ts';
import { inLang } from '../../core/base/words/words.ts';
import { sparing } from '../../lib/log-throttle.ts';
import { createSigner, type Signer } from '../../lib/signer.ts';
import type { Clock, Log } from '../../ports.ts';
import { readBody, TooLarge } from '../body.ts';
import { addressOf } from '../client-address.ts';
import { langOf, one } from '../language.ts';
import { type FormTrouble, loginHtml, shellHtml } from './html.ts';
import { createLogin, type Login, type LoginTry } from './login.ts';
import { type AdminSession, type AdminSessions, createAdminSessions, LONGEST_MS } from './sessions.ts';

const BODY_BYTES_MAX = 64 * 1024;
const DEVICE_DAYS = 180;
const PAGES = ['today', 'campaigns', 'payouts', 'followers', 'rules', 'merchants', 'doctor', 'log', 'people'];

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // Not `no-referrer`: a browser then says `Origin: null` of our own form.
  'referrer-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex, nofollow',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
};

/** A "no" that a page may show: a status, a word it knows, and perhaps a sentence. */
export class Denied extends Error {
  readonly status: number;
  readonly word: string;
  constructor(status: number, word: string, text = '') {
    super(text);
    this.name = 'Denied';
    this.status = status;
    this.word = word;
  }
}

/** Who asks, as every route gets it. */
export type Asker = { readonly session: AdminSession; readonly lang: 'zh' | 'en'; readonly sessions: AdminSessions };
export type Route = {
  readonly role: Role;
  /** Absent: it only reads. `body`: what was sent. */
  readonly method?: 'POST';
  /** Of what is sent; absent: no more than a form has. */
  readonly bytesMax?: number;
  /** What is sent as JSON; `undefined`: the route has answered by itself. */
  run(ctx: Context, who: Asker, body: Record<string, unknown>): Promise<object | undefined>;
};

export type DoorPorts = {
  readonly admin: AdminConfig;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly log: Log;
  readonly trustProxy: number;
  /** Signs the marks of known browsers. */
  readonly secret: string | readonly string[];
  readonly routes: ReadonlyMap<string, Route>;
  readonly asset: (name: string) => Promise<{ readonly type: string; readonly body: Buffer } | undefined>;
  /** Written down before it is done. */
  readonly writeDown: (by: string, what: string, about: string, detail?: string) => Promise<void>;
};

export function createDoor(ports: DoorPorts): Middleware {
  const door = new Door(ports);
  return (ctx, next) => (/^\/admin(\/|$)/.test(ctx.path) ? door.answer(ctx) : next());
}

class Door {
  private readonly ports: DoorPorts;
  private readonly sessions = createAdminSessions();
  private readonly login: Login;
  private readonly devices: Signer;
  private readonly isSecure: boolean;
  private readonly spare: ReturnType<typeof sparing>;
  /** Whoever only knocks takes no line from what is refused to somebody. */
  private readonly spareOfStrangers: ReturnType<typeof sparing>;

  constructor(ports: DoorPorts) {
    this.ports = ports;
    this.isSecure = ports.admin.url?.startsWith('https:') ?? false;
    this.login = createLogin({ ...ports, operators: ports.admin.operators });
    this.devices = createSigner(ports.secret, 'admin device');
    this.spare = sparing(ports.clock);
    this.spareOfStrangers = sparing(ports.clock);
  }

  async answer(ctx: Context): Promise<void> {
    ctx.set(HEADERS);
    // Nobody reads `{"error":…}` where a form was.
    const isForm = ctx.path === '/admin/login';
    if (this.isSecure) ctx.set('strict-transport-security', 'max-age=31536000');
    try {
      if (this.isForeignHost(ctx)) throw new Denied(404, 'nowhere');
      await this.route(ctx);
    } catch (error) {
      this.fail(ctx, error);
      const { status } = ctx;
      if (!isForm || status === 404) return;
      this.form(ctx, status === 503 ? 'away' : status === 403 ? 'forged' : 'failed');
      ctx.status = status;
    }
  }

  private async route(ctx: Context): Promise<void> {
    const path = ctx.path.replace(/^\/admin\/?/, '');
    if (ctx.method === 'POST') this.mustBeOurs(ctx);
    if (path === 'login') return ctx.method === 'POST' ? this.signIn(ctx) : ctx.redirect('/admin');
    if (path === 'assets/login.css') return this.sendAsset(ctx, 'login.css');
    const session = this.sessionOf(ctx);
    // One that is over, or that nobody here has given.
    if (!session && this.tokenOf(ctx) !== undefined) this.refused(ctx, 'no such session', this.spareOfStrangers);
    if (path === '' || PAGES.includes(path)) return session ? this.shell(ctx, session) : this.form(ctx);
    if (!session) {
      if (this.tokenOf(ctx) === undefined) this.refused(ctx, 'no session', this.spareOfStrangers);
      throw new Denied(401, 'signIn');
    }
    if (path === 'logout' && ctx.method === 'POST') return this.signOut(ctx, session);
    if (path.startsWith('assets/')) return this.sendAsset(ctx, path.slice('assets/'.length));
    await this.call(ctx, session, path);
  }

  private async call(ctx: Context, session: AdminSession, path: string): Promise<void> {
    const { routes } = this.ports;
    const route = path.startsWith('api/') ? routes.get(path.slice('api/'.length)) : undefined;
    if (!route || (route.method ?? 'GET') !== ctx.method) throw new Denied(404, 'nowhere');
    const who = { session, lang: langOf(ctx), sessions: this.sessions };
    if (!mayAs(session.role, route.role)) {
      this.refused(ctx, `${session.name} (${session.role}) may not`);
      if (route.method === 'POST') await this.ports.writeDown(session.name, 'refused', path, `${session.role} may not`);
      throw new Denied(403, 'role');
    }
    let body: Record<string, unknown> = {};
    if (route.method === 'POST') {
      if (!isSame(ctx.get('x-csrf'), session.csrf)) {
        this.refused(ctx, 'forged');
        throw new Denied(403, 'forged');
      }
      body = await readJson(ctx, route.bytesMax);
      if (path === 'api/confirm') return this.confirm(ctx, session, body);
    }
    const result = await this.answerOf(route, ctx, who, body);
    if (result === undefined) return;
    // What is "now" to the bot: in the demo its clock may be moved, and a browser's may go wrong.
    ctx.set('x-now', String(this.ports.clock()));
    const text = JSON.stringify(result);
    ctx.type = 'application/json; charset=utf-8';
    ctx.body = session.role === 'viewer' ? shortOpenIds(text) : text;
  }

  /** What a route itself refuses somebody is written down as what the door does. */
  private async answerOf(route: Route, ctx: Context, who: Asker, body: Record<string, unknown>) {
    try {
      return await route.run(ctx, who, body);
    } catch (error) {
      if (error instanceof Denied && error.status === 403 && error.word !== 'password') {
        const { name, role } = who.session;
        const path = ctx.path.replace(/^\/admin\/?/, '');
        this.refused(ctx, `${name} (${role}) may not: ${error.word}`);
        await this.ports.writeDown(name, 'refused', path, `${role} may not`);
      }
      throw error;
    }
  }

  // ── Coming and going ───────────────────────────────────────────────────────────────────────────────────────

  private async signIn(ctx: Context): Promise<void> {
    const form = new URLSearchParams(await readBody(ctx.req, BODY_BYTES_MAX));
    const field = (name: string): string => form.get(name) ?? '';
    const written = { name: field('name'), password: field('password'), digits: field('digits') };
    const attempt = this.attemptOf(ctx, written);
    const found = await this.login.try(attempt);
    if (typeof found === 'string') {
      this.refused(ctx, `login ${found}`);
      ctx.status = found === 'busy' ? 429 : 401;
      return this.form(ctx, found);
    }
    const { clock } = this.ports;
    const before = this.tokenOf(ctx);
    if (before !== undefined) this.sessions.end(before);
    await this.ports.writeDown(found.name, 'login', attempt.address);
    const agent = ctx.get('user-agent').slice(0, 200);
    const token = this.sessions.open({ name: found.name, role: found.role, address: attempt.address, agent }, clock());
    this.setCookie(ctx, this.cookie, token, LONGEST_MS / SECOND);
    const mark = this.devices.mark(found.name.toLowerCase());
    this.setCookie(ctx, this.deviceCookie, mark, (DEVICE_DAYS * DAY) / SECOND);
    ctx.status = 303;
    ctx.set('location', '/admin');
  }

  /** The password once more, before money moves. */
  private async confirm(ctx: Context, session: AdminSession, body: Record<string, unknown>): Promise<void> {
    const { password, digits } = body;
    const said = { name: session.name, password: String(password ?? ''), digits: String(digits ?? '') };
    const found = await this.login.try(this.attemptOf(ctx, said));
    if (typeof found === 'string') {
      this.refused(ctx, `confirm ${found}`);
      throw new Denied(found === 'busy' ? 429 : 403, found);
    }
    session.confirmedAt = this.ports.clock();
    ctx.body = {};
  }

  private async signOut(ctx: Context, session: AdminSession): Promise<void> {
    if (!isSame(ctx.get('x-csrf'), session.csrf)) throw new Denied(403, 'forged');
    await this.ports.writeDown(session.name, 'logout', session.address);
    this.sessions.end(this.tokenOf(ctx) ?? '');
    this.setCookie(ctx, this.cookie, '', 0);
    ctx.body = {};
  }

  private attemptOf(ctx: Context, said: Pick<LoginTry, 'name' | 'password' | 'digits'>): LoginTry {
    const mark = ctx.cookies.get(this.deviceCookie) ?? '';
    const isKnown = this.devices.isMark(said.name.trim().toLowerCase(), mark);
    const address = addressOf(ctx.req, this.ports.trustProxy);
    return { ...said, address, ...(isKnown && { device: mark }) };
  }

  // ── What is shown ──────────────────────────────────────────────────────────────────────────────────────────

  private form(ctx: Context, wrong?: FormTrouble): void {
    const hasDigits = this.ports.admin.operators.some(({ totp }) => totp !== undefined);
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = loginHtml(langOf(ctx), hasDigits, wrong);
  }

  private shell(ctx: Context, session: AdminSession): void {
    const { admin } = this.ports;
    const { name, role, csrf } = session;
    const hasDigits = admin.operators.some(each => each.name === name && each.totp !== undefined);
    const { secondPersonFrom } = admin;
    ctx.type = 'text/html; charset=utf-8';
    ctx.body = shellHtml(langOf(ctx), { name, role, csrf, hasDigits, isDemo: !admin.listen, secondPersonFrom });
  }

  private async sendAsset(ctx: Context, name: string): Promise<void> {
    const file = await this.ports.asset(name);
    if (!file) throw new Denied(404, 'nowhere');
    ctx.type = file.type;
    ctx.body = file.body;
  }

  // ── Who it is ──────────────────────────────────────────────────────────────────────────────────────────────

  private get cookie(): string {
    return this.isSecure ? '__Host-operator' : 'operator';
  }

  private get deviceCookie(): string {
    return this.isSecure ? '__Host-operator-device' : 'operator-device';
  }

  private setCookie(ctx: Context, name: string, value: string, seconds: number): void {
    const parts = [`${name}=${value}`, 'Path=/', `Max-Age=${seconds}`, 'HttpOnly', 'SameSite=Strict'];
    ctx.append('set-cookie', [...parts, ...(this.isSecure ? ['Secure'] : [])].join('; '));
  }

  private tokenOf(ctx: Context): string | undefined {
    return ctx.cookies.get(this.cookie);
  }

  private sessionOf(ctx: Context): AdminSession | undefined {
    const token = this.tokenOf(ctx);
    return token ? this.sessions.read(token, this.ports.clock(), one(ctx, 'quiet') === '1') : undefined;
  }

  private isSomebody(ctx: Context): boolean {
    return !this.isForeignHost(ctx) && this.sessionOf(ctx) !== undefined;
  }

  /** On the loopback address we have a few names; another one is a page of somebody else's that leads here (DNS rebinding). */
  private isForeignHost(ctx: Context): boolean {
    const { listen, url } = this.ports.admin;
    const host = ctx.get('host');
    if (url !== undefined && host === new URL(url).host) return false;
    if (listen && !isThisMachine(listen.host)) return false;
    return !isThisMachine(host.replace(/:\d+$/, ''));
  }

  /** What changes anything comes from a page of ours. */
  private mustBeOurs(ctx: Context): void {
    const [site, origin] = [ctx.get('sec-fetch-site'), ctx.get('origin')];
    const own = [this.ports.admin.url, `http://${ctx.get('host')}`];
    const isOurs = (site === '' || site === 'same-origin') && (origin === '' || own.includes(origin));
    if (isOurs) return;
    this.refused(ctx, 'from another page');
    throw new Denied(403, 'forged');
  }

  private refused(ctx: Context, why: string, spare = this.spare): void {
    const address = addressOf(ctx.req, this.ports.trustProxy);
    spare(leftOut =>
      this.ports.log.warn({ address, path: ctx.path.slice(0, 100), why, leftOut }, 'the dashboard refused somebody'),
    );
  }

  private fail(ctx: Context, error: unknown): void {
    const status =
      error instanceof Denied ? error.status : error instanceof TooLarge ? 413 : error instanceof BadInput ? 400 : 0;
    if (status > 0) {
      const word = error instanceof Denied ? error.word : 'input';
      ctx.status = status;
      const text = error instanceof BadInput ? inLang(error.words, langOf(ctx)) : messageOf(error);
      // Who has signed in is told that there is no such thing; a stranger is told nothing.
      const isNothing = status === 401 || (status === 404 && !this.isSomebody(ctx));
      ctx.body = isNothing ? '' : { error: word, text: shortOpenIds(text) };
      return;
    }
    const isAway = error instanceof Fault;
    this.ports.log.error({ err: error, path: ctx.path }, `the dashboard failed: ${messageOf(error)}`);
    ctx.status = isAway ? 503 : 500;
    ctx.body = { error: isAway ? 'storeAway' : 'failed', id: randomBytes(4).toString('hex') };
  }
}

function isThisMachine(host: string): boolean {
  const plain = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return /^[\w.-]+$|^\[[\da-f:]+\]$/i.test(plain) && isLoopback(`http://${plain}`);
}

export function mayAs(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}

async function readJson(ctx: Context, bytesMax = BODY_BYTES_MAX): Promise<Record<string, unknown>> {
  if (!/^application\/json\b/i.test(ctx.get('content-type'))) throw new Denied(415, 'input', 'expected JSON');
  try {
    const value: unknown = JSON.parse(await readBody(ctx.req, bytesMax));
    if (isRecord(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Denied(400, 'input', 'expected a JSON object');
}
