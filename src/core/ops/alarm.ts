// Alarms (告警): what is wrong now, what was said of it and when, who has taken it on. Pure: what is to be said next follows from
// what stood, what is raised, and the time.
import { beijingText, type Instant, MINUTE } from '../base/time.ts';
import type { Language } from './diagnosis-words.ts';

/** Something that somebody should know. */
export type Raised = {
  /** One trouble, one key: `halted:shop`. */
  readonly key: string;
  /** `page`: now, whatever the hour. `ticket`: in the morning. */
  readonly grave: 'page' | 'ticket';
  readonly words: Readonly<Record<Language, string>>;
  /** It was met, and cannot be looked at again: it is over once it has not been met for a while. */
  readonly isMet?: boolean;
};

/** One that stands: raised, and not over. */
export type Standing = Raised & {
  readonly since: Instant;
  readonly seenAt: Instant;
  /** When it was last said; absent: nobody has heard of it yet. */
  readonly saidAt?: Instant;
  /** Somebody knows: it is not said again, until it is over. */
  readonly taken?: { readonly by: string; readonly at: Instant };
};

export type Telling = { readonly kind: 'new' | 'again' | 'over'; readonly alarm: Standing };

/** What was met counts so long. */
const MET_FOR_MS = 30 * MINUTE;

/** What stands now, as if all of `tellings` had been said. */
export function nextAlarms(
  before: readonly Standing[],
  raised: readonly Raised[],
  now: Instant,
  repeatMs: number,
): { readonly standing: Standing[]; readonly tellings: Telling[] } {
  const known = new Map(before.map(each => [each.key, each]));
  const standing: Standing[] = [];
  const tellings: Telling[] = [];
  for (const each of new Map(raised.map(one => [one.key, one])).values()) {
    const old = known.get(each.key);
    const alarm: Standing = { ...old, ...each, since: old?.since ?? now, seenAt: now };
    const isDue = alarm.saidAt === undefined || (!alarm.taken && Math.abs(now - alarm.saidAt) >= repeatMs);
    if (isDue) tellings.push({ kind: alarm.saidAt === undefined ? 'new' : 'again', alarm });
    standing.push(isDue ? { ...alarm, saidAt: now } : alarm);
  }
  const isRaised = new Set(raised.map(({ key }) => key));
  for (const old of before.filter(({ key }) => !isRaised.has(key))) {
    if (old.isMet && Math.abs(now - old.seenAt) < MET_FOR_MS) standing.push(old);
    else if (old.saidAt !== undefined) tellings.push({ kind: 'over', alarm: old });
  }
  return { standing, tellings };
}

export function readAlarms(text: string | undefined): Standing[] {
  try {
    const value: unknown = text === undefined || text === '' ? [] : JSON.parse(text);
    return Array.isArray(value) ? (value as Standing[]) : [];
  } catch {
    return []; // of a version to come
  }
}

const HEADS: Readonly<Record<Language, Readonly<Record<Telling['kind'], string>>>> = {
  zh: { new: '告警', again: '仍未恢复', over: '已恢复' },
  en: { new: 'alarm', again: 'still', over: 'over' },
};
const MARKS: Readonly<Record<Telling['kind'], string>> = { new: '🔴', again: '🟠', over: '🟢' };

/** One text for all that is said at once; what is gravest comes first. */
export function tellingText(
  tellings: readonly Telling[],
  language: Language,
): { readonly subject: string; readonly text: string } {
  const rank = ({ kind, alarm }: Telling): number => (kind === 'over' ? 2 : alarm.grave === 'page' ? 0 : 1);
  const lines = [...tellings]
    .sort((a, b) => rank(a) - rank(b))
    .map(({ kind, alarm }) => {
      const since = language === 'zh' ? `自 ${beijingText(alarm.since)}` : `since ${beijingText(alarm.since)}`;
      return `${MARKS[kind]} ${HEADS[language][kind]}: ${alarm.words[language]} (${since}) [${alarm.key}]`;
    });
  const worst = lines[0] ?? '';
  const count = language === 'zh' ? `红包机器人 ${tellings.length} 条` : `hongbao-bot: ${tellings.length}`;
  return { subject: `${count} · ${worst.slice(0, 80)}`, text: lines.join('\n') };
}
