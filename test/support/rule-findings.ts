// Rule files with something wrong in how their parts fit together, and every word that is said of it. A table for more than
// one test: text, the files beside it, and the findings as `line:column message`, those in other files with their name.
export type BadFile = {
  readonly name: string;
  readonly text: string;
  /** Files beside it, by their names. */
  readonly data: Readonly<Record<string, string>>;
  readonly says: readonly string[];
};

/** Lines 1 to 3 of most. */
const HEAD = `campaign: spring
name: 新春
period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00 }
`;
/** Lines 4 and 5 of those that pay. */
const MONEY = `budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮 }
`;

type Data = BadFile['data'];

function whole(name: string, text: string, says: readonly string[], data: Data = {}): BadFile {
  return { name, text, says, data };
}
function plain(name: string, body: string, says: readonly string[], data?: Data): BadFile {
  return whole(name, HEAD + body, says, data);
}
function paying(name: string, body: string, says: readonly string[], data?: Data): BadFile {
  return plain(name, MONEY + body, says, data);
}

export const BAD_FILES: Readonly<Record<string, readonly BadFile[]>> = {
  'the campaign': [
    plain(
      'a mode that is none',
      `mode: test
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['4:7 unknown word "test" for mode; write rehearse'],
    ),
    plain(
      'rehearse without testers',
      `mode: rehearse
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['4:7 in rehearse a campaign exists only for its testers; add testers: [openid] or testers: testers.csv'],
    ),
    plain(
      'testers without a mode',
      `testers: [oTester000000000000000000001]
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['4:10 without a mode the campaign is live for everybody; write mode: rehearse, or mode: live'],
    ),
    plain(
      'testers that are no openids',
      `mode: draft
testers: [ann, wx8888888888888888, oTester00000000000000000000 1, xTester000000000000000000001]
rules: [{ id: a, on: text, reply: 好 }]
`,
      [
        '5:11 "ann" is no openid: it has 3 characters, expected 28',
        '5:16 "wx8888888888888888" is no openid: it is an AppID',
        '5:36 "oTester00000000000000000000 1" is no openid: " " is none of A-Z a-z 0-9 _ -',
        '5:67 "xTester000000000000000000001" is no openid: expected it to begin with o',
      ],
    ),
    plain(
      'a tester twice',
      `mode: draft
testers: [oTester000000000000000000001, oTester000000000000000000001]
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['5:41 the openid "oTester000000000000000000001" is there already, in line 5'],
    ),
    plain(
      'a list that is not there',
      `mode: rehearse
testers: testers.csv
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['5:10 testers.csv is not there; put it beside this file'],
    ),
    plain(
      'files that are no CSV or lead out of the folder',
      `segments:
  a: staff.xlsx
  b: ../staff.csv
  c: /etc/staff.csv
  d: lists/.hidden.csv
  e: C:\\staff.csv
  f: oStaff0000000000000000000001
rules: [{ id: a, on: text, reply: 好 }]
`,
      [
        '5:6 expected the name of a CSV file such as staff.csv, found "staff.xlsx"; save the table as "CSV UTF-8"',
        '6:6 expected the name of a CSV file such as staff.csv, beside this file or in a folder below it, found "../staff.csv"',
        '7:6 expected the name of a CSV file such as staff.csv, beside this file or in a folder below it, found "/etc/staff.csv"',
        '8:6 expected the name of a CSV file such as staff.csv, beside this file or in a folder below it, found "lists/.hidden.csv"',
        '9:6 expected the name of a CSV file such as staff.csv, beside this file or in a folder below it, found "C:\\staff.csv"',
        '10:6 expected the name of a CSV file such as staff.csv, found "oStaff0000000000000000000001"',
      ],
    ),
    whole(
      'a day that begins when it ends',
      `period: { from: 2027-02-01, to: 2027-02-02, dayStartsAt: "24:00" }
campaign: a
name: b
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['1:58 expected a time of day such as "04:00", found "24:00"'],
    ),
    plain(
      'a pace without a number',
      `budget: { total: ¥10.00, pace: { carryOver: yes } }
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['4:32 missing key "perHour" in pace', '4:45 expected true or false, found "yes"; write true'],
    ),
    plain(
      'limits of nothing',
      `limits: {}
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['4:9 limits needs at least one of: perUser, perScene, perMinute'],
    ),
    plain(
      'a limit of each round without rounds',
      `limits: { perUser: { perRound: 1 } }
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['4:32 perRound is about rounds, and the campaign has none'],
    ),
    plain(
      'a wallet with an unknown key',
      `wallets: { 机会: { freeperday: 1 } }
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['4:18 unknown key "freeperday"; did you mean "freePerDay"?'],
    ),
  ],
  rounds: [
    plain(
      'outside the period',
      `budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 早, at: 2027-01-31 23:00, lasts: 2h, packets: 100, total: ¥288.00 }
  - { name: 晚, at: 2027-02-28 23:58, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      [
        '7:20 the round is outside the period, 2027-02-01 00:00 – 2027-03-01 00:00',
        '8:20 the round is outside the period, 2027-02-01 00:00 – 2027-03-01 00:00',
      ],
    ),
    whole(
      'while the campaign is closed',
      `campaign: spring
name: 新春
period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00, hours: "08:00-20:02", weekdays: [fri] }
budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥288.00 }
  - { name: 周六, at: 2027-02-06 19:00, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      [
        '7:22 the campaign is closed for some of the round: look at hours and weekdays in `period`',
        '8:21 the campaign is closed for some of the round: look at hours and weekdays in `period`',
      ],
    ),
    plain(
      'that overlap',
      `budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥288.00 }
  - { name: 第二场, at: 2027-02-05 20:04, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      ['8:22 this round begins before the one above it is over, at 2027-02-05 20:05'],
    ),
    plain(
      'in the wrong order',
      `budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥288.00 }
  - { name: 第二场, at: 2027-02-05 19:00, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      ['8:22 this round is earlier than the one above it; write rounds in the order of time'],
    ),
    plain(
      'of one name',
      `budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥288.00 }
  - { name: 第一场, at: 2027-02-05 21:00, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      ['8:13 the round "第一场" is there already, in line 7'],
    ),
    plain(
      'that come to more than the budget',
      `budget: { total: ¥500.00, perDay: ¥500.00, packets: 150, packetsPerDay: 150 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥288.00 }
  - { name: 第二场, at: 2027-02-05 21:00, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      [
        '4:18 the rounds come to ¥576.00, more than budget.total ¥500.00',
        '4:35 the rounds of 2027-02-05 come to ¥576.00, more than budget.perDay ¥500.00',
        '4:53 the rounds have 200 packets, more than budget.packets 150',
        '4:73 the rounds of 2027-02-05 have 200 packets, more than budget.packetsPerDay 150',
      ],
    ),
    whole(
      'that come to more on one day, which begins at 04:00',
      `campaign: spring
name: 新春
period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00, dayStartsAt: "04:00" }
budget: { total: ¥5000.00, perDay: ¥500.00, packetsPerDay: 150 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥288.00 }
  - { name: 第二场, at: 2027-02-06 03:00, lasts: 5m, packets: 100, total: ¥288.00 }
  - { name: 第三场, at: 2027-02-06 04:00, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      [
        '4:36 the rounds of 2027-02-05 come to ¥576.00, more than budget.perDay ¥500.00',
        '4:60 the rounds of 2027-02-05 have 200 packets, more than budget.packetsPerDay 150',
      ],
    ),
    plain(
      'whose total is too small or too great for its packets',
      `budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥99.99 }
  - { name: 第二场, at: 2027-02-05 21:00, lasts: 5m, packets: 100, total: ¥500.01 }
  - { name: 第三场, at: 2027-02-05 22:00, lasts: 5m, packets: 100, total: ¥500.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      [
        '7:72 100 packets of ¥1.00..¥5.00 come to ¥100.00 at least and ¥500.00 at most, never to ¥99.99',
        '8:72 100 packets of ¥1.00..¥5.00 come to ¥100.00 at least and ¥500.00 at most, never to ¥500.01',
      ],
    ),
    plain(
      'that no prize shares',
      `budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: ¥1.00 }
rules: [{ id: a, on: text, give: a }]
`,
      [
        '7:5 no prize keeps to the packets and the total of a round; write redpacket: { split: ¥1.00..¥66.00 } in one of them',
      ],
    ),
    plain(
      'that two prizes share',
      `budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
  b: { redpacket: { split: ¥1.00..¥9.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      ['10:19 "a" shares the rounds already; a round has one total, for one prize'],
    ),
    paying(
      'that a prize wants and there are none',
      `prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      ['7:19 "a" is a share of a round, and the campaign has no `rounds`; add them, or write an amount'],
    ),
    plain(
      'that are over before a rule opens',
      `budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: { split: ¥1.00..¥5.00 } }
rules: [{ id: a, on: text, once: perRound, give: a, opensAfter: 5m }]
`,
      ['10:65 "第一场" is over after 5m, before the rule opens'],
    ),
    paying(
      'that a rule speaks of and there are none',
      `prizes:
  a: { redpacket: ¥1.00 }
rules: [{ id: a, on: text, once: perRound, give: a, opensAfter: 30s }]
`,
      [
        '8:34 once: perRound is about rounds, and the campaign has none',
        '8:65 `opensAfter` is about rounds, and the campaign has none',
      ],
    ),
  ],
  prizes: [
    plain(
      'reserved names',
      `prizes:
  progress: { nothing: true }
  assigned: { nothing: true }
rules: [{ id: a, on: text, reply: 好 }]
`,
      [
        '5:3 "progress" is what a claim is called that only counts; give the prize another name',
        '6:3 "assigned" is the prize a code was printed with; give the prize another name',
      ],
    ),
    paying(
      'more on a day, or for one, than there are',
      `prizes:
  a: { redpacket: ¥1.00, stock: 3, perDay: 5, perUser: 4 }
rules: [{ id: a, on: text, give: a }]
`,
      ['7:44 perDay 5 is more than stock 3', '7:56 perUser 4 is more than stock 3'],
    ),
    paying(
      'steps that do not ascend',
      `prizes:
  a: { redpacket: { steps: { ¥50.00: ¥2.00, ¥20.00: ¥1.00, ￥20.00: ¥3.00 } } }
rules: [{ id: a, on: paid, once: perEvent, give: a }]
`,
      [
        '7:45 steps go from the smallest to the largest: ¥20.00 stands behind ¥50.00',
        '7:60 steps go from the smallest to the largest: ¥20.00 stands behind ¥20.00',
      ],
    ),
    paying(
      'steps that cannot be read',
      `prizes:
  a: { redpacket: { steps: { 50: ¥2.00, ¥100.00: 5 } } }
  b: { redpacket: { steps: {} } }
  c: { redpacket: { steps: ¥1.00, split: ¥1.00 } }
rules: [{ id: a, on: paid, once: perEvent, give: a }]
`,
      [
        '7:30 an amount has the sign and two decimals: write ¥50.00',
        '7:50 an amount has the sign and two decimals: write ¥5.00',
        '8:28 expected steps such as { ¥50.00: ¥2.00, ¥100.00: ¥5.00 }, found an empty map',
        '9:19 a red packet has steps and split; it can have only one of them',
        '9:19 "c" is a share of a round, and the campaign has no `rounds`; add them, or write an amount',
        '9:28 expected steps such as { ¥50.00: ¥2.00, ¥100.00: ¥5.00 }, found "¥1.00"',
      ],
    ),
    paying(
      'steps that WeChat or the budget could not pay',
      `prizes:
  a: { redpacket: { steps: { ¥10.00: ¥0.20, ¥20.00: ¥300.00, ¥50.00: ¥1000.01, ¥70.00: ¥5000.00 } } }
rules: [{ id: a, on: paid, once: perEvent, give: a }]
`,
      [
        '7:38 ¥0.20 is less than WeChat ever pays in one red packet, ¥0.30; without a scene it is ¥1.00',
        '7:53 WeChat pays an amount above ¥200.00 only with a scene: add packet.scene, one of PRODUCT_1, PRODUCT_2, PRODUCT_3, PRODUCT_4, PRODUCT_5, PRODUCT_6, PRODUCT_7, PRODUCT_8',
        '7:70 prize "a" is worth ¥1000.01, more than budget.total ¥1000.00',
        '7:70 WeChat pays an amount above ¥200.00 only with a scene: add packet.scene, one of PRODUCT_1, PRODUCT_2, PRODUCT_3, PRODUCT_4, PRODUCT_5, PRODUCT_6, PRODUCT_7, PRODUCT_8',
        '7:88 ¥5000.00 is more than WeChat ever pays in one red packet, ¥4999.00',
      ],
    ),
    plain(
      'a share of a round that WeChat could not pay',
      `budget: { total: ¥9000.00 }
packet: { sendName: 阿茶茶饮 }
rounds:
  - { name: 第一场, at: 2027-02-05 20:00, lasts: 5m, packets: 100, total: ¥288.00 }
prizes:
  a: { redpacket: { split: ¥0.20..¥5.00 } }
rules: [{ id: a, on: text, give: a }]
`,
      ['9:19 ¥0.20 is less than WeChat ever pays in one red packet, ¥0.30; without a scene it is ¥1.00'],
    ),
    paying(
      'shares of what is not one amount',
      `prizes:
  a: { redpacket: { steps: { ¥10.00: ¥9.00 } }, shares: 3 }
  b: { nothing: true, shares: 3 }
rules: [{ id: a, on: paid, once: perEvent, give: a }]
`,
      [
        '7:57 a group packet has one amount for the whole group; write redpacket: ¥10.00, not a range',
        '8:31 only a red packet has shares; leave the key out',
      ],
    ),
    paying(
      'a window that is none',
      `prizes:
  a: { redpacket: ¥1.00, window: {} }
  b: { redpacket: ¥1.00, window: { from: 2027-02-05 10:00, to: 2027-02-05 10:00 } }
rules: [{ id: a, on: text, give: a }]
`,
      [
        '7:34 a window needs at least one of: from, to, hours',
        '8:64 the window ends (2027-02-05 10:00) before it begins (2027-02-05 10:00)',
      ],
    ),
    whole(
      'a window outside the period',
      `campaign: spring
name: 新春
period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00, hours: "08:00-20:00" }
budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
  a: { redpacket: ¥1.00, window: { from: 2027-01-31 23:59, to: 2027-03-02, hours: ["20:00-24:00", "00:00-08:00"] } }
rules: [{ id: a, on: text, give: a }]
`,
      [
        '7:42 2027-01-31 23:59 is outside the period, 2027-02-01 00:00 – 2027-03-01 00:00',
        '7:64 2027-03-03 00:00 is outside the period, 2027-02-01 00:00 – 2027-03-01 00:00',
        '7:83 the campaign is closed in these hours: nobody could win it',
      ],
    ),
    paying(
      'a fallback that is worth money, and a second one',
      `prizes:
  a: { redpacket: ¥1.00, fallback: true }
  b: { nothing: true, fallback: true }
  c: { nothing: true, fallback: true }
rules: [{ id: a, on: text, give: a }]
`,
      [
        '7:36 "a" is worth money; what is given when nothing is left must cost nothing',
        '9:33 "b" is the fallback already; there is one in a campaign',
      ],
    ),
    plain(
      'coupons that are not there',
      `prizes:
  a: { coupon: codes.csv }
rules: [{ id: a, on: text, give: a, replies: { won: "{{coupon}}" } }]
`,
      ['5:16 codes.csv is not there; put it beside this file'],
    ),
    plain(
      'coupons that two prizes give',
      `prizes:
  a: { coupon: codes.csv }
  b: { coupon: codes.csv }
rules: [{ id: a, on: text, give: a, replies: { won: "{{coupon}}" } }]
`,
      ['6:16 codes.csv is the list of "a" already: each coupon would be given twice'],
      {
        'codes.csv': `A1
A2
`,
      },
    ),
    plain(
      'more coupons than the list has',
      `prizes:
  a: { coupon: codes.csv, stock: 3 }
rules: [{ id: a, on: text, give: a, replies: { won: "{{coupon}}" } }]
`,
      ['5:34 stock 3 is more than the 2 coupons in codes.csv'],
      {
        'codes.csv': `A1
A2
`,
      },
    ),
    plain(
      'a coupon nobody is told',
      `prizes:
  a: { coupon: codes.csv }
rules:
  - { id: a, on: text, give: a }
  - { id: b, on: scan, give: [a], replies: { won: 恭喜 } }
  - { id: c, on: { code: x }, give: assigned, replies: { won: { news: { title: 恭喜, url: https://example.com/ } } } }
`,
      [
        '7:30 "a" is a coupon, and nobody is told which: write {{coupon}} in replies.won',
        '8:31 "a" is a coupon, and nobody is told which: write {{coupon}} in replies.won',
        '9:37 "a" is a coupon, and nobody is told which: write {{coupon}} in replies.won',
      ],
      {
        'codes.csv': `A1
`,
      },
    ),
    plain(
      'two kinds in one',
      `prizes:
  a: { coupon: codes.csv, nothing: true }
rules: [{ id: a, on: text, reply: 好 }]
`,
      [
        '5:6 a prize has coupon and nothing; it can have only one of them',
        '5:16 codes.csv is not there; put it beside this file',
      ],
    ),
  ],
  'what a rule gives': [
    plain(
      'a hand-out of codes that says nothing',
      `rules: [{ id: a, on: text, invite: { validFor: 7d } }]
`,
      ['4:9 the rule hands out a code and does not say it: add reply: 你的专属码 {{invite}}'],
    ),
    plain(
      'a reply where there are replies',
      `wallets: { 机会: {} }
rules:
  - { id: a, on: text, earn: { 机会: 1 }, reply: 好 }
`,
      ['6:48 a rule that gives something has no `reply`; write `replies: { progress: … }`'],
    ),
    plain(
      'plays in a rule that gives nothing',
      `wallets: { 机会: { freePerDay: 1 } }
rules:
  - id: a
    on: { text: 茶 }
    reply: 好
    spend: { 机会: 1 }
    streak: { cycle: 7 }
    guess: { looksLike: "..", tries: 3 }
    quiz: { bank: tea.csv, questions: 1, pass: 1, time: 20s, triesPerDay: 1 }
    opensAfter: 30s
    delay: 1h
    cancelIf: unsubscribed
`,
      [
        '9:12 `spend` is about getting something, and this rule gives nothing; add `give`',
        '10:13 `streak` is about getting something, and this rule gives nothing; add `give`',
        '11:12 `guess` is about getting something, and this rule gives nothing; add `give`',
        '12:11 `quiz` is about getting something, and this rule gives nothing; add `give`',
        '13:17 `opensAfter` is about getting something, and this rule gives nothing; add `give`',
        '14:12 `delay` is about getting something, and this rule gives nothing; add `give`',
        '15:15 `cancelIf` is about getting something, and this rule gives nothing; add `give`',
      ],
      {
        'tea.csv': `question,A,B,answer
茶?,是,否,A
`,
      },
    ),
    paying(
      'prizes by time that do not exist',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: text, once: perEvent, give: { 3: c, 5: [a, a], 05: b } }]
`,
      [
        '9:55 unknown prize "c"; expected one of: a, b',
        '9:65 the prize "a" is there already; use `weight` to make it likelier',
        '9:69 the number 5 is there already',
      ],
    ),
    paying(
      'numbers that are none',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: text, once: perEvent, give: { 0: a, x: b } }, { id: b, on: text, give: {} }]
`,
      [
        '9:52 expected a whole number from 1 to 1000, found "0"',
        '9:58 expected a whole number from 1 to 1000, found "x"',
        '9:93 expected prizes by time such as { 3: small, 7: [small, big] }, found an empty map',
      ],
    ),
    paying(
      'times that never come',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules:
  - { id: a, on: text, give: { 1: a, 3: b } }
  - { id: b, on: text, once: perDay, streak: { cycle: 7 }, give: { 7: a, 8: b } }
  - { id: c, on: text, makeUp: b, give: { 9: b } }
`,
      [
        '10:38 time 3 never comes: the rule is claimed once for ever; write once: perEvent, perDay …',
        '11:74 day 8 never comes: the streak begins anew after 7 days',
        '12:43 day 9 never comes: the streak begins anew after 7 days',
      ],
    ),
    paying(
      'steps without a payment',
      `prizes:
  a: { redpacket: { steps: { ¥10.00: ¥1.00 } } }
rules: [{ id: a, on: [text, scan], give: a }]
`,
      ['8:42 "a" goes by what was paid: the rule needs on: paid'],
    ),
    paying(
      'a lock nobody can open',
      `prizes:
  a: { redpacket: ¥1.00, unlockAfter: 3 }
  b: { redpacket: ¥1.00, unlockAfter: 1 }
rules:
  - { id: a, on: text, give: a }
  - { id: b, on: text, give: [a, b] }
`,
      [
        '10:30 "a" can be won only after 3 draws, and a rule with one prize draws nothing; add another one',
        '11:30 all of these prizes can be won only after some draws: nobody could ever draw',
      ],
    ),
    paying(
      'an assigned prize without a code',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules:
  - { id: a, on: text, give: assigned }
  - { id: b, on: { code: spring, text: 茶 }, give: assigned }
`,
      [
        '10:30 "assigned" is the prize a code was printed with: the rule needs on: { code: … }, and nothing else',
        '11:51 "assigned" is the prize a code was printed with: the rule needs on: { code: … }, and nothing else',
      ],
    ),
    plain(
      'an assigned prize without prizes',
      `rules: [{ id: a, on: { code: spring }, give: assigned }]
`,
      ['4:46 a code is printed with a prize, and the campaign has no `prizes`'],
    ),
    plain(
      'a code that stands for nothing',
      `rules: [{ id: a, on: { code: spring }, reply: 好 }]
`,
      ['4:22 a printed code stands for a prize: add give: assigned, or the prizes it can win'],
    ),
  ],
  'for whom a rule is, and what it costs': [
    paying(
      'a segment that is not there',
      `segments: { 会员: [oMember000000000000000000001], 员工: [oStaff0000000000000000000001] }
prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: text, give: a, who: { tags: [会圆], excludeTags: 访客 } }]
`,
      [
        '10:51 unknown segment "会圆"; did you mean "会员"?',
        '10:69 unknown segment "访客"; expected one of: 会员, 员工',
      ],
    ),
    paying(
      'segments without any',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: text, give: a, who: { tags: 会员 } }]
