// 免确认收款授权 end to end: the first prize is confirmed and authorized on one sheet, the next ones arrive without a tap, whoever
// ends it is asked again. However answers are lost and notices come, a claim has one number that pays.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { openId } from '../../src/core/base/event.ts';
import { authorizationNo } from '../../src/core/payout/authorization.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import type { PayFault } from '../../src/simulator/shared/protocol.ts';
import { run as runCommand } from '../support/command.ts';
import { Browser, dataIn } from '../support/h5-world.ts';
import { MERCHANT, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';
import { has, isListOf, isMap, read, readJson } from '../support/json.ts';

vi.setConfig({ testTimeout: 90_000 });
const MCH_ID = MERCHANT.mchId;
/** Every 红包 is another prize. */
const RULES = `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes: { gift: { redpacket: ¥1.00 } }
rules:
  - { id: again, on: { text: 红包 }, once: perEvent, give: gift }
`;

let world: World;
const open = async (options: WorldOptions = {}): Promise<World> => {
  const merchantLines = '    askEvery: 1s\n    authorize: true';
  world = await startWorld({ channel: 'transfer', rules: RULES, merchantLines, ...options });
  return world;
};
const control = (): World['simulator']['control'] => world.simulator.control;
const pay = (...pay: PayFault[]): void => void control().setFaults({ pay, platform: [] });
const payoutsOf = (openid: string): Promise<Payout[]> => world.store.payouts({ user: openId(openid), limit: 20 });
const held = (openid: string) => world.store.authorization('shop', openId(openid));

/** Lets the bot work, and time pass, until it is true. */
function passUntil<T>(check: () => Promise<T | undefined | false>, advanceMs = 2000): Promise<T> {
  return until(async () => {
    await world.bot.settle.pass();
    const found = await check();
    if (!found) control().moveClock({ advanceMs });
    return found;
  }, 60_000);
}

/** Wins once more, and waits until the prize stands like this. */
async function win(openid: string, state: Payout['state']): Promise<Payout> {
  const before = (await payoutsOf(openid)).length;
  await control().act(openid, { kind: 'text', text: '红包' });
  return passUntil(async () => {
    const payouts = await payoutsOf(openid);
    return payouts.length > before && payouts[0]!.state === state && payouts[0];
  });
}

async function confirm(payout: Payout): Promise<void> {
  control().openPacket(MCH_ID, payout.billNo, payout.user);
  await world.simulator.noticesIdle();
}

describe('a follower of a merchant with authorize: true', () => {
  afterEach(() => world.close());

  test('confirms and authorizes the first prize in one sheet, has the second without a tap, ends it, and is asked again', async () => {
    await open();
    const ann = world.person(true);
    const first = await win(ann, 'sent');
    expect(await held(ann)).toMatchObject({ number: authorizationNo(first.billNo), state: 'WAIT_USER_CONFIRM' });
    expect(control().packet(MCH_ID, first.billNo)).toMatchObject({ billState: 'WAIT_USER_CONFIRM' });
    await confirm(first);
    expect(await held(ann)).toMatchObject({ state: 'TAKING_EFFECT', id: control().authorizations()[0]!.id });
    const second = await win(ann, 'received');
    expect(second.packageInfo).toBeUndefined();
    expect(control().packet(MCH_ID, second.billNo)).toMatchObject({ authorizationNo: authorizationNo(first.billNo) });
    control().closeAuthorization(MCH_ID, authorizationNo(first.billNo), 'USER_CLOSE');
    await world.simulator.noticesIdle();
    expect(await held(ann)).toMatchObject({ state: 'CLOSED', reason: 'USER_CLOSE' });
    const third = await win(ann, 'sent');
    expect(await held(ann)).toMatchObject({ number: authorizationNo(third.billNo), state: 'WAIT_USER_CONFIRM' });
    await confirm(third);
    await win(ann, 'received');
    expect((await payoutsOf(ann)).map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1]);
    expect(await world.store.buckets('test')).toEqual({ reserved: 0, sent: 0, received: 400, refunded: 0 });
  });

  test('who has won twice before the first sheet is confirmed confirms the second by itself', async () => {
    await open();
    const ann = world.person(true);
    const first = await win(ann, 'sent');
    const second = await win(ann, 'sent');
    expect(control().authorizations()).toHaveLength(1);
    await confirm(second);
    expect(await held(ann)).toMatchObject({ state: 'WAIT_USER_CONFIRM' });
    await confirm(first);
    expect(await held(ann)).toMatchObject({ number: authorizationNo(first.billNo), state: 'TAKING_EFFECT' });
    await win(ann, 'received');
  });

  test.each<[string, PayFault]>([
    ['the answer to the first one is lost', { kind: 'lostReply', times: 1 }],
    ['half of it comes', { kind: 'truncated', times: 1 }],
    ['it says SYSTEM_ERROR, and the sheet is there', { kind: 'errorAfterSent', times: 1 }],
    ['it says SYSTEM_ERROR, and nothing is', { kind: 'errorNothingStored', times: 1 }],
    ['money is short for a while', { kind: 'balanceShort', times: 1, afterMs: 60_000 }],
  ])('%s: it is the same sheet, and the next prize arrives without a tap', async (_, fault) => {
    await open();
    const ann = world.person(true);
    pay(fault);
    const first = await win(ann, 'sent');
    expect(first).toMatchObject({ attempt: 1, packageInfo: expect.any(String) });
    expect(control().authorizations()).toHaveLength(1);
    await confirm(first);
    pay(fault);
    await win(ann, 'received');
    expect(control().state().packets).toHaveLength(2);
    expect(await world.store.buckets('test')).toEqual({ reserved: 0, sent: 0, received: 200, refunded: 0 });
  });

  test.each(['USER_CLOSE', 'TRANSFER_RISK', 'USER_ACCOUNT_ABNORMAL', 'CLOSE_VIA_MCH_API'] as const)(
    'an end (%s) of which nobody told is learnt from the refusal, and the prize is confirmed under its one number',
    async reason => {
      await open();
      const ann = world.person(true);
      const first = await win(ann, 'sent');
      await confirm(first);
      pay({ kind: 'lostNotice', times: 1 });
      control().closeAuthorization(MCH_ID, authorizationNo(first.billNo), reason);
      await world.simulator.noticesIdle();
      expect(await held(ann)).toMatchObject({ state: 'TAKING_EFFECT' });
      const second = await win(ann, 'sent');
      expect(second).toMatchObject({ attempt: 1, tries: 2, refusals: 1 });
      expect(await held(ann)).toMatchObject({ number: authorizationNo(second.billNo), state: 'WAIT_USER_CONFIRM' });
      await confirm(second);
      await win(ann, 'received');
      expect(control().state().packets).toHaveLength(3);
    },
  );

  test('an end while nobody answers what became of it: the prize waits, and is not parked', async () => {
    await open();
    const ann = world.person(true);
    const first = await win(ann, 'sent');
    await confirm(first);
    control().setFaults({
      pay: [
        { kind: 'lostNotice', times: 1 },
        { kind: 'lostReply', at: 'authorization', times: 3 },
      ],
      platform: [],
    });
    control().closeAuthorization(MCH_ID, authorizationNo(first.billNo), 'USER_CLOSE');
    await world.simulator.noticesIdle();
    const second = await win(ann, 'sent');
    expect(second).toMatchObject({ attempt: 1, packageInfo: expect.any(String) });
    expect(control().state().packets).toHaveLength(2);
  });

  test('ended between two calls of one number, of which the first had no answer: one bill of it, however it is found', async () => {
    await open();
    const ann = world.person(true);
    await confirm(await win(ann, 'sent'));
    const { number } = control().authorizations()[0]!;
    // The first call arrives, and the question as well as the answer are lost.
    pay(
      { kind: 'lostReply', times: 1 },
      { kind: 'lostNotice' },
      { kind: 'code', at: 'transferQuery', code: 'SYSTEM_ERROR', times: 2 },
    );
    await control().act(ann, { kind: 'text', text: '红包' });
    await world.bot.settle.pass();
    control().closeAuthorization(MCH_ID, number, 'USER_CLOSE');
    await passUntil(async () => (await payoutsOf(ann))[0]!.state === 'received');
    expect(
      control()
        .state()
        .packets.map(({ billState }) => billState),
    ).toEqual(['SUCCESS', 'SUCCESS']);
    expect(await world.store.buckets('test')).toEqual({ reserved: 0, sent: 0, received: 200, refunded: 0 });
  });

  test('what was not confirmed for a day is asked for again with the next prize', async () => {
    await open();
    const ann = world.person(true);
    const first = await win(ann, 'sent');
    control().moveClock({ advanceMs: 25 * 3_600_000 });
    await world.simulator.noticesIdle();
    expect(await held(ann)).toMatchObject({ state: 'CLOSED', reason: 'USER_OVERDUE_UNCONFIRMED' });
    await passUntil(async () => (await world.store.payout(first.billNo))!.state === 'refunded');
    const second = await win(ann, 'sent');
    expect(await held(ann)).toMatchObject({ number: authorizationNo(second.billNo) });
  });

  test('who has an authorization of which nobody knows confirms each prize, as ever', async () => {
    await open();
    const ann = world.person(true);
    await confirm(await win(ann, 'sent'));
    const known = (await held(ann))!;
    const { version, ...lost } = { ...known, number: 'aelsewhere', state: 'CLOSED' as const };
    expect(await world.store.putAuthorization(lost, version)).toBe(true);
    const second = await win(ann, 'sent');
    expect(second).toMatchObject({ attempt: 1, tries: 2, refusals: 1, packageInfo: expect.any(String) });
    expect(await held(ann)).toMatchObject({ state: 'CLOSED', reason: 'LIMIT_REACHED' });
    await confirm(second);
    await passUntil(async () => (await world.store.payout(second.billNo))!.state === 'received');
  });

  test('notices that come five at once, late and out of order change it once, and never back', async () => {
    await open();
    const ann = world.person(true);
    pay({ kind: 'duplicateNotice', copies: 5 });
    const first = await win(ann, 'sent');
    await confirm(first);
    const given = (await held(ann))!;
    expect(given).toMatchObject({ state: 'TAKING_EFFECT', version: 2 });
    control().closeAuthorization(MCH_ID, given.number, 'USER_CLOSE');
    await world.simulator.noticesIdle();
    expect(await held(ann)).toMatchObject({ state: 'CLOSED', reason: 'USER_CLOSE', version: 3 });
    const tries = control()
      .notices()
      .flatMap(notice => notice.tries);
    expect(new Set(tries.map(({ status }) => status))).toEqual(new Set([204]));
  });

  test('while the product is not open to the merchant, halts it: nothing is sent that was not meant', async () => {
    await open();
    const ann = world.person(true);
    pay({ kind: 'noAuthProduct' });
    await control().act(ann, { kind: 'text', text: '红包' });
    await passUntil(async () => (await world.store.halt('shop')) !== undefined);
    expect(await world.store.halt('shop')).toMatchObject({ code: 'NO_AUTH' });
  });
});

