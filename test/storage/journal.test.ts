// How a decision is written into a journal, and that journals of before mean the same.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UNBOUNDED } from '../../src/core/base/counter.ts';
import { openId } from '../../src/core/base/event.ts';
import type { Check } from '../../src/core/decide/check.ts';
import { countersOf } from '../../src/core/decide/decide.ts';
import type { Decision } from '../../src/core/decide/decision.ts';
import { journalFrom, journalText } from '../../src/storage/redis/journal-line.ts';
import { decisionFrom, type StoredDecision, storedDecision } from '../../src/storage/shared/journal.ts';
import { inWords } from '../support/checks.ts';
import { aCommit, NOW } from './store.contract.ts';

function decisionWith<C>(checks: readonly C[]) {
  const trace = [{ campaign: 'spring', rule: 'draw', hash: 'a'.repeat(64), checks, isTakenBack: true as const }];
  return { kind: 'ignored' as const, reply: { kind: 'none' as const }, trace };
}

const CHECKS: readonly Check[] = [
  { ok: true, check: 'begun', at: NOW },
  { ok: true, check: 'once', once: 'perDay', used: 0 },
  { ok: true, check: 'claimsToday', used: 0, max: 1 },
  { ok: true, check: 'notHalted' },
  { ok: true, check: 'drawn', prize: '一等奖', weight: 70, of: 100 },
  { ok: false, check: 'budget', used: 499_950, max: 500_000, add: 100 },
  { ok: false, check: 'prose', text: '!' },
];

describe('a decision', () => {
  test('comes back from the journal as it was', () => {
    const decision: Decision = decisionWith(CHECKS);
    const written: StoredDecision = JSON.parse(JSON.stringify(storedDecision(decision)));
    expect(decisionFrom(written)).toStrictEqual(decision);
  });

  test('takes less room than its checks would in words', () => {
    const size = (value: object): number => Buffer.byteLength(JSON.stringify(value));
    const words = inWords({ checks: CHECKS });
    expect(size(storedDecision(decisionWith(CHECKS)))).toBeLessThan(size(decisionWith(words)));
    expect(JSON.stringify(storedDecision(decisionWith(CHECKS)).trace[0]!.checks.slice(2, 6))).toBe(
      '[["claimsToday",{"used":0,"max":1}],["notHalted"],["drawn",{"prize":"一等奖","weight":70,"of":100}],' +
        '["!budget",{"used":499950,"max":500000,"add":100}]]',
    );
  });

  test('of before, in Chinese, is shown as it is; of a printed code it is known which batch it was and whether it was active', () => {
    const texts = ['今日已领 0/1', '批次 2026-spring', '码存在', '码已启用', '条件 "a" == "批次 1"'];
    const { trace } = decisionFrom(decisionWith(texts.map((text, n) => ({ ok: n < 3, text }))));
    expect(inWords(trace[0]!)).toEqual(texts.map((text, n) => ({ ok: n < 3, text })));
    expect(trace[0]!.checks.map(({ check }) => check)).toEqual(['prose', 'batch', 'prose', 'codeActive', 'prose']);
    expect(trace[0]!.checks[1]).toEqual({ ok: true, check: 'batch', batch: '2026-spring' });
  });

  test('of which some checks are of before and some of now is read whole', () => {
    const { trace } = decisionFrom(
      decisionWith([['!tries', { used: 5, max: 5 }], { ok: true, text: '码存在' }] as const),
    );
    expect(inWords(trace[0]!).map(({ text }) => text)).toEqual(['试错 5/5', '码存在']);
  });
});

describe('a line in Redis', () => {
  const { event, seenAt, answer, decision } = aCommit();
  const line = { at: seenAt, event, decision, reply: answer.reply };
  const again = (text: string) => journalFrom(['7', text]);
  const names = [
    `campaign/spring/user/${event.user}/claims`,
    'campaign/spring/amount',
    `${event.user}/${event.user}`,
    '~',
    'a~$&',
    '',
  ];

  test('comes back as it was, whatever is counted and held', () => {
    const counter = fc.record(
      {
        name: fc.constantFrom(...names),
        add: fc.integer(),
        max: fc.oneof(fc.integer(), fc.constant(UNBOUNDED)),
        atLeast: fc.integer(),
      },
      { requiredKeys: ['name', 'add', 'max'], noNullPrototype: true },
    );
    const hold = fc.record(
      { name: fc.constantFrom(...names), add: fc.integer({ min: 0, max: 2 }) },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(counter), fc.array(hold), fc.constantFrom('', '$&', event.user), (counters, holds, user) => {
        const one = { ...line, event: { ...event, user: openId(user) } };
        const counting = { ...one, decision: { ...decision, counters, holds } };
        expect(again(journalText(counting))).toStrictEqual([{ id: 7, ...counting }]);
        const { holds: _, ...answered } = counting.decision;
        const only = { ...one, decision: { ...answered, kind: 'answered' as const } };
        expect(again(journalText(only))).toStrictEqual([{ id: 7, ...only }]);
      }),
    );
  });

  test('names a follower once, and what is held not again', () => {
    const counters = names.slice(0, 2).map(name => ({ name, add: 1, max: UNBOUNDED }));
    const holds = counters.map(({ name, add }) => ({ name, add }));
    const text = journalText({ ...line, decision: { ...decision, counters, holds } });
    expect(text).toContain(
      '"counters":{"each":[["campaign/spring/user/~/claims",1],["campaign/spring/amount",1]],"holds":[0,1]}',
    );
  });

  test('makes a version of before fail, where it would read that nothing was counted', () => {
    const [, , stored] = JSON.parse(journalText(line)) as [unknown, unknown, Decision];
    expect(() => countersOf(stored)).toThrow(TypeError);
  });

  test('of before, with all of it in full, is read as it is', () => {
    const text = JSON.stringify([seenAt, event, storedDecision(line.decision), null]);
    expect(again(text)).toStrictEqual([{ id: 7, ...line }]);
  });
});
