// WeChat Pay's door: TLS with a client certificate that is asked for but not insisted on, so that its absence can be
// answered in XML as the real one does.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { delayed, readBody, send } from '../shared/http.ts';
import { type FaultBox, OF_FRONT, type PayEndpoint } from '../world/faults.ts';
import { DOWNLOAD_V2 } from './bills.ts';
import type { Certificates } from './keys/certificates.ts';
import type { ShopDesk } from './order-query.ts';
import type { DeskAnswer, PayDesk } from './redpack.ts';
import { systemError } from './redpack-faults.ts';
import { earlyFailure, HTML_502, replyXml, strangeReply } from './redpack-reply.ts';
import type { XmlEndpoint } from './redpack-request.ts';
import { sendFile, serveV3, type V3Door } from './server-v3.ts';

const ENDPOINTS: Record<string, XmlEndpoint> = {
  '/mmpaymkttransfers/sendredpack': 'sendredpack',
  '/mmpaymkttransfers/sendgroupredpack': 'sendgroupredpack',
  '/mmpaymkttransfers/gethbinfo': 'gethbinfo',
};
const XML = 'text/xml; charset=utf-8';

const ORDER_QUERY = '/pay/orderquery';
const FAVOR = '/v3/marketing/favor/users';
const BILLS = '/v3/fund-app/mch-transfer/transfer-bills';

export function payServer(certificates: Certificates, desk: PayDesk, v3: V3Door, faults: FaultBox): Server {
  const options = {
    cert: certificates.server.certPem,
    key: certificates.server.keyPem,
    ca: certificates.caPem,
    requestCert: true,
    rejectUnauthorized: false,
    keepAliveTimeout: 65_000,
  };
  const server = createServer(options, (req, res) => {
    if (stopped(faults, req, res)) return;
    const serving = (req.url ?? '').startsWith('/v3/') ? serveV3(v3, req, res) : serve(desk, v3, req, res);
    serving.catch(() => res.destroy());
  });
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (faults.takePay('connection', '', fault => fault.kind === 'tlsRefused')) socket.destroy();
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
  if (path.startsWith('/v3/bill/') || path === DOWNLOAD_V2) return 'bill';
  if (path.startsWith('/v3/billdownload/')) return 'billDownload';
  if (path.includes('/elecsign/')) return path.endsWith('/file') ? 'billDownload' : 'bill';
  if (path.startsWith(FAVOR)) return method === 'POST' ? 'voucher' : 'voucherQuery';
  if (!path.startsWith(BILLS)) return ENDPOINTS[path] ?? 'orderQuery';
  if (path.endsWith('/cancel')) return 'transferCancel';
  return method === 'POST' ? 'transfer' : 'transferQuery';
}

async function serve(desk: PayDesk, { shop, bills }: V3Door, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? '').split('?')[0]!;
  const endpoint = ENDPOINTS[path];
  const isOther = path === ORDER_QUERY || path === DOWNLOAD_V2;
  if (endpoint === undefined && !isOther) return send(res, 404, 'text/html', '<html><body>404 Not Found</body></html>');
  if (req.method !== 'POST') return send(res, 200, XML, replyXml(earlyFailure('XML_ERROR', '请使用POST方法')));
  let body: string;
  try {
    body = await readBody(req);
  } catch {
    return send(res, 200, XML, replyXml(earlyFailure('XML_ERROR', '输入xml参数格式错误')));
  }
  if (path === DOWNLOAD_V2) return sendFile(res, bills.fileOfV2(body, merchantOf(req.socket as TLSSocket)));
  // The one of them that asks for no certificate, and whose answers are signed.
  if (endpoint === undefined) return deliverXml(res, shop.answerV2(body));
  await deliver(res, desk.answer(endpoint, body, merchantOf(req.socket as TLSSocket)));
}

function deliverXml(res: ServerResponse, { xml, spoil }: ReturnType<ShopDesk['answerV2']>): void {
  if (spoil === 'cut') res.socket?.destroy();
  else if (spoil === 'html502') send(res, 502, 'text/html', HTML_502);
  else send(res, 200, XML, xml);
}

/** The merchant number on the client certificate, if our CA signed it. */
function merchantOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}

async function deliver(res: ServerResponse, { reply, spoil }: DeskAnswer): Promise<void> {
  const isSuccess = reply.result_code === 'SUCCESS';
  switch (spoil?.kind) {
    case 'cut':
      res.socket?.destroy();
      return;
    case 'html502':
      return send(res, 502, 'text/html', HTML_502);
    case 'truncated': {
      const whole = replyXml(reply);
      return send(res, 200, XML, whole.slice(0, Math.floor(whole.length / 2)));
    }
    case 'strange':
      return send(res, 200, XML, replyXml(strangeReply(reply)));
    case 'systemError':
      // A refusal is told as it is: nothing was sent that an error could hide.
      return send(res, 200, XML, replyXml(isSuccess ? systemError() : reply));
    case 'slow':
      if (await delayed(res, spoil.delayMs)) send(res, 200, XML, replyXml(reply));
      return;
    default:
      return send(res, 200, XML, replyXml(reply));
  }
}
