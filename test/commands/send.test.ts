// `hongbao send`, as a process beside a running bot: everybody in the file once, whatever is repeated, killed or short.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openId } from '../../src/core/base/event.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { command, openIds, type Result, run } from '../support/command.ts';
import { exactly } from '../support/exactly.ts';
import { MERCHANT, RULES, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';
import { has, isMap, isNumber, readJson } from '../support/json.ts';

/** `SEND_LINES=100000` is what a list of that size takes. */
const LINES = Number(process.env.SEND_LINES ?? 20_000);
const BIG = RULES.replace('budget: { total: ¥1000.00 }', 'budget: { total: ¥900000.00 }');

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function begin(options: WorldOptions = {}): Promise<World> {
  world = await startWorld(options);
  return world;
}

function write(name: string, lines: readonly string[]): void {
  writeFileSync(join(world!.folder, name), lines.join('\n'));
}

const sendArgs = (file: string, ...more: string[]): string[] => [
  'send',
  '--config',
  'bot.yaml',
  '--campaign',
  'test',
  '--openids',
  file,
  ...more,
];
const send = (file: string, ...more: string[]): Promise<Result> => run(world!.folder, ...sendArgs(file, ...more));
const paid = (): number => world!.simulator.control.merchant(MERCHANT.mchId).sentCount;
const summary = ({ out }: Result) => readJson(out, has({ planned: isNumber, already: isNumber }));

async function allPayouts(): Promise<Payout[]> {
  const all: Payout[] = [];
  for (let page: Payout[] = []; ; ) {
    const after = page.at(-1)?.billNo;
    page = await world!.store.payouts({ limit: 5000, ...(after !== undefined && { after }) });
    all.push(...page);
    if (page.length < 5000) return all;
  }
}

test('a campaign that is paused in the middle of a list gets no more, and the same command goes on later', async () => {
  await begin({ rules: BIG });
  write('people.txt', openIds(3000));
  const args = sendArgs('people.txt', '--amount', '¥1.00', '--no-wait', '--lang', 'en');
  const count = async (): Promise<number> => (await world!.store.counts([])).states.planned;
  const sending = command(world!.folder, ...args);
  while ((await count()) < 200) await sleep(5);
  expect(await run(world!.folder, 'campaigns', 'pause', 'test', '--config', 'bot.yaml')).toMatchObject({ code: 0 });
  const { out, err } = await sending.result;
  expect(out + err).toMatch(/stopped after \d+ of 3000 lines: the campaign was paused meanwhile/);
  expect(await count()).toBeLessThan(3000);
  expect(await run(world!.folder, 'campaigns', 'resume', 'test', '--config', 'bot.yaml')).toMatchObject({ code: 0 });
  await run(world!.folder, ...args);
  expect(await count()).toBe(3000);
}, 120_000);

describe('what is kept for a draw at the end', () => {
  test('is not sent by hand: neither its prize nor the money that it needs', async () => {
    const withDraw = RULES.replace(
      'budget: { total: ¥1000.00 }',
      'budget: { total: ¥103.50 }\ndraws: { 终场: { at: 2099-12-31, winners: { big: 1 } } }',
    )
      .replace('prizes:', 'prizes:\n  big: { redpacket: ¥100.00 }')
      .replace('once: ever, give: gift', 'once: ever, give: gift, enter: 终场')
      .replace('rules:', 'rules:\n  - { id: drawn, on: { drawn: 终场 }, give: big }');
    await begin({ rules: withDraw });
    const [ann, bob, cid] = exactly(
      3,
      [1, 2, 3].map(() => world!.person(true)),
    );
    write('two.csv', [ann, bob]);
    write('one.csv', [cid]);
    const big = await send('one.csv', '--batch', 'x', '--prize', 'big');
    expect([big.code, big.err]).toEqual([2, expect.stringContaining('is kept for the draw "终场"')]);
    const many = await send('two.csv', '--batch', 'y', '--amount', '¥2.00', '--no-wait');
    expect([many.code, many.out]).toEqual([1, expect.stringContaining('¥3.50 left, the file needs ¥4.00')]);
    const one = await send('one.csv', '--batch', 'z', '--amount', '¥3.50', '--no-wait', '--json');
    expect(summary(one)).toMatchObject({ planned: 1, sum: 350 });
  });
});

describe('a file is sent', () => {
  test('and the running bot pays everybody in it; sent again, or another file in the same batch, pays nobody twice', async () => {
    await begin({ jobs: true });
    const [ann, bob, cid, dan] = exactly(
      4,
      [1, 2, 3, 4].map(() => world!.person(true)),
    );
    write('people.txt', [ann, '', bob, cid]);
    const first = await send('people.txt', '--amount', '¥1.20');
    expect(first).toMatchObject({
      code: 0,
      out: expect.stringMatching(/lines +planned now +had it already +refused +sum\n3 +3 +0 +0 +¥3\.60/),
    });
    expect(first.err).toContain('paid: 3/3  planned 0 → sent 3, held 0, failed 0');
    expect(paid()).toBe(3);
    const second = await send('people.txt', '--amount', '1.20', '--json');
    expect([second.code, summary(second)]).toMatchObject([
      0,
      { lines: 3, planned: 0, already: 3, sum: 0, refused: [], outcome: { sent: 3 } },
    ]);
    write('more.csv', ['openid,amount', `${dan},5.00`, `${ann},7.00`]);
    expect(summary(await send('more.csv', '--json'))).toMatchObject({ planned: 1, already: 1, sum: 500 });
    expect(world!.simulator.control.merchant(MERCHANT.mchId)).toMatchObject({ sentCount: 4, sentAmount: 860 });
    expect(summary(await send('people.txt', '--amount', '1.00', '--batch', 'second', '--json'))).toMatchObject({
      planned: 3,
      already: 0,
    });
    expect(paid()).toBe(7);
    expect(await world!.store.buckets('test')).toMatchObject({ reserved: 0, sent: 1160 });
  }, 60_000);

  test('with a prize of the campaign: its range is drawn from the claim, and its stock is kept', async () => {
    await begin({ rules: RULES.replace('gift: { redpacket: ¥1.00 }', 'gift: { redpacket: ¥1.20..¥2.80 }') });
    const people = openIds(8);
    write('people.txt', people);
    const { code, out } = await send('people.txt', '--prize', 'last');
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(
        /rules\.yaml:1:1: test: "last" given 0\/7: 7 left, the file needs 8\n1 finding; nothing was written/,
      ),
    ]);
    expect(summary(await send('people.txt', '--prize', 'gift', '--no-wait', '--json')).planned).toBe(8);
    const amounts = (await allPayouts()).map(payout => payout.amount);
    expect(amounts.every(amount => amount >= 120 && amount <= 280)).toBe(true);
    expect(new Set(amounts).size).toBeGreaterThan(1);
    write('seven.txt', people.slice(0, 7));
    expect((await send('seven.txt', '--prize', 'last', '--batch', 'b', '--no-wait')).code).toBe(0);
    expect((await send('people.txt', '--prize', 'last', '--batch', 'b', '--no-wait')).out).toContain(
      '0 left, the file needs 1',
    );
  }, 30_000);

  test('and stands in the journal, in the payout and in its claim as sent by hand', async () => {
    await begin();
    write('people.txt', openIds(1));
    await send('people.txt', '--amount', '¥1.00', '--batch', 'april', '--no-wait');
    const [payout] = await allPayouts();
    expect(payout).toMatchObject({
      campaign: 'test',
      rule: 'send',
      claimKey: `test/send/${openIds(1)[0]}/april`,
      state: 'planned',
      amount: 100,
    });
    const [line] = await world!.store.journal({ user: openId(openIds(1)[0]!), limit: 5 });
    expect(line).toMatchObject({
      event: { kind: 'other', type: 'send' },
      decision: { kind: 'awarded', rule: 'send' },
      reply: { kind: 'none' },
    });
  }, 30_000);

  test('of very many lines, in little memory, and the bot beside it still answers at once', async () => {
    await begin({ rules: BIG });
    write('people.txt', openIds(LINES));
    const sending = command(world!.folder, ...sendArgs('people.txt', '--amount', '¥1.00', '--no-wait', '--json'));
    let [slowest, won, peak] = [0, 0, 0];
    while (sending.child.exitCode === null) {
      const asked = performance.now();
      const push = await world!.simulator.control.act(world!.person(), { kind: 'follow' });
      slowest = Math.max(slowest, performance.now() - asked);
      // These openids are nobody's, so that the first packet halts the merchant; a follow is written down all the same.
      const said = world!.said(push);
      expect(['欢迎!1.00 元红包已发出', '活动暂停中，请稍后再来。']).toContain(said);
      if (said.startsWith('欢迎')) won++;
      peak = Math.max(peak, peakOf(sending.child.pid!));
      await sleep(100);
    }
    const { code, out, err } = await sending.result;
    expect([code, JSON.parse(out)]).toMatchObject([0, { lines: LINES, planned: LINES, refused: [] }]);
    expect(slowest).toBeLessThan(2000);
    expect(peak).toBeLessThan(300 * 1024);
    expect(err.match(new RegExp(`^written: \\d+/${LINES}$`, 'gm'))).toHaveLength(10);
    const { reserved, sent } = await world!.store.buckets('test');
    expect(reserved + sent).toBe((LINES + won) * 100);
  }, 180_000);
});

