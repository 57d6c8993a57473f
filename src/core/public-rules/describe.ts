// A rule file as the campaign's public rules (活动规则), so that what is published cannot drift from what is done: when,
// who, how, what can be won with which odds, limits, payment, and how a draw is verified. Passwords are not told.

import { showFen } from '../base/money.ts';
import { beijingText, hoursText, WEEKDAYS, type Weekday } from '../base/time.ts';
import type { Lang } from '../base/words/words.ts';
import { mostOfOne } from '../exposure/one-follower.ts';
import { isOfPayments } from '../mechanics/refund.ts';
import type { Campaign } from '../rules/campaign.ts';
import { hasDraw, hasTrigger, isCash, isGoods, makesClaims, payingRules } from '../rules/campaign-query.ts';
import { type Describing, endText, hoursIn, lengthText, minuteText, type Say } from '../rules/public-text.ts';
import { asWritten } from '../rules/renamed.ts';
import { ANSWERS } from '../rules/shipping.ts';
import { describePrizes } from './prize.ts';
import { describeRules } from './rule.ts';

export type DescribeOptions = {
  /** Chinese where it is absent. */
  readonly lang?: Lang;
  /** SHA-256 of the campaign's seed, hex (`commitmentOf`): without it nothing is said of how a draw is verified. */
  readonly commitment?: string;
  /** The same of a draw at the end, by its name: its seed is one of its own. */
  readonly drawCommitment?: (draw: string) => string;
  /** Also tells the words that are typed. They may be passwords: it is for the operator to say. */
  readonly words?: boolean;
};

/** Line by line; a line that begins with `## ` is a heading. */
export function describe(
  inside: Campaign,
  { lang = 'zh', commitment, drawCommitment, words = false }: DescribeOptions = {},
): string[] {
  const campaign = asWritten(inside);
  const say: Say = (zh, en) => (lang === 'zh' ? zh : en);
  const at: Describing = { campaign, say, words };
  const sections: (readonly [string, readonly string[]])[] = [
    [say('活动时间', 'When'), whenLines(at)],
    [say('怎么参加', 'How to take part'), describeRules(at)],
    [say('奖品与概率', 'Prizes and odds'), describePrizes(at)],
    [say('限额', 'Limits'), limitLines(at)],
    [say('发放', 'Payment'), payLines(at)],
    [say('实物奖品与个人信息', 'Things sent by post, and personal data'), shippingLines(at)],
    [say('开奖', 'The draw'), drawLines(at, drawCommitment)],
    [say('公平验证', 'Verify a draw'), commitment === undefined ? [] : verifyLines(at, commitment)],
  ];
  const host = campaign.packet && `${say('主办：', 'Held by: ')}${campaign.packet.sendName}`;
  return [
    `# ${campaign.name} ${say('活动规则', 'rules')}`,
    ...(host === undefined ? [] : [host]),
    ...sections.filter(([, lines]) => lines.length > 0).flatMap(([head, lines]) => [`## ${head}`, ...lines]),
  ];
}

// ── When ─────────────────────────────────────────────────────────────────────────────────────────────────────

function whenLines({ campaign, say }: Describing): string[] {
  const { period, rounds, stores } = campaign;
  const { from, to, hours, weekdays, dayStartsAt } = period;
  const lines = [
    ...(campaign.mode === 'paused'
      ? [say('活动暂停中，暂不发放。', 'The campaign is paused: it gives nothing for now.')]
      : []),
    say(`${minuteText(from)} 至 ${endText(to)}（北京时间）。`, `${minuteText(from)} to ${endText(to)}, Beijing time.`),
  ];
  if (hours.length > 0) lines.push(say(`开放时段：${hoursIn(hours, say)}。`, `Open ${hoursIn(hours, say)}.`));
  if (weekdays.length > 0 && weekdays.length < WEEKDAYS.length)
    lines.push(
      say(`开放日：${weekdays.map(day => WEEKDAY_NAMES[day]).join('、')}。`, `Open on ${weekdays.join(', ')}.`),
    );
  if (dayStartsAt > 0) {
    const start = hoursText([[dayStartsAt, dayStartsAt]]).slice(0, 5);
    lines.push(say(`「每天」从 ${start} 算起。`, `A day begins at ${start}.`));
  }
  for (const { name, from: begins, to: ends, packets, total } of rounds) {
    const when = `${minuteText(begins)}–${endText(ends).slice(11)}`;
    lines.push(
      say(
        `场次「${name}」：${when}，共 ${packets} 个红包，合计 ${showFen(total)}。`,
        `Round "${name}": ${when}, ${packets} red packets, ${showFen(total)} in all.`,
      ),
    );
  }
  if (stores && stores.size > 0 && stores.size <= STORES_MAX)
    for (const { name, hours: open } of stores.values())
      lines.push(say(`门店「${name}」：${hoursIn(open, say)}。`, `Store "${name}": ${hoursIn(open, say)}.`));
  else if (stores)
    lines.push(
      say(`参与门店共 ${stores.size} 家，时间以各店为准。`, `${stores.size} stores take part, each in its own hours.`),
    );
  return lines;
}

