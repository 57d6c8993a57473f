// What the simulator says over HTTP about itself, and what it can be told: JSON under `/control` on its own port, and
// under `/simulator/control` in the demo. The chat page and other people's tests speak this, and nothing else.
//
// Which calls there are stands in `control/routes.ts`, with examples in docs/simulator.md.
//
// A request that cannot be understood gets 400 with { error }. Amounts are fen, times ms since 1970.

import type { Menu } from './protocol-menu.ts';
import type { Push, Pushing } from './protocol-push.ts';

export type State = {
  readonly now: number;
  readonly offsetMs: number;
  readonly accounts: readonly Account[];
  readonly merchants: readonly Merchant[];
  readonly people: readonly Person[];
  readonly packets: readonly Packet[];
  readonly faults: Faults;
  /** The latest 200. */
  readonly shopOrders: readonly ShopOrder[];
  readonly authorizations: readonly Authorization[];
};

export type Account = {
  /** Our name for it in URLs and lists; the demo's is `tea`. */
  readonly name: string;
  /** What followers read at the top of the chat. */
  readonly title: string;
  readonly appId: string;
  readonly originalId: string;
  readonly mode: 'plain' | 'compatible' | 'safe';
  readonly webhook: string;
  /** Absent: XML, `]]>` split. */
  readonly pushing?: Pushing;
  readonly menu: Menu;
  readonly qrcodes: readonly QrCode[];
};

export type QrCode = {
  readonly scene: string;
  readonly ticket: string;
  readonly url: string;
  readonly expiresAt?: number;
};

export type Merchant = {
  readonly mchId: string;
  /** Fen. */
  readonly balance: number;
  readonly sentCount: number;
  readonly sentAmount: number;
  readonly receivedAmount: number;
  readonly refundedAmount: number;
  /** How many requests were refused with FREQ_LIMIT. */
  readonly freqLimits: number;
};

export type NewPerson = {
  readonly account?: string;
  readonly nickname?: string;
  readonly following?: boolean;
  readonly openid?: string;
};

export type Person = {
  readonly openid: string;
  readonly account: string;
  readonly nickname: string;
  readonly following: boolean;
  readonly followedAt?: number;
  /** What the phone shows, oldest first. */
  readonly chat: readonly Line[];
};

/** One thing on the phone's screen. */
export type Line = {
  readonly id: string;
  readonly at: number;
  readonly from: 'user' | 'account' | 'system';
  readonly push?: string;
} & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'image'; readonly mediaId: string }
  | { readonly kind: 'voice' | 'location'; readonly text: string }
  | {
      readonly kind: 'news';
      readonly title: string;
      readonly description: string;
      readonly picUrl: string;
      readonly url: string;
    }
  /** A red packet card; its state is the packet's. */
  | { readonly kind: 'packet'; readonly mchId: string; readonly billNo: string }
  /** Grey text in the middle: 「你已关注」, 「该公众号提供的服务出现故障,请稍后再试」. */
  | { readonly kind: 'notice'; readonly text: string }
);

/** `state` of a transfer bill (商家转账), spelled as WeChat spells it. */
export type BillState =
  | 'ACCEPTED'
  | 'PROCESSING'
  | 'WAIT_USER_CONFIRM'
  | 'TRANSFERING'
  | 'SUCCESS'
  | 'FAIL'
  | 'CANCELING'
  | 'CANCELLED';

/** A red packet, a group packet or a transfer. */
export type Packet = {
  /** Absent: redpack, from a log of older days. */
  readonly channel?: 'redpack' | 'group' | 'transfer';
  readonly mchId: string;
  readonly billNo: string;
  readonly listId: string;
  readonly openid: string;
  readonly amount: number;
  /** Of a transfer, what comes nearest: SENT waits to be confirmed, RFUND_ING is being cancelled, REFUND has paid back. */
  readonly status: 'SENDING' | 'SENT' | 'FAILED' | 'RECEIVED' | 'RFUND_ING' | 'REFUND';
  /** The failure text; of a transfer its `fail_reason`. */
  readonly reason?: string;
  readonly sendName: string;
  readonly wishing: string;
  readonly actName: string;
  readonly createdAt: number;
  readonly sentAt?: number;
  readonly receivedAt?: number;
  readonly refundedAt?: number;
  /** What came back; absent: all of it. */
  readonly refundedAmount?: number;
  /** A group packet: how many shares there are, and who took which. */
  readonly totalNum?: number;
  readonly shares?: readonly Share[];
  /** A transfer: its own state, and what opens the page on which it is confirmed (`package_info`). */
  readonly billState?: BillState;
  readonly packageInfo?: string;
  /** A transfer that needs no confirmation: under which authorization. */
  readonly authorizationNo?: string;
};