/** The most memory a process has used so far, KiB; 0 where the system does not say. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // it has just ended, or this is not Linux
  }
}

describe('killed with -9', () => {
  test('in the middle of writing, and started again, twice: everyone exactly once', async () => {
    await begin({ rules: BIG });
    const people = openIds(12_000);
    write('people.txt', people);
    const reserved = async () => (await world!.store.buckets('test')).reserved / 100;
    for (const goal of [1000, 6000]) {
      const sending = command(world!.folder, ...sendArgs('people.txt', '--amount', '¥1.00', '--no-wait'));
      await until(async () => (await reserved()) >= goal, 30_000);
      sending.child.kill('SIGKILL');
      await once(sending.child, 'exit');
      expect(await reserved()).toBeLessThan(12_000);
    }
    const before = await reserved();
    const last = summary(await send('people.txt', '--amount', '¥1.00', '--no-wait', '--json'));
    expect(last).toMatchObject({ lines: 12_000, planned: 12_000 - before, already: before, refused: [] });
    const payouts = await allPayouts();
    expect(payouts.map(payout => payout.user).sort()).toEqual(people);
    expect(await reserved()).toBe(12_000);
  }, 120_000);

  test('while the bot pays, and started again, it waits for the rest: everyone is paid once', async () => {
    await begin({ jobs: true });
    const people = Array.from({ length: 60 }, () => world!.person(true));
    write('people.txt', people);
    const sending = command(world!.folder, ...sendArgs('people.txt', '--amount', '¥1.00'));
    await until(() => paid() >= 5, 20_000);
    sending.child.kill('SIGKILL');
    const again = await send('people.txt', '--amount', '¥1.00', '--json');
    expect([again.code, summary(again)]).toMatchObject([
      0,
      { lines: 60, planned: 0, already: 60, outcome: { sent: 60, held: 0, failed: 0 } },
    ]);
    expect(world!.simulator.control.merchant(MERCHANT.mchId)).toMatchObject({ sentCount: 60, sentAmount: 6000 });
  }, 60_000);
});

describe('nothing is written', () => {
  test('when the file has faults, and all of them are named', async () => {
    await begin();
    const [ann, bob] = openIds(2);
    writeFileSync(
      join(world!.folder, 'people.csv'),
      `\uFEFFopenid,amount\r\n${ann},1.00\r\n\r\n${ann},1.00\r\n${bob},1\r\noShort,¥0.50\r\n`,
    );
    const { code, out } = await send('people.csv');
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      `people.csv:4:1: ${ann} stands in line 2 already; leave it once`,
      'people.csv:5:30: "1": an amount has two decimals: write 1.00, or 0.01 if it was fen',
      'people.csv:6:1: "oShort" is no openid: it has 6 characters, expected 28',
      'people.csv:6:8: ¥0.50 is not what merchant "shop" pays at once: ¥1.00..¥200.00',
      '4 findings; nothing was written, nobody is paid',
      '',
    ]);
    expect(readJson((await send('people.csv', '--json')).out, isMap).findings).toHaveLength(4);
    expect([await allPayouts(), await world!.store.buckets('test')]).toMatchObject([[], { reserved: 0 }]);
  }, 30_000);

  test('when the budget is too small by one fen; when it is just enough it is used up exactly', async () => {
    await begin({ rules: RULES.replace('total: ¥1000.00', 'total: ¥10.00, perDay: ¥9.00') });
    const people = openIds(9);
    write(
      'people.csv',
      people.map((user, index) => `${user},${index === 0 ? '1.01' : '1.00'}`),
    );
    const short = await send('people.csv', '--no-wait');
    expect([short.code, short.out]).toEqual([
      1,
      expect.stringContaining('test: budget used today ¥0.00/¥9.00: ¥9.00 left, the file needs ¥9.01'),
    ]);
    expect(await allPayouts()).toEqual([]);
    write('people.txt', people);
    expect((await send('people.txt', '--amount', '1.00', '--no-wait')).code).toBe(0);
    expect(await world!.store.buckets('test')).toMatchObject({ reserved: 900 });
    // Who has theirs already needs nothing: the same file is still fine.
    expect((await send('people.txt', '--amount', '1.00', '--no-wait')).code).toBe(0);
    write('more.txt', [...people, ...openIds(2, 'B')]);
    expect((await send('more.txt', '--amount', '1.00', '--no-wait')).out).toContain(
      'budget used ¥9.00/¥10.00: ¥1.00 left, the file needs ¥2.00',
    );
  }, 30_000);

  test('when somebody in it has had what the merchant may pay them today', async () => {
    await begin({ merchantLines: '    limits: { perUserPerDay: 1 }' });
    const [ann, bob] = exactly(2, openIds(2));
    write('ann.txt', [ann]);
    write('both.txt', [bob, ann]);
    await send('ann.txt', '--amount', '1.00', '--no-wait');
    const { code, out } = await send('both.txt', '--amount', '1.00', '--batch', 'second', '--no-wait');
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(
        new RegExp(
          `^both\\.txt:2:1: ${ann}: packets for this follower today \\(merchant\\) 1/1, this would be 1 more\n1 finding`,
        ),
      ),
    ]);
    expect(await allPayouts()).toHaveLength(1);
  }, 30_000);

  test('outside the campaign’s period, unless that is what is wanted', async () => {
    await begin({ rules: RULES.replace('to: 2099-12-31', 'to: 2021-01-01') });
    write('people.txt', openIds(1));
    expect(await send('people.txt', '--amount', '1.00')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/rules\.yaml:1:1: campaign "test" ended 2021-01-0[12] 00:00:00; --outside-period/),
    });
    expect(await send('people.txt', '--amount', '1.00', '--outside-period', '--no-wait')).toMatchObject({ code: 0 });
  }, 30_000);

  test('in a dry run, which says what would be', async () => {
    await begin();
    write('people.txt', openIds(3));
    expect(await send('people.txt', '--amount', '1.00', '--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/would be planned.*\n3 +3 +0 +0 +¥3\.00/),
    });
    expect(await allPayouts()).toEqual([]);
  }, 30_000);

  test('of a campaign that is a draft: nobody is paid', async () => {
    await begin({ rules: RULES.replace('campaign: test', 'campaign: test\nmode: draft') });
    write('people.txt', openIds(1));
    const args = ['send', '--config', 'bot.yaml', '--campaign', 'test', '--openids', 'people.txt', '--amount', '1.00'];
    const { code, err } = await run(world!.folder, ...args);
    expect([code, err]).toEqual([2, expect.stringContaining('"test" is in mode draft, which pays nobody')]);
  });

  test('of a campaign in rehearsal: only its testers are paid, whoever else stands in the file is named', async () => {
    const [tester, stranger] = exactly(2, openIds(2));
    const rules = RULES.replace('campaign: test', `campaign: test\nmode: rehearse\ntesters: [${tester}]`);
    await begin({ rules });
    write('people.txt', openIds(2));
    write('testers.txt', [tester]);
    const args = ['send', '--config', 'bot.yaml', '--campaign', 'test', '--amount', '1.00', '--no-wait', '--openids'];
    const refused = await run(world!.folder, ...args, 'people.txt');
    expect(refused.code).toBe(1);
    expect(refused.out + refused.err).toContain(
      `${stranger} is no tester of campaign "test", which is in mode rehearse: add them to testers, or go live first`,
    );
    expect(refused.out + refused.err).not.toContain(`${tester} is no tester`);
    expect(await allPayouts()).toEqual([]);
    expect((await run(world!.folder, ...args, 'testers.txt')).code).toBe(0);
    expect((await allPayouts()).map(({ user }) => user)).toEqual([tester]);
  }, 30_000);

  test('when the command itself is wrong: exit code 2, with the right word', async () => {
    await begin({ rules: RULES.replace('redpacket: ¥2.00, stock: 7', 'nothing: true') });
    write('people.txt', openIds(1));
    const wrong = async (...args: string[]) => {
      const { code, err } = await run(world!.folder, 'send', '--config', 'bot.yaml', ...args);
      expect(code).toBe(2);
      return err;
    };
    const people = ['--openids', 'people.txt'];
    expect(await wrong('--campaign', 'tset', ...people)).toContain('there is no campaign "tset"; did you mean "test"?');
    expect(await wrong('--campaign', 'test', ...people)).toContain('say what each of them gets');
    expect(await wrong('--campaign', 'test', ...people, '--amount', '1')).toContain(
      '--amount "1": an amount has two decimals: write 1.00',
    );
    expect(await wrong('--campaign', 'test', ...people, '--amount', '0.99')).toContain(
      'merchant "shop" pays ¥1.00..¥200.00 at once, not ¥0.99',
    );
    expect(await wrong('--campaign', 'test', ...people, '--prize', 'gfit')).toContain(
      'no prize "gfit"; did you mean "gift"?',
    );
    expect(await wrong('--campaign', 'test', ...people, '--prize', 'last')).toContain('--prize last is worth nothing');
    expect(await wrong('--campaign', 'test', ...people, '--prize', 'gift', '--amount', '1.00')).toContain('not both');
    expect(await wrong('--campaign', 'test', ...people, '--amount', '1.00', '--batch', 'a/b')).toContain('--batch a/b');
    expect(await wrong('--campaign', 'test', ...people, '--amount', '1.00', '--account', 'tee')).toContain(
      'did you mean "tea"?',
    );
    expect(await wrong('--campaign', 'test', '--openids', 'nowhere.txt', '--amount', '1.00')).toContain(
      'nowhere.txt cannot be read',
    );
    expect(await wrong('--campaign', 'test', ...people, '--amount', '1.00', '--dry-rnu')).toContain(
      'Did you mean --dry-run',
    );
    expect(await allPayouts()).toEqual([]);
  }, 60_000);
});

describe('beside others', () => {
  test('a budget that runs out meanwhile refuses those lines by name and stops nothing else', async () => {
    await begin({ rules: RULES.replace('total: ¥1000.00', 'total: ¥15000.00') });
    const people = openIds(15_000);
    write('people.txt', people);
    const sending = command(world!.folder, ...sendArgs('people.txt', '--amount', '¥1.00', '--no-wait', '--json'));
    await until(async () => (await world!.store.buckets('test')).reserved > 0, 30_000);
    const ann = world!.person();
    const push = await world!.simulator.control.act(ann, { kind: 'follow' });
    expect(world!.said(push)).toBe('欢迎!1.00 元红包已发出');
    const result = await sending.result;
    expect([result.code, summary(result)]).toMatchObject([
      1,
      {
        lines: 15_000,
        planned: 14_999,
        refused: [{ line: 15_000, message: `${people.at(-1)}: budget used: the limit of ¥15000.00 is reached` }],
      },
    ]);
    expect(await world!.store.buckets('test')).toMatchObject({ reserved: 15_000_00 });
  }, 60_000);

  test('two runs of the same file at the same moment pay everybody once', async () => {
    await begin({ rules: BIG });
    write('people.txt', openIds(3000));
    const results = await Promise.all([1, 2].map(() => send('people.txt', '--amount', '¥1.00', '--no-wait', '--json')));
    const [first, second] = exactly(2, results.map(summary));
    expect(first.planned + second.planned).toBe(3000);
    expect(first.already + second.already).toBe(3000);
    expect(await allPayouts()).toHaveLength(3000);
  }, 60_000);

  test('nothing moves: after ten seconds it says that no bot seems to run, or that the merchant is halted', async () => {
    await begin();
    write('people.txt', openIds(2));
    const idle = command(world!.folder, ...sendArgs('people.txt', '--amount', '¥1.00'));
    const halted = await startWorld();
    try {
      writeFileSync(join(halted.folder, 'people.txt'), openIds(2).join('\n'));
      await run(halted.folder, 'merchant', 'halt', 'shop', '--reason', '盘点', '--config', 'bot.yaml');
      const waiting = command(halted.folder, ...sendArgs('people.txt', '--amount', '¥1.00'));
      await until(() => idle.err().includes('no bot seems to run on this store'), 20_000);
      await until(() => waiting.err().includes('nothing moves: merchant "shop" is halted'), 20_000);
      expect(waiting.err()).toContain('merchant "shop" is halted (盘点)');
      for (const each of [idle, waiting]) each.child.kill('SIGTERM');
      await Promise.all([idle.result, waiting.result]);
    } finally {
      await halted.close();
    }
  }, 60_000);
});
