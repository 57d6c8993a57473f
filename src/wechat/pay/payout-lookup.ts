// Who a number was paid to: read from the answers to the two queries (查询红包记录, 查询转账单) of an order whose payout was
// lost. What became of the order is the query's business as ever; this is only for finding out whose it is.
import type { OpenId } from '../../core/base/event.ts';
import { type Fen, fen } from '../../core/base/money.ts';
import type { Observation, Payout } from '../../core/payout/payout.ts';
import { sightOf } from '../../core/payout/wechat-codes.ts';
import type { Clock } from '../../ports.ts';
import { numberOf } from '../json.ts';
import { createTransport } from '../transport.ts';
import { childrenOf, parseXml, textOf, type XmlFields, type XmlValue } from '../xml.ts';
import type { Keys } from './platform-keys.ts';
import { type PayConfig, payerOver } from './redpack.ts';
import { type TransferConfig, transferPayerOver } from './transfer.ts';

/** What WeChat Pay says of a number. */
export type Sighting =
  | {
      readonly kind: 'order';
      /** A red packet names its followers only once they have opened it; a group packet, all of them. */
      readonly users: readonly OpenId[];
      readonly amount: Fen | undefined;
      /** It may still be opened, or come back. */
      readonly isOpen: boolean;
      /** Texts by which its campaign may be known. */
      readonly words: readonly (string | undefined)[];
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'unasked'; readonly why: string };

export type Look = {
  /** `draft`: a payout with this number; of its follower and its amount nothing needs to be true. */
  ask(draft: Payout): Promise<Sighting>;
  close(): Promise<void>;
};

export function createRedpackLook(config: PayConfig): Look {
  const transport = createTransport(config);
  const headers = { 'content-type': 'text/xml; charset=utf-8' };
  return {
    async ask(draft) {
      let text = '';
      const payer = payerOver(config.apiV2Key, async (path, body) => {
        const answer = await transport.call({ method: 'POST', path, headers, body });
        if (!('seen' in answer)) text = answer.text;
        return answer;
      });
      return sightingOf(await payer.query(draft), draft, () => readRedpack(parseXml(text)));
    },
    close: () => transport.close(),
  };
}

export function createTransferLook(config: TransferConfig, clock: Clock, keys: Keys): Look {
  const { api, ca } = config;
  const transport = createTransport({ api, ca });
  return {
    async ask(draft) {
      let text = '';
      const call: typeof transport.call = async request => {
        const answer = await transport.call(request);
        if (!('seen' in answer)) text = answer.text;
        return answer;
      };
      const payer = transferPayerOver(config, clock, { ...transport, call }, keys);
      return sightingOf(await payer.query(draft), draft, () => readTransfer(JSON.parse(text) as Json));
    },
    close: () => transport.close(),
  };
}

type Order = Omit<Extract<Sighting, { kind: 'order' }>, 'kind'>;

/** An answer that differs from the draft was verified like any other before it was compared. */
function sightingOf(seen: Observation, { request }: Payout, read: () => Order): Sighting {
  if (sightOf(seen, true, request.channel) === 'notFound') return { kind: 'none' };
  const isOther = seen.kind === 'silence' && (seen.code === 'OTHER_AMOUNT' || seen.code === 'OTHER_PAYEE');
  if (seen.kind === 'status' || seen.kind === 'bill' || isOther) return { kind: 'order', ...read() };
  return { kind: 'unasked', why: 'code' in seen ? `${seen.code} ${seen.text}`.trim() : seen.kind };
}

const OPENID = /^[\w-]{1,64}$/;

function readRedpack(fields: XmlFields): Order {
  const status = textOf(fields, 'status');
  const { hbinfo } = childrenOf(fields, 'hblist');
  const takers: readonly (XmlValue | undefined)[] = Array.isArray(hbinfo) ? hbinfo : [hbinfo];
  const openids = takers.map(taker => (isFields(taker) ? textOf(taker, 'openid') : undefined));
  return {
    users: openids.filter(isOpenId),
    amount: amountOf(Number(textOf(fields, 'total_amount'))),
    isOpen: status === 'SENDING' || status === 'SENT' || status === 'RFUND_ING',
    words: [textOf(fields, 'remark'), textOf(fields, 'act_name')],
  };
}

type Json = Readonly<Record<string, unknown>>;

function readTransfer({ state, openid, transfer_amount: amount, transfer_remark: remark }: Json): Order {
  return {
    users: [openid].filter(isOpenId),
    amount: amountOf(amount),
    isOpen: state !== 'SUCCESS' && state !== 'FAIL' && state !== 'CANCELLED',
    words: [typeof remark === 'string' ? remark : undefined],
  };
}

function isFields(value: XmlValue | undefined): value is XmlFields {
  return typeof value === 'object' && !Array.isArray(value);
}

function isOpenId(value: unknown): value is OpenId {
  return typeof value === 'string' && OPENID.test(value);
}

function amountOf(value: unknown): Fen | undefined {
  const amount = numberOf(value);
  return amount !== undefined && Number.isSafeInteger(amount) && amount > 0 ? fen(amount) : undefined;
}
