// Warnings about what WeChat and the law forbid: offers for following and sharing, red packets that are none, lotteries,
// promises that cannot be kept, rules nobody can read. An account that is closed is the dearest mistake there is.

import { type Fen, fen, showFen } from '../base/money.ts';
import { t, type Wording } from '../base/words/words.ts';
import type { Campaign, Prize, Rule } from '../rules/campaign.ts';
import { hasDraw, hasTrigger, isCash, isDraw, isWorth, makesClaims, prizesGiven } from '../rules/campaign-query.ts';
import type { Path } from '../yaml/path-position.ts';
import type { LintId } from './catalogue.ts';
import type { Linting } from './context.ts';

import { type PhraseKind, phrasesIn } from './phrases.ts';
import { allTexts } from './replies.ts';

/** What may be written instead. */
const ADVICE: Readonly<Record<PhraseKind, Wording>> = {
  'induce-follow': t`"感谢关注" may be said; let the condition be a scan in the shop, a word to send, a payment or a quiz, not following`,
  'follow-gift-announced': t`say nothing of the gift beforehand, give it with the first words after following; speak of other campaigns in public`,
  'induce-share': t`reward what friends do, such as coming to the shop or ordering, not sharing, likes or bringing people`,
  'lottery-words': t`write 抽奖 and 中奖概率, not 彩票, 博彩 or 下注`,
  'sure-win-false': t`say the odds, or give who draws nothing a fallback prize`,
};
const WHAT: Readonly<Record<PhraseKind, Wording>> = {
  'induce-follow': t`offers something for following the account`,
  'follow-gift-announced': t`announces what new followers get`,
  'induce-share': t`offers something for sharing, or for bringing people`,
  'lottery-words': t`is a word of lotteries and gambling`,
  'sure-win-false': t`promises that everybody wins`,
};

export function lintComply(at: Linting): void {
  const parts = partsOf(at.campaign);
  for (const part of parts) lintPhrases(at, part);
  lintCashNames(at, parts);
  lintFriends(at);
  lintTerms(at);
  lintTopPrize(at, parts);
}

// ── Everything that followers read ───────────────────────────────────────────────────────────────────────────

/** `rule`: whose text or trigger it is. */
export type Part = { readonly path: Path; readonly text: string; readonly rule?: Rule; readonly said?: string };

export function partsOf(campaign: Campaign): Part[] {
  const { name, packet, prizes, rounds, rules } = campaign;
  const words = Object.entries(packet ?? {})
    .filter(([key, text]) => key !== 'scene' && !(text === name && key !== 'sendName'))
    .map(([key, text]) => ({ path: ['packet', key], text }));
  return [
    { path: ['name'], text: name },
    ...words,
    ...[...prizes.keys()].map(prize => ({ path: ['prizes', prize], text: prize })),
    ...rounds.map((round, n) => ({ path: ['rounds', n, 'name'], text: round.name })),
    ...rules.flatMap((rule, n) => wordsOf(rule).map(text => ({ path: ['rules', n, 'on'], text, rule }))),
    ...allTexts(campaign).map(({ rule, text: { path, text, said } }) => ({ path, text, rule, said })),
  ];
}

/** What followers are to type, so that it is printed on posters. */
function wordsOf({ on }: Rule): string[] {
  return on.flatMap(trigger => {
    if (trigger.kind !== 'text') return [];
    if (trigger.match === 'exact' || trigger.match === 'contains') return trigger.words;
    return trigger.match === 'daily' ? [...trigger.byDay.values()].flat() : [];
  });
}

// ── Phrases ──────────────────────────────────────────────────────────────────────────────────────────────────

function lintPhrases(at: Linting, { path, text, rule, said }: Part): void {
  for (const { kind, word } of phrasesIn(text)) {
    // Of a guaranteed draw it is true.
    const isSure = !canLose(at.campaign) || at.campaign.rules.some(({ guaranteed }) => guaranteed);
    if (kind === 'sure-win-false' && isSure) continue;
    if (kind === 'follow-gift-announced' && !isAnnounced(at, rule, said)) continue;
    at.say(kind satisfies LintId, path, t`"${word}" ${WHAT[kind]}`, { advice: ADVICE[kind], word });
  }
}

/** Whether somebody who draws can come away with nothing. */
function canLose(campaign: Campaign): boolean {
  const draws = campaign.rules.filter(isDraw).flatMap(rule => prizesGiven(campaign, rule));
  return draws.some(({ kind, weight }) => kind === 'nothing' && weight > 0);
}

function givesToNewcomers({ rules }: Campaign): boolean {
  return rules.some(rule => isForNewcomers(rule));
}

function isForNewcomers(rule: Rule): boolean {
  return (rule.give.length > 0 || rule.earn.size > 0) && hasTrigger(rule, ['subscribe']);
}

/** What the newcomer reads after following is a thank-you; what anybody reads before is an offer. */
function isAnnounced({ campaign, all, accountOf }: Linting, rule: Rule | undefined, said: string | undefined): boolean {
  if (!rule) return false; // names of campaigns and packets: only who has been given something reads them
  if (said !== undefined && isForNewcomers(rule)) return false;
  const account = accountOf(campaign);
  return all.some(other => accountOf(other) === account && other.mode !== 'draft' && givesToNewcomers(other));
}

// ── Red packets that are none ────────────────────────────────────────────────────────────────────────────────

const WITHOUT_MONEY: Readonly<Record<Exclude<Prize['kind'], 'redpacket' | 'voucher'>, Wording>> = {
  coupon: t`a coupon`,
  text: t`a code or a link`,
  goods: t`a thing`,
  earn: t`something for a wallet`,
  nothing: t`nothing at all`,
};

const CASH_WORD = /红包|現金|现金(?!券|抵)|紅包/u;

