// Warnings about what followers read: texts that nobody will ever see, that come out with holes in them, that are too
// long once they are filled in, or that WeChat will often not let through.

import { yuanText } from '../base/money.ts';
import { entriesOf, isKeyOf, keysOf, recordOf } from '../base/record.ts';
import { DAY, HOUR, hoursText } from '../base/time.ts';
import { t, type Wording } from '../base/words/words.ts';
import { outcomesOf, valuesIn } from '../decide/outcomes.ts';
import type { Spoken } from '../mechanics/mechanic.ts';
import { type Campaign, DETAILS, type ReplyTemplate, type Rule, type Said } from '../rules/campaign.ts';
import { isCash, isTold, isWorth, makesClaims, mostOf, prizesGiven } from '../rules/campaign-query.ts';
import { fill, PLACEHOLDERS, placeholdersOf, type Values } from '../rules/reply.ts';
import type { Path } from '../yaml/path-position.ts';
import type { Linting } from './context.ts';

/** WeChat: the content of a text. */
const BYTES_MAX = 2048;
/** How long somebody may be spoken to after they wrote. */
const WINDOW = 48 * HOUR;

/** A text of the file, and when it is said. */
type Text = { readonly said: Spoken; readonly path: Path; readonly text: string };

export function lintReplies(at: Linting): void {
  const longest = longestValues(at.campaign);
  at.campaign.rules.forEach((rule, n) => {
    const texts = textsOf(rule, n);
    for (const text of texts) {
      lintHoles(at, rule, text);
      lintBrackets(at, text);
      lintLength(at, text, longest);
    }
    lintOutcomes(at, rule, n);
    lintArrival(at, rule, n);
  });
}

/** Everything a rule says in words, also the titles and lines of an article. */
function textsOf(rule: Rule, n: number): Text[] {
  const own = rule.reply ? wordsOf('reply', ['rules', n, 'reply'], rule.reply) : [];
  const replies = entriesOf(rule.replies);
  return [...own, ...replies.flatMap(([said, reply]) => wordsOf(said, ['rules', n, 'replies', said], reply))];
}

function wordsOf(said: Spoken, path: Path, reply: ReplyTemplate): Text[] {
  if (reply.kind === 'text') return [{ said, path: [...path, 'text'], text: reply.text }];
  if (reply.kind !== 'news') return [];
  return (['title', 'description'] as const)
    .filter(key => reply[key] !== '')
    .map(key => ({ said, path: [...path, 'news', key], text: reply[key] }));
}

// ── Placeholders ─────────────────────────────────────────────────────────────────────────────────────────────

/** `{amount}`, `［amount］`: meant, and read as it stands. What is written as other tools write it is an error of the file. */
const ONE_BRACE = /(?<!\{)[{｛［]\s*([A-Za-z]+)\s*[}｝］](?!\})/gu;

function lintBrackets({ say }: Linting, { path, text }: Text): void {
  for (const [found, name] of text.matchAll(ONE_BRACE)) {
    if (!PLACEHOLDERS.some(each => each === name)) continue;
    say(
      'placeholder-brackets',
      path,
      t`"${found}" is no placeholder, followers read it as it is; write ${`{{${name}}}`}`,
      {
        word: found,
      },
    );
  }
}

function lintHoles({ campaign, say }: Linting, rule: Rule, { said, path, text }: Text): void {
  const values: ReadonlySet<string> = valuesIn(said, rule, campaign);
  const words = [...new Set(placeholdersOf(text))];
  const when = said === 'reply' ? t`in a reply of "${rule.id}"` : t`in \`${said}\` of "${rule.id}"`;
  for (const word of words.filter(each => !values.has(each)))
    say('placeholder-empty', path, t`{{${word}}} is always empty ${when}; leave it out`, { word: `{{${word}}}` });
  const other = prizesGiven(campaign, rule).find(prize => isWorth(prize) && !isCash(prize) && !prize.reply);
  if (said === 'won' && other && words.includes('amount')) {
    const what = other.kind === 'coupon' ? t`a coupon` : t`no money`;
    const advice = `恭喜抽中「{{prize}}」！${isTold(other) ? '{{coupon}}' : ''}`;
    say('placeholder-empty', path, t`{{amount}} is 0.00 when "${other.name}", ${what}, is won; write {{prize}}`, {
      word: '{{amount}}',
      advice,
    });
  }
}

// ── Length ───────────────────────────────────────────────────────────────────────────────────────────────────

function longest(texts: readonly string[]): string {
  return [...texts].sort((a, b) => Buffer.byteLength(b) - Buffer.byteLength(a))[0] ?? '';
}

