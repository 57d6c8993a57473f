// Who opens the page, pays or brings a friend need not follow (查询关注): WeChat is asked once about whom we have never seen,
// and who does not follow gets nothing that is for followers. Through the page, the till and rule files.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rehearse } from '../../src/core/analysis/run-tests.ts';
import { Fault } from '../../src/core/base/error.ts';
import { type Event, eventKey, openId } from '../../src/core/base/event.ts';
import { DAY, instant } from '../../src/core/base/time.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import { loadCampaigns } from '../../src/core/rules/file/load.ts';
import { createLookup } from '../../src/http/follower-lookup.ts';
import { SILENT } from '../../src/lib/log.ts';
import type { PlatformFault } from '../../src/simulator/shared/protocol.ts';
import { inWords } from '../support/checks.ts';
import { Browser, dataIn } from '../support/h5-world.ts';
import { MERCHANT, startWorld, until, type World } from '../support/harness.ts';
import { has, isText, read } from '../support/json.ts';

const RULES = `
campaign: page
name: 老粉礼
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥1000.00 }
packet: { sendName: 阿茶茶饮, actName: 测试, wishing: 恭喜发财, remark: 测试 }
prizes:
  gift: { redpacket: ¥1.00 }
rules:
  - { id: draw, on: visit, who: { followedFor: 30d }, once: ever, give: gift }
  - { id: shop, on: { paid: { attach: "pos-*" } }, once: perEvent, give: gift, delay: 24h, cancelIf: unsubscribed }
  - { id: plain, on: { paid: { attach: "any-*" } }, once: perEvent, give: gift }
  - { id: word, on: { text: 老粉 }, who: { followedFor: 30d }, once: ever, give: gift }
  - { id: code, on: { text: 邀请 }, invite: { validFor: 7d }, reply: "请扫 {{invite}}" }
  - { id: friend, on: { friend: paid }, who: { firstFollow: true }, once: perEvent, give: gift }
`;

let world: World;
let questions: string[] = [];
const heard = (message: unknown): void => {
  const { path } = read(message, has({ request: has({ path: isText }) })).request;
  if (path.startsWith('/cgi-bin/user/info')) questions.push(new URL(path, 'http://x').searchParams.get('openid')!);
};
beforeEach(async () => {
  world = await startWorld({ rules: RULES });
  world.simulator.setPayNotify(MERCHANT.mchId, `${world.url}/notify/pay/shop`);
  questions = [];
  subscribe('undici:request:create', heard);
});
afterEach(async () => {
  unsubscribe('undici:request:create', heard);
  await world.close();
});

const faults = (...platform: PlatformFault[]): void => void world.simulator.control.setFaults({ pay: [], platform });
const payoutsOf = (user: string) => world.store.payouts({ user: openId(user), limit: 100 });
const followerOf = async (user: string) =>
  (await world.store.facts({ account: 'tea', user: openId(user), merchant: undefined, claims: [], counters: [] }))
    .follower;
const linesOf = (user: string) => world.store.journal({ user: openId(user), limit: 20 });
/** The line of an event that claims nothing may follow its answer. */
const lines = (user: string, count: number) =>
  until(async () => {
    const found = await linesOf(user);
    return found.length === count && found;
  });
const decisions = async (user: string, count: number) =>
  (await lines(user, count)).map(({ event, decision }) =>
    decision.kind === 'refused' ? `${event.kind} ${decision.refusal}` : `${event.kind} ${decision.kind}`,
  );
const checksOf = async (user: string, count: number) => (await lines(user, count))[0]!.decision.trace.flatMap(inWords);
/** Somebody who followed so many days ago, before the bot was there, or does not follow. */
function person(days?: number): string {
  const openid = world.person(days !== undefined);
  if (days !== undefined) world.simulator.control.moveClock({ advanceMs: days * DAY });
  return openid;
}
async function taps(openid: string) {
  const browser = new Browser(world, openid);
  const { tap } = dataIn(await browser.open('/h5/tea/page'));
  return { browser, tap, draw: () => browser.draw(tap) };
}
async function pays(openid: string, attach: string, amount = 6000) {
  const order = world.simulator.control.pay(openid, { amount, attach });
  await world.simulator.noticesIdle();
  return order;
}

