// One access token for all processes: fetched once, replaced once when the platform calls it wrong, and by another
// process where the one that fetches it fails or dies.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault, messageOf } from '../../src/core/base/error.ts';
import { openId } from '../../src/core/base/event.ts';
import { HOUR, type Instant, instant, later, MINUTE, SECOND } from '../../src/core/base/time.ts';
import type { Messenger } from '../../src/ports.ts';
import { movableClock } from '../../src/simulator/shared/clock.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { createApi, createMessenger } from '../../src/wechat/account/api.ts';
import { createJsSigner } from '../../src/wechat/account/jssdk.ts';
import { createQrCode } from '../../src/wechat/account/qr-codes.ts';
import { createShared, type Shared } from '../../src/wechat/account/token.ts';
import { createFollowerDesk } from '../../src/wechat/account/user.ts';
import { NOW } from '../storage/store.contract.ts';
import { type Beside, KINDS } from '../support/beside.ts';
import { ACCOUNT, until } from '../support/harness.ts';
import { portOf } from '../support/listening.ts';

type Fetched = { readonly value: string; readonly seconds: number };
const HOURS_2 = 7200;

describe.each(KINDS)('what several processes share, on %s', (_, openBeside) => {
  let beside: Beside;
  let now: Instant;
  let fetches: number;
  beforeEach(async () => {
    beside = await openBeside();
    now = NOW;
    fetches = 0;
  });
  afterEach(() => beside.dispose());

  const plainly = async (): Promise<Fetched> => {
    await sleep(5);
    return { value: `token ${fetches}`, seconds: HOURS_2 };
  };
  /** One process. `fetch` is told the number of the call, over all processes. */
  const start = async (fetch: () => Promise<Fetched> = plainly): Promise<Shared> =>
    createShared({
      name: 'token:wx1',
      store: await beside.open(),
      clock: () => now,
      sleep: () => sleep(5),
      fetch: () => {
        fetches++;
        return fetch();
      },
    });
  const startSome = (count: number): Promise<Shared[]> => Promise.all(Array.from({ length: count }, () => start()));
  const all = (processes: readonly Shared[]): Promise<string[]> => Promise.all(processes.map(each => each.now()));
  /** Settled by now? */
  const isOpen = async (promise: Promise<unknown>): Promise<boolean> =>
    (await Promise.race([promise.catch(() => 'failed'), sleep(60, 'open')])) === 'open';

  test('is fetched once by all who ask at once, and kept', async () => {
    const five = await startSome(5);
    expect(await all([...five, ...five])).toEqual(Array(10).fill('token 1'));
    now = later(now, HOUR);
    expect(await all([...five, ...(await startSome(2))])).toEqual(Array(7).fill('token 1'));
    expect(fetches).toBe(1);
  });

  test('is fetched anew five minutes before its end, once', async () => {
    const five = await startSome(5);
    await all(five);
    now = later(now, 115 * MINUTE);
    expect(await all(five)).toEqual(Array(5).fill('token 2'));
    expect(fetches).toBe(2);
  });

  test('is replaced once by all who are told at once that it is wrong; none gets the wrong one again', async () => {
    const five = await startSome(5);
    for (let round = 1; round <= 10; round++) {
      const wrong = `token ${round}`;
      expect(await all(five)).toEqual(Array(5).fill(wrong));
      const next = five.map(async each => {
        await each.refuse(wrong);
        return each.now();
      });
      expect(await Promise.all(next)).toEqual(Array(5).fill(`token ${round + 1}`));
      expect(fetches).toBe(round + 1);
    }
  });

  test('that is refused late, when another process has replaced it, is not fetched once more', async () => {
    const [first, second] = await startSome(2);
    await all([first!, second!]);
    await first!.refuse('token 1');
    expect(await first!.now()).toBe('token 2');
    expect(await second!.now()).toBe('token 1'); // nobody has told it yet
    await second!.refuse('token 1');
    expect([await second!.now(), fetches]).toEqual(['token 2', 2]);
  });

  test('that is refused while many ask in the same process is not given to whoever asks after that', async () => {
    const [first] = await startSome(1);
    for (let round = 1; round <= 10; round++) {
      const wrong = await first!.now();
      const refusing = first!.refuse(wrong);
      const meanwhile = first!.now();
      await refusing;
      await meanwhile;
      expect(await first!.now()).toBe(`token ${round + 1}`);
    }
  });

  test('is not fetched a second time because somebody refuses the former one meanwhile', async () => {
    let answer = (_: Fetched): void => undefined;
    const slow = (): Promise<Fetched> =>
      fetches === 1
        ? plainly()
        : new Promise(resolve => {
            answer = resolve;
          });
    const [first, second] = [await start(slow), await start(slow)];
    await all([first, second]);
    now = later(now, 2 * HOUR);
    const asked = [first.now()];
    await until(() => fetches === 2);
    const refused = first.refuse('token 1'); // the end of a call that began before
    asked.push(second.now());
    expect(await isOpen(asked[1]!)).toBe(true);
    answer({ value: 'token 2', seconds: HOURS_2 });
    expect(await Promise.all(asked)).toEqual(['token 2', 'token 2']);
    await refused;
    expect([await first.now(), fetches]).toEqual(['token 2', 2]);
  });

  test('whose fetcher died is fetched by another one once its lease has ended, and not before', async () => {
    const dead = await start(() => new Promise(() => undefined));
    void dead.now();
    await until(() => fetches === 1);
    const [other, third] = await startSome(2);
    const asked = all([other!, third!]);
    now = later(now, 15 * SECOND - 1);
    expect([await isOpen(asked), fetches]).toEqual([true, 1]);
    now = later(now, 1);
    expect(await asked).toEqual(['token 2', 'token 2']);
    expect(fetches).toBe(2);
  });

  test('is no longer waited for than a dead fetcher may hold its lease', async () => {
    const dead = await start(() => new Promise(() => undefined));
    void dead.now();
    await until(() => fetches === 1);
    const stuck = (await start()).now();
    await sleep(20);
    // Its clock jumps; the lease of whoever is asleep is renewed by a store that lives.
    now = later(now, 15 * SECOND - 1);
    await (await beside.open()).lease('token:wx1', 'another', 60 * SECOND, later(now, 1));
    now = later(now, 2 * SECOND);
    await expect(stuck).rejects.toThrow('nobody could fetch token:wx1');
  });

  test('whose fetch fails fails for its process at once, and the next one tries at once', async () => {
    const broken = await start(async () => {
      await sleep(20);
      throw new Fault('wechat', 'safe', '-1', 'the platform is busy');
    });
    const failing = expect(broken.now()).rejects.toThrow('the platform is busy');
    await until(() => fetches === 1);
    const other = (await start()).now();
    await failing;
    expect(await other).toBe('token 2'); // the clock has not moved
    expect(await broken.now()).toBe('token 2');
  });

  test('is used also where the store goes away while it is fetched', async () => {
    const store = await beside.open();
    const shared = createShared({
      name: 'token:wx1',
      store: { lease: store.lease, note: store.note, release: () => Promise.reject(new Error('the store is away')) },
      clock: () => now,
      sleep: () => sleep(5),
      fetch: plainly,
    });
    expect(await shared.now()).toBe('token 0');
  });
});

