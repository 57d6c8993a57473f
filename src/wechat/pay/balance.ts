// What a merchant can pay from now (查询账户实时余额, API v3). WeChat Pay tells it to service providers and platforms only: a 403 is an
// answer as well, and is not asked for again by this process. Never throws for what the platform or the network does.
import { type Fen, fen } from '../../core/base/money.ts';
import type { Clock } from '../../ports.ts';
import { jsonOf, numberOf, textAt } from '../json.ts';
import { createTransport, type Endpoint } from '../transport.ts';
import type { Keys } from './platform-keys.ts';
import { v3Call } from './v3-call.ts';

type BalanceConfig = Pick<Endpoint, 'api' | 'ca'> & {
  readonly mchId: string;
  readonly serialNo: string;
  readonly privateKey: Buffer;
};

type BalanceDesk = {
  /** Fen; `undefined`: WeChat Pay does not say, or not now. */
  ask(): Promise<Fen | undefined>;
  close(): Promise<void>;
};

/** 运营账户 pays where there is one, else 基本账户. */
const ACCOUNTS = ['OPERATION', 'BASIC'] as const;
const PATH = '/v3/merchant/fund/balance/';

export function createBalanceDesk(config: BalanceConfig, clock: Clock, keys: Keys): BalanceDesk {
  const transport = createTransport({ api: config.api, ca: config.ca });
  const call = v3Call(config, clock, transport, keys);
  let isForbidden = false;

  /** `none`: there is no such account. */
  async function askFor(account: (typeof ACCOUNTS)[number]): Promise<Fen | 'none' | undefined> {
    const answer = await call('GET', `${PATH}${account}`);
    if ('seen' in answer) return undefined; // nobody pays by it: the gate does without
    const json = jsonOf(answer.text) ?? {};
    if (answer.status === 403) isForbidden = true;
    if (answer.status === 400 && textAt(json, 'code') === 'INVALID_REQUEST') return 'none';
    if (answer.status !== 200) return undefined;
    const amount = numberOf(json.available_amount);
    return amount === undefined || !Number.isSafeInteger(amount) || amount < 0 ? undefined : fen(amount);
  }

  return {
    async ask() {
      for (const account of ACCOUNTS) {
        const said = isForbidden ? undefined : await askFor(account);
        if (said !== 'none') return said;
      }
      return undefined;
    },
    close: () => transport.close(),
  };
}