/** The longest that can stand for each placeholder, where the file tells; else what is usual. */
function longestValues(campaign: Campaign): Values {
  const { prizes, period, stores, rounds, rules } = campaign;
  const list = [...prizes.values()];
  const moment = '2026-01-01 00:00';
  const number = '9999';
  const questions = rules.flatMap(({ quiz }) => quiz?.bank ?? []);
  const lines = questions.map(({ choices }) => choices.map(choice => `A ${choice}`).join('\n'));
  const shops = [...(stores?.values() ?? [])];
  const link = `https://${'x'.repeat(100)}`;
  return {
    ...recordOf(PLACEHOLDERS, () => number),
    amount: yuanText(mostOf(list.filter(isCash))),
    prize: longest([...prizes.keys()]),
    campaign: campaign.name,
    from: moment,
    to: moment,
    hours: hoursText(period.hours),
    coupon: longest(
      list.flatMap(prize => (prize.kind === 'coupon' ? prize.coupons : prize.kind === 'text' ? [prize.text] : [])),
    ),
    payAt: moment,
    firstAt: moment,
    order: '99999.99',
    invite: link,
    store: longest(shops.map(({ name }) => name)),
    storeHours: longest(shops.map(({ hours }) => hoursText(hours))),
    round: longest(rounds.map(({ name }) => name)),
    nextRound: `${longest(rounds.map(({ name }) => name))} 01-01 00:00`,
    question: longest(questions.map(({ text }) => text)),
    choices: longest(lines),
  };
}

function lintLength({ say }: Linting, { path, text }: Text, values: Values): void {
  const size = Buffer.byteLength(fill(text, values));
  if (size <= BYTES_MAX || Buffer.byteLength(text) > BYTES_MAX) return;
  say(
    'reply-too-long',
    path,
    t`filled in, this text can have ${size} bytes; WeChat takes at most ${BYTES_MAX} (a Chinese character has 3)`,
  );
}

// ── Outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────

function lintOutcomes({ campaign, say }: Linting, rule: Rule, n: number): void {
  if (!makesClaims(rule)) return;
  const possible = outcomesOf(rule, campaign);
  for (const said of keysOf(rule.replies)) {
    if (possible.has(said)) continue;
    say('reply-never-said', ['rules', n, 'replies', said], t`\`${said}\` cannot come of "${rule.id}"; ${whyNot(said)}`);
  }
  const silent = [...possible].filter(said => !rule.replies[said] && !hasPlain(said, rule));
  if (silent.length > 0)
    say(
      'reply-by-default',
      ['rules', n, 'id'],
      t`"${rule.id}" has no text of its own for ${silent.join(', ')}: the default one is said`,
    );
}

function hasPlain(said: Said, { replies }: Rule): boolean {
  return isKeyOf(DETAILS, said) && replies[DETAILS[said]] !== undefined;
}

/** What an outcome needs. */
const NEEDS: Partial<Record<Said, Wording>> = {
  won: t`it needs a red packet that is paid at once, or a coupon; a delayed one says \`pending\``,
  nothing: t`it needs a prize with nothing: true`,
  problem: t`it needs a red packet`,
  halted: t`it needs a red packet`,
  paused: t`it needs a rule that gives something`,
  closed: t`it needs hours or weekdays in \`period\`, stores or rounds`,
  notEligible: t`it needs \`who\`, or a list of stores`,
  already: t`with once: perEvent every event is a new claim`,
  limited: t`it needs \`limits\`, or a limited prize`,
  soldOut: t`it needs a prize that can run out`,
  noChance: t`it needs \`spend\``,
  tooSoon: t`it needs limits.perUser.gap`,
  locked: t`it needs \`guess\``,
  later: t`it needs budget.pace or limits.perMinute`,
  sceneSoldOut: t`it needs limits.perScene, and on: scan`,
  between: t`it needs several rounds`,
  pending: t`it needs \`delay\``,
  cancelled: t`it needs a red packet that \`cancelIf\` or the refund of an order can take back`,
  reminder: t`it needs a red packet`,
  progress: t`it needs a \`give\` by times, or only \`earn\``,
  wrong: t`it needs \`guess\` or \`quiz\``,
  timeout: t`it needs \`quiz\``,
  ask: t`it needs \`quiz\``,
};

function whyNot(said: Said): Wording {
  return NEEDS[said] ?? t`it needs on: { code: … }`;
}

// ── Whether it arrives ───────────────────────────────────────────────────────────────────────────────────────

function lintArrival({ say }: Linting, rule: Rule, n: number): void {
  const path = ['rules', n, 'replies'];
  const { replies, delay = 0 } = rule;
  const own = Object.keys(replies);
  if (own.length === 0) return;
  const late = (['cancelled', 'problem'] as const).find(said => replies[said]);
  if (delay > WINDOW && late)
    say(
      'reply-may-not-arrive',
      [...path, late],
      t`\`${late}\` is said up to ${Math.round(delay / DAY)} days after the claim, and WeChat lets it through only within 48 hours of the follower's last message`,
    );
}

/** Texts by rule, for whoever looks at all of them. */
export function allTexts({ rules }: Campaign): { readonly rule: Rule; readonly n: number; readonly text: Text }[] {
  return rules.flatMap((rule, n) => textsOf(rule, n).map(text => ({ rule, n, text })));
}
