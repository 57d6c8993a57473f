// The world of one seed: followers, a WeChat in trouble, clocks that are set, rule files that are edited, operators at work,
// and two workers (`worker.ts`) on a ground that may give way (`ground.ts`). A seed has a few features
// only, so that it stays short.

import type { Config } from '../../src/config/config.ts';
import { type OpenId, openId } from '../../src/core/base/event.ts';
import { beijingText, instant } from '../../src/core/base/time.ts';
import type { Lease } from '../../src/ports.ts';
import { PayDesk } from '../../src/simulator/pay/redpack.ts';
import { TransferDesk } from '../../src/simulator/pay/transfer.ts';
import type { PayFault } from '../../src/simulator/shared/protocol.ts';
import { VoucherDesk } from '../../src/simulator/voucher/desk.ts';
import { couponNow } from '../../src/simulator/world/coupon.ts';
import { World } from '../../src/simulator/world/world.ts';

import type { Bug } from './bugs.ts';
import { ACCOUNT, APP_ID, type Channel, configOf, KEY, KEY_V3, MCH_ID } from './config.ts';
import type { Ground, Grounds } from './ground.ts';
import { Notices } from './notices.ts';
import { Operator } from './operator.ts';
import { Pushes } from './push.ts';
import { type Setting, STOCK, THEMES, type Version, versionsOf } from './rules.ts';
import { breathe, Dice, VirtualTime } from './time.ts';
import { FAULTS, TRANSFER_REASONS } from './trouble.ts';
import { Watch } from './watch.ts';
import { Worker } from './worker.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** A Tuesday morning in Beijing; some seeds begin shortly before a day ends. */
const MORNING = Date.UTC(2026, 1, 10, 2);

/** As much of an order as is judged by. */
type Standing = Pick<NonNullable<ReturnType<World['order']>>, 'status' | 'reason' | 'refundedAt' | 'billState'>;
/** What a world has for sure, whatever its seed says. */
export const WISHES = ['vouchers', 'authorized'] as const;
export type Wish = (typeof WISHES)[number];
/** Of the stock of vouchers: there are some, none is left, or its merchant has it rest. */
type StockState = 'full' | 'spent' | 'paused';
const COUPONS = { SENDED: 'SENT', USED: 'RECEIVED', EXPIRED: 'REFUND', RECOVER: 'REFUND' } as const;

export class Torture {
  readonly seed: number;
  readonly bug: Bug | undefined;
  readonly dice: Dice;
  readonly time: VirtualTime;
  readonly channel: Channel;
  readonly config: Config;
  /** Followers are asked, with a transfer, to be paid without a tap from then on. */
  readonly authorizes: boolean;
  /** WeChat Pay signs with either of two keys. */
  readonly hasTwoKeys: boolean;
  /** Of a transfer that was taken back WeChat Pay says CANCELLED; otherwise FAIL. */
  readonly saysCancelled: boolean;
  readonly wechat: World;
  readonly desk: PayDesk;
  readonly transfers: TransferDesk;
  readonly vouchers: VoucherDesk;
  private stockState: StockState = 'full';
  readonly watch: Watch;
  readonly pushes: Pushes;
  readonly notices: Notices;
  readonly operator: Operator;
  /** The leases that were given out, for a bug. */
  readonly leases = new Map<string, Lease>();
  readonly setting: Setting;
  readonly versions: readonly [Version, Version];
  readonly perSecond: number;
  ground!: Ground;
  readonly people: OpenId[] = [];
  /** Who follows, as WeChat knows it. */
  readonly following = new Set<OpenId>();
  readonly story: string[] = [];
  readonly workers: Worker[] = [];
  /** While it lasts things go wrong; afterwards everybody is given the time to come to rest. */
  isTroubled = true;
  /** Since when nothing does. */
  peaceFrom = Number.POSITIVE_INFINITY;
  /** Nobody opens anything any more. */
  isLazy = false;
  /** The second version of the rule file lies there. */
  isEdited = false;
  /** While everything is slow: how long a call of the store may take, ms. */
  slowness = 0;
  /** When a wall clock was set. */
  readonly jumps: number[] = [];
  /** When nobody, or this worker, could be expected to answer in time. */
  readonly hurts: { readonly from: number; readonly to: number; readonly worker?: Worker }[] = [];
  private readonly grounds: Grounds;

