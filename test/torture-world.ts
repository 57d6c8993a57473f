// The world of one seed: followers, a network that loses things, a WeChat in trouble, and two workers that die between
// any two steps. The flow, the gate, the table and the SQLite store are the real ones; so is the protocol of WeChat Pay.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config, RedpackMerchant } from '../src/config.ts';
import type { Event, EventKey, Happening, OpenId } from '../src/core/event.ts';
import { ALONE } from '../src/core/lint-at.ts';
import { bookOf } from '../src/core/match.ts';
import { fen } from '../src/core/money.ts';
import { DEFAULT_POLICY } from '../src/core/payout-table.ts';
import { loadCampaign } from '../src/core/rule-file.ts';
import { instant } from '../src/core/time.ts';
import { createFlow, type Flow } from '../src/flow.ts';
import type { Answer, Log, Payer, Store } from '../src/ports.ts';
import { createSettle, type Settle } from '../src/settle.ts';
import { replyXml } from '../src/simulator/pay-reply.ts';
import type { PayFault } from '../src/simulator/protocol.ts';
import { PayDesk, World } from '../src/simulator/simulator.ts';
import { openSqlite } from '../src/storage/sqlite.ts';
import { type Post, payerOver } from '../src/wechat/pay-v2.ts';
import { parseXml, textOf } from '../src/wechat/xml.ts';
import { Dice, VirtualTime } from './torture-time.ts';

export const MCH_ID = '1900000109';
const KEY = '0123456789abcdef0123456789ABCDEF';
const APP_ID = 'wx8888888888888888';
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** A Tuesday morning in Beijing; some seeds begin shortly before midnight. */
const MORNING = Date.UTC(2026, 1, 10, 2);
const PER_SECOND = 30;

const RULES = (unclaimed: string): string => `
campaign: torture
name: 酷刑
period: { from: 2026-01-01, to: 2026-12-31 }
budget: { total: ¥16.00, perDay: ¥12.00, packets: 9 }
limits: { perUser: { perDay: 4, amountPerDay: ¥9.00, gap: 2s } }
packet: { sendName: 阿茶 }
unclaimed: ${unclaimed}
prizes:
  gift: { redpacket: ¥1.00 }
  range: { redpacket: ¥1.20..¥2.80, weight: 3 }
  rare: { redpacket: ¥5.00, weight: 2, stock: 2, perUser: 1 }
  none: { nothing: true, weight: 2 }
rules:
  - { id: follow, on: subscribe, once: ever, give: gift }
  - { id: daily, on: { text: 红包 }, once: perDay, give: gift }
  - { id: draw, on: { text: 抽奖 }, once: perEvent, give: [range, rare, none] }
  - { id: help, on: { text: 帮助 }, reply: 你好 }
`;

/** Bugs that can be planted to see that the verdict finds them. */
export const BUGS = [
  'sent-before-call', // the answer is taken for granted before the call was made
  'new-number-after-silence', // a try whose answer was lost is repeated under another number
  'counters-beside-commit', // budgets move in a write of their own
  'claim-not-unique', // a redelivery makes a claim of its own
  'answer-before-commit', // the follower is told before anything is written
  'refund-forgotten', // money that comes back is not given back to the budget
] as const;
export type Bug = (typeof BUGS)[number];

/** One call of sendredpack as it left a worker. */
export type Departure = { readonly at: number; readonly billNo: string; readonly body: string };
export type Delivery = { readonly event: Event; readonly answers: Answer[] };

const NEVER = new Promise<never>(() => undefined);

export class Torture {
  readonly seed: number;
  readonly bug: Bug | undefined;
  readonly dice: Dice;
  readonly time: VirtualTime;
  readonly wechat: World;
  readonly desk: PayDesk;
  readonly folder = mkdtempSync(join(tmpdir(), 'torture-'));
  readonly people: OpenId[] = [];
  readonly deliveries: Delivery[] = [];
  readonly departures: Departure[] = [];
  readonly story: string[] = [];
  readonly workers: Worker[] = [];
  /** While it lasts things go wrong; afterwards everybody is given the time to come to rest. */
  isTroubled = true;
  /** How far the machine's wall clock is off, ms. SQLite is one machine: its processes share the clock. */
  skew = 0;
  /** When it was set. */
  readonly jumps: number[] = [];
  private messages = 0;