describe('a visitor we have never seen', () => {
  test('who does not follow is asked for once, and is not eligible', async () => {
    const stranger = person();
    const { draw, browser } = await taps(stranger);
    expect(JSON.parse((await draw()).body).kind).not.toBe('won');
    expect(await checksOf(stranger, 2)).toContainEqual({ ok: false, text: '没有关注' });
    const again = dataIn(await browser.open('/h5/tea/page')).tap;
    await browser.draw(again);
    expect(questions).toEqual([stranger]);
    expect(await decisions(stranger, 3)).toEqual(['visit notEligible', 'visit notEligible', 'lookup ignored']);
    expect(await followerOf(stranger)).toEqual({ account: 'tea', user: stranger, following: false, follows: 0 });
    expect(await payoutsOf(stranger)).toEqual([]);
  });

  test('who has followed for long gets their packet, and since when is known from then on', async () => {
    const before = instant(Math.floor(world.simulator.control.state().now / 1000) * 1000);
    const old = person(40);
    const { draw } = await taps(old);
    expect(JSON.parse((await draw()).body)).toMatchObject({ kind: 'won' });
    const follower = await followerOf(old);
    expect(follower).toMatchObject({ following: true, follows: 1 });
    expect(follower!.followedAt! - before).toBeLessThan(60_000);
    // The chat rule knows it too now, without a question.
    await world.simulator.control.act(old, { kind: 'text', text: '老粉' });
    expect(await payoutsOf(old)).toHaveLength(2);
    expect(questions).toEqual([old]);
  });

  test('who follows only now is told so in the chat as on the page', async () => {
    const young = person(3);
    expect(JSON.parse((await (await taps(young)).draw()).body).kind).not.toBe('won');
    expect((await checksOf(young, 2)).at(-1)).toEqual({ ok: false, text: '已关注 3 天，需 30 天' });
  });

  test('two taps at once are one question', async () => {
    faults({ kind: 'slow', delayMs: 300 });
    const stranger = person();
    const [one, other] = [await taps(stranger), await taps(stranger)];
    await Promise.all([one.draw(), other.draw()]);
    expect(questions).toEqual([stranger]);
  });

  test('whom WeChat does not answer about is asked to tap again, and nothing is decided', async () => {
    const old = person(40);
    const { draw } = await taps(old);
    faults({ kind: 'busy' });
    expect((await draw()).status).toBe(503);
    expect(await linesOf(old)).toEqual([]);
    faults();
    expect(JSON.parse((await draw()).body)).toMatchObject({ kind: 'won' });
  });

  test('whom WeChat takes long to answer about waits two seconds, and the next tap finds the answer', async () => {
    const old = person(40);
    await (await taps(world.person())).draw(); // the access token is there by now
    const { draw } = await taps(old);
    faults({ kind: 'slow', delayMs: 2600 });
    const began = performance.now();
    expect((await draw()).status).toBe(503);
    expect(performance.now() - began).toBeLessThan(2500);
    await sleep(1200);
    const asked = questions.length;
    expect(JSON.parse((await draw()).body)).toMatchObject({ kind: 'won' });
    expect(questions).toHaveLength(asked);
  });
});

describe('a payer we have never seen', () => {
  test('who does not follow gets nothing that is taken back from those who leave', async () => {
    const stranger = person();
    await pays(stranger, 'pos-1');
    expect(await decisions(stranger, 2)).toEqual(['paid notEligible', 'lookup ignored']);
    expect(await payoutsOf(stranger)).toEqual([]);
    await pays(stranger, 'any-1');
    expect(await payoutsOf(stranger)).toHaveLength(1);
    expect(questions).toEqual([stranger]);
  });

  test('is not asked for where no rule speaks of following', async () => {
    const stranger = person();
    await pays(stranger, 'any-1');
    expect(await payoutsOf(stranger)).toHaveLength(1);
    expect(questions).toEqual([]);
  });

  test('who cannot be asked for is told of again by WeChat Pay, and loses nothing', async () => {
    const old = person(40);
    faults({ kind: 'html502' });
    await pays(old, 'pos-1');
    expect(await linesOf(old)).toEqual([]);
    faults();
    world.simulator.control.moveClock({ advanceMs: 60_000 });
    await world.simulator.noticesIdle();
    expect(await payoutsOf(old)).toMatchObject([{ rule: 'shop', state: 'planned' }]);
  });
});

describe('an inviter', () => {
  test('is looked up before they get their code, so that a friend finds them known', async () => {
    const ann = person(40);
    const browser = new Browser(world, ann);
    await browser.open('/h5/tea/page');
    expect((await browser.ask('/h5/tea/page/invite.png')).status).toBe(200);
    expect(await followerOf(ann)).toMatchObject({ following: true, follows: 1 });
    const bob = world.person();
    await world.simulator.control.act(bob, { kind: 'follow', scene: `i.${ann}.page` });
    await pays(bob, 'none');
    expect(await payoutsOf(ann)).toMatchObject([{ rule: 'friend' }]);
    expect(questions).toEqual([ann]);
  });

  test('who does not follow gets nothing for a friend', async () => {
    const [stranger, bob] = [person(), world.person()];
    await world.simulator.control.act(bob, { kind: 'follow', scene: `i.${stranger}.page` });
    await pays(bob, 'none');
    expect(questions).toEqual([stranger]);
    expect(await payoutsOf(stranger)).toEqual([]);
  });
});

