// The tables beside a rule file, row by row: openids, stores (门店), questions, coupons (券码), passwords of the day.

import type { OpenId } from '../../base/event.ts';
import { isOpenId, whyNoOpenId } from '../../base/openid.ts';
import { nearest } from '../../base/suggest.ts';
import { normalise } from '../../base/text.ts';
import { type Day, parseClock } from '../../base/time.ts';
import { t, type Wording } from '../../base/words/words.ts';
import { type Cell, cellAt, type Row, type SayAt } from '../../yaml/csv.ts';
import { acrossMidnight } from '../../yaml/meant.ts';
import { parseDay } from '../../yaml/schema.ts';
import type { Store } from '../campaign.ts';
import type { Question } from '../plays.ts';

const TOP = { line: 1, column: 1 };

/** In the first column. The same one twice is one. */
export function readOpenIds(rows: readonly Row[], say: SayAt): ReadonlySet<OpenId> {
  const people = new Set<OpenId>();
  // A first line that is about openids instead of being one, or is in Chinese, says what stands below.
  const isHeader = /open\W?id|[^\x20-\x7e]/i.test(rows[0]?.cells[0]?.text ?? '');
  const lines = isHeader ? rows.slice(1) : rows;
  if (lines.length === 0) say(rows[0] ?? TOP, t`the file names nobody; expected an openid in the first column`);
  for (const row of lines) {
    const { text, ...at } = cellAt(row, 0);
    if (isOpenId(text)) people.add(text);
    else say(at, text === '' ? t`no openid in this line` : t`"${short(text)}" is no openid: ${whyNoOpenId(text)}`);
  }
  return people;
}

/** `scene,name,hours`. */
export function readStores(rows: readonly Row[], say: SayAt): ReadonlyMap<string, Store> {
  const stores = new Map<string, Store>();
  const lines = new Lines(t`store`, say);
  const table = belowHeader(rows, { needed: ['scene', 'name'], more: ['hours'], header: 'scene,name,hours' }, say);
  for (const { get } of table) {
    const [scene, name, hours] = [get('scene'), get('name'), get('hours')];
    if (scene.text === '') say(scene, t`no scene in this line`);
    else if (lines.isNew(scene)) stores.set(scene.text, { name: name.text, hours: hoursIn(hours, say) });
    if (name.text === '') say(name, t`no name in this line`);
  }
  return stores;
}

/** `10:00-14:00 17:00-22:00`; empty: all day. */
function hoursIn({ text, ...at }: Cell, say: SayAt): (readonly [number, number])[] {
  if (text === '') return [];
  return text.split(/\s+/).flatMap(part => {
    // Spreadsheets like to drop the first zero.
    const [from, to, ...rest] = part.split(/[-–—]/).map(clock => parseClock(clock.padStart(5, '0')));
    if (from === undefined || to === undefined || rest.length > 0) {
      say(at, t`expected hours such as 10:00-22:00, or several with a space between them, found "${short(part)}"`);
      return [];
    }
    if (from >= to) {
      const two = acrossMidnight(from, to).join(' ').replaceAll('"', '');
      say(at, t`the hours end before they begin: "${part}"; across midnight write ${two}`);
    }
    return [[from, to] as const];
  });
}

const LETTERS = [...'ABCDEFGH'];

/** `question,A,B,C,D,answer`. */
export function readQuestions(rows: readonly Row[], say: SayAt): readonly Question[] {
  const lines = new Lines(t`question`, say);
  const columns = {
    needed: ['question', 'A', 'B', 'answer'],
    more: LETTERS.slice(2),
    header: 'question,A,B,C,D,answer',
  };
  return belowHeader(rows, columns, say).flatMap(({ get }): Question[] => {
    const text = get('question');
    if (text.text === '') say(text, t`no question in this line`);
    const isNew = text.text !== '' && lines.isNew(text);
    const choices = choicesIn(get, say);
    const answer = get('answer');
    const right = LETTERS.indexOf(answer.text.normalize('NFKC').toUpperCase());
    const letters = LETTERS.slice(0, choices.length).join(', ');
    if (right < 0 || right >= choices.length)
      say(answer, t`the answer is one of ${letters}, found "${short(answer.text)}"`);
    return isNew ? [{ text: text.text, choices, right }] : [];
  });
}

