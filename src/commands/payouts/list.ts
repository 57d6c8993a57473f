// `hongbao payouts`: what was promised to whom, and where it stands.

import { BadInput } from '../../core/base/error.ts';
import { openId } from '../../core/base/event.ts';
import { showFen } from '../../core/base/money.ts';
import { beijingText } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { asBillNo, PAYOUT_STATES, type Payout, type PayoutState } from '../../core/payout/payout.ts';
import type { PayoutFilter } from '../../ports.ts';
import { idInside } from '../shared/campaign-name.ts';
import { type Common, EXIT, print, printJson, table, withStore } from '../shared/context.ts';
import { l } from '../shared/language.ts';
import { openIdOf } from '../shared/whom.ts';

export type ListOptions = Common & {
  readonly state?: string;
  readonly campaign?: string;
  readonly user?: string;
  readonly merchant?: string;
  readonly limit: string;
};

export function stateOf(text: string): PayoutState {
  const state = PAYOUT_STATES.find(each => each === text);
  if (state === undefined) throw new BadInput(t`--state ${text}: expected one of ${PAYOUT_STATES.join(', ')}`);
  return state;
}

export function filterOf({ state, campaign, user, merchant, limit }: ListOptions): PayoutFilter {
  if (!/^[1-9]\d{0,6}$/.test(limit)) throw new BadInput(t`--limit ${limit}: expected a whole number`);
  return {
    limit: Number(limit),
    ...(state !== undefined && { state: stateOf(state) }),
    ...(campaign !== undefined && { campaign }),
    ...(user !== undefined && { user: openId(user) }),
    ...(merchant !== undefined && { merchant }),
  };
}

export function list(options: ListOptions): Promise<number> {
  const filter = filterOf(options);
  return withStore(options, async (store, config) => {
    const { campaign, user } = filter;
    const payouts = await store.payouts({
      ...filter,
      ...(user !== undefined && { user: await openIdOf(store, user) }),
      ...(campaign !== undefined && { campaign: await idInside(config, campaign) }),
    });
    if (options.json) printJson(payouts);
    else
      print(table([l`number`, l`state`, l`amount`, l`campaign`, l`user`, l`created`, l`problem`], payouts.map(rowOf)));
    return EXIT.fine;
  });
}

function rowOf(payout: Payout): string[] {
  const { billNo, state, amount, campaign, user, createdAt, problem } = payout;
  return [billNo, state, showFen(amount), campaign, user, beijingText(createdAt), problem ?? ''];
}

export function show(billNo: string, options: Common): Promise<number> {
  return withStore(options, async store => {
    const payout = await store.payout(asBillNo(billNo));
    if (!payout) throw new BadInput(t`there is no payout ${billNo}; \`hongbao payouts list\` names them`);
    const history = await store.history(payout.billNo);
    if (options.json) printJson({ ...payout, history });
    else {
      print(
        table(
          ['', ''],
          Object.entries(payout).map(([name, value]) => [
            name,
            typeof value === 'object' ? JSON.stringify(value) : String(value),
          ]),
        ),
      );
      print('');
      print(
        table(
          [l`when`, l`from`, l`to`, l`what`, l`detail`],
          history.map(line => [beijingText(line.at), line.from, line.to, line.what, line.detail ?? '']),
        ),
      );
    }
    return EXIT.fine;
  });
}
