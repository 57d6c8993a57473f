// What a backtest came to, in words: the answer first, then the sums, then who, what and why.
import { fen, showFen } from '../base/money.ts';
import { beijingText } from '../base/time.ts';
import { joined, t, type Wording, type Words } from '../base/words/words.ts';
import type { BacktestReport, Both } from './backtest.ts';
import { refusalKeyText } from './naming.ts';
import type { Table, TrialWords } from './trial-words.ts';

const LIMITS_SHOWN = 20;

/** "Under the new rules: 312 more prizes, ¥486.00 more, 17 followers would no longer win" */
export function summaryOf({ sums, people, decided, reworded }: BacktestReport): Words {
  if (decided === 0)
    return reworded > 0
      ? t`Under the new rules: no difference, only ${reworded} replies read otherwise`
      : t`Under the new rules: no difference`;
  const won = sums.changed.won - sums.now.won;
  const money = sums.changed.amount - sums.now.amount;
  const much = showFen(fen(Math.abs(money)));
  const parts: Wording[] = [
    won === 0 ? t`as many prizes` : won > 0 ? t`${won} prizes more` : t`${-won} prizes less`,
    money === 0 ? t`as much money` : money > 0 ? t`${much} more` : t`${much} less`,
    ...(people.losing > 0 ? [t`${people.losing} followers would no longer win`] : []),
    ...(people.winning > 0 ? [t`${people.winning} followers would win as well`] : []),
  ];
  return t`Under the new rules: ${joined(parts, t`, `)}`;
}

export function backtestWords(report: BacktestReport): TrialWords {
  const { events, skipped, from, to, sums, people, decided, asRecorded } = report;
  if (events === 0) return [t`there are no events to repeat in this time`];
  const same = ((asRecorded * 100) / events).toFixed(1);
  const sides = [t`now`, t`new rules`, t`difference`];
  const rows: [Wording, Both<number>, ((value: number) => string)?][] = [
    [t`prizes`, both(sums, ({ won }) => won)],
    [t`packets`, both(sums, ({ packets }) => packets)],
    [t`amount`, both(sums, ({ amount }) => amount), signed],
    [t`winners`, people.winners],
  ];
  return [
    summaryOf(report),
    t`${events} events, ${beijingText(from!)} to ${beijingText(to!)}; ${skipped} others are not repeated. ${decided} are decided otherwise; ${people.more} followers get more, ${people.less} get less.`,
    t`The rules of now decide as was decided then: ${same}% (from empty books; rules, pauses and what was sent by hand may have been others)`,
    ...apart(
      ['', ...sides],
      rows.map(([name, { now, changed }, text = String]) => [
        name,
        text(now),
        text(changed),
        difference(now, changed, text),
      ]),
    ),
    ...apart([t`prize`, t`now`, '', t`new rules`, '', t`difference`], report.prizes.map(prizeRow)),
    ...apart([t`day`, t`now`, '', t`new rules`, '', t`difference`], report.days.map(dayRow)),
    ...apart([t`refused`, ...sides], changesOf(report.refusals, refusalKeyText)),
    ...apart([t`limits met`, ...sides], limitRows(report)),
    ...apart(
      [t`who`, ...sides],
      report.samples.map(({ user, now, changed }) => [
        user,
        now.got.join(' ') || t`nothing`,
        changed.got.join(' ') || t`nothing`,
        difference(now.amount, changed.amount, signed),
      ]),
    ),
  ];
}

function apart(head: readonly Wording[], rows: Table['rows']): Table[] {
  return rows.length === 0 ? [] : [{ head, rows, isApart: true }];
}

function signed(amount: number): string {
  return `${amount < 0 ? '-' : ''}${showFen(fen(Math.abs(amount)))}`;
}

function difference(now: number, changed: number, text: (value: number) => string = String): string {
  return now === changed ? '' : `${changed > now ? '+' : ''}${text(changed - now)}`;
}

function both<T, U>({ now, changed }: Both<T>, of: (side: T) => U): Both<U> {
  return { now: of(now), changed: of(changed) };
}

function prizeRow({ campaign, prize, now, changed }: BacktestReport['prizes'][number]): string[] {
  const money = [now.amount, changed.amount] as const;
  return [
    `${campaign}/${prize}`,
    String(now.count),
    showFen(now.amount),
    String(changed.count),
    showFen(changed.amount),
    difference(...money, signed) || difference(now.count, changed.count),
  ];
}

function dayRow({ day, now, changed }: BacktestReport['days'][number]): string[] {
  const cells = [now, changed].flatMap(({ won, amount }) => [String(won), signed(amount)]);
  return [day, ...cells, difference(now.amount, changed.amount, signed)];
}

/** Counts by their key, side by side; the greatest change first. */
function changesOf(
  { now, changed }: Both<Readonly<Record<string, number>>>,
  name: (key: string) => Wording,
): Wording[][] {
  const keys = [...new Set([...Object.keys(now), ...Object.keys(changed)])];
  const off = (key: string): number => Math.abs((changed[key] ?? 0) - (now[key] ?? 0));
  return keys
    .sort((a, b) => off(b) - off(a))
    .map(key => {
      const [was, is] = [now[key] ?? 0, changed[key] ?? 0];
      return [name(key), String(was), String(is), difference(was, is)];
    });
}

function limitRows({ limits }: BacktestReport): Wording[][] {
  const names = new Map<string, Wording>();
  const counts = both(limits, list =>
    Object.fromEntries(
      list.map(({ campaign, limit, count }) => {
        const key = `${campaign} ${limit.en}`;
        names.set(key, joined([`${campaign} `, limit]));
        return [key, count];
      }),
    ),
  );
  return changesOf(counts, key => names.get(key)!).slice(0, LIMITS_SHOWN);
}
