// 免确认收款授权 at the simulated WeChat Pay: asked for by itself or with a transfer, asked after, ended. What people and time do to
// one is `AuthorizationBook`'s.
import type { Authorization } from '../shared/protocol.ts';
import { authorizationReply } from '../world/authorizations.ts';
import { rfc3339 } from '../world/bill.ts';
import type { World } from '../world/world.ts';
import { type FaultyTransfers, type TransferAnswer, told } from './transfer-faults.ts';
import {
  type Failure,
  failure,
  isFailure,
  type NewTransfer,
  readAuthorizationAsk,
  type TransferCall,
} from './transfer-request.ts';

export const AUTHORIZATIONS = '/v3/fund-app/mch-transfer/user-confirm-authorization';
export const NOT_IN_EFFECT = failure(400, 'INVALID_REQUEST', '用户授权未生效或已关闭');
const NOT_FOUND = failure(404, 'NOT_FOUND', '授权记录不存在');
const LIMIT = failure(400, 'INVALID_REQUEST', '授权数量达到限制');

type Asks = NonNullable<NewTransfer['asks']>;
type Whose = Pick<NewTransfer, 'appId' | 'openid' | 'sceneId'>;

/** The AppID must be bound to the merchant, and the person be of its account. */
export function wrongPayee(
  world: World,
  mchId: string,
  { appId, openid }: Pick<NewTransfer, 'appId' | 'openid'>,
): Failure | undefined {
  const isBound = world.merchant(mchId).options.appIds.includes(appId);
  const account = world.accountBy(each => each.appId === appId);
  if (!isBound || !account) return failure(400, 'INVALID_REQUEST', 'APPID不存在或未与商户号绑定');
  const isTheirs = world.findPerson(openid)?.account === account.name;
  return isTheirs ? undefined : failure(400, 'INVALID_REQUEST', 'openid与appid不匹配');
}

export class AuthorizationDesk {
  readonly #world: World;
  readonly #faults: FaultyTransfers;

  constructor(world: World, faults: FaultyTransfers) {
    this.#world = world;
    this.#faults = faults;
  }

  /** Everything below `AUTHORIZATIONS`. */
  answer(call: TransferCall, mchId: string): TransferAnswer {
    const [path = '', query = ''] = call.path.split('?');
    const [by, number = '', verb, ...more] = path.slice(AUTHORIZATIONS.length).split('/').slice(1);
    const known = number === '' ? undefined : this.#world.authorizations.find(mchId, number);
    const early = this.#faults.before('authorization', mchId, known?.openid ?? '');
    if (early) return isFailure(early) ? told(early) : { status: 502, body: {}, ...early };
    const done = ((): TransferAnswer | undefined => {
      if (call.method === 'POST' && by === undefined) return this.#askAlone(call, mchId);
      if (by !== 'out-authorization-no' || more.length > 0) return undefined;
      const isShown = new URLSearchParams(query).get('is_display_authorization') === 'true';
      const shown = isShown ? 'withPackage' : 'answer';
      if (call.method === 'GET' && verb === undefined)
        return known ? { status: 200, body: authorizationReply(known, shown) } : told(NOT_FOUND);
      if (call.method !== 'POST' || verb !== 'close') return undefined;
      return known ? this.#close(known) : told(NOT_FOUND);
    })();
    const spoil = done && this.#faults.after('authorization', known?.openid ?? '');
    return done
      ? { ...done, ...(spoil ? { spoil } : {}) }
      : told(failure(404, 'RESOURCE_NOT_EXISTS', '请求的资源不存在'));
  }

  /** Whom a transfer under it is for, in effect or not. */
  under(mchId: string, { id, number = '' }: NonNullable<NewTransfer['under']>): Authorization | undefined {
    const { authorizations } = this.#world;
    return id === undefined ? authorizations.find(mchId, number) : authorizations.byId(mchId, id);
  }

  /** A person has one at a time, and a number is given once. */
  fullFor(mchId: string, { openid, sceneId, asks }: Whose & { readonly asks?: Asks }): Failure | undefined {
    const { authorizations } = this.#world;
    if (asks && authorizations.find(mchId, asks.number)) return failure(400, 'ALREADY_EXISTS', '授权单号已存在');
    return authorizations.living(mchId, openid, sceneId) ? LIMIT : undefined;
  }

  ask(mchId: string, { appId, openid, sceneId }: Whose, asks: Asks, billNo?: string): Authorization {
    const { number, displayName, notifyUrl } = asks;
    const asked = { mchId, number, appId, openid, sceneId, displayName, notifyUrl };
    return this.#world.authorizations.ask({ ...asked, ...(billNo === undefined ? {} : { billNo }) });
  }

  #askAlone(call: TransferCall, mchId: string): TransferAnswer {
    const asked = readAuthorizationAsk(call.body);
    if (isFailure(asked)) return told(asked);
    const { appId, openid, sceneId, ...asks } = asked;
    const wrong = wrongPayee(this.#world, mchId, asked);
    if (wrong) return told(wrong);
    const known = this.#world.authorizations.find(mchId, asks.number);
    const full = known?.openid === openid ? undefined : this.fullFor(mchId, { appId, openid, sceneId, asks });
    if (full) return told(full);
    const { number, state, createdAt, packageInfo } = known ?? this.ask(mchId, asked, asks);
    const create_time = rfc3339(createdAt);
    return { status: 200, body: { out_authorization_no: number, state, create_time, package_info: packageInfo } };
  }

  #close(known: Authorization): TransferAnswer {
    const closed = this.#world.authorizations.close(known.mchId, known.number, 'CLOSE_VIA_MCH_API');
    return { status: 200, body: authorizationReply(closed, 'answer') };
  }
}
