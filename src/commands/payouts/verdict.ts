// `hongbao payouts offer` and `settle`: what a person decides where the bot has given up, or WeChat Pay no longer answers.
// Both ask WeChat Pay first where it can be asked, and are one step in the payout's history, with the reason.

import type { Config } from '../../config/config.ts';
import { RECOVERED } from '../../core/audit/claim-of-number.ts';
import { type Counter, UNBOUNDED } from '../../core/base/counter.ts';
import { BadInput } from '../../core/base/error.ts';
import { type Event, eventKey } from '../../core/base/event.ts';
import { type Instant, instant } from '../../core/base/time.ts';
import { t, type Wording } from '../../core/base/words/words.ts';
import { type Award, awardsOf, type Decision } from '../../core/decide/decision.ts';
import { capDayOf, capsOf, type MerchantCaps, prizeLimits } from '../../core/decide/limits.ts';
import { keptForDraws, lessKept } from '../../core/decide/prize-offer.ts';
import { insteadKeyOf } from '../../core/match/claim-key.ts';
import type { Limit } from '../../core/mechanics/mechanic.ts';
import { refundedCounter } from '../../core/mechanics/refund.ts';
import { phaseOf } from '../../core/payout/classify.ts';
import { onlyOnce } from '../../core/payout/instead.ts';
import {
  judgeAnswer,
  judgeVerdict,
  type OperatorsVerdict,
  offerStep,
  offerWay,
  type Refused,
  saidOf,
  settleStep,
  VERDICTS,
  whyNoVerdict,
} from '../../core/payout/operator-steps.ts';
import { isTooOldToAsk } from '../../core/payout/pace.ts';
import { type BillNo, isFinal, type Observation, type Payout, type Step } from '../../core/payout/payout.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { type DoubtPorts, doubt, numbersOf, standInsOf } from '../../engine/doubt.ts';
import { type CancelPorts, FASTER, payoutOf, RACES_MAX } from '../../engine/operate/payouts.ts';
import { SILENT } from '../../lib/log.ts';
import type { JournalLine, Store } from '../../ports.ts';
import { campaignsOf } from '../ledger/audit.ts';
import { writeDown } from '../shared/acts.ts';
import { type Common, EXIT, print, printJson, printNote, withStore } from '../shared/context.ts';
import { worded } from '../shared/language.ts';
import { payersOf, reasonOf } from './change.ts';

const now = (): Instant => instant(Date.now());

/** `limits`: the bounds of what a new number takes from the budget again. `caps`: what its merchant allows on one day. */
export type VerdictPorts = CancelPorts & {
  readonly limits: (payout: Payout, claimedAt: Instant) => Promise<readonly Counter[]>;
  readonly caps: (payout: Payout) => MerchantCaps | undefined;
};

const WHAT = { offered: t`offered`, settled: t`settled` } as const;

type Answer = Refused | { readonly done: Wording; readonly number?: BillNo };

// ── The commands ─────────────────────────────────────────────────────────────────────────────────────────────

export function offer(billNo: string, options: Common & { readonly reason: string }): Promise<number> {
  const reason = reasonOf(options.reason);
  return run(billNo, options, 'offered', ports => offerPayout(ports, billNo, reason));
}

export function settle(
  billNo: string,
  options: Common & { readonly as: string; readonly reason: string },
): Promise<number> {
  const reason = reasonOf(options.reason);
  const verdict = VERDICTS.find(each => each === options.as);
  if (verdict === undefined) throw new BadInput(t`--as ${options.as}: expected one of ${VERDICTS.join(', ')}`);
  return run(billNo, options, 'settled', ports => settlePayout(ports, billNo, verdict, reason));
}

function run(
  billNo: string,
  options: Common & { readonly as?: string; readonly reason: string },
  what: 'offered' | 'settled',
  work: (ports: VerdictPorts) => Promise<Answer>,
): Promise<number> {
  return withStore(options, async (store, config) => {
    await writeDown(store, `payouts ${what === 'offered' ? 'offer' : 'settle'}`, billNo, [options.as, options.reason]);
    const payers = payersOf(config);
    try {
      const limits = async (payout: Payout, at: Instant) =>
        limitsOf(await campaignsOf(config), config, store, payout, at);
      const caps = (payout: Payout) => capsFor(config, payout);
      const answer = await work({ store, now, payer: payers.payer, limits, caps });
      if (options.json)
        printJson('refused' in answer ? { billNo, ...answer } : { billNo, number: answer.number, [what]: answer.done });
      else if ('refused' in answer) printNote(t`${billNo} is not ${WHAT[what]}: ${answer.refused}`);
      else print(`${billNo}: ${worded(answer.done)}`);
      return 'refused' in answer ? EXIT.findings : EXIT.fine;
    } finally {
      await payers.close();
    }
  });
}

