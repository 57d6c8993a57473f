// What the dashboard says when something is wrong: in the language of whoever reads it, whole, and as a page where a page was.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MINUTE } from '../../src/core/base/time.ts';
import type { RuleFileDetail, RuleFileView, TodayView } from '../../src/engine/overview/view.ts';
import { type AdminWorld, type Person, startAdmin } from '../support/admin-world.ts';
import { RULES } from '../support/harness.ts';

const HAN = /[\u4e00-\u9fff]/;
let admin: AdminWorld;
let wang: Person;

beforeAll(async () => {
  admin = await startAdmin({ campaigns: { 'test.yaml': RULES } });
  wang = await admin.signIn('wang');
});
afterAll(() => admin.close());

const inRules = (name: string): string => join(admin.world.folder, 'rules', name);
/** What was read of the disk a moment ago is read again. */
const later = (): void => void admin.world.simulator.control.moveClock({ advanceMs: MINUTE });
async function read<T>(path: string, lang: 'zh' | 'en'): Promise<T> {
  const { status, body } = await admin.get(`api/${path}${path.includes('?') ? '&' : '?'}lang=${lang}`, wang);
  expect(status).toBe(200);
  return body as T;
}

describe('the pages of rules and of today', () => {
  test('say what is wrong with a file in the language of whoever reads it', async () => {
    writeFileSync(inRules('bad.yaml'), 'campaign: bad\nnmae: x\n');
    later();
    for (const [lang, isChinese] of [
      ['zh', true],
      ['en', false],
    ] as const) {
      const { files } = await read<{ files: RuleFileView[] }>('rules', lang);
      const { todos } = await read<TodayView>('today', lang);
      const said = [
        ...files.flatMap(each => each.findings.map(({ message }) => message)),
        ...todos.flatMap(each => (each.kind === 'rules' ? [each.message] : [])),
      ];
      expect(said.length).toBeGreaterThan(3);
      for (const each of said)
        expect([each, HAN.test(each.replace(/[“"「][^”"」]*[”"」]/g, ''))]).toEqual([each, isChinese]);
    }
    writeFileSync(inRules('bad.yaml'), '');
    renameSync(inRules('bad.yaml'), join(admin.world.folder, 'bad.txt'));
  });

  test('say what came of a test that failed, in words', async () => {
    const other = RULES.replace('campaign: test', 'campaign: other').replace('name: 测试活动', 'name: 另一个');
    const event = '{ at: 2026-03-01 10:00, user: ann, text: 什么都不是, expect: { reply: 有 } }';
    const failing = `${other}tests:\n  - { name: 不中, events: [${event}] }\n`;
    writeFileSync(inRules('other.yaml'), failing);
    later();
    const { results } = await read<RuleFileDetail>('rule?file=other.yaml', 'zh');
    expect(results).toHaveLength(1);
    const said = results.flatMap(each => each.failures).join(' ');
    expect(said).toMatch(/≠ ./);
    expect(said).not.toContain('[object');
    renameSync(inRules('other.yaml'), join(admin.world.folder, 'other.txt'));
  });

  test('say that the folder of the rules is not there, and not that all is well', async () => {
    const [here, away] = [join(admin.world.folder, 'rules'), join(admin.world.folder, 'rules-away')];
    renameSync(here, away);
    later();
    try {
      const { files } = await read<{ files: RuleFileView[] }>('rules', 'zh');
      expect(files).toMatchObject([{ file: 'rules', findings: [{ grave: true }] }]);
      expect(files[0]!.findings[0]!.message).toContain('文件夹不在了');
      const { todos } = await read<TodayView>('today', 'en');
      expect(todos).toMatchObject([{ kind: 'rules', file: 'rules', message: /folder is not there/ }]);
    } finally {
      renameSync(away, here);
    }
  });
});

describe('a no', () => {
  test.each([
    ['whynot?user=oAAAAAAAAAAAAAAAAAAAAAAAAAAA&event=x&at=2026-02-31T10:00', 400, '不是时间', 'is no time'],
    ['whynot?user=nobody&event=x', 400, '应为 openid', 'expected an openid'],
  ])('of %s is told in both languages', async (path, status, zh, en) => {
    for (const [lang, said] of [
      ['zh', zh],
      ['en', en],
    ] as const) {
      const answer = await admin.get(`api/${path}&lang=${lang}`, wang);
      expect([answer.status, answer.body.text]).toEqual([status, expect.stringContaining(said)]);
    }
  });

  test('of an act is told in the language of whoever asked for it', async () => {
    const body = { numbers: ['nobody-has-this-1'], versions: [1], sum: 0, reason: '核对' };
    expect((await admin.act('cancel', body, wang, 'zh')).body.text).toMatch(HAN);
    expect((await admin.act('cancel', body, wang, 'en')).body.text).not.toMatch(HAN);
  });

  test('of what is gone says so to who has signed in, and nothing to a stranger', async () => {
    for (const path of [
      'campaign?id=renamed',
      'payout?id=none',
      'rule?file=gone.yaml',
      'winners.csv?campaign=gone&list=public',
    ]) {
      expect(await admin.get(`api/${path}`, wang)).toMatchObject({ status: 404, body: { error: 'nowhere' } });
      expect(await admin.get(`api/${path}`)).toMatchObject({ status: 401, text: '' });
    }
  });

  test('at the form is the form again, with what is wrong', async () => {
    const foreign = await admin.tryLogin({ name: 'li', password: 'x' }, { origin: 'https://evil.example' });
    expect([foreign.status, foreign.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
    expect(await foreign.text()).toMatch(/role="alert">[^<]*请再试一次/);
    const long = await admin.tryLogin({ name: 'li', password: 'x'.repeat(100_000) });
    expect([long.status, long.headers.get('content-type')]).toEqual([413, 'text/html; charset=utf-8']);
  });
});

describe('what people write', () => {
  const [TURN, BACK] = ['\u202e', '\u2066'];

  test('turns no line of a page round and breaks none: a reason, a keyword, an emoji', async () => {
    const { store } = admin.world;
    const reason = `核对\n${TURN}wang  resumed${BACK} <b>👨‍👩‍👧`;
    expect((await admin.act('halt', { merchant: 'shop', reason }, wang)).status).toBe(200);
    const clean = '核对 wang  resumed <b>👨‍👩‍👧';
    expect((await store.halt('shop'))!.reason).toBe(`${clean} (wang)`);
    expect((await store.acts.list({ limit: 1 }))[0]).toMatchObject({ what: 'merchant halt', detail: clean });
    const who = admin.world.person(true);
    await admin.world.simulator.control.act(who, { kind: 'text', text: `我${TURN}们👨‍👩‍👧` });
    await admin.world.bot.flow.written();
    const { events } = await read<{ events: { event: string }[] }>(`follower?user=${who}`, 'zh');
    expect(events[0]!.event).toContain('我⟨U+202E⟩们👨‍👩‍👧');
  });

  test('is a text, or there is no reason', async () => {
    for (const reason of [{}, ['x'], 7, null, '', ' \n\u200f'])
      expect(await admin.act('halt', { merchant: 'shop', reason }, wang)).toMatchObject({
        status: 400,
        body: { error: 'reason' },
      });
  });
});
