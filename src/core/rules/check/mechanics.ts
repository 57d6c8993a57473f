// What must fit together in the plays (玩法) a rule is made of: streaks, guesses, quizzes, codes, invitations, rounds,
// delayed prizes. Pure.

import { DAY, HOUR, MINUTE, SECOND } from '../../base/time.ts';
import { placeholdersOf } from '../reply.ts';
import type { Written, WrittenRule } from '../schema/file.ts';
import { type Checking, isWritten, kindsOf, makesClaims, prizesGiven, type Say, sayUnknown } from './common.ts';

export function checkPlays(rule: WrittenRule, check: Checking): void {
  const { file, say } = check;
  const kinds = kindsOf(rule);
  checkInvite(rule, file, say);
  if (kinds?.includes('code') && !isWritten(rule, 'give') && !isWritten(rule, 'earn'))
    say(rule.on!.at, 'a printed code stands for a prize: add give: assigned, or the prizes it can win');
  if (!makesClaims(rule)) return; // then these keys are out of place, which is said already
  checkStreak(rule, say);
  checkMakeUp(rule, file, say);
  checkGuess(rule, say);
  checkQuiz(rule, kinds, check);
  checkRoundsOf(rule, file, say);
  checkDelay(rule, file, kinds, say);
}

// ── Streaks (连续签到) ────────────────────────────────────────────────────────────────────────────────────────

function checkStreak(rule: WrittenRule, say: Say): void {
  const { streak, once } = rule;
  const isUnread = isWritten(rule, 'once') && !once;
  if (streak && !isUnread && once?.value !== 'perDay')
    say(once?.at ?? streak.at, 'a streak counts days: write once: perDay');
}

function checkMakeUp({ id, streak, makeUp }: WrittenRule, { rules = [] }: Written, say: Say): void {
  if (!makeUp) return;
  if (streak) say(streak.at, 'a rule with `makeUp` goes on with the streak of that rule; leave `streak` out');
  if (makeUp.value === id?.value) {
    say(makeUp.at, 'a rule cannot make up for itself; name the one that has the `streak`');
    return;
  }
  const ids = rules.flatMap(({ value }) => value.id?.value ?? []);
  sayUnknown('rule', makeUp, ids, say);
  const target = rules.find(({ value }) => value.id?.value === makeUp.value);
  if (target && !isWritten(target.value, 'streak'))
    say(makeUp.at, `the rule "${makeUp.value}" has no \`streak\`: there are no days to make up for`);
}

// ── Guesses and quizzes (猜口令、答题) ────────────────────────────────────────────────────────────────────────

function checkGuess(rule: WrittenRule, say: Say): void {
  const { guess, on, quiz } = rule;
  if (!guess || !on) return;
  const texts = on.value.flatMap(trigger => (trigger.kind === 'text' ? trigger.match : []));
  const hasCode = on.value.some(({ kind }) => kind === 'code');
  if (quiz) say(guess.at, 'a quiz has tries of its own, `triesPerDay`; leave `guess` out');
  else if (texts.length === 0 && !hasCode)
    say(guess.at, '`guess` counts wrong texts: the rule needs on: { text: … } or { code: … }');
  else if (texts.includes('any'))
    say(guess.at, 'with on: text every text is right, and nobody can guess wrong; write which texts are');
  else if (texts.length > 0 && !isWritten(guess.value, 'looksLike'))
    say(guess.at, 'missing key "looksLike" in guess: which texts are a try, such as "[一-龥]{4}"');
}

/** What happens outside of the chat, where no question can be asked. */
const SILENT = ['unsubscribe', 'view', 'visit', 'paid', 'friend'];

