// The public rules of a campaign: what is told, with honest odds, and what is not.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { simulateDraws } from '../../../src/core/analysis/simulate-draws.ts';
import { chanceOf } from '../../../src/core/base/random.ts';
import { type DescribeOptions, describe } from '../../../src/core/public-rules/describe.ts';
import { percent } from '../../../src/core/public-rules/prize.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';
import { exactly } from '../../support/exactly.ts';

const FIXTURES = new URL('../../fixtures/rules/', import.meta.url);

function load(text: string): Campaign {
  const loaded = loadCampaign('a.yaml', text, undefined, name => readFileSync(new URL(name, FIXTURES), 'utf8'));
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
  return loaded.campaign;
}
const everything = load(readFileSync(new URL('everything.yaml', FIXTURES), 'utf8'));

const DRAW = (prizes: string, give: string, more = ''): string => `campaign: spring
name: 新春口令红包
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00, hours: "08:00-24:00" }
budget: { total: ¥500.00, perDay: ¥50.00 }
limits: { perUser: { total: 3, perDay: 1, gap: 10m } }
packet: { sendName: 阿茶茶饮 }
${more}
prizes:
${prizes}
rules:
  - { id: password, on: { text: [恭喜发财, 新年快乐] }, once: perDay, give: ${give} }
  - { id: help, on: { text: 帮助 }, reply: 说口令 }
`;
const PRIZES = `  small: { redpacket: ¥1.00, weight: 70 }
  medium: { redpacket: ¥1.20..¥2.80, weight: 25 }
  big: { redpacket: ¥8.00, weight: 1, stock: 3, perUser: 1 }
  thanks: { nothing: true, weight: 504 }`;

const told = (campaign: Campaign, options?: DescribeOptions): string => describe(campaign, options).join('\n');

test('a plain draw is described whole', () => {
  const commitment = 'c0ffee'.padEnd(64, '0');
  expect(describe(load(DRAW(PRIZES, '[small, medium, big, thanks]')), { commitment })).toEqual([
    '# 新春口令红包 活动规则',
    '主办：阿茶茶饮',
    '## 活动时间',
    '2026-02-10 08:00 至 2026-02-24 24:00（北京时间）。',
    '开放时段：08:00–24:00。',
    '## 怎么参加',
    '1. 在对话中回复活动公布的关键词或口令；每人每天一次；抽「small」、「medium」、「big」、「thanks」之一。',
    '## 奖品与概率',
    '「small」：现金红包 ¥1.00。',
    '「medium」：现金红包 ¥1.20–¥2.80，每一分钱的金额机会均等。',
    '「big」：现金红包 ¥8.00；共 3 份；每人最多 1 份。',
    '「thanks」：没有奖金。',
    '每次抽奖的概率：「small」 11.67%、「medium」 4.17%、「big」 0.17%、「thanks」 84.00%。',
    '以上是全部奖品都在时的概率；某一奖品发完、超出剩余预算或本人限额、本人已得满时退出，其余奖品按原比例分摊它的概率。',
    '有价值的奖品全部发完后，不再抽奖，回复「已发完」。',
    '## 限额',
    '每人：共 3 次；每天 1 次；两次之间至少隔 10 分钟。',
    '一个人一天最多 ¥8.00，全程最多 ¥13.60。',
    '活动总额：共 ¥500.00；每天 ¥50.00。先到先得，发完即止。',
    '另受微信支付对收款人和商户的每日限额约束。',
    '## 发放',
    '现金红包由微信支付发放，判定后即登记，通常数秒内送达；遇微信支付繁忙、夜间暂停或限额时顺延。',
    '请在收到后 24 小时内拆开；没有拆开的由微信支付退回，不再补发。',
    '微信账号须能正常收款（已实名）；微信支付拒绝付款的，红包无法送达。',
    '## 公平验证',
    '抽奖不用随机数：奖品和金额由活动种子与每次领取的编号算出（HMAC-SHA256），活动开始前已经确定，任何人不能改动。',
    `种子的承诺值（SHA-256）：${commitment}`,
    '活动结束（2026-02-24 24:00）后公布种子，任何人都可以复算每一次抽奖。',
  ]);
});

test('without a commitment nothing is said of verification', () => {
  expect(told(everything)).not.toContain('公平验证');
  expect(told(everything, { commitment: 'ab' })).toContain('## 公平验证');
});

test('passwords are told only if the operator says so, and those of days and guesses never', () => {
  const secrets = ['抽奖', '恭喜发财', '签到', '阿茶上新'];
  const whole = told(everything)
    .split('\n')
    .filter(line => /^\d+\. /.test(line))
    .join('\n');
  for (const word of ['回复「抽奖」', '恭喜发财', '阿茶上新', '[一-龥]']) expect(whole).not.toContain(word);
  const open = told(everything, { words: true });
  expect(secrets.filter(word => open.includes(word))).toEqual(['抽奖', '恭喜发财', '签到']);
  expect(open).not.toContain('[一-龥]');
});

