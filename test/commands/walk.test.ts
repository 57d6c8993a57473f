// Every command, with what is right and with what is wrong, in both languages: whoever works in Chinese reads no English sentence,
// whoever works in English no Chinese but names and texts of their own files.

import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { speak } from '../../src/commands/shared/language.ts';
import { LANGS, type Lang } from '../../src/core/base/words/words.ts';
import { hongbao } from '../../src/program.ts';
import { ENV, startWorld, until, type World } from '../support/harness.ts';

const RULES = `
campaign: spring
name: Spring
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥100.00 }
limits: { perUser: { perDay: 3 } }
packet: { sendName: Tea, actName: Spring, wishing: Luck, remark: Spring }
draws: { final: { at: 2099-12-01, winners: { main: 2 } } }
prizes:
  gift: { redpacket: ¥1.00 }
  range: { redpacket: ¥1.00..¥2.00, weight: 1, stock: 1 }
  none: { nothing: true, weight: 1 }
  main: { redpacket: ¥3.00 }
rules:
  - { id: welcome, on: subscribe, once: ever, give: gift, replies: { won: Won, already: Already } }
  - { id: wheel, on: { text: wheel }, once: perEvent, give: [range, none], enter: final, replies: { won: Won, nothing: Nothing, limited: Limited, soldOut: Gone } }
  - { id: paid, on: { paid: { over: ¥5.00 } }, once: perDay, give: gift, delay: 24h }
  - { id: drawn, on: { drawn: final }, give: main, replies: { won: Won } }
  - { id: page, on: { visit: true }, once: perDay, give: gift }
  - { id: terms, on: { text: terms }, reply: Terms }
tests:
  - name: follow
    events: [{ at: 2026-02-10 10:00, user: ann, subscribe: true, expect: { prize: gift, pays: ¥1.00 } }]
`;

let world: World;
let ann: string;
let [wonNo, pageNo] = ['', ''];
const before = { folder: process.cwd(), env: { ...process.env } };

beforeAll(async () => {
  world = await startWorld({ campaigns: { 'spring.yaml': RULES } });
  const { simulator, bot, store, folder } = world;
  ann = world.person();
  await simulator.control.act(ann, { kind: 'follow' });
  for (let n = 0; n < 6; n++) await simulator.control.act(ann, { kind: 'text', text: n === 5 ? 'terms' : 'wheel' });
  await bot.flow.written();
  await bot.settle.pass();
  const bob = world.person();
  await simulator.control.act(bob, { kind: 'follow' });
  await bot.flow.written();
  const payouts = await until(async () => {
    const all = await store.payouts({ limit: 10 });
    return all.length >= 2 && all;
  });
  [pageNo, wonNo] = [payouts[0]!.billNo, payouts.at(-1)!.billNo];
  wrongFiles(folder);
  process.chdir(folder);
  Object.assign(process.env, ENV);
});

afterAll(async () => {
  process.chdir(before.folder);
  for (const name of Object.keys(ENV)) delete process.env[name];
  speak('en');
  process.exitCode = undefined;
  await world.close();
});

