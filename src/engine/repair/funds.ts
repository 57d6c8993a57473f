// What the merchant's account has paid under numbers the store does not know: WeChat Pay says to whom, and the claim is the
// one whose number it is. Where nobody can tell, the money is written down all the same.

import { setImmediate as turn } from 'node:timers/promises';
import { waysOf } from '../../config/merchant.ts';
import {
  campaignBearing,
  claimsBehind,
  type Identity,
  isOthersNumber,
  type LostNumber,
  LostNumbers,
  NOBODY,
  type Payable,
  RECOVERED,
  readNumber,
} from '../../core/audit/claim-of-number.ts';
import { isOurNumber, type Movement } from '../../core/audit/fund-flow.ts';
import { lostIdentity, lostMoney, payoutOf } from '../../core/audit/repair.ts';
import type { Sighting } from '../../core/audit/sighting.ts';
import type { OpenId } from '../../core/base/event.ts';
import { type Fen, fen } from '../../core/base/money.ts';
import { parseBeijing } from '../../core/base/time.ts';
import { t, type Wording } from '../../core/base/words/words.ts';
import { SEND_RULE } from '../../core/payout/bulk.ts';
import { isTooOldToAsk } from '../../core/payout/pace.ts';
import { asBillNo, type BillNo, billNoOf, nextNumber, type Payout } from '../../core/payout/payout.ts';
import type { Snapshot } from '../../ports.ts';
import { follow } from './payout.ts';
import { payablesOf, type RepairPorts } from './ports.ts';
import { lineOf, NOT_REPAIRABLE, type RepairLine, writeLost } from './write.ts';

type Tell = (part: string, done: number) => void;

/** A number nobody knows, with what can be found out about it. */
type Stray = {
  readonly movement: Movement;
  readonly number: LostNumber;
  readonly sighting: Sighting;
  /** Account and merchant by which WeChat Pay knows it. */
  readonly place: Omit<Payable, 'campaign' | 'seed'>;
  readonly identity?: Identity;
};

/** `known`: the numbers of the file that the store has. */
export async function repairFromFunds(
  ports: RepairPorts,
  snapshot: Snapshot,
  known: ReadonlySet<string>,
  tell: Tell,
): Promise<RepairLine[]> {
  const lines: RepairLine[] = [];
  const strays: Stray[] = [];
  for (const movement of ports.movements.values()) {
    if (known.has(movement.number) || (await ports.store.payout(asBillNo(movement.number)))) continue;
    const seen = await sight(ports, movement);
    if (seen && 'what' in seen) lines.push(seen);
    else if (seen) strays.push(seen);
    tell('asked', strays.length);
  }
  // The first number of a claim brings its later ones with it.
  const inOrder = (await identified(ports, snapshot, strays, tell)).sort(
    (a, b) => (a.identity?.attempt ?? 1) - (b.identity?.attempt ?? 1),
  );
  for (const stray of inOrder) {
    const payout = await ports.store.payout(stray.number.billNo);
    if (payout) lines.push(lineOf('restored', payout, ['with the number before it']));
    else lines.push(await repairStray(ports, stray));
  }
  return lines;
}

// ── Who has it? ──────────────────────────────────────────────────────────────────────────────────────────────

/** `undefined`: no number of ours, which the audit names. */
async function sight(ports: RepairPorts, movement: Movement): Promise<Stray | RepairLine | undefined> {
  const { config } = ports;
  if (isOthersNumber(movement.number)) return undefined;
  const owners = [...config.merchants.values()].filter(each => readNumber(movement.number, each.mchId));
  if (owners.length === 0) {
    const note = t`bot.yaml has no merchant with this merchant number any more, so WeChat Pay cannot be asked; add it again`;
    return isOurNumber(movement.number) ? leftLine(movement, note) : undefined;
  }
  let best: Stray | undefined;
  for (const owner of owners) {
    const number = readNumber(movement.number, owner.mchId)!;
    for (const account of config.accounts.values()) {
      if (account.merchant !== owner.name) continue;
      for (const merchant of waysOf(owner)) {
        const sighting = await ports.wechat.look(merchant, draftOf(ports, movement, number, { account, merchant }));
        const stray: Stray = { movement, number, sighting, place: { account, merchant } };
        if (sighting.kind === 'order') return stray;
        if (!best || best.sighting.kind === 'none') best = stray;
      }
    }
  }
  return best ?? leftLine(movement, t`no account in bot.yaml uses merchant "${owners[0]!.name}"; name it there`);
}

