// 免确认收款授权 at WeChat Pay: which way a transfer goes by what is stored of it, what a refusal says of it, asking after one and
// ending it. What is chosen is stored before the call, so that a retry sends the same.
import assert from 'node:assert/strict';
import { messageOf } from '../../core/base/error.ts';
import { DAY } from '../../core/base/time.ts';
import {
  AUTHORIZATION_STATES,
  type Authorization,
  type AuthorizationState,
  afterTold,
  authorizationNo,
  beforeSending,
  billNoIn,
  type CLOSE_REASONS,
  type HeldAuthorization,
  type ToldAuthorization,
  type Way,
  wayOf,
} from '../../core/payout/authorization.ts';
import { NOT_THIS_WAY } from '../../core/payout/channels/transfer.ts';
import { classify, leavesNoOrder } from '../../core/payout/classify.ts';
import { isFinal, type Observation, type Payout } from '../../core/payout/payout.ts';
import type { Clock, Payer, Store } from '../../ports.ts';
import { type Json, jsonOf, partOf, textAt } from '../json.ts';
import type { V3Call } from './v3-call.ts';

export type Authorizations = Pick<Store, 'authorization' | 'putAuthorization' | 'payout'>;

const NUMBERS = '/v3/fund-app/mch-transfer/user-confirm-authorization/out-authorization-no';
export const AUTHORIZATION_EVENTS: ReadonlySet<string> = new Set([
  'MCHTRANSFER.AUTHORIZATION.CONFIRMED',
  'MCHTRANSFER.AUTHORIZATION.CLOSED',
]);
/** How often it is chosen anew because somebody else changed what is stored. */
const RACES_MAX = 5;
const LIMIT = '授权数量达到限制';

type Refused = Extract<Observation, { kind: 'refused' }>;
/** `undefined`: nobody said. */
type Looked = ToldAuthorization | 'notFound' | undefined;

function storeAway(error: unknown): Observation {
  return { kind: 'unreached', code: 'STORE', text: messageOf(error).slice(0, 200) };
}

export class AuthorizationDesk {
  private readonly call: V3Call;
  private readonly store: Authorizations;
  private readonly clock: Clock;
  /** For payouts that are prepared and about to be sent. */
  private readonly chosen = new WeakMap<Payout, Way>();

  constructor(call: V3Call, store: Authorizations, clock: Clock) {
    [this.call, this.store, this.clock] = [call, store, clock];
  }

  /** Chooses the way of a payout; an observation: the store is away, and nothing can be sent. */
  async prepare(payout: Payout): Promise<Observation | undefined> {
    const way = await this.wayFor(payout);
    if ('kind' in way) return way;
    this.chosen.set(payout, way);
    return undefined;
  }

  wayFor(payout: Payout): Promise<Way | Observation> {
    const way = this.chosen.get(payout);
    return way ? Promise.resolve(way) : this.choose(payout).catch(storeAway);
  }

  /** What is chosen is stored first. */
  private async choose(payout: Payout): Promise<Way> {
    const { request, merchant, user, billNo } = payout;
    assert(request.channel === 'transfer', 'a red packet is not sent as a transfer');
    for (let race = 0; race < RACES_MAX; race++) {
      let known = await this.store.authorization(merchant, user);
      const isAnothers = known?.state === 'WAIT_USER_CONFIRM' && known.number !== authorizationNo(billNo);
      if (known && isAnothers) known = await this.renewed(known);
      const way = wayOf(payout, request, known);
      const next = beforeSending(way, payout, request, known, this.clock());
      if (!next || (await this.put(next, known))) return way;
    }
    throw new Error('the authorization changes all the time');
  }

  /** What is to be made of a refusal: it may be about the authorization rather than the payout. */
  afterRefusal(payout: Payout, way: Way, refused: Refused): Promise<Observation> {
    return this.judge(payout, way, refused).catch(() => refused);
  }