// ── Offer ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A new number for the claim of this one: only if none of its numbers is alive or paid, as far as anybody can tell. */
export async function offerPayout(ports: VerdictPorts, billNo: string, reason: string): Promise<Answer> {
  const { store } = ports;
  const named = await payoutOf(store, billNo);
  if (named.rule === RECOVERED)
    return { refused: t`what it was for is not known any more, so it cannot be paid again` };
  for (let race = 0; race < RACES_MAX; race++) {
    const numbers = await numbersOf(store, named);
    const last = numbers.at(-1)!;
    const other = numbers.find(each => each !== last && !isOver(each));
    if (other) return { refused: t`its claim has number ${other.billNo}, which is ${other.state}` };
    const way = offerWay(last);
    if (typeof way === 'object') return last.billNo === billNo ? way : { refused: t`${last.billNo}: ${way.refused}` };
    const no = (await whyReplaced(ports, last)) ?? (await whyNotUnpaid(ports, numbers, last));
    if (no) return no;
    const counters = way === 'free' ? await countersFor(ports, last, numbers[0]!.createdAt) : undefined;
    const once = onlyOnce(last);
    const step = unlessRefunded(offerStep(last, reason, ports.now(), [...(counters ?? []), once]));
    const moved = await store.advance(step);
    if (typeof moved === 'object' && moved.lost === once.name) return REPLACED;
    if (typeof moved === 'object' && moved.lost === refundOf(last))
      return { refused: t`the payment it rewards was refunded, so it is owed no more` };
    if (typeof moved === 'object') return { refused: fullOf(last, moved.lost) };
    const number = step.successor!.billNo;
    if (moved === 'moved') return { done: t`its claim has a new number, ${number}, which is due now`, number };
  }
  return FASTER;
}

function fullOf({ merchant }: Payout, counter: string): Wording {
  return capDayOf(counter, merchant) === undefined
    ? t`the budget has no room for it any more: ${counter} is full`
    : t`its merchant has paid as much today as bot.yaml allows: ${counter} is full; offer it again tomorrow`;
}

/** What counts the refund of the payment that it rewards. */
function refundOf({ undoneBy }: Payout): string | undefined {
  return undoneBy?.transaction === undefined ? undefined : refundedCounter(undoneBy.transaction);
}

/** A refund that is told at this very moment is not missed: it counts, and then nothing is written. */
function unlessRefunded(step: Step): Step {
  const name = refundOf(step.payout);
  return name === undefined ? step : { ...step, counters: [...(step.counters ?? []), { name, add: 0, max: 0 }] };
}

function isOver({ state }: Payout): boolean {
  return state === 'failed' || state === 'refunded';
}

/** Another prize was given in its place (`fallbackTo`): the claim has had its end. */
async function whyReplaced({ store }: VerdictPorts, { account, user, claimKey }: Payout): Promise<Refused | undefined> {
  const claims = [insteadKeyOf(claimKey)];
  const facts = await store.facts({ account, user, merchant: undefined, claims, counters: [] });
  return facts.claims.size === 0 ? undefined : REPLACED;
}

const REPLACED: Refused = { refused: t`another prize was given in its place already` };

/** WeChat Pay's word for each number that was ever sent and is not too old to be asked after. */
async function whyNotUnpaid(
  ports: VerdictPorts,
  numbers: readonly Payout[],
  last: Payout,
): Promise<Refused | undefined> {
  for (const payout of numbers) {
    if (payout.tries === 0 || (isOver(payout) && isTooOldToAsk(payout, ports.now()))) continue;
    const seen = await ports.payer(payout.merchant).payer.query(payout);
    if (await doubt(doubtPorts(ports), payout, seen))
      return {
        refused: t`WeChat Pay says that ${payout.billNo} is ${saidOf(seen) ?? seen.kind}: \`payouts settle ${payout.billNo} --as received\``,
      };
    if (isOver(payout) && (seen.kind === 'notFound' || phaseOf(seen, payout.request) === 'back')) continue;
    const judged = judgeAnswer(seen, await ports.store.history(payout.billNo), payout);
    if (judged === 'unpaid') continue;
    const why = typeof judged === 'object' ? judged.refused : t`WeChat Pay says that it waits for the follower`;
    return { refused: payout === last ? why : t`${payout.billNo}: ${why}` };
  }
  return undefined;
}

/** Whoever calls by hand sees the answer: no log beside it. */
function doubtPorts({ store, now: clock }: VerdictPorts): DoubtPorts {
  return { store, clock, log: SILENT };
}

