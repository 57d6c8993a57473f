// The merchant's fund flow (资金账单) as WeChat Pay writes it: a CSV with one row for each movement of money, each value
// behind a backtick. Read line by line and compared with our payouts by number (业务凭证号) and amount.

import { BadInput } from '../base/error.ts';
import { parseYuan } from '../base/money.ts';
import { keysOf, recordOf } from '../base/record.ts';
import { beijingText, type Instant, instant, later, MINUTE, parseBeijing, SECOND } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import { channelOf } from '../payout/channels/index.ts';
import type { Payout } from '../payout/payout.ts';
import { cellsOf, type Written } from '../yaml/csv.ts';
import type { AuditFinding, Change } from './payout.ts';
import { refundedOf } from './payout.ts';

/** The columns we read, as the header names them once its brackets are half-width. */
const COLUMNS = {
  at: '记账时间',
  business: '业务名称',
  kind: '业务类型',
  way: '收支类型',
  amount: '收支金额(元)',
  left: '账户结余(元)',
  number: '业务凭证号',
  remark: '备注',
} as const;
type Column = keyof typeof COLUMNS;
/** Where each stands in a row; one that is not there before all of them. */
type Columns = Readonly<Record<Column, number>>;
type Row = Readonly<Record<Column, string>>;
/** 业务类型 only helps to tell packets from other business, 备注 to tell a campaign, 账户结余 what is left. */
const NEEDED: readonly Column[] = ['at', 'business', 'way', 'amount', 'number'];
const SUMMARY = '资金流水总笔数';

/** Money that leaves for other reasons. A row with one of our numbers is compared whatever it is called. */
const OTHER_BUSINESS = /退款|手续费|提现|分账|保证金|结算|充值/;
const REFUND = /退款|退回/;
/** mchId + yyyymmdd + 10 base-62 characters, as `billNoOf` makes them. */
const OUR_NUMBER = /^\d{8,10}20\d{6}[0-9A-Za-z]{10}$/;

/** The wrong file would name every payout there is. */
const ABSENT_MAX = 1000;

/** All rows of one number, in fen; where its first payment and its first refund stand (`funds.csv:7`), and in which file. */
type Entry = {
  readonly file: string;
  paid: number;
  payments: number;
  paidWhere?: string;
  paidAt?: Instant;
  refunded: number;
  refundWhere?: string;
  remark: string;
};

/** Whose money a file is about, and which whole time: then what is not in it did not happen. */
export type Cover = { readonly mchId: string; readonly from: Instant; readonly to: Instant };

/** What the file says of one number. */
export type Movement = {
  /** `funds.csv:7` */
  readonly where: string;
  readonly number: string;
  /** Fen; 0 where its payment stands in another file. */
  readonly paid: number;
  readonly paidAt?: Instant;
  readonly refunded: number;
  readonly remark: string;
};

export function isOurNumber(number: string): boolean {
  return OUR_NUMBER.test(number);
}

export class FundFlow {
  /** Rows that are packets or their refunds, and rows of other business. */
  rows = 0;
  others = 0;
  /** Fen in the account from which packets were paid, behind the last row of its file, by merchant number. */
  readonly left = new Map<string, number>();
  private mchId: string | undefined;
  private hasPaid = false;
  private lastLeft = { at: Number.NEGATIVE_INFINITY, left: 0 };
  private file: string;
  private readonly covers = new Map<string, Cover & { readonly file: string }>();
  private readonly entries = new Map<string, Entry>();
  private readonly findings: AuditFinding[] = [];
  /** Payouts sent within the file's time that are not in it, by merchant number; of very many only the first. */
  private readonly absent = new Map<string, AuditFinding[]>();
  private readonly merchants = new Set<string>();
  private columns: Columns | undefined;
  private line = 0;
  private sinceHeader = 0;
  private isSummary = false;
  private from = Number.POSITIVE_INFINITY;
  private to = Number.NEGATIVE_INFINITY;

  /** `file`: its name, for findings. */
  constructor(file: string) {
    this.file = file;
  }

  /** What is read from now on stands in another file, which is known to be whole. */
  open(file: string, cover: Cover): void {
    this.file = file;
    this.line = 0;
    this.columns = undefined;
    this.isSummary = false;
    this.mchId = cover.mchId;
    this.hasPaid = false;
    this.lastLeft = { at: Number.NEGATIVE_INFINITY, left: 0 };
    this.cover(file, cover);
  }

  /** Nothing moved there in that time. */
  cover(file: string, cover: Cover): void {
    const known = this.covers.get(cover.mchId);
    const from = instant(Math.min(cover.from, known?.from ?? cover.from));
    const to = instant(Math.max(cover.to, known?.to ?? cover.to));
    this.covers.set(cover.mchId, { ...cover, from, to, file: known?.file ?? file });
  }

