// A merchant whose number under its name in bot.yaml is another one since yesterday, while payouts of the old one are open: they
// are the old number's for ever, so nobody asks or pays them by the new one, and nobody is paid twice.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { nameStranded } from '../../src/app/stranded.ts';
import { loadConfig } from '../../src/config/config.ts';
import type { MerchantConfig } from '../../src/config/merchant.ts';
import { openId } from '../../src/core/base/event.ts';
import { type Instant, instant } from '../../src/core/base/time.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { type CancelPorts, cancelPayout } from '../../src/engine/operate/payouts.ts';
import type { Settle } from '../../src/engine/settle.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Log, Payer, Store } from '../../src/ports.ts';
import { belongToUs } from '../../src/setup/installation.ts';
import { payerAmong, payerOf } from '../../src/setup/payer.ts';
import { DEFAULT_API_V3_KEY } from '../../src/simulator/shared/options.ts';
import {
  ACCOUNT,
  botYaml,
  ENV,
  MERCHANT,
  PEM_LINES,
  RULES,
  startWorld,
  until,
  type World,
} from '../support/harness.ts';

const NEW = {
  mchId: '1900000110',
  apiV2Key: 'ABCDEF0123456789abcdef0123456789',
  appIds: [ACCOUNT.appId],
  balance: 100_000_00,
};

let world: World;
let payer: Payer | undefined;
let settle: Settle | undefined;
afterEach(async () => {
  await settle?.stop();
  await payer?.close();
  [settle, payer] = [undefined, undefined];
  await world.close();
});

const control = (): World['simulator']['control'] => world.simulator.control;
const now = (): Instant => instant(control().state().now);
const paid = (mchId: string): number => control().merchant(mchId).sentCount;

/** bot.yaml with the new number, its key and its certificate under the old name. */
function moved(channel: 'redpack' | 'transfer'): MerchantConfig {
  const { certPem, keyPem, publicKeyPem, publicKeyId, serialNumber } = world.simulator.certificates(NEW.mchId);
  for (const [name, pem] of Object.entries({
    'apiclient_cert.pem': certPem,
    'apiclient_key.pem': keyPem,
    'pub_key.pem': publicKeyPem,
  }))
    writeFileSync(join(world.folder, name), pem);
  const v3 = `    apiV3Key: ${DEFAULT_API_V3_KEY}\n    serialNo: ${serialNumber}\n    publicKeyId: ${publicKeyId}\n    publicKey: pub_key.pem`;
  const text = botYaml(world.simulator, {
    channel,
    certificate: channel === 'transfer' ? `${PEM_LINES}\n${v3}` : PEM_LINES,
  })
    .replace(MERCHANT.mchId, NEW.mchId)
    .replace(MERCHANT.apiV2Key, NEW.apiV2Key);
  writeFileSync(join(world.folder, 'moved.yaml'), text);
  return loadConfig(join(world.folder, 'moved.yaml'), ENV).merchants.get('shop')!;
}

/** What pays for "shop" in a bot.yaml with these merchants. */
function payerIn(merchants: readonly MerchantConfig[]): Payer {
  const made = new Map(merchants.map(each => [each.name, payerOf(each, now)]));
  const byName = new Map(merchants.map(each => [each.name, each]));
  const among = payerAmong(byName.get('shop')!, byName, each => made.get(each.name)!);
  return { ...among, close: async () => void (await Promise.all([...made.values()].map(each => each.close()))) };
}

async function only(user: string): Promise<Payout> {
  const all = await world.store.payouts({ user: openId(user), limit: 20 });
  expect(all).toHaveLength(1);
  return all[0]!;
}

