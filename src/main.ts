// Wires the ports and starts: the only reader of the clock, the environment and chance. `hongbao start` hands over to it.
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { type Bot, createBot } from './app/bot.ts';
import type { Demo, DemoOptions } from './app/demo.ts';
import { adminApp } from './app/wire-admin.ts';
import { type Config, configHere, DEMO_CONFIG, loadConfig } from './config/config.ts';
import { BadInput, findingAt, showFindingIn } from './core/base/error.ts';
import { instant } from './core/base/time.ts';
import { inLang, type Lang, t, type Wording } from './core/base/words/words.ts';
import type { Timer } from './engine/lease.ts';
import { createEdgeServer } from './http/server.ts';
import { createLog, LEVELS, onlyLines } from './lib/log.ts';
import type { Log, Store } from './ports.ts';
import { belongToUs } from './setup/installation.ts';
import { versionOf } from './setup/package.ts';
import { openStoreOf, saidAhead } from './setup/store.ts';
import { movableClock } from './simulator/shared/clock.ts';
import { refuseUnfinished } from './storage/copy.ts';

const DEMO_PORT = 3000;
/** So long a stop waits for requests in work: a supervisor kills after 5 s. */
const STOP_WAITS_MS = 2000;
/** Connections that wait to be taken: a crowd, or strangers in front of one. The system may allow fewer. */
const BACKLOG = 4096;

/** Monotonic time, for pauses and rates. */
export const realTimer: Timer = { ticks: () => performance.now(), sleep: ms => sleep(ms) };

/** `url`: where it listens, without a path. `stop` waits for requests in work for `STOP_WAITS_MS`, and resolves once all is written. */
export type Running = { readonly url: string; stop(): Promise<void> };

/** What connections of strangers leave behind is swept up before it is a third of what we live on, not when it is thrice as much. */
const SWEEP_SOONER = '--heap-growing-percent=25';

/** Starts the bot of `configFile`, or the demo where there is none. Throws `BadInput` for a wrong file. */
export async function start(
  configFile: string | undefined,
  options: DemoOptions & { readonly lang?: Lang } = {},
): Promise<Running> {
  setFlagsFromString(SWEEP_SOONER);
  const [clock, wished] = [movableClock(Date.now), levelWished()];
  const file = configFile ?? configHere();
  if (file !== undefined && (options.format ?? options.cdata) !== undefined)
    throw new BadInput(t`--format and --cdata are for the demo's WeChat; with ${file} the real one's console says it`);
  if (file !== undefined && options.channel !== undefined)
    throw new BadInput(t`--channel is for the demo's merchant; in ${file} it stands under merchants`);
  const demo =
    file === undefined ? await (await import('./app/demo.ts')).startDemo(demoPort(), clock, options) : undefined;
  const { lang = 'en' } = options;
  const config: Config = { ...loadConfig(file ?? DEMO_CONFIG, process.env, instant(clock.now())), lang };
  const level = wished ?? config.log.level ?? (demo ? 'warn' : 'info');
  const log = createLog({ ...config.log, level });
  onlyLines(log);
  for (const hint of config.hints ?? []) log.warn({}, showFindingIn(lang, hint));
  const store = await openStoreOf(config, text => log.warn({}, text));
  let bot: Bot | undefined;
  try {
    await refuseUnfinished(store);
    const { createMetrics } = await import('./engine/ops/metrics.ts');
    const holder = `${hostname()}:${process.pid}:${randomBytes(6).toString('hex')}`;
    const now = instant(clock.now());
    const said = [...(await belongToUs(store, config, holder, now)), ...(demo ? [] : await saidAhead(store, now))];
    for (const each of said) log.warn({}, inLang(each, lang));
    bot = await createBot({
      config,
      clock: () => instant(clock.now()),
      timer: realTimer,
      log,
      store,
      version: versionOf(),
      holder,
      metrics: createMetrics({ runtime: true }),
      ...(demo && { extend: demo.routes(store, () => bot!.rulebook), frames: ["'self'", demo.simulator.url] }),
    });
    const server = await listen(bot, config);
    const url = urlOf(config.host, server);
    const dashboard = await listenForAdmin(bot, config, log).catch(async (error: unknown) => {
      server.close();
      throw error;
    });
    demo?.wire(url);
    bot.start();
    announce(url, demo, config, log);
    if (dashboard) log.info({ url: `${urlOf(config.admin!.listen!.host, dashboard)}/admin` }, 'the dashboard is open');
    return {
      url,
      async stop() {
        dashboard?.close();
        dashboard?.closeAllConnections();
        await stop(server, bot, store, demo);
      },
    };
  } catch (error) {
    await stop(undefined, bot, store, demo);
    throw error;
  }
}

