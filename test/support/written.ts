// The rows of a text, as the reader of table files hands them over.
import { Rows, type Written } from '../../src/core/yaml/csv.ts';

export function writtenIn(text: string): Written[] {
  const rows = new Rows();
  return [...text.split(/\r\n|\n|\r/).map(line => rows.push(line)), rows.end()].filter(row => row !== undefined);
}
