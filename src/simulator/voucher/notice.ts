// The callbacks of vouchers that were used (COUPON.USE): signed, encrypted, delivered until somebody says 200 or 204, and never
// waited for by anything else. They are in memory only: a restart forgets those under way.
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { SigningDesk } from '../pay/signing.ts';
import { type CallbackKind, callbackBody } from '../pay/v3-signature.ts';
import type { SimulatorOptions } from '../shared/options.ts';
import type { Coupon } from '../shared/protocol.ts';
import { rfc3339 } from '../world/bill.ts';
import { usedResource } from '../world/coupon.ts';
import type { World } from '../world/world.ts';

const GAPS_MS = [1000, 3000, 10_000];
const TIMEOUT_MS = 5000;
const USED: CallbackKind = { event: 'COUPON.USE', summary: '代金券核销通知', type: 'coupon' };

type VoucherNotifier = {
  /** It was used; told at this address, if there is one. */
  readonly used: (coupon: Coupon, url: string | undefined) => void;
  /** Resolves when no callback is under way. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

export function voucherNotifier(world: World, signing: SigningDesk, options: SimulatorOptions): VoucherNotifier {
  const { noticeGapsMs: gapsMs = GAPS_MS, noticeTimeoutMs: timeoutMs = TIMEOUT_MS } = options;
  const agent = new Agent({ keepAliveTimeout: 30_000, connect: { timeout: timeoutMs } });
  const stop = new AbortController();
  const { signal } = stop;
  const under = new Set<Promise<void>>();

  /** Signed anew each time: the clock may have been moved since. */
  async function knock(mchId: string, url: string, body: string): Promise<boolean> {
    const headers = { 'content-type': 'application/json', accept: '*/*', 'user-agent': 'Mozilla/4.0' };
    const reply = await request(url, {
      method: 'POST',
      headers: { ...headers, ...signing.headers(mchId, body, world.wireNow()) },
      body,
      dispatcher: agent,
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]),
    }).catch(() => undefined);
    await reply?.body.dump();
    return reply?.statusCode === 200 || reply?.statusCode === 204;
  }

  async function deliver(coupon: Coupon, url: string): Promise<void> {
    const { mchId, openid, couponId } = coupon;
    const isLost = world.faults.takePay('transferNotice', openid, each => each.kind === 'lostNotice') !== undefined;
    if (isLost) return;
    const twice = world.faults.takePay('transferNotice', openid, each => each.kind === 'duplicateNotice');
    const resource = usedResource(coupon, world.coupons.stock(coupon.stockId)!);
    const notice = { id: `use-${couponId}`, createTime: rfc3339(world.now()), resource };
    const body = callbackBody(notice, world.merchant(mchId).apiV3Key, USED);
    for (let n = 0; n <= gapsMs.length && !signal.aborted; n++) {
      const copies = n === 0 && twice ? (twice.copies ?? 2) : 1;
      const tries = await Promise.all(Array.from({ length: copies }, () => knock(mchId, url, body)));
      if (tries.includes(true)) return;
      const gap = gapsMs[n];
      if (gap !== undefined) await pause(gap, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    used(coupon, url) {
      if (url === undefined) return;
      const running = deliver(coupon, url).finally(() => under.delete(running));
      under.add(running);
    },
    async idle() {
      while (under.size > 0) await Promise.allSettled([...under]);
    },
    async close() {
      stop.abort();
      await Promise.allSettled([...under]);
      await agent.destroy();
    },
  };
}
