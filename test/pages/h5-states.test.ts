// What the campaign's page shows before a tap: each state in which a tap would come to nothing is designed, rendered by the
// server, and has a picture. Nobody is led to open a packet that is empty.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { beijingText, endOfDay, HOUR, instant } from '../../src/core/base/time.ts';
import { wordsOf } from '../../src/http/h5/html/texts.ts';
import { serious } from '../support/axe.ts';
import { CHROMIUM, DemoBrowser, picture } from '../support/demo-browser.ts';
import { startPageWorld } from '../support/h5-world.ts';
import { has, isMap, isText, read } from '../support/json.ts';

/** Tomorrow noon in Beijing, whenever this runs: the demo's clock goes there, and no night is near. */
const NOON = endOfDay(instant(Date.now())) + 12 * HOUR;
const around = (hours: number): string => beijingText(instant(NOON + hours * HOUR)).slice(0, 16);
const RUNNING = 'period: { from: 2026-01-01, to: 2027-12-31 }';
const LONG = 'Wolfeschlegelsteinhausenbergerdorff-Wolfeschlegelsteinhausen';

/** A campaign with a page of its own. */
function campaign(
  id: string,
  rest: string,
  { period = RUNNING, prize = 'redpacket: ¥1.00', rule = 'once: ever' } = {},
) {
  return `campaign: ${id}
name: 好茶 ${id}
${period}
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财大吉大利, remark: 测试 }
prizes: { 礼: { ${prize} } }
${rest}
rules:
  - { id: draw, on: { visit: true }, ${rule}, give: 礼 }
`;
}

const CAMPAIGNS: Readonly<Record<string, string>> = {
  coming: campaign('coming', '', { period: `period: { from: ${around(30)}, to: 2028-12-31 }` }),
  over: campaign('over', '', { period: `period: { from: 2026-01-01, to: ${around(-1)} }` }),
  closed: campaign('closed', '', {
    period: `period: { from: 2026-01-01, to: 2028-12-31, hours: ["${around(2).slice(11)}-${around(3).slice(11)}"] }`,
  }),
  once: campaign('once', ''),
  chances: campaign('chances', 'wallets: { 机会: { freePerDay: 2 } }', {
    prize: 'nothing: true',
    rule: 'once: perEvent, spend: { 机会: 1 }, replies: { noChance: 明天又有两次。 }',
  }),
  gone: campaign('gone', '', { prize: 'redpacket: ¥1.00, stock: 1' }),
  halted: campaign('halted', ''),
  rounds: campaign(
    'rounds',
    `rounds:
  - { name: 早场, at: ${around(-2)}, lasts: 5m, packets: 2, total: ¥2.00 }
  - { name: 晚场, at: ${around(3)}, lasts: 5m, packets: 2, total: ¥2.00 }`,
    { prize: 'redpacket: { split: ¥1.00..¥1.00 }', rule: 'once: perRound' },
  ),
  members: campaign('members', 'segments: { 会员: [oMember_00000000000000000000] }', {
    rule: 'once: ever, who: { tags: [会员] }',
  }),
  total: campaign('total', 'limits: { perUser: { total: 1 } }', { rule: 'once: perEvent' }),
  rest: campaign('rest', 'limits: { perUser: { total: 5, gap: 1h } }', { rule: 'once: perEvent' }),
  guessed: campaign('guessed', '', { rule: 'once: ever, guess: { looksLike: "[0-9]{4}", tries: 1 }' }).replace(
    '{ visit: true }',
    '[{ text: [四个数字] }, { visit: true }]',
  ),
  paced: campaign('paced', '').replace('total: ¥100.00', 'total: ¥100.00, pace: { perHour: 1 }'),
  paused: campaign('paused', 'mode: paused'),
  friends: `campaign: friends
name: 请朋友喝茶
${RUNNING}
budget: { total: ¥100.00 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 好茶一起喝, remark: 测试 }
page: { organiser: 阿茶茶饮 }
prizes: { 三人礼: { redpacket: ¥3.00 } }
rules:
  - { id: code, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "请扫 {{invite}}" }
  - { id: friend, on: { friend: paid }, once: perEvent, give: { 3: 三人礼 } }
`,
  brand: campaign(
    'brand',
    'page: { cover: "https://img.example.com/tea.svg", organiser: 阿茶茶饮, contact: 400-000-0000 }',
  ),
  long: campaign('long', `page: { organiser: ${LONG}, contact: ${LONG} }`)
    .replaceAll('礼', LONG)
    .replace('好茶 long', LONG),
};

