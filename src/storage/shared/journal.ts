// A decision as a journal holds it. Of each check (判定依据) in its trace no more is written than it says: `["claimsToday",
// {"used":0,"max":1}]`, with `!` before what is not well. A journal of before has them in Chinese; it is never rewritten.
import type { Check } from '../../core/decide/check.ts';
import type { Decision } from '../../core/decide/decision.ts';

type StoredCheck = readonly [id: string, said?: object] | ProseCheck;
/** As it was written before format 10 of SQLite and 2 of Redis. */
type ProseCheck = { readonly ok: boolean; readonly text: string };
export type StoredDecision = Omit<Decision, 'trace'> & {
  readonly trace: readonly (Omit<Decision['trace'][number], 'checks'> & { readonly checks: readonly StoredCheck[] })[];
};

export function storedDecision(decision: Decision): StoredDecision {
  return { ...decision, trace: decision.trace.map(line => ({ ...line, checks: line.checks.map(storedCheck) })) };
}

function storedCheck(check: Check): StoredCheck {
  if (check.check === 'prose') return { ok: check.ok, text: check.text };
  const { ok, check: id, ...said } = check;
  return Object.keys(said).length === 0 ? [ok ? id : `!${id}`] : [ok ? id : `!${id}`, said];
}

export function decisionFrom(stored: StoredDecision): Decision {
  const trace = stored.trace.map(line => ({ ...line, checks: line.checks.map(checkFrom) }));
  return { ...stored, trace } as Decision;
}

function checkFrom(stored: StoredCheck): Check {
  if ('text' in stored) return checkOfProse(stored);
  const [id, said] = stored;
  const ok = !id.startsWith('!');
  return { ok, check: ok ? id : id.slice(1), ...said } as Check;
}

const BATCH = '批次 ';

/** What a backtest learns from a line is read out of its prose; whatever else was seen is only shown. */
function checkOfProse({ ok, text }: ProseCheck): Check {
  if (text.startsWith(BATCH)) return { ok, check: 'batch', batch: text.slice(BATCH.length) };
  return text === '码已启用' ? { ok, check: 'codeActive' } : { ok, check: 'prose', text };
}
