// The wires to WeChat Pay: requests and answers are late, lost, or come twice. Behind them stand the simulator's desks, with
// its protocols as they are; of transfers the answers are signed, with either of two keys where a world has two.
import type { Spoil } from '../../src/simulator/pay/redpack-faults.ts';
import { replyXml } from '../../src/simulator/pay/redpack-reply.ts';
import { V3Signer } from '../../src/simulator/pay/v3-signature.ts';
import type { Post } from '../../src/wechat/pay/redpack.ts';
import type { Call, Lost, Reply, Transport } from '../../src/wechat/transport.ts';
import { parseXml, textOf } from '../../src/wechat/xml.ts';
import { has, isText, readJson } from '../support/json.ts';
import { MCH_ID, PAY_KEYS } from './config.ts';
import type { Torture } from './world.ts';

const SECOND = 1000;
/** So long WeChat Pay is at work on a coupon. */
const WORK_MS = 100;
const SIGNERS = PAY_KEYS.map(key => new V3Signer(key));

export type Wire = { readonly post: Post; readonly transport: Transport };
/** `isCounted`: it is held to the merchant's pace. */
export type End = { readonly who: string; readonly isCounted: boolean };

type Exchange = {
  readonly billNo: string;
  readonly what: 'send' | 'ask' | 'cancel' | 'authorization';
  readonly isVoucher?: true;
  readonly body: string;
  /** The desk's answer, in a word for the story, and what happens to it on its way. */
  readonly answer: () => { readonly words: string; readonly reply: Reply; readonly spoil?: Spoil | undefined };
};

export function wireOf(torture: Torture, end: End): Wire {
  return {
    post: async (path, body) => {
      const endpoint = path.endsWith('gethbinfo') ? 'gethbinfo' : 'sendredpack';
      const billNo = textOf(parseXml(body), 'mch_billno')!;
      const answer = (): ReturnType<Exchange['answer']> => {
        const { reply, spoil } = torture.desk.answer(endpoint, body, MCH_ID);
        const words = `${endpoint} ${billNo.slice(-6)} → ${String(reply.status ?? reply.err_code ?? reply.result_code)}`;
        const text = replyXml(spoil?.kind === 'systemError' ? SYSTEM_ERROR : reply);
        return { words, reply: { status: 200, headers: {}, text }, spoil };
      };
      return exchange(torture, end, { billNo, what: endpoint === 'gethbinfo' ? 'ask' : 'send', body, answer });
    },
    transport: {
      call: call =>
        exchange(
          torture,
          end,
          call.path.includes('/favor/') ? voucherCall(torture, call) : transferCall(torture, call),
        ),
      close: async () => {},
    },
  };
}

const SYSTEM_ERROR = {
  return_code: 'SUCCESS',
  result_code: 'FAIL',
  err_code: 'SYSTEMERROR',
  err_code_des: '系统繁忙',
};

function transferCall(torture: Torture, { method, path, body = '' }: Call): Exchange {
  const authorization = /out-authorization-no\/a(\w+)/.exec(path)?.[1];
  const billNo =
    authorization ?? /out-bill-no\/(\w+)/.exec(path)?.[1] ?? readJson(body, has({ out_bill_no: isText })).out_bill_no;
  const what =
    authorization !== undefined
      ? 'authorization'
      : method === 'GET'
        ? 'ask'
        : path.endsWith('/cancel')
          ? 'cancel'
          : 'send';
  const answer = (): ReturnType<Exchange['answer']> => {
    const told = torture.transfers.answer({ method, path, body }, MCH_ID);
    const { status, spoil } = told;
    const json = asTold(torture, told.body);
    const words = `transfer ${what} ${billNo.slice(-6)} → ${status} ${String(json.state ?? json.code)} ${String(json.fail_reason ?? '')}`;
    if (spoil?.kind === 'systemError')
      return { words, reply: signed(torture, 500, { code: 'SYSTEM_ERROR' }, billNo), spoil };
    return { words, reply: signed(torture, status, json, billNo), spoil };
  };
  return { billNo, what, body, answer };
}

