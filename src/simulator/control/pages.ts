// The pages of the simulator's own port: the chat page under `/simulator`, and how to use all of it under `/`.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { send } from '../shared/http.ts';
import { pageFile } from './chat-page.ts';
import { docsPage, type Here, langOf } from './docs-page.ts';

export async function page(req: IncomingMessage, res: ServerResponse, url: URL, here: Here): Promise<void> {
  const path = url.pathname;
  if (path === '/') {
    const lang = langOf(url.searchParams.get('lang'), req.headers['accept-language']);
    return send(res, 200, 'text/html; charset=utf-8', await docsPage(lang, here));
  }
  const asset = /^\/simulator(?:\/assets\/([^/]+))?\/?$/.exec(path);
  const file = asset ? await pageFile(asset[1] ?? 'chat.html') : undefined;
  if (!file) return send(res, 404, 'text/plain', missing(path.replace(/[^\x20-\x7e]/g, ''), here));
  res.writeHead(200, { ...file.headers, 'content-length': file.body.length });
  res.end(file.body);
}

/** WeChat Pay is not what is missing: it is elsewhere. */
function missing(path: string, { payPort }: Here): string {
  return /^\/(?:v3|pay|secapi|mmpaymkttransfers)\//.test(path)
    ? `${path}: WeChat Pay is at https://127.0.0.1:${payPort}`
    : `the simulator has no ${path}`;
}
