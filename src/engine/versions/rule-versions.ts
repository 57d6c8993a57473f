// Every version of the rule files that went live, kept in the store: when, by whom, why, what it said and what was paid by it.
// The texts are notes by their prints, so that a file that stays the same is kept once; the list of versions is one more note.
// A move to another store takes all of them along.

import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import { Fault } from '../../core/base/error.ts';
import type { Instant } from '../../core/base/time.ts';
import { type Lang, t } from '../../core/base/words/words.ts';
import { type LiveCampaign, snapshotOf } from '../../core/live/record.ts';
import { changesText, costText, mayCostMore } from '../../core/live/version-words.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import type { Say } from '../../core/rules/public-text.ts';
import type { Clock, Store } from '../../ports.ts';

/** `files`: by name, and the print under which its text is kept. `live`: the print of what it pays by. */
export type RuleVersion = {
  readonly number: number;
  readonly at: Instant;
  readonly by: string;
  readonly comment?: string;
  readonly files: readonly { readonly name: string; readonly print: string }[];
  readonly live: string;
};

/** Who is about to put which files there, and why: told by the command that does, read by the bot that sees them. */
type Announced = { readonly by: string; readonly comment: string; readonly files: RuleVersion['files'] };

const VERSIONS = 'rules:versions';
const NEXT = 'rules:next';
const textName = (print: string): string => `rules:text:${print}`;
const LEASE_MS = 5000;
const TRIES = 40;
const PAUSE_MS = 100;

export type VersionPorts = {
  readonly store: Pick<Store, 'note' | 'lease' | 'release'>;
  readonly clock: Clock;
  readonly holder: string;
  readonly sleep: (ms: number) => Promise<void>;
};

type VersionText = { readonly file: string; readonly text: string };

export async function versionsIn(store: Pick<Store, 'note'>): Promise<readonly RuleVersion[]> {
  return listIn(await store.note(VERSIONS));
}

function listIn(note: string | undefined): readonly RuleVersion[] {
  return note === undefined || note === '' ? [] : (JSON.parse(note) as readonly RuleVersion[]);
}

/** The text of a file as it was; what it was paid by. `undefined`: it is not there any more. */
export function textOfVersion(store: Pick<Store, 'note'>, print: string): Promise<string | undefined> {
  return store.note(textName(print));
}

export async function liveOfVersion(
  store: Pick<Store, 'note'>,
  version: RuleVersion,
): Promise<readonly LiveCampaign[]> {
  const note = await textOfVersion(store, version.live);
  return note === undefined ? [] : (JSON.parse(note) as readonly LiveCampaign[]);
}

/** Every note there is, for a move to another store: the list last, so that what it names is there. */
export async function notesOfVersions(store: Pick<Store, 'note'>): Promise<(readonly [string, string])[]> {
  const list = await store.note(VERSIONS);
  if (list === undefined) return [];
  const versions = await versionsIn(store);
  const prints = new Set(versions.flatMap(({ files, live }) => [live, ...files.map(({ print }) => print)]));
  const texts: (readonly [string, string])[] = [];
  for (const print of prints) {
    const text = await textOfVersion(store, print);
    if (text !== undefined) texts.push([textName(print), text]);
  }
  return [...texts, [VERSIONS, list]];
}

/** Stands for a text. */
export function printOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

export function filesOf(texts: readonly VersionText[]): RuleVersion['files'] {
  return texts.map(({ file, text }) => ({ name: basename(file), print: printOf(text) }));
}

const isSame = (one: RuleVersion['files'], other: RuleVersion['files']): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** Says who puts these files there, and why, before they are there. */
export async function announce(ports: VersionPorts, announced: Announced): Promise<void> {
  await leave(ports, NEXT, () => JSON.stringify(announced));
}

