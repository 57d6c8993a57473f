// A table of mistakes as people make them who run campaigns and do not think in YAML: in Word, WPS and Excel, on the keyboard of a
// phone, by copying from a chat. Each has one message, at its place, with the fix, in Chinese as in English.

import { describe, expect, test } from 'vitest';
import { type Finding, told } from '../../../src/core/base/error.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';
import { MORE_MISTAKES } from '../../support/mistakes.ts';

const FILE = `campaign: spring
name: 新春
period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00 }
budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
  small: { redpacket: ¥1.00 }
  big: { redpacket: ¥8.00 }
rules:
  - id: a
    on: { text: 恭喜发财 }
    once: perDay
    give: small
    replies: { won: 恭喜 }
`;

/** What stands in the file, what somebody writes instead, and the one thing that is said of it. */
const MISTAKES: readonly (readonly [right: string, wrong: string, says: string])[] = [
  ['once: perDay', 'once:perDay', '12:5 a space is missing behind the colon: write "once: perDay"'],
  [
    'once: perDay',
    'once:\u00A0perDay',
    '12:10 a space as Word and web pages have it stands here (U+00A0): delete it and type a plain one',
  ],
  [
    '    once: perDay',
    '\u00A0\u00A0\u00A0 once: perDay',
    '12:1 a space as Word and web pages have it stands here (U+00A0): delete it and type a plain one',
  ],
  ['    once: perDay', '\u3000\u3000once: perDay', '12:1 a full-width space stands here: type plain ones'],
  ['    once: perDay', '\u3000\u3000\u3000\u3000once: perDay', '12:1 a full-width space stands here: type plain ones'],
  ['rules:\n', '// 备注\nrules:\n', '9:1 a comment begins with #: write "# 备注"'],
  ['    once: perDay', '    // 每天一次\n    once: perDay', '12:5 a comment begins with #: write "# 每天一次"'],
  ['    once: perDay', '    once: perDay // 每天一次', '12:18 a comment begins with #: write "# 每天一次"'],
  ['    once: perDay', 'once: perDay', '12:1 this line is indented by 0, its neighbours by 4: put 4 spaces before it'],
  [
    '    once: perDay',
    '   once: perDay',
    '12:4 this line is indented by 3, its neighbours by 4: put 4 spaces before it',
  ],
  [
    '    once: perDay',
    '     once: perDay',
    '12:6 this line is indented by 5, its neighbours by 4: put 4 spaces before it',
  ],
  ['on: { text: 恭喜发财 }', 'on: text: 恭喜发财', '11:5 two keys stand on one line: write on: { text: 恭喜发财 }'],
  ['{ text: 恭喜发财 }', '｛text: 恭喜发财｝', '11:9 the brackets are full-width: write { text: 恭喜发财 }'],
  ['{ text: 恭喜发财 }', '{ text：恭喜发财 }', '11:9 the colon is full-width: write "text: "'],
  ['once: perDay', 'once：perDay', '12:5 the colon is full-width: write "once: "'],
  ['once: perDay', 'once： perDay', '12:5 the colon is full-width: write "once: "'],
  [
    'budget: { total: ¥1000.00 }',
    'budget: { total: ¥1000.00， perDay: ¥200.00 }',
    '4:26 the comma is full-width: write ","',
  ],
  [
    'budget: { total: ¥1000.00 }',
    'budget: { total: ¥1000.00，perDay: ¥200.00 }',
    '4:26 the comma is full-width: write ","',
  ],
  ['¥1.00', '¥１.00', '7:23 these signs are full-width: write ¥1.00'],
  ['¥1.00', '１.00', '7:23 these signs are full-width: write ¥1.00'],
  ['¥1000.00', '¥２０００.00', '4:18 these signs are full-width: write ¥2000.00'],
  ['2027-02-01', '2027–02–01', '3:17 a day is written 2027-02-01'],
  ['2027-02-01', '2027/02/01', '3:17 a day is written 2027-02-01'],
  ['2027-02-01 00:00', '2027年2月1日 00:00', '3:17 a day is written 2027-02-01'],
  ['2027-02-01 00:00', '2027-2-1 00:00', '3:17 a day is written 2027-02-01'],
  ['00:00', '8:00', '3:28 hours have two digits: write 08:00'],
  ['00:00', '08：00', '3:28 these signs are full-width: write 08:00'],
  ['{ text: 恭喜发财 }', '{ text: 恭喜发财', '11:9 "{" is not closed: write "}" at the end of the line'],
  ['  - id: a', '    id: a', '10:5 an entry of a list begins with a dash: write "- id: …"'],
  ['  - id: a', '  -id: a', '10:3 a space is missing behind the dash: write "- id: a"'],
  ['  - id: a', '  – id: a', '10:3 an entry of a list begins with a plain dash and a space: write "- id: a"'],
  ['  - id: a', '  • id: a', '10:3 an entry of a list begins with a plain dash and a space: write "- id: a"'],
  ['  - id: a', '  — id: a', '10:3 an entry of a list begins with a plain dash and a space: write "- id: a"'],
  ['  - id: a', '  1. id: a', '10:3 an entry of a list begins with a plain dash and a space: write "- id: a"'],
  [
    'replies: { won: 恭喜 }',
    'replies:\n      won: |\n        恭喜\n      发财',
    '17:7 this line belongs to the text above: indent it as deep',
  ],
  [
    'replies: { won: 恭喜 }',
    'replies:\n      won: |\n        恭喜\n发财',
    '17:1 this line belongs to the text above: indent it as deep',
  ],
  [
    '    once: perDay',
    '    when: wallet["x"] < 1\n    once: perDay',
    '12:18 unknown wallet "x"; the campaign has no wallets',
  ],
  ['{ total: ¥1000.00 }', '{total:¥1000.00}', '4:10 a space is missing behind the colon: write "total: ¥1000.00"'],
  [
    '{ redpacket: ¥8.00 }',
    '{ redpacket: ¥8.00, stock:3 }',
    '8:28 a space is missing behind the colon: write "stock: 3"',
  ],
  [
    '{ redpacket: ¥8.00 }',
    '{redpacket: ¥8.00,stock:3,weight:2}',
    '8:26 a space is missing behind the colon: write "stock: 3"',
  ],
  ['give: small', 'give: small, big', '13:11 several stand in brackets: write [small, big]'],
  ['give: small', 'give: small，big', '13:11 several stand in brackets: write [small, big]'],
  ['give: small', 'give: small、big', '13:11 several stand in brackets: write [small, big]'],
  ['give: small', 'give: [small，big]', '13:11 the comma is full-width: write [small, big]'],
  ['give: small', 'give: ［small, big］', '13:11 the brackets are full-width: write [small, big]'],
  ['give: small', 'give: 「small」', '13:11 the quotes are those of a text: write small'],
  ['give: small', 'give: “small”', '13:11 the quotes are those of a text: write small'],
  [
    'once: perDay',
    'limits: 1',
    '12:5 unknown key "limits"; expected one of: was, new, who, once, odds, reply, when, delay, cancelIf, opensAfter, earn, spend, streak, makeUp, guaranteed, guess, quiz, enter, invite',
  ],
  [
    'budget: {',
    'limits: { perUser: 1 }\nbudget: {',
    '4:20 expected perUser (a map of keys), found "1"; write perUser: { total: 1 }',
  ],
  ['prizes:\n  small', 'prizes:\nsmall', '7:1 this line belongs to "prizes:" above: put 2 spaces before it'],
  ['prizes:\n', 'prizes\n', '6:1 behind a key stands a colon: write "prizes:"'],
  ['prizes:\n', 'prizes：\n', '6:1 the colon is full-width: write "prizes: "'],
  ['rules:\n', 'rules：\n', '9:1 the colon is full-width: write "rules: "'],
  ['name: 新春', 'name: "新春', '2:7 a quote is not closed: write "新春"'],
  ['name: 新春', "name: '新春", "2:7 a quote is not closed: write '新春'"],
  ['name: 新春', 'name: 新春: 红包', '2:7 this text needs quotes: write "新春: 红包"'],
  ['name: 新春', 'name: *新春*', "2:7 this text needs quotes: write '*新春*'"],
  ['name: 新春', 'name: &新春', "2:7 this text needs quotes: write '&新春'"],
  ['name: 新春', 'name: @新春', "2:7 this text needs quotes: write '@新春'"],
  ['name: 新春', 'name: #新春', "2:7 this text needs quotes: write '#新春'"],
  ['name: 新春', 'name: [新春]', '2:7 expected a name, found a list'],
  ['name: 新春', 'name: {新春}', '2:7 expected a name, found a map of keys'],
  ['name: 新春', 'name: %新春', "2:7 this text needs quotes: write '%新春'"],
  ['name: 新春', 'name: !新春', "2:7 this text needs quotes: write '!新春'"],
  ['name: 新春', 'name: - 新春', "2:7 this text needs quotes: write '- 新春'"],
  ['name: 新春', 'name: `新春`', "2:7 this text needs quotes: write '`新春`'"],
  ['name: 新春', 'name: >新春', "2:7 this text needs quotes: write '>新春'"],
  ['name: 新春', 'name: |新春', "2:7 this text needs quotes: write '|新春'"],
  ['name: 新春', 'Name: 新春', '2:1 unknown key "Name"; did you mean "name"?'],
  ['name: 新春', '名称: 新春', '2:1 keys are English words: write "name:" for "名称:"'],
  ['name: 新春', 'name= 新春', '2:1 behind a key stands a colon: write "name: 新春"'],
  ['name: 新春', 'name 新春', '2:1 behind a key stands a colon: write "name: 新春"'],
  ['name: 新春', '\tname: 新春', '2:1 a tab indents this line; YAML wants spaces'],
  ['name: 新春', '“name”: 新春', '2:1 a key has no quotes: write "name: "'],
  ['name: 新春', ' name: 新春', '2:2 this line is indented by 1, its neighbours by 0: put 0 spaces before it'],
  ['name: 新春', 'name: 新春\nname: 春', '3:1 the key "name" is there already, in line 2'],
  [
    '    once: perDay',
    '\tonce: perDay',
    '12:1 this line is indented by 0, its neighbours by 4: put 4 spaces before it',
  ],
  ['    once: perDay', '    once: perday', '12:11 unknown word "perday" for once; did you mean "perDay"?'],
  ['    once: perDay', '    once: PerDay', '12:11 unknown word "PerDay" for once; did you mean "perDay"?'],
  ['    once: perDay', '    once: 每天', '12:11 unknown word "每天" for once; write perDay'],
  ['    once: perDay', '    once: per day', '12:11 unknown word "per day" for once; did you mean "perDay"?'],
  ['    once: perDay', '    once: “perDay”', '12:11 the quotes are those of a text: write perDay'],
  ['    once: perDay', '    Once: perDay', '12:5 unknown key "Once"; did you mean "once"?'],
  ['    once: perDay', '    onec: perDay', '12:5 unknown key "onec"; did you mean "once"?'],
  ['¥8.00', '8', '8:21 an amount has the sign and two decimals: write ¥8.00'],
  ['¥8.00', '8元', '8:21 an amount has the sign and two decimals: write ¥8.00'],
  ['¥8.00', '￥8', '8:21 an amount has the sign and two decimals: write ¥8.00'],
  ['¥8.00', '8.00', '8:21 an amount has the sign and two decimals: write ¥8.00'],
  ['¥8.00', '¥8', '8:21 an amount has the sign and two decimals: write ¥8.00'],
  ['¥8.00', '¥ 8.00', '8:21 an amount has the sign and two decimals: write ¥8.00'],
  ['¥8.00', '$8.00', '8:21 an amount begins with ¥: write ¥8.00'],
  ['¥8.00', '¥8.00-¥9.00', '8:21 a range has two dots, and each amount the sign and two decimals: write ¥8.00..¥9.00'],
  ['¥8.00', '¥8.00~¥9.00', '8:21 a range has two dots, and each amount the sign and two decimals: write ¥8.00..¥9.00'],
  ['¥8.00', '八元', '8:21 an amount has the sign and two decimals: write ¥8.00'],
  ['¥8.00', 'Y8.00', '8:21 an amount begins with ¥: write ¥8.00'],
  ['¥8.00', '¥8。00', '8:21 the decimals stand behind a point: write ¥8.00'],
  ['¥8.00', '¥8,00', '8:21 the decimals stand behind a point: write ¥8.00'],
  ['¥8.00', '¥8.00元', '8:21 an amount has the sign and two decimals: write ¥8.00'],
  ['¥8.00', '800分', '8:21 an amount has the sign and two decimals: write ¥8.00'],
  ['replies: { won: 恭喜 }', 'replies: { won: 恭喜，{amount} 元 }', '14:24 a placeholder is written {{amount}}'],
  [
    'replies: { won: 恭喜 }',
    'replies: { won: 恭喜, {{amount}} 元 }',
    '14:25 "{{amount}} 元" has no value; a comma inside { } ends a text: put a text that has one in quotes',
  ],
  [
    'replies: { won: 恭喜 }',
    'replies: { won: 恭喜｛｛amount｝｝ }',
    '14:21 a placeholder is written {{amount}}, with two braces on both sides',
  ],
  [
    'replies: { won: 恭喜 }',
    'replies: { won: 恭喜{{金额}} }',
    '14:21 unknown placeholder {{金额}}; expected one of: amount, prize, campaign, from, to, hours, coupon, payAt, order, invite, count, next, left, balance, store, storeHours, round, nextRound, tries, firstAt, n, of, question, choices, ticket, drawAt, caseNo',
  ],
  [
    'replies: { won: 恭喜 }',
    'replies: { won: 链接: https://a.com/b }',
    "14:16 inside { } this text needs quotes: write won: '链接: https://a.com/b'",
  ],
  [
    'replies: { won: 恭喜 }',
    'reply: 恭喜',
    '14:12 a rule that gives something has no `reply`; write `replies: { won: … }`',
  ],
  ['replies: { won: 恭喜 }', 'replies: { 中奖: 恭喜 }', '14:14 keys are English words: write "won:" for "中奖:"'],
  [
    'replies: { won: 恭喜 }',
    'replies: 恭喜',
    '14:14 expected replies (a map of keys), found "恭喜"; write replies: { won: … }',
  ],
  ['replies: { won: 恭喜 }', 'replies: { won: 恭喜 }}', '14:25 one closing bracket is too many: take it out'],
  [
    'replies: { won: 恭喜 }',
    'replies: { won: "恭喜" 发财 }',
    "14:16 inside { } this text needs quotes: write won: '恭喜 发财'",
  ],
  [
    'replies: { won: 恭喜 }',
    'replies: { won: “恭喜, 发财” }',
    '14:21 the quotes are those of a text: write "恭喜, 发财"',
  ],
  [
    'replies: { won: 恭喜 }',
    'replies: { won: }',
    '14:16 expected a text or one of { text, image, news, transfer }, found nothing',
  ],
  ['rules:\n', '---\nrules:\n', '9:1 this line means nothing here: take out "---"'],
  ['rules:\n', '```yaml\nrules:\n', '9:1 this line means nothing here: take out "```yaml"'],
  ['rules:\n', '--------\nrules:\n', '9:1 this line means nothing here: take out "--------"'],
  ['rules:\n', '=====\nrules:\n', '9:1 this line means nothing here: take out "====="'],
  [
    'rules:\n',
    '备注：写完了\nrules:\n',
    '9:1 this line is no "key: value": a note begins with #, a text of several lines with "|"',
  ],
  ['rules:\n', '/* 备注 */\nrules:\n', '9:1 a comment begins with #: write "# 备注"'],
  ['rules:\n', '；备注\nrules:\n', '9:1 a comment begins with #: write "# 备注"'],
  ['rules:\n', '<!-- x -->\nrules:\n', '9:1 a comment begins with #: write "# x"'],
  ['rules:\n', '＃备注\nrules:\n', '9:1 a comment begins with #: write "# 备注"'],
  ['campaign: spring', 'campaign: 新春', '1:11 expected an id of a-z, 0-9 and "-", at most 64, found "新春"'],
  [
    'campaign: spring',
    'campaign: Spring 2026',
    '1:11 expected an id of a-z, 0-9 and "-", at most 64, found "Spring 2026"; write spring-2026',
  ],
  ['campaign: spring', 'campaign spring', '1:1 behind a key stands a colon: write "campaign: spring"'],
  [
    'period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00 }',
    'period: { from: 2027-02-01 00:00 to: 2027-02-28 24:00 }',
    '3:34 a comma is missing: write ", to:"',
  ],
  [
    'period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00 }',
    'period: 2027-02-01 - 2027-02-28',
    '3:9 expected period (a map of keys), found "2027-02-01 - 2027-02-28"; write period: { from: 2026-02-10, to: 2026-02-24 }',
  ],
  ['2027-02-28', '2027-02-29', '3:39 expected a time such as 2026-02-10 08:00 (Beijing), found "2027-02-29 24:00"'],
  ['24:00', '25:00', '3:39 expected a time such as 2026-02-10 08:00 (Beijing), found "2027-02-28 25:00"'],
  [
    'budget: { total: ¥1000.00 }',
    'budget: ¥1000.00',
    '4:9 expected budget (a map of keys), found "¥1000.00"; write budget: { total: ¥100.00 }',
  ],
  [
    'packet: { sendName: 阿茶茶饮 }',
    'packet: 阿茶茶饮',
    '5:9 expected packet (a map of keys), found "阿茶茶饮"; write packet: { sendName: … }',
  ],
  [
    'period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00 }',
    'period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00, hours: 8:00-20:00 }',
    '3:64 hours have two digits: write 08:00-20:00',
  ],
  [
    'period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00 }',
    'period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00, hours: "08:00~20:00" }',
    '3:65 between the hours stands a plain dash: write 08:00-20:00',
  ],
  [
    'period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00 }',
    'period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00, hours: "08:00至20:00" }',
    '3:65 between the hours stands a plain dash: write 08:00-20:00',
  ],
  [
    'period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00 }',
    'period: { from: 2027-02-01 00:00, to: 2027-02-28 24:00, hours: "08：00-20：00" }',
    '3:65 these signs are full-width: write 08:00-20:00',
  ],
  [
    'once: perDay',
    'once:\u200B perDay',
    '12:10 a space as Word and web pages have it stands here (U+200B): delete it and type a plain one',
  ],
  [
    '    once: perDay',
    '    \u200Bonce: perDay',
    '12:5 a space as Word and web pages have it stands here (U+200B): delete it and type a plain one',
  ],
  [
    '  - id: a',
    '  -\u00A0id: a',
    '10:4 a space as Word and web pages have it stands here (U+00A0): delete it and type a plain one',
  ],
  [
    '{ redpacket: ¥8.00 }',
    '{ redpacket: ¥8.00, weight: 10% }',
    '8:36 expected a number such as 70 or 0.5, found "10%"; write 10',
  ],
  [
    '{ redpacket: ¥8.00 }',
    '{ redpacket: ¥8.00, stock: 3个 }',
    '8:35 expected a whole number from 1, found "3个"; write 3',
  ],
  [
    '{ redpacket: ¥8.00 }',
    '{ redpacket: ¥8.00, stock: 1,000 }',
    '8:35 expected a whole number from 1, found "1,000"; write 1000',
  ],
  ['{ redpacket: ¥8.00 }', '{ redpacket: ¥8.00, weight: ５０ }', '8:36 these signs are full-width: write 50'],
  ['{ redpacket: ¥8.00 }', 'redpacket: ¥8.00', '8:3 two keys stand on one line: write big: { redpacket: ¥8.00 }'],
  ['{ redpacket: ¥8.00 }', '{ redpacket ¥8.00 }', '8:10 behind a key stands a colon: write "redpacket:"'],
  ['{ redpacket: ¥8.00 }', '{ redpacket: ¥8.00 weight: 3 }', '8:27 a comma is missing: write ", weight:"'],
  [
    '{ redpacket: ¥8.00 }',
    '( redpacket: ¥8.00 )',
    '8:8 the brackets here are those of keys: write { redpacket: ¥8.00 }',
  ],
  ['{ redpacket: ¥8.00 }', '{ 红包: ¥8.00 }', '8:8 keys are English words: write "redpacket:" for "红包:"'],
  ['{ redpacket: ¥8.00 }', '{ redpacket: ¥8.00；weight: 3 }', '8:26 the comma is full-width: write ","'],
  ['{ redpacket: ¥8.00 }', '{ redpacket: ¥8.00, fallback: 是 }', '8:38 expected true, found "是"; write true'],
  [
    'rules:\n',
    '张三 2027-01-03 10:21\nrules:\n',
    '9:1 this line is no "key: value": a note begins with #, a text of several lines with "|"',
  ],
  [
    'rules:\n',
    '@所有人 规则改好了\nrules:\n',
    '9:1 this line is no "key: value": a note begins with #, a text of several lines with "|"',
  ],
  [
    'rules:\n',
    '[图片]\nrules:\n',
    '9:1 this line is no "key: value": a note begins with #, a text of several lines with "|"',
  ],
  [
    'rules:\n',
    '> 引用\nrules:\n',
    '9:1 this line is no "key: value": a note begins with #, a text of several lines with "|"',
  ],
  [
    'rules:\n',
    '**规则**\nrules:\n',
    '9:1 this line is no "key: value": a note begins with #, a text of several lines with "|"',
  ],
  [
    'rules:\n',
    '规则\nrules:\n',
    '9:1 this line is no "key: value": a note begins with #, a text of several lines with "|"',
  ],
  ['rules:\n', 'rule:\n', '9:1 unknown key "rule"; did you mean "rules"?'],
  ['rules:\n', 'Rules:\n', '9:1 unknown key "Rules"; did you mean "rules"?'],
  [
    'rules:\n',
    'rules: \u00A0\n',
    '9:8 a space as Word and web pages have it stands here (U+00A0): delete it and type a plain one',
  ],
  ['    once: perDay', '    once: perDay\n    once: ever', '13:5 the key "once" is there already, in line 12'],
  ['    give: small', '    give: samll', '13:11 unknown prize "samll"; did you mean "small"?'],
  ['    give: small', '    give: Small', '13:11 unknown prize "Small"; did you mean "small"?'],
  ['    give: small', '', '10:5 the rule does nothing: it needs `give` or `reply`'],
  ['    once: perDay', '    once:', '12:5 expected once, found nothing'],
  ['    once: perDay', '    - once: perDay', '12:5 this is no entry of a list: write "once: perDay"'],
  ['{ text: 恭喜发财 }', '{ text: [恭喜发财, 新年快乐 }', '11:17 a bracket is not closed: write [恭喜发财, 新年快乐]'],
  ['{ text: 恭喜发财 }', '{ txet: 恭喜发财 }', '11:11 unknown key "txet"; did you mean "text"?'],
  [
    '{ text: 恭喜发财 }',
    '关注',
    '11:9 unknown trigger "关注"; expected one of: subscribe, unsubscribe, scan, text, click, view, visit, paid, image, voice, location, scancode',
  ],
  ['{ text: 恭喜发财 }', '{ 关键词: 恭喜发财 }', '11:9 keys are English words: write "text:" for "关键词:"'],
  [
    '{ text: 恭喜发财 }',
    'text=恭喜发财',
    '11:9 unknown trigger "text=恭喜发财"; expected one of: subscribe, unsubscribe, scan, text, click, view, visit, paid, image, voice, location, scancode',
  ],
  ['{ text: 恭喜发财 }', '【text: 恭喜发财】', '11:9 the brackets are full-width: write [text: 恭喜发财]'],
];

