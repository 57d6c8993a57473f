// The gate through its doors: followers who claim over HTTP, a WeChat Pay that answers as front servers, proxies and masked
// words make it answer, and what the merchant's people see and do.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { Fault } from '../../src/core/base/error.ts';
import { openId } from '../../src/core/base/event.ts';
import { instant } from '../../src/core/base/time.ts';
import { judgeAnswer } from '../../src/core/payout/operator-steps.ts';
import { DEFAULT_POLICY } from '../../src/core/payout/pace.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { beginSend, observe } from '../../src/core/payout/transitions.ts';
import type { Log, Store } from '../../src/ports.ts';
import type { PayFault } from '../../src/simulator/shared/protocol.ts';
import { createPayer } from '../../src/wechat/pay/redpack.ts';
import { aCommit, NOW } from '../storage/store.contract.ts';
import { ENV, MERCHANT, startWorld, until, type World, type WorldOptions } from '../support/harness.ts';

const MINUTE = 60_000;
const NGINX_400 =
  '<html>\r\n<head><title>400 The SSL certificate error</title></head>\r\n<body bgcolor="white">\r\n' +
  '<center><h1>400 Bad Request</h1></center>\r\n<center>The SSL certificate error</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';
const HALTED = '活动暂停中，请稍后再来。';

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

type Line = { readonly level: string; readonly message: string } & Readonly<Record<string, unknown>>;
let lines: Line[] = [];
const noting = (level: string) => (fields: object, message: string) => void lines.push({ ...fields, level, message });
const LOG: Log = { debug: () => undefined, info: () => undefined, warn: noting('warn'), error: noting('error') };

async function begin(options: WorldOptions = {}): Promise<World> {
  lines = [];
  world = await startWorld({ log: LOG, ...options });
  return world;
}
const faults = (...pay: PayFault[]) => world!.simulator.control.setFaults({ pay, platform: [] });
const advance = (ms: number) => world!.simulator.control.moveClock({ advanceMs: ms });
const books = () => world!.simulator.control.merchant(MERCHANT.mchId);
const halt = () => world!.store.halt('shop');
const all = () => world!.store.payouts({ limit: 1000 });
const payoutOf = async (user: string): Promise<Payout> =>
  (await world!.store.payouts({ user: openId(user), limit: 1 }))[0]!;
const alarms = () => lines.filter(({ level }) => level === 'error');
/** Says a word and hears the answer. */
async function say(openid: string, text = '红包'): Promise<string> {
  return world!.said(await world!.simulator.control.act(openid, { kind: 'text', text }));
}
/** A settle of one's own, as of a process that was just started; the bot's own stands still. */
async function alone(): Promise<void> {
  await world!.bot.settle.stop();
}
/** One after the other, each with enough time for the gate to try. */
async function claims(count: number, text = '红包'): Promise<{ openid: string; said: string }[]> {
  const claimed = [];
  for (let i = 0; i < count; i++) {
    const openid = world!.person(true);
    const said = await say(openid, text);
    claimed.push({ openid, said });
    if (said === HALTED) continue;
    await until(async () => (await payoutOf(openid)).tries > 0 || (await halt()) !== undefined);
  }
  return claimed;
}

const SHAPES: readonly (readonly [string, PayFault, RegExp])[] = [
  [
    'the page of a front server: the certificate',
    { kind: 'http', status: 400, text: NGINX_400 },
    /does not take the merchant certificate/,
  ],
  [
    '403 of a firewall',
    { kind: 'http', status: 403, text: '<html><h1>Forbidden</h1></html>' },
    /HTTP 403 Forbidden: a firewall/,
  ],
  ['404, as of a wrong domain', { kind: 'http', status: 404 }, /no such door/],
  [
    '502 of a gateway',
    { kind: 'http', status: 502, text: '<html><title>502 Bad Gateway</title></html>' },
    /HTTP 502 502 Bad Gateway/,
  ],
  [
    'a redirect to a login page',
    { kind: 'http', status: 302, location: 'http://login.wifi/' },
    /→ http:\/\/login\.wifi\/: a login page/,
  ],
  ['an empty body', { kind: 'http', status: 200 }, /UNREADABLE an empty body/],
  ['a login page', { kind: 'http', status: 200, text: '<!doctype html><title>登录</title>' }, /an HTML page: 登录/],
  ['JSON', { kind: 'http', status: 200, text: '{"code":"X"}' }, /UNREADABLE JSON: \{"code":"X"\}/],
  ['a connection that is cut', { kind: 'tlsRefused' }, /the connection ends before an answer/],
];

