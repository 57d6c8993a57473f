// `hongbao backtest`: what changed rules would have come to, had they been live while the journal was written.

import { performance } from 'node:perf_hooks';
import type { Config } from '../../config/config.ts';
import { Backtest, type BacktestReport, type Both } from '../../core/analysis/backtest.ts';
import { refusalKeyText } from '../../core/analysis/naming.ts';
import { BadInput } from '../../core/base/error.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { beijingText, endOfDay, type Instant, parseBeijing } from '../../core/base/time.ts';
import { joined, t, type Wording, type Words } from '../../core/base/words/words.ts';
import { bookOf } from '../../core/decide/match.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { environmentOf } from '../../engine/operate/foretell.ts';
import { checkRuleFiles } from '../../engine/rulebook.ts';
import { readRuleFiles } from '../../engine/rulebook-files.ts';
import type { Store } from '../../ports.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, table, withStore } from '../shared/context.ts';
import { eventsOf } from '../shared/journal.ts';
import { l, worded } from '../shared/language.ts';

export type BacktestOptions = Common & {
  /** Rule files, or `live`. */
  readonly against?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
  /** Names followers as they are. */
  readonly openids?: boolean;
};

/** What is done sooner needs no line that says how far it is. */
const QUIET_MS = 2000;
const REDRAW_MS = 200;
const LIMITS_SHOWN = 20;

export function backtest(paths: readonly string[], options: BacktestOptions): Promise<number> {
  const from = options.from === undefined ? undefined : timeOf('--from', options.from);
  const to = options.to === undefined ? undefined : endOf(options.to);
  const limit = limitOf(options.limit);
  return withStore(options, async (store, config) => {
    await writeDown(store, 'backtest', paths.join(' '), [options.openids && '--openids']);
    const sides = await sidesOf(paths, options.against ?? ['live'], config);
    const test = new Backtest(sides, environmentOf(config), from);
    await play(test, store, to, limit);
    const report = test.report(options.openids ? user => user : undefined);
    if (options.json) printJson({ summary: summaryOf(report), ...report });
    else print(show(report));
    return EXIT.fine;
  });
}

async function play(test: Backtest, store: Store, to: Instant | undefined, limit: number): Promise<void> {
  const began = performance.now();
  let drawnAt = began;
  for await (const line of eventsOf(store, { to })) {
    test.play(line);
    if (test.count >= limit) break;
    const now = performance.now();
    if (!process.stderr.isTTY || now - began < QUIET_MS || now - drawnAt < REDRAW_MS) continue;
    drawnAt = now;
    process.stderr.write(`\r${l`backtest: ${test.count} events`}`);
  }
  if (drawnAt > began) process.stderr.write('\r\u001b[K');
}

// ── What is asked ────────────────────────────────────────────────────────────────────────────────────────────

/** The rules as they are, and the same with the changed files in the place of those of the same campaigns. */
async function sidesOf(paths: readonly string[], against: readonly string[], config: Config) {
  const accounts = [...config.accounts.keys()];
  const live = await campaignsIn(
    against.flatMap(path => (path === 'live' ? config.rules : path)),
    config,
  );
  // Whatever mode a changed file is in: the question is what it would do when it is live.
  const changed = (await campaignsIn(paths, config)).map((each): Campaign => ({ ...each, mode: 'live' }));
  const replaced = live.map(each => changed.find(({ id }) => id === each.id) ?? each);
  const added = changed.filter(({ id }) => live.every(each => each.id !== id));
  return { now: bookOf(live, accounts), changed: bookOf([...replaced, ...added], accounts) };
}

async function campaignsIn(paths: readonly string[], config: Config): Promise<Campaign[]> {
  const { campaigns, findings } = checkRuleFiles(await readRuleFiles(paths), config);
  if (findings.length > 0) throw new BadInput(t`the rules in ${paths.join(', ')} cannot be played:`, findings);
  return campaigns;
}