`,
      ['9:50 unknown segment "会员"; the campaign has no `segments`; add segments: { 会员: list.csv }'],
    ),
    paying(
      'a segment wanted and excluded',
      `segments: { 会员: [oMember000000000000000000001], 员工: [oStaff0000000000000000000001] }
prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: text, give: a, who: { tags: [会员], excludeTags: [员工, 会员] } }]
`,
      ['10:74 the segment "会员" is both wanted and excluded'],
    ),
    plain(
      'wallets that are not there',
      `wallets: { 积分: { freePerDay: 1 } }
rules: [{ id: a, on: text, once: perDay, earn: { 积份: 1 }, spend: { 积分: 1, 机会: 1 } }]
`,
      ['5:50 unknown wallet "积份"; did you mean "积分"?', '5:75 unknown wallet "机会"; expected one of: 积分'],
    ),
    plain(
      'wallets without any',
      `rules: [{ id: a, on: text, once: perDay, earn: { 机会: 1 }, spend: {} }]
`,
      [
        '4:50 unknown wallet "机会"; the campaign has no `wallets`; add wallets: { 机会: {} }',
        '4:66 expected wallets such as { 机会: 1 }, found an empty map',
      ],
    ),
    paying(
      'more than anybody could have',
      `wallets: { 机会: { freePerDay: 2, spendPerDay: 3 }, 积分: {} }
prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules:
  - { id: a, on: text, give: a, spend: { 机会: 3, 积分: 1 } }
  - { id: b, on: scan, give: a, spend: { 机会: 4 } }
`,
      [
        '11:42 it takes 3; 2 a day are free, and no rule has `earn` for "机会": nobody could pay it',
        '11:49 it takes 1; 0 a day are free, and no rule has `earn` for "积分": nobody could pay it',
        '12:42 it takes 4, more than spendPerDay 3: nobody could pay it',
      ],
    ),
    plain(
      'conditions with a slip, on one line',
      `wallets: { 机会: {} }
segments: { 会员: [oMember000000000000000000001], 员工: [oStaff0000000000000000000001] }
rules:
  - { id: a, on: text, reply: 好, when: user.followDays >= 7 }
  - { id: b, on: text, reply: 好, when: 'wallet["机回"] > 0' }
  - { id: c, on: text, reply: 好, when: "\\"会圆\\" in user.tags && user.follow > 1" }
  - { id: d, on: text, reply: 好, when: user.follows }
  - { id: e, on: text, reply: 好, when: "" }
  - { id: f, on: text, reply: 好, when: [true] }
`,
      [
        '7:45 user has no "followDays"; did you mean "followedDays"?',
        '8:48 unknown wallet "机回"; did you mean "机会"?',
        '9:42 unknown segment "会圆"; did you mean "会员"?',
        '10:40 a condition is true or false, this is a value of kind int; compare it with something',
        '11:40 expected a condition such as user.followedDays >= 7, found an empty text',
        '12:40 expected a condition such as user.followedDays >= 7, found a list',
      ],
    ),
    plain(
      'conditions with a slip, over several lines',
      `rules:
  - id: a
    on: text
    reply: 好
    when: |
      user.follows > 1 &&
        event.amont > 0
  - id: b
    on: text
    reply: 好
    when: >
      user.follows > 1 &&

      event.amont > 0
  - id: c
    on: text
    reply: 好
    when: user.follows > 1
      && event.amont > 0
  - id: d
    on: text
    reply: 好
    when: user.follows >
