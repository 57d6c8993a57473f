// The way of all rows from one store's books into another store: piece by piece, counted and summed up on the way, so
// that the books of both can be compared to the last field.

import { Digest } from '../core/base/digest.ts';
import { BadInput } from '../core/base/error.ts';
import type { Piece, PieceOf, Snapshot, SnapshotKind, SnapshotRows, Store } from '../ports.ts';

/** In this order: a claim must be there before its payout. */
export const BOOK_KINDS = [
  'claims',
  'payouts',
  'counters',
  'buckets',
  'followers',
  'answers',
  'halts',
  'journal',
  'codes',
  'boxes',
  'mailboxes',
  'authorizations',
  'documents',
  'acts',
] as const satisfies readonly SnapshotKind[];

/** Rows of one piece: a few milliseconds of whoever writes them. */
const PIECE_ROWS = 200;

/** What books hold, kind by kind. */
export type BookTally = { readonly kinds: ReadonlyMap<SnapshotKind, Digest>; readonly historyLines: number };

/** Told after each piece: how far it is, and what it is at. */
type TellPiece = (done: number, total: number, detail: string) => void;

/** Reads the books from end to end; `take` gets each piece, and the next is read when it is done. */
export async function readPieces(
  snapshot: Snapshot,
  tell: TellPiece,
  take: (piece: Piece) => Promise<void> = async () => {},
): Promise<BookTally> {
  const kinds = new Map<SnapshotKind, Digest>();
  let historyLines = 0;
  for (const [index, kind] of BOOK_KINDS.entries()) {
    const tally = new Digest(kind === 'payouts' || kind === 'journal' || kind === 'acts');
    kinds.set(kind, tally);
    for await (const piece of piecesOf(snapshot, kind)) {
      for (const row of piece.rows) tally.add(row);
      if (piece.kind === 'payouts') for (const { history } of piece.rows) historyLines += history.length;
      await take(piece);
      tell(index, BOOK_KINDS.length, `${kind} ${tally.count}`);
    }
  }
  tell(BOOK_KINDS.length, BOOK_KINDS.length, '');
  return { kinds, historyLines };
}

/** The first row of a kind. */
export async function firstOf<Kind extends SnapshotKind>(
  snapshot: Snapshot,
  kind: Kind,
): Promise<SnapshotRows[Kind] | undefined> {
  for await (const row of rowsOf(snapshot)[kind]()) return row;
  return undefined;
}

/** The first kind of which there is any row. */
export async function anyRowIn(snapshot: Snapshot): Promise<SnapshotKind | undefined> {
  for (const kind of BOOK_KINDS) if (await firstOf(snapshot, kind)) return kind;
  return undefined;
}

async function* piecesOf<Kind extends SnapshotKind>(snapshot: Snapshot, kind: Kind): AsyncGenerator<PieceOf<Kind>> {
  let rows: SnapshotRows[Kind][] = [];
  for await (const row of rowsOf(snapshot)[kind]()) {
    rows.push(row);
    if (rows.length < PIECE_ROWS) continue;
    yield { kind, rows };
    rows = [];
  }
  if (rows.length > 0) yield { kind, rows };
}

type RowsOf = { readonly [Kind in SnapshotKind]: () => AsyncIterable<SnapshotRows[Kind]> };

function rowsOf(snapshot: Snapshot): RowsOf {
  return { ...snapshot, payouts: () => snapshot.lives() };
}

// ── The mark of a copy ───────────────────────────────────────────────────────────────────────────────────────

/** The note of this lease says whose copy a store is, and whether it is whole. */
export const MARK = 'migrate';
export type Mark = { readonly source: string; readonly isWhole: boolean };

export async function markOf(store: Store): Promise<Mark | undefined> {
  const note = await store.note(MARK);
  return note === undefined ? undefined : (JSON.parse(note) as Mark);
}

/** A bot must not run on half a ledger: it would pay again what is in the other half. */
export async function refuseUnfinished(store: Store): Promise<void> {
  const mark = await markOf(store);
  if (mark && !mark.isWhole)
    throw new BadInput(
      'store: an unfinished copy by `hongbao migrate`; run that command again until it says that all is well',
    );
}
