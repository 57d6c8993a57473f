// 免确认收款授权 by hand on the chat page: who may pay one without a tap stands in the wallet, and is confirmed, and ended by each who
// can end it; the bot hears of it, and asks again with the next prize.

import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenId } from '../../src/core/base/event.ts';
import { at, CHROMIUM, CHROMIUM_ARGS, picture } from '../support/demo-browser.ts';
import { startWorld, until, type World } from '../support/harness.ts';

const RULES = `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮 }
prizes: { gift: { redpacket: ¥1.00 } }
rules:
  - { id: again, on: { text: 红包 }, once: perEvent, give: gift }
`;

let world: World;
let browser: Browser;

beforeAll(async () => {
  if (!CHROMIUM) return;
  world = await startWorld({ rules: RULES, channel: 'transfer', merchantLines: '    authorize: true' });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

/** The wallet of one person, as the chat page shows it. */
async function walletOf(openid: string, locale: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, locale });
  page.setDefaultTimeout(10_000);
  await page.goto(`${world.simulator.url}/simulator?person=${openid}`);
  await page.click(at('more'));
  await page.click(at('send-pay'));
  return page;
}

/** They win, and are asked for another authorization. */
async function asked(openid: string, times: number): Promise<void> {
  const { control } = world.simulator;
  await control.act(openid, { kind: 'text', text: '红包' });
  await until(async () => {
    await world.bot.settle.pass();
    return control.authorizations().filter(each => each.openid === openid).length === times;
  }, 15_000);
}

const heldBy = (openid: string) => world.store.authorization('shop', openid as OpenId);
const shown = (page: Page, state: string, text: string) =>
  page.locator(`${at('authorization')}[data-state="${state}"]`, { hasText: text }).waitFor();

describe.skipIf(!CHROMIUM)('in the browser', { retry: 1, timeout: 90_000 }, () => {
  test.each([
    ['USER_CLOSE', '已关闭：用户关闭'],
    ['CLOSE_VIA_MCH_API', '已关闭：商户关闭'],
    ['TRANSFER_RISK', '已关闭：转账有风险'],
    ['USER_ACCOUNT_ABNORMAL', '已关闭：账户异常'],
  ])('what is in effect is ended by %s, and the bot hears of it', async (reason, words) => {
    const openid = world.person(true);
    await asked(openid, 1);
    const page = await walletOf(openid, 'zh-CN');
    await shown(page, 'WAIT_USER_CONFIRM', '待用户确认');
    await page.click(at('authorization-confirm'));
    await shown(page, 'TAKING_EFFECT', '已生效');
    await until(async () => (await heldBy(openid))?.state === 'TAKING_EFFECT');
    if (reason === 'USER_CLOSE') await picture(page, 'chat-authorization');
    await page.click(`${at('authorization-close')}[data-reason="${reason}"]`);
    await shown(page, 'CLOSED', words);
    await until(async () => (await heldBy(openid))?.reason === reason);
    expect(await page.locator(at('authorization-close')).count()).toBe(0);
    await page.close();
  });

  test('what nobody confirms is overdue, and the next prize asks again; in English too', async () => {
    const openid = world.person(true);
    await asked(openid, 1);
    const page = await walletOf(openid, 'en-GB');
    await shown(page, 'WAIT_USER_CONFIRM', 'Waits to be confirmed');
    await page.click(`${at('authorization-close')}[data-reason="USER_OVERDUE_UNCONFIRMED"]`);
    await shown(page, 'CLOSED', 'Closed: not confirmed in time');
    await asked(openid, 2);
    await page.close();
  });
});
