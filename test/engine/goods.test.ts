// Goods (实物): the winner is asked in the chat where they are to go. It goes on after a restart, a repeated push gets the same answer,
// and what is personal stands sealed in one place and nowhere else.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventKey, type Happening, type OpenId, openId } from '../../src/core/base/event.ts';
import { fen } from '../../src/core/base/money.ts';
import { DAY, type Instant, later, parseBeijing, SECOND } from '../../src/core/base/time.ts';
import { bookOf } from '../../src/core/decide/match.ts';
import type { Draft } from '../../src/core/goods/details.ts';
import { parcelsIn, parcelsText } from '../../src/core/goods/parcel.ts';
import { loadCampaign } from '../../src/core/rules/file/load.ts';
import { createCertainty } from '../../src/engine/at-once/sure.ts';
import { createFlow, type Flow } from '../../src/engine/flow.ts';
import { sealsOf } from '../../src/engine/goods/goods.ts';
import { deleteOld, eraseParcels } from '../../src/engine/goods/keep.ts';
import { SILENT } from '../../src/lib/log.ts';
import { sealerOf } from '../../src/lib/seal.ts';
import type { Store } from '../../src/ports.ts';
import { readPieces } from '../../src/storage/copy.ts';
import { openSqlite } from '../../src/storage/sqlite/store.ts';
import { configOf } from '../support/config.ts';
import { DURABLE, hasRedis, openedOn, type RedisServer, startRedis } from '../support/redis-server.ts';

const NOON = parseBeijing('2026-02-10 12:00')!;
const KEY = '7d0c3e54d1a9481c8b7f3b1d9e2f6a55';
const ANN = openId(`oAnn${'0'.repeat(24)}`);

function campaignOf(id: string, consent: string, on = `{ text: ${id} }`) {
  const loaded = loadCampaign(
    `${id}.yaml`,
    `campaign: ${id}
name: 抽杯子
period: { from: 2026-02-10 08:00, to: 2026-02-24 24:00 }
shipping: { consent: ${consent}, keep: 90d }
prizes:
  杯子: { goods: 保温杯 }
rules:
  - { id: cup, on: ${on}, once: perEvent, give: 杯子, replies: { won: 中了！ } }
  - { id: help, on: { text: 帮助 }, reply: 回复 ${id} }
  - { id: other, on: { text: { contains: 红包 } }, reply: 没有红包 }
`,
  );
  if ('findings' in loaded) throw new Error(JSON.stringify(loaded.findings));
  return loaded.campaign;
}
const BOOK = bookOf(
  [
    campaignOf('cups', '杯子的话。'),
    campaignOf('mugs', '马克杯的话。'),
    campaignOf('bought', '买来的话。', '{ paid: { over: ¥100.00 } }'),
  ],
  ['tea'],
);
const config = configOf({ personalKey: [KEY] });

const ASKED = '寄奖品需要你的收件信息。杯子的话。\n回复「同意」开始填写，不需要寄送请回复「不用了」。';
const PERSONAL = ['王小明', '13812345678', '万航渡路', '赵小红'];

type Opening = { readonly store: Store; reopen(): Promise<Store>; dispose(): Promise<void> };