describe('twelve followers, and WeChat Pay answers with what is none of its answers', () => {
  test.each(SHAPES)(
    '%s: halted with the reason in words, nobody promised a packet after that, all paid after the mend',
    async (_, fault, reason) => {
      await begin({ jobs: true });
      faults(fault);
      const startedAt = performance.now();
      const claimed = await claims(12);
      const found = await until(halt, 20_000);
      expect(performance.now() - startedAt).toBeLessThan(2 * MINUTE);
      expect(found.reason).toMatch(reason);
      expect(found.probeAt).toBeGreaterThan(found.since);
      const promised = claimed.filter(({ said }) => said !== HALTED);
      expect(promised.length).toBeLessThanOrEqual(6);
      expect(claimed.slice(promised.length).every(({ said }) => said === HALTED)).toBe(true);
      expect(alarms()).toContainEqual(
        expect.objectContaining({ message: expect.stringContaining('the merchant is halted'), reason: found.reason }),
      );

      faults();
      advance(2 * MINUTE);
      await until(async () => (await halt()) === undefined, 20_000);
      for (const { openid, said } of claimed) if (said === HALTED) expect(await say(openid)).not.toBe(HALTED);
      await until(async () => {
        advance(30_000);
        return books().sentCount === 12;
      }, 20_000);
      expect((await all()).every(payout => payout.attempt === 1)).toBe(true);
      expect(books().sentAmount).toBe(12 * 150);
    },
    90_000,
  );

  test('on the other channel (商家转账) just as well', async () => {
    await begin({ jobs: true, channel: 'transfer' });
    faults({ kind: 'http', status: 400, text: NGINX_400 });
    const claimed = await claims(12);
    expect((await until(halt, 20_000)).reason).toMatch(/does not take the merchant certificate/);
    expect(claimed.at(-1)!.said).toBe(HALTED);
    faults();
    advance(2 * MINUTE);
    const promised = claimed.filter(({ said }) => said !== HALTED).length;
    await until(async () => {
      advance(30_000);
      return books().sentCount === promised;
    }, 20_000);
    expect(await halt()).toBeUndefined();
  }, 60_000);

  test('a person who has mended it need not wait for the next try: resume lets all go on', async () => {
    await begin({ jobs: true });
    faults({ kind: 'http', status: 400, text: NGINX_400 });
    await claims(5);
    await until(halt, 20_000);
    faults();
    await world!.store.setHalt('shop', undefined);
    await until(async () => books().sentCount === (await all()).length, 20_000);
  }, 60_000);

  test('not mended, each try is one call, the pauses grow, and new claims are refused all the while', async () => {
    await begin();
    faults({ kind: 'http', status: 400, text: NGINX_400 });
    await claims(4);
    await until(halt);
    await alone();
    const calls = async () => (await all()).reduce((sum, payout) => sum + payout.tries, 0);
    const pauses: number[] = [];
    for (let i = 0; i < 5; i++) {
      const before = await calls();
      const { probeAt } = (await halt())!;
      advance(probeAt! - world!.simulator.control.state().now + 1000);
      await world!.newSettle().pass();
      expect((await calls()) - before).toBe(1);
      pauses.push(Math.round(((await halt())!.probeAt! - probeAt!) / MINUTE));
      expect(await say(world!.person(true))).toBe(HALTED);
    }
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(10);
    expect(alarms().at(-1)).toMatchObject({
      message: expect.stringContaining('stays halted'),
      nextTry: expect.stringMatching(/^\d{4}-/),
    });
  }, 60_000);
});

