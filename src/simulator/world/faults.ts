// What goes wrong on purpose. A fault with `times` counts down and is gone; the others stay until switched off.
import type { Faults, PayFault, PlatformFault } from '../shared/protocol.ts';

/**
 * No places to write into a fault: `transferNotice`, where callbacks are delivered and only the kinds of callbacks strike,
 * and `connection`, where no request has come yet.
 */
export type PayEndpoint = NonNullable<PayFault['at']> | 'transferNotice' | 'connection';

const PAYS: ReadonlySet<PayEndpoint> = new Set(['sendredpack', 'sendgroupredpack', 'transfer', 'voucher']);

export const OF_ANY_NOTICE: ReadonlySet<PayFault['kind']> = new Set(['lostNotice', 'duplicateNotice']);
export const OF_PAY_NOTICES: ReadonlySet<PayFault['kind']> = new Set(['lateNotice', 'forgedNotice']);

/** What stands before WeChat Pay knows neither followers nor orders, and strikes every call. */
export const OF_FRONT: ReadonlySet<PayFault['kind']> = new Set(['http', 'tlsRefused']);

function strikesAt(fault: PayFault, endpoint: PayEndpoint): boolean {
  if (OF_PAY_NOTICES.has(fault.kind)) return endpoint === 'payNotice';
  const isNotice = endpoint === 'transferNotice' || endpoint === 'payNotice';
  const isOfNotices = OF_ANY_NOTICE.has(fault.kind);
  if (isNotice || isOfNotices) return isNotice && isOfNotices && (endpoint === 'payNotice' || fault.at !== 'payNotice');
  if (OF_FRONT.has(fault.kind)) return fault.at === undefined || fault.at === endpoint;
  return fault.at === undefined ? PAYS.has(endpoint) : fault.at === endpoint;
}

export type FaultBox = {
  get(): Faults;
  set(faults: Faults): void;
  /** The first fault that applies to this call, counted down. `kinds`: only one of these. `words`: what the request says. */
  takePay(
    endpoint: PayEndpoint,
    openid: string,
    kinds: (fault: PayFault) => boolean,
    words?: string,
  ): PayFault | undefined;
  takePlatform(kind: PlatformFault['kind']): PlatformFault | undefined;
  /** The same, without counting. */
  seePlatform(kind: PlatformFault['kind']): PlatformFault | undefined;
};

export function faultBox(changed: (faults: Faults) => void): FaultBox {
  let faults: Faults = { pay: [], platform: [] };
  const set = (next: Faults): void => {
    faults = next;
    changed(next);
  };
  return {
    get: () => faults,
    set,
    takePay: (endpoint, openid, kinds, words = '') => {
      const hit = faults.pay.find(
        fault =>
          strikesAt(fault, endpoint) &&
          (fault.openid === undefined || fault.openid === openid) &&
          (fault.word === undefined || words.includes(fault.word)) &&
          kinds(fault),
      );
      if (hit?.times !== undefined) set({ ...faults, pay: countDown(faults.pay, hit) });
      return hit;
    },
    takePlatform: kind => {
      const hit = faults.platform.find(fault => fault.kind === kind);
      if (hit?.times !== undefined) set({ ...faults, platform: countDown(faults.platform, hit) });
      return hit;
    },
    seePlatform: kind => faults.platform.find(fault => fault.kind === kind),
  };
}

function countDown<F extends { readonly times?: number }>(faults: readonly F[], hit: F): F[] {
  return faults.flatMap(fault => {
    if (fault !== hit) return [fault];
    const left = (fault.times ?? 1) - 1;
    return left > 0 ? [{ ...fault, times: left }] : [];
  });
}
