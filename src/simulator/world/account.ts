// An account (公众号) of the simulated WeChat: what its console knows, and what is shown of it.

import type { AccountOptions } from '../shared/options.ts';
import type { Account, QrCode } from '../shared/protocol.ts';
import type { Menu } from '../shared/protocol-menu.ts';

type StoredQrCode = QrCode & { readonly permanent: boolean };
export type AccountState = {
  options: AccountOptions;
  webhook: string;
  menu: Menu;
  readonly qrcodes: Map<string, StoredQrCode>;
};

export function newAccount(options: AccountOptions): AccountState {
  return { options, webhook: options.webhook, menu: options.menu ?? { button: [] }, qrcodes: new Map() };
}

export function shownAccount(name: string, { options, webhook, menu, qrcodes }: AccountState): Account {
  const { title, appId, originalId, mode, format = 'xml', cdata = 'split' } = options;
  return {
    ...{ name, title, appId, originalId, mode, webhook, menu },
    ...((format !== 'xml' || cdata !== 'split') && { pushing: { format, cdata } }),
    qrcodes: [...qrcodes.values()].map(({ permanent: _permanent, ...qrcode }) => qrcode),
  };
}
