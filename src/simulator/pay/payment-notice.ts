// Tells merchants of payments and refunds, as WeChat Pay does: on the simulator's clock, again and again until somebody
// says SUCCESS (API v2) or 200 or 204 (API v3), for 24 hours. In memory only: a restart forgets those under way.
import { Agent, request } from 'undici';
import { messageOf } from '../../core/base/error.ts';
import { nonce } from '../../wechat/crypto.ts';
import type { PayFault, ShopNotice, ShopOrder, ShopRefund } from '../shared/protocol.ts';
import { Refused } from '../shared/refusal.ts';
import { rfc3339 } from '../world/bill.ts';
import type { World } from '../world/world.ts';
import { orderFields, refundJson, refundXml, signedXml, transactionJson } from './payment-wire.ts';
import type { SigningDesk } from './signing.ts';
import { type CallbackKind, callbackBody } from './v3-signature.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** From one delivery that failed to the next. */
const PAY_NOTICE_GAPS_MS = [
  ...[15, 15, 30].map(seconds => seconds * SECOND),
  ...[3, 10, 20, 30, 30, 30, 60].map(minutes => minutes * MINUTE),
  ...[3, 3, 3, 6, 6].map(hours => hours * HOUR),
];
const LATE_MS = 10 * MINUTE;
const TIMEOUT_MS = 5000;
const NOTICES_MAX = 200;
const ANSWER_BYTES_MAX = 4096;

const PAID: CallbackKind = { event: 'TRANSACTION.SUCCESS', summary: '支付成功', type: 'transaction' };
const REFUNDED: CallbackKind = { event: 'REFUND.SUCCESS', summary: '退款成功', type: 'refund' };

type Job = {
  readonly order: ShopOrder;
  readonly refund?: ShopRefund;
  /** Signed by nobody. */
  readonly isForged: boolean;
  readonly body: string;
  copies: number;
  /** How often it was delivered by now. */
  rounds: number;
  dueAt: number;
  isUnderWay: boolean;
};

export class ShopNotifier {
  readonly #world: World;
  readonly #signing: SigningDesk;
  readonly #trouble: (what: string) => void;
  readonly #agent = new Agent({ keepAliveTimeout: 30_000, connections: 64, connect: { timeout: TIMEOUT_MS } });
  readonly #stop = new AbortController();
  readonly #urls = new Map<string, string>();
  readonly #jobs = new Map<string, Job>();
  readonly #under = new Set<Promise<void>>();
  #notices: ShopNotice[] = [];
  #count = 0;

  /** `trouble`: told of every notice that nobody took. */
  constructor(world: World, signing: SigningDesk, trouble: (what: string) => void = () => undefined) {
    this.#trouble = trouble;
    this.#world = world;
    this.#signing = signing;
  }

  /** `notify_url` of a merchant's orders; without one nobody is told. */
  setUrl(mchId: string, url: string): void {
    this.#world.merchant(mchId);
    this.#urls.set(mchId, url);
  }

  /** Where merchants are told of all their orders. */
  urls(): ReadonlyMap<string, string> {
    return this.#urls;
  }

  notices(): ShopNotice[] {
    return this.#notices.toReversed();
  }

