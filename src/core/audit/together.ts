// Counters that must agree with each other, and not with claims: rows of a round with its packets, what was spent of a wallet
// with what was earned.
import { isKeyOf } from '../base/record.ts';
import type { CounterFault } from './counters.ts';

/** Each is fed by name and value; `end` says what is wrong. */
type Together = { counter(name: string, value: number): void; end(): CounterFault[] };

/** The rows of a round come to its packets. */
export function roundsTogether(): Together {
  const rounds = new Map<string, { packets: number; rows: number }>();
  return {
    counter(name, value) {
      const round = name.replace(/\/(?:packets|row\/\d+)$/, '');
      const sums = rounds.get(round) ?? { packets: 0, rows: 0 };
      sums[name === `${round}/packets` ? 'packets' : 'rows'] += value;
      rounds.set(round, sums);
    },
    end: () =>
      [...rounds].flatMap(([round, { packets, rows }]) =>
        packets === rows ? [] : [{ name: `${round}/packets`, low: rows, high: rows, found: packets }],
      ),
  };
}

type WalletSums = { earned: number; spent: number; 'taken-back': number };

/** Nothing was spent that was not earned. Together they may pass it: what was spent before a refund took it back. */
export function walletsTogether(): Together {
  const wallets = new Map<string, WalletSums>();
  return {
    counter(name, value) {
      const wallet = name.replace(/\/[^/]+$/, '');
      const sums = wallets.get(wallet) ?? { earned: 0, spent: 0, 'taken-back': 0 };
      const what = name.slice(wallet.length + 1);
      if (isKeyOf(sums, what)) sums[what] = value;
      wallets.set(wallet, sums);
    },
    end: () =>
      [...wallets].flatMap(([wallet, { earned, ...sums }]) =>
        (['spent', 'taken-back'] as const).flatMap(what =>
          sums[what] > earned ? [{ name: `${wallet}/${what}`, low: 0, high: earned, found: sums[what] }] : [],
        ),
      ),
  };
}
