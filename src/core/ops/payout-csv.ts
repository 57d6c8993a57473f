// Payouts as CSV for a spreadsheet: Chinese headers, yuan, Beijing time. Opened in Excel or WPS it must neither run what a
// stranger wrote into a name nor round an order number.
import { yuanText } from '../base/money.ts';
import { visible } from '../base/text.ts';
import { beijingText, type Instant } from '../base/time.ts';
import type { Payout, PayoutState } from '../payout/payout.ts';

const STATE_WORDS: Record<PayoutState, string> = {
  planned: '待发放',
  sending: '发放中',
  unknown: '结果待查',
  held: '挂起',
  sent: '已发放待领取',
  received: '已领取',
  refunded: '已退回',
  failed: '失败',
};

const WAY_WORDS: Record<Payout['request']['channel'], string> = {
  redpack: '现金红包',
  group: '裂变红包',
  transfer: '商家转账',
  voucher: '代金券',
};

type Column = { readonly head: string; readonly cell: (payout: Payout) => string; readonly isNumber?: boolean };

const time = (at: Instant | undefined): string => (at === undefined ? '' : beijingText(at));

const COLUMNS: readonly Column[] = [
  { head: '商户订单号', cell: payout => payout.billNo, isNumber: true },
  { head: '微信单号', cell: payout => payout.listId ?? '', isNumber: true },
  { head: '活动', cell: payout => payout.campaign },
  { head: '规则', cell: payout => payout.rule },
  { head: '奖品金额（元）', cell: payout => yuanText(payout.amount) },
  { head: '状态', cell: payout => STATE_WORDS[payout.state] },
  { head: 'openid', cell: payout => payout.user },
  { head: '公众号', cell: payout => payout.account },
  { head: '商户', cell: payout => payout.merchant },
  { head: '创建时间', cell: payout => time(payout.createdAt) },
  { head: '发送时间', cell: payout => time(payout.sentAt) },
  { head: '结束时间', cell: payout => time(payout.endedAt) },
  { head: '尝试次数', cell: payout => String(payout.tries) },
  { head: '问题', cell: payout => payout.problem ?? '' },
  { head: '退回金额（元）', cell: payout => (payout.refunded === undefined ? '' : yuanText(payout.refunded)) },
  { head: '领取记录', cell: payout => payout.claimKey },
  { head: '方式', cell: ({ request }) => WAY_WORDS[request.channel] },
];

/** With a byte order mark, without which Excel takes UTF-8 for GBK. */
export const CSV_HEAD = `\uFEFF${lineOf(COLUMNS.map(column => column.head))}`;

export function csvLine(payout: Payout): string {
  return lineOf(
    COLUMNS.map(({ cell, isNumber }) => {
      const text = visible(cell(payout));
      return isNumber ? asText(text) : harmless(text);
    }),
  );
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map(quoted).join(',')}\r\n`;
}

/** What a spreadsheet would take for a formula becomes a text; that of a Chinese system takes full width for it too. */
export function harmless(cell: string): string {
  return /^[=+\-@\t\r＝＋－＠]/.test(cell) ? `'${cell}` : cell;
}

/** A row of texts that people wrote, and of numbers that a spreadsheet must not round. */
export function csvRow(cells: readonly (string | { readonly digits: string })[]): string {
  return lineOf(cells.map(cell => (typeof cell === 'string' ? harmless(visible(cell)) : asText(visible(cell.digits)))));
}

/** The same for the first row of a file. */
export function csvHead(names: readonly string[]): string {
  return `\uFEFF${lineOf(names)}`;
}

/** A tab behind it, as Alipay's bills have it: unseen, and the spreadsheet keeps all digits. */
function asText(number: string): string {
  return number === '' ? '' : `${harmless(number)}\t`;
}

function quoted(cell: string): string {
  return /[",\r\n\t]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