  constructor(seed: number, bug?: Bug) {
    this.seed = seed;
    this.bug = bug;
    this.dice = new Dice(seed);
    this.time = new VirtualTime(this.dice.chance(0.3) ? MORNING + 14 * HOUR - 2 * MINUTE : MORNING);
    const account = {
      name: 'tea',
      title: '茶',
      appId: APP_ID,
      appSecret: 's',
      token: 't',
      encodingAesKey: 'A'.repeat(43),
      originalId: 'gh_1',
      mode: 'plain',
      webhook: '',
    } as const;
    const clock = { now: () => this.time.now(), offsetMs: () => 0, setOffset: () => undefined };
    this.wechat = new World({
      port: 0,
      payPort: 0,
      clock,
      accounts: [account],
      merchants: [
        {
          mchId: MCH_ID,
          apiV2Key: KEY,
          balance: 1_000_00,
          appIds: [APP_ID],
          limits: { perUserPerDay: this.dice.pick([3, 10]), repeat: this.dice.pick(['success', 'SEND_FAILED']) },
        },
      ],
    });
    this.desk = new PayDesk(this.wechat);
    const count = this.dice.between(3, 8);
    for (let i = 0; i < count; i++) {
      const openid = `oTorture${String(i).padStart(20, '0')}` as OpenId;
      this.wechat.addPerson('tea', { openid });
      this.people.push(openid);
    }
  }

  tell(line: string): void {
    this.story.push(`${new Date(this.time.now() + 8 * HOUR).toISOString().slice(5, 23)} ${line}`);
  }

  async begin(workers: number): Promise<void> {
    for (let i = 0; i < workers; i++) {
      const worker = new Worker(this, i);
      this.workers.push(worker);
      await worker.start();
    }
  }

  /** Somebody does something; WeChat delivers it once or more, and again while it is not answered. */
  act(user: OpenId, happening: Happening): void {
    const sentAt = instant(Math.floor(this.time.now() / SECOND) * SECOND);
    const key = (
      happening.kind === 'text' ? `m:${user}:${++this.messages}` : `e:${user}:${sentAt}:${happening.kind}`
    ) as EventKey;
    const event = { key, account: 'tea', user, sentAt, ...happening } as Event;
    const delivery: Delivery = { event, answers: [] };
    this.deliveries.push(delivery);
    this.tell(
      `${user.slice(-2)} ${happening.kind} ${happening.kind === 'text' ? happening.text : ''} [${key.slice(-12)}]`,
    );
    const copies = this.dice.chance(0.25) ? this.dice.between(2, 3) : 1;
    for (let copy = 0; copy < copies; copy++)
      this.time.at(this.time.now() + this.dice.between(1, 900), () => this.deliver(delivery, 1));
  }

  private deliver(delivery: Delivery, attempt: number): void {
    const worker = this.dice.pick(this.workers);
    let isAnswered = false;
    const again = (): void => {
      if (!isAnswered && attempt < 3) this.deliver(delivery, attempt + 1);
    };
    this.time.at(this.time.now() + 5 * SECOND, again);
    if (!worker.isAlive) return;
    worker.flow!.handle(delivery.event).then(
      answer => {
        isAnswered = true;
        delivery.answers.push(answer);
      },
      () => undefined, // a 503: WeChat delivers again
    );
  }

