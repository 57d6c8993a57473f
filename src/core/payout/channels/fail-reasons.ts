// Why a transfer bill (商家转账) ended in FAIL, as data: one row per `fail_reason` that WeChat Pay documents, in its own words,
// with what follows for the prize. FAIL is final, so nothing was paid; but whom another number would help differs. A reason
// without a row is parked for a person, never taken for one that we know.

/** Whose trouble it is, and so what becomes of the prize. */
export type FailClass =
  | 'person' // WeChat refuses this payee: they are told, and no other number is tried
  | 'day' // the payee has had enough today: a new number on the next day
  | 'month' // … and this month: a new number in the next one
  | 'merchant' // the merchant's account or settings: halted, and still owed
  | 'one' // this payout as it is: parked, while the others go on
  | 'ours' // our request: parked
  | 'lapsed' // not confirmed in time
  | 'takenBack' // the merchant took it back
  | 'unknown'; // nobody says what it is: parked

type Row = readonly [reason: string, is: FailClass, words: string];

/** The platform's list (转账失败原因, 2026), and those of the batch product that the newer one still names. */
const ROWS: readonly Row[] = [
  ['ACCOUNT_FROZEN', 'person', '该用户账户被冻结'],
  ['ACCOUNT_NOT_EXIST', 'person', '该用户账户不存在'],
  ['PAYEE_ACCOUNT_ABNORMAL', 'person', '用户账户收款异常'],
  ['REAL_NAME_CHECK_FAIL', 'person', '收款人未实名认证'],
  ['NAME_NOT_CORRECT', 'person', '收款人姓名校验不通过'],
  ['ID_CARD_NOT_CORRECT', 'person', '收款人身份证校验不通过'],
  ['TRANSFER_RISK', 'person', '该笔转账可能存在风险,已被微信拦截'],
  ['REALNAME_ACCOUNT_RECEIVED_QUOTA_EXCEED', 'person', '用户账户收款受限,请用户在微信支付查看详情'],
  ['RECEIVE_ACCOUNT_NOT_PERMMIT', 'person', '未配置该用户为转账收款人'],
  ['RECEIVE_ACCOUNT_NOT_CONFIGURE', 'person', '请前往商户平台的转账场景中添加该收款人'],
  ['BANK_CARD_ACCOUNT_ABNORMAL', 'person', '银行卡已被销户、冻结、作废、挂失'],
  ['BANK_CARD_BANK_INFO_WRONG', 'person', '登记的银行名称或分支行信息有误'],
  ['BANK_CARD_CARD_INFO_WRONG', 'person', '银行卡户名或卡号有误'],
  ['BANK_CARD_STATUS_ABNORMAL', 'person', '银行卡状态异常'],
  ['BANK_CARD_TYPE_NOT_SUPPORTED', 'person', '不支持的银行卡类型'],
  ['BANK_CARD_PARAM_ERROR', 'person', '用户收款卡错误'],
  ['BANK_CARD_COLLECTIONS_ABOVE_QUOTA', 'person', '银行卡属二、三类卡,达到收款限额'],

  ['DAY_RECEIVED_QUOTA_EXCEED', 'day', '超过用户单日收款额度'],
  ['DAY_RECEIVED_COUNT_EXCEED', 'day', '超过用户单日收款次数'],
  ['MONTH_RECEIVED_QUOTA_EXCEED', 'month', '超过用户单月收款额度'],
  ['BLOCK_B2C_USERLIMITAMOUNT_BSRULE_MONTH', 'month', '超出用户单月转账收款限额,本月不能再向该用户付款'],
  ['BLOCK_B2C_USERLIMITAMOUNT_MONTH', 'month', '用户账户收款受限,本月不能再向该用户付款'],

  ['PAYER_ACCOUNT_ABNORMAL', 'merchant', '商户账户付款受限,请在商户平台获取解除限制的指引'],
  ['PRODUCT_AUTH_CHECK_FAIL', 'merchant', '未开通该权限或权限被冻结,请核实产品权限状态'],
  ['TRANSFER_SCENE_INVALID', 'merchant', '你尚未获取该转账场景,请确认转账场景ID是否正确'],
  ['TRANSFER_SCENE_UNAVAILABLE', 'merchant', '该转账场景暂不可用,请确认转账场景ID是否正确'],
  ['BUDGET_NOT_ENOUGH', 'merchant', '商户的转账预算不足'],
  ['MERCHANT_REJECT', 'merchant', '商户员工(转账验密人)已驳回转账,请核实产品设置中的转账验密'],
  ['MERCHANT_NOT_CONFIRM', 'merchant', '商户员工(转账验密人)超时未验密,请核实产品设置中的转账验密'],

  ['TRANSFER_QUOTA_EXCEED', 'one', '超过用户单笔收款额度,请核实产品设置是否准确'],
  ['EXCEEDED_ESTIMATED_AMOUNT', 'one', '转账金额超过预约金额范围'],
  ['RELATED_ORDER_AMOUNT_EXCEED', 'one', '超过关联订单的金额'],
  ['RELATED_ORDER_COUNT_EXCEED', 'one', '超过关联订单的次数'],

  ['OPENID_INVALID', 'ours', 'openid 格式错误,或不属于这个公众号'],
  ['TRANSFER_REMARK_SET_FAIL', 'ours', '转账备注设置失败,请调整后再试'],
  ['RESERVATION_INFO_NOT_MATCH', 'ours', '转账信息与预约时的不一致'],
  ['RESERVATION_SCENE_NOT_MATCH', 'ours', '转账场景与预约时的不同'],
  ['RESERVATION_STATE_INVALID', 'ours', '预约转账单状态异常'],

  ['OVERDUE_CLOSE', 'lapsed', '超过系统重试期,系统自动关闭'],
  ['MCH_CANCEL', 'takenBack', '商户撤销付款'],
  ['OTHER_FAIL_REASON_TYPE', 'unknown', '其它失败原因'],
];

const BY_REASON = new Map(ROWS.map(([reason, is, words]) => [reason, { is, words }]));

/** Names that WeChat Pay spells with an ending of its own. */
const FAMILIES: readonly (readonly [name: RegExp, is: FailClass])[] = [
  [/^BLOCK_B2C_USERLIMITAMOUNT\w*_MONTH$/, 'month'],
  [/^BLOCK_B2C_USERLIMITAMOUNT\w*_DAY$/, 'day'],
  [/^BANK_CARD_/, 'person'],
  [/^RELATED_ORDER_\w+_EXCEED$/, 'one'],
  [/^RESERVATION_/, 'ours'],
];

export const FAIL_REASONS: readonly string[] = ROWS.map(([reason]) => reason);

export function failClassOf(reason: string): FailClass {
  return BY_REASON.get(reason)?.is ?? FAMILIES.find(([name]) => name.test(reason))?.[1] ?? 'unknown';
}

/** As the platform says it; `undefined` where it does not. */
export function failWordsOf(reason: string): string | undefined {
  return BY_REASON.get(reason)?.words;
}
