// `hongbao explain`: every rule that was asked, with the number behind each check, and who answered in the end.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Explanation,
  explain,
  explanationJson,
  happeningOf,
  showExplanation,
} from '../../../src/core/analysis/explain.ts';
import { nearMisses } from '../../../src/core/analysis/near-miss.ts';
import { type Event, eventKey, openId } from '../../../src/core/base/event.ts';
import { dayOf, instant } from '../../../src/core/base/time.ts';
import { inLang } from '../../../src/core/base/words/words.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { createFlow } from '../../../src/engine/flow.ts';
import { checkRuleFiles } from '../../../src/engine/rulebook.ts';
import { readRuleFiles } from '../../../src/engine/rulebook-files.ts';
import { SILENT } from '../../../src/lib/log.ts';
import {
  at,
  campaignOf,
  eventOf,
  Ledger,
  type LedgerOptions,
  packet,
  ruleOf,
  type Scripted,
  says,
  word,
  yuan,
} from '../../support/campaigns.ts';
import { inWords } from '../../support/checks.ts';
import { run } from '../../support/command.ts';
import { startWorld, type World } from '../../support/harness.ts';

/** The explanation of the last of these events, the others having happened before. */
function explained(
  campaigns: Campaign | Campaign[],
  scripted: readonly Scripted[],
  options?: LedgerOptions,
): Explanation {
  const list = [campaigns].flat();
  const ledger = new Ledger(list, options);
  for (const each of scripted.slice(0, -1)) ledger.play(each);
  const { event, decision } = ledger.decide(scripted.at(-1)!);
  const matches = bookOf(list, ['tea']).match(event, event.sentAt);
  const live = { campaigns: list, accounts: ['tea'] };
  return explain({ event, at: event.sentAt, decision, reply: decision.reply, matches }, live);
}

/** `✗ 今日已参与 1/1`, of the first rule. */
function checks({ rules }: Explanation): string[] {
  return inWords(rules[0]!).map(({ ok, text }) => `${ok ? '✓' : '✗'} ${text}`);
}

function events(time: string, count: number, text = '抽奖'): Scripted[] {
  return Array.from({ length: count }, () => says(time, text));
}

describe('a check says its number', () => {
  const small = packet('a', { min: yuan('¥5.00') });

  test('how often, of how often at most', () => {
    const campaign = campaignOf({ prizes: [small], perUser: { perDay: 2 } });
    expect(checks(explained(campaign, events('2026-02-10 10:00', 2)))).toContain('✓ 今日已参与 1/2');
    expect(checks(explained(campaign, events('2026-02-10 10:00', 3)))).toContain('✗ 今日已参与 2/2');
  });

  test('that the day has had its claim', () => {
    const campaign = campaignOf({ prizes: [small], rules: [ruleOf({ once: 'perDay', give: ['a'] })] });
    expect(checks(explained(campaign, events('2026-02-10 10:00', 1)))).toContain('✓ 今日已领 0/1');
    expect(checks(explained(campaign, events('2026-02-10 10:00', 2)))).toContain('✗ 今日已领 1/1');
  });

  test('what is left of a budget, and what is needed', () => {
    const campaign = campaignOf({ prizes: [small], budget: { total: yuan('¥8.20'), alertAt: [] } });
    expect(checks(explained(campaign, events('2026-02-10 10:00', 1)))).toContain('✓ 预算剩 ¥8.20 ≥ ¥5.00');
    const exact = { ...campaign, budget: { total: yuan('¥5.00'), alertAt: [] } };
    expect(checks(explained(exact, events('2026-02-10 10:00', 1)))).toContain('✓ 预算剩 ¥5.00 ≥ ¥5.00');
    const gone = explained(campaign, events('2026-02-10 10:00', 2));
    expect(checks(gone)).toContain('✗ 预算剩 ¥3.20 < ¥5.00');
    expect(gone.decision).toMatchObject({ kind: 'refused', refusal: 'soldOut' });
  });

  test('hours, weekdays and the period, in words', () => {
    const period = { hours: [[600, 840]] as const, weekdays: ['mon', 'wed'] as const, to: at('2026-03-01') };
    const campaign = campaignOf({ prizes: [small], period });
    const last = (time: string): string => checks(explained(campaign, events(time, 1))).at(-1)!;
    expect(last('2026-02-09 09:30')).toBe('✗ 09:30，时段 10:00–14:00');
    expect(last('2026-02-10 10:00')).toBe('✗ 周二，限 周一、周三');
    expect(last('2026-03-02 10:00')).toBe('✗ 活动已于 2026-03-01 00:00:00 结束');
    expect(last('2025-03-02 10:00')).toBe('✗ 活动 2026-01-01 00:00:00 才开始');
  });

  test('for how long somebody has followed', () => {
    const rule = ruleOf({ give: ['a'], who: { followedFor: 86_400_000 } });
    const campaign = campaignOf({ prizes: [small], rules: [rule] });
    const follow: Scripted = { at: '2026-02-10 10:00', kind: 'subscribe', via: 'direct' };
    expect(checks(explained(campaign, [follow, says('2026-02-10 10:30', '抽奖')]))).toContain(
      '✗ 已关注 30 分钟，需 1 天',
    );
  });

  test('that the merchant is halted', () => {
    const halted = explained(campaignOf({ prizes: [small] }), events('2026-02-10 10:00', 1), { halted: true });
    expect(checks(halted)).toContain('✗ 商户发放已暂停');
  });
});

