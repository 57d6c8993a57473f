// What the control API says of pushes: what people do, what WeChat makes of it, and how it writes that down.

/**
 * How an account's pushes are written (数据格式). `cdata`: a follower's `]]>` in XML is split over two sections (`split`), or
 * left as it is (`raw`), as WeChat does by a public report.
 */
export type Pushing = { readonly format: 'xml' | 'json'; readonly cdata: 'split' | 'raw' };

/** What a person does. */
export type Act =
  | { readonly kind: 'follow'; readonly scene?: string }
  | { readonly kind: 'unfollow' }
  | { readonly kind: 'scan'; readonly scene: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'click'; readonly key: string }
  /** A button of the menu with WeChat's scanner, and what that read. `waiting`: scancode_waitmsg; absent: yes. */
  | {
      readonly kind: 'scancode';
      readonly key: string;
      readonly result: string;
      readonly type?: 'qrcode' | 'barcode';
      readonly waiting?: boolean;
    }
  | { readonly kind: 'view'; readonly url: string }
  | { readonly kind: 'image' }
  | { readonly kind: 'voice'; readonly words?: string }
  | { readonly kind: 'location'; readonly latitude: number; readonly longitude: number; readonly label: string }
  /** Agrees, or not, to one more subscription notice (订阅通知) of this template. */
  | { readonly kind: 'consent'; readonly template: string; readonly accept: boolean }
  /** Any push at all, for what the others cannot say: the fields below `<xml>`; `A.B` is B inside A. */
  | { readonly kind: 'raw'; readonly fields: Readonly<Record<string, string>> };

/** One push to the webhook, with every delivery of it. */
export type Push = {
  readonly id: string;
  readonly person: string;
  readonly account: string;
  readonly at: number;
  /** `MsgId` of a message; events have none. */
  readonly msgId?: string;
  readonly createTime: number;
  /** `MsgType`, or `Event` for events, as on the wire. */
  readonly type: string;
  /** The document before encryption. */
  readonly xml: string;
  /** Of an account that pushes JSON: that, in place of the document. */
  readonly json?: string;
  readonly tries: readonly Try[];
  /** What the person saw in the end. `pending` while WeChat still tries. */
  readonly outcome: 'pending' | 'reply' | 'success' | 'failure';
};

export type Try = {
  readonly at: number;
  readonly ms: number;
  /** The request as sent: path with query, and body. */
  readonly url: string;
  readonly body: string;
  /** 0: no answer (time-out or connection error). */
  readonly status: number;
  readonly answer: string;
  /** The answer after decryption, where it was encrypted. */
  readonly clear?: string;
  /** Why WeChat would not accept it. */
  readonly error?: string;
};
