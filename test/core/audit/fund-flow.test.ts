// The merchant's fund flow: how it is read, and what does not agree with our payouts.

import { describe, expect, test } from 'vitest';
import { showAuditFinding } from '../../../src/core/audit/audit.ts';
import { FundFlow } from '../../../src/core/audit/fund-flow.ts';
import type { Change } from '../../../src/core/audit/payout.ts';
import { BadInput } from '../../../src/core/base/error.ts';
import { fen } from '../../../src/core/base/money.ts';
import { HOUR, later, MINUTE, parseBeijing, SECOND } from '../../../src/core/base/time.ts';
import { billNoOf, type Payout } from '../../../src/core/payout/payout.ts';
import { aPayout } from '../../storage/store.contract.ts';
import { writtenIn } from '../../support/written.ts';

const NINE = parseBeijing('2026-02-10 09:00')!;
const HEADER =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号';
const SUMS = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';

type RowParts = {
  at?: string;
  business?: string;
  kind?: string;
  way?: string;
  yuan?: string;
  remark?: string;
  number: string;
};
const row = ({
  at = '2026-02-10 10:00:00',
  business = '现金红包',
  kind = '现金红包',
  way = '支出',
  yuan = '1.00',
  remark = '新春快乐',
  number,
}: RowParts): string =>
  [
    at,
    '1000018301202602103075570521',
    '100001830120260210307557052101',
    business,
    kind,
    way,
    yuan,
    '9999.00',
    '1900000109API',
    remark,
    number,
  ]
    .map(cell => `\`${cell}`)
    .join(',');
/** Something early and something late, so that all of the day is in the file's time. */
const edges = [
  row({ at: '2026-02-10 08:00:00', business: '充值', way: '收入', number: '' }),
  row({ at: '2026-02-10 20:00:00', business: '提现', number: '' }),
];
const back = (parts: RowParts): string =>
  row({ at: '2026-02-11 10:00:00', business: '现金红包退款', way: '收入', ...parts });

function flowOf(
  rows: readonly string[],
  end: readonly string[] = [SUMS, `\`${rows.length}.0,\`0,\`0,\`0,\`0`],
): FundFlow {
  const flow = new FundFlow('funds.csv');
  for (const each of writtenIn([HEADER, ...rows, ...end].join('\n'))) flow.read(each);
  return flow;
}

let serial = 0;
/** A payout called at nine and known to be sent a minute later. */
function sent(parts: Partial<Payout> = {}): { payout: Payout; history: Change[] } {
  const claimKey = `spring/password/oAnn/${++serial}`;
  const payout = aPayout({
    claimKey,
    billNo: billNoOf('1900000109', NINE, claimKey, 1),
    state: 'sent',
    createdAt: NINE,
    sentAt: later(NINE, MINUTE),
    ...parts,
  });
  const calledAt = later(payout.createdAt, SECOND);
  const history: Change[] = [
    { version: 1, at: payout.createdAt, from: 'new', to: 'planned', what: 'planned' },
    { version: 2, at: calledAt, from: 'planned', to: 'sending', what: 'sending' },
    { version: 3, at: later(calledAt, SECOND), from: 'sending', to: 'sent', what: 'accepted' },
  ];
  return { payout, history };
}

/** What is found when these payouts are compared with these rows. */
function found(rows: readonly string[], ...payouts: ReturnType<typeof sent>[]): string[] {
  const flow = flowOf(rows);
  for (const { payout, history } of payouts) flow.payout(payout, history);
  return flow.end().map(showAuditFinding);
}