function choicesIn(get: Line['get'], say: SayAt): string[] {
  const cells = LETTERS.map(letter => get(letter));
  const end = cells.findLastIndex(({ text }) => text !== '') + 1;
  const choices = cells.slice(0, Math.max(end, 2));
  for (const [n, cell] of choices.entries()) {
    const twin = choices.findIndex(({ text }) => text === cell.text);
    if (cell.text === '') say(cell, t`no choice ${LETTERS[n]} in this line`);
    else if (twin < n) say(cell, t`the choice ${LETTERS[n]} is the same as ${LETTERS[twin]}`);
  }
  return choices.map(({ text }) => text);
}

const COUPON_HEADER =
  /^(coupons?|codes?|vouchers?|券码|券号|优惠券|优惠券码|优惠码|兑换码|兑换券|卡号|卡密|卡券|序列号|券|码|密码|激活码)$/i;

/** Each once; of several columns in that which the rule file names, or the one that says it has them. */
export function readCoupons(rows: readonly Row[], say: SayAt, wanted?: string): readonly string[] {
  const column = couponColumn(rows, say, wanted);
  if (column === undefined) return [];
  const lines = new Lines(t`coupon`, say);
  const list = column.hasHeader ? rows.slice(1) : rows;
  if (list.length === 0) say(rows[0] ?? TOP, t`the file has no coupon; expected one a line, in the first column`);
  return list.flatMap(row => {
    const cell = cellAt(row, column.at);
    if (cell.text === '') say(cell, t`no coupon in this line`);
    else if (/\p{Cc}/u.test(cell.text)) say(cell, t`a coupon stands on one line`);
    else if (lines.isNew(cell)) return [cell.text];
    return [];
  });
}

type CouponColumn = { readonly at: number; readonly hasHeader: boolean };

/** What is given out cannot be taken back: where it is not plain which column has the coupons, it is asked. */
function couponColumn(rows: readonly Row[], say: SayAt, wanted: string | undefined): CouponColumn | undefined {
  const [first, second] = rows;
  if (!first) return { at: 0, hasHeader: false };
  const names = first.cells.map(({ text }) => text.trim());
  const quoted = names
    .filter(name => name !== '')
    .map(name => `"${short(name)}"`)
    .join(', ');
  if (wanted !== undefined) {
    const at = names.indexOf(wanted.trim());
    if (at >= 0) return { at, hasHeader: true };
    say(first, t`no column "${wanted}"; the first line has ${quoted}`);
    return undefined;
  }
  const isWide = rows.slice(0, 50).some(({ cells }) => cells.filter(({ text }) => text !== '').length > 1);
  const named = names.findIndex(name => COUPON_HEADER.test(name));
  if (named === 0 || (named > 0 && isWide)) return { at: named, hasHeader: true };
  if (isWide) {
    say(first, t`which column has the coupons? Beside \`coupon\` write column: with its name, one of ${quoted}`);
    return undefined;
  }
  if (second && looksLikeHeader(names[0]!, rows.slice(1, 50))) {
    say(
      first,
      t`"${short(names[0]!)}" looks like a heading and would be given out as a coupon: write column: ${names[0]} beside \`coupon\`, or take the line out`,
    );
    return undefined;
  }
  return { at: 0, hasHeader: false };
}

/** Words above lines of letters and digits. */
function looksLikeHeader(text: string, below: readonly Row[]): boolean {
  const isWord = (each: string): boolean => /\p{Script=Han}/u.test(each) || /^[a-z_ ]+$/i.test(each);
  const codes = below.map(row => cellAt(row, 0).text);
  return isWord(text) && codes.every(code => !isWord(code));
}