function draftOf(ports: RepairPorts, movement: Movement, number: LostNumber, place: Stray['place']): Payout {
  const amount = fen(movement.paid || movement.refunded);
  return payoutOf(lostMoney(number, { bearing: undefined, place }, NOBODY, amount, movement.paidAt), ports.clock());
}

function leftLine({ number, paid, refunded }: Movement, note: Wording): RepairLine {
  return { billNo: number, what: 'left', amount: paid || refunded, notes: [note] };
}

/** Users looked at before others get their turn of the event loop. */
const USERS_AT_ONCE = 100;

/** Finds the claims: by the follower WeChat Pay names, else by every follower the store has ever seen. */
async function identified(
  ports: RepairPorts,
  snapshot: Snapshot,
  strays: readonly Stray[],
  tell: Tell,
): Promise<Stray[]> {
  if (strays.length === 0) return [];
  const batches = new Set(['send']);
  for await (const { rule, key } of snapshot.claims()) if (rule === SEND_RULE) batches.add(key.split('/')[3] ?? '');
  const payables = payablesOf(ports.config, ports.campaigns);
  const found = new Map<BillNo, Identity>();
  const look = (numbers: LostNumbers, user: OpenId): void => {
    for (const identity of claimsBehind(numbers, user, payables, batches)) found.set(identity.number.billNo, identity);
  };
  for (const { number, sighting } of strays) {
    if (sighting.kind === 'order') for (const user of sighting.users) look(new LostNumbers([number]), user);
  }
  const rest = strays.filter(({ number, sighting }) => sighting.kind !== 'unasked' && !found.has(number.billNo));
  const unnamed = rest.filter(
    ({ sighting }) => sighting.kind === 'none' || (sighting.kind === 'order' && !isNamed(sighting)),
  );
  if (unnamed.length > 0) {
    const numbers = new LostNumbers(unnamed.map(({ number }) => number));
    let looked = 0;
    for await (const user of usersIn(snapshot, strays)) {
      look(numbers, user);
      if (++looked % USERS_AT_ONCE === 0) await turn();
      tell('followers', looked);
      if (unnamed.every(({ number }) => found.has(number.billNo))) break;
    }
  }
  return strays.map(stray => {
    const identity = found.get(stray.number.billNo);
    if (!identity) return stray;
    const payable = { ...identity.payable, merchant: stray.place.merchant };
    return { ...stray, identity: { ...identity, payable } };
  });
}

/** A group packet names whoever took a share, who need not be the one it was given to. */
function isNamed({ users }: Extract<Sighting, { kind: 'order' }>): boolean {
  return users.length === 1;
}

/** Each once: those WeChat Pay named, those who follow or did, and those who have claimed. */
async function* usersIn(snapshot: Snapshot, strays: readonly Stray[]): AsyncGenerator<OpenId> {
  const seen = new Set<OpenId>();
  const isNew = (user: OpenId): boolean => !seen.has(user) && seen.add(user).size > 0;
  for (const { sighting } of strays)
    if (sighting.kind === 'order') for (const user of sighting.users) if (isNew(user)) yield user;
  for await (const { user } of snapshot.followers()) if (isNew(user)) yield user;
  for await (const { user } of snapshot.claims()) if (isNew(user)) yield user;
}

// ── What is to be done ───────────────────────────────────────────────────────────────────────────────────────

async function repairStray(ports: RepairPorts, stray: Stray): Promise<RepairLine> {
  const { movement, sighting, identity } = stray;
  const amount = movement.paid > 0 ? fen(movement.paid) : sighting.kind === 'order' ? sighting.amount : undefined;
  if (sighting.kind === 'unasked')
    return leftLine(movement, `WeChat Pay could not be asked (${sighting.why}); run this again`);
  if (amount === undefined)
    return leftLine(
      movement,
      t`it came back, and what it was worth stands in the fund flow of the day before; take that one as well`,
    );
  if (identity) {
    const line = await repairIdentity(ports, stray, identity, amount);
    if (line) return line;
  } else if (sighting.kind === 'order' && sighting.isOpen && !isNamed(sighting)) {
    const note = t`WeChat Pay says who has it once it is opened, and within a day it is opened or comes back; run this again then`;
    return leftLine(movement, note);
  } else if (sighting.kind === 'none' && !isOld(ports, stray)) {
    return leftLine(movement, t`WeChat Pay does not know it yet, which proves nothing; run this again later`);
  }
  return repairMoney(ports, stray, amount);
}

