// The doors of one process through which WeChat Pay tells something, without a network: the real ones, wired as the bot
// wires them.
import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { createPayments } from '../../src/app/wire-payments.ts';
import type { Config } from '../../src/config/config.ts';
import type { Flow } from '../../src/engine/flow.ts';
import { recordVerdict } from '../../src/engine/record.ts';
import { payNoticePost } from '../../src/http/payment-notice.ts';
import { type NotifyMerchant, notifyPost } from '../../src/http/transfer-notice.ts';
import type { Clock, Log, Store } from '../../src/ports.ts';
import type { Keys } from '../../src/wechat/pay/platform-keys.ts';
import { createNoticeReader } from '../../src/wechat/pay/transfer.ts';
import { POLICY, SHOP } from './config.ts';

type Webhook = (headers: Readonly<Record<string, string>>, body: string) => Promise<number>;
export type Doors = { readonly transfer: Webhook; readonly paid: Webhook };

export type DoorPorts = {
  readonly flow: Flow;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: Config;
  readonly keys: Keys;
};

export function doorsOf({ flow, store, clock, log, config, keys }: DoorPorts): Doors {
  const merchant = config.merchants.get(SHOP)!;
  const ports = { flow, store, clock, log };
  const read = merchant.channel === 'transfer' ? createNoticeReader(merchant, keys) : undefined;
  const open: NotifyMerchant['open'] = async (headers, body, now) =>
    keys.verified(() => read!(headers, body, now), body);
  const transfer = notifyPost({
    ...ports,
    transfers: new Map(read ? [[SHOP, { channel: 'transfer', policy: POLICY, open }]] : []),
    record: (name, verdict) => recordVerdict({ store, clock, log }, name, verdict),
  });
  const rings = { of: () => keys, tend: async () => {}, close: async () => {} };
  const paid = payNoticePost({ ...ports, ...createPayments(config, clock, rings).ports });
  const through =
    (door: typeof transfer): Webhook =>
    async (headers, body) => {
      const ctx = contextOf(headers, body);
      await door(ctx, SHOP);
      return ctx.status;
    };
  return { transfer: through(transfer), paid: through(paid) };
}

/** As much of a request as these doors look at. */
function contextOf(headers: Readonly<Record<string, string>>, body: string): Context {
  const req = Object.assign(Readable.from([Buffer.from(body)]), { headers });
  const get = (name: string): string => headers[name.toLowerCase()] ?? '';
  return { req, headers, get, state: {}, status: 404, body: undefined, set: () => undefined } as unknown as Context;
}
