// Delivers pushes to the webhooks: 5 s for an answer, three deliveries in all, then the follower reads a notice.

import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { messageOf } from '../../core/base/error.ts';
import type { AccountOptions, SimulatorOptions } from '../shared/options.ts';
import type { Push, Try } from '../shared/protocol-push.ts';

import { Refused } from '../shared/refusal.ts';
import type { World } from '../world/world.ts';
import { type Answer, type Envelope, type Fields, readAnswer, seal, writeJson, writeXml } from './envelope.ts';

export const FAILURE_NOTICE = '该公众号提供的服务出现故障,请稍后再试';

const ANSWER_BYTES_MAX = 256 * 1024;
/** Events whose failure the follower never sees. */
const SILENT = new Set([
  'unsubscribe',
  'VIEW',
  'LOCATION',
  'TEMPLATESENDJOBFINISH',
  'MASSSENDJOBFINISH',
  'subscribe_msg_popup_event',
  'subscribe_msg_sent_event',
]);

export type Pusher = {
  /** Starts the deliveries; `done` resolves with the push as it ended. */
  send(account: string, openid: string, fields: Fields): { readonly push: Push; readonly done: Promise<Push> };
  /** The handshake (接入验证) that saving the URL in the console starts. */
  verify(account: string): Promise<{ readonly ok: boolean; readonly status: number; readonly answer: string }>;
  /** Resolves when no push is under way. */
  idle(): Promise<void>;
  /** Ends what is under way: nothing more is delivered. */
  close(): Promise<void>;
};

type Timing = { readonly timeoutMs: number; readonly tries: number; readonly gapMs: number };
type Delivered = { readonly made: Try; readonly answer: Answer | undefined };

export function pusher(world: World, options: SimulatorOptions): Pusher {
  const timeoutMs = options.pushTimeoutMs ?? 5000;
  const timing: Timing = { timeoutMs, tries: options.pushTries ?? 3, gapMs: options.pushGapMs ?? timeoutMs };
  const agent = new Agent({ keepAliveTimeout: 30_000, connections: 256, connect: { timeout: timeoutMs } });
  const stop = new AbortController();
  // Everything under way listens for the end.
  setMaxListeners(0, stop.signal);
  const under = new Set<Promise<Push>>();
  const prefix = `p${world.now().toString(36)}`;
  let count = 0;

  return {
    send: (account, openid, fields) => {
      needWebhook(world, account);
      const push = newPush(`${prefix}.${++count}`, world.now(), world.account(account).options, openid, fields);
      world.pushes.put(push);
      const line = { world, agent, timing, signal: stop.signal, trouble: options.trouble ?? (() => undefined) };
      const done = deliver(line, push, fields).finally(() => under.delete(done));
      under.add(done);
      return { push, done };
    },
    verify: async account => {
      needWebhook(world, account);
      return greet(world, agent, account, timeoutMs);
    },
    idle: async () => {
      while (under.size > 0) await Promise.allSettled([...under]);
    },
    close: async () => {
      stop.abort();
      await Promise.allSettled([...under]);
      await agent.destroy();
    },
  };
}

function needWebhook(world: World, account: string): void {
  if (world.account(account).webhook === '') throw new Refused(409, `account "${account}" has no webhook yet`);
}

function newPush(id: string, at: number, account: AccountOptions, openid: string, fields: Fields): Push {
  const msgId = fields.MsgId;
  return {
    id,
    person: openid,
    account: account.name,
    at,
    ...(msgId === undefined ? {} : { msgId }),
    createTime: Number(fields.CreateTime),
    type: fields.MsgType === 'event' ? (fields.Event ?? '') : (fields.MsgType ?? ''),
    xml: writeXml(fields, account.cdata),
    ...(account.format === 'json' && { json: writeJson(fields) }),
    tries: [],
    outcome: 'pending',
  };
}

type Wire = {
  readonly world: World;
  readonly agent: Agent;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  readonly trouble: (what: string) => void;
};

/** All deliveries of one push. Real timers only: the clock may be moved meanwhile. */
async function deliver(wire: Wire, started: Push, fields: Fields): Promise<Push> {
  const { world, timing, signal } = wire;
  const copies = world.faults.takePlatform('duplicatePush');
  const renew = world.faults.takePlatform('renewOnRetry') !== undefined;
  let push = started;
  let envelope = newEnvelope(world, push, fields);
  for (let n = 1; n <= timing.tries && !signal.aborted; n++) {
    if (n > 1 && renew) envelope = newEnvelope(world, push, fields);
    const begun = performance.now();
    const count = n === 1 && copies ? (copies.copies ?? 3) : 1;
    const delivered = await Promise.all(Array.from({ length: count }, () => knock(wire, push, envelope)));
    const failed = delivered.find(({ made }) => made.error !== undefined)?.made;
    if (failed) wire.trouble(`${push.type} to ${world.account(push.account).webhook}: ${failed.error}`);
    push = { ...push, tries: [...push.tries, ...delivered.map(({ made }) => made)] };
    const answers = delivered.flatMap(({ answer }) => answer ?? []);
    // Any answer will do, and one that says something is worth more than an empty one.
    const best =
      answers.find(({ kind }) => kind === 'reply') ?? answers.find(({ kind }) => kind === 'success') ?? answers[0];
    if (best) return finish(world, push, best);
    world.pushes.put(push);
    const gap = Math.max(0, timing.gapMs - (performance.now() - begun));
    if (n < timing.tries) await pause(gap, undefined, { signal, ref: false }).catch(() => undefined);
  }
  // Closing is no failure of the webhook: the follower is told nothing.
  return signal.aborted ? end(world, push, 'failure') : finish(world, push, { kind: 'bad', error: 'no answer' });
}