/** More would be a list of its own. */
const STORES_MAX = 30;

const WEEKDAY_NAMES: Readonly<Record<Weekday, string>> = {
  mon: '周一',
  tue: '周二',
  wed: '周三',
  thu: '周四',
  fri: '周五',
  sat: '周六',
  sun: '周日',
};

// ── Limits ───────────────────────────────────────────────────────────────────────────────────────────────────

function limitLines(at: Describing): string[] {
  const { campaign, say } = at;
  const { perUser, perScene, perMinute, budget } = campaign;
  if (!campaign.rules.some(makesClaims)) return [];
  const { total, perDay, perMonth, perRound, wins, amountPerDay, gap } = perUser;
  const times = (count: number): string => say(`${count} 次`, count === 1 ? 'once' : `${count} times`);
  const mine = [
    total !== undefined && say(`共 ${times(total)}`, `${times(total)} in all`),
    perDay !== undefined && say(`每天 ${times(perDay)}`, `${times(perDay)} a day`),
    perMonth !== undefined && say(`每月 ${times(perMonth)}`, `${times(perMonth)} a month`),
    perRound !== undefined && say(`每场 ${times(perRound)}`, `${times(perRound)} a round`),
    wins !== undefined && say(`最多中奖 ${times(wins)}`, `wins ${times(wins)} at most`),
    amountPerDay !== undefined && say(`每天最多 ${showFen(amountPerDay)}`, `at most ${showFen(amountPerDay)} a day`),
    gap !== undefined && say(`两次之间至少隔 ${lengthText(gap, say)}`, `at least ${lengthText(gap, say)} between two`),
  ].filter(part => part !== false);
  const scene = [
    perScene.perDay !== undefined && say(`每天 ${perScene.perDay} 个红包`, `${perScene.perDay} red packets a day`),
    perScene.amountPerDay !== undefined &&
      say(`每天 ${showFen(perScene.amountPerDay)}`, `${showFen(perScene.amountPerDay)} a day`),
    perScene.perUser !== undefined && say(`每人 ${times(perScene.perUser)}`, `${times(perScene.perUser)} per person`),
  ].filter(part => part !== false);
  const all = budget && [
    say(`共 ${showFen(budget.total)}`, `${showFen(budget.total)} in all`),
    budget.perDay !== undefined && say(`每天 ${showFen(budget.perDay)}`, `${showFen(budget.perDay)} a day`),
    budget.packets !== undefined && say(`共 ${budget.packets} 个红包`, `${budget.packets} red packets in all`),
    budget.packetsPerDay !== undefined &&
      say(`每天 ${budget.packetsPerDay} 个红包`, `${budget.packetsPerDay} red packets a day`),
    budget.pace !== undefined && paceText(budget.pace, say),
  ];
  return [
    ...(mine.length > 0 ? [`${say('每人：', 'Each person: ')}${mine.join(say('；', '; '))}${say('。', '.')}`] : []),
    ...(scene.length > 0
      ? [`${say('每个门店或二维码：', 'Each store or code: ')}${scene.join(say('；', '; '))}${say('。', '.')}`]
      : []),
    ...mostLines(at),
    ...(perMinute === undefined
      ? []
      : [say(`全体参与者每分钟最多 ${perMinute} 次。`, `At most ${perMinute} claims a minute by everybody together.`)]),
    ...(all && payingRules(campaign).length > 0
      ? [
          `${say('活动总额：', 'The whole campaign: ')}${all.filter(part => part !== false).join(say('；', '; '))}${say('。先到先得，发完即止。', '. First come, first served.')}`,
          say(
            '另受微信支付对收款人和商户的每日限额约束。',
            'WeChat Pay has limits of its own on what one person, and one merchant, can have in a day.',
          ),
        ]
      : []),
  ];
}

