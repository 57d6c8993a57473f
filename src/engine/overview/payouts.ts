// Where each yuan is: lists of payouts by what they wait for, and one payout with all that is known of it.

import type { OpenId } from '../../core/base/event.ts';
import { checkText } from '../../core/decide/check-words.ts';
import { awardsOf } from '../../core/decide/decision.ts';
import { askNowStep } from '../../core/payout/ask-now.ts';
import { cancelWay, retryStep } from '../../core/payout/operator-steps.ts';
import { asBillNo, isFinal, PAYOUT_STATES, type Payout, type PayoutState } from '../../core/payout/payout.ts';
import type { Halt, JournalLine, PayoutFilter, Store } from '../../ports.ts';
import { numbersOf } from '../doubt.ts';
import type { OverviewPorts } from './ports.ts';
import type { FilterName, HaltView, PayoutDetail, PayoutList, PayoutRow } from './view.ts';
import { eventWords } from './words.ts';

const PAGE = 50;
/** So many rows are looked through for what no index knows. */
const LOOKED_MAX = 2000;
const JOURNAL_READ = 500;

export type PayoutQuery = {
  readonly filter: FilterName;
  readonly campaign?: string;
  readonly merchant?: string;
  readonly user?: OpenId;
  readonly after?: string;
  readonly limit?: number;
  /** However many have to be looked at, as for a file. */
  readonly isWhole?: boolean;
};

/** A filter is the states of one index each; `todo` is what nobody takes on by itself. */
const STATES: Readonly<Record<Exclude<FilterName, 'todo' | 'all'>, readonly PayoutState[]>> = {
  queued: ['planned'],
  sent: ['sent'],
  unknown: ['unknown', 'sending'],
  held: ['held'],
  received: ['received'],
  refunded: ['refunded'],
  failed: ['failed'],
};

export function rowOf(payout: Payout, { book }: Pick<OverviewPorts, 'book'>): PayoutRow {
  const { billNo, state, version, amount, campaign, merchant, user, createdAt, nextDo } = payout;
  const { sentAt, endedAt, nextAt, problem, stopped } = payout;
  const name = book().campaigns.find(({ id }) => id === campaign)?.name ?? campaign;
  return {
    ...{ billNo, state, version, amount, campaign, campaignName: name, merchant, user, createdAt, nextDo },
    ...(sentAt !== undefined && { sentAt }),
    ...(endedAt !== undefined && { endedAt }),
    ...(nextAt !== undefined && { nextAt }),
    ...(problem !== undefined && { problem }),
    ...(stopped !== undefined && { stopped }),
    isParked: isParked(payout),
  };
}

function isParked({ state, nextAt }: Payout): boolean {
  return !isFinal(state) && nextAt === undefined;
}

export function haltView(halt: Halt): HaltView {
  const { code, reason, since, by, probeAt } = halt;
  return { code, reason, since, by, ...(probeAt !== undefined && { probeAt }) };
}

// ── The list ─────────────────────────────────────────────────────────────────────────────────────────────────

export async function payoutList(ports: OverviewPorts, query: PayoutQuery): Promise<PayoutList> {
  const { filter, limit = PAGE } = query;
  const [counts, halted] = await Promise.all([filterCounts(ports), haltedOnes(ports)]);
  const found: Payout[] = [];
  let isCut = false;
  let last: string | undefined;
  for await (const payout of payoutsOf(ports.store, query)) {
    if (payout === 'cut') isCut = true;
    else if (found.length === limit) {
      last = found.at(-1)!.billNo;
      break;
    } else found.push(payout);
  }
  const rows = found.map(each => rowOf(each, ports));
  return {
    rows,
    counts,
    halted,
    ...(last !== undefined && { next: cursorOf(filter, found.at(-1)!) }),
    ...(isCut && { isCut }),
  };
}

async function haltedOnes({ store, config }: OverviewPorts): Promise<string[]> {
  const names = [...config.merchants.keys()];
  const halts = await Promise.all(names.map(name => store.halt(name)));
  return names.filter((_, n) => halts[n] !== undefined);
}

/** Of filters of several states the page goes on in the state where it ended. */
function cursorOf(filter: FilterName, { state, billNo }: Payout): string {
  return statesOf(filter).length > 1 ? `${state}.${billNo}` : billNo;
}

