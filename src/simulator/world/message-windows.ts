// When customer-service messages (客服消息) may be sent: what a follower does opens a window with a count.
import { own } from '../shared/own.ts';

/** What opens a window: a message, a tap on the menu, a follow, a scan. */
const GRANT_KINDS = ['message', 'menu', 'follow', 'scan'] as const;
export type GrantKind = (typeof GRANT_KINDS)[number];

type Grant = { readonly left: number; readonly until: number };
/** One per kind; a kind that was never triggered is absent. */
export type Grants = { readonly [kind in GrantKind]?: Grant } & {
  /** Template id → how many subscription notices the person still takes. Stays after an unfollow. */
  readonly notices?: Readonly<Record<string, number>>;
};

const MINUTE = 60_000;
const RULES: Record<GrantKind, { readonly count: number; readonly forMs: number }> = {
  message: { count: 5, forMs: 48 * 60 * MINUTE },
  menu: { count: 3, forMs: MINUTE },
  follow: { count: 3, forMs: MINUTE },
  scan: { count: 3, forMs: MINUTE },
};

/** A trigger starts its own window anew. How windows combine is not published; they are kept apart here. */
export function granted(grants: Grants, kind: GrantKind, now: number): Grants {
  return { ...grants, [kind]: { left: RULES[kind].count, until: now + RULES[kind].forMs } };
}

/** One subscription notice of this template more. */
export function agreed(grants: Grants, template: string): Grants {
  return { ...grants, notices: { ...grants.notices, [template]: (own(grants.notices ?? {}, template) ?? 0) + 1 } };
}

/** What an unfollow leaves. */
export function onlyNotices({ notices }: Grants): Grants {
  return notices ? { notices } : {};
}

/** One message less, from the window that closes first; or why none may be sent. */
export function spend(grants: Grants, now: number): Grants | 'closed' | 'used up' {
  const open = GRANT_KINDS.filter(kind => (grants[kind]?.until ?? 0) > now);
  if (open.length === 0) return 'closed';
  const usable = open.filter(kind => grants[kind]!.left > 0).sort((a, b) => grants[a]!.until - grants[b]!.until);
  const kind = usable[0];
  if (kind === undefined) return 'used up';
  return { ...grants, [kind]: { ...grants[kind]!, left: grants[kind]!.left - 1 } };
}
