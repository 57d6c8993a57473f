// Every control of the chat page, in `npm start`, in a real browser: it is used, and what it does is seen.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { at, CHROMIUM, DemoBrowser, picture, ROOT } from '../support/demo-browser.ts';

let demo: DemoBrowser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  if (CHROMIUM) demo = await DemoBrowser.start();
}, 120_000);
afterAll(() => demo?.close());
beforeEach(async () => {
  if (!CHROMIUM) return;
  await demo.control('clock', { reset: true });
  await demo.control('faults', { pay: [], platform: [] }, 'PUT');
  // Each test is at a time of its own: noon of a day that is to come, when every sample is open.
  const noon = 12 * 3_600_000 - ((Date.now() + 8 * 3_600_000) % 86_400_000);
  await demo.control('clock', { advanceMs: noon + 86_400_000 });
  demo.complaints = [];
  context = await demo.context();
  page = await demo.page(context);
  await page.goto(`${demo.url}/simulator`);
});
afterEach(async () => {
  if (!CHROMIUM) return;
  expect(demo.complaints).toEqual([]);
  await context.close();
});

const lastLine = (text: string) => page.locator(at('line'), { hasText: text }).last();
const deed = (kind: string) => page.locator(`${at('deed')}[data-kind="${kind}"]`);
const shownOutcome = () => page.locator(at('decision')).first().getAttribute('data-outcome');
const payoutState = (state: string, timeout = 20_000) =>
  page.locator(`${at('payout-state')}[data-state="${state}"]`).waitFor({ timeout });

async function newPerson(): Promise<string> {
  const before = (await demo.state()).people.length;
  await page.click(at('new-person'));
  await expect.poll(async () => (await demo.state()).people.length).toBe(before + 1);
  const { openid } = (await demo.state()).people.at(-1)!;
  await page.locator(`${at('person')}[data-openid="${openid}"][aria-current="true"]`).waitFor();
  return openid;
}

async function newFollower(): Promise<string> {
  const openid = await newPerson();
  await page.click(at('follow'));
  await lastLine('欢迎来到阿茶').waitFor();
  return openid;
}

async function say(text: string): Promise<void> {
  await page.fill(at('composer'), text);
  await page.click(at('send'));
}

/** Every kind that the simulator knows, as it says itself to whoever asks for another. */
async function allFaults(): Promise<string[]> {
  const kinds = async (at: string): Promise<string[]> => {
    const { error } = (await demo.control('faults', { [at]: [{ kind: '?' }] }, 'PUT')) as { error: string };
    return error
      .replace(/^.* is none of /, '')
      .split(', ')
      .map(kind => `${at} ${kind}`);
  };
  return [...(await kinds('pay')), ...(await kinds('platform'))];
}

const scenario = (campaign: string) => page.locator(`${at('scenario')}[data-campaign="${campaign}"]`);
const packetsOf = async (openid: string) => (await demo.state()).packets.filter(each => each.openid === openid);

