// Conditions (`when:`): what holds, what is refused before it can ever run, and how a rule uses one; and segments (人群).
import { describe, expect, test } from 'vitest';
import { fen } from '../../../src/core/base/money.ts';
import type { Condition, ConditionValues } from '../../../src/core/rules/campaign.ts';
import { compileCondition } from '../../../src/core/rules/condition/condition.ts';
import {
  campaignOf,
  Ledger,
  nothing,
  outcome,
  packet,
  play,
  ruleOf,
  says,
  visits,
  word,
} from '../../support/campaigns.ts';
import { inWords } from '../../support/checks.ts';

const WALLETS = ['机会', 'points'];

function condition(source: string, wallets: readonly string[] = WALLETS): Condition {
  const compiled = compileCondition(source, wallets);
  if ('message' in compiled) throw new Error(String(compiled.message));
  return compiled.condition;
}

/** What is said, and the part of the source it is said of. */
function trouble(source: string, wallets = WALLETS, segments?: readonly string[]): [message: string, part: string] {
  const compiled = compileCondition(source, wallets, segments);
  if ('condition' in compiled) throw new Error(`${source} is a condition`);
  return [String(compiled.message), source.slice(compiled.start, compiled.end)];
}

const AROUND: ConditionValues = {
  event: { kind: 'text', text: '想要红包', scene: 'store-1', amount: fen(5000) },
  user: { follows: 1, followedDays: 7, tags: ['会员'] },
  now: { hour: 10, minute: 30, weekday: 'mon', day: '2026-03-02' },
  profile: new Map(),
  wallet: new Map([
    ['机会', 3],
    ['points', 0],
  ]),
};

describe('a condition', () => {
  test.each([
    ['true', true],
    ['event.kind == "text" && user.followedDays >= 7', true],
    ["event.kind == 'paid' || user.follows > 1", false],
    ['event.scene.startsWith("store-")', true],
    ['event.amount >= money("¥50.00")', true],
    ['event.amount > money("¥50.00")', false],
    ['contains_any(event.text, ["优惠", "红包!"])', true],
    ['contains_any(event.text, ["优惠", ""])', false],
    ['"会员" in user.tags && !("员工" in user.tags)', true],
    ['user.tags.exists(tag, tag.startsWith("会"))', true],
    ['now.hour in [10, 11] && now.weekday in ["mon", "tue"]', true],
    ['now.hour * 60 + now.minute >= 630', true],
    ['now.day >= "2026-03-01" && now.day < "2026-04-01"', true],
    ['wallet["机会"] >= 3 && wallet.points == 0', true],
    ['size(event.text) == 4 ? now.hour < 12 : false', true],
    ['event.kind == "text" // ask later', true],
  ])('%s', (source, expected) => {
    expect(condition(source).holds(AROUND)).toBe(expected);
    expect(condition(source).source).toBe(source);
  });

  test('may speak of a wallet by any name', () => {
    for (const name of ['constructor', '__proto__', 'a b', 'true', '1', '积分']) {
      const wallet = new Map([[name, 3]]);
      expect(condition(`wallet[${JSON.stringify(name)}] == 3`, [name]).holds({ ...AROUND, wallet })).toBe(true);
    }
  });

  test.each([
    ['user.follows / (user.follows - 1) == 1', '除数为零'],
    ['user.follows % 0 == 1', '除数为零'],
    ['user.tags[5] == "x"', '列表没有这么长'],
    ['event.amount * 9223372036854775807 > 1', '数太大'],
    ['wallet[event.text] > 0', '没有这一项'],
  ])('that cannot be worked out does not hold, nor its opposite, and says why: %s', (source, why) => {
    for (const each of [source, `!(${source})`]) {
      const troubles: string[] = [];
      expect(condition(each).holds(AROUND, text => troubles.push(text))).toBe(false);
      const checks = troubles.map(trouble => ({ ok: false, check: 'condition' as const, source, trouble }));
      expect(inWords({ checks })).toEqual([{ ok: false, text: `条件 ${source}：${why}` }]);
    }
  });
});

