// `hongbao-bot/simulator`: the simulator for somebody else's tests, in their own process. What is left out is as the command has it,
// but on free ports and in memory.

import { BadInput } from '../core/base/error.ts';
import { movableClock } from '../simulator/shared/clock.ts';
import type { AccountOptions, MerchantOptions, SimulatorOptions } from '../simulator/shared/options.ts';
import { type Simulator as Running, startSimulator as start } from '../simulator/simulator.ts';
import { SIMULATOR_DEFAULTS } from './simulator-defaults.ts';

export type Simulator = Running;
export type Wishes = Partial<SimulatorOptions> & {
  /** Where the account's pushes go; without accounts of one's own. */
  readonly webhook?: string;
  /** Where payments and refunds are told, for every merchant. */
  readonly payNotify?: string;
};

export async function startSimulator(wishes: Wishes = {}): Promise<Simulator> {
  const { webhook = '', payNotify, ...options } = wishes;
  if (webhook !== '') needUrl('webhook', webhook);
  if (payNotify !== undefined) needUrl('payNotify', payNotify);
  const { accounts = [ownAccount(webhook)] } = options;
  const { merchants = [ownMerchant(accounts)] } = options;
  const simulator = await start({
    ...{ port: 0, payPort: 0, clock: movableClock(Date.now), callersInRealTime: true, anyMedia: false },
    ...options,
    ...{ accounts, merchants },
  });
  if (payNotify !== undefined) for (const { mchId } of merchants) simulator.setPayNotify(mchId, payNotify);
  return simulator;
}

/** Said at the start: a push would fail three times before anybody heard of it. */
function needUrl(name: string, text: string): void {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new BadInput(
      `${name}: expected the address of a server, such as http://127.0.0.1:3000/wechat, not "${text}"`,
    );
}

function ownAccount(webhook: string): AccountOptions {
  const { appId, appSecret, token, aesKey } = SIMULATOR_DEFAULTS;
  const console = { appId, appSecret, token, encodingAesKey: aesKey, originalId: 'gh_0a1b2c3d4e5f' };
  return { name: 'tea', title: '公众号', mode: 'safe', webhook, ...console };
}

function ownMerchant(accounts: readonly AccountOptions[]): MerchantOptions {
  const { mchId, apiKey } = SIMULATOR_DEFAULTS;
  return { mchId, apiV2Key: apiKey, balance: 100_000_000, appIds: accounts.map(({ appId }) => appId) };
}
