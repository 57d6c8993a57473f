// The simulator's group packets (裂变红包), the number that is said to have expired although it was paid, and the
// merchant's fund-flow bill (资金账单).

import { afterEach, describe, expect, test } from 'vitest';
import { Formatter } from 'wechatpay-axios-plugin';
import { PayDesk } from '../../src/simulator/pay/redpack.ts';
import { replyXml } from '../../src/simulator/pay/redpack-reply.ts';
import { TransferDesk } from '../../src/simulator/pay/transfer.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import type { MerchantLimits, SimulatorOptions } from '../../src/simulator/shared/options.ts';
import type { PayFault } from '../../src/simulator/shared/protocol.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { fundFlowCsv } from '../../src/simulator/world/fund-flow.ts';
import { splitOf } from '../../src/simulator/world/order.ts';
import { World } from '../../src/simulator/world/world.ts';
import { nonce, paySignOf } from '../../src/wechat/crypto.ts';
import { buildXml, childrenOf, parseXml } from '../../src/wechat/xml.ts';
import { has, isListOf, isMapOf, isText, read } from '../support/json.ts';

const MCH = '1900000109';
const APP = 'wx8888888888888888';
const KEY = '0123456789abcdef0123456789ABCDEF';
/** 2026-02-10 12:00 in Beijing. */
const NOON = Date.UTC(2026, 1, 10, 4);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const open: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const account = {
  name: 'tea',
  title: '阿茶',
  appId: APP,
  appSecret: 's',
  token: 't',
  originalId: 'gh_0a1b2c3d4e5f',
  mode: 'plain' as const,
  webhook: '',
  encodingAesKey: 'RewardBotSimulatorKey0123456789abcdefghijkA',
};
const optionsOf = (limits: Partial<MerchantLimits>): SimulatorOptions => ({
  port: 0,
  payPort: 0,
  clock: movableClock(() => NOON),
  accounts: [account, { ...account, name: 'cake', appId: 'wx7777777777777777', originalId: 'gh_0a1b2c3d4e60' }],
  merchants: [{ mchId: MCH, apiV2Key: KEY, balance: 100_000, appIds: [APP], limits }],
});

type Change = Readonly<Record<string, string | undefined>>;

/** Without a network: what the desks answer is what would go out. */
function start(limits: Partial<MerchantLimits> = {}, ...faults: PayFault[]) {
  const options = optionsOf(limits);
  const world = new World(options);
  open.push(world);
  world.faults.set({ pay: faults, platform: [] });
  const desk = new PayDesk(world);
  const person = () => world.addPerson('tea').openid;
  const seed = person();
  const people = [seed, ...Array.from({ length: 21 }, person)];
  const call = (endpoint: 'sendredpack' | 'sendgroupredpack' | 'gethbinfo', fields: Change) => {
    const given = Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => !!field[1]));
    const { reply, spoil } = desk.answer(endpoint, buildXml({ ...given, sign: paySignOf(given, KEY) }), MCH);
    return Object.assign(parseXml(replyXml(reply)), spoil && { spoil });
  };
  const common = (billNo: string) => ({ nonce_str: nonce(), mch_billno: billNo, mch_id: MCH });
  const fields = { wxappid: APP, send_name: '阿茶', re_openid: seed, wishing: 'w', act_name: 'n', remark: 'r' };
  const group = (change: Change = {}) =>
    call('sendgroupredpack', {
      ...common('G1'),
      ...fields,
      total_amount: '500',
      total_num: '3',
      amt_type: 'ALL_RAND',
      ...change,
    });
  const send = (change: Change = {}) =>
    call('sendredpack', {
      ...common('B1'),
      ...fields,
      total_amount: '100',
      total_num: '1',
      client_ip: '127.0.0.1',
      ...change,
    });
  const ask = (billNo = 'G1') => call('gethbinfo', { ...common(billNo), appid: APP, bill_type: 'MCHT' });
  const books = () => world.findMerchant(MCH)!.books;
  const advance = (ms: number): void => {
    options.clock.setOffset(options.clock.offsetMs() + ms);
    desk.tick();
  };
  return { world, desk, people, seed, group, send, ask, books, advance };
}

function takersOf(reply: ReturnType<typeof parseXml>) {
  const list = childrenOf(reply, 'hblist');
  const info = list && (Array.isArray(list) ? list[0] : list)?.hbinfo;
  return read(info === undefined ? [] : [info].flat(), isListOf(has({ openid: isText, amount: isText })));
}

