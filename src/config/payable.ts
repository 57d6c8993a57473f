// Of a merchant in bot.yaml: numbers that let nothing be paid, or nothing be asked after. Each may be right by itself.
import type { Place } from '../core/base/error.ts';
import { type Fen, fen, showFen } from '../core/base/money.ts';
import { DAY } from '../core/base/time.ts';
import { t, type Wording } from '../core/base/words/words.ts';
import type * as shape from '../core/yaml/schema.ts';

type Say = (at: Place, message: Wording) => void;

/** What WeChat Pay grants where nobody has asked for more. */
export const GRANTED = {
  perSecond: 30,
  perUserPerDay: 10,
  amountPerUserPerDay: fen(1_000_00),
  amountPerDay: fen(1_000_000_00),
  min: fen(1_00),
  max: fen(200_00),
} as const;

type Amounts = 'amountPerUserPerDay' | 'amountPerDay' | 'min' | 'max';
/** `undefined`: it is not there, or could not be read. */
type Limits = { readonly [Key in Amounts]?: shape.Located<Fen> | undefined };

export function checkLimits(name: string, limits: Limits, say: Say): void {
  const min = limits.min?.value ?? GRANTED.min;
  const max = limits.max?.value ?? GRANTED.max;
  if (min > max && limits.min && limits.max) say(limits.min.at, t`merchant "${name}": limits.min is above limits.max`);
  else if (min > max)
    say(
      (limits.min ?? limits.max)!.at,
      t`merchant "${name}": one payout is at least ${showFen(min)} and at most ${showFen(max)}, so that nothing could be paid; write limits.min and limits.max`,
    );
  for (const key of ['amountPerUserPerDay', 'amountPerDay'] as const) {
    const amount = limits[key];
    if (amount && amount.value < min && min <= max)
      say(
        amount.at,
        t`merchant "${name}": limits.${key} ${showFen(amount.value)} is less than one payout, ${showFen(min)} (limits.min): nothing could ever be paid`,
      );
  }
}

/** Later WeChat Pay tells of nothing any more. */
const ASKED_WITHIN = 29 * DAY;

export function checkAsking(asked: readonly (shape.Located<number | readonly number[]> | undefined)[], say: Say): void {
  for (const each of asked)
    if (each && [each.value].flat().some(ms => ms > ASKED_WITHIN))
      say(each.at, t`WeChat Pay answers for 30 days after a payout was sent: ask within 29d`);
}

type Service = {
  readonly mchId?: shape.Located<string> | undefined;
  readonly subMchId?: shape.Located<string> | undefined;
  readonly msgAppId?: shape.Located<string> | undefined;
  readonly consumeMchId?: shape.Located<string> | undefined;
};

/** Service-provider mode (服务商模式). */
export function checkService(merchant: Service, say: Say): void {
  const { mchId, subMchId } = merchant;
  if (subMchId && subMchId.value === mchId?.value)
    say(
      subMchId.at,
      t`subMchId is mchId itself; it names the merchant that a service provider (服务商) serves: leave it out`,
    );
  for (const key of ['msgAppId', 'consumeMchId'] as const) {
    const entry = merchant[key];
    if (entry && !('subMchId' in merchant))
      say(entry.at, t`${key} is for a service provider (服务商): add subMchId, or leave it out`);
  }
}
