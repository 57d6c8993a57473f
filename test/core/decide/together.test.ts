// Several prizes at once, a prize with words of its own, the draw that is guaranteed, cards that are collected, and who gets nothing.
import { describe, expect, test } from 'vitest';
import { rehearse, showFailures } from '../../../src/core/analysis/run-tests.ts';
import { isPersonal } from '../../../src/core/audit/claim.ts';
import { caseNumberOf, readCaseNumber } from '../../../src/core/base/case-number.ts';
import { eventKey, openId } from '../../../src/core/base/event.ts';
import { parseBeijing } from '../../../src/core/base/time.ts';
import { countersOf, decide, factsQueryFor, foretell } from '../../../src/core/decide/decide.ts';
import { awardsOf } from '../../../src/core/decide/decision.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import type { Facts } from '../../../src/core/match/facts.ts';
import { claimOf } from '../../../src/core/payout/plan.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';

const FILE = `campaign: tea
name: 好茶
period: { from: 2026-02-10, to: 2026-02-24 }
budget: { total: ¥20.00 }
limits: { perUser: { total: 9 } }
packet: { sendName: 阿茶茶饮 }
wallets: { 机会: { freePerDay: 20 }, 爱国福: {}, 敬业福: {} }
prizes:
  一元: { redpacket: ¥1.00, weight: 1 }
  随机: { redpacket: ¥1.00..¥3.00, reply: "另有 {{amount}} 元" }
  八元: { redpacket: ¥8.00, stock: 1, perUser: 1 }
  爱国卡: { earn: { 爱国福: 1 }, weight: 99 }
  敬业卡: { earn: { 敬业福: 2 }, weight: 1 }
  谢谢: { nothing: true, weight: 99 }
rules:
  - { id: two, on: { text: 双礼 }, once: perDay, give: { all: [一元, 随机, 八元] }, replies: { won: "{{prize}} 共 {{amount}} 元，查询码 {{caseNo}}", already: 领过, soldOut: 没了 } }
  - { id: sure, on: { text: 抽 }, once: perEvent, spend: { 机会: 1 }, give: [一元, 谢谢], guaranteed: { within: 3, give: 一元 }, replies: { nothing: "{{next}}" } }
  - { id: card, on: { text: 卡 }, once: perEvent, give: [爱国卡, 敬业卡], guaranteed: { within: 3, give: 敬业卡 } }
  - { id: set, on: { text: 合成 }, once: perEvent, spend: { 爱国福: 2, 敬业福: 2 }, give: 一元 }
`;
const load = (text: string): Campaign => {
  const loaded = loadCampaign('tea.yaml', text);
  if ('findings' in loaded) throw new Error(loaded.findings.map(({ message }) => message).join('\n'));
  return loaded.campaign;
};
const findingsOf = (text: string): string[] => {
  const loaded = loadCampaign('tea.yaml', text);
  return 'findings' in loaded ? loaded.findings.map(({ message }) => message) : [];
};
const NOW = parseBeijing('2026-02-10 10:00')!;
const AROUND = { merchant: undefined, seedOf: () => 'seed' };
const about = (text: string) =>
  ({ key: eventKey('m:1'), account: 'tea', user: openId('ann'), sentAt: NOW, kind: 'text', text }) as const;
const facts = (parts: Partial<Facts> = {}): Facts => ({
  ...{ follower: undefined, claims: new Set(), counters: new Map(), halted: false },
  ...parts,
});
const decided = (campaign: Campaign, text: string, parts: Partial<Facts> = {}, around: object = {}) =>
  decide(bookOf([campaign], ['tea']).match(about(text), NOW), about(text), facts(parts), NOW, { ...AROUND, ...around });
/** What the tests in a file come to. */
const failures = (tests: string): string[] => {
  const campaign = load(`${FILE}tests:\n${tests}`);
  return showFailures(campaign, rehearse(campaign));
};

