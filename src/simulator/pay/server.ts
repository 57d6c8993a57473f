// WeChat Pay's door: TLS with a client certificate that is asked for but not insisted on, so that its absence can be
// answered in XML as the real one does.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { TLSSocket } from 'node:tls';
import { delayed, fail, readBody, send } from '../shared/http.ts';
import { type FaultBox, OF_FRONT, type PayEndpoint } from '../world/faults.ts';
import { DOWNLOAD_TRADES, DOWNLOAD_V2 } from './bills.ts';
import type { Certificates } from './keys/certificates.ts';
import type { ShopDesk } from './order-query.ts';
import type { DeskAnswer, PayDesk } from './redpack.ts';
import { systemError } from './redpack-faults.ts';
import { earlyFailure, HTML_502, type PayReply, replyXml, signedReply, strangeReply } from './redpack-reply.ts';
import type { XmlEndpoint } from './redpack-request.ts';
import { sendFile, serveV3, type V3Door } from './server-v3.ts';

const ENDPOINTS: Record<string, XmlEndpoint> = {
  '/mmpaymkttransfers/sendredpack': 'sendredpack',
  '/mmpaymkttransfers/sendgroupredpack': 'sendgroupredpack',
  '/mmpaymkttransfers/gethbinfo': 'gethbinfo',
};
const XML = 'text/xml; charset=utf-8';

const ORDER_QUERY = '/pay/orderquery';
/** What is answered of API v2, beside what is placed and refunded. */
export const PAY_PATHS_V2: readonly string[] = [...Object.keys(ENDPOINTS), ORDER_QUERY, DOWNLOAD_V2];
const FAVOR = '/v3/marketing/favor/users';
const BILLS = '/v3/fund-app/mch-transfer/transfer-bills';

/** Everything WeChat Pay answers with. */
export type PayParts = { readonly desk: PayDesk; readonly v3: V3Door; readonly faults: FaultBox };
type Listener = (req: IncomingMessage, res: ServerResponse) => void;

/** The hosts of the platform; what is meant for them comes to the same port, where somebody's hosts file sends all of WeChat. */
const PLATFORM_HOSTS: ReadonlySet<string> = new Set(['api.weixin.qq.com', 'open.weixin.qq.com', 'mp.weixin.qq.com']);
const PLATFORM_PLACES =
  /^\/(?:$|(?:cgi-bin|wxaapi|wxa|connect|sns|customservice|jsapi|control|simulator|docs)(?:[/?]|$)|jweixin\.js)/;
const PAY_HOST = /^(?:api|api2)\.mch\.weixin\.qq\.com$/;

function isForPlatform({ headers, url = '' }: IncomingMessage): boolean {
  const host = (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  return PLATFORM_HOSTS.has(host) || (!PAY_HOST.test(host) && PLATFORM_PLACES.test(url));
}

/** `current`: as they are now, after a reset others than before. `platform`: answers what is meant for the platform's hosts. */
export function payServer(certificates: Certificates, current: () => PayParts, platform: Listener): Server {
  const options = {
    cert: certificates.server.certPem,
    key: certificates.server.keyPem,
    ca: certificates.caPem,
    requestCert: true,
    rejectUnauthorized: false,
    keepAliveTimeout: 65_000,
  };
  const server = createServer(options, (req, res) => {
    if (isForPlatform(req)) return platform(req, res);
    const { desk, v3, faults } = current();
    if (stopped(faults, req, res)) return;
    const serving = (req.url ?? '').startsWith('/v3/') ? serveV3(v3, req, res) : serve(desk, v3, req, res);
    serving.catch(error => fail(res, error));
  });
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (current().faults.takePay('connection', '', fault => fault.kind === 'tlsRefused')) socket.destroy();
  });
  return server;
}

/** What stands before WeChat Pay (a front server, a proxy) answers in its place. */
function stopped(faults: FaultBox, req: IncomingMessage, res: ServerResponse): boolean {
  const fault = faults.takePay(endpointOf(req), '', each => OF_FRONT.has(each.kind));
  if (!fault) return false;
  if (fault.kind === 'tlsRefused') {
    req.socket.destroy();
    return true;
  }
  const { status = 400, text = '', location } = fault;
  if (location !== undefined) res.setHeader('location', location);
  const type = text.startsWith('<') ? 'text/html' : text.startsWith('{') ? 'application/json' : 'text/plain';
  req.resume();
  send(res, status, type, text);
  return true;
}

