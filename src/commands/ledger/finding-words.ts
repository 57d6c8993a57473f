// The cells of an audit's table, which the audit makes for programs, worded for who reads it.
import { t, type Wording } from '../../core/base/words/words.ts';

type Words = (...parts: readonly string[]) => Wording;

/** Of several that fit the first one. */
const CELLS: readonly (readonly [RegExp, Words])[] = [
  [/^payout (\S+), before (\S+)$/, (a, b) => t`payout ${a}, before ${b}`],
  [/^payment in (.*)$/, a => t`payment in ${a}`],
  [/^payments, first in (.*)$/, a => t`payments, first in ${a}`],
  [/^payment (.*)$/, a => t`payment ${a}`],
  [/^payouts that are not failed or refunded$/, () => t`payouts that are not failed or refunded`],
  [/^payouts (\S+)$/, a => t`payouts ${a}`],
  [/^payouts$/, () => t`payouts`],
  [/^payout (\S+)$/, a => t`payout ${a}`],
  [/^counter (.*)$/, a => t`counter ${a}`],
  [/^bucket (.*)$/, a => t`bucket ${a}`],
  [/^claim (.*)$/, a => t`claim ${a}`],
  [/^value$/, () => t`value`],
  [/^claim$/, () => t`claim`],
  [/^no such claim$/, () => t`no such claim`],
  [/^number$/, () => t`number`],
  [/^next look$/, () => t`next look`],
  [/^a time, or an alarm$/, () => t`a time, or an alarm`],
  [/^none, in state (\S+)$/, a => t`none, in state ${a}`],
  [/^reserved$/, () => t`reserved`],
  [/^sent$/, () => t`sent`],
  [/^received$/, () => t`received`],
  [/^refunded$/, () => t`refunded`],
  [/^history line (\d+)$/, a => t`history line ${a}`],
  [/^end of the history$/, () => t`end of the history`],
  [/^version (\d+)$/, a => t`version ${a}`],
  [/^from (\S+)$/, a => t`from ${a}`],
  [/^none after (\S+)$/, a => t`none after ${a}`],
  [/^to (\S+)$/, a => t`to ${a}`],
  [/^amount \(claim (.*)\)$/, a => t`amount (claim ${a})`],
  [/^hold on (.*)$/, a => t`hold on ${a}`],
  [/^key$/, () => t`claim key`],
  [/^attempt of payout (\S+)$/, a => t`attempt of payout ${a}`],
  [/^failed or refunded$/, () => t`failed or refunded`],
  [/^neither$/, () => t`neither`],
  [/^day in the number (\S+)$/, a => t`day in the number ${a}`],
  [/^(-?\d+) to (-?\d+)$/, (a, b) => t`${a} to ${b}`],
  [/^amount paid for (\S+)$/, a => t`amount paid for ${a}`],
  [/^none from (.*) to (.*)$/, (a, b) => t`none from ${a} to ${b}`],
  [/^amount paid in (.*)$/, a => t`amount paid in ${a}`],
  [/^paid in (.*), failed here$/, a => t`paid in ${a}, failed here`],
  [/^refund in (.*)$/, a => t`refund in ${a}`],
  [/^refunded in (.*), received here$/, a => t`refunded in ${a}, received here`],
  [/^amount refunded in (.*)$/, a => t`amount refunded in ${a}`],
  [/^a payout of this number$/, () => t`a payout of this number`],
  [/^none; paid (\d+) fen$/, a => t`none; paid ${a} fen`],
  [/^(-?\d+) fen$/, a => t`${a} fen`],
  [/^(-?\d+) ms$/, a => t`${a} ms`],
  [/^nothing$/, () => t`nothing`],
  [/^a time such as (.*)$/, a => t`a time such as ${a}`],
  [/^an amount such as (.*)$/, a => t`an amount such as ${a}`],
  [/^收入 or 支出$/, () => t`收入 or 支出`],
];

/** What is no text of the audit, such as a name or a number, stays as it is. */
export function cellOf(text: string): Wording {
  for (const [pattern, words] of CELLS) {
    const found = pattern.exec(text);
    if (found) return words(...found.slice(1));
  }
  return text;
}