describe('group packets', () => {
  test('shares are taken one by one; with the last one it is RECEIVED, and the sum is right to the fen', () => {
    const { desk, people, seed, group, ask, books, advance } = start();
    const sent = group();
    expect(sent).toMatchObject({ result_code: 'SUCCESS', re_openid: seed, total_amount: '500', send_listid: /./ });
    expect(books().balance).toBe(99_500);
    expect(ask()).toMatchObject({ status: 'SENT', hb_type: 'GROUP', total_num: '3', total_amount: '500' });
    expect('hblist' in ask()).toBe(false);
    const [second, third] = [people[1]!, people[2]!];
    expect(desk.open(MCH, 'G1', seed)).toMatchObject({ status: 'SENT', channel: 'group', totalNum: 3 });
    advance(MINUTE);
    desk.open(MCH, 'G1', third);
    expect(takersOf(ask())).toHaveLength(2);
    expect(ask()).toMatchObject({ status: 'SENT' });
    const last = desk.open(MCH, 'G1', second);
    expect(last).toMatchObject({ status: 'RECEIVED', receivedAt: NOON + MINUTE });
    const info = ask();
    expect(info).toMatchObject({ status: 'RECEIVED' });
    expect(takersOf(info)).toMatchObject([
      { openid: seed, rcv_time: '2026-02-10 12:00:00' },
      { openid: third, rcv_time: '2026-02-10 12:01:00' },
      { openid: second },
    ]);
    expect(takersOf(info).reduce((sum, { amount }) => sum + Number(amount), 0)).toBe(500);
    expect(books()).toMatchObject({ sentCount: 1, sentAmount: 500, receivedAmount: 500, refundedAmount: 0 });
  });

  test('what nobody took within 24 h goes back, and only that', () => {
    const { desk, people, seed, group, ask, books, advance } = start();
    group();
    const taken = desk.open(MCH, 'G1', seed).shares![0]!.amount;
    advance(24 * HOUR);
    expect(ask()).toMatchObject({ status: 'RFUND_ING' });
    expect(() => desk.open(MCH, 'G1', people[1]!)).toThrow(/RFUND_ING/);
    advance(MINUTE);
    expect(ask()).toMatchObject({ status: 'REFUND', refund_amount: String(500 - taken) });
    expect(takersOf(ask())).toHaveLength(1);
    expect(books()).toMatchObject({
      balance: 100_000 - taken,
      sentAmount: 500,
      receivedAmount: taken,
      refundedAmount: 500 - taken,
    });
  });

  test('one that nobody touched goes back whole', () => {
    const { group, ask, books, advance } = start();
    group();
    advance(25 * HOUR);
    expect(ask()).toMatchObject({ status: 'REFUND', refund_amount: '500' });
    expect(books()).toMatchObject({ balance: 100_000, refundedAmount: 500, receivedAmount: 0 });
  });

  test('the seed opens it first; everybody takes one share, followers of another account none', () => {
    const { world, desk, people, seed, group } = start();
    group();
    expect(() => desk.open(MCH, 'G1', people[1]!)).toThrow(/opens it first/);
    desk.open(MCH, 'G1', seed);
    expect(() => desk.open(MCH, 'G1', seed)).toThrow(/share of it already/);
    expect(() => desk.open(MCH, 'G1', world.addPerson('cake').openid)).toThrow(/another account/);
    expect(() => desk.open(MCH, 'G1', 'oNobody')).toThrow(/no person/);
    desk.open(MCH, 'G1', people[1]!);
    desk.open(MCH, 'G1', people[2]!);
    expect(() => desk.open(MCH, 'G1', people[3]!)).toThrow(/RECEIVED/);
  });

  test('every split is exact, has no empty share, differs with the number and not with the run', () => {
    for (let n = 0; n < 2000; n++) {
      const count = 3 + (n % 18);
      const amount = count + ((n * 7919) % 100_000);
      const split = splitOf(`M/${n}`, amount, count);
      expect(split).toHaveLength(count);
      expect(Math.min(...split)).toBeGreaterThan(0);
      expect(split.reduce((sum, share) => sum + share, 0)).toBe(amount);
    }
    expect(splitOf('M/a', 500, 3)).toEqual(splitOf('M/a', 500, 3));
    expect(splitOf('M/a', 500, 3)).not.toEqual(splitOf('M/b', 500, 3));
    expect(splitOf('M/a', 3, 3)).toEqual([1, 1, 1]);
  });

  test.each<[string, Change, string]>([
    ['two shares', { total_num: '2' }, 'PARAM_ERROR'],
    ['21 shares', { total_num: '21', total_amount: '10000' }, 'PARAM_ERROR'],
    ['no amt_type', { amt_type: undefined }, 'PARAM_ERROR'],
    ['another amt_type', { amt_type: 'ALL_SPECIFIED' }, 'PARAM_ERROR'],
    ['a client_ip, which is no field of it', { client_ip: '127.0.0.1' }, 'SIGN_ERROR'],
    ['less than 1 yuan a share', { total_amount: '299' }, 'MONEY_LIMIT'],
    ['more than 200 yuan a share', { total_amount: '60001' }, 'MONEY_LIMIT'],
    ['more than 1000 yuan in all', { total_amount: '100001', total_num: '20' }, 'MONEY_LIMIT'],
  ])('%s: refused, and nothing is stored', (_what, change, code) => {
    const { world, group } = start();
    expect(group(change)).toMatchObject({ result_code: 'FAIL', err_code: code });
    expect(world.state().packets).toEqual([]);
  });

  test('20 shares and 1000 yuan go; the same number again is the same success', () => {
    const { desk, people, group, ask, books } = start();
    const change = { total_num: '20', total_amount: '100000' };
    const first = group(change);
    expect(first).toMatchObject({ result_code: 'SUCCESS' });
    expect(group(change)).toEqual(first);
    expect(group({ ...change, total_amount: '99999' })).toMatchObject({ err_code: 'FATAL_ERROR' });
    for (const openid of people.slice(0, 20)) desk.open(MCH, 'G1', openid);
    expect(takersOf(ask())).toHaveLength(20);
    expect(books()).toMatchObject({ balance: 0, receivedAmount: 100_000, sentCount: 1 });
  });

  test('the faults of red packets strike here too, at their own place or where none is named', () => {
    const { group, send } = start(
      {},
      { kind: 'errorNothingStored', at: 'sendgroupredpack', times: 1 },
      { kind: 'notEnough', times: 1 },
    );
    expect(send({ mch_billno: 'B9' })).toMatchObject({ err_code: 'NOTENOUGH' });
    expect(group()).toMatchObject({ err_code: 'SYSTEMERROR' });
    expect(group()).toMatchObject({ result_code: 'SUCCESS' });
  });

  test.each(['sub_mch_id', 'msgappid', 'consume_mch_id', 'risk_info'])('%s is a field of both, and signed', name => {
    const { group, send } = start();
    expect(group({ [name]: 'posttime%3d123%26mobile%3d86' })).toMatchObject({ result_code: 'SUCCESS' });
    expect(send({ [name]: '1900000110' })).toMatchObject({ result_code: 'SUCCESS' });
  });

  test.each(['NO_CONSUME_COMPETENCE', 'MSGAPPID_ERROR', 'ACCEPTMODE_ERROR'])('%s, by code, leaves no order', code => {
    const { group, send, ask } = start({}, { kind: 'code', code });
    expect(group({ sub_mch_id: '1900000111' })).toMatchObject({ err_code: code });
    expect(send({ sub_mch_id: '1900000111' })).toMatchObject({ err_code: code });
    expect(ask()).toMatchObject({ err_code: 'NOT_FOUND' });
  });
});