describe('several prizes at once', () => {
  const campaign = load(FILE);

  test('are a claim each, of which the first alone counts as taking part; the words are one reply', () => {
    const decision = decided(campaign, '双礼');
    const awards = awardsOf(decision);
    expect(awards.map(({ prize }) => prize)).toEqual(['一元', '随机', '八元']);
    expect(awards.map(({ claimKey }) => claimKey)).toEqual([
      'tea/two/ann/2026-02-10',
      'tea/two/ann/2026-02-10{随机}',
      'tea/two/ann/2026-02-10{八元}',
    ]);
    const claims = awards.map(award => claimOf(about('双礼'), award, NOW));
    expect(claims.map(isPersonal)).toEqual([true, false, false]);
    expect(claims.map(({ day }) => day)).toEqual(['2026-02-10', '2026-02-10', '2026-02-10']);
    const total = countersOf(decision).filter(({ name }) => name === 'campaign/tea/user/ann/claims');
    expect(total).toHaveLength(1);
    expect(decision.reply).toEqual({
      kind: 'text',
      text: expect.stringMatching(/^另有 [123]\.\d\d 元\n\n一元、八元 共 9\.00 元，查询码 \w{4}-\w{4}$/),
    });
  });

  test('are given all or not at all: one that is gone, or money that is there for some of them only', () => {
    const stock = new Map([['campaign/tea/prize/八元', 1]]);
    expect(decided(campaign, '双礼', { counters: stock })).toMatchObject({ kind: 'refused', refusal: 'soldOut' });
    const budget = new Map([['campaign/tea/amount', 1100]]); // ¥9.00 are left, and ten to twelve are needed
    const poor = decided(campaign, '双礼', { counters: budget });
    expect(poor).toMatchObject({ kind: 'refused', refusal: 'soldOut', reply: { text: '没了' } });
    expect(countersOf(poor)).toEqual([]);
  });

  test('are asked for by one look, and told of beforehand without their amounts', () => {
    const matches = bookOf([campaign], ['tea']).match(about('双礼'), NOW);
    const wanted = factsQueryFor(matches, about('双礼'), NOW, AROUND);
    for (const prize of ['八元']) expect(wanted.counters).toContain(`campaign/tea/prize/${prize}`);
    const open = foretell(matches, about('双礼'), facts(), NOW, AROUND);
    expect(open).toMatchObject({
      kind: 'open',
      prospects: [{ odds: 1, min: 100 }, { min: 100, max: 300 }, { min: 800 }],
    });
  });

  test('are no two shares of a round, and no more than one follower may win', () => {
    const shares = FILE.replace(
      'wallets:',
      'rounds: [{ name: 早, at: 2026-02-10 10:00, lasts: 1h, packets: 4, total: ¥6.00 }]\nwallets:',
    )
      .replace('一元: { redpacket: ¥1.00,', '一元: { redpacket: { split: ¥1.00..¥2.00 },')
      .replace('随机: { redpacket: ¥1.00..¥3.00,', '随机: { redpacket: { split: ¥1.00..¥2.00 },');
    expect(findingsOf(shares)).toContainEqual(expect.stringContaining('"一元" and "随机" are both shares of a round'));
    const [two] = findingsOf(FILE.replace('perUser: { total: 9 }', 'perUser: { total: 9, wins: 2 }'));
    expect(two).toContain('3 prizes come together, and limits.perUser.wins is 2');
    expect(findingsOf(FILE.replace('perUser: { total: 9 }', 'perUser: { total: 9, wins: 3 }'))).toEqual([]);
  });

  test('leave no piece of a card behind: it is no win, and the audit counts none', () => {
    const cards = decided(load(FILE), '卡');
    expect(countersOf(cards).filter(({ name }) => /\/(wins|coupons)$/.test(name))).toEqual([]);
  });

  test('are not among those that are put into a wallet', () => {
    const wrong = FILE.replace('all: [一元, 随机, 八元]', 'all: [一元, 爱国卡]');
    expect(findingsOf(wrong)).toEqual([expect.stringContaining('write `earn` in the rule')]);
  });
});

