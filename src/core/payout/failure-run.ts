// What the gate remembers of the latest answers: the same trouble with several followers in a row is the merchant's, not
// the follower's. It outlives the process and goes with the merchant's turn, so all of it is plain data.

import { type Instant, later, MINUTE, SECOND } from '../base/time.ts';
import { type ResponseClass, rowOf } from './channels/channel.ts';
import { channelOf } from './channels/index.ts';
import { gotThrough, isUnheard } from './merchant-halt.ts';
import type { Observation, Payout, Step } from './payout.ts';
import type { Verdict } from './transitions.ts';
import { mayPass, unclearOf, unclearWords } from './unclear-answers.ts';

/** So many different followers, without a success between them. */
const REFUSED_MAX = 10;
const UNEXPLAINED_MAX = 3;
const WRONG_MAX = 3;
const FAILED_MAX = 3;
/** The very same unclear answer; any unclear answers, or one that may pass in a moment; … and two, if it lasts. */
const UNCLEAR_SAME_MAX = 3;
const UNCLEAR_ANY_MAX = 5;
const UNCLEAR_LASTS_MS = 10 * MINUTE;
/** No byte left this machine, whoever it was for: that is no follower's trouble, and never. */
const UNREACHED_MAX = 10;
/** As many of one campaign that had got through itself, for each campaign that has: then it is the key after all. */
const OBJECTED_MAX = 10;
const REMEMBERED_MAX = 200;

type Halted = { readonly code: string; readonly reason: string; readonly since?: Instant };

/** A request that WeChat Pay called wrong: its words, its settings, or our key. */
type Objection = {
  readonly campaign: string;
  readonly user: string;
  readonly billNo: string;
  /** It waits for a person, although it may turn out that only the key was wrong. */
  readonly isParked?: true;
};

export type FailureRun = {
  /** Followers. */
  readonly refused: readonly string[];
  readonly unexplained: readonly string[];
  readonly wrong: readonly string[];
  readonly failed: readonly string[];
  readonly unclear: readonly { readonly user: string; readonly answer: string; readonly at: Instant }[];
  readonly unreached: number;
  readonly objected: readonly Objection[];
  /** Followers who made a run of refusals before: they make no second one. */
  readonly known: readonly string[];
  /** Campaigns whose packets are called wrong while those of others get through. */
  readonly spoiled: readonly string[];
  /** Payouts for whose objection the merchant was halted: not once more for the same one. */
  readonly blamed: readonly string[];
  /** Campaigns of which a payout got through under the settings of today, since a person has resumed. */
  readonly paid: readonly string[];
  /** The halt that no success has followed yet. `isLifted`: for want of a payout to try it with; the next trouble shuts again. */
  readonly shut?: { readonly code: string; readonly since: Instant; readonly isLifted?: boolean };
  /** The latest payout that was let through to see. */
  readonly probe?: string;
};

const NO_TROUBLE = {
  refused: [],
  unexplained: [],
  wrong: [],
  failed: [],
  unclear: [],
  unreached: 0,
  objected: [],
} as const;
export const NO_RUN: FailureRun = { ...NO_TROUBLE, known: [], spoiled: [], blamed: [], paid: [] };

/** One answer, as the gate weighs it. */
type AnswerToWeigh = {
  readonly payout: Payout;
  readonly observation: Observation;
  readonly response: ResponseClass;
  /** It answers a question: old trouble that is seen once more is no new trouble. */
  readonly asked: boolean;
  /** It had not been sent before, as far as we knew. */
  readonly wasOpen: boolean;
  readonly now: Instant;
  /** What the table itself would halt for. */
  readonly halt?: Halted | undefined;
  readonly isProbe: boolean;
};

/** What the run makes of one more answer. */
export type Weighed = {
  readonly run: FailureRun;
  readonly halt?: Halted;
  /**
   * What becomes of a payout that was called wrong. `parked`: it is the trouble of its campaign, `alarm` says so.
   * `waits`: it is not parked for a probe's sake.
   */
  readonly payout?: 'parked' | 'waits';
  readonly alarm?: string;
  /** The cause of the halt is gone. */
  readonly isThrough?: true;
  /** These were parked for their own words, but it seems to be the key: they wait for the merchant again. */
  readonly unparked?: readonly string[];
};

