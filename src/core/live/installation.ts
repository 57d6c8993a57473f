// Whose store it is (安装归属): the AppIDs, the merchant numbers and a hash of the secret of the bot.yaml that works on it,
// or "demo". Names alone do not tell: every demo has an account `tea` and a merchant `shop`.

import { createHash } from 'node:crypto';
import type { Instant } from '../base/time.ts';
import { joined, t, type Wording } from '../base/words/words.ts';

/** The lease whose note says whose store it is. */
export const INSTALLATION_NOTE = 'installation';

export type Installation = {
  readonly kind: 'demo' | 'real';
  /** By the names in bot.yaml. */
  readonly appIds: Readonly<Record<string, string>>;
  /** Merchant numbers by the names in bot.yaml, oldest first, each with when it was first seen here. */
  readonly mchIds: Readonly<Record<string, readonly { readonly mchId: string; readonly since: Instant }[]>>;
  /** Of the secret that keys the draws: only to see whether it is the same. */
  readonly secretHash: string;
};

/** As much of bot.yaml as tells whose it is. */
type Owner = {
  readonly demo: boolean;
  readonly secret: string;
  readonly accounts: ReadonlyMap<string, { readonly appId: string }>;
  readonly merchants: ReadonlyMap<string, { readonly mchId: string }>;
};

export function installationOf({ demo, secret, accounts, merchants }: Owner, now: Instant): Installation {
  return {
    kind: demo ? 'demo' : 'real',
    appIds: Object.fromEntries([...accounts].map(([name, { appId }]) => [name, appId])),
    mchIds: Object.fromEntries([...merchants].map(([name, { mchId }]) => [name, [{ mchId, since: now }]])),
    secretHash: createHash('sha256').update(`installation\n${secret}`).digest('hex').slice(0, 16),
  };
}

export const appIdsOf = ({ appIds }: Installation): string[] => [...new Set(Object.values(appIds))].sort();

export function mchIdsOf({ mchIds }: Installation): string[] {
  return [...new Set(Object.values(mchIds).flatMap(all => all.map(({ mchId }) => mchId)))].sort();
}

/**
 * An installation changes: accounts and merchants come and go, a secret is renewed. It stays the same while two of the
 * three agree; a demo and a real one never are the same.
 */
export function isSameInstallation(a: Installation, b: Installation): boolean {
  if (a.kind !== b.kind) return false;
  const share = (one: readonly string[], other: readonly string[]): boolean =>
    one.some(each => other.includes(each)) || (one.length === 0 && other.length === 0);
  const agreeing = [
    a.secretHash === b.secretHash,
    share(appIdsOf(a), appIdsOf(b)),
    share(mchIdsOf(a), mchIdsOf(b)),
  ].filter(Boolean);
  return agreeing.length >= 2;
}

/** What is known from now on: bot.yaml as it is, and every merchant number there ever was. */
export function installationAfter(before: Installation | undefined, now: Installation): Installation {
  if (!before) return now;
  const mchIds: Record<string, Installation['mchIds'][string]> = { ...before.mchIds };
  for (const [name, [latest]] of Object.entries(now.mchIds)) {
    const known = before.mchIds[name] ?? [];
    if (latest && known.at(-1)?.mchId !== latest.mchId) mchIds[name] = [...known, latest];
  }
  return { ...now, mchIds };
}

export type Renamed = {
  readonly what: 'account' | 'merchant';
  readonly id: string;
  readonly was: string;
  readonly is: string;
};

/**
 * Accounts and merchants that have another name now: all that is known of followers, limits, halts and open payouts stands under
 * the former one. A merchant number may stand under several names at once, and then lose one.
 */
export function renamedIn(before: Installation, now: Installation): Renamed[] {
  const accounts = Object.entries(before.appIds).flatMap(([was, id]) => {
    const is = Object.keys(now.appIds).find(name => now.appIds[name] === id);
    return is !== undefined && is !== was ? [{ what: 'account', id, was, is } as const] : [];
  });
  const merchants = Object.entries(before.mchIds).flatMap(([was, numbers]) => {
    const id = numbers.at(-1)?.mchId;
    if (id === undefined || now.mchIds[was] !== undefined) return [];
    const names = Object.keys(now.mchIds).filter(name => now.mchIds[name]?.at(-1)?.mchId === id);
    const isNew = !Object.entries(before.mchIds).some(
      ([name, all]) => name !== was && all.some(({ mchId }) => mchId === id),
    );
    return names[0] !== undefined && isNew ? [{ what: 'merchant', id, was, is: names[0] } as const] : [];
  });
  return [...accounts, ...merchants];
}

/** Accounts that have another AppID now: who follows there has another openid, and is nobody we know. */
export function movedIn(before: Installation, now: Installation): Wording[] {
  return Object.entries(before.appIds).flatMap(([name, was]) => {
    const is = now.appIds[name];
    return is === undefined || is === was
      ? []
      : [
          t`account "${name}" is ${is} now and was ${was}: WeChat gives its followers other openids there, so what they have won before is not known, and each may take once more what a campaign gives once`,
        ];
  });
}

/** For a message: `the demo`, or AppIDs and merchant numbers. No secret is in it. */
export function showInstallation(installation: Installation): Wording {
  if (installation.kind === 'demo') return t`the demo`;
  const merchants = mchIdsOf(installation);
  return joined([...appIdsOf(installation), ...(merchants.length > 0 ? merchants : [t`no merchant`])], ', ');
}

/** As it is kept; `undefined`: it is none, or of a version to come. */
export function readInstallation(text: string | undefined): Installation | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Installation;
    return (value.kind === 'demo' || value.kind === 'real') && value.appIds && value.mchIds ? value : undefined;
  } catch {
    return undefined;
  }
}
