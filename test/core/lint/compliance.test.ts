// Warnings about what WeChat and the law forbid: sentences that offer what must not be offered, and many that do not.

import { describe, expect, test } from 'vitest';
import { told } from '../../../src/core/base/error.ts';
import { inLang, LANGS } from '../../../src/core/base/words/words.ts';
import { LINTS, type LintId } from '../../../src/core/lint/catalogue.ts';
import { type PhraseKind, phrasesIn } from '../../../src/core/lint/phrases.ts';
import { type Edit, edited, lintFiles, saidOf, show } from '../../support/lint.ts';

const FOLLOWS = [
  ...['关注领红包', '关注公众号领红包', '关注即送红包', '关注就送', '关注后可领取 5 元现金', '关注有礼', '关注红包'],
  ...['关 注 领 红 包', '关注🧧领红包', '关注【阿茶】领【红包】', '關注送禮品', '订阅公众号得积分', '关注送一杯奶茶'],
  ...['关注公众号，即可参与抽奖', '先关注才能领红包', '请先关注公众号，再来抽奖', '关注后方可参加活动'],
  ...['领红包请先关注公众号', '想拿红包？请先关注我们', '未关注的朋友不能领取', '长按二维码关注，抽 88 元大奖'],
  ...['新粉专享红包', '新关注用户送 8 元', '扫码关注，免费领取优惠券', '关注「阿茶」领取新人礼包'],
  ...['欢迎关注阿茶，关注即可领取 {{amount}} 元红包', '感谢关注！再说一遍：关注领券'],
];
const SHARES = [
  ...['转发朋友圈领红包', '分享给好友得抽奖机会', '分享后可再抽一次', '每分享一次多一次机会', '分享得 10 积分'],
  ...[
    '集赞 38 个送奶茶',
    '点赞满 20 送一杯',
    '帮我砍一刀',
    '好友助力领现金',
    '助力成功免费拿',
    '分享到 3 个群即可领取',
  ],
  ...['转发抽奖', '转发有礼', '发朋友圈截图领券', '领奖需先转发本文', '把这条消息转给朋友，就能多抽一次'],
  ...['邀请 3 位好友关注领 5 元红包', '拉 5 个人送红包', '邀请好友得红包', '分享海报到朋友圈，凭截图兑换'],
];
const LOTTERIES = ['彩票大放送', '来赌一把', '下注赢大奖', '稳赚不赔', '今晚开六合彩'];
const SURE = ['百分百中奖', '100% 中奖，快来', '人人有奖', '必中红包', '抽就有', '次次有奖'];

/** What a shop may well say. */
const GOOD = [
  ...['感谢关注！', '谢谢你的关注，送你一个小红包', '感谢您一直以来的关注，回复「抽奖」领红包', '又见面啦！'],
  ...['欢迎关注阿茶，回复「菜单」看今天的新品', '请关注活动公告', '敬请关注下期抽奖', '持续关注，不错过每一次上新'],
  ...['红包已发出，请关注微信支付通知', '取消关注又回来的朋友不重复领取', '取消关注后不能再领红包', '很高兴你关注我们'],
  ...['欢迎回来！到店红包送给一直关注的朋友。', '关注天气变化，出门带伞', '关注送货进度请看订单', '关注我们的后续活动'],
  ...[
    '请关注店内公告，领取时间另行通知',
    '他很关注得失',
    '领导关注的重点',
    '口令正确！{{amount}} 元红包已发出，点开领取。',
  ],
  ...['分享快乐，好茶常在', '感谢分享，红包请回复口令领取', '无需转发，回复口令即可领取', '转发量不影响中奖'],
  ...[
    '不需要分享到朋友圈，扫码就能抽奖',
    '请勿转发给他人，本券仅限本人使用',
    '我们会在朋友圈发布新品',
    '给我们点个赞吧',
  ],
  ...[
    '朋友到店下第一单，你的进度就 +1。',
    '邀请好友到店下单，各得 3 元红包',
    '完成 3 位！3 元红包已发出',
    '拍照分享你的下午茶',
  ],
  ...['和朋友一起来喝茶，买一送一', '阿茶为高考助力', '禁止赌博，远离彩票', '本活动不是彩票', '打赌你会喜欢'],
  ...['恭喜抽中「{{prize}}」！{{amount}} 元红包已发出，24 小时内记得拆。', '差一点点！回复「抽奖」再试一次。'],
  ...[
    '每位朋友最多参加 3 次，谢谢捧场！',
    '并非人人中奖，中奖率见规则',
    '扫瓶盖内的码，验证正品',
    '连续签到 7 天有红包',
  ],
  ...['答对 3 题得红包', '消费满 50 元返 2 元红包', '到店扫码，领到店红包', '一等奖 88 元 3 个，二等奖 8.80 元 100 个'],
  ...[
    '红包没能送达：可能是微信还没有完成实名。',
    '今天的红包抢完了，明天再来。',
    '人人都爱喝茶',
    '这里是阿茶，记录和分享生活',
  ],
];

