// What a merchant sends to WeChat Pay v2, checked field by field before any business is done.
import { isIPv4 } from 'node:net';
import { paySignOf, payTextOf, sameText } from '../../wechat/crypto.ts';
import { textOf, type XmlFields } from '../../wechat/xml.ts';

export type XmlEndpoint = 'sendredpack' | 'sendgroupredpack' | 'gethbinfo';

type FieldRule = {
  readonly optional?: true;
  /** In UTF-8 bytes: the documents do not say what they count, and bytes are the safe reading. */
  readonly max: number;
  readonly is?: (value: string) => boolean;
};

const BILL_NO = /^[0-9A-Za-z]{1,28}$/;

const COMMON: Record<string, FieldRule> = {
  nonce_str: { max: 32 },
  sign: { max: 32 },
  mch_billno: { max: 28, is: value => BILL_NO.test(value) },
  mch_id: { max: 32 },
};

const SEND: Record<string, FieldRule> = {
  ...COMMON,
  wxappid: { max: 32 },
  send_name: { max: 32 },
  re_openid: { max: 32 },
  total_amount: { max: 10, is: value => /^[1-9]\d*$/.test(value) },
  wishing: { max: 128 },
  act_name: { max: 32 },
  remark: { max: 256 },
  scene_id: { optional: true, max: 32, is: value => /^PRODUCT_[1-8]$/.test(value) },
  risk_info: { optional: true, max: 128 },
  sub_mch_id: { optional: true, max: 32 },
  msgappid: { optional: true, max: 32 },
  consume_mch_id: { optional: true, max: 32 },
};

/** Only these are signed: WeChat Pay computes the sign over the parameters it knows. */
const RULES: Record<XmlEndpoint, Record<string, FieldRule>> = {
  sendredpack: {
    ...SEND,
    total_num: { max: 10, is: value => value === '1' },
    client_ip: { max: 15, is: isIPv4 },
  },
  // Knows no client_ip: whoever sends and signs one gets SIGN_ERROR.
  sendgroupredpack: {
    ...SEND,
    total_num: { max: 10, is: value => /^\d{1,2}$/.test(value) && Number(value) >= 3 && Number(value) <= 20 },
    amt_type: { max: 32, is: value => value === 'ALL_RAND' },
  },
  gethbinfo: {
    ...COMMON,
    appid: { max: 32 },
    bill_type: { max: 32, is: value => value === 'MCHT' },
  },
};

export type PayFields = Readonly<Record<string, string>>;

/** The known fields that are not empty. */
export function knownFields(endpoint: XmlEndpoint, xml: XmlFields): PayFields {
  const names = Object.keys(RULES[endpoint]).filter(name => (textOf(xml, name) ?? '') !== '');
  return Object.fromEntries(names.map(name => [name, textOf(xml, name)!]));
}

/** The first field that is wrong, as PARAM_ERROR names it. */
export function wrongField(endpoint: XmlEndpoint, fields: PayFields): string | undefined {
  for (const [name, rule] of Object.entries(RULES[endpoint])) {
    const value = fields[name];
    if (value === undefined && !rule.optional) return `参数错误:${name}字段必填,并且不能为空`;
    if (value === undefined) continue;
    if (Buffer.byteLength(value) > rule.max) return `参数错误:${name}字段过长,不能超过${rule.max}字节`;
    if (rule.is && !rule.is(value))
      return WRONG[`${endpoint}.${name}`] ?? WRONG[name] ?? `参数错误:${name}字段的值不正确`;
  }
  return undefined;
}

const WRONG: Record<string, string> = {
  mch_billno: '参数错误:输入的商户订单号有误',
  client_ip: '参数错误:client_ip不是合法的IP地址',
  total_num: '参数错误:红包发放总人数total_num必须为1',
  'sendgroupredpack.total_num': '参数错误:红包发放总人数total_num必须介于3到20之间',
  amt_type: '参数错误:红包金额设置方式amt_type必须为ALL_RAND',
  scene_id: '参数错误:场景scene_id不存在',
};

/** `undefined` if the sign is right, else the text it was computed over, with the key masked. */
export function wrongSign(fields: PayFields, key: string): string | undefined {
  if (sameText(paySignOf(fields, key), fields.sign ?? '')) return undefined;
  return payTextOf(fields, '*'.repeat(key.length));
}