/** 免确认收款授权: a person lets a merchant pay them without a tap. */
export type Authorization = {
  readonly mchId: string;
  /** `out_authorization_no`. */
  readonly number: string;
  /** `authorization_id`; told once it was given. */
  readonly id: string;
  readonly appId: string;
  readonly openid: string;
  readonly sceneId: string;
  readonly displayName: string;
  readonly notifyUrl: string;
  readonly state: 'WAIT_USER_CONFIRM' | 'TAKING_EFFECT' | 'CLOSED';
  readonly reason?: CloseReason;
  /** Asked for with this transfer; absent: by itself. */
  readonly billNo?: string;
  readonly packageInfo: string;
  readonly createdAt: number;
  readonly authorizedAt?: number;
  readonly updatedAt: number;
};

export const CLOSE_REASONS = [
  'CLOSE_VIA_MCH_API',
  'USER_CLOSE',
  'USER_OVERDUE_UNCONFIRMED',
  'TRANSFER_RISK',
  'USER_ACCOUNT_ABNORMAL',
] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

export type Share = { readonly openid: string; readonly amount: number; readonly at: number };

/** A stock of vouchers (代金券批次), as an operator has made it at WeChat Pay. Amounts are fen. */
export type Stock = {
  readonly stockId: string;
  /** The merchant that made it; others send it only where they are listed. */
  readonly creator: string;
  readonly senders?: readonly string[];
  readonly name: string;
  readonly status: 'unactivated' | 'audit' | 'running' | 'paused' | 'stoped';
  /** What one takes off, and from how much on. */
  readonly amount: number;
  readonly minimum: number;
  readonly maxCoupons: number;
  readonly maxAmountByDay?: number;
  readonly perUser?: number;
  /** Openids that are one natural person (自然人防刷). */
  readonly persons?: readonly (readonly string[])[];
  /** Whom `prevent_api_abuse` keeps out. */
  readonly abnormal?: readonly string[];
  readonly noCash?: boolean;
  readonly beginAt: number;
  readonly endAt: number;
  /** How long one is good after it was given, ms; absent: until the stock ends. */
  readonly validMs?: number;
};

/** One voucher that somebody has. */
export type Coupon = {
  readonly couponId: string;
  readonly stockId: string;
  /** Who sent it, and under which `out_request_no`. */
  readonly mchId: string;
  readonly number: string;
  readonly openid: string;
  readonly amount: number;
  readonly status: 'SENDED' | 'USED' | 'EXPIRED' | 'RECOVER';
  readonly createdAt: number;
  readonly beginAt: number;
  readonly endAt: number;
  readonly usedAt?: number;
};

export type ClockChange = { readonly advanceMs: number } | { readonly reset: true };

/** Switched on over HTTP; `times` counts down to 0 and the fault is gone, absent: until switched off. */
export type Faults = { readonly pay: readonly PayFault[]; readonly platform: readonly PlatformFault[] };

/**
 * With which keys WeChat Pay signs answers and notices of API v3 for a merchant: parts of the whole, so that
 * `{ publicKey: 9, certificate: 1 }` is every tenth by the certificate. A key of 0 exists, but signs nothing; one that is left
 * out does not exist. (The real one signs answers with the key that `Wechatpay-Serial` asks for, where it can.)
 */
export type Signing = {
  /** 微信支付公钥, as every new merchant has it. */
  readonly publicKey?: number;
  /** 平台证书: with one, /v3/certificates hands out those there are; without, it is a 404. */
  readonly certificate?: number;
  /** The one that follows it in a rotation. */
  readonly nextCertificate?: number;
  /** From which is drawn what signs; absent: the merchant number. */
  readonly seed?: string;
};

export type SigningKey = {
  readonly kind: 'publicKey' | 'certificate' | 'nextCertificate';
  /** `PUB_KEY_ID_…`, or a serial number. */
  readonly id: string;
  /** The public key, or the certificate. */
  readonly pem: string;
  /** How many answers and notices it has signed. */
  readonly signed: number;
};

export type SigningState = {
  readonly signing: Signing;
  readonly keys: readonly SigningKey[];
  /** How often /v3/certificates was asked for. */
  readonly certificateCalls: number;
};