function findings(text: string): readonly Finding[] {
  const loaded = loadCampaign('a.yaml', text);
  return 'findings' in loaded ? loaded.findings : [];
}

const edited = (text: string, right: string, wrong: string): string => {
  expect(text).toContain(right);
  return text.replace(right, () => wrong);
};

const shown = (all: readonly Finding[]): string[] => all.map(each => `${each.line}:${each.column} ${each.message}`);

describe('a mistake', () => {
  test('the file without any is fit, and there are more than three hundred of them', () => {
    expect(findings(FILE)).toEqual([]);
    expect(new Set([...MISTAKES, ...MORE_MISTAKES].map(([, wrong]) => wrong)).size).toBeGreaterThanOrEqual(300);
  });

  test.each([...MISTAKES, ...MORE_MISTAKES])('%j written %j has one message', (right, wrong, says) => {
    const found = findings(edited(FILE, right, wrong));
    expect(shown(found)).toEqual([says]);
    // In Chinese it is Chinese: English are the words of the language and of the file.
    const zh = told(found[0]!, 'zh').message;
    expect(zh).toMatch(/\p{Script=Han}/u);
    expect(zh.replace(/「.*」|(请写|可以写：?|写作).*/gu, '')).not.toMatch(/[a-z]{2,} [a-z]{2,} [a-z]{2,}/);
  });
});

