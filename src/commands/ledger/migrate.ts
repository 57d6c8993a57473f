// `hongbao migrate`: everything of one store into another one, which is then compared with it row by row and audited.
// The bots must be stopped: nobody can tell from a store whether one is idle, so the source is read once more at the end,
// and if anything changed meanwhile the copy does not count.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { defaultConfigFile } from '../../config/config.ts';
import { Audit, type AuditReport } from '../../core/audit/audit.ts';
import { sayingOf } from '../../core/base/digest.ts';
import { BadInput, Fault } from '../../core/base/error.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { type Instant, instant } from '../../core/base/time.ts';
import { inBoth, t, type Wording } from '../../core/base/words/words.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { auditStore } from '../../engine/audit-store.ts';
import { LIVE } from '../../engine/rulebook-live.ts';
import { notesOfVersions } from '../../engine/versions/rule-versions.ts';
import { parseRedisUrl } from '../../lib/redis-address.ts';
import type { Snapshot, Store } from '../../ports.ts';
import {
  anyRowIn,
  BOOK_KINDS,
  type BookTally as CopyDigest,
  firstOf,
  MARK,
  type Mark,
  markOf,
  readPieces,
} from '../../storage/copy.ts';
import { openStore, sqliteFileOf } from '../../storage/open.ts';
import { type Common, configOf, EXIT, print, printJson, printNote, table } from '../shared/context.ts';
import { l } from '../shared/language.ts';
import { type Progress, progress } from '../shared/progress.ts';
import { campaignsOf } from './audit.ts';

export type MigrateOptions = Common & { readonly from: string; readonly to: string };

/** How far a part of the work is. */
export type TellPart = (part: string, done: number, total: number, detail?: string) => void;

const now = (): Instant => instant(Date.now());