/** The run after one more answer, and what it amounts to. */
export function runAfter(run: FailureRun, seen: AnswerToWeigh): Weighed {
  const weighed = weigh(run, seen);
  const { halt } = weighed;
  if (!halt) return weighed;
  const since = weighed.run.shut?.since ?? seen.now;
  return { ...weighed, run: { ...weighed.run, shut: { code: halt.code, since } }, halt: { ...halt, since } };
}

function weigh(run: FailureRun, seen: AnswerToWeigh): Weighed {
  const { payout, observation, response, asked, wasOpen, halt } = seen;
  const unclear = unclearOf(observation);
  if (unclear) return asked && !wasOpen ? { run } : unclearAfter(run, seen, unclear);
  if (observation.kind === 'unreached') return { run }; // bot.yaml has no way to call for it: nobody was heard
  const reached: FailureRun = { ...run, unreached: 0 };
  if (isNobodysFault(response) && wasOpen && !payout.userRefused) {
    return runOf(withoutUnclear(reached, payout.user), 'failed', seen, FAILED_MAX, {
      code: 'FAILED_RUN',
      reason: `WeChat Pay took the orders of ${FAILED_MAX} followers in a row and failed them, for no reason of theirs`,
    });
  }
  const isOurs = seen.isProbe || (wasOpen && run.probe === payout.billNo);
  if (gotThrough(response) && (!asked || isOurs)) return successAfter(reached, seen, isOurs);
  if (asked) return { run: isOver(response) ? withoutUnclear(reached, payout.user) : reached, ...(halt && { halt }) };
  const answered = refusedAfter({ ...reached, unclear: [] }, seen);
  const isHeard = seen.isProbe && !answered.halt && run.shut !== undefined && isUnheard(run.shut.code);
  return isHeard ? { ...answered, run: withoutShut(answered.run), isThrough: true } : answered;
}

function refusedAfter(run: FailureRun, seen: AnswerToWeigh): Weighed {
  const { observation, response, halt } = seen;
  const { code, text } = 'code' in observation ? observation : { code: '', text: '' };
  switch (response === 'ask' && code === 'NO_AUTH' ? 'unexplained' : response) {
    case 'refusedUser':
      if (run.known.includes(seen.payout.user)) return { run };
      return runOf(run, 'refused', seen, REFUSED_MAX, {
        code: 'REFUSED_RUN',
        reason: `${REFUSED_MAX} followers in a row were refused by WeChat: an attack, or too strict a 防刷等级`,
      });
    case 'unexplained':
      return runOf(run, 'unexplained', seen, UNEXPLAINED_MAX, {
        code: 'NO_AUTH',
        reason: `NO_AUTH for ${UNEXPLAINED_MAX} followers in a row, for a reason we do not know`,
      });
    case 'bug':
    case 'config':
    case 'configOne':
      return isAboutRequest(code, text, seen.payout) ? objectionAfter(run, seen, code) : { run, ...(halt && { halt }) };
    default:
      return { run, ...(halt && { halt }) };
  }
}

/** The verdict as the run would have it. */
export function weighedVerdict(verdict: Verdict, { halt, payout: becomes, alarm }: Weighed, now: Instant): Verdict {
  const { halt: _, alarm: told, ...rest } = verdict;
  const { nextAt: __, ...payout } = verdict.step.payout;
  const common = { ...rest, ...(halt && { halt }) };
  if (becomes === 'parked') return { ...common, alarm: alarm ?? told ?? 'parked', step: { ...verdict.step, payout } };
  if (becomes !== 'waits' || payout.stopped) return { ...common, ...(told !== undefined && { alarm: told }) };
  const waiting: Payout = { ...payout, nextDo: 'send', nextAt: later(now, 2 * SECOND) };
  return { ...common, step: { ...verdict.step, payout: waiting } };
}

/** Back among those that wait for the merchant; `undefined` if it is no longer parked. */
export function unparkStep(payout: Payout, now: Instant): Step | undefined {
  if (payout.state !== 'held' || payout.nextAt !== undefined || payout.stopped) return undefined;
  const next: Payout = { ...payout, version: payout.version + 1, nextDo: 'send', nextAt: now };
  return {
    payout: next,
    from: 'held',
    at: now,
    what: 'unparked',
    detail: 'it seems to be no fault of its own',
    move: 'none',
  };
}

// ── Success ──────────────────────────────────────────────────────────────────────────────────────────────

