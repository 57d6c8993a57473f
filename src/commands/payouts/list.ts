// `hongbao payouts`: what was promised to whom, and where it stands.

import { STATE_WORDS } from '../../core/analysis/naming.ts';
import { BadInput } from '../../core/base/error.ts';
import { openId } from '../../core/base/event.ts';
import { showFen } from '../../core/base/money.ts';
import { beijingText, type Instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { asBillNo, type BillNo, PAYOUT_STATES, type Payout, type PayoutState } from '../../core/payout/payout.ts';
import type { PayoutFilter, Store } from '../../ports.ts';
import { idInside } from '../shared/campaign-name.ts';
import { type Common, EXIT, print, printJson, table, withStore } from '../shared/context.ts';
import { l, worded } from '../shared/language.ts';
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

/** By its number, or by WeChat's own for it (微信单号). */
export function show(written: string, options: Common): Promise<number> {
  return withStore(options, async store => {
    const payout = (await store.payout(asBillNo(written))) ?? (await byWeChatNumber(store, written));
    if (!payout) throw new BadInput(t`there is no payout ${written}; \`hongbao payouts list\` names them`);
    const history = await store.history(payout.billNo);
    if (options.json) printJson({ ...payout, history });
    else {
      print(table(['', ''], detailsOf(payout)));
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

/** Payouts that are looked through at a time. */
const PAGE = 1000;
/** What could be a number of WeChat's: nobody looks through everything for a mistyped word. */
const WECHAT_NUMBER = /^\d{20,64}$/;

async function byWeChatNumber(store: Store, written: string): Promise<Payout | undefined> {
  if (!WECHAT_NUMBER.test(written)) return undefined;
  for (let after: BillNo | undefined; ; ) {
    const page = await store.payouts({ limit: PAGE, ...(after !== undefined && { after }) });
    const found = page.find(({ listId }) => listId === written);
    if (found || page.length < PAGE) return found;
    after = page.at(-1)!.billNo;
  }
}

function detailsOf(payout: Payout): string[][] {
  const { billNo, state, amount, campaign, rule, user, account, merchant, request, attempt, refunded } = payout;
  const { listId, problem, tries, createdAt, firstSentAt, sentAt, endedAt, nextAt, nextDo, stopped, claimKey } = payout;
  const at = (time: Instant | undefined): string | undefined => time && beijingText(time);
  const rows: readonly (readonly [string, string | undefined])[] = [
    [l`number`, attempt > 1 ? `${billNo} (${l`try ${attempt}`})` : billNo],
    [l`WeChat number`, listId],
    [l`state`, `${state} (${worded(STATE_WORDS[state])})`],
    [l`amount`, showFen(amount)],
    [l`came back`, refunded === undefined ? undefined : showFen(refunded)],
    [l`user`, user],
    [l`campaign and rule`, `${campaign}/${rule}`],
    [l`account`, account],
    [l`merchant`, `${merchant} (${request.mchId})`],
    [l`channel`, request.channel],
    [l`created`, at(createdAt)],
    [l`first sent`, at(firstSentAt)],
    [l`sent at`, at(sentAt)],
    [l`ended at`, at(endedAt)],
    [l`next`, nextAt === undefined ? undefined : `${beijingText(nextAt)} ${nextDo}`],
    [l`tries`, String(tries)],
    [l`problem`, problem],
    [l`called off by hand`, stopped],
    [l`number of its claim`, claimKey],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}