test('every part of a campaign with everything is told', () => {
  const text = told(everything, { commitment: 'ab' });
  for (const part of [
    ...[
      '「每天」从 04:00 算起',
      '场次「第一场」：2027-02-05 20:00–20:05，共 1000 个红包，合计 ¥2888.00',
      '门店「城东店」：10:00–22:00',
    ],
    ...[
      '每次消耗「机会」×1',
      '连续签到，每 7 天一轮，签满的最多 4 轮',
      '补签：只能补前一天',
      '每人每 1 小时最多答错 5 次',
    ],
    ...['共 2 题，每题 20 秒，答对 2 题过关，每天 2 次', '输入或扫描产品上的码', '单笔实付满 ¥50.00', '1 天后发放'],
    ...[
      '第 3 次得「small」',
      '「机会」：每天免费 1 个',
      '邀请码 7 天内有效',
      '满 ¥50.00 得 ¥2.00、满 ¥100.00 得 ¥5.00',
    ],
    ...[
      '由 5 人分',
      '本人抽过 3 次后才可能抽中',
      '仅限 2027-02-05 08:00 至 2027-02-06 24:00 的 18:00–22:00',
      '券码；共 3 份',
    ],
    ...[
      '每场 2 次；最多中奖 20 次',
      '每个门店或二维码：每天 50 个红包',
      '每分钟最多 600 次',
      '每小时 400 个，没发完的留到当天后面的小时',
    ],
    ...['发放前订单退款的', '发放前取消关注的', '会再发一次', '每场红包的金额与顺序也由同一种子排定', '印刷时已经定好'],
  ])
    expect(text).toContain(part);
});

test('with a fallback the odds stay, and what is gone becomes the fallback', () => {
  const text = told(everything);
  expect(text).toMatch(/以上概率不变；抽中的奖品发完、.*尚未解锁时，改发「thanks」/);
  expect(text).toContain('解锁之前，抽中「big」的概率为 0。');
  expect(text).not.toContain('分摊它的概率');
});

test('a certain prize has no odds, and nothing is verified where nothing is drawn', () => {
  const text = told(load(DRAW('  small: { redpacket: ¥1.00 }', 'small')), { commitment: 'ab' });
  expect(text).not.toMatch(/概率：|公平验证/);
  expect(text).toContain('得「small」');
});

test('in English it says the same, line by line', () => {
  const both = (['zh', 'en'] as const).map(lang => describe(everything, { lang, commitment: 'ab' }));
  const [zh, en] = exactly(2, both);
  expect(en).toHaveLength(zh.length);
  const figures = (line: string): string[] => (line.match(/¥\d+\.\d\d|[\d.]+%|\d{4}-\d\d-\d\d/g) ?? []).sort();
  expect(en.map(figures)).toEqual(zh.map(figures));
  expect(en.filter(line => /[「」]/.test(line))).toEqual([]);
  const CHINESE_NAMES = /"[^"]*"|万事俱备|阿茶茶饮|：|、/g;
  expect(en.filter(line => /\p{Script=Han}/u.test(line.replace(CHINESE_NAMES, '')))).toEqual([]);
});

test('odds too small for two decimals are still no zero', () => {
  expect([0, 1, 0.5, 0.0014, 0.00005, 0.00000123].map(percent)).toEqual([
    ...['0.00%', '100.00%', '50.00%', '0.14%'],
    ...['0.0050%', '0.00012%'],
  ]);
});

test('a draw at the end has winners, and no odds: tickets decide; and no sentence ends twice', () => {
  const campaign = load(`campaign: quiz
name: 知识竞赛
period: { from: 2026-02-10 08:00, to: 2026-03-20 24:00 }
budget: { total: ¥60.00 }
packet: { sendName: 阿茶茶饮 }
draws:
  大奖: { at: 2026-02-21 20:00, winners: { big: 1, small: 10 } }
prizes:
  big: { redpacket: ¥8.00 }
  small: { redpacket: ¥2.00 }
rules:
  - { id: enter, on: { text: 报名 }, once: ever, enter: 大奖 }
  - { id: drawn, on: { drawn: 大奖 }, give: [big, small] }
`);
  const text = told(campaign);
  expect(text).toContain('依次抽出「big」1 个、「small」10 个');
  expect(text).not.toMatch(/概率：|%|。。/);
  expect(told(campaign, { lang: 'en' })).not.toMatch(/%|\.\./);
  expect(simulateDraws(campaign, 10, chanceOf('x'))).toEqual([]);
});
