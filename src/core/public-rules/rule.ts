// The part of the public rules (活动规则) about taking part: what starts each rule, who may, how often, what it counts.

import { eventKey, openId } from '../base/event.ts';
import { mechanicsOf } from '../mechanics/index.ts';
import { isOfPayments } from '../mechanics/refund.ts';
import type { Campaign, Once, Rule } from '../rules/campaign.ts';
import { isDraw, makesClaims, prizesGiven } from '../rules/campaign-query.ts';
import { type Describing, lengthText, quoted, type Say } from '../rules/public-text.ts';
import { fitsRule, piecesOfTrigger, triggerText } from '../triggers/index.ts';

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
  const ways = [...new Set(rule.on.map(trigger => triggerText(trigger, at, rule)))];
  const parts = [
    ways.join(say('，或', ', or ')),
    ...whoParts(at, rule),
    onceText(rule, say),
    ...mechanicsOf(rule, at.campaign).flatMap(each => each.describe?.(rule, at) ?? []),
    getsText(at, rule),
  ];
  return `${parts.filter(part => part !== '').join(say('；', '; '))}${say('。', '.')}`;
}

// ── Who, and how often ───────────────────────────────────────────────────────────────────────────────────────

function whoParts({ campaign, say }: Describing, rule: Rule): string[] {
  const { who, when } = rule;
  const { followedFor, firstFollow, tags, excludeTags } = who;
  const names = (list: readonly string[]): string => list.map(name => quoted(name, say)).join(say('、', ', '));
  return [
    followedFor === undefined
      ? ''
      : say(`须已关注满 ${lengthText(followedFor, say)}`, `for followers of ${lengthText(followedFor, say)} or more`),
    firstFollow ? say('取消过关注的不参加', 'not for who has unfollowed before') : '',
    tags ? say(`限${names(tags)}`, `only for ${names(tags)}`) : '',
    excludeTags ? say(`不含${names(excludeTags)}`, `not for ${names(excludeTags)}`) : '',
    when || isAskedLater(campaign, rule) ? say('并须符合系统判定的附加条件', 'under a further condition') : '',
  ];
}

/** Another one is asked before it and answers where its `when` holds: what is left over is a condition of this one. */
function isAskedLater(campaign: Campaign, rule: Rule): boolean {
  const before = campaign.rules.slice(0, campaign.rules.indexOf(rule)).filter(({ when }) => when !== undefined);
  if (before.length === 0) return false;
  const sentAt = campaign.period.from;
  const probes = rule.on.flatMap(trigger =>
    piecesOfTrigger(trigger, happening => ({
      key: eventKey('probe'),
      account: '',
      user: openId('probe'),
      sentAt,
      ...happening,
    })).flatMap(piece => piece.probes),
  );
  return probes.some(probe => before.some(other => fitsRule(other, campaign, probe, probe.sentAt)));
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
    const list = names.map(name => quoted(name, say)).join(say('、', ', '));
    return names.length === 1 ? say(`得${list}`, `gives ${list}`) : say(`抽${list}之一`, `draws one of ${list}`);
  };
  if (rule.assigned) return say('得码上印定的奖品', 'gives what the code was printed with');
  if (rule.giveAt) {
    const unit = rule.streak ? say('天', 'day') : say('次', 'time');
    return [...rule.giveAt]
      .map(([n, names]) => say(`第 ${n} ${unit}${one(names)}`, `${unit} ${n} ${one(names)}`))
      .join(say('，', ', '));
  }
  if (rule.all && rule.give.length > 1) {
    const list = rule.give.map(name => quoted(name, say));
    return say(`同时得${list.join('、')}`, `gives all of ${list.join(', ')}`);
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
  return `${quoted(name, say)}${say('：', ': ')}${parts.join(say('；', '; '))}${say('。', '.')}`;
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