  /** Troubles of WeChat Pay and of the account, for a while. */
  trouble(): void {
    const { dice } = this;
    const kinds = [
      'lostReply',
      'errorAfterSent',
      'errorNothingStored',
      'processing',
      'processingThenFailed',
      'slow',
      'truncated',
      'html502',
      'unknownCode',
      'extraElements',
      'noAuthUser',
      'notEnough',
      'freqLimit',
      'noAuthIp',
      'noAuthProduct',
    ] as const;
    const pay: PayFault[] = [];
    for (let i = dice.between(0, 3); i > 0; i--) {
      const kind = dice.pick(kinds);
      const isPersonal = kind === 'noAuthUser' || dice.chance(0.2);
      pay.push({
        kind,
        times: dice.between(1, 4),
        afterMs: dice.between(1, 40) * MINUTE,
        delayMs: dice.between(1, 30) * SECOND,
        ...(isPersonal && { openid: dice.pick(this.people) }),
      });
    }
    if (dice.chance(0.3))
      pay.push({
        kind: 'code',
        code: dice.pick(['SYSTEMERROR', 'SENDNUM_LIMIT', 'SEND_FAILED', 'PROCESSING', 'SENDAMOUNT_LIMIT', 'BRAND_NEW']),
        times: dice.between(1, 3),
      });
    if (dice.chance(0.2))
      pay.push({
        kind: 'code',
        at: 'gethbinfo',
        code: dice.pick(['FREQ_LIMIT', 'SYSTEMERROR', 'NOT_FOUND']),
        times: dice.between(1, 5),
      });
    this.wechat.faults.set({ pay, platform: [] });
    if (pay.length > 0)
      this.tell(`WeChat: ${pay.map(fault => `${fault.kind} ${fault.code ?? ''}×${fault.times}`).join(', ')}`);
    if (dice.chance(0.1)) this.setBalance(0);
    else if (dice.chance(0.3)) this.setBalance(100_000);
  }

  setBalance(amount: number): void {
    if (this.wechat.merchant(MCH_ID).books.balance === amount) return;
    this.tell(`the balance is ${amount}`);
    this.wechat.setBalance(MCH_ID, amount);
  }