describe.skipIf(!CHROMIUM)('faults', { retry: 2, timeout: 60_000 }, () => {
  test('every fault switch switches its fault on and off', async () => {
    await newFollower();
    await payoutState('sent'); // a call of the bot would use up what was just switched on
    await page.click(at('faults'));
    const toggles = page.locator(at('fault-toggle'));
    const count = await toggles.count();
    const shown = await toggles.evaluateAll(all =>
      all.map(each => `${each.getAttribute('data-at')} ${each.getAttribute('data-fault')}`),
    );
    expect(shown.sort()).toEqual((await allFaults()).sort());
    for (let n = 0; n < count; n++) {
      const toggle = toggles.nth(n);
      const [kind, where] = [await toggle.getAttribute('data-fault'), await toggle.getAttribute('data-at')];
      await toggle.click();
      await expect.poll(() => toggle.getAttribute('aria-checked')).toBe('true');
      const on = async () => (await demo.state()).faults[where === 'pay' ? 'pay' : 'platform'];
      await expect.poll(async () => (await on()).map(fault => fault.kind)).toEqual([kind]);
      await toggle.click();
      await expect.poll(() => toggle.getAttribute('aria-checked')).toBe('false');
    }
    await expect.poll(async () => (await demo.state()).faults).toEqual({ pay: [], platform: [] });
  });

  test('a code and a status are typed, and go with the fault; what is neither switches nothing on', async () => {
    const me = await newFollower();
    await payoutState('sent');
    await page.click(at('faults'));
    await page.check(at('fault-only-me'));
    const toggle = (fault: string) => page.locator(`${at('fault-toggle')}[data-fault="${fault}"]`);
    const value = (fault: string) => page.locator(`${at('fault-value')}[data-fault="${fault}"]`);
    await value('code').fill('ÄÖ');
    expect(await toggle('code').isDisabled()).toBe(true);
    await value('code').fill('OPENID_ERROR');
    await value('http').fill('99');
    expect(await toggle('http').isDisabled()).toBe(true);
    await value('http').fill('503');
    for (const fault of ['code', 'http', 'tlsRefused']) await toggle(fault).click();
    // Whatever stands before WeChat Pay does not know whose packet it is.
    await expect
      .poll(async () => (await demo.state()).faults.pay)
      .toEqual([
        { kind: 'code', openid: me, code: 'OPENID_ERROR' },
        { kind: 'http', status: 503 },
        { kind: 'tlsRefused' },
      ]);
    await page.click(at('faults-off'));
    await expect.poll(async () => (await demo.state()).faults.pay).toEqual([]);
    await page.uncheck(at('fault-only-me'));
    await toggle('tlsRefused').click();
    await page.click(at('faults-close'));
    await newFollower();
    await payoutState('unknown');
    await page.click(at('faults'));
    await page.click(at('faults-off'));
    await payoutState('sent');
  });

  test('how often and for whom go with the fault, all off ends them, and the drawer closes', async () => {
    const me = await newFollower();
    await page.click(at('faults'));
    await page.click(`${at('fault-times')}[data-times="3"]`);
    await page.check(at('fault-only-me'));
    await page.click(`${at('fault-toggle')}[data-fault="lostReply"]`);
    await expect
      .poll(async () => (await demo.state()).faults.pay)
      .toEqual([{ kind: 'lostReply', times: 3, openid: me }]);
    await page.locator(`${at('fault-toggle')}[data-fault="lostReply"]`, { hasText: '还剩 3 次' }).waitFor();
    await page.click(at('faults-off'));
    await expect.poll(async () => (await demo.state()).faults.pay).toEqual([]);
    // The phone is in view all the while.
    await page.locator(at('fault-list')).waitFor();
    await say('抽奖');
    await page.click(at('faults-close'));
    await page.locator(at('fault-list')).waitFor({ state: 'hidden' });
    await page.click(at('faults'));
    await page.keyboard.press('Escape');
    await page.locator(at('fault-list')).waitFor({ state: 'hidden' });
  });

  test('the answer that is lost: unknown, asked after, sent, one packet', async () => {
    await page.click(at('faults'));
    await page.click(`${at('recipe')}[data-fault="lostReply"]`);
    await payoutState('unknown');
    await picture(page, 'fault-lost-answer');
    await payoutState('sent');
    const me = await page.locator(`${at('person')}[aria-current="true"]`).getAttribute('data-openid');
    expect(await packetsOf(me!)).toHaveLength(1);
  });

  test('no money: the banner says why and when, and resuming sends what waited', async () => {
    await page.click(at('faults'));
    await page.click(`${at('recipe')}[data-fault="notEnough"]`);
    await page.locator(at('halt'), { hasText: '余额不足' }).waitFor();
    await page.locator(at('halt'), { hasText: /\d\d:\d\d 自动重试/ }).waitFor();
    await picture(page, 'fault-no-money');
    await page.click(at('faults-off'));
    await page.click(at('resume'));
    await payoutState('sent');
    await page.locator(at('halt')).waitFor({ state: 'hidden' });
    const me = await page.locator(`${at('person')}[aria-current="true"]`).getAttribute('data-openid');
    expect(await packetsOf(me!)).toHaveLength(1);
  });

  test('a push that comes three times is answered once', async () => {
    await page.click(at('faults'));
    await page.click(`${at('recipe')}[data-fault="duplicatePush"]`);
    await payoutState('sent');
    await expect.poll(() => page.locator(at('push-try')).count()).toBe(3);
    await page.locator(at('push-try')).first().click();
    await page
      .locator(`${at('push-try')}[aria-pressed="true"]`)
      .first()
      .waitFor();
    expect(await page.locator(at('packet')).count()).toBe(1);
  });
});