  constructor(seed: number, grounds: Grounds, bug?: Bug, wishes: readonly Wish[] = []) {
    this.seed = seed;
    this.grounds = grounds;
    this.bug = bug;
    const dice = new Dice(seed);
    this.dice = dice;
    const dayStartsAt = dice.pick(['00:00', '10:00'] as const);
    const isAtBorder = dice.chance(0.4);
    const border = dayStartsAt === '10:00' ? MORNING : MORNING + 14 * HOUR;
    const start = isAtBorder ? border - 2 * MINUTE : MORNING;
    this.time = new VirtualTime(start, () => this.ground.settled());
    const [first, second] = [start + MINUTE, start + 3 * MINUTE].map(at => beijingText(instant(at)).slice(0, 16));
    this.setting = {
      theme: dice.pick(THEMES),
      isLarge: dice.chance(0.5),
      unclaimed: dice.pick(['return', 'reoffer']),
      hasVouchers: seed % 3 === 0 || wishes.includes('vouchers'),
      isTogether: seed % 4 === 1,
      dayStartsAt,
      rounds: [first!, second!],
    };
    this.versions = versionsOf(this.setting);
    const channel = dice.pick(['redpack', 'transfer'] as const);
    const isWished = wishes.includes('authorized');
    this.channel = isWished ? 'transfer' : channel;
    this.authorizes = isWished || (channel === 'transfer' && seed % 2 === 0);
    this.config = configOf(this.channel, this.setting.hasVouchers, this.authorizes);
    this.hasTwoKeys = this.channel === 'transfer' && dice.chance(0.5);
    this.saysCancelled = dice.chance(0.5);
    this.perSecond = dice.pick([2, 5, 30]);
    this.watch = new Watch({
      now: () => this.time.now(),
      isOneMachine: grounds.isOneMachine,
      wasSet: this.wasSet,
      wasAnySetSince: from => this.jumps.some(jump => jump >= from),
      standing: billNo => this.orderOf(billNo)?.status,
      tell: line => this.tell(line),
    });
    this.wechat = this.newWeChat();
    this.desk = new PayDesk(this.wechat);
    this.transfers = new TransferDesk(this.wechat);
    this.vouchers = new VoucherDesk(this.wechat);
    this.stock('full');
    this.pushes = new Pushes(this);
    this.notices = new Notices(this);
    this.operator = new Operator(this);
    for (let i = dice.between(3, 8); i > 0; i--) this.addPerson();
  }

  private newWeChat(): World {
    const { dice } = this;
    const account = {
      name: ACCOUNT,
      title: '茶',
      appId: APP_ID,
      appSecret: 's',
      token: 't',
      encodingAesKey: 'A'.repeat(43),
      originalId: 'gh_1',
      mode: 'plain',
      webhook: '',
    } as const;
    const limits = {
      perUserPerDay: dice.pick([3, 10]),
      repeat: dice.pick(['success', 'SEND_FAILED'] as const),
      transferringMs: dice.pick([0, 3000]),
      cancelingMs: dice.pick([1000, 40_000]),
    };
    return new World({
      port: 0,
      payPort: 0,
      clock: { now: () => this.time.now(), offsetMs: () => 0, setOffset: () => undefined },
      accounts: [account],
      merchants: [{ mchId: MCH_ID, apiV2Key: KEY, apiV3Key: KEY_V3, balance: 1_000_00, appIds: [APP_ID], limits }],
    });
  }

  private addPerson(): void {
    const openid = openId(`oTorture${String(this.people.length).padStart(20, '0')}`);
    this.wechat.addPerson(ACCOUNT, { openid });
    if (this.dice.chance(0.6)) this.following.add(openid);
    this.people.push(openid);
    this.stock(this.stockState);
  }

  tell(line: string): void {
    this.story.push(`${new Date(this.time.now() + 8 * HOUR).toISOString().slice(5, 23)} ${line}`);
  }