function lintCashNames({ campaign, say }: Linting, parts: readonly Part[]): void {
  const prizes = [...campaign.prizes.values()];
  const more = { advice: t`call coupons, points and goods 礼券, 奖品 or 福利; 红包 and 现金 are for cash only` };
  for (const prize of prizes) {
    const { name } = prize;
    const word = CASH_WORD.exec(name)?.[0];
    if (word === undefined || isCash(prize)) continue;
    const what = WITHOUT_MONEY[prize.kind];
    say('red-packet-not-cash', ['prizes', name], t`"${name}" is ${what}, and called ${word}`, more);
  }
  const worth = prizes.filter(isWorth);
  const hasNoCash = worth.length > 0 && !worth.some(isCash);
  for (const { path, text, rule, said } of parts) {
    const word = CASH_WORD.exec(text)?.[0];
    if (word === undefined || path[0] === 'prizes') continue;
    const isName = path[0] === 'name' && hasNoCash;
    const isWin = rule !== undefined && said === 'won' && !prizesGiven(campaign, rule).some(isCash);
    if (isName || isWin)
      say('red-packet-not-cash', path, t`"${word}" is said of what is no cash: nothing here is a red packet`, {
        ...more,
        word,
      });
  }
}

/** Money for every follower somebody brings is what both rules name first. */
function lintFriends({ campaign, say }: Linting): void {
  campaign.rules.forEach((rule, n) => {
    const isPaid = rule.on.some(trigger => trigger.kind === 'friend' && trigger.did === 'followed');
    const isRewarded = prizesGiven(campaign, rule).some(isWorth) || rule.earn.size > 0;
    if (isPaid && isRewarded)
      say(
        'pays-for-followers',
        ['rules', n, 'on'],
        t`"${rule.id}" gives something for each friend who follows; that is what WeChat closes accounts for`,
        { advice: t`write on: { friend: paid }: the reward comes when the friend has bought something` },
      );
  });
}

// ── Public rules ─────────────────────────────────────────────────────────────────────────────────────────────

const TERMS = /规则|規則|细则|活动说明|活动须知|rule|terms/iu;
const ODDS = /[%‰]|概率|几率|機率|中奖率|分之|\d+(?:\.\d+)?\s*(?:个|份|名|只|张|封|位|杯|件|台|套|部|辆)/u;

/** The rule that answers who asks for the terms. */
export function termsOf({ rules }: Campaign): readonly [Rule, number] | undefined {
  const n = rules.findIndex(rule => {
    if (makesClaims(rule) || !rule.reply) return false;
    const buttons = rule.on.flatMap(trigger => (trigger.kind === 'click' ? trigger.buttons : []));
    return [...wordsOf(rule), ...buttons].some(word => TERMS.test(word));
  });
  return n < 0 ? undefined : [rules[n]!, n];
}

function lintTerms({ campaign, all, accountOf, say }: Linting): void {
  const givesWorth = (rule: Rule): boolean => prizesGiven(campaign, rule).some(isWorth);
  // A thank-you for new followers is told to nobody before: there is nothing to publish.
  const isPublic = campaign.rules.some(rule => givesWorth(rule) && !rule.on.every(({ kind }) => kind === 'subscribe'));
  if (!isPublic) return;
  const own = termsOf(campaign);
  const account = accountOf(campaign);
  // One file may answer for all others; then its text names them.
  const isTold = all.some(other => {
    const reply = other !== campaign && accountOf(other) === account ? termsOf(other)?.[0].reply : undefined;
    return reply?.kind === 'text' && reply.text.includes(campaign.name);
  });
  if (!own && !isTold)
    say(
      'no-public-rules',
      ['rules'],
      t`no rule answers who asks for the terms; say who may take part, when, how often, what there is to win and who is behind it`,
      { advice: '- { id: terms, on: { text: 活动规则, click: RULES }, reply: … }' },
    );
  if (!own || !hasDraw(campaign)) return;
  const [rule, n] = own;
  const { reply } = rule;
  if (reply?.kind === 'text' && !ODDS.test(reply.text))
    say('no-odds', ['rules', n, 'reply'], t`the terms of a draw tell neither the odds nor how many prizes there are`, {
      advice: '一等奖 88 元 3 个，中奖概率 0.14%；……',
    });
}

// ── The highest prize, in words ──────────────────────────────────────────────────────────────────────────────

const WORTH =
  /(?:价值|奖金|大奖|[特一头]等奖|头奖|最高可?[得中抽领])[^,，。;；\n]{0,12}?[¥￥]?(\d[\d,]*(?:\.\d+)?)\s*(万)?元?/gu;
const OF_ALL = /总|共|合计|累计|奖池|预算/u;

function lintTopPrize({ campaign, topPrize, say }: Linting, parts: readonly Part[]): void {
  if (!hasDraw(campaign)) return;
  for (const { path, text } of parts)
    for (const match of text.matchAll(WORTH)) {
      const [words, digits, tenThousand] = match;
      const isMoney = /[¥￥元]/u.test(words!);
      const before = text.slice(Math.max(0, match.index - 3), match.index);
      if (!isMoney || OF_ALL.test(before + words!)) continue;
      const amount = worthOf(digits!, tenThousand !== undefined);
      if (amount > topPrize)
        say(
          'top-prize',
          path,
          t`"${words}" is ${showFen(amount)}; the highest prize of a draw may be worth ${showFen(topPrize)}`,
          { word: words! },
        );
    }
}

function worthOf(digits: string, isTenThousand: boolean): Fen {
  const yuan = Number(digits.replaceAll(',', '')) * (isTenThousand ? 10_000 : 1);
  return fen(Math.min(Number.MAX_SAFE_INTEGER, Math.round(yuan * 100)));
}
