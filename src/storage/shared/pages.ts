// Rows as they are read from a store: in pages.
import type { Rows } from '../../ports.ts';

export function inPages<Row>(pages: () => AsyncIterable<readonly Row[]>): Rows<Row> {
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const page of pages()) for (const row of page) yield row;
    },
  };
}
