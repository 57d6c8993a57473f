// Wires what WeChat Pay tells of payments: which merchant is told of what, and where orders are asked after.
import type { Config } from './config.ts';
import type { PayNoticeMerchant, PayNoticePorts } from './doors/pay-notice.ts';
import type { Clock } from './ports.ts';
import { createPayNoticeReader } from './wechat/pay-notice.ts';
import { createOrderDesk } from './wechat/pay-order.ts';

export type Payments = {
  readonly ports: Pick<PayNoticePorts, 'payments' | 'accountOf'>;
  close(): Promise<void>;
};

export function createPayments({ accounts, merchants }: Config, clock: Clock): Payments {
  const payments = new Map<string, PayNoticeMerchant>();
  const closes: (() => Promise<void>)[] = [];
  const names = new Map([...accounts.values()].map(({ appId, name }) => [appId, name]));
  for (const { name, mchId, api, ca, payNotice } of merchants.values()) {
    if (!payNotice) continue;
    const desk = payNotice.orderQuery ? createOrderDesk({ mchId, api, ca, ...payNotice }, clock) : undefined;
    if (desk) closes.push(() => desk.close());
    payments.set(name, {
      open: createPayNoticeReader({ mchId, ...payNotice }),
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