function wrongFiles(folder: string): void {
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  put(
    'changed.yaml',
    RULES.replace('¥1.00, weight', '¥1.00, weight').replace('once: ever, give: gift', 'once: ever, give: none'),
  );
  put(
    'wrong.yaml',
    RULES.replace('redpacket: ¥1.00 }', 'redpaket: 1.5 }')
      .replace('give: [range, none]', 'give: smal')
      .replace('once: perDay', 'once: perday'),
  );
  put(
    'endless.yaml',
    RULES.replace('limits: { perUser: { perDay: 3 } }\n', '')
      .replace('name: Spring', 'name: Other')
      .replace('campaign: spring', 'campaign: other'),
  );
  put('failing.yaml', RULES.replace('pays: ¥1.00', 'pays: ¥2.00'));
  put('ids.csv', `openid,amount\n${ann},1.00\n`);
  put('wrong.csv', `openid,amount\nnobody,1\n${ann},1.234\n${ann},x\n`);
  put('codes.csv', 'code,batch,box,prize\nABC,Spring,x,\n');
  put('funds.csv', 'a,b,c\n1,2,3\n');
  put('menu.yaml', 'button:\n  - { name: Wheel, click: WHEEL }\n');
  put('wrong-menu.yaml', 'button:\n  - { nmae: Wheel, clik: WHEEL }\n');
  put('scenes.csv', 'a,b\n1,2\n');
  put('push.xml', '<xml><ToUserName>x</ToUserName></xml>');
  put(
    'good-push.xml',
    `<xml><ToUserName>gh_0a1b2c3d4e5f</ToUserName><FromUserName>${ann}</FromUserName><CreateTime>1767225600</CreateTime><MsgType>text</MsgType><Content>wheel</Content><MsgId>7</MsgId></xml>`,
  );
  const yaml = readFileSync(join(folder, 'bot.yaml'), 'utf8');
  put(
    'wrong-bot.yaml',
    yaml
      .replace('appSecret', 'appSecrte')
      .replace('mode: safe', 'mode: save')
      .replace('apiclient_cert.pem', 'nowhere.pem')
      .replace('listen: 127.0.0.1:0', 'listen: nowhere')
      .replace(/publicUrl: .*/, 'publicUrl: ftp://x')
      .replace(/encodingAesKey: .*/, 'encodingAesKey: short')
      .replace('merchant: shop', 'merchant: shpo')
      .replace('channel: redpack', 'channel: redpak'),
  );
  put('unset-bot.yaml', yaml.replace('TEST_SECRET', 'NOT_SET_ANYWHERE').replace(/mchId: .*/, 'mchId: "19"'));
  put(
    'other-key.yaml',
    yaml.replace('privateKey: apiclient_key.pem', 'privateKey: ca.pem').replace(/encodingAesKey: .*\n/, ''),
  );
  mkdirSync(join(folder, 'more'));
  copyFileSync(join(folder, 'wrong.yaml'), join(folder, 'more', 'wrong.yaml'));
}

// ── One command ──────────────────────────────────────────────────────────────────────────────────────────────

/** As the built program does it, with everything it prints. */
async function said(lang: Lang, args: readonly string[]): Promise<string> {
  let all = '';
  const write = (part: unknown, ...more: unknown[]): boolean => {
    all += String(part);
    for (const each of more) if (typeof each === 'function') each();
    return true;
  };
  const spies = [process.stdout, process.stderr].map(stream => vi.spyOn(stream, 'write').mockImplementation(write));
  const locale = process.env.LANG;
  process.env.LANG = lang === 'zh' ? 'zh_CN.UTF-8' : 'en_US.UTF-8';
  try {
    await hongbao(args);
  } finally {
    for (const spy of spies) spy.mockRestore();
    if (locale === undefined) delete process.env.LANG;
    else process.env.LANG = locale;
    process.exitCode = undefined;
    speak('en');
  }
  return all;
}

/** Names, quotes, code, paths, numbers and options: the same in every language. */
const SAME = [
  /`[^`\n]*`/g,
  /"[^"\n]*"/g,
  /「[^」\n]*」/g,
  /“[^”\n]*”/g,
  /\bhongbao(?: [a-z-]+)+(?: [A-Z]+)?/g,
  /https?:\S+/g,
  /--?[a-z][\w-]*(?:[ =]<[^>]*>)?/g,
  /\S*[./_\\:=#{}\d]\S*/g,
  /<[^>\n]*>|\[[a-z]+\]/g,
];

/** Three words of English in a row. */
function englishIn(text: string): string[] {
  const bare = SAME.reduce((rest, pattern) => rest.replace(pattern, ' · '), text);
  return bare.split('\n').filter(line => /\b[A-Za-z][a-z']+(?: [A-Za-z]?[a-z']+){2,}/.test(line));
}

/** What is called so in WeChat's own consoles and laws stands in brackets behind its English, or is its name. */
const NAMES = [
  /^ *could be: .*$/gm,
  /^reply {5}.*$/gm,
  /\((?:[^()]|\([^()]*\))*\)/g,
  /「[^」\n]*」/g,
  /"[^"\n]*"/g,
  /`[^`\n]*`/g,
  /商户平台|公众平台|开放平台|服务器配置|账户中心|安全模式|微信支付公钥|API安全|我的红包|我的奖品|查红包|text:抽奖/g,
];

