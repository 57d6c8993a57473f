// What an event makes of a follower (粉丝), what it says of whether they follow, and what it means to those who invited
// one. WeChat tells things late, twice and in another order: what counts is the platform's time of each event.

import { EVENT_FACTS, type Event, type EventKey, eventKey, type OpenId, openId } from '../base/event.ts';
import { type Instant, SECOND } from '../base/time.ts';
import type { Cancel, Rule } from '../rules/campaign.ts';
import type { Follower } from './facts.ts';

/** The scene of a personal code: WeChat takes at most 64 characters, so that a campaign's id has 33. */
const INVITE_SCENE = /^i\.([^.]+)\.([a-z0-9-]{1,33})$/;

export function inviteScene(inviter: OpenId, campaign: string): string {
  return `i.${inviter}.${campaign}`;
}

// ── What becomes of a follower ───────────────────────────────────────────────────────────────────────────────

/**
 * The follower as this event leaves them; `undefined` if it changes nothing. Of a follow and an unfollow in one second
 * the one that is told later is the later one: WeChat tells them in order, unless it repeats itself.
 */
export function followerAfter(before: Follower | undefined, event: Event): Follower | undefined {
  switch (event.kind) {
    case 'subscribe':
      return afterFollow(before, event);
    case 'unsubscribe':
      return afterLeaving(before, event);
    case 'lookup':
      return afterLookup(before, event);
    default:
      return undefined;
  }
}

function afterFollow(before: Follower | undefined, event: Event): Follower {
  const { account, user, sentAt } = event;
  const leftAt = before?.leftAt;
  const followedAt = latest(before?.followedAt, sentAt);
  const invitedBy = followsWith(before, event) === 1 ? (before?.invitedBy ?? inviterIn(event)) : before?.invitedBy;
  return {
    account,
    user,
    following: followsSince(before, followedAt, sentAt),
    follows: followsWith(before, event),
    followedAt,
    ...(leftAt !== undefined && { leftAt }),
    ...(invitedBy && { invitedBy }),
  };
}

/** Whether the latest follow is behind the latest unfollow; told late, it may be neither. */
function followsSince(before: Follower | undefined, followedAt: Instant, sentAt: Instant): boolean {
  const isLatest = before?.followedAt === undefined || sentAt >= followedAt;
  if (before?.leftAt === undefined || before.leftAt === followedAt) return isLatest || before?.following === true;
  return before.leftAt < followedAt;
}

function afterLeaving(before: Follower | undefined, { account, user, sentAt }: Event): Follower | undefined {
  const leftAt = latest(before?.leftAt, sentAt);
  const hasReturned = before?.followedAt !== undefined && before.followedAt > sentAt;
  const following = hasReturned && before.following;
  if (before && before.leftAt === leftAt && before.following === following) return undefined;
  // Somebody who leaves had followed, before we were there to see it.
  return { ...before, account, user, following, follows: Math.max(1, before?.follows ?? 0), leftAt };
}

/** What the platform answers is news only of those whom we have never seen come or go. */
function afterLookup(
  before: Follower | undefined,
  { account, user, following, since }: Event & { readonly kind: 'lookup' },
): Follower | undefined {
  if (hasBeenSeen(before)) return undefined;
  if (!following) return before ? undefined : { account, user, following, follows: 0 };
  return { account, user, following, follows: 1, ...(since !== undefined && { followedAt: since }) };
}

/** Whether we saw them come or go, or were told since when they follow. */
function hasBeenSeen(follower: Follower | undefined): boolean {
  return follower !== undefined && (follower.follows > 0 || follower.leftAt !== undefined);
}

function latest(one: Instant | undefined, other: Instant): Instant {
  return one !== undefined && one > other ? one : other;
}

/** How often they have followed, with this event: what we know of a follower is from before it. */
export function followsWith(before: Follower | undefined, event: Event): number {
  const follows = before?.follows ?? 0;
  if (event.kind !== 'subscribe') return follows;
  return before && isCounted(before, event.sentAt) ? follows : follows + 1;
}

/** What the lookup and the push say of one follow may differ by so much. */
const SAME_FOLLOW_MS = 2 * SECOND;

/** A follow we knew of before it was told: by the lookup, or because they had left by then. */
function isCounted({ follows, followedAt, leftAt }: Follower, at: Instant): boolean {
  if (followedAt === undefined) return follows === 1 && leftAt !== undefined && at < leftAt;
  const hasLeftSince = leftAt !== undefined && leftAt >= Math.min(followedAt, at);
  return Math.abs(followedAt - at) <= SAME_FOLLOW_MS && !hasLeftSince;
}

/** Nobody invites themselves. */
function inviterIn(event: Event): Follower['invitedBy'] {
  const match = event.kind === 'subscribe' && event.scene !== undefined && INVITE_SCENE.exec(event.scene);
  if (!match || match[1] === event.user) return undefined;
  return { user: openId(match[1]!), campaign: match[2]! };
}

// ── Whether somebody follows ─────────────────────────────────────────────────────────────────────────────────

/**
 * How somebody who acts stands to the account: `unknown`: never seen, and what they do does not prove it. `since` absent:
 * they were there before we were.
 */