describe('a run that is slow', () => {
  test('two followers an hour are enough, and a restart between them forgets nothing', async () => {
    await begin();
    await alone();
    faults({ kind: 'http', status: 400, text: NGINX_400 });
    await say(world!.person(true));
    const first = world!.newSettle();
    await first.pass();
    await first.stop();
    expect(await halt()).toBeUndefined();
    advance(30 * MINUTE);
    await say(world!.person(true));
    await world!.newSettle().pass();
    expect(await halt()).toMatchObject({ code: 'UNCLEAR', reason: expect.stringContaining('certificate') });
  }, 30_000);

  test('one follower alone is named in an alarm with the reason in words', async () => {
    await begin();
    await alone();
    faults({ kind: 'http', status: 400, text: NGINX_400 });
    const ann = world!.person(true);
    await say(ann);
    const settle = world!.newSettle();
    await until(async () => {
      advance(5 * MINUTE);
      await settle.pass();
      return alarms().some(({ alarm }) => /no clear answer 10 times.*certificate/.test(String(alarm)));
    }, 20_000);
    expect(await halt()).toBeUndefined();
  }, 30_000);

  test('three processes that have the turn one after the other count together', async () => {
    await begin();
    await alone();
    faults({ kind: 'http', status: 400, text: NGINX_400 });
    for (let i = 0; i < 3; i++) {
      expect(await halt()).toBeUndefined();
      await say(world!.person(true));
      const settle = world!.newSettle();
      await settle.pass();
      await settle.stop();
    }
    expect(await halt()).toMatchObject({ code: 'UNCLEAR' });
  }, 30_000);

  test('what reached WeChat Pay and was paid, though its answer was lost, makes no halt', async () => {
    await begin({ jobs: true });
    faults({ kind: 'lostReply', times: 4 });
    const claimed = await claims(4);
    await until(async () => {
      advance(5000);
      return (await all()).every(payout => payout.state === 'sent');
    }, 20_000);
    expect(claimed.every(({ said }) => said !== HALTED)).toBe(true);
    expect([await halt(), books().sentCount]).toEqual([undefined, 4]);
  }, 40_000);
});

describe('a certificate file that cannot be used', () => {
  test('and is empty is found at the start', async () => {
    await begin();
    const file = join(world!.folder, 'bot.yaml');
    writeFileSync(join(world!.folder, 'empty.p12'), '');
    const yaml = readFileSync(file, 'utf8').replace(/ {4}certificate: .*\n {4}privateKey: .*/, '    pfx: empty.p12');
    writeFileSync(file, yaml);
    expect(() => loadConfig(file, ENV)).toThrow(/empty\.p12 is empty/);
  });

  test('has certainly sent nothing: the payout is tried again, never asked after, and can be cancelled', async () => {
    await begin();
    const ca = Buffer.from(world!.simulator.certificates(MERCHANT.mchId).caPem);
    for (const certificate of [
      { pfx: Buffer.alloc(0), passphrase: 'x' },
      { cert: Buffer.from('x'), key: Buffer.from('y') },
    ]) {
      const { mchId, apiV2Key } = MERCHANT;
      const payer = createPayer({ mchId, apiV2Key, api: world!.simulator.payUrl, ca, certificate });
      let payout = aCommit().payout!;
      for (let i = 0; i < 5; i++) {
        const begun = beginSend(payout, NOW).payout;
        const seen = await payer.send(begun);
        expect(seen.kind).toBe('unreached');
        payout = observe(begun, seen, false, NOW, DEFAULT_POLICY).step.payout;
        expect(payout.nextDo).toBe('send');
      }
      expect(judgeAnswer({ kind: 'notFound' }, [], payout)).toBe('unpaid');
      expect(judgeAnswer({ kind: 'notFound' }, [], beginSend(payout, NOW).payout)).not.toBe('unpaid');
      await payer.close();
    }
  });
});

// ── One campaign's own trouble ───────────────────────────────────────────────────────────────────────────