export async function migrate(options: MigrateOptions): Promise<number> {
  refuseAddresses(options);
  const campaigns = await campaignsFor(options);
  const source = await openEnd('--from', options.from);
  try {
    await fingerprintOf(source); // before --to makes a file
    const target = await openEnd('--to', options.to);
    const line = progressLine();
    printNote(t`the bots on both stores must be stopped: what they write meanwhile is not copied`);
    try {
      const move = await copyAndVerify(source, target, campaigns, line.tell).finally(line.end);
      if (options.json) printJson(jsonOf(move));
      else show(move);
      return move.differences.length === 0 ? EXIT.fine : EXIT.findings;
    } finally {
      await target.close();
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const hint =
      error.retry === 'never'
        ? t`it would stop there again: see what \`hongbao audit\` says of the source, or name a new target`
        : t`the same command begins again`;
    printNote(t`stopped: ${error.words}\nthis copy does not count; ${hint}`);
    return EXIT.findings;
  } finally {
    await source.close();
  }
}

// ── The two ends ─────────────────────────────────────────────────────────────────────────────────────────

function refuseAddresses({ from, to }: MigrateOptions): void {
  const file = sqliteFileOf(from);
  if (file !== undefined && !existsSync(file))
    throw new BadInput(t`--from: there is no file ${file}; name the store there is`);
  if (sqliteFileOf(to) === ':memory:')
    throw new BadInput(t`--to: it would be gone at the end; name a file: sqlite:FILE`);
  if (placeOf(from) === placeOf(to)) throw new BadInput(t`--to: this is the same store as --from; name another one`);
}

/** By which two addresses of one store are known. Two names of one host are not: that store is not empty either. */
function placeOf(address: string): string {
  const file = sqliteFileOf(address);
  if (file !== undefined) return existsSync(file) ? realpathSync(file) : resolve(file);
  if (!/^redis/i.test(address)) return address;
  const { nodes, db, tag } = parseRedisUrl(address);
  const hosts = nodes.map(({ host, port }) => `${host.toLowerCase()}:${port}`).sort();
  return `redis ${hosts.join()} ${db} ${tag}`;
}

async function openEnd(option: string, address: string): Promise<Store> {
  try {
    return await openStore(address);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    const { en, zh } = error.words;
    throw new BadInput(t`${option}: ${inBoth(en.replace(/^store: /, ''), zh.replace(/^store：/, ''))}`);
  }
}

/** For their budgets; a machine without a configuration can copy stores, too. */
async function campaignsFor(options: MigrateOptions): Promise<readonly Campaign[]> {
  if (options.config === undefined && !existsSync(defaultConfigFile())) return [];
  try {
    return await campaignsOf(configOf(options));
  } catch (error) {
    if (!(error instanceof BadInput) || options.config !== undefined) throw error;
    printNote(t`${error.words}: audited without budgets`);
    return [];
  }
}

// ── The mark ─────────────────────────────────────────────────────────────────────────────────────────────

const MARK_MS = 1000;

async function setMark(store: Store, mark: Mark): Promise<void> {
  const lease = await store.lease(MARK, randomUUID(), MARK_MS, now());
  const isSet = lease !== undefined && (await store.release(lease, now(), JSON.stringify(mark)));
  if (!isSet) throw new BadInput(t`--to: another \`hongbao migrate\` is at work on it; wait for its end`);
}

/** By which a source is known again, wherever it has moved: its first event. Refuses one that is none. */
async function fingerprintOf(source: Store): Promise<string> {
  const mark = await markOf(source);
  if (mark && !mark.isWhole)
    throw new BadInput(
      t`--from: this store is an unfinished copy; finish it first, or name the store it was made from`,
    );
  return withSnapshot(source, async snapshot => {
    if ((await anyRowIn(snapshot)) === undefined)
      throw new BadInput(t`--from: this store is empty; name the one that is in use`);
    const first = await firstOf(snapshot, 'journal');
    return createHash('sha256')
      .update(first ? sayingOf(first) : '')
      .digest('hex')
      .slice(0, 32);
  });
}

/** The target is empty, or what an interrupted copy of the same source has left. */
async function claimTarget(target: Store, source: string): Promise<void> {
  const mark = await markOf(target);
  const found = await withSnapshot(target, anyRowIn);
  const instead = t`name an empty one: a new file, or a Redis with another ?tag=NAME`;
  if (found !== undefined && !mark) throw new BadInput(t`--to: this store is not empty (it has ${found}); ${instead}`);
  if (found !== undefined && mark!.isWhole)
    throw new BadInput(t`--to: this store holds a finished copy, which may be in use; ${instead}`);
  if (found !== undefined && mark!.source !== source)
    throw new BadInput(t`--to: this store holds an unfinished copy of another store; ${instead}`);
  await setMark(target, { source, isWhole: false });
  if (found !== undefined) await dropPassing(target);
}

/** What the source may have given up since the copy was interrupted; everything else only grows or changes. */
async function dropPassing(target: Store): Promise<void> {
  await target.forget(instant(Number.MAX_SAFE_INTEGER));
  const halted = await withSnapshot(target, async snapshot => {
    const merchants: string[] = [];
    for await (const { merchant } of snapshot.halts()) merchants.push(merchant);
    return merchants;
  });
  for (const merchant of halted) await target.setHalt(merchant, undefined);
}

async function withSnapshot<T>(store: Store, read: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const snapshot = await store.snapshot();
  try {
    return await read(snapshot);
  } finally {
    await snapshot.close();
  }
}

// ── The copy ─────────────────────────────────────────────────────────────────────────────────────────────

type Both<T> = { readonly source: T; readonly target: T };

export type Migration = {
  readonly held: Both<CopyDigest>;
  readonly audits: Both<AuditReport>;
  /** Why this copy does not count, or what was wrong before it; none: all is well. */
  readonly differences: readonly Wording[];
  /** Whether the copy is the same as its source. */
  readonly isWhole: boolean;
};

/** Copies everything, compares every row, audits both sides. Refuses with `BadInput`. */
export async function copyAndVerify(
  source: Store,
  target: Store,
  campaigns: readonly Campaign[],
  tell: TellPart = () => {},
): Promise<Migration> {
  const fingerprint = await fingerprintOf(source);
  await claimTarget(target, fingerprint);
  const read = (store: Store, part: string, take?: Store['load']): Promise<CopyDigest> =>
    withSnapshot(store, snapshot => readPieces(snapshot, (...far) => tell(part, ...far), take));
  const audit = (store: Store, part: string): Promise<AuditReport> =>
    auditStore(store, new Audit(campaigns), { tell: (done, total) => tell(part, done, total) });

  const before = await read(source, 'copied', piece => target.load(piece));
  const held = { source: before, target: await read(target, 'compared') };
  const audits = { source: await audit(source, 'source audited'), target: await audit(target, 'target audited') };
  const after = await read(source, 'source looked at again');

  const changes = differencesOf(before, after).map((each): Wording => t`the source changed meanwhile: ${each}`);
  const wrong: Wording[] = [
    ...differencesOf(before, held.target).map(each => t`the copy differs: ${each}`),
    ...(sayingOf(shownOf(audits.source)) === sayingOf(shownOf(audits.target)) ? [] : [t`the audits differ`]),
  ];
  const isWhole = changes.length + wrong.length === 0;
  if (isWhole) {
    await carryLive(source, target);
    await setMark(target, { source: fingerprint, isWhole });
  }
  const { total } = audits.source;
  const old = total === 0 ? [] : [t`the ledger does not balance, in the source neither: ${total} differences`];
  return { held, audits, differences: changes.length > 0 ? changes : [...wrong, ...old], isWhole };
}

/** What was live once, and every version of it: without it a name corrected on the day of the move would go unseen. */
async function carryLive(source: Store, target: Store): Promise<void> {
  const record = await source.note(LIVE);
  const notes = [...(record === undefined ? [] : [[LIVE, record] as const]), ...(await notesOfVersions(source))];
  for (const [name, note] of notes) {
    const lease = await target.lease(name, randomUUID(), MARK_MS, now());
    if (!lease || !(await target.release(lease, now(), note)))
      throw new BadInput(t`--to: another process is at work on it; wait for its end`);
  }
}

const shownOf = ({ compared, campaigns, total }: AuditReport): object => ({ compared, campaigns, total });

function differencesOf(one: CopyDigest, other: CopyDigest): Wording[] {
  return BOOK_KINDS.flatMap(kind => {
    const [a, b] = [one.kinds.get(kind)!, other.kinds.get(kind)!];
    if (a.isSame(b)) return [];
    return [
      a.count === b.count ? t`${kind}: ${a.count}, but not the same` : t`${kind}: ${b.count} instead of ${a.count}`,
    ];
  });
}

// ── What came of it ──────────────────────────────────────────────────────────────────────────────────────

const BUCKETS = ['reserved', 'sent', 'received', 'refunded'] as const;
type Sums = Readonly<Record<(typeof BUCKETS)[number], number>>;

function countsOf({ kinds, historyLines }: CopyDigest): Record<string, number> {
  return { ...Object.fromEntries([...kinds].map(([kind, { count }]) => [kind, count])), historyLines };
}

function moneyOf({ campaigns }: AuditReport): Sums {
  const sum = (bucket: (typeof BUCKETS)[number]): number => campaigns.reduce((total, each) => total + each[bucket], 0);
  return { reserved: sum('reserved'), sent: sum('sent'), received: sum('received'), refunded: sum('refunded') };
}

function jsonOf({ held, audits, differences, isWhole }: Migration): object {
  const side = (which: keyof Both<unknown>): object => {
    const { total, findings } = audits[which];
    return { rows: countsOf(held[which]), fen: moneyOf(audits[which]), audit: { total, findings } };
  };
  return { isWhole, differences, source: side('source'), target: side('target') };
}

function show({ held, audits, differences, isWhole }: Migration): void {
  const [from, to] = [countsOf(held.source), countsOf(held.target)];
  const [before, after] = [moneyOf(audits.source), moneyOf(audits.target)];
  const verdict = ({ total }: AuditReport): string => (total === 0 ? l`balances` : l`${total} differences`);
  const rows = [
    ...Object.keys(from).map(kind => [
      kind === 'historyLines' ? l`lines of history` : kind,
      `${from[kind]}`,
      `${to[kind]}`,
    ]),
    ...BUCKETS.map(bucket => [bucket, showFen(fen(before[bucket])), showFen(fen(after[bucket]))]),
    [l`audit`, verdict(audits.source), verdict(audits.target)],
  ];
  print(table(['', l`source`, l`target`], rows));
  print('');
  for (const difference of differences) print(difference);
  if (!isWhole)
    print(t`this copy does not count, and is marked unfinished: stop all bots and run the same command again`);
  else if (differences.length > 0)
    print(t`the copy is the same as its source, row by row; \`hongbao audit\` names what is wrong`);
  else print(t`the copy is the same as its source, row by row: set \`store:\` in bot.yaml to it, then start the bots`);
}

/** On a terminal only: one line for each part of the work. */
function progressLine(): { readonly tell: TellPart; end(): void } {
  let bar: Progress | undefined;
  let at = '';
  const end = (): void => bar?.end();
  const tell: TellPart = (part, done, total, detail) => {
    if (!process.stderr.isTTY) return;
    if (part !== at) {
      end();
      [bar, at] = [progress(part), part];
    }
    bar?.show(done, total, detail);
  };
  return { tell, end };
}
