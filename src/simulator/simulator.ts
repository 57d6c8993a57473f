// A WeChat of one's own: the platform's API and the control API on one port, WeChat Pay with TLS on another (and, by host name,
// everything else too), pushes to webhooks, people, packets, and a clock that can be moved. Start here.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Handshake } from './control/control.ts';
import { type Control, controlDoor } from './control/control.ts';
import type { Here } from './control/docs-page.ts';
import { page } from './control/pages.ts';
import { beginLife, type Life } from './life.ts';
import { type MerchantCertificate, openCertificates } from './pay/keys/certificates.ts';
import type { Spacing } from './pay/rate.ts';
import { payServer } from './pay/server.ts';
import { answerOf, bodyOf, fail, listen, portOf, send, shut } from './shared/http.ts';
import type { RecordedCall, SimulatorOptions } from './shared/options.ts';
import { Refused } from './shared/refusal.ts';
import { lockFolder } from './world/folder-lock.ts';
import { forgetJournal } from './world/journal.ts';

/**
 * For simulations without a network, on one `world = new World(options)`:
 * `new PayDesk(world).answer('sendredpack', xml, mchId)`, `new TransferDesk(world).answer({ method, path, body }, mchId)`;
 * `.open(…)` and `.tick()` of the former are for both. Nothing there is random and nothing waits: shares, numbers and
 * lost reasons are counted or hashed, time is the world's clock. A `spoil` in an answer says what the network would do
 * to it. Random are only what the wire adds (nonces, keys) and, in pushes, `MediaId`s and the lower bits of `MsgId`s.
 */
export type Simulator = {
  /** `api` (and `open`) of an account, and the control API below `/control`. */
  readonly url: string;
  /** `api` of a merchant, v2 and v3; trusted through `ca`. By host name, everything else as well. */
  readonly payUrl: string;
  /** The client certificate of a merchant, the CA, and the public key with which v3 answers are verified. */
  certificates(mchId: string): MerchantCertificate;
  /** What the control API does, without HTTP. */
  readonly control: Control;
  /** For another HTTP server: `path` is `/control/…`, or what follows it, with the query. Always answers. */
  handle(req: IncomingMessage, res: ServerResponse, path: string): Promise<boolean>;
  setWebhook(account: string, url: string): void;
  /** Where a merchant is notified of payments and refunds: `notify_url` of all orders. */
  setPayNotify(mchId: string, url: string): void;
  /** The handshake that saving the URL in WeChat's console starts. */
  verifyWebhook(account: string): Promise<Handshake>;
  /** How closely a merchant's calls of sendredpack followed each other. */
  spacing(mchId: string): Spacing;
  /** Does what time has made due; otherwise done every second and when the clock is moved. */
  tick(): void;
  /** Resolves when no push is under way. */
  idle(): Promise<void>;
  /** Resolves when no callback of a transfer is under way (delivered, or given up), and no notice of a payment just now. */
  noticesIdle(): Promise<void>;
  close(): Promise<void>;
};

const HOST = '127.0.0.1';
const TICK_MS = 1000;