export async function filterCounts({
  store,
  config,
}: Pick<OverviewPorts, 'store' | 'config'>): Promise<PayoutList['counts']> {
  const { states, waiting } = await store.counts([...config.merchants.keys()]);
  const sum = (names: readonly PayoutState[]): number => names.reduce((all, name) => all + states[name], 0);
  const open = sum(['planned', 'sending', 'unknown', 'held', 'sent']);
  const cared = [...waiting.values()].reduce((all, { send, query }) => all + send + query, 0);
  return {
    todo: Math.max(0, open - cared),
    queued: states.planned,
    sent: states.sent,
    unknown: states.unknown + states.sending,
    held: states.held,
    received: states.received,
    refunded: states.refunded,
    failed: states.failed,
    all: open + sum(['received', 'refunded', 'failed']),
  };
}

function statesOf(filter: FilterName): readonly (PayoutState | undefined)[] {
  if (filter === 'all') return [undefined];
  return filter === 'todo' ? ['held', 'unknown', 'sending', 'planned', 'sent'] : STATES[filter];
}

/** Newest first in each state, page by page. `cut`: more than so many would have to be looked at. */
export async function* payoutsOf(store: Store, query: PayoutQuery): AsyncGenerator<Payout | 'cut'> {
  const { filter, campaign, merchant, user, after = '', isWhole = false } = query;
  const more = {
    ...(campaign !== undefined && { campaign }),
    ...(merchant !== undefined && { merchant }),
    ...(user !== undefined && { user }),
  };
  const [first, from] = after.includes('.') ? after.split('.') : [undefined, after || undefined];
  const states = statesOf(filter);
  const begin = Math.max(0, states.indexOf(PAYOUT_STATES.find(each => each === first)));
  for (const [n, state] of states.slice(begin).entries()) {
    const pages = pagesOf(store, { ...more, ...(state !== undefined && { state }) }, n === 0 ? from : undefined);
    let looked = 0;
    for await (const payout of pages) {
      if (filter !== 'todo') yield payout;
      else if (isParked(payout)) yield payout;
      else if (++looked >= LOOKED_MAX && !isWhole) {
        yield 'cut';
        break;
      }
    }
  }
}

async function* pagesOf(
  store: Store,
  filter: Omit<PayoutFilter, 'limit' | 'after'>,
  from: string | undefined,
): AsyncGenerator<Payout> {
  for (let after = from; ; ) {
    const page = await store.payouts({
      ...filter,
      limit: PAGE + 1,
      ...(after !== undefined && { after: asBillNo(after) }),
    });
    yield* page;
    if (page.length <= PAGE) return;
    after = page.at(-1)!.billNo;
  }
}

// ── One payout ───────────────────────────────────────────────────────────────────────────────────────────────

export async function payoutDetail(
  ports: OverviewPorts,
  billNo: string,
  lang: 'zh' | 'en',
): Promise<PayoutDetail | undefined> {
  const { store, clock } = ports;
  const payout = await store.payout(asBillNo(billNo));
  if (!payout) return undefined;
  const [history, halt, line, numbers] = await Promise.all([
    store.history(payout.billNo),
    store.halt(payout.merchant),
    lineOf(store, payout),
    numbersOf(store, payout),
  ]);
  const now = clock();
  const { rule, claimKey, attempt, tries, listId, refunded, request } = payout;
  const way = cancelWay(payout, now);
  return {
    row: rowOf(payout, ports),
    history: history.map(({ billNo: _, ...each }) => each),
    request: Object.entries(request).map(([name, value]) => [name, textOf(value)] as const),
    ...{ rule, claimKey, attempt, tries },
    ...(listId !== undefined && { listId }),
    ...(refunded !== undefined && { refunded }),
    ...(line && { decision: decisionOf(line, claimKey, lang) }),
    ...(halt && { halt: haltView(halt) }),
    can: {
      retry: !('refused' in retryStep(payout, undefined, now)),
      cancel: typeof way === 'string',
      ask: askNowStep(payout, history, now) !== undefined,
    },
    others: numbers
      .filter(each => each.billNo !== payout.billNo)
      .map(each => ({ billNo: each.billNo, state: each.state, attempt: each.attempt })),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The line of the journal that won it. */
async function lineOf(store: Store, { user, claimKey }: Payout): Promise<JournalLine | undefined> {
  const lines = await store.journal({ user, limit: JOURNAL_READ });
  return lines.find(({ decision }) => awardsOf(decision).some(award => award.claimKey === claimKey));
}

function decisionOf({ at, event, decision }: JournalLine, claimKey: string, lang: 'zh' | 'en') {
  const [campaign, rule] = claimKey.split('/');
  const asked = decision.trace.find(each => each.campaign === campaign && each.rule === rule) ?? decision.trace.at(-1);
  const checks = (asked?.checks ?? []).map(check => ({ ok: check.ok, text: checkText(check, lang) }));
  return { at, event: eventWords(event, lang), checks };
}