/** What is asked of a list names no number. */
function voucherCall(torture: Torture, { method, path, body = '' }: Call): Exchange {
  const coupon = torture.wechat.coupons.coupon(/coupons\/(\w+)/.exec(path)?.[1] ?? '');
  const billNo =
    body === '' ? (coupon?.number ?? 'list') : readJson(body, has({ out_request_no: isText })).out_request_no;
  const answer = (): ReturnType<Exchange['answer']> => {
    const { status, spoil, body: json, over } = torture.vouchers.answer({ method, path, body }, MCH_ID)!;
    if (over) torture.time.at(torture.time.now() + WORK_MS, over);
    const words = `voucher ${method} ${billNo.slice(-6)} → ${status} ${String(json.status ?? json.code ?? json.coupon_id ?? json.total_count)}`;
    const isHidden = spoil?.kind === 'systemError' && status === 200;
    const told = isHidden ? ([500, { code: 'SYSTEM_ERROR' }] as const) : ([status, json] as const);
    return { words, reply: signed(torture, ...told, billNo), spoil };
  };
  return { billNo, what: method === 'GET' ? 'ask' : 'send', isVoucher: true, body, answer };
}

/** Of what a merchant takes back WeChat Pay says CANCELLED, or that it failed because the merchant did. */
export function asTold(
  { saysCancelled }: Torture,
  bill: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return bill.state !== 'CANCELLED' || saysCancelled ? bill : { ...bill, state: 'FAIL', fail_reason: 'MCH_CANCEL' };
}

function signed(torture: Torture, status: number, json: object, about: string): Reply {
  const text = JSON.stringify(json);
  return { status, headers: signatureOf(torture, text, about), text };
}

/** By WeChat Pay, with its key; while another key takes over, with that one for more and more of what there is. */
export function signatureOf(torture: Torture, body: string, about: string): Record<string, string> {
  const isOther = torture.hasTwoKeys && about.charCodeAt(about.length - 1) % 2 === 0;
  return SIGNERS[isOther ? 1 : 0]!.headers(body, torture.time.now());
}

async function exchange(torture: Torture, end: End, call: Exchange): Promise<Reply | Lost> {
  const { dice, time, watch, isTroubled } = torture;
  const { billNo, what, body, answer, isVoucher } = call;
  watch.departed(end.isCounted && (what === 'send' || what === 'ask') ? what : 'other', {
    at: time.now(),
    billNo,
    body,
    who: end.who,
    what,
    ...(isVoucher && { isVoucher }),
  });
  if (isTroubled && dice.chance(0.02)) return { seen: { kind: 'unreached', code: 'ECONNREFUSED', text: '' } };
  const silence = async (): Promise<Lost> => {
    await time.sleep(10 * SECOND);
    return { seen: { kind: 'silence', code: 'UND_ERR_HEADERS_TIMEOUT', text: '' } };
  };
  if (isTroubled && dice.chance(0.04)) {
    torture.tell(`the request for ${billNo.slice(-6)} is lost`);
    return silence();
  }
  await time.sleep(dice.between(5, 400));
  const { words, reply, spoil } = answer();
  // A request that arrives once more meets who may not call, or is not paid, as the first one did.
  const isBarred = reply.status === 403 || spoil?.kind.startsWith('noAuth') === true;
  if (isTroubled && dice.chance(0.04) && !isBarred) time.at(time.now() + dice.between(1, 5000), () => void answer());
  torture.tell(`${words}${spoil ? ` (${spoil.kind})` : ''}`);
  if (spoil?.kind === 'cut' || (isTroubled && dice.chance(0.04))) return silence();
  await time.sleep(dice.between(5, 400));
  if (spoil?.kind === 'html502') return { status: 502, headers: {}, text: '<html>' };
  if (spoil?.kind === 'truncated') return { ...reply, text: reply.text.slice(0, 60) };
  if (spoil?.kind === 'slow' && spoil.delayMs > 9000) return silence();
  return reply;
}