  close(): void {
    for (const worker of this.workers) worker.die(false);
    this.wechat.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One process: a flow and a gate over the store, with a clock of its own, until it dies. */
export class Worker {
  readonly name: string;
  flow: Flow | undefined;
  settle: Settle | undefined;
  store: Store | undefined;
  private readonly torture: Torture;
  private life = 0;

  constructor(torture: Torture, index: number) {
    this.torture = torture;
    this.name = `worker ${index}`;
  }

  get isAlive(): boolean {
    return this.store !== undefined;
  }

  now() {
    return instant(this.torture.time.now() + this.torture.skew);
  }

  async start(): Promise<void> {
    const { torture } = this;
    const life = ++this.life;
    this.store = await openSqlite(join(torture.folder, 'bot.db'));
    const store = this.mortal(withBug(this.store, torture), life);
    const payer = this.mortal(payerOver(KEY, this.network()), life) as Payer;
    const log = this.log();
    const clock = () => this.now();
    const policy = { ...DEFAULT_POLICY, askAfter: [20 * SECOND, 2 * MINUTE, HOUR, 6 * HOUR, 25 * HOUR] };
    const timer = { ticks: () => torture.time.now(), sleep: (ms: number) => torture.time.sleep(ms) };
    const settle = createSettle({
      holder: `${this.name}/${life}`,
      clock,
      timer,
      store,
      log,
      merchants: [{ name: 'shop', payer: buggyPayer(payer, torture), perSecond: PER_SECOND, policy, quietHours: [] }],
    });
    this.settle = settle;
    this.flow = createFlow({
      clock,
      store,
      log,
      config: CONFIG,
      book: () => BOOKS[torture.seed % 2]!,
      planned: () => settle.nudge(),
    });
    torture.tell(`${this.name} starts`);
    settle.pass().catch(() => undefined);
    this.tick(life);
  }

  private tick(life: number): void {
    if (life !== this.life || !this.isAlive) return;
    this.settle!.nudge();
    if (this.torture.isTroubled) this.torture.time.at(this.torture.time.now() + SECOND, () => this.tick(life));
  }

  /** `isToReturn`: as after a kill -9, with a supervisor that starts it again. */
  die(isToReturn: boolean): void {
    const { store } = this;
    if (!store) return;
    this.store = undefined;
    this.life++;
    this.torture.tell(`${this.name} dies`);
    setImmediate(() => void store.close().catch(() => undefined));
    if (!isToReturn) return;
    const back = this.torture.time.now() + this.torture.dice.between(1, 60) * SECOND;
    this.torture.time.at(back, () => this.start());
  }

  /** Every call may be the last: before it does anything, or after it did and before anybody hears of it. */
  private mortal<T extends object>(target: T, life: number): T {
    const alive = (): boolean => this.life === life;
    return new Proxy(target, {
      get: (object, name) => {
        const method = Reflect.get(object, name) as unknown;
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (!alive()) return NEVER;
          const isFatal = this.torture.isTroubled && this.torture.dice.chance(0.006);
          if (isFatal && this.torture.dice.chance(0.5)) {
            this.torture.tell(`${this.name}: before ${String(name)}`);
            this.die(true);
            return NEVER;
          }
          const result = await (method as (...all: unknown[]) => Promise<unknown>).apply(object, args);
          if (isFatal && alive()) {
            this.torture.tell(`${this.name}: after ${String(name)}`);
            this.die(true);
          }
          return alive() ? result : NEVER;
        };
      },
    });
  }

  /** The wire to WeChat Pay: requests and answers are late, lost, or come twice. */
  private network(): Post {
    const { torture } = this;
    const { dice, time, desk } = torture;
    return async (path, body) => {
      const endpoint = path.endsWith('gethbinfo') ? 'gethbinfo' : 'sendredpack';
      const billNo = textOf(parseXml(body), 'mch_billno')!;
      if (endpoint === 'sendredpack') torture.departures.push({ at: time.now(), billNo, body });
      const isTroubled = torture.isTroubled;
      if (isTroubled && dice.chance(0.02)) return { seen: { kind: 'unreached', code: 'ECONNREFUSED', text: '' } };
      const silence = async () => {
        await time.sleep(10 * SECOND);
        return { seen: { kind: 'silence', code: 'UND_ERR_HEADERS_TIMEOUT', text: '' } } as const;
      };
      if (isTroubled && dice.chance(0.04)) {
        torture.tell(`the request for ${billNo.slice(-6)} is lost`);
        return silence();
      }
      await time.sleep(dice.between(5, 400));
      const { reply, spoil } = desk.answer(endpoint, body, MCH_ID);
      if (isTroubled && dice.chance(0.04))
        time.at(time.now() + dice.between(1, 5000), () => void desk.answer(endpoint, body, MCH_ID));
      torture.tell(
        `${endpoint} ${billNo.slice(-6)} → ${String(reply.status ?? reply.err_code ?? reply.result_code)}${spoil ? ` (${spoil.kind})` : ''}`,
      );
      if (spoil?.kind === 'cut' || (isTroubled && dice.chance(0.04))) return silence();
      await time.sleep(dice.between(5, 400));
      if (spoil?.kind === 'html502') return { status: 502, text: '<html>' };
      if (spoil?.kind === 'truncated') return { status: 200, text: replyXml(reply).slice(0, 60) };
      if (spoil?.kind === 'slow' && spoil.delayMs > 9000) return silence();
      if (spoil?.kind === 'systemError')
        return {
          status: 200,
          text: replyXml({
            return_code: 'SUCCESS',
            result_code: 'FAIL',
            err_code: 'SYSTEMERROR',
            err_code_des: '系统繁忙',
          }),
        };
      return { status: 200, text: replyXml(reply) };
    };
  }

  private log(): Log {
    const say = (fields: object, message: string): void => {
      const { billNo, detail } = fields as { billNo?: string; detail?: string };
      this.torture.tell(`${this.name}: ${message}${billNo ? ` ${billNo.slice(-6)}` : ''} ${detail ?? ''}`);
    };
    return { debug: () => undefined, info: say, warn: say, error: say };
  }
}

// ── Bugs on purpose ──────────────────────────────────────────────────────────────────────────────────────────

function withBug(store: Store, { bug, dice }: Torture): Store {
  switch (bug) {
    case 'counters-beside-commit':
      return {
        ...store,
        commit: async commit => {
          const done = await store.commit({ ...commit, counters: [] });
          if (done.kind !== 'done' || commit.counters.length === 0) return done;
          const { claim: _, payout: __, follower: ___, ...rest } = commit;
          await store.commit({ ...rest, event: { ...commit.event, key: `${commit.event.key}#counters` as EventKey } });
          return done;
        },
      };
    case 'claim-not-unique':
      return {
        ...store,
        answered: async () => undefined,
        commit: commit => {
          if (!commit.claim || !commit.payout) return store.commit(commit);
          const salt = String(dice.next());
          const claimKey = `${commit.claim.key}#${salt}`;
          const billNo =
            `${commit.payout.billNo.slice(0, 18)}${salt.slice(2, 12).padEnd(10, '0')}` as typeof commit.payout.billNo;
          return store.commit({
            ...commit,
            event: { ...commit.event, key: `${commit.event.key}#${salt}` as EventKey },
            claim: { ...commit.claim, key: claimKey },
            payout: { ...commit.payout, claimKey, billNo },
          });
        },
      };
    case 'answer-before-commit':
      return {
        ...store,
        commit: async commit => {
          if (dice.chance(0.1)) return { kind: 'done' }; // it died before the write it had promised
          return store.commit(commit);
        },
      };
    case 'refund-forgotten':
      return {
        ...store,
        advance: (step, under) =>
          store.advance(step.move === 'sent→refunded' ? { ...step, move: 'none' } : step, under),
      };
    default:
      return store;
  }
}

function buggyPayer(payer: Payer, { bug, dice }: Torture): Payer {
  switch (bug) {
    case 'sent-before-call':
      return {
        ...payer,
        send: async payout => {
          if (dice.chance(0.9)) return payer.send(payout);
          return { kind: 'accepted' }; // noted first; the call that was to follow never came
        },
        query: payout => payer.query(payout),
      };
    case 'new-number-after-silence':
      return {
        ...payer,
        send: payout =>
          payer.send(
            payout.tries > 1
              ? {
                  ...payout,
                  billNo:
                    `${payout.billNo.slice(0, -2)}${String(payout.tries).padStart(2, '0')}` as typeof payout.billNo,
                }
              : payout,
          ),
        query: payout => payer.query(payout),
      };
    default:
      return payer;
  }
}

// ── The configuration ────────────────────────────────────────────────────────────────────────────────────────

const MERCHANT: RedpackMerchant = {
  name: 'shop',
  mchId: MCH_ID,
  ca: undefined,
  api: 'https://pay.test',
  limits: {
    perSecond: PER_SECOND,
    perUserPerDay: 10,
    amountPerUserPerDay: fen(1_000_00),
    amountPerDay: fen(1_000_000_00),
    min: fen(100),
    max: fen(20_000),
  },
  policy: DEFAULT_POLICY,
  quietHours: [],
  channel: 'redpack',
  apiV2Key: KEY,
  certificate: { cert: Buffer.alloc(0), key: Buffer.alloc(0) },
  clientIp: '127.0.0.1',
  riskInfo: false,
};
const CONFIG: Config = {
  file: 'bot.yaml',
  host: '127.0.0.1',
  port: 0,
  publicUrl: 'http://127.0.0.1',
  store: '',
  acceptLoss: false,
  replicas: 0,
  rules: '',
  secret: 'torture',
  accounts: new Map([
    [
      'tea',
      {
        name: 'tea',
        appId: APP_ID,
        appSecret: 's',
        token: 't',
        encodingAesKey: undefined,
        mode: 'plain',
        merchant: 'shop',
        api: '',
        open: '',
      },
    ],
  ]),
  merchants: new Map([['shop', MERCHANT]]),
  adminPassword: undefined,
  lint: ALONE.lint,
};
const CAMPAIGNS = ['return', 'reoffer'].map(unclaimed => {
  const loaded = loadCampaign('torture.yaml', RULES(unclaimed));
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
  return loaded.campaign;
});
const BOOKS = CAMPAIGNS.map(campaign => bookOf([campaign], ['tea']));
export const BUDGET = CAMPAIGNS[0]!.budget!;
export const STOCK = 2;