describe.skipIf(!CHROMIUM)('the clock', { retry: 2, timeout: 60_000 }, () => {
  const now = async (): Promise<number> => (await demo.state()).now;
  const movedBy = (from: number) => expect.poll(async () => Math.round(((await now()) - from) / 60_000));

  test('an hour, a day, midnight, and back to the real time', async () => {
    await newFollower();
    const from = await now();
    await page.click(at('clock-plus-hour'));
    await movedBy(from).toBe(60);
    await page.click(at('clock-plus-day'));
    await movedBy(from).toBe(25 * 60);
    await page.click(at('clock-midnight'));
    await expect.poll(async () => Math.floor((((await now()) + 8 * 3_600_000) % 86_400_000) / 60_000)).toBe(0);
    await page.click(at('clock-reset'));
    await expect.poll(async () => (await demo.state()).offsetMs).toBe(0);
    expect(await page.locator(at('clock-reset')).isDisabled()).toBe(true);
    // What happens now stands on top, although it is earlier than what was.
    await say('抽奖');
    await expect.poll(() => page.locator(at('deed')).first().textContent()).toContain('抽奖');
  });

  test('jumps: just before a packet goes back, after it, to the next round, to any day', async () => {
    await newFollower();
    await page
      .locator(`${at('packet')}[data-state="SENT"]`)
      .first()
      .waitFor();
    await page.click(at('jump'));
    await page.click(`${at('jump-to')}[data-jump="back-soon"]`);
    await page.click(at('jump'));
    await page.click(`${at('jump-to')}[data-jump="back"]`);
    await page
      .locator(`${at('packet')}[data-state="REFUND"]`)
      .first()
      .waitFor();
    await page.click(at('jump'));
    await page.click(`${at('jump-to')}[data-jump="round"]`);
    await expect
      .poll(async () => new Date((await now()) + 8 * 3_600_000).toISOString().slice(11, 16))
      .toMatch(/^2[01]:00/);
    await page.click(at('jump'));
    await page.fill(at('jump-date'), '2027-05-01T12:30');
    await page.click(at('jump-go'));
    await expect.poll(() => page.locator(at('clock')).textContent()).toBe('12:30');
  });
});

describe.skipIf(!CHROMIUM)('the till', { retry: 2, timeout: 60_000 }, () => {
  test('a payment, its refund that is asked first, and what the bot makes of both', async () => {
    await newFollower();
    await page.click(at('more'));
    await page.click(at('send-pay'));
    await page.locator(at('pay-hint'), { hasText: '满额返现' }).waitFor();
    await page.click(`${at('pay-where')}[data-where="mini"]`);
    await page.locator(at('pay-hint'), { hasText: '好茶抽奖' }).waitFor();
    await page.click(`${at('pay-where')}[data-where="other"]`);
    await page.fill(at('pay-attach'), 'card-1');
    await page.locator(at('pay-hint'), { hasText: '没有活动' }).waitFor();
    await page.click(`${at('pay-where')}[data-where="store"]`);
    await page.fill(at('pay-amount'), '0');
    expect(await page.locator(at('pay-go')).isDisabled()).toBe(true);
    await page.locator(at('pay-chip'), { hasText: '128' }).click();
    await page.fill(at('pay-coupon'), '10');
    await page.locator(at('pay-go'), { hasText: '¥118.00' }).click();
    await deed('paid').first().waitFor();
    await lastLine('感谢消费 118.00 元').waitFor();
    await page.locator(`${at('deed-shown')} ${at('decision')}[data-outcome="won"]`).waitFor();
    await payoutState('planned');
    await page.click(at('jump'));
    await page.locator(`${at('jump-to')}[data-jump="leaves"]`).waitFor();
    await page.keyboard.press('Escape');

    await page.click(at('more'));
    await page.click(at('send-pay'));
    await page.click(at('refund'));
    await page.click(at('refund-no'));
    expect((await demo.state()).shopOrders.at(-1)!.refunds).toEqual([]);
    await page.click(at('refund'));
    await page.click(at('refund-yes'));
    await page.locator(at('order'), { hasText: '已退款' }).waitFor();
    await page.keyboard.press('Escape');
    await lastLine('订单已退款').waitFor();
    // The panel has it as an event of its own, with what was decided.
    await deed('refunded').first().click();
    await page.locator(`${at('deed-shown')} ${at('decision')}`).waitFor();
    expect(await page.locator(at('deed-shown')).textContent()).toContain('退款');
  });
});