function isOld(ports: RepairPorts, { movement, number, place }: Stray): boolean {
  const firstSentAt = movement.paidAt ?? parseBeijing(number.day)!;
  return isTooOldToAsk({ ...draftOf(ports, movement, number, place), firstSentAt }, ports.clock());
}

/** `undefined`: the claim is there, and this number does not belong to what it was paid by. */
async function repairIdentity(
  ports: RepairPorts,
  { movement, number }: Stray,
  identity: Identity,
  amount: Fen,
): Promise<RepairLine | undefined> {
  const { payable, user, claimKey, attempt } = identity;
  const { account, campaign } = payable;
  const wanted = { account: account.name, user, merchant: undefined, claims: [claimKey], counters: [] };
  const isClaimed = (await ports.store.facts(wanted)).claims.has(claimKey);
  const alone = lostIdentity(identity, amount, movement.paidAt);
  const isFollowed = attempt > 1 || ports.movements.has(nextNumber(payoutOf(alone, ports.clock())));
  const lost = { ...alone, isFollowed };
  const written = isClaimed ? undefined : await writeLost(ports, lost);
  const first = written?.payout ?? (await latestOf(ports, identity));
  if (!first && (await isPaidOtherwise(ports, identity))) return undefined;
  if (!first) return { ...leftLine(movement, NOT_REPAIRABLE), campaign: campaign.id, claimKey, user };
  const { note } = await follow(ports, first);
  const payout = await ports.store.payout(number.billNo);
  if (!payout) return attempt === 1 ? leftLine(movement, FASTER) : undefined;
  const prize = lost.award.prize === RECOVERED ? t`no prize of its rule is worth as much today` : undefined;
  return written ? lineOf('restored', payout, [...written.notes, prize, note]) : lineOf('caughtUp', payout, [note]);
}

const FASTER = t`the bot is changing it at this very moment; run this again`;

/** The last number of this claim that the store has. */
async function latestOf({ store }: RepairPorts, identity: Identity): Promise<Payout | undefined> {
  const { number, claimKey, attempt } = identity;
  for (let each = attempt; each >= 1; each--) {
    const payout = await store.payout(billNoOf(number.mchId, parseBeijing(number.day)!, claimKey, each));
    if (payout) return payout;
  }
  return undefined;
}

/** A follower's payouts that are searched for the one of a claim. */
const SEARCHED_MAX = 1000;

/** Its claim was made again, and is paid under a number with another day in it: this one is money of its own. */
async function isPaidOtherwise({ store }: RepairPorts, { payable, user, claimKey }: Identity): Promise<boolean> {
  const payouts = await store.payouts({ user, campaign: payable.campaign.id, limit: SEARCHED_MAX });
  return payouts.some(payout => payout.claimKey === claimKey);
}

/** Nobody can tell whose claim it was, so that it stands for itself. */
async function repairMoney(ports: RepairPorts, stray: Stray, amount: Fen): Promise<RepairLine> {
  const { movement, number, sighting, place, identity } = stray;
  const { users, words } = sighting.kind === 'order' ? sighting : { users: [], words: [] };
  const user = identity?.user ?? (users.length === 1 ? users[0]! : NOBODY);
  const payables = payablesOf(ports.config, ports.campaigns).filter(
    ({ account, merchant }) => account.name === place.account.name && merchant.name === place.merchant.name,
  );
  const bearing = identity?.payable ?? campaignBearing([movement.remark, ...words], payables);
  const written = await writeLost(ports, lostMoney(number, { bearing, place }, user, amount, movement.paidAt));
  if (!written) return leftLine(movement, FASTER);
  const { payout, note } = await follow(ports, written.payout);
  const why = identity
    ? t`number ${identity.attempt} of claim ${identity.claimKey}, whose other number has not come to nothing: perhaps paid twice`
    : user === NOBODY
      ? t`who has it, and why, is not known`
      : t`why they got it is not known`;
  return lineOf('unknown', payout, [why, ...written.notes, note]);
}
