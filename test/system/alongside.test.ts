// Two campaigns answer one event together (`alongside: true`): each has its own claim, its own payout and its own budget, all of
// it written in one commit; the follower reads one reply.
import { afterEach, describe, expect, test } from 'vitest';
import { Audit } from '../../src/core/audit/audit.ts';
import { openId } from '../../src/core/base/event.ts';
import type { Payout } from '../../src/core/payout/payout.ts';
import { auditStore } from '../../src/engine/audit-store.ts';
import { run } from '../support/command.ts';
import { startWorld, type World } from '../support/harness.ts';

const campaign = (id: string, top: string, rules: string): string => `campaign: ${id}
name: ${id}
${top}
period: { from: 2020-01-01, to: 2099-12-31 }
budget: { total: ¥3.00 }
packet: { sendName: 阿茶茶饮 }
prizes: { gift: { redpacket: ¥1.00 } }
rules:
${rules}
`;
const word = (once: string, won: string): string =>
  `  - { id: word, on: { text: 红包 }, once: ${once}, give: gift, replies: { won: "${won}", already: "${won}领过了", soldOut: "${won}发完了" } }`;

let world: World;
afterEach(() => world.close());

const begin = async (first: string, second: string, third = ''): Promise<void> => {
  const files = { '1.yaml': first, '2.yaml': second, ...(third && { '3.yaml': third }) };
  world = await startWorld({ campaigns: files });
};
const say = async (user: string, text = '红包'): Promise<string> =>
  world.said(await world.simulator.control.act(user, { kind: 'text', text }));
const payouts = (user: string): Promise<Payout[]> => world.store.payouts({ user: openId(user), limit: 20 });
const paidBy = async (user: string): Promise<string[]> => (await payouts(user)).map(each => each.campaign).sort();

async function mustBalance(): Promise<void> {
  const { campaigns } = world.bot.rulebook.current();
  const report = await auditStore(world.store, new Audit(campaigns));
  expect(report).toMatchObject({ total: 0 });
}

describe('a campaign that answers alongside', () => {
  test('gives its own prize beside the one of another campaign, and both are said in one reply', async () => {
    await begin(campaign('a', '', word('perDay', '甲')), campaign('b', 'alongside: true', word('perDay', '乙')));
    const ann = world.person(true);
    expect(await say(ann)).toBe('甲\n\n乙');
    expect(await paidBy(ann)).toEqual(['a', 'b']);
    for (const id of ['a', 'b']) expect(await world.store.buckets(id)).toMatchObject({ reserved: 100 });
    expect(await say(ann)).toBe('甲领过了');
    expect(await paidBy(ann)).toEqual(['a', 'b']);
    await mustBalance();
    const why = await run(world.folder, 'explain', ann, '--key', (await lines(ann)).at(-1)!.event.key, '--lang', 'zh');
    expect(why.out).toMatch(/a\/word {2}由它应答.*b\/word {2}由它应答/s);
    expect(why.out.match(/^判定 .*¥1\.00.*$/gm)).toHaveLength(2);
    expect(why.out.match(/^付款 /gm)).toHaveLength(2);
  });

  test('gives where another one has nothing left, whose refusal nobody hears', async () => {
    await begin(campaign('a', '', word('ever', '甲')), campaign('b', 'alongside: true', word('perEvent', '乙')));
    const ann = world.person(true);
    expect(await say(ann)).toBe('甲\n\n乙');
    expect(await say(ann)).toBe('乙');
    expect(await say(ann)).toBe('乙');
    expect(await say(ann)).toBe('甲领过了'); // both refuse: the first is heard
    expect(await paidBy(ann)).toEqual(['a', 'b', 'b', 'b']);
    await mustBalance();
  });

  test('takes no event from those that come after it, and only one of these answers', async () => {
    await begin(
      campaign('a', 'alongside: true', word('perDay', '甲')),
      campaign('b', '', word('perDay', '乙')),
      campaign('c', '', word('perDay', '丙')),
    );
    const ann = world.person(true);
    expect(await say(ann)).toBe('甲\n\n乙');
    expect(await paidBy(ann)).toEqual(['a', 'b']);
    const checked = await run(world.folder, 'check');
    expect(checked.out.match(/\S+(?=:\d+:\d+: .*rule-unreachable)/g)).toEqual(['rules/3.yaml']);
  });

  test('is answered once for a push that comes again, and loses nothing where everybody comes at once', async () => {
    await begin(campaign('a', '', word('perDay', '甲')), campaign('b', 'alongside: true', word('perDay', '乙')));
    const people = Array.from({ length: 5 }, () => world.person(true));
    const replies = await Promise.all(people.map(each => say(each)));
    // Three of each budget of ¥3.00.
    expect(replies.filter(text => text.includes('甲') && !text.includes('完'))).toHaveLength(3);
    const all = await Promise.all(people.map(paidBy));
    expect(all.flat().sort()).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
    const [line] = await lines(people[0]!);
    const answer = await world.bot.flow.handle(line!.event);
    expect(answer.reply).toEqual(line!.reply);
    expect((await Promise.all(people.map(paidBy))).flat()).toHaveLength(6);
    await mustBalance();
  });
});

const lines = (user: string) => world.store.journal({ user: openId(user), limit: 20 });
