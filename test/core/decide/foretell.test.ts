// Nobody learns a draw before it is made (预知): commands that are asked what would be tell the odds, whoever asks, and each
// question is written down (操作记录).

import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { halt, resume } from '../../../src/commands/payouts/merchant.ts';
import { send } from '../../../src/commands/payouts/send.ts';
import { explainCommand } from '../../../src/commands/rules/explain.ts';
import { receive } from '../../../src/commands/rules/receive.ts';
import { acts } from '../../../src/commands/shared/acts.ts';
import { Backtest } from '../../../src/core/analysis/backtest.ts';
import { type Event, eventKey, openId } from '../../../src/core/base/event.ts';
import { instant } from '../../../src/core/base/time.ts';
import { factsQueryFor, foretell } from '../../../src/core/decide/decide.ts';
import { seedOf } from '../../../src/core/decide/draw.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import type { CodeFact } from '../../../src/core/match/facts.ts';
import type { Campaign, Trigger } from '../../../src/core/rules/campaign.ts';
import { eventOf as pushed } from '../../../src/wechat/account/push-event.ts';
import { parseXml } from '../../../src/wechat/xml.ts';
import {
  at,
  campaignOf,
  coupons,
  eventOf,
  nothing,
  packet,
  roundOf,
  ruleOf,
  says,
  word,
  yuan,
} from '../../support/campaigns.ts';
import { openIds } from '../../support/command.ts';
import { ENV, startWorld, type World } from '../../support/harness.ts';

const RULES = `
campaign: test
name: 测试活动
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes:
  small: { redpacket: ¥1.00, weight: 3 }
  big: { redpacket: ¥1.20..¥9.80, weight: 1 }
  sure: { redpacket: ¥1.50 }
rules:
  - { id: draw, on: { text: 抽奖 }, once: ever, give: [small, big] }
  - { id: kept, on: { text: 存着 }, once: perEvent, give: sure, delay: 24h, cancelIf: unsubscribed }
  - { id: sure, on: { text: 红包 }, once: ever, give: sure, replies: { won: "{{amount}} 元" } }
`;

let world: World;
let said = '';
beforeAll(async () => {
  world = await startWorld({ rules: RULES });
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
}, 60_000);
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

/** What a command says. */
async function saidBy(command: () => Promise<number>): Promise<string> {
  said = '';
  const hear = (part: string | Uint8Array): boolean => {
    said += String(part);
    return true;
  };
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation(hear);
  try {
    expect(await command()).toBe(0);
  } finally {
    spy.mockRestore();
  }
  return said;
}
const common = (more: object = {}) => ({ config: join(world.folder, 'bot.yaml'), json: true, ...more });
const explained = async (openid: string, event: string) =>
  JSON.parse(await saidBy(() => explainCommand(openid, common({ event }))));
const received = async (xml: string) => {
  const file = join(world.folder, 'push.xml');
  writeFileSync(file, xml);
  return JSON.parse(await saidBy(() => receive(file, common())));
};
const pushOf = (openid: string, text: string, id: number): string =>
  `<xml><ToUserName>gh_0a1b2c3d4e5f</ToUserName><FromUserName>${openid}</FromUserName><CreateTime>1770000000</CreateTime><MsgType>text</MsgType><Content>${text}</Content><MsgId>${id}</MsgId></xml>`;
const says1 = (openid: string, text: string, key: string): Event => ({
  ...{ key: eventKey(key), account: 'tea', user: openId(openid), sentAt: instant(1_770_000_000_000) },
  ...{ kind: 'text', text },
});
const journalled = async (openid: string) => (await world.store.journal({ user: openId(openid), limit: 9 })).length;

const PROSPECTS = [
  { prize: 'small', odds: 0.75, min: 100, max: 100 },
  { prize: 'big', odds: 0.25, min: 120, max: 980 },
];

