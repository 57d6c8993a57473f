// What the journal comes to, by the day (汇总): counted a little after the events, each line once, by one process at a time. So a page
// reads a few numbers, however many events there were, and an event pays nothing for it.
//
// A day is the note of a lease. It says up to which line of the journal it is counted, so that a process that dies between two
// notes counts nothing twice. What is counted is for looking at: no limit and no money hangs on it.

import { type Day, dayOf, endOfDay, HOUR, type Instant, instant, later, SECOND } from '../../core/base/time.ts';
import { partsOf } from '../../core/decide/decision.ts';
import type { Clock, JournalLine, Lease, Log, Store } from '../../ports.ts';

/** Of one campaign on one day. Amounts are fen. */
export type CampaignTally = {
  /** Events that one of its rules decided. */
  heard: number;
  /** Prizes of money; all that was won, by name, is in `prizes`. */
  won: number;
  amount: number;
  /** Won, by the hour of the day. */
  hours: number[];
  /** By reason: `soldOut/later`. */
  refusals: Record<string, number>;
  prizes: Record<string, number>;
};
export type DayTally = {
  /** The last line of the journal that is in it. */
  upTo: number;
  heard: number;
  refused: number;
  won: number;
  amount: number;
  /** Fen, by the hour of the day. */
  hours: number[];
  campaigns: Record<string, CampaignTally>;
};

export type Tally = {
  /** `undefined`: nothing happened on it. */
  day(day: Day): Promise<DayTally | undefined>;
  /** The days up to this one, the oldest first; nothing where nothing happened. */
  days(last: Day, count: number): Promise<readonly (readonly [Day, DayTally | undefined])[]>;
  /** The time of the last event that is counted. */
  countedTo(): Promise<Instant | undefined>;
  /** Counts some more: `false` when there is nothing more, or somebody else is at it. */
  pass(): Promise<boolean>;
};

const LEASE = 'overview';
const LEASE_MS = 10 * SECOND;
/** At once: they are read in one go, and events wait for that. */
const CHUNK = 200;
/** A day that is over does not change any more. */
const KEPT_DAYS = 90;

type Ports = { readonly store: Store; readonly clock: Clock; readonly holder: string; readonly log?: Log };
type Cursor = { readonly line: number; readonly at?: Instant };

export function createTally({ store, clock, holder }: Ports): Tally {
  const known = new Map<Day, DayTally>();
  const noteOf = (day: Day): string => `${LEASE}:${day}`;

  const read = async (day: Day): Promise<DayTally | undefined> => {
    const text = await store.note(noteOf(day));
    return text === undefined || text === '' ? undefined : (JSON.parse(text) as DayTally);
  };
  /** `false`: somebody else has it. */
  const write = async (day: Day, tally: DayTally): Promise<boolean> => {
    const lease = await store.lease(noteOf(day), holder, LEASE_MS, clock());
    return lease !== undefined && (await store.release(lease, clock(), JSON.stringify(tally)));
  };

  const count = async (lease: Lease): Promise<boolean> => {
    const from = cursorIn(lease.note);
    const lines = await store.journalAfter(from.line, CHUNK);
    const days = new Map<Day, JournalLine[]>();
    for (const line of lines) {
      const day = dayOf(line.at);
      const own = days.get(day);
      if (own) own.push(line);
      else days.set(day, [line]);
    }
    for (const [day, own] of days) {
      const tally = (await read(day)) ?? emptyDay();
      for (const line of own) if (line.id > tally.upTo) addLine(tally, line);
      if (!(await write(day, tally))) return false;
      known.delete(day);
    }
    const last = lines.at(-1);
    const to: Cursor = last ? { line: last.id, at: last.at } : from;
    await store.release(lease, clock(), JSON.stringify(to));
    return lines.length === CHUNK;
  };

  const day = async (wanted: Day): Promise<DayTally | undefined> => {
    const before = known.get(wanted);
    if (before) return before;
    const tally = await read(wanted);
    // Only what is surely over, and was counted to its end, is kept.
    if (tally && (await isPast(wanted))) {
      if (known.size >= KEPT_DAYS) known.clear();
      known.set(wanted, tally);
    }
    return tally;
  };
  const isPast = async (wanted: Day): Promise<boolean> => {
    const at = cursorIn(await store.note(LEASE)).at;
    return at !== undefined && dayOf(later(at, -HOUR)) > wanted;
  };

  return {
    day,
    days: (last, count) => Promise.all(daysBefore(last, count).map(async each => [each, await day(each)] as const)),
    countedTo: async () => cursorIn(await store.note(LEASE)).at,
    async pass() {
      // Where nothing is new, nothing is written.
      const [newest] = await store.journal({ limit: 1 });
      if (!newest || newest.id <= cursorIn(await store.note(LEASE)).line) return false;
      const lease = await store.lease(LEASE, holder, LEASE_MS, clock());
      return lease ? count(lease) : false;
    },
  };
}

function cursorIn(note: string | undefined): Cursor {
  return note === undefined || note === '' ? { line: 0 } : (JSON.parse(note) as Cursor);
}

/** `count` days up to this one, the oldest first. */
function daysBefore(last: Day, count: number): Day[] {
  const noon = Date.parse(`${last}T12:00:00+08:00`);
  return Array.from({ length: count }, (_, n) => dayOf(instant(noon - (count - 1 - n) * 24 * HOUR)));
}

const zeros = (): number[] => Array.from({ length: 24 }, () => 0);

function emptyDay(): DayTally {
  return { upTo: 0, heard: 0, refused: 0, won: 0, amount: 0, hours: zeros(), campaigns: {} };
}

function emptyCampaign(): CampaignTally {
  return { heard: 0, won: 0, amount: 0, hours: zeros(), refusals: {}, prizes: {} };
}

function addLine(day: DayTally, { id, at, decision }: JournalLine): void {
  day.upTo = id;
  const parts = partsOf(decision);
  // Who only chats takes part in nothing: here as in each campaign.
  if (parts.length > 0) day.heard++;
  for (const part of parts) addPart(day, part, at);
}

function addPart(day: DayTally, part: ReturnType<typeof partsOf>[number], at: Instant): void {
  const own = day.campaigns[part.campaign] ?? emptyCampaign();
  day.campaigns[part.campaign] = own;
  own.heard++;
  if (part.kind === 'refused') {
    day.refused++;
    const key = part.detail === undefined ? part.refusal : `${part.refusal}/${part.detail}`;
    own.refusals[key] = (own.refusals[key] ?? 0) + 1;
  }
  if (part.kind !== 'awarded') return;
  own.prizes[part.prize] = (own.prizes[part.prize] ?? 0) + 1;
  if (part.amount === 0) return;
  const hour = 23 - Math.floor((endOfDay(at) - 1 - at) / HOUR);
  for (const sum of [day, own]) {
    sum.won++;
    sum.amount += part.amount;
  }
  day.hours[hour] = (day.hours[hour] ?? 0) + part.amount;
  own.hours[hour] = (own.hours[hour] ?? 0) + 1;
}