describe('a condition is refused', () => {
  test.each([
    ['usr.follows == 1', 'unknown name "usr"; did you mean "user"?', 'usr'],
    ['event.knid == "text"', 'event has no "knid"; did you mean "kind"?', 'knid'],
    ['event["knid"] == "text"', 'event has no "knid"; did you mean "kind"?', '"knid"'],
    ['user.followDays > 3', 'user has no "followDays"; did you mean "followedDays"?', 'followDays'],
    ['followedDays > 3', 'unknown name "followedDays"; did you mean user.followedDays?', 'followedDays'],
    ['event.kind == text', 'unknown name "text"; a text is written "text"; did you mean event.text?', 'text'],
    ['user.toString == "x"', expect.stringContaining('user has no "toString"'), 'toString'],
    ['wallet.point > 0', 'unknown wallet "point"; did you mean "points"?', 'point'],
    ['wallet["机"] > 0', 'unknown wallet "机"; did you mean "机会"?', '"机"'],
    ['wallet["__proto__"] > 0', expect.stringContaining('unknown wallet'), '"__proto__"'],
    ['contain_any(event.text, ["a"])', expect.stringContaining('did you mean "contains_any"?'), undefined],
    ['event.text.lower() == "a"', expect.stringContaining('unknown function "lower"'), 'event.text.lower()'],
  ])('for a name there is not: %s', (source, message, part) => {
    const [said, of] = trouble(source);
    expect(said).toEqual(message);
    if (part !== undefined) expect(of).toBe(part);
  });

  test('for a wallet or a segment the campaign has not', () => {
    expect(trouble('wallet.x > 0', [])).toEqual(['unknown wallet "x"; the campaign has no wallets', 'x']);
    expect(trouble('"会" in user.tags', [], ['会员'])).toEqual(['unknown segment "会"; did you mean "会员"?', '"会"']);
    expect(trouble('"会" in user.tags', [], [])[0]).toBe('unknown segment "会"; the campaign has no segments');
    expect(condition('"会" in user.tags', []).holds(AROUND)).toBe(false);
  });

  test.each([
    ['event.kind', 'a condition is true or false, this is a value of kind string; compare it with something'],
    ['1 + 1', 'a condition is true or false, this is a value of kind int; compare it with something'],
    ['user', 'a condition is true or false, this is a group of values; compare it with something'],
    ['event.kind == 1', 'these do not go together: string == int'],
    ['now.hour > "10"', 'these do not go together: int > string'],
    ['!user.follows', 'these do not go together: !int'],
    ['contains_any(event.text, "a")', expect.stringContaining('it is written contains_any(event.text, ["a", "b"])')],
    ['size(1) > 2', expect.stringContaining('size(int) is not possible')],
    ['user.tags.contains("会员")', 'a list is asked with in: "会员" in user.tags'],
  ])('for its types: %s', (source, message) => {
    expect(trouble(source)[0]).toEqual(message);
  });

  test.each([
    ['user.follows > 1 and now.hour > 8', '"and" is written && here', 'and'],
    ['user.follows > 1 OR now.hour > 8', '"OR" is written || here', 'OR'],
    ['not (user.follows > 1)', '"not" is written ! here', undefined],
    ['has(event.scene)', 'nothing is ever missing here; ask for what it is: event.scene != ""', undefined],
    ['not true', '"not" is written ! here', undefined],
    ['event.kind = "text"', 'equal is written ==', '='],
    ['event.kind === "text"', 'equal is written ==', '='],
    ['true & true', '"&" is written && here', '&'],
    ['event.kind == \u201Ctext\u201D', 'write a text in straight quotes: "text"', undefined],
    ['event.kind == "text\u201D', 'write a text in straight quotes: "text"', undefined],
    ['event.kind == "text', 'a quote is not closed', '"text'],
    ['user.follows \uFF1E 1', 'write ">" for "\uFF1E"', '\uFF1E'],
    ['event.amount >= ¥50.00', 'an amount is written money("¥50.00") here', undefined],
    ['event.amount >= \uFFE550.00', 'an amount is written money("¥50.00") here', undefined],
    ['event.amount >= 50.00', expect.stringContaining('money("¥50.00")'), '50.00'],
    ['event.amount >= money("50")', expect.stringContaining('money("¥50.00")'), 'money("50")'],
    ['money(event.text) > 1', expect.stringContaining('money("¥50.00")'), undefined],
    ['event.text contains "a"', 'contains is written as a call here: event.text.contains("…")', 'contains'],
    ['event.text == 恭喜', '"恭喜" is no name here; a text is written in quotes: "恭喜"', '恭喜'],
    ['wallet.机会 > 1', 'write wallet["机会"]: after a dot there are only plain letters', '机会'],
    ['(user.follows > 1', 'expected ")", found the end', ''],
    ['user.follows > 1 &&', 'something is missing before the end', ''],
    ['user.follows > > 1', 'something is missing before ">"', '>'],
    ['', 'the condition is empty', ''],
  ])('with the right spelling: %s', (source, message, part) => {
    const [said, of] = trouble(source);
    expect(said).toEqual(message);
    if (part !== undefined) expect(of).toBe(part);
  });

  test.each([
    ['event.kind == "txt"', 'event.kind is never "txt"; did you mean "text"?'],
    ['event.kind in ["text", "pay"]', expect.stringContaining('event.kind is never "pay"')],
    ['"son" == now.weekday', 'now.weekday is never "son"; did you mean "mon"?'],
    ['now.day >= "2026-3-1"', 'now.day is never "2026-3-1"; a day is written "2026-02-10"'],
    ['event.text == "VIP!"', 'event.text is never "VIP!": it is seen as "vip"; write it so'],
    ['event.text.startsWith("VIP")', 'event.text is never "VIP": it is seen as "vip"; write it so'],
  ])('if it could never hold: %s', (source, message) => {
    expect(trouble(source)[0]).toEqual(message);
  });

  test.each([
    'event.text.matches("^(a+)+$")',
    'event.scene.matches("a")',
    'user.tags.exists(tag, tag.matches("a"))',
    'true || (now.hour > 1 ? event.text.matches("a") : false)',
    '[event.text.matches("a")][0]',
    '{"a": event.text.matches("a")}["a"]',
  ])('for matches(), wherever it stands: %s', source => {
    expect(trouble(source)[0]).toContain('matches() has no bound on its cost');
  });

  test.each([
    ['user.tags.exists(a, user.tags.exists(b, a != b))', 'exists() cannot stand inside another repetition'],
    ['user.tags.exists(a, a != "" && user.tags.all(b, a != b))', 'all() cannot stand inside another repetition'],
    ['[[1]].map(a, a.map(b, b)) == [[1]]', 'map() cannot stand inside another repetition'],
    ['cel.bind(a, event.text + event.text, a == "")', 'unknown function "bind"'],
    ['dyn(event).knid == "a"', 'unknown function "dyn"'],
    [`event.text in [${'"a",'.repeat(150)}"a"]`, 'too long or nests too deeply'],
    [`${'('.repeat(30)}true${')'.repeat(30)}`, 'too long or nests too deeply'],
    [Array.from({ length: 300 }, () => 'true').join(' && '), 'too long or nests too deeply'],
  ])('if its cost could grow: %s', (source, message) => {
    expect(trouble(source)[0]).toContain(message);
  });
});