/** Starts a simulated WeChat, on 127.0.0.1 if no other host is named. Throws where its folder is in use already. */
export async function startSimulator(given: SimulatorOptions): Promise<Simulator> {
  const { folder, ...elsewhere } = given;
  // Without a folder, what is in memory only is everything.
  const options: SimulatorOptions = given.memory ? elsewhere : given;
  const unlock = await lockFolder(options.folder);
  try {
    return await start(options, folder, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function start(options: SimulatorOptions, folder: string | undefined, unlock: () => void): Promise<Simulator> {
  const mchIds = options.merchants.map(({ mchId }) => mchId);
  const certificates = await openCertificates(folder, mchIds);
  let life = await beginLife(options, certificates);
  const reset = async (): ReturnType<Control['reset']> => {
    if (options.resettable === false)
      throw new Refused(409, 'this simulator belongs to a bot that would remember what WeChat has forgotten');
    life = await nextLife(life, options, () => beginLife(options, certificates));
    door.forget();
    return life.control.state();
  };
  const control = (): Control => ({ ...life.control, reset });
  const door = controlDoor(control, options.hosts ?? []);
  const answer = (req: IncomingMessage, res: ServerResponse): void => {
    record(options, req, res);
    const [account, merchant] = [options.accounts[0], options.merchants[0]];
    serve(life, door.handle, req, res, { port: portOf(web), payPort: portOf(pay), folder, account, merchant });
  };
  const web = createServer({ keepAliveTimeout: 65_000 }, answer);
  const pay = payServer(certificates, () => life.pay, answer);
  pay.prependListener('request', (req, res) => record(options, req, res));
  const timer = setInterval(() => life.tick(), TICK_MS);
  timer.unref();
  const tunnels = new Set<Socket>();
  const close = async (): Promise<void> => {
    clearInterval(timer);
    door.close();
    // The server does not count them among its connections, but would wait for them.
    for (const each of tunnels) each.destroy();
    await Promise.all([life.close(), shut(web), shut(pay)]);
    unlock();
  };
  try {
    const port = await listen(web, options.host ?? HOST, options.port);
    const payPort = await listen(pay, options.host ?? HOST, options.payPort);
    web.on('connect', (req, socket: Socket, head: Buffer) => {
      tunnels.add(socket.once('close', () => tunnels.delete(socket)));
      tunnel(req, socket, head, payPort);
    });
    life.tick();
    return {
      url: `http://${HOST}:${port}`,
      payUrl: `https://${HOST}:${payPort}`,
      certificates: mchId => certificateOf(certificates.merchants, mchId),
      get control() {
        return control();
      },
      handle: async (req, res, path) => {
        await door.handle(req, res, path.replace(/^\/control(?=\/|\?|$)/, ''));
        return true;
      },
      setWebhook: (account, url) => life.world.setWebhook(account, url),
      setPayNotify: (mchId, url) => life.shop.setUrl(mchId, url),
      verifyWebhook: account => life.pushes.verify(account),
      spacing: mchId => life.desk.spacing(mchId),
      tick: () => life.tick(),
      idle: () => life.pushes.idle(),
      noticesIdle: () => life.noticesIdle(),
      close,
    };
  } catch (error) {
    // A port that is taken must not leave the other one open.
    await close();
    throw error;
  }
}

/** Everything is forgotten, but where bots are to be found. */
async function nextLife(life: Life, options: SimulatorOptions, begin: () => Promise<Life>): Promise<Life> {
  const webhooks = life.control.state().accounts.map(({ name, webhook }) => ({ name, webhook }));
  const urls = [...life.shop.urls()];
  await life.close();
  forgetJournal(options.folder);
  options.clock.setOffset(0);
  const next = await begin();
  const known = new Set(options.accounts.map(({ name }) => name));
  for (const { name, webhook } of webhooks) if (known.has(name)) next.world.setWebhook(name, webhook);
  for (const [mchId, url] of urls) next.shop.setUrl(mchId, url);
  return next;
}

function certificateOf(merchants: ReadonlyMap<string, MerchantCertificate>, mchId: string): MerchantCertificate {
  const certificate = merchants.get(mchId);
  if (!certificate) throw new Refused(404, `no merchant "${mchId}"`);
  return certificate;
}

type Handle = (req: IncomingMessage, res: ServerResponse, path: string) => Promise<void>;

/** Everything that is not WeChat Pay. The prefix `/simulator` is the chat page's. */
function serve(life: Life, control: Handle, req: IncomingMessage, res: ServerResponse, here: Here): void {
  const target = req.url ?? '/';
  // Two slashes at the beginning are no host: somebody has glued a base and a path.
  const base = target.startsWith('/') ? 'http://simulator' : '';
  const url = URL.canParse(base + target) ? new URL(base + target) : undefined;
  if (!url) {
    send(res, 400, 'text/plain', 'bad request');
    return;
  }
  if (life.handle(req, res, url)) return;
  const asked = /^(?:\/simulator)?\/control(\/.*)$/.exec(target);
  const answered = asked ? control(req, res, asked[1]!) : page(req, res, url, here);
  answered.catch(error => fail(res, error));
}

/** As a proxy (`HTTPS_PROXY`): whatever host is asked for, WeChat is here. */
function tunnel(req: IncomingMessage, socket: Socket, head: Buffer, port: number): void {
  socket.on('error', () => socket.destroy()); // who hangs up is nobody's mistake
  const [host = ''] = (req.url ?? '').split(':');
  const isOurs = /(^|\.)weixin\.qq\.com$|^127\.0\.0\.1$|^localhost$/.test(host);
  if (!isOurs) {
    socket.end(
      `HTTP/1.1 403 Forbidden\r\n\r\nthe simulator stands for WeChat's hosts only, not for ${host.replace(/[^\w.-]/g, '')}`,
    );
    return;
  }
  const inside = connect(port, HOST, () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    inside.write(head);
    inside.pipe(socket).pipe(inside);
  });
  inside.on('error', () => socket.destroy());
  socket.on('error', () => inside.destroy());
  socket.on('close', () => inside.destroy());
}

function record({ recorded, clock }: SimulatorOptions, req: IncomingMessage, res: ServerResponse): void {
  if (!recorded) return;
  const at = clock.now();
  res.once('finish', () => {
    const headers = Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)]));
    const call: RecordedCall = {
      ...{ at, method: req.method ?? '', host: req.headers.host ?? '', path: req.url ?? '', headers },
      ...{ body: asText(bodyOf(req)), status: res.statusCode, answer: asText(answerOf(res)) },
    };
    recorded(call);
  });
}

/** What is no text is in base64. */
function asText(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\uFFFD') ? `base64:${bytes.toString('base64')}` : text;
}
