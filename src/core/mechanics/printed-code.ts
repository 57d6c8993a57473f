// Printed codes (一物一码): one item, one code, one prize. What a code is worth was decided when it was printed; the
// counter of its first use makes it good for one person.

import { beijingText, type Instant, instant } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import { codeIn, isAboutCode } from '../rules/printed-code.ts';
import { prizeNamed } from '../rules/renamed.ts';
import { isWritten, kindsOf } from '../rules/schema/written.ts';
import { isLocked, wrongTry } from './guess.ts';
import { mechanic, type RuleContext } from './mechanic.ts';

export type CodeChecks = {
  batch: { batch: string };
  codeChecksum: unknown;
  codeKnown: unknown;
  codeActive: unknown;
  codeUnused: { usedAt?: Instant };
};

/** Holds the instant of the first use. */
export function usedCounter(code: string): string {
  return `code/${code}/used`;
}

/** A shadow uses up nothing of what is real. */
function usedIn({ campaign }: Pick<RuleContext, 'campaign'>, code: string): string {
  return campaign.mode === 'shadow' ? `shadow/${campaign.id}/${usedCounter(code)}` : usedCounter(code);
}

function batchesOf({ rule }: Pick<RuleContext, 'rule'>): string[] {
  return rule.on.flatMap(trigger => (trigger.kind === 'code' ? [trigger.batch] : []));
}

export const codes = mechanic({
  fields: {},
  checkAny(rule, { say }) {
    if (kindsOf(rule)?.includes('code') && !isWritten(rule, 'give') && !isWritten(rule, 'earn'))
      say(rule.on!.at, t`a printed code stands for a prize: add give: assigned, or the prizes it can win`);
  },
  comesTo: () => ({ used: true, invalid: true, inactive: true }),
  placeholders: said => (said === 'used' || said === 'already' ? ['firstAt'] : []),
  isIn: rule => rule.on.some(({ kind }) => kind === 'code'),
  wants(at) {
    const code = codeIn(at.event);
    return code === undefined ? [] : [usedIn(at, code)];
  },
  /** A code of another batch is another rule's. */
  applies(at) {
    const { code } = at.facts;
    if (!code || !isAboutCode(at.event)) return true;
    const { batch } = code;
    return at.see({ ok: batchesOf(at).includes(batch), check: 'batch', batch });
  },
  refuses(at) {
    if (!isAboutCode(at.event) || isLocked(at)) return undefined;
    const text = codeIn(at.event);
    // A slip of the pen is no guess: its checksum is wrong.
    if (!at.see({ ok: text !== undefined, check: 'codeChecksum' }))
      return { refusal: 'notEligible', detail: 'invalid' };
    const { code } = at.facts;
    if (!at.see({ ok: code !== undefined, check: 'codeKnown' }))
      return { refusal: 'notEligible', detail: 'invalid', counters: wrongTry(at) };
    if (!at.see({ ok: code!.active, check: 'codeActive' })) return { refusal: 'notEligible', detail: 'inactive' };
    const usedAt = instant(at.value(usedIn(at, text!)));
    const isUnused = usedAt === 0;
    if (at.see({ ok: isUnused, check: 'codeUnused', ...(!isUnused && { usedAt }) })) return undefined;
    return { refusal: 'already', detail: 'used', values: { firstAt: beijingText(usedAt).slice(0, 16) } };
  },
  /** From nothing to now; whoever comes second would pass now. */
  counts(at) {
    const code = codeIn(at.event);
    return code === undefined ? [] : [{ name: usedIn(at, code), add: at.now, max: at.now }];
  },
  gives(at) {
    if (!at.rule.assigned || !at.facts.code) return undefined;
    const { prize } = at.facts.code; // as it was called on the day of the print
    return [prizeNamed(at.campaign, prize)?.name ?? prize];
  },
  takesBack: 'nothing',
});
