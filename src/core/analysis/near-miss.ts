// Rules that an event nearly concerned: a word mistyped, a sum too small, a campaign that is not live. One line for each,
// in Chinese, with the nearest right word. Pure.

import type { Event } from '../base/event.ts';
import { fen, showFen } from '../base/money.ts';
import { distance, nearest } from '../base/suggest.ts';
import { normalise } from '../base/text.ts';
import type { Instant } from '../base/time.ts';
import { dayIn } from '../match/claim-key.ts';
import { fitsPattern, fitsRule } from '../match/trigger-match.ts';
import type { Campaign, Rule, TextTrigger, Trigger } from '../rules/campaign.ts';
import { addressOf } from '../rules/campaign-query.ts';
import { scannedText } from '../rules/printed-code.ts';
import { calledOf } from '../rules/renamed.ts';

export type Near = { readonly campaign: string; readonly rule: string; readonly text: string };

/** `isLive`: whether the campaign is asked about events of this account. */
export function nearMisses(
  campaigns: readonly Campaign[],
  event: Event,
  now: Instant,
  accounts: readonly string[],
): Near[] {
  return campaigns.flatMap(campaign =>
    campaign.rules.flatMap(rule => {
      const text = missOf(rule, campaign, event, now, accounts);
      return text === undefined ? [] : [{ campaign: calledOf(campaign), rule: calledOf(rule), text }];
    }),
  );
}

/** Why a rule was not asked about the event though it nearly was; `undefined`: it was asked, or is about other things. */
function missOf(
  rule: Rule,
  campaign: Campaign,
  event: Event,
  now: Instant,
  accounts: readonly string[],
): string | undefined {
  const account = campaign.account ?? accounts[0];
  if (fitsRule(rule, campaign, event, now)) {
    if (campaign.mode === 'draft') return `活动「${calledOf(campaign)}」还是草稿(mode: draft)`;
    return account === event.account ? undefined : `活动「${calledOf(campaign)}」属于公众号 ${account}`;
  }
  if (account !== event.account || campaign.mode === 'draft') return undefined;
  for (const trigger of rule.on) {
    const text = missOfTrigger(trigger, campaign, event, now);
    if (text !== undefined) return text;
  }
  return undefined;
}

function missOfTrigger(trigger: Trigger, campaign: Campaign, event: Event, now: Instant): string | undefined {
  switch (event.kind) {
    case 'text':
      return trigger.kind === 'text' ? missOfText(trigger, campaign, event.text, now) : undefined;
    case 'scan':
    case 'subscribe': {
      const isAbout = trigger.kind === event.kind || trigger.kind === 'scan';
      const scenes = isAbout && 'scenes' in trigger ? trigger.scenes : undefined;
      return missOfName('场景', event.scene, scenes);
    }
    case 'click':
      return trigger.kind === 'click' ? missOfName('按钮', event.button, trigger.buttons) : undefined;
    case 'scancode':
      return trigger.kind === 'scancode' ? missOfScan(trigger, campaign, event, now) : undefined;
    case 'view':
      return trigger.kind === 'view' ? missOfName('链接', event.url, trigger.urls) : undefined;
    case 'visit':
      return trigger.kind === 'visit' ? missOfName('活动页', event.campaign, [addressOf(campaign)]) : undefined;
    case 'paid':
      return trigger.kind === 'paid' ? missOfPaid(trigger, event) : undefined;
    default:
      return undefined;
  }
}

function missOfScan(
  trigger: Extract<Trigger, { readonly kind: 'scancode' }>,
  campaign: Campaign,
  event: Extract<Event, { readonly kind: 'scancode' }>,
  now: Instant,
): string | undefined {
  const button = missOfName('按钮', event.button, trigger.buttons);
  if (button !== undefined || !trigger.text) return button;
  return missOfText(trigger.text, campaign, scannedText(event), now);
}

function missOfText(trigger: TextTrigger, campaign: Campaign, written: string, now: Instant): string | undefined {
  const text = normalise(written);
  if (text === '') return undefined;
  switch (trigger.match) {
    case 'exact':
      return nearWord(text, trigger.words) ?? wordInside(text, trigger.words);
    case 'contains':
      return nearPart(text, trigger.words);
    case 'daily': {
      const today = dayIn(campaign, now);
      const other = [...trigger.byDay].find(([, words]) => words.some(word => normalise(word) === text));
      if (other) return `「${written}」是 ${other[0]} 的口令,今天是 ${today}`;
      return nearWord(text, trigger.byDay.get(today) ?? []);
    }
    default:
      return undefined;
  }
}

function nearWord(text: string, words: readonly string[]): string | undefined {
  const near = nearest(text, words.map(normalise));
  const word = near === undefined ? undefined : words.find(each => normalise(each) === near);
  return word === undefined ? undefined : `差一点:口令是「${word}」`;
}

/** A whole word was wanted, and it came with others around it. */
function wordInside(text: string, words: readonly string[]): string | undefined {
  const word = words.find(each => normalise(each).length > 1 && text.includes(normalise(each)));
  return word === undefined ? undefined : `里面有口令「${word}」,但要整句只有它`;
}

/** A part of the text that is one letter off. Words of two letters would be found in everything. */
function nearPart(text: string, words: readonly string[]): string | undefined {
  const word = words.find(each => {
    const wanted = normalise(each);
    if (wanted.length < 3) return nearest(text, [wanted]) !== undefined;
    for (let at = 0; at + wanted.length <= Math.max(text.length, wanted.length); at++)
      if (distance(text.slice(at, at + wanted.length), wanted) === 1) return true;
    return false;
  });
  return word === undefined ? undefined : `差一点:要含有「${word}」`;
}

function missOfName(what: string, name: string | undefined, names: readonly string[] | undefined): string | undefined {
  if (name === undefined || !names) return undefined;
  const whole = names.map(each => (each.endsWith('*') ? each.slice(0, -1) : each));
  const near =
    nearest(name, whole) ??
    whole.find((each, n) => names[n]!.endsWith('*') && distance(name.slice(0, each.length), each) === 1);
  return near === undefined ? undefined : `${what}「${name}」不是「${names[whole.indexOf(near)]}」`;
}

function missOfPaid(
  { over = fen(0), attach }: Extract<Trigger, { kind: 'paid' }>,
  event: Extract<Event, { kind: 'paid' }>,
): string | undefined {
  if (event.amount < over) return `支付 ${showFen(event.amount)} < ${showFen(over)}`;
  const is = event.attach;
  if (!attach || (is !== undefined && attach.some(pattern => fitsPattern(pattern, is)))) return undefined;
  return `附加数据${is === undefined ? '没有' : `「${is}」`},要「${attach.join('」或「')}」`;
}