  async begin(workers: number): Promise<void> {
    this.ground = await this.grounds.ground(this);
    await this.operator.prepare();
    for (let i = 0; i < workers; i++) {
      const worker = new Worker(this, i);
      this.workers.push(worker);
      await worker.start();
      // One at a time, so that their first calls always come in the same order.
      await this.time.runUntil(this.time.now());
    }
  }

  /** As WeChat Pay has it; of a coupon, what comes nearest. */
  orderOf(billNo: string): Standing | undefined {
    const coupon = this.wechat.coupons.byNumber(MCH_ID, billNo);
    if (!coupon) return this.wechat.order(MCH_ID, billNo, this.channel);
    const status = COUPONS[couponNow(coupon, this.time.now()).status];
    return { status, ...(status === 'REFUND' && { refundedAt: coupon.endAt }) };
  }

  stock(state: StockState): void {
    if (state !== this.stockState) this.tell(`the stock of vouchers is ${state}`);
    this.stockState = state;
    const about = {
      stockId: STOCK,
      creator: MCH_ID,
      name: '茶券',
      amount: 150,
      minimum: 0,
    } as const;
    const given = this.wechat.coupons.all().length;
    const end = this.time.now() + 20 * 24 * HOUR;
    this.wechat.coupons.putStock({
      ...{
        ...about,
        status: state === 'paused' ? 'paused' : 'running',
        maxCoupons: state === 'spent' ? given : 1000,
        perUser: 6,
        validMs: 5 * HOUR,
        beginAt: 0,
        endAt: end,
      },
      abnormal: this.people.filter((_, n) => n % 3 === 1), // for ever: they get another prize instead
    });
  }

  /** For so long nobody here, or not this worker, must be expected to answer in time. */
  hurt(ms: number, worker?: Worker): void {
    const from = this.time.now();
    this.hurts.push({ from, to: from + ms, ...(worker && { worker }) });
  }

  /** Troubles of WeChat Pay and of the account, for a while. */
  trouble(): void {
    const { dice } = this;
    const pay: PayFault[] = [];
    for (let i = dice.between(0, 3); i > 0; i--) {
      const kind = dice.pick(FAULTS);
      const isPersonal = kind === 'noAuthUser' || dice.chance(0.2);
      pay.push({
        kind,
        times: dice.between(1, 4),
        afterMs: dice.between(1, 40) * MINUTE,
        delayMs: dice.between(1, 30) * SECOND,
        ...(isPersonal && { openid: dice.pick(this.people) }),
        ...(this.channel === 'transfer' && kind === 'processingThenFailed' && reasonOf(dice)),
      });
    }
    // A bill may fail at any time, for many reasons.
    if (this.channel === 'transfer' && dice.chance(0.3))
      pay.push({ kind: 'processingThenFailed', times: 1, afterMs: dice.between(1, 5) * MINUTE, ...reasonOf(dice) });
    if (dice.chance(0.3)) pay.push({ kind: 'code', code: dice.pick(CODES[this.channel]), times: dice.between(1, 3) });
    if (dice.chance(0.2)) {
      const at = this.channel === 'redpack' ? 'gethbinfo' : 'transferQuery';
      pay.push({ kind: 'code', at, code: dice.pick(QUERY_CODES[this.channel]), times: dice.between(1, 5) });
    }
    this.wechat.faults.set({ pay, platform: [] });
    if (pay.length > 0)
      this.tell(`WeChat: ${pay.map(fault => `${fault.kind} ${fault.code ?? ''}×${fault.times}`).join(', ')}`);
    if (this.setting.hasVouchers) this.stock(dice.pick(['full', 'full', 'full', 'full', 'spent', 'paused']));
    if (dice.chance(0.1)) this.setBalance(0);
    else if (dice.chance(0.3)) this.setBalance(100_000);
  }

