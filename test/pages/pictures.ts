// `npm run pictures`: the pictures of README.md and README.zh-CN.md, taken from `npm start` in a real browser: the chat page, a
// fault at work, and the campaign's page, each in Chinese and in English.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { at, CHROMIUM, DemoBrowser, ROOT } from '../support/demo-browser.ts';

const FOLDER = join(ROOT, 'docs/pictures');
const WIDE = { width: 1280, height: 780 };
const PHONE = { width: 375, height: 640 };
/** What a README may weigh, each. */
const MOST = 300 * 1024;

type Lang = 'zh' | 'en';

async function shoot(page: Page, name: string, lang: Lang): Promise<void> {
  const path = join(FOLDER, `${name}-${lang}.png`);
  const { length } = await page.screenshot({ path });
  if (length > MOST) throw new Error(`${path} has ${length} bytes: at most ${MOST}`);
  console.log(path);
}

const state = (page: Page, name: string) =>
  page.locator(`${at('payout-state')}[data-state="${name}"]`).waitFor({ timeout: 30_000 });
const play = (page: Page, campaign: string) =>
  page.click(`${at('scenario')}[data-campaign="${campaign}"] ${at('scenario-go')}`);

/** A newcomer follows, opens the packet, draws: and sees behind it. */
async function chat(demo: DemoBrowser, context: BrowserContext, lang: Lang): Promise<string> {
  const page = await demo.page(context);
  await page.goto(`${demo.url}/simulator?lang=${lang}`);
  await page.click(at('new-person'));
  await play(page, 'welcome');
  await page
    .locator(`${at('packet')}[data-state="SENT"]`)
    .first()
    .click();
  await page.click(at('packet-open'));
  await page.locator(at('packet-amount')).waitFor();
  await page.keyboard.press('Escape');
  await play(page, 'password');
  await state(page, 'sent');
  await page.mouse.move(0, 0);
  await page.waitForTimeout(1500);
  await shoot(page, 'chat', lang);
  return (await page.locator(`${at('person')}[aria-current="true"]`).getAttribute('data-openid')) ?? '';
}

/** The balance is too low: the banner says so, and the packet waits. */
async function fault(demo: DemoBrowser, context: BrowserContext, lang: Lang): Promise<void> {
  const page = await demo.page(context);
  await page.goto(`${demo.url}/simulator?lang=${lang}`);
  await page.click(at('faults'));
  await page.click(`${at('recipe')}[data-fault="notEnough"]`);
  await page.locator(at('halt')).waitFor({ timeout: 30_000 });
  await page.mouse.move(0, 0);
  await page.waitForTimeout(1500);
  await shoot(page, 'fault', lang);
  await page.click(at('faults-off'));
  await page.click(at('resume'));
  await state(page, 'sent');
}

/** The campaign's page on a phone, before the tap. */
async function h5(demo: DemoBrowser, lang: Lang, openid: string): Promise<void> {
  const context = await demo.context({ viewport: PHONE, deviceScaleFactor: 1.5 });
  const page = await demo.page(context);
  const link = encodeURIComponent(`${demo.url}/h5/tea/lottery?lang=${lang}`);
  await page.goto(`${demo.url}/simulator/control/people/${openid}/open?url=${link}`);
  await page.locator('#draw').waitFor();
  await page.waitForTimeout(600);
  await shoot(page, 'h5', lang);
  await context.close();
}

async function main(): Promise<void> {
  if (!CHROMIUM) throw new Error('there is no Chromium: apt-get install chromium');
  mkdirSync(FOLDER, { recursive: true });
  for (const lang of ['zh', 'en'] as const) {
    const demo = await DemoBrowser.start(); // one for each language: a newcomer's, the guide and all
    try {
      const context = await demo.context({ viewport: WIDE, locale: lang === 'zh' ? 'zh-CN' : 'en-GB' });
      await h5(demo, lang, await chat(demo, context, lang));
      await fault(demo, context, lang);
    } finally {
      await demo.close();
    }
  }
}

await main();
