// The part of the public rules (活动规则) about taking part: what starts each rule, who may, how often, what it counts. Pure.

import { showFen } from '../base/money.ts';
import { mechanicsOf } from '../mechanics/index.ts';
import { isOfPayments } from '../mechanics/refund.ts';
import type { Campaign, Once, Rule, TextTrigger, Trigger } from '../rules/campaign.ts';
import { isDraw, makesClaims, prizesGiven } from '../rules/campaign-query.ts';
import { type Describing, lengthText, type Say } from '../rules/public-text.ts';

export function describeRules(at: Describing): string[] {
  const { campaign } = at;
  const rules = campaign.rules.filter(makesClaims);
  return [
    ...rules.map((rule, n) => `${n + 1}. ${ruleText(at, rule)}`),
    ...[...campaign.wallets.values()].map(wallet => walletLine(wallet, at.say)),
    ...inviteLines(at),
    ...refundLines(at, rules),
  ];
}

/** Of red packets the part about payment tells. */
function refundLines({ campaign, say }: Describing, rules: readonly Rule[]): string[] {
  const counting = rules.filter(isOfPayments).filter(({ earn, giveAt, streak }) => earn.size > 0 || giveAt || streak);
  const hasWallet = counting.some(({ earn }) => earn.size > 0);
  const hasCount = counting.some(({ giveAt, streak }) => giveAt ?? streak);
  const drawing = rules.filter(isOfPayments).filter(isDraw);
  const locks = [...campaign.prizes.values()].some(({ unlockAfter }) => unlockAfter !== undefined);
  return [
    hasWallet
      ? say(
          '订单退款（含部分退款）的，由它得到的收回；已经用掉的，从以后得到的里扣。',
          'What an order earned is taken back if it is refunded, even in part; what was spent by then comes off what is earned next.',
        )
      : '',
    hasCount || (drawing.length > 0 && locks)
      ? say('退款的订单不计次数。', 'An order that was refunded counts for nothing.')
      : '',
  ].filter(line => line !== '');
}

function ruleText(at: Describing, rule: Rule): string {
  const { say } = at;
  const ways = [...new Set(rule.on.map(trigger => triggerText(at, rule, trigger)))];
  const parts = [
    ways.join(say('，或', ', or ')),
    ...whoParts(rule, say),
    onceText(rule, say),
    ...mechanicsOf(rule, at.campaign).flatMap(each => each.describe?.(rule, at) ?? []),
    getsText(at, rule),
  ];
  return `${parts.filter(part => part !== '').join(say('；', '; '))}${say('。', '.')}`;
}

// ── What starts it ───────────────────────────────────────────────────────────────────────────────────────────

function triggerText(at: Describing, rule: Rule, trigger: Trigger): string {
  const { say, campaign } = at;
  switch (trigger.kind) {
    case 'text':
      return saidText(at, rule, trigger);
    case 'subscribe':
      return trigger.first ? say('首次关注公众号时', 'on the first follow') : say('关注公众号时', 'on following');
    case 'unsubscribe':
      return say('取消关注时', 'on unfollowing');
    case 'scan':
      return campaign.stores
        ? say('扫描参与门店的二维码', 'scan the code of a store')
        : say('扫描活动二维码', 'scan a code of the campaign');
    case 'click':
      return say('点击公众号菜单', 'tap the menu');
    case 'view':
      return say('从公众号菜单打开链接', 'open a link of the menu');
    case 'scancode':
      return say('用公众号菜单里的扫一扫扫码', "scan a code with the menu's scanner");
    case 'visit':
      return say('打开活动页面', 'open the page of the campaign');
    case 'paid':
      return paidText(trigger, say);
    case 'code':
      return say('输入或扫描产品上的码（每码限用一次）', 'type or scan a printed code; each works once');
    case 'friend':
      return trigger.did === 'paid'
        ? say('你邀请的朋友首次消费（每位朋友计一次）', 'a friend you invited pays; each friend counts once')
        : say('你邀请的朋友首次到来（每位朋友计一次）', 'a friend you invited comes; each friend counts once');
    case 'image':
      return say('发送图片', 'send a picture');
    case 'voice':
      return say('发送语音', 'send a voice message');
    case 'location':
      return say('发送位置', 'send a location');
    default:
      return trigger satisfies never;
  }
}

