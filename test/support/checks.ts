// The checks of a trace as people read them.
import type { Check } from '../../src/core/decide/check.ts';
import { checkText } from '../../src/core/decide/check-words.ts';

/** In Chinese. */
export function inWords({ checks }: { readonly checks: readonly Check[] }): { ok: boolean; text: string }[] {
  return checks.map(check => ({ ok: check.ok, text: checkText(check) }));
}
