// A visitor's prizes in one campaign, from the journal (what was decided) and the payouts (what became of the money).

import type { OpenId } from '../../core/base/event.ts';
import { yuanText } from '../../core/base/money.ts';
import { type Award, awardsOf } from '../../core/decide/decision.ts';
import type { Payout } from '../../core/payout/payout.ts';
import { latestOfEach, payoutView } from '../../core/payout/view.ts';
import type { Campaign } from '../../core/rules/campaign.ts';
import { isCash, isWorth } from '../../core/rules/campaign-query.ts';
import { prizeCalled } from '../../core/rules/renamed.ts';
import type { Answer, JournalLine, Store } from '../../ports.ts';
import { wordsOf } from './html/texts.ts';
import type { Confirm, Lang, Own, OwnPrize, Result } from './html/view.ts';

/** So many of a follower's latest events and payouts are looked through. */
const LOOKED_AT_MAX = 200;
const SHOWN_MAX = 50;

type Awarded = JournalLine & { readonly decision: Award };

/** `merchant`: whom the visitor may have authorized to pay them without a tap. */
export async function ownOf(
  store: Store,
  campaign: Campaign,
  user: OpenId,
  merchant: string | undefined,
): Promise<{ readonly own: Own; readonly payouts: readonly Payout[] }> {
  const [journal, all, authorization] = await Promise.all([
    store.journal({ user, limit: LOOKED_AT_MAX }),
    store.payouts({ user, campaign: campaign.id, limit: LOOKED_AT_MAX }),
    merchant === undefined ? undefined : store.authorization(merchant, user),
  ]);
  const isAuthorized = authorization?.state === 'TAKING_EFFECT';
  const awards = journal.flatMap(line =>
    awardsOf(line.decision)
      .filter(award => award.campaign === campaign.id)
      .map((decision): Awarded => ({ ...line, decision })),
  );
  const names = new Map(awards.map(({ decision }) => [decision.claimKey, calledIn(campaign, decision.prize)]));
  const payouts = latestOfEach(all);
  const prizes = [
    ...payouts.map(payout => paid(payout, names.get(payout.claimKey) ?? campaign.name)),
    ...awards.flatMap(line => coupon(line, campaign)),
  ];
  prizes.sort((a, b) => b.at - a.at);
  const draws = awards
    .slice(0, SHOWN_MAX)
    .map(({ decision }) => ({ claimKey: decision.claimKey, prize: calledIn(campaign, decision.prize) }));
  return { own: { prizes: prizes.slice(0, SHOWN_MAX), draws, isAuthorized }, payouts };
}

/** Those that wait for the visitor, with what opens their sheet. */
export function toConfirm(payouts: readonly Payout[]): Confirm['transfers'] {
  return payouts.flatMap(payout => {
    const { request, packageInfo, billNo } = payout;
    if (packageInfo === undefined || payoutView(payout).stage !== 'confirm') return [];
    return [{ billNo, mchId: request.mchId, appId: request.appId, package: packageInfo }];
  });
}

function paid(payout: Payout, name: string): OwnPrize {
  const { amount, createdAt: at, billNo } = payout;
  const { stage, when } = payoutView(payout);
  return {
    name,
    at,
    state: stage === 'stuck' ? 'coming' : stage,
    amount,
    ...(when !== undefined && { when }),
    ...(stage === 'confirm' && { billNo }),
  };
}

function coupon({ decision, at, reply }: Awarded, campaign: Campaign): OwnPrize[] {
  if (!isSaid(campaign, decision.prize)) return [];
  return [
    { name: calledIn(campaign, decision.prize), at, state: 'said', text: reply.kind === 'text' ? reply.text : '' },
  ];
}

/** Worth something, and no payout: what was said of it is all there is to show. */
function isSaid({ prizes }: Campaign, name: string): boolean {
  const prize = prizes.get(name);
  return prize !== undefined && isWorth(prize) && !isCash(prize);
}

/** What a prize is called today, whatever it was when it was won. */
function calledIn({ prizes }: Campaign, prize: string): string {
  return prizeCalled(prizes.get(prize) ?? { name: prize });
}

// ── One tap ──────────────────────────────────────────────────────────────────────────────────────────────────

/** What the tap came to, in words. `line`: as the journal has it, where it has it already. */
export function resultOf(answer: Answer, line: JournalLine | undefined, campaign: Campaign, lang: Lang): Result {
  const words = wordsOf(lang);
  const text = sayable(answer, words.silent, words.inChat);
  const awards = line ? awardsOf(line.decision).filter(award => award.campaign === campaign.id) : [];
  const [dearest] = [...awards].sort((a, b) => b.amount - a.amount);
  if (!dearest) return { kind: 'said', title: words.said, text };
  const { prize, amount } = dearest;
  const kind = amount > 0 ? 'won' : isSaid(campaign, prize) ? 'coupon' : 'nothing';
  return { kind, title: words[kind], text, ...(amount > 0 && { amount: yuanText(amount) }) };
}

function sayable({ reply }: Answer, silent: string, inChat: string): string {
  switch (reply.kind) {
    case 'text':
      return reply.text;
    case 'news':
      return [reply.title, reply.description].filter(part => part !== '').join('\n');
    case 'none':
      return silent;
    default:
      return inChat;
  }
}