let demo: DemoBrowser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  if (!CHROMIUM) return;
  demo = await DemoBrowser.start(folder => {
    for (const [name, text] of Object.entries(CAMPAIGNS)) writeFileSync(join(folder, `${name}.yaml`), text);
  });
  await demo.control('clock', { advanceMs: NOON - (await demo.state()).now });
}, 120_000);
afterAll(() => demo?.close());
beforeEach(async () => {
  if (!CHROMIUM) return;
  demo.complaints = [];
  context = await demo.context({ viewport: { width: 390, height: 780 } });
  page = await demo.page(context);
});
afterEach(async () => {
  if (!CHROMIUM) return;
  expect(demo.complaints).toEqual([]);
  await context.close();
});

const somebody = async () => read(await demo.control('people', { following: true }), has({ openid: isText }));

async function open(campaign: string, openid?: string, lang = 'zh'): Promise<string> {
  const who = openid ?? (await somebody()).openid;
  const link = encodeURIComponent(`${demo.url}/h5/tea/${campaign}?lang=${lang}`);
  await page.goto(`${demo.url}/simulator/control/people/${who}/open?url=${link}`);
  await page.locator('#stage').waitFor();
  return who;
}
const state = () => page.locator('#stage').getAttribute('data-state');
const notice = (why: string) => page.locator(`.notice[data-why="${why}"]`);

/** The notice is there, the packet and its coin are not. */
async function isShut(why: string, text: string | RegExp): Promise<void> {
  await notice(why).filter({ hasText: text }).waitFor();
  expect(await page.locator('#draw').isVisible()).toBe(false);
  expect(await page.locator('.notice .button').count()).toBe(1);
  expect(await serious(page), why).toEqual([]);
  await picture(page, `h5-${why}`);
  pictured.add(why);
}
const pictured = new Set<string>();
/** Somebody else, on a phone of their own, opens the packet of a campaign. */
async function anotherDraws(campaign: string): Promise<void> {
  const bob = (await demo.control('people', { following: true })) as { openid: string };
  const otherContext = await demo.context();
  const tab = await demo.page(otherContext);
  const link = encodeURIComponent(`${demo.url}/h5/tea/${campaign}`);
  await tab.goto(`${demo.url}/simulator/control/people/${bob.openid}/open?url=${link}`);
  await tab.click('#draw');
  await tab.locator('#stage[data-state="open"]').waitFor();
  await otherContext.close();
}

