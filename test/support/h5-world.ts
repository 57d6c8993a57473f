// A browser without a screen, for the campaign's page: cookies by path, redirects followed one by one, and a person of the
// simulated WeChat who is holding it.
import { startWorld, type World, type WorldOptions } from './harness.ts';
import { has, isText, readJson } from './json.ts';

/** 开 on the page and 抽奖 in the chat are one rule: once for ever. */
export const PAGE_RULES = `
campaign: page
name: 开门红
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00 }
page: { color: "#c8102e", title: 开门红 <b>2026</b>, intro: 人人有份 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes:
  gift: { redpacket: ¥1.00 }
rules:
  - { id: draw, on: { text: 抽奖, visit: true }, once: ever, give: gift, replies: { won: "中了 {{amount}} 元", already: 您已经领过啦 } }
`;

export async function startPageWorld(options: WorldOptions = {}): Promise<World> {
  return startWorld({ rules: PAGE_RULES, ...options });
}

export type Answer = {
  readonly status: number;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  /** Where it would go. */
  readonly location: string;
};

type Cookie = { readonly name: string; readonly value: string; readonly path: string };

export class Browser {
  readonly #world: World;
  readonly jar: Cookie[] = [];

  /** `openid`: who is holding it. */
  constructor(world: World, openid?: string) {
    this.#world = world;
    if (openid !== undefined) this.set('wechat_person', openid, '/');
  }

  set(name: string, value: string, path: string): void {
    const index = this.jar.findIndex(each => each.name === name && each.path === path);
    if (index >= 0) this.jar.splice(index, 1);
    if (value !== '') this.jar.push({ name, value, path });
  }

  cookie(name: string): string | undefined {
    return this.jar.find(each => each.name === name)?.value;
  }

  /** One request, no redirect followed. */
  async ask(target: string, init: RequestInit = {}): Promise<Answer> {
    const url = new URL(target, this.#world.url);
    const cookies = this.jar.filter(({ path }) => path === '/' || `${url.pathname}/`.startsWith(`${path}/`));
    const headers = new Headers(init.headers);
    headers.set('cookie', cookies.map(({ name, value }) => `${name}=${value}`).join('; '));
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = '', ...parts] = line.split(/;\s*/);
      const path = parts.find(part => part.startsWith('Path='))?.slice(5) ?? '/';
      this.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1), path);
    }
    const location = answer.headers.get('location') ?? '';
    return { status: answer.status, url: url.href, headers: answer.headers, body: await answer.text(), location };
  }

  /** Follows redirects until a page comes, or `stop` likes where it would go. */
  async open(target: string, stop: (location: string) => boolean = () => false): Promise<Answer> {
    let answer = await this.ask(target);
    for (let hops = 0; answer.status === 302 && hops < 10 && !stop(answer.location); hops++)
      answer = await this.ask(new URL(answer.location, answer.url).href);
    return answer;
  }

  /** Up to WeChat's answer: the address to which it sends the browser back. */
  async askWeChat(page = '/h5/tea/page'): Promise<string> {
    const { location } = await this.open(page, at => at.includes('/oauth/'));
    return location;
  }

  draw(tap: string, init: RequestInit = {}, page = '/h5/tea/page'): Promise<Answer> {
    const headers = { 'content-type': 'application/json', origin: new URL(this.#world.url).origin };
    return this.ask(`${page}/draw`, { method: 'POST', body: JSON.stringify({ tap }), headers, ...init });
  }
}

/** What the page hands to its script. */
export function dataIn({ body }: Pick<Answer, 'body'>): { tap: string; path: string } {
  const [, data = ''] = /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(body) ?? [];
  return readJson(data, has({ tap: isText, path: isText }));
}
