// What one can try with each campaign, in one click: the words, the scan, the payment, the friends, the days and the rounds
// that lead to a prize. The same click again shows what refuses it.

import { openId } from '../../core/base/event.ts';
import { inviteScene } from '../../core/match/follower.ts';
import type { Packet } from '../../simulator/shared/protocol.ts';
import { api, type CampaignLine, type Play, type Way } from './api.ts';
import type { Deed } from './event-trail.ts';
import {
  act,
  complain,
  deedsNow,
  getModel,
  jumpTo,
  type Model,
  moveClock,
  newCodes,
  newPerson,
  packetKey,
  personOf,
  update,
  virtualNow,
} from './state.ts';
import { minuteOfDay } from './text/format.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const WAIT_MS = 4000;
const QUESTIONS_MAX = 20;

/** In which order a newcomer meets them. */
const ORDER: readonly Way['kind'][] = ['follow', 'text', 'visit', 'scan', 'pay', 'friends', 'code'];

export type Scenario = { readonly campaign: CampaignLine; readonly play: Play };

export function scenariosOf(m: Model): readonly Scenario[] {
  const all = m.campaigns.flatMap(campaign => (campaign.play ? [{ campaign, play: campaign.play }] : []));
  const rank = ({ campaign, play }: Scenario): number =>
    ORDER.indexOf(play.way.kind) +
    (campaign.rounds.length > 0 ? ORDER.length : 0) +
    (play.days !== undefined || play.answers ? 0.5 : 0);
  return all.sort((a, b) => rank(a) - rank(b));
}

/** The last thing that came of it for who one is. */
export function lastDeedOf(m: Model, { id }: CampaignLine): Deed | undefined {
  return deedsNow(m).find(({ line }) => {
    if (!line || line.decision.kind === 'ignored') return false;
    const { campaign, beside = [] } = line.decision;
    return campaign === id || beside.some(part => part.campaign === id);
  });
}

/** The packet that waits to be opened because of it. */
export function unopenedOf(m: Model, deed: Deed | undefined): Packet | undefined {
  const payout = deed?.line?.payout;
  const packet = payout && m.packets.get(packetKey({ mchId: payout.request.mchId, billNo: payout.billNo }));
  return packet?.status === 'SENT' ? packet : undefined;
}

/** When it is open next; `undefined`: now, or never again. */
export function opensAt({ period, rounds }: CampaignLine, { opensAfter = 0 }: Play, now: number): number | undefined {
  const [round] = rounds;
  if (round) return round.from + opensAfter <= now ? undefined : round.from + opensAfter;
  if (now < period.from) return period.from;
  const minute = minuteOfDay(now);
  if (period.hours.length === 0 || period.hours.some(([from, to]) => minute >= from && minute < to)) return undefined;
  const starts = period.hours.map(([from]) => (from > minute ? from - minute : from - minute + 24 * 60));
  return now - (now % MINUTE) + Math.min(...starts) * MINUTE;
}

let isBusy = false;

/** Does all that it takes. One at a time. */
export async function playIt({ campaign, play }: Scenario): Promise<void> {
  if (isBusy) return;
  isBusy = true;
  update({ selected: undefined, sheet: undefined });
  try {
    const later = opensAt(campaign, play, virtualNow(getModel()));
    if (later !== undefined) await jumpTo(later + 1000);
    await take(campaign, play);
  } catch (error) {
    complain(error);
  } finally {
    isBusy = false;
  }
}

async function take(campaign: CampaignLine, play: Play): Promise<void> {
  const { way } = play;
  if (way.kind === 'follow') return followAnew();
  const me = getModel().me;
  if (!me) return;
  if (way.kind === 'scan') return scan(way.scene);
  if (!personOf(getModel())?.following) await api.actAndWait(me, { kind: 'follow' });
  switch (way.kind) {
    case 'text':
      await say(me, way.text, play);
      return;
    case 'visit':
      update({ web: location.origin + (campaign.page ?? '/') });
      return;
    case 'pay': {
      await api.pay(me, { amount: way.amount, ...(way.attach !== undefined && { attach: way.attach }) });
      return;
    }
    case 'code':
      update({ codes: await newCodes(way.batch) });
      return;
    case 'friends':
      await bringFriends(me, campaign, way.count);
  }
}

/** Who follows already sees what a second time comes to; somebody new sees the first. */
async function followAnew(): Promise<void> {
  if (personOf(getModel())?.following) await newPerson();
  await act({ kind: 'follow' });
}

async function scan(scene: string): Promise<void> {
  await act(personOf(getModel())?.following ? { kind: 'scan', scene } : { kind: 'follow', scene });
}

async function say(me: string, text: string, { days = 1, answers }: Play): Promise<void> {
  for (let day = 1; day <= days; day++) {
    await api.actAndWait(me, { kind: 'text', text });
    if (day < days) await moveClock({ advanceMs: DAY });
  }
  if (!answers) return;
  let asked = 0;
  for (let n = 0; n < QUESTIONS_MAX; n++) {
    const letter = await letterFor(me, answers, asked);
    if (!letter) return;
    asked = linesOf(me).length;
    await api.actAndWait(me, { kind: 'text', text: letter });
  }
}

const linesOf = (me: string): readonly string[] =>
  (getModel().people.find(person => person.openid === me)?.chat ?? []).flatMap(line =>
    line.from === 'account' && line.kind === 'text' ? [line.text] : [],
  );

/** The letter before the right answer, once the question has arrived. */
async function letterFor(
  me: string,
  answers: NonNullable<Play['answers']>,
  after: number,
): Promise<string | undefined> {
  const last = await until(() => (linesOf(me).length > after ? linesOf(me).at(-1) : undefined));
  const known = answers.find(([question]) => last?.includes(question));
  return known && last?.split('\n').find(line => line.slice(2) === known[1])?.[0];
}

async function bringFriends(me: string, { id }: CampaignLine, count: number): Promise<void> {
  const scene = inviteScene(openId(me), id);
  const account = personOf(getModel())?.account;
  for (let n = 0; n < count; n++) {
    const { openid } = await api.newPerson({ following: false, ...(account !== undefined && { account }) });
    await api.actAndWait(openid, { kind: 'follow', scene });
    await api.pay(openid, { amount: 20_00 });
  }
}

async function until<T>(look: () => T | undefined): Promise<T | undefined> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const seen = look();
    if (seen !== undefined || Date.now() > end) return seen;
    await new Promise(done => setTimeout(done, 60));
  }
}
