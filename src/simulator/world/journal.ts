// The simulator's memory on disk: one JSON line per change, appended before anybody is told about it.

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { BadInput } from '../../core/base/error.ts';
import type { AccountOptions } from '../shared/options.ts';
import type { Authorization, Coupon, Line, QrCode, Stock } from '../shared/protocol.ts';
import type { Menu } from '../shared/protocol-menu.ts';
import type { ConsoleEntry } from './console.ts';
import type { Grants } from './message-windows.ts';
import type { Order } from './order.ts';
import type { ShopEntry } from './shop.ts';

/** A person as stored: what the protocol shows, less the chat. */
export type StoredPerson = {
  readonly openid: string;
  readonly account: string;
  readonly nickname: string;
  readonly following: boolean;
  readonly followedAt?: number;
  /** The scene of the QR code of the latest follow. */
  readonly scene?: string;
};

export type Entry =
  | { readonly is: 'person'; readonly person: StoredPerson }
  | { readonly is: 'line'; readonly openid: string; readonly line: Line }
  | { readonly is: 'grants'; readonly openid: string; readonly grants: Grants }
  /** The order, what its change left in the merchant's account, and the card in the chat: all or nothing. */
  | { readonly is: 'order'; readonly order: Order; readonly balance: number; readonly card?: Line }
  /** `at`: not in older logs. */
  | { readonly is: 'balance'; readonly mchId: string; readonly balance: number; readonly at?: number }
  | { readonly is: 'menu'; readonly account: string; readonly menu: Menu }
  | { readonly is: 'qrcode'; readonly account: string; readonly qrcode: QrCode; readonly permanent: boolean }
  | ({ readonly is: 'shop' } & ShopEntry)
  | ({ readonly is: 'console' } & ConsoleEntry)
  | { readonly is: 'account'; readonly options: AccountOptions }
  | ({ readonly is: 'coupon' } & ({ readonly stock: Stock } | { readonly coupon: Coupon }))
  | { readonly is: 'authorization'; readonly authorization: Authorization }
  | { readonly is: 'clock'; readonly offsetMs: number };

export type Journal = {
  /** What was written in earlier lives, oldest first. */
  readonly past: readonly Entry[];
  append(entry: Entry): void;
  close(): void;
};

const LOG = 'log.jsonl';

/** What was ever written is gone. */
export function forgetJournal(folder: string | undefined): void {
  if (folder !== undefined) rmSync(join(folder, LOG), { force: true });
}

/** Without a folder nothing is kept. */
export function openJournal(folder: string | undefined): Journal {
  if (folder === undefined) return { past: [], append: () => {}, close: () => {} };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, LOG);
  const past = existsSync(path) ? readPast(path) : [];
  let file: number | undefined = openSync(path, 'a', 0o600);
  return {
    past,
    append: entry => {
      // After the close nothing can be acknowledged any more, so there is nothing to remember either.
      if (file !== undefined) writeSync(file, `${JSON.stringify(entry)}\n`);
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** A torn last line was never acknowledged: it is cut off, so that the next one does not grow onto it. */
function readPast(path: string): Entry[] {
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) truncateSync(path, end);
  const lines = bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as Entry;
    } catch {
      throw new BadInput(`${path}:${index + 1}: not a line of the simulator's log; remove the file to start anew`);
    }
  });
}