const kindsIn = (text: string): PhraseKind[] => phrasesIn(text).map(({ kind }) => kind);

describe('a sentence', () => {
  test.each(FOLLOWS)('offers something for following: %s', text => {
    expect(kindsIn(text)).toContain('induce-follow');
  });
  test.each(SHARES)('offers something for sharing: %s', text => {
    expect(kindsIn(text)).toContain('induce-share');
  });
  test.each(LOTTERIES)('speaks of gambling: %s', text => {
    expect(kindsIn(text)).toContain('lottery-words');
  });
  test.each(SURE)('promises that everybody wins: %s', text => {
    expect(kindsIn(text)).toContain('sure-win-false');
  });
  test.each(GOOD)('is harmless: %s', text => {
    expect(kindsIn(text)).toEqual([]);
  });

  test('is found where it begins, as it is written', () => {
    expect(phrasesIn('你好。关 注「阿茶」，领红包')).toEqual([
      { kind: 'induce-follow', word: '关 注「阿茶」，领红包' },
    ]);
    expect(phrasesIn('转发朋友圈领红包，关注有礼').map(({ word }) => word)).toEqual([
      '领红包，关注',
      '转发朋友圈领红包',
    ]);
  });
});

type Row = readonly [what: string, edits: readonly Edit[], said: readonly string[]];
const WON = '      won: 口令正确！{{amount}} 元红包已发出。';
const FOLLOW = 'offers something for following the account';

describe('a file', () => {
  test.each<Row>([
    ['whose name offers', [['name: 新春口令', 'name: 关注领红包']], [`2:7 induce-follow "关注领红包" ${FOLLOW}`]],
    [
      'whose keyword offers',
      [['恭喜发财 }\n    once', '[恭喜发财, 关注有礼] }\n    once']],
      [`13:24 induce-follow "关注有礼" ${FOLLOW}`],
    ],
    [
      'whose packet offers',
      [['茶饮', '茶饮, wishing: 转发朋友圈领红包']],
      ['6:36 induce-share "转发朋友圈领红包" offers something for sharing, or for bringing people'],
    ],
    [
      'whose refusal offers',
      [[WON, `${WON}\n      limited: 明天再来。领红包请先关注公众号。`]],
      [`18:22 induce-follow "红包请先关注" ${FOLLOW}`],
    ],
    [
      'whose article offers',
      [['reply: 每天', 'reply: { news: { title: 关注有礼, url: "https://a.com/" } } #']],
      [`20:29 induce-follow "关注有礼" ${FOLLOW}`],
    ],
    ['that thanks', [[WON, `${WON}感谢关注！`]], []],
    [
      'that speaks of gambling',
      [['reply: 每天', 'reply: 比彩票还刺激，每天']],
      ['20:13 lottery-words "彩票" is a word of lotteries and gambling'],
    ],
    [
      'that promises what it does not hold',
      [['reply: 每天', 'reply: 人人有奖！每天']],
      ['20:12 sure-win-false "人人有奖" promises that everybody wins'],
    ],
    [
      'that promises what it holds',
      [
        ['reply: 每天', 'reply: 人人有奖！每天'],
        ['[small, big, thanks]', '[small, big]'],
        ['  thanks: { nothing: true, weight: 15 }\n', ''],
      ],
      [],
    ],
  ])('%s', (_, edits, said) => {
    expect(saidOf(edits)).toEqual(said);
  });

  test('says what may be written instead, and what it rests on', () => {
    const [warning] = lintFiles([{ file: 'a.yaml', text: edited(FILE, [['name: 茶', 'name: 关注有礼']]) }]).warnings;
    expect(told(warning!, 'zh').message).toBe('「关注有礼」是用好处换关注');
    expect({ ...warning, basis: inLang(warning!.basis, 'zh'), advice: inLang(warning!.advice!, 'zh') }).toMatchObject({
      file: 'a.yaml',
      line: 2,
      column: 7,
      id: 'induce-follow',
      severity: 'warning',
      message: `"关注有礼" ${FOLLOW}`,
      basis: '微信公众平台运营规范 3.3（2026-06-20）：诱导关注',
      advice: '「感谢关注」可以说；领取的条件写成到店扫码、回复口令、消费、答题，不写关注',
    });
  });
});