/** What went live, and what that changed; the same files as last time are no version. `by`: where nobody said so. */
export async function keepVersion(
  ports: VersionPorts,
  texts: readonly VersionText[],
  campaigns: readonly Campaign[],
  by: string,
): Promise<{
  readonly version: RuleVersion;
  readonly before: readonly LiveCampaign[];
  readonly live: readonly LiveCampaign[];
  readonly isNew: boolean;
}> {
  const { store, clock } = ports;
  const files = filesOf(texts);
  const [latest] = (await versionsIn(store)).slice(-1);
  if (latest && isSame(latest.files, files)) return { version: latest, before: [], live: [], isNew: false };
  const live = campaigns.flatMap(campaign => snapshotOf(campaign) ?? []);
  const before = latest ? await liveOfVersion(store, latest) : [];
  const liveText = JSON.stringify(live);
  for (const text of [...texts.map(each => each.text), liveText]) {
    const name = textName(printOf(text));
    if ((await store.note(name)) === undefined) await leave(ports, name, () => text);
  }
  const next = await announcedFor(store, files);
  let version: RuleVersion | undefined;
  await leave(ports, VERSIONS, note => {
    const all = listIn(note);
    const last = all.at(-1);
    // Another process of the same rules has written it down.
    if (last && isSame(last.files, files)) {
      version = last;
      return note!;
    }
    const comment = next && next.comment !== '' ? { comment: next.comment } : {};
    const about = { number: (last?.number ?? 0) + 1, at: clock(), by: next?.by ?? by, ...comment };
    version = { ...about, files, live: printOf(liveText) };
    return JSON.stringify([...all, version]);
  });
  return { version: version!, before, live, isNew: true };
}

async function announcedFor(store: Pick<Store, 'note'>, files: RuleVersion['files']): Promise<Announced | undefined> {
  const note = await store.note(NEXT);
  if (note === undefined || note === '') return undefined;
  const announced = JSON.parse(note) as Announced;
  return isSame(announced.files, files) ? announced : undefined;
}

/** A note is only ever written under its lease. */
async function leave(
  { store, clock, holder, sleep }: VersionPorts,
  name: string,
  write: (before: string | undefined) => string,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const lease = await store.lease(name, `${holder}/version`, LEASE_MS, clock());
    if (lease && (await store.release(lease, clock(), write(lease.note)))) return;
    await sleep(PAUSE_MS);
  }
  throw new Fault('store', 'safe', 'rules-version', t`another process is writing down a version of the rules just now`);
}

/** What is live now, in words: for the log, the screen and `hongbao rules`. */
export function versionText(
  { before, live }: { readonly before: readonly LiveCampaign[]; readonly live: readonly LiveCampaign[] },
  say: Say,
): string[] {
  const changes = changesText(before, live, say);
  const none = say('只改了文字或测试', 'only texts or tests changed');
  return [...(changes.length > 0 ? changes : [none]), costText(mayCostMore(before, live), say)];
}

/** Keeps versions for a bot, whose log speaks `lang`; files that people edited by hand are theirs who may write them. */
export function versionKeeper(
  ports: VersionPorts,
  lang: Lang = 'en',
): (
  texts: readonly VersionText[],
  campaigns: readonly Campaign[],
) => Promise<{ readonly number: number; readonly changes: readonly string[] } | undefined> {
  return async (texts, campaigns) => {
    const kept = await keepVersion(ports, texts, campaigns, ownerOf(texts));
    if (!kept.isNew) return undefined;
    const before = kept.before;
    return {
      number: kept.version.number,
      changes: versionText({ before, live: kept.live }, (zh, en) => (lang === 'zh' ? zh : en)),
    };
  };
}

/** Who wrote the file that was changed last, as far as the disk tells. */
function ownerOf(texts: readonly VersionText[]): string {
  const infos = texts.flatMap(({ file }) => {
    try {
      return [statSync(file)];
    } catch {
      return []; // gone since
    }
  });
  const latest = infos.sort((a, b) => b.mtimeMs - a.mtimeMs)[0];
  return latest === undefined ? '?' : latest.uid === process.getuid?.() ? userInfo().username : `uid ${latest.uid}`;
}
