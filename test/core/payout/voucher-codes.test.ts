// The error table of sending a voucher (代金券), row by row as WeChat Pay's page has it: what each answer means here.
import { describe, expect, test } from 'vitest';
import { VOUCHER, type VoucherRequest } from '../../../src/core/payout/channels/voucher.ts';
import { classify, leavesNoOrder } from '../../../src/core/payout/classify.ts';

const REQUEST: VoucherRequest = {
  ...{ channel: 'voucher', mchId: '1900000109', appId: 'wx8888888888888888' },
  ...{ stockId: '1234567', creator: '1900000109' },
};

/** Code and text; the class; whether the call surely made no coupon. */
const TABLE = [
  ['PARAM_ERROR', '参数错误,请核对文档要求', 'bug', true],
  ['PARAM_ERROR', '非法的批次状态', 'stock', true],
  ['INVALID_REQUEST', 'openid与appid不匹配', 'bug', true],
  ['INVALID_REQUEST', '活动已结束或未激活', 'stock', true],
  ['INVALID_REQUEST', '暂时无法领取', 'nextMonth', true],
  ['INVALID_REQUEST', '非法的商户号', 'config', true],
  ['INVALID_REQUEST', '别的原因', 'one', true],
  ['APPID_MCHID_NOT_MATCH', '商户号与AppID不匹配', 'config', true],
  ['MCH_NOT_EXISTS', '商户号不存在', 'config', true],
  ['RESOURCE_ALREADY_EXISTS', '商户单号已存在但信息不一致', 'bug', false],
  ['SIGN_ERROR', '签名错误', 'config', true],
  ['NO_AUTH', '未开通特殊权限', 'config', true],
  ['REQUEST_BLOCKED', '调用商户无权限', 'stock', true],
  ['REQUEST_BLOCKED', '调用商户无权发放该批次', 'stock', true],
  ['REQUEST_BLOCKED', '批次不支持跨商户发券', 'stock', true],
  ['REQUEST_BLOCKED', '用户被限领拦截', 'unable', true],
  ['REQUEST_BLOCKED', '活动未开始或已结束', 'stock', true],
  ['NOT_ENOUGH', '批次预算不足', 'stock', true],
  ['RULE_LIMIT', '用户领取数量已达批次限制', 'unable', true],
  ['RULE_LIMIT', '自然人领取数量已达限制', 'unable', true],
  ['RULE_LIMIT', '超出批次单天限额', 'tomorrow', true],
  ['USER_ACCOUNT_ABNORMAL', '用户非法', 'unable', true],
  ['RESOURCE_NOT_EXISTS', '批次不存在', 'stock', true],
  ['FREQUENCY_LIMIT_EXCEED', '频率超限', 'slow', true],
  ['FREQUENCY_LIMITED', '频率超限', 'slow', true],
  ['SYSTEM_ERROR', '系统繁忙', 'again', false],
] as const;

describe('the error table of vouchers', () => {
  test.each(TABLE)('%s %s is %s', (code, text, response, isNoOrder) => {
    expect(classify({ kind: 'refused', code, text }, false, REQUEST)).toBe(response);
    expect(leavesNoOrder(REQUEST, code, text)).toBe(isNoOrder);
  });

  test('has every code that the channel knows, and no other', () => {
    const told = new Set<string>(TABLE.map(([code]) => code));
    expect(told).toEqual(new Set(VOUCHER.codes.send.map(({ code }) => code)));
  });
});
