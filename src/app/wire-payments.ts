// Wires what WeChat Pay tells of payments: which merchant is told of what, and where orders are asked after.

import type { Config } from '../config/config.ts';
import type { PayNoticeMerchant, PayNoticePorts } from '../http/payment-notice.ts';
import type { Clock } from '../ports.ts';
import type { KeyRings } from '../setup/platform-keys.ts';
import { createOrderDesk } from '../wechat/pay/order-query.ts';
import { createPayNoticeReader } from '../wechat/pay/payment-notice.ts';

type Payments = {
  readonly ports: Pick<PayNoticePorts, 'payments' | 'accountOf'>;
  close(): Promise<void>;
};

export function createPayments({ accounts, merchants }: Config, clock: Clock, rings: KeyRings): Payments {
  const payments = new Map<string, PayNoticeMerchant>();
  const closes: (() => Promise<void>)[] = [];
  const names = new Map([...accounts.values()].map(({ appId, name }) => [appId, name]));
  for (const { name, mchId, api, ca, payNotice } of merchants.values()) {
    if (!payNotice) continue;
    const keys = payNotice.v3 && rings.of(name);
    const { apiV2Key, v3, signer, subMchId } = payNotice;
    const v2 = apiV2Key !== undefined && { apiV2Key };
    const asker = { mchId, api, ca, ...v2, ...(keys && { keys }), ...(signer && { signer }) };
    const desk = payNotice.orderQuery ? createOrderDesk(asker, clock) : undefined;
    if (desk) closes.push(() => desk.close());
    const read = createPayNoticeReader({
      mchId,
      ...v2,
      ...(v3 && keys && { v3: { apiV3Key: v3.apiV3Key, trust: keys } }),
      ...(subMchId !== undefined && { subMchId }),
      isOurs: appId => names.has(appId),
    });
    payments.set(name, {
      open: async (headers, body, now) =>
        keys ? keys.verified(() => read(headers, body, now), body) : read(headers, body, now),
      ...(desk && { ask: notice => desk.ask(notice) }),
      accounts: [...accounts.values()].filter(account => account.merchant === name).map(account => account.name),
    });
  }
  return {
    ports: { payments, accountOf: appId => names.get(appId) },
    async close() {
      await Promise.all(closes.map(close => close()));
    },
  };
}
