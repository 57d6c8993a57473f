// The demo as `npm start` runs it, from `dist/`, in a folder of its own, and a Chromium in front of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { State } from '../../src/simulator/shared/protocol.ts';
import { until } from './harness.ts';
import { freePort } from './ports.ts';

export const ROOT = resolve(import.meta.dirname, '../..');
export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Where pictures of what was seen are left, for people. */
export const PICTURES = process.env.PAGE_PICTURES ?? join(tmpdir(), 'hongbao-pictures');

export const at = (name: string): string => `[data-test="${name}"]`;

export class DemoBrowser {
  readonly url: string;
  readonly folder: string;
  browser!: Browser;
  /** What the pages complained of, and whom they asked beside us. */
  complaints: string[] = [];
  private readonly port: number;
  private readonly options: readonly string[];
  private bot: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.options = options;
    [this.port, this.folder, this.url] = [port, folder, `http://127.0.0.1:${port}`];
  }

  /** `rules`: writes the rule files into this folder; absent: the samples. */
  static async start(
    rules?: (folder: string, url: string) => void,
    options: readonly string[] = [],
  ): Promise<DemoBrowser> {
    const folder = mkdtempSync(join(tmpdir(), 'hongbao-page-'));
    const port = await freePort();
    const demo = new DemoBrowser(port, folder, options);
    mkdirSync(join(folder, 'rules'));
    if (rules) rules(join(folder, 'rules'), demo.url);
    else cpSync(join(ROOT, 'rules'), join(folder, 'rules'), { recursive: true });
    await demo.startBot();
    demo.browser = await chromium.launch({ executablePath: CHROMIUM!, args: CHROMIUM_ARGS });
    return demo;
  }

  async startBot(): Promise<void> {
    const bot = spawn(process.execPath, [join(ROOT, 'dist/cli.js'), 'start', ...this.options], {
      cwd: this.folder,
      env: { PATH: process.env.PATH!, PORT: String(this.port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.bot = bot;
    let said = '';
    for (const stream of [bot.stdout, bot.stderr])
      stream.setEncoding('utf8').on('data', text => (said = (said + text).slice(-10_000)));
    const isReady = () => {
      if (bot.exitCode !== null) throw new Error(`the demo has ended with ${bot.exitCode}: ${said}`);
      return fetch(`${this.url}/readyz`).then(
        answer => answer.ok,
        () => false,
      );
    };
    await until(isReady, 90_000).catch(error => {
      throw new Error(`the demo is not ready; it said: ${said}`, { cause: error });
    });
  }

  async stopBot(): Promise<void> {
    const { bot } = this;
    this.bot = undefined;
    if (!bot || bot.exitCode !== null) return;
    bot.kill('SIGTERM');
    await once(bot, 'exit');
  }

  async close(): Promise<void> {
    await this.browser?.close();
    await this.stopBot();
    rmSync(this.folder, { recursive: true, force: true });
  }

  context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    return this.browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN', ...options });
  }

  async page(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('console', message => message.type() === 'error' && this.complaints.push(message.text()));
    page.on('pageerror', error => this.complaints.push(String(error)));
    page.on('request', request => {
      const isOurs = /^(http:\/\/127\.0\.0\.1:|data:|blob:)/.test(request.url());
      if (!isOurs) this.complaints.push(`asks a stranger: ${request.url()}`);
    });
    return page;
  }

  /** What the simulator knows. */
  async state(): Promise<State> {
    return (await (await fetch(`${this.url}/simulator/control/state`)).json()) as State;
  }

  async control(path: string, body: object, method = 'POST'): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}/simulator/control/${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    return answer.json();
  }
}

/** Leaves a picture of what is on the screen. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}
