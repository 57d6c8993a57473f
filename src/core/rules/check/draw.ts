// What must fit together in a draw at the end (开奖): its prizes, their money, its time, and the rule that speaks to who is drawn.

import { fen, showFen } from '../../base/money.ts';
import { beijingText } from '../../base/time.ts';
import { t } from '../../base/words/words.ts';
import type { Written } from '../language/file.ts';
import { isWritten, listsOf, sayUnknown } from '../schema/written.ts';
import type { Checking } from './common.ts';
import { amountsOf } from './prize.ts';

export function checkDraws({ file, say }: Checking): void {
  const { rules = [] }: Written = file;
  const names = [...(file.prizes?.keys() ?? [])];
  let sum = 0;
  for (const [draw, written] of file.draws ?? []) {
    const { at, winners = [] } = written ?? {};
    if (at && file.period?.from && at.value < file.period.from.value)
      say(at.at, t`the draw is before the campaign begins (${beijingText(file.period.from.value).slice(0, 16)})`);
    const speaks = rules.some(({ value: { on } }) =>
      on?.value.some(trigger => trigger.kind === 'drawn' && 'draw' in trigger && trigger.draw === draw),
    );
    const enters = rules.some(({ value: { enter } }) => enter?.value === draw);
    const place = at?.at ?? winners[0]?.key?.at;
    if (place && !speaks) say(place, t`no rule says what becomes of who is drawn: add on: { drawn: ${draw} }`);
    if (place && !enters) say(place, t`nobody can enter the draw: add enter: ${draw} to a rule`);
    for (const { key, value } of winners) {
      if (!key) continue;
      sayUnknown(t`prize`, key, names, say, t`the campaign has no \`prizes\``);
      const prize = file.prizes?.get(key.value);
      if (!prize) continue;
      if (isWritten(prize, 'nothing')) say(key.at, t`"${key.value}" is nothing; a draw gives something`);
      const amounts = amountsOf(prize);
      const [{ min, max } = { min: fen(0), max: fen(0) }] = amounts;
      if (amounts.length > 1 || min !== max || prize.redpacket?.value.split)
        say(key.at, t`"${key.value}" is drawn at the end: it needs one amount`);
      if (prize.stock && value && prize.stock.value < value.value)
        say(prize.stock.at, t`stock ${prize.stock.value} is less than the ${value.value} that "${draw}" draws`);
      sum += max * (value?.value ?? 0);
    }
  }
  checkKept({ file, say });
  const { total } = file.budget ?? {};
  if (total && sum > total.value)
    say(total.at, t`the draws come to ${showFen(fen(sum))}, more than budget.total ${showFen(total.value)}`);
}

/** What a draw gives is kept for it: nobody else may win it. */
function checkKept({ file, say }: Pick<Checking, 'file' | 'say'>): void {
  const owners = new Map<string, string>();
  for (const [draw, written] of file.draws ?? [])
    for (const { key } of written?.winners ?? []) {
      if (!key) continue;
      const owner = owners.get(key.value);
      if (owner !== undefined)
        say(
          key.at,
          t`"${key.value}" is there already${owner === draw ? '' : t` in "${owner}"`}; a prize is of one draw`,
        );
      owners.set(key.value, draw);
    }
  for (const { value: rule } of file.rules ?? []) {
    if (rule.on?.value.some(trigger => trigger.kind === 'drawn')) continue;
    for (const { value, at } of listsOf(rule).flat()) {
      const draw = owners.get(value);
      if (draw !== undefined) say(at, t`"${value}" is kept for the draw "${draw}"; give another prize`);
    }
  }
}
