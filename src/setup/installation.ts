// A store belongs to one installation: whoever opens it first writes down who they are, and others are refused by name.
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { BadInput } from '../core/base/error.ts';
import { type Instant, instant } from '../core/base/time.ts';
import { joined, t, type Wording } from '../core/base/words/words.ts';
import {
  appIdsOf,
  INSTALLATION_NOTE,
  type Installation,
  installationAfter,
  installationOf,
  isSameInstallation,
  mchIdsOf,
  movedIn,
  type Renamed,
  readInstallation,
  renamedIn,
  showInstallation,
} from '../core/live/installation.ts';
import type { Store } from '../ports.ts';
import { sqliteFileOf } from '../storage/open.ts';
import { isStoreHeader, readNote, STORE_HEADER_BYTES } from '../storage/sqlite/peek.ts';

/** Longer than a note takes to be written. */
const LEASE_MS = 5000;
/** Payouts of a store of before that are looked at to see whose it is. */
const LOOKED_AT = 200;

/**
 * Throws `BadInput` where the store is another's; otherwise it is ours from now on. `holder` names this process. What somebody
 * should know of what has changed is handed back, once.
 */
export async function belongToUs(store: Store, config: Config, holder: string, now: Instant): Promise<Wording[]> {
  const ours = installationOf(config, now);
  const known = readInstallation(await store.note(INSTALLATION_NOTE));
  const found = known ?? (await guessed(store));
  if (found && !isSameInstallation(found, ours) && (known || isForeign(found, ours))) refuse(config, found, ours);
  const [renamed] = known ? renamedIn(known, ours) : [];
  if (renamed && (await isInUse(store))) refuseRenamed(config, renamed);
  const next = installationAfter(renamed ? undefined : known, ours);
  if (known && JSON.stringify(known) === JSON.stringify(next)) return [];
  const lease = await store.lease(INSTALLATION_NOTE, holder, LEASE_MS, now);
  // Somebody else is writing it at this moment: whoever comes second is compared at the next start.
  if (lease) await store.release(lease, now, JSON.stringify(next));
  return known && (await isInUse(store)) ? movedIn(known, ours) : [];
}

function refuse({ store, file }: Config, found: Installation, ours: Installation): never {
  const where = sqliteFileOf(store) ?? t`the store that \`store:\` names`;
  throw new BadInput(
    t`${where} belongs to another installation (${showInstallation(found)}), and ${file} is ${showInstallation(ours)}${ours.secretHash === found.secretHash ? '' : t` with another secret`}: name another store under \`store:\`, or the configuration that belongs to this one. Who has renewed the secret, the AppID or the merchant number changes one of them at a time`,
  );
}

/** Where nobody has come yet, nothing stands under any name. */
async function isInUse(store: Store): Promise<boolean> {
  const [lines, payouts] = await Promise.all([store.journal({ limit: 1 }), store.payouts({ limit: 1 })]);
  return lines.length + payouts.length > 0;
}

function refuseRenamed({ file }: Config, { what, id, was, is }: Renamed): never {
  throw new BadInput(
    what === 'account'
      ? t`${file}: accounts: account "${was}" (${id}) is called "${is}" now, and all that is known of its followers, what they have won and what is open stands under its former name: call it so again`
      : t`${file}: merchants: merchant "${was}" (${id}) is called "${is}" now, and its open payouts, what it has paid today and whether it is halted stand under its former name: call it so again, or keep both names`,
  );
}

/** Whose payouts a store of before (0.1.0) holds; it says nothing of itself. */
async function guessed(store: Store): Promise<Installation | undefined> {
  const payouts = await store.payouts({ limit: LOOKED_AT });
  if (payouts.length === 0) return undefined;
  const at = instant(0);
  return {
    kind: 'real',
    appIds: Object.fromEntries(payouts.map(({ account, request }) => [`${account} ${request.appId}`, request.appId])),
    mchIds: Object.fromEntries(
      payouts.map(({ merchant, request }) => [`${merchant} ${request.mchId}`, [{ mchId: request.mchId, since: at }]]),
    ),
    secretHash: '',
  };
}

/** Nothing in it is ours: neither an AppID nor a merchant number. */
function isForeign(found: Installation, ours: Installation): boolean {
  const mine = new Set([...appIdsOf(ours), ...mchIdsOf(ours)]);
  return ![...appIdsOf(found), ...mchIdsOf(found)].some(each => mine.has(each));
}

// ── Before a demo starts ─────────────────────────────────────────────────────────────────────────────────────

/** A demo never starts beside a real store: who forgot `--config` is told so. `except`: the demo's own file. */
export async function refuseBesideRealStore(folders: readonly string[], except: string): Promise<void> {
  for (const file of folders.flatMap(storesIn)) {
    if (file === except) continue;
    const note = await readNote(file, INSTALLATION_NOTE);
    const owner = readInstallation(note);
    if (owner?.kind === 'demo') continue;
    throw new BadInput(
      t`${file} is the store of a real installation${owner ? joined([' (', showInstallation(owner), ')']) : ''}, so the demo does not start in this folder: name its configuration (hongbao start --config FILE), or start the demo in an empty folder${owner ? '' : t`. If it is left from a demo of version 0.1, remove ${file}`}`,
    );
  }
}

/** SQLite files of ours in a folder. */
function storesIn(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // there is no such folder yet
  }
  return names.map(name => join(folder, name)).filter(isStoreFile);
}

function isStoreFile(file: string): boolean {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return false;
  const fd = openSync(file, 'r');
  try {
    const head = Buffer.alloc(STORE_HEADER_BYTES);
    return readSync(fd, head, 0, head.length, 0) === head.length && isStoreHeader(head);
  } finally {
    closeSync(fd);
  }
}
