// Who has won what, and who has taken part: from the books, masked to publish or whole.
import { expect, test } from 'vitest';
import { eventKey, openId } from '../../src/core/base/event.ts';
import { parseBeijing } from '../../src/core/base/time.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import { participantRow, winnerRow, winnersHead } from '../../src/core/ops/winner-list.ts';
import { loadCampaign } from '../../src/core/rules/file/load.ts';
import { createFlow } from '../../src/engine/flow.ts';
import { participantsOf, winnersOf } from '../../src/engine/lists/winners.ts';
import { SILENT } from '../../src/lib/log.ts';
import { Seen } from '../../src/lib/seen.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { configOf } from '../support/config.ts';

const NOON = parseBeijing('2026-02-10 12:00')!;
const [ANN, BOB] = [openId(`oAnn${'0'.repeat(20)}1234`), openId(`oBob${'0'.repeat(20)}5678`)];

const loaded = loadCampaign(
  'all.yaml',
  `campaign: all
name: 全都有
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00 }
budget: { total: ¥100.00 }
packet: { sendName: 阿茶 }
shipping: { consent: 只用来寄奖品。, keep: 90d }
prizes:
  红包: { redpacket: ¥1.00 }
  券: { coupon: codes.csv }
  链接: { text: "https://shop.example.com/may" }
  杯子: { goods: 保温杯 }
  没有: { nothing: true }
rules:
${['红包', '券', '链接', '杯子', '没有'].map(name => `  - { id: ${name}, on: { text: ${name} }, give: ${name}, replies: { won: "{{coupon}}" } }`).join('\n')}
`.replace('give: 没有, replies: { won: "{{coupon}}" }', 'give: 没有'),
  undefined,
  () => 'CODE-1\nCODE-2\n',
);
if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
const { campaign } = loaded;

const config = configOf({ personalKey: ['7d0c3e54d1a9481c8b7f3b1d9e2f6a55'] });

test('every kind of prize stands in the list once, with what became of it; a public one tells no openid and no code', async () => {
  const store = await openSqlite(':memory:');
  const flow = createFlow({
    ...{ clock: () => NOON, store, log: SILENT, config, planned: () => {} },
    book: () => bookOf([campaign], ['tea']),
  });
  let n = 0;
  const say = (user: typeof ANN, text: string) =>
    flow.handle({ kind: 'text', text, key: eventKey(`m:${++n}`), account: 'tea', user, sentAt: NOON });
  for (const text of ['红包', '券', '链接', '杯子', '没有', '红包']) await say(ANN, text);
  for (const text of ['没有', '券']) await say(BOB, text);
  const winners = [];
  for await (const each of winnersOf(store, 'all', campaign, true)) winners.push(each);
  const found = winners.map(({ user, prize, state, what }) => [user.slice(1, 4), prize, state, what]);
  expect(found.sort()).toEqual([
    ['Ann', '券', undefined, 'CODE-1'],
    ['Ann', '杯子', 'noAddress', '保温杯'],
    ['Ann', '红包', 'coming', undefined],
    ['Ann', '链接', undefined, 'https://shop.example.com/may'],
    ['Bob', '券', undefined, 'CODE-2'],
  ]);
  const cash = winners.find(({ prize }) => prize === '红包')!;
  expect(winnersHead(false)).toBe('\uFEFF中奖时间,中奖人,奖品,种类,金额（元）\r\n');
  expect(winnerRow(cash, false)).toBe('2026-02-10 12:00,oAnn…1234,红包,现金红包,1.00\r\n');
  expect(winnerRow(cash, true)).toContain(`,处理中,,${ANN},tea,all/红包/${ANN}/ever`);
  for (const each of winners) expect(winnerRow(each, false)).not.toMatch(/CODE|0000|https/);
  const people = [];
  for await (const each of participantsOf(store, 'all')) people.push(each);
  expect(people.map(({ user }) => user).sort()).toEqual([ANN, BOB]);
  expect(participantRow(people[0]!, false)).toMatch(/^2026-02-10 12:00,o(Ann|Bob)…(1234|5678)\r\n$/);
  const gone = [];
  for await (const each of winnersOf(store, 'all', undefined, false)) gone.push(each.prize);
  expect(gone).toEqual(['红包']);
  await store.close();
});

test('a hundred thousand are known from one another', () => {
  const seen = new Seen();
  for (let n = 0; n < 100_000; n++) expect(seen.add(`tea/o${n}`)).toBe(true);
  for (let n = 0; n < 100_000; n += 997) expect(seen.add(`tea/o${n}`)).toBe(false);
});