describe('expiredButReceived', () => {
  const EXPIRED = { err_code: 'SEND_FAILED', err_code_des: '该订单已经过期,请更换商户单号' };

  test('the packet is sent and received, while its number is said to have expired', () => {
    const { desk, seed, send, ask, books } = start({}, { kind: 'expiredButReceived', times: 1 });
    expect(send()).toMatchObject({ result_code: 'FAIL', err_code: 'SYSTEMERROR' });
    expect(ask('B1')).toMatchObject({ status: 'SENT' });
    expect(send()).toMatchObject(EXPIRED);
    desk.open(MCH, 'B1', seed);
    expect(send()).toMatchObject(EXPIRED);
    expect(ask('B1')).toMatchObject({ status: 'RECEIVED' });
    expect(books()).toMatchObject({ sentCount: 1, receivedAmount: 100, balance: 99_900 });
  });

  test('switched on later, it strikes whoever sends a number again that was paid', () => {
    const { world, desk, seed, send, ask } = start();
    send();
    desk.open(MCH, 'B1', seed);
    world.faults.set({ pay: [{ kind: 'expiredButReceived', times: 1 }], platform: [] });
    expect(send()).toMatchObject(EXPIRED);
    expect(send()).toMatchObject(EXPIRED);
    expect(send({ mch_billno: 'B2' })).toMatchObject({ result_code: 'SUCCESS' });
    expect(ask('B1')).toMatchObject({ status: 'RECEIVED' });
  });
});

