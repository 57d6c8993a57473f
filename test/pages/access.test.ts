// Access (无障碍): axe-core finds nothing serious on the chat page and on the campaign's page, at three widths, with whatever
// lies over them.
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serious } from '../support/axe.ts';
import { at, CHROMIUM, DemoBrowser, picture } from '../support/demo-browser.ts';

const WIDTHS = [1440, 768, 390] as const;

let demo: DemoBrowser;
let context: BrowserContext;
let page: Page;
let openid: string;

beforeAll(async () => {
  if (!CHROMIUM) return;
  demo = await DemoBrowser.start();
  context = await demo.context();
  page = await demo.page(context);
  await page.goto(`${demo.url}/simulator`);
  await page.click(at('follow'));
  await page
    .locator(`${at('packet')}[data-state="SENT"]`)
    .first()
    .waitFor();
  await page.fill(at('composer'), '抽奖');
  await page.click(at('send'));
  await page.locator(at('deed'), { hasText: '抽奖' }).waitFor();
  openid = (await demo.state()).people[0]!.openid;
}, 120_000);
afterAll(() => demo?.close());

describe.skipIf(!CHROMIUM)('nothing serious', { retry: 1, timeout: 120_000 }, () => {
  test.each(WIDTHS)('on the chat page at %i px, in both languages', async width => {
    await page.setViewportSize({ width, height: 860 });
    for (const lang of ['zh', 'en']) {
      await page.goto(`${demo.url}/simulator?person=${openid}&lang=${lang}`);
      await page.locator(at('packet')).first().waitFor();
      expect(await serious(page), lang).toEqual([]);
      await picture(page, `chat-${width}-${lang}`);
    }
  });

  test.each(WIDTHS)('on what lies over the chat at %i px', async width => {
    await page.setViewportSize({ width, height: 860 });
    await page.goto(`${demo.url}/simulator?person=${openid}`);
    await page.locator(at('packet')).first().waitFor();
    await page.click(width < 760 ? at('open-tools') : at('faults'));
    await page.locator(at('fault-list')).waitFor();
    expect(await serious(page), 'faults').toEqual([]);
    await picture(page, `faults-${width}`);
    await page.keyboard.press('Escape');
    await page.click(at('scan'));
    await page.locator(at('scan-code')).first().waitFor();
    expect(await serious(page), 'scanner').toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator(at('scan-code')).first().waitFor({ state: 'hidden' });
    await page.click(at('more'));
    await page.click(at('send-pay'));
    await page.locator(at('pay-go')).waitFor();
    expect(await serious(page), 'till').toEqual([]);
    await picture(page, `till-${width}`);
    await page.keyboard.press('Escape');
    await page.locator(at('packet')).first().click();
    await page.locator(at('packet-open')).waitFor();
    expect(await serious(page), 'packet').toEqual([]);
    await page.keyboard.press('Escape');
  });

  test.each(WIDTHS)('on the campaign’s page at %i px, in both languages', async width => {
    await page.setViewportSize({ width, height: 860 });
    for (const campaign of ['lottery', 'invite']) {
      for (const lang of ['zh', 'en']) {
        const link = encodeURIComponent(`${demo.url}/h5/tea/${campaign}?lang=${lang}`);
        await page.goto(`${demo.url}/simulator/control/people/${openid}/open?url=${link}`);
        await page.locator('#mine').waitFor();
        for (const summary of await page.locator('summary').all()) await summary.click();
        expect(await serious(page), `${campaign} ${lang}`).toEqual([]);
      }
      await picture(page, `h5-${campaign}-${width}`);
    }
  });
});