describe.skipIf(!CHROMIUM)(
  'scenarios: each campaign wins, refuses and pays in three clicks',
  { retry: 2, timeout: 60_000 },
  () => {
    /** The first click wins, the second is refused; what was won is taken. */
    async function plays(campaign: string, first: string, second?: string): Promise<void> {
      const card = scenario(campaign);
      const state = (outcome: string) =>
        card.locator(`${at('scenario-state')}[data-outcome="${outcome}"]`).waitFor({ timeout: 15_000 });
      await card.locator(at('scenario-go')).click();
      await state(first);
      if (second !== undefined) {
        await card.locator(at('scenario-go')).click();
        await state(second);
      }
    }

    async function takes(campaign: string): Promise<void> {
      await scenario(campaign).locator(at('scenario-take')).click();
      await page.click(at('packet-open'));
      await page.locator(at('packet-amount')).waitFor();
      await page.keyboard.press('Escape');
      await payoutState('received');
    }

    test('welcome: a follow wins, the packet is taken, and whoever left and comes again gets no second one', async () => {
      const me = await newPerson();
      await plays('welcome', 'won');
      await takes('welcome');
      await page.click(at('about'));
      await page.click(at('unfollow'));
      // WeChat's events carry whole seconds: two follows within one would be the same event.
      await page.waitForTimeout(1100);
      await plays('welcome', 'already');
      expect(await packetsOf(me)).toHaveLength(1);
    });

    test('password: today’s word wins, the second time it is refused', async () => {
      await newFollower();
      await plays('password', 'won');
      await takes('password');
      await plays('password', 'already');
    });

    test('lottery: a draw wins and pays, then no chance is left; its page opens in the phone', async () => {
      // Not every draw wins money; somebody soon has luck.
      const taken = scenario('lottery').locator(at('scenario-take'));
      const isPaid = (): Promise<boolean> =>
        taken.waitFor({ timeout: 3000 }).then(
          () => true,
          () => false,
        );
      let hasLuck = false;
      for (let n = 0; n < 15 && !hasLuck; n++) {
        await newFollower();
        await scenario('lottery').locator(at('scenario-go')).click();
        const state = scenario('lottery').locator(at('scenario-state'));
        await state.waitFor();
        hasLuck = (await state.getAttribute('data-outcome')) === 'won' && (await isPaid());
      }
      await takes('lottery');
      await plays('lottery', 'limited');
      await scenario('lottery').locator(at('scenario-page')).click();
      await page.frameLocator(at('web-frame')).locator('#stage').waitFor();
    });

    test('store: a listed store’s code wins, again at once is refused', async () => {
      await newPerson();
      await plays('store', 'won');
      await takes('store');
      await plays('store', 'already');
    });

    test('check-in: three days in a row win', async () => {
      await newFollower();
      await plays('checkin', 'won');
      await takes('checkin');
      // Played once more it would go on for three days, and the refusal of the first be gone at once.
      await say('签到');
      await lastLine('今天签过啦').waitFor();
    });

    test('quiz: the right answers win', async () => {
      await newFollower();
      await plays('quiz', 'won');
      await takes('quiz');
      await plays('quiz', 'already');
    });

    test('cash back: a payment wins, and leaves a day later', async () => {
      await newFollower();
      await plays('cashback', 'won', 'already');
      await deed('paid').nth(1).click();
      await page.click(at('jump'));
      await page.click(`${at('jump-to')}[data-jump="leaves"]`);
      await payoutState('sent');
      await newFollower();
      await plays('cashback', 'won');
      await scenario('cashback').locator(at('scenario-leaves')).click();
      await payoutState('sent');
      await takes('cashback');
    });

    test('invitation: three friends who pay bring a prize, who comes after them brings none yet; their deeds stand in the list', async () => {
      const me = await newFollower();
      const mine = async (): Promise<number> => (await packetsOf(me)).length;
      await plays('invite', 'won');
      await expect.poll(() => deed('friend').count()).toBeGreaterThanOrEqual(3);
      await deed('friend').first().click();
      await expect.poll(shownOutcome).toBe('won');
      await payoutState('sent');
      const before = await mine();
      await takes('invite');
      await plays('invite', 'noted');
      expect(await mine()).toBe(before);
    });

    test('printed codes: three are made, one wins, and only once', async () => {
      await newFollower();
      await scenario('codes').locator(at('scenario-go')).click();
      const codes = scenario('codes').locator(at('scenario-code'));
      await expect.poll(() => codes.count()).toBe(3);
      await codes.first().click();
      await scenario('codes')
        .locator(`${at('scenario-state')}[data-outcome="won"]`)
        .waitFor();
      await takes('codes');
      await codes.first().click();
      await scenario('codes')
        .locator(`${at('scenario-state')}[data-outcome="already"]`)
        .waitFor();
    });

    test('red-packet rain: the clock jumps to the round, which wins once', async () => {
      await newFollower();
      await plays('rain', 'won');
      await takes('rain');
      await plays('rain', 'already');
    });
  },
);

