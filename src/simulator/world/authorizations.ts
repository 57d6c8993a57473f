// 免确认收款授权: who lets which merchant pay them without a tap. One at a time for a person, a merchant and a scene.
import { createHash } from 'node:crypto';
import type { Json } from '../shared/json.ts';
import type { Authorization } from '../shared/protocol.ts';
import { Refused } from '../shared/refusal.ts';
import { rfc3339 } from './bill.ts';
import type { World } from './world.ts';

const DAY = 86_400_000;
/** Overdue ones are known for so long. */
const KEPT_MS = 30 * DAY;

const keyOf = (mchId: string, number: string): string => `${mchId}/${number}`;

type NewAuthorization = Omit<Authorization, 'state' | 'id' | 'packageInfo' | 'createdAt' | 'updatedAt'>;

type Write = (entry: { readonly is: 'authorization'; readonly authorization: Authorization }) => void;

/** All there are, as the world's journal tells them. */
export class AuthorizationBook {
  readonly #write: Write;
  readonly #world: Pick<World, 'tell' | 'now'>;
  readonly #all = new Map<string, Authorization>();

  constructor(write: Write, world: Pick<World, 'tell' | 'now'>) {
    this.#write = write;
    this.#world = world;
  }

  apply(authorization: Authorization): void {
    this.#all.set(keyOf(authorization.mchId, authorization.number), authorization);
  }

  list(): Authorization[] {
    this.tick();
    return [...this.#all.values()];
  }

  /** As it is now; what was overdue too long ago is known no more. */
  find(mchId: string, number: string): Authorization | undefined {
    this.tick();
    const found = this.#all.get(keyOf(mchId, number));
    const isForgotten = found?.reason === 'USER_OVERDUE_UNCONFIRMED' && found.updatedAt + KEPT_MS <= this.#world.now();
    return isForgotten ? undefined : found;
  }

  /** By WeChat's own number. */
  byId(mchId: string, id: string): Authorization | undefined {
    return this.list().find(each => each.mchId === mchId && each.id === id);
  }

  byPackage(mchId: string, packageInfo: unknown): Authorization | undefined {
    return this.list().find(each => each.mchId === mchId && each.packageInfo === packageInfo);
  }

  /** The one a person cannot have a second of beside it. */
  living(mchId: string, openid: string, sceneId: string): Authorization | undefined {
    return this.list().find(
      each => each.state !== 'CLOSED' && each.mchId === mchId && each.openid === openid && each.sceneId === sceneId,
    );
  }

  ask(asked: NewAuthorization): Authorization {
    const now = this.#world.now();
    const digest = createHash('sha512').update(`authorization\n${asked.mchId}\n${asked.number}`).digest();
    const id = `17${String(digest.readUInt32BE(0)).padStart(10, '0')}${String(this.#all.size + 1).padStart(10, '0')}`;
    const packageInfo = digest.toString('base64');
    return this.#put({ ...asked, id, packageInfo, state: 'WAIT_USER_CONFIRM', createdAt: now, updatedAt: now });
  }

  /** The person confirms it: with the bill it came with, or by itself. */
  confirm(found: Authorization): Authorization {
    const now = this.#world.now();
    return found.state === 'WAIT_USER_CONFIRM'
      ? this.#put({ ...found, state: 'TAKING_EFFECT', authorizedAt: now, updatedAt: now })
      : found;
  }

  /** What came with this bill is confirmed with it. */
  confirmedWith(mchId: string, billNo: string): void {
    const found = this.list().find(each => each.mchId === mchId && each.billNo === billNo);
    if (found) this.confirm(found);
  }

  close(
    mchId: string,
    number: string,
    reason: NonNullable<Authorization['reason']>,
    at = this.#world.now(),
  ): Authorization {
    const found = this.#all.get(keyOf(mchId, number));
    if (!found) throw new Refused(404, `no authorization "${number}"`);
    return found.state === 'CLOSED' ? found : this.#put({ ...found, state: 'CLOSED', reason, updatedAt: at });
  }

  /** Not confirmed for a day: closed. */
  tick(): void {
    for (const each of this.#all.values())
      if (each.state === 'WAIT_USER_CONFIRM' && each.createdAt + DAY <= this.#world.now())
        this.close(each.mchId, each.number, 'USER_OVERDUE_UNCONFIRMED', each.createdAt + DAY);
  }

  #put(authorization: Authorization): Authorization {
    this.#write({ is: 'authorization', authorization });
    this.#world.tell({ kind: 'authorization', authorization });
    return authorization;
  }
}

/** As a query tells it, and a callback. */
export function authorizationReply(authorization: Authorization, shown: 'answer' | 'notice' | 'withPackage'): Json {
  const { mchId, appId, number, id, state, openid, displayName, authorizedAt, reason, updatedAt } = authorization;
  const isGiven = authorizedAt !== undefined;
  return {
    ...(shown === 'notice' ? { mchid: mchId, appid: appId } : {}),
    out_authorization_no: number,
    ...(isGiven ? { authorization_id: id } : {}),
    state,
    openid,
    user_display_name: displayName,
    ...(isGiven ? { authorize_time: rfc3339(authorizedAt) } : {}),
    ...(reason === undefined ? {} : { close_info: { close_time: rfc3339(updatedAt), close_reason: reason } }),
    ...(shown === 'withPackage' && state === 'WAIT_USER_CONFIRM' ? { package_info: authorization.packageInfo } : {}),
  };
}