function chineseIn(text: string): string[] {
  const bare = NAMES.reduce((rest, pattern) => rest.replace(pattern, ' '), text);
  return bare.split('\n').filter(line => /[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/.test(line));
}

const CASES = (): readonly (readonly string[])[] => [
  ['--help'],
  ['payouts', '--help'],
  ['chekc'],
  ['check'],
  ['check', 'wrong.yaml'],
  ['check', 'endless.yaml', '--frame'],
  ['check', 'nowhere'],
  ['check', '--config', 'wrong-bot.yaml'],
  ['check', 'rules', '--config', 'unset-bot.yaml', '--strict'],
  ['test'],
  ['test', 'failing.yaml', '--coverage'],
  ['test', 'wrong.yaml'],
  ['test', '--min', 'x'],
  ['describe', 'wrong.yaml'],
  ['describe', 'rules/spring.yaml'],
  ['describe', 'rules/spring.yaml', '--words'],
  ['explain', ann],
  ['explain', ann, '--event', 'text:wheel'],
  ['explain', ann, '--event', 'text:terms'],
  ['explain', ann, '--event', 'paid:60.00'],
  ['explain', ann, '--event', 'text'],
  ['explain', ann, '--event', 'txet:x'],
  ['explain', ann, '--journal', '1'],
  ['explain', ann, '--journal', '99'],
  ['explain'],
  ['explain', 'oNobody00000000000000000000'],
  ['simulate', 'rules', '--draws', '100', '--day'],
  ['simulate', 'rules', '--draws', 'x'],
  ['simulate', 'wrong.yaml'],
  ['simulate', 'nowhere.yaml'],
  ['backtest', 'changed.yaml'],
  ['backtest', 'rules'],
  ['backtest', 'wrong.yaml'],
  ['backtest', 'changed.yaml', '--from', 'x'],
  ['receive', 'push.xml'],
  ['receive', 'good-push.xml'],
  ['receive', 'nowhere.xml'],
  ['verify-draw', '--campaign', 'spring', '--seed', 'x'],
  [
    'verify-draw',
    '--campaign',
    'spring',
    '--seed',
    'a'.repeat(64),
    '--claim',
    `spring/wheel/${ann}/k`,
    '--rules',
    'rules/spring.yaml',
    '--commitment',
    'b'.repeat(64),
  ],
  ['verify-draw', '--campaign', 'spring', '--seed', 'a'.repeat(64), '--claim', 'x'],
  [
    'verify-draw',
    '--campaign',
    'spring',
    '--seed',
    'a'.repeat(64),
    '--claim',
    `spring/nobody/${ann}/k`,
    '--rules',
    'rules/spring.yaml',
  ],
  ['verify-draw', '--campaign', 'spring', '--seed', 'a'.repeat(64), '--round', 'x', '--rules', 'rules/spring.yaml'],
  ['reveal', 'spring'],
  ['reveal', 'nobody'],
  ['rules', 'list'],
  ['rules', 'diff'],
  ['rules', 'diff', '9'],
  ['rules', 'revert', '9', '--yes'],
  ['rules', 'revert', '1', '--yes', '--comment', 'x'],
  ['campaigns', 'list'],
  ['campaigns', 'pause', 'nobody'],
  ['campaigns', 'pause', 'spring', '--say', 'Later'],
  ['explain', ann, '--event', 'text:wheel'],
  ['campaigns', 'list'],
  ['campaigns', 'resume', 'spring'],
  ['payouts', 'list'],
  ['payouts', 'list', '--state', 'x'],
  ['payouts', 'list', '--limit', 'x'],
  ['payouts', 'show', wonNo],
  ['payouts', 'show', pageNo],
  ['payouts', 'show', 'nothing'],
  ['payouts', 'cancel', wonNo, '--reason', 'x'],
  ['payouts', 'retry', wonNo],
  ['payouts', 'retry', '--state', 'held'],
  ['payouts', 'retry'],
  ['payouts', 'offer', wonNo, '--reason', 'x'],
  ['payouts', 'settle', wonNo, '--as', 'received', '--reason', 'x'],
  ['payouts', 'settle', wonNo, '--as', 'x', '--reason', 'x'],
  ['payouts', 'settle', pageNo, '--as', 'unpaid', '--reason', 'x'],
  ['payouts', 'receipt', wonNo],
  ['payouts', 'export', '--from', '2026-01-01', '--to', '2025-01-01', '--out', 'x.csv'],
  ['payouts', 'export', '--from', '2020-01-01', '--to', '2099-01-01', '--out', `payouts-${Math.random()}.csv`],
  ['merchant', 'list'],
  ['merchant', 'list', '--balance'],
  ['merchant', 'halt', 'shop', '--reason', 'x'],
  ['merchant', 'list'],
  ['merchant', 'resume', 'shop'],
  ['merchant', 'resume', 'nobody'],
  ['authorizations', 'list'],
  ['authorizations', 'close', ann],
  ['audit'],
  ['audit', '--funds', 'funds.csv'],
  ['audit', '--dry-run'],
  ['audit', '--repair', '--dry-run'],
  ['audit', '--fetch', 'x'],
  ['acts'],
  ['acts', '--limit', 'x'],
  ['alarms', 'list'],
  ['alarms', 'ack', 'nothing'],
  ['alarms', 'test'],
  ['codes', 'list'],
  ['codes', 'import', 'codes.csv'],
  ['codes', 'generate', '--batch', 'X', '--prize', 'small', '--out', 'out.csv'],
  [
    'codes',
    'generate',
    '--batch',
    'caps',
    '--prize',
    'gift=20',
    '--box-size',
    '10',
    '--out',
    `codes-${Math.random()}.csv`,
  ],
  ['codes', 'activate', 'nothing', '--boxes', '1'],
  ['send', '--campaign', 'spring', '--openids', 'ids.csv', '--dry-run'],
  ['send', '--campaign', 'spring', '--openids', 'ids.csv', '--no-wait'],
  ['send', '--campaign', 'spring', '--openids', 'wrong.csv'],
  ['send', '--campaign', 'sprnig', '--openids', 'ids.csv'],
  ['send', '--campaign', 'spring'],
  ['goods', 'list'],
  ['draws', 'list'],
  ['draws', 'tickets', 'spring', 'final'],
  ['draws', 'verify', 'ids.csv', '--seed', 'x'],
  ['winners', 'spring', '--out', `${Math.random()}.csv`],
  ['erase', 'oNobody00000000000000000000', '--yes'],
  ['menu', 'show'],
  ['menu', 'push', '--dry-run'],
  ['menu', 'push', 'wrong-menu.yaml'],
  ['qr', 'create', '--scenes', 'scenes.csv'],
  ['qr', 'create', '--scene', 'x', '--temporary', 'x'],
  ['doctor'],
  ['backup', 'nowhere/x.db'],
  ['migrate', '--from', 'sqlite:bot.db', '--to', 'x'],
  ['migrate', '--from', 'sqlite:bot.db', '--to', 'sqlite:bot.db'],
  ['start', '--config', 'wrong-bot.yaml'],
  ['start', '--config', 'unset-bot.yaml'],
  ['start', '--config', 'other-key.yaml'],
  ['start', '--config', 'nowhere.yaml'],
];

describe('every command', () => {
  test.each(LANGS)(
    'speaks %s, whatever comes',
    async lang => {
      const wrong: string[] = [];
      for (const args of CASES()) {
        if (process.env.WALK) appendFileSync(process.env.WALK, `\n$ hongbao ${args.join(' ')}\n`);
        const text = await said(lang, args);
        if (process.env.WALK) appendFileSync(process.env.WALK, text);
        const lines = lang === 'zh' ? englishIn(text) : chineseIn(text);
        if (lines.length > 0) wrong.push(`hongbao ${args.join(' ')}`, ...lines.map(line => `    ${line}`));
      }
      expect(wrong.join('\n')).toBe('');
    },
    300_000,
  );
});
