// What a list tells of followers (会员资料): the openid in the first column, and anything that conditions may ask for.

import { isOpenId, whyNoOpenId } from '../../base/openid.ts';
import { t } from '../../base/words/words.ts';
import { cellAt, type Row, type SayAt } from '../../yaml/csv.ts';
import type { Profiles } from '../campaign.ts';
import { dayFrom } from './parse.ts';

/** `openid,level,points,birthday`: the first line names the columns. */
export function readProfiles(rows: readonly Row[], say: SayAt): Profiles {
  const [header, ...lines] = rows;
  const names = (header?.cells ?? []).slice(1).map(({ text }) => text);
  const [first] = header?.cells ?? [];
  if (!header || names.length === 0 || isOpenId(first?.text ?? ''))
    say(header ?? { line: 1, column: 1 }, t`the first line names the columns, such as openid,level,points,birthday`);
  for (const [n, name] of names.entries()) {
    const cell = cellAt(header!, n + 1);
    if (name === '') say(cell, t`no name in this column`);
    else if (names.indexOf(name) < n) say(cell, t`the column "${name}" is there twice`);
  }
  if (header && lines.length === 0) say(header, t`nothing stands below the first line`);
  const cells = new Map<string, string[]>();
  for (const row of lines) {
    const { text: user, ...at } = cellAt(row, 0);
    if (!isOpenId(user)) say(at, user === '' ? t`no openid in this line` : t`this is no openid: ${whyNoOpenId(user)}`);
    else if (cells.has(user)) say(at, t`this openid is there already`);
    else
      cells.set(
        user,
        names.map((_, n) => valueIn(cellAt(row, n + 1).text)),
      );
  }
  const isNumbers = names.map((_, n) => {
    const written = [...cells.values()].map(row => row[n]!).filter(text => text !== '');
    return written.length > 0 && written.every(text => /^-?\d{1,15}$/.test(text));
  });
  const typed = (text: string, n: number): string | number => (isNumbers[n] ? Number(text) : text);
  return {
    columns: new Map(names.map((name, n) => [name, isNumbers[n] ? 'int' : 'string'])),
    rows: new Map([...cells].map(([user, row]) => [user, row.map(typed)])),
  };
}

/** A day as it is written elsewhere, whatever a spreadsheet has made of it. */
function valueIn(text: string): string {
  return (/\D/.test(text) && dayFrom(text)) || text;
}
