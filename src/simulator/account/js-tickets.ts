// jsapi_ticket: one an account, the same until five minutes before its end; and whether a page was signed with it.
import { createHash, randomBytes } from 'node:crypto';
import type { World } from '../world/world.ts';

const LIFE_MS = 7_200_000;
const OVERLAP_MS = 300_000;

type Ticket = { readonly value: string; readonly expiresAt: number };

export class JsTickets {
  readonly #world: World;
  /** The one to hand out last. */
  readonly #tickets = new Map<string, readonly Ticket[]>();

  constructor(world: World) {
    this.#world = world;
  }

  issue(account: string): object {
    const now = this.#world.wireNow();
    const living = (this.#tickets.get(account) ?? []).filter(({ expiresAt }) => expiresAt > now);
    const latest = living.at(-1);
    const isFresh = latest !== undefined && latest.expiresAt - now > OVERLAP_MS;
    const ticket = isFresh
      ? latest
      : { value: `sM4AOVdWfPE4DxkXGEs8V${randomBytes(48).toString('base64url')}`, expiresAt: now + LIFE_MS };
    if (!isFresh) this.#tickets.set(account, [...living, ticket]);
    const seconds = Math.floor((ticket.expiresAt - now) / 1000);
    return { errcode: 0, errmsg: 'ok', ticket: ticket.value, expires_in: seconds };
  }

  isSigned(account: string, nonce: string, timestamp: string, url: string, signature: string): boolean {
    return (this.#tickets.get(account) ?? []).some(({ value, expiresAt }) => {
      const text = `jsapi_ticket=${value}&noncestr=${nonce}&timestamp=${timestamp}&url=${url.split('#')[0]}`;
      return expiresAt > this.#world.wireNow() && createHash('sha1').update(text).digest('hex') === signature;
    });
  }
}
