// What people may expect: an answer, the same answer again, the packet they were promised, and that what was taken back
// stays taken back.
import { isFinal, type Payout } from '../../src/core/payout/payout.ts';
import type { Answer } from '../../src/ports.ts';
import type { Authorization } from '../../src/simulator/shared/protocol.ts';
import { ACCOUNT, POLICY, SHOP } from './config.ts';
import { ANSWER_MS, type Copy, type Delivery } from './push.ts';
import { type Ending, orderOf } from './verdict.ts';
import type { Torture } from './world.ts';

const SECOND = 1000;
/** A worker may have slept, or waited for a slow store, between the beginning of a call and its leaving. */
const UNAWARE_MS = 30 * SECOND;

export async function peopleAreServed(ending: Ending): Promise<string[]> {
  return [
    ...everybodyIsAnswered(ending.torture),
    ...(await followersAreKnown(ending)),
    ...cancelledStaysCancelled(ending),
    ...whatWasHeardIsWritten(ending),
    ...refundedStaysRefunded(ending),
    ...theWillingArePaid(ending),
    ...theAuthorizedNeedNoTap(ending),
  ];
}

/** Whoever was told of a packet is told the same again. */
export function answersAreEqual({ pushes: { deliveries } }: Torture): string[] {
  return deliveries.flatMap(({ event, copies }) => {
    const heard = copies.filter(({ answer }) => answer);
    const won = heard.find(({ answer }) => isWon(answer));
    if (!won) return [];
    // What claims nothing is answered before it is written, and is decided again after a crash: copies under way at the
    // same time may be told that the merchant is halted, say, and that they won. But where an event can win only once,
    // whatever the day, that it has won already can come of nothing but its own win.
    const isOnce = event.kind !== 'visit' && (event.kind !== 'text' || !OFTEN.has(event.text));
    const same = heard.filter(
      ({ from, answer }) => isWon(answer) || from > won.to || (isOnce && textIn(answer).includes('已经领过')),
    );
    const texts = new Set(same.map(({ answer }) => JSON.stringify({ at: answer!.at, reply: answer!.reply })));
    return texts.size > 1 ? [`${event.key} was answered in ${texts.size} ways: ${[...texts].join(' / ')}`] : [];
  });
}

function textIn(answer: Answer | undefined): string {
  return answer?.reply.kind === 'text' ? answer.reply.text : '';
}

export function isWon(answer: Answer | undefined): boolean {
  return /红包已发出|代金券已发出/.test(textIn(answer));
}

/**
 * Who has authorized is not asked to confirm the next prize: what nobody told the bot it asks after. In trouble it may not
 * hear, and a number that was begun before goes the way it may have gone.
 */
function theAuthorizedNeedNoTap({ torture: { watch, wechat, peaceFrom }, payouts }: Ending): string[] {
  const once = new Set(payouts.filter(({ tries }) => tries === 1).map(({ billNo }) => billNo as string));
  return watch.sends.flatMap(({ billNo, body, at, isVoucher }) => {
    if (!once.has(billNo) || isVoucher || !body.startsWith('{') || at < peaceFrom + UNAWARE_MS) return [];
    const { openid } = JSON.parse(body) as { readonly openid?: string }; // who is paid without a tap is not named
    const given = wechat.authorizations
      .list()
      .find(each => each.openid === openid && (each.authorizedAt ?? at) < at - UNAWARE_MS && isOpenAt(each, at));
    return given ? [`${billNo} was to be confirmed by ${openid}, who had authorized ${given.number}`] : [];
  });
}

function isOpenAt({ state, updatedAt }: Authorization, at: number): boolean {
  return state !== 'CLOSED' || updatedAt > at;
}

/** Words with which somebody may win again, on another day or in another round. */
const OFTEN: ReadonlySet<string> = new Set(['红包', '红包雨']);

/**
 * WeChat tells three times, and then says that the account is out of order. That is nobody's fault where no worker could
 * answer; where one was there, awake, with a store that worked, for the whole of an attempt, it is ours.
 */
function everybodyIsAnswered(torture: Torture): string[] {
  const couldAnswer = ({ from, at, worker, isStillOpen }: Copy): boolean =>
    isStillOpen === true &&
    !torture.hurts.some(
      hurt => hurt.from <= at + ANSWER_MS && hurt.to >= from && (hurt.worker === undefined || hurt.worker === worker),
    );
  return torture.pushes.deliveries.flatMap((delivery: Delivery) => {
    const { event, copies, isTap } = delivery;
    if (isTap || copies.some(({ answer }) => answer)) return [];
    const missed = copies.find(couldAnswer);
    return missed ? [`${event.key}: ${missed.worker.name} could answer, and WeChat never heard an answer`] : [];
  });
}

/** Whether somebody follows is what WeChat told last, by its own time, of what anybody heard. */
async function followersAreKnown({ torture, journal, store }: Ending): Promise<string[]> {
  const found: string[] = [];
  for (const user of torture.people) {
    const told = journal
      .filter(({ event }) => event.user === user && (event.kind === 'subscribe' || event.kind === 'unsubscribe'))
      .flatMap(({ event }) => torture.pushes.deliveries.find(each => each.event.key === event.key)?.event ?? []);
    const lastAt = Math.max(...told.map(({ sentAt }) => sentAt));
    const last = told.filter(({ sentAt }) => sentAt === lastAt);
    // WeChat's time is in whole seconds: of what happened within one, nobody knows what was first.
    if (told.length === 0 || new Set(last.map(({ kind }) => kind)).size > 1) continue;
    const { follower } = await store.facts({ account: ACCOUNT, user, merchant: SHOP, claims: [], counters: [] });
    const following = follower?.following === true;
    if (following !== (last[0]!.kind === 'subscribe'))
      found.push(`${user} is told to ${last[0]!.kind} last, and stands as ${following ? '' : 'not '}following`);
  }
  return found;
}