describe.skipIf(!CHROMIUM)('the phone', { retry: 2, timeout: 60_000 }, () => {
  test('suggested words and codes, the scanner, and a code nobody listed', async () => {
    await newPerson();
    await page.locator(at('suggest-scene'), { hasText: '体育西店' }).click();
    await lastLine('体育西店').waitFor();
    await page
      .locator(at('suggest-keyword'), { hasText: /^抽奖规则$/ })
      .or(page.locator(at('suggest-keyword')))
      .first()
      .click();
    await expect.poll(() => page.locator(at('deed')).count()).toBe(2);
    await page.click(at('scan'));
    await page.locator(at('scan-code'), { hasText: '北京路店' }).click();
    await expect.poll(() => page.locator(at('deed')).count()).toBe(3);
    await page.click(at('scan'));
    await page.fill(at('scan-scene'), 'store-777');
    await page.click(at('scan-go'));
    await lastLine('这个码没有到店红包').waitFor();
    // Whoever follows through such a code is welcomed all the same.
    await newPerson();
    await page.click(at('scan'));
    await page.fill(at('scan-scene'), 'store-777');
    await page.click(at('scan-go'));
    await lastLine('欢迎来到阿茶').waitFor();
  });

  test('the menu: a button, an item, a page that opens in the phone, whose win the list shows', async () => {
    await newFollower();
    await page.click(at('menu-toggle'));
    await page.locator(at('menu-button')).first().waitFor({ state: 'hidden' });
    await page.click(at('menu-toggle'));
    await page.locator(at('menu-button'), { hasText: '活动' }).click();
    await page.locator(at('menu-item'), { hasText: '活动规则' }).click();
    await lastLine('正在进行的活动').waitFor();
    await page.locator(at('menu-button'), { hasText: '拆红包' }).click();
    const frame = page.frameLocator(at('web-frame'));
    await frame.locator('#draw').click();
    await frame.locator('#stage[data-state="open"], #stage[data-state="said"]').waitFor();
    await deed('visit').first().waitFor();
    await page.locator('.over .chat-header button').click();
    await deed('visit').first().click();
    expect(['won', 'nothing']).toContain(await shownOutcome());
  });

  test('a picture, a voice, a place, typed words, and what was said before', async () => {
    await newFollower();
    await page.click(at('more'));
    await page.click(at('send-image'));
    await page.locator(`${at('line')}[data-kind="image"]`).waitFor();
    await page.click(at('more'));
    await page.click(at('send-voice'));
    await page.fill(at('voice-words'), '你好');
    await page.click(at('voice-send'));
    await page.locator(`${at('line')}[data-kind="voice"]`).waitFor();
    await page.click(at('more'));
    await page.click(at('send-location'));
    await page.locator(at('place')).first().click();
    await page.locator(`${at('line')}[data-kind="location"]`).waitFor();
    await page.click(at('more'));
    await page.click(at('send-scan'));
    await page.locator(at('scan-scene')).waitFor();
    await page.keyboard.press('Escape');
    await say('第一句');
    await page.focus(at('composer'));
    await page.keyboard.press('ArrowUp');
    expect(await page.inputValue(at('composer'))).toBe('第一句');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator(at('line'), { hasText: '第一句' }).count()).toBe(2);
  });

  test('words that cannot leave stay with a red mark, and a tap sends them', async () => {
    await newFollower();
    await context.setOffline(true);
    await say('断网了');
    await page.locator(at('unsent'), { hasText: '断网了' }).waitFor();
    await picture(page, 'chat-offline');
    await context.setOffline(false);
    await page.click(at('send-again'));
    await page.locator(`${at('line')}[data-from="user"]`, { hasText: '断网了' }).waitFor();
    await page.locator(at('unsent')).waitFor({ state: 'hidden' });
    demo.complaints = demo.complaints.filter(text => !/ERR_INTERNET_DISCONNECTED|Failed to load/.test(text));
  });

  test('who reads above keeps the place, is told of what came, and goes there', async () => {
    const me = await newFollower();
    for (let n = 0; n < 12; n++) await demo.control(`people/${me}/act`, { kind: 'text', text: `第 ${n} 句` });
    await lastLine('第 11 句').waitFor();
    await page.locator('.chat').hover();
    await page.mouse.wheel(0, -2000);
    await page.waitForTimeout(200);
    await demo.control(`people/${me}/act`, { kind: 'click', key: 'RULES' });
    await page.locator(at('fresh')).waitFor();
    await page.click(at('fresh'));
    await page.locator(at('fresh')).waitFor({ state: 'hidden' });
    const fits = await page.evaluate(
      `(() => { const c = document.querySelector('.chat'); return c.scrollHeight - c.scrollTop - c.clientHeight < 4; })()`,
    );
    expect(fits).toBe(true);
  });

  test('a long history is shown from its end, the earlier part when one asks for it', async () => {
    const me = await newFollower();
    for (let n = 0; n < 130; n++) await demo.control(`people/${me}/act?wait=no`, { kind: 'text', text: `第 ${n} 句` });
    await lastLine('第 129 句').waitFor({ timeout: 30_000 });
    const count = () => page.locator(at('line')).count();
    await expect.poll(count).toBe(120);
    await page.click(at('earlier'));
    await expect.poll(count).toBeGreaterThan(125);
  });
});

