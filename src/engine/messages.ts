// What we say to a follower outside the passive reply (客服消息), inside WeChat's quotas. Everything that is to be said is
// owed first, and is written down as said before the call: whoever dies in between, or never hears of its end, has said
// it. Nothing is said twice. What cannot be said now is told with the next passive reply (`core/messages/pending.ts`).

import { Fault, messageOf } from '../core/base/error.ts';
import type { OpenId } from '../core/base/event.ts';
import { DAY, type Instant, later, MINUTE, SECOND } from '../core/base/time.ts';
import type { NoticeName, NoticeValues } from '../core/messages/notice.ts';
import { apiErrorOf } from '../core/messages/platform-codes.ts';
import { type Allowance, allowanceNow, DEEDS_READ, usedUp, withSent } from '../core/messages/quota.ts';
import { clip } from '../core/rules/reply-text.ts';
import type { Clock, Log, Mailbox, Messenger, Person, Store } from '../ports.ts';

/** `id`: of what is told, for ever the same. `why`: under which notice it goes out if no message may. */
export type Saying = { readonly id: string; readonly why: NoticeName; readonly values?: NoticeValues };

/** `known`: it is owed already, under the same id. */
type SayResult = 'said' | 'noticed' | 'owed' | 'known';

export type Messages = {
  /** Said at once, as a message or a notice, or owed. */
  say(account: string, user: OpenId, text: string, saying: Saying): Promise<SayResult>;
  /**
   * Said now or not at all; it never takes the last message that may be sent. `mayNow` is asked once there is room, and
   * sees to it that nobody else says the same.
   */
  remind(account: string, user: OpenId, text: string, saying: Saying, mayNow: () => Promise<boolean>): Promise<boolean>;
  /** Says what is owed to those who may be written to by now. One of all processes does, the others return. */
  sweep(): Promise<void>;
  /** Lets what is under way end. */
  stop(): Promise<void>;
};

/** How one account speaks. Both throw `Fault`. */
export type Voice = Messenger & {
  /** Template messages and subscription notices, where bot.yaml has them. */
  readonly notices?: {
    has(name: NoticeName): boolean;
    send(name: NoticeName, user: OpenId, values: NoticeValues, id: string): Promise<{ readonly kind: string }>;
  };
};

type MessagePorts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<Store, 'mailbox' | 'putMailbox' | 'mailboxesOwing' | 'journal' | 'lease' | 'release'>;
  /** Names this process. */
  readonly holder: string;
  readonly voices: ReadonlyMap<string, Voice>;
};

type Pending = Mailbox['pending'][number];
type Contents = Omit<Mailbox, 'version'>;

const NO_MAILBOX: Mailbox = { version: 0, sent: [], pending: [] };
/** The store holds no more: then the oldest gives way. */
const PENDING_MAX = 50;
/** What is owed for so long interests nobody any more. */
const OWED_FOR_MS = 30 * DAY;

const SWEEP = 'job:messages';
/** Longer than a sweep and its last call may take. */
const SWEEP_LEASE_MS = 2 * MINUTE;
const SWEEP_MS = 40 * SECOND;
const PAGE = 100;

/** How long an account says nothing more after such an answer. */
const PAUSES = { again: MINUTE, wait: 10 * MINUTE, config: 10 * MINUTE } as const;

export function createMessages(ports: MessagePorts): Messages {
  return new Desk(ports);
}

class Desk implements Messages {
  private readonly ports: MessagePorts;
  /** The last thing that is done for each follower: one after the other, in the order in which they were asked for. */
  private readonly turns = new Map<string, Promise<unknown>>();
  private readonly pausedUntil = new Map<string, Instant>();
  private isStopped = false;

  constructor(ports: MessagePorts) {
    this.ports = ports;
  }

  say(account: string, user: OpenId, text: string, saying: Saying): Promise<SayResult> {
    const person = { account, user };
    return this.inTurn(person, async () => {
      const pending = { id: saying.id, text: clip(text), at: this.ports.clock() };
      if (!(await this.owe(person, pending))) return 'known';
      await this.sayOwed(person);
      if (!(await this.isOwed(person, saying.id))) return 'said';
      return (await this.notice(person, pending, saying)) ? 'noticed' : 'owed';
    });
  }