/**
 * What was called wrong before it, in other campaigns, is their own trouble; refusals were the followers' own. An order
 * that is taken in (`isProcessing`) may still fail: it ends no run of such.
 */
function successAfter(run: FailureRun, { payout, response }: AnswerToWeigh, isOurs: boolean): Weighed {
  const { shut } = run;
  const called = run.objected.map(each => each.campaign);
  const next: FailureRun = {
    ...run,
    ...NO_TROUBLE,
    failed: response === 'isProcessing' ? run.failed : [],
    known: shut?.code === 'REFUSED_RUN' ? union(run.known, run.refused) : run.known,
    spoiled: union(run.spoiled, called).filter(campaign => campaign !== payout.campaign),
    paid: union(run.paid, [payout.campaign]),
  };
  if (shut?.isLifted) return { run: withoutShut(next) };
  const isThrough = isOurs && !(shut?.code === 'FAILED_RUN' && response === 'isProcessing');
  return isThrough ? { run: withoutShut(next), isThrough } : { run: next };
}

function withoutShut({ shut: _, probe: __, ...rest }: FailureRun): FailureRun {
  return rest;
}

/** Opened without a success, as there is nothing to try it with: the next claim tries, and the next trouble shuts at once. */
export function afterLift(run: FailureRun): FailureRun {
  const { shut } = run;
  if (!shut || shut.code === 'REFUSED_RUN') return { ...withoutShut(run), refused: [] };
  return { ...run, shut: { ...shut, isLifted: true } };
}

/** A person has resumed: it begins anew, but nobody is blamed twice for the same payout. */
export function afterResume({ known, spoiled, blamed }: FailureRun): FailureRun {
  return { ...NO_RUN, known, spoiled, blamed };
}

// ── Unclear answers ──────────────────────────────────────────────────────────────────────────────────────

function unclearAfter(
  run: FailureRun,
  { payout, now }: AnswerToWeigh,
  unclear: NonNullable<ReturnType<typeof unclearOf>>,
): Weighed {
  const isUnreached = unclear.kind === 'unreached';
  const { user } = payout;
  const at = run.unclear.find(each => each.user === user)?.at ?? now;
  const others = run.unclear.filter(each => each.user !== user);
  const all = [...others, { user, answer: `${unclear.kind} ${unclear.code}`, at }].slice(-REMEMBERED_MAX);
  const next: FailureRun = { ...run, unclear: all, unreached: isUnreached ? run.unreached + 1 : 0 };
  if (run.shut && !run.shut.isLifted) return { run: next };
  const same = all.filter(each => each.answer === `${unclear.kind} ${unclear.code}`).length;
  const lasts = now - Math.min(...all.map(each => each.at));
  const isRun =
    (run.shut?.isLifted ?? false) ||
    same >= (mayPass(unclear) ? UNCLEAR_ANY_MAX : UNCLEAR_SAME_MAX) ||
    all.length >= UNCLEAR_ANY_MAX ||
    (all.length >= 2 && lasts >= UNCLEAR_LASTS_MS) ||
    next.unreached >= UNREACHED_MAX;
  if (!isRun) return { run: next };
  const whom = all.length === 1 ? `${next.unreached} times in a row` : `for ${all.length} followers in a row`;
  const reason = `no clear answer of WeChat Pay ${whom}, the last one ${unclearWords(unclear)}`;
  return { run: next, halt: { code: isUnreached ? 'UNREACHED' : 'UNCLEAR', reason } };
}

function withoutUnclear(run: FailureRun, user: string): FailureRun {
  const left = run.unclear.filter(each => each.user !== user);
  return left.length === run.unclear.length ? run : { ...run, unclear: left };
}

/** It failed, and not because of the follower, nor for a reason that halts by itself. */
export function isNobodysFault(response: ResponseClass): boolean {
  return (
    response === 'isFailed' ||
    response === 'isBillFailed' ||
    response === 'isFailedUnknown' ||
    response === 'isFailedBug'
  );
}

const isOver = (response: ResponseClass): boolean =>
  response === 'isSent' || response === 'isReceived' || response === 'isRefunding' || response === 'isRefunded';

// ── Followers in a row ───────────────────────────────────────────────────────────────────────────────────