function timeOf(option: string, text: string): Instant {
  const at = parseBeijing(text);
  if (at === undefined) throw new BadInput(t`${option} ${text}: expected a day such as 2026-02-10, or a time on it`);
  return at;
}

/** A day is meant with all of it. */
function endOf(text: string): Instant {
  const at = timeOf('--to', text);
  return /\d:\d/.test(text) ? at : endOfDay(at);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new BadInput(t`--limit ${text}: expected a whole number`);
  return Number(text);
}

// ── What came of it ──────────────────────────────────────────────────────────────────────────────────────────

/** "Under the new rules: 312 more prizes, ¥486.00 more, 17 followers would no longer win" */
function summaryOf({ sums, people, decided, reworded }: BacktestReport): Words {
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

function signed(amount: number): string {
  return `${amount < 0 ? '-' : ''}${showFen(fen(Math.abs(amount)))}`;
}

function difference(now: number, changed: number, text: (value: number) => string = String): string {
  return now === changed ? '' : `${changed > now ? '+' : ''}${text(changed - now)}`;
}

function show(report: BacktestReport): string {
  const { events, skipped, from, to, sums, people, decided, asRecorded } = report;
  if (events === 0) return l`there are no events to repeat in this time`;
  const same = ((asRecorded * 100) / events).toFixed(1);
  const sides = [l`now`, l`new rules`, l`difference`];
  const rows: [string, Both<number>, ((value: number) => string)?][] = [
    [l`prizes`, both(sums, ({ won }) => won)],
    [l`packets`, both(sums, ({ packets }) => packets)],
    [l`amount`, both(sums, ({ amount }) => amount), signed],
    [l`winners`, people.winners],
  ];
  return [
    worded(summaryOf(report)),
    l`${events} events, ${beijingText(from!)} to ${beijingText(to!)}; ${skipped} others are not repeated. ${decided} are decided otherwise; ${people.more} followers get more, ${people.less} get less.`,
    l`The rules of now decide as was decided then: ${same}% (from empty books; rules, pauses and what was sent by hand may have been others)`,
    section(
      ['', ...sides],
      rows.map(([name, { now, changed }, text = String]) => [
        name,
        text(now),
        text(changed),
        difference(now, changed, text),
      ]),
    ),
    section([l`prize`, l`now`, '', l`new rules`, '', l`difference`], report.prizes.map(prizeRow)),
    section([l`day`, l`now`, '', l`new rules`, '', l`difference`], report.days.map(dayRow)),
    section(
      [l`refused`, ...sides],
      changesOf(report.refusals, key => worded(refusalKeyText(key))),
    ),
    section([l`limits met`, ...sides], limitRows(report)),
    section(
      [l`who`, ...sides],
      report.samples.map(({ user, now, changed }) => [
        user,
        now.got.join(' ') || l`nothing`,
        changed.got.join(' ') || l`nothing`,
        difference(now.amount, changed.amount, signed),
      ]),
    ),
  ]
    .filter(part => part !== '')
    .join('\n');
}

function section(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `\n${table(head, rows)}`;
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
  name: (key: string) => string,
): string[][] {
  const keys = [...new Set([...Object.keys(now), ...Object.keys(changed)])];
  const off = (key: string): number => Math.abs((changed[key] ?? 0) - (now[key] ?? 0));
  return keys
    .sort((a, b) => off(b) - off(a))
    .map(key => {
      const [was, is] = [now[key] ?? 0, changed[key] ?? 0];
      return [name(key), String(was), String(is), difference(was, is)];
    });
}

function limitRows({ limits }: BacktestReport): string[][] {
  const counts = both(limits, list =>
    Object.fromEntries(list.map(({ campaign, limit, count }) => [`${campaign} ${worded(limit)}`, count])),
  );
  return changesOf(counts, key => key).slice(0, LIMITS_SHOWN);
}