describe('an explanation', () => {
  const prizes = [packet('a')];

  test('names rules that came too late, and who was first', () => {
    const rules = [ruleOf({ id: 'first', give: ['a'] }), ruleOf({ id: 'second', give: ['a'] })];
    const shown = showExplanation(explained(campaignOf({ prizes, rules }), events('2026-02-10 10:00', 1)));
    expect(shown).toMatch(/tea\/first {2}由它应答/);
    expect(shown).toMatch(/tea\/second {2}没有轮到：tea\/first 先应答/);
    expect(shown).toMatch(/判定 {4}中「a」¥1\.00 {2}（tea\/first）\n答复 {4}恭喜！1\.00 元/);
  });

  test('tells what a shadow would have done', () => {
    const shadow = campaignOf({ id: 'dark', mode: 'shadow', prizes });
    const { rules } = explained([shadow, campaignOf({ prizes })], events('2026-02-10 10:00', 1));
    expect(rules.map(({ campaign, part, would }) => [campaign, part, would && inLang(would, 'zh')])).toEqual([
      ['dark~shadow', 'shadow', '中「a」¥1.00'],
      ['tea', 'answers', undefined],
    ]);
    expect(rules.some(({ isChanged }) => isChanged)).toBe(false);
  });

  test('says that a file is another one by now', () => {
    const campaign = campaignOf({ prizes });
    const { event, decision } = new Ledger(campaign).decide(says('2026-02-10 10:00', '抽奖'));
    const live = { campaigns: [{ ...campaign, hash: 'other' }], accounts: ['tea'] };
    const past = explain({ journal: 7, event, at: event.sentAt, decision, reply: decision.reply }, live);
    expect(showExplanation(past)).toMatch(/tea\/rule {2}由它应答 {2}（规则文件后来改过）/);
    expect(showExplanation(past)).toContain('流水 7');
  });

  test('of nothing says that nobody was asked', () => {
    const shown = showExplanation(explained(campaignOf({ prizes }), [says('2026-02-10 10:00', '你好')]));
    expect(shown).toMatch(/没有规则与它有关\n判定 {4}没有规则应答\n答复 {4}（不回复）/);
  });

  test('for machines has no counters', () => {
    const json = explanationJson(explained(campaignOf({ prizes }), events('2026-02-10 10:00', 1)));
    expect(json).toMatchObject({ decision: { kind: 'awarded', prize: 'a', amount: 100 }, payouts: [] });
    expect(JSON.stringify(json)).not.toContain('counters');
  });
});

