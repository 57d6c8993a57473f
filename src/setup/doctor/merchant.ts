// The doctor asks WeChat Pay, for each merchant of bot.yaml, what changes nothing; and reads in the store what earlier answers said.
import type { Config } from '../../config/config.ts';
import { type MerchantConfig, waysOf } from '../../config/merchant.ts';
import { openId } from '../../core/base/event.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { dayOf, type Instant } from '../../core/base/time.ts';
import { merchantDayCounter } from '../../core/decide/limits.ts';
import { type Diagnosis, found, ofRefusal } from '../../core/ops/diagnosis.ts';
import { doorNoteName, readDoorNote, troubleIn } from '../../core/ops/door-note.ts';
import type { Clock, Store } from '../../ports.ts';
import { type Probed, probeV2, probeV3 } from '../../wechat/pay/probe.ts';
import { payerOf } from '../payer.ts';
import { keysOf } from '../platform-keys.ts';

const PRODUCTS = { redpack: '现金红包', transfer: '商家转账', voucher: '代金券' } as const;

export async function lookAtMerchant(
  config: Config,
  merchant: MerchantConfig,
  clock: Clock,
  store: Store | undefined,
): Promise<Diagnosis[]> {
  const asked = await askPay(config, merchant, clock);
  const told = store ? await readStore(merchant, store, clock()) : [];
  // What WeChat Pay says now and what stands in the store may be one thing.
  return [...asked, ...told.filter(({ id }) => !asked.some(each => each.id === id))];
}

async function askPay(config: Config, merchant: MerchantConfig, clock: Clock): Promise<Diagnosis[]> {
  const accounts = [...config.accounts.values()].filter(each => each.merchant === merchant.name);
  const diagnoses: Diagnosis[] = [];
  for (const way of waysOf(merchant))
    if (way.channel === 'redpack')
      for (const { appId } of accounts)
        diagnoses.push(...heardOf(merchant, await probeV2(way, appId), { appId, isV3: false }));
  const v3 = merchant.payNotice?.v3;
  const keys = keysOf(merchant, clock);
  if (v3?.fetcher && keys) {
    const { mchId, api, ca } = merchant;
    const pays = waysOf(merchant).some(each => each.channel === 'transfer');
    const probe = { mchId, api, ca, apiV3Key: v3.apiV3Key, ...v3.fetcher };
    const probed = await probeV3(probe, keys, clock, pays).finally(() => keys.close());
    diagnoses.push(...heardOf(merchant, probed, { appId: accounts[0]?.appId ?? '', isV3: true }));
  }
  return diagnoses.filter(({ id }, n) => diagnoses.findIndex(each => each.id === id) === n);
}

function heardOf(
  { name, mchId, api, channel }: MerchantConfig,
  probed: Probed,
  { appId, isV3 }: { appId: string; isV3: boolean },
): Diagnosis[] {
  const facts = { merchant: name, mchId, appId, product: PRODUCTS[channel] };
  switch (probed.kind) {
    case 'fine':
      return [];
    case 'away':
      // A certificate that is not taken ends the connection as well.
      return [found('pay-away', name, { host: new URL(api).host, said: probed.said }, { sure: 'likely' })];
    case 'unknownKey':
      return [found('platform-key', name, { ...facts, serial: probed.serial })];
    case 'refused': {
      const said = `${probed.code} ${probed.text}`.trim();
      if (probed.code === 'APIV3_KEY') return [found('v3-key', name, { ...facts, said })];
      if (probed.code === 'SIGN_ERROR' || /签名/.test(said))
        return [found(isV3 ? 'v3-signer' : 'v2-key', name, { ...facts, said })];
      const id = ofRefusal(probed.code, probed.text) ?? (/NO_AUTH/.test(said) ? 'product' : undefined);
      // What is busy, or asks for patience, says nothing of the set-up.
      return id ? [found(id, name, { ...facts, said })] : [];
    }
    default:
      return probed satisfies never;
  }
}

async function readStore(merchant: MerchantConfig, store: Store, now: Instant): Promise<Diagnosis[]> {
  const { name, mchId, channel } = merchant;
  const facts = { merchant: name, mchId, appId: '', product: PRODUCTS[channel] };
  const diagnoses: Diagnosis[] = [];
  const halt = await store.halt(name);
  if (halt?.by === 'operator')
    diagnoses.push(found('halted-by-hand', name, { ...facts, said: halt.reason }, { grave: 'warning' }));
  else if (halt) {
    const id = halt.code === 'SIGN_ERROR' ? 'v2-key' : (ofRefusal(halt.code, halt.reason) ?? 'halted');
    diagnoses.push(found(id, name, { ...facts, code: halt.code, said: `${halt.code} ${halt.reason}` }));
  }
  const trouble = troubleIn(readDoorNote(await store.note(doorNoteName(`pay/${name}`))));
  if (trouble?.what === 'sealed') diagnoses.push(found('v3-key', name, { ...facts, said: trouble.said }));
  const low = halt ? undefined : await balanceOf(merchant, store, now);
  return low ? [...diagnoses, low] : diagnoses;
}

const WAITING_MAX = 500;

/** Where WeChat Pay tells the balance: whether it lasts a day. */
async function balanceOf(merchant: MerchantConfig, store: Store, now: Instant): Promise<Diagnosis | undefined> {
  const { name } = merchant;
  const payer = payerOf(merchant, () => now);
  const balance = await payer.balance?.().finally(() => payer.close());
  if (balance === undefined) return undefined;
  const counter = merchantDayCounter(name, dayOf(now));
  const asked = { account: '', user: openId('-'), merchant: undefined, claims: [], counters: [counter] };
  const today = (await store.facts(asked)).counters.get(counter) ?? 0;
  const planned = await store.payouts({ merchant: name, state: 'planned', limit: WAITING_MAX });
  const waiting = planned.reduce((sum, { amount }) => sum + amount, 0);
  if (balance >= Math.max(today, waiting, merchant.limits.min)) return undefined;
  const [left, spent, due] = [balance, today, waiting].map(amount => showFen(fen(amount)));
  return found('balance-low', name, { balance: left!, today: spent!, waiting: due! }, { grave: 'warning' });
}