describe('a fund flow that agrees', () => {
  test('has nothing to say about what was paid and what came back, nor about other business', () => {
    const [a, b, c] = [
      sent(),
      sent({ state: 'received', amount: fen(250) }),
      sent({ state: 'refunded', refunded: fen(60), endedAt: later(NINE, 24 * HOUR) }),
    ];
    const rows = [
      ...edges,
      row({ number: a.payout.billNo }),
      row({ number: b.payout.billNo, yuan: '2.50' }),
      row({ number: c.payout.billNo }),
      back({ number: c.payout.billNo, yuan: '0.60' }),
      row({ business: '退款', number: 'REF42000000682018' }),
      row({ business: '交易', way: '收入', number: '4200000068201802' }),
    ];
    const flow = flowOf(rows);
    for (const { payout, history } of [a, b, c]) flow.payout(payout, history);
    expect(flow.end()).toEqual([]);
    expect([flow.rows, flow.others]).toEqual([4, 4]);
  });

  test('may begin with a byte order mark, end its lines with CRLF, order its columns otherwise and have no sums', () => {
    const { payout, history } = sent({ amount: fen(1_234_56) });
    const flow = new FundFlow('funds.csv');
    const head = '\uFEFF业务凭证号,收支金额(元),收支类型,业务名称,记账时间';
    const line = `\`${payout.billNo},\`1234.56,\`支出,\`现金红包,\`2026-02-10 10:00:00`;
    for (const each of writtenIn([head, line, '', ''].join('\r\n'))) flow.read(each);
    flow.payout(payout, history);
    expect(flow.end()).toEqual([]);
    expect(flow.rows).toBe(1);
  });

  test('may have been through a spreadsheet: quotes for backticks, and cents cut short', () => {
    const { payout, history } = sent({ amount: fen(150) });
    const flow = new FundFlow('funds.csv');
    const line = `2026-02-10 10:00:00,1,2,现金红包,现金红包,支出,1.5,9.00,API,"甲,乙 ""丙""",${payout.billNo}`;
    for (const each of writtenIn(`${HEADER}\n${line}`)) flow.read(each);
    flow.payout(payout, history);
    expect(flow.end()).toEqual([]);
  });

  test('may have a remark of several lines, in quotes', () => {
    const [a, b] = [sent(), sent()];
    const line = (number: string): string =>
      `2026-02-10 10:00:00,1,2,现金红包,现金红包,支出,1.00,9.00,API,"第一行\n第二行,""三""\r\n",${number}`;
    const flow = new FundFlow('funds.csv');
    const sums = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n2,0,0.00,2,2.00';
    const text = [HEADER, line(a.payout.billNo), line(b.payout.billNo), sums].join('\n');
    for (const each of writtenIn(text)) flow.read(each);
    for (const { payout, history } of [a, b]) flow.payout(payout, history);
    expect(flow.end()).toEqual([]);
    expect(flow.rows).toBe(2);
  });

  test('may have the dates of a spreadsheet, without seconds: what it does not cover for certain is not missed', () => {
    const { payout, history } = sent({ amount: fen(150) });
    const line = (at: string, rest: string): string => `${at},1,2,${rest}`;
    const packet = line('2026/2/10 10:00', `现金红包,现金红包,支出,1.50,9.00,API,,${payout.billNo}`);
    const flow = new FundFlow('funds.csv');
    for (const each of writtenIn([HEADER, packet].join('\n'))) flow.read(each);
    flow.payout(payout, history);
    const other = sent();
    flow.payout(other.payout, other.history); // of the same minute: it may stand in another file
    expect(flow.end()).toEqual([]);
    const wide = new FundFlow('funds.csv');
    const around = ['2026/2/10 8:00', '2026/2/10 20:00'].map(at => line(at, '充值,充值,收入,1.00,9.00,API,,X'));
    for (const each of writtenIn([HEADER, ...around].join('\n'))) wide.read(each);
    wide.payout(other.payout, other.history);
    expect(wide.end()).toHaveLength(1); // here it is missing
  });

  test('may have commas in a remark', () => {
    const one = sent();
    expect(found([row({ number: one.payout.billNo, remark: '新春,快乐,' })], one)).toEqual([]);
  });

  test('may be several in one file, each with its header and its sums', () => {
    const [a, b] = [sent(), sent()];
    const flow = flowOf([row({ number: a.payout.billNo })]);
    const second = [HEADER, row({ number: b.payout.billNo }), ...edges, SUMS, '`3.0,`1.0,`1.00,`2.0,`2.00'];
    for (const each of writtenIn(second.join('\n'))) flow.read(each);
    for (const { payout, history } of [a, b]) flow.payout(payout, history);
    expect(flow.end()).toEqual([]);
  });
});

