// access_token: two families that know nothing of each other, each with its five minutes of overlap.
import { randomBytes } from 'node:crypto';
import type { World } from '../world/world.ts';

const LIFE_MS = 7_200_000;
const OVERLAP_MS = 300_000;
const FORCE_GAP_MS = 30_000;
const FORCE_PER_DAY = 20;
/** More than a day's worth of `/cgi-bin/token`. */
const RETIRED_MAX = 5000;
const DAY = 86_400_000;

type Family = 'token' | 'stable';
type Token = {
  readonly value: string;
  readonly account: string;
  readonly expiresAt: number;
  readonly supersededAt?: number;
};

type TokenAnswer = { readonly access_token: string; readonly expires_in: number };
/** Whose it is, or the code that says what is wrong with it. */
type Checked = { readonly account: string } | 40001 | 40014 | 42001;

export class Tokens {
  readonly #world: World;
  /** Replaced ones, so that expired, superseded and invented can be told apart. */
  readonly #retired = new Map<string, Token>();
  readonly #current = new Map<string, Token>();
  readonly #forced = new Map<string, number[]>();

  constructor(world: World) {
    this.#world = world;
  }

  /** `/cgi-bin/token`: always a new one; the one before lives on for five minutes. */
  issue(account: string): TokenAnswer {
    return this.#show(this.#replace('token', account, OVERLAP_MS));
  }

  /** `/cgi-bin/stable_token`: the same one until five minutes before its end. 45009: forced too often today. */
  stable(account: string, force: boolean): TokenAnswer | 45009 {
    const now = this.#world.wireNow();
    const current = this.#current.get(keyOf('stable', account));
    const isFresh = current !== undefined && current.expiresAt - now > OVERLAP_MS;
    if (!force) return this.#show(isFresh ? current : this.#replace('stable', account, OVERLAP_MS));
    const forced = (this.#forced.get(account) ?? []).filter(at => at > now - DAY && at <= now);
    if (isFresh && forced.some(at => at > now - FORCE_GAP_MS)) return this.#show(current);
    if (forced.length >= FORCE_PER_DAY) return 45009;
    this.#forced.set(account, [...forced, now]);
    return this.#show(this.#replace('stable', account, 0));
  }

  check(value: string): Checked {
    if (!/^[\w-]{20,512}$/.test(value)) return 40014;
    const token = this.#find(value);
    if (!token) return 40001;
    const now = this.#world.wireNow();
    if (token.supersededAt !== undefined && token.supersededAt <= now) return 40001;
    return token.expiresAt <= now ? 42001 : { account: token.account };
  }

  /** Ends the life of one token now: what the fault `expireToken` does. */
  expire(value: string): void {
    const token = this.#find(value);
    if (!token) return;
    const expired = { ...token, expiresAt: this.#world.wireNow() };
    if (this.#retired.has(value)) this.#retired.set(value, expired);
    for (const [key, current] of this.#current) if (current.value === value) this.#current.set(key, expired);
  }

  #find(value: string): Token | undefined {
    for (const current of this.#current.values()) if (current.value === value) return current;
    return this.#retired.get(value);
  }

  #replace(family: Family, account: string, overlapMs: number): Token {
    const now = this.#world.wireNow();
    const key = keyOf(family, account);
    const old = this.#current.get(key);
    if (old) this.#retired.set(old.value, { ...old, supersededAt: now + overlapMs });
    if (this.#retired.size > RETIRED_MAX) this.#retired.delete(this.#retired.keys().next().value!);
    const token: Token = { value: randomBytes(96).toString('base64url'), account, expiresAt: now + LIFE_MS };
    this.#current.set(key, token);
    return token;
  }

  #show(token: Token): TokenAnswer {
    return { access_token: token.value, expires_in: Math.floor((token.expiresAt - this.#world.wireNow()) / 1000) };
  }
}

const keyOf = (family: Family, account: string): string => `${family}/${account}`;
