// Goods (实物) on the way of an event: what was won is remembered with the claim, what its winner types about themselves is heard
// before any rule, sealed, and kept out of the journal.

import type { Event } from '../../core/base/event.ts';
import { normalise } from '../../core/base/text.ts';
import type { Instant } from '../../core/base/time.ts';
import type { Decision } from '../../core/decide/decision.ts';
import type { Book, Match } from '../../core/decide/match.ts';
import type { Draft } from '../../core/goods/details.ts';
import { type Parcels, parcelsIn, parcelsText, type Seals, withParcel } from '../../core/goods/parcel.ts';
import { ASK_AGAIN, hear, isAskedForDetails } from '../../core/goods/talk.ts';
import type { Facts } from '../../core/match/facts.ts';
import { asksForMine } from '../../core/messages/my-packets.ts';
import { withPending } from '../../core/messages/pending.ts';
import type { Award } from '../../core/payout/plan.ts';
import type { Campaign, Trigger } from '../../core/rules/campaign.ts';
import { codeIn } from '../../core/rules/printed-code.ts';
import { NO_REPLY, type Reply } from '../../core/rules/reply.ts';
import type { Sealer } from '../../lib/seal.ts';
import type { Commit, DocumentRow, Log } from '../../ports.ts';

type GoodsPorts = {
  readonly book: () => Book;
  readonly log: Log;
  readonly sealer?: Sealer | undefined;
};

type Whose = Pick<Event, 'account' | 'user'>;
type Around = { readonly now: Instant; readonly matches: readonly Match[]; readonly parcels: Parcels };
type Heard = NonNullable<ReturnType<typeof hear>>;

/** What stands in the journal in place of what somebody typed about themselves. */
const UNSAID = '〔收件信息，不记录〕';

function parcelsOf({ account, user }: Whose): Pick<DocumentRow, 'kind' | 'name'> {
  return { kind: 'parcels', name: `${account}/${user}` };
}

/** The key and whose it is, as `core/goods` needs them. */
export function sealsOf(sealer: Sealer, { account, user }: Whose): Seals {
  const whose = `${account}/${user}`;
  return {
    seal: draft => sealer.seal(JSON.stringify(draft), whose),
    open(sealed) {
      const text = sealer.open(sealed, whose);
      return text === undefined ? undefined : (JSON.parse(text) as Draft);
    },
  };
}

/** `undefined`: it is no word to us. */
export function hearOfGoods(ports: GoodsPorts, event: Event, { now, matches, parcels }: Around): Heard | undefined {
  if (event.kind !== 'text' || parcels.parcels.length === 0) return undefined;
  if (!ports.sealer) {
    ports.log.error({ account: event.account }, 'somebody has won goods, and bot.yaml has no personalKey any more');
    return undefined;
  }
  const { campaigns } = ports.book();
  return hear(parcels, event.text, {
    now,
    seals: sealsOf(ports.sealer, event),
    campaign: id => campaigns.find(campaign => campaign.id === id),
    isExpected:
      asksForMine(event) || codeIn(event) !== undefined || matches.some(match => isForWord(match, event.text)),
  });
}

/** Whether the rule waits for this very word, and not for anything that looks or contains so. */
function isForWord({ rule }: Match, text: string): boolean {
  const word = normalise(text);
  const isWord = (trigger: Trigger): boolean =>
    trigger.kind === 'text' &&
    ((trigger.match === 'exact' && trigger.words.includes(word)) ||
      (trigger.match === 'daily' && [...trigger.byDay.values()].some(words => words.includes(word))));
  return rule.on.some(isWord);
}

/** Everything that is written of it: no rule was asked. */
export function aboutGoods(event: Event, now: Instant, facts: Facts, { parcels, reply: own }: Heard) {
  const before = parcelsIn(facts.parcels?.text);
  const { reply, told } = withPending(event, own, facts.pending);
  const decision: Decision = { kind: 'ignored', reply: NO_REPLY, trace: [] };
  return {
    event: withoutDetails(event, before, now),
    seenAt: now,
    answer: { reply, at: now },
    decision,
    counters: [],
    ...(told && { told }),
    documents: [documentOf(event, parcels, facts.parcels?.version ?? 0)],
    friendBefore: facts.follower,
  };
}

function documentOf(event: Whose, parcels: Parcels, seen: number): NonNullable<Commit['documents']>[number] {
  return {
    ...parcelsOf(event),
    text: parcelsText(parcels),
    ...(parcels.talk && { waits: true as const }),
    seen,
  };
}

/** While a name, a number or an address is waited for, what somebody types may be one, whoever answers it. */
export function withoutDetails(event: Event, parcels: Parcels, now: Instant): Event {
  return event.kind === 'text' && isAskedForDetails(parcels, now) ? withoutText(event) : event;
}

function withoutText(event: Event): Event {
  return event.kind === 'text' ? { ...event, text: UNSAID } : event;
}

/** The rules' reply, or the question once more where nobody has an answer. */
export function goodsAskedAgain(event: Event, decision: Decision, parcels: Parcels, now: Instant): Reply {
  const isAnswer = event.kind === 'text' && decision.kind === 'ignored' && isAskedForDetails(parcels, now);
  return isAnswer ? ASK_AGAIN : decision.reply;
}

/** What is remembered with claims that won something to be sent; several may come of one event. */
export function goodsWon(
  awards: readonly { readonly campaign: Campaign; readonly award: Award }[],
  at: { readonly event: Event; readonly parcels: Parcels; readonly now: Instant; readonly seen: number },
): Commit['documents'] {
  let { parcels } = at;
  for (const { campaign, award } of awards) {
    const prize = campaign.prizes.get(award.prize);
    if (prize?.kind !== 'goods') continue;
    const about = { campaign: campaign.id, prize: prize.name, what: prize.what };
    parcels = withParcel(parcels, { claim: award.claimKey, ...about, wonAt: at.now }, at.now);
  }
  return parcels === at.parcels ? undefined : [documentOf(at.event, parcels, at.seen)];
}
