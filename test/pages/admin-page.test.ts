// The dashboard in a real browser, as an operator has it: every page on a wide screen, a tablet and a phone, in Chinese and English;
// no error, nothing grave for who cannot see well, no page too heavy; and what is done there is done.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/harness.ts';
import { has, isListOf, isMap, isNumber, isText, read } from '../support/json.ts';
import { freePort } from '../support/ports.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where pictures go, for whoever wants to look. */
const PICTURES = process.env.PICTURES;
const PAGES = ['today', 'campaigns', 'payouts', 'followers', 'rules', 'merchants', 'doctor', 'log', 'people'];
const SIZES = [1440, 768, 390] as const;
const PAGE_BYTES_MAX = 250_000;
/** What each order brings, a day later. */
const ORDERS = `campaign: orders
name: 订单返现
period: { from: 2026-01-01, to: 2027-12-31 24:00 }
budget: { total: ¥500.00 }
packet: { sendName: 阿茶茶饮, actName: 订单返现, wishing: 谢谢惠顾, remark: 订单返现 }
prizes:
  back: { redpacket: ¥3.00 }
rules:
  - { id: paid, on: { paid: { over: ¥30.00, attach: "app-*" } }, once: perEvent, give: back, delay: 24h, cancelIf: refunded }
`;

let folder: string;
let bot: ChildProcess;
let url: string;
let password: string;
let browser: Browser;
let page: Page;
let user: string;
const complaints: string[] = [];

const at = (name: string): string => `[data-test="${name}"]`;

async function control(path: string, body: object): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/simulator/control${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return read(await answer.json(), isMap);
}

