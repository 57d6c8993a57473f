// A quiz (答题): questions from a list, one after the other, each with its time. A try is a few counters of its own: which
// question is open, when it was asked, how many were right. Each only grows, bounded by what was read: of two answers to
// one question the second finds it answered.

import { createHmac } from 'node:crypto';
import type { Counter } from '../base/counter.ts';
import { normalise } from '../base/text.ts';
import { t } from '../base/words/words.ts';
import type { Question, Quiz } from '../rules/plays.ts';
import { lengthText } from '../rules/public-text.ts';
import type { Values } from '../rules/reply.ts';
import { kindsOf } from '../rules/schema/written.ts';
import { fitsRule } from '../triggers/index.ts';
import { count, csvFile, duration, located, object, optional, required } from '../yaml/schema.ts';
import { type Answer, type EvaluationContext, mechanic, type RuleContext } from './mechanic.ts';

/** `step`: which question; 0: the first is still to come. */
export type QuizChecks = {
  quizOpen: { step: number };
  quizTries: { used: number; max: number };
  answer: { step: number; isLate?: true };
};

const LETTERS = 'abcdefgh';

/** What may be typed as an answer: `a`, `选a`. */
const ANSWER_WORDS: readonly string[] = [...LETTERS].flatMap(letter => [letter, `选${letter}`]);

/** Which choice a text names; `undefined`: it is no answer. */
function choiceIn(text: string): number | undefined {
  const word = normalise(text);
  return ANSWER_WORDS.includes(word) ? LETTERS.indexOf(word.at(-1)!) : undefined;
}

type Try = { readonly number: number; readonly step: number; readonly askedAt: number; readonly right: number };

function triesCounter({ userKey, rule, day }: RuleContext): string {
  return `${userKey}/rule/${rule.id}/tries/day/${day}`;
}

function tryCounters(
  { userKey, rule, day }: RuleContext,
  number: number,
): { step: string; asked: string; right: string } {
  const base = `${userKey}/rule/${rule.id}/quiz/${day}/${number}`;
  return { step: `${base}/step`, asked: `${base}/asked`, right: `${base}/right` };
}

/** The latest try of this day; step 0: there was none, `questions` + 1: it is over. */
function latestTry(at: EvaluationContext): Try {
  const number = at.value(triesCounter(at));
  const { step, asked, right } = tryCounters(at, number);
  return { number, step: at.value(step), askedAt: at.value(asked), right: at.value(right) };
}

function isOpen({ step }: Try, { questions }: Quiz): boolean {
  return step >= 1 && step <= questions;
}

/** The questions of a try: the same for ever, no two alike. */
function questionsOf(at: RuleContext, number: number): Question[] {
  const { bank, questions } = at.rule.quiz!;
  const left = [...bank];
  return Array.from({ length: questions }, (_, n) => {
    const digest = createHmac('sha256', at.seed)
      .update(`${at.userKey}/${at.rule.id}/${at.day}/${number}/${n}`)
      .digest();
    return left.splice(digest.readUIntBE(0, 6) % left.length, 1)[0]!;
  });
}

function isStart(at: EvaluationContext): boolean {
  return fitsRule(at.rule, at.campaign, at.event, at.now);
}

function ask(at: RuleContext, number: number, step: number, counters: readonly Counter[]): Answer {
  const { text, choices } = questionsOf(at, number)[step - 1]!;
  const lines = choices.map((choice, n) => `${LETTERS[n]!.toUpperCase()} ${choice}`);
  const values: Values = {
    n: String(step),
    of: String(at.rule.quiz!.questions),
    question: text,
    choices: lines.join('\n'),
  };
  return { detail: 'ask', counters, values };
}

/** Step, and what else has grown with it; all bounded by what was read. */
function onwards(
  at: EvaluationContext,
  { number, step, askedAt, right }: Try,
  to: number,
  isRight: boolean,
): Counter[] {
  const names = tryCounters(at, number);
  return [
    { name: names.step, add: to - step, max: to },
    { name: names.asked, add: at.now - askedAt, max: at.now },
    ...(isRight ? [{ name: names.right, add: 1, max: right + 1 }] : []),
  ];
}

function begin(at: EvaluationContext): Answer {
  const number = latestTry(at).number + 1;
  const fresh: Try = { number, step: 0, askedAt: 0, right: 0 };
  return ask(at, number, 1, [{ name: triesCounter(at), add: 1, max: number }, ...onwards(at, fresh, 1, false)]);
}

type Judged = { readonly now: Try; readonly isRight: boolean; readonly isLate: boolean; readonly hasPassed: boolean };

function judge(at: EvaluationContext): Judged {
  const now = latestTry(at);
  const { questions, pass, time } = at.rule.quiz!;
  const chosen = at.event.kind === 'text' ? choiceIn(at.event.text) : undefined;
  const isLate = at.now - now.askedAt > time;
  const isRight = !isLate && chosen === questionsOf(at, now.number)[now.step - 1]!.right;
  return { now, isRight, isLate, hasPassed: now.step === questions && now.right + Number(isRight) >= pass };
}