function newEnvelope(world: World, push: Push, fields: Fields): Envelope {
  const timestamp = String(Math.floor(world.wireNow() / 1000));
  return seal(world.account(push.account).options, push.person, fields, timestamp, String(randomInt(1e8, 2e9)));
}

/** One delivery. Anything but a status 200 in time is no answer, and is tried again. */
async function knock(wire: Wire, push: Push, envelope: Envelope): Promise<Delivered> {
  const { world } = wire;
  const { options, webhook } = world.account(push.account);
  const begun = performance.now();
  let made: Try = { at: world.now(), ms: 0, url: '', body: envelope.body, status: 0, answer: '' };
  let answer: Answer | undefined;
  try {
    const url = withQuery(webhook, envelope.query);
    made = { ...made, url: `${url.pathname}${url.search}` };
    const got = await call(wire, url, envelope.body, options.format === 'json' ? 'application/json' : 'text/xml');
    made = { ...made, status: got.status, answer: got.text };
    if (got.status === 200)
      answer = readAnswer(options, push.person, got.text, id => world.knowsMedia(push.account, id));
    else made = { ...made, error: `status ${got.status}` };
  } catch (error) {
    made = { ...made, error: messageOf(error) };
  }
  if (answer?.clear !== undefined) made = { ...made, clear: answer.clear };
  if (answer?.kind === 'bad') made = { ...made, error: answer.error };
  return { made: { ...made, ms: Math.round(performance.now() - begun) }, answer };
}

async function call(wire: Wire, url: URL, body: string, type: string): Promise<{ status: number; text: string }> {
  const { timeoutMs } = wire.timing;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    const reply = await request(url, {
      method: 'POST',
      headers: { 'content-type': `${type}; charset=utf-8`, 'user-agent': 'Mozilla/4.0', accept: '*/*' },
      body,
      dispatcher: wire.agent,
      signal: AbortSignal.any([timeout.signal, wire.signal]),
    });
    return { status: reply.statusCode, text: await readText(reply.body) };
  } finally {
    clearTimeout(timer);
  }
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`an answer over ${ANSWER_BYTES_MAX} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function withQuery(webhook: string, query: URLSearchParams): URL {
  const url = new URL(webhook);
  for (const [name, value] of query) url.searchParams.append(name, value);
  return url;
}

/** Shows the follower what came of it. Whoever left meanwhile sees nothing more. */
function finish(world: World, push: Push, answer: Answer): Push {
  if (world.findPerson(push.person)?.following) {
    if (answer.kind === 'reply') for (const line of answer.lines) world.say(push.person, { ...line, push: push.id });
    if (answer.kind === 'bad' && !SILENT.has(push.type)) {
      world.say(push.person, { from: 'system', kind: 'notice', text: FAILURE_NOTICE, push: push.id });
    }
  }
  return end(world, push, answer.kind === 'bad' ? 'failure' : answer.kind);
}

function end(world: World, push: Push, outcome: Push['outcome']): Push {
  const ended: Push = { ...push, outcome };
  world.pushes.put(ended);
  return ended;
}

async function greet(
  world: World,
  agent: Agent,
  name: string,
  timeoutMs: number,
): Promise<{ ok: boolean; status: number; answer: string }> {
  const { options, webhook } = world.account(name);
  const echostr = String(randomInt(1e12, 2e14));
  const timestamp = String(Math.floor(world.wireNow() / 1000));
  const nonce = String(randomInt(1e8, 2e9));
  // The handshake is never encrypted, whatever the mode.
  const { query } = seal({ ...options, mode: 'plain' }, '', {}, timestamp, nonce);
  query.delete('openid');
  query.set('echostr', echostr);
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const reply = await request(withQuery(webhook, query), { dispatcher: agent, signal });
    const answer = await readText(reply.body);
    return { ok: reply.statusCode === 200 && answer === echostr, status: reply.statusCode, answer };
  } catch (error) {
    return { ok: false, status: 0, answer: messageOf(error) };
  }
}