describe('what would be', () => {
  test('is the odds, the same for everybody, whatever they draw a moment later', async () => {
    const people = Array.from({ length: 8 }, () => world.person(true));
    const drawn = new Set<string>();
    const told = new Set<string>();
    for (const [n, openid] of people.entries()) {
      const { decision, reply, payouts, rules } = await explained(openid, 'text:抽奖');
      expect(decision).toEqual({ kind: 'open', campaign: 'test', rule: 'draw', prospects: PROSPECTS });
      told.add(JSON.stringify([decision, reply, payouts, rules]));
      await world.bot.flow.handle(says1(openid, '抽奖', `m:d${n}`));
      const [payout] = await world.store.payouts({ user: openId(openid), limit: 1 });
      drawn.add(`${payout!.amount}`);
    }
    // But for what the budget has left.
    expect(new Set([...told].map(text => text.replace(/¥[\d.]+ ≥|"used":\d+/g, '')))).toHaveProperty('size', 1);
    expect(drawn.size).toBeGreaterThan(1);
    const words = await saidBy(() => explainCommand(world.person(true), common({ event: 'text:抽奖', json: false })));
    expect(words).toMatch(/perhaps {3}"small" ¥1\.00, odds 75\.00%\nperhaps {3}"big" ¥1\.20–¥9\.80, odds 25\.00%/);
    expect(words).not.toMatch(/won "|恭喜/);
  }, 60_000);

  test('is told as ever where nothing is drawn', async () => {
    const { decision, reply } = await explained(world.person(true), 'text:红包');
    expect(decision).toMatchObject({ kind: 'awarded', prize: 'sure', amount: 150 });
    expect(reply).toEqual({ kind: 'text', text: '1.50 元' });
  });

  test('of a push that was written by hand is no more than that', async () => {
    const openid = world.person(true);
    for (let n = 0; n < 3; n++) {
      const came = await received(pushOf(openid, '抽奖', 7000 + n));
      expect(came.decision).toMatchObject({ kind: 'open', prospects: PROSPECTS });
      expect(came).not.toHaveProperty('payout');
      expect(came.reply).toEqual({ kind: 'none' });
    }
    expect(await journalled(openid)).toBe(0);
  }, 60_000);
});

test('a push that has happened is told as it came, with its number in the journal', async () => {
  const openid = world.person(true);
  await world.bot.flow.handle(pushed('tea', parseXml(pushOf(openid, '抽奖', 8001))));
  const [payout] = await world.store.payouts({ user: openId(openid), limit: 1 });
  const came = await received(pushOf(openid, '抽奖', 8001));
  expect(came).toMatchObject({ journal: expect.any(Number), decision: { kind: 'awarded', amount: payout!.amount } });
});

test('a recorded unfollow takes nothing back of what is on its way', async () => {
  const openid = world.person(true);
  await world.bot.flow.handle(says1(openid, '存着', 'm:8101'));
  await received(
    `<xml><ToUserName>gh_0a1b2c3d4e5f</ToUserName><FromUserName>${openid}</FromUserName><CreateTime>1780000000</CreateTime><MsgType>event</MsgType><Event>unsubscribe</Event></xml>`,
  );
  expect(await world.store.payouts({ user: openId(openid), limit: 9 })).toMatchObject([{ state: 'planned' }]);
});

test('what would be sent by hand is told with the most that it may come to', async () => {
  const file = join(world.folder, 'people.txt');
  writeFileSync(file, openIds(2, 'Send').join('\n'));
  const options = { ...common(), campaign: 'test', openids: file, prize: 'big', dryRun: true, wait: false };
  expect(JSON.parse(await saidBy(() => send(options)))).toMatchObject({ planned: 2, sum: 1960 });
});

test('each question and each act is in the log of operators, newest first', async () => {
  const openid = world.person(true);
  await explained(openid, 'text:抽奖');
  await received(pushOf(openid, '抽奖', 9001));
  await saidBy(() => halt('shop', { ...common(), reason: '对账' }));
  await saidBy(() => resume('shop', common()));
  const list = await saidBy(() => acts({ ...common(), limit: '4' }));
  const by = expect.stringContaining(userInfo().username);
  expect(JSON.parse(list)).toMatchObject([
    { by, what: 'merchant resume', about: 'shop' },
    { by, what: 'merchant halt', about: 'shop', detail: '对账' },
    { by, what: 'receive', about: openid, detail: expect.stringContaining('push.xml 抽奖') },
    { by, what: 'explain', about: openid, detail: 'text:抽奖' },
  ]);
  const table = await saidBy(() => acts({ ...common({ json: false }), limit: '1' }));
  expect(table).toMatch(/^when +who +what +about +how\n\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\S.* merchant resume +shop\n$/);
});

// ── Every kind of prize ──────────────────────────────────────────────────────────────────────────────────────

describe('a draw that is foretold asks for no seed', () => {
  const around = {
    merchant: undefined,
    seedOf: (): string => {
      throw new Error('the seed was asked for');
    },
  };
  const told = (campaign: Campaign, event: Event, facts: { code?: CodeFact; counters?: [string, number][] } = {}) => {
    const { counters = [], ...others } = facts;
    const matches = bookOf([campaign], ['tea']).match(event, event.sentAt);
    factsQueryFor(matches, event, event.sentAt, { ...around, isForetold: true });
    const known = { follower: undefined, claims: new Set<string>(), counters: new Map(counters), halted: false };
    return foretell(matches, event, { ...known, ...others }, event.sentAt, around);
  };
  const draw = eventOf(says('2026-02-10 20:01', '抽奖'));

  test('among prizes, with a fallback for what is gone', () => {
    const prizes = [packet('a', { stock: 1 }), packet('b', { weight: 3 }), nothing('none', { fallback: true })];
    const campaign = campaignOf({ prizes, rules: [ruleOf({ give: ['a', 'b'] })] });
    expect(told(campaign, draw, { counters: [['campaign/tea/prize/a', 1]] })).toMatchObject({
      kind: 'open',
      prospects: [
        { prize: 'none', odds: 0.25, max: 0 },
        { prize: 'b', odds: 0.75, min: 100, max: 100 },
      ],
    });
  });

  test('for a share of a round', () => {
    const rain = packet('rain', { min: yuan('¥1.00'), max: yuan('¥9.00'), split: true });
    const rounds = [roundOf('一', '2026-02-10 20:00', '5m', 10, '¥30.00')];
    expect(told(campaignOf({ prizes: [rain], rounds }), draw)).toMatchObject({
      kind: 'open',
      prospects: [{ prize: 'rain', odds: 1, min: 100, max: 900 }],
    });
  });

  test('for the next line of a list', () => {
    const decision = told(campaignOf({ prizes: [coupons('tea', ['SECRET-1', 'SECRET-2'])] }), draw);
    expect(decision).toMatchObject({ kind: 'open', prospects: [{ prize: 'tea', odds: 1 }] });
    expect(JSON.stringify(decision)).not.toContain('SECRET');
  });

  test('for a printed code, of which no odds are told', () => {
    const on: Trigger = { kind: 'code', batch: 'spring' };
    const campaign = campaignOf({
      prizes: [packet('a'), packet('jackpot', { min: yuan('¥88.00') })],
      rules: [ruleOf({ on, assigned: true })],
    });
    const code: CodeFact = { batch: 'spring', prize: 'jackpot', active: true };
    expect(told(campaign, eventOf(says('2026-02-10 20:01', 'TEA2SPR7NGYG')), { code })).toMatchObject({
      kind: 'open',
      prospects: [{ prize: 'a' }, { prize: 'jackpot', min: 8800 }],
    });
  });

  test('for a quiz: neither the question nor whether an answer is right', () => {
    const bank = ['一', '二'].map(text => ({ text, choices: ['甲', '乙'], right: 0 }));
    const quiz = { bank, questions: 1, pass: 1, time: 20_000, triesPerDay: 2 };
    const campaign = campaignOf({ prizes: [packet('a')], rules: [ruleOf({ on: word('答题'), give: ['a'], quiz })] });
    const asked = told(campaign, eventOf(says('2026-02-10 20:01', '答题')));
    expect(asked).toMatchObject({ kind: 'answered', detail: 'ask' });
    expect(JSON.stringify(asked)).not.toMatch(/甲|乙/);
    const base = 'campaign/tea/user/ann/rule/rule';
    const counters: [string, number][] = [
      [`${base}/tries/day/2026-02-10`, 1],
      [`${base}/quiz/2026-02-10/1/step`, 1],
      [`${base}/quiz/2026-02-10/1/asked`, at('2026-02-10 20:00')],
    ];
    const answers = ['A', 'B'].map(text => told(campaign, eventOf(says('2026-02-10 20:01', text)), { counters }));
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toMatchObject({ kind: 'answered' });
  });

  test('in a shadow', () => {
    const decision = told(campaignOf({ mode: 'shadow', prizes: [packet('a'), packet('b')] }), draw);
    expect(decision.shadows).toEqual([{ campaign: 'tea~shadow', rule: 'rule', outcome: 'awarded' }]);
  });
});

test('a backtest draws again what was drawn, and nothing that is still to be drawn', () => {
  const prizes = [packet('a'), packet('b', { min: yuan('¥2.00') })];
  const live = campaignOf({ prizes, rules: [ruleOf({ give: ['a', 'b'], once: 'ever' })] });
  // What nobody has claimed yet, tied to a word that everybody has said.
  const early = campaignOf({ prizes, rules: [ruleOf({ give: ['a', 'b'], once: 'ever', on: word('你好') })] });
  const sides = { now: bookOf([live], ['tea']), changed: bookOf([early], ['tea']) };
  const drawnWith = (secret: string): string => {
    const around = { merchant: undefined, seedOf: (id: string) => seedOf(secret, id) };
    const backtest = new Backtest(sides, () => around);
    for (let n = 0; n < 12; n++) {
      const event = eventOf(says('2026-02-10 10:00', '你好', `user-${n}`));
      backtest.play({ at: event.sentAt, event, decision: { kind: 'ignored', reply: { kind: 'none' }, trace: [] } });
    }
    return JSON.stringify(backtest.report(user => user).samples);
  };
  expect(drawnWith('one secret')).toBe(drawnWith('another secret'));
});
