// The campaigns of the torture: a few themes, each with a purse that is small, so that the last prize has several hands on
// it, or large, so that many payouts wait for their turn. Each comes in two versions of its file: the second one has other
// words and wider limits, and one limit more than the first; it goes live in the middle of things.
import { type Book, bookOf } from '../../src/core/decide/match.ts';
import type { Campaign } from '../../src/core/rules/campaign.ts';
import { loadCampaign } from '../../src/core/rules/file/load.ts';

export const CAMPAIGN = 'torture';
/** The campaign that answers what the first one answers as well. */
export const BESIDE = 'beside';
export const BATCH = 'spring';

/** What a campaign is about, beside what all have. */
export const THEMES = ['words', 'stores', 'shop', 'rain', 'codes'] as const;
export type Theme = (typeof THEMES)[number];

type Purse = {
  readonly total: string;
  readonly perDay: string;
  readonly packets: number;
  readonly packetsPerDay: number;
  readonly perUser: string;
  readonly stock: number;
};
const SMALL: readonly [Purse, Purse] = [
  {
    total: '¥16.00',
    perDay: '¥12.00',
    packets: 9,
    packetsPerDay: 7,
    perUser: 'total: 7, perDay: 4, perMonth: 6, wins: 6, amountPerDay: ¥9.00',
    stock: 2,
  },
  {
    total: '¥18.00',
    perDay: '¥13.00',
    packets: 11,
    packetsPerDay: 8,
    perUser: 'total: 8, perDay: 5, perMonth: 7, wins: 7, amountPerDay: ¥10.00',
    stock: 3,
  },
];
const LARGE: readonly [Purse, Purse] = [
  {
    total: '¥90.00',
    perDay: '¥80.00',
    packets: 60,
    packetsPerDay: 55,
    perUser: 'perDay: 12, amountPerDay: ¥30.00',
    stock: 2,
  },
  {
    total: '¥95.00',
    perDay: '¥85.00',
    packets: 65,
    packetsPerDay: 60,
    perUser: 'perDay: 13, amountPerDay: ¥32.00',
    stock: 2,
  },
];

/** What each theme adds to its file. */
type Part = { readonly limits?: string; readonly top?: string; readonly prizes?: string; readonly rules: string };
const PARTS: Readonly<Record<Theme, Part>> = {
  words: {
    rules: `
  - { id: late, on: { text: 等等 }, once: perEvent, give: gift, delay: 90s, cancelIf: unsubscribed }`,
  },
  stores: {
    limits: ', perScene: { perDay: 3, amountPerDay: ¥4.00, perUser: 2 }',
    rules: `
  - { id: store, on: { scan: store-* }, once: perEvent, give: [range, none] }`,
  },
  shop: {
    top: `
wallets: { 机会: { freePerDay: 1, earnPerDay: 4, spendPerDay: 5 } }`,
    rules: `
  - { id: back, on: { paid: { over: ¥50.00 } }, once: perEvent, give: gift, delay: 30s, cancelIf: [refunded, unsubscribed] }
  - { id: chance, on: paid, once: perEvent, earn: { 机会: 2 }EARNED }
  - { id: spin, on: { text: 转盘 }, once: perEvent, spend: { 机会: 1 }, give: [range, none] }
  - { id: mate, on: { friend: paid }, once: perEvent, give: gift, delay: 20s, cancelIf: refunded }`,
  },
  rain: {
    top: `
rounds: [ROUNDS]`,
    prizes: `
  drop: { redpacket: { split: ¥1.00..¥2.00 } }`,
    rules: `
  - { id: rain, on: [visit, { text: 红包雨 }], once: perRound, give: drop }`,
  },
  codes: {
    rules: `
  - { id: cap, on: { code: ${BATCH} }, once: perEvent, give: assigned }`,
  },
};

/** What stands in the file beside its theme where there are vouchers. */
export const STOCK = '1234567';
const VOUCHER = {
  prize: `
  tea: { voucher: { stock: "${STOCK}", value: ¥1.50 }, fallbackTo: gift }`,
  rule: `
  - { id: tea, on: { text: 代金券 }, once: perEvent, give: [tea, none] }`,
};

/**
 * What comes together: two prizes of one claim, a draw that is guaranteed, cards in wallets; and a second campaign that answers the
 * same words from a purse of its own, at the same merchant.
 */
const TOGETHER = {
  wallets: '甲卡: {}, 乙卡: {}',
  prizes: `
  half: { redpacket: ¥1.10..¥1.60 }
  cardA: { earn: { 甲卡: 1 }, weight: 5 }
  cardB: { earn: { 乙卡: 1 } }`,
  rules: `
  - { id: both, on: { text: 双礼 }, once: perEvent, give: { all: [half, gift, rare] } }
  - { id: twice, on: { text: 再来 }, once: perDay, give: { all: [gift, half] }, delay: 40s, cancelIf: unsubscribed }
  - { id: sure, on: { text: 保底 }, once: perEvent, give: [half, none], guaranteed: { within: 2, give: half } }
  - { id: card, on: { text: 卡 }, once: perEvent, give: [cardA, cardB], guaranteed: { within: 3, give: cardB } }
  - { id: set, on: { text: 合成 }, once: perEvent, spend: { 甲卡: 2, 乙卡: 1 }, give: gift }`,
};
const besideText = ({ isLarge, unclaimed, dayStartsAt }: Setting): string => `
campaign: ${BESIDE}
name: 同享
alongside: true
period: { from: 2026-01-01, to: 2026-12-31, dayStartsAt: "${dayStartsAt}" }
budget: { total: ${isLarge ? '¥40.00, packets: 25' : '¥6.00'} }
limits: { perUser: { perDay: 4 } }
packet: { sendName: 阿茶 }
unclaimed: ${unclaimed}
prizes:
  extra: { redpacket: ¥1.00 }
  more: { redpacket: ¥1.30, stock: 8 }
rules:
  - { id: too, on: { text: 红包 }, once: perDay, give: extra }
  - { id: also, on: { text: 双礼 }, once: perEvent, give: { all: [extra, more] } }
`;

