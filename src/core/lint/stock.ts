// Warnings about vouchers that their stock (批次) will not give, by what WeChat Pay says of it, where it was asked; and about what is
// given in the place of a prize that WeChat Pay refuses (`fallbackTo`), where nothing bounds that as the other was bounded.

import { fen, showFen } from '../base/money.ts';
import { beijingText, type Instant } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import type { Campaign } from '../rules/campaign.ts';
import { insteadOf, isCash, isVoucher, type Voucher } from '../rules/campaign-query.ts';
import { type Linting, stockKey, type ToldStock } from './context.ts';

export function lintStocks({ campaign, accountOf, stocks, say }: Linting): void {
  for (const prize of [...campaign.prizes.values()].filter(isVoucher)) {
    const stock = stocks?.get(stockKey(accountOf(campaign), prize));
    if (!stock) continue;
    const path = ['prizes', prize.name, 'voucher'];
    const told = stock === 'unknown' ? [unknown(prize)] : against(campaign, prize, stock);
    for (const why of told) say('voucher-stock', path, t`stock ${prize.stockId} of "${prize.name}": ${why}`);
    if (stock !== 'unknown' && stock.isForeign)
      say(
        'voucher-foreign',
        path,
        t`stock ${prize.stockId} of "${prize.name}" is made by merchant ${prize.creator!}: that one must have opened it to this merchant (可发券商户), and both need the permission to give across merchants`,
      );
  }
}

/** The money of what was refused is free again: whatever is given instead must be bounded by itself. A list of coupons is, and a text costs nothing. */
export function lintInstead({ campaign, say }: Linting): void {
  for (const prize of campaign.prizes.values()) {
    const instead = insteadOf(campaign, prize);
    if (!instead || (instead.stock ?? instead.perDay) !== undefined) continue;
    const path = ['prizes', prize.name, 'fallbackTo'];
    const advice = t`write stock or perDay at "${instead.name}"`;
    if (instead.kind === 'goods')
      say('fallback-unbounded', path, t`the budget counts "${prize.name}", and does not count "${instead.name}"`, {
        advice,
      });
    else if (isVoucher(prize) && isCash(instead) && !isVoucher(instead))
      say(
        'fallback-unbounded',
        path,
        t`"${prize.name}" is taken from a stock of vouchers, and "${instead.name}" from the merchant's balance and its cash of the day`,
        { advice },
      );
  }
}

function unknown({ creator }: Voucher): Wording {
  return creator === undefined
    ? t`WeChat Pay knows no such stock of this merchant; look at its number, and at \`creator\` where another merchant has made it`
    : t`WeChat Pay knows no such stock of merchant ${creator}; look at its number, and at \`creator\``;
}

function against(campaign: Campaign, prize: Voucher, stock: ToldStock): Wording[] {
  const { status, begins, ends, amount, minimum, left, perUser, perDay } = stock;
  const ofADay = fen((prize.perDay ?? 0) * prize.max);
  const { from, to } = campaign.period;
  const text = (at: Instant): string => beijingText(at).slice(0, 16);
  const all: (Wording | false)[] = [
    status !== 'running' && t`it is ${status}, and gives nothing until it is running`,
    begins !== undefined && begins > from && t`it begins at ${text(begins)}, after the campaign`,
    ends !== undefined && ends < to && t`it ends at ${text(ends)}, before the campaign does`,
    amount !== undefined &&
      amount !== prize.max &&
      t`one is worth ${showFen(amount)}, and the file says ${showFen(prize.max)}`,
    minimum !== undefined &&
      minimum !== (prize.over ?? minimum) &&
      t`it is taken off from ${showFen(minimum)} on, and the file says ${showFen(prize.over!)}`,
    left !== undefined &&
      left < (prize.stock ?? 1) &&
      t`${left} are left of it, and the file promises ${prize.stock ?? 1}`,
    perDay !== undefined &&
      perDay < ofADay &&
      t`it gives at most ${showFen(perDay)} a day, and the file ${showFen(ofADay)}`,
    perUser !== undefined &&
      prize.perUser !== undefined &&
      perUser < prize.perUser &&
      t`it gives one follower ${perUser}, and the file ${prize.perUser}`,
  ];
  return all.filter(each => each !== false);
}