/** What the operator was told is cancelled is never sent again, under no number, and nobody opens it. */
function cancelledStaysCancelled({ torture, payouts }: Ending): string[] {
  const found: string[] = [];
  const { sends } = torture.watch;
  const end = (text: string): void => void found.push(text);
  const { cancelled, offeredAgain } = torture.operator;
  for (const { billNo, claimKey, at, mayArrive } of cancelled) {
    if (offeredAgain.has(claimKey)) continue;
    const numbers = payouts.filter(payout => payout.claimKey === claimKey);
    const attempt = numbers.find(payout => payout.billNo === billNo)!.attempt;
    for (const later of numbers.filter(payout => payout.attempt > attempt))
      end(`${billNo} was cancelled by hand, and ${later.billNo} followed it`);
    if (sends.some(send => send.billNo === billNo && send.at > at + UNAWARE_MS))
      end(`${billNo} was cancelled by hand, and sent afterwards`);
    if (!mayArrive && orderOf(torture, billNo)?.status === 'RECEIVED')
      end(`${billNo} was cancelled by hand, and received`);
  }
  // Nobody but the operator takes a transfer back.
  for (const payout of payouts) {
    if (orderOf(torture, payout.billNo)?.billState !== 'CANCELLED' || offeredAgain.has(payout.claimKey)) continue;
    const next = payouts.find(each => each.claimKey === payout.claimKey && each.attempt > payout.attempt);
    if (next) end(`${payout.billNo} was taken back by hand, and ${next.billNo} followed it`);
  }
  return found;
}

/** WeChat Pay tells no more of what somebody said they heard. */
function whatWasHeardIsWritten({ torture, journal }: Ending): string[] {
  const isWritten = (kind: 'paid' | 'refunded', transaction: string): boolean =>
    journal.some(({ event }) => event.kind === kind && event.transaction === transaction);
  return torture.notices.payments.flatMap(({ transaction, paidHeardAt, refundHeardAt }) => [
    ...(paidHeardAt === undefined ? [`nobody ever heard of the payment ${transaction}`] : []),
    ...(paidHeardAt === undefined || isWritten('paid', transaction)
      ? []
      : [`the payment ${transaction} was heard, and is not written`]),
    ...(refundHeardAt === undefined || isWritten('refunded', transaction)
      ? []
      : [`the refund of ${transaction} was heard, and is not written`]),
  ]);
}

/** Once a refund was heard, what it takes back is not sent any more, and nothing more is given for the payment. */
function refundedStaysRefunded({ torture, payouts, journal }: Ending): string[] {
  const found: string[] = [];
  for (const { transaction, refundHeardAt } of torture.notices.payments) {
    if (refundHeardAt === undefined) continue;
    const rewards = payouts.filter(
      ({ undoneBy }) => undoneBy?.transaction === transaction && undoneBy.causes.includes('refunded'),
    );
    for (const { billNo } of rewards) {
      const late = torture.watch.sends.find(send => send.billNo === billNo && send.at > refundHeardAt + UNAWARE_MS);
      if (late)
        found.push(
          `${billNo} was sent ${Math.round((late.at - refundHeardAt) / SECOND)} s after its payment was refunded`,
        );
    }
  }
  // In the order in which it was written, whatever anybody's clock said.
  const refunded = new Set<string>();
  for (const { event, decision } of journal) {
    if (event.kind === 'refunded') refunded.add(event.transaction);
    if ((event.kind !== 'paid' && event.kind !== 'friend') || decision.kind !== 'awarded') continue;
    if (refunded.has(event.transaction ?? ''))
      found.push(`${decision.claimKey} was given after its payment was refunded`);
  }
  return found;
}

/** Whoever opens what they get has it in the end, unless somebody took it back or WeChat will not pay this person. */
function theWillingArePaid({ torture, payouts }: Ending): string[] {
  if (torture.isLazy) return [];
  const last = new Map<string, Payout>();
  for (const payout of payouts)
    if ((last.get(payout.claimKey)?.attempt ?? 0) < payout.attempt) last.set(payout.claimKey, payout);
  return [...last.values()].flatMap(payout => {
    const { billNo, state, problem } = payout;
    if (state === 'received' || !isFinal(state) || isExcused(torture, payout)) return [];
    const order = orderOf(torture, billNo);
    const there = order ? `${order.billState ?? order.status} ${order.reason ?? ''}` : 'unknown';
    return [
      `${billNo}, number ${payout.attempt} of its claim, ended ${state} (${problem ?? there}), and its follower would have taken it`,
    ];
  });
}

function isExcused({ operator }: Torture, payout: Payout): boolean {
  const { claimKey, attempt, userRefused, undoneBy, request, state } = payout;
  return (
    (request.channel === 'voucher' && state === 'refunded') || // it was not used, or WeChat Pay took it back
    userRefused === true ||
    attempt >= POLICY.attemptsMax ||
    operator.touched.has(claimKey) ||
    undoneBy !== undefined
  );
}