  /** Takes the next row. Throws `BadInput` for a header that lacks a column. */
  read({ text, line }: Written): void {
    this.line = line;
    const cells = valuesOf({ text, line });
    const head = cells[0]!.normalize('NFKC').trim();
    if (cells.every(cell => cell.trim() === '')) return;
    if (cells.some(cell => cell.trim() === COLUMNS.number)) this.header(cells);
    else if (head === SUMMARY) this.isSummary = true;
    else if (this.isSummary) this.summary(cells);
    else if (this.columns) this.row(cells, this.columns);
    else
      throw new BadInput(
        t`${this.file}:${this.line}:1: expected the header of a fund flow (${Object.values(COLUMNS).join()}), found ${text.slice(0, 60)}`,
      );
  }

  /** Every line was read. Throws `BadInput` where there was no fund flow in them. */
  mustBeWhole(): void {
    if (this.mchId !== undefined && this.hasPaid && this.lastLeft.at > 0) this.left.set(this.mchId, this.lastLeft.left);
    if (!this.columns)
      throw new BadInput(t`${this.file}: it is empty; take the fund flow (资金账单) as 商户平台 exports it`);
  }

  private header(cells: readonly string[]): void {
    const names = cells.map(cell => cell.normalize('NFKC').trim());
    const columns = recordOf(keysOf(COLUMNS), column => names.indexOf(COLUMNS[column]));
    const missing = NEEDED.filter(column => columns[column] < 0).map(column => COLUMNS[column]);
    if (missing.length > 0)
      throw new BadInput(
        t`${this.file}:${this.line}:1: the header lacks ${missing.join(', ')}; take the fund flow (资金账单) as 商户平台 exports it`,
      );
    this.columns = columns;
    this.isSummary = false;
    this.sinceHeader = 0;
  }

  /** 资金流水总笔数 comes first: a file that was cut short says so itself. */
  private summary(cells: readonly string[]): void {
    const [said] = cells;
    const isSame = Number(said) === this.sinceHeader;
    if (!isSame) this.complain(SUMMARY, said!, String(this.sinceHeader));
    this.isSummary = false;
  }

  private row(cells: readonly string[], columns: Columns): void {
    this.sinceHeader++;
    const row: Row = recordOf(keysOf(columns), column => (cells[columns[column]] ?? '').trim());
    const time = timeOf(row.at);
    const amount = fenOf(row.amount);
    if (time === undefined || amount === undefined || (row.way !== '收入' && row.way !== '支出')) {
      if (time === undefined) this.complain(COLUMNS.at, 'a time such as 2026-02-10 10:00:00', row.at);
      else if (amount === undefined) this.complain(COLUMNS.amount, 'an amount such as 1.00', row.amount);
      else this.complain(COLUMNS.way, '收入 or 支出', row.way);
      return;
    }
    // What the file covers for certain: a minute that it only names is not covered whole.
    const left = fenOf(row.left ?? '');
    if (left !== undefined && time.at >= this.lastLeft.at) this.lastLeft = { at: time.at, left };
    if (row.way === '支出' && isOurNumber(row.number)) this.hasPaid = true;
    this.from = Math.min(this.from, time.until);
    this.to = Math.max(this.to, time.at);
    if (!isPacket(row)) {
      this.others++;
      return;
    }
    this.rows++;
    this.book(row, amount, time.at);
  }

  private book({ number, way, remark }: Row, amount: number, at: Instant): void {
    const none: Entry = { file: this.file, paid: 0, payments: 0, refunded: 0, remark };
    const entry = this.entries.get(number) ?? none;
    this.entries.set(number, entry);
    if (way === '支出') {
      if (entry.payments++ === 0) {
        entry.paid = amount;
        entry.paidAt = at;
        entry.paidWhere = this.at(this.line);
      } else if (amount !== entry.paid) {
        this.findings.push({
          where: this.at(this.line),
          what: `amount paid for ${number}`,
          expected: entry.paid,
          found: amount,
          unit: 'fen',
        });
      }
    } else {
      entry.refundWhere ??= this.at(this.line);
      entry.refunded += amount;
    }
  }

  /** Every number in the file that no payout was compared with yet. */
  *movements(): Generator<Movement> {
    for (const [number, { paid, paidAt, paidWhere, refunded, refundWhere, remark }] of this.entries) {
      const where = paidWhere ?? refundWhere ?? this.file;
      yield { where, number, paid, ...(paidAt !== undefined && { paidAt }), refunded, remark };
    }
  }

  /** Compares one payout; each comes once. `history`: when its first call began. */
  payout(payout: Payout, history: readonly Change[]): void {
    const entry = this.entries.get(payout.billNo);
    const time = this.timeFor(payout);
    if (entry) {
      this.entries.delete(payout.billNo);
      this.merchants.add(payout.request.mchId);
      this.findings.push(...this.compare(payout, entry, time.to));
    } else if (isMissing(payout, history, time)) {
      const found = `none from ${beijingText(instant(time.from))} to ${beijingText(instant(time.to))}`;
      const finding = {
        where: `payout ${payout.billNo}`,
        what: `payment in ${time.file}`,
        expected: `${payout.amount} fen`,
        found,
        unit: 'text',
      } as const;
      const { mchId } = payout.request;
      const known = this.absent.get(mchId) ?? [];
      if (known.length < ABSENT_MAX) known.push(finding);
      this.absent.set(mchId, known);
    }
  }

