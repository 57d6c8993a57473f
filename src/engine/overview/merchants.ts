// Whether money can leave: each merchant's gate, what waits behind it, and how long its money lasts.

import { daysLeft } from '../../core/base/expiry.ts';
import { moneyOf } from './money.ts';
import { haltView } from './payouts.ts';
import type { OverviewPorts } from './ports.ts';
import type { MerchantView } from './view.ts';

/** Of those that wait, as many are asked what WeChat Pay said. */
const ASKED = 100;

export async function merchantViews(ports: OverviewPorts): Promise<MerchantView[]> {
  const { config, store } = ports;
  const names = [...config.merchants.keys()];
  const { waiting } = await store.counts(names);
  return Promise.all(names.map(name => merchantView(ports, name, waiting.get(name)!)));
}

async function merchantView(
  ports: OverviewPorts,
  name: string,
  waiting: MerchantView['waiting'],
): Promise<MerchantView> {
  const { config, store, clock, balance: balanceOf } = ports;
  const { mchId, channel, limits } = config.merchants.get(name)!;
  const now = clock();
  const [halt, money, reserved, problems] = await Promise.all([
    store.halt(name),
    balanceOf(name).then(balance => moneyOf(store, { name, mchId, channel }, now, balance)),
    reservedFor(ports, name),
    problemsOf(ports, name),
  ]);
  const certificates = (config.dated ?? [])
    .filter(({ merchant }) => merchant === name)
    .map(each => ({ key: each.key, until: each.until, daysLeft: daysLeft(each, now) }));
  return {
    ...{
      name,
      mchId,
      channel,
      perSecond: limits.perSecond,
      waiting,
      reserved,
      certificates,
      problems,
    },
    ...(halt && { halt: haltView(halt) }),
    ...money,
  };
}

async function reservedFor({ store, config, book }: OverviewPorts, merchant: string): Promise<number> {
  const only = config.accounts.size === 1 ? [...config.accounts.keys()][0] : undefined;
  const mine = book().campaigns.filter(({ account }) => {
    const own = config.accounts.get(account ?? only ?? '');
    return own?.merchant === merchant;
  });
  const buckets = await Promise.all(mine.map(({ id }) => store.buckets(id)));
  return buckets.reduce((sum, { reserved }) => sum + reserved, 0);
}

async function problemsOf({ store }: OverviewPorts, merchant: string): Promise<MerchantView['problems']> {
  const waiting = await Promise.all(
    (['held', 'unknown'] as const).map(state => store.payouts({ merchant, state, limit: ASKED })),
  );
  const counts = new Map<string, number>();
  for (const { problem } of waiting.flat())
    if (problem !== undefined) counts.set(problem, (counts.get(problem) ?? 0) + 1);
  return [...counts]
    .sort((one, other) => other[1] - one[1])
    .slice(0, 5)
    .map(([text, count]) => ({ text, count }));
}
