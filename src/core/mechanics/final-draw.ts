// A draw at the end (开奖): `enter` gives a ticket for it, and `on: { drawn: … }` is what becomes of those who were drawn. Who is drawn
// stands in `core/draw`; here a winner comes with their prize, as a printed code does.

import { beijingText } from '../base/time.ts';
import { t } from '../base/words/words.ts';
import { claimKeyOf } from '../match/claim-key.ts';
import type { Campaign, FinalDraw, Rule } from '../rules/campaign.ts';
import { isWritten, kindsOf, listsOf, sayUnknown } from '../rules/schema/written.ts';
import { ticketOf } from '../rules/ticket.ts';
import { located, name, optional } from '../yaml/schema.ts';
import { mechanic, type RuleContext } from './mechanic.ts';

export type DrawChecks = {
  drawOpen: { at: FinalDraw['at'] };
};

/** Not 0 once the draw has begun to be held: an entry that was decided before and is written after is lost, and decided again. */
export function closedCounter({ id }: Pick<Campaign, 'id'>, draw: string): string {
  return `campaign/${id}/draw/${draw}/closed`;
}

function drawOf({ campaign, rule }: Pick<RuleContext, 'campaign' | 'rule'>): FinalDraw | undefined {
  return rule.enter === undefined ? undefined : campaign.draws?.get(rule.enter);
}

export const enter = mechanic({
  fields: { enter: optional(located(name(t`a draw`)), '得到一个抽奖号，参加哪一场开奖') },
  check(rule, { file, say }) {
    if (!rule.enter) return;
    const draws = [...(file.draws?.keys() ?? [])];
    sayUnknown(t`draw`, rule.enter, draws, say, t`the campaign has no \`draws\``);
    // What a refund would have to take back: by then it may have been drawn.
    if (kindsOf(rule)?.some(kind => kind === 'paid' || kind === 'friend'))
      say(
        rule.enter.at,
        t`who pays may be refunded after the draw; let the payment earn a chance and \`spend\` it by a word to enter`,
      );
  },
  build: ({ enter: draw }) => (draw ? { enter: draw.value } : {}),
  describe(rule, { campaign, say }) {
    const draw = rule.enter === undefined ? undefined : campaign.draws?.get(rule.enter);
    if (!draw) return [];
    const when = beijingText(draw.at).slice(0, 16);
    return [
      say(
        `参加后得到一个抽奖号，参加 ${when} 的「${draw.name}」开奖`,
        `it gives a ticket for the draw "${draw.name}" of ${when}`,
      ),
    ];
  },
  comesTo: () => ({ ended: true }),
  placeholders: said =>
    said === 'progress' || said === 'won' || said === 'nothing' ? ['ticket', 'drawAt'] : ['drawAt'],
  isIn: rule => rule.enter !== undefined,
  wants: at => (at.rule.enter === undefined ? [] : [closedCounter(at.campaign, at.rule.enter)]),
  refuses(at) {
    const draw = drawOf(at);
    if (!draw) return undefined;
    const isOpen = at.now < draw.at && at.value(closedCounter(at.campaign, draw.name)) === 0;
    return at.see({ ok: isOpen, check: 'drawOpen', at: draw.at }) ? undefined : { refusal: 'ended' };
  },
  counts: at =>
    at.rule.enter === undefined ? [] : [{ name: closedCounter(at.campaign, at.rule.enter), add: 0, max: 0 }],
  values(at) {
    const draw = drawOf(at);
    const ticket = ticketOf(claimKeyOf(at.campaign, at.rule, at.event, at.now));
    return draw ? { ticket, drawAt: beijingText(draw.at).slice(0, 16) } : {};
  },
  takesBack: 'nothing',
});

function drawsOf({ on }: Pick<Rule, 'on'>): string[] {
  return on.flatMap(trigger => (trigger.kind === 'drawn' ? [trigger.draw] : []));
}

export const drawnPrize = mechanic({
  fields: {},
  checkAny(rule, { file, say }) {
    const triggers = rule.on?.value ?? [];
    const drawn = triggers.find(trigger => trigger.kind === 'drawn');
    if (!drawn || !rule.on) return;
    const { at } = rule.on;
    const draw = 'draw' in drawn && drawn.draw !== undefined ? drawn.draw : '';
    const winners = file.draws?.get(draw)?.winners;
    if (triggers.length > 1) say(at, t`who is drawn did nothing at that moment: leave the other triggers out`);
    if (!file.draws?.has(draw)) say(at, t`unknown draw "${draw}"; name it under \`draws\``);
    if (rule.once) say(rule.once.at, t`nobody is drawn twice; leave \`once\` out`);
    if (!winners || isWritten(rule, 'reply')) return;
    const names = new Set(listsOf(rule).flatMap(list => list.map(({ value }) => value)));
    const wanted = winners.flatMap(({ key }) => (key ? [key.value] : []));
    const isSame = names.size === wanted.length && wanted.every(each => names.has(each));
    if (!isSame)
      say(rule.give?.at ?? at, t`the draw "${draw}" gives ${wanted.join(', ')}; write give: [${wanted.join(', ')}]`);
  },
  // Nobody is drawn twice, and what can be won was put aside when the campaign went live.
  comesTo: (_rule, _campaign, inTests) => ({
    ...{ notStarted: 'never', ended: 'never', closed: 'never', halted: 'never' },
    ...(inTests && { already: 'never', soldOut: 'never', limited: 'never' }),
  }),
  isIn: rule => drawsOf(rule).length > 0,
  gives: ({ event }) => (event.kind === 'drawn' ? [event.prize] : undefined),
  takesBack: 'nothing',
});