type Standing =
  | { readonly kind: 'unknown' | 'never' | 'left' }
  | { readonly kind: 'follows'; readonly since?: Instant };

type Seen = {
  readonly facts: { readonly follower: Follower | undefined };
  readonly event: Event;
  readonly now: Instant;
};

/**
 * An event that lies before an unfollow we know of is that of somebody who has left, however late it is told. Who follows
 * with this event has done so for no time.
 */
export function standingOf({ facts: { follower }, event, now }: Seen): Standing {
  const isProof = EVENT_FACTS[event.kind].provesFollowing === true;
  if (event.kind === 'subscribe') return isLate(follower, event) ? { kind: 'left' } : { kind: 'follows', since: now };
  if (!follower) return { kind: isProof ? 'follows' : 'unknown' };
  const { following, followedAt, leftAt, follows } = follower;
  if (isLate(follower, event) || (leftAt === event.sentAt && !following)) return { kind: 'left' };
  if (following) return { kind: 'follows', ...(followedAt !== undefined && { since: followedAt }) };
  // They have come back, and nobody has told us when.
  if (isProof) return { kind: 'follows', since: event.sentAt };
  return { kind: follows === 0 ? 'never' : 'left' };
}

/** Told after an unfollow that came after it. */
function isLate(follower: Follower | undefined, { sentAt }: Event): boolean {
  return follower?.leftAt !== undefined && follower.leftAt > sentAt;
}

/** `isForetold`: it has not happened, and WeChat is asked once it does. */
type NotFollowing = { readonly why: Exclude<Standing['kind'], 'follows'>; readonly isForetold?: true };
export type FollowChecks = { follows: NotFollowing };

/** Why not. */
export function notFollowing<Why extends NotFollowing['why']>(why: Why, isForetold = false) {
  return { ok: false, check: 'follows', why, ...(isForetold && { isForetold }) } as const;
}

/** Whether what this rule gives depends on whether, since when or how often somebody follows. */
export function speaksOfFollowing({ who, when, cancelIf }: Rule): boolean {
  const isWho = who.followedFor !== undefined || who.firstFollow === true;
  return isWho || cancelIf.includes('unsubscribed') || when?.isAboutFollowing === true;
}

/** Whether WeChat is to be asked before this is decided: never seen, and the event itself does not tell. */
export function mustLookUp(follower: Follower | undefined, { kind }: Event): boolean {
  return !follower && !EVENT_FACTS[kind].provesFollowing;
}

// ── Who invited them ─────────────────────────────────────────────────────────────────────────────────────────

/** The key of what is told to the inviter: the same for ever, so that each friend counts once. */
export function friendKey(friend: OpenId, did: 'followed' | 'paid'): EventKey {
  return eventKey(`f:${friend}:${did}`);
}

/** What an event means to whoever invited this follower: an event of theirs, with a key that is the same for ever. */
export function newsForInviter(before: Follower | undefined, event: Event): Event | undefined {
  const did = event.kind === 'paid' ? 'paid' : isFirstFollow(before, event) ? 'followed' : undefined;
  const { invitedBy } = followerAfter(before, event) ?? before ?? {};
  if (did === undefined || !invitedBy) return undefined;
  return {
    key: friendKey(event.user, did),
    account: event.account,
    user: invitedBy.user,
    sentAt: event.sentAt,
    kind: 'friend',
    friend: event.user,
    did,
    campaign: invitedBy.campaign,
    ...(event.kind === 'paid' && { transaction: event.transaction, amount: event.amount }),
  };
}

/** And they are still there, as far as we know. */
function isFirstFollow(before: Follower | undefined, event: Event): boolean {
  return event.kind === 'subscribe' && followsWith(before, event) === 1 && !isLate(before, event);
}

// ── What is taken back ───────────────────────────────────────────────────────────────────────────────────────

/** Which promise of a delayed prize an event breaks. */
export function causeIn({ kind }: Event): Cancel | undefined {
  return kind === 'refunded' ? kind : kind === 'unsubscribe' ? 'unsubscribed' : undefined;
}

/** A delayed prize: what takes it back, and the platform's time of the event that won it. */
export type Promised = {
  readonly causes: readonly Cancel[];
  readonly transaction?: string | undefined;
  readonly eventAt: Instant;
};

/** Whether this event breaks the promise. Whoever left in the second in which they won has left after it. */
export function isBroken({ causes, transaction, eventAt }: Promised, event: Event): boolean {
  const cause = causeIn(event);
  if (cause === undefined || !causes.includes(cause)) return false;
  if (event.kind === 'refunded') return event.transaction === transaction;
  return event.sentAt >= secondOf(eventAt);
}

/** Whether an unfollow that we know of has broken it before it was made: the event was told late. */
export function wasBroken({ leftAt }: Partial<Follower>, { sentAt }: Event): boolean {
  return leftAt !== undefined && leftAt >= secondOf(sentAt);
}

/** WeChat's time is in whole seconds. */
function secondOf(at: Instant): number {
  return Math.floor(at / SECOND) * SECOND;
}