/** Neither which questions will be asked, nor whether an answer would be right. */
function foretold(at: EvaluationContext): Answer {
  const { step } = isStart(at) ? { step: 0 } : latestTry(at);
  at.see({ ok: true, check: 'quizOpen', step });
  const { questions } = at.rule.quiz!;
  const values = {
    n: String(Math.min(step + 1, questions)),
    of: String(questions),
    question: '(到时才抽)',
    choices: '',
  };
  return { detail: 'ask', counters: [], values };
}

/** What happens outside of the chat, where no question can be asked. */
const SILENT = ['unsubscribe', 'view', 'visit', 'paid', 'friend'];

export const quiz = mechanic({
  fields: {
    quiz: optional(
      located(
        object('quiz', {
          bank: required(located(csvFile()), '题库 CSV：question,A,B,C,D,answer'),
          questions: required(located(count({ max: 50 })), '每次几题'),
          pass: required(located(count({ max: 50 })), '答对几题算过'),
          time: required(duration(), '每题多少时间'),
          triesPerDay: required(count({ max: 50 }), '每人每天几次'),
        }),
      ),
      '答题',
    ),
  },
  check(rule, { data, say }) {
    const { quiz: own } = rule;
    if (!own) return;
    const silent = kindsOf(rule)?.find(kind => SILENT.includes(kind));
    if (silent !== undefined)
      say(
        own.at,
        t`a quiz is asked in the chat, and "${silent}" has no answer there; begin it with on: { text: 答题 }`,
      );
    const { bank, questions, pass } = own.value;
    if (pass && questions && pass.value > questions.value)
      say(pass.at, t`pass ${pass.value} is more than questions ${questions.value}: nobody could pass`);
    const list = bank && data.questions(bank, say);
    if (list && questions && questions.value > list.length)
      say(questions.at, t`questions ${questions.value} is more than the ${list.length} in ${bank!.value}`);
  },
  build({ quiz: own }, { data }) {
    if (!own) return {};
    const { bank, questions, pass, ...others } = own.value;
    // The check has told already what could not be had.
    return {
      quiz: { bank: data.questions(bank, () => {})!, questions: questions.value, pass: pass.value, ...others },
    };
  },
  describe({ quiz: own }, { say }) {
    const { questions, time, pass, triesPerDay } = own!;
    return [
      say(
        `共 ${questions} 题，每题 ${lengthText(time, say)}，答对 ${pass} 题过关，每天 ${triesPerDay} 次`,
        `${questions} questions of ${lengthText(time, say)} each, ${pass} right to pass, ${triesPerDay} tries a day`,
      ),
    ];
  },
  comesTo: () => ({ wrong: true, timeout: true, ask: true, limited: true }),
  placeholders: said => ['tries', ...(said === 'ask' ? (['n', 'of', 'question', 'choices'] as const) : [])],
  listens: () => [{ kind: 'text', match: 'exact', words: ANSWER_WORDS }],
  isIn: rule => rule.quiz !== undefined,
  wants(at) {
    const numbers = Array.from({ length: at.rule.quiz!.triesPerDay }, (_, n) => n + 1);
    return [triesCounter(at), ...numbers.flatMap(number => Object.values(tryCounters(at, number)))];
  },
  /** A letter is an answer only while a question is open. */
  applies: at => isStart(at) || isOpen(latestTry(at), at.rule.quiz!),
  refuses(at) {
    if (!isStart(at)) return undefined;
    const { triesPerDay } = at.rule.quiz!;
    const { number } = latestTry(at);
    return at.see({ ok: number < triesPerDay, check: 'quizTries', used: number, max: triesPerDay })
      ? undefined
      : { refusal: 'limited' };
  },
  answers(at) {
    if (isStart(at) && !at.isForetold) return begin(at);
    if (at.isForetold) return foretold(at);
    const { now, isRight, isLate, hasPassed } = judge(at);
    const { questions, pass } = at.rule.quiz!;
    if (hasPassed) return undefined;
    at.see({ ok: isRight, check: 'answer', step: now.step, ...(isLate && { isLate }) });
    const canPass = !isLate && now.step < questions && now.right + Number(isRight) + (questions - now.step) >= pass;
    if (canPass) return ask(at, now.number, now.step + 1, onwards(at, now, now.step + 1, isRight));
    return { detail: isLate ? 'timeout' : 'wrong', counters: onwards(at, now, questions + 1, isRight) };
  },
  counts(at) {
    const { now, isRight } = judge(at);
    return onwards(at, now, at.rule.quiz!.questions + 1, isRight);
  },
  values(at) {
    const { triesPerDay } = at.rule.quiz!;
    return { tries: String(Math.max(0, triesPerDay - latestTry(at).number)) };
  },
  takesBack: 'nothing',
});
