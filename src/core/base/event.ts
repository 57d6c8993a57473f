// The events we know. Wire names end at the door: after it there is only `Event`.
import type { Brand, Fen } from './money.ts';
import type { Instant } from './time.ts';

/** A follower as one account sees them: 28 characters of `[A-Za-z0-9_-]`. */
export type OpenId = Brand<string, 'OpenId'>;
/** By which a redelivery is recognised. Unique per account. */
export type EventKey = Brand<string, 'EventKey'>;

/** A text that is known to be one. */
export function openId(text: string): OpenId {
  return text as OpenId;
}

/** A text that is one account's name for an event, for ever. */
export function eventKey(text: string): EventKey {
  return text as EventKey;
}

/** What every event carries. `sentAt` is WeChat's time, `account` our name for the Official Account. */
export type Envelope = {
  readonly key: EventKey;
  readonly account: string;
  readonly user: OpenId;
  readonly sentAt: Instant;
};

export type Happening =
  /** `via`: how they came, where WeChat says so. `scene` only via a QR code with a parameter. */
  | { readonly kind: 'subscribe'; readonly via: 'direct' | 'qr' | 'payment' | 'goods'; readonly scene?: string }
  | { readonly kind: 'unsubscribe' }
  /** A follower scanned a QR code with a parameter (带参数二维码). */
  | { readonly kind: 'scan'; readonly scene: string }
  /** `choice`: the id of the tapped item of a menu message (`bizmsgmenuid`), if any. */
  | { readonly kind: 'text'; readonly text: string; readonly choice?: string }
  /** A sticker or another kind WeChat does not deliver; it arrives as a fixed sentence, which no keyword may match. */
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'image'; readonly mediaId: string; readonly url: string }
  | { readonly kind: 'voice'; readonly mediaId: string; readonly words?: string }
  | { readonly kind: 'video'; readonly mediaId: string; readonly short: boolean }
  | { readonly kind: 'location'; readonly latitude: number; readonly longitude: number; readonly label: string }
  | { readonly kind: 'link'; readonly title: string; readonly url: string }
  | { readonly kind: 'click'; readonly button: string }
  | { readonly kind: 'view'; readonly url: string }
  /** The menu's own scanner: `result` is what it read. */
  | { readonly kind: 'scancode'; readonly button: string; readonly result: string; readonly waiting: boolean }
  | { readonly kind: 'photos'; readonly button: string; readonly count: number }
  | {
      readonly kind: 'place';
      readonly button: string;
      readonly latitude: number;
      readonly longitude: number;
      readonly label: string;
    }
  /** The follower's position, reported by WeChat when they enter the chat. */
  | { readonly kind: 'position'; readonly latitude: number; readonly longitude: number }
  /** The page of this campaign was opened to take part (H5); the openid is from OAuth. */
  | { readonly kind: 'visit'; readonly campaign: string }
  /** Money was paid to this merchant (支付通知). `amount`: cash really paid; `total`: with coupons. */
  | {
      readonly kind: 'paid';
      readonly merchant: string;
      readonly transaction: string;
      readonly order: string;
      readonly amount: Fen;
      readonly total: Fen;
      readonly attach?: string;
    }
  /** All or a part of it was given back (退款). */
  | {
      readonly kind: 'refunded';
      readonly merchant: string;
      readonly transaction: string;
      readonly refund: string;
      readonly amount: Fen;
    }
  /** Somebody whom this follower (`user`) invited did something for the first time. */
  | {
      readonly kind: 'friend';
      readonly friend: OpenId;
      readonly did: 'followed' | 'paid';
      readonly campaign: string;
      /** The friend's payment, and how much it was: what was written before that was asked has none. */
      readonly transaction?: string;
      readonly amount?: Fen;
    }
  /** They were drawn at the end of a campaign (开奖). `draw`: its name there. */
  | { readonly kind: 'drawn'; readonly campaign: string; readonly draw: string; readonly prize: string }
  /**
   * WeChat was asked (user/info) whether somebody follows whom we had never seen do so. `since`: their latest follow; absent
   * if they do not.
   */
  | { readonly kind: 'lookup'; readonly following: boolean; readonly since?: Instant }
  /** A job of ours ended, or WeChat tells us something about the account. `type` is the wire's event name. */
  | { readonly kind: 'notice'; readonly type: string; readonly status?: string }
  /** Known to exist, nothing more; no rule may pay for it. */
  | { readonly kind: 'other'; readonly type: string };

export type Event = Envelope & Happening;
export type EventKind = Event['kind'];

/** What is true of all events of a kind. */
type EventFacts = {
  /**
   * Its loss costs money even where it claims nothing: it must be on disk before anybody is told that it was heard. A refund
   * finds its payment, and whoever was told of it, in the journal only.
   */
  readonly costsMoney?: true;
  /** In the chat nobody acts who does not follow; on a page, at the till and through a friend anybody does. */
  readonly provesFollowing?: true;
  /** Somebody did it, and can do it as often as they like. */
  readonly isByHand?: true;
  /**
   * What WeChat lists as opening a window for messages, and nothing else: a payment is listed on one page of two, a sticker
   * on none.
   */
  readonly opens?: 'message' | 'touch';
};

export const EVENT_FACTS: Readonly<Record<EventKind, EventFacts>> = {
  subscribe: { costsMoney: true, provesFollowing: true, opens: 'touch' }, // who invited them is told once
  unsubscribe: { costsMoney: true, provesFollowing: true }, // it takes back what was won in the same moment; until then they followed
  scan: { provesFollowing: true, isByHand: true, opens: 'touch' },
  text: { provesFollowing: true, isByHand: true, opens: 'message' },
  unsupported: { provesFollowing: true, isByHand: true },
  image: { provesFollowing: true, isByHand: true, opens: 'message' },
  voice: { provesFollowing: true, isByHand: true, opens: 'message' },
  video: { provesFollowing: true, isByHand: true, opens: 'message' },
  location: { provesFollowing: true, isByHand: true, opens: 'message' },
  link: { provesFollowing: true, isByHand: true, opens: 'message' },
  click: { provesFollowing: true, isByHand: true, opens: 'touch' },
  view: { provesFollowing: true, isByHand: true },
  scancode: { provesFollowing: true, isByHand: true, opens: 'touch' },
  photos: { provesFollowing: true, isByHand: true },
  place: { provesFollowing: true, isByHand: true },
  position: { provesFollowing: true, isByHand: true },
  visit: {},
  paid: { costsMoney: true },
  refunded: { costsMoney: true },
  friend: { costsMoney: true },
  drawn: { costsMoney: true },
  lookup: {},
  notice: {},
  other: {},
};

/** The scene (场景值) an event came through; `undefined` where there was none. */
export function sceneOf(event: Event): string | undefined {
  return event.kind === 'scan' || event.kind === 'subscribe' ? event.scene : undefined;
}