describe.each(['redpack', 'transfer'] as const)('with another merchant number under the same name, by %s', channel => {
  test('what may be paid already is not paid once more', async () => {
    world = await startWorld({ channel, others: [NEW] });
    const ann = world.person();
    control().setFaults({ pay: [{ kind: 'lostReply', times: 1 }], platform: [] });
    await control().act(ann, { kind: 'follow' });
    await until(async () => {
      await world.bot.settle.pass();
      return (await only(ann)).state === 'unknown';
    });
    await world.bot.settle.stop();
    payer = payerIn([moved(channel)]);
    settle = world.newSettle({ payer });
    for (let round = 0; round < 12; round++) {
      await settle.pass();
      control().moveClock({ advanceMs: 10 * 60_000 });
    }
    expect([paid(MERCHANT.mchId), paid(NEW.mchId)]).toEqual([1, 0]);
    const { billNo } = await only(ann);
    expect(await only(ann)).toMatchObject({ state: 'unknown', problem: expect.stringContaining('is 1900000110') });
    expect(await world.store.halt('shop')).toBeUndefined();

    const { policy } = world.config.merchants.get('shop')!;
    const ports: CancelPorts = { store: world.store, now, payer: () => ({ payer: payer!, policy }) };
    expect(await cancelPayout(ports, billNo, 'moved')).toMatchObject({ refused: expect.anything() });
    expect(await only(ann)).toMatchObject({ state: 'unknown', stopped: 'calledOff' });
  });

  test('what was never sent waits, and halts nobody; it is paid once, by the old number, when that stands in bot.yaml again under any name', async () => {
    world = await startWorld({ channel, others: [NEW] });
    const ann = world.person();
    await world.bot.settle.stop();
    payer = payerIn([moved(channel)]);
    settle = world.newSettle({ payer });
    await control().act(ann, { kind: 'follow' });
    for (let round = 0; round < 6; round++) {
      await settle.pass();
      control().moveClock({ advanceMs: 60_000 });
    }
    expect([paid(MERCHANT.mchId), paid(NEW.mchId)]).toEqual([0, 0]);
    expect(await world.store.halt('shop')).toBeUndefined();
    await settle.stop();
    await payer.close();
    payer = payerIn([moved(channel), { ...world.config.merchants.get('shop')!, name: 'old' }]);
    settle = world.newSettle({ payer });
    await until(async () => {
      await settle?.pass();
      control().moveClock({ advanceMs: 60_000 });
      return (await only(ann)).state === 'sent';
    });
    expect([paid(MERCHANT.mchId), paid(NEW.mchId)]).toEqual([1, 0]);
  });
});

describe('what no call can be made for any more, and none ever came to an order', () => {
  test('is cancelled by an operator, and taken back by an unfollow, though nobody can be asked', async () => {
    const rules = RULES.replace('once: ever, give: gift', 'once: ever, give: gift, delay: 1m, cancelIf: unsubscribed');
    world = await startWorld({ others: [NEW], rules });
    const [ann, bob] = [world.person(), world.person()];
    await world.bot.settle.stop();
    payer = payerIn([moved('redpack')]);
    settle = world.newSettle({ payer });
    for (const each of [ann, bob]) await control().act(each, { kind: 'follow' });
    control().moveClock({ advanceMs: 120_000 });
    await settle.pass();
    expect([await only(ann), await only(bob)]).toMatchObject(
      Array(2).fill({ state: 'unknown', tries: 1, refusals: 1 }),
    );
    const { policy } = world.config.merchants.get('shop')!;
    const ports: CancelPorts = { store: world.store, now, payer: () => ({ payer: payer!, policy }) };
    expect(await cancelPayout(ports, (await only(ann)).billNo, 'moved')).toHaveProperty('cancelled');
    await control().act(bob, { kind: 'unfollow' });
    for (let round = 0; round < 4; round++) {
      control().moveClock({ advanceMs: 60_000 });
      await settle.pass();
    }
    expect([await only(ann), await only(bob)]).toMatchObject(Array(2).fill({ state: 'failed' }));
    expect(await world.store.buckets('test')).toMatchObject({ reserved: 0, sent: 0, received: 0 });
    expect([paid(MERCHANT.mchId), paid(NEW.mchId)]).toEqual([0, 0]);
  });
});

describe('a start', () => {
  test('names payouts of a number that its merchant no longer has, and of merchants that are gone, behind any crowd', async () => {
    world = await startWorld();
    const ann = world.person();
    await control().act(ann, { kind: 'follow' });
    const errors: string[] = [];
    const log: Log = { ...SILENT, error: (_, message) => void errors.push(message) };
    await nameStranded(world.store, world.config, log);
    expect(errors).toEqual([]);
    const shop = world.config.merchants.get('shop')!;
    await nameStranded(
      world.store,
      { ...world.config, merchants: new Map([['shop', { ...shop, mchId: NEW.mchId }]]) },
      log,
    );
    expect(errors).toEqual([expect.stringContaining('merchant number 1900000109, and "shop" is 1900000110')]);
    await nameStranded(
      world.store,
      {
        ...world.config,
        merchants: new Map([
          ['shop', { ...shop, mchId: NEW.mchId }],
          ['old', shop],
        ]),
      },
      log,
    );
    expect(errors).toHaveLength(1);
    // As if a thousand others stood before it.
    const crowded: Store = {
      ...world.store,
      payouts: async filter => (filter.merchant ? world.store.payouts(filter) : []),
    };
    await belongToUs(world.store, world.config, 'test', now());
    await nameStranded(crowded, { ...world.config, merchants: new Map() }, log);
    expect(errors.slice(1)).toEqual([expect.stringContaining('merchant "shop", which bot.yaml no longer has')]);
  });
});
