// A shop without a simulator: the flow, the table and a store on a clock of its own, with rules that are edited meanwhile;
// and the store as version 0.1.0 wrote it, which counted only against limits that were set.

import { expect } from 'vitest';
import { Audit, showAuditFinding } from '../../src/core/audit/audit.ts';
import type { Counter } from '../../src/core/base/counter.ts';
import { isBounded } from '../../src/core/base/counter.ts';
import { openId as asOpenId, type Event, eventKey, type Happening, type OpenId } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { type Instant, later, MINUTE, parseBeijing } from '../../src/core/base/time.ts';
import { countersOf } from '../../src/core/decide/decide.ts';
import type { Decision } from '../../src/core/decide/decision.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import { commitOf, intentOf } from '../../src/core/payout/bulk.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';
import { billNoOf, type Observation, type Payout, type Step } from '../../src/core/payout/payout.ts';
import { beginSend, observe } from '../../src/core/payout/transitions.ts';
import type { Campaign } from '../../src/core/rules/campaign.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { createFlow } from '../../src/engine/flow.ts';
import { bringUp, recount } from '../../src/engine/repair/recount.ts';
import { checkRuleFiles } from '../../src/engine/rulebook.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { Commit, Store } from '../../src/ports.ts';
import { configOf, LIMITS, TILL } from './config.ts';

export const NOON = parseBeijing('2026-02-10 12:00')!;
export const ACCEPTED: Observation = { kind: 'accepted', listId: '1' };
export const SILENCE: Observation = { kind: 'silence', code: 'ECONNRESET', text: '' };
export const status = (word: Extract<Observation, { kind: 'order' }>['state'], refunded?: number): Observation => ({
  kind: 'order',
  state: word,
  ...(refunded !== undefined && { refunded }),
});

export const openId = (name: string): OpenId => asOpenId(`o${name}`.padEnd(28, '0'));

export function campaignsOf(text: string): Campaign[] {
  const { campaigns, findings } = checkRuleFiles([{ file: 'shop.yaml', text }]);
  expect(findings).toEqual([]);
  return campaigns;
}

/** `extra`: lines of the file, `budget: …`, `limits: …`; `prize`: further keys of the prize. */
export const rulesOf = (
  extra = 'budget: { total: ¥5000.00 }',
  prize = '',
  rule = '{ id: word, on: { text: 红包 }, once: perEvent, give: one }',
): string => `
campaign: shop
name: 店里
period: { from: 2026-01-01, to: 2026-12-31 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试, scene: PRODUCT_2 }
${extra}
prizes:
  one: { redpacket: ¥1.50${prize} }
  thanks: { nothing: true }
rules:
  - ${rule}
`;

export class Shop {
  store: Store;
  now: Instant = NOON;
  rules: string;
  limits = LIMITS;
  private serial = 0;

  constructor(store: Store, rules = rulesOf()) {
    this.store = store;
    this.rules = rules;
  }

  get campaigns(): Campaign[] {
    return campaignsOf(this.rules);
  }

  get merchant() {
    return { ...TILL, limits: this.limits };
  }

  /** It happens to them; in a word, what came of it. A minute goes by. */
  async does(name: string, happening: Happening, key = `m:${openId(name)}:${++this.serial}`): Promise<string> {
    const decision = await this.decides({
      key: eventKey(key),
      account: 'tea',
      user: openId(name),
      sentAt: this.now,
      ...happening,
    });
    this.now = later(this.now, MINUTE);
    if (decision.kind === 'refused') return decision.detail ?? decision.refusal;
    return decision.kind === 'awarded' ? decision.prize : decision.kind;
  }

  says(name: string, text = '红包'): Promise<string> {
    return this.does(name, { kind: 'text', text });
  }