/** `date,password`: several lines a day are several passwords. */
export function readPasswords(rows: readonly Row[], say: SayAt): ReadonlyMap<Day, readonly string[]> {
  const byDay = new Map<Day, string[]>();
  const lines = new Lines(t`password of that day`, say);
  const columns = { needed: ['date', 'password'], more: [], header: 'date,password' };
  for (const { get } of belowHeader(rows, columns, say)) {
    const [date, password] = [get('date'), get('password')];
    const when = dayFrom(date.text);
    if (when === undefined) say(date, t`expected a day such as 2026-03-01, found "${short(date.text)}"`);
    const word = normalise(password.text);
    if (word === '') say(password, t`no password in this line`);
    if (when === undefined || word === '' || !lines.isNew(password, `${when} ${word}`)) continue;
    byDay.set(when, [...(byDay.get(when) ?? []), password.text]);
  }
  return byDay;
}

/** A spreadsheet writes `2026/3/1`, `2026/3/1 0:00` or `2026年3月1日`. */
export function dayFrom(text: string): Day | undefined {
  const [year = '', month = '', day = ''] = text.replace(/ 0?0:00(:00)?$/, '').split(/[-/.年月日]/);
  return parseDay(`${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`);
}

// ── Columns and lines ────────────────────────────────────────────────────────────────────────────────────────

/** `header`: how it is written in full. */
type Columns = { readonly needed: readonly string[]; readonly more: readonly string[]; readonly header: string };
/** A column that is not there is empty everywhere. */
type Line = { readonly get: (column: string) => Cell };

/** The lines below the header, which says what stands where. Columns of others are left alone. */
function belowHeader(rows: readonly Row[], { needed, more, header: all }: Columns, say: SayAt): Line[] {
  const [header, ...lines] = rows;
  if (!header) {
    say(TOP, t`the file is empty; expected a first line ${all}`);
    return [];
  }
  const found = new Map<string, number>();
  for (const [n, cell] of header.cells.entries()) {
    const name = [...needed, ...more].find(each => each.toLowerCase() === cell.text.toLowerCase());
    if (name === undefined) continue;
    if (found.has(name)) say(cell, t`the column "${name}" is there twice`);
    else found.set(name, n);
  }
  const missing = [...needed, ...more].filter(name => !found.has(name));
  const misspelt = sayMisspelt(header, found, missing, say);
  const lost = needed.filter(name => !found.has(name) && !misspelt.includes(name));
  const isWide = header.cells.some(({ text }) => text.includes('，'));
  if (isWide) say(header, t`the commas are full-width; write ${all}`);
  else if (lost.length > 0)
    say(header, t`no column ${lost.map(name => `"${name}"`).join(', ')}; the first line is ${all}`);
  if (isWide || lost.length + misspelt.length > 0) return [];
  if (lines.length === 0) say(header, t`nothing stands below the first line`);
  return lines.map(row => ({ get: column => cellAt(row, found.get(column) ?? row.cells.length) }));
}

/** The columns that were meant. */
function sayMisspelt(
  { cells }: Row,
  found: ReadonlyMap<string, number>,
  missing: readonly string[],
  say: SayAt,
): string[] {
  return cells.flatMap((cell, n) => {
    const meant = [...found.values()].includes(n) || cell.text.length < 2 ? undefined : nearest(cell.text, missing);
    if (meant !== undefined) say(cell, t`unknown column "${short(cell.text)}"; did you mean "${meant}"?`);
    return meant ?? [];
  });
}

/** What may stand in one line only. */
class Lines {
  private readonly first = new Map<string, number>();
  private readonly what: Wording;
  private readonly say: SayAt;

  constructor(what: Wording, say: SayAt) {
    this.what = what;
    this.say = say;
  }

  isNew({ text, line, column }: Cell, key = text): boolean {
    const before = this.first.get(key);
    if (before === undefined) this.first.set(key, line);
    else this.say({ line, column }, t`the ${this.what} "${short(text)}" is there already, in line ${before}`);
    return before === undefined;
  }
}

function short(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