`,
      [
        '10:15 event has no "amont"; did you mean "amount"?',
        '17:13 event has no "amont"; did you mean "amount"?',
        '22:16 event has no "amont"; did you mean "amount"?',
        '26:25 something is missing before the end',
      ],
    ),
    plain(
      'a condition below its own words in a comment',
      `rules:
  - id: a
    on: text
    reply: 好
    when: | # event.amont
      event.amont > 0
`,
      ['9:13 event has no "amont"; did you mean "amount"?'],
    ),
    paying(
      'a name that cannot be one',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: text, give: a, who: { tags: a/b } }]
`,
      ['9:50 expected a segment of at most 64 characters without "/", "{" and "}", found "a/b"'],
    ),
    paying(
      'a scene that is none of many stores',
      `stores: stores.csv
prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: { scan: poster }, give: a }]
`,
      ['10:22 unknown store "poster"'],
      {
        'stores.csv': `scene,name
store-1,店
store-2,店
store-3,店
store-4,店
store-5,店
store-6,店
store-7,店
store-8,店
store-9,店
store-10,店
store-11,店
store-12,店
store-13,店
store-14,店
store-15,店
store-16,店
store-17,店
store-18,店
store-19,店
store-20,店
store-21,店
`,
      },
    ),
    paying(
      'scenes that are no store',
      `stores: stores.csv
prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules:
  - { id: a, on: { scan: [store-01, store-001, store-*, shop-*] }, give: a }
  - { id: b, on: { subscribe: { scene: poster } }, give: a }
  - { id: c, on: { scan: poster }, reply: 好 }
`,
      [
        '11:18 unknown store "store-01"; did you mean "store-001"?',
        '11:18 no store in stores.csv has a scene like "shop-*"',
        '12:18 unknown store "poster"; expected one of: store-001, store-002',
      ],
      {
        'stores.csv': `scene,name,hours
store-001,城东店,10:00-22:00
store-002,城西店,
`,
      },
    ),
    plain(
      'stores that are not there',
      `stores: stores.csv
rules: [{ id: a, on: text, reply: 好 }]
`,
      ['4:9 stores.csv is not there; put it beside this file'],
    ),
  ],
  plays: [
    paying(
      'a streak that does not count days',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules:
  - { id: a, on: text, streak: { cycle: 7 }, give: a }
  - { id: b, on: text, streak: { cycle: 7 }, give: a, once: perEvent }
  - { id: c, on: text, streak: { cycle: 1, cycles: 0 }, give: a, once: perDay }
`,
      [
        '10:32 a streak counts days: write once: perDay',
        '11:61 a streak counts days: write once: perDay',
        '12:41 expected a whole number from 2 to 366, found "1"',
        '12:52 expected a whole number from 1, found "0"',
      ],
    ),
    paying(
      'a make-up of nothing',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules:
  - { id: checkin, on: text, streak: { cycle: 7 }, give: a, once: perDay }
  - { id: plain, on: text, give: a }
  - { id: a, on: text, once: perDay, makeUp: chekin }
  - { id: b, on: text, once: perDay, makeUp: b }
  - { id: c, on: text, once: perDay, makeUp: plain }
  - { id: d, on: text, once: perDay, makeUp: checkin, streak: { cycle: 3 } }
`,
      [
        '12:46 unknown rule "chekin"; did you mean "checkin"?',
        '13:46 a rule cannot make up for itself; name the one that has the `streak`',
        '14:46 the rule "plain" has no `streak`: there are no days to make up for',
        '15:63 a rule with `makeUp` goes on with the streak of that rule; leave `streak` out',
      ],
    ),
    paying(
      'guesses where nobody can guess',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules:
  - { id: a, on: scan, give: a, guess: { tries: 3 } }
  - { id: b, on: text, give: a, guess: { looksLike: "..", tries: 3 } }
  - { id: c, on: { text: 茶 }, give: a, guess: { tries: 3 } }
  - { id: d, on: { code: x }, give: a, guess: { tries: 3 } }
  - { id: e, on: { text: 茶 }, give: a, guess: { looksLike: "..", tries: 3 }, quiz: { bank: tea.csv, questions: 1, pass: 1, time: 20s, triesPerDay: 1 } }
  - { id: f, on: { text: 茶 }, give: a, guess: { looksLike: "[a-" } }
`,
      [
        '10:40 `guess` counts wrong texts: the rule needs on: { text: … } or { code: … }',
        '11:40 with on: text every text is right, and nobody can guess wrong; write which texts are',
        '12:47 missing key "looksLike" in guess: which texts are a try, such as "[一-龥]{4}"',
        '14:47 a quiz has tries of its own, `triesPerDay`; leave `guess` out',
        '15:47 missing key "tries" in guess',
        '15:61 this pattern cannot be read: a "[" is not closed',
      ],
      {
        'tea.csv': `question,A,B,answer
茶?,是,否,A
水?,是,否,B
`,
      },
    ),
    paying(
      'a quiz nobody could pass',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules:
  - { id: a, on: { text: 答题 }, give: a, quiz: { bank: tea.csv, questions: 2, pass: 3, time: 20s, triesPerDay: 1 } }
  - { id: b, on: { text: 答题 }, give: a, quiz: { bank: tea.csv, questions: 3, pass: 3, time: 20s, triesPerDay: 1 } }
  - { id: c, on: { text: 答题, paid }, give: a, quiz: { bank: tea.csv, questions: 1, pass: 1, time: 20s, triesPerDay: 1 } }
  - { id: d, on: { text: 答题 }, give: a, quiz: { bank: te.csv, questions: 1 } }
`,
      [
        '10:84 pass 3 is more than questions 2: nobody could pass',
        '11:75 questions 3 is more than the 2 in tea.csv',
        '12:53 a quiz is asked in the chat, and "paid" has no answer there; begin it with on: { text: 答题 }',
        '13:47 missing key "pass" in quiz',
        '13:47 missing key "time" in quiz',
        '13:47 missing key "triesPerDay" in quiz',
        '13:55 te.csv is not there; put it beside this file',
      ],
      {
        'tea.csv': `question,A,B,answer
茶?,是,否,A
水?,是,否,B
`,
      },
    ),
    whole(
      'an invitation that cannot be',
      `campaign: a-campaign-whose-id-has-34-letters
name: 新春
period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00 }
rules: [{ id: a, on: text, invite: { validFor: 31d }, reply: 来喝茶 }]
`,
      [
        `1:11 the id has 34 characters; with \`invite\` at most 33 fit into WeChat's scene`,
        '4:36 WeChat keeps such a code for at most 30d',
        '4:62 the reply hands nobody their code: write {{invite}} in it',
      ],
    ),
    paying(
      'a friend nobody invited',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: { friend: paid }, once: perEvent, give: a }]
