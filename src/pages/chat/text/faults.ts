// The faults one can switch on, in the words of people who have met them.
import type { PayFault, PlatformFault } from '../../../simulator/shared/protocol.ts';
import type { Lang } from './zh.ts';

type FaultWords = { readonly name: string; readonly note: string };
export type FaultRow<Kind extends string = string> = { readonly kind: Kind } & Readonly<Record<Lang, FaultWords>>;

const row = <Kind extends string>(
  kind: Kind,
  zh: string,
  zhNote: string,
  en: string,
  enNote: string,
): FaultRow<Kind> => ({
  kind,
  zh: { name: zh, note: zhNote },
  en: { name: en, note: enNote },
});

/** The likeliest first. What needs a code, a status or a body is for tests, not for people. */
export const PAY_FAULTS: readonly FaultRow<Exclude<PayFault['kind'], 'code' | 'http' | 'tlsRefused'>>[] = [
  row('lostReply', '回包丢失', '红包已发出，回答前连接断开', 'Lost answer', 'sent, but cut off before the answer'),
  row(
    'errorAfterSent',
    'SYSTEMERROR，其实已发',
    '报系统错误，钱已经出去',
    'SYSTEMERROR, yet sent',
    'an error is told, the money is gone',
  ),
  row(
    'errorNothingStored',
    'SYSTEMERROR，没有订单',
    '报系统错误，什么也没记',
    'SYSTEMERROR, no order',
    'an error is told, nothing was stored',
  ),
  row('notEnough', '余额不足', 'NOTENOUGH，商户没钱了', 'Balance too low', 'NOTENOUGH'),
  row('processing', '处理中', 'PROCESSING，20 分钟后发出', 'Processing', 'PROCESSING, sent 20 minutes later'),
  row(
    'processingThenFailed',
    '处理中，最后失败',
    'PROCESSING，之后 FAILED',
    'Processing, then failed',
    'PROCESSING, FAILED in the end',
  ),
  row('freqLimit', '超过频率', 'FREQ_LIMIT', 'Too fast', 'FREQ_LIMIT'),
  row('slow', '很慢', '30 秒后才回答', 'Slow', 'answers after 30 s'),
  row('truncated', '回答残缺', '只收到半个 XML', 'Cut answer', 'half an XML document'),
  row('html502', '网关 502', '回来一张 HTML 网页', 'Gateway 502', 'an HTML page comes back'),
  row('unknownCode', '未知错误码', '谁也没见过的 err_code', 'Unknown code', 'an err_code nobody has seen'),
  row('extraElements', '多余字段', '成功，但字段多了、乱了', 'Extra elements', 'success, with unknown elements'),
  row('noAuthUser', '用户被拦截', 'NO_AUTH，账号异常', 'Follower blocked', 'NO_AUTH, a suspicious account'),
  row('noAuthIp', 'IP 不在白名单', 'NO_AUTH', 'IP not allowed', 'NO_AUTH'),
  row(
    'noAuthProduct',
    '产品未开通',
    'NO_AUTH，没有现金红包权限',
    'Product not enabled',
    'NO_AUTH, no red packet permission',
  ),
  row('billFails', '转账失败', '待确认，一分钟后 FAIL', 'Transfer fails', 'waits, and FAILs after a minute'),
  row(
    'balanceShort',
    '转账锁不到钱',
    '停在 ACCEPTED，一天后关闭',
    'Transfer not locked',
    'ACCEPTED, closed after a day',
  ),
  row('lostNotice', '通知丢失', '支付、退款、转账通知都不来', 'Lost notice', 'of payments, refunds and transfers'),
  row('duplicateNotice', '通知重复', '同一条通知同时来两次', 'Double notice', 'each arrives twice at once'),
  row('lateNotice', '支付通知迟到', '10 分钟后才来', 'Late payment notice', 'comes 10 minutes later'),
  row(
    'forgedNotice',
    '伪造支付通知',
    '先来一条金额百倍、签名不对的',
    'Forged payment notice',
    'a hundredfold, signed by nobody',
  ),
];

export const PLATFORM_FAULTS: readonly FaultRow<PlatformFault['kind']>[] = [
  row('duplicatePush', '推送三连发', '同一条消息同时送达三次', 'Triple push', 'every push arrives three times at once'),
  row(
    'renewOnRetry',
    '重试换签名',
    '重投时时间戳与密文都不同',
    'Retry re-signed',
    'a redelivery has a new timestamp and ciphertext',
  ),
  row('busy', '系统繁忙', '接口返回 -1', 'Busy', 'API answers -1'),
  row('quota', '接口超额', '接口返回 45009', 'Quota used up', 'API answers 45009'),
  row('expireToken', 'Token 过期', '42001，直到重新获取', 'Token expired', '42001 until fetched again'),
  row('slow', '接口很慢', '延迟回答', 'Slow API', 'answers late'),
  row('html502', '接口 502', '回来一张 HTML 网页', 'API 502', 'an HTML page comes back'),
  row('snapshot', '快照页', '网页授权带 is_snapshotuser', 'Snapshot page', 'OAuth says is_snapshotuser'),
  row('messageClosed', '客服消息超时', '返回 45015', 'Window closed', 'messages answer 45015'),
  row('messageUsedUp', '客服消息超额', '返回 45047', 'Messages used up', 'messages answer 45047'),
  row('messageUnauthorized', '没有客服权限', '返回 48001', 'No permission', 'messages answer 48001'),
  row('messageOff', '用户关闭消息', '返回 48002', 'Messages off', 'messages answer 48002'),
  row('messageBlocked', '用户被拉黑', '返回 43019', 'On the blacklist', 'messages answer 43019'),
  row('noticeRefused', '拒收通知', '模板消息、订阅通知返回 43101', 'Notice refused', 'template messages answer 43101'),
  row('noticeBlocked', '通知被屏蔽', '发出后回报 user block', 'Notice blocked', 'taken, then reported as user block'),
  row('noticeFailed', '通知失败', '发出后回报 system failed', 'Notice failed', 'taken, then reported as system failed'),
];

export function faultName(kind: string, lang: Lang): string {
  const known = [...PAY_FAULTS, ...PLATFORM_FAULTS].find(each => each.kind === kind);
  return known ? known[lang].name : kind;
}