/** What the limits above come to for one person, whatever they do. */
function mostLines({ campaign, say }: Describing): string[] {
  if (payingRules(campaign).length === 0) return [];
  const { day, ever, own, per } = mostOfOne(campaign);
  if (own.ever !== undefined)
    return [
      day === ever
        ? say(`一个人全程最多 ${showFen(ever)}。`, `One person can have ${showFen(ever)} at most in all.`)
        : say(
            `一个人一天最多 ${showFen(day)}，全程最多 ${showFen(ever)}。`,
            `One person can have ${showFen(day)} at most in a day, and ${showFen(ever)} in all.`,
          ),
    ];
  const deeds = per.map(source => say(DEEDS[source].zh, DEEDS[source].en));
  if (deeds.length === 0) return [];
  return [
    say(
      `${deeds.join('、')}不限次数，一个人最多能得多少由活动总额决定（一天最多 ${showFen(day)}）。`,
      `There is no limit on ${deeds.join(' and ')}: how much one person can have is bounded by the campaign as a whole (${showFen(day)} in a day).`,
    ),
  ];
}

const DEEDS = {
  paid: { zh: '付款', en: 'payments' },
  friend: { zh: '邀请朋友', en: 'friends' },
  code: { zh: '使用产品上的码', en: 'printed codes' },
} as const;

function paceText({ perHour, carryOver }: { readonly perHour: number; readonly carryOver: boolean }, say: Say): string {
  const more = carryOver
    ? say('，没发完的留到当天后面的小时', ', what is left of it goes to the later hours of the day')
    : '';
  return say(`每小时 ${perHour} 个${more}`, `${perHour} an hour${more}`);
}

// ── Payment ──────────────────────────────────────────────────────────────────────────────────────────────────

function payLines({ campaign, say }: Describing): string[] {
  const paying = payingRules(campaign);
  if (paying.length === 0) return [];
  const lines: string[] = [];
  if (paying.some(({ delay }) => delay === undefined))
    lines.push(
      say(
        '现金红包由微信支付发放，判定后即登记，通常数秒内送达；遇微信支付繁忙、夜间暂停或限额时顺延。',
        'Red packets are paid through WeChat Pay, usually within seconds; later where WeChat Pay is busy, pauses at night or has reached a limit.',
      ),
    );
  for (const delay of new Set(paying.flatMap(rule => rule.delay ?? []))) {
    const causes = new Set(paying.filter(rule => rule.delay === delay).flatMap(({ cancelIf }) => cancelIf));
    lines.push(
      say(`部分奖励在 ${lengthText(delay, say)}后发放。`, `Some prizes are paid ${lengthText(delay, say)} later.`),
    );
    if (causes.has('unsubscribed'))
      lines.push(say('发放前取消关注的，这份奖励取消。', 'Who unfollows before that loses the prize.'));
  }
  if (paying.some(rule => isOfPayments(rule) || rule.cancelIf.includes('refunded')))
    lines.push(
      say(
        '发放前订单退款的，这份奖励取消，退一部分也是。',
        'If the order is refunded before that, even in part, the prize is cancelled.',
      ),
    );
  lines.push(
    campaign.unclaimed === 'reoffer'
      ? say(
          '请在收到后 24 小时内拆开；没有拆开的由微信支付退回，会再发一次，仍未拆开则不再补发。',
          'Open it within 24 hours. One that is not opened goes back and is sent once more, and not again after that.',
        )
      : say(
          '请在收到后 24 小时内拆开；没有拆开的由微信支付退回，不再补发。',
          'Open it within 24 hours. One that is not opened goes back and is not sent again.',
        ),
  );
  lines.push(
    say(
      '微信账号须能正常收款（已实名）；微信支付拒绝付款的，红包无法送达。',
      'The WeChat account must be able to receive money (real name verified), or the red packet cannot be delivered.',
    ),
  );
  return lines;
}