test('what rests on a law or on rules of WeChat says as of when', () => {
  const ids: readonly LintId[] = [
    ...([
      'induce-follow',
      'follow-gift-announced',
      'induce-share',
      'pays-for-followers',
      'red-packet-not-cash',
    ] as const),
    ...(['lottery-words', 'sure-win-false', 'no-public-rules', 'no-odds', 'top-prize', 'final-say'] as const),
    ...(['terms-differ', 'winners-shown', 'tax-on-winnings', 'personal-data', 'stock-above-budget'] as const),
  ];
  for (const id of ids)
    for (const lang of LANGS)
      expect([id, lang, inLang(LINTS[id].basis, lang)]).toEqual([id, lang, expect.stringMatching(/20\d\d/)]);
});

const FILE = `campaign: tea
name: 茶
period: { from: 2026-03-01, to: 2026-03-10 }
rules:
  - { id: help, on: { text: 帮助 }, reply: 你好 }
`;

describe('a gift for new followers', () => {
  const gift: Edit = [
    '  - id: terms',
    '  - id: hello\n    on: subscribe\n    give: small\n    replies: { won: 送你一份见面礼。, already: 见面礼只有一份。 }\n  - id: terms',
  ];
  const tell: Edit = ['reply: 每天', 'reply: 新朋友见面礼一份。每天'];

  test('that is told to those who have it', () => {
    expect(saidOf([gift])).toEqual([]);
  });

  test('that is announced to everybody', () => {
    expect(saidOf([gift, tell])).toEqual([
      '24:12 follow-gift-announced "新朋友见面礼" announces what new followers get',
    ]);
    expect(saidOf([tell])).toEqual([]);
  });

  test('that another file of the same account announces', () => {
    const welcome = `campaign: welcome
name: 见面礼
period: { from: 2026-03-01, to: 2026-03-10 }
wallets: { 积分: {} }
rules:
  - { id: hello, on: subscribe, earn: { 积分: 5 } }
  - { id: shop, on: { text: 兑换 }, spend: { 积分: 5 }, earn: { 积分: 1 } }
`;
    const said = (account: string) =>
      lintFiles([
        {
          file: 'a.yaml',
          text: edited(FILE, [
            ['period', 'account: tea\nperiod'],
            ['text: 帮助', 'text: 新人礼'],
          ]),
        },
        { file: 'b.yaml', text: edited(welcome, [['period', `account: ${account}\nperiod`]]) },
      ]).warnings.map(show);
    expect(said('tea')).toEqual(['6:29 follow-gift-announced "新人礼" announces what new followers get']);
    expect(said('cake')).toEqual([]);
  });
});

describe('a red packet', () => {
  test('is cash, whatever the prize is called', () => {
    expect(
      saidOf([
        ['thanks: {', '红包雨: {'],
        ['big, thanks]', 'big, 红包雨]'],
      ]),
    ).toEqual(['10:8 red-packet-not-cash "红包雨" is nothing at all, and called 红包']);
    expect(
      saidOf([
        ['thanks: {', '没有: {'],
        ['big, thanks]', 'big, 没有]'],
      ]),
    ).toEqual([]);
  });

  test('is not said of coupons', () => {
    const coupons = `campaign: tea
name: 红包雨
period: { from: 2026-03-01, to: 2026-03-10 }
limits: { perUser: { perDay: 1 } }
prizes: { 券: { coupon: codes.csv } }
rules:
  - { id: draw, on: { text: 红包 }, give: 券, replies: { won: "红包来啦：{{coupon}}", soldOut: 红包发完啦 } }
  - { id: terms, on: { click: RULES }, reply: 每天 10 张 }
tests: [{ name: t, events: [{ at: 2026-03-01, user: ann, text: 红包 }] }]
`;
    const said = (edits: readonly Edit[]) =>
      lintFiles([{ file: 'a.yaml', text: edited(coupons, edits) }], undefined, () => 'code\nA1\n').warnings.map(show);
    expect(said([['{ perDay: 1 }', '{ perDay: 1 }']])).toEqual([
      '2:7 red-packet-not-cash "红包" is said of what is no cash: nothing here is a red packet',
      '7:61 red-packet-not-cash "红包" is said of what is no cash: nothing here is a red packet',
    ]);
    expect(
      said([
        ['name: 红包雨', 'name: 礼券雨'],
        ['"红包来啦', '"礼券来啦'],
      ]),
    ).toEqual([]);
  });
});