describe('what nearly fitted', () => {
  const near = (rule: Parameters<typeof ruleOf>[0], event: Scripted, parts: Partial<Campaign> = {}): string[] =>
    nearMisses([{ ...campaignOf({ rules: [ruleOf(rule)] }), ...parts }], eventOf(event), at('2026-02-10 10:00'), [
      'tea',
    ]).map(({ text }) => inLang(text, 'zh'));
  const time = '2026-02-10 10:00';
  const daily = new Map([
    [dayOf(at('2026-02-10')), ['阿茶上新']],
    [dayOf(at('2026-02-11')), ['新春快乐']],
  ]);

  test.each<[string, Parameters<typeof ruleOf>[0], Scripted, string[]]>([
    ['a word with one wrong letter', { on: word('恭喜发财') }, says(time, '恭喜发材'), ['差一点：口令是「恭喜发财」']],
    ['a word among others', { on: word('抽奖') }, says(time, '我要抽奖啊啊'), ['里面有口令「抽奖」，但要整句只有它']],
    [
      'a part with one wrong letter',
      { on: { kind: 'text', match: 'contains', words: ['大红包'] } },
      says(time, '想要大红抱呀'),
      ['差一点：要含有「大红包」'],
    ],
    [
      'the password of another day',
      { on: { kind: 'text', match: 'daily', byDay: daily } },
      says(time, '新春快乐'),
      ['「新春快乐」是 2026-02-11 的口令，今天是 2026-02-10'],
    ],
    [
      'a scene',
      { on: { kind: 'scan', scenes: ['store-001'] } },
      { at: time, kind: 'scan', scene: 'store-01' },
      ['场景值「store-01」不是「store-001」'],
    ],
    [
      'a button',
      { on: { kind: 'click', buttons: ['DRAW'] } },
      { at: time, kind: 'click', button: 'DRAWS' },
      ['按钮「DRAWS」不是「DRAW」'],
    ],
    [
      'a sum too small',
      { on: { kind: 'paid', over: yuan('¥50.00') } },
      { at: time, ...happeningOf('paid:40') },
      ['支付 ¥40.00 < ¥50.00'],
    ],
    [
      'what the order carries',
      { on: { kind: 'paid', attach: ['pos-*'] } },
      { at: time, ...happeningOf('paid:40:web') },
      ['附加数据「web」，要「pos-*」'],
    ],
    ['nothing like it', { on: word('恭喜发财') }, says(time, '你们几点开门'), []],
    ['what fits', { on: word('恭喜发财') }, says(time, '恭喜发财'), []],
  ])('%s', (_, rule, event, expected) => {
    expect(near(rule, event)).toEqual(expected);
  });

  test('a draft, and a campaign of another account', () => {
    expect(near({}, says(time, '抽奖'), { mode: 'draft' })).toEqual(['活动「tea」还是草稿（mode: draft）']);
    expect(near({}, says(time, '抽奖'), { account: 'shop' })).toEqual(['活动「tea」属于公众号 shop']);
  });
});

describe('--event', () => {
  test.each([
    ['text:a:b', { kind: 'text', text: 'a:b' }],
    ['subscribe', { kind: 'subscribe', via: 'direct' }],
    ['subscribe:store-1', { kind: 'subscribe', via: 'qr', scene: 'store-1' }],
    ['visit:tea', { kind: 'visit', campaign: 'tea' }],
    ['paid:¥60.00:pos-1', { kind: 'paid', amount: 6000, attach: 'pos-1' }],
    ['friend:paid:tea', { kind: 'friend', did: 'paid', campaign: 'tea' }],
    ['unsubscribe', { kind: 'unsubscribe' }],
  ])('%s', (written, expected) => {
    expect(happeningOf(written)).toMatchObject(expected);
  });

  test.each([
    ['txt:抽奖', /there is no event "txt"; did you mean "text"\?/],
    ['scan', /expected scan:store-001/],
    ['paid:0', /expected an amount/],
    ['paid:1.234', /expected an amount/],
    ['friend:did:tea', /expected friend:followed:CAMPAIGN/],
  ])('%s is refused', (written, message) => {
    expect(() => happeningOf(written)).toThrow(message);
  });
});

