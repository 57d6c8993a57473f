// A merchant's trade bill (交易账单): what people paid on a Beijing day, and what went back of it. Pure but for reading the world.
import { beijingText, dayOf, instant } from '../../core/base/time.ts';
import type { ShopOrder, ShopRefund } from '../shared/protocol.ts';
import { cashOf, cashOfRefund } from './shop.ts';
import type { World } from './world.ts';

const KINDS = ['ALL', 'SUCCESS', 'REFUND'] as const;
type Kind = (typeof KINDS)[number];
export const isTradeBill = (kind: string): kind is Kind => KINDS.some(each => each === kind);

type Row = { readonly at: number; readonly order: ShopOrder; readonly refund?: ShopRefund };
type Column = readonly [name: string, of: (row: Row) => string | number];

const yuan = (fen: number): string => (fen / 100).toFixed(2);
const ifRefund =
  (of: (order: ShopOrder, refund: ShopRefund) => string, otherwise: string): Column[1] =>
  ({ order, refund }) =>
    refund ? of(order, refund) : otherwise;

const HEAD: readonly Column[] = [
  ['交易时间', ({ at }) => beijingText(instant(at))],
  ['公众账号ID', ({ order }) => order.appId],
  ['商户号', ({ order }) => order.mchId],
  ['特约商户号', () => 0],
  ['设备号', () => ''],
  ['微信订单号', ({ order }) => order.transactionId],
  ['商户订单号', ({ order }) => order.orderNo],
  ['用户标识', ({ order }) => order.openid],
  ['交易类型', ({ order }) => order.tradeType ?? 'JSAPI'],
  ['交易状态', ({ refund }) => (refund ? 'REFUND' : 'SUCCESS')],
  ['付款银行', () => 'OTHERS'],
  ['货币种类', () => 'CNY'],
  ['应结订单金额', ({ order, refund }) => (refund ? '0.00' : yuan(cashOf(order)))],
  ['代金券金额', ({ order, refund }) => (refund ? '0.00' : yuan(order.coupon))],
];
const TIMES: readonly Column[] = [
  ['退款申请时间', ({ at }) => beijingText(instant(at))],
  ['退款成功时间', ({ at }) => beijingText(instant(at))],
];
const OF_REFUNDS: readonly Column[] = [
  ['微信退款单号', ifRefund((_order, { refundId }) => refundId, '0')],
  ['商户退款单号', ifRefund((_order, { refundNo }) => refundNo, '0')],
  ['退款金额', ifRefund((order, refund) => yuan(cashOfRefund(order, refund)), '0.00')],
  ['充值券退款金额', () => '0.00'],
  ['退款类型', ifRefund(() => 'ORIGINAL', '')],
  ['退款状态', ifRefund(() => 'SUCCESS', '')],
];
const TAIL: readonly Column[] = [
  ['商品名称', () => '模拟商品'],
  ['商户数据包', ({ order }) => order.attach ?? ''],
  ['手续费', () => '0.00000'],
  ['费率', () => '0.60%'],
  ['订单金额', ({ order, refund }) => (refund ? '0.00' : yuan(order.total))],
];
const ASKED: readonly Column[] = [['申请退款金额', ifRefund((_order, { amount }) => yuan(amount), '0.00')]];
const REMARK: readonly Column[] = [['费率备注', () => '']];

const COLUMNS: Readonly<Record<Kind, readonly Column[]>> = {
  ALL: [...HEAD, ...OF_REFUNDS, ...TAIL, ...ASKED, ...REMARK],
  SUCCESS: [...HEAD, ...TAIL, ...REMARK],
  REFUND: [...HEAD, ...TIMES, ...OF_REFUNDS, ...TAIL, ...ASKED, ...REMARK],
};
const SUMS = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';

/** `undefined`: nothing was paid and nothing went back on this day. */
export function tradeBillCsv(world: World, mchId: string, day: string, kind: Kind): string | undefined {
  const rows = rowsOf(world, mchId).filter(
    ({ at, refund }) =>
      dayOf(instant(at)) === day && (kind === 'ALL' || (kind === 'REFUND') === (refund !== undefined)),
  );
  if (rows.length === 0) return undefined;
  const columns = COLUMNS[kind];
  const head = columns.map(([name]) => name).join(',');
  const lines = rows.map(row => cells(columns.map(([, of]) => of(row))));
  return `\uFEFF${[head, ...lines, SUMS, cells(sumsOf(rows))].join('\r\n')}\r\n`;
}

function rowsOf(world: World, mchId: string): Row[] {
  const rows: Row[] = [];
  for (const order of world.shop.ordersOf(mchId)) {
    rows.push({ at: order.paidAt, order });
    for (const refund of order.refunds) rows.push({ at: refund.at, order, refund });
  }
  return rows.sort((a, b) => a.at - b.at);
}

function sumsOf(rows: readonly Row[]): (string | number)[] {
  const sum = (of: (row: Row) => number): string => yuan(rows.reduce((total, row) => total + of(row), 0));
  return [
    rows.length,
    sum(({ order, refund }) => (refund ? 0 : cashOf(order))),
    sum(({ order, refund }) => (refund ? cashOfRefund(order, refund) : 0)),
    ...['0.00', '0.00000'],
    sum(({ order, refund }) => (refund ? 0 : order.total)),
    sum(({ refund }) => refund?.amount ?? 0),
  ];
}

const cells = (values: readonly (string | number)[]): string =>
  values.map(value => `\`${String(value).replace(/[\r\n`,]/g, ' ')}`).join(',');