  private async judge(payout: Payout, way: Way, refused: Refused): Promise<Observation> {
    const { merchant, user, request } = payout;
    const known = await this.store.authorization(merchant, user);
    if (!known) return refused;
    const notThisWay = leavesNoOrder(request, refused.code, refused.text)
      ? { ...refused, code: NOT_THIS_WAY }
      : refused;
    if (way.by === 'ask') {
      const isFull = known.number === way.number && refused.text.includes(LIMIT);
      return isFull && (await this.note(known, closedFor(known.number, 'LIMIT_REACHED'))) ? notThisWay : refused;
    }
    if (!maySpeakOfIt(payout, refused)) return refused;
    const looked = await this.look(known.number);
    // Nobody knows whom the refusal is about: once more, later.
    if (looked === undefined) return notThisWay;
    const told = looked === 'notFound' ? ({ number: known.number, state: 'CLOSED' } as const) : looked;
    return (await this.note(known, told)) ? notThisWay : refused;
  }

  /** It may have been given with this payout's confirmation. */
  async learn({ merchant, user, billNo }: Payout): Promise<void> {
    const known = await this.store.authorization(merchant, user);
    if (known?.number === authorizationNo(billNo) && known.state === 'WAIT_USER_CONFIRM') await this.renewed(known);
  }

  /** Ends it at WeChat Pay, and asks what became of it. */
  async end(known: HeldAuthorization): ReturnType<NonNullable<Payer['endAuthorization']>> {
    const answer = await this.call('POST', `${NUMBERS}/${known.number}/close`, '{}');
    const after = await this.renewed(known);
    if (after?.state === 'CLOSED') return { closed: after };
    const json = 'seen' in answer ? undefined : jsonOf(answer.text);
    return { open: (json && textAt(json, 'message')) ?? 'WeChat Pay gave no clear answer' };
  }

  /** As it is now, as far as WeChat Pay says. */
  private async renewed(known: HeldAuthorization): Promise<HeldAuthorization | undefined> {
    const looked = await this.look(known.number);
    const told = looked === 'notFound' ? await this.closedIfOver(known) : looked;
    return told && (await this.note(known, told)) !== undefined
      ? this.store.authorization(known.merchant, known.user)
      : known;
  }

  private async look(number: string): Promise<Looked> {
    const answer = await this.call('GET', `${NUMBERS}/${number}?is_display_authorization=false`);
    if ('seen' in answer) return undefined;
    const json = jsonOf(answer.text);
    if (answer.status === 404 && json && textAt(json, 'code') === 'NOT_FOUND') return 'notFound';
    const told = answer.status === 200 && json ? readAuthorization(json) : undefined;
    return told?.number === number ? told : undefined;
  }

  /** A number that WeChat Pay does not know may still be on its way with the payout that asks for it. */
  private async closedIfOver({ number, state, askedAt }: Authorization): Promise<ToldAuthorization | undefined> {
    if (state === 'TAKING_EFFECT') return { number, state: 'CLOSED' };
    const payout = await this.store.payout(billNoIn(number));
    const isOver = !payout || isFinal(payout.state) || this.clock() - askedAt > 2 * DAY;
    return isOver ? closedFor(number, 'NEVER_MADE') : undefined;
  }

  /** `undefined`: nothing new. `false`: somebody else has changed it meanwhile. */
  private async note(known: HeldAuthorization, told: ToldAuthorization): Promise<boolean | undefined> {
    const next = afterTold(known, told, this.clock());
    return next && this.put(next, known);
  }

  private put(next: Authorization, known: HeldAuthorization | undefined): Promise<boolean> {
    return this.store.putAuthorization(next, known?.version ?? 0);
  }
}

/** Whether a refusal may be about the authorization: a mistake of the request, as it seems, or a code that nobody knows. */
function maySpeakOfIt({ request }: Payout, refused: Refused): boolean {
  const response = classify(refused, false, request);
  return response === 'bug' || response === 'config' || (response === 'ask' && refused.code !== 'ALREADY_EXISTS');
}

function closedFor(number: string, reason: keyof typeof CLOSE_REASONS): ToldAuthorization {
  return { number, state: 'CLOSED', reason };
}

export function readAuthorization(json: Json): ToldAuthorization | undefined {
  const [number, state, id] = ['out_authorization_no', 'state', 'authorization_id'].map(name => textAt(json, name));
  const info = partOf(json, 'close_info');
  const reason = info && textAt(info, 'close_reason');
  if (number === undefined || !isState(state)) return undefined;
  return { number, state, ...(id !== undefined && { id }), ...(reason !== undefined && { reason }) };
}

function isState(state: unknown): state is AuthorizationState {
  return AUTHORIZATION_STATES.some(each => each === state);
}
