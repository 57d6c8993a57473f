// Shapes of texts in the SQLite file (`shared/shape.ts`). A column holds a text as it is, or the number of its shape, a colon,
// and what is particular to it. Our texts are JSON, and JSON of ours begins with no digit.

import { particularsOf, type Shape, shapeOf, textOf } from '../shared/shape.ts';
import type { Database } from './schema.ts';

/** Tried for one kind of text, latest use first. */
const TRIED_MAX = 12;
/** Kinds of texts and shapes that are remembered. */
const KNOWN_MAX = 2000;
/** Read when a file is opened: the latest. */
const READ_MAX = 300;

type Known = { readonly id: number | undefined; readonly text: string; readonly shape: Shape };
type Row = { readonly id: number; readonly kind: string; readonly text: string };

export type Shapes = {
  /** As a column holds it. Inside a transaction of its caller. `kind`: what is alike has the same. */
  short(kind: string, text: string): string;
  /** What it stands for: a column may hold this text by its shape. */
  full<Text extends string>(column: Text): Text;
  /** From here on; and back to here, since what was written from there on is taken back. */
  mark(): void;
  undo(): void;
  /** The whole transaction was taken back: its numbers may be given to other shapes. */
  lose(): void;
};

/** `from`: the database in which the table is, where there are several. */
function tableOf(db: Database, from: string): { latest(): Map<string, Known[]>; shape(id: number): Shape } {
  const find = db.prepare<{ text: string }>(`SELECT text FROM ${from}.shape WHERE id = ?`);
  const latest = db.prepare<Row>(`SELECT id, kind, text FROM ${from}.shape ORDER BY id DESC LIMIT ${READ_MAX}`);
  return {
    latest: () => {
      const kinds = new Map<string, Known[]>();
      for (const { id, kind, text } of latest.all()) {
        const tried = kinds.get(kind) ?? [];
        kinds.set(kind, tried);
        if (tried.length < TRIED_MAX) tried.push({ id, text, shape: shapeOf(text) });
      }
      return kinds;
    },
    shape: id => {
      const row = find.get(id);
      if (!row) throw new Error(`shape ${id} is not in the file`);
      return shapeOf(row.text);
    },
  };
}

export function shapesIn(db: Database, from = 'main'): Shapes {
  const table = tableOf(db, from);
  const add = db.prepare(`INSERT INTO ${from}.shape (kind, text) VALUES (?, ?)`);
  const byId = new Map<number, Shape>();
  let byKind: Map<string, Known[]> | undefined;
  let hasNew = false;

  const shapeWith = (id: number): Shape => {
    const known = byId.get(id);
    if (known) return known;
    if (byId.size >= KNOWN_MAX) byId.clear();
    const shape = table.shape(id);
    byId.set(id, shape);
    return shape;
  };
  /** A shape is written when a second text has it: what is said once only would fill the table for nothing. */
  const written = (kind: string, known: Known): number => {
    if (known.id !== undefined) return known.id;
    hasNew = true;
    return Number(add.run(kind, known.text).lastInsertRowid);
  };

  const lose = (): void => {
    byKind = undefined;
    byId.clear();
  };

  return {
    short: (kind, text) => {
      byKind ??= table.latest();
      if (byKind.size >= KNOWN_MAX) byKind.clear();
      const tried = byKind.get(kind) ?? [];
      if (tried.length === 0) byKind.set(kind, tried);
      for (let n = 0; n < tried.length; n++) {
        const known = tried[n]!;
        const particulars = particularsOf(known.shape, text);
        if (particulars === undefined) continue;
        const id = written(kind, known);
        if (n > 0 || known.id === undefined) {
          tried.splice(n, 1);
          tried.unshift({ ...known, id });
        }
        return `${id}:${particulars}`;
      }
      if (tried.length === TRIED_MAX) tried.pop();
      tried.unshift({ id: undefined, text, shape: shapeOf(text) });
      return text;
    },
    full: <Text extends string>(column: Text) => {
      const first = column.charCodeAt(0);
      if (first < 48 || first > 57) return column;
      const colon = column.indexOf(':');
      return textOf(shapeWith(Number(column.slice(0, colon))), column.slice(colon + 1)) as Text;
    },
    mark: () => {
      hasNew = false;
    },
    undo: () => {
      if (hasNew) lose();
    },
    lose,
  };
}
