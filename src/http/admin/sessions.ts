// Who is at the dashboard: sessions of this process, named by chance, new with every login. A browser has the name, we have its
// hash: whoever reads our memory cannot take one over.
import { createHash, randomBytes } from 'node:crypto';
import type { Role } from '../../config/admin.ts';
import { HOUR, type Instant, later, MINUTE } from '../../core/base/time.ts';

export const IDLE_MS = 30 * MINUTE;
export const LONGEST_MS = 12 * HOUR;
/** So long after a password nobody is asked for it again. */
export const CONFIRMED_MS = 5 * MINUTE;
const PER_NAME_MAX = 10;

export type AdminSession = {
  /** Names it in the list; opens nothing. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Said with every act: only a page of ours knows it. */
  readonly csrf: string;
  readonly address: string;
  readonly agent: string;
  readonly since: Instant;
  seenAt: Instant;
  /** When the password was given last. */
  confirmedAt: Instant;
};

export type AdminSessions = {
  /** The token for the cookie. */
  open(who: Pick<AdminSession, 'name' | 'role' | 'address' | 'agent'>, now: Instant): string;
  /** `isQuiet`: a page asked by itself, which is no sign of anybody. */
  read(token: string, now: Instant, isQuiet?: boolean): AdminSession | undefined;
  end(token: string): void;
  list(now: Instant): readonly AdminSession[];
  /** `false`: there is none of this id. */
  revoke(id: string): boolean;
};

export function createAdminSessions(): AdminSessions {
  const sessions = new Map<string, AdminSession>();
  const chance = (): string => randomBytes(24).toString('base64url');
  const isOver = ({ since, seenAt }: AdminSession, now: Instant): boolean =>
    now >= later(seenAt, IDLE_MS) || now >= later(since, LONGEST_MS) || now < since;
  const sweep = (now: Instant): void => {
    for (const [key, session] of sessions) if (isOver(session, now)) sessions.delete(key);
  };
  return {
    open(who, now) {
      sweep(now);
      const own = [...sessions].filter(([, { name }]) => name === who.name);
      if (own.length >= PER_NAME_MAX) sessions.delete(own[0]![0]);
      const token = chance();
      const times = { since: now, seenAt: now, confirmedAt: now };
      sessions.set(keyOf(token), { ...who, ...times, id: chance().slice(0, 12), csrf: chance() });
      return token;
    },
    read(token, now, isQuiet = false) {
      const session = sessions.get(keyOf(token));
      if (!session) return undefined;
      if (isOver(session, now)) {
        sessions.delete(keyOf(token));
        return undefined;
      }
      if (!isQuiet) session.seenAt = now;
      return session;
    },
    end: token => void sessions.delete(keyOf(token)),
    list(now) {
      sweep(now);
      return [...sessions.values()];
    },
    revoke(id) {
      const found = [...sessions].find(([, session]) => session.id === id);
      return found !== undefined && sessions.delete(found[0]);
    },
  };
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
