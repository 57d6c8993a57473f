// A made-up crowd for a made-up day: who comes, when, and what they do, as far as a campaign's own triggers tell.

import { type Event, eventKey, type Happening, type OpenId, openId } from '../base/event.ts';
import { type Chance, logNormal, pick, poisson } from '../base/random.ts';
import {
  DAY,
  type Day,
  HOUR,
  type Instant,
  instant,
  later,
  MINUTE,
  minuteOfDay,
  SECOND,
  weekdayOf,
} from '../base/time.ts';
import { dayIn } from '../match/claim-key.ts';
import type { CodeFact } from '../match/facts.ts';
import { inviteScene } from '../match/follower.ts';
import type { Campaign, Rule } from '../rules/campaign.ts';
import { isCash, makesClaims } from '../rules/campaign-query.ts';
import { paying } from '../triggers/elsewhere.ts';
import { exampleOf } from '../triggers/index.ts';
import type { Way } from '../triggers/trigger.ts';

type SyntheticDayPlan = {
  readonly campaign: Campaign;
  readonly account: string;
  readonly day: Day;
  readonly users: number;
  /** What each of them does on the average, apart from following. */
  readonly perUser: number;
  readonly chance: Chance;
};

type SyntheticDay = {
  /** Follows of before that day. */
  readonly before: readonly Event[];
  /** In the order of their times. */
  readonly events: readonly Event[];
  readonly codes: ReadonlyMap<string, CodeFact>;
  readonly newFollowers: number;
  /** Triggers for which nobody could be made up. */
  readonly leftOut: readonly { readonly rule: string; readonly trigger: string }[];
};

/** How many come in each hour of the clock: few at night, more at noon, most in the evening. */
const HOURS = [2, 1, 1, 1, 1, 2, 4, 8, 10, 9, 9, 10, 13, 11, 8, 8, 9, 10, 12, 15, 18, 17, 12, 6];
/** As many come in a round, of those who come for rounds. */
const IN_ROUNDS = 0.9;
const NEW_SHARE = 0.3;
const INVITED_SHARE = 0.5;
const LEAVING_SHARE = 0.02;
const REFUNDED_SHARE = 0.03;
/** Of the crowd, as far as there are such openids: what rules ask of segments is then true of some. */
const IN_SEGMENTS_SHARE = 0.5;
const DAYS_LOOKED_AT = 4000;

/** The first day on which the campaign is open, or has a round if it has any; `undefined`: there is none. */
export function firstOpenDay(campaign: Campaign): Day | undefined {
  const { rounds, period } = campaign;
  if (rounds[0]) return dayIn(campaign, rounds[0].from);
  for (let n = 0; n < DAYS_LOOKED_AT && later(period.from, (n - 1) * DAY) < period.to; n++) {
    const day = dayIn(campaign, later(period.from, n * DAY));
    if (openMinutes(campaign, day).length > 0) return day;
  }
  return undefined;
}

/** When the campaign's own day begins. */
function startOf({ period }: Campaign, day: Day): Instant {
  return instant(Date.parse(`${day}T00:00:00+08:00`) + period.dayStartsAt * MINUTE);
}

function openMinutes(campaign: Campaign, day: Day): Instant[] {
  const { from, to, hours, weekdays } = campaign.period;
  const start = startOf(campaign, day);
  const minutes = Array.from({ length: DAY / MINUTE }, (_, n) => later(start, n * MINUTE));
  return minutes.filter(at => {
    const minute = minuteOfDay(at);
    const isIn = hours.length === 0 || hours.some(([opens, closes]) => minute >= opens && minute < closes);
    return isIn && at >= from && at < to && (weekdays.length === 0 || weekdays.includes(weekdayOf(at)));
  });
}

/** Draws a moment of the day by the curve; `forRounds`: mostly in one of them. `undefined`: it is shut all day. */
function momentsOf(campaign: Campaign, day: Day, chance: Chance, forRounds = false): (() => Instant) | undefined {
  const minutes = openMinutes(campaign, day);
  if (minutes.length === 0) return undefined;
  const curve = minutes.map(at => HOURS[Math.floor(minuteOfDay(at) / 60)]!);
  const isInRound = (at: Instant): boolean =>
    campaign.rounds.some(({ from, to }) => later(at, MINUTE) > from && at < to);
  const inRounds = forRounds ? minutes.filter(isInRound).length : 0;
  const all = curve.reduce((sum, weight) => sum + weight, 0);
  const extra = inRounds === 0 ? 0 : (all * IN_ROUNDS) / (1 - IN_ROUNDS) / inRounds;
  const sums: number[] = [];
  let sum = 0;
  for (const [n, at] of minutes.entries()) {
    sum += curve[n]! + (extra > 0 && isInRound(at) ? extra : 0);
    sums.push(sum);
  }
  return () => {
    const point = chance() * sum;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > point) high = middle;
      else low = middle + 1;
    }
    return later(minutes[low]!, Math.floor(chance() * 60) * SECOND);
  };
}

// ── What they do ─────────────────────────────────────────────────────────────────────────────────────────────

type Ways = {
  /** By rule, so that each is as likely, however many triggers it has. */
  readonly doings: readonly { readonly ways: readonly Way[]; readonly isForRounds: boolean }[];
  readonly follows: readonly Way[];
  readonly codes: Map<string, CodeFact>;
  readonly leftOut: SyntheticDay['leftOut'];
};