/** A row of the fund-flow bill (资金账单), by its 业务凭证号, as somebody changed it by hand. */
export type FundEdit = {
  readonly number: string;
  /** Fen, instead of its own. */
  readonly amount?: number;
  /** Another number instead of its own. */
  readonly as?: string;
  readonly drop?: true;
};

export type PayFault = {
  readonly kind:
    | 'lostReply' // the packet is sent, the connection is cut before the answer
    | 'errorAfterSent' // the packet is sent, the answer says SYSTEMERROR
    | 'errorNothingStored' // SYSTEMERROR, and no order exists
    | 'processing' // PROCESSING, SENT after `afterMs` (default 20 min)
    | 'processingThenFailed' // PROCESSING, FAILED after `afterMs`
    | 'slow' // answers after `delayMs` (default 30 s)
    | 'truncated' // half an XML document
    | 'html502' // an HTML page with status 502
    | 'unknownCode' // an err_code nobody has seen
    | 'extraElements' // success, with unknown elements and in another order
    | 'noAuthUser'
    | 'noAuthIp'
    | 'noAuthProduct'
    | 'notEnough' // the balance is said to be too low
    | 'freqLimit'
    | 'expiredButReceived' // sent, told as SYSTEMERROR, and from then on the number is said to have expired
    | 'billFails' // a transfer waits for its payee, and FAILs for `code` after `afterMs` (default 1 min); taken back: for MCH_CANCEL
    | 'balanceShort' // a transfer is taken in and not locked: ACCEPTED until `afterMs`, else closed after a day (OVERDUE_CLOSE)
    | 'lostNotice' // a transfer's callback never arrives
    | 'duplicateNotice' // a transfer's callback arrives `copies` times at once (default 2)
    | 'lateNotice' // a notice of a payment or refund comes after `afterMs` (default 10 min)
    | 'forgedNotice' // before the true notice of a payment comes one of a hundredfold amount, signed by nobody
    | 'code' // any other code: `code` and `text`
    | 'http' // before WeChat Pay sees the request: HTTP `status` (default 400) and `text` as the body, `location` in a redirect
    | 'tlsRefused'; // the client certificate is not taken: the connection is cut after the handshake
  /**
   * Where it happens; absent: at whatever pays. Those of notices happen there only: `payNotice`, to those of payments and
   * refunds; absent, `lostNotice` and `duplicateNotice` happen to any. `http` and `tlsRefused` happen to questions as well.
   */
  readonly at?:
    | 'sendredpack'
    | 'sendgroupredpack'
    | 'gethbinfo'
    | 'transfer'
    | 'transferQuery'
    | 'transferCancel'
    | 'voucher'
    | 'voucherQuery'
    | 'authorization'
    | 'orderQuery'
    | 'certificates'
    | 'bill'
    | 'billDownload'
    | 'payNotice';
  readonly times?: number;
  /** Only for this follower. */
  readonly openid?: string;
  readonly afterMs?: number;
  readonly delayMs?: number;
  readonly code?: string;
  readonly text?: string;
  /** Only for requests with this word in send_name, act_name, wishing or remark; in a transfer's remark or report. */
  readonly word?: string;
  /** HTTP status of a `code` at a transfer, and of `http`. */
  readonly status?: number;
  readonly location?: string;
  readonly copies?: number;
};

/** One callback of a transfer that reached its end, with every delivery of it. */
export type Notice = {
  readonly id: string;
  readonly mchId: string;
  /** Of an authorization its own number (`out_authorization_no`). */
  readonly billNo: string;
  readonly state: BillState | Authorization['state'];
  readonly url: string;
  /** `status` 0: no answer. */
  readonly tries: readonly { readonly at: number; readonly status: number; readonly error?: string }[];
  /** `lost`: by the fault. */
  readonly outcome: 'pending' | 'delivered' | 'failed' | 'lost';
};

/** What one pays in the shop, fen. */
export type PayInShop = {
  /** Left out where the merchant has placed the order `orderNo`. */
  readonly amount?: number;
  /** What of it a coupon (代金券) pays. */
  readonly coupon?: number;
  readonly attach?: string;
  /** `out_trade_no`; absent: the next one. */
  readonly orderNo?: string;
  /** Absent: the one the person's account is bound to. */
  readonly mchId?: string;
  /** By which the order was placed, and the merchant is notified; absent: v2. */
  readonly api?: 'v2' | 'v3';
  /** Of v2; absent: MD5. */
  readonly signType?: 'MD5' | 'HMAC-SHA256';
  /** `false`: the merchant is not told. */
  readonly notify?: boolean;
};