describe('a draw that is guaranteed', () => {
  test('wins with the n-th one without a prize, and counts anew from there', () => {
    expect(
      failures(`  - name: 第三次必中
    draw: 谢谢
    events:
      - { at: 2026-02-10 10:00, user: ann, text: 抽, expect: { prize: 谢谢, reply: "2" } }
      - { at: 2026-02-10 10:01, user: ann, text: 抽, expect: { prize: 谢谢, reply: "1" } }
      - { at: 2026-02-10 10:02, user: bob, text: 抽, expect: { prize: 谢谢, reply: "2" } }
      - { at: 2026-02-10 10:03, user: ann, text: 抽, expect: { prize: 一元 } }
      - { at: 2026-02-10 10:04, user: ann, text: 抽, expect: { prize: 谢谢 } }
      - { at: 2026-02-10 10:05, user: ann, text: 抽, expect: { prize: 谢谢 } }
      - { at: 2026-02-10 10:06, user: ann, text: 抽, expect: { prize: 一元 } }
  - name: 中了重新数
    draw: 一元
    events:
      - { at: 2026-02-10 10:00, user: ann, text: 抽, expect: { prize: 一元 } }
`),
    ).toEqual([]);
  });

  test('is about a draw, and about prizes of it that are worth something', () => {
    const one = findingsOf(FILE.replace('give: [一元, 谢谢], g', 'give: 一元, g'));
    const two = findingsOf(FILE.replace('within: 3, give: 一元', 'within: 3, give: 谢谢'));
    expect(one).toContainEqual(expect.stringContaining('is about a draw'));
    expect(two).toEqual([expect.stringContaining('is nothing')]);
  });
});

describe('cards', () => {
  test('lie in wallets, the rare one comes with the n-th draw, and a set is spent', () => {
    expect(
      failures(`  - name: 集齐
    draw: 爱国卡
    events:
      - { at: 2026-02-10 10:00, user: ann, text: 合成, expect: { refused: limited } }
      - { at: 2026-02-10 10:01, user: ann, text: 卡, expect: { prize: 爱国卡, reply: 恭喜得到「爱国卡」！, pays: ¥0.00 } }
      - { at: 2026-02-10 10:02, user: ann, text: 卡, expect: { prize: 爱国卡 } }
      - { at: 2026-02-10 10:03, user: ann, text: 卡, expect: { prize: 敬业卡 } }
      - { at: 2026-02-10 10:04, user: ann, text: 合成, expect: { prize: 一元, pays: ¥1.00 } }
      - { at: 2026-02-10 10:05, user: ann, text: 合成, expect: { refused: limited } }
`),
    ).toEqual([]);
  });
});

describe('who is blocked', () => {
  test('gets nothing of any campaign, and is told as if they were not eligible', () => {
    const blocked = new Set(['ann']);
    expect(decided(load(FILE), '双礼', {}, { blocked })).toMatchObject({ kind: 'refused', refusal: 'notEligible' });
    expect(decided(load(FILE), '双礼', {}, { blocked: new Set(['bob']) })).toMatchObject({ kind: 'awarded' });
  });
});

describe('the code of an event', () => {
  test('is the same for the same event, and is read as people type it', () => {
    const ticket = caseNumberOf(about('x'));
    expect(caseNumberOf({ account: 'tea', key: eventKey('m:1') })).toBe(ticket);
    expect(caseNumberOf({ account: 'tea', key: eventKey('m:2') })).not.toBe(ticket);
    expect(readCaseNumber(` ${ticket.toLowerCase().replace('-', ' ')} `)).toBe(ticket);
    for (const other of ['', '7K2M-X9P', '7K2M-X9PO', 'oAbc…wxyz']) expect(readCaseNumber(other)).toBeUndefined();
  });
});
