// Printed codes (一物一码): one item, one code, one prize. What a code is worth was decided when it was printed; the
// counter of its first use makes it good for one person. Pure.

import { beijingText, type Instant } from '../base/time.ts';
import { codeIn, isAboutCode } from '../rules/printed-code.ts';
import { prizeNamed } from '../rules/renamed.ts';
import { isWritten, kindsOf } from '../rules/schema/written.ts';
import { isLocked, wrongTry } from './guess.ts';
import { mechanic, type RuleContext } from './mechanic.ts';

/** Holds the instant of the first use. A shadow uses up nothing of what is real. */
function usedCounter({ campaign }: Pick<RuleContext, 'campaign'>, code: string): string {
  return campaign.mode === 'shadow' ? `shadow/${campaign.id}/code/${code}/used` : `code/${code}/used`;
}

function batchesOf({ rule }: Pick<RuleContext, 'rule'>): string[] {
  return rule.on.flatMap(trigger => (trigger.kind === 'code' ? [trigger.batch] : []));
}

export const codes = mechanic({
  fields: {},
  checkAny(rule, { say }) {
    if (kindsOf(rule)?.includes('code') && !isWritten(rule, 'give') && !isWritten(rule, 'earn'))
      say(rule.on!.at, 'a printed code stands for a prize: add give: assigned, or the prizes it can win');
  },
  comesTo: () => ({ used: true, invalid: true, inactive: true }),
  placeholders: said => (said === 'used' || said === 'already' ? ['firstAt'] : []),
  isIn: rule => rule.on.some(({ kind }) => kind === 'code'),
  wants(at) {
    const code = codeIn(at.event);
    return code === undefined ? [] : [usedCounter(at, code)];
  },
  /** A code of another batch is another rule's. */
  applies(at) {
    const { code } = at.facts;
    return !code || !isAboutCode(at.event) || at.see(batchesOf(at).includes(code.batch), `批次 ${code.batch}`);
  },
  refuses(at) {
    if (!isAboutCode(at.event) || isLocked(at)) return undefined;
    const text = codeIn(at.event);
    // A slip of the pen is no guess: its checksum is wrong.
    if (!at.see(text !== undefined, '校验位正确')) return { refusal: 'notEligible', detail: 'invalid' };
    const { code } = at.facts;
    if (!at.see(code !== undefined, '码存在'))
      return { refusal: 'notEligible', detail: 'invalid', counters: wrongTry(at) };
    if (!at.see(code!.active, '码已启用')) return { refusal: 'notEligible', detail: 'inactive' };
    const usedAt = at.value(usedCounter(at, text!));
    if (at.see(usedAt === 0, usedAt === 0 ? '码未使用' : `码已在 ${beijingText(usedAt as Instant)} 使用`))
      return undefined;
    return { refusal: 'already', detail: 'used', values: { firstAt: beijingText(usedAt as Instant).slice(0, 16) } };
  },
  /** From nothing to now; whoever comes second would pass now. */
  counts(at) {
    const code = codeIn(at.event);
    return code === undefined ? [] : [{ name: usedCounter(at, code), add: at.now, max: at.now }];
  },
  gives(at) {
    if (!at.rule.assigned || !at.facts.code) return undefined;
    const { prize } = at.facts.code; // as it was called on the day of the print
    return [prizeNamed(at.campaign, prize)?.name ?? prize];
  },
  takesBack: 'nothing',
});
