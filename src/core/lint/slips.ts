// Warnings about slips of the pen that are allowed and mean something else than what was meant: marks inside of a keyword, a
// minute that is missing at the end, a file that is not live, two files for one event, an occasion that is counted twice.

import type { Place } from '../base/error.ts';
import { type Event, eventKey, openId } from '../base/event.ts';
import { fen } from '../base/money.ts';
import { beijingText, DAY, hoursText, later, MINUTE, WEEKDAYS, type Weekday } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import type { Campaign, Once, Rule } from '../rules/campaign.ts';
import { isWorth, makesClaims, prizesGiven } from '../rules/campaign-query.ts';
import { ASKS_FOR_MINE } from '../rules/reply.ts';
import { fitsRule } from '../triggers/index.ts';
import type { Piece } from '../triggers/trigger.ts';
import type { CloseComment, Places } from '../yaml/path-position.ts';
import type { Linting } from './context.ts';
import { answers, piecesOf } from './probes.ts';
import type { Reach } from './reach.ts';

export function lintSlips(at: Linting, reach: Reach): void {
  const { campaign } = at;
  if (campaign.mode === 'paused')
    at.say(
      'not-live',
      ['mode'],
      t`mode: paused: this file answers and gives nothing; take the line out when it should`,
    );
  if (campaign.mode === 'draft')
    at.say(
      'not-live',
      ['mode'],
      t`mode: draft: this file does not go live, however right it is; take the line out when it should`,
    );
  lintLastMinute(at);
  lintNights(at);
  campaign.rules.forEach((rule, n) => {
    lintMarks(at, rule, n);
    lintBuiltIn(at, rule, n);
    lintFollowAgain(at, rule, n);
    lintSameEvent(at, reach, rule, n);
    lintBroad(at, rule, n);
    lintStrangers(at, rule, n);
  });
  lintOncePerRule(at);
  lintTwoEntrances(at);
}

/** Hours of a night, and weekdays: each day is asked by its own date, so that a night is begun on one day and ends on another. */
function lintNights({ campaign: { period, rules }, say }: Linting): void {
  const { hours, weekdays } = period;
  if (rules.filter(makesClaims).every(({ when }) => when?.source.includes('now.weekday'))) return;
  const [evening, morning] = [hours.find(([, to]) => to === DAY / MINUTE), hours.find(([from]) => from === 0)];
  if (!evening || !morning || evening === morning) return;
  const after = (day: Weekday): Weekday => WEEKDAYS[(WEEKDAYS.indexOf(day) + 1) % WEEKDAYS.length]!;
  const day = weekdays.find(each => !weekdays.includes(after(each)));
  if (day === undefined) return;
  const next = after(day);
  say(
    'night-weekdays',
    ['period', 'weekdays'],
    t`${hoursText([morning])} is open at the beginning of ${day}, and not after its evening, which is ${next}; for a whole night write both days, and when: (now.weekday == "${day}" && now.hour >= ${Math.floor(evening[0] / 60)}) || (now.weekday == "${next}" && now.hour < ${Math.ceil(morning[1] / 60)}) in the rules`,
  );
}

// ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────

