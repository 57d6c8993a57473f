// Who is at the page: a cookie that only we can make, for one account and some hours. And one token for each tap on the
// page, bound to that cookie: whoever sends it has seen the page, and whoever sends it twice has tapped once.
import { randomBytes } from 'node:crypto';
import type { OpenId } from '../core/base/event.ts';
import { isOpenId } from '../core/base/openid.ts';
import { HOUR, type Instant, SECOND } from '../core/base/time.ts';
import { createSigner } from '../lib/signer.ts';

const SESSION_MS = 12 * HOUR;

/** One for each account, sent with every request: the way back from WeChat begins elsewhere than the page. */
export function sessionCookie(account: string, isSecure: boolean): string {
  // `__Host-`: no sibling host can set it.
  return `${isSecure ? '__Host-' : ''}visitor-${account}`;
}

/** `mark`: stands for this very session in what is bound to it. */
export type Session = { readonly user: OpenId; readonly mark: string };

export type Sessions = {
  /** The value of a `Set-Cookie` header. */
  open(account: string, user: OpenId, now: Instant): string;
  /** `cookies`: the whole header. */
  read(account: string, cookies: string, now: Instant): Session | undefined;
  /** A token for one tap on the page of this campaign. */
  newTap(session: Session, campaign: string): string;
  /** What makes this tap this one; `undefined`: it is no token of this session and campaign. */
  tapIn(session: Session, campaign: string, token: string): string | undefined;
};

export function createSessions(secret: string | readonly string[], isSecure: boolean): Sessions {
  const visitors = createSigner(secret, 'visitor');
  const taps = createSigner(secret, 'tap');
  return {
    open(account, user, now) {
      const until = Math.floor((now + SESSION_MS) / SECOND);
      const value = `${user}.${until}.${visitors.mark(`${account} ${user} ${until}`)}`;
      const age = SESSION_MS / SECOND;
      return `${sessionCookie(account, isSecure)}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
    },
    read(account, cookies, now) {
      const start = `${sessionCookie(account, isSecure)}=`;
      const cookie = cookies.split(/;\s*/).find(each => each.startsWith(start)) ?? '';
      const [user = '', until = '', mark = ''] = cookie.slice(start.length).split('.');
      if (!isOpenId(user) || !visitors.isMark(`${account} ${user} ${until}`, mark)) return undefined;
      return now < Number(until) * SECOND ? { user, mark } : undefined;
    },
    newTap({ mark }, campaign) {
      const chance = randomBytes(12).toString('hex');
      return `${chance}${taps.mark(`${mark} ${campaign} ${chance}`)}`;
    },
    tapIn({ mark }, campaign, token) {
      const [chance, given] = [token.slice(0, 24), token.slice(24)];
      return taps.isMark(`${mark} ${campaign} ${chance}`, given) ? chance : undefined;
    },
  };
}