const campaign = (id: string, word: string, packet: string): string => `
campaign: ${id}
name: ${id}
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00 }
packet: ${packet}
prizes: { gift: { redpacket: ¥1.00 } }
rules:
  - { id: gift, on: { text: ${word} }, once: perEvent, give: gift }
`;
const CAMPAIGNS = {
  'spring.yaml': campaign('spring', '春', '{ sendName: 阿茶茶饮, actName: 特价返利, wishing: 恭喜发财, remark: 春 }'),
  'summer.yaml': campaign('summer', '夏', '{ sendName: 阿茶茶饮, actName: 夏日, wishing: 清凉一夏, remark: 夏 }'),
  'autumn.yaml': campaign('autumn', '秋', '{ sendName: 阿茶茶饮, actName: 秋天, wishing: 秋高气爽, remark: 秋 }'),
};
const MASKED: PayFault = { kind: 'code', code: 'SIGN_ERROR', text: '签名错误', word: '返利' };

describe('one campaign with a word that spoils the sign', () => {
  test.each([
    ['a masked word', MASKED],
    ['a field that is too long', { ...MASKED, code: 'PARAM_ERROR', text: '参数错误:act_name字段过长' }],
    ['a scene it may not use', { ...MASKED, code: 'PARAM_ERROR', text: '参数错误:该场景未开通' }],
  ] as const)(
    '%s: its packets are parked and named, every other campaign goes on',
    async (_, fault) => {
      await begin({ jobs: true, campaigns: CAMPAIGNS });
      faults(fault);
      await say(world!.person(true), '夏');
      await until(() => books().sentCount === 1);
      const spoilt = await claims(12, '春');
      expect(spoilt.every(({ said }) => said !== HALTED)).toBe(true);
      await until(
        async () => (await world!.store.payouts({ campaign: 'spring', state: 'held', limit: 20 })).length === 12,
      );
      expect((await all()).filter(({ campaign: id, nextAt }) => id === 'spring' && nextAt !== undefined)).toEqual([]);
      expect(alarms().at(-1)).toMatchObject({
        alarm: expect.stringMatching(/^parked: .*campaign spring.*「特价返利」/),
        campaign: 'spring',
      });
      expect(await halt()).toBeUndefined();
      await claims(3, '夏');
      await claims(2, '秋');
      await until(() => books().sentCount === 6);
      expect(await halt()).toBeUndefined();
    },
    60_000,
  );

  test('a restart does not forget that others got through', async () => {
    await begin({ campaigns: CAMPAIGNS });
    await alone();
    await say(world!.person(true), '夏');
    const before = world!.newSettle();
    await before.pass();
    await before.stop();
    faults(MASKED);
    const ann = world!.person(true);
    await say(ann, '春');
    const after = world!.newSettle();
    await after.pass();
    expect([await halt(), (await payoutOf(ann)).nextAt]).toEqual([undefined, undefined]);
    await after.stop();
    faults({ kind: 'code', code: 'SIGN_ERROR', text: '签名错误' });
    await say(world!.person(true), '秋');
    await world!.newSettle({ under: 'another key' }).pass();
    expect(await halt()).toMatchObject({ code: 'SIGN_ERROR' });
  }, 30_000);

  test('is told from a wrong key even as the very first: a packet of another campaign is tried, and opens the gate', async () => {
    await begin({ campaigns: CAMPAIGNS });
    await alone();
    faults(MASKED);
    const [ann, bob] = [world!.person(true), world!.person(true)];
    await say(ann, '春');
    await say(bob, '夏');
    await world!.newSettle().pass();
    expect(await halt()).toMatchObject({ code: 'SIGN_ERROR', reason: expect.stringContaining('campaign spring') });
    advance(2 * MINUTE);
    const settle = world!.newSettle();
    await until(async () => {
      await settle.pass();
      return (await payoutOf(bob)).state === 'sent' && (await payoutOf(ann)).nextAt === undefined;
    });
    expect([await halt(), (await payoutOf(ann)).state]).toEqual([undefined, 'held']);
  }, 30_000);

  test('and a resume is not undone by the packet for which it was halted', async () => {
    await begin({ jobs: true, campaigns: CAMPAIGNS });
    faults(MASKED);
    const ann = world!.person(true);
    await say(ann, '春');
    await until(halt);
    await world!.store.setHalt('shop', undefined);
    await until(async () => (await payoutOf(ann)).nextAt === undefined);
    await say(world!.person(true), '夏');
    await until(() => books().sentCount === 1);
    expect(await halt()).toBeUndefined();
  }, 30_000);

  test('two campaigns without a success between them: it is the key, the merchant is halted, and after the mend all are paid', async () => {
    await begin({ jobs: true, campaigns: CAMPAIGNS });
    await say(world!.person(true), '秋');
    await until(() => books().sentCount === 1);
    faults({ kind: 'code', code: 'SIGN_ERROR', text: '签名错误' });
    await claims(1, '春');
    expect(await halt()).toBeUndefined();
    await say(world!.person(true), '夏');
    expect(await until(halt)).toMatchObject({ code: 'SIGN_ERROR' });
    expect(await say(world!.person(true), '秋')).toBe(HALTED);
    faults();
    await world!.store.setHalt('shop', undefined);
    await until(() => books().sentCount === 3);
    expect(await halt()).toBeUndefined();
  }, 30_000);
});