  /** Some end what they have authorized, or WeChat Pay does. */
  endSome(): void {
    if (!this.authorizes) return;
    for (const { mchId, number, state, openid } of this.wechat.authorizations.list()) {
      if (state === 'CLOSED' || !this.dice.chance(0.02)) continue;
      const reason = this.dice.pick(['USER_CLOSE', 'TRANSFER_RISK', 'USER_ACCOUNT_ABNORMAL'] as const);
      this.tell(`${openid.slice(-2)} has authorized no more: ${reason} [${number.slice(-6)}]`);
      this.wechat.authorizations.close(mchId, number, reason);
    }
  }

  setBalance(amount: number): void {
    if (this.wechat.merchant(MCH_ID).books.balance === amount) return;
    this.tell(`the balance is ${amount}`);
    this.wechat.setBalance(MCH_ID, amount);
  }

  /** Machines that swap, disks that are full of other people's work: for a while every call of the store takes long. */
  crawl(): void {
    const { dice, time } = this;
    this.slowness = dice.pick([300, 1500, 3000, 3000]);
    this.tell(`the store takes up to ${this.slowness} ms`);
    const ms = dice.between(5, 30) * SECOND;
    this.hurt(ms + 4 * SECOND); // what was begun while it lasted
    time.at(time.now() + ms, () => {
      this.slowness = 0;
    });
  }

  /** A new version is rolled out, say. */
  restart(): void {
    this.dice
      .pick(this.workers)
      .leave()
      .catch(() => undefined); // the store was away: it has ended all the same
  }

  /** Somebody has edited the rule file: one process after the other notices. */
  edit(): void {
    const { dice, time, workers } = this;
    this.tell('the rule file is edited');
    this.isEdited = true;
    for (const worker of workers)
      time.at(time.now() + dice.between(0, 3000), () => {
        worker.version = 1;
      });
  }

  /**
   * Whether the clock by which leases last was set between the two. Then, and only then, a lease may end while its holder
   * counts on it: another worker gets the turn early, and does not know when a number was last tried. What the former
   * holder begins after that is stale; what it had begun leaves.
   */
  readonly wasSet = (from: number, to: number): boolean =>
    this.grounds.isOneMachine && this.jumps.some(jump => jump >= from && jump <= to);

  /** A machine's wall clock is set, forwards or back; all its processes see it. */
  jump(): void {
    const { dice, grounds, workers } = this;
    // API v3 signs the time: a clock that is off by minutes cannot pay at all.
    const small = [0, -100 * SECOND, -5 * SECOND, 5 * SECOND, 100 * SECOND];
    const skew = dice.pick(this.channel === 'transfer' ? small : [...small, -HOUR, 2 * HOUR, 26 * HOUR]);
    const those = grounds.isOneMachine ? workers : [dice.pick(workers)];
    for (const worker of those) worker.skew = skew;
    this.jumps.push(this.time.now());
    this.tell(`the clock of ${those.map(({ name }) => name).join(' and ')} is off by ${skew / SECOND} s`);
  }

  /** They are right again. */
  setClocks(): void {
    if (this.workers.some(({ skew }) => skew !== 0)) this.jumps.push(this.time.now());
    for (const worker of this.workers) worker.skew = 0;
  }

  async close(): Promise<void> {
    for (const worker of this.workers) worker.die(false);
    this.wechat.close();
    await breathe();
    await this.ground.close();
  }
}

const CODES: Readonly<Record<Channel, readonly string[]>> = {
  redpack: ['SYSTEMERROR', 'SENDNUM_LIMIT', 'SEND_FAILED', 'PROCESSING', 'SENDAMOUNT_LIMIT', 'BRAND_NEW'],
  transfer: ['SYSTEM_ERROR', 'RATELIMIT_EXCEEDED', 'BRAND_NEW', 'ALREADY_EXISTS'],
};
const QUERY_CODES: Readonly<Record<Channel, readonly string[]>> = {
  redpack: ['FREQ_LIMIT', 'SYSTEMERROR', 'NOT_FOUND'],
  transfer: ['FREQUENCY_LIMIT_EXCEED', 'SYSTEM_ERROR', 'BRAND_NEW'],
};

/** Why a bill fails; in some cases WeChat Pay does not say. */
function reasonOf(dice: Dice): { readonly code?: string } {
  const code = dice.pick([undefined, ...TRANSFER_REASONS]);
  return code === undefined ? {} : { code };
}