function waysOf(campaign: Campaign, day: Day): Ways {
  const codes = new Map<string, CodeFact>();
  const follows: Way[] = [];
  const leftOut: { rule: string; trigger: string }[] = [];
  const doings = campaign.rules.filter(isPlayed).map(rule => ({
    isForRounds: campaign.rounds.length > 0 && rule.give.some(name => isCash(campaign.prizes.get(name)!)),
    ways: rule.on.flatMap(trigger => {
      if (trigger.kind === 'friend' || trigger.kind === 'unsubscribe') return []; // these come by themselves
      const way = exampleOf(trigger, { campaign, rule, day, codes });
      if (!way)
        leftOut.push({ rule: rule.id, trigger: trigger.kind === 'text' ? `text ${trigger.match}` : trigger.kind });
      if (trigger.kind !== 'subscribe') return way ?? [];
      follows.push(way!);
      return [];
    }),
  }));
  if (hasFriends(campaign, 'paid') && !campaign.rules.some(rule => rule.on.some(({ kind }) => kind === 'paid')))
    doings.push({ ways: [chance => paying(3000, undefined, chance)], isForRounds: false });
  return { doings: doings.filter(({ ways }) => ways.length > 0), follows, codes, leftOut };
}

function isPlayed(rule: Rule): boolean {
  return makesClaims(rule) || rule.quiz !== undefined || rule.invite !== undefined;
}

function hasFriends({ rules }: Campaign, did: 'followed' | 'paid'): boolean {
  return rules.some(rule => rule.on.some(trigger => trigger.kind === 'friend' && trigger.did === did));
}

// ── The crowd ────────────────────────────────────────────────────────────────────────────────────────────────

export function syntheticDayOf(plan: SyntheticDayPlan): SyntheticDay | undefined {
  const { campaign, day, chance } = plan;
  const moment = momentsOf(campaign, day, chance);
  const roundMoment = momentsOf(campaign, day, chance, true);
  if (!moment || !roundMoment) return undefined;
  const ways = waysOf(campaign, day);
  const [before, events]: [Event[], Event[]] = [[], []];
  const people = peopleOf(plan);
  let newFollowers = 0;
  const put = (list: Event[], user: OpenId, sentAt: Instant, happening: Happening): void => {
    const key = eventKey(`day-${before.length + events.length + 1}`);
    list.push({ key, account: plan.account, user, sentAt, ...happening });
  };
  for (const [index, user] of people.entries()) {
    const count = ways.doings.length === 0 ? 0 : 1 + poisson(plan.perUser - 1, chance);
    const times: Instant[] = [];
    for (let n = 0; n < count; n++) {
      const doing = pick(ways.doings, chance);
      const time = doing.isForRounds ? roundMoment() : moment();
      const happening = pick(doing.ways, chance)(chance);
      times.push(time);
      put(events, user, time, happening);
      if (happening.kind === 'paid' && chance() < REFUNDED_SHARE)
        put(events, user, later(time, HOUR), refundOf(happening));
    }
    const isNew = chance() < (ways.doings.length === 0 ? 1 : NEW_SHARE);
    const came = isNew ? later(instant(Math.min(...times, moment())), -30 * SECOND) : agoFrom(campaign, day, chance);
    const isInvited = isNew && index > 0 && invites(campaign) && chance() < INVITED_SHARE;
    const scene = isInvited ? inviteScene(people[Math.floor(chance() * index)]!, campaign.id) : undefined;
    const followed: Happening =
      scene !== undefined ? { kind: 'subscribe', via: 'qr', scene } : followFrom(ways, chance);
    put(isNew ? events : before, user, came, followed);
    if (isNew) newFollowers++;
    if (chance() < LEAVING_SHARE)
      put(events, user, later(instant(Math.max(moment(), came)), MINUTE), { kind: 'unsubscribe' });
  }
  events.sort((a, b) => a.sentAt - b.sentAt);
  return { before, events, codes: ways.codes, newFollowers, leftOut: ways.leftOut };
}

function peopleOf({ campaign, users, chance }: SyntheticDayPlan): OpenId[] {
  const listed = [...new Set([...campaign.segments.values()].flatMap(segment => [...segment]))];
  const known = listed.slice(0, Math.floor(users * IN_SEGMENTS_SHARE));
  const others = Array.from({ length: users - known.length }, (_, n) => `user-${n + 1}`);
  const people = [...known, ...others].map(openId);
  for (let n = people.length - 1; n > 0; n--) {
    const other = Math.floor(chance() * (n + 1));
    [people[n], people[other]] = [people[other]!, people[n]!];
  }
  return people;
}

function agoFrom(campaign: Campaign, day: Day, chance: Chance): Instant {
  return later(startOf(campaign, day), -Math.round(logNormal(60 * DAY, 1.2, chance)));
}

function followFrom({ follows }: Ways, chance: Chance): Happening {
  return follows.length === 0 ? { kind: 'subscribe', via: 'direct' } : pick(follows, chance)(chance);
}

function invites(campaign: Campaign): boolean {
  return hasFriends(campaign, 'followed') || hasFriends(campaign, 'paid');
}

function refundOf({ merchant, transaction, amount }: Extract<Happening, { kind: 'paid' }>): Happening {
  return { kind: 'refunded', merchant, transaction, refund: `refund-${transaction}`, amount };
}
