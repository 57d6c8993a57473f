// `hongbao audit --repair`: what the ledger has lost because older data came back, rebuilt from the journal, the merchant's
// fund flow and WeChat Pay; and counters, from claims and payouts. Everything it writes is a commit or a step like any of
// the bot's: beside a running bot one of the two is first, and a second run finds nothing to do.

import { type MerchantConfig, waysOf } from '../../config/merchant.ts';
import { type Payable, RECOVERED } from '../../core/audit/claim-of-number.ts';
import { type Lost, lostAward, merchantIn, payoutOf } from '../../core/audit/repair.ts';
import type { Instant } from '../../core/base/time.ts';
import { t, type Wording } from '../../core/base/words/words.ts';
import { awardsOf } from '../../core/decide/decision.ts';
import { classify } from '../../core/payout/classify.ts';
import { isTooOldToAsk } from '../../core/payout/pace.ts';
import {
  type BillNo,
  billNoOf,
  isFinal,
  nextNumber,
  numberDay,
  type Observation,
  type Payout,
} from '../../core/payout/payout.ts';
import { type Award, isCountedWhole } from '../../core/payout/plan.ts';
import type { JournalLine, Snapshot } from '../../ports.ts';
import { doubt } from '../doubt.ts';
import { repairFromFunds } from './funds.ts';
import { follow, OWED } from './payout.ts';
import { dryStore, mchIdsIn, noMerchant, type RepairPorts } from './ports.ts';
import { recount } from './recount.ts';
import { lineOf, NOT_REPAIRABLE, type RepairLine, writeClaim, writeLost } from './write.ts';

export type RepairReport = {
  readonly dryRun: boolean;
  readonly lines: readonly RepairLine[];
  /** Lines that were not repaired. */
  readonly left: number;
  /** Counters that were brought back to what claims and payouts say. */
  readonly counters: number;
};

/** Nothing is left to be repaired. */
export function isWhole({ dryRun, lines, left, counters }: RepairReport): boolean {
  return left === 0 && (!dryRun || lines.length + counters === 0);
}

/** Rows that are looked up together. */
const CHUNK = 500;
/** A follower's payouts that are searched for the one of a claim. */
const SEARCHED_MAX = 1000;

/** `isDry`: asks WeChat Pay all the same, and writes nothing. `tell`: how much of the store was read. */
export async function repair(
  given: Omit<RepairPorts, 'mchIds'>,
  isDry: boolean,
  tell: (part: string, done: number) => void = () => {},
): Promise<RepairReport> {
  const mchIds = await mchIdsIn(given.store, given.config);
  const ports = { ...given, mchIds, ...(isDry && { store: dryStore(given.store) }) };
  const lines: RepairLine[] = [];
  const snapshot = await given.store.snapshot();
  try {
    let read = 0;
    for await (const chunk of chunksOf(awardsIn(snapshot))) {
      lines.push(...(await repairAwards(ports, chunk)));
      read += chunk.length;
      tell('journal', read);
    }
    const behind: Payout[] = [];
    const known = new Set<string>(lines.map(({ billNo }) => billNo));
    read = 0;
    for await (const chunk of chunksOf(snapshot.payouts())) {
      lines.push(...(await repairClaims(ports, chunk)));
      for (const payout of chunk) {
        if (ports.movements.has(payout.billNo)) known.add(payout.billNo);
        if (isBehind(ports, payout)) behind.push(payout);
      }
      read += chunk.length;
      tell('payouts', read);
    }
    for (const [index, { billNo }] of behind.entries()) {
      lines.push(...(await catchUp(ports, billNo)));
      tell('asked', index + 1);
    }
    lines.push(...(await repairFromFunds(ports, snapshot, known, tell)));
  } finally {
    await snapshot.close();
  }
  const left = lines.filter(line => line.what === 'left').length;
  // What was claimed and is not here any more is counted all the same: only where nothing is left does a counter go down.
  const counters = await recount(given, { isDry, lowers: left === 0 });
  return { dryRun: isDry, lines, left, counters: counters.length };
}