  async decides(event: Event): Promise<Decision> {
    let decided: Decision | undefined;
    const store: Store = {
      ...this.store,
      commit: commit => {
        decided = commit.decision;
        return this.store.commit(commit);
      },
    };
    const flow = createFlow({
      clock: () => this.now,
      store,
      log: SILENT,
      config: configOf({ merchants: [this.merchant] }),
      book: () => bookOf(this.campaigns, ['tea']),
      planned: () => {},
    });
    await flow.handle(event);
    return decided!;
  }

  async sends(name: string, yuan = 1.5): Promise<string> {
    const batch = {
      name: 'thanks',
      campaign: this.campaigns[0]!,
      account: { name: 'tea', appId: 'wx8888888888888888' },
      merchant: this.merchant,
      seed: 'x',
    };
    const intent = intentOf(batch, openId(name), { amount: fen(yuan * 100) }, this.now);
    return (await this.store.commit(commitOf(batch, intent, this.now))).kind;
  }

  /** Newest first. */
  payouts(name?: string): Promise<Payout[]> {
    return this.store.payouts({ limit: 1000, ...(name !== undefined && { user: openId(name) }) });
  }

  async payout(name: string): Promise<Payout> {
    return (await this.payouts(name))[0]!;
  }

  async advance(step: Step): Promise<Payout> {
    expect(await this.store.advance(step)).toBe('moved');
    return step.successor ?? step.payout;
  }

  /** It is sent and answered so, and then asked after; the last payout of its claim. */
  async pays(payout: Payout, ...seen: Observation[]): Promise<Payout> {
    let now = await this.advance(beginSend(payout, this.now, { merchant: 'till', ...this.limits }));
    for (const [index, each] of seen.entries()) {
      this.now = later(this.now, MINUTE);
      now = await this.advance(observe(now, each, index > 0, this.now, DEFAULT_POLICY).step);
    }
    return now;
  }

  async value(counter: string): Promise<number> {
    const wanted = { account: 'tea', user: openId('x'), merchant: undefined, claims: [], counters: [counter] };
    return (await this.store.facts(wanted)).counters.get(counter) ?? 0;
  }

  async audit(): Promise<string[]> {
    return (await auditStore(this.store, new Audit(this.campaigns))).findings.map(showAuditFinding);
  }

  bringUp(holder = 'a', store = this.store): Promise<void> {
    const timer = { ticks: () => performance.now(), sleep: (ms: number) => new Promise<void>(r => setTimeout(r, ms)) };
    return bringUp({
      store,
      campaigns: this.campaigns,
      clock: () => this.now,
      timer,
      holder,
      log: SILENT,
    });
  }

  recount(lowers = true): ReturnType<typeof recount> {
    return recount({ store: this.store, campaigns: this.campaigns, clock: () => this.now }, { isDry: false, lowers });
  }
}

const wasHeld = /^campaign\/[^/]+\/(amount|packets|scene\/)|^merchant\/[^/]+\/amount\//;

/** Writes what version 0.1.0 would have written of it: counters with a bound only, holds of money and packets, the event's day. */
export function asBefore(store: Store): Store {
  const counted = (counters: readonly Counter[]): Counter[] => counters.filter(isBounded);
  return {
    ...store,
    commit(commit: Commit) {
      const { claim, decision, payout, event } = commit;
      if (decision.kind !== 'awarded' || !claim) return store.commit(commit);
      const kept = new Set(counted(countersOf(decision)).map(({ name }) => name));
      const held = (holds: Payout['holds']): Payout['holds'] =>
        holds.filter(({ name }) => kept.has(name) && wasHeld.test(name));
      const { day: _, scene: __, round: ___, ...before } = claim;
      const then = { ...decision, counters: counted(decision.counters), holds: held(decision.holds) };
      const billNo = payout && billNoOf(payout.request.mchId, event.sentAt, claim.key, 1);
      return store.commit({
        ...commit,
        decision: then,
        claim: before,
        counters: counted(commit.counters),
        ...(payout && { payout: { ...payout, billNo: billNo!, holds: held(payout.holds) } }),
      });
    },
  };
}
