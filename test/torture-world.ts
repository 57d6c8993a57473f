// The world of one seed: followers, a WeChat in trouble, clocks that are set, and two workers (`torture-worker.ts`) on a
// ground that may give way (`torture-ground.ts`).
import type { Event, EventKey, Happening, OpenId } from '../src/core/event.ts';
import { instant } from '../src/core/time.ts';
import type { Flow } from '../src/flow.ts';
import type { Answer, Lease } from '../src/ports.ts';
import type { PayFault } from '../src/simulator/protocol.ts';
import { PayDesk, World } from '../src/simulator/simulator.ts';
import type { Bug } from './torture-bugs.ts';
import { APP_ID, CAMPAIGNS, KEY, MCH_ID } from './torture-config.ts';
import type { Ground, Grounds } from './torture-ground.ts';
import { breathe, Dice, VirtualTime } from './torture-time.ts';
import { Watch } from './torture-watch.ts';
import { Worker } from './torture-worker.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** A Tuesday morning in Beijing; some seeds begin shortly before midnight. */
const MORNING = Date.UTC(2026, 1, 10, 2);

/** One push of an event, and its answer if WeChat heard one. */
export type Copy = {
  /** When its worker began with it, or with an earlier copy that it is answered with. */
  readonly from: number;
  readonly flow: Flow;
  to: number;
  answer?: Answer;
};
export type Delivery = { readonly event: Event; readonly copies: Copy[] };

export class Torture {
  readonly seed: number;
  readonly bug: Bug | undefined;
  readonly dice: Dice;
  readonly time: VirtualTime;
  readonly wechat: World;
  readonly desk: PayDesk;
  readonly watch: Watch;
  /** The leases that were given out, for a bug. */
  readonly leases = new Map<string, Lease>();
  readonly campaign: (typeof CAMPAIGNS)[number];
  readonly perSecond: number;
  ground!: Ground;
  readonly people: OpenId[] = [];
  readonly deliveries: Delivery[] = [];
  readonly story: string[] = [];
  readonly workers: Worker[] = [];
  /** While it lasts things go wrong; afterwards everybody is given the time to come to rest. */
  isTroubled = true;
  /** While everything is slow: how long a call of the store may take, ms. */
  slowness = 0;
  /** When a wall clock was set. */
  readonly jumps: number[] = [];
  private readonly grounds: Grounds;
  private messages = 0;

  constructor(seed: number, grounds: Grounds, bug?: Bug) {
    this.seed = seed;
    this.grounds = grounds;
    this.bug = bug;
    this.dice = new Dice(seed);
    const start = this.dice.chance(0.3) ? MORNING + 14 * HOUR - 2 * MINUTE : MORNING;
    this.time = new VirtualTime(start, () => this.ground.settled());
    this.campaign = this.dice.pick(CAMPAIGNS);
    this.perSecond = this.dice.pick([2, 5, 30]);
    this.watch = new Watch({
      now: () => this.time.now(),
      isOneMachine: grounds.isOneMachine,
      wasSet: this.wasSet,
      tell: line => this.tell(line),
    });
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
    this.ground = await this.grounds.ground(this);
    for (let i = 0; i < workers; i++) {
      const worker = new Worker(this, i);
      this.workers.push(worker);
      await worker.start();
      // One at a time, so that their first calls always come in the same order.
      await this.time.runUntil(this.time.now());
    }
  }

  /** Somebody does something; WeChat delivers it once or more, and again while it is not answered. */
  act(user: OpenId, happening: Happening): void {
    const sentAt = instant(Math.floor(this.time.now() / SECOND) * SECOND);
    const key = (
      happening.kind === 'text' ? `m:${user}:${++this.messages}` : `e:${user}:${sentAt}:${happening.kind}`
    ) as EventKey;
    const event = { key, account: 'tea', user, sentAt, ...happening } as Event;
    const delivery: Delivery = { event, copies: [] };
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
    if (!worker.isOpen) return;
    const flow = worker.flow!;
    const now = this.time.now();
    const first = delivery.copies.find(each => each.flow === flow && each.to === Number.POSITIVE_INFINITY);
    const copy: Copy = { from: first?.from ?? now, flow, to: Number.POSITIVE_INFINITY };
    delivery.copies.push(copy);
    flow.handle(delivery.event).then(
      answer => {
        copy.to = this.time.now();
        // Neither who has died says it, nor does WeChat hear what comes too late.
        if (worker.flow !== flow || copy.to >= now + 5 * SECOND) return;
        isAnswered = true;
        copy.answer = answer;
      },
      () => {
        copy.to = this.time.now(); // a 503: WeChat delivers again
      },
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

  /** Machines that swap, disks that are full of other people's work: for a while every call of the store takes long. */
  crawl(): void {
    const { dice, time } = this;
    this.slowness = dice.pick([300, 1500, 3000, 3000]);
    this.tell(`the store takes up to ${this.slowness} ms`);
    time.at(time.now() + dice.between(5, 30) * SECOND, () => {
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
    const skew = dice.pick([0, 0, -HOUR, -5 * SECOND, 5 * SECOND, 2 * HOUR, 26 * HOUR]);
    const those = grounds.isOneMachine ? workers : [dice.pick(workers)];
    for (const worker of those) worker.skew = skew;
    this.jumps.push(this.time.now());
    this.tell(`the clock of ${those.map(({ name }) => name).join(' and ')} is off by ${skew / SECOND} s`);
  }

  async close(): Promise<void> {
    for (const worker of this.workers) worker.die(false);
    this.wechat.close();
    await breathe();
    await this.ground.close();
  }
}
