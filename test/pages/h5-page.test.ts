// The campaign's page in a real browser: from a link in the chat, by way of WeChat's authorize page, to the packet.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contrastOf, paletteOf } from '../../src/http/h5/html/color.ts';
import { at, CHROMIUM, DemoBrowser } from '../support/demo-browser.ts';
import { startPageWorld } from '../support/h5-world.ts';

/** The page and the chat lead to one prize, once for ever. */
const GATE = `campaign: gate
name: 开门红
period: { from: 2026-01-01, to: 2027-12-31 }
budget: { total: ¥100.00 }
page: { color: "#c8102e", intro: 打开就有，每人一份。 }
packet: { sendName: 阿茶茶饮, wishing: 开门大吉 }
prizes:
  开门红包: { redpacket: ¥1.68 }
rules:
  - id: gate
    on: { text: 开门, visit: true }
    once: ever
    give: 开门红包
    replies: { won: "{{amount}} 元红包已发出，回到聊天点开。", already: 开门红包你已经领过啦 }
  - { id: link, on: { text: 开门页 }, reply: '<a href="URL/h5/tea/gate">拆开门红包</a>' }
`;

const TEA = `campaign: tea
name: 好茶抽奖
period: { from: 2026-01-01, to: 2027-12-31 }
budget: { total: ¥4000.00 }
limits: { perUser: { perDay: 3, gap: 3s } }
packet: { sendName: 阿茶茶饮, wishing: 好运连连 }
prizes:
  一等奖: { redpacket: ¥88.00, weight: 1, stock: 3 }
  二等奖: { redpacket: ¥8.80, weight: 30, stock: 100 }
  三等奖: { redpacket: ¥1.00, weight: 400 }
  谢谢参与: { nothing: true, weight: 269 }
rules:
  - { id: welcome, on: subscribe, reply: 欢迎来到阿茶！ }
  - id: draw
    on: { text: 抽奖, visit: true }
    once: perEvent
    odds: rise
    give: [一等奖, 二等奖, 三等奖, 谢谢参与]
`;

/** As many prizes as a page ever lists. */
const NUMBERS = [...'一二三四五六七八九十'];
const WIDE = `campaign: wide
name: 十种奖品
period: { from: 2026-01-01, to: 2027-12-31 }
budget: { total: ¥4000.00 }
page: { color: "#c8102e", intro: 一杯好茶，一份好运。, organiser: 阿茶茶饮, contact: 400-000-0000 }
packet: { sendName: 阿茶茶饮, wishing: 好运连连 }
prizes:
${NUMBERS.map(n => `  奖品${n}: { redpacket: ¥1.00, weight: 10, stock: 100, perDay: 20 }`).join('\n')}
rules:
  - id: draw
    on: { visit: true }
    once: perDay
    give: [${NUMBERS.map(n => `奖品${n}`).join(', ')}]
`;

let demo: DemoBrowser;
let url: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  if (!CHROMIUM) return;
  demo = await DemoBrowser.start((folder, url) => {
    writeFileSync(join(folder, 'tea.yaml'), TEA);
    writeFileSync(join(folder, 'wide.yaml'), WIDE);
    writeFileSync(join(folder, 'gate.yaml'), GATE.replace('URL', url));
  });
  ({ url, browser } = demo);
}, 120_000);
afterAll(async () => {
  await demo?.close();
});
beforeEach(async () => {
  if (!CHROMIUM) return;
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'zh-CN' });
  complaints = [];
  page = await newPage();
});
afterEach(async () => {
  if (!CHROMIUM) return;
  expect(complaints).toEqual([]);
  await context.close();
});

/** Nothing wrong may be said, and nobody but this machine asked. */
async function newPage(): Promise<Page> {
  const made = await context.newPage();
  made.setDefaultTimeout(8000);
  made.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  made.on('pageerror', error => complaints.push(String(error)));
  made.on('request', request => {
    const isOurs = request.url().startsWith('http://127.0.0.1:') || request.url().startsWith('data:');
    if (!isOurs) complaints.push(`asks a stranger: ${request.url()}`);
  });
  return made;
}