describe('the fund-flow bill', () => {
  const castCsvBill = (bytes: Buffer) =>
    read(Formatter.castCsvBill(bytes), has({ rows: isListOf(isMapOf(isText)), summary: isMapOf(isText) }));

  async function csvOf(simulator: Simulator, query = '') {
    const reply = await fetch(`${simulator.url}/control/merchants/${MCH}/fundflow.csv${query}`);
    return {
      status: reply.status,
      type: reply.headers.get('content-type'),
      bytes: Buffer.from(await reply.arrayBuffer()),
    };
  }

  async function startOnline() {
    const simulator = await startSimulator(optionsOf({}));
    open.push(simulator);
    return simulator;
  }

  test('an empty one has its header and its sums', async () => {
    const { status, type, bytes } = await csvOf(await startOnline());
    expect([status, type]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(bytes.toString()).toBe(
      '\uFEFF记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号\r\n' +
        '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n`0,`0,`0.00,`0,`0.00\r\n',
    );
  });

  test('each packet, transfer, refund and top-up is a row, read by a reader that nobody here wrote', () => {
    const { world, desk, seed, group, send, advance, books } = start();
    send({ remark: 'a,`b' });
    advance(MINUTE);
    group();
    const taken = desk.open(MCH, 'G1', seed).shares![0]!.amount;
    advance(MINUTE / 2);
    const bill = {
      appid: APP,
      out_bill_no: 'T1',
      transfer_scene_id: '1011',
      openid: seed,
      transfer_amount: 250,
      transfer_remark: '赔付',
      transfer_scene_report_infos: [{ info_type: '赔付原因', info_content: '迟到' }],
    };
    const path = '/v3/fund-app/mch-transfer/transfer-bills';
    expect(new TransferDesk(world).answer({ method: 'POST', path, body: JSON.stringify(bill) }, MCH).status).toBe(200);
    world.setBalance(MCH, books().balance + 12_345);
    desk.open(MCH, 'B1', seed);
    advance(25 * HOUR);
    const { rows, summary } = castCsvBill(Buffer.from(fundFlowCsv(world, MCH)));
    const shown = rows.map(row => [
      row.业务名称,
      row.收支类型,
      row['收支金额（元）'],
      row['账户结余（元）'],
      row.业务凭证号,
    ]);
    const back = ((500 - taken) / 100).toFixed(2);
    expect(shown).toEqual([
      ['现金红包', '支出', '1.00', '999.00', 'B1'],
      ['现金红包', '支出', '5.00', '994.00', 'G1'],
      ['充值', '收入', '123.45', '1117.45', ''],
      ['转账', '支出', '2.50', '1114.95', 'T1'],
      ['转账退款', '收入', '2.50', '1117.45', 'T1'],
      ['现金红包退款', '收入', back, (books().balance / 100).toFixed(2), 'G1'],
    ]);
    expect(rows[0]).toMatchObject({ 记账时间: '2026-02-10 12:00:00', 备注: 'a, b', 资金变更提交申请人: `${MCH}API` });
    expect(rows[3]!.微信支付业务单号).toBe(world.order(MCH, 'T1', 'transfer')!.listId);
    expect(new Set(rows.map(row => row.资金流水单号)).size).toBe(6);
    expect(summary).toEqual({
      资金流水总笔数: '6',
      收入笔数: '3',
      收入金额: ((12_345 + 250 + 500 - taken) / 100).toFixed(2),
      支出笔数: '3',
      支出金额: '8.50',
    });
    const today = castCsvBill(Buffer.from(fundFlowCsv(world, MCH, '2026-02-11')));
    expect(today.rows.map(row => row.业务名称)).toEqual(['转账退款', '现金红包退款']);
    expect(today.rows.at(-1)).toEqual(rows.at(-1));
  });

  test('a day is asked for by its date; another form of it is refused, and so is a merchant nobody knows', async () => {
    const simulator = await startOnline();
    simulator.control.setBalance(MCH, 1);
    expect((await csvOf(simulator, '?date=2026-02-10')).bytes.toString()).toContain('`提现');
    expect((await csvOf(simulator, '?date=2026-02-11')).bytes.toString()).not.toContain('`提现');
    expect((await csvOf(simulator, '?date=today')).status).toBe(400);
    expect((await fetch(`${simulator.url}/control/merchants/1/fundflow.csv`)).status).toBe(404);
  });
});
