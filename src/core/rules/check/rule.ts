// What must fit together in a rule (规则): what it gives, to whom, how often, and what it says.

import type { Place } from '../../base/error.ts';
import { t } from '../../base/words/words.ts';
import { KEYS_OF_CLAIMS } from '../../mechanics/index.ts';
import type { Written, WrittenRule } from '../language/file.ts';
import { placeholdersOf } from '../reply.ts';
import {
  costsMoney,
  isWritten,
  kindsOf,
  listsOf,
  makesClaims,
  prizesGiven,
  type Say,
  sayUnknown,
  type WrittenPrize,
} from '../schema/written.ts';

import type { Checking } from './common.ts';

export function checkRule(rule: WrittenRule, at: Place, check: Checking): void {
  const { file, say } = check;
  checkPurpose(rule, at, say);
  checkAsk(rule, say);
  if (makesClaims(rule)) checkGive(rule, file, say);
}

function checkPurpose(rule: WrittenRule, at: Place, say: Say): void {
  const { reply, replies, who, once } = rule;
  if (makesClaims(rule)) {
    const word = isWritten(rule, 'give') ? 'won' : 'progress';
    if (reply) say(reply.at, t`a rule that gives something has no \`reply\`; write \`replies: { ${word}: … }\``);
    return;
  }
  if (!isWritten(rule, 'reply') && isWritten(rule, 'invite'))
    say(at, t`the rule hands out a code and does not say it: add reply: 你的专属码 {{invite}}`);
  else if (!isWritten(rule, 'reply')) {
    // What else it has is there for what is missing.
    say(at, t`the rule does nothing: it needs \`give\` or \`reply\``);
    return;
  }
  if (replies)
    say(replies.at, t`\`replies\` are for what \`give\` comes to; a rule that gives nothing has one \`reply\``);
  if (who) say(who.at, t`\`who\` says who may get something; a rule that gives nothing answers everybody`);
  if (once) say(once.at, t`\`once\` says how often one may get something; a rule that gives nothing always answers`);
  for (const key of ['odds', ...KEYS_OF_CLAIMS]) {
    const written = rule[key as 'odds'];
    if (written) say(written.at, t`\`${key}\` is about getting something, and this rule gives nothing; add \`give\``);
  }
}

/** Who is asked must read the question. */
function checkAsk({ replies }: WrittenRule, say: Say): void {
  const ask = replies?.value.ask;
  if (!replies || !ask) return;
  const text = ask.kind === 'text' ? ask.text : ask.kind === 'news' ? `${ask.title} ${ask.description}` : '';
  if (!placeholdersOf(text ?? '').includes('question'))
    say(replies.at, t`\`ask\` does not ask: write {{question}} and {{choices}} in it, or leave it out`);
}

// ── Prizes ───────────────────────────────────────────────────────────────────────────────────────────────────

function checkGive(rule: WrittenRule, file: Written, say: Say): void {
  const names = [...(file.prizes?.keys() ?? [])];
  const kinds = kindsOf(rule);
  const isUnread = isWritten(file, 'prizes') && !file.prizes;
  for (const list of listsOf(rule)) {
    const before = new Set<string>();
    for (const entry of list) {
      if (!isUnread) sayUnknown(t`prize`, entry, names, say);
      if (before.has(entry.value))
        say(entry.at, t`the prize "${entry.value}" is there already; use \`weight\` to make it likelier`);
      before.add(entry.value);
      const steps = file.prizes?.get(entry.value)?.redpacket?.value.steps;
      if (steps && kinds && !kinds.includes('paid'))
        say(entry.at, t`"${entry.value}" goes by what was paid: the rule needs on: paid`);
    }
  }
  checkAll(rule, file, say);
  checkUnlock(rule, file, say);
  checkTimes(rule, file, say);
  checkAssigned(rule, file, kinds, say);
  checkCouponText(rule, file, say);
}

/** What comes together comes wholly, or never. */
function checkAll({ give }: WrittenRule, { prizes, limits }: Written, say: Say): void {
  const { all, names = [] } = give?.value ?? {};
  if (!give || !all) return;
  const split = names.filter(({ value }) => prizes?.get(value)?.redpacket?.value.split);
  const second = split[1];
  if (second)
    say(
      second.at,
      t`"${split[0]!.value}" and "${second.value}" are both shares of a round, of which one claim takes one; leave one of them out`,
    );
  const wins = limits?.perUser?.wins;
  const won = names.filter(({ value }) => !isWritten(prizes?.get(value), 'nothing')).length;
  if (wins !== undefined && wins < won)
    say(give.at, t`${won} prizes come together, and limits.perUser.wins is ${wins}: nobody could ever have them`);
}

/** Who must have drawn before they can win must be able to draw. */
function checkUnlock({ give }: WrittenRule, { prizes }: Written, say: Say): void {
  const names = give?.value.names ?? [];
  const locked = names.filter(({ value }) => prizes?.get(value)?.unlockAfter);
  const [first] = locked;
  if (!give || !first) return;
  const { value: name, at } = first;
  const draws = prizes!.get(name)!.unlockAfter!.value;
  if (names.length === 1)
    say(
      at,
      t`"${name}" can be won only after ${draws} draws, and a rule with one prize draws nothing; add another one`,
    );
  else if (locked.length === names.length)
    say(give.at, t`all of these prizes can be won only after some draws: nobody could ever draw`);
}

