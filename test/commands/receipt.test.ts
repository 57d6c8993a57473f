// `hongbao payouts receipt NUMBER`: applied for, waited for, downloaded and proven; and what has none.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { receipt } from '../../src/commands/payouts/receipt.ts';
import { ENV, startWorld, until, type World } from '../support/harness.ts';
import { inProcess } from '../support/platform-world.ts';

let world: World;
let config: string;
beforeAll(async () => {
  vi.stubEnv('TEST_SECRET', ENV.TEST_SECRET);
  world = await startWorld({ channel: 'transfer' });
  config = join(world.folder, 'bot.yaml');
});
afterAll(async () => {
  await world.close();
  vi.unstubAllEnvs();
});

/** The number of a transfer; `confirmed`: it has arrived. */
async function paid(confirmed: boolean): Promise<string> {
  const person = world.person(true);
  await world.simulator.control.act(person, { kind: 'text', text: '红包' });
  await world.bot.settle.pass();
  const [payout] = await world.store.payouts({ limit: 1 });
  if (confirmed) {
    world.simulator.control.openPacket(payout!.request.mchId, payout!.billNo, person);
    await until(async () => {
      await world.bot.settle.pass();
      return (await world.store.payout(payout!.billNo))?.state === 'received';
    });
  }
  return payout!.billNo;
}

describe('payouts receipt', () => {
  test('a transfer that arrived has one: proven by its hash, readable for its owner only, written once', async () => {
    const number = await paid(true);
    const out = join(world.folder, 'receipt.pdf');
    const first = await inProcess(() => receipt(number, { config, out, json: true }));
    expect(first).toMatchObject({ code: 0 });
    const bytes = readFileSync(out);
    expect(bytes.toString()).toContain(`out_bill_no ${number}`);
    expect(JSON.parse(first.out)).toMatchObject({
      hashType: 'SHA256',
      hash: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const again = await inProcess(() => receipt(number, { config, out }));
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('is there already')]);
    rmSync(out);
    world.simulator.control.setFaults({ pay: [{ kind: 'truncated', at: 'billDownload', times: 1 }], platform: [] });
    const spoilt = await inProcess(() => receipt(number, { config, out }));
    expect([spoilt.code, spoilt.err]).toEqual([1, expect.stringMatching(/broke off|not what was announced/)]);
    expect(() => statSync(out)).toThrow();
  });

  test('one that has not arrived, a number that there is not, and a refusal are told in words', async () => {
    const waiting = await paid(false);
    expect(await inProcess(() => receipt(waiting, { config }))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/is sent; a receipt is there once/),
    });
    expect(await inProcess(() => receipt('NOBODY1234', { config }))).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no payout'),
    });
    const number = await paid(true);
    world.simulator.control.setFaults({
      pay: [{ kind: 'code', at: 'bill', code: 'NO_AUTH', status: 403, text: '无权限' }],
      platform: [],
    });
    const refused = await inProcess(() => receipt(number, { config, out: join(world.folder, 'x.pdf') }));
    world.simulator.control.setFaults({ pay: [], platform: [] });
    expect([refused.code, refused.err]).toEqual([1, 'there is no receipt: NO_AUTH 无权限\n']);
  });
});
