// Compares each day with what the merchants' accounts say of it (资金账单), the morning after. Days on which nobody was there to do it
// are made up for. What differs is an alarm, and stays written down.

import { Audit, showAuditFinding } from '../core/audit/audit.ts';
import type { FundFlow } from '../core/audit/fund-flow.ts';
import { BadInput } from '../core/base/error.ts';
import { DAY, type Day, dayOf, later, minuteOfDay } from '../core/base/time.ts';
import type { Clock, Log, Store } from '../ports.ts';
import { noteLeft } from './audit/left.ts';
import { auditStore } from './audit-store.ts';
import { noteBill } from './bills/bills.ts';
import type { Rulebook } from './rulebook.ts';

/** What a job of the night logs of its findings; `hongbao audit` shows more. */
export const FINDINGS_LOGGED = 20;
/** Of what stays written down of a day. */
const DETAIL_MAX = 1500;
/** Of the Beijing day; what is not there by then is for a person. */
const LAST_MINUTE = 18 * 60;
/** Days further back are compared by hand. */
const MADE_UP_FOR_MAX = 7;
/** So far back it is looked which days were compared. */
const ACTS_READ = 2000;

const ACT = { by: 'the timetable', what: 'audit --fetch' } as const;

type ReconcilePorts = {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  readonly rulebook: Pick<Rulebook, 'current'>;
  /** The merchants' fund flows of a day, from WeChat Pay. Throws `BadInput` where they cannot be had yet. */
  readonly fundsOf: (day: Day) => Promise<FundFlow>;
};

/** Each day once; `false`: one cannot be had yet, and is asked for again in half an hour. */
export async function reconcile(ports: ReconcilePorts): Promise<boolean> {
  let areAllThere = true;
  for (const day of await daysToCompare(ports)) areAllThere = (await compare(ports, day)) && areAllThere;
  return areAllThere;
}

/** Yesterday, and those before it since the first that was compared, oldest first. */
async function daysToCompare({ store, clock }: ReconcilePorts): Promise<Day[]> {
  const acts = await store.acts.list({ limit: ACTS_READ });
  const done = acts.filter(({ by, what }) => by === ACT.by && what === ACT.what).map(({ about }) => about);
  const [first = ''] = [...done, dayOf(later(clock(), -DAY))].sort();
  const days = Array.from({ length: MADE_UP_FOR_MAX }, (_, n) => dayOf(later(clock(), -(MADE_UP_FOR_MAX - n) * DAY)));
  return days.filter(day => day >= first && !done.includes(day));
}

async function compare({ store, rulebook, clock, fundsOf, log }: ReconcilePorts, day: Day): Promise<boolean> {
  let funds: FundFlow;
  try {
    funds = await fundsOf(day);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    const isLast = minuteOfDay(clock()) >= LAST_MINUTE;
    log[isLast ? 'error' : 'warn'](
      { day },
      `${error.message}; ${isLast ? `\`hongbao audit --fetch ${day}\` asks again` : 'asked again in half an hour'}`,
    );
    return false;
  }
  await noteLeft(store, funds, day);
  const { compared, findings, total } = await auditStore(store, new Audit(rulebook.current().campaigns, funds));
  const words = findings.slice(0, FINDINGS_LOGGED).map(showAuditFinding);
  if (total === 0) log.info({ day, ...compared }, "the audit balances with the merchants' accounts");
  else
    log.error(
      { day, total, findings: words },
      `the merchants' accounts differ from the books in ${total} places; \`hongbao audit --fetch ${day}\` names them`,
    );
  const detail = total === 0 ? 'balances' : `${total} differences: ${words.join('; ')}`.slice(0, DETAIL_MAX);
  await noteBill(store, { day, at: clock(), total, differences: words });
  // Last: whoever dies before it compares the day once more.
  await store.acts.append({ at: clock(), ...ACT, about: day, detail });
  return true;
}
