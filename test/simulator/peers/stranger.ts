// Somebody who has never seen the simulator: starts it by the line of its page, and from then on knows what the page and the banner
// say, nothing else. Installs what the page says, saves a block of it as `bot.js`, starts that as the page says.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../support/harness.ts';
import { freePort } from '../../support/ports.ts';
import { plainEnv } from '../../support/registry.ts';
import { installed, type Package } from './run.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
/** The line of "Start", as it stands in the repository: before the simulator runs there is no page. */
const START = /^npx hongbao (simulator .*)$/m.exec(readFileSync(join(ROOT, 'docs/simulator.md'), 'utf8'))![1]!;

/** A recipe as it stands on the page. */
export type Recipe = { readonly packages: readonly Package[]; readonly code: string; readonly preload: boolean };
export type Running = { out(): string; stop(): Promise<void> };

export class Stranger {
  readonly #folder: string;
  readonly #began = performance.now();
  readonly #open: Running[] = [];
  /** Where the stranger's own programs listen; on the page it is 3000. */
  readonly #own: number;
  #banner = '';
  #page = '';

  private constructor(folder: string, own: number) {
    this.#folder = folder;
    this.#own = own;
  }

  /** Starts the simulator, reads its page. The clock begins here. */
  static async begin(folder: string): Promise<Stranger> {
    const stranger = new Stranger(folder, await freePort());
    const ports = ['--port', '0', '--pay-port', '0', '--folder', join(folder, 'its data')];
    const args = [...stranger.#here(START).split(' '), ...ports];
    const simulator = stranger.#start(process.execPath, [join(ROOT, 'src/launch/hongbao.js'), ...args]);
    const link = /How to use it +(http:\S+)/;
    await until(() => link.test(simulator.out()), 60_000);
    stranger.#banner = simulator.out();
    const html = await (await fetch(link.exec(simulator.out())![1]!)).text();
    stranger.#page = html.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    return stranger;
  }

  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** What the page says of a client of Node. */
  recipe(name: string): Recipe {
    const [, text = '', code = ''] = new RegExp(
      `<strong>Node, ${name}</strong>(.*?)<pre><code>(.*?)</code></pre>`,
      's',
    ).exec(this.#page)!;
    const packages = /<code>npm install ([^<]*)<\/code>/.exec(text)![1]!;
    return {
      packages: packages.split(' ').map(each => each.replace(/@.*$/, '')) as Package[],
      code,
      preload: text.includes('start with the preload'),
    };
  }

  /** `false`: the registry cannot be reached. */
  install({ packages }: Recipe): Promise<boolean> {
    return installed(this.#folder, packages);
  }

  /** The block is saved, and started as the page says; with a preload also by the line that the banner has for it. */
  run({ code, preload }: Recipe, by: 'page' | 'banner' = 'page'): Running {
    writeFileSync(join(this.#folder, 'bot.js'), this.#here(code));
    const lines = {
      page: () => /<pre><code>(WECHAT_SIMULATOR=.* bot\.js)<\/code>/.exec(this.#page)![1]!,
      banner: () => /(WECHAT_SIMULATOR=.* )YOUR\.js/.exec(this.#banner)![1]! + 'bot.js',
    };
    return this.#start('sh', ['-c', preload ? lines[by]() : 'node bot.js']);
  }

  /** An example that can be copied, found by how it ends, else by a part of it. */
  async copy(part: string): Promise<string> {
    const lines = [...this.#page.matchAll(/<pre><code>(curl .*?)<\/code><\/pre>/gs)].flatMap(([, text]) =>
      text!.split('\n'),
    );
    const line = lines.find(each => each.endsWith(part)) ?? lines.find(each => each.includes(part))!;
    const command = this.#here(line);
    return (await promisify(execFile)('sh', ['-c', command])).stdout;
  }

  /** A link that stands on the page, opened as a browser does it. */
  async browse(part: string): Promise<string> {
    const link = [...this.#page.matchAll(/<code>(http:[^<]*)<\/code>/g)].find(([, each]) => each!.includes(part))![1]!;
    const jar = join(this.#folder, 'cookies');
    return (await promisify(execFile)('curl', ['-sL', '-c', jar, '-b', jar, this.#here(link)])).stdout;
  }

  /** Until somebody listens on the port of the stranger's own program. */
  async listening(): Promise<void> {
    const answers = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${this.#own}/`, { redirect: 'manual' }).then(
        () => true,
        () => false,
      );
    await until(answers, 60_000);
  }

  async leave(): Promise<void> {
    for (const each of this.#open.splice(0).reverse()) await each.stop();
  }

  #here(text: string): string {
    return text.replace(/\b3000\b/g, String(this.#own));
  }

  #start(command: string, args: readonly string[]): Running {
    const child = spawn(command, [...args], { cwd: this.#folder, env: plainEnv(), detached: true });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (out += part.toString()));
    const running = { out: () => out, stop: () => stopped(child) };
    this.#open.push(running);
    return running;
  }
}

/** With what it has started itself. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  process.kill(-child.pid!, 'SIGTERM');
  await exit;
}
