// What an event makes of a follower (粉丝), and of those who invited one. Pure.
import type { Event, EventKey, OpenId } from './event.ts';
import type { Follower } from './facts.ts';
import type { Payout } from './payout.ts';
import type { Cancel } from './rule.ts';
import { SECOND } from './time.ts';

/** The scene of a personal code: WeChat takes at most 64 characters, so that a campaign's id has 33. */
const INVITE_SCENE = /^i\.([^.]+)\.([a-z0-9-]{1,33})$/;

export function inviteScene(inviter: OpenId, campaign: string): string {
  return `i.${inviter}.${campaign}`;
}

/** The follower as this event leaves them; `undefined` if it changes nothing. */
export function followerAfter(before: Follower | undefined, event: Event): Follower | undefined {
  const { account, user, sentAt } = event;
  if (event.kind === 'subscribe') {
    const follows = (before?.follows ?? 0) + 1;
    const invitedBy = before ? before.invitedBy : inviterIn(event);
    return { account, user, following: true, follows, followedAt: sentAt, ...(invitedBy && { invitedBy }) };
  }
  // Told late, after they have come back, it is no news.
  const isNews = before?.followedAt === undefined || sentAt >= before.followedAt;
  if (event.kind === 'unsubscribe' && before?.following !== false && isNews) {
    // Somebody who leaves had followed, before we were there to see it.
    return { ...(before ?? { account, user, follows: 1 }), following: false };
  }
  return undefined;
}

/** Nobody invites themselves. */
function inviterIn(event: Event): Follower['invitedBy'] {
  const match = event.kind === 'subscribe' && event.scene !== undefined && INVITE_SCENE.exec(event.scene);
  if (!match || match[1] === event.user) return undefined;
  return { user: match[1] as OpenId, campaign: match[2]! };
}

/** Whether somebody who acts has left: in the chat nobody can, but on a page, at the till, or through a friend. */
export function hasLeft(follower: Follower | undefined, { kind }: Event): boolean {
  return follower?.following === false && (kind === 'visit' || kind === 'paid' || kind === 'friend');
}

/** What an event means to whoever invited this follower: an event of theirs, with a key that is the same for ever. */
export function newsForInviter(before: Follower | undefined, event: Event): Event | undefined {
  const did = event.kind === 'paid' ? 'paid' : event.kind === 'subscribe' && !before ? 'followed' : undefined;
  const { invitedBy } = followerAfter(before, event) ?? before ?? {};
  if (did === undefined || !invitedBy) return undefined;
  return {
    key: `f:${event.user}:${did}` as EventKey,
    account: event.account,
    user: invitedBy.user,
    sentAt: event.sentAt,
    kind: 'friend',
    friend: event.user,
    did,
    campaign: invitedBy.campaign,
    ...(event.kind === 'paid' && { transaction: event.transaction }),
  };
}

/** Which promise of a delayed prize an event breaks. */
export function causeIn({ kind }: Event): Cancel | undefined {
  return kind === 'refunded' ? kind : kind === 'unsubscribe' ? 'unsubscribed' : undefined;
}

/** Whether this event takes back a prize that is not on its way yet. */
export function isUndone({ state, tries, undoneBy, createdAt }: Payout, event: Event): boolean {
  const cause = causeIn(event);
  if (cause === undefined || !undoneBy?.causes.includes(cause) || state !== 'planned' || tries > 0) return false;
  if (event.kind === 'refunded') return event.transaction === undoneBy.transaction;
  // WeChat's time is in whole seconds. What was won after they left is not undone by a push that comes late.
  return event.sentAt >= Math.floor(createdAt / SECOND) * SECOND;
}