const PAGE_RULES = RULES.replace('on: { text: 红包 }', 'on: { text: 红包, visit: true }');

describe('on the page', () => {
  afterEach(() => world.close());

  const sheet = (browser: Browser, what: 'transfer' | 'confirm', given: object): Promise<Record<string, unknown>> =>
    browser
      .ask(`${world.simulator.url}/jsapi/${what}`, {
        method: 'POST',
        headers: { origin: world.url, 'content-type': 'text/plain' },
        body: JSON.stringify(given),
      })
      .then(({ body }) => readJson(body, isMap));
  const post = (browser: Browser, what: string, body: object) =>
    browser.ask(`/h5/tea/test/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: world.url },
      body: JSON.stringify(body),
    });

  test('the sheet says that it authorizes, the page shows that it did, and a button of it ends that by API', async () => {
    await open({ rules: PAGE_RULES });
    const ann = world.person(true);
    await win(ann, 'sent');
    const browser = new Browser(world, ann);
    const page = await browser.open('/h5/tea/test');
    expect(page.body).not.toContain('class="authorized"');
    const data = dataIn(page);
    const { confirm } = read(data, has({ confirm: has({ transfers: isListOf(isMap) }) }));
    expect(await sheet(browser, 'transfer', confirm.transfers[0]!)).toMatchObject({
      err_msg: 'ok',
      amount: 100,
      authorizes: `u***${ann.slice(-4)}`,
    });
    expect(await sheet(browser, 'confirm', confirm.transfers[0]!)).toEqual({ err_msg: 'ok' });
    await world.simulator.noticesIdle();
    expect((await browser.open('/h5/tea/test')).body).toContain('你已开通免确认收款');
    expect((await browser.open('/h5/tea/test?lang=en')).body).toContain('You are paid without a tap');
    await win(ann, 'received');
    expect((await browser.ask('/h5/tea/test/end-authorization', { method: 'POST' })).status).toBe(403);
    const ended = await post(browser, 'end-authorization', { tap: data.tap });
    expect([ended.status, ended.body.includes('authorized')]).toEqual([200, false]);
    expect(control().authorizations()).toMatchObject([{ state: 'CLOSED', reason: 'CLOSE_VIA_MCH_API' }]);
    expect(await held(ann)).toMatchObject({ state: 'CLOSED', reason: 'CLOSE_VIA_MCH_API' });
    await win(ann, 'sent');
  });

  test('it is not said to be over while WeChat Pay does not say so', async () => {
    await open({ rules: PAGE_RULES });
    const ann = world.person(true);
    await confirm(await win(ann, 'sent'));
    const browser = new Browser(world, ann);
    const { tap } = dataIn(await browser.open('/h5/tea/test'));
    pay({ kind: 'errorNothingStored', at: 'authorization' });
    expect((await post(browser, 'end-authorization', { tap })).status).toBe(503);
    expect(await held(ann)).toMatchObject({ state: 'TAKING_EFFECT' });
  });

  test('我的红包 says so as well, and no more once it is over', async () => {
    await open();
    const ann = world.person(true);
    await confirm(await win(ann, 'sent'));
    const mine = async () => world.said(await control().act(ann, { kind: 'text', text: '我的红包' }));
    expect(await mine()).toContain(
      `你已开通免确认收款，新红包直接到零钱。不想要了，可在微信里关闭，或打开 ${world.url}/h5/tea/test 关闭`,
    );
    control().closeAuthorization(MCH_ID, control().authorizations()[0]!.number, 'USER_CLOSE');
    await world.simulator.noticesIdle();
    expect(await mine()).not.toContain('免确认收款');
  });
});

describe('an operator', () => {
  afterEach(() => world.close());

  test('lists who is paid without a tap, and ends it for one of them', async () => {
    await open();
    const [ann, bob] = [world.person(true), world.person(true)];
    await confirm(await win(ann, 'sent'));
    await win(bob, 'sent');
    const run = (...args: string[]) => runCommand(world.folder, 'authorizations', ...args);
    expect(JSON.parse((await run('list', '--json')).out)).toHaveLength(2);
    expect((await run('list', '--state', 'live')).out).toContain(ann);
    expect((await run('list', '--state', 'live')).out).not.toContain(bob);
    expect((await run('list', '--state', 'over')).code).toBe(2);
    expect(await run('close', ann)).toMatchObject({ code: 0, out: expect.stringContaining('it is ended') });
    expect((await run('list', '--state', 'closed')).out).toContain('CLOSE_VIA_MCH_API 商户关闭');
    expect((await run('close', ann)).code).toBe(1);
    expect((await world.store.acts.list({ limit: 1 }))[0]).toMatchObject({ what: 'authorizations close', about: ann });
    await win(ann, 'sent');
  }, 90_000);
});