function endpointOf({ method, url = '' }: IncomingMessage): PayEndpoint {
  const path = url.split('?')[0]!;
  if (path === '/v3/certificates') return 'certificates';
  if (path.startsWith('/v3/bill/') || path === DOWNLOAD_V2 || path === DOWNLOAD_TRADES) return 'bill';
  if (path.startsWith('/v3/billdownload/')) return 'billDownload';
  if (path.includes('/elecsign/')) return path.endsWith('/file') ? 'billDownload' : 'bill';
  if (path.startsWith(FAVOR)) return method === 'POST' ? 'voucher' : 'voucherQuery';
  if (!path.startsWith(BILLS)) return ENDPOINTS[path] ?? 'orderQuery';
  if (path.endsWith('/cancel')) return 'transferCancel';
  return method === 'POST' ? 'transfer' : 'transferQuery';
}

async function serve(desk: PayDesk, door: V3Door, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { shop, bills, ordersV2 } = door;
  const path = (req.url ?? '').split('?')[0]!;
  const endpoint = ENDPOINTS[path];
  if (req.method !== 'POST' && endpoint === undefined)
    return send(res, 404, XML, replyXml(missing(`${req.method} ${path}`)));
  if (req.method !== 'POST') return send(res, 200, XML, replyXml(earlyFailure('XML_ERROR', '请使用POST方法')));
  let body: string;
  try {
    body = await readBody(req);
  } catch {
    return send(res, 200, XML, replyXml(earlyFailure('XML_ERROR', '输入xml参数格式错误')));
  }
  if (path === DOWNLOAD_V2) return sendFile(res, bills.fileOfV2(body, merchantOf(req)));
  // Of these the answers are signed, and most ask for no certificate.
  if (path === ORDER_QUERY) return deliverXml(res, shop.answerV2(body));
  const ordered = ordersV2.answer(path, body, merchantOf(req));
  if (ordered) return sendFile(res, ordered);
  if (endpoint === undefined) return send(res, 404, XML, replyXml(missing(`${req.method} ${path}`)));
  await deliver(res, desk.answer(endpoint, body, merchantOf(req)));
}

/** Neither a typo nor a thing that was forgotten looks like a refusal of WeChat Pay's. */
function missing(call: string): PayReply {
  return { return_code: 'FAIL', return_msg: `the simulator has no ${call}` };
}

function deliverXml(res: ServerResponse, { xml, spoil }: ReturnType<ShopDesk['answerV2']>): void {
  if (spoil === 'cut') res.socket?.destroy();
  else if (spoil === 'html502') send(res, 502, 'text/html', HTML_502);
  else send(res, 200, XML, xml);
}

/** The merchant number on the client certificate, if our CA signed it. */
function merchantOf({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}

async function deliver(res: ServerResponse, { reply, spoil, signKey }: DeskAnswer): Promise<void> {
  const written = (each: PayReply): string => replyXml(signKey === undefined ? each : signedReply(each, signKey));
  const isSuccess = reply.result_code === 'SUCCESS';
  switch (spoil?.kind) {
    case 'cut':
      res.socket?.destroy();
      return;
    case 'html502':
      return send(res, 502, 'text/html', HTML_502);
    case 'truncated': {
      const whole = written(reply);
      return send(res, 200, XML, whole.slice(0, Math.floor(whole.length / 2)));
    }
    case 'strange':
      return send(res, 200, XML, written(strangeReply(reply)));
    case 'systemError':
      // A refusal is told as it is: nothing was sent that an error could hide.
      return send(res, 200, XML, written(isSuccess ? systemError() : reply));
    case 'slow':
      if (await delayed(res, spoil.delayMs)) send(res, 200, XML, written(reply));
      return;
    default:
      return send(res, 200, XML, written(reply));
  }
}
