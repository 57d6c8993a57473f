// Brings one payout, and the numbers that follow it, to where WeChat Pay and the merchant's account have them. Everything
// goes through the one table, and is written as whatever the bot sees is written.

import type { Movement } from '../../core/audit/fund-flow.ts';
import { provenBy } from '../../core/audit/repair.ts';
import { fen, showFen } from '../../core/base/money.ts';
import { type Instant, instant } from '../../core/base/time.ts';
import { t, type Wording } from '../../core/base/words/words.ts';
import { channelOf } from '../../core/payout/channels/index.ts';
import { classify, phaseOf } from '../../core/payout/classify.ts';
import type { PayoutPolicy } from '../../core/payout/pace.ts';
import { isTooOldToAsk } from '../../core/payout/pace.ts';
import { isFinal, nextNumber, type Observation, type Payout } from '../../core/payout/payout.ts';
import { observe, type Verdict } from '../../core/payout/transitions.ts';
import { recordVerdict } from '../record.ts';
import { noMerchant, policyOf, type RepairPorts } from './ports.ts';

/** Where it ended, and what a person should know. */
type Followed = { readonly payout: Payout; readonly note?: Wording };

/** Each number takes two or three; nothing is asked for ever. */
const LOOKS_MAX = 20;
/** It was never sent, as far as anybody knows. */
export const OWED = t`owed, and WeChat Pay knows nothing of it: it is due now`;
const AT_WORK = t`the bot is changing it at this very moment`;

/** `told`: what WeChat Pay has just said of it. */
export async function follow(ports: RepairPorts, first: Payout, told?: Observation): Promise<Followed> {
  const policy = policyOf(ports.config, first.merchant);
  if (!policy) return { payout: first, note: noMerchant(first.merchant) };
  let payout = first;
  let answer = told;
  for (let look = 0; look < LOOKS_MAX && !isFinal(payout.state); look++) {
    if (isBeingSent(payout, ports.clock())) return { payout, note: AT_WORK };
    const judged = await judge(ports, payout, answer ?? (await ports.wechat.query(payout)));
    answer = undefined;
    const booked = await bookPayment(ports, payout, judged.seen, policy);
    if (booked === 'stale') {
      payout = await readAgain(ports, payout);
      continue;
    }
    payout = booked;
    if (judged.seen === undefined) return { payout, ...(judged.note !== undefined && { note: judged.note }) };
    const verdict = observe(payout, judged.seen, true, ports.clock(), policy);
    if (!isNews(payout, verdict.step.payout)) return { payout };
    if ((await recordVerdict(ports, payout.merchant, verdict)) === 'stale') {
      payout = await readAgain(ports, payout);
      continue;
    }
    const { successor } = verdict.step;
    payout = successor ?? verdict.step.payout;
    // From planned it takes the table two steps to `refunded`.
    const endsNext = verdict.response === 'isRefunded' || verdict.response === 'isTakenBack';
    const goesOn = successor !== undefined || (endsNext && payout.state === 'sent');
    if (!goesOn) return { payout, ...(verdict.alarm !== undefined && { note: verdict.alarm }) };
  }
  return { payout };
}

/** That nothing has changed needs no line: a repair that is run again leaves no trace. */
function isNews(before: Payout, after: Payout): boolean {
  const isParked = before.nextAt !== undefined && after.nextAt === undefined;
  return before.state !== after.state || isParked;
}

function isBeingSent({ state, nextAt }: Payout, now: Instant): boolean {
  return state === 'sending' && nextAt !== undefined && nextAt > now;
}

async function readAgain({ store }: RepairPorts, payout: Payout): Promise<Payout> {
  return (await store.payout(payout.billNo)) ?? payout;
}

type Judged =
  | { readonly seen: Observation; readonly note?: undefined }
  | { readonly seen: undefined; readonly note: Wording };

/** What is to be believed of it; nothing, where an answer is no answer and the merchant's account proves nothing. */
async function judge(ports: RepairPorts, payout: Payout, answer: Observation): Promise<Judged> {
  if (classify(answer, true, payout.request) !== 'notFound') {
    const why = 'code' in answer ? `${answer.code} ${answer.text}`.trim() : answer.kind;
    return answer.kind === 'order'
      ? { seen: answer }
      : { seen: undefined, note: t`WeChat Pay could not be asked (${why}); the bot will` };
  }
  const movement = ports.movements.get(payout.billNo);
  const next = nextNumber(payout);
  const isFollowed = ports.movements.has(next) || (await ports.store.payout(next)) !== undefined;
  const proof = provenBy(payout, movement, isFollowed);
  if (proof) return { seen: proof };
  if (isTooOldToAsk(payout, ports.clock())) return { seen: answer };
  const note = movement ? t`WeChat Pay does not know it yet; the bot asks after it` : OWED;
  return { seen: undefined, note };
}

/** The account says that it was paid: then it was sent at that time, whatever has become of it since. */
async function bookPayment(
  ports: RepairPorts,
  payout: Payout,
  seen: Observation | undefined,
  policy: PayoutPolicy,
): Promise<Payout | 'stale'> {
  const movement = ports.movements.get(payout.billNo);
  if (!movement || payout.state === 'sent' || !agrees(movement, payout)) return payout;
  // What opens the page of a transfer comes only with its creation, which the table has repeated: not from `sent`. It
  // would have to be the very same one, so that a claim of which nothing is known goes without.
  const { request } = payout;
  const waits = seen === undefined ? channelOf(request).isConfirmed : phaseOf(seen, request) === 'waiting';
  if (waits && payout.userRefused !== true) return payout;
  const at = instant(Math.max(movement.paidAt ?? payout.createdAt, payout.createdAt));
  const paid = { ...payout, firstSentAt: payout.firstSentAt ?? at };
  const { step, response } = observe(paid, { kind: 'accepted' }, true, at, policy);
  const detail = `${movement.where}: ${showFen(fen(movement.paid || movement.refunded))}`;
  const verdict: Verdict = { step: { ...step, what: 'in the fund flow', detail }, response, problem: false };
  return (await recordVerdict(ports, payout.merchant, verdict)) === 'stale' ? 'stale' : step.payout;
}

function agrees({ paid, refunded }: Movement, { amount }: Payout): boolean {
  return paid === amount || (paid === 0 && refunded > 0);
}
