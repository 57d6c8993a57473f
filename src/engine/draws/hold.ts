// Holds the draws at the end (开奖) whose time has come. First the list is closed, by a counter that every entry names: what is
// written later is lost, and told that it is over. Then the winners are worked out and written down, and only then told and paid, one by one,
// each by an event of their own with a key that is the same for ever. Whoever dies on the way is followed by somebody who goes on.

import { Fault } from '../../core/base/error.ts';
import { type Event, eventKey } from '../../core/base/event.ts';
import { dayOf, type Instant, later, MINUTE } from '../../core/base/time.ts';
import type { Book } from '../../core/decide/match.ts';
import { DrawBox, type Drawn, type DrawResult, seedNameOf } from '../../core/draw/final-draw.ts';
import { closedCounter } from '../../core/mechanics/final-draw.ts';
import type { Campaign, FinalDraw } from '../../core/rules/campaign.ts';
import { DRAWN_FOR_MS } from '../../core/rules/drawn.ts';
import { namesOf } from '../../core/rules/renamed.ts';
import type { Clock, Lease, Log, Store } from '../../ports.ts';
import { wasTold } from '../afterwards/told.ts';
import type { Flow, FlowPorts } from '../flow.ts';

type DrawPorts = {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  /** Names this process. */
  readonly holder: string;
  readonly book: () => Book;
  readonly flow: Pick<Flow, 'handle'>;
  /** Resolves once it is told, or owed. */
  readonly tell: (...what: Parameters<NonNullable<FlowPorts['tell']>>) => Promise<void>;
  /** The seed of a draw, by `seedNameOf`. */
  seedOf(name: string): string;
};

/** How far it has come: the winners before `done` were told; those of `again` could not be given their prize yet. */
type Progress = { readonly done: number; readonly again: readonly number[] };

const LEASE_MS = 5 * MINUTE;
/** An entry that was decided in time is on disk by then, or lost to the counter. */
const CLOSES_AFTER_MS = 1000;

function drawDocument(campaign: string, draw: string) {
  return { kind: 'draw', name: seedNameOf(campaign, draw) } as const;
}

function progressDocument(campaign: string, draw: string) {
  return { kind: 'draw', name: `${seedNameOf(campaign, draw)}/progress` } as const;
}

/** Every draw that is due. One of all processes holds each; a second one would do no harm. */
export async function holdDraws(ports: DrawPorts): Promise<void> {
  for (const campaign of ports.book().campaigns) {
    if (campaign.mode === 'draft' || campaign.mode === 'shadow') continue;
    for (const draw of campaign.draws?.values() ?? []) {
      const now = ports.clock();
      if (now < later(draw.at, CLOSES_AFTER_MS) || now >= later(draw.at, DRAWN_FOR_MS)) continue;
      await holdOne(ports, campaign, draw);
    }
  }
}

async function holdOne(ports: DrawPorts, campaign: Campaign, draw: FinalDraw): Promise<void> {
  const { store, clock, holder, log } = ports;
  const at = progressDocument(campaign.id, draw.name);
  const known = await store.document(at.kind, at.name);
  const before: Progress = known ? (JSON.parse(known.text) as Progress) : { done: 0, again: [] };
  const written = await resultIn(store, campaign.id, draw.name);
  if (written && before.done === written.winners.length && before.again.length === 0) return;
  const take = (): Promise<Lease | undefined> => store.lease(`draw:${at.name}`, `${holder}/draw`, LEASE_MS, clock());
  const lease = await take();
  if (!lease) return;
  try {
    const result = written ?? (await drawNow(ports, campaign, draw));
    if (!result) return;
    await tellAll(ports, campaign, draw, { result, before, version: known?.version ?? 0, take });
  } finally {
    await store.release(lease, clock());
    log.debug({ campaign: campaign.id, draw: draw.name }, 'a draw was looked at');
  }
}

export async function resultIn(
  store: Pick<Store, 'document'>,
  campaign: string,
  draw: string,
): Promise<DrawResult | undefined> {
  const { kind, name } = drawDocument(campaign, draw);
  const row = await store.document(kind, name);
  return row && (JSON.parse(row.text) as DrawResult);
}