/** What stands between words, and around them, where somebody writes a list. */
const BETWEEN =
  /[，、；;|]|(?<=\p{Script=Han})[/#,](?=\p{Script=Han})|(?<=\p{Script=Han}{2})[ \u3000]+(?=\p{Script=Han}{2})/u;
const AROUND = /^[“”"'‘’「『《【[（(].*[“”"'‘’」』》】\]）)]$/su;

function lintMarks({ say }: Linting, { on }: Rule, n: number): void {
  for (const trigger of on) {
    if (trigger.kind !== 'text' || (trigger.match !== 'exact' && trigger.match !== 'contains')) continue;
    for (const word of trigger.words) {
      const parts = word.split(BETWEEN).filter(part => part.trim() !== '');
      if (BETWEEN.test(word) && parts.length > 1)
        say(
          'keyword-marks',
          ['rules', n, 'on'],
          t`"${word}" is one keyword, with the marks in it: who types "${parts[0]}" is not answered; write [${parts.map(part => part.trim()).join(', ')}]`,
          { word },
        );
      else if (AROUND.test(word))
        say(
          'keyword-marks',
          ['rules', n, 'on'],
          t`the marks around ${word} belong to the keyword; write ${word.slice(1, -1)} without them`,
          { word },
        );
    }
  }
}

/** Words that the bot answers itself, unless a rule does. */
function lintBuiltIn({ campaign, say }: Linting, rule: Rule, n: number): void {
  if (rule.when || rule.on.some(trigger => trigger.kind === 'text' && trigger.match === 'any')) return;
  const { from } = campaign.period;
  const taken = [...ASKS_FOR_MINE].filter(text => {
    const event: Event = {
      key: eventKey('probe'),
      account: '',
      user: openId('probe'),
      sentAt: from,
      kind: 'text',
      text,
    };
    return fitsRule(rule, campaign, event, from);
  });
  if (taken.length === 0) return;
  say(
    'built-in-word',
    ['rules', n, 'on'],
    t`"${rule.id}" takes ${taken.map(word => `"${word}"`).join(', ')}, by which followers ask what became of their red packets; leave these words to the bot`,
  );
}

/** Who asks something has a red packet for an answer. */
function lintBroad({ campaign, say }: Linting, rule: Rule, n: number): void {
  if (rule.when || rule.guess || rule.quiz || rule.spend.size > 0) return;
  if (!prizesGiven(campaign, rule).some(isWorth)) return;
  for (const trigger of rule.on) {
    if (trigger.kind !== 'text') continue;
    const short = trigger.match === 'contains' ? trigger.words.find(word => [...word].length === 1) : undefined;
    if (trigger.match !== 'any' && short === undefined) continue;
    const what = short === undefined ? t`whatever text comes` : t`every text with "${short}" in it`;
    say(
      'keyword-broad',
      ['rules', n, 'on'],
      t`"${rule.id}" gives something for ${what}, also to who asks a question or complains; wait for a word that nobody says by chance`,
    );
  }
}

// ── Whoever is in no list ────────────────────────────────────────────────────────────────────────────────────

/** `profile["积分"] < 100` holds for everybody who is not in the list. */
function lintStrangers({ campaign, say }: Linting, rule: Rule, n: number): void {
  const { profiles, segments, wallets } = campaign;
  const { when } = rule;
  if (!profiles || !when || !prizesGiven(campaign, rule).some(isWorth)) return;
  const asked = [...profiles.columns].filter(([column]) => when.source.includes(JSON.stringify(column)));
  if (asked.length === 0 || asked.some(([, kind]) => kind !== 'int')) return;
  const profile = new Map(asked.map(([column]) => [column, 0]));
  const wallet = new Map([...wallets.keys()].map(name => [name, 1e6]));
  const tags = [...segments.keys()];
  const isOpen = [...Array(24).keys()].some(hour =>
    when.holds({
      event: { kind: rule.on[0]?.kind ?? 'text', text: '', scene: '', amount: fen(1_000_000_00) },
      user: { follows: 1, followedDays: 1000, tags },
      now: { hour, minute: 0, weekday: 'mon', day: beijingText(campaign.period.from).slice(0, 10) },
      wallet,
      profile,
    }),
  );
  if (!isOpen) return;
  const [column] = asked[0]!;
  say(
    'profile-strangers',
    ['rules', n, 'when'],
    t`this holds for whoever is not in the list as well: their "${column}" is 0; add && profile["${column}"] > 0, or who: { tags: … }`,
  );
}

// ── Times ────────────────────────────────────────────────────────────────────────────────────────────────────

function lintLastMinute({ campaign, say }: Linting): void {
  const { to, hours } = campaign.period;
  const clock = beijingText(to).slice(11, 16);
  if (clock === '23:59')
    say(
      'last-minute',
      ['period', 'to'],
      t`the end is not inside: the campaign is over at ${beijingText(to).slice(0, 16)}, a minute before the day is; write ${beijingText(to).slice(0, 10)} 24:00`,
    );
  if (hours.some(([, end]) => end === DAY / MINUTE - 1))
    say(
      'last-minute',
      ['period', 'hours'],
      t`the end is not inside: these hours are over at 23:59, and the last minute of each day is closed; write 24:00`,
    );
}

/** Whoever leaves and comes back has followed once more. */
function lintFollowAgain({ campaign, say }: Linting, rule: Rule, n: number): void {
  const isAgain = rule.on.some(trigger => trigger.kind === 'subscribe' && !trigger.first);
  if (!isAgain || rule.once === 'ever' || rule.once === 'perEvent' || rule.who.firstFollow) return;
  if (!prizesGiven(campaign, rule).some(isWorth)) return;
  say(
    'follows-again',
    ['rules', n, 'once'],
    t`who unfollows and follows again has "${rule.id}" again, once: ${rule.once}; write once: ever, or on: { subscribe: { first: true } }`,
  );
}

// ── Two for one ──────────────────────────────────────────────────────────────────────────────────────────────

/** Kinds of events of which several campaigns may want their share. */
const SHARED: readonly Event['kind'][] = ['subscribe', 'scan', 'paid'];

/** What a rule of an earlier file takes of the events of this one: it answers them, and this one never hears of them. */
function lintSameEvent(at: Linting, reach: Reach, rule: Rule, n: number): void {
  const { campaign, all, accountOf, say } = at;
  if (!makesClaims(rule)) return;
  const account = accountOf(campaign);
  for (const other of all) {
    if (other === campaign || other.mode !== 'live' || accountOf(other) !== account) continue;
    if (other.alongside || campaign.alongside) continue; // both are answered
    if (other.period.to <= campaign.period.from || other.period.from >= campaign.period.to) continue;
    for (const earlier of other.rules) {
      if (!makesClaims(earlier) || earlier.when || !reach.isBefore(earlier, rule)) continue;
      const piece = piecesOf(earlier, other, account).find(each => isShared(each, rule, campaign, reach, account));
      if (!piece) continue;
      say(
        'same-event',
        ['rules', n, 'on'],
        t`what "${earlier.id}" (${other.file}:${earlier.line}) waits for, ${piece.label}, is an event of "${rule.id}" as well: one event is answered by one campaign, the file that comes first, so "${rule.id}" gives nothing for it; alongside: true in one of the files lets both answer`,
      );
    }
  }
}

/** Some of a piece is this rule's too, and not all of what it waits for: that is said elsewhere. */
function isShared(piece: Piece, rule: Rule, campaign: Campaign, reach: Reach, account: string): boolean {
  const probes = piece.probes.filter(({ kind }) => SHARED.includes(kind));
  if (!probes.some(probe => answers(rule, campaign, piece, within(probe, campaign)))) return false;
  const own = piecesOf(rule, campaign, account);
  return !own.some(each =>
    reach.takers(each, account).some(taker => taker.campaign !== campaign && reach.isBefore(taker.rule, rule)),
  );
}

function within(probe: Event, { period }: Campaign): Event {
  return { ...probe, sentAt: later(period.from, 0) };
}

/** Two rules that wait for one thing and count it each for itself. */
function lintOncePerRule({ campaign, accountOf, say }: Linting): void {
  const account = accountOf(campaign);
  const giving = campaign.rules.filter(
    rule => rule.once !== 'perEvent' && prizesGiven(campaign, rule).some(isWorth) && !isBounded(campaign, rule),
  );
  for (const [n, rule] of giving.entries())
    for (const before of giving.slice(0, n)) {
      // A condition on who somebody is holds for them always, or never: they have one of the two.
      if (before.once !== rule.once || !before.when || !CHANGING.test(before.when.source)) continue;
      if (rule.when && isForOthers(before.when.source, rule.when.source)) continue;
      const piece = piecesOf(before, campaign, account).find(each =>
        each.probes.some(probe => answers(rule, campaign, each, probe)),
      );
      if (!piece) continue;
      say(
        'once-per-rule',
        ['rules', campaign.rules.indexOf(rule), 'once'],
        t`"${before.id}" and "${rule.id}" both wait for ${piece.label}, and each counts \`once: ${rule.once}\` for itself: one follower can have both; add limits: { perUser: { perDay: 1 } } if one is meant`,
      );
    }
}

/** A word and a button for one thing, as two rules: each counts for itself. */
function lintTwoEntrances({ campaign, say }: Linting): void {
  const plain = campaign.rules.filter(rule => isPlainGift(campaign, rule) && !isBounded(campaign, rule));
  for (const [n, rule] of plain.entries()) {
    const before = plain.slice(0, n).find(each => isSameGift(each, rule));
    if (!before) continue;
    say(
      'once-per-rule',
      ['rules', campaign.rules.indexOf(rule), 'on'],
      t`"${before.id}" and "${rule.id}" give the same, and each counts \`once: ${rule.once}\` for itself: one follower can have both; write both triggers into one rule, or add limits: { perUser: { perDay: 1 } }`,
    );
  }
}

/** Something that anybody has for a word or a button, and for nothing else. */
function isPlainGift(campaign: Campaign, rule: Rule): boolean {
  const { on, once, when, giveAt, quiz, guess, streak, makeUp, spend, enter } = rule;
  const isPlain = !when && !giveAt && !quiz && !guess && !streak && makeUp === undefined && enter === undefined;
  const prizes = prizesGiven(campaign, rule).filter(isWorth);
  return (
    isPlain &&
    once !== 'perEvent' &&
    once !== 'perRound' &&
    spend.size === 0 &&
    on.every(({ kind }) => kind === 'text' || kind === 'click' || kind === 'visit') &&
    prizes.length > 0 &&
    prizes.every(({ perUser }) => perUser === undefined)
  );
}

function isSameGift(one: Rule, other: Rule): boolean {
  const isSame = JSON.stringify([one.give, one.once, one.who]) === JSON.stringify([other.give, other.once, other.who]);
  return isSame && JSON.stringify([...one.earn]) === JSON.stringify([...other.earn]);
}

const CHANGING = /\b(?:now|event)\b/;

/** Whoever the one condition is for, the other never is: another value of a column, in a segment and not in it. */
function isForOthers(one: string, other: string): boolean {
  const theirs = askedOfWho(other);
  return askedOfWho(one).some(asked =>
    theirs.some(
      ({ what, value, isIt }) =>
        what === asked.what && (value === asked.value ? isIt !== asked.isIt : isIt && asked.isIt && what !== 'tag'),
    ),
  );
}

type Asked = { readonly what: string; readonly value: string; readonly isIt: boolean };

/** What a condition asks of who somebody is, where all of it is joined by &&. */
function askedOfWho(source: string): Asked[] {
  const parts = source.includes('||') ? [] : source.split('&&').map(part => part.trim());
  return parts.flatMap(part => {
    const column = /^profile\[("[^"]+")\]\s*(==|!=)\s*("[^"]*"|-?\d+)$/.exec(part);
    if (column) return [{ what: `column ${column[1]!}`, value: column[3]!, isIt: column[2] === '==' }];
    const tag = /^(!\s*\(\s*)?("[^"]+") in user\.tags\s*\)?$/.exec(part);
    return tag ? [{ what: 'tag', value: tag[2]!, isIt: tag[1] === undefined }] : [];
  });
}

/** One of that occasion, or one at all, whichever rule it is. */
function isBounded({ perUser: { total, wins, ...perUser } }: Campaign, { once }: Rule): boolean {
  const of: Partial<Record<Once, number | undefined>> = { ...perUser, ever: total };
  return total === 1 || wins === 1 || of[once] === 1;
}

// ── Texts that end at ` #` ───────────────────────────────────────────────────────────────────────────────────

/** Few files have a comment with no space behind its sign, and only those are parsed for it. */
const MAY_HAVE = /[ \t]#(?! ?lint-off:)[^\s#]/;

/** `won: 恭喜 #端午红包# 到账` says 恭喜: YAML takes the rest for a comment, and no test of the file may notice. */
export function textsCutOff(text: string, places: Places): { readonly place: Place; readonly message: Wording }[] {
  if (!MAY_HAVE.test(text)) return [];
  return places
    .closeComments()
    .filter(isCutOff)
    .map(({ place, value, comment }) => {
      const whole = JSON.stringify(`${value}${comment}`.trim());
      return { place, message: t`behind " #" everything is a comment, and is lost: write ${whole}` };
    });
}

/** A word, not an amount or a date, with a second sign or a placeholder behind; or in place of the word that a rule waits for. */
function isCutOff({ key, value, comment }: CloseComment): boolean {
  return value === '' ? key === 'text' : /\p{L}/u.test(value) && /#.*#|\{\{/.test(comment);
}
