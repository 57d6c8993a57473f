// Duties that the law puts on whoever gives prizes away, each with its basis and its date: what is published must be true,
// nobody has a last word over the law, winners are shown, tax is withheld, and who asks for an address says what for.

import { fen, showFen, yuanText } from '../base/money.ts';
import { joined, t, type Wording } from '../base/words/words.ts';
import type { Campaign, Prize } from '../rules/campaign.ts';
import { cashGiven, hasDraw, isCash, isDraw, isGoods, isOnly, prizesGiven } from '../rules/campaign-query.ts';
import { type Part, partsOf, termsOf } from './compliance.ts';
import type { Linting } from './context.ts';

export function lintDuties(at: Linting): void {
  const parts = partsOf(at.campaign);
  lintFinalSay(at, parts);
  lintTermsDiffer(at);
  lintPersonal(at, parts);
  lintConsent(at);
  lintWinners(at);
  lintTax(at);
}

// ── What is published ────────────────────────────────────────────────────────────────────────────────────────

const FINAL_SAY = /(?:最终|最後|最后)(?:的)?(?:解释|解釋|决定|裁定)权?(?:归|歸|属于|由|在)?|解释权(?:归|属于)/u;

function lintFinalSay({ say }: Linting, parts: readonly Part[]): void {
  for (const { path, text } of parts) {
    const word = FINAL_SAY.exec(text)?.[0];
    if (word === undefined) continue;
    say('final-say', path, t`"${word}" is void, and forbidden in the terms of a promotion; leave it out`, {
      word,
      advice: '改成联系方式：有疑问请回复「客服」',
    });
  }
}

/** `8 元红包`, `返 2 元`, `得 ¥5.00`: an amount that is promised. */
const PROMISED =
  /(?:(?:返现?|送|得|领|奖励?|立减|红包|现金)\s*(?:[¥￥]\s*)?(\d+(?:\.\d{1,2})?)\s*元(?![^，。；;、\n]{0,4}(?:券|优惠|折|抵)))|(?:(\d+(?:\.\d{1,2})?)\s*元\s*(?:的)?\s*(?:微信|现金)?红包)/gu;

/** What the terms promise is what the file gives. */
function lintTermsDiffer({ campaign, say }: Linting): void {
  const cash = [...campaign.prizes.values()].filter(isCash);
  if (cash.length === 0) return;
  const [rule, n] = termsOf(campaign) ?? [];
  const terms = rule?.reply?.kind === 'text' ? [{ path: ['rules', n!, 'reply'], text: rule.reply.text, of: cash }] : [];
  const won = campaign.rules.flatMap((each, at) => {
    const reply = each.replies.won;
    const own = cashGiven(campaign, each);
    return reply?.kind === 'text' && own.length > 0
      ? [{ path: ['rules', at, 'replies', 'won'], text: reply.text, of: own }]
      : [];
  });
  for (const { path, text, of } of [...terms, ...won])
    for (const match of text.matchAll(PROMISED)) {
      const amount = Math.round(Number(match[1] ?? match[2]) * 100);
      const before = text.slice(Math.max(0, match.index - 4), match.index);
      if (/[共总满计每超至到]\s*$|总额|一共/u.test(before) || isKnown(campaign, amount, of)) continue;
      const prizes = of.map(
        ({ name, min, max }) => `"${name}" ${min === max ? showFen(min) : `${showFen(min)}..${showFen(max)}`}`,
      );
      say(
        'terms-differ',
        path,
        t`"${match[0]}" is promised, and no prize is ${yuanText(fen(amount))}: ${prizes.join(', ')}`,
        { word: match[0] },
      );
    }
}

function isKnown(
  { budget, rounds, perUser, prizes }: Campaign,
  amount: number,
  of: ReturnType<typeof cashGiven>,
): boolean {
  const sums = [budget?.total, budget?.perDay, perUser.amountPerDay, ...rounds.map(({ total }) => total)];
  const steps = of.flatMap(prize => prize.steps ?? []);
  const isPrize = of.some(
    ({ min, max, steps: own, shares }) =>
      !own && amount >= min && amount <= max && (amount === min || amount === max || min < max || shares),
  );
  const isAll = [...prizes.values()].some(
    prize => isCash(prize) && prize.stock !== undefined && prize.stock * prize.max === amount,
  );
  return (
    isPrize ||
    isAll ||
    sums.includes(fen(amount)) ||
    steps.some(({ from, amount: back }) => from === amount || back === amount)
  );
}

