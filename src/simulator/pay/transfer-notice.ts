// The callbacks of transfers that reached their end: signed, encrypted, delivered until somebody says 200 or 204, and
// never waited for by anything else. They are in memory only: a restart forgets those under way.
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { messageOf } from '../../core/base/error.ts';
import type { SimulatorOptions } from '../shared/options.ts';
import type { Authorization, Change, Notice } from '../shared/protocol.ts';
import { authorizationReply } from '../world/authorizations.ts';
import { isOverBill, isTransfer, noticeResource, rfc3339, type Transfer } from '../world/bill.ts';
import { keyOf } from '../world/order.ts';
import type { World } from '../world/world.ts';
import type { SigningDesk } from './signing.ts';
import { type CallbackKind, callbackBody } from './v3-signature.ts';

const GAPS_MS = [1000, 3000, 10_000];
const TIMEOUT_MS = 5000;
const NOTICES_MAX = 200;

export type Notifier = {
  /** Newest first; the latest 200 are known. */
  notices(): Notice[];
  /** Resolves when no callback is under way. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

export function notifier(world: World, signing: SigningDesk, options: SimulatorOptions): Notifier {
  const timing = { gapsMs: options.noticeGapsMs ?? GAPS_MS, timeoutMs: options.noticeTimeoutMs ?? TIMEOUT_MS };
  const agent = new Agent({ keepAliveTimeout: 30_000, connections: 64, connect: { timeout: timing.timeoutMs } });
  const stop = new AbortController();
  // Everything under way listens for the end.
  setMaxListeners(0, stop.signal);
  const { trouble = () => undefined } = options;
  const wire: Wire = { world, signing, agent, ...timing, signal: stop.signal, trouble };
  const under = new Set<Promise<void>>();
  let notices: Notice[] = [];

  const put = (notice: Notice): void => {
    const index = notices.findLastIndex(known => known.id === notice.id);
    if (index >= 0) notices[index] = notice;
    else notices = [...notices, notice].slice(-NOTICES_MAX);
  };
  const unwatch = world.watch(change => {
    const news = newsOf(world, change);
    if (!news) return;
    const running = deliver(wire, news, put).finally(() => under.delete(running));
    under.add(running);
  });
  return {
    notices: () => notices.toReversed(),
    idle: async () => {
      while (under.size > 0) await Promise.allSettled([...under]);
    },
    close: async () => {
      unwatch();
      stop.abort();
      await Promise.allSettled([...under]);
      await agent.destroy();
    },
  };
}

type Wire = {
  readonly world: World;
  readonly signing: SigningDesk;
  readonly agent: Agent;
  readonly gapsMs: readonly number[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly trouble: (what: string) => void;
};

/** What a merchant is told, and where. */
type News = Pick<Notice, 'id' | 'mchId' | 'billNo' | 'state' | 'url'> & {
  readonly openid: string;
  readonly resource: object;
  readonly kind?: CallbackKind;
};

function newsOf(world: World, change: Change): News | undefined {
  if (change.kind === 'authorization') return newsOfAuthorization(change.authorization);
  const order = finishedOf(world, change);
  const url = order?.bill.notifyUrl;
  if (!order || url === undefined) return undefined;
  const { mchId, billNo, openid, bill } = order;
  const id = noticeIdOf(keyOf(order), bill.state);
  return { id, mchId, billNo, state: bill.state, url, openid, resource: noticeResource(order) };
}

function newsOfAuthorization(authorization: Authorization): News | undefined {
  const { mchId, number: billNo, state, notifyUrl: url, openid } = authorization;
  if (state === 'WAIT_USER_CONFIRM') return undefined;
  const id = noticeIdOf(`authorization/${mchId}/${billNo}`, state);
  const kind: CallbackKind = {
    event: `MCHTRANSFER.AUTHORIZATION.${state === 'CLOSED' ? 'CLOSED' : 'CONFIRMED'}`,
    summary: '商家转账用户授权通知',
    type: 'mch_payment',
  };
  return { id, mchId, billNo, state, url, openid, resource: authorizationReply(authorization, 'notice'), kind };
}

/** The transfer that has just reached its end. A final bill changes no more, so each end is seen once. */
function finishedOf(world: World, change: Change): Transfer | undefined {
  if (change.kind !== 'packet' || change.packet.billState === undefined) return undefined;
  if (!isOverBill(change.packet.billState)) return undefined;
  const order = world.order(change.packet.mchId, change.packet.billNo, 'transfer');
  return order && isTransfer(order) ? order : undefined;
}

/** The same on every run. */
function noticeIdOf(key: string, state: string): string {
  const hex = createHash('sha256').update(`notice\n${key}\n${state}`).digest('hex');
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

async function deliver(wire: Wire, news: News, put: (notice: Notice) => void): Promise<void> {
  const { world, signal, gapsMs } = wire;
  const { id, mchId, billNo, state, url, openid, resource, kind } = news;
  let notice: Notice = { id, mchId, billNo, state, url, tries: [], outcome: 'pending' };
  const isLost = world.faults.takePay('transferNotice', openid, each => each.kind === 'lostNotice') !== undefined;
  if (isLost) return put({ ...notice, outcome: 'lost' });
  const twice = world.faults.takePay('transferNotice', openid, each => each.kind === 'duplicateNotice');
  const body = callbackBody({ id, createTime: rfc3339(world.now()), resource }, world.merchant(mchId).apiV3Key, kind);
  put(notice);
  for (let n = 0; n <= gapsMs.length && !signal.aborted; n++) {
    const copies = n === 0 && twice ? (twice.copies ?? 2) : 1;
    const tries = await Promise.all(Array.from({ length: copies }, () => knock(wire, mchId, url, body)));
    const failed = tries.find(({ error }) => error !== undefined);
    if (failed) wire.trouble(`notice of ${billNo} to ${url}: ${failed.error}`);
    const isHeard = tries.some(({ status }) => status === 200 || status === 204);
    notice = { ...notice, tries: [...notice.tries, ...tries], outcome: isHeard ? 'delivered' : 'pending' };
    put(notice);
    if (isHeard) return;
    const gap = gapsMs[n];
    if (gap !== undefined) await pause(gap, undefined, { signal, ref: false }).catch(() => undefined);
  }
  put({ ...notice, outcome: 'failed' });
}

/** Signed anew each time: the clock may have been moved since. */
async function knock(wire: Wire, mchId: string, url: string, body: string): Promise<Notice['tries'][number]> {
  const { world, signing, agent, timeoutMs, signal } = wire;
  const at = world.now();
  try {
    const reply = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: '*/*',
        'user-agent': 'Mozilla/4.0',
        ...signing.headers(mchId, body, world.wireNow()),
      },
      body,
      dispatcher: agent,
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]),
    });
    await reply.body.dump();
    const isHeard = reply.statusCode === 200 || reply.statusCode === 204;
    return { at, status: reply.statusCode, ...(isHeard ? {} : { error: `status ${reply.statusCode}` }) };
  } catch (error) {
    return { at, status: 0, error: messageOf(error) };
  }
}