const lastLine = (text: string) => page.locator(at('line'), { hasText: text }).last();

async function newFollower(): Promise<string> {
  await page.goto(`${url}/simulator`);
  await page.click(at('new-person'));
  await page.click(at('follow'));
  await lastLine('欢迎来到阿茶').waitFor();
  const { people } = await demo.state();
  return people.at(-1)!.openid;
}

async function say(text: string): Promise<void> {
  await page.fill(at('composer'), text);
  await page.click(at('send'));
}

/** The page of a campaign in a tab of its own, with the phone in this person's hands. */
async function openPage(openid: string, path: string): Promise<Page> {
  const tab = await newPage();
  const link = encodeURIComponent(`${url}${path}`);
  await tab.goto(`${url}/simulator/control/people/${openid}/open?url=${link}`);
  await tab.locator('#stage').waitFor();
  return tab;
}

// A browser on a busy machine may be late; what is wrong is wrong three times.
describe.skipIf(!CHROMIUM)('in the browser', { retry: 2 }, () => {
  test('a link in the chat opens the page, the draw there puts a packet into the chat, and the keyword then says already', async () => {
    await newFollower();
    await say('开门页');
    await page.locator('button.link', { hasText: '拆开门红包' }).last().click();
    const frame = page.frameLocator(at('web-frame'));
    await frame.locator('#draw').click();
    await frame.locator('#result', { hasText: '1.68 元红包已发出' }).waitFor();
    expect(await frame.locator('#result-amount').textContent()).toBe('1.68元');
    expect(await frame.locator('#result-title').textContent()).toBe('恭喜你，中奖了');
    await frame.locator('#mine [data-state="waiting"]').waitFor();
    await page.locator('.over .chat-header button').click();
    await page.locator(`${at('packet')}[data-state="SENT"]`, { hasText: '开门大吉' }).waitFor();
    await say('开门');
    await lastLine('开门红包你已经领过啦').waitFor();
    expect(await page.locator(at('packet'), { hasText: '开门大吉' }).count()).toBe(1);
  });

  test('the phone in other hands has another session, and a page left open from before draws for nobody', async () => {
    const ann = await newFollower();
    const first = await openPage(ann, '/h5/tea/gate');
    const bob = await newFollower();
    const second = await openPage(bob, '/h5/tea/gate');
    await first.click('#draw');
    await first.locator('#hint', { hasText: '正在刷新' }).waitFor();
    complaints = complaints.filter(text => !text.includes('403'));
    await second.click('#draw');
    await second.locator('#result', { hasText: '1.68' }).waitFor();
    const { people } = await demo.state();
    const packets = people.find(({ openid }) => openid === ann)!.chat.filter(({ kind }) => kind === 'packet');
    expect(packets).toHaveLength(0);
  });

  test('the page fits a small phone, in both languages, with targets for thumbs', async () => {
    const openid = await newFollower();
    const tab = await openPage(openid, '/h5/tea/tea');
    for (const [width, lang] of [
      [320, 'zh'],
      [360, 'en'],
      [1280, 'en'],
    ] as const) {
      await tab.setViewportSize({ width, height: 640 });
      await tab.goto(`${url}/h5/tea/tea?lang=${lang}`);
      expect(await tab.locator('html').getAttribute('lang')).toBe(lang === 'en' ? 'en' : 'zh-CN');
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
      const small = await tab.evaluate(
        `[...document.querySelectorAll('button,a,summary')].filter(each => each.offsetParent && (each.offsetHeight < 44 || each.offsetWidth < 44)).map(each => each.outerHTML)`,
      );
      expect(small).toEqual([]);
    }
  });

  test('a keyboard and a calm screen are enough: no motion, the result is announced', async () => {
    const openid = await newFollower();
    const tab = await openPage(openid, '/h5/tea/gate');
    await tab.emulateMedia({ reducedMotion: 'reduce' });
    await tab.focus('#draw');
    await tab.keyboard.press('Enter');
    await tab.locator('#result[role="status"]', { hasText: '1.68' }).waitFor({ timeout: 2500 });
    expect(await tab.evaluate(`getComputedStyle(document.querySelector('.paper')).animationName`)).toBe('none');
  });

  test('what the first paint loads is below 60 kB, and a quarter of that on the wire, with ten prizes and their odds', async () => {
    const tab = await openPage(await newFollower(), '/h5/tea/wide');
    // Style and script stand in the document: nothing else is loaded.
    const names = `performance.getEntriesByType('resource').map(({ name }) => name)`;
    expect(await tab.evaluate(`${names}.filter(name => !name.startsWith('data:'))`)).toEqual([]);
    const document = await (await context.request.get(tab.url())).body();
    const html = document.toString();
    for (const each of ['奖品十', '<style', 'id="draw"', '<script']) expect(html).toContain(each);
    expect(document.length).toBeGreaterThan(20_000);
    expect(document.length).toBeLessThan(60_000);
    expect(gzipSync(document).length).toBeLessThan(15_000);
    expect(/<script nonce[^>]*>(.*)<\/script>/s.exec(html)![1]).not.toMatch(/\?\.[a-zA-Z(]|\?\?/);
    await tab.close();
  });

  test('in WeChat the button under a prize leads back to the chat; elsewhere there is none', async () => {
    const tab = await openPage(await newFollower(), '/h5/tea/gate');
    await tab.click('#draw');
    await tab.locator('#stage[data-state="open"]').waitFor();
    expect(await tab.locator('#chat').isVisible()).toBe(false);
    await context.addInitScript(
      `window.WeixinJSBridge = { call: name => { window.called = name; }, invoke: () => {} };`,
    );
    const inWeChat = await openPage(await newFollower(), '/h5/tea/gate');
    await inWeChat.click('#draw');
    await inWeChat.locator('#chat').click();
    expect(await inWeChat.evaluate('window.called')).toBe('closeWindow');
    for (const each of [tab, inWeChat]) await each.close();
  });

  test('a transfer is confirmed on the page, with WeChat’s own script and sheet, and the page sees the money arrive', async () => {
    const world = await startPageWorld({ channel: 'transfer' });
    try {
      const openid = world.person(true);
      const tab = await newPage();
      const link = encodeURIComponent(`${world.url}/h5/tea/page`);
      await tab.goto(`${world.simulator.url}/control/people/${openid}/open?url=${link}`);
      await tab.click('#draw');
      await tab.locator('#mine li').waitFor();
      await world.bot.settle.pass();
      await tab.locator('#mine [data-state="confirm"]').waitFor();
      await tab.click('[data-confirm]'); // won on this very page: its signature is good for it
      await tab.click('#wechat-confirm');
      await tab.locator('#mine [data-state="received"]').waitFor();
      await tab.close();
    } finally {
      await world.close();
    }
  });
});

test('text can be read on every colour a campaign may have', () => {
  for (const color of [
    '#d9412b',
    '#ffffff',
    '#000000',
    '#ffd700',
    '#00ff00',
    '#777777',
    '#7f7f00',
    '#0000ff',
    '#ff8800',
  ]) {
    const { brand, deep, deeper, light, onBrand, link, wash } = paletteOf(color);
    for (const ground of [brand, deep, deeper, light])
      expect(contrastOf(onBrand, ground), color).toBeGreaterThanOrEqual(4.5);
    expect(contrastOf(link, '#ffffff'), color).toBeGreaterThanOrEqual(4.5);
    expect(contrastOf('#57504b', wash), color).toBeGreaterThanOrEqual(4.5);
  }
});
