// Looks a follower up before an event is decided that does not prove that they follow (查询关注): somebody opens the page,
// pays, or has a friend. WeChat is asked once for whom we have never seen, and only where a rule speaks of following; what
// it says is an event, and so is kept. On the way of a push nobody is asked: there it would cost the passive reply.
import { messageOf } from '../core/base/error.ts';
import { type Event, eventKey, type OpenId } from '../core/base/event.ts';
import { fen } from '../core/base/money.ts';
import { type Instant, later, MINUTE } from '../core/base/time.ts';
import type { Book } from '../core/decide/match.ts';
import { mustLookUp, newsForInviter, speaksOfFollowing } from '../core/match/follower.ts';
import type { Flow } from '../engine/flow.ts';
import { sparing } from '../lib/log-throttle.ts';
import type { Clock, Log, Person, Store, Told } from '../ports.ts';

export type Lookup = {
  /** `false`: it is not known yet who this is; the event is told again, or tried again, later. */
  before(event: Event): Promise<boolean>;
  /** The same for somebody who is about to get a personal code, for the day on which a friend comes through it. */
  beforeInvite(account: string, user: OpenId, campaign: string): Promise<boolean>;
};

type LookupPorts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, 'facts'>;
  readonly flow: Pick<Flow, 'handle'>;
  readonly book: () => Book;
  /** Asks the platform. `undefined`: it will not say, whenever it is asked. Throws `Fault`. */
  readonly ask: (account: string, user: OpenId) => Promise<Told | undefined>;
};

/** So long the follower waits; the question goes on, and the next try finds its answer. */
const WAIT_MS = 2000;
/** So long nobody is asked again for whom the platform would not say; so many are remembered. */
const NO_ANSWER_MS = 10 * MINUTE;
const NO_ANSWERS_MAX = 10_000;

export function createLookup(ports: LookupPorts): Lookup {
  return new Desk(ports);
}

class Desk implements Lookup {
  private readonly ports: LookupPorts;
  private readonly spare: ReturnType<typeof sparing>;
  /** Questions under way: who comes twice waits for one. */
  private readonly asking = new Map<string, Promise<boolean>>();
  private readonly noAnswers = new Map<string, Instant>();

  constructor(ports: LookupPorts) {
    this.ports = ports;
    this.spare = sparing(ports.clock);
  }

  async before(event: Event): Promise<boolean> {
    // Who pays was perhaps invited: then it is an event of the inviter's as well.
    const inviters = event.kind === 'paid' ? newsForInviter((await this.facts(event)).follower, event) : undefined;
    const both = await Promise.all([event, ...(inviters ? [inviters] : [])].map(each => this.beforeOne(each)));
    return both.every(Boolean);
  }

  async beforeInvite(account: string, user: OpenId, campaign: string): Promise<boolean> {
    const envelope = { key: eventKey(''), account, user, sentAt: this.ports.clock() };
    const deeds = (['followed', 'paid'] as const).map(did => ({
      kind: 'friend' as const,
      friend: user,
      did,
      campaign,
      amount: fen(Number.MAX_SAFE_INTEGER), // enough for any rule
    }));
    const known = await Promise.all(deeds.map(deed => this.beforeOne({ ...envelope, ...deed })));
    return known.every(Boolean);
  }

  private async beforeOne(event: Event): Promise<boolean> {
    const { book, clock } = this.ports;
    if (
      !book()
        .match(event, clock())
        .some(({ rule }) => speaksOfFollowing(rule))
    )
      return true;
    return !mustLookUp((await this.facts(event)).follower, event) || this.inTime(event);
  }

  private facts({ account, user }: Person) {
    return this.ports.store.facts({ account, user, merchant: undefined, claims: [], counters: [] });
  }

  private async inTime(person: Person): Promise<boolean> {
    const name = `${person.account}/${person.user}`;
    const asking = this.asking.get(name) ?? this.learn(person).finally(() => this.asking.delete(name));
    this.asking.set(name, asking);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>(resolve => {
      timer = setTimeout(resolve, WAIT_MS, false);
    });
    return Promise.race([asking, late]).finally(() => clearTimeout(timer));
  }

  /** `true`: it is written down, or will never be told. */
  private async learn({ account, user }: Person): Promise<boolean> {
    const { clock, flow, log, ask } = this.ports;
    const name = `${account}/${user}`;
    if (clock() < (this.noAnswers.get(name) ?? 0)) return true;
    try {
      const told = await ask(account, user);
      if (!told) {
        this.rememberNoAnswer(name);
        this.spare(leftOut =>
          log.warn({ account, user, leftOut }, 'WeChat does not say whether somebody follows: they are not eligible'),
        );
        return true;
      }
      const now = clock();
      await flow.handle({ key: eventKey(`l:${user}:${now}`), account, user, sentAt: now, kind: 'lookup', ...told });
      return true;
    } catch (error) {
      this.spare(leftOut =>
        log.warn(
          { account, user, leftOut, err: error },
          `it could not be asked whether somebody follows; they are to try again: ${messageOf(error)}`,
        ),
      );
      return false;
    }
  }

  private rememberNoAnswer(name: string): void {
    this.noAnswers.delete(name);
    this.noAnswers.set(name, later(this.ports.clock(), NO_ANSWER_MS));
    if (this.noAnswers.size > NO_ANSWERS_MAX) this.noAnswers.delete(this.noAnswers.keys().next().value!);
  }
}
