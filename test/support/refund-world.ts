// A shop around the flow, on either store: who pays, who is refunded, and what is left to them. Several processes may share
// the data, and any of them may die between any two of its calls to the store.

import type { AccountConfig } from '../../src/config/account.ts';
import { Audit, showAuditFinding } from '../../src/core/audit/audit.ts';
import { type Event, eventKey, type Happening, type OpenId, openId } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { type Instant, later, parseBeijing } from '../../src/core/base/time.ts';
import type { Decision } from '../../src/core/decide/decision.ts';

import { bookOf } from '../../src/core/decide/match.ts';
import { UNKNOWN_PAYER } from '../../src/core/payout/payment.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import type { Campaign, Cancel } from '../../src/core/rules/campaign.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { createFlow, type Flow } from '../../src/engine/flow.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Answer, Store } from '../../src/ports.ts';
import type { Beside } from './beside.ts';
import { configOf, LIMITS, TEA, TILL } from './config.ts';

export const ANN = openId('oAnn0000000000000000000000_A');
export const BOB = openId('oBob0000000000000000000000-B');
const MERCHANT = { ...TILL, limits: { ...LIMITS, perUserPerDay: 10_000, amountPerUserPerDay: fen(100_000_000) } };

/** What a process dies of: its call never returns. */
const DEAD = new Promise<never>(() => undefined);

export class Shop {
  readonly store: Store;
  readonly beside: Beside;
  readonly campaigns: Campaign[];
  now: Instant = parseBeijing('2026-02-10 12:00')!;
  readonly undone: [Payout, Cancel][] = [];
  flow: Flow;
  private events = 0;

  private constructor(campaigns: Campaign[], beside: Beside, store: Store) {
    this.campaigns = campaigns;
    this.beside = beside;
    this.store = store;
    this.flow = this.process(store);
  }

  static async open(campaigns: Campaign[], beside: Beside): Promise<Shop> {
    return new Shop(campaigns, beside, await beside.open());
  }

  /** A process of its own, on this store. */
  process(store: Store, accounts: readonly AccountConfig[] = [TEA]): Flow {
    const book = bookOf(
      this.campaigns,
      accounts.map(({ name }) => name),
    );
    return createFlow({
      clock: () => this.now,
      store,
      log: SILENT,
      config: configOf({ accounts, merchants: [MERCHANT] }),
      book: () => book,
      planned: () => undefined,
      undone: (payout, cause) => this.undone.push([payout, cause]),
    });
  }

  /** The store of a process that dies at its `n`th write: just before it, or just after, when nobody hears that it worked. */
  dying(n: number, isDone: boolean): { readonly store: Store; calls(): number; hasDied(): boolean } {
    let calls = 0;
    let isDead = false;
    const mortal =
      <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        if (calls >= n) return DEAD;
        if (++calls < n) return call(...args);
        if (isDone) await call(...args);
        isDead = true;
        return DEAD;
      };
    const { commit, advance } = this.store;
    const store = { ...this.store, commit: mortal(commit), advance: mortal(advance) };
    return { store, calls: () => calls, hasDied: () => isDead };
  }

  /** A store in which something happens between the look and the first commit of an event of this kind. */
  meeting(kind: Event['kind'], meanwhile: () => Promise<unknown>): { readonly store: Store; hasMet(): boolean } {
    let isOver = false;
    const { store: real } = this;
    const store: Store = {
      ...real,
      async commit(commit) {
        if (commit.event.kind === kind && !isOver) {
          isOver = true;
          await meanwhile();
        }
        return real.commit(commit);
      },
    };
    return { store, hasMet: () => isOver };
  }

  event(user: OpenId, happening: Happening, key = `m:${++this.events}`): Event {
    return { key: eventKey(key), account: 'tea', user, sentAt: this.now, ...happening };
  }

  paid(user: OpenId, transaction: string, amount = 5000): Event {
    const money = { amount: fen(amount), total: fen(amount) };
    return this.event(
      user,
      { kind: 'paid', merchant: 'till', transaction, order: transaction, ...money },
      `p:${transaction}`,
    );
  }

  refunded(user: OpenId, transaction: string, refund = `r-${transaction}`): Event {
    const key = `r:${refund}${user === UNKNOWN_PAYER ? ':unknown' : ''}`;
    return this.event(user, { kind: 'refunded', merchant: 'till', transaction, refund, amount: fen(1) }, key);
  }

  /** As the door does it: the payer is found by the payment, and is nobody while it is not known. */
  async refund(transaction: string, refund = `r-${transaction}`, flow = this.flow): Promise<void> {
    const payer = async () =>
      (await this.store.journal({ key: eventKey(`p:${transaction}`), limit: 1 }))[0]?.event.user;
    const user = await payer();
    await flow.handle(this.refunded(user ?? UNKNOWN_PAYER, transaction, refund));
    const meanwhile = user === undefined ? await payer() : undefined;
    if (meanwhile !== undefined) await flow.handle(this.refunded(meanwhile, transaction, refund));
  }

  pay(user: OpenId, transaction: string, flow = this.flow): Promise<Answer> {
    return flow.handle(this.paid(user, transaction));
  }

  invited(friend: OpenId, by: OpenId): Promise<Answer> {
    return this.flow.handle(this.event(friend, { kind: 'subscribe', via: 'qr', scene: `i.${by}.tea` }));
  }

  /** What was decided, by the journal. */
  async says(user: OpenId, text: string): Promise<Decision> {
    const event = this.event(user, { kind: 'text', text });
    await this.flow.handle(event);
    // Of what claims nothing the line follows the answer.
    for (;;) {
      const [line] = await this.store.journal({ key: event.key, limit: 1 });
      if (line) return line.decision;
      await new Promise(setImmediate);
    }
  }

  /** How many of these words give something, one after the other. */
  async times(user: OpenId, text: string, most = 9): Promise<number> {
    for (let n = 0; n < most; n++) if ((await this.says(user, text)).kind !== 'awarded') return n;
    return most;
  }

  payouts(): Promise<Payout[]> {
    return this.store.payouts({ limit: 10_000 });
  }

  async audit(): Promise<string[]> {
    return (await auditStore(this.store, new Audit(this.campaigns))).findings.map(showAuditFinding);
  }

  passes(ms: number): void {
    this.now = later(this.now, ms);
  }
}
