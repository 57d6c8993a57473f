// Wires the dashboard: what it reads, what it may do, and where its built files lie.

import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import Koa, { type Middleware } from 'koa';
import type { Config } from '../config/config.ts';
import { sessionSecretsOf } from '../config/secret.ts';
import { BadInput, messageOf } from '../core/base/error.ts';
import type { Fen } from '../core/base/money.ts';
import { oneLine } from '../core/base/text.ts';
import { type Instant, MINUTE, SECOND } from '../core/base/time.ts';
import type { Book } from '../core/decide/match.ts';
import type { OverviewPorts } from '../engine/overview/ports.ts';
import { createRecent } from '../engine/overview/recent.ts';
import { createTally } from '../engine/overview/tally.ts';
import type { LiveBook } from '../engine/rulebook-live.ts';
import type { Trial } from '../engine/trials/trials.ts';
import { createDoor, type DoorPorts } from '../http/admin/door.ts';
import { adminRoutes } from '../http/admin/routes.ts';
import type { Clock, Log, Payer, Store } from '../ports.ts';
import { examineBeside } from './doctor.ts';
import { tryBeside } from './trials.ts';

/** Beside the compiled code; and from the sources (in tests) the folder of the last build. */
const FOLDERS = ['../pages/', '../../dist/pages/'].map(path => new URL(path, import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};
const FILES = ['admin.js', 'admin.css', 'login.css'];
/** WeChat Pay is not asked for a balance more often. */
const BALANCE_FRESH_MS = 5 * MINUTE;
/** As long as a pass took, times this, is the pause after it: what is counted never takes more than a fifth of a core. */
const REST_TIMES = 4;
const REST_MIN_MS = 20;
const COUNT_EVERY_MS = 5 * SECOND;
/** An act keeps what matters. */
const TEXT_MAX = 500;

type Parts = {
  readonly config: Config;
  readonly clock: Clock;
  readonly timer: { ticks(): number; sleep(ms: number): Promise<unknown> };
  readonly log: Log;
  readonly store: Store;
  readonly holder: string;
  readonly book: () => Book;
  readonly payers: ReadonlyMap<string, Payer>;
  readonly nudge: () => void;
  /** What rules go live beside. */
  readonly live: LiveBook;
};

export type Admin = {
  readonly middleware: Middleware;
  /** It is on the bot's own port. */
  readonly isHere: boolean;
  /** Begins to count what happens. */
  start(): void;
  stop(): Promise<void>;
};

/** `undefined`: bot.yaml has none. */
export function createAdmin(parts: Parts): Admin | undefined {
  const { config, clock, timer, log, store, book, payers, nudge } = parts;
  const { admin } = config;
  if (!admin) return undefined;
  const tally = createTally(parts);
  const recent = createRecent(store);
  const overview: OverviewPorts = { store, clock, config, book, tally, recent, balance: balances(payers, clock) };
  const writeDown = writerOf(store, clock);
  const payer = (name: string) => {
    const [found, merchant] = [payers.get(name), config.merchants.get(name)];
    if (!found || !merchant) throw new BadInput(`bot.yaml has no merchant "${name}" any more; add it again`);
    return { payer: found, policy: merchant.policy };
  };
  const trial = (each: Trial) => tryBeside(config.file, each);
  const rules = {
    trial,
    live: parts.live,
    holder: parts.holder,
    sleep: async (ms: number) => void (await timer.sleep(ms)),
  };
  const doctor = () => examineBeside(config.file, clock());
  const { routes, stop } = adminRoutes({ overview, admin, payer, nudge, writeDown, rules, doctor });
  const counting = keepCounting([tally, recent], timer, log);
  return {
    middleware: createDoor({
      ...{ admin, clock, log, routes, asset: readAsset, writeDown },
      sleep: ms => timer.sleep(ms),
      trustProxy: config.trustProxy,
      secret: sessionSecretsOf(config),
    }),
    isHere: admin.listen === undefined,
    start: counting.start,
    async stop() {
      stop();
      await counting.stop();
    },
  };
}

/** The dashboard alone, for a port of its own. */
export function adminApp({ middleware }: Admin, log: Log): Koa {
  const app = new Koa();
  app.silent = true;
  app.on('error', (error: unknown) => log.error({ err: error }, `the dashboard failed: ${messageOf(error)}`));
  app.use(middleware);
  app.use(ctx => {
    ctx.status = 404;
    ctx.body = '';
  });
  return app;
}

async function readAsset(name: string): ReturnType<DoorPorts['asset']> {
  if (!FILES.includes(name)) return undefined;
  for (const folder of FOLDERS) {
    const body = await readFile(fileURLToPath(new URL(name, folder))).catch(() => undefined);
    if (body) return { type: TYPES[extname(name)]!, body };
  }
  return undefined;
}

function writerOf(store: Store, clock: Clock): DoorPorts['writeDown'] {
  const clip = (text: string): string => oneLine(text).slice(0, TEXT_MAX);
  return async (by, what, about, detail = '') => {
    const act = { at: clock(), by: clip(by), what: clip(what), about: clip(about) };
    await store.acts.append({ ...act, ...(detail !== '' && { detail: clip(detail) }) });
  };
}

/** Asked once in a while; whoever looks meanwhile is told what was said last. */
function balances(payers: ReadonlyMap<string, Payer>, clock: Clock): OverviewPorts['balance'] {
  const known = new Map<string, { readonly at: Instant; readonly balance: Promise<Fen | undefined> }>();
  return name => {
    const before = known.get(name);
    const now = clock();
    if (before && Math.abs(now - before.at) < BALANCE_FRESH_MS) return before.balance;
    const asked = Promise.resolve(payers.get(name)?.balance?.()).catch(() => undefined);
    known.set(name, { at: now, balance: asked });
    return asked;
  };
}

/** Counts on while there is anything, at a gentle pace. */
function keepCounting(
  all: readonly { pass(): Promise<boolean> }[],
  timer: Parts['timer'],
  log: Log,
): { start(): void; stop(): Promise<void> } {
  let [isOver, running] = [false, Promise.resolve()];
  let wake: (() => void) | undefined;
  const rest = (ms: number): Promise<void> =>
    new Promise(resolve => {
      wake = resolve;
      setTimeout(resolve, ms).unref();
    });
  const run = async (): Promise<void> => {
    while (!isOver) {
      const began = timer.ticks();
      let hasMore = false;
      for (const each of all) {
        const more = await each.pass().catch((error: unknown) => {
          log.warn({ err: error }, 'what happened could not be counted up for the dashboard');
          return false;
        });
        hasMore ||= more;
      }
      if (isOver) return;
      await rest(hasMore ? Math.max(REST_MIN_MS, REST_TIMES * (timer.ticks() - began)) : COUNT_EVERY_MS);
    }
  };
  return {
    start: () => {
      running = run();
    },
    async stop() {
      isOver = true;
      wake?.();
      await running;
    },
  };
}