describe.skipIf(!CHROMIUM)('in the browser', { retry: 2, timeout: 60_000 }, () => {
  test('not begun: when it does, and a clock that counts down to it', async () => {
    await open('coming');
    expect(await state()).toBe('said');
    await isShut('notStarted', '还没开始');
    await page.locator('.countdown', { hasText: /还有 1 天 0[56]:\d\d:\d\d/ }).waitFor();
  });

  test('over, and outside its hours', async () => {
    await open('over');
    await isShut('ended', '活动结束了');
    await page.locator('[data-verify]').waitFor({ state: 'detached' });
    await open('closed');
    await isShut('closed', '现在不在时段');
    await page.locator('.countdown', { hasText: /0[12]:\d\d:\d\d/ }).waitFor();
  });

  test('drawn: the page says so before the tap, and its button leads to the prize', async () => {
    const me = await open('once');
    expect(await state()).toBe('shut');
    await page.click('#draw');
    await page.locator('#stage[data-state="open"]').waitFor();
    // There is no second one to open.
    expect(await page.locator('#again').isVisible()).toBe(false);
    await page.locator('#mine [data-state="waiting"]').waitFor({ timeout: 15_000 });
    await picture(page, 'h5-won');
    await open('once', me);
    expect(await state()).toBe('said');
    await isShut('already', '你已经领过了');
    await page.click('.notice .button');
    await expect.poll(() => page.url()).toContain('#mine-title');
  });

  test('chances are counted before the tap; when they are gone, the rule says how to get more', async () => {
    await open('chances');
    await page.locator('#hint', { hasText: '还有 2 次机会' }).waitFor();
    await picture(page, 'h5-chances');
    await page.click('#draw');
    await page.locator('#again').click();
    await page.locator('#hint', { hasText: '还有 1 次机会' }).waitFor();
    await page.click('#draw');
    await page.locator('#stage[data-state="open"]').waitFor();
    expect(await page.locator('#again').isVisible()).toBe(false);
    await page.reload();
    await isShut('noChance', '明天又有两次。');
  });

  test('sold out meanwhile: the tap opens no empty packet', async () => {
    await open('gone');
    await anotherDraws('gone');
    await page.click('#draw');
    await isShut('soldOut', '都发完了');
    expect(await state()).toBe('said');
  });

  test('between two rounds: when the next one is', async () => {
    await open('rounds');
    await isShut('between', '两场之间');
    await page.locator('.countdown', { hasText: /0[23]:\d\d:\d\d/ }).waitFor();
  });

  test('not for everybody, and paused by somebody', async () => {
    await open('members');
    await isShut('notEligible', '不符合参加条件');
    await open('paused');
    await isShut('paused', '活动暂停');
  });

  test('as often as one may, and not so soon again', async () => {
    for (const [campaign, why, text] of [
      ['total', 'limited', '次数到上限了'],
      ['rest', 'tooSoon', '歇一歇再来'],
    ] as const) {
      const me = await open(campaign);
      await page.click('#draw');
      await page.locator('#stage[data-state="open"]').waitFor();
      expect(await page.locator('#again').isVisible()).toBe(false);
      await open(campaign, me);
      await isShut(why, text);
    }
  });

  test('an invitation: the code comes first, with how far one is, and there is no coin', async () => {
    const { openid } = (await demo.control('people', { following: true })) as { openid: string };
    await demo.control(`people/${openid}/act`, { kind: 'text', text: '邀请' });
    await page.goto(
      `${demo.url}/simulator/control/people/${openid}/open?url=${encodeURIComponent(`${demo.url}/h5/tea/friends`)}`,
    );
    const progress = page.locator('.invite .progress');
    await progress.filter({ hasText: /^0 \/ 3/ }).waitFor();
    const top = async (what: string): Promise<number> => (await page.locator(what).boundingBox())!.y;
    expect(await top('.invite')).toBeLessThan(await top('#mine-title'));
    expect(await page.evaluate(`document.querySelector('.invite img').naturalWidth`)).toBeGreaterThan(100);
    expect(await page.locator('#draw, #stage').count()).toBe(0);
    const { qrcodes } = (await demo.state()).accounts[0]!;
    const friend = (await demo.control('people', {})) as { openid: string };
    await demo.control(`people/${friend.openid}/act`, { kind: 'follow', scene: qrcodes.at(-1)!.scene });
    await demo.control(`people/${friend.openid}/pay`, { amount: 2000 });
    await expect
      .poll(() => page.reload().then(() => progress.textContent()), { timeout: 20_000, interval: 1000 })
      .toMatch(/^1 \/ 3/);
    await picture(page, 'h5-invite-progress');
  });

  test('a wrong guess too many in the chat: no tries are left on the page either', async () => {
    const { openid } = (await demo.control('people', { following: true })) as { openid: string };
    await demo.control(`people/${openid}/act`, { kind: 'text', text: '1234' });
    await open('guessed', openid);
    await isShut('locked', '今天不能再试了');
  });

  test('this hour’s share is gone: later', async () => {
    await anotherDraws('paced');
    await open('paced');
    await isShut('later', '这一轮发完了');
  });

  test('the merchant is halted: later, and the chance stays', async () => {
    await demo.control('faults', { pay: [{ kind: 'notEnough' }], platform: [] }, 'PUT');
    await open('halted');
    await page.click('#draw');
    await page.locator('#stage[data-state="open"]').waitFor();
    const hasHalted = async () =>
      'halt' in read(await (await fetch(`${demo.url}/simulator/bot/campaigns`)).json(), isMap);
    await expect.poll(hasHalted, { timeout: 15_000 }).toBe(true);
    await open('halted');
    await isShut('halted', '暂停发放');
    await demo.control('faults', { pay: [], platform: [] }, 'PUT');
    await fetch(`${demo.url}/simulator/bot/resume`, { method: 'POST' });
    await page.click('[data-reload]');
    await page.locator('#draw').waitFor();
  });

  test('every refusal that a page has words for has its picture', () => {
    expect([...pictured].sort()).toEqual(Object.keys(wordsOf('zh').shut).sort());
    expect(Object.keys(wordsOf('en').shut).sort()).toEqual(Object.keys(wordsOf('zh').shut).sort());
  });

  test('the brand: its picture is loaded from where the file says and from nowhere else, the foot names organiser and contact', async () => {
    const body =
      '<svg xmlns="http://www.w3.org/2000/svg" width="560" height="180"><rect width="560" height="180" fill="#e9b04a"/></svg>';
    await context.route('https://img.example.com/**', route => route.fulfill({ contentType: 'image/svg+xml', body }));
    await open('brand');
    await expect.poll(() => page.evaluate('document.querySelector(".cover").naturalWidth')).toBe(560);
    await page.locator('.foot', { hasText: '本活动由阿茶茶饮主办' }).waitFor();
    await page.locator('.foot', { hasText: '400-000-0000' }).waitFor();
    await picture(page, 'h5-brand');
    demo.complaints = demo.complaints.filter(text => !text.includes('img.example.com'));
  });

  test('names of sixty letters widen no page, down to 320 px, before and after the tap, in both languages', async () => {
    /** Also what a frame cuts off. */
    const beyond = `[...document.querySelectorAll('.hero *, .sheet *')]
      .map(each => [each.outerHTML.slice(0, 100), each.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0 && (box.right > innerWidth + 1 || box.left < -1)).map(([html]) => html)`;
    const fits = async (what: string, width: number): Promise<void> => {
      await page.evaluate(`document.querySelectorAll('details').forEach(each => { each.open = true; })`);
      expect(await page.evaluate('document.documentElement.scrollWidth'), what).toBeLessThanOrEqual(width);
      expect(await page.evaluate(beyond), what).toEqual([]);
      await page.evaluate('scrollTo(0, 0)');
      await picture(page, what);
    };
    await page.setViewportSize({ width: 320, height: 640 });
    const me = await open('long');
    // The coin is in reach, however long the name is.
    expect((await page.locator('#draw').boundingBox())!.y).toBeLessThan(480);
    await fits('h5-long-before', 320);
    await page.click('#draw');
    await page.locator('#stage[data-state="open"]').waitFor();
    await fits('h5-long-won', 320);
    for (const width of [320, 390, 768, 1440])
      for (const lang of ['zh', 'en']) {
        await page.setViewportSize({ width, height: 700 });
        await open('long', me, lang);
        await fits(`h5-long-${width}-${lang}`, width);
      }
  });

  test('the draws of a campaign that is over are worked out again in the page', async () => {
    const me = await open('once');
    await page.click('#draw');
    await page.locator('#stage[data-state="open"]').waitFor();
    await demo.control('clock', { advanceMs: 400 * 24 * HOUR });
    try {
      await open('once', me);
      await notice('ended').waitFor();
      await page.click('#verify summary');
      await page.click('[data-verify]');
      await page.locator('#verified', { hasText: '一致' }).waitFor();
      await page.locator('#claims em', { hasText: '%' }).waitFor();
      await picture(page, 'h5-verified');
    } finally {
      await demo.control('clock', { reset: true });
    }
  });

  test('a transfer that was won on this page is taken with one tap', async () => {
    const world = await startPageWorld({ channel: 'transfer' });
    try {
      const openid = world.person(true);
      const link = encodeURIComponent(`${world.url}/h5/tea/page`);
      await page.goto(`${world.simulator.url}/control/people/${openid}/open?url=${link}`);
      await page.click('#draw');
      await page.locator('#mine li').waitFor();
      await world.bot.settle.pass();
      await page.locator('#mine [data-state="confirm"]').waitFor();
      await picture(page, 'h5-transfer');
      await page.click('[data-confirm]');
      await page.click('#wechat-confirm');
      await page.locator('#mine [data-state="received"]').waitFor();
    } finally {
      await world.close();
    }
  });
});
