// Prizes that are not cash: a text for everybody, a thing that is sent. What they are worth is what they are.
import { describe, expect, test } from 'vitest';
import { rehearse, showFailures } from '../../../src/core/analysis/run-tests.ts';
import { describe as publicRules } from '../../../src/core/public-rules/describe.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';

const CONSENT = '阿茶茶饮只用你的姓名、电话、地址寄送奖品，活动结束 90 天后删除。';
const SHIPPING = `shipping: { consent: ${CONSENT}, keep: 90d }\n`;
const FILE = `campaign: cups
name: 抽杯子
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00 }
${SHIPPING}prizes:
  杯子: { goods: { what: 保温杯, value: ¥99.00 }, stock: 1 }
  优惠: { text: "https://shop.example.com/may" }
rules:
  - { id: cup, on: { text: 杯子 }, give: 杯子 }
  - { id: link, on: { text: 优惠 }, once: perDay, give: 优惠 }
tests:
  - name: 一个杯子，优惠人人有
    events:
      - { at: 2026-02-10 10:00, user: ann, text: 杯子, expect: { prize: 杯子, pays: ¥0.00, reply: "恭喜抽中「杯子」！\\n\\n寄奖品需要你的收件信息。${CONSENT}\\n回复「同意」开始填写，不需要寄送请回复「不用了」。" } }
      - { at: 2026-02-10 10:00, user: bob, text: 杯子, expect: { refused: soldOut } }
      - { at: 2026-02-10 10:01, user: bob, text: 优惠, expect: { prize: 优惠, reply: "恭喜抽中「优惠」！https://shop.example.com/may" } }
`;

function findings(text: string): string[] {
  const loaded = loadCampaign('a.yaml', text);
  return 'findings' in loaded ? loaded.findings.map(({ line, column, message }) => `${line}:${column} ${message}`) : [];
}

function load(text: string): Campaign {
  const loaded = loadCampaign('a.yaml', text);
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings, null, 2));
  return loaded.campaign;
}

test('they need no budget and no packet, are won, told and used up, and a thing asks for its address', () => {
  const campaign = load(FILE);
  expect(showFailures(campaign, rehearse(campaign))).toEqual([]);
});

test('the public rules say what is sent, what it is worth, and what becomes of the address', () => {
  const [zh, en] = (['zh', 'en'] as const).map(lang => publicRules(load(FILE), { lang }).join('\n'));
  expect(zh).toContain('实物「保温杯」（价值 ¥99.00），按中奖人填写的地址寄送');
  expect(zh).toContain('兑换码或链接，大家相同');
  expect(zh).toContain('活动结束后 90 天自动删除');
  expect(zh).toContain(CONSENT);
  expect(en).toContain('"保温杯" (worth ¥99.00), sent to the address its winner gives');
  expect(en).toContain('deleted 90 days after the end');
});

describe('a file is refused', () => {
  test.each([
    [
      'that sends a thing and does not say what becomes of an address',
      FILE.replace(SHIPPING, ''),
      /^8:\d+ "杯子" is sent by post, but the campaign has no `shipping`; add shipping: { consent: …, keep: 90d }$/,
    ],
    ['whose address would be kept for ever', FILE.replace(', keep: 90d', ''), /^4:\d+ missing key "keep" in shipping/],
    [
      'whose text is told to nobody',
      FILE.replace('give: 优惠 }', 'give: 优惠, replies: { won: 好 } }'),
      /"优惠" is a code or link, and nobody is told which: write \{\{coupon\}\} in replies.won/,
    ],
    [
      'whose thing is nothing',
      FILE.replace('{ what: 保温杯, value: ¥99.00 }', '{ value: ¥99.00 }'),
      /missing key "what"/,
    ],
  ])('%s', (_, text, said) => {
    expect(findings(text)).toEqual([expect.stringMatching(said)]);
  });
});

describe('what is given instead', () => {
  const VOUCHERS = `campaign: tea
name: 茶券
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00 }
budget: { total: ¥20.00 }
packet: { sendName: 阿茶茶饮 }
wallets: { 积分: {} }
prizes:
  tea: { voucher: { stock: "1234567", value: ¥5.00 }, fallbackTo: cash }
  cash: { was: money, redpacket: ¥1.00..¥5.00, fallbackTo: link }
  link: { text: "https://shop.example.com/may" }
  rain: { redpacket: { steps: { ¥50.00: ¥2.00 } } }
  card: { earn: { 积分: 3 } }
rules:
  - { id: tea, on: { text: 茶 }, give: tea }
`;

  test('is known by the name it had first, and by the one it has', () => {
    const { prizes } = load(VOUCHERS);
    expect(prizes.get('tea')).toMatchObject({ fallbackTo: 'money' });
    const words = publicRules(load(VOUCHERS), { lang: 'zh' }).join('\n');
    expect(words).toContain('微信支付不能把它发给本人时，改发「cash」');
    expect(words).toContain(
      '「cash」：现金红包 ¥1.00–¥5.00，每一分钱的金额机会均等；微信支付不能把它发给本人时，改发「link」',
    );
    expect(words).toContain('「link」：兑换码或链接');
  });

  test('may be a link that the rule’s words leave out, if its own have it', () => {
    const said = VOUCHERS.replace('give: tea }', 'give: tea, replies: { won: 恭喜 } }');
    expect(findings(said.replace('may" }', 'may", reply: "拿好：{{coupon}}" }'))).toEqual([]);
    expect(findings(VOUCHERS)).toEqual([]);
  });

  test.each<[string, string, string, string]>([
    ['is unknown', 'fallbackTo: cash', 'fallbackTo: cahs', '8:67 unknown prize "cahs"; did you mean "cash"?'],
    [
      'falls back to where it came from',
      'fallbackTo: link',
      'fallbackTo: tea',
      '8:67 "tea" falls back to itself in the end, by "cash"',
    ],
    ['is itself', 'fallbackTo: link', 'fallbackTo: cash', '9:60 "cash" falls back to itself in the end, by "cash"'],
    [
      'is dearer',
      '¥1.00..¥5.00',
      '¥1.00..¥5.01',
      '8:67 "cash" is worth ¥5.01, more than "tea", ¥5.00; what is given instead is no dearer',
    ],
    [
      'has no amount of its own',
      'fallbackTo: cash',
      'fallbackTo: rain',
      '8:67 "rain" has no amount outside of its rule; `fallbackTo` names one of a plain amount',
    ],
    [
      'is a card',
      'fallbackTo: cash',
      'fallbackTo: card',
      '8:67 "card" is no consolation: `fallbackTo` names a red packet, a voucher, a coupon, a text or goods',
    ],
    [
      'is of what is never refused',
      'may" }',
      'may", fallbackTo: cash }',
      '10:61 WeChat Pay refuses nobody "link": only red packets and vouchers have `fallbackTo`',
    ],
    [
      'is a link that the words of the rule leave out',
      'give: tea }',
      'give: tea, replies: { won: 恭喜 } }',
      '9:60 "link" is a code or link that is given instead, and nobody is told it: write {{coupon}} in its `reply`',
    ],
  ])('is refused where it %s', (_, was, is, words) => {
    expect(findings(VOUCHERS.replace(was, is))).toContain(words);
  });
});
