// What a simulator is started with: the accounts and merchants that a real WeChat would know from its consoles.

import type { MovableClock } from './clock.ts';
import type { Signing } from './protocol.ts';
import type { Menu } from './protocol-menu.ts';
import type { Pushing } from './protocol-push.ts';

export type AccountOptions = {
  /** Our name for it in URLs and lists. */
  readonly name: string;
  readonly title: string;
  readonly appId: string;
  readonly appSecret: string;
  readonly token: string;
  /** 43 letters and digits. */
  readonly encodingAesKey: string;
  /** `gh_…` */
  readonly originalId: string;
  readonly mode: 'plain' | 'compatible' | 'safe';
  /** May be empty at first: see `setWebhook`. */
  readonly webhook: string;
  /** 数据格式; absent: XML. */
  readonly format?: Pushing['format'];
  /** What becomes of `]]>` in a follower's text; absent: it is split. */
  readonly cdata?: Pushing['cdata'];
  readonly menu?: Menu;
  /** Absent: a verified service account (已认证的服务号), which may call everything. */
  readonly type?: 'service' | 'subscription';
  readonly verified?: boolean;
  /** Whence an access_token may be fetched (IP白名单); absent: from anywhere. */
  readonly ipWhitelist?: readonly string[];
  /** 网页授权域名 and JS接口安全域名: whole hosts, a port included, `*` for any; absent: this machine. */
  readonly webDomains?: readonly string[];
  readonly templates?: readonly Template[];
};

/** As added in the console: of template messages (模板消息) or of subscription notices (订阅通知). */
export type Template = {
  readonly id: string;
  readonly kind: 'template' | 'subscription';
  readonly title: string;
  /** Their types stand in their names: `thing1`, `amount2`. */
  readonly fields: readonly string[];
};

export type MerchantOptions = {
  readonly mchId: string;
  readonly apiV2Key: string;
  /** 32 bytes: encrypts the callbacks of 商家转账. Absent: `DEFAULT_API_V3_KEY`. */
  readonly apiV3Key?: string;
  /** Fen, at the very first start; afterwards the folder remembers. */
  readonly balance: number;
  /** AppIDs bound to this merchant number. One that is no account of the simulator counts as a mobile app's. */
  readonly appIds: readonly string[];
  readonly limits?: Partial<MerchantLimits>;
  /** It has 运营账户, from which packets and transfers are paid. */
  readonly operationAccount?: boolean;
  /** It may ask for its balance, as service providers and platforms may; others get 403. */
  readonly balanceApi?: boolean;
  /** With which keys WeChat Pay signs for it; absent: with its public key. `PUT /control/merchants/NUMBER/signing` changes it. */
  readonly signing?: Signing;
};

/** For merchants of whom no APIv3 key was said. Everybody knows it: a simulator has nothing to hide. */
export const DEFAULT_API_V3_KEY = 'hongbao-simulator-api-v3-key-32b';

export type MerchantLimits = {
  /** Calls that pay in any 1000 ms, red packets and transfers each; one more is answered FREQ_LIMIT (429 in v3). */
  readonly perSecond: number;
  readonly perUserPerDay: number;
  /** Fen, like all amounts. */
  readonly amountPerUserPerDay: number;
  readonly amountPerDay: number;
  /** Without a `scene_id`; with one, 0.30 – 4999 yuan. */
  readonly min: number;
  readonly max: number;
  /** `false`: a 商家红包 account, on which any `scene_id` is refused. */
  readonly scenes: boolean;
  /** An unfinished order fails after this. */
  readonly expiryMs: number;
  /** An unopened packet is refunded after this. */
  readonly refundMs: number;
  /** What the same number gets after it was sent: nobody outside WeChat knows for certain. */
  readonly repeat: 'success' | 'SEND_FAILED';
  /** One transfer (商家转账); what 现金营销 commonly gets is 0.10 – 200 yuan. */
  readonly transferMin: number;
  readonly transferMax: number;
  /** How long TRANSFERING lasts, after the payee confirmed. */
  readonly transferringMs: number;
  /** How long CANCELING lasts. */
  readonly cancelingMs: number;
};

const HOUR = 3_600_000;

export const MERCHANT_LIMITS: MerchantLimits = {
  perSecond: 30,
  perUserPerDay: 10,
  amountPerUserPerDay: 100_000,
  amountPerDay: 100_000_000,
  min: 100,
  max: 20_000,
  scenes: true,
  expiryMs: 24 * HOUR,
  refundMs: 24 * HOUR,
  repeat: 'success',
  transferMin: 10,
  transferMax: 20_000,
  transferringMs: 0,
  cancelingMs: 1000,
};

/** One call as it came and went; what is no text is in base64. */
export type RecordedCall = {
  readonly at: number;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
  readonly answer: string;
};

export type SimulatorOptions = {
  /** Loopback only: the simulator pays everybody and believes everything. */
  readonly host?: '127.0.0.1';
  /** Platform and control, plain HTTP; 0: a free one. */
  readonly port: number;
  /** WeChat Pay, TLS; 0: a free one. */
  readonly payPort: number;
  /** Where certificates and state live; absent: in memory only. */
  readonly folder?: string;
  /** `true`: certificates lie in the folder, state does not. */
  readonly memory?: boolean;
  readonly clock: MovableClock;
  /**
   * Whoever talks to the simulator lives in real time, however far the clock is moved: signatures, tokens and codes count in it,
   * and only packets, orders and windows in simulated time. Absent: callers share the clock, as the demo's bot does.
   */
  readonly callersInRealTime?: boolean;
  /** A reply or a message may name any `media_id`; absent: yes. `false`: only what was uploaded, or sent by a person. */
  readonly anyMedia?: boolean;
  readonly accounts: readonly AccountOptions[];
  readonly merchants: readonly MerchantOptions[];
  /** How long a webhook may take. */
  readonly pushTimeoutMs?: number;
  /** Deliveries in all. */
  readonly pushTries?: number;
  /** From the start of one delivery to the earliest start of the next; absent: `pushTimeoutMs`. */
  readonly pushGapMs?: number;
  /** How long after a callback of 商家转账 that failed the next one is tried; one more than these in all. */
  readonly noticeGapsMs?: readonly number[];
  /** How long the answer to a callback may take; absent: 5 s. */
  readonly noticeTimeoutMs?: number;
  /** Told of every push and notice that nobody took. */
  readonly trouble?: (what: string) => void;
  /** Told of every call and its answer, once it is out. */
  readonly recorded?: (call: RecordedCall) => void;
  /** `false`: POST /control/reset is refused. */
  readonly resettable?: boolean;
  /** Names beside the loopback ones under which the control API may be called, without a port. */
  readonly hosts?: readonly string[];
};
