// A merchant's fund-flow bill (资金账单) as it is downloaded from WeChat Pay: a byte order mark, a header, one row per
// movement of money with a backtick before each value, and two rows of sums. Pure but for reading the world.
import { beijingText, dayOf, instant } from '../../core/base/time.ts';
import type { FundEdit } from '../shared/protocol.ts';
import { type Order, returnedOf } from './order.ts';
import type { World } from './world.ts';

const HEADER =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号';
const SUMS = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';

type Flow = {
  readonly at: number;
  /** Fen; what left the account is negative. */
  readonly amount: number;
  readonly orderNo: string;
  readonly flowNo: string;
  readonly name: string;
  readonly type: string;
  readonly remark: string;
  readonly billNo: string;
};

/**
 * `day`: `2026-02-10` in Beijing; absent: everything there ever was. `account`: of a merchant with 运营账户, from which packets are
 * paid, only what moved in this one; absent: both.
 */
export function fundFlowCsv(world: World, mchId: string, day?: string, account?: string): string {
  const { options, fundEdits } = world.merchant(mchId);
  const isOf = ({ billNo }: Flow): boolean =>
    account === undefined || !options.operationAccount || (billNo !== '') === (account === 'OPERATION');
  const flows = flowsOf(world, mchId)
    .filter(isOf)
    .flatMap(flow => edited(flow, fundEdits));
  // Backwards from what is there now: that the first balance is the merchant's very first one is for an audit to see.
  let balance = world.merchant(mchId).books.balance - sum(flows);
  const rows: string[] = [];
  const shown: Flow[] = [];
  for (const flow of flows) {
    balance += flow.amount;
    if (day !== undefined && dayOf(instant(flow.at)) !== day) continue;
    shown.push(flow);
    rows.push(rowOf(flow, balance, mchId));
  }
  return `\uFEFF${[HEADER, ...rows, SUMS, sumsOf(shown)].join('\r\n')}\r\n`;
}

function flowsOf(world: World, mchId: string): Flow[] {
  const flows = world.merchant(mchId).topUps.map(({ at, amount }, index): Flow => {
    const name = amount < 0 ? '提现' : '充值';
    const number = `1090000000${String(index + 1).padStart(18, '0')}`;
    return { at, amount, orderNo: number, flowNo: number, name, type: name, remark: '', billNo: '' };
  });
  for (const order of world.ordersOf(mchId)) flows.push(...flowsOfOrder(order));
  // Stable: at one instant, in the order in which the orders came into being.
  return flows.filter(({ amount }) => amount !== 0).sort((a, b) => a.at - b.at);
}

/** As somebody has changed it by hand. */
function edited(flow: Flow, edits: readonly FundEdit[]): Flow[] {
  const edit = edits.find(({ number }) => number === flow.billNo);
  if (!edit) return [flow];
  if (edit.drop) return [];
  const amount = edit.amount === undefined ? flow.amount : Math.sign(flow.amount) * edit.amount;
  return [{ ...flow, amount, billNo: edit.as ?? flow.billNo }];
}

function flowsOfOrder(order: Order): Flow[] {
  if (order.sentAt === undefined) return [];
  const type = order.channel === 'transfer' ? '转账' : '现金红包';
  const common = { orderNo: order.listId, type, remark: order.remark, billNo: order.billNo };
  const out = { ...common, at: order.sentAt, amount: -order.amount, name: type, flowNo: `${order.listId}01` };
  if (order.refundedAt === undefined) return [out];
  const back = { at: order.refundedAt, amount: returnedOf(order), name: `${type}退款`, flowNo: `${order.listId}02` };
  return [out, { ...common, ...back }];
}

const sum = (flows: readonly Flow[]): number => flows.reduce((total, { amount }) => total + amount, 0);
const yuan = (fen: number): string => (fen / 100).toFixed(2);
const cells = (values: readonly (string | number)[]): string =>
  values.map(value => `\`${String(value).replace(/[\r\n`]/g, ' ')}`).join(',');

function rowOf(flow: Flow, balance: number, mchId: string): string {
  return cells([
    beijingText(instant(flow.at)),
    flow.orderNo,
    flow.flowNo,
    flow.name,
    flow.type,
    flow.amount < 0 ? '支出' : '收入',
    yuan(Math.abs(flow.amount)),
    yuan(balance),
    `${mchId}API`,
    flow.remark,
    flow.billNo,
  ]);
}

function sumsOf(flows: readonly Flow[]): string {
  const income = flows.filter(({ amount }) => amount > 0);
  const spent = flows.filter(({ amount }) => amount < 0);
  return cells([flows.length, income.length, yuan(sum(income)), spent.length, yuan(-sum(spent))]);
}
