// Vouchers (代金券) and transfers on the chat page, beside a merchant that has both: what one has stands at the till, where it is
// used, runs out, or is taken back.

import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, CHROMIUM, CHROMIUM_ARGS, picture } from '../support/demo-browser.ts';
import { MERCHANT, startWorld, until, type World } from '../support/harness.ts';

const RULES = `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
  tea: { voucher: { stock: "1234567", value: ¥5.00, over: ¥20.00 } }
rules:
  - { id: voucher, on: { text: 代金券 }, once: perEvent, give: tea }
`;
const DAY = 86_400_000;

let world: World;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  if (!CHROMIUM) return;
  world = await startWorld({
    rules: RULES,
    channel: 'transfer',
    yaml: text => text.replace('channel: transfer', 'channel: transfer\n    vouchers: true'),
  });
  const { control } = world.simulator;
  const now = control.state().now;
  control.setStock({
    ...{ stockId: '1234567', creator: MERCHANT.mchId, name: '满20减5', status: 'running' },
    ...{ amount: 500, minimum: 2000, maxCoupons: 10, beginAt: now - DAY, endAt: now + 30 * DAY },
  });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
  page = await browser.newPage({ viewport: { width: 1280, height: 860 }, locale: 'zh-CN' });
  page.setDefaultTimeout(10_000);
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

describe.skipIf(!CHROMIUM)('in the browser', { retry: 1, timeout: 60_000 }, () => {
  test('each of three vouchers ends in its own way, by its button', async () => {
    const openid = world.person(true);
    const { control } = world.simulator;
    for (let n = 1; n <= 3; n++) {
      await control.act(openid, { kind: 'text', text: '代金券' });
      await until(async () => {
        await world.bot.settle.pass();
        return control.coupons().filter(coupon => coupon.openid === openid).length === n;
      }, 15_000);
    }
    await page.goto(`${world.simulator.url}/simulator?person=${openid}`);
    for (const [end, status] of [
      ['coupon-use', 'USED'],
      ['coupon-expire', 'EXPIRED'],
      ['coupon-recover', 'RECOVER'],
    ] as const) {
      await page.click(at('more'));
      await page.click(at('send-pay'));
      await page
        .locator(`${at('coupon')}[data-status="SENDED"] ${at(end)}`)
        .first()
        .click();
      await page
        .locator(`${at('coupon')}[data-status="${status}"]`)
        .first()
        .waitFor();
      if (status === 'RECOVER') await picture(page, 'chat-vouchers');
      await page.keyboard.press('Escape');
    }
    expect(new Set(control.coupons().map(coupon => coupon.status))).toEqual(new Set(['USED', 'EXPIRED', 'RECOVER']));
  });
});