test('a follow that WeChat tells after the lookup is the same follow, and is welcomed as the first', async () => {
  const rules = RULES.replace(
    '  - { id: draw',
    '  - { id: hi, on: { subscribe: { first: true } }, once: ever, give: gift }\n  - { id: draw',
  );
  await world.close();
  world = await startWorld({ rules });
  const person = world.person(true);
  await (await taps(person)).draw();
  const { followedAt } = (await followerOf(person))!;
  if (followedAt === undefined) throw new Error('they do not follow');
  const event = { key: eventKey('e:late'), account: 'tea', user: openId(person), sentAt: followedAt } as const;
  await world.bot.flow.handle({ ...event, kind: 'subscribe', via: 'direct' });
  expect(await followerOf(person)).toMatchObject({ follows: 1, followedAt });
  expect(await payoutsOf(person)).toMatchObject([{ rule: 'hi' }]);
});

test('whom the platform will never tell about is decided without, and not asked for again and again', async () => {
  const { campaigns } = loadCampaigns([{ file: 'a.yaml', text: RULES, data: () => undefined }]);
  const book = bookOf(campaigns, ['tea']);
  let asked = 0;
  const lookup = createLookup({
    clock: () => instant(1_770_000_000_000),
    log: SILENT,
    store: world.store,
    flow: world.bot.flow,
    book: () => book,
    ask: async () => {
      asked++;
      return undefined;
    },
  });
  const user = openId('oNobody000000000000000000000');
  const visit: Event = {
    ...{ key: eventKey('v:1'), account: 'tea', user, sentAt: instant(1_770_000_000_000) },
    ...{ kind: 'visit', campaign: 'page' },
  };
  expect([await lookup.before(visit), await lookup.before(visit)]).toEqual([true, true]);
  expect(asked).toBe(1);
  await world.bot.flow.handle(visit);
  expect(await checksOf(user, 1)).toContainEqual({ ok: false, text: '不知道是否关注：没有见过，也没有问到' });
  const failing = createLookup({
    ...{ clock: () => instant(0), log: SILENT, store: world.store, flow: world.bot.flow, book: () => book },
    ask: () => Promise.reject(new Fault('wechat', 'safe', 'NETWORK', 'away')),
  });
  expect(await failing.before({ ...visit, user: openId('oNobody000000000000000000001') })).toBe(false);
});

// ── Rule files ───────────────────────────────────────────────────────────────────────────────────────────────

const FILE = (tests: string) => `${RULES.trimStart()}tests:\n${tests}`;
function failures(tests: string): string[] {
  const { campaigns, findings } = loadCampaigns([{ file: 'a.yaml', text: FILE(tests), data: () => undefined }]);
  if (findings.length > 0) return findings.map(({ message }) => message);
  return rehearse(campaigns[0]!).flatMap(result =>
    result.failures.map(({ expected, got }) => `${expected}, got ${got}`),
  );
}

describe('a test in a rule file', () => {
  test('takes everybody for a follower of old, as it always did', () => {
    expect(
      failures(`  - name: a
    events:
      - { at: 2026-02-10 10:00, user: ann, visit: true, expect: { prize: gift } }
      - { at: 2026-02-10 10:00, user: ann, paid: { amount: ¥60.00, attach: pos-1 }, expect: { pays: ¥1.00 } }
`),
    ).toEqual([]);
  });

  test('says who never followed: until they do, nothing for followers is theirs', () => {
    expect(
      failures(`  - name: a
    neverFollowed: [ann, guest]
    events:
      - { at: 2026-02-10 10:00, user: ann, visit: true, expect: { refused: notEligible } }
      - { at: 2026-02-10 10:00, user: ann, paid: { amount: ¥60.00, attach: pos-1 }, expect: { refused: notEligible } }
      - { at: 2026-02-10 10:00, user: ann, paid: { amount: ¥60.00, attach: any-1 }, expect: { pays: ¥1.00 } }
      - { at: 2026-02-10 10:00, user: guest, people: 3, visit: true, expect: { refused: notEligible } }
      - { at: 2026-02-10 10:00, user: bob, visit: true, expect: { prize: gift } }
      - { at: 2026-02-11 10:00, user: ann, subscribe: true }
      - { at: 2026-03-10 10:00, user: ann, visit: true, expect: { refused: notEligible } }
      - { at: 2026-03-13 10:00, user: ann, visit: true, expect: { prize: gift } }
`),
    ).toEqual([]);
  });

  test('one name is enough, and one that nobody has, or that chats without following, is a finding', () => {
    expect(
      failures(`  - name: a
    neverFollowed: anne
    events:
      - { at: 2026-02-10 10:00, user: ann, visit: true }
  - name: b
    neverFollowed: ann
    events:
      - { at: 2026-02-10 10:00, user: ann, text: 老粉 }
`),
    ).toEqual([
      'nobody is called "anne" in this test; did you mean "ann"?',
      '"ann" never followed, and text comes from followers only; let them subscribe before it, or visit',
    ]);
  });
});
