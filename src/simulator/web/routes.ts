// What WeChat's browser and its pages ask for beside the API of `platform.ts`: OAuth and the JS-SDK, on the same port.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { platformError } from '../account/errors.ts';
import type { JsTickets } from '../account/js-tickets.ts';
import { OrderLife } from '../pay/order-lifecycle.ts';
import { fail, send } from '../shared/http.ts';
import type { World } from '../world/world.ts';
import { JsDesk } from './browser.ts';
import { OAuthDesk } from './oauth.ts';

type Web = {
  /** `false`: not one of its paths. */
  handle(req: IncomingMessage, res: ServerResponse, url: URL): boolean;
};

export function webPages(world: World, tickets: JsTickets): Web {
  const oauth = new OAuthDesk(world);
  const scripts = new JsDesk(world, tickets, new OrderLife(world));
  return {
    handle(req, res, url) {
      switch (url.pathname) {
        case '/connect/oauth2/authorize':
          oauth.authorize(req, res, url);
          return true;
        default:
          if (url.pathname.startsWith('/sns/')) return between(world, oauth, req, res, url);
          if (url.pathname !== '/jweixin.js' && !url.pathname.startsWith('/jsapi/')) return false;
          scripts.serve(req, res, url.pathname).catch(error => fail(res, error));
          return true;
      }
    },
  };
}

const CALLS: Readonly<Record<string, (oauth: OAuthDesk, query: URLSearchParams) => object>> = {
  '/sns/oauth2/access_token': (oauth, query) => oauth.exchange(query),
  '/sns/oauth2/refresh_token': (oauth, query) => oauth.refresh(query),
  '/sns/userinfo': (oauth, query) => oauth.userInfo(query),
  '/sns/auth': (oauth, query) => oauth.check(query),
};
export const WEB_PATHS: readonly string[] = ['/connect/oauth2/authorize', ...Object.keys(CALLS), '/jweixin.js'];

/** What servers ask for. */
function between(world: World, oauth: OAuthDesk, req: IncomingMessage, res: ServerResponse, url: URL): true {
  const { faults } = world;
  if (faults.takePlatform('html502')) {
    send(res, 502, 'text/html', '<html><body>502 Bad Gateway</body></html>');
    return true;
  }
  const isBusy = faults.takePlatform('busy') !== undefined;
  const call = CALLS[url.pathname];
  const missing = `the simulator has no ${req.method} ${url.pathname}`;
  const asked = (): object => call?.(oauth, url.searchParams) ?? platformError(40066, missing);
  // Some clients post what is in the query.
  const answer = req.method === 'GET' || req.method === 'POST' ? asked() : platformError(43001);
  // As the real one: JSON under another name.
  send(res, 200, 'text/plain; charset=utf-8', JSON.stringify(isBusy ? platformError(-1) : answer));
  return true;
}
