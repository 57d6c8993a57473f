// A stock of vouchers (代金券批次), as WeChat Pay has it (查询批次详情, API v3). Never throws for what the platform or the network does.
import { fen } from '../../core/base/money.ts';
import { type Instant, instant } from '../../core/base/time.ts';
import type { ToldStock } from '../../core/lint/context.ts';
import type { Clock } from '../../ports.ts';
import { jsonOf, numberOf, partOf, textAt } from '../json.ts';
import { createTransport, type Endpoint } from '../transport.ts';
import type { Keys } from './platform-keys.ts';
import { v3Call } from './v3-call.ts';

type StockConfig = Pick<Endpoint, 'api' | 'ca'> & {
  readonly mchId: string;
  readonly serialNo: string;
  readonly privateKey: Buffer;
};

type StockDesk = {
  /** `unknown`: WeChat Pay knows none such; `said`: why nobody can tell. */
  ask(stockId: string, creator: string): Promise<ToldStock | 'unknown' | { readonly said: string }>;
  close(): Promise<void>;
};

export function createStockDesk(config: StockConfig, clock: Clock, keys: Keys): StockDesk {
  const transport = createTransport({ api: config.api, ca: config.ca });
  const call = v3Call(config, clock, transport, keys);
  return {
    async ask(stockId, creator) {
      const answer = await call('GET', `/v3/marketing/favor/stocks/${stockId}?stock_creator_mchid=${creator}`);
      if ('seen' in answer) return { said: 'code' in answer.seen ? answer.seen.code : answer.seen.kind };
      const json = jsonOf(answer.text) ?? {};
      const code = textAt(json, 'code') ?? `HTTP ${answer.status}`;
      if (answer.status === 404 && code === 'RESOURCE_NOT_EXISTS') return 'unknown';
      const status = textAt(json, 'status');
      return answer.status === 200 && status !== undefined ? stockIn(json, status) : { said: code.slice(0, 64) };
    },
    close: () => transport.close(),
  };
}

function stockIn(json: NonNullable<ReturnType<typeof jsonOf>>, status: string): ToldStock {
  const rule = partOf(json, 'stock_use_rule');
  const normal = partOf(rule, 'fixed_normal_coupon');
  const [amount, minimum] = [numberOf(normal.coupon_amount), numberOf(normal.transaction_minimum)];
  const [most, given] = [numberOf(rule.max_coupons), numberOf(json.distributed_coupons)];
  const [perUser, perDay] = [numberOf(rule.max_coupons_per_user), numberOf(rule.max_amount_by_day)];
  const [begins, ends] = [timeAt(json.available_begin_time), timeAt(json.available_end_time)];
  return {
    status: status.slice(0, 32),
    ...(begins !== undefined && { begins }),
    ...(ends !== undefined && { ends }),
    ...(amount !== undefined && { amount: fen(amount) }),
    ...(minimum !== undefined && { minimum: fen(minimum) }),
    ...(most !== undefined && given !== undefined && { left: Math.max(0, most - given) }),
    ...(perUser !== undefined && { perUser }),
    ...(perDay !== undefined && perDay > 0 && { perDay: fen(perDay) }),
  };
}

function timeAt(value: unknown): Instant | undefined {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : instant(at);
}