// ── What cannot be taken on ──────────────────────────────────────────────────────────────────────────────

describe('payouts the store will not take on', () => {
  test('are set aside by name, the others go on, and they are tried again', async () => {
    const stuck = new Set<string>();
    const wrap = (store: Store): Store => ({
      ...store,
      advance: (step, under) =>
        stuck.has(step.payout.user)
          ? Promise.reject(new Error('this row cannot be written'))
          : store.advance(step, under),
    });
    await begin({ wrap });
    await alone();
    const first = Array.from({ length: 64 }, () => world!.person(true));
    for (const openid of first) await say(openid);
    for (const openid of first) stuck.add(openid);
    const others = Array.from({ length: 8 }, () => world!.person(true));
    for (const openid of others) await say(openid);
    const settle = world!.newSettle();
    await settle.pass();
    expect(books().sentCount).toBe(8);
    const aside = alarms().find(({ message }) => message.includes('set aside'))!;
    expect(aside).toMatchObject({ merchant: 'shop', count: 64, billNos: expect.arrayContaining([expect.any(String)]) });
    stuck.clear();
    await until(async () => {
      await settle.pass();
      return books().sentCount === 72;
    }, 30_000);
    expect((await all()).every(payout => payout.tries === 1)).toBe(true);
  }, 60_000);

  test('are not set aside while the store is away: it stops short, and pays at once when it is back', async () => {
    let isAway = false;
    const away = new Fault('store', 'safe', 'unreachable', 'the store failed');
    const wrap = (store: Store): Store => ({
      ...store,
      advance: (step, under) => (isAway ? Promise.reject(away) : store.advance(step, under)),
    });
    await begin({ wrap });
    await alone();
    for (let n = 0; n < 3; n++) await say(world!.person(true));
    isAway = true;
    const settle = world!.newSettle();
    await expect(settle.pass()).rejects.toBe(away);
    expect(alarms().filter(({ message }) => message.includes('set aside'))).toEqual([]);
    isAway = false;
    await settle.pass();
    expect(books().sentCount).toBe(3);
  }, 30_000);
});

// ── Followers whom WeChat refuses ────────────────────────────────────────────────────────────────────────

