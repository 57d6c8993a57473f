// How events, outcomes and payouts are called, for those who run a campaign: in both languages.

import type { Event } from '../base/event.ts';
import { type Fen, NO_MONEY, showFen } from '../base/money.ts';
import { isKeyOf, isOneOf } from '../base/record.ts';
import { t, type Wording } from '../base/words/words.ts';
import type { Decision, Open, Shadow } from '../decide/decision.ts';

import type { PayoutState } from '../payout/payout.ts';
import { type Detail, REFUSALS, type Refusal } from '../rules/campaign.ts';
import type { Reply } from '../rules/reply.ts';

const REFUSAL_WORDS: Readonly<Record<Refusal, Wording>> = {
  notStarted: t`not begun`,
  ended: t`over`,
  closed: t`outside its hours`,
  notEligible: t`not eligible`,
  already: t`has it already`,
  limited: t`at a limit`,
  soldOut: t`all given`,
  halted: t`payments are halted`,
};

const DETAIL_WORDS: Readonly<Record<Detail, Wording>> = {
  noChance: t`noChance`,
  tooSoon: t`tooSoon`,
  locked: t`locked`,
  later: t`later`,
  sceneSoldOut: t`sceneSoldOut`,
  between: t`between`,
  used: t`used`,
  invalid: t`invalid`,
  inactive: t`inactive`,
  paused: t`paused`,
  pending: t`pending`,
  progress: t`progress`,
  wrong: t`wrong`,
  timeout: t`timeout`,
  ask: t`ask`,
  cancelled: t`cancelled`,
  reminder: t`reminder`,
};

export const STATE_WORDS: Readonly<Record<PayoutState, Wording>> = {
  planned: t`planned: waits to be sent`,
  sending: t`being sent`,
  unknown: t`unknown: is asked after`,
  held: t`held: waits for somebody, or for the merchant`,
  sent: t`sent: waits to be received`,
  received: t`received (it was opened)`,
  refunded: t`not opened: the money came back`,
  failed: t`not paid`,
};

/** `at a limit (tooSoon)` */
export function refusalText(refusal: Refusal, detail?: Detail): Wording {
  return detail === undefined ? REFUSAL_WORDS[refusal] : t`${REFUSAL_WORDS[refusal]} (${DETAIL_WORDS[detail]})`;
}

/** A refusal by its key: `soldOut/later`. */
export function refusalKeyText(key: string): Wording {
  const [refusal, detail] = key.split('/');
  if (!isOneOf(REFUSALS, refusal) || (detail !== undefined && !isKeyOf(DETAIL_WORDS, detail))) return key;
  return refusalText(refusal, detail);
}

/** Of what has not happened. */
const OPEN_WORDS = t`will be drawn then: nobody knows what`;

export function decisionText(decision: Decision | Open): Wording {
  switch (decision.kind) {
    case 'open':
      return OPEN_WORDS;
    case 'awarded':
      return awardText(decision.prize, decision.amount);
    case 'refused':
      return t`refused: ${refusalText(decision.refusal, decision.detail)}`;
    case 'answered':
      return decision.detail === undefined ? t`automatic reply` : t`reply: ${DETAIL_WORDS[decision.detail]}`;
    case 'ignored':
      return t`no rule answers`;
    default:
      return decision satisfies never;
  }
}

function awardText(prize: string, amount: Fen): Wording {
  if (prize === 'progress') return t`counted: no prize yet`;
  return amount > 0 ? t`won "${prize}" ${showFen(amount)}` : t`got "${prize}"`;
}

export function shadowText({ outcome, prize, amount }: Shadow): Wording {
  if (outcome === 'answered') return t`automatic reply`;
  if (outcome === 'awarded') return prize === undefined ? OPEN_WORDS : awardText(prize, amount ?? NO_MONEY);
  return t`refused: ${refusalText(outcome)}`;
}

export function eventText(event: Event): Wording {
  switch (event.kind) {
    case 'text':
      return t`text "${event.text}"`;
    case 'subscribe':
      return event.scene === undefined ? t`follow` : t`follow by code "${event.scene}"`;
    case 'scan':
      return t`scan "${event.scene}"`;
    case 'click':
      return t`menu "${event.button}"`;
    case 'view':
      return t`link ${event.url}`;
    case 'scancode':
      return t`menu scan ${event.button} "${event.result}"`;
    case 'visit':
      return t`page of "${event.campaign}"`;
    case 'paid':
      return event.attach === undefined
        ? t`paid ${showFen(event.amount)}`
        : t`paid ${showFen(event.amount)} (${event.attach})`;
    case 'refunded':
      return t`refund ${showFen(event.amount)}`;
    case 'friend':
      return event.did === 'paid' ? t`friend paid ${event.friend}` : t`friend followed ${event.friend}`;
    default:
      return OTHER_EVENTS[event.kind];
  }
}

const OTHER_EVENTS = {
  unsubscribe: t`unsubscribe`,
  unsupported: t`unsupported`,
  image: t`image`,
  voice: t`voice`,
  video: t`video`,
  location: t`location`,
  link: t`link`,
  photos: t`photos`,
  place: t`place`,
  position: t`position`,
  lookup: t`lookup`,
  notice: t`notice`,
  drawn: t`drawn`,
  other: t`other`,
} as const;

export function replyText(reply: Reply): Wording {
  switch (reply.kind) {
    case 'none':
      return t`(no reply)`;
    case 'text':
      return reply.text;
    case 'image':
      return t`(image ${reply.mediaId})`;
    case 'news':
      return t`(news "${reply.title}" ${reply.url})`;
    case 'transfer':
      return reply.agent === undefined ? t`(handed to customer service)` : t`(handed to ${reply.agent})`;
    default:
      return reply satisfies never;
  }
}
