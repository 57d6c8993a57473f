// Calls people (告警): once a minute it looks what is wrong, and says what is new, what goes on, what is over. What stands lies in the
// store, so that processes do not say it twice and an acknowledgement holds for all; a store that is away is said from memory.
import { messageOf } from '../../core/base/error.ts';
import { type Instant, instant, MINUTE, SECOND } from '../../core/base/time.ts';
import { nextAlarms, type Raised, readAlarms, type Standing, type Telling, tellingText } from '../../core/ops/alarm.ts';
import type { Language } from '../../core/ops/diagnosis-words.ts';
import type { Clock, Log, Store } from '../../ports.ts';

export type AlarmPorts = {
  readonly store: Pick<Store, 'lease' | 'release' | 'note'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Names this process. */
  readonly holder: string;
  readonly repeatMs: number;
  readonly language: Language;
  /** What is wrong now, as far as that can be looked at. */
  readonly conditions: (now: Instant) => Promise<Raised[]>;
  /** Who was not reached. */
  readonly send: (message: { subject: string; text: string; facts: object }) => Promise<string[]>;
  /** So many people are called; where none of them was reached, it is said again. */
  readonly ways: number;
};

type Alarms = {
  /** Once a minute. Never throws. */
  pass(): Promise<void>;
  /** The same log; its errors are for a person. */
  log(log: Log): Log;
};

export const ALARMS_NOTE = 'alarms';
/** Longer than all of a message's ways may take together. */
const ALARMS_LEASE_MS = MINUTE;
/** The store is away when it was so for two passes. */
const AWAY_PASSES = 2;
const STORE_WAITS_MS = 10 * SECOND;
/** Different messages at a time; each of them is one alarm. */
const MET_MAX = 20;

const AWAY: Raised = {
  key: 'store',
  grave: 'page',
  words: { zh: '存储不应答，粉丝收不到回复', en: 'the store does not answer; followers get no reply' },
};

export function createAlarms(ports: AlarmPorts): Alarms {
  const met = new Map<string, Raised>();
  let failures = 0;
  let away: readonly Standing[] = [];
  /** Of what only this process knows. */
  const sayAway = async (): Promise<void> => {
    const { standing, tellings } = nextAlarms(
      away,
      failures >= AWAY_PASSES ? [AWAY] : [],
      ports.clock(),
      ports.repeatMs,
    );
    if (await said(ports, tellings)) away = standing;
  };
  return {
    async pass() {
      try {
        await inTime(passOn(ports, met));
        failures = 0;
      } catch (error) {
        failures++;
        ports.log.warn({ err: error }, `alarms could not be looked at: ${messageOf(error)}`);
      }
      await sayAway();
    },
    log: log => ({
      debug: (fields, text) => log.debug(fields, text),
      info: (fields, text) => log.info(fields, text),
      warn: (fields, text) => log.warn(fields, text),
      error(fields, text) {
        if (met.size < MET_MAX) met.set(text, metAs(text));
        log.error(fields, text);
      },
    }),
  };
}

/** The conditions of a halt have alarms of their own, with more to say. */
const SAID_OTHERWISE = /^the merchant is halted|^one payout was let through/;

function metAs(text: string): Raised {
  const short = text.slice(0, 200);
  return {
    key: `log:${short.slice(0, 60)}`,
    grave: 'page',
    isMet: true,
    words: { zh: `机器人报错：${short}`, en: short },
  };
}

async function passOn(ports: AlarmPorts, met: Map<string, Raised>): Promise<void> {
  const { store, clock, holder, repeatMs } = ports;
  const now = clock();
  const lease = await store.lease(ALARMS_NOTE, holder, ALARMS_LEASE_MS, now);
  if (!lease) return; // somebody else looks just now; what was met here waits
  let note: string | undefined;
  try {
    const lines = [...met.values()].filter(({ words }) => !SAID_OTHERWISE.test(words.en));
    const before = readAlarms(lease.note);
    const { standing, tellings } = nextAlarms(before, [...(await ports.conditions(now)), ...lines], now, repeatMs);
    // Said first: who is killed in between says it twice, which is better than never.
    if (await said(ports, tellings)) note = JSON.stringify(standing);
    if (note !== undefined) met.clear();
  } finally {
    await store.release(lease, clock(), note);
  }
}

/** `false`: nobody was reached, and it is to be said again. */
async function said({ send, language, log, ways }: AlarmPorts, tellings: readonly Telling[]): Promise<boolean> {
  if (tellings.length === 0) return true;
  const facts = { alarms: tellings.map(({ kind, alarm }) => ({ kind, ...alarm })) };
  const failures = await send({ ...tellingText(tellings, language), facts });
  if (failures.length > 0) log.warn({ failures }, 'somebody could not be called');
  return failures.length < ways;
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the store does not answer')), STORE_WAITS_MS + ALARMS_LEASE_MS / 2);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Somebody knows of these; how many there were. `key` absent: all of them. */
export async function takeAlarms(
  { store, clock, holder }: Pick<AlarmPorts, 'store' | 'clock' | 'holder'>,
  by: string,
  key?: string,
): Promise<Standing[] | undefined> {
  const lease = await store.lease(ALARMS_NOTE, holder, ALARMS_LEASE_MS, clock());
  if (!lease) return undefined;
  const isMeant = (each: Standing): boolean => key === undefined || each.key === key;
  const all = readAlarms(lease.note);
  const next = all.map(each => (isMeant(each) ? { ...each, taken: { by, at: instant(clock()) } } : each));
  await store.release(lease, clock(), JSON.stringify(next));
  return next.filter(isMeant);
}
