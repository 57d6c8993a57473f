// What a repair has done, for the operator to read, and how far it is.
import { performance } from 'node:perf_hooks';
import type { AuditReport } from '../../core/audit/audit.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { t, type Wording } from '../../core/base/words/words.ts';
import type { RepairReport } from '../../engine/repair/repair.ts';
import type { RepairLine } from '../../engine/repair/write.ts';
import { print, table } from '../shared/context.ts';
import { l, worded } from '../shared/language.ts';

const DONE: Record<RepairLine['what'], Wording> = {
  restored: t`restored`,
  claim: t`claim restored`,
  caughtUp: t`brought up to date`,
  unknown: t`recorded: who or why unknown`,
  left: t`NOT repaired`,
};
const WOULD: Record<RepairLine['what'], Wording> = {
  restored: t`would be restored`,
  claim: t`claim would be restored`,
  caughtUp: t`would be brought up to date`,
  unknown: t`would be recorded: who or why unknown`,
  left: t`cannot be repaired`,
};
const SHOWN_MAX = 1000;
const REDRAW_MS = 500;

export function showRepair({ dryRun, lines, left, counters }: RepairReport): void {
  if (counters > 0)
    print(
      dryRun
        ? t`${counters} counters would be brought back to what claims and payouts say\n`
        : t`${counters} counters were brought back to what claims and payouts say\n`,
    );
  if (lines.length === 0) {
    print(t`nothing is lost that could be repaired\n`);
    return;
  }
  const words = dryRun ? WOULD : DONE;
  const rows = lines.slice(0, SHOWN_MAX).map(line => rowOf(line, worded(words[line.what])));
  print(table([l`number`, l`amount`, l`follower`, l`claim`, l`result`, l`state`, l`note`], rows));
  const more = lines.length > SHOWN_MAX ? t`, of which the first ${SHOWN_MAX} are shown` : '';
  const done = lines.length - left;
  print(
    dryRun
      ? t`\n${done} would be repaired, ${left} not${more}; nothing was written\n`
      : t`\n${done} repaired, ${left} not${more}\n`,
  );
}

function rowOf({ billNo, amount, user, claimKey, state, notes }: RepairLine, result: string): string[] {
  const money = amount === undefined ? '–' : showFen(fen(amount));
  return [billNo || '–', money, user ?? '–', claimKey ?? '–', result, state ?? '–', notes.map(worded).join(l`; `)];
}

/** Where all claims and payouts are there, nobody can tell how a bucket came to differ. */
export function showUntouched({ findings }: AuditReport): void {
  if (findings.some(({ where }) => where.startsWith('bucket ')))
    print(t`--repair brings back claims, payouts and counters; buckets that differ all the same it does not touch`);
  else if (findings.some(({ where }) => where.startsWith('counter ')))
    print(t`--repair lowers no counter while something else is left: what is not here may have been counted`);
}

/** On a terminal, what is being read or asked. */
export function partLine(): { tell(part: string, done: number): void; clear(): void } {
  let drawnAt = performance.now();
  let isDrawn = false;
  return {
    tell(part, done) {
      const at = performance.now();
      if (!process.stderr.isTTY || at - drawnAt < REDRAW_MS) return;
      drawnAt = at;
      isDrawn = true;
      process.stderr.write(`\r\u001b[Krepair: ${part} ${done}`);
    },
    clear() {
      if (isDrawn) process.stderr.write('\r\u001b[K');
    },
  };
}