// ── Draws at the end ─────────────────────────────────────────────────────────────────────────────────────────

function drawLines({ campaign, say }: Describing, commitmentOf: DescribeOptions['drawCommitment']): string[] {
  const draws = [...(campaign.draws?.values() ?? [])];
  if (draws.length === 0) return [];
  return [
    ...draws.flatMap(({ name, at, winners }) => {
      const prizes = [...winners].map(([prize, count]) => say(`「${prize}」${count} 个`, `"${prize}" ${count}`));
      return [
        say(
          `「${name}」${beijingText(at).slice(0, 16)} 开奖，依次抽出${prizes.join('、')}；每人最多中一个，抽奖号不足时多出的奖品不发。`,
          `"${name}" is held ${beijingText(at).slice(0, 16)}: ${prizes.join(', ')}, drawn in this order; nobody wins twice, and what is left without a ticket is not given.`,
        ),
        ...(commitmentOf
          ? [
              say(
                `「${name}」种子的承诺值（SHA-256）：${commitmentOf(name)}`,
                `Commitment to the seed of "${name}" (SHA-256): ${commitmentOf(name)}`,
              ),
            ]
          : []),
      ];
    }),
    say(
      '名次由种子和抽奖号算出（HMAC-SHA256，从小到大）。开奖后公布种子和全部抽奖号，任何人都可以复算。',
      'The order follows from the seed and each ticket (HMAC-SHA256, the smallest first). Seed and tickets are published after the draw, and anybody can work it out again.',
    ),
  ];
}

// ── Things sent by post ──────────────────────────────────────────────────────────────────────────────────────

function shippingLines({ campaign, say }: Describing): string[] {
  const { shipping } = campaign;
  if (!shipping || ![...campaign.prizes.values()].some(isGoods)) return [];
  const { keep, consent } = shipping;
  return [
    say(
      '实物奖品按中奖人在聊天里填写的姓名、电话、地址寄送；不填写的视为放弃寄送。',
      'Things are sent to the name, phone and address that the winner gives in the chat; to who gives none nothing is sent.',
    ),
    say(`填写前须同意：${consent}`, `Before giving them, the winner agrees to this: "${consent}"`),
    say(
      `收件信息只用于寄送，加密保存；活动结束后 ${lengthText(keep, say)}自动删除（结束以后填写的，自填写起算），随时可回复「${ANSWERS.forget}」删除。`,
      `They are used for sending only, are kept encrypted, and are deleted ${lengthText(keep, say)} after the end (or after they were given, if that is later), or at any time by the answer "${ANSWERS.forget}".`,
    ),
  ];
}

// ── Verification ─────────────────────────────────────────────────────────────────────────────────────────────

function verifyLines({ campaign, say }: Describing, commitment: string): string[] {
  const hasSplit = [...campaign.prizes.values()].some(prize => isCash(prize) && prize.split);
  const hasRange = [...campaign.prizes.values()].some(prize => isCash(prize) && prize.min < prize.max && !prize.steps);
  if (!hasDraw(campaign) && !hasSplit && !hasRange) return [];
  return [
    say(
      '抽奖不用随机数：奖品和金额由活动种子与每次领取的编号算出（HMAC-SHA256），活动开始前已经确定，任何人不能改动。',
      'No dice are thrown: prize and amount follow from the seed of the campaign and the key of each claim (HMAC-SHA256), fixed before it began.',
    ),
    say(`种子的承诺值（SHA-256）：${commitment}`, `Commitment to the seed (SHA-256): ${commitment}`),
    say(
      `活动结束（${endText(campaign.period.to)}）后公布种子，任何人都可以复算每一次抽奖。`,
      `After the end (${endText(campaign.period.to)}) the seed is published, and anybody can work out every draw again.`,
    ),
    ...(hasSplit
      ? [
          say(
            '每场红包的金额与顺序也由同一种子排定。',
            'The amounts of each round and their order follow from the same seed.',
          ),
        ]
      : []),
    ...(campaign.rules.some(rule => hasTrigger(rule, ['code']) && rule.assigned)
      ? [
          say(
            '码上的奖品在印刷时已经定好，不在此列。',
            'What a printed code is worth was decided when it was printed, and is not part of this.',
          ),
        ]
      : []),
  ];
}