`,
      ['9:22 nobody is invited in this campaign; add a rule with invite: { validFor: 7d }'],
    ),
    paying(
      'a delay of nothing, and what cannot be taken back',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules:
  - { id: a, on: text, give: b, delay: 1h }
  - { id: b, on: text, give: a, cancelIf: unsubscribed }
  - { id: c, on: text, give: a, delay: 1h, cancelIf: [refunded, returned] }
  - { id: d, on: text, give: a, delay: 1h, cancelIf: refunded }
`,
      [
        '10:40 `delay` is for red packets and vouchers, and this rule gives none',
        '11:43 `cancelIf` takes back what is not paid yet; add `delay`, such as delay: 24h',
        '12:54 only an order can be refunded: the rule needs on: paid',
        '12:65 unknown word "returned" for cancelIf; expected one of: refunded, unsubscribed',
        '13:54 only an order can be refunded: the rule needs on: paid',
      ],
    ),
  ],
  triggers: [
    plain(
      'without what they need',
      `rules:
  - { id: a, on: code, reply: 好 }
  - { id: b, on: friend, reply: 好 }
  - { id: c, on: { friend: payed }, reply: 好 }
  - { id: d, on: { code }, reply: 好 }
  - { id: e, on: { paid: { over: 50, attached: x } }, reply: 好 }
  - { id: f, on: { visit: tea }, reply: 好 }
`,
      [
        '5:18 the trigger "code" needs its batch: { code: spring }',
        '6:18 the trigger "friend" needs what the friend did: { friend: followed } or { friend: paid }',
        '7:28 unknown word "payed" for what the friend did; expected one of: followed, paid',
        '8:20 expected a batch, found nothing',
        '9:34 an amount has the sign and two decimals: write ¥50.00',
        '9:38 unknown key "attached"; did you mean "attach"?',
        '10:27 expected true, found "tea"; leave the key out if you do not want it',
      ],
    ),
    plain(
      'texts of a wrong form',
      `rules:
  - { id: a, on: { text: { matches: "[一-" } }, reply: 好 }
  - { id: b, on: { text: { matches: [a+, "a b"] } }, reply: 好 }
  - { id: c, on: { text: { contains: a, matches: b } }, reply: 好 }
  - { id: d, on: { text: { daily: { 2027-02-30: a, 2027-2-1: b } } }, reply: 好 }
  - { id: e, on: { text: { daily: { 2027-02-05: [茶, 茶] } } }, reply: 好 }
  - { id: f, on: { text: { daily: {} } }, reply: 好 }
  - { id: g, on: { text: { daily: 茶 } }, reply: 好 }
  - { id: h, on: { text: { daily: words.csv } }, reply: 好 }
`,
      [
        '5:38 this pattern cannot be read: a "[" is not closed',
        '6:44 texts are compared without their spaces: leave this one out',
        '7:26 text has contains and matches; it can have only one of them',
        '8:37 expected a day such as 2026-03-01, found "2027-02-30"',
        '8:52 a day is written 2027-02-01',
        '9:53 the password "茶" is there already, in line 9',
        '10:35 expected passwords by day such as { 2026-03-01: 阿茶上新 }, found an empty map',
        '11:35 expected the name of a CSV file such as staff.csv, found "茶"',
        '12:35 words.csv is not there; put it beside this file',
      ],
    ),
  ],
  tests: [
    paying(
      'with codes that cannot be',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: { code: spring }, give: a }]
