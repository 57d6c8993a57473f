// `hongbao authorizations`: who is paid without a tap (免确认收款授权), and how that is ended by the merchant.

import { BadInput } from '../../core/base/error.ts';
import { openId } from '../../core/base/event.ts';
import { isKeyOf } from '../../core/base/record.ts';
import { suggest } from '../../core/base/suggest.ts';
import { beijingText, type Instant, instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import {
  type Authorization,
  type AuthorizationState,
  CLOSE_REASONS,
  type HeldAuthorization,
} from '../../core/payout/authorization.ts';
import type { Store } from '../../ports.ts';
import { payerOf } from '../../setup/payer.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, printNote, table, withStore } from '../shared/context.ts';
import { l } from '../shared/language.ts';

export type AuthorizationsOptions = Common & {
  readonly merchant?: string;
  readonly state?: string;
  readonly limit: string;
};

const LIMIT_MAX = 100_000;
const PAGE = 500;
const WORDS: Readonly<Record<AuthorizationState, string>> = {
  WAIT_USER_CONFIRM: 'asked',
  TAKING_EFFECT: 'live',
  CLOSED: 'closed',
};
const now = (): Instant => instant(Date.now());

export function list(options: AuthorizationsOptions): Promise<number> {
  const limit = Number(options.limit);
  if (!/^\d{1,9}$/.test(options.limit) || limit < 1 || limit > LIMIT_MAX)
    throw new BadInput(t`--limit ${options.limit}: expected a whole number from 1 to ${LIMIT_MAX}`);
  const { state } = options;
  const words = Object.values(WORDS);
  if (state !== undefined && !words.includes(state))
    throw new BadInput(t`--state ${state}: expected one of ${words.join(', ')}${suggest(state, words)}`);
  return withStore(options, async store => {
    const found: HeldAuthorization[] = [];
    for await (const each of allIn(store)) {
      const isWanted = options.merchant === undefined || each.merchant === options.merchant;
      if (isWanted && (state === undefined || WORDS[each.state] === state)) found.push(each);
      if (found.length === limit) break;
    }
    if (options.json) printJson(found.map(shown));
    else if (found.length === 0) print(t`nobody was asked, or none is like that`);
    else print(table([l`merchant`, l`openid`, l`state`, l`since`, l`number`, l`why`], found.map(rowOf)));
    return EXIT.fine;
  });
}

async function* allIn(store: Store): AsyncGenerator<HeldAuthorization> {
  for (let after: HeldAuthorization | undefined; ; ) {
    const page = await store.authorizations(PAGE, after);
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!;
  }
}

function shown({ askedAt, at, state, ...rest }: HeldAuthorization): object {
  return { ...rest, state: WORDS[state], askedAt: beijingText(askedAt), at: beijingText(at) };
}

function rowOf(each: Authorization): string[] {
  const { merchant, user, state, at, number } = each;
  return [merchant, user, WORDS[state], beijingText(at), number, whyOf(each)];
}

/** As WeChat Pay calls it, and in words where it is known. */
function whyOf({ reason }: Authorization): string {
  if (reason === undefined) return '';
  return isKeyOf(CLOSE_REASONS, reason) ? `${reason} ${CLOSE_REASONS[reason]}` : reason;
}

export function close(openid: string, options: Common & { readonly merchant?: string }): Promise<number> {
  return withStore(options, async (store, config) => {
    const { merchant: name } = options;
    if (name !== undefined && !config.merchants.has(name))
      throw new BadInput(
        t`--merchant ${name}: there is no such merchant${suggest(name, [...config.merchants.keys()])}`,
      );
    const names = name === undefined ? [...config.merchants.keys()] : [name];
    const all = await Promise.all(names.map(each => store.authorization(each, openId(openid))));
    const living = all.filter(each => each !== undefined).filter(({ state }) => state !== 'CLOSED');
    const [known, other] = living;
    if (other)
      throw new BadInput(t`name the merchant with --merchant: ${living.map(each => each.merchant).join(', ')}`);
    if (!known) {
      printNote(t`there is none that could be ended; \`hongbao authorizations list\` names them`);
      return EXIT.findings;
    }
    await writeDown(store, 'authorizations close', openid, [`merchant ${known.merchant}`, known.number]);
    const payer = payerOf(config.merchants.get(known.merchant)!, now, undefined, store);
    try {
      const ended = await payer.endAuthorization?.(known);
      if (ended && 'closed' in ended) {
        if (options.json) printJson(shown({ ...ended.closed, version: known.version + 1 }));
        else print(t`it is ended: the next prize of ${openid} is confirmed again`);
        return EXIT.fine;
      }
      printNote(
        ended ? t`it is not ended: ${ended.open}` : t`merchant "${known.merchant}" has no settings for transfers`,
      );
      return EXIT.findings;
    } finally {
      await payer.close();
    }
  });
}