describe('a fund flow that differs', () => {
  test('names what was paid there and is unknown here', () => {
    const stranger = row({ number: '190000010920260210AAAAAAAAAA', yuan: '8.88' });
    expect(found([stranger])).toEqual([
      'funds.csv:2: payment 190000010920260210AAAAAAAAAA: expected a payout of this number, found none; paid 888 fen',
    ]);
    expect(found([row({ number: '' })])).toEqual([
      'funds.csv:2: payment (no number): expected a payout of this number, found none; paid 100 fen',
    ]);
  });

  test('names what was paid twice there', () => {
    const one = sent();
    const { billNo } = one.payout;
    expect(found([row({ number: billNo }), row({ number: billNo })], one)).toEqual([
      `payout ${billNo}: payments, first in funds.csv:2: expected 1, found 2`,
    ]);
    expect(found([row({ number: billNo }), row({ number: billNo, yuan: '1.01' })], one)).toContain(
      `funds.csv:3: amount paid for ${billNo}: expected 100 fen, found 101 fen`,
    );
  });

  test('names another amount, to the fen', () => {
    const one = sent();
    const { billNo } = one.payout;
    expect(found([row({ number: billNo, yuan: '1.01' })], one)).toEqual([
      `payout ${billNo}: amount paid in funds.csv:2: expected 100 fen, found 101 fen`,
    ]);
  });

  test('names what came back there and was received here', () => {
    const one = sent({ state: 'received' });
    const { billNo } = one.payout;
    expect(found([row({ number: billNo }), back({ number: billNo })], one)).toEqual([
      `payout ${billNo}: refunded in funds.csv:3, received here: expected 0 fen, found 100 fen`,
    ]);
  });

  test('names a part that came back there and is another part here', () => {
    const one = sent({ state: 'refunded', refunded: fen(60), endedAt: later(NINE, 30 * HOUR) });
    const { billNo } = one.payout;
    const rows = [
      row({ number: billNo }),
      back({ number: billNo, yuan: '0.20' }),
      back({ number: billNo, yuan: '0.30' }),
    ];
    expect(found(rows, one)).toEqual([
      `payout ${billNo}: amount refunded in funds.csv:3: expected 60 fen, found 50 fen`,
    ]);
  });

  test('names what came back here and not there, if the file covers the time', () => {
    const one = sent({ state: 'refunded', endedAt: later(NINE, 5 * HOUR) });
    const { billNo } = one.payout;
    expect(found([...edges, row({ number: billNo })], one)).toEqual([
      `payout ${billNo}: refund in funds.csv: expected 100 fen, found 0 fen`,
    ]);
    const later30 = { ...one, payout: { ...one.payout, endedAt: later(NINE, 30 * HOUR) } };
    expect(found([...edges, row({ number: billNo })], later30)).toEqual([]);
  });

  test('names what failed here and was paid there, unless it came back', () => {
    const one = sent({ state: 'failed' });
    const { billNo } = one.payout;
    expect(found([row({ number: billNo })], one)).toEqual([
      `payout ${billNo}: paid in funds.csv:2, failed here: expected 0 fen, found 100 fen`,
    ]);
    expect(found([row({ number: billNo }), back({ number: billNo })], one)).toEqual([]);
  });

  test('names what was sent here within its time and is absent there', () => {
    const one = sent();
    const { billNo } = one.payout;
    const absent = `payout ${billNo}: payment in funds.csv: expected 100 fen, found none from 2026-02-10 08:00:00 to 2026-02-10 20:00:00`;
    expect(found(edges, one)).toEqual([absent]);
    const known = sent();
    expect(found([...edges, row({ number: known.payout.billNo })], known, one)).toEqual([absent]);
  });

  test('does not miss what may stand in another day’s file, nor what was never sent', () => {
    const early = sent({ createdAt: later(NINE, -2 * HOUR), sentAt: NINE });
    const late = sent({ sentAt: later(NINE, 12 * HOUR) });
    const open = (['planned', 'sending', 'unknown', 'held', 'failed'] as const).map(state => sent({ state }));
    expect(found(edges, early, late, ...open)).toEqual([]);
  });

  test('does not miss another merchant’s payouts', () => {
    const other = sent({ merchant: 'second' });
    const request = { ...other.payout.request, mchId: '1900000110' };
    const mine = sent();
    const rows = [...edges, row({ number: mine.payout.billNo })];
    expect(
      found(rows, mine, {
        ...other,
        payout: { ...other.payout, request, billNo: billNoOf('1900000110', NINE, other.payout.claimKey, 1) },
      }),
    ).toEqual([]);
  });
});

