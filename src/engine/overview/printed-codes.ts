// A printed code (盖码) that somebody asks about: who used it, or why nobody has.

import { openId } from '../../core/base/event.ts';
import { type Instant, instant } from '../../core/base/time.ts';
import { awardsOf } from '../../core/decide/decision.ts';
import { usedCounter } from '../../core/mechanics/printed-code.ts';
import { codeFrom, codeIn, looksLikeCode } from '../../core/rules/printed-code.ts';
import type { JournalLine } from '../../ports.ts';
import type { OverviewPorts } from './ports.ts';
import { lineAt } from './recent.ts';
import type { Found } from './view.ts';

/** Lines of the same instant, and of its neighbours where clocks of several bots differ. */
const AROUND_LINES = 100;

/** `undefined`: this is no code. */
export async function codeFound(ports: OverviewPorts, text: string): Promise<Found | undefined> {
  const code = codeFrom(text);
  if (code === undefined) return looksLikeCode(text) ? { kind: 'code', is: 'mistyped' } : undefined;
  const used = usedCounter(code);
  const whose = { account: '', user: openId(''), merchant: undefined, claims: [] };
  const { code: known, counters } = await ports.store.facts({ ...whose, counters: [used], code });
  if (!known) return { kind: 'code', is: 'unknown' };
  const { batch, prize } = known;
  const usedAt = counters.get(used);
  if (usedAt === undefined) return { kind: 'code', is: known.active ? 'unused' : 'inactive', batch, prize };
  const line = await useOf(ports, code, instant(usedAt));
  return line
    ? { kind: 'follower', user: line.event.user, by: 'event', line: line.id }
    : { kind: 'code', is: 'used', batch, prize, usedAt };
}

/** The event that used it: the counter has its instant. */
async function useOf({ store }: OverviewPorts, code: string, at: Instant): Promise<JournalLine | undefined> {
  const first = Math.max(1, (await lineAt(store, at)) - AROUND_LINES);
  const lines = await store.journalAfter(first - 1, 2 * AROUND_LINES);
  return lines.find(({ event, decision }) => codeIn(event) === code && awardsOf(decision).length > 0);
}