/** `undefined`: another process was faster; what it has written down counts. */
async function drawNow({ store, clock, log, seedOf }: DrawPorts, campaign: Campaign, draw: FinalDraw) {
  await store.count([{ name: closedCounter(campaign, draw.name), add: 1, max: 1 }]); // lost: it is closed already
  const box = new DrawBox(seedOf(seedNameOf(campaign.id, draw.name)), draw);
  for await (const entry of entriesOf(store, campaign, draw)) box.add(entry);
  const result = box.result(clock());
  if (!(await store.putDocument({ ...drawDocument(campaign.id, draw.name), text: JSON.stringify(result) }, 0)))
    return undefined;
  const { tickets, digest, winners } = result;
  log.info({ campaign: campaign.id, draw: draw.name, tickets, digest, winners: winners.length }, 'a draw was held');
  return result;
}

/** Every claim of a rule that enters this draw; of who is blocked or has left as well: they held a ticket. */
export async function* entriesOf(store: Pick<Store, 'snapshot'>, campaign: Campaign, { name }: FinalDraw) {
  const rules = new Set(campaign.rules.filter(({ enter }) => enter === name).flatMap(namesOf));
  const campaigns = new Set(namesOf(campaign));
  const snapshot = await store.snapshot();
  try {
    for await (const page of snapshot.claims().pages())
      for (const { key, account, user, campaign: id, rule } of page)
        if (campaigns.has(id) && rules.has(rule)) yield { claim: key, account, user };
  } finally {
    await snapshot.close();
  }
}

type Telling = {
  readonly result: DrawResult;
  readonly before: Progress;
  readonly version: number;
  readonly take: () => Promise<Lease | undefined>;
};

async function tellAll(ports: DrawPorts, campaign: Campaign, draw: FinalDraw, telling: Telling): Promise<void> {
  const { result, before, take } = telling;
  const { store, clock, log } = ports;
  const begun = clock();
  let { version } = telling;
  let progress = before;
  const write = async (next: Progress): Promise<boolean> => {
    progress = next;
    return store.putDocument({ ...progressDocument(campaign.id, draw.name), text: JSON.stringify(next) }, version++);
  };
  for (const n of before.again) {
    const winner = result.winners[n]!;
    if (!(await giveOne(ports, campaign, draw, winner, begun))) continue;
    if (!(await write({ ...progress, again: progress.again.filter(each => each !== n) })) || !(await take())) return;
  }
  for (let n = before.done; n < result.winners.length; n++) {
    const winner = result.winners[n]!;
    const isGiven = await giveOne(ports, campaign, draw, winner, begun);
    if (!isGiven)
      log.error(
        { campaign: campaign.id, draw: draw.name, prize: winner.prize },
        'a winner could not be given their prize; it is tried again each day',
      );
    if (!(await write({ done: n + 1, again: isGiven ? progress.again : [...progress.again, n] })) || !(await take()))
      return;
  }
}

/** Once a day at most: a refusal is an answer, which the same key gets again. `false`: nothing was given. */
async function giveOne(
  ports: DrawPorts,
  campaign: Campaign,
  draw: FinalDraw,
  winner: Drawn,
  begun: Instant,
): Promise<boolean> {
  const { flow, store, clock, tell, log } = ports;
  const { account, user, prize } = winner;
  const now = clock();
  const event: Event = {
    ...{ kind: 'drawn', campaign: campaign.id, draw: draw.name, prize },
    key: eventKey(`d:${campaign.id}:${draw.name}:${user}:${dayOf(now)}`),
    ...{ account, user, sentAt: now },
  };
  // One who cannot be given anything as bot.yaml is now (their account is gone) keeps no other winner waiting.
  const answer = await flow.handle(event).catch((error: unknown) => {
    if (error instanceof Fault) throw error;
    log.warn(
      { campaign: campaign.id, draw: draw.name, prize, err: error },
      'a winner could not be given their prize yet',
    );
  });
  if (!answer) return false;
  const lines = await store.journal({ user, key: event.key, limit: 1 });
  const decision = lines[0]?.decision;
  // Of a claim that was made on another day the new event is only told that it was.
  if (decision?.kind === 'refused') return decision.refusal === 'already';
  if (decision?.kind !== 'awarded') return false;
  if (answer.at >= begun || !(await wasTold(store, event, answer))) await tell(event, answer.reply, decision);
  return true;
}