/** Times of the rounds hang on when the seed begins: there are few such times. */
export type Setting = {
  readonly theme: Theme;
  readonly isLarge: boolean;
  readonly unclaimed: 'return' | 'reoffer';
  /** There are vouchers (代金券) to be won as well. */
  readonly hasVouchers: boolean;
  /** Prizes come together, and a second campaign answers alongside. */
  readonly isTogether: boolean;
  /** When a day of the campaign begins. */
  readonly dayStartsAt: '00:00' | '10:00';
  /** `YYYY-MM-DD hh:mm` in Beijing: a round opens then, and one two minutes later. */
  readonly rounds: readonly [string, string];
};

function textOf(setting: Setting, version: 0 | 1): string {
  const { theme, isLarge, unclaimed, dayStartsAt, hasVouchers, isTogether } = setting;
  const { total, perDay, packets, packetsPerDay, perUser, stock } = (isLarge ? LARGE : SMALL)[version];
  const { limits = '', top = '', prizes = '', rules } = PARTS[theme];
  const withCards =
    isTogether && theme === 'shop'
      ? top.replace('wallets: { ', `wallets: { ${TOGETHER.wallets}, `)
      : isTogether
        ? `\nwallets: { ${TOGETHER.wallets} }${top}`
        : top;
  const rounds = setting.rounds.map(
    (at, n) => `{ name: 第${n + 1}场, at: ${at}, lasts: 90s, packets: ${4 - n}, total: ¥${n === 0 ? '6.00' : '4.00'} }`,
  );
  return `
campaign: ${CAMPAIGN}
name: 酷刑
period: { from: 2026-01-01, to: 2026-12-31, dayStartsAt: "${dayStartsAt}" }
budget: { total: ${total}, perDay: ${perDay}, packets: ${packets}, packetsPerDay: ${packetsPerDay} }
limits: { perUser: { ${perUser}, gap: 2s }${limits} }
packet: { sendName: 阿茶 }
unclaimed: ${unclaimed}${withCards.replace('ROUNDS', rounds.join(', '))}
prizes:
  gift: { redpacket: ¥1.00${version === 1 ? ', stock: 20' : ''} }
  range: { redpacket: ¥1.20..¥2.80, weight: 3 }
  rare: { redpacket: ¥5.00, weight: 2, stock: ${stock}, perDay: 2, perUser: 1${hasVouchers ? ', fallbackTo: gift' : ''} }
  none: { nothing: true, weight: 2 }${prizes}${hasVouchers ? VOUCHER.prize : ''}${isTogether ? TOGETHER.prizes : ''}
rules:
  - { id: follow, on: subscribe, once: ever, give: gift }
  - { id: daily, on: { text: 红包 }, once: perDay, give: gift }
  - { id: draw, on: { text: 抽奖 }, once: perEvent, give: [range, rare, none] }
  - { id: help, on: { text: 帮助 }, reply: ${version === 0 ? '你好' : '您好'} }
  - { id: friends, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "请看 {{invite}}" }${rules.replace('EARNED', '')}${hasVouchers ? VOUCHER.rule : ''}${isTogether ? TOGETHER.rules : ''}
`;
}

/** One version of the file, live. */
export type Version = {
  readonly campaign: Campaign;
  /** The campaign itself, and the one beside it where there is one. */
  readonly campaigns: readonly Campaign[];
  readonly book: Book;
};

const known = new Map<string, Version>();

function campaignFrom(file: string, text: string): Campaign {
  const loaded = loadCampaign(file, text);
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
  return loaded.campaign;
}

function versionOf(setting: Setting, number: 0 | 1): Version {
  const text = textOf(setting, number);
  const before = known.get(text);
  if (before) return before;
  const campaign = campaignFrom('torture.yaml', text);
  const campaigns = setting.isTogether ? [campaign, campaignFrom('beside.yaml', besideText(setting))] : [campaign];
  const version = { campaign, campaigns, book: bookOf(campaigns, ['tea']) };
  known.set(text, version);
  return version;
}

export function versionsOf(setting: Setting): readonly [Version, Version] {
  return [versionOf(setting, 0), versionOf(setting, 1)];
}

/** What followers say in such a campaign. */
export function wordsOf({ theme, hasVouchers, isTogether }: Setting): readonly string[] {
  return [
    ...WORDS[theme],
    ...(hasVouchers ? ['代金券', '代金券', '代金券'] : []),
    ...(isTogether ? ['双礼', '双礼', '双礼', '再来', '保底', '保底', '卡', '卡', '合成', '红包'] : []),
  ];
}

const WORDS: Readonly<Record<Theme, readonly string[]>> = {
  words: ['红包', '抽奖', '抽奖', '抽奖', '帮助', '你好', '等等', '等等'],
  stores: ['红包', '抽奖', '抽奖', '帮助', '你好'],
  shop: ['红包', '抽奖', '转盘', '转盘', '转盘', '帮助'],
  rain: ['红包', '抽奖', '红包雨', '红包雨', '帮助'],
  codes: ['红包', '抽奖', '抽奖', '帮助', '你好'],
};
