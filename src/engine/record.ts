// Writes down what was seen of a payout, and what else follows from it: a halt of the merchant first, so that no other
// call leaves in between. The one place for it: settle and the notices of WeChat Pay both come here.

import { beijingText } from '../core/base/time.ts';
import { channelOf } from '../core/payout/channels/index.ts';
import { probeAfter } from '../core/payout/merchant-halt.ts';
import type { Payout } from '../core/payout/payout.ts';
import type { Verdict } from '../core/payout/transitions.ts';
import { type Cancel, isCancel } from '../core/rules/campaign.ts';
import type { Clock, Log, Store } from '../ports.ts';

export type RecordPorts = {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  /** The follower should hear that the packet will not come (`problem`). */
  readonly onProblem?: (payout: Payout) => void;
  /** Of one that has failed; `true`: they get another prize instead, or hear of it. */
  readonly onFailed?: (payout: Payout) => boolean;
  /** What was undone has come back. */
  readonly onUndone?: (payout: Payout, cause: Cancel) => void;
};

export async function recordVerdict(
  ports: RecordPorts,
  merchant: string,
  verdict: Verdict,
): Promise<'moved' | 'stale'> {
  const { store, log, onProblem, onFailed, onUndone } = ports;
  const { payout, from, detail } = verdict.step;
  if (verdict.halt) await shut(ports, merchant, verdict.halt, verdict.response === 'isFailedMerchant');
  const result = await store.advance(verdict.step);
  const fields = {
    billNo: payout.billNo,
    campaign: payout.campaign,
    from,
    to: payout.state,
    seen: verdict.response,
    detail,
  };
  if (result === 'stale') log.info(fields, 'somebody else took this payout on');
  else if (verdict.alarm) log.error({ ...fields, alarm: verdict.alarm }, `payout: ${verdict.alarm}`);
  else if (payout.state === 'held' || payout.state === 'unknown') log.warn(fields, 'payout: not clear yet');
  else log.info(fields, `payout ${payout.state}`);
  const isReplaced = result === 'moved' && payout.state === 'failed' && onFailed?.(payout) === true;
  if (result === 'moved' && verdict.problem && !isReplaced) onProblem?.(payout);
  const by = payout.stopped;
  if (result === 'moved' && isCancel(by)) {
    if (hasComeBack(payout)) onUndone?.(payout, by);
    else if (payout.state === 'received' || (payout.state === 'sent' && from !== 'sent'))
      log.warn({ ...fields, by }, 'a payout that was taken back had been paid already; it stays');
  }
  return result === 'moved' ? 'moved' : 'stale'; // what was seen takes no counters
}

/** Nobody gets it any more. An unopened red packet only went back, as any other does. */
function hasComeBack({ state, request }: Payout): boolean {
  return state === 'failed' || (state === 'refunded' && channelOf(request).canTakeBack);
}

/** A halt by a person stays theirs; one of ours keeps the time at which it began. */
export async function shut(
  { clock, store, log }: RecordPorts,
  merchant: string,
  { code, reason, since: told }: NonNullable<Verdict['halt']>,
  isCostly = false,
): Promise<void> {
  const now = clock();
  const before = await store.halt(merchant);
  if (before?.by === 'operator') return;
  const since = before?.since ?? told ?? now;
  const probeAt = probeAfter(code, now, since, isCostly);
  const next = { code, reason, since, by: 'bot', ...(probeAt !== undefined && { probeAt }) } as const;
  await store.setHalt(merchant, next, 'bot');
  const nextTry = probeAt === undefined ? 'by hand' : beijingText(probeAt);
  log.error({ merchant, code, reason, probeAt, nextTry }, 'the merchant is halted; nothing queued is lost');
}