beforeAll(async () => {
  if (!CHROMIUM) return;
  folder = mkdtempSync(join(tmpdir(), 'hongbao-admin-'));
  cpSync(join(ROOT, 'rules'), join(folder, 'rules'), { recursive: true });
  writeFileSync(join(folder, 'rules', 'orders.yaml'), ORDERS);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  bot = spawn(process.execPath, [join(ROOT, 'dist/cli.js'), 'start'], {
    cwd: folder,
    env: { PATH: process.env.PATH!, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  bot.stdout!.on('data', (part: Buffer) => (out += part.toString()));
  password = await until(() => /\/admin +\(owner \/ ([\w-]+)\)/.exec(out)?.[1], 90_000);
  await until(
    () =>
      fetch(`${url}/readyz`).then(
        answer => answer.ok,
        () => false,
      ),
    15_000,
  );
  const person = await control('/people', {});
  user = String(person.openid);
  await control(`/people/${user}/act`, { kind: 'follow' });
  await control(`/people/${user}/act`, { kind: 'text', text: '恭喜发财' });
  await control(`/people/${user}/act`, { kind: 'text', text: '<b>抽奖</b>' });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  const context = await browser.newContext({ locale: 'zh-CN' });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(String(error)));
  if (PICTURES) mkdirSync(PICTURES, { recursive: true });
}, 180_000);
afterAll(async () => {
  await browser?.close();
  if (!bot) return;
  bot.kill('SIGTERM');
  await once(bot, 'exit');
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await picture(`failed-${task.name.slice(0, 40)}`);
  expect(complaints.splice(0)).toEqual([]);
});

async function picture(name: string): Promise<void> {
  if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}

/** Gives the reason, and the password where it is asked for again; the dialog is gone when it is done. */
async function does(reason: string): Promise<void> {
  const dialog = page.locator(at('dialog'));
  const asked = dialog.locator(at('password'));
  await page.fill(at('reason'), reason);
  await page.click(at('do'));
  await until(async () => (await dialog.count()) === 0 || (await asked.count()) > 0, 15_000);
  if ((await asked.count()) > 0) {
    complaints.length = 0; // the browser tells of the 403
    await asked.fill(password);
    await page.click(at('do'));
  }
  await dialog.waitFor({ state: 'detached' });
}

async function somebodyFollows(): Promise<string> {
  const { openid } = await control('/people', {});
  await control(`/people/${String(openid)}/act`, { kind: 'follow' });
  return String(openid);
}

async function world() {
  const packet = has({ openid: isText, mchId: isText, listId: isText, amount: isNumber });
  return read(await (await fetch(`${url}/simulator/control/state`)).json(), has({ packets: isListOf(packet) }));
}

async function fileOf(list: string): Promise<string> {
  return page.evaluate<string>(
    `fetch('/admin/api/winners.csv?campaign=welcome&list=${list}').then(answer => answer.text())`,
  );
}

/** What axe-core finds that is serious or critical. It runs beside the page's own scripts, which its policy leaves alone. */
async function gravely(): Promise<unknown> {
  const client = await page.context().newCDPSession(page);
  const { frameTree } = await client.send('Page.getFrameTree');
  const world = await client.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  const run = `${AXE}; axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' | ')))`;
  const { result, exceptionDetails } = await client.send('Runtime.evaluate', {
    expression: run,
    contextId: world.executionContextId,
    awaitPromise: true,
    returnByValue: true,
  });
  await client.detach();
  expect(exceptionDetails).toBeUndefined();
  return result.value;
}

describe.skipIf(!CHROMIUM)('the dashboard in the browser', { timeout: 240_000 }, () => {
  test('lets in who has the password of the start screen, and says no to who has not', async () => {
    await page.goto(`${url}/admin`);
    expect(await page.textContent('h1')).toBe('登录');
    await picture('login');
    expect(await gravely()).toEqual([]);
    await page.fill('#name', 'owner');
    await page.fill('#password', 'not-the-password');
    await page.click('button');
    await page.getByRole('alert').waitFor();
    complaints.length = 0; // the browser tells of the 401
    await page.fill('#name', 'owner');
    await page.fill('#password', password);
    await page.click('button');
    await page.locator('.head h1').waitFor();
  });

  test.each(SIZES)(
    'shows every page at %i, in Chinese and English, without an error or anything grave',
    async width => {
      await page.setViewportSize({ width, height: width < 500 ? 844 : 900 });
      for (const lang of ['zh', 'en'])
        for (const name of PAGES) {
          let bytes = 0;
          const count = (response: { headers(): Record<string, string> }): void => {
            bytes += Number(response.headers()['content-length'] ?? 0);
          };
          page.on('response', count);
          await page.goto(`${url}/admin/${name}?lang=${lang}`);
          await page.locator('.head h1').first().waitFor();
          await page.waitForTimeout(150);
          page.off('response', count);
          await picture(`${name}-${width}-${lang}`);
          const found = await gravely();
          const isWide = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
          expect([name, lang, found, isWide]).toEqual([name, lang, [], false]);
          expect(bytes).toBeLessThan(PAGE_BYTES_MAX);
          if (lang === 'en') expect(await page.textContent('.head')).not.toMatch(/[\u4e00-\u9fff]{4}/);
        }
    },
  );

  test('answers why somebody did not get it, from their number, in three clicks', async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${url}/admin/followers`);
    await page.fill(at('follower-search'), user);
    await page.keyboard.press('Enter');
    await page.locator(at('timeline')).waitFor();
    // What they typed is text, whatever it looks like.
    await page.getByText('<b>抽奖</b>').first().waitFor();
    await page.fill(at('why-value'), '恭喜发财');
    await page.click(at('why-go'));
    await page
      .locator(`${at('why-answer')} .checks`)
      .first()
      .waitFor();
    await picture('why');
    expect(await gravely()).toEqual([]);
  });

  test('halts a merchant within two taps on a phone, and lets it go on; both stand in the log', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${url}/admin/today`);
    await page.click(at('nav-merchants'));
    await page.click(at('halt'));
    await picture('halt-390');
    await does('核对余额');
    await page.locator('.merchant.is-halted').waitFor();
    await picture('halted-390');
    await page.goto(`${url}/admin/today`);
    await page.locator(at('todo-halted')).waitFor();
    await picture('today-halted-390');
    await page.goto(`${url}/admin/merchants`);
    await page.click(at('resume'));
    await does('核对完');
    await page.locator('.merchant:not(.is-halted)').waitFor();
    await page.goto(`${url}/admin/log`);
    await page.locator(at('acts'), { hasText: '恢复商户' }).waitFor();
    expect(await page.textContent(at('acts'))).toContain('核对完');
  });

  test('shows one payout with its life', async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(`${url}/admin/payouts`);
    await page
      .locator(`${at('payout-rows')} .row`)
      .first()
      .click();
    await page.locator(`${at('sheet')} .stepper`).waitFor();
    await picture('payout');
    expect(await gravely()).toEqual([]);
    await page.keyboard.press('Escape');
  });

  test('shows that the balance is empty, and resumes when it is filled: who waited gets theirs', async () => {
    const { mchId } = (await world()).packets[0]!;
    await control(`/merchants/${mchId}`, { balance: 0 });
    const waiting = await somebodyFollows();
    await page.goto(`${url}/admin/merchants`);
    await page.locator('.merchant.is-halted').waitFor();
    expect(await page.textContent('.merchant.is-halted .why')).toContain('NOTENOUGH');
    await picture('not-enough');
    await control(`/merchants/${mchId}`, { balance: 10_000_000 });
    await page.click(at('resume'));
    await does('已充值');
    await page.locator('.merchant:not(.is-halted)').waitFor();
    await until(async () => (await world()).packets.some(({ openid }) => openid === waiting), 30_000);
  });

  test('pauses a campaign, which then gives nothing, and lets it go on', async () => {
    const give = async (): Promise<string> => {
      const openid = await somebodyFollows();
      return JSON.stringify(await (await fetch(`${url}/simulator/control/people/${openid}`)).json());
    };
    await page.goto(`${url}/admin/campaigns?id=welcome`);
    await page.click(at('pause'));
    await does('奖品发错了');
    await page.locator(`${at('sheet')} button.primary${at('pause')}`).waitFor();
    await picture('campaign-paused');
    expect(await give()).not.toContain('小红包当见面礼');
    await page.click(at('pause'));
    await does('改好了');
    await page.locator(`${at('sheet')} button.danger${at('pause')}`).waitFor();
    expect(await give()).toContain('小红包当见面礼');
  });

  test('answers "没收到红包" from WeChat’s number in two clicks: sent, and not opened', async () => {
    const packet = (await world()).packets.find(({ openid }) => openid === user)!;
    await page.goto(`${url}/admin/today`);
    await page.click(at('nav-followers'));
    await page.fill(at('follower-search'), packet.listId);
    await page.keyboard.press('Enter');
    await page.locator(at('timeline')).waitFor();
    await page.locator('.rows .mark', { hasText: '待领取' }).first().waitFor();
    await picture('not-received');
  });

  test('says of a printed code that was mistyped, or never registered, which of the two it is', async () => {
    const looksFor = async (code: string, words: string): Promise<void> => {
      await page.goto(`${url}/admin/followers`);
      await page.fill(at('follower-search'), code);
      await page.keyboard.press('Enter');
      await page.locator(at('code-found'), { hasText: words }).waitFor();
    };
    await looksFor('TEA2SPR7NGYX', '有字不对');
    await looksFor('tea2-spr7-ngyg', '没有登记过');
    await picture('printed-code');
  });

  test('finds a cheat’s payouts and cancels them after the dialog has said how many and how much; the others get theirs', async () => {
    const [cheat, honest] = [await somebodyFollows(), await somebodyFollows()];
    for (const who of [cheat, cheat, honest]) await control(`/people/${who}/pay`, { amount: 3000, attach: 'app-7' });
    await page.goto(`${url}/admin/followers`);
    await page.fill(at('follower-search'), cheat);
    await page.keyboard.press('Enter');
    await page.locator(at('timeline')).waitFor();
    await page.click(at('their-payouts'));
    await page.click(at('filter-queued'));
    const rows = page.locator(`${at('payout-rows')} .row`);
    await rows.first().waitFor();
    await page.locator('.bar input[type=checkbox]').check();
    expect(await rows.count()).toBe(2);
    expect(await page.textContent('.bar label')).toContain('2 笔，共 ¥6.00');
    await page.click(at('cancel-many'));
    expect(await page.textContent(at('dialog'))).toContain('2 笔，共 ¥6.00');
    await picture('cancel');
    await does('刷奖');
    expect(await page.textContent(at('toast'))).toContain('完成 2 笔');
    const queued = await page.evaluate<string>(
      `fetch('/admin/api/payouts?filter=queued').then(answer => answer.text())`,
    );
    expect([queued.includes(cheat), queued.includes(honest)]).toEqual([false, true]);
  });

  test('finds a wrong amount where a draft stands beside what is live, and does not publish it; the right one goes live', async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    const file = join(folder, 'rules', 'welcome.yaml');
    const before = readFileSync(join(ROOT, 'rules', 'welcome.yaml'), 'utf8');
    writeFileSync(file, before); // a second try begins like the first
    const written = 'redpacket: ¥1.00..¥1.40';
    expect(before).toContain(written);
    const draft = async (yuan: string): Promise<void> => {
      await page.fill(at('draft-text'), before.replace(written, `redpacket: ${yuan}`));
      expect(await page.isDisabled(at('publish'))).toBe(true);
      await page.click(at('look'));
      await page.locator(at('verdict')).waitFor();
    };
    await page.goto(`${url}/admin/rules?file=welcome.yaml`);
    await page.click(at('edit'));
    await page.fill(at('draft-text'), before.replace('redpacket', 'redpaket'));
    await page.click(at('look'));
    await page
      .locator(`${at('findings')} .mark.bad`)
      .first()
      .waitFor();
    expect(await page.textContent(at('why-not'))).toContain('不能发布');
    await picture('draft-wrong');
    await draft('¥1.10..¥2.00');
    expect(await page.textContent(at('changes'))).toContain('¥1.00..¥1.40 → ¥1.10..¥2.00');
    await picture('draft-compare');
    expect(await gravely()).toEqual([]);
    // What it would have cost lately, and what a day of it may look like.
    await page.click(at('backtest'));
    await page.locator(at('backtest-said'), { hasText: '用新规则' }).waitFor({ timeout: 150_000 });
    await page
      .locator(`${at('backtest-said')} table`)
      .first()
      .waitFor();
    await page.click(at('simulate'));
    await page
      .locator(`${at('simulate-said')} table`)
      .first()
      .waitFor({ timeout: 150_000 });
    await picture('draft-tried');
    expect(await gravely()).toEqual([]);
    // Too much: it is seen here, and corrected.
    expect(readFileSync(file, 'utf8')).toBe(before);
    await draft('¥1.20..¥1.40');
    await page.click(at('publish'));
    expect(await page.textContent(at('dialog'))).toContain('¥1.20');
    await does('最少一块二');
    await page.locator(at('toast'), { hasText: '已写好' }).waitFor();
    expect(readFileSync(file, 'utf8')).toBe(before.replace(written, 'redpacket: ¥1.20..¥1.40'));
    await page
      .locator(`${at('versions')} li`, { hasText: '最少一块二' })
      .first()
      .waitFor({ state: 'attached', timeout: 150_000 }); // judged behind all else: a busy machine takes its time
    await page.keyboard.press('Escape');
    await page
      .locator(`${at('versions')} li`, { hasText: '最少一块二' })
      .first()
      .waitFor();
    await picture('rules-published');
  });

  test('shows that somebody has changed the file meanwhile, and writes over nothing before that was seen', async () => {
    const file = join(folder, 'rules', 'welcome.yaml');
    const before = readFileSync(file, 'utf8');
    await page.goto(`${url}/admin/rules?file=welcome.yaml`);
    await page.click(at('edit'));
    const theirs = before.replace('¥1.20', '¥1.25');
    writeFileSync(file, theirs);
    await page.fill(at('draft-text'), `${before}# mine\n`);
    await page.click(at('look'));
    await page.locator(at('conflict')).waitFor();
    expect(await page.isDisabled(at('publish'))).toBe(true);
    await picture('conflict');
    expect(await gravely()).toEqual([]);
    expect(readFileSync(file, 'utf8')).toBe(theirs);
    await page.click(at('theirs'));
    expect(await page.inputValue(at('draft-text'))).toBe(theirs);
    await page.click(at('drop'));
    await page.keyboard.press('Escape');
  });

  test('goes back to a version after it has shown what that changes', async () => {
    const file = join(folder, 'rules', 'welcome.yaml');
    await page.goto(`${url}/admin/rules`);
    await page
      .locator(`${at('versions')} li`, { hasText: '版本 1' })
      .locator('summary')
      .click();
    await page.click(at('back-1'));
    await page.locator(at('changes')).waitFor();
    await picture('back');
    expect(await gravely()).toEqual([]);
    await page.click(at('revert'));
    await does('还是原来的好');
    await page.locator(at('toast'), { hasText: '已写好' }).waitFor();
    expect(readFileSync(file, 'utf8')).toBe(readFileSync(join(ROOT, 'rules/welcome.yaml'), 'utf8'));
    await page
      .locator(`${at('versions')} li`, { hasText: '还是原来的好' })
      .first()
      .waitFor();
    await page.goto(`${url}/admin/log`);
    await page.locator(at('acts'), { hasText: '发布规则' }).waitFor();
    await page.locator(at('acts'), { hasText: '规则回到' }).waitFor();
  });

  test('examines the set-up beside the running bot, and names what is wrong with where to click', async () => {
    await page.goto(`${url}/admin/doctor`);
    await control('/faults', { pay: [{ kind: 'noAuthProduct', at: 'gethbinfo' }], platform: [] });
    await page.click(at('examine'));
    await page.locator(`${at('examine')}:disabled`).waitFor();
    // Meanwhile followers are answered.
    expect(await somebodyFollows()).toMatch(/^o/);
    await page.locator(`${at('examine')}:not(:disabled)`).waitFor({ timeout: 90_000 });
    await picture('doctor');
    expect(await gravely()).toEqual([]);
    await page.locator(at('examined'), { hasText: '产品权限' }).waitFor();
    await control('/faults', { pay: [], platform: [] });
    await page.setViewportSize({ width: 390, height: 844 });
    await picture('doctor-390');
    expect(await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth')).toBe(false);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('gives a campaign’s winners as a file, to publish without openids; says in words what went live', async () => {
    const [open, whole] = [await fileOf('public'), await fileOf('whole')];
    expect(open).toContain('中奖时间');
    expect(open).not.toContain(user);
    expect(whole).toContain(user);
    // The same as a list: by prize, by what became of it, by day.
    await page.goto(`${url}/admin/campaigns?id=welcome`);
    await page
      .locator(`${at('taken')} li`)
      .first()
      .waitFor();
    await page.fill(at('taken-day'), '2001-01-01');
    await page.locator(at('sheet'), { hasText: '没有符合条件的' }).waitFor();
    await page.fill(at('taken-day'), '');
    await page
      .locator(`${at('taken')} li`)
      .first()
      .waitFor();
    await picture('taken');
    expect(await gravely()).toEqual([]);
    expect(await page.getAttribute(at('winners-whole'), 'href')).toContain('list=whole');
    await page.goto(`${url}/admin/merchants`);
    await page.locator('section', { hasText: '和微信账单对账' }).last().waitFor();
    await page.goto(`${url}/admin/rules`);
    await page
      .locator(`${at('versions')} li`, { hasText: '版本 1' })
      .first()
      .waitFor();
    await picture('rules-versions');
    await page.goto(`${url}/admin/log`);
    await page.locator(at('acts'), { hasText: '导出名单' }).waitFor();
  });
});