/** `give: { 3: a }`: the third time must come. */
function checkTimes({ give, once, streak, makeUp, on }: WrittenRule, { rules = [] }: Written, say: Say): void {
  const target = rules.find(({ value }) => makeUp && value.id?.value === makeUp.value)?.value.streak;
  const cycle = (streak ?? target)?.value.cycle;
  const seen = new Set<number>();
  for (const { key } of give?.value.byTime ?? []) {
    if (!key) continue;
    if (seen.has(key.value)) say(key.at, t`the number ${key.value} is there already`);
    seen.add(key.value);
    if (cycle !== undefined && key.value > cycle)
      say(key.at, t`day ${key.value} never comes: the streak begins anew after ${cycle} days`);
    else if (!streak && !makeUp && key.value > 1 && (once?.value ?? 'ever') === 'ever' && on)
      say(key.at, t`time ${key.value} never comes: the rule is claimed once for ever; write once: perEvent, perDay …`);
  }
}

function checkAssigned(
  { give }: WrittenRule,
  { prizes }: Written,
  kinds: readonly string[] | undefined,
  say: Say,
): void {
  if (!give?.value.assigned) return;
  if (kinds?.some(kind => kind !== 'code'))
    say(give.at, t`"assigned" is the prize a code was printed with: the rule needs on: { code: … }, and nothing else`);
  if ((prizes?.size ?? 0) === 0) say(give.at, t`a code is printed with a prize, and the campaign has no \`prizes\``);
}

/** Of a reply as it is written. */
function wordsIn(reply: WrittenPrize['reply']): string {
  if (reply?.kind === 'text') return reply.text ?? '';
  return reply?.kind === 'news' ? `${reply.title} ${reply.description}` : '';
}

/** A coupon is a text: whoever is not told it does not have it. */
function checkCouponText(rule: WrittenRule, file: Written, say: Say): void {
  const { give, replies } = rule;
  if (isWritten(rule, 'replies') && !replies) return;
  const won = replies?.value.won;
  if (isWritten(replies?.value, 'won') && !won) return;
  if (placeholdersOf(wordsIn(won)).includes('coupon')) return;
  const given = prizesGiven(rule, file);
  const isWorth = given.some(([, prize]) => !isWritten(prize, 'nothing'));
  // What is given when nothing is left may be one as well.
  const more = [...(file.prizes ?? [])].filter(([, prize]) => isWorth && prize?.fallback);
  const tells = (prize: WrittenPrize | undefined): boolean => placeholdersOf(wordsIn(prize?.reply)).includes('coupon');
  const isUntold = (prize: WrittenPrize | undefined): boolean =>
    isWritten(prize, 'coupon') || (won !== undefined && isWritten(prize, 'text')); // the default text has it
  for (const { name, prize, at } of insteadIn(given, file))
    if (isUntold(prize) && !tells(prize))
      say(
        at,
        t`"${name}" is a code or link that is given instead, and nobody is told it: write {{coupon}} in its \`reply\``,
      );
  const coupon = [...given, ...more].find(([, prize]) => isUntold(prize) && !tells(prize));
  if (!coupon || !give) return;
  const entry = listsOf(rule)
    .flat()
    .find(({ value }) => value === coupon[0]);
  const what = isWritten(coupon[1], 'text') ? t`a code or link` : t`a coupon`;
  say(entry?.at ?? give.at, t`"${coupon[0]}" is ${what}, and nobody is told which: write {{coupon}} in replies.won`);
}

type Instead = { readonly name: string; readonly prize: WrittenPrize | undefined; readonly at: Place };

/** What WeChat Pay's refusal may put in the place of these (`fallbackTo`), and of that again. */
function insteadIn(given: ReturnType<typeof prizesGiven>, { prizes }: Written): Instead[] {
  const found = new Map<string, Instead>();
  for (const [, prize] of given)
    for (let to = prize?.fallbackTo; to !== undefined && !found.has(to.value); ) {
      const instead = prizes?.get(to.value) ?? undefined;
      found.set(to.value, { name: to.value, prize: instead, at: to.at });
      to = instead?.fallbackTo;
    }
  return [...found.values()];
}

// ── Money ────────────────────────────────────────────────────────────────────────────────────────────────────

/** The first rule that gives money is where it shows that there is none. */
export function checkMoneyRules(file: Written, say: Say): void {
  const needs = (key: string, of: (prize: object) => boolean, example: string): void => {
    if (isWritten(file, key)) return;
    for (const { value: rule } of file.rules ?? []) {
      const paying = prizesGiven(rule, file).find(([, prize]) => of(prize));
      if (!paying) continue;
      const [name, prize] = paying;
      const entry = listsOf(rule)
        .flat()
        .find(({ value }) => value === name);
      const what = isWritten(prize, 'voucher')
        ? t`a voucher`
        : isWritten(prize, 'goods')
          ? t`sent by post`
          : t`a red packet`;
      const words = t`"${name}" is ${what}, but the campaign has no \`${key}\`; add ${example}`;
      say(entry?.at ?? rule.give!.at, words);
      return;
    }
  };
  needs('budget', costsMoney, 'budget: { total: ¥100.00 }');
  needs('shipping', prize => isWritten(prize, 'goods'), 'shipping: { consent: …, keep: 90d }');
  needs('packet', prize => isWritten(prize, 'redpacket'), 'packet: { sendName: … }');
}