/** What is typed may be a password: the words are told only where the operator asks for it, and never what is guessed. */
function saidText({ say, words }: Describing, rule: Rule, trigger: TextTrigger): string {
  if (rule.quiz) return say('在对话中开始答题', 'begin the quiz in the chat');
  if (trigger.match === 'any') return say('在对话中发送任意文字', 'send any text');
  if (trigger.match === 'daily') return say('在对话中回复当天的口令', "send the day's password");
  if (rule.guess || trigger.match === 'pattern') return say('在对话中回复正确的口令', 'send the right password');
  const told = words ? trigger.words.map(word => `「${word}」`).join(say('或', ' or ')) : '';
  if (trigger.match === 'contains')
    return say(
      `发送包含${told || '活动口令'}的文字`,
      `send a text with ${told || 'the password of the campaign'} in it`,
    );
  return say(
    `在对话中回复${told || '活动公布的关键词或口令'}`,
    `send ${told || 'the word or password of the campaign'}`,
  );
}

function paidText({ over, attach }: Extract<Trigger, { kind: 'paid' }>, say: Say): string {
  const sum =
    over === undefined
      ? say('微信支付消费', 'pay with WeChat Pay')
      : say(`单笔实付满 ${showFen(over)}`, `pay ${showFen(over)} or more at once`);
  return attach ? say(`${sum}（限指定渠道的订单）`, `${sum}, in the shops that take part`) : sum;
}

// ── Who, and how often ───────────────────────────────────────────────────────────────────────────────────────

function whoParts({ who, when }: Rule, say: Say): string[] {
  const { followedFor, firstFollow, tags, excludeTags } = who;
  const names = (list: readonly string[]): string => list.map(name => `「${name}」`).join(say('、', ', '));
  return [
    followedFor === undefined
      ? ''
      : say(`须已关注满 ${lengthText(followedFor, say)}`, `for followers of ${lengthText(followedFor, say)} or more`),
    firstFollow ? say('取消过关注的不参加', 'not for who has unfollowed before') : '',
    tags ? say(`限${names(tags)}`, `only for ${names(tags)}`) : '',
    excludeTags ? say(`不含${names(excludeTags)}`, `not for ${names(excludeTags)}`) : '',
    when ? say('并须符合系统判定的附加条件', 'under a further condition') : '',
  ];
}

const ONCE: Readonly<Record<Once, readonly [string, string]>> = {
  ever: ['每人限一次', 'once per person'],
  perDay: ['每人每天一次', 'once a day per person'],
  perWeek: ['每人每周一次', 'once a week per person'],
  perMonth: ['每人每月一次', 'once a month per person'],
  perRound: ['每人每场一次', 'once a round per person'],
  perEvent: ['', ''],
};

function onceText({ once }: Rule, say: Say): string {
  return say(...ONCE[once]);
}

// ── What it plays and gives ──────────────────────────────────────────────────────────────────────────────────

function getsText({ campaign, say }: Describing, rule: Rule): string {
  const one = (names: readonly string[]): string => {
    const list = names.map(name => `「${name}」`).join(say('、', ', '));
    return names.length === 1 ? say(`得${list}`, `gives ${list}`) : say(`抽${list}之一`, `draws one of ${list}`);
  };
  if (rule.assigned) return say('得码上印定的奖品', 'gives what the code was printed with');
  if (rule.giveAt) {
    const unit = rule.streak ? say('天', 'day') : say('次', 'time');
    return [...rule.giveAt]
      .map(([n, names]) => say(`第 ${n} ${unit}${one(names)}`, `${unit} ${n} ${one(names)}`))
      .join(say('，', ', '));
  }
  if (rule.give.length === 0) return '';
  return isDraw(rule) || prizesGiven(campaign, rule).length > 0 ? one(rule.give) : '';
}

function walletLine(
  { name, freePerDay, earnPerDay, spendPerDay }: Campaign['wallets'] extends ReadonlyMap<string, infer W> ? W : never,
  say: Say,
): string {
  const parts = [
    freePerDay !== undefined && say(`每天免费 ${freePerDay} 个，当天有效`, `${freePerDay} free each day, for that day`),
    earnPerDay !== undefined && say(`每天最多得 ${earnPerDay} 个`, `${earnPerDay} can be earned a day`),
    spendPerDay !== undefined && say(`每天最多用 ${spendPerDay} 个`, `${spendPerDay} can be spent a day`),
    say('不能兑换现金或转让', 'cannot be sold or given away'),
  ].filter(part => part !== false);
  return `「${name}」${say('：', ': ')}${parts.join(say('；', '; '))}${say('。', '.')}`;
}

function inviteLines({ campaign, say }: Describing): string[] {
  return campaign.rules.flatMap(({ invite }) =>
    invite
      ? [
          say(
            `邀请码 ${lengthText(invite.validFor, say)}内有效，只计首次来的朋友，自己邀请自己不算。`,
            `A personal code is valid for ${lengthText(invite.validFor, say)}; only friends who come for the first time count.`,
          ),
        ]
      : [],
  );
}