/** One more follower in the same trouble; the same follower again is no run. */
function runOf(
  run: FailureRun,
  kind: 'refused' | 'unexplained' | 'failed',
  { payout, halt: told }: AnswerToWeigh,
  max: number,
  halt: Halted,
): Weighed {
  const users = union(run[kind], [payout.user]);
  const next: FailureRun = { ...run, [kind]: users };
  const isShut = run.shut !== undefined && !run.shut.isLifted;
  const isRun = users.length >= max || (run.shut?.isLifted === true && run.shut.code === halt.code);
  if (isShut || !isRun) return { run: next, ...(told && { halt: told }) };
  return { run: kind === 'refused' ? { ...next, known: union(run.known, users) } : next, halt };
}

// ── Requests that are called wrong ───────────────────────────────────────────────────────────────────────

/** Whether it may mean one packet's words and settings as well as ours; other codes of its class are the merchant's. */
function isAboutRequest(code: string, text: string, { request }: Payout): boolean {
  return rowOf(channelOf(request).codes.send, code, text)?.ofRequest ?? false;
}

/**
 * The trouble of one campaign while packets of others get through, or the merchant's: two campaigns meet it without a
 * success between them, or nothing ever got through under its settings, or since a person has resumed.
 */
function objectionAfter(run: FailureRun, seen: AnswerToWeigh, code: string): Weighed {
  const { payout, response, halt } = seen;
  const { campaign, user, billNo } = payout;
  const isBug = response === 'bug';
  const alarm = alarmOf(payout, seen.observation);
  const isKnown = run.spoiled.includes(campaign) || (run.blamed.includes(billNo) && !seen.isProbe);
  if (isKnown) return { run, payout: 'parked', alarm };
  const before = run.objected.filter(each => each.billNo !== billNo);
  const all = [...before, { campaign, user, billNo, ...(response === 'config' && { isParked: true as const }) }].slice(
    -REMEMBERED_MAX,
  );
  const users = new Set(all.map(each => each.user)).size;
  const isSpread = new Set(all.map(each => each.campaign)).size > 1 && users > 1;
  const isFirst = run.paid.length === 0;
  const isEnough = isBug ? users >= WRONG_MAX && (isSpread || isFirst) : isSpread || isFirst;
  const next: FailureRun = { ...run, objected: all };
  if (seen.isProbe) return { run: next, payout: 'waits', ...(halt && { halt }) };
  const isLong = run.paid.includes(campaign) && users >= OBJECTED_MAX * run.paid.length;
  if (!isEnough && !isLong) return { run: next, payout: 'parked', alarm };
  const wrong = `WeChat Pay called the requests for ${users} followers in a row wrong, the last one with ${code}`;
  const first = `nothing has got through yet under these settings, or since the last resume, so it is the key, the settings, or campaign ${campaign}`;
  const unparked = before.flatMap(each => (each.isParked ? [each.billNo] : []));
  return {
    run: { ...next, blamed: union(run.blamed, [billNo, ...unparked]) },
    halt: halt
      ? { ...halt, reason: `${halt.reason}: ${isFirst ? first : wrong}` }
      : { code: 'WRONG_RUN', reason: wrong },
    ...(unparked.length > 0 && { unparked }),
  };
}

/** What of a payout it may be, where it is not its words. */
const CAUSES: Readonly<Record<string, (payout: Payout) => string>> = {
  OPENID_ERROR: () => 'its follower is none of the account’s',
  ILLEGAL_APPID: ({ account, request }) => `the appId ${request.appId} of account ${account} is the reason`,
  MSGAPPID_ERROR: ({ account }) => `the AppID that account ${account} names is the reason`,
};

/** Names the campaign and its words: whoever reads it has not written them. */
function alarmOf(payout: Payout, observation: Observation): string {
  const { campaign, request } = payout;
  const [code, text] = observation.kind === 'refused' ? [observation.code, observation.text] : ['', ''];
  const words = channelOf(request).wordsIn(request);
  const quoted = words.flatMap(word => (word ? [`「${word}」`] : [])).join('');
  const cause =
    CAUSES[code]?.(payout) ?? `look at the words of its \`packet\`, WeChat Pay may mask or refuse one: ${quoted}`;
  return `parked: WeChat Pay refuses this packet of campaign ${campaign} (${`${code} ${text}`.trim()}); ${cause}. The other campaigns go on`;
}

function union(some: readonly string[], more: readonly string[]): readonly string[] {
  const all = [...new Set([...some, ...more])];
  return all.length === some.length ? some : all.slice(-REMEMBERED_MAX);
}