function talking(name: string, open: () => Promise<Opening>): void {
  describe(`the winner of a thing, on ${name}`, () => {
    let opened: Opening;
    let store: Store;
    let flow: Flow;
    let now: Instant;
    let n = 0;
    const start = (): void => {
      const clock = (): Instant => now;
      const certainty = createCertainty(store, clock);
      flow = createFlow({ clock, store, log: SILENT, config, book: () => BOOK, planned: () => {}, certainty });
    };
    const say = async (text: string, key = `m:${++n}`, user: OpenId = ANN): Promise<string> => {
      now = later(now, SECOND);
      const { reply } = await flow.handle({
        kind: 'text',
        text,
        key: eventKey(key),
        account: 'tea',
        user,
        sentAt: now,
      });
      return reply.kind === 'text' ? reply.text : reply.kind;
    };
    const parcels = async () => parcelsIn((await store.document('parcels', `tea/${ANN}`))?.text).parcels;
    const addresses = async (): Promise<(Draft | undefined)[]> => {
      const { open: unseal } = sealsOf(sealerOf([KEY]), { account: 'tea', user: ANN });
      return (await parcels()).map(({ sealed }) => (sealed === undefined ? undefined : unseal(sealed)));
    };
    /** All the store has, but for seals. */
    const everything = async (): Promise<string> => {
      const snapshot = await store.snapshot();
      const found: unknown[] = [];
      await readPieces(
        snapshot,
        () => undefined,
        async piece => void found.push(piece),
      );
      await snapshot.close();
      return JSON.stringify(found);
    };
    beforeEach(async () => {
      now = NOON;
      opened = await open();
      store = opened.store;
      start();
    });
    afterEach(() => opened.dispose());

    test('agrees, says it in one message, and is heard once; nothing of it stands in the open', async () => {
      expect(await say('cups')).toBe(`中了！\n\n${ASKED}`);
      expect(await say('同意')).toContain('请回复收件人姓名、手机号和地址');
      const text = '王小明 13812345678 上海市徐汇区万航渡路1号501室';
      expect(await say(text, 'm:address')).toContain('收件信息记好了');
      expect(await say(text, 'm:address')).toContain('收件信息记好了');
      expect(await addresses()).toEqual([
        { name: '王小明', phone: '13812345678', address: '上海市徐汇区万航渡路1号501室' },
      ]);
      const [parcel] = await parcels();
      expect(parcel).toMatchObject({ state: 'given', campaign: 'cups', prize: '杯子', what: '保温杯' });
      expect(parcel!.agreedAt).toBeLessThan(parcel!.givenAt!);
      const all = await everything();
      for (const word of PERSONAL) expect(all).not.toContain(word);
      expect(all).toContain('收件信息，不记录');
    });

    test('says it piece by piece, over a restart, while rules go on answering their words', async () => {
      await say('cups');
      expect(await say('你好')).toBe('none');
      expect(await say('同意')).toContain('张三 13800000000');
      expect(await say('王小明')).toBe('还差手机号、地址，请接着回复。');
      store = await opened.reopen();
      start();
      expect(await say('帮助')).toBe('回复 cups');
      expect(await say('１３８－１２３４－５６７８')).toBe('还差地址，请接着回复。');
      expect(await say('嗯')).toContain('请回复收件人姓名、手机号和地址');
      expect(await say('上海市徐汇区万航渡路红包大厦1号')).toContain('收件信息记好了');
      expect(await addresses()).toEqual([
        { name: '王小明', phone: '13812345678', address: '上海市徐汇区万航渡路红包大厦1号' },
      ]);
      const all = await everything();
      for (const word of [...PERSONAL, '１３８']) expect(all).not.toContain(word);
    });

    test('does not want it sent, thinks again, cancels half-way, and corrects what was given', async () => {
      await say('cups');
      expect(await say('不用了')).toContain('这份奖品不寄');
      expect((await parcels())[0]!.state).toBe('declined');
      expect(await say('填写地址')).toBe(ASKED);
      await say('同意');
      expect(await say('王小明 13812345678')).toBe('还差地址，请接着回复。');
      expect(await say('取消')).toContain('刚才写的已经删除');
      expect(await everything()).not.toContain('draft');
      expect(await say('取消')).toBe('none');
      await say('填写地址');
      await say('同意');
      await say('收件人：王小明\n电话：138 1234 5678\n地址：上海市徐汇区万航渡路1号');
      expect(await addresses()).toEqual([{ name: '王小明', phone: '13812345678', address: '上海市徐汇区万航渡路1号' }]);
      await say('修改地址');
      await say('同意');
      expect(await say('赵小红，13900001111，北京市海淀区中关村大街27号')).toContain('记好了');
      expect(await addresses()).toEqual([
        { name: '赵小红', phone: '13900001111', address: '北京市海淀区中关村大街27号' },
      ]);
    });

    test('wins several: one answer for those of a campaign, another text to agree to for another one', async () => {
      await say('cups');
      await say('cups');
      expect(await say('mugs')).toContain('马克杯的话。');
      await say('同意');
      const done = await say('王小明 13812345678 上海市徐汇区万航渡路1号');
      expect(done).toContain('收件信息记好了');
      expect(done).toContain(ASKED);
      expect((await parcels()).map(({ campaign, state }) => [campaign, state])).toEqual([
        ['cups', 'open'],
        ['cups', 'open'],
        ['mugs', 'given'],
      ]);
      await say('同意');
      expect(await say('王小明 13812345678 上海市徐汇区万航渡路1号')).not.toContain('马克杯');
      expect((await parcels()).map(({ state }) => state)).toEqual(['given', 'given', 'given']);
    });

    test('wins twice at the same moment, and both are kept', async () => {
      now = later(now, SECOND);
      const both = ['m:a', 'm:b'].map(key =>
        flow.handle({ kind: 'text', text: 'cups', key: eventKey(key), account: 'tea', user: ANN, sentAt: now }),
      );
      await Promise.all(both);
      expect(await parcels()).toHaveLength(2);
    });

    test('has it deleted: by a word, by the operator, and by time', async () => {
      const give = async (): Promise<void> => {
        await say('填写地址');
        await say('同意');
        await say('王小明 13812345678 上海市徐汇区万航渡路1号');
      };
      await say('cups');
      await give();
      expect(await say('删除地址')).toContain('已经删除');
      expect(await addresses()).toEqual([undefined]);
      expect((await parcels())[0]!.state).toBe('open');
      expect(await say('删除地址')).toBe('这里没有你的收件信息。');
      await give();
      expect(await eraseParcels(store, 'tea', ANN, now)).toBe(true);
      expect(await eraseParcels(store, 'tea', ANN, now)).toBe(false);
      expect(await addresses()).toEqual([undefined]);
      await give();
      const end = later(BOOK.campaigns[0]!.period.to, 90 * DAY);
      expect(await deleteOld(store, later(end, -1))).toBe(0);
      expect(await deleteOld(store, end)).toBe(1);
      expect(await deleteOld(store, end)).toBe(0);
      expect(await addresses()).toEqual([undefined]);
    });

    /** As `goods export` does. */
    const handOn = async (): Promise<void> => {
      const { name, text, version } = (await store.document('parcels', `tea/${ANN}`))!;
      const before = parcelsIn(text);
      const handed = before.parcels.map(parcel => ({ ...parcel, exportedAt: now }));
      const written = { kind: 'parcels', name, text: parcelsText({ ...before, parcels: handed }) } as const;
      expect(await store.putDocument(written, version)).toBe(true);
    };
    const ADDRESS = '王小明 13812345678 上海市徐汇区万航渡路1号';

    test('an address for a second thing leaves alone what was handed on long ago', async () => {
      for (const words of ['cups', '同意', ADDRESS]) await say(words);
      await handOn();
      now = later(now, 5 * DAY);
      for (const words of ['cups', '同意', ADDRESS]) await say(words);
      expect((await parcels()).map(({ exportedAt, isChanged }) => [exportedAt !== undefined, isChanged])).toEqual([
        [true, undefined],
        [false, undefined],
      ]);
    });

    describe('whose order is paid back', () => {
      const happens = (key: string, what: Happening) =>
        flow.handle({ ...what, key: eventKey(key), account: 'tea', user: ANN, sentAt: now });
      const paid = { merchant: 'till', amount: fen(12_000) };
      const pays = (order: string) =>
        happens(`p:${order}`, { ...paid, kind: 'paid', transaction: order, order, total: paid.amount });
      const refund = (order: string) =>
        happens(`r:${order}`, { ...paid, kind: 'refunded', transaction: order, refund: order });

      test('gets nothing sent, whether the address was given before or is given after, and whatever is told twice', async () => {
        await pays('1');
        await pays('2');
        for (const words of ['同意', ADDRESS]) await say(words);
        for (const order of ['1', '1', '2']) await refund(order);
        expect((await parcels()).map(({ state, sealed }) => [state, sealed])).toEqual([
          ['declined', undefined],
          ['declined', undefined],
        ]);
        expect(await say('修改地址')).toBe('你没有等着寄的奖品。');
        await refund('3'); // told before its payment
        await pays('3');
        expect(await parcels()).toHaveLength(2);
      });

      test('hears so at the next word, and what they typed about themselves meanwhile stands in no journal', async () => {
        await pays('1');
        await say('同意');
        await refund('1');
        expect(await say(ADDRESS)).toBe('你没有等着寄的奖品。');
        await pays('2');
        await refund('2');
        expect(await say('同意')).toBe('你没有等着寄的奖品。');
        expect(await addresses()).toEqual([undefined, undefined]);
        const all = await everything();
        for (const word of PERSONAL) expect(all).not.toContain(word);
      });

      test('goes on talking about another thing, which is sent', async () => {
        await pays('1');
        for (const words of ['同意', ADDRESS, 'cups', '同意', '修改地址', '同意']) await say(words);
        await refund('1');
        expect(await say(ADDRESS)).toContain('收件信息记好了');
        expect((await parcels()).map(({ campaign, state }) => [campaign, state])).toEqual([
          ['bought', 'declined'],
          ['cups', 'given'],
        ]);
        const all = await everything();
        for (const word of PERSONAL) expect(all).not.toContain(word);
      });

      test('keeps what was handed on as it is, and no new address brings it back into a list', async () => {
        await pays('1');
        for (const words of ['同意', ADDRESS]) await say(words);
        await handOn();
        await refund('1');
        const [before] = await parcels();
        expect(before).toMatchObject({ state: 'given', takenBackAt: expect.any(Number) });
        expect(await say('修改地址')).toBe('你没有等着寄的奖品。');
        await pays('2');
        for (const words of ['同意', ADDRESS]) await say(words);
        expect((await parcels())[0]).toEqual(before);
      });
    });

    test('words about goods mean nothing of who has won none', async () => {
      expect(await say('同意')).toBe('none');
      expect(await say('填写地址')).toBe('none');
    });
  });
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hongbao-goods-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
talking('SQLite', async () => {
  const file = join(folder, `${++files}.db`);
  let store = await openSqlite(file);
  return {
    store,
    async reopen() {
      await store.close();
      store = await openSqlite(file);
      return store;
    },
    async dispose() {
      await store.close();
      // Not in a page that was given up, nor in the log beside it.
      for (const name of readdirSync(folder).filter(each => each.startsWith(`${files}.db`))) {
        const bytes = readFileSync(join(folder, name));
        for (const word of PERSONAL) expect(bytes.includes(word), `${word} in ${name}`).toBe(false);
      }
    },
  };
});

describe.skipIf(!hasRedis)('one Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(...DURABLE);
  });
  afterAll(() => server.dispose());
  talking('Redis', () => openedOn(server.url));
});

describe('a seal', () => {
  test('opens by any of the keys, for its follower alone, and not once it was touched', () => {
    const old = sealerOf([KEY]);
    const sealed = old.seal('王小明', 'tea/ann');
    const both = sealerOf(['another key that is long enough', KEY]);
    expect(sealed).not.toContain('王小明');
    expect(both.open(sealed, 'tea/ann')).toBe('王小明');
    expect(old.open(both.seal('王小明', 'tea/ann'), 'tea/ann')).toBeUndefined();
    expect(both.open(sealed, 'tea/bob')).toBeUndefined();
    expect(old.seal('王小明', 'tea/ann')).not.toBe(sealed);
    const at = sealed.length - 5;
    const other = sealed[at] === 'A' ? 'B' : 'A';
    expect(both.open(sealed.slice(0, at) + other + sealed.slice(at + 1), 'tea/ann')).toBeUndefined();
    expect(both.open('', 'tea/ann')).toBeUndefined();
  });
});