tests:
  - name: t
    codes:
      7K2MX9PQR4AB: { batch: spring, prize: a }
      7k2mx9pqr4rk: { batch: spring, prize: a }
      SHORT: { batch: sprng, prize: c }
      7K2MX9PQR4RK: { prize: a, active: maybe }
    events: [{ at: 2027-02-05, user: ann, text: 茶 }]
`,
      [
        '13:7 "7K2MX9PQR4AB" is no code: a code has 12 of 23456789ABCDEFGHJKLMNPQRSTUVWXYZ, the last two a checksum; write 7K2MX9PQR4RK',
        '14:7 "7k2mx9pqr4rk" is no code: a code has 12 of 23456789ABCDEFGHJKLMNPQRSTUVWXYZ, the last two a checksum; write 7K2MX9PQR4RK',
        '15:7 "SHORT" is no code: a code has 12 of 23456789ABCDEFGHJKLMNPQRSTUVWXYZ, the last two a checksum',
        '15:23 unknown batch "sprng"; did you mean "spring"?',
        '15:37 unknown prize "c"; expected one of: a, b',
        '16:21 missing key "batch" in a code',
        '16:41 expected true or false, found "maybe"',
      ],
    ),
    paying(
      'with codes where no rule takes any',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: text, give: a }]
tests: [{ name: t, codes: { 7K2MX9PQR4RK: { batch: spring, prize: a } }, events: [{ at: 2027-02-05, user: ann, text: 茶 }] }]
`,
      ['10:52 unknown batch "spring"; no rule has on: { code: … }'],
    ),
    paying(
      'that refund what was not paid',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: { code: spring }, give: a }]