  /** What is read for certain of this payout's merchant. */
  private timeFor({ request }: Payout): Time {
    if (this.covers.size === 0) return { from: this.from, to: this.to, file: this.file };
    return this.covers.get(request.mchId) ?? { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY, file: '' };
  }

  /** `until`: what happened later may stand in another file. */
  private compare(payout: Payout, entry: Entry, until: number): AuditFinding[] {
    const { billNo, state, amount, endedAt } = payout;
    const { paid, payments, refunded, paidWhere: paidAt, refundWhere: refundAt } = entry;
    const where = `payout ${billNo}`;
    const findings: AuditFinding[] = [];
    const differs = (what: string, expected: number, found: number): void =>
      void findings.push({ where, what, expected, found, unit: 'fen' });
    if (payments > 1)
      findings.push({ where, what: `payments, first in ${paidAt}`, expected: 1, found: payments, unit: 'count' });
    if (payments > 0 && paid !== amount) differs(`amount paid in ${paidAt}`, amount, paid);
    if (payments > 0 && state === 'failed' && refunded < paid)
      differs(`paid in ${paidAt}, failed here`, 0, paid - refunded);
    const isBack = state === 'refunded' && refunded === 0 && payments > 0 && endedAt !== undefined && endedAt <= until;
    if (isBack) differs(`refund in ${entry.file}`, refundedOf(payout), 0);
    if (refunded > 0 && state === 'received') differs(`refunded in ${refundAt}, received here`, 0, refunded);
    if (refunded > 0 && state === 'refunded' && refunded !== refundedOf(payout))
      differs(`amount refunded in ${refundAt}`, refundedOf(payout), refunded);
    return findings;
  }

  /** What is left when every payout was compared: paid there, unknown here. */
  end(): AuditFinding[] {
    const unknown = [...this.entries].flatMap(([number, { paid, payments, paidWhere = this.file }]): AuditFinding[] =>
      payments === 0
        ? []
        : [
            {
              where: paidWhere,
              what: `payment ${number || '(no number)'}`,
              expected: 'a payout of this number',
              found: `none; paid ${paid} fen`,
              unit: 'text',
            },
          ],
    );
    // A fund flow is one merchant's: another one's payouts are not missing in it.
    const isOnly = this.merchants.size === 0 && this.absent.size === 1;
    const absent = [...this.absent]
      .filter(([mchId]) => isOnly || this.merchants.has(mchId) || this.covers.has(mchId))
      .flatMap(([, findings]) => findings);
    return [...this.findings, ...unknown, ...absent];
  }

  private complain(what: string, expected: string, found: string): void {
    this.findings.push({
      where: this.at(this.line),
      what,
      expected,
      found: found === '' ? 'nothing' : found,
      unit: 'text',
    });
  }

  private at(line: number): string {
    return `${this.file}:${line}`;
  }
}

/** ms since 1970, both within it; and where it stands. */
type Time = { readonly from: number; readonly to: number; readonly file: string };

/** Paid for certain while the file covers, by a channel that leaves a line in it: from its first call until we knew. What was on its way before may stand in another file. */
function isMissing(
  { request, state, sentAt, endedAt }: Payout,
  history: readonly Change[],
  { from, to }: Time,
): boolean {
  if (channelOf(request).pays !== 'redpacket') return false;
  if (state !== 'sent' && state !== 'received' && state !== 'refunded') return false;
  const calledAt = history.find(line => line.to === 'sending')?.at;
  const knownAt = sentAt ?? endedAt;
  return calledAt !== undefined && knownAt !== undefined && calledAt >= from && knownAt <= to;
}

function isPacket({ number, way, business, kind }: Row): boolean {
  if (OUR_NUMBER.test(number)) return way === '支出' || REFUND.test(business);
  return way === '支出' && !OTHER_BUSINESS.test(business) && !OTHER_BUSINESS.test(kind);
}

/** A comma may stand in a value, a comma with a backtick behind it may not. What a spreadsheet saved has quotes instead. */
function valuesOf(row: Written): string[] {
  if (row.text.startsWith('`')) return row.text.slice(1).split(',`');
  const cells = cellsOf(row, () => undefined).map(({ text }) => text.replace(/^`/, ''));
  return cells.length > 0 ? cells : [''];
}

/** `2026-02-10 10:00:00`, and `2026/2/10 10:00` as a spreadsheet leaves it: then it is some second of that minute. */
function timeOf(text: string): { readonly at: Instant; readonly until: Instant } | undefined {
  const parts = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2}) +(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(part => part?.padStart(2, '0'));
  const at = parseBeijing(`${year}-${month}-${day} ${hour}:${minute}:${second ?? '00'}`);
  return at === undefined ? undefined : { at, until: second === undefined ? later(at, MINUTE - SECOND) : at };
}

/** `0.35`, and `1` or `1.5` as a spreadsheet leaves it → fen. */
function fenOf(text: string): number | undefined {
  const match = /^(\d+)(?:\.(\d{1,2}))?$/.exec(text);
  return match ? parseYuan(`¥${Number(match[1])}.${(match[2] ?? '').padEnd(2, '0')}`) : undefined;
}
