// Odds that rise: what drops out of a draw leaves its odds to the others. Where those are dearer, the file says that it is
// meant, or gives a fallback, by which the odds that were published stay.

import { describe, expect, test } from 'vitest';
import { Ledger } from '../../../src/core/analysis/memory-ledger.ts';
import { verifyDraw } from '../../../src/core/analysis/verify-draw.ts';
import { showFinding } from '../../../src/core/base/error.ts';
import { type Event, eventKey, openId } from '../../../src/core/base/event.ts';
import { byWeight } from '../../../src/core/base/random.ts';
import { parseBeijing } from '../../../src/core/base/time.ts';
import { luckOf } from '../../../src/core/decide/draw.ts';
import { bookOf } from '../../../src/core/decide/match.ts';
import { describe as describeRules } from '../../../src/core/public-rules/describe.ts';
import type { Campaign } from '../../../src/core/rules/campaign.ts';
import { loadCampaign } from '../../../src/core/rules/file/load.ts';

type Parts = { readonly small?: string; readonly rest?: string; readonly give?: string; readonly rule?: string };

function fileOf({ small = '', rest = '', give = 'small, big', rule = '' }: Parts): string {
  return `campaign: tea
name: 好茶
period: { from: 2026-02-10, to: 2026-02-24 }
budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮 }
prizes:
  small: { redpacket: ¥1.00, weight: 998${small} }
  big: { redpacket: ¥88.00, weight: 2, stock: 3 }
${rest}
rules:
  - { id: draw, on: { text: 抽奖 }, once: perEvent, give: [${give}]${rule} }
`;
}

function read(parts: Parts): { readonly campaign?: Campaign; readonly says: string[] } {
  const loaded = loadCampaign('a.yaml', fileOf(parts), undefined, () => 'A1\nA2\n');
  return 'findings' in loaded ? { says: loaded.findings.map(showFinding) } : { campaign: loaded.campaign, says: [] };
}

const RISES = /"big" \(¥88\.00\) is drawn with .*% instead of .*%.* Write fallback: true .* or odds: rise/;

describe('a draw in which something small can drop out beside something dear', () => {
  test('is an error that says what it comes to, and both ways out', () => {
    expect(read({ small: ', perUser: 1' }).says).toEqual([
      'a.yaml:11:65: "small" drops out of this draw (perUser 1), and then "big" (¥88.00) is drawn with 100% instead of 0.2%. Write fallback: true in a prize without limits that is given in place of what is gone: the odds stay as they are; or odds: rise in the rule if this is meant',
    ]);
  });

  test('is one whatever drops out, and why', () => {
    const others: [string, Parts][] = [
      ['a stock', { small: ', stock: 100' }],
      ['so many a day', { small: ', perDay: 100' }],
      ['a time of its own', { small: ', window: { hours: "10:00-12:00" }' }],
      ['what is locked at first', { small: ', unlockAfter: 2' }],
      [
        'a blank with a limit',
        { rest: '  thanks: { nothing: true, weight: 9, perUser: 1 }', give: 'small, thanks, big' },
      ],
      [
        'a list that ends',
        {
          rest: '  券: { coupon: a.csv, weight: 9 }',
          give: 'small, 券, big',
          rule: ', replies: { won: "{{coupon}}" }',
        },
      ],
      [
        'a fallback that can run out',
        { small: ', perUser: 1', rest: '  thanks: { nothing: true, fallback: true, stock: 9 }' },
      ],
    ];
    for (const [why, parts] of others) expect(read(parts).says, why).toEqual([expect.stringMatching(RISES)]);
  });

  test('is none where the dear one alone drops out, the draw is certain, or the file says which it is', () => {
    const fine: [string, Parts][] = [
      ['only what is dearest is bounded', {}],
      ['no draw', { small: ', perUser: 1', give: 'small' }],
      ['said', { small: ', perUser: 1', rule: ', odds: rise' }],
      ['a fallback', { small: ', perUser: 1', rest: '  thanks: { nothing: true, fallback: true }' }],
    ];
    for (const [why, parts] of fine) expect(read(parts).says, why).toEqual([]);
    expect(read({ rest: '  thanks: { nothing: true, fallback: true }', rule: ', odds: rise' }).says).toEqual([
      'a.yaml:11:77: "thanks" is the fallback, by which odds stay as they are; leave `odds` out',
    ]);
  });
});

describe('a follower who has had the small prize', () => {
  const AROUND = { merchant: undefined, seedOf: () => 'ab'.repeat(32) };
  let events = 0;
  const drawing = (campaign: Campaign) => {
    const ledger = new Ledger();
    const book = bookOf([campaign], ['tea']);
    return (user: string) => {
      const key = eventKey(`e${++events}`);
      const sentAt = parseBeijing('2026-02-11 10:00')!;
      const event: Event = { key, account: 'tea', user: openId(user), sentAt, kind: 'text', text: '抽奖' };
      return ledger.play(book, event, AROUND).decision;
    };
  };

  test('draws with the odds that were published, and gets the fallback: hundreds of draws, and each can be verified', () => {
    const { campaign } = read({ small: ', perUser: 1', rest: '  thanks: { nothing: true, fallback: true }' });
    const draw = drawing(campaign!);
    const got: Record<string, number> = {};
    for (let n = 0; n < 400; n++) {
      const decision = draw('ann');
      if (decision.kind !== 'awarded') throw new Error(decision.kind);
      got[decision.prize] = (got[decision.prize] ?? 0) + 1;
      const prizes = ['small', 'big'].map(name => campaign!.prizes.get(name)!);
      const hit = byWeight(prizes, luckOf('ab'.repeat(32), decision.claimKey).prize)!.name;
      const gone = decision.prize === 'thanks' ? new Set([hit]) : new Set<string>();
      expect(decision.prize).toBe(gone.size > 0 ? 'thanks' : hit);
      expect(verifyDraw('ab'.repeat(32), decision.claimKey, campaign!, gone).drawn[0]!.prize).toBe(decision.prize);
    }
    expect(got.small).toBe(1);
    expect(got.big ?? 0).toBeLessThan(6); // 0.2 % of 400
    expect(describeRules(campaign!).join('\n')).toMatch(/以上概率不变；抽中的奖品.*时，改发「thanks」/);
  });

  test('wins the dear one where the file says odds: rise, and the public rules tell so', () => {
    const { campaign } = read({ small: ', perUser: 1', rule: ', odds: rise' });
    const draw = drawing(campaign!);
    expect([draw('ann'), draw('ann')]).toMatchObject([{ prize: 'small' }, { prize: 'big' }]);
    expect(describeRules(campaign!).join('\n')).toContain('更贵的奖品的概率也可能变大');
    expect(describeRules(campaign!, { lang: 'en' }).join('\n')).toContain('The odds of a dearer prize may rise');
  });
});
