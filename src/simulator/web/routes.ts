// What WeChat's browser and its pages ask for beside the API of `platform.ts`: OAuth and the JS-SDK, on the same port.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { platformError } from '../account/errors.ts';
import type { JsTickets } from '../account/js-tickets.ts';
import { OrderLife } from '../pay/order-lifecycle.ts';
import { send } from '../shared/http.ts';
import type { World } from '../world/world.ts';
import { JsDesk } from './browser.ts';
import { OAuthDesk } from './oauth.ts';

export type Web = {
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
        case '/sns/oauth2/access_token':
          exchange(world, oauth, req, res, url);
          return true;
        default:
          if (url.pathname !== '/jweixin.js' && !url.pathname.startsWith('/jsapi/')) return false;
          scripts.serve(req, res, url.pathname).catch(() => res.destroy());
          return true;
      }
    },
  };
}

function exchange(world: World, oauth: OAuthDesk, req: IncomingMessage, res: ServerResponse, url: URL): void {
  const { faults } = world;
  if (faults.takePlatform('html502')) {
    send(res, 502, 'text/html', '<html><body>502 Bad Gateway</body></html>');
    return;
  }
  const isBusy = faults.takePlatform('busy') !== undefined;
  const answer = req.method === 'GET' ? oauth.exchange(url.searchParams) : platformError(43001);
  // As the real one: JSON under another name.
  send(res, 200, 'text/plain; charset=utf-8', JSON.stringify(isBusy ? platformError(-1) : answer));
}
