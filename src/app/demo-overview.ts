// What the demo's chat page is told of the campaigns, so that it can say what one could try, and when; and of the money.

import { openId } from '../core/base/event.ts';
import { NO_MONEY } from '../core/base/money.ts';
import type { Instant } from '../core/base/time.ts';
import { dayIn } from '../core/match/claim-key.ts';
import type { Campaign, Rule, Trigger } from '../core/rules/campaign.ts';
import { isCash } from '../core/rules/campaign-query.ts';
import { asWritten } from '../core/rules/renamed.ts';
import type { Buckets, Store } from '../ports.ts';

/** So many stores, rounds and batches are worth a button. */
const SHOWN_MAX = 3;

/** Nobody: only counters of the campaign are asked for. */
const NOBODY = openId('oNobodyAtAll0000000000000000');

type Around = { readonly store: Store; readonly now: Instant; readonly account: string };

/** What a person at the chat page may want to try, and where the money is. */
export async function overviewOf(campaign: Campaign, around: Around): Promise<object> {
  const { store } = around;
  const [buckets, today] = await Promise.all([store.buckets(campaign.id), todayOf(campaign, around)]);
  return { ...offersOf(asWritten(campaign), around), ...(today && { today }), buckets: moneyOf(campaign, buckets) };
}

function offersOf(campaign: Campaign, { now, account }: Around): object {
  const { id, name, period, prizes, stores, rounds } = campaign;
  const triggers = campaign.rules.flatMap(rule => rule.on);
  const next = rounds.filter(round => round.to > now).slice(0, SHOWN_MAX);
  return {
    id,
    name,
    period: { from: period.from, to: period.to, hours: period.hours },
    // One way of saying it is enough of a hint.
    keywords: triggers.flatMap(trigger =>
      trigger.kind === 'text' && trigger.match === 'exact' ? trigger.words.slice(0, 1) : [],
    ),
    scenes: triggers.flatMap(trigger =>
      trigger.kind === 'scan' || trigger.kind === 'subscribe' ? (trigger.scenes ?? []) : [],
    ),
    stores: [...(stores ?? [])].slice(0, SHOWN_MAX).map(([scene, each]) => ({ scene, name: each.name })),
    paid: triggers.flatMap(paidOf),
    ...playOf(campaign),
    rounds: next.map(round => ({ name: round.name, from: round.from, to: round.to })),
    batches: triggers.flatMap(trigger => (trigger.kind === 'code' ? [trigger.batch] : [])),
    ...(triggers.some(({ kind }) => kind === 'visit') && { page: `/h5/${account}/${id}` }),
    prizes: [...prizes.values()].map(prize => ({
      name: prize.name,
      min: isCash(prize) ? prize.min : 0,
      max: isCash(prize) ? prize.max : 0,
    })),
  };
}

function paidOf(trigger: Trigger): { over: number; attach: readonly string[] }[] {
  return trigger.kind === 'paid' ? [{ over: trigger.over ?? 0, attach: trigger.attach ?? [] }] : [];
}

/** What today still has, where a day has a bound. */
async function todayOf(campaign: Campaign, { store, now, account }: Around): Promise<object | undefined> {
  const { id, budget } = campaign;
  if (budget?.perDay === undefined) return undefined;
  const counter = `campaign/${id}/amount/day/${dayIn(campaign, now)}`;
  const counters = [counter];
  const facts = await store.facts({ account, user: NOBODY, merchant: undefined, claims: [], counters });
  return { perDay: budget.perDay, used: facts.counters.get(counter) ?? 0 };
}

function moneyOf({ budget }: Campaign, buckets: Buckets): object {
  const total = budget?.total ?? NO_MONEY;
  const { reserved, sent, received } = buckets;
  return { budget: total, free: Math.max(0, total - reserved - sent - received), ...buckets };
}

/** One way of taking part, as somebody at the phone would. */
type Way =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'scan'; readonly scene: string }
  | { readonly kind: 'follow' | 'visit' }
  | { readonly kind: 'pay'; readonly amount: number; readonly attach?: string }
  | { readonly kind: 'code'; readonly batch: string }
  /** So many friends who follow through one's own code, and pay. */
  | { readonly kind: 'friends'; readonly count: number };

/** What of a payment is above the least: so that one sees that more is fine, too. */
const ABOVE = 18_00;

/** How the campaign is won, where that is something one can do: by its first rule that gives and asks for nothing else. */
function playOf(campaign: Campaign): object {
  const giving = campaign.rules.filter(rule => rule.give.length > 0 || rule.assigned);
  const rule = giving.find(each => !each.when) ?? giving[0];
  const way = rule && wayOf(rule, campaign);
  if (!way) return {};
  const days = rule.streak && Math.min(...(rule.giveAt?.keys() ?? []));
  return {
    play: {
      way,
      ...(days !== undefined && { days }),
      ...(rule.opensAfter !== undefined && { opensAfter: rule.opensAfter }),
      // Whoever tries it in the demo need not know tea.
      ...(rule.quiz && { answers: rule.quiz.bank.map(each => [each.text, each.choices[each.right]]) }),
    },
  };
}

function wayOf(rule: Rule, { stores }: Campaign): Way | undefined {
  const ways = rule.on.flatMap((trigger): Way[] => {
    switch (trigger.kind) {
      case 'text':
        return trigger.match === 'exact' ? trigger.words.slice(0, 1).map(text => ({ kind: 'text', text })) : [];
      case 'scan': {
        const scene = stores?.keys().next().value ?? trigger.scenes?.[0]?.replace(/\*$/, '1');
        return scene === undefined ? [] : [{ kind: 'scan', scene }];
      }
      case 'subscribe':
        return [{ kind: 'follow' }];
      case 'visit':
        return [{ kind: 'visit' }];
      case 'paid': {
        const attach = trigger.attach?.[0]?.replace(/\*$/, '001');
        return [{ kind: 'pay', amount: (trigger.over ?? 0) + ABOVE, ...(attach !== undefined && { attach }) }];
      }
      case 'code':
        return [{ kind: 'code', batch: trigger.batch }];
      case 'friend':
        return [{ kind: 'friends', count: Math.min(...(rule.giveAt?.keys() ?? [1])) }];
      default:
        return [];
    }
  });
  return ways[0];
}