  remind(account: string, user: OpenId, text: string, saying: Saying, mayNow: () => Promise<boolean>) {
    const person = { account, user };
    return this.inTurn(person, async () => {
      const voice = this.voiceOf(account);
      if (!voice) return false;
      const name = noticeFor(voice, saying.why);
      const box = await this.mailbox(person);
      if ((await this.allowance(person, box)).left < 2) {
        if (name === undefined || name !== saying.why || !(await mayNow())) return false;
        return this.sendNotice(voice, person, { ...saying, text });
      }
      const sent = withSent(box.sent, this.ports.clock());
      if (!(await this.put(person, { ...box, sent }, box.version)) || !(await mayNow())) return false;
      try {
        await voice.say(user, clip(text));
        return true;
      } catch (error) {
        this.ports.log.info({ ...person, id: saying.id, err: error }, 'a reminder was not taken');
        return false;
      }
    });
  }

  async sweep(): Promise<void> {
    const { store, clock, holder } = this.ports;
    const lease = await store.lease(SWEEP, `${holder}/messages`, SWEEP_LEASE_MS, clock());
    if (!lease) return;
    let after = lease.note ? (JSON.parse(lease.note) as Person) : undefined;
    const endsAt = later(clock(), SWEEP_MS);
    try {
      for await (const person of this.owing(after)) {
        if (this.isStopped || clock() >= endsAt) break;
        if (person) await this.inTurn(person, () => this.sayOwed(person));
        after = person;
      }
    } finally {
      await store.release(lease, clock(), after ? JSON.stringify(after) : '');
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.allSettled([...this.turns.values()]);
  }

  // ── What is owed ───────────────────────────────────────────────────────────────────────────────────────

  /** `false`: it is already. */
  private async owe(person: Person, one: Pending): Promise<boolean> {
    for (;;) {
      const box = await this.mailbox(person);
      if (box.pending.some(({ id }) => id === one.id)) return false;
      if (await this.put(person, { ...box, pending: [...box.pending, one] }, box.version)) return true;
    }
  }

  /** Everybody from behind `after` on; `undefined` behind the last one, so that the next sweep begins anew. */
  private async *owing(after: Person | undefined): AsyncGenerator<Person | undefined> {
    for (let page = await this.ports.store.mailboxesOwing(PAGE, after); ; ) {
      yield* page;
      if (page.length < PAGE) break;
      page = await this.ports.store.mailboxesOwing(PAGE, page.at(-1));
    }
    yield undefined;
  }

  private async isOwed(person: Person, id: string): Promise<boolean> {
    return (await this.mailbox(person)).pending.some(each => each.id === id);
  }

  /** It was not said after all: it stands where it stood, unless it has been told meanwhile under another version. */
  private async takeBack(
    person: Person,
    one: Pending,
    sentThen: (sent: readonly Instant[]) => Instant[],
  ): Promise<void> {
    for (;;) {
      const box = await this.mailbox(person);
      const others = box.pending.filter(({ id }) => id !== one.id);
      const first = others.findIndex(({ at }) => at > one.at);
      const pending = first < 0 ? [...others, one] : others.toSpliced(first, 0, one);
      if (await this.put(person, { sent: sentThen(box.sent), pending }, box.version)) return;
    }
  }

  /** Says one after the other, oldest first, as long as there is something and as long as it may be said. */
  private async sayOwed(person: Person): Promise<void> {
    const voice = this.voiceOf(person.account);
    while (voice && !this.isStopped && !this.isPaused(person.account)) {
      const box = await this.mailbox(person);
      const [first, ...rest] = box.pending;
      if (!first || (await this.allowance(person, box)).left < 1) return;
      const now = this.ports.clock();
      const isOld = now - first.at > OWED_FOR_MS;
      const isOurs = await this.put(
        person,
        { sent: isOld ? box.sent : withSent(box.sent, now), pending: rest },
        box.version,
      );
      if (isOurs && !isOld && !(await this.saidNow(voice, person, first, now))) return;
    }
  }

  /** It stands as said already. `false`: WeChat said no, it is owed again, and nothing more is to be said now. */
  private async saidNow(voice: Voice, person: Person, one: Pending, now: Instant): Promise<boolean> {
    const { log } = this.ports;
    const fields = { ...person, id: one.id };
    try {
      await voice.say(person.user, one.text);
      log.info(fields, 'told in the chat');
      return true;
    } catch (error) {
      if (!(error instanceof Fault) || error.retry === 'query-first') {
        log.warn({ ...fields, err: error }, 'nobody knows whether this was told; it is not told again');
        return true;
      }
      const { kind } = apiErrorOf(error.code);
      if (kind === 'again' || kind === 'wait') await this.takeBack(person, one, sent => without(sent, now));
      else await this.takeBack(person, one, sent => usedUp(sent, now));
      if (kind === 'again' || kind === 'wait' || kind === 'config') this.pause(person.account, kind, error);
      else log.info({ ...fields, code: error.code }, `not to be told now: ${apiErrorOf(error.code).text}`);
      return false;
    }
  }

  private pause(account: string, kind: keyof typeof PAUSES, error: Fault): void {
    const { log, clock } = this.ports;
    this.pausedUntil.set(account, later(clock(), PAUSES[kind]));
    const text = `account "${account}" says nothing for ${PAUSES[kind] / MINUTE} min: ${apiErrorOf(error.code).text}; what is owed is told with the next reply`;
    if (kind === 'again') log.warn({ account, err: error }, text);
    else log.error({ account, err: error }, text);
  }

  private isPaused(account: string): boolean {
    return this.ports.clock() < (this.pausedUntil.get(account) ?? 0);
  }

  // ── Notices, where no message may be sent ──────────────────────────────────────────────────────────────

  private async notice(person: Person, one: Pending, saying: Saying): Promise<boolean> {
    const voice = this.voiceOf(person.account);
    if (!voice || noticeFor(voice, saying.why) === undefined) return false;
    for (;;) {
      const box = await this.mailbox(person);
      const pending = box.pending.filter(({ id }) => id !== one.id);
      if (pending.length === box.pending.length) return true; // told meanwhile
      if (await this.put(person, { ...box, pending }, box.version)) break;
    }
    if (await this.sendNotice(voice, person, { ...saying, text: one.text })) return true;
    await this.takeBack(person, one, sent => [...sent]);
    return false;
  }

  /** `false`: for certain it was not sent. */
  private async sendNotice(voice: Voice, person: Person, what: Saying & { readonly text: string }): Promise<boolean> {
    const { log } = this.ports;
    const { id, why, text, values } = what;
    try {
      const result = await voice.notices!.send(noticeFor(voice, why)!, person.user, { ...values, text }, id);
      return result.kind === 'sent';
    } catch (error) {
      const isUnknown = error instanceof Fault && error.retry === 'query-first';
      const say = error instanceof Fault && error.retry !== 'never' ? log.warn : log.error;
      say.call(log, { ...person, id, err: error }, `a notice failed: ${messageOf(error)}`);
      return isUnknown;
    }
  }

  // ── The store ──────────────────────────────────────────────────────────────────────────────────────────

  private async mailbox({ account, user }: Person): Promise<Mailbox> {
    return (await this.ports.store.mailbox(account, user)) ?? NO_MAILBOX;
  }

  private put({ account, user }: Person, { sent, pending }: Contents, seen: number): Promise<boolean> {
    const { store, log } = this.ports;
    for (const { id } of pending.slice(0, -PENDING_MAX))
      log.warn({ account, user, id }, 'too much is owed: this is forgotten');
    return store.putMailbox(account, user, { sent, pending: pending.slice(-PENDING_MAX) }, seen);
  }

  /** `box` was read before: whatever is sent meanwhile has changed it by the time it is written. */
  private async allowance({ account, user }: Person, box: Mailbox): Promise<Allowance> {
    const lines = await this.ports.store.journal({ user, limit: DEEDS_READ });
    const own = lines.filter(({ event }) => event.account === account);
    return allowanceNow(own, box.sent, this.ports.clock());
  }

  private voiceOf(account: string): Voice | undefined {
    return this.ports.voices.get(account);
  }

  /** One after the other for each follower, so that they read in order what was said in order. */
  private inTurn<T>({ account, user }: Person, work: () => Promise<T>): Promise<T> {
    const key = `${account}/${user}`;
    const done = (this.turns.get(key) ?? Promise.resolve()).then(work);
    const settled = done
      .catch(() => undefined) // told to whoever asked for it
      .finally(() => {
        if (this.turns.get(key) === settled) this.turns.delete(key);
      });
    this.turns.set(key, settled);
    return done;
  }
}

/** The notice of its own, or the general one. */
function noticeFor({ notices }: Voice, why: NoticeName): NoticeName | undefined {
  return ([why, 'owed'] as const).find(name => notices?.has(name));
}

/** Without the one that was counted and then refused. */
function without(sent: readonly Instant[], at: Instant): Instant[] {
  const index = sent.lastIndexOf(at);
  return index < 0 ? [...sent] : sent.toSpliced(index, 1);
}