// ── The command ──────────────────────────────────────────────────────────────────────────────────────────────

describe('the command', () => {
  let world: World;
  const ANN = openId('oAnnannannannannannannannann');
  const NOON = at('2026-02-10 12:00');

  beforeAll(async () => {
    world = await startWorld();
    const { campaigns } = checkRuleFiles(await readRuleFiles([world.config.rules]), world.config);
    const book = bookOf(campaigns, ['tea']);
    let now = NOON;
    const { store, config } = world;
    const flow = createFlow({ clock: () => now, store, log: SILENT, config, book: () => book, planned: () => {} });
    for (const [n, text] of ['红包', '红包', '帮助'].entries()) {
      now = instant(NOON + n * 1000);
      const event: Event = { key: eventKey(`k${n}`), account: 'tea', user: ANN, sentAt: now, kind: 'text', text };
      await flow.handle(event);
    }
  }, 30_000);
  afterAll(() => world.close());

  test('explains the latest event of a follower, and lists those before', async () => {
    const { code, out } = await run(world.folder, 'explain', ANN, '--lang', 'zh');
    expect(code).toBe(0);
    expect(out).toMatch(
      /流水 +时间 +事件 +判定\n3 .*文字「帮助」 +自动回复\n2 .*拒绝：已经领过\n1 .*中「daily」¥1\.50\n/,
    );
    expect(out).toMatch(/test\/help {2}由它应答/);
    // What they ask about is what they won: the last event gave nothing.
    expect(out).toMatch(/\n上次领取：\n事件 {4}文字「红包」[\s\S]*中「daily」¥1\.50[\s\S]*付款 {4}190000010920260210/);
  });

  test('explains one of the past with its stored trace and its payout', async () => {
    const { out } = await run(world.folder, 'explain', '--key', 'k0', '--lang', 'zh');
    expect(out).toMatch(/事件 {4}文字「红包」 {2}2026-02-10 12:00:00 {2}tea\/oAnn.* {2}（流水 1）/);
    expect(out).toMatch(/付款 {4}190000010920260210\w{10} {2}¥1\.50 {2}已登记，待发送/);
    const again = JSON.parse((await run(world.folder, 'explain', '--journal', '2', '--json')).out);
    expect(again.decision).toMatchObject({ kind: 'refused', refusal: 'already', text: '已经领过' });
    expect(again.payouts).toMatchObject([{ state: 'planned', amount: 150 }]);
  });

  test('explains what would be, with what the store knows, and writes nothing', async () => {
    const would = (time: string) =>
      run(world.folder, 'explain', ANN, '--event', 'text:红包', '--at', time, '--lang', 'zh');
    expect((await would('2026-02-10 13:00')).out).toMatch(/✗ 今日已领 1\/1[\s\S]*此前 {4}1900000109/);
    const { out } = await would('2026-02-11 13:00');
    expect(out).toMatch(/假设，什么都没有写入[\s\S]*✓ 预算剩 ¥998\.50 ≥ ¥1\.50/);
    expect(out).toMatch(/付款 {4}会登记一笔 ¥1\.50/);
    expect(await world.store.journal({ limit: 10 })).toHaveLength(3);
    expect(await world.store.payouts({ limit: 10 })).toHaveLength(1);
  });

  test('says what is wrong with what was asked', async () => {
    const wrong = async (...args: string[]): Promise<string> => {
      const { code, err } = await run(world.folder, 'explain', ...args);
      expect(code).toBe(2);
      return err;
    };
    expect(await wrong()).toMatch(/name an openid/);
    expect(await wrong(ANN, '--event', 'text:a', '--key', 'k0')).toMatch(/give one of/);
    expect(await wrong('--key', 'k9')).toMatch(/there is no such event/);
  });
});