function levelWished(): string | undefined {
  const { LOG_LEVEL } = process.env;
  if (LOG_LEVEL === undefined || LOG_LEVEL === '') return undefined;
  if (LEVELS.includes(LOG_LEVEL)) return LOG_LEVEL;
  throw new BadInput(t`LOG_LEVEL=${LOG_LEVEL} is no level; use ${LEVELS.join(', ')}`);
}

function demoPort(): number {
  const { PORT } = process.env;
  if (PORT === undefined || PORT === '') return DEMO_PORT;
  if (!/^\d{1,5}$/.test(PORT) || Number(PORT) > 65_535) throw new BadInput(t`PORT=${PORT} is no port; use 0 to 65535`);
  return Number(PORT);
}

function listen(bot: Bot, config: Config): Promise<Server> {
  const { host, port, trustProxy } = config;
  const server = createEdgeServer(bot.app.callback(), trustProxy, {}, bot.isFirst);
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const words = listenTrouble(error.code ?? '', config);
      reject(words === undefined ? error : unfit(config, 'listen', words));
    });
    server.listen({ port, host, backlog: BACKLOG }, () => resolve(server));
  });
}

/** At its place in bot.yaml, where it stands there. */
function unfit({ places, file }: Config, key: 'listen' | 'admin', words: Wording): BadInput {
  const at = places?.[key];
  return at ? new BadInput(t`${file} is not fit to start with:`, [findingAt(file, at, words)]) : new BadInput(words);
}

/** On its own port: never where followers come. */
async function listenForAdmin({ admin }: Bot, config: Config, log: Log): Promise<Server | undefined> {
  const { admin: place, trustProxy } = config;
  if (!admin || !place?.listen) return undefined;
  const { host, port } = place.listen;
  const server = createEdgeServer(adminApp(admin, log).callback(), trustProxy);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const words =
        error.code === 'EADDRINUSE'
          ? t`admin.listen: port ${port} is taken; choose another address`
          : t`admin.listen: ${host}:${port} cannot be listened on (${error.code}); choose another address`;
      reject(unfit(config, 'admin', words));
    });
    server.listen({ port, host }, resolve);
  });
  return server;
}

function listenTrouble(code: string, { host, port }: Config): Wording | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return t`port ${port} is taken; stop what runs there, or choose another (PORT=3100 npm start; \`listen\` in bot.yaml)`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return t`listen: ${host} is no address of this machine; 127.0.0.1:${port} is for a proxy on it, 0.0.0.0:${port} for everybody`;
    case 'EACCES':
      return t`listen: this user may not open port ${port}; take one above 1023, behind the proxy`;
    default:
      return undefined;
  }
}

function urlOf(host: string, server: Server): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function announce(url: string, demo: Demo | undefined, { rules, publicUrl, accounts }: Config, log: Log): void {
  if (!demo) {
    const webhooks = [...accounts.keys()].map(name => `${publicUrl}/wechat/${name}`);
    log.info({ url, webhooks }, 'ready');
    return;
  }
  process.stdout.write(`
  hongbao-bot 红包机器人 — demo: nothing is real, everything works

    Chat page 聊天页   ${url}/simulator
    Dashboard 管理台   ${url}/admin   (${demo.login.name} / ${demo.login.password})
    Webhook            ${url}/wechat/tea
    Simulated WeChat   ${demo.simulator.url}  (pay: ${demo.simulator.payUrl})
    Configuration      ${demo.configFile}, rules in ${relative('', rules)}/

  Ctrl-C stops it. Data stays in data/.

`);
}

async function stop(
  server: Server | undefined,
  bot: Bot | undefined,
  store: Store,
  demo: Demo | undefined,
): Promise<void> {
  const closed = server && new Promise(resolve => server.close(resolve));
  server?.closeIdleConnections();
  setTimeout(() => server?.closeAllConnections(), STOP_WAITS_MS).unref();
  await Promise.all([closed, bot?.stop()]);
  await store.close();
  await demo?.simulator.close();
}