// ── Winners, tax, people ─────────────────────────────────────────────────────────────────────────────────────

/** Above this the winners of a draw on the spot are shown as it goes on. */
const SHOWN_ABOVE = fen(500_00);

function lintWinners({ campaign, say }: Linting): void {
  if (!hasDraw(campaign)) return;
  for (const prize of campaign.prizes.values())
    if (worthOf(prize) > SHOWN_ABOVE && drawn(campaign).includes(prize.name))
      say(
        'winners-shown',
        ['prizes', prize.name],
        t`"${prize.name}" is drawn and worth more than ${showFen(SHOWN_ABOVE)}: who has won it must be shown while the campaign goes on`,
        { advice: '在活动页或公告里随时公布中奖人（打码）和奖品' },
      );
}

function worthOf(prize: Prize): number {
  if (isGoods(prize)) return prize.value ?? 0;
  return isCash(prize) ? prize.max : 0;
}

function drawn({ rules }: Campaign): string[] {
  return rules.filter(isDraw).flatMap(({ give }) => give);
}

/** What a purchase brings back is a discount; anything else that is won is income by chance. */
function lintTax({ campaign, say }: Linting): void {
  const taxed = campaign.rules.find(
    rule =>
      (!isOnly(rule, ['paid']) || isDraw(rule)) &&
      prizesGiven(campaign, rule).some(prize => isCash(prize) || isGoods(prize)),
  );
  if (!taxed) return;
  say(
    'tax-on-winnings',
    ['rules', campaign.rules.indexOf(taxed)],
    t`what "${taxed.id}" gives is 偶然所得: the shop withholds 20 % of it and files it by the 15th of the next month (in sum, where nobody's name is known)`,
  );
}

const PERSONAL =
  /(?:回复|发送|提供|填写|留下|告诉|发来|输入)[^。；;！!\n]{0,12}(手机号?码?|电话|身份证号?码?|住址|收货地址|地址|真实姓名|姓名|银行卡号?)/u;
const CONSENT = /同意|授权|隐私|个人信息|仅用于|只用于|用后(?:即)?删|保存\s*\d+|删除/u;

/** Who asks says what for. */
function lintPersonal({ say }: Linting, parts: readonly Part[]): void {
  for (const { path, text } of parts) {
    const match = PERSONAL.exec(text);
    if (!match || CONSENT.test(text)) continue;
    say(
      'personal-data',
      path,
      t`"${match[0]}" asks for ${match[1]} and does not say what for, how long it is kept, and that it is given freely`,
      { word: match[0], advice: '写明：仅用于寄送奖品，寄出 30 天后删除，回复即表示同意' },
    );
  }
}

/** What a consent says: who, what for, how long. */
const CONSENT_SAYS: readonly (readonly [what: Wording, said: RegExp])[] = [
  [t`who keeps it`, /[^，。；,;\s]{2,}?(?:仅|只|将|会|需要|收集|使用|把)|\b(?:we|us|our|[A-Z]\p{L}+)\b/u],
  [t`what it is for`, /寄|发货|快递|配送|邮|发放|联系|领取|send|ship|post|deliver|contact/iu],
  [
    t`how long it is kept`,
    /\d+\s*(?:天|日|个?月|年)|[一二三四五六七八九十半百]+\s*(?:天|日|个?月|年)|(?:立即|即|后)(?:删除|销毁)|\b(?:days?|weeks?|months?|delete)/iu,
  ],
];

function lintConsent({ campaign: { shipping }, say }: Linting): void {
  if (!shipping) return;
  const missing = CONSENT_SAYS.flatMap(([what, said]) => (said.test(shipping.consent) ? [] : [what]));
  if (missing.length === 0) return;
  say(
    'personal-data',
    ['shipping', 'consent'],
    t`the consent does not say ${joined(missing, t`, `)}: who agrees must know`,
    { advice: '阿茶茶饮只用你的姓名、电话、地址寄送奖品，活动结束 90 天后删除。' },
  );
}