function checkQuiz({ quiz }: WrittenRule, kinds: readonly string[] | undefined, { data, say }: Checking): void {
  if (!quiz) return;
  const silent = kinds?.find(kind => SILENT.includes(kind));
  if (silent !== undefined)
    say(quiz.at, `a quiz is asked in the chat, and "${silent}" has no answer there; begin it with on: { text: 答题 }`);
  const { bank, questions, pass } = quiz.value;
  if (pass && questions && pass.value > questions.value)
    say(pass.at, `pass ${pass.value} is more than questions ${questions.value}: nobody could pass`);
  const list = bank && data.questions(bank, say);
  if (list && questions && questions.value > list.length)
    say(questions.at, `questions ${questions.value} is more than the ${list.length} in ${bank!.value}`);
}

// ── Invitations (邀请) ────────────────────────────────────────────────────────────────────────────────────────

/** WeChat: how long a temporary QR code lives, and how long its scene may be. */
const INVITE_MAX = 30 * DAY;
const INVITE_ID_MAX = 33;

function checkInvite(rule: WrittenRule, { campaign, was = [], rules = [] }: Written, say: Say): void {
  const { invite, reply, on } = rule;
  if (on?.value.some(({ kind }) => kind === 'friend') && !rules.some(({ value }) => isWritten(value, 'invite')))
    say(on.at, 'nobody is invited in this campaign; add a rule with invite: { validFor: 7d }');
  if (!invite) return;
  const { validFor } = invite.value;
  if (validFor !== undefined && validFor > INVITE_MAX) say(invite.at, 'WeChat keeps such a code for at most 30d');
  const length = Math.max(campaign?.value.length ?? 0, was[0]?.value.length ?? 0);
  if (campaign && length > INVITE_ID_MAX) {
    say(
      campaign.at,
      `the id has ${length} characters; with \`invite\` at most ${INVITE_ID_MAX} fit into WeChat's scene`,
    );
  }
  const words = reply?.value.kind === 'text' ? placeholdersOf(reply.value.text ?? '') : undefined;
  if (words && !words.includes('invite')) say(reply!.at, 'the reply hands nobody their code: write {{invite}} in it');
}

// ── Rounds and delays ────────────────────────────────────────────────────────────────────────────────────────

function checkRoundsOf({ once, opensAfter }: WrittenRule, file: Written, say: Say): void {
  if (!isWritten(file, 'rounds')) {
    if (once?.value === 'perRound') say(once.at, 'once: perRound is about rounds, and the campaign has none');
    if (opensAfter) say(opensAfter.at, '`opensAfter` is about rounds, and the campaign has none');
    return;
  }
  for (const { value: round } of file.rounds ?? []) {
    const { lasts, name } = round;
    if (!opensAfter || !lasts || opensAfter.value < lasts.value) continue;
    const which = name ? `"${name.value}"` : 'a round';
    say(opensAfter.at, `${which} is over after ${durationText(lasts.value)}, before the rule opens`);
  }
}

/** As it was written, or nearly. */
function durationText(ms: number): string {
  const units = { d: DAY, h: HOUR, m: MINUTE, s: SECOND };
  const [unit, size] = Object.entries(units).find(([, each]) => ms % each === 0)!;
  return `${ms / size}${unit}`;
}

function checkDelay(rule: WrittenRule, file: Written, kinds: readonly string[] | undefined, say: Say): void {
  const { delay, cancelIf } = rule;
  const pays = prizesGiven(rule, file).some(([, prize]) => isWritten(prize, 'redpacket'));
  if (delay && !pays) say(delay.at, '`delay` is for red packets, and this rule gives none');
  if (!cancelIf) return;
  // A refund takes back chances and counts as well, and what waits for another reason than its delay.
  if (!isWritten(rule, 'delay') && cancelIf.value.includes('unsubscribed'))
    say(cancelIf.at, '`cancelIf` takes back what is not paid yet; add `delay`, such as delay: 24h');
  if (cancelIf.value.includes('refunded') && kinds && !kinds.some(kind => kind === 'paid' || kind === 'friend'))
    say(cancelIf.at, 'only an order can be refunded: the rule needs on: paid');
}
