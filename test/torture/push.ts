// What followers do, as WeChat pushes it: once or more, sometimes late and overtaken by what came after it, and again
// while it is not answered. A tap on the page is none of WeChat's pushes: the follower taps again.
import { type Event, type EventKey, eventKey, type Happening, type OpenId } from '../../src/core/base/event.ts';
import { instant } from '../../src/core/base/time.ts';
import type { Flow } from '../../src/engine/flow.ts';
import type { Answer } from '../../src/ports.ts';
import { ACCOUNT } from './config.ts';
import type { Dice, VirtualTime } from './time.ts';
import type { Worker } from './worker.ts';

const SECOND = 1000;
/** So long WeChat waits for an answer, and so often it delivers. */
export const ANSWER_MS = 5 * SECOND;
const ATTEMPTS = 3;

/** One push of an event, and its answer if WeChat heard one. */
export type Copy = {
  /** When its worker began with it, or with an earlier copy that it is answered with. */
  readonly from: number;
  /** When it came. */
  readonly at: number;
  readonly worker: Worker;
  readonly flow: Flow;
  to: number;
  answer?: Answer;
  /** The same worker still took pushes when WeChat gave up. */
  isStillOpen?: boolean;
};
export type Delivery = { readonly event: Event; readonly isTap: boolean; readonly copies: Copy[] };

export type PushWorld = {
  readonly dice: Dice;
  readonly time: VirtualTime;
  readonly workers: readonly Worker[];
  tell(line: string): void;
};

export class Pushes {
  readonly deliveries: Delivery[] = [];
  private readonly world: PushWorld;
  private messages = 0;

  constructor(world: PushWorld) {
    this.world = world;
  }

  act(user: OpenId, happening: Happening): void {
    const { dice, time, tell } = this.world;
    const sentAt = instant(Math.floor(time.now() / SECOND) * SECOND);
    const isTap = happening.kind === 'visit';
    const key = keyOf(user, sentAt, happening, ++this.messages);
    const event = { key, account: ACCOUNT, user, sentAt, ...happening };
    const delivery: Delivery = { event, isTap, copies: [] };
    this.deliveries.push(delivery);
    tell.call(this.world, `${user.slice(-2)} ${happening.kind} ${wordsOf(happening)} [${key.slice(-12)}]`);
    const copies = !isTap && dice.chance(0.25) ? dice.between(2, 3) : 1;
    const late = !isTap && dice.chance(0.06) ? dice.between(SECOND, 40 * SECOND) : 0;
    // Many at once reach for the same slot, the same prize.
    const within = dice.chance(0.3) ? 2 : 900;
    for (let copy = 0; copy < copies; copy++)
      time.at(time.now() + late + dice.between(1, within), () => this.deliver(delivery, 1));
  }

  private deliver(delivery: Delivery, attempt: number): void {
    const { dice, time, workers } = this.world;
    const worker = dice.pick(workers);
    let isAnswered = false;
    const again = (): void => {
      if (!isAnswered && attempt < ATTEMPTS) this.deliver(delivery, attempt + 1);
    };
    time.at(time.now() + ANSWER_MS, again);
    if (!worker.isOpen) return;
    const flow = worker.flow!;
    const now = time.now();
    const first = delivery.copies.find(each => each.flow === flow && each.to === Number.POSITIVE_INFINITY);
    const copy: Copy = { from: first?.from ?? now, at: now, worker, flow, to: Number.POSITIVE_INFINITY };
    delivery.copies.push(copy);
    time.at(now + ANSWER_MS - 1, () => {
      copy.isStillOpen = worker.flow === flow && worker.isOpen;
    });
    const { event, isTap } = delivery;
    // The page says when it was tapped; WeChat says the same again.
    flow.handle(isTap ? { ...event, sentAt: worker.now() } : event).then(
      answer => {
        copy.to = time.now();
        // Neither who has died says it, nor does WeChat hear what comes too late.
        if (worker.flow !== flow || copy.to >= now + ANSWER_MS) return;
        isAnswered = true;
        copy.answer = answer;
      },
      () => {
        copy.to = time.now(); // a 503: WeChat delivers again
      },
    );
  }
}

function keyOf(user: OpenId, sentAt: number, happening: Happening, count: number): EventKey {
  const { kind } = happening;
  if (kind === 'text') return eventKey(`m:${user}:${count}`);
  if (kind === 'visit') return eventKey(`v:${user}:tap${count}`);
  const scene = 'scene' in happening && happening.scene !== undefined ? `:${happening.scene}` : '';
  return eventKey(`e:${user}:${sentAt}:${kind}${scene}`);
}

function wordsOf(happening: Happening): string {
  if (happening.kind === 'text') return happening.text;
  return 'scene' in happening ? (happening.scene ?? '') : '';
}