tests:
  - name: t
    events:
      - { at: 2027-02-05, user: ann, refunded: A1 }
      - { at: 2027-02-05, user: ann, paid: { amount: ¥60.00, order: A1 } }
      - { at: 2027-02-05, user: ann, refunded: A1, expect: { cancels: 2 } }
      - { at: 2027-02-05, user: ann, refunded: A3 }
      - { at: 2027-02-05, user: ann, paid: { order: A2 } }
      - { at: 2027-02-05, user: ann, paid: ¥0.00 }
`,
      [
        '15:71 an amount has the sign and two decimals: write ¥2.00',
        '16:48 no event of this test pays the order "A3"; did you mean "A1"?',
        '17:44 missing key "amount" in paid',
        '18:44 expected at least ¥0.01, found ¥0.00',
      ],
    ),
    paying(
      'that expect what does not exist',
      `prizes:
  a: { redpacket: ¥1.00 }
  b: { nothing: true }
rules: [{ id: a, on: { code: spring }, give: a }]
tests:
  - name: t
    events:
      - { at: 2027-02-05, user: ann, subscribe: {}, expect: { prize: progress } }
      - { at: 2027-02-05, user: ann, subscribe: { invitedby: bob }, expect: { inviter: { prize: c, rule: aa, refused: gone } } }
`,
      [
        '13:49 subscribe needs at least one of: scene, invitedBy',
        '14:51 unknown key "invitedby"; did you mean "invitedBy"?',
        '14:97 unknown prize "c"; expected one of: a, b',
        '14:106 unknown rule "aa"; expected one of: a',
        '14:119 unknown word "gone" for a refusal; expected one of: notStarted, ended, closed, notEligible, already, limited, soldOut, halted, noChance, tooSoon, locked, later, sceneSoldOut, between, used, invalid, inactive, paused',
      ],
    ),
  ],
};
