// `hongbao payouts receipt NUMBER`: the receipt (电子回单) of a transfer that arrived, for the bookkeeper.

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BadInput } from '../../core/base/error.ts';
import { showFen } from '../../core/base/money.ts';
import { instant } from '../../core/base/time.ts';
import { t } from '../../core/base/words/words.ts';
import { channelOf } from '../../core/payout/channels/index.ts';
import { asBillNo, type Payout } from '../../core/payout/payout.ts';
import { keysOf } from '../../setup/platform-keys.ts';
import { createReceiptDesk, type ReceiptDesk } from '../../wechat/pay/receipt.ts';
import { type Common, EXIT, print, printJson, printNote, withStore } from '../shared/context.ts';

export type ReceiptOptions = Common & { readonly out?: string };

/** It is made within seconds. */
const ASKED = 15;
const PAUSE_MS = 2000;

/** 0: it is there. 1: WeChat Pay is still making it, or says no. */
export function receipt(number: string, options: ReceiptOptions): Promise<number> {
  return withStore(options, async (store, config) => {
    const payout = await store.payout(asBillNo(number));
    if (!payout) throw new BadInput(t`there is no payout ${number}; \`hongbao payouts list\` names them`);
    refuseOthers(payout);
    const file = options.out ?? `receipt-${payout.billNo}.pdf`;
    if (existsSync(file))
      throw new BadInput(t`${file} is there already, and is not written over; name another with --out`);
    const merchant = config.merchants.get(payout.merchant);
    const signer = merchant?.payNotice?.v3?.fetcher;
    const clock = () => instant(Date.now());
    const keys = merchant && keysOf(merchant, clock);
    if (!merchant || !signer || !keys)
      throw new BadInput(t`bot.yaml has no settings for transfers of merchant "${payout.merchant}"; add them again`);
    const { mchId, api, ca } = merchant;
    const desk = createReceiptDesk({ mchId, api, ca, ...signer }, clock, keys);
    try {
      const found = await patiently(desk, payout);
      if (found.kind === 'making') {
        printNote(t`WeChat Pay is still making it; ask again in a minute`);
        return EXIT.findings;
      }
      if (found.kind === 'failed') {
        printNote(t`there is no receipt: ${found.reason}`);
        return EXIT.findings;
      }
      await writeFile(file, found.bytes, { flag: 'wx', mode: 0o600 });
      const told = {
        number: payout.billNo,
        file,
        bytes: found.bytes.length,
        hashType: found.hashType,
        hash: found.hash,
      };
      if (options.json) printJson(told);
      else print(`${file}: ${showFen(payout.amount)}, ${found.hashType} ${found.hash}`);
      return EXIT.fine;
    } finally {
      await Promise.all([desk.close(), keys.close()]);
    }
  });
}

function refuseOthers({ billNo, request, state }: Payout): void {
  if (channelOf(request).name !== 'transfer')
    throw new BadInput(
      t`${billNo} is ${channelOf(request).aPayout}; WeChat Pay has receipts of transfers (商家转账) only`,
    );
  if (state !== 'received') throw new BadInput(t`${billNo} is ${state}; a receipt is there once it was received`);
}

async function patiently(desk: ReceiptDesk, { billNo }: Payout): Promise<Awaited<ReturnType<ReceiptDesk['fetch']>>> {
  for (let asked = 1; ; asked++) {
    const found = await desk.fetch(billNo);
    if (found.kind !== 'making' || asked >= ASKED) return found;
    await sleep(PAUSE_MS);
  }
}