describe.skipIf(!CHROMIUM)('behind the scenes', { retry: 2, timeout: 60_000 }, () => {
  test('events are chosen from the list and from the chat, the latest is followed again, a test is copied', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await newFollower();
    for (const text of ['签到', '我的红包', '抽奖', '你好呀']) await say(text);
    await lastLine('你好呀').waitFor();
    await page.click(at('deeds-all'));
    await expect.poll(() => page.locator(at('deed')).count()).toBe(5);
    await page.locator(at('deed'), { hasText: '签到' }).click();
    await expect.poll(shownOutcome).toBe('noted');
    await page.locator(at('deed'), { hasText: '我的红包' }).click();
    await expect.poll(shownOutcome).toBe('builtIn');
    await page.locator(`${at('station')}[data-to="payout"]`).click();
    await page.click(at('latest'));
    await page.locator(`${at('deed-shown')} h2`, { hasText: '你好呀' }).waitFor();
    await lastLine('签到').locator('.bubble').click();
    await page.locator(`${at('deed-shown')} h2`, { hasText: '签到' }).waitFor();
    await page.click(at('copy-test'));
    await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toContain('text: 签到');
    await page.locator(at('deed'), { hasText: '关注' }).click();
    await payoutState('sent');
    await page.locator('.copyable').first().click();
    await expect.poll(() => page.evaluate('navigator.clipboard.readText()')).toMatch(/^1900000109/);
    const folded = page.locator('.fold:not([open]) summary');
    while ((await folded.count()) > 0) await folded.first().click();
    await page.locator(at('push-raw'), { hasText: 'MsgType' }).waitFor();
    // On a win nothing is marked as wrong.
    expect(await page.locator(`${at('trace-line')}[data-mark="no"]`).count()).toBe(0);
  });

  test('a keyboard comes to the phone at once, and back to where it was after a dialog', async () => {
    await newFollower();
    await page.reload();
    await page.locator(at('packet')).first().waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('skip');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('phone');
    const focused = (): Promise<unknown> => page.evaluate(`document.activeElement.getAttribute('data-test')`);
    for (const [opens, inside] of [
      ['scan', 'scan-code'],
      ['about', 'unfollow'],
      ['jump', 'jump-to'],
    ] as const) {
      await page.focus(at(opens));
      await page.keyboard.press('Enter');
      await page.locator(at(inside)).first().waitFor();
      await page.keyboard.press('Escape');
      await page.locator(at(inside)).first().waitFor({ state: 'hidden' });
      await expect.poll(focused).toBe(opens);
    }
  });

  test('the glasses beside the lines are one stop of the keyboard, with arrows between them', async () => {
    await newFollower();
    for (const text of ['签到', '抽奖']) await say(text);
    await lastLine('抽奖').waitFor();
    await page.waitForTimeout(500);
    const stops = await page.locator('.glass[tabindex="0"]').count();
    const all = await page.locator('.glass').count();
    expect(stops).toBeLessThan(all);
    await page.locator('.glass[tabindex="0"]').last().focus();
    const line = 'document.activeElement.closest("[data-line]").dataset.line';
    const before = await page.evaluate(line);
    await page.keyboard.press('ArrowUp');
    expect(await page.evaluate(line)).not.toBe(before);
    for (let n = 0; n < 8; n++) await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.locator(at('latest')).waitFor();
  });

  test('after a restart the journal stands in the list', async () => {
    await newFollower();
    await say('签到');
    await page.locator(at('deed'), { hasText: '签到' }).waitFor();
    await demo.stopBot();
    await demo.startBot();
    await page.reload();
    await page.locator(at('deed'), { hasText: '签到' }).waitFor();
    await page.locator(at('deed'), { hasText: '关注' }).click();
    await page.locator(at('decision')).waitFor();
    demo.complaints = [];
  });
});