describe('a rule with a condition', () => {
  const rich = ruleOf({
    id: 'rich',
    when: condition('user.followedDays >= 3 && wallet["机会"] > 0', ['机会']),
    give: ['a'],
  });
  const poor = ruleOf({ id: 'poor', give: ['b'] });
  const campaign = campaignOf({
    prizes: [nothing('a'), nothing('b')],
    wallets: { 机会: { freePerDay: 1 } },
    rules: [rich, ruleOf({ id: 'spend', on: word('花'), give: ['b'], spend: { 机会: 1 } }), poor],
  });

  test('passes the event on where it does not hold, and says so', () => {
    const ledger = new Ledger(campaign);
    ledger.play({ at: '2026-02-01 10:00', kind: 'subscribe', via: 'direct' });
    const early = ledger.play(says('2026-02-03 10:00', '抽奖'));
    expect(outcome(early)).toBe('b');
    expect(early.trace[0]).toMatchObject({ rule: 'rich' });
    const text = '条件 user.followedDays >= 3 && wallet["机会"] > 0';
    expect(inWords(early.trace[0]!)).toEqual([{ ok: false, text }]);
    expect(outcome(ledger.play(says('2026-02-04 10:00', '抽奖')))).toBe('a');
    ledger.play(says('2026-02-04 10:01', '花'));
    expect(outcome(ledger.play(says('2026-02-04 10:02', '抽奖')))).toBe('b');
    expect(outcome(ledger.play(says('2026-02-05 10:00', '抽奖')))).toBe('a');
  });

  test('says what went wrong when it could not be worked out', () => {
    const broken = ruleOf({ id: 'broken', when: condition('1 / user.follows > 0', []) });
    const [decision] = play(campaignOf({ rules: [broken] }), [says('2026-02-01 10:00', '抽奖')]);
    expect(decision!.kind).toBe('ignored');
    expect(inWords(decision!.trace[0]!)).toEqual([{ ok: false, text: '条件 1 / user.follows > 0：除数为零' }]);
  });

  /** What each source comes to for one event, in a campaign with the segment 会员 = ann. */
  const holding = (
    sources: readonly string[],
    event: Parameters<Ledger['play']>[0],
    before?: typeof event,
  ): boolean[] =>
    sources.map(source => {
      const on = [
        { kind: 'text', match: 'any' },
        { kind: 'visit' },
        { kind: 'scan' },
        { kind: 'paid' },
        { kind: 'subscribe', first: false },
      ] as const;
      const rule = ruleOf({ on, when: condition(source, []), reply: { kind: 'text', text: 'yes' } });
      const ledger = new Ledger(campaignOf({ rules: [rule], segments: new Map([['会员', new Set(['ann'])]]) }));
      if (before) ledger.play(before);
      return ledger.play(event).kind === 'answered';
    });

  test('speaks of the event and the clock in Beijing', () => {
    const sources = ['event.text == "恭喜发财"', 'event.kind == "text"', 'now.day == "2026-02-10"', 'now.hour == 0'];
    expect(holding(sources, says('2026-02-10 00:05', '恭喜 发财!'))).toEqual([true, true, true, true]);
    const minutes = ['now.minute == 5', 'now.weekday == "tue"', 'event.scene == ""', 'event.amount == 0'];
    expect(holding(minutes, says('2026-02-10 00:05', 'x'))).toEqual([true, true, true, true]);
    expect(holding(['event.scene == "s-1"'], { at: '2026-02-10', kind: 'scan', scene: 's-1' })).toEqual([true]);
    const bill = { merchant: 'shop', transaction: 't', order: 'o', amount: fen(5000), total: fen(6000) };
    expect(holding(['event.amount == money("¥50.00")'], { at: '2026-02-10', kind: 'paid', ...bill })).toEqual([true]);
    expect(holding(['event.kind == "visit"', 'event.text == ""'], visits('2026-02-10'))).toEqual([true, true]);
  });

  test('speaks of the follower', () => {
    const follow = { at: '2026-02-10 10:00', kind: 'subscribe', via: 'direct' } as const;
    expect(holding(['"会员" in user.tags'], says('2026-02-10', 'x', 'ann'))).toEqual([true]);
    expect(holding(['"会员" in user.tags'], says('2026-02-10', 'x', 'ben'))).toEqual([false]);
    const sources = ['user.follows == 1', 'user.followedDays == 0'];
    expect(holding(sources, follow)).toEqual([true, true]);
    expect(holding(['user.followedDays == 1', 'user.follows == 1'], says('2026-02-12 09:59', 'x'), follow)).toEqual([
      true,
      true,
    ]);
    // A follower we never saw following was there before we were, as with `followedFor`.
    expect(holding(['user.followedDays >= 365', 'user.follows == 0'], says('2026-02-10', 'x'))).toEqual([true, true]);
    const leave = { at: '2026-02-01', kind: 'unsubscribe' } as const;
    expect(holding(['user.followedDays == 0'], visits('2026-02-10'), leave)).toEqual([true]);
  });
});

describe('a rule for segments', () => {
  const segments = new Map([
    ['会员', new Set(['ann', 'ben'])],
    ['员工', new Set(['ben'])],
    ['老客', new Set(['cat'])],
  ]);
  const campaign = campaignOf({
    segments,
    prizes: [packet('a')],
    rules: [ruleOf({ give: ['a'], who: { tags: ['会员', '老客'], excludeTags: ['员工'] } })],
  });

  test('is for who is in one of them and in none of the excluded', () => {
    const outcomes = ['ann', 'ben', 'cat', 'dan'].map(user =>
      outcome(play(campaign, [says('2026-02-10', '抽奖', user)])[0]!),
    );
    expect(outcomes).toEqual(['a', 'notEligible', 'a', 'notEligible']);
  });

  test('says which it looked at', () => {
    const texts = (user: string) => inWords(play(campaign, [says('2026-02-10', '抽奖', user)])[0]!.trace[0]!);
    expect(texts('dan')).toContainEqual({ ok: false, text: '人群「会员」或「老客」' });
    expect(texts('ben')).toContainEqual({ ok: true, text: '人群「会员」或「老客」' });
    expect(texts('ben')).toContainEqual({ ok: false, text: '不在人群「员工」' });
  });
});