export type TradeType = 'JSAPI' | 'NATIVE' | 'APP' | 'MWEB';

/** An order that a merchant has placed (统一下单), as it was then. */
export type PlacedOrder = {
  readonly mchId: string;
  readonly orderNo: string;
  readonly prepayId: string;
  readonly appId: string;
  /** Of JSAPI. */
  readonly openid?: string;
  readonly total: number;
  readonly description: string;
  readonly attach?: string;
  readonly notifyUrl: string;
  readonly api: 'v2' | 'v3';
  readonly signType?: 'MD5' | 'HMAC-SHA256';
  readonly tradeType: TradeType;
  readonly placedAt: number;
  readonly expiresAt?: number;
  readonly closedAt?: number;
};

export type ShopOrder = {
  readonly mchId: string;
  readonly orderNo: string;
  readonly transactionId: string;
  readonly appId: string;
  readonly openid: string;
  readonly total: number;
  readonly coupon: number;
  readonly attach?: string;
  readonly api: 'v2' | 'v3';
  readonly signType?: 'MD5' | 'HMAC-SHA256';
  /** Where the order itself said; absent: where the merchant is told of all. */
  readonly notifyUrl?: string;
  /** Absent: JSAPI. */
  readonly tradeType?: TradeType;
  readonly paidAt: number;
  /** Oldest first. */
  readonly refunds: readonly ShopRefund[];
};
export type ShopRefund = {
  readonly refundId: string;
  readonly refundNo: string;
  readonly amount: number;
  readonly at: number;
  readonly notifyUrl?: string;
};

/** One notice of a payment or a refund, with every delivery of it. */
export type ShopNotice = {
  readonly id: string;
  readonly mchId: string;
  readonly orderNo: string;
  readonly what: 'paid' | 'refunded' | 'forged';
  readonly url: string;
  /** `status` 0: no answer. */
  readonly tries: readonly { readonly at: number; readonly status: number; readonly error?: string }[];
  /** `lost`: by the fault. */
  readonly outcome: 'pending' | 'delivered' | 'failed' | 'lost';
};

export type PlatformFault = {
  readonly kind:
    | 'duplicatePush' // every push is delivered `copies` times at once (default 3)
    | 'renewOnRetry' // a redelivery has a new timestamp, nonce and ciphertext
    | 'busy' // API calls answer errcode -1
    | 'quota' // 45009
    | 'expireToken' // 42001 until a new access_token was fetched
    | 'slow' // API calls answer after `delayMs`
    | 'html502'
    | 'snapshot' // the next visitor by OAuth is a virtual one (is_snapshotuser)
    | 'messageClosed' // customer-service messages are answered 45015: nothing for too long, or not followed
    | 'messageUsedUp' // … 45047: too many
    | 'messageUnauthorized' // … 48001: the account may not
    | 'messageOff' // … 48002: the follower has switched them off
    | 'messageBlocked' // … 43019: the follower is on the blacklist
    | 'noticeRefused' // template messages and subscription notices are answered 43101
    | 'noticeBlocked' // they are taken, and end as `failed:user block`
    | 'noticeFailed'; // … and end as `failed: system failed`
  readonly times?: number;
  readonly copies?: number;
  readonly delayMs?: number;
};

/** Customer-service messages since the start: those that arrived, and those that were refused, by errcode. */
export type MessageCount = { readonly sent: number; readonly refused: Readonly<Record<string, number>> };

/** What the stream says. */
export type Change =
  | { readonly kind: 'person'; readonly person: Omit<Person, 'chat'> }
  | { readonly kind: 'line'; readonly openid: string; readonly line: Line }
  | { readonly kind: 'push'; readonly push: Push }
  | { readonly kind: 'packet'; readonly packet: Packet }
  | { readonly kind: 'merchant'; readonly merchant: Merchant }
  | { readonly kind: 'clock'; readonly now: number; readonly offsetMs: number }
  | { readonly kind: 'faults'; readonly faults: Faults }
  | { readonly kind: 'shopOrder'; readonly order: ShopOrder }
  | { readonly kind: 'authorization'; readonly authorization: Authorization }
  | { readonly kind: 'account'; readonly account: Account };