describe('a file that is not whole', () => {
  test.each<[string, Partial<RowParts>, string]>([
    [
      'a time that is none',
      { at: '2026-02-30 10:00:00' },
      '记账时间: expected a time such as 2026-02-10 10:00:00, found 2026-02-30 10:00:00',
    ],
    ['an amount with three decimals', { yuan: '1.005' }, '收支金额(元): expected an amount such as 1.00, found 1.005'],
    ['a negative amount', { yuan: '-1.00' }, '收支金额(元): expected an amount such as 1.00, found -1.00'],
    ['no amount', { yuan: '' }, '收支金额(元): expected an amount such as 1.00, found nothing'],
    ['a direction nobody knows', { way: '进出' }, '收支类型: expected 收入 or 支出, found 进出'],
  ])('has its bad rows named by line: %s', (_, parts, expected) => {
    const flow = flowOf([...edges, row({ number: 'x', ...parts })]);
    expect(flow.end().map(showAuditFinding)).toEqual([`funds.csv:4: ${expected}`]);
  });

  test('with a row cut short names that row', () => {
    expect(
      flowOf([...edges, '`2026-02-10 10:00:00,`1000'])
        .end()
        .map(showAuditFinding),
    ).toEqual(['funds.csv:4: 收支金额(元): expected an amount such as 1.00, found nothing']);
  });

  test('says so by its own count', () => {
    const flow = flowOf(edges, [SUMS, '`3.0,`1,`1,`1,`1']);
    expect(flow.end().map(showAuditFinding)).toEqual(['funds.csv:5: 资金流水总笔数: expected 3.0, found 2']);
  });

  test('is refused where it is no fund flow at all, with what was expected', () => {
    const flow = new FundFlow('other.csv');
    expect(() => flow.read({ text: '交易时间,公众账号ID', line: 1 })).toThrow(BadInput);
    expect(() => flow.read({ text: '交易时间,公众账号ID', line: 2 })).toThrow(
      /other\.csv:2:1: expected the header of a fund flow/,
    );
    expect(() => flow.read({ text: '记账时间,业务凭证号', line: 3 })).toThrow(
      /other\.csv:3:1: the header lacks 业务名称, 收支类型, 收支金额\(元\)/,
    );
    expect(() => new FundFlow('empty.csv').mustBeWhole()).toThrow(/empty\.csv: it is empty/);
  });
});

test('a thousand missing payouts are enough to know that it is the wrong file', () => {
  const flow = flowOf(edges);
  for (let n = 0; n < 1500; n++) {
    const { payout, history } = sent({ sentAt: later(NINE, MINUTE) });
    flow.payout(payout, history);
  }
  expect(flow.end()).toHaveLength(1000);
});