test('money for followers who are brought is what accounts are closed for', () => {
  const invite = (did: string): Edit => [
    '  - id: terms',
    `  - { id: code, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "{{invite}}" }\n  - { id: friend, on: { friend: ${did} }, once: perEvent, give: small }\n  - id: terms`,
  ];
  expect(saidOf([invite('followed')])).toEqual([
    '19:23 pays-for-followers "friend" gives something for each friend who follows; that is what WeChat closes accounts for',
  ]);
  expect(saidOf([invite('{ paid: { over: ¥15.00 } }')])).toEqual([]);
});

describe('public rules', () => {
  const NONE =
    'no-public-rules no rule answers who asks for the terms; say who may take part, when, how often, what there is to win and who is behind it';

  test('that nobody answers with', () => {
    expect(saidOf([['on: { text: 活动规则 }', 'on: { text: 帮助 }']])).toEqual([`11:1 ${NONE}`]);
    for (const on of ['{ click: TEA_RULES }', '{ text: { contains: 规则 } }', '{ text: [帮助, 活动说明] }'])
      expect(saidOf([['on: { text: 活动规则 }', `on: ${on}`]])).toEqual([]);
  });

  test('that another file answers with, if it names the campaign', () => {
    const said = (reply: string) =>
      lintFiles([
        {
          file: 'a.yaml',
          text: edited(FILE, [
            ['text: 帮助', 'text: 规则'],
            ['reply: 你好', `reply: ${reply}`],
          ]),
        },
        { file: 'b.yaml', text: edited(CLEAN_WITHOUT_TERMS, []) },
      ]).warnings.map(show);
    expect(said('新春口令：每天一次')).toEqual([]);
    expect(said('别的活动')).toEqual([`11:1 ${NONE}`]);
  });

  test('are not for a thank-you that nobody is told of', () => {
    expect(
      saidOf([
        ['on: { text: 活动规则 }', 'on: { text: 帮助 }'],
        ['on: { text: 恭喜发财 }', 'on: subscribe'],
      ]),
    ).toEqual([]);
  });

  test('tell the odds of a draw, or how many prizes there are', () => {
    const told = (text: string) => saidOf([['1 元的很多，8.80 元的 20 个', text]]);
    expect(told('看手气')).toEqual([
      '20:12 no-odds the terms of a draw tell neither the odds nor how many prizes there are',
    ]);
    for (const text of ['大奖 5%', '中奖概率见公告', '大奖 20 份', '百分之五中奖']) expect(told(text)).toEqual([]);
    expect(
      saidOf([
        ['1 元的很多，8.80 元的 20 个', '看手气'],
        ['[small, big, thanks]', 'small'],
        ['  big: { redpacket: ¥8.80, weight: 5, stock: 20 }\n  thanks: { nothing: true, weight: 15 }\n', ''],
      ]),
    ).toEqual([]);
  });
});

const CLEAN_WITHOUT_TERMS = `campaign: spring
name: 新春口令
period: { from: 2026-03-01 00:00, to: 2026-03-10 24:00 }
budget: { total: ¥900.00, perDay: ¥150.00 }
limits: { perUser: { total: 5, perDay: 1 } }
packet: { sendName: 阿茶茶饮 }
# a line
# and another
prizes:
  small: { redpacket: ¥1.00 }
rules:
  - { id: password, on: { text: 恭喜发财 }, once: perEvent, give: small }
tests: [{ name: t, events: [{ at: 2026-03-01, user: ann, text: 恭喜发财 }] }]
`;

describe('the first prize', () => {
  const said = (text: string) => saidOf([['8.80 元的 20 个', text]]);

  test('in words is not above the law’s cap', () => {
    expect(said('一等奖：价值 6 万元的车 1 台')).toEqual([
      '20:24 top-prize "一等奖：价值 6 万元" is ¥60000.00; the highest prize of a draw may be worth ¥50000.00',
    ]);
    expect(said('最高可得 ¥50,000.01，共 1 名')).toEqual([
      '20:24 top-prize "最高可得 ¥50,000.01" is ¥50000.01; the highest prize of a draw may be worth ¥50000.00',
    ]);
    for (const text of [
      '一等奖：价值 5 万元的车 1 台',
      '总价值 60000 元的奖品 100 份',
      '一等奖 60000 名',
      '奖金共 80000 元，5 个',
    ])
      expect(said(text)).toEqual([]);
  });
});
