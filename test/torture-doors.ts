// The doors of one process through which WeChat Pay tells something, without a network: the real ones, wired as the bot
// wires them.
import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { conclude } from '../src/conclude.ts';
import { notifyPost } from '../src/doors/notify.ts';
import { payNoticePost } from '../src/doors/pay-notice.ts';
import type { Flow } from '../src/flow.ts';
import type { Clock, Log, Store } from '../src/ports.ts';
import { createPayNoticeReader } from '../src/wechat/pay-notice.ts';
import { createNoticeReader } from '../src/wechat/pay-v3.ts';
import { ACCOUNT, APP_ID, type Channel, KEY, MCH_ID, MERCHANTS, POLICY, SHOP } from './torture-config.ts';

type Door = (headers: Readonly<Record<string, string>>, body: string) => Promise<number>;
export type Doors = { readonly transfer: Door; readonly paid: Door };

export type DoorPorts = {
  readonly flow: Flow;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly channel: Channel;
};

export function doorsOf({ flow, store, clock, log, channel }: DoorPorts): Doors {
  const merchant = MERCHANTS[channel];
  const ports = { flow, store, clock, log };
  const transfers =
    merchant.channel === 'transfer' ? [[SHOP, { policy: POLICY, open: createNoticeReader(merchant) }] as const] : [];
  const transfer = notifyPost({
    ...ports,
    transfers: new Map(transfers),
    conclude: (name, verdict) => conclude({ store, clock, log }, name, verdict),
  });
  const keys = merchant.channel === 'transfer' ? { v3: merchant } : { apiV2Key: KEY };
  const paid = payNoticePost({
    ...ports,
    payments: new Map([[SHOP, { open: createPayNoticeReader({ mchId: MCH_ID, ...keys }), accounts: [ACCOUNT] }]]),
    accountOf: appId => (appId === APP_ID ? ACCOUNT : undefined),
  });
  const through =
    (door: typeof transfer): Door =>
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
  return { req, headers, status: 404, body: undefined, set: () => undefined } as unknown as Context;
}