  paid(order: ShopOrder): void {
    if (this.#fault(order, 'forgedNotice')) this.#plan(order, 'forged');
    this.#plan(order, 'paid');
  }

  refunded(order: ShopOrder): void {
    this.#plan(order, 'refunded', order.refunds.at(-1));
  }

  /** Delivers what is due by now. */
  tick(): void {
    for (const [id, job] of this.#jobs) {
      if (job.isUnderWay || job.dueAt > this.#world.now()) continue;
      job.isUnderWay = true;
      const running = this.#deliver(id, job).finally(() => this.#under.delete(running));
      this.#under.add(running);
    }
  }

  /** Resolves when no delivery is under way; what is to be repeated waits for its time. */
  async idle(): Promise<void> {
    while (this.#under.size > 0) await Promise.allSettled([...this.#under]);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#jobs.clear();
    await this.idle();
    await this.#agent.destroy();
  }

  #fault({ openid }: ShopOrder, kind: PayFault['kind']): PayFault | undefined {
    return this.#world.faults.takePay('payNotice', openid, each => each.kind === kind);
  }

  /** Where the merchant would hear of it. */
  #urlOf(order: Pick<ShopOrder, 'mchId' | 'notifyUrl'>, refund?: ShopRefund): string | undefined {
    return refund?.notifyUrl ?? order.notifyUrl ?? this.#urls.get(order.mchId);
  }

  /** Throws `Refused` where nobody would be told. */
  needUrl(order: Pick<ShopOrder, 'mchId' | 'notifyUrl'>): void {
    if (this.#urlOf(order) !== undefined) return;
    const { mchId } = order;
    throw new Refused(
      409,
      `merchant ${mchId} has no address for notices: --pay-notify URL, or PUT /control/merchants/${mchId}/notify {"url":"…"}; {"notify":false} tells nobody`,
    );
  }

  #plan(order: ShopOrder, what: ShopNotice['what'], refund?: ShopRefund): void {
    const { mchId, orderNo } = order;
    const url = this.#urlOf(order, refund);
    if (url === undefined) return;
    const id = `n${++this.#count}`;
    const isForged = what === 'forged';
    const isLost = !isForged && this.#fault(order, 'lostNotice') !== undefined;
    this.#put({ id, mchId, orderNo, what, url, tries: [], outcome: isLost ? 'lost' : 'pending' });
    if (isLost) return;
    const late = isForged ? undefined : this.#fault(order, 'lateNotice');
    const twice = isForged ? undefined : this.#fault(order, 'duplicateNotice');
    this.#jobs.set(id, {
      order,
      ...(refund ? { refund } : {}),
      isForged,
      body: this.#bodyOf(isForged ? { ...order, total: order.total * 100 } : order, refund, isForged),
      copies: twice ? (twice.copies ?? 2) : 1,
      rounds: 0,
      dueAt: this.#world.now() + (late ? (late.afterMs ?? LATE_MS) : 0),
      isUnderWay: false,
    });
    this.tick();
  }

  #bodyOf(order: ShopOrder, refund: ShopRefund | undefined, isForged: boolean): string {
    const { options, apiV3Key } = this.#world.merchant(order.mchId);
    if (order.api === 'v3') {
      const resource = refund ? refundJson(order, refund) : transactionJson(order, 'SUCCESS');
      const notice = { id: `EV-${nonce()}`, createTime: rfc3339(this.#world.now()), resource };
      return callbackBody(notice, isForged ? nonce() : apiV3Key, refund ? REFUNDED : PAID);
    }
    const key = isForged ? nonce() : options.apiV2Key;
    if (refund) return refundXml(order, refund, key);
    const isSubscribed = this.#world.findPerson(order.openid)?.following ?? false;
    return signedXml(orderFields(order, isSubscribed), key, order.signType);
  }

  async #deliver(id: string, job: Job): Promise<void> {
    const copies = Array.from({ length: job.copies }, () => this.#knock(job, this.#noticeOf(id)!.url));
    job.copies = 1;
    job.rounds++;
    const tries = await Promise.all(copies);
    const notice = this.#noticeOf(id);
    if (!notice) return void this.#jobs.delete(id);
    const all = [...notice.tries, ...tries];
    const failed = tries.find(({ error }) => error !== undefined);
    if (failed) this.#trouble(`notice of ${notice.orderNo} (${notice.what}) to ${notice.url}: ${failed.error}`);
    const isHeard = tries.some(({ error }) => error === undefined);
    const gap = job.isForged ? undefined : PAY_NOTICE_GAPS_MS[job.rounds - 1];
    const isOver = isHeard || gap === undefined;
    this.#put({ ...notice, tries: all, outcome: isHeard ? 'delivered' : isOver ? 'failed' : 'pending' });
    if (isOver) this.#jobs.delete(id);
    else Object.assign(job, { dueAt: this.#world.now() + gap, isUnderWay: false });
  }

  /** Signed anew each time in API v3: the clock may have been moved since. */
  async #knock({ order, body, isForged }: Job, url: string): Promise<ShopNotice['tries'][number]> {
    const at = this.#world.now();
    const isV3 = order.api === 'v3';
    const signed = isForged ? `${body} ` : body;
    try {
      const reply = await request(url, {
        method: 'POST',
        headers: {
          'content-type': isV3 ? 'application/json' : 'text/xml',
          accept: '*/*',
          'user-agent': 'Mozilla/4.0',
          ...(isV3 ? this.#signing.headers(order.mchId, signed, this.#world.wireNow()) : {}),
        },
        body,
        dispatcher: this.#agent,
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#stop.signal]),
      });
      const text = (await reply.body.text()).slice(0, ANSWER_BYTES_MAX);
      const isAccepted = reply.statusCode === 200 || reply.statusCode === 204;
      const isHeard = isAccepted && (isV3 || /<return_code>(<!\[CDATA\[)?SUCCESS/.test(text));
      return { at, status: reply.statusCode, ...(isHeard ? {} : { error: `status ${reply.statusCode}` }) };
    } catch (error) {
      return { at, status: 0, error: messageOf(error) };
    }
  }

  #noticeOf(id: string): ShopNotice | undefined {
    return this.#notices.find(notice => notice.id === id);
  }

  #put(notice: ShopNotice): void {
    const index = this.#notices.findIndex(known => known.id === notice.id);
    if (index >= 0) this.#notices[index] = notice;
    else this.#notices = [...this.#notices, notice].slice(-NOTICES_MAX);
  }
}