describe('several mistakes', () => {
  const TWELVE: readonly (readonly [string, string])[] = [
    ['campaign: spring', 'campaign：spring'],
    ['name: 新春', 'name:新春'],
    ['period: { from: 2027-02-01 00:00', 'period: { from: 2027–02–01 00:00'],
    ['budget: { total: ¥1000.00 }', 'budget: {total:¥1000.00}'],
    ['packet: { sendName: 阿茶茶饮 }', 'packet: ｛sendName: 阿茶茶饮｝'],
    ['prizes:\n', '// 奖品\nprizes:\n'],
    ['small: { redpacket: ¥1.00 }', 'small: { redpacket: ¥１.00 }'],
    ['big: { redpacket: ¥8.00 }', 'big: { redpacket: ¥8.00'],
    ['  - id: a', '  -id: a'],
    ['on: { text: 恭喜发财 }', 'on: text: 恭喜发财'],
    ['    once: perDay', '\u00A0\u00A0\u00A0\u00A0once: perDay'],
    ['give: small', 'give: small, big'],
  ];

  test('of twelve kinds in one file are all told, each at its line, and nothing else', () => {
    const text = TWELVE.reduce((all, [right, wrong]) => edited(all, right, wrong), FILE);
    const found = findings(text);
    expect(found.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14]);
  });

  test('that are none of YAML are told beside those that are', () => {
    const text = edited(edited(FILE, 'once: perDay', 'once：perDay'), 'give: small', 'give: samll');
    expect(shown(findings(text))).toEqual([
      '12:5 the colon is full-width: write "once: "',
      '13:11 unknown prize "samll"; did you mean "small"?',
    ]);
  });

  test('in one line keep their columns', () => {
    const text = edited(FILE, '{ redpacket: ¥8.00 }', '{redpacket:¥8.00, stcok: 3 }');
    expect(shown(findings(text))).toEqual([
      '8:9 a space is missing behind the colon: write "redpacket: ¥8.00"',
      '8:26 unknown key "stcok"; did you mean "stock"?',
    ]);
  });
});