describe('ten accounts of an attacker', () => {
  test('stop the merchant for a minute, once: then another follower is let through, and the ten count no more', async () => {
    await begin({ campaigns: CAMPAIGNS });
    await alone();
    const ten = Array.from({ length: 10 }, () => world!.person(true));
    faults(...ten.map(openid => ({ kind: 'noAuthUser', openid }) as const));
    for (const openid of ten) await say(openid, '春');
    const honest = world!.person(true);
    const settle = world!.newSettle();
    await settle.pass();
    expect(await halt()).toMatchObject({ code: 'REFUSED_RUN' });
    await world!.store.setHalt('shop', undefined);
    for (const openid of ten) await say(openid, '夏');
    await say(honest, '夏');
    await world!.store.setHalt('shop', { ...aHalt(), code: 'REFUSED_RUN' });
    await settle.pass();
    expect([(await payoutOf(honest)).state, await halt()]).toEqual(['sent', undefined]);
    await settle.pass();
    expect(await halt()).toBeUndefined();
    expect(books().sentCount).toBe(1);
  }, 40_000);
});

const aHalt = () => {
  const now = instant(world!.simulator.control.state().now);
  return { code: 'X', reason: 'x', since: now, by: 'bot', probeAt: now } as const;
};

// ── Orders that fail ─────────────────────────────────────────────────────────────────────────────────────

describe('orders that WeChat Pay takes and fails', () => {
  test('for several followers shut the gate before their numbers are used up; after the mend all are paid', async () => {
    await begin({ jobs: true });
    faults({ kind: 'processingThenFailed', afterMs: 1000 });
    await Promise.all(Array.from({ length: 6 }, () => say(world!.person(true))));
    await until(async () => {
      advance(21 * MINUTE);
      return (await halt())?.code === 'FAILED_RUN';
    }, 30_000);
    faults();
    const attempts = (await all()).map(payout => payout.attempt);
    expect(Math.max(...attempts)).toBeLessThan(5);
    await until(async () => {
      advance(21 * MINUTE);
      return books().sentCount === 6;
    }, 30_000);
    expect(await halt()).toBeUndefined();
  }, 90_000);

  test('of the other channel, told by notices: the same', async () => {
    await begin({ jobs: true, channel: 'transfer' });
    faults({ kind: 'processingThenFailed', afterMs: 1000 });
    await Promise.all(Array.from({ length: 4 }, () => say(world!.person(true))));
    await until(async () => {
      advance(2000);
      return (await halt())?.code === 'FAILED_RUN';
    }, 30_000);
    expect(Math.max(...(await all()).map(payout => payout.attempt))).toBeLessThan(5);
  }, 60_000);
});

// ── Probes ───────────────────────────────────────────────────────────────────────────────────────────────

describe('a probe', () => {
  test('never lifts what a person has shut', async () => {
    await begin();
    await alone();
    await say(world!.person(true));
    const { probeAt: _, ...shut } = aHalt();
    await world!.store.setHalt('shop', { ...shut, code: 'OPERATOR', by: 'operator' });
    advance(24 * 60 * MINUTE);
    await world!.newSettle().pass();
    expect([await halt(), books().sentCount]).toEqual([expect.objectContaining({ by: 'operator' }), 0]);
  });

  test('is one, however many processes look', async () => {
    await begin({ balance: 0 });
    await alone();
    for (let i = 0; i < 5; i++) await say(world!.person(true));
    await world!.store.setHalt('shop', { ...aHalt(), code: 'NOTENOUGH' });
    await Promise.all(Array.from({ length: 4 }, () => world!.newSettle().pass()));
    expect((await all()).reduce((sum, payout) => sum + payout.tries, 0)).toBe(1);
    expect((await halt())!.probeAt).toBeGreaterThan(world!.simulator.control.state().now);
  }, 60_000);

  test('that hangs leaves the merchant halted, and the next one is tried later', async () => {
    await begin();
    await alone();
    for (let i = 0; i < 3; i++) await say(world!.person(true));
    await world!.store.setHalt('shop', { ...aHalt(), code: 'UNCLEAR' });
    faults({ kind: 'slow', delayMs: 60_000, times: 1 });
    await world!.newSettle().pass();
    expect(await halt()).toMatchObject({ code: 'UNCLEAR' });
    advance(20 * MINUTE);
    const settle = world!.newSettle();
    await until(async () => {
      await settle.pass();
      return books().sentCount === 3;
    }, 20_000);
    expect(await halt()).toBeUndefined();
  }, 60_000);
});