describe.each(KINDS)('messengers of several processes, on %s', (_, openBeside) => {
  let beside: Beside;
  let simulator: Simulator;
  let servers: Server[];
  let tokensFetched: number;
  let api: string;
  beforeEach(async () => {
    tokensFetched = 0;
    servers = [];
    const webhook = await listening((_req, res) => res.end('success'));
    simulator = await startSimulator({
      port: 0,
      payPort: 0,
      clock: movableClock(Date.now),
      accounts: [{ ...ACCOUNT, webhook }],
      merchants: [],
    });
    api = await listening((req, res) => {
      if (req.url!.startsWith('/cgi-bin/stable_token')) tokensFetched++;
      const parts: Buffer[] = [];
      req.on('data', (part: Buffer) => parts.push(part));
      req.on('end', () => {
        const asked = fetch(`${simulator.url}${req.url}`, { method: 'POST', body: Buffer.concat(parts) });
        asked.then(async answer => res.end(await answer.text())).catch(() => res.destroy());
      });
    });
    beside = await openBeside();
  });
  afterEach(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    }
    await simulator.close();
    await beside.dispose();
  });

  async function listening(serve: Parameters<typeof createServer>[1] & {}): Promise<string> {
    const server = createServer(serve).listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    servers.push(server);
    return `http://127.0.0.1:${portOf(server)}`;
  }
  const clock = (): Instant => instant(Date.now());
  const messenger = async (appSecret = ACCOUNT.appSecret): Promise<Messenger> =>
    createMessenger(
      { api, appId: ACCOUNT.appId, appSecret },
      { clock, sleep: ms => sleep(ms), store: await beside.open() },
    );
  /** Everybody says something to a follower who may be written to. */
  const sayAll = async (messengers: readonly Messenger[]): Promise<void> => {
    const { openid } = simulator.control.addPerson({ following: true });
    await simulator.control.act(openid, { kind: 'text', text: '你好' });
    await Promise.all(messengers.map((each, n) => each.say(openId(openid), `第 ${n} 句`)));
    const said = simulator.control.person(openid).chat.filter(line => line.from === 'account');
    expect(said).toHaveLength(messengers.length);
  };

  test('fetch one token, and after 42001 and 40001 one more each', async () => {
    const five = await Promise.all(Array.from({ length: 5 }, () => messenger()));
    await sayAll(five);
    await sayAll(five);
    expect(tokensFetched).toBe(1);

    simulator.control.setFaults({ pay: [], platform: [{ kind: 'expireToken' }] });
    await sayAll(five);
    expect(tokensFetched).toBe(2);
    simulator.control.setFaults({ pay: [], platform: [] });

    // Somebody outside forces a new one: what we have is 40001 from now on.
    const body = { grant_type: 'client_credential', appid: ACCOUNT.appId, secret: ACCOUNT.appSecret };
    const forced = { method: 'POST', body: JSON.stringify({ ...body, force_refresh: true }) };
    await fetch(`${simulator.url}/cgi-bin/stable_token`, forced);
    await sayAll(five);
    await sayAll(five);
    expect(tokensFetched).toBe(3);
  });

  test('take numbers that a relay made texts of for what they are', async () => {
    const asked: string[] = [];
    const relay = createServer((req, res) => {
      asked.push(req.url!.replace(/\?.*/, ''));
      res.end(
        req.url!.startsWith('/cgi-bin/stable_token')
          ? '{"access_token":"A","expires_in":"7200"}'
          : req.url!.startsWith('/cgi-bin/ticket')
            ? '{"errcode":"0","errmsg":"ok","ticket":"T","expires_in":"7200"}'
            : req.url!.startsWith('/cgi-bin/user/info')
              ? '{"errcode":"0","subscribe":"1","subscribe_time":"1770000000","openid":"o"}'
              : req.url!.startsWith('/cgi-bin/qrcode')
                ? '{"ticket":"t","url":"http://weixin.qq.com/q/1","expire_seconds":"60"}'
                : '{"errcode":"45015","errmsg":"response out of time limit"}',
      );
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const config = {
      api: `http://127.0.0.1:${portOf(relay)}`,
      appId: ACCOUNT.appId,
      appSecret: ACCOUNT.appSecret,
    };
    const ports = { clock, sleep: (ms: number) => sleep(ms), store: await beside.open() };
    try {
      const api = createApi(config, ports);
      expect(await createJsSigner(config.appId, api, ports)('https://a.example/')).toMatchObject({
        appId: config.appId,
      });
      const ask = createFollowerDesk(new Map([['tea', config]]), ports);
      expect(await ask('tea', openId('o'))).toEqual({ following: true, since: 1_770_000_000_000 });
      const code = await createQrCode(api, clock, { scene: 'a', numbers: false, lasts: 30_000 });
      expect(code.expires! - clock()).toBeGreaterThan(50_000);
      await expect(api.post('/cgi-bin/message/custom/send', {})).rejects.toMatchObject({ code: '45015' });
      expect(asked.filter(path => path === '/cgi-bin/stable_token').length).toBe(1);
    } finally {
      relay.closeAllConnections();
      relay.close();
    }
  });

  test('name neither secret nor token when the platform refuses them', async () => {
    const wrong = await messenger('wrongwrongwrongwrongwrongwrong00');
    const failure: unknown = await wrong.say(openId('oNobody'), 'x').catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'Fault', code: '40125' });
    expect(messageOf(failure)).not.toMatch(/wrongwrong|access_token=/);
  });
});
