// What a trial came to, on a terminal.
import { isTable, type TrialWords } from '../../core/analysis/trial-words.ts';
import { table } from './context.ts';
import { worded } from './language.ts';

export function trialText(said: TrialWords): string {
  return said
    .map(each => {
      if (!isTable(each)) return worded(each);
      const rows = each.rows.map(row => row.map(worded));
      return `${each.isApart ? '\n' : ''}${table(each.head, rows)}`;
    })
    .join('\n');
}
