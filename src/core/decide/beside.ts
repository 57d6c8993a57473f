// Several campaigns that answer one event together (`alongside`): each decides as if those before it had been written
// already, and what they say becomes one reply.

import type { Facts } from '../match/facts.ts';
import { NO_REPLY, type Reply } from '../rules/reply.ts';
import { clip, TEXT_BYTES_MAX } from '../rules/reply-text.ts';
import { awardsOf, type Decision, type Open, type OpenPart, type Part } from './decision.ts';

/** What there is once this much was given: claims are made, counters stand where it leaves them. */
export function withAwards(facts: Facts, decided: readonly (Decision | Open)[]): Facts {
  const awards = decided.flatMap(each => (each.kind === 'open' ? [] : awardsOf(each)));
  if (awards.length === 0) return facts;
  const counters = new Map(facts.counters);
  for (const { name, add, atLeast = 0 } of awards.flatMap(award => award.counters))
    counters.set(name, Math.max((counters.get(name) ?? 0) + add, atLeast));
  return { ...facts, counters, claims: new Set([...facts.claims, ...awards.map(({ claimKey }) => claimKey)]) };
}

const RANK = ['awarded', 'open', 'answered', 'refused', 'ignored'] as const;

/** One decision of several; what gives comes first. Where any gives or answers, nobody hears of what refused. */
export function besides(decided: readonly (Decision | Open)[]): Decision | Open | undefined {
  const [first, ...rest] = [...decided].sort((a, b) => RANK.indexOf(a.kind) - RANK.indexOf(b.kind));
  if (!first || rest.length === 0) return first;
  const said = decided.filter(({ kind }) => kind !== 'refused');
  const reply = said.length === 0 ? first.reply : joined(said.map(each => each.reply));
  const beside = [...(first.beside ?? []), ...rest.flatMap(partsIn)];
  return { ...first, reply, beside } as Decision | Open;
}

function partsIn({ trace: _, reply: __, shadows: ___, beside = [], ...part }: Decision | Open): (Part | OpenPart)[] {
  return part.kind === 'ignored' ? [] : [part, ...beside];
}

/** WeChat takes one reply, of one kind: texts come before anything that tells of no prize. */
export function joined(replies: readonly Reply[]): Reply {
  const texts = replies.flatMap(reply => (reply.kind === 'text' && reply.text !== '' ? [reply.text] : []));
  if (texts.length === 0) return replies.find(({ kind }) => kind !== 'none') ?? NO_REPLY;
  const different = [...new Set(texts)];
  const whole = different.join('\n\n');
  if (different.length === 1 || Buffer.byteLength(whole) <= TEXT_BYTES_MAX) return { kind: 'text', text: whole };
  return { kind: 'text', text: clip(whole) };
}
