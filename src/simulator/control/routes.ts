// Which calls the control API takes, one line each: what they are told is read by `input.ts`, what they do stands in `control.ts`.
import { BadInput } from '../../core/base/error.ts';
import type { Control } from './control.ts';
import {
  readAccount,
  readAct,
  readBalance,
  readClockChange,
  readCloseReason,
  readConsole,
  readFaults,
  readFundEdits,
  readLimits,
  readNewPerson,
  readOpenId,
  readPayInShop,
  readRefund,
  readSigning,
  readStock,
  readTemplates,
  readUrl,
} from './input.ts';

type Request = {
  readonly method: string;
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
};
/** What stands in place of each `:` of the path. */
type Asked = { readonly at: readonly string[]; readonly query: URLSearchParams; readonly body: unknown };
type Run = (control: Control, asked: Asked) => object | Promise<object>;

const PUSHES_SHOWN = 50;

const ROUTES: Readonly<Record<string, Run>> = {
  'GET /state': control => control.state(),
  'POST /reset': control => control.reset(),
  'POST /clock': (control, { body }) => control.moveClock(readClockChange(body)),
  'GET /faults': control => control.faults(),
  'PUT /faults': (control, { body }) => control.setFaults(readFaults(body)),
  'POST /faults': (control, { body }) => control.setFaults(readFaults(body)),

  'POST /people': (control, { body }) => control.addPerson(readNewPerson(body)),
  'GET /people/:openid': (control, { at }) => control.person(at[0]!),
  'POST /people/:openid/act': (control, { at, query, body }) =>
    control.act(at[0]!, readAct(body), { wait: query.get('wait') !== 'no' }),
  'POST /people/:openid/pay': (control, { at, body }) => control.pay(at[0]!, readPayInShop(body)),
  'GET /pushes': (control, { query }) => control.pushes(filterOf(query)),
  'GET /messages': control => control.messages(),

  'POST /accounts': (control, { body }) => control.addAccount(readAccount(body)),
  'PUT /accounts/:name': (control, { at, body }) => control.setPushing(at[0]!, readConsole(body)),
  'POST /accounts/:name/verify': (control, { at }) => control.verify(at[0]!),
  'PUT /accounts/:name/templates': (control, { at, body }) => control.setTemplates(at[0]!, readTemplates(body)),

  'POST /merchants/:mchId': (control, { at, body }) => control.setBalance(at[0]!, readBalance(body)),
  'PUT /merchants/:mchId/limits': (control, { at, body }) => control.setLimits(at[0]!, readLimits(body)),
  'PUT /merchants/:mchId/notify': (control, { at, body }) => control.setPayNotify(at[0]!, readUrl(body)),
  'GET /merchants/:mchId/signing': (control, { at }) => control.signing(at[0]!),
  'PUT /merchants/:mchId/signing': (control, { at, body }) => control.setSigning(at[0]!, readSigning(body)),
  'PUT /merchants/:mchId/fundflow': (control, { at, body }) => control.editFundFlow(at[0]!, readFundEdits(body)),

  'POST /packets/:mchId/:billNo/open': (control, { at, body }) => control.openPacket(at[0]!, at[1]!, readOpenId(body)),
  'GET /notices': control => control.notices(),
  'GET /orders': control => control.unpaid(),
  'POST /orders/:mchId/:orderNo/refund': (control, { at, body }) => {
    const { amount, notify } = readRefund(body);
    return control.refund(at[0]!, at[1]!, amount, { notify });
  },
  'GET /paynotices': control => control.payNotices(),

  'GET /authorizations': control => control.authorizations(),
  'POST /authorizations/:mchId/:number/confirm': (control, { at }) => control.confirmAuthorization(at[0]!, at[1]!),
  'POST /authorizations/:mchId/:number/close': (control, { at, body }) =>
    control.closeAuthorization(at[0]!, at[1]!, readCloseReason(body)),

  'PUT /stocks/:stockId': (control, { at, body }) => control.setStock(readStock(at[0]!, body)),
  'GET /coupons': control => control.coupons(),
  'POST /coupons/:couponId/use': (control, { at }) => control.endCoupon(at[0]!, 'USED'),
  'POST /coupons/:couponId/expire': (control, { at }) => control.endCoupon(at[0]!, 'EXPIRED'),
  'POST /coupons/:couponId/recover': (control, { at }) => control.endCoupon(at[0]!, 'RECOVER'),
};

/** Beside the table: what answers no JSON. */
const OTHERS = ['GET /stream', 'GET /people/:openid/open', 'GET /merchants/:mchId/fundflow.csv'];

/** Every call there is: `POST /people/:openid/act`. */
export const CONTROL_CALLS: readonly string[] = [...Object.keys(ROUTES), ...OTHERS];

const TABLE = Object.entries(ROUTES).map(([call, run]) => {
  const [method = '', path = ''] = call.split(' ');
  return { method, names: path.split('/').slice(1), run };
});

/** `undefined`: there is no such thing to ask for. */
export function answerOf(
  control: Control,
  { method, parts, query, body }: Request,
): object | Promise<object> | undefined {
  const found = TABLE.find(
    route =>
      route.method === method &&
      route.names.length === parts.length &&
      route.names.every((name, index) => name.startsWith(':') || name === parts[index]),
  );
  const at = parts.filter((_, index) => found?.names[index]?.startsWith(':'));
  return found?.run(control, { at, query, body });
}

function filterOf(query: URLSearchParams): { person?: string; limit: number } {
  const person = query.get('person');
  const limit = query.get('limit');
  if (limit !== null && !/^\d{1,6}$/.test(limit)) throw new BadInput('limit: expected a whole number');
  return { limit: limit === null ? PUSHES_SHOWN : Number(limit), ...(person ? { person } : {}) };
}
