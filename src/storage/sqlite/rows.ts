// How payouts, their histories and journal lines lie in the SQLite file: short, where what they say is said elsewhere.

import { type JsonText, saidBy } from '../../core/base/json-text.ts';
import type { Instant } from '../../core/base/time.ts';
import type { Payout } from '../../core/payout/payout.ts';
import type { Answer, HistoryLine, JournalLine } from '../../ports.ts';
import { decisionFrom, type StoredDecision, storedDecision } from '../shared/journal.ts';
import { lineFrom, type PayoutRow, payoutOf, type StoredLine, stored, type Value } from '../shared/rows.ts';
import { claimPlace, type Heard } from './own/own-names.ts';
import type { Shapes } from './shapes.ts';

// ── Payouts ──────────────────────────────────────────────────────────────────────────────────────────────────

export function payoutFrom(shapes: Shapes, row: PayoutRow): Payout;
export function payoutFrom(shapes: Shapes, row: PayoutRow | undefined): Payout | undefined;
export function payoutFrom(shapes: Shapes, row: PayoutRow | undefined): Payout | undefined {
  if (!row) return undefined;
  return payoutOf({ ...row, request: shapes.full(String(row.request)), holds: shapes.full(String(row.holds)) });
}

/** As the column of this field holds it. */
export function storedIn(shapes: Shapes, payout: Payout, field: keyof Payout): Value {
  const value = stored(payout[field]);
  if (field === 'request') return shapes.short(`request/${payout.campaign}`, String(value));
  if (field === 'holds') return shapes.short(`holds/${payout.campaign}/${payout.rule}`, String(value));
  return value;
}

/** 1: among the claims of its follower there is none that it pays, so that it is found by itself. */
export function strayIn({ claimKey, user }: Pick<Payout, 'claimKey' | 'user'>): 1 | null {
  return claimPlace(claimKey)[0] === user ? null : 1;
}

/** The columns of a `SELECT` that gives a `LifeRow`. `from`: the database in which the tables are. */
export function lifeIn(from: string): string {
  return `bill_no AS billNo, created_at AS createdAt,
    (SELECT json_group_array(json_array(NULL, version, at, from_, to_, what, detail) ORDER BY version)
      FROM ${from}.history WHERE payout = id) AS lines`;
}
export type LifeRow = Pick<Payout, 'billNo' | 'createdAt'> & { readonly lines: JsonText<StoredLine[]> };

/** Follows from the payout, where it is as it nearly always is. */
function firstLine({ billNo, createdAt: at }: Pick<Payout, 'billNo' | 'createdAt'>): HistoryLine {
  return { billNo, version: 1, at, from: 'new', to: 'planned', what: 'planned' };
}

/** It need not be written. */
export function isImplied(line: HistoryLine, { createdAt }: Pick<Payout, 'createdAt'>): boolean {
  const { version, at, from, to, what, detail } = line;
  const isPlain = from === 'new' && to === 'planned' && what === 'planned' && detail === undefined;
  return isPlain && version === 1 && at === createdAt;
}

export function historyOf(row: LifeRow | undefined): HistoryLine[] {
  if (!row) return [];
  const lines = saidBy(row.lines).map(line => lineFrom(row.billNo, line));
  return lines[0]?.from === 'new' ? lines : [firstLine(row), ...lines];
}

// ── Journal lines ────────────────────────────────────────────────────────────────────────────────────────────

export type JournalRow = {
  readonly id: number;
  readonly at: Instant;
  readonly line: JsonText<Stored>;
  readonly said: string | null;
};
type Line = Pick<JournalLine, 'event' | 'decision' | 'reply'>;
/** What was told comes last, where it is not the decision's own reply. */
type Stored = readonly [event: JournalLine['event'], decision: StoredDecision, told?: JournalLine['reply']];

/** What no column can hold as it is: the driver cuts a text at a NUL, and half a character is none. */
const UNFIT = /[\0\p{Cs}]/u;

/** What the follower typed is like nothing else: it stands beside the line. */
export function isApart(event: JournalLine['event']): event is JournalLine['event'] & { readonly kind: 'text' } {
  return event.kind === 'text' && !UNFIT.test(event.text);
}

/** A line as text, and of what kind it is; and what stands beside it. */
export function lineTexts({ event, decision, reply }: Line): { kind: string; text: string; said: string | null } {
  const said = isApart(event) ? event.text : null;
  const heard = said === null ? event : { ...event, text: '' };
  const short = storedDecision(decision);
  const line: Stored = reply === decision.reply ? [heard, short] : [heard, short, reply];
  return { kind: kindOf(event, decision), text: JSON.stringify(line), said };
}

function kindOf(event: Line['event'], decision: Line['decision']): string {
  if (decision.kind === 'ignored') return `${event.kind}/ignored`;
  const what = decision.kind === 'awarded' ? decision.prize : '';
  return `${event.kind}/${decision.kind}/${decision.campaign}/${decision.rule}/${what}`;
}

export function lineFromRow(shapes: Shapes, { id, at, line, said }: JournalRow): JournalLine {
  const [heard, short, told] = saidBy(shapes.full(line));
  const event = said === null || heard.kind !== 'text' ? heard : { ...heard, text: said };
  const decision = decisionFrom(short);
  return { id, at, event, decision, reply: told ?? decision.reply };
}

/** What is asked of the file besides, where it must be: the mark of what is forgotten, and a line. */
export type Lines = { forgotten(): number; line(id: number): JournalLine };

/** The answer that the follower had, unless it is forgotten. */
export function answerFrom({ lines, answer }: Heard, file: Lines): Answer | undefined {
  if (!answer) return undefined;
  if (answer.at !== undefined && answer.reply !== undefined) return { at: answer.at, reply: answer.reply };
  const last = lines.at(-1)!;
  if (answer.at === undefined && last <= file.forgotten()) return undefined;
  const { at, reply } = file.line(last);
  return { at, reply, ...answer };
}
