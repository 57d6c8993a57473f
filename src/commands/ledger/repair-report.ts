// What a repair has done, for the operator to read, and how far it is.
import { performance } from 'node:perf_hooks';
import type { AuditReport } from '../../core/audit/audit.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { print, table } from '../shared/context.ts';
import type { RepairReport } from './repair.ts';
import type { RepairLine } from './repair-write.ts';

const DONE: Record<RepairLine['what'], string> = {
  restored: 'restored',
  claim: 'claim restored',
  caughtUp: 'brought up to date',
  unknown: 'recorded: who or why unknown',
  left: 'NOT repaired',
};
const WOULD: Record<RepairLine['what'], string> = {
  restored: 'would be restored',
  claim: 'claim would be restored',
  caughtUp: 'would be brought up to date',
  unknown: 'would be recorded: who or why unknown',
  left: 'cannot be repaired',
};
const SHOWN_MAX = 1000;
const REDRAW_MS = 500;

export function showRepair({ dryRun, lines, left, counters }: RepairReport): void {
  if (counters > 0)
    print(`${counters} counters ${dryRun ? 'would be' : 'were'} brought back to what claims and payouts say\n`);
  if (lines.length === 0) {
    print('nothing is lost that could be repaired\n');
    return;
  }
  const words = dryRun ? WOULD : DONE;
  const rows = lines.slice(0, SHOWN_MAX).map(line => rowOf(line, words[line.what]));
  print(table(['number', 'amount', 'follower', 'claim', 'result', 'state', 'note'], rows));
  const more = lines.length > SHOWN_MAX ? `, of which the first ${SHOWN_MAX} are shown` : '';
  const done = `${lines.length - left} ${dryRun ? 'would be repaired' : 'repaired'}, ${left} not${more}`;
  print(`\n${done}${dryRun ? '; nothing was written' : ''}\n`);
}

function rowOf({ billNo, amount, user, claimKey, state, notes }: RepairLine, result: string): string[] {
  const money = amount === undefined ? '–' : showFen(fen(amount));
  return [billNo || '–', money, user ?? '–', claimKey ?? '–', result, state ?? '–', notes.join('; ')];
}

/** Where all claims and payouts are there, nobody can tell how a bucket came to differ. */
export function showUntouched({ findings }: AuditReport): void {
  if (findings.some(({ where }) => where.startsWith('bucket ')))
    print('--repair brings back claims, payouts and counters; buckets that differ all the same it does not touch');
  else if (findings.some(({ where }) => where.startsWith('counter ')))
    print('--repair lowers no counter while something else is left: what is not here may have been counted');
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
