// The demo with a merchant that pays by transfer, in a real browser: the first prize is confirmed and authorized on one sheet, the
// second one arrives without a tap, the follower ends that on the page, and the third one asks again.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, CHROMIUM, DemoBrowser, picture } from '../support/demo-browser.ts';

const RULES = `campaign: tea
name: 好茶红包
period: { from: 2026-01-01, to: 2099-12-31 }
budget: { total: ¥100.00 }
limits: { perUser: { total: 9 } }
packet: { sendName: 阿茶茶饮, wishing: 好运连连 }
prizes:
  茶礼: { redpacket: ¥1.68 }
rules:
  - { id: again, on: { text: 红包 }, once: perEvent, give: 茶礼 }
  - { id: visit, on: visit, once: ever, give: 茶礼 }
`;

let demo: DemoBrowser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  if (!CHROMIUM) return;
  demo = await DemoBrowser.start(folder => writeFileSync(join(folder, 'tea.yaml'), RULES), ['--channel', 'transfer']);
  context = await demo.context({ viewport: { width: 430, height: 860 } });
  page = await demo.page(context);
}, 120_000);
afterAll(() => demo?.close());

/** Says the word in the chat; what the page then shows of this prize, once it does. */
async function win(chat: Page, count: number, state: string): Promise<void> {
  await chat.fill(at('composer'), '红包');
  await chat.click(at('send'));
  await page.reload();
  await expect
    .poll(
      async () => {
        const states = await page
          .locator('#mine [data-state]')
          .evaluateAll(all => all.map(each => each.getAttribute('data-state')));
        if (states.length !== count || states[0] !== state) await page.reload();
        return [states.length, states[0]];
      },
      { timeout: 30_000, interval: 1000 },
    )
    .toEqual([count, state]);
}

describe.skipIf(!CHROMIUM)('in the browser', { retry: 1, timeout: 120_000 }, () => {
  test('one sheet confirms and authorizes, the next prize needs no tap, and whoever ends it is asked again', async () => {
    const chat = await demo.page(await demo.context());
    await chat.goto(`${demo.url}/simulator`);
    await chat.click(at('new-person'));
    await chat.click(at('follow'));
    const { people } = await demo.state();
    const { openid } = people.at(-1)!;
    const link = encodeURIComponent(`${demo.url}/h5/tea/tea`);
    await page.goto(`${demo.url}/simulator/control/people/${openid}/open?url=${link}`);

    await win(chat, 1, 'confirm');
    await page.click('[data-confirm]');
    await page.locator('#wechat-authorizes', { hasText: '免确认收款' }).waitFor();
    await picture(page, 'transfer-authorizes');
    await page.click('#wechat-confirm');
    await page.locator('#mine [data-state="received"]').waitFor();
    await page.locator('.authorized').waitFor();

    await win(chat, 2, 'received');
    expect(await page.locator('[data-confirm]').count()).toBe(0);
    await picture(page, 'transfer-without-a-tap');

    await page.click('[data-end]');
    await page.locator('.authorized').waitFor({ state: 'detached' });

    await win(chat, 3, 'confirm');
    await page.click('[data-confirm]');
    await page.locator('#wechat-authorizes').waitFor();
    await page.click('#wechat-confirm');
    await expect.poll(() => page.locator('#mine [data-state="received"]').count(), { timeout: 20_000 }).toBe(3);
    expect(demo.complaints).toEqual([]);
  });
});
