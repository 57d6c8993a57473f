// What a campaign promises against what its merchant can pay: found when the file is loaded, not when WeChat refuses.

import { type Finding, findingAt } from '../../base/error.ts';
import { type Fen, showFen } from '../../base/money.ts';
import { t, type Wording } from '../../base/words/words.ts';
import { placeIn } from '../../yaml/path-position.ts';
import type { Campaign } from '../campaign.ts';
import { isGoods, isRedPacket, isVoucher } from '../campaign-query.ts';
import { asWritten } from '../renamed.ts';

/** As much of bot.yaml as this needs. */
export type Payers = {
  /** There is a key that seals what is personal. */
  readonly personalKey?: unknown;
  readonly accounts: ReadonlyMap<string, { readonly merchant?: string | undefined }>;
  readonly merchants: ReadonlyMap<
    string,
    {
      readonly name: string;
      readonly channel: string;
      readonly paysGroups: boolean;
      readonly vouchers?: object;
      readonly limits: { readonly min: Fen; readonly max: Fen };
      readonly ceiling?: { readonly amount: Fen; readonly why: Wording };
    }
  >;
};

export function agreeWithMerchants(inside: Campaign, payers: Payers): Finding[] {
  return [...agreeWithKeys(inside, payers), ...agreeWithPayers(inside, payers)];
}

/** Nobody is asked where to send something who could not be kept secret. */
function agreeWithKeys(inside: Campaign, { personalKey }: Payers): Finding[] {
  const campaign = asWritten(inside);
  const goods = [...campaign.prizes.values()].find(isGoods);
  if (!goods || personalKey !== undefined) return [];
  const message = t`prize "${goods.name}" is sent by post, and bot.yaml has no key that seals addresses; add personalKey: \${HONGBAO_PERSONAL_KEY} (make one with: openssl rand -hex 32), and keep it apart from backups of the store`;
  return [findingAt(campaign.file, { line: 1, column: 1 }, message)];
}

function agreeWithPayers(inside: Campaign, payers: Payers): Finding[] {
  const campaign = asWritten(inside);
  const all = [...campaign.prizes.values()];
  const [prizes, vouchers] = [all.filter(isRedPacket), all.filter(isVoucher)];
  if (prizes.length + vouchers.length === 0) return [];
  const account = campaign.account ?? [...payers.accounts.keys()][0] ?? '';
  const merchant = payers.merchants.get(payers.accounts.get(account)?.merchant ?? '');
  const complaint = (message: Wording): Finding => findingAt(campaign.file, { line: 1, column: 1 }, message);
  if (!merchant)
    return [
      complaint(
        t`it pays ${prizes.length > 0 ? t`red packets` : t`vouchers`}, but account "${account}" has no merchant; add \`merchant:\` to it in bot.yaml`,
      ),
    ];
  const { min, max } = merchant.limits;
  const unsent = (merchant.vouchers ? [] : vouchers).map(prize =>
    complaint(
      t`prize "${prize.name}" is a voucher, and merchant "${merchant.name}" sends none; add \`vouchers: true\` to it in bot.yaml, with its keys of API v3`,
    ),
  );
  const groups = prizes.filter(prize => prize.shares !== undefined && !merchant.paysGroups);
  const unfit = groups.map(prize =>
    complaint(
      t`prize "${prize.name}" is a group packet, which merchant "${merchant.name}" cannot pay by ${merchant.channel}; leave \`shares\` out`,
    ),
  );
  const beyond = prizes
    .filter(prize => prize.min < min || prize.max > max)
    .map(prize =>
      complaint(
        t`prize "${prize.name}" is ${showFen(prize.min)}..${showFen(prize.max)}, merchant "${merchant.name}" pays ${showFen(min)}..${showFen(max)}; change the prize, or \`limits\` in bot.yaml if WeChat Pay granted more`,
      ),
    );
  return [...unsent, ...unfit, ...beyond];
}

/** Prizes that its channel cannot pay, whatever the merchant may be granted. `text`: the campaign's file. */
export function beyondCeiling(inside: Campaign, text: string, payers: Payers): Finding[] {
  const campaign = asWritten(inside);
  const account = campaign.account ?? [...payers.accounts.keys()][0] ?? '';
  const { name = '', ceiling } = payers.merchants.get(payers.accounts.get(account)?.merchant ?? '') ?? {};
  if (!ceiling) return [];
  const prizes = [...campaign.prizes.values()].filter(isRedPacket).filter(prize => prize.max > ceiling.amount);
  return prizes.map(prize =>
    findingAt(
      campaign.file,
      placeIn(text, ['prizes', prize.name]),
      t`prize "${prize.name}" comes to ${showFen(prize.max)}, which merchant "${name}" cannot pay: ${ceiling.why}`,
    ),
  );
}