async function* chunksOf<Row>(rows: AsyncIterable<Row>): AsyncGenerator<Row[]> {
  let chunk: Row[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

// ── From the journal ─────────────────────────────────────────────────────────────────────────────────────────

type AwardLine = { readonly line: JournalLine; readonly award: Award };

/** Whatever was promised and is worth money. Money of unknown claims comes from the fund flow alone. */
async function* awardsIn(snapshot: Snapshot): AsyncGenerator<AwardLine> {
  for await (const line of snapshot.journal()) {
    for (const award of awardsOf(line.decision)) {
      if (award.amount > 0 && award.rule !== RECOVERED) yield { line, award };
    }
  }
}

async function repairAwards(ports: RepairPorts, chunk: readonly AwardLine[]): Promise<RepairLine[]> {
  const { store } = ports;
  const claimed = await claimsThere(
    ports,
    chunk.map(({ award }) => award.claimKey),
    chunk[0]!.line.event,
  );
  const payouts = await Promise.all(
    chunk.map(each => {
      const billNo = numberOf(ports, each);
      return billNo && store.payout(billNo);
    }),
  );
  const lines: RepairLine[] = [];
  for (const [index, each] of chunk.entries()) {
    const { award, line } = each;
    const payout = payouts[index];
    const isClaimed = claimed.has(award.claimKey);
    if (isClaimed && payout) continue;
    if (isClaimed) {
      if (!(await hasPayout(ports, each))) lines.push(leftLine(ports, each, NOT_REPAIRABLE));
    } else if (payout) {
      if (await writeClaim(ports, payout, award)) lines.push(lineOf('claim', payout));
    } else lines.push(...(await repairAward(ports, { line, award })));
  }
  return lines;
}

async function claimsThere(
  { store }: RepairPorts,
  claims: readonly string[],
  { account, user }: Pick<Payout, 'account' | 'user'>,
): Promise<ReadonlySet<string>> {
  return (await store.facts({ account, user, merchant: undefined, claims, counters: [] })).claims;
}

/** The first number of this award as it was chosen then, under the merchant number of then. */
function numberOf(ports: RepairPorts, each: AwardLine): BillNo | undefined {
  const { line, award } = each;
  const mchId = mchIdThen(ports, merchantFor(ports, each), line.at);
  const { sentAt } = line.event;
  const day = isCountedWhole(award) ? numberDay(award.claimKey, sentAt) : sentAt;
  return mchId === undefined ? undefined : billNoOf(mchId, day, award.claimKey, 1);
}

/** The merchant number under this name when something was promised: that of today may be another one. */
function mchIdThen({ config, mchIds }: RepairPorts, name: string, at: Instant): string | undefined {
  const known = mchIds.get(name) ?? [];
  return (known.findLast(({ since }) => since <= at) ?? known[0])?.mchId ?? config.merchants.get(name)?.mchId;
}

/** Who was to pay it then; another one would pay it once more. */
function merchantFor({ config }: RepairPorts, { line, award }: AwardLine): string {
  return merchantIn(award) ?? config.accounts.get(line.event.account)?.merchant ?? '';
}

/** Under another number, perhaps: its merchant has another merchant number today. */
async function hasPayout({ store }: RepairPorts, { line, award }: AwardLine): Promise<boolean> {
  const payouts = await store.payouts({ user: line.event.user, campaign: award.campaign, limit: SEARCHED_MAX });
  return payouts.some(payout => payout.claimKey === award.claimKey);
}

function otherMchId({ name, mchId: today }: MerchantConfig, then: string | undefined): Wording {
  return t`merchant "${name}" was ${then} when it was promised, and is ${today} in bot.yaml: WeChat Pay answers for it under ${then} only. Set mchId, keys and certificate of then, repair, and set them back`;
}

function leftLine(ports: RepairPorts, each: AwardLine, note: Wording): RepairLine {
  const { campaign, claimKey, amount } = each.award;
  const { user } = each.line.event;
  return { billNo: numberOf(ports, each) ?? '', what: 'left', campaign, claimKey, user, amount, notes: [note] };
}

async function repairAward(ports: RepairPorts, each: AwardLine): Promise<RepairLine[]> {
  const { line, award } = each;
  const { account: name } = line.event;
  const account = ports.config.accounts.get(name);
  if (!account) return [leftLine(ports, each, t`bot.yaml has no account "${name}" any more; add it again`)];
  const merchant = ports.config.merchants.get(merchantFor(ports, each));
  if (!merchant) return [leftLine(ports, each, noMerchant(merchantFor(ports, each)))];
  const mchId = mchIdThen(ports, merchant.name, line.at);
  if (mchId !== merchant.mchId) return [leftLine(ports, each, otherMchId(merchant, mchId))];
  const campaign = ports.campaigns.find(({ id }) => id === award.campaign);
  if (!campaign?.packet) {
    const note = t`no rule file has campaign "${award.campaign}" with its packet any more; add it again`;
    return [leftLine(ports, each, note)];
  }
  const payable = { campaign, account, merchant, seed: '' };
  const { lost, told } = await askEveryWay(ports, merchant, lostAward(payable, line.event, award, line.at));
  const planned = payoutOf(lost, ports.clock());
  const isUnsent =
    classify(told, true, planned.request) === 'notFound' &&
    !lost.isFollowed &&
    !ports.movements.has(planned.billNo) &&
    !isTooOldToAsk(planned, ports.clock());
  const written = await writeLost(ports, lost, isUnsent);
  if (!written) return [];
  if (isUnsent) return [lineOf('restored', written.payout, [...written.notes, OWED])];
  const { payout, note } = await follow(ports, written.payout, told);
  return [lineOf('restored', payout, [...written.notes, note])];
}

/** Asks on the channel of today, and on the former one where WeChat Pay knows nothing of it there. */
async function askEveryWay(
  ports: RepairPorts,
  merchant: MerchantConfig,
  first: Lost,
): Promise<{ lost: Lost; told: Observation }> {
  let found: { lost: Lost; told: Observation } | undefined;
  for (const way of waysOf(merchant)) {
    const payable: Payable = { ...first.payable, merchant: way };
    const planned = payoutOf({ ...first, payable }, ports.clock());
    const told = await ports.wechat.query(planned);
    const lost = { ...first, payable, isFollowed: ports.movements.has(nextNumber(planned)) };
    found ??= { lost, told };
    if (classify(told, true, planned.request) !== 'notFound') return { lost, told };
  }
  return found!;
}

// ── From payouts ─────────────────────────────────────────────────────────────────────────────────────────────

/** A payout whose claim is gone knows all of it but the prize. */
async function repairClaims(ports: RepairPorts, chunk: readonly Payout[]): Promise<RepairLine[]> {
  const claimed = await claimsThere(
    ports,
    chunk.map(({ claimKey }) => claimKey),
    chunk[0]!,
  );
  const lines: RepairLine[] = [];
  for (const payout of chunk) {
    if (claimed.has(payout.claimKey)) continue;
    const claim = await writeClaim(ports, payout);
    const note = claim?.prize === RECOVERED ? t`its prize is not known any more` : undefined;
    if (claim) lines.push(lineOf('claim', payout, [note]));
  }
  return lines;
}

/** The merchant's account says more of it than the ledger. */
function isBehind({ movements }: RepairPorts, { billNo, state }: Payout): boolean {
  const movement = movements.get(billNo);
  if (!movement) return false;
  if (state === 'sent') return movement.refunded > 0;
  if (state === 'failed' || state === 'refunded') return movement.refunded < movement.paid;
  return state === 'planned' || state === 'sending' || state === 'unknown' || state === 'held';
}

async function catchUp(ports: RepairPorts, billNo: BillNo): Promise<RepairLine[]> {
  const before = await ports.store.payout(billNo);
  if (!before || !isBehind(ports, before)) return [];
  if (!ports.config.merchants.has(before.merchant)) return [lineOf('left', before, [noMerchant(before.merchant)])];
  if (isFinal(before.state)) {
    // Whether it was paid after all WeChat Pay says; what of its claim is not sent yet is held.
    const isDoubted = await doubt(ports, before, await ports.wechat.query(before));
    const note = t`paid at WeChat Pay, although it is ${before.state} here: \`payouts settle ${before.billNo} --as received\``;
    return isDoubted ? [lineOf('left', before, [note])] : [];
  }
  const { payout, note } = await follow(ports, before);
  const isSame = payout.billNo === before.billNo && payout.version === before.version;
  return isSame ? [] : [lineOf('caughtUp', payout, [note])];
}