describe.skipIf(!CHROMIUM)('around the phone', { retry: 2, timeout: 60_000 }, () => {
  test('the guide ticks what was done, and stays away once it is closed', async () => {
    await newFollower();
    const step = (n: number) =>
      page
        .locator(`.left ${at('guide-step')}`)
        .nth(n)
        .getAttribute('data-done');
    await expect.poll(() => step(0)).toBe('true');
    await page.locator(at('packet')).first().click();
    await page.click(at('packet-open'));
    await page.locator(at('packet-amount')).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => step(1)).toBe('true');
    await page.locator(at('station')).first().click();
    await expect.poll(() => step(2)).toBe('true');
    await page.click(`.left ${at('guide-close')}`);
    await page.locator(`.left ${at('guide')}`).waitFor({ state: 'hidden' });
    await page.reload();
    await page.locator(at('new-person')).waitFor();
    expect(await page.locator(at('guide')).count()).toBe(0);
  });

  test('one becomes somebody else, leaves, reads of budgets and balance, and changes the language', async () => {
    const ann = await newFollower();
    const bob = await newPerson();
    expect(bob).not.toBe(ann);
    await page.click(`${at('person')}[data-openid="${ann}"]`);
    await lastLine('欢迎来到阿茶').waitFor();
    const left = Number(await page.locator(`${at('budget')}[data-campaign="welcome"]`).getAttribute('data-left'));
    expect(left).toBeLessThan(300_00);
    await page.locator(at('balance'), { hasText: '¥' }).waitFor();
    await page.click(at('about'));
    await page.click(at('unfollow'));
    await page.locator(at('follow')).waitFor();
    await page.click(at('lang'));
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    await page.locator(at('scenario-go')).first().waitFor();
    await page.click(at('lang'));
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
  });

  test('on a phone the sheets open and close, and the newest line is in view', async () => {
    await newFollower();
    await page.setViewportSize({ width: 390, height: 780 });
    await page.click(at('open-people'));
    await page.keyboard.press('Escape');
    await page.click(at('open-tools'));
    await page.locator(at('fault-list')).waitFor();
    await page.click('.veil', { position: { x: 20, y: 10 } });
    await page.click(at('open-details'));
    await page.locator(`.right ${at('decision')}`).waitFor();
    await page.click('.sheet-bar button');
    await page.locator(at('quick')).first().click();
    await page.waitForTimeout(800);
    const hidden = await page.evaluate(
      `(() => { const c = document.querySelector('.chat'); return Math.round(c.scrollHeight - c.scrollTop - c.clientHeight); })()`,
    );
    expect(hidden).toBeLessThanOrEqual(2);
  });

  test('no width between a phone and a wide screen is broken', async () => {
    await newFollower();
    await say('抽奖');
    const widths = [320, 390, 500, 741, 760, 768, 780, 821, 919, 980, 1024, 1079, 1080, 1179, 1280, 1339, 1440, 1920];
    const margin = `Math.round(Math.min(...['.top-bar', '.right']
      .map(each => innerWidth - document.querySelector(each).getBoundingClientRect().right)))`;
    for (const lang of ['zh', 'en']) {
      for (const width of widths) {
        const where = `${width} ${lang}`;
        await page.setViewportSize({ width, height: 820 });
        expect(await page.evaluate('document.documentElement.scrollWidth'), where).toBeLessThanOrEqual(width);
        if (width >= 760) expect(await page.evaluate(margin), where).toBeGreaterThanOrEqual(14);
        const cut = await page.evaluate(`[...document.querySelectorAll('.top-bar button, .phone button')]
          .filter(each => each.checkVisibility({ visibilityProperty: true }))
          .map(each => [each.outerHTML.slice(0, 120), each.getBoundingClientRect()])
          .filter(([, box]) => box.width > 0 && (box.right > innerWidth + 1 || box.left < -1) && box.top < innerHeight)
          .map(([html]) => html).filter(html => !html.includes('quick'))`);
        expect(cut, where).toEqual([]);
        if ([390, 768, 1024, 1440].includes(width)) await picture(page, `chat-controls-${width}-${lang}`);
      }
      await page.click(at('lang'));
    }
  });
});

test('every control of the chat page is used by these tests', () => {
  const folder = join(ROOT, 'src/pages');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    name => name.endsWith('.tsx') && !name.startsWith('admin'),
  );
  const hooks = sources.flatMap(name => {
    const text = readFileSync(join(folder, name), 'utf8');
    const named = [...text.matchAll(/data-test="([\w-]+)"|hook: '([\w-]+)'|field\('(pay-[\w-]+)'/g)];
    return named.map(match => match[1] ?? match[2] ?? match[3]!);
  });
  const tests = readdirSync(import.meta.dirname).map(name => readFileSync(join(import.meta.dirname, name), 'utf8'));
  const used = tests.join('\n');
  const missing = [...new Set(hooks)].filter(hook => !used.includes(`at('${hook}')`) && !used.includes(`'${hook}',`));
  expect(missing).toEqual([]);
});