/** What it held before its money returned, within the limits of today. */
async function countersFor(ports: VerdictPorts, payout: Payout, claimedAt: Instant): Promise<Counter[]> {
  const bounds = new Map((await ports.limits(payout, claimedAt)).map(limit => [limit.name, limit.max]));
  // What it holds of today's caps is not looked at again when it leaves today; those of another day are given back then.
  const caps = ports.caps(payout);
  const today = new Map((caps ? capsOf(payout, caps, ports.now()) : []).map(cap => [cap.name, cap.max]));
  return payout.holds.map(({ name, add }) => {
    const isCap = capDayOf(name, payout.merchant) !== undefined;
    return { name, add, max: (isCap ? today : bounds).get(name) ?? UNBOUNDED };
  });
}

function capsFor(config: Config, { merchant: name }: Payout): MerchantCaps | undefined {
  const merchant = config.merchants.get(name);
  return merchant && { merchant: name, ...merchant.limits };
}

/** As the live file and bot.yaml have them; where they say nothing any more, as the claim's own decision had them. */
export async function limitsOf(
  campaigns: readonly Campaign[],
  config: Config,
  store: Store,
  payout: Payout,
  at: Instant,
): Promise<readonly Counter[]> {
  const line = (await store.journal({ user: payout.user, limit: JOURNAL_READ })).find(
    ({ decision }) => awardIn(decision, payout) !== undefined,
  );
  const campaign = campaigns.find(({ id }) => id === payout.campaign);
  const decided = (line && awardIn(line.decision, payout)?.counters) ?? [];
  if (!campaign) return decided;
  // Whoever was drawn takes what was kept for them.
  const kept = line?.event.kind === 'drawn' ? [] : keptForDraws(campaign);
  const { account, user } = payout;
  const counters = kept.map(({ counter }) => counter);
  const facts = await store.facts({ account, user, merchant: undefined, claims: [], counters });
  const given = (counter: string): number => facts.counters.get(counter) ?? 0;
  return [...decided, ...liveLimits(campaign, config, payout, line, at).map(limit => lessKept(limit, kept, given))];
}

function awardIn(decision: Decision, { claimKey }: Payout): Award | undefined {
  return awardsOf(decision).find(award => award.claimKey === claimKey);
}

const JOURNAL_READ = 1000;

function liveLimits(
  campaign: Campaign,
  config: Config,
  payout: Payout,
  line: JournalLine | undefined,
  now: Instant,
): Limit[] {
  const { account, user } = payout;
  const nothing: Event = { key: eventKey(''), account, user, sentAt: now, kind: 'other', type: 'offer' };
  const event = line?.event ?? nothing;
  const caps = capsFor(config, payout);
  return [...campaign.prizes.values()].flatMap(prize =>
    prizeLimits(campaign, prize, payout.amount, { event, caps, now }),
  );
}

// ── Settle ───────────────────────────────────────────────────────────────────────────────────────────────────

/** The operator's word for what became of a number that WeChat Pay no longer tells of. */
export async function settlePayout(
  ports: VerdictPorts,
  billNo: string,
  verdict: OperatorsVerdict,
  reason: string,
): Promise<Answer> {
  const { store } = ports;
  for (let race = 0; race < RACES_MAX; race++) {
    const payout = await payoutOf(store, billNo);
    const no = whyNoVerdict(payout, verdict, ports.now());
    if (no !== undefined) return { refused: no };
    const numbers = await numbersOf(store, payout);
    const others = [...numbers, ...(await standInsOf(store, payout))];
    const living = others.find(each => each.billNo !== payout.billNo && !isFinal(each.state));
    if (living && verdict === 'received')
      return {
        refused: t`its claim has number ${living.billNo}, which is ${living.state}: \`payouts cancel\` that one first`,
      };
    const judged = judgeVerdict(payout, verdict, await askIfPossible(ports, payout), ports.now());
    if (typeof judged === 'object') return judged;
    const step = settleStep(payout, verdict, reason, ports.now(), holdsOf(numbers));
    if ((await store.advance(step)) === 'moved')
      return { done: t`settled as ${verdict}${verdict === 'unpaid' ? t`; its money is back in the budget` : ''}` };
  }
  return FASTER;
}

/** What is too old is asked after all the same: an answer counts, and none was to be expected. */
async function askIfPossible(ports: VerdictPorts, payout: Payout): Promise<Observation> {
  try {
    return await ports.payer(payout.merchant).payer.query(payout);
  } catch (error) {
    if (!(error instanceof BadInput) || !isTooOldToAsk(payout, ports.now())) throw error;
    return { kind: 'unreached', code: 'NO_MERCHANT', text: error.message };
  }
}

/** Each number hands its holds on to the next: the last one that had them says what the claim holds. */
function holdsOf(numbers: readonly Payout[]): Payout['holds'] {
  return numbers.findLast(({ holds }) => holds.length > 0)?.holds ?? [];
}
